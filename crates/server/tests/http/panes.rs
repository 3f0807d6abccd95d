//! What stands beside a case and beside what is being registered: parts of pages, each judged by who asks.

use crate::{House, house, intake};
use domain::actor::Role;
use serde_json::Value;
use store::testing::each_database;

fn part(house: &House, token: &str, path: &str) -> String {
    let bearer = format!("Bearer {token}");
    let answer = house.send("GET", path, &[("authorization", &bearer)], "");
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
    answer.body
}

fn counts(house: &House, token: &str) -> Value {
    serde_json::from_str(&part(house, token, "/console/counts")).unwrap()
}

#[test]
fn list_tabs_and_counts_show_nobody_what_they_may_not_see() {
    each_database(|scratch| {
        let house = house(scratch);
        let (here, there) = (house.token(Role::Agent, "31"), house.token(Role::Agent, "33"));
        assert_eq!(counts(&house, &here)["open"], "0");
        let case = house.register(&here, &intake());
        let number = case["number"].as_str().unwrap();
        assert_eq!(counts(&house, &here)["open"], "1");
        assert_eq!(counts(&house, &there)["open"], "0");
        assert!(part(&house, &here, "/console/pane?view=open").contains(number));
        assert!(!part(&house, &there, "/console/pane?view=open").contains(number));
        let tabs = format!("/console/tabs?case={number}&case=TS-20200101-000001-1&case=%3Cscript%3E");
        assert!(part(&house, &here, &tabs).contains(number));
        assert_eq!(part(&house, &there, &tabs).trim(), "");
        // A hundred are said to be many.
        for _ in 0..104 {
            house.register(&here, &intake());
        }
        assert_eq!(counts(&house, &here)["open"], "99+");
    })
    .unwrap();
}

#[test]
fn a_case_without_a_subject_is_called_the_same_everywhere() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let token = house.token(Role::Agent, "31");
    let mut body = intake();
    body.as_object_mut().unwrap().remove("subject");
    let sorted = house.register(&token, &body)["number"].as_str().unwrap().to_owned();
    let shown = |path: &str| {
        let headers = [("authorization", format!("Bearer {token}")), ("accept-language", "en".to_owned())];
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        house.send("GET", path, &headers, "").body
    };
    let category = "Value-added / on-demand charge";
    assert!(shown(&format!("/console/cases/{sorted}")).contains(&format!("<h1>{category}</h1>")));
    for path in ["/console?view=all", "/console/pane?view=open", &format!("/console/tabs?case={sorted}")] {
        let page = shown(path);
        assert!(
            page.contains(&format!("{category}</a>")) || page.contains(&format!("subject\">{category}<")),
            "{page}"
        );
    }
    // Not sorted yet, it is called by what kind of contact it is.
    body.as_object_mut().unwrap().remove("category");
    let unsorted = house.register(&token, &body)["number"].as_str().unwrap().to_owned();
    assert!(shown(&format!("/console/cases/{unsorted}")).contains("<h1>Complaint</h1>"));
    let list = shown("/console?view=all");
    assert!(list.contains(&format!("<a href=\"/console/cases/{unsorted}\">Complaint</a>")), "{list}");
}

#[test]
fn the_form_says_what_is_known_and_registers_nothing() {
    each_database(|scratch| {
        let house = house(scratch);
        let token = house.token(Role::Agent, "31");
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/x-www-form-urlencoded")];
        let known = |body: &str| {
            let answer = house.send("POST", "/console/new/known", &headers, body.to_owned());
            assert_eq!(answer.status, 200, "{answer:?}");
            answer.body
        };
        let started = known("kind=complaint&accept_channel=hotline&complainant.phone=13800138000");
        assert!(started.contains("class=\"chip\""), "what is wanting is named: {started}");
        let case = house.register(&token, &intake());
        let whole = "kind=complaint&accept_channel=hotline&category=B204&description=x&region=310115&complainant.name=x&complainant.phone=13800138000";
        let said = known(whole);
        assert!(said.contains(case["number"].as_str().unwrap()), "{said}");
        assert!(said.contains("id=\"same\"") && said.contains("<dl>"), "{said}");
        assert!(!said.contains("13800138000"), "{said}");
        assert_eq!(counts(&house, &token)["open"], "1");
    })
    .unwrap();
}

#[test]
fn what_is_wrong_in_a_registration_is_said_once_and_leads_to_its_box() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let bearer = format!("Bearer {}", house.token(Role::Agent, "31"));
    let headers = [
        ("authorization", bearer.as_str()),
        ("accept-language", "en"),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let sent = "kind=complaint&accept_channel=hotline&category=B204&description=x&region=310115&complainant.name=x\
        &complainant.phone=13800138000&amount.value=abc";
    let answer = house.send("POST", "/console/new", &headers, sent);
    assert_eq!(answer.status, 422, "{answer:?}");
    let page = answer.body;
    assert!(page.contains("please correct this:") && !page.contains("The input has faults"), "{page}");
    assert!(page.contains("<a href=\"#amount-value\">") && page.contains("id=\"amount-value\""), "{page}");
    assert_eq!(page.matches("<a href=\"#").count(), page.matches("aria-invalid").count(), "{page}");
}
