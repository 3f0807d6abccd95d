//! Who may do what to an order, and to which order a verb can be done: said here once for the verbs, for what a page
//! offers and for its forms.

use super::{OrderKind, Standing, WorkOrder};
use crate::actor::{Actor, Role};
use crate::case::{Case, Context};
use crate::fault::Fault;
use crate::refusal::Refusal;
use jiff::Timestamp;

/// Whether a verb is for whoever has an order, and for nobody else.
#[must_use]
pub fn of_the_holder(verb: &str) -> bool {
    matches!(
        verb,
        "accept-order"
            | "refuse-order"
            | "return-order"
            | "hand-over-order"
            | "record-arrival"
            | "report-order"
            | "answer-order"
            | "ask-extension"
    )
}

/// Whether a verb can be about an order as it stands, whoever uses it; of `dispatch`, whether it can be a part of the
/// order.
#[must_use]
pub fn is_for(verb: &str, order: &WorkOrder) -> bool {
    let worked_on = order.standing == Standing::Accepted;
    let work = order.standing.is_theirs() && order.kind != OrderKind::Copy;
    match verb {
        "accept-order" => order.standing == Standing::Sent,
        "answer-order" | "urge-order" | "hand-over-order" => work,
        "refuse-order" | "return-order" => work && !order.ruled,
        "report-order" => worked_on,
        "ask-extension" => worked_on && order.extension.is_none(),
        "book-visit" => order.standing.is_theirs() && order.kind == OrderKind::Visit,
        "record-arrival" => order.standing.is_theirs() && order.visit.is_some_and(|visit| visit.arrived_at.is_none()),
        // The answer to a supervision order is decided about by approval.
        "bounce-order" => order.standing == Standing::Done && order.kind.carries_the_ball(),
        "cancel-order" => order.is_open(),
        "decide-extension" => order.is_open() && order.extension.is_some(),
        "approve-order" => matches!(order.standing, Standing::Proposed | Standing::AwaitingApproval),
        // A copy is no work, and parts of parts would be nobody's to follow.
        "dispatch" => worked_on && order.kind != OrderKind::Copy && order.part_of.is_none(),
        _ => false,
    }
}

/// Whether a case in this situation has an order for a verb.
pub(super) fn offers(case: &Case, verb: &str) -> bool {
    case.orders.iter().any(|order| is_for(verb, order))
}

/// The order a command of its holder names; without a number the only one of theirs it can mean.
///
/// # Errors
/// `unknown_order`, `required`, `no_such_order_open` or `not_your_order`.
pub(super) fn held<'c>(
    case: &'c Case,
    verb: &str,
    id: Option<u32>,
    ctx: &Context<'_>,
) -> Result<&'c WorkOrder, Refusal> {
    let order = case.named_order(id, |one| is_for(verb, one) && one.require_holder(ctx.actor).is_ok())?;
    order.require_holder(ctx.actor)?;
    Ok(order)
}

impl WorkOrder {
    /// Whether something is still to come of it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.standing.is_open()
    }

    /// Whether the case waits for it.
    #[must_use]
    pub fn is_waited_for(&self) -> bool {
        self.is_open() && self.kind != OrderKind::Copy
    }

    /// Whether a refusal of it says something about whose case it is: a part or an opinion does not.
    #[must_use]
    pub fn asks_whose_case(&self) -> bool {
        self.kind == OrderKind::Handle && self.part_of.is_none()
    }

    /// The limit that comes next, if one has not passed yet or has passed unheeded.
    #[must_use]
    pub fn due_at(&self) -> Option<Timestamp> {
        let accept = self.accept_by.filter(|_| self.standing == Standing::Sent);
        let limits = [accept, self.contact_by, self.reply_by];
        limits.into_iter().flatten().min().filter(|_| self.standing.is_theirs())
    }

    /// Refuses whoever does not belong to the unit the order lies with. A programme of the operator and an administrator
    /// act for any unit.
    ///
    /// # Errors
    /// `not_your_order`.
    pub fn require_holder(&self, actor: &Actor) -> Result<(), Refusal> {
        let of_the_unit = |user| actor.unit == self.to.unit || self.to.user == Some(user);
        if actor.user().is_some_and(of_the_unit) || matches!(actor.role, Role::Admin | Role::Integration) {
            return Ok(());
        }
        Err(Refusal::forbidden("not_your_order"))
    }

    /// Refuses unless it stands where this makes sense.
    ///
    /// # Errors
    /// `order_stands_otherwise`, with where it stands.
    pub fn require(&self, allowed: &[Standing]) -> Result<(), Refusal> {
        if allowed.contains(&self.standing) {
            return Ok(());
        }
        Err(self.stands_otherwise())
    }

    /// Refuses unless something is still to come of it.
    ///
    /// # Errors
    /// `order_stands_otherwise`, with where it stands.
    pub(super) fn require_open(&self) -> Result<(), Refusal> {
        if self.is_open() { Ok(()) } else { Err(self.stands_otherwise()) }
    }

    /// Refuses unless it lies with its unit.
    ///
    /// # Errors
    /// `order_stands_otherwise`, with where it stands.
    pub(super) fn require_theirs(&self) -> Result<(), Refusal> {
        if self.standing.is_theirs() { Ok(()) } else { Err(self.stands_otherwise()) }
    }

    pub(super) fn stands_otherwise(&self) -> Refusal {
        Refusal::conflict("order_stands_otherwise").with("order", self.id).with("order_standing", self.standing.code())
    }
}

/// The conflict guard: refuses whom the complaint is about, and whoever handled an outcome the customer rejected. A copy
/// is no work, so the latter may know of it.
///
/// # Errors
/// `complaint_is_about_them` or `reviewer_handled_it`.
pub(super) fn not_barred(case: &Case, order: &WorkOrder, actor: &Actor) -> Result<(), Fault> {
    let Some(user) = actor.user() else { return Ok(()) };
    match order.kind {
        OrderKind::Copy if case.record.about_staff != Some(user) => Ok(()),
        _ => case.may_hold(user, "order"),
    }
}

/// Refuses whoever is not on the side that sent an order: who sees the case in their area, or has the order it is a part
/// of.
///
/// # Errors
/// `not_your_dispatch`.
pub(super) fn sent_from_here(case: &Case, order: &WorkOrder, actor: &Actor) -> Result<(), Refusal> {
    let whole = order.part_of.and_then(|id| case.order(id));
    let theirs = whole.is_some_and(|whole| whole.require_holder(actor).is_ok());
    if theirs || actor.area.covers(&case.record.region) {
        return Ok(());
    }
    Err(Refusal::forbidden("not_your_dispatch"))
}

/// Refuses the unit that has an order to judge what it asked or answered itself, unless it is the case's own.
///
/// # Errors
/// `own_wish`.
pub(super) fn not_of_its_unit(case: &Case, order: &WorkOrder, actor: &Actor) -> Result<(), Refusal> {
    if actor.unit == order.to.unit && order.to.unit != case.owner.unit && actor.role != Role::Admin {
        return Err(Refusal::forbidden("own_wish"));
    }
    Ok(())
}

/// Refuses to end an order while parts of it are open: their units would work for nobody.
///
/// # Errors
/// `parts_open`, with their numbers.
pub(super) fn no_parts(case: &Case, order: &WorkOrder) -> Result<(), Refusal> {
    let parts = case.open_orders().filter(|part| part.part_of == Some(order.id) && part.kind != OrderKind::Copy);
    let parts: Vec<String> = parts.map(|part| part.id.to_string()).collect();
    if parts.is_empty() { Ok(()) } else { Err(Refusal::conflict("parts_open").with("orders", parts.join(", "))) }
}
