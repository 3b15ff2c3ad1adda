//! The messages of DNS (RFC 1035): a question, and what an answer says to it.

use simple_dns::rdata::RData;
use simple_dns::{CLASS, Name, Packet, PacketFlag, QCLASS, QTYPE, RCODE, ResourceRecord, TYPE};
use simple_dns::{header_buffer, rdata};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;
use trunkline_sip::locate::{Answer, Naptr, Srv};

/// How many aliases (CNAME) one answer may lead through.
const ALIASES_MAX: usize = 8;
/// How many records of one answer are taken.
const RECORDS_MAX: usize = 64;
/// The bytes of a header, and the fewest of a question and of a record.
const HEADER: usize = 12;
const QUESTION_MIN: usize = 5;
const RECORD_MIN: usize = 11;

/// A kind of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Naptr,
    Srv,
    A,
    Aaaa,
}

impl Kind {
    fn code(self) -> TYPE {
        match self {
            Self::Naptr => TYPE::NAPTR,
            Self::Srv => TYPE::SRV,
            Self::A => TYPE::A,
            Self::Aaaa => TYPE::AAAA,
        }
    }
}

/// The records of one name and kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Records {
    Naptr(Vec<Naptr>),
    Srv(Vec<Srv>),
    Addresses(Vec<IpAddr>),
    /// There are none.
    Nothing,
    /// Nobody could say.
    Failed,
}

impl From<Records> for Answer {
    fn from(records: Records) -> Self {
        match records {
            Records::Naptr(list) => Self::Naptr(list),
            Records::Srv(list) => Self::Srv(list),
            Records::Addresses(list) => Self::Addresses(list),
            Records::Nothing => Self::Nothing,
            Records::Failed => Self::Failed,
        }
    }
}

/// What a datagram that came back is.
#[derive(Debug, PartialEq, Eq)]
pub enum Reply {
    /// The records, and how long they hold.
    Says(Records, Duration),
    /// It did not fit: TCP has room.
    Cut,
    /// The server cannot say.
    Refuses,
    /// No answer to this question: somebody guesses, or an earlier answer comes late.
    Stray,
}

/// A question that wants the server to ask on; `None` where this cannot be a name.
pub fn question(id: u16, kind: Kind, name: &str) -> Option<Vec<u8>> {
    let mut packet = Packet::new_query(id);
    packet.set_flags(PacketFlag::RECURSION_DESIRED);
    let name = Name::new(name.trim_end_matches('.')).ok()?;
    let (kind, class) = (QTYPE::TYPE(kind.code()), QCLASS::CLASS(CLASS::IN));
    let question = simple_dns::Question::new(name, kind, class, false);
    packet.questions.push(question);
    packet.build_bytes_vec().ok()
}

/// Reads what came back for a question.
pub fn reply(bytes: &[u8], id: u16, kind: Kind, name: &str) -> Reply {
    if !counts_fit(bytes) {
        return Reply::Stray;
    }
    let (Ok(packet), Ok(asked)) = (Packet::parse(bytes), Name::new(name.trim_end_matches('.')))
    else {
        return Reply::Stray;
    };
    let same = |question: &simple_dns::Question<'_>| {
        question.qname == asked && question.qtype == QTYPE::TYPE(kind.code())
    };
    let is_ours = packet.id() == id && packet.has_flags(PacketFlag::RESPONSE);
    if !is_ours || !packet.questions.first().is_some_and(same) {
        return Reply::Stray;
    }
    if packet.has_flags(PacketFlag::TRUNCATION) {
        return Reply::Cut;
    }
    match packet.rcode() {
        RCODE::NoError | RCODE::NameError => {}
        _ => return Reply::Refuses,
    }
    let found = followed(&packet.answers, asked, kind.code());
    if found.is_empty() {
        return Reply::Says(Records::Nothing, life_of_nothing(&packet));
    }
    let life = found.iter().map(|record| record.ttl).min();
    let life = Duration::from_secs(life.unwrap_or_default().into());
    Reply::Says(records(kind, &found), life)
}

/// Whether a message can hold as many records as it says: room is made for that many.
fn counts_fit(bytes: &[u8]) -> bool {
    use header_buffer::{additional_records, answers, name_servers, questions};
    let count = |read: fn(&[u8]) -> simple_dns::Result<u16>| read(bytes).map_or(0, usize::from);
    let records = [answers, name_servers, additional_records].map(count);
    let least = records.iter().sum::<usize>() * RECORD_MIN + count(questions) * QUESTION_MIN;
    bytes.len() >= HEADER && bytes.len() - HEADER >= least
}

/// The records of a kind that a name has, by way of its aliases.
fn followed<'p, 'b>(
    answers: &'p [ResourceRecord<'b>],
    asked: Name<'b>,
    kind: TYPE,
) -> Vec<&'p ResourceRecord<'b>> {
    let mut name = asked;
    for _ in 0..ALIASES_MAX {
        let own = |record: &&ResourceRecord<'_>| record.name == name;
        let wanted = answers.iter().filter(own);
        let wanted = wanted.filter(|record| record.rdata.type_code() == kind);
        let found: Vec<_> = wanted.take(RECORDS_MAX).collect();
        if !found.is_empty() {
            return found;
        }
        let alias = answers.iter().filter(own).find_map(|r| match &r.rdata {
            RData::CNAME(alias) => Some(alias.0.clone()),
            _ => None,
        });
        let Some(alias) = alias else { break };
        name = alias;
    }
    Vec::new()
}

fn records(kind: Kind, found: &[&ResourceRecord<'_>]) -> Records {
    let each = found.iter().map(|record| &record.rdata);
    match kind {
        Kind::Naptr => Records::Naptr(each.filter_map(naptr).collect()),
        Kind::Srv => Records::Srv(each.filter_map(srv).collect()),
        Kind::A | Kind::Aaaa => Records::Addresses(each.filter_map(address).collect()),
    }
}

fn naptr(data: &RData<'_>) -> Option<Naptr> {
    let RData::NAPTR(naptr) = data else {
        return None;
    };
    let text = |string: &simple_dns::CharacterString<'_>| String::try_from(string.clone()).ok();
    Some(Naptr {
        order: naptr.order,
        preference: naptr.preference,
        flags: text(&naptr.flags)?,
        service: text(&naptr.services)?,
        replacement: naptr.replacement.to_string(),
    })
}

fn srv(data: &RData<'_>) -> Option<Srv> {
    let RData::SRV(srv) = data else { return None };
    Some(Srv {
        priority: srv.priority,
        weight: srv.weight,
        port: srv.port,
        target: srv.target.to_string(),
    })
}

fn address(data: &RData<'_>) -> Option<IpAddr> {
    match data {
        RData::A(rdata::A { address }) => Some(Ipv4Addr::from_bits(*address).into()),
        RData::AAAA(rdata::AAAA { address }) => Some(Ipv6Addr::from_bits(*address).into()),
        _ => None,
    }
}

/// How long it holds that there is nothing (RFC 2308 §5).
fn life_of_nothing(packet: &Packet<'_>) -> Duration {
    let life = packet.name_servers.iter().find_map(|r| match &r.rdata {
        RData::SOA(soa) => Some(r.ttl.min(soa.minimum)),
        _ => None,
    });
    Duration::from_secs(life.unwrap_or_default().into())
}
