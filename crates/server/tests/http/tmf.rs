//! TMF621 in both versions: a ticket is created, found, changed, worked through its states and taken away, and what is
//! wrong is answered as TM Forum writes errors. Notes are never lost.

use crate::{Answer, House, house};
use domain::actor::Role;
use serde_json::{Value, json};
use store::testing::each_database;

const V5: &str = "/tmf-api/troubleTicket/v5/troubleTicket";
const V4: &str = "/tmf-api/troubleTicket/v4/troubleTicket";

fn ticket() -> Value {
    json!({
        "@type": "TroubleTicket", "name": "Slow line", "description": "Very slow since Monday", "severity": "Major",
        "ticketType": "complaint",
        "externalIdentifier": [{"id": "CRM-1", "owner": "crm", "@type": "ExternalIdentifier"}],
        "note": [{"id": "n1", "text": "first words", "@type": "Note"}],
    })
}

fn create(house: &House, token: &str, base: &str, body: &Value) -> Value {
    let made = house.call(token, "POST", base, &[], body);
    assert_eq!(made.status, 201, "{made:?}");
    let made_json = made.json();
    assert!(made.header("location").ends_with(made_json["id"].as_str().unwrap()), "{made:?}");
    made_json
}

fn patch(house: &House, token: &str, path: &str, media: &str, body: &Value) -> Answer {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("content-type", media)];
    house.send("PATCH", path, &headers, body.to_string())
}

#[test]
fn a_ticket_goes_its_way_in_both_versions() {
    each_database(|scratch| {
        let house = house(scratch);
        let token = house.token(Role::Admin, "");
        let made = create(&house, &token, V5, &ticket());
        assert_eq!((&made["status"], &made["@type"]), (&json!("acknowledged"), &json!("TroubleTicket")), "{made}");
        assert!(made["href"].as_str().unwrap().contains("/tmf-api/troubleTicket/v5/troubleTicket/"), "{made}");
        assert!(!made.to_string().contains("null"), "{made}");
        let path = format!("{V5}/{}", made["id"].as_str().unwrap());
        assert_eq!(house.get(&token, &path).json()["externalIdentifier"][0]["id"], "CRM-1");
        // A slash at the end is the same place.
        assert_eq!(house.get(&token, &format!("{path}/")).status, 200);

        let other = json!({"description": "billed twice", "severity": "Minor", "ticketType": "billDispute"});
        let other = create(&house, &token, V4, &other);
        let v4 = format!("{V4}/{}", other["id"].as_str().unwrap());
        let few = house.get(&token, &format!("{v4}?fields=severity")).json();
        assert_eq!(few.as_object().unwrap().keys().collect::<Vec<_>>(), ["severity"], "{few}");
        let few = house.get(&token, &format!("{path}?fields=severity")).json();
        assert_eq!(few.as_object().unwrap().len(), 4, "the asked and id, href, @type: {few}");

        let all = house.get(&token, V5);
        assert_eq!((all.header("x-total-count"), all.header("x-result-count")), ("2", "2"), "{all:?}");
        assert_eq!(all.json()[0]["id"], other["id"], "the newest first");
        let one = house.get(&token, &format!("{V5}?severity=Major&limit=1"));
        assert_eq!((one.json()[0]["id"].clone(), one.header("x-total-count")), (made["id"].clone(), "1"), "{one:?}");
        assert_eq!(house.get(&token, &format!("{V5}?offset=5")).json(), json!([]));
        for wrong in ["limit=x", "offset=-1", "nonsense=1"] {
            let answer = house.get(&token, &format!("{V5}?{wrong}"));
            assert_eq!(answer.status, 400, "{wrong}: {answer:?}");
            assert!(answer.json()["reason"].is_string() && answer.json()["@type"] == "Error", "{answer:?}");
        }

        let merge = "application/merge-patch+json";
        // A merge adds a note and loses none; what the server owns is passed over.
        let more = json!({"note": [{"id": "n2", "text": "second words", "@type": "Note"}], "id": "x", "severity": "Minor"});
        let changed = patch(&house, &token, &path, merge, &more);
        assert_eq!(changed.status, 200, "{changed:?}");
        let changed = changed.json();
        assert_eq!((changed["id"].clone(), &changed["severity"]), (made["id"].clone(), &json!("Minor")));
        let texts: Vec<&str> = changed["note"].as_array().unwrap().iter().filter_map(|n| n["text"].as_str()).collect();
        assert!(texts.contains(&"first words") && texts.contains(&"second words"), "{changed}");
        let pointed = json!([{"op": "add", "path": "/note", "value": {"text": "third words", "@type": "Note"}}]);
        let pointed = patch(&house, &token, &path, "application/json-patch+json", &pointed);
        assert!(pointed.status == 200 && pointed.body.contains("third words"), "{pointed:?}");
        for (media, body, status) in [
            (merge, json!({"severity": null}), 400),
            (merge, json!({"description": " "}), 400),
            (merge, json!({"severity": 7}), 400),
            (merge, json!({"status": "closed"}), 409),
            ("application/json-patch+json", json!([{"op": "test", "path": "/severity", "value": "Other"}]), 409),
            ("application/json-patch+json", json!([{"op": "remove", "path": "/nowhere/1"}]), 400),
            ("text/plain", json!({}), 415),
        ] {
            let refused = patch(&house, &token, &path, media, &body);
            assert!((400..500).contains(&refused.status), "{status} {media} {body}: {refused:?}");
        }
        let words = patch(&house, &token, &path, merge, &json!({"status": "inProgress"}));
        assert!(words.status == 200 && words.json()["status"] == "inProgress", "{words:?}");
        let after = house.get(&token, &path).json();
        assert_eq!(after["statusChangeHistory"].as_array().unwrap().len(), 2, "{after}");

        assert_eq!(house.call(&token, "DELETE", &v4, &[], &Value::Null).status, 204);
        assert_eq!(house.get(&token, &v4).status, 404);
        assert_eq!(house.get(&token, V4).header("x-total-count"), "1");
    })
    .unwrap();
}

#[test]
fn what_a_ticket_needs_is_named() {
    let scratch = store::testing::sqlite().unwrap();
    let house = house(&scratch);
    let token = house.token(Role::Admin, "");
    for base in [V5, V4] {
        for name in ["description", "severity", "ticketType"] {
            for value in [Value::Null, json!(""), json!("  "), json!(5), json!({}), json!([])] {
                let mut body = ticket();
                body[name] = value.clone();
                let refused = house.call(&token, "POST", base, &[], &body);
                assert_eq!(refused.status, 400, "{base} {name} {value}: {refused:?}");
                assert!(refused.body.contains(name), "{refused:?}");
            }
            let mut body = ticket();
            body.as_object_mut().unwrap().remove(name);
            assert_eq!(house.call(&token, "POST", base, &[], &body).status, 400, "{base} without {name}");
        }
        for body in ["", "[]", "null", "{", "\"x\""] {
            let bearer = format!("Bearer {token}");
            let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
            let refused = house.send("POST", base, &headers, body);
            assert!(refused.status == 400 && refused.json()["code"].is_string(), "{base} {body}: {refused:?}");
        }
        let nobody = house.send("GET", base, &[], "");
        assert!(nobody.status == 401 && nobody.json()["reason"].is_string(), "{nobody:?}");
        assert_eq!(house.get(&token, &format!("{base}/nothing")).status, 404);
        assert_eq!(house.get(&token, base).header("x-total-count"), "0", "nothing half done");
    }
    let odd = json!({"description": "d", "severity": "s", "ticketType": "t", "status": "whatever"});
    assert_eq!(create(&house, &token, V4, &odd)["status"], "acknowledged");
}
