//! From an HTTP request to an answer.

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode, header};
use sandbox_kit::{Reply, SandboxedPlatform, Shared};

use crate::faults::Action;
use crate::http::{answer, ingest};
use crate::refusal::Refusal;
use crate::state::{State, revoked};

const TRACK: &str = "/open_api/v1.3/event/track/";

/// TikTok names no limit; senders in production keep to a megabyte.
const LARGEST_BODY: usize = 1_000_000;

impl SandboxedPlatform for State {
    type Action = Action;

    fn shared(&self) -> &Shared<Action> {
        &self.shared
    }

    async fn answer(&self, head: &Parts, body: &Bytes) -> Reply {
        if head.uri.path() != TRACK {
            return self.turned_away(StatusCode::NOT_FOUND);
        }
        if head.method != Method::POST {
            return self.turned_away(StatusCode::METHOD_NOT_ALLOWED);
        }
        if body.len() > LARGEST_BODY {
            return self.too_large();
        }
        match token(&head.headers).and_then(|token| json_only(&head.headers).map(|()| token)) {
            Ok(token) => ingest::events(self, token, body).await,
            Err(refusal) => ingest::refuse(self, &refusal),
        }
    }

    fn too_large(&self) -> Reply {
        self.turned_away(StatusCode::PAYLOAD_TOO_LARGE)
    }
}

impl State {
    /// The request met no part of the interface.
    fn turned_away(&self, status: StatusCode) -> Reply {
        self.shared.ledger().count_refusal(status.as_u16().to_string());
        Reply::Answer(answer::page(status))
    }
}

/// The header `Access-Token`, as it is. `Authorization` is not looked at.
fn token(headers: &HeaderMap) -> Result<&str, Refusal> {
    let token = headers.get("access-token").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if token.is_empty() {
        return Err(Refusal::new(40_104, "Access token is empty"));
    }
    if token.starts_with("Bearer ") { Err(revoked()) } else { Ok(token) }
}

fn json_only(headers: &HeaderMap) -> Result<(), Refusal> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") && !headers.contains_key(header::CONTENT_ENCODING) {
        return Ok(());
    }
    Err(Refusal::wrong("The content type must be application/json."))
}
