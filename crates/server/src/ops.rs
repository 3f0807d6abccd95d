//! For whoever runs the server: is it alive, is it ready, what does it do.

use crate::app::AppState;
use crate::extract::Who;
use crate::problem::Failure;
use crate::routes::{Access, Face, Method, Operation, Route};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use desk::permissions;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use store::StoreError;

/// Upper bounds of the latency histogram, in seconds.
const BOUNDS: [f64; 9] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5];

#[derive(Clone, Default)]
struct Row {
    by_status: BTreeMap<u16, u64>,
    buckets: [u64; BOUNDS.len()],
    seconds: f64,
    count: u64,
}

/// Requests counted by route; never by anything that names a person or a case.
#[derive(Default)]
pub struct Counts {
    routes: Mutex<BTreeMap<&'static str, Row>>,
}

impl Counts {
    /// Counts a request.
    pub fn request(&self, route: &'static str, status: u16, took: Duration) {
        let seconds = took.as_secs_f64();
        let mut routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        let row = routes.entry(route).or_default();
        *row.by_status.entry(status).or_default() += 1;
        row.seconds += seconds;
        row.count += 1;
        for (bucket, bound) in row.buckets.iter_mut().zip(BOUNDS) {
            *bucket += u64::from(seconds <= bound);
        }
    }

    fn render(&self, out: &mut String) {
        let routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner).clone();
        out.push_str("# HELP redress_http_requests_total Requests by route and status.\n");
        out.push_str("# TYPE redress_http_requests_total counter\n");
        for (route, row) in &routes {
            for (status, count) in &row.by_status {
                let _ = writeln!(out, "redress_http_requests_total{{route=\"{route}\",status=\"{status}\"}} {count}");
            }
        }
        out.push_str("# HELP redress_http_request_seconds Time from the first handler to the answer.\n");
        out.push_str("# TYPE redress_http_request_seconds histogram\n");
        for (route, row) in &routes {
            for (count, bound) in row.buckets.iter().zip(BOUNDS) {
                let _ =
                    writeln!(out, "redress_http_request_seconds_bucket{{route=\"{route}\",le=\"{bound}\"}} {count}");
            }
            let _ = writeln!(out, "redress_http_request_seconds_bucket{{route=\"{route}\",le=\"+Inf\"}} {}", row.count);
            let _ = writeln!(out, "redress_http_request_seconds_sum{{route=\"{route}\"}} {}", row.seconds);
            let _ = writeln!(out, "redress_http_request_seconds_count{{route=\"{route}\"}} {}", row.count);
        }
    }
}

/// The routes of this file.
#[must_use]
pub fn routes() -> Vec<Route> {
    let row = |path, access, id, summary, handler| Route {
        method: Method::Get,
        path,
        access,
        face: Face::Api,
        operation: Some(Operation::get(id, summary, "Operation", "Text")),
        handler,
    };
    vec![
        row("/healthz", Access::Public, "healthz", "Whether the process lives.", get(|| async { "ok\n" })),
        row(
            "/readyz",
            Access::Public,
            "readyz",
            "Whether the database answers and can be written to; a second line says when the customer system does not answer.",
            get(ready),
        ),
        row(
            "/metrics",
            Access::Needs(permissions::READ_METRICS),
            "metrics",
            "Figures in the Prometheus text format.",
            get(metrics),
        ),
    ]
}

async fn ready(State(app): State<AppState>) -> Response {
    let alive = tokio::time::timeout(Duration::from_secs(2), app.desk.alive()).await;
    match alive {
        Ok(Ok(())) => match app.desk.db().trouble() {
            None => {
                // It can be done without: a node is ready all the same.
                let silent = app.settings.crm.as_ref().is_some_and(|crm| !crm.answers());
                if silent { "ready\nthe customer system does not answer\n" } else { "ready\n" }.into_response()
            }
            Some(trouble) => (StatusCode::SERVICE_UNAVAILABLE, why_not(&trouble)).into_response(),
        },
        _ => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response(),
    }
}

/// Anybody may ask, so the database's own words, which may name files, are not repeated.
fn why_not(trouble: &StoreError) -> &'static str {
    match trouble {
        StoreError::Full(_) => "nothing can be written: the disk is full\n",
        StoreError::ReadOnly(_) => "nothing can be written: the database is read-only\n",
        _ => "nothing can be written: the database or its disk refuses\n",
    }
}

async fn metrics(State(app): State<AppState>, _: Who) -> Result<Response, Failure> {
    let mut out = String::new();
    app.counts.render(&mut out);
    let stats = app.desk.db().stats();
    for (name, kind, help, value) in [
        ("redress_store_commits_total", "counter", "Transactions committed.", stats.commits),
        ("redress_store_writes_total", "counter", "Pieces of work those held.", stats.written),
        ("redress_store_reads_total", "counter", "Pieces of reading work.", stats.reads),
        ("redress_store_waiting", "gauge", "Work waiting for the database now.", stats.waiting),
    ] {
        let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}");
    }
    let (waiting, dead) = app.desk.count_jobs().await?;
    let letters = app.desk.count_letters().await?;
    let (messages, undecided) = (app.desk.count_outbox().await?, app.desk.count_letterbox().await?);
    for (name, help, value) in [
        ("redress_jobs_waiting", "Jobs that wait to be done; counting stops at ten thousand.", waiting),
        ("redress_jobs_dead", "Jobs that are no longer tried; somebody has to look.", dead),
        ("redress_mail_waiting", "People a mail about notices waits for.", letters),
        ("redress_messages_waiting", "Messages to customers that wait to go out.", messages),
        ("redress_letterbox_waiting", "Mail that waits for a person; counting stops at ten thousand.", undecided),
    ] {
        let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}");
    }
    if let Some(crm) = &app.settings.crm {
        let name = "redress_crm_answers";
        let help = "Whether the customer system answered when it was asked last.";
        let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {}", u8::from(crm.answers()));
        let name = "redress_crm_looks_total";
        let help = "Looks for a customer, by how they ended; kept ones asked nobody.";
        let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} counter");
        for (outcome, count) in crm.counted() {
            let _ = writeln!(out, "{name}{{outcome=\"{outcome}\"}} {count}");
        }
    }
    if let Some(assistant) = &app.settings.assistant {
        let name = "redress_assistant_answers";
        let help = "Whether the assistant answered when it was asked last.";
        let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {}", u8::from(assistant.answers()));
        let name = "redress_assistant_questions_total";
        let help = "Questions to the assistant, by how they ended; refused ones were not sent.";
        let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} counter");
        for (outcome, count) in assistant.counted() {
            let _ = writeln!(out, "{name}{{outcome=\"{outcome}\"}} {count}");
        }
    }
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], out).into_response())
}
