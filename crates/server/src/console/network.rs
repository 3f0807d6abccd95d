//! What other systems know, on pages: facts of the network, the operator's own products, users by month. One by one or as
//! a file, by the same rules as over the API.

use super::form::{Draw, Input, Typed};
use super::staff_form::beside_the_form;
use super::{Frame, page, render, shown_with};
use crate::api::identifier;
use crate::api::network::{IMPORT, LIST, filter};
use crate::app::AppState;
use crate::extract::{self, Path, Visitor, Who};
use crate::problem::{Failure, Told};
use crate::query;
use crate::routes::{Access, Method, Route};
use askama::Template;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use desk::network::{FactFilter, FactView, RecordKind, Taken};
use desk::{Caller, permissions};
use domain::intake::PRODUCTS;
use domain::network::{Fact, KINDS};
use serde_json::{Map, Value};

const FACTS: &str = "/console/network-facts";
const CATALOGUE: &str = "/console/catalogue";

pub(super) fn routes() -> Vec<Route> {
    let mut routes = vec![
        page(Method::Get, FACTS, Access::Needs(permissions::READ_NETWORK_FACTS), get(facts)),
        page(Method::Get, "/console/network-facts/{id}", Access::Needs(permissions::READ_NETWORK_FACTS), get(fact)),
        page(Method::Get, CATALOGUE, Access::Needs(permissions::READ_CATALOGUE), get(catalogue)),
    ];
    for (kind, path) in [
        (RecordKind::NetworkFacts, FACTS),
        (RecordKind::Products, CATALOGUE),
        (RecordKind::Exposures, "/console/exposures"),
    ] {
        let handler = post(move |state, visitor, who, headers, body| take(kind, state, visitor, who, headers, body));
        routes.push(page(Method::Post, path, Access::Needs(kind.permission()), handler));
    }
    routes
}

/// The forms that take a kind of record in: one record, and a file.
#[derive(Default)]
struct Taking {
    one: Vec<Input>,
    file: Vec<Input>,
    open: bool,
    told: Option<Told>,
    /// What was or would be taken in.
    taken: String,
}

/// What was typed and what came of it.
#[derive(Default)]
struct Outcome<'a> {
    typed: Option<&'a Typed>,
    failure: Option<Failure>,
    taken: String,
}

fn taken(frame: &Frame<'_>, one: &Taken) -> String {
    let counts = [("new", one.new), ("corrected", one.corrected), ("same", one.same)];
    let counts = counts.map(|(name, count)| (name, count.to_string()));
    let values: Vec<(&str, &str)> = counts.iter().map(|(name, count)| (*name, count.as_str())).collect();
    frame.tv(if one.dry_run { "network.would_take" } else { "network.taken" }, &values)
}

fn taking(frame: &Frame<'_>, kind: RecordKind, outcome: Outcome<'_>) -> Taking {
    if !frame.may(kind.permission()) {
        return Taking::default();
    }
    let told = outcome.failure.map(|failure| failure.tell(frame.app, frame.language));
    let errors = told.as_ref().map(|told| told.errors.clone()).unwrap_or_default();
    let nothing = Typed::default();
    let typed = outcome.typed.unwrap_or(&nothing);
    let draw = |words: &'static str| Draw { frame, words, typed, errors: &errors, known: &|_| Vec::new() };
    let mut file = draw("records").inputs("", IMPORT);
    // Trying and doing are two buttons.
    file.retain(|input| input.name != "dry_run");
    Taking {
        one: draw(kind.code()).inputs("", kind.fields()),
        file,
        open: told.is_some() || outcome.typed.is_some(),
        told,
        taken: outcome.taken,
    }
}

async fn take(
    kind: RecordKind,
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let typed = Typed::read(&extract::bytes(&headers, body).await?);
    let frame = Frame::new(&app, &visitor);
    let csv = typed.all("csv").first().filter(|text| !text.trim().is_empty());
    let outcome = match csv {
        Some(csv) => app.desk.take_sheet(&caller, kind, csv, typed.get("step") != "run").await,
        None => app.desk.take_record(&caller, kind, typed.value(kind.fields(), &frame)).await,
    };
    let outcome = match outcome.map_err(Failure::from) {
        Ok(one) if !one.dry_run => {
            let words = format!("{},{},{}", one.new, one.corrected, one.same);
            let place = match kind {
                RecordKind::NetworkFacts => FACTS,
                RecordKind::Products => CATALOGUE,
                RecordKind::Exposures => "/console/kpis",
            };
            return Ok(Redirect::to(&format!("{place}?done={words}")).into_response());
        }
        Ok(one) => Outcome { typed: Some(&typed), failure: None, taken: taken(&frame, &one) },
        Err(failure) => {
            let failure = beside_the_form(&app, &visitor, failure)?;
            Outcome { typed: Some(&typed), failure: Some(failure), taken: String::new() }
        }
    };
    match kind {
        RecordKind::NetworkFacts => draw_facts(&app, &visitor, &caller, (&Map::new(), "", outcome)).await,
        RecordKind::Products => draw_catalogue(&app, &visitor, &caller, outcome).await,
        RecordKind::Exposures => Ok(draw_exposures(&frame, outcome)),
    }
}

/// What was taken in a moment ago, as the address says it.
pub(super) fn done(frame: &Frame<'_>, raw: &str) -> String {
    let pairs = query::form(raw.as_bytes());
    let Some((_, counts)) = pairs.iter().find(|(name, _)| name == "done") else { return String::new() };
    let counts: Vec<usize> = counts.split(',').filter_map(|count| count.parse().ok()).collect();
    match counts.as_slice() {
        [new, corrected, same] => {
            taken(frame, &Taken { new: *new, corrected: *corrected, same: *same, ..Taken::default() })
        }
        _ => String::new(),
    }
}

/// A fact as pages say it.
pub(super) struct FactLine {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) number: String,
    pub(super) place: String,
    pub(super) product: String,
    pub(super) span: String,
    pub(super) users: String,
    pub(super) note: String,
    pub(super) revision: i64,
    pub(super) withdrawn: bool,
}

pub(super) fn fact_line(frame: &Frame<'_>, id: String, revision: i64, one: &Fact) -> FactLine {
    let to = one.to.map_or_else(|| frame.t("network.lasts"), |at| frame.moment(at));
    let place = [one.place.clone(), one.cell.clone()];
    let mut parts = vec![frame.area(&one.region)];
    parts.extend(place.into_iter().flatten());
    let down = one.minutes_down.map(|down| frame.tv("network.down", &[("minutes", &down.to_string())]));
    let said = down.into_iter().chain(one.note.clone()).collect::<Vec<_>>();
    FactLine {
        id,
        kind: frame.code("fact", &one.fact),
        number: format!("{} {}", one.source, one.number),
        place: parts.join(" · "),
        product: one.product.as_deref().map(|product| frame.code("product", product)).unwrap_or_default(),
        span: format!("{} – {to}", frame.moment(one.from)),
        users: one.users.map(|users| users.to_string()).unwrap_or_default(),
        note: said.join(" · "),
        revision,
        withdrawn: one.withdrawn,
    }
}

fn shown(frame: &Frame<'_>, one: &FactView) -> FactLine {
    fact_line(frame, one.id.to_string(), one.revision, &one.fact)
}

type Choices = Vec<(&'static str, String, bool)>;

#[derive(Template)]
#[template(path = "network_facts.html")]
struct Facts<'a> {
    frame: &'a Frame<'a>,
    region: String,
    kinds: Choices,
    products: Choices,
    lines: Vec<FactLine>,
    next: String,
    done: String,
    action: &'static str,
    taking: Taking,
    filter_told: Option<Told>,
}

/// Parameters of a list as a form sends them: empty boxes say nothing, and regions are typed by name, too.
fn given(frame: &Frame<'_>, raw: &str) -> Vec<(String, String)> {
    let mut pairs = query::form(raw.as_bytes());
    pairs.retain(|(name, value)| !value.trim().is_empty() && LIST.iter().any(|field| field.name == name));
    for (name, value) in &mut pairs {
        if name == "region" {
            *value = frame.region_code(value);
        }
    }
    pairs
}

async fn facts(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let frame = Frame::new(&app, &visitor);
    let raw = raw.unwrap_or_default();
    let pairs = given(&frame, &raw);
    let text: Vec<String> =
        pairs.iter().map(|(name, value)| format!("{}={}", query::encode(name), query::encode(value))).collect();
    let asked = query::read(Some(&text.join("&")), LIST)?;
    let outcome = Outcome { taken: done(&frame, &raw), ..Outcome::default() };
    draw_facts(&app, &visitor, &caller, (&asked, &text.join("&"), outcome)).await
}

async fn draw_facts(
    app: &AppState,
    visitor: &Visitor,
    caller: &Caller,
    (asked, text, outcome): (&Map<String, Value>, &str, Outcome<'_>),
) -> Result<Response, Failure> {
    let frame = Frame::new(app, visitor);
    let mut wanted: FactFilter = filter(asked);
    wanted.withdrawn = true;
    let (found, filter_told) = match app.desk.network_facts(caller, &wanted).await.map_err(Failure::from) {
        Ok(found) => (Some(found), None),
        Err(failure) => (None, Some(beside_the_form(app, visitor, failure)?.tell(app, visitor.language))),
    };
    let chosen = |name: &str| asked.get(name).and_then(Value::as_str).unwrap_or_default();
    let choices = |list: &str, name: &str, codes: &[&'static str]| -> Choices {
        codes.iter().map(|code| (*code, frame.code(list, code), *code == chosen(name))).collect()
    };
    let own: Vec<&str> = text.split('&').filter(|pair| !pair.starts_with("after=") && !pair.is_empty()).collect();
    let next = found.as_ref().and_then(|page| page.next.clone());
    let next = next.map(|next| format!("{FACTS}?{}&after={}", own.join("&"), query::encode(&next)));
    let told = outcome.taken.clone();
    let taking = taking(&frame, RecordKind::NetworkFacts, outcome);
    let status = taking.told.as_ref().or(filter_told.as_ref()).map(|told| told.status);
    let mut response = render(&Facts {
        region: chosen("region").to_owned(),
        kinds: choices("fact", "fact", KINDS),
        products: choices("product", "product", PRODUCTS),
        lines: found.iter().flat_map(|page| &page.items).map(|one| shown(&frame, one)).collect(),
        next: next.unwrap_or_default(),
        done: told,
        action: FACTS,
        taking,
        filter_told,
        frame: &frame,
    });
    if let Some(status) = status {
        *response.status_mut() = status;
    }
    Ok(response)
}

#[derive(Template)]
#[template(path = "network_fact.html")]
struct OneFact<'a> {
    frame: &'a Frame<'a>,
    fact: FactLine,
    /// Each version with when and by whom it was said.
    versions: Vec<(FactLine, String)>,
}

async fn fact(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let (one, versions) = app.desk.network_fact(&caller, identifier(&id)?).await?;
    let frame = Frame::new(&app, &visitor);
    let versions = versions
        .iter()
        .map(|version| (fact_line(&frame, String::new(), version.revision, &version.fact), frame.moment(version.at)));
    let versions = versions.collect();
    Ok(render(&OneFact { fact: shown(&frame, &one), versions, frame: &frame }))
}

/// A product of the operator's own: code, name, from when to when it is sold.
type Own = (String, String, String);

#[derive(Template)]
#[template(path = "catalogue.html")]
struct Catalogue<'a> {
    frame: &'a Frame<'a>,
    /// A product line with the operator's own products of it.
    lines: Vec<(String, Vec<Own>)>,
    /// A stage of a customer's life with its categories.
    stages: Vec<(String, String)>,
    done: String,
    action: &'static str,
    taking: Taking,
}

async fn catalogue(
    State(app): State<AppState>,
    visitor: Visitor,
    Who(caller): Who,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let taken = done(&Frame::new(&app, &visitor), &raw.unwrap_or_default());
    draw_catalogue(&app, &visitor, &caller, Outcome { taken, ..Outcome::default() }).await
}

async fn draw_catalogue(
    app: &AppState,
    visitor: &Visitor,
    caller: &Caller,
    outcome: Outcome<'_>,
) -> Result<Response, Failure> {
    let frame = Frame::new(app, visitor);
    let found = app.desk.products(caller).await?;
    let own = |line: &str| {
        let mine = found.iter().filter(|one| one.product.line == line);
        let sold = |since: &Option<String>, until: &Option<String>| match (since, until) {
            (None, None) => String::new(),
            (since, until) => {
                format!("{} – {}", since.as_deref().unwrap_or_default(), until.as_deref().unwrap_or_default())
            }
        };
        mine.map(|one| {
            let name = frame.language.pick(&one.product.zh, &one.product.en).to_owned();
            (one.product.code.clone(), name, sold(&one.product.since, &one.product.until))
        })
        .collect()
    };
    let stages = app.desk.library().taxonomy().stages().iter().map(|stage| {
        let names: Vec<String> =
            stage.categories.iter().map(|code| format!("{code} {}", frame.category(code))).collect();
        (
            frame.language.pick(&stage.title.zh, &stage.title.en).to_owned(),
            names.join(frame.t("bulk.semicolon").as_str()),
        )
    });
    let told = outcome.taken.clone();
    let taking = taking(&frame, RecordKind::Products, outcome);
    Ok(shown_with(
        taking.told.clone(),
        &Catalogue {
            lines: PRODUCTS.iter().map(|line| (frame.code("product", line), own(line))).collect(),
            stages: stages.collect(),
            done: told,
            action: CATALOGUE,
            taking,
            frame: &frame,
        },
    ))
}

#[derive(Template)]
#[template(path = "exposures.html")]
struct Exposures<'a> {
    frame: &'a Frame<'a>,
    action: &'static str,
    done: String,
    taking: Taking,
}

/// The page after users by month were tried or refused; without either, the form stands with the key figures.
fn draw_exposures(frame: &Frame<'_>, outcome: Outcome<'_>) -> Response {
    let done = outcome.taken.clone();
    let taking = taking(frame, RecordKind::Exposures, outcome);
    shown_with(taking.told.clone(), &Exposures { frame, action: "/console/exposures", done, taking })
}

/// The boxes of the forms that take users by month in: one count, and a file.
pub(super) fn exposure_forms(frame: &Frame<'_>) -> (Vec<Input>, Vec<Input>) {
    let taking = taking(frame, RecordKind::Exposures, Outcome::default());
    (taking.one, taking.file)
}
