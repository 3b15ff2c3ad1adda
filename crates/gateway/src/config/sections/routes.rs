//! `default_country`, `dids`, `routes`: who takes which call.

use crate::clock::Clock;
use crate::config::field::{Field, Section};
use crate::config::{keys, nearest};
use trunkline_call::Parameters;
use trunkline_call::numbers::Country;
use trunkline_call::routes::{Did, Dids, PartyPattern, Pattern, Routes, Rule, Source};

const COUNTRY_REMEDY: &str = "write the two letters of ISO 3166, such as US or DE";
const PATTERN_REMEDY: &str = "write a text with `*` at either end or none, such as \"+1*\"";
const TIME_REMEDY: &str = "write days, hours or both, such as \"mon-fri 09:00-17:00\"";
const ZONE_REMEDY: &str = "write a name of the IANA database, such as Europe/Berlin";
const SOURCE_REMEDY: &str = "write an address or a network, such as 10.0.0.0/8";

/// The country whose numbers may be written as they are dialled there.
pub fn country(file: &Section<'_>) -> Option<Country> {
    file.get("default_country")?.parsed(COUNTRY_REMEDY)
}

/// The names that rules may use: also of entries that something else is wrong with, so that one
/// mistake is told once.
struct Names<'f> {
    apps: Vec<&'f str>,
    trunks: Vec<&'f str>,
}

impl<'f> Names<'f> {
    /// Those of a file, and `echo`, which is always there.
    fn of(file: &Section<'f>) -> Self {
        let names = |key| file.get(key).map(|f| f.names()).unwrap_or_default();
        let mut apps = names("apps");
        apps.push("echo");
        Self {
            apps,
            trunks: names("trunks"),
        }
    }
}

pub fn routes(file: &Section<'_>, country: Option<Country>) -> Routes {
    let names = Names::of(file);
    let dids = match file.get("dids") {
        Some(field) => dids(&field, &names, country.as_ref()),
        None => Dids::default(),
    };
    let rules = file.get("routes").map(|f| f.list()).unwrap_or_default();
    let rules = rules.iter();
    let rules = rules.filter_map(|f| rule(f, &names, country.as_ref()));
    Routes::new(dids, rules.collect(), country)
}

/// The time zone of the hours of rules.
pub fn clock(file: &Section<'_>) -> Option<Clock> {
    file.get("time_zone")?.parsed(ZONE_REMEDY)
}

/// Each number's entry. A key that is not ours is kept for the application, so none is unknown.
fn dids(field: &Field<'_>, names: &Names<'_>, country: Option<&Country>) -> Dids {
    let mut dids = Dids::default();
    for (key, entry) in field.entries() {
        if !is_number_or_name(&key.name) {
            let message = format!("{:?} is no number", key.name);
            entry.wrong(
                message,
                "write one number for each entry, such as +15125551234",
            );
            continue;
        }
        let did = did(&key.name, &entry, names);
        if let Err(taken) = dids.insert(did, country) {
            let message = format!("is the same number as {}", taken.number);
            entry.wrong(message, "keep one of them");
        }
    }
    dids
}

/// One number or user, not a pattern of many.
fn is_number_or_name(text: &str) -> bool {
    !text.trim().is_empty() && !text.contains(['*', '@']) && !text.contains(char::is_control)
}

fn did(number: &str, field: &Field<'_>, names: &Names<'_>) -> Did {
    let mut did = Did {
        number: number.to_owned(),
        ..Did::default()
    };
    for (key, value) in field.entries() {
        if key.name == "app" {
            did.app = app(&value, &names.apps);
        } else if let Some(text) = value.any_text() {
            add(&mut did.parameters, &key.name, &text, &value);
        }
    }
    did
}

fn rule(field: &Field<'_>, names: &Names<'_>, country: Option<&Country>) -> Option<Rule> {
    let section = field.section(&keys::ROUTE);
    let party = |key| {
        let read = |text: &str| PartyPattern::read(text, country);
        section.get(key).and_then(|f| f.read(read, PATTERN_REMEDY))
    };
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
    let time = section.get("time").and_then(|f| f.parsed(TIME_REMEDY));
    let parameters = section.get("parameters").map(|f| parameters(&f));
    let app = section.need("app").and_then(|f| app(&f, &names.apps));
    Some(Rule {
        to: party("to"),
        from: party("from"),
        trunk,
        provider: pattern("provider"),
        user: pattern("user"),
        header,
        source,
        time,
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
        if let Some(value) = entry.text() {
            add(&mut parameters, &key.name, value, &entry);
        }
    }
    parameters
}

fn add(parameters: &mut Parameters, name: &str, value: &str, field: &Field<'_>) {
    if !parameters.push(name, value) {
        let (most, bytes) = (Parameters::COUNT_MAX, Parameters::VALUE_BYTES_MAX);
        let remedy = format!("use at most {most} parameters of at most {bytes} bytes");
        field.wrong("cannot be handed over", remedy);
    }
}
