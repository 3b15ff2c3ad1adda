//! Who may call and register, how many at once, and whom the gateway may call.

use serde_json::json;
use trunkline_call::EndReason;
use trunkline_phone::softphone::{Script, Settings};
use trunkline_sip::Message;
use trunkline_sip::digest::{Account, DigestClient};

use crate::support::{Caller, Gateway, OFFER, RawSip, eventually, free_ports};

/// The answer to an INVITE that is refused.
fn refusal(gateway: &Gateway) -> Message {
    let phone = RawSip::toward(gateway.sip_port);
    let invite = phone.invite("one-too-many", "echo", "");
    phone.ask(&invite)
}

/// So many callers of the built-in echo, all answered.
fn callers(gateway: &Gateway, count: usize) -> Vec<Caller> {
    let callers: Vec<Caller> = (0..count)
        .map(|_| Caller::dial(&gateway.uri("echo")))
        .collect();
    callers.iter().for_each(Caller::wait_answered);
    callers
}

#[test]
fn a_call_beyond_the_limit_is_asked_to_come_later() {
    let gateway = Gateway::start(
        "admission-limit",
        "limits: {calls: 2}\ndial: {allow: [\"sip:*\"]}\n",
    );
    let mut live = callers(&gateway, 2);
    let answer = refusal(&gateway);
    assert_eq!(answer.status(), Some(503));
    assert!(answer.header("Retry-After").is_some(), "{answer:?}");
    assert_eq!(gateway.figure("calls_refused_total"), 1);
    let order = json!({"to": "sip:bob@127.0.0.1:9", "app": "echo"});
    let (status, body) = gateway.post("/v1/calls", &order);
    assert_eq!((status, &body["error"]["code"]), (503, &json!("full")));
    // A place that is free again is given again.
    drop(live.pop());
    gateway.wait_for_calls(1);
    live.extend(callers(&gateway, 1));
    assert!(live.iter().all(|caller| !caller.is_over()));
}

#[test]
fn a_call_without_a_port_for_its_sound_is_asked_to_come_later() {
    let first = free_ports(10);
    let range = format!("{first}-{}", first + 9);
    let gateway = Gateway::start_with_rtp("admission-ports", &range, "");
    let mut live = callers(&gateway, 5);
    assert_eq!(gateway.figure("rtp_ports"), 5);
    assert_eq!(refusal(&gateway).status(), Some(503));
    drop(live.pop());
    gateway.wait_for_calls(4);
    live.extend(callers(&gateway, 1));
    assert_eq!(gateway.figure("rtp_ports"), 5);
}

#[test]
fn a_call_for_which_descriptors_are_lacking_is_asked_to_come_later() {
    // Two calls have three each, beside those that are kept for other things.
    let gateway = Gateway::start_with_descriptors("admission-descriptors", 200, 256 + 2 * 3 + 1);
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", gateway.pid()));
    let limits = limits.expect("Linux tells a process's limits");
    let files = limits
        .lines()
        .find(|line| line.starts_with("Max open files"));
    let numbers = files.map(|line| line.matches("263").count());
    assert_eq!(
        numbers,
        Some(2),
        "the soft limit is raised to the hard one: {files:?}"
    );
    let log = gateway.log();
    assert!(log.contains("263 descriptors suffice for 2 calls"), "{log}");
    let live = callers(&gateway, 2);
    let answer = refusal(&gateway);
    assert_eq!(answer.status(), Some(503));
    assert!(answer.header("Retry-After").is_some(), "{answer:?}");
    assert!(live.iter().all(|caller| !caller.is_over()));
}

#[test]
fn whom_no_route_names_is_not_found() {
    let gateway = Gateway::start("admission-route", "routes: [{to: support, app: echo}]\n");
    assert_eq!(refusal(&gateway).status(), Some(404));
    let caller = Caller::dial(&gateway.uri("support"));
    caller.wait_answered();
}

#[test]
fn nobody_is_called_whom_no_rule_allows() {
    let allow = "dial: {allow: [\"sip:*@127.0.0.1:9\"]}\n";
    let gateway = Gateway::start("admission-dial", allow);
    let place = |to: &str| gateway.post("/v1/calls", &json!({"to": to, "app": "echo"}));
    let (status, body) = place("sip:a@127.0.0.1:10");
    assert_eq!(
        (status, &body["error"]["code"]),
        (403, &json!("dial_not_allowed"))
    );
    // Neither parameters nor headers make somebody else of the called.
    for wrong in [
        "sip:a@127.0.0.1:10;x=@127.0.0.1:9",
        "sip:a@127.0.0.1:10?x=sip:b@127.0.0.1:9",
    ] {
        assert!([400, 403].contains(&place(wrong).0), "{wrong}");
    }
    assert_eq!(place("sip:a@127.0.0.1:9").0, 201);
    assert_eq!(place("mailto:a@127.0.0.1").0, 400);
}

#[test]
fn an_offer_that_cannot_be_read_is_told_from_one_that_cannot_be_met() {
    let gateway = Gateway::start("admission-offer", "");
    let phone = RawSip::toward(gateway.sip_port);
    let status = |offer: &str| {
        let lines = "Content-Type: application/sdp\r\n";
        let invite = phone.request("INVITE", "alice", "echo", lines, offer);
        phone.ask(&invite).status()
    };
    let only_gsm = OFFER
        .replace("RTP/AVP 0", "RTP/AVP 3")
        .replace("0 PCMU", "3 GSM");
    let no_audio = OFFER.replace("m=audio", "m=image");
    for (offer, expected) in [
        ("nonsense", 400),
        (&OFFER.replace("c=IN IP4 127.0.0.1", "c=IN"), 400),
        (&OFFER.replace("v=0", "v=1"), 400),
        // No name is looked up for it.
        (
            &OFFER.replace("c=IN IP4 127.0.0.1", "c=IN IP4 host.example"),
            488,
        ),
        (&only_gsm, 488),
        (&no_audio, 488),
        (OFFER, 200),
    ] {
        assert_eq!(status(offer), Some(expected), "{offer}");
    }
    gateway.wait_for_calls(1);
    eventually("those that were refused give their ports back", || {
        (gateway.figure("rtp_ports") == 1).then_some(())
    });
}

const USERS: &str = "  users: [{name: agent001, password: correct}]\n";

fn account(password: &str) -> Account {
    Account {
        username: "agent001".to_owned(),
        password: password.to_owned(),
        realm: None,
    }
}

/// Registers agent001 with this password; the answer to the second attempt.
fn register(gateway: &Gateway, password: &str) -> Message {
    let phone = RawSip::toward(gateway.sip_port);
    let register =
        |phone: &RawSip, lines: &str| phone.request("REGISTER", "agent001", "agent001", lines, "");
    let first = register(&phone, "");
    let challenge = phone.ask(&first);
    assert_eq!(challenge.status(), Some(401), "{challenge:?}");
    let mut client = DigestClient::new(account(password), [7; 32]);
    client
        .take_challenge(&challenge, false)
        .expect("a challenge");
    let second = register(&phone, "");
    let parsed = Message::parse(second.as_bytes()).expect("a request");
    let (_, credentials) = client.credentials(&parsed).expect("an answer");
    let head = format!("Authorization: {credentials}\r\nContent-Length:");
    phone.ask(&second.replacen("Content-Length:", &head, 1))
}

#[test]
fn a_user_registers_with_the_right_password_only() {
    let gateway = Gateway::start("admission-register", USERS);
    assert_eq!(register(&gateway, "wrong").status(), Some(401));
    assert_eq!(gateway.get("/v1/devices")["devices"], json!([]));
    assert_eq!(register(&gateway, "correct").status(), Some(200));
    let devices = gateway.get("/v1/devices");
    assert_eq!(devices["devices"][0]["user"], "agent001", "{devices}");
}

#[test]
fn who_says_to_be_a_user_must_prove_it() {
    let gateway = Gateway::start("admission-user", USERS);
    let phone = RawSip::toward(gateway.sip_port);
    let invite = phone.invite("agent001", "echo", "");
    assert_eq!(phone.ask(&invite).status(), Some(401));
    let call_as_agent = |password: &str| {
        let settings = Settings {
            from: Some("<sip:agent001@127.0.0.1>".to_owned()),
            account: Some(account(password)),
            ..Settings::default()
        };
        Caller::follow(&gateway.uri("echo"), settings, Script::new())
    };
    let refused = call_as_agent("wrong").report().end;
    assert!(
        matches!(refused, EndReason::Upstream { code: 401, .. }),
        "{refused:?}"
    );
    let caller = call_as_agent("correct");
    caller.wait_answered();
    caller.hang_up();
    assert_eq!(gateway.wait_for_record("to", "echo")["user"], "agent001");
}

#[test]
fn without_users_a_neighbour_registers_and_calls_with_any_name_and_any_password() {
    let gateway = Gateway::start("admission-neighbour", "");
    let phone = RawSip::toward(gateway.sip_port);
    // As a program does that was told a password, and believes to know the challenge.
    let proof = "Authorization: Digest username=\"agent001\", realm=\"x\", nonce=\"1\", \
                 uri=\"sip:x\", response=\"0123456789abcdef0123456789abcdef\"\r\n";
    let lines = format!("Expires: 60\r\n{proof}");
    let register = phone.request("REGISTER", "agent001", "agent001", &lines, "");
    assert_eq!(phone.ask(&register).status(), Some(200));
    let invite = phone.invite("agent001", "echo", proof);
    assert_eq!(phone.ask(&invite).status(), Some(200));
    let device = eventually("the device is listed", || {
        gateway.get("/v1/devices")["devices"]
            .as_array()?
            .first()
            .cloned()
    });
    assert_eq!(device["user"], "agent001");
    assert_eq!(device["source"], phone.local().to_string());
    let register = phone.request("REGISTER", "agent001", "agent001", "Expires: 0\r\n", "");
    assert_eq!(phone.ask(&register).status(), Some(200));
    assert_eq!(gateway.get("/v1/devices")["devices"], json!([]));
}
