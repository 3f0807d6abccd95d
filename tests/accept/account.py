"""Every row of a file is registered or listed with its reason; the second time nothing is registered."""

import csv
import json
import sys

name, path, first, second = sys.argv[1:5]
csv.field_size_limit(1 << 24)
with open(path, encoding="utf-8-sig", newline="") as file:
    rows = sum(1 for _ in csv.DictReader(file))
with open(first, encoding="utf-8") as file:
    once = json.load(file)
with open(second, encoding="utf-8") as file:
    again = json.load(file)
print(f"{name}: {rows} rows, {once['registered']} registered, {once['already_known']} known, {once['rejected']} rejected")
for row in once["rejections"][:3]:
    print(f"  line {row['line']} {row['field']}: {row['reason']}")
assert once["rows"] == rows, (once["rows"], rows)
assert once["registered"] + once["already_known"] + once["rejected"] == rows
assert all(row["reason"] for row in once["rejections"])
assert again["registered"] == 0 and again["already_known"] == once["registered"] + once["already_known"], again
