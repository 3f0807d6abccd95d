//! What a calendar file says and since when it was known, from which the calendar of any day is made again.

use super::table::Days;
use super::{Hours, Provisional, Special};
use crate::basis::{Basis, Confidence};
use crate::text::Text;
use jiff::civil::Date;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Where the days of a calendar come from, and how sure they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CalendarSource {
    /// What it is.
    pub title: Text,
    /// What the days rest on.
    pub basis: Basis,
    /// How sure they are.
    pub confidence: Confidence,
    /// Address, when there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// When it was last seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen: Option<Date>,
}

/// When something was known: from its announcement, if there was one, until it was withdrawn, if it was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) announced: Option<Date>,
    pub(super) withdrawn: Option<Date>,
}

impl Known {
    /// Whether it was known on a day.
    fn on(self, day: Date) -> bool {
        self.announced.is_none_or(|announced| announced <= day) && self.withdrawn.is_none_or(|gone| day < gone)
    }

    /// Whether there is a day on which both are known.
    pub(super) fn meets(self, other: Self) -> bool {
        let begins = |known: Self| known.announced.unwrap_or(Date::MIN);
        let before = |one: Self, two: Self| one.withdrawn.is_none_or(|gone| begins(two) < gone);
        before(self, other) && before(other, self)
    }

    fn changes(self) -> impl Iterator<Item = Date> {
        self.announced.into_iter().chain(self.withdrawn)
    }
}

/// Something of a file with the time in which it was known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Dated<T> {
    pub(super) what: T,
    pub(super) known: Known,
}

/// Everything a file says, whatever the day it is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct History {
    pub(super) hash: String,
    pub(super) id: String,
    pub(super) title: Text,
    pub(super) source: Option<CalendarSource>,
    /// The day from which on the file tells what was known when.
    pub(super) known_from: Date,
    /// The day on which the file was last held against its source.
    pub(super) known_as_of: Date,
    pub(super) weekend: [bool; 7],
    pub(super) covers: Option<(Date, Date)>,
    pub(super) uncovered: Text,
    pub(super) hours: Hours,
    pub(super) days: Vec<(Date, Dated<Arc<Special>>)>,
    pub(super) provisional: Vec<Dated<Provisional>>,
}

impl History {
    /// The days on which something became known or was withdrawn, in order, beginning with `known_from`.
    pub(super) fn versions(&self) -> Vec<Date> {
        let days = self.days.iter().flat_map(|(_, day)| day.known.changes());
        let provisional = self.provisional.iter().flat_map(|range| range.known.changes());
        let mut versions: Vec<Date> = days.chain(provisional).chain([self.known_from]).collect();
        versions.sort_unstable();
        versions.dedup();
        versions
    }

    /// The version that held on a day. Nothing older than the first is known, so that one answers for all time before.
    pub(super) fn version_on(&self, day: Date) -> Date {
        self.versions().into_iter().rev().find(|version| *version <= day).unwrap_or(self.known_from)
    }

    /// The days of a version.
    pub(super) fn days(&self, version: Date) -> Days {
        let known = self.days.iter().filter(|(_, day)| day.known.on(version));
        let specials: BTreeMap<Date, Arc<Special>> = known.map(|(date, day)| (*date, Arc::clone(&day.what))).collect();
        Days::new(self.weekend, specials)
    }

    /// What was not settled in a version.
    pub(super) fn provisional(&self, version: Date) -> Vec<Provisional> {
        self.provisional.iter().filter(|range| range.known.on(version)).map(|range| range.what.clone()).collect()
    }
}
