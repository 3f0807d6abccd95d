//! Where people are measured at work: a copy of a seeded database, the server on it, and the desk beside it that adds them.

use super::backup::copy;
use super::process::{Scratch, Server};
use super::reports::counted;
use super::seed::key_beside;
use crate::cli::Place;
use clap::Args;
use desk::Desk;
use std::path::PathBuf;

/// Which database.
#[derive(Debug, Args)]
pub(super) struct Where {
    /// Folder of a database made by `bench seed`. The measurement works on a copy of it.
    #[arg(long, value_name = "DIR", required_unless_present = "database_url")]
    data_dir: Option<PathBuf>,
    /// PostgreSQL database made by `bench seed`; people are added to it and its cases worked on.
    #[arg(long, value_name = "URL", requires = "master_key_file")]
    database_url: Option<String>,
    /// Master key file; beside the folder if left out.
    #[arg(long, value_name = "FILE")]
    master_key_file: Option<PathBuf>,
}

/// The server, and what it stands on.
pub(super) struct Ground {
    pub(super) server: Server,
    /// A token with everything allowed.
    pub(super) token: String,
    place: Place,
    // Goes after the server that works in it.
    _scratch: Scratch,
}

impl Ground {
    /// Copies the database and starts the server on it, counted for reports.
    pub(super) fn prepare(on: &Where) -> Result<Self, String> {
        let scratch = Scratch::new()?;
        let key = match (&on.data_dir, &on.master_key_file) {
            (_, Some(key)) => key.clone(),
            (Some(from), None) => key_beside(from),
            (None, None) => return Err("name the key file with --master-key-file".to_owned()),
        };
        if let Some(from) = &on.data_dir {
            copy(from, &scratch.0)?;
        }
        let server = Server::start(&scratch.0, on.database_url.as_deref(), &key)?;
        let token = server.token()?;
        counted(&server, &token)?;
        let which = if on.database_url.is_some() { "PostgreSQL" } else { "SQLite, synchronous=FULL" };
        println!("{which}, generator on the same machine");
        let place = Place {
            data_dir: scratch.0.clone(),
            database_url: on.database_url.clone(),
            master_key_file: Some(key),
            ..Place::default()
        };
        Ok(Self { server, token, place, _scratch: scratch })
    }

    /// Does something with the desk over the same database.
    pub(super) fn with_desk<T>(&self, work: impl FnOnce(&Desk) -> Result<T, String>) -> Result<T, String> {
        let desk = self.place.open()?;
        let done = work(&desk);
        desk.db().close();
        done
    }
}
