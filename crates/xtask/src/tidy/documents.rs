//! Every link leads somewhere, and every document spoken of is there.

use std::path::{Component, Path, PathBuf};

use super::{Source, assert_none, read, sources};
use crate::workspace;

/// The targets of a line's Markdown links that stay inside the project.
fn links(line: &str) -> impl Iterator<Item = &str> {
    let targets = line
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next());
    targets.filter(|target| !target.contains("://") && !target.starts_with("mailto:"))
}

/// The path a link means, seen from the file it stands in, with `..` resolved.
pub(super) fn resolved(from: &str, target: &str) -> PathBuf {
    let folder = Path::new(from).parent().unwrap_or(Path::new(""));
    let mut path = PathBuf::new();
    for part in folder.join(target).components() {
        match part {
            Component::ParentDir => {
                path.pop();
            }
            part => path.push(part),
        }
    }
    path
}

/// GitHub's anchor of a heading: lower case, spaces to hyphens, other signs dropped.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = text
        .chars()
        .filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn leads_nowhere(source: &Source, target: &str) -> bool {
    let (file, fragment) = target.split_once('#').unwrap_or((target, ""));
    let path = match file {
        "" => PathBuf::from(&source.path),
        file => resolved(&source.path, file),
    };
    if !workspace::root().join(&path).exists() {
        return true;
    }
    let is_page = path.extension().is_some_and(|extension| extension == "md");
    let headings = |page: String| {
        page.lines()
            .any(|l| l.starts_with('#') && anchor(l) == fragment)
    };
    is_page && !fragment.is_empty() && !headings(read(&path.to_string_lossy()))
}

/// Words of a line that name a Markdown file.
fn named_documents(line: &str) -> impl Iterator<Item = &str> {
    let words = line.split(|c: char| !(c.is_ascii_alphanumeric() || "/._-".contains(c)));
    words.filter(|word| word.len() > 3 && word.ends_with(".md") && !word.contains("//"))
}

#[test]
fn every_link_in_a_document_leads_somewhere() {
    let mut places = Vec::new();
    for source in sources(&[".md"]) {
        for (number, line) in source.lines() {
            for target in links(line).filter(|target| leads_nowhere(&source, target)) {
                places.push(format!("{}:{number}: {target}", source.path));
            }
        }
    }
    assert_none("a link leads nowhere", &places);
}

#[test]
fn every_document_spoken_of_is_there() {
    let mut places = Vec::new();
    let speakers = sources(&[".rs", ".md", ".toml", ".yaml"]);
    // These rules speak of documents that only tests invent.
    for source in speakers
        .iter()
        .filter(|source| !source.path.contains("xtask/src/tidy/"))
    {
        for (number, line) in source.lines() {
            let missing = named_documents(line).filter(|name| {
                let places = [PathBuf::from(name), resolved(&source.path, name)];
                !name.contains("NAME") && !places.iter().any(|p| workspace::root().join(p).exists())
            });
            places.extend(missing.map(|name| format!("{}:{number}: {name}", source.path)));
        }
    }
    assert_none("a document is spoken of and is not there", &places);
}

#[test]
fn links_anchors_and_names_are_recognised() {
    assert_eq!(
        links("[a](b.md#c) and [d](https://e)").collect::<Vec<_>>(),
        ["b.md#c"]
    );
    assert_eq!(resolved("docs/x/y.md", "../z.md"), Path::new("docs/z.md"));
    assert_eq!(
        anchor("## The way of the data, in"),
        "the-way-of-the-data-in"
    );
    assert_eq!(
        named_documents("see `docs/a.md`.").collect::<Vec<_>>(),
        ["docs/a.md"]
    );
}
