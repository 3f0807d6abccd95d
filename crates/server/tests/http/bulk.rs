//! B3, B6: the same operation on many cases through the API and the console never reaches, counts or names what the caller
//! may not see.

use crate::{Answer, House, house, intake};
use domain::actor::Role;
use serde_json::{Value, json};
use store::testing::each_database;

fn bulk(house: &House, token: &str, body: &Value) -> Answer {
    house.call(token, "POST", "/api/v1/bulk", &[], body)
}

fn outcomes(run: &Value) -> Vec<String> {
    let items = run["items"].as_array().unwrap();
    items.iter().map(|item| item["outcome"].as_str().unwrap().to_owned()).collect()
}

fn case_in(house: &House, region: &str) -> (String, String) {
    let mut body = intake();
    body["region"] = json!(region);
    let admin = house.token(Role::Admin, "");
    let case = house.register(&admin, &body);
    (case["id"].as_str().unwrap().to_owned(), case["number"].as_str().unwrap().to_owned())
}

#[test]
fn many_cases_are_tried_done_and_found_again() {
    each_database(|scratch| {
        let house = house(scratch);
        let lead = house.token(Role::Supervisor, "31");
        let (one, two, theirs) = (case_in(&house, "310115"), case_in(&house, "310104"), case_in(&house, "330100"));
        let root = house.desk.root().to_string();
        let cases = json!([one.1, format!("{}@9", two.1), theirs.1, theirs.0, "TS-20200101-000001-1"]);
        let mut ask = json!({"cases": cases, "note": {"text": "请统一回电13900139000"}, "dry_run": true});
        let tried = bulk(&house, &lead, &ask);
        assert_eq!(tried.status, 200, "{tried:?}");
        let tried = tried.json();
        assert_eq!(outcomes(&tried), ["ready", "refused", "not_found", "not_found", "not_found"]);
        assert_eq!((&tried["dry_run"], tried.get("id")), (&json!(true), None));
        assert_eq!(tried["items"][1]["code"], "stale");
        // What lies elsewhere is told like what does not exist: by the name the caller gave, and nothing more.
        let unseen = |n: usize| {
            let mut item = tried["items"][n].clone();
            item.as_object_mut().unwrap().remove("named");
            item
        };
        assert_eq!(unseen(2), unseen(4));
        assert!(unseen(2).get("complaint").is_none() && unseen(2).get("version").is_none());

        ask["dry_run"] = json!(false);
        let headers = [("idempotency-key", "many-1")];
        let done = house.call(&lead, "POST", "/api/v1/bulk", &headers, &ask);
        let repeated = house.call(&lead, "POST", "/api/v1/bulk", &headers, &ask);
        assert_eq!(repeated.header("idempotent-replayed"), "true");
        assert_eq!(done.json()["id"], repeated.json()["id"]);
        let done = done.json();
        assert_eq!(done["counts"]["done"], 1);
        assert_eq!(done["undo"]["possible"], false);
        let at = format!("/api/v1/bulk/{}", done["id"].as_str().unwrap());
        let read = house.get(&lead, &at).json();
        assert_eq!(outcomes(&read), outcomes(&done));
        assert_eq!(house.get(&house.token(Role::Supervisor, "31"), &at).status, 404, "another's run");
        assert_eq!(house.call(&lead, "POST", &format!("{at}/undo"), &[], &json!({})).json()["code"], "bulk_note_stays");

        let all = bulk(&house, &lead, &json!({"filter": {"region": "31"}, "assign": {"unit": root}, "dry_run": true}));
        assert_eq!(all.json()["total"], 2, "{all:?}");
        let elsewhere = bulk(&house, &lead, &json!({"filter": {"region": "33"}, "note": {"text": "x"}}));
        assert_eq!(elsewhere.json()["total"], 0);
        assert_eq!(
            house.get(&house.token(Role::Admin, ""), &format!("/api/v1/complaints/{}", theirs.0)).json()["version"],
            1
        );
        for (body, field, code) in [
            (json!({"cases": [one.1]}), "", "bulk_no_operation"),
            (json!({"cases": [one.1], "close": {}, "note": {"text": "x"}}), "close", "bulk_one_operation"),
            (json!({"note": {"text": "x"}}), "cases", "bulk_cases_or_filter"),
            (json!({"note": {"text": "x"}, "cases": [one.1], "filter": {}}), "filter", "bulk_cases_or_filter"),
            (json!({"note": {}, "cases": [one.1]}), "note.text", "required"),
            (json!({"cases": [one.1], "accept": {}}), "accept", "unknown_field"),
        ] {
            let refused = bulk(&house, &lead, &body);
            assert_eq!(refused.status, 422, "{refused:?}");
            let errors = refused.json()["errors"].clone();
            let found = errors.as_array().unwrap().iter().any(|one| one["field"] == field && one["code"] == code);
            assert!(found, "{field} {code}: {errors}");
        }
        house.desk.db().close();
    })
    .unwrap();
}

#[test]
fn the_console_tries_carries_out_and_takes_back() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let (one, two) = (case_in(&house, "310115"), case_in(&house, "310104"));
    let cookie = house.session("lead", Role::Supervisor);
    let post = |path: &str, form: &str| {
        let headers = [("cookie", cookie.as_str()), ("content-type", "application/x-www-form-urlencoded")];
        house.send("POST", path, &headers, form.to_owned())
    };
    let get = |path: &str| house.send("GET", path, &[("cookie", cookie.as_str())], "");
    let queue = get("/console");
    assert!(queue.body.contains(&format!("value=\"{}@1\"", one.1)), "{}", queue.body);
    let users = house.get(&house.token(Role::Admin, ""), "/api/v1/users").json();
    let user = users["items"][0]["id"].as_str().unwrap();
    let chosen = format!("operation=assign&case={}%401&case={}%401", one.1, two.1);
    assert!(post("/console/bulk", &chosen).body.contains("name=\"user\""));
    assert_eq!(post("/console/bulk", &format!("{chosen}&step=preview")).status, 200, "each case says what is missing");
    let tried = post("/console/bulk", &format!("{chosen}&step=preview&user={user}"));
    assert!(tried.body.contains("value=\"run\"") && tried.body.contains(&one.1), "{}", tried.body);
    let all = post(
        "/console/bulk",
        &format!("operation=assign&all=true&view=open&query=region%3D31&step=preview&user={user}"),
    );
    assert!(all.body.contains(&format!("{}@1", two.1)), "{}", all.body);
    assert!(all.body.contains("?back=%2Fconsole%3Fview%3Dopen%26region%3D31\""), "back to the same list: {}", all.body);
    let done = post("/console/bulk", &format!("{chosen}&step=run&user={user}"));
    assert_eq!(done.status, 303, "{done:?}");
    let at = done.header("location").to_owned();
    let shown = get(&at).body;
    assert!(shown.contains(&format!("{at}/undo")) && shown.contains("连扣四个月视频会员费"), "{shown}");
    let back = post(&format!("{at}/undo"), "");
    assert_eq!(back.status, 303, "{back:?}");
    assert!(get(back.header("location")).body.contains(&at), "the run that was taken back is named");
    let runs = get("/console/bulk").body;
    let (newer, older) = (runs.find(back.header("location")), runs.find(&at));
    assert!(newer.is_some() && newer < older, "one's own runs, the newest first: {runs}");
    let other = house.session("other", Role::Supervisor);
    let theirs = house.send("GET", "/console/bulk", &[("cookie", other.as_str())], "").body;
    assert!(!theirs.contains("/console/bulk/"), "nobody else's: {theirs}");
    for (form, status) in
        [("operation=explode&case=x", 422), ("operation=note", 422), ("operation=note&case=x&step=run", 422)]
    {
        assert_eq!(post("/console/bulk", form).status, status, "{form}");
    }
    // Whoever may not is offered nothing.
    let agent = house.session("agent", Role::Agent);
    let page = house.send("GET", "/console", &[("cookie", agent.as_str())], "");
    assert!(!page.body.contains("/console/bulk"));
    house.desk.db().close();
}
