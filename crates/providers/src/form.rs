//! `application/x-www-form-urlencoded`, as webhooks and query strings carry it.

use std::fmt::Write as _;

/// The most parameters of a form; Twilio's longest has about forty.
pub const PARAMETERS_MAX: usize = 512;
/// The most bytes of a form.
pub const FORM_BYTES_MAX: usize = 64 * 1024;

/// Why a text is no form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadForm {
    /// More bytes or parameters than any provider sends.
    #[error("the form has more than {FORM_BYTES_MAX} bytes or {PARAMETERS_MAX} parameters")]
    TooLong,
    /// A parameter is not UTF-8 once its escapes are resolved.
    #[error("the form is not UTF-8")]
    NotUtf8,
}

/// Names and values in the order of their arrival. A name may occur more than once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// Reads a body or a query string. A `%` that begins no escape stands for itself, as browsers
    /// and the providers' own libraries read it.
    ///
    /// # Errors
    /// Where it is too long or not UTF-8.
    pub fn parse(encoded: &[u8]) -> Result<Self, BadForm> {
        if encoded.len() > FORM_BYTES_MAX {
            return Err(BadForm::TooLong);
        }
        let pairs = encoded.split(|byte| *byte == b'&');
        let mut form = Self::default();
        for pair in pairs.filter(|pair| !pair.is_empty()) {
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let name = decoded(halves.next().unwrap_or_default())?;
            let value = decoded(halves.next().unwrap_or_default())?;
            if form.0.len() == PARAMETERS_MAX {
                return Err(BadForm::TooLong);
            }
            form.0.push((name, value));
        }
        Ok(form)
    }

    /// Adds a parameter.
    pub fn push(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.push((name.into(), value.into()));
    }

    /// The first value of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter()
            .find_map(|(known, value)| (known == name).then_some(value))
    }

    /// Every parameter.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether there is no parameter.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The parameters by name, and those of one name by value.
    pub(crate) fn sorted(&self) -> Vec<(&str, &str)> {
        let mut pairs: Vec<(&str, &str)> = self.iter().collect();
        pairs.sort_unstable();
        pairs
    }

    /// The form as a body is written.
    pub fn encoded(&self) -> String {
        let mut text = String::new();
        for (name, value) in self.iter() {
            if !text.is_empty() {
                text.push('&');
            }
            encode(name, &mut text);
            text.push('=');
            encode(value, &mut text);
        }
        text
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Form {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let pairs = pairs.into_iter();
        Self(
            pairs
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}

fn decoded(text: &[u8]) -> Result<String, BadForm> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        let (byte, after) = match (first, after) {
            (b'+', _) => (b' ', after),
            (b'%', [high, low, beyond @ ..]) => match hexadecimal(*high, *low) {
                Some(byte) => (byte, beyond),
                None => (b'%', after),
            },
            _ => (*first, after),
        };
        bytes.push(byte);
        rest = after;
    }
    String::from_utf8(bytes).map_err(|_| BadForm::NotUtf8)
}

fn hexadecimal(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

/// A text as a form carries it, but with `%20` for a space, which every reader understands.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    encode(text, &mut escaped);
    escaped.replace('+', "%20")
}

/// Escapes everything that is not unreserved (RFC 3986 section 2.3), with a plus for a space.
fn encode(text: &str, into: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                into.push(char::from(byte));
            }
            b' ' => into.push('+'),
            _ => {
                // Writing to a String cannot fail.
                let _ = write!(into, "%{byte:02X}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes_and_pluses_are_resolved_and_stray_percents_kept() {
        let form = Form::parse(b"To=%2B15551230000&Name=J%C3%BCrgen+M&x&p=100%&q=%zz&=v").unwrap();
        let pairs: Vec<_> = form.iter().collect();
        let expected = [
            ("To", "+15551230000"),
            ("Name", "J\u{fc}rgen M"),
            ("x", ""),
            ("p", "100%"),
            ("q", "%zz"),
            ("", "v"),
        ];
        assert_eq!(pairs, expected);
    }

    #[test]
    fn a_form_without_end_or_letters_is_refused() {
        assert_eq!(Form::parse(b"a=%ff"), Err(BadForm::NotUtf8));
        let many = "a=1&".repeat(PARAMETERS_MAX + 1);
        assert_eq!(Form::parse(many.as_bytes()), Err(BadForm::TooLong));
        let long = vec![b'a'; FORM_BYTES_MAX + 1];
        assert_eq!(Form::parse(&long), Err(BadForm::TooLong));
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_read_again(pairs in prop::collection::vec(("\\PC{1,8}", "\\PC{0,20}"), 0..9)) {
            let form: Form = pairs.into_iter().collect();
            prop_assert_eq!(Form::parse(form.encoded().as_bytes()), Ok(form));
        }
    }
}
