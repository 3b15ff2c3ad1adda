//! What is left of the conversation: a recording, a page and a timeline.

use std::path::{Path, PathBuf};

use trunkline_phone::caller::Conversation;
use trunkline_phone::page::{self, Sheet};

use super::Error;

/// What is left of the conversation.
pub struct Files {
    /// Left the caller, right the agent.
    pub recording: PathBuf,
    /// For a browser.
    pub page: PathBuf,
    /// For programs.
    pub timeline: PathBuf,
}

impl Files {
    /// Proven before the call, not after it.
    pub fn in_folder(folder: &Path) -> Result<Self, String> {
        let file = |ending: &str| folder.join(format!("trunkline-demo.{ending}"));
        let files = Self {
            recording: file("wav"),
            page: file("html"),
            timeline: file("json"),
        };
        let cannot_write = |file: &Path, error: std::io::Error| {
            format!("{}: {error}; choose --out DIR", file.display())
        };
        std::fs::create_dir_all(folder).map_err(|error| cannot_write(folder, error))?;
        for file in [&files.recording, &files.page, &files.timeline] {
            std::fs::write(file, []).map_err(|error| cannot_write(file, error))?;
        }
        Ok(files)
    }

    /// The name of the recording, as the page beside it has it.
    pub fn name(&self) -> String {
        let name = self.recording.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// Writes down all of it.
    pub fn write(&self, held: &Conversation, sheet: &Sheet) -> Result<(), Error> {
        let (caller, agent) = held.report.sides();
        std::fs::write(&self.recording, held.stereo())?;
        std::fs::write(&self.page, page::page(sheet, &caller, &agent))?;
        std::fs::write(&self.timeline, serde_json::to_vec_pretty(sheet)?)?;
        Ok(())
    }
}
