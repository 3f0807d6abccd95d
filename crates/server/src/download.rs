//! Files that are made while they are sent, so that none stands whole in memory or on the server's disk.

use crate::api::attachments::as_download;
use crate::problem::Failure;
use axum::body::{Body, Bytes};
use axum::response::Response;
use desk::DeskError;
use hyper::body::Frame;
use std::io::{self, Write};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Bytes sent at a time.
const PIECE: usize = 64 << 10;

/// A file as an answer, written by a thread of that name. What goes wrong after its beginning breaks it off: half a file
/// is never passed off as a whole one.
///
/// # Errors
/// If no thread can be had.
pub(crate) fn sent(
    what: &'static str,
    file: &str,
    media: &str,
    write: impl FnOnce(&mut Sending) -> Result<(), DeskError> + Send + 'static,
) -> Result<Response, Failure> {
    let (send, receive) = channel(4);
    let writing = move || {
        let mut out = Sending { send, waiting: Vec::with_capacity(PIECE) };
        let flushed = |out: &mut Sending| out.flush().map_err(|error| DeskError::Output(error.to_string()));
        if let Err(error) = write(&mut out).and_then(|()| flushed(&mut out)) {
            tracing::warn!(%error, what, "a file was broken off");
            let _ = out.send.blocking_send(Err(io::ErrorKind::Other.into()));
        }
    };
    // A thread of its own: a slow reader must not hold one of the few that do quick work.
    std::thread::Builder::new()
        .name(what.to_owned())
        .spawn(writing)
        .map_err(|error| DeskError::Output(error.to_string()))?;
    Ok(as_download(file, media, Body::new(Arriving(receive))))
}

type Piece = Result<Bytes, io::Error>;

/// Hands written bytes over in pieces and waits while the reader is slow.
pub(crate) struct Sending {
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
