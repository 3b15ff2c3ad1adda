//! What is on telephone lines besides speech, at 16 kHz: from a seed, the same each time.

use trunkline_audio::g711::ulaw;
use trunkline_audio::tone::Tone;
use trunkline_testkit::Seeded;

/// Samples of a second.
const SECOND: usize = 16_000;

/// A kind of sound without words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noise {
    Silence,
    /// Of the line, hardly to be heard.
    Hum,
    White,
    Pink,
    /// A second of noise in the middle of silence.
    Burst,
    Music,
    /// A few keys.
    Keys,
    Ringback,
    Busy,
}

impl Noise {
    pub const ALL: [Self; 9] = [
        Self::Silence,
        Self::Hum,
        Self::White,
        Self::Pink,
        Self::Burst,
        Self::Music,
        Self::Keys,
        Self::Ringback,
        Self::Busy,
    ];

    /// The word for it in a table.
    #[allow(dead_code, reason = "only the long measurement makes one")]
    pub fn word(self) -> &'static str {
        match self {
            Self::Silence => "silence",
            Self::Hum => "hum",
            Self::White => "white noise",
            Self::Pink => "pink noise",
            Self::Burst => "a burst of noise",
            Self::Music => "music",
            Self::Keys => "keys (DTMF)",
            Self::Ringback => "ringing tone",
            Self::Busy => "busy tone",
        }
    }

    /// One to eight seconds of it, in the steps of µ-law.
    pub fn sound(self, random: &mut Seeded) -> Vec<i16> {
        let length = SECOND + random.below(7 * SECOND as u64) as usize;
        let loudness = 100.0 * 40_f64.powf(random.below(1_000) as f64 / 1_000.0);
        let mut samples = vec![0; length];
        match self {
            Self::Silence => {}
            Self::Hum => Tone::sine(50.0 * (1 + random.below(3)) as f64, 60).fill(&mut samples),
            Self::White => white(random, loudness, &mut samples),
            Self::Pink => pink(random, loudness, &mut samples),
            Self::Burst => {
                let from = random.below((length - SECOND / 2) as u64) as usize;
                white(random, 4_000.0, &mut samples[from..from + SECOND / 2]);
            }
            Self::Music => music(random, loudness, &mut samples),
            Self::Keys => keys(random, &mut samples),
            Self::Ringback => Tone::ringback().fill(&mut samples),
            Self::Busy => Tone::busy().fill(&mut samples),
        }
        let heard = samples.iter().map(|s| ulaw::decode(ulaw::encode(*s)));
        heard.collect()
    }
}

/// From −1 to 1.
fn evenly(random: &mut Seeded) -> f64 {
    random.below(1 << 32) as f64 / f64::from(1_u32 << 31) - 1.0
}

fn white(random: &mut Seeded, loudness: f64, samples: &mut [i16]) {
    for sample in samples {
        *sample = (evenly(random) * loudness * 1.7) as i16;
    }
}

/// White noise through two slow averages and none, which falls by about 3 dB an octave.
fn pink(random: &mut Seeded, loudness: f64, samples: &mut [i16]) {
    let (mut slow, mut slower) = (0.0, 0.0);
    for sample in samples {
        let white = evenly(random);
        slow += (white - slow) / 8.0;
        slower += (white - slower) / 80.0;
        *sample = ((0.3 * white + slow + 4.0 * slower) * loudness) as i16;
    }
}

/// A melody with overtones over a bass, four notes a second.
fn music(random: &mut Seeded, loudness: f64, samples: &mut [i16]) {
    const SCALE: [f64; 7] = [0.0, 2.0, 4.0, 5.0, 7.0, 9.0, 11.0];
    for note in samples.chunks_mut(SECOND / 4) {
        let step = SCALE[random.below(7) as usize] + 12.0 * random.below(2) as f64;
        let hz = 220.0 * 2_f64.powf(step / 12.0);
        for (at, sample) in note.iter_mut().enumerate() {
            let at = at as f64 / SECOND as f64;
            let tone = |hz: f64| (std::f64::consts::TAU * hz * at).sin();
            let fading = (-6.0 * at).exp();
            let melody = tone(hz) + tone(2.0 * hz) / 2.0 + tone(3.0 * hz) / 3.0;
            *sample = (loudness * (melody * fading + tone(hz / 2.0) / 2.0)) as i16;
        }
    }
}

/// A key of 120 ms every 300 ms.
fn keys(random: &mut Seeded, samples: &mut [i16]) {
    const KEYS: [char; 12] = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#'];
    for key in samples.chunks_mut(SECOND * 3 / 10) {
        let length = key.len().min(SECOND * 12 / 100);
        let pressed = KEYS[random.below(12) as usize];
        let mut tone = Tone::dtmf(pressed).expect("a key");
        tone.fill(&mut key[..length]);
    }
}
