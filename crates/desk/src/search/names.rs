//! Names a case has by its place in the trees: of its category, of what that lies in, of its province. They stand in no
//! case; whoever types one finds the cases marked with what it names, by its present name and by how that is typed in
//! Latin letters.

use super::ask::Field;
use super::terms::{self, Placed};
use domain::taxonomy::Taxonomy;

/// A name with its terms.
struct Name {
    field: Field,
    mark: String,
    terms: Vec<Placed>,
}

/// Every name of the trees.
pub(super) struct Names(Vec<Name>);

impl Names {
    pub(super) fn of(taxonomy: &Taxonomy) -> Self {
        let mut names = Vec::new();
        let mut add = |field: Field, mark: String, zh: &str, en: &str| {
            let typed = [zh, en].into_iter().flat_map(terms::latin);
            for name in [zh.to_owned(), en.to_owned()].into_iter().chain(typed) {
                let mut of_it = Vec::new();
                terms::each(&name, |term, at| of_it.push(Placed { term: term.to_owned(), at }));
                names.push(Name { field, mark: mark.clone(), terms: of_it });
            }
        };
        for one in taxonomy.categories() {
            add(Field::Category, category(&one.code), &one.zh, &one.en);
        }
        for one in taxonomy.provinces() {
            add(Field::Place, region(&one.code), &one.zh, &one.en);
        }
        Self(names)
    }

    /// The marks of what has these words in its name, one behind the other; not of what lies in something that has.
    pub(super) fn marks(&self, field: Option<Field>, words: &[Placed]) -> Vec<String> {
        let asked = self.0.iter().filter(|name| field.is_none_or(|field| field == name.field));
        let mut marks: Vec<String> = Vec::new();
        for name in asked.filter(|name| name.has(words)) {
            // What lies in a category has its code and more, and stands behind it.
            let within =
                |mark: &String| *mark == name.mark || (name.field == Field::Category && name.mark.starts_with(mark));
            if !marks.iter().any(within) {
                marks.push(name.mark.clone());
            }
        }
        marks
    }
}

impl Name {
    fn has(&self, words: &[Placed]) -> bool {
        if let Some(letter) = terms::alone(words) {
            return self.terms.iter().any(|one| one.term.starts_with(letter));
        }
        let Some(first) = words.first() else { return false };
        self.terms.iter().filter(|one| one.term == first.term).any(|start| {
            let from = |word: &Placed| start.at + word.at - first.at;
            words.iter().all(|word| self.terms.iter().any(|one| one.term == word.term && one.at == from(word)))
        })
    }
}

/// The mark of cases of a category or of one below it.
pub(super) fn category(code: &str) -> String {
    format!("c:{code}")
}

/// The mark of cases of an area.
pub(super) fn region(code: &str) -> String {
    format!("r:{code}")
}
