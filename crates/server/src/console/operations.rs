//! What can be done with a case as it stands, by whoever looks at it.

use super::Frame;
use super::compensations;
use super::form::{Draw, Input, Typed};
use super::letters::Letters;
use super::matters;
use super::names::Names;
use super::readings;
use desk::drafts::Draft;
use desk::{Caller, Permission, permissions};
use domain::case::message::Way;
use domain::case::{Attachment, Case, Matter, State, dispute};
use domain::command::{VERBS, Verb};

/// Operations that belong together, in the order people look for them.
const GROUPS: &[(&str, &[&str])] = &[
    (
        "handle",
        &[
            "classify",
            "accept",
            "propose",
            "approve",
            "send-back",
            "ask-reading",
            "release-reading",
            "return-reading",
            "reply",
            "set-cause",
            "ask-satisfaction",
            "record-satisfaction",
            "confirm",
            "close",
            "reopen",
        ],
    ),
    (
        "customer",
        &[
            "record-contact",
            "declare-unreachable",
            "notify-progress",
            "agree-progress",
            "send-message",
            "issue-letter",
            "record-delivery",
            "supplement",
            "promise",
            "keep-promise",
            "call-back",
            "dispute",
            "decide-review",
            "declare-deadlock",
            "withdraw",
        ],
    ),
    (
        "arrange",
        &[
            "note",
            "assign",
            "route",
            "transfer",
            "grade",
            "re-grade",
            "suspend",
            "resume",
            "link",
            "judge-similar",
            "merge",
            "join-incident",
            "leave-incident",
        ],
    ),
    (
        "orders",
        &[
            "dispatch",
            "accept-order",
            "refuse-order",
            "return-order",
            "hand-over-order",
            "book-visit",
            "record-arrival",
            "report-order",
            "answer-order",
            "bounce-order",
            "urge-order",
            "ask-extension",
            "decide-extension",
            "approve-order",
            "cancel-order",
            "rule-ownership",
        ],
    ),
    (
        "bodies",
        &["refer", "record-step", "feed-back", "record-admission", "record-transfer", "record-mediation", "record-end"],
    ),
    (
        "compensation",
        &[
            "propose-compensation",
            "approve-compensation",
            "refuse-compensation",
            "verify-compensation",
            "pay-compensation",
            "send-compensation",
            "confirm-compensation",
            "settle-recovery",
        ],
    ),
    ("refuse", &["decline", "request-void", "confirm-void"]),
    ("holds", &["place-hold", "lift-hold"]),
];

/// Single keys for what is done most, as other desks have them where there is a custom. Of two verbs with one key a case
/// offers only one at a time.
pub(super) const KEYS: &[(&str, &str)] = &[
    ("accept", "y"),
    ("approve", "y"),
    ("reply", "r"),
    ("note", "c"),
    ("assign", "a"),
    ("transfer", "t"),
    ("propose", "p"),
    ("grade", "g"),
    ("send-message", "m"),
    ("notify-progress", "f"),
    ("record-contact", "i"),
    ("promise", "w"),
    ("dispatch", "d"),
    ("suspend", "s"),
    ("resume", "s"),
    ("link", "l"),
    ("close", "e"),
];

/// What is written beside the conversation, in the order it is offered: to the customer, then for the house alone.
const COMPOSED: [&str; 4] = ["reply", "notify-progress", "send-message", "note"];

/// Takes what stands beside the conversation out of the operations. One of its forms is always open: the one somebody
/// was at, else the first.
pub(super) fn composed(operations: Vec<Operation>) -> (Vec<Operation>, Vec<Operation>) {
    let place = |verb: &str| COMPOSED.iter().position(|one| *one == verb);
    let (mut compose, others): (Vec<_>, Vec<_>) = operations.into_iter().partition(|one| place(one.verb).is_some());
    compose.sort_by_key(|one| place(one.verb));
    for one in &mut compose {
        one.side = if one.verb == "note" { "internal" } else { "customer" };
    }
    if !compose.iter().any(|one| one.open)
        && let Some(first) = compose.first_mut()
    {
        first.open = true;
    }
    (compose, others)
}

/// A group with its heading.
pub(super) struct Group {
    pub(super) words: String,
    pub(super) operations: Vec<Operation>,
}

/// The operations in groups; what belongs nowhere yet stands with the first.
pub(super) fn grouped(frame: &Frame<'_>, operations: Vec<Operation>) -> Vec<Group> {
    let mut groups: Vec<Group> = GROUPS
        .iter()
        .map(|(name, _)| Group { words: frame.t(&format!("operations.{name}")), operations: Vec::new() })
        .collect();
    for operation in operations {
        let place = GROUPS.iter().position(|(_, verbs)| verbs.contains(&operation.verb)).unwrap_or(0);
        if let Some(group) = groups.get_mut(place) {
            group.operations.push(operation);
        }
    }
    groups.retain(|group| !group.operations.is_empty());
    groups
}

/// An operation on offer.
pub(super) struct Operation {
    pub(super) verb: &'static str,
    pub(super) words: String,
    pub(super) inputs: Vec<Input>,
    pub(super) open: bool,
    /// The key that opens it; empty when it has none.
    pub(super) key: &'static str,
    /// Nothing has to be filled in.
    pub(super) plain: bool,
    /// The usual next step.
    pub(super) next: bool,
    /// Whether what is typed may be kept, and when it was last.
    pub(super) drafts: bool,
    pub(super) kept_at: String,
    /// What drafted the words in it, where a machine did.
    pub(super) machine: String,
    /// Whether a machine can be asked for a draft.
    pub(super) assist: bool,
    /// Why it cannot be done in this installation; empty where it can.
    pub(super) missing: String,
    /// Who reads what is written beside the conversation: `customer` or `internal`; empty elsewhere.
    pub(super) side: &'static str,
}

/// The form somebody filled, by its verb, and what is wrong with it.
pub(super) type Filled<'t> = (Option<(&'static str, &'t Typed)>, &'t [(String, String, String)]);

/// The operations a case offers to a caller, in the order of the process; `table` says whether a routing table is in
/// force for it.
pub(super) fn operations(
    frame: &Frame<'_>,
    caller: &Caller,
    case: &Case,
    names: &Names,
    table: bool,
    (typed, errors): Filled<'_>,
    drafts: &[Draft],
) -> Vec<Operation> {
    let fresh = Typed::default();
    let letters = Letters::of(frame, case);
    let ways = super::referrals::ways(frame, case);
    let to_approve = compensations::to_approve(frame, case, caller);
    let known = |verb: &str, field: &str| match field {
        "letter" if verb == "record-delivery" => letters.out.clone(),
        "letter" => letters.known.clone(),
        "language" => letters.languages.clone(),
        "route" => ways.clone(),
        "referral" => case.referrals.iter().map(|one| (one.id.to_string(), frame.rule(&one.route))).collect(),
        "stage" if verb == "record-step" => super::referrals::next(frame, case),
        "user" => names.holders(frame, case, verb),
        "unit" | "incident" => names.choices(frame, field),
        "order" => super::orders::meant(frame, case, names, verb, caller),
        "part_of" => super::orders::meant(frame, case, names, verb, caller),
        "matter" => case.matters.iter().map(|one| (one.id.to_string(), matters::title(frame, one))).collect(),
        "promise" if verb == "record-contact" => super::call_backs::meant(frame, case),
        "rule" => compensations::rules(frame, case),
        "compensation" if verb == "approve-compensation" => to_approve.clone(),
        "compensation" => compensations::open(case),
        "reading" if ["reply", "issue-letter"].contains(&verb) => readings::released(frame, case, verb),
        "reading" => readings::to_read(frame, case, caller),
        "hold" => case.lasting_legal_holds().map(|one| (one.id.to_string(), one.id.to_string())).collect(),
        "document" => {
            let name = |file: &Attachment| file.name.plain().unwrap_or_default().to_owned();
            case.attachments.iter().rev().map(|file| (file.id.to_string(), name(file))).collect()
        }
        _ => Vec::new(),
    };
    let next = next(case);
    VERBS
        .iter()
        // Where the rules know no way outside, none is offered.
        .filter(|verb| verb.name != "refer" || !ways.is_empty())
        // Nor does a table decide that is not there.
        .filter(|verb| verb.name != "route" || table)
        // Nobody reads what they wrote themselves.
        .filter(|verb| !readings::VERBS.contains(&verb.name) || !readings::to_read(frame, case, caller).is_empty())
        // What lies beyond one's authority is for others; the line of the remedy says for whom.
        .filter(|verb| verb.name != "approve-compensation" || !to_approve.is_empty())
        .filter(|verb| super::orders::is_theirs_to(verb.name, case, caller))
        // Nobody is led to what only somebody else may do.
        .filter(|verb| !dispute::bars(case, caller.actor.id, verb.name))
        .filter(|verb| comes_up(verb, caller, case))
        .map(|verb| {
            let mine = typed.filter(|(name, _)| *name == verb.name);
            let errors = if mine.is_some() { errors } else { &[] };
            let draft = drafts.iter().find(|draft| draft.verb == verb.name);
            let mut written = Typed::default();
            if let Some(draft) = draft {
                written.set("content", draft.content.as_str());
            }
            // What was typed a moment ago comes before what was kept; a form that was only opened shows what was kept.
            let typed = mine.map_or(&fresh, |(_, typed)| typed);
            let typed = if typed.get("content").is_empty() && draft.is_some() { &written } else { typed };
            let known = |field: &str| known(verb.name, field);
            let draw = Draw { frame, words: verb.name, typed, errors, known: &known };
            let mut inputs = draw.inputs("", verb.fields);
            // Where nothing was released there is nothing to choose.
            if !readings::VERBS.contains(&verb.name) && case.released_readings().next().is_none() {
                inputs.retain(|input| input.name != "reading");
            }
            if verb.name == "record-contact" && super::call_backs::meant(frame, case).is_empty() {
                inputs.retain(|input| !["promise", "next_at"].contains(&input.name.as_str()));
            }
            // Nor whether a machine's words may stay that were none.
            if draft.is_none_or(|draft| draft.machine.is_none()) {
                inputs.retain(|input| input.name != "confirmed");
            }
            // Nobody is asked whether to grant what is not asked for.
            if verb.name == "propose" && !domain::retention::asks_erasure(case) {
                inputs.retain(|input| !["grants", "identity_verified"].contains(&input.name.as_str()));
            }
            Operation {
                key: KEYS.iter().find(|(name, _)| *name == verb.name).map_or("", |(_, key)| key),
                verb: verb.name,
                words: frame.code("verb", verb.name),
                open: mine.is_some() || draft.is_some(),
                drafts: desk::drafts::VERBS.contains(&verb.name)
                    && permissions::DRAFT.allows(caller)
                    && caller.actor.user().is_some(),
                kept_at: draft.map(|draft| frame.moment(draft.at)).unwrap_or_default(),
                machine: draft.and_then(|draft| draft.machine.clone()).unwrap_or_default(),
                assist: false,
                missing: leave_ways(frame, verb.name, &mut inputs),
                plain: inputs.is_empty(),
                next: verb.name == next,
                side: "",
                inputs,
            }
        })
        .collect()
}

/// Whether a case is at a step, and the caller's role may take it.
fn comes_up(verb: &Verb, caller: &Caller, case: &Case) -> bool {
    (verb.offered)(case) && Permission::for_verb(verb.name).is_some_and(|one| one.allows(caller))
}

/// Why steps the case is at are not offered: whoever looks handled an outcome the customer rejected.
pub(super) fn barred(frame: &Frame<'_>, caller: &Caller, case: &Case) -> Option<String> {
    let kept_away =
        VERBS.iter().filter(|verb| dispute::bars(case, caller.actor.id, verb.name) && comes_up(verb, caller, case));
    let names: Vec<String> = kept_away.map(|verb| frame.code("verb", verb.name)).collect();
    if names.is_empty() {
        return None;
    }
    let verbs = names.join(&frame.t("list_comma"));
    let (why, way_out) = (
        frame.code("refusal", "handled_disputed_outcome.text"),
        frame.code("refusal", "handled_disputed_outcome.way_out"),
    );
    Some(frame.tv("operations.barred", &[("verbs", &verbs), ("why", &why), ("way_out", &way_out)]))
}

/// Leaves of a message the ways this installation has, and says where it has none.
fn leave_ways(frame: &Frame<'_>, verb: &str, inputs: &mut [Input]) -> String {
    let ways = frame.app.desk.ways();
    for input in inputs.iter_mut().filter(|input| verb == "send-message" && input.name == "way") {
        input.choices.retain(|choice| Way::from_code(&choice.code).is_some_and(|way| ways.has(way)));
    }
    if verb != "send-message" || ways.any() { String::new() } else { frame.t("messages.no_way") }
}

/// The step people usually take next; only shown first, never required.
fn next(case: &Case) -> &'static str {
    match case.state {
        State::Triage => "classify",
        State::Registered | State::Reopened => "accept",
        State::Accepted | State::InProgress if case.owner.user.is_none() => "accept",
        State::Accepted | State::InProgress => "propose",
        State::Suspended => "resume",
        State::Merged => "reply",
        State::AwaitingReview => "approve",
        State::AwaitingReply if case.waiting_readings().next().is_some() => "release-reading",
        State::AwaitingReply => "reply",
        State::AwaitingCustomer if case.cause.is_none() => "set-cause",
        State::AwaitingCustomer if !case.satisfaction_asked => "ask-satisfaction",
        State::AwaitingCustomer if case.survey.is_none() => "record-satisfaction",
        State::AwaitingCustomer if case.open_review().is_some() => "decide-review",
        State::AwaitingCustomer if case.matters.iter().any(Matter::owes_feedback) => "feed-back",
        State::AwaitingCustomer => "close",
        _ => "",
    }
}
