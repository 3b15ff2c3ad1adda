//! Header values: typed views that borrow from the message they were read in.

mod auth;
mod cseq;
pub mod lex;
mod name;
mod name_addr;
mod params;
mod valued;
mod via;
mod warning;

pub use auth::AuthParams;
pub use cseq::CSeq;
pub use name::{Key, Name};
pub use name_addr::{Contacts, NameAddr};
pub use params::{PARAMS_MAX, Params};
pub use valued::{Event, Reason, Replaces, RetryAfter, SessionExpires, SubscriptionState, Valued};
pub use via::Via;
pub use warning::Warning;

/// Values a list header (Contact, Route, Via …) may hold over all its lines; more are refused.
pub const LIST_MAX: usize = 64;

/// A header whose value does not follow its grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// The header at fault.
    pub header: Name,
    /// What is wrong with it, as a sentence's end.
    pub why: &'static str,
}

impl Invalid {
    pub(crate) fn new(header: Name, why: &'static str) -> Self {
        Self { header, why }
    }
}

impl std::fmt::Display for Invalid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.header, self.why)
    }
}

impl std::error::Error for Invalid {}
