//! What whoever finds a webhook may send: read without harm, proven by nobody, and answered by a
//! document in which it is text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use trunkline_providers::answer::{Connection, connect};
use trunkline_providers::signature::{basic, plivo, telnyx, twilio, vonage};
use trunkline_providers::ticket::Tickets;
use trunkline_providers::url::Url;
use trunkline_providers::{Form, Provider, Secret, twiml, webhook};

const NOW_S: u64 = 1_700_000_000;
const SECRET: &str = "a secret that no input knows";
const PUBLIC_KEY: &str = "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=";

fuzz_target!(|input: (&str, &str, &[u8])| {
    let (header, text, body) = input;
    prove(header, text, body);
    let _ = twiml::read(text);
    let tickets = Tickets::new([7; 32]).admit(Provider::Telnyx, header, NOW_S);
    assert!(tickets.is_err());
    for is_json in [false, true] {
        let Ok(fields) = webhook::fields(is_json, body) else {
            continue;
        };
        // What is escaped may be longer than a form may be.
        if let Ok(again) = Form::parse(fields.encoded().as_bytes()) {
            assert_eq!(again, fields);
        }
        for provider in Provider::ALL {
            if let Ok(asked) = webhook::asked(provider, &fields) {
                let url = "wss://voice.example.com/m".to_owned();
                let document = connect(provider, &Connection::of_call(url, &asked.from, &asked.to));
                let is_xml = document.content_type.starts_with("text/xml");
                assert!(!is_xml || !document.body.contains("<Dial"));
            }
        }
    }
});

/// Nothing that is made without the secret is a proof.
fn prove(header: &str, text: &str, body: &[u8]) {
    let secret = Secret::new(SECRET);
    let keys = twilio::Keys {
        auth_token: secret.clone(),
        shared_keys: vec![("k".to_owned(), secret.clone())],
    };
    let headers = twilio::Headers {
        signature: Some(header),
        settings: Some(text),
    };
    let url = match Url::parse(text) {
        Some(_) => text,
        None => "https://voice.example.com/a?b=c",
    };
    for signed in [
        twilio::Signed::Get,
        twilio::Signed::Handshake,
        twilio::Signed::Body(body),
    ] {
        assert!(twilio::verify(&keys, url, signed, headers).is_err());
    }
    let headers = plivo::Headers {
        signatures: Some(header),
        nonce: Some(text),
    };
    let plivo = plivo::verify(&plivo::PLIVO, &secret, url, plivo::Signed::Get, headers);
    assert!(plivo.is_err());
    let headers = telnyx::Headers {
        signature: Some(header),
        timestamp: Some("1700000000"),
    };
    let key = PUBLIC_KEY.parse().expect("a key");
    assert!(telnyx::verify(&key, body, headers, NOW_S).is_err());
    assert!(vonage::verify(&secret, Some(header), body, NOW_S).is_err());
    assert!(basic::verify("user", &secret, Some(header)).is_err());
}
