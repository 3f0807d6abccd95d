//! `redress report`: reports on the command line, by the same desk as console and API.

use super::place::Place;
use super::{caller, say, told, wait, wait_plain};
use crate::api::reports::{FORMATS, data, file};
use crate::app::{AppState, Settings};
use crate::locale::Language;
use crate::reports::{Sheet, sheet};
use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use desk::jobs::rollup;
use desk::reports::Ask;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

/// How long to wait before looking again whether another has counted everything.
const WAIT: Duration = Duration::from_millis(500);

/// Reports to regulators.
#[derive(Debug, Subcommand)]
pub(super) enum Report {
    /// List the reports, and what is due to be handed in when.
    List(List),
    /// Show a report of a period, or write it as a file.
    Show(Show),
    /// Count everything anew from the log. It works beside a running server; figures are too small until it is done.
    Rebuild(Rebuild),
}

/// Options of `report list`.
#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    place: Place,
    /// User in whose name and with whose rights it is done. Default: the system.
    #[arg(long = "as", value_name = "USERNAME")]
    user: Option<String>,
    /// Language of titles.
    #[arg(long, value_name = "LANGUAGE", default_value = "en", value_parser = language)]
    lang: Language,
}

/// Options of `report show`.
#[derive(Debug, Args)]
pub(super) struct Show {
    /// The report; `redress report list` names them.
    id: String,
    /// 2026-10, 2026-Q3, 2026-H1 or 2026, as long as the report's own. Default: the last that is over.
    #[arg(long, value_name = "PERIOD")]
    period: Option<String>,
    /// Form of the file. Default: a text for people.
    #[arg(long, value_name = "FORMAT", value_parser = PossibleValuesParser::new(FORMATS))]
    format: Option<String>,
    /// Where to write it; nothing is overwritten. Default: standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Subscribers, for figures for each hundred thousand. Default: what packs/stacks.toml says.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    subscribers: Option<i64>,
    /// Services in operation. Default: what packs/stacks.toml says.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    services: Option<i64>,
    /// Language.
    #[arg(long, value_name = "LANGUAGE", default_value = "zh-CN", value_parser = language)]
    lang: Language,
    /// User in whose name and with whose rights it is done. Default: the system.
    #[arg(long = "as", value_name = "USERNAME")]
    user: Option<String>,
    #[command(flatten)]
    place: Place,
}

/// Options of `report rebuild`.
#[derive(Debug, Args)]
pub(super) struct Rebuild {
    #[command(flatten)]
    place: Place,
}

fn language(text: &str) -> Result<Language, String> {
    Language::from_tag(text).ok_or_else(|| "zh-CN or en".to_owned())
}

pub(super) fn run(report: &Report) -> Result<(), String> {
    match report {
        Report::List(ask) => list(ask),
        Report::Show(ask) => show(ask),
        Report::Rebuild(ask) => rebuild(ask),
    }
}

fn list(ask: &List) -> Result<(), String> {
    let desk = ask.place.open()?;
    let who = wait_plain(caller(&desk, ask.user.as_deref()))?;
    let pick = |text: &policy::Text| ask.lang.pick(&text.zh, &text.en).to_owned();
    for filing in desk.filings(&who).map_err(|error| told(&error))? {
        let next = filing.next.map(|(period, at)| {
            let at = at.to_zoned_datetime(desk.zone().clone()).strftime("%Y-%m-%d %H:%M");
            format!("{period} due {at}")
        });
        let next = next.unwrap_or_else(|| filing.period.code().to_owned());
        say(format_args!("{:24} {next:32} {}", filing.report.as_deref().unwrap_or("-"), pick(&filing.title)))?;
    }
    for report in desk.reports(&who).map_err(|error| told(&error))? {
        let last = desk.last_period(&report).map(|period| period.to_string()).unwrap_or_default();
        say(format_args!(
            "{:24} {:32} {}",
            report.id,
            format!("{} {last}", report.period.code()),
            pick(&report.title)
        ))?;
    }
    desk.db().close();
    Ok(())
}

fn show(ask: &Show) -> Result<(), String> {
    let desk = ask.place.open()?;
    let state = AppState::new(desk.clone(), ask.place.locales()?, Settings::default());
    let who = wait_plain(caller(&desk, ask.user.as_deref()))?;
    let wanted = Ask { period: ask.period.clone(), subscribers: ask.subscribers, services: ask.services };
    let made = wait(desk.report(&who, &ask.id, &wanted))?;
    desk.db().close();
    let bytes = match ask.format.as_deref() {
        None => text(&sheet(&state, ask.lang, &made)).into_bytes(),
        Some("json") => format!("{:#}\n", data(&state, &made)).into_bytes(),
        Some(format) => file(&state, ask.lang, &made, format).map_err(|error| told(&error))?,
    };
    match &ask.out {
        None => std::io::stdout().lock().write_all(&bytes).map_err(|error| format!("standard output: {error}")),
        Some(path) => {
            let shown = |error: std::io::Error| format!("{}: {error}", path.display());
            let mut out = std::fs::File::create_new(path).map_err(shown)?;
            out.write_all(&bytes).map_err(shown)?;
            say(format_args!("{} {} written to {}", ask.id, made.period, path.display()))
        }
    }
}

/// A report for a terminal: a block each table, a line each row.
fn text(sheet: &Sheet) -> String {
    let mut lines = vec![format!("{} {}", sheet.title, sheet.period)];
    lines.extend(sheet.lines.iter().cloned());
    for table in &sheet.tables {
        lines.push(format!("\n{}", table.title));
        let titles: Vec<&str> = table.columns.iter().map(|column| column.title.as_str()).collect();
        lines.push(format!("{}\t{}", table.rows_title, titles.join("\t")));
        for row in &table.rows {
            let cells: Vec<&str> = row.cells.iter().map(|cell| cell.text.as_str()).collect();
            lines.push(format!("{}\t{}", row.title, cells.join("\t")));
            lines.extend(row.wording.iter().map(|(number, words)| format!("\t{number} {words}")));
            lines.extend(Some(&row.fix).filter(|fix| !fix.is_empty()).map(|fix| format!("\t{fix}")));
        }
    }
    lines.push(format!("\n{}", sheet.note));
    let meanings = sheet.measures.iter().map(|one| format!("{}: {} ({})", one.title, one.definition, one.source));
    lines.extend(meanings);
    lines.join("\n") + "\n"
}

fn rebuild(ask: &Rebuild) -> Result<(), String> {
    let desk = ask.place.open()?;
    rollup::begin_anew(&desk).map_err(|error| told(&error))?;
    let node = uuid::Uuid::now_v7().to_string();
    let mut counted = 0;
    loop {
        counted += rollup::go_on(&desk, &node, 1, || false).map_err(|error| told(&error))?;
        if !rollup::look(&desk).map_err(|error| told(&error))?.going_through {
            break;
        }
        // A running server has taken the work over.
        std::thread::sleep(WAIT);
    }
    desk.db().close();
    say(format_args!("everything is counted, {counted} cases of it here"))
}
