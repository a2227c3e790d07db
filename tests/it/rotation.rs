//! Credentials that change while requests are made, and are refused: through the client, against the server's checks.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::future;
use bedrock_converse::credentials::{Credentials, ProvideCredentials};
use bedrock_converse::retry::RetryConfig;
use bedrock_converse::serve::{Server, ServerBuilder};
use bedrock_converse::wire::ConverseRequest;
use bedrock_converse::{BedrockProvider, Error, ErrorKind};
use tokio::task::JoinSet;

use crate::serve::now;

/// Number `i`, as the server is told of it or not.
fn key(i: usize, expiry: Option<SystemTime>) -> Credentials {
    Credentials::new(format!("AKID{i}"), format!("secret {i}"), Some(format!("token {i}")), expiry, "test")
}

/// Asks `give` for credentials, with how often it has been asked before, and takes its time.
struct Provider<F> {
    give: F,
    asked: Arc<AtomicUsize>,
}

impl<F> std::fmt::Debug for Provider<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Provider")
    }
}

impl<F: Fn(usize) -> Option<Credentials> + Send + Sync> ProvideCredentials for Provider<F> {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            let before = self.asked.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(30)).await;
            (self.give)(before).ok_or_else(|| CredentialsError::provider_error("no more of them"))
        })
    }
}

type Client = bedrock_converse::client::Client;

/// A server, a client of it whose credentials come from `give`, and how often they were asked for.
fn start(
    server: ServerBuilder,
    give: impl Fn(usize) -> Option<Credentials> + Send + Sync + 'static,
) -> (Server, Client, Arc<AtomicUsize>) {
    let server = server.start().unwrap();
    let asked = Arc::<AtomicUsize>::default();
    let provider = BedrockProvider::builder()
        .environment(server.environment())
        .credentials_provider(Provider { give, asked: asked.clone() })
        .retry(RetryConfig { max_backoff: Duration::from_millis(1), ..RetryConfig::default() })
        .build();
    (server, provider.unwrap().client(), asked)
}

/// Sends a request and gives the number of attempts.
async fn send(client: &Client) -> Result<u32, Error> {
    let request = ConverseRequest::new("us.amazon.nova-micro-v1:0").user("Hello!");
    Ok(client.converse(&request).await?.attempts)
}

/// Sends so many requests at once.
async fn send_many(client: &Client, requests: usize) -> Vec<Result<u32, Error>> {
    let mut sent = JoinSet::new();
    for _ in 0..requests {
        let client = client.clone();
        sent.spawn(async move { send(&client).await });
    }
    sent.join_all().await
}

fn assert_all(outcomes: &[Result<u32, Error>], attempts: u32) {
    for outcome in outcomes {
        assert!(matches!(outcome, Ok(made) if *made == attempts), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_hundred_requests_at_an_empty_or_expired_cache_make_one_refresh() {
    let server = || Server::builder().credentials(key(0, None)).credentials(key(1, None));
    let (_server, client, asked) = start(server(), |before| Some(key(before, None)));
    assert_all(&send_many(&client, 100).await, 1);
    assert_eq!(asked.load(Ordering::SeqCst), 1);

    // They come with a second to live, however long it took until they were asked for.
    let (_server, client, asked) =
        start(server(), |before| Some(key(before, (before == 0).then(|| now() + Duration::from_secs(1)))));
    send(&client).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1010)).await;
    assert_all(&send_many(&client, 100).await, 1);
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_hundred_requests_that_are_refused_at_once_make_one_refresh() {
    // The first ones were revoked: they look valid here and are unknown there.
    let (server, client, asked) = start(Server::builder().credentials(key(1, None)), |before| Some(key(before, None)));
    let attempts: Vec<u32> = send_many(&client, 100).await.into_iter().map(|outcome| outcome.unwrap()).collect();
    // One that begins late finds the new ones.
    assert!(attempts.iter().all(|made| *made <= 2), "{attempts:?}");
    assert_eq!((asked.load(Ordering::SeqCst), server.requests().len()), (2, attempts.iter().sum::<u32>() as usize));
    assert_all(&send_many(&client, 100).await, 1);
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn no_request_fails_while_credentials_rotate() {
    // Every second there are new ones, good for up to two. The server is as strict, but for the time that a request of
    // many may be under way.
    const UNDER_WAY: u64 = 10;
    const REFRESHES: usize = 4;
    let begin = now();
    let expiry = move |i: u64, more: u64| Some(begin + Duration::from_secs(2 + i + more));
    let server = (0..60).fold(Server::builder(), |server, i| server.credentials(key(i, expiry(i as u64, UNDER_WAY))));
    let (_server, client, asked) = start(server, move |_| {
        let i = now().duration_since(begin).unwrap().as_secs();
        Some(key(i as usize, expiry(i, 0)))
    });
    let mut workers = JoinSet::new();
    for _ in 0..200 {
        let (client, asked) = (client.clone(), asked.clone());
        workers.spawn(async move {
            let mut attempts = vec![];
            while asked.load(Ordering::SeqCst) < REFRESHES {
                attempts.push(send(&client).await.expect("no request fails"));
            }
            attempts
        });
    }
    let attempts = workers.join_all().await.concat();
    let again = attempts.iter().filter(|made| **made > 1).count();
    println!("{} requests, 200 at once, {REFRESHES} refreshes: {again} requests tried again", attempts.len());
    assert!(attempts.len() >= 200);
}

#[tokio::test]
async fn expired_credentials_are_renewed_once_and_then_it_is_over() {
    let past = Some(now() - Duration::from_secs(60));
    let (expired, unknown) = (Some("ExpiredTokenException"), Some("UnrecognizedClientException"));
    // Which of the keys the provider gives, one after the other; the attempts; and how it ends.
    type Row<'a> = (&'a str, &'a [Option<usize>], u32, Option<&'a str>);
    let table: [Row<'_>; 5] = [
        ("good the second time", &[Some(0), Some(9)], 2, None),
        ("expired for ever", &[Some(0), Some(1), Some(2)], 2, expired),
        ("the same again", &[Some(0)], 1, expired),
        ("no others", &[Some(0), None], 1, expired),
        ("unknown", &[Some(7), Some(8)], 2, unknown),
    ];
    for (name, given, attempts, code) in table {
        // The server knows that three of them have expired, the client doesn't.
        let known = Server::builder().credentials(key(9, None));
        let known = (0..3).fold(known, |server, i| server.credentials(key(i, past)));
        let (server, client, asked) =
            start(known, move |before| given[before.min(given.len() - 1)].map(|i| key(i, None)));
        let outcome = send(&client).await;
        assert_eq!(outcome.as_ref().err().and_then(Error::code), code, "{name}: {outcome:?}");
        let made = outcome.as_ref().map_or_else(Error::attempts, |made| *made);
        assert_eq!((made, server.requests().len()), (attempts, attempts as usize), "{name}: {outcome:?}");
        assert_eq!(asked.load(Ordering::SeqCst), 2, "{name}: {outcome:?}");
        let Err(error) = outcome else { continue };
        assert_eq!((error.kind(), error.status()), (ErrorKind::Unauthorized, Some(403)), "{name}: {error:?}");
        let source = std::error::Error::source(&error).map(ToString::to_string);
        assert_eq!(source.as_deref(), (name == "no others").then_some("the credentials provider failed"), "{name}");
    }
}
