//! How much memory this process may take.

use std::fs;
use std::path::Path;

/// A limit, and what sets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limit {
    pub(super) bytes: u64,
    pub(super) source: &'static str,
}

/// The least of what a cgroup and the machine set.
pub(super) fn limit() -> Option<Limit> {
    limit_below(Path::new("/"))
}

fn limit_below(root: &Path) -> Option<Limit> {
    let groups = [unified(root), former(root)].into_iter().flatten();
    let groups = groups.map(|bytes| Limit { bytes, source: "the limit of its cgroup" });
    let machine = machine(root).map(|bytes| Limit { bytes, source: "all that the machine has" });
    groups.chain(machine).min_by_key(|limit| limit.bytes)
}

/// Cgroups of version 2: the limit of each group above counts too. In a container its own group is the root.
fn unified(root: &Path) -> Option<u64> {
    let of_process = fs::read_to_string(root.join("proc/self/cgroup")).ok()?;
    let group = of_process.lines().find_map(|line| line.strip_prefix("0::"))?;
    let top = root.join("sys/fs/cgroup");
    let folder = top.join(group.trim_start_matches('/'));
    let folders = folder.ancestors().take_while(|folder| folder.starts_with(&top));
    folders.filter_map(|folder| number(&folder.join("memory.max"))).min()
}

/// Cgroups of version 1. Without a limit it is a number near the largest.
fn former(root: &Path) -> Option<u64> {
    number(&root.join("sys/fs/cgroup/memory/memory.limit_in_bytes"))
}

fn number(file: &Path) -> Option<u64> {
    fs::read_to_string(file).ok()?.trim().parse().ok()
}

fn machine(root: &Path) -> Option<u64> {
    let info = fs::read_to_string(root.join("proc/meminfo")).ok()?;
    let total = info.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = total.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kib << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, content) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        root
    }

    const MACHINE: (&str, &str) = ("proc/meminfo", "MemTotal:       16384 kB\nMemFree: 1 kB\n");

    #[test]
    fn the_least_limit_counts() {
        let bytes = |files: &[(&str, &str)]| limit_below(root(files).path()).map(|limit| limit.bytes);
        assert_eq!(bytes(&[]), None);
        assert_eq!(bytes(&[MACHINE]), Some(16 << 20));
        let group = ("proc/self/cgroup", "0::/a/b\n");
        let inner = ("sys/fs/cgroup/a/b/memory.max", "max\n");
        let outer = ("sys/fs/cgroup/a/memory.max", "8388608\n");
        assert_eq!(bytes(&[MACHINE, group, inner, outer]), Some(8 << 20));
        let container = [MACHINE, ("proc/self/cgroup", "0::/\n"), ("sys/fs/cgroup/memory.max", "4194304\n")];
        assert_eq!(bytes(&container), Some(4 << 20));
        let former = ("sys/fs/cgroup/memory/memory.limit_in_bytes", "2097152\n");
        assert_eq!(bytes(&[MACHINE, former]), Some(2 << 20));
    }

    #[test]
    fn this_machine_shows_its_memory() {
        assert!(limit().unwrap().bytes > 1 << 20);
    }
}
