//! Several people at one desk: who else has a case open, lists that follow what happens, many cases at once, and words that
//! are put where one writes.

use crate::webdriver::Browser;
use crate::{SIZES, Visit, signed_in, with_own_password};
use serde_json::Value;

fn registered(program: &crate::program::Program, category: &str) -> String {
    let body = format!(
        r#"{{"kind":"complaint","accept_channel":"app","category":"{category}","subject":"账单有误","description":"账单有误","complainant":{{"name":"王小明"}}}}"#
    );
    let registered: Value = serde_json::from_str(&program.place.ok(&["register", "--body", &body, "--json"])).unwrap();
    registered["number"].as_str().unwrap().to_owned()
}

/// Somebody else, added just now, who has chosen a password.
fn colleague(program: &crate::program::Program, username: &str, language: &str) -> Browser {
    let once = program.place.ok(&["user", "add", username, "--name", "陈一", "--role", "specialist"]);
    let once = once.split_whitespace().last().unwrap().to_owned();
    let browser = Browser::start(language).unwrap();
    browser.size(SIZES[0].0, SIZES[0].1);
    browser.goto(&program.url("/"));
    browser.type_into("input[name=username]", username);
    browser.type_into("input[name=password]", &once);
    browser.click("button.primary");
    browser.arrive("/console/password");
    browser.type_into("input[name=old_password]", &once);
    browser.type_into("input[name=password]", "a password of her own");
    browser.type_into("input[name=again]", "a password of her own");
    browser.click("button.primary");
    browser.arrive("changed=1");
    browser
}

#[test]
fn two_at_one_case_see_each_other_look_write_and_leave() {
    let program = with_own_password();
    for (language, username) in [("zh-CN", "chen.yi"), ("en", "chen.er")] {
        let say = |en: &'static str, zh: &'static str| if language == "en" { en } else { zh };
        let case = registered(&program, "B204");
        let page = program.url(&format!("/console/cases/{case}"));
        let browser = signed_in(&program, language, SIZES[0]);
        let other = colleague(&program, username, language);
        browser.goto(&page);
        other.goto(&page);
        browser.read(say("陈一 has this case open", "陈一也在看本案"));
        other.script("document.querySelector('#do-note').open = true");
        other.type_into("#do-note textarea[name=text]", "我来回电");
        browser.read(say("陈一 is writing: Note", "陈一正在写："));
        let visit = Visit { browser: &browser, language, width: SIZES[0].0 };
        visit.keep("52-presence");
        other.leave(&program.url("/console/style"));
        browser.until("gone", "return document.querySelector('.presence').textContent.trim() === ''");
        for one in [&browser, &other] {
            let errors: Vec<_> = one.errors().into_iter().filter(|error| !error.contains("status of 4")).collect();
            assert!(errors.is_empty(), "{errors:?}");
        }
    }
}

#[test]
fn a_list_follows_many_are_chosen_and_a_wording_is_put_in() {
    let program = with_own_password();
    for language in ["zh-CN", "en"] {
        let say = |en: &'static str, zh: &'static str| if language == "en" { en } else { zh };
        let browser = signed_in(&program, language, SIZES[0]);
        let visit = Visit { browser: &browser, language, width: SIZES[0].0 };
        // The list beside a case shows what came in after the page was opened.
        let case = registered(&program, "C503");
        browser.goto(&program.url("/console?view=open&category=C503"));
        browser.goto(&program.url(&format!("/console/cases/{case}")));
        let there =
            |number: &str| format!("return document.querySelector('.list-pane a[data-number=\"{number}\"]') !== null");
        browser.until("the list", &there(&case));
        browser.until(
            "listening",
            "return performance.getEntriesByType('resource').some(one => one.name.includes('/console/counts'))",
        );
        // The first look of the server says how things are; what comes after it is a change.
        std::thread::sleep(std::time::Duration::from_millis(1_500));
        let next = registered(&program, "C503");
        browser.until("the new case", &there(&next));
        visit.keep("53-live-list");

        // A wording is put where one writes, filled from the case.
        browser.script(
            "fetch('/api/v1/macros', {method: 'POST', headers: {'content-type': 'application/json'}, body: \
             JSON.stringify({name: '核对', steps: [{note: {text: '已核对{number}的账单。'}}]})}) \
             .then(answer => document.body.dataset.made = answer.status)",
        );
        browser.until("made", "return document.body.dataset.made === '201'");
        browser.goto(&program.url(&format!("/console/cases/{case}")));
        browser.script("document.querySelector('#do-note').open = true; document.querySelector('[data-wording=do-note]').closest('details').open = true");
        browser.click("[data-wording=do-note]");
        let words = format!("return document.querySelector('#do-note textarea').value === '已核对{case}的账单。'");
        browser.until("the words", &words);
        visit.keep("54-wording");
        browser.leave(&program.url("/console?view=open&category=C503"));

        // Rows are marked, a span by Shift; the bar says how many, and what is to be done is tried first.
        browser.until("rows", "return document.querySelectorAll('td.pick input').length > 1");
        browser.click("td.pick input");
        browser.read(say("1 cases chosen", "已选 1 件"));
        browser.script(
            "const boxes = [...document.querySelectorAll('td.pick input')]; \
             boxes[1].dispatchEvent(new MouseEvent('click', {shiftKey: true, bubbles: true, cancelable: true}))",
        );
        browser.read(say("2 cases chosen", "已选 2 件"));
        visit.keep("55-bulk-bar");
        browser.click(".bulk button[name=operation][value=note]");
        browser.arrive("/console/bulk");
        browser.type_into("main textarea[name=text]", "统一核对");
        browser.click("main form button.primary");
        browser.read(say("Carry out", "执行"));
        visit.keep("56-bulk-tried");
        let errors: Vec<_> = browser.errors().into_iter().filter(|error| !error.contains("status of 4")).collect();
        assert!(errors.is_empty(), "{errors:?}");
    }
}

/// How long a page takes until something is seen, and until it is all there: kept beside the pictures, never judged here,
/// for the machine is busy with other tests.
#[test]
fn what_a_case_page_takes_is_written_down() {
    let program = with_own_password();
    let case = registered(&program, "B204");
    let browser = signed_in(&program, "zh-CN", SIZES[0]);
    let page = program.url(&format!("/console/cases/{case}"));
    let mut lines = Vec::new();
    for kind in ["first", "again"] {
        browser.goto(&page);
        browser.until("painted", "return performance.getEntriesByName('first-contentful-paint').length > 0");
        browser.until("loaded", "return performance.getEntriesByType('navigation')[0].loadEventEnd > 0");
        let read = browser.script(
            "const way = performance.getEntriesByType('navigation')[0]; \
             const files = performance.getEntriesByType('resource').filter(one => one.name.includes('/assets/')); \
             return {first_contentful_paint_ms: performance.getEntriesByName('first-contentful-paint')[0].startTime, \
             load_ms: way.loadEventEnd, page_bytes: way.encodedBodySize, files: files.length, \
             files_bytes: files.reduce((sum, one) => sum + one.encodedBodySize, 0)}",
        );
        assert!(read["files_bytes"].as_u64().unwrap() < 150 * 1024, "{read}");
        lines.push(format!("{kind} {read}"));
    }
    let path = crate::picture("57-case-page").with_extension("txt");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, lines.join("\n")).unwrap();
}
