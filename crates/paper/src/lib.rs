//! A letter as a document: a page for browsers and printers, and a PDF. Pure but for reading fonts; the same letter makes
//! the same bytes, so that their digest can be evidence.

mod font;
mod frame;
mod html;
mod lines;
mod pdf;

pub use font::{Fonts, NoFont};
pub use frame::Frame;
pub use html::{draft_html, html};
pub use pdf::pdf;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// A letter to be drawn. Texts are shown as they are; whoever makes it has masked what its reader may not see.
#[derive(Clone, Debug)]
pub struct Letter {
    /// Its language, as a BCP 47 tag.
    pub language: String,
    /// Who sends it.
    pub letterhead: String,
    /// Who gets it; nothing when that must not be shown.
    pub addressee: Option<String>,
    /// What it is about.
    pub subject: String,
    /// Number of the case.
    pub number: String,
    /// When it went out, or was drafted.
    pub at: Timestamp,
    /// What it says; paragraphs are parted by empty lines.
    pub content: String,
    /// How it went out; nothing for a draft.
    pub sent: Option<Sent>,
    /// SHA-256 of the words as they were sent, where some of them are withheld here.
    pub withheld: Option<String>,
}

/// How a letter went out.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Code of the way, such as `post`.
    pub medium: String,
    /// Number of the posting or message, or the name of the attached paper.
    pub proof: Option<String>,
    /// When it arrived.
    pub delivered_at: Option<Timestamp>,
}

/// A paragraph of the document with its part in it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Block {
    Head(String),
    Note(String),
    Title(String),
    Text(String),
    Small(String),
}

impl Letter {
    /// SHA-256 of the text, in hexadecimal digits.
    #[must_use]
    pub fn hash(&self) -> String {
        Sha256::digest(self.content.as_bytes()).iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }

    /// The document from top to bottom; page and PDF say the same.
    pub(crate) fn blocks(&self, zone: &TimeZone) -> Vec<Block> {
        let words = Frame::of(&self.language);
        let line = |name: &str, value: &str| {
            if self.is_wide() { format!("{name}：{value}") } else { format!("{name}: {value}") }
        };
        let day = self.at.to_zoned_datetime(zone.clone()).datetime().date();
        let mut blocks = Vec::new();
        if !self.letterhead.is_empty() {
            blocks.push(Block::Head(self.letterhead.clone()));
        }
        if self.sent.is_none() {
            blocks.push(Block::Note(words.draft.to_owned()));
        }
        blocks.extend(self.addressee.iter().map(|name| Block::Note(line(words.to, name))));
        blocks.push(Block::Note(line(words.date, &words.day(day))));
        blocks.push(Block::Note(line(words.number, &self.number)));
        blocks.push(Block::Title(self.subject.clone()));
        let paragraphs = self.content.split("\n\n").map(str::trim).filter(|text| !text.is_empty());
        blocks.extend(paragraphs.map(|text| Block::Text(text.to_owned())));
        if let Some(sent) = &self.sent {
            let moment = |at: Timestamp| at.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%d %H:%M %:z").to_string();
            let way = format!("{}, {}", words.medium(&sent.medium), moment(self.at));
            blocks.push(Block::Small(line(words.sent, &way)));
            blocks.extend(sent.proof.iter().map(|proof| Block::Small(line(words.proof, proof))));
            blocks.extend(sent.delivered_at.map(|at| Block::Small(line(words.delivered, &moment(at)))));
        }
        blocks.push(Block::Small(line(words.hash, &self.hash())));
        blocks.extend(self.withheld.iter().map(|sent| Block::Small(line(words.withheld, sent))));
        blocks
    }

    fn is_wide(&self) -> bool {
        self.language.starts_with("zh") || self.language.starts_with("ja")
    }
}

#[cfg(test)]
mod samples;
