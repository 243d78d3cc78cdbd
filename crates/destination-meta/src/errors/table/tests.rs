use std::time::Duration;

use super::AnswerVerdict::{
    Accepted, Account, BadEvent, Blocked, Configuration, Credential, Endpoint, Throttled, Transient,
    Unexplained, UnknownOutcome,
};
use super::*;

const THROTTLED: AnswerVerdict = Throttled { wait: None };
const TRANSIENT: AnswerVerdict = Transient { wait: None };
const UNKNOWN: AnswerVerdict = UnknownOutcome { wait: None };
const BAD: AnswerVerdict = BadEvent { index: None };

fn error(code: i64, subcode: Option<i64>) -> MetaError {
    MetaError { code: Some(code), subcode, is_transient: Some(false), ..MetaError::default() }
}

fn verdict(status: u16, code: i64, subcode: Option<i64>) -> AnswerVerdict {
    classify(status, Some(&error(code, subcode)), &UsageHeaders::default())
}

#[test]
fn every_code() {
    let rows: [(i64, &[i64], AnswerVerdict); 40] = [
        (-1, &[], TRANSIENT),
        (-3, &[7], TRANSIENT),
        (1, &[99], TRANSIENT),
        (2, &[], TRANSIENT),
        (3, &[], Configuration),
        (4, &[1_504_022, 1_504_039], THROTTLED),
        (10, &[], Credential),
        (17, &[2_446_079, 1_885_172], THROTTLED),
        (32, &[], THROTTLED),
        (100, &[2_804_001, 2_804_116], BAD),
        (102, &[], Credential),
        (104, &[], Credential),
        (105, &[], BAD),
        (190, &[458, 459, 460, 463, 464, 467, 492], Credential),
        (200, &[], Credential),
        (275, &[], Credential),
        (294, &[], Credential),
        (299, &[], Credential),
        (341, &[], THROTTLED),
        (368, &[], Blocked { wait: BLOCKED_WAIT }),
        (506, &[], Unexplained),
        (613, &[1_487_742, 1996, 5_044_001], THROTTLED),
        (803, &[], Configuration),
        (2500, &[], Endpoint),
        (2635, &[], Endpoint),
        (2655, &[1], Account),
        (2663, &[], Account),
        (5000, &[], TRANSIENT),
        (21_009, &[], TRANSIENT),
        (80_000, &[], THROTTLED),
        (80_001, &[], THROTTLED),
        (80_002, &[], THROTTLED),
        (80_003, &[], THROTTLED),
        (80_004, &[2_446_079], THROTTLED),
        (80_005, &[], THROTTLED),
        (80_006, &[], THROTTLED),
        (80_008, &[], THROTTLED),
        (80_009, &[], THROTTLED),
        (80_014, &[], THROTTLED),
        (4711, &[1], Unexplained),
    ];
    for (code, subcodes, expected) in rows {
        // Throttles and bad events have been seen with more than one status.
        for status in [200, 400, 401, 403] {
            assert_eq!(verdict(status, code, None), expected, "{status} {code}");
            for subcode in subcodes {
                assert_eq!(verdict(status, code, Some(*subcode)), expected, "{status} {code}/{subcode}");
            }
        }
    }
}

#[test]
fn every_subcode_of_100() {
    for subcode in BAD_EVENT {
        assert_eq!(verdict(400, 100, Some(subcode)), BAD, "{subcode}");
    }
    assert_eq!(verdict(400, 100, None), BAD);
    for subcode in [33, 2_044_055, 2_804_131, 2_804_132] {
        assert_eq!(verdict(400, 100, Some(subcode)), Configuration, "{subcode}");
    }
}

/// A bad event is rejected for good. Whatever else Meta answers, now or in a later version, no conversion may be.
#[test]
fn no_unknown_code_blames_an_event() {
    let codes = (-10..10_000)
        .chain((10_000..100_000).step_by(7))
        .chain([i64::MIN, i64::MAX])
        .filter(|code| !matches!(code, 100 | 105));
    for code in codes {
        for status in [200, 400, 403, 404, 413, 422, 500, 503] {
            let found = verdict(status, code, None);
            assert!(!matches!(found, BadEvent { .. } | Accepted), "{status} {code}: {found:?}");
        }
    }
    let subcodes = (-10..3_000_000).step_by(13).chain(2_803_000..2_806_000);
    for subcode in subcodes.filter(|subcode| !BAD_EVENT.contains(subcode)) {
        let found = verdict(400, 100, Some(subcode));
        assert!(matches!(found, Unexplained | Configuration), "100/{subcode}: {found:?}");
    }
    for status in 0..1_000 {
        let found = classify(status, None, &UsageHeaders::default());
        assert!(!matches!(found, BadEvent { .. }), "{status}: {found:?}");
    }
}

#[test]
fn the_named_event_is_handed_on() {
    let named = MetaError { event_index: Some(12), ..error(100, Some(2_804_019)) };
    assert_eq!(classify(400, Some(&named), &UsageHeaders::default()), BadEvent { index: Some(12) });
}

#[test]
fn a_missing_permission_is_not_the_events_fault() {
    let refused = MetaError { lacks_permission: true, ..error(100, None) };
    assert_eq!(classify(400, Some(&refused), &UsageHeaders::default()), Credential);
    let proof = MetaError { about_proof: true, ..error(100, None) };
    assert_eq!(classify(400, Some(&proof), &UsageHeaders::default()), Credential);
}

#[test]
fn meta_may_call_a_failure_passing() {
    let usage = UsageHeaders::default();
    let passing = |code, subcode| MetaError { is_transient: Some(true), ..error(code, subcode) };
    assert_eq!(classify(400, Some(&passing(4711, None)), &usage), TRANSIENT);
    assert_eq!(classify(400, Some(&passing(100, Some(2_804_003))), &usage), TRANSIENT);
    assert_eq!(classify(400, Some(&passing(190, None)), &usage), Credential);
    assert_eq!(classify(403, Some(&passing(4, None)), &usage), THROTTLED);
}

#[test]
fn waits_come_from_the_headers_within_reason() {
    let asked =
        |seconds| UsageHeaders { retry_after: Some(Duration::from_secs(seconds)), ..UsageHeaders::default() };
    // Beyond an hour a request finds out more than waiting does, whatever the platform says.
    for (seconds, waited) in [(90, 90), (3_600, 3_600), (7_200, 3_600), (99_999_999_999, 3_600)] {
        let (usage, wait) = (asked(seconds), Duration::from_secs(waited));
        assert_eq!(classify(403, Some(&error(4, None)), &usage), Throttled { wait: Some(wait) });
        assert_eq!(classify(429, None, &usage), Throttled { wait: Some(wait) });
        assert_eq!(classify(400, Some(&error(368, None)), &usage), Blocked { wait: BLOCKED_WAIT });
    }
}

#[test]
fn without_a_code_the_status_decides() {
    for (status, expected) in [
        (200, Accepted),
        (302, Endpoint),
        (307, Endpoint),
        (400, TRANSIENT),
        (401, Credential),
        (403, TRANSIENT),
        (404, Endpoint),
        (408, TRANSIENT),
        (413, Unexplained),
        (429, THROTTLED),
        (500, UNKNOWN),
        (502, UNKNOWN),
        (504, UNKNOWN),
        (100, UNKNOWN),
    ] {
        assert_eq!(classify(status, None, &UsageHeaders::default()), expected, "{status}");
        let empty = MetaError::default();
        assert_eq!(
            classify(status, Some(&empty), &UsageHeaders::default()),
            by_status(status, &UsageHeaders::default())
        );
    }
    assert_eq!(verdict(500, 4711, None), UNKNOWN);
    assert_eq!(verdict(500, 2, None), TRANSIENT);
}

#[test]
fn a_failure_may_say_how_long_it_lasts() {
    let asked = UsageHeaders { retry_after: Some(Duration::from_secs(8)), ..UsageHeaders::default() };
    let wait = Some(Duration::from_secs(8));
    for status in [500, 503] {
        assert_eq!(classify(status, Some(&error(2, None)), &asked), Transient { wait });
        assert_eq!(classify(status, None, &asked), UnknownOutcome { wait });
        assert_eq!(classify(status, Some(&error(4711, None)), &asked), UnknownOutcome { wait });
    }
    // An account's reset time says nothing about a failure.
    let account = UsageHeaders { account_reset: wait, ..UsageHeaders::default() };
    assert_eq!(classify(500, Some(&error(2, None)), &account), TRANSIENT);
}
