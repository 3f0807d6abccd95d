//! How far a long command is, on a terminal only: one line that is written over, and gone at the end.

use desk::backup::{Progress, Watch};
use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

/// Written anew so often; more would only flicker.
const EVERY: Duration = Duration::from_millis(200);
/// Back to the beginning of the line, and everything after it gone.
const CLEAR: &str = "\r\x1b[K";

/// Watches over a copy. Nothing is said to a file or a pipe.
pub(super) fn watch(quiet: bool) -> Watch {
    let mut err = std::io::stderr();
    if quiet || !err.is_terminal() {
        return Box::new(|_| {});
    }
    let mut said: Option<Instant> = None;
    Box::new(move |progress| {
        let done = progress.rows >= progress.of;
        if done && said.take().is_some() {
            let _ = write!(err, "{CLEAR}").and_then(|()| err.flush());
        } else if !done && said.is_none_or(|at| at.elapsed() >= EVERY) {
            let _ = write!(err, "{CLEAR}{}", line(&progress)).and_then(|()| err.flush());
            said = Some(Instant::now());
        }
    })
}

fn line(progress: &Progress<'_>) -> String {
    let percent = u128::from(progress.rows) * 100 / u128::from(progress.of.max(1));
    format!("{percent:3} %  {} of {} rows  {}", progress.rows, progress.of, progress.table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_far_and_where() {
        let progress = Progress { table: "entries", rows: 250, of: 1_000 };
        assert_eq!(line(&progress), " 25 %  250 of 1000 rows  entries");
        assert_eq!(line(&Progress { table: "keyring", rows: 0, of: 0 }), "  0 %  0 of 0 rows  keyring");
    }
}
