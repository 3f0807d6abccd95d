//! The operator's customer system: a small one of our own, well, slow and broken, behind API and console.

use crate::{House, house, intake};
use desk::Caller;
use domain::actor::Role;
use domain::audit::chain::Ledger;
use serde_json::{Value, json};
use server::app::{AppState, Settings};
use server::crm::{Crm, Number, Told, Version};
use server::data;
use server::locale::Locales;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use store::testing::{each_database, sqlite};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

const TARIFF: &str = "5G 畅享 129";

/// How the customer system is today.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Mood {
    Well,
    /// Customers answer, products never.
    HalfAsleep,
    /// Nothing ever answers.
    Asleep,
    Broken,
    /// Breaks off in the middle of a body.
    Torn,
    Huge,
    NoJson,
    /// Nested deeper than anybody reads.
    Deep,
    Redirects,
    /// Passes over filters and answers with whomever it likes.
    Wrong,
}

/// The customer system, and what it was asked: path and query, and the head.
pub(crate) struct Fake {
    port: u16,
    asked: Arc<Mutex<Vec<(String, String)>>>,
    mood: Arc<Mutex<Mood>>,
}

fn customer(id: &str, name: &str, phone: &str, region: &str) -> Value {
    json!({
        "@type": "Customer", "id": id, "href": "x", "name": name, "engagedParty": {"id": format!("p-{id}"), "name": name},
        "account": [{"id": format!("acc-{id}")}], "contactMedium": [{"@type": "PhoneContactMedium", "phoneNumber": phone}],
        "characteristic": [{"name": "starLevel", "value": 5}, {"name": "region", "value": region},
            {"name": "segment", "value": "residential"}],
        "somethingOfTheirs": {"deep": [1, 2, 3]},
    })
}

/// What a system that is well answers.
fn well(path: &str) -> Value {
    let (resource, query) = path.split_once('?').unwrap_or((path, ""));
    let ming = || customer("c1", "王小明", "13800138000", "310115");
    match resource.rsplit('/').next().unwrap() {
        "customer" if query.contains("8613800138000") || query.contains("account.id=acc-c1") => {
            json!([ming()])
        }
        // Known as a person only, behind whom a customer stands.
        "customer" if query.contains("engagedParty.id=p-c2") => json!([customer("c2", "", "0", "310000")]),
        "customer" if query.contains("8613700137000") => json!([customer("c3", "远方", "13700137000", "440100")]),
        "individual" if query.contains("8613900139000") => {
            json!([{"id": "p-c2", "givenName": "丽", "familyName": "陈", "contactMedium": [{"phoneNumber": "13900139000"}]}])
        }
        "p-c1" => {
            json!({"id": "p-c1", "fullName": "王小明", "partyCharacteristic": [{"name": "vulnerable", "value": "elderly"}]})
        }
        "p-c2" => json!({"id": "p-c2", "givenName": "丽", "familyName": "陈"}),
        "product" => {
            let owner = query.split("id=").nth(1).unwrap_or_default().split('&').next().unwrap();
            json!([
                {"id": "1", "status": "active", "startDate": "2024-03-01T00:00:00Z", "productOffering": {"name": TARIFF},
                    "productCharacteristic": [{"name": "productLine", "value": "mobile"}, {"name": "msisdn", "value": "13800138000"}],
                    "relatedParty": [{"role": "customer", "partyOrPartyRole": {"id": owner}}]},
                {"id": "2", "status": "active", "name": "somebody else's", "relatedParty": [{"id": "c9"}]},
            ])
        }
        _ => json!([]),
    }
}

impl Mood {
    /// The bytes it answers, whole.
    fn answer(self, path: &str) -> Option<String> {
        let with = |status: &str, more: &str, body: &str| {
            format!(
                "HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{more}content-length: {}\r\n\r\n{body}",
                body.len()
            )
        };
        Some(match self {
            Self::HalfAsleep if path.contains("/product") => return None,
            Self::Asleep => return None,
            Self::Well | Self::HalfAsleep => with("200 OK", "", &well(path).to_string()),
            Self::Broken => with("500 X", "", "{}"),
            Self::Torn => "HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n[{".to_owned(),
            Self::Huge => with("200 OK", "", &format!("[{}]", "1,".repeat(200_000))),
            Self::NoJson => with("200 OK", "", "<html>"),
            Self::Deep => with("200 OK", "", &"[".repeat(50_000)),
            Self::Redirects => with("302 X", "location: /elsewhere\r\n", ""),
            Self::Wrong if path.contains("/product") => with(
                "200 OK",
                "",
                &json!([{"id": "1", "relatedParty": [{"id": "c9"}], "name": "not theirs"}]).to_string(),
            ),
            Self::Wrong => with("200 OK", "", &json!([customer("c9", "别人", "13600136000", "310115")]).to_string()),
        })
    }
}

impl Fake {
    fn start(runtime: &tokio::runtime::Runtime) -> Self {
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (asked, mood) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Mood::Well)));
        let (kept, now) = (Arc::clone(&asked), Arc::clone(&mood));
        runtime.spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (kept, mood) = (Arc::clone(&kept), *now.lock().unwrap());
                tokio::spawn(async move {
                    let (mut bytes, mut chunk) = (Vec::new(), [0_u8; 4096]);
                    while !bytes.ends_with(b"\r\n\r\n") {
                        match stream.read(&mut chunk).await {
                            Ok(read) if read > 0 => bytes.extend_from_slice(&chunk[..read]),
                            _ => return,
                        }
                    }
                    let head = String::from_utf8_lossy(&bytes).into_owned();
                    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                    kept.lock().unwrap().push((path.clone(), head));
                    match mood.answer(&path) {
                        Some(answer) => drop(stream.write_all(answer.as_bytes()).await),
                        // Until the other side goes away.
                        None => drop(stream.read(&mut chunk).await),
                    }
                });
            }
        });
        Self { port, asked, mood }
    }

    fn is(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    fn take(&self) -> Vec<(String, String)> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    /// A line to it that remembers nothing of the one before.
    fn line(&self, version: Version) -> Crm {
        let address = format!("http://127.0.0.1:{}/crm/", self.port);
        Crm::new(&address, version, Some("secret-token"), Duration::from_secs(60)).unwrap()
    }
}

fn with(house: &mut House, crm: Crm) {
    let settings = Settings { crm: Some(crm), ..Settings::default() };
    house.state = AppState::new(house.desk.clone(), Locales::load(data::locales(None).unwrap()).unwrap(), settings);
}

/// The same house with a customer system that is well.
pub(crate) fn connected(house: &House) -> (House, Fake) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut other = House { desk: house.desk.clone(), state: house.state.clone(), runtime };
    let fake = Fake::start(&other.runtime);
    with(&mut other, fake.line(Version::Five));
    (other, fake)
}

fn form(house: &House, cookie: &str, path: &str, body: &str) -> crate::Answer {
    let headers =
        [("cookie", cookie), ("content-type", "application/x-www-form-urlencoded"), ("accept-language", "en")];
    house.send("POST", path, &headers, body.to_owned())
}

#[test]
fn a_caller_is_known_while_registering_and_taken_over_by_a_click() {
    each_database(|scratch| {
        let (house, fake) = connected(&house(scratch));
        let token = house.token(Role::Agent, "31");
        let check = |body: &Value| house.call(&token, "POST", "/api/v1/complaints/check", &[], body).json();
        let mut body = intake();
        body["subscription"]["number"] = json!("");
        let found = check(&body);
        let one = &found["customer"]["items"][0];
        assert_eq!(found["customer"]["answers"], true, "{found}");
        assert_eq!((&one["name"], &one["star"], &one["region"]), (&json!("王**"), &json!(5), &json!("310115")), "{one}");
        assert_eq!(one["vulnerable"], json!(["elderly"]));
        let line = json!([{"number": "138****8000", "product": "mobile", "plan": TARIFF, "since": "2024-03-01", "standing": "active"}]);
        assert_eq!(one["subscriptions"], line, "nobody else's");
        let asked = fake.take();
        let paths: Vec<&str> = asked.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(paths[0], "/crm/tmf-api/customerManagement/v5/customer?contactMedium.phoneNumber=%2B8613800138000&limit=3");
        assert!(paths.contains(&"/crm/tmf-api/productInventory/v5/product?relatedParty.partyOrPartyRole.id=c1&limit=20"), "{paths:?}");
        assert!(paths.contains(&"/crm/tmf-api/partyManagement/v5/individual/p-c1") && paths.len() == 3, "{paths:?}");
        assert!(asked.iter().all(|(_, head)| head.contains("authorization: Bearer secret-token\r\n")), "{asked:?}");
        check(&body);
        assert_eq!(fake.take(), [], "what is kept is not asked again");

        // Numbers that are not complete, and those who do not want to be known, are not asked about.
        for (name, value) in [("phone", json!("1380013")), ("anonymous", json!(true))] {
            let mut other = json!({"complainant": {"phone": "13911139111"}});
            other["complainant"][name] = value;
            assert!(check(&other)["customer"].is_null(), "{other}");
        }
        assert!(check(&json!({}))["customer"].is_null());
        assert_eq!(fake.take(), []);
        // By an account; as a person behind whom a customer stands; and from beyond the area, where nobody is.
        let name = |body: Value| check(&body)["customer"]["items"][0]["name"].clone();
        assert_eq!(name(json!({"subscription": {"number": "acc-c1"}})), "王**");
        assert_eq!(name(json!({"complainant": {"phone": "13900139000"}})), "陈*");
        assert_eq!(name(json!({"complainant": {"phone": "13700137000"}})), Value::Null);

        // In the console: masked beside the form, in its boxes by a click alone, and logged.
        let cookie = house.session("mei", Role::Agent);
        let typed = "kind=complaint&accept_channel=hotline&complainant.phone=13800138000&subscription.plan=typed";
        let known = form(&house, &cookie, "/console/new/known", typed);
        assert!(known.status == 200 && known.body.contains("王**") && !known.body.contains("王小明"), "{known:?}");
        assert!(known.body.contains(TARIFF) && known.body.contains("From the customer system"), "{known:?}");
        let buttons: Vec<&str> = known.body.split("name=\"customer\" value=\"").skip(1).collect();
        let key = buttons[1].split('"').next().unwrap();
        assert!(key.contains('.'), "{key}");
        let page = form(&house, &cookie, "/console/new", &format!("{typed}&customer={key}"));
        let filled = |name: &str, value: &str| page.body.contains(&format!("name=\"{name}\" value=\"{value}\""));
        assert_eq!(page.status, 200, "{page:?}");
        assert!(page.body.contains("王小明"), "{page:?}");
        assert!(page.body.contains("value=\"elderly\" checked") && page.body.contains("310115"), "{page:?}");
        assert!(!filled("subscription.plan", TARIFF) && page.body.contains("\"typed\""), "what was typed stays");
        let me = house.send("GET", "/api/v1/me", &[("cookie", &cookie)], String::new()).json();
        let user: uuid::Uuid = me["actor"].as_str().unwrap().rsplit(':').next().unwrap().parse().unwrap();
        let read = move |tx: &mut store::Tx<'_>| {
            store::entries::of(tx, user, Ledger::Access.code())
        };
        let logged = house.runtime.block_on(house.desk.db().read(read)).unwrap();
        assert_eq!((logged.len(), logged[0].verb.as_str()), (1, "reveal"));
        let listed = house.get(&token, "/api/v1/complaints?sort=-received").json();
        assert_eq!(listed["items"], json!([]), "nothing was registered by looking");
        house.desk.db().close();
    })
    .unwrap();
}

/// While a request of theirs waits, what is known of somebody serves that request alone, also while they are on the line.
#[test]
fn who_restricted_the_use_of_their_data_is_not_looked_up_while_registering() {
    each_database(|scratch| {
        let (house, fake) = connected(&house(scratch));
        let token = house.token(Role::Compliance, "");
        let first = house.register(&token, &intake());
        let number = |case: &Value| case["number"].as_str().unwrap().to_owned();
        let read = house.get(&token, &format!("/api/v1/complaints/{}", first["id"].as_str().unwrap())).json();
        let check = || house.call(&token, "POST", "/api/v1/complaints/check", &[], &intake()).json();
        let persons = || house.get(&token, "/api/v1/persons?phone=13800138000").json()["items"][0].clone();
        let before = check();
        assert_eq!(before["customer"]["answers"], true, "{before}");
        assert!(before.to_string().contains(&number(&first)), "it may be the same matter: {before}");
        assert!(persons()["name"] == "王**" && persons().get("restricted").is_none(), "{}", persons());
        let mut request = intake();
        request["kind"] = json!("service_request");
        request["category"] = json!("F203");
        request["subject_request"] = json!("restriction");
        request["complainant"]["person"] = read["complainant"]["person"].clone();
        let request = house.register(&token, &request);
        fake.take();
        let after = check();
        assert!(after["customer"].is_null() && !after.to_string().contains(&number(&first)), "{after}");
        let found = persons();
        assert_eq!((&found["restricted"], found.get("name")), (&json!(true), None), "{found}");
        let listed: Vec<&Value> = found["complaints"].as_array().unwrap().iter().map(|one| &one["number"]).collect();
        assert_eq!(listed, [&json!(number(&request))], "only the request that restricts");
        let cookie = house.session("mei", Role::Agent);
        let typed = "kind=complaint&accept_channel=hotline&complainant.phone=13800138000";
        let known = form(&house, &cookie, "/console/new/known", typed);
        assert!(known.status == 200 && known.body.contains("restricts the use of their data"), "{known:?}");
        assert!(!known.body.contains("王**") && !known.body.contains(&number(&first)), "{known:?}");
        let taken = form(&house, &cookie, "/console/new", &format!("{typed}&customer=x"));
        assert!(taken.status == 200 && !taken.body.contains("王小明"), "{taken:?}");
        assert_eq!(fake.take(), [], "the customer system was not asked");
        house.desk.db().close();
    })
    .unwrap();
}

#[test]
fn the_page_of_a_case_asks_when_somebody_does() {
    let scratch = sqlite().unwrap();
    let (house, fake) = connected(&house(&scratch));
    let token = house.token(Role::Specialist, "31");
    let case = house.register(&token, &intake());
    let (id, number) = (case["id"].as_str().unwrap(), case["number"].as_str().unwrap());
    fake.take();
    let path = format!("/api/v1/complaints/{id}/customer");
    let masked = house.get(&token, &path).json();
    assert_eq!((&masked["answers"], &masked["items"][0]["name"]), (&json!(true), &json!("王**")), "{masked}");
    let clear = |body: Value| house.call(&token, "POST", &path, &[], &body);
    let refused = clear(json!({"purpose": "contact"}));
    assert_eq!(refused.status, 422, "{refused:?}");
    let fields: Vec<Value> =
        refused.json()["errors"].as_array().unwrap().iter().map(|one| one["field"].clone()).collect();
    assert_eq!(fields, ["purpose", "reason"]);
    let accesses = || house.get(&token, &format!("/api/v1/complaints/{id}/accesses")).json()["items"].clone();
    assert_eq!(accesses(), json!([]), "masked is not logged, and what was refused is not either");
    let told = clear(json!({"purpose": "investigate", "reason": "bill"})).json();
    assert_eq!(
        (&told["items"][0]["name"], &told["items"][0]["subscriptions"][0]["number"]),
        (&json!("王小明"), &json!("13800138000"))
    );
    let log = accesses();
    assert_eq!(
        (&log[0]["extent"], &log[0]["purpose"], log.as_array().unwrap().len()),
        (&json!("customer"), &json!("investigate"), 1)
    );
    // Whoever sees the case elsewhere, or only masked data, sees no more here.
    assert_eq!(house.get(&house.token(Role::Agent, "33"), &path).status, 404);
    let trainer = house.token(Role::Trainer, "31");
    assert_eq!(house.get(&trainer, &path).json()["items"][0]["name"], "王**");
    assert_eq!(house.call(&trainer, "POST", &path, &[], &json!({"purpose": "quality", "reason": "x"})).status, 403);

    let cookie = house.session("mei", Role::Specialist);
    let page = format!("/console/cases/{number}");
    let get = |cookie: &str| house.send("GET", &page, &[("cookie", cookie), ("accept-language", "en")], String::new());
    let plain = get(&cookie);
    assert!(
        plain.body.contains("id=\"crm\"") && !plain.body.contains(TARIFF),
        "nothing is fetched by looking at a case"
    );
    let asked = form(&house, &cookie, &format!("{page}/customer"), "");
    assert!(asked.status == 200 && asked.body.contains(TARIFF) && asked.body.contains("王**"), "{asked:?}");
    let wrong = form(&house, &cookie, &format!("{page}/customer/reveal"), "purpose=investigate");
    assert!(wrong.status == 422 && wrong.body.contains("id=\"customerreason-error\""), "{wrong:?}");
    let shown = form(&house, &cookie, &format!("{page}/customer/reveal"), "purpose=investigate&reason=bill");
    assert!(shown.status == 200 && shown.body.contains("王小明"), "{shown:?}");
    assert_eq!(accesses().as_array().unwrap().len(), 2);
    let trainer = house.session("tian", Role::Trainer);
    let seen = get(&trainer).body;
    assert!(
        seen.contains(&format!("{page}/customer#crm")) && !seen.contains("customer/reveal"),
        "no form for whoever may not"
    );
    // Nothing of it stands in the case.
    let log = house.get(&token, &format!("/api/v1/complaints/{id}/events")).body;
    assert!(!log.contains(TARIFF) && !log.contains("2024-03-01"), "{log}");

    // Without a number nobody is asked; without a customer system nothing is shown.
    let mut body = intake();
    body["complainant"] = json!({"anonymous": true});
    let hidden = house.register(&token, &body);
    let hidden = hidden["number"].as_str().unwrap();
    fake.take();
    let none = house.get(&token, &format!("/api/v1/complaints/{hidden}/customer")).json();
    assert_eq!(none, json!({"answers": true, "items": []}));
    let shown = house.send("GET", &format!("/console/cases/{hidden}"), &[("cookie", &cookie)], String::new());
    assert!(!shown.body.contains("id=\"crm\"") && fake.take().is_empty());
    let plain = House {
        state: AppState::new(
            house.desk.clone(),
            Locales::load(data::locales(None).unwrap()).unwrap(),
            Settings::default(),
        ),
        ..house
    };
    let off = plain.get(&token, &path);
    assert_eq!((off.status, &off.json()["code"]), (409, &json!("no_customer_system")), "{off:?}");
    assert!(!plain.send("GET", &page, &[("cookie", &cookie)], String::new()).body.contains("id=\"crm\""));
    let known = form(&plain, &cookie, "/console/new/known", "complainant.phone=13800138000");
    assert!(known.status == 200 && !known.body.contains("customer system"), "{known:?}");
    assert!(plain.call(&token, "POST", "/api/v1/complaints/check", &[], &intake()).json()["customer"].is_null());
}

#[test]
fn trouble_is_told_calmly_and_nobody_waits_for_it() {
    let scratch = sqlite().unwrap();
    let (mut house, fake) = connected(&house(&scratch));
    let token = house.token(Role::Admin, "");
    let mut body = intake();
    // One number, so that it is asked once.
    body["subscription"]["number"] = body["complainant"]["phone"].clone();
    for mood in [Mood::Asleep, Mood::Broken, Mood::Torn, Mood::Huge, Mood::NoJson, Mood::Deep, Mood::Redirects] {
        with(&mut house, fake.line(Version::Five));
        fake.is(mood);
        let found = house.call(&token, "POST", "/api/v1/complaints/check", &[], &body);
        assert_eq!(
            (found.status, &found.json()["customer"]),
            (200, &json!({"answers": false, "items": []})),
            "{mood:?}"
        );
        assert_eq!(found.json()["faults"], json!([]), "{mood:?}");
        let asked = fake.take();
        assert!(asked.len() == 1 && asked[0].0.contains("/customer?"), "{mood:?}: {asked:?}");
    }
    // One that passes over the filter answers with somebody else, who is nobody here.
    with(&mut house, fake.line(Version::Five));
    fake.is(Mood::Wrong);
    let found = house.call(&token, "POST", "/api/v1/complaints/check", &[], &body);
    assert_eq!(found.json()["customer"], json!({"answers": true, "items": []}));
    // Whose number it is is told when their products do not come.
    with(&mut house, fake.line(Version::Five));
    fake.is(Mood::HalfAsleep);
    let found = house.call(&token, "POST", "/api/v1/complaints/check", &[], &body).json();
    let one = &found["customer"]["items"][0];
    assert!(one["name"] == "王**" && one["subscriptions"].is_null(), "{found}");

    // After some failures it is left alone, and that is said where one looks for it.
    with(&mut house, fake.line(Version::Five));
    fake.is(Mood::Broken);
    for _ in 0..3 {
        house.call(&token, "POST", "/api/v1/complaints/check", &[], &body);
    }
    fake.take();
    let cookie = house.session("mei", Role::Agent);
    let known = form(&house, &cookie, "/console/new/known", "complainant.phone=13800138000");
    assert!(known.status == 200 && known.body.contains("does not answer"), "{known:?}");
    assert_eq!(fake.take(), [], "it is left alone");
    let figures = house.get(&token, "/metrics").body;
    assert!(figures.contains("redress_crm_answers 0\n"), "{figures}");
    assert!(figures.contains("redress_crm_looks_total{outcome=\"failed\"} 3\n"), "{figures}");
    let ready = house.send("GET", "/readyz", &[], String::new());
    assert_eq!((ready.status, ready.body.as_str()), (200, "ready\nthe customer system does not answer\n"));
    house.register(&token, &intake());
}

#[test]
fn what_is_kept_goes_when_somebody_is_erased() {
    each_database(|scratch| {
        let (house, fake) = connected(&house(scratch));
        let token = house.token(Role::Admin, "");
        let body = json!({"kind": "enquiry", "accept_channel": "app", "category": "B102", "description": "x",
            "complainant": {"name": "Li", "phone": "13900139000"}});
        let case = house.register(&token, &body);
        let id = case["id"].as_str().unwrap();
        let steps =
            [("accept", json!({})), ("reply", json!({"mode": "app", "content": "see the bill"})), ("close", json!({}))];
        for (version, (verb, body)) in (1..).zip(steps) {
            assert_eq!(house.act(&token, id, version, verb, &body).status, 200, "{verb}");
        }
        let path = format!("/api/v1/complaints/{id}/customer");
        let ask = || house.call(&token, "POST", "/api/v1/complaints/check", &[], &intake());
        assert_eq!(house.get(&token, &path).json()["items"][0]["name"], "陈*");
        ask();
        fake.take();
        ask();
        assert_eq!(fake.take(), []);
        let gone =
            house.call(&token, "POST", &format!("/api/v1/complaints/{id}/erasure"), &[], &json!({"reason": "asked"}));
        assert_eq!(gone.status, 200, "{gone:?}");
        ask();
        assert_ne!(fake.take(), [], "nothing of anybody was kept");
        let never = house.get(&token, &path);
        assert!(never.status == 410 || never.status == 409, "{never:?}");
        assert_eq!(fake.take(), []);
        house.desk.db().close();
    })
    .unwrap();
}

#[test]
fn many_who_ask_at_once_are_one_question() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let fake = Fake::start(&runtime);
    let crm = fake.line(Version::Four);
    let names = runtime.block_on(async {
        let asked: Vec<_> = (0..20)
            .map(|_| {
                let crm = crm.clone();
                tokio::spawn(
                    async move { crm.about(&Number::of(Some("13800138000"), Some("+86 138 0013 8000"))).await },
                )
            })
            .collect();
        let mut names = Vec::new();
        for one in asked {
            let Told::Known(known) = one.await.unwrap() else { panic!("it answers") };
            names.extend(known.into_iter().filter_map(|one| one.name));
        }
        names
    });
    assert_eq!(names, ["王小明"; 20]);
    let asked: Vec<String> = fake.take().into_iter().map(|(path, _)| path).collect();
    let four =
        "/crm/tmf-api/customerManagement/v4/customer?contactMedium.characteristic.phoneNumber=%2B8613800138000&limit=3";
    assert_eq!(asked.iter().filter(|path| *path == four).count(), 1, "{asked:?}");
    assert!(
        asked.contains(&"/crm/tmf-api/productInventory/v4/product?relatedParty.id=c1&limit=20".to_owned()),
        "{asked:?}"
    );
    assert_eq!(asked.len(), 3, "{asked:?}");
    // Nobody waits for whoever asked first and went away.
    fake.is(Mood::Well);
    let first = crm.clone();
    runtime.block_on(async {
        let gone = tokio::spawn(async move { first.about(&Number::of(Some("13900139000"), None)).await });
        tokio::task::yield_now().await;
        gone.abort();
        assert!(
            matches!(crm.about(&Number::of(Some("13900139000"), None)).await, Told::Known(known) if known.len() == 1)
        );
    });
}

/// Whose caller a system is not asked for, at all.
#[test]
fn a_programme_without_sight_of_cases_is_told_nothing() {
    let scratch = sqlite().unwrap();
    let (house, fake) = connected(&house(&scratch));
    let system = Caller::system(house.desk.root());
    let token = house.desk.create_token(&system, "in", Role::Integration, "", &[desk::caller::Scope::Write]).unwrap();
    let refused = house.call(&token, "POST", "/api/v1/complaints/check", &[], &intake());
    assert_eq!((refused.status, fake.take()), (403, Vec::new()), "{refused:?}");
}
