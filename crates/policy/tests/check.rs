//! The checker: what it finds in the packs this product ships, and that each of its findings can be provoked.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed test panics")]

mod shipped;

use policy::check::{Check, Finding, Weight, alone, check};
use policy::{Pack, Plan};
use shipped::{CN_TELECOM, GUIDE_STANDARD, ISO_10002, PLAN, calendars, pack};
use std::sync::Arc;

/// A pack of a tier with what is given, and what every pack needs.
fn small(tier: &str, rules: &str) -> Arc<Pack> {
    let text = format!(
        r#"
[pack]
id = "{tier}-pack"
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
{rules}"#
    );
    pack(tier, &text)
}

/// What every rule says of itself.
fn rule(kind: &str, id: &str, basis: &str, keys: &str) -> String {
    format!(
        "[[{kind}]]\nid = \"{id}\"\ntitle = {{ zh = \"规则\", en = \"Rule\" }}\nbasis = \"{basis}\"\nconfidence = \"high\"\nsource = \"s\"\n{keys}\n"
    )
}

fn clock(id: &str, keys: &str) -> String {
    rule("clock", id, "law", &format!("start = \"received\"\nstop = \"replied\"\n{keys}"))
}

fn ids(findings: &[Finding]) -> Vec<(Check, Option<&str>)> {
    findings.iter().map(|finding| (finding.id, finding.rule.as_deref())).collect()
}

fn of_law(rules: &str) -> Vec<Finding> {
    alone(&small("law", rules))
}

#[test]
fn the_packs_of_new_cases_have_no_finding() {
    let packs =
        [pack("cn-telecom.toml", CN_TELECOM), pack("guide-standard.toml", GUIDE_STANDARD), pack("iso", ISO_10002)];
    let plan = Plan::load("stacks.toml", PLAN, &packs).unwrap();
    let findings: Vec<String> = check(&packs, &plan).iter().map(ToString::to_string).collect();
    assert_eq!(findings, Vec::<String>::new());
}

#[test]
fn what_begins_outside_is_not_taken_for_the_same() {
    let outside = |id: &str, amount: &str| {
        clock(id, &format!("amount = \"{amount}\"")).replace("start = \"received\"", "start = \"outside\"")
    };
    assert!(of_law(&(outside("a", "45d") + &outside("b", "15d"))).is_empty());
}

#[test]
fn a_rule_nobody_can_meet_is_found() {
    let never = clock("a", "amount = \"1d\"\napplies = { kind = \"complaint\" }\nunless = { kind = \"complaint\" }");
    assert_eq!(ids(&of_law(&never)), [(Check::NeverHolds, Some("a"))]);
    let late = clock("a", "amount = \"1d\"\nversion = { to = 2025-01-01 }");
    assert_eq!(ids(&of_law(&late)), [(Check::OutsideValidity, Some("a"))]);
}

#[test]
fn what_another_rule_says_already_is_found() {
    let twice = clock("a", "amount = \"5d\"") + &clock("b", "amount = \"5d\"\napplies = { kind = \"complaint\" }");
    assert_eq!(ids(&of_law(&twice)), [(Check::Shadowed, Some("b"))]);
    let alternatives = "applies = [{ kind = \"complaint\" }, { kind = [\"complaint\", \"appeal\"] }]";
    let idle = clock("a", &format!("amount = \"5d\"\n{alternatives}"));
    assert_eq!(ids(&of_law(&idle)), [(Check::Shadowed, Some("a"))]);
    let raise = |id: &str, when: &str, raise: &str| {
        format!(
            "[[assess]]\nid = \"{id}\"\nwhen = {when}\nraise = {raise}\nreason = {{ zh = \"因\", en = \"why\" }}\nbasis = \"proposal\"\nconfidence = \"high\"\nsource = \"s\"\n"
        )
    };
    let rules = raise("wide", "{ media = true }", "{ severity = \"major\", urgency = \"urgent\" }")
        + &raise("narrow", "{ media = true, mass = true }", "{ severity = \"major\" }");
    assert_eq!(ids(&of_law(&rules)), [(Check::Shadowed, Some("narrow"))]);
    let fine = raise("one", "{ media = true }", "{ severity = \"major\" }")
        + &raise("other", "{ mass = true }", "{ severity = \"major\" }");
    assert!(of_law(&fine).is_empty());
}

#[test]
fn two_statutory_limits_for_one_duty_are_found() {
    let privacy = "applies = { category_prefix = \"F\" }";
    let two = clock("a", "amount = \"15d\"") + &clock("b", &format!("amount = \"30d\"\n{privacy}"));
    let found = of_law(&two);
    assert_eq!(ids(&found), [(Check::TwoLimits, Some("b"))]);
    assert_eq!(found.first().unwrap().weight, Weight::Error);
    let apart = clock("a", "amount = \"15d\"\nunless = { category_prefix = \"F\" }")
        + &clock("b", &format!("amount = \"30d\"\n{privacy}"));
    assert!(of_law(&apart).is_empty());
    let dated = clock("a", "amount = \"8w\"\nversion = { to = 2026-04-08 }")
        + &clock("b", "amount = \"6w\"\nversion = { from = 2026-04-08 }");
    assert!(of_law(&dated).is_empty(), "one after the other");
}

#[test]
fn a_later_receipt_that_is_due_earlier_is_found() {
    // Hours that end on a Saturday evening go to Monday evening; Monday noon comes before it.
    let hours = clock("a", "amount = \"24h\"\ncounting = { roll = \"next_bd\" }");
    let found = of_law(&hours);
    assert_eq!(ids(&found), [(Check::Overtakes, Some("a"))]);
    let told = found.first().unwrap().to_string();
    assert!(told.contains("is due earlier") && told.starts_with("law:14:1: error [overtakes]: `a`"), "{told}");
    let stated = hours + "may_overtake = { zh = \"条文如此\", en = \"the text has it so\" }\n";
    assert!(of_law(&stated).is_empty());
    let needless = clock("a", "amount = \"5bd\"\nmay_overtake = { zh = \"条文如此\", en = \"the text has it so\" }");
    assert_eq!(ids(&of_law(&needless)), [(Check::NeedlessReason, Some("a"))]);
}

#[test]
fn a_pack_that_would_keep_the_checker_busy_is_found() {
    let alike = |n: i32| {
        clock(
            &format!("c{n}"),
            &format!(
                "amount = \"{n}d\"\napplies = {{ kind = [\"complaint\", \"appeal\"], category = [\"A101\", \"A102\"], product = [\"mobile\", \"iot\"], cause = \"NET\", segment = \"public\" }}"
            ),
        )
    };
    let found = of_law(&(1..=400).map(alike).collect::<String>());
    assert!(found.iter().any(|one| one.id == Check::TooMuch && one.weight == Weight::Error));
    let hours = |n: i32| clock(&format!("c{n}"), "amount = \"876600wh\"\npausable = [\"waiting_customer\"]");
    let found = of_law(&(1..=20).map(hours).collect::<String>());
    assert!(found.iter().any(|one| one.id == Check::TooMuch), "{found:?}");
}

#[test]
fn what_is_wrong_with_grades_and_stages_has_an_identity() {
    let loaded = |text: &str| -> Vec<Finding> {
        Pack::load("x.toml", text, &calendars()).unwrap_err().into_iter().map(Finding::from).collect()
    };
    let major = "when = { severity = \"major\", urgency = \"normal\" }";
    assert!(GUIDE_STANDARD.contains(major));
    let found = loaded(&GUIDE_STANDARD.replace(major, "when = { severity = \"major\", urgency = \"urgent\" }"));
    assert_eq!(ids(&found), [(Check::Ungraded, None), (Check::GradedTwice, None)], "and nothing else: {found:?}");
    let found =
        loaded(&CN_TELECOM.replacen("next = [\"fed_back\", \"mediation\", \"ended\"]", "next = [\"nowhere\"]", 1));
    assert!(found.iter().any(|one| one.id == Check::LeadsNowhere), "{found:?}");
    let circle = "title = { zh = \"办结\", en = \"Ended\" }\nowner = \"regulator\"";
    let found = loaded(&CN_TELECOM.replacen(circle, &format!("{circle}\nnext = [\"mediation\"]"), 1));
    assert!(!found.is_empty() && found.iter().all(|one| one.id == Check::StageWay), "{found:?}");
    let answer = "start = [\"received\"]\nstop = [\"replied\", \"declined\", \"closed\"]\namount = \"15d\"";
    let found = loaded(&CN_TELECOM.replacen(answer, &answer.replace("received", "expiry:statutory_answer"), 1));
    assert_eq!(ids(&found), [(Check::ClockCircle, None)]);
    let kept = rule("retention", "r", "law", "class = \"complaint\"\nmin = \"9mo\"\nmax = \"6mo\"\nfrom = \"closed\"");
    let head = "[pack]\nid = \"x\"\nversion = \"1.0.0\"\ntitle = { zh = \"例\", en = \"x\" }\nlayer = \"law\"\njurisdiction = \"CN\"\nstatus = \"active\"\nvalid_from = 2026-01-01\ncalendar = \"CN\"\n[[source]]\nid = \"s\"\ntitle = { zh = \"出处\", en = \"s\" }\n";
    assert_eq!(ids(&loaded(&format!("{head}{kept}"))), [(Check::Form, None)]);
}

#[test]
fn a_right_that_lapses_before_it_opens_is_found() {
    let window = |opens: &str| {
        rule(
            "window",
            "w",
            "law",
            &format!("owner = \"customer\"\nfrom = \"received_at\"\nopens_after = \"{opens}\"\namount = \"6w\""),
        )
    };
    assert_eq!(ids(&of_law(&window("12mo"))), [(Check::NeverOpens, Some("w"))]);
    assert!(of_law(&window("2w")).is_empty());
}

#[test]
fn days_between_two_versions_of_a_rule_are_found() {
    let versions = |second: &str| {
        of_law(
            &(clock("a", "amount = \"8w\"\nversion = { to = 2026-04-08 }")
                + &clock("b", &format!("amount = \"6w\"\nversion = {{ from = {second} }}"))),
        )
    };
    assert_eq!(ids(&versions("2026-04-20")), [(Check::VersionGap, Some("b"))]);
    assert!(versions("2026-04-08").is_empty());
}

#[test]
fn an_effect_that_another_brings_about_is_found() {
    let effect = |id: &str, keys: &str| rule("effect", id, "law", &format!("at = \"due:a\"\n{keys}"));
    let with = |second: &str| {
        of_law(
            &(clock("a", "amount = \"5d\"")
                + &effect("one", "do = [\"notify:holder\", \"notify:quality\"]")
                + &effect("two", second)),
        )
    };
    assert_eq!(ids(&with("do = [\"notify:holder\"]")), [(Check::Shadowed, Some("two"))]);
    assert_eq!(
        ids(&with("do = [\"notify:holder\"]\napplies = { kind = \"complaint\" }")),
        [(Check::Shadowed, Some("two"))]
    );
    assert!(with("do = [\"notify:supervisor\"]").is_empty());
}

#[test]
fn a_longer_time_that_is_shorter_is_found() {
    let short = clock("a", "amount = \"30d\"\nextend = { total = \"20d\" }");
    assert_eq!(ids(&of_law(&short)), [(Check::ShortensByWaiting, Some("a"))]);
    assert!(of_law(&clock("a", "amount = \"30d\"\nextend = { by = \"20d\", notice_within = \"10d\" }")).is_empty());
}

#[test]
fn practice_looser_than_the_law_is_found() {
    const GRADES: &str = "[[grade]]\nid = \"all\"\ngrade = \"normal\"\nreason = { zh = \"全\", en = \"all\" }\n";
    let plan = "default = \"x\"\n[[stack]]\nid = \"x\"\npacks = [\"law-pack\", \"practice-pack\"]\n";
    let found = |law: &str, practice: &str| {
        let packs = [small("law", law), small("practice", &format!("{GRADES}{practice}"))];
        let plan = Plan::load("stacks.toml", plan, &packs).unwrap();
        check(&packs, &plan)
    };
    let law = clock("l", "amount = \"15d\"");
    let practice = |keys: &str| clock("p", keys).replace("\"law\"", "\"operator\"");
    let looser = found(&law, &practice("amount = \"16d\""));
    assert_eq!(ids(&looser), [(Check::LooserThanLaw, Some("p"))]);
    assert!(looser.first().unwrap().message.contains("gives 16d where `l` of law-pack gives 15d"));
    assert!(found(&law, &practice("amount = \"10bd\"")).iter().all(|one| one.id == Check::LooserThanLaw));
    let dated = found(&law, &practice("amount = \"90d\"\nversion = { from = 2026-06-01 }"));
    assert_eq!(ids(&dated), [(Check::LooserThanLaw, Some("p"))], "also when it begins later");
    assert!(found(&law, &practice("amount = \"360h\"")).is_empty(), "15 days to the hour end before the day does");
    let accepted = |amount: &str| {
        practice(&format!("amount = \"{amount}\"")).replace("start = \"received\"", "start = \"accepted\"")
    };
    assert_eq!(
        ids(&found(&law, &accepted("15d"))),
        [(Check::LooserThanLaw, Some("p"))],
        "from acceptance it ends later"
    );
    assert!(found(&law, &accepted("5d")).is_empty());
    assert!(found(&law, &practice("amount = \"5bd\"")).is_empty(), "even over the longest holiday");
    // Where the two never meet in a case there is nothing to compare.
    let elsewhere = practice("amount = \"90d\"\napplies = { kind = \"praise\" }");
    assert!(found(&clock("l", "amount = \"15d\"\napplies = { kind = \"complaint\" }"), &elsewhere).is_empty());
    let keep = |id: &str, basis: &str, min: &str| {
        rule("retention", id, basis, &format!("class = \"complaint\"\nmin = \"{min}\"\nfrom = \"closed\""))
    };
    assert_eq!(
        ids(&found(&keep("l", "law", "24mo"), &keep("p", "operator", "12mo"))),
        [(Check::LooserThanLaw, Some("p"))]
    );
}

#[test]
fn conversions_that_lead_round_are_found() {
    const GRADES: &str = "[[grade]]\nid = \"all\"\ngrade = \"normal\"\nreason = { zh = \"全\", en = \"all\" }\n";
    let turns = |id: &str, from: &str, to: &str, keys: &str| {
        rule("convert", id, "law", &format!("from = \"{from}\"\nto = \"{to}\"\n{keys}"))
    };
    let up = turns("up", "enquiry", "complaint", "after = \"2bd\"");
    let found = of_law(&(up.clone() + &turns("down", "complaint", "enquiry", "applies = { category_prefix = \"A\" }")));
    assert_eq!(ids(&found), [(Check::ConversionCircle, Some("up"))], "told once");
    let told = found.first().unwrap().to_string();
    assert!(told.starts_with("law:14:1: error [conversion-circle]: `up`: leads round in a circle: "), "{told}");
    assert!(told.contains("enquiry to complaint by `up`") && told.contains("complaint to enquiry by `down`"), "{told}");
    assert!(told.contains("`unless`"), "{told}");
    let three = turns("b", "complaint", "appeal", "") + &turns("c", "appeal", "enquiry", "");
    assert_eq!(ids(&of_law(&(up.clone() + &three))), [(Check::ConversionCircle, Some("up"))], "over a third kind");
    // Rules that are never for one case, or never on one day, or that only meet at the end, lead nowhere.
    let apart =
        |one: &str, other: &str| turns("a", "enquiry", "complaint", one) + &turns("b", "complaint", "enquiry", other);
    for (one, other) in [
        ("applies = { mass = true }", "unless = { mass = true }"),
        ("version = { from = 2026-06-01 }", "version = { to = 2026-06-01 }"),
    ] {
        assert!(of_law(&apart(one, other)).is_empty(), "{one}");
    }
    assert!(of_law(&(up.clone() + &turns("b", "service_request", "complaint", ""))).is_empty());
    // Packs that govern a case together.
    let packs = [
        small("law", &up),
        small(
            "practice",
            &format!("{GRADES}{}", turns("p", "complaint", "enquiry", "").replace("\"law\"", "\"operator\"")),
        ),
    ];
    let plan = "default = \"x\"\n[[stack]]\nid = \"x\"\npacks = [\"law-pack\", \"practice-pack\"]\n";
    let plan = Plan::load("stacks.toml", plan, &packs).unwrap();
    let found = check(&packs, &plan);
    assert_eq!(ids(&found), [(Check::ConversionCircle, Some("up"))]);
    assert!(found.first().unwrap().message.contains("`p` of practice-pack"));
}

#[test]
fn letters_and_sources_without_use_are_found() {
    let letter = rule(
        "letter",
        "l",
        "law",
        "languages = [\"zh-CN\", \"en\"]\nmedia = [\"sms\"]\nelement = [{ id = \"right\", text = { zh-CN = \"可申诉\" } }]",
    );
    assert_eq!(ids(&of_law(&letter)), [(Check::LetterWords, Some("l")), (Check::LetterUnused, Some("l"))]);
    let effect = rule("effect", "e", "law", "at = \"event:received\"\ndo = [\"letter:l\"]");
    let whole = letter.replace("text = { zh-CN = \"可申诉\" }", "text = { zh-CN = \"可申诉\", en = \"may appeal\" }");
    assert!(of_law(&(effect + &whole)).is_empty());
    let idle = "[[source]]\nid = \"other\"\ntitle = { zh = \"另\", en = \"other\" }\n".to_owned()
        + &clock("a", "amount = \"1d\"");
    assert_eq!(ids(&of_law(&idle)), [(Check::SourceUnused, None)]);
}

#[test]
fn a_clock_that_waits_for_a_share_is_found() {
    let share = rule(
        "clock",
        "share",
        "law",
        "kind = \"percentile\"\nstart = \"received\"\ntargets = [{ percent = 98, within = \"4w\" }, { percent = 100, within = \"6w\" }]\nwarn_at = [100]",
    );
    let waits = rule("clock", "b", "law", "start = \"expiry:share\"\nstop = \"closed\"\namount = \"1d\"");
    assert_eq!(ids(&of_law(&(share + &waits))), [(Check::NeverStarts, Some("b"))]);
    let after = clock("c", "amount = \"5bd\"").replace("\"received\"", "\"closed\"");
    assert_eq!(ids(&of_law(&after)), [(Check::NeverStarts, Some("c"))], "a closed case owes nothing more");
}

#[test]
fn days_without_a_version_are_found() {
    let text = |version: &str, from: &str, to: &str| {
        let until = if to.is_empty() { String::new() } else { format!("\nvalid_to = {to}") };
        ISO_10002.replacen("version = \"1.2.0\"", &format!("version = \"{version}\""), 1).replacen(
            "valid_from = 2018-07-01",
            &format!("valid_from = {from}{until}"),
            1,
        )
    };
    let of = |second: &str| {
        let old = Pack::load("old.toml", &text("1.0.0", "2020-01-01", "2020-12-31"), &calendars()).unwrap();
        let new = Pack::load("new.toml", &text("2.0.0", second, ""), &calendars()).unwrap();
        let packs = [pack("practice", GUIDE_STANDARD), Arc::new(old), Arc::new(new)];
        let plan = "default = \"x\"\n[[stack]]\nid = \"x\"\npacks = [\"guide-standard\", \"iso-10002\"]\n";
        let plan = Plan::load("stacks.toml", plan, &packs).unwrap();
        check(&packs, &plan).into_iter().map(|finding| finding.id).collect::<Vec<_>>()
    };
    assert_eq!(of("2021-01-02"), [Check::VersionGap]);
    assert!(of("2021-01-01").is_empty());
}

#[test]
fn figures_that_can_both_be_law_are_only_looked_at() {
    let received = clock("a", "amount = \"8w\"\nversion = { to = 2026-04-08 }");
    let happened = clock("b", "amount = \"6w\"\nversion = { fact = \"occurred_at\", from = 2025-01-01 }");
    let found = of_law(&(received + &happened));
    assert_eq!(ids(&found), [(Check::TwoLimits, Some("b"))]);
    assert_eq!(found.first().unwrap().weight, Weight::Warning, "no case need have both");
    let right =
        |id: &str, amount: &str| clock(id, &format!("kind = \"window\"\nowner = \"customer\"\namount = \"{amount}\""));
    let found = of_law(&(right("a", "30d") + &right("b", "60d")));
    assert!(found.iter().all(|one| one.weight == Weight::Warning), "two rights: {found:?}");
}

#[test]
fn a_blank_nobody_knows_is_found() {
    let letter = |words: &str| {
        format!(
            "[[letter]]\nid = \"l\"\ntitle = {{ zh = \"信\", en = \"Letter\" }}\nlayer = \"law\"\nbasis = \"law\"\nconfidence = \"high\"\nsource = \"s\"\nlanguages = [\"en\"]\nmedia = [\"post\"]\n[[letter.element]]\nid = \"e\"\ntext = {{ en = \"{words}\" }}\n"
        )
    };
    let blanks = |words: &str| {
        let found = of_law(&letter(words));
        found.into_iter().filter(|one| one.id == Check::LetterBlank).collect::<Vec<_>>()
    };
    let found = blanks("Case {number}, {nonsense}.");
    assert_eq!(found.len(), 1);
    let told = found.first().unwrap().to_string();
    assert!(told.contains("{nonsense}") && told.starts_with("law:") && told.contains("error"), "{told}");
    assert!(blanks("Case {number}: write to {contact} until {appeal_closes_at}.").is_empty());
}
