//! One connection: hyper, and what hyper keeps a server from doing to its clients on purpose.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::Sleep;

use super::log::Entry;
use super::plan::{Plan, Step};

/// What the body of an answer tells the connection under it.
#[derive(Debug, Default)]
pub(super) struct Link(AtomicU8);

impl Link {
    const CLOSE: u8 = 1;
    const RESET: u8 = 2;

    /// Closes the connection as soon as all that was sent is written.
    pub(super) fn close(&self, reset: bool) {
        self.0.store(if reset { Self::RESET } else { Self::CLOSE }, Ordering::Release);
    }

    fn state(&self) -> u8 {
        self.0.load(Ordering::Acquire)
    }
}

/// The socket. It fails its first flush after [`Link::close`], upon which hyper lets go of it.
#[derive(Debug)]
pub(super) struct Socket {
    io: TokioIo<TcpStream>,
    link: Arc<Link>,
}

impl Socket {
    pub(super) fn new(stream: TcpStream, link: Arc<Link>) -> Self {
        Self { io: TokioIo::new(stream), link }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if self.link.state() == Link::RESET {
            // Where that is not possible, the connection is closed in the ordinary way.
            let _ = self.io.inner().set_zero_linger();
        }
    }
}

impl Read for Socket {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl Write for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.io).poll_flush(cx))?;
        if self.link.state() != 0 {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

/// The body of an answer: its steps, one after the other.
#[derive(Debug)]
pub(super) struct Delivery {
    steps: VecDeque<Step>,
    length: Option<u64>,
    /// The most bytes that are sent at once.
    portion: usize,
    pause: Option<Pin<Box<Sleep>>>,
    link: Arc<Link>,
    entry: Entry,
}

impl Delivery {
    /// Delivers what is planned after the head.
    pub(super) fn new(plan: Plan, link: Arc<Link>, entry: Entry) -> Self {
        Self { steps: plan.body.into(), length: plan.length, portion: plan.portion, pause: None, link, entry }
    }
}

impl Body for Delivery {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        loop {
            if let Some(pause) = &mut self.pause {
                ready!(pause.as_mut().poll(cx));
                self.pause = None;
            }
            match self.steps.pop_front() {
                None => return Poll::Ready(None),
                Some(Step::Send { mut bytes, last }) => {
                    if bytes.len() > self.portion {
                        let rest = bytes.split_off(self.portion);
                        self.steps.push_front(Step::Send { bytes: rest, last });
                    } else if last {
                        self.entry.event_sent();
                    }
                    return Poll::Ready(Some(Ok(Frame::data(bytes))));
                }
                Some(Step::Pause(time)) => self.pause = Some(Box::pin(tokio::time::sleep(time))),
                Some(step @ Step::Stall) => {
                    self.steps.push_front(step);
                    return Poll::Pending;
                }
                // Hyper flushes when the body has nothing to say, and then the socket fails.
                Some(Step::Close { reset }) => {
                    self.link.close(reset);
                    return Poll::Pending;
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.steps.is_empty() && self.pause.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.length.map(SizeHint::with_exact).unwrap_or_default()
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        if self.steps.is_empty() && self.pause.is_none() {
            self.entry.whole();
        }
    }
}
