//! The command line, for whoever has the package and not the binary.

use pyo3::prelude::*;
use std::ffi::OsString;
use trunkline::cli;

/// Adds this module's function.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(run_command, module)?)
}

/// Runs a command line, the name of the program first, and returns the exit code.
#[pyfunction]
fn run_command(py: Python<'_>, arguments: Vec<OsString>) -> u8 {
    py.detach(|| cli::run_with(arguments))
}
