//! What is refused, by line and reason.

use trunkline_media::sdp::{
    SDP_BYTES_MAX, SDP_FORMATS_MAX, SDP_LINES_MAX, SDP_MEDIA_MAX, SdpError, SdpFault,
    SessionDescription,
};

#[track_caller]
fn assert_refused(text: &str, line: usize, fault: SdpFault) {
    assert_eq!(
        SessionDescription::parse(text.as_bytes()),
        Err(SdpError { line, fault })
    );
}

#[test]
fn a_description_begins_with_version_zero() {
    for text in ["", "\r\n", "v=1\r\n", "s=x\r\nv=0\r\n"] {
        let refused = SessionDescription::parse(text.as_bytes()).map_err(|error| error.fault);
        assert_eq!(refused, Err(SdpFault::NotVersionZero), "{text:?}");
    }
    assert_refused("\r\nv=1\r\n", 2, SdpFault::NotVersionZero);
}

#[test]
fn a_line_without_form_is_refused() {
    for line in ["hello", "=x", "a", "aa=x", "1=x", " a=x"] {
        assert_refused(&format!("v=0\r\ns=x\r\n{line}\r\n"), 3, SdpFault::NotALine);
    }
}

#[test]
fn control_characters_are_refused() {
    assert_refused("v=0\r\na=x:\u{0}y\r\n", 2, SdpFault::ControlCharacter);
    assert_refused("v=0\r\ns=\u{1b}[2J\r\n", 2, SdpFault::ControlCharacter);
}

#[test]
fn what_decides_the_target_is_stated_once() {
    let c = "c=IN IP4 192.0.2.1";
    assert_refused(
        &format!("v=0\r\n{c}\r\n{c}\r\n"),
        3,
        SdpFault::Repeated('c'),
    );
    let section = "m=audio 4000 RTP/AVP 0";
    assert_refused(
        &format!("v=0\r\n{section}\r\n{c}\r\n{c}\r\n"),
        4,
        SdpFault::Repeated('c'),
    );
    assert_refused("v=0\r\nv=0\r\n", 2, SdpFault::Repeated('v'));
    let o = "o=- 1 1 IN IP4 192.0.2.1";
    assert_refused(
        &format!("v=0\r\n{o}\r\n{o}\r\n"),
        3,
        SdpFault::Repeated('o'),
    );
    assert_refused("v=0\r\ns=x\r\ns=y\r\n", 3, SdpFault::Repeated('s'));
}

#[test]
fn a_broken_connection_is_refused() {
    for value in [
        "",
        "IN",
        "IN IP4",
        "IN IP4 300.0.2.1",
        "IN IP4 192.0.2",
        "IN IP4 192.0.2.1 x",
        "ATM IP4 192.0.2.1",
        "IN IP5 192.0.2.1",
        "IP4 192.0.2.1",
        "IN IP4 a$b.example",
    ] {
        assert_refused(&format!("v=0\r\nc={value}\r\n"), 2, SdpFault::BadConnection);
    }
}

#[test]
fn a_broken_media_line_is_refused() {
    for value in ["", "audio", "audio 4000"] {
        assert_refused(&format!("v=0\r\nm={value}\r\n"), 2, SdpFault::BadMedia);
    }
    for port in ["65536", "-1", "x", "4000/x", "4000/"] {
        assert_refused(
            &format!("v=0\r\nm=audio {port} RTP/AVP 0\r\n"),
            2,
            SdpFault::BadPort,
        );
    }
}

#[test]
fn contradicting_directions_are_refused() {
    assert_refused(
        "v=0\r\na=sendonly\r\na=recvonly\r\n",
        3,
        SdpFault::ContradictoryDirection,
    );
    let repeated = "v=0\r\na=sendonly\r\na=sendonly\r\nm=audio 4 RTP/AVP 0\r\na=recvonly\r\n";
    assert!(SessionDescription::parse(repeated.as_bytes()).is_ok());
}

#[test]
fn every_size_has_a_limit() {
    let long = format!("v=0\r\ns={}\r\n", "x".repeat(SDP_BYTES_MAX));
    assert_refused(&long, 1, SdpFault::TooLong);
    let lines = "v=0\n".to_owned() + &"a=x\n".repeat(SDP_LINES_MAX);
    assert_refused(&lines, SDP_LINES_MAX + 1, SdpFault::TooManyLines);
    let sections = "v=0\n".to_owned() + &"m=audio 0 RTP/AVP 0\n".repeat(SDP_MEDIA_MAX + 1);
    assert_refused(&sections, SDP_MEDIA_MAX + 2, SdpFault::TooManyMedia);
    let formats = format!(
        "v=0\nm=audio 4 RTP/AVP{}\n",
        " 0".repeat(SDP_FORMATS_MAX + 1)
    );
    assert_refused(&formats, 2, SdpFault::TooManyFormats);
}

#[test]
fn an_error_names_line_and_reason() {
    let error = SessionDescription::parse(b"v=0\r\nm=audio x RTP/AVP 0\r\n").unwrap_err();
    assert_eq!(
        error.to_string(),
        "SDP line 2: the port is not a number from 0 to 65535"
    );
}
