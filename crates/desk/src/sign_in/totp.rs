//! Codes by time (RFC 6238) as the programmes people have on their telephones make them: HMAC-SHA-1, thirty seconds, six
//! digits. SHA-1 is what all of them understand; what is asked of it here does not rest on collisions being hard to find.

use ring::hmac;
use subtle::ConstantTimeEq as _;

/// Bytes of a secret: those of the hash, as RFC 4226 recommends.
pub(crate) const SECRET: usize = 20;
const STEP_SECONDS: i64 = 30;
/// A telephone's clock may be off by a step to either side.
const EITHER_SIDE: i64 = 1;
const DIGITS: usize = 6;
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The step of time a moment lies in.
#[must_use]
pub fn step(at: jiff::Timestamp) -> i64 {
    at.as_second().div_euclid(STEP_SECONDS)
}

/// The code of a step.
#[must_use]
pub fn code(secret: &[u8], step: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let bytes = tag.as_ref();
    let offset = usize::from(bytes.last().copied().unwrap_or_default() & 0x0f);
    let part: [u8; 4] = bytes.get(offset..offset + 4).and_then(|part| part.try_into().ok()).unwrap_or_default();
    format!("{:06}", (u32::from_be_bytes(part) & 0x7fff_ffff) % 1_000_000)
}

/// The step a typed code belongs to, if it is one of those that count now. Every one is looked at, whichever fits.
pub(super) fn matching(secret: &[u8], typed: &str, now: i64) -> Option<i64> {
    let mut found = None;
    for step in now - EITHER_SIDE..=now + EITHER_SIDE {
        if bool::from(code(secret, step).as_bytes().ct_eq(typed.as_bytes())) {
            found = Some(step);
        }
    }
    found
}

/// A code as it is typed: people put spaces between the digits. Nothing where it is no six digits.
pub(super) fn digits(typed: &str) -> Option<String> {
    let digits: String = typed.chars().filter(|letter| !letter.is_whitespace()).collect();
    (digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
}

/// A secret as it is typed into a telephone (RFC 4648, without padding).
pub(super) fn base32(secret: &[u8]) -> String {
    let mut text = String::with_capacity(secret.len() * 8 / 5 + 1);
    let (mut held, mut bits) = (0_u32, 0_u32);
    let mut put = |value: u32| {
        let place = usize::try_from(value & 31).unwrap_or_default();
        text.push(char::from(BASE32.get(place).copied().unwrap_or(b'A')));
    };
    for byte in secret {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            put(held >> bits);
        }
        held &= (1 << bits) - 1;
    }
    if bits > 0 {
        put(held << (5 - bits));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of RFC 6238, appendix B, cut to six digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        let secret = b"12345678901234567890";
        for (second, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            let at = jiff::Timestamp::from_second(second).unwrap();
            assert_eq!(code(secret, step(at)), expected, "{second}");
        }
        assert_eq!(base32(secret), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }

    #[test]
    fn one_step_to_either_side_counts_and_no_more() {
        let secret = b"12345678901234567890";
        for off in -3..=3_i64 {
            let found = matching(secret, &code(secret, 1000 + off), 1000);
            assert_eq!(found, (off.abs() <= 1).then_some(1000 + off), "{off}");
        }
    }

    #[test]
    fn what_people_type_is_read() {
        assert_eq!(digits(" 123 456\n").as_deref(), Some("123456"));
        for wrong in ["", "12345", "1234567", "12345a", "１２３４５６", "-12345"] {
            assert_eq!(digits(wrong), None, "{wrong}");
        }
    }
}
