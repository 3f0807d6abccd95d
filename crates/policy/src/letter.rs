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

/// The blanks a letter may have: what a case knows, and what whoever writes it fills in. Each has words of its own for
/// people, so that a form can say what is to stand there.
pub const BLANKS: &[&str] = &[
    "advice",
    "amount",
    "announced_until",
    "answer_due_at",
    "answered_in_time",
    "appeal_body",
    "appeal_closes_at",
    "appeal_contact",
    "area",
    "basis",
    "business_number",
    "cause",
    "change_at",
    "contact",
    "demand",
    "done_by",
    "evidence",
    "expected_at",
    "external_number",
    "finding",
    "from",
    "handed_at",
    "happened_at",
    "harm",
    "history",
    "hotline",
    "kinds",
    "measures",
    "new_number",
    "next_channel",
    "number",
    "old_number",
    "outcome",
    "outside_bodies",
    "reason",
    "received_at",
    "review_contact",
    "service",
    "settlement",
    "since",
    "subject",
    "tracking",
    "until",
];

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

/// What a written letter lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LetterFault {
    /// A required statement; its words as the rule has them.
    Lacks {
        /// Identity of the element.
        element: String,
        /// What has to be said.
        words: String,
    },
    /// A blank nobody filled in: it stands as `{name}`, or was taken out with nothing in its place.
    Blank(String),
}

/// A part of a template: words that stay, or the name of a blank.
enum Part<'t> {
    Words(&'t str),
    Blank(&'t str),
}

/// The parts of a template. A brace that opens no name of a blank is a letter like any other.
fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let (mut rest, mut looked_at) = (text, 0);
    while let Some(open) = rest.get(looked_at..).and_then(|tail| tail.find('{')).map(|at| at + looked_at) {
        let name = rest.get(open + 1..).and_then(|tail| tail.split_once('}')).map_or("", |(name, _)| name);
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') {
            looked_at = open + 1;
            continue;
        }
        parts.extend(rest.get(..open).filter(|words| !words.is_empty()).map(Part::Words));
        parts.push(Part::Blank(name));
        rest = rest.get(open + name.len() + 2..).unwrap_or_default();
        looked_at = 0;
    }
    parts.extend(Some(rest).filter(|words| !words.is_empty()).map(Part::Words));
    parts
}

impl LetterRule {
    /// The letter in one of its languages, a paragraph an element, with what is known filled in. A blank of which
    /// nothing is known stays, as `{name}`, for whoever writes the letter. Nothing in a language it does not have.
    #[must_use]
    pub fn compose(&self, language: &str, known: &BTreeMap<&str, String>) -> Option<String> {
        let mut paragraphs = Vec::new();
        for element in &self.elements {
            let mut paragraph = String::new();
            let mut parts = parts(element.text.get(language)?).into_iter().peekable();
            while let Some(part) = parts.next() {
                match part {
                    Part::Words(words) => paragraph.push_str(words),
                    Part::Blank(name) => match known.get(name) {
                        Some(value) => paragraph.push_str(match parts.peek() {
                            Some(Part::Words(next)) => before(value, next),
                            _ => value,
                        }),
                        None => paragraph.extend(["{", name, "}"]),
                    },
                }
            }
            paragraphs.push(paragraph);
        }
        Some(paragraphs.join("\n\n"))
    }

    /// The blanks of the letter in one of its languages, each once.
    #[must_use]
    pub fn blanks(&self, language: &str) -> Vec<&str> {
        blanks(&self.elements, language)
    }

    /// Whether it says what was found or decided, so that it is the answer in the form of a letter.
    #[must_use]
    pub fn tells_outcome(&self) -> bool {
        let told = |language: &String| self.blanks(language).iter().any(|blank| ["finding", "outcome"].contains(blank));
        self.languages.iter().any(told)
    }

    /// What a letter as written lacks. Of each element all words must be there, in their order; what else is said, and
    /// what stands in the blanks, is the writer's. Blanks and breaks between words make no difference.
    #[must_use]
    pub fn faults(&self, language: &str, written: &str) -> Vec<LetterFault> {
        faults(&self.elements, language, written)
    }

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

/// What was found out may end in a full stop of its own; where the letter sets one too, one is enough.
fn before<'v>(value: &'v str, next: &str) -> &'v str {
    const STOPS: [char; 3] = ['.', '。', '．'];
    if !next.starts_with(STOPS) {
        return value;
    }
    let without = value.trim_end().trim_end_matches(STOPS).trim_end();
    if without.is_empty() { value } else { without }
}

fn blanks<'e>(elements: &'e [Element], language: &str) -> Vec<&'e str> {
    let mut names = Vec::new();
    for text in elements.iter().filter_map(|element| element.text.get(language)) {
        for part in parts(text) {
            if let Part::Blank(name) = part
                && !names.contains(&name)
            {
                names.push(name);
            }
        }
    }
    names
}

fn faults(elements: &[Element], language: &str, written: &str) -> Vec<LetterFault> {
    let close = |text: &str| text.chars().filter(|letter| !letter.is_whitespace()).collect::<String>();
    let whole = close(written);
    let mut left = whole.as_str();
    let mut faults = Vec::new();
    // The blank before what comes next, when it ends its element.
    let mut open: Option<&str> = None;
    for element in elements {
        let Some(text) = element.text.get(language) else { continue };
        let mut rest = Some(left);
        let mut emptied = Vec::new();
        for part in parts(text) {
            match part {
                Part::Words(words) => {
                    let words = close(words);
                    if words.is_empty() {
                        continue;
                    }
                    let found = rest.and_then(|rest| rest.split_once(words.as_str()));
                    // Whoever takes a blank out and writes nothing in its place has not filled it.
                    if let (Some(name), Some(("", _))) = (open, found) {
                        emptied.push(name);
                    }
                    (rest, open) = (found.map(|(_, after)| after), None);
                }
                Part::Blank(name) => open = open.or(Some(name)),
            }
        }
        match rest {
            // What said this cannot say the next thing too.
            Some(rest) => {
                left = rest;
                faults.extend(emptied.into_iter().map(|name| LetterFault::Blank(name.to_owned())));
            }
            None => {
                open = None;
                faults.push(LetterFault::Lacks { element: element.id.clone(), words: text.clone() });
            }
        }
    }
    if let (Some(name), true) = (open, left.is_empty()) {
        faults.push(LetterFault::Blank(name.to_owned()));
    }
    let own = blanks(elements, language);
    for part in parts(written) {
        // Braces in the customer's own words are nobody's blanks.
        if let Part::Blank(name) = part
            && own.contains(&name)
            && !faults.contains(&LetterFault::Blank(name.to_owned()))
        {
            faults.push(LetterFault::Blank(name.to_owned()));
        }
    }
    faults
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

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(elements: &[&str]) -> Vec<Element> {
        let element =
            |text: &&str| Element { id: "said".to_owned(), text: Words::from([("en".to_owned(), (*text).to_owned())]) };
        elements.iter().map(element).collect()
    }

    fn blank(name: &str) -> LetterFault {
        LetterFault::Blank(name.to_owned())
    }

    #[test]
    fn a_blank_taken_out_is_as_empty_as_one_left_standing() {
        let rule = letter(&["Your number is {number}.", "We found: {finding}", "You may go to {body} by {day}."]);
        let faults = |written: &str| super::faults(&rule, "en", written);
        assert_eq!(faults("Your number is 7.\n\nWe found: nothing\n\nYou may go to X by May."), []);
        assert_eq!(faults("Your number is .\n\nWe found: a\n\nYou may go to X by May."), [blank("number")]);
        assert_eq!(faults("Your number is 7.\n\nWe found: \n\nYou may go to X by May."), [blank("finding")]);
        assert_eq!(faults("Your number is 7.\n\nWe found: a\n\nYou may go to by ."), [blank("body"), blank("day")]);
        assert_eq!(faults("Your number is {number}.\n\nWe found: a\n\nYou may go to X by May."), [blank("number")]);
        let last = letter(&["Found: {finding}"]);
        assert_eq!(super::faults(&last, "en", "Found: "), [blank("finding")]);
        assert_eq!(super::faults(&last, "en", "Found: it"), []);
    }

    #[test]
    fn a_sentence_has_one_full_stop() {
        assert_eq!(before("Nothing was wrong. ", ". More"), "Nothing was wrong");
        assert_eq!(before("查无异常。", "。依据："), "查无异常");
        assert_eq!(before("Wait...", "."), "Wait");
        assert_eq!(before("Nothing was wrong.", ", we think"), "Nothing was wrong.");
        assert_eq!(before("Is it?", "."), "Is it?");
        assert_eq!(before(".", "."), ".", "nothing is made of what was something");
    }

    #[test]
    fn blanks_side_by_side_are_told_by_the_first() {
        let rule = letter(&["From {start} {end}."]);
        assert_eq!(super::faults(&rule, "en", "From ."), [blank("start")]);
        assert_eq!(super::faults(&rule, "en", "From May June."), []);
    }
}
