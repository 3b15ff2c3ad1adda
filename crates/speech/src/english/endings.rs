//! Words that a dictionary has without their ending: "callers", "transferred", "dialing".

const T_IS_SOFT_BEHIND: &str = "AIOWYiuæɑəɛɪɹʊʌ";

/// The words that `word` may be made of by -s, best first.
pub(super) fn without_s(word: &str) -> Option<[Option<String>; 3]> {
    let stem = word.strip_suffix('s').filter(|_| count(word) >= 3)?;
    let plain = (!stem.ends_with('s')).then(|| stem.to_owned());
    let longer = count(word) > 4;
    let es = stem
        .strip_suffix('e')
        .filter(|stem| longer && !stem.ends_with('i'));
    let owned = stem.strip_suffix('\'').or(es).map(str::to_owned);
    let y = stem
        .strip_suffix("ie")
        .filter(|_| longer)
        .map(|stem| format!("{stem}y"));
    Some([plain, owned, y])
}

/// The words that it may be made of by -ed.
pub(super) fn without_ed(word: &str) -> Option<[Option<String>; 3]> {
    let stem = word.strip_suffix('d').filter(|_| count(word) >= 4)?;
    let plain = (!stem.ends_with('d')).then(|| stem.to_owned());
    let ed = stem
        .strip_suffix('e')
        .filter(|stem| count(word) > 4 && !stem.ends_with('e'));
    Some([plain, ed.map(str::to_owned), None])
}

/// The words that it may be made of by -ing: "call", "dial" of "dialling", "make" of "making".
pub(super) fn without_ing(word: &str) -> Option<[Option<String>; 3]> {
    let stem = word.strip_suffix("ing").filter(|_| count(word) >= 5)?;
    let longer = count(word) > 5;
    let plain = longer.then(|| stem.to_owned());
    let mut letters = stem.chars().rev();
    let last = letters.next()?;
    let twice = letters.next() == Some(last) && "bcdgklmnprstvxz".contains(last);
    let doubled = longer && (twice || stem.ends_with("ck"));
    let single = doubled.then(|| stem[..stem.len() - last.len_utf8()].to_owned());
    Some([plain, Some(format!("{stem}e")), single])
}

/// The sound of a word with -s.
pub(super) fn with_s(sound: &str) -> Option<String> {
    let ending = match sound.chars().next_back()? {
        'p' | 't' | 'k' | 'f' | 'θ' => "s",
        's' | 'z' | 'ʃ' | 'ʒ' | 'ʧ' | 'ʤ' => "ᵻz",
        _ => "z",
    };
    Some(format!("{sound}{ending}"))
}

/// The sound of a word with -ed.
pub(super) fn with_ed(sound: &str) -> Option<String> {
    if let Some(soft) = without_soft_t(sound) {
        return Some(format!("{soft}ɾᵻd"));
    }
    let ending = match sound.chars().next_back()? {
        'p' | 'k' | 'f' | 'θ' | 'ʃ' | 's' | 'ʧ' => "t",
        't' | 'd' => "ᵻd",
        _ => "d",
    };
    Some(format!("{sound}{ending}"))
}

/// The sound of a word with -ing.
pub(super) fn with_ing(sound: &str) -> Option<String> {
    sound.chars().next_back()?;
    Some(match without_soft_t(sound) {
        Some(soft) => format!("{soft}ɾɪŋ"),
        None => format!("{sound}ɪŋ"),
    })
}

/// What is before a last t that an American says softly between vowels: "wait", "waiting".
fn without_soft_t(sound: &str) -> Option<&str> {
    let before = sound.strip_suffix('t')?;
    before
        .ends_with(|char| T_IS_SOFT_BEHIND.contains(char))
        .then_some(before)
}

fn count(word: &str) -> usize {
    word.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_are_taken_off_letters() {
        let stems = |stems: Option<[Option<String>; 3]>| {
            stems.into_iter().flatten().flatten().collect::<Vec<_>>()
        };
        assert_eq!(stems(without_s("callers")), ["caller"]);
        assert_eq!(stems(without_s("boxes")), ["boxe", "box"]);
        assert_eq!(stems(without_s("agent's")), ["agent'", "agent"]);
        assert_eq!(stems(without_s("replies")), ["replie", "reply"]);
        assert!(stems(without_s("as")).is_empty());
        assert_eq!(stems(without_ed("called")), ["calle", "call"]);
        assert_eq!(stems(without_ing("making")), ["mak", "make"]);
        assert_eq!(stems(without_ing("dialling")), ["diall", "dialle", "dial"]);
        assert!(stems(without_ing("ing")).is_empty());
    }

    #[test]
    fn endings_are_said_as_the_sound_before_them_asks() {
        assert_eq!(with_s("kˈɔl").as_deref(), Some("kˈɔlz"));
        assert_eq!(with_s("bˈɑks").as_deref(), Some("bˈɑksᵻz"));
        assert_eq!(with_s("wˈAt").as_deref(), Some("wˈAts"));
        assert_eq!(with_ed("wˈAt").as_deref(), Some("wˈAɾᵻd"));
        assert_eq!(with_ed("æskt").as_deref(), Some("æsktᵻd"));
        assert_eq!(with_ed("ʤˈʌmp").as_deref(), Some("ʤˈʌmpt"));
        assert_eq!(with_ing("wˈAt").as_deref(), Some("wˈAɾɪŋ"));
        assert_eq!(with_ing("kˈɔl").as_deref(), Some("kˈɔlɪŋ"));
        assert_eq!(with_s(""), None);
    }
}
