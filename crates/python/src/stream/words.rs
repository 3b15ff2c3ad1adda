//! What is said of streams, in Python's words: their dialects, formats and beginnings.

use pyo3::exceptions::{PyLookupError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use trunkline_legs::Wish;
use trunkline_legs::stream::{Greeted, Refusal};
use trunkline_streams::Frame;
use trunkline_streams::dialect::{STREAMS, StreamDialect, stream};
use trunkline_streams::stream::{Encoding, MediaFormat, Start, Up};

/// Name, aliases, encoding, rate, subprotocols.
type Known = (
    &'static str,
    &'static [&'static str],
    &'static str,
    u32,
    &'static [&'static str],
);

/// Every dialect of media streams: its name, the names of those who speak it too, the encoding and
/// rate of its audio where nothing else is said, and the subprotocols of its WebSockets.
#[pyfunction]
pub fn stream_dialects() -> Vec<Known> {
    let known = STREAMS.iter().map(|dialect| {
        let manners = &dialect.manners;
        let (encoding, rate) = (word(manners.format.encoding), manners.format.rate);
        (
            dialect.name,
            dialect.aliases,
            encoding,
            rate,
            manners.subprotocols,
        )
    });
    known.collect()
}

/// What only the provider's REST interface can do.
pub fn asked(wish: &Wish) -> (&'static str, &'static str, Option<String>) {
    match wish {
        Wish::HangUp => ("ask", "hangup", None),
        Wish::Transfer(target) => ("ask", "transfer", Some(target.as_str().to_owned())),
        Wish::Press(digit) => ("ask", "press", Some(digit.as_char().to_string())),
    }
}

/// The dialect of a name.
pub fn known(name: &str) -> PyResult<&'static StreamDialect> {
    stream(name).ok_or_else(|| {
        let names: Vec<_> = STREAMS.iter().map(|known| known.name).collect();
        let names = names.join(", ");
        PyValueError::new_err(format!(
            "no provider is named {name:?}; write one of {names}"
        ))
    })
}

/// The format of a name, with its rate where that is not the telephone's.
pub fn format(name: &str) -> PyResult<MediaFormat> {
    MediaFormat::announced(name, None, Encoding::L16Unknown)
        .ok_or_else(|| PyValueError::new_err(format!("no audio is called {name:?}")))
}

/// Why a connection is no stream.
pub fn refused(refusal: &Refusal) -> PyErr {
    let words = refusal.to_string();
    match refusal {
        Refusal::Unknown(_) => PyLookupError::new_err(words),
        _ => PyValueError::new_err(words),
    }
}

/// What a dialect calls its first messages. Without a dialect nothing is known of them.
pub fn kind(dialect: Option<&StreamDialect>, frame: Frame<'_>) -> &'static str {
    let Some(dialect) = dialect else {
        return "other";
    };
    match (dialect.codec)().read_up(frame) {
        Ok(Up::Connected) => "connected",
        Ok(Up::Start(_)) => "start",
        _ => "other",
    }
}

fn word(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Pcmu => "mulaw",
        Encoding::Pcma => "alaw",
        Encoding::L16Little | Encoding::L16Big | Encoding::L16Unknown => "l16",
        Encoding::G722 => "g722",
        Encoding::Opus => "opus",
    }
}

/// What the beginning of a stream tells.
pub fn told<'py>(py: Python<'py>, greeted: &Greeted) -> PyResult<Bound<'py, PyDict>> {
    let Start {
        stream_id,
        call_id,
        account_id,
        from,
        to,
        direction,
        up,
        down: _,
        parameters,
    } = &greeted.start;
    let format = up.unwrap_or(greeted.dialect.manners.format);
    let custom = PyDict::new(py);
    for (name, value) in parameters.iter() {
        // The first of a name counts.
        if !custom.contains(name)? {
            custom.set_item(name, value)?;
        }
    }
    let told = PyDict::new(py);
    told.set_item("dialect", greeted.dialect.name)?;
    told.set_item("stream_id", stream_id)?;
    told.set_item("call_id", call_id)?;
    told.set_item("account_id", account_id)?;
    told.set_item("from", from)?;
    told.set_item("to", to)?;
    told.set_item("direction", direction.map(|it| it.word()))?;
    told.set_item("encoding", word(format.encoding))?;
    told.set_item("rate", format.rate)?;
    told.set_item("parameters", custom)?;
    Ok(told)
}
