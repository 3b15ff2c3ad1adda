//! Finding servers (RFC 3263), with DNS played by a table.

use std::net::IpAddr;

use trunkline_sip::Uri;
use trunkline_sip::endpoint::Transport::{self, Tcp, Udp};
use trunkline_sip::locate::{Answer, Locator, Naptr, Output, PLACES_MAX, Question, Server, Srv};

fn naptr(order: u16, preference: u16, service: &str, replacement: &str) -> Naptr {
    Naptr {
        order,
        preference,
        flags: "s".to_owned(),
        service: service.to_owned(),
        replacement: replacement.to_owned(),
    }
}

fn srv(priority: u16, weight: u16, port: u16, target: &str) -> Srv {
    Srv {
        priority,
        weight,
        port,
        target: target.to_owned(),
    }
}

fn addresses(list: &[&str]) -> Answer {
    Answer::Addresses(
        list.iter()
            .map(|ip| ip.parse::<IpAddr>().unwrap())
            .collect(),
    )
}

/// What was asked, and what was found, of `sip:bob@…`.
struct Outcome {
    asked: Vec<String>,
    found: Vec<String>,
}

fn locate(uri: &str, seed: u8, dns: impl Fn(&Question) -> Answer) -> Outcome {
    let uri = Uri::parse(uri).unwrap();
    let transport = uri.param("transport").map(|name| match &*name {
        "tcp" => Tcp,
        _ => Udp,
    });
    let mut locator = Locator::new(Server::of(&uri, transport), &[Udp, Tcp], [seed; 32]);
    let mut asked = Vec::new();
    loop {
        assert!(asked.len() < 32, "{asked:?}");
        match locator.poll_output() {
            Output::Ask(question) => {
                locator.handle_input(dns(&question));
                asked.push(match question {
                    Question::Naptr(name) => format!("NAPTR {name}"),
                    Question::Srv(name) => format!("SRV {name}"),
                    Question::Addresses(name) => format!("A {name}"),
                });
            }
            Output::Found(places) => {
                let found = places.iter();
                let found =
                    found.map(|place| format!("{} {}", name(place.transport), place.address));
                return Outcome {
                    asked,
                    found: found.collect(),
                };
            }
        }
    }
}

fn name(transport: Transport) -> &'static str {
    match transport {
        Tcp => "TCP",
        _ => "UDP",
    }
}

/// The example of RFC 3263 §4.1 and §4.2, whose client here has no TLS.
fn example(question: &Question) -> Answer {
    match question {
        Question::Naptr(name) if name == "example.com" => Answer::Naptr(vec![
            naptr(90, 50, "SIP+D2U", "_sip._udp.example.com"),
            naptr(50, 50, "SIPS+D2T", "_sips._tcp.example.com"),
            naptr(90, 40, "SIP+D2T", "_sip._tcp.example.com"),
        ]),
        Question::Srv(name) if name == "_sip._tcp.example.com" => Answer::Srv(vec![
            srv(1, 0, 5070, "server2.example.com"),
            srv(0, 1, 5060, "server1.example.com"),
        ]),
        Question::Srv(name) if name == "_sip._udp.example.com" => {
            Answer::Srv(vec![srv(0, 1, 5080, "server1.example.com")])
        }
        Question::Addresses(name) if name == "server1.example.com" => {
            addresses(&["192.0.2.1", "2001:db8::1"])
        }
        Question::Addresses(name) if name == "server2.example.com" => addresses(&["192.0.2.2"]),
        Question::Addresses(name) if name == "example.com" => addresses(&["192.0.2.9"]),
        _ => Answer::Nothing,
    }
}

#[test]
fn naptr_chooses_the_transport_and_srv_the_order_of_the_servers() {
    let Outcome { asked, found } = locate("sip:bob@example.com", 1, example);
    assert_eq!(
        asked,
        [
            "NAPTR example.com",
            "SRV _sip._tcp.example.com",
            "SRV _sip._udp.example.com",
            "A server1.example.com",
            "A server2.example.com",
            "A server1.example.com",
        ]
    );
    assert_eq!(
        found,
        [
            "TCP 192.0.2.1:5060",
            "TCP [2001:db8::1]:5060",
            "TCP 192.0.2.2:5070",
            "UDP 192.0.2.1:5080",
            "UDP [2001:db8::1]:5080",
        ]
    );
}

#[test]
fn what_the_uri_says_is_not_asked() {
    for (uri, asked, found) in [
        // An address, with and without port.
        ("sip:bob@192.0.2.7", vec![], "UDP 192.0.2.7:5060"),
        (
            "sip:bob@[2001:db8::7]:5070;transport=tcp",
            vec![],
            "TCP [2001:db8::7]:5070",
        ),
        // A port names one server.
        (
            "sip:bob@example.com:5099",
            vec!["A example.com"],
            "UDP 192.0.2.9:5099",
        ),
        (
            "sip:bob@example.com:5099;transport=tcp",
            vec!["A example.com"],
            "TCP 192.0.2.9:5099",
        ),
        // A transport leaves NAPTR nothing to say.
        (
            "sip:bob@example.com;transport=udp",
            vec!["SRV _sip._udp.example.com", "A server1.example.com"],
            "UDP 192.0.2.1:5080",
        ),
        // maddr goes before the host.
        (
            "sip:bob@example.com;maddr=192.0.2.8",
            vec![],
            "UDP 192.0.2.8:5060",
        ),
    ] {
        let outcome = locate(uri, 1, example);
        assert_eq!(outcome.asked, asked, "{uri}");
        assert_eq!(
            outcome.found.first().map(String::as_str),
            Some(found),
            "{uri}"
        );
    }
}

#[test]
fn a_domain_without_such_records_is_its_own_server() {
    let bare = |question: &Question| match question {
        Question::Addresses(_) => addresses(&["192.0.2.9"]),
        _ => Answer::Nothing,
    };
    let outcome = locate("sip:bob@pbx.example.com", 1, bare);
    assert_eq!(
        outcome.asked,
        [
            "NAPTR pbx.example.com",
            "SRV _sip._udp.pbx.example.com",
            "SRV _sip._tcp.pbx.example.com",
            "A pbx.example.com",
        ]
    );
    assert_eq!(outcome.found, ["UDP 192.0.2.9:5060"]);
    // A name of one label is in the machine's own files or nowhere.
    assert_eq!(locate("sip:bob@localhost", 1, bare).asked, ["A localhost"]);
}

#[test]
fn a_resolver_that_fails_is_asked_for_addresses_alone() {
    let dead = |question: &Question| match question {
        Question::Addresses(_) => addresses(&["192.0.2.9"]),
        _ => Answer::Failed,
    };
    let outcome = locate("sip:bob@example.com", 1, dead);
    assert_eq!(outcome.asked, ["NAPTR example.com", "A example.com"]);
    assert_eq!(outcome.found, ["UDP 192.0.2.9:5060"]);
    let outcome = locate("sip:bob@example.com", 1, |_| Answer::Failed);
    assert!(outcome.found.is_empty());
}

#[test]
fn records_that_lead_nowhere_or_too_far_are_bounded() {
    let hostile = |question: &Question| match question {
        Question::Naptr(_) => Answer::Naptr(
            (0..1_000)
                .map(|n| naptr(n, 0, "SIP+D2U", "_sip._udp.example.com"))
                .chain([naptr(0, 0, "SIP+D2U", "."), naptr(0, 0, "E2U+sip", "x")])
                .collect(),
        ),
        Question::Srv(_) => Answer::Srv(
            (0..1_000)
                .map(|n| srv(n, n, 5060, "many.example.com"))
                .chain([srv(0, 0, 5060, "."), srv(0, 0, 0, "port.example.com")])
                .collect(),
        ),
        Question::Addresses(name) => {
            assert_eq!(name, "many.example.com");
            Answer::Addresses((0..255).map(|n| IpAddr::from([192, 0, 2, n])).collect())
        }
    };
    assert_eq!(
        locate("sip:bob@example.com", 1, hostile).found.len(),
        PLACES_MAX
    );
    // Answers to other questions than were asked say nothing.
    let confused = |question: &Question| match question {
        Question::Naptr(_) => addresses(&["192.0.2.1"]),
        Question::Srv(_) => Answer::Naptr(Vec::new()),
        Question::Addresses(_) => Answer::Srv(vec![srv(0, 0, 1, "x.example.com")]),
    };
    assert!(locate("sip:bob@example.com", 1, confused).found.is_empty());
}

#[test]
fn servers_of_one_priority_share_by_their_weights() {
    let shared = |question: &Question| match question {
        Question::Srv(_) => Answer::Srv(vec![
            srv(0, 3, 5061, "a.example.com"),
            srv(0, 1, 5062, "b.example.com"),
            srv(9, 100, 5063, "last.example.com"),
        ]),
        Question::Addresses(_) => addresses(&["192.0.2.1"]),
        Question::Naptr(_) => Answer::Nothing,
    };
    let mut firsts = 0;
    for seed in 0..=255 {
        let found = locate("sip:bob@example.com;transport=udp", seed, shared).found;
        assert_eq!(found.len(), 3);
        assert_eq!(found[2], "UDP 192.0.2.1:5063", "whatever its weight");
        firsts += usize::from(found[0].ends_with(":5061"));
    }
    // 3 of 4, and a lot of 0 in 0..=4 falls to the lighter one: RFC 2782 orders them so.
    assert!((120..=230).contains(&firsts), "{firsts} of 256");
}

#[test]
fn what_was_found_so_far_is_there_for_whoever_waits_no_longer() {
    let server = Server {
        host: "example.com".to_owned(),
        port: None,
        transport: Some(Udp),
    };
    let mut locator = Locator::new(server, &[Udp], [1; 32]);
    locator.handle_input(Answer::Srv(vec![
        srv(0, 1, 5060, "server1.example.com"),
        srv(1, 1, 5070, "server2.example.com"),
    ]));
    locator.handle_input(addresses(&["192.0.2.1"]));
    let next = Question::Addresses("server2.example.com".to_owned());
    assert_eq!(locator.poll_output(), Output::Ask(next));
    let places = locator.into_places();
    let addresses = places.iter().map(|place| place.address.to_string());
    assert_eq!(addresses.collect::<Vec<_>>(), ["192.0.2.1:5060"]);
}
