//! Elections and missing majorities, as a server says them on the wire: what was asked may have been done, and asking again does no harm.

use adapter_mongodb::MongoLedger;
use bson::{Document, doc};
use domain::Outcome;
use mongodb::Client;
use ports::ledger::{Claim, DueLimits, Settle, Settled};
use ports::{Error, ErrorKind, LedgerAdmin, ReportLedger, Retry};

use super::world::{at, database, holder, lease, sendable, settings, settlement};

/// What a server answers once in place of the answer.
#[derive(Debug, Clone, Copy)]
enum Fault {
    /// An error with this code, before or after the command was done.
    Code { code: i32, applied: bool },
    /// It was done, and no majority has it yet.
    NoMajority,
}

/// Not the primary; its state has changed; it shuts down; a majority did not confirm in time.
const FAULTS: [Fault; 6] = [
    Fault::Code { code: 10_107, applied: false },
    Fault::Code { code: 11_602, applied: false },
    Fault::Code { code: 11_602, applied: true },
    Fault::Code { code: 91, applied: false },
    Fault::Code { code: 91, applied: true },
    Fault::NoMajority,
];

impl Fault {
    /// A real server does not do what it then refuses.
    fn can_be_shown(self) -> bool {
        !matches!(self, Self::Code { applied: true, .. }) || !port_tests::service::is_given("MONGODB")
    }

    fn data(self) -> Document {
        match self {
            Self::Code { code, applied: false } => doc! { "errorCode": code },
            Self::Code { code, applied: true } => doc! { "errorCode": code, "applied": true },
            Self::NoMajority => {
                doc! { "writeConcernError": { "code": 64, "errmsg": "waiting for replication timed out" } }
            }
        }
    }

    /// Whether the command was done all the same.
    const fn is_done(self) -> bool {
        !matches!(self, Self::Code { applied: false, .. })
    }

    /// Whether the command was refused for certain, so that the error may say so.
    fn is_refusal(self) -> bool {
        matches!(self, Self::Code { code: 10_107, .. })
    }
}

/// A ledger, and a server that refuses its commands on demand. A real one must have been started with `enableTestCommands`.
struct World {
    database: String,
    ledger: MongoLedger,
    admin: mongodb::Database,
}

impl World {
    async fn new() -> Self {
        let (url, database) = (port_tests::service::url("MONGODB"), database());
        let ledger = MongoLedger::open(&settings(&url, &database)).await.unwrap();
        ledger.migrate().await.unwrap();
        let admin = Client::with_uri_str(url).await.unwrap().database("admin");
        Self { database, ledger, admin }
    }

    /// The next command of this name meets a fault.
    async fn fail(&self, command: &str, fault: Fault) {
        let mut data = fault.data();
        data.insert("failCommands", vec![command]);
        data.insert("namespace", format!("{}.report_conversions", self.database));
        let fail = doc! { "configureFailPoint": "failCommand", "mode": { "times": 1 }, "data": data };
        self.admin.run_command(fail).await.expect("a server that fails on demand");
    }

    /// The only entry.
    async fn entry(&self) -> (Outcome, u32) {
        let mut found = self.ledger.find("s", None).await.unwrap();
        assert_eq!(found.len(), 1, "{found:?}");
        let entry = found.remove(0);
        (entry.outcome, entry.attempts)
    }
}

/// It may pass, and what was done is open unless it was refused for certain.
fn is_open(error: &Error, fault: Fault) {
    let kinds = [ErrorKind::Unavailable, ErrorKind::Timeout];
    assert!(kinds.contains(&error.kind()), "{fault:?}: {error:?}");
    let retry = if fault.is_refusal() { Retry::After(None) } else { Retry::Unknown };
    assert_eq!(error.retry(), retry, "{fault:?}: {error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_that_meets_an_election_enters_its_row_once() {
    for fault in FAULTS.into_iter().filter(|fault| fault.can_be_shown()) {
        let world = World::new().await;
        world.fail("insert", fault).await;
        let row = || vec![sendable("s", "b/o", 0)];
        is_open(&world.ledger.claim(row(), &holder(0)).await.unwrap_err(), fault);
        let claims = world.ledger.claim(row(), &holder(1)).await.unwrap();
        // If it was done, the row stands as this very row's, until its lease lapses.
        let is_known = matches!(claims[..], [Claim::Stands(Outcome::InFlight)]);
        assert!(is_known || matches!(claims[..], [Claim::Held(_)]), "{fault:?}: {claims:?}");
        assert_eq!(is_known, fault.is_done(), "{fault:?}: {claims:?}");
        assert_eq!(world.entry().await, (Outcome::InFlight, 1), "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_settlement_that_meets_an_election_is_written_once() {
    for fault in FAULTS.into_iter().filter(|fault| fault.can_be_shown()) {
        let world = World::new().await;
        let held = lease(&world.ledger.claim(vec![sendable("s", "b/o", 0)], &holder(0)).await.unwrap()[0]);
        world.fail("update", fault).await;
        let settlements = || vec![settlement(&held, Settle::Reported)];
        is_open(&world.ledger.settle(settlements(), &holder(1)).await.unwrap_err(), fault);
        let settled = world.ledger.settle(settlements(), &holder(2)).await.unwrap();
        assert_eq!(settled, [if fault.is_done() { Settled::Late } else { Settled::Done }], "{fault:?}");
        assert_eq!(world.entry().await, (Outcome::Reported, 1), "{fault:?}");
        let entry = world.ledger.find("s", None).await.unwrap().remove(0);
        assert_eq!((entry.events, entry.reported.count), (1, 1), "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mark_that_meets_an_election_lets_nothing_leave_before_it_is_repeated() {
    for fault in FAULTS.into_iter().filter(|fault| fault.can_be_shown()) {
        let world = World::new().await;
        let held = lease(&world.ledger.claim(vec![sendable("s", "b/o", 0)], &holder(0)).await.unwrap()[0]);
        world.fail("update", fault).await;
        let leases = [held];
        is_open(&world.ledger.begin_sending(&leases, &holder(1)).await.unwrap_err(), fault);
        let marked = world.ledger.begin_sending(&leases, &holder(2)).await.unwrap();
        assert_eq!(marked, [Settled::Done], "{fault:?}");
        assert_eq!(world.entry().await, (Outcome::InFlight, 1), "{fault:?}");
        let due = world.ledger.claim_due(&DueLimits::of(1), &holder(200)).await.unwrap().remove(0);
        let since = if fault.is_done() { at(1) } else { at(2) };
        assert_eq!(due.maybe_received.map(|mark| mark.since), Some(since), "{fault:?}");
    }
}
