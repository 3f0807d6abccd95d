//! What distinguishes the two versions of each interface: names, where they stand, what they select. Inside there is one
//! ticket and one interaction, in the names of version 5.

use super::schema;
use desk::subscriptions::HUB_V5;
use serde_json::{Map, Value, json};

/// A version of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Face {
    /// 5.0.1.
    V5,
    /// 4.0.0.
    V4,
}

/// An interface that has a hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Api {
    /// TMF621.
    Tickets,
    /// TMF683.
    Interactions,
}

impl Api {
    /// The interface an address belongs to.
    pub fn of(path: &str) -> Self {
        if path.starts_with("/tmf-api/partyInteraction/") { Self::Interactions } else { Self::Tickets }
    }

    /// The interface and version of a subscription; webhooks speak as tickets of version 5 do.
    pub fn of_kind(kind: &str) -> (Self, Face) {
        let all = [Self::Tickets, Self::Interactions].map(|api| [(api, Face::V5), (api, Face::V4)]);
        let known = all.into_iter().flatten().find(|(api, face)| api.kind(*face) == kind);
        known.unwrap_or((Self::Tickets, Face::V5))
    }

    /// Where a version of it begins.
    pub const fn root(self, face: Face) -> &'static str {
        match (self, face) {
            (Self::Tickets, Face::V5) => "/tmf-api/troubleTicket/v5",
            (Self::Tickets, Face::V4) => "/tmf-api/troubleTicket/v4",
            (Self::Interactions, Face::V5) => "/tmf-api/partyInteraction/v5",
            (Self::Interactions, Face::V4) => "/tmf-api/partyInteraction/v4",
        }
    }

    /// As subscriptions name the hub of a version.
    pub const fn kind(self, face: Face) -> &'static str {
        match (self, face) {
            (Self::Tickets, Face::V5) => HUB_V5,
            (Self::Tickets, Face::V4) => "hub_v4",
            (Self::Interactions, Face::V5) => "hub_683_v5",
            (Self::Interactions, Face::V4) => "hub_683_v4",
        }
    }

    /// The shape of what it is about.
    pub const fn shape(self) -> &'static str {
        match self {
            Self::Tickets => "TroubleTicket",
            Self::Interactions => "PartyInteraction",
        }
    }

    /// The shapes of everything the events of a version are about.
    pub const fn things(self, face: Face) -> &'static [&'static str] {
        match (self, face) {
            (Self::Tickets, Face::V5) => &["TroubleTicket", "TroubleTicketSpecification"],
            (Self::Tickets, Face::V4) => &["TroubleTicket"],
            (Self::Interactions, _) => &["PartyInteraction"],
        }
    }
}

impl Face {
    /// The face an address belongs to; whatever else lies below the root speaks as version 5 does.
    pub fn of(path: &str) -> Option<Self> {
        match path.strip_prefix("/tmf-api/") {
            Some(rest) if rest.starts_with("troubleTicket/v4") || rest.starts_with("partyInteraction/v4") => {
                Some(Self::V4)
            }
            Some(_) => Some(Self::V5),
            None => None,
        }
    }

    /// Attributes a selection answers besides those asked for.
    pub const fn always(self) -> &'static [&'static str] {
        match self {
            Self::V5 => &["id", "href", "@type"],
            Self::V4 => &[],
        }
    }

    /// A ticket as this version writes it.
    pub fn tell(self, ticket: Map<String, Value>) -> Map<String, Value> {
        match self {
            Self::V5 => {
                let mut ticket = Value::Object(ticket);
                // Version 4 asks for less than version 5 promises.
                schema::complete(self, "TroubleTicket", &mut ticket);
                match ticket {
                    Value::Object(ticket) => ticket,
                    _ => Map::new(),
                }
            }
            Self::V4 => to_v4(ticket),
        }
    }

    /// What a client of this version wrote, in the names of version 5.
    pub fn hear(self, body: Map<String, Value>) -> Map<String, Value> {
        match self {
            Self::V5 => body,
            Self::V4 => from_v4(body),
        }
    }

    /// An interaction as this version writes it.
    pub fn tell_interaction(self, interaction: Map<String, Value>) -> Map<String, Value> {
        let told = match self {
            Self::V5 => interaction,
            Self::V4 => interaction_to_v4(interaction),
        };
        let mut told = Value::Object(told);
        // Each version promises attributes the other does not ask for.
        schema::complete(self, "PartyInteraction", &mut told);
        match told {
            Value::Object(told) => told,
            _ => Map::new(),
        }
    }

    /// The interaction a client of this version wrote, in the names of version 5.
    pub fn hear_interaction(self, body: Map<String, Value>) -> Map<String, Value> {
        match self {
            Self::V5 => body,
            Self::V4 => interaction_from_v4(body),
        }
    }

    /// The error body.
    pub fn error(self, status: u16, code: &str, reason: &str, message: &str) -> Value {
        let mut body = json!({"code": code, "reason": reason, "status": status.to_string()});
        if let Some(members) = body.as_object_mut() {
            if !message.is_empty() {
                members.insert("message".to_owned(), message.into());
            }
            if self == Self::V5 {
                members.insert("@type".to_owned(), "Error".into());
            }
        }
        body
    }
}

/// The type of the number version 4 gives as `externalId`.
const EXTERNAL: &str = "externalId";

fn to_v4(ticket: Map<String, Value>) -> Map<String, Value> {
    let mut out = Map::new();
    for (name, value) in ticket {
        match name.as_str() {
            "statusChangeHistory" => {
                let each = |item: Value| {
                    renamed(item, &[("statusChangeDate", "changeDate"), ("statusChangeReason", "changeReason")])
                };
                out.insert("statusChange".to_owned(), list(value, each));
            }
            "externalIdentifier" => {
                let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
                let own = items.iter().find(|item| item["externalIdentifierType"] == EXTERNAL).or(items.first());
                if let Some(id) = own.map(|item| item["id"].clone()).filter(Value::is_string) {
                    out.insert("externalId".to_owned(), id);
                }
            }
            // Version 4 has no place for either.
            "troubleTicketCharacteristic" | "troubleTicketSpecification" => {}
            "relatedParty" => drop(out.insert(name, list(value, |item| flat(item, "partyOrPartyRole")))),
            "relatedEntity" => drop(out.insert(name, list(value, |item| flat(item, "entity")))),
            _ => drop(out.insert(name, value)),
        }
    }
    out
}

fn from_v4(body: Map<String, Value>) -> Map<String, Value> {
    let mut out = Map::new();
    for (name, value) in body {
        match (name.as_str(), &value) {
            ("statusChange", _) => drop(out.insert("statusChangeHistory".to_owned(), value)),
            ("externalId", Value::String(_)) => {
                let own = json!([{"id": value, "externalIdentifierType": EXTERNAL, "@type": "ExternalIdentifier"}]);
                out.insert("externalIdentifier".to_owned(), own);
            }
            // Version 4 knows none of these.
            (
                "externalIdentifier"
                | "statusChangeHistory"
                | "troubleTicketCharacteristic"
                | "troubleTicketSpecification",
                _,
            ) => {}
            ("externalId", _) => drop(out.insert("externalIdentifier".to_owned(), value)),
            ("relatedParty", _) => drop(out.insert(name, list(value, party))),
            ("relatedEntity", _) => drop(out.insert(name, list(value, entity))),
            ("note", _) => drop(out.insert(name, list(value, |item| typed(item, "Note")))),
            ("attachment", _) => drop(out.insert(name, list(value, attachment))),
            ("channel", _) => drop(out.insert(name, typed(value, "ChannelRef"))),
            ("troubleTicketRelationship", _) => {
                out.insert(name, list(value, |item| typed(item, "TroubleTicketRelationship")));
            }
            _ => drop(out.insert(name, value)),
        }
    }
    out
}

/// Channels, parties and what an item is about stand flat in version 4; it numbers nothing for others.
fn interaction_to_v4(interaction: Map<String, Value>) -> Map<String, Value> {
    let mut out = Map::new();
    for (name, value) in interaction {
        match name.as_str() {
            "externalIdentifier" | "lastUpdate" | "interactionItemType" | "interactionItemRelationship" => {}
            "relatedChannel" => drop(out.insert("channel".to_owned(), list(value, |item| flat(item, "channel")))),
            "relatedParty" => drop(out.insert(name, list(value, |item| flat(item, "partyOrPartyRole")))),
            "item" => drop(out.insert(name, flat(value, "entity"))),
            "interactionItem" => {
                let each = |item: Value| match item {
                    Value::Object(item) => Value::Object(interaction_to_v4(item)),
                    other => other,
                };
                out.insert(name, list(value, each));
            }
            _ => drop(out.insert(name, value)),
        }
    }
    out
}

fn interaction_from_v4(body: Map<String, Value>) -> Map<String, Value> {
    let mut out = Map::new();
    for (name, value) in body {
        match name.as_str() {
            // Version 4 knows none of these.
            "externalIdentifier" | "relatedChannel" | "interactionItemType" | "interactionItemRelationship" => {}
            "channel" => {
                let each = |item: Value| nested(item, "channel", "RelatedChannel", "ChannelRef");
                out.insert("relatedChannel".to_owned(), list(value, each));
            }
            "relatedParty" => {
                let each = |item: Value| typed_as(party(item), "RelatedPartyOrPartyRole");
                out.insert(name, list(value, each));
            }
            "item" => drop(out.insert(name, nested(value, "entity", "RelatedEntityRefOrValue", "EntityRef"))),
            "note" => drop(out.insert(name, list(value, |item| typed(item, "Note")))),
            "attachment" => drop(out.insert(name, list(value, attachment))),
            "interactionRelationship" => {
                drop(out.insert(name, list(value, |item| typed(item, "InteractionRelationship"))));
            }
            "interactionItem" => {
                let each = |item: Value| match item {
                    Value::Object(item) => typed(Value::Object(interaction_from_v4(item)), "InteractionItem"),
                    other => other,
                };
                out.insert(name, list(value, each));
            }
            _ => drop(out.insert(name, value)),
        }
    }
    out
}

/// The number version 4 wrote, with the others a ticket has.
pub fn with_others(there: &[Value], written: Value) -> Value {
    let own = there.iter().position(|item| item["externalIdentifierType"] == EXTERNAL).unwrap_or(0);
    let others = there.iter().enumerate().filter(|(position, _)| *position != own).map(|(_, item)| item.clone());
    let written = written.as_array().cloned().unwrap_or_default();
    Value::Array(written.into_iter().chain(others).collect())
}

fn list(value: Value, each: impl Fn(Value) -> Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(each).collect()),
        other => other,
    }
}

/// A type every object of version 5 has, where the client of version 4 gave none.
fn typed(mut item: Value, name: &str) -> Value {
    if let Some(members) = item.as_object_mut() {
        members.entry("@type").or_insert_with(|| name.into());
    }
    item
}

fn typed_as(mut item: Value, name: &str) -> Value {
    if let Some(members) = item.as_object_mut() {
        members.insert("@type".to_owned(), name.into());
    }
    item
}

/// What holds a file is told from what names one.
fn attachment(item: Value) -> Value {
    let by_value = item.get("content").is_some();
    typed(item, if by_value { "Attachment" } else { "AttachmentRef" })
}

fn renamed(item: Value, names: &[(&str, &str)]) -> Value {
    let Value::Object(members) = item else { return item };
    let name_of = |name: String| names.iter().find(|(from, _)| *from == name).map_or(name, |(_, to)| (*to).to_owned());
    Value::Object(members.into_iter().map(|(name, value)| (name_of(name), value)).collect())
}

/// What version 5 keeps in an object of its own stands beside the role in version 4.
fn flat(item: Value, inner: &str) -> Value {
    let Value::Object(mut members) = item else { return item };
    if let Some(Value::Object(of)) = members.remove(inner) {
        members.remove("@type");
        for (name, value) in of {
            members.insert(name, value);
        }
        members.entry("@referredType").or_insert_with(|| "Entity".into());
    }
    Value::Object(members)
}

fn party(item: Value) -> Value {
    let role = item.get("@type").and_then(Value::as_str).is_some_and(|name| name == "PartyRoleRef");
    let referred = item.get("@referredType").and_then(Value::as_str).unwrap_or_default();
    let of = if role || !matches!(referred, "Individual" | "Organization") { "PartyRoleRef" } else { "PartyRef" };
    nested(item, "partyOrPartyRole", "RelatedPartyRefOrPartyRoleRef", of)
}

fn entity(item: Value) -> Value {
    nested(item, "entity", "RelatedEntity", "EntityRef")
}

fn nested(item: Value, inner: &str, outer_type: &str, inner_type: &str) -> Value {
    let Value::Object(members) = item else { return item };
    let (mut outer, mut of) = (Map::new(), Map::new());
    for (name, value) in members {
        if name == "role" {
            outer.insert(name, value)
        } else {
            of.insert(name, value)
        };
    }
    of.entry("@type").or_insert_with(|| inner_type.into());
    outer.insert("@type".to_owned(), outer_type.into());
    outer.insert(inner.to_owned(), Value::Object(of));
    Value::Object(outer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_4_comes_back_as_it_went_in() {
        let body = json!({
            "externalId": "X-1",
            "relatedParty": [{"id": "1", "role": "customer", "@referredType": "Individual", "name": "Jane", "@type": "RelatedParty"}],
            "relatedEntity": [{"id": "2", "role": "disputedBill", "@referredType": "CustomerBill", "@type": "RelatedEntity"}],
            "severity": "Major",
        });
        let Value::Object(members) = body.clone() else { panic!("no object") };
        assert_eq!(Value::Object(Face::V4.tell(Face::V4.hear(members))), body);
        let body = json!({
            "direction": "inbound", "reason": "call", "status": "completed",
            "channel": [{"id": "1", "href": "x", "role": "call", "@referredType": "Channel", "@type": "ChannelRef"}],
            "interactionItem": [{"reason": "x", "item": {"id": "2", "role": "case", "@referredType": "TroubleTicket",
                "@type": "EntityRef"}, "@type": "InteractionItem"}],
            "relatedParty": [{"id": "1", "href": "x", "role": "customer", "@referredType": "Individual", "@type": "PartyRef"}],
        });
        let Value::Object(members) = body.clone() else { panic!("no object") };
        assert_eq!(Value::Object(Face::V4.tell_interaction(Face::V4.hear_interaction(members))), body);
    }
}
