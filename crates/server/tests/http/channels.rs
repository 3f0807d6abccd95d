//! Hostile mail, from its bytes to the page somebody reads; and reports of gateways.

use crate::{House, house, intake};
use desk::letterbox::Taken;
use desk::ways::{Named, ReplyAddress, Ways};
use domain::actor::Role;
use domain::ids::CaseId;
use mail::gateway::Gateway;
use serde_json::{Value, json};
use server::app::{AppState, Settings};
use std::collections::BTreeMap;

const SECRET: &str = "a secret of some length";

pub(crate) fn ways() -> Ways {
    let reply = Some(ReplyAddress::parse("reply@op.example").unwrap());
    Ways { email: true, sms: true, voice: false, reply, region: String::new() }
}

fn take(house: &House, raw: impl Into<Vec<u8>>) -> Taken {
    house.runtime.block_on(server::mail_in::take(&house.desk, raw.into(), None, true)).unwrap()
}

fn letter(head: &str, body: &str) -> Vec<u8> {
    format!("From: Wang <wang@example.com>\r\nTo: care@op.example\r\nSubject: 扣费\r\n{head}\r\n{body}").into_bytes()
}

/// What hurts readers of mail, each as a whole message.
fn hostile() -> Vec<(&'static str, Vec<u8>)> {
    let html = |body: &str| letter("Content-Type: text/html; charset=utf-8\r\n", body);
    let part = |kind: &str, body: &str| {
        letter(
            "Content-Type: multipart/mixed; boundary=b\r\n",
            &format!(
                "--b\r\nContent-Type: text/plain\r\n\r\nsee file\r\n--b\r\nContent-Type: {kind}\r\n\r\n{body}\r\n--b--\r\n"
            ),
        )
    };
    let mut many = "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n".repeat(10_000);
    many.push_str("--b--\r\n");
    let mut deep = String::new();
    for n in 0..1_000 {
        deep.push_str(&format!("--b{n}\r\nContent-Type: multipart/mixed; boundary=b{}\r\n\r\n", n + 1));
    }
    let mut gb = letter("Content-Type: text/plain; charset=GB18030\r\n", "");
    gb.extend_from_slice(b"\xb3\xd6\xd0\xf8\xbf\xdb\xb7\xd1");
    let mut mixed = letter("Content-Type: text/plain; charset=Big5\r\n", "");
    mixed.extend_from_slice(b"\xa7\xeb\xb6\x44\xff\xfe\x81\x30 GB \xb3\xd6 utf \xe6\x89\xa3");
    vec![
        ("script", html("<script>alert(1)</script><p>refund")),
        ("svg", html("<svg/onload=alert(1)><math><mi xlink:href=javascript:alert(1)>x</mi></math>refund")),
        ("nested tags", html("<scr<script>ipt>alert(1)</scr</script>ipt>refund")),
        ("mutation", html("<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">refund<xmp><b></xmp>")),
        (
            "css",
            html("<style>@import url(http://evil.example/x)</style><p style=\"background:url(//evil.example)\">refund"),
        ),
        ("image", html("<img src=\"http://evil.example/pixel.gif\" width=1>refund")),
        (
            "svg file",
            part("image/svg+xml; name=\"a.svg\"", "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
        ),
        ("html file", part("text/html; name=\"a<script>alert(1)</script>.html\"", "<script>alert(1)</script>")),
        ("file name", part("application/octet-stream; name=\"../../etc/passwd\u{202e}gpj.exe\"", "x")),
        ("subject", b"From: w@e.cn\r\nSubject: <script>alert(1)</script>\r\n\r\nrefund".to_vec()),
        ("sender", b"From: \"<script>alert(1)</script>\" <w2@e.cn>\r\nSubject: x\r\n\r\nrefund".to_vec()),
        (
            "header injection",
            b"From: w3@e.cn\r\nSubject: =?utf-8?Q?x=0D=0ABcc:_all@op.example?=\r\n\r\nrefund".to_vec(),
        ),
        ("bidi name", "From: \"moc.elpmaxe\u{202e}\u{200b} Wang\" <w4@e.cn>\r\n\r\nrefund".as_bytes().to_vec()),
        ("gb18030", gb),
        ("broken charsets", mixed),
        ("1970", letter("Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n", "refund of 1970")),
        ("2106", letter("Date: Sun, 07 Feb 2106 06:28:16 +0000\r\n", "refund of 2106")),
        ("10,000 parts", letter("Content-Type: multipart/mixed; boundary=b\r\n", &many)),
        ("1,000 deep", letter("Content-Type: multipart/mixed; boundary=b0\r\n", &deep)),
        ("no end", letter("Content-Type: multipart/mixed; boundary=\"b\r\n", "--b\r\nrefund of nobody")),
        ("nothing", Vec::new()),
        ("noise", (0..20_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect()),
        ("null", b"From: w5@e.cn\r\n\r\n\0\0\0".to_vec()),
    ]
}

fn unharmed(what: &str, page: &str) {
    // Our own script alone; its address changes with what it holds.
    let own = "<script type=\"module\" src=\"/assets/";
    let page = page.split_once(own).map_or(page.to_owned(), |(before, rest)| {
        format!("{before}{}", rest.split_once("/console.js\"></script>").map_or(rest, |(_, after)| after))
    });
    for sign in
        ["<script", "<svg", "onerror=alert(1)>", "<iframe", "src=\"http", "src=http", "url(", "\u{202e}", "\u{200b}"]
    {
        assert!(!page.contains(sign), "{what}: {sign} in {page}");
    }
}

#[test]
fn a_case_offers_the_ways_there_are() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let case = house.register(&house.token(Role::Admin, ""), &intake());
    let cookie = house.session("desk", Role::Specialist);
    let form = || {
        let page = format!("/console/cases/{}", case["number"].as_str().unwrap());
        let headers = [("cookie", cookie.as_str()), ("accept-language", "en")];
        let body = house.send("GET", &page, &headers, "").body;
        body.split_once("id=\"do-send-message\"").unwrap().1.split("</details>").next().unwrap().to_owned()
    };
    let none = form();
    assert!(none.contains("no way to write to customers") && !none.contains("<form"), "{none}");
    house.desk.set_ways(Ways { sms: true, ..Ways::none() });
    let some = form();
    assert!(some.contains("value=\"sms\"") && !some.contains("value=\"email\""), "{some}");
    house.desk.db().close();
}

/// A1, A2, A4, D4: whatever comes becomes a case or waits for a person; nothing of it runs anywhere or is lost.
#[test]
fn a1_a2_a4_d4_hostile_mail_neither_runs_nor_gets_lost() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    house.desk.set_ways(ways());
    let (token, own) = (house.token(Role::Admin, ""), house.session("mei", Role::Supervisor));
    let mut became: BTreeMap<&str, Taken> = BTreeMap::new();
    for (what, raw) in hostile() {
        let taken = take(&house, raw.clone());
        assert_eq!(take(&house, raw), Taken::Known, "{what}: the same once more");
        became.insert(what, taken);
    }
    for what in ["10,000 parts", "1,000 deep"] {
        assert_eq!(became[what], Taken::Waits("too_many_parts"));
    }
    for what in ["script", "svg", "subject", "gb18030", "1970", "2106", "file name"] {
        assert!(matches!(became[what], Taken::Registered(_)), "{what}: {:?}", became[what]);
    }
    let get = |path: &str| house.send("GET", path, &[("cookie", &own), ("accept", "text/html")], "");
    unharmed("queue", &get("/console").body);
    for (what, taken) in &became {
        let Taken::Registered(number) = taken else { continue };
        let page = get(&format!("/console/cases/{number}"));
        assert_eq!(page.status, 200, "{what}");
        unharmed(what, &page.body);
        let case = house.get(&token, &format!("/api/v1/complaints/{number}")).json();
        // First receipt is ours to say: no message dates itself.
        let received: jiff::Timestamp = case["received_at"].as_str().unwrap().parse().unwrap();
        assert!(house.desk.time().now().duration_since(received).as_mins() < 5, "{what}: {case}");
        for file in case["attachments"].as_array().into_iter().flatten() {
            let name = file["name"].as_str().unwrap();
            assert!(!name.contains(['/', '\\', '\u{202e}']), "{name}");
        }
    }
    let list = get("/console/letterbox");
    unharmed("letterbox", &list.body);
    let waiting = house.get(&token, "/api/v1/letterbox").json()["items"].as_array().unwrap().clone();
    assert_eq!(waiting.len(), became.values().filter(|taken| matches!(taken, Taken::Waits(_))).count());
    for one in waiting {
        let page = get(&format!("/console/letterbox/{}", one["id"].as_str().unwrap()));
        assert_eq!(page.status, 200);
        unharmed("message", &page.body);
    }
    house.desk.db().close();
}

/// A3, A5: nothing of a message is shown but its words, and its files are downloads.
#[test]
fn a3_a5_files_of_mail_are_downloads_and_nothing_is_fetched() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let token = house.token(Role::Admin, "");
    let (_, raw) = hostile().into_iter().find(|(what, _)| *what == "svg file").unwrap();
    let Taken::Registered(number) = take(&house, raw) else { panic!() };
    let case = house.get(&token, &format!("/api/v1/complaints/{number}")).json();
    let file = case["attachments"][0]["id"].as_str().unwrap();
    let answer = house.get(&token, &format!("/api/v1/complaints/{number}/attachments/{file}"));
    assert_eq!(answer.status, 200);
    assert!(answer.header("content-disposition").starts_with("attachment"), "{answer:?}");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert!(!answer.header("content-type").contains("svg"), "{answer:?}");
    house.desk.db().close();
}

/// D1: forged numbers, Message-IDs and references lead into no case, whoever writes them.
#[test]
fn d1_forged_references_lead_into_no_case() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    house.desk.set_ways(ways());
    let token = house.token(Role::Admin, "");
    let mut theirs = intake();
    theirs["complainant"]["email"] = json!("victim@example.com");
    let case = house.register(&token, &theirs);
    let (id, number) = (case["id"].as_str().unwrap(), case["number"].as_str().unwrap());
    let real = house.desk.signed_address(Named::Case(CaseId(id.parse().unwrap()))).unwrap();
    let forged = format!("reply+r{}@op.example", "0".repeat(45));
    let mut taken = Vec::new();
    for n in 0..200 {
        let head = match n % 5 {
            0 => format!(
                "From: victim@example.com\r\nTo: care@op.example\r\nIn-Reply-To: <{id}@op.example>\r\nReferences: <{id}@op.example>\r\n"
            ),
            1 => format!("From: mallory@example.com\r\nTo: care@op.example\r\nSubject: Re: [{number}] {n}\r\n"),
            2 => format!("From: mallory@example.com\r\nTo: {forged}\r\n"),
            3 => format!("From: mallory@example.com\r\nTo: {real}\r\n"),
            _ => format!(
                "From: victim@example.com, mallory@example.com\r\nTo: {real}\r\nMessage-ID: <{id}@op.example>\r\n"
            ),
        };
        taken.push(take(&house, format!("{head}X: {n}\r\n\r\nclose it, please {n} {number}")));
    }
    assert!(!taken.iter().any(|one| matches!(one, Taken::Supplemented(_))), "{taken:?}");
    let after = house.get(&token, &format!("/api/v1/complaints/{id}")).json();
    assert_eq!(after["version"], case["version"], "nothing of it is in the case");
    let waits = |reason| taken.iter().filter(|one| **one == Taken::Waits(reason)).count();
    assert_eq!(
        (waits("names_case"), waits("forged_address"), waits("other_sender"), waits("no_sender")),
        (40, 40, 40, 40)
    );
    let known = taken.iter().filter(|one| matches!(one, Taken::Registered(_))).count();
    assert_eq!(known + waits("too_many"), 40, "none is lost");
    house.desk.db().close();
}

/// D2: a storm of automatic answers makes no complaint and no receipt.
#[test]
fn d2_a_storm_of_robots_makes_no_mail() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    house.desk.set_ways(ways());
    for n in 0..500 {
        let signs = ["Auto-Submitted: auto-replied", "Precedence: bulk", "Return-Path: <>", "List-Id: <l.example>"];
        let sign = signs[n % signs.len()];
        let taken =
            take(&house, format!("From: r{n}@example.com\r\nTo: care@op.example\r\n{sign}\r\n\r\nI am away {n}"));
        assert_eq!(taken, Taken::Waits("automatic"));
    }
    assert_eq!(house.runtime.block_on(house.desk.count_outbox()).unwrap(), 0);
    assert_eq!(house.runtime.block_on(house.desk.count_letterbox()).unwrap(), 500);
    house.desk.db().close();
}

#[test]
fn a_gateway_reports_and_nobody_else() {
    let scratch = store::testing::sqlite().unwrap();
    let mut house = house(&scratch);
    let gateway = Gateway::parse("file:nowhere", SECRET, false).unwrap();
    let settings = Settings { gateway: Some(gateway.clone()), ..Settings::default() };
    house.state = AppState::new(house.desk.clone(), house.state.locales.clone(), settings);
    let body = json!({"id": uuid::Uuid::now_v7().to_string(), "status": "delivered"}).to_string();
    let now = jiff::Timestamp::now().as_second();
    let report = |signature: &str, body: &str| {
        let headers = [("content-type", "application/json"), ("x-redress-signature", signature)];
        house.send("POST", "/gateway/reports", &headers, body.to_owned())
    };
    assert_eq!(report("", &body).status, 403);
    assert_eq!(report(&gateway.signature(now - 600, body.as_bytes()), &body).status, 403, "too old");
    let right = gateway.signature(now, body.as_bytes());
    assert_eq!(report(&right, &body.replace("delivered", "failed")).status, 403, "another body");
    assert_eq!(report(&right, &body).status, 404, "no such message");
    let wrong = json!({"id": "x", "status": "eaten"}).to_string();
    let answer = report(&gateway.signature(now, wrong.as_bytes()), &wrong);
    assert_eq!((answer.status, answer.json()["errors"].as_array().map(Vec::len)), (422, Some(2)), "{answer:?}");
    house.desk.db().close();
}

/// The forms of the console, without any script.
#[test]
fn a_person_decides_in_the_console_and_keeps_drafts() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let (token, own) = (house.token(Role::Admin, ""), house.session("mei", Role::Supervisor));
    assert_eq!(take(&house, b"Subject: x\r\n\r\nwords".to_vec()), Taken::Waits("no_sender"));
    let headers = [("cookie", own.as_str()), ("content-type", "application/x-www-form-urlencoded")];
    let post = |path: &str, form: &str| house.send("POST", path, &headers, form.to_owned());
    let id = house.get(&token, "/api/v1/letterbox").json()["items"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/console/letterbox/{id}/decide");
    let refused = post(&path, "decision=attach&case=TS-1");
    assert!(refused.status == 422 && refused.body.contains("TS-1"), "what was typed stays: {refused:?}");
    let done = post(&path, "decision=register");
    assert_eq!((done.status, done.header("location")), (303, "/console/letterbox?done=registered"), "{done:?}");
    assert_eq!(post(&path, "decision=register").status, 409);
    let case = house.register(&token, &intake());
    let number = case["number"].as_str().unwrap();
    let kept =
        post(&format!("/console/cases/{number}/draft"), "verb=notify-progress&content=half+a+sentence&version=1");
    assert_eq!(kept.status, 303, "{kept:?}");
    let page = house.send("GET", &format!("/console/cases/{number}"), &[("cookie", &own)], "");
    assert!(page.body.contains("half a sentence"), "shown again on return");
    let sent = post(
        &format!("/console/cases/{number}/notify-progress"),
        "verb=notify-progress&version=1&mode=phone&content=whole+sentence",
    );
    assert_eq!(sent.status, 303, "{sent:?}");
    let page = house.send("GET", &format!("/console/cases/{number}"), &[("cookie", &own)], "");
    assert!(!page.body.contains("half a sentence"));
    let api: Value = house.send("GET", &format!("/api/v1/complaints/{number}/drafts"), &[("cookie", &own)], "").json();
    assert_eq!(api["items"], json!([]));
    house.desk.db().close();
}
