//! Many callers on one socket: INVITE, ACK, BYE and their repeats, and no more of SIP than that.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use trunkline_sip::{Message, Method, Name};

use super::histogram::Histogram;
use super::sockets::{self, Inbox, now_ns};
use super::text::{Peer, Texts, media_of};

/// When an unanswered request is repeated, each after the one before (RFC 3261 §17.1.1.2).
const REPEATS: [Duration; 5] = [
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
];

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// Answered and acknowledged; its audio goes there.
    Answered(u32, SocketAddr),
    /// Over, as was asked.
    Over,
    /// Refused, or never answered.
    Failed,
}

/// What was counted.
#[derive(Default)]
pub struct Counted {
    /// From an INVITE to its 200.
    pub answered: Histogram,
    /// Calls that came to nothing.
    pub failed: u64,
    /// The status of the last refusal; 408 where no answer came.
    pub last_refusal: Option<u16>,
    /// Requests sent again by us.
    pub repeated: u64,
    /// Responses that came again.
    pub repeated_by_peer: u64,
}

enum Stage {
    Inviting { sent: i64 },
    Up(Peer),
    Leaving(Peer),
    Over,
}

/// The callers' side of signalling.
pub struct Signalling {
    socket: UdpSocket,
    texts: Texts,
    text: String,
    /// By number.
    calls: Vec<Stage>,
    /// When, which call, which repeat it is, and whether of its BYE.
    timers: BinaryHeap<Reverse<(i64, u32, usize, bool)>>,
    open: usize,
    /// What was counted so far.
    pub counted: Counted,
}

impl Signalling {
    /// Callers of a target, a SIP URI at this address, whose audio comes to `media`.
    ///
    /// # Errors
    /// Those of the system calls.
    pub fn new(target: &str, remote: SocketAddr, media: SocketAddr) -> io::Result<Self> {
        let socket = sockets::bind(SocketAddr::new(media.ip(), 0))?;
        socket.connect(remote)?;
        let run = now_ns().unsigned_abs();
        Ok(Self {
            texts: Texts::new(target, socket.local_addr()?, media, run),
            socket,
            text: String::new(),
            calls: Vec::new(),
            timers: BinaryHeap::new(),
            open: 0,
            counted: Counted::default(),
        })
    }

    /// Calls that are neither over nor failed.
    pub fn open(&self) -> usize {
        self.open
    }

    /// Places the next call and gives its number: they count from 0.
    pub fn invite(&mut self) -> u32 {
        let number = u32::try_from(self.calls.len()).unwrap_or(u32::MAX);
        let sent = now_ns();
        self.calls.push(Stage::Inviting { sent });
        self.open += 1;
        self.texts.invite(number, &mut self.text);
        self.send();
        self.arm(sent, number, 0, false);
        number
    }

    /// Ends a call that is up.
    pub fn hang_up(&mut self, number: u32) {
        let Some(stage) = self.calls.get_mut(number as usize) else {
            return;
        };
        let Stage::Up(peer) = std::mem::replace(stage, Stage::Over) else {
            return;
        };
        self.texts.bye(number, &peer, &mut self.text);
        *stage = Stage::Leaving(peer);
        self.send();
        self.arm(now_ns(), number, 0, true);
    }

    /// Takes what came and does what is due. The inbox only lends its room.
    pub fn poll(&mut self, inbox: &mut Inbox, news: &mut Vec<News>) {
        while inbox.receive(&self.socket) {
            for (at, _, bytes) in inbox.iter() {
                if let Ok(message) = Message::parse(bytes) {
                    self.response(at, &message, news);
                }
            }
            if !inbox.is_full() {
                break;
            }
        }
        self.repeat(news);
    }

    fn response(&mut self, at: i64, message: &Message, news: &mut Vec<News>) {
        let (Some(status), Some(number)) = (message.status(), self.texts.number(message)) else {
            return;
        };
        if status < 200 {
            return;
        }
        match message.cseq().map(|cseq| cseq.method) {
            Ok(Method::Invite) if status < 300 => self.accepted(at, number, message, news),
            Ok(Method::Invite) => self.refused(number, status, message, news),
            Ok(Method::Bye) => self.gone(number, news),
            _ => {}
        }
    }

    fn accepted(&mut self, at: i64, number: u32, message: &Message, news: &mut Vec<News>) {
        let (Some(stage), Some(peer)) = (self.calls.get_mut(number as usize), Peer::of(message))
        else {
            return;
        };
        self.texts.ack(number, &peer, &mut self.text);
        if let Stage::Inviting { sent } = *stage {
            let waited = u64::try_from(at - sent).unwrap_or(0);
            self.counted.answered.add(Duration::from_nanos(waited));
            *stage = Stage::Up(peer);
            if let Some(media) = media_of(message) {
                news.push(News::Answered(number, media));
            }
        } else {
            self.counted.repeated_by_peer += 1;
        }
        self.send();
    }

    fn refused(&mut self, number: u32, status: u16, message: &Message, news: &mut Vec<News>) {
        let to = message.header(Name::To).unwrap_or_default();
        self.texts.ack_refusal(number, to, &mut self.text);
        self.send();
        if matches!(
            self.calls.get(number as usize),
            Some(Stage::Inviting { .. })
        ) {
            self.fail(number, status, news);
        } else {
            self.counted.repeated_by_peer += 1;
        }
    }

    fn gone(&mut self, number: u32, news: &mut Vec<News>) {
        if let Some(stage @ Stage::Leaving(_)) = self.calls.get_mut(number as usize) {
            *stage = Stage::Over;
            self.open -= 1;
            news.push(News::Over);
        }
    }

    fn fail(&mut self, number: u32, status: u16, news: &mut Vec<News>) {
        if let Some(stage) = self.calls.get_mut(number as usize) {
            *stage = Stage::Over;
            self.open -= 1;
            self.counted.failed += 1;
            self.counted.last_refusal = Some(status);
            news.push(News::Failed);
        }
    }

    /// Repeats what is unanswered, and gives up what was repeated often enough.
    fn repeat(&mut self, news: &mut Vec<News>) {
        let now = now_ns();
        while let Some(&Reverse((due, number, times, is_bye))) = self.timers.peek() {
            if due > now {
                return;
            }
            self.timers.pop();
            match self.calls.get(number as usize) {
                Some(Stage::Inviting { .. }) if !is_bye => {
                    self.texts.invite(number, &mut self.text);
                }
                Some(Stage::Leaving(peer)) if is_bye => {
                    self.texts.bye(number, peer, &mut self.text);
                }
                _ => continue,
            }
            if times + 1 == REPEATS.len() {
                self.fail(number, 408, news);
                continue;
            }
            self.send();
            self.counted.repeated += 1;
            self.arm(now, number, times + 1, is_bye);
        }
    }

    fn arm(&mut self, now: i64, number: u32, times: usize, is_bye: bool) {
        let wait = REPEATS.get(times).copied().unwrap_or_default();
        let due = now + i64::try_from(wait.as_nanos()).unwrap_or(i64::MAX);
        self.timers.push(Reverse((due, number, times, is_bye)));
    }

    /// Sends what is written. What the kernel does not take is repeated like what a network loses.
    fn send(&self) {
        let _ = self.socket.send(self.text.as_bytes());
    }
}
