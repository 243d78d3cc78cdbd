//! The files of a run, and the expected result of each of their rows. Nothing here uses the code under test.

mod file;
mod visitor;

use std::collections::BTreeMap;

pub(crate) use file::{DEADLY, File, FileKind};
pub(crate) use visitor::{Class, MAX_PER_CLICK, Row, Visitor};

use crate::chance::{Chance, Purpose};
use crate::oracle::ids;

/// The bucket that the interpreter writes to.
pub(crate) const IN_BUCKET: &str = "interpreted-events-bucket";
/// The bucket that the filter writes to.
pub(crate) const OUT_BUCKET: &str = "report-conversions-bucket";
/// The one campaign that is subscribed.
pub(crate) const SUBSCRIBED: &str = "120210000000100000";
/// The pixels that the directory knows.
pub(crate) const PIXELS: [&str; 3] = ["111", "222", "333"];

/// All input of a run.
#[derive(Debug)]
pub(crate) struct Input {
    pub(crate) visitors: Vec<Visitor>,
    pub(crate) files: Vec<File>,
    /// Messages that cannot be processed.
    pub(crate) junk: Vec<String>,
    /// The visitor of each event id, for all events that any row could mean.
    pub(crate) owners: BTreeMap<String, usize>,
    /// The visitor of a conversion key.
    pub(crate) keys: BTreeMap<[u8; 32], usize>,
}

impl Input {
    /// Generates the input of a seed, for a run that lasts so long beyond the usual.
    pub(crate) fn generate(seed: u64, now_s: i64, pause_s: i64) -> Self {
        let mut chance = Chance::new(seed, Purpose::Input);
        let networks = visitor::networks(&mut chance);
        let number = chance.between(6, 28);
        let draw = |n| Visitor::draw(&mut chance, (seed, n), &networks, now_s, pause_s);
        let visitors: Vec<_> = (0..number).map(draw).collect();
        let files = file::draw(&mut chance, &mut Chance::new(seed, Purpose::Dirt), &visitors, &networks);
        let junk = if chance.happens(0.3) { file::junk() } else { Vec::new() };
        let mut owners = BTreeMap::new();
        let mut keys = BTreeMap::new();
        for (place, visitor) in visitors.iter().enumerate() {
            keys.insert(visitor.key, place);
            for id in visitor.all_ids() {
                owners.insert(id, place);
            }
        }
        Self { visitors, files, junk, owners, keys }
    }

    /// The row that a ledger entry says it came from.
    pub(crate) fn row(&self, object: &str, number: u64) -> Option<&Row> {
        let file = self.files.iter().find(|f| f.out_id() == object)?;
        file.kept().nth(usize::try_from(number).ok()?)
    }

    /// The rows of a visitor that pass the filter and are in readable files.
    pub(crate) fn rows_of(&self, visitor: usize) -> impl Iterator<Item = &Row> {
        let good = self.files.iter().filter(|f| f.kind == FileKind::Good);
        good.flat_map(File::kept).filter(move |row| row.visitor == Some(visitor))
    }

    /// Event ids that Meta refuses, and whether it names them.
    pub(crate) fn bad_ids(&self) -> BTreeMap<String, bool> {
        let bad = self.visitors.iter().filter_map(|p| Some((ids::event(&p.key, "Purchase", 0), p.bad?)));
        bad.collect()
    }
}
