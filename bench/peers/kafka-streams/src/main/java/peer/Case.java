package peer;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/** The highest revision of every event of a case, and the offset of the last message read of it. */
final class Case {
    final String caseNo;
    final List<Event> events = new ArrayList<>();
    long offset;

    Case(String caseNo) {
        this.caseNo = caseNo;
    }

    void put(Event event, long offset) {
        this.offset = offset;
        for (int number = 0; number < events.size(); number++) {
            if (events.get(number).isSameAs(event)) {
                if (event.version > events.get(number).version) {
                    events.set(number, event);
                }
                return;
            }
        }
        events.add(event);
    }

    byte[] toBytes() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(128 + 160 * events.size());
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeInt(events.size());
            for (Event event : events) {
                event.write(out);
            }
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
        return bytes.toByteArray();
    }

    static Case of(String caseNo, byte[] bytes) {
        Case read = new Case(caseNo);
        if (bytes == null) {
            return read;
        }
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
            for (int left = in.readInt(); left > 0; left--) {
                read.events.add(Event.read(caseNo, in));
            }
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
        return read;
    }
}
