//! B1, B4, B5, B6: what lies in another area is, for a caller, not there: neither by name, nor in lists, nor in the
//! words of a refusal. Tokens never go beyond their scopes.

use crate::matrix::body;
use crate::{Answer, House, house, intake};
use desk::Caller;
use desk::caller::Scope;
use domain::actor::Role;
use serde_json::{Value, json};
use server::routes::{Access, Face, Method, Route, table};
use store::testing::each_database;

/// Everything a caller can tell two answers apart by.
fn told(answer: &Answer) -> (u16, Vec<(String, String)>, String) {
    let headers = answer.headers.iter();
    let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
    (answer.status, headers, answer.body.clone())
}

fn ask(house: &House, token: &str, method: Method, path: &str) -> Answer {
    let method = method.name();
    let body = if method == "GET" { Value::Null } else { body(path) };
    house.call(token, method, path, &[("if-match", "\"1\"")], &body)
}

#[test]
fn a_case_elsewhere_and_no_case_at_all_are_the_same_answer() {
    each_database(|scratch| {
        let house = house(scratch);
        let case = house.register(&house.token(Role::Agent, "31"), &intake());
        let stranger = house.token(Role::Admin, "33");
        let (id, number) = (case["id"].as_str().unwrap(), case["number"].as_str().unwrap());
        let nobody = "01900000-0000-7000-8000-000000000000";
        let mut compared = 0;
        for route in table() {
            if route.face == Face::Page || !route.path.contains("{id}") {
                continue;
            }
            let at = |name: &str| route.path.replace("{id}", name).replace("{rule}", "response");
            let missing = ask(&house, &stranger, route.method, &at(nobody));
            for name in [id, number, &id.to_uppercase(), &id.replace('-', ""), "TS-20200101-000001-1", "x", "%00"] {
                let hidden = ask(&house, &stranger, route.method, &at(name));
                assert_eq!(told(&hidden), told(&missing), "{} {name}", route.path);
                compared += 1;
            }
        }
        assert!(compared > 100, "{compared}");
        house.desk.db().close();
    })
    .unwrap();
}

#[test]
fn lists_do_not_show_what_lies_elsewhere() {
    each_database(|scratch| {
        let house = house(scratch);
        let insider = house.token(Role::Agent, "31");
        for _ in 0..3 {
            house.register(&insider, &intake());
        }
        let stranger = house.token(Role::Admin, "33");
        let page = house.get(&insider, "/api/v1/complaints?limit=1").json();
        let cursor = page["next"].as_str().unwrap();
        let empty = house.get(&stranger, "/api/v1/complaints");
        assert_eq!(empty.json(), json!({"items": []}));
        for query in [
            "phone=13800138000",
            "external=GX-1",
            "region=31",
            "region=310115",
            "category=B2",
            "grade=normal",
            "status=registered",
            "sort=-received",
            "limit=1",
            &format!("after={cursor}"),
            "due_before=2099-01-01T00:00:00Z",
        ] {
            let path = format!("/api/v1/complaints?{query}");
            assert!(!house.get(&insider, &path).json()["items"].as_array().unwrap().is_empty(), "{query}");
            assert_eq!(told(&house.get(&stranger, &path)), told(&empty), "{query}");
        }
        // A neighbour whose code merely begins alike is elsewhere too.
        let mut near = intake();
        near["region"] = json!("310101");
        house.register(&insider, &near);
        let district = house.token(Role::Agent, "310115");
        assert_eq!(house.get(&district, "/api/v1/complaints").json()["items"].as_array().unwrap().len(), 3);
        house.desk.db().close();
    })
    .unwrap();
}

#[test]
fn nobody_registers_their_way_into_another_area() {
    each_database(|scratch| {
        let house = house(scratch);
        let insider = house.token(Role::Agent, "31");
        let case = house.register(&insider, &intake());
        let path = format!("/api/v1/complaints/{}", case["id"].as_str().unwrap());
        let person = house.get(&insider, &path).json()["complainant"]["person"].clone();
        let mut own = intake();
        own["region"] = json!("330106");
        own["complainant"] = json!({"name": "某人", "person": person});
        let stranger = house.token(Role::Agent, "33");
        let tried = house.call(&stranger, "POST", "/api/v1/complaints", &[], &own);
        own["complainant"]["person"] = json!("01900000-0000-7000-8000-000000000000");
        let unknown = house.call(&stranger, "POST", "/api/v1/complaints", &[], &own);
        assert_eq!(tried.status, 422, "a person of another area opens through a case of one's own: {tried:?}");
        assert_eq!(told(&tried), told(&unknown));
        assert_eq!(tried.json()["errors"][0]["field"], "complainant.person");
        // The same number or the same letter elsewhere is not betrayed either.
        own["complainant"] = json!({"name": "某人", "phone": "13800138000"});
        let first = house.register(&stranger, &own);
        own["complainant"]["phone"] = json!("13900139000");
        own["external"] = json!([{"owner": "miit", "number": "GX-2"}]);
        let second = house.register(&stranger, &own);
        let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&first), names(&second));
        // Inside one's area a known person may be named.
        let mut again = intake();
        again["complainant"] = json!({"name": "王小明", "person": person});
        again["external"] = json!([]);
        let linked = house.register(&insider, &again);
        let path = format!("/api/v1/complaints/{}", linked["id"].as_str().unwrap());
        assert_eq!(house.get(&insider, &path).json()["complainant"]["person"], person);
        house.desk.db().close();
    })
    .unwrap();
}

#[test]
fn a_tie_opens_no_case_of_another_area() {
    each_database(|scratch| {
        let house = house(scratch);
        let (here, there) = (house.token(Role::Supervisor, "33"), house.token(Role::Supervisor, "31"));
        let everywhere = house.token(Role::Supervisor, "");
        let mut own = intake();
        own["region"] = json!("330106");
        own["external"] = json!([]);
        let (mut away, mut gone) = (intake(), own.clone());
        away["external"] = json!([]);
        gone["region"] = json!("310101");
        let [own, away, gone] = [own, away, gone].map(|one| house.register(&everywhere, &one));
        let path = |case: &Value| format!("/api/v1/complaints/{}", case["id"].as_str().unwrap());
        let number = |case: &Value| case["number"].as_str().unwrap().to_owned();
        let act = |case: &Value, verb: &str, body: &Value| {
            let path = path(case);
            let tag = format!("\"{}\"", house.get(&everywhere, &path).json()["version"]);
            let done = house.call(&everywhere, "POST", &format!("{path}/{verb}"), &[("if-match", &tag)], body);
            assert!(done.status < 300, "{verb}: {done:?}");
        };
        act(&own, "link", &json!({"to": number(&away), "relation": "related"}));
        act(&gone, "merge", &json!({"into": number(&own), "reason": "the same trouble"}));
        let told = |token: &str, case: &Value| {
            let path = path(case);
            let (case, log) = (house.get(token, &path), house.get(token, &format!("{path}/events")));
            assert_eq!((case.status, log.status), (200, 200));
            format!("{} {}", case.json(), log.json())
        };
        let all = told(&everywhere, &own);
        assert!(all.contains(&number(&away)) && all.contains(&number(&gone)));
        let less = told(&here, &own);
        assert!(!less.contains(&number(&away)) && !less.contains(away["id"].as_str().unwrap()), "{less}");
        assert!(!less.contains(&number(&gone)), "{less}");
        assert_eq!(house.get(&here, &path(&own)).json()["merged"][0]["number"], "—");
        let theirs = told(&there, &gone);
        assert!(!theirs.contains(&number(&own)), "{theirs}");
        house.desk.db().close();
    })
    .unwrap();
}

#[test]
fn a_token_never_goes_beyond_its_scopes() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let admin = house.token(Role::Admin, "");
    let case = house.register(&admin, &intake());
    let id = case["id"].as_str().unwrap();
    let system = Caller::system(house.desk.root());
    let with = |scopes: &[Scope]| house.desk.create_token(&system, "narrow", Role::Admin, "", scopes).unwrap();
    let (none, reader, writer) = (with(&[]), with(&[Scope::Read]), with(&[Scope::Write]));
    let guarded = || table().into_iter().filter(|route| matches!(route.access, Access::Needs(_)));
    let path = |route: &Route| route.path.replace("{id}", id).replace("{rule}", "response");
    for route in guarded().filter(|route| route.operation.is_some()) {
        let path = path(&route);
        // A question with a long text is asked by POST and changes nothing.
        let changes = route.method == Method::Post
            && !["/whatif", "/dry-run", "/packs/vectors"].iter().any(|end| path.ends_with(end));
        assert_eq!(ask(&house, &none, route.method, &path).status, 403, "{path} without any scope");
        let status = ask(&house, &reader, route.method, &path).status;
        // Files and archives are unmasked: seeing a case is not enough.
        let unmasked = ["/{attachment}", "/archive", "/bundle", "/remedies/file"].iter().any(|end| path.ends_with(end))
            || path.starts_with("/api/v1/letterbox")
            // Addresses of receivers often hold their secret.
            || path.starts_with("/api/v1/webhooks")
            // Who may do what is for whoever says so.
            || path.starts_with("/api/v1/tokens")
            || path.starts_with("/api/v1/setup");
        // What somebody is writing is for who may write.
        let refused = changes || unmasked || path.ends_with("/drafts");
        assert_eq!(status == 403, refused, "{path} for who may only read: {status}");
    }
    assert_eq!(house.get(&admin, &format!("/api/v1/complaints/{id}")).json()["version"], 1, "nothing changed");
    for route in guarded().filter(|route| route.operation.is_some()) {
        let path = path(&route);
        let status = ask(&house, &writer, route.method, &path).status;
        // Trying a registration shows cases as well, and what is done to a problem or an incident answers with it.
        let shows = path.starts_with("/api/v1/problems")
            || (path.starts_with("/api/v1/incidents")
                && !["/tell", "/recipients", "/send"].iter().any(|end| path.ends_with(end)))
            // What is decided about a suspected fault answers with it.
            || path.starts_with("/api/v1/bursts")
            // A programme is offered no tour.
            || path == "/api/v1/tour"
            // Nor does one make tokens.
            || (path == "/api/v1/tokens" && route.method == Method::Post)
            // The blanks of a macro are filled from the case, so whoever applies one sees of it.
            || path.contains("/macros/{macro}")
            || ["/reveal", "/customer", "/assist", "/check", "/whatif", "/packs/vectors", "/routing/dry-run", "/person-data", "/recipients/export"]
                .iter()
                .any(|end| path.ends_with(end));
        // A programme keeps no drafts, and so has none to see.
        let written = path.ends_with("/drafts")
            || ["/api/v1/webhooks", "/api/v1/tokens", "/api/v1/setup"].iter().any(|start| path.starts_with(start));
        let reads = route.method == Method::Get && !written || path.ends_with("/drafts") && route.method != Method::Get;
        let beyond = reads || shows;
        assert_eq!(status == 403, beyond, "{path} for who may only change: {status}");
    }
    house.desk.db().close();
}

#[test]
fn what_the_server_owns_is_not_taken_from_a_body() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let token = house.token(Role::Admin, "");
    let case = house.register(&token, &intake());
    let id = case["id"].as_str().unwrap();
    for route in table() {
        let Some(operation) = route.operation else { continue };
        let Some(fields) = operation.body else { continue };
        let path = route.path.replace("{id}", id);
        for name in ["id", "version", "status", "actor", "tracking_code", "closed_at", "__proto__"] {
            assert!(fields.iter().all(|field| field.name != name), "{path} takes {name}");
            let answer = if operation.upload {
                house.upload(&token, &path, &[], &[(name, None, b"x")])
            } else {
                house.call(&token, "POST", &path, &[("if-match", "\"1\"")], &json!({name: "x"}))
            };
            let problem = answer.json();
            // Whoever only tries a registration is told its faults and not refused.
            let (list, status) = if path.ends_with("/check") { ("faults", 200) } else { ("errors", 422) };
            let mut faults = problem[list].as_array().unwrap().iter();
            let refused = faults.any(|e| e["field"] == name && e["code"] == "unknown_field");
            assert!(answer.status == status && refused, "{path} {name}: {answer:?}");
        }
    }
    assert_eq!(house.get(&token, &format!("/api/v1/complaints/{id}")).json()["version"], 1, "nothing changed");
    house.desk.db().close();
}
