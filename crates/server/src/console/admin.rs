//! The way in to everything an installation is looked after by, and how the installation is.

use super::{Frame, page, render};
use crate::api::administration::{Concern, judged};
use crate::app::AppState;
use crate::extract::{Visitor, Who};
use crate::problem::Failure;
use crate::routes::{Access, Method, Route};
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use desk::health::Health;
use desk::permissions;
use jiff::Timestamp;

/// The page.
pub(super) const PAGE: &str = "/console/admin";

pub(super) fn routes() -> Vec<Route> {
    vec![
        page(Method::Get, PAGE, Access::Needs(permissions::READ_ORGANISATION), get(home)),
        page(Method::Get, "/console/admin/health", Access::Needs(permissions::READ_METRICS), get(health)),
    ]
}

/// A page behind a link, and what it is for.
struct Door {
    href: &'static str,
    words: String,
    about: String,
}

struct Group {
    words: String,
    doors: Vec<Door>,
}

#[derive(Template)]
#[template(path = "admin.html")]
struct Home<'a> {
    frame: &'a Frame<'a>,
    groups: Vec<Group>,
    /// Whether the first set-up waits to be gone on with.
    setup: bool,
    /// What somebody should see to, where the reader may know.
    concerns: Vec<Line>,
}

/// Whether anything of the administration is the reader's business, beyond what everybody may read.
pub(super) fn concerns(frame: &Frame<'_>) -> bool {
    [
        permissions::MANAGE_ORGANISATION,
        permissions::MANAGE_USERS,
        permissions::MANAGE_TOKENS,
        permissions::ACTIVATE_RULES,
        permissions::READ_AUDIT,
        permissions::READ_JOBS,
        permissions::READ_METRICS,
        permissions::READ_RETENTION,
        permissions::READ_MODELS,
    ]
    .into_iter()
    .any(|permission| frame.may(permission))
}

fn groups(frame: &Frame<'_>) -> Vec<Group> {
    let door = |may: bool, href: &'static str, words: &str, about: &str| {
        may.then(|| Door { href, words: frame.t(words), about: frame.t(about) })
    };
    let may = |permission| frame.may(permission);
    let group = |words: &str, doors: Vec<Option<Door>>| Group {
        words: frame.t(words),
        doors: doors.into_iter().flatten().collect(),
    };
    let rules = may(permissions::READ_RULES);
    let all = vec![
        group(
            "admin.people",
            vec![
                door(true, "/console/organisation", "org.title", "admin.organisation"),
                door(true, "/console/admin/roles", "roles.title", "admin.roles"),
                door(may(permissions::MANAGE_TOKENS), "/console/admin/tokens", "tokens.title", "admin.tokens"),
                door(may(permissions::OWN_ABSENCE), "/console/absence", "absence.title", "admin.absences"),
            ],
        ),
        group(
            "admin.rules",
            vec![
                door(rules, "/console/rules", "rules.title", "admin.packs"),
                door(rules, "/console/calendars", "calendars.title", "admin.calendars"),
                door(rules, "/console/categories", "categories.title", "admin.categories"),
                door(may(permissions::WHAT_IF), "/console/rules/what-if", "what_if.title", "admin.what_if"),
                door(may(permissions::WHAT_IF), "/console/rules/vectors", "vectors.title", "admin.vectors"),
                door(may(permissions::WHAT_IF), "/console/rules/routing", "routing.title", "admin.routing"),
                door(may(permissions::READ_RETENTION), "/console/retention", "retention.title", "admin.retention"),
            ],
        ),
        group(
            "admin.words",
            vec![
                door(may(permissions::READ_WORDINGS), super::wordings::PAGE, "wordings.title", "admin.wordings"),
                door(may(permissions::READ_MACROS), "/console/macros", "macros.title", "admin.macros"),
                door(may(permissions::READ_MODELS), "/console/models", "models.title", "admin.models"),
            ],
        ),
        group(
            "admin.running",
            vec![
                door(may(permissions::READ_METRICS), "/console/admin/health", "health.title", "admin.health"),
                door(may(permissions::READ_JOBS), "/console/jobs", "nav.jobs", "admin.jobs"),
                door(may(permissions::MANAGE_WEBHOOKS), "/console/webhooks", "webhooks.title", "admin.webhooks"),
                door(may(permissions::READ_AUDIT), "/console/admin/audit", "audit.title", "admin.audit"),
                door(
                    may(permissions::READ_AUDIT),
                    "/console/admin/verification",
                    "verification.title",
                    "admin.verification",
                ),
                door(may(permissions::SET_UP), super::setup::PAGE, "setup.title", "admin.setup"),
            ],
        ),
    ];
    all.into_iter().filter(|group| !group.doors.is_empty()).collect()
}

async fn home(State(app): State<AppState>, visitor: Visitor, Who(caller): Who) -> Result<Response, Failure> {
    let frame = Frame::new(&app, &visitor);
    let concerns = if frame.may(permissions::READ_METRICS) {
        let health = app.desk.health(&caller).await?;
        lines(&frame, &health).into_iter().filter(|line| line.class != "calm").collect()
    } else {
        Vec::new()
    };
    let setup = app.desk.setup_is_due(&caller).await?;
    Ok(render(&Home { groups: groups(&frame), setup, concerns, frame: &frame }))
}

/// One thing that is well or not, in words.
struct Line {
    words: String,
    /// How it is, as badges are called.
    class: &'static str,
    sign: &'static str,
    how: String,
    /// What was found.
    found: String,
    /// What to do, where something is to be done.
    advice: String,
}

fn lines(frame: &Frame<'_>, health: &Health) -> Vec<Line> {
    let line = |(what, how): (&'static str, Concern)| {
        let (class, sign) = match how {
            Concern::Fine => ("calm", "✓"),
            Concern::Look => ("half", "▲"),
            Concern::Act => ("over", "✕"),
        };
        Line {
            words: frame.t(&format!("health.of.{what}")),
            class,
            sign,
            how: frame.t(&format!("health.how.{}", how.code())),
            found: found(frame, what, health),
            advice: if how == Concern::Fine { String::new() } else { frame.t(&format!("health.advice.{what}")) },
        }
    };
    judged(frame.app, health).into_iter().map(line).collect()
}

/// What was found of one thing.
fn found(frame: &Frame<'_>, what: &str, health: &Health) -> String {
    let say = |values: &[(&str, String)]| {
        let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        frame.tv(&format!("health.found.{what}"), &values)
    };
    let count = |number: i64| number.to_string();
    match what {
        "database" => {
            let trouble =
                health.trouble.map_or_else(|| frame.t("health.writes"), |why| frame.t(&format!("health.{why}")));
            say(&[("kind", frame.t(&format!("health.{}", health.database))), ("state", trouble)])
        }
        "schema" => say(&[("schema", count(health.schema.0)), ("known", count(health.schema.1))]),
        "room" => match health.room {
            Some((free, all)) => say(&[("free", gibibytes(free)), ("all", gibibytes(all))]),
            None => frame.t("health.no_room"),
        },
        "jobs" => say(&[("waiting", count(health.jobs.0)), ("dead", count(health.jobs.1))]),
        "mail" => match frame.app.desk.mails() {
            true => say(&[("waiting", count(health.letters))]),
            false => frame.t("health.no_mail"),
        },
        "messages" => {
            let ways = frame.app.desk.ways();
            let on = [("email", ways.email), ("sms", ways.sms), ("voice", ways.voice)];
            let names: Vec<String> =
                on.into_iter().filter(|(_, on)| *on).map(|(way, _)| frame.code("way", way)).collect();
            let names = if names.is_empty() { frame.t("health.no_way") } else { names.join(" · ") };
            say(&[("waiting", count(health.messages)), ("ways", names)])
        }
        "letterbox" => say(&[("waiting", count(health.letterbox))]),
        "events" => say(&[
            ("all", count(health.told.all)),
            ("off", count(health.told.off)),
            ("failing", count(health.told.failing)),
            ("dead", count(health.told.dead)),
        ]),
        "log" => {
            let at = health.checkpoint.map_or_else(|| frame.t("health.never"), |at| frame.moment(at));
            say(&[("at", at), ("unsealed", count(health.unsealed))])
        }
        "index" => match health.index.there {
            true => say(&[("behind", count(health.index.behind))]),
            false => frame.t("health.no_index"),
        },
        "backups" => match health.backups.first() {
            Some(one) => say(&[
                ("at", Timestamp::from_microsecond(one.made_at).map(|at| frame.moment(at)).unwrap_or_default()),
                ("file", one.file.clone()),
                ("size", gibibytes(one.bytes.unsigned_abs())),
            ]),
            None => frame.t("health.no_backup"),
        },
        "crm" => match &frame.app.settings.crm {
            Some(crm) if crm.answers() => frame.t("health.crm_answers"),
            Some(_) => frame.t("health.crm_silent"),
            None => frame.t("health.no_crm"),
        },
        _ => match frame.app.settings.secure_cookie {
            true => frame.t("health.behind_https"),
            false => frame.t("health.plain_http"),
        },
    }
}

/// A length in gibibytes, or mebibytes where it is small.
fn gibibytes(bytes: u64) -> String {
    const MEBI: u64 = 1 << 20;
    let tenths = |of: u64| format!("{}.{}", bytes / of, bytes % of * 10 / of);
    if bytes >= MEBI << 10 { format!("{} GiB", tenths(MEBI << 10)) } else { format!("{} MiB", tenths(MEBI)) }
}

/// A recurring duty.
struct DutyLine {
    words: String,
    next: String,
    held: String,
}

#[derive(Template)]
#[template(path = "health.html")]
struct HealthPage<'a> {
    frame: &'a Frame<'a>,
    lines: Vec<Line>,
    duties: Vec<DutyLine>,
    backups: Vec<(String, String, String, i64)>,
    version: &'static str,
    now: String,
    place: String,
    figures: Vec<(String, u64)>,
}

/// Duties that have words; others are leases of work that has a page of its own.
const DUTIES: [&str; 3] = ["checkpoint", "forget", "late_measures"];

async fn health(State(app): State<AppState>, visitor: Visitor, Who(caller): Who) -> Result<Response, Failure> {
    let frame = Frame::new(&app, &visitor);
    let health = app.desk.health(&caller).await?;
    let moment = |at: Option<Timestamp>| at.map(|at| frame.moment(at)).unwrap_or_default();
    let known = health.duties.iter().filter(|duty| DUTIES.contains(&duty.name.as_str()));
    let duties = known.map(|duty| DutyLine {
        words: frame.t(&format!("health.duty.{}", duty.name)),
        next: moment(duty.next_at),
        held: moment(duty.held_until),
    });
    let backups = health.backups.iter().map(|one| {
        let at = Timestamp::from_microsecond(one.made_at).map(|at| frame.moment(at)).unwrap_or_default();
        (at, one.file.clone(), gibibytes(one.bytes.unsigned_abs()), one.entries)
    });
    let figures = [
        ("health.commits", health.stats.commits),
        ("health.written", health.stats.written),
        ("health.reads", health.stats.reads),
        ("health.waiting", health.stats.waiting),
    ];
    Ok(render(&HealthPage {
        lines: lines(&frame, &health),
        duties: duties.collect(),
        backups: backups.collect(),
        version: env!("CARGO_PKG_VERSION"),
        now: frame.moment(health.now),
        place: app.desk.db().target().shown(),
        figures: figures.into_iter().map(|(words, value)| (frame.t(words), value)).collect(),
        frame: &frame,
    }))
}

#[cfg(test)]
mod tests {
    use super::gibibytes;

    #[test]
    fn lengths_are_told_in_units_people_know() {
        assert_eq!(gibibytes(0), "0.0 MiB");
        assert_eq!(gibibytes(3 << 19), "1.5 MiB");
        assert_eq!(gibibytes(5 << 29), "2.5 GiB");
    }
}
