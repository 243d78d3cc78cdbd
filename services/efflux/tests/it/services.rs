//! The three services on one data directory work as one process does.

use samples::SampleNetwork;

use crate::harness::{LONGEST, World, events, rows, spec, wait_until};

#[test]
fn filter_two_reporters_and_the_optimizer_work_side_by_side() {
    let world = World::patient();
    let running: Vec<_> =
        ["filter-svc", "reporter-svc", "reporter-svc", "optimizer-svc"].map(|s| world.start(s, &[])).into();
    let files: Vec<_> = (0..6_u64)
        .map(|i| {
            world.sample(&format!("{i}.json"), &spec(SampleNetwork::ALL[(i % 4) as usize], 200, 200 + i))
        })
        .collect();
    let paths: Vec<_> = files.iter().map(std::path::PathBuf::as_path).collect();
    let (code, receipts) = world.ingest(&paths);
    assert_eq!(code, 0, "{receipts:?}");
    assert_eq!(rows(&receipts, "reported") + rows(&receipts, "no_events"), 1_200);
    assert_eq!(world.events_exactly_once(), events(&receipts));
    for process in running {
        assert_eq!(process.terminate(), Some(0));
    }
}

#[test]
fn the_optimizer_can_run_once() {
    let world = World::new();
    let output = world.command("optimizer-svc").arg("--once").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn wrong_configuration_is_named_and_exits_64() {
    let world = World::new();
    for service in ["filter-svc", "reporter-svc", "optimizer-svc"] {
        let output = world.command(service).env("ENVIRONMENT_LOCATION", "aws").output().unwrap();
        assert_eq!(output.status.code(), Some(64), "{service}");
        let output = world.command(service).env("PORT", "many").output().unwrap();
        assert_eq!(output.status.code(), Some(64), "{service}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("PORT"));
        let output = world.command(service).arg("--help").output().unwrap();
        assert!(
            output.status.success() && String::from_utf8_lossy(&output.stdout).contains("EFFLUX_DATA_DIR")
        );
    }
}

#[test]
fn the_health_check_asks_the_service_of_the_same_settings() {
    let world = World::new();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let ask = |binary: &str| {
        let output = world.command(binary).env("PORT", &port).arg("--healthcheck").output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, error) = ask("filter-svc");
    assert!(code == Some(1) && error.contains(&port), "{code:?}: {error}");
    let running = world.start_with("filter-svc", &[], &[("PORT", &port)]);
    wait_until(LONGEST, "it answers", || ask("filter-svc").0 == Some(0));
    assert_eq!(ask("efflux"), (Some(0), String::new()));
    assert_eq!(running.terminate(), Some(0));
    assert_eq!(ask("filter-svc").0, Some(1));
}
