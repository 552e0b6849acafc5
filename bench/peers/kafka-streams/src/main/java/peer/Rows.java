package peer;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Rows in ClickHouse's RowBinary. */
final class Rows {
    private ByteArrayOutputStream bytes = new ByteArrayOutputStream(1 << 20);

    boolean isEmpty() {
        return bytes.size() == 0;
    }

    /** Hands the rows over and begins anew. */
    byte[] take() {
        byte[] taken = bytes.toByteArray();
        bytes.reset();
        return taken;
    }

    void string(String text) {
        bytes(text == null ? new byte[0] : text.getBytes(StandardCharsets.UTF_8));
    }

    void bytes(byte[] value) {
        int length = value.length;
        for (; length > 0x7f; length >>>= 7) {
            bytes.write(length & 0x7f | 0x80);
        }
        bytes.write(length);
        bytes.write(value, 0, value.length);
    }

    void int64(long value) {
        for (int shift = 0; shift < 64; shift += 8) {
            bytes.write((int) (value >>> shift));
        }
    }

    void int32(int value) {
        for (int shift = 0; shift < 32; shift += 8) {
            bytes.write(value >>> shift);
        }
    }

    void flag(boolean value) {
        bytes.write(value ? 1 : 0);
    }

    void nullableString(String text) {
        flag(text == null);
        if (text != null) {
            string(text);
        }
    }

    void nullableTime(long at) {
        flag(at == WorkingTime.NEVER);
        if (at != WorkingTime.NEVER) {
            int64(at);
        }
    }

    void nullableDouble(Double value) {
        flag(value == null);
        if (value != null) {
            int64(Double.doubleToLongBits(value));
        }
    }
}
