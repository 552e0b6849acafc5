"""Reads the topic to its end: cases in the framework's state store, rows to ClickHouse at every checkpoint."""

import multiprocessing
import os
import sys
import threading
import time

import orjson
from quixstreams import Application, message_context
from quixstreams.sinks import BatchingSink

from cases import UNREADABLE, assess, put, read
from rules import Catalog
from store import Store

PROCESSES = 2
MESSAGES_PER_CHECKPOINT = 50_000
WAIT_S = 15 * 60


class ClickHouseSink(BatchingSink):
    """Stores what the messages between two checkpoints said, and every case they changed once."""

    def __init__(self):
        super().__init__()
        self.catalog, self.store = Catalog(os.environ["BENCH_CATALOG"]), None

    def setup(self):
        self.store = Store()

    def write(self, batch):
        as_of, rows, changed = int(time.time() * 1000), [], {}
        for item in batch:
            row, events = item.value
            rows.append(row)
            changed[row[0]] = (item.offset, events)
        cases = [assess(case_no, offset, events, self.catalog, as_of) for case_no, (offset, events) in changed.items()]
        self.store.insert(rows, cases)


def take(payload, state):
    """Puts a message into its case; the row of the message and the events of the case, None if it cannot be read."""
    context = message_context()
    try:
        row, event = read(payload, context.partition, context.offset)
    except UNREADABLE:
        return None
    held = orjson.loads(state.get_bytes("events", b"[]"))
    case = {(event[2], event[3]): tuple(event) for event in held}
    put(case, event)
    events = list(case.values())
    state.set_bytes("events", orjson.dumps(events))
    return row, events


def work(number, group, next_offsets, deadline):
    def processed(_topic, partition, offset):
        next_offsets[partition] = offset + 1

    application = Application(
        broker_address=os.environ["BENCH_BROKERS"],
        consumer_group=group,
        auto_offset_reset="earliest",
        commit_interval=30,
        commit_every=MESSAGES_PER_CHECKPOINT,
        consumer_extra_config={"max.partition.fetch.bytes": 8 << 20, "queued.max.messages.kbytes": 128 << 10},
        producer_extra_config={"compression.type": "lz4", "linger.ms": 100},
        state_dir=os.path.join(os.environ["BENCH_DIR"], f"state-{number}"),
        consumer_poll_timeout=0.1,
        on_message_processed=processed,
        loglevel="WARNING",
    )
    topic = application.topic(os.environ["BENCH_TOPIC"], key_deserializer="str", value_deserializer="bytes")
    stream = application.dataframe(topic).apply(take, stateful=True)
    stream.filter(lambda taken: taken is not None).sink(ClickHouseSink())

    def stop_at_end():
        while not is_read(next_offsets) and time.time() < deadline:
            time.sleep(0.1)
        application.stop()

    threading.Thread(target=stop_at_end, daemon=True).start()
    application.run()  # ends with a checkpoint, so all is stored


def is_read(next_offsets):
    return sum(next_offsets) >= int(os.environ["BENCH_EVENTS"])


def main():
    next_offsets, deadline = multiprocessing.Array("q", int(os.environ["BENCH_PARTITIONS"]), lock=False), time.time() + WAIT_S
    # A group of its own every time: one that had read the topic before would go on where it stopped.
    group = f"quixstreams-{os.environ['BENCH_DATABASE']}-{time.time_ns()}"
    workers = [
        multiprocessing.Process(target=work, args=(number, group, next_offsets, deadline), daemon=True)
        for number in range(PROCESSES)
    ]
    for worker in workers:
        worker.start()
    while any(worker.exitcode is None for worker in workers):
        time.sleep(0.1)
        if any(worker.exitcode for worker in workers):
            sys.exit(1)
    if not is_read(next_offsets):
        sys.exit(f"quixstreams: waited {WAIT_S} s for {os.environ['BENCH_EVENTS']} messages, saw {sum(next_offsets)}")


if __name__ == "__main__":
    main()
