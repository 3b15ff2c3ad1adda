//! Our answers to a peer's first offer.

use trunkline_media::codec::Codec;
use trunkline_media::negotiation::{Change, LocalCapabilities, Negotiation, PayloadTypes};

use crate::{capabilities, formats, negotiation, peer, read, socket};

#[test]
fn the_answer_has_one_codec_and_the_formats_both_sides_have() {
    let offer = peer(
        "0 8 96 97 13",
        &[
            "rtpmap:96 G722/8000",
            "rtpmap:97 telephone-event/8000",
            "rtpmap:98 opus/48000/2",
        ],
    );
    let answer = negotiation().handle_offer(&offer).expect("an answer");
    assert_eq!(answer.agreed.codec, Codec::G722, "our first choice");
    assert_eq!(
        answer.agreed.payload,
        PayloadTypes::symmetric(96),
        "under the offer's number"
    );
    assert_eq!(answer.agreed.receive_codec(96), Some(Codec::G722));
    assert_eq!(answer.agreed.receive_codec(0), None);
    assert_eq!(answer.agreed.dtmf, Some(PayloadTypes::symmetric(97)));
    assert_eq!(answer.agreed.comfort_noise, Some(13));
    assert_eq!(formats(&read(&answer.text).media[0]), "96 97 13");
}

#[test]
fn the_answer_is_printed_line_by_line() {
    let offer = peer(
        "0 101",
        &["rtpmap:101 telephone-event/8000", "ptime:30", "rtcp-mux"],
    );
    let answer = negotiation().handle_offer(&offer).expect("an answer");
    let expected = concat!(
        "v=0\r\no=- 4611686018427 7 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n",
        "m=audio 4000 RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\n",
        "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n",
        "a=ptime:30\r\na=sendrecv\r\na=rtcp-mux\r\n",
    );
    assert_eq!(answer.text, expected);
}

#[test]
fn the_peers_packet_time_is_obeyed_within_bounds() {
    for (attributes, expected) in [
        (&[][..], 20),
        (&["ptime:10"], 10),
        (&["ptime:60"], 60),
        (&["ptime:25"], 20),
        (&["ptime:5"], 10),
        (&["ptime:200"], 60),
        (&["ptime:4294967295"], 60),
        (&["ptime:40", "maxptime:30"], 30),
        (&["maxptime:10"], 10),
        (&["maxptime:150"], 20),
    ] {
        let answer = negotiation()
            .handle_offer(&peer("0", attributes))
            .expect("an answer");
        assert_eq!(answer.agreed.ptime_ms, expected, "{attributes:?}");
        assert_eq!(
            read(&answer.text).media[0].ptime_ms(),
            Some(expected.into())
        );
    }
}

#[test]
fn telephone_events_of_another_clock_are_left_out() {
    let wide = peer("0 101", &["rtpmap:101 telephone-event/48000"]);
    let answer = negotiation().handle_offer(&wide).expect("an answer");
    assert_eq!(answer.agreed.dtmf, None);
    assert_eq!(formats(&read(&answer.text).media[0]), "0");
    let both = peer(
        "9 100 101",
        &[
            "rtpmap:100 telephone-event/16000",
            "rtpmap:101 telephone-event/8000",
        ],
    );
    let answer = negotiation().handle_offer(&both).expect("an answer");
    assert_eq!(
        answer.agreed.dtmf,
        Some(PayloadTypes::symmetric(101)),
        "G.722's clock is 8000"
    );
}

#[test]
fn rtcp_shares_the_port_only_when_both_sides_want_it() {
    for (ours, attributes, mux, rtcp) in [
        (true, &["rtcp-mux"][..], true, "192.0.2.9:5000"),
        (false, &["rtcp-mux"], false, "192.0.2.9:5001"),
        (true, &[], false, "192.0.2.9:5001"),
        (true, &["rtcp:6000"], false, "192.0.2.9:6000"),
        (
            true,
            &["rtcp:6000 IN IP4 192.0.2.8"],
            false,
            "192.0.2.8:6000",
        ),
        (
            true,
            &["rtcp:6000 IN IP4 224.0.0.1"],
            false,
            "192.0.2.9:5001",
        ),
        (
            true,
            &["rtcp:5060 IN IP4 192.0.2.1"],
            false,
            "192.0.2.9:5001",
        ),
    ] {
        let local = capabilities("192.0.2.1:4000");
        let local = LocalCapabilities {
            rtcp_mux: ours,
            ..local
        };
        let answer = Negotiation::new(local)
            .handle_offer(&peer("0", attributes))
            .expect("ok");
        assert_eq!(answer.agreed.rtcp_mux, mux, "{attributes:?}");
        assert_eq!(answer.agreed.remote_rtcp, socket(rtcp), "{attributes:?}");
        assert_eq!(
            read(&answer.text).media[0].rtcp_mux(),
            mux,
            "{attributes:?}"
        );
    }
}

#[test]
fn refused_sections_keep_their_place() {
    let offer = concat!(
        "v=0\r\nc=IN IP4 192.0.2.9\r\nm=video 5002 RTP/AVP 96 97\r\na=rtpmap:96 VP8/90000\r\n",
        "m=audio 5004 RTP/SAVP 0\r\nm=audio 5006 RTP/AVP 18\r\nm=audio 5008 RTP/AVP 8 0\r\n",
        "m=audio 5010 RTP/AVP 0\r\nm=image 5012 udptl t38\r\nm=text 0 RTP/AVP\r\n",
    );
    let mut ours = negotiation();
    let answer = ours.handle_offer(offer.as_bytes()).expect("an answer");
    assert_eq!(
        answer.agreed.remote,
        socket("192.0.2.9:5008"),
        "the first acceptable"
    );
    let lines = |text: &str| {
        text.lines()
            .filter(|line| line.starts_with("m="))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let expected = [
        "m=video 0 RTP/AVP 96",
        "m=audio 0 RTP/SAVP 0",
        "m=audio 0 RTP/AVP 18",
        "m=audio 4000 RTP/AVP 0",
        "m=audio 0 RTP/AVP 0",
        "m=image 0 udptl t38",
        "m=text 0 RTP/AVP 0",
    ];
    assert_eq!(lines(&answer.text), expected);
    let again = ours.offer(&Change::none()).expect("an offer");
    let sections = lines(&again);
    assert_eq!(
        sections.len(),
        expected.len(),
        "a session never loses sections"
    );
    assert_eq!(
        sections[3], "m=audio 4000 RTP/AVP 0 9 8 101",
        "ours is where it was"
    );
    assert_eq!(
        [&sections[..3], &sections[4..]].concat(),
        [&expected[..3], &expected[4..]].concat()
    );
}

#[test]
fn avpf_is_answered_in_kind() {
    let offer = String::from_utf8(peer("0", &[]))
        .expect("text")
        .replace("RTP/AVP", "RTP/AVPF");
    let answer = negotiation()
        .handle_offer(offer.as_bytes())
        .expect("an answer");
    assert_eq!(read(&answer.text).media[0].protocol, "RTP/AVPF");
}

#[test]
fn ipv6_is_answered_in_ipv6() {
    let offer = "v=0\r\nc=IN IP6 2001:db8::9\r\nm=audio 5000 RTP/AVP 0\r\n";
    let mut ours = Negotiation::new(capabilities("[2001:db8::1]:4000"));
    let answer = ours.handle_offer(offer.as_bytes()).expect("an answer");
    assert_eq!(answer.agreed.remote, socket("[2001:db8::9]:5000"));
    assert!(answer.text.contains("c=IN IP6 2001:db8::1\r\n"));
}
