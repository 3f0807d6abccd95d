//! TMF621 in both versions: what a ticket says is kept and answered, what makes no sense is named, and a ticket never
//! stands elsewhere than its case.

use crate::{Answer, House, house, intake};
use desk::Caller;
use desk::caller::Scope;
use domain::actor::Role;
use serde_json::{Value, json};
use server::tmf::face::Face;
use server::tmf::schema::check;
use store::testing::each_database;

const V5: &str = "/tmf-api/troubleTicket/v5/troubleTicket";
const V4: &str = "/tmf-api/troubleTicket/v4/troubleTicket";
const SPECIFICATION: &str = "/tmf-api/troubleTicket/v5/troubleTicketSpecification";
const PATCH: [(&str, &str); 1] = [("content-type", "application/json-patch+json")];

/// The least a ticket says.
pub(crate) fn ticket() -> Value {
    json!({"@type": "TroubleTicket", "description": "charged twice", "severity": "Major", "ticketType": "Bill Dispute"})
}

/// A ticket that says everything there is a place for.
fn full() -> Value {
    let mut body = ticket();
    let more = json!({
        "name": "complaint over last bill", "priority": "High", "statusChangeReason": "seen",
        "requestedResolutionDate": "2027-05-31T07:34:45.968Z",
        "channel": {"id": "8774", "name": "self service", "@type": "ChannelRef"},
        "externalIdentifier": [{"id": "X-1", "owner": "partner", "externalIdentifierType": "ticket", "@type": "ExternalIdentifier"}],
        "note": [{"id": "n1", "author": "Jack", "date": "2026-05-31T07:34:45.968Z", "text": "call 13912345678", "@type": "Note"}],
        "attachment": [
            {"id": "1", "url": "https://example.com/a.png", "mimeType": "image/png", "attachmentType": "bill", "@type": "AttachmentRef"},
            {"content": "aGVsbG8=", "mimeType": "text/plain", "attachmentType": "text", "name": "a.txt", "size": {"amount": 5, "units": "byte"}, "@type": "Attachment"},
        ],
        "relatedParty": [{"role": "customer", "@type": "RelatedPartyRefOrPartyRoleRef", "partyOrPartyRole":
            {"id": "9866", "name": "Sandy Smith", "@type": "PartyRef", "@referredType": "Individual"}}],
        "relatedEntity": [{"role": "disputedBill", "@type": "RelatedEntity", "entity":
            {"id": "3472", "name": "March", "@type": "EntityRef", "@referredType": "CustomerBill"}}],
        "troubleTicketRelationship": [{"id": "7", "relationshipType": "followUpOf", "@type": "TroubleTicketRelationship"}],
        "troubleTicketCharacteristic": [{"name": "amount", "value": 12.5, "valueType": "number", "@type": "FloatCharacteristic"}],
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

struct Desk<'h> {
    house: &'h House,
    token: String,
}

impl Desk<'_> {
    fn ask(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.house.call(&self.token, method, path, &[("host", "desk.example")], body)
    }

    fn create(&self, root: &str, body: &Value) -> Value {
        let answer = self.ask("POST", root, body);
        assert_eq!(answer.status, 201, "{answer:?}");
        right(root, &answer.json());
        answer.json()
    }

    fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &Value::Null)
    }

    fn patch(&self, root: &str, id: &Value, media: &str, body: &Value) -> Answer {
        let bearer = format!("Bearer {}", self.token);
        let headers = [("authorization", bearer.as_str()), ("content-type", media), ("host", "desk.example")];
        self.house.send("PATCH", &format!("{root}/{}", id.as_str().unwrap()), &headers, body.to_string())
    }
}

/// An answer is of the shape its version promises, and has no null.
fn right(root: &str, value: &Value) {
    let face = Face::of(root).unwrap();
    let name = if root.contains("Specification") { "TroubleTicketSpecification" } else { "TroubleTicket" };
    assert_eq!(check(face, name, value, &[]), [], "{value}");
    assert!(!value.to_string().contains(":null"), "{value}");
}

fn both(test: impl Fn(&House, Desk<'_>)) {
    each_database(|scratch| {
        let house = house(scratch);
        let token = house.token(Role::Admin, "");
        test(&house, Desk { house: &house, token });
        house.desk.db().close();
    })
    .unwrap();
}

#[test]
fn what_a_ticket_says_is_answered_as_it_was_said() {
    both(|_, desk| {
        let said = full();
        let made = desk.create(V5, &said);
        for (name, value) in said.as_object().unwrap() {
            assert_eq!(&made[name], value, "{name}");
        }
        let id = made["id"].as_str().unwrap();
        assert_eq!(made["href"], format!("http://desk.example{V5}/{id}"));
        assert_eq!(made["status"], "acknowledged");
        for slash in ["", "/"] {
            assert_eq!(desk.get(&format!("{V5}/{id}{slash}")).json(), made);
            assert_eq!(desk.get(&format!("{V5}{slash}")).json(), json!([made]));
        }
        let answer = desk.ask("POST", &format!("{V5}/?fields=severity"), &ticket());
        let place = answer.header("location").to_owned();
        assert_eq!(answer.json().as_object().unwrap().len(), 4);
        assert_eq!(place, answer.json()["href"].as_str().unwrap());
        let older = desk.get(&format!("{V4}/{id}")).json();
        right(V4, &older);
        assert_eq!(older["externalId"], "X-1");
        assert_eq!(older["relatedParty"][0]["name"], "Sandy Smith");
        assert!(older["statusChange"][0]["changeDate"].is_string());
    });
}

#[test]
fn version_4_has_its_own_names() {
    both(|_, desk| {
        let said = json!({
            "description": "d", "severity": "Minor", "ticketType": "request", "externalId": "E-1", "status": "anything",
            "note": [{"text": "x"}], "channel": {"id": "app"},
            "relatedParty": [{"id": "1", "role": "customer", "name": "Jane", "@referredType": "Individual"}],
        });
        let made = desk.create(V4, &said);
        assert_eq!((&made["externalId"], &made["status"]), (&json!("E-1"), &json!("acknowledged")));
        let id = made["id"].clone();
        let newer = desk.get(&format!("{V5}/{}", id.as_str().unwrap())).json();
        right(V5, &newer);
        assert_eq!(newer["relatedParty"][0]["partyOrPartyRole"]["name"], "Jane");
        // Version 4 asks for less than version 5 promises, and its types are its own.
        let little = json!({
            "description": "d", "severity": "Minor", "ticketType": "request", "externalIdentifier": 5, "@type": "Mine",
            "attachment": [{"url": "x"}, {"id": "7", "@type": "Mine"}, {"content": "aGk="}],
            "relatedParty": [{"id": "1", "@referredType": "Individual", "@type": "RelatedParty"}],
            "troubleTicketRelationship": [{"name": "x"}], "note": [{}],
        });
        let made = desk.create(V4, &little);
        assert_eq!(made["relatedParty"], little["relatedParty"]);
        right(V5, &desk.get(&format!("{V5}/{}", made["id"].as_str().unwrap())).json());
        let only = desk.get(&format!("{V4}/{}?fields=severity,externalId", id.as_str().unwrap())).json();
        assert_eq!(only, json!({"severity": "Minor", "externalId": "E-1"}));
        let changed = desk.patch(V4, &id, "application/json", &json!({"externalId": "E-2", "status": "inProgress"}));
        assert_eq!((&changed.json()["externalId"], &changed.json()["status"]), (&json!("E-2"), &json!("inProgress")));
        assert_eq!(desk.patch(V4, &id, "application/json", &json!({"status": "anything"})).status, 400);
        let wrong = desk.ask("POST", V4, &json!({"description": "d", "severity": " ", "ticketType": 5}));
        assert_eq!(wrong.status, 400);
        assert_eq!((&wrong.json()["status"], wrong.json().get("@type")), (&json!("400"), None));
    });
}

/// Each attribute left out, null, blank, of another kind and far too long.
#[test]
fn each_attribute_that_makes_no_sense_is_refused_by_name() {
    both(|_, desk| {
        for root in [V5, V4] {
            for name in ["description", "severity", "ticketType"] {
                for value in
                    [None, Some(Value::Null), Some(json!("")), Some(json!(" \n")), Some(json!(5)), Some(json!([]))]
                {
                    let mut body = ticket();
                    body.as_object_mut().unwrap().remove(name);
                    if let Some(value) = &value {
                        body[name] = value.clone();
                    }
                    let answer = desk.ask("POST", root, &body);
                    assert_eq!(answer.status, 400, "{body}");
                    assert!(answer.json()["reason"].as_str().unwrap().contains(name), "{answer:?}");
                    if value.is_some() {
                        let made = desk.create(root, &ticket());
                        let change = json!({name: value});
                        assert_eq!(desk.patch(root, &made["id"], "application/json", &change).status, 400, "{change}");
                    }
                }
            }
            for (name, value) in full().as_object().unwrap() {
                let wrong = if value.is_string() { json!({"x": 1}) } else { json!("x") };
                let mut body = ticket();
                body[name] = wrong;
                if root == V5 || name != "troubleTicketCharacteristic" {
                    let known = root == V5 || name != "externalIdentifier";
                    assert_eq!(desk.ask("POST", root, &body).status, if known { 400 } else { 201 }, "{body}");
                }
            }
        }
        for (name, value) in [
            ("@type", json!("Elephant")),
            ("status", json!("sleeping")),
            ("note", json!([{"text": "no type"}])),
            ("attachment", json!([{"id": "1", "@type": "Parcel"}])),
            ("channel", json!({"@type": "ChannelRef", "id": " "})),
            ("id", json!(5)),
            ("requestedResolutionDate", json!("2027-13-01T00:00:00Z")),
        ] {
            let mut body = ticket();
            body[name] = value;
            assert_eq!(desk.ask("POST", V5, &body).status, 400, "{body}");
        }
        let mut long = full();
        long["description"] = json!("长".repeat(50_000));
        long["name"] = json!("n".repeat(5_000));
        let made = desk.create(V5, &long);
        assert_eq!((&made["description"], &made["name"]), (&long["description"], &long["name"]));
        long["description"] = json!("x".repeat(2 << 20));
        assert_eq!(desk.ask("POST", V5, &long).status, 413);
        for body in ["", "[]", "{", "5", "{\"a\":1,\"a\":2}"] {
            let bearer = format!("Bearer {}", desk.token);
            let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
            assert_eq!(desk.house.send("POST", V5, &headers, body.to_owned()).status, 400, "{body}");
        }
    });
}

#[test]
fn what_the_server_owns_is_ignored() {
    both(|_, desk| {
        let own = json!({
            "id": "mine", "href": "x", "creationDate": "2020-01-01T00:00:00Z", "lastUpdate": "2020-01-01T00:00:00Z",
            "statusChangeDate": "2020-01-01T00:00:00Z", "statusChangeHistory": [],
        });
        let mut body = ticket();
        body.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
        let made = desk.create(V5, &body);
        assert!(own.as_object().unwrap().iter().all(|(name, value)| &made[name] != value), "{made}");
        let mut change = own.clone();
        change["@type"] = json!("Else");
        let after = desk.patch(V5, &made["id"], "application/merge-patch+json", &change);
        assert_eq!((after.status, after.json()), (200, made));
    });
}

#[test]
fn a_ticket_stands_where_its_case_stands() {
    both(|house, desk| {
        let made = desk.create(V5, &ticket());
        let id = made["id"].as_str().unwrap();
        let state = || {
            house.get(&desk.token, &format!("/api/v1/complaints/{id}")).json()["status"].as_str().unwrap().to_owned()
        };
        for (to, expected, in_case) in [
            ("closed", 409, "registered"),
            ("pending", 200, "suspended"),
            ("held", 409, "suspended"),
            ("inProgress", 200, "accepted"),
            ("acknowledged", 409, "accepted"),
            ("resolved", 200, "awaiting_customer"),
            ("closed", 200, "closed"),
            ("inProgress", 409, "closed"),
        ] {
            let answer =
                desk.patch(V5, &made["id"], "application/json", &json!({"status": to, "statusChangeReason": to}));
            assert_eq!(answer.status, expected, "{to}: {answer:?}");
            assert_eq!(state(), in_case, "{to}");
        }
        let found = desk.get(&format!("{V5}/{id}")).json();
        let words: Vec<&str> = found["statusChangeHistory"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["status"].as_str().unwrap())
            .collect();
        assert_eq!(words, ["acknowledged", "inProgress", "pending", "inProgress", "resolved", "closed"]);
        let made = desk.create(V5, &ticket());
        for to in ["cancelled", "rejected"] {
            let made = if to == "rejected" { desk.create(V5, &ticket()) } else { made.clone() };
            assert_eq!(desk.patch(V5, &made["id"], "application/json", &json!({"status": to})).json()["status"], to);
        }
        let mut begun = ticket();
        begun["status"] = json!("inProgress");
        assert_eq!(desk.create(V5, &begun)["status"], "inProgress");
    });
}

#[test]
fn patches_change_what_they_say_and_nothing_half() {
    both(|_, desk| {
        let made = desk.create(V5, &full());
        let id = &made["id"];
        let merged = json!({"priority": null, "channel": {"name": "shop"}, "relatedEntity": [], "note": []});
        let after = desk.patch(V5, id, "application/merge-patch+json", &merged).json();
        right(V5, &after);
        assert_eq!(after["channel"]["id"], "8774");
        assert_eq!(after["channel"]["name"], "shop");
        assert_eq!((after["relatedEntity"].as_array().unwrap().len(), after["note"].as_array().unwrap().len()), (0, 1));
        assert_ne!(after["priority"], "High", "the house says how urgent it is");
        let list = json!([
            {"op": "test", "path": "/severity", "value": "Major"},
            {"op": "add", "path": "/note", "value": {"text": "more", "@type": "Note"}},
            {"op": "move", "from": "/name", "path": "/description"},
            {"op": "copy", "from": "/severity", "path": "/name"},
            {"op": "replace", "path": "/severity", "value": "Minor"},
        ]);
        let answer = desk.patch(V5, id, PATCH[0].1, &list);
        let after = answer.json();
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(after["note"].as_array().unwrap().len(), 2);
        assert_eq!((&after["description"], &after["name"]), (&json!("complaint over last bill"), &json!("Major")));
        let query = json!([{"op": "add", "path": "/attachment?id=1/name", "value": "bill.png"}]);
        let answer = desk.patch(V5, id, "application/json-patch-query+json", &query);
        assert_eq!(answer.json()["attachment"][0]["name"], "bill.png", "{answer:?}");
        let before = answer.json();
        for (list, status) in [
            (
                json!([{"op": "replace", "path": "/severity", "value": "x"}, {"op": "test", "path": "/name", "value": "y"}]),
                409,
            ),
            (json!([{"op": "replace", "path": "/severity", "value": "x"}, {"op": "remove", "path": "/sererity"}]), 400),
            (json!([{"op": "remove", "path": "/description"}]), 400),
            (json!([{"op": "remove", "path": "/note/0"}]), 409),
            (json!([{"op": "replace", "path": "/note/0/text", "value": "else"}]), 409),
            (json!([{"op": "add", "path": "/note/99", "value": {"@type": "Note"}}]), 400),
            (json!({"op": "add"}), 400),
        ] {
            assert_eq!(desk.patch(V5, id, PATCH[0].1, &list).status, status, "{list}");
        }
        assert_eq!(desk.patch(V5, id, "text/plain", &json!({})).status, 400);
        assert_eq!(desk.get(&format!("{V5}/{}", id.as_str().unwrap())).json(), before, "nothing half done");
        assert_eq!(desk.patch(V5, &json!("01900000-0000-7000-8000-000000000000"), PATCH[0].1, &json!([])).status, 404);
    });
}

#[test]
fn ten_thousand_notes_are_kept() {
    both(|_, desk| {
        let notes = |from: usize| -> Vec<Value> {
            (from..from + 5_000)
                .map(|n| json!({"id": n.to_string(), "text": format!("note {n}"), "@type": "Note"}))
                .collect()
        };
        let mut body = ticket();
        body["note"] = json!(notes(0));
        let made = desk.create(V5, &body);
        let after = desk.patch(V5, &made["id"], "application/json", &json!({"note": notes(5_000)}));
        assert_eq!(after.json()["note"].as_array().unwrap().len(), 10_000);
    });
}

#[test]
fn changes_at_the_same_moment_are_all_kept() {
    both(|house, desk| {
        let made = desk.create(V5, &ticket());
        let path = format!("{V5}/{}", made["id"].as_str().unwrap());
        let bearer = format!("Bearer {}", desk.token);
        let router = server::app::router(&house.state);
        house.runtime.block_on(async {
            let tasks: Vec<_> = (0..30)
                .map(|n| {
                    let body = json!({"note": [{"text": format!("n{n}"), "@type": "Note"}]}).to_string();
                    let request = axum::http::Request::builder().method("PATCH").uri(&path);
                    let request = request.header("authorization", &bearer).header("content-type", "application/json");
                    let request = request.body(axum::body::Body::from(body)).unwrap();
                    tokio::spawn(tower::ServiceExt::oneshot(router.clone(), request))
                })
                .collect();
            for task in tasks {
                assert_eq!(task.await.unwrap().unwrap().status(), 200);
            }
        });
        assert_eq!(desk.get(&path).json()["note"].as_array().unwrap().len(), 30);
    });
}

#[test]
fn lists_answer_what_is_asked() {
    both(|_, desk| {
        let mut made = Vec::new();
        for (severity, kind) in [("Major", "complaint"), ("Minor", "request"), ("Minor", "complaint")] {
            let mut body = ticket();
            (body["severity"], body["ticketType"]) = (json!(severity), json!(kind));
            made.push(desk.create(V5, &body)["id"].as_str().unwrap().to_owned());
        }
        let ids = |query: &str| -> Vec<usize> {
            let answer = desk.get(&format!("{V5}?{query}"));
            assert_eq!(answer.status, 200, "{query}: {answer:?}");
            let found = answer.json();
            assert_eq!(answer.header("x-result-count"), found.as_array().unwrap().len().to_string());
            found.as_array().unwrap().iter().map(|one| made.iter().position(|id| one["id"] == **id).unwrap()).collect()
        };
        for (query, expected) in [
            ("", &[2, 1, 0][..]),
            ("limit=1&offset=1", &[1]),
            ("offset=7", &[]),
            ("severity=Minor", &[2, 1]),
            ("severity=Minor&ticketType=request", &[1]),
            ("severity=Minor,Major&limit=2", &[2, 1]),
            ("severity.ne=Minor", &[0]),
            ("sort=severity,-creationDate", &[0, 2, 1]),
            ("status=closed", &[]),
            ("status=closed,acknowledged", &[2, 1, 0]),
            ("status=acknowledged&limit=1&offset=1", &[1]),
            ("status=acknowledged&severity=Minor", &[2, 1]),
            ("status=acknowledged&sort=severity&limit=2", &[0, 2]),
            ("status=pending,held&limit=2", &[]),
            ("status=pending", &[]),
            ("status=nonsense", &[]),
            ("status.ne=closed", &[2, 1, 0]),
            ("fields=", &[2, 1, 0]),
            ("statusChangeHistory.status=acknowledged", &[2, 1, 0]),
            ("creationDate.gt=2020-01-01T00:00:00Z", &[2, 1, 0]),
            ("filter=$[?(@.severity=='Major')]", &[0]),
            ("fields=severity", &[2, 1, 0]),
            ("fields=none", &[2, 1, 0]),
        ] {
            assert_eq!(ids(query), expected, "{query}");
        }
        assert_eq!(ids(&format!("id={}", made[1])), [1]);
        assert_eq!(ids(&format!("after={}", made[1])), [0]);
        assert_eq!(ids(&format!("before={}", made[1])), [2]);
        assert_eq!(desk.get(&format!("{V5}?limit=1")).header("x-total-count"), "3");
        assert_eq!(desk.get(&format!("{V5}?severity=Minor&limit=1")).header("x-total-count"), "2");
        assert_eq!(desk.get(&format!("{V5}?status=acknowledged&limit=1")).header("x-total-count"), "3");
        let rest = desk.get(&format!("{V5}?after={}", made[1]));
        assert_eq!(rest.header("x-total-count"), "3", "all that match, wherever the page begins");
        assert_eq!(desk.get(&format!("{V5}?fields=&limit=1")).json()[0]["severity"], "Minor", "nothing was selected");
        for moment in ["2026-01-01T00:00:00+08", "2026-01-01T00:00:00Z[UTC]", "2026-01-01T00:00:00,5Z"] {
            let mut body = ticket();
            body["requestedResolutionDate"] = json!(moment);
            assert_eq!(desk.ask("POST", V5, &body).status, 400, "{moment}");
        }
        for query in ["colour=red", "limit=x", "limit=-1", "offset=x", "offset=10001", "sort=colour", "filter=x"] {
            let answer = desk.get(&format!("{V5}?{query}"));
            assert_eq!(answer.status, 400, "{query}");
            assert!(answer.json()["reason"].as_str().unwrap().contains(query.split('=').next().unwrap()), "{answer:?}");
        }
    });
}

#[test]
fn a_ticket_that_was_deleted_is_gone_and_its_case_is_not() {
    both(|house, desk| {
        let made = desk.create(V5, &ticket());
        let id = made["id"].as_str().unwrap();
        let worker = house.token(Role::Integration, "");
        assert_eq!(house.call(&worker, "DELETE", &format!("{V5}/{id}"), &[], &Value::Null).status, 403);
        assert_eq!(desk.ask("DELETE", &format!("{V4}/{id}/"), &Value::Null).status, 204);
        for path in [format!("{V5}/{id}"), format!("{V4}/{id}")] {
            assert_eq!(desk.get(&path).status, 404);
        }
        assert_eq!(desk.get(V5).json(), json!([]));
        assert_eq!(desk.get(V5).header("x-total-count"), "0");
        assert_eq!(desk.ask("DELETE", &format!("{V5}/{id}"), &Value::Null).status, 404);
        assert_eq!(house.get(&desk.token, &format!("/api/v1/complaints/{id}")).status, 200);
    });
}

#[test]
fn who_may_see_personal_data_is_written_down_and_others_see_placeholders() {
    both(|house, desk| {
        let made = desk.create(V5, &full());
        let id = made["id"].as_str().unwrap();
        let system = Caller::system(house.desk.root());
        let plain =
            house.desk.create_token(&system, "plain", Role::Integration, "", &[Scope::Read, Scope::Write]).unwrap();
        let seen = house.get(&plain, &format!("{V5}/{id}")).json();
        assert!(!seen.to_string().contains("13912345678"), "{seen}");
        let probe = json!([{"op": "test", "path": "/note/0/text", "value": "call 13912345678"}]);
        let bearer = format!("Bearer {plain}");
        let headers = [("authorization", bearer.as_str()), PATCH[0]];
        let guess = house.send("PATCH", &format!("{V5}/{id}"), &headers, probe.to_string());
        assert_eq!(guess.status, 409, "a test does not tell what is hidden");
        assert_eq!(house.get(&plain, &format!("{V5}?note.text=call+13912345678")).json(), json!([]));
        let change = house.call(&plain, "PATCH", &format!("{V5}/{id}"), &[], &json!({"channel": {"name": "x"}}));
        assert_eq!(change.status, 200, "{change:?}");
        assert_eq!(desk.get(&format!("{V5}/{id}")).json()["note"][0]["text"], "call 13912345678", "nothing is lost");
        let log = house.get(&desk.token, &format!("/api/v1/complaints/{id}/accesses")).json();
        assert!(log["items"].as_array().unwrap().iter().any(|one| one["reason"] == "test"), "{log}");
        // Words among colleagues are for who sees personal data.
        let version = house.get(&desk.token, &format!("/api/v1/complaints/{id}")).json()["version"].as_i64().unwrap();
        house.act(&desk.token, id, version, "note", &json!({"text": "between us"}));
        assert!(!house.get(&plain, &format!("{V5}/{id}")).body.contains("between us"));
        let clear = desk.get(&format!("{V5}/{id}")).json();
        let inner = clear["note"].as_array().unwrap().iter().find(|note| note["text"] == "between us").unwrap();
        assert_eq!((&inner["@type"], &inner["@baseType"]), (&json!("InternalNote"), &json!("Note")));
        right(V5, &clear);
    });
}

#[test]
fn what_is_masked_is_neither_guessed_nor_destroyed() {
    both(|house, desk| {
        let made = desk.create(V5, &full());
        let (id, system) = (made["id"].as_str().unwrap(), Caller::system(house.desk.root()));
        let with = |scopes: &[Scope]| house.desk.create_token(&system, "p", Role::Integration, "", scopes).unwrap();
        let plain = Desk { house, token: with(&[Scope::Read, Scope::Write]) };
        let seen = plain.get(&format!("{V5}/{id}")).json();
        assert_eq!(seen["relatedParty"][0]["partyOrPartyRole"]["name"], "S** S**");
        assert!(seen["attachment"][1].get("content").is_none() && !seen.to_string().contains("aGVsbG8"), "{seen}");
        // Right and wrong guesses are answered alike.
        let query = |text: &str| {
            let path = format!("/note?text=call {text}/author");
            let probe = json!([{"op": "test", "path": path, "value": "?"}]);
            let answer = plain.patch(V5, &made["id"], "application/json-patch-query+json", &probe);
            (answer.status, answer.json()["code"].clone())
        };
        assert_eq!(query("13912345678"), query("13912345679"));
        let merge = |text: &str| {
            let body = json!({"note": [{"id": "n1", "text": text}]});
            let answer = plain.patch(V5, &made["id"], "application/json", &body);
            (answer.status, answer.json()["code"].clone())
        };
        assert_eq!(merge("call 13912345678"), merge("call 13912345679"));
        // Whoever sends back what they were shown destroys nothing.
        let mut echo = seen.clone();
        echo["severity"] = json!("Minor");
        let said = plain.patch(V5, &made["id"], "application/json", &echo);
        assert_eq!(said.status, 200, "{said:?}");
        let now = desk.get(&format!("{V5}/{id}")).json();
        for name in ["note", "attachment", "relatedParty", "description", "externalIdentifier"] {
            assert_eq!(now[name], made[name], "{name}");
        }
        assert_eq!(now["severity"], "Minor");
        // A person reveals case by case.
        let cookie = house.session("looks", Role::Supervisor);
        let list = house.send("GET", V5, &[("cookie", &cookie)], "");
        assert!(list.status == 200 && !list.body.contains("13912345678"), "{list:?}");
        // Who could not read what they made makes nothing.
        let blind = Desk { house, token: with(&[Scope::Write]) };
        assert_eq!(blind.ask("POST", V5, &ticket()).status, 403);
        assert_eq!(desk.get(V5).header("x-total-count"), "1");
        // To ask which tickets hold a word is to be told something of each.
        let accesses = || {
            let log = house.get(&desk.token, &format!("/api/v1/complaints/{id}/accesses")).json();
            log["items"].as_array().unwrap().len()
        };
        let before = accesses();
        assert_eq!(desk.get(&format!("{V5}?note.text=call+13912345678&limit=0")).json(), json!([]));
        assert_eq!(accesses(), before + 1);
    });
}

#[test]
fn a_ticket_nobody_sorted_is_not_begun_by_its_client() {
    both(|house, desk| {
        let mut unsorted = intake();
        unsorted.as_object_mut().unwrap().remove("category");
        let case = house.register(&desk.token, &unsorted);
        let begun = desk.patch(V5, &case["id"], "application/json", &json!({"status": "inProgress"}));
        assert_eq!(begun.status, 409, "{begun:?}");
        // A first change from this face takes nothing away that was told before.
        let before = desk.get(&format!("{V5}/{}", case["id"].as_str().unwrap())).json();
        let noted = desk.patch(V5, &case["id"], "application/json", &json!({"note": [{"text": "x", "@type": "Note"}]}));
        assert_eq!(noted.status, 200, "{noted:?}");
        assert_eq!(
            (&noted.json()["channel"], &noted.json()["relatedParty"]),
            (&before["channel"], &before["relatedParty"])
        );
        assert!(before["channel"].is_object());
        // Without a reason the customer is answered with words all the same.
        let made = desk.create(V5, &ticket());
        for status in ["inProgress", "resolved"] {
            let moved = desk.patch(V5, &made["id"], "application/json", &json!({"status": status}));
            assert_eq!(moved.status, 200, "{status}: {moved:?}");
        }
        let log = house.get(&desk.token, &format!("/api/v1/complaints/{}/events", made["id"].as_str().unwrap()));
        assert!(log.body.contains("您反映的问题已处理完毕"), "{log:?}");
    });
}

#[test]
fn a_case_from_another_door_is_a_ticket_too() {
    both(|house, desk| {
        let case = house.register(&desk.token, &intake());
        for root in [V5, V4] {
            let found = desk.get(&format!("{root}/{}", case["id"].as_str().unwrap())).json();
            right(root, &found);
            assert_eq!((&found["ticketType"], &found["name"]), (&json!("complaint"), &json!("连扣四个月视频会员费")));
        }
        let elsewhere = house.token(Role::Admin, "33");
        assert_eq!(house.get(&elsewhere, V5).json(), json!([]));
    });
}

/// Waiting and suspended tickets have one state; what they wait for tells them apart.
#[test]
fn a_status_finds_those_that_have_it() {
    both(|_, desk| {
        let made: Vec<Value> = (0..4).map(|_| desk.create(V5, &ticket())["id"].clone()).collect();
        for (id, status) in made.iter().zip(["pending", "held", "inProgress"]) {
            let moved = desk.patch(V5, id, "application/json", &json!({"status": status}));
            assert_eq!(moved.status, 200, "{moved:?}");
        }
        for (query, expected) in [
            ("status=pending", &[0][..]),
            ("status=held", &[1]),
            ("status=held,pending", &[1, 0]),
            ("status=inProgress", &[2]),
            ("status=inProgress,held", &[2, 1]),
            ("status=acknowledged,inProgress&limit=1", &[3]),
            ("status=pending&id.ne=x", &[0]),
        ] {
            for root in [V5, V4] {
                let found = desk.get(&format!("{root}?{query}"));
                let ids: Vec<Value> = found.json().as_array().unwrap().iter().map(|one| one["id"].clone()).collect();
                let expected: Vec<Value> = expected.iter().map(|at: &usize| made[*at].clone()).collect();
                assert_eq!(ids, expected, "{root} {query}");
            }
        }
    });
}

#[test]
fn specifications_are_kept_and_written_down() {
    both(|house, desk| {
        let said = json!({
            "@type": "TroubleTicketSpecification", "name": "Bill dispute", "version": "1", "lifecycleStatus": "inDesign",
            "specCharacteristic": [{"name": "amount", "valueType": "number", "@type": "CharacteristicSpecification"}],
        });
        let made = desk.create(SPECIFICATION, &said);
        for (name, value) in said.as_object().unwrap() {
            assert_eq!(&made[name], value, "{name}");
        }
        let id = made["id"].clone();
        let changed =
            desk.patch(SPECIFICATION, &id, "application/merge-patch+json", &json!({"lifecycleStatus": "active"}));
        assert_eq!(changed.json()["lifecycleStatus"], "active");
        assert_eq!(
            desk.get(&format!("{SPECIFICATION}/?name=Bill+dispute&fields=name")).json().as_array().unwrap().len(),
            1
        );
        for wrong in [
            json!({"lifecycleStatus": " "}),
            json!({"lifecycleStatus": 5}),
            json!({"name": null}),
            json!({"name": " "}),
            json!({"specCharacteristic": {}}),
        ] {
            assert_eq!(desk.patch(SPECIFICATION, &id, "application/json", &wrong).status, 400, "{wrong}");
        }
        // The ledger forgets nothing, so nobody is named in it, wherever in a specification; nor is it a store of files.
        let named =
            json!([{"@type": "CharacteristicSpecification", "name": "li.lei@example.org", "valueType": "string"}]);
        for (wrong, field) in [
            (json!({"description": "投诉人 13912345678"}), "description"),
            (json!({"specCharacteristic": named}), "specCharacteristic[0].name"),
            (json!({"description": "x".repeat(70_000)}), "body"),
        ] {
            let answer = desk.patch(SPECIFICATION, &id, "application/json", &wrong);
            assert!(answer.status == 400 && answer.body.contains(field), "{answer:?}");
        }
        // Whoever may only write is told what they wrote, and a list is read a page at a time.
        let system = Caller::system(house.desk.root());
        let writes = house.desk.create_token(&system, "w", Role::Integration, "", &[Scope::Write]).unwrap();
        let other = house.call(&writes, "POST", SPECIFICATION, &[], &said);
        assert_eq!((other.status, &other.json()["name"]), (201, &said["name"]), "{other:?}");
        let page = desk.get(&format!("{SPECIFICATION}?limit=1&offset=1"));
        assert_eq!((page.header("x-total-count"), &page.json()[0]["id"]), ("2", &id), "{page:?}");
        let path = format!("{SPECIFICATION}/{}", id.as_str().unwrap());
        assert_eq!(desk.ask("DELETE", &path, &Value::Null).status, 204);
        assert_eq!(desk.get(&path).status, 404);
        assert_eq!(desk.ask("DELETE", &path, &Value::Null).status, 404);
    });
}

#[test]
fn nobody_comes_in_without_a_token() {
    both(|house, _| {
        for path in [V5, V4, SPECIFICATION] {
            let answer = house.send("GET", path, &[], "");
            assert_eq!(answer.status, 401);
            assert_eq!(answer.json()["status"], "401");
        }
        assert_eq!(house.send("GET", "/tmf-api/troubleTicket/v5/nothing", &[], "").json()["@type"], "Error");
    });
}

#[test]
fn what_the_network_says_becomes_facts() {
    each_database(|scratch| {
        let house = house(scratch);
        let (programme, agent) = (house.token(Role::Integration, ""), house.token(Role::Agent, ""));
        let say =
            |token: &str, path: &str, body: &Value| house.call(token, "POST", &format!("/tmf-api/{path}"), &[], body);
        let at = "2026-11-24T03:00:00Z";
        let mut problem = json!({"eventTime": at, "event": {"serviceProblem": {
            "id": "SP-1", "originatingSystem": "nms", "creationDate": "2026-11-24T01:00:00Z", "status": "inProgress",
            "affectedLocation": [{"id": "310115"}, {"id": "310101"}]}}});
        let created = "serviceProblemManagement/v4/listener/serviceProblemCreateEvent";
        assert_eq!(say(&agent, created, &problem).status, 403);
        assert_eq!(say(&programme, created, &problem).status, 201);
        let facts = || {
            let facts = house.get(&programme, "/api/v1/network-facts?withdrawn=true&limit=50").json();
            facts["items"].as_array().unwrap().clone()
        };
        assert_eq!(facts().len(), 2);
        // One place less, and over.
        problem["event"]["serviceProblem"]["affectedLocation"] = json!([{"id": "310115"}]);
        problem["event"]["serviceProblem"]["status"] = json!("resolved");
        let changed = "serviceProblemManagement/v5/listener/serviceProblemStateChangeEvent";
        assert_eq!(say(&programme, changed, &problem).status, 204);
        let of = |facts: &[Value], number: &str| facts.iter().find(|fact| fact["number"] == number).cloned().unwrap();
        let now = facts();
        assert_eq!((now.len(), &of(&now, "SP-1/310115")["revision"]), (2, &json!(2)));
        assert!(of(&now, "SP-1/310115")["to"].is_string());
        assert_eq!(of(&now, "SP-1/310101")["withdrawn"], true);
        // An alarm that never counted ends nothing.
        let mut alarm = json!({"eventTime": at, "event": {"alarm": {"id": "A-1", "perceivedSeverity": "cleared",
            "alarmRaisedTime": "2026-11-24T01:00:00Z", "place": [{"id": "310115", "role": "site"}]}}});
        assert_eq!(say(&programme, "alarm/v4/listener/alarmStateChangeEvent", &alarm).status, 201);
        assert_eq!(facts().len(), 2);
        alarm["event"]["alarm"]["perceivedSeverity"] = json!("critical");
        assert_eq!(say(&programme, "alarm/v4/listener/alarmCreateEvent", &alarm).status, 201);
        assert_eq!(facts().len(), 3);
        alarm["event"]["alarm"]["place"] = json!([{"name": "a place nobody knows"}]);
        let refused = say(&programme, "alarm/v4/listener/alarmCreateEvent", &alarm);
        assert_eq!(refused.status, 400);
        assert!(refused.json()["reason"].as_str().unwrap().contains("event.alarm.place[0]"), "{refused:?}");
        assert_eq!(say(&programme, "alarm/v4/listener/whateverEvent", &alarm).status, 404);
        // What comes later and leaves out when and where changes neither; a clear that affects nothing any more ends it all.
        let alarm = |event: &str, at: &str, more: Value| {
            let mut body = json!({"eventTime": at, "event": {"alarm": {"id": "OLT1", "sourceSystemId": "nms"}}});
            body["event"]["alarm"].as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            say(&programme, &format!("alarm/v4/listener/{event}"), &body)
        };
        let raised = json!({"perceivedSeverity": "critical", "alarmRaisedTime": "2026-11-24T01:00:00Z",
            "place": [{"id": "310115"}, {"id": "310101"}]});
        assert_eq!(alarm("alarmCreateEvent", at, raised).status, 201);
        let later = "2026-11-24T03:30:00Z";
        let major = json!({"perceivedSeverity": "major"});
        assert_eq!(alarm("alarmAttributeValueChangeEvent", later, major.clone()).status, 201);
        let now = facts();
        for number in ["OLT1/310115", "OLT1/310101"] {
            let fact = of(&now, number);
            assert_eq!((&fact["from"], &fact["revision"]), (&json!("2026-11-24T01:00:00Z"), &json!(1)), "{fact}");
        }
        // An alarm of a number that begins with the same is another's.
        let mut port = json!({"id": "OLT1/4", "perceivedSeverity": "critical", "place": [{"id": "310115"}]});
        assert_eq!(alarm("alarmCreateEvent", at, port.clone()).status, 201);
        let narrower = json!({"perceivedSeverity": "major", "place": [{"id": "310115"}]});
        assert_eq!(alarm("alarmAttributeValueChangeEvent", later, narrower).status, 201);
        let now = facts();
        assert!(of(&now, "OLT1/4/310115").get("withdrawn").is_none());
        assert_eq!(of(&now, "OLT1/310101")["withdrawn"], true);
        let cleared = json!({"perceivedSeverity": "cleared", "serviceAffecting": false});
        assert_eq!(alarm("alarmStateChangeEvent", later, cleared).status, 201);
        let ended = of(&facts(), "OLT1/310115");
        assert_eq!((&ended["from"], &ended["to"]), (&json!("2026-11-24T01:00:00Z"), &json!(later)), "{ended}");
        // One that is taken away need say no more than its number, and moves no end.
        assert_eq!(alarm("alarmDeleteEvent", "2026-11-24T03:50:00Z", json!({})).status, 201);
        assert_eq!(of(&facts(), "OLT1/310115")["to"], json!(later));
        assert_eq!(alarm("alarmAttributeValueChangeEvent", later, major).status, 400, "it begins anew, but where?");
        port["place"] = Value::Null;
        assert_eq!(alarm("alarmDeleteEvent", later, port).status, 201);
        assert_eq!(of(&facts(), "OLT1/4/310115")["to"], json!(later));
        house.desk.db().close();
    })
    .unwrap();
}
