//! F3: events out are told at least once, in the order of each case, whatever becomes of those who are told.

use crate::{House, NOON, house, intake, key_file, named, open, to_the_close};
use desk::import::Row;
use desk::subscriptions::{About, Handed, NewWebhook, Rounds, Telling};
use desk::time::Time;
use desk::{Desk, DeskError};
use domain::actor::Role;
use domain::audit::chain::Ledger;
use domain::ids::CaseId;
use domain::intake::Intake;
use jiff::SignedDuration;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use store::testing::{each_database, postgres};
use store::{EventRow, entries, subscriptions};
use uuid::Uuid;

fn webhook(name: &str) -> NewWebhook {
    let url = format!("https://{name}.example/");
    NewWebhook { name: name.into(), url, events: Vec::new(), region: None, personal: false }
}

impl House {
    fn hook(&self, name: &str) -> Uuid {
        self.wait(self.desk.add_webhook(&self.system(), &webhook(name))).unwrap().0
    }

    /// A round in which `take` says what becomes of each telling.
    fn tell(&self, take: impl Fn(&Telling) -> Handed + Send + Sync) -> usize {
        let send = |telling: Telling| {
            let handed = take(&telling);
            async move { handed }
        };
        self.wait(round(&self.desk, "node", send))
    }

    fn said(&self, id: Uuid) -> desk::subscriptions::Subscription {
        self.wait(self.desk.subscription(&self.system(), id)).unwrap()
    }
}

/// The case a telling is about.
fn case(telling: &Telling) -> CaseId {
    match telling.about {
        About::Case(case) => case,
        About::Specification(_) => panic!("{telling:?}"),
    }
}

/// What was taken, by subscription and case.
#[derive(Default)]
struct Taken(Mutex<BTreeMap<(Uuid, CaseId), Vec<i64>>>);

impl Taken {
    fn take(&self, telling: &Telling) -> Handed {
        let mut taken = self.0.lock().unwrap();
        taken.entry((telling.subscription, case(telling))).or_default().push(telling.version);
        Handed::Taken
    }
}

/// One round of everybody; gives how many entries were taken.
async fn round<F, Sending>(desk: &Desk, node: &str, send: F) -> usize
where
    F: Fn(Telling) -> Sending + Send + Sync,
    Sending: Future<Output = Handed> + Send,
{
    let mut rounds = Rounds::new(desk.clone(), node, false, send);
    rounds.begin().await.unwrap();
    let mut taken = 0;
    while let Some(done) = rounds.ended().await {
        taken += done.unwrap();
    }
    taken
}

fn down() -> Handed {
    Handed::Later("it does not answer".into())
}

#[test]
fn two_receivers_that_are_down_for_a_day_miss_nothing() {
    each_database(|scratch| {
        let house = house(scratch);
        let agent = house.user("agent", Role::Specialist, "");
        let before = house.register(&agent);
        let hooks = [house.hook("one"), house.hook("two")];
        let mut cases: BTreeMap<CaseId, i64> = BTreeMap::new();
        for hour in 0..24 {
            for _ in 0..3 {
                let done = house.register(&agent);
                let note = house.act(&agent, &named(&done), 1, "note", json!({"text": format!("{hour}")})).unwrap();
                cases.insert(done.case.id, note.case.version);
            }
            if hour == 5 {
                let done = house.register(&agent);
                cases.insert(done.case.id, to_the_close(&house, &agent, &named(&done)).case.version);
            }
            for _ in 0..2 {
                assert_eq!(house.tell(|_| down()), 0);
                house.desk.time().advance(SignedDuration::from_mins(30));
            }
        }
        let all = house.wait(house.desk.subscriptions(&house.system())).unwrap();
        assert!(
            all.iter().all(|one| one.on && one.failing_since.is_some() && one.waiting < 60 && one.dead == 0),
            "{all:?}"
        );
        let taken = Taken::default();
        for _ in 0..60 {
            house.tell(|telling| taken.take(telling));
            house.desk.time().advance(SignedDuration::from_mins(2));
        }
        let taken = taken.0.into_inner().unwrap();
        for hook in hooks {
            for (case, last) in &cases {
                let told = taken.get(&(hook, *case)).cloned().unwrap_or_default();
                assert_eq!(told, (1..=*last).collect::<Vec<_>>(), "{case:?}");
            }
            // What was there before is not told.
            assert!(!taken.contains_key(&(hook, before.case.id)));
        }
        let all = house.wait(house.desk.subscriptions(&house.system())).unwrap();
        assert!(all.iter().all(|one| one.failing_since.is_none() && one.waiting == 0), "{all:?}");
        house.close_down();
    })
    .unwrap();
}

#[test]
fn what_is_not_taken_holds_up_its_own_case_alone_until_it_is_given_up() {
    each_database(|scratch| {
        let house = house(scratch);
        let (agent, system) = (house.user("agent", Role::Specialist, ""), house.system());
        let admin = house.user("chief", Role::Admin, "");
        let hook = house.hook("one");
        let bad = house.register(&agent);
        let taken = Taken::default();
        let picky = |telling: &Telling| {
            if case(telling) == bad.case.id && telling.version == 1 { down() } else { taken.take(telling) }
        };
        house.act(&agent, &named(&bad), 1, "note", json!({"text": "later"})).unwrap();
        for _ in 0..75 {
            let other = house.register(&agent);
            for _ in 0..3 {
                house.tell(picky);
            }
            assert!(taken.0.lock().unwrap().contains_key(&(hook, other.case.id)), "another case waits");
            let held = taken.0.lock().unwrap().get(&(hook, bad.case.id)).cloned();
            let dead = house.wait(house.desk.subscription(&system, hook)).unwrap().dead;
            assert_eq!(held.is_some(), dead == 1, "what comes later in a case waits as long as it is tried");
            house.desk.time().advance(SignedDuration::from_hours(1) + SignedDuration::from_mins(1));
        }
        assert_eq!(taken.0.lock().unwrap()[&(hook, bad.case.id)], [2]);
        let letters = house.wait(house.desk.dead_letters(&system, hook)).unwrap();
        assert!(matches!(letters.as_slice(), [one] if one.version == 1 && one.tries > 60), "{letters:?}");
        assert_eq!(house.wait(house.desk.resend_dead(&system, hook)).unwrap(), 1);
        house.tell(|telling| taken.take(telling));
        assert_eq!(taken.0.lock().unwrap()[&(hook, bad.case.id)], [2, 1]);
        // Five days without an answer: switched off, the administrators are told, and nothing is lost.
        let last = house.register(&agent);
        for hour in 0..125 {
            // A receiver nothing is sent to fails at nothing.
            if hour % 12 == 0 {
                house.register(&agent);
            }
            house.tell(|_| down());
            house.desk.time().advance(SignedDuration::from_hours(1) + SignedDuration::from_mins(1));
        }
        let off = house.wait(house.desk.subscription(&system, hook)).unwrap();
        assert!(!off.on && off.reason == "unreachable", "{off:?}");
        let notices = house.wait(house.desk.notices(&admin)).unwrap();
        assert!(notices.iter().any(|one| one.kind == "subscription_off" && one.number == "one"), "{notices:?}");
        let after = house.register(&agent);
        assert_eq!(house.tell(|telling| taken.take(telling)), 0);
        house.wait(house.desk.switch_subscription(&system, hook, true)).unwrap();
        house.wait(house.desk.resend_dead(&system, hook)).unwrap();
        for _ in 0..8 {
            house.tell(|telling| taken.take(telling));
        }
        for case in [last.case.id, after.case.id] {
            assert_eq!(taken.0.lock().unwrap()[&(hook, case)], [1]);
        }
        // Whoever says that they are gone is not asked again.
        house.register(&agent);
        house.tell(|_| Handed::Gone);
        assert_eq!(house.wait(house.desk.subscription(&system, hook)).unwrap().reason, "gone");
        house.close_down();
    })
    .unwrap();
}

#[test]
fn secrets_overlap_and_rights_are_those_of_whoever_subscribed() {
    each_database(|scratch| {
        let house = house(scratch);
        let (agent, system) = (house.user("agent", Role::Specialist, ""), house.system());
        let hook = house.hook("one");
        let scopes = [desk::caller::Scope::Read];
        let token = house.desk.create_token(&system, "partner", Role::Integration, "31", &scopes).unwrap();
        let partner = house.wait(house.desk.by_token(&token)).unwrap().unwrap();
        house.wait(house.desk.subscribe(&partner, "hub_v5", "https://hub.example/", "")).unwrap();
        let twice = house.wait(house.desk.subscribe(&partner, "hub_v5", "https://hub.example/", ""));
        assert_eq!(crate::refusal(twice.unwrap_err()).code, "subscription_known");
        let seen: Mutex<Vec<(Uuid, usize, Vec<desk::caller::Scope>)>> = Mutex::default();
        let look = |telling: &Telling| {
            seen.lock().unwrap().push((telling.subscription, telling.secrets.len(), telling.caller.scopes.clone()));
            Handed::Taken
        };
        let first = house.wait(house.desk.rotate_webhook(&system, hook)).unwrap();
        assert!(first.starts_with("whsec_") && first != house.wait(house.desk.rotate_webhook(&system, hook)).unwrap());
        for (hours, secrets) in [(1, 2), (25, 1)] {
            house.desk.time().advance(SignedDuration::from_hours(hours));
            house.register(&agent);
            assert_eq!(house.tell(look), 2);
            let seen = std::mem::take(&mut *seen.lock().unwrap());
            assert!(seen.iter().any(|one| one.0 == hook && one.1 == secrets), "{seen:?}");
            assert!(seen.iter().all(|one| one.2 == scopes), "nobody asked for personal data: {seen:?}");
        }
        house.desk.revoke_tokens(&system, "partner").unwrap();
        house.register(&agent);
        assert_eq!(house.tell(look), 1);
        let all = house.wait(house.desk.subscriptions(&system)).unwrap();
        assert!(all.iter().any(|one| one.kind == "hub_v5" && one.reason == "no_rights"), "{all:?}");
        house.close_down();
    })
    .unwrap();
}

#[test]
fn two_nodes_tell_each_entry_once() {
    let Some(scratch) = postgres().unwrap() else { return };
    let node = || open(&scratch, Time::at(NOON.parse().unwrap()), &key_file(&scratch)).unwrap();
    let one = House { desk: node(), runtime: tokio::runtime::Runtime::new().unwrap() };
    let two = node();
    let agent = one.user("agent", Role::Specialist, "");
    for name in ["one", "two"] {
        one.hook(name);
    }
    let told: Mutex<Vec<(Uuid, CaseId, i64)>> = Mutex::default();
    let send = |telling: Telling| {
        told.lock().unwrap().push((telling.subscription, case(&telling), telling.version));
        async {
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
            Handed::Taken
        }
    };
    one.wait(async {
        let register = async {
            for n in 0..120 {
                let desk = if n % 2 == 0 { &one.desk } else { &two };
                let intake = domain::intake::Intake::read(intake()).unwrap();
                desk.register(&agent, intake, None).await.unwrap();
            }
        };
        let rounds = |desk: desk::Desk, name: &'static str| async move {
            for _ in 0..60 {
                round(&desk, name, send).await;
            }
        };
        tokio::join!(register, rounds(one.desk.clone(), "a"), rounds(two.clone(), "b"));
        for _ in 0..20 {
            round(&one.desk, "a", send).await;
        }
    });
    let told = told.into_inner().unwrap();
    let once: BTreeSet<_> = told.iter().collect();
    assert_eq!((told.len(), once.len()), (240, 240));
    two.db().close();
    one.close_down();
}

#[test]
fn who_is_switched_off_is_told_nothing_more_and_stays_off() {
    each_database(|scratch| {
        let house = house(scratch);
        let (agent, system) = (house.user("agent", Role::Specialist, ""), house.system());
        let hook = house.hook("one");
        let done = house.register(&agent);
        for version in 1..4 {
            house.act(&agent, &named(&done), version, "note", json!({"text": "more"})).unwrap();
        }
        let told: Mutex<Vec<i64>> = Mutex::default();
        let (desk, who) = (&house.desk, &system);
        let taken = house.wait(round(desk, "node", |telling| {
            told.lock().unwrap().push(telling.version);
            async move {
                desk.switch_subscription(who, hook, false).await.unwrap();
                Handed::Taken
            }
        }));
        assert_eq!((taken, told.lock().unwrap().as_slice()), (0, [1].as_slice()));
        let off = house.said(hook);
        assert!(!off.on && off.reason == "by_hand", "{off:?}");
        assert_eq!(house.tell(|_| Handed::Taken), 0);
        house.wait(house.desk.switch_subscription(&system, hook, true)).unwrap();
        assert_eq!(house.tell(|_| Handed::Taken), 4);
        house.close_down();
    })
    .unwrap();
}

#[test]
fn a_slow_receiver_holds_up_no_other() {
    each_database(|scratch| {
        let house = house(scratch);
        let agent = house.user("agent", Role::Specialist, "");
        let (slow, quick) = (house.hook("slow"), house.hook("quick"));
        let told: Mutex<Vec<(Uuid, i64)>> = Mutex::default();
        let mut rounds = Rounds::new(house.desk.clone(), "node", false, |telling: Telling| {
            told.lock().unwrap().push((telling.subscription, telling.version));
            async move {
                if telling.subscription == slow {
                    std::future::pending::<()>().await;
                }
                Handed::Taken
            }
        });
        let done = house.register(&agent);
        for version in 1..4 {
            house.wait(rounds.begin()).unwrap();
            assert_eq!(house.wait(rounds.ended()).unwrap().unwrap(), 1);
            house.act(&agent, &named(&done), version, "note", json!({"text": "more"})).unwrap();
        }
        drop(rounds);
        let told = told.into_inner().unwrap();
        assert_eq!(told.iter().filter(|one| one.0 == quick).map(|one| one.1).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(told.iter().filter(|one| one.0 == slow).count(), 1, "nobody is told twice at the same time");
        house.close_down();
    })
    .unwrap();
}

#[test]
fn what_a_receiver_refuses_neither_starves_it_nor_is_tried_for_ever() {
    each_database(|scratch| {
        let house = house(scratch);
        let agent = house.user("agent", Role::Specialist, "");
        let admin = house.user("chief", Role::Admin, "");
        let hook = house.hook("one");
        let bad = house.register(&agent);
        let picky = |telling: &Telling| {
            if case(telling) == bad.case.id { Handed::Refused("it answers 422".into()) } else { Handed::Taken }
        };
        assert_eq!(house.tell(picky), 0);
        assert!(house.said(hook).failing_since.is_some());
        house.register(&agent);
        house.desk.time().advance(SignedDuration::from_mins(1));
        assert_eq!(house.tell(picky), 1, "whoever refuses one is asked with another");
        for _ in 0..8 {
            house.desk.time().advance(SignedDuration::from_hours(1));
            house.tell(picky);
        }
        let said = house.said(hook);
        assert_eq!((said.dead, said.waiting), (1, 0), "{said:?}");
        // So much waits that nothing more is read: the administrators learn of it.
        let (now, time) = (house.desk.time().now().as_microsecond(), house.desk.time());
        let fill = move |tx: &mut store::Tx<'_>| {
            for _ in 0..999 {
                let row = EventRow {
                    subject: Uuid::now_v7(),
                    ledger: Ledger::Case.code(),
                    version: 1,
                    first_at: now,
                    due_at: i64::MAX,
                    tries: 1,
                    error: String::new(),
                    dead: false,
                    logged: true,
                };
                subscriptions::keep(tx, hook, &row)?;
            }
            Ok::<_, DeskError>(())
        };
        house.wait(house.desk.db().write(fill)).unwrap();
        house.register(&agent);
        let notices = || {
            let all = house.wait(house.desk.notices(&admin)).unwrap();
            all.iter().filter(|one| one.kind == "subscription_full").count()
        };
        time.advance(SignedDuration::from_hours(1));
        house.tell(|_| down());
        assert_eq!((house.said(hook).waiting, notices()), (1_000, 1));
        // One that fails is asked with something new all the same.
        house.register(&agent);
        time.advance(SignedDuration::from_hours(1));
        assert_eq!(house.tell(|_| Handed::Taken), 2);
        assert_eq!(notices(), 1);
        house.close_down();
    })
    .unwrap();
}

#[test]
fn three_days_are_counted_from_the_first_try_and_anew_from_switching_on() {
    each_database(|scratch| {
        let house = house(scratch);
        let (agent, system) = (house.user("agent", Role::Specialist, ""), house.system());
        let hook = house.hook("one");
        let bad = house.register(&agent);
        house.act(&agent, &named(&bad), 1, "note", json!({"text": "later"})).unwrap();
        let picky = |telling: &Telling| if case(telling) == bad.case.id { down() } else { Handed::Taken };
        let step = |hours: i64| {
            for _ in 0..hours {
                house.register(&agent);
                house.tell(picky);
                house.tell(picky);
                house.desk.time().advance(SignedDuration::from_hours(1) + SignedDuration::from_mins(1));
            }
        };
        step(74);
        let said = house.said(hook);
        assert_eq!((said.dead, said.waiting), (1, 1), "what waited behind it was tried only just now: {said:?}");
        house.wait(house.desk.switch_subscription(&system, hook, false)).unwrap();
        house.desk.time().advance(SignedDuration::from_hours(24 * 4));
        house.wait(house.desk.switch_subscription(&system, hook, true)).unwrap();
        step(2);
        assert_eq!(house.said(hook).dead, 1, "who was switched off could take nothing");
        house.close_down();
    })
    .unwrap();
}

#[test]
fn what_a_file_brings_in_is_no_news() {
    each_database(|scratch| {
        let house = house(scratch);
        let system = house.system();
        house.hook("one");
        let row = |n: usize| Row {
            source: "old".into(),
            id: n.to_string(),
            content: vec![u8::try_from(n).unwrap()],
            intake: Intake::read(intake()).unwrap(),
        };
        let taken = house.wait(house.desk.take_in(&system, (0..3).map(row).collect(), false)).unwrap();
        assert!(taken.iter().all(Result::is_ok), "{taken:?}");
        let told = Taken::default();
        assert_eq!(house.tell(|telling| told.take(telling)), 0);
        // What is done with one of them afterwards is.
        let list = house.wait(house.desk.tickets(&system, None, 0, 1)).unwrap();
        let case = list[0].view.case.id;
        house.act(&system, &desk::CaseRef::Id(case), 1, "note", json!({"text": "news"})).unwrap();
        assert_eq!(house.tell(|telling| told.take(telling)), 1);
        assert_eq!(told.0.into_inner().unwrap().into_values().collect::<Vec<_>>(), [[2]]);
        house.close_down();
    })
    .unwrap();
}

#[test]
fn listeners_are_few_an_owner_and_the_ledger_keeps_no_secret_of_theirs() {
    each_database(|scratch| {
        let house = house(scratch);
        let agent = house.user("agent", Role::Specialist, "");
        let partner = house.user("partner", Role::Admin, "");
        let subscribe = |n: usize| {
            let url = format!("https://hub.example/path{n}?token=hush");
            house.wait(house.desk.subscribe(&partner, "hub_v5", &url, "troubleTicket.name=Wang"))
        };
        let id = subscribe(0).unwrap();
        for n in 1..20 {
            subscribe(n).unwrap();
        }
        assert_eq!(crate::refusal(subscribe(20).unwrap_err()).code, "too_many_subscriptions");
        house.hook("of-nobody");
        let read = move |tx: &mut store::Tx<'_>| {
            Ok::<_, DeskError>(entries::of(tx, id, Ledger::Administration.code())?.remove(0).body)
        };
        let body = house.wait(house.desk.db().read(read)).unwrap();
        assert!(body.contains("https://hub.example/path0") && body.contains("digest"), "{body}");
        assert!(!body.contains("hush") && !body.contains("Wang"), "{body}");
        // The mark of an event is the beginning of its entry's hash.
        let done = house.register(&agent);
        let marks: Mutex<BTreeSet<String>> = Mutex::default();
        house.tell(|telling| {
            marks.lock().unwrap().insert(telling.mark.clone());
            Handed::Taken
        });
        let case = done.case.id.0;
        let read = move |tx: &mut store::Tx<'_>| Ok::<_, DeskError>(entries::of(tx, case, 0)?.remove(0).hash);
        let hash = house.wait(house.desk.db().read(read)).unwrap();
        let mark: String = hash[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(marks.into_inner().unwrap(), BTreeSet::from([mark]));
        house.close_down();
    })
    .unwrap();
}
