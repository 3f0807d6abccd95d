//! Contacts between the customer and the house, as TM Forum's party interactions tell them: each is an entry of the log of
//! its case. What clients say beside one is kept as the words of a ticket are.

use crate::caller::Caller;
use crate::error::DeskError;
use crate::time::moment;
use crate::{Desk, load, permissions};
use domain::case::message::What;
use domain::event::{Event, read_body};
use domain::ids::CaseId;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::collections::VecDeque;
use store::{Tx, entries, tickets};

/// The attribute of a ticket's change under which is kept what is said beside a contact. No client names it.
pub const CONTACT: &str = "@partyInteraction";

/// Places of a stream read at once.
const WINDOW: i64 = 500;
/// Places of all streams looked at for one question.
const MOST_LOOKED_AT: i64 = 200_000;

/// A contact by its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contact {
    /// The case.
    pub case: CaseId,
    /// The entry of its log.
    pub version: i64,
}

/// What of an entry is a contact with the customer, if it is one.
#[must_use]
pub fn contact(events: &[Event]) -> Option<&Event> {
    events.iter().find(|event| {
        // Nobody wrote the receipt for what came in by mail, nor news that goes out by itself: that it told them is all there
        // is of it.
        let told_by_itself = matches!(
            event,
            Event::MessageMoved { what: What::Receipt | What::News, way, stage, .. } if *stage == way.told_at()
        );
        told_by_itself
            || matches!(
                event,
                Event::Registered { .. }
                    | Event::Supplemented { .. }
                    | Event::Replied { .. }
                    | Event::ProgressNotified { .. }
                    | Event::MessageWritten { .. }
                    | Event::LetterIssued { .. }
                    | Event::Contacted { .. }
                    | Event::CalledBack { .. }
                    | Event::SurveyInvited { .. }
                    | Event::SatisfactionAsked { .. }
                    | Event::SatisfactionRecorded { .. }
                    | Event::Confirmed { .. }
                    | Event::Disputed { .. }
                    | Event::Declined { .. }
                    | Event::Withdrawn { .. }
            )
    })
}

/// What a client said of the contact an entry is, as it is kept.
pub(super) fn said(version: i64, said: Map<String, Value>) -> Value {
    json!({"entry": version, "said": said})
}

/// A stream read from its end.
struct Backwards {
    stream: i64,
    /// Where the next window ends.
    to: i64,
    found: VecDeque<(i64, Contact)>,
}

impl Backwards {
    /// Reads on until there is a contact or nothing is left; counts the places looked at.
    fn fill(&mut self, tx: &mut Tx<'_>, scope: &str, reader: &str, looked_at: &mut i64) -> Result<(), DeskError> {
        while self.found.is_empty() && self.to > 0 && *looked_at < MOST_LOOKED_AT {
            let from = (self.to - WINDOW).max(0);
            for row in tickets::entries(tx, self.stream, (from, self.to), scope, reader)? {
                // What a later version wrote is named by whoever opens the case.
                let is_one = read_body(row.schema, &row.body).is_ok_and(|events| contact(&events).is_some());
                if is_one {
                    self.found.push_back((row.at, Contact { case: CaseId(row.case), version: row.version }));
                }
            }
            *looked_at += self.to - from;
            self.to = from;
        }
        Ok(())
    }
}

impl Desk {
    /// The newest contacts of cases the caller may see, at most so many, and whether these are all there are.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn contacts(&self, caller: &Caller, most: usize) -> Result<(Vec<(Timestamp, Contact)>, bool), DeskError> {
        permissions::READ_CASES.require(caller)?;
        let scope = caller.actor.area.code().to_owned();
        let reader = load::reader(&caller.actor).unwrap_or_default();
        self.db()
            .read(move |tx| {
                let mut streams: Vec<Backwards> = entries::heads(tx)?
                    .into_iter()
                    .map(|(stream, last)| Backwards { stream, to: last.saturating_add(1), found: VecDeque::new() })
                    .collect();
                let (mut found, mut looked_at) = (Vec::new(), 0);
                loop {
                    for stream in &mut streams {
                        stream.fill(tx, &scope, &reader, &mut looked_at)?;
                    }
                    // A window that could not be read to its end hides what is newer than the others' next.
                    let cut_off = streams.iter().any(|stream| stream.found.is_empty() && stream.to > 0);
                    let newest = streams.iter_mut().max_by_key(|stream| stream.found.front().map(|(at, _)| *at));
                    let Some(newest) = newest.filter(|stream| !cut_off && !stream.found.is_empty()) else {
                        return Ok((found, !cut_off));
                    };
                    if found.len() >= most {
                        return Ok((found, false));
                    }
                    found.extend(newest.found.pop_front().map(|(at, one)| (moment(at), one)));
                }
            })
            .await
    }
}
