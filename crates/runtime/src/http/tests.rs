use std::net::Ipv4Addr;
use std::time::Duration;

use ports::metric::name;
use ports::{HealthSink, MetricSink};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

use super::*;

/// A probe waits this long, whatever other clients do.
const PROBE: Duration = Duration::from_secs(3);

/// The surface ends in this time, whatever clients do.
const STOPPED: Duration = Duration::from_secs(2);

/// As many as once took all places.
const HOSTILE: usize = 64;

struct Surface {
    address: SocketAddr,
    health: Arc<Health>,
    stop: CancellationToken,
    serving: JoinHandle<()>,
}

/// More metrics than the system takes for a client that does not read.
const VAST: usize = 8 << 20;

async fn start() -> Surface {
    with_metrics(64 << 10).await
}

/// A server with so many bytes of metrics.
async fn with_metrics(bytes: usize) -> Surface {
    let (metrics, health) = (Arc::new(Metrics::new("USD")), Arc::new(Health::new()));
    for letter in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        metrics.count(name::ROWS, &[("outcome", &letter.repeat(bytes / 8))], 1);
    }
    let settings = HttpSettings { bind: Ipv4Addr::LOCALHOST.into(), port: 0 };
    let server = Server::bind(&settings, metrics, Arc::clone(&health)).await.unwrap();
    let (address, stop) = (server.address(), CancellationToken::new());
    let serving = tokio::spawn(server.serve(stop.clone()));
    Surface { address, health, stop, serving }
}

impl Surface {
    async fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).await.unwrap();
        response
    }

    async fn probe(&self) {
        let answer = timeout(PROBE, self.get("/health/live")).await.expect("a probe is answered");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    /// A client that reads as little as can be.
    async fn connect(&self) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        socket.connect(self.address).await.unwrap()
    }

    /// Clients that write the same text again and again as long as they can, and never read. All have begun.
    async fn besiege(&self, text: &'static [u8], pause: Duration) -> JoinSet<()> {
        let (begun, mut waiting) = mpsc::channel(HOSTILE);
        let mut clients = JoinSet::new();
        for _ in 0..HOSTILE {
            let (mut stream, begun) = (self.connect().await, begun.clone());
            clients.spawn(async move {
                let mut ticks = tokio::time::interval(pause);
                while stream.write_all(text).await.is_ok() {
                    // Only the first is waited for.
                    begun.try_send(()).ok();
                    ticks.tick().await;
                }
            });
        }
        for _ in 0..HOSTILE {
            waiting.recv().await.unwrap();
        }
        clients
    }

    async fn end(self) {
        self.stop.cancel();
        timeout(STOPPED, self.serving).await.expect("the surface ends").unwrap();
    }
}

#[tokio::test]
async fn every_path_is_answered() {
    let surface = start().await;
    assert!(surface.get("/").await.ends_with("\r\n\r\nThe world is yours!"));
    assert!(surface.get("/health/live").await.starts_with("HTTP/1.1 200"));
    assert!(surface.get("/health/ready").await.starts_with("HTTP/1.1 200"));
    surface.health.not_ready("ledger", "no room");
    let answer = surface.get("/health/ready").await;
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains(r#""ledger":"no room""#), "{answer}");
    let answer = surface.get("/metrics").await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.len() > 64 << 10, "whole");
    assert!(surface.get("/nothing").await.starts_with("HTTP/1.1 404"));
    surface.end().await;
}

#[tokio::test]
async fn clients_that_never_read_starve_no_probe_and_no_stop() {
    let surface = start().await;
    let _clients =
        surface.besiege(b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n", Duration::from_millis(5)).await;
    surface.probe().await;
    surface.end().await;
}

#[tokio::test]
async fn a_request_that_comes_in_drops_starves_no_probe_and_no_stop() {
    let surface = start().await;
    let _clients = surface.besiege(b"GET /", Duration::from_millis(100)).await;
    surface.probe().await;
    surface.end().await;
}

#[tokio::test]
async fn idle_connections_starve_no_probe_and_no_stop() {
    let surface = start().await;
    let mut idle = Vec::new();
    for _ in 0..200 {
        idle.push(surface.connect().await);
    }
    surface.probe().await;
    surface.end().await;
}

#[tokio::test]
async fn a_client_that_never_reads_is_let_go() {
    let surface = with_metrics(VAST).await;
    let mut client = surface.connect().await;
    client.write_all(b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    // What it writes after its request is refused as soon as the connection has ended.
    let let_go = async {
        let mut ticks = tokio::time::interval(Duration::from_millis(50));
        while client.write_all(b"x").await.is_ok() {
            ticks.tick().await;
        }
    };
    timeout(WHOLE * 2, let_go).await.expect("it is let go");
    surface.end().await;
}

#[tokio::test]
async fn clients_that_connect_again_and_again_starve_no_probe_and_no_stop() {
    let surface = start().await;
    let mut clients = JoinSet::new();
    for _ in 0..8 {
        let address = surface.address;
        clients.spawn(async move {
            let mut idle = std::collections::VecDeque::new();
            while let Ok(stream) = TcpStream::connect(address).await {
                idle.push_back(stream);
                if idle.len() > 50 {
                    idle.pop_front();
                }
            }
        });
    }
    for _ in 0..20 {
        surface.probe().await;
    }
    surface.end().await;
}

#[tokio::test]
async fn a_body_is_not_read() {
    let surface = start().await;
    let mut stream = TcpStream::connect(surface.address).await.unwrap();
    stream.write_all(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000000\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    timeout(PROBE, stream.read_to_end(&mut answer)).await.expect("it is answered and closed").unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 405"), "{}", String::from_utf8_lossy(&answer));
    surface.end().await;
}

#[tokio::test]
async fn a_header_has_a_limit() {
    let surface = start().await;
    let long = format!("/{}", "x".repeat(64 << 10));
    let answer = timeout(PROBE, async {
        let mut stream = TcpStream::connect(surface.address).await.unwrap();
        let request = format!("GET {long} HTTP/1.1\r\nhost: x\r\n\r\n");
        // The end of it may be refused already, and with it the answer be lost.
        drop(stream.write_all(request.as_bytes()).await);
        let mut answer = Vec::new();
        drop(stream.read_to_end(&mut answer).await);
        String::from_utf8(answer).unwrap()
    });
    let answer = answer.await.unwrap();
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    surface.end().await;
}
