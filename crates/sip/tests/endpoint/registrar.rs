//! The registrar (RFC 3261 §10.3).

use crate::bench::Bench;
use std::time::Duration;
use trunkline_sip::digest::{Account, DigestClient};
use trunkline_sip::endpoint::{Action, EndpointConfig, Event, Path};
use trunkline_sip::registrar::{BINDINGS_PER_USER_MAX, Change, RegistrarConfig};
use trunkline_sip::user_agent::{AdmissionConfig, AgentConfig, User};
use trunkline_sip::{Message, Name};

/// Registers alice with these headers and returns the answer.
fn register(bench: &mut Bench, cseq: u32, headers: &[&str]) -> Message {
    let request = bench.peer_request("REGISTER", cseq, headers);
    bench.receive(&request.replace("To: <sip:bob@10.0.0.1>", "To: <sip:alice@10.0.0.1>"));
    bench.only_sent()
}

fn contacts(answer: &Message) -> Vec<&str> {
    assert_eq!(answer.status(), Some(200));
    answer.headers(Name::Contact).collect()
}

fn changes(bench: &mut Bench) -> Vec<bool> {
    let came = |event: Event| match event {
        Event::Binding(change) => matches!(change, Change::Registered { .. }),
        other => panic!("{other:?}"),
    };
    bench.take_events().into_iter().map(came).collect()
}

#[test]
fn a_binding_is_listed_with_the_time_it_has_left_and_runs_out() {
    let mut bench = Bench::new();
    let phone = "Contact: <sip:alice@10.0.0.2:5060>;q=0.7;expires=120";
    let answer = register(&mut bench, 1, &[phone]);
    assert_eq!(
        contacts(&answer),
        ["<sip:alice@10.0.0.2:5060>;expires=120;q=0.7"]
    );
    bench.wait(Duration::from_secs(20));
    let answer = register(&mut bench, 2, &[]);
    assert_eq!(
        contacts(&answer),
        ["<sip:alice@10.0.0.2:5060>;expires=100;q=0.7"]
    );
    assert_eq!(changes(&mut bench), [true]);
    bench.wait(Duration::from_secs(100));
    assert_eq!(changes(&mut bench), [false], "it ran out");
    assert!(bench.endpoint.registrar().is_empty());
    bench.assert_empties();
}

#[test]
fn a_binding_remembers_the_way_it_came() {
    let mut bench = Bench::new();
    let behind_nat = Path {
        remote: ([10, 9, 9, 9], 40_001).into(),
        ..bench.path
    };
    bench.path = behind_nat;
    register(&mut bench, 1, &["Contact: <sip:alice@192.168.1.9>"]);
    let registrar = bench.endpoint.registrar();
    let binding = registrar.bindings("alice").next().expect("a binding");
    assert_eq!(binding.path, behind_nat);
    assert_eq!(binding.contact.as_str(), "sip:alice@192.168.1.9");
}

#[test]
fn several_devices_of_one_user_are_several_bindings_the_latest_first() {
    let mut bench = Bench::new();
    let two = "Contact: <sip:a@10.0.0.2>;expires=100, <sip:b@10.0.0.3>;expires=200";
    let answer = register(&mut bench, 1, &[two]);
    assert_eq!(
        contacts(&answer),
        [
            "<sip:b@10.0.0.3>;expires=200",
            "<sip:a@10.0.0.2>;expires=100"
        ]
    );
    let answer = register(&mut bench, 2, &["Contact: <sip:a@10.0.0.2>", "Expires: 0"]);
    assert_eq!(contacts(&answer), ["<sip:b@10.0.0.3>;expires=200"]);
    assert_eq!(changes(&mut bench), [true, true, false]);
}

#[test]
fn an_equivalent_contact_is_the_same_device() {
    let mut bench = Bench::new();
    register(&mut bench, 1, &["Contact: <sip:alice@phone.example>"]);
    let answer = register(&mut bench, 2, &["Contact: <sip:%61lice@PHONE.example>"]);
    assert_eq!(contacts(&answer).len(), 1);
}

#[test]
fn a_star_removes_everything_and_only_with_expires_0() {
    let mut bench = Bench::new();
    register(
        &mut bench,
        1,
        &["Contact: <sip:a@10.0.0.2>, <sip:b@10.0.0.3>"],
    );
    assert_eq!(
        register(&mut bench, 2, &["Contact: *", "Expires: 60"]).status(),
        Some(400)
    );
    assert_eq!(register(&mut bench, 3, &["Contact: *"]).status(), Some(400));
    assert_eq!(bench.endpoint.registrar().len(), 2);
    let answer = register(&mut bench, 4, &["Contact: *", "Expires: 0"]);
    assert!(contacts(&answer).is_empty());
    assert_eq!(changes(&mut bench), [true, true, false, false]);
}

#[test]
fn too_short_a_time_gets_423_with_the_shortest() {
    let mut bench = Bench::new();
    let answer = register(&mut bench, 1, &["Contact: <sip:a@10.0.0.2>;expires=59"]);
    assert_eq!(answer.status(), Some(423));
    assert_eq!(answer.header(Name::MinExpires), Some("60"));
    assert!(bench.endpoint.registrar().is_empty());
}

#[test]
fn too_long_a_time_is_shortened() {
    let mut bench = Bench::new();
    let answer = register(
        &mut bench,
        1,
        &["Contact: <sip:a@10.0.0.2>;expires=4294967295"],
    );
    assert_eq!(contacts(&answer), ["<sip:a@10.0.0.2>;expires=3600"]);
}

#[test]
fn a_registration_that_was_overtaken_changes_nothing() {
    let mut bench = Bench::new();
    register(&mut bench, 5, &["Contact: <sip:a@10.0.0.2>;expires=300"]);
    let answer = register(&mut bench, 4, &["Contact: <sip:a@10.0.0.2>;expires=0"]);
    assert_eq!(answer.status(), Some(500));
    assert_eq!(bench.endpoint.registrar().len(), 1);
}

#[test]
fn one_wrong_contact_spoils_the_whole_request() {
    let mut bench = Bench::new();
    let two = "Contact: <sip:a@10.0.0.2>;expires=300, <sip:b@10.0.0.3>;expires=5";
    assert_eq!(register(&mut bench, 1, &[two]).status(), Some(423));
    assert!(bench.endpoint.registrar().is_empty());
    let two = "Contact: <sip:a@10.0.0.2>;expires=300, <mailto:b@example.com>";
    assert_eq!(register(&mut bench, 2, &[two]).status(), Some(400));
    assert!(bench.endpoint.registrar().is_empty());
}

#[test]
fn a_user_has_at_most_so_many_devices() {
    let mut bench = Bench::new();
    for device in 0..BINDINGS_PER_USER_MAX as u32 {
        let contact = format!("Contact: <sip:{device}@10.0.0.2>");
        assert_eq!(
            register(&mut bench, 1 + device, &[&contact]).status(),
            Some(200)
        );
    }
    let answer = register(&mut bench, 99, &["Contact: <sip:more@10.0.0.2>"]);
    assert_eq!(answer.status(), Some(503));
    assert!(answer.header(Name::RetryAfter).is_some());
    let again = register(&mut bench, 100, &["Contact: <sip:3@10.0.0.2>"]);
    assert_eq!(again.status(), Some(200), "a refresh is no device more");
}

#[test]
fn all_users_together_have_at_most_so_many_devices() {
    let registrar = RegistrarConfig {
        bindings: 1,
        ..RegistrarConfig::default()
    };
    let agent = AgentConfig {
        registrar,
        ..AgentConfig::default()
    };
    let mut bench = Bench::with(EndpointConfig {
        agent,
        ..EndpointConfig::default()
    });
    assert_eq!(
        register(&mut bench, 1, &["Contact: <sip:a@10.0.0.2>"]).status(),
        Some(200)
    );
    assert_eq!(
        register(&mut bench, 2, &["Contact: <sip:b@10.0.0.2>"]).status(),
        Some(503)
    );
}

#[test]
fn with_nobody_configured_only_private_addresses_register() {
    let mut bench = Bench::new();
    bench.path = Path {
        remote: ([203, 0, 113, 5], 5060).into(),
        ..bench.path
    };
    assert_eq!(
        register(&mut bench, 1, &["Contact: <sip:a@10.0.0.2>"]).status(),
        Some(403)
    );
}

#[test]
fn a_configured_user_registers_by_digest_and_nobody_else_for_them() {
    let users = ["alice", "mallory"];
    let users = users.map(|name| User {
        name: name.into(),
        password: format!("{name}-secret"),
    });
    let admission = AdmissionConfig {
        users: users.into(),
        ..AdmissionConfig::default()
    };
    let agent = AgentConfig {
        admission,
        ..AgentConfig::default()
    };
    let mut bench = Bench::with(EndpointConfig {
        agent,
        ..EndpointConfig::default()
    });
    let phone = "Contact: <sip:alice@10.0.0.2>";
    for (cseq, name, status) in [(2, "mallory", 403), (4, "alice", 200)] {
        let challenge = register(&mut bench, u32::from(cseq) - 1, &[phone]);
        assert_eq!(challenge.status(), Some(401));
        let offered = challenge.headers("WWW-Authenticate").count();
        assert_eq!(offered, 2, "SHA-256 and MD5");
        let (username, password) = (name.to_owned(), format!("{name}-secret"));
        let account = Account {
            username,
            password,
            realm: None,
        };
        let mut digest = DigestClient::new(account, [cseq; 32]);
        digest
            .take_challenge(&challenge, false)
            .expect("a challenge");
        let request = bench.peer_request("REGISTER", cseq.into(), &[phone]);
        let request = request.replace("To: <sip:bob@10.0.0.1>", "To: <sip:alice@10.0.0.1>");
        let request = Message::parse(request.as_bytes()).expect("a request");
        let request = digest.authorize(&request).expect("credentials");
        bench.receive(std::str::from_utf8(request.as_bytes()).unwrap());
        assert_eq!(bench.statuses(), [status], "{name}");
    }
    assert_eq!(bench.endpoint.registrar().bindings("alice").count(), 1);
}

#[test]
fn users_can_be_changed_and_the_devices_of_who_is_none_are_forgotten() {
    let mut bench = Bench::new();
    let phone = "Contact: <sip:alice@10.0.0.2>";
    assert_eq!(register(&mut bench, 1, &[phone]).status(), Some(200));
    let users = |name: &str| {
        vec![User {
            name: name.into(),
            password: "secret".into(),
        }]
    };
    let admit = |users| Action::Admit { users, open: false };
    assert_eq!(changes(&mut bench), [true]);
    bench.act(admit(users("alice")));
    assert_eq!(changes(&mut bench), [], "alice is a user still");
    assert_eq!(register(&mut bench, 2, &[phone]).status(), Some(401));
    bench.act(admit(users("bob")));
    assert_eq!(changes(&mut bench), [false], "alice is none any more");
    assert!(bench.endpoint.registrar().is_empty());
    bench.act(admit(Vec::new()));
    assert_eq!(register(&mut bench, 3, &[phone]).status(), Some(200));
    bench.wait(Duration::from_secs(3_700));
    bench.assert_empties();
}
