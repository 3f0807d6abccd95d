//! How the library gets the terms of a case: they are worked out while it takes them in, on its own thread, one after the
//! other in the same room. All words of a case stand in one field, each text behind a mark that says to which field of a
//! question it belongs; the place of a term says so too. A word is taken in once that way, and not once for wherever it
//! may be looked for.

use super::ask::Field;
use super::terms;
use tantivy::tokenizer::{Token, TokenStream, Tokenizer, TokenizerManager};

/// What it is called in the schema.
pub(super) const NAME: &str = "redress";

/// Between a place and the next: a field's words stand at its own number of every such step, so words that follow each
/// other are one step apart, and words of two fields never.
pub(super) const STEP: usize = Field::ALL.len();

/// Of this and the characters behind it, one for each field, the mark of a text is taken. They mean nothing to anybody, and
/// where a text has one it is a space.
const MARKS: u32 = 0xF_0000;

/// What an index has to be given that takes cases in.
pub(super) fn tokenizers() -> TokenizerManager {
    let known = TokenizerManager::default();
    known.register(NAME, Words::default());
    known
}

/// The texts of a case as one.
#[derive(Debug, Default)]
pub(super) struct Texts(String);

impl Texts {
    /// A text of a field, or one more of it.
    pub(super) fn add(&mut self, field: Field, text: &str) {
        self.0.extend(u32::try_from(number(field)).ok().and_then(|number| char::from_u32(MARKS + number)));
        match text.contains(|letter| marked(letter).is_some()) {
            false => self.0.push_str(text),
            true => self.0.extend(text.chars().map(|letter| if marked(letter).is_some() { ' ' } else { letter })),
        }
    }

    pub(super) fn joined(self) -> String {
        self.0
    }
}

/// At which number of a step a field's words stand.
pub(super) fn number(field: Field) -> usize {
    Field::ALL.iter().position(|one| *one == field).unwrap_or(0)
}

/// The number of the field whose mark it is.
fn marked(letter: char) -> Option<usize> {
    let number = usize::try_from(u32::from(letter).checked_sub(MARKS)?).ok()?;
    (number < STEP).then_some(number)
}

/// Tells the terms of texts. What it holds is there to be used again.
#[derive(Clone, Default)]
pub(super) struct Words {
    terms: String,
    /// Where each term ends in `terms`, and its place.
    ends: Vec<(usize, usize)>,
    token: Token,
}

impl Tokenizer for Words {
    type TokenStream<'a> = Terms<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Terms<'a> {
        let Self { terms, ends, .. } = self;
        terms.clear();
        ends.clear();
        let (mut rest, mut number, mut from) = (text, 0, 0);
        while !rest.is_empty() {
            let mark = rest.char_indices().find_map(|(at, letter)| Some((at, marked(letter)?, letter.len_utf8())));
            let (before, following, behind) = match mark {
                Some((at, next, long)) => {
                    (rest.get(..at).unwrap_or_default(), next, rest.get(at + long..).unwrap_or_default())
                }
                None => (rest, number, ""),
            };
            if !before.is_empty() {
                let places = terms::each(before, |term, at| {
                    terms.push_str(term);
                    ends.push((terms.len(), (from + at) * STEP + number));
                });
                // The next text does not go on with this one.
                from += places + 1;
            }
            (rest, number) = (behind, following);
        }
        Terms { of: self, next: 0, from: 0 }
    }
}

/// The terms of one text.
pub(super) struct Terms<'a> {
    of: &'a mut Words,
    next: usize,
    from: usize,
}

impl TokenStream for Terms<'_> {
    fn advance(&mut self) -> bool {
        let Words { terms, ends, token } = &mut *self.of;
        let Some((end, at)) = ends.get(self.next).copied() else { return false };
        token.text.clear();
        token.text.push_str(terms.get(self.from..end).unwrap_or_default());
        token.position = at;
        self.next += 1;
        self.from = end;
        true
    }

    fn token(&self) -> &Token {
        &self.of.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.of.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_a_term_says_of_which_field_it_is() {
        let mut texts = Texts::default();
        texts.add(Field::Subject, "扣费");
        texts.add(Field::Text, "bill \u{f0001}x");
        texts.add(Field::Subject, "慢");
        let (joined, mut words) = (texts.joined(), Words::default());
        let mut stream = words.token_stream(&joined);
        let mut told = Vec::new();
        while stream.advance() {
            let token = stream.token();
            told.push((token.text.clone(), token.position / STEP, Field::ALL[token.position % STEP]));
        }
        let expected = [
            ("扣", 0, Field::Subject),
            ("扣费", 0, Field::Subject),
            ("费", 1, Field::Subject),
            ("bill", 3, Field::Text),
            ("\u{1}bill", 3, Field::Text),
            ("x", 4, Field::Text),
            ("慢", 6, Field::Subject),
        ];
        assert_eq!(told, expected.map(|(term, at, field)| (term.to_owned(), at, field)));
    }
}
