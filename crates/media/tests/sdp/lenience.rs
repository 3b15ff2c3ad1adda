//! What real senders get wrong, and is read all the same.

use trunkline_media::codec::Codec;
use trunkline_media::sdp::{Direction, SessionDescription};

fn parse(text: &str) -> SessionDescription {
    SessionDescription::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn missing_session_lines_are_no_fault() {
    let read = parse("v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 4000 RTP/AVP 0\r\n");
    assert_eq!(read.name, "-");
    assert_eq!(read.origin, None);
    assert_eq!(read.media.len(), 1);
}

#[test]
fn every_line_end_means_the_same() {
    let lines = [
        "v=0",
        "s=x",
        "c=IN IP4 192.0.2.1",
        "m=audio 4000 RTP/AVP 0",
        "a=ptime:30",
    ];
    let expected = parse(&(lines.join("\r\n") + "\r\n"));
    for end in ["\n", "\r", "\r\n\r\n", " \r\n"] {
        assert_eq!(parse(&lines.join(end)), expected, "{end:?}");
    }
    assert_eq!(parse(&(lines.join("\r\n") + "\r\n\0")), expected);
}

#[test]
fn lines_that_change_nothing_are_passed_over() {
    let read = parse(concat!(
        "v=0\r\no=- - -\r\ns=x\r\ni=info\r\nu=http://example.com\r\ne=a@example.com\r\np=+1\r\n",
        "c=IN IP4 192.0.2.1\r\nb=nonsense\r\nb=AS:64\r\nt=0 0\r\nr=7d 1h 0 25h\r\nz=0 0\r\n",
        "k=clear:x\r\ny=0123456789\r\nm=audio 4000 RTP/AVP 0\r\ni=title\r\na=x-unknown:1\r\n",
    ));
    assert_eq!(read.origin, None);
    assert_eq!(read.bandwidth.len(), 1);
    assert_eq!(read.media[0].attributes.len(), 1);
}

#[test]
fn an_origin_is_read_from_the_right() {
    let read = parse("v=0\r\no=My Desk Phone 99999999999999999999999 7 IN IP4 host.example\r\n");
    let origin = read.origin.expect("an origin");
    assert_eq!(origin.username, "My Desk Phone");
    assert_eq!(origin.session_id, "99999999999999999999999");
    assert_eq!(origin.session_version, "7");
}

#[test]
fn a_latin_1_name_is_read() {
    let read = SessionDescription::parse(b"v=0\r\ns=B\xfcro\r\n").expect("a description");
    assert_eq!(read.name, "B\u{fffd}ro");
}

#[test]
fn the_section_speaks_before_the_session() {
    let read = parse(concat!(
        "v=0\r\nc=IN IP4 192.0.2.1\r\na=inactive\r\n",
        "m=audio 4000 RTP/AVP 0\r\nc=IN IP6 2001:db8::1\r\na=sendonly\r\n",
        "m=audio 4002/2 RTP/AVP 0\r\n",
    ));
    let [first, second] = &read.media[..] else {
        panic!("two sections")
    };
    assert_eq!(read.direction_of(first), Direction::SendOnly);
    assert_eq!(read.direction_of(second), Direction::Inactive);
    assert_eq!(read.connection_of(first), first.connection.as_ref());
    assert_eq!(read.connection_of(second), read.connection.as_ref());
    assert_eq!(second.port_count, Some(2));
}

#[test]
fn static_payload_types_need_no_rtpmap() {
    let read = parse("v=0\r\nm=audio 4000 RTP/AVP 0 8 9 13 18 96 200 x\r\n");
    let media = &read.media[0];
    let codecs: Vec<_> = media.payload_types().map(|n| media.encoding(n)).collect();
    let codec = |index: usize| codecs[index].and_then(|encoding| encoding.codec());
    assert_eq!(codec(0), Some(Codec::Pcmu));
    assert_eq!(codec(1), Some(Codec::Pcma));
    assert_eq!(codec(2), Some(Codec::G722));
    assert!(codecs[3].is_some_and(|encoding| encoding.is_comfort_noise()));
    assert_eq!(
        &codecs[4..],
        &[None, None],
        "18 and 96 mean nothing here; 200 and x are no types"
    );
}

#[test]
fn an_rtpmap_overrules_the_static_type() {
    let read = parse(concat!(
        "v=0\r\nm=audio 4000 RTP/AVP 0 96 97 98 99\r\na=rtpmap:0 L16/8000\r\n",
        "a=rtpmap:96 pcma/8000/1\r\na=rtpmap:97 PCMU/16000\r\na=rtpmap:98 PCMU/8000/2\r\n",
        "a=rtpmap:99 telephone-event\r\na=fmtp:96 mode=1; x=2\r\n",
    ));
    let media = &read.media[0];
    let codec = |number| media.encoding(number).and_then(|encoding| encoding.codec());
    assert_eq!(codec(0), None);
    assert_eq!(codec(96), Some(Codec::Pcma));
    assert_eq!(codec(97), None, "not the codec's clock");
    assert_eq!(codec(98), None, "not one channel");
    assert_eq!(media.encoding(99), None, "a map without a rate");
    assert_eq!(media.fmtp(96), Some("mode=1; x=2"));
}

#[test]
fn packet_times_are_read_as_written_by_devices() {
    for (written, expected) in [
        ("20", Some(20)),
        (" 30 ", Some(30)),
        ("20.0", Some(20)),
        ("0", None),
        ("x", None),
    ] {
        let read = parse(&format!(
            "v=0\r\nm=audio 4000 RTP/AVP 0\r\na=ptime:{written}\r\n"
        ));
        assert_eq!(read.media[0].ptime_ms(), expected, "{written:?}");
    }
}
