//! Has a message handled by a process of its own, which runs [`one_message`](crate::one_message).
//!
//! What ends a process without a word, such as a lack of memory, is blamed on the message only when it ended a process that had
//! nothing else to do, before the eyes of the process that had started it.

mod ending;
pub(crate) mod wire;

use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use pipeline::worker::{Handled, NoResult, OwnProcess};
use ports::queue::Delivery;
use settings::{Service, Settings};
use tokio_util::sync::CancellationToken;

use wire::Question;

/// The argument that makes any of the programs handle one message; the name of the service follows.
pub(crate) const ARGUMENT: &str = "--one-message";

/// The longest text that a child writes.
const LONGEST_ANSWER: u64 = 1024 * 1024;

/// Starts a process of the same program with the same settings for each message.
#[derive(Debug)]
pub(crate) struct OwnProcesses {
    service: Service,
    settings: Settings,
}

impl OwnProcesses {
    /// Processes that handle messages of a service's queue.
    pub(crate) fn new(service: Service, settings: &Settings) -> Self {
        Self { service, settings: settings.clone() }
    }

    fn start(&self) -> io::Result<Child> {
        let mut command = Command::new(own_program()?);
        command
            .arg0(self.service.name())
            .args([ARGUMENT, self.service.name()])
            .env_clear()
            .envs(self.settings.environment.pairs())
            // The sandboxes in this process listen where no variable says so.
            .env("META_GRAPH_URL", self.settings.destinations.meta.graph_url.as_str())
            .env("TIKTOK_URL", self.settings.destinations.tiktok.url.as_str())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        command.spawn()
    }
}

#[async_trait]
impl OwnProcess for OwnProcesses {
    async fn handle(&self, delivery: &Delivery, stop: &CancellationToken) -> Result<Handled, NoResult> {
        let not_begun = |why: String| NoResult::NotBegun(format!("no process for one message: {why}"));
        // Numbers and texts always serialise.
        let question = serde_json::to_vec(&Question::from(delivery)).unwrap_or_default();
        let child = Arc::new(Shared(Mutex::new(self.start().map_err(|e| not_begun(e.to_string()))?)));
        // Dropped when the whole process stops at once.
        let killer = Killer(Arc::clone(&child));
        let (talking, span) = (Arc::clone(&child), tracing::Span::current());
        let mut talk = tokio::task::spawn_blocking(move || span.in_scope(|| talk(&talking, &question)));
        let ended = tokio::select! {
            biased;
            ended = &mut talk => ended,
            () = stop.cancelled() => {
                child.close_input();
                talk.await
            }
        };
        drop(killer);
        match ended {
            Ok(Ok((written, status))) => ending::result(&written, status),
            Ok(Err(error)) => Err(not_begun(error.to_string())),
            Err(error) => Err(not_begun(error.to_string())),
        }
    }
}

/// Asks, and waits for the answer and the end. Blocks.
fn talk(child: &Shared, question: &[u8]) -> io::Result<(String, ExitStatus)> {
    let (input, output) = {
        let mut child = child.lock();
        (child.stdin.take(), child.stdout.take())
    };
    let (Some(mut input), Some(output)) = (input, output) else {
        return Err(io::ErrorKind::BrokenPipe.into());
    };
    // A child that died at once reads nothing; how it ended says more.
    drop(input.write_all(question).and_then(|()| input.write_all(b"\n")));
    // Its end asks the child to stop.
    child.lock().stdin = Some(input);
    let mut written = Vec::new();
    output.take(LONGEST_ANSWER).read_to_end(&mut written)?;
    let status = child.lock().wait()?;
    Ok((String::from_utf8_lossy(&written).into_owned(), status))
}

/// A child, between the thread that waits for it and the task that may stop it.
#[derive(Debug)]
struct Shared(Mutex<Child>);

impl Shared {
    fn close_input(&self) {
        drop(self.lock().stdin.take());
    }

    fn lock(&self) -> MutexGuard<'_, Child> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Kills the child if it still runs.
struct Killer(Arc<Shared>);

impl Drop for Killer {
    fn drop(&mut self) {
        // One that has ended, and was waited for, gets no signal.
        drop(self.0.lock().kill());
    }
}

/// The program of this process, also after an installation has put another in its place.
fn own_program() -> io::Result<PathBuf> {
    let own = Path::new("/proc/self/exe");
    if own.exists() { Ok(own.to_owned()) } else { std::env::current_exe() }
}
