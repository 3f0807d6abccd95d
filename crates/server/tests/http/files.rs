//! A5, G1, G3: files come in under any name and go out as downloads, whatever they are; archives carry hostile words
//! without running them.

use crate::{Answer, House, form, house, intake};
use axum::body::Body;
use axum::http::Request;
use desk::verify::verify_archive;
use domain::actor::Role;
use serde_json::{Value, json};
use server::app::router;
use std::io::{Cursor, Read as _};
use store::testing::each_database;
use tower::ServiceExt as _;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and so on";

fn list(case: &Value) -> String {
    format!("/api/v1/complaints/{}/attachments", case["id"].as_str().unwrap())
}

fn attach(house: &House, token: &str, case: &Value, name: &str, bytes: &[u8]) -> Answer {
    house.upload(token, &list(case), &[], &[("file", Some(name), bytes)])
}

#[test]
fn a_file_comes_in_once_and_goes_out_as_a_download() {
    each_database(|scratch| {
        let house = house(scratch);
        let token = house.token(Role::Agent, "");
        let case = house.register(&token, &intake());
        let parts = [("note", None, "营业厅交来".as_bytes()), ("file", Some("账单 \"7月\".html"), PNG)];
        let made = house.upload(&token, &list(&case), &[("if-match", "\"1\"")], &parts);
        assert_eq!(made.status, 201, "{made:?}");
        let file = made.json();
        let place = format!("{}/{}", list(&case), file["id"].as_str().unwrap());
        assert_eq!((made.header("location"), made.header("etag")), (place.as_str(), "\"2\""));
        assert_eq!(
            (&file["media"], &file["size"], &file["version"]),
            (&json!("image/png"), &json!(PNG.len()), &json!(2))
        );
        assert_eq!((&file["note"], made.header("idempotent-replayed")), (&json!("营业厅交来"), ""));
        let again = attach(&house, &token, &case, "other.png", PNG);
        assert_eq!((again.status, again.header("idempotent-replayed")), (201, "true"));
        assert_eq!(again.json()["id"], file["id"]);
        let stale = house.upload(&token, &list(&case), &[("if-match", "\"1\"")], &[("file", Some("b"), b"b")]);
        assert_eq!((stale.status, stale.json()["current_version"].as_i64()), (409, Some(2)));
        let odd = house.upload(&token, &list(&case), &[("if-match", "7")], &[("file", Some("b"), b"b")]);
        assert_eq!(odd.status, 422);
        let listed = house.get(&token, &list(&case)).json();
        assert_eq!(listed["items"].as_array().unwrap().len(), 1);
        assert_eq!(listed["items"][0]["digest"], file["digest"]);
        let whole = house.get(&token, &format!("/api/v1/complaints/{}", case["id"].as_str().unwrap())).json();
        assert_eq!(whole["attachments"], listed["items"]);
        let read = house.get(&token, &format!("{place}?purpose=quality&reason=spot%20check"));
        assert_eq!((read.status, read.bytes.as_slice()), (200, PNG));
        assert_eq!(read.header("content-type"), "image/png");
        assert_eq!(read.header("x-content-type-options"), "nosniff");
        assert!(read.header("content-security-policy").starts_with("sandbox"));
        let disposition = read.header("content-disposition");
        assert!(
            disposition.starts_with("attachment; filename=\"__ _7__.html\"; filename*=UTF-8''%E8%B4%A6"),
            "{disposition}"
        );
        assert_eq!(house.get(&token, &format!("{place}?purpose=fun")).status, 422);
        assert_eq!(house.get(&token, &format!("{}/nonsense", list(&case))).status, 404);
        let log = house.get(&token, &list(&case).replace("attachments", "accesses")).json();
        assert_eq!(log["items"].as_array().unwrap().len(), 1, "only what was shown is logged: {log}");
        assert_eq!(
            (&log["items"][0]["purpose"], &log["items"][0]["reason"]),
            (&json!("quality"), &json!("spot check"))
        );
        let writer = {
            let system = desk::Caller::system(house.desk.root());
            let scopes = [desk::caller::Scope::Read, desk::caller::Scope::Write];
            house.desk.create_token(&system, "w", Role::Agent, "", &scopes).unwrap()
        };
        assert_eq!(attach(&house, &writer, &case, "c", b"c").status, 201);
        assert_eq!(house.get(&writer, &place).status, 403, "who may write need not read");
        house.desk.db().close();
    })
    .unwrap();
}

#[test]
fn names_are_made_harmless_and_types_are_told_by_content() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let token = house.token(Role::Agent, "");
    let case = house.register(&token, &intake());
    let hostile = [
        ("../../etc/passwd", "passwd"),
        ("C:\\fakepath\\a.png", "a.png"),
        (".htaccess", "htaccess"),
        (".\u{200B}htaccess", "htaccess"),
        ("invoice\u{202E}fdp.exe", "invoicefdp.exe"),
        ("nul.txt", "_nul.txt"),
        ("a%0D%0ASet-Cookie: x=1", "aSet-Cookie_ x=1"),
        ("<script>alert(1)<script>", "_script_alert(1)_script_"),
        ("", "file"),
    ];
    for (n, (given, kept)) in hostile.into_iter().enumerate() {
        let made = attach(&house, &token, &case, given, format!("text {n}").as_bytes());
        assert_eq!((made.status, made.json()["name"].as_str()), (201, Some(kept)), "{given:?}: {made:?}");
        let read = house.get(&token, made.header("location"));
        let disposition = read.header("content-disposition");
        assert_eq!(read.headers.get_all("set-cookie").iter().count(), 0);
        assert!(disposition.starts_with("attachment; ") && disposition.is_ascii(), "{disposition}");
    }
    let long = attach(&house, &token, &case, &format!("{}.pdf", "长".repeat(400)), b"%PDF-1.7 x").json();
    assert!(long["name"].as_str().unwrap().len() <= 255 && long["name"].as_str().unwrap().ends_with(".pdf"));
    for (name, bytes, media) in [
        ("a.jpg", &b"<!doctype html><script>alert(1)</script>"[..], "text/plain"),
        ("a.png", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "text/plain"),
        ("a.txt", b"%PDF-1.7", "application/pdf"),
        ("a.pdf", b"MZ\x90\0", "application/octet-stream"),
        ("bomb.zip", b"PK\x03\x04 never unpacked", "application/zip"),
    ] {
        let made = attach(&house, &token, &case, name, bytes);
        assert_eq!(made.json()["media"], media, "{name}");
        assert_eq!(house.get(&token, made.header("location")).header("content-type"), media);
    }
    house.desk.db().close();
}

#[test]
fn what_is_no_file_is_refused_with_its_reason_and_changes_nothing() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let token = house.token(Role::Agent, "");
    let case = house.register(&token, &intake());
    let told = |answer: Answer| {
        let body = answer.json();
        let fault = body["errors"][0]["code"].as_str().unwrap_or_default().to_owned();
        (answer.status, body["code"].as_str().unwrap().to_owned(), fault)
    };
    let parts = |parts: &[(&str, Option<&str>, &[u8])]| told(house.upload(&token, &list(&case), &[], parts));
    let expect = |status, code: &str, fault: &str| (status, code.to_owned(), fault.to_owned());
    let file = ("file", Some("a"), &b"x"[..]);
    assert_eq!(parts(&[]), expect(422, "invalid", "required"));
    assert_eq!(parts(&[("note", None, b"x")]), expect(422, "invalid", "required"));
    assert_eq!(parts(&[("file", Some(""), b"")]), expect(422, "invalid", "empty"));
    assert_eq!(parts(&[file, file]), expect(422, "invalid", "given_twice"));
    assert_eq!(parts(&[file, ("colour", None, b"red")]), expect(422, "invalid", "unknown_field"));
    assert_eq!(parts(&[file, ("note", None, b"bell\x07")]), expect(422, "invalid", "forbidden_character"));
    assert_eq!(parts(&[file, ("note", None, b"\xff\xfe")]), expect(422, "invalid", "unreadable"));
    assert_eq!(parts(&[file, ("note", None, &[b'x'; 2000])]), expect(422, "invalid", "too_long"));
    assert_eq!(parts(&[file, ("note", None, &[b'x'; 40_000])]), expect(422, "invalid", "too_long"));
    let large = vec![7; (20 << 20) + 1];
    let answer = house.upload(&token, &list(&case), &[], &[("file", Some("a"), &large)]);
    assert!(answer.body.contains("20 MiB"), "{answer:?}");
    assert_eq!(told(answer), expect(413, "file_too_large", ""));
    let declared = house.upload(&token, &list(&case), &[("content-length", "99999999999")], &[file]);
    assert_eq!(told(declared), expect(413, "file_too_large", ""));
    let json = house.call(&token, "POST", &list(&case), &[], &json!({"file": "x"}));
    assert_eq!(told(json), expect(415, "not_multipart", ""));
    let bearer = format!("Bearer {token}");
    let send = |media: &str, body: Vec<u8>| {
        let headers = [("authorization", bearer.as_str()), ("content-type", media)];
        told(house.send("POST", &list(&case), &headers, body))
    };
    assert_eq!(send("multipart/form-data", form(&[file])).1, "not_multipart");
    let whole = form(&[file]);
    for length in [0, 1, 20, whole.len() / 2, whole.len() - 10] {
        let (status, ..) = send("multipart/form-data; boundary=edge", whole[..length].to_vec());
        assert!([400, 422].contains(&status), "{length}: {status}");
    }
    assert!([400, 422].contains(&send("multipart/form-data; boundary=other", whole.clone()).0));
    // A header without an end is cut off by the limit of the whole.
    let endless = [b"--edge\r\nContent-Disposition: ".to_vec(), vec![b'a'; 21 << 20]].concat();
    assert!([400, 413].contains(&send("multipart/form-data; boundary=edge", endless).0));
    let exact = vec![9; 20 << 20];
    assert_eq!(attach(&house, &token, &case, "exact", &exact).status, 201, "twenty mebibytes are not too many");
    let whole = house.get(&token, &format!("/api/v1/complaints/{}", case["id"].as_str().unwrap())).json();
    assert_eq!((whole["version"].as_i64(), whole["attachments"].as_array().unwrap().len()), (Some(2), 1));
    house.desk.db().close();
}

#[test]
fn an_archive_is_readable_proves_itself_and_runs_nothing() {
    each_database(|scratch| {
        let house = house(scratch);
        let token = house.token(Role::Compliance, "");
        let mut body = intake();
        body["subject"] = json!("<script>alert(1)</script>");
        body["description"] = json!("\"><img src=x onerror=alert(2)> 电话13800138000 javascript:alert(3)");
        body["complainant"]["name"] = json!("<svg onload=alert(4)>");
        let case = house.register(&token, &body);
        attach(&house, &token, &case, "a\"onmouseover=\"alert(5).html", b"<script>alert(6)</script>");
        let path = list(&case).replace("attachments", "archive");
        for (query, field) in
            [("", "purpose"), ("?purpose=regulator", "reason"), ("?purpose=contact&reason=x", "purpose")]
        {
            let refused = house.get(&token, &format!("{path}{query}"));
            assert_eq!((refused.status, refused.json()["errors"][0]["field"].as_str()), (422, Some(field)));
        }
        let answer = house.get(&token, &format!("{path}?purpose=regulator&reason=%E8%B0%83%E5%8F%96"));
        assert_eq!((answer.status, answer.header("content-type")), (200, "application/zip"), "{answer:?}");
        let number = case["number"].as_str().unwrap();
        assert!(answer.header("content-disposition").contains(&format!("filename=\"{number}.zip\"")));
        let report = verify_archive(Cursor::new(&answer.bytes)).unwrap();
        assert!(report.is_whole(), "{:?}", report.findings());
        assert_eq!((report.number.as_deref(), report.log.unsealed, report.log.attachments), (Some(number), 0, 1));
        let mut zip = zip::ZipArchive::new(Cursor::new(&answer.bytes)).unwrap();
        let mut member = |name: &str| {
            let mut text = String::new();
            zip.by_name(name).unwrap().read_to_string(&mut text).unwrap();
            text
        };
        let page = member("index.html");
        for word in ["lang=\"zh-CN\"", "lang=\"en\"", "附件", "Attachments", "13800138000", number] {
            assert!(page.contains(word), "{word}: {page}");
        }
        // Neither a script nor anything that would be fetched: words stay words.
        let lower = page.to_lowercase();
        for never in [
            "<script",
            "<img",
            "<svg",
            "<iframe",
            "<link",
            "<object",
            "src=x onerror=alert(2)>",
            "http://",
            "https://",
            "url(",
            "\"onmouseover",
        ] {
            assert!(!lower.contains(never), "{never}: {page}");
        }
        assert!(page.contains("href=\"attachments/01-a_onmouseover%3D_alert%285%29.html.txt\""), "{page}");
        assert_eq!(member("attachments/01-a_onmouseover=_alert(5).html.txt"), "<script>alert(6)</script>");
        let data: Value = serde_json::from_str(&member("case.json")).unwrap();
        assert_eq!(data["identity"]["phone"], "13800138000");
        assert_eq!(data["complaint"]["complainant"]["name"], "<svg onload=alert(4)>");
        let log = house.get(&token, &list(&case).replace("attachments", "accesses")).json();
        let kept = (&log["items"][0]["extent"], &log["items"][0]["purpose"], &log["items"][0]["reason"]);
        assert_eq!(kept, (&json!("archive"), &json!("regulator"), &json!("调取")));
        house.desk.db().close();
    })
    .unwrap();
}

#[test]
fn a_damaged_file_is_told_and_a_broken_archive_never_begins() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let token = house.token(Role::Compliance, "");
    let case = house.register(&token, &intake());
    let made = attach(&house, &token, &case, "a", b"some bytes");
    house.desk.db().write_now(|tx| store::testing::raw(tx, "DELETE FROM attachment_chunks")).unwrap();
    let answer = house.get(&token, made.header("location"));
    assert_eq!((answer.status, answer.json()["code"].as_str()), (500, Some("attachment_damaged")));
    let path = list(&case).replace("attachments", "archive?purpose=regulator&reason=x");
    assert_eq!(house.get(&token, &path).json()["code"], "attachment_damaged");
    house.desk.db().close();
}

#[test]
fn people_attach_and_take_out_on_the_page_of_the_case() {
    each_database(|scratch| {
        let house = house(scratch);
        let token = house.token(Role::Agent, "");
        let case = house.register(&token, &intake());
        let number = case["number"].as_str().unwrap();
        let cookie = house.session("mei", Role::Specialist);
        let at = |more: &str| format!("/console/cases/{number}{more}");
        let with = |media: &'static str| {
            [
                ("cookie", cookie.as_str()),
                ("accept-language", "en"),
                ("sec-fetch-site", "same-origin"),
                ("content-type", media),
            ]
        };
        let (multipart, typed) =
            (with("multipart/form-data; boundary=edge"), with("application/x-www-form-urlencoded"));
        let page = house.send("GET", &at(""), &typed, "");
        assert!(
            page.body.contains("enctype=\"multipart/form-data\"") && page.body.contains("No files yet"),
            "{page:?}"
        );
        let note = ("note", None, "<b>收据</b>".as_bytes());
        let done = house.send("POST", &at("/attachments"), &multipart, form(&[("file", Some("<i>.txt"), b"x"), note]));
        assert_eq!((done.status, done.header("location")), (303, at("?done=attach#attachments").as_str()), "{done:?}");
        let page = house.send("GET", &at("?done=attach"), &typed, "").body;
        assert!(
            page.contains("Done: Attach a file") && page.contains("_i_.txt") && !page.contains("<b>收据"),
            "{page}"
        );
        let link = page.split("href=\"").find(|rest| rest.contains("/attachments/")).unwrap();
        let file = house.send("GET", link.split('"').next().unwrap(), &typed, "");
        assert_eq!((file.status, file.bytes.as_slice()), (200, &b"x"[..]));
        assert!(file.header("content-disposition").starts_with("attachment;"));
        let empty = house.send("POST", &at("/attachments"), &multipart, form(&[("file", Some(""), b"")]));
        assert_eq!(empty.status, 422);
        assert!(empty.body.contains("must not be empty") && empty.body.contains(number), "{empty:?}");
        let forged = house.send(
            "POST",
            &at("/attachments"),
            &[("cookie", cookie.as_str()), ("sec-fetch-site", "cross-site"), multipart[3]],
            form(&[("file", Some("a"), b"y")]),
        );
        assert_eq!(forged.status, 403, "another site attaches nothing");
        let unasked = house.send("POST", &at("/archive"), &typed, "purpose=regulator");
        assert_eq!(unasked.status, 422);
        assert!(unasked.body.contains("is required"), "{unasked:?}");
        let taken = house.send("POST", &at("/archive"), &typed, "purpose=regulator&reason=x");
        assert_eq!((taken.status, taken.header("content-type")), (200, "application/zip"));
        assert!(verify_archive(Cursor::new(&taken.bytes)).unwrap().is_whole());
        house.desk.db().close();
    })
    .unwrap();
}

#[test]
fn who_goes_away_in_the_middle_leaves_nothing_behind() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let token = house.token(Role::Agent, "");
    let case = house.register(&token, &intake());
    let whole = form(&[("file", Some("a"), &[1; 300_000])]);
    house.runtime.block_on(async {
        for _ in 0..20 {
            // The body ends with an error after a part, as a connection does that breaks.
            let request = Request::post(list(&case))
                .header("authorization", format!("Bearer {token}"))
                .header("content-type", "multipart/form-data; boundary=edge")
                .body(Body::new(Broken(Some(whole[..200_000].to_vec()))))
                .unwrap();
            let answer = router(&house.state).oneshot(request).await.unwrap();
            assert_eq!(answer.status(), 400);
        }
    });
    assert_eq!(attach(&house, &token, &case, "a", &[1; 300_000]).status, 201, "no place for files was lost");
    let kept = house.desk.db().read_now(|tx| store::attachments::page(tx, None, 10)).unwrap();
    assert_eq!(kept.len(), 1);
    house.desk.db().close();
}

/// A body that breaks off.
struct Broken(Option<Vec<u8>>);

impl hyper::body::Body for Broken {
    type Data = axum::body::Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Self::Data>, Self::Error>>> {
        std::task::Poll::Ready(Some(match self.0.take() {
            Some(bytes) => Ok(hyper::body::Frame::data(bytes.into())),
            None => Err(std::io::ErrorKind::ConnectionReset.into()),
        }))
    }
}
