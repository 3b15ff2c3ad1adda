//! Cuts a stream of text into sentences while it comes, so that the first is spoken before the last
//! is thought of.

/// A sentence longer than this is cut at a comma or a space, in bytes.
const SENTENCE_BYTES_MAX: usize = 240;
/// What is shorter than this waits for what follows, in bytes: "1." or "Dr." is no sentence.
const SENTENCE_BYTES_MIN: usize = 6;
/// Words before a full stop that do not end a sentence.
const ABBREVIATIONS: [&str; 14] = [
    "mr", "mrs", "ms", "dr", "prof", "st", "no", "vs", "etc", "e.g", "i.e", "a.m", "p.m", "approx",
];

/// The text so far that makes no whole sentence yet.
#[derive(Debug, Default)]
pub(crate) struct Sentences {
    rest: String,
    /// Whether the rest goes on in a line of which something was said.
    is_in_line: bool,
}

impl Sentences {
    /// Takes in more text.
    pub fn push(&mut self, text: &str) {
        self.rest.push_str(text);
    }

    /// The next whole sentence.
    pub fn pop(&mut self) -> Option<String> {
        loop {
            let end = self.end()?;
            let text: String = self.rest.drain(..end).collect();
            let sentence = spoken(&text, self.is_in_line);
            self.is_in_line = !text.ends_with('\n');
            if !sentence.is_empty() {
                return Some(sentence);
            }
        }
    }

    /// What is left at the end of the text.
    pub fn rest(&mut self) -> Option<String> {
        let rest = spoken(&std::mem::take(&mut self.rest), self.is_in_line);
        (!rest.is_empty()).then_some(rest)
    }

    fn end(&self) -> Option<usize> {
        let text = &self.rest;
        let mut chars = text.char_indices().peekable();
        while let Some((at, char)) = chars.next() {
            let after = at + char.len_utf8();
            let next = chars.peek().map(|(_, next)| *next);
            // In these scripts no space follows the sign.
            let is_wide = matches!(char, '。' | '！' | '？');
            let is_end = is_wide || char == '\n' || matches!(char, '.' | '!' | '?' | ':' | ';');
            let is_apart = is_wide || char == '\n' || next.is_some_and(char::is_whitespace);
            let so_far = &text[..after];
            let is_long = so_far.trim().len() >= SENTENCE_BYTES_MIN || char == '\n';
            if is_end && is_apart && is_long && !(char == '.' && is_abbreviation(&text[..at])) {
                return Some(after);
            }
            if after >= SENTENCE_BYTES_MAX {
                let cut = so_far.rfind([',', '，']).or_else(|| so_far.rfind(' '));
                return Some(cut.map_or(after, |cut| so_far.ceil_char_boundary(cut + 1)));
            }
        }
        None
    }
}

fn is_abbreviation(before: &str) -> bool {
    let word = before
        .rsplit(char::is_whitespace)
        .next()
        .unwrap_or_default();
    let is_initial = word.chars().count() == 1 && word.chars().all(char::is_uppercase);
    let word = word.to_lowercase();
    is_initial && word != "i" || ABBREVIATIONS.contains(&word.as_str())
}

/// What a voice can say of a text: no markup, one line, and nothing where there is no word in it.
fn spoken(text: &str, is_in_line: bool) -> String {
    let is_markup = |char: char| matches!(char, '*' | '#' | '`' | '_' | '~' | '|' | '<' | '>');
    let has_words = text.chars().any(char::is_alphanumeric);
    let mut words = Vec::new();
    for (place, word) in text.split_whitespace().enumerate() {
        // What begins a line is a bullet or a heading, and a line of nothing else is a rule.
        let may_be_key = is_in_line || has_words && place > 0;
        if let Some(key) = key(word).filter(|_| may_be_key) {
            words.push(key);
            continue;
        }
        let plain = word.replace(is_markup, "");
        // A word of signs alone is a bullet or a dash.
        if plain.chars().any(|c| !c.is_ascii_punctuation()) {
            words.push(plain);
        }
    }
    let is_said = |word: &String| word.contains(|c: char| c.is_alphanumeric() || is_markup(c));
    match words.iter().any(is_said) {
        true => words.join(" "),
        false => String::new(),
    }
}

/// A word that names a key of the telephone, or ends or begins with one: "#", "42#", "*67". Digits
/// stand apart from it, as they are said.
fn key(word: &str) -> Option<String> {
    let word = word.trim_matches(['"', '\'', '“', '”', '`', '(', ')']);
    let end = word.trim_end_matches(['.', ',', ';', ':', '!', '?', '"', '\'', '”', '`', ')']);
    let rest = word[end.len()..].trim_matches(['"', '\'', '”', '`', ')']);
    let bold = end.strip_prefix("**").and_then(|b| b.strip_suffix("**"));
    let core = bold.unwrap_or(end);
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (before, sign, after) = match core.strip_prefix('*') {
        Some(after) => ("", "*", after),
        None => (core.strip_suffix(['*', '#'])?, &core[core.len() - 1..], ""),
    };
    let parts = [before, sign, after]
        .into_iter()
        .filter(|part| !part.is_empty());
    let told = parts.collect::<Vec<_>>().join(" ");
    (is_number(before) && is_number(after)).then(|| told + rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cut(pieces: &[&str]) -> Vec<String> {
        let mut sentences = Sentences::default();
        let mut all = Vec::new();
        for piece in pieces {
            sentences.push(piece);
            all.extend(std::iter::from_fn(|| sentences.pop()));
        }
        all.extend(sentences.rest());
        all
    }

    #[test]
    fn a_sentence_is_whole_once_something_follows_it() {
        let mut sentences = Sentences::default();
        sentences.push("We are open. Unt");
        assert_eq!(sentences.pop().as_deref(), Some("We are open."));
        assert_eq!(sentences.pop(), None);
        sentences.push("il five.");
        assert_eq!(sentences.pop(), None, "it may go on: five.30");
        assert_eq!(sentences.rest().as_deref(), Some("Until five."));
        assert_eq!(sentences.rest(), None);
    }

    #[test]
    fn titles_numbers_and_initials_end_nothing() {
        let text = "Dr. Smith pays 3.50 to J. Doe at 5 p.m. sharp. Is that right? Yes!";
        let sentences = [
            "Dr. Smith pays 3.50 to J. Doe at 5 p.m. sharp.",
            "Is that right?",
            "Yes!",
        ];
        assert_eq!(cut(&[text]), sentences);
    }

    #[test]
    fn markup_is_not_spoken_and_lines_end_sentences() {
        let text = "**Hours**\n- _Monday_ to `Friday`\n\n---\nSee you";
        assert_eq!(cut(&[text]), ["Hours", "Monday to Friday", "See you"]);
    }

    #[test]
    fn keys_of_the_telephone_are_said() {
        for (text, said) in [
            ("Press # when you are done.", "Press # when you are done."),
            ("Enter the number, then #.", "Enter the number, then #."),
            ("Press '*' or \"#\", please.", "Press * or #, please."),
            ("Press **#** or `*`.", "Press # or *."),
            ("Dial 42# or *67!", "Dial 42 # or * 67!"),
            ("* one\n# Two", "one|Two"),
            ("* * *\n**Bold** and *very* bold", "Bold and very bold"),
            ("Press one of these: #", "Press one of these:|#"),
        ] {
            assert_eq!(cut(&[text]).join("|"), said, "{text}");
        }
    }

    #[test]
    fn a_sentence_without_end_is_cut_where_one_breathes() {
        let text = "and so on, ".repeat(60);
        let sentences = cut(&[&text]);
        assert!(
            sentences.iter().all(|s| s.len() <= SENTENCE_BYTES_MAX),
            "{sentences:?}"
        );
        assert!(sentences.iter().all(|s| s.ends_with(',')), "{sentences:?}");
        let wide = "字".repeat(300);
        assert_eq!(cut(&[&wide]).concat(), wide);
    }

    proptest! {
        #[test]
        fn every_word_is_said_once_however_the_text_is_cut(
            words in proptest::collection::vec("[a-z]{1,9}[.,?!]?", 0..80),
            size in 1_usize..20,
        ) {
            let text = words.join(" ");
            let pieces: Vec<String> = text
                .as_bytes()
                .chunks(size)
                .map(|piece| String::from_utf8_lossy(piece).into_owned())
                .collect();
            let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
            prop_assert_eq!(cut(&pieces).join(" "), text);
        }
    }
}
