//! One device of one user.

use crate::endpoint::Path;
use crate::uri::Uri;
use std::time::Instant;

/// Where a device is, and until when.
#[derive(Debug, Clone)]
pub struct Binding {
    /// Never used twice.
    pub(crate) id: u64,
    /// The device's Contact: the Request-URI of what is sent to it.
    pub contact: Uri,
    /// When it runs out.
    pub expires_at: Instant,
    /// The preference the device gave itself, as it wrote it.
    pub q: Option<String>,
    /// The way its REGISTER came, which is the way to it through a NAT.
    pub path: Path,
    pub(crate) call_id: String,
    pub(crate) cseq: u32,
    /// What the device calls itself; unchecked text of the peer's.
    pub user_agent: Option<String>,
}

impl Binding {
    /// The Contact of a 200, with the seconds left.
    pub(crate) fn header(&self, now: Instant) -> String {
        let left = self.expires_at.saturating_duration_since(now).as_secs();
        let q = self
            .q
            .as_ref()
            .map(|q| format!(";q={q}"))
            .unwrap_or_default();
        format!("<{}>;expires={left}{q}", self.contact)
    }
}
