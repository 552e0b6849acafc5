"""The calendar and the catalogue as rows of JSON, for tables: `catalog_rows.py calendar|items FILE`."""

import json
import sys
import tomllib
from datetime import date, timedelta


def days(entries):
    for entry in entries:
        first, _, last = entry.split()[0].partition("..")
        day, last = date.fromisoformat(first), date.fromisoformat(last or first)
        while day <= last:
            yield day
            day += timedelta(1)


def calendar(parts):
    holidays, workdays = set(days(parts["holidays"])), set(days(parts["workdays"]))
    first, last = (date(year, *end) for year, end in zip(parts["covers"], ((1, 1), (12, 31))))
    through = 0
    for number in range((last - first).days + 1):
        day = first + timedelta(number)
        is_working = day in workdays or (day not in holidays and day.weekday() < 5)
        through += is_working
        yield {"day": str(day), "working": int(is_working), "through": through}


def items(parts):
    for item in parts["item"]:
        row = {"code": item["code"], "valid_from": str(item["valid_from"]), "department": item["department"]}
        defaults = {"promised": "none", "statutory": "default", "delivery": "10 working_days"}
        for limit, default in defaults.items():
            amount, _, unit = item.get(f"{limit}_limit", default).partition(" ")
            row |= {f"{limit}_amount": int(amount) if unit else 0, f"{limit}_unit": unit or amount}
        yield row


if __name__ == "__main__":
    with open(sys.argv[2], "rb") as file:
        for row in {"calendar": calendar, "items": items}[sys.argv[1]](tomllib.load(file)):
            print(json.dumps(row, ensure_ascii=False))
