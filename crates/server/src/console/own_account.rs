//! How one signs in oneself: the second step with its codes, and the account at the provider.

use super::account::{refused, value, with_session, with_way};
use super::{Frame, page, render, shown_with};
use crate::app::AppState;
use crate::extract::{self, Visitor, Who};
use crate::problem::{Failure, Told, Why};
use crate::query;
use crate::routes::{Access, Method, Route};
use askama::Template;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use desk::sign_in::{IdentityInput, Pending, SignInView};
use desk::{Caller, permissions};
use qrcode::{Color, EcLevel, QrCode};
use std::fmt::Write as _;

/// The page of how one signs in.
pub(crate) const ACCOUNT: &str = "/console/account";
const BEGIN: &str = "/console/account/second-factor/begin";
const CONFIRM: &str = "/console/account/second-factor/confirm";
/// All that somebody may do who has to make a second step.
pub(crate) const ENROLMENT: [&str; 3] = [ACCOUNT, BEGIN, CONFIRM];

pub(super) fn routes() -> Vec<Route> {
    let own = Access::Needs(permissions::READ_SELF);
    vec![
        page(Method::Get, ACCOUNT, own, get(show)),
        page(Method::Post, BEGIN, own, post(begin)),
        page(Method::Post, CONFIRM, own, post(confirm)),
        page(Method::Post, "/console/account/second-factor/codes", own, post(renew)),
        page(Method::Post, "/console/account/second-factor/remove", own, post(remove)),
        page(Method::Post, "/console/account/link", own, post(link)),
        page(Method::Post, "/console/account/unlink", own, post(unlink)),
    ]
}

/// A secret that waits for its first code, as it is shown.
struct Waiting {
    /// In groups of four, as people type it.
    secret: String,
    uri: String,
    /// Modules of the picture to a side, and their outline; nothing where it holds too much.
    picture: Option<(usize, String)>,
}

#[derive(Template)]
#[template(path = "account.html")]
struct Account<'a> {
    frame: Frame<'a>,
    on: bool,
    since: String,
    required: bool,
    /// How many codes are left, and whether that is few.
    left: String,
    few: bool,
    waiting: Option<Waiting>,
    /// Whether one is begun with the password.
    asks: bool,
    /// Provider, its name for the reader, since when.
    identities: Vec<(String, String, String)>,
    /// The name of the provider an account can be linked at; empty where there is none.
    provider: String,
    linked: bool,
    told: Option<Told>,
}

/// From here on new codes are offered.
const FEW: i64 = 3;
/// Light modules around the picture, which scanners need.
const QUIET: usize = 4;

/// A picture of what is to be scanned, as an outline of its dark modules.
fn picture(text: &str) -> Option<(usize, String)> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let (width, colours) = (code.width(), code.to_colors());
    let mut outline = String::new();
    for (row, line) in colours.chunks(width).enumerate() {
        for (column, _) in line.iter().enumerate().filter(|(_, colour)| **colour == Color::Dark) {
            let _ = write!(outline, "M{} {}h1v1h-1z", column + QUIET, row + QUIET);
        }
    }
    Some((width + 2 * QUIET, outline))
}

fn waiting(pending: Pending) -> Waiting {
    let letters: Vec<char> = pending.secret.chars().collect();
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    Waiting { secret: groups.join(" "), picture: picture(&pending.uri), uri: pending.uri }
}

/// Whether a second step is begun with the password: an open session is not enough to shut its owner out. Whoever comes by
/// the provider may know none, whoever has to have a second step has only just signed in, and for a key that is shown it was
/// asked before.
fn asks_password(caller: &Caller, view: &SignInView, pending: bool) -> bool {
    view.since.is_none() && view.identities.is_empty() && !caller.must_enrol && !pending
}

/// The page, with why something was refused.
async fn draw(
    app: &AppState,
    visitor: &Visitor,
    caller: &Caller,
    linked: bool,
    failure: Option<Failure>,
) -> Result<Response, Failure> {
    let view = app.desk.own_sign_in(caller).await?;
    let pending = if view.since.is_some() { None } else { app.desk.pending_second_factor(caller).await? };
    let asks = asks_password(caller, &view, pending.is_some());
    let frame = Frame::new(app, visitor);
    let identities = view.identities.into_iter();
    let identities = identities.map(|one| (one.issuer, one.subject, frame.moment(one.since))).collect();
    let told = failure.map(|failure| failure.tell(app, visitor.language));
    let page = Account {
        on: view.since.is_some(),
        since: view.since.map(|since| frame.moment(since)).unwrap_or_default(),
        required: view.required,
        left: frame.tv("second.left", &[("count", &view.codes.to_string())]),
        few: view.codes < FEW,
        waiting: pending.map(waiting),
        asks,
        identities,
        provider: app.settings.oidc.as_ref().map(|oidc| oidc.name().to_owned()).unwrap_or_default(),
        linked,
        told,
        frame,
    };
    Ok(shown_with(page.told.clone(), &page))
}

async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let pairs = query::form(raw.unwrap_or_default().as_bytes());
    let linked = pairs.iter().any(|(name, _)| name == "linked");
    draw(&app, &visitor, &caller, linked, None).await
}

async fn begin(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let pairs = query::form(&extract::bytes(&headers, body).await?);
    if caller.actor.user().is_some() {
        let view = app.desk.own_sign_in(&caller).await?;
        let pending = app.desk.pending_second_factor(&caller).await?.is_some();
        if asks_password(&caller, &view, pending)
            && let Err(error) = app.desk.check_own_password(&caller, &value(&pairs, "password")).await
        {
            return again(&app, &visitor, &caller, error.into()).await;
        }
    }
    match app.desk.begin_second_factor(&caller).await {
        Ok(()) => Ok(Redirect::to(ACCOUNT).into_response()),
        Err(error) => again(&app, &visitor, &caller, error.into()).await,
    }
}

/// The page once more with why something was refused; a programme has no such page.
async fn again(app: &AppState, visitor: &Visitor, caller: &Caller, failure: Failure) -> Result<Response, Failure> {
    if caller.actor.user().is_none() { Err(failure) } else { draw(app, visitor, caller, false, Some(failure)).await }
}

#[derive(Template)]
#[template(path = "recovery_codes.html")]
struct Codes<'a> {
    frame: Frame<'a>,
    codes: Vec<String>,
}

async fn confirm(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let pairs = query::form(&extract::bytes(&headers, body).await?);
    match app.desk.confirm_second_factor(&caller, &value(&pairs, "code")).await {
        Ok((session, codes)) => {
            // From here on nothing else has to be done first.
            let caller = Some(Caller { must_enrol: false, ..caller });
            let visitor = Visitor { caller, ..visitor };
            let page = render(&Codes { frame: Frame::new(&app, &visitor), codes });
            Ok(with_session(&app, page, &session.secret, session.lasts))
        }
        Err(error) => again(&app, &visitor, &caller, error.into()).await,
    }
}

async fn renew(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let pairs = query::form(&extract::bytes(&headers, body).await?);
    match app.desk.renew_recovery_codes(&caller, &value(&pairs, "code")).await {
        Ok(codes) => Ok(render(&Codes { frame: Frame::new(&app, &visitor), codes })),
        Err(error) => again(&app, &visitor, &caller, error.into()).await,
    }
}

async fn remove(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let pairs = query::form(&extract::bytes(&headers, body).await?);
    match app.desk.remove_second_factor(&caller, &value(&pairs, "code")).await {
        Ok(()) => Ok(Redirect::to(ACCOUNT).into_response()),
        Err(error) => again(&app, &visitor, &caller, error.into()).await,
    }
}

#[derive(Template)]
#[template(path = "account_link.html")]
struct Leaves<'a> {
    frame: Frame<'a>,
    provider: String,
    address: String,
}

/// Linking begins with the password and goes on by a link the reader follows: a page of ours sends no form elsewhere.
async fn link(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let Some(oidc) = &app.settings.oidc else { return Err(Why::NoSuchRoute.into()) };
    let pairs = query::form(&extract::bytes(&headers, body).await?);
    if let Err(error) = app.desk.check_own_password(&caller, &value(&pairs, "password")).await {
        return again(&app, &visitor, &caller, error.into()).await;
    }
    let way = app.desk.begin_way(Some(&caller), ACCOUNT, &visitor.address.to_string()).await?;
    match oidc.address(&way.state, &way.nonce, &way.verifier).await {
        Ok(address) => {
            let provider = oidc.name().to_owned();
            let page = render(&Leaves { frame: Frame::new(&app, &visitor), provider, address });
            Ok(with_way(&app, page, &way.browser, way.lasts))
        }
        Err(trouble) => again(&app, &visitor, &caller, refused(trouble)).await,
    }
}

async fn unlink(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let pairs = query::form(&extract::bytes(&headers, body).await?);
    if let Err(error) = app.desk.check_own_password(&caller, &value(&pairs, "password")).await {
        return again(&app, &visitor, &caller, error.into()).await;
    }
    let ended = IdentityInput { issuer: value(&pairs, "issuer"), subject: value(&pairs, "subject") };
    match app.desk.unlink_own(&caller, ended).await {
        Ok(()) => Ok(Redirect::to(ACCOUNT).into_response()),
        Err(error) => again(&app, &visitor, &caller, error.into()).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_the_corners_scanners_look_for() {
        let (side, outline) = picture("otpauth://totp/Redress:lin?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").unwrap();
        for (column, row) in [(QUIET, QUIET), (side - QUIET - 1, QUIET), (QUIET, side - QUIET - 1)] {
            assert!(outline.contains(&format!("M{column} {row}h1v1h-1z")), "{column} {row}");
        }
    }
}
