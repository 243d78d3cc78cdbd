//! `docs/first-day.md`: its commands, as they stand there, print what it shows.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use regex::Regex;

use crate::harness::{LONGEST, Running, World, wait_until};
use crate::wire::{free_port, get};

/// Stands for any lines.
const LEFT_OUT: &str = "…";

/// A command of the page, and what it prints there.
struct Step {
    command: String,
    shown: Vec<String>,
}

/// The steps of all blocks that begin with this.
fn steps(page: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let blocks = page.split("```console\n").skip(1).map(|rest| rest.split_once("\n```").unwrap().0);
    for line in blocks.flat_map(str::lines) {
        match line.strip_prefix("$ ") {
            Some(command) => steps.push(Step { command: command.to_owned(), shown: Vec::new() }),
            None => steps.last_mut().expect("a command comes first").shown.push(line.trim_end().to_owned()),
        }
    }
    steps
}

/// Replaces what differs from run to run by something as long.
struct Constant(Vec<(Regex, &'static str)>);

impl Constant {
    fn new() -> Self {
        let pairs = [
            (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", "2026-01-01T00:00:00.000Z"),
            (r"/\d{4}-\d\d-\d\d/\d{1,2}/", "/2026-01-01/0/"),
            (r"-[0-9a-f]{8}\.json", "-00000000.json"),
            (r"\bA[0-9a-f]{22}\b", "A0000000000000000000000"),
        ];
        Self(pairs.map(|(pattern, constant)| (Regex::new(pattern).unwrap(), constant)).into())
    }

    fn of(&self, line: &str) -> String {
        let replace = |line: String, (pattern, constant): &(Regex, &'static str)| {
            pattern.replace_all(&line, *constant).into_owned()
        };
        self.0.iter().fold(line.trim_end().to_owned(), replace)
    }
}

/// Whether lines are as they were shown, where some may have been left out.
fn matches(shown: &[String], printed: &[String]) -> bool {
    match shown.split_first() {
        None => printed.is_empty(),
        Some((first, rest)) if first == LEFT_OUT => {
            (0..=printed.len()).any(|skipped| matches(rest, &printed[skipped..]))
        }
        Some((first, rest)) => printed.first() == Some(first) && matches(rest, &printed[1..]),
    }
}

/// The reader's shell.
struct Shell {
    world: World,
    settings: BTreeMap<String, String>,
    running: Option<Running>,
    sandbox: u16,
}

impl Shell {
    fn new() -> Self {
        let world = World::empty(Vec::new(), Vec::new());
        Self { world, settings: BTreeMap::new(), running: None, sandbox: free_port() }
    }

    /// What the reader's shell remembers. Another test may have the port, so here it is another one.
    fn export(&mut self, assignments: &str) {
        for assignment in assignments.split(' ') {
            let (name, value) = assignment.split_once('=').unwrap();
            let value = value.replace(":8787", &format!(":{}", self.sandbox));
            self.settings.insert(name.to_owned(), value);
        }
    }

    fn command(&self, line: &str) -> Command {
        let programs = Path::new(env!("CARGO_BIN_EXE_efflux")).parent().unwrap();
        let mut command = self.world.settled(Command::new("sh"));
        command
            .args(["-c", line])
            .envs(&self.settings)
            .env("PATH", format!("{}:/usr/bin:/bin", programs.display()))
            .current_dir(self.world.path("."));
        command
    }

    /// All that a command prints.
    fn prints(&self, line: &str) -> String {
        let output = self.command(&format!("exec 2>&1; {line}")).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    fn start(&mut self, line: &str) {
        // It becomes the program itself, so that it ends with the test.
        let command = self.command(&format!("exec {line}")).stdout(Stdio::null()).spawn().unwrap();
        self.running = Some(Running::of(command));
        wait_until(LONGEST, "the sandbox is there", || get(self.sandbox, "/_sandbox/health").0 == 200);
    }

    /// Runs a step. What only looks is repeated until it shows what the page shows: analytics and other work take seconds.
    fn takes(&mut self, step: &Step, constant: &Constant) {
        let line = step.command.as_str();
        if let Some(assignments) = line.strip_prefix("export ") {
            return self.export(assignments);
        }
        if let Some(line) = line.strip_suffix(" &") {
            return self.start(line);
        }
        let shown: Vec<_> = step.shown.iter().map(|line| constant.of(line)).collect();
        let is_looking = ["status", "explain", "report", "meta check"];
        let is_looking =
            is_looking.iter().any(|what| line.starts_with(&format!("efflux {what}"))) && !line.contains('>');
        let mut text = self.prints(line);
        let agrees =
            |text: &str| matches(&shown, &text.lines().map(|line| constant.of(line)).collect::<Vec<_>>());
        if is_looking && !agrees(&text) {
            let mut polls = 0;
            wait_until(LONGEST, line, || {
                text = self.prints(line);
                polls += 1;
                // The last text is worth more than the time that has passed.
                agrees(&text) || polls > 150
            });
        }
        assert!(
            agrees(&text),
            "docs/first-day.md: `{line}` shows\n{}\nand prints\n{text}",
            step.shown.join("\n")
        );
    }
}

#[test]
fn the_commands_of_the_first_day_print_what_the_page_shows() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/first-day.md");
    let steps = steps(&fs::read_to_string(page).unwrap());
    assert!(steps.len() > 12, "{}", steps.len());
    let (mut shell, constant) = (Shell::new(), Constant::new());
    for step in &steps {
        shell.takes(step, &constant);
    }
    assert_eq!(shell.running.take().unwrap().terminate(), Some(0));
}
