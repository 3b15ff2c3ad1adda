//! What an endpoint is told once, and its limits.

use crate::transaction::Timing;
use crate::user_agent::AgentConfig;

/// The most of each thing an endpoint keeps. What is beyond is refused with 503 and Retry-After
/// and leaves nothing behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Transactions, client and server. Finished ones linger for up to 32 s (Timers D to M), so
    /// this bounds calls per second more than calls.
    pub transactions: usize,
    /// Calls, those that linger for late answers included.
    pub calls: usize,
    /// Accounts we register elsewhere.
    pub registrations: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            transactions: 262_144,
            calls: 65_536,
            registrations: 1_024,
        }
    }
}

/// What an endpoint is told once.
#[derive(Debug, Clone, Default)]
pub struct EndpointConfig {
    /// The RFC's intervals.
    pub timing: Timing,
    /// Named limits.
    pub limits: Limits,
    /// Which methods, bodies and extensions are understood, and who may call.
    pub agent: AgentConfig,
    /// The port at which peers reach us by TCP. With it, requests above 1,300 bytes leave by TCP
    /// (RFC 3261 §18.1.1) and go back to UDP when no connection can be made.
    pub tcp_port: Option<u16>,
    /// A defect put in on purpose, so that a test can show that it would be found.
    #[doc(hidden)]
    pub fault: Option<Fault>,
}

/// Defects for tests that test the tests.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A repeated 2xx is not acknowledged again.
    NoReAck,
    /// A 2xx that crosses our CANCEL is taken for a refusal.
    NoCancelRace,
    /// A 2xx is sent once.
    No2xxRetransmission,
}
