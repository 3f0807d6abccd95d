//! Messages to the customer: what is sent by the house itself, and how far each came. Words stand in the entry that wrote
//! them; here stands only which entry, which way and what came of it. What a server says is kept as a code, because
//! servers repeat addresses.

use super::{Case, Context, clocks, effects, notify_progress, record_delivery};
use crate::event::{Caused, ContactOutcome, Event};
use crate::taxonomy::Taxonomy;
use jiff::Timestamp;
use policy::{Medium, Stack, StartFact, StopFact};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// The reply.
    Reply,
    /// News of the progress.
    Progress,
    /// A letter.
    Letter,
    /// That a message of the customer came in; nobody wrote it.
    Receipt,
    /// News of the progress that goes out by itself; nobody wrote it.
    News,
    /// Anything else.
    Message,
    /// What somebody who has no case is told of a mass incident; it stands in the log of no case.
    Incident,
}

/// The way it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// E-mail.
    Email,
    /// Short message.
    Sms,
    /// A call in which a machine reads it out.
    Voice,
}

/// How far it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// A server or gateway took it over.
    Sent,
    /// It arrived; a call was answered.
    Delivered,
    /// It came back, or was not taken.
    Failed,
}

/// Why it did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The address takes nothing.
    Refused,
    /// It came back after it was taken over.
    CameBack,
    /// It was put off for days.
    PutOff,
    /// The customer has no such address.
    NoAddress,
    /// The house has no such way.
    NoWay,
    /// Nobody answered the call.
    NoAnswer,
}

/// Why news of the progress that would go out by itself does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeptBack {
    /// The customer chose a way that is none of these, such as a visit.
    OtherWay,
    /// Another interval was agreed, or they want to hear nothing.
    Agreed,
    /// Nobody is to be told, or the case is past it.
    Nobody,
}

macro_rules! codes {
    ($name:ident { $($variant:ident = $code:literal),+ $(,)? }) => {
        impl $name {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable code.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// The one of a stable code.
            #[must_use]
            pub fn from_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.code() == code)
            }
        }
    };
}
codes!(What {
    Reply = "reply",
    Progress = "progress",
    Letter = "letter",
    Receipt = "receipt",
    News = "news",
    Message = "message",
    Incident = "incident",
});
codes!(KeptBack { OtherWay = "other_way", Agreed = "agreed", Nobody = "nobody" });
codes!(Way { Email = "email", Sms = "sms", Voice = "voice" });
codes!(Stage { Sent = "sent", Delivered = "delivered", Failed = "failed" });
codes!(Why {
    Refused = "refused",
    CameBack = "came_back",
    PutOff = "put_off",
    NoAddress = "no_address",
    NoWay = "no_way",
    NoAnswer = "no_answer",
});

impl Way {
    /// The stage with which whoever gets a message by it counts as told: what is written lies there to be read once it was
    /// taken over, a call has to be answered.
    #[must_use]
    pub fn told_at(self) -> Stage {
        match self {
            Self::Email | Self::Sms => Stage::Sent,
            Self::Voice => Stage::Delivered,
        }
    }
}

impl Stage {
    /// Whether somebody counts as told once a message by a way came so far.
    #[must_use]
    pub fn tells(self, way: Way) -> bool {
        self != Self::Failed && self >= way.told_at()
    }
}

/// A message on its way or at the end of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Identity.
    pub id: Uuid,
    /// What it is.
    pub what: What,
    /// The way it goes.
    pub way: Way,
    /// How far it came.
    pub stage: Stage,
    /// When it came so far.
    pub at: Timestamp,
    /// Why it did not arrive.
    pub why: Option<Why>,
}

/// A step of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The message.
    pub message: Uuid,
    /// What it is.
    pub what: What,
    /// The way it goes.
    pub way: Way,
    /// The letter it is, by its number within the case.
    pub letter: Option<u32>,
    /// How far it came.
    pub stage: Stage,
    /// When.
    pub at: Timestamp,
    /// Why it did not arrive.
    pub why: Option<Why>,
    /// Addresses of the approved wordings it was sent with.
    pub wordings: Vec<String>,
    /// The entry whose words it is; nothing for a receipt.
    pub entry: Option<i64>,
}

/// What a step of a message is to its case: a letter that arrived is delivered, a call is an attempt to reach the
/// customer. Nothing when the message is as far already.
#[must_use]
pub fn moved(case: &Case, step: &Step, ctx: &Context<'_>) -> Vec<Event> {
    let known = case.messages.iter().find(|known| known.id == step.message);
    // Stages only go on: a report may come late or twice, and whoever has its address may send as many as they like.
    if known.is_some_and(|known| step.stage <= known.stage) {
        return Vec::new();
    }
    let at = step.at.min(ctx.now).max(case.received_at);
    let told = known.is_some_and(|known| known.stage.tells(known.way));
    let came = |stage: Stage| Event::MessageMoved {
        message: step.message,
        what: step.what,
        way: step.way,
        stage,
        at,
        why: step.why,
        wordings: step.wordings.clone(),
        entry: step.entry,
    };
    // A report may overtake the one before it; the log says all the same with which step the customer was told.
    let overtaken =
        Some(step.way.told_at()).filter(|tells| !told && step.stage.tells(step.way) && step.stage != *tells);
    let mut events: Vec<Event> = overtaken.into_iter().chain([step.stage]).map(came).collect();
    if step.way == Way::Voice {
        let outcome = match (step.stage, step.why) {
            (Stage::Delivered, _) => Some(ContactOutcome::Reached),
            (Stage::Failed, Some(Why::NoAnswer)) => Some(ContactOutcome::NoAnswer),
            _ => None,
        };
        events.extend(outcome.map(|outcome| Event::Contacted {
            mode: "phone".to_owned(),
            outcome,
            at,
            number: None,
            summary: None,
            promise: None,
            next_at: None,
        }));
    }
    if step.what == What::News && step.stage.tells(step.way) && !told {
        events.extend(news_told(case, at, ctx));
    }
    if let (Stage::Delivered, Some(letter)) = (step.stage, step.letter) {
        let reference = Some(step.message.to_string());
        let delivery = record_delivery::RecordDelivery { letter, at: Some(at), document: None, reference };
        if let Ok(decision) = record_delivery::decide(case, &delivery, ctx) {
            events.extend(decision.events);
        }
    }
    events
}

/// The way by which this customer hears news that nobody writes: the one they chose, and where they chose none the one
/// they came by.
///
/// # Errors
/// Why they do not hear it by itself.
pub(super) fn news(case: &Case) -> Result<Way, KeptBack> {
    if !notify_progress::offered(case) {
        return Err(KeptBack::Nobody);
    }
    if case.progress_agreed.is_some() {
        return Err(KeptBack::Agreed);
    }
    match case.record.preferred_mode.as_deref() {
        Some("email") => Ok(Way::Email),
        Some("sms") => Ok(Way::Sms),
        Some("phone") => Ok(Way::Voice),
        Some(_) => Err(KeptBack::OtherWay),
        None if case.record.accept_channel == "email" => Ok(Way::Email),
        None => Ok(Way::Sms),
    }
}

/// Whether news that an event has go out is still to go: nothing else was told since, nothing else was agreed, the outcome
/// was not told either, the customer still hears it that way, and the case is still one the rule is for. It may have waited
/// for hours while a gateway was down, and a case that became grave meanwhile is told by people.
#[must_use]
pub fn news_is_due(case: &Case, event: &Event, rules: &Stack, taxonomy: &Taxonomy) -> bool {
    let Event::EffectTaken { rule, from: Some(from), .. } = event else { return false };
    let waits = |rule: &str| rules.clock(rule).is_some_and(|rule| rule.stops_on(StopFact::ProgressNotified));
    let clock = case.clocks.iter().any(|clock| clock.from == *from && clock.is_open() && waits(&clock.rule));
    let way = to_send(event, *from).map(|(_, way, _)| way);
    clock
        && way.is_some()
        && news(case).ok() == way
        && effects::is_still_for(case, (rule.as_str(), *from), rules, taxonomy)
}

/// The moment at which the customer was told by news that nobody wrote, if an event says so for the first time. Until then
/// nobody was told, and the clock of the next news runs on.
pub(super) fn told_by_itself(case: &Case, event: &Event) -> Option<Timestamp> {
    match event {
        Event::MessageMoved { message, what: What::News, way, stage, at, .. } if stage.tells(*way) => {
            let told = |known: &Message| known.id == *message && known.stage.tells(known.way);
            Some(*at).filter(|_| !case.messages.iter().any(told))
        }
        _ => None,
    }
}

/// What news the customer was told does to the clocks of a case: the promise of news is kept, and the next begins. A report
/// of a call may come late: where somebody told them since, it changes nothing.
pub(super) fn news_told(case: &Case, at: Timestamp, ctx: &Context<'_>) -> Vec<Event> {
    let waits = |rule: &str| ctx.rules.clock(rule).is_some_and(|rule| rule.stops_on(StopFact::ProgressNotified));
    if case.clocks.iter().any(|clock| clock.is_open() && clock.from > at && waits(&clock.rule)) {
        return Vec::new();
    }
    let mut events = clocks::stop_at(case, StopFact::ProgressNotified, at, ctx);
    if !events.is_empty() {
        events.extend(clocks::start(case, StartFact::ProgressNotified, case.round, at, ctx));
    }
    events
}

/// What an event says to the customer, and the way it is to go, if that is one of the house's and it was not told before.
/// `at` is the moment of its entry: whoever names another records what was done.
#[must_use]
pub fn to_send(event: &Event, at: Timestamp) -> Option<(What, Way, Option<u32>)> {
    let by_mode = |mode: &str| match mode {
        "email" => Some(Way::Email),
        "sms" => Some(Way::Sms),
        _ => None,
    };
    match event {
        Event::Replied { mode, at: told, .. } if *told == at => Some((What::Reply, by_mode(mode)?, None)),
        Event::ProgressNotified { mode, at: told, .. } if *told == at => Some((What::Progress, by_mode(mode)?, None)),
        // One with a proof of its own went out another way.
        Event::LetterIssued { letter, medium, at: told, document: None, reference: None, .. } if *told == at => {
            let way = match medium {
                Medium::Email => Way::Email,
                Medium::Sms => Way::Sms,
                _ => return None,
            };
            Some((What::Letter, way, Some(*letter)))
        }
        Event::MessageWritten { way, .. } => Some((What::Message, *way, None)),
        Event::EffectTaken { did, .. } => did.iter().find_map(|caused| match caused {
            Caused::News(way) => Some((What::News, *way, None)),
            _ => None,
        }),
        _ => None,
    }
}

impl Case {
    pub(super) fn apply_message(&mut self, event: &Event) {
        let Event::MessageMoved { message, what, way, stage, at, why, .. } = event else { return };
        let now = Message { id: *message, what: *what, way: *way, stage: *stage, at: *at, why: *why };
        match self.messages.iter_mut().find(|known| known.id == *message) {
            Some(known) => *known = now,
            None => self.messages.push(now),
        }
        // What did not arrive told nobody.
        match (what, stage) {
            (What::Reply, Stage::Failed) => self.untold(),
            (What::Progress, Stage::Failed) => {
                if let Some(member) = &mut self.incident {
                    member.wording = None;
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_tells_once_it_was_taken_over_and_a_call_once_it_was_answered() {
        for way in [Way::Email, Way::Sms] {
            assert!(Stage::Sent.tells(way) && Stage::Delivered.tells(way) && !Stage::Failed.tells(way));
        }
        assert!(
            !Stage::Sent.tells(Way::Voice) && Stage::Delivered.tells(Way::Voice) && !Stage::Failed.tells(Way::Voice)
        );
    }
}
