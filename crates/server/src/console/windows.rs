//! Rights that open and close beside the clocks of a case: whose, until when, and why.

use super::Frame;
use super::times::step;
use crate::problem::Failure;
use domain::case::Case;
use jiff::Timestamp;
use policy::WindowState;

/// A window in words.
pub(super) struct Window {
    pub(super) title: String,
    /// Where it stands: the time left, or that it is over or not open yet.
    pub(super) left: String,
    pub(super) class: &'static str,
    pub(super) sign: &'static str,
    /// Until when; while it is not open yet, from when.
    pub(super) moment: String,
    pub(super) open: bool,
    pub(super) lines: Vec<String>,
}

/// The windows of a case, and what is not recorded without which others cannot be counted.
pub(super) struct Windows {
    pub(super) known: Vec<Window>,
    /// A sentence for each missing field.
    pub(super) missing: Vec<String>,
}

impl Windows {
    /// Whether there is nothing to say.
    pub(super) fn is_empty(&self) -> bool {
        self.known.is_empty() && self.missing.is_empty()
    }
}

/// The windows as they stand at a moment.
pub(super) fn windows(frame: &Frame<'_>, case: &Case, now: Timestamp) -> Result<Windows, Failure> {
    let counted = frame.app.desk.windows(case)?;
    let rules = frame.app.desk.library().rules_of(case)?;
    let known = counted.known.iter().map(|window| {
        let title = window.explanation.rule.as_ref().map(|rule| frame.language.pick(&rule.title.zh, &rule.title.en));
        let state = window.state(now);
        let words = frame.code("window", state.code());
        let (class, sign, left, moment) = match state {
            WindowState::Open => {
                let step = step(window.opens_at, window.closes_at, now);
                (step.class(), step.sign(), frame.left(window.closes_at, now), window.closes_at)
            }
            WindowState::Upcoming => ("calm", "○", words, window.opens_at),
            WindowState::Closed => ("over", "●", words, window.closes_at),
        };
        Window {
            title: title.unwrap_or(&window.rule).to_owned(),
            left,
            class,
            sign,
            moment: frame.limit(moment, &rules),
            open: state == WindowState::Open,
            lines: window.explanation.lines(frame.language.of_rules()),
        }
    });
    let missing = counted.missing.iter().map(|field| {
        let label = frame.app.locales.text(frame.language, &format!("field.{field}.label"), &[]);
        frame.tv("window_missing", &[("field", &label)])
    });
    Ok(Windows { known: known.collect(), missing: missing.collect() })
}
