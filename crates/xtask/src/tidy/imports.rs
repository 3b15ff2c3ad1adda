//! The import table of ARCHITECTURE.md, held against every crate's `Cargo.toml`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::documents::resolved;
use super::{Source, assert_none, read, sources};
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

/// The word of a crate of ours, by the name of its package.
fn ours(package: &str) -> Option<&str> {
    match package {
        // The gateway's package has the name of the program.
        "trunkline" => Some("gateway"),
        other => other.strip_prefix("trunkline-"),
    }
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
        let Some(word) = ours(&on) else {
            continue;
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

#[test]
fn every_import_of_the_table_is_one_of_its_crate() {
    let declared = declared();
    let mut places = Vec::new();
    for (word, row) in table() {
        let imports = |import: &str| {
            let mut of_crate = declared.iter().filter(|it| it.crate_word == word);
            of_crate.any(|it| ours(&it.on) == Some(import))
        };
        for import in row.imports.iter().filter(|import| !imports(import)) {
            places.push(format!("crates/{word} does not import {import}"));
        }
    }
    assert_none("ARCHITECTURE.md allows what nobody does", &places);
}

#[test]
fn every_dependency_is_named_in_the_code_of_its_crate() {
    // Where the library has another name than its package.
    const LIBRARIES: [(&str, &str); 1] = [("md-5", "md5")];
    let sources = sources(&[".rs"]);
    let mut places = Vec::new();
    for Declared { crate_word, on, .. } in declared() {
        let other = LIBRARIES.iter().find(|(package, _)| *package == on);
        let library = other.map_or(on.replace('-', "_"), |(_, library)| (*library).to_owned());
        let is_word = |c: char| !c.is_alphanumeric() && c != '_';
        let names = |source: &&Source| source.text.split(is_word).any(|word| word == library);
        if !code(&crate_word, &sources).iter().any(names) {
            places.push(format!("crates/{crate_word} does not use {on}"));
        }
    }
    assert_none("a dependency that nothing needs", &places);
}

/// What a crate is made of: the files in its folder, and those in folders of others that its tests
/// share.
fn code<'s>(crate_word: &str, sources: &'s [Source]) -> Vec<&'s Source> {
    let own = format!("crates/{crate_word}/");
    let mut folders = vec![own.clone()];
    for source in sources
        .iter()
        .filter(|source| source.path.starts_with(&own))
    {
        let shared = source.text.lines().filter_map(|line| {
            let file = line.trim().strip_prefix("#[path = \"")?.split('"').next()?;
            Some(resolved(&source.path, file))
        });
        let shared = shared.filter_map(|file| Some(file.parent()?.display().to_string()));
        folders.extend(shared.map(|folder| format!("{folder}/")));
    }
    let is_of_crate = |source: &&Source| {
        let mut folders = folders.iter();
        folders.any(|folder| source.path.starts_with(folder))
    };
    sources.iter().filter(is_of_crate).collect()
}

#[test]
fn a_crate_is_made_of_its_folder_and_of_what_its_tests_share() {
    let source = |path: &str, text: &str| Source {
        path: path.to_owned(),
        text: text.to_owned(),
    };
    let sources = [
        source("crates/a/src/lib.rs", ""),
        source(
            "crates/a/tests/one.rs",
            "#[path = \"../../b/tests/shared/mod.rs\"]\nmod shared;\n",
        ),
        source("crates/b/tests/shared/rest.rs", ""),
        source("crates/b/src/lib.rs", ""),
        source("crates/ab/src/lib.rs", ""),
    ];
    let paths: Vec<&str> = code("a", &sources)
        .iter()
        .map(|source| source.path.as_str())
        .collect();
    let shared = "crates/b/tests/shared/rest.rs";
    assert_eq!(
        paths,
        ["crates/a/src/lib.rs", "crates/a/tests/one.rs", shared]
    );
}
