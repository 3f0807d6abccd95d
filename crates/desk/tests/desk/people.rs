//! C3, C5, C6: sessions that end when they should, a limit on guessing that survives a restart, no default password.

use crate::{House, NOON, house, key_file, open, refusal};
use desk::caller::Scope;
use desk::organisation::{UserChange, change_user};
use desk::time::Time;
use desk::{DeskError, sign_in};
use domain::actor::Role;
use jiff::SignedDuration;
use store::testing::each_database;

fn signed_in(house: &House, username: &str, password: &str) -> String {
    house.wait(house.desk.sign_in(username, password, "10.0.0.1")).unwrap().secret
}

fn alive(house: &House, secret: &str) -> bool {
    house.wait(house.desk.by_session(secret)).unwrap().is_some()
}

#[test]
fn sessions_die_when_they_should() {
    each_database(|scratch| {
        let house = house(scratch);
        let system = house.system();
        house.user("agent", Role::Agent, "");
        let password = house.desk.reset_password(&system, "agent").unwrap();
        type End = fn(&House, &str, &str);
        let ends: [(&str, End); 6] = [
            ("sign-out", |house, secret, _| house.wait(house.desk.sign_out(secret)).unwrap()),
            ("role change", |house, _, _| {
                change_user(
                    &house.desk,
                    &house.system(),
                    "agent",
                    &UserChange { role: Some(Role::Specialist), ..UserChange::default() },
                )
                .unwrap();
            }),
            ("area change", |house, _, _| {
                change_user(
                    &house.desk,
                    &house.system(),
                    "agent",
                    &UserChange { region: Some("31".to_owned()), ..UserChange::default() },
                )
                .unwrap();
            }),
            ("idle", |house, _, _| house.desk.time().advance(SignedDuration::from_hours(11))),
            ("own password change", |house, secret, password| {
                let caller = house.wait(house.desk.by_session(secret)).unwrap().unwrap();
                let changed = house.desk.change_password(&caller, password, "another good one");
                house.wait(changed).unwrap();
                house.desk.reset_password(&house.system(), "agent").unwrap();
            }),
            ("disable", |house, _, _| {
                change_user(
                    &house.desk,
                    &house.system(),
                    "agent",
                    &UserChange { disabled: Some(true), ..UserChange::default() },
                )
                .unwrap();
            }),
        ];
        let mut password = password;
        for (what, end) in ends {
            let secret = signed_in(&house, "agent", &password);
            assert!(alive(&house, &secret), "{what}");
            end(&house, &secret, &password);
            assert!(!alive(&house, &secret), "still alive after {what}");
            password = house.desk.reset_password(&system, "agent").unwrap();
        }
        let closed = house.wait(house.desk.sign_in("agent", &password, "10.0.0.1")).unwrap_err();
        assert_eq!(refusal(closed).code, "sign_in_failed", "a closed account looks like a wrong password");
        house.close_down();
    })
    .unwrap();
}

#[test]
fn guessing_is_limited_and_the_limit_survives_a_restart() {
    each_database(|scratch| {
        let first = house(scratch);
        first.user("agent", Role::Agent, "");
        let password = first.desk.reset_password(&first.system(), "agent").unwrap();
        for attempt in 0..8 {
            let wrong = first.wait(first.desk.sign_in("agent", "wrong wrong wrong", "10.0.0.9")).unwrap_err();
            assert!(matches!(wrong, DeskError::Refused(_)), "{attempt}: {wrong:?}");
        }
        first.close_down();
        let desk = open(scratch, Time::at(NOON.parse().unwrap()), &key_file(scratch)).unwrap();
        let again = House { desk, runtime: tokio::runtime::Runtime::new().unwrap() };
        let limited = again.wait(again.desk.sign_in("AGENT ", &password, "10.0.0.10")).unwrap_err();
        assert!(matches!(limited, DeskError::TooMany { .. }), "even the right one: {limited:?}");
        again.desk.time().advance(SignedDuration::from_mins(16));
        signed_in(&again, "agent", &password);
        // One address that tries many accounts is limited too.
        for attempt in 0..40 {
            let _ = again.wait(again.desk.sign_in(&format!("user{attempt}"), "x", "10.9.9.9"));
        }
        let limited = again.wait(again.desk.sign_in("agent", &password, "10.9.9.9")).unwrap_err();
        assert!(matches!(limited, DeskError::TooMany { .. }), "{limited:?}");
        again.close_down();
    })
    .unwrap();
}

#[test]
fn the_first_password_is_made_once_and_is_nobodys_default() {
    each_database(|scratch| {
        let house = house(scratch);
        let password = sign_in::first_admin(&house.desk).unwrap().unwrap();
        assert!(sign_in::first_admin(&house.desk).unwrap().is_none(), "shown once");
        assert!(password.len() >= 16);
        for guess in ["admin", "password", "redress", ""] {
            assert!(house.wait(house.desk.sign_in("admin", guess, "10.0.0.2")).is_err());
        }
        let secret = signed_in(&house, "admin", &password);
        let caller = house.wait(house.desk.by_session(&secret)).unwrap().unwrap();
        assert!(caller.one_time, "good for choosing one's own and nothing else");
        let same = house.wait(house.desk.change_password(&caller, &password, &password)).unwrap_err();
        assert_eq!(refusal(same).faults[0].code, "same_password");
        let session = house.wait(house.desk.change_password(&caller, &password, "a password of my own")).unwrap();
        assert!(!alive(&house, &secret), "what was opened with it ends with it");
        let caller = house.wait(house.desk.by_session(&session.secret)).unwrap().unwrap();
        assert!(!caller.one_time);
        let last = change_user(
            &house.desk,
            &house.system(),
            "admin",
            &UserChange { disabled: Some(true), ..UserChange::default() },
        )
        .unwrap_err();
        assert_eq!(refusal(last).code, "last_admin");
        house.close_down();
    })
    .unwrap();
}

#[test]
fn tokens_are_shown_once_and_revoked_for_good() {
    each_database(|scratch| {
        let house = house(scratch);
        let system = house.system();
        let token = house.desk.create_token(&system, "crm", Role::Integration, "31", &[Scope::Read]).unwrap();
        let caller = house.wait(house.desk.by_token(&token)).unwrap().unwrap();
        assert_eq!((caller.actor.role, caller.actor.area.code()), (Role::Integration, "31"));
        let written = house.try_register(&caller, crate::intake()).unwrap_err();
        assert_eq!(refusal(written).code, "not_permitted", "a token that may only read");
        assert_eq!(house.desk.revoke_tokens(&system, "crm").unwrap(), 1);
        assert!(house.wait(house.desk.by_token(&token)).unwrap().is_none());
        assert!(house.wait(house.desk.by_token("rdt_nonsense")).unwrap().is_none());
        house.close_down();
    })
    .unwrap();
}
