//! One direction of a call's audio, put back on its time line from the RTP packets alone.

use std::time::{Duration, Instant};

use trunkline_audio::g711::{alaw, ulaw};
use trunkline_audio::{Resampler, SAMPLE_RATE_HZ, g722};
use trunkline_media::codec::Codec;
use trunkline_media::rtp::{self, Arrival, Packet, Reception, TimestampUnwrapper};

/// The longest tape: half an hour. What comes later is counted and not kept.
pub const SAMPLES_MAX: usize = SAMPLE_RATE_HZ as usize * 60 * 30;

/// 16 kHz samples in a tick of the RTP clock.
const SAMPLES_A_TICK: i64 = 2;

/// A timestamp that leaps by more than this (10 s) is a new stream and not a pause.
const LEAP_MAX_TICKS: u64 = 80_000;

/// So many packets, half a second, show a pace.
const PACE_PACKETS: usize = 25;

/// A recording that grows packet by packet. Sample `n` belongs to [`Tape::origin`] plus `n` / 16 kHz.
///
/// G.711 is raised to 16 kHz on the way, which delays it by the resampler's 0.8 ms; two tapes of the
/// same codec are delayed alike.
pub struct Tape {
    samples: Vec<i16>,
    decoder: Decoder,
    stream: Option<Stream>,
    origin: Option<Instant>,
    /// How long after `begun` sample 0 was by each packet, in µs; negative where before.
    zeros: Vec<i64>,
    /// When the first packet came.
    begun: Option<Instant>,
    figures: Figures,
}

/// What was counted on a tape.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures {
    /// The codec of the last packet.
    pub codec: Option<Codec>,
    /// Packets of audio, duplicates left out.
    pub packets: u64,
    /// Their payload in bytes.
    pub bytes: u64,
    /// Packets that came twice.
    pub duplicates: u64,
    /// Packets missing by their sequence numbers.
    pub lost: u64,
    /// Interarrival jitter (RFC 3550 §6.4.1).
    pub jitter: Duration,
    /// From the first packet to the last.
    pub span: Duration,
    /// Datagrams that were neither audio nor numbered with it.
    pub other: u64,
}

/// One synchronisation source's place on the tape.
struct Stream {
    reception: Reception,
    unwrapper: TimestampUnwrapper,
    /// The unwrapped timestamp of sample 0.
    zero: i64,
    /// The unwrapped timestamp of the latest packet.
    newest: i64,
    /// Packets lost by streams before this one.
    lost_before: u64,
}

impl Default for Tape {
    fn default() -> Self {
        Self::new()
    }
}

impl Tape {
    /// An empty tape.
    pub fn new() -> Self {
        Self {
            samples: Vec::new(),
            decoder: Decoder::new(),
            stream: None,
            origin: None,
            zeros: Vec::new(),
            begun: None,
            figures: Figures::default(),
        }
    }

    /// Takes a datagram of the RTP port that was sent or came `now`. RTCP is passed over.
    pub fn datagram(&mut self, now: Instant, bytes: &[u8]) {
        if rtp::is_rtcp(bytes) {
            return;
        }
        let Ok(packet) = Packet::parse(bytes) else {
            self.figures.other += 1;
            return;
        };
        match Codec::from_static_payload_type(packet.header.payload_type) {
            Some(codec) => self.audio(now, &packet, codec),
            None => self.not_audio(&packet),
        }
    }

    /// Telephone events and comfort noise are numbered with the audio around them (RFC 4733 §2.2).
    fn not_audio(&mut self, packet: &Packet<'_>) {
        match &mut self.stream {
            Some(stream) if stream.goes_on(&packet.header) => {
                stream.reception.count(packet.header.sequence);
                self.figures.lost = stream.lost_before + stream.reception.lost();
            }
            _ => self.figures.other += 1,
        }
    }

    fn audio(&mut self, now: Instant, packet: &Packet<'_>, codec: Codec) {
        let begun = *self.begun.get_or_insert(now);
        let goes_on = |stream: &Stream| stream.goes_on(&packet.header);
        if !self.stream.as_ref().is_some_and(goes_on) {
            self.stream = Some(self.new_stream(now, packet));
        }
        let Some(stream) = &mut self.stream else {
            return;
        };
        let arrival = stream.reception.count(packet.header.sequence);
        if arrival == Arrival::Duplicate {
            self.figures.duplicates += 1;
            return;
        }
        stream.newest = stream.unwrapper.unwrap(packet.header.timestamp);
        let elapsed = now.saturating_duration_since(begun);
        if arrival == Arrival::Newest {
            let ticks = i64::try_from(elapsed.as_micros() / 125).unwrap_or(i64::MAX);
            stream
                .reception
                .count_jitter(ticks, packet.header.timestamp);
        }
        let at = usize::try_from((stream.newest - stream.zero) * SAMPLES_A_TICK);
        self.figures = Figures {
            codec: Some(codec),
            packets: self.figures.packets + 1,
            bytes: self.figures.bytes + packet.payload.len() as u64,
            lost: stream.lost_before + stream.reception.lost(),
            jitter: Duration::from_micros(u64::from(stream.reception.jitter()) * 125),
            span: elapsed,
            ..self.figures
        };
        // Before sample 0 is only what was overtaken by the stream's first packet.
        if let Ok(at) = at {
            self.note_origin(now, begun, at);
            let decoded = self.decoder.decode(codec, packet.payload);
            write(&mut self.samples, at, decoded);
        }
    }

    /// A source that was not heard before, or a leap of its clock: its place follows from when it
    /// came.
    fn new_stream(&self, now: Instant, packet: &Packet<'_>) -> Stream {
        let elapsed = self
            .origin
            .map(|origin| now.saturating_duration_since(origin));
        let at = samples_in(elapsed.unwrap_or_default());
        let mut unwrapper = TimestampUnwrapper::default();
        let newest = unwrapper.unwrap(packet.header.timestamp);
        Stream {
            reception: Reception::new(packet.header.ssrc),
            unwrapper,
            zero: newest - i64::try_from(at).unwrap_or(i64::MAX) / SAMPLES_A_TICK,
            newest,
            lost_before: self.figures.lost,
        }
    }

    fn note_origin(&mut self, now: Instant, begun: Instant, at: usize) {
        let zero = now.checked_sub(duration_of(at)).unwrap_or(now);
        self.origin = Some(self.origin.map_or(zero, |origin| origin.min(zero)));
        let elapsed = now.saturating_duration_since(begun);
        self.zeros.push(micros(elapsed) - micros(duration_of(at)));
    }

    /// When sample 0 was on the wire, by the packet in the middle: half came earlier, half later.
    /// `None` before the first packet.
    pub fn origin(&self) -> Option<Instant> {
        let begun = self.begun?;
        let mut zeros = self.zeros.clone();
        let middle = zeros.len().checked_sub(1)? / 2;
        let (_, &mut zero, _) = zeros.select_nth_unstable(middle);
        let distance = Duration::from_micros(zero.unsigned_abs());
        if zero < 0 {
            begun.checked_sub(distance)
        } else {
            Some(begun + distance)
        }
    }

    /// How long after its time each packet came, in the order in which they came: against the pace of
    /// their timestamps, as the 25 packets before it or the 25 after it kept it, whichever were
    /// later. So who begins a new sound at another moment is late with nothing, and who falls behind
    /// and catches up is late with all that came meanwhile.
    pub fn lateness(&self) -> impl Iterator<Item = Duration> {
        let earliest = |zeros: &[i64]| zeros.iter().min().copied();
        let late = move |(place, zero): (usize, &i64)| {
            let before = self.zeros.get(place.saturating_sub(PACE_PACKETS)..place);
            let after = self.zeros.get(place + 1..).unwrap_or_default();
            let after = after.get(..PACE_PACKETS).unwrap_or(after);
            let pace = before.and_then(earliest).max(earliest(after));
            u64::try_from(zero - pace.unwrap_or(*zero)).unwrap_or(0)
        };
        self.zeros
            .iter()
            .enumerate()
            .map(late)
            .map(Duration::from_micros)
    }

    /// Everything so far, 16 kHz; silence where no packet was.
    pub fn samples(&self) -> &[i16] {
        &self.samples
    }

    /// What was counted so far.
    pub fn figures(&self) -> Figures {
        self.figures
    }
}

impl Stream {
    /// Whether a packet belongs to this stream: the same source, and no leap in its clock.
    fn goes_on(&self, header: &rtp::Header) -> bool {
        let leap = self.unwrapper.peek(header.timestamp) - self.newest;
        self.reception.ssrc() == header.ssrc && leap.unsigned_abs() < LEAP_MAX_TICKS
    }
}

fn write(samples: &mut Vec<i16>, at: usize, decoded: &[i16]) {
    let end = at.saturating_add(decoded.len());
    if end > SAMPLES_MAX {
        return;
    }
    if end > samples.len() {
        samples.resize(end, 0);
    }
    if let Some(place) = samples.get_mut(at..end) {
        place.copy_from_slice(decoded);
    }
}

/// Decoders for every codec a packet may name: a stream's codec may change in mid-call.
struct Decoder {
    g722: g722::Decoder,
    up: Resampler,
    narrow: Vec<i16>,
    wide: Vec<i16>,
}

impl Decoder {
    fn new() -> Self {
        Self {
            g722: g722::Decoder::new(),
            up: Resampler::new(8_000, SAMPLE_RATE_HZ).expect("8 to 16 kHz is supported"),
            narrow: vec![0; rtp::DATAGRAM_BYTES_MAX],
            wide: vec![0; 2 * rtp::DATAGRAM_BYTES_MAX],
        }
    }

    /// The payload at 16 kHz.
    fn decode(&mut self, codec: Codec, payload: &[u8]) -> &[i16] {
        let narrow = self.narrow.get_mut(..payload.len()).unwrap_or_default();
        let count = match codec {
            Codec::G722 => self.g722.decode(payload, &mut self.wide),
            Codec::Pcmu => {
                ulaw::decode_slice(payload, narrow);
                self.up.process(narrow, &mut self.wide)
            }
            Codec::Pcma => {
                alaw::decode_slice(payload, narrow);
                self.up.process(narrow, &mut self.wide)
            }
        };
        self.wide.get(..count).unwrap_or_default()
    }
}

fn duration_of(samples: usize) -> Duration {
    Duration::from_secs_f64(samples as f64 / f64::from(SAMPLE_RATE_HZ))
}

fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

fn samples_in(duration: Duration) -> usize {
    (duration.as_secs_f64() * f64::from(SAMPLE_RATE_HZ)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use trunkline_media::rtp::Header;

    fn packet(sequence: u16, timestamp: u32, ssrc: u32, code: u8) -> Vec<u8> {
        let header = Header {
            marker: false,
            payload_type: 0,
            sequence,
            timestamp,
            ssrc,
        };
        let mut bytes = header.to_bytes().to_vec();
        bytes.resize(rtp::HEADER_BYTES + 160, code);
        bytes
    }

    fn at(start: Instant, ms: u64) -> Instant {
        start + Duration::from_millis(ms)
    }

    /// The loudest sample in the middle of this 20 ms.
    fn level(tape: &Tape, frame: usize) -> i16 {
        let place = tape.samples().get(frame * 320 + 100..frame * 320 + 220);
        place.map_or(0, |middle| middle.iter().copied().max().unwrap_or(0))
    }

    const LOUD: u8 = 0x80;
    const QUIET: u8 = 0xFF;

    #[test]
    fn a_lost_packet_leaves_silence_in_its_place() {
        let start = Instant::now();
        let mut tape = Tape::new();
        for frame in [0, 1, 3] {
            let bytes = packet(
                65_535_u16.wrapping_add(frame),
                u32::from(frame) * 160,
                7,
                LOUD,
            );
            tape.datagram(at(start, u64::from(frame) * 20), &bytes);
        }
        assert_eq!(tape.samples().len(), 4 * 320);
        assert!(level(&tape, 1) > 30_000);
        assert_eq!(level(&tape, 2), 0);
        assert!(level(&tape, 3) > 30_000);
        let figures = tape.figures();
        assert_eq!((figures.packets, figures.lost), (3, 1));
        assert_eq!(figures.span, Duration::from_millis(60));
    }

    #[test]
    fn the_packet_in_the_middle_says_when_the_tape_began() {
        let start = Instant::now();
        let mut tape = Tape::new();
        for (frame, held_up) in [(0_u16, 9), (1, 2), (2, 5)] {
            let bytes = packet(frame, u32::from(frame) * 160, 7, QUIET);
            tape.datagram(at(start, u64::from(frame) * 20 + held_up), &bytes);
        }
        assert_eq!(tape.origin(), Some(at(start, 5)));
        let late: Vec<_> = tape.lateness().collect();
        let ms = Duration::from_millis;
        assert_eq!(late, [ms(7), Duration::ZERO, ms(3)]);
        assert!(tape.figures().jitter > Duration::ZERO);
    }

    #[test]
    fn who_falls_behind_is_late_and_who_begins_at_another_moment_is_not() {
        let start = Instant::now();
        let mut tape = Tape::new();
        for frame in 0..60_u16 {
            let due = u64::from(frame) * 20;
            // From the 30th on, another moment; before that, 15 frames come at once.
            let came = match frame {
                10..25 => 25 * 20,
                30.. => due + 15,
                _ => due,
            };
            tape.datagram(
                at(start, came),
                &packet(frame, u32::from(frame) * 160, 7, QUIET),
            );
        }
        let late: Vec<_> = tape.lateness().map(|late| late.as_millis()).collect();
        assert_eq!(late[..10], [0; 10]);
        assert!(late[10..24].iter().all(|late| *late >= 20), "{late:?}");
        assert_eq!(late[25..], [0; 35]);
    }

    #[test]
    fn a_new_source_goes_on_where_time_says() {
        let start = Instant::now();
        let mut tape = Tape::new();
        tape.datagram(start, &packet(0, 0, 7, QUIET));
        tape.datagram(at(start, 100), &packet(900, 4_000_000_000, 8, LOUD));
        assert_eq!(tape.samples().len(), 6 * 320);
        assert_eq!((level(&tape, 4), tape.figures().lost), (0, 0));
        assert!(level(&tape, 5) > 30_000);
    }

    #[test]
    fn keys_between_audio_are_not_lost_audio() {
        let start = Instant::now();
        let mut tape = Tape::new();
        for sequence in 0..5_u16 {
            let mut bytes = packet(sequence, u32::from(sequence) * 160, 7, QUIET);
            if sequence == 2 {
                bytes[1] = 101;
            }
            tape.datagram(at(start, u64::from(sequence) * 20), &bytes);
        }
        assert_eq!((tape.figures().packets, tape.figures().lost), (4, 0));
    }

    #[test]
    fn duplicates_and_what_is_not_audio_do_not_count_as_packets() {
        let start = Instant::now();
        let mut tape = Tape::new();
        tape.datagram(start, &packet(0, 0, 7, QUIET));
        tape.datagram(start, &packet(0, 0, 7, QUIET));
        tape.datagram(start, b"STUN?");
        tape.datagram(start, &[0x80, 200, 0, 0]);
        let figures = tape.figures();
        assert_eq!(
            (figures.packets, figures.duplicates, figures.other),
            (1, 1, 1)
        );
    }

    #[test]
    fn a_leap_in_the_clock_cannot_make_a_tape_of_hours() {
        let start = Instant::now();
        let mut tape = Tape::new();
        for sequence in 0..100_u16 {
            let timestamp = u32::from(sequence).wrapping_mul(0x1000_0000);
            tape.datagram(at(start, 20), &packet(sequence, timestamp, 7, QUIET));
        }
        assert!(
            tape.samples().len() < 16_000 * 3,
            "{}",
            tape.samples().len()
        );
    }
}
