//! Files on their way in (`multipart/form-data`): read as they arrive and sealed at once, within limits of size, time
//! and number. Names and media types that come along prove nothing and are not believed.

use crate::app::AppState;
use crate::problem::{Failure, Why};
use axum::body::Body;
use axum::http::{HeaderMap, header};
use desk::attach::{Attached, Beside, Upload};
use desk::{Caller, CaseRef};
use domain::case::attach::{FIELDS, LARGEST};
use domain::fault::Fault;
use domain::refusal::Refusal;
use domain::shape;
use multer::{Constraints, Error, Field, Multipart, SizeLimit};
use serde_json::{Map, Value};
use std::time::Duration;

/// What stands around the file: boundaries, headers and the note.
const FRAME: u64 = 64 << 10;
/// Longest note, bytes; the table of fields counts its letters.
const LONGEST_NOTE: usize = 16 << 10;
/// How long a file of somebody who signed in may take to arrive.
const UPLOAD_TIME: Duration = Duration::from_secs(180);
/// How long one of somebody nobody knows may.
const VISITORS_TIME: Duration = Duration::from_secs(60);
/// How long one waits for a place.
const PLACE_TIME: Duration = Duration::from_secs(20);

/// Where a file comes in. Whoever is known to nobody has few places of their own, so that they keep nobody else waiting.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Door {
    /// From staff or a programme.
    House,
    /// From a customer.
    Portal,
}

/// Takes one file in and attaches it.
///
/// # Errors
/// Those of the desk; `NotMultipart`, `BadMultipart`, `FileTooLarge` or `TooSlow` for what never becomes a file.
pub(crate) async fn take(
    app: &AppState,
    caller: &Caller,
    name: &CaseRef,
    seen: Option<i64>,
    door: Door,
    headers: &HeaderMap,
    body: Body,
) -> Result<Attached, Failure> {
    // Whoever may not, or names no case, is told before a byte is read.
    let upload = app.desk.begin_attachment(caller, name).await?;
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let boundary = text(header::CONTENT_TYPE).and_then(|media| multer::parse_boundary(media).ok());
    let boundary = boundary.ok_or(Why::NotMultipart)?;
    let declared: Option<u64> = text(header::CONTENT_LENGTH).and_then(|length| length.parse().ok());
    if declared.is_some_and(|length| length > LARGEST + FRAME) {
        return Err(Why::FileTooLarge.into());
    }
    // A file stands in memory, sealed, until it is committed; only so many do at once.
    let (places, time) = match door {
        Door::House => (app.files.as_ref(), UPLOAD_TIME),
        Door::Portal => (&app.visitors_files, VISITORS_TIME),
    };
    let place = tokio::time::timeout(PLACE_TIME, places.acquire()).await;
    let _place = place.ok().and_then(Result::ok).ok_or(Why::TooSlow)?;
    let limit = SizeLimit::new().whole_stream(LARGEST + FRAME);
    let parts = Multipart::with_constraints(body.into_data_stream(), boundary, Constraints::new().size_limit(limit));
    let (upload, mut beside) = tokio::time::timeout(time, read(upload, parts)).await.map_err(|_| Why::TooSlow)??;
    beside.seen = seen;
    Ok(app.desk.attach(upload, beside).await?)
}

async fn read(mut upload: Upload, mut parts: Multipart<'_>) -> Result<(Upload, Beside), Failure> {
    let (mut beside, mut note, mut found) = (Beside::default(), Map::new(), false);
    while let Some(mut part) = parts.next_field().await.map_err(broken)? {
        match part.name() {
            Some("file") if !found => {
                found = true;
                beside.name = part.file_name().map(unescaped).unwrap_or_default();
                while let Some(piece) = part.chunk().await.map_err(broken)? {
                    if piece.len() as u64 > upload.room() {
                        return Err(Why::FileTooLarge.into());
                    }
                    upload.write(&piece)?;
                }
            }
            Some("note") if !note.contains_key("note") => {
                note.insert("note".to_owned(), Value::String(words(part).await?));
            }
            Some(name @ ("file" | "note")) => return Err(Fault::new(name, "given_twice").into()),
            other => {
                let name: String = other.unwrap_or_default().chars().filter(|c| !c.is_control()).take(60).collect();
                return Err(Fault::new(name, "unknown_field").into());
            }
        }
    }
    if !found {
        return Err(Fault::new("file", "required").into());
    }
    // An empty box of a form says nothing.
    note.retain(|_, words| words.as_str().is_some_and(|words| !words.trim().is_empty()));
    let checked = shape::check(Value::Object(note), FIELDS).map_err(Refusal::invalid)?;
    beside.note = checked.get("note").and_then(Value::as_str).map(str::to_owned);
    Ok((upload, beside))
}

async fn words(mut part: Field<'_>) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    while let Some(piece) = part.chunk().await.map_err(broken)? {
        if bytes.len() + piece.len() > LONGEST_NOTE {
            return Err(Fault::new("note", "too_long").with("max", 1_000).into());
        }
        bytes.extend_from_slice(&piece);
    }
    String::from_utf8(bytes).map_err(|_| Fault::new("note", "unreadable").into())
}

/// Browsers write these three as in an address, because they would end the header they stand in.
fn unescaped(name: &str) -> String {
    name.replace("%22", "\"").replace("%0D", "\r").replace("%0A", "\n")
}

fn broken(error: Error) -> Failure {
    match error {
        Error::StreamSizeExceeded { .. } | Error::FieldSizeExceeded { .. } => Why::FileTooLarge.into(),
        other => Why::BadMultipart(other.to_string()).into(),
    }
}
