//! `/notices`: what the caller should look at; `/me/notifications`: how it reaches them; who follows a case.

use super::view::Object;
use super::{answer, identifier, view};
use crate::app::AppState;
use crate::extract::{self, Path, Who};
use crate::problem::Failure;
use crate::query;
use crate::routes::{Method, Operation, Route};
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use desk::notices::{About, CHOICES, Choices, Group, Notice, grouped};
use desk::{CaseRef, permissions};
use domain::refusal::Refusal;
use domain::shape::{self, Field, Kind, optional};
use serde_json::{Value, json};

/// Most notices listed each by itself; groups hold all of them.
const MOST_SHOWN: usize = 200;
/// Groups a page.
const GROUPS: usize = 200;

/// Parameters of the list.
pub const LIST: &[Field] = &[optional(
    "page",
    Kind::Whole { min: 1, max: 1_000 },
    "Which two hundred of the groups, from 1. `next_page` of the answer before.",
)];

/// The routes of this file.
#[must_use]
pub fn routes() -> Vec<Route> {
    let list = Operation {
        query: LIST,
        ..Operation::get("list_notices", "What the caller has not read yet.", "Notices", "Notices")
    };
    let one = Operation::get("read_notice", "Mark a notice as read.", "Notices", "Nothing");
    let group = Operation::get(
        "read_notice_group",
        "Mark everything about one case or problem, or of one run over many, as read.",
        "Notices",
        "Nothing",
    );
    let all = Operation::get("read_all_notices", "Mark every notice as read.", "Notices", "Nothing");
    let chosen = Operation::get("get_notifications", "How notices reach the caller.", "Notices", "NoticeChoices");
    let choose = Operation {
        body: Some(CHOICES),
        ..Operation::get("set_notifications", "Choose it, all at once.", "Notices", "NoticeChoices")
    };
    let followers = Operation::get("list_followers", "Colleagues who follow a case.", "Notices", "Followers");
    let follow = Operation::get("follow", "Follow a case: be told what moves it.", "Notices", "Followers");
    let unfollow = Operation::get("unfollow", "No longer follow a case.", "Notices", "Followers");
    let (read, mark) = (permissions::READ_SELF, permissions::MARK_NOTICES);
    vec![
        Route::api(Method::Get, "/api/v1/notices", read, list, get(unread)),
        Route::api(Method::Post, "/api/v1/notices/read", mark, all, post(read_all)),
        Route::api(Method::Post, "/api/v1/notices/{id}/read", mark, one, post(read_one)),
        Route::api(Method::Post, "/api/v1/notices/groups/{id}/read", mark, group, post(read_group)),
        Route::api(Method::Get, "/api/v1/me/notifications", read, chosen, get(choices)),
        Route::api(Method::Post, "/api/v1/me/notifications", permissions::CHOOSE_NOTICES, choose, post(set_choices)),
        Route::api(
            Method::Get,
            "/api/v1/complaints/{id}/followers",
            permissions::READ_CASES,
            followers,
            get(list_followers),
        ),
        Route::api(
            Method::Post,
            "/api/v1/complaints/{id}/follow",
            permissions::FOLLOW,
            follow,
            post(|state, who, path| set_follow(true, state, who, path)),
        ),
        Route::api(
            Method::Post,
            "/api/v1/complaints/{id}/unfollow",
            permissions::FOLLOW,
            unfollow,
            post(|state, who, path| set_follow(false, state, who, path)),
        ),
    ]
}

async fn unread(State(app): State<AppState>, Who(caller): Who, RawQuery(raw): RawQuery) -> Result<Response, Failure> {
    let given = query::read(raw.as_deref(), LIST)?;
    let page = given.get("page").and_then(Value::as_u64).and_then(|page| usize::try_from(page).ok()).unwrap_or(1);
    let notices = app.desk.notices(&caller).await?;
    let items: Vec<Value> = notices.iter().take(MOST_SHOWN).map(shown).collect();
    let groups = grouped(notices);
    let next = (groups.len() > page.saturating_mul(GROUPS)).then_some(page.saturating_add(1));
    let shown = groups.iter().skip(page.saturating_sub(1).saturating_mul(GROUPS)).take(GROUPS);
    let groups: Vec<Value> = shown.map(together).collect();
    Ok(answer(
        StatusCode::OK,
        &Object::default().put("items", items).put("groups", groups).put_some("next_page", next).done(),
    ))
}

fn shown(notice: &Notice) -> Value {
    Object::default()
        .put("id", notice.id.to_string())
        .put("kind", notice.kind.as_str())
        .put("number", notice.number.as_str())
        .put("about", about(notice))
        .put("at", view::moment(notice.at))
        .put_some("rule", notice.rule.as_deref())
        .put_some("percent", notice.percent)
        .put_some("run", notice.run.map(|run| run.to_string()))
        .done()
}

/// What a notice points at.
fn about(notice: &Notice) -> &'static str {
    match notice.about {
        About::Case => "complaint",
        About::Problem => "problem",
        About::Incident => "incident",
        About::Subscription => "subscription",
        About::Burst => "burst",
        About::Account => "account",
    }
}

fn together(group: &Group) -> Value {
    let mut kinds: Vec<(&str, usize)> = Vec::new();
    for notice in &group.notices {
        match kinds.iter_mut().find(|(kind, _)| *kind == notice.kind) {
            Some((_, count)) => *count += 1,
            None => kinds.push((&notice.kind, 1)),
        }
    }
    let kinds: Vec<Value> = kinds.into_iter().map(|(kind, count)| json!({"kind": kind, "count": count})).collect();
    let newest = group.notices.first();
    Object::default()
        .put("id", group.id.to_string())
        .put("run", group.run)
        .put_some("number", newest.filter(|_| !group.run).map(|notice| notice.number.as_str()))
        .put_some("about", newest.filter(|_| !group.run).map(about))
        .put("cases", group.cases)
        .put("count", group.notices.len())
        .put_some("at", newest.map(|notice| view::moment(notice.at)))
        .put("kinds", kinds)
        .done()
}

async fn read_one(State(app): State<AppState>, Who(caller): Who, Path(id): Path<String>) -> Result<Response, Failure> {
    app.desk.read_notices(&caller, Some(identifier(&id)?)).await?;
    Ok(answer(StatusCode::OK, &json!({})))
}

async fn read_group(
    State(app): State<AppState>,
    Who(caller): Who,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    app.desk.read_notice_group(&caller, identifier(&id)?).await?;
    Ok(answer(StatusCode::OK, &json!({})))
}

async fn read_all(State(app): State<AppState>, Who(caller): Who) -> Result<Response, Failure> {
    app.desk.read_notices(&caller, None).await?;
    Ok(answer(StatusCode::OK, &json!({})))
}

/// A time of the day from its minute.
pub(crate) fn clock(minute: i64) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

fn chosen(app: &AppState, choices: &Choices) -> Value {
    let set = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let quiet = choices.quiet.map(domain::quiet::QuietHours::minutes);
    Object::default()
        .put("mail", choices.mail.code())
        .put_some("email", set(&choices.email))
        .put_some("quiet_from", quiet.map(|(from, _)| clock(from)))
        .put_some("quiet_until", quiet.map(|(_, until)| clock(until)))
        .put("urgent", choices.urgent)
        .put_some("language", set(&choices.language))
        .put_some("bounced", set(&choices.bounced))
        .put("mail_goes", app.desk.mails())
        .done()
}

async fn choices(State(app): State<AppState>, Who(caller): Who) -> Result<Response, Failure> {
    let choices = app.desk.notice_choices(&caller).await?;
    Ok(answer(StatusCode::OK, &chosen(&app, &choices)))
}

async fn set_choices(
    State(app): State<AppState>,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let bytes = extract::bytes(&headers, body).await?;
    let value = shape::check(extract::json(&headers, &bytes)?, CHOICES).map_err(Refusal::invalid)?;
    app.desk.choose_notices(&caller, value).await?;
    choices(State(app), Who(caller)).await
}

async fn list_followers(
    State(app): State<AppState>,
    Who(caller): Who,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let followers = app.desk.followers(&caller, &CaseRef::parse(&name)?).await?;
    let items: Vec<Value> = followers
        .iter()
        .map(|one| json!({"user": one.user.to_string(), "name": one.name, "since": view::moment(one.since)}))
        .collect();
    Ok(answer(StatusCode::OK, &json!({"items": items})))
}

async fn set_follow(
    follows: bool,
    State(app): State<AppState>,
    Who(caller): Who,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    app.desk.follow(&caller, &CaseRef::parse(&name)?, follows).await?;
    list_followers(State(app), Who(caller), Path(name)).await
}
