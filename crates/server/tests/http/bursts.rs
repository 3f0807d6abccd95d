//! Suspected faults and hot topics through the doors: lists, decisions, the incident made of one, and the pages.

use crate::{Answer, House, house, intake};
use domain::actor::Role;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use store::{BurstRow, bursts};
use uuid::Uuid;

/// One as the job would have found it, seen by a case of the place.
pub(crate) fn seeded(house: &House, region: &str) -> Uuid {
    let (id, now) = (Uuid::now_v7(), Timestamp::now());
    let began = now - SignedDuration::from_mins(40);
    let hour = began.as_second() / 3_600 * 3_600;
    let body = json!({
        "state": "suspected", "done": false, "region": region, "category": "A301", "began": began.to_string(),
        "ended": now.to_string(), "detected_at": now.to_string(), "found_at": now.to_string(), "count": 12,
        "copies": 1, "expected": 0.25, "growth": 1.5, "log10_p": -14.5, "needs": -8.0, "dismissed_before": 0,
        "course": [[hour, 0.1], [hour + 3_600, 0.1]],
    });
    let row = BurstRow {
        id,
        number: format!("SF-20261124-{}", id.simple()),
        version: 1,
        state: "suspected".into(),
        done: false,
        region: region.into(),
        category: "A301".into(),
        product: String::new(),
        origin: String::new(),
        began: began.as_microsecond(),
        ended: now.as_microsecond(),
        changed_at: now.as_microsecond(),
        body: body.to_string(),
        latest: String::new(),
    };
    let mut contact = intake();
    contact["category"] = json!("A301");
    contact["region"] = json!(format!("{region}0115"));
    let case = house.register(&house.token(Role::Admin, ""), &contact);
    let case: Uuid = case["id"].as_str().unwrap().parse().unwrap();
    house
        .desk
        .db()
        .write_now(move |tx| {
            bursts::put(tx, &row)?;
            bursts::put_cases(tx, id, &[case])
        })
        .unwrap();
    id
}

fn act(house: &House, token: &str, path: &str, version: i64, body: &Value) -> Answer {
    house.call(token, "POST", path, &[("if-match", &format!("\"{version}\""))], body)
}

/// Holds an answer against what the document says of a method and path, with the body that was sent.
type Hold<'a> = dyn FnMut(&str, &str, Option<&Value>, &Answer) + 'a;

/// What the document says of the answers.
pub(crate) fn contract(house: &House, token: &str, hold: &mut Hold<'_>) {
    let (one, other, third) = (seeded(house, "31"), seeded(house, "31"), seeded(house, "31"));
    hold("get", "/api/v1/bursts", None, &house.get(token, "/api/v1/bursts"));
    hold("get", "/api/v1/bursts/{id}", None, &house.get(token, &format!("/api/v1/bursts/{one}")));
    hold("get", "/api/v1/topics", None, &house.get(token, "/api/v1/topics"));
    let steps = [
        (one, 1, "acknowledge", json!({})),
        (one, 2, "dismiss", json!({"why": "expected", "note": "演练"})),
        (other, 1, "confirm", json!({})),
        (third, 1, "incident", json!({"title": "演练", "region": "31", "started_at": "2026-01-01T00:00:00Z"})),
    ];
    for (id, version, verb, body) in steps {
        let answer = act(house, token, &format!("/api/v1/bursts/{id}/{verb}"), version, &body);
        assert_eq!(answer.status, 200, "{answer:?}");
        hold("post", &format!("/api/v1/bursts/{{id}}/{verb}"), Some(&body), &answer);
    }
}

#[test]
fn one_is_acknowledged_confirmed_and_becomes_an_incident() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let lead = house.token(Role::Supervisor, "31");
    let id = seeded(&house, "31");
    let base = format!("/api/v1/bursts/{id}");
    let list = house.get(&lead, "/api/v1/bursts?open=true").json();
    assert_eq!((&list["items"][0]["id"], &list["items"][0]["count"]), (&json!(id.to_string()), &json!(12)), "{list}");
    assert_eq!(house.get(&house.token(Role::Supervisor, "33"), "/api/v1/bursts").json()["items"], json!([]));
    assert_eq!(house.get(&lead, "/api/v1/bursts?region=33").status, 422);
    let one = house.get(&lead, &base).json();
    assert_eq!(one["cases"].as_array().unwrap().len(), 1, "{one}");
    assert!(one["proposal"]["wording"]["en"].as_str().unwrap().contains("Shanghai"), "{one}");
    let known = act(&house, &lead, &format!("{base}/acknowledge"), 1, &json!({}));
    assert_eq!((known.status, known.header("etag")), (200, "\"2\""), "{known:?}");
    assert_eq!(act(&house, &lead, &format!("{base}/acknowledge"), 1, &json!({})).status, 409);
    let wrong = act(&house, &lead, &format!("{base}/dismiss"), 2, &json!({"why": "x", "note": 3}));
    assert_eq!(wrong.json()["errors"].as_array().unwrap().len(), 2, "{wrong:?}");
    let sure = act(&house, &lead, &format!("{base}/confirm"), 2, &json!({}));
    assert_eq!(sure.json()["status"], "confirmed", "{sure:?}");
    let proposed = &sure.json()["proposal"]["incident"];
    let opened = house.call(&lead, "POST", "/api/v1/incidents", &[], proposed);
    assert_eq!(opened.status, 201, "{opened:?}");
    let incident = opened.json()["id"].clone();
    let named = act(&house, &lead, &format!("{base}/confirm"), 3, &json!({"incident": incident}));
    assert_eq!((named.status, &named.json()["incident"]), (200, &incident), "{named:?}");
    let case = &named.json()["cases"][0]["number"];
    let join = json!({"cases": [case], "join-incident": {"incident": incident}});
    let joined = house.call(&lead, "POST", "/api/v1/bulk", &[], &join);
    assert_eq!(joined.json()["counts"]["done"], 1, "{joined:?}");
}

#[test]
fn the_pages_lead_from_one_to_the_other() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let lead = house.session("lead", Role::Supervisor);
    let id = seeded(&house, "31");
    let get =
        |path: &str, language: &str| house.send("GET", path, &[("cookie", &lead), ("accept-language", language)], "");
    for language in ["en", "zh-CN"] {
        for path in ["/console/bursts", "/console/bursts?", "/console/board", "/console/topics"] {
            let page = get(path, language);
            assert_eq!(page.status, 200, "{path} {page:?}");
        }
        let page = get(&format!("/console/bursts/{id}"), language);
        assert!(page.status == 200 && page.body.contains("<svg class=\"bars\""), "{page:?}");
    }
    assert!(get("/console/board", "en").body.contains(&format!("/console/bursts/{id}")));
    let post = |path: &str, body: String| {
        let headers = [
            ("cookie", lead.as_str()),
            ("content-type", "application/x-www-form-urlencoded"),
            ("accept-language", "en"),
        ];
        house.send("POST", path, &headers, body)
    };
    let refused = post(&format!("/console/bursts/{id}/dismiss"), "version=1&why=".to_owned());
    assert!(refused.status == 422 && refused.body.contains("Why it was nothing"), "{refused:?}");
    let done = post(&format!("/console/bursts/{id}/confirm"), "version=1".to_owned());
    assert_eq!(done.status, 303, "{done:?}");
    let page = get(&format!("/console/bursts/{id}"), "en");
    assert!(page.body.contains("Suspected fault in Shanghai"), "{page:?}");
    let at = Timestamp::now() - SignedDuration::from_mins(50);
    let at = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap().to_datetime(at).strftime("%Y-%m-%dT%H:%M").to_string();
    let opened =
        post(&format!("/console/bursts/{id}/incident"), format!("version=2&title=x&region=31&started_at={at}"));
    assert_eq!(opened.status, 303, "{opened:?}");
    // Pressed twice, it opens one.
    let again = post(&format!("/console/bursts/{id}/incident"), format!("version=2&title=x&region=31&started_at={at}"));
    assert_ne!(again.status, 303, "{again:?}");
    let incidents = get("/api/v1/incidents", "en").json();
    assert_eq!(incidents["items"].as_array().unwrap().len(), 1, "{incidents}");
    let page = get(&format!("/console/bursts/{id}"), "en");
    assert_eq!(page.body.matches(">There is a fault <").count(), 1, "said once: {page:?}");
    assert!(page.body.contains("Named the incident opened for it"), "{page:?}");
    assert!(page.body.contains("/word-incident") && page.body.contains("name=\"operation\" value=\"join-incident\""));
    assert_eq!(get("/console/topics?month=2099-01", "en").status, 422);
}
