//! A page of cases: read in one go, then each case folded as it stands, replayed under the draft and, where that differs,
//! replayed under its own rules, so that nothing is laid at the draft's door that comes from elsewhere.

use super::tally::{Change, Tally};
use super::{Cursor, Run, lock};
use crate::Desk;
use crate::error::DeskError;
use crate::library::Drafted;
use crate::time::moment;
use domain::audit::chain::Ledger;
use domain::case::Case;
use domain::case::replay::Replay;
use domain::case::what_if::{self, Difference, Ruled, Stands, Verdict};
use domain::event::{self, Entry};
use domain::ids::CaseId;
use std::collections::HashMap;
use std::io::Write as _;
use std::sync::{Arc, Mutex};
use store::{SaidRow, cases, entries};
use uuid::Uuid;

/// Cases of a page: two megabytes of log, and a few milliseconds of a reader's time.
const PAGE: i64 = 256;

/// A page as it was read.
pub(crate) struct Read {
    pub(super) number: u64,
    /// First receipt, identity and log of each case.
    pub(crate) cases: Vec<(i64, Uuid, Vec<SaidRow>)>,
}

/// A page as it was folded.
pub(super) struct Page {
    pub(super) tally: Tally,
    /// What differs, as CSV.
    pub(super) lines: Vec<u8>,
    /// Whether anybody wants those lines.
    pub(super) lists: bool,
}

/// The next page; nothing when there are no more.
pub(crate) fn read(desk: &Desk, cursor: &Arc<Mutex<Cursor>>) -> Result<Option<Read>, DeskError> {
    let cursor = Arc::clone(cursor);
    desk.db().read_behind_now(move |tx| {
        let (number, places) = {
            let mut cursor = lock(&cursor);
            if cursor.ended {
                return Ok(None);
            }
            let places = cases::received_since(tx, cursor.since, cursor.before, PAGE)?;
            let number = cursor.page;
            cursor.page += 1;
            cursor.before = places.last().copied();
            cursor.ended = i64::try_from(places.len()).is_ok_and(|count| count < PAGE);
            (number, places)
        };
        let (Some(newest), Some(oldest)) = (places.first(), places.last()) else { return Ok(None) };
        let mut said: HashMap<Uuid, Vec<SaidRow>> = HashMap::with_capacity(places.len());
        for row in entries::between(tx, Ledger::Case.code(), *oldest, *newest)? {
            said.entry(row.subject).or_default().push(row);
        }
        let cases = places.into_iter().filter_map(|(at, id)| Some((at, id, said.remove(&id)?))).collect();
        Ok(Some(Read { number, cases }))
    })
}

fn entry(row: &SaidRow) -> Result<Entry, DeskError> {
    Ok(Entry {
        version: row.version,
        at: moment(row.at),
        actor: row.actor.parse().map_err(|_| DeskError::Damaged(format!("actor {:?}", row.actor)))?,
        // What a command was called decides nothing.
        verb: String::new(),
        events: event::read_body(row.schema, &row.body)?,
    })
}

impl Run<'_, '_> {
    /// Holds a case against what the draft would have made of it.
    pub(super) fn fold_case(
        &self,
        page: &mut Page,
        received_at: i64,
        id: Uuid,
        mut rows: Vec<SaidRow>,
    ) -> Result<(), DeskError> {
        rows.sort_unstable_by_key(|row| row.version);
        let entries = rows.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
        let stands = folded(CaseId(id), &entries)?;
        let by = &self.asked.by.actor;
        if !by.area.covers(&stands.record.region) || stands.is_about(by) {
            return Ok(());
        }
        let tally = &mut page.tally;
        tally.cases += 1;
        tally.oldest = Some(moment(received_at));
        let known = self.known(&stands.packs, stands.record.place(), &stands.calendars)?;
        let under = match &known.under {
            Drafted::Rules(rules) => rules,
            Drafted::NoSay => {
                tally.no_say += 1;
                return Ok(());
            }
            Drafted::Apart => {
                tally.untold += 1;
                return Ok(());
            }
        };
        let replay = Replay { now: self.now, actor: &self.actor, taxonomy: self.asked.desk.library().taxonomy() };
        let would = replay.case(stands.id, &entries, |case| {
            let known = self.known(&case.packs, case.record.place(), &case.calendars)?;
            Ok::<_, DeskError>(match &known.under {
                Drafted::Rules(rules) => rules.clone(),
                // It has a say in the packs the case names to this day; only its calendars change.
                Drafted::NoSay | Drafted::Apart => under.clone(),
            })
        })?;
        let Some(would) = would else {
            tally.untold += 1;
            return Ok(());
        };
        // Rules of clocks that came from another case need not be among these; they are not judged.
        let now = Ruled { case: &stands, rules: &known.own };
        let mut found = what_if::differences(now, Ruled { case: &would, rules: under }, &entries, self.now);
        let mut grade = would.grade != stands.grade;
        if !found.is_empty() || grade {
            let rules = |case: &Case| {
                Ok::<_, DeskError>(self.known(&case.packs, case.record.place(), &case.calendars)?.own.clone())
            };
            let own = replay.case(stands.id, &entries, rules)?;
            match own {
                Some(own) => {
                    what_if::judge(&mut found, now, Ruled { case: &own, rules: &known.own }, self.now);
                    grade &= own.grade == stands.grade;
                }
                None => found.iter_mut().for_each(|difference| difference.judged = false),
            }
        }
        tally.not_judged += found.iter().filter(|difference| !difference.judged).count() as u64;
        found.retain(|difference| difference.judged);
        tally.changed += u64::from(grade || !found.is_empty());
        if grade {
            tally.grades.note(&stands.number);
        }
        for difference in &found {
            tally.note(&stands.number, difference);
            if page.lists {
                line(&mut page.lines, &stands.number, difference)?;
            }
        }
        Ok(())
    }
}

/// The case as it stands, from the rows of a page.
pub(crate) fn stands(id: CaseId, mut rows: Vec<SaidRow>) -> Result<Case, DeskError> {
    rows.sort_unstable_by_key(|row| row.version);
    folded(id, &rows.iter().map(entry).collect::<Result<Vec<_>, _>>()?)
}

/// The case as it stands.
fn folded(id: CaseId, entries: &[Entry]) -> Result<Case, DeskError> {
    let (Some(first), later) = (entries.first(), entries.get(1..).unwrap_or_default()) else {
        return Err(domain::case::BrokenLog::NoBeginning.into());
    };
    let mut case = Case::begin(id, first)?;
    for entry in later {
        case.apply_entry(entry);
    }
    Ok(case)
}

/// A clock that differs as a line of CSV. Nothing in it needs quotes.
fn line(lines: &mut Vec<u8>, number: &str, difference: &Difference) -> Result<(), DeskError> {
    let Difference { rule, round, before, after, .. } = difference;
    let change = Change::ALL.into_iter().filter(|change| change.is(difference)).map(Change::code);
    let change = change.collect::<Vec<_>>().join(" ");
    let moment = |at: Option<jiff::Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
    let verdict = |stands: &Option<Stands>| stands.map(|stands| stands.verdict).map_or("", Verdict::code);
    let any = before.or(*after);
    writeln!(
        lines,
        "{number},{rule},{round},{change},{},{},{},{},{},{}",
        moment(any.map(|stands| stands.from)),
        moment(before.map(|stands| stands.due_at)),
        moment(after.map(|stands| stands.due_at)),
        moment(any.and_then(|stands| stands.ended_at)),
        verdict(before),
        verdict(after)
    )
    .map_err(|error| DeskError::Output(error.to_string()))
}
