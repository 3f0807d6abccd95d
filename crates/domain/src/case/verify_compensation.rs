//! Verify what was given first (先退后查): once the facts are known somebody other than who gave it says whether it stays,
//! whether more is due, and who pays it back: a partner who caused the trouble, or the customer it was not due to.

use super::compensation::{self, MOST, WHICH};
use super::remedy::{self, Claim, From};
use super::{Case, Context, Decision};
use crate::event::Event;
use crate::fault::Fault;
use crate::free_text::{FreeText, plain, plain_option};
use crate::money::Money;
use crate::refusal::Refusal;
use crate::shape::{Field, Kind, optional, required};
use serde::Deserialize;

/// Shape of a verification.
pub const FIELDS: &[Field] = &[
    WHICH,
    required("justified", Kind::Bool, "Whether the customer was right."),
    required("finding", Kind::Text { max: 2_000, multiline: true }, "What was found."),
    optional("add", Kind::Money, "What is due besides, where the customer was right."),
    optional("recover", Kind::Money, "What is to come back."),
    optional(
        "recover_from",
        Kind::Code(From::CODES),
        "From whom: a partner who is liable, or the customer who was not right.",
    ),
    optional("partner", Kind::Line { max: 200 }, "Which partner; kept sealed."),
];

/// Verify what was given first.
#[derive(Clone, Debug, Deserialize)]
pub struct VerifyCompensation {
    /// Its number.
    pub compensation: u32,
    /// Whether the customer was right.
    pub justified: bool,
    /// What was found.
    #[serde(deserialize_with = "plain")]
    pub finding: FreeText,
    /// What is due besides.
    pub add: Option<Money>,
    /// What is to come back.
    pub recover: Option<Money>,
    /// From whom.
    pub recover_from: Option<From>,
    /// Which partner.
    #[serde(default, deserialize_with = "plain_option")]
    pub partner: Option<FreeText>,
}

/// Whether a case in this situation offers the operation; what it needs besides is for [`decide`] to say.
#[must_use]
pub fn offered(case: &Case) -> bool {
    case.compensations.iter().any(super::Compensation::awaits_verification)
}

/// Decides a verification.
///
/// # Errors
/// If it was not given first or is verified, for whoever gave it, or where sums do not go together: nobody pays back more
/// than was given, and nothing is due to who was not right.
pub fn decide(case: &Case, verify: &VerifyCompensation, ctx: &Context<'_>) -> Result<Decision, Refusal> {
    let Some(one) = case.compensation(verify.compensation) else {
        return Err(Fault::new("compensation", "unknown_compensation").into());
    };
    if !one.awaits_verification() {
        return Err(Refusal::conflict("nothing_to_verify").with("compensation", one.id));
    }
    if one.by == ctx.actor.id {
        return Err(Refusal::forbidden("own_verification"));
    }
    super::dispute::impartial(case, ctx.actor.id)?;
    let claim = claim(one, verify)?;
    let mut events = vec![Event::CompensationVerified {
        id: one.id,
        justified: verify.justified,
        finding: verify.finding.clone(),
        claim: claim.map(Box::new),
    }];
    if let Some(add) = &verify.add {
        case.require_open()?;
        if case.compensations.len() >= MOST {
            return Err(Refusal::conflict("too_many_compensations").with("most", MOST));
        }
        let id = case.compensations.iter().map(|one| one.id).max().unwrap_or(0).saturating_add(1);
        let own = remedy::covered(add, ctx);
        events.push(Event::CompensationProposed {
            id,
            sum: add.clone(),
            kind: one.kind,
            first: false,
            follows: Some(one.id),
            similar: None,
            unlike: None,
            counted: None,
            reason: Some(verify.finding.clone()),
            pay_by: None,
            by_effect: None,
        });
        if own {
            events.push(Event::CompensationApproved { id, own, remark: None });
        }
    }
    Ok(Decision::of(events))
}

/// What is to come back, all faults at once.
fn claim(one: &compensation::Compensation, verify: &VerifyCompensation) -> Result<Option<Claim>, Refusal> {
    let mut faults = Vec::new();
    let currency = |field: &'static str, sum: &Money| {
        (sum.currency != one.sum.currency).then(|| Fault::new(field, "other_currency"))
    };
    if let Some(add) = &verify.add {
        faults.extend(currency("add", add));
        if add.minor_units() == 0 {
            faults.push(Fault::new("add", "money_nothing"));
        }
        if !verify.justified {
            faults.push(Fault::new("add", "only_when_justified"));
        }
    }
    match (&verify.recover, verify.recover_from) {
        (None, None) => {
            if verify.partner.is_some() {
                faults.push(Fault::new("recover", "required"));
            }
        }
        (None, Some(_)) => faults.push(Fault::new("recover", "required")),
        (Some(_), None) => faults.push(Fault::new("recover_from", "required")),
        (Some(sum), Some(from)) => {
            faults.extend(currency("recover", sum));
            let added = verify.add.as_ref().filter(|_| from == From::Partner).map_or(0, Money::minor_units);
            if sum.minor_units() == 0 {
                faults.push(Fault::new("recover", "money_nothing"));
            }
            if sum.minor_units() > one.sum.minor_units().saturating_add(added) {
                faults.push(Fault::new("recover", "more_than_given"));
            }
            match (from, verify.justified) {
                (From::Customer, true) => faults.push(Fault::new("recover_from", "customer_was_right")),
                (From::Partner, _) if verify.partner.is_none() => faults.push(Fault::new("partner", "required")),
                _ => {}
            }
        }
    }
    if !faults.is_empty() {
        return Err(Refusal::invalid(faults));
    }
    let claimed = verify.recover.clone().zip(verify.recover_from);
    Ok(claimed.map(|(sum, from)| Claim {
        sum,
        from,
        partner: verify.partner.clone().filter(|_| from == From::Partner),
    }))
}
