//! The real binary, run once to its end.

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Runs `trunkline` in a folder that is also its user's home, where no variable of whoever runs the
/// tests tells it anything.
pub fn trunkline(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_trunkline"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .stdin(Stdio::null())
        .output()
        .expect("the binary under test starts")
}

/// What it printed.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("what it prints is UTF-8")
}
