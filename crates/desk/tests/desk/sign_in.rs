//! C4, C7 below the doors: codes by time, codes on paper, links by mail, on one node and on two.

use crate::{House, NOON, house, key_file, library, open, refusal};
use desk::notices::letters::Handed;
use desk::organisation::{UserChange, add_user, change_user};
use desk::sign_in::letters::{AccountLetter, Kind, send_due};
use desk::sign_in::{SignInView, keep_password, totp};
use desk::time::Time;
use desk::{Caller, Desk, DeskError};
use domain::actor::Role;
use jiff::SignedDuration;
use std::sync::{Arc, Mutex};
use store::testing::{each_database, postgres};
use tokio::runtime::Runtime;

/// Somebody with a password of their own.
fn with_password(house: &House, username: &str) -> String {
    let new = desk::organisation::NewUser {
        username: username.into(),
        name: username.into(),
        role: Role::Agent,
        region: String::new(),
        unit: house.desk.root(),
        skills: Vec::new(),
        email: format!("{username}@op.example"),
    };
    let password = add_user(&house.desk, &house.system(), &new).unwrap();
    keep_password(&house.desk, username).unwrap();
    password
}

fn signed_in(house: &House, username: &str, password: &str) -> Caller {
    let session = house.wait(house.desk.sign_in(username, password, "10.0.0.1")).unwrap();
    assert!(!session.half);
    house.wait(house.desk.by_session(&session.secret)).unwrap().unwrap()
}

fn half(house: &House, username: &str, password: &str) -> String {
    let session = house.wait(house.desk.sign_in(username, password, "10.0.0.1")).unwrap();
    assert!(session.half);
    assert!(house.wait(house.desk.by_session(&session.secret)).unwrap().is_none(), "half is no session");
    session.secret
}

/// The bytes of a key as people type it.
fn typed(secret: &str) -> Vec<u8> {
    let mut bits = Vec::new();
    for letter in secret.bytes() {
        let value = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|one| *one == letter).unwrap();
        bits.extend((0..5).rev().map(|bit| value >> bit & 1 == 1));
    }
    bits.chunks_exact(8).map(|byte| byte.iter().fold(0, |held, bit| held << 1 | u8::from(*bit))).collect()
}

/// A second step made with the code of now: the key, and the codes for paper.
fn enrolled(house: &House, caller: &Caller) -> (Vec<u8>, Vec<String>) {
    house.wait(house.desk.begin_second_factor(caller)).unwrap();
    let waits = house.wait(house.desk.pending_second_factor(caller)).unwrap().unwrap();
    assert!(waits.uri.contains(&format!("secret={}&issuer=Redress&algorithm=SHA1&digits=6&period=30", waits.secret)));
    let key = typed(&waits.secret);
    let (session, codes) = house.wait(house.desk.confirm_second_factor(caller, &code(&house.desk, &key, 0))).unwrap();
    assert!(house.wait(house.desk.by_session(&session.secret)).unwrap().is_some());
    (key, codes)
}

fn code(desk: &Desk, key: &[u8], off: i64) -> String {
    totp::code(key, totp::step(desk.time().now()) + off)
}

fn view(house: &House, caller: &Caller) -> SignInView {
    house.wait(house.desk.own_sign_in(caller)).unwrap()
}

#[test]
fn c7_a_code_counts_once_and_paper_stands_in() {
    each_database(|scratch| {
        let house = house(scratch);
        let password = with_password(&house, "lin");
        let caller = signed_in(&house, "lin", &password);
        let nothing = house.wait(house.desk.confirm_second_factor(&caller, "123456")).unwrap_err();
        assert_eq!(refusal(nothing).code, "no_pending_factor");
        house.wait(house.desk.begin_second_factor(&caller)).unwrap();
        house.desk.time().advance(SignedDuration::from_mins(16));
        assert!(
            house.wait(house.desk.pending_second_factor(&caller)).unwrap().is_none(),
            "a shown key does not lie about"
        );
        let (key, codes) = enrolled(&house, &caller);
        assert_eq!(codes.len(), 10);
        let secret_at_rest = house.desk.db().read_now(|tx| {
            let user = store::people::user_by_name(tx, "lin")?.unwrap();
            store::second_factor::factor(tx, user.id)
        });
        let at_rest = secret_at_rest.unwrap().unwrap().secret.unwrap();
        assert!(!at_rest.windows(key.len()).any(|part| part == key), "sealed");
        let twice = house.wait(house.desk.begin_second_factor(&caller)).unwrap_err();
        assert_eq!(refusal(twice).code, "second_factor_on");
        let step = |half: &str, code: &str| house.wait(house.desk.second_step(half, code, "10.0.0.1"));
        let failed = |error: DeskError| assert_eq!(refusal(error).code, "second_step_failed");
        // The code that confirmed is used; the next one counts a step early, and once.
        let first = half(&house, "lin", &password);
        failed(step(&first, &code(&house.desk, &key, 0)).unwrap_err());
        failed(step(&first, &code(&house.desk, &key, 2)).unwrap_err());
        let early = code(&house.desk, &key, 1);
        assert!(!step(&first, &early).unwrap().half);
        let over = step(&first, &early).unwrap_err();
        assert_eq!(refusal(over).code, "sign_in_over");
        let second = half(&house, "lin", &password);
        house.desk.time().advance(SignedDuration::from_secs(30));
        failed(step(&second, &early).unwrap_err());
        // Paper: however it is typed, once.
        let paper = codes[3].to_uppercase().replace('-', " ");
        assert!(step(&second, &paper).is_ok());
        let third = half(&house, "lin", &password);
        failed(step(&third, &codes[3]).unwrap_err());
        assert_eq!(view(&house, &caller).codes, 9);
        house.desk.time().advance(SignedDuration::from_mins(16));
        let late = step(&third, &code(&house.desk, &key, 0)).unwrap_err();
        assert_eq!(refusal(late).code, "sign_in_over", "half a sign-in does not wait for ever");
        // Guessing is limited, right codes beyond it included; the limit outlives whoever asks for another half.
        let fourth = half(&house, "lin", &password);
        for _ in 0..8 {
            failed(step(&fourth, "000000").unwrap_err());
        }
        let fifth = half(&house, "lin", &password);
        assert!(matches!(step(&fifth, &code(&house.desk, &key, 0)).unwrap_err(), DeskError::TooMany { .. }));
        house.desk.time().advance(SignedDuration::from_mins(16));
        let sixth = half(&house, "lin", &password);
        assert!(step(&sixth, &code(&house.desk, &key, 0)).is_ok());
        // New codes for paper end the old ones; taking it off takes a code.
        house.desk.time().advance(SignedDuration::from_secs(30));
        let fresh = house.wait(house.desk.renew_recovery_codes(&caller, &code(&house.desk, &key, 0))).unwrap();
        let seventh = half(&house, "lin", &password);
        failed(step(&seventh, &codes[0]).unwrap_err());
        let wrong = house.wait(house.desk.remove_second_factor(&caller, "000000")).unwrap_err();
        assert_eq!(refusal(wrong).faults[0].code, "wrong_code");
        house.wait(house.desk.remove_second_factor(&caller, &fresh[0])).unwrap();
        assert!(view(&house, &caller).since.is_none());
        signed_in(&house, "lin", &password);
        house.close_down();
    })
    .unwrap();
}

#[test]
fn c7_an_area_is_no_way_round_and_the_last_word_is_everywhere() {
    each_database(|scratch| {
        let house = house(scratch);
        let password = with_password(&house, "lin");
        let caller = signed_in(&house, "lin", &password);
        enrolled(&house, &caller);
        let local = house.user("local", Role::Admin, "31");
        let beyond = house.desk.reset_second_factor(&local, "lin").unwrap_err();
        assert_eq!(refusal(beyond).code, "above_own_area");
        let beyond = house.wait(house.desk.require_second_factor(&local, &[Role::Agent])).unwrap_err();
        assert_eq!(refusal(beyond).code, "rules_are_everywhere");
        let agent = house.user("wei", Role::Agent, "");
        let may_not = house.desk.reset_second_factor(&agent, "lin").unwrap_err();
        assert_eq!(refusal(may_not).code, "not_permitted");
        house.desk.reset_second_factor(&house.system(), "LIN").unwrap();
        let none = house.desk.reset_second_factor(&house.system(), "lin").unwrap_err();
        assert_eq!(refusal(none).code, "no_second_factor");
        house.wait(house.desk.require_second_factor(&house.system(), &[Role::Agent])).unwrap();
        let session = house.wait(house.desk.sign_in("lin", &password, "10.0.0.1")).unwrap();
        let caller = house.wait(house.desk.by_session(&session.secret)).unwrap().unwrap();
        assert!(caller.must_enrol && !session.half);
        let (key, _) = enrolled(&house, &caller);
        assert!(view(&house, &caller).required);
        house.desk.time().advance(SignedDuration::from_secs(30));
        let kept = house.wait(house.desk.remove_second_factor(&caller, &code(&house.desk, &key, 0))).unwrap_err();
        assert_eq!(refusal(kept).code, "second_factor_required");
        house.wait(house.desk.require_second_factor(&house.system(), &[])).unwrap();
        house.wait(house.desk.remove_second_factor(&caller, &code(&house.desk, &key, 0))).unwrap();
        house.close_down();
    })
    .unwrap();
}

#[test]
fn c7_of_two_nodes_one_accepts_a_code() {
    let Some(scratch) = postgres().unwrap() else { return };
    let _ = library();
    let node = || open(&scratch, Time::at(NOON.parse().unwrap()), &key_file(&scratch)).unwrap();
    let one = House { desk: node(), runtime: Runtime::new().unwrap() };
    let two = House { desk: node(), runtime: Runtime::new().unwrap() };
    let password = with_password(&one, "lin");
    let caller = signed_in(&one, "lin", &password);
    let (key, _) = enrolled(&one, &caller);
    let (left, right) = (half(&one, "lin", &password), half(&two, "lin", &password));
    let typed = code(&one.desk, &key, 1);
    let both = one.wait(async {
        tokio::join!(one.desk.second_step(&left, &typed, "10.0.0.1"), two.desk.second_step(&right, &typed, "10.0.0.2"))
    });
    assert_eq!(usize::from(both.0.is_ok()) + usize::from(both.1.is_ok()), 1, "{both:?}");
    one.close_down();
    two.close_down();
}

fn letters(house: &House, answer: &Handed) -> Vec<AccountLetter> {
    let taken = Arc::new(Mutex::new(Vec::new()));
    let (keep, answer) = (Arc::clone(&taken), answer.clone());
    house
        .wait(send_due(&house.desk, "node", move |letter| {
            keep.lock().unwrap().push(letter);
            std::future::ready(answer.clone())
        }))
        .unwrap();
    taken.lock().unwrap().drain(..).collect()
}

#[test]
fn c4_a_link_ends_in_time_and_is_made_when_it_is_sent() {
    each_database(|scratch| {
        let house = house(scratch);
        house.desk.set_mails(true);
        let password = with_password(&house, "lin");
        let caller = signed_in(&house, "lin", &password);
        let (key, _) = enrolled(&house, &caller);
        // Nobody asks again for what tells of a change: it waits until there is a server.
        for _ in 0..12 {
            assert_eq!(letters(&house, &Handed::Nowhere("away".into())).len(), 1);
            house.desk.time().advance(SignedDuration::from_mins(11));
        }
        assert_eq!(letters(&house, &Handed::Taken)[0].kind, Kind::FactorAdded);
        let ask = || house.wait(house.desk.ask_reset("lin", "10.0.0.1")).unwrap();
        let reset = |link: &str| house.wait(house.desk.reset_by_mail(link, "a new password", "10.0.0.1"));
        ask();
        let late = letters(&house, &Handed::Taken).remove(0);
        ask();
        assert!(letters(&house, &Handed::Taken).is_empty(), "a fresh link is ended by no other");
        house.desk.time().advance(SignedDuration::from_mins(31));
        assert_eq!(refusal(reset(&late.secret).unwrap_err()).code, "reset_over");
        // A letter that was put off brings another link at the next try; the first never arrived or is good no more.
        house.desk.time().advance(SignedDuration::from_hours(1));
        ask();
        let put_off = letters(&house, &Handed::Later("busy".into())).remove(0);
        assert!(letters(&house, &Handed::Taken).is_empty(), "not at once");
        house.desk.time().advance(SignedDuration::from_mins(1));
        let sent = letters(&house, &Handed::Taken).remove(0);
        assert_ne!(put_off.secret, sent.secret);
        assert_eq!(refusal(reset(&put_off.secret).unwrap_err()).code, "reset_over");
        reset(&sent.secret).unwrap();
        // The new password is the first of two proofs.
        let half = half(&house, "lin", "a new password");
        assert!(house.wait(house.desk.second_step(&half, &code(&house.desk, &key, 0), "10.0.0.1")).is_ok());
        letters(&house, &Handed::Taken);
        // A refused address is noted, and nothing goes where there is none.
        house.desk.time().advance(SignedDuration::from_hours(2));
        ask();
        letters(&house, &Handed::Refused("no such user".into()));
        let system = house.system();
        let users = house.wait(house.desk.colleagues(&system)).unwrap();
        assert_eq!(users.iter().find(|user| user.username == "lin").unwrap().bounced, "no such user");
        let nowhere = UserChange { no_email: true, ..UserChange::default() };
        change_user(&house.desk, &system, "lin", &nowhere).unwrap();
        ask();
        assert!(letters(&house, &Handed::Taken).is_empty());
        house.close_down();
    })
    .unwrap();
}
