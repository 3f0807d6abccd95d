//! What a restore must not forget though the backup never knew it: who was erased since, and how far complaint numbers
//! had come. It is read off the database that is replaced; what nobody could read any more is allowed for.

use crate::numbers::day_key;
use crate::time::moment;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use store::{CertificateRow, ErasureRow, StoreError, Tx, dump, erasures, numbers, retention};

/// Numbers a second that may have been given since the backup: more than any installation was ever measured to give.
const PER_SECOND: i64 = 10_000;
/// Numbers of a day that may have been leased in advance, or given by a node whose clock was ahead.
const AHEAD: i64 = 1_000_000;
/// Of older days nobody gives numbers any more, whatever a clock says.
const OLDEST: i64 = 366;

/// What is carried over from the database that was there before.
#[derive(Debug, Default)]
pub(super) struct Carried {
    erased: Vec<ErasureRow>,
    numbers: Vec<(i64, i64)>,
    certificates: Vec<CertificateRow>,
    last_certificate: i64,
}

impl Carried {
    /// Reads it before the tables go.
    pub(super) fn of(tx: &mut Tx<'_>) -> Result<Self, StoreError> {
        let schema = dump::schema_found(tx)?;
        if schema == 0 {
            return Ok(Self::default());
        }
        let mut carried = Self { erased: erasures::all(tx)?, numbers: numbers::all(tx)?, ..Self::default() };
        if schema >= retention::SINCE {
            carried.certificates = retention::certificates(tx, i64::MAX, i64::MAX)?;
            carried.last_certificate = retention::last_certificate(tx)?;
        }
        Ok(carried)
    }

    /// Writes it into the restored tables. The erasures are carried out when a desk next opens; nobody reads before.
    pub(super) fn write(
        &self,
        tx: &mut Tx<'_>,
        made: Timestamp,
        now: Timestamp,
        zone: &TimeZone,
    ) -> Result<(), StoreError> {
        for row in &self.erased {
            erasures::insert(tx, row)?;
        }
        for row in &self.certificates {
            retention::insert_certificate(tx, row)?;
        }
        retention::certificates_go_on(tx, self.last_certificate)?;
        let known = numbers::all(tx)?;
        for (day, reserve) in reserves(made, now, zone) {
            let next = known.iter().find(|(known, _)| *known == day).map_or(1, |(_, next)| *next);
            numbers::go_on_at(tx, day, next.saturating_add(reserve))?;
        }
        // What the replaced database knew for certain counts as well: it may be the younger one by more than a backup.
        for (day, next) in &self.numbers {
            numbers::go_on_at(tx, *day, *next)?;
        }
        Ok(())
    }
}

/// How many numbers of which day to leave out: as many as may have been given between the backup and now. It grows with
/// time, so that the same backup restored twice does not give the numbers of the first time again.
fn reserves(made: Timestamp, now: Timestamp, zone: &TimeZone) -> Vec<(i64, i64)> {
    let (from, to) = (made.min(now), made.max(now));
    let local = |at: Timestamp| at.to_zoned_datetime(zone.clone()).date();
    // A day more on either side, for clocks that were wrong by one.
    let last = local(to).saturating_add(1.day());
    let first = local(from).saturating_sub(1.day()).max(last.saturating_sub(OLDEST.days()));
    first
        .series(1.day())
        .take_while(|day| *day <= last)
        .map(|day| (day_key(day), within(day, from, to, zone).as_secs().saturating_mul(PER_SECOND) + AHEAD))
        .collect()
}

/// How much of a span lies on a day.
fn within(day: Date, from: Timestamp, to: Timestamp, zone: &TimeZone) -> SignedDuration {
    let midnight =
        |day: Date, otherwise: Timestamp| day.to_zoned_datetime(zone.clone()).map_or(otherwise, |at| at.timestamp());
    let (begins, ends) = (midnight(day, from), midnight(day.saturating_add(1.day()), to));
    to.min(ends).duration_since(from.max(begins)).max(SignedDuration::ZERO)
}

/// The moment a head names.
pub(super) fn made_at(head: &super::Head) -> Timestamp {
    moment(head.made_at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_leaves_out_what_may_have_been_given_on_it() {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let made = at("2026-11-23T23:00:00+08:00");
        let found = reserves(made, at("2026-11-25T01:00:00+08:00"), &zone);
        let hours = |hours: i64| hours * 3_600 * PER_SECOND + AHEAD;
        assert_eq!(
            found,
            [
                (20_261_122, AHEAD),
                (20_261_123, hours(1)),
                (20_261_124, hours(24)),
                (20_261_125, hours(1)),
                (20_261_126, AHEAD),
            ]
        );
        assert!(found.iter().all(|(_, reserve)| u32::try_from(reserve * 4).is_ok()), "there is room for more");
        // A clock that was set back has not given less.
        assert_eq!(reserves(at("2026-11-25T01:00:00+08:00"), made, &zone), found);
        // However old the backup, or wrong its date: so many days and no more.
        assert_eq!(reserves(Timestamp::MIN, made, &zone).len(), 367);
        assert_eq!(reserves(made, Timestamp::MAX, &zone).len(), 367);
    }

    #[test]
    fn a_second_restore_of_the_same_backup_goes_on_further() {
        let zone = TimeZone::get("Europe/London").unwrap();
        let made = at("2026-10-25T00:30:00Z");
        let (first, second) = (at("2026-10-25T20:00:00Z"), at("2026-10-25T20:01:00Z"));
        let of = |now| reserves(made, now, &zone).into_iter().find(|(day, _)| *day == 20_261_025).unwrap().1;
        assert_eq!(of(second) - of(first), 60 * PER_SECOND);
    }
}
