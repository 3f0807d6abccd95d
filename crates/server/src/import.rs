//! `redress import`: taking in complaints from a file. A map says what each column is, in which form and zone; nothing
//! is guessed. Every row is registered or listed with its reason; a row that was taken in before is left alone.

mod map;
mod organisation;
mod row;

use crate::cli::{Place, told};
use clap::{Args, Subcommand};
use desk::register::OnceOnly;
use desk::{Caller, Desk, DeskError};
use domain::intake::Intake;
use domain::refusal::Refusal;
use map::ImportMap;
use serde_json::json;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};

/// Rows on their way at the same time; they share commits.
const IN_FLIGHT: usize = 64;

/// Take in files.
#[derive(Debug, Subcommand)]
pub enum Import {
    /// Register every row of a CSV file.
    Complaints(Complaints),
    /// Make or change units and users as CSV files say: all rows or none; a second time changes nothing.
    Organisation(organisation::Organisation),
}

/// Options of `import complaints`.
#[derive(Debug, Args)]
pub struct Complaints {
    #[command(flatten)]
    place: Place,
    /// The file.
    file: PathBuf,
    /// What its columns are; examples lie in examples/import.
    #[arg(long, value_name = "MAP.toml")]
    map: PathBuf,
    /// Where rows that could not be taken in are listed. Default: FILE.rejected.csv beside the current folder's file.
    #[arg(long, value_name = "FILE")]
    rejected: Option<PathBuf>,
    /// Print the summary as JSON.
    #[arg(long)]
    json: bool,
}

/// A row on its way: line, identity, and whether it was known already.
type UnderWay = (u64, String, tokio::task::JoinHandle<Result<bool, DeskError>>);

/// A row that could not be taken in.
struct Rejected {
    line: u64,
    id: String,
    field: String,
    reason: String,
}

#[derive(Default)]
struct Summary {
    rows: u64,
    registered: u64,
    known: u64,
    rejected: Vec<Rejected>,
}

/// Runs an import.
///
/// # Errors
/// What is wrong with file or map as a whole; single rows are listed, not errors.
pub fn run(import: Import) -> Result<(), String> {
    match import {
        Import::Complaints(ask) => complaints(&ask),
        Import::Organisation(ask) => organisation::run(&ask),
    }
}

fn complaints(ask: &Complaints) -> Result<(), String> {
    let text = std::fs::read_to_string(&ask.map).map_err(|error| format!("{}: {error}", ask.map.display()))?;
    let map = ImportMap::parse(&text).map_err(|error| format!("{}: {error}", ask.map.display()))?;
    let bytes = std::fs::read(&ask.file).map_err(|error| format!("{}: {error}", ask.file.display()))?;
    let text = map.decode(&bytes).map_err(|error| format!("{}: {error}", ask.file.display()))?;
    let desk = ask.place.open()?;
    let summary = crate::cli::wait_plain(take_in(&desk, &map, &text))?;
    desk.db().close();
    let path = ask.rejected.clone().unwrap_or_else(|| rejected_path(&ask.file));
    if !summary.rejected.is_empty() {
        write_rejected(&path, &summary.rejected)?;
    }
    print(&summary, &path, ask.json);
    Ok(())
}

fn rejected_path(file: &Path) -> PathBuf {
    let name = file.file_name().map_or_else(|| "import".to_owned(), |name| name.to_string_lossy().into_owned());
    PathBuf::from(format!("{name}.rejected.csv"))
}

async fn take_in(desk: &Desk, map: &ImportMap, text: &str) -> Result<Summary, String> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|error| error.to_string())?.clone();
    let columns = map.bind(&headers)?;
    let caller = Caller::system(desk.root());
    let mut summary = Summary::default();
    let mut under_way: VecDeque<UnderWay> = VecDeque::new();
    for record in reader.records() {
        summary.rows += 1;
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                summary.reject(line, "", "", error.to_string());
                continue;
            }
        };
        let line = record.position().map_or(0, csv::Position::line);
        let id = columns.id(&record).to_owned();
        if record.len() != headers.len() {
            let reason = format!("{} cells where the header has {}", record.len(), headers.len());
            summary.reject(line, &id, "", reason);
            continue;
        }
        let intake = match columns.intake(map, &record) {
            Ok(value) => Intake::read(value).map_err(|faults| DeskError::from(Refusal::invalid(faults))),
            Err((field, reason)) => {
                summary.reject(line, &id, &field, reason);
                continue;
            }
        };
        let intake = match intake {
            Ok(intake) => intake,
            Err(error) => {
                summary.reject_error(line, &id, &error);
                continue;
            }
        };
        if under_way.len() >= IN_FLIGHT
            && let Some(first) = under_way.pop_front()
        {
            summary.settle(first).await?;
        }
        let (desk, caller, source, key) = (desk.clone(), caller.clone(), map.source.clone(), id.clone());
        let task = tokio::spawn(async move {
            // The row's own identity makes a second import of the same file harmless.
            let key = format!("import:{source}:{}", crate::query::encode(&key));
            let once = OnceOnly { key: &key, body: b"" };
            Ok(desk.register(&caller, intake, Some(once)).await?.replayed)
        });
        under_way.push_back((line, id, task));
    }
    while let Some(first) = under_way.pop_front() {
        summary.settle(first).await?;
    }
    Ok(summary)
}

impl Summary {
    fn reject(&mut self, line: u64, id: &str, field: &str, reason: String) {
        self.rejected.push(Rejected { line, id: id.to_owned(), field: field.to_owned(), reason });
    }

    fn reject_error(&mut self, line: u64, id: &str, error: &DeskError) {
        let field = match error {
            DeskError::Refused(refusal) => refusal.faults.first().map_or("", |fault| fault.field.as_str()).to_owned(),
            _ => String::new(),
        };
        self.reject(line, id, &field, told(error));
    }

    async fn settle(&mut self, (line, id, task): UnderWay) -> Result<(), String> {
        match task.await.map_err(|error| error.to_string())? {
            Ok(true) => self.known += 1,
            Ok(false) => self.registered += 1,
            // Without the database no further row can be judged either.
            Err(error @ DeskError::Store(_)) => {
                return Err(format!("line {line}: {error}; import again to go on"));
            }
            Err(error) => self.reject_error(line, &id, &error),
        }
        Ok(())
    }
}

fn write_rejected(path: &Path, rejected: &[Rejected]) -> Result<(), String> {
    let shown = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let mut writer = csv::Writer::from_path(path).map_err(|error| shown(&error))?;
    writer.write_record(["line", "id", "field", "reason"]).map_err(|error| shown(&error))?;
    for row in rejected {
        writer
            .write_record([&row.line.to_string(), &row.id, &row.field, &row.reason])
            .map_err(|error| shown(&error))?;
    }
    writer.flush().map_err(|error| shown(&error))
}

fn print(summary: &Summary, path: &Path, as_json: bool) {
    let rejected = summary.rejected.len();
    if as_json {
        let list: Vec<_> = summary
            .rejected
            .iter()
            .map(|row| json!({"line": row.line, "id": row.id, "field": row.field, "reason": row.reason}))
            .collect();
        println!(
            "{}",
            json!({
                "rows": summary.rows, "registered": summary.registered, "already_known": summary.known,
                "rejected": rejected, "rejections": list,
            })
        );
        return;
    }
    println!(
        "{} rows: {} registered, {} already known, {rejected} rejected",
        summary.rows, summary.registered, summary.known
    );
    for row in summary.rejected.iter().take(10) {
        println!("  line {} ({}) {}: {}", row.line, row.id, row.field, row.reason);
    }
    if rejected > 0 {
        println!("all rejected rows with their reasons: {}", path.display());
    }
}
