//! Nothing grows past what one reads in one go.

use super::{Source, assert_none, sources};

const FILE_LINES_MAX: usize = 500;
const FUNCTION_LINES_MAX: usize = 70;

/// Places that may be longer, each with its reason.
const LONGER: &[(&str, &str)] = &[];

fn excused(path: &str) -> bool {
    LONGER.iter().any(|(longer, _)| *longer == path)
}

/// The functions of rustfmt's output: name, first line, number of lines.
fn functions(source: &Source) -> Vec<(&str, usize, usize)> {
    let lines: Vec<&str> = source.text.lines().collect();
    let starts = lines.iter().enumerate();
    let starts = starts.filter_map(|(at, line)| Some((at, function_name(line)?)));
    starts
        .filter_map(|(at, name)| Some((name, at + 1, body_length(&lines[at..])?)))
        .collect()
}

/// The name, where this line begins a function.
fn function_name(line: &str) -> Option<&str> {
    let (before, after) = line.trim_start().split_once("fn ")?;
    let qualifiers = [
        "pub",
        "pub(crate)",
        "pub(super)",
        "const",
        "async",
        "unsafe",
        "extern",
        "\"C\"",
    ];
    let qualified = before
        .split_whitespace()
        .all(|word| qualifiers.contains(&word));
    (qualified && !line.trim_end().ends_with('}')).then(|| after.split(['(', '<']).next())?
}

/// Lines from the signature to the brace that closes at its indentation; none for a declaration.
fn body_length(lines: &[&str]) -> Option<usize> {
    let indentation = lines[0].len() - lines[0].trim_start().len();
    let mut is_open = false;
    for (offset, line) in lines.iter().enumerate() {
        is_open |= line.ends_with('{');
        let depth = line.len() - line.trim_start().len();
        if depth != indentation || line.trim().is_empty() {
            continue;
        }
        // A text over several lines may end at any depth.
        if !is_open && line.ends_with(';') {
            return None;
        }
        if offset > 0 && line.trim() == "}" {
            return Some(offset + 1);
        }
    }
    None
}

#[test]
fn no_file_is_longer_than_one_reads() {
    let mut places = Vec::new();
    for source in sources(&[".rs"]) {
        let lines = source.text.lines().count();
        if lines > FILE_LINES_MAX && !excused(&source.path) {
            places.push(format!("{}: {lines} lines", source.path));
        }
    }
    assert_none(
        "a file has at most 500 lines; cut it where its subject parts",
        &places,
    );
}

#[test]
fn no_function_is_longer_than_a_screen() {
    let mut places = Vec::new();
    for source in sources(&[".rs"]) {
        let long = functions(&source)
            .into_iter()
            .filter(|(.., lines)| *lines > FUNCTION_LINES_MAX);
        for (name, line, lines) in long.filter(|_| !excused(&source.path)) {
            places.push(format!("{}:{line}: {name}: {lines} lines", source.path));
        }
    }
    assert_none("a function has at most 70 lines", &places);
}

#[test]
fn every_longer_place_is_still_longer() {
    for (path, _) in LONGER {
        let source = Source {
            path: (*path).into(),
            text: super::read(path),
        };
        let longest = functions(&source)
            .iter()
            .map(|(.., lines)| *lines)
            .max()
            .unwrap_or(0);
        let long = source.text.lines().count() > FILE_LINES_MAX || longest > FUNCTION_LINES_MAX;
        assert!(long, "{path} is short now: strike it from LONGER");
    }
}

#[test]
fn functions_are_measured_from_signature_to_closing_brace() {
    let text = "trait T {\n    fn declared(\n        a: u8,\n    ) -> u8;\n}\n\
                pub(crate) async fn long<T>(\n    a: T,\n) {\n    if x {\n    }\n}\nfn short() {}\n";
    let source = Source {
        path: "x.rs".into(),
        text: text.into(),
    };
    assert_eq!(functions(&source), [("long", 6, 6)]);
    let text = "fn told() {\n    let text = r#\"\nwords\n\"#;\n}\n";
    let source = Source {
        path: "x.rs".into(),
        text: text.into(),
    };
    assert_eq!(functions(&source), [("told", 1, 5)]);
}
