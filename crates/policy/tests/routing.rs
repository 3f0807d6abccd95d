//! The routing table: what a row may say, which row is for a case, and rows no case ever reaches.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed test panics")]

mod shipped;

use jiff::tz::TimeZone;
use policy::check::{Check, alone};
use policy::{Facts, Fault, Grade, Looked, Pack};
use shipped::{calendars, facts};

fn row(id: &str, keys: &str) -> String {
    format!(
        "[[routing]]\nid = \"{id}\"\ntitle = {{ zh = \"规则\", en = \"Row\" }}\nbasis = \"proposal\"\n\
         confidence = \"unverified\"\nsource = \"s\"\n{keys}\n"
    )
}

fn load(tier: &str, rows: &str) -> Result<Pack, Vec<Fault>> {
    let text = format!(
        r#"
[pack]
id = "own"
version = "1.0.0"
title = {{ zh = "例", en = "Example" }}
layer = "{tier}"
jurisdiction = "CN"
status = "active"
valid_from = 2026-01-01
calendar = "CN"
[[source]]
id = "s"
title = {{ zh = "出处", en = "Source" }}
{rows}"#
    );
    Pack::load("own.toml", &text, &calendars())
}

fn shadowed(rows: &[&str]) -> Vec<String> {
    let text: String = rows.iter().enumerate().map(|(n, keys)| row(&format!("row-{n}"), keys)).collect();
    let findings = alone(&load("practice", &text).unwrap_or_else(|faults| panic!("{faults:?}")));
    assert!(findings.iter().all(|finding| finding.id == Check::Shadowed), "{findings:?}");
    findings.into_iter().filter_map(|finding| finding.rule).collect()
}

#[test]
fn a_row_says_why_it_is_not_for_a_case() {
    let rows = row(
        "one",
        "unit = \"net\"\nregions = [\"31\", \"IE-D\"]\napplies = { category_prefix = \"B\", grade = \"major\" }\n\
         unless = { product = \"iot\" }\nversion = { from = 2026-06-01 }",
    );
    let pack = load("practice", &rows).unwrap();
    let rule = pack.routing().first().unwrap();
    let look = |facts: &Facts, grade, region: &str, day: &str| {
        rule.look(facts, grade, region, format!("{day}T00:00:00Z").parse().unwrap(), &TimeZone::UTC)
    };
    let case = Facts { received_at: None, ..facts("complaint", "B204") };
    assert_eq!(look(&case, Grade::Major, "310115", "2026-07-01"), Looked::Applies);
    assert_eq!(look(&case, Grade::Major, "IE-D", "2026-07-01"), Looked::Applies);
    assert_eq!(look(&case, Grade::Major, "IE-DL", "2026-07-01"), Looked::OtherRegion, "no part of it");
    assert_eq!(look(&case, Grade::Major, "", "2026-07-01"), Looked::OtherRegion);
    assert_eq!(look(&case, Grade::Normal, "310115", "2026-07-01"), Looked::NotItsCase);
    assert_eq!(look(&case, Grade::Major, "310115", "2026-05-01"), Looked::OtherDates);
    let iot = Facts { product: Some("iot".to_owned()), ..case };
    assert_eq!(look(&iot, Grade::Major, "310115", "2026-07-01"), Looked::LeftOut);
}

#[test]
fn rows_no_case_reaches_are_found() {
    let narrow = "unit = \"a\"\nregions = [\"3101\"]\napplies = { category = \"B204\", product = \"mobile\" }";
    let wide = "unit = \"b\"\nregions = [\"31\"]\napplies = { category_prefix = \"B\" }";
    assert_eq!(shadowed(&[narrow, wide]), Vec::<String>::new());
    assert_eq!(shadowed(&[wide, narrow]), ["row-1"]);
    assert_eq!(shadowed(&["unit = \"a\"", narrow, wide]), ["row-1", "row-2"]);
    for (wider, narrower) in [
        ("star = { gte = 4 }", "star = { gte = 5, lt = 7 }"),
        ("product = [\"mobile\", \"iot\"]", "product = \"iot\", mass = true"),
        ("product = { not = \"iot\" }", "product = { not = [\"iot\", \"mobile\"] }"),
        ("star = { present = true }", "star = { lt = 3 }"),
        ("amount = { gte = \"100.00 CNY\" }", "amount = { gte = \"200.00 CNY\" }"),
    ] {
        let of = |applies: &str| format!("unit = \"a\"\napplies = {{ {applies} }}");
        let (wider, narrower) = (of(wider), of(narrower));
        assert_eq!(shadowed(&[&wider, &narrower]), ["row-1"], "{wider} / {narrower}");
        assert!(shadowed(&[&narrower, &wider]).is_empty(), "{narrower} / {wider}");
    }
    let unless = "unit = \"a\"\nunless = { product = \"iot\" }";
    assert!(shadowed(&[unless, "unit = \"b\""]).is_empty(), "what it leaves out comes to the next");
}

#[test]
fn what_a_row_cannot_say_is_told() {
    let told = |tier: &str, keys: &str| {
        let faults = load(tier, &row("one", keys)).unwrap_err();
        faults.into_iter().map(|fault| fault.message).collect::<Vec<_>>().join("; ")
    };
    for (keys, words) in [
        ("", "unit"),
        ("unit = \"net work\"", "code of a unit"),
        ("unit = \"net\"\nskill = \"fibre\"", "choose a person"),
        ("unit = \"net\"\nto = \"person\"\nskill = \"Fibre!\"", "write a skill"),
        ("unit = \"net\"\nregions = [\"Shanghai\"]", "codes of regions"),
        ("unit = \"net\"\nto = \"anybody\"", "unknown value of `to`"),
    ] {
        let found = told("practice", keys);
        assert!(found.contains(words), "{keys}: {found}");
    }
    assert!(told("law", "unit = \"net\"\nlayer = \"practice\"").contains("operator's own"));
}
