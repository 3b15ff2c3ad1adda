//! What of a transcript anybody said.

/// Words of the longest phrase that is looked for again.
const PHRASE_WORDS_MAX: usize = 12;
/// A phrase of four words or more that follows itself is a loop of the decoder's: it says whole
/// questions twice. People, too, perhaps; they mean it once.
const LOOP_OF_SENTENCE: usize = 2;
/// The same of two or three words.
const LOOP_OF_PHRASE: usize = 3;
/// The same of a word: people say "no, no, no", and numbers have zeros.
const LOOP_OF_WORD: usize = 5;

/// The words of a transcript: without noises, and up to where it begins to repeat itself.
pub(super) fn words(text: &str) -> String {
    let text = without_noises(text);
    let words: Vec<&str> = text.split_whitespace().collect();
    let said = &words[..before_loop(&words)];
    match said
        .iter()
        .any(|word| word.chars().any(char::is_alphanumeric))
    {
        true => said.join(" "),
        false => String::new(),
    }
}

/// Without what is told of sounds, as `[BLANK_AUDIO]`, `(music)` and `*coughs*`. What is opened and
/// not closed goes on to the end.
fn without_noises(text: &str) -> String {
    let mut closing = None;
    let mut said = String::with_capacity(text.len());
    for char in text.chars() {
        match (closing, char) {
            (Some(closed_by), char) if char == closed_by => closing = None,
            (Some(_), _) => {}
            (None, '[') => closing = Some(']'),
            (None, '(') => closing = Some(')'),
            (None, '*' | '♪') => closing = Some(char),
            (None, char) => said.push(char),
        }
    }
    said
}

/// How many words there are until something is said for the second time in a loop.
fn before_loop(words: &[&str]) -> usize {
    let plain: Vec<String> = words.iter().map(|word| plain(word)).collect();
    for from in 0..plain.len() {
        for length in 1..=PHRASE_WORDS_MAX.min(plain.len() - from) {
            let phrase = &plain[from..from + length];
            let follows = plain[from..].chunks_exact(length);
            let times = follows.take_while(|next| *next == phrase).count();
            let most = match length {
                1 => LOOP_OF_WORD,
                2 | 3 => LOOP_OF_PHRASE,
                _ => LOOP_OF_SENTENCE,
            };
            // Words that are the same throughout, and digits, were looked at one by one.
            let is_number = |word: &String| word.chars().all(|c| c.is_ascii_digit());
            let counts =
                phrase.iter().all(|word| *word == phrase[0]) || phrase.iter().all(is_number);
            if times >= most && (length == 1 || !counts) {
                return from + length;
            }
        }
    }
    words.len()
}

/// A word as it sounds, without commas and capitals.
fn plain(word: &str) -> String {
    let letters = word.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noises_are_no_words() {
        let noises = [
            "",
            " [BLANK_AUDIO]",
            " (music)",
            " *coughs* ",
            " ♪ ♪",
            " ...",
            " [ Silence ] (static)",
            " (unclosed",
        ];
        for text in noises {
            assert_eq!(words(text), "", "{text}");
        }
        assert_eq!(
            words(" (coughs) A table, [noise] please. "),
            "A table, please."
        );
    }

    #[test]
    fn a_loop_is_cut_after_its_first_round() {
        let looped = "I want a table for two, for two, for two, for two";
        assert_eq!(words(looped), "I want a table for two,");
        assert_eq!(
            words("Thank you. Thank you. Thank you. And so"),
            "Thank you."
        );
        assert_eq!(words(&"the same ".repeat(100)), "the same");
        assert_eq!(words(&"No. ".repeat(40)), "No.");
        let twice = "Could you say that again? Could you say that again?";
        assert_eq!(words(twice), "Could you say that again?");
    }

    #[test]
    fn what_people_repeat_stays() {
        for said in [
            "No, no, no.",
            "Bye bye.",
            "five five five oh one",
            "zero zero zero zero",
            "I think, I think so.",
        ] {
            assert_eq!(words(said), said);
        }
    }
}
