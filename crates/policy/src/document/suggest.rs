//! What somebody who mistyped a name probably meant.

/// A longer list than this is looked up, not read.
const MOST_LISTED: usize = 40;

/// A name cut to a length fit for a message.
pub(crate) fn shown(name: &str) -> String {
    let mut short: String = name.chars().take(40).collect();
    if short.len() < name.len() {
        short.push('…');
    }
    short
}

/// The closest known name, or the list when nothing is close and it is not too long.
pub(super) fn suggestion(name: &str, known: impl Iterator<Item = &'static str>) -> Option<String> {
    let known: Vec<&str> = known.collect();
    if name.len() <= 64 {
        let closest = known.iter().map(|candidate| (distance(name, candidate), *candidate)).min();
        if let Some((steps, candidate)) = closest
            && steps <= 1 + candidate.chars().count() / 3
        {
            return Some(format!("did you mean `{candidate}`?"));
        }
    }
    (!known.is_empty() && known.len() <= MOST_LISTED).then(|| format!("known: {}", known.join(", ")))
}

/// Number of single-character edits between two names (Levenshtein).
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, y) in row.iter_mut().skip(1).zip(b.chars()) {
            let above = *cell;
            left = (diagonal + usize::from(x != y)).min(above + 1).min(left + 1);
            diagonal = above;
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_the_closest_name_or_lists_the_few() {
        let known = || ["received", "accepted", "reopened"].into_iter();
        assert_eq!(suggestion("recieved", known()).as_deref(), Some("did you mean `received`?"));
        assert_eq!(suggestion("xyz", known()).as_deref(), Some("known: received, accepted, reopened"));
        assert_eq!(suggestion("投诉", known()).as_deref(), Some("known: received, accepted, reopened"));
        assert_eq!(suggestion(&"a".repeat(100_000), std::iter::empty()), None);
    }

    #[test]
    fn counts_single_edits() {
        for (a, b, edits) in [("", "", 0), ("", "abc", 3), ("kitten", "sitting", 3), ("工作日", "工作", 1)] {
            assert_eq!(distance(a, b), edits, "{a} {b}");
            assert_eq!(distance(b, a), edits, "{b} {a}");
        }
    }
}
