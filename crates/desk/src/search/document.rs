//! A case in the form in which the index takes it in. The library's own document keeps what it is given as JSON until it
//! is indexed; here it is handed over as it is.

use std::iter::Empty;
use tantivy::Document;
use tantivy::schema::Field;
use tantivy::schema::document::{ReferenceValue, ReferenceValueLeaf, Value};

/// What stands in the fields of one case.
#[derive(Debug, Default)]
pub(super) struct CaseDocument(Vec<(Field, Held)>);

#[derive(Debug)]
enum Held {
    Text(String),
    Unsigned(u64),
    Signed(i64),
}

impl CaseDocument {
    pub(super) fn text(&mut self, field: Field, text: String) {
        self.0.push((field, Held::Text(text)));
    }

    pub(super) fn unsigned(&mut self, field: Field, number: u64) {
        self.0.push((field, Held::Unsigned(number)));
    }

    pub(super) fn signed(&mut self, field: Field, number: i64) {
        self.0.push((field, Held::Signed(number)));
    }
}

impl Document for CaseDocument {
    type Value<'a> = Given<'a>;
    type FieldsValuesIter<'a> = Box<dyn Iterator<Item = (Field, Given<'a>)> + 'a>;

    fn iter_fields_and_values(&self) -> Self::FieldsValuesIter<'_> {
        Box::new(self.0.iter().map(|(field, held)| (*field, Given(held))))
    }
}

/// One of them, as it is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Given<'a>(&'a Held);

impl<'a> Value<'a> for Given<'a> {
    type ArrayIter = Empty<Self>;
    type ObjectIter = Empty<(&'a str, Self)>;

    fn as_value(&self) -> ReferenceValue<'a, Self> {
        ReferenceValue::Leaf(match self.0 {
            Held::Text(text) => ReferenceValueLeaf::Str(text),
            Held::Unsigned(number) => ReferenceValueLeaf::U64(*number),
            Held::Signed(number) => ReferenceValueLeaf::I64(*number),
        })
    }
}
