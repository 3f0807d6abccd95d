//! Macros in the console: made from the forms of the operations, tried, applied whole; wordings filled from the case.

use crate::{Answer, House, house, intake};
use domain::actor::Role;

fn post(house: &House, cookie: &str, path: &str, form: &str) -> Answer {
    let headers =
        [("cookie", cookie), ("content-type", "application/x-www-form-urlencoded"), ("accept-language", "en")];
    house.send("POST", path, &headers, form.to_owned())
}

#[test]
fn a_macro_is_made_tried_and_applied() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let token = house.token(Role::Agent, "");
    let case = house.register(&token, &intake());
    let (number, id) = (case["number"].as_str().unwrap().to_owned(), case["id"].as_str().unwrap());
    let cookie = house.session("lead", Role::Supervisor);
    let page = |path: &str| house.send("GET", path, &[("cookie", &cookie), ("accept-language", "en")], "");

    // Step by step, without any script.
    let added = post(&house, &cookie, "/console/macros", "name=Take+up&step=add&add=accept");
    assert!(added.body.contains("1. Accept") && added.body.contains("value=\"Take up\""), "{}", added.body);
    let steps = "name=Take+up&do=accept&do=note&1.text=Case+%7Bnumber%7D";
    let wrong = post(&house, &cookie, "/console/macros", "name=Take+up&do=note&0.text=%7Bphone%7D&step=keep");
    assert!(wrong.status == 422 && wrong.body.contains("phone is no blank"), "{}", wrong.body);
    assert!(wrong.body.contains("{phone}"), "what was typed stays");
    assert_eq!(post(&house, &cookie, "/console/macros", &format!("{steps}&step=keep")).status, 303);
    let words = "name=Told&do=note&0.text=%3Cscript%3Ealert(1)%3C/script%3E+{number}&step=keep";
    assert_eq!(post(&house, &cookie, "/console/macros", words).status, 303);
    let listed = page("/console/macros").body;
    assert!(listed.contains("Take up") && listed.contains("Accept → "), "{listed}");

    let shown = page(&format!("/console/cases/{number}")).body;
    assert!(shown.contains("id=\"do-macro\"") && shown.contains("data-key=\"o\""), "{shown}");
    let made = shown.split("<option value=\"").find(|part| part.contains("Take up")).unwrap();
    let made = made.split('"').next().unwrap();
    let wording = shown.split("/wording/").nth(1).unwrap().split('"').next().unwrap();
    let filled = page(&format!("/console/cases/{number}/wording/{wording}"));
    assert!(filled.header("content-type").starts_with("text/plain"), "{filled:?}");
    assert_eq!(filled.body, format!("<script>alert(1)</script> {number}"));

    let tried = page(&format!("/console/cases/{number}/macro?macro={made}")).body;
    assert!(tried.contains(&format!("Case {number}")) && tried.contains("Carry out"), "{tried}");
    assert_eq!(house.get(&token, &format!("/api/v1/complaints/{id}")).json()["version"], 1, "nothing was done");
    let unsaid = post(&house, &cookie, &format!("/console/cases/{number}/macro"), &format!("macro={made}&version=1"));
    assert!(unsaid.status == 422, "{}", unsaid.body);
    // Whoever shares it changes it meanwhile: nobody carries out what they did not see.
    let changed = format!("{steps}+again&step=keep");
    assert_eq!(post(&house, &cookie, "/console/macros", &changed).status, 303);
    let form = format!("macro={made}&version=1&revision=1");
    let other = post(&house, &cookie, &format!("/console/cases/{number}/macro"), &form);
    assert!(
        other.status == 409 && other.body.contains("again") && other.body.contains("value=\"2\""),
        "{}",
        other.body
    );
    assert_eq!(house.get(&token, &format!("/api/v1/complaints/{id}")).json()["version"], 1, "nothing was done");
    let form = format!("macro={made}&version=1&revision=2");
    let done = post(&house, &cookie, &format!("/console/cases/{number}/macro"), &form);
    assert_eq!(done.status, 303, "{}", done.body);
    assert_eq!(house.get(&token, &format!("/api/v1/complaints/{id}")).json()["version"], 3);
    // What it was seen for is gone: the page says so and shows what would be done now.
    let late = post(&house, &cookie, &format!("/console/cases/{number}/macro"), &form);
    assert!(late.status == 409 && late.body.contains("is not possible"), "{}", late.body);
    let nobody = "/macro?macro=01900000-0000-7000-8000-000000000000";
    assert_eq!(page(&format!("/console/cases/{number}{nobody}")).status, 404);
    house.desk.db().close();
}
