//! Mail about notices. When a letter is due to whom stands in the database, taken with a lease, so that of many nodes one
//! sends; sending itself happens outside any transaction and is somebody else's business, who says what came of it. A
//! letter has an identity and its notices, the same at every try; what happens meanwhile goes into the next.

use super::choices::{Choices, Mail};
use super::{Group, Notice, grouped, seen};
use crate::Desk;
use crate::error::DeskError;
use crate::mentions::as_caller;
use crate::permissions;
use crate::time::{doubled, moment, stored};
use jiff::{SignedDuration, Timestamp};
use store::notices::{IN_LETTER, WAITS};
use store::{MailRow, Tx, mail, notices, people};
use tokio::task::JoinSet;
use uuid::Uuid;

/// How long the first notice waits for others: nobody gets more than one gathered mail in this time.
const GATHERED: SignedDuration = SignedDuration::from_mins(15);
/// The same for those who want mail at once, so that work over many cases is one mail and not forty.
const AT_ONCE: SignedDuration = SignedDuration::from_mins(1);
/// How long a node may take before another tries; sending is given up long before.
const LEASE: SignedDuration = SignedDuration::from_mins(3);
/// Letters sent side by side.
const BATCH: i64 = 16;
/// Tries before a letter that a server keeps putting off is given up: with the pauses that is about seven hours.
const MOST_TRIES: i64 = 12;
/// Longest pause between two tries.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(1);

/// A letter to somebody.
#[derive(Clone, Debug)]
pub struct Letter {
    /// Identity, the same at every try.
    pub id: Uuid,
    /// Where to.
    pub to: String,
    /// Language; empty for that of the installation.
    pub language: String,
    /// What it tells of: notices of cases the reader may see now.
    pub groups: Vec<Group>,
}

/// What came of handing a letter over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handed {
    /// It was taken.
    Taken,
    /// It cannot be taken now.
    Later(String),
    /// No letter can be handed over now. Written to logs, so it holds no address.
    Nowhere(String),
    /// There is no such address.
    Refused(String),
}

/// What a look at what is due came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// Letters that were taken over.
    pub sent: usize,
    /// Why none could be handed over, if that was so.
    pub trouble: Option<String>,
}

/// That somebody gets a notice: whether mail is to tell of it; then a letter is due.
pub(crate) fn announce(desk: &Desk, tx: &mut Tx<'_>, user: Uuid) -> Result<bool, DeskError> {
    if !desk.mails() {
        return Ok(false);
    }
    let Some(row) = people::user(tx, user)?.filter(|row| !row.disabled) else { return Ok(false) };
    let choices = Choices::of(tx, &row)?;
    if !choices.by_mail() {
        return Ok(false);
    }
    mail::due(tx, user, stored(desk.time().now() + wait(choices.mail)))?;
    Ok(true)
}

fn wait(mail: Mail) -> SignedDuration {
    if mail == Mail::AtOnce { AT_ONCE } else { GATHERED }
}

/// Hands over the letters that are due, a batch of them side by side. `node` names one process.
///
/// # Errors
/// Those of the database; what came of a letter is noted with it.
pub async fn send_due<F, Sending>(desk: &Desk, node: &str, send: F) -> Result<Round, DeskError>
where
    F: Fn(Letter) -> Sending,
    Sending: Future<Output = Handed> + Send + 'static,
{
    let mut round = Round::default();
    loop {
        let now = stored(desk.time().now());
        if !desk.db().read(move |tx| Ok::<_, DeskError>(mail::any_due(tx, now)?)).await? {
            return Ok(round);
        }
        let (lease, holder) = (stored(desk.time().now() + LEASE), node.to_owned());
        let claim = desk.db().write(move |tx| Ok::<_, DeskError>(mail::claim(tx, now, lease, &holder, BATCH)?));
        let claimed = claim.await?;
        if claimed.is_empty() {
            return Ok(round);
        }
        let (mut under_way, mut damage) = (JoinSet::new(), None);
        for row in claimed {
            let (again, holder, due) = (desk.clone(), node.to_owned(), row.clone());
            match desk.db().write(move |tx| compose(&again, tx, &due, &holder)).await {
                Ok(Some(letter)) => {
                    let to = letter.to.clone();
                    let sending = send(letter);
                    under_way.spawn(async move { (row, to, sending.await) });
                }
                Ok(None) => {}
                // This one keeps its lease and is tried again when that ends; the others are seen through.
                Err(error) => damage = Some(error),
            }
        }
        while let Some(done) = under_way.join_next().await {
            // One that broke off keeps its lease and is tried again when that ends.
            let Ok((row, to, handed)) = done else { continue };
            match &handed {
                Handed::Taken => round.sent += 1,
                Handed::Nowhere(why) => round.trouble = Some(why.clone()),
                Handed::Later(_) | Handed::Refused(_) => {}
            }
            let (again, holder) = (desk.clone(), node.to_owned());
            if let Err(error) = desk.db().write(move |tx| settle(&again, tx, &row, &holder, &to, &handed)).await {
                damage = Some(error);
            }
        }
        if let Some(error) = damage {
            return Err(error);
        }
        // Whatever keeps one from being handed over keeps the others too.
        if round.trouble.is_some() {
            return Ok(round);
        }
    }
}

/// The letter to somebody, if there is one to be sent now.
fn compose(desk: &Desk, tx: &mut Tx<'_>, row: &MailRow, holder: &str) -> Result<Option<Letter>, DeskError> {
    let nobody = |tx: &mut Tx<'_>| -> Result<Option<Letter>, DeskError> {
        notices::clear_mail(tx, row.user, WAITS)?;
        notices::clear_mail(tx, row.user, IN_LETTER)?;
        mail::done(tx, row.user, holder)?;
        Ok(None)
    };
    let Some(user) = people::user(tx, row.user)?.filter(|user| !user.disabled) else { return nobody(tx) };
    let choices = Choices::of(tx, &user)?;
    let caller = as_caller(tx, &user)?;
    if !choices.by_mail() || !permissions::READ_CASES.allows(&caller) {
        return nobody(tx);
    }
    let now = desk.time().now();
    let over = choices.quiet.and_then(|quiet| quiet.over(now, desk.zone()));
    if row.letter.is_none() {
        // In quiet hours only what is urgent goes; all the rest waits for their end.
        match over {
            None => notices::take_for_mail(tx, row.user, false)?,
            Some(_) if choices.urgent => notices::take_for_mail(tx, row.user, true)?,
            Some(_) => 0,
        };
    }
    let taken = notices::to_mail(tx, row.user, IN_LETTER)?;
    if let Some(over) = over
        && (taken.is_empty() || !choices.urgent || taken.iter().any(|one| one.grade != URGENT))
    {
        mail::again(tx, row.user, holder, stored(over), "", false)?;
        return Ok(None);
    }
    let told = seen(tx, taken, &caller.actor)?;
    if told.is_empty() {
        end(desk, tx, row.user, holder)?;
        return Ok(None);
    }
    let id = row.letter.unwrap_or_else(Uuid::now_v7);
    if !mail::begin(tx, row.user, holder, id)? {
        return Ok(None);
    }
    let groups = grouped(told.into_iter().map(Notice::from).collect());
    Ok(Some(Letter { id, to: choices.email, language: choices.language, groups }))
}

const URGENT: &str = policy::Grade::Urgent.code();

/// Notes what came of a letter.
fn settle(
    desk: &Desk,
    tx: &mut Tx<'_>,
    row: &MailRow,
    holder: &str,
    to: &str,
    handed: &Handed,
) -> Result<(), DeskError> {
    let now = desk.time().now();
    match handed {
        Handed::Taken => end(desk, tx, row.user, holder),
        // What keeps everybody's mail from going is no try of this letter.
        Handed::Nowhere(why) => Ok(mail::again(tx, row.user, holder, stored(now + pause(1)), why, false)?),
        Handed::Later(why) if row.attempts < MOST_TRIES => {
            Ok(mail::again(tx, row.user, holder, stored(now + pause(row.attempts)), why, true)?)
        }
        // The server's words stay in the database: they may hold the address.
        Handed::Later(_) => {
            tracing::warn!(user = %row.user, "mail to a user was put off too often and is given up");
            end(desk, tx, row.user, holder)
        }
        Handed::Refused(why) => {
            people::set_bounced(tx, row.user, to, why)?;
            end(desk, tx, row.user, holder)
        }
    }
}

/// Ends a letter; what came meanwhile is due in the next.
fn end(desk: &Desk, tx: &mut Tx<'_>, user: Uuid, holder: &str) -> Result<(), DeskError> {
    // First, so that whoever announces something meanwhile either finds it gone or is found here.
    if !mail::done(tx, user, holder)? {
        return Ok(());
    }
    notices::clear_mail(tx, user, IN_LETTER)?;
    if notices::any_to_mail(tx, user)?
        && let Some(row) = people::user(tx, user)?
    {
        let choices = Choices::of(tx, &row)?;
        mail::due(tx, user, stored(desk.time().now() + wait(choices.mail)))?;
    }
    Ok(())
}

fn pause(attempts: i64) -> SignedDuration {
    doubled(SignedDuration::from_mins(1), attempts, LONGEST_PAUSE)
}

impl Desk {
    /// How many people a letter waits for. Who may see metrics may see this.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn count_letters(&self) -> Result<i64, DeskError> {
        self.db().read(|tx| Ok::<_, DeskError>(mail::waiting(tx)?)).await
    }

    /// When mail to the caller goes next, if any waits about what they may see now, and what kept it last.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn next_letter(&self, caller: &crate::Caller) -> Result<Option<(Timestamp, String)>, DeskError> {
        permissions::READ_SELF.require(caller)?;
        let Some(user) = caller.actor.user() else { return Ok(None) };
        let actor = caller.actor.clone();
        let next = self.db().read(move |tx| {
            for waits in [IN_LETTER, WAITS] {
                let listed = notices::to_mail(tx, user.0, waits)?;
                if !seen(tx, listed, &actor)?.is_empty() {
                    return Ok::<_, DeskError>(mail::next(tx, user.0)?);
                }
            }
            Ok(None)
        });
        let next = next.await?;
        Ok(next.map(|(at, error)| (moment(at), error)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_an_hour() {
        let minutes: Vec<i64> = (1..=MOST_TRIES).map(|attempts| pause(attempts).as_mins()).collect();
        assert_eq!(minutes, [1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60, 60]);
        assert_eq!(pause(i64::MAX), LONGEST_PAUSE);
    }
}
