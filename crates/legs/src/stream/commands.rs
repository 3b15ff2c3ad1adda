//! What is asked of the call. Whatever the dialect has no words for is refused, never pretended.

use std::time::Instant;

use trunkline_audio::tone::Tone;
use trunkline_call::json::DIGIT_MS_MAX;
use trunkline_call::{
    CallCommand, CallEvent, CommandKind, Digit, EndReason, Headers, Mark, Target, TransferMode,
    TransferOutcome, Why,
};
use trunkline_media::timing::SAMPLES_PER_MS;
use trunkline_streams::stream::Down;

use super::StreamLeg;
use super::saying::Dropped;
use crate::{DialNews, Wish};

/// The silence after a key's tones, without which two of the same key were one.
const KEY_GAP_MS: u64 = 100;

/// A transfer under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Moving {
    /// None.
    #[default]
    No,
    /// The provider was asked to move the call. It says nothing of how that goes: it leaves.
    Asked,
    /// The same over its REST interface, which answers.
    AskedByRest,
    /// It has taken that on. Its stream may stay.
    Moved,
    /// A leg is being placed to be joined with this one.
    Joining,
}

impl StreamLeg {
    pub(super) fn on_command(&mut self, now: Instant, command: CallCommand<'_>) {
        match command {
            // The provider has alerted and answered.
            CallCommand::Ring => {}
            CallCommand::Answer => {
                self.outbox.say(self.codec.as_mut(), &Down::Answer);
            }
            CallCommand::Play(samples) => self.play(now, &samples),
            CallCommand::Mark(mark) => self.mark(mark),
            CallCommand::Clear => self.clear(now),
            CallCommand::Pause => self.pause(now),
            CallCommand::Continue => {
                self.speech.resume(self.since_answer_us(now));
                self.turns.resumed();
            }
            CallCommand::SendDtmf { digit, duration_ms } => self.press(now, digit, duration_ms),
            CallCommand::Hold => self.refuse(CommandKind::Hold, Why::Unsupported),
            CallCommand::Resume => self.refuse(CommandKind::Resume, Why::Unsupported),
            CallCommand::Transfer {
                target,
                headers,
                mode,
            } => self.transfer(target, headers, mode),
            CallCommand::Hangup(cause) => self.end(now, EndReason::App(cause)),
        }
    }

    fn refuse(&mut self, command: CommandKind, why: Why) {
        self.outbox.tell(CallEvent::Refused { command, why });
    }

    fn play(&mut self, now: Instant, samples: &[i16]) {
        if samples.is_empty() {
            return;
        }
        let now_us = self.since_answer_us(now);
        let position = self.speech.given();
        if self.speech.push(now_us, samples) {
            self.turns.given(now_us, position);
            self.spoke = true;
        } else {
            self.refuse(CommandKind::Play, Why::Full);
        }
    }

    fn mark(&mut self, mark: Mark) {
        if !self.speech.push_mark(mark) {
            self.refuse(CommandKind::Mark, Why::Full);
        }
    }

    fn clear(&mut self, now: Instant) {
        let now_us = self.since_answer_us(now);
        let cut = self.cut();
        let dropped = self.speech.clear(now_us, cut);
        self.turns.cleared(now_us, cut_us(now_us, cut));
        self.tell_dropped(dropped, self.speech.heard(now_us) / SAMPLES_PER_MS);
    }

    fn pause(&mut self, now: Instant) {
        let now_us = self.since_answer_us(now);
        let cut = self.cut();
        self.speech.pause(now_us, cut);
        self.turns.stopped(now_us, cut_us(now_us, cut));
        let at_ms = self.speech.heard(now_us) / SAMPLES_PER_MS;
        self.outbox.tell(CallEvent::Paused { at_ms });
    }

    /// Has the provider forget what it has, where it keeps any and its dialect can say so.
    fn cut(&mut self) -> bool {
        self.speech.is_ahead() && self.outbox.say(self.codec.as_mut(), &Down::Clear)
    }

    pub(super) fn tell_dropped(&mut self, dropped: Dropped, at_ms: u64) {
        for (mark, position) in dropped.heard {
            let at_ms = position / SAMPLES_PER_MS;
            self.outbox.tell(CallEvent::MarkPlayed { mark, at_ms });
        }
        let unplayed = dropped.unheard;
        self.outbox.tell(CallEvent::Cleared { at_ms, unplayed });
    }

    fn press(&mut self, now: Instant, digit: Digit, duration_ms: u32) {
        let duration = Some(std::time::Duration::from_millis(duration_ms.into()));
        let key = Down::Dtmf { digit, duration };
        if self.by_rest.presses {
            self.outbox.ask_provider(Wish::Press(digit));
        } else if !self.outbox.say(self.codec.as_mut(), &key) {
            self.sound(now, digit, duration_ms);
        }
    }

    /// Lets the far end hear a key's tones behind everything queued. That is how telephones press
    /// keys (ITU-T Q.23), where nothing beside the sound does it.
    fn sound(&mut self, now: Instant, digit: Digit, duration_ms: u32) {
        let on_ms = u64::from(duration_ms.min(DIGIT_MS_MAX));
        let mut samples = vec![0; ((on_ms + KEY_GAP_MS) * SAMPLES_PER_MS) as usize];
        let tone = Tone::dtmf(digit.as_char());
        let on = samples.get_mut(..(on_ms * SAMPLES_PER_MS) as usize);
        if let (Some(mut tone), Some(on)) = (tone, on) {
            tone.fill(on);
        }
        if !self.speech.push(self.since_answer_us(now), &samples) {
            self.refuse(CommandKind::SendDtmf, Why::Full);
        }
    }

    /// The provider moves the call where its dialect can ask it to; otherwise a second leg is
    /// joined with this one.
    fn transfer(&mut self, target: Target, headers: Headers, mode: TransferMode) {
        if matches!(self.moving, Moving::Joining | Moving::AskedByRest) {
            return self.refuse(CommandKind::Transfer, Why::NotNow);
        }
        let is_theirs = mode == TransferMode::Refer;
        if is_theirs && self.by_rest.moves {
            self.moving = Moving::AskedByRest;
            self.outbox.ask_provider(Wish::Transfer(target));
        } else if is_theirs && self.ask_to_move(&target) {
            self.moving = Moving::Asked;
        } else {
            self.moving = Moving::Joining;
            self.outbox.join(target, headers);
        }
    }

    fn ask_to_move(&mut self, target: &Target) -> bool {
        let target = target.as_str();
        self.outbox
            .say(self.codec.as_mut(), &Down::Transfer { target })
    }

    /// The provider has left. Where it was asked to move the call, it has done so for all we know.
    pub(super) fn conclude_transfer(&mut self) {
        let moving = std::mem::take(&mut self.moving);
        if matches!(moving, Moving::Asked | Moving::AskedByRest) {
            self.outbox.tell(CallEvent::Transferred(taken_on()));
        }
    }

    /// News of the leg that is to be joined with this one, or of what the provider was asked.
    pub(super) fn on_dial_news(&mut self, news: DialNews) {
        if !matches!(self.moving, Moving::Joining | Moving::AskedByRest) {
            return;
        }
        let outcome = match news {
            DialNews::Up if self.moving == Moving::AskedByRest => {
                self.moving = Moving::Moved;
                return self.outbox.tell(CallEvent::Transferred(taken_on()));
            }
            DialNews::Progress { .. } => return,
            DialNews::Denied => {
                self.moving = Moving::No;
                return self.refuse(CommandKind::Transfer, Why::Denied);
            }
            DialNews::Up => TransferOutcome {
                code: 200,
                text: "OK".to_owned(),
            },
            DialNews::Failed { code, text } => TransferOutcome { code, text },
        };
        self.moving = Moving::No;
        self.outbox.tell(CallEvent::Transferred(outcome));
    }
}

/// When the last of our sound is heard: now, where the far end forgets what it has.
fn cut_us(now_us: i64, cut: bool) -> i64 {
    if cut { now_us } else { i64::MAX }
}

/// The provider moves the caller; how that goes, it does not say.
fn taken_on() -> TransferOutcome {
    TransferOutcome {
        code: 202,
        text: "Accepted".to_owned(),
    }
}
