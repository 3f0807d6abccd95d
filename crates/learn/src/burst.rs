//! Where more comes in than the season explains. Every place, category and product, and places and categories by
//! themselves, are held against what their own weeks and the shares of all say for the same hours, over several windows at
//! once. What counts as an alarm follows from one figure: how many false ones a day whoever asks will bear, over everything
//! that is looked at.
//!
//! The counts of a cell are taken as negative binomial: the mean is its level times the season, and its spread has two
//! sources, how little is known of a small cell and how much the counts of this stream vary beyond chance. So a cell that
//! was never heard of before does not alarm with its second complaint.

mod cell;
mod season;
mod tail;

use cell::{Cells, Place, Spread};
use season::Season;
use std::collections::{BTreeMap, BTreeSet, HashMap};

pub use tail::ln_at_least;

/// Seconds of a day.
const DAY: i64 = 86_400;
/// Longest span of a scan, in days.
pub const MOST_DAYS: i64 = 3_700;
/// Exact copies within so many seconds are one.
const COPY: i64 = DAY;
/// Times everything is fitted anew without what stood out before.
const PASSES: usize = 3;
/// Events told for a burst where nobody says how many.
const TOLD: usize = 10;
/// Hours, or days, shown before a burst began, and shown in all.
const COURSE_BEFORE: i64 = 12;
const COURSE: i64 = 96;

/// One complaint. Times are those of the clock on the wall where it happened, in seconds from the beginning of 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: i64,
    /// Where, by a number the caller chose.
    pub region: u32,
    /// Of what.
    pub category: u32,
    /// Of which product; 0 for all where products are not told apart.
    pub product: u32,
    /// Digest of the text; 0 when it is not known, then nothing is a copy.
    pub text: u64,
}

/// How to look.
#[derive(Clone, Debug)]
pub struct Options {
    /// False alarms a day that may be borne, over all cells and windows.
    pub alarm_rate: f64,
    /// Whether products are told apart.
    pub products: bool,
    /// Fewer than this are never a burst.
    pub least: u32,
    /// Days that are no ordinary ones, counted from the beginning of 1970.
    pub holidays: BTreeSet<i64>,
    /// Only bursts that reach beyond this moment are told; all when nothing.
    pub since: Option<i64>,
    /// The last day looked at, when it lies after the last event: a quiet end is known to be quiet.
    pub until: Option<i64>,
    /// What people said of earlier bursts.
    pub judged: Vec<Judged>,
    /// Cells that have to stand out more than others.
    pub wary: Vec<Wary>,
    /// Events told for a burst at most.
    pub told: usize,
}

/// What somebody said of a span of time in a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Where; everywhere when nothing.
    pub region: Option<u32>,
    /// Of what; everything when nothing.
    pub category: Option<u32>,
    /// Of which product; all when nothing.
    pub product: Option<u32>,
    /// Its beginning and end, in seconds as events have them.
    pub span: (i64, i64),
}

/// A cell whose windows have to be less likely than those of others, and with it those of every cell that holds it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wary {
    /// Where; everywhere when nothing.
    pub region: Option<u32>,
    /// Of what; everything when nothing.
    pub category: Option<u32>,
    /// Of which product; all when nothing, each of them with it.
    pub product: Option<u32>,
    /// How much is taken from the threshold, as a natural logarithm.
    pub ln: f64,
}

/// One false alarm in thirty days.
pub const ALARM_RATE: f64 = 1.0 / 30.0;
/// See [`Options::least`].
pub const LEAST: u32 = 4;

impl Default for Options {
    fn default() -> Self {
        Self {
            alarm_rate: ALARM_RATE,
            products: false,
            least: LEAST,
            holidays: BTreeSet::new(),
            since: None,
            until: None,
            judged: Vec::new(),
            wary: Vec::new(),
            told: TOLD,
        }
    }
}

/// Why nothing can be looked at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unscannable {
    /// From first to last it is too long.
    #[error("the times span {0} days, more than the {MOST_DAYS} that can be looked at; is one of them wrong?")]
    TooLong(i64),
}

/// A suspected fault.
#[derive(Clone, Debug, PartialEq)]
pub struct Burst {
    /// The place; nothing when it is everywhere.
    pub region: Option<u32>,
    /// The category; nothing when it is of all.
    pub category: Option<u32>,
    /// The product; nothing when it is of all or products are not told apart.
    pub product: Option<u32>,
    /// Its first event.
    pub start: i64,
    /// End of the last window that stood out.
    pub end: i64,
    /// End of the first window that stood out: when it could be known.
    pub detected_at: i64,
    /// Events from start to end, copies counted once.
    pub count: u32,
    /// Exact copies besides.
    pub copies: u32,
    /// How many there would have been.
    pub expected: f64,
    /// Natural logarithm of how likely the strongest window is without a cause.
    pub ln_p: f64,
    /// Counts of the first and the second half of the time from start to end.
    pub halves: (u32, u32),
    /// Places in the list that was handed in of some of its events, the first first.
    pub rows: Vec<usize>,
    /// What was expected, hour by hour (day by day where only days are known), from before it began until its end: the
    /// beginning of each and the mean.
    pub course: Vec<(i64, f64)>,
}

impl Burst {
    /// How many times what was expected.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        f64::from(self.count) / self.expected.max(1e-9)
    }

    /// How much faster the second half was than the first; above one it grows.
    #[must_use]
    pub fn growth(&self) -> f64 {
        (f64::from(self.halves.1) + 0.5) / (f64::from(self.halves.0) + 0.5)
    }
}

/// What a scan found, and at what.
#[derive(Clone, Debug, PartialEq)]
pub struct Scan {
    /// Bursts, the first first.
    pub bursts: Vec<Burst>,
    /// Events that counted.
    pub events: usize,
    /// Exact copies that did not.
    pub copies: usize,
    /// Days looked at.
    pub days: i64,
    /// Seconds of a step in time: 900, or a day where only days are known.
    pub step: i64,
    /// Windows, in seconds.
    pub windows: Vec<i64>,
    /// Cells looked at, empty ones too.
    pub cells: u64,
    /// Natural logarithm of the probability below which a window stands out.
    pub ln_threshold: f64,
}

/// Time cut into steps.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    /// First day.
    first: i64,
    days: i64,
    /// Steps a day.
    steps: i64,
    /// Windows in steps.
    windows: Vec<i64>,
    /// Days on each side of a day that say nothing of its level, and how far the level looks.
    gap: i64,
    reach: i64,
}

impl Clock {
    fn of(first: i64, last: i64, whole_days: bool) -> Self {
        let (steps, windows, gap, reach): (i64, &[i64], i64, i64) =
            if whole_days { (1, &[1, 2, 3, 7], 7, 70) } else { (96, &[1, 2, 4, 8, 16, 32, 96], 1, 35) };
        let days = last - first + 1;
        // A short stream cannot spare the days beside.
        let gap = if days < 4 * gap + 10 { 0 } else { gap };
        Self { first, days, steps, windows: windows.to_vec(), gap, reach }
    }

    const fn step(&self) -> i64 {
        DAY / self.steps
    }

    /// The step a moment lies in.
    const fn at(&self, at: i64) -> i64 {
        (at - self.first * DAY).div_euclid(self.step())
    }

    /// The beginning of a step.
    const fn begin(&self, step: i64) -> i64 {
        self.first * DAY + step * self.step()
    }
}

/// A window that stood out.
#[derive(Clone, Copy, Debug)]
struct Alarm {
    from: i64,
    to: i64,
    ln_p: f64,
}

/// A run of them in one cell.
#[derive(Clone, Copy, Debug)]
struct Episode {
    place: Place,
    from: i64,
    to: i64,
    known: i64,
    ln_p: f64,
}

/// Looks for bursts.
///
/// # Errors
/// That the events span too long a time.
pub fn scan(events: &[Event], options: &Options) -> Result<Scan, Unscannable> {
    let day = |at: i64| at.div_euclid(DAY);
    let first = events.iter().map(|event| day(event.at)).min().unwrap_or(0);
    let last = events.iter().map(|event| day(event.at)).max().unwrap_or(0).max(options.until.unwrap_or(i64::MIN));
    if last.saturating_sub(first) >= MOST_DAYS {
        return Err(Unscannable::TooLong(last.saturating_sub(first)));
    }
    let whole_days = events.iter().all(|event| event.at.rem_euclid(DAY) == 0);
    let clock = Clock::of(first, last, whole_days);
    let (single, copies_of) = without_copies(events);
    let cells = Cells::of(events, &single, &clock, options.products);
    let looked = cells.looked();
    let tests = looked as f64 * clock.steps as f64 * clock.windows.len() as f64;
    let ln_threshold = (options.alarm_rate.max(1e-12) / tests.max(1.0)).ln().min(-1e-9);
    let mut episodes: Vec<Episode> = Vec::new();
    let bar = Bar { least: options.least, ln_threshold, wary: &options.wary };
    // What stands out says nothing of the usual, also where somebody is wary: they are so of what is told alone.
    let any = Bar { wary: &[], ..bar };
    for pass in 1..=PASSES {
        let bar = if pass < PASSES { &any } else { &bar };
        let odd = judged(odd_days(&episodes, &clock), &options.judged, &clock);
        let season = Season::fit(&cells, &clock, &options.holidays, &odd);
        let spread = Spread::fit(&cells, &season, &clock, &odd);
        episodes = Vec::new();
        for cell in cells.all() {
            let alarms = cell.alarms(&cells, &season, &spread, &clock, &odd, bar);
            episodes.extend(joined(cell.place, &alarms, &clock));
        }
    }
    let odd = judged(odd_days(&episodes, &clock), &options.judged, &clock);
    let season = Season::fit(&cells, &clock, &options.holidays, &odd);
    let spread = Spread::fit(&cells, &season, &clock, &odd);
    let judge = Judge { cells: &cells, season: &season, spread: &spread, clock: &clock, odd: &odd };
    let mut bursts: Vec<Burst> = judge
        .apart(episodes, &bar)
        .into_iter()
        .filter_map(|episode| judge.told(&episode, events, (&single, &copies_of), options.told))
        .filter(|burst| options.since.is_none_or(|since| burst.end > since))
        .collect();
    bursts.sort_by(|a, b| a.detected_at.cmp(&b.detected_at).then(a.ln_p.total_cmp(&b.ln_p)));
    Ok(Scan {
        bursts,
        events: single.len(),
        copies: events.len() - single.len(),
        days: if events.is_empty() { 0 } else { clock.days },
        step: clock.step(),
        windows: clock.windows.iter().map(|window| window * clock.step()).collect(),
        cells: looked,
        ln_threshold,
    })
}

/// The events in the order of time without exact copies, and how many copies each has.
fn without_copies(events: &[Event]) -> (Vec<usize>, HashMap<usize, u32>) {
    let mut order: Vec<usize> = (0..events.len()).collect();
    order.sort_by_key(|row| events.get(*row).map(|event| event.at));
    let mut last: HashMap<(u32, u32, u32, u64), (usize, i64)> = HashMap::new();
    let mut copies: HashMap<usize, u32> = HashMap::new();
    order.retain(|row| {
        let Some(event) = events.get(*row).filter(|event| event.text != 0) else { return true };
        let key = (event.region, event.category, event.product, event.text);
        match last.get(&key) {
            Some((of, at)) if event.at - at < COPY => {
                *copies.entry(*of).or_default() += 1;
                false
            }
            _ => {
                last.insert(key, (*row, event.at));
                true
            }
        }
    });
    (order, copies)
}

/// Days that stood out, by cell: they say nothing about the usual.
pub(crate) type Odd = BTreeMap<Place, BTreeSet<i64>>;

fn odd_days(episodes: &[Episode], clock: &Clock) -> Odd {
    let mut odd = Odd::new();
    for episode in episodes {
        let days = episode.from.div_euclid(clock.steps)..=(episode.to - 1).div_euclid(clock.steps);
        odd.entry(episode.place).or_default().extend(days);
    }
    odd
}

/// What people decided about: those days say nothing of what is usual, whatever they were.
fn judged(mut odd: Odd, said: &[Judged], clock: &Clock) -> Odd {
    for one in said {
        let place = Place { region: one.region, category: one.category, product: one.product };
        let day = |at: i64| at.div_euclid(DAY) - clock.first;
        let days = day(one.span.0)..=day(one.span.1.max(one.span.0 + 1) - 1);
        odd.entry(place).or_default().extend(days.filter(|day| (0..clock.days).contains(day)));
    }
    odd
}

/// What a window has to do to stand out.
#[derive(Clone, Copy)]
pub(crate) struct Bar<'a> {
    /// Fewer than this are never a burst.
    least: u32,
    ln_threshold: f64,
    wary: &'a [Wary],
}

impl Bar<'_> {
    /// The threshold of a cell. What holds a wary cell is as wary as it, or the same contacts would stand out there.
    fn ln_of(&self, place: &Place) -> f64 {
        let holds = |outer: Option<u32>, inner: Option<u32>| outer.is_none() || outer == inner;
        let product = |one: &Wary| one.product.is_none() || holds(place.product, one.product);
        let within =
            |one: &&Wary| holds(place.region, one.region) && holds(place.category, one.category) && product(one);
        let wary = self.wary.iter().filter(within);
        self.ln_threshold - wary.map(|one| one.ln).fold(0.0, f64::max)
    }
}

/// Windows that touch, or nearly do, are one thing.
fn joined(place: Place, alarms: &[Alarm], clock: &Clock) -> Vec<Episode> {
    let near = (clock.steps / 12).max(1);
    let mut episodes: Vec<Episode> = Vec::new();
    for alarm in alarms {
        match episodes.last_mut() {
            Some(last) if alarm.to - last.to <= near || alarm.from < last.to => {
                last.to = last.to.max(alarm.to);
                last.ln_p = last.ln_p.min(alarm.ln_p);
            }
            _ => episodes.push(Episode { place, from: alarm.from, to: alarm.to, known: alarm.to, ln_p: alarm.ln_p }),
        }
    }
    episodes
}

/// Everything that says what is usual.
struct Judge<'a> {
    cells: &'a Cells,
    season: &'a Season,
    spread: &'a Spread,
    clock: &'a Clock,
    odd: &'a Odd,
}

impl Judge<'_> {
    /// Of episodes that overlap and of which one holds the other the stronger stays; the other does so only where it
    /// stands out without what the stronger one explains.
    fn apart(&self, mut episodes: Vec<Episode>, bar: &Bar<'_>) -> Vec<Episode> {
        episodes.sort_by(|a, b| a.ln_p.total_cmp(&b.ln_p).then(a.from.cmp(&b.from)).then(a.place.cmp(&b.place)));
        let mut kept: Vec<Episode> = Vec::new();
        for episode in episodes {
            let same: Vec<&Episode> = kept
                .iter()
                .filter(|other| other.from < episode.to && episode.from < other.to && other.place.meets(&episode.place))
                .collect();
            let stands = same.is_empty() || {
                let explained: f64 = same
                    .iter()
                    .map(|other| {
                        let (from, to) = (other.from.max(episode.from), other.to.min(episode.to));
                        // What is common to both: the narrower of the two places, and what is more there than usual.
                        let common = other.place.common(&episode.place);
                        let count = self.cells.count(&common, from, to);
                        let usual = self.season.usual(self.cells, &common, (from, to), self.clock, self.odd);
                        (f64::from(count) - usual.mean).max(0.0)
                    })
                    .sum();
                let count = self.cells.count(&episode.place, episode.from, episode.to);
                let left = (f64::from(count) - explained).max(0.0).floor();
                let usual =
                    self.season.usual(self.cells, &episode.place, (episode.from, episode.to), self.clock, self.odd);
                let window = episode.to - episode.from;
                let more = self.spread.of(&episode.place, window, self.clock);
                left >= f64::from(bar.least)
                    && tail::ln_at_least(left, usual.mean, usual.variance + more) < bar.ln_of(&episode.place)
            };
            if stands {
                kept.push(episode);
            }
        }
        kept
    }

    /// An episode as it is told.
    fn told(
        &self,
        episode: &Episode,
        events: &[Event],
        (single, copies_of): (&[usize], &HashMap<usize, u32>),
        most: usize,
    ) -> Option<Burst> {
        let (begin, end) = (self.clock.begin(episode.from), self.clock.begin(episode.to));
        let after = |moment: i64| single.partition_point(|row| events.get(*row).is_some_and(|event| event.at < moment));
        let of: Vec<(usize, i64)> = single
            .get(after(begin)..after(end))?
            .iter()
            .filter_map(|row| events.get(*row).filter(|event| episode.place.holds(event)).map(|event| (*row, event.at)))
            .collect();
        let start = of.first()?.1;
        let from = self.clock.at(start);
        let middle = start + (end - start) / 2;
        let early = of.iter().filter(|(_, at)| *at < middle).count();
        let usual = self.season.usual(self.cells, &episode.place, (from, episode.to), self.clock, self.odd);
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Some(Burst {
            region: episode.place.region,
            category: episode.place.category,
            product: episode.place.product,
            start,
            end,
            detected_at: self.clock.begin(episode.known),
            count: count(of.len()),
            copies: of.iter().filter_map(|(row, _)| copies_of.get(row)).sum(),
            expected: usual.mean,
            ln_p: episode.ln_p,
            halves: (count(early), count(of.len() - early)),
            rows: of.iter().take(most).map(|(row, _)| *row).collect(),
            course: self.course(&episode.place, from, episode.to),
        })
    }

    /// What was expected of a place, step by step of an hour, from half a day before a span until its end.
    fn course(&self, place: &Place, from: i64, to: i64) -> Vec<(i64, f64)> {
        let hour = (self.clock.steps / 24).max(1);
        let begin = (from.div_euclid(hour) - COURSE_BEFORE).max(0);
        let end = (to + hour - 1).div_euclid(hour).min(begin + COURSE);
        (begin..end)
            .map(|n| {
                let span = (n * hour, (n + 1) * hour);
                (self.clock.begin(span.0), self.season.usual(self.cells, place, span, self.clock, self.odd).mean)
            })
            .collect()
    }
}
