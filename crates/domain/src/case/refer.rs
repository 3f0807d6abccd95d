//! Refer (提交外部机构): the customer took the matter to a body outside, and it told us. A case that has ended is taken up
//! again by it, however long ago that was: the body decides whether it comes in time.

use super::{Case, Context, Decision, State, grade, matter, referral, reopen};
use crate::event::Event;
use crate::fault::Fault;
use crate::free_text::{FreeText, plain};
use crate::ids::AttachmentId;
use crate::refusal::Refusal;
use crate::shape::{Field, Form, Kind, optional, required};
use jiff::Timestamp;
use serde::Deserialize;

/// Shape of a referral.
pub const FIELDS: &[Field] = &[
    required("route", Kind::Line { max: 64 }, "Way of the rules, such as tio or communications_ombudsman."),
    required("reason", Kind::Text { max: 2_000, multiline: true }, "What the body asks or says."),
    optional("stage", Kind::Line { max: 64 }, "Stage of the way it begins with. Default: its first."),
    optional(
        "number",
        Kind::Formed { form: Form::FileNumber, max: 64 },
        "The body's own number. Kept in the clear; nothing of a person is taken in it.",
    ),
    optional("at", Kind::Moment, "When the body told us. Default: now."),
    optional("document", Kind::Uuid, "The attachment of this case that is its paper."),
    optional(
        "reference",
        Kind::Formed { form: Form::FileNumber, max: 64 },
        "Number of its paper. Kept in the clear; nothing of a person is taken in it.",
    ),
];

/// Record that the customer took the matter outside.
#[derive(Clone, Debug, Deserialize)]
pub struct Refer {
    /// Way of the rules.
    pub route: String,
    /// What the body asks or says.
    #[serde(deserialize_with = "plain")]
    pub reason: FreeText,
    /// The stage it begins with.
    pub stage: Option<String>,
    /// The body's own number.
    pub number: Option<String>,
    /// When.
    pub at: Option<Timestamp>,
    /// The attachment that is its paper.
    pub document: Option<AttachmentId>,
    /// Number of its paper.
    pub reference: Option<String>,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    (case.state.is_open() && case.state != State::Suspended) || reopen::offered(case)
}

/// Decides a referral.
///
/// # Errors
/// If the rules know no such way for this case, it has no such stage, a referral of it is under way, or its time or
/// paper is wrong.
pub fn decide(case: &Case, refer: &Refer, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    if !offered(case) {
        return Err(Refusal::conflict("wrong_state").with("state", case.state.code()).with("allowed", "—"));
    }
    let route = ctx.rules.route(&refer.route).filter(|route| !route.stages.is_empty());
    let route = route.ok_or_else(|| Fault::new("route", "unknown_route"))?;
    if matter::is_handed_over(&refer.route) {
        return Err(Fault::new("route", "route_hands_over").into());
    }
    let facts = grade::facts(case, ctx.rules, ctx.taxonomy);
    if !route.head.applies.holds(&facts, Some(case.grade)) || route.head.excludes(&facts, Some(case.grade)) {
        return Err(Fault::new("route", "route_not_for_case").into());
    }
    let under_way = |one: &&referral::Referral| one.route == refer.route && !one.is_over(ctx.rules);
    if case.referrals.iter().find(under_way).is_some() {
        return Err(Refusal::conflict("referral_under_way"));
    }
    let stage = match &refer.stage {
        Some(id) => route.stage(id),
        None => route.stages.first(),
    };
    let stage = stage.ok_or_else(|| {
        let known: Vec<&str> = route.stages.iter().map(|stage| stage.id.as_str()).collect();
        Fault::new("stage", "not_one_of").with("allowed", known.join(", "))
    })?;
    let at = refer.at.unwrap_or(ctx.now);
    referral::proved(case, at, None, refer.document, ctx)?;
    referral::ready(case, "refer", stage, refer.document.is_some() || refer.reference.is_some(), ctx)?;
    let mut decision = Decision::default();
    // The clocks of a case that is taken up again begin in its new round.
    let mut here = case.clone();
    if reopen::offered(case) {
        decision = reopen::again(case, refer.reason.clone(), ctx);
        here.anticipate(&decision.events, ctx);
    }
    decision.events.push(Event::Referred {
        referral: referral::next(case),
        route: refer.route.clone(),
        stage: stage.id.clone(),
        at,
        number: refer.number.clone(),
        reason: refer.reason.clone(),
        document: refer.document,
        reference: refer.reference.clone(),
    });
    decision.events.extend(referral::turn(&here, route, stage, at, ctx));
    Ok(decision)
}
