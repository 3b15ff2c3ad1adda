//! Laws that hold for every input.

use std::net::IpAddr;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use trunkline_media::sdp::{
    Address, Attribute, Bandwidth, Direction, Media, Origin, SessionDescription,
};

const PHONES: [&str; 4] = [
    include_str!("../../../../fixtures/sdp/phones/asterisk.sdp"),
    include_str!("../../../../fixtures/sdp/phones/freeswitch.sdp"),
    include_str!("../../../../fixtures/sdp/phones/linphone.sdp"),
    include_str!("../../../../fixtures/sdp/phones/microsip.sdp"),
];

fn address() -> impl Strategy<Value = Address> {
    prop_oneof![
        any::<IpAddr>().prop_map(Address::Ip),
        "[a-z][a-z0-9-]{0,10}\\.example".prop_map(Address::Name),
    ]
}

fn attributes() -> impl Strategy<Value = Vec<Attribute>> {
    let other = ("x[a-z0-9-]{0,10}", option::of("[!-~][ -~é]{0,20}[!-~]"))
        .prop_map(|(name, value)| Attribute { name, value });
    let direction = option::of(prop_oneof![
        Just(Direction::SendRecv),
        Just(Direction::SendOnly),
        Just(Direction::RecvOnly),
        Just(Direction::Inactive),
    ]);
    (vec(other, 0..6), direction).prop_map(|(mut attributes, direction)| {
        attributes.extend(direction.map(|direction| Attribute::flag(direction.name())));
        attributes
    })
}

fn bandwidth() -> impl Strategy<Value = Vec<Bandwidth>> {
    let line = ("[A-Z]{2,4}", any::<u64>()).prop_map(|(kind, value)| Bandwidth { kind, value });
    vec(line, 0..3)
}

fn media() -> impl Strategy<Value = Media> {
    let head = (
        "[a-z]{1,8}",
        any::<u16>(),
        option::of(any::<u16>()),
        "[A-Z/]{1,12}",
    );
    let body = (
        vec("[a-z0-9]{1,4}", 0..8),
        option::of(address()),
        bandwidth(),
        attributes(),
    );
    (head, body).prop_map(|((kind, port, port_count, protocol), body)| {
        let (formats, connection, bandwidth, attributes) = body;
        Media {
            kind,
            port,
            port_count,
            protocol,
            formats,
            connection,
            bandwidth,
            attributes,
        }
    })
}

fn origin() -> impl Strategy<Value = Origin> {
    ("[!-~]{1,8}", "[0-9]{1,30}", "[0-9]{1,30}", address()).prop_map(
        |(username, session_id, session_version, address)| Origin {
            username,
            session_id,
            session_version,
            address,
        },
    )
}

fn description() -> impl Strategy<Value = SessionDescription> {
    let head = (
        option::of(origin()),
        "[!-~]([ -~]{0,20}[!-~])?",
        option::of(address()),
    );
    (head, bandwidth(), attributes(), vec(media(), 0..5)).prop_map(
        |((origin, name, connection), bandwidth, attributes, media)| SessionDescription {
            origin,
            name,
            connection,
            bandwidth,
            attributes,
            media,
        },
    )
}

/// Everything a reader of the description can ask.
fn ask_everything(read: &SessionDescription) {
    for media in &read.media {
        let _ = (
            read.connection_of(media),
            read.direction_of(media),
            media.rtcp(),
        );
        let _ = (media.ptime_ms(), media.maxptime_ms(), media.rtcp_mux());
        for number in media.payload_types() {
            let _ = (media.encoding(number), media.fmtp(number));
        }
    }
}

proptest! {
    #[test]
    fn what_is_printed_is_read_back(description in description()) {
        let read = SessionDescription::parse(description.to_string().as_bytes());
        prop_assert_eq!(read, Ok(description));
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in vec(any::<u8>(), 0..600)) {
        if let Ok(read) = SessionDescription::parse(&bytes) {
            ask_everything(&read);
        }
    }

    #[test]
    fn a_mutated_description_is_refused_or_reads_the_same_when_printed(
        phone in 0..PHONES.len(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = PHONES[phone].as_bytes().to_vec();
        for (index, byte) in changes {
            let at = index.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(cut.index(bytes.len() * 2).max(1));
        if let Ok(read) = SessionDescription::parse(&bytes) {
            ask_everything(&read);
            let printed = read.to_string();
            prop_assert_eq!(SessionDescription::parse(printed.as_bytes()), Ok(read));
        }
    }
}
