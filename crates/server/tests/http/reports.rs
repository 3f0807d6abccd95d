//! Reports through the doors: pages and files in both languages, what each role sees of them, and nothing from elsewhere.

use crate::{House, house, intake};
use domain::actor::Role;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;
use std::io::Read as _;

/// The month under way, as the installation's clock has it.
pub(crate) fn this_month() -> String {
    let now = Timestamp::now().to_zoned_datetime(TimeZone::get("Asia/Shanghai").unwrap());
    now.strftime("%Y-%m").to_string()
}

fn filled(scratch: &store::testing::Scratch) -> House {
    let house = house(scratch);
    let token = house.token(Role::Admin, "");
    for region in ["310115", "310115", "330106"] {
        let mut body = intake();
        body["region"] = json!(region);
        body["subject"] = json!("=1+1 连扣四个月");
        house.register(&token, &body);
    }
    desk::jobs::rollup::go_on(&house.desk, "node", 0, || false).unwrap();
    house
}

fn page(house: &House, token: &str, path: &str, language: &str) -> String {
    let bearer = format!("Bearer {token}");
    let answer = house.send("GET", path, &[("authorization", &bearer), ("accept-language", language)], "");
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    answer.body
}

#[test]
fn pages_lead_from_the_list_over_a_figure_to_its_cases() {
    let scratch = store::testing::sqlite().unwrap();
    let house = filled(&scratch);
    let token = house.token(Role::Auditor, "");
    let month = this_month();
    for (language, title, all, due) in
        [("en", "Monthly report on complaints", "All", "Due"), ("zh-CN", "投诉月报", "合计", "报送期限")]
    {
        let list = page(&house, &token, "/console/reports", language);
        assert!(list.contains(title) && list.contains(due), "{list}");
        let shown = page(&house, &token, &format!("/console/reports/cn-monthly?period={month}"), language);
        assert!(shown.contains(title) && shown.contains(&format!(">{all}<")) && shown.contains("id=\"m-count\""));
        assert!(!shown.contains("ui."), "words are missing: {shown}");
        let link =
            format!("/console/reports/cn-monthly/cases?period={month}&amp;table=region&amp;row=33&amp;column=count");
        let link = link.replace("&amp;", "&#38;");
        assert!(shown.contains(&link), "{shown}");
        let cases = page(&house, &token, &link.replace("&#38;", "&"), language);
        assert_eq!(cases.matches("/console/cases/").count(), 1, "{cases}");
        assert!(!cases.contains("ui."));
    }
    let wrong = page_status(&house, &token, "/console/reports/cn-monthly?period=2026");
    assert_eq!(wrong.0, 422);
    assert!(wrong.1.contains("2026-Q3"), "says how a period is written: {}", wrong.1);
    assert_eq!(page_status(&house, &token, "/console/reports/nothing").0, 404);
    house.desk.db().close();
}

fn page_status(house: &House, token: &str, path: &str) -> (u16, String) {
    let bearer = format!("Bearer {token}");
    let answer = house.send("GET", path, &[("authorization", &bearer), ("accept-language", "en")], "");
    (answer.status, answer.body)
}

#[test]
fn files_hold_the_figures_of_the_page() {
    let scratch = store::testing::sqlite().unwrap();
    let house = filled(&scratch);
    let token = house.token(Role::Compliance, "");
    let month = this_month();
    let file = |format: &str| house.get(&token, &format!("/api/v1/reports/cn-monthly?period={month}&format={format}"));
    let csv = file("csv");
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    assert!(csv.header("content-disposition").contains(&format!("cn-monthly-{month}.csv")));
    let text = csv.body.trim_start_matches('\u{feff}');
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let value = |table: &str, row: &str, column: &str| {
        let found = rows.iter().find(|one| (&one[2], &one[3], &one[4]) == (table, row, column)).unwrap();
        found[8].to_owned()
    };
    assert_eq!(value("volume", "*", "count"), "3");
    assert_eq!(value("region", "31", "share"), "66.7");
    assert_eq!(value("volume", "*", "period_on_period"), "", "nothing to compare with");
    let words = rows.iter().find(|one| &one[4] == "wording").unwrap();
    assert_eq!(&words[9], "'=1+1 连扣四个月", "no formula comes out of customers' words");
    let html = file("html").body;
    assert!(html.contains("Monthly report") && !html.contains("<a href=\"/") && !html.contains("<script"));
    let book = file("xlsx");
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(book.bytes)).unwrap();
    let mut read = |name: &str| {
        let mut text = String::new();
        zip.by_name(name).unwrap().read_to_string(&mut text).unwrap();
        text
    };
    assert!(read("xl/workbook.xml").contains("1 Complaints"));
    assert!(read("xl/worksheets/sheet1.xml").contains("<v>3</v>"));
    let strings = read("xl/sharedStrings.xml");
    assert!(strings.contains("=1+1 连扣四个月") && strings.contains("first received in the period"));
    assert!(!read("xl/worksheets/sheet5.xml").contains("<f>"), "no formula");
    let wrong = house.get(&token, "/api/v1/reports/cn-monthly?format=pdf&subscribers=0&huh=1");
    assert_eq!((wrong.status, wrong.json()["errors"].as_array().unwrap().len()), (422, 3), "{wrong:?}");
    house.desk.db().close();
}

#[test]
fn nobody_sees_figures_or_cases_of_elsewhere() {
    let scratch = store::testing::sqlite().unwrap();
    let house = filled(&scratch);
    let month = this_month();
    let path = format!("/api/v1/reports/cn-monthly?period={month}");
    let volume =
        |token: &str, path: &str| house.get(token, path).json()["tables"][0]["rows"][0]["cells"][0]["value"].clone();
    let count = |region: &str| {
        let token = house.token(Role::Supervisor, region);
        let cases = format!("/api/v1/reports/cn-monthly/cases?period={month}&table=volume&row=*&column=count");
        let behind = house.get(&token, &cases).json()["items"].as_array().unwrap().len();
        (volume(&token, &path), behind)
    };
    for (region, expected) in [("", 3), ("31", 2), ("3101", 2), ("330106", 1), ("51", 0)] {
        assert_eq!(count(region), (json!(expected.to_string()), expected), "{region}");
    }
    let agent = house.token(Role::Agent, "");
    assert_eq!(house.get(&agent, &path).status, 403);
    assert!(!page(&house, &agent, "/console", "en").contains("/console/reports"), "no way to what is not theirs");
    assert!(page(&house, &house.token(Role::Quality, ""), "/console", "en").contains("/console/reports"));
    house.desk.db().close();
}
