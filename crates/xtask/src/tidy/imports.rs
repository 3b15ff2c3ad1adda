//! The import table of ARCHITECTURE.md, held against every crate's `Cargo.toml`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{assert_none, read};
use crate::workspace;

/// What stands in one row of the table.
pub struct Row {
    /// Free of I/O, clocks and randomness.
    pub pure: bool,
    imports: Vec<String>,
}

/// The rows of the table: crate word to row.
pub fn table() -> BTreeMap<String, Row> {
    let page = read("ARCHITECTURE.md");
    let section = page
        .split("## What may import what")
        .nth(1)
        .expect("the import table's heading");
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    rows.map(|line| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, word, pure, imports, ..] = cells.as_slice() else {
            panic!("a short row: {line}")
        };
        let imports = imports.split(',').map(|word| word.trim().to_owned());
        let imports = imports.filter(|word| word != "nothing").collect();
        (
            word.trim_matches('`').to_owned(),
            Row {
                pure: *pure == "yes",
                imports,
            },
        )
    })
    .collect()
}

/// One dependency as a crate's `Cargo.toml` declares it.
pub struct Declared {
    pub crate_word: String,
    pub on: String,
    pub for_tests: bool,
}

/// Every dependency every crate of the workspace declares.
pub fn declared() -> Vec<Declared> {
    let mut declared = Vec::new();
    for package in packages() {
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            declared.push(Declared {
                crate_word: crate_word(&package),
                on: dependency["name"].as_str().unwrap_or_default().to_owned(),
                for_tests: dependency["kind"] == "dev",
            });
        }
    }
    declared
}

fn packages() -> Vec<Value> {
    let mut cargo = workspace::cargo();
    cargo.args([
        "metadata",
        "--no-deps",
        "--offline",
        "--format-version",
        "1",
    ]);
    let text = workspace::output(&mut cargo).expect("cargo metadata");
    let metadata: Value = serde_json::from_str(&text).expect("cargo metadata prints JSON");
    metadata["packages"].as_array().cloned().unwrap_or_default()
}

/// The folder a crate lies in, which is the word the table uses.
fn crate_word(package: &Value) -> String {
    let manifest = package["manifest_path"].as_str().unwrap_or_default();
    manifest.rsplit('/').nth(1).unwrap_or_default().to_owned()
}

#[test]
fn the_table_has_a_row_for_every_crate_and_no_other() {
    let rows: Vec<String> = table().into_keys().collect();
    let mut crates: Vec<String> = packages().iter().map(crate_word).collect();
    crates.sort();
    assert_eq!(rows, crates);
}

#[test]
fn crates_import_only_what_the_table_allows() {
    let table = table();
    let mut places = Vec::new();
    for Declared {
        crate_word,
        on,
        for_tests,
    } in declared()
    {
        // The gateway's package has the name of the program.
        let word = match on.as_str() {
            "trunkline" => "gateway",
            other => match other.strip_prefix("trunkline-") {
                Some(word) => word,
                None => continue,
            },
        };
        let allowed = table.get(&crate_word).map_or(&[][..], |row| &row.imports);
        // Tests of any crate may use the virtual clock and the seeded network.
        let for_its_tests = for_tests && word == "testkit";
        if !for_its_tests && !allowed.iter().any(|import| import == word) {
            places.push(format!("crates/{crate_word} imports {word}"));
        }
    }
    assert_none("an import that is not in ARCHITECTURE.md's table", &places);
}
