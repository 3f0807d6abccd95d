//! Certificates of erasure: what was erased, when, by whose decision and why, and what is kept all the same; never anything
//! personal. Signed with the key of the checkpoints, so that anybody can verify one without our server.
//!
//! What is signed is the member `certificate` of the file as JSON without spaces, its keys sorted, in UTF-8, behind a line
//! that no other signature of an installation begins with.

use super::judge::Looked;
use crate::activation::person as staff;
use crate::caller::Caller;
use crate::error::DeskError;
use crate::kept;
use crate::time::moment;
use crate::vault::chunks::hex;
use crate::{Desk, permissions};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::refusal::Refusal;
use domain::retention::Ground;
use ed25519_dalek::{Signature, VerifyingKey};
use jiff::Timestamp;
use serde_json::{Value, json};
use store::{CertificateRow, PlanRow, Tx, retention, vault};
use uuid::Uuid;

/// What a certificate calls itself.
pub const FORMAT: &str = "redress erasure certificate 1";

/// What stays after an erasure, and why; the words stand in the locales.
pub const RETAINED: &[&str] =
    &["log", "compensation", "access_log", "tombstone", "statistics", "other_numbers", "backups"];

/// Why somebody is erased.
pub(crate) enum Cause<'c> {
    /// A plan is carried out.
    Plan {
        /// The plan.
        plan: &'c PlanRow,
        /// What the person is due by.
        ground: Ground,
    },
    /// Somebody decided by themselves.
    Hand {
        /// Who.
        by: &'c Caller,
        /// Why, in words without personal data.
        reason: &'c str,
        /// The request of the person, where there is one.
        request: Option<String>,
    },
}

/// What is counted before it is gone: one object a case, and the sums.
pub(crate) struct Counts {
    cases: Vec<Value>,
    totals: Value,
}

/// Counts what belongs to a person.
pub(crate) fn count(tx: &mut Tx<'_>, looked: &[Looked]) -> Result<Counts, DeskError> {
    const CLASSES: [&str; 5] = ["entries", "texts", "identifiers", "attachments", "letters"];
    let mut sums = [0_usize; CLASSES.len()];
    let mut cases = Vec::new();
    for one in looked {
        let case = &one.loaded.case;
        let mut entries = one.loaded.entries.clone();
        let sealed: Vec<usize> =
            entries.iter_mut().map(|entry| entry.events.iter_mut().map(|event| event.texts().len()).sum()).collect();
        let counts = [
            sealed.iter().filter(|texts| **texts > 0).count(),
            sealed.iter().sum(),
            vault::items(tx, one.loaded.row.id)?.len(),
            case.attachments.len(),
            case.letters.iter().filter(|letter| letter.issued.is_some()).count(),
        ];
        let mut shown = json!({
            "number": case.number,
            "received_at": case.received_at.to_string(),
            "ended_at": case.closed_at.unwrap_or(case.changed_at).to_string(),
        });
        for ((class, count), sum) in CLASSES.iter().zip(counts).zip(&mut sums) {
            *sum += count;
            put(&mut shown, class, json!(count));
        }
        cases.push(shown);
    }
    let mut totals = json!({"cases": cases.len()});
    for (class, sum) in CLASSES.iter().zip(sums) {
        put(&mut totals, class, json!(sum));
    }
    Ok(Counts { cases, totals })
}

fn put(object: &mut Value, name: &str, value: Value) {
    if let Some(object) = object.as_object_mut() {
        object.insert(name.to_owned(), value);
    }
}

/// Writes and signs the certificate of an erasure and gives its number. `hash` is that of the entry in the ledger of
/// administration that says the same.
pub(crate) fn issue(
    desk: &Desk,
    tx: &mut Tx<'_>,
    person: Uuid,
    at: i64,
    cause: &Cause<'_>,
    counts: Counts,
    hash: &[u8],
) -> Result<i64, DeskError> {
    let n = retention::next_certificate(tx)?;
    let mut said = json!({
        "format": FORMAT,
        "number": n,
        "erased_at": moment(at).to_string(),
        "person": person.to_string(),
        "cases": counts.cases,
        "erased": counts.totals,
        "retained": RETAINED,
        "ledger_entry": hex(hash),
    });
    let plan = match cause {
        Cause::Plan { plan, ground } => {
            put(&mut said, "ground", ground_of(desk, ground));
            put(&mut said, "plan", json!({"id": plan.id.to_string(), "hash": plan.hash}));
            let mut decided = vec![step(tx, "planned", &plan.made_by, Some(plan.made_at))?];
            if let Some(by) = &plan.decided_by {
                decided.push(step(tx, "approved", by, plan.decided_at)?);
            }
            put(&mut said, "decided", Value::Array(decided));
            Some(plan.id)
        }
        Cause::Hand { by, reason, request } => {
            let ground = match request {
                Some(case) => json!({"kind": "request", "case": case, "reason": reason}),
                None => json!({"kind": "by_hand", "reason": reason}),
            };
            put(&mut said, "ground", ground);
            let decided = step(tx, "decided", &by.actor.id.to_string(), Some(at))?;
            put(&mut said, "decided", json!([decided]));
            None
        }
    };
    let body = said.to_string();
    let ring = desk.keyring();
    let row = CertificateRow {
        n,
        person,
        plan,
        at,
        signature: ring.sign(&message(&body)).to_vec(),
        public_key: ring.public_key().to_bytes().to_vec(),
        body,
    };
    retention::insert_certificate(tx, &row)?;
    Ok(n)
}

fn step(tx: &mut Tx<'_>, step: &str, by: &str, at: Option<i64>) -> Result<Value, DeskError> {
    let known = staff(tx, by)?;
    Ok(json!({"step": step, "by": by, "name": known.name, "at": at.map(|at| moment(at).to_string())}))
}

/// The ground with the rule's source and how sure it is.
fn ground_of(desk: &Desk, ground: &Ground) -> Value {
    let Ground::Maximum { limit } = ground else {
        return serde_json::to_value(ground).unwrap_or_default();
    };
    let mut said = json!({
        "kind": "maximum", "rule": limit.rule, "pack": limit.pack, "version": limit.version,
        "ran_out_at": limit.at.to_string(),
    });
    let packs = desk.library().packs();
    let pack = packs.iter().find(|pack| pack.id() == limit.pack && pack.version() == limit.version);
    let rule = pack.and_then(|pack| Some((pack, pack.retentions().iter().find(|rule| rule.head.id == limit.rule)?)));
    if let Some((pack, rule)) = rule {
        put(&mut said, "title", json!(rule.head.title));
        put(&mut said, "layer", json!(rule.head.layer.code()));
        put(&mut said, "basis", json!(rule.head.basis().code()));
        put(&mut said, "confidence", json!(rule.head.confidence().code()));
        put(&mut said, "source", json!(pack.source(&rule.head.standing.source).map(|source| &source.title)));
    }
    said
}

/// What the signature of a certificate covers.
fn message(body: &str) -> Vec<u8> {
    [b"redress erasure certificate 1\n", body.as_bytes()].concat()
}

/// A certificate.
#[derive(Clone, Debug, PartialEq)]
pub struct Certificate {
    /// Its number.
    pub n: i64,
    /// When the person was erased.
    pub at: Timestamp,
    /// What it says.
    pub said: Value,
    /// Signature, base64.
    pub signature: String,
    /// The key to verify it with, base64.
    pub public_key: String,
}

impl Certificate {
    fn of(row: CertificateRow) -> Result<Self, DeskError> {
        Ok(Self {
            n: row.n,
            at: moment(row.at),
            said: kept::read(&row.body)?,
            signature: STANDARD.encode(row.signature),
            public_key: STANDARD.encode(row.public_key),
        })
    }

    /// The file for handing over.
    #[must_use]
    pub fn file(&self) -> Value {
        json!({"certificate": self.said, "signature": self.signature, "public_key": self.public_key})
    }
}

/// Why a certificate does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// It is no file of this kind.
    Unreadable,
    /// What it says is not what was signed.
    Signature,
    /// It is signed with another key than the one expected.
    Key,
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Unreadable => "this is no certificate of erasure",
            Self::Signature => "the signature does not fit what the certificate says",
            Self::Key => "the certificate is signed with another key than the one given",
        })
    }
}

/// Verifies the file of a certificate without any server, and gives what it says. `expected` is the installation's key,
/// base64; without it the file only proves that it fits itself.
///
/// # Errors
/// Why it does not hold.
pub fn verify(text: &str, expected: Option<&str>) -> Result<Value, Broken> {
    let file: Value = serde_json::from_str(text).map_err(|_| Broken::Unreadable)?;
    let member = |name: &str| file.get(name).and_then(Value::as_str).ok_or(Broken::Unreadable);
    let said = file.get("certificate").ok_or(Broken::Unreadable)?;
    if said.get("format").and_then(Value::as_str) != Some(FORMAT) {
        return Err(Broken::Unreadable);
    }
    let public = member("public_key")?;
    if expected.is_some_and(|expected| expected != public) {
        return Err(Broken::Key);
    }
    let bytes = |text: &str| STANDARD.decode(text).map_err(|_| Broken::Unreadable);
    let key: [u8; 32] = bytes(public)?.try_into().map_err(|_| Broken::Unreadable)?;
    let key = VerifyingKey::from_bytes(&key).map_err(|_| Broken::Unreadable)?;
    let signature: [u8; 64] = bytes(member("signature")?)?.try_into().map_err(|_| Broken::Unreadable)?;
    let holds = key.verify_strict(&message(&said.to_string()), &Signature::from_bytes(&signature));
    holds.map(|()| said.clone()).map_err(|_| Broken::Signature)
}

impl Desk {
    /// A certificate by its number.
    ///
    /// # Errors
    /// `not_found`, or if the caller may not see it.
    pub async fn certificate(&self, caller: &Caller, n: i64) -> Result<Certificate, DeskError> {
        permissions::READ_RETENTION.require(caller)?;
        super::everywhere(caller)?;
        let found = self.db().read(move |tx| Ok::<_, DeskError>(retention::certificate(tx, n)?)).await?;
        Certificate::of(found.ok_or_else(Refusal::not_found)?)
    }

    /// The certificates before a number, newest first, at most a hundred.
    ///
    /// # Errors
    /// If the caller may not see them.
    pub async fn certificates(&self, caller: &Caller, before: Option<i64>) -> Result<Vec<Certificate>, DeskError> {
        permissions::READ_RETENTION.require(caller)?;
        super::everywhere(caller)?;
        let before = before.unwrap_or(i64::MAX);
        let rows = self.db().read(move |tx| Ok::<_, DeskError>(retention::certificates(tx, before, 100)?)).await?;
        rows.into_iter().map(Certificate::of).collect()
    }
}
