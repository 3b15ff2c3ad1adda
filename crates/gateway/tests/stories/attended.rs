//! Attended transfer (RFC 5589 §7), which this gateway does not do: it says so, and the calls live on.

use serde_json::json;
use trunkline_sip::Message;

use crate::support::{Gateway, RawSip};

const DIAL: &str = "dial: {allow: [\"sip:*\"]}\n";
/// The dialog that somebody is to take over, as it stands in a URI (RFC 3891 §6.1).
const ESCAPED: &str = "Replaces=1%4010.0.0.3%3Bto-tag%3Da%3Bfrom-tag%3Db";

/// A gateway that has called this telephone, which was picked up; and the INVITE.
fn in_a_call(name: &str) -> (Gateway, RawSip, Message) {
    let gateway = Gateway::start(name, DIAL);
    let phone = RawSip::toward(gateway.sip_port);
    let order = json!({"to": format!("sip:bob@{}", phone.local()), "app": "echo"});
    let (status, placed) = gateway.post("/v1/calls", &order);
    assert_eq!(status, 201, "{placed}");
    let invite = phone.expect("INVITE");
    phone.pick_up(&invite);
    gateway.wait_until_answered(placed["id"].as_str().expect("an id"));
    (gateway, phone, invite)
}

#[test]
fn a_refer_to_take_over_another_call_is_declined_and_the_call_goes_on() {
    let (gateway, phone, invite) = in_a_call("attended-refer");
    for refer_to in [
        format!("<sip:carol@127.0.0.1:9?{ESCAPED}>"),
        format!(
            "<sip:carol@127.0.0.1:9?Subject=x&{}>",
            ESCAPED.replace('R', "%52")
        ),
    ] {
        let line = format!("Refer-To: {refer_to}\r\n");
        let refer = phone.within(&invite, "REFER", &line, "");
        assert_eq!(phone.ask(&refer).status(), Some(603), "{refer_to}");
        let states: Vec<_> = gateway
            .calls()
            .into_iter()
            .map(|call| call["state"].clone())
            .collect();
        assert_eq!(states, ["up"], "nobody was called, nobody hung up");
    }
    let bye = phone.within(&invite, "BYE", "", "");
    assert_eq!(phone.ask(&bye).status(), Some(200));
    gateway.wait_for_calls(0);
}

#[test]
fn a_call_that_must_take_the_place_of_another_is_refused() {
    let (gateway, phone, invite) = in_a_call("attended-invite");
    let tag = |name| {
        let value = invite.header(name).unwrap_or_default();
        value.split("tag=").nth(1).unwrap_or("here").to_owned()
    };
    // The live call itself, as its far end would name it to somebody else.
    let call_id = invite.call_id().expect("a Call-ID");
    let replaces = format!(
        "Replaces: {call_id};to-tag={};from-tag=here\r\n",
        tag("From")
    );
    let carol = RawSip::toward(gateway.sip_port);
    let must = carol.invite("carol", "echo", &format!("Require: replaces\r\n{replaces}"));
    let refusal = carol.ask(&must);
    assert_eq!(refusal.status(), Some(420));
    assert_eq!(refusal.header("Unsupported"), Some("replaces"));
    // Without Require it is a header that we do not know: one call more, as any other
    // (RFC 3261 §8.2).
    let may = carol.invite("carol", "echo", &replaces);
    let answer = carol.ask(&may);
    assert_eq!(answer.status(), Some(200));
    let offered = |message: &Message| {
        let mut lists = message.headers("Supported");
        lists.any(|option| option.eq_ignore_ascii_case("replaces"))
    };
    assert!(!offered(&answer) && !offered(&invite));
    let options = carol.request("OPTIONS", "carol", "echo", "", "");
    assert!(!offered(&carol.ask(&options)));
    gateway.wait_for_calls(2);
    let bye = phone.within(&invite, "BYE", "", "");
    assert_eq!(phone.ask(&bye).status(), Some(200), "the first call was up");
    gateway.wait_for_calls(1);
    let second = gateway.calls()[0]["id"].as_str().expect("an id").to_owned();
    gateway.tell(&second, "hangup", &json!({}));
    carol.answer(&carol.expect("BYE"), 200, "OK");
    gateway.wait_for_calls(0);
}
