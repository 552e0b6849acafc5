"""Reads the topic to its end: partitions to processes, batches to cases in memory, rows to ClickHouse."""

import gc
import multiprocessing
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, TopicPartition

from cases import UNREADABLE, assess, put, read
from rules import Catalog
from store import Store

PROCESSES = 2
MESSAGES_PER_BATCH = 100_000
WAIT_S = 15 * 60


def consumer(partitions):
    result = Consumer({
        "bootstrap.servers": os.environ["BENCH_BROKERS"],
        "group.id": f"python-{os.environ['BENCH_DATABASE']}",
        "enable.auto.commit": False,
        "max.partition.fetch.bytes": 8 << 20,
        "queued.max.messages.kbytes": 128 << 10,
        "fetch.wait.max.ms": 100,
    })
    topic = os.environ["BENCH_TOPIC"]
    result.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in partitions])
    return result


class Writer:
    """Inserts on a thread of its own, so that reading goes on meanwhile; commits what is stored."""

    def __init__(self, kafka):
        self.kafka = kafka
        self.store = Store()
        self.executor = ThreadPoolExecutor(max_workers=1)
        self.pending = None

    def write(self, events, cases, offsets):
        self.wait()
        self.pending = self.executor.submit(self._write, events, cases, offsets)

    def _write(self, events, cases, offsets):
        self.store.insert(events, cases)
        self.kafka.commit(offsets=offsets, asynchronous=False)

    def wait(self):
        if self.pending is not None:
            self.pending.result()


def work(partitions, seen, wanted, deadline):
    gc.disable()  # nothing here refers in circles
    kafka, topic = consumer(partitions), os.environ["BENCH_TOPIC"]
    writer, catalog, cases, unreadable = Writer(kafka), Catalog(os.environ["BENCH_CATALOG"]), {}, 0
    while seen.value < wanted:
        if time.time() > deadline:
            sys.exit(f"python: waited {WAIT_S} s for {wanted} messages, saw {seen.value}")
        messages = kafka.consume(MESSAGES_PER_BATCH, timeout=0.5)
        if not messages:
            continue
        rows, changed, offsets = [], {}, {}
        for message in messages:
            if message.error():
                raise KafkaException(message.error())
            partition, offset = message.partition(), message.offset()
            offsets[partition] = offset + 1
            try:
                row, event = read(message.value(), partition, offset)
            except UNREADABLE:
                unreadable += 1
                continue
            rows.append(row)
            case_no = row[0]
            case = cases.get(case_no)
            if case is None:
                case = cases[case_no] = {}
            put(case, event)
            changed[case_no] = offset
        as_of = int(time.time() * 1000)
        case_rows = [assess(case_no, offset, cases[case_no].values(), catalog, as_of) for case_no, offset in changed.items()]
        writer.write(rows, case_rows, [TopicPartition(topic, *offset) for offset in offsets.items()])
        with seen.get_lock():
            seen.value += len(messages)
    writer.wait()
    kafka.close()
    if unreadable:
        print(f"python: {unreadable} messages could not be read", file=sys.stderr)


def main():
    seen, wanted, deadline = multiprocessing.Value("q", 0), int(os.environ["BENCH_EVENTS"]), time.time() + WAIT_S
    partitions = range(int(os.environ["BENCH_PARTITIONS"]))
    shares = [partitions[number::PROCESSES] for number in range(PROCESSES)]
    workers = [multiprocessing.Process(target=work, args=(share, seen, wanted, deadline), daemon=True) for share in shares]
    for worker in workers:
        worker.start()
    while alive := [worker for worker in workers if worker.exitcode is None]:
        alive[0].join(timeout=0.2)
        if any(worker.exitcode for worker in workers):
            sys.exit(1)
    sys.exit(any(worker.exitcode for worker in workers))


if __name__ == "__main__":
    main()
