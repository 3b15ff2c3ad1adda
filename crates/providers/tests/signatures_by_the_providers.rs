//! Signatures made by the providers' own Python packages verify here; tampered ones do not.

use serde_json::Value;
use trunkline_providers::signature::telnyx::{self, PublicKey};
use trunkline_providers::signature::twilio::{self, Keys};
use trunkline_providers::signature::{Unproven, plivo};
use trunkline_providers::{Form, Secret};

/// The requests of one provider.
fn requests(provider: &str) -> Vec<Value> {
    let made: Value = serde_json::from_str(include_str!("../fixtures/signatures.json")).unwrap();
    let requests = made[provider].as_array().unwrap().clone();
    assert_eq!(requests.len(), 20);
    requests
}

fn text<'v>(request: &'v Value, field: &str) -> &'v str {
    request[field].as_str().unwrap()
}

fn form(request: &Value) -> Form {
    let pairs = request["form"].as_array().unwrap().iter();
    pairs
        .map(|pair| (pair[0].as_str().unwrap(), pair[1].as_str().unwrap()))
        .collect()
}

fn verify_twilio(request: &Value) -> Result<(), Unproven> {
    let secret = Secret::new(text(request, "secret"));
    let settings = format!("key=k,algorithm={}", text(request, "algorithm"));
    let keys = Keys {
        auth_token: secret.clone(),
        shared_keys: vec![("k".to_owned(), secret)],
    };
    let headers = twilio::Headers {
        signature: Some(text(request, "signature")),
        settings: Some(&settings),
    };
    let form = form(request);
    twilio::verify(
        &keys,
        text(request, "url"),
        twilio::Signed::Form(&form),
        headers,
    )
}

fn verify_plivo(request: &Value) -> Result<(), Unproven> {
    let form = form(request);
    let signed = match text(request, "method") {
        "GET" => plivo::Signed::Get,
        _ => plivo::Signed::Post(&form),
    };
    let headers = plivo::Headers {
        signatures: Some(text(request, "signatures")),
        nonce: Some(text(request, "nonce")),
    };
    let token = Secret::new(text(request, "token"));
    plivo::verify(&plivo::PLIVO, &token, text(request, "url"), signed, headers)
}

fn verify_telnyx(request: &Value) -> Result<(), Unproven> {
    let key: PublicKey = text(request, "public_key")
        .parse()
        .map_err(|_| Unproven::Key)?;
    let headers = telnyx::Headers {
        signature: Some(text(request, "signature")),
        timestamp: Some(text(request, "timestamp")),
    };
    telnyx::verify(
        &key,
        text(request, "body").as_bytes(),
        headers,
        1_700_000_000,
    )
}

type Verify = fn(&Value) -> Result<(), Unproven>;
/// Each provider's name, how its requests are verified, and the fields that its signature covers.
const PROVIDERS: [(&str, Verify, &[&str]); 3] = [
    (
        "twilio",
        verify_twilio,
        &["secret", "url", "signature", "form"],
    ),
    (
        "plivo",
        verify_plivo,
        &["token", "url", "nonce", "signatures", "form"],
    ),
    (
        "telnyx",
        verify_telnyx,
        &["public_key", "timestamp", "body", "signature"],
    ),
];

#[test]
fn every_signature_of_the_providers_own_packages_verifies() {
    for (provider, verify, _) in PROVIDERS {
        for (number, request) in requests(provider).iter().enumerate() {
            assert_eq!(verify(request), Ok(()), "{provider} {number}: {request}");
        }
    }
}

mod tampered {
    use super::*;
    use proptest::prelude::*;
    use proptest::test_runner::Config;

    proptest! {
        #![proptest_config(Config::with_cases(1_000))]

        #[test]
        fn no_tampered_request_verifies(
            provider in 0..PROVIDERS.len(),
            number in 0_usize..20,
            field in any::<prop::sample::Index>(),
            at in any::<prop::sample::Index>(),
            letter in prop::char::range('!', '~'),
        ) {
            let (name, verify, fields) = PROVIDERS[provider];
            let mut request = requests(name)[number].clone();
            let field = fields[field.index(fields.len())];
            let changed = match request[field].clone() {
                Value::String(text) => changed(&text, at, letter).map(Value::String),
                form => changed_form(form, at, letter),
            };
            prop_assume!(changed.is_some());
            request[field] = changed.unwrap();
            prop_assert!(verify(&request).is_err(), "{name} {number} {field}: {request}");
        }
    }

    /// One letter replaced by another; nothing where that changes nothing that is signed.
    fn changed(text: &str, at: prop::sample::Index, letter: char) -> Option<String> {
        let letters: Vec<char> = text.chars().collect();
        let at = at.index(letters.len().max(1));
        // The first of Plivo's two signatures is a stranger's, and the separator is no letter.
        let stranger = text.find(',').is_some_and(|comma| at <= comma);
        // What follows a query's escape, and the order within a query, may be spelled otherwise.
        let query = text.find('?').is_some_and(|query| at >= query);
        let same = letters.get(at)? == &letter;
        if stranger || query || same || "?#/:@".contains(letter) || "?#/:@".contains(letters[at]) {
            return None;
        }
        let mut letters = letters;
        letters[at] = letter;
        Some(letters.into_iter().collect())
    }

    /// One value made longer by a letter.
    fn changed_form(mut form: Value, at: prop::sample::Index, letter: char) -> Option<Value> {
        let pairs = form.as_array_mut()?;
        let at = at.index(pairs.len().max(1));
        let value = pairs.get_mut(at)?.get_mut(1)?;
        *value = Value::String(format!("{}{letter}", value.as_str()?));
        Some(form)
    }
}
