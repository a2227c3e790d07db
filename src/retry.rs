//! When a failed request is tried again, and after how long. Policy only: time and randomness are arguments.
//!
//! <https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html>
//!
//! What is tried again: [kinds of errors](crate::ErrorKind) that say so, as long as nothing of an answer was handed out. Waits are
//! random between nothing and 1, 2, 4, … seconds, or what the service asks for; each costs a quota that a success gives back,
//! so that a service in trouble is not asked three times as often.
//!
//! ```
//! use std::time::Duration;
//!
//! use bedrock_converse::Environment;
//! use bedrock_converse::retry::{RetryConfig, RetryMode};
//!
//! let environment = Environment::fixed([("AWS_RETRY_MODE", "adaptive"), ("AWS_MAX_ATTEMPTS", "5")]);
//! let config = RetryConfig::configured(&environment, &|_| None)?; // no profile
//! assert_eq!((config.mode, config.max_attempts), (RetryMode::Adaptive, 5));
//! assert_eq!(config.max_backoff, Duration::from_secs(20));
//!
//! let never = RetryConfig { max_attempts: 1, ..Default::default() };
//! # let _ = never;
//! # Ok::<(), bedrock_converse::Error>(())
//! ```

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::environment::Environment;
use crate::error::{Error, ErrorKind, Result};

/// How retries are paced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetryMode {
    /// Exponential back-off with jitter, and a quota that all requests of a client share.
    #[default]
    Standard,
    /// As standard, and after the first throttle the client limits its own rate of requests.
    Adaptive,
}

/// How often and how a failed request is tried again.
///
/// ```
/// use bedrock_converse::retry::RetryConfig;
///
/// let config = RetryConfig { max_attempts: 5, ..RetryConfig::default() };
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryConfig {
    /// How retries are paced.
    pub mode: RetryMode,
    /// The greatest number of attempts, the first one included. 1 means no retries; 0 counts as 1.
    pub max_attempts: u32,
    /// The longest wait before another attempt, also when the service asks for a longer one.
    pub max_backoff: Duration,
    /// Whether a request is tried again after it had been sent and no answer came in time. The first attempt may have
    /// been billed, so it isn't unless this says so.
    pub retry_timeouts: bool,
}

impl Default for RetryConfig {
    /// Standard mode, 3 attempts, at most 20 seconds between two.
    fn default() -> Self {
        let max_backoff = Duration::from_secs(20);
        Self { mode: RetryMode::Standard, max_attempts: 3, max_backoff, retry_timeouts: false }
    }
}

impl RetryConfig {
    /// What `AWS_RETRY_MODE` and `AWS_MAX_ATTEMPTS` say, else the profile's `retry_mode` and `max_attempts`, else the
    /// defaults. The mode `legacy` of older SDKs counts as standard.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] when the mode is unknown or the number of attempts is no positive number.
    pub fn configured(environment: &Environment, profile: &dyn Fn(&str) -> Option<String>) -> Result<Self> {
        let mut config = Self::default();
        let setting = |variable: &'static str, name: &'static str| match environment.var(variable) {
            Some(value) => Some((variable, value)),
            None => Some((name, profile(name)?)),
        };
        if let Some((name, mode)) = setting("AWS_RETRY_MODE", "retry_mode") {
            config.mode = match mode.to_ascii_lowercase().as_str() {
                "standard" | "legacy" => RetryMode::Standard,
                "adaptive" => RetryMode::Adaptive,
                _ => {
                    let message = format!("{name} is {mode:?}; it must be standard or adaptive");
                    return Err(Error::new(ErrorKind::Configuration, message));
                }
            };
        }
        if let Some((name, attempts)) = setting("AWS_MAX_ATTEMPTS", "max_attempts") {
            config.max_attempts = attempts.parse().ok().filter(|attempts| *attempts > 0).ok_or_else(|| {
                let message = format!("{name} is {attempts:?}; it must be a whole number from 1");
                Error::new(ErrorKind::Configuration, message)
            })?;
        }
        Ok(config)
    }
}

/// The retries of all requests of a client.
#[derive(Debug)]
pub(crate) struct Retries {
    config: RetryConfig,
    shared: Mutex<Shared>,
}

#[derive(Debug)]
struct Shared {
    quota: u32,
    rate: Rate,
}

/// What the quota starts with and returns to.
const QUOTA: u32 = 500;
const RETRY_COST: u32 = 5;
/// The cost of a retry after a failure of the connection or a timeout.
const TRANSIENT_COST: u32 = 10;
/// What a success at the first attempt brings back.
const SUCCESS_GAIN: u32 = 1;

impl Retries {
    pub(crate) fn new(config: RetryConfig) -> Self {
        Self { config, shared: Mutex::new(Shared { quota: QUOTA, rate: Rate::default() }) }
    }

    /// The attempts of one request.
    pub(crate) fn attempts(&self) -> Attempts<'_> {
        Attempts { retries: self, number: 0, held: 0 }
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The attempts of one request. What it holds of the quota goes back when it is dropped in the middle of a retry.
#[derive(Debug)]
pub(crate) struct Attempts<'a> {
    retries: &'a Retries,
    number: u32,
    held: u32,
}

impl Attempts<'_> {
    /// How many attempts have begun.
    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    /// Whether there may be another attempt.
    pub(crate) fn remain(&self) -> bool {
        self.number < self.retries.config.max_attempts
    }

    /// Begins an attempt. Gives back how long to wait before it; only adaptive mode lets one wait.
    /// `now` tells the time in seconds since a moment that is the same for all requests of the client.
    pub(crate) fn begin(&mut self, now: impl FnOnce() -> f64) -> Duration {
        self.number += 1;
        match self.retries.config.mode {
            RetryMode::Standard => Duration::ZERO,
            RetryMode::Adaptive => Duration::from_secs_f64(self.retries.shared().rate.acquire(now())),
        }
    }

    /// Records that the attempt succeeded.
    pub(crate) fn succeeded(&mut self, now: f64) {
        let mut shared = self.retries.shared();
        let gain = if self.held > 0 { self.held } else { SUCCESS_GAIN };
        self.held = 0;
        shared.quota = (shared.quota + gain).min(QUOTA);
        if self.retries.config.mode == RetryMode::Adaptive {
            shared.rate.update(now, false);
        }
    }

    /// Records that the attempt failed. Gives back how long to wait before the next, `None` when `error` is final.
    /// `random` is a number from 0 up to 1.
    pub(crate) fn failed(&mut self, error: &Error, random: f64, now: f64) -> Option<Duration> {
        let config = &self.retries.config;
        let mut shared = self.retries.shared();
        // What the last retry cost is spent.
        self.held = 0;
        if config.mode == RetryMode::Adaptive {
            shared.rate.update(now, error.kind() == ErrorKind::Throttling);
        }
        let retryable = error.is_retryable() || (error.kind() == ErrorKind::Timeout && config.retry_timeouts);
        if !retryable || !self.remain() {
            return None;
        }
        let transient = matches!(error.kind(), ErrorKind::Connection | ErrorKind::Timeout);
        let cost = if transient { TRANSIENT_COST } else { RETRY_COST };
        shared.quota = shared.quota.checked_sub(cost)?;
        self.held = cost;
        let wait = error.retry_after().unwrap_or_else(|| {
            // From the 31st retry on the exponent is of no consequence.
            Duration::from_secs_f64(random * f64::from(1u32 << (self.number - 1).min(30)))
        });
        Some(wait.min(config.max_backoff))
    }
}

impl Drop for Attempts<'_> {
    fn drop(&mut self) {
        if self.held > 0 {
            let mut shared = self.retries.shared();
            shared.quota = (shared.quota + self.held).min(QUOTA);
        }
    }
}

/// The rate that a client allows itself: cut to 70 % by a throttle, then grown along a cubic curve back to where the
/// throttle came and beyond. Off until the first throttle. Rates are requests per second, times are seconds.
#[derive(Debug, Default)]
struct Rate {
    /// Whether there has been a throttle.
    on: bool,
    /// The bucket: `tokens` grows by `fill_rate` a second up to `capacity`; below zero, requests wait in line.
    fill_rate: f64,
    capacity: f64,
    tokens: f64,
    filled_at: f64,
    /// The rate at which requests really end, smoothed over half-second slots.
    measured: f64,
    slot: f64,
    in_slot: f64,
    /// Rate and time of the last throttle.
    last_max: f64,
    last_throttle: f64,
}

impl Rate {
    const MIN_FILL_RATE: f64 = 0.5;
    const MIN_CAPACITY: f64 = 1.0;
    const SMOOTH: f64 = 0.8;
    const BETA: f64 = 0.7;
    const SCALE: f64 = 0.4;

    /// Takes a token. Gives back how long to wait until it is there.
    fn acquire(&mut self, now: f64) -> f64 {
        if !self.on {
            return 0.0;
        }
        self.fill(now);
        self.tokens -= 1.0;
        (-self.tokens / self.fill_rate).max(0.0)
    }

    /// Learns from the end of an attempt.
    fn update(&mut self, now: f64, throttled: bool) {
        self.measure(now);
        let rate = if throttled {
            let rate = if self.on { self.measured.min(self.fill_rate) } else { self.measured };
            self.on = true;
            self.last_max = rate;
            self.last_throttle = now;
            rate * Self::BETA
        } else {
            let window = (self.last_max * (1.0 - Self::BETA) / Self::SCALE).cbrt();
            Self::SCALE * (now - self.last_throttle - window).powi(3) + self.last_max
        };
        if self.on {
            self.fill(now);
            let rate = rate.min(2.0 * self.measured);
            self.fill_rate = rate.max(Self::MIN_FILL_RATE);
            self.capacity = rate.max(Self::MIN_CAPACITY);
            self.tokens = self.tokens.min(self.capacity);
        }
    }

    fn fill(&mut self, now: f64) {
        self.tokens = (self.tokens + (now - self.filled_at).max(0.0) * self.fill_rate).min(self.capacity);
        self.filled_at = now;
    }

    fn measure(&mut self, now: f64) {
        self.in_slot += 1.0;
        let slot = (now * 2.0).floor() / 2.0;
        if slot > self.slot {
            let rate = self.in_slot / (slot - self.slot);
            self.measured = rate * Self::SMOOTH + self.measured * (1.0 - Self::SMOOTH);
            self.in_slot = 0.0;
            self.slot = slot;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(kind: ErrorKind) -> Error {
        Error::new(kind, "test")
    }

    fn seconds(seconds: f64) -> Option<Duration> {
        Some(Duration::from_secs_f64(seconds))
    }

    /// The waits after failures of the given kinds, each with the same random number.
    fn waits(config: RetryConfig, kinds: &[ErrorKind], random: f64) -> Vec<Option<Duration>> {
        let retries = Retries::new(config);
        let mut attempts = retries.attempts();
        let wait = |kind: &ErrorKind| {
            attempts.begin(|| 0.0);
            attempts.failed(&error(*kind), random, 0.0)
        };
        kinds.iter().map(wait).collect()
    }

    #[test]
    fn waits_double_with_full_jitter_up_to_the_longest() {
        let config = RetryConfig { max_attempts: 8, ..RetryConfig::default() };
        let expected = [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 20.0].map(seconds);
        let all = waits(config.clone(), &[ErrorKind::Internal; 8], 0.5);
        assert_eq!(all[..7], expected);
        assert_eq!(all[7], None);
        assert_eq!(waits(config, &[ErrorKind::Internal], 0.0), [seconds(0.0)]);
    }

    #[test]
    fn three_attempts_are_the_default_and_zero_is_one() {
        let kinds = [ErrorKind::Throttling; 3];
        assert_eq!(waits(RetryConfig::default(), &kinds, 0.5), [seconds(0.5), seconds(1.0), None]);
        for max_attempts in [0, 1] {
            assert_eq!(waits(RetryConfig { max_attempts, ..RetryConfig::default() }, &kinds[..1], 0.5), [None]);
        }
    }

    #[test]
    fn a_very_late_attempt_does_not_overflow() {
        let retries = Retries::new(RetryConfig { max_attempts: u32::MAX, ..RetryConfig::default() });
        let mut attempts = Attempts { retries: &retries, number: 4_000_000_000, held: 0 };
        assert_eq!(attempts.failed(&error(ErrorKind::Internal), 0.9, 0.0), Some(Duration::from_secs(20)));
    }

    #[test]
    fn what_is_tried_again() {
        let again = |error: Error, config: RetryConfig| {
            let retries = Retries::new(config);
            let mut attempts = retries.attempts();
            attempts.begin(|| 0.0);
            attempts.failed(&error, 0.5, 0.0).is_some()
        };
        use ErrorKind::{
            Connection, Incomplete, Internal, ModelNotReady, ModelTimeout, QuotaExceeded, Throttling, Timeout,
            Unavailable, Validation,
        };
        for kind in [Throttling, ModelNotReady, Internal, Unavailable, Connection] {
            assert!(again(error(kind), RetryConfig::default()), "{kind:?}");
        }
        for kind in [Validation, QuotaExceeded, ModelTimeout, Timeout, Incomplete] {
            assert!(!again(error(kind), RetryConfig::default()), "{kind:?}");
        }
        // A timeout before anything was sent; after it, only on request.
        assert!(again(error(Timeout).with_retryable(true), RetryConfig::default()));
        assert!(again(error(Timeout), RetryConfig { retry_timeouts: true, ..RetryConfig::default() }));
    }

    #[test]
    fn the_service_s_wish_comes_before_the_back_off_but_not_before_the_longest_wait() {
        let wait = |wish| {
            let retries = Retries::new(RetryConfig::default());
            let mut attempts = retries.attempts();
            attempts.begin(|| 0.0);
            attempts.failed(&error(ErrorKind::Throttling).with_retry_after(Duration::from_secs(wish)), 0.5, 0.0)
        };
        assert_eq!(wait(7), seconds(7.0));
        assert_eq!(wait(3600), seconds(20.0));
    }

    #[test]
    fn an_outage_spends_the_quota_and_successes_bring_it_back() {
        let retries = Retries::new(RetryConfig { max_attempts: u32::MAX, ..RetryConfig::default() });
        let outage = |kind| {
            let mut attempts = retries.attempts();
            let mut sent = 0;
            loop {
                attempts.begin(|| 0.0);
                sent += 1;
                if attempts.failed(&error(kind), 0.0, 0.0).is_none() {
                    return sent;
                }
            }
        };
        assert_eq!(outage(ErrorKind::Internal), 1 + QUOTA / RETRY_COST);
        assert_eq!(outage(ErrorKind::Internal), 1);
        for _ in 0..TRANSIENT_COST {
            let mut attempts = retries.attempts();
            attempts.begin(|| 0.0);
            attempts.succeeded(0.0);
        }
        assert_eq!(outage(ErrorKind::Connection), 2);
        assert_eq!(outage(ErrorKind::Internal), 1);
    }

    #[test]
    fn a_retry_that_succeeds_or_is_dropped_costs_nothing() {
        let retries = Retries::new(RetryConfig::default());
        for succeeds in [true, false] {
            let mut attempts = retries.attempts();
            attempts.begin(|| 0.0);
            attempts.failed(&error(ErrorKind::Internal), 0.5, 0.0);
            assert_eq!(retries.shared().quota, QUOTA - RETRY_COST);
            if succeeds {
                attempts.succeeded(0.0);
            }
            drop(attempts);
            assert_eq!(retries.shared().quota, QUOTA);
        }
    }

    #[test]
    fn adaptive_mode_slows_down_after_a_throttle_and_recovers() {
        let retries = Retries::new(RetryConfig { mode: RetryMode::Adaptive, ..RetryConfig::default() });
        let request = |now: f64, throttled: bool| {
            let mut attempts = retries.attempts();
            let wait = attempts.begin(|| now).as_secs_f64();
            match throttled {
                true => drop(attempts.failed(&error(ErrorKind::Throttling), 0.5, now)),
                false => attempts.succeeded(now),
            }
            wait
        };
        // Ten requests a second, none of which waits, until a throttle.
        let mut now = 0.0;
        for _ in 0..50 {
            now += 0.1;
            assert_eq!(request(now, false), 0.0);
        }
        request(now, true);
        let after_throttle = retries.shared().rate.fill_rate;
        assert!((after_throttle - 0.7 * retries.shared().rate.last_max).abs() < 1e-9, "{after_throttle}");
        // A burst now waits in line, at that rate.
        let line: Vec<f64> = (0..3).map(|_| retries.attempts().begin(|| now).as_secs_f64()).collect();
        assert!((line[2] - line[1] - 1.0 / after_throttle).abs() < 1e-9, "{line:?}");
        // With time and successes the rate grows past the one that was throttled.
        for _ in 0..200 {
            now += 0.1;
            request(now, false);
        }
        let rate = &retries.shared().rate;
        assert!(rate.fill_rate > rate.last_max, "{rate:?}");
    }

    #[test]
    fn the_first_throttle_of_all_leaves_a_rate_to_go_on_with() {
        let retries = Retries::new(RetryConfig { mode: RetryMode::Adaptive, ..RetryConfig::default() });
        let mut attempts = retries.attempts();
        attempts.begin(|| 0.0);
        attempts.failed(&error(ErrorKind::Throttling), 0.5, 0.0);
        assert_eq!(attempts.begin(|| 0.0), Duration::from_secs(2));
        assert_eq!(attempts.begin(|| 100.0), Duration::ZERO);
    }

    #[test]
    fn environment_and_profile() {
        let configured = |variables: &[(&str, &str)], profile: &dyn Fn(&str) -> Option<String>| {
            RetryConfig::configured(&Environment::fixed(variables.iter().copied()), profile)
        };
        let profile = |name: &str| Some(if name == "retry_mode" { "Adaptive" } else { "7" }.to_owned());
        let none = |_: &str| None;
        assert_eq!(configured(&[], &none).unwrap(), RetryConfig::default());
        let from_profile = configured(&[], &profile).unwrap();
        assert_eq!((from_profile.mode, from_profile.max_attempts), (RetryMode::Adaptive, 7));
        let both = configured(&[("AWS_RETRY_MODE", "legacy"), ("AWS_MAX_ATTEMPTS", "1")], &profile).unwrap();
        assert_eq!((both.mode, both.max_attempts), (RetryMode::Standard, 1));
        for bad in [("AWS_RETRY_MODE", "never"), ("AWS_MAX_ATTEMPTS", "0"), ("AWS_MAX_ATTEMPTS", "-1")] {
            let error = configured(&[bad], &none).unwrap_err();
            assert!(error.kind() == ErrorKind::Configuration && error.message().contains(bad.0), "{error}");
        }
        // It is said where the mistake is.
        for bad in ["retry_mode", "max_attempts"] {
            let error = configured(&[], &|name| (name == bad).then(|| "never".to_owned())).unwrap_err();
            assert!(error.message().starts_with(bad), "{error}");
        }
    }
}
