//! Messages whose processing fails, and their neighbours.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use adapter_embedded::Db;
use adapter_embedded::queue::EmbeddedQueue;
use async_trait::async_trait;
use domain::UnixMillis;
use pipeline::worker::{Company, Handled, Handler, NoResult, OwnProcess, Worker, WorkerConfig};
use port_tests::clock::ManualClock;
use ports::health::NoHealth;
use ports::metric::NoMetrics;
use ports::notice::{NoNotices, NoticeSink, State, Subject};
use ports::queue::Delivery;
use ports::{Clock, EventQueue};
use tokio_util::sync::CancellationToken;

const MAX_RECEIVES: u32 = 3;

/// Longer than any test runs, even by its clock.
const VISIBILITY: Duration = Duration::from_secs(1_000 * 365 * 86_400);

/// A clock whose longest sleeps, those between renewals, never end. Each sleep moves the clock of all, so those of some messages would
/// take the others' visibility past its end, and they would come twice.
#[derive(Debug)]
struct NoRenewals(Arc<ManualClock>);

#[async_trait]
impl Clock for NoRenewals {
    fn now(&self) -> UnixMillis {
        self.0.now()
    }

    async fn sleep(&self, time: Duration) {
        if time > VISIBILITY / 10 {
            std::future::pending::<()>().await;
        }
        self.0.sleep(time).await;
    }
}

/// Looks before a test gives up waiting.
const LOOKS: usize = 100_000;

/// Does as the message says: `ok`, `poison` (a panic), `never`; nothing while the backend is unavailable. A process of its own dies
/// of `deadly`, and cannot be started for `unlucky` at first.
#[derive(Debug)]
struct Script {
    /// Calls until the backend answers again.
    unavailable: Mutex<u32>,
    handled: Mutex<BTreeMap<String, u32>>,
    in_flight: AtomicUsize,
    /// Messages that were handled alone, and how many others were in flight.
    alone: Mutex<Vec<(String, usize)>>,
}

#[async_trait]
impl Handler for Script {
    async fn handle(&self, delivery: &Delivery, _: &CancellationToken) -> Handled {
        self.in_flight.fetch_add(1, Ordering::SeqCst);
        tokio::task::yield_now().await;
        self.in_flight.fetch_sub(1, Ordering::SeqCst);
        *self.handled.lock().unwrap().entry(delivery.body.clone()).or_default() += 1;
        {
            let mut unavailable = self.unavailable.lock().unwrap();
            if *unavailable > 0 {
                *unavailable -= 1;
                let reason = "ledger.claim cannot be reached".into();
                return Handled::Later { unavailable: Some("ledger".into()), reason };
            }
        }
        assert!(!delivery.body.starts_with("poison"), "this message crashes its handler");
        match delivery.body.as_str() {
            "never" => Handled::DeadLetter { reason: "the key has 1 segment".into() },
            _ => Handled::Done,
        }
    }
}

#[async_trait]
impl OwnProcess for Script {
    async fn handle(&self, delivery: &Delivery, stop: &CancellationToken) -> Result<Handled, NoResult> {
        let before = {
            let mut alone = self.alone.lock().unwrap();
            alone.push((delivery.body.clone(), self.in_flight.load(Ordering::SeqCst)));
            alone.iter().filter(|(body, _)| *body == delivery.body).count()
        };
        match delivery.body.as_str() {
            "deadly" => Err(NoResult::Died("its process ended by signal 9".to_owned())),
            "poison" => Err(NoResult::Died("a panic".to_owned())),
            "unlucky" if before < 5 => Err(NoResult::NotBegun("no room for a process".to_owned())),
            _ => Ok(Handler::handle(self, delivery, stop).await),
        }
    }
}

struct Bench {
    queue: Arc<EmbeddedQueue>,
    clock: Arc<ManualClock>,
    script: Arc<Script>,
}

impl Bench {
    async fn new(messages: &[&str], unavailable: u32) -> Self {
        let clock = Arc::new(ManualClock::default());
        let db = Db::in_memory(EmbeddedQueue::SCHEMA).unwrap();
        let queue = Arc::new(EmbeddedQueue::new(db, "q", Arc::clone(&clock) as _));
        for message in messages {
            queue.send(message).await.unwrap();
        }
        let script = Script {
            unavailable: Mutex::new(unavailable),
            handled: Mutex::default(),
            in_flight: AtomicUsize::new(0),
            alone: Mutex::default(),
        };
        Self { queue, clock, script: Arc::new(script) }
    }

    /// Works until nothing waits, is in flight or comes later.
    async fn work(&self) {
        self.work_with(Arc::clone(&self.script) as _, Arc::new(NoNotices)).await;
    }

    async fn work_with(&self, handler: Arc<dyn Handler>, notices: Arc<dyn NoticeSink>) {
        let worker = Worker {
            config: WorkerConfig {
                service: "test-svc",
                queue: "test-queue",
                concurrency: 4,
                visibility: VISIBILITY,
                max_receives: MAX_RECEIVES,
            },
            queue: Arc::clone(&self.queue) as _,
            handler,
            own_process: Arc::clone(&self.script) as _,
            company: Company::default(),
            clock: Arc::new(NoRenewals(Arc::clone(&self.clock))),
            metrics: Arc::new(NoMetrics),
            health: Arc::new(NoHealth),
            notices,
        };
        let stop = CancellationToken::new();
        let running = tokio::spawn(Arc::new(worker).run(stop.clone()));
        for _ in 0..LOOKS {
            let depth = self.queue.depth().await.unwrap();
            if depth.visible + depth.hidden == 0 {
                stop.cancel();
                return running.await.unwrap();
            }
            tokio::task::yield_now().await;
        }
        panic!("still not done: {:?}", self.queue.depth().await.unwrap());
    }

    /// A worker receives all messages and dies, this often.
    async fn die(&self, times: usize) {
        for _ in 0..times {
            // It acknowledges nothing: its messages come again after their visibility.
            assert!(
                !self.queue.receive(10, Duration::ZERO, Duration::from_secs(1)).await.unwrap().is_empty()
            );
            self.clock.advance(Duration::from_secs(2));
        }
    }

    /// How often a message was handled alone; nothing else was in flight meanwhile.
    fn alone(&self, message: &str) -> usize {
        let alone = self.script.alone.lock().unwrap();
        assert!(alone.iter().all(|(_, others)| *others == 0), "{alone:?}");
        alone.iter().filter(|(body, _)| body == message).count()
    }

    fn handled(&self, message: &str) -> u32 {
        self.script.handled.lock().unwrap().get(message).copied().unwrap_or(0)
    }
}

#[tokio::test]
async fn an_unavailable_backend_makes_no_dead_letters() {
    let bench = Bench::new(&["a", "b", "c", "d", "e"], 40).await;
    let started = bench.clock.now();
    bench.work().await;
    assert_eq!(bench.queue.dead_letters(9).await.unwrap(), [], "40 deliveries failed, which is 8 for each");
    assert!(["a", "b", "c", "d", "e"].iter().all(|m| bench.handled(m) > 0));
    let took = bench.clock.now().since(started);
    assert!(took > Duration::from_secs(120), "it paused between tries: {took:?}");
}

#[tokio::test]
async fn a_poison_message_alone_becomes_a_dead_letter() {
    let mut messages: Vec<String> = (0..20).map(|i| format!("ok {i}")).collect();
    messages.insert(3, "poison".to_owned());
    let bench = Bench::new(&messages.iter().map(String::as_str).collect::<Vec<_>>(), 0).await;
    bench.work().await;
    let dead_letters = bench.queue.dead_letters(9).await.unwrap();
    let found: Vec<_> =
        dead_letters.iter().map(|l| (l.body.as_str(), l.service.as_str(), l.receive_count)).collect();
    assert_eq!(found, [("poison", "test-svc", 1)]);
    assert!(dead_letters[0].reason.contains("ended 3 times without a result"), "{dead_letters:?}");
    assert_eq!((bench.handled("poison"), bench.alone("poison")), (1, 2), "alone after the first panic");
    assert!((0..20).all(|i| bench.handled(&format!("ok {i}")) == 1), "neighbours are done once");
}

#[tokio::test]
async fn a_healthy_message_survives_every_death_of_its_process() {
    let bench = Bench::new(&["a", "b", "c", "d", "e"], 0).await;
    bench.die(50).await;
    bench.work().await;
    assert_eq!(bench.queue.dead_letters(9).await.unwrap(), []);
    for message in ["a", "b", "c", "d", "e"] {
        assert_eq!((bench.handled(message), bench.alone(message)), (1, 1), "{message} was under suspicion");
    }
}

#[tokio::test]
async fn a_message_that_kills_whatever_handles_it_is_a_dead_letter_and_says_so() {
    let bench = Bench::new(&["a", "deadly", "b"], 0).await;
    bench.die(1).await;
    bench.queue.send("late").await.unwrap();
    bench.work().await;
    let dead_letters = bench.queue.dead_letters(9).await.unwrap();
    assert_eq!(dead_letters.len(), 1, "{dead_letters:?}");
    let reason = &dead_letters[0].reason;
    assert!(reason.contains("ended 3 times without a result") && reason.contains("signal 9"), "{reason}");
    assert_eq!((bench.handled("deadly"), bench.alone("deadly")), (0, MAX_RECEIVES as usize));
    assert!(["a", "b", "late"].iter().all(|message| bench.handled(message) == 1));
    assert_eq!(bench.alone("late"), 0, "what came for the first time is under no suspicion");
}

/// Dead-letters a message whose visibility has ended meanwhile, so that another worker has it.
#[derive(Debug)]
struct TooSlow {
    queue: Arc<EmbeddedQueue>,
    clock: Arc<ManualClock>,
}

#[async_trait]
impl Handler for TooSlow {
    async fn handle(&self, _: &Delivery, _: &CancellationToken) -> Handled {
        self.clock.advance(VISIBILITY * 2);
        let stolen = self.queue.receive(1, Duration::ZERO, VISIBILITY).await.unwrap().remove(0);
        self.queue.acknowledge(&[stolen.handle]).await.unwrap();
        Handled::DeadLetter { reason: "too slow".to_owned() }
    }
}

/// Of what the operator is notified.
#[derive(Debug, Default)]
struct Noted(Mutex<Vec<Subject>>);

impl NoticeSink for Noted {
    fn note(&self, subject: Subject, _: State, _: &str) {
        self.0.lock().unwrap().push(subject);
    }
}

#[tokio::test]
async fn a_message_that_another_worker_has_is_neither_a_dead_letter_nor_a_notice() {
    let bench = Bench::new(&["slow"], 0).await;
    let slow = TooSlow { queue: Arc::clone(&bench.queue), clock: Arc::clone(&bench.clock) };
    let noted = Arc::new(Noted::default());
    bench.work_with(Arc::new(slow), Arc::clone(&noted) as _).await;
    assert_eq!(bench.queue.dead_letters(9).await.unwrap(), []);
    assert_eq!(*noted.0.lock().unwrap(), []);
    let bench = Bench::new(&["never"], 0).await;
    bench.work_with(Arc::clone(&bench.script) as _, Arc::clone(&noted) as _).await;
    assert_eq!(noted.0.lock().unwrap().len(), 1, "a dead letter is one");
}

#[tokio::test]
async fn without_room_for_a_process_a_message_waits() {
    let bench = Bench::new(&["unlucky"], 0).await;
    bench.die(3).await;
    bench.work().await;
    assert_eq!(bench.queue.dead_letters(9).await.unwrap(), []);
    assert_eq!((bench.handled("unlucky"), bench.alone("unlucky")), (1, 5), "it stays under suspicion");
}

#[tokio::test]
async fn a_redriven_message_has_all_its_deliveries_again() {
    let bench = Bench::new(&["never"], 0).await;
    bench.work().await;
    let letter = bench.queue.dead_letters(9).await.unwrap().remove(0);
    assert_eq!((letter.reason.as_str(), letter.service.as_str()), ("the key has 1 segment", "test-svc"));
    assert!(letter.at > bench.clock.now().minus(Duration::from_secs(3_600)));
    assert_eq!(bench.queue.redrive(&[letter.message_id]).await.unwrap().len(), 1);
    bench.work().await;
    assert_eq!(bench.handled("never"), 2);
    assert_eq!(bench.queue.dead_letters(9).await.unwrap()[0].receive_count, 1);
}
