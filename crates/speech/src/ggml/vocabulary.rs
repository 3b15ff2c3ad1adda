//! The tokens of Whisper as bytes.
//!
//! GPT-2 writes a token as text in which each byte is a letter: printable Latin-1 stands for itself,
//! the other bytes for the letters from U+0100 on, in order.

use super::CannotConvert;

/// Tokens of the whole vocabulary, and how many of them are text; the rest say what to do. The first
/// is of the models for English, the others of those for all languages.
const SIZES: [(usize, usize); 3] = [(51_864, 50_256), (51_865, 50_257), (51_866, 50_257)];
/// The longest token of text is 128 bytes.
const TOKEN_CHARS_MAX: usize = 256;

/// The tokens that are text, each as its bytes. `all` is how many tokens the weights know.
pub fn tokens(file: &str, all: usize) -> Result<Vec<Vec<u8>>, CannotConvert> {
    let unknown = || CannotConvert::NotWhisper(format!("it has {all} tokens"));
    let sizes = SIZES.iter().find(|(size, _)| *size == all);
    let (_, texts) = sizes.ok_or_else(unknown)?;
    let lines = file.split('\n').take(*texts);
    let tokens: Result<Vec<_>, _> = lines.enumerate().map(token).collect();
    let tokens = tokens?;
    match tokens.len() == *texts {
        true => Ok(tokens),
        false => {
            let what = format!("it has {} tokens, {texts} are wanted", tokens.len());
            Err(CannotConvert::Vocabulary(what))
        }
    }
}

fn token((number, line): (usize, &str)) -> Result<Vec<u8>, CannotConvert> {
    let bytes = line.chars().map(byte).take(TOKEN_CHARS_MAX + 1);
    let bytes: Option<Vec<u8>> = bytes.collect();
    bytes
        .filter(|bytes| bytes.len() <= TOKEN_CHARS_MAX)
        .ok_or_else(|| CannotConvert::Vocabulary(format!("line {} is no token", number + 1)))
}

/// The byte that a letter stands for.
fn byte(letter: char) -> Option<u8> {
    match u32::from(letter) {
        code @ 0x00..=0xff => u8::try_from(code)
            .ok()
            .filter(|byte| stands_for_itself(*byte)),
        code => {
            let place = usize::try_from(code - 0x100).ok()?;
            (0..=u8::MAX).filter(|b| !stands_for_itself(*b)).nth(place)
        }
    }
}

fn stands_for_itself(byte: u8) -> bool {
    matches!(byte, 33..=126 | 161..=172 | 174..=255)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_has_a_letter_and_no_two_the_same() {
        let letters = (0..0x300).filter_map(char::from_u32);
        let mut bytes: Vec<u8> = letters.filter_map(byte).collect();
        bytes.sort_unstable();
        assert_eq!(bytes, (0..=u8::MAX).collect::<Vec<_>>());
        // A space, as GPT-2 writes it.
        assert_eq!(byte('\u{120}'), Some(b' '));
        assert_eq!(byte('a'), Some(b'a'));
        assert_eq!(byte('é'), Some(0xe9));
        assert_eq!(byte('\u{ad}'), None);
    }

    #[test]
    fn a_vocabulary_that_is_too_short_or_no_such_text_is_refused() {
        let told = |file: &str| tokens(file, 51_864).unwrap_err().to_string();
        assert!(told("a\nb\n").contains("50256 are wanted"));
        assert!(told("a\nb c\n").contains("line 2 is no token"));
        assert!(told(&"a".repeat(1_000_000)).contains("line 1"));
        assert!(tokens("a", 3).unwrap_err().to_string().contains("3 tokens"));
    }
}
