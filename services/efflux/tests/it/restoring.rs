//! The drill of `infrastructure/runbooks/restoring.md`: its commands, as they stand there, on a data directory that is at work.

use std::fs;
use std::path::Path;
use std::process::Command;

use meta_sandbox::{Action, ErrorAnswer, Fault, Matcher};
use serde_json::Value;

use crate::disk::put;
use crate::harness::{LONGEST, Running, World, wait_until};

/// The indented lines that follow a line of the runbook which holds this text.
fn commands(after: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infrastructure/runbooks/restoring.md");
    let runbook = fs::read_to_string(path).unwrap();
    let (_, section) = runbook.split_once("## A data directory").unwrap();
    let (_, rest) = section.split_once(after).unwrap_or_else(|| panic!("the runbook has no `{after}`"));
    let is_code = |line: &&str| line.starts_with("    ");
    let code: Vec<_> = rest.lines().skip_while(|l| !is_code(l)).take_while(is_code).collect();
    assert!(!code.is_empty(), "{after}");
    code.join("\n")
}

const BACK_UP: &str = "**Back up**";
const THE_WHOLE: &str = "1. One of these. The whole";
const THE_LEDGER: &str = "The ledger alone";
const THE_QUEUES: &str = "The queues alone";
const SAY_WHAT_MAY_BE_RECEIVED: &str = "2. With the whole or the ledger";
const PUT_AGAIN: &str = "3. Start the services";

/// A data directory at work: files before and after its backup.
struct Drill {
    world: World,
    expected: u64,
    files: u64,
    running: Option<Running>,
}

impl Drill {
    fn new() -> Self {
        let waits = [("QUEUE_VISIBILITY_SECONDS", "3"), ("RETRY_FIRST_SECONDS", "1")];
        let waits = waits.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let world = World::empty(vec![Action::LatencyMs(150).always()], waits.into());
        world.add_pixels_and_campaigns();
        Self { world, expected: 0, files: 0, running: None }
    }

    fn put(&mut self, files: u64) {
        for _ in 0..files {
            self.expected += put(&self.world, self.files);
            self.files += 1;
        }
    }

    fn start(&mut self) {
        self.running = Some(self.world.start("efflux", &["run"]));
    }

    /// Runs commands of the runbook.
    fn runs(&self, after: &str) {
        let programs = Path::new(env!("CARGO_BIN_EXE_efflux")).parent().unwrap();
        let output = self
            .world
            .settled(Command::new("sh"))
            .args(["-eu", "-c", &commands(after)])
            .env("BACKUP", self.world.path("backup"))
            .env("PATH", format!("{}:/usr/bin:/bin", programs.display()))
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
        assert!(output.status.success() && text[1].is_empty(), "{after}\n{text:?}");
    }

    /// Half the files are sent, a backup is made while the rest is, more comes in, and all services stop, one way or another.
    fn until_the_loss(&mut self) {
        self.put(3);
        self.start();
        let accepted = |drill: &Self| drill.world.sandbox.stats().accepted_events();
        wait_until(LONGEST, "the first events are there", || accepted(self) > 20);
        self.runs(BACK_UP);
        let at_backup = accepted(self);
        self.put(3);
        wait_until(LONGEST, "more events than at the backup", || accepted(self) > at_backup + 100);
        self.running.take().unwrap().kill();
    }

    fn status(&self) -> Value {
        serde_json::from_str(&self.world.ok(&["status", "--json", "--files", "100"])).unwrap()
    }

    /// Each conversion is reported, each event counted once, each file reconciles.
    fn ends_well(&mut self) {
        let conversions = self.files * 100;
        wait_until(LONGEST * 2, "everything is reported", || {
            let status = self.status();
            let entries = |state: &str| status["ledger"][state].as_u64().unwrap_or(0);
            let dead = ["trigger", "report"].map(|queue| status["queues"][queue]["dead"].as_u64().unwrap());
            assert_eq!(dead, [0, 0], "{}", self.world.ok(&["dlq", "list"]));
            let waits = ["visible", "hidden"]
                .iter()
                .any(|how| ["trigger", "report"].iter().any(|queue| status["queues"][queue][how] != 0));
            let exported = status["unexported"] == 0 && status["analytics"] == conversions;
            !waits && exported && entries("reported") + entries("no_events") == conversions
        });
        assert_eq!(self.world.sandbox.stats().accepted_events(), self.expected, "different events");
        for file in self.status()["files"].as_array().unwrap() {
            let receipt = &file["receipt"];
            let outcomes = receipt["outcomes"].as_array().unwrap();
            let rows: u64 = outcomes.iter().map(|count| count["rows"].as_u64().unwrap()).sum();
            assert!(receipt["complete"] == true && receipt["rows_in"] == rows, "{file}");
        }
        assert_eq!(self.running.take().unwrap().terminate(), Some(0));
    }
}

#[test]
fn a_data_directory_is_restored_as_a_whole() {
    let mut drill = Drill::new();
    drill.until_the_loss();
    for step in [THE_WHOLE, SAY_WHAT_MAY_BE_RECEIVED] {
        drill.runs(step);
    }
    let audience = |folder: &str| fs::read(drill.world.path(folder).join("sends-to")).unwrap();
    assert_eq!(audience("backup"), audience("data"), "it may send to the same platform only");
    drill.start();
    drill.runs(PUT_AGAIN);
    drill.ends_well();
    drill.runs(SAY_WHAT_MAY_BE_RECEIVED);
}

#[test]
fn a_ledger_is_restored_alone() {
    let mut drill = Drill::new();
    drill.until_the_loss();
    for step in [THE_LEDGER, SAY_WHAT_MAY_BE_RECEIVED] {
        drill.runs(step);
    }
    drill.start();
    drill.runs(PUT_AGAIN);
    drill.ends_well();
}

#[test]
fn queues_are_restored_alone() {
    let mut drill = Drill::new();
    drill.until_the_loss();
    drill.runs(THE_QUEUES);
    drill.start();
    drill.runs(PUT_AGAIN);
    drill.ends_well();
}

/// Meta has forgotten the events that it may have received since the backup.
#[test]
fn what_is_open_in_an_old_backup_waits_for_a_person_and_old_files_are_left_out() {
    let mut drill = Drill::new();
    let pixel = samples::default_pixels().remove(0);
    let outage = Action::Error(ErrorAnswer::default());
    drill
        .world
        .sandbox
        .add_fault(Fault { matcher: Matcher { pixel: Some(pixel), ..Matcher::default() }, action: outage });
    drill.put(3);
    drill.start();
    let entries = |drill: &Drill, state: &str| drill.status()["ledger"][state].as_u64().unwrap_or(0);
    wait_until(LONGEST, "conversions of one pixel wait", || {
        entries(&drill, "retry") > 5 && entries(&drill, "reported") > 5
    });
    drill.runs(BACK_UP);
    drill.world.sandbox.clear_faults();
    drill.put(1);
    drill.ends_well();

    let old = |path: &Path| {
        let touched = Command::new("touch").args(["-d", "48 hours ago"]).arg(path).status().unwrap();
        assert!(touched.success());
    };
    old(&drill.world.path("backup/began"));
    each_file(&drill.world.path("data/objects"), &old);
    for step in [THE_LEDGER, SAY_WHAT_MAY_BE_RECEIVED] {
        drill.runs(step);
    }
    let open = || entries(&drill, "in_flight") + entries(&drill, "retry");
    let waiting = open();
    assert!(waiting > 5, "the backup has open conversions");
    let arrived = || {
        let stats = drill.world.sandbox.stats();
        stats.accepted_events() + stats.repeated_events()
    };
    let before = arrived();
    let running = drill.world.start("efflux", &["run"]);
    drill.runs(PUT_AGAIN);
    wait_until(LONGEST, "what was open waits for a person", || {
        let first = drill.status()["for_a_person"][0].clone();
        open() == 0 && first["reason"] == "unknown_outcome" && first["conversions"] == waiting
    });
    assert_eq!(arrived(), before, "nothing is sent");
    assert_eq!(running.terminate(), Some(0));
}

fn each_file(folder: &Path, act: &impl Fn(&Path)) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            each_file(&entry.path(), act);
        } else {
            act(&entry.path());
        }
    }
}
