//! The archive of a case, or the bundle of a referral or matter, on its way out: the page and the data are made first, then everything is written while it is
//! sent, so that no archive ever stands in memory or on the server's disk.

use crate::api::{self, view};
use crate::app::AppState;
use crate::console;
use crate::download;
use crate::letters;
use crate::problem::Failure;
use axum::response::Response;
use desk::archive::{Archive, Ask};
use desk::{Caller, CaseRef, DeskError};
use domain::case::bundle::Concern;
use serde_json::json;
use std::io::Write;
use std::sync::Arc;

/// An archive with its page and data, ready to be written.
pub(crate) struct Ready {
    archive: Archive,
    index: String,
    case: String,
    letters: Vec<(String, Vec<u8>)>,
}

/// Makes an archive ready.
///
/// # Errors
/// Those of the desk.
pub(crate) async fn prepare(
    app: &AppState,
    caller: &Caller,
    name: &CaseRef,
    concern: Option<Concern>,
    ask: Ask,
) -> Result<Ready, Failure> {
    let archive = match concern {
        None => app.desk.archive(caller, name, ask).await?,
        Some(concern) => app.desk.bundle(caller, name, concern, ask).await?,
    };
    let letters = letters::members(app, &archive.view, &archive.sent).await?;
    if let Some(bundle) = &archive.bundle {
        let index = console::bundle::page(app, caller, &archive, bundle, &letters).await?;
        let case = serde_json::to_string_pretty(&api::bundles::data(app, &archive, bundle)).unwrap_or_default();
        return Ok(Ready { archive, index, case, letters });
    }
    let index = console::archive::page(app, caller, &archive, &letters).await?;
    let mut case = json!({
        "exported_at": view::moment(app.desk.time().now()),
        "complaint": view::case(&app.desk, &archive.view),
        "events": view::entries(&archive.view),
        "accesses": view::accesses(&archive.accesses),
    });
    if let (Some(identity), Some(object)) = (&archive.view.identity, case.as_object_mut()) {
        object.insert("identity".to_owned(), view::identity(identity));
    }
    let case = serde_json::to_string_pretty(&case).unwrap_or_default();
    Ok(Ready { archive, index, case, letters })
}

impl Ready {
    /// Name of the file.
    pub(crate) fn name(&self) -> String {
        let number = &self.archive.view.case.number;
        match &self.archive.bundle {
            None => format!("{number}.zip"),
            Some(bundle) => format!("{number}-{}-{}.zip", bundle.concern.kind(), bundle.concern.number()),
        }
    }

    /// Writes it. Must not be called on an async worker.
    ///
    /// # Errors
    /// Those of the desk and of writing.
    pub(crate) fn write(&self, out: impl Write) -> Result<(), DeskError> {
        self.archive.write(&self.index, &self.case, &self.letters, out)
    }
}

/// An archive as an answer. What goes wrong after its beginning breaks it off: half an archive is never passed off as
/// a whole one.
///
/// # Errors
/// Those of the desk.
pub(crate) async fn answer(
    app: &AppState,
    caller: &Caller,
    name: &CaseRef,
    concern: Option<Concern>,
    ask: Ask,
) -> Result<Response, Failure> {
    let place = Arc::clone(&app.files).acquire_owned().await.map_err(|_| crate::problem::Why::TooSlow)?;
    let ready = prepare(app, caller, name, concern, ask).await?;
    let file = ready.name();
    download::sent("archive", &file, "application/zip", move |out| {
        let _place = place;
        ready.write(out)
    })
}
