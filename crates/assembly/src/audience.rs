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
    /// Who gets them, by every platform that is reported to.
    fn of(settings: &Settings) -> Result<Self, WrongUsage> {
        let destinations = &settings.destinations;
        let meta = Self::at(destinations.meta.graph_url.host_str());
        let tiktok = destinations.tiktok.enabled.then(|| Self::at(destinations.tiktok.url.host_str()));
        if tiktok.is_some_and(|tiktok| tiktok != meta) {
            return Err(WrongUsage::new(
                "one of META_GRAPH_URL and TIKTOK_URL leads to a sandbox on this machine, the other to a platform: let both lead to \
                 sandboxes, or both to platforms",
            ));
        }
        Ok(meta)
    }

    fn at(host: Option<&str>) -> Self {
        let host = host.unwrap_or_default();
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
    marked(&settings.backends.data_dir, Audience::of(settings)?)
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
        "the conversions of {} were sent to {was}, and META_GRAPH_URL leads to {now}: set EFFLUX_DATA_DIR to another folder, or META_GRAPH_URL \
         (and TIKTOK_URL) to where they were sent",
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
    fn a_sandbox_and_a_platform_do_not_go_together() {
        let audience = |pairs: &[(&str, &str)]| {
            let environment = settings::Environment::from_pairs(pairs.iter().copied());
            Audience::of(&Settings::load(&environment, settings::Service::Efflux).unwrap())
        };
        let (meta, tiktok) = (("META_GRAPH_URL", "http://127.0.0.1:1"), ("TIKTOK_URL", "http://localhost:2"));
        let enabled = ("TIKTOK_ENABLED", "true");
        assert_eq!(audience(&[]).unwrap(), Audience::Platforms);
        assert_eq!(audience(&[enabled]).unwrap(), Audience::Platforms);
        assert_eq!(audience(&[meta]).unwrap(), Audience::Sandbox);
        assert_eq!(audience(&[meta, tiktok, enabled]).unwrap(), Audience::Sandbox);
        assert_eq!(audience(&[meta, ("TIKTOK_ENABLED", "false")]).unwrap(), Audience::Sandbox);
        for mixed in [[meta, enabled], [tiktok, enabled]] {
            assert!(audience(&mixed).unwrap_err().to_string().contains("TIKTOK_URL"));
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
