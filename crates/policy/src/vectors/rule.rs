//! The rule of a row in the packs of its jurisdiction, and what it says to the row.

use super::facts::{Meant, Stated};
use super::row::Row;
use super::{Ask, Slip};
use crate::clock::ClockRule;
use crate::deadline::{Deadline, due_paused};
use crate::facts::{FactName, Facts};
use crate::grade::Grade;
use crate::named::Figure;
use crate::pack::Pack;
use crate::rule::RuleHead;
use crate::window::WindowRule;
use jiff::tz::TimeZone;
use std::fmt;
use std::sync::Arc;

/// The rules of a name and the pack they stand in. A duty that changed stands there more than once.
pub(super) struct Found<'p> {
    pub(super) pack: &'p Pack,
    rules: Vec<(&'p RuleHead, Figure<'p>)>,
}

impl fmt::Display for Found<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<&str> = self.rules.iter().map(|(head, _)| head.id.as_str()).collect();
        write!(f, "{} {} {}", self.pack.id(), self.pack.version(), ids.join(" and "))
    }
}

/// What a rule says to a row.
pub(super) struct Answer {
    /// None where it creates no clock; more than one where the row leaves open which amount is meant.
    pub(super) deadlines: Vec<Deadline>,
    /// What a reader should know about the answer.
    pub(super) remark: Option<String>,
}

/// The rule a row means, in the newest pack of its jurisdiction that is in force on the local date of first receipt, or
/// where the row does not tell it, of the start.
pub(super) fn find<'p>(packs: &'p [Arc<Pack>], row: &Row, zone: &TimeZone) -> Option<Found<'p>> {
    let day = zone.to_datetime(row.attributes.received_at.unwrap_or(row.start)).date();
    let in_force = |pack: &Pack| {
        let (from, to) = pack.validity();
        from <= day && to.is_none_or(|to| day <= to)
    };
    let packs = packs.iter().map(Arc::as_ref).filter(|pack| is_of(pack, row) && in_force(pack));
    let found = packs.map(|pack| Found { pack, rules: named(pack, &row.rule) }).filter(|found| !found.rules.is_empty());
    found.max_by_key(|found| found.pack.version_key())
}

/// Why no rule was found.
pub(super) fn missing(packs: &[Arc<Pack>], row: &Row) -> String {
    let mut here = packs.iter().filter(|pack| is_of(pack, row)).peekable();
    if here.peek().is_none() {
        return format!("there is no pack of {}", row.jurisdiction);
    }
    if here.any(|pack| !named(pack, &row.rule).is_empty()) {
        return format!("no pack of {} has the rule in force on that day", row.jurisdiction);
    }
    format!("no pack of {} has the rule", row.jurisdiction)
}

/// The zone of the row's jurisdiction, as far as a pack has one.
pub(super) fn zone_of<'p>(packs: &'p [Arc<Pack>], row: &Row) -> Option<&'p str> {
    packs.iter().find(|pack| is_of(pack, row)).map(|pack| pack.calendar().zone_name())
}

fn is_of(pack: &Pack, row: &Row) -> bool {
    iso(pack.jurisdiction()) == iso(&row.jurisdiction)
}

/// Lists write UK where ISO 3166 has GB.
fn iso(name: &str) -> String {
    let name = name.to_ascii_uppercase();
    if name == "UK" { "GB".to_owned() } else { name }
}

/// The rules a name means: their own, one others use, or their own without the country in front.
fn named<'p>(pack: &'p Pack, name: &str) -> Vec<(&'p RuleHead, Figure<'p>)> {
    let name = name.to_ascii_lowercase();
    let found: Vec<_> = pack.figures().filter(|(head, _)| head.answers_to(&name)).collect();
    if !found.is_empty() {
        return found;
    }
    let country = if pack.jurisdiction() == "GB" { "uk".to_owned() } else { pack.jurisdiction().to_ascii_lowercase() };
    let whole = format!("{country}_{name}");
    pack.figures().filter(|(head, _)| head.id == whole).collect()
}

impl Ask<'_> {
    /// What the rules say. Facts the row does not state are open: a rule answers where it could be for the case.
    pub(super) fn by_rule(&self, found: &Found<'_>) -> Result<Answer, Slip> {
        let Row { start, attributes, .. } = self.row;
        let mut stated = Stated::read(attributes)?;
        let cases = stated.cases(self.tree);
        let (pack, zone) = (found.pack, found.pack.calendar().zone());
        let could_be_for = |head: &RuleHead, case: &Meant| {
            let has = |fact: FactName| case.has(fact);
            pack.applies().decided(&case.facts, None, has, true)
                && !pack.unless().is_some_and(|unless| unless.decided(&case.facts, None, has, false))
                && head.could_hold(&case.facts, attributes.grade, *start, zone, has)
        };
        let remark =
            (!stated.unknown.is_empty()).then(|| format!("No rule can look at: {}.", stated.unknown.join(", ")));
        let mut deadlines = Vec::new();
        for (head, figure) in &found.rules {
            let Some(case) = cases.iter().find(|case| could_be_for(head, case)) else { continue };
            match figure {
                Figure::Clock(rule) => deadlines.extend(self.by_clock(rule, &case.facts)?),
                Figure::Window(rule) => deadlines.push(self.by_window(rule)),
                Figure::Plain(amount, counting) => {
                    let counting = counting.complete(*amount);
                    deadlines.push(due_paused(*start, *amount, &counting, self.calendar, &[]));
                }
                Figure::Order(rule) => {
                    let explanation =
                        rule.figures().next().and_then(|figure| rule.explain(figure, *start, self.calendar));
                    deadlines.extend(explanation.map(|explanation| Deadline { at: explanation.due_at, explanation }));
                }
            }
        }
        Ok(Answer { deadlines, remark })
    }

    fn by_clock(&self, rule: &ClockRule, facts: &Facts) -> Result<Vec<Deadline>, Slip> {
        let attributes = &self.row.attributes;
        let pauses = rule.pauses(&attributes.pauses);
        let counting = |amount| rule.counting_for(amount);
        let mut deadlines: Vec<Deadline> = Vec::new();
        let mut take = |deadline: Deadline| {
            if deadlines.iter().all(|known| known.at != deadline.at) {
                deadlines.push(deadline);
            }
        };
        for area in areas(facts) {
            if attributes.regrade.is_some() {
                let amount = |grade| rule.limit.of(grade, Some(area));
                take(self.settled(&amount, &counting, pauses)?);
                continue;
            }
            for grade in Grade::ALL.iter().filter(|grade| attributes.grade.is_none_or(|stated| stated == **grade)) {
                let Some(amount) = rule.limit.of(*grade, Some(area)) else { continue };
                take(due_paused(self.row.start, amount, &counting(amount), self.calendar, pauses));
            }
        }
        Ok(deadlines)
    }

    /// The end of a window, or where the row asks for the first moment of a right, that.
    fn by_window(&self, rule: &WindowRule) -> Deadline {
        let (opens_at, explanation) = rule.count(self.row.start, self.calendar);
        let at = if self.row.attributes.not_before { opens_at } else { explanation.due_at };
        Deadline { at, explanation }
    }
}

/// The kinds of area the row can mean.
fn areas(facts: &Facts) -> Vec<&str> {
    facts.area_type.as_deref().map_or_else(|| Facts::AREA_TYPES.to_vec(), |area| vec![area])
}
