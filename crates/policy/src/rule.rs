//! What every rule of a pack has in common: who says so, how sure it is, which cases it is for, and on which dates of
//! the matter it holds.

use crate::basis::{Basis, Confidence, Layer, Standing, Tier};
use crate::code::codes;
use crate::document::{Table, Value};
use crate::facts::{FactName, Facts};
use crate::grade::Grade;
use crate::predicate::Predicate;
use crate::text::Text;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

codes! {
    /// A date of the matter by which one version of a rule is chosen over another.
    pub DatedFact {
        /// First receipt in any channel.
        ReceivedAt = "received_at",
        /// When the matter happened, as far as it was recorded.
        OccurredAt = "occurred_at",
        /// The rule's own start.
        Start = "start",
    }
}

/// The span of dates a rule holds for, by one date of the matter. A rule that changed stands in the pack twice, each
/// with its span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionSpan {
    /// Which date decides.
    pub fact: DatedFact,
    /// The first local date it holds for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Date>,
    /// The first local date it no longer holds for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Date>,
}

impl VersionSpan {
    fn read(value: Value<'_>) -> Option<Self> {
        let mut table = value.table()?;
        let fact = table.or("fact", DatedFact::ReceivedAt, |value| value.code());
        let from = table.maybe("from", |value| value.date());
        let to = table.maybe("to", |value| value.date());
        let (from, to) = from.zip(to)?;
        if from.is_none() && to.is_none() {
            table.fault("`version` names neither `from` nor `to`");
            return None;
        }
        if from.zip(to).is_some_and(|(from, to)| to <= from) {
            table.fault("`to` is the first date the rule no longer holds for and lies after `from`");
            return None;
        }
        table.done();
        Some(Self { fact: fact?, from, to })
    }

    /// Whether it covers a local date.
    #[must_use]
    pub fn covers(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day < to)
    }

    fn holds(&self, facts: &Facts, start: Timestamp, zone: &TimeZone) -> bool {
        let at = match self.fact {
            DatedFact::ReceivedAt => facts.received_at,
            DatedFact::OccurredAt => facts.occurred_at,
            DatedFact::Start => None,
        };
        // A date nobody recorded is taken to be the start, which is the latest it can have been.
        self.covers(zone.to_datetime(at.unwrap_or(start)).date())
    }
}

/// The head of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleHead {
    /// Identity within the stack.
    pub id: String,
    /// What people call it.
    pub title: Text,
    /// Whether the operator may edit it.
    pub layer: Layer,
    /// What it rests on.
    #[serde(flatten)]
    pub standing: Standing,
    /// Names under which others list the same rule, such as files of worked deadlines.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub known_as: Vec<String>,
    /// The dates it holds for; without, all dates the pack is valid for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<VersionSpan>,
    /// Cases it is for.
    #[serde(skip_serializing_if = "Predicate::always_holds")]
    pub applies: Predicate,
    /// Cases it is not for although `applies` holds. What nobody recorded excludes nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unless: Option<Predicate>,
    /// Interpretation to print with each result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<Text>,
    /// Line of the rule in its file, counted from 1.
    pub line: u32,
    /// Column of the rule in its file, counted from 1.
    pub column: u32,
}

impl RuleHead {
    /// Whether the rule is for a case.
    #[must_use]
    pub fn holds(&self, facts: &Facts, grade: Option<Grade>, start: Timestamp, zone: &TimeZone) -> bool {
        self.applies.holds(facts, grade) && self.in_version(facts, start, zone) && !self.excludes(facts, grade)
    }

    /// Whether the dates of a matter fall into the rule's span.
    #[must_use]
    pub fn in_version(&self, facts: &Facts, start: Timestamp, zone: &TimeZone) -> bool {
        self.version.is_none_or(|version| version.holds(facts, start, zone))
    }

    /// Whether the case is one the rule leaves out.
    #[must_use]
    pub fn excludes(&self, facts: &Facts, grade: Option<Grade>) -> bool {
        self.unless.as_ref().is_some_and(|unless| unless.holds(facts, grade))
    }

    /// Whether the rule could be for a case of which only some facts are stated.
    pub(crate) fn could_hold(
        &self,
        facts: &Facts,
        grade: Option<Grade>,
        start: Timestamp,
        zone: &TimeZone,
        stated: impl Fn(FactName) -> bool + Copy,
    ) -> bool {
        self.applies.decided(facts, grade, stated, true)
            && self.in_version(facts, start, zone)
            && !self.unless.as_ref().is_some_and(|unless| unless.decided(facts, grade, stated, false))
    }

    /// Whether the rule goes by a name, its own or one others use.
    #[must_use]
    pub fn answers_to(&self, name: &str) -> bool {
        self.id == name || self.known_as.iter().any(|known| known == name)
    }

    /// Facts it looks at.
    pub fn facts(&self) -> impl Iterator<Item = FactName> + '_ {
        self.applies.facts().chain(self.unless.iter().flat_map(Predicate::facts))
    }

    /// What the rule rests on.
    #[must_use]
    pub const fn basis(&self) -> Basis {
        self.standing.basis
    }

    /// How sure its figure is.
    #[must_use]
    pub const fn confidence(&self) -> Confidence {
        self.standing.confidence
    }

    /// Reads the keys every rule has. A pack of the law states law unless a rule says otherwise; in the other packs
    /// nothing does.
    pub(crate) fn read(table: &mut Table<'_>, tier: Option<Tier>) -> Option<Self> {
        let (line, column) = table.place().position();
        let id = table.id("id");
        let title = table.text("title");
        let usual = if tier == Some(Tier::Law) { Layer::Law } else { Layer::Practice };
        let layer = table.or("layer", usual, |value| value.code());
        let standing = Standing::read(table);
        let known_as = table.or("known_as", Vec::new(), |value| value.ids());
        let version = table.maybe("version", VersionSpan::read);
        let applies = table.or("applies", Predicate::default(), Predicate::read);
        let unless = table.maybe("unless", Predicate::read);
        let note = table.maybe("note", |value| value.text());
        let head = Self {
            id: id?,
            title: title?,
            layer: layer?,
            standing: standing?,
            known_as: known_as?,
            version: version?,
            applies: applies?,
            unless: unless?,
            note: note?,
            line,
            column,
        };
        if head.unless.as_ref().is_some_and(Predicate::always_holds) {
            table.fault("`unless` always holds: the rule would be for nobody");
            return None;
        }
        head.stands(table, tier).then_some(head)
    }

    /// The law layer stands on law or a standard, never on something nobody verified, and in a pack of the law.
    fn stands(&self, table: &Table<'_>, tier: Option<Tier>) -> bool {
        if self.layer != Layer::Law {
            return true;
        }
        let basis = matches!(self.basis(), Basis::Law | Basis::Standard);
        if !basis {
            table.fault(format!("layer law needs basis law or standard, not {}", self.basis().code()));
        }
        let verified = self.confidence() != Confidence::Unverified;
        if !verified {
            table.fault("layer law cannot rest on an unverified figure");
        }
        let placed = tier.is_none_or(|tier| tier == Tier::Law);
        if !placed {
            table.fault("a rule of layer law belongs into a pack of layer law");
        }
        basis && verified && placed
    }
}
