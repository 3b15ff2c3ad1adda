//! Words as a receptionist compares and repeats them.

/// The words of a text, small and apart, with a space on either side.
pub(super) fn plain(text: &str) -> String {
    let text = text.to_lowercase().replace('’', "'");
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '\'');
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    format!(" {} ", words.join(" "))
}

/// Whether a [`plain`] text has this word, or these one after the other.
pub(super) fn has(plain: &str, word: &str) -> bool {
    let at = plain.find(&format!(" {word}"));
    // "open" is in "opened", but "hi" is not in "him".
    at.is_some_and(|at| {
        let rest = &plain[at + 1 + word.len()..];
        let ending = rest.split(' ').next().unwrap_or_default();
        ending.is_empty() || word.len() > 3 && matches!(ending, "s" | "d" | "ed" | "ing")
    })
}

/// The keys that a text says were pressed, the last ones of several.
pub(super) fn pressed(said: &str) -> Option<&str> {
    let at = said.rfind("[keys pressed: ")? + "[keys pressed: ".len();
    said[at..].split(']').next().filter(|keys| !keys.is_empty())
}

/// Keys one by one, as they are said.
pub(super) fn spelled(keys: &str) -> String {
    let word = |key: char| match key {
        '*' => "star".to_owned(),
        '#' => "pound".to_owned(),
        key => key.to_string(),
    };
    keys.chars().map(word).collect::<Vec<_>>().join(", ")
}
