//! What holds whatever the calendar, the zone and the way of counting.

use super::slow::Dice;
use super::{CALENDARS, any_amount, any_counting, any_pauses, any_start, moment};
use jiff::{SignedDuration, Span};
use policy::{Amount, Calendar, Counting, Ends, FirstDay, Pause, Roll, due, due_at, due_at_paused, due_paused};
use proptest::prelude::*;

fn any_calendar() -> impl Strategy<Value = &'static Calendar> {
    (0..CALENDARS.len()).prop_map(|at| &CALENDARS[at].quick)
}

fn business(days: u32) -> (Amount, Counting) {
    let amount = Amount::BusinessDays(days);
    (amount, Counting::usual(amount))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_deadline_never_precedes_its_start(
        calendar in any_calendar(), start in any_start(), amount in any_amount(), counting in any_counting(), pauses in any_pauses()
    ) {
        let pauses: Vec<Pause> =
            pauses.iter().map(|(from, to)| (moment(start + from * 60), to.map(|to| moment(start + to * 60)))).collect();
        prop_assert!(due_at_paused(moment(start), amount, &counting, calendar, &pauses) >= moment(start));
    }

    #[test]
    fn business_days_are_monotone(calendar in any_calendar(), start in any_start(), days in 0_u32..400, later in 0_i64..400_000) {
        let at = |start: i64, days: u32| {
            let (amount, counting) = business(days);
            due_at(moment(start), amount, &counting, calendar)
        };
        prop_assert!(at(start, days) < at(start, days + 1), "one more is a later day");
        prop_assert!(at(start, days) <= at(start + later, days), "later is never due earlier");
    }

    #[test]
    fn business_days_are_additive(calendar in any_calendar(), start in any_start(), one in 0_u32..200, other in 0_u32..200) {
        let add = |from, days| {
            let (amount, counting) = business(days);
            due_at(from, amount, &counting, calendar)
        };
        prop_assert_eq!(add(add(moment(start), one), other), add(moment(start), one + other));
    }

    #[test]
    fn the_same_question_has_the_same_bytes(
        calendar in any_calendar(), start in any_start(), amount in any_amount(), counting in any_counting()
    ) {
        let bytes = || serde_json::to_vec(&due(moment(start), amount, &counting, calendar).explanation).unwrap();
        let elsewhere = std::thread::scope(|scope| scope.spawn(bytes).join().unwrap());
        prop_assert_eq!(bytes(), elsewhere);
    }

    /// A hold over days that do not count, from the first moment of the first to the first moment of the next that does.
    #[test]
    fn a_pause_over_days_off_moves_no_business_days(
        calendar in any_calendar(), start in any_start(), days in 1_u32..120, after in 0_i64..200
    ) {
        let (amount, counting) = business(days);
        let zone = calendar.zone();
        let first = zone.to_datetime(moment(start)).date().checked_add(Span::new().days(after + 1)).unwrap();
        let closed = first.series(Span::new().days(1)).take(60).find(|day| !calendar.is_business_day(*day));
        let closed = closed.unwrap_or(first);
        let open = closed.series(Span::new().days(1)).find(|day| calendar.is_business_day(*day)).unwrap();
        let pause = (zone.to_timestamp(closed.at(0, 0, 0, 0)).unwrap(), zone.to_timestamp(open.at(0, 0, 0, 0)).ok());
        let plain = due_at(moment(start), amount, &counting, calendar);
        prop_assert_eq!(due_at_paused(moment(start), amount, &counting, calendar, &[pause]), plain);
    }

    /// A hold between two stretches of working time.
    #[test]
    fn a_pause_outside_working_hours_moves_no_working_hours(
        calendar in any_calendar().prop_filter("has hours", |calendar| calendar.has_hours()),
        start in any_start(), hours in 1_u32..120, after in 0_i64..40
    ) {
        let amount = Amount::WorkingHours(hours);
        let counting = Counting::usual(amount);
        let zone = calendar.zone();
        let first = zone.to_datetime(moment(start)).date().checked_add(Span::new().days(after)).unwrap();
        // Every moment at which work begins or ends, in order.
        let edges: Vec<_> = first
            .series(Span::new().days(1))
            .take(20)
            .flat_map(|day| calendar.intervals(day).iter().flat_map(move |interval| [day.to_datetime(interval.from), day.to_datetime(interval.to)]))
            .map(|local| zone.to_timestamp(local).unwrap())
            .collect();
        let plain = due_at(moment(start), amount, &counting, calendar);
        for pair in edges.get(1..).unwrap_or_default().chunks_exact(2) {
            let pause = (pair[0], Some(pair[1]));
            prop_assert_eq!(due_at_paused(moment(start), amount, &counting, calendar, &[pause]), plain);
        }
    }

    #[test]
    fn a_pause_never_shortens_and_a_longer_one_never_less(
        calendar in any_calendar(), start in any_start(), amount in any_amount(), first in any::<bool>(),
        from in 0_i64..50_000, length in 0_i64..9_000, more in 0_i64..3_000
    ) {
        let first_day = if first { FirstDay::Included } else { FirstDay::Excluded };
        let counting = Counting { first_day, ..Counting::usual(amount) };
        let begin = moment(start) + SignedDuration::from_mins(from);
        let held = |minutes: i64| {
            let pause = (begin, Some(begin + SignedDuration::from_mins(minutes)));
            due_at_paused(moment(start), amount, &counting, calendar, &[pause])
        };
        prop_assert!(held(0) <= held(length) && held(length) <= held(length + more));
    }
}

/// The same bytes on any machine: a thousand explanations, each of its own calendar, zone and way of counting, come down
/// to one number that is written here. It changes when the arithmetic or the form of explanations does, on purpose.
#[test]
fn a_thousand_explanations_have_these_bytes() {
    let mut dice = Dice(42);
    let mut sum: u64 = 0xcbf2_9ce4_8422_2325;
    for _ in 0..1_000 {
        let mut roll = |sides: usize| usize::try_from(dice.roll(u64::try_from(sides).unwrap())).unwrap();
        let calendar = &CALENDARS[roll(CALENDARS.len())].quick;
        let start = moment(1_200_000_000 + i64::try_from(roll(700_000_000)).unwrap());
        let n = u32::try_from(roll(60)).unwrap();
        let amount = [
            Amount::Hours(n),
            Amount::WorkingHours(n),
            Amount::CalendarDays(n),
            Amount::BusinessDays(n),
            Amount::Weeks(n),
            Amount::Months(n),
        ][roll(6)];
        let counting = Counting {
            first_day: FirstDay::ALL[roll(2)],
            ends: Ends::ALL[roll(3)],
            roll: Roll::ALL[roll(4)],
            strictly_less: roll(5) == 0,
        };
        let from = start + SignedDuration::from_hours(i64::try_from(roll(500)).unwrap());
        let pauses = [(from, Some(from + SignedDuration::from_hours(i64::try_from(roll(100)).unwrap())))];
        let explanation = due_paused(start, amount, &counting, calendar, &pauses).explanation;
        for byte in serde_json::to_vec(&explanation).unwrap() {
            sum = (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    assert_eq!(format!("{sum:016x}"), "1acfe4815546191d");
}
