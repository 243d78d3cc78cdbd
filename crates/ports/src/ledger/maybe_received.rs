//! Events that the platform may have received.

use domain::UnixMillis;

/// The platform may have events of an entry which the ledger does not know to be accepted: a request with them was about to
/// leave, and no answer has said since what became of them.
///
/// The mark is written before the request leaves, so it outlives a crash, a lost lease and a lost answer. While the platform
/// still recognises repetitions, the events may be sent again under the same ids. Later only a person can decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaybeReceived {
    /// Right before the first of these requests left.
    pub since: UnixMillis,
    /// Answers so far that counted fewer events than their request had.
    pub short_answers: u32,
}

impl MaybeReceived {
    /// A first request is about to leave.
    #[must_use]
    pub const fn since(since: UnixMillis) -> Self {
        Self { since, short_answers: 0 }
    }
}
