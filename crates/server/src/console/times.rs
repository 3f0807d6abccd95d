//! Moments and spans in words, and signs for what must not hang on colour alone.

use super::Frame;
use jiff::{SignedDuration, Timestamp, civil};
use policy::Grade;

/// Where a running clock stands, in four steps of its whole span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Up to half.
    Calm,
    /// Up to three quarters.
    Half,
    /// Up to the end.
    Late,
    /// Past it.
    Over,
}

impl Step {
    /// Name of the style.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Calm => "calm",
            Self::Half => "half",
            Self::Late => "late",
            Self::Over => "over",
        }
    }

    /// A sign beside the colour.
    pub(super) fn sign(self) -> &'static str {
        match self {
            Self::Calm => "○",
            Self::Half => "◔",
            Self::Late => "◕",
            Self::Over => "●",
        }
    }
}

/// A sign beside the colour of a grade.
pub(super) fn grade_sign(grade: Grade) -> &'static str {
    match grade {
        Grade::Normal => "",
        Grade::Major => "▲",
        Grade::Urgent => "‼",
    }
}

/// The step of a clock that runs from one moment to another.
pub(super) fn step(from: Timestamp, due: Timestamp, now: Timestamp) -> Step {
    if now >= due {
        return Step::Over;
    }
    let (whole, passed) = (due.duration_since(from).as_millis().max(1), now.duration_since(from).as_millis().max(0));
    match passed * 100 / whole {
        ..50 => Step::Calm,
        50..75 => Step::Half,
        _ => Step::Late,
    }
}

impl Frame<'_> {
    /// Date and time in the installation's zone; on pages for readers outside, as the customer is told them.
    pub(crate) fn moment(&self, at: Timestamp) -> String {
        if let Some(rules) = &self.told_by {
            return rules.told(at);
        }
        self.civil(at).strftime("%Y-%m-%d %H:%M").to_string()
    }

    /// The same without the year, for dense lists.
    pub(super) fn short(&self, at: Timestamp) -> String {
        self.civil(at).strftime("%m-%d %H:%M").to_string()
    }

    /// A limit of a case: in the installation's zone while the customer's place has the same hour, else in that of the
    /// place, with what sets it off from Greenwich. The last second of a day there is no hour of another day here.
    pub(super) fn limit(&self, at: Timestamp, rules: &policy::Stack) -> String {
        let there = at.to_zoned_datetime(rules.zone());
        if self.told_by.is_some() || there.datetime() == self.civil(at) {
            return self.moment(at);
        }
        there.strftime("%Y-%m-%d %H:%M %:z").to_string()
    }

    fn civil(&self, at: Timestamp) -> civil::DateTime {
        at.to_zoned_datetime(self.app.desk.zone().clone()).datetime()
    }

    /// A moment as a form's field has it.
    pub(super) fn input(&self, at: Timestamp) -> String {
        self.civil(at).strftime("%Y-%m-%dT%H:%M").to_string()
    }

    /// The time of day alone.
    pub(super) fn time_of_day(&self, at: Timestamp) -> String {
        self.civil(at).strftime("%H:%M").to_string()
    }

    /// What a form's field says, as RFC 3339.
    pub(super) fn read_input(&self, text: &str) -> Option<String> {
        let civil: civil::DateTime = text.parse().ok()?;
        let at = self.app.desk.zone().to_ambiguous_timestamp(civil).compatible().ok()?;
        Some(at.to_string())
    }

    /// Time left or overdue, in words.
    pub(super) fn left(&self, due: Timestamp, now: Timestamp) -> String {
        let left = due.duration_since(now);
        let span = self.span(left.abs());
        let key = if left.is_negative() { "time.over" } else { "time.left" };
        self.tv(key, &[("span", &span)])
    }

    fn span(&self, span: SignedDuration) -> String {
        let minutes = span.as_mins();
        let (days, hours, rest) = (minutes / 1_440, minutes / 60 % 24, minutes % 60);
        let values = [("days", days.to_string()), ("hours", hours.to_string()), ("minutes", rest.to_string())];
        let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let key = match (days, hours) {
            (0, 0) => "time.minutes",
            (0, _) => "time.hours",
            _ => "time.days",
        };
        self.tv(key, &values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_steps() {
        let at = |hours: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours);
        for (now, expected) in [(0, Step::Calm), (11, Step::Calm), (12, Step::Half), (18, Step::Late), (24, Step::Over)]
        {
            assert_eq!(step(at(0), at(24), at(now)), expected, "{now}");
        }
        assert_eq!(step(at(5), at(5), at(5)), Step::Over);
    }
}
