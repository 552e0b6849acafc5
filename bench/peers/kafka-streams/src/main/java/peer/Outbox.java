package peer;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.StateStoreContext;
import org.apache.kafka.streams.state.StoreBuilder;

/**
 * What a task has yet to store. It is a state store so that Kafka Streams flushes it before it commits: an offset is
 * committed only when its rows are stored. After a crash rows are written again, with the same versions.
 */
final class Outbox implements StateStore {
    static final String NAME = "outbox";
    private static final int EVENTS_PER_INSERT = 100_000;

    private final ClickHouse clickHouse;
    private final Assessor assessor;
    private final Rows events = new Rows();
    private final Map<String, Case> changed = new HashMap<>();
    private final List<CompletableFuture<Void>> pending = new ArrayList<>();
    private int held;
    private boolean isOpen;

    Outbox(ClickHouse clickHouse, Assessor assessor) {
        this.clickHouse = clickHouse;
        this.assessor = assessor;
    }

    /** The case, if it changed since the last insert. */
    Case changed(String caseNo) {
        return changed.get(caseNo);
    }

    void add(Case of, Event event, byte[] message, int partition, long offset) {
        events.string(event.caseNo);
        events.string(event.source);
        events.string(event.eventId);
        events.int64(event.version);
        events.string(event.kind.code());
        events.int64(event.at);
        events.nullableTime(event.recordedAt);
        events.string(event.department);
        events.string(event.handler);
        events.flag(event.retracted);
        events.bytes(message);
        events.int32(partition);
        events.int64(offset);
        changed.put(of.caseNo, of);
        if (++held >= EVENTS_PER_INSERT) {
            send();
        }
    }

    private void send() {
        awaitPending();
        if (held == 0) {
            return;
        }
        Rows cases = new Rows();
        long asOf = System.currentTimeMillis();
        changed.values().forEach(of -> assessor.put(of, asOf, cases));
        pending.add(clickHouse.insert(
                "events (case_no, source, event_id, version, kind, occurred_at, recorded_at, department, handler, retracted, "
                        + "payload, partition, offset)",
                events.take()));
        pending.add(clickHouse.insert("cases", cases.take()));
        changed.clear();
        held = 0;
    }

    private void awaitPending() {
        pending.forEach(CompletableFuture::join);
        pending.clear();
    }

    @Override
    public void flush() {
        send();
        awaitPending();
    }

    @Override
    public void init(StateStoreContext context, StateStore root) {
        isOpen = true;
        context.register(root, (key, value) -> { });
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public void close() {
        isOpen = false;
    }

    @Override
    public boolean persistent() {
        return false;
    }

    @Override
    public boolean isOpen() {
        return isOpen;
    }

    /** Builds one for every task. */
    record Builder(ClickHouse clickHouse, Assessor assessor) implements StoreBuilder<Outbox> {
        @Override
        public Outbox build() {
            return new Outbox(clickHouse, assessor);
        }

        @Override
        public StoreBuilder<Outbox> withCachingEnabled() {
            return this;
        }

        @Override
        public StoreBuilder<Outbox> withCachingDisabled() {
            return this;
        }

        @Override
        public StoreBuilder<Outbox> withLoggingEnabled(Map<String, String> config) {
            return this;
        }

        @Override
        public StoreBuilder<Outbox> withLoggingDisabled() {
            return this;
        }

        @Override
        public Map<String, String> logConfig() {
            return Map.of();
        }

        @Override
        public boolean loggingEnabled() {
            return false;
        }

        @Override
        public String name() {
            return NAME;
        }
    }
}
