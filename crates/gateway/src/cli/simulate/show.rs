//! What came of a simulated call, for people and for programs.

use serde_json::{Value, json};
use trunkline_audio::SAMPLE_RATE_HZ;
use trunkline_phone::provider::End;
use trunkline_streams::CloseCode;
use trunkline_streams::stream::MediaFormat;

use super::super::measure::{in_ms, rounded};
use super::Simulated;

impl Simulated {
    pub(super) fn text(&self) -> String {
        let (report, counts) = (&self.report, &self.report.counts);
        let mut lines = vec![
            format!(
                "A call as {} brings it, to {}.",
                report.dialect.name,
                self.stream.escape_debug()
            ),
            String::new(),
            format!("sent         {}", self.sent_in_words()),
        ];
        if counts.media > 0 {
            let formats: Vec<_> = report.formats.iter().map(|it| in_words(*it)).collect();
            lines.push(format!(
                "came back    {:.1} s of audio in {} messages, {}",
                seconds_of(counts.samples),
                counts.media,
                formats.join(", ")
            ));
        }
        if let Some(first) = report.first_sound {
            lines.push(format!(
                "first sound  {:.0} ms after the stream began",
                in_ms(first)
            ));
        }
        if let Some(trip) = report.round_trip() {
            lines.push(format!(
                "echo         after {:.0} ms, likeness {:.3} of 1",
                in_ms(trip.delay),
                trip.likeness
            ));
        }
        lines.push(format!(
            "asked for    {} marks, {} echoed; {} clears; at most {:.1} s queued",
            counts.marks,
            counts.marks_echoed,
            counts.clears,
            seconds_of(counts.queued_max as u64)
        ));
        lines.push(format!("end          {}", self.end_in_words()));
        if let Some(note) = report.note() {
            lines.push(format!("note         {note}"));
        }
        if let Some(file) = &self.recording {
            let file = file.display();
            lines.push(format!(
                "recording    {file}: left the caller, right the server"
            ));
        }
        let faults = report.faults();
        let marked = faults.iter().map(|fault| format!("fault        {fault}"));
        lines.extend(marked);
        if faults.is_empty() {
            lines.push("\nThe server did well.".to_owned());
        }
        lines.join("\n") + "\n"
    }

    fn sent_in_words(&self) -> String {
        let counts = &self.report.counts;
        let format = in_words(self.report.sent_format);
        let mut sent = format!("{} messages of audio, {format}", counts.media_sent);
        if counts.keys > 0 {
            sent += &format!("; {} keys", counts.keys);
        }
        sent
    }

    fn end_in_words(&self) -> String {
        let who = match self.report.end {
            End::Caller => "the caller hung up",
            End::Server => "the server hung up",
            End::Closed => "the server closed the stream",
            End::Lost => "the stream was lost",
        };
        let lasted = self.report.lasted.as_secs_f64();
        let closed = match self.report.closed {
            Some(CloseCode::Frame(code)) => format!(", closed with {code}"),
            _ => String::new(),
        };
        format!("{who} after {lasted:.1} s{closed}")
    }

    pub(super) fn json(&self) -> Value {
        let (report, counts) = (&self.report, &self.report.counts);
        let trip = report.round_trip();
        let faults = report.faults();
        let ms = |time| rounded(in_ms(time));
        json!({
            "good": faults.is_empty(),
            "faults": faults,
            "note": report.note(),
            "provider": report.dialect.name,
            "stream": self.stream,
            "sent": {
                "format": format(report.sent_format),
                "messages": counts.media_sent,
                "keys": counts.keys,
                "firstWordMs": report.first_word.map(ms),
            },
            "received": {
                "formats": report.formats.iter().map(|it| format(*it)).collect::<Vec<_>>(),
                "messages": counts.media,
                "audioMs": rounded(1e3 * seconds_of(counts.samples)),
                "firstAudioMs": report.first_audio.map(ms),
                "firstSoundMs": report.first_sound.map(ms),
                "queuedMaxMs": rounded(1e3 * seconds_of(counts.queued_max as u64)),
                "ignored": counts.ignored,
            },
            "marks": {"asked": counts.marks, "echoed": counts.marks_echoed},
            "clears": counts.clears,
            "roundTripMs": trip.map(|trip| ms(trip.delay)),
            "likeness": trip.map(|trip| rounded(trip.likeness)),
            "broken": report.broken.iter().map(|fault| json!({
                "what": fault.what,
                "count": fault.count,
                "firstMs": ms(fault.first_at),
                "example": fault.example,
            })).collect::<Vec<_>>(),
            "end": {
                "by": report.end.word(),
                "code": match report.closed {
                    Some(CloseCode::Frame(code)) => Some(code),
                    _ => None,
                },
            },
            "lastedMs": ms(report.lasted),
            "recording": self.recording,
        })
    }
}

fn seconds_of(samples: u64) -> f64 {
    samples as f64 / f64::from(SAMPLE_RATE_HZ)
}

fn in_words(format: MediaFormat) -> String {
    format!("{} at {} Hz", format.encoding.rtp_name(), format.rate)
}

fn format(format: MediaFormat) -> Value {
    json!({"encoding": format.encoding.rtp_name(), "sampleRate": format.rate})
}
