//! Words a person wrote. They may hold anything about anybody, so they stand in the log only sealed.
//!
//! A [`FreeText`] is plain while a command is being decided and sealed once the desk has encrypted it under the
//! case's text key. Serialising a plain one fails: personal words cannot reach an event by mistake.

use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::Error as _};

/// Free text, plain in memory or sealed as it stands in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FreeText {
    /// Readable words, identifiers not yet lifted out.
    Plain(String),
    /// Ciphertext under the case text key, base64url; only the desk can open it.
    Sealed(String),
}

impl FreeText {
    /// The readable words, if this text has not been sealed.
    #[must_use]
    pub fn plain(&self) -> Option<&str> {
        match self {
            Self::Plain(text) => Some(text),
            Self::Sealed(_) => None,
        }
    }

    /// The ciphertext, if this text has been sealed.
    #[must_use]
    pub fn sealed(&self) -> Option<&str> {
        match self {
            Self::Sealed(text) => Some(text),
            Self::Plain(_) => None,
        }
    }
}

impl Serialize for FreeText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Plain(_) => Err(S::Error::custom("plain text must be sealed before it is written")),
            Self::Sealed(text) => serializer.serialize_str(text),
        }
    }
}

impl<'de> Deserialize<'de> for FreeText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::Sealed)
    }
}

/// Deserialises text that comes from a person, not from the log, as plain.
///
/// # Errors
/// If the value is not a string.
pub fn plain<'de, D: Deserializer<'de>>(deserializer: D) -> Result<FreeText, D::Error> {
    String::deserialize(deserializer).map(FreeText::Plain)
}

/// The same for a field that may be absent.
///
/// # Errors
/// If the value is neither null nor a string.
pub fn plain_option<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<FreeText>, D::Error> {
    Option::<String>::deserialize(deserializer).map(|text| text.map(FreeText::Plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_cannot_be_written() {
        assert!(serde_json::to_string(&FreeText::Plain("张三".into())).is_err());
        assert_eq!(serde_json::to_string(&FreeText::Sealed("AAEC".into())).unwrap(), "\"AAEC\"");
    }
}
