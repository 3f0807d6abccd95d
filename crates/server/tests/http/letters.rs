//! Letters as documents: drafts and what is out, as page, PDF and JSON; in the archive; and what happens without a font.

use crate::matrix::ACKNOWLEDGEMENT;
use crate::{House, house, intake};
use desk::verify::verify_archive;
use domain::actor::Role;
use serde_json::json;
use server::app::{AppState, Settings};
use server::data;
use server::locale::Locales;
use std::io::{Cursor, Read as _};
use std::path::PathBuf;
use store::testing::each_database;

#[test]
fn a_letter_is_a_page_a_pdf_and_words() {
    each_database(|scratch| {
        let house = house(scratch);
        let token = house.token(Role::Compliance, "");
        let case = house.register(&token, &intake());
        let at = |more: &str| format!("/api/v1/complaints/{}/{more}", case["id"].as_str().unwrap());
        let draft = house.get(&token, &at("letters/acknowledgement.json?language=en")).json();
        assert_eq!((&draft["draft"], &draft["language"]), (&json!(true), &json!("en")), "{draft}");
        let page = house.get(&token, &at("letters/acknowledgement.html?language=en")).body;
        let left = draft["blanks"].as_array().unwrap().len();
        assert_eq!(page.matches("<mark>[").count(), left, "every blank that is left is marked: {page}");
        assert_eq!(house.get(&token, &at("letters/1")).status, 404, "nothing is out yet");
        let why = |more: &str| {
            let refused = house.get(&token, &at(more));
            let errors = refused.json()["errors"][0].clone();
            (refused.status, errors["field"].as_str().unwrap().to_owned(), errors["code"].as_str().unwrap().to_owned())
        };
        let said = |field: &str, code: &str| (422, field.to_owned(), code.to_owned());
        assert_eq!(why("letters/no-such.html"), said("letter", "unknown_letter"));
        assert_eq!(why("letters/no-such.docx"), said("letter", "unknown_letter"));
        assert_eq!(why("letters/acknowledgement.docx"), said("letter", "letter_format"));
        assert_eq!(why("letters/acknowledgement.json?language=xx"), said("language", "not_one_of"));
        let content = format!("<script>alert(1)</script> pursuant to 13800138000 {ACKNOWLEDGEMENT}");
        let body = json!({"letter": "acknowledgement", "language": "en", "medium": "sms", "content": content, "reference": "SMS-7"});
        let issued = house.call(&token, "POST", &at("issue-letter"), &[("if-match", "\"1\"")], &body);
        assert_eq!(issued.status, 200, "{issued:?}");
        let page = house.get(&token, &at("letters/1"));
        assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
        assert!(page.header("content-security-policy").contains("sandbox"));
        assert!(page.body.contains("SMS-7") && page.body.contains("by text message"), "{}", page.body);
        assert!(!page.body.contains("<script") && !page.body.contains("13800138000"), "{}", page.body);
        let words = house.get(&token, &at("letters/1.json")).json();
        let advice = words["advice"].as_array().unwrap();
        assert!(advice.iter().any(|one| one["hard"] == "jargon" && one["instead"] == "under"), "{words}");
        assert_eq!(why("letters/1.json?language=zh-CN"), said("language", "not_one_of"), "it is out in English");
        let pdf = house.get(&token, &at("letters/1.pdf"));
        match pdf.status {
            200 => assert!(pdf.bytes.starts_with(b"%PDF-") && pdf.header("content-type") == "application/pdf"),
            status => assert_eq!((status, &pdf.json()["code"]), (406, &json!("no_font"))),
        }
        let archive = house.get(&token, &at("archive?purpose=regulator&reason=x"));
        assert!(verify_archive(Cursor::new(&archive.bytes)).unwrap().is_whole());
        let mut zip = zip::ZipArchive::new(Cursor::new(&archive.bytes)).unwrap();
        let mut letter = String::new();
        zip.by_name("letters/01-acknowledgement.html").unwrap().read_to_string(&mut letter).unwrap();
        assert!(letter.contains("13800138000") && !letter.contains("<script"), "{letter}");
        house.desk.db().close();
    })
    .unwrap();
}

#[test]
fn without_a_font_the_page_remains() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let settings = Settings { font: Some(PathBuf::from("/nowhere/none.ttf")), ..Settings::default() };
    let locales = Locales::load(data::locales(None).unwrap()).unwrap();
    let house = House { state: AppState::new(house.desk.clone(), locales, settings), ..house };
    let token = house.token(Role::Compliance, "");
    let case = house.register(&token, &intake());
    let at = |more: &str| format!("/api/v1/complaints/{}/{more}", case["id"].as_str().unwrap());
    let refused = house.get(&token, &at("letters/acknowledgement.pdf"));
    assert_eq!((refused.status, &refused.json()["code"]), (406, &json!("no_font")), "{refused:?}");
    assert!(refused.json()["way_out"].as_str().unwrap().contains("--font"));
    assert_eq!(house.get(&token, &at("letters/acknowledgement.html")).status, 200);
    house.desk.db().close();
}
