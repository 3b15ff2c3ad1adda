//! `trunkline demo`: a real call on this machine, with nothing else needed.
//!
//! A gateway is started in this process on free loopback ports, and a softphone calls its echo over
//! SIP and RTP. Everything that is shown was measured on the packets.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::json;
use trunkline_audio::wav;
use trunkline_call::record::MediaRecord;
use trunkline_call::{EndReason, HangupCause};
use trunkline_media::codec::Codec;
use trunkline_phone::softphone::{self, Report, RoundTrip, Script};
use trunkline_sip::endpoint::Transport;

use super::Failure;
use super::ticker::Ticker;
use crate::control::Control;
use crate::gateway::Gateway;
use crate::settings::{Listen, Settings};

/// What is said.
pub(super) const SPEECH: &[u8] = include_bytes!("../../../../fixtures/speech/demo.wav");
/// The first word is said this long after answer, and the call goes on as long after the last.
const PAUSE: Duration = Duration::from_millis(400);
/// How long the gateway's record of the call is waited for.
const RECORD_WAIT: Duration = Duration::from_secs(3);
/// Twice what ITU-T G.114 allows a conversation one way.
const ROUND_TRIP_MAX: Duration = Duration::from_millis(300);
/// µ-law and the filters around it leave 0.98 and more.
const LIKENESS_MIN: f64 = 0.9;
/// One packet in a hundred.
const LOSS_MAX: f64 = 0.01;

/// See [`super::Command::Demo`].
#[derive(Debug, Args)]
pub struct Demo {
    /// One JSON object instead of the drawing.
    #[arg(long)]
    json: bool,
    /// Folder for the recording.
    #[arg(long, value_name = "DIR", default_value = ".")]
    out: PathBuf,
}

/// What the demonstration showed.
struct Shown {
    report: Report,
    /// What the gateway counted of our packets.
    media: Option<MediaRecord>,
    round_trip: Option<RoundTrip>,
    gateway: SocketAddr,
    recording: PathBuf,
}

impl Demo {
    /// Runs the demonstration; it fails where the call was not good.
    pub fn run(self) -> Result<(), Failure> {
        let shown = show(&self.out).map_err(Failure::of)?;
        if self.json {
            println!("{}", shown.json());
        } else {
            print!("{}", shown.text());
        }
        match shown.faults() {
            faults if faults.is_empty() => Ok(()),
            faults => Err(Failure::Failed(format!(
                "the call was not good: {}",
                faults.join("; ")
            ))),
        }
    }
}

fn show(folder: &Path) -> Result<Shown, Box<dyn std::error::Error>> {
    let recording = folder.join("trunkline-demo.wav");
    let cannot_write = |error| format!("{}: {error}; choose --out DIR", recording.display());
    // Proven before the call, not after it.
    std::fs::create_dir_all(folder).map_err(cannot_write)?;
    std::fs::write(&recording, []).map_err(cannot_write)?;
    let speech = wav::read(SPEECH)?.into_mono();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (report, media, gateway) = runtime.block_on(call(&speech))?;
    std::fs::write(&recording, report.stereo()).map_err(cannot_write)?;
    Ok(Shown {
        round_trip: report.round_trip(),
        report,
        media,
        gateway,
        recording,
    })
}

/// Starts a gateway, calls its echo, and stops it.
async fn call(
    speech: &[i16],
) -> Result<(Report, Option<MediaRecord>, SocketAddr), Box<dyn std::error::Error>> {
    let gateway = Gateway::start(settings()).await?;
    let found = gateway.addresses().first();
    let &(_, address) = found.ok_or("the gateway has no address")?;
    let length = Duration::from_secs_f64(speech.len() as f64 / 16_000.0) + 2 * PAUSE;
    let script = Script::new().play(PAUSE, speech).hang_up(length);
    let phone = softphone::Settings {
        codecs: vec![Codec::Pcmu],
        ..softphone::Settings::default()
    };
    let ticker = Ticker::start("calling", Some(length));
    let call = move || {
        let target = format!("sip:echo@{address}");
        softphone::call(&target, &phone, script, &mut |_| {})
    };
    let report = tokio::task::spawn_blocking(call).await?;
    drop(ticker);
    let media = counted(gateway.control()).await;
    gateway.stop().await;
    Ok((report?, media, address))
}

/// A gateway on this machine alone, that echoes.
fn settings() -> Settings {
    let mut settings = Settings::default();
    settings.sip.listen = vec![Listen {
        transport: Transport::Udp,
        address: SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0),
    }];
    settings.shards = 1;
    settings
}

/// The gateway's own figures of the call, once its record is there.
async fn counted(control: &Control) -> Option<MediaRecord> {
    let patience = Instant::now() + RECORD_WAIT;
    while Instant::now() < patience {
        let record = control.records().iter().next().cloned();
        if let Some(record) = record {
            return record.media.clone();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    None
}

impl Shown {
    /// What is not as it should be, in words.
    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.report.end != EndReason::App(HangupCause::Normal) {
            let end = &self.report.end;
            faults.push(format!("the call ended by {}: {}", end.by(), end.reason()));
        }
        match self.round_trip {
            None => faults.push("what was said did not come back".to_owned()),
            Some(RoundTrip { delay, likeness }) => {
                if delay > ROUND_TRIP_MAX {
                    faults.push(format!("the round trip takes {} ms", delay.as_millis()));
                }
                if likeness < LIKENESS_MIN {
                    faults.push("what came back sounds unlike what was said".to_owned());
                }
            }
        }
        for (way, loss) in [("there", self.lost_there()), ("back", self.lost_back())] {
            match loss {
                None => faults.push(format!("nothing was counted on the way {way}")),
                Some((lost, of)) if lost as f64 > of as f64 * LOSS_MAX => {
                    faults.push(format!("{lost} of {of} packets were lost on the way {way}"));
                }
                Some(_) => {}
            }
        }
        faults
    }

    /// Packets lost on the way to the gateway, of how many we sent.
    fn lost_there(&self) -> Option<(u64, u64)> {
        let sent = self.report.sent.figures().packets;
        let media = self.media.as_ref().filter(|_| sent > 0)?;
        Some((sent.saturating_sub(media.packets_received), sent))
    }

    /// Packets lost on the way back, of how many the gateway sent.
    fn lost_back(&self) -> Option<(u64, u64)> {
        let sent = self.media.as_ref()?.packets_sent;
        let heard = self.report.heard.figures().packets;
        (sent > 0).then_some((sent.saturating_sub(heard), sent))
    }

    fn answered_ms(&self) -> Option<f64> {
        self.report.answered_after.map(in_ms)
    }

    fn text(&self) -> String {
        let mut lines = vec![
            "A call over SIP and RTP on this machine: speech to the gateway's echo and back."
                .to_owned(),
            String::new(),
            self.report
                .ladder
                .draw("softphone", &format!("gateway {}", self.gateway)),
        ];
        if let Some(ms) = self.answered_ms() {
            lines.push(format!("answered     {ms:.1} ms after the INVITE"));
        }
        if let Some(RoundTrip { delay, likeness }) = self.round_trip {
            let ms = in_ms(delay);
            lines.push(format!(
                "round trip   {ms:.1} ms, from a sample's packet to its packet back"
            ));
            lines.push(format!(
                "likeness     {likeness:.3} of 1, of what was heard to what was said"
            ));
        }
        if let (Some(there), Some(back)) = (self.lost_there(), self.lost_back()) {
            let (lost, of, lost_back, of_back) = (there.0, there.1, back.0, back.1);
            lines.push(format!(
                "loss         {lost} of {of} packets there, {lost_back} of {of_back} back"
            ));
        }
        let jitter = in_ms(self.report.heard.figures().jitter);
        lines.push(format!("jitter       {jitter:.1} ms on the way back"));
        lines.push(format!(
            "recording    {}: left what was said, right what was heard",
            self.recording.display()
        ));
        if self.faults().is_empty() {
            lines.push("\nThe call was good.".to_owned());
        }
        lines.join("\n") + "\n"
    }

    fn json(&self) -> serde_json::Value {
        let loss = |counted: Option<(u64, u64)>| {
            counted.map(|(lost, sent)| json!({"lost": lost, "sent": sent}))
        };
        let heard = self.report.heard.figures();
        json!({
            "good": self.faults().is_empty(),
            "faults": self.faults(),
            "gateway": self.gateway,
            "answeredMs": self.answered_ms().map(rounded),
            "roundTripMs": self.round_trip.map(|trip| rounded(in_ms(trip.delay))),
            "likeness": self.round_trip.map(|trip| rounded(trip.likeness)),
            "there": loss(self.lost_there()),
            "back": loss(self.lost_back()),
            "lostBySequence": heard.lost,
            "jitterMs": rounded(in_ms(heard.jitter)),
            "recording": self.recording,
            "ladder": self.report.ladder.rungs(),
        })
    }
}

/// Milliseconds with their fraction.
pub(super) fn in_ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// To three places: what is measured is not finer.
pub(super) fn rounded(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}
