//! A programme works a case from registration to close, and what it is told on the way.

use crate::{house, intake};
use domain::actor::Role;
use serde_json::{Value, json};
use store::testing::each_database;

#[test]
fn a_programme_works_a_case_to_its_close() {
    each_database(|scratch| {
        let house = house(scratch);
        let token = house.token(Role::Integration, "");
        let lead = house.token(Role::Supervisor, "");
        let made = house.call(&token, "POST", "/api/v1/complaints", &[("idempotency-key", "a-1")], &intake());
        assert_eq!(made.status, 201, "{made:?}");
        let case = made.json();
        let id = case["id"].as_str().unwrap();
        assert_eq!(made.header("location"), format!("/api/v1/complaints/{id}"));
        assert_eq!((made.header("etag"), made.header("idempotent-replayed")), ("\"1\"", ""));
        assert_eq!(case["grade"], "normal");
        assert_eq!(case["clocks"].as_array().unwrap().len(), 7);
        assert!(case["tracking_code"].as_str().unwrap().len() >= 12);
        let again = house.call(&token, "POST", "/api/v1/complaints", &[("idempotency-key", "a-1")], &intake());
        assert_eq!((again.status, again.header("idempotent-replayed")), (201, "true"));
        assert_eq!(again.json()["id"], case["id"]);
        let mut other = intake();
        other["subject"] = json!("别的");
        let reused = house.call(&token, "POST", "/api/v1/complaints", &[("idempotency-key", "a-1")], &other);
        assert_eq!(reused.status, 422, "{reused:?}");
        let steps = [
            (&token, "accept", Value::Null),
            (&token, "note", json!({"text": "客户来电"})),
            (&token, "propose", json!({"outcome": "退费", "finding": "属实"})),
            (&lead, "send-back", json!({"reason": "依据不足"})),
            (&token, "propose", json!({"outcome": "退费一百元"})),
            (&lead, "approve", json!({"remark": "同意"})),
            (&token, "reply", json!({"mode": "phone", "content": "已退费"})),
            (&token, "set-cause", json!({"cause": "BIL.RATE"})),
            (&token, "ask-satisfaction", json!({"mode": "sms"})),
            (&token, "record-satisfaction", json!({"satisfied": "satisfied", "solved": true, "timely": true})),
            (&token, "confirm", json!({"mode": "phone"})),
            (&token, "close", Value::Null),
        ];
        let mut version = 1;
        for (who, verb, body) in steps {
            let missing = house.call(who, "POST", &format!("/api/v1/complaints/{id}/{verb}"), &[], &body);
            assert_eq!((missing.status, missing.json()["code"].as_str().unwrap()), (428, "version_required"));
            let done = house.act(who, id, version, verb, &body);
            assert_eq!(done.status, 200, "{verb}: {done:?}");
            version += 1;
            assert_eq!(done.header("etag"), format!("\"{version}\""));
        }
        let whole = house.get(&token, &format!("/api/v1/complaints/{}", case["number"].as_str().unwrap())).json();
        assert_eq!((whole["status"].as_str(), whole["version"].as_i64()), (Some("closed"), Some(13)));
        assert_eq!(whole["description"], "回电请打138****8000");
        assert_eq!(whole["complainant"]["name"], "王**");
        assert!(!whole.to_string().contains("null"), "nothing is null: {whole}");
        let events = house.get(&token, &format!("/api/v1/complaints/{id}/events")).json();
        assert_eq!(events["items"].as_array().unwrap().len(), 13);
        let then = house.get(&token, &format!("/api/v1/complaints/{id}?version=1")).json();
        assert_eq!(then["status"], "registered");
        let why = house.get(&token, &format!("/api/v1/complaints/{id}/clocks/response/explain")).json();
        assert!(why["items"][0]["lines"].as_array().unwrap().len() >= 3, "{why}");
        let reveal = house.call(
            &token,
            "POST",
            &format!("/api/v1/complaints/{id}/reveal"),
            &[],
            &json!({"purpose": "investigate", "reason": "核查"}),
        );
        assert_eq!(reveal.json()["complaint"]["description"], "回电请打13800138000");
        let accesses = house.get(&token, &format!("/api/v1/complaints/{id}/accesses")).json();
        assert_eq!(accesses["items"][0]["purpose"], "investigate");
        house.desk.db().close();
    })
    .unwrap();
}

#[test]
fn a_stale_version_says_what_changed() {
    each_database(|scratch| {
        let house = house(scratch);
        let token = house.token(Role::Agent, "");
        let case = house.register(&token, &intake());
        let id = case["id"].as_str().unwrap();
        house.act(&token, id, 1, "accept", &Value::Null);
        let stale = house.act(&token, id, 1, "note", &json!({"text": "x"}));
        assert_eq!(stale.status, 409);
        let body = stale.json();
        assert_eq!((body["code"].as_str(), body["current_version"].as_i64()), (Some("stale"), Some(2)));
        assert_eq!(body["changes"][0]["operation"], "accept");
        assert_eq!(stale.header("content-type"), "application/problem+json");
        for (tag, status) in [("7", 422), ("*", 422), ("W/\"1\"", 422)] {
            let path = format!("/api/v1/complaints/{id}/note");
            let answer = house.call(&token, "POST", &path, &[("if-match", tag)], &json!({"text": "x"}));
            assert_eq!(answer.status, status, "{tag}: {answer:?}");
        }
        house.desk.db().close();
    })
    .unwrap();
}

#[test]
fn lists_page_and_refuse_what_they_do_not_know() {
    each_database(|scratch| {
        let house = house(scratch);
        let token = house.token(Role::Agent, "");
        for _ in 0..5 {
            house.register(&token, &intake());
        }
        let mut found = Vec::new();
        let mut path = "/api/v1/complaints?limit=2".to_owned();
        loop {
            let page = house.get(&token, &path).json();
            found.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].to_string()));
            let Some(next) = page["next"].as_str() else { break };
            path = format!("/api/v1/complaints?limit=2&after={next}");
        }
        assert_eq!(found.len(), 5);
        found.sort();
        found.dedup();
        assert_eq!(found.len(), 5);
        let bad = house.get(&token, "/api/v1/complaints?limit=0&colour=red&status=lost&due_before=soon&open=perhaps");
        assert_eq!(bad.status, 422);
        let mut fields: Vec<_> =
            bad.json()["errors"].as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap().to_owned()).collect();
        fields.sort();
        assert_eq!(fields, ["colour", "due_before", "limit", "open", "status[0]"]);
        for query in ["phone=13800138000", "external=GX-1", "region=31", "category=B2", "assignee=me", "sort=-received"]
        {
            let answer = house.get(&token, &format!("/api/v1/complaints?{query}"));
            let expected = if query == "assignee=me" { 422 } else { 200 };
            assert_eq!(answer.status, expected, "{query}: {answer:?}");
        }
        house.desk.db().close();
    })
    .unwrap();
}

#[test]
fn the_rest_of_the_face() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let token = house.token(Role::Admin, "");
    assert_eq!(house.send("GET", "/healthz", &[], "").status, 200);
    assert_eq!(house.send("GET", "/readyz", &[], "").status, 200);
    let document = house.send("GET", "/openapi.json", &[], "").json();
    assert_eq!(document["openapi"], "3.1.0");
    let docs = house.send("GET", "/docs", &[], "");
    assert!(docs.status == 200 && docs.body.contains("/api/v1/complaints"));
    assert!(!docs.body.contains("ui.docs"), "every word is there");
    let categories = house.get(&token, "/api/v1/categories").json();
    assert_eq!(categories["items"].as_array().unwrap().len(), 8);
    assert!(house.get(&token, "/api/v1/causes").json()["items"].as_array().unwrap().len() >= 8);
    let packs = house.get(&token, "/api/v1/packs").json();
    let packs: Vec<_> = packs["items"].as_array().unwrap().iter().collect();
    let of = |id: &str| packs.iter().filter(|pack| pack["id"] == id).count();
    assert_eq!([of("cn-telecom"), of("guide-standard"), of("iso-10002")], [2, 7, 3], "old versions stay");
    let law = packs.iter().find(|pack| pack["id"] == "cn-telecom").unwrap();
    assert!(law["clocks"][0]["confidence"].is_string());
    assert_eq!(law["windows"][0]["owner"], "customer");
    let me = house.get(&token, "/api/v1/me").json();
    assert_eq!(me["role"], "admin");
    let metrics = house.get(&token, "/metrics");
    assert!(metrics.body.contains("redress_http_requests_total{route=\"/api/v1/me\",status=\"200\"} 1"));
    for (path, status) in
        [("/nothing", 404), ("/api/v1/nothing", 404), ("/api/v1/complaints/TS-20200101-000001-1", 404)]
    {
        let answer = house.get(&token, path);
        assert_eq!((answer.status, answer.header("content-type")), (status, "application/problem+json"), "{path}");
    }
    let method = house.call(&token, "DELETE", "/api/v1/complaints", &[], &Value::Null);
    assert_eq!(method.status, 405);
    let chinese = house.send("GET", "/api/v1/me", &[("accept-language", "zh-CN")], "");
    assert_eq!((chinese.status, chinese.header("content-language")), (401, "zh-CN"));
    assert!(chinese.json()["detail"].as_str().unwrap().contains("登录"));
    assert_eq!(chinese.header("www-authenticate"), "Bearer realm=\"redress\"");
    assert_eq!(chinese.header("x-content-type-options"), "nosniff");
    house.desk.db().close();
}

#[test]
fn pages_are_for_our_own_forms_only() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let cookie = house.session("agent", Role::Agent);
    let form = [("cookie", cookie.as_str()), ("content-type", "application/x-www-form-urlencoded")];
    let with = |more: &[(&'static str, &'static str)]| {
        let headers: Vec<_> = form.iter().copied().chain(more.iter().copied()).collect();
        house.send("POST", "/console/new", &headers, "kind=complaint").status
    };
    assert_eq!(with(&[("sec-fetch-site", "cross-site")]), 403);
    assert_eq!(with(&[("origin", "https://evil.example"), ("host", "redress.example")]), 403);
    assert_eq!(with(&[("sec-fetch-site", "same-origin")]), 422, "our own form, with faults");
    assert_eq!(with(&[("origin", "http://redress.example"), ("host", "redress.example")]), 422);
    let cookie_only =
        [("cookie", cookie.as_str()), ("content-type", "application/json"), ("sec-fetch-site", "same-site")];
    let api = house.send("POST", "/api/v1/complaints", &cookie_only, intake().to_string());
    assert_eq!(api.status, 403, "another host of the same site is another site");
    let away = house.send("GET", "/console", &[], "");
    assert_eq!((away.status, away.header("location")), (303, "/sign-in"));
    let deep = house.send("GET", "/console/new?x=1", &[], "");
    assert_eq!(deep.header("location"), "/sign-in?back=%2Fconsole%2Fnew%3Fx%3D1");
    let claimed = [("x-user", "admin"), ("x-forwarded-user", "admin"), ("x-forwarded-for", "127.0.0.1")];
    assert_eq!(house.send("GET", "/api/v1/me", &claimed, "").status, 401, "claims are no credentials");
    house.desk.db().close();
}
