//! Compensation as the API and the console tell it: proposed by a form, explained line by line, decided and paid.

use crate::{house, intake};
use domain::actor::Role;
use serde_json::json;

#[test]
fn a_sum_is_explained_line_by_line_wherever_it_is_read() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let token = house.token(Role::Specialist, "");
    let cookie = house.session("li", Role::Specialist);
    let number = house.register(&token, &intake())["number"].as_str().unwrap().to_owned();
    let page = |language: &str| {
        let headers = [("cookie", cookie.as_str()), ("accept-language", language)];
        house.send("GET", &format!("/console/cases/{number}"), &headers, "").body
    };
    let post = |verb: &str, form: &str| {
        let headers = [
            ("cookie", cookie.as_str()),
            ("content-type", "application/x-www-form-urlencoded"),
            ("accept-language", "en"),
            ("sec-fetch-site", "same-origin"),
        ];
        house.send("POST", &format!("/console/cases/{number}/{verb}"), &headers, form.to_owned())
    };
    let before = page("en");
    assert!(before.contains("Propose a remedy") && before.contains("Rent waived for the time of the fault"));
    assert!(!before.contains("id=\"compensations\""), "nothing to say, so nothing is said");
    let lacks = post("propose-compensation", "version=1&rule=rent_waived&reason=x");
    assert!(lacks.status == 422 && lacks.body.contains("is required"), "the rule asks for the fee: {}", lacks.body);
    let wrong =
        "version=1&rule=rent_waived&exclude.reason=force_majeure&from=2026-07-03T10%3A00&until=2026-07-05T18%3A00";
    let wrong = post("propose-compensation", wrong);
    assert!(
        wrong.status == 422 && wrong.body.contains("is no reason the rule leaves anything out for"),
        "{}",
        wrong.body
    );
    let form =
        "version=1&rule=rent_waived&monthly_fee.value=99&from=2026-07-03T10%3A00&until=2026-07-05T18%3A00&reason=late";
    assert_eq!(post("propose-compensation", form).status, 303);
    for (language, words) in [
        (
            "en",
            [
                "Rent waived for the time of the fault",
                "To be paid",
                "in proportion to the monthly fee of 99.00 CNY",
                "9.58 CNY",
                "Remedy 1 proposed: 9.58 CNY",
            ],
        ),
        (
            "zh-CN",
            ["免收故障期间租费", "待支付", "按月费 99.00 CNY、当月 31 天折算", "9.58 CNY", "提议第 1 项补救：9.58 CNY"],
        ),
    ] {
        let shown = page(language);
        for words in words {
            assert!(shown.contains(words), "{language}: {words}");
        }
    }
    let read = house.get(&token, &format!("/api/v1/complaints/{number}")).json();
    let one = &read["compensations"][0];
    assert_eq!(
        (&one["sum"]["value"], &one["standing"], &one["within_authority"]),
        (&json!("9.58"), &json!("approved"), &json!(true))
    );
    assert_eq!(one["explanation"]["total"], "9.58 CNY");
    assert!(one["lines"]["en"].as_array().unwrap().len() > 4, "{one}");
    let paid = post("pay-compensation", "version=2&compensation=1&mode=bill_credit&reference=2026-12");
    assert_eq!(paid.status, 303);
    assert!(page("en").contains("Paid: Credit on the bill"));
    let archive = house.get(&token, &format!("/api/v1/complaints/{number}/archive?purpose=regulator&reason=x"));
    assert_eq!(archive.status, 200);
    house.desk.db().close();
}

#[test]
fn who_cannot_approve_is_told_who_can() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let number = house.register(&house.token(Role::Specialist, ""), &intake())["number"].as_str().unwrap().to_owned();
    let (li, lead) = (house.session("li", Role::Specialist), house.session("lead", Role::Supervisor));
    let compliance = house.session("he", Role::Compliance);
    let page = |cookie: &str| {
        let headers = [("cookie", cookie), ("accept-language", "en")];
        house.send("GET", &format!("/console/cases/{number}"), &headers, "").body
    };
    let post = |cookie: &str, verb: &str, form: &str| {
        let headers = [
            ("cookie", cookie),
            ("content-type", "application/x-www-form-urlencoded"),
            ("accept-language", "en"),
            ("sec-fetch-site", "same-origin"),
        ];
        house.send("POST", &format!("/console/cases/{number}/{verb}"), &headers, form.to_owned())
    };
    let proposed = post(&li, "propose-compensation", "version=1&amount.value=2000.01&reason=sorry");
    assert_eq!(proposed.status, 303, "{proposed:?}");
    let offered = |page: &str| page.contains("id=\"do-approve-compensation\"");
    let short = page(&lead);
    assert!(!offered(&short) && short.contains("Can be approved by: "), "{short}");
    assert!(short.contains("Your role can approve up to 2000.00 CNY"), "{short}");
    let refused = post(&lead, "approve-compensation", "version=2&compensation=1");
    assert!(refused.status == 403 && refused.body.contains("which reaches to 2000.00 CNY"), "{refused:?}");
    let far = page(&compliance);
    assert!(offered(&far) && !far.contains("Your role can approve up to"), "{far}");
    assert_eq!(post(&compliance, "approve-compensation", "version=2&compensation=1").status, 303);
    house.desk.db().close();
}
