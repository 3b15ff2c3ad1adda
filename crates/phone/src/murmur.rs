//! A voice without words, for machines that have no other: every syllable of a text is a hum with the
//! sound of its vowel, and every word has a melody of its own. Nobody can tell what it says, but when it
//! speaks and for how long is as with a voice, and two sentences do not sound alike.

use std::f64::consts::TAU;

use trunkline_audio::SAMPLE_RATE_HZ;

/// How long a syllable is, and what follows a word, a comma and a sentence, in samples.
const SYLLABLE: usize = 2_560;
const AFTER_WORD: usize = 480;
const AFTER_COMMA: usize = 2_400;
const AFTER_SENTENCE: usize = 4_000;
/// A syllable begins and ends at one of so many pitches, which are so far apart: a bit more than an octave.
const NOTES: u64 = 16;
const NOTE: f64 = 1.05;
/// How long a syllable takes to swell, and to fade.
const SWELL: f64 = 320.0;
/// Harmonics above this are not heard on a telephone.
const TOP_HZ: f64 = 3_600.0;
/// The width of a formant.
const FORMANT_HZ: f64 = 110.0;
/// The loudest that a syllable gets.
const PEAK: f64 = 9_000.0;
/// The longest text that is spoken, in bytes: about two minutes.
const TEXT_BYTES_MAX: usize = 4_000;

/// A text at 16 kHz, in a voice of this pitch.
pub fn murmur(text: &str, pitch_hz: f64) -> Vec<i16> {
    let text = &text[..text.floor_char_boundary(TEXT_BYTES_MAX)];
    let mut sound = Vec::new();
    for word in text.split_whitespace() {
        let vowels = vowels(word);
        let mut melody = Melody::of(word);
        for vowel in vowels {
            let glide = [melody.next(), melody.next()].map(|note| pitch_hz * note);
            hum(&mut sound, vowel, glide);
        }
        let pause = match word.chars().last() {
            Some('.' | '!' | '?') => AFTER_SENTENCE,
            Some(',' | ';' | ':') => AFTER_COMMA,
            _ => AFTER_WORD,
        };
        sound.resize(sound.len() + pause, 0);
    }
    sound
}

/// The pitches of a word, one after the other, as parts of the voice's own.
struct Melody(u64);

impl Melody {
    /// That of this word, which is the same wherever it stands.
    fn of(word: &str) -> Self {
        let letters = word.chars().filter(|c| c.is_alphanumeric());
        let letters = letters.flat_map(char::to_lowercase).map(u64::from);
        Self(letters.fold(14_695_981_039_346_656_037, mixed))
    }

    fn next(&mut self) -> f64 {
        self.0 = mixed(self.0, NOTES);
        // The high bits are mixed best.
        let note = (self.0 >> 40) % NOTES;
        NOTE.powf(note as f64 - NOTES as f64 / 2.0)
    }
}

/// A step of FNV-1a.
fn mixed(state: u64, value: u64) -> u64 {
    (state ^ value).wrapping_mul(1_099_511_628_211)
}

/// The vowel of each syllable; a word without any, such as a number, has one for each sign.
fn vowels(word: &str) -> Vec<char> {
    let mut vowels = Vec::new();
    let mut before = ' ';
    for c in word.to_lowercase().chars() {
        let is_vowel = matches!(c, 'a' | 'e' | 'i' | 'o' | 'u' | 'y');
        if c.is_ascii_digit() || is_vowel && !matches!(before, 'a' | 'e' | 'i' | 'o' | 'u' | 'y') {
            vowels.push(c);
        }
        before = c;
    }
    if vowels.is_empty() && word.chars().any(char::is_alphanumeric) {
        vowels.push('e');
    }
    vowels
}

/// The first two formants of a vowel (Peterson and Barney, 1952, men).
fn formants(vowel: char) -> [f64; 2] {
    match vowel {
        'a' => [730.0, 1_090.0],
        'e' => [530.0, 1_840.0],
        'i' | 'y' => [270.0, 2_290.0],
        'o' => [570.0, 840.0],
        'u' => [300.0, 870.0],
        _ => [490.0, 1_350.0],
    }
}

/// One syllable, from one pitch to another: harmonics, as loud as the formants let them be.
fn hum(sound: &mut Vec<i16>, vowel: char, [from_hz, to_hz]: [f64; 2]) {
    let [first, second] = formants(vowel);
    let middle_hz = f64::midpoint(from_hz, to_hz);
    let harmonics = (TOP_HZ / from_hz.max(to_hz)) as usize;
    let levels: Vec<f64> = (1..=harmonics)
        .map(|number| {
            let hz = middle_hz * number as f64;
            (near(hz, first) + 0.5 * near(hz, second) + 0.02) / (number as f64).sqrt()
        })
        .collect();
    let scale = PEAK / levels.iter().sum::<f64>();
    let mut turn = 0.0;
    for at in 0..SYLLABLE {
        let edge = at.min(SYLLABLE - at) as f64 / SWELL;
        let pitch_hz = from_hz + (to_hz - from_hz) * at as f64 / SYLLABLE as f64;
        turn += TAU * pitch_hz / f64::from(SAMPLE_RATE_HZ);
        let parts = (1_u32..).zip(&levels);
        let parts = parts.map(|(number, level)| level * (turn * f64::from(number)).sin());
        let value = parts.sum::<f64>() * scale * edge.min(1.0);
        sound.push(value as i16);
    }
}

/// How much of a frequency a formant lets through, 0 to 1.
fn near(hz: f64, formant_hz: f64) -> f64 {
    let distance = (hz - formant_hz) / FORMANT_HZ;
    1.0 / (1.0 + distance * distance)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alignment::likeness_in_order;
    use trunkline_audio::{FRAME_SAMPLES, SpeechDetector, SpeechEvent};

    #[test]
    fn a_longer_text_takes_longer_and_is_heard_as_speech_without_a_long_pause() {
        let sound = murmur("Hello, what time is it in 20 minutes?", 120.0);
        assert!(sound.len() > 2 * murmur("Hello, what?", 120.0).len());
        let mut detector = SpeechDetector::new();
        let silence = [0; 8_000];
        let all = [&silence[..], &sound, &silence].concat();
        let frames = all.as_chunks::<FRAME_SAMPLES>().0.iter();
        let events: Vec<_> = frames.filter_map(|frame| detector.hear(frame)).collect();
        assert!(
            matches!(
                events.as_slice(),
                [SpeechEvent::Started { .. }, SpeechEvent::Ended { .. }]
            ),
            "{events:?}"
        );
    }

    #[test]
    fn two_sentences_do_not_sound_alike_however_they_are_laid_upon_each_other() {
        let sentences = [
            "Nice to meet you, Peter Hughes.",
            "We are open from nine to five, Monday to Friday.",
            "You said that your name is Peter Hughes.",
        ];
        let sounds = sentences.map(|sentence| murmur(sentence, 190.0));
        for (number, said) in sounds.iter().enumerate() {
            for (other, heard) in sounds.iter().enumerate() {
                let alike = likeness_in_order(&[said], heard)[0];
                let right = if number == other {
                    alike > 0.99
                } else {
                    alike < 0.7
                };
                assert!(
                    right,
                    "{}: {alike} of {}",
                    sentences[other], sentences[number]
                );
            }
        }
    }

    #[test]
    fn whatever_is_written_is_neither_endless_nor_a_panic() {
        for text in ["", "...", "\u{1b}[2J", "größe ☎ 123", &"a ".repeat(100_000)] {
            assert!(murmur(text, 120.0).len() < 16_000 * 60 * 10);
        }
    }
}
