//! Routing, the pool and the conflict guard, on both databases.

use crate::staff::{signed_in, unit};
use crate::{House, NOON, house, intake, key_file, open_with, refusal, shipped};
use desk::activation::{self, NewActivation};
use desk::organisation::{self, NewAbsence, UserChange};
use desk::register::OnceOnly;
use desk::routing::{DryRun, Remark, dry_run};
use desk::time::Time;
use desk::{Caller, CaseRef, DeskError, Library};
use domain::actor::Role;
use domain::case::{Case, State};
use domain::ids::UnitId;
use domain::routing::How;
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use store::testing::{Scratch, each_database};
use tokio::runtime::Runtime;

const TABLE: &str = r#"
[[routing]]
id = "route-bill"
title = { zh = "资费争议", en = "Billing" }
basis = "proposal"
confidence = "unverified"
source = "guide"
applies = { category_prefix = "B", product = "mobile" }
regions = ["31"]
unit = "bill"
to = "person"
skill = "billing"
care = "care"

[[routing]]
id = "route-net"
title = { zh = "网络质量", en = "Network" }
basis = "proposal"
confidence = "unverified"
source = "guide"
applies = { category_prefix = "A" }
unit = "net"

[[routing]]
id = "route-gone"
title = { zh = "专线", en = "Leased lines" }
basis = "proposal"
confidence = "unverified"
source = "guide"
applies = { product = "leased_line" }
unit = "nowhere"
"#;

/// The shipped practice pack with the table, as it would be edited.
fn practice(table: &str) -> String {
    let files = shipped();
    let guide = files.iter().find(|file| file.path == "guide-standard.toml").unwrap();
    let source = guide.text.split("[[source]]").nth(1).unwrap();
    let source = source.split("id = \"").nth(1).unwrap().split('"').next().unwrap();
    format!("{}\n{}", guide.text, table.replace("source = \"guide\"", &format!("source = \"{source}\"")))
}

fn with_table(scratch: &Scratch) -> House {
    let mut files = shipped();
    files.iter_mut().find(|file| file.path == "guide-standard.toml").unwrap().text = practice(TABLE);
    let library = Library::load(&files).unwrap();
    let desk = open_with(scratch, library, Time::at(NOON.parse().unwrap()), &key_file(scratch)).unwrap();
    House { desk, runtime: Runtime::new().unwrap() }
}

struct Shop {
    house: House,
    bill: UnitId,
    net: UnitId,
    agent: Caller,
    /// Billing; `two` looks after customers who come first as well.
    one: Caller,
    two: Caller,
    net_one: Caller,
    net_two: Caller,
}

impl Shop {
    fn of(house: House) -> Self {
        let root = Some(house.desk.root());
        let (bill, net) = (unit(&house, "bill", root, "31"), unit(&house, "net", root, ""));
        let shop = Self {
            bill,
            net,
            agent: signed_in(&house, "agent", Role::Agent, house.desk.root()),
            one: signed_in(&house, "one", Role::Agent, bill),
            two: signed_in(&house, "two", Role::Agent, bill),
            net_one: signed_in(&house, "net-one", Role::Agent, net),
            net_two: signed_in(&house, "net-two", Role::Agent, net),
            house,
        };
        shop.skilled("one", &["billing"]);
        shop.skilled("two", &["billing", "care"]);
        shop
    }

    fn skilled(&self, user: &str, skills: &[&str]) {
        let skills = skills.iter().map(|skill| (*skill).to_owned()).collect();
        let change = UserChange { skills: Some(skills), ..UserChange::default() };
        organisation::change_user(&self.house.desk, &self.house.system(), user, &change).unwrap();
    }

    fn away(&self, user: &Caller, deputy: Option<&Caller>) {
        let until = self.house.desk.time().now() + SignedDuration::from_hours(48);
        let deputy = deputy.and_then(|deputy| deputy.actor.user());
        let new = NewAbsence { user: user.actor.user(), from: None, until, deputy };
        organisation::add_absence(&self.house.desk, &self.house.system(), &new).unwrap();
    }

    fn register(&self, more: Value) -> Case {
        let mut value = intake();
        for (name, given) in more.as_object().unwrap() {
            match (value[name].as_object_mut(), given.as_object()) {
                (Some(inner), Some(given)) => inner.extend(given.clone()),
                _ => value[name] = given.clone(),
            }
        }
        self.house.try_register(&self.agent, value).unwrap().case
    }

    fn act(&self, who: &Caller, case: &Case, verb: &str, body: Value) -> Result<Case, DeskError> {
        self.house.act(who, &CaseRef::Id(case.id), case.version, verb, body).map(|done| done.case)
    }

    fn refused(&self, who: &Caller, case: &Case, verb: &str, body: Value) -> String {
        let refusal = refusal(self.act(who, case, verb, body).unwrap_err());
        refusal.faults.first().map_or(refusal.code, |fault| fault.code).to_owned()
    }

    fn claim(&self, who: &Caller) -> Result<Case, DeskError> {
        self.house.wait(self.house.desk.claim_next(who, None)).map(|done| done.case)
    }
}

fn each(test: impl Fn(&Shop) + Copy) {
    each_database(|scratch| {
        let shop = Shop::of(with_table(scratch));
        test(&shop);
        let report = desk::verify::verify(shop.house.desk.db(), None).unwrap();
        assert!(report.is_whole(), "{:?}", report.findings);
        shop.house.close_down();
    })
    .unwrap();
}

#[test]
fn a_contact_goes_to_whom_the_table_names_at_once() {
    each(|shop| {
        let (one, two) = (shop.one.actor.user(), shop.two.actor.user());
        let first = shop.register(json!({}));
        assert_eq!((first.state, first.first_owner.user), (State::Registered, shop.agent.actor.user()));
        assert_eq!(first.owner.unit, shop.bill);
        let routed = first.routed.clone().unwrap();
        assert_eq!(
            (routed.pack.as_str(), routed.rule.as_str(), routed.how),
            ("guide-standard", "route-bill", How::Load)
        );
        assert_eq!(first.version, 1, "in the first entry");
        // The one who has less gets the next, and of equals the one who has waited longer.
        shop.house.desk.time().advance(SignedDuration::from_secs(1));
        let second = shop.register(json!({}));
        assert_eq!(BTreeSet::from([first.owner.user, second.owner.user]), BTreeSet::from([one, two]));
        shop.house.desk.time().advance(SignedDuration::from_secs(1));
        assert_eq!(shop.register(json!({})).owner.user, first.owner.user);
        // High stars and vulnerable customers go to who looks after them, however much they have.
        for more in [json!({"subscription": {"star": 4}}), json!({"complainant": {"vulnerable": ["elderly"]}})] {
            for _ in 0..2 {
                let case = shop.register(more.clone());
                assert_eq!((case.owner.user, case.routed.unwrap().how), (two, How::Care), "{more}");
            }
        }
        assert_eq!(shop.register(json!({"subscription": {"star": 3}})).owner.user, one);
        // Other regions and other products have no row: the case stays with who registered it.
        assert_eq!(shop.register(json!({"region": "330100"})).owner.user, shop.agent.actor.user());
        // A unit that is not there keeps nothing: it stays as well.
        let lost = shop.register(json!({"subscription": {"product": "leased_line"}, "category": "B204"}));
        assert_eq!((lost.owner.user, lost.routed.clone()), (shop.agent.actor.user(), None));
        assert_eq!(shop.refused(&shop.agent, &lost, "route", json!({})), "routing_unit");
        let explained = shop.house.wait(shop.house.desk.explain_routing(&shop.agent, &CaseRef::Id(lost.id))).unwrap();
        let looked: Vec<_> = explained.rows.iter().map(|row| (row.rule.as_str(), row.looked.code())).collect();
        let told = [("route-bill", "not_its_case"), ("route-net", "not_its_case"), ("route-gone", "applies")];
        assert_eq!(looked, told);
    });
}

#[test]
fn absence_deputy_and_queue_are_respected() {
    each(|shop| {
        shop.skilled("two", &[]);
        shop.away(&shop.one, Some(&shop.two));
        let case = shop.register(json!({}));
        assert_eq!((case.owner.user, case.instead_of), (shop.two.actor.user(), shop.one.actor.user()));
        assert_eq!(case.routed.unwrap().how, How::Away);
        shop.skilled("one", &[]);
        let case = shop.register(json!({}));
        assert_eq!((case.owner.user, case.owner.unit, case.routed.unwrap().how), (None, shop.bill, How::Nobody));
    });
}

#[test]
fn never_to_whom_the_complaint_is_about() {
    each(|shop| {
        let (one, two) = (shop.one.actor.user().unwrap(), shop.two.actor.user().unwrap());
        for _ in 0..3 {
            let case = shop.register(json!({"about_staff": one.to_string()}));
            assert_eq!(case.owner.user, Some(two));
        }
        let case = shop.register(json!({"about_staff": one.to_string()}));
        for (verb, body) in [
            ("assign", json!({"user": one.to_string()})),
            ("transfer", json!({"user": one.to_string(), "reason": "转"})),
            ("dispatch", json!({"order_kind": "handle", "user": one.to_string(), "task": "查"})),
        ] {
            assert_eq!(shop.refused(&shop.two, &case, verb, body), "complaint_is_about_them", "{verb}");
        }
        assert_eq!(shop.refused(&shop.one, &case, "accept", json!({})), "not_found");
        // A deputy it is about does not get it either: the queue does.
        shop.away(&shop.two, Some(&shop.one));
        let queued = shop.register(json!({"about_staff": one.to_string()}));
        assert_eq!((queued.owner.user, queued.owner.unit), (None, shop.bill));
        assert_eq!(refusal(shop.claim(&shop.one).unwrap_err()).code, "queue_empty");
        // Whom it is about may write it down, and then holds nothing.
        let net = shop.net_one.actor.user().unwrap().to_string();
        let mut own = intake();
        own["about_staff"] = json!(net);
        own["region"] = json!("330100");
        let own = shop.house.try_register(&shop.net_one, own).unwrap().case;
        assert_eq!((own.owner.user, own.owner.unit), (None, shop.net));
        let nobody = json!({"about_staff": "0198c0de-0000-7000-8000-000000000000"});
        let mut value = intake();
        value["about_staff"] = nobody["about_staff"].clone();
        assert_eq!(refusal(shop.house.try_register(&shop.agent, value).unwrap_err()).faults[0].code, "unknown_user");
    });
}

#[test]
fn the_next_case_of_the_pool_is_taken_in_order() {
    each(|shop| {
        let net = |more: Value| {
            shop.house.desk.time().advance(SignedDuration::from_secs(60));
            let mut all = json!({"category": "A101"});
            all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            shop.register(all)
        };
        let (first, second) = (net(json!({})), net(json!({})));
        let star = net(json!({"subscription": {"star": 5}}));
        assert_eq!((first.owner.user, first.owner.unit), (None, shop.net));
        assert_eq!(shop.house.wait(shop.house.desk.waiting(&shop.net_one, 100)).unwrap(), 3);
        let taken = shop.claim(&shop.net_one).unwrap();
        assert_eq!((taken.id, taken.state, taken.owner.user), (star.id, State::Accepted, shop.net_one.actor.user()));
        // A repeated request gets the same case, not the next one.
        let once = OnceOnly { key: "claim-1", body: b"queue/claim" };
        let claim = || shop.house.wait(shop.house.desk.claim_next(&shop.net_two, Some(once))).unwrap();
        let (one, again) = (claim(), claim());
        assert_eq!((one.case.id, one.replayed), (first.id, false));
        assert_eq!((again.case.id, again.replayed), (first.id, true));
        assert_eq!(shop.claim(&shop.net_one).unwrap().id, second.id);
        assert_eq!(refusal(shop.claim(&shop.net_one).unwrap_err()).code, "queue_empty");
        assert_eq!(refusal(shop.claim(&shop.one).unwrap_err()).code, "queue_empty", "other units' are not theirs");
        // What is given back waits again.
        let back =
            shop.act(&shop.net_two, &one.case, "transfer", json!({"unit": shop.net.to_string(), "reason": "轮休"}));
        assert_eq!(back.unwrap().owner.user, None);
        assert_eq!(shop.claim(&shop.net_one).unwrap().id, first.id);
    });
}

#[test]
fn two_who_claim_never_get_the_same_case() {
    each_database(|scratch| {
        let shop = Shop::of(with_table(scratch));
        let cases: BTreeSet<_> = (0..12).map(|_| shop.register(json!({"category": "A101"})).id.0).collect();
        let desk = Arc::new(shop.house.desk.clone());
        let claimed = shop.house.wait(async {
            let mut tasks = Vec::new();
            for n in 0..16 {
                let (desk, who) =
                    (Arc::clone(&desk), if n % 2 == 0 { shop.net_one.clone() } else { shop.net_two.clone() });
                tasks.push(tokio::spawn(async move { desk.claim_next(&who, None).await.map(|done| done.case.id.0) }));
            }
            let mut claimed = Vec::new();
            for task in tasks {
                claimed.push(task.await.unwrap());
            }
            claimed
        });
        let (got, empty): (Vec<_>, Vec<_>) = claimed.into_iter().partition(Result::is_ok);
        let got: Vec<_> = got.into_iter().map(Result::unwrap).collect();
        assert_eq!((got.len(), empty.len()), (12, 4));
        assert_eq!(got.iter().copied().collect::<BTreeSet<_>>(), cases, "each once");
        for error in empty {
            assert_eq!(refusal(error.unwrap_err()).code, "queue_empty");
        }
        shop.house.close_down();
    })
    .unwrap();
}

#[test]
fn a_dry_run_says_where_past_cases_would_go() {
    each(|shop| {
        for _ in 0..3 {
            shop.register(json!({}));
        }
        shop.register(json!({"category": "A101"}));
        shop.register(json!({"region": "330100"}));
        let before = shop.house.wait(shop.house.desk.waiting(&shop.net_one, 100)).unwrap();
        let text = practice(&TABLE.replacen("unit = \"bill\"", "unit = \"net\"", 1));
        let (head, rest) = text.split_once("version = \"").unwrap();
        let text = format!("{head}version = \"9.0.0\"{}", rest.split_once('"').unwrap().1);
        let tally = dry_run(&shop.house.desk, &shop.house.system(), &DryRun { since: None, text }, None).unwrap();
        assert_eq!((tally.cases, tally.changed, tally.no_row, tally.complete), (5, 3, 1, true), "{tally:?}");
        let rows: Vec<_> = tally.rows.iter().map(|row| (row.rule.as_str(), row.cases, row.changed)).collect();
        assert_eq!(rows, [("route-bill", 3, 3), ("route-net", 1, 0), ("route-gone", 0, 0)]);
        let remarks: Vec<_> =
            tally.remarks.iter().map(|one| (one.rule.as_str(), one.remark, one.name.as_str())).collect();
        let billing = Remark::UnknownSkill;
        assert_eq!(
            remarks,
            [
                ("route-bill", billing, "billing"),
                ("route-bill", Remark::UnknownCare, "care"),
                ("route-gone", Remark::UnknownUnit, "nowhere")
            ]
        );
        assert_eq!(tally.rows[0].told.len(), 3);
        assert_eq!(shop.house.wait(shop.house.desk.waiting(&shop.net_one, 100)).unwrap(), before);
        let none = DryRun { since: None, text: shipped_guide("9.0.1") };
        let refused = dry_run(&shop.house.desk, &shop.house.system(), &none, None).unwrap_err();
        assert_eq!(refusal(refused).faults[0].code, "no_routing_table");
    });
}

#[test]
fn the_example_is_sound_and_names_units_of_the_example() {
    let rows = include_str!("../../../../examples/routing/routing.toml");
    let mut files = shipped();
    files.iter_mut().find(|file| file.path == "guide-standard.toml").unwrap().text = practice(rows);
    let library = Library::load(&files).unwrap();
    let pack = library.pack("guide-standard").unwrap();
    let findings = policy::check::alone(&pack);
    assert!(findings.is_empty(), "{findings:?}");
    let units = include_str!("../../../../examples/organisation/units.csv");
    for row in pack.routing() {
        assert!(units.lines().any(|line| line.split(',').next() == Some(row.unit.as_str())), "{}", row.unit);
    }
}

fn shipped_guide(version: &str) -> String {
    let text = practice("");
    let (head, rest) = text.split_once("version = \"").unwrap();
    format!("{head}version = \"{version}\"{}", rest.split_once('"').unwrap().1)
}

#[test]
fn routing_by_hand_goes_by_the_table_and_says_so() {
    each_database(|scratch| {
        let shop = Shop::of(house(scratch));
        let case = shop.register(json!({}));
        assert_eq!(shop.refused(&shop.agent, &case, "route", json!({})), "no_routing_row", "no table, no row");
        shop.house.close_down();
    })
    .unwrap();
    each(|shop| {
        let case = shop.register(json!({"category": "A101"}));
        assert_eq!(shop.refused(&shop.agent, &case, "route", json!({})), "already_owner");
        // Nobody has taken it up: a new category sends it on.
        let anew = shop.act(&shop.agent, &case, "classify", json!({"category": "B204", "reason": "改类"})).unwrap();
        assert_eq!(anew.owner.unit, shop.bill);
        assert_eq!(anew.routed.as_ref().unwrap().rule, "route-bill");
        // Who works on a case keeps it until somebody asks the table.
        let case = shop.register(json!({"category": "A101"}));
        let case = shop.act(&shop.net_one, &case, "accept", json!({})).unwrap();
        let kept = shop.act(&shop.net_one, &case, "classify", json!({"category": "B204", "reason": "改类"})).unwrap();
        assert_eq!(kept.owner, case.owner);
        let moved = shop.act(&shop.agent, &kept, "route", json!({})).unwrap();
        assert_eq!((moved.owner.unit, moved.routed.as_ref().unwrap().how), (shop.bill, How::Load));
        let given = shop.act(&shop.agent, &moved, "assign", json!({"unit": shop.net.to_string()})).unwrap();
        assert_eq!(given.routed, None, "given by hand");
    });
}

#[test]
fn skills_are_kept_clean() {
    each(|shop| {
        let system = shop.house.system();
        let known = || {
            let all = shop.house.wait(shop.house.desk.colleagues(&system)).unwrap();
            all.into_iter().find(|user| user.username == "one").unwrap().skills
        };
        shop.skilled("one", &["net", "billing", "net"]);
        assert_eq!(known(), ["billing", "net"]);
        let wrong = UserChange { skills: Some(vec!["Kein Wort".to_owned()]), ..UserChange::default() };
        let refused = organisation::change_user(&shop.house.desk, &system, "one", &wrong).unwrap_err();
        assert_eq!((refusal(refused).faults[0].code, known().len()), ("bad_skill", 2));
    });
}

/// A table as somebody asks for it: what no case could ever go by is refused with its line, the rest is said.
#[test]
fn a_table_that_could_never_be_carried_out_is_not_put_into_force() {
    each(|shop| {
        let ask = |table: &str, version: &str| {
            let text = practice(table);
            let (head, rest) = text.split_once("version = \"").unwrap();
            let text = format!("{head}version = \"{version}\"{}", rest.split_once('"').unwrap().1);
            let today = shop.house.desk.time().now().to_zoned_datetime(shop.house.desk.zone().clone()).date();
            let kind = activation::RulesKind::Pack;
            activation::request(
                &shop.house.desk,
                &lead(shop),
                &NewActivation { kind, effective_from: today, note: "改派".into(), text },
            )
        };
        let codes = |error: DeskError| -> Vec<String> {
            let refusal = refusal(error);
            let of = |name: &str, fault: &domain::fault::Fault| {
                fault.params.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone()).unwrap()
            };
            assert!(refusal.faults.iter().all(|fault| fault.field == "text" && of("line", fault) != "0"));
            refusal.faults.iter().map(|fault| format!("{} {}", of("rule", fault), of("remark", fault))).collect()
        };
        assert_eq!(codes(ask(TABLE, "9.0.0").unwrap_err()), ["route-gone unknown_unit"]);
        let closed = unit(&shop.house, "nowhere", Some(shop.house.desk.root()), "33");
        let here = TABLE.replace(
            "applies = { product = \"leased_line\" }",
            "applies = { product = \"leased_line\" }\nregions = [\"31\"]",
        );
        assert_eq!(codes(ask(&here, "9.0.0").unwrap_err()), ["route-gone outside_area"]);
        organisation::close_unit(&shop.house.desk, &shop.house.system(), closed).unwrap();
        assert_eq!(codes(ask(TABLE, "9.0.0").unwrap_err()), ["route-gone closed_unit"]);
        // Without that row it may come into force; what is missing for the others is said to whoever decides.
        shop.skilled("one", &[]);
        shop.skilled("two", &[]);
        let id = ask(TABLE.split("[[routing]]\nid = \"route-gone\"").next().unwrap(), "9.0.0").unwrap();
        let said = desk::routing::remarks_of(&shop.house.desk, id).unwrap();
        let said: Vec<_> = said.iter().map(|one| (one.rule.as_str(), one.remark.code(), one.remark.stops())).collect();
        assert_eq!(said, [("route-bill", "unknown_skill", false), ("route-bill", "unknown_care", false)]);
        let listed = shop.house.wait(shop.house.desk.activations(&shop.house.system())).unwrap();
        let remarks = shop.house.wait(shop.house.desk.table_remarks(&shop.house.system(), &listed)).unwrap();
        assert_eq!(remarks[&id].len(), 2);
    });
}

fn lead(shop: &Shop) -> Caller {
    static N: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let n = N.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    signed_in(&shop.house, &format!("rules-{n}"), Role::Compliance, shop.house.desk.root())
}
