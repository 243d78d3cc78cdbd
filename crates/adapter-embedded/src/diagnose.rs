//! What goes wrong with a data directory.

use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use ports::diagnose::{Check, Diagnose};
use rusqlite::{Connection, OpenFlags};

use crate::data_dir;
use crate::db::Schema;

/// Examines a data directory without changing it.
#[derive(Debug)]
pub struct DataDirDiagnosis(PathBuf);

impl DataDirDiagnosis {
    /// The folder is looked at only when it is asked for.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self(folder.into())
    }
}

#[async_trait]
impl Diagnose for DataDirDiagnosis {
    async fn findings(&self) -> Vec<Check> {
        let folder = self.0.clone();
        let looked = tokio::task::spawn_blocking(move || examine(&folder)).await;
        looked.unwrap_or_else(|error| {
            vec![Check::unknowable("data directory", error.to_string(), "this is a bug: report it")]
        })
    }
}

fn examine(folder: &Path) -> Vec<Check> {
    let name = format!("data directory {}", folder.display());
    let mode = match std::fs::metadata(folder) {
        Ok(found) => found.permissions().mode(),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return vec![Check::finding(
                name,
                "it is not there",
                "check EFFLUX_DATA_DIR; `efflux run` makes a new data directory",
            )];
        }
        Err(error) => return vec![Check::finding(name, error.to_string(), "let this user read the folder")],
    };
    let mut checks = vec![permissions(&name, mode), writable(&name, folder)];
    checks.extend(data_dir::DATABASES.iter().map(|(file, schema)| database(folder, file, *schema)));
    checks
}

fn permissions(name: &str, mode: u32) -> Check {
    Check::that(
        mode & 0o077 == 0,
        format!("{name}: permissions"),
        format!("{:03o}", mode & 0o777),
        "chmod 700: tokens and personal data are in it, and other users of this machine can look into it",
    )
}

/// A file is made and removed at once: rights alone do not say whether a disk can be written to.
fn writable(name: &str, folder: &Path) -> Check {
    let name = format!("{name}: writing");
    match tempfile::tempfile_in(folder) {
        Ok(_) => Check::ok(name, "files can be made"),
        Err(error) => Check::finding(
            name,
            error.to_string(),
            "let the services' user write there, and make room on the disk",
        ),
    }
}

fn database(folder: &Path, file: &str, schema: Schema) -> Check {
    let name = format!("database {file}");
    let path = folder.join(file);
    if !path.exists() {
        return Check::not_applicable(name, "it is made when it is first used");
    }
    const RESTORE: &str = "restore it from a backup, see the runbook for restoring";
    let ours = schema.version();
    match look(&path) {
        Err(error) => Check::finding(name, format!("it cannot be read: {error}"), RESTORE),
        Ok((_, Some(damage))) => Check::finding(name, format!("it is damaged: {damage}"), RESTORE),
        Ok((version, None)) if version > ours => Check::finding(
            name,
            format!("version {version}; this program has {ours}: a later version works on this folder"),
            "use that version everywhere, or end its processes and restore the folder",
        ),
        Ok((version, None)) if version < ours => Check::finding(
            name,
            format!("version {version}; this program has {ours}: an earlier version works on this folder"),
            "end the processes of the earlier version; a service of this one upgrades the database when it starts",
        ),
        Ok((version, None)) => {
            Check::ok(name, format!("version {version}, that of this program; no page is damaged"))
        }
    }
}

/// The version, and what is wrong with the pages, if anything is. All of them are read, so a large database takes minutes.
fn look(path: &Path) -> rusqlite::Result<(u32, Option<String>)> {
    let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let version = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let damage: String = db.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    Ok((version, Some(damage).filter(|damage| damage != "ok")))
}
