//! Short messages and calls to those on the list of an incident: each waits in the outbox like a message of a case, names its
//! number in the list and the wording, and is put together when it goes. How far it came is noted on the list.

use super::load;
use super::recipients::{AT_ONCE, HANDED, Recipients, counted, keeps, number_of, taken};
use crate::administration::{self, Change};
use crate::caller::Caller;
use crate::error::DeskError;
use crate::outbox::{Composed, Parcel, in_hours};
use crate::time::stored;
use crate::wordings::{goes_into, in_force};
use crate::{Desk, permissions};
use domain::actor::AreaScope;
use domain::case::message::{Stage, Way, What, Why};
use domain::incident::Purpose;
use domain::refusal::Refusal;
use domain::shape::{Field, Kind, required};
use jiff::Timestamp;
use serde::Deserialize;
use store::{OutboxRow, RecipientMove, Tx, incidents, outbox};
use uuid::Uuid;

/// Ways people of a list can be told: they are known by their numbers.
pub const WAYS: &[&str] = &["sms", "voice"];

/// Shape of sending to those on a list.
pub const SEND: &[Field] = &[
    required("purpose", Kind::Code(Purpose::CODES), "How far the matter is, or what came of it."),
    required("way", Kind::Code(WAYS), "Short message, or a call in which a machine reads it out."),
];

/// Send to those on a list who wait.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Send {
    /// What for.
    pub purpose: Purpose,
    /// The way.
    pub way: Way,
}

impl Desk {
    /// Sends those on the list of an incident who wait the wording that was approved, in the hours in which they may be
    /// called; ten thousand at most, the rest waits for the next time. Whoever has complained meanwhile gets none.
    ///
    /// # Errors
    /// `not_found`; a refusal without such a way or an approved wording, when nobody waits, or when the caller may not.
    pub async fn send_to_recipients(&self, caller: &Caller, id: Uuid, send: Send) -> Result<Recipients, DeskError> {
        permissions::SEND_TO_RECIPIENTS.require(caller)?;
        let (mut left, mut any) = (HANDED, false);
        while left > 0 {
            let (desk, by) = (self.clone(), caller.clone());
            let limit = left.min(i64::try_from(AT_ONCE).unwrap_or(left));
            let looked = self.db().write(move |tx| desk.send_some(tx, &by, id, send, limit)).await?;
            any |= looked.sent > 0;
            left -= limit;
            if looked.looked < limit {
                break;
            }
        }
        if !any {
            return Err(Refusal::conflict("nobody_waits").into());
        }
        self.db().read(move |tx| counted(tx, id)).await
    }

    fn send_some(&self, tx: &mut Tx<'_>, by: &Caller, id: Uuid, send: Send, limit: i64) -> Result<Sent, DeskError> {
        keeps(tx, id, by)?;
        // After sight: what is not there for somebody answers alike, whatever is set.
        if !self.ways().has(send.way) {
            return Err(Refusal::conflict("way_not_set").with("way", send.way.code()).into());
        }
        let incident = load(tx, id, &by.actor.area)?.incident;
        let words = incident.to_tell(send.purpose)?;
        let now = stored(self.time().now());
        let mut done = Sent::default();
        for row in incidents::recipients(tx, id, "waiting", limit)? {
            done.looked += 1;
            let n = incidents::next_message(tx)?;
            let step = RecipientMove { to: "sending", message: Some(n), ..RecipientMove::default() };
            if !taken(tx, &row, &step)? {
                continue;
            }
            done.sent += 1;
            let message = OutboxRow {
                id: Uuid::now_v7(),
                case: id,
                version: n,
                what: What::Incident.code().to_owned(),
                way: send.way.code().to_owned(),
                letter: Some(i64::from(words.id)),
                state: String::new(),
                due_at: now,
                attempts: 0,
                error: String::new(),
                created_at: now,
            };
            if !outbox::insert(tx, &message)? {
                return Err(DeskError::Damaged(format!("message {n} of an incident was given before")));
            }
        }
        if done.sent > 0 {
            let change = Change::new("send-to-recipients").with("count", done.sent.to_string());
            let change = change.with("purpose", send.purpose.code()).with("way", send.way.code());
            administration::record(tx, id, by.actor.id, now, &change)?;
        }
        Ok(done)
    }
}

/// What a look at those who wait came to.
#[derive(Clone, Copy, Debug, Default)]
struct Sent {
    looked: i64,
    sent: i64,
}

/// Puts a message together; nothing when the list was destroyed.
pub(crate) fn compose(desk: &Desk, tx: &mut Tx<'_>, row: &OutboxRow, way: Way) -> Result<Composed, DeskError> {
    let Some(one) = incidents::by_message(tx, row.case, row.version)? else { return Ok(Composed::Gone) };
    // They complained since, and are told in their case.
    if incidents::complained(tx, row.case, &one.hash)? {
        return Ok(Composed::Never(Why::NoAddress));
    }
    let incident = load(tx, row.case, &AreaScope::everywhere())?.incident;
    let words = incident.wordings.iter().find(|words| Some(i64::from(words.id)) == row.letter);
    let (Some(words), Some(wrapped)) = (words, incidents::key(tx, row.case)?) else { return Ok(Composed::Gone) };
    let now = desk.time().now();
    let rules = desk.library().governing(desk.zone().to_datetime(now).date(), &incident.area)?;
    let at = in_hours(&rules, &incident.area, now);
    if at > now {
        return Ok(Composed::Later(at));
    }
    let number = number_of(&super::recipients::opened(desk.master(), row.case, &wrapped)?, &one)?;
    let english = one.language == "en";
    Ok(Composed::Ready(Box::new(Parcel {
        // What is approved once for all customers is the incident's; what stands around it is the house's.
        wordings: in_force(tx, if english { "en" } else { "zh-CN" })?
            .into_iter()
            .filter(|one| goes_into(&one.kind, What::Incident, way))
            .collect(),
        next: String::new(),
        id: row.id,
        number: incident.number.clone(),
        what: What::Incident,
        way,
        to: number,
        text: if english { words.en.clone() } else { words.zh.clone() },
        language: if english { "en" } else { "zh-CN" }.to_owned(),
        received_at: String::new(),
        reply_to: None,
        bounces_to: None,
    })))
}

/// Notes on the list how far a message came. Stages only go on.
pub(crate) fn moved(
    tx: &mut Tx<'_>,
    row: &OutboxRow,
    stage: Stage,
    why: Option<Why>,
    at: Timestamp,
) -> Result<(), DeskError> {
    let Some(one) = incidents::by_message(tx, row.case, row.version)? else { return Ok(()) };
    if Stage::from_code(&one.state).is_some_and(|known| stage <= known) || one.state == "complained" {
        return Ok(());
    }
    let complained = stage == Stage::Failed && incidents::complained(tx, row.case, &one.hash)?;
    let step = RecipientMove {
        from: &one.state,
        to: if complained { "complained" } else { stage.code() },
        told_at: Way::from_code(&row.way).filter(|way| stage.tells(*way)).map(|_| stored(at)),
        message: None,
        why: why.filter(|_| !complained).map(Why::code).unwrap_or_default(),
    };
    Ok(incidents::move_recipient(tx, row.case, &one.hash, &step).map(drop)?)
}
