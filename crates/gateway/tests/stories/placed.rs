//! A provider is asked to place a call, and brings it as a media stream where somebody answers.

use serde_json::{Value, json};
use trunkline_providers::signature::twilio;
use trunkline_providers::{Form, Secret};

use crate::support::{Events, Gateway, Lobby, Provider, Web, ask_with, eventually};

const PUBLIC: &str = "https://voice.example.com";
const TOKEN: &str = "12345-not-for-the-log";
const CALLS: &str = "/2010-04-01/Accounts/AC1/Calls.json";
const SID: &str = "CA00000000000000000000000000000001";

/// A gateway with an account at this provider of ours.
fn gateway(name: &str, web: &Web, lobby: &Lobby) -> Gateway {
    gateway_with(name, web, lobby, "")
}

/// The same with further sections of its configuration.
fn gateway_with(name: &str, web: &Web, lobby: &Lobby, more: &str) -> Gateway {
    let more = format!(
        "routes: [{{to: nobody, app: echo}}]\n\
         apps: {{bot: {{type: websocket, url: \"{}\"}}}}\n\
         dial: {{allow: [\"+1555*\"]}}\n\
         providers:\n  twilio: {{account_sid: AC1, auth_token: {TOKEN}, base_url: \"{at}\"}}\n  \
         telnyx: {{api_key: KEY1, connection_id: \"7\", base_url: \"{at}\"}}\n{more}",
        lobby.url(),
        at = web.origin()
    );
    Gateway::start_public(name, PUBLIC, &more)
}

/// A provider that places whatever it is asked to.
fn willing() -> Web {
    let web = Web::open();
    let made = json!({"sid": SID}).to_string();
    web.answer(CALLS, "201 Created", made.as_bytes());
    web
}

fn order() -> Value {
    json!({
        "to": "+15551230000@twilio", "from": "+15559990000", "app": "bot",
        "parameters": {"plan": "gold"},
    })
}

/// Status and JSON of an order with this key.
fn place(gateway: &Gateway, key: &str, order: &Value) -> (u16, Value) {
    let headers = [("Idempotency-Key", key)];
    let order = order.to_string();
    let answer = ask_with(gateway.http_port, "/v1/calls", &headers, Some(&order));
    let (status, body) = answer.expect("the gateway answers");
    (status, serde_json::from_str(&body).unwrap_or(Value::Null))
}

fn placed(gateway: &Gateway) -> String {
    let (status, told) = place(gateway, "k1", &order());
    assert_eq!(status, 201, "{told}");
    told["id"].as_str().expect("an id").to_owned()
}

/// What the provider was asked with; there is one such request.
fn asked(web: &Web) -> Form {
    let start = format!("POST {CALLS} HTTP/1.1 ");
    let all = web.asked();
    let mut orders = all.iter().filter_map(|asked| asked.strip_prefix(&start));
    let order = orders.next().expect("the provider was asked");
    assert_eq!(orders.next(), None, "it was asked once");
    Form::parse(order.as_bytes()).expect("a form")
}

/// Twilio asks or tells something about the call, at the URL that it was given.
fn webhook(gateway: &Gateway, url: &str, status: &str) -> (u16, String) {
    let form = Form::from_iter([
        ("CallSid", SID),
        ("From", "+15559990000"),
        ("To", "+15551230000"),
        ("CallStatus", status),
    ]);
    let token = Secret::new(TOKEN);
    let signature = twilio::sign(twilio::Algorithm::HmacSha1, &token, url, &form);
    let path = url.strip_prefix(PUBLIC).expect("a URL of ours");
    let headers = [("X-Twilio-Signature", signature.as_str())];
    ask_with(gateway.http_port, path, &headers, Some(&form.encoded())).expect("an answer")
}

/// What stands between two texts.
fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    let rest = text
        .split_once(before)
        .unwrap_or_else(|| panic!("{text}"))
        .1;
    rest.split_once(after).unwrap_or_else(|| panic!("{text}")).0
}

#[test]
fn twilio_places_a_call_once_and_brings_it_to_its_application() {
    let (web, lobby) = (willing(), Lobby::open());
    let gateway = gateway("placed-twilio", &web, &lobby);
    let id = placed(&gateway);
    assert_eq!(placed(&gateway), id, "the same request again");
    let mut other = order();
    other["to"] = json!("+15551230001@twilio");
    let (status, told) = place(&gateway, "k1", &other);
    assert_eq!(
        (status, &told["error"]["code"]),
        (409, &json!("conflict")),
        "{told}"
    );
    let form = asked(&web);
    assert_eq!(
        (form.get("To"), form.get("From")),
        (Some("+15551230000"), Some("+15559990000"))
    );
    let call = &gateway.calls()[0];
    assert_eq!(
        (&call["id"], &call["state"]),
        (&json!(id), &json!("ringing")),
        "{call}"
    );

    let url = form.get("Url").expect("an answer URL").to_owned();
    let (status, document) = webhook(&gateway, &url, "in-progress");
    assert_eq!(status, 200, "{document}");
    let stream = between(&document, "<Stream url=\"", "\"");
    let path = stream
        .strip_prefix("wss://voice.example.com")
        .expect("our stream");
    let mark = between(&document, "name=\"placed\" value=\"", "\"").to_owned();
    let mut provider = Provider::open(gateway.http_port, path).expect("a stream");
    provider.connected();
    provider.start_with(SID, &json!({"placed": mark}));
    let mut session = lobby.accept();
    let start = session.wait_for("start");
    assert_eq!(
        (&start["callId"], &start["direction"]),
        (&json!(id), &json!("outbound"))
    );
    assert_eq!(
        (&start["from"], &start["to"]),
        (&json!("+15559990000"), &json!("+15551230000"))
    );
    assert_eq!(start["customParameters"], json!({"plan": "gold"}));
    assert_eq!(gateway.calls().len(), 1);

    gateway.ask(&["hangup", &id]);
    provider.wait_closed();
    let record = gateway.only_record();
    assert_eq!(
        (&record["callId"], &record["provider"]),
        (&json!(id), &json!("twilio")),
        "{record}"
    );
    assert!(!gateway.log().contains(TOKEN), "a credential is in the log");
}

#[test]
fn the_stream_of_a_placed_call_takes_the_place_that_was_kept_for_it() {
    let (web, lobby) = (willing(), Lobby::open());
    let gateway = gateway_with("placed-full", &web, &lobby, "limits: {calls: 1}\n");
    let id = placed(&gateway);
    let mut other = Provider::call(gateway.http_port, "+1", "nobody");
    let (code, words) = other.wait_closed();
    assert_eq!(code, 1013, "{words}");
    assert!(words.contains("limits.calls"), "{words}");

    let path = "/sip/twilio/media-stream";
    let mut provider = Provider::open(gateway.http_port, path).expect("its handshake is let in");
    provider.connected();
    provider.start_with(SID, &json!({}));
    let start = lobby.accept().wait_for("start");
    assert_eq!(start["callId"], json!(id));
    let refused = Provider::open(gateway.http_port, path).err();
    assert_eq!(refused.expect("the only place is taken").0, 503);
}

#[test]
fn a_placed_call_whose_stream_cannot_be_heard_is_awaited_until_its_provider_ends_it() {
    let (web, lobby) = (willing(), Lobby::open());
    let gateway = gateway("placed-unsupported", &web, &lobby);
    let id = placed(&gateway);
    let status_url = asked(&web).get("StatusCallback").expect("a URL").to_owned();
    let path = "/sip/twilio/media-stream";
    let mut provider = Provider::open(gateway.http_port, path).expect("its handshake is let in");
    provider.connected();
    provider.start_at(11_025, SID, &json!({}));
    let (_, words) = provider.wait_closed();
    assert!(words.contains("11025"), "{words}");
    assert_eq!(gateway.calls()[0]["id"], json!(id));
    assert_eq!(webhook(&gateway, &status_url, "completed").0, 204);
    let record = gateway.wait_for_record("callId", &id);
    assert_eq!(record["end"]["code"], 480, "{record}");
}

#[test]
fn a_call_that_nobody_answers_leaves_a_record_and_one_that_is_given_up_is_ended_there() {
    let (web, lobby) = (willing(), Lobby::open());
    let gateway = gateway("placed-unanswered", &web, &lobby);
    let id = placed(&gateway);
    let status_url = asked(&web).get("StatusCallback").expect("a URL").to_owned();
    assert_eq!(webhook(&gateway, &status_url, "busy").0, 204);
    let record = gateway.wait_for_record("callId", &id);
    assert_eq!(record["end"]["code"], 486, "{record}");
    assert_eq!(gateway.calls().len(), 0);

    let changed = format!("{}/{SID}.json", CALLS.trim_end_matches(".json"));
    web.put(&changed, b"{}");
    let (status, told) = place(&gateway, "k2", &order());
    assert_eq!(status, 201, "{told}");
    let id = told["id"].as_str().expect("an id");
    gateway.tell(id, "hangup", &json!({}));
    web.wait_asked(&format!("POST {changed} HTTP/1.1 Status=completed"));
    let record = gateway.wait_for_record("callId", id);
    assert_eq!(record["end"]["by"], "app", "{record}");
}

#[test]
fn what_is_not_placed_says_why() {
    let (web, lobby) = (Web::open(), Lobby::open());
    let refusal = json!({"code": 21219, "message": "The number is unverified"}).to_string();
    web.answer(CALLS, "400 Bad Request", refusal.as_bytes());
    let gateway = gateway("placed-refused", &web, &lobby);
    let with = |key: &str, value: Value| {
        let mut order = order();
        order[key] = value;
        order
    };
    let forbidden = with("to", json!("+4930123@twilio"));
    let elsewhere = with("to", json!("+15551230000@plivo"));
    for (number, (order, status, word)) in [
        (order(), 502, "21219"),
        (forbidden, 403, "dial.allow"),
        (elsewhere, 400, "plivo"),
        (with("from", Value::Null), 400, "one of your numbers"),
        (with("headers", json!({"X-A": "b"})), 400, "headers"),
    ]
    .into_iter()
    .enumerate()
    {
        let (got, told) = place(&gateway, &number.to_string(), &order);
        assert_eq!(got, status, "{told}");
        assert!(told.to_string().contains(word), "{told}");
    }
    assert_eq!(gateway.calls().len(), 0);
    let made = json!({"sid": SID}).to_string();
    web.answer(CALLS, "201 Created", made.as_bytes());
    let mended = with("from", json!("+15559990001"));
    let (status, told) = place(&gateway, "0", &mended);
    assert_eq!(status, 201, "nothing was placed under this key: {told}");
}

#[test]
fn where_nobody_knows_whether_a_call_was_placed_its_key_places_no_second_one() {
    for (number, (head, body)) in [("500 Oh", ""), ("200 OK", "{}")].into_iter().enumerate() {
        let (web, lobby) = (Web::open(), Lobby::open());
        web.answer(CALLS, head, body.as_bytes());
        let gateway = gateway(&format!("placed-unknown-{number}"), &web, &lobby);
        for _ in 0..2 {
            let (status, told) = place(&gateway, "k1", &order());
            assert_eq!(
                (status, &told["error"]["code"]),
                (502, &json!("maybe_placed")),
                "{told}"
            );
        }
        asked(&web);
    }
}

#[test]
fn telnyx_is_given_the_stream_at_once() {
    let (web, lobby) = (Web::open(), Lobby::open());
    let made = json!({"data": {"call_control_id": "v3:abc"}}).to_string();
    web.answer("/v2/calls", "200 OK", made.as_bytes());
    let gateway = gateway("placed-telnyx", &web, &lobby);
    let (to, from) = ("+15551230000@telnyx", "+15559990000");
    let told = gateway.ask_json(&["call", to, "--from", from, "--app", "bot"]);
    let order = web.wait_asked("POST /v2/calls HTTP/1.1 ");
    let order = order.split_once("HTTP/1.1 ").expect("a body").1;
    let order: Value = serde_json::from_str(order).expect("JSON");
    assert_eq!(
        (&order["connection_id"], &order["to"]),
        (&json!("7"), &json!("+15551230000"))
    );
    let stream = order["stream_url"].as_str().expect("a stream");
    let path = stream
        .strip_prefix("wss://voice.example.com")
        .expect("our stream");
    let mut provider = Provider::open(gateway.http_port, path).expect("a stream");
    begin_as_telnyx(&mut provider);
    let mut session = lobby.accept();
    let start = session.wait_for("start");
    assert_eq!(start["callId"], told["id"]);
    assert_eq!(start["direction"], "outbound");
}

/// What Telnyx says first.
fn begin_as_telnyx(provider: &mut Provider) {
    provider.send(&json!({"event": "connected", "version": "1.0.0"}));
    provider.send(
        &json!({"event": "start", "sequence_number": "1", "stream_id": "s1", "start": {
            "user_id": "u1", "call_control_id": "v3:abc", "from": "+15559990000", "to": "nobody",
            "media_format": {"encoding": "PCMU", "sample_rate": 8000, "channels": 1},
        }}),
    );
}

/// The next event of this type that a call tells.
fn told(events: &mut Events, kind: &str) -> Value {
    loop {
        let event = events.wait_for("call.event")["event"].clone();
        if event["type"] == kind {
            return event;
        }
    }
}

#[test]
fn telnyx_presses_keys_and_moves_a_caller_whom_it_has_brought() {
    let (web, lobby) = (Web::open(), Lobby::open());
    for verb in ["send_dtmf", "transfer"] {
        web.put(&format!("/v2/calls/v3%3Aabc/actions/{verb}"), b"{}");
    }
    let gateway = gateway("placed-moved", &web, &lobby);
    let mut provider =
        Provider::open(gateway.http_port, "/sip/telnyx/media-stream").expect("a stream");
    begin_as_telnyx(&mut provider);
    gateway.wait_for_calls(1);
    let id = gateway.calls()[0]["id"].as_str().expect("an id").to_owned();
    gateway.tell(&id, "dtmf", &json!({"digits": "12#"}));
    let pressed = || {
        let asked = web.asked().into_iter();
        let bodies = asked.filter_map(|asked| {
            let body = asked.split_once("send_dtmf HTTP/1.1 ")?.1.to_owned();
            let body: Value = serde_json::from_str(&body).ok()?;
            Some(body["digits"].as_str()?.to_owned())
        });
        bodies.collect::<Vec<_>>().concat()
    };
    eventually("all keys are pressed, in their order", || {
        (pressed() == "12#").then_some(())
    });

    let mut events = Events::listen(gateway.http_port);
    gateway.ask(&["transfer", &id, "+49301234567"]);
    let denied = told(&mut events, "refused");
    assert_eq!(denied["why"], "denied", "{denied}");
    gateway.ask(&["transfer", &id, "+15551230009"]);
    let moved = web.wait_asked("POST /v2/calls/v3%3Aabc/actions/transfer HTTP/1.1 ");
    assert!(moved.contains("+15551230009"), "{moved}");
    let taken_on = told(&mut events, "transferred");
    assert_eq!(taken_on["outcome"]["code"], 202, "{taken_on}");
    gateway.ask(&["hangup", &id]);
    gateway.only_record();
    let asked = web.asked();
    assert!(
        !asked.iter().any(|asked| asked.contains("/hangup")),
        "{asked:?}"
    );
}
