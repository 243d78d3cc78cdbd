//! Whether a data directory's conversions go to platforms or to a sandbox: never to one after the other.
//!
//! What a sandbox has accepted counts as reported in the ledger, so a real platform would never get it; and what waits in a trial's ledger
//! must not reach a real pixel later.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::Path;

use anyhow::Context as _;
use runtime::WrongUsage;
use settings::Settings;

/// The file in the data directory that says it.
const MARK: &str = "sends-to";

/// Who gets the events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Audience {
    /// A sandbox on this machine.
    Sandbox,
    /// The platforms themselves, or whatever answers at their address elsewhere.
    Platforms,
}

impl Audience {
    fn of(settings: &Settings) -> Self {
        let url = &settings.destinations.meta.graph_url;
        let host = url.host_str().unwrap_or_default();
        let is_loopback =
            host.trim_matches(['[', ']']).parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
        if is_loopback || host == "localhost" { Self::Sandbox } else { Self::Platforms }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Sandbox => "sandbox",
            Self::Platforms => "platforms",
        }
    }
}

/// Marks the data directory at the first start, and refuses to send elsewhere from then on. A ledger on a server is not marked: it is shared
/// by processes that are configured together.
pub(crate) fn check(settings: &Settings) -> anyhow::Result<()> {
    if settings.backends.mongodb.is_some() {
        return Ok(());
    }
    marked(&settings.backends.data_dir, Audience::of(settings))
}

fn marked(folder: &Path, audience: Audience) -> anyhow::Result<()> {
    let mark = folder.join(MARK);
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&mark)
        .and_then(|mut file| file.write_all(audience.word().as_bytes()).and_then(|()| file.sync_all()));
    match written {
        Ok(()) => return Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error).with_context(|| format!("{} cannot be written", mark.display())),
    }
    let there = fs::read_to_string(&mark).with_context(|| format!("{} cannot be read", mark.display()))?;
    // An empty one was being written when its process died; it says nothing yet.
    if there.trim().is_empty() {
        return fs::write(&mark, audience.word())
            .with_context(|| format!("{} cannot be written", mark.display()));
    }
    if there.trim() == audience.word() {
        return Ok(());
    }
    let (was, now) = match audience {
        Audience::Sandbox => ("the platforms themselves", "a sandbox on this machine"),
        Audience::Platforms => ("a sandbox on this machine", "the platforms themselves"),
    };
    Err(WrongUsage::new(format!(
        "the conversions of {} were sent to {was}, and META_GRAPH_URL leads to {now}: set EFFLUX_DATA_DIR to another folder, or META_GRAPH_URL to \
         where they were sent",
        folder.display()
    ))
    .into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_keeps_its_audience() {
        let folder = tempfile::tempdir().unwrap();
        for (audience, other) in
            [(Audience::Sandbox, Audience::Platforms), (Audience::Platforms, Audience::Sandbox)]
        {
            let data = folder.path().join(audience.word());
            fs::create_dir(&data).unwrap();
            marked(&data, audience).unwrap();
            marked(&data, audience).unwrap();
            let refused = marked(&data, other).unwrap_err();
            assert!(
                refused.is::<WrongUsage>() && refused.to_string().contains("EFFLUX_DATA_DIR"),
                "{refused}"
            );
        }
    }

    #[test]
    fn a_mark_that_was_cut_short_is_written_again() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(MARK), "").unwrap();
        marked(folder.path(), Audience::Sandbox).unwrap();
        marked(folder.path(), Audience::Platforms).unwrap_err();
    }
}
