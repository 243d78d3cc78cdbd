//! What every queue does.

#![expect(clippy::unwrap_used, reason = "a suite fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use ports::EventQueue;
use ports::queue::{Delivery, Depth, Handle, StillHeld};

use crate::clock::Pass;

type Queue = Arc<dyn EventQueue>;

const NOW: Duration = Duration::ZERO;
const SHORT: Duration = Duration::from_secs(2);
const LONG: Duration = Duration::from_secs(3600);

/// Real queues may need a moment before they give what was sent.
const WAIT: Duration = Duration::from_secs(2);

/// Checks a queue. `make` makes a fresh, empty one; `pass` lets time pass for it.
///
/// # Panics
/// When the queue does not do what the port says.
pub async fn suite(make: impl AsyncFn() -> Queue, pass: Pass<'_>) {
    what_is_sent_comes_once(make().await).await;
    no_more_than_asked_for(make().await).await;
    nothing_asked_nothing_done(make().await).await;
    it_comes_again_when_visibility_runs_out(make().await, pass).await;
    a_late_consumer_may_finish_until_another_has_it(make().await, pass).await;
    a_stale_handle_changes_nothing(make().await, pass).await;
    what_is_extended_stays_hidden(make().await, pass).await;
    what_is_released_comes_after_its_delay(make().await, pass).await;
    consumers_at_once_never_share(make().await).await;
    a_dead_letter_keeps_its_reason(make().await, pass).await;
    a_dead_letter_comes_back_as_a_new_message(make().await).await;
    a_discarded_dead_letter_is_gone_and_no_other(make().await).await;
    depth_counts_each_kind(make().await, pass).await;
    a_waiting_receiver_is_woken(make().await).await;
}

async fn send(queue: &Queue, bodies: &[&str]) {
    for body in bodies {
        queue.send(body).await.unwrap();
    }
}

async fn receive(queue: &Queue, visibility: Duration) -> Vec<Delivery> {
    queue.receive(10, WAIT, visibility).await.unwrap()
}

async fn one(queue: &Queue, visibility: Duration) -> Delivery {
    let mut got = queue.receive(1, WAIT, visibility).await.unwrap();
    assert_eq!(got.len(), 1);
    got.remove(0)
}

async fn assert_nothing(queue: &Queue) {
    assert_eq!(queue.receive(10, NOW, LONG).await.unwrap(), []);
}

/// Receives until `count` messages are in flight.
async fn collect(queue: &Queue, count: usize) -> Vec<Delivery> {
    let mut all = Vec::new();
    for _ in 0..count + 10 {
        all.extend(receive(queue, LONG).await);
        if all.len() >= count {
            break;
        }
    }
    all
}

async fn acknowledge(queue: &Queue, delivery: &Delivery) -> StillHeld {
    queue.acknowledge(std::slice::from_ref(&delivery.handle)).await.unwrap()[0]
}

/// Looks until the depth is as expected: production queues estimate it.
async fn assert_depth(queue: &Queue, visible: u64, hidden: u64, dead: u64) -> Depth {
    let mut depth = Depth::default();
    for _ in 0..120 {
        depth = queue.depth().await.unwrap();
        if (depth.visible, depth.hidden, depth.dead) == (visible, hidden, dead) {
            return depth;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    panic!("expected {visible} visible, {hidden} hidden, {dead} dead: {depth:?}");
}

async fn what_is_sent_comes_once(queue: Queue) {
    let bodies = ["one", " ", "{\"key\":\"für 漢字 \u{1f680}\\n\"}", "'; DROP TABLE messages; --", "one"];
    send(&queue, &bodies).await;
    let got = collect(&queue, 5).await;
    assert_eq!(got.iter().map(|d| d.body.as_str()).collect::<Vec<_>>(), bodies, "in the order sent");
    assert!(got.iter().all(|d| d.receive_count == 1));
    assert!(got.is_sorted_by_key(|d| d.sent_at));
    assert_eq!(got.iter().map(|d| &d.message_id).collect::<BTreeSet<_>>().len(), 5);
    assert_nothing(&queue).await;
    let handles: Vec<_> = got.into_iter().map(|d| d.handle).collect();
    assert_eq!(queue.acknowledge(&handles).await.unwrap(), [StillHeld::Yes; 5]);
    // Some queues do not know that it was acknowledged before; it must only do no harm.
    assert_eq!(queue.acknowledge(&handles).await.unwrap().len(), 5);
    assert_depth(&queue, 0, 0, 0).await;
}

async fn no_more_than_asked_for(queue: Queue) {
    send(&queue, &["1", "2", "3", "4"]).await;
    let mut seen = BTreeSet::new();
    for max in [3, 1, 2] {
        let got = queue.receive(max, NOW, LONG).await.unwrap();
        assert!(got.len() <= max);
        seen.extend(got.into_iter().map(|d| d.body));
    }
    seen.extend(collect(&queue, 4 - seen.len()).await.into_iter().map(|d| d.body));
    assert_eq!(seen.len(), 4);
}

async fn nothing_asked_nothing_done(queue: Queue) {
    assert_nothing(&queue).await;
    send(&queue, &["x"]).await;
    assert_eq!(queue.receive(0, NOW, LONG).await.unwrap(), []);
    assert_eq!(queue.acknowledge(&[]).await.unwrap(), []);
    assert_eq!(queue.extend(&[], LONG).await.unwrap(), []);
    assert_eq!(queue.release(&[], NOW).await.unwrap(), []);
    assert_eq!(queue.dead_letters(10).await.unwrap(), []);
    assert_eq!(queue.redrive(&[]).await.unwrap(), [] as [String; 0]);
    assert_eq!(one(&queue, LONG).await.body, "x");
}

async fn it_comes_again_when_visibility_runs_out(queue: Queue, pass: Pass<'_>) {
    send(&queue, &["x"]).await;
    let first = one(&queue, SHORT).await;
    assert_nothing(&queue).await;
    pass(SHORT + SHORT).await;
    let second = one(&queue, LONG).await;
    assert_eq!((&second.message_id, &second.body), (&first.message_id, &first.body));
    assert_eq!((second.receive_count, second.sent_at), (2, first.sent_at));
    assert_ne!(second.handle, first.handle);
}

async fn a_late_consumer_may_finish_until_another_has_it(queue: Queue, pass: Pass<'_>) {
    send(&queue, &["x"]).await;
    let late = one(&queue, SHORT).await;
    pass(SHORT + SHORT).await;
    assert_eq!(acknowledge(&queue, &late).await, StillHeld::Yes);
    assert_nothing(&queue).await;
    assert_depth(&queue, 0, 0, 0).await;
}

async fn a_stale_handle_changes_nothing(queue: Queue, pass: Pass<'_>) {
    send(&queue, &["x"]).await;
    let stale = one(&queue, SHORT).await;
    pass(SHORT + SHORT).await;
    let current = one(&queue, LONG).await;
    let handles = std::slice::from_ref(&stale.handle);
    assert_eq!(acknowledge(&queue, &stale).await, StillHeld::No);
    assert_eq!(queue.release(handles, NOW).await.unwrap(), [StillHeld::No]);
    assert_eq!(queue.extend(handles, NOW).await.unwrap(), [StillHeld::No]);
    assert_eq!(queue.dead_letter(&stale, "late", "suite").await.unwrap(), StillHeld::No);
    assert_nothing(&queue).await;
    assert_eq!(queue.dead_letters(10).await.unwrap(), []);
    // A list is answered one by one.
    let mixed = [stale.handle, current.handle];
    assert_eq!(queue.acknowledge(&mixed).await.unwrap(), [StillHeld::No, StillHeld::Yes]);
}

async fn what_is_extended_stays_hidden(queue: Queue, pass: Pass<'_>) {
    send(&queue, &["x"]).await;
    let delivery = one(&queue, SHORT).await;
    let handles = std::slice::from_ref(&delivery.handle);
    assert_eq!(queue.extend(handles, LONG).await.unwrap(), [StillHeld::Yes]);
    pass(SHORT + SHORT).await;
    assert_nothing(&queue).await;
    // From now on, not on top of what it had.
    assert_eq!(queue.extend(handles, SHORT).await.unwrap(), [StillHeld::Yes]);
    pass(SHORT + SHORT).await;
    assert_eq!(one(&queue, LONG).await.receive_count, 2);
}

async fn what_is_released_comes_after_its_delay(queue: Queue, pass: Pass<'_>) {
    send(&queue, &["x"]).await;
    let delivery = one(&queue, LONG).await;
    assert_eq!(queue.release(&[delivery.handle], NOW).await.unwrap(), [StillHeld::Yes]);
    let delivery = one(&queue, LONG).await;
    assert_eq!(delivery.receive_count, 2);
    let delay = SHORT + SHORT;
    assert_eq!(queue.release(&[delivery.handle], delay).await.unwrap(), [StillHeld::Yes]);
    assert_nothing(&queue).await;
    pass(delay + SHORT).await;
    assert_eq!(one(&queue, LONG).await.receive_count, 3);
}

async fn consumers_at_once_never_share(queue: Queue) {
    const MESSAGES: usize = 60;
    for i in 0..MESSAGES {
        queue.send(&i.to_string()).await.unwrap();
    }
    let consumers: Vec<_> = (0..12)
        .map(|_| {
            let queue = Arc::clone(&queue);
            tokio::spawn(async move {
                let mut got = Vec::new();
                loop {
                    let more = queue.receive(3, Duration::from_secs(1), LONG).await.unwrap();
                    if more.is_empty() {
                        return got;
                    }
                    got.extend(more);
                }
            })
        })
        .collect();
    let mut times: BTreeMap<String, u32> = BTreeMap::new();
    let mut handles: Vec<Handle> = Vec::new();
    for consumer in consumers {
        for delivery in consumer.await.unwrap() {
            *times.entry(delivery.body).or_default() += 1;
            handles.push(delivery.handle);
        }
    }
    assert_eq!(times.len(), MESSAGES);
    assert!(times.values().all(|n| *n == 1), "{times:?}");
    assert_eq!(queue.acknowledge(&handles).await.unwrap(), [StillHeld::Yes; MESSAGES]);
}

async fn a_dead_letter_keeps_its_reason(queue: Queue, pass: Pass<'_>) {
    send(&queue, &["bad 漢", "worse"]).await;
    let bad = one(&queue, SHORT).await;
    let worse = one(&queue, LONG).await;
    pass(SHORT + SHORT).await;
    let bad = Delivery { message_id: bad.message_id, ..one(&queue, LONG).await };
    assert_eq!(
        queue.dead_letter(&bad, "the key is unreadable: für", "filter-svc").await.unwrap(),
        StillHeld::Yes
    );
    pass(SHORT).await;
    assert_eq!(queue.dead_letter(&worse, "refused", "reporter-svc").await.unwrap(), StillHeld::Yes);
    assert_nothing(&queue).await;
    let dead = queue.dead_letters(10).await.unwrap();
    let reasons: Vec<_> =
        dead.iter().map(|d| (d.body.as_str(), d.reason.as_str(), d.service.as_str())).collect();
    assert_eq!(
        reasons,
        [("worse", "refused", "reporter-svc"), ("bad 漢", "the key is unreadable: für", "filter-svc")],
        "the latest first"
    );
    assert_eq!(dead.iter().map(|d| d.receive_count).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(dead[1].message_id, bad.message_id);
    assert!(dead[0].at >= dead[1].at && dead[1].at >= bad.sent_at);
    assert_eq!(queue.dead_letters(1).await.unwrap(), dead[..1]);
    assert_eq!(queue.dead_letters(10).await.unwrap(), dead, "looking changes nothing");
    assert_depth(&queue, 0, 0, 2).await;
}

async fn a_dead_letter_comes_back_as_a_new_message(queue: Queue) {
    send(&queue, &["first 漢", "second", "third"]).await;
    let mut ids = BTreeMap::new();
    for delivery in collect(&queue, 3).await {
        assert_eq!(queue.dead_letter(&delivery, "why", "suite").await.unwrap(), StillHeld::Yes);
        ids.insert(delivery.body, delivery.message_id);
    }
    let asked = [ids["first 漢"].clone(), "no such message".to_owned(), ids["third"].clone()];
    let mut found = queue.redrive(&asked).await.unwrap();
    found.sort();
    let mut expected = vec![asked[0].clone(), asked[2].clone()];
    expected.sort();
    assert_eq!(found, expected);
    let back = collect(&queue, 2).await;
    let bodies: BTreeSet<_> = back.iter().map(|d| d.body.as_str()).collect();
    assert_eq!(bodies, ["first 漢", "third"].into());
    assert!(back.iter().all(|d| d.receive_count == 1), "deliveries are counted from the start: {back:?}");
    let left: Vec<_> = queue.dead_letters(10).await.unwrap().into_iter().map(|d| d.body).collect();
    assert_eq!(left, ["second"]);
    assert_eq!(queue.redrive(&expected).await.unwrap(), [] as [String; 0], "they are there no more");
    let handles: Vec<_> = back.into_iter().map(|d| d.handle).collect();
    assert_eq!(queue.acknowledge(&handles).await.unwrap(), [StillHeld::Yes; 2]);
    assert_depth(&queue, 0, 0, 1).await;
}

async fn a_discarded_dead_letter_is_gone_and_no_other(queue: Queue) {
    send(&queue, &["first", "second 漢", "third"]).await;
    let mut ids = BTreeMap::new();
    for delivery in collect(&queue, 3).await {
        assert_eq!(queue.dead_letter(&delivery, "why", "suite").await.unwrap(), StillHeld::Yes);
        ids.insert(delivery.body, delivery.message_id);
    }
    assert_eq!(queue.discard(&[]).await.unwrap(), [] as [String; 0]);
    let asked = [ids["second 漢"].clone(), "no such message".to_owned()];
    assert_eq!(queue.discard(&asked).await.unwrap(), asked[..1]);
    assert_eq!(queue.discard(&asked).await.unwrap(), [] as [String; 0], "it is there no more");
    let mut left: Vec<_> = queue.dead_letters(10).await.unwrap().into_iter().map(|d| d.body).collect();
    left.sort();
    assert_eq!(left, ["first", "third"]);
    assert_nothing(&queue).await;
    assert_depth(&queue, 0, 0, 2).await;
}

async fn depth_counts_each_kind(queue: Queue, pass: Pass<'_>) {
    let empty = assert_depth(&queue, 0, 0, 0).await;
    assert_eq!(empty.oldest_age, None);
    send(&queue, &["1", "2", "3", "4"]).await;
    let depth = assert_depth(&queue, 4, 0, 0).await;
    assert!(depth.oldest_age.is_none_or(|age| age < LONG));
    let (taken, set_aside) = (one(&queue, LONG).await, one(&queue, LONG).await);
    queue.dead_letter(&set_aside, "why", "suite").await.unwrap();
    assert_depth(&queue, 2, 1, 1).await;
    pass(SHORT).await;
    // A queue that knows an age knows that time has passed.
    let depth = assert_depth(&queue, 2, 1, 1).await;
    assert!(depth.oldest_age.is_none_or(|age| age >= SHORT));
    acknowledge(&queue, &taken).await;
    assert_depth(&queue, 2, 0, 1).await;
}

async fn a_waiting_receiver_is_woken(queue: Queue) {
    let waiting = tokio::spawn({
        let queue = Arc::clone(&queue);
        async move { queue.receive(10, Duration::from_secs(20), LONG).await.unwrap() }
    });
    tokio::task::yield_now().await;
    send(&queue, &["x"]).await;
    let mut got = waiting.await.unwrap();
    // A clock that runs ahead may have ended the waiting before the message came.
    if got.is_empty() {
        got = receive(&queue, LONG).await;
    }
    assert_eq!(got.iter().map(|d| d.body.as_str()).collect::<Vec<_>>(), ["x"]);
}
