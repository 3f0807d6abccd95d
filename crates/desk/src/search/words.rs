//! How the library gets the terms of a text: they are worked out while it takes them in, on its own thread, one after the
//! other in the same room. Handed over ready-made, each was a string of its own that was copied for every field.

use super::terms;
use tantivy::tokenizer::{Token, TokenStream, Tokenizer, TokenizerManager};

/// What it is called in the schema.
pub(super) const NAME: &str = "redress";

/// What an index has to be given that takes cases in.
pub(super) fn tokenizers() -> TokenizerManager {
    let known = TokenizerManager::default();
    known.register(NAME, Words::default());
    known
}

/// Tells the terms of texts. What it holds is there to be used again.
#[derive(Clone, Default)]
pub(super) struct Words {
    terms: String,
    /// Where each term ends in `terms`, and its place in the text.
    ends: Vec<(usize, usize)>,
    token: Token,
}

impl Tokenizer for Words {
    type TokenStream<'a> = Terms<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Terms<'a> {
        let Self { terms, ends, .. } = self;
        terms.clear();
        ends.clear();
        terms::each(text, |term, at| {
            terms.push_str(term);
            ends.push((terms.len(), at));
        });
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
