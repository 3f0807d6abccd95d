//! `redress bench`: how fast the real program is on this machine. The server runs as a process of its own; the
//! generator beside it uses plain sockets, so that little of the machine is spent on asking.

mod agents;
mod backup;
mod bare;
mod bulk;
mod classify;
mod client;
mod console;
mod ground;
mod import;
mod incident;
mod intake;
mod kpi;
mod letters;
mod lists;
mod mail;
mod process;
mod recount;
mod reports;
mod routing;
mod search;
mod seed;
mod session;
mod timers;
mod what_if;

use clap::{Args, Subcommand};

/// Measure.
#[derive(Debug, Args)]
pub struct Bench {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Durable registrations a second over HTTP, and against the bare store writing the same rows.
    Intake(intake::Intake),
    /// What hundreds of agents whose lists are live cost the server, and how long their pages take beside it.
    Agents(agents::Agents),
    /// How long it takes to assign many cases at once, and what others who read and register notice of it.
    Bulk(bulk::Bulk),
    /// Registrations a second with and without a backup beside them.
    Backup(backup::Backup),
    /// How long it takes to learn from many texts, and to say what one is of.
    Classify(classify::Classify),
    /// Latency of the console's pages at a fixed rate, of a macro until the changed page is there, and what a browser loads.
    Console(console::Console),
    /// Rows a second of an import, and of the same file once more.
    Import(import::Import),
    /// How long it takes to put many cases in a mass incident and to tell each customer, and what others notice of it.
    Incident(incident::Incident),
    /// How long the key figures take over many cases.
    Kpi(kpi::Kpi),
    /// How long a letter takes to be drawn as a page and as a PDF.
    Letters(letters::Letters),
    /// Latency of a queue page and of a case with its history, at a fixed rate.
    Lists(lists::Lists),
    /// Messages a second from their bytes to the registered complaint.
    Mail(mail::Mail),
    /// How long open cases take to be recounted when a calendar changes, and registrations a second beside it.
    Recount(recount::Recount),
    /// How long a report takes over many cases, and what counting them costs registrations.
    Reports(reports::Reports),
    /// How long it takes to decide where a case goes.
    Routing(routing::Routing),
    /// How fast the index of words is made, and how long answers take.
    Search(search::Search),
    /// Fill a database with many cases.
    Seed(seed::Seed),
    /// How late clocks warn when a thousand are due each second among a million, and what waiting costs.
    Timers(timers::Timers),
    /// How long it takes to tell what a draft would have changed, and the memory that needs.
    #[command(name = "whatif")]
    WhatIf(what_if::WhatIf),
}

/// Runs a measurement.
///
/// # Errors
/// What went wrong, in one line.
pub fn run(bench: Bench) -> Result<(), String> {
    match bench.what {
        What::Intake(ask) => intake::run(&ask),
        What::Agents(ask) => agents::run(&ask),
        What::Bulk(ask) => bulk::run(&ask),
        What::Backup(ask) => backup::run(&ask),
        What::Classify(ask) => classify::run(&ask),
        What::Console(ask) => console::run(&ask),
        What::Import(ask) => import::run(&ask),
        What::Incident(ask) => incident::run(&ask),
        What::Kpi(ask) => kpi::run(&ask),
        What::Letters(ask) => letters::run(&ask),
        What::Lists(ask) => lists::run(&ask),
        What::Mail(ask) => mail::run(&ask),
        What::Recount(ask) => recount::run(&ask),
        What::Reports(ask) => reports::run(&ask),
        What::Routing(ask) => routing::run(&ask),
        What::Search(ask) => search::run(&ask),
        What::Seed(ask) => seed::run(&ask),
        What::Timers(ask) => timers::run(&ask),
        What::WhatIf(ask) => what_if::run(&ask),
    }
}
