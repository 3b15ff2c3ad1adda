//! CSeq (RFC 3261 §20.16).

use super::lex::{number, trim};
use crate::message::Method;

/// A sequence number and the method it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CSeq {
    /// The number, of 32 bits (RFC 3261 §8.1.1.5).
    pub number: u32,
    /// The method, which in a request equals the request line's.
    pub method: Method,
}

impl CSeq {
    /// Reads `314159 INVITE`.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let (digits, method) = text
            .split_once([' ', '\t'])
            .ok_or("expected a number and a method")?;
        let number = number(digits).ok_or("the number is not one of 32 bits")?;
        let method = Method::parse(trim(method)).ok_or("the method is not a token")?;
        Ok(Self { number, method })
    }
}

impl std::fmt::Display for CSeq {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.number, self.method)
    }
}
