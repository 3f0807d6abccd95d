//! Who else has a case open: told to whoever sees it, forgotten soon, and nothing that happened to the case.

use crate::{Answer, House, house, intake};
use axum::body::{Body, HttpBody as _};
use axum::http::Request;
use desk::organisation::{NewUser, UserChange, add_user, change_user};
use desk::{Caller, CaseRef};
use domain::actor::Role;
use jiff::SignedDuration;
use serde_json::{Value, json};
use server::app::{Settings, router};
use std::time::Duration;
use store::testing::{each_database, postgres, sqlite};
use tower::ServiceExt as _;

const NOBODY: &str = "01900000-0000-7000-8000-000000000000";

/// Somebody with an area of their own, signed in: a cookie.
fn person(house: &House, username: &str, region: &str) -> String {
    let new = NewUser {
        username: username.to_owned(),
        name: username.to_owned(),
        role: Role::Agent,
        region: region.to_owned(),
        unit: house.desk.root(),
        skills: Vec::new(),
        email: String::new(),
    };
    let password = add_user(&house.desk, &Caller::system(house.desk.root()), &new).unwrap();
    desk::sign_in::keep_password(&house.desk, username).unwrap();
    let session = house.runtime.block_on(house.desk.sign_in(username, &password, "10.0.0.1")).unwrap();
    format!("{}={}", server::extract::SESSION, session.secret)
}

fn say(house: &House, who: &str, case: &str, body: &str) -> Answer {
    let headers = [("cookie", who), ("content-type", "application/x-www-form-urlencoded"), ("accept-language", "en")];
    house.send("POST", &format!("/console/cases/{case}/presence"), &headers, body.to_owned())
}

fn look(house: &House, who: &str, case: &str) -> Answer {
    house.send("GET", &format!("/api/v1/complaints/{case}/presence"), &[("cookie", who), ("accept-language", "en")], "")
}

/// Names and what each writes.
fn others(house: &House, who: &str, case: &str) -> Vec<(String, Value)> {
    let told = look(house, who, case).json();
    let items = told["items"].as_array().unwrap();
    items.iter().map(|one| (one["name"].as_str().unwrap().to_owned(), one["writing"].clone())).collect()
}

fn of(name: &str, writing: Value) -> (String, Value) {
    (name.to_owned(), writing)
}

#[test]
fn whoever_sees_a_case_is_told_who_else_has_it_open() {
    each_database(|scratch| {
        let house = house(scratch);
        let token = house.token(Role::Agent, "31");
        let case = house.register(&token, &intake());
        let (id, number) = (case["id"].as_str().unwrap(), case["number"].as_str().unwrap());
        let (ann, ben, far) = (person(&house, "ann", "31"), person(&house, "ben", "3101"), person(&house, "far", "33"));
        let events = || house.get(&token, &format!("/api/v1/complaints/{id}/events")).body;
        let before = events();
        assert_eq!(say(&house, &ann, number, "writing=reply").body.trim(), "", "nobody else is there");
        assert_eq!(others(&house, &ben, id), [of("ann", json!("reply"))]);
        assert!(others(&house, &ann, id).is_empty(), "one is nobody else");
        let shown = say(&house, &ben, number, "writing=");
        assert!(shown.body.contains("ann is writing: "), "{shown:?}");
        assert!(shown.body.contains("class=\"writes\""), "{shown:?}");
        assert_eq!(others(&house, &ann, id), [of("ben", Value::Null)]);
        // What no form of ours says is taken for reading.
        say(&house, &ben, number, "writing=%3Cscript%3E");
        assert_eq!(others(&house, &ann, id), [of("ben", Value::Null)]);
        let bearer = house.get(&token, &format!("/api/v1/complaints/{id}/presence")).json();
        assert_eq!(bearer["items"].as_array().unwrap().len(), 2, "a programme is told of everybody");
        assert_eq!(house.call(&token, "POST", &format!("/console/cases/{id}/presence"), &[], &Value::Null).status, 404);

        // Whoever does not see the case is told nothing, not even that there is one, and is told of to nobody.
        for case in [id, NOBODY] {
            assert_eq!(say(&house, &far, case, "writing=note").status, 404);
            assert_eq!(look(&house, &far, case).status, 404);
        }
        assert_eq!(others(&house, &ben, id), [of("ann", json!("reply"))]);
        // Nor is whoever sees it no more, however lately they were there.
        let elsewhere = UserChange { region: Some("33".into()), ..UserChange::default() };
        change_user(&house.desk, &Caller::system(house.desk.root()), "ann", &elsewhere).unwrap();
        assert!(others(&house, &ben, id).is_empty());

        // It leaves no trace: neither in the log nor in the ledger of the administration.
        assert_eq!(events(), before);
        assert_eq!(say(&house, &ben, number, "gone=true").status, 204);
        house.desk.db().close();
    })
    .unwrap();
}

#[test]
fn who_leaves_or_is_silent_is_forgotten() {
    each_database(|scratch| {
        let house = house(scratch);
        let token = house.token(Role::Agent, "");
        let numbers: Vec<String> = (0..10)
            .map(|n| {
                let mut contact = intake();
                contact["external"] = json!([{"owner": "miit", "number": format!("GX-{n}")}]);
                house.register(&token, &contact)["number"].as_str().unwrap().to_owned()
            })
            .collect();
        let (ann, ben) = (person(&house, "ann", ""), person(&house, "ben", ""));
        let first = numbers[0].as_str();
        say(&house, &ann, first, "");
        assert_eq!(others(&house, &ben, first).len(), 1);
        assert_eq!(say(&house, &ann, first, "gone=true").status, 204);
        assert!(others(&house, &ben, first).is_empty());
        // Nobody has more open than there are tabs: the oldest is forgotten.
        for number in &numbers {
            say(&house, &ann, number, "");
        }
        let there = numbers.iter().filter(|number| !others(&house, &ben, number).is_empty()).count();
        assert_eq!((there, others(&house, &ben, first).len()), (8, 0));
        // Silence is leaving, and what is old goes from the database too.
        let rows = || house.desk.db().read_now(|tx| store::presence::all(tx, 0, 100)).unwrap().len();
        assert_eq!(rows(), 8);
        let old = (jiff::Timestamp::now() - desk::presence::SILENCE - SignedDuration::from_secs(1)).as_microsecond();
        let last = house
            .runtime
            .block_on(house.desk.seen_case(&Caller::system(house.desk.root()), &CaseRef::Number(numbers[9].clone())));
        let last = last.unwrap().0;
        house
            .desk
            .db()
            .write_now(move |tx| {
                for mut row in store::presence::all(tx, 0, 100)? {
                    if row.case == last {
                        row.writing.clear();
                        store::presence::say(tx, &row, old, 100)?;
                    }
                }
                Ok::<_, store::StoreError>(())
            })
            .unwrap();
        assert!(others(&house, &ben, &numbers[9]).is_empty());
        desk::jobs::forget::old(&house.desk).unwrap();
        assert_eq!(rows(), 7);
        house.desk.db().close();
    })
    .unwrap();
}

#[test]
fn nodes_tell_each_other_and_the_stream_says_only_that() {
    let Some(scratch) = postgres().unwrap() else { return };
    let (one, two) = (house(&scratch), house(&scratch));
    let token = one.token(Role::Agent, "31");
    let mut another = intake();
    another["external"] = json!([]);
    let (case, other) = (one.register(&token, &intake()), one.register(&token, &another));
    let [case, other] = [&case, &other].map(|case| case["number"].as_str().unwrap().to_owned());
    let (ann, far) = (person(&one, "ann", "31"), person(&one, "far", "33"));
    let listen = |who: &str| {
        let request = Request::get(format!("/console/live?case={case}")).header("cookie", who);
        router(&two.state).oneshot(request.body(Body::empty()).unwrap())
    };
    let frame = async |body: &mut Body| {
        let next = std::future::poll_fn(|cx| std::pin::Pin::new(&mut *body).poll_frame(cx));
        let frame = tokio::time::timeout(Duration::from_secs(3), next).await.ok()?;
        frame.map(|frame| String::from_utf8(frame.unwrap().into_data().unwrap().to_vec()).unwrap())
    };
    let ben = person(&one, "ben", "31");
    let (mut seen, mut unseen) = two.runtime.block_on(async {
        let (mut seen, mut unseen) = (listen(&ben).await.unwrap().into_body(), listen(&far).await.unwrap().into_body());
        assert_eq!(frame(&mut seen).await.as_deref(), Some("retry: 5000\n\n"));
        assert_eq!(frame(&mut unseen).await.as_deref(), Some("retry: 5000\n\n"));
        tokio::time::sleep(Duration::from_millis(1_300)).await;
        (seen, unseen)
    });
    // Of another case nothing is said; of this one that something is, and to nobody who does not see it.
    say(&one, &ann, &other, "writing=note");
    assert_eq!(two.runtime.block_on(frame(&mut seen)), None);
    say(&one, &ann, &case, "writing=note");
    two.runtime.block_on(async {
        assert_eq!(frame(&mut seen).await.as_deref(), Some("event: presence\ndata: \n\n"));
        assert_eq!(frame(&mut unseen).await, None);
    });
    assert_eq!(others(&two, &ben, &case), [of("ann", json!("note"))]);
    drop((seen, unseen));
    one.desk.db().close();
    two.desk.db().close();
}

#[test]
fn the_stream_hints_at_nobody_whom_the_page_does_not_show() {
    let scratch = sqlite().unwrap();
    let house = house(&scratch);
    let token = house.token(Role::Agent, "31");
    let case = house.register(&token, &intake());
    let number = case["number"].as_str().unwrap();
    let id: uuid::Uuid = case["id"].as_str().unwrap().parse().unwrap();
    let (ann, ben) = (person(&house, "ann", "31"), person(&house, "ben", "31"));
    person(&house, "far", "33");
    let frame = async |body: &mut Body| {
        let next = std::future::poll_fn(|cx| std::pin::Pin::new(&mut *body).poll_frame(cx));
        let frame = tokio::time::timeout(Duration::from_secs(3), next).await.ok()?;
        frame.map(|frame| String::from_utf8(frame.unwrap().into_data().unwrap().to_vec()).unwrap())
    };
    let mut heard = house.runtime.block_on(async {
        let request = Request::get(format!("/console/live?case={number}")).header("cookie", &ben);
        let answer = router(&house.state).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let mut heard = answer.into_body();
        assert_eq!(frame(&mut heard).await.as_deref(), Some("retry: 5000\n\n"));
        tokio::time::sleep(Duration::from_millis(1_300)).await;
        heard
    });
    // Somebody of another area, such as whoever works on an order of the case, has it open.
    house
        .desk
        .db()
        .write_now(move |tx| {
            let far = store::people::user_by_name(tx, "far")?.unwrap().id;
            let row = store::presence::PresenceRow { case: id, user: far, writing: "note".to_owned() };
            store::presence::say(tx, &row, jiff::Timestamp::now().as_microsecond(), 8)
        })
        .unwrap();
    assert_eq!(house.runtime.block_on(frame(&mut heard)), None);
    assert!(others(&house, &ben, number).is_empty());
    say(&house, &ann, number, "writing=note");
    assert_eq!(house.runtime.block_on(frame(&mut heard)).as_deref(), Some("event: presence\ndata: \n\n"));
    drop(heard);
    house.desk.db().close();
}

#[test]
fn an_operator_can_have_nobody_told() {
    let scratch = sqlite().unwrap();
    let mut house = house(&scratch);
    let settings = Settings { no_presence: true, ..Settings::default() };
    let locales = server::locale::Locales::load(server::data::locales(None).unwrap()).unwrap();
    house.state = server::app::AppState::new(house.desk.clone(), locales, settings);
    let token = house.token(Role::Agent, "31");
    let case = house.register(&token, &intake());
    let number = case["number"].as_str().unwrap();
    let (ann, ben) = (person(&house, "ann", "31"), person(&house, "ben", "31"));
    assert_eq!(say(&house, &ann, number, "writing=reply").status, 200);
    assert!(others(&house, &ben, number).is_empty());
    assert_eq!(look(&house, &ben, NOBODY).status, 404);
    let page = house.send("GET", &format!("/console/cases/{number}"), &[("cookie", &ben)], "");
    assert!(page.status == 200 && !page.body.contains("data-presence"), "{}", page.status);
    house.desk.db().close();
}
