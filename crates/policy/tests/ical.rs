//! Calendars taken from iCalendar files: what comes out loads and holds the same days; what is refused names its line.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed test panics")]

use jiff::civil::{Date, date};
use policy::{Calendar, DayCode, DayKind, Fault, IcalImport, Text, import_ical};
use proptest::prelude::*;

const WEEKEND: [DayCode; 2] = [DayCode::Saturday, DayCode::Sunday];

fn wanted() -> IcalImport<'static> {
    IcalImport {
        id: "XX",
        title: None,
        zone: "Europe/London",
        weekend: &WEEKEND,
        known_as_of: date(2026, 1, 1),
        years: None,
        make_up: None,
    }
}

fn file(events: &str) -> String {
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{events}END:VCALENDAR\r\n")
}

fn event(lines: &str) -> String {
    format!("BEGIN:VEVENT\r\n{lines}\r\nEND:VEVENT\r\n")
}

fn taken(text: &str, wanted: &IcalImport<'_>) -> Calendar {
    let made = import_ical(Some("x.ics"), text, wanted).unwrap_or_else(|faults| panic!("{faults:?}"));
    Calendar::parse(&made).unwrap_or_else(|faults| panic!("{faults:?}\n{made}"))
}

fn refused(text: &str, wanted: &IcalImport<'_>) -> Vec<Fault> {
    import_ical(Some("x.ics"), text, wanted).unwrap_err()
}

fn days(calendar: &Calendar) -> Vec<(Date, String)> {
    let name = |kind: DayKind<'_>| match kind {
        DayKind::Holiday(name) => name.en.clone(),
        DayKind::MakeUp(name) => format!("worked: {}", name.en),
        other => panic!("{other:?}"),
    };
    calendar.special_days().map(|(day, kind)| (day, name(kind))).collect()
}

#[test]
fn a_file_as_governments_and_programmes_write_them() {
    let text = "\u{feff}BEGIN:VCALENDAR\nPRODID:-//x\nX-WR-CALNAME:Feiertage \\, XX\n\
        BEGIN:VTIMEZONE\nTZID:Europe/London\nBEGIN:STANDARD\nDTSTART:19701025T020000\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\nEND:STANDARD\nEND:VTIMEZONE\n\
        BEGIN:VEVENT\nUID:1\nDTSTART;VALUE=DATE:20260101\nDTEND;VALUE=DATE:20260102\nSUMMARY;LANGUAGE=en:New Year\\, \n \"one\"\\; day\nBEGIN:VALARM\nTRIGGER:-P1D\nSUMMARY:ring\nEND:VALARM\nEND:VEVENT\n\
        BEGIN:VEVENT\nDTSTART:20260501\nDURATION:P3D\nSUMMARY:五一\nEND:VEVENT\n\
        BEGIN:VEVENT\nDTSTART;VALUE=DATE:20260502\nSUMMARY:Second\nEND:VEVENT\n\
        BEGIN:VEVENT\nDTSTART:20260706\nDTEND:20260706\nSUMMARY:One\nEND:VEVENT\n\
        BEGIN:VEVENT\nDTSTART:20260707\nSTATUS:CANCELLED\nSUMMARY:Not at all\nEND:VEVENT\n\
        BEGIN:VTODO\nSUMMARY:Something\nEND:VTODO\nEND:VCALENDAR\n";
    let calendar = taken(text, &wanted());
    let names: Vec<(Date, &str)> = vec![
        (date(2026, 1, 1), "New Year, \"one\"; day"),
        (date(2026, 5, 1), "五一"),
        (date(2026, 5, 2), "五一 / Second"),
        (date(2026, 5, 3), "五一"),
        (date(2026, 7, 6), "One"),
    ];
    assert_eq!(days(&calendar), names.into_iter().map(|(day, name)| (day, name.to_owned())).collect::<Vec<_>>());
    assert_eq!((calendar.id(), calendar.zone_name()), ("XX", "Europe/London"));
    assert_eq!(calendar.title().en, "Feiertage , XX");
    assert_eq!(calendar.covers(), Some((date(2026, 1, 1), date(2026, 12, 31))));
    assert_eq!(calendar.version(), date(2026, 1, 1));
    assert!(calendar.is_weekend(jiff::civil::Weekday::Sunday) && !calendar.is_weekend(jiff::civil::Weekday::Friday));
    assert_eq!(calendar.source().unwrap().title.en, "iCalendar file: Feiertage , XX");
    let titled = taken(text, &IcalImport { title: Some(Text::new("某地", "Somewhere")), ..wanted() });
    assert_eq!(titled.title(), &Text::new("某地", "Somewhere"));
}

#[test]
fn days_worked_in_exchange() {
    let text = file(
        &(event("DTSTART:20260215\r\nDTEND:20260224\r\nSUMMARY:春节（休）")
            + &event("DTSTART:20260214\r\nSUMMARY:春节（班）")
            + &event("DTSTART:20260228\r\nSUMMARY:春节（班）")),
    );
    let calendar = taken(&text, &IcalImport { make_up: Some("班"), ..wanted() });
    assert!(calendar.is_business_day(date(2026, 2, 14)) && calendar.is_business_day(date(2026, 2, 28)));
    assert_eq!(days(&calendar).len(), 11);
    let wrong = text.replace("20260228", "20260227");
    let faults = refused(&wrong, &IcalImport { make_up: Some("班"), ..wanted() });
    assert_eq!((faults.len(), faults[0].line), (1, 12));
    assert!(faults[0].message.contains("no day of the weekend"), "{faults:?}");
    let wrong = text.replace("20260228", "20260222");
    let faults = refused(&wrong, &IcalImport { make_up: Some("班"), ..wanted() });
    assert!(faults[0].message.contains("both a day off and one worked"), "{faults:?}");
}

#[test]
fn what_repeats_every_year() {
    let years = Some((2025, 2027));
    for (rule, days_of_it) in [
        ("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", ["2025-11-27", "2026-11-26", "2027-11-25"]),
        ("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;COUNT=40", ["2025-11-27", "2026-11-26", "2027-11-25"]),
        ("FREQ=YEARLY;UNTIL=20280101T000000Z;WKST=MO", ["2025-11-22", "2026-11-22", "2027-11-22"]),
        ("freq=yearly;bymonth=11;bymonthday=22", ["2025-11-22", "2026-11-22", "2027-11-22"]),
    ] {
        let start = if rule.contains("BYDAY") { "20201126" } else { "20201122" };
        let text = file(&event(&format!("DTSTART:{start}\r\nRRULE:{rule}\r\nSUMMARY:A")));
        let calendar = taken(&text, &IcalImport { years, ..wanted() });
        let found: Vec<String> = calendar.special_days().map(|(day, _)| day.to_string()).collect();
        assert_eq!(found, days_of_it, "{rule}");
        assert_eq!(calendar.covers(), Some((date(2025, 1, 1), date(2027, 12, 31))));
    }
    let leap = file(&event("DTSTART:20240229\r\nRRULE:FREQ=YEARLY;UNTIL=20321231\r\nSUMMARY:Leap"));
    assert_eq!(days(&taken(&leap, &wanted())).len(), 3);
    let every_other = file(&event("DTSTART:20240229\r\nRRULE:FREQ=YEARLY;INTERVAL=2;COUNT=2\r\nSUMMARY:Leap"));
    assert_eq!(days(&taken(&every_other, &wanted())).len(), 2);
}

#[test]
fn what_cannot_be_understood_is_refused_with_its_line() {
    for (events, line, says) in [
        (event("DTSTART:20260101T090000Z\r\nSUMMARY:A"), 4, "is a moment, not a day"),
        (event("DTSTART:20260230\r\nSUMMARY:A"), 4, "no date"),
        (event("DTSTART:tomorrow\r\nSUMMARY:A"), 4, "no date"),
        (event("SUMMARY:A"), 3, "no DTSTART"),
        (event("DTSTART:20260101"), 3, "no SUMMARY"),
        (event("DTSTART:20260101\r\nSUMMARY: \\n "), 5, "no SUMMARY"),
        (event("DTSTART:20260101\r\nSUMMARY:A\r\nSUMMARY:B"), 6, "stands twice"),
        (event("DTSTART:20260105\r\nDTEND:20260101\r\nSUMMARY:A"), 4, "lasts -4 days"),
        (event("DTSTART:20260105\r\nDTEND:20270101\r\nSUMMARY:A"), 4, "lasts 361 days"),
        (event("DTSTART:20260105\r\nDURATION:PT5H\r\nSUMMARY:A"), 5, "DURATION"),
        (event("DTSTART:20260105\r\nDURATION:P99999999999W\r\nSUMMARY:A"), 5, "DURATION"),
        (event("DTSTART:20260105\r\nSUMMARY:A\r\nRRULE:FREQ=DAILY;COUNT=3"), 6, "repeats DAILY; only yearly"),
        (event("DTSTART:20260105\r\nSUMMARY:A\r\nRRULE:FREQ=YEARLY"), 6, "repeats without an end"),
        (event("DTSTART:20260105\r\nSUMMARY:A\r\nRRULE:FREQ=YEARLY;COUNT=4000000000"), 6, "repeats without an end"),
        (event("DTSTART:20260105\r\nSUMMARY:A\r\nRRULE:FREQ=YEARLY;UNTIL=99990101"), 6, "repeats without an end"),
        (event("DTSTART:20260105\r\nSUMMARY:A\r\nRRULE:FREQ=YEARLY;COUNT=0"), 6, "COUNT=0 is not understood"),
        (event("DTSTART:20260105\r\nSUMMARY:A\r\nRRULE:FREQ=YEARLY;INTERVAL=0;COUNT=2"), 6, "INTERVAL=0"),
        (event("DTSTART:20260105\r\nSUMMARY:A\r\nRRULE:FREQ=YEARLY;COUNT=2;BYEASTER=1"), 6, "BYEASTER=1"),
        (event("DTSTART:20260105\r\nSUMMARY:A\r\nRRULE:FREQ=YEARLY;COUNT=2;BYDAY=MO"), 6, "BYDAY=MO"),
        (event("DTSTART:20260105\r\nSUMMARY:A\r\nRRULE:FREQ=YEARLY;COUNT=2;BYDAY=1MO"), 6, "BYDAY is understood with"),
        (
            event("DTSTART:20260105\r\nSUMMARY:A\r\nRRULE:FREQ=YEARLY;COUNT=2;BYMONTH=2"),
            6,
            "the day on which the event begins",
        ),
        (event("DTSTART:20260105\r\nSUMMARY:A\r\nRRULE:YEARLY"), 6, "no list of KEY=value"),
        (event("DTSTART:20260105\r\nSUMMARY:A\r\nEXDATE:20270105"), 6, "EXDATE is not understood"),
        ("BEGIN:VEVENT\r\nDTSTART:20260105\r\nSUMMARY:A\r\n".to_owned(), 6, "END:VCALENDAR where VEVENT of line 3"),
        ("END:VEVENT\r\n".to_owned(), 3, "END:VEVENT where VCALENDAR"),
        ("BEGIN:VCALENDAR\r\n".to_owned(), 3, "wrong place"),
        ("nonsense\r\n".to_owned(), 3, "is no line of iCalendar"),
        ("\u{1}: x\r\n".to_owned(), 3, "is no line of iCalendar"),
        (String::new(), 1, "no event is a day off"),
    ] {
        let faults = refused(&file(&events), &wanted());
        assert!(faults[0].message.contains(says), "{says}: {faults:?}");
        assert_eq!(faults[0].line, line, "{says}: {faults:?}");
        assert_eq!(faults[0].file.as_deref(), Some("x.ics"), "{says}");
    }
    let cut = file(&event("DTSTART:20260101\r\nSUMMARY:A")).replace("END:VCALENDAR\r\n", "");
    assert!(refused(&cut, &wanted())[0].message.contains("cut off"));
    for none in ["", "\r\n", "id = \"x\"", "BEGIN:VCARD\r\nEND:VCARD\r\n"] {
        assert!(refused(none, &wanted()).iter().any(|fault| fault.message.contains("no iCalendar file")), "{none:?}");
    }
    let outside =
        refused(&file(&event("DTSTART:20200101\r\nSUMMARY:A")), &IcalImport { years: Some((2025, 2027)), ..wanted() });
    assert!(outside[0].message.contains("in the years asked for"));
    let after = file(&event("DTSTART:20260101\r\nSUMMARY:A")) + "X:y\r\n";
    assert!(refused(&after, &wanted())[0].message.contains("outside BEGIN:VCALENDAR"));
}

#[test]
fn what_is_asked_for_is_checked_like_a_file() {
    let text = file(&event("DTSTART:20260101\r\nSUMMARY:A"));
    for (wanted, says) in [
        (IcalImport { id: "A B", ..wanted() }, "`id`"),
        (IcalImport { zone: "Mars/Olympus", ..wanted() }, "unknown time zone"),
        (IcalImport { weekend: DayCode::ALL, ..wanted() }, "leaves no working day"),
    ] {
        let faults = refused(&text, &wanted);
        assert!(faults[0].message.contains(says), "{faults:?}");
    }
}

#[test]
fn too_much_is_refused() {
    let one = event("DTSTART:20260101\r\nDURATION:P62D\r\nRRULE:FREQ=YEARLY;COUNT=150\r\nSUMMARY:A");
    assert!(import_ical(None, &file(&one), &wanted()).is_ok());
    let huge = file(&one.repeat(20_000));
    assert!(refused(&huge, &wanted())[0].message.contains("larger than"));
    let long = file(&event(&format!("DTSTART:20260101\r\nSUMMARY:{}", "a".repeat(30_000))));
    assert!(refused(&long, &wanted())[0].message.contains("longer than"));
    let deep = "BEGIN:A\r\n".repeat(50);
    assert!(refused(&file(&deep), &wanted())[0].message.contains("wrong place"));
    let many: String =
        (0..700).map(|n| event(&format!("DTSTART:{:04}0101\r\nDURATION:P62D\r\nSUMMARY:{n}", 2000 + n))).collect();
    assert!(refused(&file(&many), &wanted())[0].message.contains("more than"));
}

proptest! {
    /// Whatever the names and days, what comes out loads and says the same.
    #[test]
    fn days_and_names_come_back(
        events in prop::collection::btree_map(0_i32..900, "[^\\p{Cc}]{1,30}", 1..40)
    ) {
        let start = date(2025, 1, 1);
        let mut text = String::new();
        let mut expected = Vec::new();
        for (offset, name) in &events {
            let day = start.checked_add(jiff::Span::new().days(*offset)).unwrap();
            let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
            if name.is_empty() {
                continue;
            }
            let escaped = name.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,");
            text += &event(&format!("DTSTART;VALUE=DATE:{}\r\nSUMMARY:{escaped}", day.strftime("%Y%m%d")));
            expected.push((day, name));
        }
        if !expected.is_empty() {
            prop_assert_eq!(days(&taken(&file(&text), &wanted())), expected);
        }
    }

    #[test]
    fn no_text_makes_the_import_panic(text in "(BEGIN:VCALENDAR\r?\n)?(BEGIN:VEVENT\n|END:VEVENT\n|DTSTART[:;]\\PC{0,12}\n|DURATION:P\\PC{0,6}\n|RRULE:FREQ=YEARLY\\PC{0,20}\n|SUMMARY:\\PC{0,9}\n|\\PC{0,20}\n){0,12}") {
        for years in [None, Some((2025, 2027)), Some((9999, 0))] {
            let _ = import_ical(None, &text, &IcalImport { years, ..wanted() });
        }
    }
}
