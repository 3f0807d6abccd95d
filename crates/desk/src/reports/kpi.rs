//! Key figures: each made of the sums of months by its definition, with the cases behind it by the same conditions.

use super::facts::kpis;
use crate::caller::Caller;
use crate::error::DeskError;
use crate::jobs::rollup::{self, Progress};
use crate::queries::list::{Page, cursor};
use crate::time::stored;
use crate::{Desk, permissions};
use domain::case::Case;
use domain::event::Satisfaction;
use domain::fault::Fault;
use domain::refusal::Refusal;
use domain::taxonomy::province_of;
use jiff::civil::{Date, Time};
use jiff::{SignedDuration, Timestamp};
use policy::{Cycle, Kpi, KpiFigure, KpiMeasure, ReportPeriod, month_of};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use store::reports::{self, CasesQuery, KpiCounts, KpiFact, KpiPart, KpiSum, Population};
use store::{ExposureRow, Tx, network};

/// Most cases of a page.
const MOST: usize = 250;
/// Most counts of users looked at: a year of a country's regions.
const MOST_EXPOSURES: i64 = 50_000;
/// Thousandths of a percent that are all of it.
const WHOLE: i64 = 100_000;

/// What of a case a list is about.
pub const PARTS: &[&str] = &["all", "hit", "miss", "silent"];

/// What key figures are asked for with.
#[derive(Clone, Debug, Default)]
pub struct KpiAsk {
    /// Of which period: `2026-10`, `2026-Q3`, `2026-H1`, `2026`; of the last month that is over where nothing is said.
    pub period: Option<String>,
    /// In which region; the caller's area where nothing is said.
    pub region: Option<String>,
}

/// Cases behind a key figure.
#[derive(Clone, Debug, Default)]
pub struct KpiCasesAsk {
    /// Period and region.
    pub of: KpiAsk,
    /// `all`, `hit`, `miss` or `silent`.
    pub part: String,
    /// At most so many; 0 means 50.
    pub limit: usize,
    /// Where the last page ended.
    pub after: Option<String>,
}

/// A key figure of a period.
#[derive(Clone, Debug)]
pub struct KpiLine {
    /// Its definition.
    pub kpi: Kpi,
    /// Thousandths of its unit; nothing where there is none.
    pub thousandths: Option<i64>,
    /// What is missing for one: `cases`, `users` or `measurements`.
    pub missing: Option<&'static str>,
    /// What was counted: cases in the denominator, cases in the numerator, those beside; of availability measurements.
    pub sum: KpiSum,
    /// Of a rate: users it is held against, the mean of the months.
    pub users: Option<i64>,
    /// Whether it reaches its target; nothing without one, or where the target is unverified.
    pub met: Option<bool>,
    /// The same figure of the period before.
    pub before: Option<i64>,
}

/// Key figures of a period.
#[derive(Clone, Debug)]
pub struct KpiPage {
    /// The period.
    pub period: ReportPeriod,
    /// Its first and last day.
    pub days: (Date, Date),
    /// The region; empty for everywhere.
    pub area: String,
    /// How far counting had come.
    pub progress: Progress,
    /// When it was made.
    pub made_at: Timestamp,
    /// The figures.
    pub items: Vec<KpiLine>,
}

/// How a case counts for a key figure; nothing where it does not.
pub(super) fn fact(kpi: &Kpi, case: &Case, appeals: impl Fn(&[String]) -> bool) -> Option<KpiFact> {
    let kind = case.record.kind.code();
    if !kpi.of_cases() || (!kpi.kinds.is_empty() && !kpi.kinds.iter().any(|known| known == kind)) {
        return None;
    }
    let minutes = |at: Timestamp| (at.duration_since(case.received_at).as_secs() / 60).max(0);
    let hits = |value: i64| kpi.within.is_none_or(|within| value <= within);
    let timed = |at: Option<Timestamp>| match at.map(minutes) {
        Some(value) => Some((value, if hits(value) { KpiCounts::Hit } else { KpiCounts::Miss })),
        // Whoever is told in another case is counted there.
        None if !kpi.late_counts || case.merged_into.is_some() => None,
        None if case.state.is_open() => Some((0, KpiCounts::Waits)),
        None => {
            let value = minutes(case.closed_at.unwrap_or(case.changed_at));
            (!hits(value)).then_some((value, KpiCounts::Miss))
        }
    };
    let either = |hit: bool| Some((0, if hit { KpiCounts::Hit } else { KpiCounts::Miss }));
    let (value, counts) = match kpi.measure {
        KpiMeasure::Availability => None,
        // Whoever is reached in another case is counted there.
        KpiMeasure::FirstResponse if case.merged_into.is_some() => None,
        KpiMeasure::FirstResponse => timed(case.responded_at),
        KpiMeasure::Recovery => timed(case.restored_at),
        KpiMeasure::Resolution => timed(case.reply.as_ref().map(|reply| reply.at)),
        KpiMeasure::Satisfaction => match case.survey.as_ref().map(|survey| survey.satisfied) {
            Some(Satisfaction::Satisfied) => either(true),
            Some(Satisfaction::Neutral | Satisfaction::Dissatisfied) => either(false),
            Some(Satisfaction::NoAnswer) => Some((0, KpiCounts::Silent)),
            None => case.satisfaction_asked.then_some((0, KpiCounts::Silent)),
        },
        KpiMeasure::Repeat => either(
            case.record.assessment.repeat_count > 0
                || case.merged_into.is_some()
                || case.links.iter().any(|link| link.relation == domain::event::Relation::Predecessor),
        ),
        KpiMeasure::Cases => either(true),
        KpiMeasure::Appeals => appeals(&kpi.bodies).then_some((0, KpiCounts::Hit)),
    }?;
    Some(KpiFact { kpi: kpi.id.clone(), value, counts })
}

/// `part` of `whole` times `scale`, rounded half up; nothing of nothing.
fn ratio(part: i64, whole: i64, scale: i64) -> Option<i64> {
    let (part, whole, scale) = (i128::from(part), i128::from(whole), i128::from(scale));
    let rounded = (part * scale * 2 + whole).checked_div(whole * 2)?;
    i64::try_from(rounded).ok()
}

/// Users of each month of a region: what was said of it; of everywhere the sum of its provinces, or of the countries, where
/// each that has cases in the month was counted. Parts of those are not added to them.
fn users_of(rows: &[ExposureRow], area: &str, with_cases: &[(i64, String)]) -> BTreeMap<i64, i64> {
    let whole = |region: &str| if area.is_empty() { province_of(region) == region } else { region == area };
    let mut months: BTreeMap<i64, BTreeMap<&str, i64>> = BTreeMap::new();
    for row in rows.iter().filter(|row| whole(&row.region)) {
        months.entry(row.month).or_default().insert(&row.region, row.users);
    }
    let counted = |month: i64, regions: &BTreeMap<&str, i64>| {
        with_cases.iter().filter(|(of, _)| *of == month).all(|(_, province)| regions.contains_key(province.as_str()))
    };
    let known = months.into_iter().filter(|(month, regions)| counted(*month, regions));
    known.map(|(month, regions)| (month, regions.into_values().sum())).collect()
}

/// The last moment at which a case was received to which what a figure counts comes too late, if it has not come.
fn late_before(kpi: &Kpi, now: Timestamp) -> Option<Timestamp> {
    let within = kpi.within.filter(|_| kpi.late_counts)?;
    // Minutes are counted whole: one more has begun when it is late.
    now.checked_sub(SignedDuration::from_mins(within.saturating_add(1))).ok()
}

/// Puts months together; what waits past its limit counts. Of months before the one in which the limit ends now that is
/// all that waits, of those after it none, and of that one month each case is asked.
fn with_late(
    desk: &Desk,
    tx: &mut Tx<'_>,
    area: &str,
    months: BTreeMap<(String, i64), KpiSum>,
) -> Result<BTreeMap<String, KpiSum>, DeskError> {
    let now = desk.time().now();
    let mut sums: BTreeMap<String, KpiSum> = BTreeMap::new();
    for ((id, month), mut sum) in months {
        let before = desk.library().kpis().get(&id).and_then(|kpi| late_before(kpi, now));
        if let Some(before) = before.filter(|_| sum.waits > 0) {
            let here = i64::from(month_of(desk.zone().to_datetime(before).date()));
            let late = match month.cmp(&here) {
                Ordering::Less => sum.waits,
                Ordering::Equal => reports::late(tx, &id, area, month, stored(before))?.min(sum.waits),
                Ordering::Greater => 0,
            };
            sum.waits -= late;
            sum.counted += late;
        }
        sums.entry(id).or_default().add(&sum);
    }
    Ok(sums)
}

/// What a period holds.
struct Found {
    sums: BTreeMap<String, KpiSum>,
    users: Option<i64>,
    /// Minutes measured, minutes without service, measurements.
    measured: (i64, i64, i64),
}

impl Found {
    fn read(desk: &Desk, tx: &mut Tx<'_>, area: &str, period: ReportPeriod) -> Result<Self, DeskError> {
        let (from, to) = period.span();
        let span = (i64::from(from), i64::from(to));
        let mut sums: BTreeMap<(String, i64), KpiSum> = BTreeMap::new();
        // Sums are kept by province, and a smaller area has few cases, which are added up.
        if area.len() > 2 {
            for case in &reports::within(tx, area, span)? {
                for fact in &case.kpis {
                    sums.entry((fact.kpi.clone(), case.received)).or_default().count(fact, 1);
                }
            }
        } else {
            for (kpi, month, sum) in reports::kpi_months(tx, area, span)? {
                sums.entry((kpi, month)).or_default().add(&sum);
            }
        }
        let sums = with_late(desk, tx, area, sums)?;
        let with_cases = if area.is_empty() { reports::kpi_areas(tx, span)? } else { Vec::new() };
        let users = users_of(&network::exposures(tx, span, area, MOST_EXPOSURES)?, area, &with_cases);
        // A month nobody counted cannot be held against.
        let months = span.1 - span.0 + 1;
        let all = i64::try_from(users.len()).unwrap_or(0) == months;
        let users = all.then(|| users.values().sum::<i64>() / months);
        let measured = match period.days() {
            Some((first, last)) => {
                let begin = |day: Date| desk.zone().to_timestamp(day.to_datetime(Time::midnight())).ok();
                let end = last.tomorrow().ok().and_then(begin);
                match begin(first).zip(end) {
                    Some((from, to)) => network::measured(tx, area, (stored(from), stored(to)))?,
                    None => (0, 0, 0),
                }
            }
            None => (0, 0, 0),
        };
        Ok(Self { sums, users, measured })
    }

    /// A figure, or what is missing for it.
    fn figure(&self, kpi: &Kpi) -> Result<i64, &'static str> {
        let sum = self.sums.get(&kpi.id).copied().unwrap_or_default();
        match kpi.figure {
            KpiFigure::Share => ratio(sum.hits, sum.counted, WHOLE).ok_or("cases"),
            KpiFigure::Mean => ratio(sum.sum, sum.counted.saturating_mul(60), 1_000).ok_or("cases"),
            KpiFigure::Rate => {
                let users = self.users.ok_or("users")?;
                ratio(sum.counted, users, kpi.per.unwrap_or(1).saturating_mul(1_000)).ok_or("users")
            }
            KpiFigure::Time => {
                let (minutes, down, _) = self.measured;
                ratio(minutes - down, minutes, WHOLE).ok_or("measurements")
            }
        }
    }
}

impl Desk {
    /// Key figures of a period in an area, each with its definition.
    ///
    /// # Errors
    /// A fault naming the parameter that makes no sense; a refusal when the caller may not.
    pub async fn kpis(&self, caller: &Caller, ask: &KpiAsk) -> Result<KpiPage, DeskError> {
        permissions::READ_REPORTS.require(caller)?;
        let (period, area) = self.kpi_place(caller, ask)?;
        let days = period.days().ok_or_else(|| Refusal::from(Fault::new("period", "bad_period")))?;
        let (desk, wanted) = (self.clone(), area.clone());
        let (progress, now, before) = self
            .db()
            .read(move |tx| {
                let progress = rollup::progress(tx)?;
                let now = Found::read(&desk, tx, &wanted, period)?;
                Ok::<_, DeskError>((progress, now, Found::read(&desk, tx, &wanted, period.before())?))
            })
            .await?;
        let line = |kpi: &Kpi| {
            let figure = now.figure(kpi);
            let thousandths = figure.ok();
            let mut sum = now.sums.get(&kpi.id).copied().unwrap_or_default();
            if kpi.figure == KpiFigure::Time {
                sum.counted = now.measured.2;
            }
            KpiLine {
                thousandths,
                missing: figure.err(),
                sum,
                users: now.users.filter(|_| kpi.figure == KpiFigure::Rate),
                met: thousandths.and_then(|figure| kpi.target.as_ref()?.met(figure)),
                before: before.figure(kpi).ok(),
                kpi: kpi.clone(),
            }
        };
        let items = self.library().kpis().all().iter().map(line).collect();
        Ok(KpiPage { period, days, area, progress, made_at: self.time().now(), items })
    }

    /// The cases behind a key figure: found by the same conditions that counted them, the newest first.
    ///
    /// # Errors
    /// `not_found` when there is no such figure; a fault naming the parameter that makes no sense.
    pub async fn kpi_cases(&self, caller: &Caller, id: &str, ask: &KpiCasesAsk) -> Result<Page, DeskError> {
        permissions::READ_REPORTS.require(caller)?;
        permissions::READ_CASES.require(caller)?;
        let kpi = self.library().kpis().get(id).ok_or_else(Refusal::not_found)?.clone();
        let (period, area) = self.kpi_place(caller, &ask.of)?;
        if !kpi.of_cases() {
            return Err(Refusal::from(Fault::new("kpi", "no_cases_behind")).into());
        }
        let limit = match ask.limit {
            0 => 50,
            limit if limit <= MOST => limit,
            _ => {
                let fault = Fault::new("limit", "out_of_range").with("min", 1).with("max", MOST);
                return Err(Refusal::from(fault).into());
            }
        };
        let (counts, late): (&[KpiCounts], bool) = match ask.part.as_str() {
            "hit" => (&[KpiCounts::Hit], false),
            "miss" => (&[KpiCounts::Miss], true),
            "silent" => (&[KpiCounts::Silent], false),
            _ => (&[KpiCounts::Hit, KpiCounts::Miss, KpiCounts::Silent], true),
        };
        let pattern = |counts: &KpiCounts| reports::pattern(&kpi.id, *counts);
        let late = late_before(&kpi, self.time().now()).filter(|_| late);
        let part = KpiPart {
            counts: counts.iter().map(pattern).collect(),
            waits: late.map(|before| (pattern(&KpiCounts::Waits), stored(before))),
        };
        let (from, to) = period.span();
        let query = CasesQuery {
            population: Population::Received,
            months: (from.into(), to.into()),
            scope: area,
            reader: crate::load::reader(&caller.actor),
            kpi: Some(part),
            limit,
            after: ask.after.as_deref().map(cursor).transpose()?,
            ..CasesQuery::default()
        };
        let (found, next) = self
            .db()
            .read(move |tx| {
                let page = reports::cases(tx, &query)?;
                Ok::<_, DeskError>((super::rows_of(tx, &page.ids)?, page.next))
            })
            .await?;
        let mut items = Vec::with_capacity(found.len());
        for case in found {
            items.push(self.listed(&case.row, case.wrapped_key.as_deref())?);
        }
        Ok(Page { items, next: next.map(|cursor| format!("{}.{}", cursor.key, cursor.id)) })
    }

    /// Period and region of a question.
    fn kpi_place(&self, caller: &Caller, ask: &KpiAsk) -> Result<(ReportPeriod, String), Refusal> {
        let today = self.zone().to_datetime(self.time().now()).date();
        let wrong = || Refusal::from(Fault::new("period", "bad_period"));
        let period = match ask.period.as_deref() {
            Some(text) => text.parse::<ReportPeriod>().map_err(|_| wrong())?,
            None => ReportPeriod::around(today, Cycle::Month).map(ReportPeriod::before).ok_or_else(wrong)?,
        };
        if period.days().is_none_or(|(first, _)| first > today) {
            return Err(Fault::new("period", "period_not_begun").with("today", today).into());
        }
        let area = &caller.actor.area;
        let region = ask.region.clone().unwrap_or_else(|| area.code().to_owned());
        if !area.covers(&region) {
            return Err(Fault::new("region", "outside_area").with("area", area.code()).into());
        }
        Ok((period, region))
    }
}

/// What a case adds to the sums of key figures, `by` times; -1 takes it out again.
pub(crate) fn contribute(sums: &mut BTreeMap<reports::KpiKey, KpiSum>, facts: &store::reports::CaseFacts, by: i64) {
    kpis(facts, |area, fact| {
        let key = reports::KpiKey { kpi: fact.kpi.clone(), area: area.to_owned(), month: facts.received };
        sums.entry(key).or_default().count(fact, by);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_rounded_half_up_and_nothing_comes_of_nothing() {
        assert_eq!(ratio(2, 3, WHOLE), Some(66_667));
        assert_eq!(ratio(1, 0, WHOLE), None);
        assert_eq!(ratio(90, 60, 1_000), Some(1_500));
    }

    #[test]
    fn users_of_everywhere_are_those_of_its_provinces() {
        let row = |month: i64, region: &str, users: i64| ExposureRow {
            month,
            region: region.to_owned(),
            id: uuid::Uuid::nil(),
            users,
            revision: 1,
            recorded_at: 0,
        };
        let rows = [row(1, "31", 10), row(1, "33", 5), row(1, "3101", 7), row(2, "31", 11)];
        let cases =
            |of: &[(i64, &str)]| of.iter().map(|(month, area)| (*month, (*area).to_owned())).collect::<Vec<_>>();
        let both = cases(&[(1, "31"), (1, "33"), (2, "31")]);
        assert_eq!(users_of(&rows, "", &both), [(1, 15), (2, 11)].into());
        let more = cases(&[(1, "31"), (2, "31"), (2, "33")]);
        assert_eq!(users_of(&rows, "", &more), [(1, 15)].into(), "a province with cases nobody counted");
        assert_eq!(users_of(&rows, "3101", &[]), [(1, 7)].into());
        assert_eq!(users_of(&rows, "32", &[]), [].into());
        let abroad = [row(1, "IE", 10), row(1, "IE-DL", 4)];
        assert_eq!(users_of(&abroad, "", &cases(&[(1, "IE")])), [(1, 10)].into(), "parts are not added to the whole");
    }
}
