//! `dial`, `trunks`, `routes`, `limits`: which calls there are and who takes them.

use super::sip::seconds;
use crate::config::field::{Field, Section, set};
use crate::config::keys;
use crate::config::nearest;
use crate::settings::{DialRules, LimitSettings, Trunk};
use std::collections::BTreeMap;
use std::net::IpAddr;
use trunkline_call::Parameters;
use trunkline_call::routes::{Pattern, Routes, Rule, Source};
use trunkline_sip::endpoint::Transport;

/// More calls than any one machine takes.
const CALLS_MAX: usize = 1_000_000;
const PATTERN_REMEDY: &str = "write a text with `*` at either end or none, such as \"+1*\"";
const DIAL_REMEDY: &str = "write a number or a URI with one `*` at most, such as \"+1*\"";
const SOURCE_REMEDY: &str = "write an address or a network, such as 10.0.0.0/8";
const NAME_REMEDY: &str = "write letters, digits, `-`, `_` and `.`, at most 64 of them";
const NAME_CHARACTERS_MAX: usize = 64;

pub fn dial(section: &Section<'_>, dial: &mut DialRules) {
    if let Some(field) = section.get("allow") {
        let rules = field.list();
        dial.allow = rules.iter().filter_map(|f| f.parsed(DIAL_REMEDY)).collect();
    }
}

/// Whether somebody's own name can stand in URLs, logs and targets as it is.
pub fn is_name(name: &str) -> bool {
    let good = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    !name.is_empty() && name.len() <= NAME_CHARACTERS_MAX && name.bytes().all(good)
}

/// The entries of a mapping of names, each name checked.
pub fn named<'f>(field: &Field<'f>) -> Vec<(&'f str, Field<'f>)> {
    let entries = field.entries().into_iter();
    entries
        .map(|(key, entry)| {
            if !is_name(&key.name) {
                entry.wrong(format!("{:?} cannot be a name", key.name), NAME_REMEDY);
            }
            (key.name.as_str(), entry)
        })
        .collect()
}

pub fn trunks(field: &Field<'_>) -> BTreeMap<String, Trunk> {
    let entries = named(field).into_iter();
    entries
        .filter_map(|(name, entry)| Some((name.to_owned(), trunk(&entry)?)))
        .collect()
}

fn trunk(field: &Field<'_>) -> Option<Trunk> {
    let section = field.section(&keys::TRUNK);
    let text = |key| section.get(key).and_then(|f| f.text()).map(str::to_owned);
    let transports = [("udp", Transport::Udp), ("tcp", Transport::Tcp)];
    let host = section.need("host").and_then(|f| host(&f));
    let trunk = Trunk {
        port: section
            .get("port")
            .and_then(|f| f.number(1..=u16::MAX))
            .unwrap_or(5060),
        transport: section
            .get("transport")
            .and_then(|f| f.word(&transports))
            .unwrap_or(Transport::Udp),
        register: section
            .get("register")
            .and_then(|f| f.flag())
            .unwrap_or(false),
        username: text("username"),
        password: text("password"),
        host: host?,
    };
    if (trunk.register || trunk.password.is_some()) && trunk.username.is_none() {
        section.field().wrong(
            "`username` is missing",
            "add the name that the trunk knows us by",
        );
    }
    Some(trunk)
}

/// A name or an address, without scheme and port.
fn host(field: &Field<'_>) -> Option<String> {
    let text = field.text()?;
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let name = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    if bare.parse::<IpAddr>().is_ok() || text.bytes().all(name) {
        return Some(bare.to_owned());
    }
    field.wrong(
        format!("{text:?} is no host"),
        "write a name or an address alone; the port has a key of its own",
    );
    None
}

/// The names that rules may use: also of entries that something else is wrong with, so that one
/// mistake is told once.
pub struct Names<'f> {
    apps: Vec<&'f str>,
    trunks: Vec<&'f str>,
}

impl<'f> Names<'f> {
    /// Those of a file, and `echo`, which is always there.
    pub fn of(file: &Section<'f>) -> Self {
        let names = |key| file.get(key).map(|f| f.names()).unwrap_or_default();
        let mut apps = names("apps");
        apps.push("echo");
        Self {
            apps,
            trunks: names("trunks"),
        }
    }
}

pub fn routes(field: &Field<'_>, names: &Names<'_>) -> Routes {
    let rules = field.list();
    Routes::new(rules.iter().filter_map(|f| rule(f, names)).collect())
}

fn rule(field: &Field<'_>, names: &Names<'_>) -> Option<Rule> {
    let section = field.section(&keys::ROUTE);
    let pattern = |key| {
        section
            .get(key)
            .and_then(|f| f.parsed::<Pattern>(PATTERN_REMEDY))
    };
    let trunk = section
        .get("trunk")
        .and_then(|f| trunk_pattern(&f, &names.trunks));
    let header = section.get("header").and_then(|f| header(&f));
    let source = section.get("source").and_then(|f| source(&f));
    let parameters = section.get("parameters").map(|f| parameters(&f));
    let app = section.need("app").and_then(|f| app(&f, &names.apps));
    Some(Rule {
        to: pattern("to"),
        from: pattern("from"),
        trunk,
        user: pattern("user"),
        header,
        source,
        app: app?,
        parameters: parameters.unwrap_or_default(),
    })
}

fn source(field: &Field<'_>) -> Option<Source> {
    let text = field.text()?;
    let source = text.parse().ok();
    if source.is_none() {
        field.wrong(format!("{text:?} is no address"), SOURCE_REMEDY);
    }
    source
}

/// A trunk by name must be there; a pattern may match none.
fn trunk_pattern(field: &Field<'_>, trunks: &[&str]) -> Option<Pattern> {
    let text = field.text()?;
    if !text.contains('*') && !trunks.contains(&text) {
        let remedy = no_such(text, trunks, "trunks");
        field.wrong(format!("no trunk is named {text:?}"), remedy);
        return None;
    }
    field.parsed(PATTERN_REMEDY)
}

fn app(field: &Field<'_>, apps: &[&str]) -> Option<String> {
    let text = field.text()?;
    if !apps.contains(&text) {
        let remedy = no_such(text, apps, "apps");
        field.wrong(format!("no application is named {text:?}"), remedy);
        return None;
    }
    Some(text.to_owned())
}

fn no_such(name: &str, names: &[&str], mapping: &str) -> String {
    match nearest(name, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("add it under `{mapping}`"),
    }
}

/// One header by name, and the pattern of its value.
fn header(field: &Field<'_>) -> Option<(String, Pattern)> {
    match field.entries().as_slice() {
        [(key, value)] => Some((key.name.clone(), value.parsed(PATTERN_REMEDY)?)),
        _ => {
            field.wrong("names not just one header", "write {X-Name: \"value*\"}");
            None
        }
    }
}

fn parameters(field: &Field<'_>) -> Parameters {
    let mut parameters = Parameters::default();
    for (key, entry) in field.entries() {
        let Some(value) = entry.text() else { continue };
        if !parameters.push(&key.name, value) {
            let (most, bytes) = (Parameters::COUNT_MAX, Parameters::VALUE_BYTES_MAX);
            let remedy = format!("use at most {most} parameters of at most {bytes} bytes");
            entry.wrong("cannot be handed over", remedy);
        }
    }
    parameters
}

pub fn limits(section: &Section<'_>, limits: &mut LimitSettings) {
    set(
        &mut limits.calls,
        section.get("calls").and_then(|f| f.number(1..=CALLS_MAX)),
    );
    let longest = section.get("call_duration").and_then(|f| seconds(&f));
    set(&mut limits.call_duration, longest.map(Some));
}
