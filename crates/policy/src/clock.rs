//! Clock rules: what starts a limit, which facts stop it, how long it is for each grade, and what a new grade does to it.
//! The arithmetic is `deadline`'s; reading a rule is `clock/load.rs`'s.

mod load;

pub(crate) use load::{amount, can_be_counted};

use crate::code::codes;
use crate::counting::{Counting, CountingRule, Ends, Roll};
use crate::deadline::Pause;
use crate::duration::Amount;
use crate::facts::Facts;
use crate::grade::Grade;
use crate::rule::RuleHead;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

codes! {
    /// What a clock means.
    pub ClockKind {
        /// Something must have happened by then.
        Due = "due",
        /// A right exists from then on and not before.
        NotBefore = "not_before",
        /// Nothing may stay open beyond it, whatever else is agreed.
        Cap = "cap",
        /// Records are kept until then.
        KeepUntil = "keep_until",
        /// A right that lapses then.
        Window = "window",
        /// So many tries must have been made within the time.
        Attempts = "attempts",
        /// Due again and again, each time counted from the last.
        Recurring = "recurring",
        /// Shares of all cases that are to be done within their times; says nothing about one case.
        Percentile = "percentile",
    }
}

impl ClockKind {
    /// Whether a case has such a clock of its own.
    #[must_use]
    pub const fn runs_in_a_case(self) -> bool {
        !matches!(self, Self::Percentile)
    }

    /// Whether somebody is late once it has run out. A right that begins and a record whose time is over are not.
    #[must_use]
    pub const fn can_be_missed(self) -> bool {
        matches!(self, Self::Due | Self::Cap | Self::Attempts | Self::Recurring)
    }
}

codes! {
    /// Who has to act before a clock runs out.
    pub Owner {
        /// The operator.
        Provider = "provider",
        /// The customer.
        Customer = "customer",
        /// The regulator or appeal body.
        Regulator = "regulator",
    }
}

codes! {
    /// What can start a clock.
    pub StartFact {
        /// First receipt in any channel.
        Received = "received",
        /// The case was accepted for handling.
        Accepted = "accepted",
        /// The customer was answered.
        Replied = "replied",
        /// The case was closed.
        Closed = "closed",
        /// The same matter was taken up again.
        Reopened = "reopened",
        /// The customer was told how far the matter is.
        ProgressNotified = "progress_notified",
        /// A regulator or a government hotline handed the matter over.
        HandedOff = "handed_off",
        /// The customer rejected the outcome.
        Disputed = "disputed",
        /// The provider declared that it stays with its outcome.
        Deadlock = "deadlock",
        /// Somebody tried to reach the customer and did not.
        ContactFailed = "contact_failed",
        /// The customer was tried as often as the rules ask and declared unreachable.
        Unreachable = "unreachable",
    }
}

/// What a rule counts from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// A fact.
    Fact(StartFact),
    /// The last moment of another clock of the pack, written `expiry:<clock>`.
    Expiry(String),
    /// A stage of a matter outside, written `stage:<route>/<stage>`.
    Stage(StageRef),
    /// A letter of the pack that is out, with the proof it wants; written `letter:<letter>`.
    Letter(String),
    /// Something no case knows of, such as the day a customer joined; written `outside`. Whoever knows it counts from it.
    Outside,
}

/// A stage of a route of the same pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageRef {
    /// The route.
    pub route: String,
    /// The stage in it.
    pub stage: String,
}

impl StageRef {
    fn parse(text: &str) -> Option<Self> {
        let (route, stage) = text.split_once('/')?;
        Some(Self { route: route.to_owned(), stage: stage.to_owned() })
    }
}

impl fmt::Display for StageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "stage:{}/{}", self.route, self.stage)
    }
}

impl fmt::Display for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fact(fact) => f.write_str(fact.code()),
            Self::Expiry(clock) => write!(f, "expiry:{clock}"),
            Self::Stage(stage) => stage.fmt(f),
            Self::Letter(letter) => write!(f, "letter:{letter}"),
            Self::Outside => f.write_str("outside"),
        }
    }
}

impl Start {
    /// Reads a fact's code, `expiry:<clock>`, `stage:<route>/<stage>`, `letter:<letter>` or `outside`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text.split_once(':') {
            Some(("expiry", clock)) => Some(Self::Expiry(clock.to_owned())),
            Some(("stage", stage)) => StageRef::parse(stage).map(Self::Stage),
            Some(("letter", letter)) => Some(Self::Letter(letter.to_owned())),
            None if text == "outside" => Some(Self::Outside),
            _ => StartFact::from_code(text).map(Self::Fact),
        }
    }
}

impl Serialize for Start {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Start {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom(format!("unknown start {text:?}")))
    }
}

codes! {
    /// What can stop a clock.
    pub StopFact {
        /// Accepted for handling.
        Accepted = "accepted",
        /// The customer was reached for the first time.
        FirstContact = "first_contact",
        /// The customer was told how far the matter is.
        ProgressNotified = "progress_notified",
        /// A solution was proposed.
        Proposed = "proposed",
        /// The service works again.
        Restored = "restored",
        /// The customer was answered.
        Replied = "replied",
        /// The case was closed.
        Closed = "closed",
        /// Refused with a reason.
        Declined = "declined",
        /// Taken back by the customer.
        Withdrawn = "withdrawn",
        /// Registered by mistake.
        Voided = "voided",
        /// Went up in another case.
        Merged = "merged",
        /// The body that handed the matter over was answered.
        FedBack = "fed_back",
        /// The last of the money that was agreed upon was paid.
        Credited = "credited",
    }
}

/// What ends a clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// A fact.
    Fact(StopFact),
    /// A stage of a matter outside, written `stage:<route>/<stage>`.
    Stage(StageRef),
    /// A letter of the pack that is out, with the proof it wants; written `letter:<letter>`.
    Letter(String),
}

impl Stop {
    /// Reads a fact's code, `stage:<route>/<stage>` or `letter:<letter>`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text.split_once(':') {
            Some(("stage", stage)) => StageRef::parse(stage).map(Self::Stage),
            Some(("letter", letter)) => Some(Self::Letter(letter.to_owned())),
            _ => StopFact::from_code(text).map(Self::Fact),
        }
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fact(fact) => f.write_str(fact.code()),
            Self::Stage(stage) => stage.fmt(f),
            Self::Letter(letter) => write!(f, "letter:{letter}"),
        }
    }
}

impl Serialize for Stop {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

codes! {
    /// What a rule says a new grade does to a running clock. The new limit is counted from the original start, and the
    /// earlier of the two holds: a new grade keeps or shortens.
    pub(crate) OnRegrade {
        /// In packs of before; no longer lets a new grade lengthen.
        Recompute = "recompute",
        /// The earlier of the two limits holds.
        KeepEarlier = "keep_earlier",
    }
}

/// Whether waiting stops the clock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Pausing {
    /// It never stands still. Almost nowhere may it, so this is the default.
    #[default]
    Never,
    /// While the case waits, whatever for.
    Always,
    /// While the case waits for one of these ([`Facts::WAITS`]).
    While(Vec<String>),
}

impl Pausing {
    /// Whether it stands still while the case waits for something.
    #[must_use]
    pub fn stops_for(&self, waits_for: &str) -> bool {
        match self {
            Self::Never => false,
            Self::Always => true,
            Self::While(listed) => listed.iter().any(|listed| listed == waits_for),
        }
    }
}

/// A longer time a case may be given, once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Extension {
    /// What is added, counted from the first limit's last day; or, if `total`, what the whole time then is.
    pub amount: Amount,
    /// Whether the amount is the whole time.
    pub total: bool,
    /// Within what of the start the other side must be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notice_within: Option<Amount>,
}

/// Tries to be made before a matter may go on without the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Attempts {
    /// How many.
    pub need: u32,
    /// Whether only one a day counts.
    pub distinct_days: bool,
}

impl Attempts {
    /// The try with which enough were made, of tries in any order.
    #[must_use]
    pub fn enough(&self, tries: &[Timestamp], from: Timestamp, until: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let mut tries: Vec<Timestamp> = tries.iter().copied().filter(|at| (from..=until).contains(at)).collect();
        tries.sort_unstable();
        if self.distinct_days {
            let mut days: BTreeSet<Date> = BTreeSet::new();
            tries.retain(|at| days.insert(zone.to_datetime(*at).date()));
        }
        usize::try_from(self.need).ok().and_then(|need| tries.get(need.checked_sub(1)?)).copied()
    }
}

/// A share of all cases that is to be done within a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Target {
    /// Of a hundred cases.
    pub percent: u8,
    /// The time.
    pub within: Amount,
}

/// How long a clock runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// For each grade; a grade without an amount has no such clock.
    ByGrade {
        /// For 一般.
        normal: Option<Amount>,
        /// For 重大.
        major: Option<Amount>,
        /// For 紧急.
        urgent: Option<Amount>,
    },
    /// For each kind of area. An area nobody recorded counts as urban, whose amount is never the longer one.
    ByArea {
        /// In towns.
        urban: Amount,
        /// In the country.
        rural: Amount,
    },
}

impl Limit {
    /// The same length for every case.
    #[must_use]
    pub const fn same(amount: Amount) -> Self {
        Self::ByGrade { normal: Some(amount), major: Some(amount), urgent: Some(amount) }
    }

    /// The length for a case of a grade, in a kind of area ([`crate::Facts::area_type`]).
    #[must_use]
    pub fn of(&self, grade: Grade, area: Option<&str>) -> Option<Amount> {
        match (self, grade, area) {
            (Self::ByGrade { normal, .. }, Grade::Normal, _) => *normal,
            (Self::ByGrade { major, .. }, Grade::Major, _) => *major,
            (Self::ByGrade { urgent, .. }, Grade::Urgent, _) => *urgent,
            (Self::ByArea { rural, .. }, _, Some("rural")) => Some(*rural),
            (Self::ByArea { urban, .. }, ..) => Some(*urban),
        }
    }

    /// Every length it gives.
    pub fn amounts(&self) -> impl Iterator<Item = Amount> {
        match *self {
            Self::ByGrade { normal, major, urgent } => [normal, major, urgent],
            Self::ByArea { urban, rural } => [Some(urban), Some(rural), None],
        }
        .into_iter()
        .flatten()
    }

    /// Whether the grade decides.
    #[must_use]
    pub fn is_by_grade(&self) -> bool {
        matches!(self, Self::ByGrade { normal, major, urgent } if normal != major || major != urgent)
    }

    /// Whether the kind of area decides.
    #[must_use]
    pub const fn is_by_area(&self) -> bool {
        matches!(self, Self::ByArea { .. })
    }
}

/// One clock of a pack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClockRule {
    /// What every rule has.
    #[serde(flatten)]
    pub head: RuleHead,
    /// What it means.
    pub kind: ClockKind,
    /// Who has to act.
    pub owner: Owner,
    /// What starts it.
    pub start: Vec<Start>,
    /// What stops it; the first of them is what the clock asks for.
    pub stop: Vec<Stop>,
    /// How long it runs; of a share of all cases the longest of its times.
    pub limit: Limit,
    /// How it is counted; where the rule says nothing, as is usual for the unit.
    pub counting: CountingRule,
    /// Whether waiting may stop it.
    pub pausable: Pausing,
    /// Percentages of the time at which to warn, ascending; 100 is the deadline itself.
    pub warn_at: Vec<u8>,
    /// A longer time a case may be given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extend: Option<Extension>,
    /// Tries to be made; of the kind that counts them only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempts: Option<Attempts>,
    /// Shares to be reached, ascending; of the kind that measures them only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<Target>,
    /// Up to what another time may be agreed with the customer in its place; not at all, where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agreed_up_to: Option<Amount>,
    /// What the mean over all cases may be at most, beside the limit of each.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean: Option<Amount>,
    /// Why a later start may lead to an earlier limit, where the rule wants it so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub may_overtake: Option<crate::text::Text>,
}

impl ClockRule {
    /// Whether the operator is late once it has run out. A body's own limits, a customer's right and times of keeping run
    /// out too, and nobody here was late.
    #[must_use]
    pub fn binds_provider(&self) -> bool {
        self.owner == Owner::Provider && self.kind.can_be_missed()
    }

    /// Whether it is the time within which the customer may do something.
    #[must_use]
    pub fn is_customers_right(&self) -> bool {
        self.owner == Owner::Customer && self.kind == ClockKind::Window
    }

    /// Whether it is the limit of the answer: the operator's, ended by the outcome being told or proposed, and by nothing
    /// that comes before, such as the acknowledgement.
    #[must_use]
    pub fn limits_answer(&self) -> bool {
        let before = |stop: &Stop| match stop {
            Stop::Fact(fact) => matches!(
                fact,
                StopFact::FirstContact | StopFact::ProgressNotified | StopFact::Accepted | StopFact::Restored
            ),
            Stop::Stage(_) => false,
            Stop::Letter(_) => true,
        };
        self.binds_provider() && self.stops_on(StopFact::Replied) && !self.stop.iter().any(before)
    }

    /// Whether a fact stops this clock.
    #[must_use]
    pub fn stops_on(&self, fact: StopFact) -> bool {
        self.stop.contains(&Stop::Fact(fact))
    }

    /// Whether a fact starts this clock.
    #[must_use]
    pub fn starts_on(&self, fact: StartFact) -> bool {
        self.start.iter().any(|start| matches!(start, Start::Fact(own) if *own == fact))
    }

    /// Whether a stage of a matter outside stops this clock.
    #[must_use]
    pub fn stops_in(&self, stage: &StageRef) -> bool {
        self.stop.iter().any(|stop| matches!(stop, Stop::Stage(own) if own == stage))
    }

    /// Whether a letter that is out starts this clock.
    #[must_use]
    pub fn starts_with_letter(&self, letter: &str) -> bool {
        self.start.iter().any(|start| matches!(start, Start::Letter(own) if own == letter))
    }

    /// Whether a letter that is out stops this clock.
    #[must_use]
    pub fn stops_with_letter(&self, letter: &str) -> bool {
        self.stop.iter().any(|stop| matches!(stop, Stop::Letter(own) if own == letter))
    }

    /// Whether a stage of a matter outside starts this clock.
    #[must_use]
    pub fn starts_in(&self, stage: &StageRef) -> bool {
        self.start.iter().any(|start| matches!(start, Start::Stage(own) if own == stage))
    }

    /// Whether the end of another clock starts this one.
    #[must_use]
    pub fn starts_after(&self, clock: &str) -> bool {
        self.start.iter().any(|start| matches!(start, Start::Expiry(own) if own == clock))
    }

    /// Up to how many hours another time may be agreed with the customer in its place.
    #[must_use]
    pub fn hours_to_agree(&self) -> Option<u32> {
        match self.agreed_up_to? {
            Amount::Hours(hours) => Some(hours),
            Amount::CalendarDays(days) => Some(days.saturating_mul(24)),
            _ => None,
        }
    }

    /// The spans that count for this rule: none unless it may be paused.
    pub(crate) fn pauses<'p>(&self, pauses: &'p [Pause]) -> &'p [Pause] {
        if self.pausable == Pausing::Never { &[] } else { pauses }
    }

    /// How an amount of this rule is counted. A right that begins does so on the day after.
    #[must_use]
    pub fn counting_for(&self, amount: Amount) -> Counting {
        let counting = self.counting.complete(amount);
        if self.kind == ClockKind::NotBefore && self.counting.ends.is_none() && !amount.is_momentary() {
            return Counting { ends: Ends::DayAfterStart, ..counting };
        }
        counting
    }

    /// Whether a calendar has a say in its limits: one counted in business days or working hours, or one that rolls.
    #[must_use]
    pub fn follows_calendar(&self) -> bool {
        let longer = self.extend.map(|extension| extension.amount);
        self.limit.amounts().chain(longer).any(|amount| self.looks_at_days(amount))
    }

    /// Whether an amount of this rule looks at which days are worked.
    pub(crate) fn looks_at_days(&self, amount: Amount) -> bool {
        matches!(amount, Amount::BusinessDays(_) | Amount::WorkingHours(_))
            || self.counting_for(amount).roll != Roll::None
    }

    /// The amount for a case, when the rule is for it.
    pub(crate) fn amount(&self, facts: &Facts, grade: Grade, start: Timestamp, zone: &TimeZone) -> Option<Amount> {
        let amount = self.limit.of(grade, facts.area_type.as_deref())?;
        self.head.holds(facts, Some(grade), start, zone).then_some(amount)
    }

    /// The moments at which to warn about a clock of this rule, with their percentages.
    #[must_use]
    pub fn warnings(&self, from: Timestamp, due_at: Timestamp) -> Vec<(u8, Timestamp)> {
        let span = due_at.as_microsecond().saturating_sub(from.as_microsecond());
        self.warn_at
            .iter()
            .map(|percent| {
                let part = i128::from(span) * i128::from(*percent) / 100;
                let at = i64::try_from(i128::from(from.as_microsecond()) + part)
                    .ok()
                    .and_then(|micros| Timestamp::from_microsecond(micros).ok());
                (*percent, at.unwrap_or(due_at))
            })
            .collect()
    }
}

/// A clock that has begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Started {
    /// Rule of the pack.
    pub rule: String,
    /// What it is counted from.
    pub from: Timestamp,
    /// When it runs out.
    pub due_at: Timestamp,
}
