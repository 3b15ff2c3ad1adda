//! Who sent what when: a call drawn from the packets that were seen.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use trunkline_sip::Message;

/// The most messages that are kept; what comes later is counted.
pub const RUNGS_MAX: usize = 200;
/// The widest text of a rung; longer ones are cut.
const TEXT_CHARS_MAX: usize = 46;

/// Which way a packet went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// From the phone.
    Out,
    /// To the phone.
    In,
}

/// One packet, or many of a stream.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Rung {
    /// Milliseconds since the first packet.
    #[serde(rename = "atMs", serialize_with = "as_ms")]
    pub at: Duration,
    /// Which way.
    pub direction: Direction,
    /// What: the start of a SIP message, or a stream in words.
    pub text: String,
    /// Whether it stands for a stream of audio.
    pub stream: bool,
}

/// Milliseconds to the microsecond.
pub(crate) fn as_ms<S: serde::Serializer>(at: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((at.as_secs_f64() * 1e6).round() / 1e3)
}

/// A call, rung by rung.
#[derive(Clone, Debug, Default)]
pub struct Ladder {
    begun: Option<Instant>,
    rungs: Vec<Rung>,
    left_off: u64,
}

impl Ladder {
    /// Puts down a SIP message.
    pub fn message(&mut self, now: Instant, direction: Direction, message: &Message) {
        self.rung(now, direction, describe(message), false);
    }

    /// Puts down a stream at the time of its first packet.
    pub fn stream(&mut self, first: Instant, direction: Direction, text: String) {
        self.rung(first, direction, text, true);
    }

    fn rung(&mut self, now: Instant, direction: Direction, text: String, stream: bool) {
        if self.rungs.len() >= RUNGS_MAX {
            self.left_off += 1;
            return;
        }
        let begun = *self.begun.get_or_insert(now);
        let at = now.saturating_duration_since(begun);
        // A stream is put down when the call is over, at the time it began.
        let place = self.rungs.partition_point(|rung| rung.at <= at);
        let text = plain(&text);
        self.rungs.insert(
            place,
            Rung {
                at,
                direction,
                text,
                stream,
            },
        );
    }

    /// Every rung in the order of time.
    pub fn rungs(&self) -> &[Rung] {
        &self.rungs
    }

    /// Draws it, the phone on the left, with the names of both sides above. No line is wider than
    /// 80 characters.
    pub fn draw(&self, phone: &str, peer: &str) -> String {
        let mut drawing = String::new();
        // Writing to a String cannot fail.
        let _ = writeln!(drawing, "{:>10}  {phone:<48}{peer:>16}", "ms");
        for rung in &self.rungs {
            let line = if rung.stream { '═' } else { '─' };
            let text = format!(" {} ", rung.text);
            let width = TEXT_CHARS_MAX + 14 - text.chars().count();
            let (before, after) = (width / 2, width - width / 2);
            let bar = |n: usize| String::from_iter(std::iter::repeat_n(line, n));
            let (head, tail) = match rung.direction {
                Direction::Out => (' ', '►'),
                Direction::In => ('◄', ' '),
            };
            let at = rung.at.as_secs_f64() * 1e3;
            let (before, after) = (bar(before), bar(after));
            let _ = writeln!(drawing, "{at:>10.1}  │{head}{before}{text}{after}{tail}│");
        }
        if self.left_off > 0 {
            let _ = writeln!(drawing, "{:>10}  and {} more messages", "", self.left_off);
        }
        drawing
    }
}

/// The start of a message: its method and target, or its status and what it answers.
fn describe(message: &Message) -> String {
    match (message.method(), message.status()) {
        (Some(method), _) => {
            let uri = message.request_uri_str().unwrap_or_default();
            format!("{} {uri}", method.as_str())
        }
        (None, status) => {
            let answered = message.cseq().map(|cseq| cseq.method.as_str().to_owned());
            format!(
                "{} {} ({})",
                status.unwrap_or_default(),
                message.reason().unwrap_or_default(),
                answered.unwrap_or_default()
            )
        }
    }
}

/// Text of the far end without control characters, cut where it is too wide.
fn plain(text: &str) -> String {
    let clean = text.chars().filter(|c| !c.is_control());
    let mut plain: String = clean.clone().take(TEXT_CHARS_MAX).collect();
    if clean.count() > TEXT_CHARS_MAX {
        plain.pop();
        plain.push('…');
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Message {
        Message::parse(text.as_bytes()).unwrap()
    }

    const OPTIONS: &str = "OPTIONS sip:echo@127.0.0.1 SIP/2.0\r\n\
        Via: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n\
        From: <sip:a@127.0.0.1>;tag=1\r\nTo: <sip:echo@127.0.0.1>\r\nCall-ID: 1\r\n\
        CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";

    #[test]
    fn rungs_stand_in_the_order_of_time_and_a_stream_where_it_began() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut ladder = Ladder::default();
        ladder.message(at(0), Direction::Out, &parse(OPTIONS));
        ladder.message(at(30), Direction::Out, &parse(OPTIONS));
        ladder.stream(at(10), Direction::In, "RTP".into());
        let order: Vec<_> = ladder
            .rungs()
            .iter()
            .map(|rung| rung.at.as_millis())
            .collect();
        assert_eq!(order, [0, 10, 30]);
        assert_eq!(ladder.rungs()[0].text, "OPTIONS sip:echo@127.0.0.1");
        let drawing = ladder.draw("phone", "gateway");
        assert!(
            drawing.lines().all(|line| line.chars().count() <= 80),
            "{drawing}"
        );
        assert!(drawing.contains("◄══"), "{drawing}");
    }

    #[test]
    fn what_a_far_end_writes_reaches_no_terminal_as_control_characters() {
        assert_eq!(plain("Busy\u{1b}[2J\r\n Here"), "Busy[2J Here");
        assert_eq!(plain(&"x".repeat(100)).chars().count(), TEXT_CHARS_MAX);
    }

    #[test]
    fn a_flood_of_messages_is_counted_and_not_kept() {
        let mut ladder = Ladder::default();
        let message = parse(OPTIONS);
        for _ in 0..=RUNGS_MAX {
            ladder.message(Instant::now(), Direction::In, &message);
        }
        assert_eq!(ladder.rungs().len(), RUNGS_MAX);
        assert!(ladder.draw("", "").contains("and 1 more"));
    }
}
