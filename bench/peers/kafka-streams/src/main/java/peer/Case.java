package peer;

import java.io.IOException;
import java.nio.ByteBuffer;
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

    byte[] toBytes() throws IOException {
        int length = 0;
        for (Event event : events) {
            length += Integer.BYTES + event.toBytes().length;
        }
        ByteBuffer buffer = ByteBuffer.allocate(length);
        for (Event event : events) {
            buffer.putInt(event.toBytes().length).put(event.toBytes());
        }
        return buffer.array();
    }

    static Case of(String caseNo, byte[] bytes) throws IOException {
        Case read = new Case(caseNo);
        for (ByteBuffer buffer = ByteBuffer.wrap(bytes == null ? new byte[0] : bytes); buffer.hasRemaining(); ) {
            byte[] event = new byte[buffer.getInt()];
            buffer.get(event);
            read.events.add(Event.read(caseNo, event));
        }
        return read;
    }
}
