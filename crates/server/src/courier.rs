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

    /// The approved words of a kind, filled in, where there are any.
    fn approved(&self, parcel: &Parcel, key: &str) -> Option<String> {
        let approved = parcel.wordings.iter().find(|one| one.kind == key)?;
        Some(desk::wordings::fill(&approved.text, &values(parcel)))
    }

    fn say(&self, parcel: &Parcel, key: &str) -> String {
        let language = Language::from_tag(&parcel.language).unwrap_or(Language::En);
        let shipped = || self.locales.text(language, &format!("ui.post.{key}"), &values(parcel));
        self.approved(parcel, key).unwrap_or_else(shipped)
    }

    fn letter(&self, parcel: &Parcel) -> Option<(Message, Customer)> {
        let reply_to = parcel.reply_to.clone()?;
        let bounces_to = parcel.bounces_to.clone()?;
        let text = match parcel.what {
            What::Receipt => self.say(parcel, "receipt"),
            What::News => self.say(parcel, "news"),
            _ => parcel.text.clone(),
        };
        let text = format!("{text}\n\n-- \n{}\n", self.say(parcel, "foot"));
        let subject = self.say(parcel, &format!("subject_{}", parcel.what.code()));
        let message = Message { to: parcel.to.clone(), subject, text, id: parcel.id.to_string() };
        Some((message, Customer { reply_to, bounces_to, automatic: matches!(parcel.what, What::Receipt | What::News) }))
    }

    /// One line, whatever was written: a gateway may put it into a header of its own.
    fn short(&self, parcel: &Parcel) -> String {
        let words = match (parcel.what, parcel.way) {
            (What::News, Way::Voice) => self.say(parcel, "voice_news"),
            (What::News, _) => self.say(parcel, "sms_news"),
            (_, Way::Voice) => [self.approved(parcel, "voice_lead").unwrap_or_default(), parcel.text.clone()].join(" "),
            (..) => [parcel.text.clone(), self.approved(parcel, "sms_foot").unwrap_or_default()].join(" "),
        };
        let text = words.split_whitespace().collect::<Vec<_>>().join(" ");
        let to: String = parcel.to.chars().filter(|letter| letter.is_ascii_digit() || *letter == '+').collect();
        json!({
            "id": parcel.id.to_string(), "way": parcel.way.code(), "to": to, "text": text, "language": parcel.language,
            "case": parcel.number, "what": parcel.what.code(),
        })
        .to_string()
    }
}

/// What fills the blanks of wordings.
fn values(parcel: &Parcel) -> [(&'static str, &str); 3] {
    [("number", parcel.number.as_str()), ("at", parcel.received_at.as_str()), ("next", parcel.next.as_str())]
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
            next: "2026-11-26 12:00 +08:00".into(),
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
    fn what_nobody_wrote_is_automatic_and_says_so() {
        for what in What::ALL {
            let nobody = matches!(what, What::Receipt | What::News);
            let (message, customer) = courier().letter(&parcel(*what, Way::Email, "words")).unwrap();
            assert_eq!(customer.automatic, nobody);
            assert!(!message.text.contains('{') && !message.subject.contains('{'), "{}", message.text);
            assert_eq!(message.text.contains("words"), !nobody);
        }
        for (way, language) in [(Way::Sms, "zh-CN"), (Way::Sms, "en"), (Way::Voice, "zh-CN"), (Way::Voice, "en")] {
            let news = Parcel { language: language.into(), ..parcel(What::News, way, "") };
            let body: serde_json::Value = serde_json::from_str(&courier().short(&news)).unwrap();
            let (text, said) = (body["text"].as_str().unwrap(), ["自动", "utomatic"]);
            assert!(text.contains("TS-20261124-000001-5") && text.contains("2026-11-26 12:00"), "{text}");
            assert!(said.iter().any(|one| text.contains(one)) && !text.contains('{'), "{text}");
        }
    }

    /// What is shipped keeps the rules that are asked of what takes its place.
    #[test]
    fn shipped_words_keep_their_own_rules() {
        let locales = crate::data::locales(None).and_then(Locales::load).unwrap();
        let open = [("number", "{number}"), ("at", "{at}"), ("next", "{next}")];
        for kind in desk::wordings::KINDS.iter().filter(|kind| kind.shipped) {
            for language in desk::wordings::LANGUAGES {
                let of = Language::from_tag(language).unwrap();
                let text = locales.text(of, &format!("ui.post.{}", kind.code), &open);
                assert!(desk::wordings::check(kind, language, &text).is_ok(), "{} {language}: {text}", kind.code);
            }
        }
    }

    #[test]
    fn approved_words_stand_around_those_of_people() {
        let around = |kind: &str, text: &str| desk::wordings::InForce {
            kind: kind.into(),
            text: text.into(),
            hash: String::new(),
        };
        let said = |way: Way, wording| {
            let body = courier().short(&Parcel { wordings: vec![wording], ..parcel(What::Message, way, "请回电") });
            serde_json::from_str::<serde_json::Value>(&body).unwrap()["text"].as_str().unwrap().to_owned()
        };
        assert_eq!(said(Way::Sms, around("sms_foot", "编号{number}")), "请回电 编号TS-20261124-000001-5");
        assert_eq!(said(Way::Voice, around("voice_lead", "自动语音。")), "自动语音。 请回电");
    }
}
