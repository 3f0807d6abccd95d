//! The facts a row states, as rules see them.

use super::Slip;
use super::row::Attributes;
use super::words::{self, Word};
use crate::facts::{FactName, Facts};

/// A leaf of a tree of categories, as far as rules look at it. A row that leaves the category open, or names it by a word
/// of its own, means any leaf its other facts allow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CategoryLeaf {
    /// Its code.
    pub code: String,
    /// The ministry's class.
    pub regulator_class: Option<String>,
    /// Whether it is on the red-line list.
    pub red_line: bool,
    /// Product lines it can be about; any, when empty.
    pub products: Vec<String>,
}

/// Products that hold several lines.
const SEVERAL: &str = "converged";

/// A line of products that is none of the others.
const OTHER: &str = "other";

/// A number without the marks some put between its thousands.
fn plain(number: &str) -> String {
    number.chars().filter(|digit| !matches!(digit, ',' | '_')).collect()
}

/// What a row states about a case; the rest is open.
pub(super) struct Stated {
    facts: Facts,
    /// Which facts the row states.
    names: Vec<FactName>,
    /// How the code of the category begins, where a word says no more than that.
    codes: Option<&'static [&'static str]>,
    /// Names no rule can look at.
    pub(super) unknown: Vec<String>,
}

/// A case the row can mean.
pub(super) struct Meant {
    pub(super) facts: Facts,
    names: Vec<FactName>,
}

impl Meant {
    /// Whether a fact is stated or follows from what is.
    pub(super) fn has(&self, fact: FactName) -> bool {
        self.names.contains(&fact)
    }
}

impl Stated {
    /// Reads the facts of a row by the names rules use for them, or by words of other lists.
    pub(super) fn read(attributes: &Attributes) -> Result<Self, Slip> {
        let dates =
            Facts { received_at: attributes.received_at, occurred_at: attributes.occurred_at, ..Facts::default() };
        let mut stated = Self { facts: dates, names: Vec::new(), codes: None, unknown: Vec::new() };
        stated.names.extend(attributes.grade.map(|_| FactName::Grade));
        for (name, value) in &attributes.facts {
            match (FactName::from_code(name), words::fact(name)) {
                (Some(fact), _) => stated.take(fact, value).map_err(|reason| Slip::new(name, reason))?,
                (None, Some((fact, currency))) => {
                    let value =
                        currency.map_or_else(|| value.clone(), |currency| format!("{} {currency}", plain(value)));
                    // A value that says nothing our rules know is told.
                    if stated.take(fact, &value).is_err() {
                        stated.unknown.push(format!("{name} {value}"));
                        // It is no line of ours; of other facts it stays open.
                        if fact == FactName::Product {
                            stated.set(fact, OTHER).map_err(|reason| Slip::new(name, reason))?;
                        }
                    }
                }
                (None, None) => stated.unknown.push(name.clone()),
            }
        }
        Ok(stated)
    }

    fn take(&mut self, fact: FactName, value: &str) -> Result<(), String> {
        let word = value.to_ascii_lowercase();
        match words::meaning(fact, &word) {
            Some(Word::Codes(codes)) => self.codes = Some(codes),
            Some(Word::Class(class)) => self.class(class)?,
            Some(Word::Outage) => {
                self.set(FactName::Mass, "true")?;
                self.class("network_quality")?;
            }
            Some(Word::Kind(kind)) => self.set(FactName::Kind, kind)?,
            Some(Word::Request(request)) => self.set(FactName::SubjectRequest, request)?,
            Some(Word::Value(value)) => self.set(fact, value)?,
            // Codes of a category begin with a large letter; another word is a category none of our codes names.
            None if fact == FactName::Category && !value.starts_with(|first: char| first.is_ascii_uppercase()) => {
                self.unknown.push(format!("{} {value}", fact.code()));
                self.set(fact, value)?;
                self.names.extend([FactName::CategoryPrefix, FactName::RegulatorClass, FactName::RedLine]);
            }
            None if matches!(fact, FactName::ServicesInOperation | FactName::Subscribers) => {
                self.set(fact, &plain(value))?;
            }
            None if self.set(fact, value).is_ok() => {}
            // Words of closed lists are read whatever their case.
            None => self.set(fact, &word)?,
        }
        Ok(())
    }

    /// Any category of a class. A disputed charge is a complaint, never something to repair.
    fn class(&mut self, class: &str) -> Result<(), String> {
        if class == "charging" && !self.has(FactName::Kind) {
            self.set(FactName::Kind, "complaint")?;
        }
        self.set(FactName::RegulatorClass, class)
    }

    fn set(&mut self, fact: FactName, value: &str) -> Result<(), String> {
        self.facts.set(fact, value)?;
        self.names.push(fact);
        Ok(())
    }

    fn has(&self, fact: FactName) -> bool {
        self.names.contains(&fact)
    }

    /// The cases the row can mean: with each leaf the stated facts allow and each product the leaf can be about. Without a
    /// tree there is one, in which the category is open.
    pub(super) fn cases(&mut self, tree: &[CategoryLeaf]) -> Vec<Meant> {
        let open = Meant { facts: self.facts.clone(), names: self.names.clone() };
        if tree.is_empty() {
            return vec![open];
        }
        let stated = self.facts.category.as_deref();
        if let Some(code) = stated
            && self.has(FactName::Category)
            && !tree.iter().any(|leaf| leaf.code == code)
        {
            let told = format!("{} {code}", FactName::Category.code());
            if !self.unknown.contains(&told) {
                self.unknown.push(told);
            }
            return vec![open];
        }
        tree.iter().filter(|leaf| self.allows(leaf)).flat_map(|leaf| self.as_leaf(leaf)).collect()
    }

    fn allows(&self, leaf: &CategoryLeaf) -> bool {
        let facts = &self.facts;
        let code = facts.category.as_deref().is_none_or(|stated| {
            if self.has(FactName::Category) { leaf.code == stated } else { leaf.code.starts_with(stated) }
        });
        code && self.codes.is_none_or(|codes| codes.iter().any(|code| leaf.code.starts_with(code)))
            && (!self.has(FactName::RegulatorClass) || leaf.regulator_class == facts.regulator_class)
            && (!self.has(FactName::RedLine) || leaf.red_line == facts.red_line)
            && facts.product.as_deref().is_none_or(|product| {
                product == SEVERAL || leaf.products.is_empty() || leaf.products.iter().any(|line| line == product)
            })
    }

    fn as_leaf(&self, leaf: &CategoryLeaf) -> Vec<Meant> {
        let mut facts = Facts {
            category: Some(leaf.code.clone()),
            regulator_class: leaf.regulator_class.clone(),
            red_line: leaf.red_line,
            ..self.facts.clone()
        };
        let mut names = self.names.clone();
        names.extend([FactName::Category, FactName::CategoryPrefix, FactName::RegulatorClass, FactName::RedLine]);
        if self.has(FactName::Product) || leaf.products.is_empty() {
            return vec![Meant { facts, names }];
        }
        names.push(FactName::Product);
        let about = |product: &String| {
            facts.product = Some(product.clone());
            Meant { facts: facts.clone(), names: names.clone() }
        };
        leaf.products.iter().map(about).collect()
    }
}
