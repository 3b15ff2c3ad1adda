//! Writes what a listener would hear, for `cargo xtask evidence quality` to rate with PESQ.
//!
//! `quality FOLDER` fills the folder with 8 kHz WAV files and `pairs.tsv`, a line a comparison: what
//! is compared, the voice, the variant, the reference file and the degraded file. The resampler's own
//! figures go to standard output as a Markdown table.

#[path = "../src/resample/meter.rs"]
mod meter;

use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;

use trunkline_audio::g711::ulaw;
use trunkline_audio::tone::Tone;
use trunkline_audio::{Concealer, FRAME_SAMPLES, Resampler, wav};

const VOICES: [(&str, &[u8]); 4] = [
    ("slt", include_bytes!("../../../fixtures/speech/slt.wav")),
    ("rms", include_bytes!("../../../fixtures/speech/rms.wav")),
    ("awb", include_bytes!("../../../fixtures/speech/awb.wav")),
    ("kal", include_bytes!("../../../fixtures/speech/kal.wav")),
];

const LOSS_PERCENT: [u64; 2] = [3, 5];
const SEEDS: [u64; 5] = [1, 2, 3, 4, 5];

const TONES_HZ: [f64; 5] = [440.0, 1_000.0, 2_000.0, 3_000.0, 3_400.0];

type Frame = [i16; FRAME_SAMPLES];
type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let folder = std::env::args().nth(1).ok_or("usage: quality FOLDER")?;
    let mut sheet = Sheet::new(folder.into())?;
    for (voice, file) in VOICES {
        let narrow = resampled(16_000, 8_000, &wav::read(file)?.into_mono())?;
        echo(&mut sheet, voice, &narrow)?;
        for percent in LOSS_PERCENT {
            for seed in SEEDS {
                loss(&mut sheet, voice, &narrow, percent, seed)?;
            }
        }
    }
    sheet.finish()?;
    print!("{}", resampler_figures()?);
    Ok(())
}

/// The files written and the comparisons asked for.
struct Sheet {
    folder: PathBuf,
    lines: String,
}

impl Sheet {
    fn new(folder: PathBuf) -> io::Result<Self> {
        std::fs::create_dir_all(&folder)?;
        Ok(Self {
            folder,
            lines: String::new(),
        })
    }

    fn write(&self, name: &str, samples: &[i16]) -> io::Result<()> {
        std::fs::write(self.folder.join(name), wav::write_mono(8_000, samples))
    }

    fn compare(
        &mut self,
        what: &str,
        voice: &str,
        variant: &str,
        run: &str,
        heard: &[i16],
    ) -> io::Result<()> {
        let file = format!("{voice}-{what}-{variant}-{run}.wav");
        self.write(&file, heard)?;
        self.lines += &format!("{what}\t{voice}\t{variant}\t{voice}.wav\t{file}\n");
        Ok(())
    }

    fn finish(self) -> io::Result<()> {
        std::fs::write(self.folder.join("pairs.tsv"), self.lines)
    }
}

/// The echo of our gateway against two plain µ-law codecs in a row.
fn echo(sheet: &mut Sheet, voice: &str, narrow: &[i16]) -> Result<(), Failure> {
    sheet.write(&format!("{voice}.wav"), narrow)?;
    let arrived = through_ulaw(narrow);
    sheet.compare("echo", voice, "plain", "0", &through_ulaw(&arrived))?;
    let wide = resampled(8_000, 16_000, &arrived)?;
    let sent = resampled(16_000, 8_000, &wide)?;
    sheet.compare("echo", voice, "ours", "0", &through_ulaw(&sent))?;
    Ok(())
}

/// A call that loses packets, concealed in two ways on the same pattern.
fn loss(
    sheet: &mut Sheet,
    voice: &str,
    narrow: &[i16],
    percent: u64,
    seed: u64,
) -> Result<(), Failure> {
    let wide = resampled(8_000, 16_000, &through_ulaw(narrow))?;
    let frames = wide.as_chunks::<FRAME_SAMPLES>().0;
    let missing = pattern(frames.len(), percent, seed);
    for (variant, heard) in [
        ("repeat", repeated(frames, &missing)),
        ("ours", concealed(frames, &missing)),
    ] {
        let heard = resampled(16_000, 8_000, heard.as_flattened())?;
        sheet.compare(
            &format!("loss{percent}"),
            voice,
            variant,
            &seed.to_string(),
            &heard,
        )?;
    }
    Ok(())
}

/// Independent losses; the first frame always arrives.
fn pattern(count: usize, percent: u64, seed: u64) -> Vec<bool> {
    let mut state = seed;
    let lost = |n| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        n > 0 && (state >> 33) % 100 < percent
    };
    (0..count).map(lost).collect()
}

fn concealed(frames: &[Frame], missing: &[bool]) -> Vec<Frame> {
    let mut concealer = Concealer::new();
    let mut heard = frames.to_vec();
    for (frame, missing) in heard.iter_mut().zip(missing) {
        if *missing {
            concealer.fill(frame)
        } else {
            concealer.hear(frame)
        }
    }
    heard
}

/// The usual simple way: the last 20 ms unchanged, at most three times, then silence.
fn repeated(frames: &[Frame], missing: &[bool]) -> Vec<Frame> {
    let (mut last, mut in_a_row) = ([0; FRAME_SAMPLES], 0);
    let mut heard = Vec::new();
    for (frame, missing) in frames.iter().zip(missing) {
        if *missing {
            in_a_row += 1;
            heard.push(if in_a_row <= 3 {
                last
            } else {
                [0; FRAME_SAMPLES]
            });
        } else {
            (last, in_a_row) = (*frame, 0);
            heard.push(*frame);
        }
    }
    heard
}

fn through_ulaw(samples: &[i16]) -> Vec<i16> {
    samples
        .iter()
        .map(|sample| ulaw::decode(ulaw::encode(*sample)))
        .collect()
}

fn resampled(from_hz: u32, to_hz: u32, samples: &[i16]) -> Result<Vec<i16>, Failure> {
    let mut resampler = Resampler::new(from_hz, to_hz)?;
    let mut output = vec![0; resampler.output_len(samples.len())];
    resampler.process(samples, &mut output);
    Ok(output)
}

/// Tones of −6 dBFS from 8 kHz to 16 kHz and back: what is left beside the tone, what the gain is, and
/// how strong the image at 16 kHz is.
fn resampler_figures() -> Result<String, Failure> {
    let mut table =
        "| tone (Hz) | round trip SNR (dB) | round trip gain (dB) | image at 16 kHz (dB) |\n\
                     |---|---|---|---|\n"
            .to_owned();
    for hz in TONES_HZ {
        let mut tone = vec![0; 8_800];
        Tone::sine_at(hz, 16_422, 8_000).fill(&mut tone);
        let wide = resampled(8_000, 16_000, &tone)?;
        let back = resampled(16_000, 8_000, &wide)?;
        // One whole second, after the filters have filled.
        let (tone, wide, back) = (&tone[800..], &wide[1_600..], &back[800..]);
        let image = meter::level_db(wide, 8_000.0 - hz, 16_000) - meter::level_db(wide, hz, 16_000);
        let gain = meter::level_db(back, hz, 8_000) - meter::level_db(tone, hz, 8_000);
        let snr = meter::snr_db(back, hz, 8_000);
        writeln!(table, "| {hz:.0} | {snr:.1} | {gain:+.2} | {image:.1} |")?;
    }
    Ok(table)
}
