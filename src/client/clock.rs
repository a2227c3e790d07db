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

    /// Waits, but not beyond the total time.
    pub(super) async fn sleep(&self, wait: Duration) -> Result<()> {
        let deadline = self.deadline.filter(|_| !self.allows(wait));
        sleep_until(deadline.unwrap_or_else(|| Instant::now() + wait)).await;
        deadline.map_or(Ok(()), |deadline| Err(self.passed(deadline)))
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
///
/// To read the clock for every wait costs as much as to decode what comes after it. So the timer runs on from wait to
/// wait, and when it goes off after a part of the idle time, the clock is read if something has come meanwhile.
pub(super) struct TimedBody {
    body: Body,
    clock: Clock,
    /// Whether the limits hold. Before the first event of a stream, others do.
    pub(super) limited: bool,
    timer: Option<Pin<Box<Sleep>>>,
    /// Since when nothing has come; `None` until the clock is read for a wait.
    silent_since: Option<Instant>,
    /// Whom `timer` wakes, while it needs no look at the clock.
    waker: Option<Waker>,
}

/// Into so many parts the idle time is divided; an unread clock makes it longer by one of them at most.
const PARTS: u32 = 64;

impl TimedBody {
    pub(super) fn new(body: Body, clock: Clock, limited: bool) -> Self {
        Self { body, clock, limited, timer: None, silent_since: None, waker: None }
    }

    /// Lets go of the body: closes the connection, or gives it back when it is at its end.
    pub(super) fn close(&mut self) {
        self.body = Body::from(Bytes::new());
    }

    /// Reads the clock and sets the timer.
    #[cold]
    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        let Clock { timeouts, deadline, .. } = &self.clock;
        loop {
            let now = Instant::now();
            let since = *self.silent_since.get_or_insert(now);
            let after = |time: Duration| since.checked_add(time);
            let idle_at = timeouts.idle.and_then(after);
            let Some(end) = earlier(idle_at, *deadline) else { return Poll::Pending };
            if end <= now {
                let error = self.clock.passed(end);
                self.close();
                return Poll::Ready(Some(Err(error)));
            }
            let soon = timeouts.idle.and_then(|idle| after(idle / PARTS)).filter(|soon| *soon > now);
            let at = soon.map_or(end, |soon| soon.min(end));
            let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(at)));
            timer.as_mut().reset(at);
            // Something that comes while the timer is set that late must be noticed.
            self.waker = (Some(at) != idle_at).then(|| cx.waker().clone());
            ready!(timer.as_mut().poll(cx));
        }
    }
}

impl Chunks for TimedBody {
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        let chunk = self.body.poll_chunk(cx);
        if chunk.is_ready() {
            self.silent_since = None;
            return chunk;
        }
        // Not `will_wake`: it is false when there are copies of one table.
        let is_same = |waker: &Waker| waker.data() == cx.waker().data() && waker.vtable() == cx.waker().vtable();
        match &self.timer {
            _ if !self.limited => Poll::Pending,
            Some(timer) if !timer.is_elapsed() && self.waker.as_ref().is_some_and(is_same) => Poll::Pending,
            _ => self.poll_timer(cx),
        }
    }
}

/// The moment after `time`, unless it is beyond all clocks.
fn after(time: Option<Duration>) -> Option<Instant> {
    time.and_then(|time| Instant::now().checked_add(time))
}

fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
