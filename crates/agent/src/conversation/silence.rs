//! Silence on a call: the caller is asked whether they are there, and then told goodbye.

use std::time::Instant;

use crate::settings::Settings;

/// For how long nobody has said anything.
#[derive(Debug, Default)]
pub(super) struct Silence {
    since: Option<Instant>,
    /// How often the caller was asked.
    prompts: u32,
}

/// What is said into a silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    Prompt,
    Farewell,
}

impl Silence {
    /// Nobody says anything, or somebody does.
    pub fn settle(&mut self, now: Instant, is_quiet: bool) {
        match is_quiet {
            true => _ = self.since.get_or_insert(now),
            false => self.since = None,
        }
    }

    /// The caller says or does something that is answered.
    pub fn caller_is_there(&mut self) {
        self.prompts = 0;
    }

    /// When it has lasted too long.
    pub fn deadline(&self, settings: &Settings) -> Option<Instant> {
        self.since.map(|since| since + settings.silence)
    }

    /// What is to be said where it has.
    pub fn broken(&mut self, now: Instant, settings: &Settings) -> Option<Broken> {
        self.deadline(settings).filter(|due| *due <= now)?;
        self.since = None;
        self.prompts += 1;
        Some(match self.prompts > settings.silence_prompts {
            true => Broken::Farewell,
            false => Broken::Prompt,
        })
    }
}
