//! Reading rules: a pack with everything it says, what differs between two, lists of deadlines held against the rules, the
//! days of a calendar, and the category tree with what uses it.

use super::form::Typed;
use super::rule_words::{RuleWords, Said};
use super::staff_form::{beside_the_form, read};
use super::{Frame, page, render, shown_with};
use crate::api::rulebook::{VECTORS, Vectors, YEAR, calendar_of, hold, named};
use crate::app::AppState;
use crate::extract::{self, Path, Visitor, Who};
use crate::locale::Language;
use crate::problem::{Failure, Told};
use crate::routes::{Access, Method, Route};
use crate::{query, rulebook};
use askama::Template;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use desk::{DeskError, permissions};
use policy::{Pack, VectorOutcome, VectorReport};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What the head of the page says of a pack.
const TOLD: [&str; 12] = [
    "hash",
    "id",
    "version",
    "title",
    "tier",
    "jurisdiction",
    "status",
    "valid_from",
    "valid_to",
    "calendar",
    "sources",
    "notes",
];
const VECTORS_PAGE: &str = "/console/rules/vectors";
/// Rows of a list of deadlines that are shown where they did not come out.
const SHOWN: usize = 200;

pub(super) fn routes() -> Vec<Route> {
    let read = Access::Needs(permissions::READ_RULES);
    let tries = Access::Needs(permissions::WHAT_IF);
    vec![
        page(Method::Get, "/console/rules/packs/{pack}", read, get(pack)),
        page(Method::Get, "/console/rules/diff", read, get(differ)),
        page(Method::Get, VECTORS_PAGE, tries, get(vectors)),
        page(Method::Post, VECTORS_PAGE, tries, post(check)),
        page(Method::Get, "/console/calendars", read, get(calendars)),
        page(Method::Get, "/console/calendars/{calendar}", read, get(calendar)),
        page(Method::Get, "/console/categories", read, get(categories)),
    ]
}

/// A rule of a pack.
struct Rule {
    id: String,
    kind: String,
    title: String,
    layer: String,
    basis: String,
    confidence: String,
    source: String,
    url: String,
    said: Vec<Said>,
    note: String,
}

/// What a pack says that is no rule of its own.
struct Beside {
    id: String,
    title: String,
    said: Vec<Said>,
}

#[derive(Template)]
#[template(path = "pack.html")]
struct PackPage<'a> {
    frame: &'a Frame<'a>,
    title: String,
    name: String,
    hash: String,
    layer: String,
    preview: bool,
    valid: String,
    calendar: String,
    notes: Vec<String>,
    rules: Vec<Rule>,
    besides: Vec<Beside>,
    /// Other versions of it and what to compare: name, address of the comparison.
    versions: Vec<(String, String)>,
    may_try: bool,
}

fn unwritten(why: String) -> Failure {
    DeskError::Output(why).into()
}

pub(super) fn name_of(pack: &Pack) -> String {
    format!("{}@{}", pack.id(), pack.version())
}

async fn pack(
    State(app): State<AppState>,
    visitor: Visitor,
    _: Who,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let frame = Frame::new(&app, &visitor);
    let pack = named(&app, &name)?;
    let pick = |text: &policy::Text| frame.language.pick(&text.zh, &text.en).to_owned();
    let flat: HashMap<String, Value> = rulebook::flat(&pack).map_err(unwritten)?.into_iter().collect();
    let words = RuleWords::of(&frame, &pack);
    let rules = pack.heads().map(|(kind, head)| {
        let source = pack.source(&head.standing.source);
        let own = flat.get(&format!("{} {}", kind.code(), head.id)).and_then(Value::as_object);
        let said = own.into_iter().flatten().filter(|(key, _)| !rulebook::HEAD.contains(&key.as_str()));
        Rule {
            id: head.id.clone(),
            kind: words.kind(kind.code()),
            title: pick(&head.title),
            layer: frame.code("layer", head.layer.code()),
            basis: frame.t(&format!("packs.basis.{}", head.basis().code())),
            confidence: frame.code("confidence", head.confidence().code()),
            source: source.map(|one| pick(&one.title)).unwrap_or_default(),
            url: source.and_then(|one| one.url.clone()).filter(|url| url.starts_with("https://")).unwrap_or_default(),
            said: words.said(kind.code(), said),
            note: head.note.as_ref().map(pick).unwrap_or_default(),
        }
    });
    let rules: Vec<Rule> = rules.collect();
    let besides = besides(&pack, &flat, &words);
    let all = app.desk.library().packs();
    let others = all.iter().filter(|one| one.id() == pack.id() && one.version() != pack.version());
    let versions = others.map(|one| {
        let (before, after) =
            if one.version_key() < pack.version_key() { (one.as_ref(), &*pack) } else { (&*pack, one.as_ref()) };
        let href = format!(
            "/console/rules/diff?before={}&after={}",
            query::encode(&name_of(before)),
            query::encode(&name_of(after))
        );
        (name_of(one), href)
    });
    let (from, to) = pack.validity();
    let valid = match to {
        Some(to) => frame.tv("packs.valid", &[("from", &from.to_string()), ("to", &to.to_string())]),
        None => frame.tv("packs.valid_on", &[("from", &from.to_string())]),
    };
    // A calendar without a file has no page: it takes every day alike.
    let calendar = Some(pack.calendar()).filter(|one| !one.hash().is_empty());
    Ok(render(&PackPage {
        title: pick(pack.title()),
        name: name_of(&pack),
        hash: pack.hash().to_owned(),
        layer: frame.code("layer", pack.tier().code()),
        preview: pack.status() == policy::Status::Preview,
        valid,
        calendar: calendar.map(|one| one.id().to_owned()).unwrap_or_default(),
        notes: pack.notes().iter().map(pick).collect(),
        rules,
        besides,
        versions: versions.collect(),
        may_try: frame.may(permissions::WHAT_IF),
        frame: &frame,
    }))
}

/// What a pack says besides its rules, in the order of its sections.
fn besides(pack: &Pack, flat: &HashMap<String, Value>, words: &RuleWords<'_>) -> Vec<Beside> {
    let rules: BTreeSet<String> = pack.heads().map(|(kind, head)| format!("{} {}", kind.code(), head.id)).collect();
    let rest: BTreeMap<&String, &Value> = flat
        .iter()
        .filter(|(name, value)| {
            let empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
            let told = TOLD.contains(&name.as_str()) || name.starts_with("sources ");
            !empty && !told && !rules.contains(name.as_str())
        })
        .collect();
    let beside = |(name, value): (&String, &Value)| {
        let (section, id) = name.split_once(' ').unwrap_or((name.as_str(), ""));
        let said = match value.as_object() {
            Some(own) => words.said(section, own.iter().filter(|(key, _)| *key != "id")),
            None => {
                vec![Said { label: words.label(section, section), values: words.values(section, section, value) }]
            }
        };
        Beside { id: id.to_owned(), title: words.kind(section), said }
    };
    rest.into_iter().map(beside).collect()
}

/// Something that differs.
struct Differs {
    what: String,
    id: String,
    kind: &'static str,
    sign: &'static str,
    key: String,
    before: Vec<String>,
    after: Vec<String>,
}

fn differs(frame: &Frame<'_>, old: &Pack, new: &Pack) -> Result<Vec<Differs>, Failure> {
    let changes = rulebook::differences(old, new).map_err(unwritten)?;
    let (was, is) = (RuleWords::of(frame, old), RuleWords::of(frame, new));
    let differs = |change: &Value| {
        let text = |key: &str| change.get(key).and_then(Value::as_str).unwrap_or_default();
        let (what, key) = (text("what"), text("key"));
        let (section, id) = what.split_once(' ').unwrap_or((what, ""));
        let (kind, sign) = match text("change") {
            "added" => ("packs.added", "+"),
            "removed" => ("packs.removed", "−"),
            _ => ("packs.changed", "~"),
        };
        let lines = |words: &RuleWords<'_>, side: &str| {
            change.get(side).map(|value| words.lines(section, key, value)).unwrap_or_default()
        };
        let words = if sign == "−" { &was } else { &is };
        Differs {
            what: words.called(section, id),
            id: id.to_owned(),
            kind,
            sign,
            key: if key.is_empty() { String::new() } else { words.label(section, key) },
            before: lines(&was, "before"),
            after: lines(&is, "after"),
        }
    };
    Ok(changes.iter().map(differs).collect())
}

#[derive(Template)]
#[template(path = "pack_diff.html")]
struct DiffPage<'a> {
    frame: &'a Frame<'a>,
    packs: Vec<String>,
    before: String,
    after: String,
    changes: Vec<Differs>,
    asked: bool,
    count: String,
}

async fn differ(
    State(app): State<AppState>,
    visitor: Visitor,
    _: Who,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let frame = Frame::new(&app, &visitor);
    let pairs = query::form(raw.unwrap_or_default().as_bytes());
    let find = |wanted: &str| pairs.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone());
    let (before, after) = (find("before").unwrap_or_default(), find("after").unwrap_or_default());
    let asked = !before.is_empty() && !after.is_empty();
    let changes = match asked {
        true => {
            let (before, after) = (named(&app, &before)?, named(&app, &after)?);
            differs(&frame, &before, &after)?
        }
        false => Vec::new(),
    };
    Ok(render(&DiffPage {
        packs: app.desk.library().packs().iter().rev().map(|pack| name_of(pack)).collect(),
        count: frame.tv("packs.count", &[("count", &changes.len().to_string())]),
        before,
        after,
        changes,
        asked,
        frame: &frame,
    }))
}

/// A row that did not come out.
struct Row {
    line: u64,
    rule: String,
    what: String,
    why: Vec<String>,
}

#[derive(Template)]
#[template(path = "vectors.html")]
struct VectorsPage<'a> {
    frame: &'a Frame<'a>,
    lists: Vec<(String, bool)>,
    text: String,
    said: String,
    whole: bool,
    rows: Vec<Row>,
    more: bool,
    told: Option<Told>,
}

fn row(frame: &Frame<'_>, one: &policy::CheckedVector) -> Option<Row> {
    let (what, why) = match &one.outcome {
        VectorOutcome::Passed { .. } => return None,
        VectorOutcome::Mismatch { by, expected, got, why } => {
            let got = got.join(" / ");
            let values = [("expected", expected.as_str()), ("by", by.as_str()), ("got", got.as_str())];
            (frame.tv("vectors.mismatch", &values), why.clone())
        }
        VectorOutcome::Faulty { field, reason } => (format!("{field} {reason}"), Vec::new()),
        VectorOutcome::NotCovered { reason } => (frame.tv("vectors.not_covered", &[("why", reason)]), Vec::new()),
    };
    Some(Row { line: one.line, rule: format!("{} {}", one.jurisdiction, one.rule), what, why })
}

fn draw_vectors(
    app: &AppState,
    visitor: &Visitor,
    typed: &Typed,
    report: Option<&VectorReport>,
    failure: Option<Failure>,
) -> Response {
    let frame = Frame::new(app, visitor);
    let told = failure.map(|failure| failure.tell(app, visitor.language));
    let chosen = typed.get("list");
    let mut rows: Vec<Row> = report.iter().flat_map(|report| &report.rows).filter_map(|one| row(&frame, one)).collect();
    let more = rows.len() > SHOWN;
    rows.truncate(SHOWN);
    let said = report.map_or_else(String::new, |report| {
        let values = [
            ("all", report.vectors.to_string()),
            ("passed", report.passed.to_string()),
            ("failed", report.failed.to_string()),
        ];
        frame.tv("vectors.said", &values.each_ref().map(|(name, value)| (*name, value.as_str())))
    });
    let lists = rulebook::lists(app.settings.data_folder.as_deref());
    shown_with(
        told.clone(),
        &VectorsPage {
            lists: lists.into_iter().map(|name| (name.clone(), name == chosen)).collect(),
            text: typed.all("text").first().cloned().unwrap_or_default(),
            whole: report.is_some_and(|report| report.failed == 0),
            said,
            rows,
            more,
            told,
            frame: &frame,
        },
    )
}

async fn vectors(State(app): State<AppState>, visitor: Visitor, _: Who) -> Response {
    draw_vectors(&app, &visitor, &Typed::default(), None, None)
}

async fn check(
    State(app): State<AppState>,
    visitor: Visitor,
    _: Who,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    let typed = Typed::read(&extract::bytes(&headers, body).await?);
    let outcome = match read::<Vectors>(&typed, VECTORS, &Frame::new(&app, &visitor)) {
        Ok(ask) => hold(&app, ask).await,
        Err(failure) => Err(failure),
    };
    match outcome {
        Ok(report) => Ok(draw_vectors(&app, &visitor, &typed, Some(&report), None)),
        Err(failure) => {
            let failure = beside_the_form(&app, &visitor, failure)?;
            Ok(draw_vectors(&app, &visitor, &typed, None, Some(failure)))
        }
    }
}

/// A calendar of the list.
struct Listed {
    id: String,
    title: String,
    zone: String,
    version: String,
    covers: String,
    confidence: String,
}

#[derive(Template)]
#[template(path = "calendars.html")]
struct Calendars<'a> {
    frame: &'a Frame<'a>,
    lines: Vec<Listed>,
}

async fn calendars(State(app): State<AppState>, visitor: Visitor, _: Who) -> Response {
    let frame = Frame::new(&app, &visitor);
    let all = app.desk.library().calendars();
    let lines = all.iter().filter(|one| !one.hash().is_empty()).map(|one| Listed {
        id: one.id().to_owned(),
        title: frame.language.pick(&one.title().zh, &one.title().en).to_owned(),
        zone: one.zone_name().to_owned(),
        version: one.version().to_string(),
        covers: one.covers().map(|(from, to)| format!("{from} – {to}")).unwrap_or_default(),
        confidence: one.source().map(|one| frame.code("confidence", one.confidence.code())).unwrap_or_default(),
    });
    render(&Calendars { lines: lines.collect(), frame: &frame })
}

/// A day of a calendar.
struct Day {
    day: String,
    weekday: String,
    kind: String,
    class: &'static str,
    name: String,
    provisional: String,
}

#[derive(Template)]
#[template(path = "calendar.html")]
struct CalendarPage<'a> {
    frame: &'a Frame<'a>,
    id: String,
    title: String,
    about: Vec<String>,
    url: String,
    year: i16,
    known_on: String,
    versions: Vec<String>,
    days: Vec<Day>,
    told: Option<Told>,
}

async fn calendar(
    State(app): State<AppState>,
    visitor: Visitor,
    _: Who,
    Path(name): Path<String>,
    RawQuery(raw): RawQuery,
) -> Result<Response, Failure> {
    let frame = Frame::new(&app, &visitor);
    let (given, told) = match query::read(raw.as_deref(), YEAR) {
        Ok(given) => (given, None),
        Err(refusal) => (serde_json::Map::new(), Some(Failure::from(refusal).tell(&app, visitor.language))),
    };
    let year = given.get("year").and_then(Value::as_i64).and_then(|year| i16::try_from(year).ok());
    let known_on = given.get("known_on").and_then(Value::as_str).unwrap_or_default();
    let (calendar, year) = calendar_of(&app, &name, year, known_on.parse().ok())?;
    let pick = |zh: &str, en: &str| frame.language.pick(zh, en).to_owned();
    let mut about = vec![frame.tv("calendars.zone", &[("zone", calendar.zone_name())])];
    let weekend: Vec<String> =
        calendar.weekend().map(|day| frame.t(&format!("calendars.day.{}", day.code()))).collect();
    about.push(frame.tv("calendars.weekend", &[("days", &weekend.join(" · "))]));
    about.push(frame.tv("calendars.version", &[("day", &calendar.version().to_string())]));
    about.push(frame.tv("calendars.checked", &[("day", &calendar.known_as_of().to_string())]));
    if let Some((from, to)) = calendar.covers() {
        about.push(frame.tv("calendars.covers", &[("from", &from.to_string()), ("to", &to.to_string())]));
    }
    if let Some(source) = calendar.source() {
        let (title, sure) =
            (pick(&source.title.zh, &source.title.en), frame.code("confidence", source.confidence.code()));
        about.push(frame.tv("calendars.source", &[("title", &title), ("confidence", &sure)]));
    }
    let url = calendar.source().and_then(|one| one.url.clone()).filter(|url| url.starts_with("https://"));
    let days = rulebook::days_of(&calendar, year).into_iter().map(|one| Day {
        weekday: frame.t(&format!("calendars.day.{}", weekday(one.day.weekday()))),
        day: one.day.to_string(),
        kind: frame.t(&format!("calendars.kind.{}", one.kind)),
        class: if matches!(one.kind, "make_up" | "half_day_counts") { "half" } else { "calm" },
        name: pick(&one.name.0, &one.name.1),
        provisional: one.provisional.map(|(zh, en)| pick(&zh, &en)).unwrap_or_default(),
    });
    Ok(shown_with(
        told.clone(),
        &CalendarPage {
            id: calendar.id().to_owned(),
            title: pick(&calendar.title().zh, &calendar.title().en),
            about,
            url: url.unwrap_or_default(),
            year,
            known_on: known_on.to_owned(),
            versions: calendar.versions().iter().map(ToString::to_string).collect(),
            days: days.collect(),
            told,
            frame: &frame,
        },
    ))
}

const fn weekday(day: jiff::civil::Weekday) -> &'static str {
    use jiff::civil::Weekday::{Friday, Monday, Saturday, Sunday, Thursday, Tuesday, Wednesday};
    match day {
        Monday => "mon",
        Tuesday => "tue",
        Wednesday => "wed",
        Thursday => "thu",
        Friday => "fri",
        Saturday => "sat",
        Sunday => "sun",
    }
}

/// A node of the tree.
struct Node {
    depth: u8,
    code: String,
    /// In the reader's language, then in the other.
    names: [String; 2],
    initials: String,
    badges: Vec<String>,
    red: bool,
    retired: bool,
    /// Open cases of it the reader may see.
    open: i64,
    /// Rules that name it: what they are called, and where they stand.
    rules: Vec<(String, String)>,
}

/// A cause: how deep it stands, its code, its names as those of a category, whether it is still offered.
struct Cause {
    depth: u8,
    code: String,
    names: [String; 2],
    retired: bool,
}

#[derive(Template)]
#[template(path = "category_tree.html")]
struct Categories<'a> {
    frame: &'a Frame<'a>,
    nodes: Vec<Node>,
    causes: Vec<Cause>,
    counted: bool,
    /// The reader's language and the other, by tag and by name.
    languages: [(&'static str, &'static str); 2],
    comma: String,
}

async fn categories(State(app): State<AppState>, visitor: Visitor, Who(caller): Who) -> Result<Response, Failure> {
    let frame = Frame::new(&app, &visitor);
    let taxonomy = app.desk.library().taxonomy();
    let counted = frame.may(permissions::READ_CASES);
    let open: BTreeMap<String, i64> = match counted {
        true => app.desk.open_by_category(&caller).await?.into_iter().collect(),
        false => BTreeMap::new(),
    };
    let used = used(&frame)?;
    let ordered = |zh: &str, en: &str| [frame.language.pick(zh, en).to_owned(), frame.language.pick(en, zh).to_owned()];
    let colon = frame.language.pick("：", ": ");
    let mark =
        |list: &str, code: &str| format!("{}{colon}{}", frame.t(&format!("rule_key.{list}")), frame.code(list, code));
    let mut nodes = Vec::new();
    let mut waiting: Vec<_> = taxonomy.children(None).collect();
    waiting.reverse();
    while let Some(one) = waiting.pop() {
        let mut below: Vec<_> = taxonomy.children(Some(&one.code)).collect();
        below.reverse();
        waiting.extend(below);
        let badges = match one.level {
            3 => vec![mark("severity", one.severity.code()), mark("urgency", one.urgency.code())],
            _ => Vec::new(),
        };
        nodes.push(Node {
            depth: one.level.saturating_sub(1),
            initials: frame.found_by(&one.code).1.replace(' ', ""),
            open: open.get(&one.code).copied().unwrap_or(0),
            rules: used.get(&one.code).into_iter().flatten().cloned().collect(),
            code: one.code.clone(),
            names: ordered(&one.zh, &one.en),
            badges,
            red: one.red,
            retired: one.retired,
        });
    }
    let causes = taxonomy.causes().map(|one| Cause {
        depth: u8::from(one.parent.is_some()),
        code: one.code.clone(),
        names: ordered(&one.zh, &one.en),
        retired: one.retired,
    });
    let (zh, en) = (("zh-CN", "中文"), ("en", "English"));
    Ok(render(&Categories {
        nodes,
        causes: causes.collect(),
        counted,
        languages: if frame.language == Language::En { [en, zh] } else { [zh, en] },
        comma: frame.t("list_comma"),
        frame: &frame,
    }))
}

/// Which rules in force name a category, by its code: what they are called, and where they stand.
fn used(frame: &Frame<'_>) -> Result<HashMap<String, BTreeSet<(String, String)>>, Failure> {
    fn codes(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::String(text) => {
                found.insert(text.clone());
            }
            Value::Array(items) => items.iter().for_each(|one| codes(one, found)),
            Value::Object(members) => members.values().for_each(|one| codes(one, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    let (desk, library) = (&frame.app.desk, frame.app.desk.library());
    let stack = desk.rules_here()?;
    let mut used: HashMap<String, BTreeSet<(String, String)>> = HashMap::new();
    for pack in stack.packs() {
        let words = RuleWords::of(frame, pack);
        for (name, value) in rulebook::flat(pack).map_err(unwritten)? {
            let (section, id) = name.split_once(' ').unwrap_or((name.as_str(), ""));
            let mut found = BTreeSet::new();
            codes(&value, &mut found);
            for code in found.into_iter().filter(|code| library.taxonomy().category(code).is_some()) {
                let place = format!("/console/rules/packs/{}#rule-{id}", name_of(pack));
                used.entry(code).or_default().insert((words.name_of(section, &value), place));
            }
        }
    }
    Ok(used)
}
