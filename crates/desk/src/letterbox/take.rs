//! Taking a message in.

use super::{MOST_A_DAY, MOST_RECEIPTS, Mail, REASONS, Taken};
use crate::attach::SealedWork;
use crate::caller::Caller;
use crate::error::DeskError;
use crate::load::{self, CaseRef};
use crate::register::Prepared;
use crate::run::{Outcome, Work};
use crate::time::stored;
use crate::vault::cipher::CipherError;
use crate::vault::person;
use crate::vault::seal::CaseKeys;
use crate::ways::Named;
use crate::{Desk, outbox};
use domain::actor::Actor;
use domain::case::attach::LARGEST;
use domain::case::message::{Stage, Why};
use domain::case::supplement::Supplement;
use domain::command::Command;
use domain::free_text::FreeText;
use domain::ids::{CaseId, PersonId};
use domain::intake::Intake;
use domain::number::ComplaintNumber;
use domain::refusal::Refusal;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::sync::Arc;
use store::{MailItemRow, Tx, cases, letterbox, sign_in, vault};
use uuid::Uuid;

/// How often it is done anew because another command on the case came first.
const MOST_ATTEMPTS: u32 = 8;
/// Most characters of a description or supplement; the rest goes into a file.
const MOST_WORDS: usize = 10_000;
/// Most numbers of cases looked for in a subject.
const MOST_NAMED: usize = 3;

/// Where a message leads.
enum Whither {
    Known,
    Register,
    Supplement(Box<CaseKeys>),
    Report(Uuid),
    Wait(&'static str, Option<Uuid>),
}

impl Desk {
    /// Takes a message in: as a new complaint, a supplement, a report, or one that waits for a person. Whatever it holds,
    /// it is one of these.
    ///
    /// # Errors
    /// Those of the database, and then it was not taken in and comes again.
    pub async fn take_mail(&self, mail: Mail) -> Result<Taken, DeskError> {
        let mail = Arc::new(mail);
        let known_by = if mail.content.is_empty() { &mail.raw } else { &mail.content };
        let digest = self.keyring().request_digest("mail", known_by);
        for _ in 0..MOST_ATTEMPTS {
            let (desk, one) = (self.clone(), Arc::clone(&mail));
            let whither = self.db().read(move |tx| whither(&desk, tx, &one, &digest)).await?;
            let outcome = match whither {
                Whither::Known => Ok(Taken::Known),
                Whither::Register => self.register_mail(&mail, digest).await,
                Whither::Supplement(keys) => self.supplement_mail(&mail, *keys, digest).await,
                Whither::Report(message) => self.report_mail(&mail, message, digest).await,
                Whither::Wait(reason, case) => self.keep_mail(&mail, reason, case, digest).await,
            };
            match outcome {
                Err(DeskError::Overtaken) => {}
                // The person was erased, the case ended or filled up in between, or the words cannot be kept as they are.
                Err(DeskError::Refused(refusal)) => {
                    let reason = match refusal.code {
                        "person_erased" => "erased",
                        "closed" => "case_ended",
                        "mail_too_many" => "too_many",
                        _ => "refused",
                    };
                    return self.keep_mail(&mail, reason, None, digest).await;
                }
                // What is wrong is not going to be right the next time, and others wait behind it.
                Err(error) if !error.is_temporary() => {
                    tracing::error!(%error, "a message could not be taken in and waits for a person");
                    return self.keep_mail(&mail, "refused", None, digest).await;
                }
                other => return other,
            }
        }
        Err(DeskError::Overtaken)
    }

    async fn register_mail(&self, mail: &Arc<Mail>, digest: [u8; 32]) -> Result<Taken, DeskError> {
        let caller = Caller::system(self.root());
        let now = self.time().now();
        let (prepared, files) = self.prepare_mail(&caller, mail, now, &[]).await?;
        let sender = mail.from.as_deref().unwrap_or_default();
        let sender: String = crate::vault::chunks::hex(&self.keyring().lookup_hash("email", sender));
        let receipts = self.ways().email && self.ways().reply.is_some() && !mail.automatic;
        self.db()
            .write(move |tx| {
                if !letterbox::take(tx, &digest, stored(now))? {
                    return Ok(Taken::Known);
                }
                let since = stored(now - SignedDuration::from_hours(24));
                if sign_in::count_attempt(tx, &format!("mail:{sender}"), stored(now), since)? > MOST_A_DAY {
                    return Err(Refusal::conflict("mail_too_many").into());
                }
                let number = write_registered(tx, &prepared, files)?;
                if receipts {
                    let sent = sign_in::count_attempt(tx, &format!("receipt:{sender}"), stored(now), since)?;
                    if sent <= MOST_RECEIPTS {
                        outbox::receipt(tx, prepared.case.id.0, stored(now))?;
                    }
                }
                Ok::<_, DeskError>(Taken::Registered(number))
            })
            .await
    }

    /// A registration of a message with its files, ready to be written.
    pub(super) async fn prepare_mail(
        &self,
        caller: &Caller,
        mail: &Mail,
        now: Timestamp,
        beside: &[(String, Vec<u8>)],
    ) -> Result<(Prepared, Vec<SealedWork>), DeskError> {
        let (words, mut files) = words(mail);
        files.extend(beside.iter().cloned());
        let intake = Intake::read(intake(mail, &words)).map_err(Refusal::invalid)?;
        let mut parted = intake.split(caller.actor.area.code());
        if parted.record.region.is_empty() {
            parted.record.region.clone_from(&self.ways().region);
        }
        // Our own server says when it came; what the message says of itself does not count.
        parted.received_at = mail.received_at.filter(|at| *at < now);
        let actor = caller.actor.id;
        let prepared = self.prepare_parted(caller, &parted, true, now, |decision, ctx| {
            Ok(domain::case::matter::registered(&crate::register::begun(decision, actor, now)?, ctx))
        });
        let (prepared, keys) = prepared.await?;
        let files = self.seal_files(&caller.actor, &keys, &files)?;
        Ok((prepared, files))
    }

    /// Files sealed for a case.
    pub(super) fn seal_files(
        &self,
        actor: &Actor,
        keys: &CaseKeys,
        files: &[(String, Vec<u8>)],
    ) -> Result<Vec<SealedWork>, DeskError> {
        files.iter().map(|(name, bytes)| self.seal_file(actor, keys, name, bytes)).collect()
    }

    async fn supplement_mail(&self, mail: &Arc<Mail>, keys: CaseKeys, digest: [u8; 32]) -> Result<Taken, DeskError> {
        let caller = Caller::system(self.root());
        let (words, files) = words(mail);
        let files = self.seal_files(&caller.actor, &keys, &files)?;
        let work = self.supplementing(&caller, CaseRef::Id(keys.case), words);
        let at = stored(work.now);
        self.db()
            .write(move |tx| {
                if !letterbox::take(tx, &digest, at)? {
                    return Ok(Taken::Known);
                }
                let number = write_supplement(tx, work, files)?;
                Ok::<_, DeskError>(Taken::Supplemented(number))
            })
            .await
    }

    pub(super) fn supplementing(&self, caller: &Caller, name: CaseRef, words: String) -> Work {
        let text = FreeText::Plain(words);
        let command = Command::Supplement(Supplement { text, channel: Some("email".to_owned()), urging: false });
        self.work(caller, name, None, command, None)
    }

    async fn report_mail(&self, mail: &Arc<Mail>, message: Uuid, digest: [u8; 32]) -> Result<Taken, DeskError> {
        let now = self.time().now();
        let (stage, why) = match mail.report {
            Some(Stage::Failed) => (Stage::Failed, Some(Why::CameBack)),
            Some(Stage::Delivered) => (Stage::Delivered, None),
            // That it takes longer changes nothing.
            _ => (Stage::Sent, None),
        };
        // First what it says, then that it was said: said twice it changes nothing.
        if !self.report_message(message, stage, why, now).await? {
            return self.keep_mail(mail, "report", None, digest).await;
        }
        self.db()
            .write(move |tx| {
                letterbox::take(tx, &digest, stored(now))?;
                Ok::<_, DeskError>(())
            })
            .await?;
        Ok(Taken::Reported)
    }

    async fn keep_mail(
        &self,
        mail: &Arc<Mail>,
        reason: &'static str,
        suggested: Option<Uuid>,
        digest: [u8; 32],
    ) -> Result<Taken, DeskError> {
        let (id, now) = (Uuid::now_v7(), self.time().now());
        let row = MailItemRow {
            id,
            reason: reason.to_owned(),
            state: String::new(),
            received_at: stored(mail.received_at.unwrap_or(now).min(now)),
            at: stored(now),
            sealed: Some(self.keyring().letterbox().seal(&mail.raw, &super::decide::place(id))?),
            size: i64::try_from(mail.raw.len()).unwrap_or(i64::MAX),
            suggested,
            case: None,
            decided_by: None,
            decided_at: None,
        };
        self.db()
            .write(move |tx| {
                let fresh = letterbox::take(tx, &digest, row.at)?;
                if fresh {
                    letterbox::insert_item(tx, &row)?;
                }
                Ok::<_, DeskError>(if fresh { Taken::Waits(reason) } else { Taken::Known })
            })
            .await
    }
}

/// Writes a registration with its files and gives the number of the case.
pub(super) fn write_registered(
    tx: &mut Tx<'_>,
    prepared: &Prepared,
    files: Vec<SealedWork>,
) -> Result<String, DeskError> {
    prepared.write(tx)?;
    for file in files {
        file.write(tx)?;
    }
    Ok(prepared.case.number.clone())
}

/// Writes a supplement with its files and gives the number of the case.
pub(super) fn write_supplement(tx: &mut Tx<'_>, work: Work, files: Vec<SealedWork>) -> Result<String, DeskError> {
    let Outcome::Done(case, _) = work.carry_out(tx)? else { return Err(DeskError::Overtaken) };
    for file in files {
        file.write(tx)?;
    }
    Ok(case.number)
}

/// Where a message leads, by what can be proved about it.
fn whither(desk: &Desk, tx: &mut Tx<'_>, mail: &Mail, digest: &[u8]) -> Result<Whither, DeskError> {
    if letterbox::known(tx, digest)? {
        return Ok(Whither::Known);
    }
    if let Some(doubt) = mail.doubt {
        // Reasons stand in one list, which has words for each.
        let known = REASONS.iter().find(|reason| **reason == doubt);
        return Ok(Whither::Wait(known.copied().unwrap_or("unreadable"), None));
    }
    let mut named: Vec<Named> = Vec::new();
    let mut forged = false;
    for address in &mail.to {
        match desk.read_address(address) {
            Some(Ok(one)) if !named.contains(&one) => named.push(one),
            Some(Ok(_)) | None => {}
            Some(Err(())) => forged = true,
        }
    }
    let wait = |reason| Ok(Whither::Wait(reason, None));
    match named.as_slice() {
        [Named::Message(message)] if mail.report.is_some() => return Ok(Whither::Report(*message)),
        [Named::Message(_)] => return wait(if mail.automatic { "automatic" } else { "report" }),
        [Named::Case(case)] => return answer(desk, tx, mail, *case),
        [] if forged => return wait("forged_address"),
        [] => {}
        _ => return wait("several_cases"),
    }
    if mail.automatic {
        return wait("automatic");
    }
    if mail.files.iter().any(|(_, bytes)| bytes.len() as u64 > LARGEST) {
        return wait("large_file");
    }
    // A number proves nothing: everybody may write one. It only says where a person might look.
    for number in numbers(&mail.subject) {
        if let Some(case) = cases::id_by_number(tx, &number)? {
            return Ok(Whither::Wait("names_case", Some(case)));
        }
    }
    Ok(Whither::Register)
}

/// What answers to the signed address of a case: a supplement where the sender is the one the case knows.
fn answer(desk: &Desk, tx: &mut Tx<'_>, mail: &Mail, case: CaseId) -> Result<Whither, DeskError> {
    let wait = |reason| Ok(Whither::Wait(reason, Some(case.0)));
    let Some(row) = cases::by_id(tx, case.0)? else { return Ok(Whither::Wait("unknown_case", None)) };
    let Some(person) = vault::person(tx, row.person)? else { return wait("erased") };
    let keys = match load::open_keys(desk.master(), &row, person.wrapped_key.as_deref()) {
        Err(DeskError::Cipher(CipherError::Erased)) => return wait("erased"),
        other => other?,
    };
    if mail.automatic {
        return wait("automatic");
    }
    let Some(sealed) = person.identity else { return wait("erased") };
    let identity = person::open(PersonId(row.person), &keys.person, &sealed)?;
    let known = identity.email.map(|email| email.trim().to_lowercase());
    if known.is_none() || known != mail.from {
        return wait("other_sender");
    }
    if !row.open {
        return wait("case_ended");
    }
    if mail.files.iter().any(|(_, bytes)| bytes.len() as u64 > LARGEST) {
        return wait("large_file");
    }
    Ok(Whither::Supplement(Box::new(keys)))
}

/// Numbers of cases in a line.
fn numbers(line: &str) -> Vec<String> {
    let words = line.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-');
    let numbers = words.filter_map(|word| word.parse::<ComplaintNumber>().ok());
    numbers.take(MOST_NAMED).map(|number| number.to_string()).collect()
}

/// The words of a message as a case takes them, and its files; what is too long goes along whole as a file.
pub(super) fn words(mail: &Mail) -> (String, Vec<(String, Vec<u8>)>) {
    let mut files = mail.files.clone();
    let mut words = mail.text.clone();
    if words.chars().count() > MOST_WORDS {
        files.insert(0, ("message.txt".to_owned(), words.clone().into_bytes()));
        words = words.chars().take(MOST_WORDS - 1).chain(std::iter::once('…')).collect();
    }
    if words.is_empty() {
        words = if mail.subject.is_empty() { "—".to_owned() } else { mail.subject.clone() };
    }
    (words, files)
}

fn intake(mail: &Mail, words: &str) -> Value {
    let subject: String = mail.subject.chars().take(200).collect();
    let name = mail.name.clone().or_else(|| Some(mail.from.as_deref()?.split('@').next()?.to_owned()));
    let mut intake = json!({"kind": "complaint", "accept_channel": "email", "description": words});
    if let Some(object) = intake.as_object_mut() {
        if !subject.is_empty() {
            object.insert("subject".to_owned(), json!(subject));
        }
        let complainant = match (&mail.from, name) {
            (Some(from), Some(name)) => json!({"name": name, "email": from, "preferred_mode": "email"}),
            _ => json!({"anonymous": true}),
        };
        object.insert("complainant".to_owned(), complainant);
    }
    intake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_where_they_are_right() {
        let right = ComplaintNumber { day: "2026-11-24".parse().unwrap(), seq: 1 }.to_string();
        assert_eq!(numbers(&format!("Re: [{right}] refund")), [right]);
        assert!(numbers("Re: TS-20261124-000001-0 TS-1").is_empty() || numbers("TS-1").is_empty());
    }

    #[test]
    fn what_is_too_long_goes_along_as_a_file() {
        let mail = Mail { text: "长".repeat(MOST_WORDS + 5), ..Mail::default() };
        let (words, files) = words(&mail);
        assert_eq!(words.chars().count(), MOST_WORDS);
        assert_eq!(files.first().map(|(name, bytes)| (name.as_str(), bytes.len())), Some(("message.txt", 3 * 10_005)));
    }
}
