//! What is refused before any user hears of it (RFC 3261 §8.2), and who may call.

use crate::bench::Bench;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::time::Duration;
use trunkline_sip::digest::{Account, DigestClient};
use trunkline_sip::endpoint::{Action, EndpointConfig, Event, Path, Service};
use trunkline_sip::user_agent::{AdmissionConfig, AgentConfig, Caller, User};
use trunkline_sip::{Message, Name};

fn admitting(change: impl FnOnce(&mut AdmissionConfig)) -> Bench {
    let mut admission = AdmissionConfig::default();
    change(&mut admission);
    let agent = AgentConfig {
        admission,
        ..AgentConfig::default()
    };
    Bench::with(EndpointConfig {
        agent,
        ..EndpointConfig::default()
    })
}

fn with_user() -> Bench {
    admitting(|admission| {
        admission.users = vec![User {
            name: "alice".into(),
            password: "secret".into(),
        }];
    })
}

fn from_public(bench: &mut Bench) {
    let remote: SocketAddr = ([203, 0, 113, 5], 5060).into();
    bench.path = Path {
        remote,
        ..bench.path
    };
}

fn caller(bench: &mut Bench) -> Option<Caller> {
    bench
        .take_events()
        .into_iter()
        .find_map(|event| match event {
            Event::Invite { caller, .. } => Some(caller),
            _ => None,
        })
}

#[test]
fn a_method_we_know_and_do_not_do_gets_405_and_an_unknown_one_501() {
    for (method, status) in [
        ("SUBSCRIBE", 405),
        ("MESSAGE", 405),
        ("PRACK", 405),
        ("DANCE", 501),
    ] {
        let mut bench = Bench::new();
        let request = bench.peer_request(method, 1, &[]);
        bench.receive(&request);
        let refusal = bench.only_sent();
        assert_eq!(refusal.status(), Some(status), "{method}");
        assert!(
            refusal
                .header(Name::Allow)
                .is_some_and(|allow| allow.contains("INVITE"))
        );
    }
}

#[test]
fn an_extension_we_lack_gets_420_with_its_name() {
    let mut bench = Bench::new();
    let request = bench.peer_request("INVITE", 1, &["Require: 100rel, timer"]);
    bench.receive(&request);
    let refusal = bench.only_sent();
    assert_eq!(refusal.status(), Some(420));
    assert_eq!(refusal.header(Name::Unsupported), Some("100rel, timer"));
    // To take the place of a live call is none of ours either (RFC 3891 §3).
    let replaces = "Replaces: 1@x;to-tag=a;from-tag=b";
    let request = bench.peer_request("INVITE", 3, &["Require: replaces", replaces]);
    bench.receive(&request);
    let refusal = bench.only_sent();
    assert_eq!(refusal.status(), Some(420));
    assert_eq!(refusal.header(Name::Unsupported), Some("replaces"));
    assert!(caller(&mut bench).is_none());
    // Merely supporting one asks for nothing.
    let request = bench.peer_request("INVITE", 2, &["Supported: 100rel, timer"]);
    bench.receive(&request);
    assert!(caller(&mut bench).is_some());
}

#[test]
fn options_says_what_an_invite_would_find() {
    let mut bench = Bench::new();
    let options = bench.peer_request("OPTIONS", 1, &[]);
    bench.receive(&options);
    let answer = bench.only_sent();
    assert_eq!(answer.status(), Some(200));
    assert_eq!(answer.header(Name::Accept), Some("application/sdp"));
    assert!(answer.header(Name::Allow).is_some());
    assert!(answer.to().unwrap().tag().is_some());
    bench.act(Action::Serve(Service::Refused {
        retry_after: Duration::from_secs(30),
    }));
    for method in ["OPTIONS", "INVITE"] {
        let request = bench.peer_request(method, 2, &[]);
        bench.receive(&request);
        let refusal = bench.only_sent();
        assert_eq!(refusal.status(), Some(503), "{method}");
        assert_eq!(refusal.header(Name::RetryAfter), Some("30"));
    }
    assert!(bench.take_events().is_empty());
}

#[test]
fn a_request_that_belongs_into_a_dialog_and_names_none_gets_481() {
    for method in ["BYE", "INFO", "UPDATE", "NOTIFY", "REFER"] {
        let mut bench = Bench::new();
        let request = bench.peer_request(method, 1, &[]);
        bench.receive(&request);
        assert_eq!(bench.statuses(), [481], "{method}");
    }
}

#[test]
fn an_invite_from_a_public_address_gets_403_unless_the_gateway_is_open() {
    let mut bench = Bench::new();
    from_public(&mut bench);
    let invite = bench.peer_request("INVITE", 1, &[]);
    bench.receive(&invite);
    assert_eq!(bench.statuses(), [403]);
    let mut bench = admitting(|admission| admission.open = true);
    from_public(&mut bench);
    bench.receive(&invite);
    assert_eq!(caller(&mut bench), Some(Caller::Stranger));
}

#[test]
fn a_trunk_is_known_by_its_address() {
    let address = [203, 0, 113, 5].into();
    let mut bench = admitting(|admission| admission.trunks = vec![address]);
    from_public(&mut bench);
    let invite = bench.peer_request("INVITE", 1, &[]);
    bench.receive(&invite);
    assert_eq!(caller(&mut bench), Some(Caller::Trunk(address)));
}

#[test]
fn whoever_says_to_be_a_user_must_prove_it() {
    for public in [false, true] {
        let mut bench = with_user();
        if public {
            from_public(&mut bench);
        }
        let invite = bench.peer_request("INVITE", 1, &[]);
        bench.receive(&invite);
        let challenge = bench.only_sent();
        assert_eq!(challenge.status(), Some(401));
        for (password, admitted) in [("wrong", false), ("secret", true)] {
            let account = Account {
                username: "alice".into(),
                password: password.into(),
                realm: None,
            };
            let mut digest = DigestClient::new(account, [3; 32]);
            digest
                .take_challenge(&challenge, false)
                .expect("a challenge");
            let again = bench.peer_request("INVITE", 2 + u32::from(admitted), &[]);
            let again = Message::parse(again.as_bytes()).expect("a request");
            let again = digest.authorize(&again).expect("credentials");
            bench.receive(std::str::from_utf8(again.as_bytes()).unwrap());
            let expected = admitted.then(|| Caller::User("alice".to_owned()));
            assert_eq!(caller(&mut bench), expected, "{password}");
        }
    }
}

#[test]
fn a_neighbour_that_is_no_user_may_call() {
    let mut bench = with_user();
    let invite = bench
        .peer_request("INVITE", 1, &[])
        .replace("sip:alice@", "sip:carol@");
    bench.receive(&invite);
    assert_eq!(caller(&mut bench), Some(Caller::Local));
}

#[test]
fn a_peer_that_cannot_read_our_bodies_gets_406() {
    let mut bench = Bench::new();
    let invite = bench.peer_request("INVITE", 1, &["Accept: text/plain"]);
    bench.receive(&invite);
    assert_eq!(bench.statuses(), [406]);
    for accept in [
        "Accept: application/*",
        "Accept: */*",
        "Accept: text/plain, application/sdp",
    ] {
        let mut bench = Bench::new();
        let invite = bench.peer_request("INVITE", 1, &[accept]);
        bench.receive(&invite);
        assert!(caller(&mut bench).is_some(), "{accept}");
    }
}

/// A bench that takes ten requests a second from one public address.
fn ten_a_second(change: impl FnOnce(&mut AdmissionConfig)) -> Bench {
    admitting(|admission| {
        admission.requests_per_second = NonZeroU32::new(10);
        change(admission);
    })
}

/// Sends so many INVITEs of different calls at one moment; how many got 503.
fn turned_away(bench: &mut Bench, count: u32) -> usize {
    let mut refused = 0;
    for n in 0..count {
        let invite = bench.peer_request("INVITE", 1, &[]);
        let invite = invite.replace("Call-ID: ", &format!("Call-ID: {n}-"));
        bench.receive(&invite.replace("branch=", &format!("branch=z9hG4bK-{n}-")));
        let sent = bench.take_sent();
        let sent = sent.iter().filter(|answer| answer.status() == Some(503));
        let told = sent.inspect(|answer| assert!(answer.header(Name::RetryAfter).is_some()));
        refused += told.count();
    }
    refused
}

#[test]
fn who_sends_too_many_requests_is_asked_to_come_later_and_leaves_nothing_behind() {
    let mut bench = ten_a_second(|_| {});
    from_public(&mut bench);
    assert_eq!(turned_away(&mut bench, 80), 30);
    assert_eq!(bench.endpoint.counters().over_rate, 30);
    assert_eq!(bench.endpoint.gauges().transactions, 50);
    bench.wait(Duration::from_secs(1));
    let options = bench.peer_request("OPTIONS", 900, &[]);
    bench.receive(&options);
    assert_eq!(
        bench.statuses().last(),
        Some(&200),
        "a second earns ten more"
    );
}

#[test]
fn a_trunk_and_a_neighbour_may_send_as_many_requests_as_they_like() {
    let mut bench = ten_a_second(|_| {});
    assert_eq!(turned_away(&mut bench, 200), 0, "a neighbour");
    let mut bench = ten_a_second(|admission| admission.trunks = vec![[203, 0, 113, 5].into()]);
    from_public(&mut bench);
    assert_eq!(turned_away(&mut bench, 200), 0, "a trunk");
}

#[test]
fn a_live_call_is_heard_however_much_its_source_sends() {
    let mut bench = ten_a_second(|admission| admission.open = true);
    from_public(&mut bench);
    let (_, ok) = bench.peer_is_up();
    assert!(turned_away(&mut bench, 100) > 0);
    // A To tag of no call of ours does not help.
    let bye = bench.in_dialog(&ok, "BYE", 2, &[]);
    let tag = ok.to().unwrap().tag().unwrap().to_owned();
    bench.receive(&bye.replace(&tag, "nobody"));
    assert_eq!(bench.statuses(), [503]);
    bench.receive(&bye);
    assert_eq!(bench.statuses(), [200]);
}
