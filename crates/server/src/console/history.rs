//! The timeline: every entry of the log as sentences and words, customer's side and ours told apart.

use super::Frame;
use super::compensations;
use super::names::Names;
use crate::app::AppState;
use crate::extract::Visitor;
use crate::locale::Language;
use crate::words;
use desk::queries::case::CaseView;
use domain::actor::ActorId;
use domain::case::order::OrderStep;
use domain::case::survey::channel_of;
use domain::case::{Case, binds_provider};
use domain::event::{Caused, Entry, Event};
use domain::free_text::FreeText;
use domain::ids::{CaseId, UserId};

/// An entry as whoever tells a story needs it.
pub(crate) struct Heard {
    /// When, by the microsecond, for putting entries of several cases in order.
    pub(crate) moment: jiff::Timestamp,
    /// When, as people read it.
    pub(crate) at: String,
    /// Who.
    pub(crate) who: String,
    /// What they did.
    pub(crate) verb: String,
    /// Version of the case after it.
    pub(crate) version: i64,
    /// What came of it.
    pub(crate) lines: Vec<String>,
    /// Label and words.
    pub(crate) texts: Vec<(String, String)>,
}

/// The timeline of a case, oldest first, for whoever tells a story.
pub(crate) async fn transcript(
    app: &AppState,
    language: Language,
    caller: &desk::Caller,
    view: &CaseView,
) -> Vec<Heard> {
    let visitor = Visitor {
        caller: Some(caller.clone()),
        language,
        address: std::net::Ipv4Addr::LOCALHOST.into(),
        theme: super::Theme::default(),
        place: String::new(),
        unread: 0,
        views: std::sync::Arc::default(),
    };
    let frame = Frame::new(app, &visitor);
    let Ok(mut names) = Names::gather(app, caller).await else { return Vec::new() };
    names.add(view);
    view.entries
        .iter()
        .map(|entry| {
            let Moment { at, who, verb, version, lines, texts, .. } = moment(&frame, view, &names, entry);
            Heard { moment: entry.at, at, who, verb, version, lines, texts }
        })
        .collect()
}

/// One entry.
pub(super) struct Moment {
    pub(super) at: String,
    pub(super) who: String,
    pub(super) verb: String,
    /// `customer`, `internal` or `system`.
    pub(super) side: &'static str,
    pub(super) side_words: String,
    pub(super) version: i64,
    pub(super) lines: Vec<String>,
    /// Label and words.
    pub(super) texts: Vec<(String, String)>,
}

/// The timeline, newest first.
pub(super) fn timeline(frame: &Frame<'_>, view: &CaseView, names: &Names) -> Vec<Moment> {
    view.entries.iter().rev().map(|entry| moment(frame, view, names, entry)).collect()
}

/// Whose side an entry stands on: what programmes did by themselves, what reached the customer, what stayed inside.
fn side(verb: &str, actor: ActorId) -> &'static str {
    match verb {
        // What came in by mail is the customer's own, though nobody took it down.
        "supplement" => "customer",
        _ if actor == ActorId::System => "system",
        "register"
        | "reply"
        | "ask-satisfaction"
        | "record-satisfaction"
        | "confirm"
        | "reopen"
        | "record-contact"
        | "declare-unreachable"
        | "notify-progress"
        | "agree-progress"
        | "send-message"
        | "promise"
        | "answer-survey"
        | "call-back"
        | "dispute"
        | "declare-deadlock"
        | "decline"
        | "issue-letter"
        | "withdraw" => "customer",
        _ => "internal",
    }
}

pub(super) fn moment(frame: &Frame<'_>, view: &CaseView, names: &Names, entry: &Entry) -> Moment {
    let who = match entry.actor {
        ActorId::User(user) => view.users.get(&user).cloned().unwrap_or_else(|| user.to_string()),
        ActorId::Token(_) => frame.t("actor.token"),
        ActorId::System => frame.t("actor.system"),
    };
    let side = side(&entry.verb, entry.actor);
    let mut texts = Vec::new();
    for event in &entry.events {
        let mut event = event.clone();
        // The record of the registration stands on the page already.
        if matches!(event, Event::Registered { .. }) {
            continue;
        }
        // What another body handed over, and what the customer told it, keep their words' names, whichever entry they
        // came with.
        let verb = match event {
            Event::HandedOff { .. } => "hand-off",
            Event::Supplemented { .. } => "supplement",
            Event::TicketChanged { .. } => "change-ticket",
            Event::Reopened { .. } => "reopen",
            Event::Referred { .. } => "refer",
            Event::SatisfactionRecorded { .. } => "record-satisfaction",
            Event::CompensationProposed { .. } => "propose-compensation",
            // A ruling sends an order along.
            Event::Order { step: OrderStep::Sent { .. }, .. } => "dispatch",
            _ => &entry.verb,
        };
        for (place, text) in event.texts() {
            if let FreeText::Plain(words) = &*text {
                let label = frame.app.locales.text(frame.language, &format!("field.{verb}.{place}.label"), &[]);
                let words = if place == "ticket" { ticket_lines(words) } else { words.clone() };
                texts.push((label, words));
            }
        }
    }
    Moment {
        at: frame.moment(entry.at),
        who,
        verb: frame.code("verb", &entry.verb),
        side,
        side_words: frame.t(&format!("side.{side}")),
        version: entry.version,
        lines: entry.events.iter().filter_map(|event| line(frame, &view.case, names, event)).collect(),
        texts,
    }
}

/// What a ticket says, an attribute a line.
fn ticket_lines(words: &str) -> String {
    let Ok(serde_json::Value::Object(members)) = serde_json::from_str(words) else { return words.to_owned() };
    let lines = members.iter().map(|(name, value)| match value.as_str() {
        Some(text) => format!("{name}: {text}"),
        None => format!("{name}: {value}"),
    });
    lines.collect::<Vec<_>>().join("\n")
}

impl Frame<'_> {
    /// For whom somebody stands in, to be put behind a name; empty when for nobody.
    pub(super) fn instead_of(&self, names: &Names, absent: Option<UserId>) -> String {
        absent.map(|user| self.tv("instead_of", &[("name", names.person(user))])).unwrap_or_default()
    }
}

/// An event as a sentence; those the verb itself says have none.
fn line(frame: &Frame<'_>, case: &Case, names: &Names, event: &Event) -> Option<String> {
    let say = |code: &str, values: &[(&str, &str)]| {
        Some(frame.app.locales.text(frame.language, &format!("event.{code}"), values))
    };
    let rules = frame.app.desk.library().rules_of(case).ok();
    let rule = |id: &str| {
        let mut heads = rules.iter().flat_map(|rules| rules.packs().flat_map(policy::Pack::heads));
        let title = heads.find(|(_, head)| head.id == id).map(|(_, head)| &head.title);
        title.map_or(id, |title| frame.language.pick(&title.zh, &title.en)).to_owned()
    };
    let stage_name = |route: &str, stage: &str| {
        let rule = rules.as_ref().and_then(|rules| rules.route(route)?.stage(stage));
        rule.map_or(stage, |stage| frame.language.pick(&stage.title.zh, &stage.title.en)).to_owned()
    };
    let merged = |id: &CaseId| case.absorbed.iter().find(|one| one.case == *id).map_or("", |one| one.number.as_str());
    let paper = |number: Option<&str>| {
        number.map(|number| format!(" · {} {number}", frame.t("matters.paper"))).unwrap_or_default()
    };
    match event {
        Event::Registered { .. } => say("registered", &[]),
        Event::Classified { category, .. } => say("classified", &[("category", &frame.category(category))]),
        Event::Converted { rule: id, from, to } => {
            let kind = |kind: domain::intake::ContactKind| frame.code("kind", kind.code());
            say("converted", &[("rule", &rule(id)), ("from", &kind(*from)), ("to", &kind(*to))])
        }
        Event::Graded { grade, .. } => say("graded", &[("grade", &frame.code("grade", grade.code()))]),
        Event::ClockStarted { rule: id, due_at, .. } => {
            say("clock_started", &[("rule", &rule(id)), ("due", &frame.moment(*due_at))])
        }
        Event::CalendarChanged { calendar, note, .. } => {
            let version = calendar.version.to_string();
            say("calendar_changed", &[("calendar", &calendar.id), ("version", &version), ("note", note)])
        }
        Event::ClockMoved { rule: id, due_at, .. } => {
            say("clock_moved", &[("rule", &rule(id)), ("due", &frame.moment(*due_at))])
        }
        Event::ClockStopped { rule: id, outcome, .. } => {
            let outcome = frame.code("outcome", words::outcome(*outcome));
            say("clock_stopped", &[("rule", &rule(id)), ("outcome", &outcome)])
        }
        Event::Assigned { owner, instead_of, routed, .. } => {
            let owner = names.owner(owner.unit, owner.user) + &frame.instead_of(names, *instead_of);
            match routed {
                None => say("assigned", &[("owner", &owner)]),
                Some(routed) => {
                    let why = frame.code("how", routed.how.code());
                    say("assigned_by_table", &[("owner", &owner), ("row", &rule(&routed.rule)), ("why", &why)])
                }
            }
        }
        Event::Attached { media, size, .. } => {
            say("attached", &[("media", media), ("size", &super::attachments::size(*size))])
        }
        Event::Restored { at } => say("restored", &[("at", &frame.moment(*at))]),
        Event::Replied { mode, at, .. } => {
            say("replied", &[("mode", &frame.code("mode", mode)), ("at", &frame.moment(*at))])
        }
        Event::CauseSet { cause, .. } => say("cause_set", &[("cause", &frame.cause(cause))]),
        Event::SurveyInvited { expires_at, .. } => say("survey_invited", &[("at", &frame.moment(*expires_at))]),
        Event::CalledBack { outcome, at } => {
            let outcome = frame.code("contact", words::contact(*outcome));
            say("called_back", &[("outcome", &outcome), ("at", &frame.moment(*at))])
        }
        Event::ReviewOpened { review } => say("review_opened", &[("review", &review.to_string())]),
        Event::ReviewDecided { review, decision, .. } => {
            let decision = frame.code("decision", decision);
            say("review_decided", &[("review", &review.to_string()), ("decision", &decision)])
        }
        Event::SatisfactionAsked { mode, .. } => say("satisfaction_asked", &[("mode", &frame.code("mode", mode))]),
        Event::SatisfactionRecorded { satisfied, channel, .. } => {
            let said = frame.code("satisfied", words::satisfaction(*satisfied));
            let through = frame.code("through", channel_of(channel.as_ref(), None));
            say("satisfaction_recorded", &[("satisfied", &said), ("through", &through)])
        }
        Event::Confirmed { mode } => say("confirmed", &[("mode", &frame.code("mode", mode))]),
        Event::Reopened { round, .. } => say("reopened", &[("round", &round.to_string())]),
        Event::Supplemented { channel, urging, .. } => {
            let channel = channel.as_deref().map(|channel| frame.code("channel", channel)).unwrap_or_default();
            say(if *urging { "urged" } else { "supplemented" }, &[("channel", &channel)])
        }
        Event::Contacted { mode, outcome, at, promise: Some(promise), next_at, .. } => {
            let values = [
                ("promise", promise.to_string()),
                ("mode", frame.code("mode", mode)),
                ("outcome", frame.code("contact", words::contact(*outcome))),
                ("at", frame.moment(*at)),
                ("next", next_at.map(|at| frame.moment(at)).unwrap_or_default()),
            ];
            let key = if next_at.is_some() { "called_back_again" } else { "called_back_promised" };
            say(key, &values.each_ref().map(|(name, value)| (*name, value.as_str())))
        }
        Event::Unreachable { rule: id, tries, .. } => {
            let count = tries.len().to_string();
            say("unreachable", &[("count", &count), ("rule", &rule(id))])
        }
        Event::Contacted { mode, outcome, at, .. } => say(
            "contacted",
            &[
                ("mode", &frame.code("mode", mode)),
                ("outcome", &frame.code("contact", words::contact(*outcome))),
                ("at", &frame.moment(*at)),
            ],
        ),
        Event::ProgressNotified { mode, at, .. } => {
            say("progress_notified", &[("mode", &frame.code("mode", mode)), ("at", &frame.moment(*at))])
        }
        Event::ProgressAgreed { hours: Some(hours), .. } => say("progress_agreed", &[("hours", &hours.to_string())]),
        Event::ProgressAgreed { hours: None, .. } => say("progress_unwanted", &[]),
        Event::ReadingAsked { reading, paper, .. } => {
            let what = super::readings::title(frame, paper);
            say("reading_asked", &[("reading", &reading.to_string()), ("what", &what)])
        }
        Event::ReadingReleased { reading, .. } => say("reading_released", &[("reading", &reading.to_string())]),
        Event::ReadingReturned { reading, .. } => say("reading_returned", &[("reading", &reading.to_string())]),
        Event::MessageWritten { way, .. } => say("message_written", &[("way", &frame.code("way", way.code()))]),
        Event::MessageMoved { what, way, stage, why, wordings, .. } => {
            let mut why = why.map(|why| format!(" · {}", frame.code("message_why", why.code()))).unwrap_or_default();
            for hash in wordings {
                // Enough of the address to find it on the page of wordings.
                why.push_str(" · ");
                why.extend(hash.chars().take(12));
            }
            let values = [
                ("what", frame.code("message_what", what.code())),
                ("way", frame.code("way", way.code())),
                ("stage", frame.code("message_stage", stage.code())),
                ("why", why),
            ];
            say("message_moved", &values.each_ref().map(|(name, value)| (*name, value.as_str())))
        }
        Event::Promised { id, due_at, call_back, .. } => {
            let key = if *call_back { "call_back_promised" } else { "promised" };
            say(key, &[("promise", &id.to_string()), ("due", &frame.moment(*due_at))])
        }
        Event::PromiseInherited { id, number, promise: 0, due_at, .. } => say(
            "reply_promise_inherited",
            &[("promise", &id.to_string()), ("number", number), ("due", &frame.moment(*due_at))],
        ),
        Event::PromiseInherited { id, number, promise, due_at, .. } => say(
            "promise_inherited",
            &[
                ("promise", &id.to_string()),
                ("number", number),
                ("there", &promise.to_string()),
                ("due", &frame.moment(*due_at)),
            ],
        ),
        Event::PromiseKept { id, at, .. } => {
            say("promise_kept", &[("promise", &id.to_string()), ("at", &frame.moment(*at))])
        }
        Event::PromiseBroken { id: 0 } => say("reply_promise_broken", &[]),
        Event::PromiseBroken { id } => say("promise_broken", &[("promise", &id.to_string())]),
        Event::Warned { rule: id, percent: 100, .. } => {
            let known = rules.as_ref().and_then(|rules| rules.clock(id));
            say(if binds_provider(known) { "overdue" } else { "ran_out" }, &[("rule", &rule(id))])
        }
        Event::Warned { rule: id, percent, .. } => {
            say("warned", &[("rule", &rule(id)), ("percent", &percent.to_string())])
        }
        Event::Suspended { wait_for, until, .. } => {
            say("suspended", &[("wait_for", &frame.code("wait_for", wait_for)), ("until", &frame.moment(*until))])
        }
        Event::Resumed { by_limit: true, .. } => say("resumed_by_limit", &[]),
        Event::Resumed { .. } => say("resumed", &[]),
        Event::ClockPaused { rule: id, .. } => say("clock_paused", &[("rule", &rule(id))]),
        Event::ClockResumed { rule: id, due_at, .. } => {
            say("clock_resumed", &[("rule", &rule(id)), ("due", &frame.moment(*due_at))])
        }
        Event::ClockInherited { rule: id, due_at, .. } => {
            say("clock_inherited", &[("rule", &rule(id)), ("due", &frame.moment(*due_at))])
        }
        Event::Declined { ground, next_channel, mode, .. } => say(
            "declined",
            &[
                ("ground", &frame.code("ground", ground)),
                ("channel", &frame.code("next_channel", next_channel)),
                ("mode", &frame.code("mode", mode)),
            ],
        ),
        Event::Withdrawn { mode, .. } => say("withdrawn", &[("mode", &frame.code("mode", mode))]),
        Event::VoidRequested { .. } => say("void_requested", &[]),
        Event::VoidRefused { .. } => say("void_refused", &[]),
        Event::Merged { number, .. } => say("merged", &[("number", number)]),
        Event::Absorbed { number, received_at, .. } => {
            say("absorbed", &[("number", number), ("received", &frame.moment(*received_at))])
        }
        Event::MergedAnswered { case, .. } => say("merged_answered", &[("number", merged(case))]),
        Event::MergedWaits { case } => say("merged_waits", &[("number", merged(case))]),
        Event::AnswerLapsed {} => say("answer_lapsed", &[]),
        Event::Linked { number, relation, .. } => {
            say("linked", &[("number", number), ("relation", &frame.code("relation", relation.code()))])
        }
        Event::IncidentJoined { number, master, .. } => {
            say(if *master { "incident_joined_master" } else { "incident_joined" }, &[("number", number)])
        }
        Event::IncidentLeft { number, .. } => say("incident_left", &[("number", number)]),
        Event::HandedOff { owner, number, request, handed_at, .. } => {
            let (owner, request) = (frame.code("external", owner), frame.code("request", request));
            let at = frame.moment(*handed_at);
            say("handed_off", &[("owner", &owner), ("number", number), ("request", &request), ("at", &at)])
        }
        Event::RegulatorFedBack { to, at, reference, .. } => {
            let (owner, at, paper) = (frame.code("external", to), frame.moment(*at), paper(reference.as_deref()));
            say("regulator_fed_back", &[("owner", &owner), ("at", &at), ("paper", &paper)])
        }
        Event::RegulatorActed { owner, step, at, result, reference, .. } => {
            let (owner, step) = (frame.code("external", owner), frame.code("stage", step.code()));
            let (at, paper) = (frame.moment(*at), paper(reference.as_deref()));
            let result = result.as_deref().map(|result| format!(" · {}", frame.code("result", result)));
            let result = result.unwrap_or_default();
            let values = [("owner", owner), ("step", step), ("at", at), ("result", result), ("paper", paper)];
            say("regulator_acted", &values.each_ref().map(|(name, value)| (*name, value.as_str())))
        }
        Event::EffectTaken { did, .. } if did.is_empty() => None,
        Event::EffectTaken { rule: id, did, .. } => {
            let one = |caused: &Caused| match caused {
                Caused::Notify(told) => frame.tv("caused.notify", &[("who", &frame.code("told", told.code()))]),
                Caused::Letter(letter) => frame.tv("caused.letter", &[("letter", &rule(letter))]),
                Caused::Hold(hold) => frame.tv("caused.hold", &[("hold", &rule(hold))]),
                Caused::Route(route) => frame.tv("caused.route", &[("route", &rule(route))]),
                Caused::Compensate(owed) => frame.tv("caused.compensate", &[("owed", &rule(owed))]),
                Caused::Raise(grade) => frame.tv("caused.raise", &[("grade", &frame.code("grade", grade.code()))]),
                Caused::News(way) => frame.tv("caused.news", &[("way", &frame.code("way", way.code()))]),
                Caused::NewsKept(why) => frame.tv("caused.news_kept", &[("why", &frame.code("news_kept", why.code()))]),
            };
            let did: Vec<String> = did.iter().map(one).collect();
            say("effect_taken", &[("rule", &rule(id)), ("did", &did.join(&frame.t("list_comma")))])
        }
        Event::HoldPlaced { rule: id, holds } => {
            let held: Vec<String> = holds.iter().map(|held| frame.code("held", held.code())).collect();
            say("hold_placed", &[("rule", &rule(id)), ("held", &held.join(&frame.t("list_comma")))])
        }
        Event::HoldLifted { rule: id } => say("hold_lifted", &[("rule", &rule(id))]),
        Event::LegalHoldPlaced { id, .. } => say("legal_hold_placed", &[("hold", &id.to_string())]),
        Event::LegalHoldLifted { id, .. } => say("legal_hold_lifted", &[("hold", &id.to_string())]),
        Event::LetterIssued { rule: id, medium, at, reference, .. } => {
            let (medium, at) = (frame.code("medium", medium.code()), frame.moment(*at));
            let values = [("letter", rule(id)), ("medium", medium), ("at", at), ("paper", paper(reference.as_deref()))];
            say("letter_issued", &values.each_ref().map(|(name, value)| (*name, value.as_str())))
        }
        Event::LetterDelivered { letter, at, reference, .. } => {
            let title = case.letters.iter().find(|one| one.id == *letter).map(|one| rule(&one.rule));
            let (title, at) = (title.unwrap_or_default(), frame.moment(*at));
            say("letter_delivered", &[("letter", &title), ("at", &at), ("paper", &paper(reference.as_deref()))])
        }
        Event::Referred { route: id, stage, at, number, reference, .. } => {
            let number = number.as_deref().map(|number| format!(" {number}")).unwrap_or_default();
            let values = [
                ("route", rule(id)),
                ("number", number),
                ("stage", stage_name(id, stage)),
                ("at", frame.moment(*at)),
                ("paper", paper(reference.as_deref())),
            ];
            say("referred", &values.each_ref().map(|(name, value)| (*name, value.as_str())))
        }
        Event::ReferralMoved { route: id, stage, at, reference, .. } => {
            let values = [
                ("route", rule(id)),
                ("stage", stage_name(id, stage)),
                ("at", frame.moment(*at)),
                ("paper", paper(reference.as_deref())),
            ];
            say("referral_moved", &values.each_ref().map(|(name, value)| (*name, value.as_str())))
        }
        Event::CompensationProposed { id, sum, kind, counted, .. } => {
            let rule = counted.as_ref().map_or_else(
                || frame.code("remedy", kind.code()),
                |counted| compensations::title(frame, rules.as_ref(), &counted.rule),
            );
            let sum = if kind.is_money() { sum.sum().to_string() } else { frame.t("compensations.no_money") };
            let values = [("compensation", id.to_string()), ("sum", sum), ("rule", rule)];
            say("compensation_proposed", &values.each_ref().map(|(name, value)| (*name, value.as_str())))
        }
        Event::CompensationApproved { id, own: true, .. } => {
            say("compensation_within_authority", &[("compensation", &id.to_string())])
        }
        Event::CompensationApproved { id, .. } => say("compensation_approved", &[("compensation", &id.to_string())]),
        Event::CompensationRefused { id, .. } => say("compensation_refused", &[("compensation", &id.to_string())]),
        Event::CompensationPaid { id, at, mode, reference, earlier } => {
            let (at, paper) = (frame.moment(*at), paper(reference.as_deref()));
            let sending = earlier.map(|sending| sending.to_string()).unwrap_or_default();
            let values = [
                ("compensation", id.to_string()),
                ("mode", frame.code("mode", mode)),
                ("at", at),
                ("paper", paper),
                ("sending", sending),
            ];
            let code = if earlier.is_some() { "compensation_paid_earlier" } else { "compensation_paid" };
            say(code, &values.each_ref().map(|(name, value)| (*name, value.as_str())))
        }
        Event::CompensationVerified { id, justified, claim, .. } => {
            let found = frame.t(if *justified { "compensations.justified" } else { "compensations.unjustified" });
            let claim = claim.as_ref().map(|claim| {
                let from = frame.code("recover_from", claim.from.code());
                frame.tv("compensations.claim", &[("sum", &claim.sum.sum().to_string()), ("from", &from)])
            });
            let found = std::iter::once(found).chain(claim).collect::<Vec<_>>().join(" · ");
            say("compensation_verified", &[("compensation", &id.to_string()), ("found", &found)])
        }
        Event::RecoverySettled { id, result, at, reference } => {
            let (result, at) = (frame.code("recovery", result), frame.moment(*at));
            let paper = paper(reference.as_deref());
            let values = [("compensation", id.to_string()), ("result", result), ("at", at), ("paper", paper)];
            say("recovery_settled", &values.each_ref().map(|(name, value)| (*name, value.as_str())))
        }
        Event::CompensationSent { id, attempt, way } => {
            let values =
                [("compensation", id.to_string()), ("way", frame.code("way", way)), ("attempt", attempt.to_string())];
            say("compensation_sent", &values.each_ref().map(|(name, value)| (*name, value.as_str())))
        }
        Event::CompensationFailed { id, at, ground, .. } => {
            let values =
                [("compensation", id.to_string()), ("ground", frame.code("ground", ground)), ("at", frame.moment(*at))];
            say("compensation_failed", &values.each_ref().map(|(name, value)| (*name, value.as_str())))
        }
        Event::Order { order, step } => super::orders::step(frame, names, *order, step),
        Event::Ownership { step } => super::orders::question(frame, names, step),
        Event::CompensationEnded { rule, until } => {
            let rule = compensations::title(frame, rules.as_ref(), rule);
            say("compensation_ended", &[("rule", &rule), ("until", &frame.moment(*until))])
        }
        Event::Mentioned { users } => {
            let named: Vec<&str> = users.iter().map(|user| names.person(*user)).collect();
            say("mentioned", &[("names", &named.join(", "))])
        }
        Event::Moved { to } => say("moved", &[("state", &frame.code("state", to.code()))]),
        Event::Proposed { grants: Some(true), .. } => say("erasure_granted", &[]),
        Event::Proposed { grants: Some(false), .. } => say("erasure_not_granted", &[]),
        Event::Advised { advice } => super::similar::said(frame, names, advice),
        Event::TicketChanged { gone: true, .. } => say("ticket_gone", &[]),
        Event::TicketChanged { gone: false, .. } => say("ticket_changed", &[]),
        Event::Accepted {}
        | Event::Noted { .. }
        | Event::Proposed { .. }
        | Event::Approved { .. }
        | Event::SentBack { .. }
        | Event::Disputed { .. }
        | Event::DeadlockDeclared { .. }
        | Event::Voided { .. }
        | Event::Closed {} => None,
    }
}
