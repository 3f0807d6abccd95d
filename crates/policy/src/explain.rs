//! Explanations: how a deadline came about, as data. Machine-readable and free of language; [`Explanation::lines`]
//! gives plain sentences in either language.

mod lines;

pub(crate) use lines::{basis_line, day, days_words, local_in, rule_line, version_line};

use crate::basis::{Basis, Confidence, Layer, Source, Status};
use crate::calendar::{Calendar, DayKind};
use crate::clock::{ClockKind, Start};
use crate::counting::{Counting, Roll};
use crate::duration::Amount;
use crate::grade::Grade;
use crate::rule::VersionSpan;
use crate::text::Text;
use crate::window::WindowFrom;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Nobody reads further; the rest is counted, not listed.
const MOST_STEPS: usize = 200;

/// How a deadline came about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// The rule that asked for it, when one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleRef>,
    /// Identity of the calendar.
    pub calendar: String,
    /// The day as known on which the calendar stands.
    pub calendar_version: Date,
    /// Time zone in which days begin and end.
    pub zone: String,
    /// What was counted from.
    pub start: Timestamp,
    /// The amount as the rule writes it.
    pub amount: Amount,
    /// The way of counting.
    pub counting: Counting,
    /// What was counted and skipped, in order.
    pub steps: Vec<Step>,
    /// Steps left out because there are too many to list.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub steps_left_out: u32,
    /// What a reader must know about the result.
    pub notes: Vec<Note>,
    /// What would lead to another result.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// The result, inclusive.
    pub due_at: Timestamp,
}

/// Something that would change a result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    /// Another grade.
    Grade {
        /// The grade.
        grade: Grade,
        /// When it would be due; nothing where such a case has no such limit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due_at: Option<Timestamp>,
    },
    /// Another kind of area.
    Area {
        /// `urban` or `rural`.
        area: String,
        /// When it would be due.
        due_at: Timestamp,
    },
    /// Waiting; where a list is given, only for what it names.
    Waiting {
        /// What the case may wait for.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        for_: Vec<String>,
    },
    /// A longer time, once.
    Extension {
        /// When it would be due.
        due_at: Timestamp,
    },
    /// A newer calendar.
    Calendar,
    /// Nothing: it was counted for good when the matter was received.
    Nothing,
}

// The signature is serde's.
#[expect(clippy::trivially_copy_pass_by_ref)]
const fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// The rule behind a deadline, with everything that stands behind the rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleRef {
    /// Identity of the pack.
    pub pack: String,
    /// Version of the pack.
    pub pack_version: String,
    /// Whether the pack may govern cases for real.
    pub pack_status: Status,
    /// Identity of the rule.
    pub rule: String,
    /// What people call it.
    pub title: Text,
    /// Whether the operator may edit it.
    pub layer: Layer,
    /// What it rests on.
    pub basis: Basis,
    /// How sure the figure is.
    pub confidence: Confidence,
    /// Where the figure was read.
    pub source: Source,
    /// The grade that chose the amount; none where no grade has a part in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grade: Option<Grade>,
    /// The dates the rule holds for, where it changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<VersionSpan>,
    /// What kind of clock it is; none for a window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<ClockKind>,
    /// What starts such a clock; empty for a window.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub start: Vec<Start>,
    /// What such a window counts from; none for a clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<WindowFrom>,
    /// Whether compliance may be stated from this rule.
    pub states_compliance: bool,
}

impl RuleRef {
    /// What it rests on, how sure that is, where it was read, and whether it states compliance, as one line.
    #[must_use]
    pub fn basis_line(&self, lang: crate::Lang) -> String {
        basis_line(self, lang)
    }
}

/// One step of the counting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Step {
    /// Elapsed time, through nights and holidays.
    Elapsed {
        /// Hours.
        hours: u32,
    },
    /// Elapsed time of less than hours.
    ElapsedMinutes {
        /// Minutes.
        minutes: u32,
    },
    /// Counting begins on the day after.
    FirstDayExcluded {
        /// The local date of the start.
        date: Date,
    },
    /// Counting begins on the day itself.
    FirstDayIncluded {
        /// The local date of the start.
        date: Date,
    },
    /// Consecutive days that count.
    Counted {
        /// The first of them.
        from: Date,
        /// The last of them.
        to: Date,
        /// How many.
        days: u32,
    },
    /// A day of the weekend that counts because it makes up for a holiday.
    CountedMakeUp {
        /// The day.
        date: Date,
        /// The holiday it makes up for.
        name: Text,
    },
    /// A day of shortened hours that counts.
    CountedHalfDay {
        /// The day.
        date: Date,
        /// Why it is shortened.
        name: Text,
    },
    /// A day of shortened hours that does not count.
    SkippedHalfDay {
        /// The day.
        date: Date,
        /// Why it is shortened.
        name: Text,
    },
    /// A day of shortened hours, before the time taken from it.
    ShortHours {
        /// The day.
        date: Date,
        /// Why it is shortened.
        name: Text,
    },
    /// Consecutive days of a weekend that do not count.
    SkippedWeekend {
        /// The first of them.
        from: Date,
        /// The last of them.
        to: Date,
    },
    /// Consecutive days of one holiday that do not count.
    SkippedHoliday {
        /// The first of them.
        from: Date,
        /// The last of them.
        to: Date,
        /// The holiday.
        name: Text,
    },
    /// Months by the calendar.
    Months {
        /// How many.
        months: u32,
        /// The local date of the start.
        from: Date,
        /// Where they lead.
        to: Date,
        /// Whether the month was too short and its last day was taken.
        clamped: bool,
    },
    /// A stretch of time in which the clock stood still.
    StoodStill {
        /// When it stopped.
        from: Timestamp,
        /// When it ran again.
        to: Timestamp,
    },
    /// Consecutive days that do not count because the clock stood still at their ends.
    PausedDays {
        /// The first of them.
        from: Date,
        /// The last of them.
        to: Date,
    },
    /// Days added to months, one for each day whose end fell into a pause.
    Lengthened {
        /// How many.
        days: u32,
    },
    /// Working time of one stretch.
    Worked {
        /// The day.
        date: Date,
        /// Minutes taken from it.
        minutes: u32,
    },
    /// Less than the amount is allowed.
    StrictlyLess {
        /// The last allowed day; none where seconds are counted.
        to: Option<Date>,
    },
    /// The last day moved.
    Rolled {
        /// By which rule.
        rule: Roll,
        /// The day counting led to.
        from: Date,
        /// The day that holds.
        to: Date,
    },
}

/// What a reader must know about a result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "note", rename_all = "snake_case")]
pub enum Note {
    /// A day that was looked at is not settled yet; the result may change with the calendar.
    Provisional {
        /// The first such day.
        date: Date,
        /// Why.
        text: Text,
    },
    /// The result lies beyond the last year dates can express, and stays there.
    OutOfRange,
    /// The calendar states no working hours, so the time never ends.
    NoWorkingHours,
    /// Counting led before the start; the start holds.
    NotBeforeStart,
    /// Standing still never shortens: the limit as if the clock had not stood still holds.
    NeverShortened {
        /// The limit counted with the standstill.
        counted: Timestamp,
    },
    /// The limit from before a change of grade was earlier and holds.
    EarlierLimitKept {
        /// The limit counted for the grade the case has now.
        computed: Timestamp,
    },
    /// Another time was agreed with the customer.
    Agreed {
        /// The limit the rule itself would give.
        computed: Timestamp,
    },
    /// The clock was taken over from another case with the limit it had there.
    TakenOver {
        /// The limit that was taken over.
        due_at: Timestamp,
    },
    /// The rule is no longer for such a case; the limit is the one it had while it was.
    NoLongerApplies,
    /// The clock stands still until further notice, so nothing is due yet.
    StandsStill {
        /// Since when.
        since: Timestamp,
    },
    /// Nobody recorded the kind of area; it counts as urban, whose limit is the stricter one.
    AreaAssumed,
    /// The time of day decided whether the day itself or the next one counts.
    SameDay {
        /// The time of day, as in 16:00.
        before: String,
        /// Whether the start lies before it.
        in_time: bool,
    },
    /// How the rule is read where its source leaves it open.
    Interpretation {
        /// The reading.
        text: Text,
    },
}

impl Explanation {
    /// An explanation without steps, to be filled while counting.
    pub(crate) fn begin(start: Timestamp, amount: Amount, counting: Counting, calendar: &Calendar) -> Self {
        Self {
            rule: None,
            calendar: calendar.id().to_owned(),
            calendar_version: calendar.version(),
            zone: calendar.zone_name().to_owned(),
            start,
            amount,
            counting,
            steps: Vec::new(),
            steps_left_out: 0,
            notes: Vec::new(),
            changes: Vec::new(),
            due_at: start,
        }
    }

    /// The explanation of a running clock whose limit stayed at an earlier moment when the grade changed.
    #[must_use]
    pub fn keeping(mut self, running: Timestamp) -> Self {
        if running < self.due_at {
            self.notes.push(Note::EarlierLimitKept { computed: self.due_at });
            self.due_at = running;
        }
        self
    }

    /// The explanation of a clock whose time was agreed with the customer.
    #[must_use]
    pub fn agreed(mut self, running: Timestamp) -> Self {
        if running != self.due_at {
            self.notes.push(Note::Agreed { computed: self.due_at });
            self.due_at = running;
        }
        self
    }

    /// The explanation of a clock that was taken over from another case: the limit it had there holds.
    #[must_use]
    pub fn taken_over(mut self, due_at: Timestamp) -> Self {
        self.notes.push(Note::TakenOver { due_at });
        self.due_at = due_at;
        self
    }

    /// The explanation of a clock whose rule is no longer for the case: the limit it had holds, and nothing moves it.
    #[must_use]
    pub fn no_longer(mut self, due_at: Timestamp) -> Self {
        self.notes.push(Note::NoLongerApplies);
        self.changes = Vec::new();
        self.due_at = due_at;
        self
    }

    fn push(&mut self, step: Step) {
        if self.steps.len() < MOST_STEPS {
            self.steps.push(step);
        } else {
            self.steps_left_out = self.steps_left_out.saturating_add(1);
        }
    }

    /// Lengthens the last step by a day that follows it and is of the same kind.
    fn lengthen(&mut self, day: Date, kind: DayKind<'_>) -> bool {
        if self.steps_left_out > 0 {
            return false;
        }
        let follows = |to: Date| to.tomorrow().is_ok_and(|next| next == day);
        match (self.steps.last_mut(), kind) {
            (Some(Step::Counted { to, days, .. }), DayKind::Workday) if follows(*to) => {
                *to = day;
                *days = days.saturating_add(1);
                true
            }
            (Some(Step::SkippedWeekend { to, .. }), DayKind::Weekend) if follows(*to) => {
                *to = day;
                true
            }
            (Some(Step::SkippedHoliday { to, name, .. }), DayKind::Holiday(same)) if follows(*to) && name == same => {
                *to = day;
                true
            }
            _ => false,
        }
    }
}

/// What counting tells while it goes; nothing listens when only the moment is asked for.
pub(crate) trait Trace {
    /// Whether anybody wants to know of each day.
    const LISTENS: bool;

    /// A step other than a single day.
    fn step(&mut self, make: impl FnOnce() -> Step);
    /// A day that was counted or skipped.
    fn day(&mut self, day: Date, kind: DayKind<'_>, calendar: &Calendar);
    /// A day the result leans on without counting it.
    fn touch(&mut self, day: Date, calendar: &Calendar);
    /// A day that counted because every day counts, so that the calendar has no part in it.
    fn counted_day(&mut self, day: Date);
    /// A day that does not count because the clock stood still at its end.
    fn paused_day(&mut self, day: Date);
    /// A remark, told once.
    fn note(&mut self, make: impl FnOnce() -> Note);

    /// A day whose working hours are about to be counted.
    fn day_of_hours(&mut self, day: Date, calendar: &Calendar) {
        match calendar.day_kind(day) {
            DayKind::Workday | DayKind::MakeUp(_) => self.touch(day, calendar),
            DayKind::HalfDay { name, .. } => {
                self.touch(day, calendar);
                self.step(|| Step::ShortHours { date: day, name: name.clone() });
            }
            kind => self.day(day, kind, calendar),
        }
    }
}

impl Trace for () {
    const LISTENS: bool = false;

    fn step(&mut self, _: impl FnOnce() -> Step) {}
    fn day(&mut self, _: Date, _: DayKind<'_>, _: &Calendar) {}
    fn touch(&mut self, _: Date, _: &Calendar) {}
    fn counted_day(&mut self, _: Date) {}
    fn paused_day(&mut self, _: Date) {}
    fn note(&mut self, _: impl FnOnce() -> Note) {}
}

impl Trace for Explanation {
    const LISTENS: bool = true;

    fn step(&mut self, make: impl FnOnce() -> Step) {
        self.push(make());
    }

    fn day(&mut self, day: Date, kind: DayKind<'_>, calendar: &Calendar) {
        self.touch(day, calendar);
        if self.lengthen(day, kind) {
            return;
        }
        self.push(match kind {
            DayKind::Workday => Step::Counted { from: day, to: day, days: 1 },
            DayKind::MakeUp(name) => Step::CountedMakeUp { date: day, name: name.clone() },
            DayKind::HalfDay { name, counts: true } => Step::CountedHalfDay { date: day, name: name.clone() },
            DayKind::HalfDay { name, counts: false } => Step::SkippedHalfDay { date: day, name: name.clone() },
            DayKind::Weekend => Step::SkippedWeekend { from: day, to: day },
            DayKind::Holiday(name) => Step::SkippedHoliday { from: day, to: day, name: name.clone() },
        });
    }

    fn touch(&mut self, day: Date, calendar: &Calendar) {
        let Some(text) = calendar.provisional_note(day) else {
            return;
        };
        let told = |note: &Note| matches!(note, Note::Provisional { text: known, .. } if known == text);
        if !self.notes.iter().any(told) {
            self.notes.push(Note::Provisional { date: day, text: text.clone() });
        }
    }

    fn counted_day(&mut self, day: Date) {
        if !self.lengthen(day, DayKind::Workday) {
            self.push(Step::Counted { from: day, to: day, days: 1 });
        }
    }

    fn paused_day(&mut self, day: Date) {
        let left_out = self.steps_left_out > 0;
        match self.steps.last_mut() {
            Some(Step::PausedDays { to, .. }) if !left_out && to.tomorrow().is_ok_and(|next| next == day) => *to = day,
            _ => self.push(Step::PausedDays { from: day, to: day }),
        }
    }

    fn note(&mut self, make: impl FnOnce() -> Note) {
        let note = make();
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }
}
