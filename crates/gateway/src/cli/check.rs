//! `trunkline check`

use super::{ConfigArgs, Failure};
use crate::config::{self, Overrides, Variables};
use clap::Args;
use serde_json::json;

/// See [`super::Command::Check`].
#[derive(Debug, Args)]
pub struct Check {
    #[command(flatten)]
    config: ConfigArgs,
    /// One JSON object: `{valid, file, problems: [{file, line, column, message, remedy}]}`.
    #[arg(long)]
    json: bool,
}

impl Check {
    /// Proves the configuration.
    pub fn run(&self) -> Result<(), Failure> {
        if !self.json {
            let loaded = self.config.load(&Overrides::default())?;
            match loaded.file {
                Some(file) => println!("{}: good", file.display()),
                None => println!(
                    "no configuration file: the defaults hold, every call is answered by echo"
                ),
            }
            return Ok(());
        }
        let variables = Variables::of_process();
        match config::load(
            self.config.config.as_deref(),
            variables,
            &Overrides::default(),
        ) {
            Ok(loaded) => {
                println!(
                    "{}",
                    json!({"valid": true, "file": loaded.file, "problems": []})
                );
                Ok(())
            }
            Err(refused) => {
                println!("{}", json!({"valid": false, "problems": refused.problems}));
                Err(Failure::Usage(String::new()))
            }
        }
    }
}
