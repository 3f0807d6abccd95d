//! The customer's side: a link from the case, answered on a telephone as on a desk, and what the house sees of it.

use crate::{SIZES, Visit, signed_in, with_own_password};

#[test]
fn a_customer_answers_through_the_link_and_a_sum_is_proposed() {
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
            visit.operate("accept", |_| {});
            visit.operate("propose-compensation", |form| {
                browser.choose(&format!("{form} select[name=remedy]"), "refund");
                browser.type_into(&format!("{form} input[name=\"amount.value\"]"), "20");
                browser.type_into(&format!("{form} textarea[name=reason]"), "先退费后查证");
                browser.click(&format!("{form} input[name=first]"));
            });
            browser.read(say("Given first, verified afterwards", "先行给付，事后查证"));
            visit.operate("propose", |form| {
                browser.type_into(&format!("{form} textarea[name=outcome]"), "退费");
            });
            visit.operate("approve", |_| {});
            visit.operate("reply", |form| {
                browser.choose(&format!("{form} select[name=mode]"), "sms");
                browser.type_into(&format!("{form} textarea[name=content]"), "已退费");
            });
            browser.click("form[action$=\"/survey-link\"] button");
            browser.read(say("good for one answer", "只能回答一次"));
            visit.keep("30-survey-link");
            let address = browser.script("return document.querySelector('#survey-address').value");
            browser.goto(&program.url(address.as_str().unwrap()));
            browser.read(say("Three short questions", "三个简短的问题"));
            visit.keep("31-survey");
            browser.click("input[name=satisfied][value=dissatisfied]");
            browser.click("input[name=solved][value=no]");
            browser.type_into("textarea[name=comment]", "等得太久");
            browser.click("button.primary");
            browser.read(say("Thank you", "谢谢"));
            visit.keep("32-thanks");
            browser.goto(&program.url(address.as_str().unwrap()));
            browser.read(say("This link is not valid", "此链接无效"));
            browser.goto(&program.url(&format!("/console/cases/{number}")));
            browser.read(say("a third person decides", "待第三人决定"));
            visit.keep("33-review");
            for (path, name) in [("/console/remedies", "34-remedies"), ("/console/surveys", "35-surveys")] {
                browser.goto(&program.url(path));
                visit.keep(name);
            }
            let errors: Vec<_> = browser.errors().into_iter().filter(|error| !error.contains("status of 4")).collect();
            assert!(errors.is_empty(), "{errors:?}");
        }
    }
}
