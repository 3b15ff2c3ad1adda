//! Which application takes a call: numbers with an entry of their own, then a list of rules of
//! which the first that matches wins.

mod dids;
mod hours;
mod pattern;
mod rule;
mod source;
#[cfg(test)]
mod tests;
mod verdict;

use crate::Parameters;
use crate::numbers::Country;

pub use dids::{Did, Dids};
pub use hours::{BadHours, Hours, Moment};
pub use pattern::{BadPattern, Party, PartyPattern, Pattern};
pub use rule::{Arrival, Rule};
pub use source::Source;
pub use verdict::{Asker, Finding, Verdict};

use rule::Asked;

/// Who answers where nothing is said of any call.
const ECHO: &str = "echo";

/// Entries of numbers, and rules in their order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Routes {
    dids: Dids,
    rules: Vec<Rule>,
    country: Option<Country>,
}

/// Who takes a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision<'a> {
    /// The application's name.
    pub app: &'a str,
    /// What it is told: what the number's entry says, then what the rule says.
    pub parameters: Parameters,
}

impl From<Vec<Rule>> for Routes {
    /// Rules alone, in the order in which they are asked.
    fn from(rules: Vec<Rule>) -> Self {
        Self {
            rules,
            ..Self::default()
        }
    }
}

impl Routes {
    /// Entries, rules in the order in which they are asked, and the country whose numbers calls
    /// may be written with.
    pub fn new(dids: Dids, rules: Vec<Rule>, country: Option<Country>) -> Self {
        Self {
            dids,
            rules,
            country,
        }
    }

    /// Every entry of a number.
    pub fn dids(&self) -> &Dids {
        &self.dids
    }

    /// Every rule.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The country whose numbers calls may be written with.
    pub fn country(&self) -> Option<&Country> {
        self.country.as_ref()
    }

    /// Whether nothing is said of any call, so that every call is answered by `echo`.
    pub fn is_empty(&self) -> bool {
        self.dids.is_empty() && self.rules.is_empty()
    }

    /// Who takes a call: the application of the number's entry, else that of the first rule that
    /// matches. With no rules at all, an entry that names no application is answered by `echo`.
    pub fn find(&self, call: &Arrival<'_>) -> Option<Decision<'_>> {
        let asked = Asked::new(call, self.country());
        let did = self.dids.find(&asked.to);
        let app = did.and_then(|did| did.app.as_deref());
        let rule = match app {
            Some(_) => None,
            None => self.rules.iter().find(|rule| rule.matches(&asked)),
        };
        let echo = self.is_empty() || (did.is_some() && self.rules.is_empty());
        let app = app
            .or_else(|| rule.map(|rule| rule.app.as_str()))
            .or_else(|| echo.then_some(ECHO))?;
        let mut parameters = did.map(|did| did.parameters.clone()).unwrap_or_default();
        for (name, value) in rule.iter().flat_map(|rule| rule.parameters.iter()) {
            // Both were within the limits; what is too much together is the rule's last.
            let _ = parameters.push(name, value);
        }
        Some(Decision { app, parameters })
    }

    /// What the number's entry and every rule make of a call, in the order in which they are asked.
    pub fn explain<'a>(&'a self, call: &Arrival<'_>) -> Vec<Verdict<'a>> {
        let asked = Asked::new(call, self.country());
        let mut verdicts = Vec::new();
        let mut taken = false;
        if !self.dids.is_empty() {
            let verdict = Verdict::of_dids(&self.dids, &asked.to);
            taken = verdict.finding == Finding::Takes;
            verdicts.push(verdict);
        }
        for (index, rule) in self.rules.iter().enumerate() {
            let finding = match rule.mismatch(&asked) {
                _ if taken => Finding::NotAsked,
                Some(why) => Finding::Differs(why),
                None => Finding::Takes,
            };
            taken |= finding == Finding::Takes;
            verdicts.push(Verdict {
                asker: Asker::Rule(index + 1),
                app: Some(&rule.app),
                finding,
            });
        }
        verdicts
    }
}
