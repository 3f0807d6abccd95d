//! An empty installation is set up in a browser, the tour is taken, and a token is made.

use crate::program::Program;
use crate::{SIZES, Visit, signed_in};

#[test]
fn a_new_installation_is_set_up_and_a_programme_gets_a_token() {
    let mut program = Program::start(&[]);
    program.choose_password("a+password+of+my+own");
    let browser = signed_in(&program, "en", SIZES[0]);
    let visit = Visit { browser: &browser, language: "en", width: SIZES[0].0 };
    browser.goto(&program.url("/console/password?changed=1"));
    browser.click(".done a");
    browser.arrive("/console/setup");
    visit.keep("50-setup");
    browser.click("main a.primary");
    browser.arrive("/console/setup/organisation");
    browser.script("document.querySelector('input[name=name]').value = ''");
    browser.type_into("input[name=name]", "Eastern Telecom");
    browser.type_into("input[name=code1]", "sh");
    browser.type_into("input[name=unit1]", "Shanghai");
    browser.type_into("input[name=region1]", "31");
    visit.keep("51-setup-organisation");
    browser.click("form[action$=organisation] button.primary");
    browser.arrive("/console/setup/rules");
    visit.keep("52-setup-rules");
    browser.click("form[action$=rules] button.primary");
    browser.arrive("/console/setup/users");
    browser.type_into("input[name=username1]", "mei");
    browser.type_into("input[name=called1]", "Mei");
    browser.click("form[action$=users] button.primary");
    browser.read("One-time passwords");
    visit.keep("53-setup-passwords");
    browser.click("main a.primary");
    browser.arrive("/console/setup/sample");
    browser.click("button[name=skip]");
    browser.arrive("/console/setup/finish");
    browser.click("form[action$=finish] button.primary");
    browser.arrive("/console/admin");
    visit.keep("54-admin");
    // The tour comes up over the console, is gone through by its button, and is not offered again.
    browser.goto(&program.url("/console"));
    browser.click("[data-tour]");
    browser.until("the tour", "return document.querySelector('#tour').open");
    assert_eq!(
        browser.script("return document.activeElement.id"),
        "tour-title",
        "whoever listens hears where they are"
    );
    visit.keep("55-tour");
    for _ in 0..7 {
        browser.click("#tour [data-on]");
    }
    browser.until("it was put away", "return document.querySelector('#tour') === null");
    for (width, height) in SIZES {
        browser.size(width, height);
        let visit = Visit { browser: &browser, language: "en", width };
        browser.goto(&program.url("/console/admin/tokens"));
        browser.script("document.querySelector('main details').open = true");
        browser.type_into("input[name=name]", &format!("Billing {width}"));
        browser.type_into("input[name=purpose]", "Monthly refunds");
        browser.choose("select[name=role]", "integration");
        browser.click("input[name=scopes][value=read]");
        browser.click("main details button.primary");
        browser.read("It is shown only now");
        visit.keep("56-tokens");
        for (name, path) in [
            ("57-roles", "/console/admin/roles"),
            ("58-audit", "/console/admin/audit?ledger=administration"),
            ("59-verification", "/console/admin/verification"),
            ("60-health", "/console/admin/health"),
            ("61-pack", "/console/rules/packs/cn-telecom"),
            ("62-calendar", "/console/calendars/CN?year=2026"),
            ("63-categories", "/console/categories"),
        ] {
            browser.goto(&program.url(path));
            visit.keep(name);
        }
    }
    let errors: Vec<_> = browser.errors().into_iter().filter(|error| !error.contains("status of 4")).collect();
    assert!(errors.is_empty(), "{errors:?}");
}
