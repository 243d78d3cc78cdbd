//! One step of a run: a command or a check, and what it must wait for.

use std::process::Command;

use anyhow::Result;

use super::log::Log;
use super::part::Part;
use crate::process::run;

/// What a step does.
pub(super) type Work<'a> = Box<dyn FnOnce(&mut Log<'_>) -> Result<()> + Send + 'a>;

/// What one step at a time may use. Others wait for it, in the order in which they are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lock {
    /// Cargo's target folder.
    Target,
    /// The cores, for a whole system in containers: two at once would be too much for the deadlines of other tests.
    System,
}

/// A step of a run.
pub(super) struct Step<'a> {
    pub(super) name: &'static str,
    pub(super) part: Part,
    /// Steps that must have succeeded before.
    pub(super) after: Vec<&'static str>,
    /// Held while it runs.
    pub(super) locks: Option<Lock>,
    /// Whether its output is shown as it comes; otherwise it is shown only if the step fails.
    pub(super) live: bool,
    /// Whether its output is about tests.
    pub(super) has_tests: bool,
    pub(super) work: Work<'a>,
}

impl<'a> Step<'a> {
    /// A step that prints for those alone who look for the cause of its failure.
    pub(super) fn new(
        name: &'static str,
        part: Part,
        work: impl FnOnce(&mut Log<'_>) -> Result<()> + Send + 'a,
    ) -> Self {
        Self {
            name,
            part,
            after: Vec::new(),
            locks: None,
            live: false,
            has_tests: false,
            work: Box::new(work),
        }
    }

    /// A step that is one command.
    pub(super) fn command(name: &'static str, part: Part, command: Command) -> Self {
        Self::new(name, part, move |log| run(command, log))
    }

    pub(super) fn after(mut self, steps: impl IntoIterator<Item = &'static str>) -> Self {
        self.after.extend(steps);
        self
    }

    pub(super) fn locks(mut self, lock: Lock) -> Self {
        self.locks = Some(lock);
        self
    }

    pub(super) fn tests(mut self) -> Self {
        self.has_tests = true;
        self.live()
    }

    pub(super) fn live(mut self) -> Self {
        self.live = true;
        self
    }
}
