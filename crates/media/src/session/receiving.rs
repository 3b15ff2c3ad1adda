//! What comes from the network: which datagrams are believed, and what is in them.

use std::net::SocketAddr;
use std::time::Duration;

use super::hearing::Format;
use super::{Port, Session, dtmf, micros};
use crate::jitter::Content;
use crate::latch::Verdict;
use crate::rtcp::Compound;
use crate::rtp::{Packet, is_rtcp};

/// Comfort noise has this payload type where no other was agreed on (RFC 3389 §4).
const COMFORT_NOISE: u8 = 13;

impl Session {
    pub(super) fn handle_datagram(&mut self, port: Port, source: SocketAddr, bytes: &[u8]) {
        if port == Port::Rtcp || self.agreed.rtcp_mux && is_rtcp(bytes) {
            self.handle_rtcp(port, source, bytes);
        } else {
            self.handle_rtp(source, bytes);
        }
    }

    /// A packet before answer, in whose time the call has no slot: the jitter buffer drops what it
    /// says, through the decoder.
    pub(super) fn handle_early(&mut self, before: Duration, source: SocketAddr, bytes: &[u8]) {
        if self.agreed.rtcp_mux && is_rtcp(bytes) {
            return;
        }
        let now_us = std::mem::replace(&mut self.now_us, -micros(before));
        self.handle_rtp(source, bytes);
        self.now_us = now_us;
    }

    fn handle_rtp(&mut self, source: SocketAddr, bytes: &[u8]) {
        let packet = Packet::parse(bytes).ok();
        let read =
            packet.and_then(|packet| Some((packet, self.format(packet.header.payload_type)?)));
        let Some((packet, format)) = read else {
            self.malformed += 1;
            return;
        };
        let anew = match self.latch.judge(self.now_us, source, &packet.header) {
            Verdict::Ignore => {
                self.foreign += 1;
                return;
            }
            verdict => verdict == Verdict::TakeAnew,
        };
        self.heard_us = self.now_us;
        self.silence_told = false;
        if !self.agreed.may_receive() {
            return self.hearing.pass_over(&packet, anew);
        }
        let press = self
            .hearing
            .handle_packet(self.now_us, &packet, format, anew);
        self.events.extend(press.map(dtmf));
    }

    fn format(&self, payload_type: u8) -> Option<Format> {
        let agreed = &self.agreed;
        if let Some(codec) = agreed.receive_codec(payload_type) {
            return Some(Format::Media(Content::Audio(codec)));
        }
        if agreed
            .dtmf
            .is_some_and(|types| types.receive == payload_type)
        {
            return Some(Format::Event);
        }
        let comfort_noise = agreed.comfort_noise.unwrap_or(COMFORT_NOISE);
        (payload_type == comfort_noise).then_some(Format::Media(Content::Pause))
    }

    /// Reports are believed only from the host that media comes from, or is said to.
    fn handle_rtcp(&mut self, port: Port, source: SocketAddr, bytes: &[u8]) {
        let host = source.ip().to_canonical();
        let known = match self.latch.locked() {
            Some(locked) => locked.ip() == host,
            None => self.agreed.remote_rtcp.ip().to_canonical() == host,
        };
        if !known {
            self.foreign += 1;
            return;
        }
        let Ok(compound) = Compound::parse(bytes) else {
            self.malformed += 1;
            return;
        };
        if port == Port::Rtcp {
            self.rtcp_source = Some(source);
        }
        self.reporter.handle_compound(self.now_us, compound);
    }
}
