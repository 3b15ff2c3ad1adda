//! What listeners say that is no turn of theirs.

/// Words that only say "I am listening".
const LISTENING: [&str; 24] = [
    "ah", "aha", "alright", "cool", "exactly", "fine", "good", "got", "great", "hm", "hmm", "it",
    "mhm", "mm", "mmhmm", "nice", "oh", "ok", "okay", "right", "sure", "uh", "yeah", "yes",
];
/// More words than this are a sentence, whatever they are.
const WORDS_MAX: usize = 3;

/// The words of a transcript: without what a recogniser says of noises, `[BLANK_AUDIO]` or `(coughs)`.
pub(super) fn words(transcript: &str) -> String {
    let mut depth = 0_u32;
    let mut words = String::new();
    for char in transcript.chars() {
        match char {
            '[' | '(' | '♪' if depth == 0 => depth = 1,
            ']' | ')' | '♪' => depth = 0,
            _ if depth == 0 => words.push(char),
            _ => {}
        }
    }
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    match words.chars().any(char::is_alphanumeric) {
        true => words,
        false => String::new(),
    }
}

/// Whether this, said while we speak, only asks us to go on.
pub(super) fn is_backchannel(words: &str) -> bool {
    let said: Vec<String> = words
        .split(|c: char| !c.is_alphanumeric() && c != '-' && c != '\'')
        .map(|word| word.replace('-', "").to_lowercase())
        .filter(|word| !word.is_empty())
        .collect();
    let is_listening = |word: &String| LISTENING.contains(&word.as_str()) || is_hum(word);
    said.len() <= WORDS_MAX && said.iter().all(is_listening)
}

/// "Mmmm", "uhhuh": nothing but a hum, however it is spelled.
fn is_hum(word: &str) -> bool {
    word.chars().all(|c| matches!(c, 'm' | 'h' | 'u'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listeners_hum_and_agree() {
        for heard in [
            "Mm-hmm.",
            "Yeah.",
            "uh-huh",
            "Okay, right.",
            "Hmmmm",
            "Oh, I see.",
            "got it",
        ] {
            let listens = is_backchannel(heard);
            assert_eq!(listens, heard != "Oh, I see.", "{heard}");
        }
        for heard in [
            "No.",
            "Stop!",
            "Yes but wait",
            "Yeah, tell me the price",
            "right right right right",
        ] {
            assert!(!is_backchannel(heard), "{heard}");
        }
    }

    #[test]
    fn noises_are_no_words() {
        for heard in [
            "[BLANK_AUDIO]",
            " (coughs) ",
            "...",
            "♪ la la ♪",
            "(unclosed",
        ] {
            assert_eq!(words(heard), "", "{heard}");
        }
        assert_eq!(words(" I'd like (uh)  a table. "), "I'd like a table.");
    }
}
