//! What each path answers.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;

use crate::health::Health;
use crate::metrics::Metrics;

pub(super) fn answer(
    request: &Request<Incoming>,
    metrics: &Metrics,
    health: &Health,
) -> Response<Full<Bytes>> {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return text(StatusCode::METHOD_NOT_ALLOWED, "only GET is answered here\n".to_owned());
    }
    match request.uri().path() {
        "/" => text(StatusCode::OK, "The world is yours!".to_owned()),
        "/health/live" => text(StatusCode::OK, "live\n".to_owned()),
        "/health/ready" => ready(health),
        "/metrics" => {
            with_type(text(StatusCode::OK, metrics.render()), "text/plain; version=0.0.4; charset=utf-8")
        }
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
    let body = serde_json::json!({"ready": parts.is_empty(), "missing": parts}).to_string();
    with_type(text(status, body), "application/json")
}

fn text(status: StatusCode, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    with_type(response, "text/plain; charset=utf-8")
}

fn with_type(mut response: Response<Full<Bytes>>, media_type: &'static str) -> Response<Full<Bytes>> {
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(media_type));
    response
}
