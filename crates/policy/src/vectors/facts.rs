//! The facts a row states, as rules see them.

use super::Slip;
use crate::facts::{FactName, Facts};
use crate::predicate::parse_sum;

/// What a row states about a case; the rest is open.
#[derive(Default)]
pub(super) struct Stated {
    pub(super) facts: Facts,
    /// Which facts the row states.
    pub(super) names: Vec<FactName>,
    /// Names no rule can look at.
    pub(super) unknown: Vec<String>,
}

impl Stated {
    /// Reads facts by the names rules use for them.
    pub(super) fn read(given: &[(String, String)]) -> Result<Self, Slip> {
        let mut stated = Self::default();
        for (name, value) in given {
            match FactName::from_code(name) {
                Some(fact) => {
                    state(&mut stated.facts, fact, value).map_err(|reason| Slip::new(name, reason))?;
                    stated.names.push(fact);
                }
                None => stated.unknown.push(name.clone()),
            }
        }
        Ok(stated)
    }
}

fn state(facts: &mut Facts, fact: FactName, value: &str) -> Result<(), &'static str> {
    let flag = || value.parse::<bool>().map_err(|_| "must be true or false");
    let number = || value.parse::<i64>().map_err(|_| "must be a whole number");
    let code = || Some(value.to_owned());
    match fact {
        FactName::Kind => facts.kind = value.to_owned(),
        FactName::Category | FactName::CategoryPrefix => facts.category = code(),
        FactName::RegulatorClass => facts.regulator_class = code(),
        FactName::RedLine => facts.red_line = flag()?,
        FactName::AcceptChannel => facts.accept_channel = value.to_owned(),
        FactName::Vulnerable => facts.vulnerable = value.split(',').map(|one| one.trim().to_owned()).collect(),
        FactName::Amount => facts.amount = Some(parse_sum(value)?),
        FactName::AreaType => facts.area_type = code(),
        FactName::Product => facts.product = code(),
        FactName::Star => facts.star = Some(number()?),
        FactName::RepeatCount => facts.repeat_count = number()?,
        FactName::Mass => facts.mass = flag()?,
        FactName::Safety => facts.safety = flag()?,
        FactName::Media => facts.media = flag()?,
        FactName::Regulator => facts.regulator = flag()?,
        FactName::KeyAccount => facts.key_account = flag()?,
        // An attribute of the row, which also chooses the amount.
        FactName::Grade => {}
    }
    Ok(())
}
