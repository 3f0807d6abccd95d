//! The ways by which customers are written to, and addresses of ours that name a case. An address is proved by a key of
//! the installation: whoever answers to it answers in that case, whatever else the message says of itself. It never
//! expires; it leads nowhere once the person is erased.

use crate::Desk;
use domain::case::message::Way;
use domain::ids::CaseId;
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Identity and proof.
const BYTES: usize = 28;
/// Letters of a token: the kind, and five bits each.
const LETTERS: usize = 1 + (BYTES * 8).div_ceil(5);
/// Most characters before the `@` (RFC 5321).
const MOST_LOCAL: usize = 64;

/// What a signed address names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// A case: whoever answers a message of it writes here.
    Case(CaseId),
    /// A message of ours: servers report here what became of it.
    Message(Uuid),
}

/// The address answers go to, without what names a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplyAddress {
    local: String,
    domain: String,
}

/// The ways by which customers are written to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ways {
    /// Whether e-mail goes out.
    pub email: bool,
    /// Whether short messages go out.
    pub sms: bool,
    /// Whether calls go out.
    pub voice: bool,
    /// Where answers come in.
    pub reply: Option<ReplyAddress>,
    /// The region of what comes in by mail; empty where nobody said.
    pub region: String,
}

impl Ways {
    /// No way at all.
    #[must_use]
    pub const fn none() -> Self {
        Self { email: false, sms: false, voice: false, reply: None, region: String::new() }
    }

    /// Whether there is one.
    #[must_use]
    pub fn any(&self) -> bool {
        self.email || self.sms || self.voice
    }

    /// Whether a message can go this way.
    #[must_use]
    pub fn has(&self, way: Way) -> bool {
        match way {
            Way::Email => self.email,
            Way::Sms => self.sms,
            Way::Voice => self.voice,
        }
    }
}

impl ReplyAddress {
    /// Reads `reply@example.com`; `+` and what names a case goes before the `@`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim().to_lowercase();
        let (local, domain) = text.rsplit_once('@').ok_or("it has no @")?;
        let plain = |part: &str| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
        };
        if !plain(local) || !plain(domain) || !domain.contains('.') && domain != "localhost" {
            return Err("only letters, digits, dots and hyphens stand in it".to_owned());
        }
        let room = MOST_LOCAL - 1 - LETTERS;
        if local.len() > room {
            return Err(format!("before the @ stand {room} characters at most"));
        }
        Ok(Self { local: local.to_owned(), domain: domain.to_owned() })
    }

    fn with(&self, token: &str) -> String {
        format!("{}+{token}@{}", self.local, self.domain)
    }

    /// What an address names besides, if it is one of ours; in small letters.
    fn token<'a>(&self, address: &'a str) -> Option<&'a str> {
        let (local, domain) = address.rsplit_once('@')?;
        if domain != self.domain {
            return None;
        }
        local.strip_prefix(self.local.as_str())?.strip_prefix('+')
    }
}

impl Desk {
    /// The address that names something; nothing where no answers come in.
    #[must_use]
    pub fn signed_address(&self, named: Named) -> Option<String> {
        let reply = self.ways().reply.as_ref()?;
        Some(reply.with(&self.token(named)))
    }

    fn token(&self, named: Named) -> String {
        let (kind, subject) = match named {
            Named::Case(case) => (b'r', case.0),
            Named::Message(message) => (b'b', message),
        };
        let proof = self.keyring().address_proof(kind, subject);
        let bytes: Vec<u8> = subject.as_bytes().iter().chain(&proof).copied().collect();
        format!("{}{}", char::from(kind), letters(&bytes))
    }

    /// What an address names: nothing where it is no signed one of ours, and `Err` where it only looks like one.
    pub(crate) fn read_address(&self, address: &str) -> Option<Result<Named, ()>> {
        let token = self.ways().reply.as_ref()?.token(address)?;
        Some(self.read_token(token).ok_or(()))
    }

    fn read_token(&self, token: &str) -> Option<Named> {
        let (kind, rest) = token.as_bytes().split_first()?;
        let bytes = bytes(rest)?;
        let (subject, proof) = bytes.split_at_checked(16)?;
        let subject = Uuid::from_slice(subject).ok()?;
        let right: bool = self.keyring().address_proof(*kind, subject).ct_eq(proof).into();
        match (right, kind) {
            (true, b'r') => Some(Named::Case(CaseId(subject))),
            (true, b'b') => Some(Named::Message(subject)),
            _ => None,
        }
    }
}

fn letters(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(LETTERS);
    let (mut held, mut bits) = (0_u32, 0_u32);
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(letter(held >> bits));
        }
        held &= (1 << bits) - 1;
    }
    if bits > 0 {
        text.push(letter(held << (5 - bits)));
    }
    text
}

fn letter(value: u32) -> char {
    let place = usize::try_from(value & 31).unwrap_or_default();
    char::from(ALPHABET.get(place).copied().unwrap_or(b'0'))
}

/// The bytes of exactly so many letters; another way of writing the same bytes is none.
fn bytes(text: &[u8]) -> Option<Vec<u8>> {
    if text.len() != LETTERS - 1 {
        return None;
    }
    let mut found = Vec::with_capacity(BYTES);
    let (mut held, mut bits) = (0_u32, 0_u32);
    for letter in text {
        let value = ALPHABET.iter().position(|known| known == letter)?;
        held = (held << 5) | u32::try_from(value).ok()?;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            found.push(u8::try_from(held >> bits & 255).ok()?);
        }
        held &= (1 << bits) - 1;
    }
    (held == 0 && found.len() == BYTES).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_bytes_are_the_same() {
        for seed in 0..=255_u8 {
            let some: Vec<u8> = (0..BYTES).map(|n| seed.wrapping_mul(31).wrapping_add(n as u8)).collect();
            let text = letters(&some);
            assert_eq!(text.len(), LETTERS - 1);
            assert_eq!(bytes(text.as_bytes()), Some(some));
        }
        assert_eq!(bytes(b""), None);
        assert_eq!(bytes(&[b'z'; LETTERS - 1]), None, "bits that stand for nothing are none");
    }

    #[test]
    fn addresses_leave_room_for_what_they_name() {
        let reply = ReplyAddress::parse(" Reply@Op.Example ").unwrap();
        let signed = reply.with(&"x".repeat(LETTERS));
        assert_eq!(reply.token(&signed), Some("x".repeat(LETTERS).as_str()));
        assert!(signed.split('@').next().unwrap().len() <= MOST_LOCAL);
        for wrong in ["", "reply", "a b@c.cn", "a+b@c.cn", "a@c", "a\r\n@c.cn", &format!("{}@c.cn", "a".repeat(19))] {
            assert!(ReplyAddress::parse(wrong).is_err(), "{wrong:?}");
        }
        for other in ["reply@op.example", "reply+x@other.example", "other+x@op.example", "x"] {
            assert_eq!(reply.token(other), None, "{other}");
        }
    }
}
