//! Which class of answers what was heard belongs to.

use trunkline_phone::words::contains;

use super::scenario::Intents;

/// The class of an answer by its words: that of which most are there. Nothing where none is, or
/// where two classes are equal.
pub fn intent<'i>(heard: &str, intents: &'i Intents) -> Option<&'i str> {
    let count = |known: &[String]| known.iter().filter(|word| contains(heard, word)).count();
    let counted = intents
        .iter()
        .map(|(name, known)| (count(known), name.as_str()));
    let mut counted: Vec<_> = counted.filter(|(count, _)| *count > 0).collect();
    counted.sort_unstable_by(|a, b| b.cmp(a));
    match counted.as_slice() {
        [(first, _), (second, _), ..] if first == second => None,
        [(_, name), ..] => Some(name),
        [] => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_intent_is_the_class_with_most_words_and_none_where_two_are_equal() {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let intents = Intents::from([
            ("hours".to_owned(), words(&["open", "nine", "o'clock"])),
            (
                "transfer".to_owned(),
                words(&["connect", "put you through", "open"]),
            ),
        ]);
        assert_eq!(intent("We open at nine.", &intents), Some("hours"));
        assert_eq!(
            intent("I will put you through.", &intents),
            Some("transfer")
        );
        assert_eq!(intent("We are open.", &intents), None);
        assert_eq!(intent("Pardon?", &intents), None);
    }
}
