//! A server that was started, as it is noted for the command that ends it.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// How long to wait between two looks at something.
pub(super) const PAUSE: Duration = Duration::from_millis(50);

/// Looks before a server that was asked to end is ended by force, and before that is given up: 10 seconds.
const PATIENCE: u32 = 200;

/// A server and the process group that it leads.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Running {
    pub(super) port: u16,
    pub(super) pid: u32,
    /// When the process was started, in whatever form the system shows it: another process that got its number later is not ours to end.
    pub(super) since: String,
    /// What the server keeps, removed with it.
    pub(super) data: PathBuf,
}

impl Running {
    /// What is noted under a name, whether or not it still runs.
    pub(super) fn read(state: &Path, name: &str) -> Result<Option<Self>> {
        let path = file(state, name);
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(Some(
                Self::parse(&text).with_context(|| format!("{} is damaged; delete it", path.display()))?,
            )),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("{} cannot be read", path.display())),
        }
    }

    pub(super) fn write(&self, state: &Path, name: &str) -> Result<()> {
        let text = format!("{}\n{}\n{}\n{}\n", self.port, self.pid, self.since, self.data.display());
        let path = file(state, name);
        std::fs::write(&path, text).with_context(|| format!("{} cannot be written", path.display()))
    }

    pub(super) fn forget(state: &Path, name: &str) -> Result<()> {
        let path = file(state, name);
        std::fs::remove_file(&path).with_context(|| format!("{} cannot be removed", path.display()))
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        Some(Self {
            port: lines.next()?.parse().ok()?,
            pid: lines.next()?.parse().ok()?,
            since: lines.next()?.to_owned(),
            data: PathBuf::from(lines.next()?),
        })
    }

    /// Whether it is alive and accepts connections.
    pub(super) fn accepts(&self) -> bool {
        started(self.pid).is_some_and(|since| since == self.since) && accepts(self.port)
    }

    /// Ends it and every process that it started, and removes its data.
    pub(super) fn end(&self) -> Result<()> {
        // Without its leader the group keeps its number, which then no other group can have.
        if started(self.pid).is_none_or(|since| since == self.since) {
            self.end_group()?;
        }
        match std::fs::remove_dir_all(&self.data) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(error).with_context(|| format!("{} cannot be removed", self.data.display()))
            }
            _ => Ok(()),
        }
    }

    fn end_group(&self) -> Result<()> {
        for (signal, looks) in [("TERM", PATIENCE), ("KILL", PATIENCE)] {
            self.signal(signal);
            for _ in 0..looks {
                if !group_lives(self.pid) {
                    return Ok(());
                }
                pause();
            }
        }
        bail!("process group {} does not end", self.pid)
    }

    /// A group without members is fine: that is what is wanted.
    fn signal(&self, signal: &str) {
        let group = format!("-{}", self.pid);
        let kill =
            Command::new("kill").args([&format!("-{signal}"), "--", &group]).stderr(Stdio::null()).status();
        drop(kill);
    }
}

/// Whether a process of the group does more than wait for its parent to take note of its end.
fn group_lives(group: u32) -> bool {
    let Ok(processes) = std::fs::read_dir("/proc") else {
        let ps = Command::new("ps").args(["-A", "-o", "pgid=,stat="]).output();
        let listed = ps.map(|ps| String::from_utf8_lossy(&ps.stdout).into_owned()).unwrap_or_default();
        return listed
            .lines()
            .filter_map(|line| line.trim().split_once(char::is_whitespace))
            .any(|(of, state)| of.parse() == Ok(group) && !state.trim().starts_with('Z'));
    };
    processes.flatten().filter_map(|process| stat(&process.file_name().to_string_lossy())).any(|words| {
        words.first().is_some_and(|state| state != "Z") && words.get(2) == Some(&group.to_string())
    })
}

/// What Linux shows of a process, from its state on.
fn stat(pid: &str) -> Option<Vec<String>> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name comes before, in brackets, and may hold anything.
    Some(stat.rsplit_once(')')?.1.split_whitespace().map(str::to_owned).collect())
}

/// Whether something accepts connections on a port of this machine.
pub(super) fn accepts(port: u16) -> bool {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok()
}

/// When a process was started; none if it does not run, or if it is dead and only waits for its parent.
pub(super) fn started(pid: u32) -> Option<String> {
    if let Some(words) = stat(&pid.to_string()) {
        return words.first().is_some_and(|state| state != "Z").then(|| words.get(19).cloned())?;
    }
    let ps = Command::new("ps").args(["-o", "lstart=", "-p", &pid.to_string()]).output().ok()?;
    let listed = String::from_utf8_lossy(&ps.stdout).trim().to_owned();
    (!listed.is_empty()).then_some(listed)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a tool for developers waits for processes, which do not say when they are up"
)]
pub(super) fn pause() {
    std::thread::sleep(PAUSE);
}

fn file(state: &Path, name: &str) -> PathBuf {
    state.join(format!("{name}.running"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_noted_is_read_again() {
        let state = tempfile::tempdir().unwrap();
        let running = Running { port: 1, pid: 2, since: "3 4".into(), data: "/tmp/a b".into() };
        running.write(state.path(), "x").unwrap();
        assert_eq!(Running::read(state.path(), "x").unwrap(), Some(running));
        Running::forget(state.path(), "x").unwrap();
        assert_eq!(Running::read(state.path(), "x").unwrap(), None);
    }

    #[test]
    fn a_process_that_got_the_number_later_is_not_ended() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let pid = child.id();
        assert!(started(pid).is_some());
        let other = Running { port: 1, pid, since: "before".into(), data: "no/such/folder".into() };
        other.end().unwrap();
        assert!(child.try_wait().unwrap().is_none(), "it was ended");
        child.kill().unwrap();
        while started(pid).is_some() {
            pause();
        }
        child.wait().unwrap();
        assert_eq!(started(pid), None);
    }
}
