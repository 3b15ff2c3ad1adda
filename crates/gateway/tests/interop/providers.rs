//! Webhooks that the providers' own Python packages have signed: `providers/webhooks.py` sends them
//! as they were signed and tampered with.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;
use trunkline_providers::signature::telnyx::SigningKey;

use crate::peer::{self, peers_folder, with_peer};
use crate::support::{Caller, Gateway, Lobby};

const WEBHOOKS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/interop/providers/webhooks.py"
);

const PUBLIC: &str = "https://voice.example.com";
const TOKEN: &str = "12345";
/// 32 bytes that are the private key of a made-up Telnyx.
const TELNYX_SEED_BASE64: &str = "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=";
const TELNYX_SEED_HEX: &str = "0303030303030303030303030303030303030303030303030303030303030303";

/// How many webhooks are sent as they were signed, and how many tampered with.
const GENUINE: u64 = 150;
const TAMPERED: u64 = 1_000;

fn find() -> Result<PathBuf, String> {
    let named = std::env::var_os("TRUNKLINE_PEER_PROVIDERS").map(PathBuf::from);
    let environment = named.unwrap_or_else(|| peers_folder().join("providers"));
    let python = environment.join("bin/python");
    if python.is_file() {
        return Ok(python);
    }
    Err(format!(
        "no packages of providers in {}; `cargo xtask peers` installs them",
        environment.display()
    ))
}

#[test]
fn webhooks_that_the_providers_packages_sign_are_taken_and_tampered_ones_are_not() {
    let test = "webhooks signed by the providers' packages";
    with_peer("providers", test, find(), |python| {
        let key: SigningKey = TELNYX_SEED_BASE64.parse().expect("a key");
        let more = format!(
            "routes: [{{to: \"*\", app: echo}}]\n\
             providers: {{twilio: {{auth_token: \"{TOKEN}\"}}, plivo: {{auth_token: \"{TOKEN}\"}}, \
             telnyx: {{public_key: \"{}\"}}}}\n",
            key.public_key()
        );
        let gateway = Gateway::start_public("providers-webhooks", PUBLIC, &more);
        // Others each time: a number that fails can be given again by hand.
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let seed = since.expect("a clock after 1970").as_secs().to_string();
        let mut webhooks = peer::command(python);
        let port = gateway.http_port.to_string();
        webhooks
            .args([WEBHOOKS, &port, PUBLIC, TOKEN, TELNYX_SEED_HEX])
            .args([&GENUINE.to_string(), &TAMPERED.to_string(), &seed]);
        let output = webhooks.output().expect("setpriv is part of util-linux");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "seed {seed}: {said}");
        let told: Value = serde_json::from_slice(&output.stdout).expect("a JSON object");
        assert_eq!(told["wrong"], Value::Array(Vec::new()), "seed {seed}");
        let sum = |verdict: &str| -> u64 {
            let providers = told["told"].as_object().expect("providers").values();
            let counts = providers.map(|of_one| of_one[verdict].as_u64().expect("a count"));
            // None of the three was left out.
            counts.inspect(|count| assert!(*count > 0, "{told}")).sum()
        };
        assert_eq!(
            (sum("taken"), sum("refused")),
            (GENUINE, TAMPERED),
            "{told}"
        );
        println!("seed {seed}: {}", told["told"]);
    });
}

/// Says whether Twilio's own package believes the signature of a handshake.
const BELIEVES: &str = "import sys; from twilio.request_validator import RequestValidator; \
    token, url, signature = sys.argv[1:]; \
    sys.exit(not RequestValidator(token).validate(url, {}, signature))";

#[test]
fn twilios_package_believes_the_handshake_that_an_application_gets() {
    let test = "handshakes verified by Twilio's package";
    with_peer("providers", test, find(), |python| {
        let lobby = Lobby::open();
        let apps = format!(
            "providers: {{twilio: {{auth_token: \"{TOKEN}\"}}}}\n\
             routes: [{{to: \"*\", app: bot}}]\n\
             apps: {{bot: {{type: websocket, url: \"ws://{}/ws?a=1\", protocol: twilio}}}}\n",
            lobby.address()
        );
        let gateway = Gateway::start("providers-handshake", &apps);
        let caller = Caller::dial(&gateway.uri("alice"));
        let (session, asked) = lobby.accept_asked();
        let signature = asked["x-twilio-signature"].to_str().expect("base64");
        let url = format!("ws://{}/ws?a=1", lobby.address());
        let believes = |url: &str| {
            let mut command = peer::command(&python);
            command.args(["-c", BELIEVES, TOKEN, url, signature]);
            command
                .status()
                .expect("setpriv is part of util-linux")
                .success()
        };
        assert!(believes(&url));
        assert!(!believes(&format!("{url}2")));
        drop((session, caller));
    });
}
