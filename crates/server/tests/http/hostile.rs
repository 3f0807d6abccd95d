//! A2: hostile words in every text of every operation. Which texts there are is read from the shapes, so a new field is
//! tried by being there; then every page of the console that leads anywhere is read, the customer's side, and what is
//! printed and taken out, and none of them lets anything through.

use crate::matrix::body;
use crate::{House, house, intake};
use domain::actor::Role;
use domain::command::VERBS;
use domain::shape::{Field, Kind};
use serde_json::{Value, json};
use server::routes::{Method, table};
use std::collections::{BTreeSet, VecDeque};
use std::io::Read as _;

/// Leaves an attribute, an element and a script, whichever it stands in.
const HOSTILE: &str = "\" onfocus=alert(41) x=\"><img src=x onerror=alert(42)></textarea><script>alert(43)</script>";
/// More pages than lead anywhere.
const MOST_PAGES: usize = 500;

/// Puts hostile words into every text of a shape, those of objects that are there included; `spared` are left as they are.
fn fill(fields: &[Field], prefix: &str, into: &mut Value, spared: &BTreeSet<String>) {
    for field in fields {
        let path = if prefix.is_empty() { field.name.to_owned() } else { format!("{prefix}.{}", field.name) };
        let words = |max: usize| json!(&HOSTILE[..max.min(HOSTILE.len())]);
        let free = !spared.contains(&path);
        match &field.kind {
            Kind::Text { max, .. } | Kind::Line { max } if free => into[field.name] = words(*max),
            Kind::List { of: Kind::Text { max, .. } | Kind::Line { max }, .. } if free => {
                into[field.name] = json!([words(*max)]);
            }
            Kind::Object(inner) if into[field.name].is_object() => fill(inner, &path, &mut into[field.name], spared),
            Kind::List { of: Kind::Object(inner), .. } => {
                for (n, one) in into[field.name].as_array_mut().into_iter().flatten().enumerate() {
                    fill(inner, &format!("{path}[{n}]"), one, spared);
                }
            }
            _ => {}
        }
    }
}

/// Tries a body with hostile words in all its texts; those that are refused as what they are keep what they said. Gives the
/// answer that was taken, if one was.
fn forced(fields: &[Field], base: &Value, send: impl Fn(&Value) -> crate::Answer) -> Option<Value> {
    let mut spared = BTreeSet::new();
    loop {
        let mut body = base.clone();
        fill(fields, "", &mut body, &spared);
        let answer = send(&body);
        if answer.status < 300 {
            return serde_json::from_str(&answer.body).ok().or(Some(Value::Null));
        }
        let told: Value = serde_json::from_str(&answer.body).ok()?;
        let before = spared.len();
        for fault in told["errors"].as_array()? {
            spared.extend(fault["field"].as_str().map(|field| field.trim_end_matches("[0]").to_owned()));
        }
        if answer.status != 422 || spared.len() == before {
            return None;
        }
    }
}

/// The version a case is at.
fn version(house: &House, token: &str, case: &str) -> i64 {
    house.get(token, &format!("/api/v1/complaints/{case}")).json()["version"].as_i64().unwrap()
}

/// Whether a page keeps hostile words words.
fn harmless(place: &str, page: &str) -> bool {
    for let_through in ["<img src=x", "<script>alert", "\" onfocus=alert", "onerror=alert(42)>", "</textarea><script"] {
        assert!(!page.contains(let_through), "{place} lets {let_through} through");
    }
    page.contains("onfocus=alert")
}

/// Addresses of a page, of the kind that is only read.
fn links(page: &str) -> Vec<String> {
    let found = page.split("href=\"/").skip(1).filter_map(|rest| rest.split('"').next());
    let found = found.map(|link| format!("/{}", link.replace("&#38;", "&").replace("&amp;", "&")));
    let found = found.map(|link| link.split('#').next().unwrap_or_default().to_owned());
    found.filter(|link| ["/console", "/portal", "/docs"].iter().any(|part| link.starts_with(part))).collect()
}

#[test]
fn a2_hostile_words_in_every_text_stay_words_everywhere() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let (token, second) = (house.token(Role::Admin, ""), house.token(Role::Compliance, ""));
    let cookie = house.session("boss", Role::Admin);

    // Whatever can be made by itself: contacts, units, users, lists, macros, problems, incidents, facts, wordings.
    let mut made = BTreeSet::new();
    for route in table().iter().filter(|route| route.method == Method::Post && !route.path.contains('{')) {
        let Some(fields) = route.operation.and_then(|operation| operation.body) else { continue };
        let base = if route.path.ends_with("/complaints") { intake() } else { body(route.path) };
        let by_person = [("cookie", cookie.as_str()), ("content-type", "application/json")];
        let sent = forced(fields, &base, |body| house.send("POST", route.path, &by_person, body.to_string()));
        made.extend(sent.map(|_| route.path));
    }
    assert!(made.len() >= 10, "{made:?}");
    let contact = domain::intake::FIELDS;
    let register = |external: &str| {
        let mut base = intake();
        base["external"] = json!([{"owner": "miit", "number": external}]);
        let sent = forced(contact, &base, |body| house.call(&token, "POST", "/api/v1/complaints", &[], body));
        sent.unwrap()["number"].as_str().unwrap().to_owned()
    };

    // Every operation on a case, as far as the case is at it; twice through, and on cases that end differently.
    let cases: Vec<String> = (0..3).map(|n| register(&format!("GX-{n}"))).collect();
    let root = house.desk.root().to_string();
    let mut done = BTreeSet::new();
    for (n, case) in cases.iter().enumerate() {
        for round in 0..2 {
            for verb in VERBS.iter().cycle().skip(n * 7).take(VERBS.len()) {
                let path = format!("/api/v1/complaints/{case}/{}", verb.name);
                let mut base = body(&path);
                if base["unit"].is_string() {
                    base["unit"] = json!(root);
                }
                for name in ["to", "into"] {
                    if base[name].is_string() {
                        base[name] = json!(cases[(n + 1) % cases.len()]);
                    }
                }
                let sent = [&token, &second].into_iter().find_map(|who| {
                    forced(verb.fields, &base, |body| house.act(who, case, version(&house, who, case), verb.name, body))
                });
                done.extend(sent.map(|_| verb.name));
                if n > 0 || round > 0 {
                    continue;
                }
                // What is refused is shown again as it was typed.
                let seen = version(&house, &token, case);
                let form: Vec<String> = verb
                    .fields
                    .iter()
                    .map(|field| format!("{}={}", field.name, server::query::encode(HOSTILE)))
                    .collect();
                let headers = [("cookie", cookie.as_str()), ("content-type", "application/x-www-form-urlencoded")];
                let page = house.send(
                    "POST",
                    &format!("/console/cases/{case}/{}", verb.name),
                    &headers,
                    format!("version={seen}&{}", form.join("&")),
                );
                harmless(&path, &page.body);
            }
        }
    }
    assert!(done.len() >= 20, "{} operations were carried out: {done:?}", done.len());

    // Everything that is read: from the front page wherever links lead, in both languages.
    let mut seen = BTreeSet::new();
    let mut waiting: VecDeque<String> =
        ["/console", "/console/board", "/console?view=all", "/portal"].map(str::to_owned).into();
    waiting.extend(cases.iter().map(|case| format!("/console/cases/{case}")));
    waiting.extend(cases.iter().map(|case| format!("/console/cases/{case}/why")));
    waiting.extend(cases.iter().map(|case| format!("/console/tabs?case={case}")));
    waiting.extend(
        ["/console/pane?view=all", "/console/find?q=onfocus", "/console?view=all&q=onfocus"].map(str::to_owned),
    );
    let mut showing = 0;
    while let Some(place) = waiting.pop_front() {
        if seen.len() >= MOST_PAGES || !seen.insert(place.clone()) {
            continue;
        }
        let language = if seen.len() % 2 == 0 { "en" } else { "zh-CN" };
        let headers = [("cookie", cookie.as_str()), ("accept-language", language), ("accept", "text/html")];
        let answer = house.send("GET", &place, &headers, "");
        assert!(answer.status < 500, "{place}: {answer:?}");
        if !answer.header("content-type").starts_with("text/html") {
            continue;
        }
        showing += usize::from(harmless(&place, &answer.body));
        waiting.extend(links(&answer.body));
    }
    assert!(seen.len() > 100 && showing > 30, "{} pages, {showing} of them with hostile words", seen.len());

    // The customer's side, what is printed, and what is taken out.
    for case in &cases {
        let code = house.get(&token, &format!("/api/v1/complaints/{case}")).json()["tracking_code"]
            .as_str()
            .unwrap()
            .to_owned();
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let form = format!("number={case}&code={code}");
        let answer = house.send("POST", "/portal/track", &headers, form);
        harmless("portal", &answer.body);
        let opened =
            answer.headers.get("location").and_then(|place| place.to_str().ok()).unwrap_or_default().to_owned();
        if !opened.is_empty() {
            let visit =
                answer.headers.get("set-cookie").and_then(|one| one.to_str().ok()).unwrap_or_default().to_owned();
            let visit = visit.split(';').next().unwrap_or_default().to_owned();
            harmless(&opened, &house.send("GET", &opened, &[("cookie", visit.as_str())], "").body);
        }
        let path = format!("/api/v1/complaints/{case}/archive?purpose=regulator&reason=x");
        let archive = house.get(&token, &path);
        assert_eq!(archive.status, 200, "{}", archive.body);
        let mut zip = zip::ZipArchive::new(std::io::Cursor::new(archive.bytes)).unwrap();
        let mut pages = 0;
        for n in 0..zip.len() {
            let mut member = zip.by_index(n).unwrap();
            if member.name().is_ok_and(|name| name.ends_with(".html")) {
                let mut text = String::new();
                member.read_to_string(&mut text).unwrap();
                pages += usize::from(harmless(&format!("archive of {case}"), &text));
            }
        }
        assert!(pages > 0, "the archive of {case} shows nothing of it");
    }
    house.desk.db().close();
}
