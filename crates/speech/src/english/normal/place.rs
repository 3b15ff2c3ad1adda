//! A place in a text, and small things that may stand there.

/// A place in a text, before a character.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    /// From here to the end.
    pub rest: &'a str,
    /// The characters before, the nearest first; a space at the beginning.
    before: [char; 2],
}

/// What a rule says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Said {
    /// How many bytes of the text it stands for.
    pub len: usize,
    /// How they are said.
    pub words: String,
}

impl<'a> Place<'a> {
    /// A place of a text; nothing at its end.
    pub fn at(text: &'a str, at: usize) -> Option<Self> {
        let (before, rest) = text.split_at_checked(at)?;
        let mut before = before.chars().rev();
        let before = [before.next().unwrap_or(' '), before.next().unwrap_or(' ')];
        (!rest.is_empty()).then_some(Self { rest, before })
    }

    /// The character here.
    pub fn here(&self) -> char {
        self.rest.chars().next().unwrap_or(' ')
    }

    /// The character before.
    pub fn before(&self) -> char {
        self.before[0]
    }

    /// Whether what stands here belongs to no word before.
    pub fn begins_word(&self) -> bool {
        let [one, two] = self.before;
        let inside = matches!(one, '.' | '\'' | '@' | '_') && two.is_alphanumeric();
        !one.is_alphanumeric() && !inside && !self.here().is_whitespace()
    }

    /// Whether a letter or a digit stands here.
    pub fn goes_on(&self) -> bool {
        self.here().is_alphanumeric()
    }

    /// What stands here, after so many bytes.
    pub fn after(&self, len: usize) -> &'a str {
        self.rest.get(len..).unwrap_or("")
    }

    /// Something said of so many bytes from here.
    pub fn said(&self, rest: &str, words: impl Into<String>) -> Option<Said> {
        let len = self.rest.len() - rest.len();
        let words = words.into();
        Some(Said { len, words })
    }
}

/// A number as it is written: digits, in groups of three or not, and a fraction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Numeral<'a> {
    /// As it is written.
    pub text: &'a str,
    /// Its whole part without commas; empty in ".5".
    pub whole: String,
    /// Behind the point.
    pub fraction: Option<&'a str>,
}

impl<'a> Numeral<'a> {
    /// The number at the beginning of a text, and what follows it.
    pub fn read(text: &'a str) -> Option<(Self, &'a str)> {
        let mut rest = &text[digits(text)..];
        let ungrouped = text.len() - rest.len();
        while ungrouped <= 3 && rest.starts_with(',') && digits(&rest[1..]) == 3 && ungrouped > 0 {
            rest = &rest[4..];
        }
        let whole: String = text[..text.len() - rest.len()].replace(',', "");
        let fraction = rest.strip_prefix('.').map(|rest| &rest[..digits(rest)]);
        let fraction = fraction.filter(|digits| !digits.is_empty());
        if let Some(fraction) = fraction {
            rest = &rest[1 + fraction.len()..];
        }
        let read = text.len() - rest.len();
        let text = &text[..read];
        (read > 0).then_some((
            Self {
                text,
                whole,
                fraction,
            },
            rest,
        ))
    }

    /// How it is said: "one thousand two hundred point five".
    pub fn words(&self) -> String {
        let whole = match self.whole.as_str() {
            "" => String::new(),
            whole => super::super::numbers::whole(whole),
        };
        match self.fraction {
            Some(fraction) => {
                let fraction = super::super::numbers::digits(fraction);
                format!("{whole} point {fraction}").trim_start().to_owned()
            }
            None => whole,
        }
    }

    /// Whether what it counts stands in the singular.
    pub fn is_one(&self) -> bool {
        self.whole == "1" && self.fraction.is_none_or(|fraction| fraction == "0")
    }
}

/// How many digits a text begins with.
pub(super) fn digits(text: &str) -> usize {
    text.len()
        - text
            .trim_start_matches(|char: char| char.is_ascii_digit())
            .len()
}

/// A number of at most so many digits at the beginning of a text, and what follows.
pub(super) fn small(text: &str, digits_max: usize) -> Option<(u64, &str)> {
    let len = digits(text);
    if len == 0 || len > digits_max {
        return None;
    }
    Some((text[..len].parse().ok()?, &text[len..]))
}

/// Whether no word goes on at the beginning of this text.
pub(super) fn ends_word(rest: &str) -> bool {
    !rest.starts_with(|char: char| char.is_alphanumeric() || char == '_')
}

/// A text without a space before it.
pub(super) fn past_space(rest: &str) -> &str {
    rest.strip_prefix(' ').unwrap_or(rest)
}

/// The word of letters at the beginning of a text.
pub(super) fn word(text: &str) -> &str {
    let end = text.find(|char: char| !char.is_alphabetic());
    &text[..end.unwrap_or(text.len())]
}
