//! What is counted: the steps at which each cell had an event, and how much its counts vary beyond chance.

use super::season::Season;
use super::tail::ln_at_least;
use super::{Alarm, Bar, Clock, Event, Odd};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A place, category and product; what is left open is all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Place {
    pub(crate) region: Option<u32>,
    pub(crate) category: Option<u32>,
    pub(crate) product: Option<u32>,
}

impl Place {
    /// Whether an event is of it.
    pub(crate) fn holds(&self, event: &Event) -> bool {
        self.region.is_none_or(|region| region == event.region)
            && self.category.is_none_or(|category| category == event.category)
            && self.product.is_none_or(|product| product == event.product)
    }

    /// Whether an event can be of both.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        let meet = |a: Option<u32>, b: Option<u32>| a.is_none() || b.is_none() || a == b;
        meet(self.region, other.region) && meet(self.category, other.category) && meet(self.product, other.product)
    }

    /// What is of both, of places that meet.
    pub(crate) fn common(&self, other: &Self) -> Self {
        Self {
            region: self.region.or(other.region),
            category: self.category.or(other.category),
            product: self.product.or(other.product),
        }
    }

    /// How much of it is named.
    const fn depth(&self) -> usize {
        self.region.is_some() as usize + self.category.is_some() as usize + self.product.is_some() as usize
    }
}

/// A place with the steps at which it had an event, in rising order.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    pub(crate) place: Place,
    pub(crate) steps: Vec<i64>,
}

/// All cells that had an event, in the order of their places.
#[derive(Clone, Debug)]
pub(crate) struct Cells {
    all: Vec<Cell>,
    at: HashMap<Place, usize>,
    regions: usize,
    categories: usize,
    products: usize,
}

impl Cells {
    pub(crate) fn of(events: &[Event], single: &[usize], clock: &Clock, products: bool) -> Self {
        let mut found: BTreeMap<Place, Vec<i64>> = BTreeMap::new();
        let of = |pick: fn(&Event) -> u32| events.iter().map(pick).collect::<BTreeSet<u32>>().len();
        let (regions, categories) = (of(|event| event.region), of(|event| event.category));
        let kinds = if products { of(|event| event.product) } else { 1 };
        for event in single.iter().filter_map(|row| events.get(*row)) {
            let step = clock.at(event.at);
            let (region, category) = (Some(event.region), Some(event.category));
            let place = Place { region, category, product: None };
            let mut count = |place: Place| found.entry(place).or_default().push(step);
            count(place);
            if kinds > 1 {
                count(Place { product: Some(event.product), ..place });
            }
            // Where there is one category only, a place is the same as the place and it.
            if categories > 1 {
                count(Place { category: None, ..place });
            }
            if regions > 1 {
                count(Place { region: None, ..place });
            }
        }
        let all: Vec<Cell> = found.into_iter().map(|(place, steps)| Cell { place, steps }).collect();
        let at = all.iter().enumerate().map(|(at, cell)| (cell.place, at)).collect();
        Self { all, at, regions, categories, products: kinds }
    }

    pub(crate) fn all(&self) -> &[Cell] {
        &self.all
    }

    pub(crate) fn get(&self, place: &Place) -> Option<&Cell> {
        self.at.get(place).and_then(|at| self.all.get(*at))
    }

    /// How many cells there could be: one that was silent so far is looked at too.
    pub(crate) fn looked(&self) -> u64 {
        let product = |a: usize, b: usize| (a as u64).saturating_mul(b as u64);
        let pairs = product(self.regions, self.categories);
        let parts = if self.products > 1 { pairs.saturating_mul(self.products as u64) } else { 0 };
        let places = if self.categories > 1 { self.regions as u64 } else { 0 };
        let kinds = if self.regions > 1 { self.categories as u64 } else { 0 };
        pairs.saturating_add(parts).saturating_add(places).saturating_add(kinds)
    }

    /// Events of a place in a span of steps.
    pub(crate) fn count(&self, place: &Place, from: i64, to: i64) -> u32 {
        self.get(place).map_or(0, |cell| cell.count(from, to))
    }

    pub(crate) const fn regions(&self) -> usize {
        self.regions
    }

    pub(crate) const fn categories(&self) -> usize {
        self.categories
    }

    pub(crate) const fn products(&self) -> usize {
        self.products
    }
}

impl Cell {
    pub(crate) fn count(&self, from: i64, to: i64) -> u32 {
        let before = |step: i64| self.steps.partition_point(|at| *at < step);
        u32::try_from(before(to) - before(from).min(before(to))).unwrap_or(u32::MAX)
    }

    /// The windows that stand out, in the order of their ends.
    pub(crate) fn alarms(
        &self,
        cells: &Cells,
        season: &Season,
        spread: &Spread,
        clock: &Clock,
        odd: &Odd,
        bar: &Bar<'_>,
    ) -> Vec<Alarm> {
        let (least, ln_threshold) = (bar.least, bar.ln_of(&self.place));
        let mut alarms: Vec<Alarm> = Vec::new();
        if self.steps.len() < least as usize {
            return alarms;
        }
        for same in self.steps.chunk_by(|a, b| a == b) {
            let Some(step) = same.first() else { continue };
            let to = step + 1;
            let mut best: Option<Alarm> = None;
            let mut counted = 0;
            for window in &clock.windows {
                let from = (to - window).max(0);
                let count = self.count(from, to);
                // A longer window with no more in it says less.
                if count < least || count == counted {
                    continue;
                }
                counted = count;
                let usual = season.usual(cells, &self.place, (from, to), clock, odd);
                if f64::from(count) <= usual.mean + 2.0 * usual.mean.sqrt() {
                    continue;
                }
                let extra = usual.variance + spread.of(&self.place, *window, clock);
                let ln_p = ln_at_least(f64::from(count), usual.mean, extra);
                if ln_p < ln_threshold && best.is_none_or(|best| ln_p < best.ln_p) {
                    best = Some(Alarm { from, to, ln_p });
                }
            }
            // A long window goes on standing out when all is over; only what is new since makes an episode longer.
            let Some(found) = best else { continue };
            let new = alarms.last().filter(|last| found.from < last.to).is_none_or(|last| {
                let since = season.usual(cells, &self.place, (last.to, to), clock, odd);
                let extra = since.variance + spread.of(&self.place, to - last.to, clock);
                let usual = since.mean + 2.0 * (since.mean + since.mean * since.mean * extra).sqrt();
                f64::from(self.count(last.to, to)) > usual
            });
            if new {
                alarms.push(found);
            }
        }
        alarms
    }
}

/// Cells whose spread is taken from their own counts, the greatest ones, and windows looked at for it.
const CELLS: usize = 200;
const SAMPLES: i64 = 800;
/// What all cells together say counts as much as so much of one's own evidence.
const HELD: f64 = 20.0;

/// How much counts vary beyond chance and beyond what is unknown of their level: variance as a share of the squared mean,
/// by window.
#[derive(Clone, Debug)]
pub(crate) struct Spread {
    /// By depth of the place and window.
    pooled: BTreeMap<(usize, i64), f64>,
    own: HashMap<(Place, i64), f64>,
}

impl Spread {
    pub(crate) fn fit(cells: &Cells, season: &Season, clock: &Clock, odd: &Odd) -> Self {
        let mut greatest: Vec<&Cell> = cells.all().iter().collect();
        greatest.sort_by_key(|cell| (std::cmp::Reverse(cell.steps.len()), cell.place));
        greatest.truncate(CELLS);
        let mut sums: BTreeMap<(usize, i64), (f64, f64)> = BTreeMap::new();
        let mut own: Vec<((Place, i64), (f64, f64))> = Vec::new();
        for cell in greatest {
            for window in &clock.windows {
                let sum = evidence(cell, *window, cells, season, clock, odd);
                let pooled = sums.entry((cell.place.depth(), *window)).or_default();
                *pooled = (pooled.0 + sum.0, pooled.1 + sum.1);
                own.push(((cell.place, *window), sum));
            }
        }
        let share = |(beyond, mean): (f64, f64)| if mean > 0.0 { (beyond / mean).max(0.0) } else { 0.0 };
        let pooled: BTreeMap<(usize, i64), f64> = sums.into_iter().map(|(key, sum)| (key, share(sum))).collect();
        let own = own
            .into_iter()
            .map(|((place, window), (beyond, mean))| {
                let all = pooled.get(&(place.depth(), window)).copied().unwrap_or(0.0);
                let mixed = (beyond + HELD * all) / (mean + HELD);
                ((place, window), mixed.max(all / 2.0))
            })
            .collect();
        Self { pooled, own }
    }

    /// The spread of a place over a span of steps: that of the shortest window that is as long.
    pub(crate) fn of(&self, place: &Place, span: i64, clock: &Clock) -> f64 {
        let window = clock.windows.iter().find(|window| **window >= span).or(clock.windows.last());
        let window = window.copied().unwrap_or(1);
        let pooled = || self.pooled.get(&(place.depth(), window)).copied().unwrap_or(0.0);
        self.own.get(&(*place, window)).copied().unwrap_or_else(pooled)
    }
}

/// Squared deviation beyond what is expected, and the squared mean, each divided by one and the mean so that a few great
/// windows do not say everything.
fn evidence(cell: &Cell, window: i64, cells: &Cells, season: &Season, clock: &Clock, odd: &Odd) -> (f64, f64) {
    let count = clock.days * clock.steps / window;
    // The stride has no factor in common with a day, so every hour has its turn.
    let mut stride = (count / SAMPLES).max(1);
    while stride > 1 && (stride % 2 == 0 || stride % 3 == 0 || stride % 7 == 0) {
        stride += 1;
    }
    let days = odd.get(&cell.place);
    let (mut beyond, mut square) = (0.0, 0.0);
    let mut at = 0;
    while at < count {
        let (from, to) = (at * window, (at + 1) * window);
        at += stride;
        let (first, last) = (from.div_euclid(clock.steps), (to - 1).div_euclid(clock.steps));
        if days.is_some_and(|days| days.range(first..=last).next().is_some()) {
            continue;
        }
        let usual = season.usual(cells, &cell.place, (from, to), clock, odd);
        let (mean, count) = (usual.mean, f64::from(cell.count(from, to)));
        // One window in a stream may not make the whole of it look wild.
        let off =
            ((count - mean) * (count - mean)).min(50.0 * (1.0 + mean) * (1.0 + mean * usual.variance) + mean * mean);
        beyond += (off - mean - mean * mean * usual.variance) / (1.0 + mean);
        square += mean * mean / (1.0 + mean);
    }
    (beyond, square)
}
