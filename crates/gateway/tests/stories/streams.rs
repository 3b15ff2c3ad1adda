//! A provider brings calls as media streams.

use serde_json::json;
use trunkline_providers::signature::twilio;
use trunkline_providers::{Form, Secret};

use crate::support::lobby::Closed;
use crate::support::{Gateway, Lobby, Provider, ask_with, eventually, sound};

const FROM: &str = "+15125550100";
const TO: &str = "+15125550199";

/// Frames of 20 ms of a tone in what was said to the provider.
fn tones(hz: f64, provider: &Provider) -> usize {
    sound::frames_of_tone(hz, 8_000, &provider.heard)
}

#[test]
fn echo_answers_a_stream_and_the_caller_hangs_up() {
    let gateway = Gateway::start("streams-echo", "");
    let mut provider = Provider::call(gateway.http_port, FROM, TO);
    provider.say(&sound::tone(700.0, 8_000, 8_000));
    let call = eventually("the call is up", || {
        gateway
            .calls()
            .into_iter()
            .find(|call| call["state"] == "up")
    });
    assert_eq!((&call["from"], &call["to"]), (&json!(FROM), &json!(TO)));
    assert_eq!(call["app"], "echo");
    provider.until("the caller hears a second of echo", |provider| {
        (tones(700.0, provider) >= 48).then_some(())
    });
    provider.stop();
    assert_eq!(provider.wait_closed().0, 1000);
    let record = gateway.only_record();
    assert_eq!(record["provider"], "twilio", "{record}");
    assert_eq!(record["sipCallId"], "CA0123456789abcdef0123456789abcdef");
    assert_eq!((&record["from"], &record["to"]), (&json!(FROM), &json!(TO)));
    assert_eq!(
        (&record["end"]["by"], &record["media"]["codec"]),
        (&json!("remote"), &json!("PCMU"))
    );
    assert_eq!(record["media"]["packetsReceived"], 50, "{record}");
    assert!(
        record["media"]["packetsSent"].as_u64() >= Some(48),
        "{record}"
    );
    gateway.wait_for_calls(0);
}

#[test]
fn an_application_takes_a_stream_as_it_takes_any_call() {
    let lobby = Lobby::open();
    let gateway = Gateway::leading_to("streams-app", &lobby.url());
    let mut provider = Provider::call(gateway.http_port, FROM, TO);
    let mut application = lobby.accept();
    let start = application.wait_for("start");
    assert_eq!((&start["from"], &start["to"]), (&json!(FROM), &json!(TO)));
    assert_eq!(start["customParameters"], json!({"plan": "gold"}));
    application.wait_for("answered");
    provider.say(&sound::tone(500.0, 8_000, 4_000));
    application.until("the application hears the caller", |application| {
        (sound::frames_of_tone(500.0, 16_000, &application.heard) >= 23).then_some(())
    });
    provider.press("7");
    assert_eq!(application.wait_for("dtmf")["digit"], "7");

    application.say(&sound::tone(1_000.0, 16_000, 8_000));
    application.send(&json!({"type": "mark", "data": {"name": "said"}}));
    provider.listen(4_000);
    assert!(tones(1_000.0, &provider) >= 24);
    provider.wait_for("mark");
    let told = application.wait_for("mark");
    assert_eq!(
        (&told["data"]["name"], &told["atMs"]),
        (&json!("said"), &json!(500))
    );

    application.say(&vec![5_000; 10 * 16_000]);
    application.send(&json!({"type": "mark", "data": {"name": "never"}}));
    provider.listen(8_000);
    application.send(&json!({"type": "clear"}));
    provider.wait_for("clear");
    let cleared = application.wait_for("cleared");
    assert_eq!(cleared["marks"], json!(["never"]), "{cleared}");
    let at_ms = cleared["atMs"].as_u64().expect("a number");
    assert!((500..5_000).contains(&at_ms), "{cleared}");

    // Nothing presses keys on such a stream, so the caller's end hears them.
    application.send(&json!({"type": "sendDtmf", "digits": "5"}));
    provider.until("the key is heard", |provider| {
        let mut pieces = provider.heard.chunks_exact(160);
        let shares = |piece| [770.0, 1_336.0].map(|hz| sound::share_at(hz, 8_000, piece));
        pieces
            .any(|piece| shares(piece).iter().all(|share| *share > 0.3))
            .then_some(())
    });

    application.send(&json!({"type": "hold"}));
    let refused = application.wait_for("refused");
    assert_eq!(
        (&refused["command"], &refused["why"]),
        (&json!("hold"), &json!("unsupported"))
    );
    application.send(&json!({"type": "hangup"}));
    assert_eq!(provider.wait_closed().0, 1000);
    assert_eq!(application.wait_for("stop")["by"], "app");
    assert_eq!(application.wait_closed(), Closed::Frame(1000));
    assert_eq!(gateway.only_record()["end"]["by"], "app");
}

#[test]
fn a_stream_that_breaks_off_ends_its_call_alone() {
    let gateway = Gateway::start("streams-lost", "");
    let mut steady = Provider::call(gateway.http_port, FROM, TO);
    let lost = Provider::call(gateway.http_port, FROM, "+15125550198");
    gateway.wait_for_calls(2);
    drop(lost);
    let record = gateway.only_record();
    assert_eq!(record["end"]["reason"], "stream_lost", "{record}");
    let why = gateway.ask(&["why", record["callId"].as_str().expect("an id")]);
    assert!(why.contains("broke off"), "{why}");
    steady.say(&sound::tone(700.0, 8_000, 1_600));
    steady.until("the other call goes on", |steady| {
        (tones(700.0, steady) >= 8).then_some(())
    });
}

#[test]
fn what_is_no_stream_is_refused_in_words_and_counted() {
    let gateway = Gateway::start("streams-nonsense", "");
    for (path, messages, words) in [
        (
            "/sip/media-stream",
            &[r#"{"hello":1}"#, r#"{"hello":2}"#][..],
            "hello",
        ),
        ("/sip/twilio/media-stream", &["nonsense"], "twilio"),
        (
            "/sip/twilio/media-stream",
            &[r#"{"event":"media","media":{"payload":""}}"#],
            "start",
        ),
        (
            "/sip/media-stream",
            &[
                r#"{"event":"start","stream_id":"s","start":{"call_control_id":"v3:1",
                "media_format":{"encoding":"AMR-WB","sample_rate":16000,"channels":1}}}"#,
            ],
            "AMR-WB, which is not supported",
        ),
    ] {
        let mut provider = Provider::open(gateway.http_port, path).expect("a handshake");
        for message in messages {
            provider.send_text(message);
        }
        let (code, reason) = provider.wait_closed();
        assert_eq!(code, 1008, "{reason}");
        assert!(reason.contains(words), "{reason}");
    }
    assert_eq!(
        gateway.figure(r#"streams_refused_total{reason="nonsense"}"#),
        4
    );
    assert!(gateway.calls().is_empty() && gateway.records().is_empty());
}

#[test]
fn a_stream_that_does_not_begin_is_closed_after_five_seconds() {
    let gateway = Gateway::start("streams-silent", "");
    let mut provider = Provider::open(gateway.http_port, "/sip/media-stream").expect("a handshake");
    provider.connected();
    let (code, reason) = provider.wait_closed();
    assert_eq!(code, 1008);
    assert!(reason.contains("5 s"), "{reason}");
    assert_eq!(
        gateway.figure(r#"streams_refused_total{reason="no_start"}"#),
        1
    );
}

#[test]
fn a_stream_that_no_route_takes_is_refused() {
    let routes = "routes: [{to: \"+49*\", app: echo}]\n";
    let gateway = Gateway::start("streams-no-route", routes);
    let mut provider = Provider::call(gateway.http_port, FROM, TO);
    let (code, reason) = provider.wait_closed();
    assert_eq!(code, 1008);
    assert!(reason.contains(TO), "{reason}");
    let mut provider = Provider::call(gateway.http_port, FROM, "+4930123456");
    gateway.wait_for_calls(1);
    provider.close();
    assert_eq!(gateway.only_record()["end"]["by"], "remote");
}

#[test]
fn only_known_providers_near_by_are_let_in() {
    let gateway = Gateway::start("streams-admission", "limits: {calls: 1}\n");
    let port = gateway.http_port;
    let (status, words) = Provider::open(port, "/sip/nobody/media-stream")
        .err()
        .expect("no");
    assert_eq!(status, 404);
    assert!(words.contains("twilio"), "{words}");
    for header in [
        ("x-forwarded-for", "203.0.113.9"),
        ("origin", "https://evil.example.com"),
    ] {
        let refused = Provider::open_with(port, "/sip/media-stream", &[header]);
        assert_eq!(
            refused.err().map(|(status, _)| status),
            Some(403),
            "{header:?}"
        );
    }
    let mut live = Provider::call(port, FROM, TO);
    gateway.wait_for_calls(1);
    let refused = Provider::open(port, "/sip/media-stream").err();
    assert_eq!(refused.map(|(status, _)| status), Some(503), "limits.calls");
    let counted = gateway.figure(r#"streams_refused_total{reason="no_room"}"#);
    assert_eq!(counted, 1);
    live.stop();
    gateway.wait_for_calls(0);
}

#[test]
fn a_provider_that_was_answered_comes_once_and_from_anywhere() {
    let providers = "providers: {twilio: {auth_token: \"12345\"}}\n";
    let public = "https://voice.example.com";
    let gateway = Gateway::start_public("streams-ticket", public, providers);
    let form = Form::from_iter([("CallSid", "CA1"), ("From", FROM), ("To", TO)]);
    let (url, secret) = (format!("{public}/sip/twilio/answer"), Secret::new("12345"));
    let signature = twilio::sign(twilio::Algorithm::HmacSha1, &secret, &url, &form);
    let headers = [("X-Twilio-Signature", signature.as_str())];
    let (port, form) = (gateway.http_port, form.encoded());
    let (status, body) = ask_with(port, "/sip/twilio/answer", &headers, Some(&form)).expect("HTTP");
    assert_eq!(status, 200, "{body}");
    let (_, after) = body
        .split_once("wss://voice.example.com")
        .expect("a stream");
    let (path, _) = after.split_once('"').expect("the end of its URL");

    let tunnel = [("x-forwarded-for", "203.0.113.9")];
    let refused = |path: &str| {
        let refused = Provider::open_with(port, path, &tunnel).err();
        refused.map(|(status, _)| status)
    };
    assert_eq!(refused("/sip/twilio/media-stream/AAAA"), Some(403));
    assert_eq!(refused(&path.replace("twilio", "plivo")), Some(403));
    let mut provider = Provider::open_with(port, path, &tunnel).expect("a stream");
    provider.connected();
    provider.start(FROM, TO);
    gateway.wait_for_calls(1);
    assert_eq!(refused(path), Some(403), "it was used");
    provider.stop();
    assert_eq!(gateway.only_record()["provider"], "twilio");
}

#[test]
fn a_gateway_that_leaves_takes_no_new_streams() {
    let mut gateway = Gateway::start("streams-drain", "");
    let mut live = Provider::call(gateway.http_port, FROM, TO);
    gateway.wait_for_calls(1);
    gateway.signal("TERM");
    eventually("streams are refused", || {
        let refused = Provider::open(gateway.http_port, "/sip/media-stream").err();
        (refused.map(|(status, _)| status) == Some(503)).then_some(())
    });
    live.stop();
    live.wait_closed();
    assert!(gateway.wait_until_gone().success());
}

#[test]
fn fifty_streams_at_once_leave_nothing_behind() {
    const STREAMS: usize = 50;
    let gateway = Gateway::start("streams-fifty", "");
    let descriptors = || {
        let folder = format!("/proc/{}/fd", gateway.pid());
        std::fs::read_dir(folder)
            .expect("Linux lists descriptors")
            .count()
    };
    let mut warm = Provider::call(gateway.http_port, FROM, TO);
    gateway.wait_for_calls(1);
    warm.stop();
    warm.wait_closed();
    gateway.wait_for_calls(0);
    let before = descriptors();
    let mut providers: Vec<Provider> = (0..STREAMS)
        .map(|_| Provider::call(gateway.http_port, FROM, TO))
        .collect();
    gateway.wait_for_calls(STREAMS);
    let said = sound::tone(700.0, 8_000, 3_200);
    providers
        .iter_mut()
        .for_each(|provider| provider.say(&said));
    for provider in &mut providers {
        provider.until("every caller hears its echo", |provider| {
            (tones(700.0, provider) >= 18).then_some(())
        });
    }
    // They leave in three ways.
    for (n, mut provider) in providers.into_iter().enumerate() {
        match n % 3 {
            0 => provider.stop(),
            1 => provider.close(),
            _ => drop(provider),
        }
    }
    gateway.wait_for_calls(0);
    eventually("no descriptor is left", || {
        (descriptors() <= before).then_some(())
    });
    assert_eq!(gateway.records().len(), STREAMS + 1);
    assert_eq!(gateway.figure("rtp_ports"), 0);
}

#[test]
fn a_telephone_system_is_agreed_with_on_its_subprotocol_wherever_it_comes() {
    let gateway = Gateway::start("streams-subprotocol", "");
    let came = |path: &str, offered: &str| {
        let headers = [("sec-websocket-protocol", offered)];
        // A client gives up where its offer is not answered (RFC 6455 section 4.1).
        Provider::open_with(gateway.http_port, path, &headers).is_ok()
    };
    for (path, offered) in [
        ("/sip/media-stream", "audio.drachtio.org"),
        ("/sip/media-stream", "other, media"),
        ("/sip/jambonz/media-stream", "audio.jambonz.org"),
        ("/sip/jambonz/media-stream", "audio.drachtio.org"),
        ("/sip/chan_websocket/media-stream", "media"),
    ] {
        assert!(came(path, offered), "{path}: {offered}");
    }
}
