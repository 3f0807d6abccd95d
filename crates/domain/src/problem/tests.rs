use super::*;
use crate::actor::{Actor, AreaScope, Role};
use crate::ids::{UnitId, UserId};
use crate::taxonomy::Taxonomy;
use effect::{Exposure, Verdict, Windows, check};
use jiff::civil::date;
use proptest::prelude::*;
use serde_json::{Value, json};

fn taxonomy() -> Taxonomy {
    let read =
        |name: &str| std::fs::read_to_string(format!("{}/../../packs/taxonomy/{name}", env!("CARGO_MANIFEST_DIR")));
    let read = |name| read(name).unwrap();
    Taxonomy::load(&read("categories.toml"), &read("causes.toml"), &read("regions.toml")).unwrap()
}

fn actor(n: u128) -> Actor {
    let area = AreaScope::region("31").unwrap();
    Actor { id: ActorId::User(UserId(Uuid::from_u128(n))), role: Role::Quality, area, unit: UnitId::NIL }
}

/// A problem that is driven by commands, as the desk does.
struct Life {
    taxonomy: Taxonomy,
    problem: Problem,
    log: Vec<Entry>,
}

const TODAY: Date = date(2026, 11, 20);

fn opening<'a>(actor: &'a Actor, taxonomy: &'a Taxonomy, owner: Owner) -> open::Opening<'a> {
    open::Opening { actor, taxonomy, owner, today: TODAY, number: number::number(2026, 1) }
}

impl Life {
    fn begin() -> Self {
        let taxonomy = taxonomy();
        let value =
            crate::shape::check(json!({"title": "夜间断网", "category": "A101", "region": "3101"}), open::FIELDS);
        let ask: open::Open = serde_json::from_value(value.unwrap()).unwrap();
        let owner = Owner { unit: UnitId::NIL, user: None };
        let events = open::decide(&ask, &opening(&actor(1), &taxonomy, owner)).unwrap();
        let entry =
            Entry { version: 1, at: Timestamp::UNIX_EPOCH, actor: actor(1).id, verb: "open-problem".into(), events };
        let problem = Problem::begin(Uuid::nil(), &entry).unwrap();
        Self { taxonomy, problem, log: vec![entry] }
    }

    fn try_by(
        &mut self,
        who: u128,
        verb: &str,
        body: Value,
        more: impl FnOnce(&mut Context<'_>),
    ) -> Result<(), Refusal> {
        let command = Command::read(verb, body).unwrap().map_err(Refusal::invalid)?;
        let actor = actor(who);
        let mut ctx = Context {
            actor: &actor,
            today: TODAY,
            taxonomy: &self.taxonomy,
            owner: None,
            cases: Vec::new(),
            proof: None,
            effect: None,
        };
        more(&mut ctx);
        let events = command.decide(&self.problem, &ctx)?;
        let written = serde_json::to_string(&events).unwrap();
        assert_eq!(read_body(SCHEMA, &written).unwrap(), events, "the log keeps what was decided");
        let version = self.problem.version + 1;
        let entry = Entry { version, at: Timestamp::UNIX_EPOCH, actor: actor.id, verb: command.verb().into(), events };
        self.problem.apply(&entry);
        self.log.push(entry);
        Ok(())
    }

    fn run(&mut self, who: u128, verb: &str, body: Value) {
        self.try_by(who, verb, body, |_| {}).unwrap();
    }

    fn refused(&mut self, who: u128, verb: &str, body: Value) -> Refusal {
        self.try_by(who, verb, body, |_| {}).unwrap_err()
    }

    fn report_one(&mut self) {
        self.run(1, "analyse-problem", json!({"whys": ["端口老化", "未列入更换计划"], "cause": "BIL.RATE"}));
        self.run(1, "plan-action", json!({"what": "更换端口", "due": "2026-12-01"}));
        let report = json!({"action": 1, "evidence": "更换记录 A-7", "effective_on": "2026-11-10"});
        self.run(2, "report-action", report);
    }
}

fn seen() -> effect::EffectCheck {
    check(&Windows::around(&[24_322], 24_300, 24_326).unwrap(), Exposure::Constant, |_| (50, 1))
}

#[test]
fn a_problem_goes_its_way_and_adds_up() {
    let mut life = Life::begin();
    assert_eq!(life.problem.state(), State::Open);
    assert_eq!(life.refused(1, "plan-action", json!({"what": "x", "due": "2026-12-01"})).code, "problem_not_analysed");
    life.report_one();
    assert_eq!((life.problem.state(), life.problem.due()), (State::Acting, None), "what is reported is not overdue");
    assert_eq!(life.refused(2, "approve-action", json!({"action": 1})).code, "own_action");
    life.run(3, "return-action", json!({"action": 1, "reason": "照片缺失"}));
    assert_eq!(life.problem.due(), Some(date(2026, 12, 1)));
    assert!(life.problem.actions[0].is_overdue(date(2026, 12, 2)) && !life.problem.actions[0].is_overdue(TODAY));
    assert_eq!(life.refused(3, "approve-action", json!({"action": 1})).code, "action_not_reported");
    life.run(2, "report-action", json!({"action": 1, "evidence": "照片", "effective_on": "2026-11-12"}));
    assert_eq!(life.refused(1, "close-problem", json!({"result": "x"})).code, "actions_open");
    life.run(3, "approve-action", json!({"action": 1}));
    assert_eq!(life.problem.state(), State::Checking);
    assert_eq!(life.problem.effective(None), [date(2026, 11, 12)]);
    assert_eq!(life.refused(1, "dismiss-problem", json!({"reason": "x"})).code, "problem_has_actions");
    life.try_by(1, "close-problem", json!({"result": "改善"}), |ctx| ctx.effect = Some(seen())).unwrap();
    assert_eq!(life.problem.state(), State::Closed);
    let kept = life.problem.ending.as_ref().and_then(|ending| ending.effect.as_ref()).unwrap();
    assert_eq!(kept.verdict, Verdict::NoEvidence);
    assert_eq!(life.refused(1, "analyse-problem", json!({"whys": ["x"]})).code, "problem_ended");
    life.run(1, "reopen-problem", json!({"reason": "复发"}));
    assert_eq!(life.problem.state(), State::Checking);
    let again = Problem::fold(Uuid::nil(), life.log.clone()).unwrap();
    assert_eq!(again, life.problem);
    assert_eq!(Problem::fold(Uuid::nil(), life.log.into_iter().skip(1)), Err(NoBeginning));
}

#[test]
fn nobody_approves_their_own_and_no_programme_any() {
    let mut life = Life::begin();
    life.run(1, "analyse-problem", json!({"whys": ["x"]}));
    let theirs = Owner { unit: UnitId::NIL, user: Some(UserId(Uuid::from_u128(5))) };
    life.try_by(1, "plan-action", json!({"what": "x", "due": "2026-12-01"}), |ctx| ctx.owner = Some(theirs)).unwrap();
    life.run(2, "report-action", json!({"action": 1, "evidence": "x", "effective_on": "2026-11-01"}));
    assert_eq!(life.refused(5, "approve-action", json!({"action": 1})).code, "own_action", "it was theirs to do");
    let programme = Actor { id: ActorId::System, ..actor(9) };
    let refused = life.try_by(9, "approve-action", json!({"action": 1}), |ctx| {
        // The context holds a reference; a programme's stands in for the person's.
        ctx.actor = Box::leak(Box::new(programme));
    });
    assert_eq!(refused.unwrap_err().code, "needs_a_person");
}

#[test]
fn texts_with_identifiers_are_refused_all_at_once() {
    let mut life = Life::begin();
    let told = life.refused(
        1,
        "analyse-problem",
        json!({"whys": ["致电 13812345678 后", "x"], "script": "mail a@example.com", "internal_fix": "换端口"}),
    );
    let fields: Vec<_> = told.faults.iter().map(|fault| (fault.field.as_str(), fault.code)).collect();
    assert_eq!(fields, [("whys[0]", "personal_data"), ("script", "personal_data")]);
    assert_eq!(told.faults[0].params, [("place", "4".to_owned())]);
    for (verb, body) in
        [("amend-problem", json!({"title": "13812345678"})), ("dismiss-problem", json!({"reason": "13812345678"}))]
    {
        assert_eq!(life.refused(1, verb, body).faults[0].code, "personal_data", "{verb}");
    }
}

#[test]
fn cases_lie_within_the_area_of_the_problem() {
    let mut life = Life::begin();
    let case = |n: u128, region: &str| (CaseId(Uuid::from_u128(n)), region.to_owned());
    let link = |cases: Vec<(CaseId, String)>| move |ctx: &mut Context<'_>| ctx.cases = cases;
    let body = json!({"cases": ["a", "b"]});
    let refused = life.try_by(1, "link-cases", body.clone(), link(vec![case(1, "310115"), case(2, "330106")]));
    assert_eq!(refused.unwrap_err().faults[0].field, "cases[1]");
    life.try_by(1, "link-cases", body.clone(), link(vec![case(1, "310115"), case(1, "310115")])).unwrap();
    assert_eq!(life.problem.cases.len(), 1);
    let again = life.try_by(1, "link-cases", body, link(vec![case(1, "310115")]));
    assert_eq!(again.unwrap_err().code, "nothing_changes");
    let other = life.try_by(1, "unlink-case", json!({"case": "b"}), link(vec![case(2, "310115")]));
    assert_eq!(other.unwrap_err().faults[0].code, "case_not_linked");
    life.try_by(1, "unlink-case", json!({"case": "a"}), link(vec![case(1, "310115")])).unwrap();
    assert!(life.problem.cases.is_empty());
}

#[test]
fn a_wider_area_than_the_callers_is_refused() {
    let taxonomy = taxonomy();
    let owner = Owner { unit: UnitId::NIL, user: None };
    let ask = |region: Option<&str>| open::Open {
        title: "x".into(),
        description: None,
        category: "A101".into(),
        region: region.map(str::to_owned),
        hot_in: Some("2026-10".into()),
        unit: None,
        user: None,
    };
    for (region, fine) in [(None, true), (Some("310115"), true), (Some("33"), false), (Some(""), false)] {
        let decided = open::decide(&ask(region), &opening(&actor(1), &taxonomy, owner));
        assert_eq!(decided.is_ok(), fine, "{region:?}");
    }
    let wrong = open::Open { hot_in: Some("2026".into()), ..ask(None) };
    let code = |ask: &open::Open| open::decide(ask, &opening(&actor(1), &taxonomy, owner)).unwrap_err().faults[0].code;
    assert_eq!(code(&wrong), "bad_month");
    let ahead = open::Open { hot_in: Some("2026-12".into()), ..ask(None) };
    assert_eq!(code(&ahead), "period_not_begun");
    let wrong = open::Open { category: "Z9".into(), ..ask(None) };
    assert_eq!(code(&wrong), "unknown_category");
}

proptest! {
    /// Whatever is tried in whatever order, the log adds up to the problem, and no measure is approved by who did it.
    #[test]
    fn any_order_adds_up(steps in proptest::collection::vec((0_usize..VERBS.len(), 1_u128..4, 1_u32..4), 0..40)) {
        let mut life = Life::begin();
        for (verb, who, action) in steps {
            let verb = VERBS[verb].name;
            let body = match verb {
                "amend-problem" => json!({"title": format!("t{who}")}),
                "analyse-problem" => json!({"whys": ["x"]}),
                "link-cases" => json!({"cases": ["a"]}),
                "unlink-case" => json!({"case": "a"}),
                "plan-action" => json!({"what": "x", "due": "2026-12-01"}),
                "report-action" => json!({"action": action, "evidence": "x", "effective_on": "2026-11-01"}),
                "approve-action" => json!({"action": action}),
                "return-action" | "cancel-action" => json!({"action": action, "reason": "x"}),
                "close-problem" => json!({"result": "x"}),
                _ => json!({"reason": "x"}),
            };
            let offered = VERBS.iter().find(|one| one.name == verb).map(|one| (one.offered)(&life.problem));
            let done = life.try_by(who, verb, body, |ctx| {
                ctx.cases = vec![(CaseId(Uuid::from_u128(who)), "310115".to_owned())];
                ctx.effect = Some(seen());
            });
            prop_assert!(done.is_err() || offered == Some(true), "{verb} is carried out without being offered");
            for one in &life.problem.actions {
                prop_assert!(one.standing != Standing::Approved || one.decided_by != one.reported_by);
            }
            if life.problem.state() == State::Closed {
                prop_assert!(life.problem.actions.iter().all(|one| !one.standing.is_open()));
            }
        }
        prop_assert_eq!(Problem::fold(Uuid::nil(), life.log).unwrap(), life.problem);
    }
}

#[test]
fn a_problem_of_before_there_were_numbers_is_called_by_its_identity() {
    let body = r#"[{"type":"opened","matter":{"title":"a","category":"A101"},"area":"31","owner":{"unit":"01a20e5b-d291-76d4-96c1-7096724e375f"}}]"#;
    let events = read_body(SCHEMA, body).unwrap();
    let entry =
        Entry { version: 1, at: Timestamp::UNIX_EPOCH, actor: actor(1).id, verb: "open-problem".into(), events };
    let problem = Problem::begin(Uuid::from_u128(0xabcd_1234), &entry).unwrap();
    assert_eq!(problem.number, "WT-ABCD1234");
}
