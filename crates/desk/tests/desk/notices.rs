//! Mentions, followers, notices that stand together, and mail about them.

use crate::staff::{signed_in, unit};
use crate::{House, NOON, at, house, intake, key_file, named, open};
use desk::bulk::{Bulk, Named, Outcome, Selection};
use desk::mentions::Why;
use desk::notices::letters::{Handed, Letter, Round, send_due};
use desk::notices::{Mail, Notice, grouped};
use desk::organisation::{self, UserChange};
use desk::run::Done;
use desk::time::Time;
use desk::{Caller, CaseRef, Desk};
use domain::actor::Role;
use domain::command::Command;
use domain::event::Event;
use domain::ids::CaseId;
use domain::quiet::QuietHours;
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use store::testing::{Scratch, each_database, postgres};
use tokio::runtime::Runtime;

fn each(test: impl Fn(&Scratch, &House)) {
    each_database(|scratch| {
        let house = house(scratch);
        test(scratch, &house);
        house.close_down();
    })
    .unwrap();
}

fn kinds(house: &House, who: &Caller) -> Vec<String> {
    house.wait(house.desk.notices(who)).unwrap().into_iter().map(|notice| notice.kind).collect()
}

fn note(house: &House, who: &Caller, case: &CaseRef, seen: i64, text: &str) -> Done {
    house.act(who, case, seen, "note", json!({"text": text})).unwrap()
}

fn follows(house: &House, who: &Caller, case: &CaseRef) -> Vec<String> {
    house.wait(house.desk.followers(who, case)).unwrap().into_iter().map(|one| one.name).collect()
}

fn change(house: &House, who: &Caller, change: UserChange) {
    organisation::change_user(&house.desk, &house.system(), &who.name, &change).unwrap();
}

#[test]
fn a_mention_tells_who_may_see_and_grants_nothing() {
    each(|_, house| {
        let writer = house.user("writer", Role::Specialist, "");
        let (here, there) = (house.user("li.na", Role::Agent, "31"), house.user("wang", Role::Specialist, "32"));
        let closed = house.user("gone", Role::Agent, "31");
        change(house, &closed, UserChange { disabled: Some(true), ..UserChange::default() });
        let name = named(&house.register(&writer));
        let text = "请@Li.Na和＠wang看一下，@gone、@nobody、@writer也看。邮箱wang@example.com";
        let done = note(house, &writer, &name, 1, text);
        let told: Vec<_> = done.unreached.iter().map(|one| (one.username.as_str(), one.why)).collect();
        assert_eq!(told, [("wang", Why::Unseen), ("gone", Why::Unknown), ("nobody", Why::Unknown)]);
        house.tick();
        assert_eq!(kinds(house, &here), ["mentioned"]);
        assert!(kinds(house, &there).is_empty() && kinds(house, &writer).is_empty());
        assert_eq!(house.wait(house.desk.count_notices(&there)).unwrap(), 0);
        house.wait(house.desk.case(&there, &name)).unwrap_err();
        let view = house.wait(house.desk.case(&writer, &name)).unwrap();
        let last = &view.entries.last().unwrap().events;
        let mentioned = Event::Mentioned { users: vec![here.actor.user().unwrap()] };
        assert!(last.contains(&mentioned), "{last:?}");
        // Whoever was named follows from now on.
        assert_eq!(follows(house, &writer, &name), ["li.na"]);
    });
}

#[test]
fn whom_a_complaint_is_about_hears_nothing_and_who_leads_above_them_does() {
    each(|_, house| {
        let team = unit(house, "team", None, "");
        let chief = signed_in(house, "chief", Role::Supervisor, house.desk.root());
        let (lead, agent) =
            (signed_in(house, "lead", Role::Supervisor, team), signed_in(house, "agent", Role::Agent, team));
        let mut about = intake();
        about["about_staff"] = json!(lead.actor.user().unwrap().to_string());
        let done = house.try_register(&agent, about).unwrap();
        let name = named(&done);
        house.wait(house.desk.follow(&agent, &name, true)).unwrap();
        let urging = json!({"text": "又来电", "channel": "hotline", "urging": true});
        let other = named(&house.register(&agent));
        for case in [&name, &other] {
            let version = house.wait(house.desk.case(&agent, case)).unwrap().case.version;
            house
                .act(&agent, case, version, "transfer", json!({"unit": team.to_string(), "reason": "转队列"}))
                .unwrap();
            let version = house.wait(house.desk.case(&agent, case)).unwrap().case.version;
            house.act(&agent, case, version, "supplement", urging.clone()).unwrap();
        }
        house.tick();
        let heard = |who: &Caller| -> Vec<CaseId> {
            house.wait(house.desk.notices(who)).unwrap().into_iter().map(|notice| notice.case).collect()
        };
        let id = done.case.id;
        assert!(heard(&chief).contains(&id), "whoever leads above is told");
        let told = heard(&lead);
        assert!(!told.contains(&id) && !told.is_empty(), "{told:?}");
        assert_eq!(house.wait(house.desk.count_notices(&lead)).unwrap(), 1);
        house.wait(house.desk.case(&lead, &name)).unwrap_err();
        // It waits in their own unit's queue, and is not there for them.
        assert_eq!(house.wait(house.desk.waiting(&agent, 100)).unwrap(), 2);
        assert_eq!(house.wait(house.desk.waiting(&lead, 100)).unwrap(), 1);
    });
}

#[test]
fn a_writer_learns_of_nobody_they_do_not_know() {
    each(|_, house| {
        let writer = house.user("writer", Role::Specialist, "31");
        let stranger = house.user("wang", Role::Supervisor, "32");
        let everywhere = house.user("chief", Role::Supervisor, "");
        let name = named(&house.register(&writer));
        let done = note(house, &writer, &name, 1, "@wang @wing @chief");
        let told: Vec<_> = done.unreached.iter().map(|one| (one.username.as_str(), one.why)).collect();
        // Somebody of elsewhere and nobody at all look the same.
        assert_eq!(told, [("wang", Why::Unknown), ("wing", Why::Unknown)]);
        // A token that may not read colleagues cannot ask for them by writing.
        let blind = Caller { scopes: vec![desk::caller::Scope::Write], ..writer.clone() };
        let done = note(house, &blind, &name, 2, "@chief");
        assert_eq!(done.unreached.len(), 1);
        house.tick();
        assert_eq!(kinds(house, &everywhere), ["mentioned"]);
        assert!(kinds(house, &stranger).is_empty());
    });
}

#[test]
fn words_of_orders_mention_too() {
    each(|_, house| {
        let (writer, other) = (house.user("writer", Role::Specialist, ""), house.user("li.na", Role::Agent, ""));
        let name = named(&house.register(&writer));
        let order = json!({"unit": house.desk.root().to_string(), "order_kind": "handle", "task": "请@li.na协助"});
        let sent = house.act(&writer, &name, 1, "dispatch", order);
        let Ok(done) = sent else { panic!("{:?}", sent.err()) };
        assert!(done.unreached.is_empty());
        house.tick();
        assert!(kinds(house, &other).contains(&"mentioned".to_owned()));
    });
}

#[test]
fn followers_are_told_what_moves_a_case_while_they_see_it() {
    each(|_, house| {
        let (who, other) = (house.user("one", Role::Specialist, ""), house.user("two", Role::Supervisor, ""));
        let follower = house.user("three", Role::Quality, "31");
        let name = named(&house.register(&who));
        let follow = |who: &Caller, follows: bool| house.wait(house.desk.follow(who, &name, follows));
        follow(&follower, true).unwrap();
        follow(&follower, true).unwrap();
        follow(&other, true).unwrap();
        assert_eq!(follows(house, &who, &name), ["two", "three"]);
        let to = json!({"user": other.actor.user().unwrap().to_string(), "reason": "转交"});
        let version = house.act(&who, &name, 1, "transfer", to).unwrap().case.version;
        house.tick();
        assert_eq!(kinds(house, &follower), ["followed_assigned"]);
        assert_eq!(kinds(house, &other), ["assigned"], "what concerns them is said once");
        // A note moves nothing.
        let version = note(house, &who, &name, version, "记录").case.version;
        house.tick();
        assert_eq!(kinds(house, &follower), ["followed_assigned"]);
        // Who no longer sees the case is told nothing, not even how much, nor what was told before.
        change(house, &follower, UserChange { region: Some("32".into()), ..UserChange::default() });
        let moved = Caller {
            actor: domain::actor::Actor {
                area: domain::actor::AreaScope::region("32").unwrap(),
                ..follower.actor.clone()
            },
            ..follower.clone()
        };
        assert!(kinds(house, &moved).is_empty());
        assert_eq!(house.wait(house.desk.count_notices(&moved)).unwrap(), 0);
        assert_eq!(follows(house, &who, &name), ["two"]);
        house.wait(house.desk.follow(&moved, &name, true)).unwrap_err();
        let back = json!({"user": who.actor.user().unwrap().to_string(), "reason": "转回"});
        house.act(&other, &name, version, "transfer", back).unwrap();
        house.tick();
        change(house, &follower, UserChange { region: Some("31".into()), ..UserChange::default() });
        assert_eq!(kinds(house, &follower), ["followed_assigned"], "what happened meanwhile is not told afterwards");
        follow(&follower, false).unwrap();
        follow(&follower, false).unwrap();
        assert_eq!(follows(house, &who, &name), ["two"]);
    });
}

#[test]
fn many_cases_at_once_are_one_line() {
    each(|_, house| {
        let (who, other) = (house.user("one", Role::Specialist, ""), house.user("li.na", Role::Specialist, "31"));
        let cases: Vec<String> = (0..40).map(|_| house.register(&who).case.id.to_string()).collect();
        let far = json!({"region": "320100"});
        let mut elsewhere = intake();
        elsewhere["region"] = far["region"].clone();
        elsewhere["external"] = json!([]);
        let elsewhere = house.try_register(&who, elsewhere).unwrap().case.id.to_string();
        let bulk = |verb: &str, body: Value, cases: &[String], dry_run: bool| {
            let named = cases.iter().map(|name| Named { name: name.clone(), seen: Some(1) });
            let command = Command::read(verb, body).unwrap().unwrap();
            let ask = Bulk { selection: Selection::Named(named.collect()), command, dry_run };
            house.wait(house.desk.bulk(&who, ask, None)).unwrap()
        };
        let to = json!({"user": other.actor.user().unwrap().to_string()});
        let run = bulk("assign", to, &cases, false);
        assert_eq!(run.count(Outcome::Done), 40);
        house.tick();
        let groups = grouped(house.wait(house.desk.notices(&other)).unwrap());
        assert_eq!(groups.len(), 1);
        assert_eq!((groups[0].id, groups[0].cases, groups[0].notices.len()), (run.id.unwrap(), 40, 40));
        assert_eq!(house.wait(house.desk.count_notices(&other)).unwrap(), 1);
        house.wait(house.desk.read_notice_group(&other, groups[0].id)).unwrap();
        house.wait(house.desk.read_notice_group(&other, groups[0].id)).unwrap_err();
        assert_eq!(house.wait(house.desk.count_notices(&other)).unwrap(), 0);
        // A note over many: whom it names is told of the cases they see, and the writer of those they do not.
        let both = [elsewhere.clone(), elsewhere];
        for dry_run in [true, false] {
            let run = bulk("note", json!({"text": "@li.na"}), &both[..1], dry_run);
            let reason = run.items[0].reason.as_ref().unwrap();
            assert_eq!((reason.code.as_str(), reason.params[0].1.as_str()), (desk::bulk::UNREACHED, "li.na"));
        }
        house.tick();
        assert!(kinds(house, &other).is_empty());
    });
}

/// Letters that were handed over, and what the server answers.
#[derive(Clone)]
struct Post {
    got: Arc<Mutex<Vec<Letter>>>,
    answer: Handed,
}

impl Post {
    fn answering(answer: Handed) -> Self {
        Self { got: Arc::default(), answer }
    }

    fn round(&self, house: &House, desk: &Desk, node: &str) -> Round {
        let post = self.clone();
        house
            .wait(send_due(desk, node, move |letter| {
                let post = post.clone();
                async move {
                    post.got.lock().unwrap().push(letter);
                    post.answer
                }
            }))
            .unwrap()
    }

    fn numbers(&self) -> Vec<Vec<String>> {
        let of = |letter: &Letter| {
            let all = letter.groups.iter().flat_map(|group| &group.notices);
            all.map(|notice: &Notice| notice.number.clone()).collect()
        };
        self.got.lock().unwrap().iter().map(of).collect()
    }
}

/// Somebody with an address, told of a case that was given to them.
fn told(house: &House) -> (Caller, Caller, CaseRef, String) {
    house.desk.set_mails(true);
    let (who, other) = (house.user("one", Role::Specialist, ""), house.user("two", Role::Specialist, ""));
    change(house, &other, UserChange { email: Some("two@example.com".into()), ..UserChange::default() });
    let (name, number) = give(house, &who, &other);
    (who, other, name, number)
}

fn give(house: &House, who: &Caller, other: &Caller) -> (CaseRef, String) {
    let done = house.register(who);
    let to = json!({"user": other.actor.user().unwrap().to_string(), "reason": "转交"});
    house.act(who, &named(&done), 1, "transfer", to).unwrap();
    house.tick();
    (named(&done), done.case.number)
}

fn choose(house: &House, who: &Caller, value: Value) {
    let value = domain::shape::check(value, desk::notices::CHOICES).unwrap();
    house.wait(house.desk.choose_notices(who, value)).unwrap();
}

#[test]
fn mail_gathers_and_goes_once() {
    each(|_, house| {
        let (who, other, _, first) = told(house);
        let post = Post::answering(Handed::Taken);
        house.desk.time().advance(SignedDuration::from_mins(14));
        let (_, second) = give(house, &who, &other);
        assert_eq!(post.round(house, &house.desk, "a"), Round::default(), "not yet");
        house.desk.time().advance(SignedDuration::from_mins(1));
        assert_eq!(post.round(house, &house.desk, "a").sent, 1);
        assert_eq!(post.round(house, &house.desk, "a").sent, 0);
        assert_eq!(post.numbers(), [[second, first]]);
        assert_eq!(post.got.lock().unwrap()[0].to, "two@example.com");
        // What was read in the console needs no mail, and who wants none gets none.
        give(house, &who, &other);
        house.wait(house.desk.read_notices(&other, None)).unwrap();
        house.desk.time().advance(SignedDuration::from_mins(16));
        assert_eq!(post.round(house, &house.desk, "a").sent, 0);
        choose(house, &other, json!({"mail": "off", "email": "two@example.com"}));
        give(house, &who, &other);
        house.desk.time().advance(SignedDuration::from_mins(16));
        assert_eq!(post.round(house, &house.desk, "a").sent, 0);
        assert_eq!(house.wait(house.desk.count_notices(&other)).unwrap(), 1, "the console's list is another matter");
    });
}

#[test]
fn mail_names_only_what_its_reader_sees_when_it_goes() {
    each(|_, house| {
        let (_, other, _, _) = told(house);
        let post = Post::answering(Handed::Taken);
        change(house, &other, UserChange { region: Some("32".into()), ..UserChange::default() });
        house.desk.time().advance(SignedDuration::from_mins(16));
        assert_eq!(post.round(house, &house.desk, "a").sent, 0);
        assert!(post.numbers().is_empty());
        assert_eq!(house.wait(house.desk.count_letters()).unwrap(), 0);
    });
}

#[test]
fn quiet_hours_hold_back_mail_but_not_what_is_urgent() {
    each(|_, house| {
        let (who, other, _, _) = told(house);
        let post = Post::answering(Handed::Taken);
        // 12:15 becomes 22:15.
        house.desk.time().advance(SignedDuration::from_mins(615));
        assert_eq!(post.round(house, &house.desk, "a").sent, 0);
        assert_eq!(house.wait(house.desk.count_notices(&other)).unwrap(), 1, "the console is never quiet");
        let (due, _) = house.wait(house.desk.next_letter(&other)).unwrap().unwrap();
        assert_eq!(due, at("2026-11-25T08:00:00+08:00"));
        // An urgent case comes through, alone.
        let done = house.register(&who);
        let grade = json!({"severity": "major", "urgency": "urgent", "reason": "人身安全"});
        let version = house.act(&who, &named(&done), 1, "grade", grade).unwrap().case.version;
        let to = json!({"user": other.actor.user().unwrap().to_string(), "reason": "转交"});
        house.act(&who, &named(&done), version, "transfer", to).unwrap();
        house.tick();
        house.desk.time().advance(SignedDuration::from_mins(16));
        assert_eq!(post.round(house, &house.desk, "a").sent, 1);
        assert_eq!(post.numbers(), [[done.case.number]]);
        house.desk.time().advance(SignedDuration::from_hours(10));
        assert_eq!(post.round(house, &house.desk, "a").sent, 1, "the rest in the morning");
        let choices = house.wait(house.desk.notice_choices(&other)).unwrap();
        assert_eq!((choices.mail, choices.quiet, choices.urgent), (Mail::Gathered, Some(QuietHours::usual()), true));
    });
}

#[test]
fn what_a_server_puts_off_is_tried_again_under_the_same_name() {
    each(|_, house| {
        let (who, other, _, first) = told(house);
        house.desk.time().advance(SignedDuration::from_mins(16));
        let later = Post::answering(Handed::Later("451 try again".into()));
        later.round(house, &house.desk, "a");
        // What comes meanwhile goes into the next letter.
        let (_, second) = give(house, &who, &other);
        later.round(house, &house.desk, "a");
        assert_eq!(later.numbers().len(), 1, "not before its pause");
        assert_eq!(house.wait(house.desk.next_letter(&other)).unwrap().unwrap().1, "451 try again");
        house.desk.time().advance(SignedDuration::from_mins(1));
        let post = Post::answering(Handed::Taken);
        assert_eq!(post.round(house, &house.desk, "b").sent, 1);
        assert_eq!(post.numbers(), [vec![first]]);
        let id = |post: &Post| post.got.lock().unwrap()[0].id;
        assert_eq!(id(&later), id(&post));
        house.desk.time().advance(SignedDuration::from_mins(16));
        assert_eq!(post.round(house, &house.desk, "b").sent, 1);
        assert_eq!(post.numbers()[1], [second]);
    });
}

#[test]
fn an_address_that_refuses_is_noted_and_left_alone() {
    each(|_, house| {
        let (who, other, _, _) = told(house);
        house.desk.time().advance(SignedDuration::from_mins(16));
        let refusing = Post::answering(Handed::Refused("550 no such user".into()));
        refusing.round(house, &house.desk, "a");
        let bounced = || house.wait(house.desk.notice_choices(&other)).unwrap().bounced;
        assert_eq!(bounced(), "550 no such user");
        give(house, &who, &other);
        house.desk.time().advance(SignedDuration::from_mins(16));
        refusing.round(house, &house.desk, "a");
        assert_eq!(refusing.numbers().len(), 1);
        // Saying the address anew has it tried again.
        choose(house, &other, json!({"mail": "at_once", "email": "two@example.com"}));
        assert_eq!(bounced(), "");
        give(house, &who, &other);
        house.desk.time().advance(SignedDuration::from_mins(1));
        let post = Post::answering(Handed::Taken);
        assert_eq!(post.round(house, &house.desk, "a").sent, 1);
    });
}

#[test]
fn trouble_of_the_server_ends_the_round_and_nobody_is_given_up() {
    each(|_, house| {
        told(house);
        house.desk.time().advance(SignedDuration::from_mins(16));
        let down = Post::answering(Handed::Nowhere("connection refused".into()));
        for n in 0..20 {
            let round = down.round(house, &house.desk, "a");
            assert_eq!(round.trouble.as_deref(), Some("connection refused"), "{n}");
            house.desk.time().advance(SignedDuration::from_hours(24));
        }
        // None of that was a try: a server that puts it off now has all of them before it.
        let later = Post::answering(Handed::Later("450 busy".into()));
        for _ in 0..11 {
            later.round(house, &house.desk, "a");
            house.desk.time().advance(SignedDuration::from_hours(24));
        }
        assert_eq!(later.got.lock().unwrap().len(), 11);
        let post = Post::answering(Handed::Taken);
        assert_eq!(post.round(house, &house.desk, "a").sent, 1);
    });
}

#[test]
fn what_goes_wrong_with_one_letter_breaks_off_no_other() {
    each(|_, house| {
        let (who, other, _, _) = told(house);
        let third = house.user("three", Role::Specialist, "");
        change(house, &third, UserChange { email: Some("three@example.com".into()), ..UserChange::default() });
        let fourth = house.user("four", Role::Specialist, "");
        change(house, &fourth, UserChange { email: Some("four@example.com".into()), ..UserChange::default() });
        give(house, &who, &third);
        give(house, &who, &fourth);
        house.desk.time().advance(SignedDuration::from_mins(16));
        house
            .desk
            .db()
            .write_now(|tx| store::testing::raw(tx, "UPDATE users SET role = 'x' WHERE username = 'three'"))
            .unwrap();
        let post = Post::answering(Handed::Taken);
        let sender = post.clone();
        let round = house.wait(send_due(&house.desk, "a", move |letter| {
            let post = sender.clone();
            async move {
                post.got.lock().unwrap().push(letter);
                post.answer
            }
        }));
        assert!(round.is_err(), "the fault is told");
        let mut to: Vec<String> = post.got.lock().unwrap().iter().map(|letter| letter.to.clone()).collect();
        to.sort_unstable();
        assert_eq!(to, ["four@example.com", "two@example.com"]);
        assert!(house.wait(house.desk.next_letter(&other)).unwrap().is_none(), "and noted as sent");
    });
}

#[test]
fn a_restore_mails_nothing_that_waited_when_the_backup_was_made() {
    each_database(|scratch| {
        let before = house(scratch);
        let (who, other, _, _) = told(&before);
        let file = scratch.folder().join("mail.backup");
        crate::backup::make(&before.desk, &file).unwrap();
        before.close_down();
        crate::backup::restore(scratch, &file, true).unwrap();
        let desk = open(scratch, Time::at(NOON.parse().unwrap()), &key_file(scratch)).unwrap();
        let after = House { desk, runtime: Runtime::new().unwrap() };
        after.desk.set_mails(true);
        assert_eq!(after.wait(after.desk.count_notices(&other)).unwrap(), 1, "the console still has it");
        let (_, number) = give(&after, &who, &other);
        after.desk.time().advance(SignedDuration::from_mins(16));
        let post = Post::answering(Handed::Taken);
        assert_eq!(post.round(&after, &after.desk, "a").sent, 1);
        assert_eq!(post.numbers(), [vec![number]]);
        after.close_down();
    })
    .unwrap();
}

#[test]
fn when_mail_goes_is_told_only_about_what_one_sees() {
    each(|_, house| {
        let (_, other, _, _) = told(house);
        assert!(house.wait(house.desk.next_letter(&other)).unwrap().is_some());
        let elsewhere = domain::actor::AreaScope::region("32").unwrap();
        let moved = Caller { actor: domain::actor::Actor { area: elsewhere, ..other.actor.clone() }, ..other.clone() };
        assert!(house.wait(house.desk.next_letter(&moved)).unwrap().is_none());
        let group = house.wait(house.desk.notices(&other)).unwrap()[0].case.0;
        house.wait(house.desk.read_notice_group(&moved, group)).unwrap_err();
        house.wait(house.desk.read_notice_group(&other, group)).unwrap();
    });
}

#[test]
fn two_nodes_send_once() {
    let Some(scratch) = postgres().unwrap() else { return };
    let node = || open(&scratch, Time::at(NOON.parse().unwrap()), &key_file(&scratch)).unwrap();
    let one = House { desk: node(), runtime: Runtime::new().unwrap() };
    let two = node();
    one.desk.set_mails(true);
    let who = one.user("one", Role::Specialist, "");
    for n in 0..40 {
        let other = one.user(&format!("reader-{n}"), Role::Specialist, "");
        let email = Some(format!("reader-{n}@example.com"));
        change(&one, &other, UserChange { email, ..UserChange::default() });
        give(&one, &who, &other);
    }
    for desk in [&one.desk, &two] {
        desk.time().advance(SignedDuration::from_mins(20));
    }
    let post = Post::answering(Handed::Taken);
    let send = |desk: &Desk, node: &'static str| {
        let (desk, post) = (desk.clone(), post.clone());
        async move {
            send_due(&desk, node, move |letter| {
                let post = post.clone();
                async move {
                    post.got.lock().unwrap().push(letter);
                    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                    Handed::Taken
                }
            })
            .await
            .unwrap()
        }
    };
    let (a, b) = one.wait(async { tokio::join!(send(&one.desk, "a"), send(&two, "b")) });
    assert_eq!(a.sent + b.sent, 40);
    let mut to: Vec<String> = post.got.lock().unwrap().iter().map(|letter| letter.to.clone()).collect();
    to.sort_unstable();
    to.dedup();
    assert_eq!(to.len(), 40, "each reader once");
    two.db().close();
    one.close_down();
}
