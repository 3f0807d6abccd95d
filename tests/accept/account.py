"""Every row of a file is registered or listed with its reason; the second time nothing is registered. Called with the
map's name, the file, both summaries and the list of rejected rows."""

import csv
import json
import os
import sys

name, path, first, second, listed = sys.argv[1:6]
csv.field_size_limit(1 << 24)


def table(path):
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def summary(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


rows, once, again, rejected = table(path), summary(first), summary(second), table(listed)
print(f"{name}: {len(rows)} rows, {once['registered']} registered, {once['already_known']} known, "
      f"{once['rejected']} rejected, {once['rows'] / max(once['seconds'], 0.001):.0f} rows/s")
for row in once["rejections"][:3]:
    print(f"  line {row['line']} {row['field']}: {row['reason']}")
assert once["rows"] == len(rows), (once["rows"], len(rows))
assert once["registered"] + once["already_known"] + once["rejected"] == len(rows)
assert len(rejected) == once["rejected"] and all(row["redress:reason"] for row in rejected)
assert again["registered"] == 0 and again["already_known"] == once["registered"] + once["already_known"], again

if name == "comcast-as-published":
    # The rows whose day and month a spreadsheet exchanged are known from the repaired file: they and no others are
    # listed, each with its own cells, and those where the exchange shows are said to be exchanged.
    repaired = table(os.path.join(os.path.dirname(path), "comcast_repaired_dates.csv"))
    swapped = {row["ticket"] for row in repaired if row["day_month_were_swapped"] == "True"}
    found = {row["Ticket #"] for row in rejected}
    assert found == swapped and len(swapped) == 609, (len(found), len(swapped), len(found ^ swapped))
    assert all("received_at" in row["redress:field"] for row in rejected)
    named = [row for row in rejected if "day and month are swapped" in row["redress:reason"]]
    outside = [row for row in rejected if "day and month swapped would be" in row["redress:reason"]]
    same = [row for row in rejected if len(set(row["Date"].split("/")[:2])) == 1]
    assert len(named) + len(same) == 609, (len(named), len(same))
    print(f"  609 swapped: {len(named)} by comparison, {len(outside)} of them outside the range, {len(same)} where "
          "day and month are the same number")
