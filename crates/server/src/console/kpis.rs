//! Key figures of a period, each with its definition and its cases.

use super::form::Input;
use super::{Frame, network, page, render, shown_with};
use crate::api::kpis::{ASK, CASES, ask, cases_ask, decimal};
use crate::app::AppState;
use crate::extract::{Path, Visitor, Who};
use crate::problem::{Failure, Told};
use crate::query;
use crate::routes::{Access, Method, Route};
use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use desk::permissions;
use desk::reports::kpi::{KpiLine, PARTS};
use domain::refusal::Refusal;
use policy::{Bound, Kpi, KpiFigure};

pub(super) fn routes() -> Vec<Route> {
    let may = Access::Needs(permissions::READ_REPORTS);
    vec![
        page(Method::Get, "/console/kpis", may, get(show)),
        page(Method::Get, "/console/kpis/{kpi}/cases", may, get(cases)),
    ]
}

/// A figure on the page.
struct Line {
    id: String,
    title: String,
    value: String,
    missing: String,
    before: String,
    target: String,
    target_source: String,
    /// Whether it is reached; nothing where nobody is held to it.
    met: Option<bool>,
    counted: String,
    /// Words and text of its definition.
    meaning: Vec<(String, String)>,
    link: String,
}

#[derive(Template)]
#[template(path = "kpis.html")]
struct Kpis<'a> {
    frame: &'a Frame<'a>,
    period: String,
    region: String,
    heading: String,
    made: String,
    behind: bool,
    lines: Vec<Line>,
    told: Option<Told>,
    done: String,
    one: Vec<Input>,
    file: Vec<Input>,
}

fn unit(frame: &Frame<'_>, kpi: &Kpi, value: &str) -> String {
    match kpi.figure {
        KpiFigure::Share | KpiFigure::Time => format!("{value}%"),
        KpiFigure::Mean => frame.tv("kpis.hours", &[("value", value)]),
        KpiFigure::Rate => {
            let per = kpi.per.unwrap_or(1).to_string();
            frame.tv("kpis.per", &[("value", value), ("per", &per)])
        }
    }
}

fn line(frame: &Frame<'_>, one: &KpiLine, link: &str) -> Line {
    let kpi = &one.kpi;
    let told = |thousandths: i64| unit(frame, kpi, &decimal(thousandths, kpi.figure));
    let target = kpi.target.as_ref().map(|target| {
        let sign = if target.bound == Bound::AtLeast { "≥" } else { "≤" };
        let sure = frame.code("confidence", target.confidence.code());
        format!("{sign} {} · {sure}", told(target.thousandths))
    });
    let counted = match (kpi.figure, one.users) {
        (KpiFigure::Rate, Some(users)) => {
            frame.tv("kpis.counted_of_users", &[("count", &one.sum.counted.to_string()), ("users", &users.to_string())])
        }
        (KpiFigure::Share, _) => {
            let values = [("hits", one.sum.hits.to_string()), ("count", one.sum.counted.to_string())];
            frame.tv("kpis.counted_hits", &[("hits", &values[0].1), ("count", &values[1].1)])
        }
        _ => frame.tv("kpis.counted", &[("count", &one.sum.counted.to_string())]),
    };
    // Nothing waits of what is not told of the late.
    let counted = match one.sum.waits {
        0 => counted,
        waits => format!("{counted} · {}", frame.tv("kpis.waits", &[("count", &waits.to_string())])),
    };
    let text = |text: &policy::Text| frame.language.pick(&text.zh, &text.en).to_owned();
    let meaning = vec![
        (frame.t("kpis.formula"), text(&kpi.formula)),
        (frame.t("kpis.population"), text(&kpi.population)),
        (frame.t("kpis.exclusions"), text(&kpi.exclusions)),
        (frame.t("kpis.source"), text(&kpi.source)),
        (frame.t("kpis.version"), format!("{} · {}", kpi.id, kpi.version)),
    ];
    Line {
        id: kpi.id.clone(),
        title: text(&kpi.title),
        value: one.thousandths.map(told).unwrap_or_default(),
        missing: one.missing.map(|what| frame.t(&format!("kpis.missing.{what}"))).unwrap_or_default(),
        before: one.before.map(told).unwrap_or_default(),
        target: target.unwrap_or_default(),
        target_source: kpi.target.as_ref().map(|target| text(&target.source)).unwrap_or_default(),
        met: one.met,
        counted,
        meaning,
        link: if kpi.of_cases() { link.replace("{kpi}", &query::encode(&kpi.id)) } else { String::new() },
    }
}

async fn show(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let frame = Frame::new(&app, &visitor);
    let raw = raw.unwrap_or_default();
    // A form sends its empty boxes along, and regions are typed by name, too.
    let mut pairs = query::form(raw.as_bytes());
    pairs.retain(|(name, value)| !value.trim().is_empty() && ASK.iter().any(|field| field.name == name));
    for (name, value) in &mut pairs {
        if name == "region" {
            *value = frame.region_code(value);
        }
    }
    let text: Vec<String> =
        pairs.iter().map(|(name, value)| format!("{}={}", query::encode(name), query::encode(value))).collect();
    let typed = |name: &str| pairs.iter().find(|(given, _)| given == name).map(|(_, value)| value.clone());
    let made = match query::read(Some(&text.join("&")), ASK).map_err(Failure::from) {
        Ok(given) => app.desk.kpis(&caller, &ask(&given)).await.map_err(Failure::from),
        Err(failure) => Err(failure),
    };
    let (made, told) = match made {
        Ok(made) => (Some(made), None),
        Err(failure) => {
            let told = failure.tell(&app, visitor.language);
            if told.status != StatusCode::UNPROCESSABLE_ENTITY {
                return Err(failure);
            }
            (None, Some(told))
        }
    };
    let period = made.as_ref().map(|page| page.period.to_string()).or_else(|| typed("period")).unwrap_or_default();
    let region = typed("region").unwrap_or_default();
    let link = format!("/console/kpis/{{kpi}}/cases?period={}", query::encode(&period));
    let link = if region.is_empty() { link } else { format!("{link}&region={}", query::encode(&region)) };
    let (one, file) = network::exposure_forms(&frame);
    Ok(shown_with(
        told.clone(),
        &Kpis {
            heading: made
                .as_ref()
                .map(|page| format!("{} · {} – {}", frame.area(&page.area), page.days.0, page.days.1))
                .unwrap_or_default(),
            made: made.as_ref().map(|page| frame.moment(page.made_at)).unwrap_or_default(),
            behind: made.as_ref().is_some_and(|page| page.progress.going_through || page.progress.behind > 0),
            lines: made.iter().flat_map(|page| &page.items).map(|one| line(&frame, one, &link)).collect(),
            done: network::done(&frame, &raw),
            period,
            region,
            told,
            one,
            file,
            frame: &frame,
        },
    ))
}

struct CaseLine {
    number: String,
    subject: String,
    category: String,
    state: String,
    grade: String,
    received: String,
}

#[derive(Template)]
#[template(path = "kpi_cases.html")]
struct Behind<'a> {
    frame: &'a Frame<'a>,
    title: String,
    meaning: String,
    back: String,
    /// Address, words, and whether it is the part shown.
    parts: Vec<(String, String, bool)>,
    lines: Vec<CaseLine>,
    next: String,
}

async fn cases(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let raw = raw.unwrap_or_default();
    let wanted = cases_ask(&query::read(Some(&raw), CASES)?);
    let page = app.desk.kpi_cases(&caller, &id, &wanted).await?;
    let kpi = app.desk.library().kpis().get(&id).ok_or_else(Refusal::not_found)?;
    let frame = Frame::new(&app, &visitor);
    let pairs = query::form(raw.as_bytes());
    let here = |without: &[&str]| {
        let kept = pairs.iter().filter(|(name, _)| !without.contains(&name.as_str()));
        kept.map(|(name, value)| format!("{}={}", query::encode(name), query::encode(value)))
            .collect::<Vec<_>>()
            .join("&")
    };
    let root = format!("/console/kpis/{}/cases", query::encode(&id));
    let parts = PARTS.iter().filter(|part| **part != "silent" || kpi.measure == policy::KpiMeasure::Satisfaction);
    let chosen = if wanted.part.is_empty() { "all" } else { wanted.part.as_str() };
    let part = |part: &&'static str| {
        let address = format!("{root}?{}&part={part}", here(&["after", "part"]));
        (address, frame.t(&format!("kpis.part.{part}")), **part == *chosen)
    };
    let lines = page.items.iter().map(|case| CaseLine {
        number: case.number.clone(),
        subject: frame.called_in_list(case),
        category: case.category.as_deref().map(|code| frame.category(code)).unwrap_or_default(),
        state: frame.code("state", case.state.code()),
        grade: frame.code("grade", case.grade.code()),
        received: frame.moment(case.received_at),
    });
    let text = |text: &policy::Text| frame.language.pick(&text.zh, &text.en).to_owned();
    let next = page.next.map(|next| format!("{root}?{}&after={}", here(&["after"]), query::encode(&next)));
    Ok(render(&Behind {
        title: text(&kpi.title),
        meaning: text(&kpi.population),
        back: format!("/console/kpis?{}", here(&["after", "part"])),
        parts: parts.map(part).collect(),
        lines: lines.collect(),
        next: next.unwrap_or_default(),
        frame: &frame,
    }))
}
