//! What became of suggestions, by month: how often the first was taken, how often it was not sure, and how far the mix of
//! categories has moved from the one a model was learnt from. Counted once from the first entries of cases, which never
//! change, and kept as sums, so that a look reads a few rows.

use super::{Learnt, everywhere, serve};
use crate::caller::Caller;
use crate::error::DeskError;
use crate::load;
use crate::{Desk, kept, permissions};
use domain::advice::Advice;
use domain::event::Event;
use policy::month_of;
use std::collections::{BTreeMap, BTreeSet};
use store::{AdviceKey, AdviceSum, entries, models};

/// Entries gone through in one transaction.
const AT_ONCE: i64 = 2_000;
/// Such transactions that were whole before others are let go first.
const PAGES: usize = 5;
/// Months told.
const MONTHS: i64 = 24;
/// Fewer suggestions of a month say nothing about its mix. [P]: a proposal of this product.
pub const FEWEST: i64 = 50;
/// Below this the mix is the one that was learnt from; above [`MOVED`] a new model is due. Usual limits of the index. [P]
pub const STEADY: f64 = 0.1;
/// See [`STEADY`].
pub const MOVED: f64 = 0.25;

/// A month of one source of suggestions.
#[derive(Clone, Debug, PartialEq)]
pub struct DriftMonth {
    /// What suggested: `model/` and an address, or the word list of a version.
    pub source: String,
    /// The model, where it is one that is kept.
    pub model: Option<uuid::Uuid>,
    /// Year and month.
    pub month: (i16, i8),
    /// Suggestions.
    pub counted: i64,
    /// Of which the first was taken.
    pub taken: i64,
    /// Of which any was.
    pub among: i64,
    /// That said they were not sure.
    pub unsure: i64,
    /// Population stability index of the categories people chose against those learnt from; nothing for the word list and
    /// for months with fewer than [`FEWEST`].
    pub index: Option<f64>,
}

/// Counts suggestions that were recorded since the last time, until none are left, `enough` says so, or so much was gone
/// through that others are let go first: over an old log it is called again and again. Blocking. It needs no lease: of two
/// nodes one finds that the mark stands elsewhere.
///
/// # Errors
/// Those of the database; it goes on where it was.
pub fn count(desk: &Desk, enough: impl Fn() -> bool) -> Result<(), DeskError> {
    let mut whole = 0;
    while whole < PAGES && !enough() {
        let zone = desk.zone().clone();
        let page = desk.db().read_behind_now(|tx| {
            let marks: BTreeMap<i64, i64> = models::marks(tx)?.into_iter().collect();
            let seen = |stream: &i64| marks.get(stream).copied().unwrap_or_default();
            let heads = entries::heads(tx)?;
            let Some((stream, head)) = heads.into_iter().find(|(stream, head)| *head > seen(stream)) else {
                return Ok(None);
            };
            let from = seen(&stream);
            let to = head.min(from.saturating_add(AT_ONCE));
            Ok::<_, DeskError>(Some((stream, from, to, entries::advised(tx, stream, from, to)?)))
        })?;
        let Some((stream, from, to, rows)) = page else { break };
        whole += usize::from(to - from == AT_ONCE);
        let mut sums: BTreeMap<AdviceKey, AdviceSum> = BTreeMap::new();
        for row in &rows {
            let entry = load::entry(row)?;
            let month = i64::from(month_of(entry.at.to_zoned_datetime(zone.clone()).date()));
            for event in entry.events {
                let Event::Advised { advice: Advice::Category { by, suggested, sure, chosen } } = event else {
                    continue;
                };
                let place = chosen.as_ref().and_then(|chosen| suggested.iter().position(|one| one.category == *chosen));
                let sum = sums.entry((by, month, chosen.unwrap_or_default())).or_default();
                sum.counted += 1;
                sum.taken += i64::from(place == Some(0));
                sum.among += i64::from(place.is_some());
                sum.unsure += i64::from(!sure);
            }
        }
        let moved = desk.db().write_now(move |tx| {
            if !models::mark(tx, stream, from, to)? {
                return Ok(false);
            }
            // Always in the order of their keys.
            for (key, sum) in &sums {
                models::add(tx, key, sum)?;
            }
            Ok::<_, DeskError>(true)
        })?;
        if !moved {
            break;
        }
    }
    Ok(())
}

/// What became of suggestions in the last two years, the newest month first. Blocking.
///
/// # Errors
/// If the caller may not see models.
pub fn drift(desk: &Desk, by: &Caller) -> Result<Vec<DriftMonth>, DeskError> {
    permissions::READ_MODELS.require(by)?;
    everywhere(by)?;
    let today = desk.time().now().to_zoned_datetime(desk.zone().clone()).date();
    let since = i64::from(month_of(today)) - MONTHS + 1;
    let (sums, known) = desk.db().read_now(move |tx| {
        let sums = models::months(tx, since)?;
        let hashes: BTreeSet<&str> = sums.iter().filter_map(|((source, ..), _)| serve::hash_of(source)).collect();
        let mut known = Vec::with_capacity(hashes.len());
        for hash in hashes {
            known.extend(models::by_hash(tx, hash)?);
        }
        Ok::<_, DeskError>((sums, known))
    })?;
    let mut learnt = BTreeMap::new();
    for row in &known {
        let told: Learnt = kept::read(&row.told)?;
        learnt.insert(serve::name_of(&row.hash), (row.id, told.categories));
    }
    let mut months: BTreeMap<(i64, String), BTreeMap<String, AdviceSum>> = BTreeMap::new();
    for ((source, month, category), sum) in sums {
        months.entry((-month, source)).or_default().insert(category, sum);
    }
    let told = months.into_iter().map(|((month, source), categories)| {
        let month = -month;
        let all = |part: fn(&AdviceSum) -> i64| categories.values().map(part).sum::<i64>();
        let model = learnt.get(&source);
        let counted = all(|sum| sum.counted);
        let index = model.filter(|_| counted >= FEWEST).map(|(_, learnt)| index(learnt, &categories));
        let year = i16::try_from(month.div_euclid(12)).unwrap_or_default();
        DriftMonth {
            model: model.map(|(id, _)| *id),
            month: (year, i8::try_from(month.rem_euclid(12) + 1).unwrap_or_default()),
            counted,
            taken: all(|sum| sum.taken),
            among: all(|sum| sum.among),
            unsure: all(|sum| sum.unsure),
            index,
            source,
        }
    });
    Ok(told.collect())
}

/// Σ (q − p) · ln(q / p) over every category of either side, p its share of what was learnt from and q of the month; half a
/// text is added to each, so that a category one side never saw counts without being everything.
fn index(learnt: &BTreeMap<String, u64>, month: &BTreeMap<String, AdviceSum>) -> f64 {
    let then = |category: &str| learnt.get(category).copied().unwrap_or_default() as f64 + 0.5;
    let now = |category: &str| month.get(category).map_or(0, |sum| sum.counted) as f64 + 0.5;
    // Who chose none said nothing about the mix.
    let both: BTreeSet<&str> =
        learnt.keys().chain(month.keys()).map(String::as_str).filter(|one| !one.is_empty()).collect();
    let (all_then, all_now): (f64, f64) =
        both.iter().map(|one| (then(one), now(one))).fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    let part = |one: &&str| {
        let (p, q) = (then(one) / all_then, now(one) / all_now);
        (q - p) * (q / p).ln()
    };
    both.iter().map(part).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(counts: &[(&str, i64)]) -> BTreeMap<String, AdviceSum> {
        let sum = |counted| AdviceSum { counted, ..AdviceSum::default() };
        counts.iter().map(|(category, counted)| ((*category).to_owned(), sum(*counted))).collect()
    }

    #[test]
    fn the_index_is_nothing_for_the_same_mix_and_large_for_another() {
        let learnt = BTreeMap::from([("A101".to_owned(), 600), ("B101".to_owned(), 400)]);
        assert!(index(&learnt, &month(&[("A101", 60), ("B101", 40), ("", 30)])) < 0.001);
        // 0.3 · ln(0.9/0.6) + 0.3 · ln(0.4/0.1), but for the halves that are added.
        let moved = index(&learnt, &month(&[("A101", 90), ("B101", 10)]));
        assert!((moved - 0.3 * (1.5_f64.ln() + 4.0_f64.ln())).abs() < 0.03, "{moved}");
        assert!(index(&learnt, &month(&[("C101", 100)])) > MOVED);
    }
}
