//! The job that looks. Every few minutes one node counts the contacts of six weeks by place and category, the same person's
//! within a day once, and asks [`learn::burst`] where the last day holds more than the season explains. It runs twice: over
//! provinces, and over cities where regions are known so closely; what one city explains is not told of its province too.
//!
//! What is read are columns of the rows of cases, over the index by first receipt: no log is folded and no text opened.
//! A node keeps what it read in memory ([`contacts`]) and next time reads the contacts alone that the log has named since.
//! Beyond [`MOST`] contacts the weeks furthest back are left out.

mod contacts;

pub(crate) use contacts::Watched;

use super::{Said, UNCLASSIFIED, known as as_known, row_of, write};
use crate::bursts::KINDS;
use crate::error::DeskError;
use crate::notices::named::{Thing, write_to};
use crate::time::{moment, stored};
use crate::{Desk, kept, permissions};
use contacts::{Contact, Contacts};
use domain::actor::{ActorId, AreaScope};
use domain::burst::State;
use domain::case::notices::To;
use domain::ids::UserId;
use domain::taxonomy::{province_of, region_in};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use learn::burst::{self, Event, Judged, Options, Wary};
use policy::DayKind;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use store::schedules::{self, Look};
use store::{BurstRow, Tx, bursts};
use uuid::Uuid;

/// Between two looks.
pub const EVERY: SignedDuration = SignedDuration::from_mins(5);
/// The same person's contacts in one place and category within so many seconds are one.
pub(super) const COPY: i64 = 24 * 3_600;

/// Name of the lease.
const NAME: &str = "bursts";
/// Should this node fail, another looks after this long.
const LEASE: SignedDuration = SignedDuration::from_mins(10);
/// What the season is taken from.
const HISTORY: SignedDuration = SignedDuration::from_hours(42 * 24);
/// How far back new ones are told.
const TOLD: SignedDuration = SignedDuration::from_hours(24);
/// After so long without anything unusual one is over; what comes later is another.
const QUIET: SignedDuration = SignedDuration::from_hours(2);
/// Most contacts counted.
const MOST: i64 = 400_000;
/// Most cases noted of one: as many as work over many takes.
const CASES: usize = crate::bulk::MOST;
/// How long a dismissal makes its place and category wary, how many of them count, and by what power of ten each.
const WARY: SignedDuration = SignedDuration::from_hours(30 * 24);
const WARY_MOST: u32 = 4;
const WARY_BY: f64 = 2.0;
/// What goes on is written to the ledger when it has become so much more or less: by one in so many.
const MATTERS: u32 = 4;

/// How it is looked.
#[derive(Clone, Copy, Debug)]
pub struct Watch {
    /// False alarms a day that may be borne, over everything.
    pub alarm_rate: f64,
}

impl Watch {
    /// Whether anything is looked for.
    #[must_use]
    pub fn looks(self) -> bool {
        self.alarm_rate > 0.0
    }
}

impl Default for Watch {
    fn default() -> Self {
        Self { alarm_rate: burst::ALARM_RATE }
    }
}

/// What a look found in a place and category.
#[derive(Clone, Debug)]
struct Found {
    said: Said,
    cases: Vec<Uuid>,
}

/// Looks, if it is time and no other node does. Returns whether it did. Blocking.
///
/// # Errors
/// Those of the database; the next look sees what this one would have seen.
pub fn look(desk: &Desk, node: &str, watch: Watch) -> Result<bool, DeskError> {
    let now = desk.time().now();
    let look =
        Look { now: stored(now), furthest: stored(now + EVERY + LEASE), furthest_lease: stored(now + LEASE + LEASE) };
    // Looking whether it is time costs no write.
    let holder = node.to_owned();
    if !desk.db().read_now(move |tx| Ok::<_, DeskError>(schedules::is_due(tx, NAME, look, &holder)?))? {
        return Ok(false);
    }
    let (holder, until) = (node.to_owned(), stored(now + LEASE));
    if !desk.db().write_now(move |tx| Ok::<_, DeskError>(schedules::claim(tx, NAME, look, until, &holder)?))? {
        return Ok(false);
    }
    let ((mark, kept), zone) = (desk.watched().take(), desk.zone().clone());
    let (contacts, known) = desk.db().read_behind_now(move |tx| {
        let mut known = Vec::new();
        for row in bursts::since(tx, stored(now - HISTORY))? {
            known.push(as_known(&row)?);
        }
        Ok::<_, DeskError>((Contacts::read(tx, kept, &zone, now)?, known))
    })?;
    let found = find(desk, &contacts, &known, watch, now);
    desk.watched().keep(mark, contacts);
    let (house, holder) = (desk.clone(), node.to_owned());
    desk.db().write_now(move |tx| {
        // Whoever took longer than the lease writes nothing: another has looked since.
        let hold = Look { now: stored(now), furthest: stored(now), furthest_lease: stored(now + LEASE + LEASE) };
        if schedules::hold(tx, NAME, hold, until, &holder)? {
            keep(&house, tx, found, now)?;
            schedules::finish(tx, NAME, stored(now + EVERY), &holder)?;
        }
        Ok::<_, DeskError>(true)
    })
}

/// How closely places are told apart.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Depth {
    Province,
    City,
}

impl Depth {
    /// The place of a region.
    fn of(self, region: &str) -> &str {
        match self {
            Self::Province => province_of(region),
            // A part of a country that is not numbered, such as `IE-D`, has no cities; a city of its own has districts.
            Self::City if region.contains('-') => region,
            Self::City if ["11", "12", "31", "50"].contains(&province_of(region)) => region.get(..6).unwrap_or(region),
            Self::City => region.get(..4).unwrap_or(region),
        }
    }
}

/// Codes with the numbers a scan knows them by.
#[derive(Debug, Default)]
struct Codes {
    numbers: BTreeMap<String, u32>,
    names: Vec<String>,
}

impl Codes {
    fn number(&mut self, code: &str) -> u32 {
        if let Some(number) = self.numbers.get(code) {
            return *number;
        }
        let number = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.numbers.insert(code.to_owned(), number);
        self.names.push(code.to_owned());
        number
    }

    fn name(&self, number: Option<u32>) -> String {
        number.and_then(|number| self.names.get(number as usize)).cloned().unwrap_or_default()
    }

    fn of(&self, number: u32) -> &str {
        self.names.get(number as usize).map(String::as_str).unwrap_or_default()
    }

    /// The number of a code where it occurs, nothing for all of them; nothing at all where it does not occur.
    fn known(&self, code: &str) -> Option<Option<u32>> {
        if code.is_empty() { Some(None) } else { self.numbers.get(code).copied().map(Some) }
    }
}

/// The seconds a clock on the wall shows, counted as if the wall stood at UTC.
fn wall(zone: &TimeZone, at: Timestamp) -> i64 {
    at.as_second() + i64::from(zone.to_offset(at).seconds())
}

/// The moment a clock on the wall shows so many seconds.
fn unwall(zone: &TimeZone, seconds: i64) -> Timestamp {
    let shown = Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX);
    zone.to_timestamp(TimeZone::UTC.to_datetime(shown)).unwrap_or(shown)
}

fn find(desk: &Desk, contacts: &Contacts, known: &[Said], watch: Watch, now: Timestamp) -> Vec<Found> {
    let received = contacts.in_order(now);
    let region = |one: &Contact| contacts.regions.of(one.region);
    let deeper = received.iter().any(|one| Depth::City.of(region(one)) != Depth::Province.of(region(one)));
    let rate = if deeper { watch.alarm_rate / 2.0 } else { watch.alarm_rate };
    let mut found = scan(desk, (contacts, &received), known, (Depth::Province, rate), now);
    if deeper {
        let mut cities = scan(desk, (contacts, &received), known, (Depth::City, rate), now);
        // Everywhere, and what is no closer than a province, was looked at already.
        cities.retain(|one| Depth::Province.of(&one.said.region) != one.said.region);
        found.retain(|wide| {
            let explained = |city: &&Found| {
                !wide.said.region.is_empty() && nested(&city.said, &wide.said) && meet(&city.said, &wide.said)
            };
            let of_cities: u32 = cities.iter().filter(explained).map(|city| city.said.count).sum();
            u64::from(of_cities) * 2 < u64::from(wide.said.count)
        });
        found.append(&mut cities);
    }
    found
}

/// One look at one depth.
fn scan(
    desk: &Desk,
    (contacts, received): (&Contacts, &[&Contact]),
    known: &[Said],
    (depth, alarm_rate): (Depth, f64),
    now: Timestamp,
) -> Vec<Found> {
    let zone = desk.zone();
    let (mut regions, categories, products) = (Codes::default(), &contacts.categories, &contacts.products);
    // Places of this depth, by the numbers of the regions they hold.
    let places: Vec<u32> = contacts
        .regions
        .names
        .iter()
        .map(|code| {
            let place = depth.of(code);
            regions.number(if place.is_empty() { UNCLASSIFIED } else { place })
        })
        .collect();
    let events: Vec<Event> = received
        .iter()
        .map(|one| Event {
            at: wall(zone, moment(one.at)),
            region: places.get(one.region as usize).copied().unwrap_or(u32::MAX),
            category: one.category,
            product: one.product,
            // Whose it is stands for what is said: one person's trouble is one, however often they call.
            text: one.who | 1,
        })
        .collect();
    let product = |code: Option<&str>| products.known(code.unwrap_or_default());
    let cell = |said: &Said| {
        let (region, category) = (regions.known(&said.region)?, categories.known(&said.category)?);
        Some((region, category, product(said.product.as_deref())?))
    };
    let judged = known.iter().filter(|said| !said.state.is_open()).filter_map(|said| {
        let (region, category, product) = cell(said)?;
        let span = (wall(zone, said.began), wall(zone, said.ended));
        Some(Judged { region, category, product, span })
    });
    let mut wary: BTreeMap<(String, String, Option<String>), u32> = BTreeMap::new();
    for said in known.iter().filter(|said| said.state == State::Dismissed) {
        if said.decided.is_some_and(|(_, at)| at > now - WARY) {
            let place = (or_all(depth, &said.region), said.category.clone(), said.product.clone());
            let times = wary.entry(place).or_default();
            *times = (*times + 1).min(WARY_MOST);
        }
    }
    let wary_cells = wary.iter().filter_map(|((region, category, of), times)| {
        let (region, category) = (regions.known(region)?, categories.known(category)?);
        Some(Wary { region, category, product: product(of.as_deref())?, ln: by(*times) * std::f64::consts::LN_10 })
    });
    let today = wall(zone, now).div_euclid(COPY);
    let options = Options {
        alarm_rate,
        products: true,
        holidays: holidays(desk, today),
        since: Some(wall(zone, now - TOLD)),
        until: Some(today),
        judged: judged.collect(),
        wary: wary_cells.collect(),
        told: CASES,
        ..Options::default()
    };
    // Six weeks are never too long.
    let Ok(scan) = burst::scan(&events, &options) else { return Vec::new() };
    let found = scan.bursts.iter().filter_map(|one| {
        let (region, category) = (regions.name(one.region), categories.name(one.category));
        // Those of no product are not a product of their own.
        let product = Some(products.name(one.product)).filter(|code| !code.is_empty());
        // What has no place is in the counts of its category; as a place of its own it says nothing.
        if region == UNCLASSIFIED {
            return None;
        }
        let holds = |(inner, of, line): &(String, String, Option<String>)| {
            let category = category.is_empty() || category == *of;
            region_in(inner, &region) && category && alike(line.as_deref(), product.as_deref())
        };
        let times = wary.iter().filter(|(cell, _)| holds(cell)).map(|(_, times)| *times).max().unwrap_or(0);
        let said = Said {
            state: State::Suspected,
            done: false,
            region,
            category,
            product,
            origin: None,
            began: unwall(zone, one.start),
            // A window that is not full yet ends now.
            ended: unwall(zone, one.end).min(now),
            detected_at: unwall(zone, one.detected_at).min(now),
            found_at: now,
            count: one.count,
            copies: one.copies,
            expected: one.expected,
            growth: one.growth(),
            log10_p: one.ln_p / std::f64::consts::LN_10,
            needs: scan.ln_threshold / std::f64::consts::LN_10 - by(times),
            dismissed_before: times,
            course: one.course.iter().map(|(at, mean)| (unwall(zone, *at).as_second(), *mean)).collect(),
            acknowledged: None,
            decided: None,
            why: None,
            note: None,
            incident: None,
            dismissed_at: None,
        };
        let cases = one.rows.iter().filter_map(|row| received.get(*row)).map(|one| one.id).collect();
        Some(Found { said, cases })
    });
    // A matter told of those of no product and of all is one.
    let mut apart: Vec<Found> = Vec::new();
    for one in found {
        let twin =
            apart.iter_mut().find(|other| place_of(&other.said) == place_of(&one.said) && meet(&other.said, &one.said));
        match twin {
            Some(twin) if twin.said.count < one.said.count => *twin = one,
            Some(_) => {}
            None => apart.push(one),
        }
    }
    apart
}

/// Whether two are of the same product line, as far as either names one.
fn alike(one: Option<&str>, other: Option<&str>) -> bool {
    one.is_none() || other.is_none() || one == other
}

/// Place, category and product.
fn place_of(said: &Said) -> (&str, &str, Option<&str>) {
    (&said.region, &said.category, said.product.as_deref())
}

/// The place of a region that may be everywhere.
fn or_all(depth: Depth, region: &str) -> String {
    if region.is_empty() { String::new() } else { depth.of(region).to_owned() }
}

/// What so many dismissals ask for, as a power of ten.
fn by(times: u32) -> f64 {
    f64::from(times) * WARY_BY
}

/// Days off of the weeks looked at, by the calendar new cases are counted with.
fn holidays(desk: &Desk, today: i64) -> BTreeSet<i64> {
    let rules = desk.library().rules();
    let Some(calendar) = rules.usual_calendar() else { return BTreeSet::new() };
    let days = HISTORY.as_secs() / COPY + 1;
    let date = |day: i64| Timestamp::from_second(day * COPY).ok().map(|at| TimeZone::UTC.to_datetime(at).date());
    let off = |day: &i64| date(*day).is_some_and(|date| matches!(calendar.day_kind(date), DayKind::Holiday(_)));
    (today - days..=today).filter(off).collect()
}

/// Whether two are about the same time.
fn meet(one: &Said, other: &Said) -> bool {
    one.began <= other.ended + QUIET && other.began <= one.ended + QUIET
}

/// Whether a place and category lie within another's, and both can be about one product.
fn nested(inner: &Said, outer: &Said) -> bool {
    let category = outer.category.is_empty() || outer.category == inner.category;
    region_in(&inner.region, &outer.region) && category && alike(inner.product.as_deref(), outer.product.as_deref())
}

/// Whether what was found is what is known already: the same place, category and product, or one within the other where most
/// of the greater lies in the smaller.
fn same(known: &Said, found: &Said, closely: bool) -> bool {
    let most = |one: u32, other: u32| u64::from(one.min(other)) * 2 >= u64::from(one.max(other));
    let place = match closely {
        true => place_of(known) == place_of(found),
        false => (nested(known, found) || nested(found, known)) && most(known.count, found.count),
    };
    place && meet(known, found)
}

/// Whether what was dismissed has become twice what it was then: that is another, which somebody has to look at.
fn outgrown(known: &Said, found: &Said) -> bool {
    known.state == State::Dismissed && known.dismissed_at.is_some_and(|then| found.count >= then.saturating_mul(2))
}

/// Writes what was found: what goes on is moved on, what is new is told, what is over is over.
fn keep(desk: &Desk, tx: &mut Tx<'_>, found: Vec<Found>, now: Timestamp) -> Result<(), DeskError> {
    let mut known: Vec<(BurstRow, Said)> = Vec::new();
    for row in bursts::since(tx, stored(now - TOLD - QUIET))? {
        // People decide beside this; whoever comes second waits.
        let Some(row) = bursts::held(tx, row.id)? else { continue };
        let said = as_known(&row)?;
        known.push((row, said));
    }
    let mut used: HashSet<Uuid> = HashSet::new();
    let mut new: Vec<Found> = Vec::new();
    let mut rest: Vec<Found> = found;
    for closely in [true, false] {
        for one in std::mem::take(&mut rest) {
            match known.iter_mut().find(|(_, said)| same(said, &one.said, closely) && !outgrown(said, &one.said)) {
                Some((row, said)) => {
                    bursts::put_cases(tx, row.id, &one.cases)?;
                    // What was one thing stays one, also where it falls apart in a later look.
                    if used.insert(row.id) {
                        move_on(said, one.said, closely);
                    } else {
                        said.ended = said.ended.max(one.said.ended);
                    }
                }
                None if closely => rest.push(one),
                None => new.push(one),
            }
        }
    }
    for (row, mut said) in known {
        let ends = !said.done && said.ended + QUIET < now;
        // Something that seemed over and goes on after all.
        said.done = said.ended + QUIET < now;
        let now_said = row_of(row.id, &row.number, row.version, stored(now), &said)?;
        if now_said.latest == row.latest || (row.latest.is_empty() && now_said.body == row.body) {
            continue;
        }
        let logged: Said = kept::read(&row.body)?;
        if matters(&logged, &said) {
            write(tx, &now_said, ActorId::System, if ends { "end-burst" } else { "follow-burst" })?;
        } else {
            bursts::follow(tx, row.id, now_said.ended, &now_said.latest)?;
        }
        // Whoever leads a place it has grown to was not told of it before.
        if now_said.region != row.region && region_in(&row.region, &now_said.region) && said.state.is_open() {
            tell(desk, tx, &now_said, now)?;
        }
    }
    for Found { mut said, cases } in new {
        said.done = said.ended + QUIET < now;
        let id = Uuid::now_v7();
        let day = desk.zone().to_datetime(now).date().strftime("%Y%m%d").to_string();
        let row = row_of(id, &format!("SF-{day}-{}", bursts::next(tx)?), 1, stored(now), &said)?;
        write(tx, &row, ActorId::System, "find-burst")?;
        bursts::put_cases(tx, id, &cases)?;
        tell(desk, tx, &row, now)?;
    }
    Ok(())
}

/// Whether the ledger has to say what became of one since it last did: its area, category or product is another, it ended or
/// goes on after all, or it has become much more or less.
fn matters(logged: &Said, now: &Said) -> bool {
    let much = u64::from(logged.count.abs_diff(now.count)) * u64::from(MATTERS) >= u64::from(logged.count);
    place_of(logged) != place_of(now) || logged.done != now.done || (logged.count != now.count && much)
}

/// What is known takes over what was found of it. What people decided stands; where they did, place and category do too.
fn move_on(known: &mut Said, found: Said, closely: bool) {
    // The same seen wider or closer is no news: it takes the place over only where it holds so much more.
    let more = u64::from(found.count) * u64::from(MATTERS) >= u64::from(known.count) * u64::from(MATTERS + 1);
    if !closely && (known.state != State::Suspected || !more) {
        known.ended = known.ended.max(found.ended);
        return;
    }
    // Hours that say the same are not written again: the mean of an hour moves a little with every contact.
    if (known.count, known.ended, place_of(known)) == (found.count, found.ended, place_of(&found)) {
        return;
    }
    // Whoever was told of it keeps it in sight, wherever it lies by now.
    let origin = known.origin.take().or_else(|| Some(known.region.clone()));
    *known = Said {
        origin: origin.filter(|origin| *origin != found.region),
        state: known.state,
        done: known.done,
        found_at: known.found_at,
        detected_at: known.detected_at.min(found.detected_at),
        began: known.began.min(found.began),
        ended: known.ended.max(found.ended),
        log10_p: known.log10_p.min(found.log10_p),
        acknowledged: known.acknowledged,
        decided: known.decided,
        why: known.why.take(),
        note: known.note.take(),
        incident: known.incident,
        dismissed_at: known.dismissed_at,
        ..found
    };
}

/// Tells whoever leads the area, once.
fn tell(desk: &Desk, tx: &mut Tx<'_>, row: &BurstRow, now: Timestamp) -> Result<(), DeskError> {
    let sees = |area: &AreaScope, of: &str| area.covers(of);
    let about = Thing { id: row.id, region: &row.region, needs: permissions::READ_BURSTS, sees: &sees };
    let leads = crate::jobs::notify::leads_of(tx, &row.region)?;
    let named = leads.into_iter().flat_map(|user| KINDS.iter().map(move |kind| (*kind, To::User(UserId(user)))));
    write_to(desk, tx, &about, (None, now), named.collect())
}
