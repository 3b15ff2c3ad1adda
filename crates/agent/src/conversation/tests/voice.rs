use super::*;
use trunkline_audio::g711::ulaw;
use trunkline_audio::wav;

const VOICES: [&str; 4] = ["slt", "rms", "awb", "kal"];
const SECOND: usize = 16_000;

/// Somebody's speech between two seconds of silence.
fn voice(name: &str) -> Vec<i16> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/speech");
    let file = std::fs::read(format!("{folder}/{name}.wav")).expect("the fixture");
    let mut samples = vec![0; SECOND];
    samples.extend(wav::read(&file).expect("a WAV file").into_mono());
    samples.resize(samples.len() + 2 * SECOND, 0);
    samples
}

/// Adds white noise of this amplitude (RMS), and what µ-law does to it.
fn in_noise(samples: &[i16], amplitude: f64) -> Vec<i16> {
    let mut random = 1_u32;
    let mut evenly = || {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(random >> 8) / f64::from(1_u32 << 23) - 1.0
    };
    let noisy = samples.iter().map(|sample| {
        let noise = evenly() * amplitude * 3_f64.sqrt();
        ulaw::decode(ulaw::encode((f64::from(*sample) + noise) as i16))
    });
    noisy.collect()
}

/// Power as an amplitude.
fn loudness(samples: &[i16]) -> f64 {
    let squares: f64 = samples.iter().map(|s| f64::from(*s).powi(2)).sum();
    (squares / samples.len() as f64).sqrt()
}

/// What is detected, and when it is told, in ms.
fn events(
    samples: &[i16],
    mut hear: impl FnMut(&[i16; FRAME_SAMPLES]) -> Option<SpeechEvent>,
) -> Vec<(usize, SpeechEvent)> {
    let frames = samples.as_chunks().0.iter().enumerate();
    let told = frames.filter_map(|(number, frame)| Some((20 * (number + 1), hear(frame)?)));
    told.collect()
}

fn voices(samples: &[i16]) -> Vec<(usize, SpeechEvent)> {
    let mut detector = VoiceDetector::new();
    events(samples, |frame| detector.hear(frame))
}

fn sounds(samples: &[i16]) -> Vec<(usize, SpeechEvent)> {
    let mut detector = SpeechDetector::new();
    events(samples, |frame| detector.hear(frame))
}

#[test]
fn a_voice_is_heard_soon_after_its_sound_is_and_ends_with_it() {
    for name in VOICES {
        let line = in_noise(&voice(name), 0.0);
        let (voices, sounds) = (voices(&line), sounds(&line));
        let (first, last) = (voices[0], *voices.last().expect("an end"));
        assert!(
            first.0 <= sounds[0].0 + 60,
            "{name}: {first:?}, {:?}",
            sounds[0]
        );
        assert_eq!(first.1, sounds[0].1, "{name}");
        assert_eq!(Some(&last), sounds.last(), "{name}");
    }
}

#[test]
fn weak_noise_is_no_voice_though_it_is_sound() {
    let noise = in_noise(&vec![0; 10 * SECOND], 250.0);
    assert!(!sounds(&noise).is_empty());
    assert_eq!(voices(&noise), []);
}

#[test]
fn in_noise_a_voice_ends_where_the_network_alone_hears_no_end() {
    for name in VOICES {
        let speech = voice(name);
        let said = loudness(&speech[SECOND..speech.len() - 2 * SECOND]);
        // 5 s of noise before it, as a line has it.
        let line = [vec![0; 5 * SECOND], speech].concat();
        let line = in_noise(&line, said / 10_f64.sqrt());
        let told = voices(&line);
        let words_end = (line.len() - 2 * SECOND) / 16;
        let (at, last) = *told.last().expect("a voice");
        assert!(
            matches!(last, SpeechEvent::Ended { .. }),
            "{name}: {told:?}"
        );
        assert!(at <= words_end + 300, "{name}: {at} after {words_end}");
    }
}

#[test]
fn the_same_sound_is_judged_the_same() {
    let line = in_noise(&voice("rms"), 100.0);
    assert_eq!(voices(&line), voices(&line));
}
