//! `tls`: whom we believe where we connect by TLS.

use crate::apps::Place;
use crate::config::field::{Section, set};
use crate::settings::{AppEntry, AppRole, Settings, Trust};
use std::path::Path;

pub fn tls(section: &Section<'_>, trust: &mut Trust) {
    let remedy = "name the PEM file of the certificates that are to be believed";
    let file = section.get("ca_file");
    let read = file.and_then(|field| {
        let believe = |path: &str| {
            Trust::with_file(Path::new(path)).map_err(|error| format!("{path}: {error}"))
        };
        field.read(believe, remedy)
    });
    set(trust, read);
}

/// Reads this machine's certificates where an application needs them: here waiting for files keeps
/// no call waiting.
pub fn make_ready(settings: &Settings) {
    let needs_tls = |entry: &AppEntry| match entry {
        AppEntry::WebSocket(app) => match &app.role {
            AppRole::Client { url } => Place::of(url).is_ok_and(|place| place.is_secure),
            AppRole::Server => false,
        },
        AppEntry::Echo | AppEntry::Rust(_) => false,
    };
    if settings.apps.values().any(needs_tls) {
        settings.tls.client();
    }
}
