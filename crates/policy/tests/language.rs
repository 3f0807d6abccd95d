//! The language of packs as a whole: every key is read, described by the schema, and refused where it does not belong.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a failed test panics")]

mod shipped;

use jiff::Timestamp;
use policy::check::alone;
use policy::schema::{keys, pack_schema};
use policy::{Facts, Fault, Grade, Named, Operator, Pack, RuleKind};
use serde_json::{Value, json};
use shipped::calendars;
use std::collections::{BTreeMap, BTreeSet};

const WHOLE: &str = include_str!("whole.toml");

fn load(text: &str) -> Result<Pack, Vec<Fault>> {
    Pack::load("whole.toml", text, &calendars())
}

/// TOML as the JSON an editor makes of it.
fn as_json(value: &toml::Value) -> Value {
    match value {
        toml::Value::Datetime(date) => json!(date.to_string()),
        toml::Value::Array(items) => items.iter().map(as_json).collect(),
        toml::Value::Table(table) => table.iter().map(|(key, value)| (key.clone(), as_json(value))).collect(),
        toml::Value::String(text) => json!(text),
        toml::Value::Integer(number) => json!(number),
        toml::Value::Float(number) => json!(number),
        toml::Value::Boolean(flag) => json!(flag),
    }
}

fn document(text: &str) -> toml::Value {
    toml::Value::Table(text.parse().unwrap())
}

#[test]
fn every_kind_of_rule_is_read() {
    let pack = load(WHOLE).unwrap();
    let kinds: BTreeSet<&str> = pack.heads().map(|(kind, _)| kind.code()).collect();
    // Where cases go and what units ask of each other is the operator's own and stands in no pack of the law, such as
    // this one.
    let of_the_law = RuleKind::ALL.iter().filter(|kind| !matches!(kind, RuleKind::Routing | RuleKind::OrderLimit));
    let all: BTreeSet<&str> = of_the_law.map(|kind| kind.code()).collect();
    assert_eq!(kinds, all);
    assert!(alone(&pack).is_empty(), "{:?}", alone(&pack));
    let written = serde_json::to_value(&pack).unwrap();
    assert_eq!(written["effects"][0]["at"], "due:answer-2bd");
    assert_eq!(written["clocks"][0]["start"], json!(["received", "stage:ombudsman/referred"]));
    assert_eq!(written["compensations"][0]["rates"][0]["owed"], json!({"larger": ["5.00 CNY", 1000]}));
    assert_eq!(written["compensations"][0]["rates"][2]["owed"], json!({"of_fee_charged": 50}));
}

#[test]
fn the_schema_fits_every_pack() {
    let schema = jsonschema::validator_for(&pack_schema()).unwrap();
    let packs = [
        WHOLE,
        shipped::CN_TELECOM,
        shipped::CN_TELECOM_1_0_0,
        shipped::GUIDE_STANDARD,
        shipped::GUIDE_STANDARD_1_2_0,
        shipped::GUIDE_STANDARD_1_3_0,
        shipped::GUIDE_STANDARD_1_1_0,
        shipped::GUIDE_STANDARD_1_0_0,
        shipped::ISO_10002,
    ];
    for text in packs {
        let faults: Vec<String> = schema
            .iter_errors(&as_json(&document(text)))
            .map(|fault| format!("{fault} at {}", fault.instance_path()))
            .collect();
        assert!(faults.is_empty(), "{faults:#?}");
    }
    for (wrong, right) in [
        ("kind = \"due\"", "kind = \"doo\""),
        ("amount = \"10d\"", "amount = \"10 days\""),
        ("need = 5", "need = 1"),
        ("basis = \"standard\"", "bases = \"standard\""),
        ("id = \"whole\"", "id = \"Whole pack\""),
    ] {
        assert!(!schema.is_valid(&as_json(&document(&WHOLE.replacen(wrong, right, 1)))), "{right}");
    }
}

#[test]
fn what_may_be_agreed_and_told_by_itself_has_its_place() {
    let said = |old: &str, new: &str| {
        let faults = load(&WHOLE.replacen(old, new, 1)).err().unwrap_or_default();
        faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    };
    assert!(said("mean = \"5bd\"", "mean = \"5bd\"\nagreed_up_to = \"30d\"").contains("not for customer and operator"));
    for amount in ["2bd", "0", "1mo"] {
        let agreed = format!("amount = {{ urban = \"24h\", rural = \"48h\" }}\nagreed_up_to = \"{amount}\"");
        assert!(
            said("amount = { urban = \"24h\", rural = \"48h\" }", &agreed).contains("takes hours or days"),
            "{amount}"
        );
    }
    let kept = |at: &str| {
        let effect = format!(
            "[[effect]]\nid = \"news\"\ntitle = {{ zh = \"进展\", en = \"News\" }}\nbasis = \"standard\"\n\
             confidence = \"low\"\nsource = \"act\"\nat = \"{at}\"\ndo = [\"tell:progress\"]\n\n[[clock]]\nid = \"answer\""
        );
        said("[[clock]]\nid = \"answer\"", &effect)
    };
    assert!(kept("due:tries-2h").contains("of a clock that stops with progress_notified"));
    assert!(kept("start:answer").contains("of a clock that stops with progress_notified"));
    let told = "do = [\"tell:nothing\"]";
    assert!(said("do = [", &format!("{told}\nxdo = [")).contains("tell:progress"));
}

#[test]
fn the_schema_in_the_repository_is_the_one_made() {
    let made = format!("{}\n", serde_json::to_string_pretty(&pack_schema()).unwrap());
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../packs/schema/pack.schema.json");
    if std::env::var_os("REDRESS_WRITE_TABLES").is_some() {
        std::fs::write(path, &made).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), made, "write it again with REDRESS_WRITE_TABLES=1");
}

/// Adds a key nobody knows to the first table of a kind and reads the list of known ones off the hint.
fn known_to_the_reader(name: &str) -> BTreeSet<String> {
    let bogus = "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzz";
    let text = match name {
        "" => format!("{bogus} = 1\n{WHOLE}"),
        "version" => WHOLE.replacen("version = {", &format!("version = {{ {bogus} = 1,"), 1),
        "counting" => WHOLE.replacen("counting = {", &format!("counting = {{ {bogus} = 1,"), 1),
        "extend" => WHOLE.replacen("extend = {", &format!("extend = {{ {bogus} = 1,"), 1),
        "attempts" => WHOLE.replacen("attempts = {", &format!("attempts = {{ {bogus} = 1,"), 1),
        "target" => WHOLE.replacen("targets = [{", &format!("targets = [{{ {bogus} = 1,"), 1),
        "rate" => WHOLE.replacen("  { valid_from", &format!("  {{ {bogus} = 1, valid_from"), 1),
        "raise" => WHOLE.replacen("raise = {", &format!("raise = {{ {bogus} = 1,"), 1),
        "grade.when" => WHOLE.replacen("when = { severity", &format!("when = {{ {bogus} = 1, severity"), 1),
        "notes" => WHOLE.replacen("notes = [{", &format!("notes = [{{ {bogus} = 1,"), 1),
        // What is the operator's own stands in no pack of the law, whose keys are read all the same.
        "authority" | "routing" | "order_limit" => format!("{WHOLE}\n[[{name}]]\n{bogus} = 1"),
        "stage" => WHOLE.replacen("[[route.stage]]", &format!("[[route.stage]]\n{bogus} = 1"), 1),
        "element" => WHOLE.replacen("[[letter.element]]", &format!("[[letter.element]]\n{bogus} = 1"), 1),
        name => {
            let heading =
                if WHOLE.contains(&format!("[[{name}]]")) { format!("[[{name}]]") } else { format!("[{name}]") };
            WHOLE.replacen(&heading, &format!("{heading}\n{bogus} = 1"), 1)
        }
    };
    let faults = load(&text).unwrap_err();
    let fault = faults.iter().find(|fault| fault.message.contains("unknown key"));
    let fault = fault.unwrap_or_else(|| panic!("{name}: {faults:?}"));
    let hint = fault.hint.as_ref().unwrap_or_else(|| panic!("{name}: no hint"));
    hint.strip_prefix("known: ").unwrap_or_else(|| panic!("{name}: {hint}")).split(", ").map(str::to_owned).collect()
}

#[test]
fn the_schema_and_the_reader_know_the_same_keys() {
    let mut told: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, keys) in keys() {
        told.entry(name).or_default().extend(keys);
    }
    for (name, keys) in told {
        let known = known_to_the_reader(name);
        let known: BTreeSet<&str> = known.iter().map(String::as_str).collect();
        assert_eq!(known, keys, "{name}");
    }
}

#[test]
fn names_that_lead_nowhere_are_told_with_their_place() {
    for (right, wrong, told) in [
        ("source = \"act\"\nkind = \"due\"", "source = \"other\"\nkind = \"due\"", "cites the source `other`"),
        ("expiry:answer", "expiry:nothing", "names the clock `nothing`"),
        ("stage:ombudsman/decided", "stage:ombudsman/nothing", "names `stage:ombudsman/nothing`"),
        ("at = \"due:answer-2bd\"", "at = \"due:nothing\"", "names the clock `nothing`"),
        ("at = \"due:answer-2bd\"", "at = \"forecast:nothing+2bd\"", "names the clock `nothing`"),
        ("at = \"due:answer-2bd\"", "at = \"forecast:answer-2bd\"", "looks at a clock's last moment or later"),
        ("at = \"due:answer-2bd\"", "at = \"forecast:answer+2x\"", "is wrong after `+`"),
        ("\"letter:rights\", \"hold", "\"letter:nothing\", \"hold", "names the letter `nothing`"),
        ("hold:no_cut", "hold:nothing", "names the hold `nothing`"),
        ("\"cause\", \"letter:rights\"", "\"cause\", \"letter:nothing\"", "names the letter `nothing`"),
        ("opens = [\"appeal\"]", "opens = [\"nothing\"]", "neither a clock nor a window"),
        ("next = [\"decided\"]", "next = [\"nothing\"]", "which the route does not have"),
        ("id = \"appeal\"\ntitle", "id = \"answer\"\ntitle", "is a clock and a window"),
        ("start = [\"received\"", "start = [\"expiry:overtaken\"", "would start at its own end"),
        ("warn_at = [50, 100]", "warn_at = [50]", "its `warn_at` holds 100"),
        ("need = 5", "need = 1", "takes 2 to 100"),
        ("kind = \"attempts\"", "kind = \"recurring\"", "belongs to a clock of kind attempts"),
        (
            "kind = \"attempts\"\nstart = \"contact_failed\"\nstop = \"first_contact\"\namount = \"10d\"",
            "kind = \"recurring\"\nstart = \"received\"\nstop = \"closed\"\namount = \"0\"",
            "needs a time between",
        ),
        ("percent = 100", "percent = 97", "both ascending"),
        ("event", "event", ""),
    ] {
        let faults = load(&WHOLE.replacen(right, wrong, 1));
        if told.is_empty() {
            assert!(faults.is_ok());
            continue;
        }
        let faults = faults.unwrap_err();
        let found = faults.iter().find(|fault| fault.message.contains(told));
        let found = found.unwrap_or_else(|| panic!("{told}: {faults:?}"));
        assert!(found.line > 1, "{found}");
    }
}

#[test]
fn a_rule_is_asked_by_any_of_its_names() {
    let pack = load(WHOLE).unwrap();
    let start: Timestamp = "2026-07-03T10:00:00+08:00".parse().unwrap();
    let facts = Facts {
        kind: "complaint".to_owned(),
        category: Some("F201".to_owned()),
        regulator_class: Some("charging".to_owned()),
        star: Some(3),
        vulnerable: vec!["elderly".to_owned()],
        operator: Operator { services_in_operation: Some(5), ..Operator::default() },
        ..Facts::default()
    };
    let ask = |name: &str, facts: &Facts| pack.ask(name, start, facts, Grade::Normal, &[]);
    let due = |name: &str, facts: &Facts| match ask(name, facts) {
        Named::Deadline(explanation) => explanation.due_at.to_string(),
        other => format!("{other:?}"),
    };
    // Ten business days from Monday the 6th end on Friday the 17th; less than ten on the 16th.
    assert_eq!(due("reply_10bd", &facts), "2026-07-16T15:59:59Z");
    assert_eq!(due("answer", &facts), due("reply_10bd", &facts));
    assert_eq!(due("quarterly", &facts), "2026-08-03T15:59:59Z", "the thirtieth day is a Sunday");
    assert_eq!(due("nothing", &facts), "Unknown");
    // Too small an operator, a date before the rule, a case it leaves out.
    let small = Facts { operator: Operator { subscribers: Some(10_000), ..facts.operator.clone() }, ..facts.clone() };
    assert_eq!(due("answer", &small), "NotForThis");
    let early = Facts { received_at: Some("2025-12-31T15:59:59Z".parse().unwrap()), ..facts.clone() };
    assert_eq!(due("answer", &early), "NotForThis");
    let left_out = Facts { cause: Some("NET.COVER".to_owned()), ..facts };
    assert_eq!(due("answer", &left_out), due("answer", &Facts { cause: None, ..left_out.clone() }), "both must hold");
}
