//! `trunkline completions` and `trunkline man`

use super::{Cli, Failure};
use clap::{Args, CommandFactory};
use std::io::{self, Write};

/// See [`super::Command::Completions`].
#[derive(Debug, Args)]
pub struct Completions {
    /// For which shell.
    shell: clap_complete::Shell,
}

impl Completions {
    pub fn run(&self) -> Result<(), Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "trunkline", &mut script);
        io::stdout().write_all(&script).map_err(Failure::of)
    }
}

/// See [`super::Command::Man`].
#[derive(Debug, Args)]
pub struct Man {
    /// Write one page a command into this folder; else the main page to standard output.
    #[arg(long, value_name = "FOLDER")]
    out: Option<std::path::PathBuf>,
}

impl Man {
    pub fn run(&self) -> Result<(), Failure> {
        if let Some(folder) = &self.out {
            return clap_mangen::generate_to(Cli::command(), folder).map_err(Failure::of);
        }
        let mut page = Vec::new();
        let man = clap_mangen::Man::new(Cli::command());
        man.render(&mut page).map_err(Failure::of)?;
        io::stdout().write_all(&page).map_err(Failure::of)
    }
}
