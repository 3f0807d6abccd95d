//! What other systems know and we do not: facts of the network, an operator's own products, users by month. Each comes under
//! an identity of its own, so that taking it in again changes nothing; what it said before stands in the ledger of the
//! administration.

mod record;

pub use record::{AtPlaces, RecordKind, Taken};

use crate::caller::Caller;
use crate::error::DeskError;
use crate::incidents::sees;
use crate::kept;
use crate::load::{self, CaseRef};
use crate::queries::list::cursor;
use crate::time::{moment, stored};
use crate::{Desk, permissions};
use domain::audit::chain::Ledger;
use domain::fault::Fault;
use domain::intake::PRODUCTS;
use domain::network::Fact;
use domain::refusal::Refusal;
use domain::shape::{Field, Kind, optional, required};
use domain::taxonomy::region_in;
use jiff::{SignedDuration, Timestamp};
use policy::ReportPeriod;
use serde::{Deserialize, Serialize};
use store::{NetworkFactRow, NetworkQuery, entries, network};
use uuid::Uuid;

/// Most facts of a page.
const MOST: usize = 250;
/// How far around the moment it happened a case looks for facts: who notices an outage does so within a day.
const AROUND: SignedDuration = SignedDuration::from_hours(24);
/// Facts shown beside a case.
const SHOWN: i64 = 20;
/// Most products and counts shown.
const MOST_LISTED: i64 = 5_000;

/// Shape of a product.
pub const PRODUCT: &[Field] = &[
    required("code", Kind::Line { max: 40 }, "Its code; it never means another product."),
    required("line", Kind::Code(PRODUCTS), "Product line it belongs to."),
    required("zh", Kind::Text { max: 100, multiline: false }, "Chinese name."),
    required("en", Kind::Text { max: 100, multiline: false }, "English name."),
    optional("since", Kind::Day, "First day it is sold. Left out: always."),
    optional("until", Kind::Day, "Last day it is sold. Left out: for ever. Cases about it are taken in all the same."),
];

/// A product of the operator's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// Its code.
    pub code: String,
    /// Product line it belongs to.
    pub line: String,
    /// Chinese name.
    pub zh: String,
    /// English name.
    pub en: String,
    /// First day it is sold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Last day it is sold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// A product with its version.
#[derive(Clone, Debug)]
pub struct ProductView {
    /// The product.
    pub product: Product,
    /// 1, and one more with each change.
    pub revision: i64,
    /// When it was said.
    pub recorded_at: Timestamp,
}

/// Users of a month in a region.
#[derive(Clone, Debug)]
pub struct ExposureView {
    /// The month, `2026-10`.
    pub month: String,
    /// Where.
    pub region: String,
    /// How many.
    pub users: i64,
    /// 1, and one more with each correction.
    pub revision: i64,
    /// When it was said.
    pub recorded_at: Timestamp,
}

/// Which facts.
#[derive(Clone, Debug, Default)]
pub struct FactFilter {
    /// In this region or below it.
    pub region: Option<String>,
    /// About this product line, or all.
    pub product: Option<String>,
    /// Of this kind.
    pub kind: Option<String>,
    /// Known by this system.
    pub source: Option<String>,
    /// Lasting at this moment or later.
    pub from: Option<Timestamp>,
    /// Begun by this moment.
    pub to: Option<Timestamp>,
    /// With what was withdrawn.
    pub withdrawn: bool,
    /// At most so many; 0 means 50.
    pub limit: usize,
    /// Where the last page ended.
    pub after: Option<String>,
}

/// A fact of the network with its version.
#[derive(Clone, Debug)]
pub struct FactView {
    /// Identity.
    pub id: Uuid,
    /// The fact.
    pub fact: Fact,
    /// 1, and one more with each correction.
    pub revision: i64,
    /// When it was said.
    pub recorded_at: Timestamp,
    /// By whom.
    pub recorded_by: String,
}

/// A page of facts.
#[derive(Clone, Debug)]
pub struct FactPage {
    /// The facts, the last begun first.
    pub items: Vec<FactView>,
    /// Where the next page begins.
    pub next: Option<String>,
}

/// What was said of a fact before.
#[derive(Clone, Debug)]
pub struct FactVersion {
    /// Which.
    pub revision: i64,
    /// What was said.
    pub fact: Fact,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub actor: String,
}

/// A fact as it is shown.
pub(crate) fn view(row: NetworkFactRow) -> Result<FactView, DeskError> {
    Ok(FactView {
        id: row.id,
        fact: kept::read(&row.body)?,
        revision: row.revision,
        recorded_at: moment(row.recorded_at),
        recorded_by: row.recorded_by,
    })
}

/// A month as it is written, from its number.
pub(crate) fn month_name(month: i64) -> String {
    format!("{:04}-{:02}", month.div_euclid(12), month.rem_euclid(12) + 1)
}

/// A month's number.
pub(crate) fn month_number(field: &str, text: &str) -> Result<i64, Fault> {
    let period = text.parse::<ReportPeriod>().ok().filter(|period| period.is_of(policy::Cycle::Month));
    period.map(|period| i64::from(period.span().0)).ok_or_else(|| Fault::new(field, "bad_month"))
}

impl Desk {
    /// Facts of the network in the caller's area, and those that reach over it.
    ///
    /// # Errors
    /// A fault naming the filter that makes no sense.
    pub async fn network_facts(&self, caller: &Caller, filter: &FactFilter) -> Result<FactPage, DeskError> {
        permissions::READ_NETWORK_FACTS.require(caller)?;
        let limit = match filter.limit {
            0 => 50,
            limit if limit <= MOST => limit,
            _ => {
                let fault = Fault::new("limit", "out_of_range").with("min", 1).with("max", MOST);
                return Err(Refusal::from(fault).into());
            }
        };
        let area = caller.actor.area.clone();
        if let Some(region) = filter.region.as_deref()
            && !area.covers(region)
        {
            return Err(Refusal::from(Fault::new("region", "outside_area").with("area", area.code())).into());
        }
        let after = filter.after.as_deref().map(cursor).transpose()?;
        let query = NetworkQuery {
            region: filter.region.clone().unwrap_or_else(|| area.code().to_owned()),
            over: filter.region.is_none(),
            product: filter.product.clone().unwrap_or_default(),
            kind: filter.kind.clone().unwrap_or_default(),
            source: filter.source.clone().unwrap_or_default(),
            from: filter.from.map_or(i64::MIN, stored),
            to: filter.to.map_or(i64::MAX, stored),
            withdrawn: filter.withdrawn,
            after: after.map(|cursor| (cursor.key, cursor.id)),
            limit: limit + 1,
        };
        let read = self.db().read(move |tx| {
            // What is not theirs is passed over before the page ends, so that its end names nothing unseen.
            let (mut query, mut seen) = (query, Vec::new());
            loop {
                let rows = network::list(tx, &query)?;
                let all = rows.len() < query.limit;
                query.after = rows.last().map(|row| (row.began, row.id));
                seen.extend(rows.into_iter().filter(|row| sees(&area, &row.region)));
                if all || seen.len() > limit {
                    break;
                }
            }
            let more = seen.len() > limit;
            seen.truncate(limit);
            let next = seen.last().filter(|_| more).map(|row| format!("{}.{}", row.began, row.id));
            let items: Result<Vec<FactView>, DeskError> = seen.into_iter().map(view).collect();
            Ok::<_, DeskError>(FactPage { items: items?, next })
        });
        read.await
    }

    /// One fact, and what was said of it of places the caller sees, the newest first.
    ///
    /// # Errors
    /// `not_found` when there is none in the caller's area.
    pub async fn network_fact(&self, caller: &Caller, id: Uuid) -> Result<(FactView, Vec<FactVersion>), DeskError> {
        permissions::READ_NETWORK_FACTS.require(caller)?;
        let area = caller.actor.area.clone();
        let read = self.db().read(move |tx| {
            let row = network::get(tx, id)?.filter(|row| sees(&area, &row.region));
            let row = row.ok_or_else(Refusal::not_found)?;
            let mut versions = Vec::new();
            for (revision, entry) in (1..).zip(entries::of(tx, id, Ledger::Administration.code())?) {
                let body: record::Said = kept::read(&entry.body)?;
                let (at, actor, fact) = (moment(entry.at), entry.actor, kept::read::<Fact>(&body.said)?);
                if sees(&area, &fact.region) {
                    versions.push(FactVersion { revision, fact, at, actor });
                }
            }
            versions.reverse();
            Ok::<_, DeskError>((view(row)?, versions))
        });
        read.await
    }

    /// Outages and planned works near a case in place and time; nothing for whoever sees no facts.
    ///
    /// # Errors
    /// `not_found` when there is no such case for the caller.
    pub async fn facts_near(&self, caller: &Caller, case: &CaseRef) -> Result<Vec<FactView>, DeskError> {
        if !permissions::READ_NETWORK_FACTS.allows(caller) {
            return Ok(Vec::new());
        }
        let (case, actor) = (case.clone(), caller.actor.clone());
        let read = self.db().read(move |tx| {
            let (row, _) = load::find_for(tx, &case, &actor)?;
            let case = load::from_row(tx, row)?.case;
            let at = case.record.occurred_at.unwrap_or(case.received_at);
            let span = (stored(at - AROUND), stored(case.received_at.max(at) + AROUND));
            let product = case.record.product.clone().unwrap_or_default();
            if case.record.region.is_empty() {
                return Ok(Vec::new());
            }
            let rows = network::near(tx, &case.record.region, &product, span, SHOWN)?;
            let theirs = rows.into_iter().filter(|row| {
                // The beginning of a code is not always a region: `IE-D` is no part of `IE-DL`.
                let branch = region_in(&row.region, &case.record.region) || region_in(&case.record.region, &row.region);
                branch && sees(&actor.area, &row.region)
            });
            theirs.map(view).collect::<Result<Vec<_>, DeskError>>()
        });
        read.await
    }

    /// The operator's own products.
    ///
    /// # Errors
    /// If the caller may not see them.
    pub async fn products(&self, caller: &Caller) -> Result<Vec<ProductView>, DeskError> {
        permissions::READ_CATALOGUE.require(caller)?;
        let rows = self.db().read(|tx| Ok::<_, DeskError>(network::products(tx, MOST_LISTED)?)).await?;
        let filled = |text: String| Some(text).filter(|text| !text.is_empty());
        let one = |row: store::ProductRow| ProductView {
            revision: row.revision,
            recorded_at: moment(row.recorded_at),
            product: Product {
                code: row.code,
                line: row.line,
                zh: row.zh,
                en: row.en,
                since: filled(row.since),
                until: filled(row.until),
            },
        };
        Ok(rows.into_iter().map(one).collect())
    }

    /// Users by month in the caller's area, the newest month first.
    ///
    /// # Errors
    /// If the caller may see no reports, or a fault naming the parameter that makes no sense.
    pub async fn exposures(
        &self,
        caller: &Caller,
        from: Option<&str>,
        to: Option<&str>,
    ) -> Result<Vec<ExposureView>, DeskError> {
        permissions::READ_REPORTS.require(caller)?;
        let month = |field: &str, text: Option<&str>, other: i64| match text {
            Some(text) => month_number(field, text).map_err(Refusal::from),
            None => Ok(other),
        };
        let span = (month("from", from, 0)?, month("to", to, i64::MAX)?);
        let area = caller.actor.area.code().to_owned();
        let rows =
            self.db().read(move |tx| Ok::<_, DeskError>(network::exposures(tx, span, &area, MOST_LISTED)?)).await?;
        let one = |row: store::ExposureRow| ExposureView {
            month: month_name(row.month),
            region: row.region,
            users: row.users,
            revision: row.revision,
            recorded_at: moment(row.recorded_at),
        };
        Ok(rows.into_iter().map(one).collect())
    }
}
