//! Whether a case is of the person a contact describes. A number alone never says so: families share numbers, and
//! numbers are given out again.

use crate::error::DeskError;
use crate::vault::{MasterKeys, person};
use domain::ids::PersonId;
use domain::intake::Identity;
use domain::text::identifier::{narrow, normalise_subscription};
use serde_json::Value;
use store::{Tx, vault};
use uuid::Uuid;

/// What a contact says about who it is, in the form in which it is compared.
#[derive(Clone, Debug, Default)]
pub(crate) struct SamePerson {
    /// A person of the vault somebody chose.
    chosen: Option<PersonId>,
    name: Option<String>,
    id_number: Option<String>,
}

impl SamePerson {
    /// What an intake says, as a person or programme gives it.
    pub(crate) fn of(intake: &Value) -> Self {
        let text = |at: &str| intake.pointer(at).and_then(Value::as_str);
        Self {
            chosen: text("/complainant/person").and_then(|person| person.parse().ok()),
            name: text("/complainant/name").and_then(comparable),
            id_number: text("/complainant/id_number").and_then(document),
        }
    }

    /// Whether a person of the vault is the same: the one that was chosen, one with the same number of an identity
    /// document, or one with the same name. Two numbers of documents that differ outweigh a name. An erased person is
    /// nobody's same.
    ///
    /// # Errors
    /// Those of database and keys.
    pub(crate) fn owns(&self, tx: &mut Tx<'_>, master: &MasterKeys, id: Uuid) -> Result<bool, DeskError> {
        let id = PersonId(id);
        if self.chosen == Some(id) {
            return Ok(true);
        }
        let Some(row) = vault::person(tx, id.0)? else { return Ok(false) };
        let (Some(wrapped), Some(sealed)) = (row.wrapped_key, row.identity) else { return Ok(false) };
        let key = person::key(master, id, Some(&wrapped))?;
        Ok(self.is(&person::open(id, &key, &sealed)?))
    }

    fn is(&self, other: &Identity) -> bool {
        let theirs = other.id_number.as_deref().and_then(document);
        match (&self.id_number, theirs) {
            (Some(mine), Some(theirs)) => *mine == theirs,
            _ => self.name.is_some() && self.name == other.name.as_deref().and_then(comparable),
        }
    }
}

/// Forms of address: with a surname they name a great many people.
const ADDRESSES: [&str; 8] = ["先生", "女士", "小姐", "老师", "师傅", "同学", "经理", "阿姨"];

/// A name without what differs by hand only: spaces, dots between parts, width and case. One that is masked, a form of
/// address or a single letter says too little.
fn comparable(name: &str) -> Option<String> {
    let bare: String = name
        .chars()
        .map(narrow)
        .filter(|letter| !letter.is_whitespace() && !matches!(letter, '·' | '•' | '.'))
        .flat_map(char::to_lowercase)
        .collect();
    let vague = masked(&bare) || ADDRESSES.iter().any(|address| bare.ends_with(address));
    (bare.chars().count() > 1 && !vague).then_some(bare)
}

/// The number of a document in the form in which it is compared; a masked one says too little.
fn document(number: &str) -> Option<String> {
    let bare = normalise_subscription(number);
    (bare.chars().count() > 4 && !masked(&bare)).then_some(bare)
}

fn masked(text: &str) -> bool {
    text.chars().any(|letter| matches!(letter, '*' | '某' | '?'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn same(mine: Value, theirs: (&str, &str)) -> bool {
        let other = Identity {
            name: Some(theirs.0.to_owned()),
            id_number: Some(theirs.1.to_owned()).filter(|id| !id.is_empty()),
            ..Identity::default()
        };
        SamePerson::of(&json!({"complainant": mine})).is(&other)
    }

    #[test]
    fn the_same_name_or_document_is_the_same_person() {
        assert!(same(json!({"name": "王小明"}), ("王 小明", "")));
        assert!(same(json!({"name": "Anna Wang"}), ("ANNA WANG", "")));
        assert!(same(json!({"name": "古丽·阿不都"}), ("古丽阿不都", "")));
        assert!(same(json!({"name": "王晓明", "id_number": "31010119800101001X"}), ("王小明", "31010119800101001x")));
        assert!(!same(json!({"name": "王小明", "id_number": "310101198001010011"}), ("王小明", "310101199001010022")));
        assert!(!same(json!({"name": "李小明"}), ("王小明", "")));
        assert!(!same(json!({}), ("王小明", "")));
    }

    #[test]
    fn what_is_masked_says_too_little() {
        for name in ["王**", "王某", "王", "*", "王？明", "王先生", "李 女士"] {
            assert!(!same(json!({"name": name}), (name, "")), "{name}");
        }
        assert!(!same(json!({"name": "王*明", "id_number": "3101****0011"}), ("王*明", "3101****0011")));
    }
}
