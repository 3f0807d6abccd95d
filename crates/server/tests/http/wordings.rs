//! Wordings of messages over the API and the console.

use crate::house;
use domain::actor::Role;
use serde_json::json;

#[test]
fn a_wording_is_asked_for_and_approved_by_another() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let (one, two) = (house.session("one", Role::Supervisor), house.session("two", Role::Compliance));
    let page = |cookie: &str, language: &str| {
        house.send("GET", "/console/wordings", &[("cookie", cookie), ("accept-language", language)], "")
    };
    let form = |cookie: &str, path: &str, body: &str| {
        let headers = [
            ("cookie", cookie),
            ("accept-language", "en"),
            ("content-type", "application/x-www-form-urlencoded"),
            ("sec-fetch-site", "same-origin"),
        ];
        house.send("POST", path, &headers, body.to_owned())
    };
    for (language, words) in [("zh-CN", "消息用语"), ("en", "Wordings of messages")] {
        let shown = page(&one, language);
        assert!(shown.status == 200 && shown.body.contains(words) && shown.body.contains("{number}"), "{}", shown.body);
    }
    let text = server::query::encode("<b>Received</b>: {number}\n{at}");
    let asked = form(&one, "/console/wordings", &format!("part=receipt&language=en&note=shorter&text={text}"));
    assert_eq!(asked.status, 303, "{asked:?}");
    let bad = form(&one, "/console/wordings", "part=receipt&language=en&note=x&text=a%0A%7Bnobody%7D");
    assert!(bad.status == 422 && bad.body.contains("line 2"), "{}", bad.body);
    let own = page(&one, "en");
    assert!(own.body.contains("&lt;b&gt;") || own.body.contains("&#60;b&#62;"), "{}", own.body);
    assert!(!own.body.contains("receipt/en/1/approve"), "nobody approves their own");
    assert!(page(&two, "en").body.contains("receipt/en/1/approve"));
    let done = form(&two, "/console/wordings/receipt/en/1/approve", "");
    assert_eq!(done.status, 303, "{done:?}");
    let token = house.token(Role::Supervisor, "");
    let listed = house.get(&token, "/api/v1/wordings").json();
    assert_eq!((&listed["items"][0]["state"], &listed["items"][0]["version"]), (&json!("in_force"), &json!(1)));
}
