//! What if, through the doors: the summary for programmes, the page with its cases, the list as a file; one at a time.

use crate::{House, house, intake};
use domain::actor::Role;
use serde_json::{Value, json};
use std::sync::Arc;
use store::testing::each_database;

const PAGE: &str = "/console/rules/what-if";

fn press(house: &House, who: &str, path: &str, draft: &Value) -> crate::Answer {
    let headers = [("cookie", who), ("content-type", "application/x-www-form-urlencoded"), ("accept-language", "en")];
    house.send("POST", path, &headers, crate::rules::form(draft))
}

#[test]
fn a_draft_is_asked_about_and_nothing_changes() {
    each_database(|scratch| {
        let house = house(scratch);
        let (token, he) = (house.token(Role::Compliance, ""), house.session("he", Role::Compliance));
        let case = house.register(&token, &intake());
        let (number, path) =
            (case["number"].as_str().unwrap(), format!("/api/v1/complaints/{}", case["id"].as_str().unwrap()));
        let before = house.get(&token, &path).body;

        let draft = crate::rules::draft("9.0.0", "47h");
        let found = house.call(&token, "POST", "/api/v1/whatif", &[], &draft).json();
        assert_eq!((&found["cases"], &found["changed"], &found["complete"]), (&json!(1), &json!(1), &json!(true)));
        let response = found["effects"].as_array().unwrap().iter().find(|rule| rule["rule"] == "response").unwrap();
        assert_eq!(response["moved"], json!({"count": 1, "cases": [number]}));
        assert_eq!((&response["breached"]["count"], &response["title"]["en"]), (&json!(0), &json!("Response")));
        let elsewhere = house.token(Role::Compliance, "33");
        assert_eq!(house.call(&elsewhere, "POST", "/api/v1/whatif", &[], &draft).json()["cases"], 0);
        let agent = house.token(Role::Agent, "");
        assert_eq!(house.call(&agent, "POST", "/api/v1/whatif", &[], &draft).status, 403);

        let rules = house.send("GET", "/console/rules", &[("cookie", he.as_str())], "").body;
        assert!(rules.contains(PAGE), "{rules}");
        assert_eq!(house.send("GET", PAGE, &[("cookie", he.as_str())], "").status, 200);
        // A draft begins with the text of a pack, under a version nobody has used.
        let shipped = include_str!("../../../../packs/guide-standard.toml");
        let version = shipped.lines().find(|line| line.starts_with("version = ")).unwrap().split('"').nth(1).unwrap();
        let (line, patch) = version.rsplit_once('.').unwrap();
        let raised = format!("version = &#34;{line}.{}&#34;", patch.parse::<u32>().unwrap() + 1);
        let begun = house.send("GET", &format!("{PAGE}?pack=guide-standard"), &[("cookie", he.as_str())], "").body;
        assert!(begun.contains(&raised) && begun.contains("id = &#34;guide-standard&#34;"), "{begun}");
        assert_eq!(house.send("GET", &format!("{PAGE}?pack=nowhere"), &[("cookie", he.as_str())], "").status, 404);
        let page = press(&house, &he, PAGE, &draft);
        assert_eq!(page.status, 200);
        for words in [&format!("/console/cases/{number}"), "1 cases looked at", "Response", "amount = &#34;47h&#34;"] {
            assert!(page.body.contains(words), "{words}: {}", page.body);
        }
        let list = press(&house, &he, &format!("{PAGE}/csv"), &draft);
        assert!(list.header("content-disposition").contains("what-if.csv"), "{list:?}");
        assert!(
            list.body.lines().any(|line| line.starts_with(&format!("{number},response,1,moved,"))),
            "{}",
            list.body
        );

        // What the checker finds stands beside the draft with line and column, and everything typed is kept.
        let looser = crate::rules::draft("9.0.0", "40d");
        let told = house.call(&token, "POST", "/api/v1/whatif", &[], &looser);
        assert_eq!((told.status, &told.json()["errors"][0]["field"]), (422, &json!("text")), "{}", told.body);
        for path in [PAGE.to_owned(), format!("{PAGE}/csv")] {
            let told = press(&house, &he, &path, &looser);
            assert_eq!(told.status, 422);
            assert!(
                told.body.contains("looser-than-law") && told.body.contains("amount = &#34;40d&#34;"),
                "{}",
                told.body
            );
        }

        // One at a time: whoever comes meanwhile is told so.
        let place = Arc::clone(&house.state.what_if).try_acquire_owned().unwrap();
        let busy = house.call(&token, "POST", "/api/v1/whatif", &[], &draft);
        assert_eq!((busy.status, &busy.json()["code"]), (409, &json!("what_if_running")));
        assert_eq!(press(&house, &he, PAGE, &draft).status, 409);
        drop(place);
        assert_eq!(house.call(&token, "POST", "/api/v1/whatif", &[], &draft).status, 200);
        assert_eq!(house.get(&token, &path).body, before);
        assert_eq!(house.get(&token, "/api/v1/activations").json()["items"], json!([]));
        house.desk.db().close();
    })
    .unwrap();
}
