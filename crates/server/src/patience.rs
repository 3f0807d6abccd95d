//! A connection whose peer must take its answer: one that reads nothing for a while is let go, so that clients who
//! ask and never listen cannot hold every place. In turn a peer that was refused while it still sends is listened to for
//! a while before the connection ends: most clients read only once they have sent, and what comes to a closed door
//! destroys the answer on its way.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// How long a peer that was refused is listened to.
const LISTEN_TIME: Duration = Duration::from_secs(10);
/// How much of what it goes on to send is read and forgotten: three times the largest file.
const LISTEN: usize = 64 << 20;

/// A stream whose writes fail once no byte was taken for the given time.
#[derive(Debug)]
pub struct Patient<S> {
    inner: S,
    patience: Duration,
    /// Runs only while a write waits.
    stalled: Option<Pin<Box<Sleep>>>,
    /// Whether the last request was refused, perhaps before all of it was read.
    refused: Arc<AtomicBool>,
    /// Whether nothing more will be written.
    said: bool,
    /// Runs while a refused peer is listened to.
    listening: Option<Pin<Box<Sleep>>>,
    /// Bytes it may still send.
    left: usize,
}

impl<S> Patient<S> {
    /// Wraps a stream. Whoever serves it says in `refused` that the last request was refused.
    pub fn new(inner: S, patience: Duration, refused: Arc<AtomicBool>) -> Self {
        Self { inner, patience, stalled: None, refused, said: false, listening: None, left: LISTEN }
    }

    fn judge<T>(&mut self, cx: &mut Context<'_>, outcome: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.stalled = None;
            return outcome;
        }
        let patience = self.patience;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(patience)));
        ready!(stalled.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> Patient<S> {
    /// Reads and forgets until the peer ends, or has had its time.
    fn listen(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let until = self.listening.get_or_insert_with(|| Box::pin(sleep(LISTEN_TIME)));
        let mut space = [0_u8; 8 << 10];
        while self.left > 0 && until.as_mut().poll(cx).is_pending() {
            let mut taken = ReadBuf::new(&mut space);
            match ready!(Pin::new(&mut self.inner).poll_read(cx, &mut taken)) {
                Ok(()) if !taken.filled().is_empty() => self.left = self.left.saturating_sub(taken.filled().len()),
                _ => break,
            }
        }
        Poll::Ready(())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.inner).poll_write(cx, bytes);
        self.judge(cx, outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.inner).poll_write_vectored(cx, parts);
        self.judge(cx, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.said {
            ready!(Pin::new(&mut self.inner).poll_shutdown(cx))?;
            self.said = true;
        }
        if self.refused.load(Ordering::Relaxed) {
            ready!(self.listen(cx));
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;

    /// Takes one byte each time so much time has passed.
    struct Slow(Duration, Option<Pin<Box<Sleep>>>);

    impl AsyncRead for Slow {
        fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    impl AsyncWrite for Slow {
        fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
            let every = self.0;
            ready!(self.1.get_or_insert_with(|| Box::pin(sleep(every))).as_mut().poll(cx));
            self.1 = None;
            Poll::Ready(Ok(1))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    async fn write(every: u64, patience: u64) -> io::Result<usize> {
        let slow = Slow(Duration::from_millis(every), None);
        let mut stream = Patient::new(slow, Duration::from_millis(patience), Arc::default());
        let mut taken = 0;
        // Longer in all than the patience, but never silent for so long.
        while taken < 8 {
            taken += poll_fn(|cx| Pin::new(&mut stream).poll_write(cx, b"x")).await?;
        }
        Ok(taken)
    }

    #[test]
    fn who_takes_nothing_is_let_go_and_who_is_slow_is_not() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            assert_eq!(write(60_000, 20).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
            assert_eq!(write(40, 300).await.unwrap(), 8);
        });
    }
}
