//! C2, C3, C5 from outside: who a request comes from, sessions that end, guessing that is limited.

use crate::{House, house, intake};
use axum::http::header;
use desk::Caller;
use desk::organisation::{UserChange, change_user};
use desk::sign_in::keep_password;
use domain::actor::Role;
use server::app::{AppState, Settings};
use server::data;
use server::locale::Locales;
use server::routes::{Access, Face, table};
use store::testing::{each_database, sqlite};

fn sign_in(house: &House, username: &str, password: &str, claimed: &str) -> crate::Answer {
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("x-forwarded-for", claimed),
        ("x-real-ip", claimed),
        ("forwarded", claimed),
    ];
    house.send("POST", "/sign-in", &headers, format!("username={username}&password={password}"))
}

fn with(house: House, settings: Settings) -> House {
    let locales = Locales::load(data::locales(None).unwrap()).unwrap();
    House { state: AppState::new(house.desk.clone(), locales, settings), ..house }
}

#[test]
fn a_cookie_dies_with_what_it_stood_for() {
    each_database(|scratch| {
        let house = house(scratch);
        let system = Caller::system(house.desk.root());
        let mut cookie = house.session("lin", Role::Agent);
        type End = fn(&House, &Caller);
        let ends: [(&str, End); 4] = [
            ("password", |house, system| {
                house.desk.reset_password(system, "lin").unwrap();
            }),
            ("role", |house, system| {
                change_user(
                    &house.desk,
                    system,
                    "lin",
                    &UserChange { role: Some(Role::Quality), ..UserChange::default() },
                )
                .unwrap()
            }),
            ("area", |house, system| {
                change_user(
                    &house.desk,
                    system,
                    "lin",
                    &UserChange { region: Some("31".to_owned()), ..UserChange::default() },
                )
                .unwrap()
            }),
            ("disable", |house, system| {
                change_user(&house.desk, system, "lin", &UserChange { disabled: Some(true), ..UserChange::default() })
                    .unwrap()
            }),
        ];
        for (what, end) in ends {
            let me = |house: &House, cookie: &str| house.send("GET", "/api/v1/me", &[("cookie", cookie)], "").status;
            assert_eq!(me(&house, &cookie), 200, "{what}");
            end(&house, &system);
            assert_eq!(me(&house, &cookie), 401, "the session outlives a change of {what}");
            let form = [("cookie", cookie.as_str()), ("content-type", "application/json")];
            let late = house.send("POST", "/api/v1/complaints", &form, intake().to_string());
            assert_eq!(late.status, 401, "{what}");
            if what != "disable" {
                let password = house.desk.reset_password(&system, "lin").unwrap();
                keep_password(&house.desk, "lin").unwrap();
                let answer = sign_in(&house, "lin", &password, "");
                assert_eq!(answer.status, 303);
                let fresh = answer.header("set-cookie").split(';').next().unwrap().to_owned();
                assert_ne!(fresh, cookie);
                cookie = fresh;
            }
        }
        house.desk.db().close();
    })
    .unwrap();
}

#[test]
fn guessing_is_limited_whatever_address_is_claimed() {
    each_database(|scratch| {
        let house = house(scratch);
        let system = Caller::system(house.desk.root());
        house.session("lin", Role::Agent);
        let password = house.desk.reset_password(&system, "lin").unwrap();
        let first = sign_in(&house, "lin", "wrong wrong", "203.0.113.1");
        let nobody = sign_in(&house, "nobody", "wrong wrong", "203.0.113.1");
        assert_eq!((first.status, nobody.status), (403, 403));
        assert_eq!(first.body, nobody.body.replace("nobody", "lin"), "who has an account is not betrayed");
        for attempt in 1..8 {
            assert_eq!(sign_in(&house, "lin", "wrong wrong", "203.0.113.1").status, 403, "{attempt}");
        }
        let limited = sign_in(&house, "lin", &password, "203.0.113.2");
        assert_eq!(limited.status, 429, "another claimed address does not help");
        let wait: u32 = limited.header("retry-after").parse().unwrap();
        assert!((1..=900).contains(&wait), "{wait}");
        house.desk.db().close();
    })
    .unwrap();
}

#[test]
fn addresses_count_apart_only_behind_a_proxy_of_ours() {
    // Requests of these tests come from 127.0.0.1.
    let proxy = || Settings { trusted_proxies: vec![("127.0.0.0".parse().unwrap(), 8)], ..Settings::default() };
    for (trusted, expected) in [(false, 429), (true, 303)] {
        let scratch = sqlite().unwrap();
        let house = house(&scratch);
        let house = with(house, if trusted { proxy() } else { Settings::default() });
        let cookie = house.session("lin", Role::Agent);
        assert!(!cookie.is_empty());
        let system = Caller::system(house.desk.root());
        let password = house.desk.reset_password(&system, "lin").unwrap();
        for attempt in 0..41 {
            sign_in(&house, &format!("user{attempt}"), "x", "203.0.113.1");
        }
        assert_eq!(sign_in(&house, "lin", &password, "203.0.113.2").status, expected, "trusted: {trusted}");
        assert_eq!(sign_in(&house, "lin", &password, "198.51.100.1, 203.0.113.1").status, 429, "trusted: {trusted}");
        house.desk.db().close();
    }
}

#[test]
fn cookies_are_marked_and_claims_are_ignored() {
    let scratch = sqlite().unwrap();
    let house = with(house(&scratch), Settings { secure_cookie: true, ..Settings::default() });
    let system = Caller::system(house.desk.root());
    house.session("lin", Role::Agent);
    let password = house.desk.reset_password(&system, "lin").unwrap();
    let answer = sign_in(&house, "lin", &password, "");
    let cookie = answer.headers.get(header::SET_COOKIE).unwrap().to_str().unwrap();
    for mark in ["HttpOnly", "SameSite=Lax", "; Secure", "Path=/"] {
        assert!(cookie.contains(mark), "{cookie}");
    }
    let foreign = [("sec-fetch-site", "cross-site"), ("content-type", "application/x-www-form-urlencoded")];
    let forged = house.send("POST", "/sign-in", &foreign, format!("username=lin&password={password}"));
    assert_eq!(forged.status, 403, "another site signs nobody in");
    for name in ["x-user", "x-remote-user", "x-forwarded-user", "x-auth-request-email", "remote-user", "x-role"] {
        assert_eq!(house.send("GET", "/api/v1/me", &[(name, "admin")], "").status, 401, "{name}");
    }
    // A bad token is not helped by a good cookie.
    let both = [("authorization", "Bearer rdt_x"), ("cookie", cookie)];
    assert_eq!(house.send("GET", "/api/v1/me", &both, "").status, 401);
    house.desk.db().close();
}

/// Everything somebody may not do before the password is their own, on every route there is.
#[test]
fn a_password_made_for_somebody_is_good_for_choosing_ones_own() {
    each_database(|scratch| {
        let house = house(scratch);
        let system = Caller::system(house.desk.root());
        house.session("lin", Role::Admin);
        let given = house.desk.reset_password(&system, "lin").unwrap();
        let signed = sign_in(&house, "lin", &given, "");
        let cookie = signed.header("set-cookie").split(';').next().unwrap().to_owned();
        let mut tried = 0;
        for route in table().into_iter().filter(|route| matches!(route.access, Access::Needs(_))) {
            let path = route.path.split('/').map(|part| if part.starts_with('{') { "1" } else { part });
            let path = path.collect::<Vec<_>>().join("/");
            let method = route.method.name();
            let answer = house.send(method, &path, &[("cookie", &cookie), ("accept-language", "en")], "");
            match route.face {
                _ if path == "/console/password" => assert!([200, 422].contains(&answer.status), "{answer:?}"),
                Face::Page => {
                    let to = (answer.status, answer.header("location"));
                    assert_eq!(to, (303, "/console/password"), "{method} {path}");
                }
                Face::Api | Face::Tmf => {
                    assert_eq!(answer.status, 403, "{method} {path}");
                    assert_eq!(answer.json()["code"], "password_must_change", "{method} {path}");
                }
            }
            tried += 1;
        }
        assert!(tried > 150, "{tried}");
        let page = house.send("GET", "/console/password", &[("cookie", &cookie), ("accept-language", "en")], "");
        assert!(page.body.contains("made for you") && page.body.contains("/sign-out"), "{}", page.body);
        assert!(!page.body.contains("href=\"/console/orders\""), "nothing leads where nobody may go");
        for path in ["/language/en", "/assets/console.css", "/sign-in", "/healthz"] {
            assert!(house.send("GET", path, &[("cookie", &cookie)], "").status < 400, "{path}");
        }
        let choose = |cookie: &str, old: &str, new: &str| {
            let form = [("cookie", cookie), ("content-type", "application/x-www-form-urlencoded")];
            let said = format!("old_password={old}&password={new}&again={new}");
            house.send("POST", "/console/password", &form, said)
        };
        for (old, new) in [(given.as_str(), given.as_str()), ("wrong wrong", "my own password"), (&given, "short")] {
            assert_eq!(choose(&cookie, old, new).status, 422, "{new}");
        }
        // Signing in anew changes nothing; a token of a programme is not asked.
        let again = sign_in(&house, "lin", &given, "");
        let again = again.header("set-cookie").split(';').next().unwrap().to_owned();
        assert_eq!(house.send("GET", "/api/v1/me", &[("cookie", &again)], "").status, 403);
        assert_eq!(house.get(&house.token(Role::Admin, ""), "/api/v1/me").status, 200);
        let chosen = choose(&cookie, &given, "my own password");
        assert_eq!((chosen.status, chosen.header("location")), (303, "/console/password?changed=1"));
        let own = chosen.header("set-cookie").split(';').next().unwrap().to_owned();
        assert_eq!(house.send("GET", "/api/v1/me", &[("cookie", &own)], "").status, 200, "work goes on at once");
        for ended in [&cookie, &again] {
            assert_eq!(house.send("GET", "/api/v1/me", &[("cookie", ended)], "").status, 401);
        }
        assert_eq!(sign_in(&house, "lin", &given, "").status, 403, "the old one opens nothing");
        let later = sign_in(&house, "lin", "my own password", "");
        let later = later.header("set-cookie").split(';').next().unwrap().to_owned();
        assert_eq!(house.send("GET", "/console", &[("cookie", &later)], "").status, 200);
        house.desk.db().close();
    })
    .unwrap();
}
