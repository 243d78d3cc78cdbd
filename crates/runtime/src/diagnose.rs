//! What goes wrong with the machine: memory and disks.

mod memory;

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use ports::diagnose::{Check, Diagnose};
use settings::Settings;

use crate::DiskRoom;

/// Room that the embedded databases and files need at the least.
const LEAST_DATA: u64 = 1 << 30;

/// Buffers beside the budget for each file that is read: a row, a spool, a decompressor.
const FILE_BYTES: u64 = 13 << 20;

/// What a program takes that does nothing, with its drivers.
const PROGRAM_BYTES: u64 = 64 << 20;

/// The page caches of the embedded databases.
const CACHES_BYTES: u64 = 3 * (36 << 20);

/// Examines the machine that this process runs on, and its limits.
#[derive(Debug, Clone)]
pub struct SystemDiagnosis {
    data_dir: Option<PathBuf>,
    spool_bytes: u64,
    memory_bytes: u64,
    memory_budget: u64,
}

impl SystemDiagnosis {
    /// What the settings need.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let limits = &settings.limits;
        let embedded = settings.backends.uses_data_dir();
        let files = u64::try_from(limits.report_concurrency).unwrap_or(u64::MAX);
        let caches = if embedded { CACHES_BYTES } else { 0 };
        Self {
            data_dir: embedded.then(|| settings.backends.data_dir.clone()),
            spool_bytes: limits.max_object_bytes,
            memory_bytes: limits
                .memory_budget
                .saturating_add(FILE_BYTES.saturating_mul(files))
                .saturating_add(PROGRAM_BYTES + caches),
            memory_budget: limits.memory_budget,
        }
    }

    fn memory(&self, limit: Option<memory::Limit>) -> Check {
        let name = "memory";
        let Some(limit) = limit else {
            return Check::unknowable(
                name,
                "this system does not show its memory",
                "give the reporter MEMORY_BUDGET and 200 MiB beside it",
            );
        };
        let saw = format!(
            "{} MiB ({}); a reporter with MEMORY_BUDGET={} needs about {} MiB",
            limit.bytes >> 20,
            limit.source,
            self.memory_budget,
            self.memory_bytes >> 20
        );
        let remedy = "raise the memory limit, or lower MEMORY_BUDGET or REPORT_CONCURRENCY: the system ends a process that takes more. \
             This is the limit of this process; that of the services may be another";
        Check::that(limit.bytes >= self.memory_bytes, name, saw, remedy)
    }
}

#[async_trait]
impl Diagnose for SystemDiagnosis {
    async fn findings(&self) -> Vec<Check> {
        let mut checks = vec![self.memory(memory::limit())];
        if let Some(data) = &self.data_dir {
            checks.push(disk("disk of EFFLUX_DATA_DIR", data, LEAST_DATA));
        }
        checks.push(disk("disk of temporary files (TMPDIR)", &std::env::temp_dir(), self.spool_bytes));
        checks
    }
}

fn disk(name: &str, folder: &Path, least: u64) -> Check {
    match DiskRoom::of(folder) {
        Ok(room) => Check::that(
            room.free >= least,
            name,
            format!("{} MiB of {} are free in {}", room.free >> 20, room.size >> 20, folder.display()),
            format!("make room: at least {} MiB are needed, or writes fail and the work waits", least >> 20),
        ),
        Err(error) => {
            Check::finding(name, format!("{}: {error}", folder.display()), "make the folder, or name another")
        }
    }
}

#[cfg(test)]
mod tests {
    use ports::diagnose::CheckState;
    use settings::{Environment, Service};

    use super::*;

    fn of(pairs: &[(&str, &str)]) -> SystemDiagnosis {
        let environment = Environment::from_pairs(pairs.iter().copied());
        SystemDiagnosis::new(&Settings::load(&environment, Service::Efflux).unwrap())
    }

    #[test]
    fn a_limit_must_hold_the_budget_and_what_stands_beside_it() {
        let state = |budget: u64, limit: u64| {
            let limit = memory::Limit { bytes: limit << 20, source: "cgroup" };
            of(&[("MEMORY_BUDGET", &(budget << 20).to_string())]).memory(Some(limit)).state
        };
        assert_eq!(state(256, 512), CheckState::Ok);
        assert_eq!(state(256, 300), CheckState::Finding);
        assert_eq!(state(512, 512), CheckState::Finding);
    }

    #[test]
    fn a_disk_must_have_room() {
        let here = std::env::temp_dir();
        assert_eq!(disk("x", &here, 1).state, CheckState::Ok);
        assert_eq!(disk("x", &here, u64::MAX).state, CheckState::Finding);
        assert_eq!(disk("x", Path::new("/no/such/folder"), 1).state, CheckState::Finding);
    }
}
