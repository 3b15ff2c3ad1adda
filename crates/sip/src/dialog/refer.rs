//! Blind transfer: the NOTIFYs of the subscription a REFER makes (RFC 3515).

use crate::endpoint::{Body, DialogRequest};
use crate::message::{Message, Method};
use std::borrow::Cow;

/// How long a transferee has to tell the end of its transfer: the subscription's life.
const SUBSCRIPTION_SECONDS: u32 = 60;

/// What a transferee says about its transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferNotice {
    /// The status of the new call so far: 100 (trying) to 699.
    pub status: u16,
    /// Its reason phrase.
    pub reason: String,
    /// Whether the subscription ends with this notice; a final status ends it as well.
    pub last: bool,
}

/// The NOTIFY that tells how a transfer asked of us goes: its body is the status line of the new
/// call's response (RFC 3515 §2.4.5). A final status ends the subscription.
#[must_use]
pub fn notify_transfer(status: u16, reason: &str) -> DialogRequest {
    let state = if status < 200 {
        format!("active;expires={SUBSCRIPTION_SECONDS}")
    } else {
        "terminated;reason=noresource".to_owned()
    };
    let clean: String = reason
        .chars()
        .filter(|letter| !letter.is_control())
        .collect();
    DialogRequest {
        method: Method::Notify,
        headers: vec![
            (Cow::Borrowed("Event"), "refer".to_owned()),
            (Cow::Borrowed("Subscription-State"), state),
        ],
        body: Some(Body {
            content_type: Cow::Borrowed("message/sipfrag;version=2.0"),
            bytes: format!("SIP/2.0 {status} {clean}\r\n").into_bytes().into(),
        }),
    }
}

/// Reads a transferee's NOTIFY; `None` when it is none of a transfer or its body is no status
/// line (RFC 3420).
#[must_use]
pub fn transfer_notice(request: &Message) -> Option<TransferNotice> {
    let event = request.header("Event")?;
    if !event
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .eq_ignore_ascii_case("refer")
    {
        return None;
    }
    let body = std::str::from_utf8(request.body()).ok()?;
    let line = body.lines().next()?.strip_prefix("SIP/2.0 ")?;
    let (status, reason) = line.split_once(' ').unwrap_or((line, ""));
    let status = status
        .parse()
        .ok()
        .filter(|status| (100..700).contains(status))?;
    let last = status >= 200 || subscription_ended(request);
    Some(TransferNotice {
        status,
        reason: reason.trim().to_owned(),
        last,
    })
}

/// Whether a NOTIFY says that its subscription is over (RFC 6665 §4.1.3).
pub(crate) fn subscription_ended(request: &Message) -> bool {
    let state = request.header("Subscription-State").unwrap_or_default();
    state
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .eq_ignore_ascii_case("terminated")
}
