//! The HTTP surface of a service.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use settings::HttpSettings;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::health::Health;
use crate::metrics::Metrics;

/// Connections at once; probes and scrapers need a handful.
const MAX_CONNECTIONS: usize = 64;

/// Pause after a connection could not be taken.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A client that does not send its request in this time is let go.
const READ_TIMEOUT: Duration = Duration::from_secs(10);

/// A bound port.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    metrics: Arc<Metrics>,
    health: Arc<Health>,
}

impl Server {
    /// Takes the port.
    ///
    /// # Errors
    /// When it is taken already; the message names the address.
    pub async fn bind(
        settings: &HttpSettings,
        metrics: Arc<Metrics>,
        health: Arc<Health>,
    ) -> io::Result<Self> {
        let wanted = SocketAddr::new(settings.bind, settings.port);
        let listener = TcpListener::bind(wanted).await.map_err(|e| {
            io::Error::new(e.kind(), format!("cannot listen on {wanted} (PORT, HTTP_BIND): {e}"))
        })?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address, metrics, health })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `stop`.
    pub async fn serve(self, stop: CancellationToken) {
        let (permits, connections) = (Arc::new(Semaphore::new(MAX_CONNECTIONS)), TaskTracker::new());
        loop {
            let Ok(permit) = Arc::clone(&permits).acquire_owned().await else { break };
            let accepted = tokio::select! {
                () = stop.cancelled() => break,
                accepted = self.listener.accept() => accepted,
            };
            let Ok((stream, _)) = accepted else {
                // Most often the process has no file handles left: asking again at once would only burn time.
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            };
            let (metrics, health, stop) = (Arc::clone(&self.metrics), Arc::clone(&self.health), stop.clone());
            connections.spawn(async move {
                let answer = service_fn(move |request| {
                    let response = answer(&request, &metrics, &health);
                    async move { Ok::<_, Infallible>(response) }
                });
                let mut builder = http1::Builder::new();
                builder.timer(TokioTimer::new()).header_read_timeout(READ_TIMEOUT);
                let connection = builder.serve_connection(TokioIo::new(stream), answer);
                tokio::pin!(connection);
                tokio::select! {
                    ended = &mut connection => drop(ended),
                    () = stop.cancelled() => {
                        connection.as_mut().graceful_shutdown();
                        drop(connection.await);
                    }
                }
                drop(permit);
            });
        }
        connections.close();
        connections.wait().await;
    }
}

fn answer(request: &Request<Incoming>, metrics: &Metrics, health: &Health) -> Response<Full<Bytes>> {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return text(StatusCode::METHOD_NOT_ALLOWED, "only GET is answered here\n".to_owned());
    }
    match request.uri().path() {
        "/" => text(StatusCode::OK, "The world is yours!".to_owned()),
        "/health/live" => text(StatusCode::OK, "live\n".to_owned()),
        "/health/ready" => ready(health),
        "/metrics" => text(StatusCode::OK, metrics.render()),
        _ => {
            text(StatusCode::NOT_FOUND, "there are /, /health/live, /health/ready and /metrics\n".to_owned())
        }
    }
}

fn ready(health: &Health) -> Response<Full<Bytes>> {
    let missing = health.missing();
    let status = if missing.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let parts: serde_json::Map<_, _> =
        missing.into_iter().map(|(part, reason)| (part, reason.into())).collect();
    let mut response =
        text(status, serde_json::json!({"ready": parts.is_empty(), "missing": parts}).to_string());
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    response
}

fn text(status: StatusCode, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use ports::HealthSink;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::*;

    async fn get(address: SocketAddr, path: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).await.unwrap();
        response
    }

    #[tokio::test]
    async fn every_path_is_answered() {
        let (metrics, health) = (Arc::new(Metrics::new()), Arc::new(Health::new()));
        let settings = HttpSettings { bind: Ipv4Addr::LOCALHOST.into(), port: 0 };
        let server = Server::bind(&settings, metrics, Arc::clone(&health)).await.unwrap();
        let (address, stop) = (server.address(), CancellationToken::new());
        let serving = tokio::spawn(server.serve(stop.clone()));

        assert!(get(address, "/").await.ends_with("\r\n\r\nThe world is yours!"));
        assert!(get(address, "/health/live").await.starts_with("HTTP/1.1 200"));
        assert!(get(address, "/health/ready").await.starts_with("HTTP/1.1 200"));
        health.not_ready("ledger", "no room");
        let answer = get(address, "/health/ready").await;
        assert!(answer.starts_with("HTTP/1.1 503") && answer.contains(r#""ledger":"no room""#), "{answer}");
        assert!(get(address, "/metrics").await.starts_with("HTTP/1.1 200"));
        assert!(get(address, "/nothing").await.starts_with("HTTP/1.1 404"));
        stop.cancel();
        serving.await.unwrap();
    }
}
