//! One rule, and what it looks at.

use std::fmt::Display;
use std::net::IpAddr;

use super::{Hours, Moment, Party, PartyPattern, Pattern, Source};
use crate::numbers::Country;
use crate::{Headers, Parameters};

/// One rule. Fields that are absent match every call; those that are there must all match.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rule {
    /// The called number or user.
    pub to: Option<PartyPattern>,
    /// The calling number or user.
    pub from: Option<PartyPattern>,
    /// The trunk the call came by.
    pub trunk: Option<Pattern>,
    /// The provider whose media stream it is.
    pub provider: Option<Pattern>,
    /// The user who proved a password.
    pub user: Option<Pattern>,
    /// A header by name, and its value.
    pub header: Option<(String, Pattern)>,
    /// The address the call came from.
    pub source: Option<Source>,
    /// The days and hours at which it takes calls.
    pub time: Option<Hours>,
    /// The application's name.
    pub app: String,
    /// Handed to the application with the call.
    pub parameters: Parameters,
}

/// What the rules look at.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    /// The called number or user.
    pub to: &'a str,
    /// The calling number or user.
    pub from: &'a str,
    /// The trunk it came by, if any.
    pub trunk: Option<&'a str>,
    /// The provider whose media stream it is, if it is one.
    pub provider: Option<&'a str>,
    /// The user who proved a password, if any.
    pub user: Option<&'a str>,
    /// The request's headers.
    pub headers: &'a Headers,
    /// Where it came from, if it came over a network.
    pub source: Option<IpAddr>,
    /// When it came, by the clock that the rules go by.
    pub at: Moment,
}

/// An arrival with its numbers read, once for all rules.
pub(super) struct Asked<'a> {
    pub to: Party<'a>,
    from: Party<'a>,
    arrival: &'a Arrival<'a>,
}

impl<'a> Asked<'a> {
    pub(super) fn new(arrival: &'a Arrival<'a>, country: Option<&Country>) -> Self {
        Self {
            to: Party::read(arrival.to, country),
            from: Party::read(arrival.from, country),
            arrival,
        }
    }
}

impl Rule {
    /// Why this rule does not take a call; `None` where it does.
    pub(super) fn mismatch(&self, asked: &Asked<'_>) -> Option<String> {
        let call = asked.arrival;
        party_mismatch("to", &self.to, &asked.to)
            .or_else(|| party_mismatch("from", &self.from, &asked.from))
            .or_else(|| text_mismatch("trunk", &self.trunk, call.trunk))
            .or_else(|| text_mismatch("provider", &self.provider, call.provider))
            .or_else(|| text_mismatch("user", &self.user, call.user))
            .or_else(|| self.header_mismatch(call))
            .or_else(|| self.source_mismatch(call))
            .or_else(|| self.time_mismatch(call))
    }

    /// [`Self::mismatch`] without words: what every call pays for.
    pub(super) fn matches(&self, asked: &Asked<'_>) -> bool {
        let call = asked.arrival;
        let is_meant = |pattern: &Option<PartyPattern>, party: &Party<'_>| {
            pattern.as_ref().is_none_or(|p| p.matches(party))
        };
        let fits = |pattern: &Option<Pattern>, text: Option<&str>| {
            let fits = |pattern: &Pattern| text.is_some_and(|text| pattern.matches(text));
            pattern.as_ref().is_none_or(fits)
        };
        is_meant(&self.to, &asked.to)
            && is_meant(&self.from, &asked.from)
            && fits(&self.trunk, call.trunk)
            && fits(&self.provider, call.provider)
            && fits(&self.user, call.user)
            && self.header.as_ref().is_none_or(|(name, value)| {
                call.headers.find(name).is_some_and(|v| value.matches(v))
            })
            && self
                .source
                .as_ref()
                .is_none_or(|wanted| call.source.is_some_and(|source| wanted.matches(source)))
            && self
                .time
                .as_ref()
                .is_none_or(|hours| hours.matches(call.at))
    }

    fn header_mismatch(&self, call: &Arrival<'_>) -> Option<String> {
        let (name, pattern) = self.header.as_ref()?;
        match call.headers.find(name) {
            Some(value) if pattern.matches(value) => None,
            Some(value) => Some(format!("header {name} is {value:?}, not {pattern}")),
            None => Some(format!("there is no header {name}")),
        }
    }

    fn time_mismatch(&self, call: &Arrival<'_>) -> Option<String> {
        let hours = self.time.as_ref().filter(|hours| !hours.matches(call.at))?;
        Some(differs("time", call.at.to_string(), hours))
    }

    fn source_mismatch(&self, call: &Arrival<'_>) -> Option<String> {
        let wanted = self.source.as_ref()?;
        match call.source {
            Some(source) if wanted.matches(source) => None,
            Some(source) => Some(format!("source is {source}, not {wanted}")),
            None => Some("there is no source address".to_owned()),
        }
    }
}

fn party_mismatch(what: &str, pattern: &Option<PartyPattern>, party: &Party<'_>) -> Option<String> {
    let pattern = pattern.as_ref().filter(|p| !p.matches(party))?;
    let number = party.number().map(|number| number.as_str());
    Some(match number.filter(|number| *number != party.text()) {
        Some(number) => differs(what, format!("{:?} ({number})", party.text()), pattern),
        None => differs(what, format!("{:?}", party.text()), pattern),
    })
}

fn text_mismatch(what: &str, pattern: &Option<Pattern>, text: Option<&str>) -> Option<String> {
    let pattern = pattern.as_ref()?;
    match text {
        Some(text) if pattern.matches(text) => None,
        Some(text) => Some(differs(what, format!("{text:?}"), pattern)),
        None => Some(format!("there is no {what}")),
    }
}

fn differs(what: &str, is: String, wanted: impl Display) -> String {
    format!("{what} is {is}, not {wanted}")
}
