//! What can never be processed becomes a dead letter at once, with a reason that names what and where.

use domain::ObjectRef;
use pipeline::worker::Handled;

use crate::world::{BUCKET, World};

fn reason(handled: Handled) -> String {
    match handled {
        Handled::DeadLetter { reason } => reason,
        other => panic!("not given up: {other:?}"),
    }
}

#[tokio::test]
async fn a_missing_object_is_named() {
    let world = World::new().await;
    let object = ObjectRef::new(BUCKET, "filtered-conversions/tonic/job/acc/2025-11-22/8/gone.json");
    let reason = reason(world.handle(&object).await);
    assert!(reason.contains("gone.json: the object does not exist"), "{reason}");
}

#[tokio::test]
async fn a_key_with_too_few_segments_is_named() {
    let world = World::new().await;
    let reason = reason(world.handle(&ObjectRef::new(BUCKET, "test-conversions/tonic/acc/x.json")).await);
    assert!(reason.contains("test-conversions/tonic/acc/x.json: the key has 4 segments"), "{reason}");
}

#[tokio::test]
async fn a_message_that_is_not_a_notification_is_dead_lettered() {
    let world = World::new().await;
    assert!(reason(world.handle_body("hello").await).contains("not an object notification: not JSON"));
    assert_eq!(world.handle_body(r#"{"Event":"s3:TestEvent"}"#).await, Handled::Done);
}

#[tokio::test]
async fn half_a_file_is_not_reported() {
    let world = World::new().await;
    let mut rows = world.rows(30, 1, &["1"]);
    rows.push("{\"session_id\":".to_owned());
    let object = world.put("half", &rows).await;
    assert!(reason(world.handle(&object).await).contains("not valid JSON at byte"));
    world.lanes.drain().await;
    world.sandbox_has(0);
}
