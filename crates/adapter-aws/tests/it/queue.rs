use std::sync::Arc;
use std::time::Duration;

use adapter_aws::provision;
use adapter_aws::sqs::SqsQueue;
use port_tests::queue::suite;
use ports::EventQueue;
use ports::queue::StillHeld;

use crate::world::{aws, pass, queue, unique};

const NOW: Duration = Duration::ZERO;
const WAIT: Duration = Duration::from_secs(5);
const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test(flavor = "multi_thread")]
async fn suite_on_sqs() {
    let aws = aws().await;
    suite(async || Arc::new(queue(&aws).await) as _, &pass).await;
}

#[tokio::test]
async fn handles_go_by_tens() {
    let aws = aws().await;
    let queue = queue(&aws).await;
    queue.check().await.unwrap();
    let mut handles = Vec::new();
    for i in 0..25 {
        queue.send(&i.to_string()).await.unwrap();
    }
    while handles.len() < 25 {
        let got = queue.receive(100, WAIT, HOUR).await.unwrap();
        assert!((1..=10).contains(&got.len()));
        handles.extend(got.into_iter().map(|d| d.handle));
    }
    let before = aws.requests();
    assert_eq!(queue.extend(&handles, HOUR).await.unwrap(), [StillHeld::Yes; 25]);
    assert_eq!(queue.acknowledge(&handles).await.unwrap(), [StillHeld::Yes; 25]);
    assert_eq!(aws.requests() - before, 6);
}

/// Sends messages and gives each up.
async fn dead(queue: &SqsQueue, bodies: impl Iterator<Item = String>) {
    for body in bodies {
        queue.send(&body).await.unwrap();
        let delivery = queue.receive(1, WAIT, HOUR).await.unwrap().remove(0);
        assert_eq!(queue.dead_letter(&delivery, "why", "suite").await.unwrap(), StillHeld::Yes);
    }
}

#[tokio::test]
async fn only_the_chosen_dead_letters_are_redriven() {
    let aws = aws().await;
    let queue = queue(&aws).await;
    dead(&queue, (0..23).map(|i| format!("dead letter {i}"))).await;
    let dead_letters = queue.dead_letters(100).await.unwrap();
    assert_eq!(dead_letters.len(), 23);
    let (wanted, others) = dead_letters.split_at(12);
    let mut ids: Vec<_> = wanted.iter().map(|l| l.message_id.clone()).collect();
    ids.push("unknown".to_owned());

    let mut redriven = queue.redrive(&ids).await.unwrap();
    redriven.sort();
    ids.pop();
    ids.sort();
    assert_eq!(redriven, ids);
    assert_eq!(queue.redrive(&ids).await.unwrap(), [""; 0], "they are gone from there");
    assert_eq!(queue.redrive(&[]).await.unwrap(), [""; 0]);
    assert_eq!(queue.dead_letters(100).await.unwrap(), others);

    let mut back = Vec::new();
    loop {
        let got = queue.receive(10, Duration::from_secs(1), HOUR).await.unwrap();
        if got.is_empty() {
            break;
        }
        assert!(got.iter().all(|d| d.receive_count == 1), "as new messages");
        back.extend(got.into_iter().map(|d| d.body));
    }
    let mut expected: Vec<_> = wanted.iter().map(|l| l.body.clone()).collect();
    back.sort();
    expected.sort();
    assert_eq!(back, expected);
}

#[tokio::test]
async fn what_sqs_moves_by_itself_can_be_seen_and_redriven() {
    let aws = aws().await;
    let urls = provision::queue(&aws, &unique("queue"), 1, Duration::from_secs(60)).await.unwrap();
    let queue = SqsQueue::new(&aws, urls.main, urls.dead);
    queue.send("x").await.unwrap();
    let delivery = queue.receive(1, WAIT, HOUR).await.unwrap().remove(0);
    queue.release(&[delivery.handle], NOW).await.unwrap();
    assert_eq!(queue.receive(1, Duration::from_secs(1), HOUR).await.unwrap(), []);
    let dead_letters = queue.dead_letters(10).await.unwrap();
    assert_eq!((dead_letters[0].body.as_str(), dead_letters[0].service.as_str()), ("x", "sqs"));
    assert!(dead_letters[0].reason.contains("redrive policy"), "{}", dead_letters[0].reason);
    let ids = [dead_letters[0].message_id.clone()];
    assert_eq!(queue.redrive(&ids).await.unwrap(), ids);
    assert_eq!(queue.receive(1, WAIT, HOUR).await.unwrap()[0].body, "x");
}

#[tokio::test]
async fn a_queue_that_the_operator_made_otherwise_is_left_as_it_is() {
    let aws = aws().await;
    let name = unique("queue");
    let urls = provision::queue(&aws, &name, 1, Duration::from_secs(60)).await.unwrap();
    assert_eq!(provision::queue(&aws, &name, 100, Duration::from_secs(60)).await.unwrap(), urls);
    let queue = SqsQueue::new(&aws, urls.main, urls.dead);
    queue.send("x").await.unwrap();
    let delivery = queue.receive(1, WAIT, HOUR).await.unwrap().remove(0);
    queue.release(&[delivery.handle], NOW).await.unwrap();
    assert_eq!(
        queue.receive(1, Duration::from_secs(1), HOUR).await.unwrap(),
        [],
        "still once, not 100 times"
    );
}

#[tokio::test]
async fn a_receiver_that_leaves_takes_no_message_with_it() {
    let aws = aws().await;
    let queue = queue(&aws).await;
    let waiting = tokio::spawn({
        let queue = queue.clone();
        async move { queue.receive(1, Duration::from_secs(20), HOUR).await }
    });
    let before = aws.requests();
    while aws.requests() == before {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    waiting.abort();
    assert!(waiting.await.is_err());
    // The connection ends a moment after its request was given up.
    tokio::time::sleep(Duration::from_millis(300)).await;
    queue.send("x").await.unwrap();
    assert_eq!(queue.receive(1, WAIT, HOUR).await.unwrap()[0].body, "x");
}
