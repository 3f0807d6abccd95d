//! Messages to customers: what an entry says to one is really sent. The entry is written first, with its words sealed;
//! the message only names it and is taken with a lease, so that of many nodes one sends. Sending itself happens outside
//! any transaction and is somebody else's business, who says what came of it; that is noted in the case. Messages to those
//! on the list of a mass incident go the same way (`incidents/messages.rs`).

use crate::caller::Caller;
use crate::catch_up::catch_up;
use crate::commit::Commit;
use crate::error::DeskError;
use crate::kept;
use crate::load::{self, CaseRef};
use crate::notices::letters::Handed;
use crate::queries::case::open_items;
use crate::time::{doubled, moment, stored};
use crate::vault::cipher::CipherError;
use crate::vault::person;
use crate::ways::Named;
use crate::wordings::{self, InForce, in_force};
use crate::{Desk, permissions};
use domain::case::message::{self, Stage, Step, Way, What, Why};
use domain::case::{Case, Context, grade};
use domain::event::{Entry, Event};
use domain::ids::PersonId;
use domain::text::lift::fill;
use jiff::{SignedDuration, Timestamp};
use policy::{Stack, StopFact};
use serde::{Deserialize, Serialize};
use store::{JobRow, OutboxRow, Tx, cases, jobs, outbox, vault};
use tokio::task::JoinSet;
use uuid::Uuid;

/// Kind of the job that puts a message into the outbox.
pub(crate) const KIND: &str = "send-message";
/// The verb in the log of what becomes of messages.
pub const VERB: &str = "carry-message";
/// How long a node may take before another tries; sending is given up long before.
const LEASE: SignedDuration = SignedDuration::from_mins(3);
/// Messages sent side by side.
const BATCH: i64 = 16;
/// How long a message is tried.
const PATIENCE: SignedDuration = SignedDuration::from_hours(5 * 24);
/// Longest pause between two tries.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(4);
/// How often what became of a message is noted anew because another command on its case came first.
const MOST_ATTEMPTS: u32 = 8;

#[derive(Serialize, Deserialize)]
struct Payload {
    case: Uuid,
    version: i64,
    /// The ways its entry asks for, where none of it has to be said to have failed; empty in jobs of before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    only: Vec<Way>,
}

/// A message as whoever sends it gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// Identity, the same at every try.
    pub id: Uuid,
    /// Number of the case, or of the incident.
    pub number: String,
    /// What it is.
    pub what: What,
    /// The way it goes.
    pub way: Way,
    /// Where to: an address of mail, or a telephone number.
    pub to: String,
    /// Its words; none of a receipt and of news that nobody wrote.
    pub text: String,
    /// Its language, where the rules or its words say; empty else.
    pub language: String,
    /// When the case was first received; empty where there is none.
    pub received_at: String,
    /// By when the customer hears again; of news only.
    pub next: String,
    /// Approved wordings in its language for what stands around its words; what has none goes out as shipped.
    pub wordings: Vec<InForce>,
    /// Where answers go.
    pub reply_to: Option<String>,
    /// Where reports of servers go.
    pub bounces_to: Option<String>,
}

/// A message of a case for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// Identity.
    pub id: Uuid,
    /// What it is.
    pub what: What,
    /// The way it goes.
    pub way: Way,
    /// How far it came; nothing while it waits.
    pub stage: Option<Stage>,
    /// When it came so far, or is tried next.
    pub at: Timestamp,
    /// Why it did not arrive.
    pub why: Option<Why>,
    /// How often it was tried while it waits.
    pub attempts: i64,
    /// Whether it waits for the hours in which customers may be called.
    pub quiet: bool,
}

/// What a look at what is due came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// Messages that were taken over.
    pub sent: usize,
    /// Why none could be handed over, if that was so.
    pub trouble: Option<String>,
}

/// Leaves it to a job to send what an entry says to the customer. Most entries say nothing.
pub(crate) fn note(tx: &mut Tx<'_>, case: &Case, entry: &Entry) -> Result<(), DeskError> {
    let sends: Vec<(What, Way)> = sends(entry).map(|(what, way, _)| (what, way)).collect();
    if sends.is_empty() {
        return Ok(());
    }
    let all_told_otherwise = sends.iter().all(|(what, _)| told_otherwise(*what));
    let only = if all_told_otherwise { sends.into_iter().map(|(_, way)| way).collect() } else { Vec::new() };
    let payload = kept::written(&Payload { case: case.id.0, version: entry.version, only })?;
    let key = format!("{KIND}:{}:{}", case.id, entry.version);
    Ok(jobs::enqueue(tx, KIND, &key, &payload, stored(entry.at))?)
}

/// What an entry says to the customer by a way of the house's.
fn sends(entry: &Entry) -> impl Iterator<Item = (What, Way, Option<u32>)> {
    entry.events.iter().filter_map(|event| message::to_send(event, entry.at))
}

/// Whether what has no way of the house's was told some other way, as before there was one: reply, progress and letters are.
fn told_otherwise(what: What) -> bool {
    !matches!(what, What::Message | What::News)
}

/// Puts what an entry says to the customer into the outbox.
pub(crate) fn begin(desk: &Desk, tx: &mut Tx<'_>, job: &JobRow) -> Result<(), DeskError> {
    let payload: Payload = kept::read(&job.payload)?;
    // Without a look at the case: ten thousand of them may follow from one run.
    if !payload.only.is_empty() && payload.only.iter().all(|way| !desk.ways().has(*way)) {
        return Ok(());
    }
    let Some(row) = cases::by_id(tx, payload.case)? else { return Ok(()) };
    let loaded = load::from_row(tx, row)?;
    let Some(entry) = loaded.entries.iter().find(|entry| entry.version == payload.version).cloned() else {
        return Ok(());
    };
    let now = desk.time().now();
    let mut nowhere = Vec::new();
    for (what, way, letter) in sends(&entry) {
        if what == What::News && !is_due(desk, &loaded.case, &entry)? {
            continue;
        }
        let id = Uuid::now_v7();
        if !desk.ways().has(way) {
            let (at, why) = (now, Some(Why::NoWay));
            let (wordings, entry) = (Vec::new(), Some(payload.version));
            let step = Step { message: id, what, way, letter, stage: Stage::Failed, at, why, wordings, entry };
            nowhere.extend(Some(step).filter(|_| !told_otherwise(what)));
            continue;
        }
        let row = OutboxRow {
            id,
            case: payload.case,
            version: payload.version,
            what: what.code().to_owned(),
            way: way.code().to_owned(),
            letter: letter.map(i64::from),
            state: String::new(),
            due_at: stored(allowed(desk, &loaded.case, way, now)?),
            attempts: 0,
            error: String::new(),
            created_at: stored(now),
        };
        // A job done twice puts nothing there twice.
        outbox::insert(tx, &row)?;
    }
    // What is said to have failed is an entry of its own, so the case is read anew for each; there is hardly more than one.
    for step in nowhere {
        let Some(row) = cases::by_id(tx, payload.case)? else { break };
        let loaded = load::from_row(tx, row)?;
        write_step(desk, tx, loaded, &step)?;
    }
    Ok(())
}

/// Whether news that an entry has go out by itself is still to go.
fn is_due(desk: &Desk, case: &Case, entry: &Entry) -> Result<bool, DeskError> {
    let rules = desk.library().rules_of(case)?;
    let taxonomy = desk.library().taxonomy();
    let news = |event: &&Event| matches!(message::to_send(event, entry.at), Some((What::News, ..)));
    Ok(entry.events.iter().filter(news).any(|event| message::news_is_due(case, event, &rules, taxonomy)))
}

/// The receipt for what came in by mail, to be sent.
pub(crate) fn receipt(tx: &mut Tx<'_>, case: Uuid, at: i64) -> Result<(), DeskError> {
    let row = OutboxRow {
        id: Uuid::now_v7(),
        case,
        version: 1,
        what: What::Receipt.code().to_owned(),
        way: Way::Email.code().to_owned(),
        letter: None,
        state: String::new(),
        due_at: at,
        attempts: 0,
        error: String::new(),
        created_at: at,
    };
    Ok(outbox::insert(tx, &row).map(drop)?)
}

/// When a message may go: short messages and calls in the hours the rules of the case leave for them in its region.
fn allowed(desk: &Desk, case: &Case, way: Way, now: Timestamp) -> Result<Timestamp, DeskError> {
    if way == Way::Email {
        return Ok(now);
    }
    Ok(in_hours(&desk.library().rules_of(case)?, &case.record.region, now))
}

/// The next moment of the hours in which customers of a region may be called.
pub(crate) fn in_hours(rules: &Stack, region: &str, now: Timestamp) -> Timestamp {
    let hours = rules.contact_hours(region);
    hours.and_then(|(hours, calendar)| hours.next(now, calendar)).unwrap_or(now)
}

/// Hands over the messages that are due, a batch of them side by side. `node` names one process.
///
/// # Errors
/// Those of the database; what came of a message is noted with it.
pub async fn send_due<F, Sending>(desk: &Desk, node: &str, send: F) -> Result<Round, DeskError>
where
    F: Fn(Parcel) -> Sending,
    Sending: Future<Output = Handed> + Send + 'static,
{
    // A gateway that is dead keeps no mail waiting, nor a mail server the gateway's messages.
    let (mail, gateway) = tokio::join!(send_by(desk, node, true, &send), send_by(desk, node, false, &send));
    let (mail, gateway) = (mail?, gateway?);
    Ok(Round { sent: mail.sent + gateway.sent, trouble: mail.trouble.or(gateway.trouble) })
}

/// Sends what is due by mail, or by the gateway.
async fn send_by<F, Sending>(desk: &Desk, node: &str, by_mail: bool, send: &F) -> Result<Round, DeskError>
where
    F: Fn(Parcel) -> Sending,
    Sending: Future<Output = Handed> + Send + 'static,
{
    let mut round = Round::default();
    loop {
        let now = stored(desk.time().now());
        if !desk.db().read(move |tx| Ok::<_, DeskError>(outbox::any_due(tx, now, by_mail)?)).await? {
            return Ok(round);
        }
        let (lease, holder) = (stored(desk.time().now() + LEASE), node.to_owned());
        let claim =
            desk.db().write(move |tx| Ok::<_, DeskError>(outbox::claim(tx, now, lease, &holder, BATCH, by_mail)?));
        let claimed = claim.await?;
        if claimed.is_empty() {
            return Ok(round);
        }
        let (mut under_way, mut damage) = (JoinSet::new(), None);
        for row in claimed {
            let (again, one) = (desk.clone(), row.clone());
            let done = match desk.db().read(move |tx| compose(&again, tx, &one)).await {
                Ok(Composed::Ready(parcel)) => {
                    let said: Vec<String> = parcel.wordings.iter().map(|one| one.hash.clone()).collect();
                    let sending = send(*parcel);
                    under_way.spawn(async move { (row, said, sending.await) });
                    Ok(())
                }
                Ok(Composed::Later(at)) => {
                    let (holder, at) = (node.to_owned(), stored(at));
                    let rest = move |tx: &mut Tx<'_>| outbox::again(tx, row.id, &holder, at, "", false);
                    desk.db().write(move |tx| Ok::<_, DeskError>(rest(tx)?)).await
                }
                Ok(Composed::Never(why)) => settle(desk, node, &row, Stage::Failed, Some(why)).await,
                Ok(Composed::Gone) => {
                    let holder = node.to_owned();
                    let gone = move |tx: &mut Tx<'_>| outbox::settle(tx, row.id, &holder, "failed").map(drop);
                    desk.db().write(move |tx| Ok::<_, DeskError>(gone(tx)?)).await
                }
                Err(error) if error.is_temporary() => Err(error),
                // Damage to one case is that case's: it waits like any other that cannot go, and the others go.
                Err(error) => {
                    tracing::error!(%error, message = %row.id, "a message could not be made");
                    put_off(desk, node, &row, "it could not be made").await
                }
            };
            damage = done.err().or(damage);
        }
        // Whatever happens here, what was handed over is noted, or it would be handed over again.
        while let Some(done) = under_way.join_next().await {
            // One that broke off keeps its lease and is tried again when that ends.
            let Ok((row, said, handed)) = done else { continue };
            let noted = match handed {
                Handed::Taken => {
                    round.sent += 1;
                    noted(desk, row.clone(), Some(node.to_owned()), (Stage::Sent, None), said, desk.time().now()).await
                }
                Handed::Refused(_) => settle(desk, node, &row, Stage::Failed, Some(Why::Refused)).await,
                Handed::Nowhere(why) => {
                    let noted = put_off(desk, node, &row, &why).await;
                    round.trouble = Some(why);
                    noted
                }
                Handed::Later(why) => put_off(desk, node, &row, &why).await,
            };
            damage = noted.err().or(damage);
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

/// Leaves a message for later; after some days it has not arrived, and whoever holds the case is told.
async fn put_off(desk: &Desk, node: &str, row: &OutboxRow, why: &str) -> Result<(), DeskError> {
    if desk.time().now() > moment(row.created_at) + PATIENCE {
        return settle(desk, node, row, Stage::Failed, Some(Why::PutOff)).await;
    }
    later(desk, node, row, why).await
}

async fn later(desk: &Desk, node: &str, row: &OutboxRow, why: &str) -> Result<(), DeskError> {
    let (id, holder, at) = (row.id, node.to_owned(), stored(desk.time().now() + pause(row.attempts)));
    // Servers repeat the address they were given; it is to stand nowhere in the clear.
    let why: String =
        why.split(' ').map(|word| if word.contains('@') { "…" } else { word }).collect::<Vec<_>>().join(" ");
    desk.db().write(move |tx| Ok::<_, DeskError>(outbox::again(tx, id, &holder, at, &why, true)?)).await
}

fn pause(attempts: i64) -> SignedDuration {
    doubled(SignedDuration::from_mins(1), attempts, LONGEST_PAUSE)
}

/// What is to be done about a message.
pub(crate) enum Composed {
    /// To be handed over.
    Ready(Box<Parcel>),
    /// Not before a moment.
    Later(Timestamp),
    /// It cannot arrive.
    Never(Why),
    /// Whom it was to is known no more.
    Gone,
}

fn compose(desk: &Desk, tx: &mut Tx<'_>, row: &OutboxRow) -> Result<Composed, DeskError> {
    let (Some(what), Some(way)) = (What::from_code(&row.what), Way::from_code(&row.way)) else {
        return Ok(Composed::Gone);
    };
    if what == What::Incident {
        return crate::incidents::messages::compose(desk, tx, row, way);
    }
    let Some(case_row) = cases::by_id(tx, row.case)? else { return Ok(Composed::Gone) };
    let wrapped = vault::person(tx, case_row.person)?;
    let keys = match load::open_keys(desk.master(), &case_row, wrapped.as_ref().and_then(|p| p.wrapped_key.as_deref()))
    {
        Err(DeskError::Cipher(CipherError::Erased)) => return Ok(Composed::Gone),
        other => other?,
    };
    let loaded = load::from_row(tx, case_row)?;
    let now = desk.time().now();
    let at = allowed(desk, &loaded.case, way, now)?;
    if at > now {
        return Ok(Composed::Later(at));
    }
    if what == What::News {
        let entry = loaded.entries.iter().find(|entry| entry.version == row.version);
        // Somebody told them meanwhile, agreed on something else with them, or answered; or the matter became grave.
        if !entry.map(|entry| is_due(desk, &loaded.case, entry)).transpose()?.unwrap_or(false) {
            return Ok(Composed::Gone);
        }
    }
    let identity = match wrapped.as_ref().and_then(|row| row.identity.as_deref()) {
        Some(sealed) => person::open(PersonId(loaded.row.person), &keys.person, sealed)?,
        None => return Ok(Composed::Gone),
    };
    let speaks = identity.language.unwrap_or_default();
    let to = match way {
        Way::Email => identity.email,
        Way::Sms | Way::Voice => identity.phone.or(identity.caller).or(identity.phone_alt),
    };
    let Some(to) = to.filter(|to| !to.contains(|letter: char| letter.is_control())) else {
        return Ok(Composed::Never(Why::NoAddress));
    };
    let (mut text, mut language) = (String::new(), String::new());
    if !matches!(what, What::Receipt | What::News) {
        let entry = loaded.entries.iter().find(|entry| entry.version == row.version);
        let event = entry.and_then(|entry| {
            entry.events.iter().find(|event| message::to_send(event, entry.at).is_some_and(|(known, ..)| known == what))
        });
        let Some(mut event) = event.cloned() else { return Ok(Composed::Gone) };
        if let Event::LetterIssued { language: of_letter, .. } = &event {
            language.clone_from(of_letter);
        }
        let items = open_items(&keys, &vault::items(tx, row.case)?)?;
        for (place, words) in event.texts() {
            if place == "content" {
                let opened = keys.open(place, words)?;
                text = fill(&opened, |_, item| items.get(&item).map(|(_, value)| value.clone()).unwrap_or_default());
            }
        }
    }
    if language.is_empty() {
        let described = match what {
            // The language they asked for, where it is one of those there are words in.
            What::News if speaks.starts_with("en") => String::new(),
            What::News if speaks.starts_with("zh") => "中".to_owned(),
            What::Receipt | What::News => keys.open("description", &loaded.case.record.description)?,
            _ => text.clone(),
        };
        language = if described.chars().any(is_han) { "zh-CN".to_owned() } else { "en".to_owned() };
    }
    let rules = desk.library().rules_of(&loaded.case)?;
    let next = if what == What::News { next_news(desk, &loaded.case, &rules, now) } else { String::new() };
    Ok(Composed::Ready(Box::new(Parcel {
        id: row.id,
        number: loaded.case.number.clone(),
        what,
        way,
        to,
        text,
        language: language.clone(),
        received_at: rules.told(loaded.case.received_at),
        next,
        wordings: spoken(in_force(tx, &language)?, what, way),
        reply_to: desk.signed_address(Named::Case(loaded.case.id)),
        bounces_to: desk.signed_address(Named::Message(row.id)),
    })))
}

/// The wordings that go into a message.
fn spoken(all: Vec<InForce>, what: What, way: Way) -> Vec<InForce> {
    all.into_iter().filter(|one| wordings::goes_into(&one.kind, what, way)).collect()
}

/// By when a customer hears again who is told now, in the words of their place.
fn next_news(desk: &Desk, case: &Case, rules: &Stack, now: Timestamp) -> String {
    let facts = grade::facts(case, rules, desk.library().taxonomy());
    let keeps = case.clocks.iter().filter(|clock| clock.is_open());
    let keeps =
        keeps.filter(|clock| rules.clock(&clock.rule).is_some_and(|rule| rule.stops_on(StopFact::ProgressNotified)));
    let next = keeps.filter_map(|clock| rules.recompute(&clock.rule, now, &facts, case.grade)).map(|next| next.due_at);
    next.min().map(|at| rules.told(at)).unwrap_or_default()
}

fn is_han(letter: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&letter)
}

/// Notes in outbox and case how far a message came that this node holds.
async fn settle(desk: &Desk, node: &str, row: &OutboxRow, stage: Stage, why: Option<Why>) -> Result<(), DeskError> {
    noted(desk, row.clone(), Some(node.to_owned()), (stage, why), Vec::new(), desk.time().now()).await
}

/// Notes it, decided anew while other commands on the case come first.
async fn noted(
    desk: &Desk,
    row: OutboxRow,
    holder: Option<String>,
    (stage, why): (Stage, Option<Why>),
    said: Vec<String>,
    at: Timestamp,
) -> Result<(), DeskError> {
    for _ in 0..MOST_ATTEMPTS {
        let (again, row, holder, said) = (desk.clone(), row.clone(), holder.clone(), said.clone());
        let note = move |tx: &mut Tx<'_>| note_step(&again, tx, &row, holder.as_deref(), (stage, why), said, at);
        let outcome = desk.db().write(note).await;
        match outcome {
            Err(DeskError::Overtaken) => {}
            other => return other,
        }
    }
    // It was handed over and could not be noted: the lease ends, and it goes once more under the same identity.
    Err(DeskError::Overtaken)
}

fn note_step(
    desk: &Desk,
    tx: &mut Tx<'_>,
    row: &OutboxRow,
    holder: Option<&str>,
    (stage, why): (Stage, Option<Why>),
    wordings: Vec<String>,
    at: Timestamp,
) -> Result<(), DeskError> {
    match holder {
        Some(holder) if !outbox::settle(tx, row.id, holder, stage.code())? => return Ok(()),
        Some(_) => {}
        None => outbox::reported(tx, row.id, stage.code())?,
    }
    let (Some(what), Some(way)) = (What::from_code(&row.what), Way::from_code(&row.way)) else { return Ok(()) };
    if what == What::Incident {
        return crate::incidents::messages::moved(tx, row, stage, why, at);
    }
    let Some(case) = cases::by_id(tx, row.case)? else { return Ok(()) };
    let loaded = load::from_row(tx, case)?;
    let letter = row.letter.and_then(|letter| u32::try_from(letter).ok());
    // Nobody wrote a receipt: its row names the registration.
    let entry = (what != What::Receipt).then_some(row.version);
    write_step(desk, tx, loaded, &Step { message: row.id, what, way, letter, stage, at, why, wordings, entry })
}

fn write_step(desk: &Desk, tx: &mut Tx<'_>, loaded: load::Loaded, step: &Step) -> Result<(), DeskError> {
    let actor = Caller::system(desk.root()).actor;
    let now = desk.time().now().max(loaded.case.changed_at);
    let caught_up = catch_up(desk.library(), &loaded.case, &actor, now, false)?;
    let taxonomy = desk.library().taxonomy();
    let ctx = Context { now, actor: &actor, rules: &caught_up.rules, taxonomy, others: &[] };
    let moved = message::moved(&caught_up.case, step, &ctx);
    if moved.is_empty() {
        return Ok(());
    }
    let events = caught_up.events.into_iter().chain(moved).collect();
    let commit = Commit { library: desk.library(), master: desk.master(), actor: actor.id, verb: VERB, now, run: None };
    commit.write(tx, loaded, events).map(drop)
}

impl Desk {
    /// Takes a report about a message; false where there is no such message that was sent.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn report_message(
        &self,
        id: Uuid,
        stage: Stage,
        why: Option<Why>,
        at: Timestamp,
    ) -> Result<bool, DeskError> {
        let row = self.db().read(move |tx| Ok::<_, DeskError>(outbox::by_id(tx, id)?)).await?;
        // A gateway may be faster than we are: it reports what it has before we have noted that it took it.
        let Some(row) = row.filter(|row| row.state != "waits" || row.attempts > 0) else { return Ok(false) };
        noted(self, row, None, (stage, why), Vec::new(), at).await?;
        Ok(true)
    }

    /// The messages of a case to its customer, oldest first.
    ///
    /// # Errors
    /// `not_found` when there is no case the caller may see.
    pub async fn messages(&self, caller: &Caller, name: &CaseRef) -> Result<Vec<Carried>, DeskError> {
        permissions::READ_CASES.require(caller)?;
        let (name, actor, desk) = (name.clone(), caller.actor.clone(), self.clone());
        self.db()
            .read(move |tx| {
                let (row, _) = load::find_for(tx, &name, &actor)?;
                let case = load::from_row(tx, row)?.case;
                let mut found: Vec<Carried> = case.messages.iter().map(carried).collect();
                for row in outbox::of_case(tx, case.id.0)?.into_iter().filter(|row| row.state == "waits") {
                    let (Some(what), Some(way)) = (What::from_code(&row.what), Way::from_code(&row.way)) else {
                        continue;
                    };
                    let quiet = allowed(&desk, &case, way, desk.time().now())? > desk.time().now();
                    let (at, attempts) = (moment(row.due_at), row.attempts);
                    found.push(Carried { id: row.id, what, way, stage: None, at, why: None, attempts, quiet });
                }
                Ok(found)
            })
            .await
    }

    /// How many messages wait to go out. Who may see metrics may see this.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn count_outbox(&self) -> Result<i64, DeskError> {
        self.db().read(|tx| Ok::<_, DeskError>(outbox::waiting(tx)?)).await
    }
}

fn carried(one: &message::Message) -> Carried {
    Carried {
        id: one.id,
        what: one.what,
        way: one.way,
        stage: Some(one.stage),
        at: one.at,
        why: one.why,
        attempts: 0,
        quiet: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_four_hours() {
        let minutes: Vec<i64> = (1..=10).map(|attempts| pause(attempts).as_mins()).collect();
        assert_eq!(minutes, [1, 2, 4, 8, 16, 32, 64, 128, 240, 240]);
    }
}
