//! Signing in and out: the password, the second step, the provider and back, a forgotten password; and changing one's own.

use super::{Frame, local, page, render};
use crate::app::{App, AppState};
use crate::extract::{self, SESSION, Visitor, Who};
use crate::oidc::{self, Trouble};
use crate::problem::{Failure, Told, Why};
use crate::query;
use crate::routes::{Access, Method, Route};
use askama::Template;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use desk::permissions;
use desk::sign_in::NewSession;
use domain::fault::Fault;
use domain::refusal::Refusal;

/// Where one chooses a password of one's own: all that somebody may do who has one made for them.
pub(crate) const OWN_PASSWORD: &str = "/console/password";
/// The cookie of a sign-in that waits for its second step.
const HALF: &str = "redress_half";
/// The cookie of the way to the provider and back.
const WAY: &str = "redress_way";
const SIGN_IN: &str = "/sign-in";
const CODE: &str = "/sign-in/code";
const AT_PROVIDER: &str = "/sign-in/oidc";

pub(super) fn routes() -> Vec<Route> {
    let own = Access::Needs(permissions::READ_SELF);
    vec![
        page(Method::Get, SIGN_IN, Access::Public, get(form)),
        page(Method::Post, SIGN_IN, Access::Public, post(sign_in)),
        page(Method::Get, CODE, Access::Public, get(code_form)),
        page(Method::Post, CODE, Access::Public, post(second_step)),
        page(Method::Get, AT_PROVIDER, Access::Public, get(to_provider)),
        page(Method::Get, oidc::CALLBACK, Access::Public, get(from_provider)),
        page(Method::Get, "/sign-in/forgot", Access::Public, get(forgot_form)),
        page(Method::Post, "/sign-in/forgot", Access::Public, post(ask_reset)),
        page(Method::Get, "/sign-in/reset", Access::Public, get(reset_form)),
        page(Method::Post, "/sign-in/reset", Access::Public, post(reset)),
        page(Method::Post, "/sign-out", Access::Public, post(sign_out)),
        page(Method::Get, OWN_PASSWORD, own, get(password_form)),
        page(Method::Post, OWN_PASSWORD, own, post(change_password)),
    ]
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn<'a> {
    frame: Frame<'a>,
    back: String,
    username: String,
    /// Whether a password was just set by mail.
    set: bool,
    /// Whether a link to set one can be had.
    resets: bool,
    /// The name of the provider; empty where there is none.
    provider: String,
    told: Option<Told>,
}

impl<'a> SignIn<'a> {
    fn new(app: &'a App, visitor: &'a Visitor) -> Self {
        Self {
            frame: Frame::new(app, visitor),
            back: String::new(),
            username: String::new(),
            set: false,
            resets: resets(app),
            provider: app.settings.oidc.as_ref().map(|oidc| oidc.name().to_owned()).unwrap_or_default(),
            told: None,
        }
    }

    fn to_provider(&self) -> String {
        match self.back.as_str() {
            "" => AT_PROVIDER.to_owned(),
            back => format!("{AT_PROVIDER}?back={}", query::encode(back)),
        }
    }
}

/// Whether a link to set a password can be sent, and leads somewhere.
fn resets(app: &App) -> bool {
    app.desk.mails() && !app.settings.public_url.is_empty()
}

/// A parameter of an address.
fn asked(raw: Option<&str>, wanted: &str) -> Option<String> {
    let pairs = query::form(raw.unwrap_or_default().as_bytes());
    pairs.into_iter().find(|(name, _)| name == wanted).map(|(_, value)| value)
}

/// Where a sign-in leads; empty for where it always does.
fn back(raw: Option<&str>) -> String {
    asked(raw, "back").map(|back| local(Some(back))).unwrap_or_default()
}

async fn form(State(app): State<AppState>, visitor: Visitor, RawQuery(raw): RawQuery) -> Response {
    let set = asked(raw.as_deref(), "set").is_some();
    render(&SignIn { back: back(raw.as_deref()), set, ..SignIn::new(&app, &visitor) })
}

pub(super) fn value(pairs: &[(String, String)], wanted: &str) -> String {
    pairs.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone()).unwrap_or_default()
}

/// The pairs of a form that is sent without a session, whose guard would have looked where it comes from.
async fn own_form(headers: &HeaderMap, body: Body) -> Result<Vec<(String, String)>, Failure> {
    if !extract::same_origin(headers) {
        return Err(Why::CrossSite.into());
    }
    Ok(query::form(&extract::bytes(headers, body).await?))
}

async fn sign_in(
    State(app): State<AppState>,
    visitor: Visitor,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let pairs = own_form(&headers, body).await?;
    let (username, back) = (value(&pairs, "username"), value(&pairs, "back"));
    let address = visitor.address.to_string();
    match app.desk.sign_in(&username, &value(&pairs, "password"), &address).await {
        Ok(session) => Ok(opened(&app, &session, back)),
        Err(error) => {
            let told = Failure::from(error).tell(&app, visitor.language);
            let page = SignIn { back, username, told: Some(told.clone()), ..SignIn::new(&app, &visitor) };
            Ok(told.on_page(render(&page)))
        }
    }
}

/// What a first proof opens: the way on, or the second step.
fn opened(app: &AppState, session: &NewSession, back: String) -> Response {
    let back = Some(back).filter(|back| !back.is_empty());
    if !session.half {
        return with_session(app, Redirect::to(&local(back)).into_response(), &session.secret, session.lasts);
    }
    let target = match back {
        Some(back) => format!("{CODE}?back={}", query::encode(&local(Some(back)))),
        None => CODE.to_owned(),
    };
    with(app, Redirect::to(&target).into_response(), (HALF, SIGN_IN), &session.secret, session.lasts)
}

/// Hands a browser one cookie of several, which no script reads.
fn with(app: &AppState, mut response: Response, (name, path): (&str, &str), secret: &str, lasts: i64) -> Response {
    let secure = if app.settings.secure_cookie { "; Secure" } else { "" };
    let cookie = format!("{name}={secret}; Path={path}; HttpOnly; SameSite=Lax; Max-Age={lasts}{secure}");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

pub(super) fn with_session(app: &AppState, response: Response, secret: &str, lasts: i64) -> Response {
    with(app, response, (SESSION, "/"), secret, lasts)
}

/// The cookie of a way to the provider.
pub(super) fn with_way(app: &AppState, response: Response, secret: &str, lasts: i64) -> Response {
    with(app, response, (WAY, AT_PROVIDER), secret, lasts)
}

#[derive(Template)]
#[template(path = "sign_in_code.html")]
struct Code<'a> {
    frame: Frame<'a>,
    back: String,
    told: Option<Told>,
}

async fn code_form(
    State(app): State<AppState>,
    visitor: Visitor,
    headers: HeaderMap,
    RawQuery(raw): RawQuery,
) -> Response {
    if extract::cookie(&headers, HALF).is_none() {
        return Redirect::to(SIGN_IN).into_response();
    }
    render(&Code { frame: Frame::new(&app, &visitor), back: back(raw.as_deref()), told: None })
}

async fn second_step(
    State(app): State<AppState>,
    visitor: Visitor,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let pairs = own_form(&headers, body).await?;
    let back = value(&pairs, "back");
    let half = extract::cookie(&headers, HALF).unwrap_or_default();
    let address = visitor.address.to_string();
    match app.desk.second_step(half, &value(&pairs, "code"), &address).await {
        Ok(session) => Ok(with(&app, opened(&app, &session, back), (HALF, SIGN_IN), "", 0)),
        Err(error) => {
            let told = Failure::from(error).tell(&app, visitor.language);
            let page = Code { frame: Frame::new(&app, &visitor), back, told: Some(told.clone()) };
            Ok(told.on_page(render(&page)))
        }
    }
}

async fn to_provider(
    State(app): State<AppState>,
    visitor: Visitor,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let Some(oidc) = &app.settings.oidc else { return Err(Why::NoSuchRoute.into()) };
    let begun = app.desk.begin_way(None, &back(raw.as_deref()), &visitor.address.to_string()).await;
    let way = match begun {
        Ok(way) => way,
        Err(error) => return Ok(not_signed_in(&app, &visitor, &error.into())),
    };
    match oidc.address(&way.state, &way.nonce, &way.verifier).await {
        Ok(address) => Ok(with_way(&app, Redirect::to(&address).into_response(), &way.browser, way.lasts)),
        Err(trouble) => Ok(not_signed_in(&app, &visitor, &refused(trouble))),
    }
}

/// The page to sign in on, with why the provider signed nobody in.
fn not_signed_in(app: &AppState, visitor: &Visitor, failure: &Failure) -> Response {
    let told = failure.tell(app, visitor.language);
    told.on_page(render(&SignIn { told: Some(told.clone()), ..SignIn::new(app, visitor) }))
}

/// Why the provider signs nobody in. What exactly it was is for whoever runs the server; nothing in it is secret.
pub(super) fn refused(trouble: Trouble) -> Failure {
    match trouble {
        Trouble::Away(why) => {
            tracing::warn!(%why, "the provider of sign-ins does not answer");
            Why::ProviderAway.into()
        }
        Trouble::Wrong(why) => {
            tracing::warn!(why, "a sign-in at the provider was not accepted");
            Refusal::forbidden("provider_refused").into()
        }
    }
}

async fn from_provider(
    State(app): State<AppState>,
    visitor: Visitor,
    headers: HeaderMap,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    if app.settings.oidc.is_none() {
        return Err(Why::NoSuchRoute.into());
    }
    let response = match arrived(&app, &visitor, &headers, raw.as_deref()).await {
        Ok(response) => response,
        Err(failure) => not_signed_in(&app, &visitor, &failure),
    };
    Ok(with_way(&app, response, "", 0))
}

/// Whoever comes back from the provider: the way first, which is gone with that, then what the provider says.
async fn arrived(
    app: &AppState,
    visitor: &Visitor,
    headers: &HeaderMap,
    raw: Option<&str>,
) -> Result<Response, Failure> {
    let Some(oidc) = &app.settings.oidc else { return Err(Why::NoSuchRoute.into()) };
    let browser = extract::cookie(headers, WAY).unwrap_or_default();
    let way = app.desk.end_way(browser, &asked(raw, "state").unwrap_or_default()).await?;
    let code = asked(raw, "code").filter(|_| asked(raw, "error").is_none()).unwrap_or_default();
    let from = asked(raw, "iss");
    let proof = (way.nonce.as_str(), way.verifier.as_str());
    let subject = oidc.subject(&code, from.as_deref(), proof, app.desk.time().now()).await.map_err(refused)?;
    let Some(user) = way.links else {
        let session = app.desk.sign_in_by_identity(oidc.issuer(), &subject).await?;
        return Ok(opened(app, &session, way.back));
    };
    // Whoever began to link an account is who gets it, and nobody who signed in meanwhile.
    let linking = visitor.caller.as_ref().filter(|caller| caller.actor.user() == Some(user) && !caller.held_back());
    let caller = linking.ok_or_else(|| Refusal::forbidden("way_over"))?;
    app.desk.link_own(caller, oidc.issuer(), &subject).await?;
    Ok(Redirect::to(&format!("{}?linked=1", super::ACCOUNT)).into_response())
}

#[derive(Template)]
#[template(path = "forgot.html")]
struct Forgot<'a> {
    frame: Frame<'a>,
    sent: bool,
    told: Option<Told>,
}

async fn forgot_form(State(app): State<AppState>, visitor: Visitor) -> Result<Response, Failure> {
    if !resets(&app) {
        return Err(Why::NoSuchRoute.into());
    }
    Ok(render(&Forgot { frame: Frame::new(&app, &visitor), sent: false, told: None }))
}

/// The answer is the same whoever was named.
async fn ask_reset(
    State(app): State<AppState>,
    visitor: Visitor,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    if !resets(&app) {
        return Err(Why::NoSuchRoute.into());
    }
    let pairs = own_form(&headers, body).await?;
    let asked = app.desk.ask_reset(&value(&pairs, "username"), &visitor.address.to_string()).await;
    let frame = Frame::new(&app, &visitor);
    match asked {
        Ok(()) => Ok(render(&Forgot { frame, sent: true, told: None })),
        Err(error) => {
            let told = Failure::from(error).tell(&app, visitor.language);
            Ok(told.on_page(render(&Forgot { frame, sent: false, told: Some(told.clone()) })))
        }
    }
}

#[derive(Template)]
#[template(path = "reset.html")]
struct Reset<'a> {
    frame: Frame<'a>,
    link: String,
    /// Whether the link can be used.
    open: bool,
    told: Option<Told>,
}

async fn reset_form(
    State(app): State<AppState>,
    visitor: Visitor,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let link = asked(raw.as_deref(), "link").unwrap_or_default();
    let open = app.desk.reset_is_open(&link, &visitor.address.to_string()).await?;
    let frame = Frame::new(&app, &visitor);
    if open {
        return Ok(render(&Reset { frame, link, open, told: None }));
    }
    let told = Failure::from(Refusal::conflict("reset_over")).tell(&app, visitor.language);
    Ok(told.on_page(render(&Reset { frame, link: String::new(), open, told: Some(told.clone()) })))
}

async fn reset(
    State(app): State<AppState>,
    visitor: Visitor,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let pairs = own_form(&headers, body).await?;
    let (link, password) = (value(&pairs, "link"), value(&pairs, "password"));
    let outcome = if password == value(&pairs, "again") {
        app.desk.reset_by_mail(&link, &password, &visitor.address.to_string()).await.map_err(Failure::from)
    } else {
        Err(Fault::new("again", "passwords_differ").into())
    };
    let Err(failure) = outcome else {
        return Ok(Redirect::to(&format!("{SIGN_IN}?set=1")).into_response());
    };
    let told = failure.tell(&app, visitor.language);
    // What was typed can be mended; a link that is over cannot.
    let open = told.code != "reset_over";
    let page = Reset { frame: Frame::new(&app, &visitor), link, open, told: Some(told.clone()) };
    Ok(told.on_page(render(&page)))
}

async fn sign_out(State(app): State<AppState>, headers: HeaderMap) -> Result<Response, Failure> {
    if let Some(secret) = extract::cookie(&headers, SESSION) {
        app.desk.sign_out(secret).await?;
    }
    Ok(with_session(&app, Redirect::to(SIGN_IN).into_response(), "", 0))
}

#[derive(Template)]
#[template(path = "password.html")]
struct Password<'a> {
    frame: Frame<'a>,
    changed: bool,
    /// Whether the first set-up waits for whoever changed it.
    setup: bool,
    told: Option<Told>,
}

async fn password_form(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let changed = asked(raw.as_deref(), "changed").is_some();
    let setup = changed && app.desk.setup_is_due(&caller).await?;
    Ok(render(&Password { frame: Frame::new(&app, &visitor), changed, setup, told: None }))
}

async fn change_password(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let pairs = query::form(&extract::bytes(&headers, body).await?);
    let (old, new) = (value(&pairs, "old_password"), value(&pairs, "password"));
    let outcome = if new == value(&pairs, "again") {
        app.desk.change_password(&caller, &old, &new).await.map_err(Failure::from)
    } else {
        Err(Fault::new("again", "passwords_differ").into())
    };
    match outcome {
        Ok(session) => {
            let target = format!("{OWN_PASSWORD}?changed=1");
            Ok(with_session(&app, Redirect::to(&target).into_response(), &session.secret, session.lasts))
        }
        Err(failure) => {
            let told = failure.tell(&app, visitor.language);
            let status = told.status;
            let mut response =
                render(&Password { frame: Frame::new(&app, &visitor), changed: false, setup: false, told: Some(told) });
            *response.status_mut() = status;
            Ok(response)
        }
    }
}
