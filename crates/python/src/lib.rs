//! `trunkline._core`: the gateway as a Python module. Thin: it turns Python's values into those of
//! the crates and back, and how one waits in asyncio is written in Python (`python/trunkline`).
//!
//! **Who waits for whom.** Python holds one lock, and a thread that deals with a call's media must
//! never wait for it. So no thread of the gateway runs Python, holds a Python object or drops one.
//! What Python waits for is *polled* with a [`ready::Waker`], which any thread may call: it writes
//! down a number and, if it is the first, a byte to a socket that Python's event loop reads.
#![forbid(unsafe_code)]

mod account;
mod arrivals;
mod call;
mod codec;
mod command;
mod configuration;
mod dialling;
mod event;
mod gateway;
mod numbers;
mod outline;
mod ready;
mod runtime;
mod samples;
mod stream;
mod task;
mod webhook;

use pyo3::prelude::*;

/// The compiled half of the package `trunkline`; use that.
#[pymodule]
fn _core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    ready::register(module)?;
    task::register(module)?;
    runtime::register(module)?;
    gateway::register(module)?;
    call::register(module)?;
    account::register(module)?;
    codec::register(module)?;
    command::register(module)?;
    numbers::register(module)?;
    outline::register(module)?;
    stream::register(module)?;
    webhook::register(module)
}
