//! What is asked of Twilio and Telnyx, and what their answers mean.

use proptest::prelude::*;
use serde_json::{Value, json};
use trunkline_providers::rest::{Account, Ask, Done, Failed, Place, TelnyxAccount, TwilioAccount};
use trunkline_providers::{Form, Secret};

fn twilio() -> Account {
    Account::Twilio(TwilioAccount {
        base_url: "https://api.twilio.com".to_owned(),
        account_sid: "AC1".to_owned(),
        user: "SK1".to_owned(),
        password: Secret::new("s3cret"),
    })
}

fn telnyx() -> Account {
    Account::Telnyx(TelnyxAccount {
        base_url: "https://api.telnyx.com".to_owned(),
        api_key: Secret::new("KEY1"),
        connection_id: Some("77".to_owned()),
    })
}

fn place() -> Ask {
    Ask::Place(Place {
        to: "+15551230000".to_owned(),
        from: "+15559990000".to_owned(),
        answer_url: "https://voice.example.com/sip/twilio/answer".to_owned(),
        stream_url: "wss://voice.example.com/sip/telnyx/media-stream/t".to_owned(),
        status_url: "https://voice.example.com/sip/twilio/status".to_owned(),
    })
}

fn hang_up(call: &str) -> Ask {
    Ask::HangUp {
        call: call.to_owned(),
    }
}

fn transfer(to: &str) -> Ask {
    Ask::Transfer {
        call: "CA1".to_owned(),
        to: to.to_owned(),
    }
}

fn keys(digits: &str) -> Ask {
    Ask::PressKeys {
        call: "CA1".to_owned(),
        digits: digits.to_owned(),
        then_url: "https://voice.example.com/sip/twilio/answer".to_owned(),
    }
}

fn form(ask: &Ask) -> Form {
    let request = twilio().request(ask, "id");
    assert_eq!(request.content_type, "application/x-www-form-urlencoded");
    Form::parse(request.body.as_bytes()).unwrap()
}

fn body(ask: &Ask) -> Value {
    let request = telnyx().request(ask, "id-1");
    assert_eq!(request.content_type, "application/json");
    serde_json::from_str(&request.body).unwrap()
}

#[test]
fn twilio_is_asked_by_a_form_with_the_accounts_credentials() {
    let request = twilio().request(&hang_up("CA1"), "id");
    assert_eq!(
        request.url,
        "https://api.twilio.com/2010-04-01/Accounts/AC1/Calls/CA1.json"
    );
    assert_eq!(request.authorization.reveal(), "Basic U0sxOnMzY3JldA==");
    assert_eq!(request.body, "Status=completed");
    let placed = twilio().request(&place(), "id");
    assert_eq!(
        placed.url,
        "https://api.twilio.com/2010-04-01/Accounts/AC1/Calls.json"
    );
    assert_eq!(form(&place()).get("To"), Some("+15551230000"));
    let dial = form(&transfer("+1555"));
    assert!(
        dial.get("Twiml")
            .unwrap()
            .ends_with("<Dial><Number>+1555</Number></Dial></Response>")
    );
    let dial = form(&transfer("sip:a@b.example"));
    assert!(
        dial.get("Twiml")
            .unwrap()
            .contains("<Sip>sip:a@b.example</Sip>")
    );
    let pressed = form(&keys("12#"));
    assert!(
        pressed
            .get("Twiml")
            .unwrap()
            .contains("<Play digits=\"12#\"/><Redirect>https://")
    );
}

#[test]
fn telnyx_is_asked_by_json_with_a_command_id() {
    let request = telnyx().request(&hang_up("v3:a/b"), "id-1");
    assert_eq!(
        request.url,
        "https://api.telnyx.com/v2/calls/v3%3Aa%2Fb/actions/hangup"
    );
    assert_eq!(request.authorization.reveal(), "Bearer KEY1");
    assert_eq!(body(&hang_up("x")), json!({"command_id": "id-1"}));
    assert_eq!(
        body(&transfer("+1555")),
        json!({"command_id": "id-1", "to": "+1555"})
    );
    assert_eq!(
        body(&keys("1#")),
        json!({"command_id": "id-1", "digits": "1#"})
    );
    let placed = body(&place());
    assert_eq!(placed["connection_id"], "77");
    assert_eq!(placed["stream_bidirectional_mode"], "rtp");
}

#[test]
fn only_what_does_no_more_when_sent_twice_may_be_repeated() {
    let repeatable = |account: &Account, ask: &Ask| account.request(ask, "id").is_repeatable;
    assert!(repeatable(&twilio(), &hang_up("CA1")));
    assert!(!repeatable(&twilio(), &place()));
    assert!(!repeatable(&twilio(), &keys("1")));
    assert!(repeatable(&telnyx(), &place()));
}

#[test]
fn no_credential_is_printed() {
    for account in [twilio(), telnyx()] {
        let printed = format!("{account:?} {:?}", account.request(&place(), "id"));
        for secret in ["s3cret", "KEY1", "U0sx"] {
            assert!(!printed.contains(secret), "{printed}");
        }
    }
}

#[test]
fn an_answer_names_the_call_that_was_placed() {
    let sid = br#"{"sid": "CA7", "status": "queued"}"#;
    assert_eq!(
        twilio().read(&place(), 201, sid),
        Ok(Done::Placed("CA7".to_owned()))
    );
    let id = br#"{"data": {"call_control_id": "v3:7"}}"#;
    assert_eq!(
        telnyx().read(&place(), 200, id),
        Ok(Done::Placed("v3:7".to_owned()))
    );
    let verdict = telnyx().read(&place(), 200, b"{}");
    assert_eq!(verdict, Err(Failed::Nonsense { status: 200 }));
}

#[test]
fn a_call_that_is_over_is_no_failure() {
    let gone = br#"{"code": 20404, "message": "not found", "status": 404}"#;
    assert_eq!(twilio().read(&hang_up("CA1"), 404, gone), Ok(Done::Gone));
    let gone = br#"{"errors": [{"code": "90018", "title": "Call has already ended"}]}"#;
    assert_eq!(telnyx().read(&hang_up("x"), 422, gone), Ok(Done::Gone));
}

#[test]
fn a_refusal_has_the_providers_words_and_is_final_and_trouble_is_not() {
    let words = br#"{"errors": [{"code": "100\n09", "detail": "Authentication\nfailed"}]}"#;
    let failed = telnyx().read(&hang_up("x"), 401, words).unwrap_err();
    let told = "the provider refuses (401, code 10009): Authenticationfailed";
    assert_eq!(failed.to_string(), told);
    for status in [408, 429, 500, 503] {
        let verdict = twilio().read(&hang_up("CA1"), status, b"<html>");
        assert_eq!(verdict, Err(Failed::Later { status }));
    }
    let failed = twilio().read(&place(), 400, b"not JSON").unwrap_err();
    assert!(matches!(failed, Failed::Refused { code: None, .. }));
}

proptest! {
    #[test]
    fn no_name_of_a_call_leads_elsewhere(call in any::<String>()) {
        for account in [twilio(), telnyx()] {
            let url = account.request(&hang_up(&call), "id").url;
            let slashes = url.matches('/').count();
            let usual = account.request(&hang_up("CA1"), "id").url;
            prop_assert_eq!(slashes, usual.matches('/').count());
            prop_assert!(url.bytes().all(|b| b.is_ascii_graphic() && b != b'?' && b != b'#'));
        }
    }

    #[test]
    fn no_answer_makes_reading_fail(status in 100_u16..600, body in any::<Vec<u8>>()) {
        for account in [twilio(), telnyx()] {
            let _ = account.read(&place(), status, &body);
        }
    }
}
