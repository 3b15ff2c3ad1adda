//! SIP by hand over UDP, for what no telephone would say.

use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use trunkline_sip::Message;

use super::{PATIENCE, Patience};

/// Timer T1 (RFC 3261 §17.1.1.2): when a request without answer is sent again.
const T1: Duration = Duration::from_millis(500);

/// Requests of this program so far. A port may be given again, and the number keeps two of its
/// requests apart.
static REQUESTS: AtomicU32 = AtomicU32::new(0);

/// The tag of whom the gateway calls.
const TAG: &str = "here";

/// A socket that speaks to one gateway.
pub struct RawSip {
    socket: UdpSocket,
    gateway: SocketAddr,
}

impl RawSip {
    /// A socket of its own, toward the SIP port of a gateway on 127.0.0.1.
    pub fn toward(sip_port: u16) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
        let gateway = SocketAddr::from(([127, 0, 0, 1], sip_port));
        socket.connect(gateway).expect("loopback");
        Self { socket, gateway }
    }

    /// The same socket, toward the SIP port of another gateway on 127.0.0.1.
    pub fn redirected(mut self, sip_port: u16) -> Self {
        self.gateway.set_port(sip_port);
        self.socket.connect(self.gateway).expect("loopback");
        self
    }

    /// Sends bytes as they are.
    pub fn send(&self, bytes: &[u8]) {
        // What an earlier datagram met (ECONNREFUSED) is told by the next send.
        let _ = self.socket.send(bytes);
    }

    /// A request from `user` to `to`, with further header lines and a body.
    pub fn request(&self, method: &str, user: &str, to: &str, lines: &str, body: &str) -> String {
        let n = REQUESTS.fetch_add(1, Ordering::Relaxed) + 1;
        let (local, remote) = (self.local(), self.gateway);
        let length = body.len();
        format!(
            "{method} sip:{to}@{remote} SIP/2.0\r\n\
             Via: SIP/2.0/UDP {local};branch=z9hG4bK-{n}-{port};rport\r\n\
             Max-Forwards: 70\r\n\
             From: <sip:{user}@{local}>;tag=t{n}\r\n\
             To: <sip:{to}@{remote}>\r\n\
             Call-ID: {n}-{port}@127.0.0.1\r\n\
             CSeq: {n} {method}\r\n\
             Contact: <sip:{user}@{local}>\r\n\
             {lines}Content-Length: {length}\r\n\r\n{body}",
            port = local.port(),
        )
    }

    /// A request within the call that this INVITE of the gateway opened, once it was picked up.
    pub fn within(&self, invite: &Message, method: &str, lines: &str, body: &str) -> String {
        let header = |name| invite.header(name).unwrap_or_default();
        let contact = header("Contact");
        let target = contact.split(['<', '>']).nth(1).unwrap_or(contact);
        let n = REQUESTS.fetch_add(1, Ordering::Relaxed) + 1;
        let (local, length) = (self.local(), body.len());
        format!(
            "{method} {target} SIP/2.0\r\n\
             Via: SIP/2.0/UDP {local};branch=z9hG4bK-{n}-{port};rport\r\n\
             Max-Forwards: 70\r\n\
             From: {me};tag={TAG}\r\n\
             To: {gateway}\r\n\
             Call-ID: {call_id}\r\n\
             CSeq: {n} {method}\r\n\
             Contact: <sip:bob@{local}>\r\n\
             {lines}Content-Length: {length}\r\n\r\n{body}",
            port = local.port(),
            me = header("To"),
            gateway = header("From"),
            call_id = header("Call-ID"),
        )
    }

    /// Sends its call to somebody else (RFC 3515), and waits until that is done.
    pub fn send_to(&self, invite: &Message, target: &str) {
        let refer_to = format!("Refer-To: <{target}>\r\n");
        let refer = self.within(invite, "REFER", &refer_to, "");
        assert_eq!(self.ask(&refer).status(), Some(202));
        loop {
            let notify = self.expect("NOTIFY");
            self.answer(&notify, 200, "OK");
            if notify.body().starts_with(b"SIP/2.0 200") {
                return;
            }
        }
    }

    /// An INVITE that offers µ-law at a port nobody listens on.
    pub fn invite(&self, user: &str, to: &str, lines: &str) -> String {
        let lines = format!("{lines}Content-Type: application/sdp\r\n");
        self.request("INVITE", user, to, &lines, OFFER)
    }

    /// Its own address.
    pub fn local(&self) -> SocketAddr {
        self.socket.local_addr().expect("a bound address")
    }

    /// Sends a request, again every [`T1`], until its final answer comes. An INVITE's is acknowledged.
    pub fn ask(&self, request: &str) -> Message {
        let branch = branch(request).to_owned();
        self.ask_until(request, |answer| {
            let mine = answer
                .top_via()
                .is_ok_and(|via| via.branch() == Some(&*branch));
            mine && answer.status().is_some_and(|status| status >= 200)
        })
    }

    /// Waits for a request of this method; what is no such request is passed over.
    pub fn expect(&self, method: &str) -> Message {
        let mut patience = Patience::of(PATIENCE);
        let mut buffer = vec![0; 65_535];
        while !patience.is_over() {
            let message = self.receive(&mut buffer, Instant::now() + T1);
            if let Some(message) = message.filter(|message| {
                let its = message.method();
                its.is_some_and(|its| its.as_str() == method)
            }) {
                return message;
            }
        }
        panic!("no {method} within {PATIENCE:?}");
    }

    /// Answers a request of the gateway.
    pub fn answer(&self, request: &Message, status: u16, reason: &str) {
        let answer = request.response(status, reason).to_tag(TAG).build();
        self.send(answer.as_bytes());
    }

    /// Takes the gateway's call: 200 with µ-law.
    pub fn pick_up(&self, invite: &Message) {
        let contact = format!("<sip:bob@{}>", self.local());
        let answer = invite.response(200, "OK").to_tag(TAG);
        let answer = answer
            .header("Contact", contact)
            .body("application/sdp", OFFER);
        self.send(answer.build().as_bytes());
        self.expect("ACK");
    }

    fn ask_until(&self, request: &str, is_it: impl Fn(&Message) -> bool) -> Message {
        let mut patience = Patience::of(PATIENCE);
        let mut buffer = vec![0; 65_535];
        while !patience.is_over() {
            self.send(request.as_bytes());
            let again = Instant::now() + T1;
            while let Some(answer) = self.receive(&mut buffer, again) {
                if is_it(&answer) {
                    self.acknowledge(request, &answer);
                    return answer;
                }
            }
        }
        panic!("no answer within {PATIENCE:?} to\n{request}");
    }

    fn receive(&self, buffer: &mut [u8], until: Instant) -> Option<Message> {
        loop {
            let left = until.checked_duration_since(Instant::now())?;
            let left = left.max(Duration::from_millis(1));
            self.socket.set_read_timeout(Some(left)).ok()?;
            if let Ok(length) = self.socket.recv(buffer)
                && let Ok(message) = Message::parse(&buffer[..length])
            {
                return Some(message);
            }
        }
    }

    /// The ACK of a refusal (RFC 3261 §17.1.1.3).
    fn acknowledge(&self, request: &str, answer: &Message) {
        if !request.starts_with("INVITE ") {
            return;
        }
        let to = answer.header("To").unwrap_or_default();
        let lines = request.lines().filter_map(|line| match line {
            line if line.starts_with("INVITE ") => Some(line.replacen("INVITE", "ACK", 1)),
            line if line.starts_with("CSeq:") => Some(line.replace("INVITE", "ACK")),
            line if line.starts_with("To:") => Some(format!("To: {to}")),
            line if ["Via:", "From:", "Call-ID:", "Max-Forwards:"]
                .iter()
                .any(|name| line.starts_with(name)) =>
            {
                Some(line.to_owned())
            }
            _ => None,
        });
        let ack = lines.collect::<Vec<_>>().join("\r\n");
        self.send(format!("{ack}\r\nContent-Length: 0\r\n\r\n").as_bytes());
    }
}

fn branch(request: &str) -> &str {
    let (_, rest) = request.split_once("branch=").expect("a Via with a branch");
    rest.split([';', '\r']).next().unwrap_or(rest)
}

/// An offer of µ-law (RFC 3264).
pub const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\n\
    t=0 0\r\nm=audio 9 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n";
