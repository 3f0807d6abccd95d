//! `redress serve`.

use super::place::{self, Place};
use crate::app::{self, AppState, Settings};
use crate::demo;
use crate::locale::Language;
use clap::Args;
use desk::time::Time;
use desk::{Desk, jobs, sign_in};
use std::io::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use store::Options;
use tokio::net::TcpListener;

/// How often duties are looked for.
const TICK: Duration = Duration::from_secs(1);

/// Start the server.
#[derive(Debug, Args)]
pub(super) struct Serve {
    #[command(flatten)]
    place: Place,
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, env = "REDRESS_LISTEN", value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Fill an empty database with about a hundred cases and one user of each role.
    #[arg(long)]
    demo: bool,
    /// Network whose X-Forwarded-For is believed, such as 10.0.0.0/8. May be repeated.
    #[arg(long, value_name = "NET", value_parser = net)]
    trusted_proxy: Vec<(IpAddr, u8)>,
    /// The server stands behind HTTPS: mark cookies as secure.
    #[arg(long, env = "REDRESS_HTTPS")]
    https: bool,
    /// Language for callers who state none: zh-CN or en.
    #[arg(long, env = "REDRESS_LANGUAGE", value_name = "TAG", default_value = "zh-CN")]
    language: String,
}

impl Default for Serve {
    fn default() -> Self {
        Self {
            place: Place::default(),
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            demo: false,
            trusted_proxy: Vec::new(),
            https: false,
            language: "zh-CN".to_owned(),
        }
    }
}

fn net(text: &str) -> Result<(IpAddr, u8), String> {
    let (address, length) = text.split_once('/').unwrap_or((text, ""));
    let address: IpAddr = address.parse().map_err(|_| format!("{address:?} is no IP address"))?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let length =
        if length.is_empty() { most } else { length.parse().map_err(|_| format!("{length:?} is no length"))? };
    if length > most { Err(format!("a prefix of {length} is longer than {most}")) } else { Ok((address, length)) }
}

/// Runs the server until it is told to stop.
///
/// # Errors
/// What keeps it from starting, in one line.
pub(super) fn run(serve: Serve) -> Result<(), String> {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn".into()))
        .init();
    let place = &serve.place;
    let language = Language::from_tag(&serve.language).ok_or("--language is zh-CN or en")?;
    let target = place.target();
    let db = place::create(&target, &Options::default())?;
    db.migrate().map_err(|error| format!("{}: {error}", target.shown()))?;
    let desk = place.desk(db, Time::System)?;
    let fresh = sign_in::first_admin(&desk).map_err(|error| super::told(&error))?;
    let mut notices = Vec::new();
    if serve.demo {
        if fresh.is_some() {
            notices = demo::fill(place, &desk)?;
        } else {
            notices.push("The database is not empty; --demo leaves it as it is.".to_owned());
        }
    }
    let settings = Settings {
        trusted_proxies: serve.trusted_proxy.clone(),
        default_language: language,
        secure_cookie: serve.https,
        data_folder: place.r#override.clone(),
    };
    let state = AppState::new(desk.clone(), place.locales()?, settings);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .max_blocking_threads(8)
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    let stop = Arc::new(AtomicBool::new(false));
    let duties = duties(desk.clone(), Arc::clone(&stop))?;
    let served = runtime.block_on(async {
        let listener =
            TcpListener::bind(serve.listen).await.map_err(|error| format!("--listen {}: {error}", serve.listen))?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        announce(address, fresh.as_deref(), &notices);
        app::serve(state, listener, told_to_stop()).await.map_err(|error| error.to_string())
    });
    stop.store(true, Ordering::Release);
    let _ = duties.join();
    drop(runtime);
    // The last entries are sealed before the lights go out, not at the next start.
    if let Err(error) = jobs::checkpoint::seal_all(&desk) {
        tracing::warn!(%error, "the last entries could not be sealed; the next start will");
    }
    desk.db().close();
    served
}

fn announce(address: SocketAddr, password: Option<&str>, notices: &[String]) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "Redress listens on http://{address}");
    if let Some(password) = password {
        let _ = writeln!(out, "First sign-in: user admin, one-time password {password}");
        let _ = writeln!(out, "It is shown only now; change it at http://{address}/console/password");
    }
    for notice in notices {
        let _ = writeln!(out, "{notice}");
    }
    let _ = out.flush();
}

async fn told_to_stop() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending::<()>().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        _ = interrupt => {}
        () = terminate => {}
    }
}

/// The thread that does what nobody asks for.
fn duties(desk: Desk, stop: Arc<AtomicBool>) -> Result<std::thread::JoinHandle<()>, String> {
    let node = uuid::Uuid::now_v7().to_string();
    std::thread::Builder::new()
        .name("duties".to_owned())
        .spawn(move || {
            let mut complained: Option<Instant> = None;
            while !stop.load(Ordering::Acquire) {
                if let Err(error) = jobs::run_due(&desk, &node)
                    && complained.is_none_or(|at| at.elapsed() > Duration::from_secs(60))
                {
                    tracing::error!(%error, "a duty failed; it will be tried again");
                    complained = Some(Instant::now());
                }
                let begun = Instant::now();
                while begun.elapsed() < TICK && !stop.load(Ordering::Acquire) {
                    std::thread::sleep(Duration::from_millis(50));
                }
            }
        })
        .map_err(|error| error.to_string())
}
