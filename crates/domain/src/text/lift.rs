//! Lifting identifiers out of words and putting them back. In their place stands a placeholder framed by two
//! characters that no cleaned text contains, so that nobody can write one.

use super::identifier::{IdentifierKind, find};

const OPEN: char = '\u{FFF9}';
const CLOSE: char = '\u{FFFB}';
/// No placeholder is longer between its frames: the longest code, a colon, ten digits. Looking no further keeps broken
/// ones cheap.
const LONGEST: usize = 24;

/// A text without its identifiers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lifted {
    /// The words with placeholders.
    pub text: String,
    /// What stood there.
    pub items: Vec<Item>,
}

/// An identifier that was lifted out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Number in its placeholder.
    pub n: u32,
    /// What it is.
    pub kind: IdentifierKind,
    /// As written.
    pub value: String,
    /// In normal form.
    pub normal: String,
}

/// Lifts every identifier out, numbering them from `first`.
#[must_use]
pub fn lift(text: &str, first: u32) -> Lifted {
    let framed = text.contains([OPEN, CLOSE]);
    let plain = if framed { text.replace([OPEN, CLOSE], "") } else { text.to_owned() };
    let found = find(&plain);
    if found.is_empty() {
        return Lifted { text: plain, items: Vec::new() };
    }
    let mut lifted = String::with_capacity(plain.len());
    let mut items = Vec::with_capacity(found.len());
    let mut from = 0;
    let mut n = first;
    for one in found {
        let (Some(before), Some(value)) = (plain.get(from..one.start), plain.get(one.start..one.end)) else {
            continue;
        };
        lifted.push_str(before);
        lifted.push_str(&format!("{OPEN}{}:{n}{CLOSE}", one.kind.code()));
        items.push(Item { n, kind: one.kind, value: value.to_owned(), normal: one.normal });
        from = one.end;
        n = n.wrapping_add(1);
    }
    lifted.push_str(plain.get(from..).unwrap_or_default());
    Lifted { text: lifted, items }
}

/// Replaces every placeholder by what `show` makes of it; whatever is no placeholder stays as it is.
pub fn fill(text: &str, mut show: impl FnMut(IdentifierKind, u32) -> String) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once(OPEN) {
        filled.push_str(before);
        match placeholder(behind) {
            Some((kind, n, after)) => {
                filled.push_str(&show(kind, n));
                rest = after;
            }
            None => {
                filled.push(OPEN);
                rest = behind;
            }
        }
    }
    filled.push_str(rest);
    filled
}

/// The placeholder that begins here behind its opening frame, and what follows it.
fn placeholder(text: &str) -> Option<(IdentifierKind, u32, &str)> {
    let (end, _) = text.char_indices().take(LONGEST + 1).find(|(_, letter)| *letter == CLOSE)?;
    let (inside, after) = text.split_at_checked(end)?;
    let (kind, n) = inside.split_once(':')?;
    let n = Some(n).filter(|n| n.bytes().all(|byte| byte.is_ascii_digit()))?;
    Some((IdentifierKind::from_code(kind)?, n.parse().ok()?, after.strip_prefix(CLOSE)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_stand_for_identifiers() {
        let lifted = lift("电话13800138000，邮箱a@b.cn", u32::MAX);
        assert_eq!(lifted.text, format!("电话\u{FFF9}mobile:{}\u{FFFB}，邮箱\u{FFF9}email:0\u{FFFB}", u32::MAX));
        assert_eq!(lifted.items.len(), 2);
        assert_eq!(
            fill(&lifted.text, |kind, n| format!("<{} {n}>", kind.code())),
            format!("电话<mobile {}>，邮箱<email 0>", u32::MAX)
        );
    }

    #[test]
    fn a_forged_placeholder_is_only_words() {
        let lifted = lift("\u{FFF9}mobile:7\u{FFFB}", 1);
        assert_eq!(lifted.text, "mobile:7");
        for broken in [
            "\u{FFF9}mobile:7",
            "\u{FFF9}what:7\u{FFFB}",
            "\u{FFF9}mobile:x\u{FFFB}",
            "\u{FFF9}mobile:+7\u{FFFB}",
            "\u{FFF9}mobile:\u{FFFB}",
            "\u{FFF9}mobile:4294967296\u{FFFB}",
            "\u{FFFB}\u{FFF9}",
        ] {
            assert_eq!(fill(broken, |_, _| "!".to_owned()), broken);
        }
    }

    #[test]
    fn the_longest_placeholder_is_read() {
        let longest = IdentifierKind::ALL.into_iter().map(|kind| kind.code().len()).max().unwrap();
        assert_eq!(longest + 1 + u32::MAX.to_string().len(), LONGEST);
        let text = format!("{OPEN}international:{}{CLOSE}", u32::MAX);
        assert_eq!(fill(&text, |_, n| n.to_string()), u32::MAX.to_string());
    }

    #[test]
    fn broken_placeholders_cost_no_more_than_their_length() {
        let time = |times: usize| {
            let text = OPEN.to_string().repeat(times);
            let start = std::time::Instant::now();
            std::hint::black_box(fill(&text, |_, _| String::new()));
            start.elapsed()
        };
        let (small, large) = (time(20_000).max(time(20_000)), time(200_000));
        assert!(large < small * 60 + std::time::Duration::from_millis(20), "{small:?} {large:?}");
    }

    proptest::proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_is_left(
            text in "([0-9@+x a.E()张三-]{0,60}|\\PC{0,60})( ?(13800138000|a@b\\.cn|EA1234567|11010519491231002X)){0,3}",
            first in proptest::prelude::any::<u32>(),
        ) {
            let text = text.replace([OPEN, CLOSE], "");
            let lifted = lift(&text, first);
            proptest::prop_assert_eq!(find(&lifted.text), [], "{:?}", lifted.text);
            let back = fill(&lifted.text, |kind, n| {
                let item = lifted.items.iter().find(|item| item.n == n && item.kind == kind);
                item.map(|item| item.value.clone()).unwrap_or_default()
            });
            proptest::prop_assert_eq!(back, text);
        }
    }
}
