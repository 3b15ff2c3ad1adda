use super::dictionary::tests::few_words;
use super::tokens::tests::tokens;
use super::*;
use proptest::prelude::*;

fn english() -> English {
    let tagger = serde_json::json!({
        "tags": [".", ",", "DT", "IN", "MD", "NN", "NNS", "PRP", "TO", "UH", "VB", "VBD"],
        "tagdict": {
            ".": ".", "?": ".", ",": ",", "the": "DT", "The": "DT", "to": "TO", "I": "PRP",
            "calls": "NNS", "hello": "UH", "Hello": "UH"
        },
        "vocab": ["to", "did"],
        "weights": {"t-1=TO": {"VB": 1.0}, "w-2=did": {"VBD": 1.0}}
    });
    English {
        dictionary: few_words(),
        tokens: tokens(),
        tagger: Tagger::new(serde_json::from_value(tagger).unwrap()).unwrap(),
    }
}

fn phonemes(text: &str) -> String {
    english().phonemes(text, &|word| Some(format!("<{word}>")))
}

#[test]
fn a_sentence_becomes_phonemes_and_pauses() {
    assert_eq!(phonemes("Hello, the calls?"), "həlˈO, ðə kˈɔlz?");
    assert_eq!(phonemes("to read"), "tə ɹˈid");
    assert_eq!(phonemes(""), "");
}

#[test]
fn what_no_dictionary_has_goes_to_whoever_knows_more() {
    assert_eq!(phonemes("the xyzzy"), "ðə <xyzzy>");
    assert_eq!(phonemes("xyzzy-hello"), "<xyzzy> <hello>");
}

#[test]
fn numbers_are_words_before_they_are_looked_up() {
    assert_eq!(phonemes("5 calls"), "fˈIv kˈɔlz");
}

proptest! {
    #[test]
    fn no_sentence_is_too_hostile(text in "\\PC{0,200}") {
        phonemes(&text);
    }
}
