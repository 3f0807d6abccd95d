//! The calendars this product ships: what they say of days counted out by hand, what was known when, and how half days
//! and a week of six days count.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed test panics")]

mod shipped;

use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan};
use policy::{Amount, Calendar, CalendarSet, Counting, DayKind, Lang, Roll, Step, due, due_at};
use shipped::{every_calendar, shipped_calendar};

const SHIPPED: [&str; 43] = [
    "AU-ACT", "AU-NSW", "AU-NT", "AU-QLD", "AU-SA", "AU-TAS", "AU-VIC", "AU-WA", "BR", "CA", "CN", "DE-BB", "DE-BE",
    "DE-BW", "DE-BY", "DE-HB", "DE-HE", "DE-HH", "DE-MV", "DE-NI", "DE-NW", "DE-RP", "DE-SH", "DE-SL", "DE-SN",
    "DE-ST", "DE-TH", "ES", "ES-MD", "FR", "GB-EAW", "GB-NIR", "GB-SCT", "HK", "IE", "IN", "IN-6", "JP", "NG", "NZ",
    "SG", "US", "ZA",
];

/// Days off on weekdays in a year, as a table worked out elsewhere has them: calendar, year, days.
const WEEKDAYS_OFF: &[(&str, i16, &str)] = &[
    ("GB-EAW", 2026, "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28"),
    ("GB-SCT", 2026, "01-01 01-02 04-03 05-04 05-25 06-15 08-03 11-30 12-25 12-28"),
    ("GB-NIR", 2026, "01-01 03-17 04-03 04-06 05-04 05-25 07-13 08-31 12-25 12-28"),
    ("IE", 2026, "01-01 02-02 03-17 04-06 05-04 06-01 08-03 10-26 12-25"),
    ("AU-NSW", 2026, "01-01 01-26 04-03 04-06 04-27 06-08 10-05 12-25 12-28"),
    ("AU-ACT", 2026, "01-01 01-26 03-09 04-03 04-06 04-27 06-01 06-08 10-05 12-25 12-28"),
    ("AU-VIC", 2026, "01-01 01-26 03-09 04-03 04-06 06-08 09-25 11-03 12-25 12-28"),
    ("IN", 2026, "01-26 03-04 03-26 03-31 04-03 05-01 05-27 06-26 08-26 09-04 10-02 10-20 11-24 12-25"),
    (
        "CN",
        2026,
        "01-01 01-02 02-16 02-17 02-18 02-19 02-20 02-23 04-06 05-01 05-04 05-05 06-19 09-25 10-01 10-02 10-05 10-06 10-07",
    ),
    ("ZA", 2026, "01-01 04-03 04-06 04-27 05-01 06-16 08-10 09-24 11-04 12-16 12-25"),
    ("US", 2026, "01-01 01-19 02-16 05-25 06-19 07-03 09-07 10-12 11-11 11-26 12-25"),
    ("DE-NW", 2026, "01-01 04-03 04-06 05-01 05-14 05-25 06-04 12-25"),
];

/// The same where the table knows parts of a year only: what it names is off.
const OFF: &[(&str, &str)] = &[
    ("GB-EAW", "2027-01-01"),
    ("GB-SCT", "2027-01-01 2027-01-04"),
    ("IE", "2027-01-01"),
    ("AU-NSW", "2025-06-09 2027-01-01 2027-01-26"),
    ("ZA", "2026-03-21 2026-08-09 2026-12-26"),
    ("US", "2027-01-01"),
    ("DE-NW", "2026-10-03 2026-11-01 2026-12-26 2027-01-01"),
    ("ES-MD", "2026-12-07 2026-12-08 2026-12-25 2027-01-01 2027-01-06"),
];

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn days_of(year: i16) -> impl Iterator<Item = Date> {
    date(year, 1, 1).series(1.day()).take_while(move |day| day.year() == year)
}

#[test]
fn every_calendar_covers_three_years_and_says_where_it_comes_from() {
    let calendars = every_calendar();
    let mut ids: Vec<&str> = calendars.iter().map(Calendar::id).collect();
    ids.sort_unstable();
    assert_eq!(ids, SHIPPED);
    for calendar in calendars.iter() {
        let id = calendar.id();
        assert_eq!(calendar.covers(), Some((date(2025, 1, 1), date(2027, 12, 31))), "{id}");
        assert!(calendar.source().is_some(), "{id}");
        for year in 2025..=2027 {
            let off = days_of(year).filter(|day| matches!(calendar.day_kind(*day), DayKind::Holiday(_))).count();
            assert!((6..=33).contains(&off), "{id} {year}: {off} days off");
        }
        assert!(calendar.provisional_note(date(2028, 1, 1)).is_some(), "{id}");
        assert!(calendar.versions().contains(&calendar.version()), "{id}");
    }
}

#[test]
fn days_counted_out_by_hand() {
    let calendars = every_calendar();
    let text = include_str!("days/spots.csv");
    let mut seen = 0;
    for row in text.lines().skip(1) {
        let fields: Vec<&str> = row.split(',').collect();
        let [id, off, worked, _] = fields[..] else { panic!("{row}") };
        let calendar = calendars.get(id).unwrap();
        let (off, worked): (Vec<&str>, Vec<&str>) = (off.split(' ').collect(), worked.split(' ').collect());
        assert!(off.len() + worked.len() >= 6, "{id}: too few");
        for text in off {
            assert!(matches!(calendar.day_kind(day(text)), DayKind::Holiday(_)), "{id}: {text} is off");
        }
        for text in worked {
            assert!(calendar.is_business_day(day(text)), "{id}: {text} is worked");
        }
        seen += 1;
    }
    assert_eq!(seen, SHIPPED.len());
}

#[test]
fn the_weekdays_off_worked_out_elsewhere() {
    let calendars = every_calendar();
    for (id, year, days) in WEEKDAYS_OFF {
        let calendar = calendars.get(id).unwrap();
        let weekday = |day: &Date| !matches!(day.weekday().to_monday_zero_offset(), 5 | 6);
        let off: Vec<String> = days_of(*year)
            .filter(|day| weekday(day) && !calendar.is_business_day(*day))
            .map(|day| day.strftime("%m-%d").to_string())
            .collect();
        assert_eq!(off.join(" "), *days, "{id}");
    }
    for (id, days) in OFF {
        let calendar = calendars.get(id).unwrap();
        for text in days.split(' ') {
            assert!(matches!(calendar.day_kind(day(text)), DayKind::Holiday(_)), "{id}: {text}");
        }
    }
}

#[test]
fn new_south_wales_before_and_after_the_announcement() {
    let calendars = every_calendar();
    let newest = calendars.get("AU-NSW").unwrap();
    assert_eq!(newest.versions(), [date(2025, 1, 1), date(2026, 2, 15)]);
    assert_eq!(newest.version(), date(2026, 2, 15));
    let before = calendars.get("AU-NSW@2026-02-14").unwrap();
    let after = calendars.get("AU-NSW@2026-02-15").unwrap();
    for monday in [date(2026, 4, 27), date(2027, 4, 26)] {
        assert!(before.is_business_day(monday), "{monday}");
        assert!(!after.is_business_day(monday), "{monday}");
    }
    assert_eq!(before.version(), date(2025, 1, 1));
    assert_eq!(*after, *newest, "the same content is the same version");
    assert_eq!(*calendars.get("AU-NSW@2030-01-01").unwrap(), *newest);
    assert_eq!(*calendars.get("AU-NSW@2020-01-01").unwrap(), *before, "nothing older is known");
    assert_eq!(before.as_known_on(date(2026, 6, 1)), *newest, "a version leads to every other");
    // Ten business days from 20 April 2026: with the Monday they end a day later.
    let start: Timestamp = "2026-04-20T09:00:00+10:00".parse().unwrap();
    let amount = Amount::BusinessDays(10);
    let deadline = |calendar: &Calendar| due_at(start, amount, &Counting::usual(amount), calendar);
    assert_eq!(deadline(&before), "2026-05-04T23:59:59+10:00".parse().unwrap());
    assert_eq!(deadline(&after), "2026-05-05T23:59:59+10:00".parse().unwrap());
}

#[test]
fn names_that_are_no_version_are_no_calendar() {
    let calendars = every_calendar();
    for name in [
        "AU-NSW@",
        "AU-NSW@2026",
        "AU-NSW@2026-02-30",
        "AU-NSW@20260214",
        "AU-NSW@2026-02-14 ",
        "au-nsw",
        "@2026-02-14",
    ] {
        assert!(calendars.get(name).is_none(), "{name}");
    }
    assert!(CalendarSet::default().get("CN").is_none());
}

#[test]
fn china_before_each_notice() {
    let newest = shipped_calendar("CN");
    assert_eq!(newest.versions(), [date(2024, 1, 1), date(2024, 11, 12), date(2025, 11, 4)]);
    let before = newest.as_known_on(date(2025, 11, 3));
    assert!(before.provisional_note(date(2026, 3, 2)).is_some());
    assert!(newest.provisional_note(date(2026, 3, 2)).is_none());
    // The regulation alone: New Year's Eve and three days; no bridge and no day worked in exchange.
    for (text, then, now) in [
        ("2026-02-14", DayOf::Weekend, DayOf::MakeUp),
        ("2026-02-16", DayOf::Holiday, DayOf::Holiday),
        ("2026-02-19", DayOf::Holiday, DayOf::Holiday),
        ("2026-02-20", DayOf::Workday, DayOf::Holiday),
        ("2026-02-28", DayOf::Weekend, DayOf::MakeUp),
        ("2026-10-06", DayOf::Workday, DayOf::Holiday),
        ("2026-10-10", DayOf::Weekend, DayOf::MakeUp),
    ] {
        assert_eq!(DayOf::from(before.day_kind(day(text))), then, "{text} before");
        assert_eq!(DayOf::from(newest.day_kind(day(text))), now, "{text}");
    }
    // Before it was revised, the regulation knew neither New Year's Eve nor 2 May.
    let old = newest.as_known_on(date(2024, 11, 11));
    assert!(old.is_business_day(date(2025, 1, 28)) && old.is_business_day(date(2025, 5, 2)));
    assert!(old.provisional_note(date(2025, 3, 3)).is_some());
    assert!(newest.as_known_on(date(2024, 11, 12)).provisional_note(date(2025, 3, 3)).is_none());
}

#[derive(Debug, PartialEq)]
enum DayOf {
    Workday,
    Weekend,
    Holiday,
    MakeUp,
    Half,
}

impl From<DayKind<'_>> for DayOf {
    fn from(kind: DayKind<'_>) -> Self {
        match kind {
            DayKind::Workday => Self::Workday,
            DayKind::Weekend => Self::Weekend,
            DayKind::Holiday(_) => Self::Holiday,
            DayKind::MakeUp(_) => Self::MakeUp,
            DayKind::HalfDay { .. } => Self::Half,
        }
    }
}

#[test]
fn scotland_singapore_and_nigeria_as_known_before() {
    let june = date(2026, 6, 15);
    let scotland = shipped_calendar("GB-SCT");
    assert!(scotland.as_known_on(date(2026, 2, 3)).is_business_day(june));
    assert!(!scotland.as_known_on(date(2026, 2, 4)).is_business_day(june));
    let singapore = shipped_calendar("SG").as_known_on(date(2026, 6, 17));
    assert!(singapore.is_business_day(date(2027, 10, 28)) && singapore.provisional_note(date(2027, 10, 28)).is_some());
    let nigeria = shipped_calendar("NG");
    let expected = nigeria.as_known_on(date(2026, 3, 16));
    assert_eq!(DayOf::from(expected.day_kind(date(2026, 3, 21))), DayOf::Holiday, "expected, then withdrawn");
    assert_eq!(DayOf::from(nigeria.day_kind(date(2026, 3, 21))), DayOf::Weekend);
    assert!(expected.is_business_day(date(2026, 3, 19)) && !nigeria.is_business_day(date(2026, 3, 19)));
}

#[test]
fn six_days_a_week() {
    let (five, six) = (shipped_calendar("IN"), shipped_calendar("IN-6"));
    let start: Timestamp = "2026-01-22T10:00:00+05:30".parse().unwrap();
    let amount = Amount::BusinessDays(7);
    let deadline = |calendar: &Calendar| due_at(start, amount, &Counting::usual(amount), calendar);
    // Fri 23, (Sat 24,) no Mon 26, Tue 27 to Fri 30, (Sat 31,) Mon 2, Tue 3.
    assert_eq!(deadline(&five), "2026-02-03T23:59:59+05:30".parse().unwrap());
    assert_eq!(deadline(&six), "2026-01-31T23:59:59+05:30".parse().unwrap());
}

const HALF: &str = r#"
id = "half"
title = { zh = "半日", en = "Half days" }
known_as_of = 2026-01-01
zone = "Europe/London"
weekend = ["sat", "sun"]

[hours]
mon = ["09:00-12:00", "13:00-17:00"]
tue = ["09:00-12:00", "13:00-17:00"]
wed = ["09:00-12:00", "13:00-17:00"]
thu = ["09:00-12:00", "13:00-17:00"]
fri = ["09:00-12:00", "13:00-17:00"]

[[half_day]]
name = { zh = "平安夜", en = "Christmas Eve" }
on = 2026-12-24
hours = ["08:00-14:00"]

[[half_day]]
name = { zh = "新年前夜", en = "New Year's Eve" }
on = [2026-12-30, 2026-12-31]
hours = ["09:00-12:00"]
counts = false
"#;

#[test]
fn half_days_count_as_days_unless_they_say_otherwise_and_only_with_their_hours() {
    let calendar = Calendar::parse(HALF).unwrap();
    assert!(calendar.is_business_day(date(2026, 12, 24)) && !calendar.is_business_day(date(2026, 12, 31)));
    let start: Timestamp = "2026-12-23T17:00:00Z".parse().unwrap();
    let counted = |amount: &str| {
        let amount: Amount = amount.parse().unwrap();
        let counted = due(start, amount, &Counting::usual(amount), &calendar);
        assert_eq!(counted.at, due_at(start, amount, &Counting::usual(amount), &calendar));
        counted
    };
    // Thu 24, Fri 25 (this calendar has no holidays), Mon 28.
    let days = counted("3bd");
    assert_eq!(days.at, "2026-12-28T23:59:59Z".parse().unwrap());
    let lines = days.explanation.lines(Lang::En).join("\n");
    assert!(lines.contains("Counts Thu 2026-12-24: half day, Christmas Eve."), "{lines}");
    // Tue 29 is the fourth; Wed 30 and Thu 31 are left out, Fri 1 January counts.
    let days = counted("5bd");
    assert_eq!(days.at, "2027-01-01T23:59:59Z".parse().unwrap());
    let lines = days.explanation.lines(Lang::Zh).join("\n");
    assert!(lines.contains("跳过 2026-12-31（周四）：新年前夜，半日。"), "{lines}");
    // Of the usual 9–12 and 13–17 those before 14 are worked on the 24th: four hours, then the 25th.
    assert_eq!(counted("4wh").at, "2026-12-24T14:00:00Z".parse().unwrap());
    let hours = counted("5wh");
    assert_eq!(hours.at, "2026-12-25T10:00:00Z".parse().unwrap());
    let half = |step: &Step| matches!(step, Step::ShortHours { date: day, .. } if *day == date(2026, 12, 24));
    assert!(hours.explanation.steps.iter().any(half), "{:?}", hours.explanation.steps);
    let lines = hours.explanation.lines(Lang::En).join("\n");
    assert!(lines.contains("Thu 2026-12-24 is a half day (Christmas Eve); only its hours count."), "{lines}");
}

#[test]
fn a_deadline_rolls_off_a_half_day_that_does_not_count() {
    let calendar = Calendar::parse(HALF).unwrap();
    let amount = Amount::CalendarDays(1);
    let counting = |roll| Counting { roll, ..Counting::usual(amount) };
    let at = |text: &str, roll| due_at(text.parse().unwrap(), amount, &counting(roll), &calendar);
    let start = "2026-12-29T10:00:00Z";
    assert_eq!(at(start, Roll::NextBusinessDay), "2027-01-01T23:59:59Z".parse().unwrap());
    assert_eq!(at(start, Roll::NextNotSundayOrHoliday), "2026-12-30T23:59:59Z".parse().unwrap(), "it is no holiday");
    assert_eq!(at("2026-12-23T10:00:00Z", Roll::NextBusinessDay), "2026-12-24T23:59:59Z".parse().unwrap());
}

#[test]
fn the_shipped_half_days_count() {
    for (id, text) in
        [("AU-SA", "2026-12-24"), ("AU-SA", "2025-12-31"), ("AU-NT", "2027-12-31"), ("AU-QLD", "2026-12-24")]
    {
        let calendar = shipped_calendar(id);
        assert_eq!(DayOf::from(calendar.day_kind(day(text))), DayOf::Half, "{id} {text}");
        assert!(calendar.is_business_day(day(text)), "{id} {text}");
    }
}

#[test]
fn what_contradicts_itself_is_told_with_its_place() {
    let head = "id = \"x\"\ntitle = { zh = \"甲\", en = \"A\" }\nknown_from = 2025-01-01\nknown_as_of = 2026-01-01\nzone = \"UTC\"\nweekend = [\"sat\", \"sun\"]\n";
    let name = "name = { zh = \"甲\", en = \"A\" }\n";
    for (text, line, says) in [
        (
            format!("[[holiday]]\n{name}on = 2025-05-01\n[[holiday]]\n{name}on = [2025-04-30, 2025-05-01]\n"),
            10,
            "already",
        ),
        (format!("[[holiday]]\n{name}from = 2025-05-01\n"), 7, "`to` is missing"),
        (format!("[[holiday]]\n{name}"), 7, "neither `on`"),
        (format!("[[holiday]]\n{name}from = 2025-05-02\nto = 2025-05-01\n"), 7, "lasts 1 to 62 days"),
        (format!("[[holiday]]\n{name}from = 2025-05-02\nto = 2025-09-01\n"), 7, "lasts 1 to 62 days"),
        (format!("[[holiday]]\n{name}on = 2025-05-02\nannounced = 2025-01-01\n"), 10, "must lie after `known_from`"),
        (format!("[[holiday]]\n{name}on = 2025-05-02\nwithdrawn = 2026-01-02\n"), 10, "not after `known_as_of`"),
        (
            format!("[[holiday]]\n{name}on = 2025-05-02\nannounced = 2025-04-02\nwithdrawn = 2025-04-02\n"),
            7,
            "withdrawn before",
        ),
        (format!("[[make_up]]\n{name}on = 2025-05-02\n"), 7, "2025-05-02 is a working day anyway"),
        (format!("[[half_day]]\n{name}on = 2025-05-02\n"), 7, "`hours` is missing"),
        (format!("[[half_day]]\n{name}on = 2025-05-03\nhours = \"09:00-12:00\"\n"), 7, "day of the weekend anyway"),
        (format!("[[holiday]]\n{name}on = [1800-01-01, 2025-05-01]\n"), 1, "200 years at most"),
        ("[source]\ntitle = { zh = \"甲\", en = \"A\" }\nbasis = \"law\"\n".to_owned(), 7, "`confidence` is missing"),
    ] {
        let faults = Calendar::parse(&format!("{head}{text}")).unwrap_err();
        assert_eq!(faults.len(), 1, "{text}{faults:?}");
        assert_eq!(faults[0].line, line, "{text}{faults:?}");
        assert!(faults[0].message.contains(says), "{faults:?}");
    }
    // A missing head hides no fault and makes none up.
    let faults =
        Calendar::parse(&format!("id = \"a@b\"\n[[half_day]]\n{name}on = 2025-05-02\nhours = \"9-12\"\n")).unwrap_err();
    let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 5, "{told:?}");
    // Announced again after it was withdrawn: the same day twice, never at once.
    let again = format!(
        "[[holiday]]\n{name}on = 2025-05-02\nwithdrawn = 2025-02-01\n[[holiday]]\n{name}on = 2025-05-02\nannounced = 2025-03-01\n"
    );
    let calendar = Calendar::parse(&format!("{head}{again}")).unwrap();
    let off = |on: Date| !calendar.as_known_on(on).is_business_day(date(2025, 5, 2));
    assert_eq!([off(date(2025, 1, 31)), off(date(2025, 2, 1)), off(date(2025, 3, 1))], [true, false, true]);
}

/// A pack may name a version, so that a case can be counted as it was counted then.
#[test]
fn a_pack_may_name_a_version() {
    let text = shipped::GUIDE_STANDARD.replace("calendar = \"CN\"", "calendar = \"CN@2025-11-03\"");
    let pack = policy::Pack::load("pack.toml", &text, &shipped::calendars()).unwrap();
    assert_eq!(pack.calendar().version(), date(2024, 11, 12));
}

#[test]
fn working_time_is_what_lies_in_the_hours_of_working_days() {
    let calendar = shipped_calendar("CN");
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let hours = |from: &str, to: &str| calendar.working_between(at(from), at(to)).as_secs_f64() / 3600.0;
    let a_day: f64 = calendar
        .intervals(day("2026-11-24"))
        .iter()
        .map(|part| part.to.duration_since(part.from).as_secs_f64() / 3600.0)
        .sum();
    assert!(a_day > 0.0);
    // Tuesday noon to Wednesday noon is one day's worth, and a weekend adds nothing.
    assert_eq!(hours("2026-11-24T12:00:00+08:00", "2026-11-25T12:00:00+08:00"), a_day);
    assert_eq!(hours("2026-11-27T23:00:00+08:00", "2026-11-30T00:00:00+08:00"), 0.0);
    assert_eq!(hours("2026-11-24T00:00:00+08:00", "2026-12-01T00:00:00+08:00"), a_day * 5.0);
    // The Sunday worked in exchange before the long holiday counts, the holiday does not.
    assert_eq!(hours("2026-09-20T00:00:00+08:00", "2026-09-21T00:00:00+08:00"), a_day);
    assert_eq!(hours("2026-10-01T00:00:00+08:00", "2026-10-08T00:00:00+08:00"), 0.0);
    assert_eq!(hours("2026-11-25T12:00:00+08:00", "2026-11-24T12:00:00+08:00"), 0.0, "backwards is nothing");
    let moment = Timestamp::MAX;
    assert_eq!(calendar.working_between(moment, moment).as_secs(), 0);
}
