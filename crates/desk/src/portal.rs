//! What customers do for themselves, without an account: hand a complaint in, follow it by its number and its code, add to
//! it, say what they think of the outcome. A number alone proves nothing and its absence is told nobody: whoever names a
//! case that is not there gets the same answer as whoever names a wrong code.

use crate::error::DeskError;
use crate::queries::case::CaseView;
use crate::register::OnceOnly;
use crate::run::Done;
use crate::{Caller, CaseRef, Desk};
use domain::command::Command;
use domain::ids::CaseId;
use domain::intake::Intake;
use domain::number::ComplaintNumber;
use domain::refusal::RefusalKind;
use jiff::SignedDuration;
use sha2::{Digest as _, Sha256};
use std::net::IpAddr;
use store::cases;

/// Wrong codes are counted together for so long.
const WINDOW: SignedDuration = SignedDuration::from_mins(15);
/// Most of them from one network: whoever mistypes has room, whoever guesses is told no more than that it was too often.
/// The right code opens its case all the same: sixty bits are not guessed, and whoever guesses behind the same address as
/// a customer must not shut that customer out.
const MOST_WRONG: i64 = 20;
/// What is handed in is counted together for so long.
const HOUR: SignedDuration = SignedDuration::from_hours(1);
/// Most of it from one network: an office behind one address has room, a flood has not.
const MOST_HANDED_IN: i64 = 30;
/// Longest code anybody could type.
const LONGEST: usize = 40;

/// A case a customer showed the code of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tracked(CaseId);

impl Desk {
    /// The case of a number and its code; nothing where they do not belong together.
    ///
    /// # Errors
    /// `TooMany` after too many that did not, or those of the database.
    pub async fn track(&self, number: &str, code: &str, from: IpAddr) -> Result<Option<Tracked>, DeskError> {
        let number = number.parse::<ComplaintNumber>().ok().map(|number| number.to_string());
        let found = match number {
            Some(number) => {
                self.db().read(move |tx| Ok::<_, DeskError>(cases::id_by_number(tx, &number)?)).await?.map(CaseId)
            }
            None => None,
        };
        let typed = Sha256::digest(plain(code).as_bytes());
        let fits = |case: &CaseId| Sha256::digest(plain(&self.tracking_code(*case)).as_bytes()) == typed;
        let tracked = found.filter(fits).map(Tracked);
        if tracked.is_none() {
            self.count_try(format!("track:{}", network(from)), WINDOW, MOST_WRONG).await?;
        }
        Ok(tracked)
    }

    /// The code of a case that was opened with it.
    #[must_use]
    pub fn code_of(&self, case: Tracked) -> String {
        self.tracking_code(case.0)
    }

    /// The case as its customer's page needs it, identifiers masked.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn tracked(&self, case: Tracked) -> Result<CaseView, DeskError> {
        self.case(&Caller::system(self.root()), &CaseRef::Id(case.0)).await
    }

    /// Whoever acts for a customer, who has no account: the house itself.
    #[must_use]
    pub fn at_the_portal(&self, case: Tracked) -> (Caller, CaseRef) {
        (Caller::system(self.root()), CaseRef::Id(case.0))
    }

    /// Carries out what a customer says about their case, on the case as it is now.
    ///
    /// # Errors
    /// A refusal, `TooMany` for what comes too often, or those of the database.
    pub async fn say_at_portal(&self, case: Tracked, command: Command, from: IpAddr) -> Result<Done, DeskError> {
        self.count_at_portal(from).await?;
        let (caller, name) = self.at_the_portal(case);
        // They saw their side of it; what happened inside meanwhile is no reason to turn them away.
        self.carry(self.work(&caller, name, None, command, None)).await
    }

    /// Registers what a customer hands in; the same form sent twice is one case.
    ///
    /// # Errors
    /// All faults of the input at once, `TooMany` for what comes too often, or those of the database.
    pub async fn hand_in(&self, intake: Intake, once: OnceOnly<'_>, from: IpAddr) -> Result<Done, DeskError> {
        self.count_at_portal(from).await?;
        self.register(&Caller::system(self.root()), intake, Some(once)).await
    }

    /// A link for the survey of a case, where its customer can be asked now.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn survey_at_portal(&self, case: Tracked) -> Result<Option<String>, DeskError> {
        let (caller, name) = self.at_the_portal(case);
        match self.invite_survey(&caller, &name, None).await {
            Ok(invited) => Ok(Some(invited.address(""))),
            Err(DeskError::Refused(refusal)) if refusal.kind != RefusalKind::Forbidden => Ok(None),
            Err(other) => Err(other),
        }
    }

    /// Counts something that is handed in beside words: a file.
    ///
    /// # Errors
    /// `TooMany` for what comes too often, or those of the database.
    pub async fn count_at_portal(&self, from: IpAddr) -> Result<(), DeskError> {
        self.count_try(format!("portal:{}", network(from)), HOUR, MOST_HANDED_IN).await
    }
}

/// The network an address belongs to: whoever has one address of version 6 has as many as they like of the same /64.
pub(crate) fn network(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => std::net::Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).to_string(),
    }
}

/// A code without what people put between its letters, and with the letters it has instead of those it has not.
fn plain(code: &str) -> String {
    code.chars()
        .map(domain::text::identifier::narrow)
        .filter(char::is_ascii_alphanumeric)
        .take(LONGEST)
        .map(|letter| match letter.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_as_people_type_them() {
        assert_eq!(plain("7k0q-1abc-zzzz"), "7K0Q1ABCZZZZ");
        assert_eq!(plain(" 7kOq lABC－zzzz "), "7K0Q1ABCZZZZ");
        assert_eq!(plain("７ＫＯＱ"), "7K0Q");
        assert_eq!(plain(&"x".repeat(1_000_000)).len(), LONGEST);
    }

    #[test]
    fn one_household_is_one_network() {
        let net = |text: &str| network(text.parse().unwrap());
        assert_eq!(net("2001:db8:1:2:3:4:5:6"), net("2001:db8:1:2:ffff::1"));
        assert_ne!(net("2001:db8:1:2::1"), net("2001:db8:1:3::1"));
        assert_eq!(net("192.0.2.7"), "192.0.2.7");
    }
}
