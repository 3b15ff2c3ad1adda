//! Why a call goes where it goes, in words.

use std::fmt;

use super::{Dids, Party};

/// What an entry or a rule made of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict<'a> {
    /// Whose verdict.
    pub asker: Asker<'a>,
    /// The application it leads to.
    pub app: Option<&'a str>,
    /// What it made of the call.
    pub finding: Finding,
}

/// Who looked at a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asker<'a> {
    /// All entries of numbers, of which none is of the called one.
    Dids,
    /// The entry of this number, as the configuration writes it.
    Did(&'a str),
    /// The rule at this place in the file, from 1.
    Rule(usize),
}

/// See [`Verdict`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// It takes the call.
    Takes,
    /// It has something to tell, and leaves the call to the rules.
    Adds,
    /// It does not take the call, for this reason.
    Differs(String),
    /// An earlier one took the call.
    NotAsked,
}

impl<'a> Verdict<'a> {
    pub(super) fn of_dids(dids: &'a Dids, to: &Party<'_>) -> Self {
        let Some(did) = dids.find(to) else {
            let number = to.number().map_or(to.text(), |number| number.as_str());
            return Self {
                asker: Asker::Dids,
                app: None,
                finding: Finding::Differs(format!("there is no entry for {number:?}")),
            };
        };
        Self {
            asker: Asker::Did(&did.number),
            app: did.app.as_deref(),
            finding: match &did.app {
                Some(_) => Finding::Takes,
                None => Finding::Adds,
            },
        }
    }
}

impl fmt::Display for Verdict<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.asker.fmt(f)?;
        if let Some(app) = self.app {
            write!(f, " (app {app})")?;
        }
        match &self.finding {
            Finding::Takes => f.write_str(": takes the call"),
            Finding::Adds => f.write_str(": adds its parameters and leaves the call to the rules"),
            Finding::Differs(why) => write!(f, ": no, {why}"),
            Finding::NotAsked => f.write_str(": not asked"),
        }
    }
}

impl fmt::Display for Asker<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dids => f.write_str("dids"),
            Self::Did(number) => write!(f, "did {number}"),
            Self::Rule(number) => write!(f, "rule {number}"),
        }
    }
}
