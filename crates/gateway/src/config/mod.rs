//! The configuration: a file as written, and the [`Settings`] it proves to be. Whatever is wrong
//! is told with its place and its remedy, all of it at once, before any port is bound.

pub(crate) mod field;
pub mod keys;
mod nearest;
mod older;
mod outline;
mod overrides;
mod problem;
pub(crate) mod sections;
#[cfg(test)]
mod tests;
mod variables;
mod yaml;

pub use nearest::nearest;
pub use outline::outline;
pub use overrides::{InProcess, Older, Overrides};
pub use problem::{Place, Problem, Refused};
pub use variables::Variables;

use crate::settings::Settings;
use field::Field;
use problem::Report;
use std::path::{Path, PathBuf};

/// The largest file that is read.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// A configuration that was proven.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What the gateway takes.
    pub settings: Settings,
    /// The file it came from; nothing where the defaults hold.
    pub file: Option<PathBuf>,
    /// Whether anything is said of `server`. Whoever asked for no HTTP need not have it.
    pub names_server: bool,
    /// The level of the log, where a file with flat keys sets it.
    pub log_level: Option<String>,
}

/// Finds the configuration, reads it and proves it.
///
/// # Errors
/// Everything that is wrong with it.
pub fn load(
    asked_for: Option<&Path>,
    mut variables: Variables,
    overrides: &Overrides,
) -> Result<Loaded, Refused> {
    let file = find(asked_for, &variables);
    let folder = file.as_deref().and_then(Path::parent);
    add_dot_env(folder.unwrap_or(Path::new("")), &mut variables)?;
    let text = match &file {
        Some(path) => read(path)?,
        None => String::new(),
    };
    prove(&text, file.as_deref(), &variables, overrides)
}

/// Proves a configuration that is in no file: YAML, and so JSON too.
///
/// # Errors
/// Everything that is wrong with it.
pub fn load_text(
    text: &str,
    mut variables: Variables,
    overrides: &Overrides,
) -> Result<Loaded, Refused> {
    add_dot_env(Path::new(""), &mut variables)?;
    prove(text, None, &variables, overrides)
}

/// Proves a text; `file` is its name in what is told of it.
fn prove(
    text: &str,
    file: Option<&Path>,
    variables: &Variables,
    overrides: &Overrides,
) -> Result<Loaded, Refused> {
    let report = Report::on(file);
    let mut loaded = Loaded {
        settings: Settings::default(),
        file: file.map(Path::to_owned),
        names_server: false,
        log_level: None,
    };
    if let Some(root) = yaml::parse(text, variables, &report) {
        let root = Field::root(&root, &report);
        loaded.names_server = root.names().contains(&"server");
        let settings = &mut loaded.settings;
        loaded.log_level = sections::file(&root, variables, overrides, &report, settings);
    }
    report.proven(loaded)
}

/// Reads another file of YAML as the configuration is read: with variables of the environment and of a
/// `.env` beside it, and everything that is wrong told with its place. What `understand` cannot make
/// something of, it has reported.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn read_beside<T>(
    path: &Path,
    mut variables: Variables,
    understand: impl FnOnce(&Field<'_>) -> Option<T>,
) -> Result<T, Refused> {
    add_dot_env(path.parent().unwrap_or(Path::new("")), &mut variables)?;
    let report = Report::on(Some(path));
    let root = yaml::parse(&read(path)?, &variables, &report);
    let understood = root.and_then(|root| understand(&Field::root(&root, &report)));
    let understood = report.proven(understood)?;
    understood.ok_or_else(|| unreadable(path, "says nothing", "write what the documentation shows"))
}

/// Where the configuration is: what was asked for, or the first place that has one.
fn find(asked_for: Option<&Path>, variables: &Variables) -> Option<PathBuf> {
    let named = variables
        .value("TRUNKLINE_CONFIG")
        .filter(|v| !v.is_empty());
    if let Some(path) = asked_for.or(named.map(Path::new)) {
        return Some(path.to_owned());
    }
    let home = variables.value("HOME").map(PathBuf::from);
    let folder = variables.value("XDG_CONFIG_HOME").filter(|v| !v.is_empty());
    let folder = folder.map_or_else(
        || home.as_ref().map(|h| h.join(".config")),
        |f| Some(f.into()),
    );
    let places = [
        Some(PathBuf::from("trunkline.yaml")),
        folder.map(|folder| folder.join("trunkline/trunkline.yaml")),
        home.map(|home| home.join(".vibecode/sip_config.yaml")),
    ];
    places.into_iter().flatten().find(|place| place.is_file())
}

fn read(path: &Path) -> Result<String, Refused> {
    let length = std::fs::metadata(path).map(|about| about.len());
    let read = match length {
        Ok(length) if length > FILE_BYTES_MAX => {
            return Err(unreadable(
                path,
                "is larger than 1 MiB",
                "name a configuration file",
            ));
        }
        _ => std::fs::read(path),
    };
    let bytes = read.map_err(|error| {
        let remedy = "name a file that is there and may be read, as in `--config FILE`";
        unreadable(path, &format!("cannot be read: {error}"), remedy)
    })?;
    String::from_utf8(bytes).map_err(|error| {
        let after = error.utf8_error().valid_up_to();
        let message = format!("is not UTF-8 after {after} bytes");
        unreadable(path, &message, "save it as UTF-8")
    })
}

fn unreadable(path: &Path, message: &str, remedy: &str) -> Refused {
    let problem = Problem {
        file: Some(path.to_owned()),
        place: None,
        message: message.to_owned(),
        remedy: remedy.to_owned(),
    };
    Refused {
        problems: vec![problem],
    }
}

fn add_dot_env(folder: &Path, variables: &mut Variables) -> Result<(), Refused> {
    let path = folder.join(".env");
    if !path.is_file() {
        return Ok(());
    }
    let report = Report::on(Some(&path));
    variables.add_file(&read(&path)?, &report);
    report.proven(())
}
