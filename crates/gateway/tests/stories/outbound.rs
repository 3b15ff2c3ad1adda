//! The gateway calls somebody, for whoever asks over HTTP.

use serde_json::{Value, json};
use trunkline_call::EndReason;
use trunkline_phone::softphone::Script;
use trunkline_sip::endpoint::Transport;

use crate::support::{Callee, Gateway, RawSip, says};

const DIAL: &str = "dial: {allow: [\"sip:*\"]}\n";

/// Has the echo call this address; the call's id.
fn place(gateway: &Gateway, to: &str) -> String {
    let (status, placed) = gateway.post("/v1/calls", &json!({"to": to, "app": "echo"}));
    assert_eq!(status, 201, "{placed}");
    placed["id"]
        .as_str()
        .expect("a placed call has an id")
        .to_owned()
}

/// An address at which this socket is called.
fn here(phone: &RawSip) -> String {
    format!("sip:bob@{}", phone.local())
}

#[test]
fn a_telephone_is_called_and_talks_to_the_application() {
    let gateway = Gateway::start("outbound-echo", DIAL);
    let callee = Callee::wait(Transport::Udp, says(700.0));
    let id = place(&gateway, &callee.uri("bob"));
    callee.wait_for_tone(700.0, 40);
    callee.hang_up();
    let record = gateway.wait_for_record("callId", &id);
    assert_eq!(record["direction"], "outbound");
    assert_eq!(record["end"]["by"], "remote", "{record}");
    assert_eq!(record["media"]["packetsLost"], 0, "{record}");
}

/// The end in the record of a call whose INVITE got this answer.
fn end_after(status: u16, reason: &str) -> Value {
    let gateway = Gateway::start(&format!("outbound-{status}"), DIAL);
    let phone = RawSip::toward(gateway.sip_port);
    let id = place(&gateway, &here(&phone));
    let invite = phone.expect("INVITE");
    phone.answer(&invite, status, reason);
    phone.expect("ACK");
    let record = gateway.wait_for_record("callId", &id);
    assert_eq!(
        record["sipCallId"].as_str(),
        invite.call_id().ok(),
        "{record}"
    );
    record["end"].clone()
}

#[test]
fn a_busy_telephone_is_in_the_record() {
    let end = end_after(486, "Busy Here");
    assert_eq!(
        (&end["by"], &end["reason"]),
        (&json!("upstream"), &json!("4xx"))
    );
    assert_eq!(
        (&end["code"], &end["text"]),
        (&json!(486), &json!("Busy Here"))
    );
}

#[test]
fn who_declines_is_in_the_record() {
    let end = end_after(603, "Decline");
    assert_eq!((&end["reason"], &end["code"]), (&json!("6xx"), &json!(603)));
}

#[test]
fn who_does_not_pick_up_is_no_longer_called_after_the_configured_time() {
    let more = format!("  ring_timeout: 1\n{DIAL}");
    let gateway = Gateway::start("outbound-ring", &more);
    let phone = RawSip::toward(gateway.sip_port);
    let id = place(&gateway, &here(&phone));
    let invite = phone.expect("INVITE");
    phone.answer(&invite, 180, "Ringing");
    let cancel = phone.expect("CANCEL");
    phone.answer(&cancel, 200, "OK");
    phone.answer(&invite, 487, "Request Terminated");
    phone.expect("ACK");
    let record = gateway.wait_for_record("callId", &id);
    assert_eq!(record["end"]["reason"], "no_answer", "{record}");
    assert_eq!(record["answeredMs"], Value::Null);
}

#[test]
fn an_asker_may_end_a_call_that_still_rings() {
    let gateway = Gateway::start("outbound-cancel", DIAL);
    let phone = RawSip::toward(gateway.sip_port);
    let id = place(&gateway, &here(&phone));
    let invite = phone.expect("INVITE");
    phone.answer(&invite, 180, "Ringing");
    let (status, _) = gateway.post(&format!("/v1/calls/{id}/hangup"), &json!({}));
    assert_eq!(status, 202);
    let cancel = phone.expect("CANCEL");
    phone.answer(&cancel, 200, "OK");
    phone.answer(&invite, 487, "Request Terminated");
    phone.expect("ACK");
    let record = gateway.wait_for_record("callId", &id);
    assert_eq!(record["end"]["by"], "app", "{record}");
}

#[test]
fn a_device_is_called_by_its_name() {
    let gateway = Gateway::start("outbound-device", "");
    let phone = RawSip::toward(gateway.sip_port);
    let register = phone.request("REGISTER", "kitchen", "kitchen", "Expires: 60\r\n", "");
    assert_eq!(phone.ask(&register).status(), Some(200));
    let id = place(&gateway, "kitchen");
    let invite = phone.expect("INVITE");
    assert_eq!(
        invite.request_uri_str(),
        Some(&*format!("sip:kitchen@{}", phone.local()))
    );
    phone.answer(&invite, 486, "Busy Here");
    assert_eq!(gateway.wait_for_record("callId", &id)["end"]["code"], 486);
}

#[test]
fn what_cannot_be_called_is_refused_in_words() {
    let gateway = Gateway::start("outbound-wrong", DIAL);
    let refused = |to: &str, app: &str| {
        let (status, body) = gateway.post("/v1/calls", &json!({"to": to, "app": app}));
        assert_eq!(status, 400, "{body}");
        body["error"]["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    assert_eq!(refused("sip:bob@nowhere.invalid", "echo"), "bad_target");
    assert_eq!(refused("+15125551234", "echo"), "bad_target");
    assert_eq!(refused("sips:bob@127.0.0.1", "echo"), "bad_target");
    assert_eq!(refused("sip:bob@127.0.0.1", "nobody"), "no_such_app");
}

/// What the gateway answers to an order with these fields beside `to` and `app`.
fn ordered(gateway: &Gateway, to: &str, more: &Value) -> (u16, Value) {
    let mut order = json!({"to": to, "app": "echo"});
    let fields = more.as_object().cloned().unwrap_or_default();
    order.as_object_mut().expect("an object").extend(fields);
    gateway.post("/v1/calls", &order)
}

#[test]
fn a_header_that_the_gateway_writes_itself_cannot_be_asked_for() {
    let gateway = Gateway::start("outbound-headers", DIAL);
    let phone = RawSip::toward(gateway.sip_port);
    let headers = json!({"headers": {"X-Account": "7", "Subject": "a call"}});
    let (status, placed) = ordered(&gateway, &here(&phone), &headers);
    assert_eq!(status, 201, "{placed}");
    let invite = phone.expect("INVITE");
    assert_eq!(invite.header("X-Account"), Some("7"));
    assert_eq!(invite.header("Subject"), Some("a call"));
    let asked = ["X-Account", "Subject"];
    let own = invite.fields().map(|(name, _)| name.to_lowercase());
    let own = own.filter(|name| !asked.iter().any(|asked| asked.eq_ignore_ascii_case(name)));
    // Routes would lead the call away from where it may go.
    let own: Vec<String> = own
        .chain(["route".into(), "record-route".into(), "f".into()])
        .collect();
    assert!(own.contains(&"via".to_owned()), "{own:?}");
    for name in own {
        let (status, said) = ordered(&gateway, &here(&phone), &json!({"headers": {&*name: "x"}}));
        assert_eq!(status, 400, "{name}: {said}");
    }
    phone.answer(&invite, 486, "Busy Here");
}

#[test]
fn no_text_of_an_order_becomes_a_line_of_its_own() {
    let gateway = Gateway::start("outbound-lines", DIAL);
    let phone = RawSip::toward(gateway.sip_port);
    let to = here(&phone);
    for more in [
        json!({"from": "alice\r\nX-Forged: 1"}),
        json!({"from": ""}),
        json!({"from": "a".repeat(1_025)}),
        json!({"headers": {"X-Note": "a\r\nX-Forged: 1"}}),
        json!({"headers": {"X-Note\r\nX-Forged": "1"}}),
    ] {
        let (status, said) = ordered(&gateway, &to, &more);
        assert_eq!(status, 400, "{more}: {said}");
    }
    // What may not stand in a URI is written so that it can.
    let (status, placed) = ordered(&gateway, &to, &json!({"from": "a\">;tag=x,<sip:b"}));
    assert_eq!(status, 201, "{placed}");
    let invite = phone.expect("INVITE");
    let from = invite.from().expect("a From that can be read");
    assert_eq!(from.uri().user().as_deref(), Some("a\">;tag=x,<sip:b"));
    phone.answer(&invite, 486, "Busy Here");
}

#[test]
fn a_telephone_that_hangs_up_at_once_ends_the_call_on_both_sides() {
    let gateway = Gateway::start("outbound-short", DIAL);
    let callee = Callee::wait(Transport::Udp, Script::new());
    let id = place(&gateway, &callee.uri("bob"));
    callee.wait_answered();
    assert!(matches!(callee.hang_up().end, EndReason::App(_)));
    let record = gateway.wait_for_record("callId", &id);
    assert_eq!(record["end"]["by"], "remote", "{record}");
    gateway.wait_for_calls(0);
}
