//! What telephone providers say over HTTP, as pure functions.
//!
//! [`signature`] proves that a request comes from the provider, [`webhook`] reads what it says of a
//! call, [`answer`] writes what the provider is to do with the call, [`ticket`] lets it open the
//! stream it was told of. [`rest`] asks the provider for things. [`twiml`] reads what an application
//! asks of us that takes us for its provider. Signatures go both ways: what is verified here can
//! also be signed here, because whoever plays the provider needs it.
#![forbid(unsafe_code)]

pub mod answer;
pub mod form;
mod provider;
pub mod rest;
mod secret;
pub mod signature;
pub mod ticket;
pub mod twiml;
pub mod url;
pub mod webhook;
mod xml;

pub use form::Form;
pub use provider::Provider;
pub use secret::Secret;
