use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use adapter_embedded::queue::EmbeddedQueue;
use adapter_embedded::{DataDir, Db};
use async_trait::async_trait;
use domain::UnixMillis;
use port_tests::clock::ManualClock;
use port_tests::queue::suite;
use ports::{Clock, EventQueue};

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test(flavor = "multi_thread")]
async fn suite_in_memory() {
    let clock = Arc::new(ManualClock::default());
    let make = async || {
        let db = Db::in_memory(EmbeddedQueue::SCHEMA).unwrap();
        Arc::new(EmbeddedQueue::new(db, "trigger", Arc::clone(&clock) as _)) as _
    };
    suite(make, &clock.passer()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn suite_on_files() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::default());
    // All queues lie in one database, so that each also shows that it does not see the others'.
    let data = DataDir::open(dir.path()).unwrap();
    let made = AtomicUsize::new(0);
    let make = async || {
        let name = format!("queue {}", made.fetch_add(1, Ordering::SeqCst));
        Arc::new(data.queue(&name, Arc::clone(&clock) as _).unwrap()) as _
    };
    suite(make, &clock.passer()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_share_a_queue_without_sharing_a_message() {
    const MESSAGES: usize = 40;
    let dir = tempfile::tempdir().unwrap();
    let open = || {
        let clock = Arc::new(ManualClock::default());
        DataDir::open(dir.path()).unwrap().queue("trigger", clock).unwrap()
    };
    let sender = open();
    for i in 0..MESSAGES {
        sender.send(&i.to_string()).await.unwrap();
    }
    let consumers: Vec<_> = (0..4)
        .map(|_| {
            let queue = open();
            tokio::spawn(async move {
                let mut bodies = Vec::new();
                loop {
                    let got = queue.receive(3, Duration::ZERO, HOUR).await.unwrap();
                    if got.is_empty() {
                        return bodies;
                    }
                    bodies.extend(got.into_iter().map(|d| d.body));
                }
            })
        })
        .collect();
    let mut all = Vec::new();
    for consumer in consumers {
        all.extend(consumer.await.unwrap());
    }
    assert_eq!(all.len(), MESSAGES);
    all.sort();
    all.dedup();
    assert_eq!(all.len(), MESSAGES);
}

#[tokio::test]
async fn what_was_sent_outlives_the_process() {
    let dir = tempfile::tempdir().unwrap();
    let open = || DataDir::open(dir.path()).unwrap().queue("q", Arc::new(ManualClock::default())).unwrap();
    open().send("x").await.unwrap();
    let delivery = open().receive(1, Duration::ZERO, HOUR).await.unwrap().remove(0);
    open().dead_letter(&delivery, "why", "suite").await.unwrap();
    assert_eq!(open().dead_letters(1).await.unwrap()[0].body, "x");
}

/// Sleeps forever: a receiver that goes on was woken by something else.
#[derive(Debug)]
struct Stopped;

#[async_trait]
impl Clock for Stopped {
    fn now(&self) -> UnixMillis {
        UnixMillis(1_763_800_000_000)
    }
    async fn sleep(&self, _: Duration) {
        std::future::pending::<()>().await;
    }
}

#[tokio::test]
async fn a_send_wakes_receivers_of_the_process_at_once() {
    let db = Db::in_memory(EmbeddedQueue::SCHEMA).unwrap();
    let queue = || EmbeddedQueue::new(db.clone(), "q", Arc::new(Stopped));
    let receivers: Vec<_> = (0..3)
        .map(|_| queue())
        .map(|q| tokio::spawn(async move { q.receive(1, HOUR, HOUR).await.unwrap() }))
        .collect();
    tokio::task::yield_now().await;
    for body in ["a", "b", "c"] {
        queue().send(body).await.unwrap();
    }
    let all = async {
        let mut bodies = Vec::new();
        for receiver in receivers {
            bodies.extend(receiver.await.unwrap().into_iter().map(|d| d.body));
        }
        bodies.sort();
        bodies
    };
    assert_eq!(tokio::time::timeout(Duration::from_secs(20), all).await.unwrap(), ["a", "b", "c"]);
}

#[tokio::test]
async fn a_message_that_a_wrong_clock_hid_comes_back() {
    const SHORT: Duration = Duration::from_secs(60);
    let db = Db::in_memory(EmbeddedQueue::SCHEMA).unwrap();
    let ahead = Arc::new(ManualClock::default());
    ahead.advance(5 * HOUR);
    let queue = |clock: &Arc<ManualClock>| EmbeddedQueue::new(db.clone(), "q", Arc::clone(clock) as _);
    let (wrong, right) = (queue(&ahead), queue(&Arc::new(ManualClock::default())));
    for body in ["taken", "right"] {
        right.send(body).await.unwrap();
    }
    let hidden = wrong.receive(1, Duration::ZERO, SHORT).await.unwrap().remove(0);
    assert_eq!(right.receive(1, Duration::ZERO, SHORT).await.unwrap()[0].body, "right");
    wrong.send("sent").await.unwrap();
    assert_eq!(right.receive(10, Duration::ZERO, SHORT).await.unwrap(), []);
    assert_eq!(right.release_put_off(SHORT).await.unwrap(), 2, "what a right clock hides stays hidden");
    let held = wrong.acknowledge(std::slice::from_ref(&hidden.handle)).await.unwrap();
    assert_eq!(held, [ports::queue::StillHeld::Yes], "the worker that has it may finish it");
    let back = right.receive(10, Duration::ZERO, SHORT).await.unwrap();
    assert_eq!(back.iter().map(|delivery| delivery.body.as_str()).collect::<Vec<_>>(), ["sent"]);
    assert_eq!(right.release_put_off(SHORT).await.unwrap(), 0);
}
