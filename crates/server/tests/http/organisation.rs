//! The organisation over HTTP: what an area hides, the console's forms, and who stands in for whom.

use crate::{House, house, intake};
use domain::actor::Role;
use serde_json::{Value, json};
use server::query::encode;
use store::testing::each_database;

fn post(house: &House, token: &str, path: &str, body: &Value) -> Value {
    let answer = house.call(token, "POST", path, &[], body);
    assert!([200, 201].contains(&answer.status), "{path}: {answer:?}");
    answer.json()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// A user made over the API, signed in: identity and cookie.
fn user(house: &House, token: &str, username: &str, role: &str, unit: &str) -> (String, String) {
    let new = json!({"username": username, "name": username, "role": role, "unit": unit});
    let password = text(&post(house, token, "/api/v1/users", &new)["one_time_password"]);
    desk::sign_in::keep_password(&house.desk, username).unwrap();
    let form = format!("username={username}&password={password}");
    let answer = house.send("POST", "/sign-in", &[("content-type", "application/x-www-form-urlencoded")], form);
    let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
    let users = house.get(token, "/api/v1/users").json();
    let known = users["items"].as_array().unwrap().iter().find(|user| user["username"] == username);
    (text(&known.unwrap()["id"]), cookie)
}

fn page(house: &House, cookie: &str, path: &str) -> String {
    let answer = house.send("GET", path, &[("cookie", cookie), ("accept-language", "en")], "");
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
    answer.body
}

fn form(house: &House, cookie: &str, path: &str, fields: &[(&str, &str)]) -> (u16, String) {
    let body: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    let headers =
        [("cookie", cookie), ("accept-language", "en"), ("content-type", "application/x-www-form-urlencoded")];
    let answer = house.send("POST", path, &headers, body.join("&"));
    (answer.status, answer.body)
}

#[test]
fn faults_of_the_api_name_field_and_reason() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let admin = house.token(Role::Admin, "");
    let root = house.desk.root().to_string();
    let wrong = |path: &str, body: Value| {
        let answer = house.call(&admin, "POST", path, &[], &body);
        assert_eq!(answer.status, 422, "{answer:?}");
        let errors = answer.json()["errors"].as_array().unwrap().clone();
        errors.iter().map(|one| format!("{} {}", text(&one["field"]), text(&one["code"]))).collect::<Vec<_>>()
    };
    let all = wrong("/api/v1/units", json!({"code": "a", "region": "99", "duties": ["tea"], "huh": 1}));
    assert_eq!(all, ["name required", "region bad_region", "duties[0] not_one_of", "huh unknown_field"]);
    assert_eq!(wrong("/api/v1/units", json!({"code": "a b", "name": "x"})), ["code bad_unit_code"]);
    assert_eq!(wrong("/api/v1/units", json!({"code": "root", "name": "x"})), ["code taken"]);
    let user = |username: &str| json!({"username": username, "name": "x", "role": "agent", "unit": root});
    assert_eq!(wrong("/api/v1/users", user("A B")), ["username bad_username"]);
    assert_eq!(wrong("/api/v1/users", json!({"username": "lin", "role": "boss"})).len(), 3);
    assert_eq!(wrong("/api/v1/absences", json!({"until": "2099-01-01T00:00:00Z"})), ["user required"]);
    assert_eq!(wrong("/api/v1/absences", json!({"until": "tomorrow"})), ["until bad_moment"]);
    house.desk.db().close();
}

#[test]
fn what_belongs_to_another_area_is_neither_listed_nor_changed() {
    each_database(|scratch| {
        let house = house(scratch);
        let admin = house.token(Role::Admin, "");
        let unit = |code: &str, region: &str| {
            let new = json!({"code": code, "name": code, "region": region});
            text(&post(&house, &admin, "/api/v1/units", &new)["id"])
        };
        let (here, there) = (unit("sh", "31"), unit("zj", "33"));
        let (near, _) = user(&house, &admin, "near", "agent", &here);
        let (far, _) = user(&house, &admin, "far", "agent", &there);
        for one in [&near, &far] {
            let away = json!({"user": one, "until": "2099-01-01T00:00:00Z"});
            post(&house, &admin, "/api/v1/absences", &away);
        }
        let local = house.token(Role::Admin, "31");
        let list = |path: &str, field: &str| {
            let items = house.get(&local, path).json()["items"].as_array().unwrap().clone();
            items.iter().map(|one| text(&one[field])).collect::<Vec<_>>()
        };
        assert_eq!(list("/api/v1/units", "code"), ["root", "sh"]);
        assert_eq!(list("/api/v1/users", "username"), ["near"]);
        assert_eq!(list("/api/v1/absences", "user"), [near.as_str()]);
        for path in [format!("units/{there}"), format!("units/{there}/close"), format!("users/{far}/disable")] {
            let answer = house.call(&local, "POST", &format!("/api/v1/{path}"), &[], &json!({}));
            assert_eq!(answer.status, 404, "{path}");
        }
        let root = house.desk.root();
        let above = house.call(&local, "POST", &format!("/api/v1/units/{root}"), &[], &json!({"name": "x"}));
        assert_eq!((above.status, text(&above.json()["code"])), (403, "above_own_area".to_owned()));
        house.desk.db().close();
    })
    .unwrap();
}

#[test]
fn the_console_makes_changes_and_closes() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let admin = house.session("admin", Role::Admin);
    let (status, again) =
        form(&house, &admin, "/console/organisation/new-unit", &[("code", "s h"), ("name", "Pudong")]);
    assert!(status == 422 && again.contains("letters, digits") && again.contains("value=\"Pudong\""), "{again}");
    let fields = [("code", "pd"), ("name", "Pudong"), ("region", "上海"), ("duties", "billing"), ("duties", "partner")];
    assert_eq!(form(&house, &admin, "/console/organisation/new-unit", &fields).0, 303);
    let tree = page(&house, &admin, "/console/organisation");
    assert!(tree.contains("Pudong") && tree.contains("Billing") && tree.contains("Partner"), "{tree}");
    let href = tree.split('"').rfind(|part| part.starts_with("/console/organisation/units/")).unwrap().to_owned();
    let shown = page(&house, &admin, &href);
    assert!(shown.contains("value=\"31\"") && shown.contains("value=\"billing\" checked"), "{shown}");
    // Boxes left empty mean what they show: no region of its own, no duties.
    assert_eq!(form(&house, &admin, &href, &[("name", "Pudong East")]).0, 303);
    let shown = page(&house, &admin, &href);
    assert!(!shown.contains("value=\"31\"") && !shown.contains("checked") && shown.contains("Pudong East"), "{shown}");
    let unit = href.rsplit('/').next().unwrap();
    let fields = [("username", "lin"), ("name", "林悦"), ("role", "agent"), ("unit", unit)];
    let (status, made) = form(&house, &admin, "/console/organisation/new-user", &fields);
    assert!(status == 200 && made.contains("One-time password") && made.contains("lin"), "{made}");
    let (status, refused) = form(&house, &admin, &format!("{href}/close"), &[]);
    assert!(
        status == 409 && refused.contains("open accounts") && refused.contains("close their accounts"),
        "{refused}"
    );
    let tree = page(&house, &admin, "/console/organisation");
    let person = tree.split('"').rfind(|part| part.starts_with("/console/organisation/users/")).unwrap();
    assert_eq!(form(&house, &admin, &format!("{person}/reset-password"), &[]).0, 200);
    assert_eq!(form(&house, &admin, &format!("{person}/disable"), &[]).0, 303);
    assert_eq!(form(&house, &admin, &format!("{href}/close"), &[]).0, 303);
    let agent = house.session("zhou", Role::Agent);
    let seen = page(&house, &agent, "/console/organisation");
    assert!(!seen.contains("Pudong") && !seen.contains("new-unit"), "closed units are history: {seen}");
    for path in [&href, person, "/console/organisation/new-unit"] {
        let answer = house.send("GET", path, &[("cookie", &agent)], "");
        assert_eq!(answer.status, 403, "{path}");
    }
    house.desk.db().close();
}

#[test]
fn whoever_stands_in_is_told_and_sees_the_case_marked() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let admin = house.token(Role::Admin, "");
    let root = house.desk.root().to_string();
    let (away, away_cookie) = user(&house, &admin, "away", "agent", &root);
    let (deputy, deputy_cookie) = user(&house, &admin, "deputy", "agent", &root);
    let before = house.register(&admin, &intake());
    let give = |case: &Value| {
        let answer = house.act(&admin, case["id"].as_str().unwrap(), 1, "assign", &json!({"user": away}));
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    };
    give(&before);
    let fields = [("until", "2099-01-01T08:00"), ("deputy", deputy.as_str()), ("from", "2020-01-01T08:00")];
    assert_eq!(form(&house, &away_cookie, "/console/absence", &fields).0, 303);
    let (status, twice) = form(&house, &away_cookie, "/console/absence", &fields);
    assert!(status == 422 && twice.contains("overlaps an absence"), "{twice}");
    let own = page(&house, &away_cookie, "/console/absence");
    assert!(own.contains("Absent now") && own.contains("Back early") && !own.contains("name=\"user\""), "{own}");
    let after = house.register(&admin, &intake());
    let owner = give(&after)["owner"].clone();
    assert_eq!((text(&owner["user"]), text(&owner["instead_of"])), (deputy, away.clone()));
    let shown = page(&house, &deputy_cookie, &format!("/console/cases/{}", text(&after["number"])));
    assert!(shown.contains("(for away)"), "{shown}");
    let mine = page(&house, &deputy_cookie, "/console?view=mine");
    assert!(mine.contains(&text(&before["number"])) && mine.contains(&text(&after["number"])), "{mine}");
    assert_eq!(mine.matches("As deputy").count(), 1, "only what is still held by the absent: {mine}");
    let id = own.split("/console/absence/").nth(1).unwrap().split('/').next().unwrap();
    let ended = form(&house, &deputy_cookie, &format!("/console/absence/{id}/end"), &[]);
    assert_eq!(ended.0, 403, "not one's own");
    assert_eq!(form(&house, &away_cookie, &format!("/console/absence/{id}/end"), &[]).0, 303);
    assert!(!page(&house, &deputy_cookie, "/console?view=mine").contains("As deputy"));
    house.desk.db().close();
}

#[test]
fn forms_of_a_case_offer_whoever_can_be_given_it() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let admin = house.token(Role::Admin, "");
    let unit = |code: &str, region: &str| {
        text(&post(&house, &admin, "/api/v1/units", &json!({"code": code, "name": code, "region": region}))["id"])
    };
    let (here, there, root) = (unit("sh", "31"), unit("zj", "33"), house.desk.root().to_string());
    let (near, _) = user(&house, &admin, "near", "agent", &here);
    let (far, _) = user(&house, &admin, "far", "agent", &there);
    let (listens, _) = user(&house, &admin, "listens", "quality", &here);
    let (_, lead) = user(&house, &admin, "lead", "supervisor", &root);
    let case = house.register(&admin, &intake());
    let shown = page(&house, &lead, &format!("/console/cases/{}", text(&case["number"])));
    let offered = |user: &str| shown.matches(&format!("<option value=\"{user}\"")).count();
    // An order may go anywhere, the case only to where it lies; and nobody gets either who works no cases.
    assert!(offered(&near) > offered(&far), "{} {}", offered(&near), offered(&far));
    assert_eq!(offered(&listens), 0, "{shown}");
    house.desk.db().close();
}
