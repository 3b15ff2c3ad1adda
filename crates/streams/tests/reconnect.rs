//! A call that loses its application, in virtual time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use trunkline_call::{
    CallCommand, CallEvent, CallId, CallInfo, Direction, EndReason, GatewayReason, Headers, Mark,
    Parameters,
};
use trunkline_streams::dialect::dialect;
use trunkline_streams::{
    AnswerMode, AppInput, AppOutput, AppWire, CloseCode, Frame, OnLost, Reconnecting, WireOptions,
};

const MUSIC: [i16; 4] = [1, 2, 3, 4];
const PROMPT: [i16; 2] = [9, 9];
const LOST: AppInput<'_> = AppInput::Closed(CloseCode::Abnormal);

#[expect(
    clippy::disallowed_methods,
    reason = "where virtual time starts does not matter"
)]
fn start() -> Instant {
    Instant::now()
}

/// One call, and what its wire says, in words.
struct Call {
    wire: Reconnecting,
    now: Instant,
}

impl Call {
    fn ringing(on_lost: OnLost) -> Self {
        Self::ringing_in("trunkline", on_lost)
    }

    fn ringing_in(protocol: &str, on_lost: OnLost) -> Self {
        let info = CallInfo {
            id: CallId::from_bytes([7; 16]),
            direction: Direction::Inbound,
            from: "alice".into(),
            to: "bot".into(),
            peer: None,
            headers: Headers::default(),
            parameters: Parameters::default(),
            traceparent: String::new(),
        };
        let options = WireOptions {
            answer: AnswerMode::Manual,
            ..WireOptions::default()
        };
        let dialect = dialect(protocol).expect("a protocol");
        let mut call = Self {
            wire: Reconnecting::new(dialect, info, options, on_lost),
            now: start(),
        };
        assert_eq!(call.drain(), ["ring"]);
        call
    }

    /// Answered, with the application connected.
    fn up(on_lost: OnLost) -> Self {
        let mut call = Self::ringing(on_lost);
        call.input(AppInput::Opened);
        call.event(&CallEvent::Answered);
        call
    }

    fn input(&mut self, input: AppInput<'_>) -> Vec<String> {
        self.wire.handle_input(self.now, input);
        self.drain()
    }

    fn event(&mut self, event: &CallEvent) -> Vec<String> {
        self.input(AppInput::Event(event))
    }

    fn pass(&mut self, time: Duration) -> Vec<String> {
        self.now += time;
        self.input(AppInput::Timeout)
    }

    fn drain(&mut self) -> Vec<String> {
        let mut outs = Vec::new();
        loop {
            outs.push(match self.wire.poll_output() {
                AppOutput::Timeout(due) => {
                    assert!(
                        due.is_none_or(|due| due > self.now),
                        "a deadline has passed"
                    );
                    return outs;
                }
                AppOutput::Command(CallCommand::Play(samples)) => format!("play {samples:?}"),
                AppOutput::Command(command) => command.kind().word().to_owned(),
                AppOutput::Send(Frame::Text(text)) => said(text),
                AppOutput::Send(frame) => format!("{frame:?}"),
                AppOutput::Close(code) => format!("close {code}"),
                AppOutput::Redial => "redial".to_owned(),
                AppOutput::Absent(true) => "absent".to_owned(),
                AppOutput::Absent(false) => "there".to_owned(),
                AppOutput::Errand(..) => panic!("only documents have errands"),
                AppOutput::End(reason) => format!("end {reason:?}"),
            });
        }
    }
}

/// The type of a message, and how often it says that the call was resumed.
fn said(text: &str) -> String {
    let message: Value = serde_json::from_str(text).expect("JSON");
    let own = message["customParameters"]["resumed"].as_str();
    let resumed = own.or(message["start"]["customParameters"]["resumed"].as_str());
    let kind = message["type"].as_str().or(message["event"].as_str());
    let kind = kind.expect("a type");
    resumed.map_or(kind.to_owned(), |times| format!("{kind} resumed {times}"))
}

fn piece() -> CallEvent {
    let mark = Mark::new("trunkline:piece").expect("short");
    CallEvent::MarkPlayed { mark, at_ms: 1 }
}

fn cleared() -> CallEvent {
    CallEvent::Cleared {
        at_ms: 1,
        unplayed: Vec::new(),
    }
}

fn patient() -> OnLost {
    OnLost {
        within: Duration::from_secs(10),
        music: Some(Arc::from(MUSIC)),
        prompt: Some(Arc::from(PROMPT)),
    }
}

#[test]
fn a_lost_application_is_dialled_again_and_resumes_its_call() {
    let mut call = Call::up(patient());
    let lost = call.input(LOST);
    let music = format!("play {MUSIC:?}");
    let held = ["clear", "continue", "redial", &music, "mark"];
    assert_eq!(lost[..2], ["close 1001", "absent"], "what follows is ours");
    assert_eq!(lost[2..], held);
    assert!(call.event(&cleared()).is_empty(), "our own order");
    assert_eq!(call.event(&piece()), [&music, "mark"], "over and over");
    let back = call.input(AppInput::Opened);
    let resumed = ["clear", "continue", "there", "start resumed 1", "answered"];
    assert_eq!(back, resumed);
    assert!(call.event(&cleared()).is_empty() && call.event(&piece()).is_empty());
    assert_eq!(call.event(&cleared()), ["cleared"], "the application's own");
    assert_eq!(call.event(&CallEvent::Held), ["held"]);
    // It is answered by hand, and was: nobody waits for that any more.
    assert!(call.pass(Duration::from_secs(14)).is_empty());
    assert_eq!(
        call.input(AppInput::Closed(CloseCode::Frame(1011)))[4],
        "redial"
    );
    let back = call.input(AppInput::Opened);
    assert_eq!(back[3], "start resumed 2");
}

#[test]
fn what_happens_meanwhile_is_told_when_it_is_back() {
    let mut call = Call::up(patient());
    call.input(LOST);
    assert!(call.event(&CallEvent::Held).is_empty());
    assert!(call.input(AppInput::Received(Frame::Text("{}"))).is_empty());
    assert!(
        call.input(LOST).is_empty(),
        "the old connection's last word"
    );
    let back = call.input(AppInput::Opened);
    assert_eq!(back[3..], ["start resumed 1", "answered", "held"]);
}

#[test]
fn attempts_are_further_and_further_apart_until_the_time_is_over() {
    let mut call = Call::up(patient());
    call.input(LOST);
    for pause in [250, 500, 1_000, 2_000, 2_000] {
        assert!(call.input(AppInput::OpenFailed).is_empty());
        let pause = Duration::from_millis(pause);
        assert!(call.pass(pause - Duration::from_millis(1)).is_empty());
        assert_eq!(call.pass(Duration::from_millis(1)), ["redial"]);
    }
    let told = call.pass(Duration::from_millis(4_250));
    let prompt = format!("play {PROMPT:?}");
    assert_eq!(told, ["clear", "continue", &prompt, "mark"]);
    assert_eq!(call.input(AppInput::Opened), ["close 1000"], "too late");
    assert_eq!(call.event(&piece()), ["end AppLost"]);
    let ended = CallEvent::Ended(EndReason::Gateway(GatewayReason::AppLost));
    assert!(call.event(&ended).is_empty());
    assert!(call.pass(Duration::from_secs(60)).is_empty());
}

#[test]
fn a_prompt_that_is_never_over_ends_the_call_all_the_same() {
    let mut call = Call::up(OnLost {
        within: Duration::ZERO,
        ..patient()
    });
    let told = call.input(LOST);
    assert!(told.contains(&"mark".to_owned()) && !told.contains(&"redial".to_owned()));
    assert!(told.contains(&"absent".to_owned()), "the prompt is ours");
    assert_eq!(call.pass(Duration::from_secs(6)), ["end AppLost"]);
}

#[test]
fn a_caller_who_hangs_up_meanwhile_is_not_kept() {
    let mut call = Call::up(patient());
    call.input(LOST);
    assert!(call.event(&CallEvent::Ended(EndReason::Remote)).is_empty());
    assert_eq!(call.input(AppInput::Opened), ["close 1000"]);
    assert!(call.pass(Duration::from_secs(60)).is_empty());
}

#[test]
fn pings_without_an_answer_are_a_loss_too() {
    let mut call = Call::up(patient());
    let mut outs = Vec::new();
    for _ in 0..3 {
        outs = call.pass(Duration::from_secs(15));
    }
    assert_eq!(outs[0], "close 1001", "the silent connection is let go");
    assert!(outs.contains(&"redial".to_owned()), "{outs:?}");
}

#[test]
fn an_application_that_hangs_up_or_never_was_there_is_not_dialled_again() {
    let mut call = Call::up(patient());
    let hung_up = call.input(AppInput::Closed(CloseCode::Frame(1000)));
    assert_eq!(hung_up, ["hangup"]);
    let mut call = Call::ringing(patient());
    assert_eq!(call.input(AppInput::OpenFailed), ["end AppUnreachable"]);
    let mut call = Call::ringing(patient());
    call.input(AppInput::Opened);
    assert_eq!(
        call.input(LOST),
        ["end AppLost"],
        "before the caller was answered"
    );
    let mut call = Call::up(OnLost {
        prompt: None,
        within: Duration::ZERO,
        ..patient()
    });
    assert_eq!(
        call.input(LOST).last().map(String::as_str),
        Some("end AppLost")
    );
}

#[test]
fn an_application_that_speaks_a_providers_dialect_comes_back_too() {
    let mut call = Call::ringing_in("twilio", patient());
    call.input(AppInput::Opened);
    call.event(&CallEvent::Answered);
    assert_eq!(call.input(LOST)[4], "redial");
    let back = call.input(AppInput::Opened);
    assert_eq!(back[..3], ["clear", "continue", "there"]);
    assert!(back.contains(&"start resumed 1".to_owned()), "{back:?}");
    assert!(!back.contains(&"answer".to_owned()), "{back:?}");
}
