//! The `trunkline` protocol: s16le audio as binary messages, everything else as JSON objects.
//! It takes what jambonz `listen` applications send and adds what they lack; described in
//! `docs/websocket-protocol.md`, message by message in `docs/protocol.schema.json`.

mod from_app;
mod to_app;

pub use from_app::REQUESTS;

pub use crate::line::{ANSWER_TIME_MAX, BACKLOG_BYTES_MAX, EARLY_EVENTS_MAX, NONSENSE_MAX};

use std::time::Instant;

use trunkline_call::{AppStats, AudioFrame, CallEvent, CallInfo};

use crate::dialect::{Dialect, Open};
use crate::downlink::Downlink;
use crate::line::{self, Line, Speaker};
use crate::marks::Marks;
use crate::stream::sound::{Decoder, Encoder};
use crate::stream::{Encoding, MediaFormat};
use crate::{AppInput, AppOutput, AppWire, Frame, SampleRate, WireOptions};

/// Where the registry finds this dialect.
pub const DIALECT: Dialect = Dialect {
    name: "trunkline",
    open: Open::Wire(|info, options| Box::new(Trunkline::new(info, options))),
};

/// One call of one application.
#[derive(Debug)]
pub struct Trunkline {
    line: Line,
    rate: SampleRate,
    downlink: Downlink,
    encoder: Encoder,
    decoder: Decoder,
    marks: Marks,
    /// Application audio on the wire, as last told by the leg, in ms.
    played_ms: u64,
}

impl Trunkline {
    /// The wire of one call, whose connection is not open yet. A caller hears ringing meanwhile.
    pub fn new(info: CallInfo, options: WireOptions) -> Self {
        let rate = options.sample_rate;
        let format = MediaFormat {
            encoding: Encoding::L16Little,
            rate: rate.hz(),
        };
        let filter = "every rate of `SampleRate` has its filter";
        Self {
            line: Line::new(info, options.answer, true),
            rate,
            downlink: Downlink::new(rate.hz() as usize / 50 * 2),
            encoder: Encoder::new(format).expect(filter),
            decoder: Decoder::new(format).expect(filter),
            marks: Marks::default(),
            played_ms: 0,
        }
    }
}

impl Speaker for Trunkline {
    fn line(&mut self) -> &mut Line {
        &mut self.line
    }

    fn say_start(&mut self) {
        self.send_start();
    }

    fn say_event(&mut self, event: &CallEvent) {
        self.send_event(event);
    }

    fn hear(&mut self, frame: &AudioFrame) {
        self.downlink.push(frame);
    }

    fn flush(&mut self) {
        let Self {
            line,
            downlink,
            encoder,
            ..
        } = self;
        downlink.flush(line.backlog, |frame| {
            line.outbox
                .message(Frame::Binary(encoder.encode(frame.samples())));
        });
    }

    fn drop_held(&mut self) {
        self.downlink.drop_held();
    }

    fn received(&mut self, now: Instant, frame: Frame<'_>) {
        match frame {
            Frame::Binary(bytes) => {
                let decoder = &mut self.decoder;
                let samples = decoder.samples_max(bytes.len());
                let count = self
                    .line
                    .outbox
                    .play(samples, |samples| decoder.decode(bytes, samples));
                self.line.spoke(now, count);
            }
            Frame::Text(text) => self.text(now, text),
            Frame::Ping => {}
        }
    }
}

impl AppWire for Trunkline {
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
            ..self.line.stats
        }
    }
}
