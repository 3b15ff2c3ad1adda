//! The records of DNS that lead to a SIP server, and their order.

use crate::endpoint::{Random, Transport};

/// A NAPTR record (RFC 3403).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Naptr {
    /// Lower ones first.
    pub order: u16,
    /// Among those of one order, lower ones first.
    pub preference: u16,
    /// What the replacement is: `s` for the name of SRV records.
    pub flags: String,
    /// `SIP+D2U`, `SIP+D2T` and their like.
    pub service: String,
    /// The name that leads on.
    pub replacement: String,
}

/// An SRV record (RFC 2782).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Srv {
    /// Lower ones first.
    pub priority: u16,
    /// The share of this one among those of one priority.
    pub weight: u16,
    /// The port.
    pub port: u16,
    /// The host; empty or `.` where the service is expressly not offered.
    pub target: String,
}

/// The services that we can use (RFC 3263 §4.1), best first: how, and by which SRV name.
pub(super) fn services(
    mut records: Vec<Naptr>,
    ours: &[Transport],
) -> impl Iterator<Item = (Transport, String)> {
    records.sort_by_key(|record| (record.order, record.preference));
    records.into_iter().filter_map(move |record| {
        let transport = transport_of(&record.service)?;
        let leads_to_srv = record.flags.eq_ignore_ascii_case("s");
        let usable = leads_to_srv && ours.contains(&transport) && names(&record.replacement);
        usable.then_some((transport, record.replacement))
    })
}

fn transport_of(service: &str) -> Option<Transport> {
    match service.to_ascii_uppercase().as_str() {
        "SIP+D2U" => Some(Transport::Udp),
        "SIP+D2T" => Some(Transport::Tcp),
        "SIPS+D2T" => Some(Transport::Tls),
        _ => None,
    }
}

/// The order of RFC 2782: by priority, and among those of one priority by lot, each with the chance
/// that its weight says. Services that are not offered are left out.
pub(super) fn by_weight(mut records: Vec<Srv>, random: &mut Random) -> Vec<Srv> {
    records.retain(|record| names(&record.target) && record.port != 0);
    // Those of no weight stand first, so that they have a chance of their own.
    records.sort_by_key(|record| (record.priority, record.weight));
    let mut ordered = Vec::with_capacity(records.len());
    while let Some(priority) = records.first().map(|record| record.priority) {
        let alike = records.partition_point(|record| record.priority == priority);
        let weights = records
            .iter()
            .take(alike)
            .map(|record| u64::from(record.weight));
        let lot = random.at_most(weights.clone().sum());
        let sums = weights.scan(0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        });
        let chosen = sums.take_while(|sum| *sum < lot).count();
        ordered.push(records.remove(chosen));
    }
    ordered
}

/// Whether this is the name of something.
fn names(name: &str) -> bool {
    !name.trim_end_matches('.').is_empty()
}
