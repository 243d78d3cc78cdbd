//! The HTTP surface of a service.
//!
//! A probe is answered whatever other clients do: a connection carries one request and has a time in all, and the oldest connection
//! makes room for a new one.

mod answer;
mod connections;

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use settings::HttpSettings;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use self::answer::answer;
use self::connections::Connections;
use crate::exit::Unreachable;
use crate::health::Health;
use crate::metrics::Metrics;

/// Connections at once; probes and scrapers need a handful.
const MAX_CONNECTIONS: usize = 128;

/// Pause after a connection could not be taken.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A client that does not send its request in this time is let go.
const HEADER: Duration = Duration::from_secs(3);

/// A client that has not taken its answer in this time, counted from the connection, is let go.
const WHOLE: Duration = Duration::from_secs(5);

/// Time for requests under way when the surface ends.
const GRACE: Duration = Duration::from_millis(500);

/// Bytes of a request's head.
const MAX_HEADER_BYTES: usize = 16 << 10;

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
    ) -> Result<Self, Unreachable> {
        let wanted = SocketAddr::new(settings.bind, settings.port);
        let refused = |e| Unreachable(format!("cannot listen on {wanted} (PORT, HTTP_BIND): {e}"));
        let listener = TcpListener::bind(wanted).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        Ok(Self { listener, address, metrics, health })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `stop`, and ends soon after it, whatever clients do.
    pub async fn serve(self, stop: CancellationToken) {
        let mut connections = Connections::new(MAX_CONNECTIONS);
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => break,
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) => connections.add(self.serve_one(stream, stop.clone())),
                // Most often the process has no file handles left: asking again at once would only burn time.
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            }
            // However fast clients connect, each connection is looked at before a later one can take its place.
            tokio::task::yield_now().await;
        }
        connections.end(GRACE).await;
    }

    /// One connection, with one request.
    fn serve_one(
        &self,
        stream: TcpStream,
        stop: CancellationToken,
    ) -> impl Future<Output = ()> + Send + 'static {
        let (metrics, health) = (Arc::clone(&self.metrics), Arc::clone(&self.health));
        let answer = service_fn(move |request| {
            let response = answer(&request, &metrics, &health);
            async move { Ok::<_, Infallible>(response) }
        });
        let served = async move {
            let mut builder = http1::Builder::new();
            builder.timer(TokioTimer::new()).header_read_timeout(HEADER).keep_alive(false);
            builder.max_buf_size(MAX_HEADER_BYTES);
            let connection = builder.serve_connection(TokioIo::new(stream), answer);
            tokio::pin!(connection);
            tokio::select! {
                ended = &mut connection => drop(ended),
                () = stop.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    drop(connection.await);
                }
            }
        };
        async move { drop(tokio::time::timeout(WHOLE, served).await) }
    }
}

#[cfg(test)]
mod tests;
