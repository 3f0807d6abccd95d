//! Lists of deadlines: every attribute, every kind of fault, and what a pack's rule has to say.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed test panics")]

use policy::{Calendar, CalendarSet, Pack, VectorOutcome, VectorReport, check_vectors};
use std::sync::Arc;

const HEAD: &str = "jurisdiction,rule,start,attributes,expected_deadline,reasoning";

const EAST: &str = r#"
id = "east-coast"
title = { zh = "东部", en = "East" }
known_as_of = 2026-02-20
zone = "Australia/Sydney"
weekend = ["sat", "sun"]
holiday = [
  { name = { zh = "假日", en = "Good Friday" }, on = 2026-04-03 },
  { name = { zh = "假日", en = "Easter Monday" }, on = 2026-04-06 },
  { name = { zh = "假日", en = "Additional day" }, on = 2026-04-27 },
  { name = { zh = "假日", en = "Sunday feast" }, from = 2026-08-09, to = 2026-08-10 },
]
make_up = [{ name = { zh = "调休", en = "In exchange" }, on = 2026-08-15 }]

[hours]
mon = ["09:00-12:00", "13:00-17:00"]
tue = ["09:00-12:00", "13:00-17:00"]
wed = ["09:00-12:00"]
thu = ["09:00-12:00", "13:00-17:00"]
fri = ["09:00-12:00", "13:00-17:00"]
"#;

const PACK: &str = r#"
[pack]
id = "east"
version = "1.0.0"
title = { zh = "东", en = "East" }
layer = "practice"
jurisdiction = "XE"
status = "active"
valid_from = 2026-01-01
calendar = "east-coast"

[[source]]
id = "house"
title = { zh = "内部", en = "House" }

[[clock]]
id = "answer"
title = { zh = "答复", en = "Answer" }
layer = "practice"
basis = "operator"
confidence = "high"
source = "house"
start = ["received"]
stop = ["replied"]
amount = { normal = "10bd", urgent = "2bd" }
applies = { kind = "complaint", star = { gte = 3 } }
known_as = ["reply"]

[[clock]]
id = "big"
title = { zh = "大", en = "Big" }
layer = "practice"
basis = "operator"
confidence = "high"
source = "house"
start = ["received"]
stop = ["replied"]
amount = "48h"
applies = { services_in_operation = { gte = 30000 } }
unless = [{ turnover = { lt = "10.00 INR" } }, { product = "cloud" }]

[[clock]]
id = "still"
title = { zh = "停", en = "Still" }
layer = "practice"
basis = "operator"
confidence = "high"
source = "house"
start = ["received"]
stop = ["replied"]
amount = "48h"
pausable = true

[[window]]
id = "appeal"
title = { zh = "申诉", en = "Appeal" }
layer = "practice"
basis = "operator"
confidence = "high"
source = "house"
owner = "customer"
from = "received_at"
opens_after = "6w"
amount = "3mo"
"#;

fn calendars() -> CalendarSet {
    let mut calendars = CalendarSet::default();
    calendars.insert(Calendar::none("UTC").unwrap());
    calendars.add("east.toml", EAST).unwrap();
    calendars
}

fn packs() -> Vec<Arc<Pack>> {
    vec![Arc::new(Pack::load("east.toml", PACK, &calendars()).unwrap())]
}

fn check(rows: &[&str]) -> VectorReport {
    check_vectors(&format!("{HEAD}\n{}\n", rows.join("\n")), &calendars(), &packs(), &[]).unwrap()
}

fn outcome(row: &str) -> VectorOutcome {
    check(&[row]).rows.remove(0).outcome
}

/// Start, attributes, deadline: each counted by hand.
const PASS: &[(&str, &str, &str)] = &[
    // Units.
    ("2026-04-04T12:00:00+11:00", "n=24;unit=hours;calendar=none;tz=Australia/Sydney", "2026-04-05T11:00:00+10:00"),
    ("2026-04-04T12:00:00+11:00", "n=24;unit=hours", "2026-04-05T12:00:00+11:00"),
    ("2026-04-04T12:00:00+11:00", "duration=24h;tz=Australia/Sydney", "2026-04-05T11:00:00+10:00"),
    ("2026-05-05T10:15:00+10:00", "n=0;unit=instant;tz=Australia/Sydney", "2026-05-05T10:15:00+10:00"),
    ("2026-05-05T10:15:00+10:00", "unit=instant", "2026-05-05T10:15:00+10:00"),
    ("2026-03-20T10:00:00+00:00", "n=8;unit=weeks;tz=Europe/London", "2026-05-15T23:59:59+01:00"),
    ("2026-01-31T11:00:00+00:00", "n=1;unit=months;tz=Europe/London", "2026-02-28T23:59:59+00:00"),
    ("2026-04-02T16:00:00+11:00", "n=2;unit=business_days;calendar=east-coast", "2026-04-08T23:59:59+10:00"),
    ("2026-04-02T16:00:00+11:00", "duration=2bd;calendar=east-coast;tz=Australia/Perth", "2026-04-08T23:59:59+08:00"),
    ("2026-04-02T16:00:00+11:00", "n=2;unit=calendar_days;calendar=east-coast", "2026-04-04T23:59:59+11:00"),
    // Wednesday 10 to 12 are two of three hours; Thursday 9 to 10.
    ("2026-05-06T10:00:00+10:00", "n=3;unit=working_hours;calendar=east-coast", "2026-05-07T10:00:00+10:00"),
    // Ways of counting.
    (
        "2026-05-01T10:00:00+09:00",
        "n=8;unit=calendar_days;tz=Asia/Tokyo;first_day=included",
        "2026-05-08T23:59:59+09:00",
    ),
    ("2026-04-30T12:00:00+01:00", "n=12;unit=months;tz=Europe/London;strictly_less=true", "2027-04-29T23:59:59+01:00"),
    ("2026-04-30T12:00:00+01:00", "n=1;unit=hours;tz=Europe/London;strictly_less=true", "2026-04-30T12:59:59+01:00"),
    ("2026-02-16T10:00:00+08:00", "n=6;unit=weeks;tz=Asia/Hong_Kong;kind=not_before", "2026-03-31T00:00:00+08:00"),
    ("2026-02-16T10:00:00+08:00", "n=6;unit=hours;tz=Asia/Hong_Kong;kind=not_before", "2026-02-16T16:00:00+08:00"),
    ("2026-02-16T10:00:00+08:00", "n=3;unit=months;tz=Asia/Hong_Kong;kind=window", "2026-05-16T23:59:59+08:00"),
    (
        "2026-02-16T10:00:00+08:00",
        "n=3;unit=months;tz=Asia/Hong_Kong;kind=due;confidence=L",
        "2026-05-16T23:59:59+08:00",
    ),
    // Rolls: Good Friday 3 April to Tuesday 7, or back to Thursday 2.
    ("2026-03-03T11:00:00+11:00", "n=1;unit=months;calendar=east-coast;roll=none", "2026-04-03T23:59:59+11:00"),
    ("2026-03-03T11:00:00+11:00", "n=1;unit=months;calendar=east-coast;roll=next_bd", "2026-04-07T23:59:59+10:00"),
    ("2026-03-03T11:00:00+11:00", "n=1;unit=months;calendar=east-coast;roll=prev_bd", "2026-04-02T23:59:59+11:00"),
    // Past the holiday, but a Saturday stays.
    (
        "2026-03-03T11:00:00+11:00",
        "n=1;unit=months;calendar=east-coast;roll=next_not_sun_hol",
        "2026-04-04T23:59:59+11:00",
    ),
    (
        "2026-07-26T10:00:00+10:00",
        "n=14;unit=calendar_days;calendar=east-coast;roll=za_s4",
        "2026-08-11T23:59:59+10:00",
    ),
    // A make-up Saturday is a business day: Mon 10 is off, so 11, 12, 13, 14 and Sat 15.
    ("2026-08-07T10:00:00+10:00", "n=5;unit=business_days;calendar=east-coast", "2026-08-15T23:59:59+10:00"),
    // Pauses.
    (
        "2026-08-07T16:30:00+02:00",
        "duration=48h;tz=Africa/Johannesburg;pause=2026-08-07T20:00:00+02:00/2026-08-08T02:00:00+02:00",
        "2026-08-09T22:30:00+02:00",
    ),
    (
        "2026-08-07T16:30:00+02:00",
        "duration=48h;tz=Africa/Johannesburg;pause=2026-08-07T20:00:00+02:00/2026-08-08T02:00:00+02:00,2026-08-08T03:00:00+02:00/2026-08-08T04:00:00+02:00",
        "2026-08-09T23:30:00+02:00",
    ),
    (
        "2026-08-07T16:30:00+02:00",
        "duration=48h;tz=Africa/Johannesburg;pause=2026-08-07T20:00:00+02:00/2026-08-08T02:00:00+02:00;pause=2026-08-20T00:00:00+02:00/",
        "2026-08-09T22:30:00+02:00",
    ),
    // Held over the end of Tuesday 5 May: Wed 6, Thu 7.
    (
        "2026-05-04T09:00:00+10:00",
        "n=2;unit=business_days;calendar=east-coast;pause_semantics=day_counts_if_running_at_its_end;pause=2026-05-05T12:00:00+10:00/2026-05-06T09:00:00+10:00",
        "2026-05-07T23:59:59+10:00",
    ),
    // Held within one day.
    (
        "2026-05-04T09:00:00+10:00",
        "n=2;unit=business_days;calendar=east-coast;pause=2026-05-05T12:00:00+10:00/2026-05-05T15:00:00+10:00",
        "2026-05-06T23:59:59+10:00",
    ),
    // Grades.
    ("2026-05-04T09:00:00+10:00", "normal=10bd;urgent=2bd;calendar=east-coast", "2026-05-18T23:59:59+10:00"),
    (
        "2026-05-04T09:00:00+10:00",
        "normal=10bd;urgent=2bd;grade=urgent;calendar=east-coast",
        "2026-05-06T23:59:59+10:00",
    ),
    (
        "2026-05-04T09:00:00+10:00",
        "calendar=east-coast;normal=10bd;urgent=2bd;regraded_at=2026-05-18T08:00:00+10:00;policy=min(original,regrade+urgent)",
        "2026-05-18T23:59:59+10:00",
    ),
    (
        "2026-05-04T09:00:00+10:00",
        "calendar=east-coast;normal=10bd;urgent=2bd;regraded_at=2026-05-05T08:00:00+10:00;policy=min(original,regrade+urgent)",
        "2026-05-07T23:59:59+10:00",
    ),
    (
        "2026-05-04T09:00:00+10:00",
        "calendar=east-coast;normal=10bd;urgent=2bd;regraded_at=2026-05-05T08:00:00+10:00",
        "2026-05-07T23:59:59+10:00",
    ),
    (
        "2026-05-04T09:00:00+10:00",
        "calendar=east-coast;n=10;unit=business_days;urgent=2bd;regraded_at=2026-05-05T08:00:00+10:00;policy=keep",
        "2026-05-18T23:59:59+10:00",
    ),
    (
        "2026-05-04T09:00:00+10:00",
        "calendar=east-coast;normal=10bd;urgent=2bd;regraded_at=2026-05-18T08:00:00+10:00;policy=restart",
        "2026-05-20T23:59:59+10:00",
    ),
    (
        "2026-05-04T09:00:00+10:00",
        "calendar=east-coast;normal=10bd;major=5bd;urgent=2bd;regraded_at=2026-05-05T08:00:00+10:00;policy=min( original , major )",
        "2026-05-11T23:59:59+10:00",
    ),
    (
        "2026-05-04T09:00:00+10:00",
        "calendar=east-coast;normal=10bd;urgent=2bd;regraded_at=2026-05-05T08:00:00+10:00;policy=recompute",
        "2026-05-06T23:59:59+10:00",
    ),
];

#[test]
fn every_attribute_counts() {
    for (start, attributes, expected) in PASS {
        let row = format!("GEN,x,{start},\"{attributes}\",{expected},");
        assert_eq!(outcome(&row), VectorOutcome::Passed { by: vec!["attributes".into()] }, "{row}");
    }
}

/// The same rows as other people may write them.
const SPELLED: &[(&str, &str, &str)] = &[
    (
        "2026-05-01T10:00:00+09:00",
        "N=8; Unit=Calendar_Days; TZ=Asia/Tokyo; first_day=INCLUDE;",
        "2026-05-08T23:59:59+09:00",
    ),
    ("2026-05-01T10:00:00+09:00", "n=08;unit=cd;tz=Asia/Tokyo;first_day=exclude", "2026-05-09T23:59:59+09:00"),
    ("2026-04-02T16:00:00+11:00", "n=2;unit=working_days;calendar=East-Coast", "2026-04-08T23:59:59+10:00"),
    ("2026-04-02T16:00:00+11:00", "n=2;unit=BD;calendar=EAST-COAST@2026-03-01", "2026-04-08T23:59:59+10:00"),
    ("2026-04-02T16:00:00+11:00", "n=2;unit=weeks;calendar=NONE;tz=australia/sydney", "2026-04-16T23:59:59+10:00"),
    ("2026-04-04T12:00:00+11:00", "n=90;unit=minutes", "2026-04-04T13:30:00+11:00"),
    ("2024-02-29T12:00:00+00:00", "n=2;unit=years;tz=Europe/London", "2026-02-28T23:59:59+00:00"),
    ("2026-04-30T12:00:00+01:00", "n=12;unit=months;tz=Europe/London;strictly_less=TRUE", "2027-04-29T23:59:59+01:00"),
    ("2026-04-30T12:00:00+01:00", "n=12;unit=months;tz=Europe/London;bound=strictly_less", "2027-04-29T23:59:59+01:00"),
    ("2026-04-30T12:00:00+01:00", "n=3;unit=calendar_days;tz=Europe/London;ends=instant", "2026-05-03T12:00:00+01:00"),
    (
        "2026-04-30T12:00:00+01:00",
        "n=3;unit=calendar_days;tz=Europe/London;ends=day_after_start",
        "2026-05-04T00:00:00+01:00",
    ),
    ("2026-04-30T12:00:00+01:00", "n=3;unit=calendar_days;tz=Europe/London", "2026-05-03"),
    ("2026-04-30T12:00:00+01:00", "n=3;unit=calendar_days;tz=Europe/London", "2026-05-03T23:59:59"),
    ("2026-04-30T12:00:00+01:00", "n=3;unit=calendar_days;tz=Europe/London", "2026-05-03T22:59:59Z"),
    ("2026-04-30T12:00:00", "n=1;unit=hours;tz=Europe/London", "2026-04-30T13:00:00+01:00"),
    ("2026-04-30", "n=3;unit=calendar_days;tz=Europe/London", "2026-05-03T23:59:59+01:00"),
    (
        "2026-04-30T12:00:00+01:00",
        r#"{"n": 3, "unit": "calendar_days", "tz": "Europe/London", "strictly_less": false, "roll": null}"#,
        "2026-05-03T23:59:59+01:00",
    ),
    (
        "2026-08-07T16:30:00+02:00",
        r#"{"duration": "48h", "pause": ["2026-08-07T20:00:00+02:00/2026-08-08T02:00:00+02:00", "2026-08-08T03:00:00+02:00/2026-08-08T04:00:00+02:00"]}"#,
        "2026-08-09T23:30:00+02:00",
    ),
    (
        "2026-05-04T09:00:00+10:00",
        "calendar=east-coast;normal=10bd;urgent=2bd;regraded_at=2026-05-05T08:00:00+10:00;policy=MIN(original, regrade + urgent)",
        "2026-05-07T23:59:59+10:00",
    ),
];

#[test]
fn other_spellings_say_the_same() {
    for (start, attributes, expected) in SPELLED {
        let row = format!("GEN,x,{start},\"{}\",{expected},", attributes.replace('"', "\"\""));
        assert_eq!(outcome(&row), VectorOutcome::Passed { by: vec!["attributes".into()] }, "{row}");
    }
    // Another day, or another moment of the day, is none of them.
    for expected in ["2026-05-02", "2026-05-04", "2026-05-03T23:59:58", "2026-05-03T23:59:59Z"] {
        let row = format!("GEN,x,2026-04-30T12:00:00+01:00,n=3;unit=calendar_days;tz=Europe/London,{expected},");
        assert!(matches!(outcome(&row), VectorOutcome::Mismatch { .. }), "{row}");
    }
    for row in [
        "xe,ANSWER,2026-05-04T09:00:00+10:00,star=2,none,",
        "XE,Reply,2026-05-04T09:00:00+10:00,STAR=2,None,",
        "XE,big,2026-05-04T09:00:00+10:00,\"services_in_operation=29,999\",NONE,",
        "XE,big,2026-05-04T09:00:00+10:00,services_in_operation=30_000;service=Mobile,2026-05-06T09:00:00+10:00,",
    ] {
        assert!(matches!(outcome(row), VectorOutcome::Passed { .. }), "{row}: {:?}", outcome(row));
    }
}

#[test]
fn what_cannot_be_read_is_named_with_its_field() {
    for (row, wrong) in [
        ("GEN,x,2026-04-04T12:00:00,n=1;unit=hours,NONE,", "start"),
        ("GEN,x,yesterday,n=1;unit=hours,NONE,", "start"),
        ("GEN,x,2026-04-04T12:00:00Z,n=1;unit=hours,soon,", "expected_deadline"),
        ("GEN,x,2026-04-04T12:00:00Z,n=1;unit=hours,,", "expected_deadline"),
        (",x,2026-04-04T12:00:00Z,n=1;unit=hours,NONE,", "jurisdiction"),
        ("GEN,,2026-04-04T12:00:00Z,n=1;unit=hours,NONE,", "rule"),
        ("GEN,x,2026-04-04T12:00:00Z,n=1;unit=fortnights,NONE,", "unit"),
        ("GEN,x,2026-04-04T12:00:00Z,n=1,NONE,", "unit"),
        ("GEN,x,2026-04-04T12:00:00Z,unit=hours,NONE,", "n"),
        ("GEN,x,2026-04-04T12:00:00Z,n=-1;unit=hours,NONE,", "n"),
        ("GEN,x,2026-04-04T12:00:00Z,n=999999999999;unit=hours,NONE,", "n"),
        ("GEN,x,2026-04-04T12:00:00Z,n=1;unit=instant,NONE,", "n"),
        ("GEN,x,2026-04-04T12:00:00Z,n=1;n=2;unit=hours,NONE,", "n"),
        ("GEN,x,2026-04-04T12:00:00Z,n=1;unit=hours;duration=1h,NONE,", "duration"),
        ("GEN,x,2026-04-04T12:00:00Z,duration=1y,NONE,", "duration"),
        ("GEN,x,2026-04-04T12:00:00Z,hours,NONE,", "attributes"),
        ("GEN,x,2026-04-04T12:00:00Z,n=;unit=hours,NONE,", "n"),
        ("GEN,x,2026-04-04T12:00:00Z,n=1;unit=weeks,2026-04-11T23:59:59Z,", "tz"),
        ("GEN,x,2026-04-04T12:00:00Z,n=1;unit=weeks;tz=Mars/Crater,2026-04-11T23:59:59Z,", "tz"),
        ("GEN,x,2026-04-04T12:00:00Z,n=1;unit=weeks;calendar=WEST,2026-04-11T23:59:59Z,", "calendar"),
        ("GEN,x,2026-04-04T12:00:00Z,n=1;unit=hours;first_day=maybe,NONE,", "first_day"),
        ("GEN,x,2026-04-04T12:00:00Z,n=1;unit=hours;roll=over,NONE,", "roll"),
        ("GEN,x,2026-04-04T12:00:00Z,n=1;unit=hours;kind=of,NONE,", "kind"),
        ("GEN,x,2026-04-04T12:00:00Z,n=1;unit=hours;strictly_less=1,NONE,", "strictly_less"),
        ("GEN,x,2026-04-04T12:00:00Z,n=1;unit=hours;pause=now,NONE,", "pause"),
        ("GEN,x,2026-04-04T12:00:00Z,n=1;unit=hours;pause=2026-04-06T12:00:00Z/2026-04-05T12:00:00Z,NONE,", "pause"),
        ("GEN,x,2026-04-04T12:00:00Z,n=1;unit=hours;pause_semantics=other,NONE,", "pause_semantics"),
        ("GEN,x,2026-04-04T12:00:00Z,normal=1h;urgent=1h;regraded_at=soon,NONE,", "regraded_at"),
        ("GEN,x,2026-04-04T12:00:00Z,normal=1h;urgent=1h;regraded_at=2026-04-04T11:00:00Z,NONE,", "regraded_at"),
        ("GEN,x,2026-04-04T12:00:00Z,normal=1h;urgent=1h;policy=keep,NONE,", "regraded_at"),
        ("GEN,x,2026-04-04T12:00:00Z,normal=1h;urgent=1h;regraded_at=2026-04-04T13:00:00Z;policy=best,NONE,", "policy"),
        ("GEN,x,2026-04-04T12:00:00Z,normal=1h;regraded_at=2026-04-04T13:00:00Z;policy=regrade+major,NONE,", "policy"),
        ("GEN,x,2026-04-04T12:00:00Z,normal=1h;grade=awful,NONE,", "grade"),
        ("GEN,x,2026-04-04T12:00:00Z,n=1;unit=hours;rol=next_bd,NONE,", "rol"),
        ("GEN,x,2026-04-04T12:00:00Z,n=1;unit=hours;First Day=x,NONE,", "first day"),
        ("GEN,x,2026-04-04T12:00:00Z,n=1;unit=hours;ends=never,NONE,", "ends"),
        ("GEN,x,2026-04-04T12:00:00Z,n=1;unit=hours;bound=loose,NONE,", "bound"),
        ("GEN,x,2026-04-04T12:00:00Z,n=4294967295;unit=years,NONE,", "n"),
        ("GEN,x,2026-04-04T12:00:00Z,{\"n\":1,NONE,", "attributes"),
        ("GEN,x,2026-04-04T12:00:00Z,{\"n\":{}},NONE,", "attributes"),
        ("GEN,x,2026-04-04,n=1;unit=hours,NONE,", "start"),
        ("GEN,x,2026-04-04T12:00:00Z,n=1;unit=hours", "row"),
        ("XE,answer,2026-04-04T12:00:00Z,star=many,NONE,", "star"),
    ] {
        // A list inside an attribute has to be quoted; none of these has one.
        match outcome(row) {
            VectorOutcome::Faulty { field, reason } => {
                assert!(field == wrong && !reason.is_empty(), "{row}: {field} {reason}");
            }
            // Some faults only show when the amount is looked for.
            other => assert!(wrong == "policy" && row.contains("regrade+major"), "{row}: {other:?}"),
        }
    }
}

#[test]
fn a_policy_that_asks_for_an_amount_nobody_stated_is_a_fault() {
    let row = "GEN,x,2026-04-04T12:00:00Z,normal=1h;regraded_at=2026-04-04T13:00:00Z;policy=regrade+major,2026-04-04T12:00:00Z,";
    let VectorOutcome::Faulty { field, .. } = outcome(row) else { panic!("{:?}", outcome(row)) };
    assert_eq!(field, "major");
}

#[test]
fn the_rule_is_asked_too() {
    let both = |rule: &str| VectorOutcome::Passed { by: vec!["attributes".into(), format!("east 1.0.0 {rule}")] };
    let alone = |rule: &str| VectorOutcome::Passed { by: vec![format!("east 1.0.0 {rule}")] };
    for (row, expected) in [
        (
            "XE,answer,2026-05-04T09:00:00+10:00,n=10;unit=business_days;calendar=east-coast,2026-05-18T23:59:59+10:00,",
            both("answer"),
        ),
        (
            "XE,answer,2026-05-04T09:00:00+10:00,n=2;unit=business_days;calendar=east-coast;star=3,2026-05-06T23:59:59+10:00,",
            both("answer"),
        ),
        ("XE,answer,2026-05-04T09:00:00+10:00,grade=urgent;star=3,2026-05-06T23:59:59+10:00,", alone("answer")),
        ("XE,answer,2026-05-04T09:00:00+10:00,star=2,NONE,", alone("answer")),
        ("XE,reply,2026-05-04T09:00:00+10:00,star=2,NONE,", alone("answer")),
        ("XE,answer,2025-05-04T09:00:00+10:00,star=2;received_at=2026-05-01T09:00:00+10:00,NONE,", alone("answer")),
        ("XE,big,2026-05-04T09:00:00+10:00,services_in_operation=29999,NONE,", alone("big")),
        ("XE,big,2026-05-04T09:00:00+10:00,services_in_operation=30000,2026-05-06T09:00:00+10:00,", alone("big")),
        ("XE,big,2026-05-04T09:00:00+10:00,services_in_operation=30000;turnover_inr=5,NONE,", alone("big")),
        ("XE,big,2026-05-04T09:00:00+10:00,services_in_operation=30000;service=cloud,NONE,", alone("big")),
        (
            "XE,big,2026-05-04T09:00:00+10:00,services_in_operation=30000;service=mobile,2026-05-06T09:00:00+10:00,",
            alone("big"),
        ),
        ("XE,answer,2026-05-04T09:00:00+10:00,grade=major,NONE,", alone("answer")),
        ("XE,answer,2026-05-04T09:00:00+10:00,kind=praise;confidence=H,NONE,", alone("answer")),
        (
            "XE,appeal,2026-02-16T10:00:00+11:00,n=6;unit=weeks;calendar=east-coast;kind=not_before,2026-03-31T00:00:00+11:00,",
            both("appeal"),
        ),
        (
            "XE,appeal,2026-02-16T10:00:00+11:00,n=3;unit=months;calendar=east-coast,2026-05-16T23:59:59+10:00,",
            both("appeal"),
        ),
        (
            "XE,answer,2026-05-04T09:00:00+10:00,calendar=east-coast;normal=10bd;urgent=2bd;regraded_at=2026-05-05T08:00:00+10:00,2026-05-07T23:59:59+10:00,",
            both("answer"),
        ),
        (
            "XE,still,2026-05-04T09:00:00+10:00,duration=48h;tz=Australia/Sydney;pause=2026-05-05T08:00:00+10:00/2026-05-05T09:00:00+10:00,2026-05-06T10:00:00+10:00,",
            both("still"),
        ),
    ] {
        assert_eq!(outcome(row), expected, "{row}");
    }
}

#[test]
fn a_mismatch_says_what_came_out_and_why() {
    let report = check(&[
        "GEN,x,2026-04-02T16:00:00+11:00,n=2;unit=business_days;calendar=east-coast,2026-04-07T23:59:59+10:00,",
        "XE,answer,2026-05-04T09:00:00+10:00,n=3;unit=business_days;calendar=east-coast,2026-05-07T23:59:59+10:00,",
        "XE,answer,2026-05-04T09:00:00+10:00,star=4;mood=5,NONE,",
        "XE,answer,2025-05-05T09:00:00+10:00,n=1;unit=hours;star=4,2025-05-05T10:00:00+10:00,before the pack",
    ]);
    assert_eq!((report.vectors, report.passed, report.failed, report.not_covered), (4, 1, 3, 0));
    let mismatch = |at: usize| match &report.rows[at].outcome {
        VectorOutcome::Mismatch { by, expected, got, why } => (by.as_str(), expected.as_str(), got.join(" "), why),
        other => panic!("{other:?}"),
    };
    let (by, expected, got, why) = mismatch(0);
    assert_eq!((by, expected, got.as_str()), ("attributes", "2026-04-07T23:59:59+10:00", "2026-04-08T23:59:59+10:00"));
    assert!(why.iter().any(|line| line.contains("Good Friday")), "{why:?}");
    let (by, _, got, _) = mismatch(1);
    assert_eq!((by, got.as_str()), ("east 1.0.0 answer", "2026-05-18T23:59:59+10:00 2026-05-06T23:59:59+10:00"));
    let (_, expected, _, why) = mismatch(2);
    assert_eq!(expected, "NONE");
    assert!(why.iter().any(|line| line.contains("mood")), "{why:?}");
}

#[test]
fn none_needs_a_rule_to_confirm_it() {
    let report = check(&[
        "AU,quarterly,2026-03-31T23:59:59+11:00,services_in_operation=29999;tz=Australia/Sydney,NONE,below the threshold",
        "XE,quarterly,2026-03-31T23:59:59+11:00,services_in_operation=29999;tz=Australia/Sydney,NONE,",
        "XE,answer,2025-03-31T23:59:59+11:00,star=1;tz=Australia/Sydney,NONE,",
        "XE,quarterly,2026-03-31T23:59:59+11:00,star=1;tz=Australia/Sydney,2026-03-31T23:59:59+11:00,",
    ]);
    assert_eq!((report.vectors, report.passed, report.failed, report.not_covered), (4, 0, 4, 4));
    let reasons: Vec<&str> = report
        .rows
        .iter()
        .map(|row| match &row.outcome {
            VectorOutcome::NotCovered { reason } => reason.as_str(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        reasons,
        [
            "there is no pack of AU",
            "no pack of XE has the rule",
            "no pack of XE has the rule in force on that day",
            "the row states no amount, and no pack of XE has the rule",
        ]
    );
}

#[test]
fn a_list_is_csv_with_these_columns() {
    let check = |text: &str| check_vectors(text, &calendars(), &packs(), &[]);
    assert!(check("").is_err_and(|fault| fault.to_string().contains("jurisdiction")));
    assert!(check("a,b\n1,2\n").is_err());
    assert_eq!(check(HEAD).unwrap(), VectorReport::default());
    // Byte order mark, other order, blank lines, a row over two lines.
    let text = "\u{feff}start,rule,jurisdiction,attributes,expected_deadline\r\n\r\n\
        2026-05-05T10:15:00+10:00,\"x\r\ny\",GEN,unit=instant,2026-05-05T10:15:00+10:00\r\n\
        2026-05-05T10:15:00+10:00,z,GEN,\"unit=instant;\",2026-05-05T10:15:01+10:00\r\n";
    let report = check(text).unwrap();
    assert_eq!((report.passed, report.failed), (1, 1));
    assert_eq!(report.rows.iter().map(|row| row.line).collect::<Vec<_>>(), [3, 5]);
    // Remarks, lines of blanks, large letters in the head, commas nobody quoted, nothing behind the last column that is read.
    let text = "# made by hand\nJurisdiction, Rule ,START,Attributes,Expected_Deadline,Reasoning\n   \n# two rows\n\n\
        GEN,x,2026-05-05T10:15:00+10:00,unit=instant,2026-05-05T10:15:00+10:00,first, second, third\n# another\n\
        GEN,y,2026-05-05T10:15:00+10:00,unit=instant,2026-05-05T10:15:00+10:00\n";
    let report = check(text).unwrap();
    assert_eq!((report.vectors, report.passed), (2, 2));
    assert_eq!(report.rows.iter().map(|row| row.line).collect::<Vec<_>>(), [6, 8]);
    let report = check(&format!("{HEAD}\nGEN,z,2026-05-05T10:15:00+10:00,unit=instant,2026-05-05T10:15:01+10:00,\nGEN,z,2026-05-05T10:15:00+10:00,unit=instant,2026-05-05T10:15:01+10:00,\n")).unwrap();
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["rows"][1]["outcome"], "mismatch");
    assert_eq!(json["rows"][1]["got"][0], "2026-05-05T00:15:00+00:00");
}
