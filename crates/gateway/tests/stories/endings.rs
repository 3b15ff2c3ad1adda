//! Calls that the gateway itself brings to an end.

use serde_json::Value;
use trunkline_call::EndReason;

use crate::support::{Caller, Gateway, OFFER, RawSip};

/// Calls the echo from a phone that sends no packet of audio, with this offer; the phone, and what
/// its call is called there.
fn mute(gateway: &Gateway, user: &str, offer: &str) -> RawSip {
    let phone = RawSip::toward(gateway.sip_port);
    let lines = "Content-Type: application/sdp\r\n";
    let invite = phone.request("INVITE", user, "echo", lines, offer);
    assert_eq!(phone.ask(&invite).status(), Some(200));
    phone
}

/// How the gateway ended the call from this user.
fn end(gateway: &Gateway, user: &str) -> Value {
    gateway.wait_for_record("from", user)["end"].clone()
}

#[test]
fn a_call_that_has_gone_silent_is_ended_and_one_on_hold_is_not() {
    let gateway = Gateway::start("endings-rtp", "  rtp_timeout: 1\n");
    // On hold nothing is owed (RFC 3264 section 8.4).
    let _held = mute(&gateway, "held", &format!("{OFFER}a=sendonly\r\n"));
    let silent = mute(&gateway, "silent", OFFER);
    let bye = silent.expect("BYE");
    silent.answer(&bye, 200, "OK");
    let end = end(&gateway, "silent");
    assert_eq!(end["by"], "gateway", "{end}");
    assert_eq!(end["reason"], "rtp_timeout", "{end}");
    let live = gateway.calls();
    assert_eq!(live.len(), 1, "{live:?}");
    assert_eq!(live[0]["from"], "held", "it is older, and lives");
}

#[test]
fn a_call_ends_at_the_longest_that_is_configured() {
    let gateway = Gateway::start("endings-longest", "limits: {call_duration: 1}\n");
    let report = Caller::dial(&gateway.uri("echo")).report();
    assert_eq!(report.end, EndReason::Remote);
    let record = gateway.wait_for_record("to", "echo");
    assert_eq!(record["end"]["by"], "gateway", "{record}");
    assert_eq!(record["end"]["reason"], "duration_limit", "{record}");
    let lasted = record["durationMs"].as_u64().unwrap_or_default();
    assert!(lasted >= 1_000, "{record}");
}
