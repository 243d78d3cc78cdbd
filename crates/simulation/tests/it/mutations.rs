//! Each deliberate bug is found.

use ports::mutations::{Mutation, with};
use simulation::{Options, run};

/// A bug that more seeds do not show is not found.
const SEEDS: u64 = 1_000;

/// Where the search begins. Few worlds show some of the bugs, and the seeds before the first of them would only take time; so would a world in
/// which a bug has the same file read again for hours.
const fn first_seed(mutation: Mutation) -> u64 {
    match mutation {
        Mutation::BytesUnbounded => 250,
        Mutation::FutureSent => 200,
        Mutation::DamagedIsSent => 150,
        Mutation::RetryForgetsAccepted => 100,
        Mutation::ErasedIsForgotten => 70,
        _ => 0,
    }
}

fn is_found(mutation: Mutation) {
    let first = first_seed(mutation);
    let found = with(mutation, || {
        (first..first + SEEDS).map(|seed| run(seed, Options::default())).find(|r| r.violation.is_some())
    });
    match found {
        Some(report) => eprintln!("{mutation:?}: seed {}: {:?}", report.seed, report.violation),
        None => panic!("{mutation:?} is not found within {SEEDS} seeds from {first} on"),
    }
}

/// A test for each deliberate bug, and one that none was left out.
macro_rules! mutations {
    ($($test:ident: $mutation:ident),* $(,)?) => {
        $(
            #[test]
            fn $test() {
                is_found(Mutation::$mutation);
            }
        )*

        #[test]
        fn each_has_a_test() {
            assert_eq!([$(Mutation::$mutation),*], Mutation::ALL);
        }
    };
}

mutations! {
    settle_before_send_is_found: SettleBeforeSend,
    acknowledge_before_claim_is_found: AcknowledgeBeforeClaim,
    random_event_id_is_found: RandomEventId,
    settle_without_lease_is_found: SettleWithoutLease,
    claim_during_lease_is_found: ClaimDuringLease,
    retry_forgets_accepted_is_found: RetryForgetsAccepted,
    mark_before_insert_is_found: MarkBeforeInsert,
    filter_acknowledges_first_is_found: FilterAcknowledgesFirst,
    output_named_by_time_is_found: OutputNamedByTime,
    ignore_deadline_is_found: IgnoreDeadline,
    trust_clock_is_found: TrustClock,
    ignore_deduplication_is_found: IgnoreDeduplication,
    unknown_is_rejected_is_found: UnknownIsRejected,
    neighbours_dropped_is_found: NeighboursDropped,
    blame_believed_is_found: BlameBelieved,
    ends_blamed_is_found: EndsBlamed,
    bytes_unbounded_is_found: BytesUnbounded,
    missing_is_zero_is_found: MissingIsZero,
    zero_sent_is_found: ZeroSent,
    implausible_sent_is_found: ImplausibleSent,
    first_money_is_duplicate_is_found: FirstMoneyIsDuplicate,
    invalid_money_sent_is_found: InvalidMoneySent,
    future_sent_is_found: FutureSent,
    damaged_is_fatal_is_found: DamagedIsFatal,
    damaged_is_sent_is_found: DamagedIsSent,
    erased_is_forgotten_is_found: ErasedIsForgotten,
    erased_too_early_is_found: ErasedTooEarly,
}
