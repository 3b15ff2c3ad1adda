//! Reads the configuration again while the gateway runs: when its file changes, and on SIGHUP.
//! Calls that live notice nothing. A file that is wrong is refused whole, and what ran runs on.

mod watch;

use crate::config::{self, Overrides, Problem, Refused, Variables};
use crate::control::{Control, ControlError};
use crate::settings::Settings;
use serde::Serialize;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use tokio::signal::unix::Signal;
use tokio::task::spawn_blocking;
use trunkline_call::record::rfc3339;
use watch::Watch;

/// How many problems of one file are logged; `/v1/configuration` has all.
const PROBLEMS_LOGGED_MAX: usize = 20;

/// The configuration as the interface shows it.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConfigurationView {
    /// Its file; nothing where the defaults hold.
    pub file: Option<PathBuf>,
    /// When what runs now was read, RFC 3339.
    pub read: String,
    /// How often a file was taken while the gateway ran.
    pub reloads: u64,
    /// How often one was refused.
    pub refusals: u64,
    /// What is wrong with the file as it is; nothing while it is the one that runs.
    pub problems: Vec<Problem>,
    /// Keys whose change waits for the next start.
    pub waiting: Vec<&'static str>,
}

/// Keeps a running gateway to its file.
pub struct Reloader {
    asked_for: Option<PathBuf>,
    overrides: Overrides,
    control: Control,
    watch: Watch,
}

impl Reloader {
    /// One for a gateway that was started with these arguments and this file.
    pub fn new(
        asked_for: Option<PathBuf>,
        overrides: Overrides,
        file: Option<&Path>,
        control: Control,
    ) -> Self {
        {
            let mut view = control.configuration();
            view.file = file.map(Path::to_owned);
            view.read = rfc3339(SystemTime::now());
        }
        Self {
            asked_for,
            overrides,
            control,
            watch: Watch::of(file),
        }
    }

    /// Reads the file again whenever it has changed, and at every hangup signal. Ends with the
    /// gateway.
    pub async fn run(mut self, mut hangup: Signal) {
        loop {
            tokio::select! {
                biased;
                // Whoever sends it has finished writing, and need not have changed the file: what
                // it names may be another.
                _ = hangup.recv() => self.watch.look().await,
                () = self.watch.changed() => {}
            }
            if self.reload().await == Err(ControlError::Stopping) {
                return;
            }
        }
    }

    async fn reload(&self) -> Result<(), ControlError> {
        let (asked_for, overrides) = (self.asked_for.clone(), self.overrides.clone());
        // To read and prove a large file takes longer than a packet may wait.
        let loaded = spawn_blocking(move || {
            let variables = Variables::of_process();
            config::load(asked_for.as_deref(), variables, &overrides)
        });
        match loaded.await {
            Ok(Ok(loaded)) => self.take(loaded.settings, loaded.file).await,
            Ok(Err(refused)) => {
                self.refuse(refused);
                Ok(())
            }
            Err(panicked) => {
                tracing::error!("configuration not read again: {panicked}");
                Ok(())
            }
        }
    }

    async fn take(&self, settings: Settings, file: Option<PathBuf>) -> Result<(), ControlError> {
        let waiting = self.control.reload(settings).await?;
        tracing::info!("configuration read again; calls that begin from now on go by it");
        for key in &waiting {
            tracing::warn!("{key}: the change waits for the next start");
        }
        self.control.announce("configuration.reloaded", || {
            json!({"file": file, "waiting": waiting}).to_string()
        });
        let mut view = self.control.configuration();
        view.reloads += 1;
        view.file = file;
        view.read = rfc3339(SystemTime::now());
        view.problems.clear();
        view.waiting = waiting;
        Ok(())
    }

    fn refuse(&self, refused: Refused) {
        let Refused { problems } = refused;
        for problem in problems.iter().take(PROBLEMS_LOGGED_MAX) {
            tracing::error!("configuration refused: {problem}");
        }
        let more = problems.len().saturating_sub(PROBLEMS_LOGGED_MAX);
        if more > 0 {
            tracing::error!("configuration refused: {more} further problems");
        }
        tracing::error!("the configuration of before stays in force");
        self.control.announce("configuration.refused", || {
            json!({"problems": problems}).to_string()
        });
        let mut view = self.control.configuration();
        view.refusals += 1;
        view.problems = problems;
    }
}
