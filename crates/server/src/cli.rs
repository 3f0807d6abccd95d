//! The command line. Commands on data work beside a running server, except `migrate` and `restore`.

mod audit;
mod backup;
mod body;
mod bursts;
mod calendar;
mod case;
mod classify;
mod demo;
mod export;
mod mail;
mod manage;
mod model;
mod pack;
mod place;
mod progress;
mod register;
mod reindex;
mod report;
mod restore;
mod retention;
mod routing;
mod serve;
mod table;
mod topics;
mod users;
mod ways;
mod when;

use crate::locale::{Language, Locales};
use clap::{Parser, Subcommand};
use desk::{Caller, Desk, DeskError};
use domain::fault::Fault;
use std::fmt::Display;
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::OnceLock;

/// Complaint handling for telecom operators.
#[derive(Debug, Parser)]
#[command(name = "redress", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the server.
    Serve(serve::Serve),
    /// Register a contact, as the API does.
    Register(register::Register),
    /// Show a case, or carry out an operation on it, as the API does.
    Case(case::Case),
    /// Tokens for programmes.
    #[command(subcommand)]
    Token(manage::Token),
    /// Users who sign in.
    #[command(subcommand)]
    User(users::User),
    /// The master key.
    #[command(subcommand)]
    Key(manage::Key),
    /// The log and its proof.
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Write everything to one file, beside a running server. Needs no master key.
    Backup(backup::Backup),
    /// Put a backup into a database nobody has open, of either kind.
    Restore(restore::Restore),
    /// Erase the complainant of an ended case.
    Erase(manage::Erase),
    /// Keeping and erasing: what is kept how long, who would be erased now, certificates.
    #[command(subcommand)]
    Retention(retention::Retention),
    /// Where cases go.
    #[command(subcommand)]
    Routing(routing::Routing),
    /// Bring the database to the form this version needs.
    Migrate(place::Place),
    /// Show the settings in force, secrets left out.
    Config(serve::Config),
    /// Take things out as files.
    #[command(subcommand)]
    Export(export::Export),
    /// Take in files.
    #[command(subcommand)]
    Import(crate::import::Import),
    /// Mail that comes in.
    #[command(subcommand)]
    Mail(mail::Mail),
    /// Rules and calendars.
    #[command(subcommand)]
    Pack(pack::Pack),
    /// Calendars of working days: list, show, take from iCalendar files. Needs no database.
    #[command(subcommand)]
    Calendar(calendar::Calendar),
    /// Make the index of words anew, beside a running server, which goes on answering from the old one meanwhile.
    Reindex(reindex::Reindex),
    /// Reports to regulators: list, show, count anew.
    #[command(subcommand)]
    Report(report::Report),
    /// Stories told from end to end.
    #[command(subcommand)]
    Demo(demo::Demo),
    /// Learn categories from texts, measure that, and say what texts are of. Needs no database.
    #[command(subcommand)]
    Classify(classify::Classify),
    /// Models of this installation: learn from closed cases or a file, list, put into use, roll back.
    #[command(subcommand)]
    Model(model::ModelCommand),
    /// Look in a file for places and categories with more complaints than the season explains. Needs no database.
    Bursts(bursts::Bursts),
    /// Tell which phrases rise within a category from month to month in a file. Needs no database.
    Topics(topics::Topics),
    /// Measure.
    Bench(crate::bench::Bench),
}

/// Runs the command line. Errors are one line on stderr and exit code 1; usage errors exit with 2.
#[must_use]
pub fn main() -> ExitCode {
    // Without a command the server starts, with what the environment says.
    let command = Cli::parse().command.or_else(|| Cli::parse_from(["redress", "serve"]).command);
    let Some(command) = command else {
        return ExitCode::from(2);
    };
    let outcome = match command {
        Command::Serve(serve) => serve::run(serve),
        Command::Register(ask) => register::run(&ask),
        Command::Case(ask) => case::run(&ask),
        Command::Token(token) => manage::token(token),
        Command::User(user) => users::run(user),
        Command::Key(key) => manage::key(key),
        Command::Audit(audit) => audit::run(audit),
        Command::Backup(backup) => backup::run(&backup),
        Command::Restore(restore) => restore::run(&restore),
        Command::Erase(erase) => manage::erase(erase),
        Command::Retention(ask) => retention::run(ask),
        Command::Routing(ask) => routing::run(&ask),
        Command::Migrate(place) => place::migrate(&place),
        Command::Config(config) => serve::show(&config),
        Command::Export(export) => export::run(export),
        Command::Import(import) => crate::import::run(import),
        Command::Mail(ask) => mail::run(&ask),
        Command::Pack(pack) => pack::run(pack),
        Command::Calendar(calendar) => calendar::run(calendar),
        Command::Reindex(ask) => reindex::run(&ask),
        Command::Report(report) => report::run(&report),
        Command::Demo(ask) => demo::run(ask),
        Command::Classify(ask) => classify::run(&ask),
        Command::Model(ask) => model::run(&ask),
        Command::Bursts(ask) => bursts::run(&ask),
        Command::Topics(ask) => topics::run(&ask),
        Command::Bench(bench) => crate::bench::run(bench),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("redress: {message}");
            ExitCode::FAILURE
        }
    }
}

pub(crate) use place::{Place, create_for};

/// Runs asynchronous work of a command to its end.
pub(crate) fn wait<T>(work: impl Future<Output = Result<T, DeskError>>) -> Result<T, String> {
    wait_plain(async { work.await.map_err(|error| told(&error)) })
}

/// The same for work that tells its errors in words.
pub(crate) fn wait_plain<T>(work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    runtime.block_on(work)
}

/// Prints a line of a command's answer. A reader that went away is an error, never a panic.
pub(crate) fn say(line: impl Display) -> Result<(), String> {
    writeln!(std::io::stdout().lock(), "{line}").map_err(|error| format!("standard output: {error}"))
}

/// Whose name and rights a command works with: a user's, or the system's.
pub(crate) async fn caller(desk: &Desk, user: Option<&str>) -> Result<Caller, String> {
    match user {
        Some(name) => desk.in_the_name_of(name).await.map_err(|error| format!("--as {name}: {}", told(&error))),
        None => Ok(Caller::system(desk.root())),
    }
}

/// An error of the desk in one line, with the way out where one is known.
pub(crate) fn told(error: &DeskError) -> String {
    let refusal = match error {
        DeskError::Refused(refusal) => refusal,
        DeskError::Stale { current, .. } => return problem("stale", &[("current", &current.to_string())]),
        other => return other.to_string(),
    };
    let words = words();
    let text = |key: &str| words.text(Language::En, key, &values(&refusal.params));
    if refusal.faults.is_empty() {
        let way_out = format!("refusal.{}.way_out", refusal.code);
        let said = text(&format!("refusal.{}.text", refusal.code));
        return if words.has(Language::En, &way_out) { format!("{said} {}", text(&way_out)) } else { said };
    }
    let faults: Vec<String> =
        refusal.faults.iter().map(|fault| format!("{}: {}", fault.field, reason(fault))).collect();
    faults.join("; ")
}

/// A failure that doors have by themselves, in one line with the way out.
fn problem(code: &str, values: &[(&str, &str)]) -> String {
    let text = |part: &str| words().text(Language::En, &format!("problem.{code}.{part}"), values);
    format!("{} {}", text("text"), text("way_out"))
}

/// What is wrong with a field, in words.
pub(crate) fn reason(fault: &Fault) -> String {
    let blank = |name: &str| {
        let key = format!("blank.{name}");
        if words().has(Language::En, &key) { words().text(Language::En, &key, &[]) } else { name.to_owned() }
    };
    let shown = fault.params.iter().map(|(name, value)| match *name {
        "blank" => (*name, blank(value)),
        "remark" => (*name, words().text(Language::En, &format!("remark.{value}"), &[])),
        "meaning" => (*name, words().text(Language::En, &format!("check.{value}"), &[])),
        _ => (*name, value.clone()),
    });
    let shown: Vec<(&'static str, String)> = shown.collect();
    words().text(Language::En, &format!("fault.{}", fault.code), &values(&shown))
}

fn values<'p>(params: &'p [(&'static str, String)]) -> Vec<(&'static str, &'p str)> {
    params.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

fn words() -> &'static Locales {
    // An import tells thousands of refusals; the words are read once.
    static WORDS: OnceLock<Locales> = OnceLock::new();
    WORDS.get_or_init(|| crate::data::locales(None).and_then(Locales::load).unwrap_or_default())
}
