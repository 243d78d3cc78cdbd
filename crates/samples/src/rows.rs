//! The rows of a sample one at a time, in memory that does not grow with their number.

use std::ops::Range;

use crate::chance::Chance;
use crate::defect::{DIRT, Defect};
use crate::spec::SampleSpec;
use crate::visit::Visit;

/// One row of a sample, with the truth about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleRow {
    /// The row as one line of JSON.
    pub json: String,
    /// What is odd about it; a clean row has nothing.
    pub defect: Option<Defect>,
    /// The clean row that it copies or states again.
    pub repeats: Option<usize>,
}

/// Makes the rows of a sample one at a time: `spec.rows` rows, then the restatements.
#[must_use]
pub fn rows(spec: &SampleSpec) -> Rows<'_> {
    Rows {
        spec,
        seed: spec.seed ^ spec.network.salt(),
        first: 0..spec.rows,
        again: 0..spec.rows,
        last_clean: None,
    }
}

/// Iterator over the rows of a sample; see [`rows`].
///
/// A row's stream of chance depends on nothing but seed and number, so the second pass makes a row again instead of keeping it.
#[derive(Debug, Clone)]
pub struct Rows<'s> {
    spec: &'s SampleSpec,
    seed: u64,
    first: Range<usize>,
    again: Range<usize>,
    last_clean: Option<(usize, Visit)>,
}

/// What chance decided about one row: its visit, what happens to it, and the stream from which its defect is picked.
struct Draw {
    visit: Visit,
    dirty: bool,
    restated: bool,
    kind: Chance,
}

impl Rows<'_> {
    fn draw(&self, row: usize) -> Draw {
        let mut chance = Chance::of_row(self.seed, row);
        let visit = Visit::draw(&mut chance, self.spec);
        let dirty = chance.share() < self.spec.dirty;
        let restated = chance.share() < self.spec.restate;
        Draw { visit, dirty, restated: restated && !dirty, kind: chance }
    }

    fn first_pass(&mut self, row: usize) -> SampleRow {
        let Draw { visit, dirty, mut kind, .. } = self.draw(row);
        if !dirty {
            let json = visit.fields(self.spec).json();
            self.last_clean = Some((row, visit));
            return SampleRow { json, defect: None, repeats: None };
        }
        let kinds = if self.last_clean.is_some() { &DIRT[..] } else { &DIRT[..DIRT.len() - 1] };
        let defect = kind.pick(kinds);
        match &self.last_clean {
            Some((repeated, earlier)) if defect == Defect::DuplicateInFile => SampleRow {
                json: defect.write(earlier, self.spec),
                defect: Some(defect),
                repeats: Some(*repeated),
            },
            _ => SampleRow { json: defect.write(&visit, self.spec), defect: Some(defect), repeats: None },
        }
    }

    fn second_pass(&mut self) -> Option<SampleRow> {
        if self.spec.restate <= 0.0 {
            return None;
        }
        let (row, visit) = loop {
            let row = self.again.next()?;
            let draw = self.draw(row);
            if draw.restated {
                break (row, draw.visit);
            }
        };
        let defect = Defect::Restatement;
        Some(SampleRow {
            json: defect.write(&visit.restated(), self.spec),
            defect: Some(defect),
            repeats: Some(row),
        })
    }
}

/// The row's text, so that an iterator of rows can go straight into [`crate::write_rows`].
impl AsRef<str> for SampleRow {
    fn as_ref(&self) -> &str {
        &self.json
    }
}

impl Iterator for Rows<'_> {
    type Item = SampleRow;

    fn next(&mut self) -> Option<SampleRow> {
        match self.first.next() {
            Some(row) => Some(self.first_pass(row)),
            None => self.second_pass(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.first.len(), self.first.len().checked_add(self.again.len()))
    }
}

impl std::iter::FusedIterator for Rows<'_> {}
