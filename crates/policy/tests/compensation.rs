//! Compensation: counted by hand for the rules of four jurisdictions, and what holds for all of them.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a failed test panics")]

mod shipped;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use policy::check::{Check, alone};
use policy::{
    Authority, Compensation, Excluded, Exclusion, Fault, Incident, Lacks, Lang, Line, Pack, Reading, Stack, Sum,
};
use proptest::prelude::*;
use shipped::every_calendar;
use std::sync::{Arc, LazyLock};

/// A pack that counts with a calendar and has these rules.
fn load(layer: &str, calendar: &str, rules: &str) -> Result<Pack, Vec<Fault>> {
    let text = format!(
        r#"
[pack]
id = "small"
version = "1.0.0"
title = {{ zh = "例", en = "Example" }}
layer = "{layer}"
jurisdiction = "XX"
status = "active"
valid_from = 2024-01-01
calendar = "{calendar}"
[[source]]
id = "s"
title = {{ zh = "出处", en = "Source" }}
{rules}"#
    );
    Pack::load("small.toml", &text, &every_calendar())
}

fn rule(id: &str, keys: &str) -> String {
    format!(
        "[[compensation]]\nid = \"{id}\"\ntitle = {{ zh = \"补偿\", en = \"Owed\" }}\nbasis = \"standard\"\nconfidence = \"high\"\nsource = \"s\"\nfrom = \"received\"\n{keys}\n"
    )
}

fn pack(calendar: &str, keys: &str) -> Pack {
    load("practice", calendar, &rule("owed", keys)).unwrap_or_else(|faults| panic!("{faults:?}"))
}

const REPAIR: &str = r#"
until = "restored"
free = "2bd"
per = "day"
exclude = ["customer_missed_appointment", "customer_declined_earliest"]
pay_within = "30d"
rate = [{ valid_from = 2025-04-01, fixed = "9.98 GBP" }, { valid_from = 2026-04-01, fixed = "10.34 GBP" }]
"#;
const LATE_START: &str = r#"
until = "restored"
per = "day"
last_day = "excluded"
rate = [{ valid_from = 2025-04-01, fixed = "6.24 GBP" }, { valid_from = 2026-04-01, fixed = "6.46 GBP" }]
"#;
const MISSED: &str = r#"
per = "event"
pay_within = "30d"
rate = [{ valid_from = 2025-04-01, fixed = "31.19 GBP" }, { valid_from = 2026-04-01, fixed = "32.31 GBP" }]
"#;
const OUTAGE: &str = r#"
until = "restored"
free = "2d"
per = "day"
exclude = ["customer_fault", "lawful_measure", "force_majeure"]
set_off = "price_reduction"
rate = [
  { fixed = "5.00 EUR", of_monthly_fee = "10%" },
  { from_day = 3, fixed = "10.00 EUR", of_monthly_fee = "20%" },
]
"#;
const NO_SHOW: &str = "per = \"event\"\nrate = [{ fixed = \"10.00 EUR\", of_monthly_fee = \"20%\" }]";
const REBATE: &str = "until = \"restored\"\nfree = \"3bd\"\nper = \"day\"\nrate = [{ proportional = true }]";
const DISTRICT: &str = r#"
until = "restored"
free = "24h"
per = "day"
day_over = "12h"
exclude = "natural_disaster"
pay_within = "1w"
rate = [{ proportional = true }]
"#;
const RENT: &str = r#"
until = "restored"
free = "48h"
once_over = "everything"
per = "day"
rate = [{ proportional = true }]
"#;
const INSTALLATION: &str = "until = \"restored\"\nper = \"day\"\nrate = [{ of_fee_charged = \"1%\" }]";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn sum(text: &str) -> Sum {
    text.parse().unwrap()
}

fn span(from: &str, until: &str) -> Incident {
    Incident { until: Some(at(until)), ..Incident::lasting(at(from), at(until)) }
}

fn days(reason: Exclusion, from: &str, to: &str) -> Excluded {
    Excluded { reason, days: Some((from.parse().unwrap(), to.parse().unwrap())) }
}

fn count(pack: &Pack, incident: &Incident) -> Compensation {
    let counted = pack.compensation(&pack.compensations()[0], incident);
    whole(&counted);
    counted
}

/// What holds for whatever was counted.
fn whole(counted: &Compensation) {
    for lang in [Lang::Zh, Lang::En] {
        assert!(counted.lines(lang).iter().all(|line| !line.is_empty()));
    }
    match &counted.total {
        Some(total) => {
            assert!(total.hundredths >= 0 && counted.missing.is_empty());
            assert_eq!(counted.lines.iter().map(Line::adds).sum::<i64>(), total.hundredths, "{:?}", counted.lines);
        }
        None => assert_eq!(counted.hundredths(), 0),
    }
}

fn total(pack: &Pack, incident: &Incident) -> String {
    count(pack, incident).total.unwrap().to_string()
}

#[test]
fn a_repair_late_over_the_change_of_the_rate() {
    let pack = pack("GB-EAW", REPAIR);
    // Monday's report: Tuesday and Wednesday are free. Six days of March at 9.98, three of April at 10.34.
    let fault = span("2026-03-23T10:00:00Z", "2026-04-03T09:00:00+01:00");
    let counted = count(&pack, &fault);
    assert_eq!(counted.total.as_ref().unwrap().to_string(), "90.90 GBP");
    assert!(counted.notes.contains(&Reading::RateOfEachDay));
    assert_eq!(counted.pay_by.unwrap().to_string(), "2026-05-03T22:59:59Z");
    let lines = counted.lines(Lang::En);
    for told in [
        "Counts Tue 2026-03-24 to Wed 2026-03-25: 2 days.",
        "Nothing is owed for the free time; counted from Thu 2026-03-26.",
        "Thu 2026-03-26 to Tue 2026-03-31 (days 1 to 6): 9.98 GBP fixed (the rate since 2025-04-01), 59.88 GBP.",
        "Wed 2026-04-01 to Fri 2026-04-03 (days 7 to 9): 10.34 GBP fixed (the rate since 2026-04-01), 31.02 GBP.",
        "The rate changed within this time: each day has the rate valid on that day.",
        "Together 90.90 GBP.",
        "To be paid by 2026-05-03 23:59:59, inclusive.",
    ] {
        assert!(lines.iter().any(|line| line == told), "{told}: {lines:#?}");
    }
    // The day of the repair is a question of its own.
    let without = self::pack("GB-EAW", &format!("{REPAIR}last_day = \"excluded\"\n"));
    assert_eq!(total(&without, &fault), "80.56 GBP");
    // The customer was not there on two days.
    let missed = vec![days(Exclusion::CustomerMissedAppointment, "2026-03-30", "2026-03-31")];
    assert_eq!(total(&pack, &Incident { excluded: missed, ..fault.clone() }), "70.94 GBP");
    // Over Easter two working days last from Thursday to Wednesday.
    assert_eq!(total(&pack, &span("2026-04-02T12:00:00+01:00", "2026-04-08T23:59:59+01:00")), "0.00 GBP");
    assert_eq!(total(&pack, &span("2026-04-02T12:00:00+01:00", "2026-04-09T00:00:01+01:00")), "10.34 GBP");
    // What lasts is counted up to now.
    let lasting = count(&pack, &Incident { until: None, ..fault });
    assert_eq!(lasting.hundredths(), 9_090);
    assert!(lasting.pay_by.is_none() && lasting.notes.iter().any(|note| matches!(note, Reading::Lasts { .. })));
}

#[test]
fn a_late_start_counts_the_promised_day_and_not_the_last() {
    let pack = pack("GB-EAW", LATE_START);
    assert_eq!(total(&pack, &span("2026-03-30T00:00:00+01:00", "2026-04-02T11:00:00+01:00")), "18.94 GBP");
    assert_eq!(total(&pack, &span("2026-03-30T00:00:00+01:00", "2026-03-30T18:00:00+01:00")), "0.00 GBP");
    assert_eq!(total(&pack, &span("2026-03-30T00:00:00+01:00", "2026-03-31T00:00:00+01:00")), "6.24 GBP");
}

#[test]
fn a_missed_appointment_is_owed_once_at_the_rate_of_its_day() {
    let pack = pack("GB-EAW", MISSED);
    let missed = |day: &str| count(&pack, &Incident::lasting(at(day), at("2026-05-01T00:00:00Z")));
    assert_eq!(missed("2026-03-31T09:00:00+01:00").total.unwrap().to_string(), "31.19 GBP");
    let april = missed("2026-04-01T09:00:00+01:00");
    assert_eq!(april.total.as_ref().unwrap().to_string(), "32.31 GBP");
    assert_eq!(april.pay_by.unwrap().to_string(), "2026-05-01T22:59:59Z", "thirty days of the event itself");
    let early = missed("2025-03-31T09:00:00+01:00");
    assert_eq!((early.total, early.missing), (None, vec![Lacks::Rate]), "the pack has no rate of that day");
}

#[test]
fn germany_owes_the_larger_of_two_and_more_from_the_fifth_day() {
    let pack = pack("DE-NW", OUTAGE);
    // Monday's report; Thursday and Friday are the third and fourth day, Saturday to Monday the fifth to seventh.
    let fault = span("2026-11-02T10:00:00+01:00", "2026-11-09T08:00:00+01:00");
    let paying = |fee: &str| Incident { monthly_fee: Some(sum(fee)), ..fault.clone() };
    assert_eq!(total(&pack, &paying("39.99 EUR")), "40.00 EUR", "2 × 5.00 + 3 × 10.00");
    // 10 % is 6.99, 20 % is 13.98.
    let counted = count(&pack, &paying("69.90 EUR"));
    assert_eq!(counted.total.as_ref().unwrap().to_string(), "55.92 EUR");
    let told = "周四".to_owned();
    assert!(counted.lines(Lang::Zh).iter().any(|line| line.contains(&told) && line.contains("取高者，计 13.98 EUR")));
    // Two days more at the lower rate.
    assert_eq!(
        total(&pack, &Incident { until: Some(at("2026-11-06T08:00:00+01:00")), ..paying("69.90 EUR") }),
        "13.98 EUR"
    );
    let reduced = Incident { credited: Some(sum("15.00 EUR")), ..paying("69.90 EUR") };
    assert_eq!(total(&pack, &reduced), "40.92 EUR");
    let more = Incident { credited: Some(sum("80.00 EUR")), ..reduced };
    assert_eq!(total(&pack, &more), "0.00 EUR", "never below nothing");
    let excluded = vec![Excluded { reason: Exclusion::ForceMajeure, days: None }];
    assert_eq!(total(&pack, &Incident { excluded, ..paying("69.90 EUR") }), "0.00 EUR");
    // A day left out keeps its number: Saturday stays the fifth.
    let excluded = vec![days(Exclusion::LawfulMeasure, "2026-11-05", "2026-11-06")];
    let later = count(&pack, &Incident { excluded, ..paying("39.99 EUR") });
    assert_eq!(later.hundredths(), 3_000);
    assert!(later.notes.contains(&Reading::DaysKeepTheirNumber));
    let unknown = count(&pack, &fault);
    assert_eq!((unknown.total, unknown.missing), (None, vec![Lacks::MonthlyFee]));
    assert_eq!(count(&pack, &paying("39.99 USD")).missing, [Lacks::Currency]);
    let no_show = self::pack("DE-NW", NO_SHOW);
    assert_eq!(total(&no_show, &paying("39.99 EUR")), "10.00 EUR");
    assert_eq!(total(&no_show, &paying("69.90 EUR")), "13.98 EUR");
}

#[test]
fn india_gives_the_rent_back_in_proportion() {
    let fee = |incident: Incident| Incident { monthly_fee: Some(sum("600 INR")), ..incident };
    let pack = pack("IN", REBATE);
    // Tuesday's report, three working days to Friday; a day of January is 1/31 of the fee, three of February 3/28.
    let fault = fee(span("2026-01-27T10:00:00+05:30", "2026-02-03T12:00:00+05:30"));
    let counted = count(&pack, &fault);
    assert_eq!(counted.total.as_ref().unwrap().to_string(), "83.64 INR", "19.35 + 64.29");
    assert_eq!(counted.lines.iter().filter(|line| matches!(line, Line::Owed { .. })).count(), 2);
    assert_eq!(total(&pack, &fee(span("2026-01-27T10:00:00+05:30", "2026-01-30T22:00:00+05:30"))), "0.00 INR");
    let district = self::pack("IN", DISTRICT);
    // Of the last day only eleven hours.
    let outage = fee(span("2026-03-01T10:00:00+05:30", "2026-03-04T11:00:00+05:30"));
    let counted = count(&district, &outage);
    assert_eq!(counted.total.as_ref().unwrap().to_string(), "38.71 INR", "two days of 31");
    assert_eq!(counted.pay_by.unwrap().to_string(), "2026-03-11T18:29:59Z");
    assert!(counted.lines.iter().any(|line| matches!(line, Line::TooShort { .. })));
    let everything = self::pack("IN", &format!("{DISTRICT}once_over = \"everything\"\n"));
    assert_eq!(total(&everything, &outage), "58.06 INR", "the first day too: fourteen hours");
}

#[test]
fn china_waives_the_rent_of_the_whole_time_once_it_is_late() {
    let pack = pack("CN", RENT);
    let rent = |until: &str| {
        let fault = span("2026-07-03T10:00:00+08:00", until);
        total(&pack, &Incident { monthly_fee: Some(sum("99 CNY")), ..fault })
    };
    assert_eq!(rent("2026-07-05T10:00:00+08:00"), "0.00 CNY", "within the 48 hours");
    assert_eq!(rent("2026-07-05T18:00:00+08:00"), "9.58 CNY", "three days of 31");
    let installation = self::pack("CN", INSTALLATION);
    let late = span("2026-07-11T00:00:00+08:00", "2026-07-14T10:00:00+08:00");
    assert_eq!(count(&installation, &late).missing, [Lacks::FeeCharged]);
    assert_eq!(total(&installation, &Incident { fee_charged: Some(sum("300 CNY")), ..late }), "12.00 CNY");
}

#[test]
fn a_cap_a_week_of_working_days_and_what_was_paid_before() {
    let keys = "until = \"restored\"\nper = \"business_day\"\nat_most = \"100 CNY\"\nrate = [{ fixed = \"20 CNY\" }]";
    let pack = pack("CN", keys);
    // Friday to the next Monday but one: seven working days.
    let late = span("2026-07-03T10:00:00+08:00", "2026-07-13T10:00:00+08:00");
    let counted = count(&pack, &late);
    assert_eq!((counted.hundredths(), counted.capped_by.clone()), (10_000, Some(sum("100 CNY"))));
    assert_eq!(counted.lines.iter().filter(|line| matches!(line, Line::RestDays { .. })).count(), 2);
    assert!(counted.lines(Lang::Zh).contains(&"最高不超过 100.00 CNY，减 40.00 CNY。".to_owned()));
    let again = Incident { awarded: Some(sum("60 CNY")), ..late.clone() };
    assert_eq!(total(&pack, &again), "40.00 CNY");
    assert_eq!(total(&pack, &Incident { until: Some(late.from), ..late }), "0.00 CNY");
}

#[test]
fn what_cannot_be_meant_is_refused_with_its_place() {
    for (keys, told) in [
        ("per = \"day\"\nrate = [{ fixed = \"1 CNY\" }]", "needs `until`"),
        ("per = \"event\"\nlast_day = \"excluded\"\nrate = [{ fixed = \"1 CNY\" }]", "owed by the day"),
        ("per = \"event\"\nrate = [{ proportional = true }]", "owed by the day"),
        (
            "until = \"restored\"\nper = \"day\"\nonce_over = \"everything\"\nrate = [{ fixed = \"1 CNY\" }]",
            "needs `free`",
        ),
        (
            "until = \"restored\"\nper = \"day\"\nrate = [{ from_day = 3, fixed = \"1 CNY\" }]",
            "no rate is for the first day",
        ),
        ("per = \"event\"\nrate = [{ fixed = \"1 CNY\" }, { fixed = \"2 CNY\" }]", "two rates"),
        ("per = \"event\"\nat_most = \"9 GBP\"\nrate = [{ fixed = \"1 CNY\" }]", "one currency"),
        ("until = \"restored\"\nper = \"day\"\nday_over = \"2d\"\nrate = [{ fixed = \"1 CNY\" }]", "hours of a day"),
    ] {
        let faults = load("practice", "CN", &rule("owed", keys)).unwrap_err();
        assert!(faults.iter().any(|fault| fault.message.contains(told) && fault.line > 10), "{told}: {faults:?}");
    }
    let capped =
        load("practice", "CN", &rule("owed", "per = \"event\"\nat_most = \"1 CNY\"\nrate = [{ fixed = \"2 CNY\" }]"));
    let found: Vec<Check> = alone(&capped.unwrap()).iter().map(|finding| finding.id).collect();
    assert_eq!(found, [Check::CapBelowRate]);
}

fn authority(role: &str, up_to: &str) -> String {
    format!(
        "[[authority]]\nrole = \"{role}\"\n{up_to}\nbasis = \"proposal\"\nconfidence = \"unverified\"\nsource = \"s\"\n"
    )
}

#[test]
fn authority_reaches_as_far_as_the_table_says() {
    let grades = r#"
[[grade]]
id = "all"
when = {}
grade = "normal"
reason = { zh = "一律", en = "all" }
"#;
    let stack =
        |rules: &str| Stack::new([Arc::new(load("practice", "CN", &format!("{grades}{rules}")).unwrap())]).unwrap();
    let table =
        authority("agent", "up_to = \"50 CNY\"") + &authority("supervisor", "up_to = [\"500 CNY\", \"60 GBP\"]");
    let limited = stack(&table);
    assert_eq!(limited.authority("agent", "CNY"), Authority::UpTo(5_000));
    assert!(limited.authority("agent", "CNY").covers(5_000) && !limited.authority("agent", "CNY").covers(5_001));
    assert_eq!(limited.authority("agent", "GBP"), Authority::UpTo(0), "others decide about pounds");
    assert_eq!(limited.authority("specialist", "CNY"), Authority::UpTo(0));
    assert_eq!(limited.authority("agent", "EUR"), Authority::Unstated);
    assert!(!Authority::Unstated.covers(1));
    let open = stack(&(table.clone() + &authority("compliance", "")));
    assert_eq!(open.authority("compliance", "EUR"), Authority::Any);
    assert_eq!(open.authority("agent", "EUR"), Authority::UpTo(0));
    assert_eq!(stack("").authority("agent", "CNY"), Authority::Unstated);
    let found = |rules: &str| {
        let pack = load("practice", "CN", rules).unwrap();
        alone(&pack).iter().map(|finding| finding.id).collect::<Vec<_>>()
    };
    assert_eq!(found(&table), [Check::NobodyDecides]);
    assert_eq!(found(&(table.clone() + &authority("compliance", ""))), []);
    for (layer, rules, told) in [
        ("law", authority("agent", "up_to = \"1 CNY\""), "layer practice"),
        ("practice", authority("agent", "") + &authority("agent", ""), "a second authority"),
        ("practice", authority("king", ""), "unknown value"),
        ("practice", authority("agent", "up_to = [\"1 CNY\", \"2 CNY\"]"), "a currency twice"),
    ] {
        let faults = load(layer, "CN", &rules).unwrap_err();
        assert!(faults.iter().any(|fault| fault.message.contains(told)), "{told}: {faults:?}");
    }
}

fn every_rule() -> &'static [Pack] {
    static PACKS: LazyLock<Vec<Pack>> = LazyLock::new(|| {
        let capped = "until = \"restored\"\nper = \"business_day\"\nat_most = \"100 EUR\"\nrate = [{ fixed = \"7 EUR\" }, { valid_from = 2026-06-01, of_monthly_fee = \"33.33%\" }]\nexclude = \"customer_fault\"\nset_off = \"price_reduction\"";
        let rules = [
            ("GB-EAW", REPAIR),
            ("GB-EAW", LATE_START),
            ("GB-EAW", MISSED),
            ("DE-NW", OUTAGE),
            ("DE-NW", NO_SHOW),
            ("IN", REBATE),
            ("IN", DISTRICT),
            ("CN", RENT),
            ("CN", INSTALLATION),
            ("DE-NW", capped),
        ];
        rules.into_iter().map(|(calendar, keys)| pack(calendar, keys)).collect()
    });
    &PACKS
}

prop_compose! {
    fn any_incident()(
        begins in 1_700_000_000_i64..1_800_000_000,
        hours in 0_i64..3_000,
        fee in 0_i64..20_000,
        skip in proptest::option::of((0_i64..100, 0_i64..20)),
        credited in proptest::option::of(0_i64..20_000),
    ) -> (Incident, i64) {
        let from = Timestamp::from_second(begins).unwrap();
        let until = from + SignedDuration::from_hours(hours);
        let date = |after: i64| -> Date {
            (from + SignedDuration::from_hours(after * 24)).to_zoned_datetime(jiff::tz::TimeZone::UTC).date()
        };
        let excluded = skip.map(|(after, days)| Excluded {
            reason: Exclusion::CustomerFault,
            days: Some((date(after), date(after + days))),
        });
        let incident = Incident {
            until: Some(until),
            excluded: excluded.into_iter().collect(),
            credited: credited.map(|hundredths| Sum::new(hundredths, "")),
            ..Incident::lasting(from, until)
        };
        (incident, fee)
    }
}

/// The same in the currency of a rule.
fn in_currency(pack: &Pack, (incident, fee): &(Incident, i64)) -> Incident {
    let currency = pack.compensations()[0].currency().unwrap_or("INR").to_owned();
    Incident {
        monthly_fee: Some(Sum::new(*fee, &currency)),
        fee_charged: Some(Sum::new(*fee, &currency)),
        credited: incident.credited.as_ref().map(|sum| Sum::new(sum.hundredths, &currency)),
        ..incident.clone()
    }
}

proptest! {
    #[test]
    fn never_negative_never_shrinking_never_above_the_cap(incident in any_incident(), longer in 0_i64..500) {
        for pack in every_rule() {
            let incident = in_currency(pack, &incident);
            let counted = count(pack, &incident);
            // The packs have no rate before a day; nothing else is missing.
            prop_assert!(counted.missing.is_empty() || counted.missing == [Lacks::Rate]);
            let later = incident.until.unwrap() + SignedDuration::from_hours(longer);
            let more = count(pack, &Incident { until: Some(later), ..incident.clone() });
            prop_assert!(more.hundredths() >= counted.hundredths(), "{counted:?} {more:?}");
            let lasting = count(pack, &Incident { until: None, as_of: incident.until.unwrap(), ..incident.clone() });
            prop_assert_eq!(lasting.hundredths(), counted.hundredths());
            let all = count(pack, &Incident { excluded: Vec::new(), ..incident.clone() });
            prop_assert!(counted.missing == [Lacks::Rate] || all.missing == [Lacks::Rate] || all.hundredths() >= counted.hundredths());
            if let Some(most) = &pack.compensations()[0].at_most {
                prop_assert!(counted.hundredths() <= most.hundredths);
            }
        }
    }
}
