//! How tables look on a terminal and in a pipe.

use comfy_table::presets::{NOTHING, UTF8_HORIZONTAL_ONLY};
use comfy_table::{ContentArrangement, Table};
use runtime::terminal::columns;

/// A column needs so much of a line, or its words are broken.
const COLUMN: usize = 12;

/// Whether a table of that many columns can be read on this terminal.
pub(crate) fn is_too_narrow(number_of_columns: usize) -> bool {
    columns().is_some_and(|width| usize::from(width) < number_of_columns * COLUMN)
}

/// Values below each other, each behind its name.
pub(crate) fn below_each_other(names: &[String], rows: impl Iterator<Item = Vec<String>>) -> String {
    let longest = names.iter().map(|name| name.chars().count()).max().unwrap_or_default();
    let block = |row: Vec<String>| -> String {
        names.iter().zip(row).map(|(name, value)| format!("{name:<longest$}  {value}\n")).collect()
    };
    rows.map(block).collect::<Vec<_>>().join("\n").trim_end().to_owned()
}

/// A table that has lines and fits the window on a terminal, and has neither in a pipe.
pub(crate) fn arranged(is_terminal: bool) -> Table {
    let mut table = Table::new();
    table.load_style(if is_terminal { UTF8_HORIZONTAL_ONLY } else { NOTHING });
    if is_terminal {
        table.set_content_arrangement(ContentArrangement::Dynamic);
        if let Some(width) = columns() {
            table.set_width(width);
        }
    }
    table
}

/// The text of such a table.
pub(crate) fn written(table: &Table, is_terminal: bool) -> String {
    let text = table.trim_fmt();
    if is_terminal {
        return text;
    }
    text.lines().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n")
}
