//! What telephone providers say over HTTP, as pure functions.
//!
//! [`signature`] proves that a request comes from the provider. It goes both ways: what is verified
//! here can also be signed here, because whoever plays the provider needs it.
#![forbid(unsafe_code)]

pub mod form;
mod secret;
pub mod signature;
pub mod url;

pub use form::Form;
pub use secret::Secret;
