//! What the person who is signed in should look at, and how it reaches them.

use super::form::{Draw, Input, Typed};
use super::{Frame, page, render, shown_with};
use crate::api::identifier;
use crate::api::notices::clock;
use crate::app::AppState;
use crate::extract::{self, Path, Visitor, Who};
use crate::problem::{Failure, Told};
use crate::query;
use crate::routes::{Access, Method, Route};
use askama::Template;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use desk::notices::{About, CHOICES, Choices, Group, Notice, grouped};
use desk::queries::list::Listed;
use desk::{Caller, CaseRef, permissions};
use domain::ids::CaseId;
use domain::refusal::Refusal;
use domain::shape;
use std::collections::{HashMap, HashSet};

/// Groups a page.
pub(crate) const GROUPS: usize = 50;
/// Notices of a group shown at once; the others are counted.
const MOST_LINES: usize = 3;
/// Cases of a run that are named; the others are counted.
const MOST_CASES: usize = 10;

/// The page of what a notice is about.
pub(crate) fn place_of(notice: &Notice) -> String {
    match notice.about {
        About::Case => format!("/console/cases/{}", notice.number),
        About::Problem => format!("/console/problems/{}", notice.number),
        About::Incident => format!("/console/incidents/{}", notice.case.0),
        About::Subscription => "/console/webhooks".to_owned(),
        About::Burst => format!("/console/bursts/{}", notice.case.0),
        About::Account => super::ACCOUNT.to_owned(),
    }
}

pub(super) fn routes() -> Vec<Route> {
    let (read, mark) = (Access::Needs(permissions::READ_SELF), Access::Needs(permissions::MARK_NOTICES));
    let choose = Access::Needs(permissions::CHOOSE_NOTICES);
    let follow = Access::Needs(permissions::FOLLOW);
    vec![
        page(Method::Get, "/console/notices", read, get(show)),
        page(Method::Post, "/console/notices/read", mark, post(read_all)),
        page(Method::Post, "/console/notices/groups/{id}/read", mark, post(read_group)),
        page(Method::Get, "/console/notices/choices", choose, get(show_choices)),
        page(Method::Post, "/console/notices/choices", choose, post(set_choices)),
        page(
            Method::Post,
            "/console/cases/{id}/follow",
            follow,
            post(|state, who, path| set_follow(true, state, who, path)),
        ),
        page(
            Method::Post,
            "/console/cases/{id}/unfollow",
            follow,
            post(|state, who, path| set_follow(false, state, who, path)),
        ),
    ]
}

/// One notice.
struct Line {
    at: String,
    words: String,
}

/// What notices are about.
struct Thing {
    number: String,
    /// Where it is found.
    place: String,
    /// What a case is about; empty where the reader does not have it in their area.
    subject: String,
}

/// Notices that stand together.
struct Together {
    id: String,
    /// The one case or problem, or the cases of a run over many.
    things: Vec<Thing>,
    /// What a run brought, and when; empty where there was none.
    run: String,
    at: String,
    lines: Vec<Line>,
    more: String,
    late: bool,
}

#[derive(Template)]
#[template(path = "notices.html")]
struct Notices<'a> {
    frame: &'a Frame<'a>,
    groups: Vec<Together>,
    before: String,
    after: String,
}

/// Whether a group is told as what a run over many brought.
fn is_of_run(group: &Group) -> bool {
    group.run && group.cases > 1
}

/// One notice of each thing of a group that a page names.
fn named(group: &Group) -> Vec<&Notice> {
    let mut seen = HashSet::new();
    let each = group.notices.iter().filter(|notice| seen.insert(notice.case));
    each.take(if is_of_run(group) { MOST_CASES } else { 1 }).collect()
}

impl Frame<'_> {
    /// What a notice says.
    fn noticed(&self, notice: &Notice) -> String {
        let rule = notice.rule.as_deref().map(|rule| self.rule(rule)).unwrap_or_default();
        let percent = notice.percent.unwrap_or_default().to_string();
        let values = [("rule", rule.as_str()), ("percent", percent.as_str())];
        self.app.locales.text(self.language, &format!("notice.{}", notice.kind), &values)
    }

    fn together(&self, group: &Group, listed: &HashMap<CaseId, Listed>) -> Together {
        let first = group.notices.first();
        let of_run = is_of_run(group);
        let count = group.cases.to_string();
        let run = match (of_run, first) {
            (true, Some(first)) => self.tv("notices.of_run", &[("count", &count), ("what", &self.noticed(first))]),
            _ => String::new(),
        };
        let lines = group.notices.iter().take(if of_run { 0 } else { MOST_LINES });
        let lines: Vec<Line> = lines.map(|one| Line { at: self.moment(one.at), words: self.noticed(one) }).collect();
        let thing = |notice: &Notice| Thing {
            number: notice.number.clone(),
            place: place_of(notice),
            subject: listed.get(&notice.case).map(|one| self.called_in_list(one)).unwrap_or_default(),
        };
        let things: Vec<Thing> = named(group).into_iter().map(thing).collect();
        let (rest, words) = match of_run {
            true => (group.cases - things.len(), "mail.more"),
            false => (group.notices.len() - lines.len(), "notices.more"),
        };
        let late = |notice: &Notice| {
            matches!(
                notice.kind.as_str(),
                "clock_overdue" | "promise_broken" | "order_late" | "visit_missed" | "ownership_late"
            )
        };
        Together {
            id: group.id.to_string(),
            things,
            run,
            at: first.filter(|_| of_run).map(|first| self.moment(first.at)).unwrap_or_default(),
            more: if rest == 0 { String::new() } else { self.tv(words, &[("count", &rest.to_string())]) },
            late: group.notices.iter().any(late),
            lines,
        }
    }
}

async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let frame = Frame::new(&app, &visitor);
    let groups = grouped(app.desk.notices(&caller).await?);
    let given = query::form(raw.unwrap_or_default().as_bytes());
    let asked = given.iter().find(|(name, _)| name == "page").and_then(|(_, page)| page.parse::<usize>().ok());
    // Whoever reads a page away has fewer of them.
    let page = asked.unwrap_or(1).clamp(1, groups.len().div_ceil(GROUPS).max(1));
    let place = |page: usize| format!("/console/notices?page={page}");
    let shown: Vec<&Group> = groups.iter().skip((page - 1) * GROUPS).take(GROUPS).collect();
    let cases = shown.iter().flat_map(|group| named(group)).filter(|notice| notice.about == About::Case);
    let cases: Vec<CaseId> = cases.map(|notice| notice.case).collect();
    let listed = match frame.may(permissions::READ_CASES) {
        true => app.desk.listed_cases(&caller, cases).await?,
        false => HashMap::new(),
    };
    Ok(render(&Notices {
        before: if page > 1 { place(page - 1) } else { String::new() },
        after: if groups.len() > page * GROUPS { place(page + 1) } else { String::new() },
        groups: shown.into_iter().map(|group| frame.together(group, &listed)).collect(),
        frame: &frame,
    }))
}

async fn read_all(State(app): State<AppState>, Who(caller): Who) -> Result<Response, Failure> {
    app.desk.read_notices(&caller, None).await?;
    Ok(Redirect::to("/console/notices").into_response())
}

async fn read_group(
    State(app): State<AppState>,
    Who(caller): Who,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    app.desk.read_notice_group(&caller, identifier(&id)?).await?;
    Ok(Redirect::to("/console/notices").into_response())
}

async fn set_follow(
    follows: bool,
    State(app): State<AppState>,
    Who(caller): Who,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let case = CaseRef::parse(&name)?;
    app.desk.follow(&caller, &case, follows).await?;
    let view = app.desk.case(&caller, &case).await?;
    Ok(Redirect::to(&format!("/console/cases/{}#followers", view.case.number)).into_response())
}

#[derive(Template)]
#[template(path = "notice_choices.html")]
struct ChoicesPage<'a> {
    frame: &'a Frame<'a>,
    inputs: Vec<Input>,
    told: Option<Told>,
    done: bool,
    /// Whether this installation sends mail.
    mails: bool,
    bounced: String,
    next: String,
}

async fn draw(
    app: &AppState,
    visitor: &Visitor,
    caller: &Caller,
    typed: Option<&Typed>,
    failure: Option<Failure>,
    done: bool,
) -> Result<Response, Failure> {
    let frame = Frame::new(app, visitor);
    let choices = app.desk.notice_choices(caller).await?;
    let chosen = filled(&choices);
    let told = failure.map(|failure| failure.tell(app, visitor.language));
    let errors = told.as_ref().map(|told| told.errors.clone()).unwrap_or_default();
    let typed = typed.unwrap_or(&chosen);
    let next = app.desk.next_letter(caller).await?;
    let next = next.map(|(at, trouble)| {
        let words = if trouble.is_empty() { "notices.next_mail" } else { "notices.mail_waits" };
        frame.tv(words, &[("at", &frame.moment(at)), ("why", &trouble)])
    });
    let draw = Draw { frame: &frame, words: "notices", typed, errors: &errors, known: &|_| Vec::new() };
    let page = ChoicesPage {
        inputs: draw.inputs("", CHOICES),
        done,
        mails: app.desk.mails(),
        bounced: choices.bounced,
        next: next.unwrap_or_default(),
        frame: &frame,
        told,
    };
    Ok(shown_with(page.told.clone(), &page))
}

/// The boxes filled with what is so now.
fn filled(choices: &Choices) -> Typed {
    let mut typed = Typed::default();
    typed.set("mail", choices.mail.code());
    typed.set("email", choices.email.as_str());
    if let Some((from, until)) = choices.quiet.map(domain::quiet::QuietHours::minutes) {
        typed.set("quiet_from", clock(from));
        typed.set("quiet_until", clock(until));
    }
    if choices.urgent {
        typed.set("urgent", "true");
    }
    typed.set("language", choices.language.as_str());
    typed
}

async fn show_choices(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let done = query::form(raw.unwrap_or_default().as_bytes()).iter().any(|(name, _)| name == "done");
    draw(&app, &visitor, &caller, None, None, done).await
}

async fn set_choices(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let typed = Typed::read(&extract::bytes(&headers, body).await?);
    let value = shape::check(typed.value(CHOICES, &Frame::new(&app, &visitor)), CHOICES).map_err(Refusal::invalid);
    let outcome = match value {
        Ok(value) => app.desk.choose_notices(&caller, value).await.map_err(Failure::from),
        Err(refusal) => Err(Failure::from(refusal)),
    };
    match outcome {
        Ok(()) => Ok(Redirect::to("/console/notices/choices?done=1").into_response()),
        Err(failure) => draw(&app, &visitor, &caller, Some(&typed), Some(failure), false).await,
    }
}
