//! Where a word is stressed, in its phonemes.

use std::borrow::Cow;

/// Before the vowel of the stressed syllable.
pub(super) const PRIMARY: char = 'ˈ';
/// Before the vowel of a syllable that is stressed less.
pub(super) const SECONDARY: char = 'ˌ';
const VOWELS: &str = "AIOQWYaiuæɑɒɔəɛɜɪʊʌᵻ";
const CONSONANTS: &str = "bdfhjklmnpstvwzðŋɡɹɾʃʒʤʧθ";
/// These take as long as two sounds.
const DOUBLE: &str = "AIOQWYʤʧ";

/// What is done to the stress a dictionary gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Emphasis {
    /// Primary stress becomes secondary.
    Lower,
    /// Where nothing is stressed, the first vowel is, a little.
    Some,
    /// Where nothing is stressed, the first vowel is; secondary stress becomes primary.
    Full,
}

/// Phonemes with another emphasis.
pub(super) fn emphasised(sound: &str, emphasis: Emphasis) -> String {
    let (primary, secondary) = (sound.contains(PRIMARY), sound.contains(SECONDARY));
    match emphasis {
        Emphasis::Lower if primary => lowered(sound),
        Emphasis::Some | Emphasis::Full if !primary && !secondary => {
            let mark = if emphasis == Emphasis::Full {
                PRIMARY
            } else {
                SECONDARY
            };
            marked(sound, mark)
        }
        Emphasis::Full if !primary => sound.replace(SECONDARY, PRIMARY.encode_utf8(&mut [0; 2])),
        _ => sound.to_owned(),
    }
}

fn lowered(sound: &str) -> String {
    let without = sound.chars().filter(|char| *char != SECONDARY);
    without
        .map(|char| if char == PRIMARY { SECONDARY } else { char })
        .collect()
}

fn marked(sound: &str, mark: char) -> String {
    let Some(vowel) = sound.find(is_vowel) else {
        return sound.to_owned();
    };
    let (before, after) = sound.split_at(vowel);
    format!("{before}{mark}{after}")
}

/// Letters said one after another: the last one is stressed.
pub(super) fn spelled(letters: &str) -> String {
    let stressed = match letters.contains(PRIMARY) {
        true => Cow::Owned(lowered(letters)),
        false if letters.contains(SECONDARY) => Cow::Borrowed(letters),
        false => Cow::Owned(marked(letters, SECONDARY)),
    };
    match stressed.rsplit_once(SECONDARY) {
        Some((before, after)) => format!("{before}{PRIMARY}{after}"),
        None => stressed.into_owned(),
    }
}

/// How much there is to a word.
pub(super) fn weight(sound: &str) -> usize {
    sound
        .chars()
        .map(|char| 1 + usize::from(DOUBLE.contains(char)))
        .sum()
}

pub(super) fn is_vowel(phoneme: char) -> bool {
    VOWELS.contains(phoneme)
}

pub(super) fn is_consonant(phoneme: char) -> bool {
    CONSONANTS.contains(phoneme)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emphasis_adds_raises_or_lowers_stress() {
        for (sound, emphasis, heard) in [
            ("həlˈO", Emphasis::Lower, "həlˌO"),
            ("kˈɑntɹˌækt", Emphasis::Lower, "kˌɑntɹækt"),
            ("ənd", Emphasis::Lower, "ənd"),
            ("ənd", Emphasis::Some, "ˌənd"),
            ("ðə", Emphasis::Full, "ðˈə"),
            ("wˌɪð", Emphasis::Full, "wˈɪð"),
            ("wˌɪð", Emphasis::Some, "wˌɪð"),
            ("pst", Emphasis::Full, "pst"),
        ] {
            assert_eq!(emphasised(sound, emphasis), heard);
        }
    }

    #[test]
    fn the_last_of_spelled_letters_is_stressed() {
        assert_eq!(spelled("pˈiˈɛm"), "pˌiˈɛm");
        assert_eq!(spelled("dˈʌbᵊlju"), "dˈʌbᵊlju");
        assert_eq!(spelled(""), "");
    }
}
