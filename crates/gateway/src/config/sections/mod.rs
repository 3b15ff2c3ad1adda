//! What each mapping of the file means.

pub(crate) mod agent;
mod apps;
pub(crate) mod calls;
mod documents;
mod hibari;
pub(crate) mod in_process;
mod on_lost;
mod providers;
mod routes;
mod server;
mod sip;
mod tls;

use super::Overrides;
use super::field::{Field, set};
use super::keys;
use super::older;
use super::problem::Report;
use super::variables::Variables;
use crate::settings::Settings;
pub use server::http_host;

/// The most media threads.
const SHARDS_MAX: usize = 1_024;

/// Reads the whole file. Gives the level of the log where the file, an old one, sets it.
pub fn file(
    root: &Field<'_>,
    variables: &Variables,
    overrides: &Overrides,
    report: &Report,
    settings: &mut Settings,
) -> Option<String> {
    let file = root.section(&keys::FILE);
    let flat = older::flat_keys(&file, settings);
    let is_old = flat.is_old || overrides.older.is_some();
    older::variables(variables, is_old, report, settings);
    if let Some(field) = file.get("server") {
        server::server(&field.section(&keys::SERVER), &mut settings.server);
    }
    if let Some(field) = file.get("sip") {
        sip::sip(&field.section(&keys::SIP), &mut settings.sip);
    }
    if let Some(field) = file.get("streams") {
        let section = field.section(&keys::STREAMS);
        let audiosocket = section.get("audiosocket");
        let remedy = "write an address and a port, such as \"127.0.0.1:9092\"";
        settings.streams.audiosocket = audiosocket.and_then(|f| f.parsed(remedy));
    }
    overrides.set_places(settings);
    sip::check_ports(&file, report, settings);
    let country = routes::country(&file);
    if let Some(field) = file.get("dial") {
        let section = field.section(&keys::DIAL);
        calls::dial(&section, country.clone(), &mut settings.dial);
    }
    if let Some(field) = file.get("trunks") {
        settings.trunks = calls::trunks(&field);
    }
    set(&mut settings.clock, routes::clock(&file));
    if let Some(field) = file.get("tls") {
        tls::tls(&field.section(&keys::TLS), &mut settings.tls);
    }
    if let Some(field) = file.get("apps") {
        let (trust, clock) = (&settings.tls, &settings.clock);
        let beside = agent::Beside { trust, clock };
        let in_process = overrides.in_process.as_ref();
        apps::apps(&field, in_process, &beside, &mut settings.apps);
    }
    providers::older(&file, &mut settings.providers);
    if let Some(field) = file.get("providers") {
        providers::providers(&field.section(&keys::PROVIDERS), &mut settings.providers);
    }
    settings.routes = routes::routes(&file, country);
    overrides.set_application(report, settings);
    tls::make_ready(settings);
    documents::documents(&file, settings);
    if let Some(field) = file.get("limits") {
        calls::limits(&field.section(&keys::LIMITS), &mut settings.limits);
    }
    if let Some(field) = file.get("records") {
        let section = field.section(&keys::RECORDS);
        settings.records.file = section.get("file").and_then(|f| f.text()).map(Into::into);
    }
    let shards = file.get("shards").and_then(|f| f.number(0..=SHARDS_MAX));
    set(&mut settings.shards, shards);
    flat.log_level
}
