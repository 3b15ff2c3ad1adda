//! One endpoint on a bench: the test is the network and the peer, and writes SIP by hand.

use std::net::SocketAddr;
use std::time::{Duration, Instant};
use trunkline_sip::endpoint::{
    Action, ConnectionId, DialogRequest, Endpoint, EndpointConfig, Event, Failure, Headers, Input,
    NewRequest, Output, OwnerId, Path, Reply, TransactionId, Transmit,
};
use trunkline_sip::{Message, Method, Name, Uri};

pub struct Bench {
    pub endpoint: Endpoint,
    pub now: Instant,
    pub path: Path,
    /// What was sent and not looked at yet.
    pub sent: Vec<Transmit>,
    /// What was told and not looked at yet.
    pub events: Vec<Event>,
    branches: u32,
}

impl Bench {
    /// 10.0.0.1:5060 is the endpoint, 10.0.0.2:5060 the peer, over UDP.
    pub fn new() -> Self {
        Self::with(EndpointConfig::default())
    }

    pub fn with(config: EndpointConfig) -> Self {
        let (local, remote): (SocketAddr, SocketAddr) =
            (([10, 0, 0, 1], 5060).into(), ([10, 0, 0, 2], 5060).into());
        Self {
            endpoint: Endpoint::new(config, [7; 32]),
            now: Instant::now(),
            path: Path::udp(local, remote),
            sent: Vec::new(),
            events: Vec::new(),
            branches: 0,
        }
    }

    /// The same, the peer on a connection.
    pub fn over_tcp() -> Self {
        let mut bench = Self::new();
        let connection = Some(ConnectionId(9));
        bench.path = Path {
            connection,
            ..Path::tcp(bench.path.local, bench.path.remote)
        };
        bench
    }

    pub fn input(&mut self, input: Input) {
        self.endpoint.handle_input(self.now, input);
        loop {
            match self.endpoint.poll_output() {
                Output::Transmit(transmit) => self.sent.push(transmit),
                Output::Event(event) => self.events.push(event),
                Output::Timeout(_) => break,
            }
        }
    }

    pub fn act(&mut self, action: Action) {
        self.input(Input::Action(action));
    }

    pub fn receive(&mut self, text: &str) {
        self.receive_by(self.path, text);
    }

    pub fn receive_by(&mut self, path: Path, text: &str) {
        self.input(Input::Received {
            message: Message::parse(text.as_bytes()),
            path,
        });
    }

    /// Lets time pass, waking the endpoint whenever it asks to be.
    pub fn wait(&mut self, duration: Duration) {
        let end = self.now + duration;
        while let Output::Timeout(Some(at)) = self.endpoint.poll_output() {
            if at > end {
                break;
            }
            self.now = at.max(self.now);
            self.input(Input::Timeout);
        }
        self.now = end;
    }

    /// Everything sent since the last look.
    pub fn take_sent(&mut self) -> Vec<Message> {
        self.sent
            .drain(..)
            .map(|transmit| transmit.message)
            .collect()
    }

    /// The one message sent since the last look.
    pub fn only_sent(&mut self) -> Message {
        let sent = self.take_sent();
        assert_eq!(sent.len(), 1, "{sent:?}");
        sent.into_iter().next().expect("one")
    }

    /// The statuses sent since the last look.
    pub fn statuses(&mut self) -> Vec<u16> {
        self.take_sent()
            .iter()
            .filter_map(Message::status)
            .collect()
    }

    pub fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    pub fn new_branch(&mut self) -> String {
        self.branches += 1;
        format!("z9hG4bKpeer{}", self.branches)
    }

    /// A request of the peer's outside any dialog; `more` are header lines without their CRLF.
    pub fn peer_request(&mut self, method: &str, cseq: u32, more: &[&str]) -> String {
        let branch = self.new_branch();
        let to = "<sip:bob@10.0.0.1>";
        request(
            method,
            &branch,
            "<sip:alice@10.0.0.2>;tag=peer",
            to,
            "call-1",
            cseq,
            more,
        )
    }

    /// The peer calls; returns the owner and the transaction to answer.
    pub fn peer_calls(&mut self) -> (OwnerId, TransactionId, String) {
        let invite = self.peer_request("INVITE", 1, &[]);
        self.receive(&invite);
        match self.take_events().as_slice() {
            [
                Event::Invite {
                    owner, transaction, ..
                },
            ] => (*owner, *transaction, invite),
            other => panic!("{other:?}"),
        }
    }

    pub fn respond(&mut self, transaction: TransactionId, status: u16) {
        self.act(Action::Respond {
            transaction,
            reply: Reply::new(status),
        });
    }

    /// The peer calls and we answer; returns the owner and our 200.
    pub fn peer_is_answered(&mut self) -> (OwnerId, Message) {
        let (owner, transaction, _) = self.peer_calls();
        self.respond(transaction, 200);
        let ok = self.only_sent();
        (owner, ok)
    }

    /// The same up to the ACK.
    pub fn peer_is_up(&mut self) -> (OwnerId, Message) {
        let (owner, ok) = self.peer_is_answered();
        let ack = self.in_dialog(&ok, "ACK", 1, &[]);
        self.receive(&ack);
        assert!(matches!(
            self.take_events().as_slice(),
            [Event::Acknowledged { .. }]
        ));
        (owner, ok)
    }

    /// A request of the caller's within the dialog that `ok` made.
    pub fn in_dialog(&mut self, ok: &Message, method: &str, cseq: u32, more: &[&str]) -> String {
        let branch = self.new_branch();
        let header = |name| ok.header(name).expect("it has one").to_owned();
        let (from, to) = (header(Name::From), header(Name::To));
        request(
            method,
            &branch,
            &from,
            &to,
            &header(Name::CallId),
            cseq,
            more,
        )
    }

    /// We call; returns the owner and our INVITE.
    pub fn we_call(&mut self) -> (OwnerId, Message) {
        self.we_call_with(|_| {})
    }

    pub fn we_call_with(&mut self, change: impl FnOnce(&mut NewRequest)) -> (OwnerId, Message) {
        let owner = self.endpoint.new_owner();
        let uri = Uri::parse("sip:alice@10.0.0.2").expect("a URI");
        let mut request = NewRequest::new(Method::Invite, self.path, uri, "<sip:bob@10.0.0.1>");
        request.contact_user = Some("bob".to_owned());
        change(&mut request);
        self.act(Action::Start {
            owner,
            request: Box::new(request),
        });
        (owner, self.only_sent())
    }

    /// We call and the peer answers; our ACK is sent. Returns the owner, the INVITE and the 200.
    pub fn we_are_up(&mut self) -> (OwnerId, Message, String) {
        let (owner, invite) = self.we_call();
        let ok = response(
            &invite,
            200,
            "peer",
            &["Contact: <sip:alice@10.0.0.2:5060>"],
        );
        self.receive(&ok);
        self.act(Action::Ack { owner, body: None });
        assert_eq!(self.only_sent().method(), Some(&Method::Ack));
        assert!(matches!(
            self.take_events().as_slice(),
            [Event::Response { .. }]
        ));
        (owner, invite, ok)
    }

    pub fn hangup(&mut self, owner: OwnerId) {
        let (refusal, headers) = (Reply::new(480), Headers::new());
        self.act(Action::Hangup {
            owner,
            refusal,
            headers,
        });
    }

    pub fn ask(&mut self, owner: OwnerId, method: Method) {
        self.act(Action::Request {
            owner,
            request: DialogRequest::new(method),
        });
    }

    /// The one thing told since the last look is that a call is over.
    pub fn assert_closed(&mut self) {
        let events = self.take_events();
        let closed = matches!(events.as_slice(), [Event::Closed { .. }]);
        assert!(closed, "{events:?}");
    }

    /// A request failed for this reason since the last look, and its owner is gone with it.
    pub fn assert_failed(&mut self, reason: Failure) {
        let events = self.take_events();
        let [Event::Failed { why, .. }, Event::Closed { .. }] = events.as_slice() else {
            panic!("{events:?}");
        };
        assert_eq!(*why, reason);
    }

    /// The user was told one answer, and that nothing more comes.
    pub fn assert_answered_and_closed(&mut self) {
        let events = self.take_events();
        let [Event::Response { .. }, Event::Closed { .. }] = events.as_slice() else {
            panic!("{events:?}");
        };
    }

    /// Lets everything run out; nothing may be left.
    pub fn assert_empties(&mut self) {
        self.wait(Duration::from_secs(400));
        assert_eq!(
            self.endpoint.gauges(),
            trunkline_sip::endpoint::Gauges::default()
        );
    }
}

pub fn request(
    method: &str,
    branch: &str,
    from: &str,
    to: &str,
    call_id: &str,
    cseq: u32,
    more: &[&str],
) -> String {
    let contact = match method {
        "INVITE" | "UPDATE" if !more.iter().any(|line| line.starts_with("Contact")) => {
            "Contact: <sip:alice@10.0.0.2:5060>\r\n"
        }
        _ => "",
    };
    let more: String = more.iter().map(|line| format!("{line}\r\n")).collect();
    format!(
        "{method} sip:bob@10.0.0.1 SIP/2.0\r\n\
         Via: SIP/2.0/UDP 10.0.0.2:5060;branch={branch}\r\n\
         Max-Forwards: 70\r\n\
         From: {from}\r\n\
         To: {to}\r\n\
         Call-ID: {call_id}\r\n\
         CSeq: {cseq} {method}\r\n\
         {contact}{more}Content-Length: 0\r\n\r\n"
    )
}

/// The peer's response to a request of ours.
pub fn response(request: &Message, status: u16, tag: &str, more: &[&str]) -> String {
    let mut builder = request.response(status, "So");
    if !tag.is_empty() {
        builder = builder.to_tag(tag);
    }
    for line in more {
        let (name, value) = line.split_once(": ").expect("a header line");
        builder = builder.header(name, value);
    }
    let message = builder.build();
    std::str::from_utf8(message.as_bytes())
        .expect("text")
        .to_owned()
}

/// The branch of a message's top Via.
pub fn branch(message: &Message) -> &str {
    message
        .top_via()
        .expect("a Via")
        .branch()
        .expect("a branch")
}
