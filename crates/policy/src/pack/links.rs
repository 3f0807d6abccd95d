//! What the rules of a pack say of each other: every name leads somewhere, no identity means two things, and no clock
//! waits for itself.

use super::{Pack, RuleKind};
use crate::check::Check;
use crate::clock::{ClockKind, ClockRule, StageRef, Start, Stop, StopFact};
use crate::document::{Place, Table};
use crate::effect::{Action, At};
use crate::gate::Need;
use std::collections::{BTreeMap, BTreeSet};

/// Reports every name that leads nowhere.
pub(super) fn prove(pack: &Pack, table: &Table<'_>) {
    let mut known: BTreeMap<&str, RuleKind> = BTreeMap::new();
    for (kind, head) in pack.heads() {
        let place = table.at(head.line, head.column);
        if let Some(first) = known.insert(&head.id, kind)
            && first != kind
        {
            let (first, kind) = (first.code(), kind.code());
            place.fault(format!("`{}` is a {first} and a {kind}; a case could not say which it means", head.id));
        }
    }
    let cited = pack.heads().map(|(_, head)| (head.id.as_str(), &head.standing, Some((head.line, head.column))));
    let cited = cited
        .chain(pack.assess.iter().map(|rule| (rule.id.as_str(), &rule.standing, None)))
        .chain(pack.reviews.iter().map(|rule| (rule.id.as_str(), &rule.standing, None)))
        .chain(pack.authorities.iter().map(|rule| (rule.role.as_str(), &rule.standing, None)))
        .chain(pack.reopen.iter().map(|period| ("reopen", &period.standing, None)))
        .chain(pack.suspend.iter().map(|period| ("suspend", &period.standing, None)))
        .chain(pack.repeat.iter().map(|period| ("repeat", &period.standing, None)))
        .chain(pack.contact_hours.iter().map(|hours| ("contact_hours", &hours.standing, None)));
    for (rule, standing, at) in cited {
        if pack.source(&standing.source).is_none() {
            let place = at.map_or_else(|| table.place(), |(line, column)| table.at(line, column));
            let source = &standing.source;
            let message = format!("rule `{rule}` cites the source `{source}`, which the pack does not list");
            place.finding(Check::LeadsNowhere, message);
        }
    }
    let is = |id: &str, kind: RuleKind| known.get(id) == Some(&kind);
    let lacks = |id: &str, kind: RuleKind, at: (u32, u32)| {
        if !is(id, kind) {
            let message = format!("names the {} `{id}`, which the pack does not have", kind.code());
            table.at(at.0, at.1).finding(Check::LeadsNowhere, message);
        }
    };
    for rule in &pack.clocks {
        let at = (rule.head.line, rule.head.column);
        for start in &rule.start {
            match start {
                Start::Expiry(clock) => lacks(clock, RuleKind::Clock, at),
                Start::Stage(stage) => has_stage(pack, stage, table.at(at.0, at.1)),
                Start::Letter(letter) => lacks(letter, RuleKind::Letter, at),
                Start::Fact(_) | Start::Outside => {}
            }
        }
        for stop in &rule.stop {
            match stop {
                Stop::Stage(stage) => has_stage(pack, stage, table.at(at.0, at.1)),
                Stop::Letter(letter) => lacks(letter, RuleKind::Letter, at),
                Stop::Fact(_) => {}
            }
        }
    }
    for rule in &pack.effects {
        let at = (rule.head.line, rule.head.column);
        if let Some(clock) = rule.at.clock() {
            lacks(clock, RuleKind::Clock, at);
        }
        for action in &rule.actions {
            match action {
                Action::Letter(id) => lacks(id, RuleKind::Letter, at),
                Action::Hold(id) => lacks(id, RuleKind::Hold, at),
                Action::Route(id) => lacks(id, RuleKind::Route, at),
                Action::Compensate(id) => lacks(id, RuleKind::Compensation, at),
                // Such a message keeps a promise of news, so there has to be one that it keeps.
                Action::TellProgress => {
                    let clock = rule.at.clock().and_then(|id| pack.clocks.iter().find(|clock| clock.head.id == id));
                    let kept = clock.is_none_or(|clock| clock.stops_on(StopFact::ProgressNotified));
                    if !kept || !matches!(rule.at, At::Due { .. }) {
                        table.at(at.0, at.1).fault(
                            "tells the customer of the progress at due:<clock>, of a clock that stops with progress_notified",
                        );
                    }
                }
                Action::Notify(_) | Action::Raise(_) => {}
            }
        }
    }
    let gates = pack.gates.iter().flat_map(|rule| rule.need.iter().map(move |need| (need, &rule.head)));
    let stages = pack.routes.iter().flat_map(|rule| {
        let needs = rule.stages.iter().flat_map(|stage| &stage.needs);
        needs.map(move |need| (need, &rule.head))
    });
    for (need, head) in gates.chain(stages) {
        if let Need::Letter(id) = need {
            lacks(id, RuleKind::Letter, (head.line, head.column));
        }
    }
    for route in &pack.routes {
        for id in route.opens.iter().chain(&route.closes) {
            if !is(id, RuleKind::Clock) && !is(id, RuleKind::Window) {
                let place = table.at(route.head.line, route.head.column);
                let message = format!("names `{id}`, which is neither a clock nor a window of the pack");
                place.finding(Check::LeadsNowhere, message);
            }
        }
    }
    chains(pack, table);
}

fn has_stage(pack: &Pack, stage: &StageRef, place: Place<'_>) {
    let route = pack.routes.iter().find(|route| route.head.id == stage.route);
    if route.and_then(|route| route.stage(&stage.stage)).is_none() {
        place.finding(Check::LeadsNowhere, format!("names `{stage}`, which the pack does not have"));
    }
}

/// Clocks that start at other clocks' ends: no circle, and the end they wait for is told.
fn chains(pack: &Pack, table: &Table<'_>) {
    let before: BTreeMap<&str, Vec<&str>> =
        pack.clocks.iter().map(|rule| (rule.head.id.as_str(), before(rule).collect())).collect();
    let before = |clock: &str| before.get(clock).into_iter().flatten().copied();
    for rule in &pack.clocks {
        let mut seen = BTreeSet::new();
        let mut open: Vec<&str> = before(&rule.head.id).collect();
        while let Some(clock) = open.pop() {
            if clock == rule.head.id {
                let message = format!("the clock `{clock}` would start at its own end, by way of others");
                table.at(rule.head.line, rule.head.column).finding(Check::ClockCircle, message);
                break;
            }
            if seen.insert(clock) {
                open.extend(before(clock));
            }
        }
        let comes_again = rule.kind == ClockKind::Recurring;
        let followed = comes_again || pack.clocks.iter().any(|other| other.starts_after(&rule.head.id));
        if followed && rule.warn_at.last() != Some(&100) {
            table
                .at(rule.head.line, rule.head.column)
                .fault(format!("a clock starts at the end of `{}`, so its `warn_at` holds 100", rule.head.id));
        }
    }
}

/// The clocks at whose ends one starts.
fn before(rule: &ClockRule) -> impl Iterator<Item = &str> {
    rule.start.iter().filter_map(|start| match start {
        Start::Expiry(clock) => Some(clock.as_str()),
        Start::Fact(_) | Start::Stage(_) | Start::Letter(_) | Start::Outside => None,
    })
}
