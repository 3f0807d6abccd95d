//! An import of a file this makes itself, with the whole pipeline: the real command on a new database, once to take
//! every row in and once more to find all of them known.

use super::process::{Scratch, cpu_of_commands};
use clap::Args;
use serde_json::Value;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

/// Options of `bench import`.
#[derive(Debug, Args)]
pub(super) struct Import {
    /// PostgreSQL instead of a new embedded database; the database must be empty.
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// Rows of the file.
    #[arg(long, default_value_t = 50_000)]
    rows: u64,
}

const MAP: &str = r#"
source = "bench"
id = "no"
constants = { kind = "complaint", accept_channel = "hotline", "complainant.capacity" = "self", "place.area_type" = "urban" }
[[column]]
name = "received"
field = "received_at"
format = "%Y-%m-%d %H:%M:%S"
zone = "Asia/Shanghai"
not_before = "2026-01-01"
[[column]]
name = "category"
field = "category"
[[column]]
name = "subject"
field = "subject"
[[column]]
name = "text"
field = "description"
[[column]]
name = "demand"
field = "demand"
[[column]]
name = "name"
field = "complainant.name"
[[column]]
name = "phone"
field = "complainant.phone"
[[column]]
name = "number"
field = "subscription.number"
[[column]]
name = "region"
field = "region"
"#;

/// Rows as a call centre's system exports them.
fn file(rows: u64) -> String {
    let mut text = String::from("no,received,category,subject,text,demand,name,phone,number,region\n");
    for n in 0..rows {
        let phone = 13_800_000_000 + n * 7_919 % 100_000_000;
        let (day, hour, minute) = (1 + n % 28, n % 24, n % 60);
        let category = ["B204", "A101", "C102", "D101"].get((n % 4) as usize).copied().unwrap_or("B204");
        let _ = writeln!(
            text,
            "{n},2026-02-{day:02} {hour:02}:{minute:02}:00,{category},连扣四个月视频会员费,\"客户发现自四月起每月被扣二十五元视频会员费，\
             从未点播过，孩子也不会操作。\n要求核实订购时间与渠道，回电请打{phone}。\",退还四个月费用并取消该业务,王小明,{phone},{phone},310115"
        );
    }
    text
}

pub(super) fn run(ask: &Import) -> Result<(), String> {
    let scratch = Scratch::new()?;
    let put = |name: &str, text: String| {
        let path = scratch.0.join(name);
        std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display())).map(|()| path)
    };
    let (rows, map) = (put("rows.csv", file(ask.rows))?, put("map.toml", MAP.to_owned())?);
    let mut place = match &ask.database_url {
        Some(url) => vec!["--database-url".to_owned(), url.clone()],
        None => vec!["--data-dir".to_owned(), scratch.0.display().to_string()],
    };
    place.extend(["--master-key-file".to_owned(), scratch.0.join("master.key").display().to_string()]);
    output(&["migrate"], &place)?;
    let which = if ask.database_url.is_some() { "PostgreSQL" } else { "SQLite, synchronous=FULL" };
    println!("{which}, {} rows, whole pipeline", ask.rows);
    for what in ["registered", "already_known"] {
        let cpu = cpu_of_commands();
        let text = output(&["import", "complaints", &shown(&rows), "--map", &shown(&map), "--json"], &place)?;
        let summary: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        let figure = |name: &str| summary.get(name).and_then(Value::as_f64).unwrap_or_default();
        if (figure(what) - ask.rows as f64).abs() > 0.5 {
            return Err(format!("not every row is {what}: {text}"));
        }
        let per_cpu = figure("rows") / (cpu_of_commands() - cpu).max(0.01);
        println!(
            "rows/s, {what:<18} {:.0}   ({per_cpu:.0} per CPU-second)",
            figure("rows") / figure("seconds").max(0.001)
        );
    }
    Ok(())
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// What a command of this program prints.
fn output(command: &[&str], place: &[String]) -> Result<String, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new(program).args(command).args(place).output().map_err(|error| error.to_string())?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
    }
}
