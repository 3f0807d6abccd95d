//! Putting rules into force through the doors: findings beside the text, two people, and the case that says why.

use crate::{House, house, intake};
use desk::activation;
use domain::actor::Role;
use serde_json::{Value, json};

/// The guide as an operator edits it: a new version in which the answer takes so long.
pub(crate) fn activation(version: &str, answer: &str) -> Value {
    let shipped = include_str!("../../../../packs/guide-standard.toml");
    let line = shipped.lines().find(|line| line.starts_with("version = ")).unwrap();
    let text = shipped.replacen(line, &format!("version = \"{version}\""), 1);
    let (before, rest) = text.split_once("id = \"response\"").unwrap();
    let rest = rest.replacen("amount = \"48h\"", &format!("amount = \"{answer}\""), 1);
    // No repair takes longer than the law allows in town.
    let text = format!("{before}id = \"response\"{rest}").replace("amount = \"72h\"", "amount = \"48h\"");
    let today = jiff::Timestamp::now().to_zoned_datetime(jiff::tz::TimeZone::get("Asia/Shanghai").unwrap()).date();
    json!({"kind": "pack", "effective_from": today.to_string(), "note": "按内部承诺缩短", "text": text})
}

/// A routing table that sends network cases to a unit, in the guide as an operator edits it.
pub(crate) fn table(version: &str, unit: &str) -> Value {
    let mut text = activation(version, "47h");
    let source = include_str!("../../../../packs/guide-standard.toml").split("[[source]]").nth(1).unwrap();
    let source = source.split('"').nth(1).unwrap();
    let row = format!(
        "\n[[routing]]\nid = \"route-net\"\ntitle = {{ zh = \"网络质量\", en = \"Network\" }}\nbasis = \"proposal\"\n\
         confidence = \"unverified\"\nsource = \"{source}\"\napplies = {{ category_prefix = \"A\" }}\nunit = \"{unit}\"\n"
    );
    text["text"] = json!(format!("{}{row}", text["text"].as_str().unwrap()));
    text
}

/// The same as a draft that nobody has asked for.
pub(crate) fn draft(version: &str, answer: &str) -> Value {
    json!({"kind": "pack", "text": activation(version, answer)["text"]})
}

pub(crate) fn form(value: &Value) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric();
    let coded = |text: &str| -> String {
        text.bytes()
            .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
            .collect()
    };
    let fields = value.as_object().unwrap().iter();
    fields.map(|(name, value)| format!("{name}={}", coded(value.as_str().unwrap()))).collect::<Vec<_>>().join("&")
}

fn press(house: &House, who: &str, path: &str, body: &str) -> crate::Answer {
    let headers = [("cookie", who), ("content-type", "application/x-www-form-urlencoded"), ("accept-language", "en")];
    house.send("POST", path, &headers, body.to_owned())
}

fn page(house: &House, who: &str, path: &str) -> String {
    house.send("GET", path, &[("cookie", who), ("accept-language", "en")], "").body
}

#[test]
fn two_people_and_the_case_that_says_why() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let (asks, decides) = (house.session("he", Role::Compliance), house.session("gu", Role::Admin));
    let token = house.token(Role::Admin, "");
    // What the checker finds stands beside the text with line and column, and everything typed is kept.
    let looser = press(&house, &asks, "/console/rules", &form(&activation("9.0.0", "40d")));
    assert_eq!(looser.status, 422);
    assert!(looser.body.contains("looser-than-law") && looser.body.contains("line "), "{}", looser.body);
    assert!(looser.body.contains("amount = &#34;40d&#34;"), "{}", looser.body);
    let told = house.send(
        "POST",
        "/api/v1/activations",
        &[("cookie", asks.as_str()), ("content-type", "application/json"), ("accept-language", "en")],
        activation("9.0.0", "40d").to_string(),
    );
    assert_eq!((told.status, &told.json()["errors"][0]["field"]), (422, &json!("text")), "{}", told.body);
    assert_eq!(press(&house, &asks, "/console/rules", &form(&activation("9.0.0", "47h"))).status, 303);
    let asked = house.get(&token, "/api/v1/activations").json()["items"][0].clone();
    assert_eq!((asked["state"].clone(), asked["requested_by"]["name"].clone()), (json!("requested"), json!("he")));
    let approve = format!("/console/rules/{}/approve", asked["id"].as_str().unwrap());
    // A browser sends its own line ends; the address is that of the text all the same.
    let text = activation("9.0.0", "47h")["text"].as_str().unwrap().to_owned();
    assert_eq!(asked["hash"], json!(policy::address(&text)));
    let own = press(&house, &asks, &approve, "");
    assert!(own.status == 409 && own.body.contains("another person"), "{}", own.body);
    assert!(!page(&house, &asks, "/console/rules").contains(&approve));
    assert!(page(&house, &decides, "/console/rules").contains(&approve));
    assert_eq!(press(&house, &decides, &approve, "").status, 303);
    std::thread::sleep(std::time::Duration::try_from(activation::NOTICED_AFTER).unwrap());
    activation::refresh(&house.desk).unwrap();
    let case = house.register(&token, &intake());
    let whole = house.get(&token, &format!("/api/v1/complaints/{}", case["id"].as_str().unwrap())).json();
    let pack = whole["packs"].as_array().unwrap().iter().find(|pack| pack["id"] == "guide-standard").unwrap();
    assert_eq!((&pack["version"], &pack["hash"]), (&json!("9.0.0"), &asked["hash"]));
    assert_eq!(pack["activation"]["decided_by"]["name"], "gu");
    assert!(whole["calendars"][0]["hash"].is_string() && whole["received_on"].is_string());
    let shown = page(&house, &decides, &format!("/console/cases/{}", case["number"].as_str().unwrap()));
    for words in ["9.0.0", "Asked for by he, approved by gu", "按内部承诺缩短", asked["hash"].as_str().unwrap()]
    {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    house.desk.db().close();
}

#[test]
fn a_routing_table_is_held_against_the_organisation_on_its_page_and_when_asked_for() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let he = house.session("he", Role::Compliance);
    const PAGE: &str = "/console/rules/routing";
    assert!(page(&house, &he, "/console/rules").contains(PAGE));
    assert!(page(&house, &he, PAGE).contains("No pack in force has a table"));
    let draft = |unit: &str| json!({"text": table("9.4.0", unit)["text"]});
    let tried = press(&house, &he, PAGE, &form(&draft("nowhere")));
    assert_eq!(tried.status, 200, "{}", tried.body);
    for words in ["0 cases looked at", "Network", "nowhere: there is no such unit"] {
        assert!(tried.body.contains(words), "{words}: {}", tried.body);
    }
    let none = press(&house, &he, PAGE, &form(&json!({"text": "id = 1"})));
    assert!(none.status == 422 && none.body.contains("id = 1"), "what was typed is kept: {}", none.body);
    // The same table is not even taken as a request; one whose unit is there is, and says what else is the matter.
    let asked = press(&house, &he, "/console/rules", &form(&table("9.4.0", "nowhere")));
    assert!(asked.status == 422 && asked.body.contains("there is no such unit"), "{}", asked.body);
    let system = desk::Caller::system(house.desk.root());
    let empty = desk::organisation::NewUnit {
        code: "empty".into(),
        name: "空部门".into(),
        parent: Some(house.desk.root()),
        region: String::new(),
        duties: Vec::new(),
    };
    desk::organisation::add_unit(&house.desk, &system, &empty).unwrap();
    let headers = [("cookie", he.as_str()), ("content-type", "application/json"), ("accept-language", "en")];
    let asked = house.send("POST", "/api/v1/activations", &headers, table("9.4.0", "empty").to_string());
    assert_eq!(asked.status, 201, "{}", asked.body);
    let remark = asked.json()["remarks"][0].clone();
    assert_eq!((&remark["code"], &remark["stops"]), (&json!("nobody_works"), &json!(false)));
    assert!(page(&house, &he, "/console/rules").contains("nobody in the unit works cases"));
    house.desk.db().close();
}
