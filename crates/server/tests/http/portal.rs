//! The customer's side: nothing but number and code opens a case, everybody else learns nothing, and what is said there
//! stands in the case.

use crate::{Answer, House, form, house};
use domain::actor::Role;
use serde_json::json;
use store::testing::each_database;

fn post(house: &House, path: &str, cookie: &str, form: &str) -> Answer {
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("accept-language", "en"),
        ("cookie", cookie),
        ("sec-fetch-site", "same-origin"),
    ];
    house.send("POST", path, &headers, form.to_owned())
}

fn get(house: &House, path: &str, cookie: &str) -> Answer {
    house.send("GET", path, &[("accept-language", "en"), ("cookie", cookie)], "")
}

const COMPLAINT: &str = "kind=complaint&description=%E7%BD%91%E9%80%9F%E6%85%A2+%3Cscript%3Ealert(1)%3C/script%3E\
    &complainant.name=%E7%8E%8B%E5%B0%8F%E6%98%8E&complainant.phone=13800138000&region=31\
    &once=0f8fad5b-d9cb-469f-a165-70867728950e";

/// Hands a complaint in; the cookie, the number and the code it is opened by.
fn handed_in(house: &House) -> (String, String, String) {
    let answer = post(house, "/portal/complaint", "", COMPLAINT);
    assert_eq!((answer.status, answer.header("location")), (303, "/portal/case?new"), "{answer:?}");
    let set = answer.header("set-cookie");
    assert!(set.contains("HttpOnly; SameSite=Strict") && set.contains("Path=/portal"), "{set}");
    let cookie = set.split(';').next().unwrap().to_owned();
    let (number, code) = cookie.split_once('=').unwrap().1.split_once('.').unwrap();
    (cookie.clone(), number.to_owned(), code.to_owned())
}

#[test]
fn a_customer_hands_in_follows_adds_and_disputes() {
    each_database(|scratch| {
        let house = house(scratch);
        let (cookie, number, code) = handed_in(&house);
        // Sent twice it is one case.
        assert_eq!(handed_in(&house).1, number);
        let page = get(&house, "/portal/case?new", &cookie);
        assert!(page.status == 200 && page.body.contains(&number) && page.body.contains(&code), "{page:?}");
        assert!(!page.body.contains("<script") && page.body.contains("&#60;script&#62;"), "{page:?}");
        let page = get(&house, "/portal/case", &cookie);
        assert!(!page.body.contains(&code), "the code is told once");
        assert!(!page.body.contains("+08:00") && page.body.contains("All times are those of the place"), "{page:?}");
        assert!(page.body.contains("You get an answer by") && page.body.contains("finding who can settle it"));
        // Typed as people type it.
        let typed = code.to_lowercase();
        let typed = format!("number=+{}&code={}-{}", number.to_lowercase(), &typed[..4], &typed[4..]);
        assert_eq!(post(&house, "/portal/track", "", &typed).status, 303);
        let said = post(&house, "/portal/case/add", &cookie, "text=%E8%BF%98%E6%98%AF%E6%85%A2");
        assert_eq!((said.status, said.header("location")), (303, "/portal/case?done"), "{said:?}");
        let headers = [("content-type", "multipart/form-data; boundary=edge"), ("cookie", cookie.as_str())];
        let sent = house.send("POST", "/portal/case/file", &headers, form(&[("file", Some("bill.txt"), b"12.50")]));
        assert_eq!(sent.status, 303, "{sent:?}");

        let (token, lead) = (house.token(Role::Specialist, ""), house.token(Role::Supervisor, ""));
        let case = house.get(&token, &format!("/api/v1/complaints/{number}")).json();
        assert_eq!(case["accept_channel"], "web", "{case}");
        let id = case["id"].as_str().unwrap();
        let secret = json!({"text": "内部：客户以前也这样"});
        let mut version = case["version"].as_i64().unwrap();
        for (who, verb, body) in [
            (&token, "classify", json!({"category": "B204"})),
            (&token, "accept", json!({})),
            (&token, "note", secret),
            (&token, "propose", json!({"outcome": "内部方案"})),
            (&lead, "approve", json!({})),
            (&token, "reply", json!({"mode": "phone", "content": "已修复线路"})),
        ] {
            let done = house.act(who, id, version, verb, &body);
            assert_eq!(done.status, 200, "{verb}: {done:?}");
            version = done.json()["version"].as_i64().unwrap();
        }
        let page = get(&house, "/portal/case", &cookie).body;
        for (words, there) in [
            ("还是慢", true),
            ("bill.txt", true),
            ("已修复线路", true),
            ("Yes, it is settled", true),
            ("内部", false),
            ("13800138000", false),
        ] {
            assert_eq!(page.contains(words), there, "{words}: {page}");
        }
        let (answer, asked) = (page.find("已修复线路").unwrap(), page.find("Does our answer settle it?").unwrap());
        assert!(answer < asked, "the answer is read before it is judged: {page}");
        let survey = post(&house, "/portal/case/survey", &cookie, "");
        assert!(survey.status == 303 && survey.header("location").starts_with("/survey/"), "{survey:?}");
        let empty = post(&house, "/portal/case/dispute", &cookie, "reason=+");
        assert!(empty.status == 422 && empty.body.contains("role=\"alert\""), "{empty:?}");
        assert_eq!(post(&house, "/portal/case/dispute", &cookie, "reason=%E6%B2%A1%E4%BF%AE%E5%A5%BD").status, 303);
        let case = house.get(&token, &format!("/api/v1/complaints/{number}")).json();
        assert_eq!(case["status"], "in_progress", "{case}");
        // The house sees that it is disputed; whoever handled it is not led to what only somebody else may do.
        let console = |who: &str| {
            let bearer = format!("Bearer {who}");
            let headers = [("authorization", bearer.as_str()), ("accept-language", "en")];
            house.send("GET", &format!("/console/cases/{number}"), &headers, "").body
        };
        let (handler, other) = (console(&token), console(&house.token(Role::Specialist, "")));
        for page in [&handler, &other] {
            let said = page.find("The customer rejected the outcome on").unwrap();
            assert!(page[said..].find("没修好").unwrap() < page[said..].find("id=\"operations\"").unwrap(), "{page}");
        }
        let (step, why) =
            (format!("/console/cases/{number}/propose\""), "You handled the outcome the customer rejected");
        assert!(!handler.contains(&step) && handler.contains(why), "{handler}");
        assert!(other.contains(&step) && !other.contains(why), "{other}");
        let again = post(&house, "/portal/case/confirm", &cookie, "");
        assert!(again.status == 409 && again.body.contains("role=\"alert\""), "{again:?}");
    })
    .unwrap();
}

#[test]
fn nobody_learns_which_numbers_there_are() {
    each_database(|scratch| {
        let house = house(scratch);
        let (cookie, number, code) = handed_in(&house);
        let wrong = post(&house, "/portal/track", "", &format!("number={number}&code=0000-0000-0000"));
        let unknown = post(&house, "/portal/track", "", "number=TS-20260101-000001-0&code=0000-0000-0000");
        let nonsense = post(&house, "/portal/track", "", "number=%00&code=%F0%9F%98%80");
        let plain = |answer: &Answer, typed: &str| answer.body.replace(&format!("value=\"{typed}\""), "value=\"\"");
        assert_eq!((wrong.status, unknown.status, nonsense.status), (404, 404, 404));
        assert_eq!(plain(&wrong, &number), plain(&unknown, "TS-20260101-000001-0"));
        for path in ["/portal/case", "/portal/case/letters/1"] {
            for other in ["", "redress_track=x", &format!("redress_track={number}.AAAA"), "redress_track=.."] {
                let sent = get(&house, path, other);
                assert_eq!((sent.status, sent.header("location")), (303, "/portal?again"), "{path} {other}");
            }
        }
        // What another site makes a browser send does nothing.
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("cookie", cookie.as_str()),
            ("sec-fetch-site", "cross-site"),
        ];
        for path in ["/portal/case/add", "/portal/case/confirm", "/portal/complaint", "/portal/track"] {
            assert_eq!(house.send("POST", path, &headers, "text=x").status, 403, "{path}");
        }
        let guess = |code: &str| post(&house, "/portal/track", "", &format!("number={number}&code={code}"));
        let guesses: Vec<Answer> = (0..40).map(|n| guess(&format!("{n:012}"))).collect();
        let last = guesses.last().unwrap();
        assert!(last.status == 429 && !last.header("retry-after").is_empty(), "{last:?}");
        // Whoever has the code is not shut out by whoever guesses.
        assert_eq!(guess(&code).status, 303);
        // Letters of a Chinese keyboard open the page, and the page after it.
        let wide = |text: &str| -> String {
            let wide = |c: char| if c.is_ascii_graphic() { char::from_u32(c as u32 + 0xfee0).unwrap() } else { c };
            text.chars().map(wide).collect()
        };
        let typed: String = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("number", &number)
            .append_pair("code", &wide(&code))
            .finish();
        let opened = post(&house, "/portal/track", "", &typed);
        let cookie = opened.header("set-cookie").split(';').next().unwrap().to_owned();
        assert_eq!((opened.status, get(&house, "/portal/case", &cookie).status), (303, 200));
        // A draft is nobody's outside.
        assert_eq!(get(&house, "/portal/case/letters/cn-answer", &cookie).status, 404);
    })
    .unwrap();
}

#[test]
fn what_is_wrong_is_said_beside_the_box_and_nothing_typed_is_lost() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let sent = post(&house, "/portal/complaint", "", "kind=complaint&description=Slow&complainant.name=Wang");
    assert!(sent.status == 422 && sent.body.contains("so that we can answer"), "{sent:?}");
    assert!(sent.body.contains(">Slow</textarea>") && sent.body.contains("value=\"Wang\""), "{sent:?}");
    let odd = post(&house, "/portal/complaint", "", "kind=appeal&complainant.phone=abc&region=99&once=x&x=%FF");
    assert_eq!(odd.status, 422, "{odd:?}");
    let ask = "subject_request=access&description=Which&complainant.name=Wang&complainant.email=w%40example.com";
    assert_eq!(post(&house, "/portal/data", "", ask).status, 303);
    for (language, words) in [("zh-CN", "我们的服务承诺"), ("en", "What we commit ourselves to")] {
        for path in ["/portal", "/portal/complaint", "/portal/data", "/portal/commitments"] {
            let page = house.send("GET", path, &[("accept-language", language)], "");
            assert!(page.status == 200 && !page.body.contains("ui."), "{path}: {page:?}");
            assert!(!page.body.contains("<script") && !page.body.contains("portal.ask"), "{path}: {page:?}");
        }
        let asked = house.send("GET", "/portal/data", &[("accept-language", language)], "").body;
        let about = if language == "en" { "Which data is it about" } else { "涉及哪些个人信息" };
        assert!(asked.contains(about) && !asked.contains("What happened") && !asked.contains("发生了什么"), "{asked}");
        let page = house.send("GET", "/portal/commitments", &[("accept-language", language)], "");
        assert!(page.body.contains(words), "{page:?}");
        // What only one city says, or nobody is sure of, is promised to nobody.
        assert!(!page.body.contains("12345咨询") && !page.body.contains("12345 ticket"), "{page:?}");
        // The law is named, the rest is the house's own; what the house notes to itself stays there.
        let (law, own) = match language {
            "en" => ("Order 35 of the MIIT", "Our own commitments"),
            _ => ("工业和信息化部令第35号", "我们自己的承诺"),
        };
        assert!(page.body.contains(law) && page.body.contains(own), "{page:?}");
        for doubt in ["核实", "二手", "可信度", "企业内部", "not verified", "as a copy", "onfidence", "internal"]
        {
            assert!(!page.body.contains(doubt), "{doubt}: {page:?}");
        }
    }
    // The same form with other words is another matter, and never one that cannot be sent.
    let form = |words: &str| {
        let fixed = "kind=complaint&complainant.name=Wang&complainant.phone=13800138000&once=6a1f6b0e-6d0c-4a52-9d0a-2f0e3c1b7a55";
        post(&house, "/portal/complaint", "", &format!("{fixed}&description={words}")).header("set-cookie").to_owned()
    };
    let (first, again, other) = (form("Slow"), form("Slow"), form("Slower"));
    assert!(!first.is_empty() && first == again && first != other && !other.is_empty());
}

#[test]
fn whoever_goes_astray_is_led_back_to_where_they_came_from() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let asked = |method: &str, path: &str, language: &str| {
        house.send(method, path, &[("accept", "text/html"), ("accept-language", language)], "")
    };
    let typed = asked("GET", "/portal/track", "en");
    assert_eq!((typed.status, typed.header("location")), (303, "/portal"), "{typed:?}");
    for (path, status) in [("/portal/xyz", 404), ("/portal/case/dispute", 405)] {
        for (language, words) in [("en", "Back to complaints and questions"), ("zh-CN", "返回投诉与咨询首页")]
        {
            let page = asked("GET", path, language);
            assert!(page.status == status && page.body.contains(words), "{path}: {page:?}");
            assert!(page.body.contains("portal.css") && page.body.contains("href=\"/portal\""), "{path}: {page:?}");
            assert!(!page.body.contains("/console\"") && !page.body.contains("/docs"), "{path}: {page:?}");
        }
    }
    // The house's own pages are the house's, without what only programmes need.
    for path in ["/console/xyz", "/portals"] {
        let page = asked("GET", path, "en");
        assert!(page.status == 404 && page.body.contains("href=\"/console\""), "{path}: {page:?}");
        assert!(!page.body.contains("The API is described"), "{path}: {page:?}");
    }
    let programme = house.send("GET", "/api/v1/xyz", &[("accept-language", "en")], "").json();
    assert_eq!(programme["way_out"], "The API is described at /docs.", "{programme}");
}
