//! Servers that refuse, die, hang or are not there.

use std::time::Duration;

use adapter_mongodb::MongoLedger;
use domain::Outcome;
use port_tests::proxy::Proxy;
use ports::ledger::{Claim, Settle, Settled};
use ports::{Error, ErrorKind, LedgerAdmin, ReportLedger, Retry};

use super::world::{database, holder, lease, sendable, settings, settlement};

/// How soon a start must know that its backend cannot be used.
const SOON: Duration = Duration::from_secs(15);

async fn refused(uri: &str) -> Error {
    let checking = async { MongoLedger::open(&settings(uri, &database())).await?.check().await };
    tokio::time::timeout(SOON, checking).await.expect("an answer in time").unwrap_err()
}

/// One line that says what to do, without the password.
fn advises(error: &Error, advice: &str) {
    let (line, all) = (error.to_string(), format!("{error:?}"));
    assert!(line.contains(advice) && !line.contains('\n'), "{all}");
    assert!(!all.contains("hunter2"), "{all}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_there_is_reported_within_seconds() {
    let proxy = Proxy::to("127.0.0.1:1").await;
    proxy.refuse().await;
    let error = refused(&format!("mongodb://me:hunter2@{}/", proxy.address())).await;
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    advises(&error, "nothing listens there");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_host_and_an_unreadable_address_are_distinguished() {
    let error = refused("mongodb://me:hunter2@no-such-host.invalid/").await;
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    advises(&error, "check MONGODB_URI");
    let error = refused("mongo://me:hunter2@host/").await;
    assert_eq!((error.kind(), error.retry()), (ErrorKind::Invalid, Retry::Never));
    advises(&error, "check MONGODB_URI");
}

/// A server that takes no password at all, as the emulator, refuses every one, as a real one does a wrong one.
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_denied() {
    let url = port_tests::service::url("MONGODB");
    let host = url.split_once("://").unwrap().1.rsplit('@').next().unwrap().to_owned();
    let error = refused(&format!("mongodb://stranger:hunter2@{host}")).await;
    assert_eq!(error.kind(), ErrorKind::Denied, "{error:?}");
    advises(&error, "user and password");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_was_never_migrated_says_how_to() {
    let error = refused(&port_tests::service::url("MONGODB")).await;
    assert_eq!(error.kind(), ErrorKind::Missing, "{error:?}");
    advises(&error, "efflux migrate");
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_is_asked_for_and_not_given() {
    let url = port_tests::service::url("MONGODB");
    let separator = if url.contains('?') { '&' } else { '?' };
    let error = refused(&format!("{url}{separator}tls=true")).await;
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    advises(&error, "check");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_dies_comes_back_with_all_that_it_knew() {
    let (proxy, url) = Proxy::to_url(&port_tests::service::url("MONGODB")).await;
    let ledger = MongoLedger::open(&settings(&url, &database())).await.unwrap();
    ledger.migrate().await.unwrap();
    let held = lease(&ledger.claim(vec![sendable("s", "b/o", 0)], &holder(0)).await.unwrap()[0]);

    proxy.refuse().await;
    let settlements = || vec![settlement(&held, Settle::Reported)];
    let error = ledger.settle(settlements(), &holder(1)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    assert_ne!(error.retry(), Retry::Never);

    proxy.restore().await;
    let settled = loop {
        // The driver looks again by itself; until it has, it may say that the server is unavailable.
        match ledger.settle(settlements(), &holder(2)).await {
            Ok(settled) => break settled,
            Err(error) => assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}"),
        }
    };
    assert_eq!(settled, [Settled::Done]);
    assert_eq!(ledger.find("s", None).await.unwrap()[0].outcome, Outcome::Reported);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_an_open_question_and_asking_again_does_no_harm() {
    let (proxy, url) = Proxy::to_url(&port_tests::service::url("MONGODB")).await;
    let ledger = MongoLedger::open(&settings(&url, &database())).await.unwrap();
    ledger.migrate().await.unwrap();
    proxy.lose_answers().await;
    let row = || vec![sendable("s", "b/o", 0)];
    let error = ledger.claim(row(), &holder(0)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    assert_ne!(error.retry(), Retry::Never, "{error:?}");
    proxy.restore().await;
    let claims = loop {
        match ledger.claim(row(), &holder(1)).await {
            Ok(claims) => break claims,
            Err(error) => assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}"),
        }
    };
    // It arrived or it did not: the row stands as this very row's, or is held now. Never both, and never a duplicate.
    assert!(matches!(claims[0], Claim::Stands(Outcome::InFlight) | Claim::Held(_)), "{claims:?}");
    assert_eq!(ledger.find("s", None).await.unwrap().len(), 1);
}
