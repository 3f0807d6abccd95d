//! Following a case, naming colleagues, and choosing how notices come.

use crate::{SIZES, Visit, signed_in, with_own_password};

#[test]
fn a_case_is_followed_colleagues_are_named_and_notices_chosen() {
    let program = with_own_password();
    for language in ["zh-CN", "en"] {
        for (width, height) in SIZES {
            let body = r#"{"kind":"complaint","accept_channel":"app","category":"B204","description":"多扣费用","complainant":{"name":"王小明"}}"#;
            let registered: serde_json::Value =
                serde_json::from_str(&program.place.ok(&["register", "--body", body, "--json"])).unwrap();
            let number = registered["number"].as_str().unwrap();
            let say = |en: &'static str, zh: &'static str| if language == "en" { en } else { zh };
            let browser = signed_in(&program, language, (width, height));
            let visit = Visit { browser: &browser, language, width };
            browser.goto(&program.url(&format!("/console/cases/{number}")));
            browser.read(say("Nobody follows this case", "尚无人关注本案"));
            browser.click("#followers button");
            browser.arrive("#followers");
            browser.read(say("No longer follow", "取消关注"));
            visit.keep("17-followers");
            visit.operate("note", |form| {
                browser.type_into(&format!("{form} textarea[name=text]"), "请 @specialist 看，@nobody.here 也看。");
            });
            browser.read(say("no colleague @nobody.here", "没有 @nobody.here"));
            browser.read(say("Named: ", "点名："));
            visit.keep("18-mentions");
            browser.goto(&program.url("/console/notices"));
            visit.keep("19-notices");
            browser.goto(&program.url("/console/notices/choices"));
            browser.read(say("sends no mail", "未配置发信"));
            browser.script("document.querySelector('input[name=quiet_from]').value = ''");
            browser.type_into("input[name=quiet_from]", "25:00");
            browser.click("form[action$=choices] button.primary");
            browser.read(say("time of the day", "须为时刻"));
            visit.keep("20-choices-faults");
            browser.script("document.querySelector('input[name=quiet_from]').value = '22:00'");
            browser.click("form[action$=choices] button.primary");
            browser.arrive("done=1");
            let kept = browser.script("return document.querySelector('input[name=quiet_from]').value");
            assert_eq!(kept, "22:00");
            visit.keep("21-choices");
            let errors: Vec<_> = browser.errors().into_iter().filter(|error| !error.contains("status of 4")).collect();
            assert!(errors.is_empty(), "{errors:?}");
        }
    }
}
