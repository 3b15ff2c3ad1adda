//! Applications at `wss://`, and the file of certificates.

use super::*;

#[test]
fn an_application_may_be_reached_by_tls() {
    let text = "apps: {bot: {type: websocket, url: \"wss://bot.example.com/{call_id}\"}}\n";
    assert!(proven(text, &[]).apps.contains_key("bot"));
    let https = refused(&text.replace("wss:", "https:"), &[]);
    assert!(
        https.contains("apps.bot.url") && https.contains("wss://"),
        "{https}"
    );
}

#[test]
fn a_file_that_holds_no_certificate_is_told_with_its_place() {
    // The tests of a crate run in its folder.
    let told = refused("tls:\n  ca_file: Cargo.toml\n", &[]);
    assert_eq!(
        told,
        "t.yaml:2:12: tls.ca_file: Cargo.toml: it holds no certificate in PEM, which begins with \
         -----BEGIN CERTIFICATE-----; name the PEM file of the certificates that are to be believed"
    );
    let gone = refused("tls: {ca_file: no-such-file.pem}\n", &[]);
    assert!(gone.contains("no-such-file.pem: "), "{gone}");
}
