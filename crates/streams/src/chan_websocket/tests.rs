use super::*;

fn started(text: &str) -> ChanWebsocket {
    let mut codec = ChanWebsocket::default();
    assert!(matches!(codec.read_up(Frame::Text(text)), Ok(Up::Start(_))));
    codec
}

const PLAIN: &str = "MEDIA_START connection_id:a channel:WebSocket/a/0x1 channel_id:1.0 \
                     format:ulaw optimal_frame_size:160 ptime:20";

#[test]
fn asterisk_is_answered_as_it_began() {
    let mut plain = started(PLAIN);
    assert_eq!(
        plain.write_down(&Down::Clear),
        Some(Frame::Text("FLUSH_MEDIA"))
    );
    let mut json = started(r#"{"event":"MEDIA_START","format":"slin16"}"#);
    let flush = r#"{"command":"FLUSH_MEDIA"}"#;
    assert_eq!(json.write_down(&Down::Clear), Some(Frame::Text(flush)));
}

#[test]
fn nothing_is_sent_that_asterisk_ignores() {
    let mut codec = started(PLAIN);
    let long = "m".repeat(TEXT_BYTES_MAX - "MARK_MEDIA ".len());
    assert!(codec.write_down(&Down::Mark { name: &long }).is_some());
    let longer = format!("{long}m");
    assert_eq!(codec.write_down(&Down::Mark { name: &longer }), None);
    assert_eq!(codec.write_down(&Down::Mark { name: "two words" }), None);
    assert_eq!(codec.write_down(&Down::Mark { name: "a\nHANGUP" }), None);
    let media = |payload| Down::Media {
        payload,
        format: None,
        mark: None,
    };
    assert!(codec.write_down(&media(&[0; MEDIA_BYTES_MAX])).is_some());
    assert_eq!(codec.write_down(&media(&[0; MEDIA_BYTES_MAX + 1])), None);
}

#[test]
fn a_flush_forgets_marks_without_a_word() {
    let mut asterisk = started(PLAIN);
    assert!(asterisk.read_down(Frame::Text("MARK_MEDIA one")).is_ok());
    assert_eq!(
        asterisk.read_down(Frame::Text("FLUSH_MEDIA")),
        Ok(Down::Clear)
    );
    assert_eq!(asterisk.write_up(&Up::Mark { name: "one" }), None);
}

#[test]
fn no_more_marks_wait_than_there_is_room_for() {
    let mut asterisk = started(PLAIN);
    for _ in 0..WAITING_MAX {
        assert!(asterisk.read_down(Frame::Text("MARK_MEDIA")).is_ok());
    }
    assert!(asterisk.read_down(Frame::Text("MARK_MEDIA")).is_err());
}
