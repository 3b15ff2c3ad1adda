//! Which application takes a call: a list of rules, of which the first that matches wins.

mod pattern;
#[cfg(test)]
mod tests;

use std::fmt;
use std::net::IpAddr;

use crate::{Headers, Parameters};

pub use pattern::{BadPattern, Pattern, Source};

/// One rule. Fields that are absent match every call; those that are there must all match.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rule {
    /// The called number or user.
    pub to: Option<Pattern>,
    /// The calling number or user.
    pub from: Option<Pattern>,
    /// The trunk the call came by.
    pub trunk: Option<Pattern>,
    /// The user who proved a password.
    pub user: Option<Pattern>,
    /// A header by name, and its value.
    pub header: Option<(String, Pattern)>,
    /// The address the call came from.
    pub source: Option<Source>,
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
    /// The user who proved a password, if any.
    pub user: Option<&'a str>,
    /// The request's headers.
    pub headers: &'a Headers,
    /// Where it came from, if it came over a network.
    pub source: Option<IpAddr>,
}

impl Rule {
    /// Why this rule does not take a call; `None` where it does.
    pub fn mismatch(&self, call: &Arrival<'_>) -> Option<String> {
        text_mismatch("to", &self.to, Some(call.to))
            .or_else(|| text_mismatch("from", &self.from, Some(call.from)))
            .or_else(|| text_mismatch("trunk", &self.trunk, call.trunk))
            .or_else(|| text_mismatch("user", &self.user, call.user))
            .or_else(|| self.header_mismatch(call))
            .or_else(|| self.source_mismatch(call))
    }

    /// [`Self::mismatch`] without words: what every call pays for.
    fn matches(&self, call: &Arrival<'_>) -> bool {
        let fits = |pattern: &Option<Pattern>, text: Option<&str>| {
            pattern
                .as_ref()
                .is_none_or(|pattern| text.is_some_and(|text| pattern.matches(text)))
        };
        fits(&self.to, Some(call.to))
            && fits(&self.from, Some(call.from))
            && fits(&self.trunk, call.trunk)
            && fits(&self.user, call.user)
            && self.header.as_ref().is_none_or(|(name, value)| {
                call.headers.find(name).is_some_and(|v| value.matches(v))
            })
            && self
                .source
                .as_ref()
                .is_none_or(|wanted| call.source.is_some_and(|source| wanted.matches(source)))
    }

    fn header_mismatch(&self, call: &Arrival<'_>) -> Option<String> {
        let (name, pattern) = self.header.as_ref()?;
        match call.headers.find(name) {
            Some(value) if pattern.matches(value) => None,
            Some(value) => Some(format!("header {name} is {value:?}, not {pattern}")),
            None => Some(format!("there is no header {name}")),
        }
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

fn text_mismatch(what: &str, pattern: &Option<Pattern>, text: Option<&str>) -> Option<String> {
    let pattern = pattern.as_ref()?;
    match text {
        Some(text) if pattern.matches(text) => None,
        Some(text) => Some(format!("{what} is {text:?}, not {pattern}")),
        None => Some(format!("there is no {what}")),
    }
}

/// Rules in their order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Routes(Vec<Rule>);

/// What one rule made of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict<'a> {
    /// The rule's place in the file, from 1.
    pub number: usize,
    /// The application it leads to.
    pub app: &'a str,
    /// What it made of the call.
    pub finding: Finding,
}

/// See [`Verdict`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// It takes the call.
    Matches,
    /// It does not, for this reason.
    Differs(String),
    /// An earlier rule took the call.
    NotAsked,
}

impl fmt::Display for Verdict<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            number,
            app,
            finding,
        } = self;
        match finding {
            Finding::Matches => write!(f, "rule {number} (app {app}): takes the call"),
            Finding::Differs(why) => write!(f, "rule {number} (app {app}): no, {why}"),
            Finding::NotAsked => write!(f, "rule {number} (app {app}): not asked"),
        }
    }
}

impl Routes {
    /// Rules in the order in which they are asked.
    pub fn new(rules: Vec<Rule>) -> Self {
        Self(rules)
    }

    /// Every rule.
    pub fn rules(&self) -> &[Rule] {
        &self.0
    }

    /// The first rule that matches.
    pub fn find(&self, call: &Arrival<'_>) -> Option<&Rule> {
        self.0.iter().find(|rule| rule.matches(call))
    }

    /// What every rule makes of a call, in order.
    pub fn explain<'a>(&'a self, call: &Arrival<'_>) -> Vec<Verdict<'a>> {
        let mut taken = false;
        let judge = |(index, rule): (usize, &'a Rule)| {
            let finding = match rule.mismatch(call) {
                _ if taken => Finding::NotAsked,
                Some(why) => Finding::Differs(why),
                None => Finding::Matches,
            };
            taken |= finding == Finding::Matches;
            Verdict {
                number: index + 1,
                app: &rule.app,
                finding,
            }
        };
        self.0.iter().enumerate().map(judge).collect()
    }
}
