//! The client against servers that answer, are slow, break off, or are not there.

use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Response};
use outbound_http::{Client, ClientConfig, Failure, Reply, RequestError, limits, secret_header};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::server::{Server, accepting};

const BODY: &[u8] = br#"{"data":[{"event_name":"Purchase"}]}"#;
const TOKEN: &str = "EAABsecret";

fn client(base: &str) -> Client {
    let mut config = ClientConfig::new(base.parse().unwrap());
    config.connect_timeout = Duration::from_secs(2);
    config.request_timeout = Duration::from_secs(5);
    Client::new(config).unwrap()
}

/// A client that loses patience at once, for servers that never answer.
fn impatient(base: &str) -> Client {
    let mut config = ClientConfig::new(base.parse().unwrap());
    config.request_timeout = Duration::from_millis(200);
    Client::new(config).unwrap()
}

fn plain(address: SocketAddr) -> String {
    format!("http://{address}")
}

async fn post(client: &Client) -> Result<Reply, RequestError> {
    client.post_json(&["v26.0", "123", "events"], headers(), Bytes::from_static(BODY)).await
}

fn headers() -> HeaderMap {
    HeaderMap::from_iter([(AUTHORIZATION, secret_header("Bearer ", &TOKEN.into()).unwrap())])
}

/// Fails with `failure`, and neither the error nor its causes show the token or the body.
async fn fails(client: &Client, failure: Failure, can_have_arrived: bool) {
    let error = post(client).await.expect_err("no usable answer");
    assert_eq!((error.failure(), error.can_have_arrived()), (failure, can_have_arrived), "{error:?}");
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("secret") && !shown.contains("Purchase"), "{shown}");
}

/// Reads until the request's body has come.
async fn read_request(stream: &mut TcpStream) {
    let mut seen = Vec::new();
    while !seen.windows(BODY.len()).any(|window| window == BODY) {
        assert_ne!(stream.read_buf(&mut seen).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_request_as_platforms_want_it() {
    let answer =
        Response::builder().status(200).header("retry-after", "7").body(Bytes::from_static(b"{}")).unwrap();
    let mut server = Server::answering(answer).await;
    let reply = post(&client(&format!("{}/graph/", plain(server.address)))).await.unwrap();
    assert_eq!((reply.status, reply.body), (200, Bytes::from_static(b"{}")));
    assert_eq!(limits::retry_after(&reply.headers), Some(Duration::from_secs(7)));
    let seen = server.seen.recv().await.unwrap();
    assert_eq!(seen.target, "/graph/v26.0/123/events");
    assert_eq!(seen.headers["authorization"], "Bearer EAABsecret");
    assert_eq!(seen.headers["content-type"], "application/json");
    assert_eq!(seen.headers["content-length"], BODY.len().to_string());
    assert_eq!(seen.headers["user-agent"], format!("efflux/{}", env!("CARGO_PKG_VERSION")));
    assert_eq!(seen.body, BODY);
}

#[tokio::test]
async fn any_status_is_a_reply() {
    for status in [302, 400, 503] {
        let answer = Response::builder().status(status).header("location", "/").body(Bytes::new()).unwrap();
        let server = Server::answering(answer).await;
        assert_eq!(post(&client(&plain(server.address))).await.unwrap().status, status);
    }
}

#[tokio::test]
async fn connections_are_reused() {
    let server = Server::answering(Response::new(Bytes::from_static(b"{}"))).await;
    let client = client(&plain(server.address));
    for _ in 0..5 {
        post(&client).await.unwrap();
        post(&client.clone()).await.unwrap();
    }
    assert_eq!(server.connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn without_a_listener_nothing_is_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    fails(&client(&plain(address)), Failure::Connect, false).await;
}

#[tokio::test]
async fn an_unknown_name_is_not_sent() {
    fails(&client("http://graph.invalid"), Failure::Connect, false).await;
}

#[tokio::test]
async fn failing_tls_is_not_sent() {
    let address = accepting(|mut stream| async move {
        stream.write_all(b"HTTP/1.1 400 This is not TLS\r\n\r\n").await.unwrap();
    })
    .await;
    fails(&client(&format!("https://{address}")), Failure::Connect, false).await;
}

#[tokio::test]
async fn silence_during_tls_is_not_sent() {
    let address = accepting(|stream| async move {
        std::future::pending::<()>().await;
        drop(stream);
    })
    .await;
    fails(&impatient(&format!("https://{address}")), Failure::TimedOut, false).await;
}

#[tokio::test]
async fn silence_after_the_request_is_unknown() {
    let address = accepting(|mut stream| async move {
        read_request(&mut stream).await;
        std::future::pending::<()>().await;
    })
    .await;
    fails(&impatient(&plain(address)), Failure::TimedOut, true).await;
}

#[tokio::test]
async fn a_reset_after_the_request_is_unknown() {
    let address = accepting(|mut stream| async move {
        read_request(&mut stream).await;
        stream.set_zero_linger().unwrap();
    })
    .await;
    fails(&client(&plain(address)), Failure::Broken, true).await;
}

#[tokio::test]
async fn an_answer_cut_short_is_unknown() {
    let address = accepting(|mut stream| async move {
        read_request(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{}").await.unwrap();
    })
    .await;
    fails(&client(&plain(address)), Failure::Broken, true).await;
}

#[tokio::test]
async fn an_answer_that_never_ends_is_unknown() {
    let address = accepting(|mut stream| async move {
        read_request(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{}").await.unwrap();
        std::future::pending::<()>().await;
    })
    .await;
    fails(&impatient(&plain(address)), Failure::TimedOut, true).await;
}

#[tokio::test]
async fn an_oversized_answer_is_unknown() {
    let server = Server::answering(Response::new(Bytes::from(vec![b' '; 2 * 1024 * 1024]))).await;
    fails(&client(&plain(server.address)), Failure::AnswerTooLarge, true).await;
}

#[tokio::test]
async fn a_closed_pooled_connection_is_replaced() {
    let address = accepting(|mut stream| async move {
        read_request(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await.unwrap();
        // Dropped here, without notice in the answer.
    })
    .await;
    let client = client(&plain(address));
    post(&client).await.unwrap();
    // Either the pool has noticed, or the request was broken off; it is never lost in silence.
    match post(&client).await {
        Ok(reply) => assert_eq!(reply.status, 200),
        Err(error) => assert_eq!(error.failure(), Failure::Broken),
    }
}

#[tokio::test]
async fn slips_in_settings_are_not_sent() {
    let client = client("http://127.0.0.1:9");
    let error = client.post_json(&["v26.0", "1/2", "events"], headers(), Bytes::new()).await.unwrap_err();
    assert_eq!((error.failure(), error.can_have_arrived()), (Failure::Address, false));
    for token in ["", "a b", "a\r\nb", "é"] {
        assert_eq!(secret_header("Bearer ", &token.into()), None);
    }
    for base in ["ftp://x", "http://u:p@x", "http://x/?token=1"] {
        Client::new(ClientConfig::new(base.parse().unwrap())).unwrap_err();
    }
}
