//! Which rules govern a case and which rights follow, as the API and the console tell it.

use crate::{house, intake};
use domain::actor::Role;
use serde_json::json;

#[test]
fn a_case_tells_its_packs_and_windows() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let token = house.token(Role::Admin, "");
    let cookie = house.session("agent", Role::Agent);
    let page = |number: &str, language: &str| {
        let headers = [("cookie", cookie.as_str()), ("accept-language", language)];
        house.send("GET", &format!("/console/cases/{number}"), &headers, "").body
    };
    let number = |case: &serde_json::Value| case["number"].as_str().unwrap().to_owned();

    let charging = number(&house.register(&token, &intake()));
    let read = house.get(&token, &format!("/api/v1/complaints/{charging}")).json();
    let layers: Vec<_> = read["packs"].as_array().unwrap().iter().map(|pack| pack["layer"].as_str().unwrap()).collect();
    assert_eq!(layers, ["law", "practice", "baseline"]);
    let windows = read["windows"].as_array().unwrap();
    assert_eq!(windows.len(), 1);
    assert_eq!(windows[0]["rule"], "appeal_charging");
    assert_eq!((&windows[0]["basis"], &windows[0]["confidence"]), (&json!("law"), &json!("medium")));
    assert_eq!(windows[0]["opens_at"], "2026-07-02T16:00:00Z");
    assert_eq!(windows[0]["closes_at"], "2026-12-03T15:59:59Z");
    assert!(["open", "closed"].contains(&windows[0]["state"].as_str().unwrap()), "as the machine's clock says");
    assert!(read.get("windows_missing").is_none());
    for (language, words) in [
        ("zh-CN", ["收费争议申诉期", "15日未答复的，用户可以申诉"]),
        ("en", ["Time to appeal, charging", "unanswered after 15 days the user may appeal"]),
    ] {
        let shown = page(&charging, language);
        for words in words {
            assert!(shown.contains(words), "{language}: {words}");
        }
    }

    let mut body = intake();
    body.as_object_mut().unwrap().remove("occurred_at");
    let unknown = number(&house.register(&token, &body));
    let read = house.get(&token, &format!("/api/v1/complaints/{unknown}")).json();
    assert_eq!((&read["windows"], &read["windows_missing"]), (&json!([]), &json!(["occurred_at"])));
    assert!(page(&unknown, "zh-CN").contains("发生时间未登记，无法计算。"));
    assert!(page(&unknown, "en").contains("Cannot be counted:"));

    let mut body = intake();
    body["kind"] = json!("praise");
    let praise = number(&house.register(&token, &body));
    assert!(!page(&praise, "en").contains("Rights and their time"), "nothing to say, so nothing is said");
    house.desk.db().close();
}
