//! `fetch`, `speech`, `prompts`: what documents that calls follow may use.

use super::calls::named;
use super::on_lost::piece;
use crate::config::field::{Field, Section};
use crate::config::keys;
use crate::settings::{AppEntry, AppRole, Settings};
use std::sync::Arc;

/// The most arguments of a command.
const ARGUMENTS_MAX: usize = 64;
const ORIGIN_REMEDY: &str = "write scheme, host and port, such as \"http://127.0.0.1:5000\"";

/// Reads the three keys, once the applications are known: where these are, documents may lead too.
pub fn documents(file: &Section<'_>, settings: &mut Settings) {
    if let Some(field) = file.get("fetch") {
        let section = field.section(&keys::FETCH);
        let allow = section.get("allow").map(|f| f.list()).unwrap_or_default();
        let allow = allow.iter().filter_map(|f| f.parsed(ORIGIN_REMEDY));
        settings.fetch.allow = allow.collect();
    }
    let applications = settings.apps.values().filter_map(|app| match app {
        AppEntry::WebSocket(app) => match &app.role {
            AppRole::Client { url, .. } => place(url)?.parse().ok(),
            AppRole::Server => None,
        },
        _ => None,
    });
    settings.fetch.allow.extend(applications);
    if let Some(field) = file.get("speech") {
        let section = field.section(&keys::SPEECH);
        settings.speech = section.need("command").and_then(|f| command(&f));
    }
    if let Some(field) = file.get("prompts") {
        let entries = named(&field).into_iter();
        let prompts = entries.filter_map(|(name, f)| Some((name.to_owned(), piece(&f)?)));
        settings.prompts = prompts.collect();
    }
}

/// A URL up to its path.
fn place(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    url.get(..scheme.len() + 3 + end)
}

/// A program and its arguments.
pub fn command(field: &Field<'_>) -> Option<Arc<[String]>> {
    let words = field.list();
    if words.is_empty() || words.len() > ARGUMENTS_MAX {
        field.wrong(
            format!("has no program, or more than {ARGUMENTS_MAX} words"),
            "write the program and its arguments, such as [espeak-ng, --stdin, --stdout]",
        );
        return None;
    }
    let words = words.iter().map(|word| Some(word.text()?.to_owned()));
    words.collect::<Option<Vec<String>>>().map(Arc::from)
}
