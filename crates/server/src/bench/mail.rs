//! Mail that comes in: from its bytes to the registered complaint, durable each.

use super::process::Scratch;
use crate::cli::Place;
use crate::mail_in;
use clap::Args;
use desk::Desk;
use desk::letterbox::Taken;
use desk::time::Time;
use desk::ways::{ReplyAddress, Ways};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use store::{Db, Options, Target};

/// Options of `bench mail`.
#[derive(Debug, Args)]
pub(super) struct Mail {
    /// Messages.
    #[arg(long, default_value_t = 5_000)]
    count: u64,
    /// Messages taken in side by side.
    #[arg(long, default_value_t = 64)]
    beside: u64,
    /// PostgreSQL instead of a new embedded database; the database must be empty.
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
}

pub(super) fn run(ask: &Mail) -> Result<(), String> {
    let scratch = Scratch::new()?;
    let target = match &ask.database_url {
        Some(url) => Target::Postgres(url.clone()),
        None => Target::Sqlite(scratch.0.join("redress.db")),
    };
    let db = Db::open(&target, &Options::default()).map_err(|error| error.to_string())?;
    db.migrate().map_err(|error| error.to_string())?;
    let place = Place { master_key_file: Some(scratch.0.join("master.key")), ..Place::default() };
    let desk = place.desk(db, Time::System)?;
    let reply = Some(ReplyAddress::parse("reply@op.example")?);
    desk.set_ways(Ways { email: true, reply, ..Ways::none() });
    // The first ones find everything cold.
    take(&desk, 0, ask.beside * 4, ask.beside)?;
    let begun = Instant::now();
    let size = take(&desk, ask.beside * 4, ask.count, ask.beside)?;
    let took = begun.elapsed().as_secs_f64();
    desk.db().close();
    let which = if ask.database_url.is_some() { "PostgreSQL" } else { "SQLite, synchronous=FULL" };
    println!("{which}, {} at once, {} bytes a message on average", ask.beside, size / ask.count.max(1));
    println!("parsed to registered       {:.0} /s", ask.count as f64 / took);
    Ok(())
}

/// Takes messages in and gives how many bytes they had.
fn take(desk: &Desk, from: u64, count: u64, beside: u64) -> Result<u64, String> {
    let (next, bytes) = (Arc::new(AtomicU64::new(from)), Arc::new(AtomicU64::new(0)));
    crate::cli::wait_plain(async {
        let mut lanes = tokio::task::JoinSet::new();
        for _ in 0..beside {
            let (desk, next, bytes) = (desk.clone(), Arc::clone(&next), Arc::clone(&bytes));
            lanes.spawn(async move {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= from + count {
                        return Ok(());
                    }
                    let raw = message(n);
                    bytes.fetch_add(raw.len() as u64, Ordering::Relaxed);
                    match mail_in::take(&desk, raw, None, true).await {
                        Ok(Taken::Registered(_)) => {}
                        Ok(other) => return Err(format!("message {n}: {other:?}")),
                        Err(error) => return Err(crate::cli::told(&error)),
                    }
                }
            });
        }
        while let Some(lane) = lanes.join_next().await {
            lane.map_err(|error| error.to_string())??;
        }
        Ok(())
    })?;
    Ok(bytes.load(Ordering::Relaxed))
}

/// A letter as programmes write it: words as text and as HTML; one in ten with a paper of eight kibibytes.
fn message(n: u64) -> Vec<u8> {
    let words = format!(
        "自四月起每月被扣二十五元视频会员费，本人从未订购。第{n}封。请退还四个月费用并取消该业务，回电13800138000。"
    );
    let mut raw = format!(
        "Received: from mx.example by op.example; Tue, 24 Nov 2026 12:00:00 +0800\r\nFrom: =?utf-8?B?546L5bCP5piO?= \
         <customer{n}@example.com>\r\nTo: care@op.example\r\nSubject: =?utf-8?B?6L+e5omj5Zub5Liq5pyI?=\r\n\
         Message-ID: <{n}@example.com>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"m\"\r\n\r\n--m\r\n\
         Content-Type: multipart/alternative; boundary=\"a\"\r\n\r\n--a\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
         {words}\r\n--a\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><body><p>{words}</p></body></html>\r\n\
         --a--\r\n"
    );
    if n.is_multiple_of(10) {
        raw.push_str(
            "--m\r\nContent-Type: application/pdf; name=\"bill.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\n",
        );
        for _ in 0..144 {
            raw.push_str("JVBERi0xLjcKJVBERi0xLjcKJVBERi0xLjcKJVBERi0xLjcKJVBERi0xLjcKJVBERi0xLjcKJVBE\r\n");
        }
    }
    raw.push_str("--m--\r\n");
    raw.into_bytes()
}
