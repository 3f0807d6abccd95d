//! Clocks put forward and back: rows worked out by hand. Sydney and London move by an hour in the small hours, Lord Howe
//! by half an hour, and São Paulo moved at midnight, so that a day lacked its first hour and another had its last twice.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed test panics")]

use jiff::Timestamp;
use policy::{Amount, Calendar, Counting, Ends, FirstDay, due_at, due_at_paused};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Zone, start, amount, end, deadline.
type Row = (&'static str, &'static str, &'static str, Option<Ends>, &'static str);

const ROWS: &[Row] = &[
    // Sydney, 5 April 2026: 3:00 becomes 2:00.
    ("Australia/Sydney", "2026-04-04T12:00:00+11:00", "24h", None, "2026-04-05T11:00:00+10:00"),
    ("Australia/Sydney", "2026-04-04T12:00:00+11:00", "1d", None, "2026-04-05T23:59:59+10:00"),
    // 2:30 comes twice; an hour after the first is the second.
    ("Australia/Sydney", "2026-04-05T02:30:00+11:00", "1h", None, "2026-04-05T02:30:00+10:00"),
    // Of two the first ends a day counted to the time of its start.
    ("Australia/Sydney", "2026-04-04T02:30:00+11:00", "1d", Some(Ends::Instant), "2026-04-05T02:30:00+11:00"),
    // Sydney, 4 October 2026: 2:00 becomes 3:00.
    ("Australia/Sydney", "2026-10-03T12:00:00+10:00", "24h", None, "2026-10-04T13:00:00+11:00"),
    ("Australia/Sydney", "2026-10-03T12:00:00+10:00", "1w", None, "2026-10-10T23:59:59+11:00"),
    // 2:30 does not come; half an hour into the gap is half an hour after it.
    ("Australia/Sydney", "2026-10-03T02:30:00+10:00", "1d", Some(Ends::Instant), "2026-10-04T03:30:00+11:00"),
    // London, 29 March 2026: 1:00 becomes 2:00; 25 October: 2:00 becomes 1:00.
    ("Europe/London", "2026-03-28T12:00:00+00:00", "24h", None, "2026-03-29T13:00:00+01:00"),
    ("Europe/London", "2026-03-28T01:30:00+00:00", "1d", Some(Ends::Instant), "2026-03-29T02:30:00+01:00"),
    ("Europe/London", "2026-03-20T10:00:00+00:00", "8w", None, "2026-05-15T23:59:59+01:00"),
    ("Europe/London", "2026-10-24T12:00:00+01:00", "24h", None, "2026-10-25T11:00:00+00:00"),
    ("Europe/London", "2026-10-24T01:30:00+01:00", "1d", Some(Ends::Instant), "2026-10-25T01:30:00+01:00"),
    // Half past midnight in summer is still the day before in Greenwich: the local date counts.
    ("Europe/London", "2026-05-31T23:30:00+00:00", "6w", None, "2026-07-13T23:59:59+01:00"),
    // Lord Howe, 5 April 2026: 2:00 becomes 1:30; 4 October: 2:00 becomes 2:30.
    ("Australia/Lord_Howe", "2026-04-04T12:00:00+11:00", "24h", None, "2026-04-05T11:30:00+10:30"),
    ("Australia/Lord_Howe", "2026-04-05T01:45:00+11:00", "30h", None, "2026-04-06T07:15:00+10:30"),
    ("Australia/Lord_Howe", "2026-10-03T12:00:00+10:30", "24h", None, "2026-10-04T12:30:00+11:00"),
    ("Australia/Lord_Howe", "2026-10-03T02:15:00+10:30", "1d", Some(Ends::Instant), "2026-10-04T02:45:00+11:00"),
    ("Australia/Lord_Howe", "2026-10-03T12:00:00+10:30", "1d", None, "2026-10-04T23:59:59+11:00"),
    // São Paulo, 4 November 2018: midnight became 1:00, so the day began then.
    ("America/Sao_Paulo", "2018-11-02T10:00:00-03:00", "1d", Some(Ends::DayAfterStart), "2018-11-04T01:00:00-02:00"),
    ("America/Sao_Paulo", "2018-11-02T10:00:00-03:00", "1d", None, "2018-11-03T23:59:59-03:00"),
    ("America/Sao_Paulo", "2018-11-03T00:30:00-03:00", "1d", Some(Ends::Instant), "2018-11-04T01:30:00-02:00"),
    ("America/Sao_Paulo", "2018-11-03T12:00:00-03:00", "24h", None, "2018-11-04T13:00:00-02:00"),
    // São Paulo, 17 February 2019: midnight became 23:00 of the 16th, which ended an hour later than other days.
    ("America/Sao_Paulo", "2019-02-15T10:00:00-02:00", "1d", None, "2019-02-16T23:59:59-03:00"),
    ("America/Sao_Paulo", "2019-02-15T10:00:00-02:00", "1d", Some(Ends::DayAfterStart), "2019-02-17T00:00:00-03:00"),
    ("America/Sao_Paulo", "2019-02-16T23:30:00-02:00", "1h", None, "2019-02-16T23:30:00-03:00"),
    // The second half past eleven is still the 16th.
    ("America/Sao_Paulo", "2019-02-16T23:30:00-03:00", "1d", None, "2019-02-17T23:59:59-03:00"),
    // Nothing is put there any more.
    ("America/Sao_Paulo", "2026-11-01T10:00:00-03:00", "24h", None, "2026-11-02T10:00:00-03:00"),
    ("Asia/Shanghai", "2026-03-28T12:00:00+08:00", "24h", None, "2026-03-29T12:00:00+08:00"),
];

#[test]
fn clocks_put_forward_and_back() {
    for (zone, start, amount, ends, deadline) in ROWS {
        let amount: Amount = amount.parse().unwrap();
        let usual = Counting::usual(amount);
        let counting = Counting { ends: ends.unwrap_or(usual.ends), ..usual };
        let calendar = Calendar::none(zone).unwrap();
        assert_eq!(due_at(at(start), amount, &counting, &calendar), at(deadline), "{zone} {start} {amount} {ends:?}");
    }
}

/// A calendar of Sydney that works on Sundays, through the hours in which clocks are put.
fn nights() -> Calendar {
    Calendar::parse(
        r#"
id = "nights"
title = { zh = "夜班", en = "Nights" }
known_as_of = 2026-01-01
zone = "Australia/Sydney"
weekend = ["sat"]

[hours]
sun = ["01:30-02:40", "03:10-05:00"]
"#,
    )
    .unwrap()
}

#[test]
fn working_hours_in_the_night_clocks_are_put() {
    let amount = Amount::WorkingHours(2);
    let usual = Counting::usual(amount);
    let due = |start| due_at(at(start), amount, &usual, &nights());
    // An ordinary Sunday: 70 minutes to 2:40 and 50 from 3:10.
    assert_eq!(due("2026-09-27T00:00:00+10:00"), at("2026-09-27T04:00:00+10:00"));
    // Forward: 1:30 to 2:00 and, being as far into the gap, 3:00 to 3:40 are 70 minutes; the second stretch goes on there.
    assert_eq!(due("2026-10-04T00:00:00+10:00"), at("2026-10-04T04:30:00+11:00"));
    // Back: 1:30 to the first 2:40 are 70 minutes, and 50 from 3:10.
    assert_eq!(due("2026-04-05T00:00:00+11:00"), at("2026-04-05T04:00:00+10:00"));
    // Held for the hour that comes twice: only what was left after the first 2:40 counts, and there is none.
    let held = [(at("2026-04-05T02:40:00+11:00"), Some(at("2026-04-05T02:40:00+10:00")))];
    assert_eq!(
        due_at_paused(at("2026-04-05T00:00:00+11:00"), amount, &usual, &nights(), &held),
        at("2026-04-05T04:00:00+10:00")
    );
}

#[test]
fn the_day_of_the_start_may_have_its_last_hour_twice() {
    let amount = Amount::CalendarDays(1);
    let counting = Counting { first_day: FirstDay::Included, ..Counting::usual(amount) };
    let calendar = Calendar::none("America/Sao_Paulo").unwrap();
    assert_eq!(due_at(at("2019-02-16T23:30:00-02:00"), amount, &counting, &calendar), at("2019-02-16T23:59:59-03:00"));
}
