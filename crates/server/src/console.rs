//! The console: server-rendered pages that work without any script. Forms are drawn from the same tables of fields
//! that validate them.

mod about_staff;
mod absence;
mod account;
mod admin;
pub(crate) mod archive;
mod assist;
mod attachments;
mod audit;
mod board;
mod bulk;
pub(crate) mod bundle;
mod bursts;
mod call_backs;
mod case;
mod compensations;
mod customer;
mod customer_system;
mod differs;
mod earlier;
mod effect;
mod facets;
mod facts;
pub(crate) mod form;
mod handoff;
mod history;
mod hot_issues;
mod incidents;
mod jobs;
mod kpis;
mod ledger;
mod letter_form;
mod letterbox;
mod letters;
pub(crate) mod macros;
mod matters;
mod messages;
mod models;
mod names;
mod network;
pub(crate) mod notices;
mod operations;
mod orders;
mod organisation;
mod own_account;
mod pane;
mod plans;
mod presence;
mod problems;
mod progress;
mod queue;
mod readings;
mod referrals;
mod register;
mod related;
mod remedies;
mod reports;
mod retention;
mod routing;
mod rule_words;
mod rulebook;
mod rules;
mod setup;
mod shell;
mod similar;
mod staff_form;
pub(crate) mod subject;
mod survey;
mod surveys;
mod ties;
mod times;
mod tokens;
mod topics;
mod tour;
mod trees;
mod units;
mod user_sign_in;
mod users;
mod views;
mod webhooks;
mod what_if;
mod why;
mod windows;
mod wordings;

use crate::app::{App, AppState};
use crate::extract::{self, Path, Visitor, Who};
use crate::locale::Language;
use crate::portal;
use crate::problem::{Failure, Told, Why};
use crate::query;
use crate::routes::{Access, Face, Method, Route};
pub(crate) use account::OWN_PASSWORD;
use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
#[cfg(test)]
pub(crate) use customer_system::ASK;
use desk::{Caller, CaseRef, Permission, permissions};
use domain::text::identifier::narrow;
#[cfg(test)]
pub(crate) use form::list_of;
pub(crate) use history::{Heard, transcript};
pub(crate) use own_account::{ACCOUNT, ENROLMENT};
pub use shell::Theme;
use std::collections::BTreeSet;

/// The routes of the console.
#[must_use]
pub fn routes() -> Vec<Route> {
    let mut routes = vec![
        page(Method::Get, "/", Access::Public, get(home)),
        page(Method::Get, "/assets/{name}", Access::Public, get(asset)),
        page(Method::Get, "/assets/{edition}/{name}", Access::Public, get(asset_of_edition)),
        page(Method::Get, "/language/{tag}", Access::Public, get(choose_language)),
        page(Method::Get, "/console/find", Access::Needs(permissions::READ_CASES), get(find)),
    ];
    routes.extend(account::routes());
    routes.extend(own_account::routes());
    routes.extend(queue::routes());
    routes.extend(views::routes());
    routes.extend(macros::routes());
    routes.extend(models::routes());
    routes.extend(board::routes());
    routes.extend(crate::live::routes());
    routes.extend(pane::routes());
    routes.extend(presence::routes());
    routes.extend(shell::routes());
    routes.extend(bulk::routes());
    routes.extend(register::routes());
    routes.extend(handoff::routes());
    routes.extend(case::routes());
    routes.extend(customer_system::routes());
    routes.extend(assist::routes());
    routes.extend(letters::routes());
    routes.extend(letter_form::routes());
    routes.extend(letterbox::routes());
    routes.extend(messages::routes());
    routes.extend(attachments::routes());
    routes.extend(bundle::routes());
    routes.extend(notices::routes());
    routes.extend(call_backs::routes());
    routes.extend(wordings::routes());
    routes.extend(orders::routes());
    routes.extend(jobs::routes());
    routes.extend(why::routes());
    routes.extend(similar::routes());
    routes.extend(rules::routes());
    routes.extend(rulebook::routes());
    routes.extend(admin::routes());
    routes.extend(tokens::routes());
    routes.extend(audit::routes());
    routes.extend(setup::routes());
    routes.extend(tour::routes());
    routes.extend(reports::routes());
    routes.extend(ledger::routes());
    routes.extend(survey::routes());
    routes.extend(surveys::routes());
    routes.extend(remedies::routes());
    routes.extend(hot_issues::routes());
    routes.extend(problems::routes());
    routes.extend(incidents::routes());
    routes.extend(bursts::routes());
    routes.extend(topics::routes());
    routes.extend(plans::routes());
    routes.extend(webhooks::routes());
    routes.extend(network::routes());
    routes.extend(kpis::routes());
    routes.extend(retention::routes());
    routes.extend(what_if::routes());
    routes.extend(routing::routes());
    routes.extend(organisation::routes());
    routes.extend(units::routes());
    routes.extend(users::routes());
    routes.extend(user_sign_in::routes());
    routes.extend(absence::routes());
    routes
}

pub(crate) fn page(
    method: Method,
    path: &'static str,
    access: Access,
    handler: axum::routing::MethodRouter<AppState>,
) -> Route {
    Route { method, path, access, face: Face::Page, operation: None, handler }
}

/// What every page knows: language, words, who is signed in.
pub(crate) struct Frame<'a> {
    app: &'a App,
    language: Language,
    caller: Option<&'a Caller>,
    theme: Theme,
    place: &'a str,
    unread: i64,
    /// Lists under a name that whoever looks may use.
    views: &'a [desk::views::SavedView],
    /// The rules of the one case the page is about, where whoever is outside the house reads it: moments are told as they
    /// are told the customer.
    told_by: Option<policy::Stack>,
}

impl<'a> Frame<'a> {
    pub(crate) fn new(app: &'a App, visitor: &'a Visitor) -> Self {
        let caller = visitor.caller.as_ref();
        let (theme, place, unread) = (visitor.theme, visitor.place.as_str(), visitor.unread);
        Self { app, language: visitor.language, caller, theme, place, unread, views: &visitor.views, told_by: None }
    }

    /// Words of the console.
    pub(crate) fn t(&self, key: &str) -> String {
        self.app.locales.text(self.language, &format!("ui.{key}"), &[])
    }

    /// Words of the console with values.
    pub(crate) fn tv(&self, key: &str, values: &[(&str, &str)]) -> String {
        self.app.locales.text(self.language, &format!("ui.{key}"), values)
    }

    /// The name of a code.
    pub(crate) fn code(&self, list: &str, code: &str) -> String {
        self.app.locales.text(self.language, &format!("{list}.{code}"), &[])
    }

    /// Where browsers find a file of the console; the address changes with what it holds.
    pub(crate) fn asset(&self, name: &str) -> String {
        format!("/assets/{}/{name}", self.app.assets.edition())
    }

    pub(crate) fn lang(&self) -> &'static str {
        self.language.code()
    }

    /// The other language: tag and name.
    pub(crate) fn other(&self) -> (&'static str, &'static str) {
        match self.language {
            Language::ZhCn => ("en", "English"),
            Language::En => ("zh-CN", "中文"),
        }
    }

    fn may(&self, permission: Permission) -> bool {
        self.caller.is_some_and(|caller| permission.allows(caller))
    }

    fn may_register(&self) -> bool {
        self.may(permissions::REGISTER)
    }

    fn may_hand_off(&self) -> bool {
        self.may(permissions::HAND_OFF)
    }

    fn may_change_rules(&self) -> bool {
        self.may(permissions::ACTIVATE_RULES)
    }

    fn may_read_retention(&self) -> bool {
        self.may(permissions::READ_RETENTION)
    }

    fn may_read_reports(&self) -> bool {
        self.may(permissions::READ_REPORTS)
    }

    fn may_read_problems(&self) -> bool {
        self.may(permissions::READ_PROBLEMS)
    }

    fn may_read_incidents(&self) -> bool {
        self.may(permissions::READ_INCIDENTS)
    }

    fn may_read_bursts(&self) -> bool {
        self.may(permissions::READ_BURSTS)
    }

    fn may_read_topics(&self) -> bool {
        self.may(permissions::READ_TOPICS)
    }

    fn may_read_plans(&self) -> bool {
        self.may(permissions::READ_PLANS)
    }

    fn may_read_network_facts(&self) -> bool {
        self.may(permissions::READ_NETWORK_FACTS)
    }

    fn may_read_catalogue(&self) -> bool {
        self.may(permissions::READ_CATALOGUE)
    }

    fn may_read_remedies(&self) -> bool {
        self.may(permissions::READ_REMEDIES)
    }

    fn may_ask_what_if(&self) -> bool {
        self.may(permissions::WHAT_IF)
    }

    fn may_read_letterbox(&self) -> bool {
        self.may(permissions::READ_LETTERBOX)
    }

    fn may_manage_webhooks(&self) -> bool {
        self.may(permissions::MANAGE_WEBHOOKS)
    }

    fn may_read_jobs(&self) -> bool {
        self.may(permissions::READ_JOBS)
    }

    /// What sums typed without a currency are meant in.
    pub(crate) fn currency(&self) -> &str {
        self.app.desk.library().currency()
    }

    /// The name of a rule of whatever pack has it.
    fn rule(&self, id: &str) -> String {
        let title = self.app.desk.library().rule_title(id);
        title.map_or_else(|| id.to_owned(), |title| self.language.pick(&title.zh, &title.en).to_owned())
    }

    fn may_choose_notices(&self) -> bool {
        self.may(permissions::CHOOSE_NOTICES)
    }

    /// Whether the organisation is somebody's business and not merely readable.
    fn leads(&self) -> bool {
        self.may(permissions::MANAGE_ORGANISATION) || self.may(permissions::MANAGE_ABSENCES)
    }

    fn may_be_absent(&self) -> bool {
        self.may(permissions::OWN_ABSENCE)
    }

    fn name(&self) -> String {
        self.caller.map(|caller| caller.name.clone()).unwrap_or_default()
    }

    fn role(&self) -> String {
        self.caller.map(|caller| self.code("role", caller.actor.role.code())).unwrap_or_default()
    }

    fn unread(&self) -> i64 {
        self.unread
    }

    /// Whether somebody is signed in who may do more than choose a password or make a second step.
    fn at_work(&self) -> bool {
        self.caller.is_some_and(|caller| !caller.held_back())
    }

    /// Whether somebody is signed in who has to do something of their own first.
    fn held_back(&self) -> bool {
        self.caller.is_some_and(Caller::held_back)
    }

    /// Whether somebody is signed in who has to make a second step before anything else.
    fn must_enrol(&self) -> bool {
        self.caller.is_some_and(|caller| caller.must_enrol)
    }

    /// Whether somebody is signed in who has to choose a password before anything else.
    fn must_choose(&self) -> bool {
        self.caller.is_some_and(|caller| caller.one_time)
    }
}

pub(crate) fn render(template: &impl Template) -> Response {
    match template.render() {
        Ok(page) => Html(page).into_response(),
        Err(error) => broken_template(&error),
    }
}

/// A page that may say why something was not done, with its status and when to come again.
pub(crate) fn shown_with(told: Option<Told>, page: &impl Template) -> Response {
    let response = render(page);
    match told {
        Some(told) => told.on_page(response),
        None => response,
    }
}

/// Why what was typed cannot be used, for the page it was typed on; everything else has a page of its own.
fn what_was_typed(app: &AppState, visitor: &Visitor, failure: Failure) -> Result<Told, Failure> {
    let told = failure.tell(app, visitor.language);
    if told.status == StatusCode::UNPROCESSABLE_ENTITY { Ok(told) } else { Err(failure) }
}

/// A template that cannot be rendered is a mistake of ours; it never shows half a page.
#[must_use]
pub fn broken_template(error: &askama::Error) -> Response {
    tracing::error!(%error, "a page could not be rendered");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

/// Sends a browser to sign in and back to where it wanted to go.
#[must_use]
pub fn to_sign_in(back: &str) -> Response {
    let target = if back == "/" || back == "/console" {
        "/sign-in".to_owned()
    } else {
        format!("/sign-in?back={}", query::encode(back))
    };
    Redirect::to(&target).into_response()
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'a> {
    frame: Frame<'a>,
    told: &'a Told,
    way_out: &'a str,
}

/// A failure as a page: that of the house, or of its customers where the address is theirs.
#[must_use]
pub fn problem_page(
    app: &App,
    path: &str,
    (language, theme): (Language, Theme),
    caller: Option<&Caller>,
    told: &Told,
) -> Response {
    let frame = Frame { app, language, caller, theme, place: "", unread: 0, views: &[], told_by: None };
    // Where nothing answers, programmes read what the API is; people go back by the link below.
    let lost = ["no_such_route", "no_such_method"].contains(&told.code.as_str());
    let way_out = if lost { "" } else { told.way_out.as_str() };
    if portal::holds(path) {
        return portal::problem_page(&frame, told, way_out);
    }
    told.on_page(render(&ProblemPage { frame, told, way_out }))
}

async fn home(visitor: Visitor) -> Redirect {
    Redirect::to(if visitor.caller.is_some() { "/console" } else { "/sign-in" })
}

async fn asset(State(app): State<AppState>, Path(name): Path<String>, headers: HeaderMap) -> Result<Response, Failure> {
    app.assets.answer("", &name, &headers).ok_or_else(|| Why::NoSuchRoute.into())
}

async fn asset_of_edition(
    State(app): State<AppState>,
    Path((edition, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    app.assets.answer(&edition, &name, &headers).ok_or_else(|| Why::NoSuchRoute.into())
}

async fn choose_language(Path(tag): Path<String>, RawQuery(raw): RawQuery) -> Response {
    let back = query::form(raw.unwrap_or_default().as_bytes()).into_iter().find(|(name, _)| name == "back");
    let response = Redirect::to(&local(back.map(|(_, back)| back))).into_response();
    match Language::from_tag(&tag) {
        Some(language) => extract::remember(response, extract::LANGUAGE, language.code()),
        None => response,
    }
}

/// An address on this server; anything else would let a link lead elsewhere.
fn local(address: Option<String>) -> String {
    let inside = |address: &String| {
        address.starts_with('/')
            && !address.starts_with("//")
            && !address.contains(['\\', '\r', '\n'])
            && address.bytes().all(|byte| byte.is_ascii_graphic())
    };
    address.filter(inside).unwrap_or_else(|| "/console".to_owned())
}

/// The search box: a complaint number leads to its case, and so does the end of one where a single case has it; what looks
/// like a phone leads to the cases of whoever has it, and anything else is searched for.
async fn find(State(app): State<AppState>, Who(caller): Who, RawQuery(raw): RawQuery) -> Result<Redirect, Failure> {
    let asked = query::form(raw.unwrap_or_default().as_bytes()).into_iter().find(|(name, _)| name == "q");
    let asked = asked.map(|(_, text)| text.trim().to_owned()).unwrap_or_default();
    if let Ok(CaseRef::Number(number)) = CaseRef::parse(&asked) {
        return Ok(Redirect::to(&format!("/console/cases/{number}")));
    }
    // Only what is the one case by every reading is opened unasked; of two readings the one with a digit that checks it
    // stands last and is shown first.
    let (mut numbers, mut list, mut sure) = (BTreeSet::new(), None, true);
    for ending in endings(&asked) {
        let text = format!("q={}&sort=-received", query::encode(&format!("number:\"{ending}\"")));
        let found = queue::find(&app, &caller, "all", &[], &text, &[]).await?;
        sure &= found.complete;
        if !found.items.is_empty() {
            list = Some(text);
        }
        numbers.extend(found.items.into_iter().map(|one| one.listed.number));
    }
    if let Some(text) = list {
        let only = numbers.first().filter(|_| sure && numbers.len() == 1);
        let to = only.map_or_else(|| format!("/console?view=all&{text}"), |number| format!("/console/cases/{number}"));
        return Ok(Redirect::to(&to));
    }
    let looks_like_phone = asked.chars().all(|letter| letter.is_ascii_digit() || " +-()".contains(letter));
    let field = if looks_like_phone { "phone" } else { "q" };
    Ok(Redirect::to(&format!("/console?view=all&{field}={}", query::encode(&asked))))
}

/// What customers read out of a number, `000506`, `506-7` or `5067`, as numbers end: the one of the day, with the digit that
/// checks it where it was given. Nothing where it is too short to tell anything or long enough to be a telephone number.
fn endings(asked: &str) -> Vec<String> {
    let asked: String = asked.chars().map(narrow).collect();
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let whole = |of_the_day: &str, check: &str| format!("{of_the_day:0>6}-{check}");
    match asked.split_once('-') {
        Some((of_the_day, check)) if digits(of_the_day) && digits(check) && check.len() == 1 => {
            if (3..=10).contains(&of_the_day.len()) { vec![whole(of_the_day, check)] } else { Vec::new() }
        }
        None if digits(&asked) && (4..=7).contains(&asked.len()) => {
            let checked = asked.split_at_checked(asked.len() - 1).map(|(of_the_day, check)| whole(of_the_day, check));
            std::iter::once(format!("{asked:0>6}")).chain(checked).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_number_is_read_as_it_is_read_out() {
        assert_eq!(endings("000506"), ["000506", "000050-6"]);
        assert_eq!(endings("506-7"), ["000506-7"]);
        assert_eq!(endings("000506－7"), ["000506-7"]);
        assert_eq!(endings("5067"), ["005067", "000506-7"]);
        assert_eq!(endings("0005067"), ["0005067", "000506-7"]);
        for other in ["", "506", "50-6", "13800138000", "021-63210000", "20261129", "宽带", "506-7-8", "-7", "5067a"]
        {
            assert!(endings(other).is_empty(), "{other}");
        }
    }

    #[test]
    fn links_stay_on_this_server() {
        for (asked, goes) in [
            ("/console/new?x=1", "/console/new?x=1"),
            ("//evil.example", "/console"),
            ("https://evil.example", "/console"),
            ("/\\evil", "/console"),
            ("/a\r\nSet-Cookie: x", "/console"),
        ] {
            assert_eq!(local(Some(asked.to_owned())), goes);
        }
    }
}
