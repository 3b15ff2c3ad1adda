//! The media of one call without I/O: SDP, RTP, RTCP, jitter buffer, playout, telephone events.
#![forbid(unsafe_code)]

pub mod codec;
pub mod dtmf;
pub mod jitter;
pub mod latch;
pub mod negotiation;
pub mod playout;
pub mod rtcp;
pub mod rtp;
pub mod sdp;
pub mod session;
pub mod timing;
pub mod turns;
