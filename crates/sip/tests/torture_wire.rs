//! RFC 4475 and RFC 5118 on the wire: each message is sent to an endpoint, over a datagram and
//! over a stream, and must get what the table beside the messages says. An OPTIONS is answered
//! after each.

// Tests read fixtures and need some instant to count from.
#![allow(clippy::disallowed_methods)]

mod torture_messages;

use std::net::SocketAddr;
use std::time::Instant;
use trunkline_sip::endpoint::{
    Action, ConnectionId, Endpoint, EndpointConfig, Event, Input, Output, Path, Reply, Transport,
};
use trunkline_sip::framing::{self, StreamFramer};
use trunkline_sip::{Malformed, Message, Name};

use torture_messages::fixtures;

const OPTIONS: &str = "OPTIONS sip:gateway@127.0.0.1 SIP/2.0\r\n\
    Via: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bKafterwards\r\n\
    Max-Forwards: 70\r\n\
    From: <sip:tester@127.0.0.1>;tag=after\r\n\
    To: <sip:gateway@127.0.0.1>\r\n\
    Call-ID: afterwards\r\n\
    CSeq: 1 OPTIONS\r\n\
    Content-Length: 0\r\n\r\n";

fn table() -> Vec<[String; 3]> {
    let table = std::fs::read_to_string(fixtures().join("torture.tsv")).expect("the table");
    let row = |line: &str| {
        let mut cells = line.split('\t').map(str::to_owned);
        std::array::from_fn(|_| cells.next().expect("three cells and more"))
    };
    table.lines().skip(1).map(row).collect()
}

/// An endpoint on this machine whose user takes every call.
struct Wire {
    endpoint: Endpoint,
    now: Instant,
    path: Path,
    framer: StreamFramer,
    /// How many the stream was cut into.
    messages: u32,
    /// The stream holds the beginning of another message.
    unfinished: bool,
    closed: bool,
    sent: Vec<Message>,
}

impl Wire {
    fn new(transport: &str) -> Self {
        let here: SocketAddr = ([127, 0, 0, 1], 5060).into();
        let there: SocketAddr = ([127, 0, 0, 1], 40_000).into();
        let path = match transport {
            "udp" => Path::udp(here, there),
            _ => Path {
                connection: Some(ConnectionId(1)),
                ..Path::tcp(here, there)
            },
        };
        Self {
            endpoint: Endpoint::new(EndpointConfig::default(), [1; 32]),
            now: Instant::now(),
            path,
            framer: StreamFramer::default(),
            messages: 0,
            unfinished: false,
            closed: false,
            sent: Vec::new(),
        }
    }

    /// Sends bytes as one datagram, or down the stream; waits for the rest of what is answered
    /// by nothing yet until the stream's patience ends.
    fn send(&mut self, bytes: &[u8]) {
        if self.path.transport == Transport::Udp {
            return self.receive(Message::parse(bytes));
        }
        self.framer
            .handle_input(self.now, framing::Input::Bytes(bytes));
        loop {
            match self.framer.poll_output() {
                framing::Output::Message(message) => {
                    self.messages += 1;
                    self.receive(message);
                }
                // What comes behind the first message of a row is no affair of the row's.
                framing::Output::Close(_) if self.messages > 1 => self.unfinished = true,
                framing::Output::Pong => {}
                framing::Output::Close(_) => self.closed = true,
                framing::Output::Timeout(Some(_)) if !self.sent.is_empty() => {
                    self.unfinished = true;
                    break;
                }
                framing::Output::Timeout(Some(deadline)) => {
                    self.framer.handle_input(deadline, framing::Input::Timeout);
                }
                framing::Output::Timeout(None) => break,
            }
        }
    }

    fn receive(&mut self, message: Result<Message, Malformed>) {
        self.input(Input::Received {
            message,
            path: self.path,
        });
    }

    fn input(&mut self, input: Input) {
        self.endpoint.handle_input(self.now, input);
        loop {
            match self.endpoint.poll_output() {
                Output::Timeout(_) => break,
                Output::Transmit(transmit) => self.sent.push(transmit.message),
                Output::Event(Event::Invite { transaction, .. }) => {
                    let action = Action::Respond {
                        transaction,
                        reply: Reply::new(200),
                    };
                    self.endpoint.handle_input(self.now, Input::Action(action));
                }
                Output::Event(_) => {}
            }
        }
    }

    /// The first final answer, which must answer `request`.
    fn answer(&self) -> Option<u16> {
        self.sent
            .iter()
            .filter_map(Message::status)
            .find(|status| *status >= 200)
    }

    fn assert_alive(mut self, name: &str) {
        self.sent.clear();
        // A connection that can carry no more is followed by another.
        if self.closed || self.unfinished {
            self.framer = StreamFramer::default();
        }
        self.send(OPTIONS.as_bytes());
        assert_eq!(self.answer(), Some(200), "{name}: an OPTIONS afterwards");
        assert_eq!(
            self.sent[0].header(Name::CallId),
            Some("afterwards"),
            "{name}"
        );
    }
}

fn check(name: &str, transport: &str) {
    let rows = table();
    let row = rows
        .iter()
        .find(|row| row[0] == name && row[1] == transport);
    let expected = &row.expect("a row for it")[2];
    let mut wire = Wire::new(transport);
    wire.send(&std::fs::read(fixtures().join(format!("{name}.dat"))).expect("a fixture"));
    let answer = wire.answer();
    assert_eq!(
        wire.closed,
        expected.ends_with("close"),
        "{name} over {transport}: closed"
    );
    match expected.trim_end_matches("close").trim_end() {
        "accept" => assert!(
            answer.is_some_and(|status| status != 400),
            "{name}: {answer:?}"
        ),
        "silence" | "" => assert!(wire.sent.is_empty(), "{name}: {:?}", wire.sent),
        status => assert_eq!(
            answer.map(|status| status.to_string()).as_deref(),
            Some(status)
        ),
    }
    wire.assert_alive(name);
}

macro_rules! torture {
    ($($test:ident $name:literal)+) => {
        $(mod $test {
            #[test]
            fn udp() {
                super::check($name, "udp");
            }

            #[test]
            fn tcp() {
                super::check($name, "tcp");
            }
        })+

        const TESTED: &[&str] = &[$($name),+];
    };
}

torture_messages!(torture);

#[test]
fn every_row_of_the_table_has_its_test() {
    let rows = table();
    assert_eq!(rows.len(), TESTED.len() * 2);
    for [name, transport, _] in &rows {
        assert!(TESTED.contains(&name.as_str()), "{name}");
        assert!(
            ["udp", "tcp"].contains(&transport.as_str()),
            "{name} over {transport}"
        );
    }
}

/// RFC 4475 §3.3.13 and §3.3.14: what a Contact says comes back as it was.
#[test]
fn a_registration_lists_the_contact_as_it_was_given() {
    for (name, part) in [
        ("rfc4475/cparam02", "unknownparam"),
        ("rfc4475/regescrt", "?Route=%3Csip:sip.example.com%3E"),
    ] {
        let mut wire = Wire::new("udp");
        wire.send(&std::fs::read(fixtures().join(format!("{name}.dat"))).expect("a fixture"));
        let contact = wire.sent[0].header(Name::Contact).expect("a Contact");
        assert!(contact.contains(part), "{name}: {contact}");
    }
}
