//! What a running gateway shows of itself.

use serde::Serialize;

/// A live call as the interface shows it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CallView {
    /// Its name.
    pub id: String,
    /// `inbound` or `outbound`.
    pub direction: &'static str,
    /// `ringing`, `up`, `held`, `ending`.
    pub state: &'static str,
    /// The caller.
    pub from: String,
    /// The called.
    pub to: String,
    /// The application that has it.
    pub app: String,
    /// When it began, RFC 3339.
    pub started: String,
    /// Seconds since answer; absent before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered_s: Option<f64>,
}

/// A registered device.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeviceView {
    /// Its address of record.
    pub user: String,
    /// Where it is reached.
    pub contact: String,
    /// Where it registered from.
    pub source: String,
    /// Seconds until its registration ends.
    pub expires_s: u64,
}

/// A registration of ours at a trunk.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TrunkView {
    /// Its name in the configuration.
    pub name: String,
    /// `registered`, `registering`, `failed: …`, or `not asked`.
    pub standing: String,
}

/// Figures of the whole gateway.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    /// Calls that live.
    pub calls: usize,
    /// Calls since the start.
    pub calls_total: u64,
    /// Calls refused for want of room.
    pub calls_refused: u64,
    /// RTP port pairs in use.
    pub ports: usize,
    /// Descriptors open.
    pub descriptors: usize,
    /// Devices registered.
    pub devices: usize,
    /// SIP transactions held.
    pub transactions: usize,
    /// SIP messages that were none.
    pub malformed: u64,
    /// SIP requests refused because their source sends too many.
    pub over_rate: u64,
    /// SIP messages sent again.
    pub retransmissions: u64,
    /// Events of calls that were told to nobody because too many waited.
    pub events_lost: u64,
    /// Whether new calls are refused because the gateway is stopping.
    pub draining: bool,
}
