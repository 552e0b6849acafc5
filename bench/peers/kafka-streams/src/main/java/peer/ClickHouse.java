package peer;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import net.jpountz.lz4.LZ4FrameOutputStream;

/** Inserts over HTTP, compressed. */
final class ClickHouse {
    private static final int ATTEMPTS = 3;

    private final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final String url;
    private final String database;

    ClickHouse(String url, String database) {
        this.url = url;
        this.database = database;
    }

    /** Ends when the rows are stored. */
    CompletableFuture<Void> insert(String table, byte[] rows) {
        String statement = URLEncoder.encode("INSERT INTO " + table + " FORMAT RowBinary", StandardCharsets.UTF_8);
        HttpRequest request = HttpRequest.newBuilder(URI.create(url + "/?database=" + database + "&query=" + statement))
                .header("Content-Encoding", "lz4")
                .timeout(Duration.ofMinutes(2))
                .POST(HttpRequest.BodyPublishers.ofByteArray(compressed(rows)))
                .build();
        return send(request, table, ATTEMPTS);
    }

    private CompletableFuture<Void> send(HttpRequest request, String table, int attempts) {
        return client.sendAsync(request, HttpResponse.BodyHandlers.ofString()).handle((response, error) -> {
            if (error == null && response.statusCode() == 200) {
                return CompletableFuture.<Void>completedFuture(null);
            }
            if (attempts > 1) {
                return send(request, table, attempts - 1);
            }
            String reason = error == null ? response.body() : error.toString();
            return CompletableFuture.<Void>failedFuture(new IOException("insert into " + table + ": " + reason));
        }).thenCompose(sent -> sent);
    }

    private static byte[] compressed(byte[] rows) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(rows.length / 3);
        try (LZ4FrameOutputStream out = new LZ4FrameOutputStream(bytes, LZ4FrameOutputStream.BLOCKSIZE.SIZE_1MB)) {
            out.write(rows);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
        return bytes.toByteArray();
    }
}
