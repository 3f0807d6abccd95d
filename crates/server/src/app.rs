//! The running server: what handlers share, the guard before every route, and the loop that accepts connections.

use crate::assets::Assets;
use crate::assistant::Assistant;
use crate::console::Theme;
use crate::crm::Crm;
use crate::extract::{self, Visitor};
use crate::live::Live;
use crate::locale::{Language, Locales};
use crate::oidc::Oidc;
use crate::patience::Patient;
use crate::problem::{Failure, Why};
use crate::routes::{self, Access, Face, Method};
use crate::{console, ops, tmf};
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderName, HeaderValue, Request, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::MethodRouter;
use desk::{Caller, Desk};
use domain::refusal::Refusal;
use hyper::body::{Body as _, Incoming};
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use mail::outward::Guard;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// A client that does not finish its header in this time is let go.
const HEADER_TIME: Duration = Duration::from_secs(10);
/// A client that takes nothing of its answer for this long is let go.
const STALL_TIME: Duration = Duration::from_secs(30);
/// Connections served at the same time; later ones wait to be accepted.
const MOST_CONNECTIONS: usize = 4096;
/// Files and archives that are taken in or written at the same time; later ones wait.
const MOST_FILES: usize = 16;
/// Files of customers that are taken in at the same time.
const MOST_VISITORS_FILES: usize = 4;
/// How long requests under way may take when the server ends.
const FAREWELL: Duration = Duration::from_secs(20);

/// What every handler can reach. Cheap to clone.
#[derive(Clone)]
pub struct AppState(Arc<App>);

/// The contents of [`AppState`].
pub struct App {
    /// Where everything is decided.
    pub desk: Desk,
    /// Words in both languages.
    pub locales: Locales,
    /// What the operator of the server chose.
    pub settings: Settings,
    /// What was counted since the start.
    pub counts: ops::Counts,
    /// Places for files on their way: each holds up to twenty mebibytes.
    pub files: Arc<Semaphore>,
    /// Files of the console, squeezed at the start.
    pub assets: Assets,
    /// Who listens for changes.
    pub live: Live,
    /// The same for files of customers.
    pub visitors_files: Semaphore,
    /// Fonts for letters, looked for when the first one is wanted.
    pub fonts: Arc<paper::Fonts>,
    /// Whose turn it is to change a ticket.
    pub turns: tmf::turns::Turns,
    /// The place for asking what a draft would change: one at a time, because it reads the whole log.
    pub what_if: Arc<Semaphore>,
    /// The place for looking over everybody who might be erased: one at a time, because it reads every person.
    pub look_over: Arc<Semaphore>,
}

/// What the operator of the server chose.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Networks whose `X-Forwarded-For` is believed: address and prefix length.
    pub trusted_proxies: Vec<(IpAddr, u8)>,
    /// Language when a caller states none.
    pub default_language: Language,
    /// Whether the session cookie is marked `Secure` (behind HTTPS).
    pub secure_cookie: bool,
    /// Folder that overrides embedded packs, words and assets.
    pub data_folder: Option<PathBuf>,
    /// Who sends letters, as it stands at their head; empty when nothing was chosen.
    pub letterhead: String,
    /// Where people find this server, for links in mail; empty when nobody said.
    pub public_url: String,
    /// Where short messages and calls go, and who may report about them.
    pub gateway: Option<mail::gateway::Gateway>,
    /// How TM Forum tickets become complaints.
    pub tmf: tmf::mapping::Mapping,
    /// Whether the TM Forum faces ask nobody who they are; for development on this machine alone.
    pub open_tmf: bool,
    /// Networks events may go to besides public addresses: address and prefix length.
    pub events_allow: Vec<(IpAddr, u8)>,
    /// The operator's customer system, where there is one.
    pub crm: Option<Crm>,
    /// Whether people are not told who else has a case open.
    pub no_presence: bool,
    /// The provider people sign in at, where there is one.
    pub oidc: Option<Oidc>,
    /// The machine that summarises, drafts and translates, where there is one.
    pub assistant: Option<Assistant>,
    /// The font of letters as PDF; else one of this machine that has all their characters.
    pub font: Option<PathBuf>,
}

impl Settings {
    /// Where events may go. Who tries the TM Forum faces out listens on the same machine.
    #[must_use]
    pub fn guard(&self) -> Guard {
        let mut allowed = self.events_allow.clone();
        if self.open_tmf {
            allowed.push((IpAddr::from([127, 0, 0, 0]), 8));
            allowed.push((IpAddr::from(std::net::Ipv6Addr::LOCALHOST), 128));
        }
        Guard::public(allowed)
    }
}

impl AppState {
    /// Puts the parts together.
    #[must_use]
    pub fn new(desk: Desk, locales: Locales, settings: Settings) -> Self {
        let (files, what_if) = (Arc::new(Semaphore::new(MOST_FILES)), Arc::new(Semaphore::new(1)));
        let look_over = Arc::new(Semaphore::new(1));
        let fonts = Arc::new(paper::Fonts::new(settings.font.clone()));
        let counts = ops::Counts::default();
        let assets = Assets::load(settings.data_folder.as_deref());
        if let Some(crm) = settings.crm.clone() {
            desk.set_forgets(move || crm.forget());
        }
        Self(Arc::new(App {
            desk,
            locales,
            settings,
            counts,
            files,
            assets,
            live: Live::default(),
            visitors_files: Semaphore::new(MOST_VISITORS_FILES),
            fonts,
            what_if,
            look_over,
            turns: tmf::turns::Turns::default(),
        }))
    }
}

impl std::ops::Deref for AppState {
    type Target = App;
    fn deref(&self) -> &App {
        &self.0
    }
}

/// What the guard of a route knows about it.
#[derive(Clone)]
struct Gate {
    state: AppState,
    access: Access,
    face: Face,
    changes: bool,
    path: &'static str,
}

/// The router made from the table of routes.
pub fn router(state: &AppState) -> Router {
    let mut router = Router::new();
    let mut paths: Vec<&'static str> = Vec::new();
    for route in routes::table() {
        paths.push(route.path);
        let gate = Gate {
            state: state.clone(),
            access: route.access,
            face: route.face,
            changes: route.method != Method::Get,
            path: route.path,
        };
        let handler: MethodRouter<AppState> = route.handler.route_layer(middleware::from_fn_with_state(gate, guard));
        router = router.route(route.path, handler);
    }
    let open = |face| Gate { state: state.clone(), access: Access::Public, face, changes: false, path: "other" };
    let lost = |why: fn() -> Why| move || async move { Failure::from(why()) };
    router
        .method_not_allowed_fallback(lost(|| Why::NoSuchMethod))
        .fallback(lost(|| Why::NoSuchRoute))
        .layer(middleware::from_fn_with_state(open(Face::Api), stray))
        .with_state(state.clone())
}

/// Renders failures of addresses that no route guards.
async fn stray(State(gate): State<Gate>, request: Request<Body>, next: Next) -> Response {
    let begun = Instant::now();
    let path = request.uri().path().to_owned();
    let programme = path.starts_with("/api/") || path.starts_with("/tmf-api/");
    let wants_page = !programme
        && request
            .headers()
            .get(header::ACCEPT)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|v| v.contains("text/html"));
    let language = if path.starts_with("/tmf-api/") && !request.headers().contains_key(header::ACCEPT_LANGUAGE) {
        Language::En
    } else {
        extract::language(&gate.state, request.headers())
    };
    let theme = extract::theme(request.headers());
    let response = next.run(request).await;
    // What a guard let through is rendered and counted already.
    let lost = response.extensions().get::<Failure>().is_some();
    let face = match wants_page {
        true => Face::Page,
        false if path.starts_with("/tmf-api/") => Face::Tmf,
        false => gate.face,
    };
    let response = finish(&gate.state, (face, &path), (language, theme), None, response);
    if lost {
        gate.state.counts.request(gate.path, response.status().as_u16(), begun.elapsed());
    }
    response
}

/// Runs before every route: who, from where, in which language, and whether they may.
async fn guard(State(gate): State<Gate>, request: Request<Body>, next: Next) -> Response {
    let begun = Instant::now();
    let app = &gate.state;
    let language = match gate.face {
        // Where a programme states none, that of the interface.
        Face::Tmf if !request.headers().contains_key(header::ACCEPT_LANGUAGE) => Language::En,
        _ => extract::language(app, request.headers()),
    };
    let theme = extract::theme(request.headers());
    let open =
        gate.face == Face::Tmf && app.settings.open_tmf && !request.headers().contains_key(header::AUTHORIZATION);
    let who =
        if open { Ok(Some(app.desk.anybody())) } else { extract::identify(app, request.headers(), gate.changes).await };
    let (response, caller) = match who {
        Ok(caller) => (admit(&gate, caller.clone(), (language, theme), request, next).await, caller),
        Err(failure) => (failure.into_response(), None),
    };
    let response = finish(app, (gate.face, gate.path), (language, theme), caller.as_ref(), response);
    app.counts.request(gate.path, response.status().as_u16(), begun.elapsed());
    response
}

/// What somebody has to do first, unless this is where they do it: a password of their own, then a second step.
fn owed(caller: &Caller, path: &str) -> Option<(&'static str, Refusal)> {
    if caller.one_time {
        let elsewhere = path != console::OWN_PASSWORD;
        return elsewhere.then(|| (console::OWN_PASSWORD, Refusal::forbidden("password_must_change")));
    }
    let elsewhere = caller.must_enrol && !console::ENROLMENT.contains(&path);
    elsewhere.then(|| (console::ACCOUNT, Refusal::forbidden("second_factor_must_enrol")))
}

/// Hands the request on if its sender may call the route.
async fn admit(
    gate: &Gate,
    caller: Option<Caller>,
    (language, theme): (Language, Theme),
    mut request: Request<Body>,
    next: Next,
) -> Response {
    match (gate.access, &caller) {
        (Access::Public, _) => {}
        (Access::Needs(_), None) if gate.face == Face::Page && extract::wants_page(request.headers()) => {
            return console::to_sign_in(request.uri().path_and_query().map_or("/", |path| path.as_str()));
        }
        (Access::Needs(_), None) => return Failure::from(Why::NotSignedIn).into_response(),
        (Access::Needs(permission), Some(caller)) => {
            if let Some((place, refusal)) = owed(caller, gate.path) {
                return match gate.face {
                    Face::Page => Redirect::to(place).into_response(),
                    Face::Api | Face::Tmf => Failure::from(refusal).into_response(),
                };
            }
            if let Err(refusal) = permission.require(caller) {
                return Failure::from(refusal).into_response();
            }
        }
    }
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0);
    let address = extract::address(&gate.state, request.headers(), peer);
    // Pages show how much waits to be read; a page is worth more than the figure, should it not be had.
    // What a script fetches for its page has no bell.
    let part = request.headers().get("sec-fetch-dest").is_some_and(|to| to == "empty");
    let (unread, views) = match (&caller, gate.face) {
        (Some(caller), Face::Page) if !caller.held_back() && part => {
            (0, gate.state.desk.views(caller).await.unwrap_or_default())
        }
        (Some(caller), Face::Page) if !caller.held_back() => {
            let (unread, views) = tokio::join!(gate.state.desk.count_notices(caller), gate.state.desk.views(caller));
            (unread.unwrap_or_default(), views.unwrap_or_default())
        }
        _ => (0, Vec::new()),
    };
    let place = if gate.changes { None } else { request.uri().path_and_query() };
    let place = place.map(ToString::to_string).unwrap_or_default();
    request.extensions_mut().insert(Visitor { caller, language, address, theme, place, unread, views: views.into() });
    next.run(request).await
}

/// Puts failures into words and adds the headers every answer carries.
fn finish(
    app: &AppState,
    (face, path): (Face, &str),
    (language, theme): (Language, Theme),
    caller: Option<&desk::Caller>,
    mut response: Response,
) -> Response {
    if let Some(failure) = response.extensions_mut().remove::<Failure>() {
        let told = failure.tell(app, language);
        let allowed = response.headers_mut().remove(header::ALLOW);
        response = match face {
            Face::Api => told.problem(),
            Face::Tmf => told.tmf(tmf::face::Face::of(path).unwrap_or(tmf::face::Face::V5)),
            Face::Page => console::problem_page(app, path, (language, theme), caller, &told),
        };
        if let Some(allowed) = allowed {
            response.headers_mut().insert(header::ALLOW, allowed);
        }
    }
    let policy = match face {
        Face::Api | Face::Tmf => "default-src 'none'; frame-ancestors 'none'",
        Face::Page => {
            "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; form-action 'self'; \
             frame-ancestors 'none'; base-uri 'none'"
        }
    };
    let headers = response.headers_mut();
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(policy));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(HeaderName::from_static("x-frame-options"), HeaderValue::from_static("DENY"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.entry(header::CONTENT_LANGUAGE).or_insert(HeaderValue::from_static(if language == Language::En {
        "en"
    } else {
        "zh-CN"
    }));
    response
}

/// Serves until told to stop, then finishes what was accepted.
///
/// # Errors
/// If the listener fails for good.
pub async fn serve(state: AppState, listener: TcpListener, stop: impl Future<Output = ()>) -> std::io::Result<()> {
    let router = router(&state);
    let graceful = hyper_util::server::graceful::GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let mut stop = std::pin::pin!(stop);
    loop {
        let place = tokio::select! {
            place = Arc::clone(&places).acquire_owned() => place,
            () = &mut stop => break,
        };
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file handles, or the peer went away: neither ends the server.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            () = &mut stop => break,
        };
        let _ = stream.set_nodelay(true);
        let handlers = TowerToHyperService::new(router.clone());
        let refused = Arc::new(AtomicBool::new(false));
        let patient = Patient::new(stream, STALL_TIME, Arc::clone(&refused));
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            let (sends, refused) = (!request.body().is_end_stream(), Arc::clone(&refused));
            let answering = handlers.call(request);
            async move {
                let answer = answering.await;
                let no = answer.as_ref().is_ok_and(|answer| answer.status().is_client_error());
                refused.store(sends && no, Ordering::Relaxed);
                answer
            }
        });
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADER_TIME)
            .max_buf_size(64 * 1024)
            .serve_connection(TokioIo::new(patient), service);
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            let _place = place;
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
    drop(listener);
    // Streams would otherwise go on for as long as they are waited for.
    state.live.close();
    let _ = tokio::time::timeout(FAREWELL, graceful.shutdown()).await;
    Ok(())
}
