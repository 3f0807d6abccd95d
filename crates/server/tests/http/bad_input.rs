//! Broken input of every kind: a clear answer, and nothing changed.

use crate::{House, house, intake};
use domain::actor::Role;
use domain::intake::FIELDS;
use domain::shape::{Field, Form, Kind};
use serde_json::{Value, json};
use server::routes::{Face, table};
use store::testing::each_database;

fn rows(house: &House) -> (usize, usize) {
    house
        .desk
        .db()
        .read_now(|tx| {
            let cases = store::cases::versions_after(tx, None, 100_000)?.len();
            let entries = store::entries::page(tx, None, 100_000)?.len();
            Ok::<_, store::StoreError>((cases, entries))
        })
        .unwrap()
}

/// Puts a value at a dotted path.
fn with(path: &str, value: Value) -> Value {
    let mut body = intake();
    let mut here = &mut body;
    let names: Vec<&str> = path.split('.').collect();
    for name in &names[..names.len() - 1] {
        if !here[*name].is_object() {
            here[*name] = json!({});
        }
        here = &mut here[*name];
    }
    here[names[names.len() - 1]] = value;
    body
}

/// Every field with its path, those of objects included.
fn all(prefix: &str, fields: &'static [Field], found: &mut Vec<(String, &'static Field)>) {
    for field in fields {
        let path = if prefix.is_empty() { field.name.to_owned() } else { format!("{prefix}.{}", field.name) };
        if let Kind::Object(inner) = &field.kind {
            all(&path, inner, found);
        }
        found.push((path, field));
    }
}

/// Values that are wrong for a field.
fn wrong(kind: &Kind) -> Vec<Value> {
    let mut values = vec![json!([[]]), json!({"huh": 1})];
    match kind {
        Kind::Text { max, .. } | Kind::Line { max } => values.extend([
            json!(7),
            json!(""),
            json!("   "),
            json!("\u{200B}"),
            json!("bell\u{7}"),
            json!("nul\u{0}"),
            json!("长".repeat(max + 1)),
            json!("x".repeat(max * 9)),
        ]),
        Kind::Formed { form, max } => {
            values.extend([json!(7), json!(""), json!("bell\u{7}"), json!("8".repeat(max + 1))]);
            values.extend(match form {
                Form::Phone => ["zzz", "+", "1", "138x"].map(Value::from),
                Form::Email => ["zzz", "a b@c.de", "a@b", "a@b@c.de"].map(Value::from),
                Form::Document => ["x", "12", "110105194912310021", "a_b1"].map(Value::from),
                Form::FileNumber => ["13800138000", "11010519491231002X", "a@b.de", "x;y"].map(Value::from),
            });
        }
        Kind::Code(_) => values.extend([json!("no_such_code"), json!(1), json!(""), json!("HOTLINE")]),
        Kind::Category | Kind::Cause => values.extend([json!("Z999"), json!("A"), json!(1), json!("x".repeat(99))]),
        Kind::Region => values.extend([json!("99"), json!("3"), json!("31011"), json!(310115), json!("３１")]),
        Kind::Moment => values.extend(
            [
                "1900-01-01T00:00:00Z",
                "9999-12-31T23:59:59Z",
                "2026-11-24",
                "2026-11-24T10:00:00",
                "2026-02-30T00:00:00Z",
                "yesterday",
                "-271821-04-20T00:00:00Z",
                "2026-11-24T10:00:00+25:00",
                "2026-11-24T10:00:00+08:00[Asia/Shanghai]",
                "2026-11-24T10:00+08:00",
            ]
            .map(Value::from),
        ),
        Kind::Day => values.extend([
            json!("2026-02-30"),
            json!("24.11.2026"),
            json!("2026-1-1"),
            json!(20260101),
            json!("1900-01-01"),
        ]),
        Kind::Document { max } => {
            values.extend([json!(7), json!(" \n"), json!("nul\u{0}"), json!("x".repeat(max + 1))])
        }
        Kind::Bool => values.extend([json!("true"), json!(1)]),
        Kind::Whole { min, max } => {
            values.extend([json!(min - 1), json!(max + 1), json!(1.5), json!("3"), json!(1e300), json!(u64::MAX)]);
        }
        Kind::Money => values.extend(
            ["NaN", "-1", "1e9", "1.005", "99999999999999999999", "", "Infinity", "１"]
                .map(|value| json!({"value": value, "currency": "CNY"})),
        ),
        Kind::Uuid => values.extend([json!("7"), json!(7), json!("01900000-0000-7000-8000-000000000000")]),
        Kind::Object(_) => values.extend([json!("x"), json!(1), json!([])]),
        Kind::List { max, .. } => values.extend([json!("x"), json!([1]), json!(vec!["elderly"; max + 1])]),
    }
    if matches!(kind, Kind::Money) {
        values.extend([
            json!(100),
            json!({"value": 100, "currency": "CNY"}),
            json!({"value": "1", "currency": "元"}),
            json!({"value": "1", "currency": "ZZZ"}),
            json!({"value": "1"}),
        ]);
    }
    values
}

#[test]
fn every_field_refuses_what_is_wrong_for_it() {
    each_database(|scratch| {
        let house = house(scratch);
        let token = house.token(Role::Admin, "");
        let before = rows(&house);
        let mut fields = Vec::new();
        all("", FIELDS, &mut fields);
        let mut tried = 0;
        for (path, field) in &fields {
            let mut values = wrong(&field.kind);
            if field.required {
                values.push(Value::Null);
            }
            for value in values {
                let answer = house.call(&token, "POST", "/api/v1/complaints", &[], &with(path, value.clone()));
                assert_eq!(answer.status, 422, "{path} = {value}: {answer:?}");
                let errors = answer.json()["errors"].clone();
                let named = errors.as_array().unwrap().iter().any(|error| {
                    let field = error["field"].as_str().unwrap();
                    let words = error["detail"].as_str().unwrap();
                    assert!(!words.contains("fault.") && !words.contains('{'), "{words}");
                    field.starts_with(path.as_str())
                        || path.starts_with("complainant") && field.starts_with("complainant")
                });
                assert!(named, "{path} = {value}: {errors}");
                tried += 1;
            }
        }
        assert!(tried > 300, "{tried}");
        for path in ["kind", "accept_channel", "description", "complainant"] {
            let mut body = intake();
            body.as_object_mut().unwrap().remove(path);
            let answer = house.call(&token, "POST", "/api/v1/complaints", &[], &body);
            assert_eq!((answer.status, answer.json()["errors"][0]["code"].as_str()), (422, Some("required")), "{path}");
        }
        let mass =
            json!({"status": "closed", "owner": "me", "version": 9, "id": "x", "grade": "urgent", "number": "1"});
        let mut body = intake();
        body.as_object_mut().unwrap().extend(mass.as_object().unwrap().clone());
        let answer = house.call(&token, "POST", "/api/v1/complaints", &[], &body);
        assert_eq!(answer.json()["errors"].as_array().unwrap().len(), 6, "server-owned members are refused");
        assert_eq!(rows(&house), before, "nothing changed");
        house.desk.db().close();
    })
    .unwrap();
}

#[test]
fn bytes_that_are_no_request() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let token = house.token(Role::Admin, "");
    let before = rows(&house);
    let bearer = format!("Bearer {token}");
    let json_headers =
        [("authorization", bearer.as_str()), ("content-type", "application/json"), ("accept-language", "en")];
    let post = |body: Vec<u8>| house.send("POST", "/api/v1/complaints", &json_headers, body);
    let broken = post(b"{\n  \"kind\": oops}".to_vec());
    assert_eq!(broken.status, 400);
    assert!(broken.json()["detail"].as_str().unwrap().contains("line 2, column 1"), "{broken:?}");
    for (body, status) in [
        (b"\xFF\xFE".to_vec(), 400),
        (b"{\"kind\":\"\xC3\x28\"}".to_vec(), 400),
        (b"{\"kind\":\"\\ud800\"}".to_vec(), 400),
        ("[".repeat(100_000).into_bytes(), 400),
        (b"null".to_vec(), 422),
        (b"[]".to_vec(), 422),
        (b"".to_vec(), 422),
        (b"{\"kind\":\"complaint\",\"kind\":\"praise\"}".to_vec(), 422),
        (vec![b' '; 10 << 20], 413),
        (format!("{{\"description\":\"{}\"}}", "x".repeat(2 << 20)).into_bytes(), 413),
    ] {
        let shown = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
        let answer = post(body);
        assert_eq!(answer.status, status, "{shown}: {answer:?}");
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    let untold = house.send("POST", "/api/v1/complaints", &json_headers[..1], intake().to_string());
    assert_eq!(untold.status, 415);
    for path in [
        "/api/v1/complaints/%FF",
        "/api/v1/complaints/../../etc/passwd",
        "/api/v1/complaints/' OR 1=1",
        "/assets/..%2Fmain.rs",
        "/assets/%2e%2e%2fx.css",
    ] {
        let answer = house.send("GET", &path.replace(' ', "%20"), &json_headers, "");
        assert!((400..500).contains(&answer.status), "{path}: {answer:?}");
    }
    for key in ["", "x".repeat(201).as_str(), "with blank"] {
        let answer = house.call(&token, "POST", "/api/v1/complaints", &[("idempotency-key", key)], &intake());
        assert_eq!(answer.status, 422, "{key:?}");
    }
    for authorization in ["Bearer", "Bearer x", "Basic YTpi", "bearer rdt_x", ""] {
        let answer = house.send("GET", "/api/v1/me", &[("authorization", authorization)], "");
        assert_eq!(answer.status, 401, "{authorization:?}");
    }
    assert_eq!(rows(&house), before, "nothing changed");
    house.desk.db().close();
}

/// Whatever an address holds, a programme is answered with problem details and a person with a page.
#[test]
fn addresses_that_are_no_text_are_refused_in_the_form_of_their_door() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let token = house.token(Role::Admin, "");
    let cookie = house.session("boss", Role::Admin);
    let mut tried = 0;
    for route in table() {
        let parts: Vec<&str> = route.path.split('/').collect();
        for place in parts.iter().enumerate().filter(|(_, part)| part.contains('{')).map(|(place, _)| place) {
            let path = parts.iter().enumerate().map(|(at, part)| match part.contains('{') {
                true if at == place => "%ff",
                true => "1",
                false => part,
            });
            let path = path.collect::<Vec<_>>().join("/");
            for method in ["GET", "POST", "PUT", "DELETE", "PATCH"] {
                let bearer = format!("Bearer {token}");
                let who = if route.face != Face::Page { ("authorization", &bearer) } else { ("cookie", &cookie) };
                let headers = [
                    (who.0, who.1.as_str()),
                    ("content-type", "application/json"),
                    ("accept", "text/html"),
                    ("if-match", "\"1\""),
                    ("accept-language", "en"),
                ];
                let answer = house.send(method, &path, &headers, "{}");
                assert!((400..500).contains(&answer.status), "{method} {path}: {answer:?}");
                let media = match () {
                    () if path.starts_with("/api/") => "application/problem+json",
                    () if path.starts_with("/tmf-api/") => "application/json",
                    () => "text/html",
                };
                assert!(answer.header("content-type").starts_with(media), "{method} {path}: {answer:?}");
                assert!(!answer.body.contains("problem.") && !answer.body.contains("Invalid URL"), "{answer:?}");
                tried += 1;
            }
        }
    }
    assert!(tried > 500, "{tried}");
    let broken = house.get(&token, "/api/v1/complaints/%ff").json();
    assert_eq!((broken["status"].as_u64(), broken["code"].as_str()), (Some(400), Some("bad_address")));
    house.desk.db().close();
}

#[test]
fn what_stands_twice_is_refused_by_name() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let token = house.token(Role::Admin, "");
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json"), ("accept-language", "en")];
    let text = intake().to_string().replacen("\"phone\":", "\"phone\":\"13900139000\",\"phone\":", 1);
    let answer = house.send("POST", "/api/v1/complaints", &headers, text);
    let error = answer.json()["errors"][0].clone();
    assert_eq!(
        (answer.status, &error["field"], &error["code"]),
        (422, &json!("complainant.phone"), &json!("duplicate_field"))
    );
    // What cannot be seen is taken out of names as out of all texts.
    let mut hidden = intake();
    hidden["complainant"]["name"] = json!("王\u{202E}小\u{200B}明");
    let case = house.register(&token, &hidden);
    let id = case["id"].as_str().unwrap();
    let shown =
        house.call(&token, "POST", &format!("/api/v1/complaints/{id}/reveal"), &[], &json!({"purpose": "handling"}));
    assert!(shown.status != 200 || shown.body.contains("王小明"), "{shown:?}");
    house.desk.db().close();
}

#[test]
fn hostile_words_are_kept_as_words() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let token = house.token(Role::Admin, "");
    let cookie = house.session("agent", Role::Agent);
    let hostile = "<script>alert(1)</script> \"'&`${x} ＜ \u{202E}drow\u{202C} \u{FFF9}mobile:1\u{FFFB} 👨\u{200D}👩\u{200D}👧 e\u{301} ''; DROP TABLE cases;--";
    let mut body = intake();
    body["subject"] = json!(hostile);
    body["description"] = json!(hostile);
    let case = house.register(&token, &body);
    let number = case["number"].as_str().unwrap();
    let read = house.get(&token, &format!("/api/v1/complaints/{number}")).json();
    let words = read["description"].as_str().unwrap();
    assert!(words.starts_with("<script>") && words.contains("DROP TABLE") && !words.contains('\u{202E}'), "{words}");
    assert!(words.contains("mobile:1") && !words.contains('\u{FFF9}'), "a forged placeholder is only words");
    for path in ["/console", &format!("/console/cases/{number}")] {
        let page = house.send("GET", path, &[("cookie", &cookie)], "");
        assert_eq!(page.status, 200);
        assert!(!page.body.contains("<script>alert"), "{path} lets a script through");
        assert!(page.body.contains("&#60;script&#62;"), "{path}");
        assert!(page.header("content-security-policy").contains("default-src 'none'"));
    }
    house.desk.db().close();
}
