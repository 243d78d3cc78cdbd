//! Files that are read, and look wrong as a whole.

use std::time::Duration;

use samples::SampleNetwork;

use crate::harness::{World, spec, wait_until};

/// The longest wait for a step that takes a moment.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn a_file_of_which_every_row_is_invalid_is_said_to_look_wrong() {
    let world = World::new();
    let _running = world.start("efflux", &["run"]);
    let good = std::fs::read_to_string(world.sample("x.json", &spec(SampleNetwork::Sedo, 30, 3))).unwrap();
    let mut rows: Vec<serde_json::Value> = serde_json::from_str(&good).unwrap();
    for row in &mut rows {
        row["pixel_id"] = "4711".into();
    }
    let file = world.file("unknown.json", serde_json::to_string(&rows).unwrap());
    let (code, receipts) = world.ingest(&[&file]);
    let said = ["every row that was passed on is invalid"].map(serde_json::Value::from);
    assert_eq!((code, receipts[0]["suspicious"].as_array().unwrap().as_slice()), (1, &said[..]));
    assert_eq!((&receipts[0]["balances"], &receipts[0]["open"]), (&true.into(), &0.into()));
    wait_until(PATIENCE, "the log says so", || {
        let log = std::fs::read_to_string(world.path("efflux.log")).unwrap();
        log.contains("every row of the file is invalid")
    });
    let (code, _) = world.ingest(&[&world.file("good.json", good)]);
    assert_eq!(code, 0);
}
