//! A small HTTP client and good events.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tiktok_sandbox::{Sandbox, SandboxConfig};
use tokio::net::TcpStream;

/// What the sandbox's clock shows.
pub(crate) const NOW: i64 = 1_780_000_000;
pub(crate) const PIXEL: &str = "C4A1B2C3D4E5F6G7H8I9";
pub(crate) const TOKEN: &str = "token-good";
pub(crate) const TRACK: &str = "/open_api/v1.3/event/track/";

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn code(&self) -> i64 {
        self.json()["code"].as_i64().unwrap()
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
        "event": "Purchase", "event_time": NOW - 5, "event_id": id, "page": {"url": "https://shop.example/thanks"},
        "user": {"ttclid": "E.C.P.x", "ip": "192.0.2.7", "user_agent": "Mozilla/5.0"},
        "properties": {"value": 0.1, "currency": "EUR"},
    })
}

pub(crate) fn batch(ids: &[&str]) -> Value {
    let events: Vec<_> = ids.iter().map(|id| event(id)).collect();
    json!({"event_source": "web", "event_source_id": PIXEL, "data": events})
}

pub(crate) fn post(path: &str, token: Option<&str>, body: &Value) -> Request<Full<Bytes>> {
    let mut request = Request::post(path).header("host", "x").header("content-type", "application/json");
    if let Some(token) = token {
        request = request.header("Access-Token", token);
    }
    request.body(Full::from(body.to_string())).unwrap()
}

/// Sends the events to the usual pixel with the usual token.
pub(crate) async fn send(sandbox: &Sandbox, body: &Value) -> hyper::Result<Reply> {
    call(sandbox, post(TRACK, Some(TOKEN), body)).await
}

pub(crate) async fn control(sandbox: &Sandbox, method: &str, path: &str, body: &str) -> Reply {
    let request = Request::builder().method(method).uri(format!("/_sandbox/{path}")).header("host", "x");
    call(sandbox, request.body(Full::from(body.to_owned())).unwrap()).await.unwrap()
}

/// One request over a connection of its own.
pub(crate) async fn call(sandbox: &Sandbox, request: Request<Full<Bytes>>) -> hyper::Result<Reply> {
    let stream = TcpStream::connect(sandbox.address()).await.unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let driver = tokio::spawn(connection);
    let reply = read(sender.send_request(request).await?).await;
    drop(sender);
    driver.abort();
    reply
}

async fn read(response: Response<hyper::body::Incoming>) -> hyper::Result<Reply> {
    let (head, body) = response.into_parts();
    let body = body.collect().await?.to_bytes();
    Ok(Reply { status: head.status.as_u16(), headers: head.headers, body })
}
