//! Requests of persons about their own data, as the page of a case tells them: which limits there would be, and what a
//! waiting one restricts.

use crate::{house, intake};
use domain::actor::Role;
use serde_json::{Value, json};
use store::testing::sqlite;

#[test]
fn the_page_says_what_has_no_limit_and_what_is_restricted() {
    let scratch = sqlite().unwrap();
    let house = house(&scratch);
    let token = house.token(Role::Compliance, "");
    let cookie = house.session("he", Role::Compliance);
    let page = |case: &Value, language: &str| {
        let headers = [("cookie", cookie.as_str()), ("accept-language", language)];
        house.send("GET", &format!("/console/cases/{}", case["number"].as_str().unwrap()), &headers, "").body
    };
    let complaint = house.register(&token, &intake());
    let read = house.get(&token, &format!("/api/v1/complaints/{}", complaint["id"].as_str().unwrap())).json();
    let ask = |category: &str, request: &str| {
        let mut body = intake();
        body["kind"] = json!("service_request");
        body["category"] = json!(category);
        body["subject_request"] = json!(request);
        body["complainant"]["person"] = read["complainant"]["person"].clone();
        house.register(&token, &body)
    };
    assert!(!page(&complaint, "en").contains("restricted"), "nobody asked for anything");
    let elsewhere = ask("B204", "access");
    let said = page(&elsewhere, "zh-CN");
    assert!(said.contains("没有办理时限") && said.contains("个人信息权利请求"), "{said}");
    let listed = ask("F203", "restriction");
    assert!(!page(&listed, "zh-CN").contains("没有办理时限"), "it has one");
    let number = listed["number"].as_str().unwrap();
    for (language, words) in [("zh-CN", "限制使用其信息"), ("en", "the use of their data is restricted")] {
        let told = page(&complaint, language);
        assert!(told.contains(words) && told.contains(number), "{language}: {told}");
    }
    let link = format!("/console/retention?look=1&case={number}");
    assert!(page(&listed, "en").contains(&link.replace('&', "&#38;")) || page(&listed, "en").contains(&link));
    let headers = [("cookie", cookie.as_str()), ("accept-language", "en")];
    let looked = house.send("GET", &link, &headers, "");
    assert!(looked.status == 200 && looked.body.contains("One person was looked at"), "{}", looked.body);
    // Looking needs a reason, and the access log says why it was special.
    let id = complaint["id"].as_str().unwrap();
    let reveal = |body: Value| house.call(&token, "POST", &format!("/api/v1/complaints/{id}/reveal"), &[], &body);
    let refused = reveal(json!({"purpose": "contact"}));
    assert_eq!((refused.status, &refused.json()["errors"][0]["code"]), (422, &json!("reason_while_restricted")));
    assert_eq!(reveal(json!({"purpose": "contact", "reason": "call back"})).status, 200);
    let accesses = house.get(&token, &format!("/api/v1/complaints/{id}/accesses")).json();
    let last = accesses["items"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["restricted"], json!(["restriction"]), "{accesses}");
    house.desk.db().close();
}
