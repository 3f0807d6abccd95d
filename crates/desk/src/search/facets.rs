//! How many of the cases a question finds fall under what: counted by the very same question, so that a count never says
//! more than the list would. Groups stand in the index as fast fields; months are counted from the moment of receipt, so
//! that another zone of the installation needs no other index.

use super::sources::Sources;
use domain::taxonomy::Taxonomy;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::collections::{BTreeMap, HashMap};
use store::CaseRow;
use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::{Column, StrColumn};
use tantivy::query::{BooleanQuery, Occur, Query};
use tantivy::{DocId, Score, SegmentOrdinal, SegmentReader, TantivyError, Term};

/// Most values of one facet that are named.
pub const MOST: usize = 40;

/// The fast field of the index that holds the groups of a case.
pub(super) const GROUPS: &str = "groups";

/// What cases are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Facet {
    /// State.
    State,
    /// Grade.
    Grade,
    /// Top of the category tree.
    Category,
    /// Province, or the country where there is none.
    Region,
    /// Kind of contact.
    Kind,
    /// Month of first receipt, in the installation's zone.
    Month,
}

impl Facet {
    /// Every facet, in the order in which they are shown.
    pub const ALL: [Self; 6] = [Self::State, Self::Grade, Self::Category, Self::Region, Self::Kind, Self::Month];
    /// Their codes.
    pub const CODES: &[&str] = &["state", "grade", "category", "region", "kind", "month"];

    /// The stable name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Grade => "grade",
            Self::Category => "category",
            Self::Region => "region",
            Self::Kind => "kind",
            Self::Month => "month",
        }
    }

    /// The facet of a name.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|facet| facet.code() == code)
    }
}

/// A facet with what was counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// By what.
    pub facet: Facet,
    /// Values with how many cases have them: months newest first, everything else by how many.
    pub values: Vec<(String, u64)>,
}

/// The groups a case stands in, as the index keeps them.
pub(super) fn groups(row: &CaseRow, taxonomy: &Taxonomy) -> Vec<String> {
    let mut top = row.category.as_deref();
    while let Some(parent) = top.and_then(|code| taxonomy.category(code)).and_then(|one| one.parent.as_deref()) {
        top = Some(parent);
    }
    let region = Some(row.province.as_str()).filter(|province| !province.is_empty());
    let each = [
        (Facet::State, Some(row.state.as_str())),
        (Facet::Grade, row.grade.as_deref()),
        (Facet::Category, top),
        (Facet::Region, region),
        (Facet::Kind, Some(row.kind.as_str())),
    ];
    each.into_iter().filter_map(|(facet, value)| Some(format!("{}:{}", facet.code(), value?))).collect()
}

/// Counts what a question finds, in the index and beside it.
pub(super) fn count(
    sources: &Sources,
    question: &dyn Query,
    changed: &[Term],
    facets: &[Facet],
    zone: &TimeZone,
) -> Result<Vec<Counted>, TantivyError> {
    let tally = Tally { zone: zone.clone() };
    let mut all = Counts::default();
    if let Some(index) = sources.index() {
        // What the index says of cases that changed since no longer holds: they are counted beside it.
        let outdated = BooleanQuery::new_multiterms_query(changed.to_vec());
        let holds: Vec<(Occur, Box<dyn Query>)> =
            vec![(Occur::Must, question.box_clone()), (Occur::MustNot, Box::new(outdated))];
        all.add(index.search(&BooleanQuery::new(holds), &tally)?);
    }
    if let Some(beside) = sources.beside() {
        all.add(beside.search(question, &tally)?);
    }
    Ok(facets.iter().map(|facet| Counted { facet: *facet, values: all.of(*facet) }).collect())
}

/// What was counted: groups as the index keeps them, months by their first days.
#[derive(Default)]
struct Counts {
    groups: BTreeMap<String, u64>,
    months: BTreeMap<Date, u64>,
}

impl Counts {
    fn add(&mut self, other: Self) {
        for (group, count) in other.groups {
            *self.groups.entry(group).or_default() += count;
        }
        for (month, count) in other.months {
            *self.months.entry(month).or_default() += count;
        }
    }

    fn of(&self, facet: Facet) -> Vec<(String, u64)> {
        if facet == Facet::Month {
            let month = |(month, count): (&Date, &u64)| (month.strftime("%Y-%m").to_string(), *count);
            return self.months.iter().rev().take(MOST).map(month).collect();
        }
        let value = |(group, count): (&String, &u64)| match group.split_once(':') {
            Some((code, value)) if code == facet.code() => Some((value.to_owned(), *count)),
            _ => None,
        };
        let mut values: Vec<(String, u64)> = self.groups.iter().filter_map(value).collect();
        values.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
        values.truncate(MOST);
        values
    }
}

/// Counts over a searcher.
struct Tally {
    zone: TimeZone,
}

impl Collector for Tally {
    type Fruit = Counts;
    type Child = Segment;

    fn for_segment(&self, _: SegmentOrdinal, segment: &SegmentReader) -> tantivy::Result<Segment> {
        let fast = segment.fast_fields();
        Ok(Segment {
            groups: fast.str(GROUPS)?,
            received: fast.i64("received")?,
            ords: HashMap::new(),
            months: Months { zone: self.zone.clone(), known: BTreeMap::new(), counts: BTreeMap::new() },
        })
    }

    fn requires_scoring(&self) -> bool {
        false
    }

    fn merge_fruits(&self, segments: Vec<tantivy::Result<Counts>>) -> tantivy::Result<Counts> {
        let mut all = Counts::default();
        for counts in segments {
            all.add(counts?);
        }
        Ok(all)
    }
}

/// Counts over one part of an index: by the places of groups in its dictionary, which are named only at the end.
struct Segment {
    groups: Option<StrColumn>,
    received: Column<i64>,
    ords: HashMap<u64, u64>,
    months: Months,
}

impl SegmentCollector for Segment {
    type Fruit = tantivy::Result<Counts>;

    fn collect(&mut self, case: DocId, _: Score) {
        if let Some(groups) = &self.groups {
            for ord in groups.term_ords(case) {
                *self.ords.entry(ord).or_default() += 1;
            }
        }
        if let Some(received) = self.received.first(case) {
            self.months.count(received);
        }
    }

    fn harvest(self) -> tantivy::Result<Counts> {
        let mut counts = Counts { months: self.months.counts, ..Counts::default() };
        if let Some(groups) = &self.groups {
            for (ord, count) in self.ords {
                let mut group = String::new();
                groups.ord_to_str(ord, &mut group)?;
                counts.groups.insert(group, count);
            }
        }
        Ok(counts)
    }
}

/// Counts by month. A month is worked out once; every further moment of it is only looked up.
struct Months {
    zone: TimeZone,
    /// Of each month that was met, by its first moment: its end and its first day.
    known: BTreeMap<i64, (i64, Date)>,
    counts: BTreeMap<Date, u64>,
}

impl Months {
    fn count(&mut self, at: i64) {
        let known = self.known.range(..=at).next_back().filter(|(_, (end, _))| at < *end).map(|(_, (_, first))| *first);
        let Some(first) = known.or_else(|| self.meet(at)) else { return };
        *self.counts.entry(first).or_default() += 1;
    }

    fn meet(&mut self, at: i64) -> Option<Date> {
        let first = Timestamp::from_microsecond(at).ok()?.to_zoned_datetime(self.zone.clone()).date().first_of_month();
        let start = |day: Date| Some(day.to_zoned_datetime(self.zone.clone()).ok()?.timestamp().as_microsecond());
        let (from, until) = (start(first)?, start(first.last_of_month().tomorrow().ok()?)?);
        self.known.insert(from, (until, first));
        Some(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz;

    #[test]
    fn codes_are_those_of_the_facets() {
        assert_eq!(Facet::ALL.map(Facet::code), Facet::CODES);
        assert!(Facet::ALL.into_iter().all(|facet| Facet::from_code(facet.code()) == Some(facet)));
    }

    #[test]
    fn months_are_those_of_the_zone() {
        let zone = TimeZone::fixed(tz::offset(8));
        let mut months = Months { zone, known: BTreeMap::new(), counts: BTreeMap::new() };
        for at in ["2026-01-31T15:59:59Z", "2026-01-31T16:00:00Z", "2026-02-10T00:00:00Z", "2025-12-31T16:00:00Z"] {
            months.count(at.parse::<Timestamp>().unwrap().as_microsecond());
        }
        let counts = Counts { months: months.counts, ..Counts::default() };
        assert_eq!(counts.of(Facet::Month), [("2026-02".to_owned(), 2), ("2026-01".to_owned(), 2)]);
    }
}
