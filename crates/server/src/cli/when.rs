//! Moments as files of others write them, read as the clock on the wall. One form of day, month and year holds for a whole
//! column: where both orders can be meant, somebody has to say which.

use clap::ValueEnum;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};

/// In which order days are written that do not begin with the year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Order {
    /// Day, month, year.
    Dmy,
    /// Month, day, year.
    Mdy,
}

/// The order in which a column writes its days; the first where it makes no difference.
///
/// # Errors
/// That both can be meant, or that neither fits all.
pub(super) fn order_of<'c>(cells: impl Iterator<Item = &'c str>) -> Result<Order, String> {
    let (mut dmy, mut mdy, mut example) = (true, true, None);
    for cell in cells {
        if let Some((first, second)) = ends_with_year(cell) {
            dmy &= second <= 12;
            mdy &= first <= 12;
            example.get_or_insert_with(|| cell.to_owned());
        }
    }
    match (example, dmy, mdy) {
        (None, ..) | (_, true, false) => Ok(Order::Dmy),
        (_, false, true) => Ok(Order::Mdy),
        (Some(cell), true, true) => {
            Err(format!("times such as {cell:?} can mean two days; say --time-order dmy or --time-order mdy"))
        }
        (Some(cell), false, false) => Err(format!(
            "some times such as {cell:?} put the day first and some the month; say --time-order dmy or --time-order \
             mdy, the others are then left out"
        )),
    }
}

/// Day and month in the order written, of a date whose year stands last.
fn ends_with_year(cell: &str) -> Option<(u8, u8)> {
    let (date, _) = halves(cell.trim());
    let mut parts = date.split('-');
    let (first, second, year) = (parts.next()?, parts.next()?, parts.next()?);
    (parts.next().is_none() && first.len() <= 2 && year.len() == 4).then_some(())?;
    Some((first.parse().ok()?, second.parse().ok()?))
}

/// Seconds from the beginning of 1970 by the clock on the wall. A moment with an offset is read as written unless a zone
/// says whose clock it is; one counted from 1970 is of the zone, else UTC.
pub(super) fn read(cell: &str, order: Order, zone: Option<&TimeZone>) -> Option<i64> {
    let cell = cell.trim();
    if cell.len() > 40 {
        return None;
    }
    let whole = cell.strip_suffix(".0").unwrap_or(cell);
    if !whole.is_empty() && whole.bytes().all(|byte| byte.is_ascii_digit()) && !matches!(whole.len(), 8 | 14) {
        return counted(whole, zone);
    }
    let (date, rest) = halves(cell);
    let date = day(&date, order)?;
    let (time, offset) = time(&rest)?;
    let local = date.to_datetime(time);
    match (offset, zone) {
        (Some(offset), Some(zone)) => Some(seconds(zone.to_datetime(offset.to_timestamp(local).ok()?))),
        _ => Some(seconds(local)),
    }
}

/// Seconds, thousandths or millionths since 1970, told apart by how many digits they have.
fn counted(digits: &str, zone: Option<&TimeZone>) -> Option<i64> {
    let number: i64 = digits.parse().ok()?;
    let count = match digits.len() {
        9..=11 => number,
        12..=13 => number / 1_000,
        15..=16 => number / 1_000_000,
        _ => return None,
    };
    let at = Timestamp::from_second(count).ok()?;
    Some(zone.map_or(count, |zone| seconds(zone.to_datetime(at))))
}

fn seconds(local: DateTime) -> i64 {
    Offset::UTC.to_timestamp(local).map_or(0, |at| at.as_second())
}

/// The date with `-` between its parts, and what follows it.
fn halves(cell: &str) -> (String, String) {
    if cell.len() == 14 && cell.bytes().all(|byte| byte.is_ascii_digit()) {
        let (date, time) = cell.split_at(8);
        let time: Vec<&str> = [time.get(0..2), time.get(2..4), time.get(4..6)].into_iter().flatten().collect();
        return (date.to_owned(), time.join(":"));
    }
    let end = cell.find([' ', 'T', 't', '日']).unwrap_or(cell.len());
    let (date, rest) = cell.split_at_checked(end).unwrap_or((cell, ""));
    let date = date.replace(['/', '.', '年', '月'], "-");
    (date, rest.trim_start_matches([' ', 'T', 't', '日']).trim().to_owned())
}

fn day(date: &str, order: Order) -> Option<Date> {
    if date.len() == 8 && date.bytes().all(|byte| byte.is_ascii_digit()) {
        let part = |from: usize, to: usize| date.get(from..to)?.parse::<i16>().ok();
        return Date::new(part(0, 4)?, part(4, 6)?.try_into().ok()?, part(6, 8)?.try_into().ok()?).ok();
    }
    let mut parts = date.split('-');
    let (a, b, c) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || [a, b, c].iter().any(|part| !part.bytes().all(|byte| byte.is_ascii_digit())) {
        return None;
    }
    let (year, month, day) = match (a.len(), c.len(), order) {
        (4, 1..=2, _) => (a, b, c),
        (1..=2, 4, Order::Dmy) => (c, b, a),
        (1..=2, 4, Order::Mdy) => (c, a, b),
        _ => return None,
    };
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

/// Hour, minute, second, and the offset if one is written. Nothing at all is midnight.
fn time(rest: &str) -> Option<(Time, Option<Offset>)> {
    if rest.is_empty() {
        return Some((Time::midnight(), None));
    }
    let upper = rest.to_uppercase();
    let noon = upper.contains("PM") || upper.contains("下午");
    let morning = upper.contains("AM") || upper.contains("上午");
    let bare = upper.replace(['P', 'A'], "").replace('M', "").replace("上午", "").replace("下午", "");
    let bare = bare.trim();
    let end = bare.find(['Z', '+', '-']).unwrap_or(bare.len());
    let (clock, offset) = bare.split_at_checked(end)?;
    let mut parts = clock.trim().split(':');
    let mut hour: i8 = parts.next()?.trim().parse().ok()?;
    let minute: i8 = parts.next()?.parse().ok()?;
    let second: i8 = match parts.next() {
        Some(second) => second.split(['.', ',']).next()?.parse().ok()?,
        None => 0,
    };
    if parts.next().is_some() || ((noon || morning) && !(1..=12).contains(&hour)) {
        return None;
    }
    if noon && hour < 12 {
        hour += 12;
    }
    if morning && hour == 12 {
        hour = 0;
    }
    // A leap second is the second before it.
    Some((Time::new(hour, minute, second.min(59), 0).ok()?, self::offset(offset)?))
}

#[expect(clippy::option_option, reason = "an offset that is wrong is not the same as none")]
fn offset(text: &str) -> Option<Option<Offset>> {
    if text.is_empty() {
        return Some(None);
    }
    if text == "Z" {
        return Some(Some(Offset::UTC));
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let digits: String = text.chars().skip(1).filter(|sign| *sign != ':').collect();
    let (hours, minutes) = digits.split_at_checked(2)?;
    let hours: i32 = hours.parse().ok()?;
    let minutes: i32 = match minutes.len() {
        0 => 0,
        2 => minutes.parse().ok()?,
        _ => return None,
    };
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok().map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_others() {
        let shanghai = TimeZone::get("Asia/Shanghai").unwrap();
        let at = |cell: &str| {
            let at = read(cell, Order::Dmy, None)?;
            Some(Offset::UTC.to_datetime(Timestamp::from_second(at).unwrap()).to_string())
        };
        let noon = Some("2019-08-01T12:09:38".to_owned());
        for cell in [
            "2019-08-01 12:09:38",
            "2019/8/1 12:09:38",
            "2019-08-01T12:09:38+08:00",
            "2019-08-01T12:09:38.123Z",
            "01/08/2019 12:09:38",
            "1.8.2019 12:09:38 PM",
            "20190801120938",
            "2019年8月1日 12:09:38",
            "1564661378",
            "1564661378000",
            "1564661378.0",
            " 2019-08-01 12:09:38 +0800 ",
        ] {
            assert_eq!(at(cell), noon, "{cell}");
        }
        assert_eq!(at("2019-08-01"), Some("2019-08-01T00:00:00".to_owned()));
        assert_eq!(at("20190801"), Some("2019-08-01T00:00:00".to_owned()));
        assert_eq!(at("2019/8/1 9:05"), Some("2019-08-01T09:05:00".to_owned()));
        for cell in [
            "",
            "yesterday",
            "2019-13-01",
            "2019-02-30 10:00",
            "12",
            "2019-08-01 25:00",
            "年月日",
            "9999999999999999999999",
        ] {
            assert_eq!(at(cell), None, "{cell}");
        }
        let zoned = read("2019-08-01T12:00:00Z", Order::Dmy, Some(&shanghai));
        assert_eq!(zoned, read("2019-08-01 20:00:00", Order::Dmy, None));
        assert_eq!(read("8/1/2019", Order::Mdy, None), read("2019-08-01", Order::Dmy, None));
    }

    #[test]
    fn one_order_for_a_column() {
        let of = |cells: &[&str]| order_of(cells.iter().copied());
        assert_eq!(of(&["13/02/2019", "01/02/2019"]), Ok(Order::Dmy));
        assert_eq!(of(&["02/13/2019", "01/02/2019"]), Ok(Order::Mdy));
        assert!(of(&["01/02/2019"]).unwrap_err().contains("--time-order"));
        assert!(of(&["13/02/2019", "02/13/2019"]).is_err());
        assert_eq!(of(&["2019-02-13", ""]), Ok(Order::Dmy));
    }
}
