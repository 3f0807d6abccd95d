//! Rules beside a case's own clocks: what becomes a complaint, where a matter goes outside, how long records are kept,
//! what is reported to whom, and when customers may be called.

use crate::basis::{Standing, Tier};
use crate::calendar::{Calendar, Interval, intervals};
use crate::check::Check;
use crate::clock::{Owner, amount, can_be_counted};
use crate::code::codes;
use crate::counting::CountingRule;
use crate::document::{Table, Value};
use crate::duration::Amount;
use crate::facts::Facts;
use crate::gate::Need;
use crate::money::Sum;
use crate::pack::region_in;
use crate::rule::RuleHead;
use jiff::Timestamp;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

codes! {
    /// From when the clocks of a contact count that became another kind.
    pub CountsFrom {
        /// Its first receipt.
        Received = "received",
        /// The moment it became one.
        Conversion = "conversion",
    }
}

/// What was not a complaint becomes one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConversionRule {
    /// What every rule has; its cases are those of the first kind.
    #[serde(flatten)]
    pub head: RuleHead,
    /// Kind of contact it was.
    pub from: String,
    /// Kind of contact it becomes.
    pub to: String,
    /// After what without an answer; at once where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Amount>,
    /// From when the clocks of its new kind count.
    pub counts_from: CountsFrom,
}

impl ConversionRule {
    /// Reads one `[[convert]]`.
    pub(crate) fn read(mut table: Table<'_>, tier: Option<Tier>) -> Option<Self> {
        let head = RuleHead::read(&mut table, tier);
        let from = table.needed("from").and_then(|value| value.listed(Facts::KINDS));
        let to = table.needed("to").and_then(|value| value.listed(Facts::KINDS));
        let after = table.maybe("after", amount);
        let counts_from = table.or("counts_from", CountsFrom::Received, |value| value.code());
        if from.is_some() && from == to {
            table.fault("`from` and `to` are the same kind");
        }
        table.done();
        Some(Self { head: head?, from: from?, to: to?, after: after?, counts_from: counts_from? })
    }
}

codes! {
    /// How an outside body settles a matter (ISO 10003).
    pub Method {
        /// It helps both sides to agree.
        Facilitative = "facilitative",
        /// It says what it thinks.
        Advisory = "advisory",
        /// It decides.
        Determinative = "determinative",
    }
}

/// A stage of a matter that is outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stage {
    /// Identity within the route.
    pub id: String,
    /// What people call it.
    pub title: crate::text::Text,
    /// Who has to act in it.
    pub owner: Owner,
    /// Stages that can follow; none for an end.
    pub next: Vec<String>,
    /// What must be there to enter it.
    pub needs: Vec<Need>,
}

/// A way to a body outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RouteRule {
    /// What every rule has; its cases are those that may go there.
    #[serde(flatten)]
    pub head: RuleHead,
    /// The body.
    pub body: crate::text::Text,
    /// How it settles matters.
    pub method: Vec<Method>,
    /// Clocks and windows of the pack that open it.
    pub opens: Vec<String>,
    /// Windows of the pack after which it is closed.
    pub closes: Vec<String>,
    /// What it costs the customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fee: Option<Sum>,
    /// The most it can award.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ceiling: Option<Sum>,
    /// Its stages, the first being where a matter begins.
    pub stages: Vec<Stage>,
}

impl RouteRule {
    /// A stage by its identity.
    #[must_use]
    pub fn stage(&self, id: &str) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.id == id)
    }

    /// Reads one `[[route]]`.
    pub(crate) fn read(mut table: Table<'_>, tier: Option<Tier>) -> Option<Self> {
        let head = RuleHead::read(&mut table, tier);
        let body = table.text("body");
        let method = table.needed("method").and_then(|value| value.codes());
        let opens = table.or("opens", Vec::new(), |value| value.ids());
        let closes = table.or("closes", Vec::new(), |value| value.ids());
        let sum = |value: Value<'_>| value.parsed(str::parse::<Sum>);
        let fee = table.maybe("fee", sum);
        let ceiling = table.maybe("ceiling", sum);
        let stages = read_stages(&mut table);
        table.done();
        Some(Self {
            head: head?,
            body: body?,
            method: method?,
            opens: opens?,
            closes: closes?,
            fee: fee?,
            ceiling: ceiling?,
            stages: stages?,
        })
    }
}

/// The stages of a route: each can be reached from the first, and from each an end can be reached, so that no matter is
/// left where nobody acts.
fn read_stages(route: &mut Table<'_>) -> Option<Vec<Stage>> {
    let mut stages: Vec<Stage> = Vec::new();
    let mut complete = true;
    for mut table in route.tables("stage") {
        let id = table.id("id");
        let title = table.text("title");
        let owner = table.needed("owner").and_then(|value| value.code());
        let next = table.or("next", Vec::new(), |value| value.ids());
        let needs = table.or("needs", Vec::new(), |value| {
            let read: Vec<Option<Need>> = value.many()?.iter().map(Need::read).collect();
            read.into_iter().collect()
        });
        table.done();
        let stage = (|| Some(Stage { id: id?, title: title?, owner: owner?, next: next?, needs: needs? }))();
        let Some(stage) = stage else {
            complete = false;
            continue;
        };
        if stages.iter().any(|known| known.id == stage.id) {
            table.fault(format!("a second stage `{}`", stage.id));
            complete = false;
        }
        stages.push(stage);
    }
    if !complete {
        return None;
    }
    let before: BTreeMap<&str, Vec<&str>> = stages.iter().fold(BTreeMap::new(), |mut before, stage| {
        for next in &stage.next {
            before.entry(next.as_str()).or_default().push(&stage.id);
        }
        before
    });
    for unknown in before.keys().filter(|name| !stages.iter().any(|stage| stage.id == **name)) {
        let message = format!("`next` names the stage `{unknown}`, which the route does not have");
        route.place().finding(Check::LeadsNowhere, message);
        complete = false;
    }
    let after = |id: &str| -> Vec<&str> {
        stages
            .iter()
            .find(|stage| stage.id == id)
            .map_or(Vec::new(), |stage| stage.next.iter().map(String::as_str).collect())
    };
    let reached = spread(stages.first().map(|stage| stage.id.as_str()), after);
    let ends = stages.iter().filter(|stage| stage.next.is_empty()).map(|stage| stage.id.as_str());
    let ending = spread(ends, |id| before.get(id).cloned().unwrap_or_default());
    for stage in &stages {
        if !reached.contains(stage.id.as_str()) {
            route.place().finding(Check::StageWay, format!("the stage `{}` is never reached", stage.id));
            complete = false;
        }
        if !ending.contains(stage.id.as_str()) {
            route.place().finding(Check::StageWay, format!("from the stage `{}` no end can be reached", stage.id));
            complete = false;
        }
    }
    complete.then_some(stages)
}

/// Everything that can be reached.
fn spread<'s>(from: impl IntoIterator<Item = &'s str>, next: impl Fn(&str) -> Vec<&'s str>) -> BTreeSet<&'s str> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&str> = from.into_iter().collect();
    while let Some(id) = open.pop() {
        if reached.insert(id) {
            open.extend(next(id));
        }
    }
    reached
}

codes! {
    /// What kind of record is kept.
    pub RecordClass {
        /// The case with its history.
        Complaint = "complaint",
        /// Recordings of calls.
        CallRecording = "call_recording",
        /// Data bills are made of.
        BillingData = "billing_data",
        /// Logs of networks.
        NetworkLog = "network_log",
        /// Assessments and records of the processing of personal data.
        PrivacyRecord = "privacy_record",
    }
}

codes! {
    /// What the time of keeping is counted from.
    pub KeptFrom {
        /// First receipt.
        Received = "received",
        /// Closing.
        Closed = "closed",
        /// When the record was made.
        Recorded = "recorded",
    }
}

/// How long records of a class are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RetentionRule {
    /// What every rule has.
    #[serde(flatten)]
    pub head: RuleHead,
    /// The records.
    pub class: RecordClass,
    /// At least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<Amount>,
    /// At most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<Amount>,
    /// Counted from.
    pub from: KeptFrom,
}

impl RetentionRule {
    /// Reads one `[[retention]]`.
    pub(crate) fn read(mut table: Table<'_>, tier: Option<Tier>) -> Option<Self> {
        let head = RuleHead::read(&mut table, tier);
        let class = table.needed("class").and_then(|value| value.code());
        let min = table.maybe("min", amount);
        let max = table.maybe("max", amount);
        let from = table.needed("from").and_then(|value| value.code());
        if min == Some(None) && max == Some(None) {
            table.fault("names neither `min` nor `max`");
        }
        let days = |amount: Option<Option<Amount>>| amount.flatten().map(days_about);
        if days(max).zip(days(min)).is_some_and(|(max, min)| max < min) {
            table.fault("`max` is shorter than `min`");
        }
        table.done();
        Some(Self { head: head?, class: class?, min: min?, max: max?, from: from? })
    }
}

/// How many days an amount has, near enough to tell a longer time of keeping from a shorter one.
const fn days_about(amount: Amount) -> u32 {
    match amount {
        Amount::Instant => 0,
        Amount::Minutes(minutes) => minutes / 1_440,
        Amount::Hours(hours) | Amount::WorkingHours(hours) => hours / 24,
        Amount::CalendarDays(days) | Amount::BusinessDays(days) => days,
        Amount::Weeks(weeks) => weeks * 7,
        Amount::Months(months) => months * 30,
    }
}

codes! {
    /// How often something is reported.
    pub Cycle {
        /// Each month.
        Month = "month",
        /// Each quarter.
        Quarter = "quarter",
        /// Each half-year.
        HalfYear = "half_year",
        /// Each year.
        Year = "year",
        /// Whenever it happens.
        Event = "event",
    }
}

codes! {
    /// A figure of a report.
    pub Measure {
        /// How many cases.
        Count = "count",
        /// Services in operation.
        Services = "services",
        /// Cases for each hundred thousand customers.
        Per100k = "per_100k_customers",
        /// Cases for each ten thousand services.
        Per10k = "per_10k_services",
        /// Mean time to the answer.
        Mean = "mean_time",
        /// Time within which half are done.
        P50 = "p50",
        /// Time within which 80 of 100 are done.
        P80 = "p80",
        /// Time within which 95 of 100 are done.
        P95 = "p95",
        /// Share within the target.
        WithinTarget = "share_within_target",
        /// Share settled with the first contact.
        FirstContact = "first_contact_share",
        /// Share taken up again.
        Reopened = "reopen_share",
        /// The most frequent categories.
        TopTypes = "top_types",
        /// Matters handed over by a body outside.
        Referrals = "referrals",
        /// Change against the period before.
        PeriodOnPeriod = "period_on_period",
        /// Change against the same period a year before.
        YearOnYear = "year_on_year",
    }
}

codes! {
    /// What a report is broken down by.
    pub Dimension {
        /// Product line.
        Product = "product",
        /// Category.
        Category = "category",
        /// The ministry's class.
        RegulatorClass = "regulator_class",
        /// Channel.
        Channel = "channel",
        /// Region.
        Region = "region",
    }
}

/// A report to somebody outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReportRule {
    /// What every rule has.
    #[serde(flatten)]
    pub head: RuleHead,
    /// Who gets it.
    pub to: crate::text::Text,
    /// How often.
    pub period: Cycle,
    /// Within what of the period's end, or of the event.
    pub due: Amount,
    /// How that is counted.
    pub counting: CountingRule,
    /// Its figures.
    pub measures: Vec<Measure>,
    /// What they are broken down by.
    pub dimensions: Vec<Dimension>,
}

impl ReportRule {
    /// Reads one `[[report]]`.
    pub(crate) fn read(mut table: Table<'_>, calendar: Option<&Calendar>, tier: Option<Tier>) -> Option<Self> {
        let head = RuleHead::read(&mut table, tier);
        let to = table.text("to");
        let period = table.needed("period").and_then(|value| value.code());
        let due = table.needed("due").and_then(amount);
        let counting = table.or("counting", CountingRule::default(), |value| value.table().map(CountingRule::read));
        let measures = table.or("measures", Vec::new(), |value| value.codes());
        let dimensions = table.or("dimensions", Vec::new(), |value| value.codes());
        can_be_counted(&table, due.into_iter(), calendar);
        table.done();
        Some(Self {
            head: head?,
            to: to?,
            period: period?,
            due: due?,
            counting: counting?,
            measures: measures?,
            dimensions: dimensions?,
        })
    }
}

/// When customers may be called or written to without their asking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ContactHours {
    /// What it rests on.
    #[serde(flatten)]
    pub standing: Standing,
    /// On business days; intervals are written as from and to.
    pub workdays: Vec<Interval>,
    /// On all other days.
    pub rest_days: Vec<Interval>,
    /// Regions, by the beginning of their code, that have hours of their own which this pack does not know.
    pub not_in: Vec<String>,
}

impl ContactHours {
    /// Whether a moment lies within the hours.
    #[must_use]
    pub fn allows(&self, at: Timestamp, calendar: &Calendar) -> bool {
        let local = calendar.zone().to_datetime(at);
        let within = |interval: &Interval| interval.from <= local.time() && local.time() < interval.to;
        self.on(local.date(), calendar).iter().any(within)
    }

    /// The first moment from then on that lies within the hours; nothing within a fortnight means there is none.
    #[must_use]
    pub fn next(&self, at: Timestamp, calendar: &Calendar) -> Option<Timestamp> {
        if self.allows(at, calendar) {
            return Some(at);
        }
        let local = calendar.zone().to_datetime(at);
        let mut day = local.date();
        let mut after = Some(local.time());
        for _ in 0..15 {
            if let Some(interval) =
                self.on(day, calendar).iter().find(|interval| after.is_none_or(|after| interval.from > after))
            {
                return calendar.zone().to_timestamp(day.to_datetime(interval.from)).ok();
            }
            day = day.tomorrow().ok()?;
            after = None;
        }
        None
    }

    /// The last moment up to then that lies within the hours; nothing within a fortnight means there is none.
    #[must_use]
    pub fn before(&self, at: Timestamp, calendar: &Calendar) -> Option<Timestamp> {
        if self.allows(at, calendar) {
            return Some(at);
        }
        let local = calendar.zone().to_datetime(at);
        let mut day = local.date();
        let mut until = Some(local.time());
        for _ in 0..15 {
            let ended = |interval: &&Interval| until.is_none_or(|until| interval.to <= until);
            if let Some(interval) = self.on(day, calendar).iter().rev().find(ended) {
                // The end itself is no longer within.
                let end = calendar.zone().to_timestamp(day.to_datetime(interval.to)).ok()?;
                return end.checked_sub(jiff::SignedDuration::from_secs(1)).ok();
            }
            day = day.yesterday().ok()?;
            until = None;
        }
        None
    }

    /// What is left of the hours on the local day of a moment, from and to.
    #[must_use]
    pub fn left(&self, at: Timestamp, calendar: &Calendar) -> Vec<(Timestamp, Timestamp)> {
        let zone = calendar.zone();
        let day = zone.to_datetime(at).date();
        let moment = |time| zone.to_timestamp(day.to_datetime(time)).ok();
        let spans = self.on(day, calendar).iter().filter_map(|one| Some((moment(one.from)?, moment(one.to)?)));
        spans.filter(|(_, to)| *to > at).map(|(from, to)| (from.max(at), to)).collect()
    }

    /// The first moment within the hours of a later local day than that of a moment.
    #[must_use]
    pub fn another_day(&self, at: Timestamp, calendar: &Calendar) -> Option<Timestamp> {
        let zone = calendar.zone();
        let day = zone.to_datetime(at).date().tomorrow().ok()?;
        self.next(zone.to_timestamp(day.to_datetime(jiff::civil::Time::midnight())).ok()?, calendar)
    }

    /// Whether a region keeps these hours.
    #[must_use]
    pub fn holds_in(&self, region: &str) -> bool {
        !self.not_in.iter().any(|area| region_in(region, area))
    }

    fn on(&self, day: jiff::civil::Date, calendar: &Calendar) -> &[Interval] {
        if calendar.is_business_day(day) { &self.workdays } else { &self.rest_days }
    }

    /// Reads `[contact_hours]`.
    pub(crate) fn read(mut table: Table<'_>) -> Option<Self> {
        let standing = Standing::read(&mut table);
        let workdays = table.needed("workdays").and_then(intervals);
        let rest_days = table.needed("rest_days").and_then(intervals);
        let not_in = table.or("not_in", Vec::new(), |value| {
            let codes: Option<Vec<String>> = value.many()?.iter().map(region).collect();
            codes
        });
        table.done();
        Some(Self { standing: standing?, workdays: workdays?, rest_days: rest_days?, not_in: not_in? })
    }
}

fn region(value: &Value<'_>) -> Option<String> {
    let code = value.string()?;
    if !(2..=6).contains(&code.len()) || !code.bytes().all(|byte| byte.is_ascii_digit()) {
        value.fault("takes the first 2 to 6 digits of a region's code");
        return None;
    }
    Some(code.to_owned())
}
