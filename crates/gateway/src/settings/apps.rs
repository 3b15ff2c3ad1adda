//! The applications that take calls.

use std::sync::Arc;
use trunkline_call::App;
use trunkline_streams::{Dialect, OnLost, WireOptions};

/// An application.
#[derive(Clone)]
pub enum AppEntry {
    /// Says back what it hears.
    Echo,
    /// A WebSocket application.
    WebSocket(WebSocketApp),
    /// An application in this process.
    Rust(Arc<dyn App>),
}

impl AppEntry {
    /// Begins what would keep the first call waiting.
    pub fn start(&self) {
        if let Self::Rust(app) = self {
            app.start();
        }
    }
}

impl std::fmt::Debug for AppEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Echo => f.write_str("Echo"),
            Self::WebSocket(app) => app.fmt(f),
            Self::Rust(_) => f.write_str("Rust"),
        }
    }
}

/// A WebSocket application.
#[derive(Clone, Debug)]
pub struct WebSocketApp {
    /// Who opens the connection.
    pub role: AppRole,
    /// The dialect it speaks.
    pub dialect: Dialect,
    /// How it wants its calls.
    pub options: WireOptions,
    /// What becomes of a call that loses it; nothing ends the call at once.
    pub on_lost: Option<OnLost>,
}

/// Who opens the connection to an application.
#[derive(Clone, Debug)]
pub enum AppRole {
    /// We do, to this URL; `{call_id}` is replaced.
    Client {
        /// `ws://host:port/path`, or `wss://`.
        url: String,
    },
    /// The application comes to `/ws/sip/{call_id}`.
    Server,
}
