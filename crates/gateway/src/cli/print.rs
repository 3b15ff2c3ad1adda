//! Prints data: tables for people, JSON for programs.

use super::Failure;
use crate::telemetry::log::escaped;
use serde_json::Value;
use std::io::{self, Write};

/// Prints lines. A reader that has seen enough (`| head`) is no failure.
pub fn lines<T: std::fmt::Display>(lines: impl IntoIterator<Item = T>) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    for line in lines {
        match writeln!(out, "{line}") {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            written => written.map_err(Failure::of)?,
        }
    }
    Ok(())
}

/// Rows below a heading, in columns as wide as they need to be. What callers sent cannot drive
/// the terminal.
pub fn table<const N: usize>(heading: [&str; N], rows: Vec<[String; N]>) -> Vec<String> {
    let mut all = vec![heading.map(str::to_owned)];
    all.extend(
        rows.into_iter()
            .map(|row| row.map(|cell| escaped(&cell).replace('\n', " "))),
    );
    let width = |column: usize| {
        let cells = all.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..N).map(width).collect();
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(&widths);
        let padded: Vec<String> = cells
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        padded.join("  ").trim_end().to_owned()
    };
    all.iter().map(line).collect()
}

/// A value of an object as a cell: a text as it is, nothing as `-`.
pub fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The items of a list in an object, none if it is not there.
pub fn items<'v>(object: &'v Value, list: &str) -> &'v [Value] {
    object[list]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other_and_hold_no_escapes() {
        let rows = vec![
            ["1".to_owned(), "\u{1b}[2Jalice".to_owned()],
            ["20".to_owned(), "bob\nroot".to_owned()],
        ];
        let told = table(["ID", "FROM"], rows);
        assert_eq!(told, ["ID  FROM", "1   \\u{1b}[2Jalice", "20  bob\\nroot"]);
    }
}
