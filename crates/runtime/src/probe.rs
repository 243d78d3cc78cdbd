//! Asks a running service whether it lives: a health check for images without a shell.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use settings::HttpSettings;
use tokio::net::TcpStream;

/// A service that needs longer for one line of text is not well.
const LIMIT: Duration = Duration::from_secs(4);

/// Why a service counts as dead.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// It took whatever port was free, and which one is unknown.
    #[error("PORT is 0: give the service a port of its own, or it cannot be asked")]
    PortUnknown,
    /// Nothing listens there, or it hung up.
    #[error("nothing answers on {0}")]
    Unreachable(SocketAddr, #[source] io::Error),
    /// It answered with something else than 200.
    #[error("{0} answered {1}")]
    Unwell(SocketAddr, StatusCode),
    /// It took the connection and did not answer.
    #[error("{0} did not answer within {limit} s", limit = LIMIT.as_secs())]
    NoAnswer(SocketAddr),
}

/// Whether the service with these settings, on this machine, answers `GET /health/live`.
///
/// # Errors
/// When it does not, and how.
pub async fn live(settings: &HttpSettings) -> Result<(), ProbeError> {
    if settings.port == 0 {
        return Err(ProbeError::PortUnknown);
    }
    let address = SocketAddr::new(reachable(settings.bind), settings.port);
    match tokio::time::timeout(LIMIT, ask(address)).await {
        Ok(Ok(StatusCode::OK)) => Ok(()),
        Ok(Ok(status)) => Err(ProbeError::Unwell(address, status)),
        Ok(Err(error)) => Err(ProbeError::Unreachable(address, error)),
        Err(_) => Err(ProbeError::NoAnswer(address)),
    }
}

/// A service that listens on all addresses is asked on this machine's own.
const fn reachable(bind: IpAddr) -> IpAddr {
    match bind {
        IpAddr::V4(address) if address.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(address) if address.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        address => address,
    }
}

async fn ask(address: SocketAddr) -> io::Result<StatusCode> {
    let stream = TokioIo::new(TcpStream::connect(address).await?);
    let (mut sender, connection) = http1::handshake(stream).await.map_err(io::Error::other)?;
    let request = Request::get("/health/live")
        .header(header::HOST, address.to_string())
        .header(header::CONNECTION, "close")
        .body(Empty::<Bytes>::new())
        .map_err(io::Error::other)?;
    let (answer, _) = tokio::join!(sender.send_request(request), connection);
    answer.map(|answer| answer.status()).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::http::Server;
    use crate::{Health, Metrics};

    const ANYWHERE: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    #[tokio::test]
    async fn a_service_that_runs_is_live_and_one_that_stopped_is_not() {
        let settings = HttpSettings { bind: HERE, port: 0 };
        let server =
            Server::bind(&settings, Arc::new(Metrics::new("USD")), Arc::new(Health::new())).await.unwrap();
        let (address, stop) = (server.address(), CancellationToken::new());
        let serving = tokio::spawn(server.serve(stop.clone()));
        live(&HttpSettings { bind: ANYWHERE, port: address.port() }).await.unwrap();
        stop.cancel();
        serving.await.unwrap();
        let error = live(&HttpSettings { bind: HERE, port: address.port() }).await.unwrap_err();
        assert!(matches!(error, ProbeError::Unreachable(to, _) if to == address), "{error}");
    }

    /// What the probe says about a server that answers with these bytes and hangs up.
    async fn verdict_on(answer: &'static [u8]) -> Result<(), ProbeError> {
        let listener = TcpListener::bind((HERE, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let answering = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 1024];
            let read = stream.read(&mut request).await.unwrap();
            stream.write_all(answer).await.unwrap();
            String::from_utf8_lossy(&request[..read]).into_owned()
        });
        let verdict = live(&HttpSettings { bind: HERE, port }).await;
        assert!(answering.await.unwrap().starts_with("GET /health/live HTTP/1.1\r\n"));
        verdict
    }

    #[tokio::test]
    async fn only_200_is_well() {
        verdict_on(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        let error =
            verdict_on(b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n").await.unwrap_err();
        assert!(matches!(error, ProbeError::Unwell(_, StatusCode::SERVICE_UNAVAILABLE)), "{error}");
        assert!(matches!(verdict_on(b"").await.unwrap_err(), ProbeError::Unreachable(..)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_does_not_answer_is_given_up() {
        let listener = TcpListener::bind((HERE, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let error = live(&HttpSettings { bind: HERE, port }).await.unwrap_err();
        assert!(matches!(error, ProbeError::NoAnswer(_)), "{error}");
    }

    #[tokio::test]
    async fn an_unknown_port_cannot_be_asked() {
        let error = live(&HttpSettings { bind: HERE, port: 0 }).await.unwrap_err();
        assert!(matches!(error, ProbeError::PortUnknown), "{error}");
    }
}
