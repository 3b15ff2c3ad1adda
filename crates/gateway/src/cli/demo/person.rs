//! A person who talks with the agent, through the microphone of this machine.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, channel};
use std::time::{Duration, Instant};

use trunkline_audio::FRAME_SAMPLES;
use trunkline_call::{CallCommand, CallEvent, Digit, HangupCause};
use trunkline_phone::caller::{Conversation, Timeline};
use trunkline_phone::softphone::{self, Act, Cue, Deed, PhoneError, Settings};

use super::handset::{Frame, Handset};

/// How often the microphone is listened to.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// What is sent before the first frame, so that one that comes late is no gap: 60 ms.
const CUSHION: [i16; 3 * FRAME_SAMPLES] = [0; 3 * FRAME_SAMPLES];
/// How long a key is held, and how far apart two are.
const KEY_MS: u32 = 100;
const KEY_EVERY: Duration = Duration::from_millis(250);

/// Calls a target and has a person talk with it, until either hangs up.
///
/// # Errors
/// Where there is no socket to call from.
pub fn talk(
    target: &str,
    settings: &Settings,
    handset: &Handset,
    keys: Receiver<Digit>,
) -> Result<Conversation, PhoneError> {
    let mut person = Person::new(&handset.microphone, handset.loudspeaker.clone(), keys);
    let report = softphone::act(target, settings, &mut person, &mut |_| {})?;
    let (sent, heard) = report.sides();
    Ok(Conversation {
        timeline: Timeline::of(&sent, &heard),
        report,
        notes: Vec::new(),
        ear: Vec::new(),
    })
}

/// The keys of the telephone that are typed on standard input, each line of them at its end.
pub fn typed_keys() -> Receiver<Digit> {
    let (to, keys) = channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            for key in line.chars().filter_map(Digit::from_char) {
                if to.send(key).is_err() {
                    return;
                }
            }
        }
    });
    keys
}

/// Somebody at a telephone: what the microphone hears is said, what comes is played.
struct Person<'m> {
    microphone: &'m Receiver<Frame>,
    loudspeaker: SyncSender<Frame>,
    keys: Receiver<Digit>,
    /// The next key is not pressed before.
    key_due: Option<Instant>,
    /// While the call is answered.
    now: Option<Instant>,
    deeds: VecDeque<Deed>,
}

impl<'m> Person<'m> {
    fn new(
        microphone: &'m Receiver<Frame>,
        loudspeaker: SyncSender<Frame>,
        keys: Receiver<Digit>,
    ) -> Self {
        Self {
            microphone,
            loudspeaker,
            keys,
            key_due: None,
            now: None,
            deeds: VecDeque::new(),
        }
    }

    fn answered(&mut self, now: Instant) {
        self.now = Some(now);
        // What was said before has nobody to hear it.
        while self.microphone.try_recv().is_ok() {}
        self.say(CUSHION.to_vec());
    }

    fn say(&mut self, samples: Vec<i16>) {
        let play = CallCommand::Play(Cow::Owned(samples));
        self.deeds.push_back(Deed::Command(play));
    }

    fn listen(&mut self) {
        loop {
            match self.microphone.try_recv() {
                Ok(frame) => self.say(frame.to_vec()),
                Err(TryRecvError::Empty) => return,
                Err(TryRecvError::Disconnected) => {
                    self.now = None;
                    let hang_up = CallCommand::Hangup(HangupCause::Normal);
                    return self.deeds.push_back(Deed::Command(hang_up));
                }
            }
        }
    }

    fn press(&mut self, now: Instant) {
        if self.key_due.is_some_and(|due| now < due) {
            return;
        }
        if let Ok(digit) = self.keys.try_recv() {
            let press = CallCommand::SendDtmf {
                digit,
                duration_ms: KEY_MS,
            };
            self.deeds.push_back(Deed::Command(press));
            self.key_due = Some(now + KEY_EVERY);
        }
    }
}

impl Act for Person<'_> {
    fn handle_input(&mut self, now: Instant, cue: Cue<'_>) {
        match cue {
            Cue::Event(CallEvent::Answered) => self.answered(now),
            Cue::Event(CallEvent::Audio { frame, .. }) => {
                // A loudspeaker that is behind leaves out what it cannot play in time.
                let _ = self.loudspeaker.try_send(*frame.samples());
            }
            Cue::Event(CallEvent::Ended(_)) => self.now = None,
            _ => {}
        }
        if self.now.is_some() {
            self.now = Some(now);
            self.press(now);
            self.listen();
        }
    }

    fn poll_output(&mut self) -> Deed {
        let due = self.now.map(|now| now + LOOK_EVERY);
        let deed = self.deeds.pop_front();
        deed.unwrap_or(Deed::Timeout(due))
    }
}
