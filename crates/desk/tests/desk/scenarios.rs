//! Each country's rules from receipt to the body outside: the same complaint under every stack, worked as its pack wants
//! it, with a clock that is set forward. The transcript is printed (`--no-capture`).

use crate::{House, collect, intake, key_file, named, refusal};
use desk::library::DataFile;
use desk::time::Time;
use desk::{Caller, CaseRef, Desk, Library, Setup};
use domain::actor::Role;
use domain::case::{Case, matter};
use domain::event::{Caused, Event};
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use policy::RouteRule;
use serde_json::json;
use std::fmt::Write as _;
use std::path::Path;
use store::testing::{Scratch, each_database};
use tokio::runtime::Runtime;

/// Every stack but the Chinese, whose bodies hand over themselves, with the currency of its complaints.
const STACKS: &[(&str, &str)] = &[
    ("au", "AUD"),
    ("uk", "GBP"),
    ("za", "ZAR"),
    ("in", "INR"),
    ("ie", "EUR"),
    ("us", "USD"),
    ("ca", "CAD"),
    ("hk", "HKD"),
    ("sg", "SGD"),
    ("jp", "JPY"),
    ("de", "EUR"),
    ("es", "EUR"),
    ("eu", "EUR"),
    ("ng", "NGN"),
    ("br", "BRL"),
];

pub(crate) fn house_under(scratch: &Scratch, stack: &str) -> House {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs");
    let mut files: Vec<DataFile> = Vec::new();
    collect(&root, &root, &mut files);
    let library = Library::load_for(&files, Some(stack)).unwrap();
    // After every date on which one of the laws begins.
    let time = Time::at("2027-01-12T12:00:00+08:00".parse().unwrap());
    let zone = TimeZone::get("Asia/Shanghai").unwrap();
    let desk = Desk::open(Setup { db: scratch.open().unwrap(), library, zone, time }, &key_file(scratch)).unwrap();
    House { desk, runtime: Runtime::new().unwrap() }
}

/// A life under one stack.
struct Life<'h> {
    house: &'h House,
    clerk: Caller,
    lead: Caller,
    case: CaseRef,
    told: String,
}

impl Life<'_> {
    fn now(&self) -> Case {
        self.house.wait(self.house.desk.case(&self.clerk, &self.case)).unwrap().case
    }

    fn try_act(&mut self, verb: &str, body: serde_json::Value) -> Result<Case, desk::DeskError> {
        let who = if ["approve"].contains(&verb) { &self.lead } else { &self.clerk };
        let seen = self.now().version;
        let done = self.house.act(who, &self.case, seen, verb, body)?;
        self.say(&done.case, verb);
        Ok(done.case)
    }

    fn act(&mut self, verb: &str, body: serde_json::Value) -> Case {
        self.try_act(verb, body).unwrap_or_else(|error| panic!("{verb}: {error:?}\n{}", self.told))
    }

    fn say(&mut self, case: &Case, what: &str) {
        let _ = writeln!(self.told, "  {what}: {}", case.state.code());
    }

    /// Lets time pass and the house do what it does by itself.
    fn wait(&mut self, days: i64) {
        self.house.desk.time().advance(SignedDuration::from_hours(24 * days));
        self.house.wait(desk::jobs::timers::ring_due(&self.house.desk)).unwrap();
        let case = self.now();
        self.say(&case, &format!("{days} days later"));
    }

    /// Writes every letter that is owed and the law wants, from its draft.
    fn write_letters(&mut self) {
        let owed: Vec<String> =
            self.now().letters.iter().filter(|one| one.issued.is_none()).map(|one| one.rule.clone()).collect();
        for rule in owed {
            self.write(&rule);
        }
    }

    fn write(&mut self, letter: &str) {
        let view = self.house.wait(self.house.desk.case(&self.clerk, &self.case)).unwrap();
        let rules = self.house.desk.library().rules_of(&view.case).unwrap();
        let rule = rules.letter(letter).unwrap();
        let draft = self.house.desk.letter_draft(&view, letter, None).unwrap();
        let mut content = draft.content;
        for blank in &draft.blanks {
            content = content.replace(&format!("{{{blank}}}"), "2027-02-01");
        }
        let medium = rule.media.first().unwrap().code();
        let lacking = "x".to_owned();
        let body = |content: &str| json!({"letter": letter, "language": draft.language, "medium": medium, "content": content, "reference": "P1"});
        let refused = refusal(self.try_act("issue-letter", body(&lacking)).unwrap_err());
        assert!(refused.faults.iter().any(|fault| fault.code == "letter_lacks"), "{letter}: {refused:?}");
        self.act("issue-letter", body(&content));
        let id = self.now().letters.iter().rev().find(|one| one.rule == letter).unwrap().id;
        self.act("record-delivery", json!({"letter": id, "reference": "D1"}));
    }

    /// From the first stage of a way to its last.
    fn go_outside(&mut self, route: &RouteRule) {
        for need in route.stages.iter().flat_map(|stage| &stage.needs) {
            if let policy::Need::Letter(letter) = need
                && !self.now().letters.iter().any(|one| one.rule == *letter && one.issued.is_some())
            {
                self.write(letter);
            }
        }
        let stage = route.stages.first().unwrap();
        self.act(
            "refer",
            json!({"route": route.head.id, "reason": "asks for an answer", "number": "X-1", "reference": "R0"}),
        );
        let mut stage = stage.clone();
        for step in 1..=stage.next.len().max(8) {
            self.wait(1);
            // What the body's asking has made due.
            self.write_letters();
            let Some(next) = stage.next.first() else { break };
            self.act(
                "record-step",
                json!({"stage": next, "reference": format!("R{step}"), "remark": "as the body wrote"}),
            );
            stage = route.stage(next).unwrap().clone();
            // Ways may turn in circles; the second time round they end.
            if step > 4
                && let Some(last) = stage.next.iter().find(|next| route.stage(next).unwrap().next.is_empty())
            {
                self.act("record-step", json!({"stage": last, "reference": "R9"}));
                break;
            }
        }
        let case = self.now();
        assert!(
            case.referrals.last().unwrap().is_over(&self.house.desk.library().rules_of(&case).unwrap()),
            "{}",
            self.told
        );
    }
}

fn live(house: &House, stack: &str, currency: &str) -> String {
    let clerk = house.user("clerk", Role::Specialist, "");
    let lead = house.user("lead", Role::Supervisor, "");
    let mut body = intake();
    body["amount"] = json!({"value": "400.00", "currency": currency});
    body["external"] = json!([]);
    let done = house.try_register(&clerk, body).unwrap();
    let mut life = Life { house, clerk, lead, case: named(&done), told: format!("{stack}: {}\n", done.case.number) };
    let rules = house.desk.library().rules_of(&done.case).unwrap();
    let law = rules.packs().next().unwrap();
    assert_eq!(law.tier(), policy::Tier::Law, "{stack} has its law");
    let limits: Vec<&str> = done.case.clocks.iter().map(|clock| clock.rule.as_str()).collect();
    let _ = writeln!(life.told, "  limits: {}", limits.join(", "));
    life.act("accept", json!({}));
    life.act("propose", json!({"outcome": "a refund", "finding": "as said"}));
    life.act("approve", json!({}));
    // Nobody answers: what the law attaches to that comes about by itself.
    life.wait(130);
    life.act("reply", json!({"mode": "email", "content": "We refund the fee."}));
    life.act("set-cause", json!({"cause": "BIL.RATE"}));
    life.act("ask-satisfaction", json!({"mode": "sms"}));
    let case = life.now();
    let binding = case.letters.iter().any(|one| one.binding && one.issued.is_none());
    if binding || !case.missing_for_close(&rules, house.desk.library().taxonomy()).is_empty() {
        let refused = refusal(life.try_act("close", json!({})).unwrap_err());
        assert_eq!(refused.code, "gates_not_met", "{stack}: {refused:?}");
        let _ = writeln!(life.told, "  close: refused, a letter is missing");
    }
    life.write_letters();
    let missing = life.now().missing_for_close(&rules, house.desk.library().taxonomy());
    assert!(missing.is_empty(), "{stack}: {missing:?} after every letter was written\n{}", life.told);
    life.act("close", json!({}));
    let routes: Vec<RouteRule> = rules
        .packs()
        .flat_map(policy::Pack::routes)
        .filter(|route| !route.stages.is_empty() && !matter::is_handed_over(&route.head.id))
        .cloned()
        .collect();
    let case = life.now();
    let facts = domain::case::grade::facts(&case, &rules, house.desk.library().taxonomy());
    for route in routes.iter().filter(|route| route.head.applies.holds(&facts, Some(case.grade))) {
        let _ = writeln!(life.told, "  outside: {}", route.head.title.en);
        life.go_outside(route);
    }
    let entries = house.wait(house.desk.case(&life.clerk, &life.case)).unwrap().entries;
    for event in entries.iter().flat_map(|entry| &entry.events) {
        if let Event::EffectTaken { rule, did, binding, .. } = event {
            let did: Vec<String> = did.iter().map(|one: &Caused| format!("{one:?}")).collect();
            let _ = writeln!(life.told, "  by {rule}{}: {}", if *binding { " (law)" } else { "" }, did.join(", "));
        }
    }
    life.told
}

#[test]
fn every_country_from_receipt_to_the_body_outside() {
    for (stack, currency) in STACKS {
        each_database(|scratch| {
            let house = house_under(scratch, stack);
            println!("{}", live(&house, stack, currency));
            house.close_down();
        })
        .unwrap();
    }
}

#[test]
fn what_the_law_wants_written_keeps_a_case_from_ending() {
    // India: whoever is answered is also told by message what was done; the case does not end before.
    each_database(|scratch| {
        let house = house_under(scratch, "in");
        let told = live(&house, "in", "INR");
        assert!(told.contains("close: refused, a letter is missing"), "{told}");
        house.close_down();
    })
    .unwrap();
}
