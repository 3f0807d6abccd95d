//! Events out, described for programmes (AsyncAPI 3), from the table of what there is.

use super::shapes::{list, moment, text, whole};
use crate::events::{ContactNews, News, SpecificationNews};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use std::sync::OnceLock;

/// Answers with the document.
pub(super) async fn document() -> Response {
    static TEXT: OnceLock<String> = OnceLock::new();
    let text = TEXT.get_or_init(|| describe().to_string());
    ([(header::CONTENT_TYPE, "application/json")], text.as_str()).into_response()
}

/// What each event is, in a line.
fn summary(news: News) -> &'static str {
    match news {
        News::Created => "A complaint was registered.",
        News::Changed => "Something its ticket says changed.",
        News::StatusChanged => "It has another status.",
        News::Resolved => "The customer was told the outcome.",
        News::InformationRequired => "It waits for the customer.",
        News::Deleted => "Its ticket was taken from the TM Forum faces.",
    }
}

/// The same of interactions.
fn contact_summary(news: ContactNews) -> &'static str {
    match news {
        ContactNews::Created => "The customer and the house were in contact, or a message is on its way.",
        ContactNews::Changed => "Something was added to what is said of a contact.",
        ContactNews::StatusChanged => "A message came further, or a contact was completed.",
        ContactNews::Deleted => "The ticket of its case was taken from the TM Forum faces.",
    }
}

/// The same of specifications of tickets.
fn specification_summary(news: SpecificationNews) -> &'static str {
    match news {
        SpecificationNews::Created => "A specification of tickets was written; only version 5 tells of them.",
        SpecificationNews::Changed => "Something a specification of tickets says changed.",
        SpecificationNews::StatusChanged => "A specification of tickets stands elsewhere in its life.",
        SpecificationNews::Deleted => "A specification of tickets was removed; the event names it and no more.",
    }
}

/// The whole document.
#[must_use]
pub(super) fn describe() -> Value {
    let (mut messages, mut webhook, mut hub) = (Map::new(), Map::new(), Map::new());
    for news in News::ALL {
        let cloud = format!("webhook_{}", news.code());
        let tmf = news.tmf();
        webhook.insert(cloud.clone(), json!({"$ref": format!("#/components/messages/{cloud}")}));
        hub.insert(tmf.to_owned(), json!({"$ref": format!("#/components/messages/{tmf}")}));
        let kind = json!({"type": "string", "const": format!("redress.complaint.{}", news.code())});
        messages.insert(
            cloud,
            json!({
                "name": format!("redress.complaint.{}", news.code()), "summary": summary(news),
                "contentType": "application/cloudevents+json", "headers": {"$ref": "#/components/schemas/StandardWebhook"},
                "payload": {"allOf": [{"$ref": "#/components/schemas/CloudEvent"}, {"properties": {"type": kind}}]},
            }),
        );
        messages.insert(
            tmf.to_owned(),
            json!({
                "name": tmf, "summary": summary(news), "contentType": "application/json",
                "payload": {"allOf": [
                    {"$ref": "#/components/schemas/TmfEvent"},
                    {"properties": {"eventType": {"type": "string", "const": tmf}}},
                ]},
            }),
        );
    }
    let mut contacts = Map::new();
    let mut more = |list: &mut Map<String, Value>, tmf: &str, summary: &str, schema: &str| {
        list.insert(tmf.to_owned(), json!({"$ref": format!("#/components/messages/{tmf}")}));
        let kind = json!({"properties": {"eventType": {"type": "string", "const": tmf}}});
        messages.insert(
            tmf.to_owned(),
            json!({
                "name": tmf, "summary": summary, "contentType": "application/json",
                "payload": {"allOf": [{"$ref": format!("#/components/schemas/{schema}")}, kind]},
            }),
        );
    };
    for news in SpecificationNews::ALL {
        more(&mut hub, news.tmf(), specification_summary(news), "TmfSpecificationEvent");
    }
    for news in ContactNews::ALL {
        more(&mut contacts, news.tmf(), contact_summary(news), "TmfContactEvent");
    }
    let operation = |channel: &str, summary: &str| json!({"action": "send", "channel": {"$ref": format!("#/channels/{channel}")}, "summary": summary});
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Redress events", "version": env!("CARGO_PKG_VERSION"),
            "description": "What happens to complaints, told in the order of each, at least once.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {
            "webhook": {"address": null, "title": "The address of a webhook", "messages": webhook},
            "hub": {"address": null, "title": "The callback of a TMF621 hub's listener", "messages": hub},
            "contactHub": {"address": null, "title": "The callback of a TMF683 hub's listener", "messages": contacts},
        },
        "operations": {
            "tellWebhook": operation("webhook", "POST of a CloudEvent, signed by the rules of Standard Webhooks."),
            "tellListener": operation("hub", "POST to {callback}/listener/{event} by TMF621 5.0.1 or 4.0.0."),
            "tellContactListener": operation("contactHub", "The same by TMF683 5.0.0 or 4.0.0."),
        },
        "components": {"messages": messages, "schemas": schemas()},
    })
}

/// The envelope of TM Forum's events, which are about something.
fn tmf_event(thing: &str, shape: &Value) -> Value {
    json!({
        "type": "object", "required": ["eventId", "eventTime", "eventType", "event"],
        "properties": {
            "@type": text(), "eventId": text(), "eventTime": moment(), "eventType": text(), "correlationId": text(),
            "domain": text(), "title": text(), "description": text(), "priority": text(), "timeOccurred": moment(),
            "timeOcurred": {"type": "string", "format": "date-time", "description": "Version 4 spells it so."},
            "fieldPath": text(),
            "event": {"type": "object", "required": [thing], "properties": {thing: shape}},
        },
    })
}

fn schemas() -> Value {
    let ticket = json!({"type": "object", "description": "TroubleTicket of TMF621."});
    let interaction = json!({"type": "object", "description": "PartyInteraction of TMF683."});
    let specification = json!({"type": "object", "description": "TroubleTicketSpecification of TMF621, or a reference to one that was removed."});
    json!({
        "StandardWebhook": {
            "type": "object", "required": ["webhook-id", "webhook-timestamp", "webhook-signature"],
            "properties": {
                "webhook-id": {"type": "string", "description": "The same at every try."},
                "webhook-timestamp": {"type": "string", "description": "Seconds since 1970. Refuse what is more than five minutes off."},
                "webhook-signature": {"type": "string", "description": "v1,BASE64 of HMAC-SHA-256 over ID.TIMESTAMP.BODY; several apart by blanks while a secret changes."},
            },
        },
        "CloudEvent": {
            "type": "object", "required": ["specversion", "id", "source", "type", "subject", "time", "data"],
            "properties": {
                "specversion": {"type": "string", "const": "1.0"}, "id": text(), "source": text(), "type": text(),
                "subject": {"type": "string", "format": "uuid", "description": "The complaint."}, "time": moment(),
                "datacontenttype": text(),
                "data": {"type": "object", "properties": {
                    "complaint": {"type": "string", "description": "Number of the complaint."}, "version": whole(),
                    "verb": text(), "changed": list(&text()), "ticket": ticket.clone(),
                }},
            },
        },
        "TmfEvent": tmf_event("troubleTicket", &ticket),
        "TmfSpecificationEvent": tmf_event("troubleTicketSpecification", &specification),
        "TmfContactEvent": tmf_event("partyInteraction", &interaction),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_leads_somewhere() {
        let document = describe();
        let text = document.to_string();
        for part in text.split("\"$ref\":\"#").skip(1) {
            let place = part.split('"').next().unwrap();
            assert!(document.pointer(place).is_some(), "{place}");
        }
        assert_eq!(
            document["components"]["messages"].as_object().unwrap().len(),
            News::ALL.len() * 2 + SpecificationNews::ALL.len() + ContactNews::ALL.len()
        );
    }
}
