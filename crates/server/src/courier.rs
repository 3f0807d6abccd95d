//! Messages to customers on their way out: mail by a server, short messages and calls by a gateway. The words are those of
//! the entry; around them stands only what somebody needs to answer.

use crate::locale::{Language, Locales};
use crate::post::handed;
use desk::notices::letters::Handed;
use desk::outbox::{Parcel, Round, send_due};
use desk::{Desk, DeskError};
use domain::case::message::{Way, What};
use jiff::Timestamp;
use mail::gateway::Gateway;
use mail::{Customer, Mailer, Message, Trouble};
use serde_json::json;
use std::sync::Arc;

/// What messages are sent with.
#[derive(Clone)]
pub struct Courier {
    mailer: Option<Mailer>,
    gateway: Option<Gateway>,
    locales: Arc<Locales>,
}

impl Courier {
    /// Somebody who sends.
    #[must_use]
    pub fn new(mailer: Option<Mailer>, gateway: Option<Gateway>, locales: Locales) -> Self {
        Self { mailer, gateway, locales: Arc::new(locales) }
    }

    /// Sends what is due. `node` names one process.
    ///
    /// # Errors
    /// Those of the database; trouble with a server is part of the answer.
    pub async fn round(&self, desk: &Desk, node: &str) -> Result<Round, DeskError> {
        send_due(desk, node, |parcel| {
            let courier = self.clone();
            async move { courier.hand_over(&parcel).await }
        })
        .await
    }

    async fn hand_over(&self, parcel: &Parcel) -> Handed {
        let sent = match (parcel.way, &self.mailer, &self.gateway) {
            (Way::Email, Some(mailer), _) => match self.letter(parcel) {
                Some((message, customer)) => mailer.send_to_customer(&message, &customer).await,
                None => Err(Trouble::Server("no address answers come in by".to_owned())),
            },
            (Way::Sms | Way::Voice, _, Some(gateway)) => {
                let body = self.short(parcel);
                gateway.send(&parcel.id.to_string(), &body, Timestamp::now().as_second()).await
            }
            _ => Err(Trouble::Server("there is no such way any more".to_owned())),
        };
        handed(sent)
    }

    fn say(&self, parcel: &Parcel, key: &str) -> String {
        let language = Language::from_tag(&parcel.language).unwrap_or(Language::En);
        let values = [("number", parcel.number.as_str()), ("at", parcel.received_at.as_str())];
        if let Some(approved) = parcel.wordings.iter().find(|one| one.kind == key) {
            return desk::wordings::fill(&approved.text, &values);
        }
        self.locales.text(language, &format!("ui.post.{key}"), &values)
    }

    fn letter(&self, parcel: &Parcel) -> Option<(Message, Customer)> {
        let reply_to = parcel.reply_to.clone()?;
        let bounces_to = parcel.bounces_to.clone()?;
        let text = match parcel.what {
            What::Receipt => self.say(parcel, "receipt"),
            _ => parcel.text.clone(),
        };
        let text = format!("{text}\n\n-- \n{}\n", self.say(parcel, "foot"));
        let subject = self.say(parcel, &format!("subject_{}", parcel.what.code()));
        let message = Message { to: parcel.to.clone(), subject, text, id: parcel.id.to_string() };
        Some((message, Customer { reply_to, bounces_to, automatic: parcel.what == What::Receipt }))
    }

    /// One line, whatever was written: a gateway may put it into a header of its own.
    fn short(&self, parcel: &Parcel) -> String {
        let text = parcel.text.split_whitespace().collect::<Vec<_>>().join(" ");
        let to: String = parcel.to.chars().filter(|letter| letter.is_ascii_digit() || *letter == '+').collect();
        json!({
            "id": parcel.id.to_string(), "way": parcel.way.code(), "to": to, "text": text, "language": parcel.language,
            "case": parcel.number, "what": parcel.what.code(),
        })
        .to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn parcel(what: What, way: Way, text: &str) -> Parcel {
        Parcel {
            id: Uuid::from_u128(7),
            number: "TS-20261124-000001-5".into(),
            what,
            way,
            to: "+86 138-0013 8000".into(),
            text: text.into(),
            language: "zh-CN".into(),
            received_at: "2026-11-24 12:00 +08:00".into(),
            wordings: Vec::new(),
            reply_to: Some("reply+r@op.example".into()),
            bounces_to: Some("reply+b@op.example".into()),
        }
    }

    fn courier() -> Courier {
        Courier::new(None, None, crate::data::locales(None).and_then(Locales::load).unwrap())
    }

    /// D3: what reaches a header or a short message has no line of its own.
    #[test]
    fn d3_no_line_break_reaches_header_or_short_message() {
        let hostile = "one\r\nBcc: all@op.example\r\n\r\ntwo\u{2028}three";
        let body = courier().short(&parcel(What::Message, Way::Sms, hostile));
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["text"], "one Bcc: all@op.example two three");
        assert_eq!(body["to"], "+8613800138000");
        let (message, _) = courier().letter(&parcel(What::Reply, Way::Email, hostile)).unwrap();
        assert!(!message.subject.contains(['\r', '\n']) && message.subject.contains("TS-20261124-000001-5"));
    }

    #[test]
    fn approved_words_go_out_in_place_of_the_shipped_ones() {
        let mut parcel = parcel(What::Receipt, Way::Email, "");
        let in_force = |kind: &str, text: &str| desk::wordings::InForce {
            kind: kind.into(),
            text: text.into(),
            hash: String::new(),
        };
        parcel.number = "{at}".into();
        parcel.wordings = vec![in_force("receipt", "号 {number}，{at}"), in_force("subject_receipt", "收到 {number}")];
        let (message, _) = courier().letter(&parcel).unwrap();
        assert_eq!(message.subject, "收到 {at}", "what fills a blank is no template");
        assert!(message.text.starts_with("号 {at}，2026-11-24 12:00 +08:00\n\n-- \n"), "{}", message.text);
    }

    #[test]
    fn only_a_receipt_is_automatic() {
        for what in What::ALL {
            let (message, customer) = courier().letter(&parcel(*what, Way::Email, "words")).unwrap();
            assert_eq!(customer.automatic, *what == What::Receipt);
            assert!(!message.text.contains('{') && !message.subject.contains('{'), "{}", message.text);
            assert_eq!(message.text.contains("words"), *what != What::Receipt);
        }
    }
}
