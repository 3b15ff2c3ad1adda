//! What DNS servers say, read; and what of it is remembered.

use super::cache::{ANSWERS_MAX, Cache};
use super::message::{Kind, Records, Reply, question, reply};
use proptest::prelude::*;
use simple_dns::rdata::{self, RData};
use simple_dns::{CLASS, CharacterString, Name, Packet, PacketFlag, RCODE, ResourceRecord};
use std::time::{Duration, Instant};
use trunkline_sip::locate::{Naptr, Srv};

const ID: u16 = 0x1234;

fn name(text: &str) -> Name<'_> {
    Name::new(text).unwrap()
}

fn record<'a>(owner: &'a str, ttl: u32, data: RData<'a>) -> ResourceRecord<'a> {
    ResourceRecord::new(name(owner), CLASS::IN, ttl, data)
}

fn a(address: u32) -> RData<'static> {
    RData::A(rdata::A { address })
}

/// What comes back for a question of this name's records, changed.
fn answer(kind: Kind, asked: &str, change: impl FnOnce(&mut Packet<'_>)) -> Vec<u8> {
    let question = question(ID, kind, asked).unwrap();
    let mut packet = Packet::parse(&question).unwrap().into_reply();
    change(&mut packet);
    packet.build_bytes_vec_compressed().unwrap()
}

#[test]
fn addresses_are_read_by_way_of_their_aliases_and_hold_as_long_as_the_first_that_ends() {
    let bytes = answer(Kind::A, "sip.example.com", |packet| {
        let alias = RData::CNAME(rdata::CNAME(name("pbx.example.net")));
        packet.answers = vec![
            record("sip.example.com", 900, alias),
            record("PBX.example.net", 300, a(0xC000_0201)),
            record("pbx.example.net", 600, a(0xC000_0202)),
            record("other.example.net", 1, a(0x0A00_0001)),
        ];
    });
    let both = vec!["192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap()];
    assert_eq!(
        reply(&bytes, ID, Kind::A, "SIP.example.com."),
        Reply::Says(Records::Addresses(both), Duration::from_secs(300))
    );
}

#[test]
fn naptr_and_srv_records_are_read_whole() {
    let text = |text: &'static str| CharacterString::new(text.as_bytes()).unwrap();
    let bytes = answer(Kind::Naptr, "example.com", |packet| {
        let naptr = rdata::NAPTR {
            order: 90,
            preference: 50,
            flags: text("s"),
            services: text("SIP+D2T"),
            regexp: text(""),
            replacement: name("_sip._tcp.example.com"),
        };
        packet.answers = vec![record("example.com", 60, RData::NAPTR(naptr))];
    });
    let expected = Naptr {
        order: 90,
        preference: 50,
        flags: "s".to_owned(),
        service: "SIP+D2T".to_owned(),
        replacement: "_sip._tcp.example.com".to_owned(),
    };
    assert_eq!(
        reply(&bytes, ID, Kind::Naptr, "example.com"),
        Reply::Says(Records::Naptr(vec![expected]), Duration::from_secs(60))
    );
    let bytes = answer(Kind::Srv, "_sip._tcp.example.com", |packet| {
        let srv = rdata::SRV {
            priority: 1,
            weight: 2,
            port: 5070,
            target: name("server1.example.com"),
        };
        packet.answers = vec![record("_sip._tcp.example.com", 60, RData::SRV(srv))];
    });
    let expected = Srv {
        priority: 1,
        weight: 2,
        port: 5070,
        target: "server1.example.com".to_owned(),
    };
    assert_eq!(
        reply(&bytes, ID, Kind::Srv, "_sip._tcp.example.com"),
        Reply::Says(Records::Srv(vec![expected]), Duration::from_secs(60))
    );
}

#[test]
fn that_there_is_nothing_holds_as_long_as_the_zone_says() {
    let soa = || rdata::SOA {
        mname: name("ns.example.com"),
        rname: name("admin.example.com"),
        serial: 1,
        refresh: 1,
        retry: 1,
        expire: 1,
        minimum: 120,
    };
    let bytes = answer(Kind::Srv, "_sip._udp.example.com", |packet| {
        *packet.rcode_mut() = RCODE::NameError;
        packet.name_servers = vec![record("example.com", 3_600, RData::SOA(soa()))];
    });
    assert_eq!(
        reply(&bytes, ID, Kind::Srv, "_sip._udp.example.com"),
        Reply::Says(Records::Nothing, Duration::from_secs(120))
    );
}

#[test]
fn what_answers_another_question_is_no_answer() {
    let good = answer(Kind::A, "example.com", |packet| {
        packet.answers = vec![record("example.com", 60, a(1))];
    });
    let says = |reply: Reply| matches!(reply, Reply::Says(..));
    assert!(says(reply(&good, ID, Kind::A, "example.com")));
    assert_eq!(reply(&good, ID + 1, Kind::A, "example.com"), Reply::Stray);
    assert_eq!(reply(&good, ID, Kind::Aaaa, "example.com"), Reply::Stray);
    assert_eq!(reply(&good, ID, Kind::A, "example.net"), Reply::Stray);
    // A question is none, even our own come back.
    let asked = question(ID, Kind::A, "example.com").unwrap();
    assert_eq!(reply(&asked, ID, Kind::A, "example.com"), Reply::Stray);
    let cut = answer(Kind::A, "example.com", |packet| {
        packet.set_flags(PacketFlag::TRUNCATION);
    });
    assert_eq!(reply(&cut, ID, Kind::A, "example.com"), Reply::Cut);
    let refused = answer(Kind::A, "example.com", |packet| {
        *packet.rcode_mut() = RCODE::ServerFailure;
    });
    assert_eq!(reply(&refused, ID, Kind::A, "example.com"), Reply::Refuses);
}

#[test]
fn aliases_in_a_circle_and_counts_that_lie_lead_nowhere() {
    let circle = answer(Kind::A, "a.example.com", |packet| {
        let to = |target| RData::CNAME(rdata::CNAME(name(target)));
        packet.answers = vec![
            record("a.example.com", 60, to("b.example.com")),
            record("b.example.com", 60, to("a.example.com")),
        ];
    });
    let nothing = Reply::Says(Records::Nothing, Duration::ZERO);
    assert_eq!(reply(&circle, ID, Kind::A, "a.example.com"), nothing);
    let mut boasts = answer(Kind::A, "example.com", |_| {});
    // The number of answers.
    boasts[6..8].copy_from_slice(&[0xFF, 0xFF]);
    assert_eq!(reply(&boasts, ID, Kind::A, "example.com"), Reply::Stray);
}

#[test]
fn what_cannot_be_a_name_is_not_asked() {
    let long = "a".repeat(64);
    assert!(question(ID, Kind::A, &format!("{long}.example.com")).is_none());
    assert!(question(ID, Kind::A, &"a.".repeat(200)).is_none());
    assert!(question(ID, Kind::A, "example.com.").is_some());
}

#[test]
fn an_answer_is_remembered_for_its_life_and_not_without_one() {
    let (mut cache, now) = (Cache::default(), Instant::now());
    let key = |n: usize| (Kind::A, format!("{n}.example.com"));
    cache.keep(key(0), Records::Nothing, now, Duration::ZERO);
    assert_eq!(cache.len(), 0);
    cache.keep(key(1), Records::Nothing, now, Duration::from_secs(60));
    let later = now + Duration::from_secs(59);
    assert_eq!(cache.find(&key(1), later), Some(Records::Nothing));
    assert_eq!(cache.find(&key(1), later + Duration::from_secs(1)), None);
    // Whatever somebody has looked up: the number is bounded, and the newest is there.
    for n in 0..3 * ANSWERS_MAX {
        cache.keep(
            key(n),
            Records::Nothing,
            now,
            Duration::from_secs(60 + n as u64),
        );
    }
    assert_eq!(cache.len(), ANSWERS_MAX);
    assert!(cache.find(&key(3 * ANSWERS_MAX - 1), now).is_some());
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(
        noise in prop::collection::vec(any::<u8>(), 0..600),
        places in prop::collection::vec((0_usize..200, any::<u8>()), 0..8),
    ) {
        let _ = reply(&noise, ID, Kind::Srv, "example.com");
        let mut bytes = answer(Kind::Srv, "example.com", |packet| {
            let srv = rdata::SRV { priority: 1, weight: 1, port: 1, target: name("x.example.com") };
            packet.answers = vec![record("example.com", 60, RData::SRV(srv))];
        });
        for (at, byte) in places {
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
        }
        let _ = reply(&bytes, ID, Kind::Srv, "example.com");
    }
}
