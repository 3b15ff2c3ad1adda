//! How much is measured.

use std::time::Duration;

/// How much is measured.
pub struct Plan {
    /// Whether the figures mean anything.
    pub is_evidence: bool,
    /// Whether real-time priority is asked for.
    pub realtime: bool,
    /// How often a run is tried whose generator was late.
    pub tries: usize,
    /// Rounds of what is compared.
    pub rounds: usize,
    /// Seconds of a window.
    pub seconds: f64,
    /// Calls of the echo comparison.
    pub echo_calls: u32,
    /// Calls of the WebSocket comparisons.
    pub websocket_calls: [u32; 2],
    /// Calls a second whose CPU is compared.
    pub rate: f64,
    /// The search for limits begins here and ends there: calls at once, calls a second.
    pub search_calls: (u32, u32),
    pub search_rate: (f64, f64),
    /// Calls at once between which memory is compared.
    pub slope: (u32, u32),
    /// Calls in all after which memory is compared.
    pub churn: (u32, u32),
    /// The rest after a churn: longer than the longest timer of SIP (64·T1).
    pub rest: Duration,
}

impl Plan {
    /// What the page is made of.
    pub fn full() -> Self {
        Self {
            is_evidence: true,
            realtime: true,
            tries: 3,
            rounds: 3,
            seconds: 8.0,
            echo_calls: 200,
            websocket_calls: [80, 120],
            rate: 400.0,
            search_calls: (200, 3_200),
            search_rate: (400.0, 12_800.0),
            slope: (50, 500),
            churn: (1_000, 20_000),
            rest: Duration::from_secs(40),
        }
    }

    /// Everything once, with little load.
    pub fn quick() -> Self {
        Self {
            is_evidence: false,
            realtime: false,
            tries: 1,
            rounds: 1,
            seconds: 1.0,
            echo_calls: 10,
            websocket_calls: [5, 10],
            rate: 20.0,
            search_calls: (10, 20),
            search_rate: (20.0, 40.0),
            slope: (5, 20),
            churn: (20, 100),
            rest: Duration::from_secs(1),
        }
    }
}
