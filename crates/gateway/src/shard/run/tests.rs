//! A shard with more ready sockets than one wake-up takes, and one with a socket that never is.

use super::super::scripted::{Script, Scripted};
use super::super::{NewLine, ORDERS_MAX, Reports, Silence};
use super::*;
use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use trunkline_legs::{Input, Output};

/// As many as a stall of the machine leaves, and several times what one wake-up may take.
const CALLS: usize = 256;
const _: () = assert!(EVENTS_MAX * 4 <= CALLS);

/// What all calls have in common.
#[derive(Default)]
struct Seen {
    packets: AtomicUsize,
}

/// A leg that counts its packets or, where it is due all the time, tells how many there were before
/// each of its turns.
struct Counting {
    seen: Arc<Seen>,
    due: Option<mpsc::Sender<usize>>,
    began: Instant,
}

impl Script for Counting {
    fn hear(&mut self, input: Input<'_>) {
        match (input, &self.due) {
            (Input::Packet { .. }, _) => {
                self.seen.packets.fetch_add(1, Ordering::Relaxed);
            }
            (Input::Timeout, Some(tell)) => {
                // Nobody listens any more once everything was seen.
                let _ = tell.send(self.seen.packets.load(Ordering::Relaxed));
            }
            _ => {}
        }
    }

    fn next(&mut self) -> Output<'_> {
        Output::Timeout(self.due.is_some().then_some(self.began))
    }
}

/// A call with this RTP socket.
fn call_with(number: usize, leg: Counting, rtp: UdpSocket) -> ToShard {
    ToShard::Start(Box::new(NewCall {
        key: CallKey(number as u64),
        leg: Box::new(Scripted::new(leg)),
        wire: Box::new(Silence),
        line: NewLine::Rtp {
            rtp,
            rtcp: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        },
    }))
}

/// A call whose RTP socket has something to read already.
fn call(number: usize, leg: Counting) -> ToShard {
    let bind = || UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port of loopback");
    let rtp = bind();
    rtp.set_nonblocking(true)
        .expect("a socket that never waits");
    let address = rtp.local_addr().expect("a bound address");
    bind()
        .send_to(b"a packet", address)
        .expect("a packet on loopback");
    call_with(number, leg, rtp)
}

/// A shard that has not begun, and what tells it something.
fn shard() -> (Loop, mpsc::SyncSender<ToShard>, Reports) {
    let (reporter, reports) = crate::shard::reports();
    let poll = Poll::new().expect("a poller");
    let waker = Waker::new(poll.registry(), super::super::key::WAKER).expect("a waker");
    waker.wake().expect("a wake-up to begin with");
    let (to, orders) = mpsc::sync_channel(ORDERS_MAX);
    let shard = Loop::new(poll, Arc::new(waker), orders, reporter, Arc::default());
    (shard, to, reports)
}

#[test]
fn who_is_due_waits_for_one_wake_up_however_many_sockets_are_ready() {
    let (shard, to, _kept) = shard();
    let (seen, began) = (Arc::new(Seen::default()), Instant::now());
    let (tell, told) = mpsc::channel();
    // Everything is there before the shard looks for the first time.
    for number in 0..CALLS {
        let due = (number == 0).then(|| tell.clone());
        let seen = Arc::clone(&seen);
        to.send(call(number, Counting { seen, due, began }))
            .expect("the shard is here");
    }
    let thread = std::thread::spawn(move || shard.run());
    let (mut before, mut most) = (0, 0);
    while before < CALLS {
        let packets = told
            .recv()
            .expect("the shard runs until it is told to stop");
        (before, most) = (packets, most.max(packets - before));
    }
    to.send(ToShard::Stop).expect("the shard is here");
    thread.join().expect("the shard's thread");
    assert!((1..=EVENTS_MAX).contains(&most), "{most} in one wake-up");
}

#[tokio::test]
async fn a_call_whose_socket_cannot_be_watched_is_told_to_be_over() {
    let (shard, to, mut reports) = shard();
    let leg = Counting {
        seen: Arc::default(),
        due: None,
        began: Instant::now(),
    };
    // No poller watches a file.
    let file = File::open(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).expect("a file");
    let rtp = UdpSocket::from(OwnedFd::from(file));
    to.send(call_with(7, leg, rtp)).expect("the shard is here");
    to.send(ToShard::Stop).expect("the shard is here");
    let thread = std::thread::spawn(move || shard.run());
    let Some(Report::Finished(key, last)) = reports.next().await else {
        panic!("the call is forgotten");
    };
    thread.join().expect("the shard's thread");
    assert_eq!(key, CallKey(7));
    assert!(
        matches!(last.trouble, Some(Trouble::NoSockets(_))),
        "{last:?}"
    );
}
