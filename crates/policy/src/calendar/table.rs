//! Days worked out once, so that asking for one is a look and adding business days is a jump.
//!
//! Between the first and the last day that differs from its weekday every day is spelt out, with a running count of the
//! business days. Before and after there are only weeks, and whole weeks are divided, not walked.

use super::{Special, index};
use jiff::Span;
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Days are numbered from here, a Monday, so that the place in the week is a remainder.
const ORIGIN: Date = Date::constant(1970, 1, 5);
const SECONDS_A_DAY: i64 = 86_400;
const DAYS_A_WEEK: i64 = 7;

/// What the table says about a day.
pub(super) enum Entry<'t> {
    /// An ordinary day of the week.
    Plain,
    /// A day that differs from its weekday.
    Special(&'t Special),
}

/// The days of a calendar in one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Days {
    week: Week,
    /// Number of the first day spelt out.
    first: i64,
    /// Business days before each day spelt out and, at the end, all of them.
    before: Vec<u32>,
    /// The business days spelt out.
    business: Vec<Date>,
    /// For each day spelt out its place in `specials`, counted from 1; 0 for a plain one.
    places: Vec<u32>,
    specials: Vec<Arc<Special>>,
}

impl Days {
    /// Spells out the days from the first special one to the last.
    pub(super) fn new(weekend: [bool; 7], specials: BTreeMap<Date, Arc<Special>>) -> Self {
        let week = Week::new(weekend);
        let bounds = specials.keys().next().copied().zip(specials.keys().next_back().copied());
        let mut days = Self {
            week,
            first: bounds.map_or(0, |(first, _)| number(first)),
            before: vec![0],
            business: Vec::new(),
            places: Vec::new(),
            specials: Vec::new(),
        };
        let Some((first, last)) = bounds else {
            return days;
        };
        for day in first.series(Span::new().days(1)).take_while(|day| *day <= last) {
            let special = specials.get(&day);
            let worked = special.map_or_else(|| !is_weekend(weekend, day), |special| special.is_business_day());
            if worked {
                days.business.push(day);
            }
            days.before.push(u32::try_from(days.business.len()).unwrap_or(u32::MAX));
            days.places.push(match special {
                Some(special) => {
                    days.specials.push(Arc::clone(special));
                    u32::try_from(days.specials.len()).unwrap_or(u32::MAX)
                }
                None => 0,
            });
        }
        days
    }

    /// What is said about a day.
    pub(super) fn get(&self, day: Date) -> Entry<'_> {
        let place = usize::try_from(number(day) - self.first).ok().and_then(|place| self.places.get(place));
        let special = place.and_then(|place| usize::try_from(*place).ok()?.checked_sub(1));
        special.and_then(|place| self.specials.get(place)).map_or(Entry::Plain, |special| Entry::Special(special))
    }

    /// Every day that differs from its weekday, in order.
    pub(super) fn specials(&self) -> impl Iterator<Item = (Date, &Special)> {
        let special = |(offset, place): (usize, &u32)| {
            let special = self.specials.get(usize::try_from(*place).ok()?.checked_sub(1)?)?;
            Some((dated(self.first + i64::try_from(offset).ok()?)?, special.as_ref()))
        };
        self.places.iter().enumerate().filter_map(special)
    }

    /// The business day so many after a day; nothing beyond the last date there is.
    pub(super) fn after(&self, day: Date, count: u32) -> Option<Date> {
        if count == 0 {
            return Some(day);
        }
        self.nth(self.count(number(day)) + i64::from(count))
    }

    /// How many business days there are from the first day spelt out to this one, both included; negative before.
    fn count(&self, day: i64) -> i64 {
        if day < self.first {
            return self.week.count(day) - self.week.count(self.first - 1);
        }
        let spelt = usize::try_from(day - self.first).ok().and_then(|place| self.before.get(place + 1));
        match spelt {
            Some(count) => i64::from(*count),
            None => self.total() + self.week.count(day) - self.week.count(self.last()),
        }
    }

    /// The day at which [`Self::count`] first reaches a number.
    fn nth(&self, count: i64) -> Option<Date> {
        if count <= 0 {
            return dated(self.week.nth(count + self.week.count(self.first - 1)));
        }
        let spelt = usize::try_from(count - 1).ok().and_then(|place| self.business.get(place));
        match spelt {
            Some(day) => Some(*day),
            None => dated(self.week.nth(count - self.total() + self.week.count(self.last()))),
        }
    }

    fn total(&self) -> i64 {
        i64::try_from(self.business.len()).unwrap_or(i64::MAX)
    }

    fn last(&self) -> i64 {
        self.first + i64::try_from(self.places.len()).unwrap_or(i64::MAX) - 1
    }
}

/// The working days of a week, at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Week {
    /// Places of the working days in the week.
    worked: Vec<i64>,
    /// Working days up to and including each day.
    up_to: [i64; 7],
}

impl Week {
    fn new(weekend: [bool; 7]) -> Self {
        let mut week = Self { worked: Vec::new(), up_to: [0; 7] };
        for ((place, off), up_to) in (0..).zip(weekend).zip(&mut week.up_to) {
            if !off {
                week.worked.push(place);
            }
            *up_to = i64::try_from(week.worked.len()).unwrap_or(0);
        }
        week
    }

    fn length(&self) -> i64 {
        i64::try_from(self.worked.len()).unwrap_or(1).max(1)
    }

    /// How many working days there are from the origin to a day, both included; negative before.
    fn count(&self, day: i64) -> i64 {
        let place = usize::try_from(day.rem_euclid(DAYS_A_WEEK)).unwrap_or(0);
        day.div_euclid(DAYS_A_WEEK) * self.length() + self.up_to.get(place).copied().unwrap_or(0)
    }

    /// The day at which [`Self::count`] first reaches a number.
    fn nth(&self, count: i64) -> i64 {
        let place = usize::try_from((count - 1).rem_euclid(self.length())).unwrap_or(0);
        (count - 1).div_euclid(self.length()) * DAYS_A_WEEK + self.worked.get(place).copied().unwrap_or(0)
    }
}

/// Whether a day belongs to the weekend.
pub(super) fn is_weekend(weekend: [bool; 7], day: Date) -> bool {
    weekend.get(index(day.weekday())).copied().unwrap_or(false)
}

fn number(day: Date) -> i64 {
    day.duration_since(ORIGIN).as_secs().div_euclid(SECONDS_A_DAY)
}

fn dated(number: i64) -> Option<Date> {
    ORIGIN.checked_add(Span::new().try_days(number).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Text;
    use jiff::civil::date;
    use proptest::prelude::*;

    fn walked(days: &Days, weekend: [bool; 7], from: Date, count: u32) -> Option<Date> {
        let mut day = from;
        for _ in 0..count {
            loop {
                day = day.tomorrow().ok()?;
                let worked = match days.get(day) {
                    Entry::Plain => !is_weekend(weekend, day),
                    Entry::Special(special) => special.is_business_day(),
                };
                if worked {
                    break;
                }
            }
        }
        Some(day)
    }

    proptest! {
        #[test]
        fn a_jump_lands_where_walking_does(
            off in prop::collection::btree_set(0_i64..900, 0..60),
            worked in prop::collection::btree_set(0_i64..900, 0..20),
            weekend in prop::array::uniform7(any::<bool>()).prop_filter("a day is worked", |week| week.contains(&false)),
            from in -1_500_i64..2_000,
            count in 0_u32..700,
        ) {
            let origin = number(date(2025, 1, 1));
            let name = || Text::new("假", "off");
            let mut specials = BTreeMap::new();
            for day in off {
                specials.insert(dated(origin + day).unwrap(), Arc::new(Special::Off(name())));
            }
            for day in worked {
                specials.insert(dated(origin + day).unwrap(), Arc::new(Special::MakeUp(name())));
            }
            let days = Days::new(weekend, specials.clone());
            let from = dated(origin + from).unwrap();
            prop_assert_eq!(days.after(from, count), walked(&days, weekend, from, count));
            let told: Vec<Date> = days.specials().map(|(day, _)| day).collect();
            prop_assert_eq!(told, specials.into_keys().collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_ends_of_time_are_no_trap() {
        let days = Days::new([false, false, false, false, false, true, true], BTreeMap::new());
        assert_eq!(days.after(Date::MAX, 1), None);
        assert_eq!(days.after(Date::MAX, 0), Some(Date::MAX));
        assert_eq!(
            days.after(Date::MIN, 1),
            walked(&days, [false, false, false, false, false, true, true], Date::MIN, 1)
        );
        assert_eq!(days.after(date(2026, 11, 27), u32::MAX), None);
    }
}
