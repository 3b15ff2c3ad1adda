//! From tokens to phonemes: what belongs together without a space is read together if it can be, and
//! from the last word to the first, for a word's sound hangs on what follows it.

use super::stress::{Emphasis, PRIMARY, emphasised, weight};
use super::tokens::Token;
use super::word::{Ahead, Word, is_pause};
use super::{English, Unknown};

/// More pieces than these are not tried in all ways to put them together.
const GROUP_PIECES_MAX: usize = 12;
/// Signs in a word that are not said.
const SILENT: &str = "',-._‘’/";
/// Signs that are said where a word with them is in no dictionary.
const SIGNS: [(char, &str); 12] = [
    ('/', "slˈæʃ"),
    ('=', "ˈikwᵊlz"),
    ('+', "plˈʌs"),
    ('&', "ænd"),
    ('@', "æt"),
    ('%', "pəɹsˈɛnt"),
    ('#', "hˈæʃ"),
    ('*', "stˈɑɹ"),
    ('~', "tˈɪldə"),
    ('^', "kˈɛɹət"),
    ('<', "lˈɛs ðən"),
    ('>', "ɡɹˈATəɹ ðən"),
];

/// A part of a sentence that is read at once.
enum Part<'a> {
    /// A sign with a fixed sound.
    Sign {
        text: &'a str,
        sound: String,
        space: bool,
    },
    /// A word, or pieces of one.
    Group { pieces: Vec<Word<'a>>, space: bool },
}

impl English {
    /// The phonemes of tagged tokens.
    pub(super) fn sound(&self, tokens: &[Token], tags: &[&str], unknown: Unknown<'_>) -> String {
        let mut ahead = Ahead::default();
        let mut sounds = Vec::new();
        for part in parts(tokens, tags).into_iter().rev() {
            let (sound, space) = match part {
                Part::Sign { text, sound, space } => {
                    ahead = ahead.of(text, &sound);
                    (sound, space)
                }
                Part::Group { pieces, space } => (self.group(&pieces, &mut ahead, unknown), space),
            };
            sounds.push(if space { " " } else { "" }.to_owned());
            sounds.push(sound);
        }
        let sound: String = sounds.into_iter().rev().collect();
        // The voice has its own signs for the soft t and the swallowed one.
        sound.trim().replace('ɾ', "T").replace('ʔ', "t")
    }

    fn group(&self, pieces: &[Word<'_>], ahead: &mut Ahead, unknown: Unknown<'_>) -> String {
        if let [word] = pieces {
            let sound = self.dictionary.read(*word, *ahead);
            let sound = sound.unwrap_or_else(|| self.fallback(word.text, unknown));
            *ahead = ahead.of(word.text, &sound);
            return sound;
        }
        let Some(mut sounds) = self.pieces(pieces, ahead) else {
            let whole: String = pieces.iter().map(|piece| piece.text).collect();
            let sound = self.fallback(&whole, unknown);
            *ahead = ahead.of(&whole, &sound);
            return sound;
        };
        let apart = is_mixed(pieces);
        if !apart {
            balance(pieces, &mut sounds);
        }
        sounds.retain(|sound| !sound.is_empty());
        sounds.join(if apart { " " } else { "" })
    }

    /// A sound for each piece, from behind, the longest known words first; nothing where one is
    /// not known.
    fn pieces(&self, pieces: &[Word<'_>], ahead: &mut Ahead) -> Option<Vec<String>> {
        let mut sounds = vec![String::new(); pieces.len()];
        let mut end = pieces.len();
        while end > 0 {
            let known = (0..end).find_map(|begin| {
                let text: String = pieces[begin..end].iter().map(|piece| piece.text).collect();
                let tag = heaviest(&pieces[begin..end]);
                let sound = self.dictionary.read(Word { text: &text, tag }, *ahead)?;
                Some((begin, text, sound))
            });
            match known {
                Some((begin, text, sound)) => {
                    *ahead = ahead.of(&text, &sound);
                    sounds[begin] = sound;
                    end = begin;
                }
                None if is_silent(pieces[end - 1].text) => end -= 1,
                None => return None,
            }
        }
        Some(sounds)
    }

    /// What no dictionary has: its letters are read as well as can be, its signs named.
    fn fallback(&self, text: &str, unknown: Unknown<'_>) -> String {
        let in_word = |char: char| char.is_alphabetic() || char == '\'' || char == '’';
        let mut sounds = Vec::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let len = match first.is_alphabetic() {
                true => rest.find(|char| !in_word(char)).unwrap_or(rest.len()),
                false => first.len_utf8(),
            };
            let (piece, after) = rest.split_at(len);
            sounds.extend(match first.is_alphabetic() {
                true => unknown(piece),
                false => SIGNS
                    .iter()
                    .find(|(sign, _)| *sign == first)
                    .map(|(_, sound)| (*sound).to_owned()),
            });
            rest = after;
        }
        sounds.join(" ")
    }
}

/// Puts tokens that belong together into groups.
fn parts<'a>(tokens: &'a [Token], tags: &[&'a str]) -> Vec<Part<'a>> {
    let mut parts: Vec<Part<'_>> = Vec::new();
    // Whether the next piece belongs to the group before it, and whether a quotation can begin here.
    let (mut open, mut begins) = (false, true);
    for (token, tag) in tokens.iter().zip(tags.iter().copied()) {
        let text = token.text.as_str();
        let sound = sign(text, tag, begins);
        begins = token.space;
        if let Some(sound) = sound {
            parts.push(Part::Sign {
                text,
                sound,
                space: token.space,
            });
            open = false;
            continue;
        }
        for text in pieces_of(text) {
            let piece = Word { text, tag };
            match parts.last_mut() {
                Some(Part::Group { pieces, .. }) if open && pieces.len() < GROUP_PIECES_MAX => {
                    pieces.push(piece)
                }
                _ => parts.push(Part::Group {
                    pieces: vec![piece],
                    space: false,
                }),
            }
            open = true;
        }
        if let Some(Part::Group { space, .. }) = parts.last_mut() {
            *space |= token.space;
        }
        open &= !token.space;
    }
    parts
}

/// The sound of a sign: the pause it stands for.
fn sign(text: &str, tag: &str, begins: bool) -> Option<String> {
    let sound = match text {
        "-" | "–" if tag == ":" => "—",
        "(" | "[" | "{" => "(",
        ")" | "]" | "}" => ")",
        "\"" if begins => "“",
        "\"" => "”",
        "'" | "''" if tag == "``" => "“",
        "'" | "''" if tag == "''" => "”",
        // The stop of an abbreviation, and that of its sentence.
        ".." => ".",
        _ if text.starts_with("...") => "...",
        _ if text
            .chars()
            .all(|char| is_pause(char) || matches!(char, '“' | '”')) =>
        {
            text
        }
        _ => return None,
    };
    Some(sound.to_owned())
}

/// A word in its pieces: at signs, and where a capital letter begins a new one ("MacBook").
fn pieces_of(text: &str) -> Vec<&str> {
    let mut cuts = vec![0];
    let chars: Vec<(usize, char)> = text.char_indices().collect();
    for (place, window) in chars.windows(2).enumerate() {
        let [(_, before), (at, here)] = *window else {
            continue;
        };
        let inner = |char: char| {
            is_apostrophe(char)
                && chars
                    .get(place + 2)
                    .is_some_and(|(_, next)| next.is_alphabetic())
        };
        let goes_on = match (before.is_alphabetic(), here.is_alphabetic()) {
            (true, true) => {
                !(before.is_lowercase() && here.is_uppercase() || begins_word(&chars, place))
            }
            (true, false) => inner(here),
            (false, true) => is_apostrophe(before) && place > 0,
            (false, false) => before == here && SILENT.contains(here),
        };
        if !goes_on {
            cuts.push(at);
        }
    }
    let ends = cuts.iter().skip(1).copied().chain([text.len()]);
    cuts.iter()
        .zip(ends)
        .map(|(begin, end)| &text[*begin..end])
        .collect()
}

/// Whether the capital letter at the beginning stands alone before a word: "AFew".
fn begins_word(chars: &[(usize, char)], place: usize) -> bool {
    let is = |place: usize, wanted: fn(char) -> bool| {
        chars.get(place).is_some_and(|(_, char)| wanted(*char))
    };
    place == 0
        && is(0, char::is_uppercase)
        && is(1, char::is_uppercase)
        && is(2, char::is_lowercase)
}

fn is_apostrophe(char: char) -> bool {
    matches!(char, '\'' | '‘' | '’')
}

fn is_silent(text: &str) -> bool {
    text.chars().all(|char| SILENT.contains(char))
}

/// The part of speech of the piece with most letters, capital ones counting twice.
fn heaviest<'a>(pieces: &[Word<'a>]) -> &'a str {
    let size = |word: &Word<'_>| -> usize {
        word.text
            .chars()
            .map(|char| 1 + usize::from(char.is_uppercase()))
            .sum()
    };
    // Of equal ones the first.
    let heaviest = pieces.iter().rev().max_by_key(|piece| size(piece));
    heaviest.map_or("", |piece| piece.tag)
}

/// Whether there are signs among the letters that part the pieces.
fn is_mixed(pieces: &[Word<'_>]) -> bool {
    let mut chars = pieces.iter().flat_map(|piece| piece.text.chars());
    let (mut letters, mut others) = (false, false);
    let slash = chars.any(|char| {
        letters |= char.is_alphabetic();
        others |= !char.is_alphabetic() && !SILENT.contains(char);
        char == '/'
    });
    slash || (letters && others)
}

/// A word made of several is stressed in one of them: the lighter half gives way.
fn balance(pieces: &[Word<'_>], sounds: &mut [String]) {
    let said = sounds
        .iter()
        .enumerate()
        .filter(|(_, sound)| !sound.is_empty());
    let mut said: Vec<(bool, usize, usize)> = said
        .map(|(at, sound)| (sound.contains(PRIMARY), weight(sound), at))
        .collect();
    let lower =
        |sounds: &mut [String], at: usize| sounds[at] = emphasised(&sounds[at], Emphasis::Lower);
    if let [(_, _, first), (_, _, second)] = said[..]
        && pieces[first].text.chars().count() == 1
    {
        return lower(sounds, second);
    }
    let stressed = said.iter().filter(|(stressed, _, _)| *stressed).count();
    if said.len() < 2 || stressed <= said.len().div_ceil(2) {
        return;
    }
    said.sort_unstable();
    for (_, _, at) in &said[..said.len() / 2] {
        lower(sounds, *at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_part_at_signs_and_capitals() {
        assert_eq!(pieces_of("MacBook"), ["Mac", "Book"]);
        assert_eq!(pieces_of("AFew"), ["A", "Few"]);
        assert_eq!(pieces_of("NASA"), ["NASA"]);
        assert_eq!(pieces_of("rock'n'roll"), ["rock'n'roll"]);
        assert_eq!(pieces_of("AT&T"), ["AT", "&", "T"]);
        assert_eq!(pieces_of("'em"), ["'", "em"]);
        assert_eq!(pieces_of("callers'"), ["callers", "'"]);
        assert_eq!(pieces_of("--"), ["--"]);
    }

    #[test]
    fn signs_become_pauses() {
        let sound = |text, tag| sign(text, tag, true);
        assert_eq!(sound("-", ":").as_deref(), Some("—"));
        assert_eq!(sound("-", "HYPH"), None);
        assert_eq!(sound("?!", ".").as_deref(), Some("?!"));
        assert_eq!(sound(".......", ":").as_deref(), Some("..."));
        assert_eq!(sound("a", "DT"), None);
        assert_eq!(sound("*", "NFP"), None);
        assert_eq!(sound("\"", "NN").as_deref(), Some("“"));
        assert_eq!(sign("\"", "NN", false).as_deref(), Some("”"));
    }

    #[test]
    fn a_compound_keeps_one_stress() {
        let piece = |text| Word { text, tag: "NN" };
        let mut sounds = vec!["fˈɑɹ".to_owned(), String::new(), "ɹˈiʧɪŋ".to_owned()];
        balance(&[piece("far"), piece("-"), piece("reaching")], &mut sounds);
        assert_eq!(sounds.concat(), "fˌɑɹɹˈiʧɪŋ");
        let mut sounds = vec!["ˈi".to_owned(), String::new(), "mˈAl".to_owned()];
        balance(&[piece("e"), piece("-"), piece("mail")], &mut sounds);
        assert_eq!(sounds.concat(), "ˈimˌAl");
    }
}
