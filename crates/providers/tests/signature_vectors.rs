//! Known signatures: a provider's published example, and vectors computed with the vendors' code.

use trunkline_providers::signature::telnyx::{self, PublicKey, SigningKey};
use trunkline_providers::signature::twilio::{self, Algorithm, Headers, Keys, Signed};
use trunkline_providers::signature::{Unproven, basic, plivo, vonage};
use trunkline_providers::{Form, Secret};

const APP_URL: &str = "https://mycompany.com/myapp.php?foo=1&bar=2";

fn keys() -> Keys {
    Keys {
        auth_token: Secret::new("12345"),
        shared_keys: vec![("webhooks_sharedkey_1".to_owned(), Secret::new("12345"))],
    }
}

fn published_form() -> Form {
    Form::from_iter([
        ("CallSid", "CA1234567890ABCDE"),
        ("Caller", "+14158675309"),
        ("Digits", "1234"),
        ("From", "+14158675309"),
        ("To", "+18005551212"),
    ])
}

fn given(signature: &str) -> Headers<'_> {
    Headers {
        signature: Some(signature),
        settings: None,
    }
}

#[test]
fn twilios_published_example_is_signed_and_verified() {
    let (form, token) = (published_form(), &keys().auth_token);
    let expected = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";
    assert_eq!(
        twilio::sign(Algorithm::HmacSha1, token, APP_URL, &form),
        expected
    );
    let verdict = twilio::verify(&keys(), APP_URL, Signed::Form(&form), given(expected));
    assert_eq!(verdict, Ok(()));
}

#[test]
fn twilios_url_may_have_its_port_or_not() {
    let form = published_form();
    let with_port = "kvajT1Ptam85bY51eRf/AJRuM3w=";
    let ported = APP_URL.replace(".com/", ".com:443/");
    let token = &keys().auth_token;
    assert_eq!(
        twilio::sign(Algorithm::HmacSha1, token, &ported, &form),
        with_port
    );
    for url in [APP_URL, &ported] {
        for signature in [with_port, "RSOYDt4T1cUTdK1PDd93/VVr8B8="] {
            let verdict = twilio::verify(&keys(), url, Signed::Form(&form), given(signature));
            assert_eq!(verdict, Ok(()), "{url} {signature}");
        }
    }
}

#[test]
fn a_shared_key_signs_with_sha256_and_only_where_the_settings_say_so() {
    let form = published_form();
    let signature = "033hgUJA9M/hXIZsYjwkerEP/DBm35nEri5FhCYjA5s=";
    let verify = |settings| {
        let headers = Headers {
            signature: Some(signature),
            settings,
        };
        twilio::verify(&keys(), APP_URL, Signed::Form(&form), headers)
    };
    let named = "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256";
    assert_eq!(verify(Some(named)), Ok(()));
    assert_eq!(verify(None), Err(Unproven::Different));
    let unknown_key = "key=webhooks_sharedkey_2,algorithm=HMAC_SHA256";
    assert_eq!(verify(Some(unknown_key)), Err(Unproven::Key));
    assert_eq!(verify(Some("algorithm=HMAC_SHA256")), Err(Unproven::Key));
    let unknown = "key=webhooks_sharedkey_1,algorithm=HMAC_SHA512";
    assert_eq!(verify(Some(unknown)), Err(Unproven::Algorithm));
}

#[test]
fn a_body_that_is_no_form_is_proven_by_its_digest_in_the_url() {
    let body = br#"{"property": "value", "boolean": true}"#;
    let url = twilio::with_body_hash(APP_URL, body);
    let hash = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";
    assert_eq!(url, format!("{APP_URL}&bodySHA256={hash}"));
    let signature = "a9nBmqA0ju/hNViExpshrM61xv4=";
    let verify =
        |url: &str, body| twilio::verify(&keys(), url, Signed::Body(body), given(signature));
    assert_eq!(verify(&url, body), Ok(()));
    assert_eq!(verify(&url, b"{}"), Err(Unproven::Body));
    assert_eq!(verify(APP_URL, body), Err(Unproven::Body));
    assert_eq!(verify(APP_URL, b""), Err(Unproven::Different));
}

#[test]
fn a_handshake_is_signed_over_its_url_however_that_is_spelled() {
    let signature = "xVWyBlDHOCpYnC6H0brk1aW8nm0=";
    for url in [
        "wss://voice.example.com/sip/media-stream",
        "https://voice.example.com/sip/media-stream",
        "wss://voice.example.com/sip/media-stream/",
        "wss://voice.example.com:443/sip/media-stream",
    ] {
        let verdict = twilio::verify(&keys(), url, Signed::Handshake, given(signature));
        assert_eq!(verdict, Ok(()), "{url}");
    }
    let other = "wss://voice.example.com/sip/media-streams";
    let verdict = twilio::verify(&keys(), other, Signed::Handshake, given(signature));
    assert_eq!(verdict, Err(Unproven::Different));
}

#[test]
fn a_repeated_value_is_signed_once_and_the_order_does_not_matter() {
    let url = "https://a.example/x";
    let signature = "ORzsy3QmT9K500YXDSEcdrQ9HIE=";
    let token = &keys().auth_token;
    for form in [
        Form::from_iter([("A", "2"), ("B", "x")]),
        Form::from_iter([("B", "x"), ("A", "2"), ("B", "x")]),
    ] {
        assert_eq!(
            twilio::sign(Algorithm::HmacSha1, token, url, &form),
            signature
        );
    }
}

#[test]
fn a_missing_header_is_named() {
    let verdict = twilio::verify(&keys(), APP_URL, Signed::Get, Headers::default());
    assert_eq!(verdict, Err(Unproven::Missing("X-Twilio-Signature")));
}

const TELNYX_BODY: &[u8] = br#"{"data":{"event_type":"call.initiated"}}"#;
const TELNYX_SIGNATURE: &str =
    "aBuTQ1AtxQGraK6PrtJP6VW9Mu+R2aG6TbxS7lim9/ia8dN94a42JYoTifASA18z3xe+GLlYfveWOuyyKq7OCw==";

#[test]
fn telnyxs_vector_is_signed_and_verified_within_its_window() {
    let seed: [u8; 32] = std::array::from_fn(|at| at as u8);
    let signer = SigningKey::new(seed);
    assert_eq!(
        signer.public_key(),
        "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="
    );
    assert_eq!(signer.sign(1_700_000_000, TELNYX_BODY), TELNYX_SIGNATURE);
    let key: PublicKey = signer.public_key().parse().unwrap();
    let headers = telnyx::Headers {
        signature: Some(TELNYX_SIGNATURE),
        timestamp: Some("1700000000"),
    };
    let verify = |now_s| telnyx::verify(&key, TELNYX_BODY, headers, now_s);
    for now_s in [1_699_999_700, 1_700_000_000, 1_700_000_300] {
        assert_eq!(verify(now_s), Ok(()), "{now_s}");
    }
    assert_eq!(verify(1_700_000_301), Err(Unproven::Time(301)));
    assert_eq!(verify(1_699_999_699), Err(Unproven::Time(301)));
}

#[test]
fn telnyxs_time_is_a_number_and_is_signed() {
    let key: PublicKey = "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="
        .parse()
        .unwrap();
    let verify = |timestamp| {
        let headers = telnyx::Headers {
            signature: Some(TELNYX_SIGNATURE),
            timestamp,
        };
        telnyx::verify(&key, TELNYX_BODY, headers, 1_700_000_000)
    };
    assert_eq!(verify(None), Err(Unproven::Missing("telnyx-timestamp")));
    assert!(matches!(verify(Some("now")), Err(Unproven::Malformed(_))));
    assert_eq!(verify(Some("1700000001")), Err(Unproven::Different));
    assert_eq!(verify(Some("+1700000000")), Err(Unproven::Different));
}

#[test]
fn a_public_key_has_32_bytes() {
    for text in [
        "",
        "AAAA",
        "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg",
        "***",
    ] {
        assert!(text.parse::<PublicKey>().is_err(), "{text}");
    }
}

#[test]
fn plivos_vectors_with_and_without_a_query_are_signed_and_verified() {
    let token = Secret::new("tok");
    let long = Form::from_iter([
        ("From", "+15551230000"),
        ("CallUUID", "abc"),
        ("To", "+15559990000"),
    ]);
    let short = Form::from_iter([("CallUUID", "abc"), ("From", "+15551230000")]);
    let vectors = [
        (
            "https://ex.com/answer?x=1",
            &long,
            "llsbUGKXk6NL9ZKLp8FaqCVzu0e3zEutP/bwtGlRvQs=",
        ),
        (
            "https://ex.com/answer",
            &short,
            "ZA2BZeCK10m1Ey89NUQM2yexjxTVcHGB+IJ5Xz7ucqY=",
        ),
    ];
    for (url, form, signature) in vectors {
        let signed = plivo::Signed::Post(form);
        assert_eq!(
            plivo::sign(&token, url, signed, "nonce1").as_deref(),
            Some(signature)
        );
        let several = format!("AAAA,{signature}");
        let headers = plivo::Headers {
            signatures: Some(&several),
            nonce: Some("nonce1"),
        };
        for names in [&plivo::PLIVO, &plivo::VOBIZ] {
            assert_eq!(plivo::verify(names, &token, url, signed, headers), Ok(()));
        }
        let other_nonce = plivo::Headers {
            nonce: Some("nonce2"),
            ..headers
        };
        let verdict = plivo::verify(&plivo::PLIVO, &token, url, signed, other_nonce);
        assert_eq!(verdict, Err(Unproven::Different));
    }
}

#[test]
fn a_missing_header_of_vobiz_is_named_as_vobiz_names_it() {
    let token = Secret::new("tok");
    let signed = plivo::Signed::Get;
    let headers = plivo::Headers::default();
    let verdict = plivo::verify(&plivo::VOBIZ, &token, "https://e.com", signed, headers);
    assert_eq!(verdict, Err(Unproven::Missing("X-Vobiz-Signature-V3")));
}

#[test]
fn vonages_token_covers_the_body_and_its_time_and_chooses_no_algorithm() {
    let (secret, body, now_s) = (Secret::new("s3cret"), br#"{"to":"1"}"#, 1_700_000_000);
    let header = vonage::sign(&secret, body, now_s);
    let verify = |header: &str, body, now_s| vonage::verify(&secret, Some(header), body, now_s);
    assert_eq!(verify(&header, body, now_s), Ok(()));
    assert_eq!(verify(&header, b"{}", now_s), Err(Unproven::Body));
    assert_eq!(verify(&header, b"", now_s), Err(Unproven::Body));
    assert_eq!(verify(&header, body, now_s + 301), Err(Unproven::Time(301)));
    let other = vonage::sign(&Secret::new("other"), body, now_s);
    assert_eq!(verify(&other, body, now_s), Err(Unproven::Different));
    // {"alg":"none","typ":"JWT"}
    let claims = header.split('.').nth(1).unwrap();
    let none = format!("Bearer eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{claims}.");
    assert_eq!(verify(&none, body, now_s), Err(Unproven::Algorithm));
}

#[test]
fn the_token_of_a_request_without_body_covers_none() {
    let (secret, now_s) = (Secret::new("s3cret"), 1_700_000_000);
    let header = vonage::sign(&secret, b"", now_s);
    assert_eq!(vonage::verify(&secret, Some(&header), b"", now_s), Ok(()));
    assert_eq!(
        vonage::verify(&secret, Some(&header), b"x", now_s),
        Err(Unproven::Body)
    );
}

#[test]
fn basic_credentials_are_those_of_rfc_7617() {
    let password = Secret::new("open sesame");
    let value = basic::value("Aladdin", &password);
    assert_eq!(value, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    assert_eq!(basic::verify("Aladdin", &password, Some(&value)), Ok(()));
    let other = basic::verify("Aladdin", &Secret::new("open"), Some(&value));
    assert_eq!(other, Err(Unproven::Different));
    assert!(basic::verify("Aladdin", &password, Some("Basic x")).is_err());
    assert!(basic::verify("Aladdin", &password, None).is_err());
}
