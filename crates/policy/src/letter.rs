//! Letters: what a message to the customer or another body must say, in which languages and media, and what proves that
//! it went out.

use crate::basis::Tier;
use crate::code::codes;
use crate::document::{Table, Value};
use crate::rule::RuleHead;
use serde::Serialize;
use std::collections::BTreeMap;

codes! {
    /// How a letter travels.
    pub Medium {
        /// On paper.
        Post = "post",
        /// By e-mail.
        Email = "email",
        /// By short message.
        Sms = "sms",
        /// In the operator's application.
        App = "app",
        /// Where the customer tracks the case.
        Portal = "portal",
        /// Read out by telephone.
        Phone = "phone",
    }
}

codes! {
    /// Who gets a letter.
    pub Recipient {
        /// The customer.
        Customer = "customer",
        /// The regulator or dispute body.
        Regulator = "regulator",
    }
}

codes! {
    /// What proves that a letter went out.
    pub Proof {
        /// That it was sent.
        Sent = "sent",
        /// That it arrived.
        Delivered = "delivered",
    }
}

/// Words by language tag.
pub type Words = BTreeMap<String, String>;

/// Something a letter must say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Element {
    /// Identity within the letter.
    pub id: String,
    /// The words, one for each of the letter's languages; placeholders stand in braces.
    pub text: Words,
}

/// One letter of a pack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LetterRule {
    /// What every rule has.
    #[serde(flatten)]
    pub head: RuleHead,
    /// Who gets it.
    pub to: Vec<Recipient>,
    /// Languages it is written in, as BCP 47 tags.
    pub languages: Vec<String>,
    /// How it may travel.
    pub media: Vec<Medium>,
    /// Whether the recipient must be able to keep it unchanged.
    pub durable: bool,
    /// What proves that it went out.
    pub proof: Proof,
    /// What it must say, in order.
    pub elements: Vec<Element>,
}

impl LetterRule {
    /// The elements without words in a language the letter is written in, and those languages.
    pub fn missing_words(&self) -> impl Iterator<Item = (&str, &str)> {
        self.elements.iter().flat_map(move |element| {
            let missing = self.languages.iter().filter(|language| !element.text.contains_key(*language));
            missing.map(move |language| (element.id.as_str(), language.as_str()))
        })
    }

    /// Reads one `[[letter]]`.
    pub(crate) fn read(mut table: Table<'_>, tier: Option<Tier>) -> Option<Self> {
        let head = RuleHead::read(&mut table, tier);
        let to = table.or("to", vec![Recipient::Customer], |value| value.codes());
        let languages = table.needed("languages").and_then(|value| tags(&value));
        let media = table.needed("media").and_then(|value| value.codes());
        let durable = table.or("durable", false, |value| value.flag());
        let proof = table.or("proof", Proof::Sent, |value| value.code());
        let mut elements: Vec<Element> = Vec::new();
        let mut complete = true;
        for mut element in table.tables("element") {
            let id = element.id("id");
            let text = element.needed("text").and_then(|value| words(&value));
            element.done();
            let Some((id, text)) = id.zip(text) else {
                complete = false;
                continue;
            };
            if elements.iter().any(|known| known.id == id) {
                element.fault(format!("a second element `{id}`"));
                complete = false;
            }
            elements.push(Element { id, text });
        }
        if elements.is_empty() && complete {
            table.fault("a letter needs at least one `element`");
            complete = false;
        }
        table.done();
        let elements = complete.then_some(elements);
        Some(Self {
            head: head?,
            to: to?,
            languages: languages?,
            media: media?,
            durable: durable?,
            proof: proof?,
            elements: elements?,
        })
    }
}

fn is_tag(text: &str) -> bool {
    let parts = || text.split('-');
    (2..=16).contains(&text.len())
        && parts().all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

fn tags(value: &Value<'_>) -> Option<Vec<String>> {
    let mut tags = Vec::new();
    for item in value.many()? {
        let tag = item.string()?;
        if !is_tag(tag) || tags.iter().any(|known| known == tag) {
            item.fault("takes language tags such as zh-CN, each once");
            return None;
        }
        tags.push(tag.to_owned());
    }
    Some(tags)
}

fn words(value: &Value<'_>) -> Option<Words> {
    let table = value.table()?;
    let mut words = Words::new();
    for (key, value) in table.entries() {
        if !is_tag(key.name) {
            value.fault("is no language tag such as zh-CN");
            return None;
        }
        words.insert(key.name.to_owned(), value.string()?.to_owned());
    }
    Some(words)
}
