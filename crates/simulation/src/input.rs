//! The files of a run, and the truth about each of their rows. Nothing here asks the code under test.

mod file;
mod person;

use std::collections::BTreeMap;

pub(crate) use file::{File, FileKind};
pub(crate) use person::{Class, Person, Row};

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

/// Everything that is brought in during a run.
#[derive(Debug)]
pub(crate) struct Input {
    pub(crate) persons: Vec<Person>,
    pub(crate) files: Vec<File>,
    /// Messages that speak of nothing that can be done.
    pub(crate) junk: Vec<String>,
    /// Whose event an id is, for all events that any row could stand for.
    pub(crate) owners: BTreeMap<String, usize>,
    /// The person of a conversion key.
    pub(crate) keys: BTreeMap<[u8; 32], usize>,
}

impl Input {
    /// Makes the input of a seed.
    pub(crate) fn of(seed: u64, now_s: i64) -> Self {
        let mut chance = Chance::new(seed, Purpose::Input);
        let networks = person::networks(&mut chance);
        let number = chance.between(6, 28);
        let persons: Vec<_> =
            (0..number).map(|n| Person::draw(&mut chance, seed, n, &networks, now_s)).collect();
        let files = file::draw(&mut chance, &persons, &networks);
        let junk = if chance.happens(0.3) { file::junk() } else { Vec::new() };
        let mut owners = BTreeMap::new();
        let mut keys = BTreeMap::new();
        for (place, person) in persons.iter().enumerate() {
            keys.insert(person.key, place);
            for id in person.all_ids() {
                owners.insert(id, place);
            }
        }
        Self { persons, files, junk, owners, keys }
    }

    /// The row that a ledger entry says it came from.
    pub(crate) fn row(&self, object: &str, number: u64) -> Option<&Row> {
        let file = self.files.iter().find(|f| f.out_id() == object)?;
        file.kept().nth(usize::try_from(number).ok()?)
    }

    /// The rows of a person that pass the filter and stand in files that can be read.
    pub(crate) fn rows_of(&self, person: usize) -> impl Iterator<Item = &Row> {
        let good = self.files.iter().filter(|f| f.kind == FileKind::Good);
        good.flat_map(File::kept).filter(move |row| row.person == Some(person))
    }

    /// Event ids that Meta refuses, and whether it names them.
    pub(crate) fn bad_ids(&self) -> BTreeMap<String, bool> {
        let bad = self.persons.iter().filter_map(|p| Some((ids::event(&p.key, "Purchase", 0), p.bad?)));
        bad.collect()
    }
}
