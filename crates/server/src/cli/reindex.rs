//! `redress reindex`.

use super::place::Place;
use super::{say, told};
use clap::Args;
use desk::search::{self, Feeder, Wish};
use std::time::{Duration, Instant};

/// Between two looks at whether it was done.
const LOOK: Duration = Duration::from_millis(100);

/// Options of `reindex`.
#[derive(Debug, Args)]
pub(super) struct Reindex {
    #[command(flatten)]
    place: Place,
}

/// Asks for a new index and waits until it is made: by the server that runs, or else here.
///
/// # Errors
/// In one line.
pub(super) fn run(ask: &Reindex) -> Result<(), String> {
    let begun = Instant::now();
    let desk = ask.place.open()?;
    let folder = search::folder(&ask.place.data_dir);
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    search::wish(&folder, true).map_err(|error| told(&error))?;
    let mut feeder = Feeder::new(desk.clone(), &folder);
    let mut taken = 0;
    // Where a server feeds this folder it holds the lock: then this only looks on.
    while search::wish(&folder, false).map_err(|error| told(&error))? == Wish::Waiting {
        taken += feeder.go_on(&|| false).map_err(|error| told(&error))?;
        std::thread::sleep(LOOK);
    }
    drop(feeder);
    desk.db().close();
    let seconds = begun.elapsed().as_secs_f64();
    match taken {
        0 => say(format_args!("{}: made anew in {seconds:.1} s", folder.display())),
        _ => say(format_args!("{}: made anew of {taken} cases in {seconds:.1} s", folder.display())),
    }
}
