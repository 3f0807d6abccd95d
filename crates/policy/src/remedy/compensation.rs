//! Compensation as a pack states it. What it comes to for a case is counted in `count.rs`.

use crate::basis::Tier;
use crate::calendar::Calendar;
use crate::clock::{StartFact, StopFact, amount, can_be_counted};
use crate::code::codes;
use crate::document::{Table, Value};
use crate::duration::Amount;
use crate::facts::Facts;
use crate::grade::Grade;
use crate::money::Sum;
use crate::rule::RuleHead;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;
use std::collections::BTreeSet;

/// How much is owed for a span.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Owed {
    /// A fixed sum.
    Fixed(Sum),
    /// Hundredths of a percent of the monthly fee.
    OfMonthlyFee(u32),
    /// The larger of a fixed sum and a share of the monthly fee.
    Larger(Sum, u32),
    /// Hundredths of a percent of what was charged for the work that is late.
    OfFeeCharged(u32),
    /// The fee for the time without service.
    Proportional,
}

impl Owed {
    const fn fixed(&self) -> Option<&Sum> {
        match self {
            Self::Fixed(sum) | Self::Larger(sum, _) => Some(sum),
            Self::OfMonthlyFee(_) | Self::OfFeeCharged(_) | Self::Proportional => None,
        }
    }
}

/// A rate with the dates and days it is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rate {
    /// The first local date it holds for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Date>,
    /// The first day it is for, counted from 1 after the free time.
    pub from_day: u32,
    /// What is owed.
    pub owed: Owed,
}

codes! {
    /// For what span a rate is owed.
    pub Per {
        /// Once.
        Event = "event",
        /// For each calendar day.
        Day = "day",
        /// For each business day.
        BusinessDay = "business_day",
    }
}

codes! {
    /// Why days, or the whole time, are left out.
    pub Exclusion {
        /// The customer was not there when somebody came.
        CustomerMissedAppointment = "customer_missed_appointment",
        /// The customer did not take the earliest appointment.
        CustomerDeclinedEarliest = "customer_declined_earliest",
        /// The customer has brought it about.
        CustomerFault = "customer_fault",
        /// The service was cut off as the law allows or asks.
        LawfulMeasure = "lawful_measure",
        /// Nobody could have prevented it.
        ForceMajeure = "force_majeure",
        /// A natural disaster.
        NaturalDisaster = "natural_disaster",
    }
}

codes! {
    /// Whether the day on which it ends counts.
    pub LastDay {
        /// It counts.
        Included = "included",
        /// It does not.
        Excluded = "excluded",
    }
}

codes! {
    /// What is owed once the free time is over.
    pub OnceOver {
        /// What lies beyond the free time.
        Rest = "rest",
        /// The whole time from the start: the free time only decides whether anything is owed.
        Everything = "everything",
    }
}

codes! {
    /// What was given already and is taken off.
    pub SetOff {
        /// A reduction of the price for the same trouble.
        PriceReduction = "price_reduction",
    }
}

/// One compensation of a pack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CompensationRule {
    /// What every rule has.
    #[serde(flatten)]
    pub head: RuleHead,
    /// What it is counted from.
    pub from: StartFact,
    /// Whether no case knows when it began, so that whoever proposes states it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub ask_from: bool,
    /// What ends it.
    pub until: Vec<StopFact>,
    /// The time for which nothing is owed.
    pub free: Amount,
    /// What is owed once that time is over.
    pub once_over: OnceOver,
    /// For what span the rate is owed.
    pub per: Per,
    /// Whether the day on which it ends counts.
    pub last_day: LastDay,
    /// A calendar day counts only if the trouble lasted longer than this within it; any time, where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day_over: Option<Amount>,
    /// What is owed, by date and day.
    pub rates: Vec<Rate>,
    /// What days, or the whole time, may be left out for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<Exclusion>,
    /// What was given already and is taken off.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub set_off: Vec<SetOff>,
    /// Within what of its end it is paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pay_within: Option<Amount>,
    /// The most that is owed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_most: Option<Sum>,
}

impl CompensationRule {
    /// The currency its sums are in; none where it knows only shares.
    #[must_use]
    pub fn currency(&self) -> Option<&str> {
        let fixed = self.rates.iter().filter_map(|rate| rate.owed.fixed());
        fixed.chain(&self.at_most).map(|sum| sum.currency.as_str()).next()
    }

    /// The rate of a day by its date and its number after the free time. Where several are for it, the one that begins with
    /// the latest day, and of those the newest.
    #[must_use]
    pub fn rate(&self, day: Date, number: u32) -> Option<&Rate> {
        let holds =
            |rate: &&Rate| rate.from_day <= number && rate.valid_from.is_none_or(|valid_from| valid_from <= day);
        self.rates.iter().filter(holds).max_by_key(|rate| (rate.from_day, rate.valid_from))
    }

    /// Whether any of its rates is reckoned by what the customer pays a month.
    #[must_use]
    pub fn asks_monthly_fee(&self) -> bool {
        let asks = |rate: &Rate| matches!(rate.owed, Owed::OfMonthlyFee(_) | Owed::Larger(..) | Owed::Proportional);
        self.rates.iter().any(asks)
    }

    /// Whether it is for a case.
    pub(crate) fn holds(&self, facts: &Facts, grade: Grade, from: Timestamp, zone: &TimeZone) -> bool {
        self.head.holds(facts, Some(grade), from, zone)
    }

    /// Reads one `[[compensation]]`.
    pub(crate) fn read(mut table: Table<'_>, calendar: Option<&Calendar>, tier: Option<Tier>) -> Option<Self> {
        let head = RuleHead::read(&mut table, tier);
        let from = table.needed("from").and_then(|value| value.code());
        let ask_from = table.or("ask_from", false, |value| value.flag());
        let until = table.or("until", Vec::new(), |value| value.codes());
        let free = table.or("free", Amount::Instant, amount);
        let once_over = table.or("once_over", OnceOver::Rest, |value| value.code());
        let per = table.needed("per").and_then(|value| value.code());
        let last_day = table.or("last_day", LastDay::Included, |value| value.code());
        let day_over = table.maybe("day_over", hours_of_a_day);
        let rates = table.needed("rate").and_then(|value| {
            let read: Vec<Option<Rate>> = value.many()?.iter().map(read_rate).collect();
            read.into_iter().collect()
        });
        let exclude = table.or("exclude", Vec::new(), |value| value.codes());
        let set_off = table.or("set_off", Vec::new(), |value| value.codes());
        let pay_within = table.maybe("pay_within", amount);
        let at_most = table.maybe("at_most", |value| value.parsed(str::parse::<Sum>));
        can_be_counted(&table, free.into_iter().chain(pay_within.flatten()), calendar);
        table.done();
        let rule = Self {
            head: head?,
            from: from?,
            ask_from: ask_from?,
            until: until?,
            free: free?,
            once_over: once_over?,
            per: per?,
            last_day: last_day?,
            day_over: day_over?,
            rates: rates?,
            exclude: exclude?,
            set_off: set_off?,
            pay_within: pay_within?,
            at_most: at_most?,
        };
        let faults = rule.faults();
        for fault in &faults {
            table.fault(*fault);
        }
        faults.is_empty().then_some(rule)
    }

    /// What its keys say of each other that cannot be.
    fn faults(&self) -> Vec<&'static str> {
        let mut faults = Vec::new();
        let by_the_day = self.per != Per::Event;
        if by_the_day && self.until.is_empty() {
            faults.push("what grows by the day needs `until`: something must end it");
        }
        let of_days = self.last_day != LastDay::Included
            || self.day_over.is_some()
            || self.once_over != OnceOver::Rest
            || self.rates.iter().any(|rate| rate.from_day > 1 || rate.owed == Owed::Proportional);
        if !by_the_day && of_days {
            faults.push(
                "`last_day`, `day_over`, `once_over`, `from_day` and `proportional` belong to what is owed by the day",
            );
        }
        if self.once_over == OnceOver::Everything && self.free == Amount::Instant {
            faults.push("`once_over` needs `free`: without it nothing has to be over");
        }
        if !self.rates.iter().any(|rate| rate.from_day == 1) {
            faults.push("no rate is for the first day: `from_day` counts from 1 after the `free` time");
        }
        let mut seen = BTreeSet::new();
        if !self.rates.iter().all(|rate| seen.insert((rate.from_day, rate.valid_from))) {
            faults.push("two rates are for the same dates and days");
        }
        let sums = self.rates.iter().filter_map(|rate| rate.owed.fixed()).chain(&self.at_most);
        let currencies: BTreeSet<&str> = sums.map(|sum| sum.currency.as_str()).collect();
        if currencies.len() > 1 {
            faults.push("the sums of one rule are in one currency");
        }
        faults
    }
}

fn hours_of_a_day(value: Value<'_>) -> Option<Amount> {
    match amount(value)? {
        hours @ Amount::Hours(1..=23) => Some(hours),
        _ => {
            value.fault("takes hours of a day, from 1h to 23h");
            None
        }
    }
}

fn read_rate(value: &Value<'_>) -> Option<Rate> {
    let mut table = value.table()?;
    let valid_from = table.maybe("valid_from", |value| value.date());
    let from_day = table.or("from_day", 1, |value| match value.whole()? {
        day @ 1..=3650 => u32::try_from(day).ok(),
        _ => {
            value.fault("takes a day from 1 to 3650");
            None
        }
    });
    let fixed = table.maybe("fixed", |value| value.parsed(str::parse::<Sum>));
    let share = table.maybe("of_monthly_fee", |value| value.parsed(share));
    let charged = table.maybe("of_fee_charged", |value| value.parsed(self::share));
    let proportional = table.or("proportional", false, |value| value.flag());
    table.done();
    let owed = match (fixed?, share?, charged?, proportional?) {
        (Some(sum), None, None, false) => Owed::Fixed(sum),
        (None, Some(share), None, false) => Owed::OfMonthlyFee(share),
        (Some(sum), Some(share), None, false) => Owed::Larger(sum, share),
        (None, None, Some(share), false) => Owed::OfFeeCharged(share),
        (None, None, None, true) => Owed::Proportional,
        _ => {
            value.fault(
                "takes `fixed`, `of_monthly_fee`, both (the larger is owed), `of_fee_charged`, or `proportional`",
            );
            return None;
        }
    };
    Some(Rate { valid_from: valid_from?, from_day: from_day?, owed })
}

/// Reads `10%` or `0.3%` as hundredths of a percent.
fn share(text: &str) -> Result<u32, &'static str> {
    const WRONG: &str = "write a share such as 10% or 0.25%, at most 1000%";
    let number = text.strip_suffix('%').ok_or(WRONG)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || fraction.len() > 2 || whole.len() > 4 {
        return Err(WRONG);
    }
    let whole: u32 = whole.parse().map_err(|_| WRONG)?;
    let fraction: u32 = format!("{fraction:0<2}").parse().map_err(|_| WRONG)?;
    let share = whole * 100 + fraction;
    if share == 0 || share > 100_000 { Err(WRONG) } else { Ok(share) }
}
