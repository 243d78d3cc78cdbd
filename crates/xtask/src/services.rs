//! The servers that tests of production adapters talk to: started before a test run, ended after it.

mod backend;
mod packages;
mod python;
mod running;
mod start;

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use backend::{BACKENDS, Backend};
pub(crate) use packages::ensure_promtool;
use running::Running;

use crate::workspace::Workspace;

/// The test servers of a workspace.
#[derive(Debug)]
pub struct Services {
    /// A folder per backend, with `run` and `requirements.txt`.
    backends: PathBuf,
    /// Logs, what runs, and the file `env`.
    state: PathBuf,
}

impl Services {
    /// The test servers of the workspace that holds `dir`; their state is in cargo's target folder.
    ///
    /// # Errors
    /// If `cargo metadata` does not run.
    pub fn of_workspace(dir: &Path) -> Result<Self> {
        let workspace = Workspace::of(dir)?;
        let backends = workspace.root.join("docker/backends");
        Ok(Self::in_folders(backends, workspace.target.join("test-services")))
    }

    /// Test servers found in one folder, with their state in another.
    #[must_use]
    pub const fn in_folders(backends: PathBuf, state: PathBuf) -> Self {
        Self { backends, state }
    }

    /// Starts what does not run yet and is not given by the environment, and waits until it accepts connections. Names what it started.
    ///
    /// # Errors
    /// If a server cannot be started or does not come up in time; then everything that this call started is ended again.
    pub fn up(&self, out: &mut dyn Write) -> Result<Vec<&'static str>> {
        std::fs::create_dir_all(&self.state)
            .with_context(|| format!("{} cannot be made", self.state.display()))?;
        packages::ensure_installed(self.wanted().any(|backend| backend.name == "postgres"), out)?;
        let absent: Vec<_> = self.wanted().filter(|backend| !self.runs(backend)).collect();
        let started = self.start(&absent, out);
        if started.is_err() {
            self.down_these(&absent.iter().map(|backend| backend.name).collect::<Vec<_>>(), out)?;
        }
        self.write_env()?;
        started?;
        Ok(absent.iter().map(|backend| backend.name).collect())
    }

    /// Ends every server that `up` has ever started here and left behind.
    ///
    /// # Errors
    /// If one cannot be ended or what is noted of it not be read.
    pub fn down(&self, out: &mut dyn Write) -> Result<()> {
        self.down_these(&BACKENDS.map(|backend| backend.name), out)
    }

    /// Ends the servers of these names.
    ///
    /// # Errors
    /// As for [`down`](Self::down).
    pub fn down_these(&self, names: &[&str], out: &mut dyn Write) -> Result<()> {
        for name in names {
            if let Some(running) = Running::read(&self.state, name)? {
                running.end().with_context(|| format!("{name} cannot be ended"))?;
                Running::forget(&self.state, name)?;
                writeln!(out, "{name}: ended")?;
            }
        }
        if self.state.exists() { self.write_env() } else { Ok(()) }
    }

    /// Says of each backend where it is. Whether all that are wanted can be reached.
    ///
    /// # Errors
    /// If nothing can be written.
    pub fn status(&self, out: &mut dyn Write) -> Result<bool> {
        let mut all = true;
        for backend in &BACKENDS {
            let at = match (backend.given(), Running::read(&self.state, backend.name)?) {
                (Some(_), _) => format!("given by {}", backend.variable),
                (None, Some(running)) if running.accepts() => backend.url(running.port),
                (None, Some(_)) => "does not answer; see its log".to_owned(),
                (None, None) if backend.is_in(&self.backends) => "down".to_owned(),
                (None, None) => "not among the test servers".to_owned(),
            };
            all &= !at.starts_with("do");
            writeln!(out, "{}: {at}", backend.name)?;
        }
        Ok(all)
    }

    /// The names of those that were started here and accept connections.
    ///
    /// # Errors
    /// If what is noted of one cannot be read.
    pub fn running(&self) -> Result<Vec<&'static str>> {
        let mut running = Vec::new();
        for backend in &BACKENDS {
            if Running::read(&self.state, backend.name)?.is_some_and(|running| running.accepts()) {
                running.push(backend.name);
            }
        }
        Ok(running)
    }

    fn wanted(&self) -> impl Iterator<Item = &'static Backend> {
        BACKENDS.iter().filter(|backend| backend.given().is_none() && backend.is_in(&self.backends))
    }

    fn runs(&self, backend: &Backend) -> bool {
        Running::read(&self.state, backend.name).ok().flatten().is_some_and(|running| running.accepts())
    }

    fn start(&self, absent: &[&Backend], out: &mut dyn Write) -> Result<()> {
        if absent.is_empty() {
            return Ok(());
        }
        let python = python::prepare(&self.backends, &self.state, out)?;
        // All at once, then wait: most of the time they load their libraries.
        let starting: Vec<_> = absent
            .iter()
            .map(|backend| start::spawn(backend, &self.backends, &self.state, &python))
            .collect::<Result<_>>()?;
        for (backend, mut starting) in absent.iter().zip(starting) {
            starting.wait_until_it_accepts()?;
            writeln!(out, "{}: {}", backend.name, backend.url(starting.port()))?;
        }
        Ok(())
    }

    /// Where tests find the servers: one `NAME=url` a line.
    fn write_env(&self) -> Result<()> {
        let mut text = String::new();
        for backend in &BACKENDS {
            if let (None, Some(running)) = (backend.given(), Running::read(&self.state, backend.name)?) {
                text += &format!("{}={}\n", backend.variable, backend.url(running.port));
            }
        }
        let path = self.state.join("env");
        std::fs::write(&path, text).with_context(|| format!("{} cannot be written", path.display()))
    }
}
