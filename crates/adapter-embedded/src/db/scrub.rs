//! Overwrites what pages hold beside their content.
//!
//! `secure_delete` overwrites what is deleted. But when SQLite divides a page or joins two, it leaves copies of what moved in the part
//! that is free then; and files that were written before `secure_delete` was on have free pages as they were. The format of
//! pages: <https://sqlite.org/fileformat2.html>, read 29 November 2026.

use std::collections::HashMap;
use std::ops::Range;

use rusqlite::{OptionalExtension, Transaction};

/// Pages of one call: a megabyte, and a few milliseconds in which no other process writes.
const PAGES: u64 = 256;

/// The header of the file, on its first page.
const FILE_HEADER: usize = 100;

/// From so many pages on, the first byte of a page with overflowing text may look like that of a page with cells.
const TOO_MANY: u64 = 0x0200_0000;

/// Overwrites what is free on some pages from a number on (from 0); the number to go on with.
pub(super) fn pages(tx: &Transaction<'_>, from: u64) -> rusqlite::Result<Option<u64>> {
    let all: u64 = tx.query_row("PRAGMA page_count", [], |row| row.get::<_, i64>(0))?.unsigned_abs();
    if all >= TOO_MANY {
        tracing::warn!(pages = all, "a database is too large to overwrite what is free on its pages");
        return Ok(None);
    }
    let free = free_pages(tx)?;
    let end = from.saturating_add(PAGES).min(all);
    for number in from + 1..=end {
        let Some(mut page) = read(tx, number)? else { continue };
        let parts = match free.get(&number) {
            Some(start) => std::iter::once(*start..page.len()).collect(),
            None => unused(&page, if number == 1 { FILE_HEADER } else { 0 }),
        };
        let mut dirty = false;
        for part in parts {
            let Some(part) = page.get_mut(part) else { continue };
            dirty |= part.iter().any(|byte| *byte != 0);
            part.fill(0);
        }
        if dirty {
            tx.prepare_cached("UPDATE sqlite_dbpage SET data = ? WHERE pgno = ?")?
                .execute(rusqlite::params![page, number.cast_signed()])?;
        }
    }
    Ok((end < all).then_some(end))
}

fn read(tx: &Transaction<'_>, number: u64) -> rusqlite::Result<Option<Vec<u8>>> {
    tx.prepare_cached("SELECT data FROM sqlite_dbpage WHERE pgno = ?")?
        .query_row([number.cast_signed()], |row| row.get(0))
        .optional()
}

/// The pages without content, and from which byte on nothing is on them: some of them list others.
fn free_pages(tx: &Transaction<'_>) -> rusqlite::Result<HashMap<u64, usize>> {
    let mut free = HashMap::new();
    let first = read(tx, 1)?.unwrap_or_default();
    let (mut trunk, most) = (u32_at(&first, 32), u32_at(&first, 36));
    while trunk != 0 && free.len() <= most as usize {
        let page = read(tx, u64::from(trunk))?.unwrap_or_default();
        let listed = u32_at(&page, 4) as usize;
        let leaves = (0..listed).map(|n| u64::from(u32_at(&page, 8 + 4 * n)));
        free.extend(leaves.filter(|leaf| *leaf != 0).map(|leaf| (leaf, 0)));
        free.insert(u64::from(trunk), 8 + 4 * listed);
        trunk = u32_at(&page, 0);
    }
    Ok(free)
}

/// What is unused on a page of cells: between the list of the cells and the first of them, and where cells were deleted. Nothing on
/// any other page, or where the numbers make no sense.
fn unused(page: &[u8], header: usize) -> Vec<Range<usize>> {
    let list = match page.get(header) {
        Some(2 | 5) => header + 12,
        Some(10 | 13) => header + 8,
        _ => return Vec::new(),
    };
    let number = |at| u16_at(page, at);
    let list_end = list + 2 * number(header + 3);
    let cells = match number(header + 5) {
        0 => 0x1_0000,
        cells => cells,
    };
    if list_end > cells || cells > page.len() {
        return Vec::new();
    }
    let mut unused: Vec<_> = std::iter::once(list_end..cells).collect();
    let (mut block, mut end) = (number(header + 1), cells);
    while block != 0 {
        let size = number(block + 2);
        if block < end || size < 4 || block + size > page.len() {
            return unused;
        }
        unused.push(block + 4..block + size);
        end = block + size;
        block = number(block);
    }
    unused
}

fn u16_at(page: &[u8], at: usize) -> usize {
    page.get(at..at + 2).map_or(0, |bytes| usize::from(bytes[0]) << 8 | usize::from(bytes[1]))
}

fn u32_at(page: &[u8], at: usize) -> u32 {
    let bytes = page.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
    bytes.map_or(0, u32::from_be_bytes)
}
