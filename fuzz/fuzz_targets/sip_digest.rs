//! Challenges and credentials of strangers: never known without the password, never a panic.
#![no_main]

use std::time::Instant;

use libfuzzer_sys::fuzz_target;
use trunkline_sip::digest::{Algorithm, Account, DigestClient, DigestServer, Verdict};
use trunkline_sip::header::AuthParams;
use trunkline_sip::{Builder, Method, Name};

fuzz_target!(|text: &str| {
    if let Ok(auth) = AuthParams::parse(text) {
        let _ = auth.iter().count();
    }
    let now = Instant::now();
    let request = Builder::request(Method::Register, "sip:example.com")
        .header(Name::Authorization, text)
        .build();
    let mut server = DigestServer::new("realm", vec![Algorithm::Sha256, Algorithm::Md5], [1; 32], now);
    let verdict = server.verify(now, &request, |_| Some("a password nobody types"));
    assert!(matches!(verdict, Verdict::Challenge { .. }));

    let account = Account {
        username: "u".into(),
        password: "p".into(),
        realm: None,
    };
    let mut client = DigestClient::new(account, [2; 32]);
    let response = Builder::response(401, "")
        .header(Name::WwwAuthenticate, text)
        .build();
    if client.take_challenge(&response, false).is_ok() {
        let answered = client
            .authorize(&request)
            .expect("a challenge that was taken is answered");
        let value = answered
            .header(Name::Authorization)
            .expect("the answer's header");
        assert!(AuthParams::parse(value).is_ok_and(|auth| auth.get("response").is_some()));
    }
});
