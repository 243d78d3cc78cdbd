//! Accepting connections and serving them, HTTP/1.1 and HTTP/2 without TLS.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http::request::Parts;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::faults::fault::FaultAction;
use crate::http::answer::Reply;
use crate::http::control;
use crate::http::wire::Wire;
use crate::shared::Shared;

/// How long requests under way may take when the sandbox stops.
const GRACE: Duration = Duration::from_millis(500);
/// How long to wait when the system cannot accept, for want of file handles as a rule.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// No platform names such a limit in bytes; this one only guards the sandbox's memory.
const LARGEST_BODY: usize = 64 << 20;

/// What answers for a platform.
pub trait SandboxedPlatform: Send + Sync + 'static {
    /// What faults can do to its requests.
    type Action: FaultAction;

    /// What all connections share.
    fn shared(&self) -> &Shared<Self::Action>;

    /// Answers a request that is not for the sandbox's own paths.
    fn answer(&self, head: &Parts, body: &Bytes) -> impl Future<Output = Reply> + Send;

    /// Answers a request whose body is too large to be looked at.
    fn too_large(&self) -> Reply;
}

/// Accepts until `stop` is cancelled.
pub(crate) async fn run<P: SandboxedPlatform>(
    listener: TcpListener,
    state: Arc<P>,
    stop: CancellationToken,
    tasks: TaskTracker,
) {
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                tasks.spawn(serve(stream, Arc::clone(&state), stop.clone()));
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn serve<P: SandboxedPlatform>(stream: TcpStream, state: Arc<P>, stop: CancellationToken) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection keeps its delay");
    }
    let cut = CancellationToken::new();
    let io = TokioIo::new(Wire::new(stream, cut.clone()));
    let service = service_fn(|request| {
        let (state, cut) = (Arc::clone(&state), cut.clone());
        async move {
            match handle(&*state, request).await {
                Reply::Answer(answer) => Ok(answer),
                Reply::Reset => {
                    cut.cancel();
                    Err(io::Error::new(io::ErrorKind::ConnectionReset, "a fault cut the connection"))
                }
            }
        }
    });
    let builder = auto::Builder::new(TokioExecutor::new());
    let mut connection = pin!(builder.serve_connection(io, service));
    let ended = tokio::select! {
        biased;
        () = cut.cancelled() => Ok(()),
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            tokio::time::timeout(GRACE, connection).await.unwrap_or(Ok(()))
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended");
    }
}

/// Answers one request.
async fn handle(platform: &impl SandboxedPlatform, request: Request<Incoming>) -> Reply {
    let (head, body) = request.into_parts();
    let body = match Limited::new(body, LARGEST_BODY).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return platform.too_large(),
        // The sender hung up in the middle: there is nothing to answer or count.
        Err(_) => return Reply::Reset,
    };
    let shared = platform.shared();
    if head.uri.path() == control::LIVE {
        return Reply::Answer(control::handle(shared, &head.method, "health", "", &body));
    }
    if let Some(path) = head.uri.path().strip_prefix(control::PREFIX) {
        let query = head.uri.query().unwrap_or_default();
        return Reply::Answer(control::handle(shared, &head.method, path, query, &body));
    }
    platform.answer(&head, &body).await
}
