//! The console as a desk: readable in every theme and by every aid, worked by keys alone, and nothing lost on the way.

use crate::webdriver::Browser;
use crate::{SIZES, Visit, signed_in, with_own_password};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// axe-core, which `tests/setup/packages` fetches from npm for tests alone.
fn axe() -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("axe/package/axe.min.js");
    std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; `make test` fetches it, or tests/setup/packages", path.display()))
}

/// What axe-core finds on the page shown.
fn findings(browser: &Browser, axe: &str) -> Vec<String> {
    browser.script(axe);
    let found = browser.script(
        "return axe.run(document, {resultTypes: ['violations']}).then(found => found.violations.flatMap(one => \
         one.nodes.map(node => `${one.id}: ${node.target.join(' ')}: ${node.failureSummary}`)))",
    );
    found.as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()).collect()
}

fn registered(program: &crate::program::Program) -> String {
    let body = r#"{"kind":"complaint","accept_channel":"app","category":"B204","subject":"多扣费用","description":"多扣费用","complainant":{"name":"王小明"}}"#;
    let registered: Value = serde_json::from_str(&program.place.ok(&["register", "--body", body, "--json"])).unwrap();
    registered["number"].as_str().unwrap().to_owned()
}

/// Every page of the console that is read, those below others by their first link.
fn pages(browser: &Browser, program: &crate::program::Program, case: &str) -> Vec<String> {
    let mut pages: Vec<String> = [
        "/console",
        "/console?view=closed",
        "/console?grade=urgent&region=82",
        "/console/new",
        "/console/board",
        "/console/views",
        "/console/bulk",
        "/console/macros",
        "/console/macros/new?do=note&do=assign",
        "/console/orders",
        "/console/callbacks",
        "/console/wordings",
        "/console/notices",
        "/console/notices/choices",
        "/console/problems",
        "/console/hot-issues",
        "/console/remedies",
        "/console/reports",
        "/console/surveys",
        "/console/ledger",
        "/console/organisation",
        "/console/units/new",
        "/console/users/new",
        "/console/rules",
        "/console/rules/packs/cn-telecom",
        "/console/rules/diff?before=guide-standard%401.3.0&after=guide-standard%401.4.0",
        "/console/rules/vectors",
        "/console/calendars",
        "/console/calendars/CN?year=2026",
        "/console/categories",
        "/console/admin",
        "/console/admin/tokens",
        "/console/admin/roles",
        "/console/admin/audit",
        "/console/admin/verification",
        "/console/admin/health",
        "/console/setup",
        "/console/setup/organisation",
        "/console/setup/rules",
        "/console/setup/users",
        "/console/setup/sample",
        "/console/setup/finish",
        "/console/tour",
        "/console/models",
        "/console/rules/what-if",
        "/console/rules/routing",
        "/console/retention?look=1",
        "/console/jobs",
        "/console/letterbox",
        "/console/handoffs/new",
        "/console/absence",
        "/console/password",
        "/console/account",
        "/console/second-factor",
        "/console/style",
        "/docs",
        "/console/incidents",
        "/console/plans",
        "/console/network-facts",
        "/console/catalogue",
        "/console/kpis",
    ]
    .map(str::to_owned)
    .to_vec();
    pages.push(format!("/console/cases/{case}"));
    pages.push(format!("/console/cases/{case}?do=issue-letter"));
    pages.push(format!("/console/cases/{case}?version=1"));
    pages.push(format!("/console/cases/{case}/why"));
    pages.push("/console/cases/TS-20200101-000001-1".to_owned());
    for page in [
        "/console/reports",
        "/console/incidents",
        "/console/network-facts",
        "/console/problems",
        "/console/organisation",
        "/console?view=closed",
    ] {
        browser.goto(&program.url(page));
        let link =
            browser.script("return document.querySelector('main :is(.what, .unit) a')?.getAttribute('href') ?? ''");
        pages.extend(Some(link.as_str().unwrap().to_owned()).filter(|link| !link.is_empty()));
    }
    browser.goto(&program.url("/console/organisation"));
    let user = browser
        .script("return document.querySelector('main a[href^=\"/console/organisation/users/\"]').getAttribute('href')");
    pages.push(format!("{}/sign-in", user.as_str().unwrap()));
    pages
}

#[test]
fn no_page_hinders_anybody_in_any_theme() {
    let program = with_own_password();
    let (axe, case) = (axe(), registered(&program));
    let (mut found, mut narrow) = (Vec::new(), BTreeSet::new());
    for (language, theme, (width, height)) in [
        ("zh-CN", "light", SIZES[0]),
        ("en", "dark", SIZES[0]),
        ("zh-CN", "contrast", SIZES[0]),
        ("en", "light", SIZES[1]),
        ("zh-CN", "dark", SIZES[1]),
    ] {
        let browser = signed_in(&program, language, (width, height));
        browser.goto(&program.url(&format!("/theme/{theme}?back=/console/style")));
        assert_eq!(browser.script("return document.documentElement.dataset.theme"), theme);
        let visit = Visit { browser: &browser, language, width };
        visit.keep(&format!("40-style-{theme}"));
        for page in pages(&browser, &program, &case) {
            browser.goto(&program.url(&page));
            let here = findings(&browser, &axe);
            found.extend(here.into_iter().map(|one| format!("{language} {theme} {width} {page}: {one}")));
        }
        browser.goto(&program.url("/console"));
        visit.keep(&format!("41-list-{theme}"));
        browser.goto(&program.url(&format!("/console/cases/{case}")));
        visit.keep(&format!("42-case-{theme}"));
        // What a page of 1280 becomes at four hundred per cent; colours make nothing wider.
        if !narrow.insert(language) {
            continue;
        }
        browser.size(320, 640);
        for page in pages(&browser, &program, &case) {
            browser.goto(&program.url(&page));
            let wide = browser.script("return document.documentElement.scrollWidth").as_u64().unwrap();
            if wide > 320 {
                found.push(format!("{language} {page} is {wide} wide on 320"));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

/// Presses a key where the focus is, as a person does.
fn press(browser: &Browser, key: &str, more: &str) {
    browser.script(&format!(
        "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {{key: '{key}', bubbles: true, cancelable: true, {more}}}))"
    ));
}

#[test]
fn the_desk_is_worked_by_keys_and_keeps_its_place() {
    let program = with_own_password();
    let (first, second) = (registered(&program), registered(&program));
    for language in ["zh-CN", "en"] {
        let say = |en: &'static str, zh: &'static str| if language == "en" { en } else { zh };
        let browser = signed_in(&program, language, SIZES[0]);
        let visit = Visit { browser: &browser, language, width: SIZES[0].0 };
        // Counts of the views come by themselves; rows are reached by keys.
        browser.until("counts", "return document.querySelector('.tally[data-view=open]').textContent !== ''");
        press(&browser, "j", "");
        assert_eq!(browser.script("return document.activeElement.closest('.what') !== null"), true);
        // A case beside its list, as a tab that is there after a reload.
        browser.goto(&program.url("/console?view=open"));
        browser.goto(&program.url(&format!("/console/cases/{first}")));
        browser.until("list", "return document.querySelectorAll('.list-pane .rows a').length > 3");
        browser.goto(&program.url(&format!("/console/cases/{second}")));
        browser.until("tabs", "return document.querySelectorAll('.open-cases .tab').length === 2");
        browser.goto(&browser.url());
        browser.until("tabs", "return document.querySelectorAll('.open-cases .tab').length === 2");
        assert_eq!(browser.script("return document.querySelector('.open-cases .tab.here a').dataset.number"), *second);
        // The width of the list stays.
        browser.script("document.querySelector('.splitter').focus()");
        press(&browser, "ArrowRight", "");
        browser.goto(&browser.url());
        let width = "return document.documentElement.style.getPropertyValue('--list-width')";
        browser.until("width", &format!("{width} === '316px'"));
        browser.until("list", "return document.querySelectorAll('.list-pane .rows a').length > 3");
        visit.keep("43-three-panes");
        browser.script("localStorage.clear()");
        // No key does anything while Chinese is composed or something is typed.
        let open = "return document.querySelector('#do-note').open";
        press(&browser, "c", "isComposing: true");
        assert_eq!(browser.script(open), false);
        press(&browser, "c", "keyCode: 229");
        assert_eq!(browser.script(open), false);
        press(&browser, "c", "");
        assert_eq!(browser.script(open), true);
        press(&browser, "t", "");
        assert_eq!(browser.script("return document.querySelector('#do-transfer')?.open ?? false"), false);
        // The sheet and the palette.
        browser.script("document.activeElement.blur()");
        press(&browser, "?", "");
        browser.read(say("No key does anything while you type", "任何按键均不触发"));
        visit.keep("44-keys");
        press(&browser, "k", "ctrlKey: true");
        browser.type_into("#palette input", &first);
        browser.read(say("Look up TS-", "查找 TS-"));
        visit.keep("45-palette");
        press(&browser, "Enter", "");
        browser.arrive(&format!("/console/cases/{first}"));
        // What is sent by keys can be taken back for some seconds, and then it goes.
        browser.script("document.querySelector('#do-note').open = true");
        browser.type_into("#do-note textarea[name=text]", "先核实账单");
        browser.script("document.querySelector('#do-note textarea[name=text]').focus()");
        press(&browser, "Enter", "ctrlKey: true");
        browser.read(say("goes out in", "秒后发出"));
        visit.keep("46-held");
        press(&browser, "Escape", "");
        browser.until("taken back", "return document.querySelector('.held') === null");
        std::thread::sleep(std::time::Duration::from_secs(6));
        assert!(!browser.url().contains("done="), "what was taken back does not go");
        press(&browser, "Enter", "ctrlKey: true");
        browser.arrive("done=note");
        // What waits is not lost by leaving the page.
        browser.script("document.querySelector('#do-note').open = true");
        browser.type_into("#do-note textarea[name=text]", "离开也不丢");
        browser.script("document.querySelector('#do-note textarea[name=text]').focus()");
        press(&browser, "Enter", "ctrlKey: true");
        browser.script("document.querySelector('.held') !== null || null.none");
        browser.leave(&program.url("/console/style"));
        browser.arrive("/console/style");
        browser.leave(&program.url(&format!("/console/cases/{first}")));
        browser.read(say("has not been sent", "尚未发送"));
        assert_eq!(browser.script("return document.querySelector('#do-note textarea[name=text]').value"), "离开也不丢");
        browser.script("document.querySelector('#do-note textarea[name=text]').focus()");
        press(&browser, "Enter", "ctrlKey: true");
        press(&browser, "Enter", "ctrlKey: true");
        browser.arrive("done=note");
        assert_eq!(browser.script("return document.querySelector('#do-note textarea[name=text]').value"), "");
        // The timeline shows one side alone, and the case as it stood.
        browser.click("#history input[value=system]");
        assert_eq!(
            browser.script(
                "return [...document.querySelectorAll('.timeline > li.internal')].some(li => li.checkVisibility())"
            ),
            false
        );
        browser.script("document.querySelector('.jump input').value = '2020-01-01T00:00'");
        browser.click(".jump button");
        browser.arrive("at=2020");
        browser.read(say("as it stood", "当时"));
        visit.keep("47-as-it-stood");
        let errors: Vec<_> = browser.errors().into_iter().filter(|error| !error.contains("status of 4")).collect();
        assert!(errors.is_empty(), "{errors:?}");
        // What was typed after a draft stands before the draft, and a page that says what went wrong took nothing.
        browser.goto(&program.url(&format!("/console/cases/{first}")));
        let words = "document.querySelector('form[data-draft][action$=\"/notify-progress\"] textarea[name=content]')";
        browser.script(&format!(
            "const form = {words}.form; const body = new URLSearchParams({{verb: 'notify-progress', content: '旧稿'}});
            fetch(form.dataset.draft, {{method: 'POST', body, headers: {{accept: 'application/json'}}}})
                .then(answer => document.body.dataset.draft = answer.status);"
        ));
        browser.until("kept", "return document.body.dataset.draft === '204'");
        browser.goto(&program.url(&format!("/console/cases/{first}")));
        assert_eq!(browser.script(&format!("return {words}.value")), "旧稿");
        browser.script(&format!(
            "{words}.value = '旧稿，后来又写的'; {words}.dispatchEvent(new Event('input', {{bubbles: true}}));
            sessionStorage.setItem(`redress.words.${{document.body.dataset.me}}./console/cases/TS-1/reply`,
                JSON.stringify({{words: [], sent: true}}));"
        ));
        browser.leave(&program.url("/console/cases/TS-1/reply"));
        browser.until("failed", "return document.querySelector('[data-failed]') !== null");
        let sent =
            "return Object.entries(sessionStorage).find(([key]) => key.endsWith('TS-1/reply'))[1].includes('true')";
        assert_eq!(browser.script(sent), false);
        browser.goto(&program.url(&format!("/console/cases/{first}")));
        assert_eq!(browser.script(&format!("return {words}.value")), "旧稿，后来又写的");
        browser.leave(&program.url("/console/style"));
        browser.arrive("/console/style");
        browser.script("sessionStorage.clear()");
        browser.script("localStorage.clear()");
    }
}

/// Two people write on one case; whoever comes second is told what changed, field by field.
#[test]
fn a_conflict_names_the_fields_that_changed() {
    let program = with_own_password();
    for language in ["zh-CN", "en"] {
        let say = |en: &'static str, zh: &'static str| if language == "en" { en } else { zh };
        let case = registered(&program);
        let browser = signed_in(&program, language, SIZES[0]);
        let visit = Visit { browser: &browser, language, width: SIZES[0].0 };
        browser.goto(&program.url(&format!("/console/cases/{case}")));
        program.place.ok(&["case", &case, "accept"]);
        browser.script("document.querySelector('#do-note').open = true");
        browser.type_into("#do-note textarea[name=text]", "我写的还在");
        browser.click("#do-note form button.primary");
        browser.read(say("What is not as you saw it", "与您所见不同之处"));
        let fields = browser.script("return document.querySelector('.differs').innerText");
        assert!(fields.as_str().unwrap().contains(say("Registered", "已登记")), "{fields}");
        assert!(fields.as_str().unwrap().contains(say("Accepted", "已受理")), "{fields}");
        let typed = browser.script("return document.querySelector('#do-note textarea[name=text]').value");
        assert_eq!(typed, "我写的还在");
        visit.keep("48-conflict");
    }
}

/// What a practised agent does during a call: initials, a number, and nothing typed twice.
#[test]
fn registration_answers_while_somebody_types() {
    let program = with_own_password();
    for language in ["zh-CN", "en"] {
        for (width, height) in SIZES {
            let say = |en: &'static str, zh: &'static str| if language == "en" { en } else { zh };
            let browser = signed_in(&program, language, (width, height));
            let visit = Visit { browser: &browser, language, width };
            browser.goto(&program.url("/console/new"));
            // 增值/点播扣费争议
            browser.type_into("input[name=category]", "zzdbkf");
            browser.until("offer", "return document.querySelector('.offers li[aria-selected=true]') !== null");
            visit.keep("49-type-ahead");
            press(&browser, "Enter", "");
            let value = "return document.querySelector('input[name=category]').value";
            assert!(browser.script(value).as_str().unwrap().starts_with("B204"), "{}", browser.script(value));
            browser.type_into("textarea[name=description]", "扣费不明");
            browser.type_into("input[name=region]", "310115");
            browser.type_into("input[name=\"complainant.name\"]", "王小明");
            browser.type_into("input[name=\"complainant.phone\"]", "13800138000");
            browser.read(say("What would be due", "登记后将适用的时限"));
            browser.until("earlier", "return document.querySelector('#known .earlier') !== null");
            visit.keep("50-known");
            // A slip loses nothing; whoever wants to begins afresh.
            browser.leave(&program.url("/console/new"));
            browser.read(say("is here again", "已恢复"));
            let words = "return document.querySelector('textarea[name=description]').value";
            browser.until("words", &format!("return (() => {{ {words} }})() === '扣费不明'"));
            visit.keep("51-restored");
            browser.click("#restored button");
            assert_eq!(browser.script(words), "");
            let errors: Vec<_> = browser.errors().into_iter().filter(|error| !error.contains("status of 4")).collect();
            assert!(errors.is_empty(), "{errors:?}");
        }
    }
}
