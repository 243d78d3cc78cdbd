//! Deliberate bugs, each of which breaks the guarantee. The simulation must find every one: a proof that cannot fail proves nothing.
//!
//! A bug is on only for the thread that switched it on, and only in builds with debug assertions, as tests are. In a release build
//! [`is_on`] is `false` before it runs, so that nothing of them is left in the program.

use std::cell::Cell;

/// A deliberate bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutation {
    /// An entry is settled as reported before its events are sent.
    SettleBeforeSend,
    /// The reporter's message is acknowledged before its rows are claimed.
    AcknowledgeBeforeClaim,
    /// Event ids are made up at each sending.
    RandomEventId,
    /// Every worker may settle, whichever holds the lease.
    SettleWithoutLease,
    /// Entries are handed out while a lease runs.
    ClaimDuringLease,
    /// A retry forgets which events the platform has.
    RetryForgetsAccepted,
    /// Records are marked as exported before analytics has them.
    MarkBeforeInsert,
    /// The filter's message is acknowledged before its output is written.
    FilterAcknowledgesFirst,
    /// The filter names its output by the time.
    OutputNamedByTime,
    /// The deadline is not checked before sending.
    IgnoreDeadline,
    /// Ages are judged while the sources of time disagree, and steps of the clock are followed.
    TrustClock,
    /// Events that may have been received are sent again even when the platform has forgotten their ids.
    IgnoreDeduplication,
    /// Events with an unknown outcome count as rejected.
    UnknownIsRejected,
    /// When a bad event is alone, those that went with it are given up too.
    NeighboursDropped,
    /// An answer that blames an event is believed, even where the platform takes nothing else of the pixel.
    BlameBelieved,
    /// The ends of processes are blamed on the messages that they had in flight.
    EndsBlamed,
    /// Memory for rows is handed out without a limit.
    BytesUnbounded,
    /// Paid clicks whose revenue is missing are sent as worth zero.
    MissingIsZero,
    /// So are those whose revenue is zero, at once.
    ZeroSent,
    /// What is implausible is sent.
    ImplausibleSent,
    /// A conversion that was reported without a Purchase takes none later.
    FirstMoneyIsDuplicate,
    /// What a row states that may not be sent is sent when the entry is settled.
    InvalidMoneySent,
    /// An event is sent although its click is still to come.
    FutureSent,
    /// An entry that cannot be read keeps all others from being claimed.
    DamagedIsFatal,
    /// The text of a row is sent although it has changed since it was stored.
    DamagedIsSent,
    /// A conversion whose text was erased is entered a second time when its row comes again.
    ErasedIsForgotten,
    /// Retention erases the text of what is still to be sent.
    ErasedTooEarly,
}

impl Mutation {
    /// All of them.
    pub const ALL: [Self; 27] = [
        Self::SettleBeforeSend,
        Self::AcknowledgeBeforeClaim,
        Self::RandomEventId,
        Self::SettleWithoutLease,
        Self::ClaimDuringLease,
        Self::RetryForgetsAccepted,
        Self::MarkBeforeInsert,
        Self::FilterAcknowledgesFirst,
        Self::OutputNamedByTime,
        Self::IgnoreDeadline,
        Self::TrustClock,
        Self::IgnoreDeduplication,
        Self::UnknownIsRejected,
        Self::NeighboursDropped,
        Self::BlameBelieved,
        Self::EndsBlamed,
        Self::BytesUnbounded,
        Self::MissingIsZero,
        Self::ZeroSent,
        Self::ImplausibleSent,
        Self::FirstMoneyIsDuplicate,
        Self::InvalidMoneySent,
        Self::FutureSent,
        Self::DamagedIsFatal,
        Self::DamagedIsSent,
        Self::ErasedIsForgotten,
        Self::ErasedTooEarly,
    ];
}

thread_local! {
    static ON: Cell<Option<Mutation>> = const { Cell::new(None) };
}

/// Whether a bug is switched on for this thread.
#[must_use]
#[inline]
pub fn is_on(mutation: Mutation) -> bool {
    cfg!(debug_assertions) && ON.get() == Some(mutation)
}

/// Does something with a bug switched on.
pub fn with<T>(mutation: Mutation, does: impl FnOnce() -> T) -> T {
    let before = ON.replace(Some(mutation));
    let done = does();
    ON.set(before);
    done
}
