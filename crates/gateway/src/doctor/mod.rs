//! Looks for what on this machine stands in the way of a call. Each check judges one thing and
//! says what to type; most judge facts that are gathered apart, so that each can be made to fail.

mod machine;
mod neighbours;
mod ports;

use crate::models::{self, Store};
use crate::settings::Settings;
use serde::Serialize;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Good,
    /// Works, until it does not.
    Warning,
    /// Stands in the way.
    Wrong,
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The check's name.
    pub check: &'static str,
    /// How bad it is.
    pub verdict: Verdict,
    /// What was found.
    pub message: String,
    /// What to type; nothing where all is good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl Finding {
    fn good(check: &'static str, message: impl Into<String>) -> Self {
        Self {
            check,
            verdict: Verdict::Good,
            message: message.into(),
            remedy: None,
        }
    }

    fn warning(check: &'static str, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Warning,
            remedy: Some(remedy.into()),
            ..Self::good(check, message)
        }
    }

    fn wrong(check: &'static str, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Wrong,
            ..Self::warning(check, message, remedy)
        }
    }
}

/// Looks at everything.
pub fn examine(settings: &Settings) -> Vec<Finding> {
    let mut findings = ports::listeners(settings);
    findings.push(ports::rtp(settings));
    findings.push(ports::ephemeral(
        settings,
        machine::ephemeral_ports().as_ref(),
    ));
    findings.push(machine::descriptors(
        settings.limits.calls,
        machine::descriptor_limit(),
    ));
    findings.push(machine::clock(std::time::SystemTime::now()));
    findings.push(machine::firewall(settings, &machine::Firewalls::here()));
    findings.extend(machine::records(settings));
    if cfg!(feature = "speech") {
        findings.push(machine::models(&Store::new(models::directory())));
    }
    findings.push(neighbours::address(settings, neighbours::outward_address()));
    findings.extend(neighbours::trunks(settings));
    findings.extend(neighbours::applications(settings));
    findings
}
