//! What of a case counts in reports, and in which sums. A pure function of the case: whoever counts it again, however
//! often, comes to the same.

use super::kpi;
use domain::case::ball::Holder;
use domain::case::matter::Stage;
use domain::case::referral::Referral;
use domain::case::survey::Asked;
use domain::case::{Case, Matter, State, binds_provider};
use domain::event::{ClockOutcome, Satisfaction};
use domain::taxonomy::province_of;
use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use policy::{KpiSet, Stack, StopFact, month_of};
use std::collections::BTreeMap;
use store::reports::{
    CaseFacts, HeldFact, KpiFact, LedgerKey, LedgerSum, MatterFact, MonthKey, Sum, SurveyFact, SurveyKey, SurveySum,
};

/// Changed whenever the same log would lead to other sums; they are then counted anew.
pub(crate) const FORM: u32 = 4;

/// Outcomes of a matter, as sums tell them apart.
pub(crate) const EFFECTIVE: &str = "effective";
/// See [`EFFECTIVE`].
pub(crate) const REMOVED: &str = "removed";
/// See [`EFFECTIVE`].
pub(crate) const UNDECIDED: &str = "undecided";

/// What counts of a case; nothing of one that was made void.
pub(crate) fn of(case: &Case, rules: &Stack, zone: &TimeZone, figures: &KpiSet) -> Option<CaseFacts> {
    if case.state == State::Voided {
        return None;
    }
    let month = |at: Timestamp| i64::from(month_of(zone.to_datetime(at).date()));
    let closed_at = case.closed_at.filter(|_| case.state == State::Closed);
    let mut facts = CaseFacts {
        id: case.id.0,
        kind: case.record.kind.code().to_owned(),
        category: case.category.clone().unwrap_or_default(),
        product: case.record.product.clone().unwrap_or_default(),
        channel: case.record.accept_channel.clone(),
        region: case.record.region.clone(),
        grade: case.grade.code().to_owned(),
        cause: case.cause.clone().unwrap_or_default(),
        received: month(case.received_at),
        closed: 0,
        minutes: 0,
        judged: false,
        in_time: false,
        at_once: false,
        reopened: false,
        held: held(case, rules, zone),
        kpis: Vec::new(),
        surveys: case.asked.iter().map(|one| survey(case, one, &month)).collect(),
        matters: case.matters.iter().filter_map(|matter| of_matter(matter, &month)).collect(),
    };
    facts.matters.extend(case.referrals.iter().filter_map(|referral| of_referral(referral, &month)));
    let appeals = |bodies: &[String]| {
        let counts = |one: &MatterFact| one.outcome != REMOVED && (bodies.is_empty() || bodies.contains(&one.body));
        facts.matters.iter().any(counts)
    };
    facts.kpis = figures.all().iter().filter_map(|figure| kpi::fact(figure, case, appeals)).collect();
    if let Some(closed_at) = closed_at {
        let answered_at = case.reply.as_ref().map_or(closed_at, |reply| reply.at);
        let of_the_answer = |outcome: ClockOutcome| {
            case.clocks.iter().any(|clock| {
                clock.ended.is_some_and(|(ended, _)| ended == outcome)
                    && rules.states_compliance(&clock.rule)
                    && rules
                        .clock(&clock.rule)
                        .is_some_and(|rule| rule.stops_on(StopFact::Replied) && binds_provider(Some(rule)))
            })
        };
        let missed = of_the_answer(ClockOutcome::Missed);
        facts.closed = month(closed_at);
        facts.minutes = (answered_at.duration_since(case.received_at).as_secs() / 60).max(0);
        facts.judged = missed || of_the_answer(ClockOutcome::Met);
        facts.in_time = facts.judged && !missed;
        facts.reopened = case.round > 1;
        facts.at_once = case.round == 1
            && case.disputes == 0
            && case.urged == 0
            && case.matters.is_empty()
            && case.referrals.is_empty()
            && case.owner.unit == case.first_owner.unit;
    }
    Some(facts)
}

/// Who held the case how long, month by month: spans that have ended, cut where a month ends. Working time goes by the
/// calendar of the case's uppermost pack that states hours; without one all time is working time.
fn held(case: &Case, rules: &Stack, zone: &TimeZone) -> Vec<HeldFact> {
    let calendar = rules.packs().map(policy::Pack::calendar).find(|calendar| calendar.has_hours());
    let mut held: Vec<HeldFact> = Vec::new();
    for span in case.ball.spans() {
        let Some(to) = span.to else { continue };
        let holder = match span.holder {
            Holder::Unit(unit) => unit.to_string(),
            Holder::Customer => "customer".to_owned(),
            Holder::ThirdParty => "third_party".to_owned(),
        };
        let mut from = span.from;
        while from < to {
            let date = zone.to_datetime(from).date();
            let next = date.last_of_month().tomorrow();
            let next = next.and_then(|day| zone.to_ambiguous_timestamp(day.to_datetime(Time::midnight())).compatible());
            let end = next.map_or(to, |next| next.min(to));
            let (millis, end) = (end.duration_since(from).as_millis(), if end > from { end } else { to });
            let working = calendar.map_or(millis, |calendar| calendar.working_between(from, end).as_millis());
            let (month, stage) = (i64::from(month_of(date)), span.state.code());
            let (millis, working) = (i64::try_from(millis).unwrap_or(0), i64::try_from(working).unwrap_or(0));
            match held.iter_mut().find(|one| one.month == month && one.holder == holder && one.stage == stage) {
                Some(known) => {
                    known.millis += millis;
                    known.working += working;
                    known.spans += 1;
                }
                None => {
                    let (holder, stage) = (holder.clone(), stage.to_owned());
                    held.push(HeldFact { month, holder, stage, millis, working, spans: 1 });
                }
            }
            from = end;
        }
    }
    held
}

/// Adds what a case contributes to the ledger, `by` times.
pub(crate) fn charge(sums: &mut BTreeMap<LedgerKey, LedgerSum>, facts: &CaseFacts, by: i64) {
    let province = province_of(&facts.region);
    for area in std::iter::once("").chain(Some(province).filter(|province| !province.is_empty())) {
        for one in &facts.held {
            let key = LedgerKey {
                area: area.to_owned(),
                month: one.month,
                holder: one.holder.clone(),
                stage: one.stage.clone(),
                category: facts.category.clone(),
            };
            let sum = sums.entry(key).or_default();
            sum.millis += one.millis * by;
            sum.working += one.working * by;
            sum.spans += one.spans * by;
        }
    }
}

/// Hands over what key figures count of a case, for everywhere and for its province.
pub(super) fn kpis(facts: &CaseFacts, mut each: impl FnMut(&str, &KpiFact)) {
    let province = province_of(&facts.region);
    for area in std::iter::once("").chain(Some(province).filter(|province| !province.is_empty())) {
        for one in &facts.kpis {
            each(area, one);
        }
    }
}

/// What a customer said through one channel about one round.
fn survey(case: &Case, asked: &Asked, month: &impl Fn(Timestamp) -> i64) -> SurveyFact {
    let said = asked.said;
    let yes = |answer: Option<bool>| answer.map_or(-1, i64::from);
    let satisfied = said.map_or(-1, |said| match said.satisfied {
        Satisfaction::Satisfied => 2,
        Satisfaction::Neutral => 1,
        Satisfaction::Dissatisfied => 0,
        Satisfaction::NoAnswer => -1,
    });
    let called = asked.channel == "call_back";
    let calls = case.call_backs.iter().filter(|call| called && call.round == asked.round).count();
    SurveyFact {
        month: month(asked.at),
        channel: asked.channel.clone(),
        unit: case.owner.unit.to_string(),
        satisfied,
        solved: yes(said.and_then(|said| said.solved)),
        timely: yes(said.and_then(|said| said.timely)),
        calls: i64::try_from(calls).unwrap_or(0),
    }
}

/// Adds what the customer of a case said to the sums, `by` times.
pub(crate) fn survey_sums(sums: &mut BTreeMap<SurveyKey, SurveySum>, facts: &CaseFacts, by: i64) {
    let province = province_of(&facts.region);
    for area in std::iter::once("").chain(Some(province).filter(|province| !province.is_empty())) {
        for one in &facts.surveys {
            let key = SurveyKey {
                area: area.to_owned(),
                month: one.month,
                channel: one.channel.clone(),
                unit: one.unit.clone(),
                category: facts.category.clone(),
            };
            sums.entry(key).or_default().add(&SurveySum::of(one), by);
        }
    }
}

fn of_matter(matter: &Matter, month: &impl Fn(Timestamp) -> i64) -> Option<MatterFact> {
    let handed_over = matter.steps.first()?;
    let reached = |stage: Stage| matter.steps.iter().any(|step| step.stage == stage);
    let invalid = matter.steps.iter().any(|step| step.result.as_deref() == Some("invalid"));
    let outcome = if reached(Stage::Refused) || invalid {
        REMOVED
    } else if [Stage::Admitted, Stage::Transferred, Stage::Mediation].into_iter().any(reached) {
        EFFECTIVE
    } else {
        UNDECIDED
    };
    Some(MatterFact {
        matter: i64::from(matter.id),
        month: month(handed_over.at),
        body: matter.owner.clone(),
        outcome: outcome.to_owned(),
    })
}

/// Numbers of referrals go on where no number of a matter comes to.
const REFERRALS: i64 = 1_000_000;

/// What the customer took to a body outside counts as its matter, under the name of the way there. Past the first stage
/// the body has taken it up.
fn of_referral(referral: &Referral, month: &impl Fn(Timestamp) -> i64) -> Option<MatterFact> {
    let outcome = if referral.steps.len() > 1 { EFFECTIVE } else { UNDECIDED };
    Some(MatterFact {
        matter: REFERRALS + i64::from(referral.id),
        month: month(referral.steps.first()?.at),
        body: referral.route.clone(),
        outcome: outcome.to_owned(),
    })
}

/// Adds what a case contributes to the sums, `by` times; -1 takes it out again.
pub(crate) fn contribute(sums: &mut BTreeMap<MonthKey, Sum>, facts: &CaseFacts, by: i64) {
    let province = province_of(&facts.region);
    let mut areas = vec![""];
    areas.extend(Some(province).filter(|province| !province.is_empty()));
    let pair = format!("{} {}", facts.category, facts.cause);
    let dims: [(&'static str, &str); 8] = [
        ("total", ""),
        ("product", &facts.product),
        ("category", &facts.category),
        ("channel", &facts.channel),
        ("region", province),
        ("grade", &facts.grade),
        ("cause", &facts.cause),
        ("category_cause", &pair),
    ];
    for area in areas {
        let mut add = |dim: &'static str, month: i64, value: &str, sort: &str, sum: &Sum| {
            let key = MonthKey { dim, area: area.to_owned(), month, value: value.to_owned(), sort: sort.to_owned() };
            sums.entry(key).or_default().add(sum, by);
        };
        for (dim, value) in dims {
            if dim == "category_cause" {
                if !facts.cause.is_empty() {
                    add(dim, facts.received, value, &facts.kind, &Sum { received: 1, ..Sum::default() });
                }
                continue;
            }
            add(dim, facts.received, value, &facts.kind, &Sum { received: 1, ..Sum::default() });
            if facts.closed > 0 {
                add(dim, facts.closed, value, &facts.kind, &closed(facts));
            }
        }
        for matter in &facts.matters {
            let sort = format!("@{}", matter.body);
            let is = |outcome: &str| i64::from(matter.outcome == outcome);
            let sum = Sum {
                received: 1,
                effective: is(EFFECTIVE),
                removed: is(REMOVED),
                undecided: is(UNDECIDED),
                ..Sum::default()
            };
            for (dim, value) in dims.into_iter().filter(|(dim, _)| *dim != "category_cause") {
                add(dim, matter.month, value, &sort, &sum);
            }
            add("body", matter.month, &matter.body, &sort, &sum);
        }
    }
}

fn closed(facts: &CaseFacts) -> Sum {
    Sum {
        closed: 1,
        minutes: facts.minutes,
        judged: i64::from(facts.judged),
        in_time: i64::from(facts.in_time),
        at_once: i64::from(facts.at_once),
        reopened: i64::from(facts.reopened),
        times: BTreeMap::from([(step_of(facts.minutes), 1)]),
        ..Sum::default()
    }
}

/// The last minute of a step: single minutes first, then steps a twentieth longer than the one before.
fn end_of(step: u16) -> i64 {
    let mut end = 0;
    for _ in 0..step {
        end = (end + 1).max(end * 21 / 20);
    }
    end
}

/// The step a time falls into.
pub(crate) fn step_of(minutes: i64) -> u16 {
    let (mut step, mut end) = (0, 0);
    while end < minutes && step < u16::MAX {
        end = (end + 1).max(end * 21 / 20);
        step += 1;
    }
    step
}

/// Minutes within which so many of a hundred are done: the end of the step the last of them falls into. Nothing when
/// there are none.
pub(crate) fn within(times: &BTreeMap<u16, i64>, percent: i64) -> Option<i64> {
    let all: i64 = times.values().sum();
    // The smallest number that is at least so many of a hundred.
    let wanted = (all * percent + 99) / 100;
    let mut so_far = 0;
    for (step, count) in times {
        so_far += count;
        if so_far >= wanted && all > 0 {
            return Some(end_of(*step));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_at_most_a_twentieth_too_long() {
        for minutes in (0..3_000).chain((3_000..3_000_000).step_by(997)) {
            let told = end_of(step_of(minutes));
            assert!(told >= minutes && told * 20 <= minutes * 21, "{minutes} is told as {told}");
        }
        assert_eq!(end_of(step_of(20)), 20, "short times are exact");
    }

    #[test]
    fn so_many_of_a_hundred() {
        let times = |minutes: &[i64]| {
            let mut times = BTreeMap::new();
            for one in minutes {
                *times.entry(step_of(*one)).or_default() += 1;
            }
            times
        };
        let ten = times(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
        assert_eq!([50, 80, 95, 100].map(|percent| within(&ten, percent)), [Some(5), Some(8), Some(10), Some(10)]);
        assert_eq!(within(&times(&[7]), 50), Some(7));
        assert_eq!(within(&times(&[]), 50), None);
    }
}
