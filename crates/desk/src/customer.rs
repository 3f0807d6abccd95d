//! By what the operator's customer system is asked about a case, and the log of who was shown its answer in the clear. What
//! it answers is no part of a case and never comes here.

use crate::archive::Ask;
use crate::caller::Caller;
use crate::error::DeskError;
use crate::load::{self, CaseRef};
use crate::retention::restricted;
use crate::reveal::AccessBody;
use crate::vault::cipher::CipherError;
use crate::vault::person::{self, normal_number};
use crate::{Desk, permissions};
use domain::actor::ActorId;
use domain::fault::Fault;
use domain::ids::PersonId;
use domain::refusal::Refusal;
use store::vault;

/// What the access log says was seen.
const EXTENT: &str = "customer";
/// Why, while a contact is registered.
pub const REGISTERING: &str = "register";

/// The numbers a customer is known by.
#[derive(Clone, Default)]
pub struct Numbers {
    /// Contact number.
    pub phone: Option<String>,
    /// Business number, such as that of a line or an account.
    pub subscription: Option<String>,
}

impl Desk {
    /// The numbers of the complainant of a case. With a purpose the answer is to be shown in the clear, and that is logged
    /// before anybody is asked; without one it is to be masked. Whoever does not want to be known is not asked about.
    ///
    /// # Errors
    /// When the caller may not, has the case for an order alone, the person was erased, or restricted the use of their data
    /// and no reason is given.
    pub async fn customer_numbers(
        &self,
        caller: &Caller,
        name: &CaseRef,
        ask: Option<Ask>,
    ) -> Result<Numbers, DeskError> {
        match &ask {
            Some(_) => permissions::REVEAL.require(caller)?,
            None => permissions::READ_CASES.require(caller)?,
        }
        let raw = self.raw(caller, name).await?;
        // A work order opens its case, not what else is known of the person.
        raw.sight.require_area()?;
        raw.sight.require_data(&raw.loaded.case, &caller.actor)?;
        let restricted = self.restrictions(caller, &raw.loaded.case).await?;
        if !restricted.is_empty() && ask.is_none() {
            return Err(Refusal::from(Fault::new("reason", "reason_while_restricted")).into());
        }
        let wrapped = raw.person.as_ref().and_then(|row| row.wrapped_key.as_deref());
        let keys = match load::open_keys(self.master(), &raw.loaded.row, wrapped) {
            Err(DeskError::Cipher(CipherError::Erased)) => return Err(Refusal::conflict("person_erased").into()),
            other => other?,
        };
        if raw.loaded.case.record.anonymous {
            return Ok(Numbers::default());
        }
        let numbers = match raw.person.as_ref().and_then(|row| row.identity.as_deref()) {
            Some(sealed) => {
                let identity = person::open(PersonId(raw.loaded.row.person), &keys.person, sealed)?;
                Numbers { phone: identity.phone, subscription: identity.subscription }
            }
            None => Numbers::default(),
        };
        if let Some(Ask { purpose, reason }) = ask {
            let restricted = restricted.into_iter().map(|one| one.request).collect();
            let body = AccessBody { purpose, reason: Some(reason), extent: EXTENT.to_owned(), restricted };
            self.log_access(caller, raw.loaded.row.id, "reveal", &body).await?;
        }
        Ok(numbers)
    }

    /// Whether a waiting request of somebody known under one of these numbers restricts the use of their data: while it waits,
    /// nobody is asked about the numbers before there is a case to say why.
    ///
    /// # Errors
    /// If the caller may not read cases, or those of the database.
    pub async fn restricts_numbers(&self, caller: &Caller, numbers: &[&str]) -> Result<bool, DeskError> {
        permissions::READ_CASES.require(caller)?;
        let hash = |number: &&str| self.keyring().lookup_hash("phone", &normal_number(number));
        let hashes: Vec<[u8; 32]> = numbers.iter().map(hash).collect();
        self.db()
            .read(move |tx| {
                for hash in &hashes {
                    for person in vault::persons_by_lookup(tx, hash, "phone")? {
                        if !restricted::waiting(tx, person)?.is_empty() {
                            return Ok(true);
                        }
                    }
                }
                Ok(false)
            })
            .await
    }

    /// Logs that the caller takes what the customer system says over into a registration. There is no case yet: it stands
    /// under whoever did it.
    ///
    /// # Errors
    /// When the caller may not see personal data in the clear, or those of the database.
    pub async fn log_customer(&self, caller: &Caller) -> Result<(), DeskError> {
        permissions::REVEAL.require(caller)?;
        let subject = match caller.actor.id {
            ActorId::User(user) => user.0,
            ActorId::Token(token) => token.0,
            ActorId::System => uuid::Uuid::nil(),
        };
        let body = AccessBody {
            purpose: REGISTERING.to_owned(),
            reason: None,
            extent: EXTENT.to_owned(),
            restricted: Vec::new(),
        };
        self.log_access(caller, subject, "reveal", &body).await
    }
}
