//! A pure crate has no clock, no socket, no thread and no randomness.

use super::imports::{declared, table};
use super::{assert_none, read, sources};

/// Crates that bring I/O, clocks or randomness with them.
const IMPURE: &[&str] = &[
    "async-std",
    "fastrand",
    "getrandom",
    "libc",
    "mio",
    "nix",
    "rand",
    "smol",
    "socket2",
    "tokio",
];

/// Calls every pure crate's `clippy.toml` forbids.
const BANNED: &[&str] = &[
    "std::time::Instant::now",
    "std::time::SystemTime::now",
    "std::thread::spawn",
    "std::thread::sleep",
    "std::net::UdpSocket::bind",
    "std::net::TcpStream::connect",
    "std::net::TcpListener::bind",
    "std::fs::read",
    "std::fs::File::open",
];

fn pure_crates() -> Vec<String> {
    let pure: Vec<String> = table()
        .into_iter()
        .filter(|(_, row)| row.pure)
        .map(|(word, _)| word)
        .collect();
    assert!(pure.len() >= 6, "the table knows only {pure:?} as pure");
    pure
}

#[test]
fn pure_crates_depend_on_nothing_impure() {
    let pure = pure_crates();
    let mut places = Vec::new();
    for dependency in declared() {
        let counts = pure.contains(&dependency.crate_word) && !dependency.for_tests;
        if counts && IMPURE.contains(&dependency.on.as_str()) {
            places.push(format!(
                "crates/{} depends on {}",
                dependency.crate_word, dependency.on
            ));
        }
    }
    assert_none("time is an argument and randomness a seed", &places);
}

#[test]
fn pure_crates_ban_clocks_threads_and_io_and_forbid_unsafe_code() {
    let mut places = Vec::new();
    for word in pure_crates() {
        let lints = read(&format!("crates/{word}/clippy.toml"));
        let missing = BANNED
            .iter()
            .filter(|call| !lints.contains(&format!("\"{call}\"")));
        places.extend(missing.map(|call| format!("crates/{word}/clippy.toml does not ban {call}")));
        if !read(&format!("crates/{word}/src/lib.rs")).contains("#![forbid(unsafe_code)]") {
            places.push(format!(
                "crates/{word}/src/lib.rs does not forbid unsafe code"
            ));
        }
    }
    assert_none("what a pure crate forbids is written in its lints", &places);
}

/// Only its tests may, to have an instant at which virtual time starts.
#[test]
fn a_pure_crate_excuses_itself_from_no_ban() {
    let mut places = Vec::new();
    let pure = pure_crates();
    for source in sources(&[".rs"]) {
        let lies_in = |word: &String| source.path.starts_with(&format!("crates/{word}/src/"));
        if !pure.iter().any(lies_in) {
            continue;
        }
        let excuses = source
            .product_lines()
            .filter(|(_, line)| line.contains("disallowed_methods"));
        places.extend(excuses.map(|(number, _)| format!("{}:{number}", source.path)));
    }
    assert_none("a ban is lifted in a pure crate", &places);
}

#[test]
fn tests_of_pure_crates_never_sleep() {
    let mut places = Vec::new();
    let pure = pure_crates();
    for source in sources(&[".rs"]) {
        if !pure
            .iter()
            .any(|word| source.path.starts_with(&format!("crates/{word}/")))
        {
            continue;
        }
        let sleeps = source.lines().filter(|(_, line)| line.contains("sleep("));
        places.extend(sleeps.map(|(number, _)| format!("{}:{number}", source.path)));
    }
    assert_none(
        "time is an argument: a test passes it, it does not wait for it",
        &places,
    );
}

#[test]
fn unsafe_code_stands_only_where_its_file_says_why() {
    let mut places = Vec::new();
    for source in sources(&[".rs"]) {
        // Spelled in two halves, or this file would find itself.
        let uses = source.text.contains(concat!("allow(", "unsafe_code)"));
        if uses && !source.text.contains("SAFETY:") {
            places.push(source.path);
        }
    }
    assert_none("unsafe code without a SAFETY comment", &places);
}
