//! A session description: read back as printed, and answered with what can itself be answered.
#![no_main]

use std::net::SocketAddr;

use libfuzzer_sys::fuzz_target;
use trunkline_media::codec::Codec;
use trunkline_media::negotiation::{Change, LocalCapabilities, Negotiation};
use trunkline_media::sdp::SessionDescription;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(read) = SessionDescription::parse(bytes) {
        let printed = read.to_string();
        // A replaced byte takes three, so a description near the limit may print beyond it.
        if let Ok(again) = SessionDescription::parse(printed.as_bytes()) {
            assert_eq!(again, read);
        }
    }
    let _ = offering().handle_answer(bytes);
    let mut ours = Negotiation::new(capabilities([192, 0, 2, 1]));
    if let Ok(answer) = ours.handle_offer(bytes) {
        let agreed = answer.agreed;
        assert!((10..=60).contains(&agreed.ptime_ms) && agreed.ptime_ms % 10 == 0);
        assert!(!agreed.may_send() || !agreed.remote.ip().is_unspecified());
        assert!(!agreed.remote.ip().is_multicast());
        assert_eq!(
            agreed.receive_codec(agreed.payload.receive),
            Some(agreed.codec)
        );
        // Our next offer has every section of the session, and a peer of our kind takes it.
        let offer = ours.offer(&Change::none()).expect("no offer is open");
        let peer = Negotiation::new(capabilities([192, 0, 2, 2])).handle_offer(offer.as_bytes());
        let answer = peer.expect("an offer of ours is acceptable").text;
        ours.handle_answer(answer.as_bytes())
            .expect("an answer of ours is acceptable");
    }
});

/// A negotiation with an open offer.
fn offering() -> Negotiation {
    let mut ours = Negotiation::new(capabilities([192, 0, 2, 1]));
    ours.offer(&Change::none()).expect("a first offer");
    ours
}

fn capabilities(host: [u8; 4]) -> LocalCapabilities {
    LocalCapabilities {
        codecs: Codec::ALL.to_vec(),
        ptime_ms: 20,
        telephone_event: true,
        rtcp_mux: true,
        media: SocketAddr::from((host, 4000)),
        own_sip: vec![SocketAddr::from(([0, 0, 0, 0], 5060))],
        session_id: 1,
        session_version: 1,
    }
}
