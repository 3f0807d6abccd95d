//! Routing: which unit a case goes to, row by row. The first row that is for the case decides. Units are the operator's
//! own, so the table is too: it stands in a pack of practice.

use crate::basis::Tier;
use crate::code::codes;
use crate::document::{Table, Value};
use crate::facts::Facts;
use crate::grade::Grade;
use crate::pack::region_in;
use crate::rule::RuleHead;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

codes! {
    /// To whom within the unit.
    pub RoutedTo {
        /// The unit's queue: whoever is free takes the next case.
        Pool = "pool",
        /// One person, chosen by skill and load.
        Person = "person",
    }
}

codes! {
    /// What came of looking at a row.
    pub Looked {
        /// It is for the case.
        Applies = "applies",
        /// It is for other regions.
        OtherRegion = "other_region",
        /// `applies` does not hold.
        NotItsCase = "not_its_case",
        /// `unless` holds.
        LeftOut = "left_out",
        /// It holds for other dates.
        OtherDates = "other_dates",
    }
}

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RoutingRule {
    /// What every rule has; its cases are those that go this way.
    #[serde(flatten)]
    pub head: RuleHead,
    /// How the codes of its regions begin; none for everywhere.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<String>,
    /// Code of the unit.
    pub unit: String,
    /// To whom within it.
    pub to: RoutedTo,
    /// Skill the person must have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skill: Option<String>,
    /// Skill of those whom high-star and vulnerable customers go to first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub care: Option<String>,
}

impl RoutingRule {
    /// Reads one `[[routing]]`.
    pub(crate) fn read(mut table: Table<'_>, tier: Option<Tier>) -> Option<Self> {
        let head = RuleHead::read(&mut table, tier);
        let regions = table.or("regions", Vec::new(), |value| {
            value.many()?.iter().map(|item| item.parsed(region)).collect::<Option<Vec<_>>>()
        });
        let unit = table.needed("unit").and_then(|value| value.parsed(unit));
        let to = table.or("to", RoutedTo::Pool, |value| value.code());
        let skill = table.maybe("skill", skill_named);
        let care = table.maybe("care", skill_named);
        let asks = [&skill, &care].into_iter().any(|skill| matches!(skill, Some(Some(_))));
        if to == Some(RoutedTo::Pool) && asks {
            table.fault("`skill` and `care` choose a person: they go with `to = \"person\"`");
        }
        table.done();
        if tier.is_some_and(|tier| tier != Tier::Practice) {
            table.fault("which unit a case goes to is the operator's own: it belongs into a pack of layer practice");
            return None;
        }
        Some(Self { head: head?, regions: regions?, unit: unit?, to: to?, skill: skill?, care: care? })
    }

    /// Whether the row is for a case, and if not, why. `at` is the moment of asking.
    #[must_use]
    pub fn look(&self, facts: &Facts, grade: Grade, region: &str, at: Timestamp, zone: &TimeZone) -> Looked {
        if !self.regions.is_empty() && !self.regions.iter().any(|listed| region_in(region, listed)) {
            Looked::OtherRegion
        } else if !self.head.applies.holds(facts, Some(grade)) {
            Looked::NotItsCase
        } else if self.head.excludes(facts, Some(grade)) {
            Looked::LeftOut
        } else if !self.head.in_version(facts, at, zone) {
            Looked::OtherDates
        } else {
            Looked::Applies
        }
    }

    /// Whether every case of another row is one of this row too, as far as their form shows it: what this says is true, but
    /// rows that shadow another only together are not seen.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        let everywhere = self.regions.is_empty();
        let region = |theirs: &String| self.regions.iter().any(|ours| region_in(theirs, ours));
        let regions = everywhere || (!other.regions.is_empty() && other.regions.iter().all(region));
        let unless = self.head.unless.is_none() || self.head.unless == other.head.unless;
        let version = self.head.version.is_none() || self.head.version == other.head.version;
        regions && unless && version && self.head.applies.covers(&other.head.applies)
    }
}

fn region(text: &str) -> Result<String, &'static str> {
    let digits = (2..=6).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let (country, part) = text.split_once('-').map_or((text, None), |(country, part)| (country, Some(part)));
    let letters = |text: &str| text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    let named = country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase());
    if digits || (named && part.is_none_or(|part| (1..=3).contains(&part.len()) && letters(part))) {
        Ok(text.to_owned())
    } else {
        Err("write how the codes of regions begin: two to six digits, or a country and a part of it such as IE-D")
    }
}

fn unit(text: &str) -> Result<String, &'static str> {
    let fits = !text.is_empty()
        && text.len() <= 40
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
    if fits { Ok(text.to_owned()) } else { Err("write the code of a unit: letters, digits, dots, hyphens") }
}

fn skill_named(value: Value<'_>) -> Option<String> {
    value.parsed(|text| {
        if is_skill(text) {
            Ok(text.to_owned())
        } else {
            Err("write a skill: small letters, digits, hyphens, at most 40")
        }
    })
}

/// Whether a text can name a skill.
#[must_use]
pub fn is_skill(text: &str) -> bool {
    (1..=40).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_'))
}
