//! Holds and compensation: what an operator must not do while a matter is open, and what it owes when it is late.

use crate::basis::Tier;
use crate::calendar::Calendar;
use crate::clock::{StartFact, StopFact, amount, can_be_counted};
use crate::code::codes;
use crate::document::{Table, Value};
use crate::duration::Amount;
use crate::money::Sum;
use crate::rule::RuleHead;
use jiff::civil::Date;
use serde::Serialize;

codes! {
    /// What must not be done while a hold stands.
    pub Held {
        /// The service is not cut off.
        Disconnection = "disconnection",
        /// The disputed sum is not collected.
        Collection = "collection",
        /// The debt is not reported or sold.
        CreditReporting = "credit_reporting",
        /// What proves the matter is not erased: bills, orders, logs, recordings.
        Records = "records",
    }
}

/// One hold of a pack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HoldRule {
    /// What every rule has.
    #[serde(flatten)]
    pub head: RuleHead,
    /// What must not be done.
    pub holds: Vec<Held>,
    /// What places it.
    pub from: StartFact,
    /// What lifts it.
    pub until: Vec<StopFact>,
}

impl HoldRule {
    /// Reads one `[[hold]]`.
    pub(crate) fn read(mut table: Table<'_>, tier: Option<Tier>) -> Option<Self> {
        let head = RuleHead::read(&mut table, tier);
        let holds = table.needed("holds").and_then(|value| value.codes());
        let from = table.needed("from").and_then(|value| value.code());
        let until = table.needed("until").and_then(|value| value.codes());
        table.done();
        Some(Self { head: head?, holds: holds?, from: from?, until: until? })
    }
}

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

/// A rate with the dates and days it is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rate {
    /// The first local date it holds for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Date>,
    /// The first day of lateness it is for, counted from 1.
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

/// One compensation of a pack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CompensationRule {
    /// What every rule has.
    #[serde(flatten)]
    pub head: RuleHead,
    /// What it is counted from.
    pub from: StartFact,
    /// What ends it.
    pub until: Vec<StopFact>,
    /// The time for which nothing is owed.
    pub free: Amount,
    /// For what span the rate is owed.
    pub per: Per,
    /// What is owed, by date and day.
    pub rates: Vec<Rate>,
    /// Within what of its end it is paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pay_within: Option<Amount>,
    /// The most that is owed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_most: Option<Sum>,
}

impl CompensationRule {
    /// Reads one `[[compensation]]`.
    pub(crate) fn read(mut table: Table<'_>, calendar: Option<&Calendar>, tier: Option<Tier>) -> Option<Self> {
        let head = RuleHead::read(&mut table, tier);
        let from = table.needed("from").and_then(|value| value.code());
        let until = table.or("until", Vec::new(), |value| value.codes());
        let free = table.or("free", Amount::Instant, amount);
        let per = table.needed("per").and_then(|value| value.code());
        let rates = table.needed("rate").and_then(|value| {
            let read: Vec<Option<Rate>> = value.many()?.iter().map(read_rate).collect();
            read.into_iter().collect()
        });
        let pay_within = table.maybe("pay_within", amount);
        let at_most = table.maybe("at_most", |value| value.parsed(str::parse::<Sum>));
        if until.as_ref().is_some_and(Vec::is_empty) && per.is_some_and(|per| per != Per::Event) {
            table.fault("what grows by the day needs `until`: something must end it");
        }
        can_be_counted(&table, free.into_iter().chain(pay_within.flatten()), calendar);
        table.done();
        Some(Self {
            head: head?,
            from: from?,
            until: until?,
            free: free?,
            per: per?,
            rates: rates?,
            pay_within: pay_within?,
            at_most: at_most?,
        })
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
