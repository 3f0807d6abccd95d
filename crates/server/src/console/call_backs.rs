//! Calls to customers in the console: the list of those still to be made, promised ones and those that ask how satisfied
//! somebody is, and how often the customer of a case was tried.

use super::form::Typed;
use super::names::Names;
use super::{Frame, page, render};
use crate::app::AppState;
use crate::extract::{Visitor, Who};
use crate::problem::Failure;
use crate::query;
use crate::routes::{Access, Method, Route};
use crate::words;
use askama::Template;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use axum::routing::get;
use desk::call_backs::{CallBackFilter, CallBackListed, For};
use desk::permissions;
use domain::case::{Case, Promised, declare_unreachable};
use domain::event::ContactOutcome;
use domain::free_text::FreeText;
use jiff::Timestamp;
use policy::Stack;

/// Address of the list.
pub(super) const PAGE: &str = "/console/callbacks";
/// Name of the count beside its link.
pub(super) const TALLY: &str = "call_backs";

pub(super) fn routes() -> Vec<Route> {
    vec![page(Method::Get, PAGE, Access::Needs(permissions::READ_CASES), get(show))]
}

struct Line {
    number: String,
    /// Where its form is: the verb and what is filled in.
    form: String,
    who: String,
    what: String,
    due: String,
    next: String,
    late: bool,
    hours: String,
    tries: Vec<String>,
    owner: String,
}

struct Choice {
    words: String,
    href: String,
    here: bool,
}

#[derive(Template)]
#[template(path = "call_backs.html")]
struct CallBacksPage<'a> {
    frame: &'a Frame<'a>,
    choices: Vec<Choice>,
    lines: Vec<Line>,
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
    let (mine, overdue) = (find("mine").is_some(), find("overdue").is_some());
    let of = find("for").as_deref().and_then(For::from_code).filter(|_| !mine);
    let names = Names::gather(&app, &caller).await?;
    let filter = CallBackFilter { mine, of, overdue, after: find("after"), ..CallBackFilter::default() };
    let found = app.desk.call_backs(&caller, filter).await?;
    let lines = found.items.iter().map(|call| line(&frame, &names, call)).collect();
    let place = |mine: bool, of: Option<For>, overdue: bool, after: &str| {
        let of = of.map(|of| format!("for={}", of.code())).unwrap_or_default();
        let asked =
            [(mine, "mine=1"), (!of.is_empty(), of.as_str()), (overdue, "overdue=1"), (!after.is_empty(), after)];
        let asked: Vec<&str> = asked.into_iter().filter(|(is, _)| *is).map(|(_, part)| part).collect();
        if asked.is_empty() { PAGE.to_owned() } else { format!("{PAGE}?{}", asked.join("&")) }
    };
    let choice = |words: &str, here: bool, href: String| Choice { words: frame.t(words), href, here };
    let choices = vec![
        choice("call_backs.of_unit", !mine && of.is_none(), place(false, None, overdue, "")),
        choice("call_backs.promised", of == Some(For::Promise), place(false, Some(For::Promise), overdue, "")),
        choice("call_backs.surveys", of == Some(For::Survey), place(false, Some(For::Survey), overdue, "")),
        choice("call_backs.mine", mine, place(true, None, overdue, "")),
        choice("call_backs.overdue", overdue, place(mine, of, !overdue, "")),
    ];
    let next = found.next.map(|after| place(mine, of, overdue, &format!("after={after}"))).unwrap_or_default();
    Ok(render(&CallBacksPage { frame: &frame, choices, lines, next }))
}

fn line(frame: &Frame<'_>, names: &Names, call: &CallBackListed) -> Line {
    let (case, identity) = (&call.view.case, call.view.identity.as_ref());
    let of_person = |part: Option<&String>| part.cloned();
    let who = [
        identity.and_then(|one| of_person(one.name.as_ref())),
        identity.and_then(|one| of_person(one.phone.as_ref().or(one.caller.as_ref()).or(one.phone_alt.as_ref()))),
    ];
    let hours = match &call.hours {
        None => frame.t("call_backs.no_hours"),
        Some(spans) if spans.is_empty() => frame.t("call_backs.hours_over"),
        Some(spans) => {
            let span = |(from, to): &(Timestamp, Timestamp)| {
                format!("{}–{}", frame.time_of_day(*from), frame.time_of_day(*to))
            };
            frame.tv("call_backs.hours", &[("hours", &spans.iter().map(span).collect::<Vec<_>>().join(", "))])
        }
    };
    Line {
        number: case.number.clone(),
        form: match call.promise() {
            Some(promise) => format!("?do=record-contact&promise={}#do-record-contact", promise.id),
            None => "?do=call-back#do-call-back".to_owned(),
        },
        who: who.into_iter().flatten().collect::<Vec<_>>().join(" "),
        what: call.promise().map_or_else(|| frame.t("call_backs.asks_survey"), words_of),
        due: frame.moment(call.due_at()),
        next: call.next_at().map(|at| frame.moment(at)).unwrap_or_default(),
        late: call.late,
        hours,
        tries: call.tries().into_iter().map(|(at, outcome)| tried(frame, at, outcome)).collect(),
        owner: names.owner(case.owner.unit, case.owner.user) + &frame.instead_of(names, case.instead_of),
    }
}

fn words_of(promise: &Promised) -> String {
    promise.what.as_ref().and_then(FreeText::plain).unwrap_or_default().to_owned()
}

fn tried(frame: &Frame<'_>, at: Timestamp, outcome: ContactOutcome) -> String {
    format!("{} {}", frame.moment(at), frame.code("contact", words::contact(outcome)))
}

/// What the page of a case says of its call-backs and of how often its customer was tried.
pub(super) fn of_case(frame: &Frame<'_>, case: &Case, rules: &Stack) -> Vec<String> {
    let calls = case.promises.iter().filter(|promise| promise.call_back);
    let now = frame.app.desk.time().now();
    let mut lines: Vec<String> = calls
        .map(|call| {
            let standing = match (call.kept_at, call.given_up, call.is_late(now)) {
                (Some(_), ..) => "kept",
                (None, true, _) => "given_up",
                (None, false, true) => "late",
                (None, false, false) => "open",
            };
            let values = [
                ("promise", call.id.to_string()),
                ("due", frame.moment(call.due_at)),
                ("standing", frame.t(&format!("call_backs.standing.{standing}"))),
            ];
            let mut line = frame.tv("call_backs.one", &values.each_ref().map(|(name, value)| (*name, value.as_str())));
            let tries = case.contacts.iter().filter(|one| one.promise == Some(call.id));
            for one in tries {
                line.push_str(" · ");
                line.push_str(&tried(frame, one.at, one.outcome));
            }
            line
        })
        .collect();
    if let Some(at) = case.unreachable_at {
        lines.push(frame.tv("call_backs.unreachable", &[("at", &frame.moment(at))]));
    } else if let Some(tried) = declare_unreachable::tried(case, rules).filter(|tried| !tried.counted.is_empty()) {
        let key = match (tried.is_enough(), tried.distinct_days) {
            (true, _) => "call_backs.enough",
            (false, true) => "call_backs.wanting_days",
            (false, false) => "call_backs.wanting",
        };
        let (need, made) = (tried.need.to_string(), tried.counted.len().to_string());
        let days = tried.days_told();
        let values = [("need", need.as_str()), ("made", &made), ("days", &days), ("rule", &frame.rule(&tried.rule))];
        lines.push(frame.tv(key, &values));
    }
    lines
}

/// The call-backs a contact may have been, for its form: number and words.
pub(super) fn meant(frame: &Frame<'_>, case: &Case) -> Vec<(String, String)> {
    let calls = case.open_promises().filter(|promise| promise.call_back);
    calls
        .map(|call| {
            let words = format!("{}. {} {}", call.id, frame.moment(call.due_at), words_of(call));
            (call.id.to_string(), words)
        })
        .collect()
}

/// The form of a call-back as it begins: by telephone, and if nobody is reached, once more on another day within the hours.
pub(super) fn started(frame: &Frame<'_>, case: &Case, promise: &str, rules: &Stack, now: Timestamp) -> Typed {
    let mut typed = Typed::default();
    typed.set("mode", "phone");
    typed.set("promise", promise);
    let hours = rules.contact_hours(&case.record.region);
    if let Some(next) = hours.and_then(|(hours, calendar)| hours.another_day(now, calendar)) {
        typed.set("next_at", frame.input(next));
    }
    typed
}
