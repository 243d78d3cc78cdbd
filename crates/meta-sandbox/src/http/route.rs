//! From an HTTP request to an answer.

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Method, header};
use sandbox_kit::{Reply, SandboxedPlatform, Shared};

use crate::faults::Action;
use crate::http::form;
use crate::http::ingest::{self, Outside};
use crate::http::path;
use crate::refusal::Refusal;
use crate::state::State;
use crate::tokens::unsupported;

impl SandboxedPlatform for State {
    type Action = Action;

    fn shared(&self) -> &Shared<Action> {
        &self.shared
    }

    async fn answer(&self, head: &Parts, body: &Bytes) -> Reply {
        graph(self, head, head.uri.query().unwrap_or_default(), body).await
    }

    fn too_large(&self) -> Reply {
        ingest::refuse(self, Refusal::plain(413, 1, "The body is too large"))
    }
}

async fn graph(state: &State, head: &Parts, query: &str, body: &Bytes) -> Reply {
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
