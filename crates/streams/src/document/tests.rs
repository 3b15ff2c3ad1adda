//! Documents in virtual time: what each verb asks of the call, and when the next one comes.

mod gather;

use super::*;
use crate::{CloseCode, Frame};
use proptest::prelude::*;
use serde_json::Value;
use trunkline_call::{CallId, GatewayReason, Parameters, TransferOutcome, Why};

const NUMBER: u64 = 7;

/// An output, as a test compares it.
#[derive(Clone, Debug, PartialEq)]
enum Out {
    Command(CallCommand<'static>),
    Errand(Errand),
    Said(String),
    Close(u16),
    End(GatewayReason),
}

struct Rig {
    document: Document,
    now: Instant,
    due: Option<Instant>,
    /// The last that it asked for.
    errand: ErrandId,
    /// The one behind the last sound.
    mark: Option<Mark>,
}

/// What stands for the mark behind any sound.
fn any_mark() -> Mark {
    Mark::new(PLAYED).unwrap()
}

const NO_ERRAND: ErrandId = ErrandId {
    document: NUMBER,
    errand: 0,
};

#[expect(
    clippy::disallowed_methods,
    reason = "where virtual time starts does not matter"
)]
fn start() -> Instant {
    Instant::now()
}

fn info() -> CallInfo {
    CallInfo {
        id: CallId::from_bytes([0xAB; 16]),
        direction: Direction::Inbound,
        from: "+15125550100".into(),
        to: "support".into(),
        peer: None,
        headers: Headers::default(),
        parameters: Parameters::default(),
        traceparent: String::new(),
    }
}

impl Rig {
    /// A document for a call that is up, and what it wants at once.
    fn up(steps: Vec<Step>) -> (Self, Vec<Out>) {
        let mut rig = Self {
            document: Document::new(NUMBER, info(), steps),
            now: start(),
            due: None,
            errand: NO_ERRAND,
            mark: None,
        };
        let out = rig.event(&CallEvent::Answered);
        (rig, out)
    }

    fn event(&mut self, event: &CallEvent) -> Vec<Out> {
        self.give(AppInput::Event(event))
    }

    fn give(&mut self, input: AppInput<'_>) -> Vec<Out> {
        self.document.handle_input(self.now, input);
        self.drain()
    }

    fn drain(&mut self) -> Vec<Out> {
        let mut out = Vec::new();
        loop {
            out.push(match self.document.poll_output() {
                AppOutput::Timeout(due) => {
                    self.due = due;
                    return out;
                }
                AppOutput::Command(CallCommand::Mark(mark)) if mark.name().starts_with(PLAYED) => {
                    self.mark = Some(mark);
                    Out::Command(CallCommand::Mark(any_mark()))
                }
                AppOutput::Command(command) => Out::Command(command.into_owned()),
                AppOutput::Send(Frame::Text(text)) => Out::Said(text.to_owned()),
                AppOutput::Send(_) | AppOutput::Redial | AppOutput::Absent(_) => continue,
                AppOutput::Close(code) => Out::Close(code),
                AppOutput::End(reason) => Out::End(reason),
                AppOutput::Errand(id, errand) => {
                    assert_eq!(id.document, NUMBER);
                    self.errand = id;
                    Out::Errand(errand)
                }
            });
        }
    }

    fn press(&mut self, key: char) -> Vec<Out> {
        self.event(&CallEvent::Dtmf {
            digit: Digit::from_char(key).unwrap(),
            duration_ms: 100,
        })
    }

    /// What came of the last errand.
    fn bring(&mut self, brought: Brought) -> Vec<Out> {
        self.give(AppInput::Brought(self.errand, brought))
    }

    /// Goes to the next deadline; how long that took, and what is wanted then.
    fn wait(&mut self) -> (Duration, Vec<Out>) {
        let due = self.due.expect("a deadline");
        let took = due.saturating_duration_since(self.now);
        self.now = due;
        (took, self.give(AppInput::Timeout))
    }

    /// Everything queued was heard.
    fn played(&mut self) -> Vec<Out> {
        let mark = self.mark.clone().expect("a sound");
        self.event(&CallEvent::MarkPlayed { mark, at_ms: 1 })
    }
}

fn samples() -> Arc<[i16]> {
    vec![1, 2, 3].into()
}

fn file(url: &str) -> Sound {
    Sound::File(url.to_owned())
}

fn page(url: &str) -> Page {
    Page {
        url: url.to_owned(),
        method: Method::Post,
        keys: None,
    }
}

fn bot() -> Stream {
    let mut parameters = Parameters::default();
    parameters.push("plan", "gold");
    Stream {
        url: "ws://bot.example/".to_owned(),
        parameters,
    }
}

fn heard() -> Vec<Out> {
    vec![
        Out::Command(CallCommand::Play(Cow::Owned(vec![1, 2, 3]))),
        Out::Command(CallCommand::Mark(any_mark())),
    ]
}

fn hung_up(cause: HangupCause) -> Vec<Out> {
    vec![Out::Command(CallCommand::Hangup(cause))]
}

fn digit(key: char) -> Key {
    Key::Digit(Digit::from_char(key).unwrap())
}

#[test]
fn verbs_are_done_in_their_order_and_the_end_hangs_up() {
    let (mut rig, out) = Rig::up(vec![
        Step::Play(file("http://a/b.wav"), Some(2)),
        Step::Wait(Duration::from_secs(3)),
        Step::Play(Sound::Here(samples()), Some(1)),
    ]);
    let asked = Errand::Sound(file("http://a/b.wav"));
    assert_eq!(out, [Out::Errand(asked)]);
    assert_eq!(rig.bring(Brought::Sound(samples())), heard());
    assert_eq!(rig.played(), heard(), "the second time");
    assert_eq!(rig.played(), []);
    let (took, out) = rig.wait();
    assert_eq!((took, out), (Duration::from_secs(3), heard()));
    assert_eq!(rig.played(), hung_up(HangupCause::Normal));
}

#[test]
fn a_sound_without_end_is_played_until_the_call_ends() {
    let (mut rig, _) = Rig::up(vec![Step::Play(Sound::Here(samples()), None)]);
    for _ in 0..1_000 {
        assert_eq!(rig.played(), heard());
    }
    assert_eq!(rig.event(&CallEvent::Ended(EndReason::Remote)), []);
    assert_eq!(rig.played(), []);
}

#[test]
fn a_sound_that_is_cleared_is_over_and_an_earlier_one_is_not_taken_for_it() {
    let sound = || Step::Play(Sound::Here(samples()), Some(1));
    let (mut rig, _) = Rig::up(vec![sound(), sound(), Step::Wait(Duration::from_secs(1))]);
    let unplayed: Vec<_> = rig.mark.clone().into_iter().collect();
    let cleared = CallEvent::Cleared { at_ms: 1, unplayed };
    assert_eq!(rig.event(&cleared), heard(), "the second sound");
    assert_eq!(rig.event(&cleared), [], "that was the first");
    assert_eq!(rig.played(), []);
    assert!(rig.due.is_some(), "the pause has begun");
}

#[test]
fn a_call_that_rings_is_answered_unless_it_is_to_end() {
    let mut rig = Rig {
        document: Document::new(NUMBER, info(), vec![Step::Wait(Duration::from_secs(1))]),
        now: start(),
        due: None,
        errand: NO_ERRAND,
        mark: None,
    };
    let answer = vec![Out::Command(CallCommand::Answer)];
    assert_eq!(rig.give(AppInput::Timeout), answer);
    assert_eq!(rig.due, None);
    rig.event(&CallEvent::Answered);
    assert!(rig.due.is_some(), "the pause has begun");
    rig.document = Document::new(NUMBER, info(), vec![Step::HangUp]);
    let out = rig.give(AppInput::Timeout);
    assert_eq!(out, hung_up(HangupCause::Normal));
}

#[test]
fn keys_take_their_time() {
    let keys = [digit('1'), Key::Pause, digit('#')];
    let (mut rig, out) = Rig::up(vec![Step::Press(keys.into())]);
    let pressed = |key| vec![Out::Command(press(Digit::from_char(key).unwrap()))];
    assert_eq!(out, pressed('1'));
    assert_eq!(rig.wait(), (Duration::from_millis(260), vec![]));
    assert_eq!(rig.wait(), (Duration::from_millis(500), pressed('#')));
    let (took, out) = rig.wait();
    assert_eq!(took, Duration::from_millis(260));
    assert_eq!(out, hung_up(HangupCause::Normal));
}

#[test]
fn another_document_takes_the_place_of_this_one() {
    let steps = vec![Step::Go(page("http://a/next")), Step::HangUp];
    let (mut rig, out) = Rig::up(steps);
    assert_eq!(out, [Out::Errand(Errand::Page(page("http://a/next")))]);
    let next = vec![Step::Play(Sound::Here(samples()), Some(1))];
    assert_eq!(rig.bring(Brought::Page(next)), heard());
    assert_eq!(rig.played(), hung_up(HangupCause::Normal));
}

#[test]
fn documents_that_only_lead_on_come_to_an_end() {
    let around = || vec![Step::Go(page("http://a/round"))];
    let (mut rig, mut out) = Rig::up(around());
    for _ in 0..PAGES_IN_A_ROW_MAX {
        assert_eq!(out, [Out::Errand(Errand::Page(page("http://a/round")))]);
        out = rig.bring(Brought::Page(around()));
    }
    assert_eq!(out, hung_up(HangupCause::Error));
    // What takes time may go round for much longer.
    let music = || {
        let music = Step::Play(Sound::Here(samples()), Some(1));
        vec![music, Step::Go(page("http://a/round"))]
    };
    let (mut rig, _) = Rig::up(music());
    for _ in 0..PAGES_MAX {
        assert_eq!(rig.played().len(), 1);
        let out = rig.bring(Brought::Page(music()));
        assert_eq!(out, heard());
    }
    assert_eq!(rig.played(), hung_up(HangupCause::Error));
}

#[test]
fn what_cannot_be_fetched_is_passed_over_and_a_document_ends_the_call() {
    let (mut rig, _) = Rig::up(vec![
        Step::Play(file("http://a/gone.wav"), None),
        Step::Go(page("http://a/gone")),
        Step::Wait(Duration::from_secs(1)),
    ]);
    let out = rig.bring(Brought::Nothing);
    assert_eq!(out, [Out::Errand(Errand::Page(page("http://a/gone")))]);
    let out = rig.bring(Brought::Nothing);
    assert_eq!(out, hung_up(HangupCause::Error));
}

/// A call whose stream is open, after its start was told.
fn streaming() -> Rig {
    let wait = Step::Wait(Duration::from_secs(1));
    let (mut rig, out) = Rig::up(vec![Step::Connect(bot()), wait]);
    assert_eq!(out, [Out::Errand(Errand::Stream(bot()))]);
    // What the application before had to say is nothing to the new one.
    assert_eq!(rig.give(AppInput::Closed(CloseCode::Frame(1000))), []);
    let said = rig.give(AppInput::Opened);
    let texts = said.iter().map(|out| match out {
        Out::Said(text) => serde_json::from_str::<Value>(text).unwrap(),
        other => panic!("{other:?}"),
    });
    let texts: Vec<Value> = texts.collect();
    assert_eq!(texts[0]["event"], "connected");
    let start = &texts[1]["start"];
    assert_eq!(start["customParameters"]["plan"], "gold");
    assert_eq!(start["callSid"], format!("CA{}", info().id));
    rig
}

#[test]
fn an_application_has_the_call_until_it_goes() {
    let mut rig = streaming();
    let key = CallEvent::Dtmf {
        digit: Digit::from_char('5').unwrap(),
        duration_ms: 100,
    };
    let told = rig.event(&key);
    assert!(matches!(&told[..], [Out::Said(text)] if text.contains("dtmf")));
    let out = rig.give(AppInput::Closed(CloseCode::Frame(1000)));
    let silence = [CallCommand::Clear, CallCommand::Continue].map(Out::Command);
    assert_eq!(out, silence, "the call itself goes on");
    assert_eq!(rig.wait().1, hung_up(HangupCause::Normal));
    assert_eq!(rig.document.stats().nonsense, 0);
}

#[test]
fn an_application_that_is_lost_or_never_there_leaves_the_call_to_the_next_verb() {
    let mut rig = streaming();
    rig.give(AppInput::Closed(CloseCode::Abnormal));
    assert!(rig.due.is_some(), "the pause has begun");
    let (mut rig, _) = Rig::up(vec![Step::Connect(bot()), Step::HangUp]);
    let out = rig.give(AppInput::OpenFailed);
    assert_eq!(out, hung_up(HangupCause::Normal));
}

#[test]
fn an_application_is_told_that_the_caller_has_gone() {
    let mut rig = streaming();
    let out = rig.event(&CallEvent::Ended(EndReason::Remote));
    assert!(matches!(&out[0], Out::Said(text) if text.contains("stop")));
    assert_eq!(out[1], Out::Close(NORMAL_CLOSURE));
    assert_eq!(rig.give(AppInput::Opened), [Out::Close(NORMAL_CLOSURE)]);
}

#[test]
fn a_call_that_cannot_be_moved_goes_on_with_the_next_verb() {
    let target = || Target::new("+15551230000").unwrap();
    let steps = || {
        let dial = Step::Move(target(), TransferMode::Bridge);
        vec![dial, Step::Play(Sound::Here(samples()), Some(1))]
    };
    let outcome = |code| {
        let text = String::new();
        CallEvent::Transferred(TransferOutcome { code, text })
    };
    let (mut rig, out) = Rig::up(steps());
    let command = &out[0];
    assert!(
        matches!(command, Out::Command(CallCommand::Transfer { mode, .. }) if *mode == TransferMode::Bridge)
    );
    assert_eq!(rig.event(&outcome(486)), heard());
    let (mut rig, _) = Rig::up(steps());
    let refused = CallEvent::Refused {
        command: CommandKind::Transfer,
        why: Why::Denied,
    };
    assert_eq!(rig.event(&refused), heard());
    let (mut rig, _) = Rig::up(steps());
    assert_eq!(rig.event(&outcome(200)), [], "the call has gone elsewhere");
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..3u32).prop_map(|times| Step::Play(Sound::Here(samples()), Some(times))),
        Just(Step::Play(file("http://a/b.wav"), Some(1))),
        Just(Step::Press([digit('1'), Key::Pause].into())),
        (0..3u64).prop_map(|seconds| Step::Wait(Duration::from_secs(seconds))),
        Just(Step::Go(page("http://a/next"))),
        Just(Step::Connect(bot())),
        Just(Step::Move(Target::new("1").unwrap(), TransferMode::Bridge)),
        Just(Step::HangUp),
        any::<bool>().prop_map(|tells_none| {
            let gather = Gather {
                tells_none,
                ..gather::asked(vec![Step::Play(Sound::Here(samples()), Some(1))])
            };
            Step::Gather(gather)
        }),
    ]
}

proptest! {
    /// Whatever a document says and whatever comes of it, the call is ended once and nothing
    /// follows that.
    #[test]
    fn every_document_ends_its_call_once(
        steps in prop::collection::vec(any_step(), 0..8),
        luck in prop::collection::vec(any::<bool>(), 64),
    ) {
        let (mut rig, mut out) = Rig::up(steps);
        let mut luck = luck.into_iter().cycle();
        let mut hang_ups = 0;
        for _ in 0..500 {
            hang_ups += out.iter().filter(|out| matches!(out, Out::Command(CallCommand::Hangup(_)))).count();
            let errand = out.iter().rev().find_map(|out| match out {
                Out::Errand(errand) => Some(errand.clone()),
                _ => None,
            });
            let moves = out.iter().any(|out| matches!(out, Out::Command(CallCommand::Transfer { .. })));
            let good = luck.next().unwrap_or_default();
            out = match errand {
                Some(Errand::Sound(_)) if good => rig.bring(Brought::Sound(samples())),
                Some(Errand::Page(_)) if good => rig.bring(Brought::Page(vec![])),
                Some(Errand::Stream(_)) if good => {
                    rig.give(AppInput::Opened);
                    rig.give(AppInput::Closed(CloseCode::Frame(1000)))
                }
                Some(Errand::Stream(_)) => rig.give(AppInput::OpenFailed),
                Some(_) => rig.bring(Brought::Nothing),
                None if rig.document.gathering.is_some() && good => rig.press('1'),
                None if moves => rig.event(&CallEvent::Refused {
                    command: CommandKind::Transfer,
                    why: Why::Denied,
                }),
                None if matches!(rig.document.state, State::Playing(..)) => rig.played(),
                None if rig.due.is_some() => rig.wait().1,
                None => break,
            };
        }
        prop_assert_eq!(hang_ups, 1);
        prop_assert!(matches!(rig.document.state, State::Over));
    }
}
