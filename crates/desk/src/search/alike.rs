//! Cases like another one by their words: ended ones for whoever works on a case, with what was done there and how it
//! ended, and, while somebody is being registered, cases that say nearly the same.

use super::ask::Field;
use super::index::{Findable, Rank, Reader, Weighed};
use super::sources::{self, Fresh};
use super::{read, terms};
use crate::caller::Caller;
use crate::error::DeskError;
use crate::load::{self, CaseRef};
use crate::{Desk, permissions};
use domain::audit::chain::Ledger;
use domain::case::compensation::Standing;
use domain::case::remedy::Kind as RemedyKind;
use domain::case::{Case, State};
use domain::event::Satisfaction;
use domain::free_text::FreeText;
use domain::ids::CaseId;
use domain::money::Money;
use jiff::Timestamp;
use std::collections::BTreeSet;
use store::{CaseRow, ListQuery, Tx, cases, entries};
use tantivy::query::Query;

/// Cases shown at most.
const SHOWN: usize = 5;
/// Cases looked at closely to find those.
const LOOKED_AT: usize = 12;
/// Words shown that two cases share.
const SHARED: usize = 6;
/// Characters shown of what a customer was told.
const LONG: usize = 400;

/// Why a case is like another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// Words both have.
    Words(Vec<String>),
    /// The same category.
    Category,
    /// The same family of categories.
    Family,
    /// The same product line.
    Product,
    /// The same province.
    Region,
    /// A remedy of the same kind.
    Remedy,
}

impl Why {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Words(_) => "words",
            Self::Category => "category",
            Self::Family => "family",
            Self::Product => "product",
            Self::Region => "region",
            Self::Remedy => "remedy",
        }
    }

    /// Every code.
    pub const CODES: [&'static str; 6] = ["words", "category", "family", "product", "region", "remedy"];
}

/// An ended case like another one.
#[derive(Clone, Debug)]
pub struct Alike {
    /// The case.
    pub id: CaseId,
    /// Number for people.
    pub number: String,
    /// Leaf of the category tree.
    pub category: Option<String>,
    /// Where it happened.
    pub region: String,
    /// First receipt.
    pub received_at: Timestamp,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// Why it is shown.
    pub why: Vec<Why>,
    /// What came out, masked; none where the person was erased.
    pub outcome: Option<String>,
    /// What the customer was told last, masked.
    pub reply: Option<String>,
    /// Leaf of the cause tree.
    pub cause: Option<String>,
    /// What the customer got: kind, sum where it is money, where it stands.
    pub remedies: Vec<(RemedyKind, Option<Money>, Standing)>,
    /// What the customer said last.
    pub satisfied: Option<Satisfaction>,
    /// What somebody who worked on this case said of it: whether it helped.
    pub useful: Option<bool>,
}

/// Cases like another one.
#[derive(Clone, Debug)]
pub struct AlikeAnswer {
    /// The nearest first.
    pub items: Vec<Alike>,
    /// Whether the index they were found in lies close behind the log, or all cases were looked through without one.
    pub complete: bool,
}

impl Desk {
    /// Ended cases like one, as far as the caller may see them.
    ///
    /// # Errors
    /// `not_found` when there is none the caller may see; an error of the database.
    pub async fn similar_cases(&self, caller: &Caller, name: &CaseRef) -> Result<AlikeAnswer, DeskError> {
        permissions::READ_CASES.require(caller)?;
        let (desk, actor, reader, name) = (self.clone(), caller.actor.clone(), Reader::of(caller), name.clone());
        self.db()
            .read(move |tx| {
                let (row, _) = load::find_for(tx, &name, &actor)?;
                let log = entries::of(tx, row.id, Ledger::Case.code())?;
                let case = load::from_rows(row.clone(), &log)?.case;
                let one = read::findable(&desk, tx, row, &log)?;
                answer(&desk, tx, &one, &case, &reader)
            })
            .await
    }
}

fn answer(
    desk: &Desk,
    tx: &mut Tx<'_>,
    one: &Findable,
    case: &Case,
    reader: &Reader,
) -> Result<AlikeAnswer, DeskError> {
    let shape = &desk.search_state().shape;
    let near = ListQuery { states: vec!["closed".to_owned()], ..reader.list() };
    let mut words = Vec::new();
    let near = (&near, Fresh::Lately);
    let (hits, complete) = sources::find(desk, tx, near, (Rank::Relevance, LOOKED_AT), |sources| {
        words = shape.telling(sources.searchers(), &one.words)?;
        Ok(Box::new(shape.like(one, &words, reader)) as Box<dyn Query>)
    })?;
    let mut items = Vec::new();
    for hit in hits.into_iter().take(LOOKED_AT) {
        let Some(row) = cases::by_id(tx, hit.id)? else { continue };
        let log = entries::of(tx, row.id, Ledger::Case.code())?;
        // One that cannot be read is nobody's example.
        let Ok(other) = load::from_rows(row.clone(), &log) else { continue };
        let other = other.case;
        // It may have been taken up again since the index saw it.
        if other.state != State::Closed {
            continue;
        }
        let keys = read::keys_of(desk, tx, &row)?;
        let found = read::findable(desk, tx, row, &log)?;
        // Or whose words they were was erased since.
        if found.words.is_empty() {
            continue;
        }
        let shown = |place: &str, text: &FreeText| {
            let opened = keys.as_ref().and_then(|keys| read::words(keys, place, text).ok());
            opened.map(|words| cut(&words))
        };
        let outcome = other.proposal.as_ref().filter(|_| other.approved);
        let came_out = CameOut {
            outcome: outcome.and_then(|proposal| shown("outcome", &proposal.outcome)),
            reply: other.reply.as_ref().and_then(|reply| shown("content", &reply.content)),
        };
        let (shown, nearer) = compare(one, case, &words, &found, &other, came_out);
        items.push((hit.key + nearer, shown));
    }
    // What was of use to somebody stays in sight, what was not makes room.
    items.sort_by(|(a, one), (b, other)| other.useful.cmp(&one.useful).then(b.total_cmp(a)));
    items.sort_by_key(|(_, one)| one.useful == Some(false));
    Ok(AlikeAnswer { items: items.into_iter().take(SHOWN).map(|(_, one)| one).collect(), complete })
}

/// What an ended case came to, as it stands now: not what was proposed and sent back, nor what was only drafted.
struct CameOut {
    outcome: Option<String>,
    reply: Option<String>,
}

/// How a case stands to another, and what a remedy of the same kind counts.
fn compare(
    one: &Findable,
    case: &Case,
    words: &[Weighed],
    found: &Findable,
    other: &Case,
    came_out: CameOut,
) -> (Alike, f64) {
    let theirs = pairs(found);
    let shared: BTreeSet<&str> =
        words.iter().map(|word| word.term.as_str()).filter(|term| theirs.contains(*term)).collect();
    let told = one.words.iter().filter(|(field, _)| is_said(*field));
    let mut runs: Vec<String> = Vec::new();
    for run in told.flat_map(|(_, text)| terms::runs(text, &|term| shared.contains(term))) {
        if !runs.contains(&run) {
            runs.push(run);
        }
    }
    runs.sort_by_key(|run| std::cmp::Reverse(run.chars().count()));
    runs.truncate(SHARED);
    let mut why = Vec::new();
    if !runs.is_empty() {
        why.push(Why::Words(runs));
    }
    let family = |case: &Case| case.category.as_deref().and_then(|code| code.get(..2)).map(str::to_owned);
    if case.category.is_some() && case.category == other.category {
        why.push(Why::Category);
    } else if family(case).is_some() && family(case) == family(other) {
        why.push(Why::Family);
    }
    if one.product.is_some() && one.product == found.product {
        why.push(Why::Product);
    }
    if !one.row.province.is_empty() && one.row.province == found.row.province {
        why.push(Why::Region);
    }
    let same = other.compensations.iter().any(|theirs| case.compensations.iter().any(|ours| ours.kind == theirs.kind));
    if same {
        why.push(Why::Remedy);
    }
    let money = |kind: RemedyKind, sum: &Money| kind.is_money().then(|| sum.clone());
    let shown = Alike {
        id: other.id,
        number: other.number.clone(),
        category: other.category.clone(),
        region: other.record.region.clone(),
        received_at: other.received_at,
        closed_at: other.closed_at,
        why,
        outcome: came_out.outcome,
        reply: came_out.reply,
        cause: other.cause.clone(),
        remedies: other.compensations.iter().map(|one| (one.kind, money(one.kind, &one.sum), one.standing)).collect(),
        satisfied: other.survey.as_ref().map(|said| said.satisfied),
        useful: case.helped.get(&other.id).copied(),
    };
    (shown, if same { 1.0 } else { 0.0 })
}

fn cut(text: &str) -> String {
    let mut shown: String = text.chars().take(LONG).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

fn is_said(field: Field) -> bool {
    matches!(field, Field::Subject | Field::Text)
}

/// The pairs and words of what a customer said.
fn pairs(case: &Findable) -> BTreeSet<String> {
    let said = case.words.iter().filter(|(field, _)| is_said(*field));
    said.flat_map(|(_, text)| terms::telling(text)).collect()
}

/// Shortest text, in pairs and words, of which it is said that another is like it. [P]: a proposal of this product.
const SHORTEST: usize = 8;
/// From how many of a hundred of the shorter one's pairs and words on two texts say nearly the same. [P] likewise.
const NEARLY: usize = 70;

/// Cases open or received since a moment that say nearly what a text says, with how nearly, in per cent.
pub(crate) fn saying(
    desk: &Desk,
    tx: &mut Tx<'_>,
    text: &str,
    reader: &Reader,
    since: i64,
) -> Result<Vec<(CaseRow, u8)>, DeskError> {
    let ours: BTreeSet<String> = terms::telling(text).into_iter().collect();
    if ours.len() < SHORTEST {
        return Ok(Vec::new());
    }
    let shape = &desk.search_state().shape;
    let near = reader.list();
    let said = [(Field::Text, text.to_owned())];
    let near = (&near, Fresh::Now);
    let (hits, _) = sources::find(desk, tx, near, (Rank::Relevance, LOOKED_AT), |sources| {
        let words = shape.telling(sources.searchers(), &said)?;
        Ok(Box::new(shape.saying(&words, reader, since)) as Box<dyn Query>)
    })?;
    let mut found = Vec::new();
    for hit in hits.into_iter().take(LOOKED_AT) {
        let Some(case) = read::case(desk, tx, hit.id)? else { continue };
        let theirs = pairs(&case);
        let shorter = ours.len().min(theirs.len());
        let percent = ours.intersection(&theirs).count() * 100 / shorter.max(1);
        if shorter >= SHORTEST && percent >= NEARLY {
            found.push((case.row, u8::try_from(percent).unwrap_or(100)));
        }
    }
    Ok(found)
}
