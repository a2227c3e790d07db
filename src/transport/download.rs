//! Fetches the files that a history names by URL, without letting a URL reach into the private network.

use std::error::Error as StdError;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect;

use super::address::{self, Refusal};
use super::reqwest::builder;
use crate::error::{Error, ErrorKind, Result, shown_url};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const MAX_REDIRECTS: usize = 10;

/// Downloads files over `http` and `https`, and refuses addresses that are not public.
///
/// Host names are resolved here, and the connection goes to the very addresses that were looked at, so that a name
/// cannot change its mind. Each redirect is checked like the first URL. Proxies are not used: they would resolve the
/// names themselves. Addresses where clouds serve credentials are refused even when private ones are allowed.
///
/// ```
/// use std::time::Duration;
///
/// use bedrock_converse::ErrorKind;
/// use bedrock_converse::transport::Downloader;
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let downloader = Downloader::new().max_bytes(5 << 20).timeout(Duration::from_secs(10));
/// let error = downloader.fetch("http://169.254.169.254/latest/meta-data", true).await.unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::InvalidInput); // where clouds serve credentials
/// # });
/// ```
#[derive(Clone, Debug)]
pub struct Downloader {
    max_bytes: usize,
    timeout: Duration,
    refusal: fn(IpAddr) -> Option<Refusal>,
    public: Arc<OnceLock<reqwest::Client>>,
    local: Arc<OnceLock<reqwest::Client>>,
}

impl Downloader {
    /// One that reads at most 50 MiB a file, in at most 30 seconds.
    pub fn new() -> Self {
        Self {
            max_bytes: 50 << 20,
            timeout: Duration::from_secs(30),
            refusal: address::refusal,
            public: Arc::default(),
            local: Arc::default(),
        }
    }

    /// Sets how long a file may be, in bytes.
    #[must_use]
    pub fn max_bytes(self, max_bytes: usize) -> Self {
        Self { max_bytes, ..self }
    }

    /// Sets how long one download may take.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// The content of `url`; with `allow_local` also from private addresses.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] for a URL or a redirect that is not `http(s)` or leads to a refused address,
    /// [`ErrorKind::Timeout`], [`ErrorKind::Connection`], [`ErrorKind::Service`] for a status that is no success, and
    /// [`ErrorKind::Protocol`] for a file that is too long.
    pub async fn fetch(&self, url: &str, allow_local: bool) -> Result<Bytes> {
        let check = Check { allow_local, refusal: self.refusal };
        // Errors name the URL, but not the signature that it may carry.
        let shown = shown_url(url);
        let parsed = reqwest::Url::parse(url)
            .map_err(|error| Error::new(ErrorKind::InvalidInput, format!("{shown:?} is not a URL: {error}")))?;
        check.url(&parsed)?;
        let client = self.client(check)?;
        match tokio::time::timeout(self.timeout, self.read(client, parsed)).await {
            Ok(result) => result.map_err(|error| error.at(format_args!("downloading {shown}"))),
            Err(_) => {
                let message = format!("downloading {shown} took longer than {} s", self.timeout.as_secs_f32());
                Err(Error::new(ErrorKind::Timeout, message))
            }
        }
    }

    async fn read(&self, client: &reqwest::Client, url: reqwest::Url) -> Result<Bytes> {
        let mut response = client.get(url).send().await.map_err(failure)?;
        let status = response.status();
        if !status.is_success() {
            // Not as the error's status: that is the service's.
            return Err(Error::new(ErrorKind::Service, format!("the server answered with status {status}")));
        }
        let announced = response.content_length().and_then(|length| usize::try_from(length).ok());
        let mut content = BytesMut::new();
        self.check_length(announced.unwrap_or(0))?;
        while let Some(chunk) = response.chunk().await.map_err(failure)? {
            self.check_length(content.len() + chunk.len())?;
            content.extend_from_slice(&chunk);
        }
        Ok(content.freeze())
    }

    fn check_length(&self, length: usize) -> Result<()> {
        if length <= self.max_bytes {
            return Ok(());
        }
        let message = format!("the file is longer than the limit of {} bytes", self.max_bytes);
        Err(Error::new(ErrorKind::Protocol, message))
    }

    fn client(&self, check: Check) -> Result<&reqwest::Client> {
        let slot = if check.allow_local { &self.local } else { &self.public };
        if let Some(client) = slot.get() {
            return Ok(client);
        }
        let follow = redirect::Policy::custom(move |attempt| {
            if attempt.previous().len() > MAX_REDIRECTS {
                return attempt.error(Refused(format!("more than {MAX_REDIRECTS} redirects")));
            }
            match check.url(attempt.url()) {
                Ok(()) => attempt.follow(),
                Err(refused) => attempt.error(refused),
            }
        });
        let client =
            // A `referer` would hand the signature in a URL's query to the host that it redirects to.
            builder(CONNECT_TIMEOUT).no_proxy().referer(false).redirect(follow).dns_resolver(Arc::new(check)).build();
        let client = client.map_err(|error| {
            Error::new(ErrorKind::Configuration, "the HTTP client cannot be set up").with_source(error)
        })?;
        Ok(slot.get_or_init(|| client))
    }
}

impl Default for Downloader {
    fn default() -> Self {
        Self::new()
    }
}

/// A refusal, or what it was found as the cause of.
fn failure(error: reqwest::Error) -> Error {
    let error = error.without_url();
    let mut cause: Option<&(dyn StdError + 'static)> = Some(&error);
    while let Some(found) = cause {
        if let Some(refused) = found.downcast_ref::<Refused>() {
            return refused.clone().into();
        }
        cause = found.source();
    }
    Error::new(ErrorKind::Connection, "the connection failed").with_source(error)
}

/// Says which hosts may be reached, and resolves their names.
#[derive(Clone, Copy)]
struct Check {
    allow_local: bool,
    refusal: fn(IpAddr) -> Option<Refusal>,
}

impl Check {
    /// Checks scheme and, where the host is an address, the address. Names are checked when they are resolved.
    fn url(self, url: &reqwest::Url) -> Result<(), Refused> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Refused(format!("`{}:`: only http and https URLs are downloaded", url.scheme())));
        }
        let host = url.host_str().unwrap_or_default();
        match host.trim_start_matches('[').trim_end_matches(']').parse() {
            Ok(address) => self.address(address),
            Err(_) => Ok(()),
        }
    }

    fn address(self, address: IpAddr) -> Result<(), Refused> {
        match (self.refusal)(address) {
            None => Ok(()),
            Some(Refusal::Private) if self.allow_local => Ok(()),
            Some(Refusal::Private) => {
                Err(Refused(format!("{address} is a private address; `force_download` \"allow-local\" allows it")))
            }
            Some(Refusal::CloudMetadata) => Err(Refused(format!("{address} is a cloud's metadata address"))),
        }
    }

    async fn resolve(self, host: String) -> Result<Addrs, Box<dyn StdError + Send + Sync>> {
        let found: Vec<SocketAddr> = tokio::net::lookup_host((host, 0)).await?.collect();
        found.iter().try_for_each(|found| self.address(found.ip()))?;
        Ok(Box::new(found.into_iter()))
    }
}

impl Resolve for Check {
    fn resolve(&self, name: Name) -> Resolving {
        let (check, host) = (*self, name.as_str().to_owned());
        Box::pin(async move { Check::resolve(check, host).await })
    }
}

/// Why a URL is not fetched.
#[derive(Clone, Debug)]
struct Refused(String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for Refused {}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        Self::new(ErrorKind::InvalidInput, refused.0)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// Serves one answer per connection on 127.0.0.2, which the tests take for a public address.
    async fn serve(answer: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.2:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let _ = socket.read(&mut [0; 1024]).await;
                let _ = socket.write_all(answer.as_bytes()).await;
            }
        });
        url
    }

    fn downloader() -> Downloader {
        let refusal = |address| match address {
            IpAddr::V4(address) if address == Ipv4Addr::new(127, 0, 0, 2) => None,
            other => address::refusal(other),
        };
        Downloader { refusal, ..Downloader::new() }
    }

    async fn refused(url: &str, allow_local: bool) -> String {
        let error = downloader().fetch(url, allow_local).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{url}: {error:?}");
        error.message().to_owned()
    }

    #[tokio::test]
    async fn addresses_that_are_not_public_are_refused() {
        for url in [
            "http://127.0.0.1/x",
            "http://localhost/x",
            "http://2130706433/x",
            "http://0x7f.1/x",
            "http://10.0.0.1/x",
            "http://[::1]/x",
            "http://[::ffff:10.0.0.1]/x",
            "http://[fe80::1]/x",
            "https://192.168.0.1:8443/x",
        ] {
            assert!(refused(url, false).await.contains("private address"), "{url}");
        }
        for url in ["http://169.254.169.254/latest/meta-data", "http://[fd00:ec2::254]/", "http://[::ffff:a9fe:a9fe]/"]
        {
            assert!(refused(url, true).await.contains("metadata"), "{url}");
        }
        for url in ["file:///etc/passwd", "ftp://example.com/x", "s3://bucket/key", "data:text/plain,x", "nonsense"] {
            refused(url, true).await;
        }
    }

    #[tokio::test]
    async fn redirects_are_checked_again() {
        let private = serve("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\n\r\n").await;
        assert!(refused(&private, false).await.contains("127.0.0.1 is a private address"));
        let by_name = serve("HTTP/1.1 302 Found\r\nlocation: http://localhost:9/\r\ncontent-length: 0\r\n\r\n").await;
        assert!(refused(&by_name, false).await.contains("private address"));
        let metadata =
            serve("HTTP/1.1 301 Moved\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n").await;
        assert!(refused(&metadata, true).await.contains("metadata"));
        let scheme = serve("HTTP/1.1 301 Moved\r\nlocation: ftp://example.com/\r\ncontent-length: 0\r\n\r\n").await;
        assert!(downloader().fetch(&scheme, true).await.is_err());
        let endless =
            serve("HTTP/1.1 302 Found\r\nlocation: /again\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await;
        assert!(refused(&endless, false).await.contains("redirects"));
    }

    #[tokio::test]
    async fn a_redirect_does_not_tell_where_it_came_from() {
        let listener = TcpListener::bind("127.0.0.2:0").await.unwrap();
        let answer = format!(
            "HTTP/1.1 302 Found\r\nlocation: http://{}/\r\ncontent-length: 0\r\n\r\n",
            listener.local_addr().unwrap()
        );
        let signed = format!("{}/?X-Amz-Signature=SECRET", serve(answer.leak()).await);
        let target = async {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut request = [0; 1024];
            let length = socket.read(&mut request).await.unwrap();
            socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
            String::from_utf8_lossy(&request[..length]).into_owned()
        };
        let downloader = downloader();
        let (content, request) = tokio::join!(downloader.fetch(&signed, false), target);
        assert_eq!(content.unwrap(), "ok");
        assert!(request.starts_with("GET / ") && !request.contains("SECRET"), "{request}");
    }

    #[tokio::test]
    async fn a_file_is_read_up_to_its_limits() {
        let url = serve("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello").await;
        assert_eq!(downloader().fetch(&url, false).await.unwrap(), "hello");
        let local = Downloader::new();
        assert_eq!(local.fetch(&url, true).await.unwrap(), "hello");
        assert_eq!(local.fetch(&url, false).await.unwrap_err().kind(), ErrorKind::InvalidInput);

        let short = downloader().max_bytes(4);
        assert_eq!(short.fetch(&url, false).await.unwrap_err().kind(), ErrorKind::Protocol);
        let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
        assert_eq!(short.fetch(&serve(chunked).await, false).await.unwrap_err().kind(), ErrorKind::Protocol);
        let missing = serve("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").await;
        assert!(downloader().fetch(&missing, false).await.unwrap_err().message().ends_with("status 404 Not Found"));
        let cut = serve("HTTP/1.1 200 OK\r\ncontent-length: 50\r\nconnection: close\r\n\r\nhello").await;
        let hurried = downloader().timeout(Duration::from_millis(200));
        let error = hurried.fetch(&cut, false).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Connection | ErrorKind::Timeout), "{error:?}");
    }
}
