//! What an operator is notified of: changes of state, each once.
//!
//! Who works with something says how it is, as often as it likes ([`NoticeSink`]). The [`Board`] decides what of it is a notice: a state
//! that stays is not repeated, and one that changes back and forth is damped.

mod board;

use std::fmt;

use domain::{ObjectRef, PixelRef, UnixMillis};

pub use board::Board;

/// What has a state.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A pixel and its credentials.
    Pixel(PixelRef),
    /// A platform that receives events, by its name.
    Destination(String),
    /// Another part that readiness names, by that name.
    Backend(String),
    /// A file, by bucket and key.
    File(String),
    /// A message that could not be processed.
    DeadLetter {
        /// Its queue.
        queue: &'static str,
        /// The queue's id for it.
        message: String,
    },
    /// The open conversions of a pixel.
    Money(PixelRef),
    /// The way to the operator itself, which `efflux notify test` tries.
    Notices,
}

impl Subject {
    /// A file.
    #[must_use]
    pub fn file(object: &ObjectRef) -> Self {
        Self::File(object.to_string())
    }

    /// What it is, in one word.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Pixel(_) => "pixel",
            Self::Destination(_) => "destination",
            Self::Backend(_) => "backend",
            Self::File(_) => "file",
            Self::DeadLetter { .. } => "dead_letter",
            Self::Money(_) => "money",
            Self::Notices => "test",
        }
    }

    /// Which one it is.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Pixel(pixel) | Self::Money(pixel) => pixel.to_string(),
            Self::Destination(name) | Self::Backend(name) | Self::File(name) => name.clone(),
            Self::DeadLetter { queue, message } => format!("{queue} {message}"),
            Self::Notices => String::new(),
        }
    }

    /// Whether each report of it is a change: a message becomes a dead letter again only after it was redriven.
    const fn is_event(&self) -> bool {
        matches!(self, Self::DeadLetter { .. } | Self::Notices)
    }
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// As it should be. What was never otherwise is not spoken of.
    Well,
    /// The platform refuses all credentials of a pixel, or there are none.
    CredentialsRefused,
    /// A destination or a backend does not answer, or cannot be worked with.
    Unavailable,
    /// Nothing of a file is processed.
    Refused,
    /// A file was processed and looks wrong as a whole.
    Suspicious,
    /// A file looks wrong as a whole and waits for the operator.
    Held,
    /// A message could not be processed.
    DeadLetter,
    /// Money is not reported, and its deadline comes within 24 hours.
    Expiring,
}

impl State {
    /// Its name in notices.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Well => "well",
            Self::CredentialsRefused => "credentials_refused",
            Self::Unavailable => "unavailable",
            Self::Refused => "refused",
            Self::Suspicious => "suspicious",
            Self::Held => "held",
            Self::DeadLetter => "dead_letter",
            Self::Expiring => "expiring",
        }
    }
}

/// A change of state that the operator is notified of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What has changed.
    pub subject: Subject,
    /// How it was when the operator was notified last.
    pub was: State,
    /// How it is.
    pub state: State,
    /// Why, for people. Holds no token, no row and nothing about a visitor.
    pub reason: String,
    /// Since when.
    pub since: UnixMillis,
}

impl Notice {
    /// What happened, in one sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        let name = self.subject.name();
        let what = match (&self.subject, self.state) {
            (Subject::Notices, _) => return "a test: notices reach you".to_owned(),
            (Subject::Pixel(_), State::Well) => "the platform accepts a credential of the pixel again",
            (Subject::Pixel(_), _) => "no credential of the pixel works; its conversions wait",
            (Subject::Destination(_), State::Well) => "the platform answers again",
            (Subject::Destination(_), _) => "the platform does not answer; its events wait",
            (Subject::Backend(_), State::Well) => "it works again",
            (Subject::Backend(_), _) => "it cannot be used; the work waits",
            (Subject::File(_), State::Well) => "the file was accepted",
            (Subject::File(_), State::Held) => "the file looks wrong as a whole and waits for you",
            (Subject::File(_), State::Suspicious) => "the file looks wrong as a whole and was processed",
            (Subject::File(_), _) => "the file was refused; nothing of it is processed",
            (Subject::DeadLetter { .. }, _) => "a message could not be processed and is a dead letter",
            (Subject::Money(_), State::Well) => "no money of the pixel expires within 24 hours any more",
            (Subject::Money(_), _) => "money that is not reported expires within 24 hours",
        };
        format!("{} {name}: {what}", self.subject.kind().replace('_', " "))
    }

    /// What the operator can do; nothing when all is well.
    #[must_use]
    pub const fn advice(&self) -> Option<&'static str> {
        Some(match (&self.subject, self.state) {
            (_, State::Well) => return None,
            (Subject::Pixel(_), _) => {
                "`efflux meta check` says what is wrong with each token; `efflux pixels add` replaces them"
            }
            (Subject::Destination(_), _) => {
                "nothing, if the platform reports an outage; else check the network"
            }
            (Subject::Backend(_), _) => "`efflux doctor` says what is wrong and what to do",
            (Subject::File(_), State::Held) => {
                "`efflux held list`, then `efflux held release` if it is right"
            }
            (Subject::File(_), State::Suspicious) => {
                "ask the feed; HOLD_SUSPICIOUS_FILES=true holds such files"
            }
            (Subject::File(_), _) => "correct the file and put it again; `efflux dlq list` has its message",
            (Subject::DeadLetter { .. }, _) => {
                "`efflux dlq list` shows it; `efflux dlq redrive` once the cause is fixed"
            }
            (Subject::Money(_), _) => "`efflux status` says what the conversions wait for",
            (Subject::Notices, _) => return None,
        })
    }
}

/// Where the states of things are reported. A sink never fails and never waits: notices are not in the way of the work.
pub trait NoticeSink: fmt::Debug + Send + Sync {
    /// Something is so now; saying the same again costs nothing.
    fn note(&self, subject: Subject, state: State, reason: &str);
}

/// Notifies no one.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoNotices;

impl NoticeSink for NoNotices {
    fn note(&self, _: Subject, _: State, _: &str) {}
}
