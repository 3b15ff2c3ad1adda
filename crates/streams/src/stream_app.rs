//! An application that expects a telephony provider: we speak as the provider's end would, in any
//! dialect of media streams. A bot written for Twilio answers plain SIP calls so.

use std::time::{Duration, Instant};

use trunkline_call::json::{DIGIT_MS, DIGIT_MS_MAX, DIGIT_MS_MIN};
use trunkline_call::{
    AppStats, AudioFrame, CallCommand, CallEvent, CallInfo, CommandKind, Digit, HangupCause,
    Headers, Mark, Target, TransferMode, Why,
};

use crate::dialect::StreamDialect;
use crate::downlink::Downlink;
use crate::line::{self, Line, Speaker};
use crate::marks::Marks;
use crate::stream::sound::{Decoder, Encoder};
use crate::stream::{
    Down, Encoding, Marks as MarkManners, Media, MediaFormat, Nonsense, Start, StreamCodec, Track,
    Up,
};
use crate::{AppInput, AppOutput, AppWire, Frame, WireOptions};

/// How long a message of audio is.
const PTIME_MS: u64 = 20;
/// What a message of audio has beside its payload, about: JSON, ids, and the frame around it.
const ENVELOPE_BYTES: usize = 200;
/// An account where there is none, behind the dialect's prefix.
const ACCOUNT: &str = "00000000000000000000000000000000";

/// One call of one application.
#[derive(Debug)]
pub struct StreamApp {
    line: Line,
    dialect: &'static StreamDialect,
    codec: Box<dyn StreamCodec>,
    downlink: Downlink,
    encoder: Encoder,
    decoder: Decoder,
    marks: Marks,
    /// Messages of audio that were sent.
    chunks: u64,
}

/// A request that this side turns down by itself.
struct Declined(CommandKind, Why);

impl StreamApp {
    /// The wire of one call, whose connection is not open yet. A caller hears ringing meanwhile.
    pub fn new(dialect: &'static StreamDialect, info: CallInfo, options: WireOptions) -> Self {
        let (up, down) = dialect.carried(&options);
        let filter = "a test proves that every dialect's own rate has its filter";
        Self {
            line: Line::new(info, options.answer, dialect.manners.pings),
            dialect,
            codec: (dialect.codec)(),
            downlink: Downlink::new(frame_bytes(up)),
            encoder: Encoder::new(spoken(up)).expect(filter),
            decoder: Decoder::new(down).expect(filter),
            marks: Marks::default(),
            chunks: 0,
        }
    }

    fn start(&self) -> Start {
        let (info, ids) = (&self.line.info, self.dialect.ids);
        Start {
            stream_id: format!("{}{}", ids.stream, info.id),
            call_id: format!("{}{}", ids.call, info.id),
            account_id: Some(format!("{}{ACCOUNT}", ids.account)),
            from: info.from.clone(),
            to: info.to.clone(),
            direction: Some(info.direction),
            up: Some(self.encoder.format()),
            down: None,
            parameters: info.parameters.clone(),
        }
    }

    /// Says what the dialect has words for.
    fn say(&mut self, up: &Up<'_>) {
        if let Some(frame) = self.codec.write_up(up) {
            self.line.outbox.message(frame);
        }
    }

    /// Marks that will never be reached. Some providers echo them all the same.
    fn say_cleared(&mut self, unplayed: &[Mark]) {
        self.say(&Up::Cleared);
        for mark in unplayed {
            let echoes = self.dialect.manners.marks == MarkManners::EchoedWhenCleared;
            if self.marks.settle(mark) && echoes {
                self.say(&Up::Mark { name: mark.name() });
            }
        }
    }

    fn say_declined(&mut self, command: CommandKind, why: Why) {
        let detail = format!("{}: {}", command.word(), why.word());
        self.say(&Up::Error { detail: &detail });
    }
}

impl Speaker for StreamApp {
    fn line(&mut self) -> &mut Line {
        &mut self.line
    }

    /// Both messages at once: some servers read exactly two before they take audio.
    fn say_start(&mut self) {
        self.say(&Up::Connected);
        let start = Box::new(self.start());
        self.say(&Up::Start(start));
    }

    fn say_event(&mut self, event: &CallEvent) {
        match event {
            CallEvent::Dtmf { digit, duration_ms } => self.say(&Up::Dtmf {
                digit: *digit,
                duration: Some(Duration::from_millis(u64::from(*duration_ms))),
            }),
            CallEvent::MarkPlayed { mark, .. } => {
                if self.marks.settle(mark) {
                    self.say(&Up::Mark { name: mark.name() });
                }
            }
            CallEvent::Cleared { unplayed, .. } => self.say_cleared(unplayed),
            CallEvent::QueueHigh { .. } => self.say(&Up::QueueHigh),
            CallEvent::QueueLow { .. } => self.say(&Up::QueueLow),
            CallEvent::Refused { command, why } => {
                if *command == CommandKind::Mark {
                    self.marks.refused();
                }
                self.say_declined(*command, *why);
            }
            CallEvent::Ended(_) => self.say(&Up::Stop),
            CallEvent::Ringing
            | CallEvent::Answered
            | CallEvent::Audio { .. }
            | CallEvent::Paused { .. }
            | CallEvent::Held
            | CallEvent::Resumed
            | CallEvent::Transferred(_)
            | CallEvent::Turn(_)
            | CallEvent::Interrupted(_)
            | CallEvent::AppDeaf(_) => {}
        }
    }

    fn hear(&mut self, frame: &AudioFrame) {
        self.downlink.push(frame);
    }

    fn flush(&mut self) {
        let Self {
            line,
            codec,
            downlink,
            encoder,
            chunks,
            ..
        } = self;
        downlink.flush(line.backlog, |frame| {
            let media = Up::Media(Media {
                track: Track::Inbound,
                chunk: Some(*chunks + 1),
                timestamp_ms: Some(*chunks * PTIME_MS),
                format: None,
                payload: encoder.encode(frame.samples()),
            });
            *chunks += 1;
            if let Some(message) = codec.write_up(&media) {
                line.outbox.message(message);
            }
        });
    }

    fn drop_held(&mut self) {
        self.downlink.drop_held();
    }

    fn received(&mut self, now: Instant, frame: Frame<'_>) {
        let Self {
            line,
            codec,
            decoder,
            marks,
            ..
        } = self;
        let taken = codec
            .read_down(frame)
            .and_then(|down| obey(line, decoder, marks, now, &down));
        match taken {
            Ok(None) => {}
            Ok(Some(Declined(command, why))) => self.say_declined(command, why),
            Err(_) => self.line.nonsense(),
        }
    }
}

impl AppWire for StreamApp {
    fn handle_input(&mut self, now: Instant, input: AppInput<'_>) {
        line::handle_input(self, now, input);
    }

    fn poll_output(&mut self) -> AppOutput<'_> {
        self.line.poll()
    }

    fn stats(&self) -> AppStats {
        AppStats {
            frames_sent: self.downlink.sent,
            frames_dropped: self.downlink.dropped,
            nonsense: self.line.stats.nonsense + self.decoder.bad(),
            ..self.line.stats
        }
    }
}

/// Does what the application asks for.
fn obey(
    line: &mut Line,
    decoder: &mut Decoder,
    marks: &mut Marks,
    now: Instant,
    down: &Down<'_>,
) -> Result<Option<Declined>, Nonsense> {
    match down {
        Down::Media {
            payload,
            format,
            mark,
        } => {
            play(line, decoder, now, payload, *format)?;
            return mark.map_or(Ok(None), |name| set_mark(line, marks, name));
        }
        Down::Mark { name } => return set_mark(line, marks, name),
        Down::Clear => {
            decoder.restart();
            line.command(CallCommand::Clear);
        }
        Down::Pause => line.command(CallCommand::Pause),
        Down::Continue => line.command(CallCommand::Continue),
        Down::Answer => line.command(CallCommand::Answer),
        Down::Dtmf { digit, duration } => line.command(press(*digit, *duration)),
        Down::Transfer { target } => {
            let target =
                Target::new(target).ok_or(Nonsense("a target that is no number or URI"))?;
            line.command(CallCommand::Transfer {
                target,
                headers: Headers::default(),
                mode: TransferMode::default(),
            });
        }
        Down::Hangup => line.command(CallCommand::Hangup(HangupCause::Normal)),
        Down::Nothing => line.stats.unknown += 1,
    }
    Ok(None)
}

fn play(
    line: &mut Line,
    decoder: &mut Decoder,
    now: Instant,
    payload: &[u8],
    format: Option<MediaFormat>,
) -> Result<(), Nonsense> {
    if let Some(format) = format.filter(|format| *format != decoder.format()) {
        *decoder =
            Decoder::new(format).map_err(|_| Nonsense("audio of a rate without a filter"))?;
    }
    let room = decoder.samples_max(payload.len());
    let count = line
        .outbox
        .play(room, |samples| decoder.decode(payload, samples));
    line.spoke(now, count);
    Ok(())
}

fn set_mark(line: &mut Line, marks: &mut Marks, name: &str) -> Result<Option<Declined>, Nonsense> {
    let mark = Mark::new(name).ok_or(Nonsense("a mark with too long a name"))?;
    if !marks.add(&mark) {
        return Ok(Some(Declined(CommandKind::Mark, Why::Full)));
    }
    line.command(CallCommand::Mark(mark));
    Ok(None)
}

fn press(digit: Digit, duration: Option<Duration>) -> CallCommand<'static> {
    let asked = duration.map(|duration| u32::try_from(duration.as_millis()).unwrap_or(u32::MAX));
    let duration_ms = asked.unwrap_or(DIGIT_MS).clamp(DIGIT_MS_MIN, DIGIT_MS_MAX);
    CallCommand::SendDtmf { digit, duration_ms }
}

/// What we write where a dialect leaves the order of bytes open: that of the servers' machines.
fn spoken(format: MediaFormat) -> MediaFormat {
    match format.encoding {
        Encoding::L16Unknown => MediaFormat {
            encoding: Encoding::L16Little,
            ..format
        },
        _ => format,
    }
}

/// What 20 ms become on the connection, about: base64 makes four bytes of three.
fn frame_bytes(format: MediaFormat) -> usize {
    format.frame_bytes() / 3 * 4 + ENVELOPE_BYTES
}
