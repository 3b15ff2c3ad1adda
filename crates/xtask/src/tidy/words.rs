//! What the text says and how its lines end.

use super::{assert_none, sources};

const TEXTS: &[&str] = &[
    ".rs", ".md", ".toml", ".yaml", ".yml", ".json", ".py", ".conf", ".sh",
];

/// The project speaks of itself, not of how or where it was typed.
const FOREIGN: &[&str] = &[
    "co-authored-by",
    "generated with",
    "/home/",
    "/root/",
    "issue #",
];

/// Words of unfinished work.
const UNFINISHED: &[&str] = &[
    "FIXME",
    "XXX:",
    "HACK:",
    "todo!(",
    "unimplemented!(",
    "#[ignore",
];

/// What keeps a test from being run by itself: nothing but models, with which the step "speech" runs it.
const NEEDS_MODELS: &str = r#"#[ignore = "needs models: cargo xtask test speech"]"#;

/// The file that spells these words in order to forbid them.
const THIS_FILE: &str = "crates/xtask/src/tidy/words.rs";

fn places(found: impl Fn(&str) -> Option<&'static str>) -> Vec<String> {
    let mut places = Vec::new();
    for source in sources(TEXTS)
        .iter()
        .filter(|source| source.path != THIS_FILE)
    {
        for (number, line) in source.lines() {
            if let Some(what) = found(line) {
                places.push(format!("{}:{number}: {what}", source.path));
            }
        }
    }
    places
}

/// The word begins here, not in the middle of a longer word or path.
fn says(line: &str, word: &str) -> bool {
    let starts_word = |at: usize| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '.');
    line.match_indices(word).any(|(at, _)| starts_word(at))
}

#[test]
fn the_text_speaks_of_the_project_alone() {
    let found = places(|line| {
        let lower = line.to_lowercase();
        FOREIGN.iter().copied().find(|word| says(&lower, word))
    });
    assert_none(
        "words that are not about the project, or paths of one machine",
        &found,
    );
}

#[test]
fn nothing_is_marked_unfinished() {
    let found = places(|line| {
        let mut words = UNFINISHED.iter().copied();
        words.find(|word| says(line, word) && line.trim() != NEEDS_MODELS)
    });
    assert_none("finish it, or write down plainly what is not there", &found);
}

#[test]
fn lines_have_no_tabs_and_no_trailing_spaces() {
    let found = places(|line| {
        let trailing = line.ends_with(' ') || line.ends_with('\t') || line.ends_with('\r');
        (trailing || line.contains('\t')).then_some("tab or trailing space")
    });
    assert_none(
        "lines end with their last word and are indented with spaces",
        &found,
    );
}

#[test]
fn a_word_inside_another_is_not_that_word() {
    assert!(says("see /home/x", "/home/"));
    assert!(!says("network/home/x", "/home/"));
}
