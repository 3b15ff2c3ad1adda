//! Offer and answer as two sides of a call see them.

mod answers;
mod directions;
mod offers;
mod pairs;
mod phones;
mod refusals;
mod rfc4317;

use std::net::SocketAddr;

use trunkline_media::codec::Codec;
use trunkline_media::negotiation::{LocalCapabilities, Negotiation};
use trunkline_media::sdp::{Media, SessionDescription};

/// Our side as a gateway would set it up, receiving at `media`.
fn capabilities(media: &str) -> LocalCapabilities {
    LocalCapabilities {
        codecs: Codec::ALL.to_vec(),
        ptime_ms: 20,
        telephone_event: true,
        rtcp_mux: true,
        media: socket(media),
        own_sip: vec![socket("0.0.0.0:5060")],
        session_id: 4_611_686_018_427,
        session_version: 7,
    }
}

fn negotiation() -> Negotiation {
    Negotiation::new(capabilities("192.0.2.1:4000"))
}

fn socket(text: &str) -> SocketAddr {
    text.parse().expect("a socket address")
}

fn read(text: &str) -> SessionDescription {
    SessionDescription::parse(text.as_bytes()).expect("a description")
}

/// The version in the `o=` line.
fn version(text: &str) -> u64 {
    let origin = read(text).origin.expect("an origin");
    origin.session_version.parse().expect("a number")
}

/// The formats of a section, as on its `m=` line.
fn formats(media: &Media) -> String {
    media.formats.join(" ")
}

/// A peer's description with one audio section on 192.0.2.9:5000.
fn peer(formats: &str, attributes: &[&str]) -> Vec<u8> {
    let mut text = format!(
        "v=0\r\no=peer 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n\
         m=audio 5000 RTP/AVP {formats}\r\n"
    );
    for attribute in attributes {
        text.push_str(&format!("a={attribute}\r\n"));
    }
    text.into_bytes()
}
