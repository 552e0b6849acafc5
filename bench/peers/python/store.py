"""Rows to ClickHouse, in columns."""

import os

import clickhouse_connect

from cases import CASE_COLUMNS, EVENT_COLUMNS

COLUMNS = {"events": EVENT_COLUMNS, "cases": CASE_COLUMNS}


class Store:
    def __init__(self):
        self.client = clickhouse_connect.get_client(
            dsn=os.environ["BENCH_CLICKHOUSE_URL"], database=os.environ["BENCH_DATABASE"], compress="lz4",
            autogenerate_session_id=False,
        )
        # Asked once, not with every insert.
        self.types = {
            table: self.client.create_insert_context(table, columns).column_types for table, columns in COLUMNS.items()
        }

    def insert(self, events, cases):
        for table, rows in (("events", events), ("cases", cases)):
            if rows:
                self.client.insert(
                    table, list(zip(*rows)), column_names=COLUMNS[table], column_types=self.types[table], column_oriented=True
                )
