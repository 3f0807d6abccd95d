use super::*;
use policy::{Calendar, CalendarSet};
use uuid::Uuid;

/// A row of a small table with these keys.
fn rule(keys: &str) -> RoutingRule {
    let text = format!(
        r#"
[pack]
id = "own"
version = "1.0.0"
title = {{ zh = "本企业", en = "Own" }}
layer = "practice"
jurisdiction = "CN"
status = "active"
valid_from = 2026-01-01
calendar = "none"
[[source]]
id = "own"
title = {{ zh = "本企业", en = "Own" }}
[[routing]]
id = "row"
title = {{ zh = "一", en = "one" }}
basis = "proposal"
confidence = "unverified"
source = "own"
unit = "net"
{keys}"#
    );
    let mut calendars = CalendarSet::default();
    calendars.insert(Calendar::none("UTC").unwrap());
    Pack::load("own.toml", &text, &calendars).unwrap_or_else(|faults| panic!("{faults:?}")).routing()[0].clone()
}

fn one(n: u128, skills: &[&str], absent: bool, open: i64, last: i64) -> Candidate {
    let skills = skills.iter().map(|skill| (*skill).to_owned()).collect();
    Candidate { user: user(n), skills, absent, open, last }
}

fn user(n: u128) -> UserId {
    UserId(Uuid::from_u128(n))
}

#[test]
fn the_person_is_skilled_there_least_laden_and_longest_without() {
    let nobody = BTreeSet::new();
    let row = rule("to = \"person\"\nskill = \"fibre\"\ncare = \"care\"");
    let people = [
        one(1, &["fibre"], false, 3, 1),
        one(2, &["fibre"], false, 2, 9),
        one(3, &["fibre"], false, 2, 5),
        one(4, &["copper"], false, 0, 0),
        one(5, &["fibre"], true, 0, 0),
        one(6, &["fibre", "care"], false, 9, 9),
    ];
    assert_eq!(choose(&row, false, &people, &nobody), (Some(user(3)), How::Load));
    assert_eq!(choose(&row, true, &people, &nobody), (Some(user(6)), How::Care));
    let barred = BTreeSet::from([ActorId::User(user(3)), ActorId::User(user(6))]);
    assert_eq!(
        choose(&row, true, &people, &barred),
        (Some(user(2)), How::Load),
        "who is marked but barred is passed over"
    );
    assert_eq!(choose(&row, false, &people[4..5], &nobody), (Some(user(5)), How::Away));
    assert_eq!(choose(&row, false, &people[3..4], &nobody), (None, How::Nobody));
    assert_eq!(choose(&rule(""), true, &people, &nobody), (None, How::Pool));
}

#[test]
fn the_order_of_people_decides_nothing() {
    let row = rule("to = \"person\"");
    let mut people: Vec<Candidate> = (1..40)
        .map(|n| one(n, &[], n % 5 == 0, i64::try_from(n * 7 % 11).unwrap(), i64::try_from(n * 3 % 7).unwrap()))
        .collect();
    let first = choose(&row, false, &people, &BTreeSet::new());
    people.reverse();
    assert_eq!(choose(&row, false, &people, &BTreeSet::new()), first);
}
