//! The product as a person uses it: a real browser against the real program, in both languages and two sizes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed test panics"
)]

mod console;
mod customer;
mod notices;
#[path = "../program/mod.rs"]
mod program;
mod together;
mod webdriver;

use program::Program;
use std::path::PathBuf;
use webdriver::Browser;

const SIZES: [(u32, u32); 2] = [(1440, 900), (390, 844)];

fn picture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("screenshots").join(format!("{name}.png"))
}

struct Visit<'a> {
    browser: &'a Browser,
    language: &'a str,
    width: u32,
}

impl Visit<'_> {
    fn keep(&self, name: &str) {
        self.browser.screenshot(&picture(&format!("{}-{}-{name}", self.language, self.width)));
        let wide = self.browser.script("return document.documentElement.scrollWidth").as_u64().unwrap();
        assert!(wide <= u64::from(self.width), "{name} is {wide} wide on {}", self.width);
    }

    fn operate(&self, verb: &str, fill: impl Fn(&str)) {
        let form = format!("form[action$=\"/{verb}\"]");
        // The address is there before the page is.
        self.browser.until(verb, &format!("return document.querySelector('{form}') !== null"));
        self.browser
            .script(&format!("const d = document.querySelector('{form}').closest('details.op'); if (d) d.open = true"));
        fill(&form);
        self.browser.click(&format!("{form} button"));
        self.browser.arrive(&format!("done={verb}"));
    }
}

#[test]
fn a_complaint_from_registration_to_close() {
    let program = Program::start(&["--demo"]);
    let mut password = program.password().to_owned();
    for language in ["zh-CN", "en"] {
        for (width, height) in SIZES {
            let browser = Browser::start(language).unwrap();
            browser.size(width, height);
            let visit = Visit { browser: &browser, language, width };
            browser.goto(&program.url("/"));
            visit.keep("01-sign-in");
            browser.type_into("input[name=username]", "admin");
            browser.type_into("input[name=password]", "not the password");
            browser.click("button.primary");
            let refused =
                if language == "en" { "User name or password is wrong" } else { "用户名或密码不正确" };
            browser.read(refused);
            browser.type_into("input[name=username]", "admin");
            browser.type_into("input[name=password]", &password);
            browser.click("button.primary");
            if password == program.password() {
                // Whatever is opened, a password made for somebody leads here.
                browser.arrive("/console/password");
                browser.goto(&program.url("/console/new"));
                browser.arrive("/console/password");
                visit.keep("01-own-password");
                password = "a password of my own".to_owned();
                browser.type_into("input[name=old_password]", program.password());
                browser.type_into("input[name=password]", &password);
                browser.type_into("input[name=again]", &password);
                browser.click("button.primary");
                browser.arrive("changed=1");
                browser.click(".done a");
            }
            browser.arrive("/console");
            visit.keep("02-queue");
            browser.goto(&program.url("/console/new"));
            browser.type_into("input[name=\"complainant.phone\"]", "13800138000");
            browser.click(".foot button.primary");
            let needed = if language == "en" { "is required" } else { "必填" };
            browser.read(needed);
            let kept = browser.script("return document.querySelector('input[name=\"complainant.phone\"]').value");
            assert_eq!(kept, "13800138000", "what was typed is kept");
            visit.keep("03-register-faults");
            browser.type_into("input[name=category]", "B204");
            browser.type_into("input[name=subject]", "连扣四个月视频会员费");
            let story = "客户称从未订购，联系电话13800138000，身份证11010519491231002X。";
            browser.type_into("textarea[name=description]", story);
            browser.type_into("textarea[name=demand]", "退费并致歉");
            browser.type_into("input[name=\"complainant.name\"]", "王小明");
            browser.type_into("input[name=region]", "310115");
            browser.type_into("input[name=\"amount.value\"]", "100.00");
            browser.click(".foot button.primary");
            // Somebody complained from this number before: that is shown first, and never refuses.
            let asks = "return document.querySelector('button[name=anyway]') !== null";
            let goes_on = "return location.search.includes('done=register')";
            let answered = || browser.script(asks) == true || browser.script(goes_on) == true;
            let begun = std::time::Instant::now();
            while !answered() && begun.elapsed() < std::time::Duration::from_secs(20) {
                std::thread::sleep(std::time::Duration::from_millis(100));
            }
            if browser.script(asks) == true {
                visit.keep("03-same");
                browser.click("button[name=anyway]");
            }
            browser.arrive("done=register");
            let page = browser.text();
            assert!(page.contains("138****8000") && page.contains("1101**********002X"), "{page}");
            assert!(!page.contains("13800138000") && !page.contains("王小明"), "nothing personal is shown: {page}");
            visit.keep("04-case");
            visit.operate("accept", |_| {});
            browser.click("form[action$=\"/reveal\"] button");
            // The holder sees the number with one click.
            browser.read("13800138000");
            browser.goto(&browser.url().replace("/reveal", ""));
            visit.operate("propose", |form| {
                browser.type_into(&format!("{form} textarea[name=outcome]"), "先行退费一百元并取消业务");
            });
            visit.keep("05-proposed");
            visit.operate("approve", |_| {});
            visit.operate("reply", |form| {
                browser.choose(&format!("{form} select[name=mode]"), "phone");
                browser.type_into(&format!("{form} textarea[name=content]"), "已退费并致歉，客户认可。");
            });
            visit.operate("set-cause", |form| browser.choose(&format!("{form} select[name=cause]"), "MKT.CONS"));
            visit.operate("ask-satisfaction", |form| {
                browser.choose(&format!("{form} select[name=mode]"), "phone");
            });
            visit.operate("record-satisfaction", |form| {
                browser.choose(&format!("{form} select[name=satisfied]"), "satisfied");
            });
            visit.operate("close", |_| {});
            let closed = if language == "en" { "Closed" } else { "已办结" };
            browser.read(closed);
            browser.script("document.querySelectorAll('aside details.why').forEach((one, n) => one.open = n === 0)");
            visit.keep("06-closed");
            browser.goto(&program.url("/console/cases/TS-20200101-000001-1"));
            visit.keep("07-not-found");
            browser.goto(&program.url("/docs"));
            visit.keep("08-docs");
            let errors: Vec<_> = browser.errors().into_iter().filter(|error| !error.contains("status of 4")).collect();
            assert!(errors.is_empty(), "{errors:?}");
            let elsewhere: Vec<_> = browser
                .requests()
                .into_iter()
                .filter(|url| !url.starts_with(&program.url("/")) && !url.starts_with("data:"))
                .filter(|url| url.starts_with("http"))
                .collect();
            assert!(elsewhere.is_empty(), "{elsewhere:?}");
        }
    }
}

/// A server with the demo whose administrator has chosen a password.
fn with_own_password() -> Program {
    let mut program = Program::start(&["--demo"]);
    program.choose_password("a+password+of+my+own");
    program
}

/// A browser in which that administrator is signed in.
fn signed_in(program: &Program, language: &str, (width, height): (u32, u32)) -> Browser {
    let browser = Browser::start(language).unwrap();
    browser.size(width, height);
    browser.goto(&program.url("/"));
    browser.type_into("input[name=username]", "admin");
    browser.type_into("input[name=password]", "a password of my own");
    browser.click("button.primary");
    browser.arrive("/console");
    browser
}

/// Pages people stumbled over: a letter from its form, a draft that is wrong, what is kept, on both sizes.
#[test]
fn a_letter_is_drafted_and_tables_keep_their_headings() {
    let program = with_own_password();
    let body = r#"{"kind":"complaint","accept_channel":"app","category":"B204","description":"多扣费用","complainant":{"name":"王小明"}}"#;
    let registered: serde_json::Value =
        serde_json::from_str(&program.place.ok(&["register", "--body", body, "--json"])).unwrap();
    let number = registered["number"].as_str().unwrap();
    for language in ["zh-CN", "en"] {
        for (width, height) in SIZES {
            let browser = signed_in(&program, language, (width, height));
            let visit = Visit { browser: &browser, language, width };
            browser.goto(&program.url(&format!("/console/cases/{number}?do=issue-letter#do-issue-letter")));
            let form = "#do-issue-letter";
            browser.choose(&format!("{form} select[name=letter]"), "acknowledgement");
            browser.click(&format!("{form} button[formaction$=\"/draft\"]"));
            browser.arrive("/issue-letter/draft");
            let words = "return document.querySelector('#do-issue-letter textarea[name=content]').value";
            let first = browser.script(words);
            let begins = if language == "en" { "We received" } else { "我们" };
            assert!(first.as_str().unwrap().contains(begins), "{first}");
            browser.script("document.querySelector('#do-issue-letter').scrollIntoView()");
            visit.keep("11-letter-drafted");
            let other = if language == "en" { "zh-CN" } else { "en" };
            browser.choose(&format!("{form} select[name=language]"), other);
            browser.click(&format!("{form} button[formaction$=\"/check\"]"));
            browser.arrive("/issue-letter/check");
            assert_ne!(browser.script(words), first, "the words change with the language");
            browser.script("document.querySelector('#do-issue-letter').scrollIntoView()");
            visit.keep("12-letter-checked");
            browser.goto(&program.url("/console/rules/what-if"));
            browser.choose("select[name=kind]", "pack");
            browser.type_into("textarea[name=text]", "id = 1");
            browser.click("button.primary");
            browser.read(if language == "en" { "line 1" } else { "第 1 行" });
            visit.keep("13-what-if-faults");
            browser.goto(&program.url("/console/retention?look=1"));
            visit.keep("14-retention");
            browser.goto(&program.url("/console/reports"));
            visit.keep("15-reports");
            browser.click(".queue .what a");
            browser.arrive("/console/reports/");
            visit.keep("16-report");
        }
    }
}

/// From the list of problems to one with its effect, and from a hot issue of a month to a problem of it.
#[test]
fn a_hot_issue_becomes_a_problem_and_a_measure_shows_its_effect() {
    let program = with_own_password();
    for language in ["zh-CN", "en"] {
        for (width, height) in SIZES {
            let browser = signed_in(&program, language, (width, height));
            let visit = Visit { browser: &browser, language, width };
            browser.goto(&program.url("/console/problems"));
            browser.read("浦东晚高峰卡顿");
            visit.keep("17-problems");
            browser.script(
                "[...document.querySelectorAll('.queue .what a')].find(a => a.textContent.includes('浦东')).click()",
            );
            browser.arrive("/console/problems/");
            browser.read(if language == "en" { "Rate after to before" } else { "投诉率之比" });
            visit.keep("18-problem");
            visit.operate("amend-problem", |form| {
                browser.script(&format!("document.querySelector('{form} input[name=title]').value = ''"));
                let title = format!("浦东晚高峰卡顿 {language} {width}");
                browser.type_into(&format!("{form} input[name=title]"), &title);
            });
            browser.goto(&program.url("/console/hot-issues"));
            visit.keep("19-hot-issues");
            browser.click("form[action=\"/console/problems\"] button");
            browser.arrive("done=open-problem");
            visit.keep("20-problem-new");
        }
    }
}

/// From the list of mass incidents to one with its plan and cases, to the facts, plans, catalogue and figures around it.
#[test]
fn an_outage_is_found_with_its_cases_plan_and_figures() {
    let program = with_own_password();
    for language in ["zh-CN", "en"] {
        for (width, height) in SIZES {
            let browser = signed_in(&program, language, (width, height));
            let visit = Visit { browser: &browser, language, width };
            browser.goto(&program.url("/console/incidents"));
            browser.read("锦绣苑");
            visit.keep("30-incidents");
            browser.click(".queue .what a");
            browser.arrive("/console/incidents/");
            browser.read(if language == "en" { "Repair on site" } else { "抢修队到场" });
            visit.keep("31-incident");
            visit.operate("amend-incident", |form| {
                browser.script(&format!("document.querySelector('{form} input[name=title]').value = ''"));
                browser.type_into(&format!("{form} input[name=title]"), &format!("锦绣苑宽带中断 {language} {width}"));
            });
            for (name, path, words) in [
                ("32-plans", "/console/plans", ["小区中断处置预案", "Outage of an estate"]),
                ("33-network-facts", "/console/network-facts", ["中断", "Outage"]),
                ("34-catalogue", "/console/catalogue", ["千兆光宽带", "Gigabit fibre"]),
                ("35-kpis", "/console/kpis", ["网络可用率", "Network availability"]),
            ] {
                browser.goto(&program.url(path));
                browser.read(words[usize::from(language == "en")]);
                visit.keep(name);
            }
        }
    }
}
