//! How far an import has come, for whoever watches: one line on a terminal, nothing elsewhere.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

const EVERY: Duration = Duration::from_millis(200);
const WIDTH: usize = 20;

/// A line that is drawn anew.
pub(super) struct Progress {
    shown: bool,
    begun: Instant,
    drawn: Instant,
    /// Bytes of the file, as far as known.
    size: u64,
}

impl Progress {
    pub(super) fn new(size: u64) -> Self {
        let now = Instant::now();
        Self { shown: std::io::stderr().is_terminal(), begun: now, drawn: now, size }
    }

    /// Draws, unless it has just been drawn.
    pub(super) fn show(&mut self, read: u64, rows: u64, known: u64, rejected: u64) {
        if self.shown && self.drawn.elapsed() >= EVERY {
            self.drawn = Instant::now();
            let line = line(read, self.size, rows, self.begun.elapsed(), known, rejected);
            let _ = write!(std::io::stderr(), "\r{line}\x1b[K");
        }
    }

    /// Seconds since the beginning.
    pub(super) fn seconds(&self) -> f64 {
        self.begun.elapsed().as_secs_f64()
    }
}

/// The line goes however an import ends.
impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}

fn line(read: u64, size: u64, rows: u64, time: Duration, known: u64, rejected: u64) -> String {
    let share = (u128::from(read) * 100).checked_div(u128::from(size)).unwrap_or(100).min(100);
    let full = usize::try_from(share).unwrap_or(100) * WIDTH / 100;
    let speed = rows as f64 / time.as_secs_f64().max(0.001);
    format!(
        "[{}{}] {share:3} %  {rows} rows  {speed:.0}/s  {known} known  {rejected} rejected",
        "#".repeat(full),
        "-".repeat(WIDTH - full)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line() {
        let line = line(250, 1_000, 500, Duration::from_secs(2), 3, 1);
        assert_eq!(line, "[#####---------------]  25 %  500 rows  250/s  3 known  1 rejected");
        assert!(super::line(5, 0, 0, Duration::ZERO, 0, 0).starts_with("[####################] 100 %"));
    }
}
