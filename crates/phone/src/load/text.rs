//! The SIP messages of a caller, written from one pattern each, and what its answers say.

use std::fmt::Write as _;
use std::net::SocketAddr;

use trunkline_media::sdp::{Address, SessionDescription};
use trunkline_sip::{Message, Name};

/// What all messages of a run have in common.
pub struct Texts {
    target: String,
    local: SocketAddr,
    offer: String,
    /// Sets this run's Call-IDs, tags and branches apart from those of others.
    run: u64,
}

/// What a 200 says of the far end: where further requests go, and its To with the tag.
pub struct Peer {
    contact: String,
    to: String,
}

impl Texts {
    /// For calls from `local` to `target`, a SIP URI, with their audio at `media`.
    pub fn new(target: &str, local: SocketAddr, media: SocketAddr, run: u64) -> Self {
        let (ip, port) = (media.ip(), media.port());
        let family = if ip.is_ipv4() { "IP4" } else { "IP6" };
        let offer = format!(
            "v=0\r\no=- {run} 1 IN {family} {ip}\r\ns=-\r\nc=IN {family} {ip}\r\nt=0 0\r\n\
             m=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=ptime:20\r\na=sendrecv\r\n"
        );
        Self {
            target: target.to_owned(),
            local,
            offer,
            run,
        }
    }

    /// The INVITE of a call; repeated as it is.
    pub fn invite(&self, number: u32, into: &mut String) {
        self.start(into, "INVITE", &self.target, number, 'i');
        self.names(into, number, &format!("<{}>", self.target));
        let _ = write!(
            into,
            "CSeq: 1 INVITE\r\nContact: <sip:bench@{}>\r\nContent-Type: application/sdp\r\n\
             Content-Length: {}\r\n\r\n{}",
            self.local,
            self.offer.len(),
            self.offer
        );
    }

    /// The ACK of a 200.
    pub fn ack(&self, number: u32, peer: &Peer, into: &mut String) {
        self.start(into, "ACK", &peer.contact, number, 'a');
        self.names(into, number, &peer.to);
        into.push_str("CSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n");
    }

    /// The ACK of a refusal, which belongs to the INVITE's transaction (RFC 3261 §17.1.1.3).
    pub fn ack_refusal(&self, number: u32, to: &str, into: &mut String) {
        self.start(into, "ACK", &self.target, number, 'i');
        self.names(into, number, to);
        into.push_str("CSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n");
    }

    /// The BYE of a call; repeated as it is.
    pub fn bye(&self, number: u32, peer: &Peer, into: &mut String) {
        self.start(into, "BYE", &peer.contact, number, 'b');
        self.names(into, number, &peer.to);
        into.push_str("CSeq: 2 BYE\r\nContent-Length: 0\r\n\r\n");
    }

    fn start(&self, into: &mut String, method: &str, uri: &str, number: u32, transaction: char) {
        into.clear();
        // Writing to a String cannot fail.
        let _ = write!(
            into,
            "{method} {uri} SIP/2.0\r\n\
             Via: SIP/2.0/UDP {};branch=z9hG4bK{:x}{transaction}{number};rport\r\n\
             Max-Forwards: 70\r\n",
            self.local, self.run
        );
    }

    fn names(&self, into: &mut String, number: u32, to: &str) {
        let _ = write!(
            into,
            "From: <sip:bench@{}>;tag={number}\r\nTo: {to}\r\nCall-ID: {number}-{:x}@bench\r\n",
            self.local, self.run
        );
    }

    /// Which call a response is of.
    pub fn number(&self, response: &Message) -> Option<u32> {
        let (number, rest) = response.call_id().ok()?.split_once('-')?;
        let ours = rest.strip_suffix("@bench") == Some(&format!("{:x}", self.run));
        number.parse().ok().filter(|_| ours)
    }
}

impl Peer {
    /// The far end as a 200 to an INVITE names it.
    pub fn of(response: &Message) -> Option<Self> {
        let contact = response.header(Name::Contact)?;
        let uri = match contact.split_once('<') {
            Some((_, rest)) => rest.split('>').next()?,
            None => contact.split(';').next()?,
        };
        Some(Self {
            contact: uri.to_owned(),
            to: response.header(Name::To)?.to_owned(),
        })
    }
}

/// Where the audio of an answer goes.
pub fn media_of(response: &Message) -> Option<SocketAddr> {
    let description = SessionDescription::parse(response.body()).ok()?;
    let audio = description.media.iter().find(|media| media.is_audio())?;
    match description.connection_of(audio)? {
        Address::Ip(ip) if audio.port > 0 => Some(SocketAddr::new(*ip, audio.port)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts() -> Texts {
        let here = |port| SocketAddr::from(([127, 0, 0, 1], port));
        Texts::new("sip:echo@127.0.0.1:5060", here(6_000), here(7_000), 0xBEEF)
    }

    fn parsed(text: &str) -> Message {
        Message::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error:?}: {text}"))
    }

    #[test]
    fn every_message_is_one_that_our_own_reader_takes() {
        let texts = texts();
        let peer = Peer {
            contact: "sip:127.0.0.1:5060".into(),
            to: "<sip:echo@127.0.0.1:5060>;tag=x".into(),
        };
        let mut text = String::new();
        texts.invite(7, &mut text);
        let invite = parsed(&text);
        assert_eq!(invite.call_id(), Ok("7-beef@bench"));
        let media = media_of(&invite).unwrap();
        assert_eq!(media.port(), 7_000, "the offer reads as an answer would");
        texts.ack(7, &peer, &mut text);
        assert_eq!(parsed(&text).request_uri_str(), Some("sip:127.0.0.1:5060"));
        texts.bye(7, &peer, &mut text);
        assert_eq!(parsed(&text).cseq().unwrap().number, 2);
        texts.ack_refusal(7, &peer.to, &mut text);
        assert_eq!(
            parsed(&text).top_via().unwrap().branch(),
            invite.top_via().unwrap().branch()
        );
    }

    #[test]
    fn a_response_is_known_by_its_call_and_names_the_far_end() {
        let answer = parsed(
            "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1:6000;branch=z9hG4bKbeefi7\r\n\
             From: <sip:bench@127.0.0.1:6000>;tag=7\r\nTo: <sip:echo@127.0.0.1:5060>;tag=x\r\n\
             Call-ID: 7-beef@bench\r\nCSeq: 1 INVITE\r\nContact: \"E\" <sip:127.0.0.1:5060>;a=b\r\n\
             Content-Length: 0\r\n\r\n",
        );
        assert_eq!(texts().number(&answer), Some(7));
        let peer = Peer::of(&answer).unwrap();
        assert_eq!(peer.contact, "sip:127.0.0.1:5060");
        assert!(peer.to.ends_with(";tag=x"));
        assert_eq!(media_of(&answer), None);
    }
}
