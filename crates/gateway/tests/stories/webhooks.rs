//! Providers ask what is to become of a call: who asks is proven first, then the call is led to the
//! gateway's media stream or told that nobody answers its number.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;
use trunkline_providers::signature::telnyx::SigningKey;
use trunkline_providers::signature::{basic, plivo, twilio, vonage};
use trunkline_providers::{Form, Secret};

use crate::support::{Gateway, ask_with, get};

const PUBLIC: &str = "https://voice.example.com";
const TOKEN: &str = "12345";
const ANSWER: &str = "/sip/twilio/answer";

const ONE_NUMBER: &str = "routes: [{to: \"+15559990000\", app: echo}]\n";

fn gateway(name: &str, providers: &str) -> Gateway {
    let more = format!("{ONE_NUMBER}providers: {{{providers}}}\n");
    Gateway::start_public(name, PUBLIC, &more)
}

fn call_to(to: &str) -> Form {
    Form::from_iter([("CallSid", "CA1"), ("From", "+15551230000"), ("To", to)])
}

/// Status and body of a webhook with these headers.
fn ask(
    gateway: &Gateway,
    path: &str,
    headers: &[(&str, &str)],
    form: Option<&Form>,
) -> (u16, String) {
    let form = form.map(Form::encoded);
    ask_with(gateway.http_port, path, headers, form.as_deref()).expect("the gateway answers")
}

fn signed_by_twilio(path: &str, form: &Form) -> String {
    let url = format!("{PUBLIC}{path}");
    twilio::sign(twilio::Algorithm::HmacSha1, &Secret::new(TOKEN), &url, form)
}

fn now_s() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.expect("a clock after 1970").as_secs()
}

#[test]
fn a_signed_call_is_led_to_the_media_stream() {
    let gateway = gateway("webhook-twilio", "twilio: {auth_token: \"12345\"}");
    let form = call_to("+15559990000");
    let signature = signed_by_twilio(ANSWER, &form);
    // The host is a stranger's: signatures are verified over the configured URL alone.
    for host in ["127.0.0.1", "evil.example.com"] {
        let headers = [
            ("X-Twilio-Signature", signature.as_str()),
            ("Host", host),
            ("Connection", "close"),
        ];
        let (status, body) = ask(&gateway, ANSWER, &headers, Some(&form));
        assert_eq!(status, 200, "{body}");
        let stream = "<Connect><Stream url=\"wss://voice.example.com/sip/twilio/media-stream/";
        assert!(body.contains(stream), "{body}");
        assert!(body.contains("<Parameter name=\"from_number\" value=\"+15551230000\"/>"));
    }
}

#[test]
fn a_call_that_is_not_signed_or_signed_for_another_url_is_refused() {
    let gateway = gateway("webhook-unsigned", "twilio: {auth_token: \"12345\"}");
    let form = call_to("+15559990000");
    let (status, body) = ask(&gateway, ANSWER, &[], Some(&form));
    assert_eq!(status, 403);
    assert!(
        body.contains("the header X-Twilio-Signature is missing"),
        "{body}"
    );
    let elsewhere = signed_by_twilio("/sip/twilio/status", &form);
    let changed = signed_by_twilio(ANSWER, &call_to("+15559990001"));
    for signature in [elsewhere, changed, "AAAA".to_owned()] {
        let headers = [("X-Twilio-Signature", signature.as_str())];
        let (status, body) = ask(&gateway, ANSWER, &headers, Some(&form));
        assert_eq!(status, 403);
        assert!(body.contains("is not that of this request"), "{body}");
    }
    assert!(
        !gateway.log().contains("12345"),
        "a credential is in the log"
    );
}

#[test]
fn a_number_that_nothing_takes_is_told_so() {
    let gateway = gateway("webhook-unknown", "twilio: {auth_token: \"12345\"}");
    let form = call_to("+15550000000");
    let signature = signed_by_twilio(ANSWER, &form);
    let headers = [("X-Twilio-Signature", signature.as_str())];
    let (status, body) = ask(&gateway, ANSWER, &headers, Some(&form));
    assert_eq!(status, 200);
    let refusal = "<Response><Say>This number is not configured.</Say><Hangup/></Response>";
    assert!(body.ends_with(refusal), "{body}");
}

#[test]
fn a_webhook_that_comes_twice_gets_the_same_answer_and_makes_no_call() {
    let gateway = gateway("webhook-twice", "twilio: {auth_token: \"12345\"}");
    let query = "/sip/twilio/answer?CallSid=CA1&From=%2B15551230000&To=%2B15559990000";
    let signature = signed_by_twilio(query, &Form::default());
    let headers = [("X-Twilio-Signature", signature.as_str())];
    let answers: Vec<(u16, String)> = (0..3)
        .map(|_| ask(&gateway, query, &headers, None))
        .collect();
    assert_eq!(answers[0].0, 200, "{}", answers[0].1);
    // At most one of them was answered in the next minute.
    assert!(answers[0] == answers[1] || answers[1] == answers[2]);
    assert!(gateway.calls().is_empty());
}

#[test]
fn a_provider_that_is_not_configured_is_told_what_to_set() {
    let gateway = gateway("webhook-none", "telnyx: {codec: l16}");
    for (provider, key) in [
        ("twilio", "providers.twilio.auth_token"),
        ("telnyx", "providers.telnyx.public_key"),
        ("plivo", "providers.plivo.auth_token"),
        ("vobiz", "providers.vobiz.auth_token"),
        ("vonage", "providers.vonage.signature_secret"),
        ("exotel", "providers.exotel.username"),
    ] {
        let path = format!("/sip/{provider}/answer");
        let (status, body) = ask(&gateway, &path, &[], Some(&call_to("+15559990000")));
        assert_eq!(status, 403, "{provider}");
        assert!(
            body.contains(&format!("not configured: set {key}")),
            "{body}"
        );
    }
    let (status, body) = ask(&gateway, "/sip/acme/answer", &[], Some(&call_to("+1")));
    assert_eq!(status, 404, "{body}");
}

#[test]
fn without_a_public_url_nothing_can_be_verified() {
    let more = format!("{ONE_NUMBER}providers: {{twilio: {{auth_token: \"12345\"}}}}\n");
    let gateway = Gateway::start("webhook-no-url", &more);
    let form = call_to("+15559990000");
    let signature = signed_by_twilio(ANSWER, &form);
    let headers = [("X-Twilio-Signature", signature.as_str())];
    let (status, body) = ask(&gateway, ANSWER, &headers, Some(&form));
    assert_eq!(status, 403);
    assert!(body.contains("set server.public_url"), "{body}");
}

#[test]
fn telnyx_signs_the_body_and_the_time() {
    let key = SigningKey::new([3; 32]);
    let providers = format!(
        "telnyx: {{public_key: \"{}\", codec: l16}}",
        key.public_key()
    );
    let gateway = gateway("webhook-telnyx", &providers);
    let (path, form) = ("/sip/telnyx/answer", call_to("+15559990000"));
    let sent = |at_s: u64| {
        let signature = key.sign(at_s, form.encoded().as_bytes());
        let time = at_s.to_string();
        let headers = [
            ("Telnyx-Signature-Ed25519", signature.as_str()),
            ("Telnyx-Timestamp", time.as_str()),
        ];
        ask(&gateway, path, &headers, Some(&form))
    };
    let (status, body) = sent(now_s());
    assert_eq!(status, 200, "{body}");
    assert!(body.contains("codec=\"L16\" bidirectionalMode=\"rtp\" bidirectionalCodec=\"L16\""));
    let (status, body) = sent(now_s() - 400);
    assert_eq!(status, 403);
    assert!(body.contains("at most 300 s are accepted"), "{body}");
    let (status, _) = ask(&gateway, path, &[], None);
    assert_eq!(status, 405, "the signature of a GET covers nothing");
}

#[test]
fn plivo_vobiz_vonage_and_exotel_prove_themselves_each_in_their_way() {
    let providers = "plivo: {auth_token: \"12345\"}, vobiz: {auth_token: \"12345\"}, \
                     vonage: {signature_secret: \"12345\"}, \
                     exotel: {username: exo, password: \"12345\"}";
    let gateway = gateway("webhook-kin", providers);
    let secret = Secret::new(TOKEN);
    let form = Form::from_iter([
        ("CallUUID", "c1"),
        ("From", "+15551230000"),
        ("To", "+15559990000"),
    ]);
    for (provider, names) in [("plivo", plivo::PLIVO), ("vobiz", plivo::VOBIZ)] {
        let path = format!("/sip/{provider}/answer?x=1");
        let url = format!("{PUBLIC}{path}");
        let signature = plivo::sign(&secret, &url, plivo::Signed::Post(&form), "n1").unwrap();
        let headers = [(names.signature, signature.as_str()), (names.nonce, "n1")];
        let (status, body) = ask(&gateway, &path, &headers, Some(&form));
        assert_eq!(status, 200, "{body}");
        assert!(
            body.contains(&format!("/sip/{provider}/media-stream/")),
            "{body}"
        );
    }
    let asked = Form::from_iter([("uuid", "c1"), ("from", "1"), ("to", "+15559990000")]);
    let token = vonage::sign(&secret, asked.encoded().as_bytes(), now_s());
    let headers = [("Authorization", token.as_str())];
    let (status, body) = ask(&gateway, "/sip/vonage/answer", &headers, Some(&asked));
    assert_eq!(status, 200, "{body}");
    let ncco: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(ncco[0]["action"], "connect");
    let path = "/sip/exotel/answer?CallSid=c1&CallFrom=1&CallTo=%2B15559990000";
    let credentials = basic::value("exo", &secret);
    let headers = [("Authorization", credentials.as_str())];
    let (status, body) = ask(&gateway, path, &headers, None);
    assert_eq!(status, 200, "{body}");
    assert!(body.contains("?sample-rate=16000"), "{body}");
    let (status, _) = ask(&gateway, path, &[], None);
    assert_eq!(status, 403);
}

#[test]
fn unverified_webhooks_come_from_this_machine_only() {
    let gateway = gateway("webhook-unverified", "twilio: {verify: false}");
    let form = call_to("+15559990000");
    let (status, body) = ask(&gateway, ANSWER, &[], Some(&form));
    assert_eq!(status, 200, "{body}");
    assert!(gateway.log().contains("providers.twilio.verify is false"));
    for strange in [
        ("X-Forwarded-For", "203.0.113.9"),
        ("Origin", "https://evil.example.com"),
    ] {
        let (status, body) = ask(&gateway, ANSWER, &[strange], Some(&form));
        assert_eq!(status, 403, "{strange:?}");
        assert!(body.contains("requests of this machine only"), "{body}");
    }
}

#[test]
fn a_providers_tale_of_a_failed_stream_is_logged_escaped() {
    let gateway = gateway("webhook-status", "twilio: {auth_token: \"12345\"}");
    let form = Form::from_iter([
        ("CallSid", "CA1"),
        ("StreamEvent", "stream-error"),
        ("StreamError", "broken\npipe"),
    ]);
    let path = "/sip/twilio/status";
    let (status, _) = ask(&gateway, path, &[], Some(&form));
    assert_eq!(status, 403);
    let signature = signed_by_twilio(path, &form);
    let headers = [("X-Twilio-Signature", signature.as_str())];
    let (status, _) = ask(&gateway, path, &headers, Some(&form));
    assert_eq!(status, 204);
    assert!(gateway.log().contains("broken\\npipe"), "{}", gateway.log());
}

/// What is counted of refused webhooks for this reason.
fn refused(gateway: &Gateway, reason: &str) -> u64 {
    let (_, text) = get(gateway.http_port, "/metrics").expect("the gateway answers HTTP");
    let start = format!("trunkline_webhooks_refused_total{{reason=\"{reason}\"}} ");
    let value = text.lines().find_map(|line| line.strip_prefix(&start));
    value.map_or(0, |value| value.parse().expect("a count"))
}

#[test]
fn every_refusal_is_counted_with_its_reason() {
    let gateway = gateway("webhook-counted", "twilio: {auth_token: \"12345\"}");
    let (ours, nobodys) = (call_to("+15559990000"), call_to("+15559990001"));
    let asks = |signature: &str, form: &Form| {
        let headers = [("X-Twilio-Signature", signature)];
        ask(&gateway, ANSWER, &headers, Some(form)).0
    };
    assert_eq!(asks(&signed_by_twilio(ANSWER, &ours), &ours), 200);
    assert_eq!(asks("AAAA", &ours), 403);
    assert_eq!(asks(&signed_by_twilio(ANSWER, &nobodys), &ours), 403);
    assert_eq!(asks(&signed_by_twilio(ANSWER, &nobodys), &nobodys), 200);
    let silent = Form::from_iter([("From", "+1")]);
    assert_eq!(asks(&signed_by_twilio(ANSWER, &silent), &silent), 400);
    ask(&gateway, ANSWER, &[], Some(&ours));
    ask(&gateway, "/sip/telnyx/answer", &[], Some(&ours));
    for (reason, count) in [
        ("bad_signature", 2),
        ("unknown_number", 1),
        ("unreadable", 1),
        ("unsigned", 1),
        ("not_configured", 1),
        ("stale", 0),
    ] {
        assert_eq!(refused(&gateway, reason), count, "{reason}");
    }
}
