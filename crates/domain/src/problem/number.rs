//! Numbers of problems: `WT-2026-0007`, the seventh of its year (WT 问题).

use crate::text::identifier::narrow;
use uuid::Uuid;

const PREFIX: &str = "WT";
/// Longer than any number ever gets.
const LONGEST: usize = 32;

/// The number of the `seq`-th problem of a year.
#[must_use]
pub fn number(year: i16, seq: i64) -> String {
    format!("{PREFIX}-{year:04}-{seq:04}")
}

/// What a problem of before there were numbers is called by: the end of its identity.
#[must_use]
pub fn of_identity(id: Uuid) -> String {
    let whole = id.simple().to_string().to_uppercase();
    format!("{PREFIX}-{}", whole.get(24..).unwrap_or_default())
}

/// A number as it was typed, as it is kept; nothing of what can be none.
#[must_use]
pub fn typed(text: &str) -> Option<String> {
    let text: String = text.trim().chars().take(LONGEST + 1).map(narrow).collect::<String>().to_uppercase();
    let digits = text.strip_prefix(PREFIX)?.strip_prefix('-')?;
    let fits = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    (fits && text.len() <= LONGEST).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_read_as_they_are_typed() {
        assert_eq!(number(2026, 7), "WT-2026-0007");
        assert_eq!(number(2026, 12_345), "WT-2026-12345");
        assert_eq!(typed(" wt－2026-0007 ").as_deref(), Some("WT-2026-0007"));
        for none in ["", "WT", "TS-20260101-000001-1", "WT-2026\0", "WT-2026-0007'", &format!("WT-{}", "1".repeat(40))]
        {
            assert_eq!(typed(none), None, "{none:?}");
        }
        let id: Uuid = "01900000-0000-7000-8000-0000abcd1234".parse().unwrap();
        assert_eq!(of_identity(id), "WT-ABCD1234");
    }
}
