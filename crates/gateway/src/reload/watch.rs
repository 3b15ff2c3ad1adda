//! Notices that a configuration file, or the `.env` beside it, has other contents.

#[cfg(test)]
mod tests;

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

/// How long a file must stay as it is: whoever writes it may not have finished.
const SETTLE: Duration = Duration::from_millis(100);
/// How often one looks for that. A file that never rests is read as it is then.
const LOOKS_MAX: usize = 50;
/// What Kubernetes replaces when the contents of a mounted configuration change.
const MOUNTED: &str = "..data";

/// A watch on files.
pub struct Watch {
    files: Option<Files>,
    /// What was in them when they were last read.
    seen: Contents,
    changed: Arc<Notify>,
    /// Ends with the watch.
    _watcher: Option<RecommendedWatcher>,
}

/// What a configuration is made of.
#[derive(Clone)]
struct Files {
    configuration: PathBuf,
    dot_env: PathBuf,
}

/// The bytes of the configuration and of the `.env`; nothing where one cannot be read.
type Contents = (Option<Vec<u8>>, Option<Vec<u8>>);

impl Files {
    fn contents(&self) -> Contents {
        let bytes = |path: &Path| std::fs::read(path).ok();
        (bytes(&self.configuration), bytes(&self.dot_env))
    }

    async fn look(&self) -> Contents {
        let files = self.clone();
        let looked = spawn_blocking(move || files.contents()).await;
        looked.unwrap_or_default()
    }
}

impl Watch {
    /// Watches a file. Without one, or where the system cannot, it never changes.
    pub fn of(file: Option<&Path>) -> Self {
        let changed = Arc::<Notify>::default();
        let files = file.map(|file| Files {
            configuration: file.to_owned(),
            dot_env: file.with_file_name(".env"),
        });
        let seen = files.as_ref().map(Files::contents).unwrap_or_default();
        let watcher = file.and_then(|file| match watch(file, &changed) {
            Ok(watcher) => Some(watcher),
            Err(error) => {
                let file = file.display();
                tracing::warn!("cannot watch {file}: {error}; send SIGHUP after a change");
                None
            }
        });
        Self {
            files,
            seen,
            changed,
            _watcher: watcher,
        }
    }

    /// Returns when the files have other contents. What is given up half-way is not lost if
    /// [`Self::look`] follows.
    pub async fn changed(&mut self) {
        loop {
            self.changed.notified().await;
            if self.settle().await {
                return;
            }
        }
    }

    /// Takes the files as they are now for seen.
    pub async fn look(&mut self) {
        if let Some(files) = &self.files {
            self.seen = files.look().await;
        }
    }

    /// Waits until the files rest. Whether they can be read and have other contents than before;
    /// one that is away for a moment, as while an editor saves it, has not changed.
    async fn settle(&mut self) -> bool {
        let Some(files) = &self.files else {
            return false;
        };
        let mut contents = files.look().await;
        for _ in 0..LOOKS_MAX {
            if contents == self.seen {
                return false;
            }
            sleep(SETTLE).await;
            let now = files.look().await;
            if now == contents {
                break;
            }
            contents = now;
        }
        let has_changed = contents.0.is_some() && contents != self.seen;
        if has_changed {
            self.seen = contents;
        }
        has_changed
    }
}

/// Watches the folder of a file, since most programs save by putting a new file in its place, and
/// the folder where the file really is.
fn watch(file: &Path, changed: &Arc<Notify>) -> notify::Result<RecommendedWatcher> {
    let real = file.canonicalize()?;
    let name = |path: &Path| path.file_name().map(ToOwned::to_owned);
    let names: Vec<OsString> = [file, &real, Path::new(".env"), Path::new(MOUNTED)]
        .into_iter()
        .filter_map(name)
        .collect();
    let changed = Arc::clone(changed);
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        // What cannot be told exactly, such as an overflow of the queue, is worth a look.
        let matters = event.map_or(true, |event| matters(&event, &names));
        if matters {
            changed.notify_one();
        }
    })?;
    let folder = folder(file);
    watcher.watch(&folder, RecursiveMode::NonRecursive)?;
    let real_folder = real.parent().map(Path::to_owned).unwrap_or_default();
    if folder.canonicalize()? != real_folder {
        watcher.watch(&real_folder, RecursiveMode::NonRecursive)?;
    }
    Ok(watcher)
}

fn matters(event: &Event, names: &[OsString]) -> bool {
    let is_ours = |path: &PathBuf| {
        path.file_name()
            .is_some_and(|n| names.iter().any(|k| k == n))
    };
    let is_told = event.paths.iter().any(is_ours) || event.need_rescan();
    is_told && !matches!(event.kind, EventKind::Access(_))
}

fn folder(file: &Path) -> PathBuf {
    match file.parent() {
        Some(folder) if folder != Path::new("") => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}
