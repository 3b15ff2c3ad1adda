//! A fixture nobody reads is dead weight.

use super::{assert_none, paths, sources};

/// A file is read when its own path or the path of a folder it lies in is spelled somewhere.
fn spellings(path: &str) -> impl Iterator<Item = &str> {
    let ends = path
        .match_indices('/')
        .map(|(at, _)| at)
        .chain([path.len()]);
    // The first folder is `fixtures` itself, which says nothing about its files.
    ends.skip(1).map(|end| &path["fixtures/".len()..end])
}

#[test]
fn every_fixture_is_read_by_something() {
    let readers = sources(&[".rs", ".py"]);
    let is_read = |spelling| readers.iter().any(|reader| reader.text.contains(spelling));
    let fixtures: Vec<String> = paths()
        .into_iter()
        .filter(|path| path.starts_with("fixtures/"))
        .collect();
    let pages = |path: &&String| path.ends_with(".md");
    let unread = fixtures
        .iter()
        .filter(|path| !pages(path) && !spellings(path).any(is_read));
    assert_none(
        "no test reads these fixtures",
        &unread.cloned().collect::<Vec<_>>(),
    );
}

#[test]
fn a_fixture_is_spelled_by_its_own_path_or_a_folder_of_it() {
    let spelled: Vec<&str> = spellings("fixtures/sip/torture/a.dat").collect();
    assert_eq!(spelled, ["sip", "sip/torture", "sip/torture/a.dat"]);
}
