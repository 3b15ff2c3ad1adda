//! `trunkline doctor`

use super::print::lines;
use super::{ConfigArgs, Failure};
use crate::config::Overrides;
use crate::doctor::{Verdict, examine};
use clap::Args;
use serde_json::json;

/// See [`super::Command::Doctor`].
#[derive(Debug, Args)]
pub struct Doctor {
    #[command(flatten)]
    config: ConfigArgs,
    /// JSON Lines, a finding each: `{check, verdict, message, remedy}`.
    #[arg(long)]
    json: bool,
}

impl Doctor {
    /// Looks at everything; exit code 1 where something is wrong.
    pub fn run(&self) -> Result<(), Failure> {
        let loaded = self.config.load(&Overrides::default())?;
        let findings = examine(&loaded.settings);
        if self.json {
            lines(findings.iter().map(|finding| json!(finding)))?;
        } else {
            for finding in &findings {
                let word = match finding.verdict {
                    Verdict::Good => "good",
                    Verdict::Warning => "warning",
                    Verdict::Wrong => "wrong",
                };
                lines([format!("{word:8} {:12} {}", finding.check, finding.message)])?;
                lines(
                    finding
                        .remedy
                        .iter()
                        .map(|remedy| format!("{:21} {remedy}", "")),
                )?;
            }
        }
        match findings
            .iter()
            .filter(|f| f.verdict == Verdict::Wrong)
            .count()
        {
            0 => Ok(()),
            1 => Err(Failure::of("one thing is wrong")),
            count => Err(Failure::of(format!("{count} things are wrong"))),
        }
    }
}
