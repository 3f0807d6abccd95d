//! Reads `[[clock]]`: which keys a kind of clock takes and what they may say.

use super::{Attempts, ClockKind, ClockRule, Extension, Limit, OnRegrade, Owner, Pausing, Start, Stop, Target};
use crate::basis::{Layer, Tier};
use crate::calendar::Calendar;
use crate::code::codes;
use crate::counting::CountingRule;
use crate::document::{Table, Value};
use crate::duration::Amount;
use crate::facts::Facts;
use crate::grade::Grade;
use crate::rule::RuleHead;

/// More tries than this are a slip of the pen.
const MOST_ATTEMPTS: i64 = 100;

codes! {
    /// What has to differ between two tries.
    Distinct {
        /// The local day.
        CalendarDay = "calendar_day",
    }
}

/// An amount.
pub(crate) fn amount(value: Value<'_>) -> Option<Amount> {
    value.parsed(str::parse::<Amount>)
}

/// Working hours need a calendar that has some.
pub(crate) fn can_be_counted(
    table: &Table<'_>,
    mut amounts: impl Iterator<Item = Amount>,
    calendar: Option<&Calendar>,
) {
    // Without a calendar its absence is a fault already.
    let Some(calendar) = calendar else { return };
    if !calendar.has_hours() && amounts.any(|amount| matches!(amount, Amount::WorkingHours(_))) {
        table.fault(format!("counts working hours, but the calendar `{}` states none", calendar.id()));
    }
}

impl ClockRule {
    /// Reads one `[[clock]]`.
    pub(crate) fn read(mut table: Table<'_>, calendar: Option<&Calendar>, tier: Option<Tier>) -> Option<Self> {
        let head = RuleHead::read(&mut table, tier);
        let kind = table.or("kind", ClockKind::Due, |value| value.code())?;
        let owner = table.or("owner", Owner::Provider, |value| value.code());
        let start =
            table.needed("start").and_then(|value| several(&value, Start::parse, |item| item.code().map(Start::Fact)));
        let stop =
            table.or("stop", Vec::new(), |value| several(&value, Stop::parse, |item| item.code().map(Stop::Fact)));
        let targets = table.or("targets", Vec::new(), read_targets);
        let limit = match kind {
            ClockKind::Percentile => {
                targets.as_ref().and_then(|targets| targets.last()).map(|last| Limit::same(last.within))
            }
            _ => table.needed("amount").and_then(read_limit),
        };
        let attempts = table.maybe("attempts", read_attempts);
        let counting = table.or("counting", CountingRule::default(), |value| value.table().map(CountingRule::read));
        let pausable = table.or("pausable", Pausing::Never, read_pausing);
        // Read for the sake of packs of before: whatever it says, a new grade keeps or shortens.
        let on_regrade: Option<OnRegrade> = table.or("on_regrade", OnRegrade::KeepEarlier, |value| value.code());
        let warn_at = table.or("warn_at", usual_warnings(kind), read_warnings);
        let extend = table.maybe("extend", read_extension);
        let agreed_up_to = table.maybe("agreed_up_to", |value| {
            let most = value.parsed(str::parse::<Amount>)?;
            if !matches!(most, Amount::Hours(_) | Amount::CalendarDays(_)) || most.count() == 0 {
                value.fault("takes hours or days, such as 72h or 30d");
                return None;
            }
            Some(most)
        });
        let mean = table.maybe("mean", amount);
        let may_overtake = table.maybe("may_overtake", |value| value.text());
        if let (Some(targets), Some(attempts)) = (&targets, &attempts) {
            fits(&table, kind, targets, attempts.is_some());
        }
        if kind.can_be_missed() && stop.as_ref().is_some_and(Vec::is_empty) {
            table.fault(format!("a clock of kind {} needs `stop`: something must be able to end it", kind.code()));
        }
        if kind == ClockKind::Recurring && limit.is_some_and(|limit| limit.amounts().any(|amount| amount.count() == 0))
        {
            table.fault("a clock that is due again and again needs a time between");
        }
        if let Some(limit) = &limit {
            can_be_counted(&table, limit.amounts(), calendar);
        }
        if pausable == Some(Pausing::Always) && head.as_ref().is_some_and(|head| head.layer == Layer::Law) {
            table.fault("a clock of the law layer may be paused only for what its `pausable` lists");
        }
        if agreed_up_to.is_some_and(|most| most.is_some()) && head.as_ref().is_some_and(|head| head.layer == Layer::Law)
        {
            table.fault("a clock of the law layer is not for customer and operator to agree");
        }
        table.done();
        on_regrade?;
        Some(Self {
            head: head?,
            kind,
            owner: owner?,
            start: start?,
            stop: stop?,
            limit: limit?,
            counting: counting?,
            pausable: pausable?,
            warn_at: warn_at?,
            extend: extend?,
            attempts: attempts?,
            targets: targets?,
            agreed_up_to: agreed_up_to?,
            mean: mean?,
            may_overtake: may_overtake?,
        })
    }
}

/// Which keys belong to which kind.
fn fits(table: &Table<'_>, kind: ClockKind, targets: &[Target], attempts: bool) {
    if (kind == ClockKind::Percentile) == targets.is_empty() {
        table.fault("`targets` belongs to a clock of kind percentile, which needs it");
    }
    if (kind == ClockKind::Attempts) != attempts {
        table.fault("`attempts` belongs to a clock of kind attempts, which needs it");
    }
}

fn usual_warnings(kind: ClockKind) -> Vec<u8> {
    match kind {
        ClockKind::Due | ClockKind::Attempts | ClockKind::Recurring => vec![50, 75, 100],
        ClockKind::Cap => vec![75, 100],
        // The moment itself is news.
        ClockKind::NotBefore | ClockKind::Window => vec![100],
        ClockKind::KeepUntil | ClockKind::Percentile => Vec::new(),
    }
}

/// Facts, ends of other clocks, stages of matters outside; what is none of them is refused with the closest known fact.
fn several<T: PartialEq>(
    value: &Value<'_>,
    parse: impl Fn(&str) -> Option<T>,
    fact: impl Fn(&Value<'_>) -> Option<T>,
) -> Option<Vec<T>> {
    let mut read = Vec::new();
    for item in value.many()? {
        let one = match parse(item.string()?) {
            Some(one) => one,
            None => fact(&item)?,
        };
        if read.contains(&one) {
            item.fault("is listed twice");
            return None;
        }
        read.push(one);
    }
    Some(read)
}

fn read_pausing(value: Value<'_>) -> Option<Pausing> {
    if let Some(flag) = value.as_flag() {
        return Some(if flag { Pausing::Always } else { Pausing::Never });
    }
    let listed: Option<Vec<String>> = value.many()?.iter().map(|item| item.listed(Facts::WAITS)).collect();
    listed.map(Pausing::While)
}

fn read_extension(value: Value<'_>) -> Option<Extension> {
    let mut table = value.table()?;
    let by = table.maybe("by", amount);
    let total = table.maybe("total", amount);
    let notice_within = table.maybe("notice_within", amount);
    table.done();
    match (by?, total?) {
        (Some(amount), None) => Some(Extension { amount, total: false, notice_within: notice_within? }),
        (None, Some(amount)) => Some(Extension { amount, total: true, notice_within: notice_within? }),
        _ => {
            value.fault("takes either `by`, what is added, or `total`, what the whole time becomes");
            None
        }
    }
}

fn read_attempts(value: Value<'_>) -> Option<Attempts> {
    let mut table = value.table()?;
    let need = table.needed("need").and_then(|value| match value.whole()? {
        need @ 2..=MOST_ATTEMPTS => u32::try_from(need).ok(),
        _ => {
            value.fault(format!("takes 2 to {MOST_ATTEMPTS}: the first try begins the time"));
            None
        }
    });
    let distinct = table.maybe("distinct", |value| value.code::<Distinct>());
    table.done();
    Some(Attempts { need: need?, distinct_days: distinct?.is_some() })
}

/// Shares and times, both ascending.
fn read_targets(value: Value<'_>) -> Option<Vec<Target>> {
    let mut targets: Vec<Target> = Vec::new();
    for item in value.many()? {
        let mut table = item.table()?;
        let percent = table.needed("percent").and_then(|value| percent(&value));
        let within = table.needed("within").and_then(amount);
        table.done();
        let target = Target { percent: percent?, within: within? };
        if targets.last().is_some_and(|before| {
            let comparable = std::mem::discriminant(&before.within) == std::mem::discriminant(&target.within);
            !comparable || before.percent >= target.percent || before.within.count() >= target.within.count()
        }) {
            item.fault("takes shares and times in one unit, both ascending");
            return None;
        }
        targets.push(target);
    }
    Some(targets)
}

fn percent(value: &Value<'_>) -> Option<u8> {
    let percent = value.whole().and_then(|number| u8::try_from(number).ok()).filter(|n| (1..=100).contains(n));
    if percent.is_none() {
        value.fault("takes a percentage from 1 to 100");
    }
    percent
}

/// One amount for all cases, or a table by grade or by kind of area.
fn read_limit(value: Value<'_>) -> Option<Limit> {
    if !value.is_table() {
        return amount(value).map(Limit::same);
    }
    let mut table = value.table()?;
    let (urban, rural) = (table.optional("urban"), table.optional("rural"));
    let mut read = |grade: Grade| table.maybe(grade.code(), amount);
    let (normal, major, urgent) = (read(Grade::Normal), read(Grade::Major), read(Grade::Urgent));
    table.done();
    let (normal, major, urgent) = (normal?, major?, urgent?);
    let graded = [normal, major, urgent].iter().any(Option::is_some);
    match (urban, rural) {
        (Some(urban), Some(rural)) if !graded => by_area(&value, amount(urban)?, amount(rural)?),
        (None, None) if graded => Some(Limit::ByGrade { normal, major, urgent }),
        _ => {
            value.fault("takes one amount, amounts by grade (normal, major, urgent), or both urban and rural");
            None
        }
    }
}

/// An area nobody recorded counts as urban; that may never give a case more time.
fn by_area(value: &Value<'_>, urban: Amount, rural: Amount) -> Option<Limit> {
    let comparable = std::mem::discriminant(&urban) == std::mem::discriminant(&rural);
    if !comparable || urban.count() > rural.count() {
        value.fault("takes an urban amount no longer than the rural one, in the same unit");
        return None;
    }
    Some(Limit::ByArea { urban, rural })
}

/// Percentages, ascending, from 1 to 100.
fn read_warnings(value: Value<'_>) -> Option<Vec<u8>> {
    let mut percents: Vec<u8> = Vec::new();
    for item in value.many()? {
        let percent = percent(&item)?;
        if percents.last().is_some_and(|before| *before >= percent) {
            item.fault("takes percentages, ascending");
            return None;
        }
        percents.push(percent);
    }
    Some(percents)
}
