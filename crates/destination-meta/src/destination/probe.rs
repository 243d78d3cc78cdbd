//! Whether a token may send to a pixel, found out without making an event.

use domain::{PixelCode, UnixMillis};
use outbound_http::Failure;
use ports::pixels::Credential;

use super::Meta;
use crate::errors::{AnswerVerdict, MetaError, ReadAnswer};

/// Far beyond Meta's window of 7 days, so that no difference of clocks makes the event acceptable.
const AGE_S: i64 = 30 * 24 * 3600;

/// The subcodes of 100 that speak of an event: a sender that gets them was let in.
const BAD_EVENT: std::ops::RangeInclusive<i64> = 2_804_000..=2_804_999;

/// How a token stands with a pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Standing {
    /// It may send.
    Works,
    /// It was good once.
    Expired,
    /// Meta does not know it, or its user has to log in again.
    Invalid,
    /// It is good and may not do this.
    LacksPermission,
    /// Meta wants a proof of the app's secret, or another one than it got.
    NeedsAppSecret,
    /// The pixel does not exist, or the token's owner cannot see it.
    WrongPixel,
    /// The version of the Graph API has ended, or the address is not the Graph API's.
    WrongVersion,
    /// Meta has blocked the sender for policy.
    Blocked,
    /// Meta wants something of the account's owner first.
    AccountRefused,
    /// Nothing answers at the address, or not in time, or something that is not Meta.
    Unreachable,
    /// Meta's own failure, or an answer that says nothing about the token: try again.
    Unclear,
    /// Meta took the event, which it never should have.
    Accepted,
}

impl Standing {
    /// The words for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Works => "works",
            Self::Expired => "expired",
            Self::Invalid => "invalid",
            Self::LacksPermission => "lacks permission",
            Self::NeedsAppSecret => "needs app secret",
            Self::WrongPixel => "wrong pixel",
            Self::WrongVersion => "wrong version",
            Self::Blocked => "blocked",
            Self::AccountRefused => "account refused",
            Self::Unreachable => "unreachable",
            Self::Unclear => "unclear",
            Self::Accepted => "accepted",
        }
    }

    /// Whether the token was not judged: it may be a good one.
    #[must_use]
    pub const fn is_unknown(self) -> bool {
        matches!(self, Self::Unreachable | Self::Unclear)
    }

    /// What to do about it.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::Works => "",
            Self::Expired | Self::Invalid => "make a new token in Events Manager and replace this one",
            Self::LacksPermission => "give the token's owner the right to send to this pixel",
            Self::NeedsAppSecret => "set META_APP_SECRET to the secret of the token's app",
            Self::WrongPixel => "check the pixel's code, and that the token's owner was given this pixel",
            Self::WrongVersion => "check META_GRAPH_VERSION and META_GRAPH_URL",
            Self::Blocked => "look into Meta's account quality page",
            Self::AccountRefused => "accept Meta's terms, or what else it asks for, in Events Manager",
            Self::Unreachable => "check META_GRAPH_URL and the network",
            Self::Unclear => "try again later",
            Self::Accepted => "is META_GRAPH_URL right? Meta refuses events older than 7 days",
        }
    }
}

/// What trying a token showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// How it stands.
    pub standing: Standing,
    /// Status, code and subcode, or what went wrong on the way.
    pub detail: String,
    /// Meta's id of the request, for its support.
    pub trace_id: Option<String>,
}

impl Meta {
    /// Sends one event that Meta must refuse for its age, after it has looked at the token. No event comes of it.
    pub async fn probe(&self, pixel: &PixelCode, credential: &Credential, now: UnixMillis) -> Probe {
        let event = old_event(now);
        let body = self.config.body(std::iter::once(event.as_bytes()), &credential.token, false);
        let sent =
            self.transport.post_events(&self.config.version, pixel.as_str(), &credential.token, body).await;
        match sent {
            Ok(reply) => {
                let answer = ReadAnswer::read(&reply);
                let error = answer.error.as_ref();
                Probe {
                    standing: standing(&answer),
                    detail: detail(reply.status, error),
                    trace_id: error.and_then(|error| error.fbtrace_id.clone()),
                }
            }
            Err(error) => {
                Probe { standing: without_answer(error.failure()), detail: error.to_string(), trace_id: None }
            }
        }
    }
}

/// An event that has all that Meta requires, but for its time. It stands for no person.
fn old_event(now: UnixMillis) -> String {
    let no_person = user_data::hash::hash("efflux-check");
    format!(
        r#"{{"event_name":"PageView","event_id":"efflux-check","event_time":{},"action_source":"website","event_source_url":"https://example.com/","user_data":{{"external_id":"{}","client_user_agent":"efflux"}}}}"#,
        now.seconds().0 - AGE_S,
        no_person.as_str()
    )
}

fn standing(answer: &ReadAnswer) -> Standing {
    let error = answer.error.as_ref();
    let (code, subcode) = (error.and_then(|e| e.code), error.and_then(|e| e.subcode));
    match (&answer.verdict, code, subcode) {
        (_, Some(100), Some(subcode)) if BAD_EVENT.contains(&subcode) && !is_of_data_set(subcode) => {
            Standing::Works
        }
        (AnswerVerdict::Credential, ..) if error.is_some_and(|e| e.about_proof) => Standing::NeedsAppSecret,
        (AnswerVerdict::Credential, Some(190), Some(463)) => Standing::Expired,
        (AnswerVerdict::Credential, Some(102 | 104 | 190) | None, _) => Standing::Invalid,
        (AnswerVerdict::Credential, ..) | (_, Some(3), _) => Standing::LacksPermission,
        (AnswerVerdict::Configuration, ..) => Standing::WrongPixel,
        (AnswerVerdict::Endpoint, ..) => Standing::WrongVersion,
        (AnswerVerdict::Account, ..) => Standing::AccountRefused,
        (AnswerVerdict::Blocked { .. }, ..) => Standing::Blocked,
        (AnswerVerdict::Accepted, ..) => Standing::Accepted,
        _ => Standing::Unclear,
    }
}

/// How a token stands of which no answer came.
const fn without_answer(failure: Failure) -> Standing {
    match failure {
        Failure::Token => Standing::Invalid,
        Failure::Address => Standing::WrongPixel,
        _ => Standing::Unreachable,
    }
}

/// A data set of the wrong type.
const fn is_of_data_set(subcode: i64) -> bool {
    matches!(subcode, 2_804_131 | 2_804_132)
}

fn detail(status: u16, error: Option<&MetaError>) -> String {
    let Some(code) = error.and_then(|error| error.code) else { return format!("HTTP {status}") };
    match error.and_then(|error| error.subcode) {
        Some(subcode) => format!("HTTP {status}, {code}/{subcode}"),
        None => format!("HTTP {status}, {code}"),
    }
}
