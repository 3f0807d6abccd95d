//! Messages to and from customers: what proves where mail belongs, what is sent and what comes of it, drafts.

use crate::{House, at, house, intake, key_file, named, open, refusal, steps, to_the_close};
use desk::drafts::NewDraft;
use desk::letterbox::{DecideMail, Mail, Taken};
use desk::notices::letters::Handed;
use desk::outbox::{Parcel, send_due};
use desk::time::Time;
use desk::ways::{Named, ReplyAddress, Ways};
use desk::wordings::NewWording;
use desk::{Caller, CaseRef, DeskError};
use domain::actor::Role;
use domain::case::message::{Stage, Way, What, Why};
use domain::event::Event;
use serde_json::json;
use std::sync::{Arc, Mutex};
use store::testing::{Scratch, each_database};

fn ways() -> Ways {
    let reply = Some(ReplyAddress::parse("reply@op.example").unwrap());
    Ways { email: true, sms: true, voice: true, reply, region: String::new() }
}

fn each(test: impl Fn(&Scratch, &House)) {
    each_database(|scratch| {
        let house = house(scratch);
        house.desk.set_ways(ways());
        test(scratch, &house);
        house.close_down();
    })
    .unwrap();
}

/// A letter; what it says tells it from others.
fn mail(from: &str, to: &str, text: &str) -> Mail {
    let content = format!("{from} {to} {text}").into_bytes();
    Mail {
        name: Some("王小明".into()),
        from: Some(from.into()),
        to: vec![to.into()],
        subject: "扣费".into(),
        text: text.into(),
        raw: content.clone(),
        content,
        ..Mail::default()
    }
}

fn take(house: &House, mail: Mail) -> Taken {
    house.wait(house.desk.take_mail(mail)).unwrap()
}

fn case_of(house: &House, number: &str) -> domain::case::Case {
    let name = CaseRef::parse(number).unwrap();
    house.wait(house.desk.case(&house.system(), &name)).unwrap().case
}

fn registered(house: &House, mail: Mail) -> domain::case::Case {
    match take(house, mail) {
        Taken::Registered(number) => case_of(house, &number),
        other => panic!("{other:?}"),
    }
}

fn answer_to(house: &House, case: &domain::case::Case) -> String {
    house.desk.signed_address(Named::Case(case.id)).unwrap()
}

/// Sends what is due and says what was handed over; `outcome` is what comes of each.
fn send(house: &House, outcome: impl Fn(&Parcel) -> Handed) -> Vec<Parcel> {
    house.wait(desk::jobs::run_timely(&house.desk, "node")).unwrap();
    let sent: Arc<Mutex<Vec<Parcel>>> = Arc::default();
    let round = send_due(&house.desk, "node", |parcel| {
        let handed = outcome(&parcel);
        sent.lock().unwrap().push(parcel);
        async move { handed }
    });
    house.wait(round).unwrap();
    std::mem::take(&mut *sent.lock().unwrap())
}

/// D1: mail belongs to a case by its signed address and the sender the case knows, and by nothing else.
#[test]
fn d1_only_a_signed_address_and_a_known_sender_lead_into_a_case() {
    each(|_, house| {
        let mine = registered(house, mail("wang@example.com", "care@op.example", "每月被扣二十五元"));
        assert_eq!((mine.state.code(), mine.record.accept_channel.as_str()), ("triage", "email"));
        let theirs = registered(house, mail("li@example.com", "care@op.example", "没有信号"));
        let (to_mine, to_theirs) = (answer_to(house, &mine), answer_to(house, &theirs));
        let supplemented = Taken::Supplemented(mine.number.clone());
        assert_eq!(take(house, mail("wang@example.com", &to_mine, "补充：发票在附件")), supplemented);
        let after = case_of(house, &mine.number);
        assert_eq!(after.version, mine.version + 1);
        // Whatever else is right, one thing that is not keeps it out.
        let mut forged = to_mine.clone().into_bytes();
        let place = "reply+r".len() + 3;
        forged[place] = if forged[place] == b'0' { b'1' } else { b'0' };
        let forged = String::from_utf8(forged).unwrap();
        let numbered =
            Mail { subject: format!("Re: {}", mine.number), ..mail("li@example.com", "care@op.example", "7") };
        let both = Mail { to: vec![to_mine.clone(), to_theirs], ..mail("wang@example.com", "", "8") };
        let robot = Mail { automatic: true, ..mail("wang@example.com", &to_mine, "9") };
        let nobody = house.desk.signed_address(Named::Case(domain::ids::CaseId(uuid::Uuid::now_v7()))).unwrap();
        for (mail, reason) in [
            (mail("mallory@example.com", &to_mine, "1"), "other_sender"),
            (mail("li@example.com", &to_mine, "2"), "other_sender"),
            (mail("wang@example.com", &forged, "3"), "forged_address"),
            (mail("wang@example.com", "reply+r@op.example", "4"), "forged_address"),
            (mail("wang@example.com", &nobody, "5"), "unknown_case"),
            (numbered, "names_case"),
            (both, "several_cases"),
            (robot, "automatic"),
            (Mail { doubt: Some("no_sender"), from: None, ..mail("", "care@op.example", "10") }, "no_sender"),
        ] {
            assert_eq!(take(house, mail), Taken::Waits(reason));
        }
        assert_eq!(case_of(house, &mine.number).version, after.version, "nothing of it is in the case");
        assert_eq!(case_of(house, &theirs.number).version, theirs.version);
        let waiting = house.wait(house.desk.letterbox(&house.system(), "waits", None)).unwrap();
        assert_eq!(waiting.len(), 9, "and nothing is lost");
        assert_eq!(waiting.iter().filter(|one| one.suggested.as_deref() == Some(&*mine.number)).count(), 4);
    });
}

#[test]
fn what_was_taken_in_once_is_known() {
    each(|_, house| {
        let first = mail("wang@example.com", "care@op.example", "扣费");
        registered(house, first.clone());
        assert_eq!(take(house, first.clone()), Taken::Known);
        let doubtful = Mail { doubt: Some("empty"), ..mail("wang@example.com", "", "空") };
        assert_eq!(take(house, doubtful.clone()), Taken::Waits("empty"));
        assert_eq!(take(house, doubtful), Taken::Known);
        // At the same moment on several hands.
        let again = mail("wang@example.com", "care@op.example", "再扣一次");
        let all: Vec<Taken> = house.wait(async {
            let mut under_way = tokio::task::JoinSet::new();
            for _ in 0..8 {
                let (desk, mail) = (house.desk.clone(), again.clone());
                under_way.spawn(async move { desk.take_mail(mail).await.unwrap() });
            }
            under_way.join_all().await
        });
        assert_eq!(all.iter().filter(|one| matches!(one, Taken::Registered(_))).count(), 1, "{all:?}");
        assert_eq!(all.iter().filter(|one| **one == Taken::Known).count(), 7, "{all:?}");
    });
}

#[test]
fn files_come_along_and_what_is_too_long_too() {
    each(|_, house| {
        let files =
            vec![("发票.pdf".to_owned(), b"%PDF-1.7 x".to_vec()), ("..\\evil\u{200b}.exe".to_owned(), vec![1, 2])];
        let long = Mail { text: "长".repeat(12_000), files, ..mail("wang@example.com", "care@op.example", "x") };
        let case = registered(house, long);
        assert_eq!(case.attachments.len(), 3);
        let answer = Mail {
            files: vec![("two.txt".to_owned(), b"two".to_vec())],
            ..mail("wang@example.com", &answer_to(house, &case), "补充")
        };
        assert!(matches!(take(house, answer), Taken::Supplemented(_)));
        assert_eq!(case_of(house, &case.number).attachments.len(), 4);
        let large = Mail {
            files: vec![("large".to_owned(), vec![0; (20 << 20) + 1])],
            ..mail("wang@example.com", "care@op.example", "large")
        };
        assert_eq!(take(house, large), Taken::Waits("large_file"));
    });
}

/// D2: receipts are bounded by address and day, and no machine gets one.
#[test]
fn d2_receipts_are_bounded_and_robots_get_none() {
    each(|_, house| {
        for n in 0..25 {
            let taken = take(house, mail("wang@example.com", "care@op.example", &format!("第{n}封")));
            assert_eq!(matches!(taken, Taken::Registered(_)), n < 20, "{n}: {taken:?}");
            assert!(n < 20 || taken == Taken::Waits("too_many"));
        }
        for n in 0..5 {
            let robot = Mail { automatic: true, ..mail("robot@example.com", "care@op.example", &format!("{n}")) };
            assert_eq!(take(house, robot), Taken::Waits("automatic"));
        }
        let sent = send(house, |_| Handed::Taken);
        assert_eq!(sent.len(), 3);
        assert!(
            sent.iter().all(|one| one.what == What::Receipt && one.to == "wang@example.com" && one.text.is_empty())
        );
        assert!(send(house, |_| Handed::Taken).is_empty(), "each once");
    });
}

#[test]
fn a_reply_is_really_sent_and_what_comes_of_it_stands_in_the_case() {
    each(|_, house| {
        let (me, lead) = (house.user("me", Role::Specialist, ""), house.user("lead", Role::Supervisor, ""));
        let name = named(&house.register(&me));
        for (seen, (verb, body)) in (1..).zip(steps()).take(3) {
            house.act(if verb == "approve" { &lead } else { &me }, &name, seen, verb, body).unwrap();
        }
        let words = "已退费，请拨打13900139000核对。";
        let done = house.act(&me, &name, 4, "reply", json!({"mode": "email", "content": words})).unwrap();
        assert!(done.case.messages.is_empty());
        // The server is not there, then puts it off, then takes it: one message under one identity.
        let nowhere = send(house, |_| Handed::Nowhere("no server".into()));
        assert_eq!((nowhere.len(), nowhere[0].to.as_str(), nowhere[0].text.as_str()), (1, "wang@example.com", words));
        assert!(send(house, |_| Handed::Taken).is_empty(), "not before its pause is over");
        house.desk.time().set(at("2026-11-24T12:02:00+08:00"));
        assert_eq!(send(house, |_| Handed::Later("451 <wang@example.com> later".into()))[0].id, nowhere[0].id);
        let id = done.case.id.0;
        let kept = house.desk.db().read_now(move |tx| store::outbox::of_case(tx, id)).unwrap();
        assert_eq!(kept[0].error, "451 … later", "no address stands in the clear");
        house.desk.time().set(at("2026-11-24T12:10:00+08:00"));
        let sent = send(house, |_| Handed::Taken);
        assert_eq!(sent[0].id, nowhere[0].id);
        let after = house.wait(house.desk.messages(&me, &name)).unwrap();
        assert_eq!((after[0].what, after[0].way, after[0].stage), (What::Reply, Way::Email, Some(Stage::Sent)));
        // Seen before it went out, and still not stale.
        house.act(&me, &name, done.case.version, "set-cause", json!({"cause": "MKT.CONS"})).unwrap();
        // The customer answers to it.
        let case = house.wait(house.desk.case(&me, &name)).unwrap().case;
        let back = mail("wang@example.com", sent[0].reply_to.as_deref().unwrap(), "收到，谢谢");
        assert_eq!(take(house, back), Taken::Supplemented(case.number.clone()));
        // A server reports; only to the address of the message, and only once.
        let bounce = |to: &str, text: &str| Mail {
            automatic: true,
            report: Some(Stage::Failed),
            ..mail("mailer-daemon@mx.example", to, text)
        };
        assert_eq!(take(house, bounce(sent[0].bounces_to.as_deref().unwrap(), "1")), Taken::Reported);
        assert_eq!(take(house, bounce(sent[0].bounces_to.as_deref().unwrap(), "2")), Taken::Reported);
        assert_eq!(take(house, bounce(&answer_to(house, &case), "3")), Taken::Waits("automatic"));
        let after = house.wait(house.desk.case(&me, &name)).unwrap();
        assert_eq!((after.case.messages[0].stage, after.case.messages[0].why), (Stage::Failed, Some(Why::CameBack)));
        let moved = |event: &&Event| matches!(event, Event::MessageMoved { stage: Stage::Failed, .. });
        assert_eq!(after.entries.iter().flat_map(|entry| &entry.events).filter(moved).count(), 1);
        house.wait(desk::jobs::run_timely(&house.desk, "node")).unwrap();
        let told = house.wait(house.desk.notices(&me)).unwrap();
        assert!(told.iter().any(|notice| notice.kind == "message_failed"), "{told:?}");
    });
}

#[test]
fn what_was_told_before_or_otherwise_is_not_sent() {
    each(|_, house| {
        let me = house.user("me", Role::Specialist, "");
        let name = named(&house.register(&me));
        let earlier = "2026-11-24T12:00:00+08:00";
        house.desk.time().set(at("2026-11-24T12:30:00+08:00"));
        let told = json!({"mode": "email", "content": "在查", "at": earlier});
        house.act(&me, &name, 1, "notify-progress", told).unwrap();
        house.act(&me, &name, 2, "notify-progress", json!({"mode": "phone", "content": "在查"})).unwrap();
        assert!(send(house, |_| Handed::Taken).is_empty());
        house.act(&me, &name, 3, "notify-progress", json!({"mode": "email", "content": "在查"})).unwrap();
        assert_eq!(send(house, |_| Handed::Refused("550 no such user".into()))[0].what, What::Progress);
        let case = house.wait(house.desk.case(&me, &name)).unwrap().case;
        assert_eq!((case.messages[0].stage, case.messages[0].why), (Stage::Failed, Some(Why::Refused)));
        // Somebody without an address gets nothing, and somebody is told.
        let mut nameless = intake();
        nameless["complainant"].as_object_mut().unwrap().remove("email");
        let other = named(&house.try_register(&me, nameless).unwrap());
        house.act(&me, &other, 1, "send-message", json!({"way": "email", "content": "请回电"})).unwrap();
        assert!(send(house, |_| Handed::Taken).is_empty());
        let case = house.wait(house.desk.case(&me, &other)).unwrap().case;
        assert_eq!(case.messages[0].why, Some(Why::NoAddress));
    });
}

/// D3, and the hours in which customers may be called.
#[test]
fn short_messages_and_calls_wait_for_the_hours() {
    each(|_, house| {
        let me = house.user("me", Role::Specialist, "");
        let name = named(&house.register(&me));
        for way in ["sms", "voice"] {
            let two = house.act(&me, &name, 1, "send-message", json!({"way": way, "content": "a\nb"}));
            assert_eq!(refusal(two.unwrap_err()).faults[0].code, "one_line");
        }
        house.desk.time().set(at("2026-11-24T22:30:00+08:00"));
        house.act(&me, &name, 1, "send-message", json!({"way": "sms", "content": "明天回电"})).unwrap();
        house.act(&me, &name, 2, "send-message", json!({"way": "voice", "content": "明天回电"})).unwrap();
        assert!(send(house, |_| Handed::Taken).is_empty());
        let waiting = house.wait(house.desk.messages(&me, &name)).unwrap();
        assert!(waiting.iter().all(|one| one.stage.is_none() && one.quiet), "{waiting:?}");
        assert_eq!(waiting[0].at, at("2026-11-25T08:30:00+08:00"));
        house.desk.time().set(at("2026-11-25T08:30:00+08:00"));
        let sent = send(house, |_| Handed::Taken);
        assert_eq!(sent.len(), 2);
        assert!(sent.iter().all(|one| one.to == "13800138000"));
        let of = |way: Way| sent.iter().find(|one| one.way == way).unwrap().id;
        let now = house.desk.time().now();
        let report = |id, stage, why| house.wait(house.desk.report_message(id, stage, why, now)).unwrap();
        assert!(report(of(Way::Sms), Stage::Delivered, None));
        assert!(report(of(Way::Voice), Stage::Failed, Some(Why::NoAnswer)));
        assert!(!report(uuid::Uuid::now_v7(), Stage::Delivered, None));
        let case = house.wait(house.desk.case(&me, &name)).unwrap().case;
        assert_eq!(case.contacts.len(), 1, "a call nobody answered is an attempt");
        assert!(case.messages.iter().any(|one| one.stage == Stage::Delivered));
    });
}

#[test]
fn a_person_decides_and_nothing_is_lost() {
    each(|_, house| {
        let (me, other) = (house.user("me", Role::Specialist, ""), house.user("other", Role::Supervisor, ""));
        let case = house.register(&me).case;
        let waits = |n: u32, from: Option<&str>| {
            let raw = format!("words of {n}").into_bytes();
            let doubtful =
                Mail { doubt: Some("no_sender"), from: from.map(str::to_owned), raw, ..mail("", "x", &n.to_string()) };
            assert_eq!(take(house, doubtful), Taken::Waits("no_sender"));
            let list = house.wait(house.desk.letterbox(&me, "waits", None)).unwrap();
            list.last().unwrap().id
        };
        let decide = |who: &Caller, id, decision: &str, case: Option<&str>, reason: Option<&str>| {
            let (case, reason) = (case.map(str::to_owned), reason.map(str::to_owned));
            let read = |raw: Vec<u8>| Mail { text: String::from_utf8_lossy(&raw).into_owned(), raw, ..Mail::default() };
            house.wait(house.desk.decide_mail(
                who,
                id,
                DecideMail { decision: decision.to_owned(), case, reason },
                read,
            ))
        };
        let one = waits(1, None);
        let (item, raw) = house.wait(house.desk.open_mail(&me, one)).unwrap();
        assert_eq!((item.reason.as_str(), raw.as_deref()), ("no_sender", Some(&b"words of 1"[..])));
        let done = decide(&me, one, "register", None, None).unwrap().item;
        let made = case_of(house, done.case.as_deref().unwrap());
        assert_eq!((made.attachments.len(), made.record.anonymous), (1, true));
        assert_eq!(refusal(decide(&other, one, "discard", None, Some("x")).unwrap_err()).code, "mail_decided");
        let two = waits(2, None);
        assert_eq!(refusal(decide(&me, two, "attach", None, None).unwrap_err()).faults[0].field, "case");
        assert_eq!(refusal(decide(&me, two, "attach", Some("TS-1"), None).unwrap_err()).faults[0].code, "unknown_case");
        assert_eq!(decide(&me, two, "attach", Some(&case.number), None).unwrap().item.state, "attached");
        assert_eq!(case_of(house, &case.number).attachments.len(), 1);
        let three = waits(3, None);
        assert_eq!(refusal(decide(&me, three, "discard", None, None).unwrap_err()).faults[0].field, "reason");
        decide(&me, three, "discard", None, Some("advertising")).unwrap();
        assert!(house.wait(house.desk.open_mail(&me, three)).unwrap().1.is_some(), "for thirty days");
        house.desk.time().set(at("2027-01-24T12:00:00+08:00"));
        desk::jobs::forget::old(&house.desk).unwrap();
        assert!(house.wait(house.desk.open_mail(&me, three)).unwrap().1.is_none());
        assert!(house.wait(house.desk.letterbox(&me, "waits", None)).unwrap().is_empty());
        // Who sees another region sees none of it; agents may not at all.
        let away = house.user("away", Role::Specialist, "31");
        assert!(house.wait(house.desk.letterbox(&away, "discarded", None)).unwrap().is_empty());
        assert_eq!(refusal(house.wait(house.desk.open_mail(&away, three)).unwrap_err()).code, "not_found");
        let agent = house.user("agent", Role::Agent, "");
        assert_eq!(refusal(house.wait(house.desk.letterbox(&agent, "waits", None)).unwrap_err()).code, "not_permitted");
    });
}

#[test]
fn who_was_erased_answers_to_nothing_and_is_sent_nothing() {
    each(|_, house| {
        let case = registered(house, mail("wang@example.com", "care@op.example", "扣费"));
        let (to, name) = (answer_to(house, &case), CaseRef::Id(case.id));
        let admin = house.system();
        house.act(&admin, &name, case.version, "classify", json!({"category": "B204"})).unwrap();
        house.act(&admin, &name, case.version + 1, "withdraw", json!({"mode": "email", "reason": "不投诉了"})).unwrap();
        assert_eq!(take(house, mail("wang@example.com", &to, "还在吗")), Taken::Waits("case_ended"));
        house.desk.time().set(at("2032-11-24T12:00:00+08:00"));
        house.wait(house.desk.erase(&admin, &name, "asked")).unwrap();
        assert_eq!(take(house, mail("wang@example.com", &to, "再问")), Taken::Waits("erased"));
        assert!(send(house, |_| Handed::Taken).is_empty(), "the receipt that waited goes to nobody");
    });
}

#[test]
fn drafts_are_kept_for_their_writer_until_they_are_sent() {
    each(|_, house| {
        let (me, other) = (house.user("me", Role::Specialist, ""), house.user("other", Role::Specialist, ""));
        let name = named(&house.register(&me));
        let keep = |who: &Caller, content: Option<&str>| {
            let draft = NewDraft { verb: "notify-progress".into(), content: content.map(str::to_owned) };
            house.wait(house.desk.keep_draft(who, &name, draft))
        };
        let of = |who: &Caller| -> Vec<String> {
            house.wait(house.desk.drafts(who, &name)).unwrap().into_iter().map(|draft| draft.content).collect()
        };
        keep(&me, Some("写到一半")).unwrap();
        keep(&me, Some("写到一半，再写一点")).unwrap();
        assert_eq!((of(&me), of(&other)), (vec!["写到一半，再写一点".to_owned()], Vec::new()));
        let version = house.wait(house.desk.case(&me, &name)).unwrap().case.version;
        assert_eq!(version, 1, "no event of the case");
        let (user, case) = (me.actor.user().unwrap().0, house.wait(house.desk.case(&me, &name)).unwrap().case.id.0);
        let kept = house.desk.db().read_now(move |tx| store::drafts::of(tx, user, case)).unwrap();
        let kept = kept.into_iter().find(|row| row.verb == "notify-progress").unwrap();
        assert!(!String::from_utf8_lossy(&kept.sealed).contains("写到一半"), "sealed");
        house.act(&me, &name, 1, "notify-progress", json!({"mode": "phone", "content": "在查"})).unwrap();
        assert!(of(&me).is_empty(), "sent");
        keep(&me, Some("x")).unwrap();
        keep(&me, None).unwrap();
        assert!(of(&me).is_empty());
        let programme = house.system();
        assert_eq!(refusal(keep(&programme, Some("x")).unwrap_err()).code, "users_only");
    });
}

#[test]
fn addresses_are_the_same_on_every_node_and_under_a_new_master_key() {
    each(|scratch, house| {
        let case = registered(house, mail("wang@example.com", "care@op.example", "扣费"));
        let address = answer_to(house, &case);
        desk::vault::rotate::rotate(&house.desk).unwrap();
        let other = open(scratch, Time::at(at(crate::NOON)), &key_file(scratch)).unwrap();
        other.set_ways(ways());
        assert_eq!(other.signed_address(Named::Case(case.id)).as_deref(), Some(address.as_str()));
        let taken =
            house.wait(other.take_mail(mail("wang@example.com", &address.to_uppercase().to_lowercase(), "补充")));
        assert_eq!(taken.unwrap(), Taken::Supplemented(case.number));
        other.db().close();
    });
}

#[test]
fn a_closed_case_takes_no_supplement_by_mail() {
    each(|_, house| {
        let who = house.system();
        let name = named(&house.register(&who));
        let case = to_the_close(house, &who, &name).case;
        let taken = take(house, mail("wang@example.com", &answer_to(house, &case), "又扣了"));
        assert_eq!(taken, Taken::Waits("case_ended"));
        let error = house.act(&who, &name, case.version, "send-message", json!({"way": "email", "content": "x"}));
        assert!(matches!(error, Err(DeskError::Refused(_))));
    });
}

#[test]
fn approved_wordings_are_sent_and_the_log_says_which() {
    each(|_, house| {
        let (one, two) = (house.user("one", Role::Supervisor, ""), house.user("two", Role::Compliance, ""));
        let new = |text: &str| NewWording {
            part: "receipt".into(),
            language: "zh-CN".into(),
            text: text.into(),
            note: "新用语".into(),
        };
        let edit = |text: &str| house.wait(house.desk.edit_wording(&one, new(text)));
        let decide = |who, version, yes| {
            house.wait(house.desk.decide_wording(who, ("receipt", "zh-CN", version), yes)).map_err(refusal)
        };
        let sent = |from: &str| {
            let case = registered(house, mail(from, "reply@op.example", &format!("扣费有误 {from}")));
            let parcels = send(house, |_| Handed::Taken);
            let of_case = parcels.into_iter().find(|one| one.number == case.number).unwrap();
            let moved = case_of(house, &case.number);
            let name = CaseRef::Id(moved.id);
            let view = house.wait(house.desk.case(&house.system(), &name)).unwrap();
            let said = view.entries.iter().flat_map(|entry| &entry.events).find_map(|event| match event {
                Event::MessageMoved { wordings, .. } => Some(wordings.clone()),
                _ => None,
            });
            (of_case.wordings.into_iter().map(|one| one.text).collect::<Vec<_>>(), said.unwrap())
        };
        assert_eq!(sent("a@op.example"), (vec![], vec![]), "as shipped");
        let asked = edit("收到，编号{number}，{at}").unwrap();
        assert_eq!(decide(&one, 1, true).unwrap_err().code, "own_wording_version");
        assert_eq!(sent("b@op.example"), (vec![], vec![]), "nobody has approved it");
        decide(&two, 1, true).unwrap();
        assert_eq!(sent("c@op.example"), (vec![asked.text.clone()], vec![asked.hash.clone()]));
        assert_eq!(decide(&two, 1, false).unwrap_err().code, "wording_version_decided");
        assert_eq!(decide(&two, 9, true).unwrap_err().code, "not_found");
        edit("已收到{number} {at}").unwrap();
        decide(&two, 2, true).unwrap();
        assert_eq!(sent("d@op.example").0, ["已收到{number} {at}"]);
        // The older one comes back as another version of the same address.
        let again = edit(&asked.text).unwrap();
        assert_eq!((again.version, &again.hash), (3, &asked.hash));
        decide(&two, 3, true).unwrap();
        assert_eq!(sent("e@op.example").1, [asked.hash]);
        edit("不用{number}{at}").unwrap();
        decide(&two, 4, false).unwrap();
        let all = house.wait(house.desk.wordings(&one)).unwrap();
        let standing: Vec<_> = all.iter().map(|one| one.standing.code()).collect();
        assert_eq!(standing, ["refused", "in_force", "replaced", "replaced"]);
        for (text, code) in [
            ("{number}", "wording_lacks_blank"),
            ("{number}{at}{name}", "wording_unknown_blank"),
            ("{number}{at}{", "wording_brace"),
            ("{number}{at} 13800138000", "personal_data"),
        ] {
            assert_eq!(refusal(edit(text).unwrap_err()).faults[0].code, code, "{text}");
        }
        let agent = house.user("agent", Role::Agent, "");
        assert!(house.wait(house.desk.edit_wording(&agent, new("{number}{at}"))).is_err());
        let part = house.user("part", Role::Supervisor, "31");
        assert_eq!(
            refusal(house.wait(house.desk.edit_wording(&part, new("{number}{at}"))).unwrap_err()).code,
            "rules_are_everywhere"
        );
    });
}
