//! Reads a pack file. What a rule may say is decided here, once: the rest of the crate relies on it.

use super::{Pack, ReviewRule};
use crate::assess::AssessRule;
use crate::basis::{Basis, Confidence, Layer, Source, Status, Tier};
use crate::calendar::{Calendar, CalendarSet};
use crate::clock::{ClockKind, ClockRule, Limit, OnRegrade, Owner};
use crate::counting::CountingRule;
use crate::document::{self, Table, Value};
use crate::duration::Amount;
use crate::fault::Fault;
use crate::grade::{DecisionTable, Grade};
use crate::period::Period;
use crate::predicate::Predicate;
use crate::text::Text;
use crate::window::WindowRule;
use jiff::civil::Date;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Reads a pack file.
pub(super) fn load(file: &str, text: &str, calendars: &CalendarSet) -> Result<Pack, Vec<Fault>> {
    document::read(Some(file), text, |table| read(table, calendars))
}

/// The head of a pack.
struct Head {
    id: String,
    version: String,
    title: Text,
    tier: Tier,
    jurisdiction: String,
    status: Status,
    valid_from: Date,
    valid_to: Option<Date>,
    calendar: Arc<Calendar>,
}

fn read(table: &mut Table<'_>, calendars: &CalendarSet) -> Option<Pack> {
    let head = table.needed("pack").and_then(|value| value.table()).and_then(|head| read_head(head, calendars));
    let sources = read_sources(table);
    // Not every pack grades; a stack has exactly one that does.
    let grades = DecisionTable::read(table)?;
    // Without the calendar nothing can be said about working hours; the missing calendar is already a fault.
    let calendar = head.as_ref().map(|head| Arc::clone(&head.calendar));
    let tier = head.as_ref().map(|head| head.tier);
    let clocks = rules(table, "clock", |clock| read_clock(clock, calendar.as_deref(), tier), |rule| &rule.id);
    let assess = rules(table, "assess", AssessRule::read, |rule| &rule.id);
    let reviews = rules(table, "review", read_review, |rule| &rule.id);
    let windows = rules(table, "window", |window| read_window(window, calendar.as_deref(), tier), |rule| &rule.id);
    let reopen = period(table, "reopen", |table| Period::read(table, "within"))?;
    let suspend = period(table, "suspend", |table| Period::read(table, "limit"))?;
    let repeat = period(table, "repeat", |table| Period::read_days(table, "within"))?;
    let notes = match table.optional("notes") {
        Some(value) => value.items().iter().map(Value::text).collect::<Option<Vec<_>>>(),
        None => Some(Vec::new()),
    };
    let (head, sources, clocks, assess, reviews) = (head?, sources?, clocks?, assess?, reviews?);
    let windows = windows?;
    for window in windows.iter().filter(|window| clocks.iter().any(|clock| clock.id == window.id)) {
        table.fault(format!("`{}` is a clock and a window; a case could not say which it means", window.id));
    }
    let cited = clocks
        .iter()
        .map(|rule| (&rule.id, &rule.source))
        .chain(assess.iter().map(|rule| (&rule.id, &rule.source)))
        .chain(windows.iter().map(|rule| (&rule.id, &rule.source)))
        .chain(reviews.iter().map(|rule| (&rule.id, &rule.source)));
    for (rule, source) in cited {
        known_source(table, rule, source, &sources);
    }
    for (name, period) in [("reopen", &reopen), ("suspend", &suspend), ("repeat", &repeat)] {
        if let Some(period) = period {
            known_source(table, name, &period.source, &sources);
        }
    }
    Some(Pack {
        id: head.id,
        version: head.version,
        title: head.title,
        tier: head.tier,
        jurisdiction: head.jurisdiction,
        status: head.status,
        valid_from: head.valid_from,
        valid_to: head.valid_to,
        calendar: head.calendar,
        sources,
        clocks,
        grades,
        assess,
        reviews,
        windows,
        reopen,
        suspend,
        repeat,
        notes: notes?,
    })
}

fn known_source(table: &Table<'_>, rule: &str, source: &str, sources: &[Source]) {
    if !sources.iter().any(|known| known.id == source) {
        table.fault(format!("rule `{rule}` cites the source `{source}`, which the pack does not list"));
    }
}

fn read_head(mut head: Table<'_>, calendars: &CalendarSet) -> Option<Head> {
    let id = head.id("id");
    let version = head.needed("version").and_then(|value| value.parsed(version));
    let title = head.text("title");
    let tier = head.needed("layer").and_then(|value| value.code());
    let jurisdiction = head.needed("jurisdiction").and_then(|value| value.string());
    let status = head.needed("status").and_then(|value| value.code());
    let valid_from = head.needed("valid_from").and_then(|value| value.date());
    let valid_to = match head.optional("valid_to") {
        Some(value) => value.date().map(Some),
        None => Some(None),
    };
    let calendar = head.needed("calendar").and_then(|value| {
        let id = value.string()?;
        let calendar = calendars.get(id);
        if calendar.is_none() {
            let known: Vec<&str> = calendars.iter().map(Calendar::id).collect();
            value.fault(format!("names a calendar that is not there; there are: {}", known.join(", ")));
        }
        calendar.map(Arc::clone)
    });
    if let (Some(from), Some(Some(to))) = (valid_from, valid_to)
        && to < from
    {
        head.fault("`valid_to` lies before `valid_from`");
    }
    head.done();
    Some(Head {
        id: id?,
        version: version?,
        title: title?,
        tier: tier?,
        jurisdiction: jurisdiction?.to_owned(),
        status: status?,
        valid_from: valid_from?,
        valid_to: valid_to?,
        calendar: calendar?,
    })
}

/// Three numbers with points.
fn version(text: &str) -> Result<String, &'static str> {
    let number = |part: &str| (1..=6).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    if text.split('.').count() == 3 && text.split('.').all(number) {
        Ok(text.to_owned())
    } else {
        Err("write a version such as 1.0.0")
    }
}

fn read_sources(table: &mut Table<'_>) -> Option<Vec<Source>> {
    rules(
        table,
        "source",
        |mut source| {
            let id = source.id("id");
            let title = source.text("title");
            let url = source.optional("url").and_then(|value| value.string()).map(str::to_owned);
            let seen = source.optional("seen").and_then(|value| value.date());
            source.done();
            Some(Source { id: id?, title: title?, url, seen })
        },
        |source| &source.id,
    )
}

/// The rules of one kind, with identities that differ. Faults are collected over all of them.
fn rules<'d, T>(
    table: &mut Table<'d>,
    key: &'static str,
    read: impl Fn(Table<'d>) -> Option<T>,
    id: impl Fn(&T) -> &String,
) -> Option<Vec<T>> {
    let mut rules = Vec::new();
    let mut complete = true;
    let mut ids = BTreeSet::new();
    for table in table.tables(key) {
        let place = table.place();
        match read(table) {
            Some(rule) => {
                if !ids.insert(id(&rule).clone()) {
                    place.fault(format!("a second {key} `{}`", id(&rule)));
                }
                rules.push(rule);
            }
            None => complete = false,
        }
    }
    complete.then_some(rules)
}

fn read_clock(mut table: Table<'_>, calendar: Option<&Calendar>, tier: Option<Tier>) -> Option<ClockRule> {
    let id = table.id("id");
    let title = table.text("title");
    let kind = or_else(table.optional("kind"), |value| value.code(), ClockKind::Due);
    let layer = table.needed("layer").and_then(|value| value.code());
    let basis = table.needed("basis").and_then(|value| value.code());
    let confidence = table.needed("confidence").and_then(|value| value.code());
    let source = table.id("source");
    let owner = or_else(table.optional("owner"), |value| value.code(), Owner::Provider);
    let start = table.needed("start").and_then(|value| value.codes());
    let stop = table.needed("stop").and_then(|value| value.codes());
    let limit = table.needed("amount").and_then(read_limit);
    let counting =
        or_else(table.optional("counting"), |value| value.table().map(CountingRule::read), CountingRule::default());
    let applies = or_else(table.optional("applies"), Predicate::read, Predicate::default());
    let pausable = or_else(table.optional("pausable"), |value| value.flag(), false);
    let on_regrade = or_else(table.optional("on_regrade"), |value| value.code(), OnRegrade::KeepEarlier);
    let warn_at = or_else(table.optional("warn_at"), read_warnings, vec![50, 75, 100]);
    let note = match table.optional("note") {
        Some(value) => value.text().map(Some),
        None => Some(None),
    };
    if let Some((layer, basis, confidence)) = layer.zip(basis).zip(confidence).map(|((l, b), c)| (l, b, c)) {
        standing(&table, layer, basis, confidence, tier);
    }
    if let (Some(limit), Some(calendar)) = (&limit, calendar) {
        can_be_counted(&table, limit.amounts(), calendar);
    }
    if pausable == Some(true) && layer == Some(Layer::Law) {
        table.fault("a clock of the law layer cannot be paused without a rule that says when");
    }
    table.done();
    Some(ClockRule {
        id: id?,
        title: title?,
        kind: kind?,
        layer: layer?,
        basis: basis?,
        confidence: confidence?,
        source: source?,
        owner: owner?,
        start: start?,
        stop: stop?,
        limit: limit?,
        counting: counting?,
        applies: applies?,
        pausable: pausable?,
        on_regrade: on_regrade?,
        warn_at: warn_at?,
        note: note?,
    })
}

/// An optional key: its value, the default when absent, nothing when wrong.
fn or_else<'d, T>(value: Option<Value<'d>>, read: impl FnOnce(Value<'d>) -> Option<T>, absent: T) -> Option<T> {
    match value {
        Some(value) => read(value),
        None => Some(absent),
    }
}

/// The law layer stands on law or a standard, never on something nobody verified, and in a pack of the law.
fn standing(table: &Table<'_>, layer: Layer, basis: Basis, confidence: Confidence, tier: Option<Tier>) {
    if layer != Layer::Law {
        return;
    }
    if !matches!(basis, Basis::Law | Basis::Standard) {
        table.fault(format!("layer law needs basis law or standard, not {}", basis.code()));
    }
    if confidence == Confidence::Unverified {
        table.fault("layer law cannot rest on an unverified figure");
    }
    if tier.is_some_and(|tier| tier != Tier::Law) {
        table.fault("a rule of layer law belongs into a pack of layer law");
    }
}

/// Working hours need a calendar that has some.
fn can_be_counted(table: &Table<'_>, mut amounts: impl Iterator<Item = Amount>, calendar: &Calendar) {
    if !calendar.has_hours() && amounts.any(|amount| matches!(amount, Amount::WorkingHours(_))) {
        table.fault(format!("counts working hours, but the calendar `{}` states none", calendar.id()));
    }
}

fn read_window(table: Table<'_>, calendar: Option<&Calendar>, tier: Option<Tier>) -> Option<WindowRule> {
    let place = table.again();
    let rule = WindowRule::read(table)?;
    standing(&place, rule.layer, rule.basis, rule.confidence, tier);
    if let Some(calendar) = calendar {
        can_be_counted(&place, rule.opens_after.into_iter().chain([rule.amount]), calendar);
    }
    Some(rule)
}

/// A table that may be absent: its period, none when absent, nothing at all when wrong.
fn period<'d>(
    table: &mut Table<'d>,
    key: &'static str,
    read: impl FnOnce(Table<'d>) -> Option<Period>,
) -> Option<Option<Period>> {
    match table.optional(key) {
        Some(value) => value.table().and_then(read).map(Some),
        None => Some(None),
    }
}

/// One amount for all cases, or a table by grade or by kind of area.
fn read_limit(value: Value<'_>) -> Option<Limit> {
    let amount = |value: Value<'_>| value.parsed(str::parse::<Amount>);
    if !value.is_table() {
        return amount(value).map(Limit::same);
    }
    let mut table = value.table()?;
    let (urban, rural) = (table.optional("urban"), table.optional("rural"));
    let mut read = |grade: Grade| match table.optional(grade.code()) {
        Some(value) => amount(value).map(Some),
        None => Some(None),
    };
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
        let percent = item.whole().and_then(|number| u8::try_from(number).ok()).filter(|n| (1..=100).contains(n));
        let ascending = percent.filter(|percent| percents.last().is_none_or(|before| before < percent));
        let Some(percent) = ascending else {
            item.fault("takes percentages from 1 to 100, ascending");
            return None;
        };
        percents.push(percent);
    }
    Some(percents)
}

fn read_review(mut table: Table<'_>) -> Option<ReviewRule> {
    let id = table.id("id");
    let grades = table.needed("grade").and_then(|value| value.codes());
    let four_eyes = table.needed("four_eyes").and_then(|value| value.flag());
    let reason = table.text("reason");
    let basis = table.needed("basis").and_then(|value| value.code());
    let confidence = table.needed("confidence").and_then(|value| value.code());
    let source = table.id("source");
    table.done();
    Some(ReviewRule {
        id: id?,
        grades: grades?,
        four_eyes: four_eyes?,
        reason: reason?,
        basis: basis?,
        confidence: confidence?,
        source: source?,
    })
}
