//! The customer's page of the survey and the pages around it: nothing but the link is needed, and nothing but that is told.

use crate::{House, house, intake};
use domain::actor::Role;
use serde_json::json;

fn answered(house: &House, token: &str, lead: &str) -> String {
    let id = house.register(token, &intake())["id"].as_str().unwrap().to_owned();
    for (position, (who, verb, body)) in [
        (token, "accept", json!({})),
        (token, "propose", json!({"outcome": "退费"})),
        (lead, "approve", json!({})),
        (token, "reply", json!({"mode": "phone", "content": "已退费"})),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(house.act(who, &id, position as i64 + 1, verb, &body).status, 200, "{verb}");
    }
    id
}

#[test]
fn a_customer_answers_once_in_their_language_and_learns_nothing() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let (token, lead) = (house.token(Role::Specialist, ""), house.token(Role::Supervisor, ""));
    let id = answered(&house, &token, &lead);
    let link = house.call(&token, "POST", &format!("/api/v1/complaints/{id}/survey-link"), &[], &json!({}));
    let address = link.json()["address"].as_str().unwrap().to_owned();
    assert!(address.starts_with("/survey/") && address.len() > 40, "{address}");
    let get = |address: &str, language: &str| house.send("GET", address, &[("accept-language", language)], "");
    for (language, words) in [("zh-CN", "您对本次投诉处理是否满意"), ("en", "Are you satisfied with how")] {
        let page = get(&address, language);
        assert!(page.status == 200 && page.body.contains(words), "{page:?}");
        assert!(!page.body.contains("TS-") && !page.body.contains("王"), "nothing of the case");
        assert!(!page.body.contains("<script") && page.header("cache-control") == "no-store");
        let policy = page.header("content-security-policy").to_owned();
        assert!(policy.contains("script-src 'self'") && !policy.contains("unsafe"), "{policy}");
    }
    let post = |address: &str, form: &'static str| {
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("accept-language", "en")];
        house.send("POST", address, &headers, form)
    };
    let nothing = post(&address, "solved=yes");
    assert!(nothing.status == 422 && nothing.body.contains("Something is missing"), "{nothing:?}");
    let thanks = post(&address, "satisfied=dissatisfied&solved=no&comment=%E5%A4%AA%E6%85%A2");
    assert!(thanks.status == 200 && thanks.body.contains("Thank you"), "{thanks:?}");
    // Used, never made, cut short, far too long: one answer for all.
    // The address itself stands in the page, for changing the language.
    let plain = |body: &str, address: &str| body.replace(&format!("back={address}\""), "back=\"");
    for other in ["/survey/x", &address[..address.len() - 1], &format!("/survey/{}", "a".repeat(500))] {
        let gone = get(other, "en");
        let used = get(&address, "en");
        assert_eq!((gone.status, plain(&gone.body, other)), (404, plain(&used.body, &address)), "{other}");
    }
    assert_eq!(post(&address, "satisfied=satisfied").status, 404);
    let case = house.get(&token, &format!("/api/v1/complaints/{id}")).json();
    assert_eq!(case["surveys"][0]["said"]["satisfied"], "dissatisfied");
    assert_eq!(case["surveys"][0]["said"]["solved"], false);
    assert_eq!(case["reviews"][0]["review"], 1, "{case}");
    let cookie = house.session("li", Role::Supervisor);
    let page = |path: &str| {
        let page = house.send("GET", path, &[("cookie", cookie.as_str()), ("accept-language", "en")], "");
        assert_eq!(page.status, 200, "{path}: {page:?}");
        page.body
    };
    let number = case["number"].as_str().unwrap();
    let shown = page(&format!("/console/cases/{number}"));
    assert!(shown.contains("What the customer says") && shown.contains("a third person decides"), "{shown}");
    assert!(page("/console/surveys?from=2026-11&by=unit&through=link").contains("Satisfaction"));
    assert!(page("/console/remedies?standing=approved").contains("No remedies here"));
    for path in ["/console/remedies", "/console/surveys"] {
        assert!(page(path).contains("</html>"));
    }
}

#[test]
fn the_console_makes_a_link_sends_and_exports() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let (token, lead) = (house.token(Role::Specialist, ""), house.token(Role::Supervisor, ""));
    let id = answered(&house, &token, &lead);
    let case = house.get(&token, &format!("/api/v1/complaints/{id}")).json();
    let (number, version) = (case["number"].as_str().unwrap(), case["version"].as_i64().unwrap());
    let body = json!({"remedy": "credit", "amount": {"value": "25.00", "currency": "CNY"}, "reason": "抵扣"});
    assert_eq!(house.act(&token, &id, version, "propose-compensation", &body).status, 200);
    let cookie = house.session("li", Role::Supervisor);
    let post = |path: &str| {
        let headers = [
            ("cookie", cookie.as_str()),
            ("content-type", "application/x-www-form-urlencoded"),
            ("accept-language", "en"),
            ("sec-fetch-site", "same-origin"),
        ];
        house.send("POST", path, &headers, "")
    };
    let link = post(&format!("/console/cases/{number}/survey-link"));
    assert!(link.status == 200 && link.body.contains("/survey/"), "{link:?}");
    let sent = post("/console/remedies/send");
    assert_eq!((sent.status, sent.header("location")), (303, "/console/remedies?standing=sent&sent=1"));
    let file = post("/console/remedies/file");
    assert!(file.status == 200 && file.body.contains(&format!("{number}-R1,1,{number},credit,25.00,CNY")), "{file:?}");
}
