//! Which SIP status says what to a caller who is not yet answered.

use trunkline_call::{EndReason, GatewayReason, HangupCause};

/// What a 503 of ours asks the caller to wait, in seconds (RFC 3261 §21.5.4).
const RETRY_AFTER_SECONDS: u32 = 10;

/// The longest reason phrase kept of a far end, in bytes.
const TEXT_BYTES_MAX: usize = 128;

/// A phrase of the far end without control characters and no longer than we keep.
pub(super) fn bounded(text: &str) -> String {
    let mut bytes = 0;
    let clean = text.chars().filter(|c| !c.is_control());
    clean
        .take_while(|c| {
            bytes += c.len_utf8();
            bytes <= TEXT_BYTES_MAX
        })
        .collect()
}

/// A final answer to an INVITE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The status, 400 to 699.
    pub code: u16,
    /// Seconds for a Retry-After header.
    pub retry_after: Option<u32>,
}

impl Refusal {
    const fn plain(code: u16) -> Self {
        Self {
            code,
            retry_after: None,
        }
    }

    const fn later() -> Self {
        Self {
            code: 503,
            retry_after: Some(RETRY_AFTER_SECONDS),
        }
    }

    /// How a call that ends before it is answered is refused.
    pub fn of(reason: &EndReason) -> Self {
        match reason {
            EndReason::App(cause) => Self::plain(Self::app(*cause)),
            EndReason::Gateway(reason) => Self::gateway(*reason),
            // The caller's own CANCEL (RFC 3261 §9.2).
            EndReason::Remote => Self::plain(487),
            EndReason::Upstream { code, .. } => Self::plain(*code),
        }
    }

    const fn app(cause: HangupCause) -> u16 {
        match cause {
            // An application that leaves without a word: nobody answers here just now.
            HangupCause::Normal => 480,
            HangupCause::Rejected => 603,
            HangupCause::Busy => 486,
            HangupCause::NotFound => 404,
            HangupCause::Error => 500,
        }
    }

    const fn gateway(reason: GatewayReason) -> Self {
        match reason {
            GatewayReason::Overload | GatewayReason::Shutdown => Self::later(),
            GatewayReason::AppUnreachable | GatewayReason::AppLost => Self::plain(503),
            GatewayReason::AppTimeout | GatewayReason::NoAnswer => Self::plain(480),
            GatewayReason::NoCommonCodec => Self::plain(488),
            GatewayReason::Denied => Self::plain(403),
            GatewayReason::AppNonsense
            | GatewayReason::RtpTimeout
            | GatewayReason::StreamLost
            | GatewayReason::StreamNonsense
            | GatewayReason::NoAck
            | GatewayReason::SignallingTimeout
            | GatewayReason::DurationLimit
            | GatewayReason::Internal => Self::plain(500),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phrase_cannot_smuggle_a_line_nor_grow() {
        assert_eq!(bounded("Busy\r\nX: y"), "BusyX: y");
        assert_eq!(bounded(&"é".repeat(1_000)).len(), TEXT_BYTES_MAX);
    }

    #[test]
    fn every_reason_has_the_status_its_rfc_names() {
        let of = |reason| Refusal::of(&reason);
        assert_eq!(of(EndReason::App(HangupCause::Busy)).code, 486);
        assert_eq!(of(EndReason::App(HangupCause::Rejected)).code, 603);
        assert_eq!(of(EndReason::App(HangupCause::NotFound)).code, 404);
        assert_eq!(of(EndReason::Remote).code, 487);
        assert_eq!(
            of(EndReason::Gateway(GatewayReason::NoCommonCodec)).code,
            488
        );
        assert_eq!(of(EndReason::Gateway(GatewayReason::Denied)).code, 403);
    }

    #[test]
    fn a_caller_who_may_come_back_is_told_when() {
        for reason in [GatewayReason::Overload, GatewayReason::Shutdown] {
            let refusal = Refusal::of(&EndReason::Gateway(reason));
            assert_eq!(
                (refusal.code, refusal.retry_after),
                (503, Some(RETRY_AFTER_SECONDS))
            );
        }
    }
}
