//! Being registered elsewhere (RFC 3261 §10.2).

use crate::bench::{Bench, response};
use std::time::Duration;
use trunkline_sip::digest::Account;
use trunkline_sip::endpoint::{Action, Event, OwnerId};
use trunkline_sip::registration::{RegistrationConfig, Standing};
use trunkline_sip::{Message, Name, Uri};

fn register(bench: &mut Bench) -> (OwnerId, Message) {
    let owner = bench.endpoint.new_owner();
    let config = RegistrationConfig {
        path: bench.path,
        registrar: Uri::parse("sip:example.com").unwrap(),
        aor: "<sip:bob@example.com>".to_owned(),
        contact_user: Some("bob".to_owned()),
        route: Vec::new(),
        expires: Duration::from_secs(600),
        credentials: Some(Account {
            username: "bob".into(),
            password: "secret".into(),
            realm: None,
        }),
    };
    bench.act(Action::Register {
        owner,
        config: Box::new(config),
    });
    (owner, bench.only_sent())
}

fn standing(bench: &mut Bench) -> Standing {
    match bench.take_events().as_slice() {
        [Event::Registration { standing, .. }, ..] => *standing,
        other => panic!("{other:?}"),
    }
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn a_registration_is_refreshed_before_the_time_granted_is_over() {
    let mut bench = Bench::new();
    let (_, first) = register(&mut bench);
    assert_eq!(first.request_uri_str(), Some("sip:example.com"));
    assert_eq!(first.header(Name::Expires), Some("600"));
    let granted = "Contact: <sip:other@10.0.0.1>;expires=9, <sip:bob@10.0.0.1:5060>;expires=100";
    bench.receive(&response(&first, 200, "r", &[granted]));
    assert_eq!(
        standing(&mut bench),
        Standing::Registered {
            expires: seconds(100)
        }
    );
    bench.wait(seconds(74));
    assert!(bench.take_sent().is_empty());
    bench.wait(seconds(1));
    let second = bench.only_sent();
    assert_eq!(second.call_id(), first.call_id());
    assert_eq!(second.cseq().unwrap().number, 2);
}

#[test]
fn a_challenge_is_answered_once_and_a_refusal_of_the_answer_believed() {
    let mut bench = Bench::new();
    let (_, first) = register(&mut bench);
    let challenge = "WWW-Authenticate: Digest realm=\"example.com\", nonce=\"n1\", qop=\"auth\"";
    bench.receive(&response(&first, 401, "r", &[challenge]));
    let second = bench.only_sent();
    let authorization = second.header(Name::Authorization).expect("credentials");
    assert!(
        authorization.contains("username=\"bob\""),
        "{authorization}"
    );
    assert_eq!(second.cseq().unwrap().number, 2);
    assert!(bench.take_events().is_empty());
    let challenge = challenge.replace("n1", "n2");
    bench.receive(&response(&second, 401, "r", &[&challenge]));
    assert!(
        bench.take_sent().is_empty(),
        "the same password again would be the same refusal"
    );
    let refused = Standing::Refused {
        status: 401,
        retry_in: seconds(30),
    };
    assert_eq!(standing(&mut bench), refused);
}

#[test]
fn a_stale_nonce_is_replaced() {
    let mut bench = Bench::new();
    let (_, first) = register(&mut bench);
    let challenge = "WWW-Authenticate: Digest realm=\"example.com\", nonce=\"n1\", qop=\"auth\"";
    bench.receive(&response(&first, 401, "r", &[challenge]));
    let second = bench.only_sent();
    let stale = format!("{}, stale=true", challenge.replace("n1", "n2"));
    bench.receive(&response(&second, 401, "r", &[&stale]));
    let third = bench.only_sent();
    assert!(
        third
            .header(Name::Authorization)
            .expect("credentials")
            .contains("nonce=\"n2\"")
    );
}

#[test]
fn a_423_is_obeyed_at_once() {
    let mut bench = Bench::new();
    let (_, first) = register(&mut bench);
    bench.receive(&response(&first, 423, "r", &["Min-Expires: 1800"]));
    let second = bench.only_sent();
    assert_eq!(second.header(Name::Expires), Some("1800"));
    // A registrar that asks for more without end is not obeyed for ever.
    bench.take_events();
    bench.receive(&response(&second, 423, "r", &["Min-Expires: 4294967295"]));
    assert!(bench.take_sent().is_empty());
    let refused = Standing::Refused {
        status: 423,
        retry_in: seconds(30),
    };
    assert_eq!(standing(&mut bench), refused);
}

#[test]
fn failures_are_tried_again_ever_more_slowly() {
    let mut bench = Bench::new();
    let (_, mut request) = register(&mut bench);
    for wait in [30, 60, 120, 240, 480, 960, 1_800, 1_800] {
        bench.receive(&response(&request, 403, "r", &[]));
        let refused = Standing::Refused {
            status: 403,
            retry_in: seconds(wait),
        };
        assert_eq!(standing(&mut bench), refused);
        bench.wait(seconds(wait));
        request = bench.only_sent();
    }
}

#[test]
fn a_registrar_that_says_when_to_come_back_is_believed() {
    let mut bench = Bench::new();
    let (_, request) = register(&mut bench);
    bench.receive(&response(&request, 503, "r", &["Retry-After: 300 (lunch)"]));
    let refused = Standing::Refused {
        status: 503,
        retry_in: seconds(300),
    };
    assert_eq!(standing(&mut bench), refused);
}

#[test]
fn a_registrar_that_is_silent_is_tried_again() {
    let mut bench = Bench::new();
    register(&mut bench);
    bench.wait(seconds(32));
    assert_eq!(
        standing(&mut bench),
        Standing::Unreachable {
            retry_in: seconds(30)
        }
    );
    bench.take_sent();
    bench.wait(seconds(30));
    assert_eq!(bench.only_sent().cseq().unwrap().number, 2);
}

#[test]
fn unregistering_says_so_and_leaves_nothing() {
    let mut bench = Bench::new();
    let (owner, first) = register(&mut bench);
    bench.receive(&response(&first, 200, "r", &[]));
    assert_eq!(
        standing(&mut bench),
        Standing::Registered {
            expires: seconds(600)
        }
    );
    bench.act(Action::Unregister { owner });
    let last = bench.only_sent();
    assert_eq!(last.header(Name::Expires), Some("0"));
    assert!(last.header(Name::Contact).unwrap().ends_with(";expires=0"));
    bench.receive(&response(&last, 200, "r", &[]));
    let events = bench.take_events();
    assert!(matches!(
        events.as_slice(),
        [
            Event::Registration {
                standing: Standing::Unregistered,
                ..
            },
            Event::Closed { .. }
        ]
    ));
    bench.assert_empties();
}
