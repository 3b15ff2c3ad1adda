//! `dial`, `trunks`, `limits`: which calls there are.

use super::sip::seconds;
use crate::config::field::{Field, Section, set};
use crate::config::keys;
use crate::settings::{DialPattern, DialRules, LimitSettings, Trunk};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;
use trunkline_call::numbers::Country;
use trunkline_sip::endpoint::Transport;

/// More calls than any one machine takes.
const CALLS_MAX: usize = 1_000_000;
/// More requests a second than any one machine answers: as good as no limit.
const REQUESTS_PER_SECOND_MAX: u32 = 1_000_000;
/// Who says nothing for an hour is not asked why.
const DEAF_SECONDS_MAX: u64 = 3_600;
const DIAL_REMEDY: &str = "write a number or a URI with one `*` at most, such as \"+1*\"";
const NAME_REMEDY: &str = "write letters, digits, `-`, `_` and `.`, at most 64 of them";
const NAME_CHARACTERS_MAX: usize = 64;

pub fn dial(section: &Section<'_>, country: Option<Country>, dial: &mut DialRules) {
    if let Some(field) = section.get("allow") {
        let pattern = |text: &str| DialPattern::read(text, country.as_ref());
        let rules = field.list();
        let rules = rules.iter().filter_map(|f| f.read(pattern, DIAL_REMEDY));
        dial.allow = rules.collect();
    }
    dial.country = country;
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
        port: section.get("port").and_then(|f| f.number(1..=u16::MAX)),
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

pub fn limits(section: &Section<'_>, limits: &mut LimitSettings) {
    set(
        &mut limits.calls,
        section.get("calls").and_then(|f| f.number(1..=CALLS_MAX)),
    );
    let longest = section.get("call_duration").and_then(|f| seconds(&f));
    set(&mut limits.call_duration, longest.map(Some));
    // 0 is never.
    let deaf = section.get("app_deaf");
    let deaf = deaf.and_then(|f| f.number(0..=DEAF_SECONDS_MAX));
    let deaf = deaf.map(|seconds| (seconds > 0).then(|| Duration::from_secs(seconds)));
    set(&mut limits.app_deaf, deaf);
    let rate = section.get("requests_per_source");
    let rate = rate.and_then(|f| f.number(1..=REQUESTS_PER_SECOND_MAX));
    set(
        &mut limits.requests_per_source,
        rate.and_then(NonZeroU32::new),
    );
}
