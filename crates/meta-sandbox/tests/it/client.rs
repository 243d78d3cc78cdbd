//! A small HTTP client and good events.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use meta_sandbox::{Sandbox, SandboxConfig};
use serde_json::{Value, json};
use tokio::net::TcpStream;

/// What the sandbox's clock shows.
pub(crate) const NOW: i64 = 1_780_000_000;
pub(crate) const PIXEL: &str = "1234567890";
pub(crate) const TOKEN: &str = "EAAB-good";

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// `code` or `code/subcode` of an error.
    pub(crate) fn error(&self) -> String {
        let error = &self.json()["error"];
        match error["error_subcode"].as_i64() {
            Some(subcode) => format!("{}/{subcode}", error["code"]),
            None => error["code"].to_string(),
        }
    }
}

pub(crate) fn config() -> SandboxConfig {
    SandboxConfig { clock: Arc::new(|| NOW), ..SandboxConfig::with_pixel(PIXEL, TOKEN) }
}

pub(crate) async fn start() -> Sandbox {
    Sandbox::start(config()).await.unwrap()
}

pub(crate) fn event(id: &str) -> Value {
    json!({
        "event_name": "Purchase", "event_time": NOW - 5, "action_source": "website", "event_id": id,
        "event_source_url": "https://shop.example/thanks",
        "user_data": {"client_user_agent": "Mozilla/5.0", "client_ip_address": "192.0.2.7",
            "fbc": "fb.1.1779999999000.IwAR0_a-B"},
        "custom_data": {"value": 0.1, "currency": "EUR"},
    })
}

pub(crate) fn batch(ids: &[&str]) -> Value {
    json!({ "data": ids.iter().map(|id| event(id)).collect::<Vec<_>>() })
}

pub(crate) fn post(path: &str, token: Option<&str>, body: &Value) -> Request<Full<Bytes>> {
    let mut request = Request::post(path).header("host", "x").header("content-type", "application/json");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    request.body(Full::from(body.to_string())).unwrap()
}

/// Sends the events to the usual pixel with the usual token.
pub(crate) async fn send(sandbox: &Sandbox, body: &Value) -> hyper::Result<Reply> {
    call(sandbox, post(&format!("/v26.0/{PIXEL}/events"), Some(TOKEN), body)).await
}

pub(crate) async fn control(sandbox: &Sandbox, method: &str, path: &str, body: &str) -> Reply {
    let request = Request::builder().method(method).uri(format!("/_sandbox/{path}")).header("host", "x");
    call(sandbox, request.body(Full::from(body.to_owned())).unwrap()).await.unwrap()
}

/// One request over a connection of its own, HTTP/1.1.
pub(crate) async fn call(sandbox: &Sandbox, request: Request<Full<Bytes>>) -> hyper::Result<Reply> {
    let stream = TcpStream::connect(sandbox.address()).await.unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let driver = tokio::spawn(connection);
    let reply = read(sender.send_request(request).await?).await;
    drop(sender);
    driver.abort();
    reply
}

/// One request over HTTP/2 without TLS.
pub(crate) async fn call_h2(sandbox: &Sandbox, request: Request<Full<Bytes>>) -> hyper::Result<Reply> {
    let stream = TcpStream::connect(sandbox.address()).await.unwrap();
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
    let driver = tokio::spawn(connection);
    let reply = read(sender.send_request(request).await?).await;
    driver.abort();
    reply
}

async fn read(response: Response<hyper::body::Incoming>) -> hyper::Result<Reply> {
    let (head, body) = response.into_parts();
    let body = body.collect().await?.to_bytes();
    Ok(Reply { status: head.status.as_u16(), headers: head.headers, body })
}
