//! Starting one server and waiting for it.

use std::fs::File;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

use super::backend::Backend;
use super::running::{PAUSE, Running, accepts, pause, started};
use crate::python::keep_bytecode;

/// How long a server may take to come up.
const DEADLINE_SECONDS: u64 = 60;

/// How much of the log an error shows.
const LOG_END_LINES: usize = 20;

/// A server that was started and may not accept connections yet.
#[derive(Debug)]
pub(super) struct Starting {
    name: &'static str,
    child: Child,
    running: Running,
    log: PathBuf,
}

/// Starts a server on a free port, at the head of a process group of its own, so that Ctrl-C in a terminal does not reach it.
pub(super) fn spawn(backend: &Backend, backends: &Path, state: &Path, python: &Path) -> Result<Starting> {
    let name = backend.name;
    if let Some(stale) = Running::read(state, name)? {
        stale.end().with_context(|| format!("a dead {name} cannot be cleared away"))?;
    }
    let port = free_port()?;
    // Not in the target folder: a server that gives up its rights may not enter the home folder of the user who builds.
    let data = std::env::temp_dir().join(format!("efflux-test-{name}-{port}"));
    // The port was free, so what is there is left over.
    drop(std::fs::remove_dir_all(&data));
    std::fs::create_dir(&data).with_context(|| format!("{} cannot be made", data.display()))?;
    let path = state.join(format!("{name}.log"));
    let log = File::create(&path).with_context(|| format!("{} cannot be written", path.display()))?;
    let program = backends.join(name).join("run");
    let mut command = Command::new(&program);
    keep_bytecode(&mut command, &state.with_file_name("tools"));
    let child = command
        .arg(port.to_string())
        .arg(&data)
        .env("PYTHON", python)
        .stdin(Stdio::null())
        .stdout(log.try_clone().context("a log cannot be written by two")?)
        .stderr(log)
        .process_group(0)
        .spawn()
        .with_context(|| format!("{} cannot be started; is it executable?", program.display()))?;
    let pid = child.id();
    let running = Running { port, pid, since: started(pid).unwrap_or_default(), data };
    running.write(state, name)?;
    Ok(Starting { name, child, running, log: path })
}

impl Starting {
    pub(super) const fn port(&self) -> u16 {
        self.running.port
    }

    pub(super) fn wait_until_it_accepts(&mut self) -> Result<()> {
        let looks = DEADLINE_SECONDS * 1000 / u64::try_from(PAUSE.as_millis()).unwrap_or(u64::MAX);
        for _ in 0..looks {
            if let Some(status) = self.child.try_wait().context("a server cannot be looked after")? {
                bail!("{} ended ({status}){}", self.name, self.end_of_log());
            }
            if accepts(self.running.port) {
                return Ok(());
            }
            pause();
        }
        bail!("{} accepts no connection after {DEADLINE_SECONDS} s{}", self.name, self.end_of_log())
    }

    fn end_of_log(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = text.lines().collect();
        let end = lines[lines.len().saturating_sub(LOG_END_LINES)..].join("\n");
        format!("; the end of {}:\n{end}", self.log.display())
    }
}

fn free_port() -> Result<u16> {
    let any = TcpListener::bind(("127.0.0.1", 0)).context("no port of 127.0.0.1 can be bound")?;
    Ok(any.local_addr().context("a port has no number")?.port())
}
