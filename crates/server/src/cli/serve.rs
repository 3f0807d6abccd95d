//! `redress serve`.

mod threads;

use super::place::{self, Place};
use super::ways::Channels;
use crate::app::{self, AppState, Settings};
use crate::assistant::{self, Assistant, Terms};
use crate::courier::Courier;
use crate::crm::{self, Crm, Version};
use crate::demo;
use crate::events::Herald;
use crate::locale::Language;
use crate::oidc::Oidc;
use crate::post::Post;
use crate::remedies::Billing;
use clap::Args;
use desk::bursts::Watch;
use desk::time::Time;
use desk::{Desk, jobs, setup, sign_in};
use mail::{Mailer, Server};
use std::io::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use store::Options;
use threads::{Threads, node};
use tokio::net::TcpListener;

/// Start the server.
#[derive(Debug, Args)]
pub(super) struct Serve {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    door: Door,
    /// Fill an empty database with about five hundred cases of sixty days and users of every role.
    #[arg(long)]
    demo: bool,
    /// Without an index of words: searches look through the newest cases only.
    #[arg(long, env = "REDRESS_NO_SEARCH")]
    no_search: bool,
    /// How many false alarms a day may be borne where suspected faults are looked for, over everything; 0 looks for none.
    #[arg(long, env = "REDRESS_BURST_ALARM_RATE", value_name = "RATE", default_value_t = Watch::default().alarm_rate, value_parser = alarm_rate)]
    burst_alarm_rate: f64,
    /// Suggest no categories while somebody registers.
    #[arg(long, env = "REDRESS_NO_SUGGESTIONS")]
    no_suggestions: bool,
    /// Tell nobody who else has a case open or is writing.
    #[arg(long, env = "REDRESS_NO_PRESENCE")]
    no_presence: bool,
    /// Let anybody use the TM Forum interfaces, without credentials: for trying them out. Only with a loopback address.
    #[arg(long)]
    dev_open_tmf: bool,
}

/// Options of `config`: those of `serve`.
#[derive(Debug, Args)]
pub(super) struct Config {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    door: Door,
}

/// How the server is reached.
#[derive(Debug, Args)]
struct Door {
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, env = "REDRESS_LISTEN", value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Network whose X-Forwarded-For is believed, such as 10.0.0.0/8. May be repeated, or listed with commas.
    #[arg(long, env = "REDRESS_TRUSTED_PROXY", value_name = "NET", value_parser = net, value_delimiter = ',')]
    trusted_proxy: Vec<(IpAddr, u8)>,
    /// The server stands behind HTTPS: mark cookies as secure.
    #[arg(long, env = "REDRESS_HTTPS")]
    https: bool,
    /// Language for callers who state none: zh-CN or en.
    #[arg(long, env = "REDRESS_LANGUAGE", value_name = "TAG", default_value = "zh-CN")]
    language: String,
    /// Where people find this server, for links in mail: https://…
    #[arg(long, env = "REDRESS_PUBLIC_URL", value_name = "URL", default_value = "", hide_default_value = true)]
    public_url: String,
    /// Server that takes our mail: smtp://user:password@host:port (encrypted after the greeting) or smtps://… (from the
    /// start). Without it no mail is sent.
    #[arg(long, env = "REDRESS_SMTP_URL", value_name = "URL", hide_env_values = true, requires = "mail_from")]
    smtp_url: Option<String>,
    /// Who sends mail.
    #[arg(long, env = "REDRESS_MAIL_FROM", value_name = "ADDRESS")]
    mail_from: Option<String>,
    /// Where what customers get is handed to the billing system, one by one and signed: https://…. Without it files go
    /// there.
    #[arg(long, env = "REDRESS_BILLING_URL", value_name = "URL", requires = "billing_secret")]
    billing_url: Option<String>,
    /// File with the secret that signs it, at least 32 characters.
    #[arg(long, env = "REDRESS_BILLING_SECRET_FILE", value_name = "FILE")]
    billing_secret: Option<std::path::PathBuf>,
    /// Network events and webhooks may go to besides public addresses, such as 10.1.0.0/16. May be repeated, or listed with
    /// commas. Without it nothing is sent to this machine or into private networks.
    #[arg(long, env = "REDRESS_EVENTS_ALLOW", value_name = "NET", value_parser = net, value_delimiter = ',')]
    events_allow: Vec<(IpAddr, u8)>,
    /// The operator's customer system, asked while contacts are registered: https://…, or http://… on this machine. It may
    /// stand in a private network. Without it nobody is looked up.
    #[arg(long, env = "REDRESS_CRM_URL", value_name = "URL")]
    crm_url: Option<String>,
    /// Which version of TMF629, TMF632 and TMF637 it speaks: 4 or 5.
    #[arg(long, env = "REDRESS_CRM_VERSION", value_name = "VERSION", default_value_t = 5, value_parser = clap::value_parser!(u8).range(4..=5))]
    crm_version: u8,
    /// File with the token it is asked with.
    #[arg(long, env = "REDRESS_CRM_TOKEN_FILE", value_name = "FILE", requires = "crm_url")]
    crm_token_file: Option<std::path::PathBuf>,
    /// How many seconds its answers are kept in memory; 0 keeps none.
    #[arg(long, env = "REDRESS_CRM_KEEP", value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(0..=crm::LONGEST_KEPT))]
    crm_keep: u64,
    /// Provider people may sign in at by OpenID Connect, as it names itself: https://…, or http://… on this machine. It is
    /// given --public-url/sign-in/oidc/callback as the address to come back to.
    #[arg(
        long,
        env = "REDRESS_OIDC_ISSUER",
        value_name = "URL",
        requires = "oidc_client_id",
        requires = "oidc_client_secret_file"
    )]
    oidc_issuer: Option<String>,
    /// What the provider knows this installation as.
    #[arg(long, env = "REDRESS_OIDC_CLIENT_ID", value_name = "ID", requires = "oidc_issuer")]
    oidc_client_id: Option<String>,
    /// File with the secret the provider knows it by.
    #[arg(long, env = "REDRESS_OIDC_CLIENT_SECRET_FILE", value_name = "FILE", requires = "oidc_issuer")]
    oidc_client_secret_file: Option<std::path::PathBuf>,
    /// A language model that summarises, drafts and translates, behind an interface like OpenAI's chat completions: https://…,
    /// or http://… on this machine. It is told nobody's name. Without it nothing is sent anywhere.
    #[arg(long, env = "REDRESS_ASSISTANT_URL", value_name = "URL")]
    assistant_url: Option<String>,
    /// The model asked for, where there is a choice.
    #[arg(long, env = "REDRESS_ASSISTANT_MODEL", value_name = "NAME", requires = "assistant_url")]
    assistant_model: Option<String>,
    /// File with the token it is asked with.
    #[arg(long, env = "REDRESS_ASSISTANT_TOKEN_FILE", value_name = "FILE", requires = "assistant_url")]
    assistant_token_file: Option<std::path::PathBuf>,
    /// How many requests a day all people together may make.
    #[arg(long, env = "REDRESS_ASSISTANT_BUDGET", value_name = "REQUESTS", default_value_t = assistant::REQUESTS)]
    assistant_budget: u32,
    /// How many of them one person may make.
    #[arg(long, env = "REDRESS_ASSISTANT_OWN_BUDGET", value_name = "REQUESTS", default_value_t = assistant::OWN)]
    assistant_own_budget: u32,
    /// Send mail unencrypted where smtp:// leads; to this machine itself it always goes so.
    #[arg(long, env = "REDRESS_SMTP_PLAIN")]
    smtp_plain: bool,
    #[command(flatten)]
    channels: Channels,
}

impl Door {
    fn mail_server(&self) -> Result<Option<Server>, String> {
        let server = self.smtp_url.as_deref().map(|url| Server::parse(url, self.smtp_plain)).transpose();
        server.map_err(|error| format!("--smtp-url: {error}"))
    }

    fn mailer(&self) -> Result<Option<Mailer>, String> {
        let Some(server) = self.mail_server()? else { return Ok(None) };
        let from = self.mail_from.as_deref().ok_or("--mail-from is needed with --smtp-url")?;
        Mailer::new(server, from).map(Some).map_err(|error| format!("--mail-from: {error}"))
    }

    fn billing(&self) -> Result<Option<Billing>, String> {
        let Some(url) = self.billing_url.as_deref() else { return Ok(None) };
        let file = self.billing_secret.as_deref().ok_or("--billing-secret is needed with --billing-url")?;
        let secret = std::fs::read(file).map_err(|error| format!("--billing-secret {}: {error}", file.display()))?;
        Billing::new(url, &secret).map(Some).map_err(|error| format!("--billing-url: {error}"))
    }

    fn crm(&self) -> Result<Option<Crm>, String> {
        let Some(url) = self.crm_url.as_deref() else { return Ok(None) };
        let read = |file: &std::path::PathBuf| {
            std::fs::read_to_string(file).map_err(|error| format!("--crm-token-file {}: {error}", file.display()))
        };
        let token = self.crm_token_file.as_ref().map(read).transpose()?;
        let version = if self.crm_version == 4 { Version::Four } else { Version::Five };
        let keep = Duration::from_secs(self.crm_keep);
        Crm::new(url, version, token.as_deref(), keep).map(Some).map_err(|error| format!("--crm-url: {error}"))
    }

    fn oidc(&self) -> Result<Option<Oidc>, String> {
        let Some(issuer) = self.oidc_issuer.as_deref() else { return Ok(None) };
        let client = self.oidc_client_id.as_deref().ok_or("--oidc-client-id is needed with --oidc-issuer")?;
        let file =
            self.oidc_client_secret_file.as_deref().ok_or("--oidc-client-secret-file is needed with --oidc-issuer")?;
        let secret = std::fs::read_to_string(file)
            .map_err(|error| format!("--oidc-client-secret-file {}: {error}", file.display()))?;
        Oidc::new(issuer, client, &secret, &self.public_url()?).map(Some)
    }

    fn assistant(&self) -> Result<Option<Assistant>, String> {
        let Some(url) = self.assistant_url.as_deref() else { return Ok(None) };
        let read = |file: &std::path::PathBuf| {
            std::fs::read_to_string(file).map_err(|error| format!("--assistant-token-file {}: {error}", file.display()))
        };
        let terms = Terms {
            model: self.assistant_model.clone(),
            token: self.assistant_token_file.as_ref().map(read).transpose()?,
            requests: self.assistant_budget,
            own: self.assistant_own_budget,
            ..Terms::default()
        };
        Assistant::new(url, terms).map(Some).map_err(|error| format!("--assistant-url: {error}"))
    }

    fn public_url(&self) -> Result<String, String> {
        let url = self.public_url.trim().trim_end_matches('/');
        let plain = url.bytes().all(|byte| byte.is_ascii_graphic());
        match url.is_empty() || plain && (url.starts_with("https://") || url.starts_with("http://")) {
            true => Ok(url.to_owned()),
            false => Err("--public-url begins with https:// or http://".to_owned()),
        }
    }

    fn language(&self) -> Result<Language, String> {
        Language::from_tag(&self.language).ok_or_else(|| "--language is zh-CN or en".to_owned())
    }
}

/// `redress config`: everything in force.
///
/// # Errors
/// Names the first setting that makes no sense.
pub(super) fn show(config: &Config) -> Result<(), String> {
    let door = &config.door;
    let nets: Vec<String> = door.trusted_proxy.iter().map(|(net, length)| format!("\"{net}/{length}\"")).collect();
    let mut lines = place::settings(&config.place)?;
    lines.push(format!("listen = \"{}\"", door.listen));
    lines.push(format!("trusted_proxy = [{}]", nets.join(", ")));
    let nets: Vec<String> = door.events_allow.iter().map(|(net, length)| format!("\"{net}/{length}\"")).collect();
    lines.push(format!("events_allow = [{}]", nets.join(", ")));
    lines.push(format!("https = {}", door.https));
    lines.push(format!("language = {:?}", door.language()?.code()));
    lines.push(format!("public_url = {:?}", door.public_url()?));
    lines.push(match door.mail_server()? {
        Some(server) => {
            format!("smtp_url = {:?} # {}", server.shown(), if server.is_encrypted() { "encrypted" } else { "plain" })
        }
        None => "# smtp_url is not set: no mail is sent".to_owned(),
    });
    lines.push(match door.billing()? {
        Some(billing) => format!("billing_url = {:?}", billing.shown()),
        None => "# billing_url is not set: what customers get goes to billing by file".to_owned(),
    });
    match door.crm()? {
        Some(crm) => {
            lines.push(format!("crm_url = {:?}", crm.shown()));
            lines.push(format!("crm_version = {}", door.crm_version));
            let token = door.crm_token_file.as_ref().map(|file| file.display().to_string());
            lines.push(token.map_or_else(
                || "# crm_token_file is not set: it is asked without a token".to_owned(),
                |file| format!("crm_token_file = {file:?}"),
            ));
            lines.push(format!("crm_keep = {}", crm.keeps().as_secs()));
        }
        None => lines.push("# crm_url is not set: nobody is looked up in a customer system".to_owned()),
    }
    match door.oidc()? {
        Some(oidc) => {
            let file = door.oidc_client_secret_file.as_ref().map(|file| file.display().to_string());
            lines.push(format!("oidc_issuer = {:?}", oidc.issuer()));
            lines.push(format!("oidc_client_id = {:?}", oidc.client()));
            lines.push(format!("oidc_client_secret_file = {:?}", file.unwrap_or_default()));
            lines.push(format!("# the provider sends people back to {}", oidc.redirect()));
        }
        None => lines.push("# oidc_issuer is not set: people sign in by password".to_owned()),
    }
    match door.assistant()? {
        Some(assistant) => {
            let limits = assistant.limits();
            lines.push(format!("assistant_url = {:?}", assistant.shown()));
            lines.push(format!("assistant_model = {:?}", limits.by));
            let token = door.assistant_token_file.as_ref().map(|file| file.display().to_string());
            lines.push(token.map_or_else(
                || "# assistant_token_file is not set: it is asked without a token".to_owned(),
                |file| format!("assistant_token_file = {file:?}"),
            ));
            lines.push(format!("assistant_budget = {}", limits.requests));
            lines.push(format!("assistant_own_budget = {}", limits.own));
        }
        None => lines.push("# assistant_url is not set: no machine outside is told anything".to_owned()),
    }
    if door.mailer()?.is_some() {
        lines.push(format!("mail_from = {:?}", door.mail_from.as_deref().unwrap_or_default()));
    }
    lines.extend(door.channels.shown(door.mailer()?.is_some())?);
    super::say(lines.join("\n"))
}

fn alarm_rate(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|_| format!("{text:?} is no number"))?;
    if (0.0..=100.0).contains(&rate) { Ok(rate) } else { Err("a rate lies between 0 and 100 a day".to_owned()) }
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
        // What cannot be written down must not end the request it is about: the log may lie on the disk that is full.
        .log_internal_errors(false)
        .with_env_filter(tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn".into()))
        .init();
    let (place, door) = (&serve.place, &serve.door);
    if serve.dev_open_tmf && !door.listen.ip().to_canonical().is_loopback() {
        return Err(format!(
            "--dev-open-tmf opens the TM Forum interfaces to anybody; --listen {} is no loopback address",
            door.listen
        ));
    }
    let tmf = crate::tmf::mapping::Mapping::of(place.r#override.as_deref())?;
    let language = door.language()?;
    let (mailer, public_url, billing) = (door.mailer()?, door.public_url()?, door.billing()?);
    let (crm, oidc, assistant) = (door.crm()?, door.oidc()?, door.assistant()?);
    let ways = door.channels.ways(mailer.is_some())?;
    let (mailbox, gateway) = (door.channels.mailbox()?, door.channels.gateway()?);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .max_blocking_threads(8)
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    // The address comes first: were it taken, a new database's password would be made and never shown.
    let listener = runtime
        .block_on(TcpListener::bind(door.listen))
        .map_err(|error| format!("--listen {}: {error}; choose another address", door.listen))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let crm = match crm {
        // The people of the demo are known to a customer system of its own.
        None if serve.demo => Some(demo::customers::begin(&runtime, Duration::from_secs(door.crm_keep))?),
        named => named,
    };
    let stopped = {
        let _inside = runtime.enter();
        told_to_stop().map_err(|error| error.to_string())?
    };
    let target = place.target();
    let db = place::create(&target, &Options::default())?;
    db.migrate().map_err(|error| format!("{}: {error}", target.shown()))?;
    let desk = place.desk(db, Time::System)?;
    let locales = place.locales()?;
    let password = sign_in::first_admin(&desk).map_err(|error| super::told(&error))?;
    announce(address, password.as_deref());
    // Only a database that was made just now is filled: what is there is left alone, also on the second `make run`.
    if serve.demo && password.is_some() {
        print(&demo::fill(place, &desk)?);
    } else {
        sample(place, &desk)?;
    }
    let settings = Settings {
        trusted_proxies: door.trusted_proxy.clone(),
        default_language: language,
        secure_cookie: door.https,
        data_folder: place.r#override.clone(),
        public_url,
        gateway: gateway.clone(),
        tmf,
        open_tmf: serve.dev_open_tmf,
        events_allow: door.events_allow.clone(),
        crm,
        no_presence: serve.no_presence,
        oidc,
        assistant,
        ..place.letter_settings()
    };
    desk.set_mails(mailer.is_some());
    desk.set_suggests(!serve.no_suggestions);
    let carries = ways.email || ways.sms || ways.voice;
    desk.set_ways(ways);
    let courier = carries.then(|| Courier::new(mailer.clone(), gateway, locales.clone()));
    let herald = Herald::new(&settings);
    let post = mailer.map(|mailer| Post::new(mailer, locales.clone(), &settings));
    let state = AppState::new(desk.clone(), locales, settings);
    let mut threads = Threads::beside(&desk);
    threads.duties()?;
    threads.recounts()?;
    threads.rollups()?;
    threads.learns()?;
    threads.checks()?;
    let watch = Watch { alarm_rate: serve.burst_alarm_rate };
    if watch.looks() {
        threads.bursts(watch)?;
    }
    if !serve.no_search {
        threads.words(place)?;
    }
    if let Some(post) = post {
        threads.posts(post)?;
    }
    if let Some(billing) = billing {
        threads.bills(billing)?;
    }
    if let Some(courier) = courier {
        threads.couriers(courier)?;
    }
    threads.heralds(herald)?;
    if let Some(mailbox) = mailbox {
        threads.mailboxes(mailbox, door.channels.done())?;
    }
    let served = runtime.block_on(app::serve(state, listener, stopped)).map_err(|error| error.to_string());
    drop(threads);
    drop(runtime);
    // The last entries are sealed before the lights go out, not at the next start.
    if let Err(error) = jobs::checkpoint::seal_all(&desk) {
        tracing::warn!(%error, "the last entries could not be sealed; the next start will");
    }
    desk.db().close();
    served
}

/// Loads the invented cases where the set-up asked for them. That is before any duty runs, because time is moved back while
/// they are played: where another node loads them, this one waits. Where their names were given to others meanwhile, the
/// server starts without them.
fn sample(place: &Place, desk: &Desk) -> Result<(), String> {
    let node = node();
    if !setup::takes_sample(desk, &node).map_err(|error| super::told(&error))? {
        while setup::sample_is_under_way(desk).map_err(|error| super::told(&error))? {
            std::thread::sleep(Duration::from_secs(1));
        }
        return Ok(());
    }
    let loaded = super::wait(demo::fits(desk)).is_ok();
    let lines = match loaded {
        true => demo::fill(place, desk).inspect_err(|_| {
            if let Err(error) = setup::sample_failed(desk, &node) {
                tracing::warn!(%error, "the next start tries to load the sample data only in ten minutes");
            }
        })?,
        false => vec!["The sample data was left out: units or users already have its names".to_owned()],
    };
    print(&lines);
    setup::sample_ended(desk, &node, loaded).map_err(|error| super::told(&error))
}

fn announce(address: SocketAddr, password: Option<&str>) {
    let mut lines = vec![format!("Redress listens on http://{address}")];
    if let Some(password) = password {
        lines.push(format!("First sign-in: user admin, one-time password {password}"));
        lines.push("It is shown only now, and good for choosing a password of your own when you sign in".to_owned());
    }
    print(&lines);
}

/// Tells the operator. A server whose output nobody reads goes on serving.
fn print(lines: &[String]) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{}", lines.join("\n")).and_then(|()| out.flush());
}

/// Ends when the operator ends the server. Signals are caught from now on, not only once the future is looked at.
#[cfg(unix)]
fn told_to_stop() -> std::io::Result<impl Future<Output = ()> + use<>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Ends when the operator ends the server.
#[cfg(not(unix))]
fn told_to_stop() -> std::io::Result<impl Future<Output = ()> + use<>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}
