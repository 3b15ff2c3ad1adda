//! `providers` and `server.public_url`: what they accept, and where they say what is wrong.

use super::*;
use trunkline_providers::Provider;
use trunkline_providers::rest::Account;

const KEY: &str = "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=";

#[test]
fn credentials_are_read_and_never_printed() {
    let text = format!(
        "providers:\n  twilio: {{auth_token: s3cret1, shared_keys: [{{id: k1, secret: s3cret2}}]}}\n  \
         telnyx: {{public_key: \"{KEY}\", api_key: s3cret6}}\n  plivo: {{auth_token: s3cret3}}\n  \
         vonage: {{signature_secret: s3cret4}}\n  exotel: {{username: e, password: s3cret5}}\n"
    );
    let settings = proven(&text, &[]);
    let providers = &settings.providers;
    assert_eq!(
        providers.twilio.auth_token.as_ref().unwrap().reveal(),
        "s3cret1"
    );
    assert_eq!(providers.twilio.shared_keys[0].1.reveal(), "s3cret2");
    assert!(providers.telnyx.public_key.is_some());
    assert!(
        !providers.twilio.unverified,
        "signatures are verified unless told otherwise"
    );
    let printed = format!("{settings:?}");
    assert!(!printed.contains("s3cret"), "{printed}");
}

#[test]
fn the_provider_of_an_older_file_is_understood() {
    let text = "provider: telnyx\nprovider_config:\n  telnyx: {api_key: \"${KEY}\", app_id: \"7\"}\n  \
                twilio: {account_sid: AC1, auth_token: t1}\n";
    let providers = proven(text, &[("KEY", "k1")]).providers;
    assert_eq!(providers.telnyx.api_key.unwrap().reveal(), "k1");
    assert_eq!(providers.twilio.auth_token.unwrap().reveal(), "t1");
    let told = refused("provider: telnix", &[]);
    assert!(
        told.starts_with("t.yaml:1:11: provider: \"telnix\" is not known; did you mean"),
        "{told}"
    );
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let text = "server: {public_url: voice.example.com}\nproviders:\n  twilio: {auth_tokn: x}\n  \
                telnyx: {public_key: abc, codec: opus}\n  exotel: {username: e}\n  \
                plivo: {verify: no}\n";
    let insecure = refused(
        "providers: {telnyx: {base_url: \"http://api.telnyx.com\"}}",
        &[],
    );
    assert!(
        insecure.starts_with("t.yaml:1:32: providers.telnyx.base_url: "),
        "{insecure}"
    );
    let told = refused(text, &[]);
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(
        lines,
        [
            "t.yaml:1:22: server.public_url: is no URL of a gateway: https:// and a host, and nothing \
             behind a question mark; write where the world reaches this gateway, such as \
             https://voice.example.com",
            "t.yaml:3:12: providers.twilio.auth_tokn: unknown key; did you mean `auth_token`?",
            "t.yaml:4:24: providers.telnyx.public_key: a public key of Telnyx is 32 bytes in base64, \
             44 characters; copy it from the Keys & Credentials page of the Telnyx portal",
            "t.yaml:4:36: providers.telnyx.codec: \"opus\" is not known; \
             write one of: pcmu, pcma, g722, l16",
            "t.yaml:5:11: providers.exotel: `password` is missing; add `password: …`",
            "t.yaml:6:19: providers.plivo.verify: \"no\" is neither; write true or false",
        ]
    );
}

#[test]
fn the_variables_of_the_providers_libraries_count_where_the_file_says_nothing() {
    let pairs = [
        ("SIP_PROVIDER", "telnyx"),
        ("TWILIO_ACCOUNT_SID", "AC1"),
        ("TWILIO_AUTH_TOKEN", "from-outside"),
        ("PLIVO_AUTH_TOKEN", "from-outside"),
        ("TELNYX_PUBLIC_KEY", KEY),
        (
            "SIP_PUBLIC_WS_URL",
            "wss://voice.example.com/sip/media-stream",
        ),
    ];
    let settings = proven("providers: {plivo: {auth_token: from-file}}", &pairs);
    let token = |secret: &Option<trunkline_providers::Secret>| {
        secret.as_ref().map(|secret| secret.reveal().to_owned())
    };
    assert_eq!(
        token(&settings.providers.twilio.auth_token).as_deref(),
        Some("from-outside")
    );
    let account = settings.providers.account(Provider::Twilio);
    assert!(matches!(account, Some(Account::Twilio(it)) if it.account_sid == "AC1"));
    assert_eq!(
        token(&settings.providers.plivo.auth_token).as_deref(),
        Some("from-file")
    );
    assert!(settings.providers.telnyx.public_key.is_some());
    let url = settings.server.public_url.unwrap();
    assert_eq!(url.to_string(), "https://voice.example.com");
    let told = refused(
        "",
        &[
            ("TELNYX_PUBLIC_KEY", "abc"),
            ("SIP_PUBLIC_WS_URL", "x"),
            ("SIP_PROVIDER", "twillio"),
        ],
    );
    assert_eq!(told.lines().count(), 3, "{told}");
    let older = proven("public_ws_url: wss://a.example", &[]);
    assert_eq!(
        older.server.public_url.unwrap().to_string(),
        "https://a.example"
    );
}
