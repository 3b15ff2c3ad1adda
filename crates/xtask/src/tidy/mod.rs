//! The house rules, as tests: `cargo test -p xtask`.
//!
//! Each test names every place that breaks its rule, so that one run is enough to mend them all.

mod documents;
mod fixtures;
mod imports;
mod licences;
mod purity;
mod size;
mod spdx;
mod words;

use std::process::Command;

use crate::workspace;

/// A file of the project, by its path from the root.
struct Source {
    path: String,
    text: String,
}

impl Source {
    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line))
    }

    /// The lines that are built into the product: none of a test's file, none of a test module.
    fn product_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let is_test = self.path.contains("/tests/") || self.path.ends_with("/tests.rs");
        self.lines()
            .take_while(move |(_, line)| !is_test && *line != "#[cfg(test)]")
    }
}

/// Every path git knows or would add, from the root.
fn paths() -> Vec<String> {
    let mut git = Command::new("git");
    git.current_dir(workspace::root());
    git.args(["ls-files", "--cached", "--others", "--exclude-standard"]);
    let listed =
        workspace::output(&mut git).expect("the house rules are checked in a git checkout");
    let present = listed
        .lines()
        .filter(|path| workspace::root().join(path).is_file());
    present.map(str::to_owned).collect()
}

/// The text files whose names end in one of `endings`.
fn sources(endings: &[&str]) -> Vec<Source> {
    let wanted = |path: &String| endings.iter().any(|ending| path.ends_with(ending));
    let read = |path: String| Source {
        text: read(&path),
        path,
    };
    paths().into_iter().filter(wanted).map(read).collect()
}

fn read(path: &str) -> String {
    let bytes = std::fs::read(workspace::root().join(path));
    let bytes = bytes.unwrap_or_else(|error| panic!("{path}: {error}"));
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Fails with one line for each place that breaks the rule.
fn assert_none(rule: &str, places: &[String]) {
    assert!(places.is_empty(), "{rule}\n  {}\n", places.join("\n  "));
}
