//! How what a TM Forum ticket says becomes what a complaint needs, as data: `mapping.toml`, or `tmf.toml` of the
//! overriding folder.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

type Words = BTreeMap<String, String>;

/// The mapping in force.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    kind: Words,
    category: Words,
    channel: Words,
    severity: Words,
    /// Left out of older files.
    #[serde(default)]
    places: Words,
    #[serde(default)]
    products: Words,
    /// What a ticket leaves open.
    pub ticket: Defaults,
}

/// What a ticket leaves open.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Defaults {
    /// Who complains where it names nobody.
    pub unnamed: String,
    /// How customers are told: one of the modes of a reply.
    pub mode: String,
    /// Days a ticket waits at most when its client sets it to pending or held.
    pub waits_days: u16,
    /// Whether closing says that the customer was asked.
    pub closing_asks: bool,
    /// The answer to the customer where a client resolves or rejects without a reason.
    #[serde(default = "answer")]
    pub answer: String,
    /// The cause where nobody named one; empty for none.
    pub closing_cause: String,
}

fn answer() -> String {
    "您反映的问题已处理完毕。 The matter you told us of has been dealt with.".to_owned()
}

impl Default for Mapping {
    fn default() -> Self {
        let words = |name: &str, word: &str| Words::from([(name.to_owned(), word.to_owned())]);
        Self::read(include_str!("mapping.toml")).unwrap_or_else(|_| Self {
            kind: words("default", "complaint"),
            category: Words::new(),
            channel: words("default", "partner"),
            severity: Words::new(),
            places: Words::new(),
            products: Words::new(),
            ticket: Defaults {
                unnamed: "-".to_owned(),
                mode: "app".to_owned(),
                waits_days: 1,
                answer: answer(),
                closing_asks: false,
                closing_cause: String::new(),
            },
        })
    }
}

impl Mapping {
    /// Reads a mapping.
    ///
    /// # Errors
    /// What is wrong, in one line.
    pub fn read(text: &str) -> Result<Self, String> {
        let mapping: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        if let Some((place, region)) = mapping.places.iter().find(|(_, region)| !domain::taxonomy::region_valid(region))
        {
            return Err(format!("the region {region:?} of the place {place:?} is none"));
        }
        let known = |words: &Words, list: &[&str], what: &str| {
            let wrong = words.values().find(|word| !list.contains(&word.as_str()));
            wrong.map_or(Ok(()), |word| Err(format!("there is no {what} {word:?}")))
        };
        known(&mapping.kind, domain::intake::KINDS, "kind")?;
        known(&mapping.channel, domain::intake::CHANNELS, "channel")?;
        known(&mapping.severity, &["normal", "major"], "severity")?;
        known(&mapping.products, domain::intake::PRODUCTS, "product line")?;
        for (name, words) in [("unnamed", &mapping.ticket.unnamed), ("answer", &mapping.ticket.answer)] {
            if words.trim().is_empty() {
                return Err(format!("`{name}` is empty"));
            }
        }
        if !domain::intake::MODES.contains(&mapping.ticket.mode.as_str()) {
            return Err(format!("there is no mode {:?}", mapping.ticket.mode));
        }
        Ok(mapping)
    }

    /// The mapping of an overriding folder, else the embedded one.
    ///
    /// # Errors
    /// If the file is there and makes no sense.
    pub fn of(folder: Option<&Path>) -> Result<Self, String> {
        let Some(file) = folder.map(|folder| folder.join("tmf.toml")).filter(|file| file.is_file()) else {
            return Ok(Self::default());
        };
        let text = std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        Self::read(&text).map_err(|error| format!("{}: {error}", file.display()))
    }

    /// The kind of contact of a type of ticket.
    pub fn kind(&self, ticket_type: &str) -> &str {
        find(&self.kind, ticket_type).unwrap_or("complaint")
    }

    /// The leaf of the category tree, if there is one for it.
    pub fn category(&self, ticket_type: &str) -> Option<&str> {
        find(&self.category, ticket_type)
    }

    /// What a severity says of a case.
    pub fn severity(&self, severity: &str) -> Option<&str> {
        self.severity.get(&bare(severity)).map(String::as_str)
    }

    /// The region of a place of the network, by its identity or name.
    pub fn region(&self, words: &[&str]) -> Option<String> {
        let named = words.iter().find_map(|word| {
            self.places.iter().find(|(place, _)| bare(place) == bare(word)).map(|(_, region)| region.clone())
        });
        let code = || words.iter().find(|word| domain::taxonomy::region_valid(word)).map(|word| (*word).to_owned());
        named.or_else(code)
    }

    /// The product line of a service or what it belongs to; none for all.
    pub fn product(&self, words: &[&str]) -> Option<&str> {
        words.iter().find_map(|word| self.products.get(&bare(word)).map(String::as_str))
    }

    /// The channel.
    pub fn channel(&self, words: &[&str]) -> &str {
        let named = words.iter().find_map(|word| self.channel.get(&bare(word)).map(String::as_str));
        named.or_else(|| find(&self.channel, "")).unwrap_or("partner")
    }
}

fn find<'w>(words: &'w Words, word: &str) -> Option<&'w str> {
    words.get(&bare(word)).or_else(|| words.get("default")).map(String::as_str)
}

/// Without case, blanks and marks.
fn bare(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_mapping_makes_sense() {
        let mapping = Mapping::read(include_str!("mapping.toml")).unwrap();
        assert_eq!((mapping.kind("Incident"), mapping.kind("whatever")), ("fault_report", "complaint"));
        assert_eq!(mapping.category("Bill Dispute"), Some("B101"));
        assert_eq!(mapping.channel(&["8774", "self service"]), "web");
        assert!(Mapping::read("[kind]\ndefault = \"riddle\"").is_err());
    }
}
