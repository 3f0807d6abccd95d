//! Work orders in the console: those of a case, with the ball's ledger beside them, and the page on which a unit finds
//! what lies with it.

use super::names::Names;
use super::{Frame, page, render};
use crate::app::AppState;
use crate::extract::{Visitor, Who};
use crate::problem::Failure;
use crate::query;
use crate::routes::{Access, Method, Route};
use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use axum::routing::get;
use desk::orders::{OrderFilter, OrderListed, QUESTION, RulingListed};
use desk::{Caller, permissions};
use domain::actor::Role;
use domain::case::Case;
use domain::case::ball::Holder;
use domain::case::order::limits::explained;
use domain::case::order::{Limit, OrderKind, OrderStep, OwnershipStep, Standing, WorkOrder, is_for, of_the_holder};
use domain::free_text::FreeText;
use jiff::{SignedDuration, Timestamp};

pub(super) fn routes() -> Vec<Route> {
    vec![page(Method::Get, "/console/orders", Access::Needs(permissions::READ_CASES), get(show))]
}

/// An order on the page of its case.
pub(super) struct Shown {
    pub(super) title: String,
    pub(super) standing: String,
    pub(super) ended: bool,
    pub(super) late: bool,
    /// Sentences about it.
    pub(super) about: Vec<String>,
    /// Label and words.
    pub(super) texts: Vec<(String, String)>,
}

/// All orders of a case, newest first: what is going on stands on top.
pub(super) fn orders(frame: &Frame<'_>, case: &Case, names: &Names) -> Vec<Shown> {
    let mut shown: Vec<&WorkOrder> = case.orders.iter().rev().collect();
    shown.sort_by_key(|order| !order.is_open());
    shown.into_iter().map(|order| one(frame, order, names)).collect()
}

/// An order by its number, kind and unit.
pub(super) fn title(frame: &Frame<'_>, order: &WorkOrder, names: &Names) -> String {
    let to = names.owner(order.to.unit, order.to.user) + &frame.instead_of(names, order.instead_of);
    format!("{}. {} · {to}", order.id, frame.code("order_kind", order.kind.code()))
}

fn one(frame: &Frame<'_>, order: &WorkOrder, names: &Names) -> Shown {
    let at = |key: &str, at: Timestamp| frame.tv(key, &[("at", &frame.moment(at))]);
    let mut about = vec![at("orders.sent", order.sent_at)];
    about.extend(order.part_of.map(|id| frame.tv("orders.part_of", &[("order", &id.to_string())])));
    if order.is_open() {
        about.extend(order.accept_by.filter(|_| order.accepted_at.is_none()).map(|by| at("orders.accept_by", by)));
        about.extend(order.contact_by.map(|by| at("orders.contact_by", by)));
        about.extend(order.reply_by.map(|by| at("orders.reply_by", by)));
    }
    about.extend(order.accepted_at.map(|moment| at("orders.accepted", moment)));
    about.extend(order.ended_at.map(|moment| at("orders.ended", moment)));
    about.extend(order.visit.map(|visit| {
        let key = match (visit.arrived_at, visit.missed) {
            (_, true) => "orders.visit_missed",
            (Some(_), false) => "orders.visit_kept",
            (None, false) => "orders.visit",
        };
        frame.tv(key, &[("from", &frame.moment(visit.from)), ("to", &frame.moment(visit.to))])
    }));
    about.extend(order.extension.map(|asked| at("orders.extension", asked.reply_by)));
    let counted = [("orders.urged", order.urged), ("orders.bounced", order.bounced)];
    about.extend(counted.iter().filter(|(_, n)| *n > 0).map(|(key, n)| frame.tv(key, &[("count", &n.to_string())])));
    about.extend(order.ground.as_deref().map(|ground| frame.code("refusal_ground", ground)));
    about.extend(order.ruled.then(|| frame.t("orders.ruled")));
    let words = |key: &str, text: Option<&FreeText>| {
        text.and_then(FreeText::plain).map(|words| (frame.t(key), words.to_owned()))
    };
    let texts = [
        words("orders.task", Some(&order.task)),
        words("orders.pre_treatment", order.pre_treatment.as_ref()),
        words("orders.progress", order.progress.as_ref()),
        words("orders.outcome", order.outcome.as_ref()),
    ];
    Shown {
        title: title(frame, order, names),
        standing: match (order.kind, order.standing) {
            (OrderKind::Copy, Standing::Done) => frame.t("orders.acknowledged"),
            (_, standing) => frame.code("order_standing", standing.code()),
        },
        ended: !order.is_open(),
        late: order.is_open() && !order.late.is_empty(),
        about,
        texts: texts.into_iter().flatten().collect(),
    }
}

/// Why the limits of the open orders of a case are what they are, where its rules set them: the order and the limit, and
/// what was counted.
pub(super) fn limits(
    frame: &Frame<'_>,
    case: &Case,
    rules: &policy::Stack,
    names: &Names,
) -> Vec<(String, Vec<String>)> {
    let mut all = Vec::new();
    for order in case.open_orders() {
        for (limit, explanation) in explained(case, order, rules) {
            let heading = [title(frame, order, names), frame.code("order_limit", limit.code())].join(" · ");
            all.push((heading, explanation.lines(frame.language.of_rules())));
        }
    }
    all
}

/// What the question whose case it is waits for, and how it was ruled before in this case.
pub(super) fn ownership(frame: &Frame<'_>, case: &Case, names: &Names) -> Vec<String> {
    let open = case.ownership.map(|open| {
        let key = if open.late { "orders.ownership_late" } else { "orders.ownership" };
        frame.tv(key, &[("unit", names.unit(open.arbiter)), ("at", &frame.moment(open.due_at))])
    });
    let ruled = case.rulings.iter().map(|ruling| {
        let (at, why) = (frame.moment(ruling.at), ruling.reason.plain().unwrap_or_default());
        frame.tv("orders.ruling", &[("unit", names.unit(ruling.unit)), ("at", &at), ("reason", why)])
    });
    open.into_iter().chain(ruled).collect()
}

/// How it was ruled in other cases of the category: number, and whose it was.
pub(super) fn before(frame: &Frame<'_>, case: &Case, rulings: &[RulingListed], names: &Names) -> Vec<(String, String)> {
    let others = rulings.iter().filter(|ruling| ruling.case != case.id).take(3);
    others
        .map(|ruling| {
            let values = [("unit", names.unit(ruling.unit)), ("at", &frame.moment(ruling.at))];
            (ruling.number.clone(), frame.tv("orders.ruled_before", &values))
        })
        .collect()
}

/// A holder of the ball with what they had in all.
pub(super) struct Held {
    pub(super) who: String,
    pub(super) lasted: String,
    /// Hundredths of the age, for a bar.
    pub(super) percent: i64,
    pub(super) now: bool,
}

/// The ball's ledger of a case: each holder, and the age they add up to.
pub(super) fn ball(frame: &Frame<'_>, case: &Case, names: &Names, now: Timestamp) -> (Vec<Held>, String) {
    let age = case.ball.age(now);
    let holds = case.ball_holder();
    let holders = case.ball.by_holder(now);
    let shares = shares(&holders.iter().map(|(_, lasted)| lasted.as_secs()).collect::<Vec<_>>());
    let held = holders.into_iter().zip(shares).map(|((holder, lasted), percent)| Held {
        who: match holder {
            Holder::Unit(unit) => names.unit(unit).to_owned(),
            Holder::Customer => frame.t("ball.customer"),
            Holder::ThirdParty => frame.t("ball.third_party"),
        },
        lasted: span(frame, lasted),
        percent,
        now: holds == Some(holder),
    });
    let counted = span(frame, case.ball.counted(now));
    (held.collect(), frame.tv("ball.age", &[("age", &span(frame, age)), ("counted", &counted)]))
}

/// Hundredths of each of some lengths, which add up to a hundred: what is left after whole ones goes to those that were cut
/// by most.
fn shares(lengths: &[i64]) -> Vec<i64> {
    let whole: i64 = lengths.iter().sum();
    if whole <= 0 {
        return vec![0; lengths.len()];
    }
    let cut = |length: &i64| (length * 100 / whole, length * 100 % whole);
    let mut parts: Vec<(usize, (i64, i64))> = lengths.iter().map(cut).enumerate().collect();
    let left = 100 - parts.iter().map(|(_, (share, _))| share).sum::<i64>();
    parts.sort_by_key(|(_, (_, cut))| -cut);
    for ((_, (share, _)), _) in parts.iter_mut().zip(0..left) {
        *share += 1;
    }
    parts.sort_by_key(|(place, _)| *place);
    parts.into_iter().map(|(_, (share, _))| share).collect()
}

/// A length of time in the two largest units that are not nothing.
pub(super) fn span(frame: &Frame<'_>, lasted: SignedDuration) -> String {
    let minutes = lasted.as_secs() / 60;
    let (days, hours, minutes) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    let values = [("days", days.to_string()), ("hours", hours.to_string()), ("minutes", minutes.to_string())];
    let key = match (days, hours) {
        (0, 0) if minutes == 0 && lasted > SignedDuration::ZERO => "ball.under_a_minute",
        (0, 0) => "ball.minutes",
        (0, _) => "ball.hours",
        _ => "ball.days",
    };
    frame.tv(key, &values.each_ref().map(|(name, value)| (*name, value.as_str())))
}

struct Line {
    number: String,
    about: String,
    kind: String,
    standing: String,
    who: String,
    due: String,
    late: bool,
    urged: i64,
}

#[derive(Template)]
#[template(path = "orders.html")]
struct OrdersPage<'a> {
    frame: &'a Frame<'a>,
    lines: Vec<Line>,
    mine: bool,
    next: String,
}

async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let frame = Frame::new(&app, &visitor);
    let pairs = query::form(raw.unwrap_or_default().as_bytes());
    let find = |wanted: &str| pairs.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone());
    let mine = find("mine").is_some();
    let filter = OrderFilter { mine, after: find("after"), ..OrderFilter::default() };
    let names = Names::gather(&app, &caller).await?;
    let found = app.desk.orders(&caller, filter).await?;
    let lines = found.items.iter().map(|order| line(&frame, &names, order)).collect();
    let place = |after: String| format!("/console/orders?{}after={after}", if mine { "mine=1&" } else { "" });
    let next = found.next.map(place).unwrap_or_default();
    Ok(render(&OrdersPage { frame: &frame, lines, mine, next }))
}

fn line(frame: &Frame<'_>, names: &Names, order: &OrderListed) -> Line {
    let category = order.category.as_deref().map(|category| frame.category(category)).unwrap_or_default();
    let grade = order.grade.as_deref().map(|grade| frame.code("grade", grade)).unwrap_or_default();
    Line {
        number: order.number.clone(),
        about: [category, grade].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · "),
        kind: match order.kind.as_str() {
            QUESTION => frame.t("orders.question"),
            kind => format!("{}. {}", order.order, frame.code("order_kind", kind)),
        },
        standing: frame.code("order_standing", &order.standing),
        who: order.user.map_or_else(|| frame.t("orders.nobody"), |user| names.person(user).to_owned()),
        due: order.due_at.map(|at| frame.moment(at)).unwrap_or_default(),
        late: order.late,
        urged: order.urged,
    }
}

/// A step of an order as a sentence of the history; those the verb itself says have none but for their order.
pub(super) fn step(frame: &Frame<'_>, names: &Names, order: u32, step: &OrderStep) -> Option<String> {
    let order = order.to_string();
    let say = |code: &str, values: &[(&str, &str)]| {
        let mut all = vec![("order", order.as_str())];
        all.extend_from_slice(values);
        Some(frame.app.locales.text(frame.language, &format!("event.order_{code}"), &all))
    };
    match step {
        OrderStep::Sent { kind, to, instead_of, proposed, .. } => {
            let to = names.owner(to.unit, to.user) + &frame.instead_of(names, *instead_of);
            let kind = frame.code("order_kind", kind.code());
            say(if *proposed { "proposed" } else { "sent" }, &[("kind", &kind), ("to", &to)])
        }
        OrderStep::Accepted {} => say("accepted", &[]),
        OrderStep::Refused { ground, .. } => say("refused", &[("ground", &frame.code("refusal_ground", ground))]),
        OrderStep::Returned { .. } => say("returned", &[]),
        OrderStep::HandedOver { to, instead_of, .. } => {
            let to = names.owner(to.unit, to.user) + &frame.instead_of(names, *instead_of);
            say("handed_over", &[("to", &to)])
        }
        OrderStep::Reported { .. } => say("reported", &[]),
        OrderStep::Answered { .. } => say("answered", &[]),
        OrderStep::Bounced { reply_by, .. } => say("bounced", &[("due", &frame.moment(*reply_by))]),
        OrderStep::Urged { .. } => say("urged", &[]),
        OrderStep::ExtensionAsked { reply_by, .. } => say("extension_asked", &[("due", &frame.moment(*reply_by))]),
        OrderStep::ExtensionDecided { granted, .. } => {
            say(if *granted { "extension_granted" } else { "extension_refused" }, &[])
        }
        OrderStep::Approved { approved, .. } => say(if *approved { "approved" } else { "not_approved" }, &[]),
        OrderStep::Cancelled { .. } => say("cancelled", &[]),
        OrderStep::VisitBooked { from, to, .. } => {
            say("visit_booked", &[("from", &frame.moment(*from)), ("to", &frame.moment(*to))])
        }
        OrderStep::Arrived { at } => say("arrived", &[("at", &frame.moment(*at))]),
        OrderStep::VisitMissed {} => say("visit_missed", &[]),
        OrderStep::Tightened { reply_by } => say("tightened", &[("due", &frame.moment(*reply_by))]),
        OrderStep::Late { limit: Limit::Accept } => say("accept_late", &[]),
        OrderStep::Late { limit: Limit::Contact } => say("contact_late", &[]),
        OrderStep::Late { .. } => say("reply_late", &[]),
    }
}

/// A step in the question whose case it is, as a sentence of the history.
pub(super) fn question(frame: &Frame<'_>, names: &Names, step: &OwnershipStep) -> Option<String> {
    let say = |code: &str, values: &[(&str, &str)]| {
        Some(frame.app.locales.text(frame.language, &format!("event.ownership_{code}"), values))
    };
    match step {
        OwnershipStep::Disputed { arbiter, due_at } => {
            say("disputed", &[("unit", names.unit(*arbiter)), ("due", &frame.moment(*due_at))])
        }
        OwnershipStep::Late {} => say("late", &[]),
        OwnershipStep::Ruled { unit, .. } => say("ruled", &[("unit", names.unit(*unit))]),
    }
}

/// Whether a verb is worth offering: those of an order's holder only where an order lies with them, and to whoever sees
/// the case for an order alone nothing but what is about orders.
pub(super) fn is_theirs_to(verb: &str, case: &Case, caller: &Caller) -> bool {
    let actor = &caller.actor;
    let holds = case.open_orders().any(|order| order.require_holder(actor).is_ok());
    let rules = case.ownership.is_some_and(|open| open.arbiter == actor.unit || actor.role == Role::Admin);
    match verb {
        verb if of_the_holder(verb) => holds,
        "rule-ownership" => rules,
        _ if actor.area.covers(&case.record.region) => true,
        "note" => holds || rules,
        // What was split is taken back, pressed for or judged by whoever split it.
        "dispatch" | "cancel-order" | "urge-order" | "bounce-order" | "book-visit" => holds,
        _ => false,
    }
}

/// The orders a verb can mean, for its form: number and words.
pub(super) fn meant(
    frame: &Frame<'_>,
    case: &Case,
    names: &Names,
    verb: &str,
    caller: &Caller,
) -> Vec<(String, String)> {
    // A part is dispatched by whoever has the whole.
    let theirs = of_the_holder(verb) || verb == "dispatch";
    let one = |order: &&WorkOrder| is_for(verb, order) && (!theirs || order.require_holder(&caller.actor).is_ok());
    case.orders.iter().filter(one).map(|order| (order.id.to_string(), title(frame, order, names))).collect()
}

#[cfg(test)]
mod tests {
    use super::shares;

    #[test]
    fn shares_add_up_to_a_hundred() {
        assert_eq!(shares(&[507, 239, 254]), [51, 24, 25]);
        assert_eq!(shares(&[1, 1, 1]), [34, 33, 33]);
        assert_eq!(shares(&[5]), [100]);
        assert_eq!(shares(&[0, 0]), [0, 0]);
        assert!(shares(&[]).is_empty());
    }
}
