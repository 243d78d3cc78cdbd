//! The operator is notified of each change once, by a webhook over real HTTP.

use meta_sandbox::Action;
use port_tests::webhook::{Received, WebhookReceiver};
use samples::{SampleNetwork, default_pixels};

use crate::harness::{LONGEST, World, spec, wait_until};

const SECRET: &str = "secret-of-the-signature";

/// A receiver, and the runtime that it lives on.
pub(crate) fn receiver(statuses: &[u16]) -> (WebhookReceiver, tokio::runtime::Runtime) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let receiver = runtime.block_on(WebhookReceiver::start(statuses));
    (receiver, runtime)
}

fn about(received: &[Received], kind: &str) -> Vec<String> {
    let of_kind = received.iter().map(Received::json).filter(|notice| notice["kind"] == kind);
    of_kind.map(|notice| notice["state"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_refused_token_a_refused_file_and_a_dead_letter_are_one_notice_each() {
    let world = World::new();
    let (receiver, _runtime) = receiver(&[503]);
    let url = receiver.url();
    let settings = [
        ("NOTIFY_URL", url.as_str()),
        ("NOTIFY_SECRET", SECRET),
        ("CONSOLE_URL", "https://console.example.com/"),
        ("PARKED_PROBE_SECONDS", "1"),
        ("LOG_LEVEL", "trace"),
    ];
    let pixel = default_pixels()[0].clone();
    world.sandbox.set_tokens(&pixel, &["another-token"]);
    let running = world.start_with("efflux", &["run"], &settings);

    let ingest = |name: &str, seed| {
        let file = world.sample(name, &spec(SampleNetwork::Tonic, 60, seed));
        world.ok(&["ingest", file.to_str().unwrap()]);
    };
    ingest("first.json", 1);
    let bad = world.file("odd.bad", r#"[{"session_id":"session-of-a-visitor"},{"session"#);
    world.ok(&["ingest", "--network", "tonic", "--force", bad.to_str().unwrap()]);
    let sample = std::fs::read_to_string(world.sample("x.json", &spec(SampleNetwork::Sedo, 30, 4))).unwrap();
    let renamed = world.file("renamed.json", sample.replace("\"revenue\"", "\"Revenue\""));
    world.ok(&["ingest", renamed.to_str().unwrap()]);
    // The first attempt at one of them fails, and is made again.
    wait_until(LONGEST, "four notices", || receiver.received().len() >= 5);
    // Requests go on being refused, which changes nothing. Then a token works.
    let refused = || world.ok(&["status", "--json"]).contains("no_working_credential");
    wait_until(LONGEST, "conversions wait", refused);
    ingest("second.json", 2);
    let tokens = world.file("new.txt", "another-token\n");
    world.ok(&["pixels", "add", &pixel, "--tokens", tokens.to_str().unwrap()]);
    wait_until(LONGEST, "a notice that the pixel works", || receiver.received().len() >= 6);
    assert_eq!(running.terminate(), Some(0));

    let received = receiver.received();
    let taken = &received[1..];
    assert_eq!(about(taken, "pixel"), ["credentials_refused", "well"], "{taken:?}");
    let mut files = about(taken, "file");
    files.sort();
    assert_eq!(files, ["refused", "suspicious"], "{taken:?}");
    assert_eq!(about(taken, "dead_letter"), ["dead_letter"], "{taken:?}");
    assert_eq!(taken.len(), 5, "{taken:?}");
    let log = std::fs::read_to_string(world.path("efflux.log")).unwrap();
    for request in &received {
        assert!(request.is_signed_with(SECRET), "{}", request.head);
        assert_eq!(request.json()["console"], "https://console.example.com/");
        for hidden in ["another-token", "token-of-the-test", "session-of-a-visitor", SECRET] {
            assert!(!request.body.contains(hidden), "{hidden}: {}", request.body);
        }
    }
    for hidden in ["secret-of-the-path", "secret-of-the-query", SECRET] {
        assert!(!log.contains(hidden), "the log shows {hidden}");
    }
}

#[test]
fn the_operator_can_try_the_webhook() {
    let world = World::empty(Vec::new(), Vec::new());
    let (receiver, _runtime) = receiver(&[200, 404]);
    let notify = |url: &str| {
        let output =
            world.command("efflux").args(["notify", "test"]).env("NOTIFY_URL", url).output().unwrap();
        let printed = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), printed + &String::from_utf8_lossy(&output.stdout))
    };
    let (code, printed) = notify(&receiver.url());
    assert!(code == Some(0) && printed.contains("unsigned"), "{printed}");
    assert_eq!(receiver.received()[0].json()["kind"], "test");
    let (code, printed) = notify(&receiver.url());
    assert!(code == Some(1) && printed.contains("status 404") && !printed.contains("secret-of"), "{printed}");
    let (code, printed) = notify("");
    assert!(code == Some(64) && printed.contains("NOTIFY_URL is not set"), "{printed}");
    let (code, printed) = notify("https://me:hunter2@hooks.example.com/x");
    assert!(code == Some(64) && !printed.contains("hunter2"), "{printed}");
}

/// Meta's outage is announced once it has lasted for twenty seconds, and its end.
#[test]
fn an_outage_of_the_platform_and_its_end_are_one_notice_each() {
    let world = World::empty(Vec::new(), vec![("RETRY_FIRST_SECONDS".to_owned(), "1".to_owned())]);
    world.add_pixels_and_campaigns();
    let (receiver, _runtime) = receiver(&[]);
    let url = receiver.url();
    world.sandbox.add_fault(Action::ResetBeforeAccepting.always());
    let running = world.start_with("efflux", &["run"], &[("NOTIFY_URL", url.as_str())]);
    let file = world.sample("a.json", &spec(SampleNetwork::Tonic, 60, 1));
    world.ok(&["ingest", file.to_str().unwrap()]);
    wait_until(LONGEST, "a notice of the outage", || !receiver.received().is_empty());
    let first = receiver.received()[0].json();
    assert_eq!(
        (&first["kind"], &first["name"], &first["state"]),
        (&"destination".into(), &"meta".into(), &"unavailable".into())
    );
    world.sandbox.clear_faults();
    wait_until(LONGEST, "a notice of its end", || receiver.received().len() >= 2);
    assert_eq!(running.terminate(), Some(0));
    assert_eq!(about(&receiver.received(), "destination"), ["unavailable", "well"]);
}
