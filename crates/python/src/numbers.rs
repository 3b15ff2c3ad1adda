//! Telephone numbers in one spelling.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use trunkline_call::numbers::{Country, Number};

/// Adds this module's function.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(read_number, module)?)
}

/// A number as `+…`, or as digits alone where nothing says of which country they are; `None` for
/// what is no number: a name, an extension, `anonymous`. `country` is the one whose numbers may be
/// written as they are dialled there: two letters of ISO 3166.
#[pyfunction]
#[pyo3(signature = (text, country=None))]
fn read_number(text: &str, country: Option<&str>) -> PyResult<Option<String>> {
    let country = country.map(str::parse::<Country>).transpose();
    let country = country.map_err(|unknown| PyValueError::new_err(unknown.to_string()))?;
    Ok(Number::read(text, country.as_ref()).map(|number| number.to_string()))
}
