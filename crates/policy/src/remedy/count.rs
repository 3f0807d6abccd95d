//! What a compensation comes to: counted day by day, told line by line. Whole minor units throughout; a part of a fee is
//! rounded half up, on each day where it is a share of the fee, on each line where it is the fee for the time.
//!
//! What the sources leave open is read in one way and said so in the explanation: a day has the rate valid on that day,
//! also where the time spans a change; days left out keep their number, so that the fifth day stays the fifth.

use super::compensation::{CompensationRule, Exclusion, LastDay, OnceOver, Owed, Per, Rate, SetOff};
use crate::calendar::Calendar;
use crate::code::codes;
use crate::counting::Counting;
use crate::deadline::{due, due_at};
use crate::duration::Amount;
use crate::explain::{Explanation, Note, RuleRef};
use crate::money::Sum;
use crate::text::Text;
use jiff::civil::{Date, Time};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

/// What happened, as far as a compensation asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// When it began.
    pub from: Timestamp,
    /// When it ended; none while it lasts.
    pub until: Option<Timestamp>,
    /// What lasts is counted up to this moment.
    pub as_of: Timestamp,
    /// What the customer pays a month.
    pub monthly_fee: Option<Sum>,
    /// What was charged for the work that is late.
    pub fee_charged: Option<Sum>,
    /// Days that are left out, and why.
    pub excluded: Vec<Excluded>,
    /// What was given already for the same trouble.
    pub credited: Option<Sum>,
    /// What the same rule has already led to for this time.
    pub awarded: Option<Sum>,
}

impl Incident {
    /// Something that began then and lasts.
    #[must_use]
    pub const fn lasting(from: Timestamp, as_of: Timestamp) -> Self {
        Self {
            from,
            until: None,
            as_of,
            monthly_fee: None,
            fee_charged: None,
            excluded: Vec::new(),
            credited: None,
            awarded: None,
        }
    }
}

/// Days that are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Excluded {
    /// Why.
    pub reason: Exclusion,
    /// The first and the last of them; without, the whole time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days: Option<(Date, Date)>,
}

codes! {
    /// What has to be known before a compensation can be counted.
    pub Lacks {
        /// What the customer pays a month.
        MonthlyFee = "monthly_fee",
        /// What was charged for the work that is late.
        FeeCharged = "fee_charged",
        /// A rate for one of the days: the pack has none.
        Rate = "rate",
        /// One currency for all sums.
        Currency = "currency",
    }
}

/// How the sum of a line comes about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum How {
    /// A fixed sum.
    Fixed,
    /// A share of what the customer pays a month.
    OfMonthlyFee {
        /// Hundredths of a percent.
        share: u32,
        /// The fee.
        fee: Sum,
    },
    /// A share of what was charged.
    OfFeeCharged {
        /// Hundredths of a percent.
        share: u32,
        /// What was charged.
        fee: Sum,
    },
    /// The larger of two.
    Larger {
        /// The fixed sum.
        fixed: Sum,
        /// Hundredths of a percent.
        share: u32,
        /// The fee.
        fee: Sum,
        /// What the share comes to.
        comes_to: Sum,
    },
    /// The fee for the time.
    Proportional {
        /// The monthly fee.
        fee: Sum,
        /// Days of the month.
        month: u32,
    },
    /// It cannot be said before this is known.
    Unknown {
        /// What.
        lacks: Lacks,
    },
}

/// What is taken off, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Off {
    /// What was given already, which the rule sets off.
    Credited(SetOff),
    /// What the same rule has already led to for this time.
    Awarded,
}

/// One line of the counting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "line", rename_all = "snake_case")]
pub enum Line {
    /// It ended before the free time was over.
    WithinFree,
    /// Nothing is owed for the free time.
    Free {
        /// The first day something is owed for.
        counted_from: Date,
    },
    /// The free time is over, so the whole time is owed.
    Over,
    /// The whole time is left out.
    AllExcluded {
        /// Why.
        reason: Exclusion,
    },
    /// Days for which a rate is owed.
    Owed {
        /// The first of them.
        from: Date,
        /// The last of them.
        to: Date,
        /// How many.
        days: u32,
        /// The number of the first, counted after the free time.
        first: u32,
        /// Since when the rate holds.
        #[serde(skip_serializing_if = "Option::is_none")]
        valid_from: Option<Date>,
        /// How the sum comes about.
        #[serde(flatten)]
        how: How,
        /// For one day; none where only the whole line has a sum.
        #[serde(skip_serializing_if = "Option::is_none")]
        each: Option<Sum>,
        /// The sum; none while something is not known.
        #[serde(skip_serializing_if = "Option::is_none")]
        sum: Option<Sum>,
    },
    /// Owed once.
    Once {
        /// The day it happened.
        date: Date,
        /// Since when the rate holds.
        #[serde(skip_serializing_if = "Option::is_none")]
        valid_from: Option<Date>,
        /// How the sum comes about.
        #[serde(flatten)]
        how: How,
        /// The sum; none while something is not known.
        #[serde(skip_serializing_if = "Option::is_none")]
        sum: Option<Sum>,
    },
    /// Days that are left out.
    Excluded {
        /// The first of them.
        from: Date,
        /// The last of them.
        to: Date,
        /// Why.
        reason: Exclusion,
    },
    /// Days on which nobody works, where only business days are owed.
    RestDays {
        /// The first of them.
        from: Date,
        /// The last of them.
        to: Date,
    },
    /// Days on which the trouble did not last long enough.
    TooShort {
        /// The first of them.
        from: Date,
        /// The last of them.
        to: Date,
        /// How long it has to last.
        over: Amount,
    },
    /// The day it ended, which does not count.
    LastDay {
        /// The day.
        date: Date,
    },
    /// Days for which the pack has no rate.
    NoRate {
        /// The first of them.
        from: Date,
        /// The last of them.
        to: Date,
    },
    /// More is never owed.
    Capped {
        /// The most.
        at_most: Sum,
        /// What lies above it.
        off: Sum,
    },
    /// What is taken off.
    SetOff {
        /// Why.
        what: Off,
        /// What was given.
        given: Sum,
        /// What of it is taken off.
        off: Sum,
    },
}

impl Line {
    /// What the line adds, or takes off, in hundredths.
    #[must_use]
    pub fn adds(&self) -> i64 {
        match self {
            Self::Owed { sum: Some(sum), .. } | Self::Once { sum: Some(sum), .. } => sum.hundredths,
            Self::Capped { off, .. } | Self::SetOff { off, .. } => off.hundredths.saturating_neg(),
            _ => 0,
        }
    }
}

/// How an open question is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "note", rename_all = "snake_case")]
pub enum Reading {
    /// The rate changed within the time: each day has the one valid on it.
    RateOfEachDay,
    /// Days left out keep their number.
    DaysKeepTheirNumber,
    /// Parts of a fee are rounded half up.
    Rounded {
        /// To this step.
        to: Sum,
        /// Whether each day is rounded, or each line.
        each_day: bool,
    },
    /// It lasts; counted up to a moment.
    Lasts {
        /// The moment.
        as_of: Timestamp,
    },
    /// A day that was looked at is not settled in the calendar.
    Provisional {
        /// The day.
        date: Date,
        /// Why.
        text: Text,
    },
    /// How the rule is read where its source leaves it open.
    Interpretation {
        /// The reading.
        text: Text,
    },
}

/// What a compensation comes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Compensation {
    /// The rule, with everything that stands behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleRef>,
    /// Identity of the calendar.
    pub calendar: String,
    /// The day as known on which the calendar stands.
    pub calendar_version: Date,
    /// Time zone in which days begin and end.
    pub zone: String,
    /// When it began.
    pub from: Timestamp,
    /// When it ended; none while it lasts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// How the free time was counted, where there is some.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub free: Option<Box<Explanation>>,
    /// What was counted, in order.
    pub lines: Vec<Line>,
    /// What is owed; none while something is not known, or where nothing is and no currency was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<Sum>,
    /// What has to be known first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Lacks>,
    /// The most that is owed, where more was counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capped_by: Option<Sum>,
    /// What a reader must know.
    pub notes: Vec<Reading>,
    /// By when it is paid; none while the trouble lasts, or where the rule does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pay_by: Option<Timestamp>,
}

impl Compensation {
    /// What is owed, in hundredths: nothing while something is not known.
    #[must_use]
    pub fn hundredths(&self) -> i64 {
        self.total.as_ref().map_or(0, |total| total.hundredths)
    }

    fn lacks(&mut self, what: Lacks) {
        if !self.missing.contains(&what) {
            self.missing.push(what);
        }
    }

    fn note(&mut self, reading: Reading) {
        if !self.notes.contains(&reading) {
            self.notes.push(reading);
        }
    }

    fn touch(&mut self, day: Date, calendar: &Calendar) {
        let Some(text) = calendar.provisional_note(day) else { return };
        let told = |note: &Reading| matches!(note, Reading::Provisional { text: known, .. } if known == text);
        if !self.notes.iter().any(told) {
            self.notes.push(Reading::Provisional { date: day, text: text.clone() });
        }
    }
}

/// What a day is to the count.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Day<'r> {
    Owed(&'r Rate),
    Excluded(Exclusion),
    Rest,
    TooShort(Amount),
    NoRate,
}

/// Consecutive days of one kind.
struct Run<'r> {
    from: Date,
    to: Date,
    days: u32,
    /// Number of the first day, counted after the free time.
    first: u32,
    day: Day<'r>,
}

impl CompensationRule {
    /// What it comes to for what happened. Total: every input has an answer, and it is never below zero.
    #[must_use]
    pub fn count(&self, incident: &Incident, calendar: &Calendar) -> Compensation {
        let begun = Compensation {
            rule: None,
            calendar: calendar.id().to_owned(),
            calendar_version: calendar.version(),
            zone: calendar.zone_name().to_owned(),
            from: incident.from,
            until: incident.until,
            free: None,
            lines: Vec::new(),
            total: None,
            missing: Vec::new(),
            capped_by: None,
            notes: Vec::new(),
            pay_by: self.pay_by(incident, calendar),
        };
        Count { rule: self, incident, calendar, found: begun }.run()
    }

    fn pay_by(&self, incident: &Incident, calendar: &Calendar) -> Option<Timestamp> {
        let within = self.pay_within?;
        let end = if self.per == Per::Event { Some(incident.from) } else { incident.until };
        Some(due_at(end?, within, &Counting::usual(within), calendar))
    }
}

struct Count<'c> {
    rule: &'c CompensationRule,
    incident: &'c Incident,
    calendar: &'c Calendar,
    found: Compensation,
}

impl<'c> Count<'c> {
    fn run(mut self) -> Compensation {
        if let Some(all) = self.incident.excluded.iter().find(|one| one.days.is_none()) {
            self.found.lines.push(Line::AllExcluded { reason: all.reason });
        } else if let Some(free_until) = self.beyond_free() {
            match self.rule.per {
                Per::Event => self.once(),
                Per::Day | Per::BusinessDay => self.daily(free_until),
            }
        }
        self.sum();
        self.found
    }

    fn end(&self) -> Timestamp {
        self.incident.until.unwrap_or(self.incident.as_of)
    }

    fn date(&self, at: Timestamp) -> Date {
        self.calendar.zone().to_datetime(at).date()
    }

    /// When the free time ends, if anything lies beyond it; the start, where there is none.
    fn beyond_free(&mut self) -> Option<Option<Timestamp>> {
        let lasts = self.incident.until.is_none() && self.rule.per != Per::Event;
        if lasts {
            self.found.note(Reading::Lasts { as_of: self.incident.as_of });
        }
        let free = self.rule.free;
        if free == Amount::Instant {
            // What happens once needs no end.
            let any = self.rule.per == Per::Event || self.end() > self.incident.from;
            return any.then_some(None);
        }
        let counted = due(self.incident.from, free, &Counting::usual(free), self.calendar);
        for note in &counted.explanation.notes {
            if let Note::Provisional { date, text } = note {
                self.found.note(Reading::Provisional { date: *date, text: text.clone() });
            }
        }
        self.found.free = Some(Box::new(counted.explanation));
        if self.end() <= counted.at {
            self.found.lines.push(Line::WithinFree);
            return None;
        }
        Some(Some(counted.at))
    }

    fn once(&mut self) {
        let date = self.date(self.incident.from);
        let Some(rate) = self.rule.rate(date, 1) else {
            self.found.lacks(Lacks::Rate);
            self.found.lines.push(Line::NoRate { from: date, to: date });
            return;
        };
        let (how, sum) = self.price(&rate.owed, date);
        self.found.lines.push(Line::Once { date, valid_from: rate.valid_from, how, sum });
    }

    fn daily(&mut self, free_until: Option<Timestamp>) {
        let begun = self.date(self.incident.from);
        let first = match free_until {
            None => begun,
            Some(_) if self.rule.once_over == OnceOver::Everything => {
                self.found.lines.push(Line::Over);
                begun
            }
            Some(until) => {
                let after = until.checked_add(SignedDuration::from_secs(1)).unwrap_or(Timestamp::MAX);
                let first = self.date(after);
                self.found.lines.push(Line::Free { counted_from: first });
                first
            }
        };
        let ended = self.calendar.zone().to_datetime(self.end());
        // What ends with the first moment of a day has not touched it.
        let touched = if ended.time() == Time::midnight() { None } else { Some(ended.date()) };
        let left_out = touched.filter(|date| self.rule.last_day == LastDay::Excluded && *date >= first);
        let last = match touched.filter(|_| left_out.is_none()) {
            Some(date) => Some(date),
            None => ended.date().yesterday().ok(),
        };
        let runs = last.map(|last| self.runs(first, last)).unwrap_or_default();
        self.tell(&runs);
        self.found.lines.extend(left_out.map(|date| Line::LastDay { date }));
    }

    /// The days from one to another, like ones together.
    fn runs(&mut self, first: Date, last: Date) -> Vec<Run<'c>> {
        let mut runs: Vec<Run<'c>> = Vec::new();
        let mut number: u32 = 0;
        let mut day = first;
        while day <= last {
            let is = self.day(day, &mut number);
            let proportional = matches!(is, Day::Owed(Rate { owed: Owed::Proportional, .. }));
            match runs.last_mut() {
                // A month has its own share of the monthly fee.
                Some(run) if run.day == is && !(proportional && run.to.month() != day.month()) => {
                    run.to = day;
                    run.days = run.days.saturating_add(1);
                }
                _ => runs.push(Run { from: day, to: day, days: 1, first: number, day: is }),
            }
            let Ok(next) = day.tomorrow() else { break };
            day = next;
        }
        runs
    }

    /// What a day is to the count; a day late has the next number.
    fn day(&mut self, day: Date, number: &mut u32) -> Day<'c> {
        if self.rule.per == Per::BusinessDay {
            self.found.touch(day, self.calendar);
            if !self.calendar.is_business_day(day) {
                return Day::Rest;
            }
        }
        if let Some(over) = self.rule.day_over
            && self.lasted(day) <= SignedDuration::from_hours(i64::from(over.count()))
        {
            return Day::TooShort(over);
        }
        *number = number.saturating_add(1);
        let within = |one: &&Excluded| one.days.is_some_and(|(from, to)| from <= day && day <= to);
        if let Some(excluded) = self.incident.excluded.iter().find(within) {
            return Day::Excluded(excluded.reason);
        }
        self.rule.rate(day, *number).map_or(Day::NoRate, Day::Owed)
    }

    /// How long it lasted within a day.
    fn lasted(&self, day: Date) -> SignedDuration {
        let zone = self.calendar.zone();
        let begins = |day: Date| zone.to_timestamp(day.to_datetime(Time::midnight()));
        let (Ok(begin), Ok(end)) = (begins(day), day.tomorrow().and_then(begins)) else {
            return SignedDuration::ZERO;
        };
        begin.max(self.incident.from).duration_until(end.min(self.end())).max(SignedDuration::ZERO)
    }

    fn tell(&mut self, runs: &[Run<'_>]) {
        let mut rates: Vec<&Rate> = Vec::new();
        for run in runs {
            let (from, to) = (run.from, run.to);
            let line = match run.day {
                Day::Rest => Line::RestDays { from, to },
                Day::TooShort(over) => Line::TooShort { from, to, over },
                Day::Excluded(reason) => Line::Excluded { from, to, reason },
                Day::NoRate => {
                    self.found.lacks(Lacks::Rate);
                    Line::NoRate { from, to }
                }
                Day::Owed(rate) => {
                    if rates.iter().any(|other| other.from_day == rate.from_day && other.valid_from != rate.valid_from)
                    {
                        self.found.note(Reading::RateOfEachDay);
                    }
                    rates.push(rate);
                    self.owed(run, rate)
                }
            };
            self.found.lines.push(line);
        }
        let excluded = runs.iter().any(|run| matches!(run.day, Day::Excluded(_)));
        if excluded && self.rule.rates.iter().any(|rate| rate.from_day > 1) {
            self.found.note(Reading::DaysKeepTheirNumber);
        }
    }

    fn owed(&mut self, run: &Run<'_>, rate: &Rate) -> Line {
        let (how, each) = self.price(&rate.owed, run.from);
        let (each, sum) = match &how {
            How::Proportional { fee, month } => (None, Some(fee.part(run.days, *month))),
            _ => {
                let sum = each.as_ref().map(|each| each.times(run.days));
                (each, sum)
            }
        };
        let (from, to, days, first) = (run.from, run.to, run.days, run.first);
        Line::Owed { from, to, days, first, valid_from: rate.valid_from, how, each, sum }
    }

    /// What is owed for one span on a day, and how that comes about.
    fn price(&mut self, owed: &Owed, day: Date) -> (How, Option<Sum>) {
        let incident = self.incident;
        let (monthly, charged) = (incident.monthly_fee.as_ref(), incident.fee_charged.as_ref());
        match owed {
            Owed::Fixed(sum) => (How::Fixed, Some(sum.clone())),
            Owed::OfMonthlyFee(share) => match monthly {
                Some(fee) => {
                    let sum = self.share(fee, *share);
                    (How::OfMonthlyFee { share: *share, fee: fee.clone() }, Some(sum))
                }
                None => self.unknown(Lacks::MonthlyFee),
            },
            Owed::OfFeeCharged(share) => match charged {
                Some(fee) => {
                    let sum = self.share(fee, *share);
                    (How::OfFeeCharged { share: *share, fee: fee.clone() }, Some(sum))
                }
                None => self.unknown(Lacks::FeeCharged),
            },
            Owed::Larger(fixed, share) => match monthly {
                Some(fee) => {
                    let comes_to = self.share(fee, *share);
                    let larger = if comes_to.hundredths > fixed.hundredths { comes_to.clone() } else { fixed.clone() };
                    let how = How::Larger { fixed: fixed.clone(), share: *share, fee: fee.clone(), comes_to };
                    (how, Some(larger))
                }
                None => self.unknown(Lacks::MonthlyFee),
            },
            Owed::Proportional => match monthly {
                Some(fee) => {
                    let to = Sum::new(Sum::step(&fee.currency), &fee.currency);
                    self.found.note(Reading::Rounded { to, each_day: false });
                    let month = u32::try_from(day.days_in_month()).unwrap_or(30);
                    (How::Proportional { fee: fee.clone(), month }, None)
                }
                None => self.unknown(Lacks::MonthlyFee),
            },
        }
    }

    /// Hundredths of a percent of a fee.
    fn share(&mut self, fee: &Sum, share: u32) -> Sum {
        let to = Sum::new(Sum::step(&fee.currency), &fee.currency);
        self.found.note(Reading::Rounded { to, each_day: true });
        fee.part(share, 10_000)
    }

    fn unknown(&mut self, lacks: Lacks) -> (How, Option<Sum>) {
        self.found.lacks(lacks);
        (How::Unknown { lacks }, None)
    }

    fn sum(&mut self) {
        let sums = self.found.lines.iter().filter_map(|line| match line {
            Line::Owed { sum, .. } | Line::Once { sum, .. } => sum.as_ref(),
            _ => None,
        });
        let given = [&self.incident.credited, &self.incident.awarded].into_iter().flatten();
        let mut named: Vec<&str> = self.rule.currency().into_iter().collect();
        named.extend(sums.chain(given).map(|sum| sum.currency.as_str()));
        // Without a rate that asks for it a fee still says what currency nothing is owed in.
        named.extend(
            self.incident.monthly_fee.iter().chain(&self.incident.fee_charged).map(|fee| fee.currency.as_str()),
        );
        let Some(currency) = named.first().map(|currency| (*currency).to_owned()) else { return };
        if named.iter().any(|other| *other != currency) {
            self.found.lacks(Lacks::Currency);
        }
        if !self.found.missing.is_empty() {
            return;
        }
        let mut total = self.found.lines.iter().map(Line::adds).fold(0, i64::saturating_add);
        if let Some(most) = self.rule.at_most.as_ref().filter(|most| most.hundredths < total) {
            let off = Sum::new(total.saturating_sub(most.hundredths), &currency);
            total = most.hundredths;
            self.found.capped_by = Some(most.clone());
            self.found.lines.push(Line::Capped { at_most: most.clone(), off });
        }
        let credited = self.rule.set_off.first().zip(self.incident.credited.as_ref());
        let credited = credited.map(|(what, given)| (Off::Credited(*what), given));
        let awarded = self.incident.awarded.as_ref().map(|given| (Off::Awarded, given));
        for (what, given) in credited.into_iter().chain(awarded) {
            let off = given.hundredths.clamp(0, total);
            total = total.saturating_sub(off);
            let off = Sum::new(off, &currency);
            self.found.lines.push(Line::SetOff { what, given: given.clone(), off });
        }
        self.found.total = Some(Sum::new(total, &currency));
    }
}
