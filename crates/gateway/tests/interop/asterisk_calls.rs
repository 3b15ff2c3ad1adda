//! Asterisk calls us, over each transport and codec, we call it, and it rings us as a phone.

use serde_json::{Value, json};

use crate::asterisk::{Asterisk, with_asterisk};
use crate::support::{Application, Gateway, Manner, eventually};

/// Plays the scene `tone` to what answers at `channel` and checks that it came back.
fn hear_the_tone_echoed(asterisk: &mut Asterisk, channel: &str) {
    asterisk.call(channel, "tone");
    let counted = asterisk.wait_for_scene("Audio");
    let packets = |name: &str| counted[name].parse::<u64>().expect("a count of packets");
    // Four seconds are 200 packets each way; what is in flight at either end is not counted.
    assert!(packets("Sent") >= 180, "Asterisk sent {counted:?}");
    assert!(packets("Received") >= 180, "Asterisk received {counted:?}");
    asterisk.wait_for_tone("tone", 160);
}

/// Checks what the gateway itself says of a call: its codec, packets both ways, and no loss.
pub fn check_media(record: &Value, codec: &str, packets: u64) {
    let media = &record["media"];
    assert_eq!(media["codec"], codec, "{record}");
    for counter in ["packetsSent", "packetsReceived"] {
        let count = media[counter].as_u64().expect("a count of packets");
        assert!(count >= packets, "{counter}: {record}");
    }
    assert_eq!(media["packetsLost"], 0, "{record}");
    // Two at most: with what is neither RTP nor RTCP some open the way through a NAT at the start.
    let rejected = media["packetsRejected"].as_u64();
    assert!(rejected.is_some_and(|count| count <= 2), "{record}");
}

#[test]
fn asterisk_calls_echo_over_udp() {
    with_asterisk("calls echo over UDP", |mut asterisk| {
        let gateway = Gateway::start("asterisk-udp-gateway", "");
        let channel = format!("PJSIP/trunkline/{}", gateway.uri("echo"));
        hear_the_tone_echoed(&mut asterisk, &channel);
        let record = gateway.only_record();
        check_media(&record, "PCMU", 180);
        assert_eq!(record["end"]["by"], "remote", "{record}");
    });
}

#[test]
fn asterisk_calls_echo_over_tcp() {
    with_asterisk("calls echo over TCP", |mut asterisk| {
        let gateway = Gateway::start("asterisk-tcp-gateway", "");
        let channel = format!("PJSIP/trunkline-tcp/{};transport=tcp", gateway.uri("echo"));
        hear_the_tone_echoed(&mut asterisk, &channel);
        check_media(&gateway.only_record(), "PCMU", 180);
    });
}

#[test]
fn asterisk_calls_echo_in_g722() {
    with_asterisk("calls echo in G.722", |mut asterisk| {
        let gateway = Gateway::start("asterisk-g722-gateway", "");
        let channel = format!("PJSIP/trunkline-g722/{}", gateway.uri("echo"));
        hear_the_tone_echoed(&mut asterisk, &channel);
        check_media(&gateway.only_record(), "G722", 180);
    });
}

/// Calls Asterisk's echo as `to`, for an application that hears its own tone come back.
fn call_its_echo(gateway: &Gateway, application: &Application, to: &str) {
    let call = gateway.place(to);
    application.wait_for_tone(1000.0, 0, 150);
    gateway.tell(&call, "hangup", &json!({}));
    let record = gateway.wait_for_record("callId", &call);
    check_media(&record, "PCMU", 150);
    assert_eq!(record["end"]["by"], "app", "{record}");
}

#[test]
fn asterisk_is_called_at_echo() {
    with_asterisk("is called at echo", |asterisk| {
        let application = Application::start(Manner::Tone);
        let gateway = Gateway::start_for("asterisk-called-gateway", &application);
        call_its_echo(&gateway, &application, &asterisk.uri("echo"));
    });
}

#[test]
fn asterisk_is_called_at_echo_over_tcp() {
    with_asterisk("is called at echo over TCP", |asterisk| {
        let application = Application::start(Manner::Tone);
        let gateway = Gateway::start_for("asterisk-called-tcp-gateway", &application);
        let to = format!("{};transport=tcp", asterisk.uri("echo"));
        call_its_echo(&gateway, &application, &to);
    });
}

/// Asterisk as a trunk that knows us as 1001.
fn trunk(asterisk: &Asterisk, password: &str) -> String {
    let port = asterisk.sip_port;
    format!(
        "trunks: {{asterisk: {{host: 127.0.0.1, port: {port}, register: true, \
         username: \"1001\", password: {password}}}}}\n"
    )
}

/// Waits until the only trunk stands as these words begin.
fn wait_for_standing(gateway: &Gateway, words: &str) {
    eventually(&format!("the trunk is {words}"), || {
        let trunks = gateway.get("/v1/trunks");
        let standing = trunks["trunks"][0]["standing"].as_str()?;
        standing.starts_with(words).then_some(())
    });
}

#[test]
fn we_register_with_asterisk_by_digest_and_it_rings_us() {
    with_asterisk("registers 1001 and rings it", |mut asterisk| {
        let trunk = trunk(&asterisk, "pw1001");
        let gateway = Gateway::start("asterisk-register-gateway", &trunk);
        asterisk.wait_for("1001 has registered", |event| {
            event["Event"] == "ContactStatus" && event["AOR"] == "1001"
        });
        wait_for_standing(&gateway, "registered for");
        hear_the_tone_echoed(&mut asterisk, "PJSIP/1001");
        let record = gateway.only_record();
        check_media(&record, "PCMU", 180);
        assert_eq!(record["to"], "1001", "{record}");
        assert_eq!(record["trunk"], "asterisk", "{record}");
    });
}

#[test]
fn we_call_through_asterisk_as_its_phone_by_digest() {
    with_asterisk("takes a call of 1001 by digest", |asterisk| {
        let application = Application::start(Manner::Tone);
        let trunk = trunk(&asterisk, "pw1001");
        let gateway =
            Gateway::leading_to_with("asterisk-trunk-gateway", &application.url(), &trunk);
        call_its_echo(&gateway, &application, "sip:echo@asterisk");
        assert_eq!(gateway.only_record()["trunk"], "asterisk");
    });
}

#[test]
fn asterisk_refuses_us_with_a_wrong_password() {
    with_asterisk("refuses a wrong password", |asterisk| {
        let application = Application::start(Manner::Silent);
        let trunk = trunk(&asterisk, "pw1002");
        let gateway =
            Gateway::leading_to_with("asterisk-wrong-gateway", &application.url(), &trunk);
        wait_for_standing(&gateway, "refused with 40");
        let call = gateway.place("sip:echo@asterisk");
        let record = gateway.wait_for_record("callId", &call);
        assert_eq!(record["end"]["by"], "upstream", "{record}");
        assert_eq!(record["answeredMs"], Value::Null, "{record}");
    });
}
