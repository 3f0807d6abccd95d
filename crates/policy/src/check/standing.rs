//! What the rules of one pack are for: every rule has its cases, none is drowned by another, every letter and source has
//! its use.

use super::cases::{are_thinned, conditions, of};
use super::effort::Effort;
use super::{Check, Finding};
use crate::basis::Layer;
use crate::clock::{ClockKind, ClockRule, Start, StartFact};
use crate::effect::Action;
use crate::gate::Need;
use crate::letter::BLANKS;
use crate::pack::{Pack, region_in};
use crate::predicate::Predicate;
use crate::remedy::Owed;
use crate::rule::{DatedFact, RuleHead};
use jiff::civil::Date;
use std::collections::BTreeSet;

pub(super) fn findings(pack: &Pack, effort: &Effort) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (_, head) in pack.heads() {
        findings.extend(never_holds(pack, head, effort));
        findings.extend(idle_alternatives(pack, head, effort));
        findings.extend(outside_validity(pack, head));
    }
    findings.extend(drowned(pack, effort));
    findings.extend(versions_apart(pack));
    findings.extend(idle_assessment(pack, effort));
    findings.extend(idle_effects(pack));
    findings.extend(idle_routing(pack));
    findings.extend(idle_order_limits(pack));
    findings.extend(never_starts(pack));
    findings.extend(letters(pack));
    findings.extend(sums(pack));
    findings.extend(sources(pack));
    findings.extend(needless_places(pack));
    findings
}

/// Places whose calendar holds there anyhow: that of a larger place around them, or the pack's own.
fn needless_places(pack: &Pack) -> impl Iterator<Item = Finding> + '_ {
    let around = |region: &str| {
        let wider = pack.places().filter(|(other, _)| *other != region && region_in(region, other));
        wider.max_by_key(|(other, _)| other.len()).map_or(pack.calendar().id(), |(_, calendar)| calendar.id())
    };
    pack.places().filter(move |(region, calendar)| around(region) == calendar.id()).map(|(region, calendar)| {
        let message = format!("`{region}` is counted with {} anyhow", calendar.id());
        Finding::of_pack(Check::PlaceNeedless, pack, (1, 1), message)
    })
}

fn never_holds(pack: &Pack, head: &RuleHead, effort: &Effort) -> Option<Finding> {
    let holds = |case: &super::cases::OneCase| {
        head.applies.holds(&case.0, Some(case.1)) && !head.excludes(&case.0, Some(case.1))
    };
    // Where not all cases are looked at, none seen is no proof.
    let some = are_thinned(conditions(head)) || of(conditions(head), 1, effort)?.iter().any(holds);
    let message = "no case there can be fulfils `applies` and not `unless`".to_owned();
    (!some).then(|| Finding::of_rule(Check::NeverHolds, pack, head, message))
}

/// An alternative of a condition that adds no case to those before and after it.
fn idle_alternatives(pack: &Pack, head: &RuleHead, effort: &Effort) -> Option<Finding> {
    let alternatives: Vec<Predicate> = head.applies.alternatives().collect();
    if alternatives.len() < 2 || are_thinned([&head.applies]) {
        return None;
    }
    let mut idle: BTreeSet<usize> = (0..alternatives.len()).collect();
    for (facts, grade) in of([&head.applies], alternatives.len(), effort)? {
        let mut holding =
            alternatives.iter().enumerate().filter(|(_, alternative)| alternative.holds(&facts, Some(grade)));
        if let (Some((place, _)), None) = (holding.next(), holding.next()) {
            idle.remove(&place);
        }
    }
    let place = idle.first()?;
    let message = format!("alternative {} of `applies` adds no case to the others", place.saturating_add(1));
    // The rule itself still says something.
    Some(Finding::of_rule(Check::Shadowed, pack, head, message).only_warning())
}

/// By first receipt a pack is chosen too, so that a rule for other dates of receipt is never asked.
fn outside_validity(pack: &Pack, head: &RuleHead) -> Option<Finding> {
    let version = head.version.filter(|version| version.fact == DatedFact::ReceivedAt)?;
    let (first, last) = pack.validity();
    let begins_after = version.from.zip(last).is_some_and(|(from, last)| from > last);
    let ends_before = version.to.is_some_and(|to| to <= first);
    let message = "the dates of receipt it holds for lie outside those the pack is valid for".to_owned();
    (begins_after || ends_before).then(|| Finding::of_rule(Check::OutsideValidity, pack, head, message))
}

/// Clocks that say what another clock says for all their cases, and pairs of statutory limits for one duty.
fn drowned(pack: &Pack, effort: &Effort) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (place, rule) in pack.clocks().iter().enumerate() {
        for other in pack.clocks().iter().skip(place.saturating_add(1)) {
            if are_alike(rule, other) && dates_meet(&rule.head, &other.head) {
                findings.extend(pair(pack, rule, other, effort));
            }
        }
    }
    findings
}

/// Whether two clocks are of one duty. Of what begins outside every case nobody can say that it is the same.
fn are_alike(rule: &ClockRule, other: &ClockRule) -> bool {
    rule.kind == other.kind
        && rule.owner == other.owner
        && rule.start == other.start
        && !rule.start.contains(&Start::Outside)
        && rule.stop.first() == other.stop.first()
        && rule.attempts == other.attempts
}

/// Two versions of one duty with days between them for which neither holds.
fn versions_apart(pack: &Pack) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in pack.clocks() {
        let Some((version, to)) = rule.head.version.and_then(|version| Some((version, version.to?))) else { continue };
        let of_the_duty = pack.clocks().iter().filter(|other| {
            are_alike(rule, other) && rule.head.applies == other.head.applies && rule.head.unless == other.head.unless
        });
        let begins = of_the_duty.filter_map(|other| {
            let version = other.head.version.filter(|of| of.fact == version.fact)?;
            Some((version.from?, other))
        });
        // Of those that begin on that day or later, the first.
        let next = begins.filter(|(from, _)| *from >= to).min_by_key(|(from, _)| *from);
        if let Some((from, other)) = next.filter(|(from, _)| *from > to) {
            let message = format!("begins on {from}, `{}` before it ends with {to}", rule.head.id);
            findings.push(Finding::of_rule(Check::VersionGap, pack, &other.head, message));
        }
    }
    findings
}

/// Effects that do nothing another does not do at the same moment, for all their cases.
fn idle_effects(pack: &Pack) -> impl Iterator<Item = Finding> + '_ {
    let rules = pack.effects();
    rules.iter().enumerate().filter_map(move |(place, rule)| {
        let by = rules.iter().enumerate().find(|(other_place, other)| {
            let whole = other.at == rule.at && rule.actions.iter().all(|action| other.actions.contains(action));
            let always = other.head.version.is_none() || other.head.version == rule.head.version;
            let covers = other.head.applies.covers(&rule.head.applies)
                && (other.head.unless.is_none() || other.head.unless == rule.head.unless);
            // Of two that say the same the later one is idle.
            let same = other.actions.len() == rule.actions.len() && rule.head.applies.covers(&other.head.applies);
            *other_place != place && whole && always && covers && (*other_place < place || !same)
        })?;
        let message = format!("does nothing that `{}` does not do at the same moment", by.1.head.id);
        Some(Finding::of_rule(Check::Shadowed, pack, &rule.head, message))
    })
}

fn pair(pack: &Pack, rule: &ClockRule, other: &ClockRule, effort: &Effort) -> Option<Finding> {
    let cases = of(conditions(&rule.head).chain(conditions(&other.head)), 2, effort)?;
    let amount = |rule: &ClockRule, (facts, grade): &super::cases::OneCase| {
        let holds = rule.head.applies.holds(facts, Some(*grade)) && !rule.head.excludes(facts, Some(*grade));
        rule.limit.of(*grade, facts.area_type.as_deref()).filter(|_| holds)
    };
    let (mut both, mut same, mut only, mut only_other) = (0_usize, 0_usize, 0_usize, 0_usize);
    for case in &cases {
        match (amount(rule, case), amount(other, case)) {
            (Some(one), Some(two)) => {
                both = both.saturating_add(1);
                if one == two {
                    same = same.saturating_add(1);
                }
            }
            (Some(_), None) => only = only.saturating_add(1),
            (None, Some(_)) => only_other = only_other.saturating_add(1),
            (None, None) => {}
        }
    }
    let (one, two) = (&rule.head.id, &other.head.id);
    if both > 0 && same == both && (only == 0 || only_other == 0) && rule.counting == other.counting {
        let (idle, by) = if only == 0 { (&rule.head, two) } else { (&other.head, one) };
        let message = format!("gives no case a limit that `{by}` does not give it");
        return Some(Finding::of_rule(Check::Shadowed, pack, idle, message));
    }
    let law = rule.head.layer == Layer::Law && other.head.layer == Layer::Law;
    if law && both > same {
        let message = format!("gives a case a limit for the same as `{one}`, of another length");
        let found = Finding::of_rule(Check::TwoLimits, pack, &other.head, message)
            .hint("leave the cases of one out of the other with `unless`");
        return Some(if both_can_hold(rule, other) { found.only_warning() } else { found });
    }
    None
}

/// Whether two figures of the law for one duty can both be law at once: of what is measured over many cases (a mean beside a
/// maximum) and of rights of the customer each holds for itself; and where the dates they hold for are those of different
/// facts, no case need have both.
fn both_can_hold(one: &ClockRule, other: &ClockRule) -> bool {
    let facts = one.head.version.zip(other.head.version);
    !one.kind.can_be_missed() || facts.is_some_and(|(one, other)| one.fact != other.fact)
}

fn dates_meet(one: &RuleHead, other: &RuleHead) -> bool {
    let (Some(one), Some(other)) = (one.version, other.version) else {
        return true;
    };
    let before = |to: Option<Date>, from: Option<Date>| to.zip(from).is_some_and(|(to, from)| to <= from);
    one.fact != other.fact || (!before(one.to, other.from) && !before(other.to, one.from))
}

/// An assessment rule whose cases another one raises as high already.
fn idle_assessment(pack: &Pack, effort: &Effort) -> Vec<Finding> {
    let rules = pack.assess_rules();
    let idle = rules.iter().enumerate().filter_map(|(place, rule)| {
        let by = rules.iter().enumerate().find(|(other_place, other)| {
            let higher = other.severity >= rule.severity && other.urgency >= rule.urgency;
            // Of two that say the same the later one is idle.
            let same = other.severity == rule.severity && other.urgency == rule.urgency;
            if *other_place == place || !higher || (same && other_place > &place && rule.when == other.when) {
                return false;
            }
            let cases = of([&rule.when, &other.when], 2, effort).unwrap_or_default();
            let held = cases.iter().filter(|(facts, _)| rule.when.holds(facts, None));
            let mut held = held.peekable();
            held.peek().is_some() && held.all(|(facts, _)| other.when.holds(facts, None))
        })?;
        let message = format!("assessment rule `{}` raises nothing that `{}` does not raise", rule.id, by.1.id);
        Some(Finding { rule: Some(rule.id.clone()), ..Finding::of_pack(Check::Shadowed, pack, (1, 1), message) })
    });
    idle.collect()
}

/// Rows of the routing table that no case ever reaches, because an earlier row takes all of theirs.
fn idle_routing(pack: &Pack) -> impl Iterator<Item = Finding> + '_ {
    let rows = pack.routing();
    rows.iter().enumerate().filter_map(move |(place, row)| {
        let by = rows.iter().take(place).find(|earlier| earlier.covers(row))?;
        let message = format!("is never reached: `{}` before it takes all its cases", by.head.id);
        Some(Finding::of_rule(Check::Shadowed, pack, &row.head, message).hint("put the narrower row first"))
    })
}

/// Limits of work orders that an earlier rule gives all their orders.
fn idle_order_limits(pack: &Pack) -> impl Iterator<Item = Finding> + '_ {
    let rules = pack.order_limits();
    rules.iter().enumerate().filter_map(move |(place, rule)| {
        let by = rules.iter().take(place).find(|earlier| earlier.covers(rule))?;
        let message = format!("is never reached: `{}` before it limits all its orders", by.head.id);
        Some(Finding::of_rule(Check::Shadowed, pack, &rule.head, message).hint("put the narrower rule first"))
    })
}

fn never_starts(pack: &Pack) -> Vec<Finding> {
    let never = |clock: &str| pack.clock(clock).is_some_and(|clock| clock.kind == ClockKind::Percentile);
    // A closed case owes nothing more, so a duty that would begin with the closing never does.
    let comes = |rule: &ClockRule, start: &Start| match start {
        Start::Expiry(clock) => !never(clock),
        Start::Fact(StartFact::Closed) => !rule.kind.can_be_missed(),
        Start::Fact(_) | Start::Stage(_) | Start::Letter(_) | Start::Outside => true,
    };
    let waits = |rule: &&ClockRule| !rule.start.iter().any(|start| comes(rule, start));
    let rules = pack.clocks().iter().filter(waits);
    rules
        .map(|rule| {
            let message =
                "waits only for what never comes: the end of a share of all cases, or a duty after the closing"
                    .to_owned();
            Finding::of_rule(Check::NeverStarts, pack, &rule.head, message)
        })
        .collect()
}

fn letters(pack: &Pack) -> Vec<Finding> {
    let mut findings = Vec::new();
    let actions = pack.effects().iter().flat_map(|effect| &effect.actions);
    let issued = actions.filter_map(|action| match action {
        Action::Letter(id) => Some(id.as_str()),
        _ => None,
    });
    let stages = pack.routes().iter().flat_map(|route| &route.stages).flat_map(|stage| &stage.needs);
    let needed = pack.gates().iter().flat_map(|gate| &gate.need).chain(stages).filter_map(|need| match need {
        Need::Letter(id) => Some(id.as_str()),
        Need::Evidence(_) => None,
    });
    let used: BTreeSet<&str> = issued.chain(needed).collect();
    for letter in pack.letters() {
        for (element, language) in letter.missing_words() {
            let message = format!("the element `{element}` has no words in {language}");
            findings.push(Finding::of_rule(Check::LetterWords, pack, &letter.head, message));
        }
        let languages = letter.languages.iter().map(String::as_str);
        let unknown: BTreeSet<&str> =
            languages.flat_map(|language| letter.blanks(language)).filter(|name| !BLANKS.contains(name)).collect();
        for name in unknown {
            let message = format!("nobody knows what to fill the blank `{{{name}}}` with");
            findings.push(
                Finding::of_rule(Check::LetterBlank, pack, &letter.head, message)
                    .hint(&format!("blanks are: {}", BLANKS.join(", "))),
            );
        }
        for (language, one) in letter.advice() {
            let message = format!("in {language}, {}: “{}”", one.hard.code().replace('_', " "), one.words);
            let hint = one.instead.map(|instead| format!("plainer: {instead}"));
            findings.push(Finding { hint, ..Finding::of_rule(Check::LetterPlain, pack, &letter.head, message) });
        }
        if !used.contains(letter.head.id.as_str()) {
            let message = "no effect issues the letter and no gate or stage asks for it".to_owned();
            findings.push(Finding::of_rule(Check::LetterUnused, pack, &letter.head, message));
        }
    }
    findings
}

/// A most below what is owed for a single span, and sums nobody may decide about.
fn sums(pack: &Pack) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in pack.compensations() {
        let fixed = rule.rates.iter().filter_map(|rate| match &rate.owed {
            Owed::Fixed(sum) | Owed::Larger(sum, _) => Some(sum),
            Owed::OfMonthlyFee(_) | Owed::OfFeeCharged(_) | Owed::Proportional => None,
        });
        let above = rule.at_most.as_ref().and_then(|most| fixed.clone().find(|sum| sum.hundredths > most.hundredths));
        if let (Some(most), Some(sum)) = (&rule.at_most, above) {
            let message = format!("at most {most} is owed, and {sum} already for a single time");
            findings.push(Finding::of_rule(Check::CapBelowRate, pack, &rule.head, message));
        }
    }
    if !pack.authorities().is_empty() && pack.authorities().iter().all(|rule| !rule.up_to.is_empty()) {
        let message = "every role has its limit, so about a sum above the highest nobody may decide".to_owned();
        let finding = Finding::of_pack(Check::NobodyDecides, pack, (1, 1), message);
        findings.push(finding.hint("leave `up_to` out for the role that may decide about any sum"));
    }
    findings
}

fn sources(pack: &Pack) -> Vec<Finding> {
    let heads = pack.heads().map(|(_, head)| head.standing.source.as_str());
    let assess = pack.assess_rules().iter().map(|rule| rule.standing.source.as_str());
    let reviews = pack.reviews().iter().map(|rule| rule.standing.source.as_str());
    let reviews = reviews.chain(pack.authorities().iter().map(|rule| rule.standing.source.as_str()));
    let periods = [pack.reopen(), pack.suspend(), pack.repeat()].into_iter().flatten();
    let periods = periods.map(|period| period.standing.source.as_str());
    let hours = pack.contact_hours().map(|hours| hours.standing.source.as_str());
    let cited: BTreeSet<&str> = heads.chain(assess).chain(reviews).chain(periods).chain(hours).collect();
    // A pack without figures, such as a baseline of notes, still names what it rests on.
    if cited.is_empty() {
        return Vec::new();
    }
    let idle = pack.sources().iter().filter(|source| !cited.contains(source.id.as_str()));
    idle.map(|source| {
        let message = format!("no rule cites the source `{}`", source.id);
        Finding::of_pack(Check::SourceUnused, pack, (1, 1), message)
    })
    .collect()
}
