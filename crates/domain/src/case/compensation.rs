//! Compensation (补偿), and every other remedy ([`super::remedy`]): what a customer gets for the trouble, from a rule of the
//! packs or out of goodwill. It is proposed, decided about by whoever's authority reaches that far, and paid. What a rule led to can be counted again line by line
//! from what the event keeps.

use super::remedy::{Kind as RemedyKind, Recovery, Similar, Verified};
use super::{Case, Context, clocks};
use crate::actor::ActorId;
use crate::event::{Entry, Event};
use crate::fault::Fault;
use crate::free_text::FreeText;
use crate::money::Money;
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, required};
use jiff::Timestamp;
use jiff::civil::Date;
use policy::{Authority, Excluded, Exclusion, Incident, Stack, StopFact};
use serde::{Deserialize, Serialize};

/// What days, or the whole time, may be left out for: [`Exclusion`].
pub const EXCLUSIONS: &[&str] = &[
    "customer_missed_appointment",
    "customer_declined_earliest",
    "customer_fault",
    "lawful_measure",
    "force_majeure",
    "natural_disaster",
];

/// Which compensation of the case is meant.
pub(super) const WHICH: Field =
    required("compensation", Kind::Whole { min: 1, max: 1_000_000 }, "Number of the compensation within the case.");

/// More of them than this in one case are a mistake.
pub(super) const MOST: usize = 50;

/// Days that are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Why.
    pub reason: Exclusion,
    /// The first of them; without, the whole time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Date>,
    /// The last of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Date>,
}

/// The rule a sum comes from, with everything it was counted from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// Rule of the stack.
    pub rule: String,
    /// When the trouble began.
    pub from: Timestamp,
    /// When it ended; none while it lasted, and where the rule asks for no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// When it was counted; what lasted was counted up to then.
    pub as_of: Timestamp,
    /// What the customer pays a month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monthly_fee: Option<Money>,
    /// What was charged for the work that is late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee_charged: Option<Money>,
    /// Days that are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<LeftOut>,
    /// What was given already and is taken off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_off: Option<Money>,
    /// What the same rule has already led to for this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub awarded: Option<Money>,
}

impl Counted {
    /// What happened, as the rule asks for it.
    #[must_use]
    pub fn incident(&self) -> Incident {
        let sum = |money: &Option<Money>| money.as_ref().map(Money::sum);
        let left_out = |one: &LeftOut| Excluded { reason: one.reason, days: one.from.zip(one.to) };
        Incident {
            from: self.from,
            until: self.until,
            as_of: self.as_of,
            monthly_fee: sum(&self.monthly_fee),
            fee_charged: sum(&self.fee_charged),
            excluded: self.exclude.iter().map(left_out).collect(),
            credited: sum(&self.set_off),
            awarded: sum(&self.awarded),
        }
    }

    /// The last moment it speaks of.
    pub(super) fn end(&self, once: bool) -> Timestamp {
        if once { self.from } else { self.until.unwrap_or(self.as_of) }
    }

    /// Whether it speaks of some of the same time as another; what is owed once has no duration.
    pub(super) fn meets(&self, other: &Self, once: bool) -> bool {
        self.rule == other.rule && self.from <= other.end(once) && other.from <= self.end(once)
    }
}

/// Where a compensation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// 待审批: nobody has decided about it.
    Proposed,
    /// 待支付: it is to be paid.
    Approved,
    /// 已驳回.
    Refused,
    /// 已送计费: billing is to pay it.
    Sent,
    /// 支付失败: billing could not.
    Failed,
    /// 已支付, or carried out.
    Paid,
}

impl Standing {
    /// Every one, in the order of the process.
    pub const ALL: [Self; 6] = [Self::Proposed, Self::Approved, Self::Refused, Self::Sent, Self::Failed, Self::Paid];
    /// Their codes.
    pub const CODES: &'static [&'static str] = &["proposed", "approved", "refused", "sent", "failed", "paid"];

    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Approved => "approved",
            Self::Refused => "refused",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Paid => "paid",
        }
    }
}

/// How a compensation was paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// When.
    pub at: Timestamp,
    /// How.
    pub mode: String,
    /// Number of the voucher or bill.
    pub reference: Option<String>,
}

/// A compensation of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compensation {
    /// Number within the case, from 1.
    pub id: u32,
    /// What it is.
    pub kind: RemedyKind,
    /// The sum; nothing of what is no money.
    pub sum: Money,
    /// Whether it was given before the facts were known.
    pub first: bool,
    /// What finding them out came to.
    pub verified: Option<Verified>,
    /// What is to come back of it.
    pub recovery: Option<Recovery>,
    /// The remedy it was added to when that was verified.
    pub follows: Option<u32>,
    /// What was usual in similar cases when it was proposed.
    pub similar: Option<Similar>,
    /// Why it is far from that.
    pub unlike: Option<FreeText>,
    /// The rule it comes from, with what it was counted from; none where it is goodwill.
    pub counted: Option<Counted>,
    /// Why.
    pub reason: Option<FreeText>,
    /// Who proposed it; the system where a rule did.
    pub by: ActorId,
    /// The effect that proposed it by itself.
    pub by_effect: Option<String>,
    /// When.
    pub proposed_at: Timestamp,
    /// In which round of handling.
    pub round: u32,
    /// Where it stands.
    pub standing: Standing,
    /// Whether it lay within the authority of who proposed it.
    pub own: bool,
    /// Who decided about it, and when.
    pub decided: Option<(ActorId, Timestamp)>,
    /// What they said.
    pub remark: Option<FreeText>,
    /// By when it is to be paid, as far as a rule says so.
    pub pay_by: Option<Timestamp>,
    /// How it was paid.
    pub paid: Option<Payment>,
    /// How often it was sent to billing.
    pub attempts: u32,
    /// By which way it went there last.
    pub way: Option<String>,
    /// Why billing could not pay it the last time.
    pub failed: Option<String>,
}

impl Compensation {
    /// How its sum comes about, counted again; nothing where it is goodwill or the rule is gone.
    #[must_use]
    pub fn explained(&self, rules: &Stack) -> Option<policy::Compensation> {
        let counted = self.counted.as_ref()?;
        let (pack, rule) = rules.compensation(&counted.rule)?;
        Some(pack.compensation(rule, &counted.incident()))
    }

    /// Whether it was agreed upon and has not reached the customer.
    #[must_use]
    pub fn is_owed(&self) -> bool {
        matches!(self.standing, Standing::Approved | Standing::Sent | Standing::Failed)
    }

    /// Whether its time to be paid has passed and it was not.
    #[must_use]
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.is_owed() && self.pay_by.is_some_and(|at| at < now)
    }
}

/// What keeps a case from being closed: a compensation nobody has decided about. One that is to be paid does not, it is
/// paid when the next bill comes.
pub(super) fn missing(case: &Case) -> impl Iterator<Item = Fault> {
    let open = case.compensations.iter().filter(|one| one.standing == Standing::Proposed);
    open.map(|one| Fault::new("compensation", "gate_compensation").with("compensation", one.id))
}

/// The compensation a command names, if it stands where the command needs it.
pub(super) fn named(case: &Case, id: u32, standing: Standing) -> Result<&Compensation, Refusal> {
    let Some(one) = case.compensations.iter().find(|one| one.id == id) else {
        return Err(Fault::new("compensation", "unknown_compensation").into());
    };
    if one.standing != standing {
        return Err(elsewhere(one));
    }
    Ok(one)
}

/// That a compensation stands where a command cannot use it.
pub(super) fn elsewhere(one: &Compensation) -> Refusal {
    Refusal::conflict("compensation_elsewhere").with("compensation", one.id).with("standing", one.standing.code())
}

/// What paying a compensation does to clocks: with the last one nothing that was agreed upon is owed.
pub(super) fn credited(case: &Case, id: u32, at: Timestamp, ctx: &Context<'_>) -> Vec<Event> {
    if case.credits().any(|other| other.id != id) {
        return Vec::new();
    }
    clocks::stop_at(case, StopFact::Credited, at, ctx)
}

/// How far the authority of whoever acts reaches in a currency.
pub(super) fn authority(currency: &str, ctx: &Context<'_>) -> Authority {
    ctx.rules.authority(ctx.actor.role.code(), currency)
}

/// Roles that may approve what somebody else proposed, as far as their authority reaches; the desk's table of permissions
/// says the same.
pub const APPROVERS: [&str; 4] = ["specialist", "supervisor", "compliance", "admin"];

/// Those of [`APPROVERS`] whose authority reaches a sum by some rules; none where no pack says how far anybody's reaches.
#[must_use]
pub fn reaching(rules: &Stack, sum: &Money) -> Vec<&'static str> {
    let reaches = |role: &&str| rules.authority(role, &sum.currency).covers(sum.minor_units());
    APPROVERS.into_iter().filter(reaches).collect()
}

/// Whether whoever has a role can approve what somebody else proposed. Where no pack says how far anybody's authority
/// reaches, the second person is what there is.
#[must_use]
pub fn can_approve(rules: &Stack, role: &str, sum: &Money) -> bool {
    let authority = rules.authority(role, &sum.currency);
    authority == Authority::Unstated || authority.covers(sum.minor_units())
}

impl Case {
    /// A compensation by its number.
    #[must_use]
    pub fn compensation(&self, id: u32) -> Option<&Compensation> {
        self.compensations.iter().find(|one| one.id == id)
    }

    /// Compensations that were agreed upon and have not reached the customer.
    pub fn credits(&self) -> impl Iterator<Item = &Compensation> {
        self.compensations.iter().filter(|one| one.is_owed())
    }

    pub(super) fn apply_compensation(&mut self, event: &Event, entry: &Entry) {
        match event {
            Event::CompensationProposed {
                id,
                sum,
                kind,
                first,
                follows,
                similar,
                unlike,
                counted,
                reason,
                pay_by,
                by_effect,
            } => self.compensations.push(Compensation {
                id: *id,
                kind: *kind,
                sum: sum.clone(),
                first: *first,
                verified: None,
                recovery: None,
                follows: *follows,
                similar: similar.as_deref().cloned(),
                unlike: unlike.clone(),
                counted: counted.as_deref().cloned(),
                reason: reason.clone(),
                by: if by_effect.is_some() { ActorId::System } else { entry.actor },
                by_effect: by_effect.clone(),
                proposed_at: entry.at,
                round: self.round,
                standing: Standing::Proposed,
                own: false,
                decided: None,
                remark: None,
                pay_by: *pay_by,
                paid: None,
                attempts: 0,
                way: None,
                failed: None,
            }),
            Event::CompensationApproved { id, own, remark } => self.change_compensation(*id, |one| {
                one.standing = Standing::Approved;
                one.own = *own;
                one.decided = Some((entry.actor, entry.at));
                one.remark.clone_from(remark);
            }),
            Event::CompensationRefused { id, remark } => self.change_compensation(*id, |one| {
                one.standing = Standing::Refused;
                one.decided = Some((entry.actor, entry.at));
                one.remark = Some(remark.clone());
            }),
            Event::CompensationEnded { rule, until } => {
                self.compensation_ended.insert(rule.clone(), *until);
            }
            Event::CompensationPaid { id, at, mode, reference, .. } => self.change_compensation(*id, |one| {
                one.standing = Standing::Paid;
                one.paid = Some(Payment { at: *at, mode: mode.clone(), reference: reference.clone() });
            }),
            Event::CompensationVerified { id, justified, finding, claim } => self.change_compensation(*id, |one| {
                let (justified, finding) = (*justified, finding.clone());
                one.verified = Some(Verified { justified, finding, by: entry.actor, at: entry.at });
                one.recovery = claim.as_deref().cloned().map(|claim| Recovery { claim, ended: None });
            }),
            Event::RecoverySettled { id, result, at, reference } => self.change_compensation(*id, |one| {
                if let Some(recovery) = &mut one.recovery {
                    recovery.ended = Some((result.clone(), *at, reference.clone()));
                }
            }),
            Event::CompensationSent { id, attempt, way } => self.change_compensation(*id, |one| {
                one.standing = Standing::Sent;
                one.attempts = *attempt;
                one.way = Some(way.clone());
                one.failed = None;
            }),
            Event::CompensationFailed { id, ground, .. } => self.change_compensation(*id, |one| {
                one.standing = Standing::Failed;
                one.failed = Some(ground.clone());
            }),
            _ => {}
        }
    }

    fn change_compensation(&mut self, id: u32, change: impl FnOnce(&mut Compensation)) {
        if let Some(one) = self.compensations.iter_mut().find(|one| one.id == id) {
            change(one);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_those_of_the_rules() {
        assert_eq!(Exclusion::ALL.iter().map(|one| one.code()).collect::<Vec<_>>(), EXCLUSIONS);
        assert_eq!(policy::AuthorityRule::ROLES, crate::actor::Role::CODES);
        assert_eq!(Standing::ALL.map(Standing::code), Standing::CODES);
    }
}
