//! The matter another body has in hand (转办事项): what a regulator or hotline handed over, where it stands there, and
//! what is still owed to that body. A case may have several, each under the body's own number.
//!
//! `预处理 → 受理 / 不予受理 → 转办 → 已反馈 → 调解 → 办结`. The operator feeds back; every other step is the body's, and
//! our people record it with its time and its paper.

use super::{Case, Clock, Context, Decision, clocks};
use crate::event::Event;
use crate::fault::Fault;
use crate::ids::AttachmentId;
use crate::intake::Record;
use crate::refusal::Refusal;
use crate::shape::{Field, Form, Kind, optional};
use jiff::Timestamp;
use policy::{ClockRule, StageRef, StartFact, StopFact};
use serde::{Deserialize, Serialize};

/// Where a matter stands at the body that handed it over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// 预处理: the operator may settle it before the body decides whether to take it up.
    Pretreatment,
    /// 受理: the body took it up.
    Admitted,
    /// 不予受理: it did not.
    Refused,
    /// 转办: handed over; the operator owes its feedback.
    Transferred,
    /// 已反馈: the operator has answered the body.
    FedBack,
    /// 调解: the body mediates.
    Mediation,
    /// 办结: the body is through with it.
    Ended,
}

impl Stage {
    /// Every stage, in the order of the process.
    pub const ALL: [Self; 7] = [
        Self::Pretreatment,
        Self::Admitted,
        Self::Refused,
        Self::Transferred,
        Self::FedBack,
        Self::Mediation,
        Self::Ended,
    ];

    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Pretreatment => "pretreatment",
            Self::Admitted => "admitted",
            Self::Refused => "refused",
            Self::Transferred => "transferred",
            Self::FedBack => "fed_back",
            Self::Mediation => "mediation",
            Self::Ended => "ended",
        }
    }

    /// Where a matter begins that a body hands over with this request (see [`super::hand_off::REQUESTS`]).
    #[must_use]
    pub(super) fn first(request: &str) -> Self {
        match request {
            "pretreatment" => Self::Pretreatment,
            "mediation" => Self::Mediation,
            _ => Self::Transferred,
        }
    }

    /// Stages from which a step leads here. A feedback is possible from more of them, see [`Matter::takes_feedback`].
    #[must_use]
    pub fn from(self) -> &'static [Self] {
        match self {
            Self::Pretreatment => &[],
            Self::Admitted | Self::Refused => &[Self::Pretreatment],
            // The notice of transfer says that the matter was admitted; after a feedback it asks for another.
            Self::Transferred => &[Self::Pretreatment, Self::Admitted, Self::FedBack],
            Self::FedBack => &[Self::Transferred],
            Self::Mediation => &[Self::Transferred, Self::FedBack],
            Self::Ended => &[Self::Pretreatment, Self::Admitted, Self::Transferred, Self::FedBack, Self::Mediation],
        }
    }
}

/// The route of a pack whose stages a body's matters go through; packs write `stage:<route>/<stage>`.
#[must_use]
pub fn route(owner: &str) -> Option<&'static str> {
    match owner {
        "miit" | "provincial_authority" => Some("miit_appeal"),
        "12345" => Some("government_hotline_12345"),
        "12315" => Some("market_supervision_12315"),
        _ => None,
    }
}

/// Whether the bodies of a route hand their matters over themselves, so that nothing is referred on it.
#[must_use]
pub fn is_handed_over(route: &str) -> bool {
    super::hand_off::OWNERS.iter().any(|owner| self::route(owner) == Some(route))
}

/// A step of a matter, with what proves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Where it led; [`Stage::FedBack`] also for a feedback that changed nothing about the stage.
    pub stage: Stage,
    /// When it was taken.
    pub at: Timestamp,
    /// How the matter ended, of the last step.
    pub result: Option<String>,
    /// The attached file that is its paper.
    pub document: Option<AttachmentId>,
    /// Number of its paper.
    pub reference: Option<String>,
}

/// A matter of another body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matter {
    /// Number within the case, from 1.
    pub id: u32,
    /// The body.
    pub owner: String,
    /// Its own number, where it is known.
    pub number: Option<String>,
    /// What it asked for.
    pub request: String,
    /// Known from the channel of registration only; a hand-off that follows says more about it.
    pub by_channel: bool,
    /// Where it stands.
    pub stage: Stage,
    /// When the operator last answered what was last asked.
    pub fed_back_at: Option<Timestamp>,
    /// What happened, oldest first.
    pub steps: Vec<Step>,
}

impl Matter {
    /// What a body handed over.
    #[must_use]
    pub(super) fn handed_over(id: u32, owner: &str, number: &str, request: &str, at: Timestamp) -> Self {
        let stage = Stage::first(request);
        Self {
            id,
            owner: owner.to_owned(),
            number: Some(number.to_owned()),
            request: request.to_owned(),
            by_channel: false,
            stage,
            fed_back_at: None,
            steps: vec![Step { stage, at, result: None, document: None, reference: None }],
        }
    }

    /// What came in through a channel of a regulator without a hand-off.
    #[must_use]
    pub(super) fn by_channel(record: &Record, received_at: Timestamp) -> Option<Self> {
        let (owner, request) = match record.accept_channel.as_str() {
            "regulator_pretreatment" => ("provincial_authority", "pretreatment"),
            "regulator_mediation" => ("provincial_authority", "mediation"),
            "regulator_transfer" | "regulator_fast_track" | "regulator_green_channel" => {
                ("provincial_authority", "transfer")
            }
            "ministry_platform" => ("miit", "transfer"),
            _ => return None,
        };
        let theirs = record.external.iter().find(|one| super::hand_off::OWNERS.contains(&one.owner.as_str()));
        let owner = theirs.map_or(owner, |one| one.owner.as_str());
        let matter = Self::handed_over(1, owner, "", request, received_at);
        Some(Self { number: theirs.map(|one| one.number.clone()), by_channel: true, ..matter })
    }

    /// Whether a hand-off under this number is about it: nothing but the channel was known of it so far.
    #[must_use]
    pub(super) fn awaits(&self, number: &str) -> bool {
        self.by_channel && self.steps.len() == 1 && self.number.as_deref().is_none_or(|known| known == number)
    }

    /// Whether the operator still owes the body its answer.
    #[must_use]
    pub fn owes_feedback(&self) -> bool {
        self.takes_feedback() && self.fed_back_at.is_none()
    }

    /// Whether a feedback has a place; one more may follow the first.
    #[must_use]
    pub fn takes_feedback(&self) -> bool {
        !matches!(self.stage, Stage::Refused | Stage::Ended)
    }

    /// Whether a step of the body leads there from where the matter stands.
    #[must_use]
    pub fn may(&self, to: Stage) -> bool {
        to.from().contains(&self.stage)
    }

    /// Folds a step of the body.
    pub(super) fn step(&mut self, step: Step) {
        self.stage = step.stage;
        if step.stage == Stage::Transferred {
            self.fed_back_at = None;
        }
        self.steps.push(step);
    }

    /// Folds a feedback.
    pub(super) fn feed_back(&mut self, step: Step) {
        self.fed_back_at = Some(step.at);
        if self.may(Stage::FedBack) {
            self.stage = Stage::FedBack;
        }
        self.steps.push(step);
    }

    /// A stage of it as packs name it.
    fn named(&self, stage: Stage) -> Option<StageRef> {
        let route = route(&self.owner)?.to_owned();
        Some(StageRef { route, stage: stage.code().to_owned() })
    }

    /// Whether a clock begins with a stage of it; older packs call the transfer `handed_off`.
    fn starts(&self, stage: Stage, rule: &ClockRule) -> bool {
        self.named(stage).is_some_and(|stage| rule.starts_in(&stage))
            || (stage == Stage::Transferred && rule.starts_on(StartFact::HandedOff))
    }

    /// Whether a clock ends with a stage of it; a pack may also just say `fed_back`.
    fn stops(&self, stage: Stage, rule: &ClockRule) -> bool {
        self.named(stage).is_some_and(|stage| rule.stops_in(&stage))
            || (stage == Stage::FedBack && rule.stops_on(StopFact::FedBack))
    }

    /// The step since which a clock of this rule waits for it, if one does.
    fn waits(&self, rule: &ClockRule) -> Option<&Step> {
        let mut since = None;
        for step in &self.steps {
            if self.stops(step.stage, rule) || matches!(step.stage, Stage::Refused | Stage::Ended) {
                since = None;
            }
            if self.starts(step.stage, rule) {
                since = since.or(Some(step));
            }
        }
        since
    }
}

/// The fields every step has: which matter, when, and what proves it.
pub(super) const MATTER: Field = optional(
    "matter",
    Kind::Whole { min: 1, max: 1_000_000 },
    "Number of the matter within the case. Default: the only one for which this step comes next.",
);
/// See [`MATTER`].
pub(super) const AT: Field = optional("at", Kind::Moment, "When. Default: now.");
/// See [`MATTER`].
pub(super) const DOCUMENT: Field =
    optional("document", Kind::Uuid, "The attachment of this case that is the paper; this or `reference` is needed.");
/// See [`MATTER`].
pub(super) const REFERENCE: Field = optional(
    "reference",
    Kind::Formed { form: Form::FileNumber, max: 64 },
    "Number of the paper; this or `document` is needed. Kept in the clear; nothing of a person is taken in it.",
);

/// Which matter a step is about, when it was taken, and its paper.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Proof {
    /// Number of the matter within the case.
    pub matter: Option<u32>,
    /// When.
    pub at: Option<Timestamp>,
    /// The attachment that is the paper.
    pub document: Option<AttachmentId>,
    /// Number of the paper.
    pub reference: Option<String>,
}

impl Proof {
    /// The matter it is about, among those for which the step has a place.
    ///
    /// # Errors
    /// If there is none such, or more than one and none was named.
    pub(super) fn matter<'c>(&self, case: &'c Case, fits: impl Fn(&Matter) -> bool) -> Result<&'c Matter, Refusal> {
        if let Some(id) = self.matter {
            let named = case.matters.iter().find(|matter| matter.id == id);
            let named = named.ok_or_else(|| Fault::new("matter", "unknown_matter"))?;
            if fits(named) {
                return Ok(named);
            }
            return Err(Refusal::conflict("matter_elsewhere").with("stage", named.stage.code()));
        }
        let mut fitting = case.matters.iter().filter(|matter| fits(matter));
        match (fitting.next(), fitting.next()) {
            (Some(only), None) => Ok(only),
            (Some(_), Some(_)) => Err(Fault::new("matter", "which_matter").into()),
            (None, _) => Err(Refusal::conflict("no_such_matter")),
        }
    }

    /// When the step was taken: not before the one it follows.
    ///
    /// # Errors
    /// Names the field.
    pub(super) fn at(&self, matter: &Matter, ctx: &Context<'_>) -> Result<Timestamp, Refusal> {
        let at = self.at.unwrap_or(ctx.now);
        if at > ctx.now + super::register::CLOCK_SKEW {
            return Err(Fault::new("at", "in_future").into());
        }
        if matter.steps.last().is_some_and(|last| at < last.at) {
            return Err(Fault::new("at", "before_last_step").into());
        }
        Ok(at)
    }

    /// That there is a paper, and that it is one of this case.
    ///
    /// # Errors
    /// Names the field.
    pub(super) fn paper(&self, case: &Case) -> Result<(), Refusal> {
        case.require_attached(self.document)?;
        if self.document.is_none() && self.reference.is_none() {
            return Err(Fault::new("document", "needs_paper").into());
        }
        Ok(())
    }
}

/// Refuses while a body still waits for its answer: whatever ends the case would let that be forgotten.
///
/// # Errors
/// Names the bodies' numbers.
pub(super) fn nothing_owed(case: &Case) -> Result<(), Refusal> {
    let owed: Vec<&str> =
        case.matters.iter().filter(|one| one.owes_feedback()).map(|one| one.number.as_deref().unwrap_or("—")).collect();
    if owed.is_empty() {
        return Ok(());
    }
    Err(Refusal::conflict("feedback_owed").with("numbers", owed.join(", ")))
}

/// What keeps a case from being closed: bodies that wait for their answer, and mediations under way.
pub(super) fn missing(case: &Case) -> impl Iterator<Item = Fault> + '_ {
    case.matters.iter().filter_map(|matter| {
        let number = matter.number.as_deref().unwrap_or("—");
        if matter.owes_feedback() {
            return Some(Fault::new("feedback", "gate_feedback").with("number", number));
        }
        (matter.stage == Stage::Mediation).then(|| Fault::new("mediation", "gate_mediation").with("number", number))
    })
}

/// Clocks that begin with a matter that comes to stand here. One that runs already ends earlier than one that began
/// now would; it stays. An ended case has no clocks.
#[must_use]
pub(super) fn begin(case: &Case, matter: &Matter, stage: Stage, at: Timestamp, ctx: &Context<'_>) -> Vec<Event> {
    let runs =
        |rule: &str| case.clocks.iter().any(|clock| clock.is_open() && clock.round == case.round && clock.rule == rule);
    if !case.state.is_open() {
        return Vec::new();
    }
    let mut events = started(case, matter, stage, at, ctx);
    events.retain(|event| !matches!(event, Event::ClockStarted { rule, .. } if runs(rule)));
    events
}

fn started(case: &Case, matter: &Matter, stage: Stage, at: Timestamp, ctx: &Context<'_>) -> Vec<Event> {
    let stage_of_pack = matter.named(stage);
    let mut events = stage_of_pack.map(|stage| clocks::entered(case, &stage, at, ctx)).unwrap_or_default();
    if stage == Stage::Transferred {
        events.extend(clocks::start(case, StartFact::HandedOff, case.round, at, ctx));
    }
    events
}

/// Clocks of what came in through a regulator's channel without a hand-off.
#[must_use]
pub fn registered(case: &Case, ctx: &Context<'_>) -> Vec<Event> {
    case.matters.first().map(|matter| begin(case, matter, matter.stage, case.received_at, ctx)).unwrap_or_default()
}

/// What a step of one matter does to clocks: those that wait for it end, or have lost their object when the body is
/// through with it, and those of the new stage begin. There is one clock a rule: it stands for the matter that has
/// waited longest, so that it goes over to the next one that still waits.
#[must_use]
pub(super) fn turn(case: &Case, matter: &Matter, to: Stage, at: Timestamp, ctx: &Context<'_>) -> Vec<Event> {
    let mut events = Vec::new();
    let mut after = case.clone();
    for clock in case.clocks.iter().filter(|clock| clock.is_open()) {
        let Some(rule) = ctx.rules.clock(&clock.rule) else { continue };
        let others = case.matters.iter().filter(|one| one.id != matter.id);
        let next = others.filter_map(|one| Some((one, one.waits(rule)?))).min_by_key(|(_, step)| step.at);
        let over = matches!(to, Stage::Refused | Stage::Ended) && matter.waits(rule).is_some();
        let mine = matter.waits(rule).is_some_and(|since| next.is_none_or(|(_, next)| since.at <= next.at));
        if matter.stops(to, rule) && mine {
            events.push(clocks::ended(clock, at, ctx));
        } else if over && mine {
            events.push(clocks::without_object(clock, ctx));
        } else {
            continue;
        }
        if let Some(ended) = after.clocks.iter_mut().find(|one| *one == clock) {
            ended.ended = Some((crate::event::ClockOutcome::Moot, at));
        }
        if let Some((other, next)) = next {
            let mut again = started(case, other, next.stage, next.at, ctx);
            again.retain(|event| matches!(event, Event::ClockStarted { rule, .. } if *rule == clock.rule));
            events.extend(again);
            after.clocks.push(Clock::started(clock.rule.clone(), case.round, next.at, clock.due_at));
        }
    }
    events.extend(begin(&after, matter, to, at, ctx));
    events
}

/// A step of the body as an event, with its clocks.
///
/// # Errors
/// If no matter can take the step, or its time or paper is wrong.
pub(super) fn record(case: &Case, to: Stage, proof: &Proof, ctx: &Context<'_>) -> Result<Recorded, Refusal> {
    let matter = proof.matter(case, |matter| matter.may(to))?;
    let at = proof.at(matter, ctx)?;
    proof.paper(case)?;
    let event = Event::RegulatorActed {
        matter: matter.id,
        owner: matter.owner.clone(),
        step: to,
        at,
        result: None,
        document: proof.document,
        reference: proof.reference.clone(),
        remark: None,
    };
    let clocks = turn(case, matter, to, at, ctx);
    Ok(Recorded { event, clocks })
}

/// See [`record`].
pub(super) struct Recorded {
    pub(super) event: Event,
    clocks: Vec<Event>,
}

impl Recorded {
    /// What was recorded, first the step, then its clocks.
    pub(super) fn decision(self) -> Decision {
        let mut events = vec![self.event];
        events.extend(self.clocks);
        Decision::of(events)
    }
}
