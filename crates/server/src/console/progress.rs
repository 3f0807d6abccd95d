//! Where a case stands: the stages it passes and the clocks it runs against.

use super::Frame;
use super::times::step;
use crate::problem::Failure;
use crate::words;
use desk::queries::case::CaseView;
use domain::case::{Case, State as CaseState, binds_provider};
use domain::event::Event;
use jiff::Timestamp;

/// A stage of the process.
pub(super) struct Stage {
    pub(super) words: String,
    pub(super) done: bool,
    pub(super) here: bool,
}

/// A clock in words.
pub(super) struct Clock {
    pub(super) title: String,
    pub(super) due: String,
    pub(super) left: String,
    pub(super) class: &'static str,
    pub(super) sign: &'static str,
    pub(super) running: bool,
    /// No law stands behind the figure.
    pub(super) internal: bool,
    /// What a figure of the law means, to be seen without asking why.
    pub(super) meaning: Option<String>,
    pub(super) lines: Vec<String>,
}

/// The stages in order, the present one marked.
pub(super) fn stages(frame: &Frame<'_>, case: &Case) -> Vec<Stage> {
    use CaseState::{
        Accepted, AwaitingCustomer, AwaitingReply, AwaitingReview, Closed, InProgress, Registered, Reopened, Triage,
    };
    let order = [Registered, Accepted, InProgress, AwaitingReview, AwaitingReply, AwaitingCustomer, Closed];
    let now = match case.state {
        Triage | Reopened => Registered,
        CaseState::Suspended => case.suspension.as_ref().map_or(InProgress, |suspension| suspension.before),
        // Every other end is an end.
        other if !other.is_open() => Closed,
        other => other,
    };
    let place = order.iter().position(|state| *state == now).unwrap_or(0);
    order
        .iter()
        .enumerate()
        .map(|(n, state)| Stage {
            words: frame.code("state", if n == place { case.state.code() } else { state.code() }),
            done: n < place,
            here: n == place,
        })
        .collect()
}

/// That the customer rejected the outcome and has been told no other since, and their words where they may be read.
pub(super) fn disputed(frame: &Frame<'_>, view: &CaseView) -> Option<(String, String)> {
    if view.case.disputes == 0 || !view.case.state.is_open() {
        return None;
    }
    let entries = view.entries.iter().rev();
    let mut events = entries.flat_map(|entry| entry.events.iter().rev().map(move |event| (entry, event)));
    let (entry, event) = events.find(|(_, event)| matches!(event, Event::Disputed { .. } | Event::Replied { .. }))?;
    let Event::Disputed { reason } = event else { return None };
    let line = frame.tv("disputed_at", &[("at", &frame.moment(entry.at))]);
    Some((line, reason.plain().unwrap_or_default().to_owned()))
}

/// All clocks as they stand at a moment, each with its reasons.
pub(super) fn clocks(frame: &Frame<'_>, case: &Case, now: Timestamp) -> Result<Vec<Clock>, Failure> {
    let desk = &frame.app.desk;
    let rules = desk.library().rules_of(case)?;
    let mut shown = Vec::new();
    for one in desk.explain_clocks(case)? {
        let clock = one.clock;
        let rule = rules.clock(&clock.rule);
        let title =
            rule.map_or(clock.rule.as_str(), |rule| frame.language.pick(&rule.head.title.zh, &rule.head.title.en));
        let (class, sign, left) = match &clock.ended {
            Some((outcome, at)) => {
                let code = words::outcome(*outcome);
                let told = format!("{} · {}", frame.code("outcome", code), frame.limit(*at, &rules));
                (code, if code == "missed" { "✕" } else { "✓" }, told)
            }
            None if clock.is_paused() => ("paused", "‖", frame.code("outcome", "paused")),
            // Of what is somebody else's only the moment matters: nobody here is late.
            None if !binds_provider(rule) => {
                let left =
                    if clock.due_at < now { frame.code("outcome", "ran_out") } else { frame.left(clock.due_at, now) };
                ("moot", "○", left)
            }
            None => {
                let step = step(clock.from, clock.due_at, now);
                (step.class(), step.sign(), frame.left(clock.due_at, now))
            }
        };
        shown.push(Clock {
            title: title.to_owned(),
            due: frame.limit(clock.due_at, &rules),
            left,
            class,
            sign,
            running: clock.ended.is_none(),
            meaning: rule
                .filter(|rule| rule.head.layer == policy::Layer::Law)
                .and_then(|rule| rule.head.note.as_ref())
                .map(|note| frame.language.pick(&note.zh, &note.en).to_owned()),
            internal: rule.is_none_or(|rule| rule.head.layer != policy::Layer::Law),
            lines: one.explanation.lines(frame.language.of_rules()),
        });
    }
    // Running ones first, the next due on top; what is shown of a moment sorts like the moment.
    shown.sort_by(|a, b| b.running.cmp(&a.running).then_with(|| a.due.cmp(&b.due)));
    Ok(shown)
}
