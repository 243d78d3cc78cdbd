//! Why a file is refused whole, with what would make it readable.

use domain::ObjectRef;
use row_files::{FileError, Likeness};

use crate::object::Problem;

/// Why nothing of a file is done.
#[derive(Debug)]
pub(super) enum Refusal {
    /// It cannot be read.
    Unreadable {
        /// What is wrong with it where.
        error: FileError,
        /// What it seems to be.
        likeness: Likeness,
    },
    /// It can be read, and holds something else than rows.
    NotRows {
        /// How many values.
        values: u64,
        /// What it seems to be.
        likeness: Likeness,
    },
}

impl Refusal {
    /// As the problem of an object.
    pub(super) fn of(self, object: &ObjectRef) -> Problem {
        let (what, likeness) = match self {
            Self::Unreadable { error, likeness: None } => return Problem::file(object, error),
            Self::Unreadable { error, likeness } => (error.to_string(), likeness),
            Self::NotRows { values, likeness } => {
                (format!("the file holds {values} values, and none has a field of a row"), likeness)
            }
        };
        let advice = likeness.map_or_else(String::new, |likeness| format!("; {likeness}"));
        Problem::Permanent(format!("{object}: {what}{advice}"))
    }
}
