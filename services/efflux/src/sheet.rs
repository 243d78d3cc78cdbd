//! Rows that a command shows: a table for people, CSV for spreadsheets, JSON for programs.

use std::io::{IsTerminal, stdout};

use anyhow::Context as _;
use clap::Args;
use comfy_table::CellAlignment;
use domain::{Money, UnixMillis};
use runtime::terminal::one_line;
use serde_json::Value;

use crate::arrangement::{arranged, below_each_other, is_too_narrow, written};
use crate::out;
use crate::tables::amount;

/// How a command prints what it found.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct Format {
    /// Print JSON
    #[arg(long, conflicts_with = "csv")]
    pub(crate) json: bool,
    /// Print CSV with a header
    #[arg(long)]
    pub(crate) csv: bool,
}

/// A value of a sheet.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    Text(String),
    Number(u64),
    Money(Money),
    Time(UnixMillis),
    /// Nothing is known, or nothing is there.
    Nothing,
}

impl Cell {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A value that may be missing.
    pub(crate) fn or_nothing<T>(value: Option<T>, of: impl FnOnce(T) -> Self) -> Self {
        value.map_or(Self::Nothing, of)
    }

    const fn is_number(&self) -> bool {
        matches!(self, Self::Number(_) | Self::Money(_))
    }

    fn for_people(&self) -> String {
        match self {
            Self::Text(text) => one_line(text).into_owned(),
            Self::Number(number) => number.to_string(),
            Self::Money(money) => amount(*money),
            Self::Time(at) => at.to_string(),
            Self::Nothing => String::new(),
        }
    }

    /// A spreadsheet takes text that begins like a formula for one, and feeds and queues decide what some texts say.
    fn for_a_spreadsheet(&self) -> String {
        match self {
            Self::Text(text) if text.starts_with(['=', '+', '-', '@', '\t', '\r']) => format!("'{text}"),
            Self::Text(text) => text.clone(),
            Self::Money(money) => money.to_string(),
            other => other.for_people(),
        }
    }

    fn for_a_program(&self) -> Value {
        match self {
            Self::Text(text) => text.as_str().into(),
            Self::Number(number) => (*number).into(),
            Self::Money(money) => money.to_string().into(),
            Self::Time(at) => at.to_string().into(),
            Self::Nothing => Value::Null,
        }
    }
}

/// The name of the column that says what money is in.
const CURRENCY: &str = "currency";

/// Prints a value for programs.
pub(crate) fn print_json(value: &Value) -> anyhow::Result<()> {
    out(&format!("{}\n", serde_json::to_string_pretty(value)?));
    Ok(())
}

/// Rows with named columns.
#[derive(Debug)]
pub(crate) struct Sheet<const N: usize> {
    columns: [&'static str; N],
    rows: Vec<[Cell; N]>,
    /// What its money is in; said to programs and spreadsheets in each row.
    currency: Option<String>,
}

impl<const N: usize> Sheet<N> {
    /// No rows yet. A column is named as JSON names it: `nearest_deadline`.
    pub(crate) const fn new(columns: [&'static str; N]) -> Self {
        Self { columns, rows: Vec::new(), currency: None }
    }

    /// The same with money in this currency.
    pub(crate) fn in_currency(self, currency: &str) -> Self {
        Self { currency: Some(currency.to_owned()), ..self }
    }

    pub(crate) fn add(&mut self, row: [Cell; N]) {
        self.rows.push(row);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Prints it; `empty` is what people read on a terminal where there are no rows.
    pub(crate) fn print(&self, format: Format, empty: &str) -> anyhow::Result<()> {
        if format.json {
            print_json(&self.to_json())?;
        } else if format.csv {
            out(&self.to_csv()?);
        } else if !self.is_empty() {
            out(&format!("{}\n", self.to_table(stdout().is_terminal())));
        } else if stdout().is_terminal() {
            out(&format!("{empty}\n"));
        }
        Ok(())
    }

    /// A list of objects.
    pub(crate) fn to_json(&self) -> Value {
        self.rows.iter().map(|row| self.object(row)).collect()
    }

    /// One row as an object.
    pub(crate) fn object(&self, row: &[Cell; N]) -> Value {
        let values = self.columns.iter().zip(row);
        let values = values.map(|(column, cell)| ((*column).to_owned(), cell.for_a_program()));
        let currency = self.currency.iter().map(|code| (CURRENCY.to_owned(), code.as_str().into()));
        values.chain(currency).collect()
    }

    pub(crate) fn to_csv(&self) -> anyhow::Result<String> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let currency = self.currency.as_ref().map(|_| CURRENCY);
        writer.write_record(self.columns.into_iter().chain(currency))?;
        for row in &self.rows {
            let cells = row.iter().map(Cell::for_a_spreadsheet);
            writer.write_record(cells.chain(self.currency.clone()))?;
        }
        String::from_utf8(writer.into_inner()?).context("CSV of texts is text")
    }

    /// On a terminal it has lines and fits the window; in a pipe it has neither. On a narrow terminal values are below each other.
    pub(crate) fn to_table(&self, is_terminal: bool) -> String {
        let header = self.columns.map(|column| column.replace('_', " "));
        if is_terminal && is_too_narrow(N) {
            return below_each_other(
                &header,
                self.rows.iter().map(|row| row.iter().map(Cell::for_people).collect()),
            );
        }
        let mut table = arranged(is_terminal);
        table.set_header(header);
        for row in &self.rows {
            table.add_row(row.each_ref().map(Cell::for_people));
        }
        for (place, column) in table.column_iter_mut().enumerate() {
            if self.rows.iter().any(|row| row[place].is_number()) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        written(&table, is_terminal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet() -> Sheet<3> {
        let mut sheet = Sheet::new(["pixel", "unreported_revenue", "note"]);
        sheet.add([Cell::text("meta:1"), Cell::Money("1234.5".parse().unwrap()), Cell::text("=1+1\tx\n")]);
        sheet.add([Cell::text("meta:2"), Cell::Money("-0.25".parse().unwrap()), Cell::Nothing]);
        sheet
    }

    #[test]
    fn a_pipe_gets_columns_without_lines() {
        let text = sheet().to_table(false);
        let lines: Vec<_> = text.lines().map(str::trim_end).collect();
        assert_eq!(lines.len(), 3, "{text}");
        assert!(
            lines[0].starts_with("pixel ") && lines[0].contains("unreported revenue") && !text.contains('─'),
            "{text}"
        );
        assert!(lines[1].contains("1234.50") && lines[1].ends_with(r"=1+1\u0009x\u000a"), "{text}");
    }

    #[test]
    fn a_spreadsheet_gets_no_formula_from_a_text() {
        let text = sheet().to_csv().unwrap();
        let expected = "pixel,unreported_revenue,note\nmeta:1,1234.5,\"'=1+1\tx\n\"\nmeta:2,-0.25,\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn what_money_is_in_is_said_to_programs_and_spreadsheets() {
        let sheet = sheet().in_currency("EUR");
        assert_eq!(sheet.to_json()[1]["currency"], "EUR");
        assert!(
            sheet.to_csv().unwrap().starts_with("pixel,unreported_revenue,note,currency\nmeta:1,1234.5,")
        );
        assert!(!sheet.to_table(false).contains("EUR"), "people read it above the table");
    }

    #[test]
    fn a_program_gets_numbers_as_numbers_and_money_as_text() {
        let value = sheet().to_json();
        assert_eq!(value[0]["unreported_revenue"], "1234.5");
        assert_eq!(value[1]["note"], Value::Null);
    }
}
