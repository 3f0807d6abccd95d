//! News of the progress that goes out by itself, what is agreed about it, and calls that ask how satisfied somebody is.

use crate::lives::{Desk, desk_of, each};
use crate::scenarios::house_under;
use crate::{at, house, intake, key_file, open};
use desk::call_backs::{CallBackFilter, For};
use desk::jobs::run_timely;
use desk::notices::letters::Handed;
use desk::outbox::{Parcel, send_due};
use desk::time::Time;
use desk::ways::Ways;
use desk::{CaseRef, DeskError};
use domain::actor::Role;
use domain::case::message::{KeptBack, Stage, Way, What, Why};
use domain::case::{Case, Clock};
use domain::event::{Caused, ClockOutcome, Event};
use jiff::{SignedDuration, Timestamp};
use policy::Grade;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use store::testing::each_database;

/// A matter nobody has to look at twice, of a customer who chose a way.
fn ordinary(desk: &Desk<'_>, mode: Option<&str>) -> Case {
    let case = desk.open_with(|body| {
        body["external"] = json!([]);
        body["complainant"]["preferred_mode"] = json!(mode);
        if mode.is_none() {
            body["complainant"].as_object_mut().unwrap().remove("preferred_mode");
        }
    });
    assert_eq!(case.grade, Grade::Normal);
    case
}

fn ways(desk: &Desk<'_>) {
    desk.house.desk.set_ways(Ways { email: true, sms: true, voice: true, ..Ways::none() });
}

fn go(desk: &Desk<'_>, to: &str) {
    desk.house.desk.time().set(at(to));
}

/// Lets whatever is due happen, and hands over what is to go.
fn post(desk: &Desk<'_>, outcome: impl Fn() -> Handed) -> Vec<Parcel> {
    // Jobs are done beside the timers: what those leave is for the next look.
    desk.house.tick();
    desk.house.tick();
    let sent: Arc<Mutex<Vec<Parcel>>> = Arc::default();
    let round = send_due(&desk.house.desk, "node", |parcel| {
        let handed = outcome();
        sent.lock().unwrap().push(parcel);
        async move { handed }
    });
    desk.house.wait(round).unwrap();
    std::mem::take(&mut *sent.lock().unwrap())
}

fn history(desk: &Desk<'_>, case: &Case) -> Vec<Event> {
    let view = desk.house.wait(desk.house.desk.case(&desk.who, &CaseRef::Id(case.id))).unwrap();
    view.entries.into_iter().flat_map(|entry| entry.events).collect()
}

/// What the rule of news by itself brought about, oldest first.
fn caused(desk: &Desk<'_>, case: &Case) -> Vec<Caused> {
    let of = |event| match event {
        Event::EffectTaken { rule, did, .. } if rule == "progress_by_itself" => Some(did),
        _ => None,
    };
    history(desk, case).into_iter().filter_map(of).flatten().collect()
}

fn progress(case: &Case) -> Vec<&Clock> {
    case.clocks.iter().filter(|clock| clock.rule == "progress").collect()
}

#[test]
fn news_goes_out_by_itself_once_and_keeps_its_promise() {
    each(|desk| {
        ways(desk);
        let case = ordinary(desk, None);
        go(desk, "2026-11-26T09:59:59+08:00");
        assert!(post(desk, || Handed::Taken).is_empty(), "two hours before its time, not earlier");
        go(desk, "2026-11-26T10:00:00+08:00");
        let sent = post(desk, || Handed::Taken);
        assert_eq!(sent.len(), 1);
        let parcel = &sent[0];
        assert_eq!((parcel.what, parcel.way, parcel.to.as_str()), (What::News, Way::Sms, "13800138000"));
        assert_eq!((parcel.language.as_str(), parcel.text.as_str()), ("zh-CN", ""), "nobody wrote it");
        assert_eq!(parcel.next, "2026-11-28 10:00 +08:00");
        let now = desk.now(&case);
        let clocks = progress(&now);
        assert_eq!(clocks[0].ended.map(|(outcome, _)| outcome), Some(ClockOutcome::Met));
        assert_eq!(clocks[1].due_at, at("2026-11-28T10:00:00+08:00"));
        assert_eq!(caused(desk, &case), [Caused::News(Way::Sms)]);
        // Whoever is about to tell the same is told that it was.
        let again = json!({"mode": "phone", "content": "核查中"});
        let stale = desk.try_act(&desk.who, &case, "notify-progress", again).unwrap_err();
        assert!(matches!(stale, DeskError::Stale { .. }), "{stale:?}");
        // Nobody else's work is refused for it, whatever version they saw.
        let noted = desk.act(&case, "note", json!({"text": "核查中"}));
        assert!(noted.version > case.version + 2);
        go(desk, "2026-11-26T12:00:01+08:00");
        assert!(post(desk, || Handed::Taken).is_empty(), "once");
        let told = desk.house.wait(desk.house.desk.notices(&desk.who)).unwrap();
        assert!(told.iter().all(|one| one.kind != "clock_overdue" || one.rule.as_deref() != Some("progress")));
        // Whoever is told by a person in between is told again two days after that, and not before.
        go(desk, "2026-11-27T09:00:00+08:00");
        let case = desk.now(&case);
        desk.act(&case, "notify-progress", json!({"mode": "phone", "content": "核查中"}));
        go(desk, "2026-11-28T09:00:00+08:00");
        assert!(post(desk, || Handed::Taken).is_empty());
        // Two hours before its time would be at seven in the morning, when nobody may be written to.
        go(desk, "2026-11-28T18:20:00+08:00");
        assert_eq!(post(desk, || Handed::Taken).len(), 1);
    });
}

#[test]
fn who_chose_another_way_or_is_grave_hears_it_from_people() {
    each(|desk| {
        ways(desk);
        let mail = ordinary(desk, Some("email"));
        let call = ordinary(desk, Some("phone"));
        let visit = ordinary(desk, Some("visit"));
        let grave = ordinary(desk, Some("sms"));
        let graded = json!({"severity": "major", "urgency": "normal", "reason": "群体"});
        let grave = desk.try_act(&desk.lead, &grave, "grade", graded).unwrap().case;
        go(desk, "2026-11-26T10:00:01+08:00");
        let mut sent: Vec<Way> = post(desk, || Handed::Taken).into_iter().map(|parcel| parcel.way).collect();
        sent.sort_by_key(|way| way.code());
        assert_eq!(sent, [Way::Email, Way::Voice]);
        assert_eq!(caused(desk, &mail), [Caused::News(Way::Email)]);
        assert_eq!(caused(desk, &call), [Caused::News(Way::Voice)]);
        assert_eq!(caused(desk, &visit), [Caused::NewsKept(KeptBack::OtherWay)]);
        assert_eq!(caused(desk, &grave), []);
    });
}

#[test]
fn a_call_tells_once_it_was_answered() {
    each(|desk| {
        ways(desk);
        let (heard, missed) = (ordinary(desk, Some("phone")), ordinary(desk, Some("phone")));
        go(desk, "2026-11-26T10:00:00+08:00");
        let sent = post(desk, || Handed::Taken);
        assert_eq!(sent.len(), 2);
        let ended = |case: &Case| {
            let now = desk.now(case);
            progress(&now)[0].ended.map(|(outcome, _)| outcome)
        };
        assert_eq!((ended(&heard), ended(&missed)), (None, None), "that a gateway has it tells nobody");
        let report = |case: &Case, stage, why| {
            let id = sent.iter().find(|one| one.number == case.number).unwrap().id;
            let now = desk.house.desk.time().now();
            assert!(desk.house.wait(desk.house.desk.report_message(id, stage, why, now)).unwrap());
        };
        report(&heard, Stage::Delivered, None);
        report(&missed, Stage::Failed, Some(Why::NoAnswer));
        assert_eq!((ended(&heard), ended(&missed)), (Some(ClockOutcome::Met), None));
        assert_eq!(progress(&desk.now(&heard)).len(), 2, "the next begins");
        // Nobody's work is refused for a call that was answered, whatever version they saw.
        desk.act(&heard, "note", json!({"text": "核查中"}));
    });
}

#[test]
fn news_whose_report_overtakes_its_handing_over_is_told_all_the_same() {
    each(|desk| {
        ways(desk);
        let case = ordinary(desk, None);
        go(desk, "2026-11-26T10:00:00+08:00");
        // The gateway has it, but its answer was lost.
        let sent = post(desk, || Handed::Later("no answer".to_owned()));
        assert_eq!(sent.len(), 1);
        assert!(progress(&desk.now(&case))[0].is_running());
        let now = desk.house.desk.time().now();
        assert!(desk.house.wait(desk.house.desk.report_message(sent[0].id, Stage::Delivered, None, now)).unwrap());
        let stages = || {
            let of = |event| match event {
                Event::MessageMoved { what: What::News, stage, .. } => Some(stage),
                _ => None,
            };
            history(desk, &case).into_iter().filter_map(of).collect::<Vec<_>>()
        };
        assert_eq!(stages(), [Stage::Sent, Stage::Delivered], "the log says with which step they were told");
        let now = desk.now(&case);
        let clocks = progress(&now);
        assert_eq!(clocks[0].ended.map(|(outcome, _)| outcome), Some(ClockOutcome::Met));
        assert_eq!(clocks.len(), 2, "the next begins once");
    });
}

#[test]
fn what_cannot_arrive_is_kept_with_its_reason_and_the_clock_reminds() {
    each(|desk| {
        ways(desk);
        let body = |body: &mut Value| {
            body["external"] = json!([]);
            body["complainant"] = json!({"name": "王小明", "phone": "13800138000", "preferred_mode": "email"});
        };
        let case = desk.open_with(body);
        go(desk, "2026-11-26T10:00:00+08:00");
        assert!(post(desk, || Handed::Taken).is_empty());
        let failed = |event: &Event| {
            matches!(
                event,
                Event::MessageMoved { what: What::News, stage: Stage::Failed, why: Some(Why::NoAddress), .. }
            )
        };
        assert_eq!(history(desk, &case).iter().filter(|event| failed(event)).count(), 1);
        assert!(progress(&desk.now(&case))[0].is_running(), "nobody was told");
        go(desk, "2026-11-26T12:00:01+08:00");
        assert!(post(desk, || Handed::Taken).is_empty());
        let told = desk.house.wait(desk.house.desk.notices(&desk.who)).unwrap();
        let of = |kind: &str| told.iter().filter(|one| one.kind == kind).count();
        assert_eq!(of("message_failed"), 1);
        assert!(told.iter().any(|one| one.kind == "clock_overdue" && one.rule.as_deref() == Some("progress")));
    });
}

#[test]
fn without_a_way_the_clock_reminds_and_nobody_is_told_of_a_failure() {
    each(|desk| {
        let case = ordinary(desk, None);
        go(desk, "2026-11-26T12:00:01+08:00");
        assert!(post(desk, || Handed::Taken).is_empty());
        let failed = |event: &Event| matches!(event, Event::MessageMoved { why: Some(Why::NoWay), .. });
        assert!(history(desk, &case).iter().filter(|event| failed(event)).count() <= 1);
        let told = desk.house.wait(desk.house.desk.notices(&desk.who)).unwrap();
        assert!(told.iter().all(|one| one.kind != "message_failed"));
        assert!(told.iter().any(|one| one.kind == "clock_overdue" && one.rule.as_deref() == Some("progress")));
    });
}

#[test]
fn news_nobody_needs_any_more_does_not_go() {
    each(|desk| {
        ways(desk);
        let (told, answered, agreed) = (ordinary(desk, None), ordinary(desk, None), ordinary(desk, None));
        let grave = ordinary(desk, None);
        let answered = desk.act(&answered, "accept", json!({}));
        let answered = desk.act(&answered, "propose", json!({"outcome": "退费"}));
        let answered = desk.try_act(&desk.lead, &answered, "approve", json!({})).unwrap().case;
        go(desk, "2026-11-26T10:00:00+08:00");
        // It is put to be sent, and before it goes somebody is faster.
        desk.house.tick();
        desk.house.tick();
        let (told, answered, agreed) = (desk.now(&told), desk.now(&answered), desk.now(&agreed));
        desk.act(&told, "notify-progress", json!({"mode": "phone", "content": "核查中"}));
        desk.act(&answered, "reply", json!({"mode": "phone", "content": "已退费"}));
        desk.act(&agreed, "agree-progress", json!({"hours": 96, "note": "四日一报"}));
        // What became grave while it waited is told by people.
        let graded = json!({"severity": "major", "urgency": "normal", "reason": "群体"});
        desk.try_act(&desk.lead, &desk.now(&grave), "grade", graded).unwrap();
        assert!(post(desk, || Handed::Taken).is_empty());
        // An entry that answers while its time has come answers, and says nothing else.
        let late = ordinary(desk, None);
        let late = desk.act(&late, "accept", json!({}));
        let late = desk.act(&late, "propose", json!({"outcome": "退费"}));
        let late = desk.try_act(&desk.lead, &late, "approve", json!({})).unwrap().case;
        go(desk, "2026-11-28T10:00:00+08:00");
        desk.act(&late, "reply", json!({"mode": "sms", "content": "已退费"}));
        let sent = post(desk, || Handed::Taken);
        let of_late: Vec<What> = sent.iter().filter(|one| one.number == late.number).map(|one| one.what).collect();
        assert_eq!(of_late, [What::Reply]);
    });
}

#[test]
fn of_two_nodes_one_tells() {
    each_database(|scratch| {
        let house = house(scratch);
        let desk = desk_of(&house);
        ways(&desk);
        let cases: Vec<Case> = (0..8).map(|_| ordinary(&desk, None)).collect();
        let then = at("2026-11-26T10:00:00+08:00");
        let other = open(scratch, Time::at(then), &key_file(scratch)).unwrap();
        other.set_ways(Ways { sms: true, ..Ways::none() });
        house.desk.time().set(then);
        let sent: Arc<Mutex<Vec<String>>> = Arc::default();
        for _ in 0..3 {
            let round = |node: &'static str, desk: desk::Desk| {
                let sent = Arc::clone(&sent);
                async move {
                    run_timely(&desk, node).await.unwrap();
                    let take = |parcel: Parcel| {
                        sent.lock().unwrap().push(parcel.number);
                        async { Handed::Taken }
                    };
                    send_due(&desk, node, take).await.unwrap();
                }
            };
            house.wait(async {
                tokio::join!(round("one", house.desk.clone()), round("two", other.clone()));
            });
        }
        let mut numbers = sent.lock().unwrap().clone();
        numbers.sort();
        let mut all: Vec<String> = cases.iter().map(|case| case.number.clone()).collect();
        all.sort();
        assert_eq!(numbers, all, "each once");
        other.db().close();
        house.close_down();
    })
    .unwrap();
}

#[test]
fn what_is_agreed_moves_the_clock_and_stays() {
    each(|desk| {
        ways(desk);
        let case = ordinary(desk, None);
        for (body, code) in [
            (json!({"note": "x"}), "required"),
            (json!({"hours": 72, "nothing": true, "note": "x"}), "hours_or_nothing"),
            (json!({"hours": 721, "note": "x"}), "beyond_agreement"),
            (json!({"hours": 0, "note": "x"}), "out_of_range"),
        ] {
            assert_eq!(desk.refused(&case, "agree-progress", body), code);
        }
        go(desk, "2026-11-24T14:00:00+08:00");
        let case = desk.act(&case, "agree-progress", json!({"hours": 72, "note": "三日一报"}));
        let due = |case: &Case| progress(case).last().unwrap().due_at;
        assert_eq!(due(&case), at("2026-11-27T14:00:00+08:00"));
        let why = desk.house.wait(desk.house.desk.explain(&desk.who, &CaseRef::Id(case.id), "progress")).unwrap();
        assert_eq!(why[0].explanation.due_at, due(&case));
        // A new grade moves what the rules set, and not what the customer agreed to.
        let graded = json!({"severity": "major", "urgency": "normal", "reason": "群体"});
        let case = desk.try_act(&desk.lead, &case, "grade", graded).unwrap().case;
        let graded = json!({"severity": "normal", "urgency": "normal", "reason": "复核"});
        let case = desk.try_act(&desk.lead, &case, "re-grade", graded).unwrap().case;
        assert_eq!(due(&case), at("2026-11-27T14:00:00+08:00"));
        go(desk, "2026-11-27T12:30:00+08:00");
        assert!(post(desk, || Handed::Taken).is_empty(), "people tell whoever they agreed with");
        assert_eq!(caused(desk, &case), [Caused::NewsKept(KeptBack::Agreed)]);
        let case = desk.now(&case);
        let case = desk.act(&case, "notify-progress", json!({"mode": "phone", "content": "核查中"}));
        assert_eq!(due(&case), at("2026-11-30T12:30:00+08:00"), "the next begins with this one");
        // What was missed stays missed.
        go(desk, "2026-12-01T12:30:00+08:00");
        let case = desk.now(&case);
        let case = desk.act(&case, "agree-progress", json!({"hours": 24, "note": "改为每日"}));
        let ended: Vec<_> = progress(&case).iter().map(|clock| clock.ended.map(|(outcome, _)| outcome)).collect();
        assert_eq!(ended, [Some(ClockOutcome::Met), Some(ClockOutcome::Missed), None]);
        let case = desk.act(&case, "agree-progress", json!({"nothing": true, "note": "结案前不必联系"}));
        assert!(progress(&case).iter().all(|clock| !clock.is_open()));
        let case = desk.act(&case, "notify-progress", json!({"mode": "phone", "content": "核查中"}));
        assert!(progress(&case).iter().all(|clock| !clock.is_open()), "and none begins");
        let case = desk.act(&case, "agree-progress", json!({"hours": 48, "note": "又想听进展"}));
        assert_eq!(due(&case), at("2026-12-03T12:30:00+08:00"));
        let anonymous = desk.open_with(|body| {
            body["complainant"] = json!({"anonymous": true});
        });
        assert_eq!(
            desk.refused(&anonymous, "agree-progress", json!({"hours": 72, "note": "x"})),
            "anonymous_cannot_be_reached"
        );
    });
}

#[test]
fn who_was_asked_and_did_not_answer_is_called_by_somebody_else() {
    each(|desk| {
        let other = desk.house.user("other", Role::Quality, "");
        let list = |who, filter: CallBackFilter| {
            let page = desk.house.wait(desk.house.desk.call_backs(who, filter)).unwrap();
            page.items.into_iter().map(|one| (one.view.case.number.clone(), one.of(), one.late)).collect::<Vec<_>>()
        };
        let all = CallBackFilter::default;
        let case = desk.answered(&desk.open());
        assert!(list(&other, all()).is_empty(), "nobody was asked yet");
        let case = desk.act(&case, "ask-satisfaction", json!({"mode": "sms"}));
        let promised = desk.open();
        let due = json!({"what": "说明账单", "due_at": "2026-11-24T18:00:00+08:00", "call_back": true});
        let promised = desk.act(&promised, "promise", due);
        let both = [(promised.number.clone(), For::Promise, false), (case.number.clone(), For::Survey, false)];
        assert_eq!(list(&other, all()), both);
        assert_eq!(list(&desk.who, all()), both[..1], "whoever handled it does not ask how it went");
        assert_eq!(list(&other, CallBackFilter { of: Some(For::Survey), ..all() }), both[1..]);
        assert_eq!(list(&other, CallBackFilter { of: Some(For::Promise), ..all() }), both[..1]);
        assert!(list(&other, CallBackFilter { mine: true, of: Some(For::Survey), ..all() }).is_empty());
        // What the list says of being late, and what it is asked for by it, is one thing for both kinds.
        go(desk, "2026-11-25T12:00:01+08:00");
        let late = list(&other, CallBackFilter { overdue: true, ..all() });
        assert_eq!(late.len(), 2);
        assert!(late.iter().all(|(.., late)| *late) && list(&other, all()).iter().all(|(.., late)| *late));
        let case = desk.now(&case);
        let tried = desk.try_act(&other, &case, "call-back", json!({"outcome": "no_answer"})).unwrap().case;
        let again =
            desk.house.wait(desk.house.desk.call_backs(&other, CallBackFilter { of: Some(For::Survey), ..all() }));
        let again = &again.unwrap().items[0];
        assert_eq!((again.tries().len(), again.next_at()), (1, Some(at("2026-11-26T12:00:01+08:00"))));
        let said = json!({"outcome": "reached", "satisfied": "satisfied", "solved": true, "timely": true});
        desk.try_act(&other, &tried, "call-back", said).unwrap();
        assert!(list(&other, CallBackFilter { of: Some(For::Survey), ..all() }).is_empty());
    });
}

/// Nothing of a survey is called for ever: three calls, or thirty days.
#[test]
fn a_survey_is_given_up_after_three_calls_or_a_month() {
    each(|desk| {
        let other = desk.house.user("other", Role::Quality, "");
        let count = || {
            let filter = CallBackFilter { of: Some(For::Survey), ..CallBackFilter::default() };
            desk.house.wait(desk.house.desk.call_backs(&other, filter)).unwrap().items.len()
        };
        let asked = |case: &Case| desk.act(case, "ask-satisfaction", json!({"mode": "sms"}));
        let (mut called, left) = (asked(&desk.answered(&desk.open())), asked(&desk.answered(&desk.open())));
        for waiting in [2, 2, 1] {
            called = desk.try_act(&other, &called, "call-back", json!({"outcome": "no_answer"})).unwrap().case;
            assert_eq!(count(), waiting);
        }
        desk.house.desk.time().advance(SignedDuration::from_hours(32 * 24));
        assert_eq!(count(), 0);
        assert!(left.survey_call().unwrap().open, "whoever wants to may still call");
    });
}

#[test]
fn plain_practice_says_how_often_a_customer_is_tried_by_the_days_of_their_place() {
    each_database(|scratch| {
        let house = house_under(scratch, "jp");
        let desk = desk_of(&house);
        let tried = |case: &Case| desk.act(case, "record-contact", json!({"mode": "phone", "outcome": "no_answer"}));
        // 23:30 and 0:30 in Tokyo are one day in UTC, and 8:30 and 9:30 are two.
        let moments = ["2027-01-12T23:30:00+09:00", "2027-01-13T08:30:00+09:00", "2027-01-13T09:30:00+09:00"];
        let mut body = intake();
        body["external"] = json!([]);
        let mut case = house.try_register(&desk.who, body).unwrap().case;
        for moment in moments {
            let moment: Timestamp = at(moment);
            house.desk.time().set(moment);
            case = tried(&case);
        }
        let declare = json!({"reason": "多次无人接听"});
        assert_eq!(desk.refused(&case, "declare-unreachable", declare.clone()), "too_few_days");
        house.desk.time().set(at("2027-01-14T00:30:00+09:00"));
        case = desk.act(&tried(&case), "declare-unreachable", declare);
        assert!(case.unreachable_at.is_some());
        assert_eq!(desk.refused(&case, "agree-progress", json!({"hours": 72, "note": "x"})), "nothing_to_agree");
        house.close_down();
    })
    .unwrap();
}
