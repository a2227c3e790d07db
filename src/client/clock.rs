//! The time limits of a request at work.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, Sleep, sleep_until, timeout_at};

use super::Timeouts;
use crate::error::{Error, ErrorKind, Result};
use crate::transport::{Body, Chunks};

/// The limits of one request, on the clock.
#[derive(Clone, Debug)]
pub(super) struct Clock {
    timeouts: Timeouts,
    first_byte_at: Option<Instant>,
    deadline: Option<Instant>,
}

impl Clock {
    /// Starts the total time.
    pub(super) fn start(timeouts: &Timeouts) -> Self {
        Self { timeouts: timeouts.clone(), first_byte_at: None, deadline: after(timeouts.total) }
    }

    /// Starts the time to the first byte.
    pub(super) fn start_attempt(&mut self) {
        self.first_byte_at = after(self.timeouts.first_byte);
    }

    /// Whether a wait of this length is over before the total time is.
    pub(super) fn allows(&self, wait: Duration) -> bool {
        self.deadline.is_none_or(|deadline| Instant::now() + wait < deadline)
    }

    pub(super) async fn until_first_byte<T>(&self, future: impl Future<Output = Result<T>>) -> Result<T> {
        self.until(earlier(self.first_byte_at, self.deadline), future).await
    }

    pub(super) async fn until_deadline<T>(&self, future: impl Future<Output = Result<T>>) -> Result<T> {
        self.until(self.deadline, future).await
    }

    async fn until<T>(&self, end: Option<Instant>, future: impl Future<Output = Result<T>>) -> Result<T> {
        match end {
            None => future.await,
            Some(end) => timeout_at(end, future).await.unwrap_or_else(|_| Err(self.passed(end))),
        }
    }

    /// The error of the limit that ended at `end`.
    fn passed(&self, end: Instant) -> Error {
        let Timeouts { first_byte, idle, total } = &self.timeouts;
        let (what, limit) = match Some(end) {
            end if end == self.deadline => ("the request did not end", total),
            end if end == self.first_byte_at => ("no answer came", first_byte),
            _ => ("the answer did not go on", idle),
        };
        Error::new(ErrorKind::Timeout, format!("{what} within {:?}", limit.unwrap_or_default()))
    }
}

/// A body whose chunks must follow each other within the idle time, all of them within the total time.
pub(super) struct TimedBody {
    body: Body,
    clock: Clock,
    /// Whether the limits hold. Before the first event of a stream, others do.
    pub(super) limited: bool,
    timer: Option<Pin<Box<Sleep>>>,
    /// When the wait for a chunk is over, while there is one. `timer` goes off then or earlier.
    timer_at: Option<Instant>,
    /// Whom `timer` wakes.
    waker: Option<Waker>,
}

impl TimedBody {
    pub(super) fn new(body: Body, clock: Clock, limited: bool) -> Self {
        Self { body, clock, limited, timer: None, timer_at: None, waker: None }
    }

    /// Lets go of the body: closes the connection, or gives it back when it is at its end.
    pub(super) fn close(&mut self) {
        self.body = Body::from(Bytes::new());
    }
}

impl Chunks for TimedBody {
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        if let Poll::Ready(chunk) = self.body.poll_chunk(cx) {
            self.timer_at = None;
            return Poll::Ready(chunk);
        }
        if self.timer_at.is_none() {
            self.timer_at = earlier(after(self.clock.timeouts.idle), self.clock.deadline).filter(|_| self.limited);
        }
        let Some(end) = self.timer_at else { return Poll::Pending };
        // The timer runs on from wait to wait: to wake once too often costs less than to set it for every chunk.
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(end)));
        // Not `will_wake`: it is false when there are copies of one table.
        let is_same = |waker: &Waker| waker.data() == cx.waker().data() && waker.vtable() == cx.waker().vtable();
        if !timer.is_elapsed() && self.waker.as_ref().is_some_and(is_same) {
            return Poll::Pending;
        }
        self.waker = Some(cx.waker().clone());
        ready!(timer.as_mut().poll(cx));
        if timer.deadline() < end {
            timer.as_mut().reset(end);
            ready!(timer.as_mut().poll(cx));
        }
        self.close();
        Poll::Ready(Some(Err(self.clock.passed(end))))
    }
}

/// The moment after `time`, unless it is beyond all clocks.
fn after(time: Option<Duration>) -> Option<Instant> {
    time.and_then(|time| Instant::now().checked_add(time))
}

fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    [one, other].into_iter().flatten().min()
}
