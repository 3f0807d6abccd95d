//! Taking in the rows of a file: many registrations in one transaction, each known by its identity in its source, so
//! that a file taken in twice registers nothing twice, whoever takes it in and however long ago that was.

use crate::caller::Caller;
use crate::error::DeskError;
use crate::register::{Claim, Prepared, take};
use crate::time::stored;
use crate::{Desk, permissions};
use domain::intake::Intake;
use domain::refusal::RefusalKind;
use std::collections::HashMap;
use store::{StoreError, Tx, idempotency};

/// Under this name stand the claims of rows. It is nobody's: a row is known whoever took it in.
pub(crate) const CLAIMANT: &str = "import";

/// A row of a file, read.
#[derive(Debug)]
pub struct Row {
    /// Name of its source.
    pub source: String,
    /// Its identity there.
    pub id: String,
    /// Everything it says; another content under a known identity is refused, not swallowed.
    pub content: Vec<u8>,
    /// The contact.
    pub intake: Intake,
}

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakenIn {
    /// It is a case now.
    Registered,
    /// It was one already; nothing was done.
    Known,
    /// Its identity is known with other content; nothing was done.
    Differs,
}

impl Desk {
    /// Registers rows in one transaction. `look` says that known rows are to be expected: they are then found before
    /// anything is made ready for them. The outcomes stand in the order of the rows.
    ///
    /// # Errors
    /// If the caller may not, or one of the database, and then no row was taken in. A row's own refusal is its outcome.
    pub async fn take_in(
        &self,
        caller: &Caller,
        rows: Vec<Row>,
        look: bool,
    ) -> Result<Vec<Result<TakenIn, DeskError>>, DeskError> {
        permissions::REGISTER.require(caller)?;
        permissions::IMPORT.require(caller)?;
        let now = self.time().now();
        let claims: Vec<Claim> = rows.iter().map(|row| self.claim_of(row)).collect();
        let known = if look { self.known(&claims).await? } else { HashMap::new() };
        let mut outcomes = Vec::with_capacity(rows.len());
        let mut fresh = Vec::new();
        for (place, (row, claim)) in rows.into_iter().zip(claims).enumerate() {
            outcomes.push(match known.get(&claim.key) {
                Some(digest) if *digest == claim.digest => Ok(TakenIn::Known),
                Some(_) => Ok(TakenIn::Differs),
                None => match self.prepare(caller, row.intake, now).await {
                    Ok((prepared, _)) => {
                        fresh.push((place, claim, prepared));
                        Ok(TakenIn::Registered)
                    }
                    Err(error @ DeskError::Refused(_)) => Err(error),
                    Err(other) => return Err(other),
                },
            });
        }
        if fresh.is_empty() {
            return Ok(outcomes);
        }
        // Claims are taken in one order everywhere: two files with the same rows must wait for each other, not both.
        fresh.sort_by(|one, other| one.1.key.cmp(&other.1.key).then(one.0.cmp(&other.0)));
        let at = stored(now);
        let found = self.db().write(move |tx| write_all(tx, &fresh, at)).await?;
        for (place, taken) in found {
            if let Some(outcome) = outcomes.get_mut(place) {
                *outcome = Ok(taken);
            }
        }
        Ok(outcomes)
    }

    fn claim_of(&self, row: &Row) -> Claim {
        Claim {
            actor: CLAIMANT.to_owned(),
            key: format!("{}:{}", row.source, row.id),
            digest: self.keyring().request_digest("import", &row.content).to_vec(),
        }
    }

    /// Digests of the rows that are known, by key.
    async fn known(&self, claims: &[Claim]) -> Result<HashMap<String, Vec<u8>>, DeskError> {
        let keys: Vec<String> = claims.iter().map(|claim| claim.key.clone()).collect();
        let found = self.db().read(move |tx| {
            let mut known = HashMap::new();
            for key in keys {
                if let Some(earlier) = idempotency::find(tx, CLAIMANT, &key)? {
                    known.insert(key, earlier.digest);
                }
            }
            Ok::<_, StoreError>(known)
        });
        Ok(found.await?)
    }
}

fn write_all(tx: &mut Tx<'_>, rows: &[(usize, Claim, Prepared)], at: i64) -> Result<Vec<(usize, TakenIn)>, DeskError> {
    let mut taken = Vec::with_capacity(rows.len());
    for (place, claim, prepared) in rows {
        let outcome = match take(tx, claim, prepared.case.id.0, 1, at) {
            Ok(None) => {
                prepared.write(tx)?;
                TakenIn::Registered
            }
            Ok(Some(_)) => TakenIn::Known,
            Err(DeskError::Refused(refusal)) if refusal.kind == RefusalKind::Invalid => TakenIn::Differs,
            Err(other) => return Err(other),
        };
        taken.push((*place, outcome));
    }
    Ok(taken)
}
