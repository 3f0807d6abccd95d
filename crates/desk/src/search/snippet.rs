//! Where the words that were asked for stand, cut from the opened case.

use super::ask::{Clause, Field};
use super::terms::{self, Meant};
use std::collections::BTreeSet;

/// Characters shown of one place.
const LONG: usize = 90;
/// Characters shown before the first hit.
const BEFORE: usize = 20;
/// Places shown of one case.
const MOST: usize = 2;

/// A piece of text that was asked for, or stands around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The words.
    pub text: String,
    /// Whether they were asked for.
    pub hit: bool,
}

/// A place where words stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snippet {
    /// Which field.
    pub field: Field,
    /// Its words.
    pub parts: Vec<Part>,
}

/// The places of a case that say why it was found.
pub(super) fn of(clauses: &[Clause], words: &[(Field, String)]) -> Vec<Snippet> {
    let mut snippets = Vec::new();
    for (field, text) in words {
        // A word that was asked for three hundred times is looked for once.
        let needles: BTreeSet<Vec<char>> = clauses
            .iter()
            .filter(|clause| !clause.without && clause.field.is_none_or(|one| one == *field))
            .flat_map(|clause| terms::fewest(&clause.words, Meant::Loosely))
            .map(|one| one.term.trim_start_matches('\u{1}').chars().collect())
            .collect();
        snippets.extend(cut(text, &needles).map(|parts| Snippet { field: *field, parts }));
        if snippets.len() == MOST {
            break;
        }
    }
    snippets
}

/// The text around its first hit, with every hit in it marked.
fn cut(text: &str, needles: &BTreeSet<Vec<char>>) -> Option<Vec<Part>> {
    // Folded letters with the place of the letter each comes from.
    let letters: Vec<char> = text.chars().collect();
    let folded: Vec<(char, usize)> =
        letters.iter().enumerate().flat_map(|(at, letter)| terms::fold(*letter).map(move |one| (one, at))).collect();
    let mut hit = vec![false; letters.len()];
    let word = |at: usize| folded.get(at).is_some_and(|(one, _)| one.is_alphanumeric() && !terms::is_chinese(*one));
    let mut first = None;
    for (start, (letter, place)) in folded.iter().enumerate() {
        // Nothing is shown behind the first hit and what stands around it.
        if first.is_some_and(|first| *place >= first + LONG) {
            break;
        }
        for needle in needles.iter().filter(|needle| needle.first() == Some(letter)) {
            let here = folded.get(start..start + needle.len());
            let same = here.is_some_and(|here| here.iter().zip(needle).all(|((one, _), other)| one == other));
            // A word is not found within another.
            let whole = needle.first().is_some_and(|one| terms::is_chinese(*one)) || start == 0 || !word(start - 1);
            if same && whole {
                first.get_or_insert(*place);
                for (_, at) in here.unwrap_or_default() {
                    if let Some(marked) = hit.get_mut(*at) {
                        *marked = true;
                    }
                }
            }
        }
    }
    let from = first?.saturating_sub(BEFORE);
    let mut parts: Vec<Part> = Vec::new();
    for (letter, hit) in letters.iter().zip(&hit).skip(from).take(LONG) {
        let letter = if letter.is_control() { ' ' } else { *letter };
        match parts.last_mut() {
            Some(last) if last.hit == *hit => last.text.push(letter),
            _ => parts.push(Part { text: letter.to_string(), hit: *hit }),
        }
    }
    if from > 0
        && let Some(first) = parts.first_mut()
    {
        first.text.insert(0, '…');
    }
    if from + LONG < letters.len()
        && let Some(last) = parts.last_mut()
    {
        last.text.push('…');
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::ask::Ask;

    fn told(typed: &str, text: &str) -> String {
        let words = [(Field::Text, text.to_owned())];
        let found = of(&Ask::read(typed).unwrap().clauses, &words);
        let mark = |part: &Part| if part.hit { format!("[{}]", part.text) } else { part.text.clone() };
        found.iter().flat_map(|one| &one.parts).map(mark).collect()
    }

    #[test]
    fn hits_are_marked_in_the_text_as_it_stands() {
        assert_eq!(told("宽带", "家里的寬帶又慢了"), "家里的[寬帶]又慢了");
        assert_eq!(told("bills", "They billed me, rebilling"), "They [bill]ed me, rebilling");
        assert_eq!(told("没有", "宽带"), "");
        let far = format!("{}宽带", "慢".repeat(100_000));
        assert_eq!(told(&"宽带 ".repeat(30), &far), format!("…{}[宽带]", "慢".repeat(BEFORE)));
    }
}
