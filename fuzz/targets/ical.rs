//! Any bytes as an iCalendar file: refused with a place, or made into a calendar that can be read and counts.
#![no_main]

use jiff::Timestamp;
use jiff::civil::date;
use policy::{Calendar, DayCode, IcalImport, import_ical};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    for make_up in [None, Some("work")] {
        let wanted = IcalImport {
            id: "XX",
            title: None,
            zone: "Europe/London",
            weekend: &[DayCode::Saturday, DayCode::Sunday],
            known_as_of: date(2026, 1, 1),
            years: None,
            make_up,
        };
        match import_ical(Some("x.ics"), &text, &wanted) {
            Ok(made) => counts(&Calendar::parse(&made).expect("what is made can be read")),
            Err(faults) => assert!(!faults.is_empty(), "refused without a reason"),
        }
    }
});

fn counts(calendar: &Calendar) {
    let start = Timestamp::from_second(1_790_000_000).expect("a moment of 2026");
    let amount = "10bd".parse().expect("an amount");
    assert!(policy::due_at(start, amount, &policy::Counting::usual(amount), calendar) > start);
}
