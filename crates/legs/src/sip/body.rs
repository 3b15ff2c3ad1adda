//! Session descriptions in messages, and refusals of them.

use trunkline_media::negotiation::NegotiationError;
use trunkline_sip::Message;
use trunkline_sip::endpoint::Reply;

/// The session description a message carries; `None` where it carries none. A body without a
/// type is taken for one: nothing else comes in these messages.
pub(super) fn sdp(message: &Message) -> Option<&[u8]> {
    let is_sdp = message.is_content("application/sdp") || message.content_type().is_none();
    let body = message.body();
    (is_sdp && !body.is_empty()).then_some(body)
}

/// How an offer is refused, with the Warning that says why (RFC 3261 §20.43). The text is ours
/// in full: what the far end wrote does not come back in it.
pub(super) fn refusal(why: &NegotiationError) -> Reply {
    let reply = Reply::new(why.status());
    if why.status() != 488 {
        return reply;
    }
    let text = match why {
        NegotiationError::NoCommonCodec { .. } => "No common codec",
        NegotiationError::NoAudio | NegotiationError::StreamRefused => "No audio stream",
        NegotiationError::SecureMedia(_) => "Encrypted media is not supported",
        NegotiationError::Transport => "Audio must be RTP/AVP",
        NegotiationError::NoAddress | NegotiationError::Address { .. } => "Unusable media address",
        _ => "Unacceptable session description",
    };
    reply.header(
        "Warning",
        format!("{} trunkline \"{text}\"", why.warning_code()),
    )
}
