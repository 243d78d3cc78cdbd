//! PostgreSQL is the one server that comes from the system's packages.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::python::run;

/// Installs Debian's PostgreSQL if there is none and we may.
pub(super) fn ensure_installed(out: &mut impl std::io::Write) -> Result<()> {
    if is_installed(Path::new("/usr/lib/postgresql")) {
        return Ok(());
    }
    let advice =
        "install Debian's package postgresql, or give a server's address in EFFLUX_TEST_POSTGRES_URL";
    if !we_are_root() {
        bail!("the tests need PostgreSQL's programs in /usr/lib/postgresql: {advice}");
    }
    writeln!(out, "installing PostgreSQL by apt-get")?;
    for arguments in
        [&["update", "-qq"][..], &["install", "-y", "-qq", "--no-install-recommends", "postgresql"]]
    {
        let mut apt = Command::new("apt-get");
        run(apt.args(arguments).env("DEBIAN_FRONTEND", "noninteractive"), advice)?;
    }
    Ok(())
}

fn is_installed(folder: &Path) -> bool {
    std::fs::read_dir(folder)
        .is_ok_and(|versions| versions.flatten().any(|version| version.path().join("bin/initdb").exists()))
}

fn we_are_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout.trim_ascii() == b"0")
}
