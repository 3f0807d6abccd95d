//! `redress demo`: stories that show what the system does, each on an empty database.

use super::Place;
use crate::demo::tale::{COUNT, Telling, print};
use crate::locale::Language;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// What there is to see.
#[derive(Debug, Subcommand)]
pub(super) enum Demo {
    /// Tell one of ten complaints from intake to close and check that everything came out as it must. Exit code 1 if not.
    Story(Story),
}

/// A story, and where it is told.
#[derive(Debug, Args)]
pub(super) struct Story {
    /// Which, from 1 to 10.
    #[arg(value_parser = clap::value_parser!(u8).range(1..=10))]
    n: u8,
    /// Folder of an embedded database that is made for it and kept. Without it one is made and thrown away.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// An empty PostgreSQL database instead.
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// Language: zh-CN or en.
    #[arg(long, value_name = "LANG", default_value = "zh-CN")]
    lang: String,
}

const _: () = assert!(COUNT == 10, "the range of the argument");

/// Runs it.
///
/// # Errors
/// What did not come out as it must, in one line.
pub(super) fn run(ask: Demo) -> Result<(), String> {
    let Demo::Story(ask) = ask;
    let language = Language::from_tag(&ask.lang).ok_or("--lang is zh-CN or en")?;
    let own = std::env::temp_dir().join(format!("redress-story-{}", uuid::Uuid::now_v7()));
    let folder = ask.data_dir.clone().unwrap_or_else(|| own.clone());
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let place = Place {
        master_key_file: Some(folder.join("master.key")),
        data_dir: folder,
        database_url: ask.database_url.clone(),
        ..Place::default()
    };
    let told = print(&Telling { place, language }, usize::from(ask.n));
    if ask.data_dir.is_none() {
        // What is thrown away is ours alone; a rest of it harms nobody.
        let _ = std::fs::remove_dir_all(own);
    }
    told
}
