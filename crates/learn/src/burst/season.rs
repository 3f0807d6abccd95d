//! What is usual: the level of a cell over the weeks around, times the season of its category. A season is a factor for each
//! weekday and for holidays, and the share of each hour on working days and on others. What little is known of a category
//! or cell leans on what is known of all.

use super::cell::{Cells, Place};
use super::{Clock, Odd};
use std::collections::{BTreeSet, HashMap};

/// Days of a week, and holidays.
const KINDS: usize = 8;
const HOLIDAY: usize = 7;
const SUNDAY: usize = 6;
/// What is known of all counts as much as so many events of a category.
const HELD: f64 = 100.0;
/// What the shares of place and category say of a cell counts as much as so many events of its own.
const PRIOR: f64 = 1.0;
/// Most numbers kept for the seasons of categories; beyond it the small ones have that of all.
const MOST_KEPT: usize = 20_000_000;

/// A mean, and what is unknown of it: variance as a share of the squared mean.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usual {
    pub(crate) mean: f64,
    pub(crate) variance: f64,
}

/// Counts by kind of day and hour.
#[derive(Clone, Debug, Default)]
struct Table {
    kinds: [f64; KINDS],
    hours: [[f64; 24]; 2],
}

/// The seasons.
#[derive(Clone, Debug)]
pub(crate) struct Season {
    /// Sums of the season up to each step: of all, and by category.
    all: Vec<f64>,
    of: HashMap<u32, Vec<f64>>,
    /// Events of everything, and by place or category alone, for what a cell is likely to have.
    total: f64,
    regions: HashMap<u32, f64>,
    categories: HashMap<u32, f64>,
    products: HashMap<u32, f64>,
}

impl Season {
    pub(crate) fn fit(cells: &Cells, clock: &Clock, holidays: &BTreeSet<i64>, odd: &Odd) -> Self {
        let kinds: Vec<usize> = (0..clock.days).map(|day| kind(clock.first + day, holidays)).collect();
        let mut all = Table::default();
        let mut tables: HashMap<u32, Table> = HashMap::new();
        let mut season = Self {
            all: Vec::new(),
            of: HashMap::new(),
            total: 0.0,
            regions: HashMap::new(),
            categories: HashMap::new(),
            products: HashMap::new(),
        };
        for cell in cells.all() {
            if let (Some(_), Some(_), Some(product)) = (cell.place.region, cell.place.category, cell.place.product) {
                *season.products.entry(product).or_default() += cell.steps.len() as f64;
            }
            let (Some(region), Some(category), None) = (cell.place.region, cell.place.category, cell.place.product)
            else {
                continue;
            };
            let table = tables.entry(category).or_default();
            let days = odd.get(&cell.place);
            for step in &cell.steps {
                let day = step.div_euclid(clock.steps);
                if days.is_some_and(|days| days.contains(&day)) {
                    continue;
                }
                let kind = kinds.get(usize::try_from(day).unwrap_or(usize::MAX)).copied().unwrap_or(0);
                let hour = (step.rem_euclid(clock.steps) * 24 / clock.steps) as usize;
                for table in [&mut *table, &mut all] {
                    table.add(kind, hour);
                }
                season.total += 1.0;
                *season.regions.entry(region).or_default() += 1.0;
                *season.categories.entry(category).or_default() += 1.0;
            }
        }
        let mut days = [0.0; KINDS];
        for kind in &kinds {
            if let Some(days) = days.get_mut(*kind) {
                *days += 1.0;
            }
        }
        let common = all.shape(&days, None);
        season.all = sums(&common, &kinds, clock);
        let mut order: Vec<(&u32, &Table)> = tables.iter().collect();
        order.sort_by(|a, b| b.1.total().total_cmp(&a.1.total()).then(a.0.cmp(b.0)));
        let most = MOST_KEPT / season.all.len().max(1);
        for (category, table) in order.into_iter().take(most) {
            season.of.insert(*category, sums(&table.shape(&days, Some(&common)), &kinds, clock));
        }
        season
    }

    fn sums_of(&self, place: &Place) -> &[f64] {
        place.category.and_then(|category| self.of.get(&category)).unwrap_or(&self.all)
    }

    /// What is usual for a place in a span of steps, by the days around it that did not stand out.
    pub(crate) fn usual(
        &self,
        cells: &Cells,
        place: &Place,
        (from, to): (i64, i64),
        clock: &Clock,
        odd: &Odd,
    ) -> Usual {
        let sums = self.sums_of(place);
        let up_to = |step: i64| {
            let step = usize::try_from(step.max(0)).unwrap_or(usize::MAX).min(sums.len().saturating_sub(1));
            sums.get(step).copied().unwrap_or(0.0)
        };
        let mass = |from: i64, to: i64| (up_to(to) - up_to(from)).max(0.0);
        let (first, last) = (from.div_euclid(clock.steps), (to - 1).div_euclid(clock.steps));
        let cell = cells.get(place);
        let odd = odd.get(place);
        let (mut count, mut seen) = (0.0, 0.0);
        let spans = [
            ((first - clock.reach).max(0), (first - clock.gap).max(0)),
            ((last + 1 + clock.gap).min(clock.days), (last + 1 + clock.reach).min(clock.days)),
        ];
        for (begin, end) in spans {
            if begin >= end {
                continue;
            }
            let of = |begin: i64, end: i64| {
                let (from, to) = (begin * clock.steps, end * clock.steps);
                (cell.map_or(0.0, |cell| f64::from(cell.count(from, to))), mass(from, to))
            };
            let (these, this) = of(begin, end);
            count += these;
            seen += this;
            for day in odd.into_iter().flat_map(|odd| odd.range(begin..end)) {
                let (these, this) = of(*day, day + 1);
                count -= these;
                seen -= this;
            }
        }
        let likely = self.likely(cells, place) / up_to(i64::MAX).max(1e-9);
        let level = (count.max(0.0) + PRIOR) / (seen.max(0.0) + PRIOR / likely.max(1e-12));
        Usual { mean: level * mass(from, to), variance: 1.0 / (count.max(0.0) + PRIOR) }
    }

    /// How many events a place would have if places and categories had nothing to do with each other.
    fn likely(&self, cells: &Cells, place: &Place) -> f64 {
        let share = |of: Option<u32>, known: &HashMap<u32, f64>, kinds: usize| {
            of.map_or(1.0, |one| (known.get(&one).copied().unwrap_or(0.0) + 1.0) / (self.total + kinds.max(1) as f64))
        };
        // Of a place or a category as a whole the number of them says all there is.
        let even = |of: Option<u32>, kinds: usize| if of.is_some() { 1.0 / kinds.max(1) as f64 } else { 1.0 };
        let share = match (place.region, place.category) {
            (Some(_), Some(_)) => {
                share(place.region, &self.regions, cells.regions())
                    * share(place.category, &self.categories, cells.categories())
                    * share(place.product, &self.products, cells.products())
            }
            (region, category) => even(region, cells.regions()) * even(category, cells.categories()),
        };
        (self.total + 1.0) * share
    }
}

impl Table {
    fn add(&mut self, kind: usize, hour: usize) {
        if let Some(count) = self.kinds.get_mut(kind) {
            *count += 1.0;
        }
        if let Some(count) = self.hours.get_mut(rest(kind)).and_then(|hours| hours.get_mut(hour)) {
            *count += 1.0;
        }
    }

    fn total(&self) -> f64 {
        self.kinds.iter().sum()
    }

    /// Factors of days, and shares of hours that add up to one.
    fn shape(&self, days: &[f64; KINDS], common: Option<&Self>) -> Self {
        let mean = self.total() / days.iter().sum::<f64>().max(1.0);
        let mut shape = Self::default();
        let held = if common.is_some() { HELD } else { mean };
        for (kind, ((factor, count), days)) in shape.kinds.iter_mut().zip(&self.kinds).zip(days).enumerate() {
            let known = common.and_then(|common| common.kinds.get(kind)).copied().unwrap_or(1.0);
            *factor = (count + held * known) / (days * mean + held).max(1e-9);
        }
        // A holiday nobody has seen yet is taken for a Sunday.
        if common.is_none() {
            let [.., sunday, holiday] = &mut shape.kinds;
            let (count, days) = (self.kinds.get(HOLIDAY).copied(), days.get(HOLIDAY).copied());
            let held = 2.0 * mean;
            *holiday = (count.unwrap_or(0.0) + held * *sunday) / (days.unwrap_or(0.0) * mean + held).max(1e-9);
        }
        let both: Vec<f64> =
            (0..24).map(|hour| self.hours.iter().filter_map(|hours| hours.get(hour)).sum::<f64>() + 0.5).collect();
        let sum: f64 = both.iter().sum();
        for (at, (shares, counts)) in shape.hours.iter_mut().zip(&self.hours).enumerate() {
            let held = if common.is_some() { HELD } else { 48.0 };
            let all: f64 = counts.iter().sum::<f64>() + held;
            for (hour, (share, count)) in shares.iter_mut().zip(counts).enumerate() {
                let own = both.get(hour).map_or(1.0 / 24.0, |both| both / sum);
                let known = common.and_then(|common| common.hours.get(at)).and_then(|hours| hours.get(hour));
                *share = (count + held * known.copied().unwrap_or(own)) / all;
            }
        }
        shape
    }
}

/// The season summed up, step by step.
fn sums(shape: &Table, kinds: &[usize], clock: &Clock) -> Vec<f64> {
    let mut sum = 0.0;
    let mut sums = Vec::with_capacity(kinds.len() * clock.steps as usize + 1);
    sums.push(sum);
    for kind in kinds {
        let factor = shape.kinds.get(*kind).copied().unwrap_or(1.0);
        for step in 0..clock.steps {
            let share = if clock.steps == 1 {
                1.0
            } else {
                let hours = shape.hours.get(rest(*kind));
                let share = hours.and_then(|hours| hours.get((step * 24 / clock.steps) as usize));
                share.copied().unwrap_or(0.0) * 24.0 / clock.steps as f64
            };
            sum += factor * share;
            sums.push(sum);
        }
    }
    sums
}

/// Which kind of day it is; 1970 began on a Thursday.
fn kind(day: i64, holidays: &BTreeSet<i64>) -> usize {
    if holidays.contains(&day) { HOLIDAY } else { (day + 3).rem_euclid(7) as usize }
}

/// Whether people are at work.
const fn rest(kind: usize) -> usize {
    (kind >= SUNDAY - 1) as usize
}
