package peer;

import java.io.IOException;
import java.time.DateTimeException;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.KeyValueStore;

/** Puts every event into its case. */
final class CaseProcessor implements Processor<String, byte[], Void, Void> {
    static final String CASES = "cases";

    private final AtomicLong seen;
    private final AtomicLong unreadable;
    private ProcessorContext<Void, Void> context;
    private KeyValueStore<String, byte[]> cases;
    private Outbox outbox;

    CaseProcessor(AtomicLong seen, AtomicLong unreadable) {
        this.seen = seen;
        this.unreadable = unreadable;
    }

    @Override
    public void init(ProcessorContext<Void, Void> context) {
        this.context = context;
        cases = context.getStateStore(CASES);
        outbox = context.getStateStore(Outbox.NAME);
    }

    @Override
    public void process(Record<String, byte[]> message) {
        RecordMetadata metadata = context.recordMetadata().orElseThrow();
        try {
            Event event = Event.read(message.value());
            Case changed = outbox.changed(event.caseNo);
            Case of = changed != null ? changed : Case.of(event.caseNo, cases.get(event.caseNo));
            of.put(event, metadata.offset());
            cases.put(event.caseNo, of.toBytes());
            outbox.add(of, event, message.value(), metadata.partition(), metadata.offset());
        } catch (IOException | DateTimeException error) {
            unreadable.incrementAndGet();
        }
        seen.incrementAndGet();
    }
}
