//! The command line. Commands on data work beside a running server, except `migrate`.

mod audit;
mod manage;
mod place;
mod serve;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

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
    /// Tokens for programmes.
    #[command(subcommand)]
    Token(manage::Token),
    /// Users who sign in.
    #[command(subcommand)]
    User(manage::User),
    /// The master key.
    #[command(subcommand)]
    Key(manage::Key),
    /// The log and its proof.
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Erase the complainant of an ended case.
    Erase(manage::Erase),
    /// Bring the database to the form this version needs.
    Migrate(place::Place),
    /// Show the settings in force.
    Config(place::Place),
    /// Take in files.
    #[command(subcommand)]
    Import(crate::import::Import),
    /// Measure.
    Bench(crate::bench::Bench),
}

/// Runs the command line. Errors are one line on stderr and exit code 1; usage errors exit with 2.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    // Without a command the server starts: `cargo run` alone shows something.
    let command = cli.command.unwrap_or_else(|| Command::Serve(serve::Serve::default()));
    let outcome = match command {
        Command::Serve(serve) => serve::run(serve),
        Command::Token(token) => manage::token(token),
        Command::User(user) => manage::user(user),
        Command::Key(key) => manage::key(key),
        Command::Audit(audit) => audit::run(audit),
        Command::Erase(erase) => manage::erase(erase),
        Command::Migrate(place) => place::migrate(&place),
        Command::Config(place) => place::show(&place),
        Command::Import(import) => crate::import::run(import),
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

pub(crate) use place::Place;

/// Runs asynchronous work of a command to its end.
pub(crate) fn wait<T>(work: impl Future<Output = Result<T, desk::DeskError>>) -> Result<T, String> {
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

/// An error of the desk in one line.
pub(crate) fn told(error: &desk::DeskError) -> String {
    let desk::DeskError::Refused(refusal) = error else {
        return error.to_string();
    };
    let locales = crate::data::locales(None).and_then(crate::locale::Locales::load).unwrap_or_default();
    let language = crate::locale::Language::En;
    let values = |params: &[(&'static str, String)]| {
        params.iter().map(|(name, value)| (*name, value.clone())).collect::<Vec<_>>()
    };
    let text = |key: &str, params: &[(&'static str, String)]| {
        let values = values(params);
        let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        locales.text(language, key, &values)
    };
    if refusal.faults.is_empty() {
        return text(&format!("refusal.{}.text", refusal.code), &refusal.params);
    }
    let faults: Vec<String> = refusal
        .faults
        .iter()
        .map(|fault| format!("{}: {}", fault.field, text(&format!("fault.{}", fault.code), &fault.params)))
        .collect();
    faults.join("; ")
}
