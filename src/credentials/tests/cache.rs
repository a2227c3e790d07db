use std::sync::atomic::AtomicU64;

use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, future};

use super::*;
use crate::credentials::CredentialsCache;

/// Seconds until they expire, or a failure.
type Answer = Result<Option<i64>, &'static str>;

/// A provider that answers slowly, from a script, and a clock.
#[derive(Clone, Debug, Default)]
struct World {
    now: Arc<AtomicU64>,
    answers: Arc<Mutex<VecDeque<Answer>>>,
    asked: Arc<AtomicU32>,
}

impl World {
    fn new(answers: impl IntoIterator<Item = Answer>) -> (Self, Arc<CredentialsCache>) {
        let world = Self { answers: Arc::new(Mutex::new(answers.into_iter().collect())), ..Self::default() };
        world.now.store(NOW, Ordering::Relaxed);
        let now = world.now.clone();
        let ambient = Ambient { now: Arc::new(move || at(now.load(Ordering::Relaxed))), random: Arc::new(|| 0.5) };
        let cache = CredentialsCache::with_ambient(world.clone(), ambient);
        (world, Arc::new(cache))
    }

    fn pass(&self, seconds: u64) {
        self.now.fetch_add(seconds, Ordering::Relaxed);
    }

    fn asked(&self) -> u32 {
        self.asked.load(Ordering::Relaxed)
    }
}

impl ProvideCredentials for World {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            let count = self.asked.fetch_add(1, Ordering::Relaxed) + 1;
            let answer = self.answers.lock().unwrap().pop_front();
            tokio::time::sleep(Duration::from_secs(1)).await;
            match answer.unwrap_or(Err("asked too often")) {
                Ok(left) => {
                    let expiry = left.map(|left| at(self.now.load(Ordering::Relaxed).saturating_add_signed(left)));
                    Ok(Credentials::new(format!("AKID{count}"), "SECRET", None, expiry, "world"))
                }
                Err(why) => Err(CredentialsError::provider_error(why)),
            }
        })
    }
}

async fn key(cache: &CredentialsCache) -> String {
    cache.get().await.unwrap().access_key_id().to_owned()
}

/// What a hundred concurrent callers get.
async fn hundred(cache: &Arc<CredentialsCache>) -> Vec<Result<Credentials>> {
    let callers: Vec<_> = (0..100)
        .map(|_| {
            let cache = cache.clone();
            tokio::spawn(async move { cache.get().await })
        })
        .collect();
    let mut outcomes = Vec::new();
    for caller in callers {
        outcomes.push(caller.await.unwrap());
    }
    outcomes
}

#[tokio::test(start_paused = true)]
async fn a_hundred_callers_make_one_request() {
    let (world, cache) = World::new([Ok(Some(3600)), Ok(Some(3600))]);
    for round in 1..=2 {
        for outcome in hundred(&cache).await {
            assert_eq!(outcome.unwrap().access_key_id(), format!("AKID{round}"));
        }
        assert_eq!(world.asked(), round);
        world.pass(3601);
    }
}

#[tokio::test(start_paused = true)]
async fn a_hundred_callers_share_one_failure() {
    let (world, cache) = World::new([Err("down"), Ok(Some(3600))]);
    for outcome in hundred(&cache).await {
        let error = outcome.unwrap_err();
        assert_eq!((error.kind(), error.message()), (ErrorKind::Credentials, "the credentials provider failed"));
        let cause = std::error::Error::source(&error).and_then(|error| error.source()).unwrap();
        assert_eq!(cause.to_string(), "down");
    }
    assert_eq!(world.asked(), 1);
    assert_eq!(key(&cache).await, "AKID2");
}

#[tokio::test(start_paused = true)]
async fn renewed_five_and_a_half_minutes_early_and_nobody_waits_meanwhile() {
    let (world, cache) = World::new([Ok(Some(3600)), Ok(Some(3600))]);
    assert_eq!(key(&cache).await, "AKID1");
    world.pass(3600 - 331);
    assert_eq!(key(&cache).await, "AKID1");
    assert_eq!(world.asked(), 1);
    world.pass(1);
    let outcomes = hundred(&cache).await;
    let renewed = outcomes.iter().filter(|outcome| outcome.as_ref().unwrap().access_key_id() == "AKID2").count();
    assert_eq!((renewed, world.asked()), (1, 2));
    assert_eq!(key(&cache).await, "AKID2");
}

#[tokio::test(start_paused = true)]
async fn what_lives_shortly_is_renewed_at_half_its_life() {
    let (world, cache) = World::new([Ok(Some(100)), Ok(Some(100))]);
    assert_eq!(key(&cache).await, "AKID1");
    world.pass(49);
    assert_eq!(key(&cache).await, "AKID1");
    world.pass(1);
    assert_eq!(key(&cache).await, "AKID2");
}

#[tokio::test(start_paused = true)]
async fn a_failed_renewal_keeps_the_old_ones_to_their_end() {
    let (world, cache) = World::new([Ok(Some(3600)), Err("down"), Err("down"), Err("down")]);
    assert_eq!(key(&cache).await, "AKID1");
    world.pass(3300);
    assert_eq!(key(&cache).await, "AKID1");
    assert_eq!(world.asked(), 2);
    world.pass(44);
    assert_eq!(key(&cache).await, "AKID1");
    assert_eq!(world.asked(), 2, "the source has rest");
    world.pass(1);
    assert_eq!(key(&cache).await, "AKID1");
    assert_eq!(world.asked(), 3);
    world.pass(255);
    assert!(cache.get().await.is_err());
    assert_eq!(world.asked(), 4);
}

#[tokio::test(start_paused = true)]
async fn what_comes_expired_is_used_for_a_while() {
    let (world, cache) = World::new([Ok(Some(-60)), Ok(Some(3600))]);
    assert_eq!(key(&cache).await, "AKID1");
    world.pass(44);
    assert_eq!(key(&cache).await, "AKID1");
    world.pass(1);
    assert_eq!(key(&cache).await, "AKID2");
}

#[tokio::test(start_paused = true)]
async fn what_never_expires_is_asked_for_every_quarter_of_an_hour() {
    let (world, cache) = World::new([Ok(None), Ok(None), Err("gone")]);
    assert_eq!(key(&cache).await, "AKID1");
    world.pass(899);
    assert_eq!(key(&cache).await, "AKID1");
    world.pass(1);
    assert_eq!(key(&cache).await, "AKID2");
    world.pass(900);
    assert_eq!(key(&cache).await, "AKID2");
    assert_eq!(world.asked(), 3);
}

#[tokio::test(start_paused = true)]
async fn refused_credentials_are_forgotten_once() {
    let (world, cache) = World::new([Ok(Some(3600)), Ok(Some(3600))]);
    let refused = cache.get().await.unwrap();
    cache.invalidate(&refused);
    assert_eq!(key(&cache).await, "AKID2");
    // The other ninety-nine that were refused come late.
    cache.invalidate(&refused);
    assert_eq!(key(&cache).await, "AKID2");
    assert_eq!(world.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn refused_credentials_are_not_kept_when_the_renewal_fails() {
    let (_, cache) = World::new([Ok(Some(3600)), Err("down")]);
    let refused = cache.get().await.unwrap();
    cache.invalidate(&refused);
    assert!(cache.get().await.is_err());
}

#[tokio::test(start_paused = true)]
async fn an_old_failure_is_not_told_to_those_who_wait_for_another_answer() {
    let (world, cache) = World::new([Err("down"), Ok(Some(3600)), Ok(Some(3600))]);
    assert!(cache.get().await.is_err());
    let spawn = |refused: bool| {
        let cache = cache.clone();
        tokio::spawn(async move {
            let credentials = cache.get().await.unwrap();
            if refused {
                cache.invalidate(&credentials);
            }
            credentials.access_key_id().to_owned()
        })
    };
    let (first, second) = (spawn(true), spawn(false));
    assert_eq!((first.await.unwrap(), second.await.unwrap()), ("AKID2".to_owned(), "AKID3".to_owned()));
    assert_eq!(world.asked(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_leaves_does_not_take_the_others_along() {
    let (world, cache) = World::new([Ok(Some(3600)), Ok(Some(3600))]);
    let leaving = tokio::spawn({
        let cache = cache.clone();
        async move { cache.get().await }
    });
    tokio::task::yield_now().await;
    assert_eq!(world.asked(), 1);
    let waiting = tokio::spawn({
        let cache = cache.clone();
        async move { cache.get().await }
    });
    tokio::task::yield_now().await;
    leaving.abort();
    assert_eq!(waiting.await.unwrap().unwrap().access_key_id(), "AKID2");
}

#[tokio::test(start_paused = true)]
async fn rotation_under_load_fails_no_request() {
    let (world, cache) = World::new((0..50).map(|_| Ok(Some(600))));
    for _ in 0..300 {
        for outcome in hundred(&cache).await {
            let credentials = outcome.unwrap();
            assert!(credentials.expiry().unwrap() > at(world.now.load(Ordering::Relaxed)));
        }
        world.pass(30);
    }
    // 9,000 seconds, renewed each 300.
    assert_eq!(world.asked(), 30);
}

#[tokio::test]
async fn a_chain_s_error_comes_through_as_it_is() {
    let chain = chain(&[("AWS_EC2_METADATA_DISABLED", "true")], &Script::default());
    let direct = chain.resolve().await.unwrap_err();
    let cached = CredentialsCache::new(CredentialsCache::new(chain)).get().await.unwrap_err();
    assert_eq!(cached.to_string(), direct.to_string());
    assert_eq!((cached.kind(), cached.hint()), (direct.kind(), direct.hint()));
}
