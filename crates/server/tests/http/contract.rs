//! The OpenAPI document against what the server really does: the same routes, bodies it accepts, answers it gives.

use crate::{Answer, House, house, intake};
use domain::actor::Role;
use serde_json::{Value, json};
use server::openapi::describe;
use server::routes::{Method, table};
use std::collections::BTreeSet;

/// Says where a value differs from a schema; knows as much of JSON Schema as the document uses. Members that a schema
/// with properties does not name are differences: what is not described does not exist.
fn compare(document: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = document.pointer(reference.trim_start_matches('#')).unwrap();
        return compare(document, target, value, at, found);
    }
    let right = match schema["type"].as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        other => panic!("{at}: type {other:?}"),
    };
    if !right {
        found.push(format!("{at}: {value} is no {}", schema["type"]));
        return;
    }
    if let Some(codes) = schema["enum"].as_array()
        && !codes.contains(value)
    {
        found.push(format!("{at}: {value} is none of {codes:?}"));
    }
    if let (Some(text), Some(most)) = (value.as_str(), schema["maxLength"].as_u64())
        && text.chars().count() as u64 > most
    {
        found.push(format!("{at}: too long"));
    }
    if let (Some(number), Some(least), Some(most)) =
        (value.as_i64(), schema["minimum"].as_i64(), schema["maximum"].as_i64())
        && !(least..=most).contains(&number)
    {
        found.push(format!("{at}: {number} is out of bounds"));
    }
    if schema["format"] == "date-time" && value.as_str().unwrap().parse::<jiff::Timestamp>().is_err() {
        found.push(format!("{at}: {value} is no moment"));
    }
    for name in schema["required"].as_array().into_iter().flatten() {
        if value.get(name.as_str().unwrap()).is_none() {
            found.push(format!("{at}: {name} is missing"));
        }
    }
    if let (Some(members), Some(known)) = (value.as_object(), schema["properties"].as_object()) {
        for (name, member) in members {
            match known.get(name) {
                Some(inner) => compare(document, inner, member, &format!("{at}.{name}"), found),
                None => found.push(format!("{at}.{name} is not described")),
            }
        }
    }
    if let (Some(list), false) = (value.as_array(), schema["items"].is_null()) {
        for (position, one) in list.iter().enumerate() {
            compare(document, &schema["items"], one, &format!("{at}[{position}]"), found);
        }
    }
}

fn differences(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare(document, schema, value, "", &mut found);
    found
}

struct Contract {
    document: Value,
    seen: BTreeSet<String>,
}

impl Contract {
    /// Compares an answer with what the document promises for it.
    fn holds(&mut self, method: &str, path: &str, answer: &Answer) {
        let operation = &self.document["paths"][path][method];
        let promised = &operation["responses"][answer.status.to_string()]["content"]["application/json"]["schema"];
        assert!(promised.is_object(), "{method} {path} answers {}: {}", answer.status, answer.body);
        assert_eq!(answer.header("content-type"), "application/json", "{path}");
        assert_eq!(differences(&self.document, promised, &answer.json()), [""; 0], "{method} {path}: {}", answer.body);
        assert!(!answer.body.contains(":null") && !answer.body.contains("[null"), "{path}: {}", answer.body);
        self.seen.insert(format!("{method} {path}"));
    }

    fn body(&self, path: &str, body: &Value) {
        let schema = &self.document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"];
        assert_eq!(differences(&self.document, schema, body), [""; 0], "{path} {body}");
    }
}

#[test]
fn the_document_is_the_table() {
    let document = describe();
    let mut described: Vec<String> = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        described.extend(operations.as_object().unwrap().keys().map(|method| format!("{method} {path}")));
    }
    let routes = table().into_iter().filter(|route| route.operation.is_some());
    let method = |route: &server::routes::Route| if route.method == Method::Get { "get" } else { "post" };
    let mut expected: Vec<String> = routes.map(|route| format!("{} {}", method(&route), route.path)).collect();
    described.sort();
    expected.sort();
    assert_eq!(described, expected);
    // Nothing under the API's root goes without a description.
    assert!(table().iter().all(|route| route.operation.is_some() || !route.path.starts_with("/api/")));
}

#[test]
fn schemas_tell_right_bodies_from_wrong_ones() {
    let contract = Contract { document: describe(), seen: BTreeSet::new() };
    contract.body("/api/v1/complaints", &intake());
    let schema = &contract.document["paths"]["/api/v1/complaints"]["post"]["requestBody"]["content"]["application/json"]
        ["schema"];
    for (pointer, wrong) in [
        ("/kind", json!("grumble")),
        ("/kind", json!(1)),
        ("/colour", json!("red")),
        ("/complainant/vulnerable", json!(["elder"])),
        ("/subscription/star", json!(99)),
        ("/amount", json!(100)),
        ("/occurred_at", json!("yesterday")),
        ("/contract_document_at", json!("1 May")),
    ] {
        let mut body = intake();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        body.pointer_mut(parent).unwrap()[name] = wrong;
        assert_ne!(differences(&contract.document, schema, &body), [""; 0], "{pointer}");
    }
    let mut body = intake();
    body.as_object_mut().unwrap().remove("description");
    assert_ne!(differences(&contract.document, schema, &body), [""; 0]);
}

/// Wordings of messages, which persons ask for and decide about.
fn wordings(contract: &mut Contract, house: &House, token: &str) {
    let (asks, decides) = (house.session("asks", Role::Supervisor), house.session("decides", Role::Compliance));
    let send = |cookie: &str, path: &str, body: &Value| {
        let headers = [("cookie", cookie), ("content-type", "application/json"), ("sec-fetch-site", "same-origin")];
        house.send("POST", path, &headers, body.to_string())
    };
    let path = "/api/v1/wordings";
    let asked = json!({"part": "receipt", "language": "en", "text": "We have it: {number}\n{at}", "note": "shorter"});
    for (version, verb) in [(1, "approve"), (2, "refuse")] {
        contract.body(path, &asked);
        contract.holds("post", path, &send(&asks, path, &asked));
        let decide = format!("{path}/{{part}}/{{language}}/{{version}}/{verb}");
        contract.body(&decide, &json!({}));
        let at = format!("{path}/receipt/en/{version}/{verb}");
        contract.holds("post", &decide, &send(&decides, &at, &json!({})));
    }
    contract.holds("get", path, &house.get(token, path));
}

/// Models somebody asks for. What is learnt takes more cases than there are here: `desk::models` is tested with them.
fn models(contract: &mut Contract, house: &House, token: &str) {
    let path = "/api/v1/models";
    let asks = house.session("learns", Role::Admin);
    let headers = [("cookie", asks.as_str()), ("content-type", "application/json"), ("sec-fetch-site", "same-origin")];
    contract.body(path, &json!({}));
    let asked = house.send("POST", path, &headers, "{}");
    contract.holds("post", path, &asked);
    let one = format!("{path}/{}", asked.json()["id"].as_str().unwrap());
    contract.holds("get", "/api/v1/models/{id}", &house.get(token, &one));
    for path in [path, "/api/v1/models/drift"] {
        contract.holds("get", path, &house.get(token, path));
    }
    // The one asked for above is settled first.
    assert!(desk::models::go_on(&house.desk, "node", || false).unwrap());
    let labelled = json!({"csv": "text,category,unit,grade\n没信号,A101,,normal\n"});
    contract.body("/api/v1/models/file", &labelled);
    contract.holds(
        "post",
        "/api/v1/models/file",
        &house.send("POST", "/api/v1/models/file", &headers, labelled.to_string()),
    );
    contract.seen.insert("post /api/v1/models/{id}/activate".to_owned());
    contract.seen.insert("post /api/v1/models/roll-back".to_owned());
}

/// The other ends a case may come to, and what waits to be seen.
fn ended(house: &House, contract: &mut Contract, token: &str, lead: &str) {
    let mut act = |who: &str, id: &Value, version: i64, verb: &str, body: Value| {
        let path = format!("/api/v1/complaints/{{id}}/{verb}");
        contract.body(&path, &body);
        let answer = house.act(who, id.as_str().unwrap(), version, verb, &body);
        contract.holds("post", &path, &answer);
    };
    let fresh = || house.register(token, &intake())["id"].clone();
    let told = fresh();
    act(token, &told, 1, "accept", json!({}));
    act(token, &told, 2, "propose", json!({"outcome": "退费"}));
    act(lead, &told, 3, "approve", json!({}));
    act(token, &told, 4, "ask-reading", json!({"paper": "reply", "content": "退了"}));
    let reader = house.token(Role::Quality, "");
    act(&reader, &told, 5, "return-reading", json!({"reading": 1, "reason": "写明金额"}));
    act(token, &told, 6, "ask-reading", json!({"paper": "reply", "content": "已退费30元"}));
    act(&reader, &told, 7, "release-reading", json!({"reading": 2}));
    act(token, &told, 8, "reply", json!({"mode": "phone", "reading": 2}));
    act(token, &told, 9, "dispute", json!({"reason": "金额不对"}));
    act(lead, &told, 10, "declare-deadlock", json!({"position": "维持处理结果"}));
    act(token, &fresh(), 1, "withdraw", json!({"mode": "phone", "reason": "不投诉了"}));
    let ground = json!({
        "ground": "out_of_scope", "explanation": "非本企业业务", "next_channel": "other_operator", "mode": "phone",
    });
    act(token, &fresh(), 1, "decline", ground);
    let void = fresh();
    act(token, &void, 1, "request-void", json!({"reason": "重复录入"}));
    act(lead, &void, 2, "confirm-void", json!({"decision": "confirm"}));
    act(token, &fresh(), 1, "merge", json!({"into": told, "reason": "同一扣费"}));
}

/// What the customer system says, of a case and while a contact is registered.
fn customers(contract: &mut Contract, house: &House, token: &str, id: &str) {
    let (house, _fake) = crate::crm::connected(house);
    let path = "/api/v1/complaints/{id}/customer";
    contract.holds("get", path, &house.get(token, &path.replace("{id}", id)));
    let ask = json!({"purpose": "investigate", "reason": "核查"});
    contract.holds("post", path, &house.call(token, "POST", &path.replace("{id}", id), &[], &ask));
    let check = "/api/v1/complaints/check";
    contract.holds("post", check, &house.call(token, "POST", check, &[], &intake()));
}

/// What a machine outside says.
fn assistant(contract: &mut Contract, house: &House, token: &str, id: &str) {
    let (house, _fake) = crate::assist::connected(house);
    let path = "/api/v1/complaints/{id}/assist";
    for ask in [json!({"kind": "summary"}), json!({"kind": "translation", "entry": 1, "language": "en"})] {
        contract.body(path, &ask);
        contract.holds("post", path, &house.call(token, "POST", &path.replace("{id}", id), &[], &ask));
    }
}

/// The survey, and what customers get, to billing and back.
fn remedies(contract: &mut Contract, house: &House, token: &str, lead: &str) {
    let third = house.token(Role::Quality, "");
    let made = house.register(token, &intake());
    let id = made["id"].as_str().unwrap().to_owned();
    let number = made["number"].as_str().unwrap().to_owned();
    let sum = |value: &str| json!({"value": value, "currency": "CNY"});
    let version = std::cell::Cell::new(1);
    let act = |contract: &mut Contract, who: &str, verb: &str, body: Value| {
        let path = format!("/api/v1/complaints/{{id}}/{verb}");
        contract.body(&path, &body);
        let answer = house.act(who, &id, version.get(), verb, &body);
        contract.holds("post", &path, &answer);
        version.set(answer.json()["version"].as_i64().unwrap());
        contract.holds("get", "/api/v1/complaints/{id}", &house.get(token, &format!("/api/v1/complaints/{id}")));
    };
    act(contract, token, "accept", json!({}));
    let first = json!({"remedy": "refund", "amount": sum("30.00"), "reason": "先退后查", "first": true});
    act(contract, lead, "propose-compensation", first);
    let found = json!({
        "compensation": 1, "justified": true, "finding": "属实", "add": sum("10.00"), "recover": sum("40.00"),
        "recover_from": "partner", "partner": "合作方",
    });
    let decides = house.token(Role::Compliance, "");
    act(contract, &decides, "verify-compensation", found);
    act(contract, &decides, "settle-recovery", json!({"compensation": 1, "result": "written_off"}));
    act(contract, lead, "send-compensation", json!({"compensation": 1}));
    let failed = json!({"compensation": 1, "result": "failed", "ground": "account_closed"});
    act(contract, lead, "confirm-compensation", failed);
    act(contract, token, "propose", json!({"outcome": "退费"}));
    act(contract, lead, "approve", json!({}));
    act(contract, token, "reply", json!({"mode": "phone", "content": "已退费"}));
    let path = "/api/v1/complaints/{id}/survey-link";
    contract.body(path, &json!({}));
    let link = house.call(token, "POST", &path.replace("{id}", &id), &[], &json!({}));
    contract.holds("post", path, &link);
    version.set(version.get() + 1);
    let bad = json!({"outcome": "reached", "satisfied": "dissatisfied", "solved": false});
    act(contract, &third, "call-back", bad);
    act(contract, &decides, "decide-review", json!({"decision": "upheld", "reason": "依据充分"}));
    for (path, query) in [
        ("/api/v1/remedies", "?standing=failed&limit=1"),
        ("/api/v1/remedies/billing", ""),
        ("/api/v1/survey-rates", "?from=2026-11&by=unit"),
    ] {
        contract.holds("get", path, &house.get(token, &format!("{path}{query}")));
    }
    let path = "/api/v1/complaints/{id}/similar";
    contract.holds("get", path, &house.get(token, &path.replace("{id}", &id)));
    let path = "/api/v1/complaints/{id}/similar-remedies";
    let similar = house.get(token, &format!("{}?remedy=refund", path.replace("{id}", &id)));
    contract.holds("get", path, &similar);
    contract.body("/api/v1/remedies/send", &json!({}));
    let sent = house.call(lead, "POST", "/api/v1/remedies/send", &[], &json!({}));
    contract.holds("post", "/api/v1/remedies/send", &sent);
    assert!(sent.json()["sent"].as_u64().unwrap() >= 1, "{sent:?}");
    contract.holds("get", "/api/v1/remedies/file", &house.get(lead, "/api/v1/remedies/file"));
    let file = house.get(lead, "/api/v1/remedies/file?format=csv");
    assert!(file.status == 200 && file.header("content-type").starts_with("text/csv"), "{file:?}");
    assert!(file.body.contains(&format!("{number}-R2,1,{number},refund,10.00,CNY,13800138000,")), "{}", file.body);
    let path = "/api/v1/remedies/{id}/confirmation";
    let body = json!({"result": "paid", "reference": "B-7", "attempt": 1});
    contract.body(path, &body);
    for replayed in [false, true] {
        let said = house.call(lead, "POST", &path.replace("{id}", &format!("{number}-R2")), &[], &body);
        contract.holds("post", path, &said);
        assert_eq!(said.json()["replayed"], json!(replayed), "{said:?}");
    }
}

/// A matter of another body, through all its stages.
fn bodies(house: &House, contract: &mut Contract, token: &str) {
    let mut handed = crate::handoff();
    handed["number"] = json!("预〔2026〕9号");
    handed["request"] = json!("pretreatment");
    handed["complaint"]["complainant"]["name"] = json!("李四");
    let receipt = house.call(token, "POST", "/api/v1/handoffs", &[], &handed);
    contract.holds("post", "/api/v1/handoffs", &receipt);
    assert!(!receipt.json()["suggested"].as_array().unwrap().is_empty(), "one telephone, two names: {receipt:?}");
    let id = receipt.json()["case"].as_str().unwrap().to_owned();
    let steps = [
        ("record-admission", json!({"admission": "admitted", "reference": "受〔2026〕9号", "remark": "符合条件"})),
        ("record-transfer", json!({"reference": "转〔2026〕9号"})),
        ("feed-back", json!({"content": "已退费，客户同意撤诉", "reference": "复〔2026〕9号"})),
        ("record-mediation", json!({"matter": 1, "reference": "调〔2026〕9号"})),
        ("record-end", json!({"result": "mediated", "reference": "结〔2026〕9号"})),
    ];
    for (position, (verb, body)) in steps.iter().enumerate() {
        let path = format!("/api/v1/complaints/{{id}}/{verb}");
        contract.body(&path, body);
        let answer = house.act(token, &id, position as i64 + 1, verb, body);
        contract.holds("post", &path, &answer);
        let case = house.get(token, &format!("/api/v1/complaints/{id}"));
        contract.holds("get", "/api/v1/complaints/{id}", &case);
    }
    bundle(contract, house, token, &id, "/api/v1/complaints/{id}/matters/{n}/bundle");
}

/// A way outside, of a country whose bodies are turned to by the customer.
fn referred(contract: &mut Contract) {
    let scratch = store::testing::sqlite().unwrap();
    let house = crate::house_under(&scratch, Some("au"));
    let token = house.token(Role::Admin, "");
    let made = house.register(&token, &intake());
    let id = made["id"].as_str().unwrap();
    let steps = [
        ("refer", json!({"route": "tio", "reason": "asks for an answer", "number": "TIO-1", "reference": "R1"})),
        ("record-step", json!({"stage": "ended", "referral": 1, "reference": "R2", "remark": "settled"})),
    ];
    for (verb, body) in steps {
        let path = format!("/api/v1/complaints/{{id}}/{verb}");
        contract.body(&path, &body);
        let version = house.get(&token, &format!("/api/v1/complaints/{id}")).json()["version"].as_i64().unwrap();
        contract.holds("post", &path, &house.act(&token, id, version, verb, &body));
        contract.holds("get", "/api/v1/complaints/{id}", &house.get(&token, &format!("/api/v1/complaints/{id}")));
    }
    bundle(contract, &house, &token, id, "/api/v1/complaints/{id}/referrals/{n}/bundle");
    house.desk.db().close();
}

/// What a body is given is no JSON and described by its media type.
fn bundle(contract: &mut Contract, house: &House, token: &str, id: &str, path: &str) {
    let answer = house.get(token, &(path.replace("{id}", id).replace("{n}", "1") + "?purpose=regulator&reason=x"));
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
    let described = &contract.document["paths"][path]["get"]["responses"]["200"]["content"]["application/zip"];
    assert!(described.is_object(), "{path}");
    contract.seen.insert(format!("get {path}"));
}

/// What a person is told, and the jobs that tell it.
fn told(house: &House, contract: &mut Contract, token: &str, cookie: &str) {
    let now = house.desk.time().now().as_microsecond();
    house.desk.db().write_now(move |tx| store::jobs::enqueue(tx, "unheard-of", "k", "{}", now)).unwrap();
    house
        .desk
        .db()
        .write_now(|tx| {
            for job in store::jobs::claim(tx, i64::MAX - 1, i64::MAX, "test", 100)? {
                match job.kind.as_str() {
                    "unheard-of" => store::jobs::bury(tx, job.id, "test", "nobody does this")?,
                    _ => store::jobs::retry_later(tx, job.id, "test", 0, "")?,
                }
            }
            Ok::<_, store::StoreError>(())
        })
        .unwrap();
    house.runtime.block_on(desk::jobs::run_timely(&house.desk, "node")).unwrap();
    let dead = house.get(token, "/api/v1/jobs");
    contract.holds("get", "/api/v1/jobs", &dead);
    let again = format!("/api/v1/jobs/{}/retry", dead.json()["items"][0]["id"].as_str().unwrap());
    contract.holds("post", "/api/v1/jobs/{id}/retry", &house.call(token, "POST", &again, &[], &Value::Null));
    let own = [("cookie", cookie)];
    let list = house.send("GET", "/api/v1/notices", &own, "");
    contract.holds("get", "/api/v1/notices", &list);
    let group = format!("/api/v1/notices/groups/{}/read", list.json()["groups"][0]["id"].as_str().unwrap());
    contract.holds("post", "/api/v1/notices/groups/{id}/read", &house.send("POST", &group, &own, ""));
    assert_eq!(house.send("POST", &group, &own, "").status, 404, "nothing unread is left of it");
    let case = list.json()["items"][0]["number"].as_str().unwrap().to_owned();
    for (path, method) in [("follow", "POST"), ("followers", "GET"), ("unfollow", "POST"), ("presence", "GET")] {
        let answer = house.send(method, &format!("/api/v1/complaints/{case}/{path}"), &own, "");
        contract.holds(&method.to_lowercase(), &format!("/api/v1/complaints/{{id}}/{path}"), &answer);
    }
    let wanted = json!({"mail": "at_once", "email": "agent@example.com", "quiet_from": "22:00", "quiet_until": "07:30",
        "urgent": true, "language": "en"});
    contract.body("/api/v1/me/notifications", &wanted);
    let json_own = [("cookie", cookie), ("content-type", "application/json")];
    let chosen = house.send("POST", "/api/v1/me/notifications", &json_own, wanted.to_string());
    contract.holds("post", "/api/v1/me/notifications", &chosen);
    assert_eq!(chosen.json()["quiet_until"], "07:30");
    contract.holds("get", "/api/v1/me/notifications", &house.send("GET", "/api/v1/me/notifications", &own, ""));
    // What was read stays read; another notice is written for the way by one.
    let (me, id) = (house.send("GET", "/api/v1/me", &own, "").json(), uuid::Uuid::now_v7());
    let user: uuid::Uuid = me["actor"].as_str().unwrap().trim_start_matches("user:").parse().unwrap();
    house
        .desk
        .db()
        .write_now(move |tx| {
            let found = store::cases::id_by_number(tx, &case)?.unwrap();
            let (kind, rule) = ("assigned".to_owned(), String::new());
            let row = store::NoticeRow { id, user, case: found, kind, rule, percent: 0, at: now, run: None, mail: 0 };
            store::notices::insert(tx, &row)
        })
        .unwrap();
    let read = format!("/api/v1/notices/{id}/read");
    contract.holds("post", "/api/v1/notices/{id}/read", &house.send("POST", &read, &own, ""));
    contract.holds("post", "/api/v1/notices/read", &house.send("POST", "/api/v1/notices/read", &own, ""));
}

/// Messages to and from customers, and drafts of them.
fn messages(contract: &mut Contract, house: &House, token: &str, cookie: &str) {
    let take = |raw: &str| {
        let taken = server::mail_in::take(&house.desk, raw.as_bytes().to_vec(), None, true);
        house.runtime.block_on(taken).unwrap()
    };
    for n in 0..3 {
        take(&format!("From: a@b.cn, c@d.cn\r\nSubject: {n}\r\n\r\nwords"));
    }
    let list = house.get(token, "/api/v1/letterbox");
    contract.holds("get", "/api/v1/letterbox", &list);
    let ids: Vec<String> =
        list.json()["items"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect();
    contract.holds("get", "/api/v1/letterbox/{id}", &house.get(token, &format!("/api/v1/letterbox/{}", ids[0])));
    let case = house.register(token, &intake());
    let (id, number) = (case["id"].as_str().unwrap(), case["number"].clone());
    let bodies = [
        json!({"decision": "register"}),
        json!({"decision": "attach", "case": number}),
        json!({"decision": "discard", "reason": "advertising"}),
    ];
    for (mail, body) in ids.iter().zip(&bodies) {
        let path = "/api/v1/letterbox/{id}/decide";
        contract.body(path, body);
        contract.holds("post", path, &house.call(token, "POST", &path.replace("{id}", mail), &[], body));
    }
    let body = json!({"way": "sms", "content": "您好，请回电。"});
    contract.body("/api/v1/complaints/{id}/send-message", &body);
    let version = house.get(token, &format!("/api/v1/complaints/{id}")).json()["version"].as_i64().unwrap();
    contract.holds(
        "post",
        "/api/v1/complaints/{id}/send-message",
        &house.act(token, id, version, "send-message", &body),
    );
    house.runtime.block_on(desk::jobs::run_timely(&house.desk, "node")).unwrap();
    let sent = house.get(token, &format!("/api/v1/complaints/{id}/messages"));
    contract.holds("get", "/api/v1/complaints/{id}/messages", &sent);
    assert_eq!(sent.json()["items"][0]["why"], "no_way", "{sent:?}");
    let path = "/api/v1/complaints/{id}/drafts";
    let body = json!({"verb": "reply", "content": "尚未写完"});
    contract.body(path, &body);
    let own = [("cookie", cookie), ("content-type", "application/json")];
    let kept = house.send("POST", &path.replace("{id}", id), &own, body.to_string());
    contract.holds("post", path, &kept);
    assert_eq!(kept.json()["items"][0]["content"], "尚未写完", "{kept:?}");
    contract.holds("get", path, &house.send("GET", &path.replace("{id}", id), &own, ""));
}

/// A report of the month under way, and the cases its figures lead to.
fn reports(contract: &mut Contract, house: &House, token: &str) {
    desk::jobs::rollup::go_on(&house.desk, "node", 0, || false).unwrap();
    contract.holds("get", "/api/v1/reports", &house.get(token, "/api/v1/reports"));
    let month = crate::reports::this_month();
    let made = house.get(token, &format!("/api/v1/reports/cn-monthly?period={month}"));
    contract.holds("get", "/api/v1/reports/{report}", &made);
    let made = made.json();
    let links = made["tables"].as_array().unwrap().iter().flat_map(|table| table["rows"].as_array().unwrap());
    let links = links.flat_map(|row| row["cells"].as_array().unwrap()).filter_map(|cell| cell["cases"].as_str());
    let links: Vec<&str> = links.collect();
    assert!(links.len() > 5, "{made}");
    for link in links {
        let behind = house.get(token, link);
        contract.holds("get", "/api/v1/reports/{report}/cases", &behind);
        assert!(!behind.json()["items"].as_array().unwrap().is_empty(), "{link}");
    }
}

/// Rules asked for by one person and decided by another.
fn rules(contract: &mut Contract, house: &House, token: &str) {
    let asks = house.session("he", Role::Compliance);
    let decides = house.session("gu", Role::Admin);
    let post = |who: &str, path: &str, body: &Value| {
        let headers = [("cookie", who), ("content-type", "application/json")];
        house.send("POST", path, &headers, body.to_string())
    };
    for (verb, who) in [("withdraw", &asks), ("refuse", &decides), ("approve", &decides)] {
        let body = crate::rules::activation("9.0.0", "47h");
        contract.body("/api/v1/activations", &body);
        let asked = post(&asks, "/api/v1/activations", &body);
        contract.holds("post", "/api/v1/activations", &asked);
        let id = asked.json()["id"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/activations/{{id}}/{verb}");
        contract.holds("post", &path, &post(who, &path.replace("{id}", &id), &json!({})));
    }
    contract.holds("get", "/api/v1/activations", &house.get(token, "/api/v1/activations"));
    let mut body = crate::rules::draft("9.1.0", "46h");
    body["since"] = json!("2020-01-01");
    contract.body("/api/v1/whatif", &body);
    let found = post(&asks, "/api/v1/whatif", &body);
    assert!(found.json()["changed"].as_u64().unwrap() > 0, "{found:?}");
    contract.holds("post", "/api/v1/whatif", &found);
}

/// Work orders, each step of them, and the lists they stand in.
fn orders(contract: &mut Contract, house: &House, token: &str, lead: &str) {
    let unit = |code: &str| {
        let new = desk::organisation::NewUnit {
            code: code.to_owned(),
            name: code.to_owned(),
            parent: Some(house.desk.root()),
            region: String::new(),
            duties: Vec::new(),
        };
        desk::organisation::add_unit(&house.desk, &desk::Caller::system(house.desk.root()), &new).unwrap().to_string()
    };
    let (net, bill) = (unit("x-net"), unit("x-bill"));
    let id = house.register(token, &intake())["id"].as_str().unwrap().to_owned();
    let later = |hours| (house.desk.time().now() + jiff::SignedDuration::from_hours(hours)).to_string();
    let task =
        |kind: &str, unit: &str| json!({"order_kind": kind, "unit": unit, "task": "请核查", "reply_by": later(4)});
    let no = |order: u32| json!({"order": order, "refusal": "not_our_duty", "reason": "归对方"});
    let steps = [
        (
            token,
            "dispatch",
            json!({
                "order_kind": "handle", "unit": net, "task": "查基站", "pre_treatment": "已重启", "accept_by": later(1),
                "reply_by": later(4),
            }),
        ),
        (token, "accept-order", json!({"order": 1})),
        (token, "report-order", json!({"text": "在查"})),
        (lead, "urge-order", json!({"text": "客户在催"})),
        (token, "ask-extension", json!({"reply_by": later(6), "reason": "缺件"})),
        (lead, "decide-extension", json!({"granted": true, "remark": "同意"})),
        (token, "hand-over-order", json!({"unit": bill, "reason": "归计费"})),
        (token, "answer-order", json!({"result": "已查明"})),
        (lead, "bounce-order", json!({"reason": "不全", "reply_by": later(5)})),
        (token, "return-order", json!({"reason": "请补充号码"})),
        (token, "dispatch", task("handle", &net)),
        (token, "refuse-order", no(2)),
        (token, "dispatch", task("handle", &bill)),
        (token, "refuse-order", no(3)),
        (token, "rule-ownership", json!({"unit": net, "reason": "涉及网络", "reply_by": later(5)})),
        (token, "cancel-order", json!({"order": 4, "reason": "已另行解决"})),
        (token, "dispatch", task("visit", &bill)),
        (token, "book-visit", json!({"from": later(1), "to": later(2)})),
        (token, "record-arrival", json!({})),
        (token, "dispatch", task("supervise", &net)),
        (lead, "approve-order", json!({"order": 6, "approved": true})),
    ];
    for (position, (who, verb, body)) in steps.iter().enumerate() {
        let path = format!("/api/v1/complaints/{{id}}/{verb}");
        contract.body(&path, body);
        let answer = house.act(who, &id, position as i64 + 1, verb, body);
        contract.holds("post", &path, &answer);
        contract.holds("get", "/api/v1/complaints/{id}", &house.get(token, &format!("/api/v1/complaints/{id}")));
    }
    let listed = house.get(token, &format!("/api/v1/orders?unit={bill}"));
    assert_eq!(listed.json()["items"].as_array().unwrap().len(), 1, "{listed:?}");
    contract.holds("get", "/api/v1/orders", &listed);
    let id = house.register(token, &intake())["id"].as_str().unwrap().to_owned();
    for (position, body) in [
        json!({"what": "回电", "due_at": later(4), "call_back": true}),
        json!({"mode": "phone", "outcome": "no_answer", "promise": 1, "next_at": later(24)}),
    ]
    .iter()
    .enumerate()
    {
        let verb = ["promise", "record-contact"][position];
        contract.body(&format!("/api/v1/complaints/{{id}}/{verb}"), body);
        assert_eq!(house.act(token, &id, position as i64 + 1, verb, body).status, 200);
    }
    contract.holds("get", "/api/v1/complaints/{id}", &house.get(token, &format!("/api/v1/complaints/{id}")));
    contract.holds("get", "/api/v1/callbacks", &house.get(token, "/api/v1/callbacks"));
    let rulings = house.get(token, "/api/v1/rulings?category=B204");
    assert_eq!(rulings.json()["items"][0]["unit"], net);
    contract.holds("get", "/api/v1/rulings", &rulings);
    contract.holds("get", "/api/v1/ledger", &house.get(token, "/api/v1/ledger?by=stage"));
}

/// Every answer of the API along a life, compared with its description.
/// The same on many cases, looked up again and taken back.
fn bulk(house: &House, contract: &mut Contract, token: &str) {
    let number = house.register(token, &intake())["number"].clone();
    let system = desk::Caller::system(house.desk.root());
    let unit =
        house.runtime.block_on(house.desk.units(&system)).unwrap().iter().map(|unit| unit.id.to_string()).next_back();
    let body = json!({"cases": [number, "TS-20200101-000001-1"], "assign": {"unit": unit}});
    contract.body("/api/v1/bulk", &body);
    let done = house.call(token, "POST", "/api/v1/bulk", &[], &body);
    contract.holds("post", "/api/v1/bulk", &done);
    let at = format!("/api/v1/bulk/{}", done.json()["id"].as_str().unwrap());
    contract.holds("get", "/api/v1/bulk/{id}", &house.get(token, &at));
    let undone = house.call(token, "POST", &format!("{at}/undo"), &[], &json!({}));
    contract.holds("post", "/api/v1/bulk/{id}/undo", &undone);
}

#[test]
fn answers_are_what_the_document_promises() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let (token, lead) = (house.token(Role::Admin, ""), house.token(Role::Supervisor, ""));
    // Nobody judges a proposal of their own.
    let who = |verb: &str| {
        if ["approve", "send-back", "approve-compensation", "release-reading"].contains(&verb) { &lead } else { &token }
    };
    let mut contract = Contract { document: describe(), seen: BTreeSet::new() };
    let mut body = intake();
    body.as_object_mut().unwrap().remove("category");
    contract.body("/api/v1/complaints", &body);
    let made = house.call(&token, "POST", "/api/v1/complaints", &[], &body);
    contract.holds("post", "/api/v1/complaints", &made);
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let cookie = house.session("lin", Role::Agent);
    let colleague = house.get(&token, "/api/v1/users").json()["items"][0]["id"].clone();
    let root = house.desk.root().to_string();
    let tomorrow = (house.desk.time().now() + jiff::SignedDuration::from_hours(24)).to_string();
    let second = house.register(&token, &intake())["number"].clone();
    let steps = [
        ("classify", json!({"category": "B204"})),
        ("accept", json!({})),
        ("assign", json!({"user": colleague})),
        ("note", json!({"text": "客户来电"})),
        ("grade", json!({"severity": "major", "urgency": "normal", "reason": "群体"})),
        ("re-grade", json!({"severity": "major", "urgency": "urgent", "reason": "升级"})),
        ("transfer", json!({"unit": root, "reason": "转由总部处理"})),
        ("supplement", json!({"text": "又扣一次", "channel": "hotline", "urging": true})),
        (
            "record-contact",
            json!({"mode": "phone", "outcome": "reached", "number": "13900139000", "summary": "已说明"}),
        ),
        ("notify-progress", json!({"mode": "sms", "content": "正在核查"})),
        ("agree-progress", json!({"hours": 72, "note": "客户同意三日一报"})),
        ("promise", json!({"what": "周五前回电", "due_at": tomorrow})),
        ("keep-promise", json!({"promise": 1, "remark": "已回电"})),
        ("suspend", json!({"wait_for": "waiting_parts", "until": tomorrow, "reason": "缺货"})),
        ("resume", json!({"remark": "备件已到"})),
        ("place-hold", json!({"reason": "诉讼"})),
        ("lift-hold", json!({"hold": 1, "reason": "已结"})),
        ("link", json!({"to": second, "relation": "related"})),
        ("judge-similar", json!({"other": second, "useful": true})),
        ("propose", json!({"outcome": "退费", "finding": "属实"})),
        ("send-back", json!({"reason": "依据不足"})),
        ("propose", json!({"outcome": "退费一百元"})),
        ("approve", json!({})),
        ("ask-reading", json!({"paper": "reply", "content": "已退费"})),
        ("release-reading", json!({"reading": 1, "remark": "可以"})),
        ("reply", json!({"mode": "phone", "reading": 1, "to_merged": true})),
        (
            "propose-compensation",
            json!({
                "rule": "rent_waived", "monthly_fee": {"value": "99.00", "currency": "CNY"},
                "from": "2026-07-03T10:00:00+08:00", "until": "2026-07-05T18:00:00+08:00",
            }),
        ),
        ("refuse-compensation", json!({"compensation": 1, "remark": "期间有误"})),
        ("propose-compensation", json!({"amount": {"value": "20.00", "currency": "CNY"}, "reason": "多次来电"})),
        ("approve-compensation", json!({"compensation": 2, "remark": "同意"})),
        ("pay-compensation", json!({"compensation": 2, "mode": "bill_credit", "reference": "2026-12"})),
        ("set-cause", json!({"cause": "BIL.RATE"})),
        ("ask-satisfaction", json!({"mode": "sms"})),
        ("record-satisfaction", json!({"satisfied": "satisfied", "solved": true, "timely": true})),
        ("confirm", json!({"mode": "phone"})),
        (
            "issue-letter",
            json!({"letter": "acknowledgement", "language": "en", "medium": "sms", "content": crate::matrix::ACKNOWLEDGEMENT}),
        ),
        ("record-delivery", json!({"letter": 1, "reference": "SMS-1"})),
        ("close", json!({})),
        ("reopen", json!({"reason": "未到账"})),
    ];
    let read = |contract: &mut Contract, house: &House, more: &str| {
        let path = format!("/api/v1/complaints/{{id}}{more}");
        let answer = house.get(&token, &path.replace("{id}", &id).replace("{rule}", "response"));
        contract.holds("get", &path, &answer);
        answer
    };
    for (position, (verb, body)) in steps.iter().enumerate() {
        let path = format!("/api/v1/complaints/{{id}}/{verb}");
        contract.body(&path, body);
        let answer = house.act(who(verb), &id, position as i64 + 1, verb, body);
        contract.holds("post", &path, &answer);
        read(&mut contract, &house, "");
    }
    reports(&mut contract, &house, &token);
    remedies(&mut contract, &house, &token, &lead);

    referred(&mut contract);
    let graded = read(&mut contract, &house, "/grade/explain").json();
    assert_eq!(graded["changes"].as_array().unwrap().len(), 3, "{graded}");
    let why = read(&mut contract, &house, "/clocks/{rule}/explain").json();
    let explanation = &why["items"][0]["explanation"];
    assert_eq!(explanation["rule"]["rule"], "response", "{explanation}");
    assert!(explanation["calendar"].is_string() && !explanation["steps"].as_array().unwrap().is_empty());
    read(&mut contract, &house, "/events");
    let revealed = house.call(
        &token,
        "POST",
        &format!("/api/v1/complaints/{id}/reveal"),
        &[],
        &json!({"purpose": "investigate", "reason": "核查"}),
    );
    contract.holds("post", "/api/v1/complaints/{id}/reveal", &revealed);
    customers(&mut contract, &house, &token, &id);
    assistant(&mut contract, &house, &token, &id);
    let list = "/api/v1/complaints/{id}/attachments";
    let parts = [("file", Some("账单.txt"), "七月账单".as_bytes()), ("note", None, "客户交来".as_bytes())];
    let attached = house.upload(&token, &list.replace("{id}", &id), &[], &parts);
    contract.holds("post", list, &attached);
    read(&mut contract, &house, "/attachments");
    // What is no JSON is described by its media type alone.
    for (path, more, media) in [
        ("/attachments/{attachment}", "?reason=x", "*/*"),
        ("/archive", "?purpose=regulator&reason=x", "application/zip"),
        ("/letters/{letter}", "", "text/html"),
    ] {
        let path = format!("/api/v1/complaints/{{id}}{path}");
        let file = attached.json()["id"].as_str().unwrap().to_owned();
        let answer = house.get(
            &token,
            &(path.replace("{id}", &id).replace("{attachment}", &file).replace("{letter}", "acknowledgement") + more),
        );
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        assert!(contract.document["paths"][&path]["get"]["responses"]["200"]["content"][media].is_object(), "{path}");
        contract.seen.insert(format!("get {path}"));
    }
    read(&mut contract, &house, "/accesses");
    for path in ["complaints", "persons", "categories", "causes", "packs", "me", "units", "users"] {
        let path = format!("/api/v1/{path}");
        let query = if path.ends_with("persons") { "?phone=13800138000" } else { "" };
        let answer = house.get(&token, &format!("{path}{query}"));
        contract.holds("get", &path, &answer);
    }
    for (path, body) in [("/api/v1/complaints/check", intake()), ("/api/v1/handoffs", crate::handoff())] {
        contract.body(path, &body);
        let answer = house.call(&token, "POST", path, &[], &body);
        contract.holds("post", path, &answer);
    }
    let again = [
        ("accept", json!({})),
        ("propose", json!({"outcome": "补退"})),
        ("approve", json!({})),
        ("ask-reading", json!({"paper": "reply", "content": "已到账"})),
        ("release-reading", json!({"reading": 2})),
        ("reply", json!({"mode": "phone", "reading": 2})),
        ("ask-satisfaction", json!({"mode": "sms"})),
        ("record-satisfaction", json!({"satisfied": "no_answer"})),
        ("close", json!({})),
    ];
    for (position, (verb, body)) in again.iter().enumerate() {
        let answer = house.act(who(verb), &id, (steps.len() + position) as i64 + 2, verb, body);
        assert_eq!(answer.status, 200, "{verb}: {answer:?}");
    }
    let erased =
        house.call(&token, "POST", &format!("/api/v1/complaints/{id}/erasure"), &[], &json!({"reason": "本人请求"}));
    contract.holds("post", "/api/v1/complaints/{id}/erasure", &erased);
    let after = read(&mut contract, &house, "");
    assert!(!after.body.contains("退费") && after.json()["erased"] == true, "{}", after.body);
    let events = read(&mut contract, &house, "/events");
    assert!(!events.body.contains("退费"), "{}", events.body);
    ended(&house, &mut contract, &token, &lead);
    orders(&mut contract, &house, &token, &lead);
    bodies(&house, &mut contract, &token);
    bulk(&house, &mut contract, &token);
    crate::problems::contract(&house, &token, &mut |method, path, body, answer| {
        if let Some(body) = body {
            contract.body(path, body);
        }
        contract.holds(method, path, answer);
    });
    told(&house, &mut contract, &token, &cookie);
    messages(&mut contract, &house, &token, &cookie);
    crate::bursts::contract(&house, &token, &mut |method, path, body, answer| {
        if let Some(body) = body {
            contract.body(path, body);
        }
        contract.holds(method, path, answer);
    });
    // It sets a way by which messages go, which the one before is without.
    crate::incidents::contract(&house, &token, &mut |method, path, body, answer| {
        if let Some(body) = body {
            contract.body(path, body);
        }
        contract.holds(method, path, answer);
    });
    organisation(&mut contract, &house, &token);
    rules(&mut contract, &house, &token);
    retention(&mut contract, &house, &token);
    routing(&mut contract, &house, &token, &cookie);
    wordings(&mut contract, &house, &token);
    administration(&mut contract, &house, &token);
    models(&mut contract, &house, &token);
    // It takes tries on three days; the desk's own tests make them.
    contract.seen.insert("post /api/v1/complaints/{id}/declare-unreachable".to_owned());
    for route in table().into_iter().filter(|route| route.path.starts_with("/api/")) {
        let method = if route.method == Method::Get { "get" } else { "post" };
        let name = format!("{method} {}", route.path);
        assert!(contract.seen.contains(&name), "{name} was not tried");
    }
    let problem = house.get(&token, "/api/v1/complaints?huh=1").json();
    assert_eq!(differences(&contract.document, &json!({"$ref": "#/components/schemas/Problem"}), &problem), [""; 0]);
    house.desk.db().close();
}

/// Looking after the installation, and rules as they are read.
fn administration(contract: &mut Contract, house: &House, token: &str) {
    let post = |contract: &mut Contract, path: &str, id: &str, body: Value| {
        contract.body(path, &body);
        let answer = house.call(token, "POST", &path.replace("{id}", id), &[], &body);
        contract.holds("post", path, &answer);
        answer.json()
    };
    let new = json!({
        "name": "x", "purpose": "x", "role": "agent", "scopes": ["read"], "region": "31", "expires_on": "2099-01-01",
    });
    // Programmes make no tokens.
    let person = house.session("tokens", Role::Admin);
    contract.body("/api/v1/tokens", &new);
    let made = house.post_as(&person, "/api/v1/tokens", &new);
    contract.holds("post", "/api/v1/tokens", &made);
    let (path, made) = ("/api/v1/tokens/{id}/end", made.json()["id"].as_str().unwrap().to_owned());
    contract.body(path, &json!({}));
    contract.holds("post", path, &house.post_as(&person, &path.replace("{id}", &made), &json!({})));
    post(contract, "/api/v1/setup", "", json!({"step": "rules", "state": "done"}));
    post(contract, "/api/v1/audit/verifications", "", json!({}));
    assert!(desk::verifications::go_on(&house.desk, "node", || false).unwrap());
    post(contract, "/api/v1/packs/vectors", "", json!({"list": "guide-standard"}));
    for (path, ask) in [
        ("tokens", ""),
        ("roles", ""),
        ("audit", "?limit=200"),
        ("audit", "?ledger=administration"),
        ("audit", "?ledger=cases"),
        ("audit/checkpoints", ""),
        ("audit/verifications", ""),
        ("health", ""),
        ("setup", ""),
        ("packs/diff", "?before=guide-standard@1.3.0&after=guide-standard"),
        ("calendars", ""),
    ] {
        let path = format!("/api/v1/{path}");
        contract.holds("get", &path, &house.get(token, &format!("{path}{ask}")));
    }
    contract.holds("get", "/api/v1/packs/{pack}", &house.get(token, "/api/v1/packs/cn-telecom"));
    let year = house.get(token, "/api/v1/calendars/CN?year=2026");
    contract.holds("get", "/api/v1/calendars/{calendar}", &year);
    let person = house.session("tours", Role::Agent);
    let headers =
        [("cookie", person.as_str()), ("sec-fetch-site", "same-origin"), ("content-type", "application/json")];
    contract.holds("post", "/api/v1/tour", &house.send("POST", "/api/v1/tour", &headers, "{}"));
}

/// Where cases go: a dry run of a table, the table in force, why, and the next case of a queue.
fn routing(contract: &mut Contract, house: &House, token: &str, cookie: &str) {
    let table = crate::rules::table("9.2.0", "sh");
    let body = json!({"text": table["text"], "since": "2020-01-01"});
    contract.body("/api/v1/routing/dry-run", &body);
    let found = house.call(token, "POST", "/api/v1/routing/dry-run", &[], &body);
    assert!(found.json()["cases"].as_u64().unwrap() > 0, "{found:?}");
    contract.holds("post", "/api/v1/routing/dry-run", &found);
    for role in [Role::Compliance, Role::Admin] {
        let who = house.session(&format!("table-{role}"), role);
        let headers = [("cookie", who.as_str()), ("content-type", "application/json")];
        let answer = match role {
            Role::Compliance => house.send("POST", "/api/v1/activations", &headers, table.to_string()),
            _ => {
                let list = house.get(token, "/api/v1/activations").json();
                let waits = list["items"].as_array().unwrap().iter().find(|one| one["version"] == "9.2.0").unwrap();
                let path = format!("/api/v1/activations/{}/approve", waits["id"].as_str().unwrap());
                house.send("POST", &path, &headers, "{}".to_owned())
            }
        };
        assert!(answer.status < 300, "{answer:?}");
    }
    std::thread::sleep(std::time::Duration::try_from(desk::activation::NOTICED_AFTER).unwrap());
    desk::activation::refresh(&house.desk).unwrap();
    let case = house.register(token, &intake());
    let id = case["id"].as_str().unwrap();
    // Who has taken a case up keeps it when it is something else, until the table is asked.
    let accepted = house.act(token, id, 1, "accept", &json!({}));
    assert_eq!(accepted.status, 200, "{accepted:?}");
    let classified = house.act(token, id, 2, "classify", &json!({"category": "A101", "reason": "改类"}));
    assert_eq!(classified.status, 200, "{classified:?}");
    let routed = house.act(token, id, 3, "route", &json!({}));
    contract.holds("post", "/api/v1/complaints/{id}/route", &routed);
    let path = format!("/api/v1/complaints/{id}");
    let whole = house.get(token, &path);
    contract.holds("get", "/api/v1/complaints/{id}", &whole);
    assert_eq!(whole.json()["routed"]["rule"], "route-net", "{whole:?}");
    contract.holds("get", "/api/v1/complaints/{id}/routing", &house.get(token, &format!("{path}/routing")));
    house.register(token, &intake());
    let headers = [("cookie", cookie), ("content-type", "application/json")];
    contract.holds(
        "post",
        "/api/v1/queue/claim",
        &house.send("POST", "/api/v1/queue/claim", &headers, "{}".to_owned()),
    );
}

/// Keeping and erasing: a granted request becomes a plan that two people answer for, and certificates come out of it.
fn retention(contract: &mut Contract, house: &House, token: &str) {
    let asks = house.session("jin", Role::Compliance);
    let decides = house.session("mo", Role::Admin);
    let post = |who: &str, path: &str, body: &Value| {
        let headers = [("cookie", who), ("content-type", "application/json")];
        house.send("POST", path, &headers, body.to_string())
    };
    let mut body = intake();
    body["kind"] = json!("service_request");
    body["category"] = json!("F203");
    body["subject_request"] = json!("erasure");
    let mut wrong = body.clone();
    wrong["kind"] = json!("complaint");
    let refused = house.call(token, "POST", "/api/v1/complaints", &[], &wrong);
    assert!(refused.status == 422 && refused.body.contains("subject_request"), "{refused:?}");
    let id = house.register(token, &body)["id"].as_str().unwrap().to_owned();
    let data = json!({"reason": "答复查阅请求"});
    contract.body("/api/v1/complaints/{id}/person-data", &data);
    let file = house.call(token, "POST", &format!("/api/v1/complaints/{id}/person-data"), &[], &data);
    assert!(file.status == 200 && file.body.starts_with("PK"), "{}", file.status);
    contract.seen.insert("post /api/v1/complaints/{id}/person-data".to_owned());
    let steps = [
        ("accept", json!({})),
        ("propose", json!({"outcome": "同意删除", "grants": true, "identity_verified": true})),
        ("approve", json!({})),
        ("reply", json!({"mode": "phone", "content": "将删除"})),
        ("ask-satisfaction", json!({"mode": "phone"})),
        ("record-satisfaction", json!({"satisfied": "satisfied", "solved": true})),
        ("close", json!({})),
    ];
    for (position, (verb, body)) in steps.iter().enumerate() {
        let answer = house.act(token, &id, position as i64 + 1, verb, body);
        assert_eq!(answer.status, 200, "{verb}: {answer:?}");
    }
    for path in ["", "/dry-run"] {
        let path = format!("/api/v1/retention{path}");
        contract.holds("get", &path, &house.get(token, &path));
    }
    // One look over everybody at a time.
    let place = std::sync::Arc::clone(&house.state.look_over).try_acquire_owned().unwrap();
    let busy = house.get(token, "/api/v1/retention/dry-run");
    assert_eq!((busy.status, &busy.json()["code"]), (409, &json!("look_running")));
    drop(place);
    for (verb, who) in [("withdraw", &asks), ("refuse", &decides), ("approve", &decides)] {
        let body = json!({"note": "已同意的请求"});
        contract.body("/api/v1/retention/plans", &body);
        let made = post(&asks, "/api/v1/retention/plans", &body);
        contract.holds("post", "/api/v1/retention/plans", &made);
        let made = made.json();
        let path = format!("/api/v1/retention/plans/{{id}}/{verb}");
        let body = if verb == "approve" { json!({"hash": made["hash"]}) } else { json!({}) };
        contract.body(&path, &body);
        contract.holds("post", &path, &post(who, &path.replace("{id}", made["id"].as_str().unwrap()), &body));
        let one = format!("/api/v1/retention/plans/{}", made["id"].as_str().unwrap());
        contract.holds("get", "/api/v1/retention/plans/{id}", &house.get(token, &one));
        let page = house.send("GET", &one.replace("/api/v1", "/console"), &[("cookie", who)], "");
        assert!(page.status == 200 && page.body.contains(made["hash"].as_str().unwrap()), "{page:?}");
    }
    contract.holds("get", "/api/v1/retention/plans", &house.get(token, "/api/v1/retention/plans"));
    house.runtime.block_on(desk::jobs::run_timely(&house.desk, "node")).unwrap();
    let list = house.get(token, "/api/v1/retention/certificates");
    contract.holds("get", "/api/v1/retention/certificates", &list);
    assert_eq!(list.json()["items"].as_array().unwrap().len(), 2, "one by hand before, one by the plan: {list:?}");
    let one = house.get(token, "/api/v1/retention/certificates/2");
    contract.holds("get", "/api/v1/retention/certificates/{n}", &one);
    assert_eq!(one.json()["certificate"]["ground"]["kind"], "request");
    let page = house.send("GET", "/console/retention/certificates/2", &[("cookie", &asks)], "");
    assert!(page.status == 200 && page.body.contains(one.json()["signature"].as_str().unwrap()), "{page:?}");
    let page = house.send("GET", "/console/retention?look=1", &[("cookie", &asks)], "");
    assert!(page.status == 200 && page.body.contains("投诉档案"), "{page:?}");
    // The law's own rules and a proposal are told apart.
    let rules = house.get(token, "/api/v1/retention").json();
    let stated = |rule: &str| {
        rules["items"].as_array().unwrap().iter().find(|one| one["rule"] == rule).unwrap()["stated_as_law"].clone()
    };
    assert_eq!(stated("complaint_files"), false);
}

/// A second step, seen by its owner and taken off.
fn second_factor(contract: &mut Contract, house: &House, token: &str) {
    house.session("steps", Role::Trainer);
    let (session, password) = crate::sign_in::known(house, "steps");
    let (_, session) = crate::sign_in::enrol(house, &session, &password);
    let own = house.send("GET", "/api/v1/me/sign-in", &[("cookie", &session)], "");
    contract.holds("get", "/api/v1/me/sign-in", &own);
    assert_eq!(own.json()["recovery_codes"], 10, "{own:?}");
    let user = crate::sign_in::id(house, "steps").to_string();
    let path = "/api/v1/users/{id}/reset-second-factor";
    contract.body(path, &json!({}));
    let off = house.call(token, "POST", &path.replace("{id}", &user), &[], &json!({}));
    contract.holds("post", path, &off);
}

/// The routes of the organisation, each with an answer that has all its members.
fn organisation(contract: &mut Contract, house: &House, token: &str) {
    let post = |contract: &mut Contract, path: &str, id: &str, body: Value| {
        contract.body(path, &body);
        let answer = house.call(token, "POST", &path.replace("{id}", id), &[], &body);
        contract.holds("post", path, &answer);
        answer.json()
    };
    let unit = json!({"code": "sh", "name": "上海", "region": "31", "duties": ["billing"]});
    let unit = post(contract, "/api/v1/units", "", unit)["id"].as_str().unwrap().to_owned();
    post(contract, "/api/v1/units/{id}", &unit, json!({"name": "上海分公司", "inherit_region": true, "duties": []}));
    post(contract, "/api/v1/units/{id}/close", &unit, json!({}));
    assert_eq!(house.get(token, "/api/v1/units").json()["items"][1]["closed"], true);
    post(contract, "/api/v1/units/{id}/reopen", &unit, json!({}));
    let made = json!({"username": "wei", "name": "魏", "role": "agent", "unit": unit, "region": "3101"});
    assert!(post(contract, "/api/v1/users", "", made)["one_time_password"].as_str().unwrap().len() > 15);
    let users = house.get(token, "/api/v1/users").json();
    let user = users["items"].as_array().unwrap().iter().find(|user| user["username"] == "wei").unwrap();
    let user = user["id"].as_str().unwrap().to_owned();
    post(contract, "/api/v1/users/{id}", &user, json!({"role": "specialist"}));
    post(contract, "/api/v1/users/{id}/disable", &user, json!({}));
    post(contract, "/api/v1/users/{id}/enable", &user, json!({}));
    post(contract, "/api/v1/users/{id}/reset-password", &user, json!({}));
    let identity = json!({"issuer": "https://id.example", "subject": "wei-7"});
    post(contract, "/api/v1/users/{id}/identities", &user, identity.clone());
    let path = "/api/v1/users/{id}/sign-in";
    let shown = house.get(token, &path.replace("{id}", &user));
    contract.holds("get", path, &shown);
    assert_eq!(shown.json()["identities"][0]["subject"], "wei-7", "{shown:?}");
    post(contract, "/api/v1/users/{id}/identities/remove", &user, identity);
    post(contract, "/api/v1/second-factor", "", json!({"roles": ["trainer"]}));
    contract.holds("get", "/api/v1/second-factor", &house.get(token, "/api/v1/second-factor"));
    post(contract, "/api/v1/second-factor", "", json!({"roles": []}));
    second_factor(contract, house, token);
    let absence = post(contract, "/api/v1/absences", "", json!({"user": user, "until": "2099-01-01T00:00:00Z"}));
    for path in ["units", "users", "absences"] {
        let path = format!("/api/v1/{path}");
        contract.holds("get", &path, &house.get(token, &path));
    }
    let hook = json!({"name": "x", "url": "https://partner.example/", "events": ["created"], "personal": true});
    let hook = post(contract, "/api/v1/webhooks", "", hook)["id"].as_str().unwrap().to_owned();
    contract.holds("get", "/api/v1/webhooks", &house.get(token, "/api/v1/webhooks"));
    let dead = "/api/v1/webhooks/{id}/dead-letters";
    contract.holds("get", dead, &house.get(token, &dead.replace("{id}", &hook)));
    for act in ["rotate-secret", "resend", "switch-off", "switch-on", "remove"] {
        post(contract, &format!("/api/v1/webhooks/{{id}}/{act}"), &hook, json!({}));
    }
    post(contract, "/api/v1/absences/{id}/end", absence["id"].as_str().unwrap(), json!({}));
    let made = json!({
        "name": "Take up and say so", "shared": "unit",
        "steps": [{"accept": {}}, {"note": {"text": "{number}, received {received}"}}, {"close": {}}],
    });
    let kept = post(contract, "/api/v1/macros", "", made.clone());
    assert_eq!(post(contract, "/api/v1/macros", "", made)["revision"], 2, "a known name is a new version");
    contract.holds("get", "/api/v1/macros", &house.get(token, "/api/v1/macros"));
    let (id, case) = (kept["id"].as_str().unwrap(), house.register(token, &intake()));
    let case = case["id"].as_str().unwrap();
    let of = |path: &str| path.replace("{id}", case).replace("{macro}", id);
    let path = "/api/v1/complaints/{id}/macros/{macro}/try";
    let tried = house.call(token, "POST", &of(path), &[], &json!({}));
    contract.holds("post", path, &tried);
    assert_eq!(tried.json()["stopped"]["step"], 2, "{tried:?}");
    let path = "/api/v1/complaints/{id}/macros/{macro}";
    let refused = house.call(token, "POST", &of(path), &[("if-match", "\"1\"")], &json!({}));
    assert_eq!(refused.status, 409, "{refused:?}");
    let steps = json!([{"accept": {}}, {"note": {"text": "{number}, received {received}"}}]);
    let whole = json!({"name": "Take up and say so", "shared": "unit", "steps": steps});
    post(contract, "/api/v1/macros", "", whole);
    let applied = house.call(token, "POST", &of(path), &[("if-match", "\"1\"")], &json!({}));
    contract.holds("post", path, &applied);
    assert_eq!(applied.json()["version"], 3, "nothing of the refused attempt was done");
    post(contract, "/api/v1/macros/{id}/remove", id, json!({}));
    contract.holds("get", "/api/v1/board", &house.get(token, "/api/v1/board"));
    let shown = json!({
        "name": "Urgent, sorted", "shared": "role", "role": "agent", "view": "open", "states": ["registered", "accepted"],
        "grade": "urgent", "category": "B204", "assignee": "me", "region": "31", "sort": "-received",
    });
    let mut unit = shown.clone();
    unit["shared"] = json!("unit");
    // Whoever is no person has no holder `me`.
    unit.as_object_mut().unwrap().remove("assignee");
    let view = post(contract, "/api/v1/views", "", unit);
    contract.body("/api/v1/views", &shown);
    contract.holds("get", "/api/v1/views", &house.get(token, "/api/v1/views"));
    post(contract, "/api/v1/views/{id}/rename", view["id"].as_str().unwrap(), json!({"name": "Urgent first"}));
    post(contract, "/api/v1/views/{id}/remove", view["id"].as_str().unwrap(), json!({}));
}

#[test]
fn a_repeated_operation_is_answered_as_the_first() {
    store::testing::each_database(|scratch| {
        let house = house(scratch);
        let token = house.token(Role::Agent, "");
        let first = house.call(&token, "POST", "/api/v1/complaints", &[("idempotency-key", "r")], &intake());
        let id = first.json()["id"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/complaints/{id}/accept");
        let headers = [("if-match", "\"1\""), ("idempotency-key", "k")];
        let accepted = house.call(&token, "POST", &path, &headers, &json!({}));
        assert_eq!((accepted.status, accepted.header("idempotent-replayed")), (200, ""), "{accepted:?}");
        house.act(&token, &id, 2, "note", &json!({"text": "x"}));
        let again = house.call(&token, "POST", &path, &headers, &json!({}));
        assert_eq!((again.status, again.header("idempotent-replayed")), (200, "true"));
        assert_eq!((again.body, again.headers.get("etag")), (accepted.body, accepted.headers.get("etag")));
        let repeated = house.call(&token, "POST", "/api/v1/complaints", &[("idempotency-key", "r")], &intake());
        assert_eq!((repeated.status, &repeated.body), (201, &first.body), "as it was then, not as it is now");
        let other = [("if-match", "\"3\""), ("idempotency-key", "k")];
        assert_eq!(house.call(&token, "POST", &path, &other, &json!({})).status, 422, "the key stood for another");
        // Keys belong to their callers.
        let colleague = house.token(Role::Agent, "");
        let own = house.call(&colleague, "POST", "/api/v1/complaints", &[("idempotency-key", "r")], &intake());
        assert_ne!(own.json()["id"], first.json()["id"]);
        house.desk.db().close();
    })
    .unwrap();
}
