//! A compound of RTCP: what was accepted can be read to its end, and a reporter takes it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use trunkline_media::rtcp::{Compound, Packet, Reporter, Sent};

fuzz_target!(|bytes: &[u8]| {
    let Ok(compound) = Compound::parse(bytes) else {
        return;
    };
    let mut packets = 0;
    for packet in compound {
        packets += 1;
        if let Packet::SenderReport { blocks, .. } | Packet::ReceiverReport { blocks, .. } = packet
        {
            assert!(blocks.count() <= 31);
        }
    }
    assert!((1..=bytes.len() / 4).contains(&packets));
    let mut reporter = Reporter::new(0, 1, [0; 12], 0);
    reporter.handle_compound(1_000_000, compound);
    let mut out = Vec::new();
    reporter.write(2_000_000, Sent::default(), None, true, &mut out);
    assert!(Compound::parse(&out).is_ok());
});
