//! Taking records in: everything is held against its shape and sense before the first is written, and each is written with
//! its entry of the ledger, or not at all because it says nothing new.

use super::{PRODUCT, Product, month_number};
use crate::administration::{self, Change};
use crate::caller::Caller;
use crate::error::DeskError;
use crate::kept;
use crate::sheet::{self, Row};
use crate::time::{moment, stored};
use crate::{Desk, Permission, permissions};
use domain::actor::{Actor, ActorId};
use domain::fault::Fault;
use domain::network::exposure::{self, Exposure};
use domain::network::{self as facts, Fact};
use domain::refusal::Refusal;
use domain::shape::{self, Field};
use domain::text::nobody::nobodys;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;
use store::{ExposureRow, NetworkFactRow, ProductRow, Tx, network};
use uuid::Uuid;

/// Most faults told.
const MOST_FAULTS: usize = 200;

/// What a record is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordKind {
    /// A fact of the network.
    NetworkFacts,
    /// A product of the operator's own.
    Products,
    /// Users of a month.
    Exposures,
}

impl RecordKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::NetworkFacts, Self::Products, Self::Exposures];

    /// The stable code, as it stands in addresses and on the command line.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NetworkFacts => "network-facts",
            Self::Products => "products",
            Self::Exposures => "exposures",
        }
    }

    /// The kind of a code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// Shape of a record.
    #[must_use]
    pub const fn fields(self) -> &'static [Field] {
        match self {
            Self::NetworkFacts => facts::FIELDS,
            Self::Products => PRODUCT,
            Self::Exposures => exposure::FIELDS,
        }
    }

    /// What it takes to say one.
    #[must_use]
    pub const fn permission(self) -> Permission {
        match self {
            Self::NetworkFacts => permissions::RECORD_NETWORK_FACTS,
            Self::Products => permissions::RECORD_CATALOGUE,
            Self::Exposures => permissions::RECORD_EXPOSURES,
        }
    }
}

/// What became of records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Nobody had said them before.
    pub new: usize,
    /// They said otherwise before.
    pub corrected: usize,
    /// They said the same before.
    pub same: usize,
    /// Whether nothing was written.
    pub dry_run: bool,
    /// The record, where there was one alone.
    pub id: Option<Uuid>,
}

/// What a system says under one number, at any number of places.
#[derive(Clone, Debug)]
pub struct AtPlaces {
    /// The system.
    pub source: String,
    /// Its number.
    pub number: String,
    /// A fact for each place.
    pub facts: Vec<Value>,
    /// Whether the beginning is a guess.
    pub undated: bool,
    /// Whether no place is named; then there is one fact, without number and region.
    pub anywhere: bool,
}

/// What the ledger keeps of a record.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Said {
    pub(super) said: String,
}

/// A record ready to be written.
#[derive(Clone, Debug)]
enum Record {
    Fact(Box<Fact>),
    Product(Product),
    Exposure(i64, Exposure),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Became {
    New,
    Corrected,
    Same,
}

impl Desk {
    /// Takes one record in.
    ///
    /// # Errors
    /// Every fault of it; a refusal when the caller may not.
    pub async fn take_record(&self, caller: &Caller, kind: RecordKind, value: Value) -> Result<Taken, DeskError> {
        self.take_rows(caller, kind, vec![Row::alone(value)], false).await
    }

    /// Takes the rows of a CSV file in, in one transaction; a file with a fault is taken in not at all.
    ///
    /// # Errors
    /// Every fault with line and column; a refusal when the caller may not.
    pub async fn take_sheet(
        &self,
        caller: &Caller,
        kind: RecordKind,
        text: &str,
        dry_run: bool,
    ) -> Result<Taken, DeskError> {
        kind.permission().require(caller)?;
        self.take_rows(caller, kind, sheet::read(text, kind.fields())?, dry_run).await
    }

    async fn take_rows(
        &self,
        caller: &Caller,
        kind: RecordKind,
        rows: Vec<Row>,
        dry_run: bool,
    ) -> Result<Taken, DeskError> {
        kind.permission().require(caller)?;
        // The catalogue is the whole installation's.
        if kind == RecordKind::Products && !caller.actor.area.code().is_empty() {
            return Err(Refusal::conflict("rules_are_everywhere").with("area", caller.actor.area.code()).into());
        }
        let now = self.time().now();
        let records = read_all(kind, rows, caller, now)?;
        let alone = records.len() == 1;
        let mut taken = Taken { dry_run, ..Taken::default() };
        let (by, at) = (caller.actor.clone(), stored(now));
        let look = move |tx: &mut Tx<'_>| {
            let mut became = Vec::with_capacity(records.len());
            for record in &records {
                became.push(record.put(tx, &by, at, dry_run)?);
            }
            Ok::<_, DeskError>(became)
        };
        let became = if dry_run { self.db().read(look).await? } else { self.db().write(look).await? };
        for (one, id) in became {
            match one {
                Became::New => taken.new += 1,
                Became::Corrected => taken.corrected += 1,
                Became::Same => taken.same += 1,
            }
            taken.id = Some(id).filter(|_| alone && !dry_run);
        }
        Ok(taken)
    }

    /// Takes in all that a system says under one number: a fact for each place, numbered `NUMBER/REGION`. What it said of
    /// other places under that number before is withdrawn. What it leaves out now stays as it is known: the beginning where
    /// it is `undated`, and with `anywhere` the places; there its one fact has neither number nor region. False when it names
    /// no place and none is known.
    ///
    /// # Errors
    /// Every fault; a refusal when the caller may not.
    pub async fn take_fact_at_places(&self, caller: &Caller, said: AtPlaces) -> Result<bool, DeskError> {
        let kind = RecordKind::NetworkFacts;
        kind.permission().require(caller)?;
        let (caller, now) = (caller.clone(), self.time().now());
        self.db()
            .write(move |tx| {
                let known = network::parts(tx, &said.source, &said.number)?;
                let mine = |row: &&NetworkFactRow| caller.actor.area.covers(&row.region);
                // A number that begins anew after its end is another matter than the one before.
                let ends = said.facts.iter().any(|fact| fact.get("to").is_some());
                let lasting = |row: &&NetworkFactRow| mine(row) && !row.withdrawn && (ends || row.ended == i64::MAX);
                let lasting: Vec<&NetworkFactRow> = known.iter().filter(lasting).collect();
                let facts = match (said.anywhere, said.facts.first()) {
                    (true, Some(fact)) => lasting.iter().map(|row| at_place(fact, row)).collect(),
                    _ => said.facts,
                };
                if facts.is_empty() {
                    return Ok(false);
                }
                let mut records = read_all(kind, facts.into_iter().map(Row::alone).collect(), &caller, now)?;
                if said.undated {
                    for record in &mut records {
                        record.begin(&lasting, now)?;
                    }
                }
                let named: BTreeSet<String> = records.iter().map(Record::name).collect();
                for row in known.iter().filter(mine) {
                    let mut fact: Fact = kept::read(&row.body)?;
                    fact.withdrawn = true;
                    let record = Record::Fact(Box::new(fact));
                    if !named.contains(&record.name()) {
                        record.put(tx, &caller.actor, stored(now), false)?;
                    }
                }
                for record in &records {
                    record.put(tx, &caller.actor, stored(now), false)?;
                }
                Ok::<_, DeskError>(true)
            })
            .await
    }

    /// Ends what a system said under one number, wherever that was; what was never said is not said now either. `sure` says
    /// that the end is known and no guess: only such an end corrects one that was said before. What a guess ends before it
    /// began, such as works that were planned, is withdrawn.
    ///
    /// # Errors
    /// `before_start`; a refusal when the caller may not.
    pub async fn end_fact_at_places(
        &self,
        caller: &Caller,
        (source, number): (String, String),
        to: Timestamp,
        sure: bool,
    ) -> Result<(), DeskError> {
        RecordKind::NetworkFacts.permission().require(caller)?;
        let (caller, now) = (caller.clone(), self.time().now());
        self.db()
            .write(move |tx| {
                for row in network::parts(tx, &source, &number)? {
                    let mut fact: Fact = kept::read(&row.body)?;
                    let ends = !fact.withdrawn && (sure || fact.to.is_none());
                    if ends && caller.actor.area.covers(&row.region) {
                        if !sure && to <= fact.from {
                            fact.withdrawn = true;
                        } else {
                            fact.to = Some(to);
                        }
                        fact.check(now)?;
                        Record::Fact(Box::new(fact)).put(tx, &caller.actor, stored(now), false)?;
                    }
                }
                Ok::<_, DeskError>(())
            })
            .await
    }
}

/// A fact at a place that is known.
fn at_place(fact: &Value, known: &NetworkFactRow) -> Value {
    let mut fact = fact.clone();
    if let Some(members) = fact.as_object_mut() {
        members.insert("number".to_owned(), known.number.as_str().into());
        members.insert("region".to_owned(), known.region.as_str().into());
        if let Ok(Fact { place: Some(place), .. }) = serde_json::from_str(&known.body) {
            members.insert("place".to_owned(), place.into());
        }
    }
    fact
}

/// Rows as records, or everything that is wrong with them.
fn read_all(kind: RecordKind, rows: Vec<Row>, caller: &Caller, now: jiff::Timestamp) -> Result<Vec<Record>, Refusal> {
    let (mut records, mut faults, mut known) = (Vec::with_capacity(rows.len()), Vec::new(), BTreeSet::new());
    for row in rows {
        match read(kind, &row, caller, now) {
            Ok(record) if !known.insert(record.name()) => {
                faults.push(row.fault(Fault::new(record.key(), "given_twice")));
            }
            Ok(record) => records.push(record),
            Err(found) => faults.extend(found.into_iter().map(|fault| row.fault(fault))),
        }
        if faults.len() >= MOST_FAULTS {
            break;
        }
    }
    if faults.is_empty() { Ok(records) } else { Err(Refusal::invalid(faults)) }
}

/// A row as a record, or everything that is wrong with it.
fn read(kind: RecordKind, row: &Row, caller: &Caller, now: jiff::Timestamp) -> Result<Record, Vec<Fault>> {
    let value = shape::check(row.value.clone(), kind.fields())?;
    let area = &caller.actor.area;
    let within = |region: &str| match area.covers(region) {
        true => Ok(()),
        false => Err(vec![Fault::new("region", "outside_area").with("area", area.code())]),
    };
    match kind {
        RecordKind::NetworkFacts => {
            let fact: Fact = typed(value)?;
            fact.check(now).map_err(|refusal| refusal.faults)?;
            within(&fact.region)?;
            Ok(Record::Fact(Box::new(fact)))
        }
        RecordKind::Products => {
            let product: Product = typed(value)?;
            // Days sort as they are written.
            if product.since.as_ref().zip(product.until.as_ref()).is_some_and(|(since, until)| until < since) {
                return Err(vec![Fault::new("until", "before_start")]);
            }
            let texts = [("code", &product.code), ("zh", &product.zh), ("en", &product.en)];
            nobodys(texts.map(|(name, text)| (name.to_owned(), Some(text.as_str()))))
                .map_err(|refusal| refusal.faults)?;
            Ok(Record::Product(product))
        }
        RecordKind::Exposures => {
            let exposure: Exposure = typed(value)?;
            let month = month_number("month", &exposure.month).map_err(|fault| vec![fault])?;
            within(&exposure.region)?;
            Ok(Record::Exposure(month, exposure))
        }
    }
}

fn typed<T: DeserializeOwned>(value: Value) -> Result<T, Vec<Fault>> {
    serde_json::from_value(value).map_err(|_| vec![Fault::new("", "unreadable")])
}

impl Record {
    /// What tells it from others of its kind.
    fn name(&self) -> String {
        match self {
            Self::Fact(fact) => format!("{}\n{}", fact.source, fact.number),
            Self::Product(product) => product.code.clone(),
            Self::Exposure(month, exposure) => format!("{month}\n{}", exposure.region),
        }
    }

    /// Takes over when what is known began: of this fact, or of others that are the same matter elsewhere.
    fn begin(&mut self, known: &[&NetworkFactRow], now: Timestamp) -> Result<(), Refusal> {
        let Self::Fact(fact) = self else { return Ok(()) };
        let own = known.iter().find(|row| row.number == fact.number).map(|row| row.began);
        if let Some(began) = own.or_else(|| known.iter().map(|row| row.began).min()) {
            fact.from = moment(began);
            fact.check(now)?;
        }
        Ok(())
    }

    /// The field that does.
    fn key(&self) -> &'static str {
        match self {
            Self::Fact(_) => "number",
            Self::Product(_) => "code",
            Self::Exposure(..) => "month",
        }
    }

    /// Writes it with its entry, unless it says nothing new or nothing is to be written.
    ///
    /// # Errors
    /// `outside_area` where a fact of this source and number lies beyond the caller's area, whatever it says; else those of
    /// the database.
    fn put(&self, tx: &mut Tx<'_>, by: &Actor, at: i64, dry_run: bool) -> Result<(Became, Uuid), DeskError> {
        let actor = by.id;
        match self {
            Self::Fact(fact) => {
                let before = network::by_number(tx, &fact.source, &fact.number)?;
                if before.as_ref().is_some_and(|row| !by.area.covers(&row.region)) {
                    let fault = Fault::new("number", "outside_area").with("area", by.area.code());
                    return Err(Refusal::from(fault.with("number", &fact.number)).into());
                }
                let said = kept::written(fact)?;
                let (became, id, revision) = match &before {
                    None => (Became::New, Uuid::now_v7(), 1),
                    Some(row) if row.body == said => return Ok((Became::Same, row.id)),
                    Some(row) => (Became::Corrected, row.id, row.revision + 1),
                };
                if dry_run {
                    return Ok((became, id));
                }
                let row = NetworkFactRow {
                    id,
                    source: fact.source.clone(),
                    number: fact.number.clone(),
                    kind: fact.fact.clone(),
                    region: fact.region.clone(),
                    product: fact.product.clone().unwrap_or_default(),
                    began: stored(fact.from),
                    ended: fact.to.map_or(i64::MAX, stored),
                    users: fact.users.unwrap_or(0),
                    down: fact.minutes_down.unwrap_or(0),
                    withdrawn: fact.withdrawn,
                    revision,
                    body: said.clone(),
                    recorded_at: at,
                    recorded_by: actor.to_string(),
                };
                network::put(tx, &row)?;
                log(tx, id, actor, at, "record-network-facts", said)?;
                Ok((became, id))
            }
            Self::Product(product) => {
                let before = network::product(tx, &product.code)?;
                let fresh = |id, revision| ProductRow {
                    code: product.code.clone(),
                    id,
                    line: product.line.clone(),
                    zh: product.zh.clone(),
                    en: product.en.clone(),
                    since: product.since.clone().unwrap_or_default(),
                    until: product.until.clone().unwrap_or_default(),
                    revision,
                    recorded_at: at,
                };
                let (became, row) = match &before {
                    None => (Became::New, fresh(Uuid::now_v7(), 1)),
                    Some(row) if fresh(row.id, row.revision) == (ProductRow { recorded_at: at, ..row.clone() }) => {
                        return Ok((Became::Same, row.id));
                    }
                    Some(row) => (Became::Corrected, fresh(row.id, row.revision + 1)),
                };
                if !dry_run {
                    network::put_product(tx, &row)?;
                    log(tx, row.id, actor, at, "record-catalogue", kept::written(product)?)?;
                }
                Ok((became, row.id))
            }
            Self::Exposure(month, exposure) => {
                let before = network::exposure(tx, *month, &exposure.region)?;
                let (became, id, revision) = match &before {
                    None => (Became::New, Uuid::now_v7(), 1),
                    Some(row) if row.users == exposure.users => return Ok((Became::Same, row.id)),
                    Some(row) => (Became::Corrected, row.id, row.revision + 1),
                };
                if !dry_run {
                    let (month, region, users) = (*month, exposure.region.clone(), exposure.users);
                    network::put_exposure(tx, &ExposureRow { month, region, id, users, revision, recorded_at: at })?;
                    let said = format!("{} {} {users}", exposure.month, exposure.region);
                    log(tx, id, actor, at, "record-exposures", said)?;
                }
                Ok((became, id))
            }
        }
    }
}

fn log(
    tx: &mut Tx<'_>,
    subject: Uuid,
    actor: ActorId,
    at: i64,
    verb: &'static str,
    said: String,
) -> Result<(), DeskError> {
    administration::record(tx, subject, actor, at, &Change::new(verb).with("said", said))
}
