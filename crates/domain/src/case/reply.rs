//! Reply (答复客户): the customer is told the outcome. Mode, time and words are the proof without which no case closes.

use super::reading::{self, Given, Paper};
use super::{Case, Context, Decision, Elsewhere, State, clocks};
use crate::advice::{Advice, Drafted};
use crate::event::Event;
use crate::free_text::{FreeText, plain_option};
use crate::intake::{ContactKind, MODES};
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional, required};
use jiff::Timestamp;
use policy::{GatedStep, StartFact, StopFact};
use serde::Deserialize;

/// Shape of a reply.
pub const FIELDS: &[Field] = &[
    required("mode", Kind::Code(MODES), "How the customer was told."),
    optional(
        "content",
        Kind::Text { max: 10_000, multiline: true },
        "In which words. Left out with `reading`, and only then.",
    ),
    optional("reading", Kind::Whole { min: 1, max: 1_000_000 }, "The released reading whose words go out."),
    optional("at", Kind::Moment, "When. Default: now."),
    optional("to_merged", Kind::Bool, "True when the customers of all merged cases were told the same."),
    optional("confirmed", Kind::Bool, "True when a machine's draft goes out as it is, on purpose."),
];

/// Record the reply.
#[derive(Clone, Debug, Deserialize)]
pub struct Reply {
    /// How.
    pub mode: String,
    /// In which words.
    #[serde(default, deserialize_with = "plain_option")]
    pub content: Option<FreeText>,
    /// The released reading whose words go out.
    pub reading: Option<u32>,
    /// Those words; the desk opens them, never a caller.
    #[serde(skip)]
    pub read: Option<FreeText>,
    /// When.
    pub at: Option<Timestamp>,
    /// Whether the customers of all merged cases were told the same.
    #[serde(default)]
    pub to_merged: bool,
    /// Set where the words are what the case's incident has approved for all; the desk says so, never a caller.
    #[serde(skip)]
    pub of_incident: Option<OfIncident>,
    /// Whether a machine's draft is meant to stay as it is.
    #[serde(default)]
    pub confirmed: bool,
    /// What a machine had drafted for the sender; the desk says so, never a caller.
    #[serde(skip)]
    pub drafted: Option<Drafted>,
}

/// What the desk knows of an incident whose words a reply has.
#[derive(Clone, Copy, Debug)]
pub struct OfIncident {
    /// When the trouble ended.
    pub restored_at: Option<Timestamp>,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    from(case).contains(&case.state) || waits_for_own_answer(case) || waits_with_others(case)
}

/// Whether the case is in an incident and its customer can be told what all of them are told: that was approved once, so
/// nothing is proposed and approved for each.
fn waits_with_others(case: &Case) -> bool {
    const FROM: &[State] = &[
        State::Registered,
        State::Accepted,
        State::InProgress,
        State::AwaitingReview,
        State::AwaitingReply,
        State::Reopened,
    ];
    // Whoever was written to and got nothing is told anew.
    let again =
        case.state == State::AwaitingCustomer && case.incident.as_ref().is_some_and(|one| one.told_at.is_none());
    // Who rejected what all are told gets an answer that was approved for them alone.
    let theirs = case.disputes == 0 && !crate::retention::asks_erasure(case);
    case.incident.is_some() && theirs && (again || FROM.contains(&case.state))
}

/// Whether the case went up in another and its customer still waits for an answer.
fn waits_for_own_answer(case: &Case) -> bool {
    case.state == State::Merged && case.reply.is_none()
}

/// Decides a reply.
///
/// # Errors
/// Unless an approved outcome waits to be told, the words are those an incident has approved for all its cases, or the customer of a merged case waits for their own answer; or if the
/// rules want something first.
pub fn decide(case: &Case, reply: &Reply, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    if waits_for_own_answer(case) {
        return answer_merged(case, reply, ctx);
    }
    if reply.of_incident.is_none() || !waits_with_others(case) {
        case.require(from(case))?;
    }
    super::dispute::impartial(case, ctx.actor.id)?;
    super::gates::require(case, GatedStep::Reply, ctx)?;
    let at = told_at(case, reply, ctx)?;
    let words = words(case, reply, at, ctx)?;
    let restored = reply.of_incident.and_then(|one| one.restored_at).filter(|_| without_proposal(case));
    // Trouble that was over before this customer noticed it kept nobody of theirs waiting.
    let restored = restored.filter(|restored| *restored >= case.received_at && case.restored_at.is_none());
    let mut events: Vec<Event> = restored.into_iter().map(|at| Event::Restored { at }).collect();
    events.push(told(reply, &words, at));
    events.extend(drafted(case, reply, &words)?);
    events.extend(stopped(case, restored, at, ctx));
    let started = clocks::start_unless_running(case, StartFact::Replied, at, &events, ctx);
    events.extend(started);
    let mut elsewhere = Vec::new();
    if reply.to_merged {
        for one in ctx.others.iter().filter(|one| waits_for_own_answer(one)) {
            super::gates::require_for_merged(one, case, GatedStep::Reply, ctx)?;
            // What was read once may be told to all of them.
            if reply.reading.is_none() && reply.of_incident.is_none() && reading::wanted(one, ctx.rules, ctx.taxonomy) {
                return Err(Refusal::conflict("needs_second_reader"));
            }
            let at = told_at(one, reply, ctx)?;
            elsewhere.push(Elsewhere { case: one.id, events: vec![told(reply, &words, at)] });
            events.push(Event::MergedAnswered { case: one.id, at });
        }
    }
    if case.state != State::AwaitingCustomer {
        events.push(Event::Moved { to: State::AwaitingCustomer });
    }
    Ok(Decision { events, elsewhere })
}

/// Whether an answer now is the one of an incident: nothing was proposed and approved for this case alone.
fn without_proposal(case: &Case) -> bool {
    case.incident.is_some() && !from(case).contains(&case.state)
}

/// The clocks an answer stops. One that all cases of an incident share also does what a proposal of one's own would have
/// done. A clock several facts stop is stopped once, by the first.
pub(super) fn stopped(case: &Case, restored: Option<Timestamp>, at: Timestamp, ctx: &Context<'_>) -> Vec<Event> {
    let mut events: Vec<Event> =
        restored.into_iter().flat_map(|at| clocks::stop_at(case, StopFact::Restored, at, ctx)).collect();
    let mut further = Vec::new();
    if without_proposal(case) {
        further.push(clocks::stop(case, StopFact::Proposed, ctx));
    }
    further.push(clocks::stop_at(case, StopFact::Replied, at, ctx));
    for mut more in further {
        let known = clocks::stopped_in(&events);
        more.retain(|event| !clocks::stopped_in(std::slice::from_ref(event)).iter().any(|one| known.contains(one)));
        events.extend(more);
    }
    events
}

/// The answer to the customer of a merged case; the case it went up in takes note.
fn answer_merged(case: &Case, reply: &Reply, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    // What one customer is told was approved for all of them.
    if let Some(lead) = ctx.others.first() {
        if lead.reply.is_none() && lead.state != State::AwaitingReply {
            return Err(Refusal::conflict("lead_not_approved").with("number", &lead.number));
        }
        super::dispute::impartial(lead, ctx.actor.id)?;
        super::gates::require_for_merged(case, lead, GatedStep::Reply, ctx)?;
    }
    let at = told_at(case, reply, ctx)?;
    let words = words(case, reply, at, ctx)?;
    let elsewhere = case
        .merged_into
        .iter()
        .map(|(lead, _)| Elsewhere { case: *lead, events: vec![Event::MergedAnswered { case: case.id, at }] });
    let mut events = vec![told(reply, &words, at)];
    events.extend(drafted(case, reply, &words)?);
    Ok(Decision { events, elsewhere: elsewhere.collect() })
}

fn told_at(case: &Case, reply: &Reply, ctx: &Context<'_>) -> Result<Timestamp, Refusal> {
    if case.record.anonymous && reply.mode != "public_notice" {
        return Err(Refusal::conflict("anonymous_needs_notice"));
    }
    // What is put up in public tells nobody whose name is known what came of their incident.
    if case.incident.is_some() && !case.record.anonymous && reply.mode == "public_notice" {
        return Err(Refusal::conflict("notice_tells_nobody"));
    }
    // Whoever cannot be reached is told in a way that can be kept. One who is reached after all is so on record first.
    if case.unreachable_at.is_some() && reply.mode == "phone" {
        return Err(Refusal::conflict("unreachable_by_phone"));
    }
    let at = reply.at.unwrap_or(ctx.now);
    super::register::within_life(case, at, "at", ctx)?;
    Ok(at)
}

/// The words of an answer. What an incident has approved for all was read when it was approved.
fn words(case: &Case, reply: &Reply, at: Timestamp, ctx: &Context<'_>) -> Result<FreeText, Refusal> {
    let given = Given { content: reply.content.as_ref(), reading: reply.reading, read: reply.read.as_ref() };
    let wanted = reply.of_incident.is_none() && reading::wanted(case, ctx.rules, ctx.taxonomy);
    reading::words(case, &Paper::Reply {}, given, wanted, at)
}

/// That a machine drafted the words, where one did: for whoever sends them, or for whoever had them read.
fn drafted(case: &Case, reply: &Reply, words: &FreeText) -> Result<Option<Event>, Refusal> {
    match reply.reading {
        Some(id) => Ok(case
            .reading(id)
            .and_then(|one| one.drafted.clone())
            .map(|(by, changed)| Event::Advised { advice: Advice::Draft { by, changed, reading: Some(id) } })),
        None => reply.drafted.as_ref().map(|draft| draft.sent(words, reply.confirmed, None)).transpose(),
    }
}

fn told(reply: &Reply, words: &FreeText, at: Timestamp) -> Event {
    Event::Replied { mode: reply.mode.clone(), at, content: words.clone() }
}

/// Refuses unless the case waits for its answer to be told.
pub(super) fn tellable(case: &Case) -> Result<(), Refusal> {
    if waits_for_own_answer(case) || waits_with_others(case) { Ok(()) } else { case.require(from(case)) }
}

/// States from which a reply is possible. What is no grievance may be answered at once by whoever accepted it, unless it
/// asks to be erased: whether that is granted must have been decided.
fn from(case: &Case) -> &'static [State] {
    if crate::retention::asks_erasure(case) {
        return &[State::AwaitingReply];
    }
    match case.record.kind {
        ContactKind::Enquiry | ContactKind::ServiceRequest | ContactKind::Suggestion | ContactKind::Praise => {
            &[State::AwaitingReply, State::Accepted, State::InProgress]
        }
        ContactKind::FaultReport | ContactKind::Complaint | ContactKind::Appeal => &[State::AwaitingReply],
    }
}
