//! Call-backs as the API and the console tell them.

use crate::{house, intake};
use domain::actor::Role;
use serde_json::json;

#[test]
fn a_call_back_is_found_tried_and_made() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let token = house.token(Role::Specialist, "");
    let cookie = house.session("one", Role::Specialist);
    let case = house.register(&token, &intake());
    let (id, number) = (case["id"].as_str().unwrap(), case["number"].as_str().unwrap());
    let due = (house.desk.time().now() + jiff::SignedDuration::from_hours(48)).to_string();
    let promise = json!({"what": "说明账单", "due_at": due, "call_back": true});
    assert_eq!(house.act(&token, id, 1, "promise", &promise).status, 200);
    let listed = house.get(&token, "/api/v1/callbacks");
    let first = &listed.json()["items"][0];
    assert_eq!((&first["complaint"]["number"], &first["promise"]), (&json!(number), &json!(1)), "{listed:?}");
    assert!(!listed.body.contains("13800138000"), "masked");
    assert_eq!(house.get(&token, "/api/v1/callbacks?overdue=true").json()["items"], json!([]));
    let bad = house.get(&token, "/api/v1/callbacks?after=x&limit=99");
    assert_eq!(bad.status, 422, "{bad:?}");
    for (language, words) in [("zh-CN", "待回电"), ("en", "Call-backs")] {
        let send =
            |path: &str| house.send("GET", path, &[("cookie", cookie.as_str()), ("accept-language", language)], "");
        let page = send("/console/callbacks");
        assert!(page.status == 200 && page.body.contains(words) && page.body.contains(number), "{}", page.body);
        assert!(!page.body.contains("13800138000"));
        let form = send(&format!("/console/cases/{number}?do=record-contact&promise=1"));
        assert!(form.body.contains("name=\"next_at\"") && form.body.contains("id=\"call-backs\""), "{}", form.body);
        let counts = send("/console/counts");
        assert!(counts.json()["call_backs"].is_string(), "{counts:?}");
    }
    let refused = house.act(&token, id, 2, "declare-unreachable", &json!({"reason": "x"}));
    assert_eq!((refused.status, &refused.json()["code"]), (409, &json!("too_few_days")));
    let tried = json!({"mode": "phone", "outcome": "no_answer", "promise": 1});
    assert_eq!(house.act(&token, id, 2, "record-contact", &tried).status, 200);
    let seen = house.get(&token, &format!("/api/v1/complaints/{id}")).json();
    assert_eq!((&seen["tried"]["need"], &seen["tried"]["made"]), (&json!(3), &json!(1)));
    let reached = json!({"mode": "phone", "outcome": "reached", "summary": "已说明", "promise": 1});
    assert_eq!(house.act(&token, id, 3, "record-contact", &reached).status, 200);
    assert_eq!(house.get(&token, "/api/v1/callbacks").json()["items"], json!([]));
}

#[test]
fn calls_for_the_survey_stand_beside_promised_ones() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let (token, lead, quality) =
        (house.token(Role::Specialist, ""), house.token(Role::Supervisor, ""), house.token(Role::Quality, ""));
    let cookie = house.session("listens", Role::Quality);
    let case = house.register(&token, &intake());
    let (id, number) = (case["id"].as_str().unwrap(), case["number"].as_str().unwrap());
    let steps = [
        (&token, "accept", json!({})),
        (&token, "agree-progress", json!({"hours": 72, "note": "三日一报"})),
        (&token, "propose", json!({"outcome": "退费"})),
        (&lead, "approve", json!({})),
        (&token, "reply", json!({"mode": "phone", "content": "已退费"})),
        (&token, "ask-satisfaction", json!({"mode": "sms"})),
    ];
    for (version, (who, verb, body)) in (1..).zip(steps) {
        let done = house.act(who, id, version, verb, &body);
        assert_eq!(done.status, 200, "{verb}: {done:?}");
    }
    let agreed = &house.get(&token, &format!("/api/v1/complaints/{id}")).json()["progress_agreed"];
    assert_eq!(
        (&agreed["hours"], &agreed["nothing"], &agreed["note"]),
        (&json!(72), &json!(false), &json!("三日一报"))
    );
    let listed = house.get(&quality, "/api/v1/callbacks?for=survey").json();
    let first = &listed["items"][0];
    assert_eq!((&first["complaint"]["number"], &first["for"]), (&json!(number), &json!("survey")), "{listed}");
    assert!(first.get("promise").is_none() && first["late"] == json!(false), "{listed}");
    assert_eq!(house.get(&quality, "/api/v1/callbacks?for=promise").json()["items"], json!([]));
    assert_eq!(
        house.get(&token, "/api/v1/callbacks?for=survey").json()["items"],
        json!([]),
        "who handled it asks nobody"
    );
    assert_eq!(house.get(&token, "/api/v1/callbacks?for=anything").status, 422);
    for (language, words) in [("zh-CN", "满意度回访"), ("en", "For the survey")] {
        let headers = [("cookie", cookie.as_str()), ("accept-language", language)];
        let page = house.send("GET", "/console/callbacks?for=survey", &headers, "");
        assert!(page.status == 200 && page.body.contains(words) && page.body.contains(number), "{}", page.body);
        assert!(page.body.contains("?do=call-back#do-call-back"), "{}", page.body);
        let counts = house.send("GET", "/console/counts", &headers, "").json();
        assert_eq!(counts["call_backs"], "1", "what the list shows: {counts}");
    }
}
