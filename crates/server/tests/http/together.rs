//! Working together, through the doors. B3: no link, mention, following, order, notice, problem or work over many opens a
//! case to anybody. B6: no count, sum or list says that there are cases one may not see. And of two dispatchers on two
//! nodes one wins, and the other is told what changed.

use crate::{Answer, House, house, intake};
use desk::organisation::{NewUser, add_user};
use domain::actor::Role;
use serde_json::{Value, json};
use store::testing::{each_database, postgres};

/// Everything an answer tells.
fn told(answer: &Answer) -> (u16, String) {
    (answer.status, answer.body.clone())
}

fn case_in(house: &House, token: &str, region: &str) -> (String, String) {
    let mut body = intake();
    body["region"] = json!(region);
    body["external"] = json!([]);
    let case = house.register(token, &body);
    (case["id"].as_str().unwrap().to_owned(), case["number"].as_str().unwrap().to_owned())
}

/// Somebody with an area of their own, signed in: a cookie.
fn person(house: &House, username: &str, role: Role, region: &str) -> String {
    let system = desk::Caller::system(house.desk.root());
    let new = NewUser {
        username: username.to_owned(),
        name: username.to_owned(),
        role,
        region: region.to_owned(),
        unit: house.desk.root(),
        skills: Vec::new(),
        email: String::new(),
    };
    let password = add_user(&house.desk, &system, &new).unwrap();
    desk::sign_in::keep_password(&house.desk, username).unwrap();
    sign_in(house, username, &password)
}

fn sign_in(house: &House, username: &str, password: &str) -> String {
    let session = house.runtime.block_on(house.desk.sign_in(username, password, "10.0.0.1")).unwrap();
    format!("{}={}", server::extract::SESSION, session.secret)
}

fn get(house: &House, who: &str, path: &str) -> Answer {
    house.send("GET", path, &[("cookie", who), ("accept-language", "en")], "")
}

fn post(house: &House, who: &str, path: &str, seen: Option<i64>, body: &Value) -> Answer {
    let tag = seen.map(|seen| format!("\"{seen}\"")).unwrap_or_default();
    let mut headers = vec![("cookie", who), ("content-type", "application/json"), ("accept-language", "en")];
    if seen.is_some() {
        headers.push(("if-match", &tag));
    }
    house.send("POST", path, &headers, body.to_string())
}

const NOBODY: &str = "01900000-0000-7000-8000-000000000000";

#[test]
fn b3_a_link_opens_nothing() {
    each_database(|scratch| {
        let house = house(scratch);
        let everywhere = house.token(Role::Supervisor, "");
        let here = house.token(Role::Supervisor, "31");
        let (own, hidden) = (case_in(&house, &everywhere, "310115"), case_in(&house, &everywhere, "330106"));
        let link = json!({"to": hidden.1, "relation": "related"});
        assert_eq!(house.act(&everywhere, &own.0, 1, "link", &link).status, 200);
        let seen = house.get(&here, &format!("/api/v1/complaints/{}", own.0));
        // Of a case one does not see not even that there is one is told.
        assert!(seen.json().get("links").is_none() && !seen.body.contains(&hidden.1), "{}", seen.body);
        for path in ["", "/routing", "/followers", "/letters"] {
            let (one, none) = (
                house.get(&here, &format!("/api/v1/complaints/{}{path}", hidden.0)),
                house.get(&here, &format!("/api/v1/complaints/{NOBODY}{path}")),
            );
            assert_eq!(told(&one), told(&none), "{path}");
        }
        // Nor can one link to what one may not see, and is told so like of what is not there.
        let by_name = |to: &str| told(&house.act(&here, &own.0, 2, "link", &json!({"to": to, "relation": "related"})));
        assert_eq!(by_name(&hidden.0), by_name(NOBODY));
        assert_ne!(by_name(&hidden.0).0, 200);
        house.desk.db().close();
    })
    .unwrap();
}

#[test]
fn b3_mentions_and_followers_open_nothing_and_notices_tell_nothing() {
    each_database(|scratch| {
        let house = house(scratch);
        let writer = house.token(Role::Specialist, "");
        let (far, gone) =
            (person(&house, "far", Role::Specialist, "33"), person(&house, "gone", Role::Specialist, "31"));
        let (id, number) = case_in(&house, &writer, "310115");
        assert_eq!(house.act(&writer, &id, 1, "note", &json!({"text": "请@far和@gone看"})).status, 200);
        house.runtime.block_on(desk::jobs::run_timely(&house.desk, "node")).unwrap();
        let empty = json!({"items": [], "groups": []});
        assert_eq!(get(&house, &far, "/api/v1/notices").json(), empty);
        assert_eq!(get(&house, &gone, "/api/v1/notices").json()["groups"][0]["number"], json!(number));
        let page = get(&house, &gone, "/console/notices").body;
        assert!(page.contains(&format!("/console/cases/{number}")) && page.contains("连扣四个月视频会员费"), "{page}");
        let same = |who: &str, path: &dyn Fn(&str) -> String, names: [&str; 2]| {
            let answers = names.map(|name| told(&post(&house, who, &path(name), None, &json!({}))));
            assert_eq!(answers[0], answers[1], "{}", path("…"));
            assert_eq!(answers[0].0, 404);
        };
        for verb in ["follow", "unfollow"] {
            same(&far, &|name| format!("/api/v1/complaints/{name}/{verb}"), [&id, NOBODY]);
        }
        same(&far, &|name| format!("/api/v1/notices/groups/{name}/read"), [&id, NOBODY]);
        // Whoever loses sight of a case is told nothing more: no notice, no count, and no group to be marked.
        let one = get(&house, &gone, "/api/v1/notices").json()["items"][0]["id"].as_str().unwrap().to_owned();
        let change = desk::organisation::UserChange { region: Some("33".into()), ..Default::default() };
        let system = desk::Caller::system(house.desk.root());
        desk::organisation::change_user(&house.desk, &system, "gone", &change).unwrap();
        // A changed area ends sessions; signed in again one sees by the new one.
        assert_eq!(get(&house, &gone, "/api/v1/notices").status, 401);
        let password = house.desk.reset_password(&system, "gone").unwrap();
        desk::sign_in::keep_password(&house.desk, "gone").unwrap();
        let gone = sign_in(&house, "gone", &password);
        assert_eq!(get(&house, &gone, "/api/v1/notices").json(), empty);
        assert!(!get(&house, &gone, "/console/notices").body.contains(&number));
        same(&gone, &|name| format!("/api/v1/notices/groups/{name}/read"), [&id, NOBODY]);
        same(&gone, &|name| format!("/api/v1/notices/{name}/read"), [&one, NOBODY]);
        let followers = house.get(&writer, &format!("/api/v1/complaints/{id}/followers")).json();
        assert_eq!(followers["items"], json!([]));
        house.desk.db().close();
    })
    .unwrap();
}

#[test]
fn b3_b6_work_over_many_neither_reaches_nor_counts_what_is_hidden() {
    each_database(|scratch| {
        let house = house(scratch);
        let (everywhere, far) = (house.token(Role::Supervisor, ""), house.token(Role::Supervisor, "33"));
        let ask = |what: Value| {
            let mut body = json!({"note": {"text": "x"}, "dry_run": true});
            body.as_object_mut().unwrap().extend(what.as_object().unwrap().clone());
            let mut answer = house.call(&far, "POST", "/api/v1/bulk", &[], &body).json();
            for time in ["at", "ended_at"] {
                answer.as_object_mut().unwrap().remove(time);
            }
            for item in answer["items"].as_array_mut().into_iter().flatten() {
                item.as_object_mut().unwrap().remove("named");
            }
            answer
        };
        let before = ask(json!({"filter": {"category": "B2"}}));
        let hidden = case_in(&house, &everywhere, "310115");
        assert_eq!(ask(json!({"filter": {"category": "B2"}})), before, "a filter counts nothing of it");
        let named = ask(json!({"cases": [hidden.0]}));
        assert_eq!(named, ask(json!({"cases": [NOBODY]})));
        assert_eq!(ask(json!({"cases": [hidden.1]})), ask(json!({"cases": ["TS-20200101-000001-1"]})));
        // And the run itself is nobody else's.
        let mut run = json!({"cases": [hidden.0], "note": {"text": "x"}});
        let done = house.call(&everywhere, "POST", "/api/v1/bulk", &[], &run).json();
        let at = |id: &str| told(&house.get(&far, &format!("/api/v1/bulk/{id}")));
        assert_eq!(at(done["id"].as_str().unwrap()), at(NOBODY));
        run["dry_run"] = json!(true);
        assert_eq!(house.get(&everywhere, &format!("/api/v1/complaints/{}", hidden.0)).json()["version"], 2);
        house.desk.db().close();
    })
    .unwrap();
}

#[test]
fn b3_b6_orders_and_queues_show_only_ones_own() {
    each_database(|scratch| {
        let house = house(scratch);
        let everywhere = house.token(Role::Supervisor, "");
        let far = person(&house, "far", Role::Specialist, "33");
        let root = house.desk.root().to_string();
        let lists = [
            "/api/v1/orders?mine=true".to_owned(),
            format!("/api/v1/orders?unit={root}"),
            "/api/v1/rulings?category=B204".to_owned(),
            "/api/v1/complaints".to_owned(),
        ];
        let all = || lists.iter().map(|path| told(&get(&house, &far, path))).collect::<Vec<_>>();
        let before = all();
        assert!(before.iter().all(|(status, _)| *status == 200), "{before:?}");
        let net = desk::organisation::NewUnit {
            code: "net".into(),
            name: "网络部".into(),
            parent: Some(house.desk.root()),
            region: "31".into(),
            duties: Vec::new(),
        };
        let system = desk::Caller::system(house.desk.root());
        let net = desk::organisation::add_unit(&house.desk, &system, &net).unwrap().to_string();
        let (id, number) = case_in(&house, &everywhere, "310115");
        let order = json!({"order_kind": "handle", "unit": net, "task": "查账"});
        assert_eq!(house.act(&everywhere, &id, 1, "dispatch", &order).status, 200);
        assert_eq!(all(), before, "no list says that there is one");
        // Every step of the order of a hidden case answers as of none.
        for verb in ["accept-order", "answer-order", "urge-order", "cancel-order", "rule-ownership"] {
            let body = crate::matrix::body(&format!("/api/v1/complaints/{{id}}/{verb}"));
            let at =
                |name: &str| told(&post(&house, &far, &format!("/api/v1/complaints/{name}/{verb}"), Some(2), &body));
            assert_eq!(at(&id), at(NOBODY), "{verb}");
            assert_eq!(at(&number), at(NOBODY), "{verb}");
        }
        // The queue of one's unit: a case of another area in it is neither counted nor given.
        let claim = || post(&house, &far, "/api/v1/queue/claim", None, &json!({}));
        let nothing = told(&claim());
        // What a programme registers lies in the queue of its unit, the root here, as theirs does.
        case_in(&house, &everywhere, "310115");
        assert_eq!((nothing.0, told(&claim())), (409, nothing));
        case_in(&house, &everywhere, "330106");
        assert_eq!(claim().status, 200, "one of their own area is given");
        house.desk.db().close();
    })
    .unwrap();
}

#[test]
fn b6_sums_and_counts_say_nothing_of_other_areas() {
    each_database(|scratch| {
        let house = house(scratch);
        let (everywhere, far) = (house.token(Role::Quality, ""), house.token(Role::Quality, "33"));
        let (agent, lead) = (house.token(Role::Supervisor, ""), person(&house, "lead", Role::Supervisor, ""));
        let month = crate::reports::this_month();
        let count = || desk::jobs::rollup::go_on(&house.desk, "node", 0, || false).unwrap();
        count();
        let paths = [
            format!("/api/v1/ledger?from={month}&to={month}&by=unit"),
            format!("/api/v1/ledger?from={month}&to={month}&by=category"),
            format!("/api/v1/hot-issues?month={month}"),
            "/api/v1/problems".to_owned(),
            "/api/v1/complaints?limit=1".to_owned(),
        ];
        let see = |token: &str| -> Vec<(u16, Value)> {
            paths
                .iter()
                .map(|path| {
                    let answer = house.get(token, path);
                    let mut value = answer.json();
                    if let Some(object) = value.as_object_mut() {
                        object.remove("made_at");
                    }
                    (answer.status, value)
                })
                .collect()
        };
        let (before, all) = (see(&far), see(&everywhere));
        assert!(before.iter().all(|(status, _)| *status == 200), "{before:?}");
        let (id, number) = case_in(&house, &agent, "310115");
        // A span has to end before it is counted.
        assert_eq!(house.act(&agent, &id, 1, "accept", &json!({})).status, 200);
        let open = json!({"title": "x", "category": "B204", "region": "31"});
        let problem = post(&house, &lead, "/api/v1/problems", None, &open);
        assert_eq!(problem.status, 201, "{problem:?}");
        let problem = problem.json();
        let at = format!("/api/v1/problems/{}", problem["id"].as_str().unwrap());
        let linked = post(&house, &lead, &format!("{at}/link-cases"), Some(1), &json!({"cases": [number]}));
        assert_eq!(linked.json()["case_count"], 1, "{linked:?}");
        count();
        assert_eq!(see(&far), before);
        assert_ne!(see(&everywhere), all);
        // By number as by identity, a problem of another area is not there.
        let none = told(&house.get(&far, &format!("/api/v1/problems/{NOBODY}")));
        for name in [problem["id"].as_str().unwrap(), problem["number"].as_str().unwrap(), "WT-2026-9999"] {
            assert_eq!(told(&house.get(&far, &format!("/api/v1/problems/{name}"))), none);
        }
        let shown = house.get(&everywhere, &format!("/api/v1/problems/{}", problem["number"].as_str().unwrap()));
        assert_eq!(shown.json()["id"], problem["id"]);
        house.desk.db().close();
    })
    .unwrap();
}

#[test]
fn of_two_dispatchers_on_two_nodes_one_wins_and_the_other_reads_what_changed() {
    let Some(scratch) = postgres().unwrap() else { return };
    let (one, two) = (house(&scratch), house(&scratch));
    let token = one.token(Role::Specialist, "");
    let root = one.desk.root().to_string();
    for _ in 0..10 {
        let (id, number) = case_in(&one, &token, "310115");
        let path = format!("/api/v1/complaints/{id}/dispatch");
        let order = json!({"order_kind": "handle", "unit": root, "task": "查账"});
        let send = |house: &House| house.call(&token, "POST", &path, &[("if-match", "\"1\"")], &order);
        let (left, right) = std::thread::scope(|scope| {
            let (left, right) = (scope.spawn(|| send(&one)), scope.spawn(|| send(&two)));
            (left.join().unwrap(), right.join().unwrap())
        });
        let (won, lost) = if left.status == 200 { (left, right) } else { (right, left) };
        assert_eq!((won.status, lost.status), (200, 409), "{lost:?}");
        let lost = lost.json();
        assert_eq!((&lost["code"], &lost["current_version"]), (&json!("stale"), &json!(2)), "{lost}");
        let since = &lost["changes"][0];
        assert_eq!((&since["version"], &since["operation"]), (&json!(2), &json!("dispatch")), "{lost}");
        // The page says the same in words, and keeps what was typed.
        let dispatcher = one.get(&token, &format!("/api/v1/complaints/{number}"));
        assert_eq!(dispatcher.json()["orders"].as_array().unwrap().len(), 1);
    }
    two.desk.db().close();
    one.desk.db().close();
}
