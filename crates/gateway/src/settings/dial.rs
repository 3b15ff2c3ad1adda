//! Whom calls may be placed to.

use trunkline_call::numbers::Country;
use trunkline_call::routes::{BadPattern, Party, PartyPattern};

/// Whom calls may be placed to; nobody until a rule says so.
#[derive(Clone, Debug, Default)]
pub struct DialRules {
    /// Patterns of numbers and of URIs.
    pub allow: Vec<DialPattern>,
    /// The country whose numbers may be dialled as they are written there.
    pub country: Option<Country>,
}

impl DialRules {
    /// Whether a rule allows a number or a name, as somebody typed it.
    pub fn allow_number(&self, text: &str) -> bool {
        let party = Party::read(text, self.country.as_ref());
        self.allow.iter().any(|rule| rule.allows_number(&party))
    }

    /// Whether a rule allows a URI without parameters. It is compared as it is written: a number
    /// in it says nothing of the host that would be called.
    pub fn allow_uri(&self, uri: &str) -> bool {
        self.allow.iter().any(|rule| rule.allows_uri(uri))
    }
}

/// Whom one rule allows to call: a text with at most one `*`, wherever it stands, so that
/// `sip:*@pbx.example.com` is everybody at one host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DialPattern {
    /// A `*` at either end or none; numbers match however they are written.
    Plain(PartyPattern),
    /// Starts and ends like this.
    Around(String, String),
}

impl DialPattern {
    /// Reads a rule, with the numbers of a country.
    ///
    /// # Errors
    /// Where it is empty or has more than one `*`.
    pub fn read(text: &str, country: Option<&Country>) -> Result<Self, BadPattern> {
        match text.split_once('*') {
            Some((start, end)) if !start.is_empty() && !end.is_empty() && !end.contains('*') => {
                Ok(Self::Around(start.to_owned(), end.to_owned()))
            }
            _ => PartyPattern::read(text, country).map(Self::Plain),
        }
    }

    fn allows_number(&self, party: &Party<'_>) -> bool {
        match self {
            Self::Plain(pattern) => pattern.matches(party),
            Self::Around(..) => self.allows_uri(party.text()),
        }
    }

    fn allows_uri(&self, text: &str) -> bool {
        match self {
            Self::Plain(pattern) => pattern.text().matches(text),
            Self::Around(start, end) => text
                .strip_prefix(start.as_str())
                .is_some_and(|rest| rest.ends_with(end.as_str())),
        }
    }
}
