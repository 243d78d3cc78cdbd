//! Accepting connections and serving them, HTTP/1.1 and HTTP/2 without TLS.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::http::ingest::Reply;
use crate::http::route;
use crate::http::wire::Wire;
use crate::state::State;

/// How long requests under way may take when the sandbox stops.
const GRACE: Duration = Duration::from_millis(500);
/// How long to wait when the system cannot accept, for want of file handles as a rule.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// Accepts until `stop` is cancelled.
pub(crate) async fn run(
    listener: TcpListener,
    state: Arc<State>,
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

async fn serve(stream: TcpStream, state: Arc<State>, stop: CancellationToken) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection keeps its delay");
    }
    let cut = CancellationToken::new();
    let io = TokioIo::new(Wire::new(stream, cut.clone()));
    let service = service_fn(|request| {
        let (state, cut) = (Arc::clone(&state), cut.clone());
        async move {
            match route::handle(&state, request).await {
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
