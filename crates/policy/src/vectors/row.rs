//! One row of a list: its moments and what its attributes say.

use super::{Slip, words};
use crate::counting::{Counting, Ends, FirstDay, Roll};
use crate::deadline::Pause;
use crate::document::suggest;
use crate::duration::Amount;
use crate::facts::{FactName, Facts};
use crate::grade::Grade;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use std::borrow::Cow;

/// The only reading of pauses there is; a row that asks for another must not pass by accident.
const PAUSE_SEMANTICS: &str = "day_counts_if_running_at_its_end";

/// What an attribute says about counting; every other name is a fact of the case.
const ATTRIBUTES: [&str; 22] = [
    "n",
    "unit",
    "duration",
    "normal",
    "major",
    "urgent",
    "grade",
    "calendar",
    "tz",
    "first_day",
    "roll",
    "kind",
    "ends",
    "strictly_less",
    "bound",
    "pause",
    "pause_semantics",
    "regraded_at",
    "policy",
    "received_at",
    "occurred_at",
    "confidence",
];

/// Kinds of clock whose moment is the end of the time; `not_before` alone is the moment after it.
const KINDS: [&str; 9] =
    ["due", "window", "cap", "keep_until", "accrual", "percentile", "attempts", "recurring", "not_before"];

/// A row.
pub(super) struct Row {
    pub(super) jurisdiction: String,
    pub(super) rule: String,
    pub(super) start: Timestamp,
    /// None where no clock is expected.
    pub(super) expected: Option<Expected>,
    pub(super) attributes: Attributes,
}

/// The deadline a row expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// A moment.
    At(Timestamp),
    /// Some moment of a day.
    On(Date),
}

impl Expected {
    /// Whether a deadline is the one expected.
    pub(super) fn is(self, at: Timestamp, zone: &TimeZone) -> bool {
        match self {
            Self::At(expected) => at == expected,
            Self::On(day) => zone.to_datetime(at).date() == day,
        }
    }
}

/// What the attributes of a row say.
#[derive(Default)]
pub(super) struct Attributes {
    /// `n` with `unit`, or `duration`.
    amount: Option<Amount>,
    /// `normal`, `major` and `urgent`.
    graded: Vec<(Grade, Amount)>,
    pub(super) grade: Option<Grade>,
    pub(super) calendar: Option<String>,
    pub(super) tz: Option<String>,
    first_day: Option<FirstDay>,
    ends: Option<Ends>,
    roll: Option<Roll>,
    pub(super) not_before: bool,
    strictly_less: bool,
    pub(super) pauses: Vec<Pause>,
    pub(super) regrade: Option<Regrade>,
    /// First receipt, where the start is a later one; it chooses between versions of a rule.
    pub(super) received_at: Option<Timestamp>,
    /// When the matter happened.
    pub(super) occurred_at: Option<Timestamp>,
    /// Everything else, in order.
    pub(super) facts: Vec<(String, String)>,
}

/// A new grade and what it does to the deadline.
pub(super) struct Regrade {
    pub(super) at: Timestamp,
    /// The earliest of these holds.
    pub(super) policy: (Term, Vec<Term>),
}

/// A deadline that takes part in a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Term {
    /// That of the grade before.
    Original,
    /// That of a grade, counted from the start.
    FromStart(Grade),
    /// That of a grade, counted from the re-grading.
    FromRegrade(Grade),
}

impl Row {
    /// Reads a row's cells.
    pub(super) fn read(
        jurisdiction: &str,
        rule: &str,
        start: &str,
        attributes: &str,
        expected: &str,
    ) -> Result<Self, Slip> {
        for (column, cell) in [("jurisdiction", jurisdiction), ("rule", rule)] {
            if cell.is_empty() {
                return Err(Slip::new(column, "is empty"));
            }
        }
        let attributes = Attributes::read(attributes)?;
        let zone = attributes.tz.as_deref();
        let start = local_moment("start", start, zone)?;
        let expected = match expected {
            text if text.eq_ignore_ascii_case("none") => None,
            text => Some(match text.parse::<Date>() {
                Ok(day) if day.to_string() == text => Expected::On(day),
                _ => Expected::At(local_moment("expected_deadline", text, zone)?),
            }),
        };
        if attributes.regrade.as_ref().is_some_and(|regrade| regrade.at < start) {
            return Err(Slip::new("regraded_at", "lies before the start"));
        }
        Ok(Self { jurisdiction: jurisdiction.to_owned(), rule: rule.to_owned(), start, expected, attributes })
    }
}

impl Attributes {
    fn read(text: &str) -> Result<Self, Slip> {
        let mut given: Vec<(String, Cow<'_, str>)> = Vec::new();
        for (name, value) in pairs(text)? {
            // A second span is a second pause; anything else said twice could mean either.
            if name != "pause" && given.iter().any(|(known, _)| *known == name) {
                return Err(Slip::new(&name, "is given twice"));
            }
            if value.is_empty() {
                return Err(Slip::new(&name, "is empty"));
            }
            given.push((name, value));
        }
        let mut read = Self::default();
        let (mut n, mut unit, mut duration, mut regraded_at, mut policy) = (None, None, None, None, None);
        for (name, value) in &given {
            let (name, value) = (name.as_str(), value.as_ref());
            // Words of closed lists are read whatever their case.
            let word = value.to_ascii_lowercase();
            let word = word.as_str();
            match name {
                "n" => n = Some(value),
                "unit" => unit = Some(value),
                "duration" => duration = Some(amount(name, value)?),
                "normal" | "major" | "urgent" => {
                    read.graded.push((
                        code(name, value, Grade::from_code(name), Grade::ALL.iter().map(|g| g.code()))?,
                        amount(name, value)?,
                    ));
                }
                "grade" => {
                    read.grade = Some(code(name, value, Grade::from_code(word), Grade::ALL.iter().map(|g| g.code()))?)
                }
                "calendar" => read.calendar = Some(value.to_owned()),
                "tz" => read.tz = Some(value.to_owned()),
                "first_day" => {
                    // Some write what is done with the day, some what has become of it.
                    let word = match word {
                        "include" => FirstDay::Included.code(),
                        "exclude" => FirstDay::Excluded.code(),
                        other => other,
                    };
                    let known = FirstDay::ALL.iter().map(|first| first.code());
                    read.first_day = Some(code(name, value, FirstDay::from_code(word), known)?);
                }
                "ends" => {
                    let known = Ends::ALL.iter().map(|ends| ends.code());
                    read.ends = Some(code(name, value, Ends::from_code(word), known)?);
                }
                "roll" => {
                    // South Africa's section 4 is the rule the general name was made for.
                    let word = if word == "za_s4" { Roll::NextNotSundayOrHoliday.code() } else { word };
                    let known = Roll::ALL.iter().map(|roll| roll.code()).chain(["za_s4"]);
                    read.roll = Some(code(name, value, Roll::from_code(word), known)?);
                }
                // The word serves twice: for the kind of clock and, as rules use it, for what the contact is.
                "kind" if Facts::KINDS.contains(&word) => read.facts.push((name.to_owned(), word.to_owned())),
                "kind" => {
                    let kind = KINDS.into_iter().find(|kind| *kind == word);
                    read.not_before = code(name, value, kind, KINDS.into_iter())? == "not_before";
                }
                "strictly_less" => read.strictly_less |= flag(name, value)?,
                "bound" => {
                    const STRICTLY: &str = "strictly_less";
                    code(name, value, Some(()).filter(|()| word == STRICTLY), std::iter::once(STRICTLY))?;
                    read.strictly_less = true;
                }
                "pause" => {
                    for span in value.split([',', '|', ' ']).filter(|span| !span.is_empty()) {
                        read.pauses.push(pause(span)?);
                    }
                }
                "pause_semantics" => {
                    let known = Some(()).filter(|()| word == PAUSE_SEMANTICS);
                    code(name, value, known, std::iter::once(PAUSE_SEMANTICS))?;
                }
                "regraded_at" => regraded_at = Some(moment(name, value)?),
                "received_at" => read.received_at = Some(moment(name, value)?),
                "occurred_at" => read.occurred_at = Some(moment(name, value)?),
                "policy" => policy = Some(value),
                // It rates the legal rule, not the arithmetic.
                "confidence" => {}
                fact => read.facts.push((fact_name(fact)?, value.to_owned())),
            }
        }
        read.amount = match (n, unit, duration) {
            (None, None, duration) => duration,
            (n, Some(unit), None) => Some(counted(n, unit)?),
            (Some(_), None, None) => return Err(Slip::new("unit", "is missing")),
            (.., Some(_)) => return Err(Slip::new("duration", "stands beside n and unit; one of them is enough")),
        };
        match (regraded_at, policy) {
            (Some(at), policy) => read.regrade = Some(Regrade { at, policy: read.policy(policy)? }),
            (None, Some(_)) => return Err(Slip::new("regraded_at", "is missing; a policy says what a new grade does")),
            (None, None) => {}
        }
        Ok(read)
    }

    /// Every amount it states.
    pub(super) fn amounts(&self) -> impl Iterator<Item = Amount> {
        self.amount.into_iter().chain(self.graded.iter().map(|(_, amount)| *amount))
    }

    /// The amount for a grade: its own, else the one for all.
    pub(super) fn amount_of(&self, grade: Grade) -> Option<Amount> {
        self.graded.iter().find(|(known, _)| *known == grade).map(|(_, amount)| *amount).or(self.amount)
    }

    /// The grade a case has before anybody grades it anew.
    pub(super) fn grade_before(&self) -> Grade {
        let stated = |grade: &Grade| self.graded.iter().any(|(known, _)| known == grade);
        // A row may state the amount of one grade alone.
        if self.amount.is_some() {
            Grade::Normal
        } else {
            Grade::ALL.iter().copied().find(stated).unwrap_or(Grade::Normal)
        }
    }

    /// How an amount is counted.
    pub(super) fn counting(&self, amount: Amount) -> Counting {
        let usual = Counting::usual(amount);
        Counting {
            first_day: self.first_day.unwrap_or(usual.first_day),
            ends: self.ends.unwrap_or(if self.not_before { Ends::not_before(amount) } else { usual.ends }),
            roll: self.roll.unwrap_or(usual.roll),
            strictly_less: self.strictly_less,
        }
    }

    /// Reads `keep`, `restart`, `recompute`, or a term, or the earliest of several: `min(original,regrade+urgent)`.
    /// Without a policy the general rule holds, that a new grade keeps or shortens.
    fn policy(&self, text: Option<&str>) -> Result<(Term, Vec<Term>), Slip> {
        let new = self.grade.or_else(|| self.graded.iter().map(|(grade, _)| *grade).max()).unwrap_or(Grade::Urgent);
        let Some(text) = text else {
            return Ok((Term::Original, vec![Term::FromRegrade(new)]));
        };
        let wrong = || {
            let known = "keep, restart, recompute, original, a grade, regrade+GRADE, or min(…, …) of the last three";
            Slip::new("policy", format!("`{}` is unknown; known: {known}", shown(text)))
        };
        let term = |text: &str| match text {
            "original" | "keep" => Some(Term::Original),
            "restart" => Some(Term::FromRegrade(new)),
            "recompute" => Some(Term::FromStart(new)),
            text => match text.strip_prefix("regrade+") {
                Some(grade) => Grade::from_code(grade).map(Term::FromRegrade),
                None => Grade::from_code(text).map(Term::FromStart),
            },
        };
        // People put blanks and large letters where they like; they mean nothing.
        let text: &str = &text.split_whitespace().collect::<String>().to_ascii_lowercase();
        let list = text.strip_prefix("min(").and_then(|rest| rest.strip_suffix(')')).unwrap_or(text);
        if list == text && text.contains(',') {
            return Err(wrong());
        }
        let terms = list.split(',').map(term).collect::<Option<Vec<_>>>().ok_or_else(wrong)?;
        let (first, others) = terms.split_first().ok_or_else(wrong)?;
        Ok((*first, others.to_vec()))
    }
}

/// The pairs of a cell: `name=value` separated by `;`, or the members of a JSON object. Names are read whatever their case.
fn pairs(text: &str) -> Result<Vec<(String, Cow<'_, str>)>, Slip> {
    if text.starts_with('{') {
        return members(text);
    }
    let parts = text.split(';').map(str::trim).filter(|part| !part.is_empty());
    let pair = |part| {
        let (name, value) = str::split_once(part, '=')
            .ok_or_else(|| Slip::new("attributes", format!("`{}` is no NAME=VALUE", shown(part))))?;
        Ok::<_, Slip>((name.trim().to_ascii_lowercase(), Cow::Borrowed(value.trim())))
    };
    parts.map(pair).collect()
}

/// The members of a JSON object; a list is joined as spans of a pause are, and null says nothing.
fn members(text: &str) -> Result<Vec<(String, Cow<'static, str>)>, Slip> {
    use serde_json::Value;
    let wrong = |what: &str| Slip::new("attributes", format!("`{}` {what}", shown(text)));
    let object: serde_json::Map<String, Value> = serde_json::from_str(text).map_err(|_| wrong("is no JSON object"))?;
    let one = |value: &Value| match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    let mut pairs = Vec::new();
    for (name, value) in &object {
        let value = match value {
            Value::Null => continue,
            Value::Array(items) => items.iter().map(one).collect::<Option<Vec<_>>>().map(|items| items.join(",")),
            value => one(value),
        };
        let value = value.ok_or_else(|| wrong("holds a value that is neither text, number, true nor false"))?;
        pairs.push((name.trim().to_ascii_lowercase(), Cow::Owned(value)));
    }
    Ok(pairs)
}

/// A moment with its offset, or by the clock of the row's zone: a day begins with its first moment.
fn local_moment(field: &str, text: &str, zone: Option<&str>) -> Result<Timestamp, Slip> {
    let local = || {
        let zone = TimeZone::get(zone?).ok()?;
        zone.to_timestamp(text.parse::<DateTime>().ok()?).ok()
    };
    moment(field, text).or_else(|slip| local().ok_or(slip))
}

/// A moment with its offset.
fn moment(field: &str, text: &str) -> Result<Timestamp, Slip> {
    text.parse().map_err(|_| {
        let reason = format!("`{}` is no moment with an offset, such as 2026-04-08T00:00:00+01:00", shown(text));
        Slip::new(field, reason)
    })
}

/// An amount as rules write it.
fn amount(field: &str, text: &str) -> Result<Amount, Slip> {
    text.parse().map_err(|fault| Slip::new(field, format!("`{}` is {fault}", shown(text))))
}

/// An amount of `n` and `unit`.
fn counted(n: Option<&str>, unit: &str) -> Result<Amount, Slip> {
    let (short, times) = match unit.to_ascii_lowercase().as_str() {
        "minutes" | "minute" | "min" => ("min", 1),
        "hours" | "hour" | "h" => ("h", 1),
        "working_hours" | "working_hour" | "wh" => ("wh", 1),
        "calendar_days" | "calendar_day" | "cd" => ("d", 1),
        "business_days" | "business_day" | "working_days" | "working_day" | "bd" | "wd" => ("bd", 1),
        "weeks" | "week" | "w" => ("w", 1),
        "months" | "month" | "mo" => ("mo", 1),
        // Years are months by the dozen: 29 February goes to the 28th in either.
        "years" | "year" => ("mo", 12),
        "instant" if n.is_none_or(|n| n == "0") => return Ok(Amount::Instant),
        "instant" => return Err(Slip::new("n", "is not 0, but an instant takes no time")),
        _ => {
            let known = "minutes, hours, working_hours, calendar_days, business_days, weeks, months, years, instant";
            return Err(Slip::new("unit", format!("`{}` is unknown; known: {known}", shown(unit))));
        }
    };
    let n = n.ok_or_else(|| Slip::new("n", "is missing"))?;
    let digits = !n.is_empty() && n.bytes().all(|byte| byte.is_ascii_digit());
    let number = n.parse::<u32>().ok().filter(|_| digits).and_then(|number| number.checked_mul(times));
    let number = number.ok_or_else(|| Slip::new("n", format!("`{}` is no whole number there can be", shown(n))))?;
    amount("n", &format!("{number}{short}"))
}

/// A span such as `FROM/TO`, or `FROM/` while it has no end.
fn pause(text: &str) -> Result<Pause, Slip> {
    let Some((from, to)) = text.split_once('/') else {
        return Err(Slip::new("pause", format!("`{}` is no FROM/TO", shown(text))));
    };
    let from = moment("pause", from)?;
    let to = if to.is_empty() { None } else { Some(moment("pause", to)?) };
    if to.is_some_and(|to| to < from) {
        return Err(Slip::new("pause", format!("`{}` ends before it begins", shown(text))));
    }
    Ok((from, to))
}

fn flag(field: &str, text: &str) -> Result<bool, Slip> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" => Ok(true),
        "false" | "no" => Ok(false),
        _ => Err(Slip::new(field, format!("`{}` is neither true nor false", shown(text)))),
    }
}

/// A value of a closed list.
fn code<T>(field: &str, text: &str, found: Option<T>, known: impl Iterator<Item = &'static str>) -> Result<T, Slip> {
    found.ok_or_else(|| {
        let known: Vec<&str> = known.collect();
        Slip::new(field, format!("`{}` is unknown; known: {}", shown(text), known.join(", ")))
    })
}

/// The name of a fact. One letter away from an attribute it is a slip of the pen, which would silently change nothing.
fn fact_name(name: &str) -> Result<String, Slip> {
    let fits = (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        && name.starts_with(|first: char| first.is_ascii_lowercase());
    if !fits {
        return Err(Slip::new(&shown(name), "is no name: use a-z, 0-9 and `_`"));
    }
    if FactName::from_code(name).is_some() || words::fact(name).is_some() {
        return Ok(name.to_owned());
    }
    let close = |known: &&str| known.len() >= 4 && suggest::distance(name, known) == 1;
    match ATTRIBUTES.into_iter().find(close) {
        Some(meant) => Err(Slip::new(name, format!("is unknown (did you mean `{meant}`?)"))),
        None => Ok(name.to_owned()),
    }
}

/// A cell cut to a length fit for a message.
pub(super) fn shown(text: &str) -> String {
    suggest::shown(text)
}
