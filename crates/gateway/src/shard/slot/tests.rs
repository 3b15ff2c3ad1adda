//! What an application knows at the moment an event reaches it.

use super::super::NewLine;
use super::super::scripted::{Script, Scripted};
use super::*;
use mio::Poll;
use std::borrow::Cow;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};
use trunkline_call::{Call, CallId, CallInfo, Direction, Headers, Parameters};
use trunkline_streams::QueueWire;

/// A leg that queues what it is given and plays none of it.
#[derive(Default)]
struct Mute {
    queued: usize,
    cleared: bool,
}

impl Script for Mute {
    fn hear(&mut self, input: Input<'_>) {
        match input {
            Input::Command(CallCommand::Play(samples)) => self.queued += samples.len(),
            Input::Command(CallCommand::Clear) => (self.queued, self.cleared) = (0, true),
            _ => {}
        }
    }

    fn next(&mut self) -> Output<'_> {
        match std::mem::take(&mut self.cleared) {
            true => Output::Event(CallEvent::Cleared {
                at_ms: 0,
                unplayed: Vec::new(),
            }),
            false => Output::Timeout(None),
        }
    }

    fn queued(&self) -> usize {
        self.queued
    }
}

/// An application on another thread that is quicker than the shard: woken, it looks at once.
struct Quick {
    call: Mutex<Call>,
    saw: Mutex<Vec<usize>>,
}

impl Wake for Quick {
    fn wake(self: Arc<Self>) {
        let queued = self.call.lock().expect("a lock nobody broke").queued();
        self.saw.lock().expect("a lock nobody broke").push(queued);
    }
}

fn info() -> CallInfo {
    CallInfo {
        id: CallId::from_bytes([1; 16]),
        direction: Direction::Inbound,
        from: "alice".into(),
        to: "bob".into(),
        peer: None,
        headers: Headers::default(),
        parameters: Parameters::default(),
        traceparent: String::new(),
    }
}

#[test]
fn who_is_told_of_a_clear_finds_nothing_of_what_was_cleared() {
    let poll = Poll::new().expect("a poller");
    let (reports, _kept) = crate::shard::reports();
    let around = Surroundings {
        registry: poll.registry(),
        reports: &reports,
    };
    let rtp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port of loopback");
    let rtcp = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let line = Line::new(NewLine::Rtp { rtp, rtcp }, poll.registry(), 0).expect("a line");
    let (call, peer) = trunkline_call::queue(info(), Arc::new(|| {}));
    let now = Instant::now();
    let leg = Scripted::new(Mute::default());
    let wire = QueueWire::new(peer);
    let mut slot = Slot::new(CallKey(1), 0, Box::new(leg), Box::new(wire), line);
    let quick = Arc::new(Quick {
        call: Mutex::new(call),
        saw: Mutex::default(),
    });
    {
        let mut call = quick.call.lock().expect("a lock nobody broke");
        let play = |len| CallCommand::Play(Cow::Owned(vec![0; len]));
        for command in [play(1_000), CallCommand::Clear, play(320)] {
            call.command(command).expect("a call that is up");
        }
        let waker = Waker::from(Arc::clone(&quick));
        let told = call.poll_event(&mut Context::from_waker(&waker));
        assert!(told.is_pending(), "nothing has happened yet");
    }
    slot.told(ToCall::Poke, now, &around);
    let saw = quick.saw.lock().expect("a lock nobody broke");
    assert_eq!(*saw, [320], "only what was given after the clear");
}
