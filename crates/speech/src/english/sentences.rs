//! Cuts text into sentences, none of them long.

/// The longest sentence, in characters; a longer one is cut at a space, or anywhere.
const SENTENCE_CHARS_MAX: usize = 400;
/// A full stop behind these ends nothing.
const TITLES: [&str; 18] = [
    "Mr", "Mrs", "Ms", "Dr", "Prof", "St", "Mt", "Ft", "Gen", "Gov", "Sen", "Rep", "Capt", "Lt",
    "Col", "Sgt", "Rev", "No",
];

/// The sentences of a text, one after another.
#[derive(Clone, Debug)]
pub struct Sentences<'a> {
    rest: &'a str,
}

impl<'a> Sentences<'a> {
    /// Those of a text of any length.
    pub fn new(text: &'a str) -> Self {
        Self { rest: text }
    }
}

impl<'a> Iterator for Sentences<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        loop {
            self.rest = self.rest.trim_start();
            if self.rest.is_empty() {
                return None;
            }
            let (sentence, rest) = self.rest.split_at(end(self.rest));
            self.rest = rest;
            if sentence.chars().any(|char| !char.is_whitespace()) {
                return Some(sentence.trim());
            }
        }
    }
}

/// Where the first sentence ends, in bytes. Never 0.
fn end(text: &str) -> usize {
    let mut space = None;
    for (count, (at, char)) in text.char_indices().enumerate() {
        if count == SENTENCE_CHARS_MAX {
            return space.unwrap_or(at);
        }
        if char == '\n' {
            return at + 1;
        }
        if char.is_whitespace() {
            space = Some(at + char.len_utf8());
            if ends_sentence(&text[..at], &text[at..]) {
                return at;
            }
        }
    }
    text.len()
}

/// Whether the text before a space is a whole sentence.
fn ends_sentence(before: &str, after: &str) -> bool {
    let closed = before.trim_end_matches(['"', '”', '’', ')', ']']);
    let next = after.trim_start().chars().next();
    if !closed.ends_with(['.', '!', '?', '…']) || next.is_none_or(char::is_lowercase) {
        return false;
    }
    let Some(stopped) = closed.strip_suffix('.') else {
        return true;
    };
    let word = stopped.rsplit(char::is_whitespace).next().unwrap_or("");
    let word = word.trim_start_matches(['(', '"', '“', '\'', '‘']);
    let initial = word.chars().count() == 1 && word.chars().all(char::is_uppercase);
    !initial && !TITLES.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cut(text: &str) -> Vec<&str> {
        Sentences::new(text).collect()
    }

    #[test]
    fn sentences_end_at_their_signs_but_not_at_titles_or_initials() {
        assert_eq!(
            cut("Dr. Smith is in. \"Really?\" Yes! J. K. Doe called\nat 5 p.m. sharp… Bye"),
            [
                "Dr. Smith is in.",
                "\"Really?\"",
                "Yes!",
                "J. K. Doe called",
                "at 5 p.m. sharp…",
                "Bye"
            ]
        );
        assert!(cut(" \n \t\n").is_empty());
    }

    #[test]
    fn a_sentence_without_end_is_cut_at_a_space_or_anywhere() {
        let words = "and so on ".repeat(200);
        let sentences = cut(&words);
        assert!(
            sentences
                .iter()
                .all(|s| s.chars().count() <= SENTENCE_CHARS_MAX)
        );
        assert_eq!(sentences.join(" "), words.trim());
        let wide = "字".repeat(1_000);
        assert_eq!(cut(&wide).concat(), wide);
        assert_eq!(cut(&wide).len(), 3);
    }

    proptest! {
        #[test]
        fn no_word_is_lost(text in "[a-zA-Z0-9.!? \n]{0,900}") {
            let words: Vec<&str> = text.split_whitespace().collect();
            let kept: Vec<&str> = Sentences::new(&text).flat_map(str::split_whitespace).collect();
            prop_assert_eq!(kept.concat(), words.concat());
        }
    }
}
