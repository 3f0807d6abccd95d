//! Compensation proposed while the trouble lasts, on both databases: the time up to then is settled, the rest stays owed
//! until it is proposed, and a case does not close over it.

use crate::countries;
use crate::effects::{dead_line, finished, letter};
use crate::lives::{Desk, each};
use domain::case::compensation::Standing;
use domain::case::{Case, State};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use store::testing::each_database;

fn rent() -> Value {
    json!({"rule": "rent_waived", "monthly_fee": {"value": "99.00", "currency": "CNY"}})
}

fn hundredths(case: &Case) -> i64 {
    case.compensations.iter().map(|one| one.sum.minor_units()).sum()
}

fn waiting(desk: &Desk<'_>, case: &Case) -> Vec<(Vec<String>, Option<Timestamp>)> {
    let waiting = desk.house.desk.compensation_waiting(&desk.now(case));
    waiting.into_iter().map(|one| (one.missing, one.proposed_up_to)).collect()
}

fn after(desk: &Desk<'_>, hours: i64) {
    desk.house.desk.time().advance(SignedDuration::from_hours(hours));
    desk.house.wait(desk::jobs::timers::ring_due(&desk.house.desk)).unwrap();
}

/// A repair that is late, with some of the rent waived while the line was still dead.
fn half_way(desk: &Desk<'_>) -> Case {
    let case = desk.act(&dead_line(desk), "accept", json!({}));
    after(desk, 60);
    let case = desk.act(&desk.now(&case), "issue-letter", letter(&case, desk));
    desk.act(&case, "propose-compensation", rent())
}

#[test]
fn what_is_owed_after_a_proposal_is_proposed_once_the_end_is_known() {
    each(|desk| {
        let case = half_way(desk);
        let up_to = case.compensations[0].counted.clone().unwrap().as_of;
        assert_eq!(case.compensations[0].standing, Standing::Approved);
        assert_eq!(waiting(desk, &case), [(vec!["until".to_owned()], Some(up_to))], "the rest waits for the end");
        after(desk, 48);
        let restored = desk.house.desk.time().now().to_string();
        let case = desk.act(&desk.now(&case), "propose", json!({"outcome": "已修复", "restored_at": restored}));
        let [_, rest] = case.compensations.as_slice() else { panic!("{:?}", case.compensations) };
        assert_eq!((rest.standing, rest.by_effect.is_some()), (Standing::Proposed, true));
        let counted = rest.counted.as_ref().unwrap();
        assert_eq!(counted.awarded, Some(case.compensations[0].sum.clone()), "less what was given before");
        assert_eq!(
            counted.monthly_fee,
            case.compensations[0].counted.as_ref().unwrap().monthly_fee,
            "nobody asks again"
        );
        assert!(waiting(desk, &case).is_empty());
        let case =
            desk.try_act(&desk.lead, &case, "refuse-compensation", json!({"compensation": 2, "remark": "已减免"}));
        let case = finished(desk, &case.unwrap().case, "NET.CABLE");
        assert_eq!((case.state, case.compensations.len()), (State::Closed, 2), "what was refused is not asked again");
    });
}

#[test]
fn whenever_part_of_it_is_proposed_the_whole_is_the_same() {
    each(|desk| {
        let open = || desk.act(&dead_line(desk), "accept", json!({}));
        let (whole, mut parts) = (open(), Vec::new());
        // Hours after the receipt at which somebody proposes what is owed so far.
        let moments: [&[i64]; 5] = [&[49], &[60, 85], &[72, 96, 97], &[120], &[50, 139]];
        parts.extend(moments.iter().map(|hours| (open(), *hours)));
        let begun = desk.house.desk.time().now();
        for hour in 1..=140 {
            after(desk, 1);
            for (case, hours) in &mut parts {
                if hours.contains(&hour) {
                    // Two proposals of one day: the second has nothing to give.
                    match desk.try_act(&desk.who, &desk.now(case), "propose-compensation", rent()) {
                        Ok(done) => *case = done.case,
                        Err(error) => assert_eq!(crate::refusal(error).code, "nothing_owed"),
                    }
                }
            }
        }
        let restored = (begun + SignedDuration::from_hours(140)).to_string();
        let restore =
            |case: &Case| desk.act(&desk.now(case), "propose", json!({"outcome": "已修复", "restored_at": restored}));
        let all = desk.act(&restore(&whole), "propose-compensation", rent());
        assert!(hundredths(&all) > 0);
        for (case, hours) in parts {
            let case = restore(&case);
            assert_eq!(hundredths(&case), hundredths(&all), "{hours:?}");
            assert_eq!(
                desk.refused(&case, "propose-compensation", rent()),
                match case.compensations.last() {
                    Some(last) if last.standing == Standing::Proposed => "compensation_undecided",
                    _ => "nothing_owed",
                }
            );
        }
    });
}

#[test]
fn a_case_does_not_close_over_the_rest_and_whoever_knows_the_end_says_it() {
    each(|desk| {
        let case = half_way(desk);
        let other = desk.open();
        let merge = json!({"into": other.number, "reason": "同一事项"});
        assert_eq!(desk.refused(&case, "merge", merge), "gate_compensation_rest");
        let case = desk.act(&case, "propose", json!({"outcome": "已修复"}));
        let case = desk.try_act(&desk.lead, &case, "approve", json!({})).unwrap().case;
        let case = desk.act(&case, "reply", json!({"mode": "phone", "content": "已修复"}));
        let case = desk.act(&case, "set-cause", json!({"cause": "NET.CABLE"}));
        let case = desk.act(&case, "ask-satisfaction", json!({"mode": "phone"}));
        assert_eq!(desk.refused(&case, "close", json!({})), "gate_compensation_rest");
        assert_eq!(desk.refused(&case, "propose-compensation", rent()), "nothing_owed", "no end is said");
        // It ended on the day up to which it was proposed.
        let mut end = rent();
        end["until"] = json!(desk.house.desk.time().now().to_string());
        let ended = desk.act(&case, "propose-compensation", end.clone());
        assert_eq!((ended.compensations.len(), ended.version), (1, case.version + 1), "said, and nothing more is owed");
        assert!(waiting(desk, &ended).is_empty());
        assert_eq!(desk.refused(&ended, "propose-compensation", end), "nothing_owed", "said once");
        assert_eq!(desk.act(&ended, "close", json!({})).state, State::Closed);
    });
}

#[test]
fn days_left_out_and_what_was_given_already_stay_so_for_the_rest() {
    each_database(|scratch| {
        let desk = countries::Desk::under(scratch, "de");
        let open = || {
            let case = desk.take_in(|body| {
                body["kind"] = json!("fault_report");
                body["category"] = json!("A301");
            });
            desk.act(&case, "accept", json!({}))
        };
        let (parts, whole) = (open(), open());
        desk.wait(24 * 5);
        // Tuesday 12 January 2027 was the report; the 15th is not to be laid at the provider's door.
        let said = json!({
            "rule": "de_outage", "monthly_fee": {"value": "80.00", "currency": "EUR"},
            "exclude": [{"reason": "force_majeure", "from": "2027-01-15", "to": "2027-01-15"}],
            "set_off": {"value": "3.00", "currency": "EUR"},
        });
        let case = desk.act(&parts, "propose-compensation", said.clone());
        assert_eq!(case.compensations[0].sum.sum().to_string(), "21.00 EUR", "8 and 16 less 3");
        desk.act_as(&desk.lead, &case, "approve-compensation", json!({"compensation": 1})).unwrap();
        desk.wait(24 * 2);
        let mend = json!({"outcome": "mended", "restored_at": desk.house.desk.time().now().to_string()});
        let case = desk.act(&parts, "propose", mend.clone());
        let all = desk.act(&desk.act(&whole, "propose", mend), "propose-compensation", said);
        assert_eq!(case.compensations[1].sum.sum().to_string(), "32.00 EUR", "two more days, 16 each");
        assert_eq!(hundredths(&case), hundredths(&all));
        desk.house.close_down();
    })
    .unwrap();
}
