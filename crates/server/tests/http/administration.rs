//! Looking after an installation: tokens, roles, the audit log and its checks, health, rules as they are read, the first
//! set-up and the tour.

use crate::{House, house, intake};
use domain::actor::Role;
use serde_json::{Value, json};

/// A request of a browser in which somebody is signed in.
fn browse(house: &House, cookie: &str, method: &str, path: &str, body: &str) -> crate::Answer {
    let headers = [
        ("cookie", cookie),
        ("accept-language", "en"),
        ("sec-fetch-site", "same-origin"),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    house.send(method, path, &headers, body.to_owned())
}

fn items(answer: &Value) -> Vec<Value> {
    answer["items"].as_array().unwrap().clone()
}

#[test]
fn a_token_is_made_for_a_purpose_shown_once_and_ended() {
    store::testing::each_database(|scratch| {
        let house = house(scratch);
        let admin = house.session("root.admin", Role::Admin);
        let made = browse(
            &house,
            &admin,
            "POST",
            "/console/admin/tokens",
            "name=Billing&purpose=Monthly+refunds&role=integration&scopes=read&scopes=write&region=31&expires_on=2099-12-31",
        );
        assert_eq!(made.status, 200, "{made:?}");
        let secret = made.body.split("class=\"secret\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
        assert!(secret.starts_with("rdt_"), "{secret}");
        let again = browse(&house, &admin, "GET", "/console/admin/tokens", "");
        assert!(again.body.contains("Monthly refunds") && !again.body.contains(&secret), "shown once");
        let me = house.get(&secret, "/api/v1/me").json();
        assert_eq!((&me["role"], &me["region"], &me["scopes"]), (&json!("integration"), &json!("31"), &json!(["read", "write"])));
        // Nobody passes on an area they have not.
        let (part, of_part) = (house.token(Role::Admin, "33"), house.session_in("part.admin", Role::Admin, "33"));
        let body = |region: &str| json!({"name": "x", "purpose": "x", "role": "admin", "scopes": ["read"], "region": region});
        let refused = house.post_as(&of_part, "/api/v1/tokens", &body("31"));
        assert_eq!((refused.status, &refused.json()["errors"][0]["code"]), (422, &json!("outside_area")), "{refused:?}");
        let over = json!({"name": "x", "purpose": "x", "role": "admin", "scopes": ["read"], "expires_on": "2001-01-01"});
        let refused = house.post_as(&of_part, "/api/v1/tokens", &over);
        assert_eq!(refused.json()["errors"][0]["code"], "day_is_over");
        // A programme that made another token would outlive its own.
        let refused = house.call(&part, "POST", "/api/v1/tokens", &[], &body("33"));
        assert_eq!((refused.status, &refused.json()["code"]), (403, &json!("tokens_by_people")), "{refused:?}");
        let seen: Vec<String> = items(&house.get(&part, "/api/v1/tokens").json())
            .iter()
            .map(|one| one["region"].as_str().unwrap().to_owned())
            .collect();
        assert!(!seen.is_empty() && seen.iter().all(|region| region == "33"), "{seen:?}");
        let all = house.token(Role::Admin, "");
        let id = items(&house.get(&all, "/api/v1/tokens").json())
            .iter()
            .find(|one| one["name"] == "Billing")
            .map(|one| one["id"].as_str().unwrap().to_owned())
            .unwrap();
        let path = format!("/api/v1/tokens/{id}/end");
        assert_eq!(house.call(&part, "POST", &path, &[], &json!({})).status, 404, "not there for another area");
        let refused = house.call(&all, "POST", &path, &[], &json!({}));
        assert_eq!((refused.status, &refused.json()["code"]), (403, &json!("tokens_by_people")), "{refused:?}");
        let ended = browse(&house, &admin, "POST", &format!("/console/admin/tokens/{id}/end"), "");
        assert_eq!(ended.status, 303, "{ended:?}");
        assert_eq!(house.get(&secret, "/api/v1/me").status, 401);
        assert_eq!(house.post_as(&admin, &path, &json!({})).status, 409, "it is over");
        let told = house.get(&all, &format!("/api/v1/audit?subject={id}")).json();
        let verbs: Vec<Value> = items(&told).iter().map(|one| one["verb"].clone()).collect();
        assert_eq!(verbs, [json!("revoke-token"), json!("create-token")]);
        assert_eq!(told["items"][1]["told"]["purpose"], "Monthly refunds");
        assert_eq!(told["items"][0]["actor"]["name"], "root.admin");
        house.desk.db().close();
    })
    .unwrap();
}

#[test]
fn a_programme_makes_no_administrator_and_takes_no_ones_sign_in() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    house.session("root.admin", Role::Admin);
    let token = house.token(Role::Admin, "");
    let unit = house.desk.root().to_string();
    let new = |username: &str, role: &str| json!({"username": username, "name": "x", "role": role, "unit": unit});
    let post = |path: &str, body: Value| {
        let answer = house.call(&token, "POST", path, &[], &body);
        (answer.status, answer.json())
    };
    let id = |username: &str| {
        let users = items(&house.get(&token, "/api/v1/users").json());
        users.iter().find(|user| user["username"] == username).unwrap()["id"].as_str().unwrap().to_owned()
    };
    assert_eq!(post("/api/v1/users", new("lin", "agent")).0, 201);
    let (boss, lin) = (id("root.admin"), id("lin"));
    let identity = json!({"issuer": "https://id.example", "subject": "x"});
    for (path, body) in [
        ("/api/v1/users".to_owned(), new("another", "admin")),
        (format!("/api/v1/users/{lin}"), json!({"role": "admin"})),
        (format!("/api/v1/users/{boss}"), json!({"email": "x@partner.example"})),
        (format!("/api/v1/users/{boss}/reset-password"), json!({})),
        (format!("/api/v1/users/{boss}/identities"), identity.clone()),
        (format!("/api/v1/users/{boss}/reset-second-factor"), json!({})),
    ] {
        let (status, told) = post(&path, body);
        assert_eq!((status, &told["code"]), (403, &json!("administrators_by_people")), "{path}: {told}");
    }
    assert_eq!(post(&format!("/api/v1/users/{lin}/reset-password"), json!({})).0, 200);
    assert_eq!(post(&format!("/api/v1/users/{lin}/identities"), identity).0, 200);
    house.desk.db().close();
}

#[test]
fn the_log_is_looked_through_by_person_case_verb_and_time() {
    store::testing::each_database(|scratch| {
        let house = house(scratch);
        let admin = house.token(Role::Admin, "");
        let agent = house.session("li", Role::Agent);
        let here = house.register(&admin, &intake());
        let mut elsewhere = intake();
        elsewhere["region"] = json!("330100");
        elsewhere["subscription"]["region"] = json!("330100");
        elsewhere["complainant"]["phone"] = json!("13900139000");
        let elsewhere = house.register(&admin, &elsewhere);
        for case in [&here, &elsewhere] {
            let path = format!("/api/v1/complaints/{}/reveal", case["id"].as_str().unwrap());
            let headers =
                [("cookie", agent.as_str()), ("sec-fetch-site", "same-origin"), ("content-type", "application/json")];
            let revealed = house.send("POST", &path, &headers, r#"{"purpose":"investigate","reason":"call back"}"#);
            assert_eq!(revealed.status, 200, "{revealed:?}");
        }
        let find = |token: &str, ask: &str| house.get(token, &format!("/api/v1/audit?{ask}"));
        let read = find(&admin, "actor=li&verb=reveal").json();
        assert_eq!(items(&read).len(), 2, "{read}");
        assert_eq!(
            (&read["items"][0]["actor"]["name"], &read["items"][0]["told"]["reason"]),
            (&json!("li"), &json!("call back"))
        );
        assert_eq!(read["items"][0]["number"], elsewhere["number"], "the newest first");
        // Page by page the same, and nothing beyond the area.
        let first = find(&admin, "limit=1").json();
        let next = first["next"].as_str().unwrap();
        let second = find(&admin, &format!("limit=1&after={next}")).json();
        assert_eq!((items(&first).len(), &second["items"][0]["number"]), (1, &here["number"]));
        let auditor = house.token(Role::Auditor, "31");
        let theirs = find(&auditor, "").json();
        assert_eq!(
            items(&theirs).iter().map(|one| one["number"].clone()).collect::<Vec<_>>(),
            [here["number"].clone()]
        );
        let number = |case: &Value| case["number"].as_str().unwrap().to_owned();
        assert_eq!(find(&auditor, &format!("subject={}", number(&elsewhere))).status, 404);
        assert_eq!(find(&auditor, "ledger=administration").status, 409, "settings are the whole installation's");
        let whole = find(&admin, &format!("subject={}", number(&here))).json();
        let verbs: Vec<&str> =
            whole["items"].as_array().unwrap().iter().map(|one| one["verb"].as_str().unwrap()).collect();
        assert!(verbs.contains(&"reveal") && verbs.contains(&"register"), "{verbs:?}");
        // What was done to cases is looked through stream by stream.
        let mut done = Vec::new();
        let mut after = String::new();
        for _ in 0..50 {
            let page = find(&admin, &format!("ledger=cases&verb=register&limit=1{after}")).json();
            assert!(page["looked"].as_i64().is_some());
            assert!(items(&page).len() <= 1, "{page}");
            done.extend(items(&page).iter().map(|one| one["number"].as_str().unwrap().to_owned()));
            match page["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => break,
            }
        }
        assert_eq!(done, [number(&elsewhere), number(&here)], "the newest first, also over pages");
        assert!(items(&find(&admin, "until=2001-01-01").json()).is_empty());
        assert!(items(&find(&admin, "ledger=cases&until=2001-01-01").json()).is_empty());
        assert!(items(&find(&admin, "ledger=administration&verb=add-user").json()).len() == 1);
        for (ask, field) in [
            ("actor=nobody.here", "actor"),
            ("after=b.1", "after"),
            ("subject=what", "subject"),
            ("from=2026-02-01&until=2026-01-01", "until"),
            ("ledger=secret", "ledger"),
        ] {
            let refused = find(&admin, ask);
            assert_eq!(
                (refused.status, &refused.json()["errors"][0]["field"]),
                (422, &json!(field)),
                "{ask}: {refused:?}"
            );
        }
        assert_eq!(house.get(&house.token(Role::Supervisor, ""), "/api/v1/audit").status, 403);
        let compliance = house.session("he", Role::Compliance);
        let page = browse(&house, &compliance, "GET", "/console/admin/audit?actor=li", "");
        assert!(
            page.status == 200 && page.body.contains(&number(&here)) && page.body.contains("call back"),
            "{page:?}"
        );
        assert!(page.body.contains("extent: everything"), "{page:?}");
        let page = browse(&house, &compliance, "GET", "/console/admin/audit?actor=nobody.here", "");
        assert!(page.status == 422 && page.body.contains("there is no such user"), "{page:?}");
        house.desk.db().close();
    })
    .unwrap();
}

#[test]
fn nobody_finds_entries_about_a_complaint_against_themselves() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let admin = house.token(Role::Admin, "");
    let about = house.session("zhao", Role::Compliance);
    let users = house.get(&admin, "/api/v1/users").json();
    let zhao = items(&users).iter().find(|one| one["username"] == "zhao").map(|one| one["id"].clone()).unwrap();
    let mut against = intake();
    against["about_staff"] = zhao;
    let case = house.register(&admin, &against);
    let path = format!("/api/v1/complaints/{}/reveal", case["id"].as_str().unwrap());
    let ask = json!({"purpose": "investigate", "reason": "x"});
    assert_eq!(house.call(&admin, "POST", &path, &[], &ask).status, 200);
    assert_eq!(items(&house.get(&admin, "/api/v1/audit").json()).len(), 1);
    for ask in ["", "ledger=cases"] {
        let seen = house.send("GET", &format!("/api/v1/audit?{ask}"), &[("cookie", &about)], "");
        assert!(items(&seen.json()).iter().all(|one| one["number"] != case["number"]), "{ask}: {seen:?}");
    }
    let number = case["number"].as_str().unwrap();
    let seen = house.send("GET", &format!("/api/v1/audit?subject={number}"), &[("cookie", &about)], "");
    assert_eq!(seen.status, 404);
    house.desk.db().close();
}

#[test]
fn the_log_is_checked_with_progress_and_result() {
    store::testing::each_database(|scratch| {
        let house = house(scratch);
        let lead = house.session("he", Role::Compliance);
        house.register(&house.token(Role::Agent, ""), &intake());
        desk::jobs::checkpoint::seal_all(&house.desk).unwrap();
        assert!(!desk::verifications::go_on(&house.desk, "node", || false).unwrap(), "nobody asked");
        assert_eq!(browse(&house, &lead, "POST", "/console/admin/verification", "").status, 303);
        let again = browse(&house, &lead, "POST", "/console/admin/verification", "");
        assert!(again.status == 409 && again.body.contains("<progress"), "{again:?}");
        assert!(desk::verifications::go_on(&house.desk, "node", || false).unwrap());
        let token = house.token(Role::Auditor, "");
        let told = house.get(&token, "/api/v1/audit/verifications").json();
        let (one, outcome) = (&told["items"][0], &told["items"][0]["outcome"]);
        assert_eq!(
            (&one["state"], &outcome["found"], &outcome["cases"]),
            (&json!("done"), &json!(0), &json!(1)),
            "{told}"
        );
        let page = browse(&house, &lead, "GET", "/console/admin/verification", "");
        assert!(page.body.contains("Everything adds up"), "{page:?}");
        let checkpoints = house.get(&token, "/api/v1/audit/checkpoints").json();
        assert_eq!(outcome["public_keys"][0], checkpoints["items"][0]["public_key"]);
        let by = browse(&house, &lead, "GET", "/api/v1/audit?ledger=administration&verb=end-verification", "").json();
        assert_eq!(by["items"][0]["told"]["found"], "0");
        assert_eq!(house.call(&token, "POST", "/api/v1/audit/verifications", &[], &json!({})).status, 403);
        // What was found is about cases of the whole installation: who sees a part is told how much it was, and no more.
        let detail = "an entry of another area".to_owned();
        let finding =
            desk::verifications::KeptFinding { code: "chain".to_owned(), subject: None, place: Some(3), detail };
        let kept = desk::verifications::Outcome { found: 1, findings: vec![finding], ..Default::default() };
        let (id, told) = (uuid::Uuid::now_v7(), serde_json::to_string(&kept).unwrap());
        house
            .desk
            .db()
            .write_now(move |tx| {
                let at = jiff::Timestamp::now().as_microsecond();
                store::administration::insert_verification(tx, id, "system", at, 9)?;
                store::administration::end_verification(tx, id, "done", &told, at)
            })
            .unwrap();
        let told = |region: &str| {
            let told = house.get(&house.token(Role::Auditor, region), "/api/v1/audit/verifications").json();
            told["items"][0]["outcome"].clone()
        };
        let (whole, part) = (told(""), told("31"));
        assert_eq!(whole["findings"][0]["detail"], "an entry of another area", "{whole}");
        assert_eq!((&part["found"], &part["findings"]), (&json!(1), &json!([])), "{part}");
        house.desk.db().close();
    })
    .unwrap();
}

#[test]
fn an_empty_installation_is_set_up_step_by_step_and_asks_nothing_twice() {
    store::testing::each_database(|scratch| {
        let house = house(scratch);
        let admin = house.session("first", Role::Admin);
        let page = |path: &str| browse(&house, &admin, "GET", path, "");
        let step = |step: &str, body: &str| browse(&house, &admin, "POST", &format!("/console/setup/{step}"), body);
        let changed = page("/console/password?changed=1");
        assert!(changed.body.contains("href=\"/console/setup\""), "{changed:?}");
        let greeted = page("/console/setup?changed=1");
        assert!(greeted.body.contains("/console/setup/organisation"), "{greeted:?}");
        let wrong =
            step("organisation", "name=Eastern+Telecom&region=&code1=east&unit1=Shanghai&region1=31&code2=a+b&unit2=X");
        assert!(
            wrong.status == 422 && wrong.body.contains("1 to 40 letters") && wrong.body.contains("value=\"a b\""),
            "{wrong:?}"
        );
        assert!(!wrong.body.contains("value=\"east\""), "what was made is not typed again");
        assert_eq!(
            step("organisation", "name=Eastern+Telecom&code1=west&unit1=Zhejiang&region1=33").header("location"),
            "/console/setup/rules"
        );
        let units = house.get(&house.token(Role::Admin, ""), "/api/v1/units").json();
        let names: Vec<&str> =
            units["items"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
        assert!(["Eastern Telecom", "Shanghai", "Zhejiang"].iter().all(|name| names.contains(name)), "{names:?}");
        let rules = page("/console/setup/rules");
        assert!(rules.body.contains("in force here") && rules.body.contains("preview"), "{rules:?}");
        assert_eq!(step("rules", "").header("location"), "/console/setup/users");
        let users = step(
            "users",
            "username1=mei&called1=Mei&role1=agent&username2=&called2=&username3=bo&called3=Bo&role3=supervisor",
        );
        assert_eq!((users.status, users.body.matches("class=\"secret\"").count()), (200, 2), "{users:?}");
        assert!(!page("/console/setup/users").body.contains("class=\"secret\""), "shown once");
        assert_eq!(step("sample", "skip=1").header("location"), "/console/setup/finish");
        let state = house.get(&house.token(Role::Admin, ""), "/api/v1/setup").json();
        assert_eq!(state["due"], true, "begun and not ended: {state}");
        assert!(page("/console/admin").body.contains("href=\"/console/setup\""));
        assert_eq!(step("finish", "").header("location"), "/console/admin");
        let state = house.get(&house.token(Role::Admin, ""), "/api/v1/setup").json();
        let states: Vec<&str> =
            state["steps"].as_array().unwrap().iter().map(|one| one["state"].as_str().unwrap()).collect();
        assert_eq!((&state["due"], states), (&json!(false), vec!["done", "done", "done", "skipped", "done"]));
        assert!(!page("/console/password?changed=1").body.contains("href=\"/console/setup\""));
        // Taken up later: wanted while there is nothing, refused once there is a case.
        assert_eq!(step("sample", "").status, 303);
        assert!(desk::setup::takes_sample(&house.desk, "one").unwrap());
        assert!(!desk::setup::takes_sample(&house.desk, "two").unwrap(), "of nodes that start together one loads it");
        desk::setup::sample_ended(&house.desk, "one", false).unwrap();
        assert!(!desk::setup::takes_sample(&house.desk, "two").unwrap(), "it was left out");
        assert_eq!(step("sample", "").status, 303);
        assert!(desk::setup::takes_sample(&house.desk, "two").unwrap());
        house.register(&house.token(Role::Agent, ""), &intake());
        assert!(!desk::setup::takes_sample(&house.desk, "two").unwrap());
        assert_eq!(step("sample", "").status, 409);
        let told = house.get(&house.token(Role::Admin, ""), "/api/v1/audit?ledger=administration&verb=set-up").json();
        assert_eq!(items(&told).len(), 8, "{told}");
        let agent = house.session("ag", Role::Agent);
        assert_eq!(browse(&house, &agent, "GET", "/console/setup", "").status, 403);
        assert_eq!(house.get(&house.token(Role::Admin, "31"), "/api/v1/setup").status, 409);
        house.desk.db().close();
    })
    .unwrap();
}

#[test]
fn rules_are_read_compared_and_tried_on_pages_and_over_the_api() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let lead = house.session("he", Role::Compliance);
    let get = |path: &str| browse(&house, &lead, "GET", path, "");
    let pack = get("/console/rules/packs/cn-telecom");
    assert!(pack.status == 200 && pack.body.contains("/console/rules/diff?before="), "{pack:?}");
    assert!(pack.body.contains("in force from 2016-07-30 on") && pack.body.contains("Time limit <code>"), "{pack:?}");
    let practice = get("/console/rules/packs/guide-standard").body;
    for words in
        ["24 hours", "50 %, 75 %, 100 %", "Kind of contact: Complaint", "first receipt", "as is usual for the unit"]
    {
        assert!(practice.contains(words), "{words}: {practice}");
    }
    for name in ["guide-standard", "cn-telecom", "uk-ofcom-c4", "de-tkg58"] {
        let told = get(&format!("/console/rules/packs/{name}")).body;
        for key in ["by_grade", "any_of", "first_day", "warn_at", "of_monthly_fee", "[["] {
            assert!(!told.contains(key), "{name} says {key}");
        }
    }
    let baseline = get("/console/rules/packs/iso-10002").body;
    assert!(baseline.contains("every day counts") && !baseline.contains("/console/calendars/none"), "{baseline}");
    let list = get("/console/rules").body;
    let at = |words: &str| list.find(words).unwrap_or_else(|| panic!("{words}: {list}"));
    assert!(at("In force here") < at("packs/cn-telecom@") && at("packs/iso-10002@") < at("Other packs"), "{list}");
    assert!(
        at("Other packs") < at("packs/za-icasa-2016@") && at("Earlier versions") < at("packs/cn-telecom@1.0.0"),
        "{list}"
    );
    assert!(at("Other packs") < at("states compliance nowhere"), "nothing in force here is a preview: {list}");
    assert_eq!(get("/console/rules/packs/none").status, 404);
    let diff = get("/console/rules/diff?before=guide-standard%401.0.0&after=guide-standard%401.1.0");
    assert!(diff.status == 200 && diff.body.contains("differences"), "{diff:?}");
    for key in ["by_grade", "any_of", "warn_at", "[[", "{&#34;"] {
        assert!(!diff.body.contains(key), "{key}: {diff:?}");
    }
    let told = get("/api/v1/packs/diff?before=guide-standard%401.0.0&after=guide-standard%401.1.0").json();
    assert!(!told["changes"].as_array().unwrap().is_empty());
    let refused = get("/api/v1/packs/diff?before=none&after=cn-telecom");
    assert_eq!(refused.json()["errors"][0]["code"], "no_such_pack");
    let run = browse(&house, &lead, "POST", "/console/rules/vectors", "list=cn-telecom");
    assert!(run.status == 200 && run.body.contains("as expected"), "{run:?}");
    let wrong = browse(&house, &lead, "POST", "/console/rules/vectors", "text=a%2Cb%0A1%2C2");
    assert!(wrong.status == 422 && wrong.body.contains("no list of deadlines"), "{wrong:?}");
    let year = get("/console/calendars/CN?year=2026");
    assert!(year.body.contains("2026-10-01") && year.body.contains("worked in exchange"), "{year:?}");
    let days = get("/api/v1/calendars/CN?year=2026&known_on=2020-01-01").json();
    assert_eq!(days["year"], 2026);
    assert_eq!(get("/console/calendars/CN?year=3").status, 422);
    assert_eq!(get("/console/calendars/XX").status, 404);
    assert!(get("/console/calendars").body.contains("AU-NSW"));
    house.register(&house.token(Role::Agent, ""), &intake());
    let tree = get("/console/categories");
    for words in ["Severity: Normal", "Urgency: Urgent", "#rule-mobile_fault_repair", "lang=\"en\">"] {
        assert!(tree.body.contains(words), "{words}: {tree:?}");
    }
    assert!(tree.body.contains("B204") && tree.body.contains("/console?view=open&amp;category=B204\">1<"), "{tree:?}");
    let roles = get("/console/admin/roles");
    assert!(roles.body.contains("manage-tokens") && roles.body.contains("Operations on complaints"), "{roles:?}");
    house.desk.db().close();
}

#[test]
fn health_says_what_to_do_and_the_tour_is_put_away_for_good() {
    store::testing::each_database(|scratch| {
        let house = house(scratch);
        let admin = house.session("root.admin", Role::Admin);
        let get = |path: &str| browse(&house, &admin, "GET", path, "");
        let told = get("/api/v1/health").json();
        let how =
            |what: &str| items(&told).iter().find(|one| one["what"] == what).map(|one| one["how"].clone()).unwrap();
        assert_eq!(
            (how("database"), how("schema"), how("jobs")),
            (json!("fine"), json!("fine"), json!("fine")),
            "{told}"
        );
        assert_eq!(how("backups"), "look", "none was made");
        let page = get("/console/admin/health");
        assert!(page.status == 200 && page.body.contains("redress backup"), "{page:?}");
        let file = scratch.folder().join("one.backup");
        let make = desk::backup::Make {
            file,
            overwrite: false,
            rate: 100,
            now: house.desk.time().now(),
            watch: Box::new(|_| {}),
        };
        let summary = desk::backup::make(house.desk.db(), make).unwrap();
        desk::backup::note(house.desk.db(), &summary).unwrap();
        let told = get("/api/v1/health").json();
        assert_eq!(told["backups"][0]["file"], "one.backup", "{told}");
        assert!(
            !get("/console/admin").body.contains("no backup of this database"),
            "nothing to say of backups any more"
        );
        assert!(get("/console").body.contains("data-tour"));
        assert_eq!(browse(&house, &admin, "POST", "/console/tour", "").status, 303);
        assert!(!get("/console").body.contains("data-tour"));
        assert!(get("/console/tour").body.contains("Registering"), "it can be looked at again");
        house.desk.db().close();
    })
    .unwrap();
}
