#!/bin/sh
# Seeds for the targets, from what the repository holds: `fuzz/corpus.sh`, again whenever packs changed.
set -eu
cd "$(dirname "$0")"
mkdir -p corpus/pack corpus/evaluate corpus/ical corpus/vectors corpus/deadline
cp ../packs/*.toml ../packs/calendars/*.toml ../crates/policy/tests/whole.toml corpus/pack/
for pack in ../packs/*.toml ../crates/policy/tests/whole.toml; do
    name=$(basename "$pack" .toml)
    { echo "2026-07-03T10:00:00+08:00;kind=complaint;category=B204;grade=urgent"; cat "$pack"; } >"corpus/evaluate/$name"
done
printf 'jurisdiction,rule,start,attributes,expected_deadline,reasoning\nCN,statutory_answer,2026-07-03T10:00:00+08:00,n=15;unit=calendar_days;calendar=none;tz=Asia/Shanghai;first_day=excluded;roll=none,2026-07-18T23:59:59+08:00,counted\n' >corpus/vectors/one.csv
printf 'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nDTSTART;VALUE=DATE:20260101\r\nDTEND;VALUE=DATE:20260102\r\nRRULE:FREQ=YEARLY\r\nSUMMARY:New Year\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nDTSTART:20260501\r\nDURATION:P3D\r\nSUMMARY:\346\227\245 work\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n' >corpus/ical/one.ics
printf '\001\002\003\004\005\000\000\012\003\000' >corpus/deadline/one
