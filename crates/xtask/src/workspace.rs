//! Where the project lies and how a program is run in it.

use std::path::{Path, PathBuf};
use std::process::Command;

/// What went wrong, in words for the person who typed the command.
pub type Failure = Box<dyn std::error::Error>;

/// The folder that holds the workspace's `Cargo.toml`.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

/// The build folder, wherever `CARGO_TARGET_DIR` or a configuration file has put it.
pub fn target() -> Result<PathBuf, Failure> {
    let text = output(cargo().args([
        "metadata",
        "--no-deps",
        "--offline",
        "--format-version",
        "1",
    ]))?;
    let metadata: serde_json::Value = serde_json::from_str(&text)?;
    let folder = metadata["target_directory"].as_str();
    Ok(PathBuf::from(
        folder.ok_or("cargo metadata names no target_directory")?,
    ))
}

/// The cargo that runs this command, started at the root.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// Runs a command to its end; what it printed, or why it failed.
pub fn output(command: &mut Command) -> Result<String, Failure> {
    let done = command
        .output()
        .map_err(|error| format!("{}: {error}", spelled(command)))?;
    if !done.status.success() {
        let said = String::from_utf8_lossy(&done.stderr);
        return Err(format!("{}: {}\n{}", spelled(command), done.status, said.trim_end()).into());
    }
    Ok(String::from_utf8_lossy(&done.stdout).into_owned())
}

/// Runs a command whose output the user sees; an error when it fails.
pub fn pass_through(command: &mut Command) -> Result<(), Failure> {
    let status = command
        .status()
        .map_err(|error| format!("{}: {error}", spelled(command)))?;
    if !status.success() {
        return Err(format!("{}: {status}", spelled(command)).into());
    }
    Ok(())
}

/// The command as one would type it.
pub fn spelled(command: &Command) -> String {
    let program = Path::new(command.get_program())
        .file_name()
        .unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Where on PATH a program lies.
pub fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    // Debian keeps nft and chroot in sbin, which an ordinary user's PATH lacks.
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    folders
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}
