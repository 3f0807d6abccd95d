//! Writing a letter in the console: drafted for the letter and language that were chosen, checked before it goes out, and
//! without any script.

use crate::{Answer, House, house, house_under, intake};
use domain::actor::Role;
use serde_json::json;
use store::testing::sqlite;

struct Page<'h> {
    house: &'h House,
    cookie: String,
    number: String,
}

impl Page<'_> {
    fn get(&self, language: &str, more: &str) -> Answer {
        let headers = [("cookie", self.cookie.as_str()), ("accept-language", language)];
        self.house.send("GET", &format!("/console/cases/{}{more}", self.number), &headers, "")
    }

    fn post(&self, language: &str, step: &str, fields: &[(&str, &str)]) -> Answer {
        let headers = [
            ("cookie", self.cookie.as_str()),
            ("content-type", "application/x-www-form-urlencoded"),
            ("accept-language", language),
            ("sec-fetch-site", "same-origin"),
        ];
        let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
        let body: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        self.house.send("POST", &format!("/console/cases/{}/issue-letter{step}", self.number), &headers, body.join("&"))
    }
}

/// What stands in the box of the letter's words.
fn content(page: &str) -> &str {
    let (_, rest) = page.split_once("id=\"issue-lettercontent\"").unwrap();
    rest.split_once('>').unwrap().1.split_once("</textarea>").unwrap().0
}

fn open<'h>(house: &'h House, body: &serde_json::Value) -> Page<'h> {
    let token = house.token(Role::Specialist, "");
    let number = house.register(&token, body)["number"].as_str().unwrap().to_owned();
    Page { house, cookie: house.session("li", Role::Specialist), number }
}

#[test]
fn the_form_drafts_by_letter_and_language_and_checks_before_it_sends() {
    let scratch = sqlite().unwrap();
    let house = house(&scratch);
    let page = open(&house, &intake());
    let plain = page.get("en", "?do=issue-letter");
    assert!(plain.body.contains("issue-letter/draft") && plain.body.contains("issue-letter/check"), "a way to a draft");
    let nothing = page.post("en", "/draft", &[("version", "1")]);
    assert!(nothing.status == 422 && nothing.body.contains("Letter: is required"), "{}", nothing.body);
    // Without a language it is that of the page.
    let english = page.post("en", "/draft", &[("version", "1"), ("letter", "acknowledgement")]);
    assert_eq!(english.status, 200);
    let english_words = content(&english.body).to_owned();
    assert!(english_words.contains("We received your complaint"), "{english_words}");
    let chinese = page.post("zh-CN", "/draft", &[("version", "1"), ("letter", "acknowledgement")]);
    assert!(content(&chinese.body).contains("编号"), "{}", content(&chinese.body));
    // Another language, and nobody has written anything: the words change with it, whichever button is pressed.
    let unescaped = english_words.replace("&#39;", "'").replace("&#34;", "\"").replace("&#38;", "&");
    let other = |language: &str, words: &str| {
        let fields = [
            ("version", "1"),
            ("letter", "acknowledgement"),
            ("language", language),
            ("content", words),
            ("drafted", "acknowledgement|en"),
            ("medium", "sms"),
        ];
        (page.post("en", "/check", &fields), page.post("en", "", &fields))
    };
    let (checked, sent) = other("zh-CN", &unescaped);
    assert!(content(&checked.body).contains("编号"), "{}", checked.body);
    assert_eq!(sent.status, 422, "nothing goes out in a language its words are not in");
    assert!(content(&sent.body).contains("编号"), "{}", content(&sent.body));
    // What somebody has written stays.
    let (checked, _) = other("zh-CN", &format!("{unescaped} Mine."));
    assert!(content(&checked.body).contains("Mine."));
    let (wrong, _) = other("xx", &unescaped);
    assert!(wrong.status == 422 && wrong.body.contains("Language"), "{}", wrong.body);
    // Advice and what is missing are said before it is sent, and nothing is sent.
    let fields = [
        ("version", "1"),
        ("letter", "acknowledgement"),
        ("language", "en"),
        ("content", "pursuant to your call {demand}"),
    ];
    let checked = page.post("zh-CN", "/check", &fields);
    for words in ["发出前还须补上", "客户诉求", "缺少必须写明的内容", "可改为under"] {
        assert!(checked.body.contains(words), "{words}: {}", checked.body);
    }
    let read = house.get(&house.token(Role::Specialist, ""), &format!("/api/v1/complaints/{}", page.number)).json();
    assert_eq!(read["version"], json!(1), "checking writes nothing");
    let good = [
        ("version", "1"),
        ("letter", "acknowledgement"),
        ("language", "en"),
        ("content", &unescaped),
        ("medium", "sms"),
        ("drafted", "acknowledgement|en"),
    ];
    assert!(page.post("en", "/check", &good).body.contains("Everything it must say is there"));
    assert_eq!(page.post("en", "", &good).status, 303);
    house.desk.db().close();
}

#[test]
fn what_no_case_can_know_is_named_before_the_letter_goes_out() {
    let scratch = sqlite().unwrap();
    let house = house_under(&scratch, Some("uk"));
    let mut body = intake();
    body["external"] = json!([]);
    let page = open(&house, &body);
    let drafted = page.post("zh-CN", "/draft", &[("version", "1"), ("letter", "uk_adr_letter")]);
    assert_eq!(drafted.status, 200, "{}", drafted.body);
    for words in ["申请截止日期", "从本函送达之日起算", "申诉机构的联系方式", "查明的情况"]
    {
        assert!(drafted.body.contains(words), "{words}: {}", drafted.body);
    }
    let english = page.post("en", "/draft", &[("version", "1"), ("letter", "uk_adr_letter")]);
    assert!(
        english.body.contains("last day to apply") && english.body.contains("counted from when this letter arrives")
    );
    house.desk.db().close();
}
