//! TMF683 in both versions: every contact on a case is an interaction, what a client tells of one becomes the command
//! that means it, and nothing that happened is rewritten.

use crate::events::{Receiver, open_house, tell};
use crate::{Answer, House, house, intake};
use desk::Caller;
use desk::caller::Scope;
use desk::notices::letters::Handed;
use domain::actor::Role;
use domain::case::message::Stage;
use serde_json::{Value, json};
use server::tmf::face::Face;
use server::tmf::schema::check;
use store::testing::each_database;

const V5: &str = "/tmf-api/partyInteraction/v5/partyInteraction";
const V4: &str = "/tmf-api/partyInteraction/v4/partyInteraction";
const TICKETS: &str = "/tmf-api/troubleTicket/v5/troubleTicket";
const PATCH: &str = "application/json-patch+json";

/// The least an interaction says that registers a complaint.
pub(crate) fn contact() -> Value {
    json!({
        "@type": "PartyInteraction", "direction": "inbound", "reason": "Bill Dispute", "description": "charged twice",
        "relatedChannel": [{"@type": "RelatedChannel", "role": "call", "channel": {"@type": "ChannelRef", "id": "phone"}}],
    })
}

/// The same on a ticket.
fn on(ticket: &str, direction: &str, channel: &str, more: Value) -> Value {
    let mut body = contact();
    body["direction"] = json!(direction);
    body["relatedChannel"][0]["channel"]["id"] = json!(channel);
    body["interactionItem"] = json!([{"@type": "InteractionItem", "item": {"@type": "RelatedEntityRefOrValue", "role": "case",
        "entity": {"@type": "EntityRef", "id": ticket, "@referredType": "TroubleTicket"}}}]);
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

    fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &Value::Null)
    }

    fn create(&self, root: &str, body: &Value) -> Value {
        let answer = self.ask("POST", root, body);
        assert_eq!(answer.status, 201, "{body} {answer:?}");
        right(root, &answer.json());
        answer.json()
    }

    fn patch(&self, id: &Value, media: &str, body: &Value) -> Answer {
        let bearer = format!("Bearer {}", self.token);
        let headers = [("authorization", bearer.as_str()), ("content-type", media), ("host", "desk.example")];
        self.house.send("PATCH", &format!("{V5}/{}", id.as_str().unwrap()), &headers, body.to_string())
    }

    fn verbs(&self, case: &str) -> Vec<String> {
        let log = self.get(&format!("/api/v1/complaints/{case}/events")).json();
        let words = log["items"].as_array().unwrap().iter();
        words.map(|one| one["operation"].as_str().unwrap().to_owned()).collect()
    }
}

/// An answer is of the shape its version promises, and has no null.
fn right(root: &str, value: &Value) {
    assert_eq!(check(Face::of(root).unwrap(), "PartyInteraction", value, &[]), [], "{value}");
    assert!(!value.to_string().contains(":null"), "{value}");
}

fn case_of(interaction: &Value) -> String {
    interaction["id"].as_str().unwrap().rsplit_once('-').unwrap().0.to_owned()
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
fn every_contact_of_a_case_is_told_in_both_versions() {
    both(|house, desk| {
        let case = case_of(&desk.create(V5, &contact()));
        let case = case.as_str();
        let acts = [
            ("supplement", json!({"text": "更多", "channel": "app", "urging": true})),
            ("note", json!({"text": "between us"})),
            ("accept", json!({})),
            ("record-contact", json!({"mode": "phone", "outcome": "no_answer", "summary": "rang twice"})),
            ("notify-progress", json!({"mode": "sms", "content": "on our way"})),
            ("send-message", json!({"way": "email", "content": "please send the bill"})),
            ("propose", json!({"outcome": "refund"})),
            ("approve", json!({})),
            ("reply", json!({"mode": "phone", "content": "refunded"})),
            ("ask-satisfaction", json!({"mode": "phone"})),
            ("record-satisfaction", json!({"satisfied": "satisfied", "comment": "thanks"})),
            ("confirm", json!({"mode": "phone"})),
        ];
        for (version, (verb, with)) in (1..).zip(acts) {
            let done = house.act(&desk.token, case, version, verb, &with);
            assert_eq!(done.status, 200, "{verb}: {done:?}");
        }
        let list = desk.get(V5);
        let found = list.json();
        assert_eq!((list.header("x-result-count"), list.header("x-total-count")), ("9", "9"));
        let of = |name: &str| -> Vec<String> {
            found.as_array().unwrap().iter().rev().map(|one| one[name].as_str().unwrap_or("-").to_owned()).collect()
        };
        let reasons = "Bill Dispute,urging,contact,progress,message,reply,survey,surveyAnswer,confirmation";
        assert_eq!(of("reason").join(","), reasons);
        assert_eq!(of("description")[..4], ["charged twice", "更多", "rang twice", "on our way"]);
        let inbound = ["Bill Dispute", "urging", "surveyAnswer", "confirmation"];
        for one in found.as_array().unwrap() {
            right(V5, one);
            let word = if inbound.contains(&one["reason"].as_str().unwrap()) { "inbound" } else { "outbound" };
            assert_eq!(one["direction"], word, "{one}");
            let item = &one["interactionItem"][0];
            assert_eq!(
                (&item["item"]["entity"]["id"], &item["item"]["entity"]["@referredType"]),
                (&json!(case), &json!("TroubleTicket"))
            );
            assert_eq!(item["item"]["entity"]["href"], format!("http://desk.example{TICKETS}/{case}"));
            let path = format!("{V5}/{}", one["id"].as_str().unwrap());
            assert_eq!(one["href"], format!("http://desk.example{path}"));
            assert_eq!((desk.get(&path).json(), desk.get(&format!("{path}/")).json()), (one.clone(), one.clone()));
            let older = desk.get(&path.replace("/v5/", "/v4/")).json();
            right(V4, &older);
            assert_eq!((&older["interactionItem"][0]["item"]["id"], older.get("relatedChannel")), (&json!(case), None));
            assert!(older["channel"][0]["id"].is_string(), "{older}");
        }
        let status = |reason: &str| {
            let one = found.as_array().unwrap().iter().find(|one| one["reason"] == reason).unwrap();
            (one["status"].as_str().unwrap().to_owned(), one["interactionItem"][0]["resolution"].clone())
        };
        assert_eq!(status("contact"), ("completed".to_owned(), json!("no_answer")));
        assert_eq!(status("message").0, "opened");
        assert!(!list.body.contains("between us"), "{list:?}");
        // The house has no way of its own here, so the message comes to nothing.
        house.runtime.block_on(desk::jobs::run_timely(&house.desk, "node")).unwrap();
        let now = desk.get(&format!("{V5}?reason=message")).json();
        assert_eq!(
            (&now[0]["status"], &now[0]["interactionItem"][0]["resolution"]),
            (&json!("completed"), &json!("no_way"))
        );
        for nothing in ["1", "x-1", &format!("{case}-2x"), &format!("{case}-3"), &format!("{case}-99"), case] {
            assert_eq!(desk.get(&format!("{V5}/{nothing}")).status, 404, "{nothing}");
        }
    });
}

#[test]
fn lists_answer_what_is_asked_newest_first() {
    both(|house, desk| {
        let first = desk.create(V5, &contact());
        let second = desk.create(
            V4,
            &json!({
                "direction": "inbound", "reason": "request", "status": "completed", "description": "a new line",
                "interactionDate": {"startDateTime": "2026-01-01T00:00:00Z"}, "channel": [{"id": "app", "href": "x"}],
            }),
        );
        right(V4, &second);
        let more = desk.create(V5, &on(&case_of(&first), "inbound", "email", json!({"description": "and once more"})));
        let all = [&first, &second, &more].map(|one| one["id"].as_str().unwrap().to_owned());
        let ids = |query: &str| -> Vec<usize> {
            let answer = desk.get(&format!("{V5}?{query}"));
            assert_eq!(answer.status, 200, "{query}: {answer:?}");
            let found = answer.json();
            assert_eq!(answer.header("x-result-count"), found.as_array().unwrap().len().to_string());
            found.as_array().unwrap().iter().map(|one| all.iter().position(|id| one["id"] == **id).unwrap()).collect()
        };
        for (query, expected) in [
            ("", &[2, 1, 0][..]),
            ("limit=1", &[2]),
            ("limit=1&offset=1", &[1]),
            ("offset=7", &[]),
            ("direction=inbound&limit=2", &[2, 1]),
            ("direction=outbound", &[]),
            ("reason=request", &[1]),
            ("relatedChannel.channel.id=email", &[2]),
            ("sort=creationDate", &[0, 1, 2]),
            ("creationDate.gt=2020-01-01T00:00:00Z", &[2, 1, 0]),
            ("filter=$[?(@.reason=='request')]", &[1]),
            ("fields=none", &[2, 1, 0]),
        ] {
            assert_eq!(ids(query), expected, "{query}");
        }
        assert_eq!(ids(&format!("interactionItem.item.entity.id={}", case_of(&first))), [2, 0]);
        assert_eq!(ids("interactionItem.item.entity.id=nothing"), [0; 0]);
        assert_eq!(ids(&format!("id={}", all[1])), [1]);
        assert_eq!(ids(&format!("after={}", all[1])), [0]);
        assert_eq!(desk.get(&format!("{V5}?limit=1")).header("x-total-count"), "");
        assert_eq!(desk.get(&format!("{V5}?limit=250")).header("x-total-count"), "3");
        let of_ticket = desk.get(&format!("{V4}?interactionItem.item.id={}", case_of(&first))).json();
        assert_eq!(of_ticket.as_array().unwrap().len(), 2);
        for query in ["colour=red", "limit=x", "offset=-1", "sort=severity", "filter=x"] {
            let answer = desk.get(&format!("{V5}?{query}"));
            assert_eq!(answer.status, 400, "{query}");
            assert!(answer.json()["reason"].as_str().unwrap().contains(query.split('=').next().unwrap()), "{answer:?}");
        }
        let elsewhere = house.token(Role::Admin, "33");
        house.register(&desk.token, &intake());
        assert_eq!(house.get(&elsewhere, V5).json(), json!([]));
        assert_eq!(house.get(&elsewhere, &format!("{V5}/{}", all[0])).status, 404);
        let gone = desk.ask("DELETE", &format!("{TICKETS}/{}", case_of(&first)), &Value::Null);
        assert_eq!((gone.status, desk.get(&format!("{V5}/{}", all[0])).status), (204, 404));
        assert!(!desk.get(V5).body.contains(&case_of(&first)));
    });
}

#[test]
fn what_is_told_of_a_contact_becomes_what_it_means() {
    both(|house, desk| {
        let said = json!({
            "externalIdentifier": [{"@type": "ExternalIdentifier", "id": "C-1", "owner": "crm", "externalIdentifierType": "call"}],
            "note": [{"@type": "Note", "id": "n1", "text": "sounded tired", "author": "Li"}],
            "relatedParty": [{"@type": "RelatedPartyOrPartyRole", "role": "customer", "partyOrPartyRole":
                {"@type": "PartyRef", "id": "9", "name": "Jane Roe", "@referredType": "Individual"}}],
            "attachment": [{"@type": "AttachmentRef", "id": "a1", "url": "https://example.com/a"}],
            "interactionDate": {"startDateTime": "2026-01-01T00:00:00Z", "endDateTime": "2026-01-01T00:05:00Z"},
        });
        let mut body = contact();
        body.as_object_mut().unwrap().extend(said.as_object().unwrap().clone());
        let made = desk.create(V5, &body);
        for name in [
            "direction",
            "reason",
            "description",
            "relatedChannel",
            "note",
            "relatedParty",
            "attachment",
            "interactionDate",
            "externalIdentifier",
        ] {
            let there = if name == "note" {
                json!([{"@type": "Note", "id": "n1", "text": "sounded tired", "author": "Li"}])
            } else {
                body[name].clone()
            };
            let mut told = made[name].clone();
            if name == "note" {
                told[0].as_object_mut().unwrap().remove("date");
            }
            assert_eq!(told, there, "{name}");
        }
        let case = case_of(&made);
        let ticket = desk.get(&format!("{TICKETS}/{case}")).json();
        assert_eq!(
            (&ticket["description"], &ticket["name"], &ticket["ticketType"]),
            (&json!("charged twice"), &json!("Bill Dispute"), &json!("Bill Dispute"))
        );
        assert_eq!(ticket["relatedParty"][0]["partyOrPartyRole"]["name"], "Jane Roe");
        assert!(
            !ticket.to_string().contains("partyInteraction") && !ticket.to_string().contains("sounded tired"),
            "{ticket}"
        );
        house.act(&desk.token, &case, 1, "accept", &json!({}));
        let done = json!({"description": "we spoke", "status": "completed", "interactionDate": {"endDateTime": "2098-01-01T00:00:00Z"}});
        for (direction, channel, more, verb) in [
            ("inbound", "email", json!({"reason": "chase"}), "supplement"),
            ("outbound", "call centre", json!({"status": "opened", "description": "  "}), "record-contact"),
            ("outbound", "shop", json!({"status": "completed"}), "record-contact"),
            ("outbound", "sms", json!({"reason": "Status Update"}), "notify-progress"),
            ("outbound", "email", json!({"status": "open", "description": "please send the bill"}), "send-message"),
        ] {
            desk.create(V5, &on(&case, direction, channel, more));
            let verbs = desk.verbs(&case);
            assert!(verbs.iter().any(|one| one == verb), "{verb}: {verbs:?}");
        }
        // What was told to have gone is not sent once more: no message waits.
        assert_eq!(desk.get(&format!("/api/v1/complaints/{case}/messages")).body.matches("\"progress\"").count(), 0);
        for (body, why) in [
            (on(&case, "outbound", "phone", done), "interactionDate"),
            (on(&case, "inbound", "phone", json!({"description": ""})), "description"),
            (on("01900000-0000-7000-8000-000000000000", "inbound", "phone", json!({})), "interactionItem[0].item.id"),
            (on("TS-1", "inbound", "phone", json!({})), "interactionItem[0].item.id"),
            (json!({"direction": "outbound"}), "interactionItem"),
            (json!({"description": null}), "description"),
            (json!({"description": " \n"}), "description"),
        ] {
            let mut whole = contact();
            whole.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
            if whole["description"].is_null() {
                whole.as_object_mut().unwrap().remove("description");
            }
            let refused = desk.ask("POST", V5, &whole);
            assert_eq!(refused.status, 400, "{whole} {refused:?}");
            assert!(refused.json()["reason"].as_str().unwrap().contains(why), "{why}: {refused:?}");
        }
        // Another interaction leads to the case as well, and two cases are one too many.
        let mut follows = contact();
        follows["interactionRelationship"] =
            json!([{"@type": "InteractionRelationship", "id": made["id"], "relationshipType": "parent"}]);
        assert_eq!(case_of(&desk.create(V5, &follows)), case);
        let other = case_of(&desk.create(V5, &contact()));
        let mut two = on(&other, "inbound", "phone", json!({}));
        two["interactionRelationship"] = follows["interactionRelationship"].clone();
        assert_eq!(desk.ask("POST", V5, &two).status, 400);
        let elsewhere = Desk { house, token: house.token(Role::Agent, "33") };
        let hidden = elsewhere.ask(
            "POST",
            V5,
            &on(house.register(&desk.token, &intake())["id"].as_str().unwrap(), "inbound", "phone", json!({})),
        );
        assert_eq!(hidden.status, 400, "{hidden:?}");
    });
}

#[test]
fn what_happened_is_added_to_and_never_rewritten() {
    both(|house, desk| {
        let made = desk.create(V5, &contact());
        let id = &made["id"];
        let merge = "application/merge-patch+json";
        let note =
            json!({"note": [{"@type": "Note", "text": "he called again"}], "description": "charged twice and again"});
        let after = desk.patch(id, merge, &note);
        assert_eq!(after.status, 200, "{after:?}");
        right(V5, &after.json());
        assert_eq!(
            (&after.json()["note"][0]["text"], &after.json()["description"]),
            (&json!("he called again"), &json!("charged twice and again"))
        );
        let added = json!([{"op": "add", "path": "/note", "value": {"@type": "Note", "text": "third"}}]);
        assert_eq!(desk.patch(id, PATCH, &added).json()["note"].as_array().unwrap().len(), 2);
        let before = desk.get(&format!("{V5}/{}", id.as_str().unwrap())).json();
        let sent_back = desk.patch(id, "application/json", &before);
        assert_eq!((sent_back.status, sent_back.json()), (200, before.clone()));
        for (media, body, status) in [
            (merge, json!({"description": "else"}), 409),
            (merge, json!({"description": null}), 409),
            (merge, json!({"reason": "else"}), 409),
            (merge, json!({"direction": "outbound"}), 409),
            (merge, json!({"direction": "sideways"}), 400),
            (merge, json!({"status": "opened"}), 409),
            (merge, json!({"status": "asleep"}), 400),
            (merge, json!({"relatedChannel": []}), 409),
            (merge, json!({"interactionDate": {"startDateTime": "2026-01-01T00:00:00Z"}}), 409),
            (merge, json!({"note": [{"text": 5}]}), 400),
            (merge, json!({"note": 5}), 400),
            (merge, json!({"id": 5}), 400),
            (PATCH, json!([{"op": "remove", "path": "/note/0"}]), 409),
            (PATCH, json!([{"op": "replace", "path": "/description", "value": "else"}]), 409),
            (PATCH, json!([{"op": "test", "path": "/reason", "value": "else"}]), 409),
            (PATCH, json!({}), 400),
            ("text/plain", json!({}), 400),
        ] {
            let refused = desk.patch(id, media, &body);
            assert_eq!(refused.status, status, "{body} {refused:?}");
            assert_eq!(refused.json()["@type"], "Error");
        }
        assert_eq!(desk.get(&format!("{V5}/{}", id.as_str().unwrap())).json(), before, "nothing half done");
        // To one that came through another door more is added beside what the log has.
        let other = house.register(&desk.token, &intake());
        let place = json!(format!("{}-1", other["id"].as_str().unwrap()));
        let party = json!({"relatedParty": [{"@type": "RelatedPartyOrPartyRole", "role": "witness", "partyOrPartyRole":
            {"@type": "PartyRef", "id": "8", "name": "x"}}], "description": "回电请打13800138000。谢谢"});
        let after = desk.patch(&place, merge, &party).json();
        assert_eq!(after["relatedParty"].as_array().unwrap().len(), 2, "{after}");
        assert_eq!(after["description"], "回电请打13800138000。谢谢");
        // A contact its client told goes forward.
        let begun = desk.create(V5, &on(&case_of(&made), "outbound", "phone", json!({"status": "inProgress"})));
        let ended = desk.patch(&begun["id"], merge, &json!({"status": "completed"}));
        assert_eq!((ended.status, &ended.json()["status"]), (200, &json!("completed")), "{ended:?}");
        for root in [V5, V4] {
            let refused = desk.ask("DELETE", &format!("{root}/{}", id.as_str().unwrap()), &Value::Null);
            assert_eq!(refused.status, 405, "{refused:?}");
            assert!(refused.json()["reason"].is_string() && refused.header("allow").contains("PATCH"), "{refused:?}");
        }
        let nothing = json!("01900000-0000-7000-8000-000000000000-1");
        assert_eq!(desk.patch(&nothing, merge, &json!({})).status, 404);
    });
}

#[test]
fn each_attribute_that_makes_no_sense_is_refused_by_name() {
    both(|_, desk| {
        for name in ["direction", "reason", "relatedChannel"] {
            for value in [None, Some(Value::Null), Some(json!("")), Some(json!(" \n")), Some(json!(5)), Some(json!({}))]
            {
                let mut body = contact();
                body.as_object_mut().unwrap().remove(name);
                if let Some(value) = &value {
                    body[name] = value.clone();
                }
                let answer = desk.ask("POST", V5, &body);
                assert_eq!(answer.status, 400, "{body}");
                assert!(answer.json()["reason"].as_str().unwrap().contains(name), "{answer:?}");
            }
        }
        for (name, value) in [
            ("@type", json!("Elephant")),
            ("@type", json!(5)),
            ("direction", json!("sideways")),
            ("status", json!("asleep")),
            ("status", json!(5)),
            ("id", json!(5)),
            ("note", json!([{"text": "no type"}])),
            ("note", json!([null])),
            ("interactionDate", json!({"startDateTime": "yesterday"})),
            ("interactionDate", json!([])),
            ("relatedChannel", json!([{"@type": "RelatedChannel", "role": "x"}])),
            (
                "relatedChannel",
                json!([{"@type": "RelatedChannel", "role": "x", "channel": {"@type": "ChannelRef", "id": " "}}]),
            ),
            ("interactionItem", json!([{"@type": "InteractionItem", "item": 5}])),
            (
                "interactionItem",
                json!([{"@type": "InteractionItem", "item": {"@type": "X", "role": "r", "entity": {"@type": "Parcel"}}}]),
            ),
            ("relatedParty", json!([{"@type": "X", "role": "r", "partyOrPartyRole": {"@type": "Ghost"}}])),
            ("interactionRelationship", json!([{"@type": "X", "id": "1"}])),
            ("attachment", json!([{"@type": "Parcel", "id": "1"}])),
            ("description", json!(["x"])),
        ] {
            let mut body = contact();
            body[name] = value;
            let answer = desk.ask("POST", V5, &body);
            assert_eq!(answer.status, 400, "{body}");
            assert!(answer.json()["reason"].as_str().unwrap().contains(name), "{body} {answer:?}");
        }
        for name in ["interactionDate", "reason", "status", "direction", "channel"] {
            let mut body = json!({"direction": "inbound", "reason": "x", "status": "completed", "description": "d",
                "interactionDate": {}, "channel": [{"id": "app", "href": "x"}]});
            body.as_object_mut().unwrap().remove(name);
            let answer = desk.ask("POST", V4, &body);
            assert_eq!(answer.status, 400, "{body}");
            assert!(answer.json()["reason"].as_str().unwrap().contains(name), "{answer:?}");
        }
        let mut long = contact();
        long["description"] = json!("长".repeat(50_000));
        long["reason"] = json!("r".repeat(5_000));
        let made = desk.create(V5, &long);
        assert_eq!((&made["description"], &made["reason"]), (&long["description"], &long["reason"]));
        let more =
            desk.create(V5, &on(&case_of(&made), "outbound", "phone", json!({"description": "长".repeat(9_000)})));
        assert_eq!(more["description"].as_str().unwrap().chars().count(), 9_000);
        long["description"] = json!("x".repeat(2 << 20));
        assert_eq!(desk.ask("POST", V5, &long).status, 413);
        for body in ["", "[]", "{", "5", "{\"a\":1,\"a\":2}"] {
            let bearer = format!("Bearer {}", desk.token);
            let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
            assert_eq!(desk.house.send("POST", V5, &headers, body.to_owned()).status, 400, "{body}");
        }
        // What a client calls as the house calls its own means nothing.
        let mut forged = crate::tmf::ticket();
        forged["@partyInteraction"] = json!({"entry": 1, "said": {"description": "forged"}});
        let ticket = desk.ask("POST", TICKETS, &forged).json();
        let told = desk.get(&format!("{V5}/{}-1", ticket["id"].as_str().unwrap())).json();
        assert_eq!(told["description"], "charged twice", "{told}");
    });
}

#[test]
fn personal_data_is_for_those_who_may_see_it_and_written_down() {
    both(|house, desk| {
        let mut body = contact();
        body["description"] = json!("call 13912345678");
        body["note"] = json!([{"@type": "Note", "text": "or 13912345679"}]);
        body["relatedParty"] = json!([{"@type": "RelatedPartyOrPartyRole", "role": "customer", "partyOrPartyRole":
            {"@type": "PartyRef", "id": "9", "name": "Jane Roe"}}]);
        let made = desk.create(V5, &body);
        let (path, case) = (format!("{V5}/{}", made["id"].as_str().unwrap()), case_of(&made));
        let system = Caller::system(house.desk.root());
        let with = |scopes: &[Scope]| house.desk.create_token(&system, "p", Role::Integration, "", scopes).unwrap();
        let plain = Desk { house, token: with(&[Scope::Read, Scope::Write]) };
        for path in [V5, &path, &path.replace("/v5/", "/v4/")] {
            let seen = plain.get(path);
            assert_eq!(seen.status, 200);
            assert!(!seen.body.contains("1391234567") && !seen.body.contains("Jane Roe"), "{seen:?}");
        }
        assert_eq!(plain.get(&format!("{V5}?note.text=or+13912345679")).json(), json!([]));
        let noted = plain.patch(
            &made["id"],
            "application/json",
            &json!({"note": [{"@type": "Note", "text": "more"}], "description": "call 139****5678 at noon"}),
        );
        assert_eq!(noted.status, 200, "{noted:?}");
        let now = desk.get(&path).json();
        assert_eq!(
            (&now["description"], now["note"].as_array().unwrap().len()),
            (&json!("call 13912345678 at noon"), 2)
        );
        let accesses = || {
            let log = house.get(&desk.token, &format!("/api/v1/complaints/{case}/accesses")).json();
            log["items"].as_array().unwrap().len()
        };
        let before = accesses();
        for path in [V5, &path, &format!("{V5}?note.text=or+13912345679&limit=0")] {
            desk.get(path);
        }
        assert_eq!(accesses(), before + 3);
        let blind = Desk { house, token: with(&[Scope::Write]) };
        assert_eq!(blind.ask("POST", V5, &contact()).status, 403);
        assert_eq!(desk.get(V5).header("x-total-count"), "1");
        let reader = Desk { house, token: house.token(Role::Auditor, "") };
        assert_eq!((reader.ask("POST", V5, &contact()).status, reader.get(V5).status), (403, 200));
        assert_eq!(house.send("GET", V4, &[], "").json()["status"], "401");
    });
}

/// Two messages of one kind, of which the first is put off: what becomes of the second is the second's.
#[test]
fn what_becomes_of_a_message_belongs_to_the_entry_that_wrote_it() {
    both(|house, desk| {
        house.desk.set_ways(crate::channels::ways());
        let mut body = intake();
        body["complainant"]["email"] = json!("w@customer.example");
        let case = house.register(&desk.token, &body);
        let case = case["id"].as_str().unwrap();
        for (version, content) in [(1, "first"), (2, "second")] {
            let sent =
                house.act(&desk.token, case, version, "send-message", &json!({"way": "email", "content": content}));
            assert_eq!(sent.status, 200, "{sent:?}");
        }
        house.runtime.block_on(desk::jobs::run_timely(&house.desk, "node")).unwrap();
        let send = |parcel: desk::outbox::Parcel| async move {
            if parcel.text.contains("first") { Handed::Later("busy".to_owned()) } else { Handed::Taken }
        };
        house.runtime.block_on(desk::outbox::send_due(&house.desk, "node", send)).unwrap();
        let status = |version: i64| desk.get(&format!("{V5}/{case}-{version}")).json()["status"].clone();
        assert_eq!((status(2), status(3)), (json!("opened"), json!("inProgress")));
        let messages = house
            .runtime
            .block_on(house.desk.messages(&Caller::system(house.desk.root()), &desk::CaseRef::parse(case).unwrap()));
        let second = messages.unwrap().into_iter().find(|one| one.stage == Some(Stage::Sent)).unwrap();
        let now = house.desk.time().now();
        assert!(house.runtime.block_on(house.desk.report_message(second.id, Stage::Delivered, None, now)).unwrap());
        assert_eq!((status(2), status(3)), (json!("opened"), json!("completed")));
    });
}

#[test]
fn a_hub_tells_of_interactions() {
    each_database(|scratch| {
        let (house, herald) = open_house(scratch);
        let receiver = Receiver::start(&house);
        let token = house.token(Role::Integration, "");
        let hub = |version: &str, path: &str, query: &str| {
            let root = format!("/tmf-api/partyInteraction/{version}/hub");
            house.call(&token, "POST", &root, &[], &json!({"callback": receiver.url(path), "query": query}))
        };
        assert_eq!(hub("v5", "all", "").status, 201);
        assert_eq!(
            hub("v4", "few", "eventType=PartyInteractionCreateEvent&partyInteraction.direction=outbound&fields=reason")
                .status,
            201
        );
        for (nonsense, at) in [("data", "query"), ("eventType", "query"), ("severity=Major", "severity")] {
            let refused = hub("v5", "no", nonsense);
            assert_eq!(refused.status, 400, "{nonsense}: {refused:?}");
            assert!(refused.json()["reason"].as_str().unwrap().contains(at), "{refused:?}");
        }
        let listed = house.get(&token, "/tmf-api/partyInteraction/v5/hub").json();
        assert_eq!(listed.as_array().unwrap().len(), 1, "each hub has its own listeners");
        assert_eq!(house.get(&token, "/tmf-api/troubleTicket/v5/hub").json(), json!([]));
        let admin = house.token(Role::Admin, "");
        let case = house.register(&admin, &intake());
        let case = case["id"].as_str().unwrap();
        house.act(&admin, case, 1, "note", &json!({"text": "between us"}));
        house.act(&admin, case, 2, "send-message", &json!({"way": "email", "content": "please send the bill"}));
        house.runtime.block_on(desk::jobs::run_timely(&house.desk, "node")).unwrap();
        tell(&house, &herald);
        let got = receiver.take();
        let of = |path: &str| -> Vec<(String, Value)> {
            let of = got.iter().filter(|one| one.0.starts_with(path));
            of.map(|one| (one.0.rsplit('/').next().unwrap().to_owned(), one.2.clone())).collect()
        };
        let kinds: Vec<String> = of("/all").into_iter().map(|one| one.0).collect();
        assert_eq!(kinds[..2], ["partyInteractionCreateEvent", "partyInteractionCreateEvent"], "{kinds:?}");
        assert!(kinds.contains(&"partyInteractionStatusChangeEvent".to_owned()), "{kinds:?}");
        for (_, event) in of("/all") {
            let interaction = &event["event"]["partyInteraction"];
            assert_eq!(check(Face::V5, "PartyInteraction", interaction, &[]), [], "{event}");
            assert!(
                interaction["href"].as_str().unwrap().starts_with("https://desk.example/tmf-api/partyInteraction/v5/")
            );
        }
        assert!(!format!("{got:?}").contains("between us"));
        let few = of("/few");
        assert_eq!(few.len(), 1, "{few:?}");
        assert_eq!(few[0].1["event"], json!({"partyInteraction": {"reason": "message"}}));
        // With the ticket the interactions leave, and nothing of the case is told after that.
        let ticket = format!("{TICKETS}/{case}");
        assert_eq!(house.call(&admin, "DELETE", &ticket, &[], &Value::Null).status, 204);
        tell(&house, &herald);
        let gone: Vec<String> =
            receiver.take().into_iter().filter(|one| one.0.starts_with("/all")).map(|one| one.0).collect();
        assert!(gone.len() == 2 && gone.iter().all(|one| one.ends_with("partyInteractionDeleteEvent")), "{gone:?}");
        let version = house.get(&admin, &format!("/api/v1/complaints/{case}")).json()["version"].as_i64().unwrap();
        let late = json!({"text": "and one more thing", "channel": "app"});
        assert_eq!(house.act(&admin, case, version, "supplement", &late).status, 200);
        tell(&house, &herald);
        assert_eq!(receiver.take(), [], "a contact after the ticket is gone is nobody's outside");
        for (version, event, status) in [
            ("v5", "partyInteractionCreateEvent", 204),
            ("v4", "partyInteractionDeleteEvent", 201),
            ("v5", "troubleTicketCreateEvent", 404),
        ] {
            let path = format!("/tmf-api/partyInteraction/{version}/listener/{event}");
            assert_eq!(house.call(&token, "POST", &path, &[], &json!({"event": {}})).status, status, "{path}");
        }
        house.desk.db().close();
    })
    .unwrap();
}
