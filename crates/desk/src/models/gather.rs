//! What a model is learnt from: what customers of closed cases said when they were registered, and the category, the unit
//! that answered and the grade the case had at its end, which are those people corrected it to. Opened in memory, identifiers left out; who was erased is not
//! there. Bounded in number and in memory.

use super::Asked;
use crate::Desk;
use crate::error::DeskError;
use crate::load;
use crate::time::{moment, stored};
use crate::vault::cipher::CipherError;
use domain::audit::chain::Ledger;
use domain::case::State;
use domain::event::Event;
use domain::text::lift::fill;
use jiff::Timestamp;
use jiff::civil::Date;
use store::{CaseRow, Tx, cases, entries, vault};
use uuid::Uuid;

/// Cases learnt from at most, the newest. [P]: a proposal of this product.
pub const MOST_CASES: usize = 100_000;
/// Bytes of text learnt from at most; learning needs some twenty times as much memory. [P]
pub const MOST_TEXT: usize = 48 << 20;
/// Characters of one case that are read, as many as are read of a text something is suggested for.
pub(crate) const READ: usize = 10_000;
/// Cases looked at for those at most: many may be open.
const LOOKED_AT: usize = 5 * MOST_CASES;
/// Cases read at once.
const PAGE: i64 = 256;

/// A text with what it is of.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) at: Option<Timestamp>,
    pub(super) text: String,
    pub(super) label: String,
    /// The unit that had it at its end, by identity.
    pub(super) unit: Option<String>,
    /// Its grade at its end.
    pub(super) grade: Option<String>,
}

/// The newest closed cases of a span, the oldest first; nothing when `enough` says so.
pub(super) fn of_cases(desk: &Desk, asked: &Asked, enough: &impl Fn() -> bool) -> Result<Option<Vec<Row>>, DeskError> {
    let begin = |day: Date| {
        let begin = day.to_zoned_datetime(desk.zone().clone());
        begin.map(|at| stored(at.timestamp())).map_err(|error| DeskError::Damaged(error.to_string()))
    };
    let since = asked.since.map_or(Ok(i64::MIN), begin)?;
    let after = asked.until.map(|day| day.tomorrow().unwrap_or(day));
    let mut before: Option<(i64, Uuid)> = after.map(begin).transpose()?.map(|at| (at, Uuid::nil()));
    let (mut rows, mut bytes, mut looked) = (Vec::new(), 0, 0);
    while looked < LOOKED_AT {
        if enough() {
            return Ok(None);
        }
        let (desk_of_page, from) = (desk.clone(), before);
        let (page, last) = desk.db().read_behind_now(move |tx| {
            let places = cases::received_since(tx, since, from, PAGE)?;
            let mut page = Vec::new();
            for (_, id) in &places {
                page.extend(of_case(&desk_of_page, tx, *id)?);
            }
            Ok::<_, DeskError>((page, places.last().copied()))
        })?;
        let Some(last) = last else { break };
        before = Some(last);
        looked += usize::try_from(PAGE).unwrap_or_default();
        for row in page {
            bytes += row.text.len();
            if rows.len() == MOST_CASES || bytes > MOST_TEXT {
                rows.reverse();
                return Ok(Some(rows));
            }
            rows.push(row);
        }
    }
    rows.reverse();
    Ok(Some(rows))
}

fn of_case(desk: &Desk, tx: &mut Tx<'_>, id: Uuid) -> Result<Option<Row>, DeskError> {
    let Some(row) = cases::by_id(tx, id)? else { return Ok(None) };
    let CaseRow { state, category: Some(label), person, received_at, .. } = &row else { return Ok(None) };
    if state != State::Closed.code() {
        return Ok(None);
    }
    let wrapped = vault::person(tx, *person)?.and_then(|person| person.wrapped_key);
    let keys = match load::open_keys(desk.master(), &row, wrapped.as_deref()) {
        Ok(keys) => keys,
        Err(DeskError::Cipher(CipherError::Erased)) => return Ok(None),
        Err(other) => return Err(other),
    };
    let Some(first) = entries::first(tx, id, Ledger::Case.code())? else { return Ok(None) };
    let (mut subject, mut description, mut demand) = (None, None, None);
    for event in &mut load::entry(&first)?.events {
        if !matches!(event, Event::Registered { .. }) {
            continue;
        }
        for (place, text) in event.texts() {
            let kept = match place {
                "subject" => &mut subject,
                "description" => &mut description,
                "demand" => &mut demand,
                _ => continue,
            };
            // A mark without letters is no term.
            *kept = Some(fill(&keys.open(place, text)?, |_, _| "***".to_owned()));
        }
    }
    // In the order in which a text something is suggested for is put together.
    let said: Vec<String> = [subject, description, demand].into_iter().flatten().collect();
    let text = said.join("\n").chars().take(READ).collect();
    let unit = Some(row.owner_unit.to_string());
    Ok(Some(Row { at: Some(moment(*received_at)), text, label: label.clone(), unit, grade: row.grade.clone() }))
}
