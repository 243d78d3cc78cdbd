//! How much room the disk of a folder has.

use std::io;
use std::path::Path;

/// The room on a disk in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskRoom {
    /// What a process without privileges may still write.
    pub free: u64,
    /// All of it.
    pub size: u64,
}

impl DiskRoom {
    /// The room on the disk on which `folder` lies.
    ///
    /// # Errors
    /// If the folder is missing or may not be looked at.
    pub fn of(folder: &Path) -> io::Result<Self> {
        let disk = rustix::fs::statvfs(folder)?;
        Ok(Self { free: disk.f_bavail * disk.f_frsize, size: disk.f_blocks * disk.f_frsize })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_has_no_more_room_than_it_is_large() {
        let room = DiskRoom::of(&std::env::temp_dir()).unwrap();
        assert!(room.size > 0 && room.free <= room.size, "{room:?}");
        DiskRoom::of(Path::new("/no/such/folder")).unwrap_err();
    }
}
