//! A call in real time: what the agent plays is on the wire 20 ms at a time.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use trunkline_audio::tone::Tone;
use trunkline_call::{
    App, AudioFrame, CallCommand, CallEvent, CallId, CallInfo, Direction, EndReason, FRAME_SAMPLES,
    HangupCause, Headers, Mark, Parameters,
};

/// What went on.
#[derive(Debug, Default)]
pub struct Heard {
    /// What was on the wire, from the answer on.
    pub wire: Vec<i16>,
    /// Why the agent hung up.
    pub hung_up: Option<HangupCause>,
}

impl Heard {
    /// When something was heard first, at or after this time, in ms since the answer.
    pub fn first_sound_after(&self, ms: usize) -> Option<usize> {
        let later = self.wire.get(ms * 16..)?;
        Some(ms + later.iter().position(|sample| *sample != 0)? / 16)
    }
}

enum Queued {
    Sound(VecDeque<i16>),
    Mark(Mark),
}

/// Calls an agent, says a tone from one time to another, in ms, and listens until a third.
pub async fn call(agent: &dyn App, says: std::ops::Range<u64>, until: u64) -> Heard {
    let info = CallInfo {
        id: CallId::from_bytes([7; 16]),
        direction: Direction::Inbound,
        from: "alice".into(),
        to: "bob".into(),
        headers: Headers::default(),
        parameters: Parameters::default(),
        traceparent: String::new(),
        peer: None,
    };
    let (call, peer) = trunkline_call::queue(info, std::sync::Arc::new(|| {}));
    let agent = tokio::spawn(agent.run(call));
    let mut heard = Heard::default();
    let (mut queue, mut paused, mut played) = (VecDeque::new(), false, 0_u64);
    let mut voice = Tone::pair(210.0, 5_000, 930.0, 3_000);
    let began = Instant::now();
    for frame in 0..until / 20 {
        tokio::time::sleep_until((began + Duration::from_millis(frame * 20)).into()).await;
        while let Some(command) = peer.pop() {
            match command {
                CallCommand::Answer => _ = peer.push(&CallEvent::Answered),
                CallCommand::Play(samples) => {
                    queue.push_back(Queued::Sound(samples.into_owned().into()));
                }
                CallCommand::Mark(mark) => queue.push_back(Queued::Mark(mark)),
                CallCommand::Clear => {
                    queue.clear();
                    let (at_ms, unplayed) = (played / 16, Vec::new());
                    peer.push(&CallEvent::Cleared { at_ms, unplayed });
                }
                CallCommand::Pause => paused = true,
                CallCommand::Continue => paused = false,
                _ => {}
            }
        }
        let (out, marks) = next(&mut queue, paused);
        played += out.len() as u64;
        heard.wire.extend(&out);
        heard.wire.resize((frame as usize + 1) * FRAME_SAMPLES, 0);
        for mark in marks {
            let at_ms = played / 16;
            peer.push(&CallEvent::MarkPlayed { mark, at_ms });
        }
        let mut samples = [0; FRAME_SAMPLES];
        if says.contains(&(frame * 20)) {
            voice.fill(&mut samples);
        }
        peer.push(&CallEvent::Audio {
            frame: AudioFrame::from_samples(samples),
            at: frame * 320,
            concealed: false,
        });
        heard.hung_up = heard.hung_up.or(peer.departure());
        if heard.hung_up.is_some() {
            break;
        }
    }
    peer.push(&CallEvent::Ended(EndReason::Remote));
    agent.await.expect("the agent does not panic");
    heard
}

fn next(queue: &mut VecDeque<Queued>, paused: bool) -> (Vec<i16>, Vec<Mark>) {
    let (mut out, mut marks) = (Vec::new(), Vec::new());
    while !paused && out.len() < FRAME_SAMPLES {
        match queue.pop_front() {
            Some(Queued::Sound(mut sound)) => {
                let count = sound.len().min(FRAME_SAMPLES - out.len());
                out.extend(sound.drain(..count));
                if !sound.is_empty() {
                    queue.push_front(Queued::Sound(sound));
                }
            }
            Some(Queued::Mark(mark)) => marks.push(mark),
            None => break,
        }
    }
    (out, marks)
}
