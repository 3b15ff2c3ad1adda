//! An application in Rust, behind its queue.

mod rig;

use std::borrow::Cow;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use rig::{info, start};
use trunkline_call::{
    App, AudioFrame, BoxFuture, Call, CallCommand, CallEvent, Direction, EVENTS_MAX, EndReason,
    FRAME_SAMPLES, GatewayReason, HangupCause, queue,
};
use trunkline_streams::{AppInput, AppOutput, AppWire, QueueWire};

/// Answers, says back what it hears, and hangs up at the first key.
struct Parrot;

impl App for Parrot {
    fn run(&self, mut call: Call) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            call.command(CallCommand::Answer)
                .expect("a new call takes commands");
            while let Some(event) = call.event().await {
                match event {
                    CallEvent::Audio { frame, .. } => {
                        let samples = Cow::Owned(frame.samples().to_vec());
                        let _ = call.command(CallCommand::Play(samples));
                    }
                    CallEvent::Dtmf { .. } => return,
                    _ => {}
                }
            }
        })
    }
}

fn drain(wire: &mut QueueWire) -> Vec<String> {
    let mut outs = Vec::new();
    loop {
        match wire.poll_output() {
            AppOutput::Timeout(_) => return outs,
            AppOutput::Command(command) => outs.push(format!("{:?}", command.kind())),
            other => outs.push(format!("{other:?}")),
        }
    }
}

fn audio() -> CallEvent {
    let frame = AudioFrame::from_samples([3; FRAME_SAMPLES]);
    CallEvent::Audio {
        frame,
        at: 0,
        concealed: false,
    }
}

fn event(wire: &mut QueueWire, now: Instant, event: &CallEvent) {
    wire.handle_input(now, AppInput::Event(event));
}

#[test]
fn an_async_application_hears_and_speaks() {
    let now = start();
    let (call, peer) = queue(info(Direction::Inbound), Arc::new(|| {}));
    let mut wire = QueueWire::new(peer);
    let mut app = pin!(Parrot.run(call));
    let mut context = Context::from_waker(Waker::noop());
    assert!(app.as_mut().poll(&mut context).is_pending());
    assert_eq!(drain(&mut wire), ["Answer"]);
    event(&mut wire, now, &CallEvent::Answered);
    event(&mut wire, now + Duration::from_millis(20), &audio());
    assert!(app.as_mut().poll(&mut context).is_pending());
    wire.handle_input(now + Duration::from_millis(30), AppInput::Timeout);
    assert_eq!(drain(&mut wire), ["Play"]);
    assert_eq!(wire.stats().first_audio, Some(Duration::from_millis(30)));
    event(&mut wire, now, &CallEvent::Ended(EndReason::Remote));
    assert_eq!(app.as_mut().poll(&mut context), Poll::Ready(()));
    assert!(
        drain(&mut wire).is_empty(),
        "nothing is asked of a call that is over"
    );
}

#[test]
fn an_application_that_is_done_hangs_up() {
    let now = start();
    let (call, peer) = queue(info(Direction::Inbound), Arc::new(|| {}));
    let mut wire = QueueWire::new(peer);
    assert_eq!(call.command(CallCommand::Clear), Ok(()));
    drop(call);
    wire.handle_input(now, AppInput::Timeout);
    assert_eq!(drain(&mut wire), ["Clear", "Hangup"]);
    event(
        &mut wire,
        now,
        &CallEvent::Ended(EndReason::App(HangupCause::Normal)),
    );
    assert!(drain(&mut wire).is_empty());
}

#[test]
fn an_application_that_does_not_listen_loses_its_call() {
    let now = start();
    let (_call, peer) = queue(info(Direction::Inbound), Arc::new(|| {}));
    let mut wire = QueueWire::new(peer);
    for _ in 0..EVENTS_MAX + 5 {
        event(&mut wire, now, &CallEvent::Held);
    }
    assert_eq!(
        drain(&mut wire),
        [format!("End({:?})", GatewayReason::AppLost)]
    );
}

#[test]
fn a_slow_application_is_counted() {
    let now = start();
    let (_call, peer) = queue(info(Direction::Inbound), Arc::new(|| {}));
    let mut wire = QueueWire::new(peer);
    for _ in 0..60 {
        event(&mut wire, now, &audio());
    }
    assert_eq!(
        (wire.stats().frames_sent, wire.stats().frames_dropped),
        (50, 10)
    );
}

#[test]
fn an_application_hears_how_much_of_its_audio_is_left() {
    let now = start();
    let (call, peer) = queue(info(Direction::Inbound), Arc::new(|| {}));
    let mut wire = QueueWire::new(peer);
    event(&mut wire, now, &CallEvent::Answered);
    assert!(!wire.note_queued(0), "nothing was said");
    let samples = Cow::Owned(vec![1; 4 * FRAME_SAMPLES]);
    assert_eq!(call.command(CallCommand::Play(samples)), Ok(()));
    wire.handle_input(now, AppInput::Timeout);
    assert_eq!(drain(&mut wire), ["Play"]);
    assert!(!wire.note_queued(4 * FRAME_SAMPLES), "nobody waits");
    let mut context = Context::from_waker(Waker::noop());
    let mut room = pin!(call.room(2 * FRAME_SAMPLES));
    assert!(room.as_mut().poll(&mut context).is_pending());
    for left in [3, 2] {
        assert!(wire.note_queued(left * FRAME_SAMPLES), "it is waited for");
        assert_eq!(call.queued(), left * FRAME_SAMPLES);
        assert!(room.as_mut().poll(&mut context).is_pending());
    }
    assert!(wire.note_queued(FRAME_SAMPLES));
    assert!(room.as_mut().poll(&mut context).is_ready());
    assert!(!wire.note_queued(0));
    assert_eq!(call.queued(), 0);
}

#[test]
fn what_a_leg_did_not_take_is_not_waited_for() {
    let now = start();
    let (call, peer) = queue(info(Direction::Inbound), Arc::new(|| {}));
    let mut wire = QueueWire::new(peer);
    event(&mut wire, now, &CallEvent::Answered);
    let samples = Cow::Owned(vec![1; FRAME_SAMPLES]);
    assert_eq!(call.command(CallCommand::Play(samples)), Ok(()));
    assert_eq!(drain(&mut wire), ["Play"]);
    // It refused them: its queue is as empty as before.
    assert!(!wire.note_queued(0));
    assert_eq!(call.queued(), 0);
}
