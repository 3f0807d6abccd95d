//! Limits of work orders: what a pack may say of them, what they come to, and what the checker finds.

#![expect(clippy::unwrap_used, reason = "tests stop at the first surprise")]

mod shipped;

use jiff::Timestamp;
use policy::check::{Check, alone};
use policy::{Facts, Grade, Lang, OrderFigure, OrderFor, Pack};
use shipped::{calendars, facts, stack};

fn text(rule: &str) -> String {
    format!(
        r#"
[pack]
id = "own"
version = "1.0.0"
title = {{ zh = "自有", en = "Own" }}
layer = "practice"
jurisdiction = "CN"
status = "active"
valid_from = 2025-01-01
calendar = "CN"
[[source]]
id = "house"
title = {{ zh = "内部规定", en = "House rules" }}
{rule}
"#
    )
}

fn rule(id: &str, keys: &str) -> String {
    format!(
        "[[order_limit]]\nid = \"{id}\"\ntitle = {{ zh = \"规则\", en = \"Rule\" }}\nbasis = \"proposal\"\n\
         confidence = \"unverified\"\nsource = \"house\"\n{keys}\n"
    )
}

fn load(rules: &str) -> Result<Pack, String> {
    Pack::load("own.toml", &text(rules), &calendars())
        .map_err(|faults| faults.iter().map(|fault| fault.message.clone()).collect::<Vec<_>>().join("; "))
}

fn due(kind: OrderFor, figure: OrderFigure, facts: &Facts, at: &str) -> Option<String> {
    let rules = stack();
    let at: Timestamp = at.parse().unwrap();
    let (pack, rule) = rules.order_limit(kind, figure, facts, Grade::Normal, at)?;
    let explanation = pack.order_limit(rule, figure, at).unwrap();
    assert_eq!(rule.due_at(figure, at, pack.calendar()), Some(explanation.due_at), "counted and told alike");
    Some(pack.calendar().zone().to_datetime(explanation.due_at).strftime("%Y-%m-%dT%H:%M:%S").to_string())
}

#[test]
fn a_repair_reported_before_four_is_done_by_midnight() {
    let fault = facts("fault_report", "A301");
    for (at, by) in [
        ("2026-07-03T09:00:00+08:00", "2026-07-03T23:59:59"),
        ("2026-07-03T15:59:59+08:00", "2026-07-03T23:59:59"),
        ("2026-07-03T16:00:00+08:00", "2026-07-04T23:59:59"),
        // The breakfast shop: Friday, 17:40.
        ("2026-07-03T17:40:00+08:00", "2026-07-04T23:59:59"),
        ("2026-12-31T23:30:00+08:00", "2027-01-01T23:59:59"),
    ] {
        for kind in [OrderFor::Visit, OrderFor::Handle] {
            assert_eq!(due(kind, OrderFigure::Reply, &fault, at).as_deref(), Some(by), "{at}");
        }
    }
    assert_eq!(due(OrderFor::JointReview, OrderFigure::Reply, &fault, "2026-07-03T09:00:00+08:00"), None);
    let billing = facts("complaint", "B204");
    assert_eq!(due(OrderFor::Handle, OrderFigure::Reply, &billing, "2026-07-03T09:00:00+08:00"), None);
}

#[test]
fn visits_and_rulings_have_the_figures_of_the_reference() {
    let fault = facts("fault_report", "A301");
    let at = "2026-07-03T17:40:00+08:00";
    for (kind, figure, by) in [
        (OrderFor::Visit, OrderFigure::Contact, "2026-07-03T18:10:00"),
        (OrderFor::Visit, OrderFigure::Arrive, "2026-07-03T18:10:00"),
        (OrderFor::Visit, OrderFigure::Answered, "2026-07-03T19:40:00"),
        (OrderFor::Ruling, OrderFigure::Reply, "2026-07-03T21:40:00"),
    ] {
        assert_eq!(due(kind, figure, &fault, at).as_deref(), Some(by), "{kind:?} {figure:?}");
    }
    assert_eq!(due(OrderFor::Visit, OrderFigure::Accept, &fault, at), None, "no source states one");
}

#[test]
fn the_time_of_day_is_told() {
    let rules = stack();
    let fault = facts("fault_report", "A301");
    let at: Timestamp = "2026-07-03T17:40:00+08:00".parse().unwrap();
    let (pack, rule) = rules.order_limit(OrderFor::Visit, OrderFigure::Reply, &fault, Grade::Normal, at).unwrap();
    let explanation = pack.order_limit(rule, OrderFigure::Reply, at).unwrap();
    let told = |lang| explanation.lines(lang).join("\n");
    assert!(told(Lang::En).contains("It came in at 16:00 or later: by the end of the next day."), "{}", told(Lang::En));
    assert!(told(Lang::Zh).contains("16:00 起受理"), "{}", told(Lang::Zh));
    assert!(!explanation.rule.as_ref().unwrap().layer.code().contains("law"));
}

#[test]
fn a_pack_cannot_say_what_makes_no_sense() {
    for (keys, says) in [
        ("kind = \"handle\"", "limits nothing"),
        ("kind = \"copy\"\naccept_within = \"2h\"", "unknown value"),
        ("kind = \"handle\"\nreply_within = \"4h\"\nsame_day_before = \"16:00\"", "write one of them"),
        ("kind = \"handle\"\nsame_day_before = \"24:00\"", "time of day"),
        ("kind = \"handle\"\nsame_day_before = \"00:00\"", "time of day"),
        ("kind = \"handle\"\naccept_within = \"2h\"\nfrom = \"received\"", "from when an answer"),
        ("kind = [\"handle\", \"visit\"]\ncontact_within = \"30min\"", "are for visits"),
        ("kind = \"visit\"\nanswered_within = \"2h\"", "goes with `arrive_within`"),
        ("kind = \"visit\"\narrive_within = \"1d\"", "by the clock"),
        ("kind = \"ruling\"\naccept_within = \"2h\"", "only `reply_within`"),
        ("kind = \"handle\"\nreply_within = \"soon\"", "is wrong"),
    ] {
        let faults = load(&rule("one", keys)).err().unwrap_or_else(|| panic!("taken: {keys}"));
        assert!(faults.contains(says), "{keys}: {faults}");
    }
    let baseline = text(&rule("one", "kind = \"handle\"\nreply_within = \"4h\"")).replace("\"practice\"", "\"law\"");
    assert!(Pack::load("own.toml", &baseline, &calendars()).is_err(), "units are the operator's own");
}

#[test]
fn the_checker_finds_what_is_never_reached_and_what_is_taken_up_too_late() {
    let found = |rules: &str| alone(&load(rules).unwrap()).into_iter().map(|finding| finding.id).collect::<Vec<_>>();
    let all = rule("all", "kind = [\"handle\", \"visit\"]\nreply_within = \"8h\"");
    let urgent = rule("urgent", "kind = \"handle\"\nreply_within = \"2h\"\napplies = { grade = \"urgent\" }");
    assert_eq!(found(&(all.clone() + &urgent)), [Check::Shadowed]);
    assert_eq!(found(&(urgent + &all)), []);
    assert_eq!(
        found(&rule("one", "kind = \"handle\"\naccept_within = \"3h\"\nreply_within = \"2h\"")),
        [Check::AcceptAfterReply]
    );
}
