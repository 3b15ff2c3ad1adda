//! Appends records to a file of JSON Lines, away from the signalling task.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use trunkline_call::record::CallRecord;

/// Records that may wait for a slow disk; more are lost from the file, counted in the log.
const WAITING_MAX: usize = 10_000;

/// The file of records cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("records.file: cannot write {path}: {source}")]
pub struct CannotWrite {
    path: PathBuf,
    source: std::io::Error,
}

/// Where records go, if anywhere.
#[derive(Debug, Default)]
pub struct Writer {
    lines: Option<SyncSender<String>>,
    thread: Option<JoinHandle<()>>,
}

/// Everything that waits is written first.
impl Drop for Writer {
    fn drop(&mut self) {
        self.lines = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Writer {
    /// Appends to this file, which is made if it is not there.
    ///
    /// # Errors
    /// Where it cannot be opened.
    pub fn to(path: &Path) -> Result<Self, CannotWrite> {
        let refused = |source| CannotWrite {
            path: path.to_owned(),
            source,
        };
        let mut file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .map_err(refused)?;
        let (lines, written) = sync_channel::<String>(WAITING_MAX);
        let name = path.to_owned();
        let thread = std::thread::Builder::new()
            .name("records".to_owned())
            .spawn(move || {
                for line in written {
                    // One write a line, so that a line is never torn by another writer.
                    if let Err(error) = file.write_all(line.as_bytes()) {
                        tracing::error!("cannot write to {}: {error}", name.display());
                    }
                }
            })
            .map_err(refused)?;
        Ok(Self {
            lines: Some(lines),
            thread: Some(thread),
        })
    }

    /// Appends a record.
    pub fn write(&self, record: &CallRecord) {
        let Some(lines) = &self.lines else { return };
        let line = format!("{}\n", record.to_json());
        if let Err(TrySendError::Full(_)) = lines.try_send(line) {
            tracing::error!(call = %record.id, "the disk is too slow: a record is not in the file");
        }
    }
}
