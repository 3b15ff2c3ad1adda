//! What is wrong with a file is logged when it is read again, and shown over HTTP. Nothing secret may
//! be in it.

use super::refused;

/// Wrong wherever a secret is, or beside it.
const FILE: &str = "\
server: {api_tokens: [{name: a, token: 5ecre7, role: admin}, {name: b, token: [5ecre7], role: x}]}
sip: {users: [{name: u, password: [5ecre7]}, {name: v, password: 5ecre7}, {name: v, password: 5ecre7}]}
trunks:
  t: {host: h, register: true, password: {a: 5ecre7}}
  \"b@d\": {host: h, username: u, password: 5ecre7}
providers:
  twilio: {auth_token: [5ecre7], shared_keys: {k: [5ecre7]}, base_url: \"http://u:5ecre7@a.example\"}
  telnyx: {public_key: 5ecre7, api_key: {x: 5ecre7}, base_url: \"https://a.example?key=5ecre7\"}
  plivo: {auth_token: [5ecre7]}
  vonage: {signature_secret: {a: 5ecre7}}
  exotel: {username: u, password: [5ecre7]}
apps:
  a: {type: websocket, url: \"http://u:5ecre7@a.example/?key=5ecre7\"}
  b: {type: websocket, url: \"wss://u:5ecre7@/?5ecre7\"}
";

#[test]
fn what_is_wrong_with_a_file_says_no_secret_of_it() {
    let variables = [
        ("SIP_PUBLIC_WS_URL", "wss://u:5ecre7@a.example/?x"),
        ("TELNYX_PUBLIC_KEY", "5ecre7"),
    ];
    let told = refused(FILE, &variables);
    for place in [
        "server.api_tokens[0].token",
        "sip.users[0].password",
        "trunks.t.password",
        "providers.twilio.auth_token",
        "providers.twilio.base_url",
        "providers.telnyx.public_key",
        "providers.vonage.signature_secret",
        "apps.a.url",
        "apps.b.url",
        "SIP_PUBLIC_WS_URL",
        "TELNYX_PUBLIC_KEY",
    ] {
        assert!(told.contains(&format!("{place}: ")), "{place}: {told}");
    }
    assert!(!told.contains("5ecre7"), "{told}");
}
