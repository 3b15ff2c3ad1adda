//! A configuration file as written, for the entries that are a program's own.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use serde_json::Value;
use std::path::PathBuf;
use trunkline::config::{self, Variables};

/// Adds this module's function.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(read_outline, module)?)
}

/// A YAML file and what is wrong with it, a sentence each. Every scalar is the text that it is
/// (`+15125551234` keeps its plus), `${NAME}` is filled in from the environment and the `.env` beside
/// the file, and what cannot be filled in is `None`. Nothing but problems comes of what is no YAML.
#[pyfunction]
fn read_outline(py: Python<'_>, path: PathBuf) -> PyResult<(Py<PyAny>, Vec<String>)> {
    let (outline, problems) = py.detach(|| config::outline(&path, Variables::of_process()));
    let outline = match outline {
        Some(value) => python(py, &value)?,
        None => py.None(),
    };
    Ok((outline, problems.iter().map(ToString::to_string).collect()))
}

/// An outline has no numbers: its scalars are texts.
fn python(py: Python<'_>, value: &Value) -> PyResult<Py<PyAny>> {
    Ok(match value {
        Value::String(text) => text.into_pyobject(py)?.into_any().unbind(),
        Value::Array(items) => {
            let items: PyResult<Vec<_>> = items.iter().map(|item| python(py, item)).collect();
            PyList::new(py, items?)?.into_any().unbind()
        }
        Value::Object(entries) => {
            let dict = PyDict::new(py);
            for (key, value) in entries {
                dict.set_item(key, python(py, value)?)?;
            }
            dict.into_any().unbind()
        }
        _ => py.None(),
    })
}
