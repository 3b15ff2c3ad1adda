//! The wheel, built by maturin from the same build folder as everything else.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::environment::Environment;
use crate::workspace::{self, Failure, pass_through};

/// Builds the wheel with the profile of the tests, so that only our own crates are compiled again;
/// its path.
pub fn build(environment: &Environment, target: &Path) -> Result<PathBuf, Failure> {
    let folder = target.join("python/wheels");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    let mut maturin = Command::new(environment.program("maturin"));
    maturin.current_dir(workspace::root().join("python"));
    maturin.args(["build", "--quiet", "--profile", "dev", "--locked"]);
    maturin.arg("--interpreter").arg(environment.python());
    maturin.arg("--target-dir").arg(target);
    pass_through(maturin.arg("--out").arg(&folder))?;
    let wheels = std::fs::read_dir(&folder)?;
    let mut paths = wheels.filter_map(|entry| Some(entry.ok()?.path()));
    paths
        .next()
        .ok_or_else(|| format!("no wheel in {}", folder.display()).into())
}
