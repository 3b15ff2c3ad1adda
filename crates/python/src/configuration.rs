//! What a gateway in Python is told: a file, or a mapping as text, and whose calls are Python's.

use std::path::PathBuf;
use std::sync::Arc;
use trunkline::config::{self, InProcess, Loaded, Overrides, Refused, Variables};
use trunkline::settings::{AppEntry, Settings};
use trunkline_call::routes::{Routes, Rule};
use trunkline_streams::AnswerMode;

use crate::arrivals::Arrivals;

/// The application of calls that no other one takes.
const APPLICATION: &str = "python";

/// Where the configuration is.
pub enum Source {
    /// In this file, or where `trunkline serve` looks for one.
    File(Option<PathBuf>),
    /// Here: YAML, or JSON.
    Text(String),
}

/// A configuration that was proven.
pub struct Configuration {
    /// What the gateway takes.
    pub settings: Settings,
    /// Whether HTTP is served: where the configuration says anything of `server`.
    pub has_http: bool,
    /// The application of calls that Python places.
    pub app: String,
}

/// Reads and proves it, with calls for Python going to `arrivals`.
///
/// # Errors
/// Everything that is wrong with it.
pub fn configure(source: Source, arrivals: &Arc<Arrivals>) -> Result<Configuration, Refused> {
    let arrivals = Arc::clone(arrivals);
    let in_process = InProcess(Arc::new(move |answer| arrivals.app(answer)));
    let overrides = Overrides {
        in_process: Some(in_process.clone()),
        ..Overrides::default()
    };
    let variables = Variables::of_process();
    let loaded = match source {
        Source::File(file) => config::load(file.as_deref(), variables, &overrides),
        Source::Text(text) => config::load_text(&text, variables, &overrides),
    };
    let Loaded {
        mut settings,
        names_server,
        ..
    } = loaded?;
    let app = python_app(&mut settings, &in_process);
    if settings.routes.rules().is_empty() {
        let rule = Rule {
            app: app.clone(),
            ..Rule::default()
        };
        let (dids, country) = (settings.routes.dids(), settings.routes.country());
        settings.routes = Routes::new(dids.clone(), vec![rule], country.cloned());
    }
    Ok(Configuration {
        settings,
        has_http: names_server,
        app,
    })
}

/// The first application of `type: python`, made where there is none.
fn python_app(settings: &mut Settings, in_process: &InProcess) -> String {
    let is_python = |app: &AppEntry| matches!(app, AppEntry::Rust(_));
    let found = settings.apps.iter().find(|(_, app)| is_python(app));
    if let Some((name, _)) = found {
        return name.clone();
    }
    let mut name = APPLICATION.to_owned();
    while settings.apps.contains_key(&name) {
        name.push('_');
    }
    let app = (in_process.0)(AnswerMode::WhenOpen);
    settings.apps.insert(name.clone(), AppEntry::Rust(app));
    name
}
