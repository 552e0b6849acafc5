package peer;

import java.io.File;
import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.state.Stores;

/** Reads the topic to its end. */
public final class Main {
    private static final Duration WAIT = Duration.ofMinutes(15);

    private Main() {}

    public static void main(String[] args) throws Exception {
        ClickHouse clickHouse = new ClickHouse(env("BENCH_CLICKHOUSE_URL"), env("BENCH_DATABASE"));
        Assessor assessor = new Assessor(new WorkingTime(new File(args[0])), new Catalog(new File(env("BENCH_CATALOG"))));
        AtomicLong seen = new AtomicLong(), unreadable = new AtomicLong();
        AtomicBoolean failed = new AtomicBoolean();

        Topology topology = new Topology();
        topology.addSource("steps", Serdes.String().deserializer(), Serdes.ByteArray().deserializer(), env("BENCH_TOPIC"));
        topology.addProcessor("case", () -> new CaseProcessor(seen, unreadable), "steps");
        topology.addStateStore(
                Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(CaseProcessor.CASES), Serdes.String(), Serdes.ByteArray())
                        .withCachingEnabled(),
                "case");
        topology.addStateStore(new Outbox.Builder(clickHouse, assessor), "case");

        KafkaStreams streams = new KafkaStreams(topology, settings());
        streams.setUncaughtExceptionHandler(error -> {
            error.printStackTrace();
            failed.set(true);
            return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
        streams.start();
        long wanted = Long.parseLong(env("BENCH_EVENTS")), deadline = System.nanoTime() + WAIT.toNanos();
        while (seen.get() < wanted && !failed.get()) {
            if (System.nanoTime() > deadline) {
                System.err.printf("kafka-streams: waited %s for %d messages, saw %d%n", WAIT, wanted, seen.get());
                failed.set(true);
            }
            Thread.sleep(20);
        }
        // Closing commits, and so stores what is held.
        if (!streams.close(Duration.ofMinutes(2))) {
            System.err.println("kafka-streams: waited 2 minutes for the last rows to be stored");
            failed.set(true);
        }
        if (unreadable.get() > 0) {
            System.err.printf("kafka-streams: %d messages could not be read%n", unreadable.get());
        }
        System.exit(failed.get() ? 1 : 0);
    }

    private static Properties settings() {
        Properties settings = new Properties();
        // An application of its own every time: one that had read the topic before would go on where it stopped.
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, "kafka-streams-" + env("BENCH_DATABASE") + "-" + System.nanoTime());
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, env("BENCH_BROKERS"));
        settings.put(StreamsConfig.STATE_DIR_CONFIG, env("BENCH_DIR"));
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 2);
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 10_000);
        settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 256L << 20);
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG), 20_000);
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG), 8 << 20);
        settings.put(StreamsConfig.BUFFERED_RECORDS_PER_PARTITION_CONFIG, 20_000);
        settings.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), 100);
        settings.put(StreamsConfig.producerPrefix(ProducerConfig.BATCH_SIZE_CONFIG), 256 << 10);
        settings.put(StreamsConfig.producerPrefix(ProducerConfig.COMPRESSION_TYPE_CONFIG), "lz4");
        return settings;
    }

    private static String env(String name) {
        String value = System.getenv(name);
        if (value == null) {
            throw new IllegalStateException(name + " is not set");
        }
        return value;
    }
}
