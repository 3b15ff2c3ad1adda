//! Audio between Python's bytes and samples: s16le, one copy each way.

use pyo3::buffer::PyBuffer;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyMemoryView};
use trunkline_audio::AudioFrame;

/// The frame as 640 bytes.
pub fn bytes<'py>(py: Python<'py>, frame: &AudioFrame) -> PyResult<Bound<'py, PyBytes>> {
    let samples = frame.samples();
    PyBytes::new_with(py, samples.len() * 2, |bytes| {
        for (pair, sample) in bytes.chunks_exact_mut(2).zip(samples) {
            pair.copy_from_slice(&sample.to_le_bytes());
        }
        Ok(())
    })
}

/// The samples in anything that is like bytes.
///
/// # Errors
/// ``ValueError`` where half a sample is left over, ``TypeError`` where it is not like bytes.
pub fn samples(pcm: &Bound<'_, PyAny>) -> PyResult<Vec<i16>> {
    if let Ok(bytes) = pcm.cast::<PyBytes>() {
        return of_bytes(bytes.as_bytes());
    }
    let view = PyMemoryView::from(pcm)?;
    let octets = view.call_method1("cast", ("B",))?;
    whole(octets.len()?)?;
    // A view that begins at an odd address has no samples to be read where they are.
    match octets
        .call_method1("cast", ("h",))
        .and_then(|shorts| PyBuffer::<i16>::get(&shorts))
    {
        Ok(buffer) => {
            let samples = buffer.to_vec(pcm.py())?;
            Ok(samples.into_iter().map(i16::from_le).collect())
        }
        Err(_) => of_bytes(&PyBuffer::<u8>::get(&octets)?.to_vec(pcm.py())?),
    }
}

fn of_bytes(bytes: &[u8]) -> PyResult<Vec<i16>> {
    whole(bytes.len())?;
    let pairs = bytes.chunks_exact(2);
    Ok(pairs
        .map(|pair| i16::from_le_bytes([pair[0], pair[1]]))
        .collect())
}

fn whole(bytes: usize) -> PyResult<()> {
    match bytes % 2 {
        0 => Ok(()),
        _ => Err(PyValueError::new_err(format!(
            "{bytes} bytes are no whole samples: audio is 16-bit, little-endian, mono, 16 kHz"
        ))),
    }
}
