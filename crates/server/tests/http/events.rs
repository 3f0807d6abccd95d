//! Events out: hubs of both versions and webhooks, to a receiver on this machine.

use crate::tmf::ticket;
use crate::{House, house, intake};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use desk::Caller;
use desk::caller::Scope;
use domain::actor::Role;
use serde_json::{Value, json};
use server::app::{AppState, Settings};
use server::data;
use server::events::Herald;
use server::locale::Locales;
use server::tmf::face::Face;
use server::tmf::schema::check;
use std::sync::{Arc, Mutex};
use store::testing::each_database;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

const HUB: &str = "/tmf-api/troubleTicket/v5/hub";

/// What came: path, head, body.
pub(crate) type Got = Arc<Mutex<Vec<(String, String, Value)>>>;

/// A receiver that takes everything, until told to answer otherwise.
pub(crate) struct Receiver {
    port: u16,
    got: Got,
    status: Arc<Mutex<&'static str>>,
}

impl Receiver {
    pub(crate) fn start(house: &House) -> Self {
        let listener = house.runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (got, status) = (Got::default(), Arc::new(Mutex::new("204 X")));
        let (kept, says) = (Arc::clone(&got), Arc::clone(&status));
        house.runtime.spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (kept, says) = (Arc::clone(&kept), *says.lock().unwrap());
                tokio::spawn(async move {
                    let (mut bytes, mut chunk) = (Vec::new(), [0_u8; 8192]);
                    loop {
                        let text = String::from_utf8_lossy(&bytes).into_owned();
                        if let Some((head, body)) = text.split_once("\r\n\r\n")
                            && let Ok(body) = serde_json::from_str::<Value>(body)
                        {
                            let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                            kept.lock().unwrap().push((path, head.to_owned(), body));
                            break;
                        }
                        match stream.read(&mut chunk).await {
                            Ok(read) if read > 0 => bytes.extend_from_slice(&chunk[..read]),
                            _ => return,
                        }
                    }
                    // What is answered beyond the status is read by nobody.
                    let more = format!(
                        "HTTP/1.1 {says}\r\nlocation: http://169.254.169.254/\r\ncontent-length: 9999\r\n\r\nx"
                    );
                    let _ = stream.write_all(more.as_bytes()).await;
                });
            }
        });
        Self { port, got, status }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.port)
    }

    pub(crate) fn take(&self) -> Vec<(String, String, Value)> {
        std::mem::take(&mut *self.got.lock().unwrap())
    }
}

/// A house that may tell receivers on this machine.
pub(crate) fn open_house(scratch: &store::testing::Scratch) -> (House, Herald) {
    let mut house = house(scratch);
    let settings = Settings {
        events_allow: vec![("127.0.0.0".parse().unwrap(), 8)],
        public_url: "https://desk.example".to_owned(),
        ..Settings::default()
    };
    let herald = Herald::new(&settings);
    house.state = AppState::new(house.desk.clone(), Locales::load(data::locales(None).unwrap()).unwrap(), settings);
    (house, herald)
}

/// One round of everybody; gives how many entries were taken.
fn round(house: &House, herald: &Herald) -> usize {
    let mut rounds = herald.rounds(&house.desk, "node");
    house.runtime.block_on(async {
        rounds.begin().await.unwrap();
        let mut taken = 0;
        while let Some(done) = rounds.ended().await {
            taken += done.unwrap();
        }
        taken
    })
}

pub(crate) fn tell(house: &House, herald: &Herald) {
    while round(house, herald) > 0 {}
}

fn right(face: Face, body: &Value) {
    assert_eq!(check(face, "TroubleTicket", &body["event"]["troubleTicket"], &[]), [], "{body}");
    assert!(!body.to_string().contains(":null"), "{body}");
}

#[test]
fn a_hub_tells_what_was_asked_with_the_rights_of_whoever_asked() {
    each_database(|scratch| {
        let (house, herald) = open_house(scratch);
        let receiver = Receiver::start(&house);
        let system = Caller::system(house.desk.root());
        let token = |region: &str, scopes: &[Scope]| {
            house.desk.create_token(&system, "x", Role::Integration, region, scopes).unwrap()
        };
        let (plain, clear, far) = (token("31", &[Scope::Read]), token("", &Scope::ALL), token("33", &[Scope::Read]));
        let subscribe = |token: &str, root: &str, body: Value| house.call(token, "POST", root, &[], &body);
        let made = subscribe(&plain, HUB, json!({"@type": "Hub", "callback": receiver.url("plain"), "query": ""}));
        assert_eq!(made.status, 201, "{made:?}");
        let id = made.json()["id"].as_str().unwrap().to_owned();
        assert!(made.header("location").ends_with(&format!("/troubleTicket/v5/hub/{id}")), "{made:?}");
        assert_eq!(subscribe(&plain, HUB, json!({"callback": receiver.url("plain")})).status, 409);
        let v4 = "/tmf-api/troubleTicket/v4/hub/";
        let only = "eventType=TroubleTicketStatusChangeEvent&troubleTicket.severity=Critical,Major&fields=status";
        assert_eq!(subscribe(&clear, v4, json!({"callback": receiver.url("v4"), "query": only})).status, 201);
        assert_eq!(subscribe(&clear, HUB, json!({"callback": receiver.url("clear")})).status, 201);
        assert_eq!(subscribe(&far, HUB, json!({"callback": receiver.url("far")})).status, 201);
        let one = house.get(&plain, &format!("{HUB}/{id}/"));
        assert_eq!((one.status, &one.json()["callback"]), (200, &json!(receiver.url("plain"))));
        assert_eq!(house.get(&clear, &format!("{HUB}/{id}")).status, 404, "somebody else's");
        assert_eq!(house.get(&plain, HUB).json().as_array().unwrap().len(), 1);
        for (body, at) in [
            (json!({}), "callback"),
            (json!({"callback": ""}), "callback"),
            (json!({"callback": 1}), "callback"),
            (json!({"callback": "x"}), "callback"),
            (json!({"callback": "ftp://a.example/"}), "callback"),
            (json!({"callback": "http://10.0.0.1/"}), "callback"),
            (json!({"callback": "http://169.254.169.254/latest/meta-data"}), "callback"),
            (json!({"callback": "http://[::ffff:a9fe:a9fe]/"}), "callback"),
            (json!({"callback": "http://0xa9fea9fe/"}), "callback"),
            (json!({"callback": "https://u:p@a.example/"}), "callback"),
            (json!({"callback": "https://a.example/", "query": "nothing=1"}), "nothing"),
            (json!({"callback": "https://a.example/", "query": 1}), "query"),
            (json!({"callback": "https://a.example/", "query": "data"}), "query"),
        ] {
            let refused = subscribe(&plain, HUB, body.clone());
            assert_eq!(refused.status, 400, "{body} {refused:?}");
            assert!(refused.body.contains(at), "{refused:?}");
        }
        let case = house.register(&clear, &intake());
        let case = case["id"].as_str().unwrap();
        tell(&house, &herald);
        let got = receiver.take();
        let of = |got: &[(String, String, Value)], path: &str| -> Vec<Value> {
            got.iter().filter(|one| one.0.starts_with(path)).map(|one| one.2.clone()).collect()
        };
        assert_eq!(got.len(), 2, "{got:?}");
        assert!(got.iter().all(|one| one.0.ends_with("/listener/troubleTicketCreateEvent")), "{got:?}");
        let (masked, open) = (&of(&got, "/plain")[0], &of(&got, "/clear")[0]);
        right(Face::V5, masked);
        assert_eq!(masked["@type"], "TroubleTicketCreateEvent");
        assert!(masked["timeOccurred"].is_string() && masked["event"]["troubleTicket"]["id"] == case, "{masked}");
        assert!(!masked.to_string().contains("13800138000") && !masked.to_string().contains("王小明"), "{masked}");
        assert!(open.to_string().contains("13800138000"), "{open}");
        let href = masked["event"]["troubleTicket"]["href"].as_str().unwrap();
        assert!(href.starts_with("https://desk.example/tmf-api/"), "{href}");
        // A note among colleagues is told only to whoever sees those; a change of status to everybody who asked for it.
        house.act(&clear, case, 1, "note", &json!({"text": "between us"}));
        house.act(&clear, case, 2, "accept", &json!({}));
        tell(&house, &herald);
        let got = receiver.take();
        assert!(!of(&got, "/plain").iter().any(|one| one.to_string().contains("between us")), "{got:?}");
        assert!(of(&got, "/clear").iter().any(|one| one.to_string().contains("between us")), "{got:?}");
        assert!(of(&got, "/far").is_empty() && of(&got, "/v4").is_empty(), "{got:?}");
        let kinds = |path: &str| {
            of(&got, path).iter().map(|one| one["eventType"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert!(kinds("/plain").contains(&"TroubleTicketStatusChangeEvent".to_owned()), "{got:?}");
        // A ticket, its status and its end.
        let tickets = "/tmf-api/troubleTicket/v5/troubleTicket";
        let mut major = ticket();
        major["status"] = json!("pending");
        let made = house.call(&clear, "POST", tickets, &[], &major).json();
        let admin = house.token(Role::Admin, "");
        let gone =
            house.call(&admin, "DELETE", &format!("{tickets}/{}", made["id"].as_str().unwrap()), &[], &Value::Null);
        assert_eq!(gone.status, 204, "{gone:?}");
        tell(&house, &herald);
        let got = receiver.take();
        let told: Vec<String> =
            of(&got, "/clear").iter().map(|one| one["eventType"].as_str().unwrap().to_owned()).collect();
        assert_eq!(told.first().map(String::as_str), Some("TroubleTicketCreateEvent"), "{told:?}");
        assert_eq!(told.last().map(String::as_str), Some("TroubleTicketDeleteEvent"), "{told:?}");
        // What happens to the case afterwards is told to nobody.
        let gone = made["id"].as_str().unwrap();
        let version = house.get(&admin, &format!("/api/v1/complaints/{gone}")).json()["version"].as_i64().unwrap();
        house.act(&admin, gone, version, "note", &json!({"text": "after the end"}));
        tell(&house, &herald);
        assert_eq!(receiver.take(), [], "a ticket that is gone has no events");
        for one in of(&got, "/v4") {
            assert_eq!(one["eventType"], "TroubleTicketStatusChangeEvent");
            assert!(
                one["timeOcurred"].is_string() && one["event"]["troubleTicket"].as_object().unwrap().len() == 1,
                "{one}"
            );
        }
        assert!(!of(&got, "/v4").is_empty() || made["status"] == "acknowledged", "{got:?}");
        assert_eq!(house.call(&plain, "DELETE", &format!("{HUB}/{id}"), &[], &Value::Null).status, 204);
        assert_eq!(house.call(&plain, "DELETE", &format!("{HUB}/{id}"), &[], &Value::Null).status, 404);
        // Listeners of the specification on this side.
        for (root, event, status) in [
            ("v5", "troubleTicketCreateEvent", 204),
            ("v4", "troubleTicketResolvedEvent", 201),
            ("v5", "troubleTicketSpecificationDeleteEvent", 204),
            ("v5", "troubleTicketSpecificationStatusChangeEvent/", 204),
            ("v4", "troubleTicketSpecificationDeleteEvent", 404),
            ("v5", "nothing", 404),
        ] {
            let path = format!("/tmf-api/troubleTicket/{root}/listener/{event}");
            assert_eq!(house.call(&clear, "POST", &path, &[], &json!({"event": {}})).status, status, "{path}");
        }
        house.desk.db().close();
    })
    .unwrap();
}

#[test]
fn a_hub_of_version_5_tells_of_specifications() {
    each_database(|scratch| {
        let (house, herald) = open_house(scratch);
        let receiver = Receiver::start(&house);
        let admin = house.token(Role::Admin, "");
        let hub = |version: &str, path: &str, query: &str| {
            let root = format!("/tmf-api/troubleTicket/{version}/hub");
            let body = json!({"callback": receiver.url(path), "query": query});
            assert_eq!(house.call(&admin, "POST", &root, &[], &body).status, 201, "{path}");
        };
        hub("v5", "all", "");
        hub("v4", "four", "");
        hub("v5", "tickets", "ticketType.ne=nonsense");
        hub("v5", "gone", "eventType=TroubleTicketSpecificationDeleteEvent&troubleTicketSpecification.name=Disputes");
        let url = receiver.url("hook");
        let hook = house.call(&admin, "POST", "/api/v1/webhooks", &[], &json!({"name": "ours", "url": url}));
        assert_eq!(hook.status, 201, "{hook:?}");
        let root = "/tmf-api/troubleTicket/v5/troubleTicketSpecification";
        let said = json!({"@type": "TroubleTicketSpecification", "name": "Bill", "version": "1", "lifecycleStatus": "inDesign"});
        let made = house.call(&admin, "POST", root, &[], &said).json();
        let path = format!("{root}/{}", made["id"].as_str().unwrap());
        for change in [json!({"name": "Disputes"}), json!({"lifecycleStatus": "active"}), json!({"version": "1"})] {
            assert_eq!(house.call(&admin, "PATCH", &path, &[], &change).status, 200, "{change}");
        }
        // What is not taken is tried again, as any event is.
        *receiver.status.lock().unwrap() = "503 X";
        tell(&house, &herald);
        receiver.take();
        *receiver.status.lock().unwrap() = "204 X";
        let all = house.get(&admin, "/api/v1/webhooks").json();
        for one in all["items"].as_array().unwrap() {
            let again = format!("/api/v1/webhooks/{}/switch-on", one["id"].as_str().unwrap());
            assert_eq!(house.call(&admin, "POST", &again, &[], &json!({})).status, 200, "{one}");
        }
        assert_eq!(house.call(&admin, "DELETE", &path, &[], &Value::Null).status, 204);
        for _ in 0..4 {
            tell(&house, &herald);
        }
        let got = receiver.take();
        let of = |path: &str| -> Vec<&Value> {
            got.iter().filter(|one| one.0.starts_with(path)).map(|one| &one.2).collect()
        };
        let kinds: Vec<&str> = of("/all").iter().map(|one| one["eventType"].as_str().unwrap()).collect();
        let name = |kind: &str| format!("TroubleTicketSpecification{kind}Event");
        let wanted = ["Create", "AttributeValueChange", "StatusChange", "Delete"].map(name);
        assert_eq!(kinds, wanted, "in their order, and nothing where nothing changed: {got:?}");
        for (one, kind) in of("/all").iter().zip(&wanted) {
            assert_eq!((&one["@type"], &one["domain"]), (&json!(kind), &json!("TroubleTicketSpecification")), "{one}");
            let thing = &one["event"]["troubleTicketSpecification"];
            let shape = if thing["@type"] == "TroubleTicketSpecificationRef" { "TroubleTicketSpecificationRef" } else { "TroubleTicketSpecification" };
            assert_eq!(check(Face::V5, shape, thing, &[]), [], "{one}");
            assert_eq!((&thing["id"], thing["href"].as_str().unwrap().starts_with("https://desk.example/")), (&made["id"], true));
        }
        let last = of("/all")[3]["event"]["troubleTicketSpecification"].clone();
        let reference = ("TroubleTicketSpecificationRef", "Disputes", None);
        assert_eq!((last["@type"].as_str().unwrap(), last["name"].as_str().unwrap(), last.get("lifecycleStatus")), reference);
        assert_eq!((of("/gone").len(), of("/four").len(), of("/tickets").len(), of("/hook").len()), (1, 0, 0, 0), "{got:?}");
        let listener = got.iter().find(|one| one.0.starts_with("/gone")).unwrap();
        assert!(listener.0.ends_with("/listener/troubleTicketSpecificationDeleteEvent"), "{listener:?}");
        // Tickets go on being told to those who asked for them.
        house.register(&admin, &intake());
        for _ in 0..4 {
            tell(&house, &herald);
        }
        let got = receiver.take();
        let told = |path: &str| got.iter().filter(|one| one.0.starts_with(path)).count();
        assert_eq!((told("/all"), told("/four"), told("/tickets"), told("/gone"), told("/hook")), (1, 1, 1, 0, 1), "{got:?}");
        house.desk.db().close();
    })
    .unwrap();
}

#[test]
fn webhooks_are_signed_and_shown_once() {
    each_database(|scratch| {
        let (house, herald) = open_house(scratch);
        let receiver = Receiver::start(&house);
        let admin = house.token(Role::Admin, "");
        let url = receiver.url("hook");
        let made = house.call(
            &admin,
            "POST",
            "/api/v1/webhooks",
            &[],
            &json!({"name": "ours", "url": url, "events": ["created"]}),
        );
        assert_eq!(made.status, 201, "{made:?}");
        let (id, secret) =
            (made.json()["id"].as_str().unwrap().to_owned(), made.json()["secret"].as_str().unwrap().to_owned());
        let list = house.get(&admin, "/api/v1/webhooks");
        assert!(!list.body.contains("whsec_") && list.json()["items"][0]["query"] == "created", "{list:?}");
        for bad in [
            "http://8.8.8.8.example/",
            "http://8.8.8.8/",
            "http://127.0.0.1.nip.example/",
            "https://127.0.0.1.nip.example@10.0.0.1/",
            "https://localhost.:1@x/",
            "https://[fd00:ec2::254]/",
            "https://169.254.169.254/",
        ] {
            let refused = house.call(&admin, "POST", "/api/v1/webhooks", &[], &json!({"name": "x", "url": bad}));
            assert!(refused.status == 422 && refused.body.contains("closed_address"), "{bad} {refused:?}");
        }
        // F2: without a network opened nothing on this machine is told.
        let strict = Herald::new(&Settings::default());
        house.register(&admin, &intake());
        round(&house, &strict);
        assert_eq!(receiver.take(), []);
        let failing = house.get(&admin, "/api/v1/webhooks").json()["items"][0].clone();
        assert!(failing["error"].as_str().unwrap().contains("no address events may go to"), "{failing}");
        let back = house.call(&admin, "POST", &format!("/api/v1/webhooks/{id}/switch-on"), &[], &json!({}));
        assert_eq!(back.status, 200, "{back:?}");
        // A redirection is no answer and is not followed.
        *receiver.status.lock().unwrap() = "307 X";
        tell(&house, &herald);
        let first = receiver.take();
        assert_eq!(first.len(), 1, "{first:?}");
        *receiver.status.lock().unwrap() = "200 X";
        house.call(&admin, "POST", &format!("/api/v1/webhooks/{id}/switch-on"), &[], &json!({}));
        tell(&house, &herald);
        let got = receiver.take();
        let (_, head, event) = &got[0];
        assert_eq!((got.len(), &event["id"]), (1, &first[0].2["id"]), "the same event has the same identity");
        assert_eq!(
            (&event["specversion"], &event["type"], &event["source"]),
            (&json!("1.0"), &json!("redress.complaint.created"), &json!("https://desk.example"))
        );
        assert!(head.contains("content-type: application/cloudevents+json"), "{head}");
        assert!(!event.to_string().contains("13800138000"), "{event}");
        let header = |name: &str| {
            let line = head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
            line.unwrap_or_else(|| panic!("{name}: {head}")).to_owned()
        };
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let (sent, at) = (header("webhook-id"), header("webhook-timestamp"));
        let signed = mail::outward::hmac_sha256(
            &key,
            &[sent.as_bytes(), b".", at.as_bytes(), b".", event.to_string().as_bytes()],
        );
        assert_eq!(header("webhook-signature"), format!("v1,{}", STANDARD.encode(signed)));
        assert!((jiff::Timestamp::now().as_second() - at.parse::<i64>().unwrap()).abs() < 60);
        // What is told in clear is in the access log once, however often it is tried.
        let clear = json!({"name": "clear", "url": receiver.url("clear"), "personal": true, "events": ["created"]});
        let made = house.call(&admin, "POST", "/api/v1/webhooks", &[], &clear).json();
        let case = house.register(&admin, &intake())["id"].as_str().unwrap().to_owned();
        for status in ["503 X", "422 X", "200 X"] {
            *receiver.status.lock().unwrap() = status;
            round(&house, &herald);
            let on = format!("/api/v1/webhooks/{}/switch-on", made["id"].as_str().unwrap());
            assert_eq!(house.call(&admin, "POST", &on, &[], &json!({})).status, 200);
        }
        let told = receiver.take().iter().filter(|one| one.0 == "/clear").count();
        let accesses = house.get(&admin, &format!("/api/v1/complaints/{case}/accesses")).json();
        assert_eq!((told, accesses["items"].as_array().unwrap().len()), (3, 1), "{accesses}");
        // The console says the same, and a new secret once.
        let cookie = house.session("chief", Role::Admin);
        let headers = [("cookie", cookie.as_str()), ("accept-language", "en"), ("sec-fetch-site", "same-origin")];
        let page = house.send("GET", "/console/webhooks", &headers, "");
        assert!(page.status == 200 && page.body.contains("ours") && !page.body.contains("whsec_"), "{page:?}");
        let again = house.send("POST", &format!("/console/webhooks/{id}/rotate-secret"), &headers, "");
        assert!(again.status == 200 && again.body.contains("whsec_") && !again.body.contains(&secret), "{again:?}");
        house.desk.db().close();
    })
    .unwrap();
}
