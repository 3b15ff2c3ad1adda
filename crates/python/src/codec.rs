//! Samples as bytes: G.711 and linear, and the way from one rate to another.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use trunkline_audio::l16::{self, ByteOrder};
use trunkline_audio::{Resampler, SAMPLE_RATE_HZ, g711};
use trunkline_streams::stream::Encoding;

/// Adds this module's class.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Converter>()
}

/// How samples are spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spelling {
    Mulaw,
    Alaw,
    Linear(ByteOrder),
}

impl Spelling {
    /// The spelling that a name means, however providers write it. Linear is little-endian unless
    /// it says otherwise.
    fn named(name: &str) -> PyResult<Self> {
        match Encoding::named(name, Encoding::L16Little) {
            Some(Encoding::Pcmu) => Ok(Self::Mulaw),
            Some(Encoding::Pcma) => Ok(Self::Alaw),
            Some(Encoding::L16Little) => Ok(Self::Linear(ByteOrder::Little)),
            Some(Encoding::L16Big) => Ok(Self::Linear(ByteOrder::Big)),
            _ => Err(PyValueError::new_err(format!(
                "encoding {name:?} is not converted here; write l16, mulaw or alaw"
            ))),
        }
    }

    fn encode(self, samples: &[i16], bytes: &mut [u8]) {
        match self {
            Self::Mulaw => g711::ulaw::encode_slice(samples, bytes),
            Self::Alaw => g711::alaw::encode_slice(samples, bytes),
            Self::Linear(order) => {
                l16::encode(order, samples, bytes);
            }
        }
    }

    fn bytes(self, samples: usize) -> usize {
        match self {
            Self::Mulaw | Self::Alaw => samples,
            Self::Linear(_) => 2 * samples,
        }
    }
}

/// Reads samples from a stream of bytes that may be cut anywhere.
#[derive(Debug)]
enum Reader {
    Mulaw,
    Alaw,
    Linear(l16::Decoder),
}

impl Reader {
    fn new(spelling: Spelling) -> Self {
        match spelling {
            Spelling::Mulaw => Self::Mulaw,
            Spelling::Alaw => Self::Alaw,
            Spelling::Linear(order) => Self::Linear(l16::Decoder::new(order)),
        }
    }

    fn read(&mut self, bytes: &[u8], samples: &mut Vec<i16>) {
        let count = match self {
            Self::Mulaw | Self::Alaw => bytes.len(),
            Self::Linear(decoder) => decoder.output_len(bytes.len()),
        };
        samples.clear();
        samples.resize(count, 0);
        match self {
            Self::Mulaw => g711::ulaw::decode_slice(bytes, samples),
            Self::Alaw => g711::alaw::decode_slice(bytes, samples),
            Self::Linear(decoder) => {
                decoder.decode(bytes, samples);
            }
        }
    }
}

/// The filters between two rates: none where they are the same, else one on each side of 16 kHz.
fn filters(from_hz: u32, to_hz: u32) -> PyResult<Vec<Resampler>> {
    let supported = |hz| match Resampler::new(hz, SAMPLE_RATE_HZ) {
        Ok(_) => Ok(()),
        Err(_) => Err(PyValueError::new_err(format!(
            "a rate of {hz} Hz is not converted here; write 8000, 16000, 24000 or 48000"
        ))),
    };
    supported(from_hz)?;
    supported(to_hz)?;
    if from_hz == to_hz {
        return Ok(Vec::new());
    }
    let steps = [(from_hz, SAMPLE_RATE_HZ), (SAMPLE_RATE_HZ, to_hz)];
    let steps = steps.into_iter().filter(|(from, to)| from != to);
    let filters = steps.map(|(from, to)| Resampler::new(from, to));
    let filters: Result<_, _> = filters.collect();
    filters.map_err(|error| PyValueError::new_err(error.to_string()))
}

/// Converts one direction of a stream, cut anywhere: the state of the filter, and half a sample, are
/// kept from one piece to the next.
#[pyclass(module = "trunkline._core")]
#[derive(Debug)]
pub struct Converter {
    is_noop: bool,
    reader: Reader,
    filters: Vec<Resampler>,
    spelling: Spelling,
    samples: Vec<i16>,
    filtered: Vec<i16>,
}

#[pymethods]
impl Converter {
    #[new]
    fn new(from_rate: u32, from_encoding: &str, to_rate: u32, to_encoding: &str) -> PyResult<Self> {
        let (from, to) = (
            Spelling::named(from_encoding)?,
            Spelling::named(to_encoding)?,
        );
        let filters = filters(from_rate, to_rate)?;
        Ok(Self {
            is_noop: from == to && filters.is_empty(),
            reader: Reader::new(from),
            filters,
            spelling: to,
            samples: Vec::new(),
            filtered: Vec::new(),
        })
    }

    /// Whether bytes go through as they are.
    #[getter]
    fn is_noop(&self) -> bool {
        self.is_noop
    }

    /// The next piece of the stream.
    fn convert<'py>(&mut self, py: Python<'py>, data: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
        if self.is_noop {
            return Ok(PyBytes::new(py, data));
        }
        py.detach(|| self.run(data));
        let length = self.spelling.bytes(self.samples.len());
        PyBytes::new_with(py, length, |bytes| {
            self.spelling.encode(&self.samples, bytes);
            Ok(())
        })
    }
}

impl Converter {
    /// Leaves the converted samples in `samples`.
    fn run(&mut self, data: &[u8]) {
        self.reader.read(data, &mut self.samples);
        for filter in &mut self.filters {
            self.filtered.clear();
            self.filtered
                .resize(filter.output_len(self.samples.len()), 0);
            filter.process(&self.samples, &mut self.filtered);
            std::mem::swap(&mut self.samples, &mut self.filtered);
        }
    }
}
