//! Descriptions of RFC 4317, of RFC 5118 §4.7 and §4.8, and of real phones.

use trunkline_media::sdp::{Address, SessionDescription};

const RFC_4317: &str = include_str!("../../../../fixtures/sdp/rfc4317.txt");

#[test]
fn every_description_of_rfc_4317_survives_reading_and_printing() {
    let descriptions: Vec<&str> = RFC_4317
        .split("## ")
        .skip(1)
        .map(|part| part.split_once('\n').expect("a heading").1)
        .collect();
    assert_eq!(descriptions.len(), 54);
    for text in descriptions {
        let text = text.trim_end();
        let read = SessionDescription::parse(text.as_bytes()).expect("a description");
        // The RFC writes an empty name; RFC 8866 §5.3 wants `-`. All else is printed as it was.
        let printed = read
            .to_string()
            .replace("\r\n", "\n")
            .replace("s=-\n", "s= \n");
        assert_eq!(printed.trim_end(), text);
    }
}

#[test]
fn an_ipv6_description_is_read() {
    let text = concat!(
        "v=0\r\no=assistant 971731711378798081 0 IN IP6 2001:db8::20\r\n",
        "s=Live video feed for today's meeting\r\nc=IN IP6 2001:db8::20\r\n",
        "t=3338481189 3370017201\r\nm=audio 6000 RTP/AVP 2\r\na=rtpmap:2 G726-32/8000\r\n",
        "m=video 6024 RTP/AVP 107\r\na=rtpmap:107 H263-1998/90000\r\n",
    );
    let read = SessionDescription::parse(text.as_bytes()).expect("a description");
    let ip = "2001:db8::20".parse().expect("an address");
    assert_eq!(read.connection, Some(Address::Ip(ip)));
}

#[test]
fn each_section_may_be_of_its_own_family() {
    let text = concat!(
        "v=0\r\no=bob 280744730 28977631 IN IP4 host.example.com\r\ns=\r\nt=0 0\r\n",
        "m=audio 22334 RTP/AVP 0\r\nc=IN IP4 192.0.2.1\r\n",
        "m=video 6024 RTP/AVP 107\r\nc=IN IP6 2001:db8::1\r\na=rtpmap:107 H263-1998/90000\r\n",
    );
    let read = SessionDescription::parse(text.as_bytes()).expect("a description");
    let address = |index: usize| read.connection_of(&read.media[index]).and_then(Address::ip);
    assert!(address(0).is_some_and(|ip| ip.is_ipv4()));
    assert!(address(1).is_some_and(|ip| ip.is_ipv6()));
}

#[test]
fn a_multicast_suffix_is_dropped() {
    let read = SessionDescription::parse(b"v=0\r\nc=IN IP4 224.2.36.42/127/3\r\n");
    let address = read.expect("a description").connection.expect("an address");
    assert_eq!(address.to_string(), "IN IP4 224.2.36.42");
}
