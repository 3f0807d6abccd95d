//! Packs that govern a case together: what makes a stack, which version governs when, what windows a case has.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed test panics")]

mod shipped;

use jiff::Timestamp;
use jiff::civil::{Date, date};
use policy::{Facts, Fault, Grade, Lang, Pack, Plan, Severity, Stack, StackFault, Tier, Urgency, WindowState};
use shipped::{CN_TELECOM, GUIDE_STANDARD, ISO_10002, PLAN, calendars, facts, pack, stack};
use std::sync::Arc;

fn practice(version: &str, from: &str, more: &str) -> Arc<Pack> {
    let text = GUIDE_STANDARD.replacen("version = \"1.6.0\"", &format!("version = \"{version}\""), 1).replacen(
        "valid_from = 2025-01-01",
        &format!("valid_from = {from}\n{more}"),
        1,
    );
    pack("practice.toml", &text)
}

#[test]
fn a_stack_is_ordered_from_law_to_baseline() {
    let given = [pack("c", ISO_10002), pack("b", GUIDE_STANDARD), pack("a", CN_TELECOM)];
    let rules = Stack::new(given).unwrap();
    let tiers: Vec<Tier> = rules.packs().map(Pack::tier).collect();
    assert_eq!(tiers, Tier::ALL);
    assert_eq!(rules.clocks().next().unwrap().head.id, "statutory_answer", "law first");
    assert_eq!(rules.pack_of("progress").unwrap().id(), "guide-standard");
    assert_eq!(rules.grade(Severity::Major, Urgency::Urgent).grade, Grade::Urgent);
    assert!(rules.needs_second_reviewer(Grade::Major), "review comes from practice, the law has none");
    assert!(rules.clock("nonsense").is_none() && rules.pack_of("nonsense").is_none());
}

#[test]
fn what_does_not_go_together_is_named() {
    let law = || pack("law", CN_TELECOM);
    let guide = || pack("guide", GUIDE_STANDARD);
    let fault = |packs: Vec<Arc<Pack>>| Stack::new(packs).unwrap_err();
    assert_eq!(fault(vec![law()]), StackFault::NoGrades(vec!["cn-telecom".to_owned()]));
    assert_eq!(fault(Vec::new()), StackFault::NoGrades(Vec::new()));
    let same = fault(vec![guide(), practice("9.0.0", "2026-01-01", "")]);
    assert!(matches!(same, StackFault::SameTier { tier: Tier::Practice, .. }), "{same}");
    let clash = pack("law", &CN_TELECOM.replace("statutory_repair", "repair"));
    let twice = fault(vec![clash, guide()]);
    assert_eq!(
        twice,
        StackFault::RuleTwice { rule: "repair".into(), first: "cn-telecom".into(), second: "guide-standard".into() }
    );
    let start = GUIDE_STANDARD.find("[[grade]]").unwrap();
    let end = GUIDE_STANDARD.find("# Clocks.").unwrap();
    let grading = pack("law", &format!("{CN_TELECOM}\n{}", &GUIDE_STANDARD[start..end]));
    let twice = fault(vec![grading, guide()]);
    assert!(matches!(twice, StackFault::GradesTwice { .. }), "{twice}");
    assert!(twice.to_string().contains("cn-telecom") && twice.to_string().contains("guide-standard"));
}

fn versions(plan: &Plan, packs: &[Arc<Pack>], day: Date) -> Vec<String> {
    plan.on(packs, day).iter().map(|pack| format!("{} {}", pack.id(), pack.version())).collect()
}

#[test]
fn the_version_in_force_at_first_receipt_governs() {
    let packs = [
        pack("law", CN_TELECOM),
        practice("1.9.0", "2025-01-01", ""),
        practice("1.10.0", "2025-01-01", "valid_to = 2026-06-30"),
        practice("2.0.0", "2026-07-01", ""),
        pack("iso", ISO_10002),
    ];
    let plan = Plan::load("stacks.toml", PLAN, &packs).unwrap();
    let on = |day| versions(&plan, &packs, day);
    let whole =
        |version| vec!["cn-telecom 1.1.0".to_owned(), format!("guide-standard {version}"), "iso-10002 1.2.0".into()];
    assert_eq!(on(date(2026, 6, 30)), whole("1.10.0"), "1.10.0 comes after 1.9.0");
    assert_eq!(on(date(2026, 7, 1)), whole("2.0.0"));
    assert_eq!(on(date(2016, 7, 30)), whole("1.10.0"), "practice of old is as near as there is");
    assert_eq!(on(date(2016, 7, 29)), whole("1.10.0").split_off(1), "no such law yet");
    let ended = [packs[0].clone(), practice("1.0.0", "2025-01-01", "valid_to = 2025-12-31"), packs[4].clone()];
    let plan = Plan::load("stacks.toml", PLAN, &ended).unwrap();
    assert_eq!(versions(&plan, &ended, date(2026, 3, 1)), whole("1.0.0"), "nothing followed, so it goes on");
}

#[test]
fn a_plan_that_cannot_work_is_told_with_its_place() {
    let packs = [pack("law", CN_TELECOM), pack("guide", GUIDE_STANDARD), pack("iso", ISO_10002)];
    let load = |text: &str, packs: &[Arc<Pack>]| -> Vec<Fault> { Plan::load("stacks.toml", text, packs).unwrap_err() };
    let said = |faults: &[Fault]| faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    let unknown = said(&load(&PLAN.replace("guide-standard", "guide-standart"), &packs));
    assert!(unknown.starts_with("stacks.toml:4:") && unknown.contains("guide-standart"), "{unknown}");
    let other = said(&load(&PLAN.replace("default = \"cn\"", "default = \"fr\""), &packs));
    assert!(other.contains("there are: cn"), "{other}");
    let nothing = said(&load("default = \"cn\"", &packs));
    assert!(nothing.contains("names a stack that is not there"), "{nothing}");
    // Only from the day the second version holds do the packs clash, and still it shows at start.
    let clash = GUIDE_STANDARD
        .replacen("version = \"1.6.0\"", "version = \"2.0.0\"", 1)
        .replacen("valid_from = 2025-01-01", "valid_from = 2031-01-01", 1)
        .replace("id = \"repair\"", "id = \"statutory_repair\"");
    let later = [packs[0].clone(), packs[1].clone(), packs[2].clone(), pack("later", &clash)];
    let clash = said(&load(PLAN, &later));
    assert!(clash.contains("2031-01-01") && clash.contains("statutory_repair"), "{clash}");
}

#[test]
fn windows_follow_from_what_was_recorded() {
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let rules = stack();
    let received = at("2026-11-24T10:00:00+08:00");
    let event = at("2026-07-10T10:00:00+08:00");
    let occurred = Some(event);
    let windows = rules.windows(&facts("complaint", "B204"), occurred, received);
    let [window] = &windows.known[..] else { panic!("{windows:?}") };
    assert!(windows.missing.is_empty());
    assert_eq!(window.rule, "appeal_charging");
    assert_eq!((window.opens_at, window.closes_at), (event, at("2026-12-10T23:59:59+08:00")));
    assert_eq!(window.state(at("2026-12-10T23:59:59+08:00")), WindowState::Open, "the last second counts");
    assert_eq!(window.state(at("2026-12-11T00:00:00+08:00")), WindowState::Closed);
    assert_eq!(window.state(at("2026-07-10T09:59:59+08:00")), WindowState::Upcoming);
    for (lang, words) in [(Lang::En, ["the event", "Closes 2026-12-10"]), (Lang::Zh, ["自事发起算", "截止 2026-12-10"])]
    {
        let lines = window.explanation.lines(lang).join("\n");
        assert!(words.iter().all(|words| lines.contains(words)), "{lines}");
    }
    let rule = window.explanation.rule.as_ref().unwrap();
    assert!(rule.states_compliance && rule.grade.is_none());
    assert_eq!(rules.windows(&facts("complaint", "B204"), None, received).missing, ["occurred_at"]);
    assert_eq!(rules.windows(&facts("complaint", ""), occurred, received).missing, ["category"]);
    let praise = rules.windows(&facts("praise", ""), None, received);
    assert!(praise.known.is_empty() && praise.missing.is_empty(), "praise has no appeal");
}

#[test]
fn a_window_may_open_later_than_it_begins() {
    let text = CN_TELECOM.replacen(
        "from = \"occurred_at\"\namount = \"5mo\"",
        "from = \"received_at\"\nopens_after = \"6w\"\namount = \"3mo\"",
        1,
    );
    let rules = Stack::new([pack("law", &text), pack("guide", GUIDE_STANDARD)]).unwrap();
    let received = "2026-02-16T10:00:00+08:00".parse().unwrap();
    let windows = rules.windows(&facts("complaint", "B204"), None, received);
    let window = &windows.known[0];
    assert_eq!(window.opens_at, "2026-03-31T00:00:00+08:00".parse().unwrap(), "more than six weeks have passed");
    assert_eq!(window.closes_at, "2026-05-16T23:59:59+08:00".parse().unwrap());
}

#[test]
fn faults_of_the_new_tables_are_named() {
    let faults = |text: &str| -> String {
        let faults = Pack::load("pack.toml", text, &calendars()).map(drop).unwrap_err();
        faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    };
    for (from, to, said) in [
        (
            "{ urban = \"48h\", rural = \"72h\" }",
            "{ urban = \"72h\", rural = \"48h\" }",
            "no longer than the rural one",
        ),
        ("{ urban = \"48h\", rural = \"72h\" }", "{ urban = \"2d\", rural = \"72h\" }", "in the same unit"),
        ("{ urban = \"48h\", rural = \"72h\" }", "{ urban = \"48h\" }", "both urban and rural"),
        ("{ urban = \"48h\", rural = \"72h\" }", "{ urban = \"48h\", rural = \"72h\", major = \"1h\" }", "by grade"),
        ("{ urban = \"48h\", rural = \"72h\" }", "{}", "takes one amount"),
        ("regulator_class = \"charging\"", "regulator_class = \"chargin\"", "`chargin`"),
        ("regulator_class = \"charging\"", "grade = \"major\"", "does not hang on the grade"),
        ("from = \"occurred_at\"", "from = \"occured_at\"", "`occured_at`"),
        ("id = \"appeal_other\"", "id = \"appeal_charging\"", "a second window"),
        ("id = \"appeal_other\"", "id = \"statutory_answer\"", "is a clock and a window"),
        ("layer = \"law\"\njurisdiction", "layer = \"practice\"\njurisdiction", "belongs into a pack of layer law"),
        ("source = \"order-35\"\nowner", "source = \"order-99\"\nowner", "`order-99`"),
        ("owner = \"customer\"", "owner = \"user\"", "`user`"),
    ] {
        let text = CN_TELECOM.replacen(from, to, 1);
        assert_ne!(text, CN_TELECOM, "{from}");
        let told = faults(&text);
        assert!(told.contains(said), "{to}: {told}");
    }
    for (from, to, said) in [
        ("[repeat]\nwithin = \"30d\"", "[repeat]\nwithin = \"1mo\"", "calendar days or weeks"),
        ("[repeat]\nwithin = \"30d\"", "[repeat]\nwithin = \"30d\"\ncounting = { roll = \"next_bd\" }", "usual way"),
        ("[suspend]\nlimit = \"30d\"", "[suspend]\nwithin = \"30d\"", "`limit` is missing"),
    ] {
        let text = GUIDE_STANDARD.replacen(from, to, 1);
        assert_ne!(text, GUIDE_STANDARD, "{from}");
        let told = faults(&text);
        assert!(told.contains(said), "{to}: {told}");
    }
}

#[test]
fn an_unverified_figure_only_reminds() {
    let rules = stack();
    let from = "2026-07-03T10:00:00+08:00".parse().unwrap();
    let why = rules.explain("personal_information_answer", from, &facts("complaint", "F201"), Grade::Normal).unwrap();
    assert!(!why.rule.as_ref().unwrap().states_compliance);
    assert!(why.lines(Lang::En).join("\n").contains("A reminder only"));
    let why = rules.explain("statutory_answer", from, &facts("complaint", "F201"), Grade::Normal).unwrap();
    let lines = why.lines(Lang::En).join("\n");
    assert!(lines.contains("unanswered after 15 days the user may appeal (Order 35 art. 10)"), "{lines}");
    let facts = Facts { area_type: None, ..facts("fault_report", "") };
    let why = rules.explain("statutory_repair", from, &facts, Grade::Normal).unwrap();
    assert!(why.lines(Lang::Zh).join("\n").contains("按较严的城镇期限计"));
}
