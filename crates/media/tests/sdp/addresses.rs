//! Where media may go.

use std::net::SocketAddr;

use trunkline_media::sdp::{AddressFault, SessionDescription, media_address_fault};

fn fault(remote: &str, own_media: &str, own_sip: &[&str]) -> Option<AddressFault> {
    let socket = |text: &str| text.parse::<SocketAddr>().expect("a socket address");
    let own_sip: Vec<_> = own_sip.iter().map(|text| socket(text)).collect();
    media_address_fault(socket(remote), socket(own_media), &own_sip)
}

#[test]
fn media_goes_to_one_host_only() {
    let own = "192.0.2.1:4000";
    for (remote, expected) in [
        ("198.51.100.7:4000", None),
        ("127.0.0.1:4000", None),
        ("10.0.0.7:5060", None),
        ("224.0.1.1:4000", Some(AddressFault::Multicast)),
        ("239.255.255.255:4000", Some(AddressFault::Multicast)),
        ("[ff02::1]:4000", Some(AddressFault::Multicast)),
        ("[::ffff:224.0.0.1]:4000", Some(AddressFault::Multicast)),
        ("255.255.255.255:4000", Some(AddressFault::Broadcast)),
        ("169.254.169.254:80", Some(AddressFault::LinkLocal)),
        ("[::ffff:169.254.169.254]:80", Some(AddressFault::LinkLocal)),
        ("[fe80::1]:4000", Some(AddressFault::LinkLocal)),
        ("[2001:db8::1]:4000", Some(AddressFault::Family)),
        ("192.0.2.1:4000", Some(AddressFault::OwnMedia)),
    ] {
        assert_eq!(fault(remote, own, &[]), expected, "{remote}");
    }
    assert_eq!(fault("[2001:db8::2]:4000", "[2001:db8::1]:4000", &[]), None);
    assert_eq!(
        fault("192.0.2.2:4000", "[2001:db8::1]:4000", &[]),
        Some(AddressFault::Family)
    );
}

#[test]
fn media_never_goes_to_our_own_sip() {
    let own = "192.0.2.1:4000";
    let bound = ["192.0.2.1:5060"];
    assert_eq!(
        fault("192.0.2.1:5060", own, &bound),
        Some(AddressFault::OwnSip)
    );
    assert_eq!(fault("192.0.2.1:5061", own, &bound), None);
    assert_eq!(
        fault("192.0.2.9:5060", own, &bound),
        None,
        "a peer may use that port"
    );
    let everywhere = ["0.0.0.0:5060", "[::]:5061"];
    assert_eq!(
        fault("192.0.2.1:5060", own, &everywhere),
        Some(AddressFault::OwnSip)
    );
    assert_eq!(
        fault("127.0.0.1:5060", own, &everywhere),
        Some(AddressFault::OwnSip)
    );
    assert_eq!(
        fault("127.0.0.1:5061", own, &everywhere),
        Some(AddressFault::OwnSip)
    );
    assert_eq!(fault("192.0.2.9:5060", own, &everywhere), None);
}

#[test]
fn rtcp_goes_where_it_is_told_or_to_the_next_port() {
    let target = |attributes: &str| {
        let text = format!("v=0\r\nm=audio 4000 RTP/AVP 0\r\n{attributes}");
        let read = SessionDescription::parse(text.as_bytes()).expect("a description");
        read.media[0]
            .rtcp_target("192.0.2.7:4000".parse().expect("an address"))
            .to_string()
    };
    assert_eq!(target(""), "192.0.2.7:4001");
    assert_eq!(target("a=rtcp:5000\r\n"), "192.0.2.7:5000");
    assert_eq!(target("a=rtcp:5000 IN IP4 192.0.2.8\r\n"), "192.0.2.8:5000");
    assert_eq!(target("a=rtcp:x\r\n"), "192.0.2.7:4001");
}
