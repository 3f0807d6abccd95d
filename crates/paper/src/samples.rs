//! Letters for tests.

use super::{Letter, Sent};

pub(crate) fn letter(language: &str, content: &str) -> Letter {
    Letter {
        language: language.to_owned(),
        letterhead: "Example Telecom".to_owned(),
        addressee: Some("A. Reader".to_owned()),
        subject: "Your complaint".to_owned(),
        number: "TS-20260305-000001-1".to_owned(),
        at: "2026-03-05T16:30:00Z".parse().unwrap(),
        content: content.to_owned(),
        sent: Some(Sent { medium: "post".to_owned(), proof: Some("RR-1".to_owned()), delivered_at: None }),
        withheld: None,
    }
}
