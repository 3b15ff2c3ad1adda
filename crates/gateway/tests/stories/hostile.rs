//! Whoever can reach the ports sends what they like, and the live call does not notice.

use std::io::Write;
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::path::Path;

use crate::support::{Caller, Gateway, RawSip, Steady, says};
use trunkline_phone::softphone::Settings;

/// A gateway with a steady call.
fn with_a_steady_call(name: &str) -> (Gateway, Steady) {
    let mut steady = Steady::new();
    let gateway = Gateway::leading_to(name, &steady.url());
    steady.begin(&gateway);
    (gateway, steady)
}

/// Every torture message of the fixtures.
fn torture() -> Vec<Vec<u8>> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/sip");
    let folders = ["rfc4475", "rfc5118"].map(|rfc| fixtures.join(rfc));
    let files = folders.iter().flat_map(|folder| {
        let entries = std::fs::read_dir(folder).expect("the fixtures are there");
        entries
            .flatten()
            .map(|entry| std::fs::read(entry.path()).expect("a message"))
    });
    files.collect()
}

/// Bytes without sense, the same in every run.
fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed | 1;
    let mut next = || {
        // Marsaglia's xorshift.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    };
    (0..length).map(|_| next()).collect()
}

fn options_is_answered(gateway: &Gateway) {
    let phone = RawSip::toward(gateway.sip_port);
    let options = phone.request("OPTIONS", "neighbour", "echo", "", "");
    assert_eq!(phone.ask(&options).status(), Some(200));
}

#[test]
fn torture_and_noise_on_the_sip_port_leave_the_call_alone() {
    let (gateway, mut steady) = with_a_steady_call("hostile-sip");
    let phone = RawSip::toward(gateway.sip_port);
    let messages = torture();
    assert!(messages.len() >= 60, "{} messages", messages.len());
    for message in &messages {
        phone.send(message);
    }
    for seed in 0..500 {
        phone.send(&noise(seed, 1 + (seed as usize * 7) % 1_400));
    }
    options_is_answered(&gateway);
    assert!(gateway.figure("sip_malformed_total") >= 10);
    steady.end_unharmed(&gateway);
}

#[test]
fn torture_and_noise_on_a_tcp_connection_leave_the_call_alone() {
    let (gateway, mut steady) = with_a_steady_call("hostile-tcp");
    let connect = || TcpStream::connect(("127.0.0.1", gateway.sip_port)).expect("SIP over TCP");
    for message in torture() {
        // Each on a connection of its own: some of them close it.
        let _ = connect().write_all(&message);
    }
    let mut endless = connect();
    let _ = endless.write_all(b"INVITE sip:a@b SIP/2.0\r\n");
    for seed in 0..200 {
        // The gateway closes a connection whose headers never end.
        if endless.write_all(&noise(seed, 1_400)).is_err() {
            break;
        }
    }
    options_is_answered(&gateway);
    steady.end_unharmed(&gateway);
}

/// An RTP packet of µ-law (RFC 3550 §5.1).
fn rtp(sequence: u16, ssrc: u32) -> Vec<u8> {
    let mut packet = vec![0x80, 0];
    packet.extend(sequence.to_be_bytes());
    packet.extend((u32::from(sequence) * 160).to_be_bytes());
    packet.extend(ssrc.to_be_bytes());
    packet.extend([0x80; 160]);
    packet
}

/// An RTCP BYE of this source behind an empty receiver report (RFC 3550 §6.6).
fn rtcp_bye(ssrc: u32) -> Vec<u8> {
    let mut packet = vec![0x80, 201, 0, 1];
    packet.extend(ssrc.to_be_bytes());
    packet.extend([0x81, 203, 0, 1]);
    packet.extend(ssrc.to_be_bytes());
    packet
}

#[test]
fn strangers_on_the_media_ports_are_counted_and_not_heard() {
    let (gateway, mut steady) = with_a_steady_call("hostile-rtp");
    let ports = gateway.udp_ports(12_000..=19_999);
    assert!(!ports.is_empty(), "the live call has a port");
    let stranger = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    for n in 0..50 {
        // The odd port above is for RTCP.
        for port in ports.iter().flat_map(|port| [*port, port | 1]) {
            let there = SocketAddr::from(([127, 0, 0, 1], port));
            for packet in [
                rtp(n, 0xBAD),
                rtcp_bye(0xBAD),
                noise(u64::from(n), 1 + usize::from(n) * 20),
                Vec::new(),
            ] {
                // A port that is not open says so to the next send.
                let _ = stranger.send_to(&packet, there);
            }
        }
        // A flood would fill the socket's buffer, and nobody could tell whose packet was lost.
        steady.wait_frames(1);
    }
    options_is_answered(&gateway);
    steady.end_unharmed(&gateway);
    let record = gateway.wait_for_record("to", "steady");
    let rejected = record["media"]["packetsRejected"].as_u64();
    assert!(rejected >= Some(100), "{record}");
}

/// How much of a flood comes at once; one such burst every 20 ms are 20,000 packets a second.
const BURST: u16 = 400;
/// Bursts of the flood.
const BURSTS: usize = 100;

#[test]
fn a_flood_at_one_calls_port_costs_the_other_calls_nothing() {
    let mut steady = Steady::new();
    let routes = format!(
        "routes: [{{to: steady, app: tested}}, {{to: victim, app: echo}}]\n\
         apps: {{tested: {{type: websocket, url: \"{}\"}}}}\n",
        steady.url()
    );
    let gateway = Gateway::start("hostile-flood", &routes);
    steady.begin(&gateway);
    let before = gateway.udp_ports(12_000..=19_999);
    let victim = Caller::follow(&gateway.uri("victim"), Settings::default(), says(900.0));
    victim.wait_for_tone(900.0, 10);
    let mut flooded = gateway.udp_ports(12_000..=19_999);
    flooded.retain(|port| !before.contains(port));
    assert!(!flooded.is_empty(), "the second call has a port");
    let stranger = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let packets: Vec<Vec<u8>> = (0..BURST).map(|n| rtp(n, 0xBAD)).collect();
    for _ in 0..BURSTS {
        for port in &flooded {
            let there = SocketAddr::from(([127, 0, 0, 1], *port));
            for packet in &packets {
                // A full buffer loses it, as it should.
                let _ = stranger.send_to(packet, there);
            }
        }
        steady.wait_frames(1);
    }
    // Whose port it was still hears itself.
    victim.wait_for_tone(900.0, 25);
    assert!(!victim.is_over(), "the flooded call has ended");
    victim.hang_up();
    let record = gateway.wait_for_record("to", "victim");
    assert_eq!(record["end"]["by"], "remote", "{record}");
    let rejected = record["media"]["packetsRejected"].as_u64();
    assert!(rejected >= Some(u64::from(BURST)), "{record}");
    steady.end_unharmed(&gateway);
}
