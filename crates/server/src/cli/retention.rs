//! `redress retention`: what is kept how long, who would be erased now, and certificates. Plans are made and decided by
//! people who sign in: two of them answer for one.

use super::place::Place;
use super::{caller, say, told, wait, wait_plain};
use crate::api::retention::{duty, looked, records};
use clap::{Args, Subcommand};
use desk::retention::{certificate, plan};
use desk::{Caller, Desk};
use domain::retention::Ground;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Keeping and erasing.
#[derive(Debug, Subcommand)]
pub(super) enum Retention {
    /// Show what the rules in force ask about keeping, and what Redress keeps.
    Show(Show),
    /// Say who would be erased now and why others stay. Changes nothing.
    Plan(Show),
    /// Print a certificate of erasure as the file that proves itself.
    Certificate(Certificate),
    /// Check the file of a certificate. Needs no database and no master key.
    Verify(Verify),
}

/// Options of `retention show` and `retention plan`.
#[derive(Debug, Args)]
pub(super) struct Show {
    #[command(flatten)]
    place: Place,
    /// User in whose name and with whose rights it is done. Default: the system.
    #[arg(long = "as", value_name = "USERNAME")]
    user: Option<String>,
    /// Print JSON, as the API answers.
    #[arg(long)]
    json: bool,
}

/// Options of `retention certificate`.
#[derive(Debug, Args)]
pub(super) struct Certificate {
    #[command(flatten)]
    place: Place,
    /// Number of the certificate.
    n: i64,
    /// Check its signature too; exit code 1 when it does not hold.
    #[arg(long)]
    verify: bool,
    /// User in whose name and with whose rights it is done. Default: the system.
    #[arg(long = "as", value_name = "USERNAME")]
    user: Option<String>,
}

/// Options of `retention verify`.
#[derive(Debug, Args)]
pub(super) struct Verify {
    /// The file.
    file: PathBuf,
    /// The installation's public key, base64, as its checkpoints and archives name it. Without it the file only proves
    /// that nobody changed it since it was signed with the key it names.
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
}

pub(super) fn run(ask: Retention) -> Result<(), String> {
    match ask {
        Retention::Show(ask) => with(&ask.place, ask.user.as_deref(), |desk, by| show(desk, by, ask.json)),
        Retention::Plan(ask) => with(&ask.place, ask.user.as_deref(), |desk, by| look(desk, by, ask.json)),
        Retention::Certificate(ask) => {
            let file = with(&ask.place, ask.user.as_deref(), |desk, by| {
                Ok(wait(desk.certificate(by, ask.n))?.file().to_string())
            })?;
            say(&file)?;
            if ask.verify {
                certificate::verify(&file, None).map_err(|broken| broken.to_string())?;
                eprintln!("the signature holds");
            }
            Ok(())
        }
        Retention::Verify(ask) => verify(&ask),
    }
}

fn with<T>(
    place: &Place,
    user: Option<&str>,
    work: impl FnOnce(&Desk, &Caller) -> Result<T, String>,
) -> Result<T, String> {
    let desk = place.open()?;
    let by = wait_plain(caller(&desk, user));
    let outcome = by.and_then(|by| work(&desk, &by));
    desk.db().close();
    outcome
}

fn show(desk: &Desk, by: &Caller, as_json: bool) -> Result<(), String> {
    let duties = desk.retention(by).map_err(|error| told(&error))?;
    if as_json {
        let items: Vec<Value> = duties.iter().map(duty).collect();
        return say(json!({"items": items, "records": records()}));
    }
    for one in &duties {
        let time = |word: &str, amount: Option<policy::Amount>| amount.map(|amount| format!(" {word} {amount}"));
        let times: String = time("at least", one.min).into_iter().chain(time("at most", one.max)).collect();
        let stated = if one.stated { "law" } else { "not stated as law" };
        let whose = if one.ours { "" } else { "  (kept by other systems)" };
        say(format_args!(
            "{}:{times} from {}  {} {} {}  {stated}, confidence {}{whose}",
            one.class.code(),
            one.from.code(),
            one.pack,
            one.version,
            one.rule,
            one.confidence.code(),
        ))?;
    }
    Ok(())
}

fn look(desk: &Desk, by: &Caller, as_json: bool) -> Result<(), String> {
    let found = plan::dry_run(desk, by, None).map_err(|error| told(&error))?;
    if as_json {
        return say(looked(&found));
    }
    let more = if found.more { ", and more with the next plan" } else { "" };
    say(format_args!("{} persons looked at, {} to be erased{more}", found.persons, found.due.len()))?;
    say(format_args!("with them go cases: {}, attached files: {}", found.cases, found.attachments))?;
    for (rule, count) in &found.by_rule {
        say(format_args!("  {rule}: {count}"))?;
    }
    for one in &found.due {
        let numbers: Vec<&str> = one.cases.iter().map(|(number, _)| number.as_str()).collect();
        let why = match &one.ground {
            Ground::Maximum { limit } => format!("{} ran out at {}", limit.rule, limit.at),
            Ground::Request { case } => format!("request {case}"),
        };
        say(format_args!("  {}  {why}", numbers.join(" ")))?;
    }
    for (reason, count) in &found.stay {
        say(format_args!("stay, {reason}: {count}"))?;
    }
    for one in &found.named {
        let until = one.until.as_ref().map(|limit| format!("until {} under {}", limit.at, limit.rule));
        let why: Vec<String> = one.reasons.iter().cloned().chain(until).collect();
        say(format_args!("  {}  {}", one.cases.join(" "), why.join(", ")))?;
    }
    Ok(())
}

fn verify(ask: &Verify) -> Result<(), String> {
    let text = std::fs::read_to_string(&ask.file).map_err(|error| format!("{}: {error}", ask.file.display()))?;
    let said = certificate::verify(&text, ask.key.as_deref()).map_err(|broken| broken.to_string())?;
    let member = |name: &str| said.get(name).map(ToString::to_string).unwrap_or_default();
    say(format_args!(
        "certificate {}, person {}, erased at {}",
        member("number"),
        member("person"),
        member("erased_at")
    ))?;
    say(format_args!("erased: {}", member("erased")))?;
    say(if ask.key.is_some() {
        "the signature holds, and the key is the one given"
    } else {
        "the signature holds; whose key it is, this file alone cannot show"
    })
}
