//! Quiet hours: hours of the day in which no mail is sent to somebody. They hold back mail and nothing else.

use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;

/// Hours of the day by the clock on the wall; they may span midnight. Both ends differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuietHours {
    from: Time,
    until: Time,
}

impl QuietHours {
    /// Those in force for whoever chose none: 21:00 to 08:00, a proposal of ours.
    #[must_use]
    pub fn usual() -> Self {
        Self { from: Time::constant(21, 0, 0, 0), until: Time::constant(8, 0, 0, 0) }
    }

    /// Quiet from one time of the day until another; nothing when both are the same.
    #[must_use]
    pub fn new(from: Time, until: Time) -> Option<Self> {
        (from != until).then_some(Self { from, until })
    }

    /// The same from minutes of the day.
    #[must_use]
    pub fn of_minutes(from: i64, until: i64) -> Option<Self> {
        Self::new(time_of(from)?, time_of(until)?)
    }

    /// First and last minute of the day, counted from midnight.
    #[must_use]
    pub fn minutes(self) -> (i64, i64) {
        (minute_of(self.from), minute_of(self.until))
    }

    /// Whether a moment lies in them.
    #[must_use]
    pub fn hold(self, at: Timestamp, zone: &TimeZone) -> bool {
        let now = zone.to_datetime(at).time();
        match self.from < self.until {
            true => self.from <= now && now < self.until,
            false => self.from <= now || now < self.until,
        }
    }

    /// When they are over, if they are on. Where clocks are set forward over the end it may be up to an hour later.
    #[must_use]
    pub fn over(self, at: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        if !self.hold(at, zone) {
            return None;
        }
        let today = zone.to_datetime(at).date();
        let days = [Some(today), today.tomorrow().ok()].into_iter().flatten();
        // An hour that comes twice has two such moments.
        let ends = days.flat_map(|day| {
            let there = zone.to_ambiguous_timestamp(day.to_datetime(self.until));
            [there.earlier().ok(), there.later().ok()]
        });
        let over = ends.flatten().filter(|end| *end > at && !self.hold(*end, zone)).min();
        // There is always one of tomorrow; were there none, looking again in an hour does no harm.
        over.or_else(|| at.checked_add(jiff::SignedDuration::from_hours(1)).ok())
    }
}

fn time_of(minute: i64) -> Option<Time> {
    let (hour, minute) = (i8::try_from(minute.checked_div(60)?).ok()?, i8::try_from(minute % 60).ok()?);
    Time::new(hour, minute, 0, 0).ok()
}

fn minute_of(time: Time) -> i64 {
    i64::from(time.hour()) * 60 + i64::from(time.minute())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;
    use proptest::prelude::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    #[test]
    fn the_usual_hours_span_midnight() {
        let (usual, here) = (QuietHours::usual(), zone("Asia/Shanghai"));
        let over = |text: &str| usual.over(at(text), &here);
        assert_eq!(over("2026-11-25T20:59:59+08:00"), None);
        assert_eq!(over("2026-11-25T21:00:00+08:00"), Some(at("2026-11-26T08:00:00+08:00")));
        assert_eq!(over("2026-11-26T03:00:00+08:00"), Some(at("2026-11-26T08:00:00+08:00")));
        assert_eq!(over("2026-11-26T08:00:00+08:00"), None);
    }

    #[test]
    fn clocks_that_are_set_do_not_confuse_them() {
        let night = QuietHours::of_minutes(60, 150).unwrap();
        let berlin = zone("Europe/Berlin");
        // 02:30 does not exist on that day.
        let over = night.over(at("2026-03-29T01:30:00+01:00"), &berlin).unwrap();
        assert!(over <= at("2026-03-29T03:30:00+02:00") && !night.hold(over, &berlin));
        // 02:30 comes twice: between them it is 02:00 to 02:30 once more.
        assert_eq!(night.over(at("2026-10-25T02:10:00+02:00"), &berlin), Some(at("2026-10-25T02:30:00+02:00")));
        assert_eq!(night.over(at("2026-10-25T02:10:00+01:00"), &berlin), Some(at("2026-10-25T02:30:00+01:00")));
    }

    proptest! {
        #[test]
        fn they_end_within_a_day_and_a_bit(
            from in 0_i64..1440, until in 0_i64..1440, second in 1_767_225_600_i64..1_830_297_600, place in 0_usize..5,
        ) {
            let zone = zone(["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"][place]);
            let at = Timestamp::from_second(second).unwrap();
            let Some(hours) = QuietHours::of_minutes(from, until) else { return Ok(()) };
            prop_assert_eq!(hours.minutes(), (from, until));
            match hours.over(at, &zone) {
                None => prop_assert!(!hours.hold(at, &zone)),
                Some(over) => {
                    prop_assert!(hours.hold(at, &zone) && !hours.hold(over, &zone));
                    prop_assert!(over > at && over.duration_since(at) <= SignedDuration::from_hours(26));
                    // Quiet all the way but for the hour around a change of clocks.
                    let mut steps = at;
                    let mut loud = 0;
                    while steps < over {
                        loud += i32::from(!hours.hold(steps, &zone));
                        steps += SignedDuration::from_mins(5);
                    }
                    prop_assert!(loud <= 12, "{loud} steps of five minutes");
                }
            }
        }
    }
}
