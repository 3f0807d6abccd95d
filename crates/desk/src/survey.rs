//! The survey through a link: one customer, one answer. The secret of a link is random and kept nowhere; the log and the
//! database hold its digest. Whoever answers needs nothing but the link, learns nothing of the case, and cannot tell a
//! link that was used from one there never was.

use crate::commit::Commit;
use crate::error::DeskError;
use crate::load::{self, CaseRef};
use crate::portal::network;
use crate::run::{MOST_ATTEMPTS, only_warned_since, stale};
use crate::vault::chunks::hex;
use crate::vault::cipher::random;
use crate::{Caller, Desk, permissions};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::actor::ActorId;
use domain::case::Case;
use domain::case::invite_survey::{self, Answer};
use domain::ids::CaseId;
use domain::refusal::RefusalKind;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};
use std::net::IpAddr;
use store::{Tx, remedies};

/// The verb of an answer through a link, as the log names it.
pub const ANSWER: &str = "answer-survey";
/// Where the page of the survey begins.
pub const PATH: &str = "/survey/";

/// Looks and answers are counted together for so long.
const WINDOW: SignedDuration = SignedDuration::from_mins(15);
/// Most of them from one network: a household answers once, somebody who guesses is stopped.
const MOST_PER_NETWORK: i64 = 60;

/// A link that was just made. Its secret is told here and never again.
#[derive(Clone, Debug)]
pub struct Invited {
    /// The case after it.
    pub case: Case,
    /// The secret.
    pub secret: String,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

impl Invited {
    /// Where the customer answers: for the text of a reply, a mail or an SMS. `public_url` is where people find the server;
    /// without it the address begins with the path.
    #[must_use]
    pub fn address(&self, public_url: &str) -> String {
        format!("{}{PATH}{}", public_url.trim_end_matches('/'), self.secret)
    }
}

fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

impl Desk {
    /// Makes a link for the customer of a case; an earlier one is then good no longer. `seen` is the version the caller
    /// saw, where that matters to them.
    ///
    /// # Errors
    /// When the caller may not, the customer was not answered or cannot be asked, or the case moved on.
    pub async fn invite_survey(
        &self,
        caller: &Caller,
        name: &CaseRef,
        seen: Option<i64>,
    ) -> Result<Invited, DeskError> {
        permissions::INVITE_SURVEY.require(caller)?;
        let secret = URL_SAFE_NO_PAD.encode(random::<32>()?);
        let hash = digest(&secret);
        for attempt in 0.. {
            let (desk, by, name) = (self.clone(), caller.clone(), name.clone());
            let done = self.db().write(move |tx| desk.invite(tx, &by, &name, seen, hash)).await;
            match done {
                Ok((case, expires_at)) => return Ok(Invited { case, secret, expires_at }),
                Err(DeskError::Overtaken) if attempt < MOST_ATTEMPTS => {}
                Err(other) => return Err(other),
            }
        }
        Err(DeskError::Overtaken)
    }

    fn invite(
        &self,
        tx: &mut Tx<'_>,
        by: &Caller,
        name: &CaseRef,
        seen: Option<i64>,
        hash: [u8; 32],
    ) -> Result<(Case, Timestamp), DeskError> {
        let (row, sight) = load::find_for(tx, name, &by.actor)?;
        sight.require_area()?;
        let loaded = load::from_row(tx, row)?;
        if let Some(seen) = seen
            && (seen > loaded.case.version || !only_warned_since(&loaded.entries, seen))
        {
            return Err(stale(&loaded.case, &loaded.entries, seen));
        }
        let now = self.time().now().max(loaded.case.changed_at);
        let events = invite_survey::decide(&loaded.case, &hex(&hash), now)?;
        let case = loaded.case.id;
        let commit = self.commit(by.actor.id, permissions::INVITE_SURVEY.name(), now);
        let case = commit.write(tx, loaded, events).and_then(|after| {
            remedies::link(tx, &hash, case.0)?;
            Ok(after)
        })?;
        Ok((case, now + invite_survey::GOOD_FOR))
    }

    /// Whether a link is good now. Links that are not are counted: many customers may share an address.
    ///
    /// # Errors
    /// `TooMany` beyond the limit of a network, or those of the database.
    pub async fn survey_is_open(&self, secret: &str, from: IpAddr) -> Result<bool, DeskError> {
        let (hash, now) = (digest(secret), self.time().now());
        let good = self.db().read(move |tx| Ok::<_, DeskError>(found(tx, hash, now)?.is_some())).await?;
        if !good {
            self.count_try(format!("survey:{}", network(from)), WINDOW, MOST_PER_NETWORK).await?;
        }
        Ok(good)
    }

    /// Takes an answer through a link: true once, false where the link is not, or no longer, good.
    ///
    /// # Errors
    /// `TooMany` beyond the limit of a network, or those of the database.
    pub async fn answer_survey(&self, secret: &str, answer: Answer, from: IpAddr) -> Result<bool, DeskError> {
        if !self.survey_is_open(secret, from).await? {
            return Ok(false);
        }
        let hash = digest(secret);
        for attempt in 0.. {
            let (desk, answer) = (self.clone(), answer.clone());
            match self.db().write(move |tx| desk.take_answer(tx, hash, &answer)).await {
                // Whoever came first may have used the link up; it is looked at again.
                Err(DeskError::Overtaken) if attempt < MOST_ATTEMPTS => {}
                // Of somebody who was erased nothing is kept any more, nor told.
                Err(DeskError::Refused(refusal)) if refusal.kind == RefusalKind::Conflict => return Ok(false),
                other => return other,
            }
        }
        Err(DeskError::Overtaken)
    }

    fn take_answer(&self, tx: &mut Tx<'_>, hash: [u8; 32], answer: &Answer) -> Result<bool, DeskError> {
        let Some(loaded) = found(tx, hash, self.time().now())? else { return Ok(false) };
        let now = self.time().now().max(loaded.case.changed_at);
        let Some(events) = invite_survey::answered(&loaded.case, &hex(&hash), answer, now) else { return Ok(false) };
        self.commit(ActorId::System, ANSWER, now).write(tx, loaded, events)?;
        Ok(true)
    }

    pub(crate) fn commit<'d>(&'d self, actor: ActorId, verb: &'d str, now: Timestamp) -> Commit<'d> {
        Commit { library: self.library(), master: self.master(), actor, verb, now, run: None }
    }
}

/// The case a link leads to, while it is good.
fn found(tx: &mut Tx<'_>, hash: [u8; 32], now: Timestamp) -> Result<Option<load::Loaded>, DeskError> {
    let Some(case) = remedies::linked(tx, &hash)? else { return Ok(None) };
    let loaded = load::any(tx, CaseId(case))?;
    let good = loaded.case.invitation(&hex(&hash), now).is_some() && invite_survey::offered(&loaded.case);
    Ok(good.then_some(loaded))
}
