//! The archive of a case on its way out: the page and the data are made first, then everything is written while it is
//! sent, so that no archive ever stands in memory or on the server's disk.

use crate::api::attachments::as_download;
use crate::api::view;
use crate::app::AppState;
use crate::console;
use crate::problem::Failure;
use axum::body::{Body, Bytes};
use axum::response::Response;
use desk::archive::{Archive, Ask};
use desk::{Caller, CaseRef, DeskError};
use hyper::body::Frame;
use serde_json::json;
use std::io::{self, Write};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Bytes sent at a time.
const PIECE: usize = 64 << 10;

/// An archive with its page and data, ready to be written.
pub(crate) struct Ready {
    archive: Archive,
    index: String,
    case: String,
}

/// Makes an archive ready.
///
/// # Errors
/// Those of the desk.
pub(crate) async fn prepare(app: &AppState, caller: &Caller, name: &CaseRef, ask: Ask) -> Result<Ready, Failure> {
    let archive = app.desk.archive(caller, name, ask).await?;
    let index = console::archive::page(app, caller, &archive).await?;
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
    Ok(Ready { archive, index, case })
}

impl Ready {
    /// Name of the file.
    pub(crate) fn name(&self) -> String {
        format!("{}.zip", self.archive.view.case.number)
    }

    /// Writes it. Must not be called on an async worker.
    ///
    /// # Errors
    /// Those of the desk and of writing.
    pub(crate) fn write(&self, out: impl Write) -> Result<(), DeskError> {
        self.archive.write(&self.index, &self.case, out)
    }
}

/// An archive as an answer. What goes wrong after its beginning breaks it off: half an archive is never passed off as
/// a whole one.
///
/// # Errors
/// Those of the desk.
pub(crate) async fn answer(app: &AppState, caller: &Caller, name: &CaseRef, ask: Ask) -> Result<Response, Failure> {
    let place = Arc::clone(&app.files).acquire_owned().await.map_err(|_| crate::problem::Why::TooSlow)?;
    let ready = prepare(app, caller, name, ask).await?;
    let file = ready.name();
    let (send, receive) = channel(4);
    let writing = move || {
        let _place = place;
        let mut out = Sending { send, waiting: Vec::with_capacity(PIECE) };
        if let Err(error) = ready.write(&mut out) {
            tracing::warn!(%error, "an archive was broken off");
            let _ = out.send.blocking_send(Err(io::ErrorKind::Other.into()));
        }
    };
    // A thread of its own: a slow reader must not hold one of the few that do quick work.
    std::thread::Builder::new()
        .name("archive".to_owned())
        .spawn(writing)
        .map_err(|error| DeskError::Output(error.to_string()))?;
    Ok(as_download(&file, "application/zip", Body::new(Arriving(receive))))
}

type Piece = Result<Bytes, io::Error>;

/// Hands written bytes over in pieces and waits while the reader is slow.
struct Sending {
    send: Sender<Piece>,
    waiting: Vec<u8>,
}

impl Write for Sending {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let piece = std::mem::replace(&mut self.waiting, Vec::with_capacity(PIECE));
        self.send.blocking_send(Ok(piece.into())).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

/// The body made of those pieces.
struct Arriving(Receiver<Piece>);

impl hyper::body::Body for Arriving {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}
