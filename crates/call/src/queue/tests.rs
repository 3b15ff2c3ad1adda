use std::borrow::Cow;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use super::{
    AUDIO_FRAMES_MAX, COMMANDS_MAX, Call, CallPeer, EVENTS_MAX, PLAY_SAMPLES_MAX, Pushed, queue,
};
use crate::{
    AudioFrame, CallCommand, CallEvent, CallId, CallInfo, Direction, EndReason, FRAME_SAMPLES,
    GatewayReason, HangupCause, Headers, Parameters, Why,
};

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Count {
    fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

fn a_call() -> (Call, CallPeer, Arc<Count>) {
    let info = CallInfo {
        id: CallId::from_bytes([1; 16]),
        direction: Direction::Inbound,
        from: "alice".into(),
        to: "bob".into(),
        peer: None,
        headers: Headers::default(),
        parameters: Parameters::default(),
        traceparent: String::new(),
    };
    let woken = Arc::new(Count::default());
    let counter = Arc::clone(&woken);
    let (call, peer) = queue(info, Arc::new(move || counter.clone().wake()));
    (call, peer, woken)
}

fn audio(at: u64) -> CallEvent {
    let frame = AudioFrame::from_samples([0; FRAME_SAMPLES]);
    CallEvent::Audio {
        frame,
        at,
        concealed: false,
    }
}

fn poll(call: &mut Call, waker: &Waker) -> Poll<Option<CallEvent>> {
    pin!(call.event()).poll(&mut Context::from_waker(waker))
}

#[test]
fn events_come_in_order_and_wake_their_reader() {
    let (mut call, peer, _) = a_call();
    let count = Arc::new(Count::default());
    let waker = Waker::from(Arc::clone(&count));
    assert_eq!(poll(&mut call, &waker), Poll::Pending);
    assert_eq!(peer.push(&CallEvent::Answered), Pushed::Kept);
    assert_eq!(
        peer.push(&CallEvent::Ended(EndReason::Remote)),
        Pushed::Kept
    );
    assert_eq!(count.get(), 1, "one sleeper, one wake");
    assert_eq!(
        poll(&mut call, &waker),
        Poll::Ready(Some(CallEvent::Answered))
    );
    assert_eq!(
        poll(&mut call, &waker),
        Poll::Ready(Some(CallEvent::Ended(EndReason::Remote)))
    );
    assert_eq!(poll(&mut call, &waker), Poll::Ready(None));
    assert_eq!(call.command(CallCommand::Clear), Err(Why::NotNow));
}

#[test]
fn a_slow_reader_loses_its_oldest_audio_and_no_other_event() {
    let (mut call, peer, _) = a_call();
    peer.push(&CallEvent::Answered);
    let frames = AUDIO_FRAMES_MAX as u64 + 3;
    let dropped = (0..frames)
        .filter(|&at| peer.push(&audio(at)) == Pushed::DroppedAudio)
        .count();
    assert_eq!(dropped, 3);
    assert_eq!(
        poll(&mut call, Waker::noop()),
        Poll::Ready(Some(CallEvent::Answered))
    );
    let Poll::Ready(Some(CallEvent::Audio { at, .. })) = poll(&mut call, Waker::noop()) else {
        panic!("audio")
    };
    assert_eq!(at, 3);
}

#[test]
fn an_application_that_reads_nothing_is_noticed_and_still_told_the_end() {
    let (mut call, peer, _) = a_call();
    for _ in 0..EVENTS_MAX {
        assert_eq!(peer.push(&CallEvent::Held), Pushed::Kept);
    }
    assert_eq!(peer.push(&CallEvent::Held), Pushed::Overflow);
    assert_eq!(
        peer.push(&CallEvent::Ended(EndReason::Remote)),
        Pushed::Kept
    );
    let mut last = None;
    while let Poll::Ready(Some(event)) = poll(&mut call, Waker::noop()) {
        last = Some(event);
    }
    assert_eq!(last, Some(CallEvent::Ended(EndReason::Remote)));
}

#[test]
fn commands_are_bounded_and_a_hangup_always_has_room() {
    let (call, peer, woken) = a_call();
    for _ in 0..COMMANDS_MAX {
        assert_eq!(call.command(CallCommand::Clear), Ok(()));
    }
    assert_eq!(call.command(CallCommand::Clear), Err(Why::Full));
    assert_eq!(woken.get(), COMMANDS_MAX, "a refused command wakes nobody");
    assert_eq!(call.command(CallCommand::Hangup(HangupCause::Busy)), Ok(()));
    assert_eq!(call.command(CallCommand::Clear), Err(Why::NotNow));
    assert_eq!(std::iter::from_fn(|| peer.pop()).count(), COMMANDS_MAX);
    assert_eq!(peer.departure(), Some(HangupCause::Busy));
    assert_eq!(peer.departure(), None);
}

#[test]
fn five_minutes_of_audio_wait_and_no_more() {
    let (call, peer, _) = a_call();
    let play = |len| CallCommand::Play(Cow::Owned(vec![0; len]));
    assert_eq!(call.command(play(PLAY_SAMPLES_MAX)), Ok(()));
    assert_eq!(call.command(play(1)), Err(Why::Full));
    assert!(peer.pop().is_some());
    assert_eq!(
        call.command(play(1)),
        Err(Why::Full),
        "the leg has room for no more either"
    );
    peer.note_queued(PLAY_SAMPLES_MAX - 1);
    assert_eq!(call.command(play(1)), Ok(()), "one was played");
}

#[test]
fn leaving_hangs_up_and_a_vanished_call_ends_the_wait() {
    let (call, peer, woken) = a_call();
    drop(call);
    assert_eq!(
        (woken.get(), peer.departure()),
        (1, Some(HangupCause::Normal))
    );
    assert_eq!(peer.push(&CallEvent::Held), Pushed::Gone);

    let (mut call, peer, _) = a_call();
    let count = Arc::new(Count::default());
    let waker = Waker::from(Arc::clone(&count));
    assert_eq!(poll(&mut call, &waker), Poll::Pending);
    drop(peer);
    assert_eq!(count.get(), 1);
    let end = EndReason::Gateway(GatewayReason::Internal);
    assert_eq!(call.end(), Some(end.clone()));
    let last = Poll::Ready(Some(CallEvent::Ended(end)));
    assert_eq!(
        poll(&mut call, &waker),
        last,
        "the loop never said so itself"
    );
    assert_eq!(poll(&mut call, &waker), Poll::Ready(None));
}

fn poll_room(call: &Call, below: usize, waker: &Waker) -> bool {
    call.poll_room(below, &mut Context::from_waker(waker))
        .is_ready()
}

#[test]
fn there_is_room_once_the_leg_has_played_enough() {
    let (call, peer, _) = a_call();
    let count = Arc::new(Count::default());
    let waker = Waker::from(Arc::clone(&count));
    peer.push(&CallEvent::Answered);
    assert!(poll_room(&call, 1, &waker), "nothing is queued");
    let samples = Cow::Owned(vec![0; 1_000]);
    assert_eq!(call.command(CallCommand::Play(samples)), Ok(()));
    assert!(!poll_room(&call, 320, &waker));
    assert!(peer.pop().is_some());
    assert_eq!(
        call.queued(),
        1_000,
        "the leg has it, and nobody has heard it"
    );
    assert!(peer.note_queued(320), "somebody waits");
    assert_eq!(count.get(), 0, "320 are not fewer than 320");
    assert!(peer.note_queued(319));
    assert_eq!(count.get(), 1);
    assert!(poll_room(&call, 320, &waker));
    assert!(!peer.note_queued(300), "nobody waits");
}

#[test]
fn there_is_no_room_before_answer_and_all_of_it_after_the_end() {
    let (call, peer, _) = a_call();
    let count = Arc::new(Count::default());
    let waker = Waker::from(Arc::clone(&count));
    assert!(!poll_room(&call, 320, &waker));
    peer.push(&CallEvent::Answered);
    assert_eq!(count.get(), 1, "answered");
    assert!(call.is_answered());
    let samples = Cow::Owned(vec![0; 1_000]);
    assert_eq!(call.command(CallCommand::Play(samples)), Ok(()));
    assert!(!poll_room(&call, 320, &waker));
    assert_eq!(call.end(), None);
    peer.push(&CallEvent::Ended(EndReason::Remote));
    assert_eq!(count.get(), 2, "over");
    assert!(poll_room(&call, 320, &waker));
    assert_eq!(
        call.end(),
        Some(EndReason::Remote),
        "though nobody took the event"
    );
}
