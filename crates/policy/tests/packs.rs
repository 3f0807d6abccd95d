//! The packs and calendars this product ships, held against deadlines counted by hand.
//!
//! `packs/vectors/*.csv` has one deadline a line: which rule; what it is counted from (a fact, `stage:route/stage`,
//! `outside`, what a window or a time of keeping begins with, the cycle of a report); for which case and moment; when it
//! is due (`none`: the rule gives the case nothing); whether the calendar of those days is still provisional; and the days
//! as a person counts them. Law, calendar or code may change; then a line here changes with it, on purpose. A version that
//! older cases name keeps the lines it had.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed test panics")]

mod shipped;

use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan};
use policy::{
    Counting, DayKind, Facts, Grade, Layer, Note, Pack, RetentionRule, Stack, StageRef, Start, StartFact, WindowFrom,
    due_at,
};
use shipped::{
    CN_TELECOM, CN_TELECOM_1_0_0, GUIDE_STANDARD, GUIDE_STANDARD_1_0_0, GUIDE_STANDARD_1_1_0, GUIDE_STANDARD_1_2_0,
    GUIDE_STANDARD_1_3_0, GUIDE_STANDARD_1_4_0, GUIDE_STANDARD_1_5_0, ISO_10002, calendar, facts, pack, stack,
};
use std::collections::BTreeMap;

const VECTORS: [(&str, &str); 2] = [
    (GUIDE_STANDARD, include_str!("../../../packs/vectors/guide-standard.csv")),
    (CN_TELECOM, include_str!("../../../packs/vectors/cn-telecom.csv")),
];
const GUIDE_1_1_0: &str = include_str!("../../../packs/vectors/guide-standard-1.1.0.csv");
const GUIDE_1_2_0: &str = include_str!("../../../packs/vectors/guide-standard-1.2.0.csv");
const GUIDE_1_3_0: &str = include_str!("../../../packs/vectors/guide-standard-1.3.0.csv");
const GUIDE_1_4_0: &str = include_str!("../../../packs/vectors/guide-standard-1.4.0.csv");
const GUIDE_1_5_0: &str = include_str!("../../../packs/vectors/guide-standard-1.5.0.csv");
const CN_1_0_0: &str = include_str!("../../../packs/vectors/cn-telecom-1.0.0.csv");
/// The columns there can be; the product is left out where no rule asks for it.
const COLUMNS: [&str; 11] =
    ["rule", "fact", "kind", "category", "grade", "area", "product", "from", "due_at", "provisional", "remark"];
/// Vectors of the periods, which are neither clocks nor windows.
const PERIODS: [&str; 4] = ["reopen", "suspend", "repeat", "contact_hours"];

/// One line of the vectors.
struct Vector {
    line: usize,
    rule: &'static str,
    fact: &'static str,
    facts: Facts,
    grade: Grade,
    from: Timestamp,
    due_at: Option<Timestamp>,
    provisional: bool,
}

impl Vector {
    fn parse(line: usize, columns: &[&str], text: &'static str) -> Self {
        let fields: Vec<&'static str> = text.split(',').collect();
        assert_eq!(fields.len(), columns.len(), "line {line}: a comma too many or too few");
        let of: BTreeMap<&str, &'static str> = columns.iter().copied().zip(fields).collect();
        let field = |name: &str| of.get(name).copied().unwrap_or_default();
        let some = |name: &str| Some(field(name).to_owned()).filter(|value| !value.is_empty());
        assert!(!field("remark").is_empty(), "line {line}: says not how it was counted");
        // What hangs on no case has none.
        let case = match field("kind") {
            "" => Facts::default(),
            kind => facts(kind, field("category")),
        };
        for (name, known) in [("area", Facts::AREA_TYPES), ("product", Facts::PRODUCTS)] {
            assert!(field(name).is_empty() || known.contains(&field(name)), "line {line}: {name}");
        }
        Self {
            line,
            rule: field("rule"),
            fact: field("fact"),
            facts: Facts { area_type: some("area"), product: some("product"), ..case },
            grade: Grade::from_code(Some(field("grade")).filter(|grade| !grade.is_empty()).unwrap_or("normal"))
                .unwrap(),
            from: field("from").parse().unwrap(),
            due_at: (field("due_at") != "none").then(|| field("due_at").parse().unwrap()),
            provisional: match field("provisional") {
                "yes" => true,
                "no" => false,
                other => panic!("line {line}: {other}"),
            },
        }
    }

    fn check(&self, rules: &Stack) {
        let Self { line, rule, from, .. } = self;
        let retention = rules.packs().find_map(|pack| Some((pack, by_id(pack, rule)?)));
        match *rule {
            "reopen" => assert_eq!(rules.reopen_until(*from), self.due_at, "line {line}"),
            "suspend" => assert_eq!(rules.suspend_until(*from), self.due_at, "line {line}"),
            "repeat" => assert_eq!(rules.repeat_since(*from), self.due_at, "line {line}"),
            "contact_hours" => {
                let (hours, calendar) = rules.contact_hours("").unwrap();
                assert_eq!(hours.next(*from, calendar), self.due_at, "line {line}");
            }
            _ if rules.window(rule).is_some() => self.check_window(rules),
            _ if rules.packs().any(|pack| pack.reports().iter().any(|report| report.head.id == *rule)) => {
                self.check_report(rules);
            }
            _ => match retention {
                Some((pack, kept)) => {
                    assert_eq!(self.fact, kept.from.code(), "line {line}");
                    let least = kept.min.unwrap();
                    let until = due_at(*from, least, &Counting::usual(least), pack.calendar());
                    assert_eq!(Some(until), self.due_at, "line {line}: {rule}");
                }
                None => self.check_clock(rules),
            },
        }
    }

    fn check_report(&self, rules: &Stack) {
        let Self { line, rule, facts, from, .. } = self;
        let mut all = rules.packs().flat_map(|pack| pack.reports().iter().map(move |report| (pack, report)));
        let (pack, report) = all.find(|(_, report)| report.head.id == *rule).unwrap();
        assert_eq!(self.fact, report.period.code(), "line {line}");
        let due = due_at(*from, report.due, &report.counting.complete(report.due), pack.calendar());
        let held = report.head.holds(facts, None, *from, pack.calendar().zone());
        assert_eq!(held.then_some(due), self.due_at, "line {line}: {rule}");
    }

    fn check_window(&self, rules: &Stack) {
        let Self { line, rule, facts, from, .. } = self;
        let counted = WindowFrom::from_code(self.fact).unwrap();
        let windows = match counted {
            WindowFrom::OccurredAt => rules.windows(facts, Some(*from), Timestamp::UNIX_EPOCH),
            WindowFrom::ReceivedAt => rules.windows(facts, None, *from),
            WindowFrom::ContractDocumentAt => {
                let facts = Facts { contract_document_at: Some(*from), ..facts.clone() };
                rules.windows(&facts, None, *from)
            }
        };
        let window = windows.known.iter().find(|window| window.rule == *rule);
        assert_eq!(window.map(|window| window.closes_at), self.due_at, "line {line}: {rule}");
        assert!(window.is_none_or(|window| window.explanation.due_at == window.closes_at), "line {line}");
    }

    fn check_clock(&self, rules: &Stack) {
        let Self { line, rule, facts, grade, from, .. } = self;
        let start = rules.clock(rule).and_then(|rule| rule.start.iter().find(|start| start.to_string() == self.fact));
        let started = match start.unwrap_or_else(|| panic!("line {line}: {rule} never starts so")) {
            Start::Fact(fact) => Some(rules.clocks_started_by(*fact, facts, *grade, *from)),
            Start::Stage(stage) => Some(rules.clocks_started_in(stage, facts, *grade, *from)),
            Start::Expiry(clock) => Some(rules.clocks_started_after(clock, facts, *grade, *from)),
            Start::Letter(letter) => Some(rules.clocks_started_with(letter, facts, *grade, *from)),
            Start::Outside => None,
        };
        if let Some(started) = started {
            let due_at = started.iter().find(|started| started.rule == *rule).map(|started| started.due_at);
            assert_eq!(due_at, self.due_at, "line {line}: {rule}");
        }
        let again = rules.recompute(rule, *from, facts, *grade).map(|started| started.due_at);
        assert_eq!(again, self.due_at, "line {line}: {rule} counted again");
        let why = rules.explain(rule, *from, facts, *grade);
        assert_eq!(why.as_ref().map(|why| why.due_at), self.due_at, "line {line}: {rule} explained");
        let note = |wanted: fn(&Note) -> bool| why.as_ref().is_some_and(|why| why.notes.iter().any(wanted));
        let provisional = note(|note| matches!(note, Note::Provisional { .. }));
        assert_eq!(provisional, self.provisional, "line {line}: {rule} provisional");
        let by_area = rules.clock(rule).is_some_and(|rule| rule.limit.is_by_area());
        let assumed = by_area && self.due_at.is_some() && facts.area_type.is_none();
        assert_eq!(note(|note| matches!(note, Note::AreaAssumed)), assumed, "line {line}: an assumption is told");
    }
}

fn by_id<'p>(pack: &'p Pack, id: &str) -> Option<&'p RetentionRule> {
    pack.retentions().iter().find(|rule| rule.head.id == id)
}

fn vectors(text: &'static str) -> Vec<Vector> {
    let (header, rows) = text.split_once('\n').unwrap();
    let columns: Vec<&str> = header.split(',').collect();
    assert!(columns.iter().all(|column| COLUMNS.contains(column)), "{header}");
    rows.lines().enumerate().map(|(row, text)| Vector::parse(row + 2, &columns, text)).collect()
}

#[test]
fn every_deadline_counted_by_hand() {
    let rules = stack();
    for (_, text) in VECTORS {
        let vectors = vectors(text);
        assert!(vectors.len() >= 24);
        for vector in vectors {
            vector.check(&rules);
        }
    }
}

/// What a case began under goes on to hold for it.
#[test]
fn older_versions_count_as_they_always_did() {
    let first = Stack::new([pack("guide-standard-1.0.0.toml", GUIDE_STANDARD_1_0_0)]).unwrap();
    let (mut checked, new_facts) = (0, ["disputed"]);
    for vector in vectors(GUIDE_1_1_0) {
        let known = first.clock(vector.rule).is_some() || vector.rule == "reopen";
        if known && !new_facts.contains(&vector.fact) {
            vector.check(&first);
            checked += 1;
        }
    }
    assert!(checked >= 50, "{checked}");
    let second =
        [pack("cn-telecom-1.0.0.toml", CN_TELECOM_1_0_0), pack("guide-standard-1.1.0.toml", GUIDE_STANDARD_1_1_0)];
    let second = Stack::new(second).unwrap();
    for vector in vectors(GUIDE_1_1_0).into_iter().chain(vectors(CN_1_0_0)) {
        vector.check(&second);
    }
    let third = [pack("cn-telecom.toml", CN_TELECOM), pack("guide-standard-1.2.0.toml", GUIDE_STANDARD_1_2_0)];
    let third = Stack::new(third).unwrap();
    for vector in vectors(GUIDE_1_2_0) {
        vector.check(&third);
    }
    let fourth = [pack("cn-telecom.toml", CN_TELECOM), pack("guide-standard-1.3.0.toml", GUIDE_STANDARD_1_3_0)];
    let fourth = Stack::new(fourth).unwrap();
    for vector in vectors(GUIDE_1_3_0) {
        vector.check(&fourth);
    }
    let fifth = [pack("cn-telecom.toml", CN_TELECOM), pack("guide-standard-1.4.0.toml", GUIDE_STANDARD_1_4_0)];
    let fifth = Stack::new(fifth).unwrap();
    for vector in vectors(GUIDE_1_4_0) {
        vector.check(&fifth);
    }
    let sixth = [pack("cn-telecom.toml", CN_TELECOM), pack("guide-standard-1.5.0.toml", GUIDE_STANDARD_1_5_0)];
    let sixth = Stack::new(sixth).unwrap();
    for vector in vectors(GUIDE_1_5_0) {
        vector.check(&sixth);
    }
}

/// A figure nobody counted by hand is a figure nobody checked.
#[test]
fn every_rule_and_amount_has_its_vectors() {
    for (rules, text) in VECTORS {
        let pack = pack("pack.toml", rules);
        let vectors = vectors(text);
        let count = |rule: &str, which: &dyn Fn(&Vector) -> bool| {
            vectors.iter().filter(|vector| vector.rule == rule && vector.due_at.is_some() && which(vector)).count()
        };
        for rule in PERIODS.into_iter().filter(|_| pack.reopen().is_some()) {
            assert!(count(rule, &|_| true) >= 3, "{rule}: fewer than 3 vectors");
        }
        let windows = pack.windows().iter().map(|rule| &rule.head);
        let kept = pack.retentions().iter().map(|rule| &rule.head);
        for head in windows.chain(kept).chain(pack.reports().iter().map(|rule| &rule.head)) {
            assert!(count(&head.id, &|_| true) >= 3, "{}: fewer than 3 vectors", head.id);
        }
        for rule in pack.clocks() {
            assert!(count(&rule.head.id, &|_| true) >= 3, "{}: fewer than 3 vectors", rule.head.id);
            for grade in Grade::ALL {
                for area in Facts::AREA_TYPES {
                    let has = rule.limit.of(*grade, Some(area)).is_some();
                    let of_grade = |vector: &Vector| vector.grade == *grade;
                    let of_area = |vector: &Vector| vector.facts.area_type.as_deref() == Some(area);
                    let counted = count(&rule.head.id, if rule.limit.is_by_area() { &of_area } else { &of_grade });
                    assert_eq!(counted > 0, has, "{}, {}, {area}", rule.head.id, grade.code());
                }
            }
        }
    }
}

/// The duties of the product's list, each found by its number, and none of them law on weaker ground than it stands.
#[test]
fn every_duty_of_the_list_is_there() {
    let law = pack("cn-telecom.toml", CN_TELECOM);
    // What was seen to be law; all other duties remind.
    let seen = [1, 2, 3, 6, 8, 9, 10, 11, 13, 14, 16, 18, 19, 20, 21, 22, 23];
    for number in 1..=27 {
        let name = format!("cn-{number:02}");
        let named: Vec<_> = law.heads().filter(|(_, head)| head.answers_to(&name)).collect();
        let [(_, head)] = &named[..] else { panic!("{name}: {} rules", named.len()) };
        assert_eq!(head.layer == Layer::Law, seen.contains(&number), "{name}");
    }
    for (_, head) in law.heads().filter(|(_, head)| head.known_as.iter().any(|name| name.starts_with("cn-"))) {
        assert!(head.note.is_some() || head.layer == Layer::Law, "{}: a reminder says why it only reminds", head.id);
    }
    for (name, rule) in [
        ("appeal_accept_5wd", "appeal_admission"),
        ("mobile_fault_repair_max_48h", "mobile_fault_repair"),
        ("billing_appeal_window_5m", "appeal_charging"),
    ] {
        assert!(law.heads().any(|(_, head)| head.answers_to(name) && head.id == rule), "{name}");
    }
}

/// Duties that hang on no case start nothing in one, whatever happens to it.
#[test]
fn no_duty_of_the_house_runs_in_a_case() {
    let rules = stack();
    for rule in rules.clocks().filter(|rule| rule.start.contains(&Start::Outside)) {
        assert_eq!(rule.start.len(), 1, "{}", rule.head.id);
    }
    let started = |kind: &str, category: &str, grade| -> Vec<String> {
        let at = "2026-07-03T10:00:00+08:00".parse().unwrap();
        let started = rules.clocks_started_by(StartFact::Received, &facts(kind, category), grade, at);
        started.into_iter().map(|started| started.rule).collect()
    };
    assert_eq!(started("praise", "", Grade::Normal), ["first_handling", "response"]);
    assert_eq!(started("enquiry", "F203", Grade::Normal), ["first_handling", "response"]);
    let common = ["first_handling", "first_contact", "response", "progress", "grade_response", "grade_solution"];
    let with = |law: &[&'static str]| [law, &common[..]].concat();
    assert_eq!(started("complaint", "B204", Grade::Normal), with(&["statutory_answer"]));
    assert_eq!(started("complaint", "B208", Grade::Urgent), with(&["statutory_answer"]), "the customer knows the bill");
    assert_eq!(started("service_request", "F203", Grade::Normal), with(&["rights_request"]));
    assert_eq!(started("complaint", "C501", Grade::Normal), with(&["statutory_answer"]));
    assert_eq!(started("complaint", "F201", Grade::Normal), with(&["statutory_answer", "personal_information_answer"]));
}

/// Hotlines and others have limits of their own; the ministry's ten days are the appeal body's.
#[test]
fn ten_days_are_for_appeals() {
    let rules = stack();
    let at = "2026-07-03T10:00:00+08:00".parse().unwrap();
    for (route, owed) in
        [("miit_appeal", true), ("market_supervision_12315", false), ("government_hotline_12345", false)]
    {
        let stage = StageRef { route: route.to_owned(), stage: "transferred".to_owned() };
        let started = rules.clocks_started_in(&stage, &facts("complaint", "B204"), Grade::Normal, at);
        assert_eq!(started.iter().any(|started| started.rule == "regulator_feedback"), owed, "{route}");
    }
    let plain = rules.clocks_started_by(StartFact::HandedOff, &facts("complaint", "B204"), Grade::Normal, at);
    assert!(plain.is_empty(), "{plain:?}");
}

/// A fault that turns out to lie in the customer's own device is none of the operator's.
#[test]
fn a_device_of_the_customers_own_has_no_limit_of_repair() {
    let rules = stack();
    let at = "2026-07-03T10:00:00+08:00".parse().unwrap();
    for (category, repairs) in
        [("A301", ["statutory_repair", "repair"]), ("A101", ["mobile_fault_repair", "repair_mobile"])]
    {
        let mut facts = facts("fault_report", category);
        let running = |facts: &Facts| -> Vec<&str> {
            repairs.into_iter().filter(|rule| rules.recompute(rule, at, facts, Grade::Normal).is_some()).collect()
        };
        assert_eq!(running(&facts), repairs);
        facts.cause = Some("CUS.EQUIP".to_owned());
        assert!(running(&facts).is_empty(), "{category}");
    }
}

#[test]
fn some_regions_keep_hours_of_their_own() {
    let rules = stack();
    assert!(rules.contact_hours("110000").is_some());
    assert!(rules.contact_hours("540100").is_none() && rules.contact_hours("650000").is_none());
}

#[test]
fn the_last_moment_for_a_message_before_another_is_found() {
    let rules = stack();
    let (hours, calendar) = rules.contact_hours("110000").unwrap();
    for (at, last) in [
        ("2026-11-26T10:00:00+08:00", "2026-11-26T10:00:00+08:00"),
        ("2026-11-26T12:00:00+08:00", "2026-11-26T11:59:59+08:00"),
        ("2026-11-26T13:30:00+08:00", "2026-11-26T11:59:59+08:00"),
        ("2026-11-26T07:00:00+08:00", "2026-11-25T18:59:59+08:00"),
        // Monday morning: the hours of a Sunday end at half past six.
        ("2026-11-30T08:00:00+08:00", "2026-11-29T18:29:59+08:00"),
    ] {
        let moment = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(hours.before(moment(at), calendar), Some(moment(last)), "{at}");
    }
}

/// The baseline states no figures, because the standard states none.
#[test]
fn the_baseline_states_no_figure() {
    let baseline = pack("iso-10002.toml", ISO_10002);
    assert!(baseline.clocks().is_empty() && baseline.windows().is_empty() && baseline.reports().is_empty());
    assert!(baseline.retentions().is_empty() && baseline.compensations().is_empty());
    assert!(!baseline.letters().is_empty() && !baseline.gates().is_empty());
}

/// What the yearly notices sum up to: days off listed, days worked in exchange, working days of the year.
#[test]
fn the_announced_years_add_up() {
    let calendar = calendar();
    for (year, off, made_up, worked) in [(2025, 28, 5, 248), (2026, 33, 6, 248)] {
        let days: Vec<Date> = date(year, 1, 1).series(1.day()).take_while(|day| day.year() == year).collect();
        let kinds =
            |wanted: fn(DayKind<'_>) -> bool| days.iter().filter(|day| wanted(calendar.day_kind(**day))).count();
        assert_eq!(kinds(|kind| matches!(kind, DayKind::Holiday(_))), off, "{year}");
        assert_eq!(kinds(|kind| matches!(kind, DayKind::MakeUp(_))), made_up, "{year}");
        assert_eq!(days.iter().filter(|day| calendar.is_business_day(**day)).count(), worked, "{year}");
        assert!(days.iter().all(|day| calendar.provisional_note(*day).is_none()), "{year}");
    }
}

/// What is not announced is not claimed: days outside the announced years carry a warning.
#[test]
fn years_not_announced_say_so() {
    let calendar = calendar();
    for day in [date(2027, 1, 1), date(2027, 2, 8), date(2027, 12, 31), date(2028, 1, 1), date(2024, 12, 31)] {
        assert!(calendar.provisional_note(day).is_some(), "{day}");
    }
    for fixed in [date(2027, 1, 1), date(2027, 5, 1), date(2027, 5, 2), date(2027, 10, 1), date(2027, 10, 3)] {
        assert!(matches!(calendar.day_kind(fixed), DayKind::Holiday(_)), "{fixed}");
    }
}
