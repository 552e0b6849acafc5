package peer;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.zip.CRC32;

/** One report of an approval step, as far as a case needs it. */
final class Event implements Comparable<Event> {
    /** In the natural course of a case: events of one instant are taken in this order. */
    enum Kind {
        APPLIED, CORRECTION_REQUESTED, CORRECTED, ACCEPTED, NOT_ACCEPTED, MATERIALS_SUPPLIED, FEE_CHARGED, STEP_STARTED,
        SPECIAL_STARTED, SPECIAL_ENDED, STEP_COMPLETED, DECIDED, ISSUED, DELIVERED, CLOSED, RATED, RATING_RECTIFIED,
        COMPLAINED, COMPLAINT_RESOLVED;

        private static final Kind[] ALL = values();
        private static final Map<String, Kind> CODES =
                Arrays.stream(ALL).collect(Collectors.toMap(Kind::code, Function.identity()));
        private final String code = name().toLowerCase(Locale.ROOT);

        String code() {
            return code;
        }
    }

    private static final JsonFactory JSON = new JsonFactory();
    static final long NONE = WorkingTime.NEVER;

    String caseNo, source, eventId, handler;
    long revision = 1, version, at = NONE, recordedAt = NONE, promisedDue = NONE, statutoryDue = NONE;
    int grantedDays = -1;
    boolean retracted;
    Kind kind;
    String item, department, window, region, outcome, procedure, project;
    private byte[] stored;

    static Event read(byte[] message) throws IOException {
        Event event = new Event();
        try (JsonParser json = JSON.createParser(message)) {
            if (json.nextToken() != JsonToken.START_OBJECT) {
                throw new IOException("not an object");
            }
            for (String field = json.nextFieldName(); field != null; field = json.nextFieldName()) {
                json.nextToken();
                event.take(field, json);
            }
            if (json.currentToken() != JsonToken.END_OBJECT || event.caseNo == null || event.source == null
                    || event.eventId == null || event.kind == null || event.at == NONE) {
                throw new IOException("something is missing");
            }
        }
        CRC32 digest = new CRC32();
        digest.update(message);
        event.version = event.revision << 32 | digest.getValue();
        return event;
    }

    private void take(String field, JsonParser json) throws IOException {
        switch (field) {
            case "event_id" -> eventId = json.getText();
            case "source" -> source = json.getText();
            case "revision" -> revision = json.getLongValue();
            case "retracted" -> retracted = json.getBooleanValue();
            case "kind" -> kind = Kind.CODES.get(json.getText());
            case "case_no" -> caseNo = json.getText();
            case "item" -> item = json.getValueAsString();
            case "occurred_at" -> at = milliseconds(json);
            case "recorded_at" -> recordedAt = milliseconds(json);
            case "region" -> region = json.getValueAsString();
            case "department" -> department = json.getValueAsString();
            case "window" -> window = json.getValueAsString();
            case "handler" -> handler = json.getValueAsString();
            case "promised_due_at" -> promisedDue = milliseconds(json);
            case "statutory_due_at" -> statutoryDue = milliseconds(json);
            case "project" -> project = json.getValueAsString();
            case "procedure" -> procedure = json.getValueAsString();
            case "granted_days" -> grantedDays = json.getValueAsInt(-1);
            case "outcome" -> outcome = json.getValueAsString();
            default -> json.skipChildren();
        }
    }

    private static long milliseconds(JsonParser json) throws IOException {
        if (json.currentToken() == JsonToken.VALUE_NULL) {
            return NONE;
        }
        return OffsetDateTime.parse(json.getText()).toInstant().toEpochMilli();
    }

    boolean isSameAs(Event other) {
        return eventId.equals(other.eventId) && source.equals(other.source);
    }

    /** What the state store keeps of it; the case number is the key there. */
    byte[] toBytes() throws IOException {
        if (stored == null) {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream(192);
            DataOutputStream out = new DataOutputStream(bytes);
            out.writeByte(kind.ordinal());
            out.writeLong(version);
            out.writeLong(at);
            out.writeBoolean(retracted);
            out.writeInt(grantedDays);
            out.writeLong(promisedDue);
            out.writeLong(statutoryDue);
            for (String text : new String[] {source, eventId, item, department, window, region, outcome, procedure, project}) {
                out.writeUTF(text == null ? "" : text);
            }
            stored = bytes.toByteArray();
        }
        return stored;
    }

    static Event read(String caseNo, byte[] stored) throws IOException {
        Event event = new Event();
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(stored));
        event.caseNo = caseNo;
        event.stored = stored;
        event.kind = Kind.ALL[in.readByte()];
        event.version = in.readLong();
        event.at = in.readLong();
        event.retracted = in.readBoolean();
        event.grantedDays = in.readInt();
        event.promisedDue = in.readLong();
        event.statutoryDue = in.readLong();
        event.source = in.readUTF();
        event.eventId = in.readUTF();
        event.item = text(in);
        event.department = text(in);
        event.window = text(in);
        event.region = text(in);
        event.outcome = text(in);
        event.procedure = text(in);
        event.project = text(in);
        return event;
    }

    private static String text(DataInputStream in) throws IOException {
        String text = in.readUTF();
        return text.isEmpty() ? null : text;
    }

    @Override
    public int compareTo(Event other) {
        int order = Long.compare(at, other.at);
        order = order != 0 ? order : kind.compareTo(other.kind);
        order = order != 0 ? order : source.compareTo(other.source);
        return order != 0 ? order : eventId.compareTo(other.eventId);
    }
}
