//! From an HTTP request to an answer.

use bytes::Bytes;
use http::{HeaderMap, Method, Request, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;

use crate::http::control;
use crate::http::form;
use crate::http::ingest::{self, Outside, Reply};
use crate::http::path;
use crate::refusal::Refusal;
use crate::state::State;
use crate::tokens::unsupported;

/// Meta names no limit in bytes; this one only guards the sandbox's memory.
const LARGEST_BODY: usize = 64 << 20;

/// Answers one request.
pub(crate) async fn handle(state: &State, request: Request<Incoming>) -> Reply {
    let (head, body) = request.into_parts();
    let body = match Limited::new(body, LARGEST_BODY).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            return ingest::refuse(state, Refusal::plain(413, 1, "The body is too large"));
        }
        // The sender hung up in the middle: there is nothing to answer or count.
        Err(_) => return Reply::Reset,
    };
    if head.uri.path() == control::LIVE {
        return Reply::Answer(control::handle(state, &head.method, "health", "", &body));
    }
    let query = head.uri.query().unwrap_or_default();
    if let Some(path) = head.uri.path().strip_prefix(control::PREFIX) {
        return Reply::Answer(control::handle(state, &head.method, path, query, &body));
    }
    graph(state, &head, query, &body).await
}

async fn graph(state: &State, head: &http::request::Parts, query: &str, body: &Bytes) -> Reply {
    let pixel = match path::pixel(head.uri.path()) {
        Ok(pixel) => pixel,
        Err(refusal) => return ingest::refuse(state, refusal),
    };
    if head.method != Method::POST {
        return ingest::refuse(state, unsupported(pixel));
    }
    let body = match form::as_json(&head.headers, body).await {
        Ok(body) => body,
        Err(refusal) => return ingest::refuse(state, refusal),
    };
    let in_query = |name| from_query(query, name);
    let outside = Outside {
        token: bearer(&head.headers).or_else(|| in_query("access_token")),
        proof: in_query("appsecret_proof"),
        proof_time: in_query("appsecret_time").and_then(|time| time.parse().ok()),
    };
    ingest::events(state, pixel, &outside, &body).await
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

fn from_query(query: &str, name: &str) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}
