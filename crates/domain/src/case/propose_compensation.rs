//! Propose a remedy (补救提议): a sum from a rule of the packs, or a refund, credit, compensation, apology or repair with a
//! reason. Whoever's own authority reaches that far needs nobody else; otherwise another person decides.

use super::compensation::{Counted, EXCLUSIONS, LeftOut, MOST, Standing};
use super::owed_compensation::{self, Proposed, restored};
use super::register::CLOCK_SKEW;
use super::remedy::{self, Kind as RemedyKind, Similar};
use super::{Case, Context, Decision, State, grade};
use crate::event::Event;
use crate::fault::Fault;
use crate::free_text::{FreeText, plain_option};
use crate::money::Money;
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional, required};
use jiff::Timestamp;
use policy::{CompensationRule, Lacks, Pack, Per, StartFact};
use serde::Deserialize;

/// Shape of a proposal.
pub const FIELDS: &[Field] = &[
    optional("rule", Kind::Line { max: 64 }, "Rule the sum comes from; without, it is goodwill."),
    optional("remedy", Kind::Code(RemedyKind::CODES), "What it is. Default: compensation, which alone a rule counts."),
    optional("amount", Kind::Money, "The sum, where no rule says it."),
    optional("reason", Kind::Text { max: 2_000, multiline: true }, "Why; needed where no rule says it."),
    optional(
        "from",
        Kind::Moment,
        "When the trouble began. Default: what the rule counts from, unless it leaves that to whoever proposes.",
    ),
    optional("until", Kind::Moment, "When it ended. Default: when it was restored; counted up to now while it lasts."),
    optional(
        "monthly_fee",
        Kind::Money,
        "What the customer pays a month, where the rule asks for it. Default: what was recorded at the intake.",
    ),
    optional("fee_charged", Kind::Money, "What was charged for the work that is late, where the rule asks for it."),
    optional(
        "exclude",
        Kind::List {
            of: &Kind::Object(&[
                required("reason", Kind::Code(EXCLUSIONS), "Why."),
                optional("from", Kind::Day, "The first day that is left out; without, the whole time is."),
                optional("to", Kind::Day, "The last one."),
            ]),
            max: 50,
        },
        "Days that are left out.",
    ),
    optional("set_off", Kind::Money, "What was given already and is taken off, where the rule allows it."),
    optional(
        "first",
        Kind::Bool,
        "Whether it is given now and the facts are found out later; somebody else verifies it.",
    ),
    optional(
        "unlike",
        Kind::Text { max: 2_000, multiline: true },
        "Why it is far from what similar cases got; needed where it is.",
    ),
];

/// Propose compensation.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct ProposeCompensation {
    /// Rule the sum comes from.
    pub rule: Option<String>,
    /// The sum, where no rule says it.
    pub amount: Option<Money>,
    /// Why.
    #[serde(default, deserialize_with = "plain_option")]
    pub reason: Option<FreeText>,
    /// When the trouble began.
    pub from: Option<Timestamp>,
    /// When it ended.
    pub until: Option<Timestamp>,
    /// What the customer pays a month.
    pub monthly_fee: Option<Money>,
    /// What was charged for the work that is late.
    pub fee_charged: Option<Money>,
    /// Days that are left out.
    #[serde(default)]
    pub exclude: Vec<LeftOut>,
    /// What was given already.
    pub set_off: Option<Money>,
    /// What it is.
    pub remedy: Option<RemedyKind>,
    /// Whether the facts are found out later.
    #[serde(default)]
    pub first: bool,
    /// Why it is far from what is usual.
    #[serde(default, deserialize_with = "plain_option")]
    pub unlike: Option<FreeText>,
    /// What similar cases got, as the desk has looked up. Never given by a caller.
    #[serde(skip)]
    pub similar: Option<Box<Similar>>,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    // What the law says a merged case is owed is proposed there.
    let owed = case.state == State::Merged && owed_compensation::any_due(case);
    ((case.state.is_open() && case.state != State::Triage) || owed) && case.compensations.len() < MOST
}

/// Decides a proposal.
///
/// # Errors
/// If the case has ended, the rule is not for it or something it asks for is missing, nothing is owed, or the same time
/// waits for a decision already.
pub fn decide(case: &Case, ask: &ProposeCompensation, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let owed = ask.rule.as_ref().is_some_and(|rule| case.compensation_due.contains(rule));
    if case.state != State::Merged || !owed {
        case.require_open()?;
    }
    super::dispute::impartial(case, ctx.actor.id)?;
    if case.compensations.len() >= MOST {
        return Err(Refusal::conflict("too_many_compensations").with("most", MOST));
    }
    let Owed { sum, counted, pay_by } = match &ask.rule {
        Some(rule) => match by_rule(case, rule, ask, ctx) {
            Err(refusal) if refusal.code == "nothing_owed" => {
                return ended(case, rule, ask, ctx).map(|event| Decision::of(vec![event])).ok_or(refusal);
            }
            owed => lasting_elsewhere(case, owed?, ctx)?,
        },
        None => goodwill(ask)?,
    };
    let kind = ask.remedy.unwrap_or_default();
    let similar = ask.similar.clone().filter(|_| counted.is_none() && kind.is_money());
    let unlike = ask.unlike.clone().filter(|_| similar.as_ref().is_some_and(|usual| usual.is_far(&sum)));
    let id = case.compensations.iter().map(|one| one.id).max().unwrap_or(0).saturating_add(1);
    let own = remedy::covered(&sum, ctx);
    let counted = counted.map(Box::new);
    let mut events = vec![Event::CompensationProposed {
        id,
        sum,
        kind,
        first: ask.first,
        follows: None,
        similar,
        unlike,
        counted,
        reason: ask.reason.clone(),
        pay_by,
        by_effect: None,
    }];
    if own {
        events.push(Event::CompensationApproved { id, own, remark: None });
    }
    Ok(Decision::of(events))
}

/// That the trouble ended and nothing is owed beyond what was proposed while it lasted; none where nobody waits for that.
fn ended(case: &Case, rule: &str, ask: &ProposeCompensation, ctx: &Context<'_>) -> Option<Event> {
    let (_, known) = ctx.rules.compensation(rule)?;
    let until = ask.until.filter(|_| case.compensation_asked.contains_key(rule))?;
    let said = match owed_compensation::proposed(case, known) {
        Proposed::UpTo(_) => restored(case, known).is_none(),
        // Nothing was ever owed, such as where there is no fee to waive.
        Proposed::Nothing => true,
        Proposed::All => false,
    };
    said.then(|| Event::CompensationEnded { rule: rule.to_owned(), until })
}

/// Whatever lasts in a merged case ends in the one it went up in, which nobody here is told of: its end is to be said.
fn lasting_elsewhere(case: &Case, owed: Owed, ctx: &Context<'_>) -> Result<Owed, Refusal> {
    let lasts = owed.counted.as_ref().is_some_and(|counted| {
        let grows = ctx.rules.compensation(&counted.rule).is_some_and(|(_, rule)| rule.per != Per::Event);
        grows && counted.until.is_none()
    });
    if case.state == State::Merged && lasts { Err(Fault::new("until", "required").into()) } else { Ok(owed) }
}

/// A sum with what it was counted from.
pub(super) struct Owed {
    pub(super) sum: Money,
    pub(super) counted: Option<Counted>,
    pub(super) pay_by: Option<Timestamp>,
}

/// What a rule leads to by what the case knows, with nobody to state anything: what was said of the time before holds. What
/// grows by the day is proposed once its end is known.
pub(super) fn by_what_is_known(case: &Case, id: &str, ctx: &Context<'_>) -> Result<Owed, Refusal> {
    let said = owed_compensation::last_said(case, id).and_then(|one| one.counted.clone());
    let said = said.map(|said| ProposeCompensation {
        from: Some(said.from),
        monthly_fee: said.monthly_fee,
        fee_charged: said.fee_charged,
        exclude: said.exclude,
        set_off: said.set_off,
        ..ProposeCompensation::default()
    });
    let ask = ProposeCompensation { rule: Some(id.to_owned()), ..said.unwrap_or_default() };
    let grows = ctx.rules.compensation(id).filter(|(_, rule)| rule.per != Per::Event);
    if grows.is_some_and(|(_, rule)| restored(case, rule).is_none()) {
        let mut faults = vec![Fault::new("until", "required")];
        faults.extend(by_rule(case, id, &ask, ctx).err().into_iter().flat_map(|refusal| refusal.faults));
        return Err(Refusal::invalid(faults));
    }
    by_rule(case, id, &ask, ctx)
}

fn goodwill(ask: &ProposeCompensation) -> Result<Owed, Refusal> {
    let mut faults = Vec::new();
    let given = [
        ("from", ask.from.is_some()),
        ("until", ask.until.is_some()),
        ("monthly_fee", ask.monthly_fee.is_some()),
        ("fee_charged", ask.fee_charged.is_some()),
        ("exclude", !ask.exclude.is_empty()),
        ("set_off", ask.set_off.is_some()),
    ];
    faults.extend(given.iter().filter(|(_, given)| *given).map(|(field, _)| Fault::new(*field, "only_with_rule")));
    if ask.reason.is_none() {
        faults.push(Fault::new("reason", "required"));
    }
    if !ask.remedy.unwrap_or_default().is_money() {
        if ask.amount.is_some() {
            faults.push(Fault::new("amount", "no_money"));
        }
        if ask.first {
            faults.push(Fault::new("first", "no_money"));
        }
        let nothing = Owed { sum: remedy::nothing(), counted: None, pay_by: None };
        return if faults.is_empty() { Ok(nothing) } else { Err(Refusal::invalid(faults)) };
    }
    if let (Some(sum), Some(usual)) = (&ask.amount, &ask.similar)
        && sum.currency == usual.median.currency
        && usual.is_far(sum)
        && ask.unlike.is_none()
    {
        let (median, low, high) = (usual.median.sum(), usual.low.sum(), usual.high.sum());
        faults.push(
            Fault::new("unlike", "far_from_similar")
                .with("count", usual.count)
                .with("median", median)
                .with("low", low)
                .with("high", high),
        );
    }
    match &ask.amount {
        Some(sum) if sum.minor_units() > 0 && faults.is_empty() => {
            return Ok(Owed { sum: sum.clone(), counted: None, pay_by: None });
        }
        Some(sum) if sum.minor_units() > 0 => {}
        Some(_) => faults.push(Fault::new("amount", "money_nothing")),
        None => faults.push(Fault::new("amount", "required")),
    }
    Err(Refusal::invalid(faults))
}

fn by_rule(case: &Case, id: &str, ask: &ProposeCompensation, ctx: &Context<'_>) -> Result<Owed, Refusal> {
    let Some((pack, rule)) = ctx.rules.compensation(id) else {
        return Err(Fault::new("rule", "unknown_compensation_rule").into());
    };
    let counted = counted(case, rule, ask, ctx)?;
    let facts = grade::facts(case, ctx.rules, ctx.taxonomy);
    if !pack.compensates(rule, &facts, case.grade, counted.from) {
        return Err(Fault::new("rule", "rule_not_for_case").into());
    }
    let counted = beside_others(case, rule, counted)?;
    count(pack, rule, counted)
}

/// What happened, from what was said and what the case knows; all faults at once.
fn counted(
    case: &Case,
    rule: &CompensationRule,
    ask: &ProposeCompensation,
    ctx: &Context<'_>,
) -> Result<Counted, Refusal> {
    let mut faults = Vec::new();
    if ask.amount.is_some() {
        faults.push(Fault::new("amount", "only_without_rule"));
    }
    if ask.remedy.is_some_and(|kind| kind != RemedyKind::Compensation) {
        faults.push(Fault::new("remedy", "only_without_rule"));
    }
    if ask.first {
        faults.push(Fault::new("first", "only_without_rule"));
    }
    let latest = ctx.now + CLOCK_SKEW;
    let from = ask.from.or_else(|| began(case, rule.from).filter(|_| !rule.ask_from));
    let restored = restored(case, rule);
    let until = if rule.per == Per::Event { None } else { ask.until.or(restored) };
    match from {
        None => faults.push(Fault::new("from", "required")),
        Some(at) if at > latest => faults.push(Fault::new("from", "in_future")),
        Some(at) if until.is_some_and(|until| until < at) => faults.push(Fault::new("until", "before_begin")),
        Some(_) => {}
    }
    if until.is_some_and(|at| at > latest) {
        faults.push(Fault::new("until", "in_future"));
    }
    for (place, one) in ask.exclude.iter().enumerate() {
        let at = |field: &str| format!("exclude[{place}].{field}");
        if !rule.exclude.contains(&one.reason) {
            faults.push(Fault::new(at("reason"), "not_excluded_by_rule"));
        }
        match (one.from, one.to) {
            (Some(_), None) => faults.push(Fault::new(at("to"), "required")),
            (None, Some(_)) => faults.push(Fault::new(at("from"), "required")),
            (Some(from), Some(to)) if to < from => faults.push(Fault::new(at("to"), "before_begin")),
            _ => {}
        }
    }
    if ask.set_off.is_some() && rule.set_off.is_empty() {
        faults.push(Fault::new("set_off", "not_set_off_by_rule"));
    }
    match from {
        Some(from) if faults.is_empty() => Ok(Counted {
            rule: rule.head.id.clone(),
            from,
            until,
            as_of: ctx.now,
            monthly_fee: ask
                .monthly_fee
                .clone()
                .or_else(|| case.record.monthly_fee.clone().filter(|_| rule.asks_monthly_fee())),
            fee_charged: ask.fee_charged.clone(),
            exclude: ask.exclude.clone(),
            set_off: ask.set_off.clone(),
            awarded: None,
        }),
        _ => Err(Refusal::invalid(faults)),
    }
}

/// When what a rule counts from came about, as far as the case says.
fn began(case: &Case, fact: StartFact) -> Option<Timestamp> {
    match fact {
        StartFact::Received => Some(case.received_at),
        StartFact::Reopened => (case.round > 1).then_some(case.round_started_at),
        StartFact::Replied => case.reply.as_ref().map(|reply| reply.at),
        StartFact::ProgressNotified => case.progress_at,
        StartFact::Unreachable => case.unreachable_at,
        StartFact::Accepted
        | StartFact::Closed
        | StartFact::HandedOff
        | StartFact::Disputed
        | StartFact::Deadlock
        | StartFact::ContactFailed => None,
    }
}

/// The same time is not compensated twice: what the rule has led to for it is taken off, and while nobody has decided
/// about that, nothing else is proposed.
fn beside_others(case: &Case, rule: &CompensationRule, counted: Counted) -> Result<Counted, Refusal> {
    let once = rule.per == Per::Event;
    let same = case.compensations.iter().filter(|one| {
        one.standing != Standing::Refused && one.counted.as_ref().is_some_and(|other| other.meets(&counted, once))
    });
    let mut awarded: Option<Money> = None;
    for one in same {
        if one.standing == Standing::Proposed {
            return Err(Refusal::conflict("compensation_undecided").with("compensation", one.id));
        }
        let before = awarded.as_ref().map_or(0, Money::minor_units);
        awarded = Some(Money::of(before.saturating_add(one.sum.minor_units()), &one.sum.currency));
    }
    Ok(Counted { awarded, ..counted })
}

fn count(pack: &Pack, rule: &CompensationRule, counted: Counted) -> Result<Owed, Refusal> {
    let result = pack.compensation(rule, &counted.incident());
    if !result.missing.is_empty() {
        let given = [("monthly_fee", &counted.monthly_fee), ("fee_charged", &counted.fee_charged)];
        let fee = given.into_iter().find(|(_, fee)| fee.is_some()).map_or("set_off", |(field, _)| field);
        let fault = |lacks: &Lacks| match lacks {
            Lacks::MonthlyFee => Fault::new("monthly_fee", "required"),
            Lacks::FeeCharged => Fault::new("fee_charged", "required"),
            Lacks::Rate => Fault::new("from", "no_rate"),
            Lacks::Currency => Fault::new(fee, "other_currency"),
        };
        return Err(Refusal::invalid(result.missing.iter().map(fault).collect()));
    }
    match result.total.filter(|total| total.hundredths > 0) {
        Some(total) => {
            let sum = Money::of(total.hundredths, &total.currency);
            Ok(Owed { sum, counted: Some(counted), pay_by: result.pay_by })
        }
        None => Err(Refusal::conflict("nothing_owed")),
    }
}
