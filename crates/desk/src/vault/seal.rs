//! Sealing words: identifiers are lifted out into the vault first, then the rest is encrypted under the case's key.

use super::cipher::{CipherError, Key};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::event::Event;
use domain::free_text::FreeText;
use domain::ids::CaseId;
use domain::text::identifier::IdentifierKind;
use domain::text::lift::lift;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// An identifier that stood in somebody's words, sealed under the person's key.
#[derive(Debug)]
pub struct SealedItem {
    /// Number in its placeholder.
    pub item: u32,
    /// What it is.
    pub kind: IdentifierKind,
    /// The value as written.
    pub sealed: Vec<u8>,
}

/// The keys of one case.
#[derive(Clone, Debug)]
pub struct CaseKeys {
    /// The case.
    pub case: CaseId,
    /// The complainant's data key.
    pub person: Key,
    /// The case's text key.
    pub text: Key,
}

impl CaseKeys {
    /// Seals every text of these events and returns the identifiers that stood in them.
    ///
    /// # Errors
    /// If the system gives no random bytes.
    pub fn seal_events(&self, events: &mut [Event]) -> Result<Vec<SealedItem>, CipherError> {
        let mut items = Vec::new();
        for event in events {
            for (place, text) in event.texts() {
                if let FreeText::Plain(words) = text {
                    let (sealed, found) = self.seal(place, words)?;
                    items.extend(found);
                    *text = FreeText::Sealed(sealed);
                }
            }
        }
        Ok(items)
    }

    fn seal(&self, place: &str, words: &str) -> Result<(String, Vec<SealedItem>), CipherError> {
        // Items are numbered from a random start: two writers need not agree on the next number.
        let first = u32::from_be_bytes(super::cipher::random()?) >> 1;
        let lifted = lift(words, first);
        let sealed = self.text.seal(lifted.text.as_bytes(), &text_place(self.case, place))?;
        let mut items = Vec::with_capacity(lifted.items.len());
        for item in lifted.items {
            items.push(SealedItem {
                item: item.n,
                kind: item.kind,
                sealed: self.person.seal(item.value.as_bytes(), &item_place(self.case, item.n))?,
            });
        }
        Ok((URL_SAFE_NO_PAD.encode(sealed), items))
    }

    /// Opens a sealed text; placeholders stay.
    ///
    /// # Errors
    /// If it does not belong to this case and place.
    pub fn open(&self, place: &str, text: &FreeText) -> Result<String, CipherError> {
        let sealed = match text {
            FreeText::Plain(words) => return Ok(words.clone()),
            FreeText::Sealed(sealed) => sealed,
        };
        let sealed = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| CipherError::DoesNotOpen)?;
        let plain = self.text.open(&sealed, &text_place(self.case, place))?;
        String::from_utf8(plain).map_err(|_| CipherError::DoesNotOpen)
    }

    /// The key of digests of attached files. It may be given to whoever holds the files: it proves that they are those
    /// the log names, and opens nothing.
    #[must_use]
    pub fn digest_key(&self) -> [u8; 32] {
        let place = format!("attachment-digest:{}", self.case);
        // HMAC takes keys of any length, so this cannot fail.
        Hmac::<Sha256>::new_from_slice(self.text.bytes())
            .map(|mac| mac.chain_update(place.as_bytes()).finalize().into_bytes().into())
            .unwrap_or_default()
    }

    /// Opens a lifted identifier.
    ///
    /// # Errors
    /// If it does not belong to this case.
    pub fn open_item(&self, item: u32, sealed: &[u8]) -> Result<String, CipherError> {
        let plain = self.person.open(sealed, &item_place(self.case, item))?;
        String::from_utf8(plain).map_err(|_| CipherError::DoesNotOpen)
    }
}

fn text_place(case: CaseId, place: &str) -> Vec<u8> {
    format!("text:{case}:{place}").into_bytes()
}

fn item_place(case: CaseId, item: u32) -> Vec<u8> {
    format!("item:{case}:{item}").into_bytes()
}
