//! `providers`: what we share with those whose numbers lead to us.

use crate::config::field::{Field, Section, set};
use crate::config::keys;
use crate::settings::{
    ExotelSettings, PlivoSettings, ProviderSettings, TelnyxSettings, TwilioSettings, VonageSettings,
};
use trunkline_providers::Secret;
use trunkline_providers::answer::TEXML_CODECS;
use trunkline_providers::url::{Url, shown};

pub fn providers(section: &Section<'_>, settings: &mut ProviderSettings) {
    if let Some(field) = section.get("twilio") {
        twilio(&field.section(&keys::TWILIO), &mut settings.twilio);
    }
    if let Some(field) = section.get("telnyx") {
        telnyx(&field.section(&keys::TELNYX), &mut settings.telnyx);
    }
    if let Some(field) = section.get("plivo") {
        plivo(&field.section(&keys::PLIVO), &mut settings.plivo);
    }
    if let Some(field) = section.get("vobiz") {
        plivo(&field.section(&keys::VOBIZ), &mut settings.vobiz);
    }
    if let Some(field) = section.get("vonage") {
        vonage(&field.section(&keys::VONAGE), &mut settings.vonage);
    }
    if let Some(field) = section.get("exotel") {
        exotel(&field.section(&keys::EXOTEL), &mut settings.exotel);
    }
}

/// `provider` and `provider_config` of older files, which named one provider; here each has a path of
/// its own, so all that are configured are there.
pub fn older(file: &Section<'_>, settings: &mut ProviderSettings) {
    let words = [("twilio", ()), ("telnyx", ())];
    let _ = file.get("provider").and_then(|f| f.word(&words));
    let Some(field) = file.get("provider_config") else {
        return;
    };
    let section = field.section(&keys::OLDER_PROVIDERS);
    if let Some(field) = section.get("twilio") {
        let section = field.section(&keys::OLDER_TWILIO);
        set_secret(&section, "auth_token", &mut settings.twilio.auth_token);
        set_text(&section, "account_sid", &mut settings.twilio.account_sid);
    }
    if let Some(field) = section.get("telnyx") {
        let section = field.section(&keys::OLDER_TELNYX);
        set_secret(&section, "api_key", &mut settings.telnyx.api_key);
    }
}

fn twilio(section: &Section<'_>, settings: &mut TwilioSettings) {
    set_text(section, "account_sid", &mut settings.account_sid);
    set_secret(section, "auth_token", &mut settings.auth_token);
    set_base_url(section, &mut settings.base_url);
    if let Some(field) = section.get("shared_keys") {
        settings.shared_keys = field.list().iter().filter_map(shared_key).collect();
    }
    set_unverified(section, &mut settings.unverified);
}

fn shared_key(field: &Field<'_>) -> Option<(String, Secret)> {
    let section = field.section(&keys::SHARED_KEY);
    let id = section.need("id").and_then(|f| f.text());
    let secret = section.need("secret").and_then(|f| f.text());
    Some((id?.to_owned(), Secret::new(secret?)))
}

fn telnyx(section: &Section<'_>, settings: &mut TelnyxSettings) {
    if let Some(field) = section.get("public_key") {
        let remedy = "copy it from the Keys & Credentials page of the Telnyx portal";
        settings.public_key = field.parsed(remedy);
    }
    set_secret(section, "api_key", &mut settings.api_key);
    set_text(section, "connection_id", &mut settings.connection_id);
    set_base_url(section, &mut settings.base_url);
    let codec = section.get("codec").and_then(|f| f.word(&TEXML_CODECS));
    set(&mut settings.codec, codec);
    set_unverified(section, &mut settings.unverified);
}

fn plivo(section: &Section<'_>, settings: &mut PlivoSettings) {
    set_secret(section, "auth_token", &mut settings.auth_token);
    set_unverified(section, &mut settings.unverified);
}

fn vonage(section: &Section<'_>, settings: &mut VonageSettings) {
    set_secret(section, "signature_secret", &mut settings.signature_secret);
    set_unverified(section, &mut settings.unverified);
}

fn exotel(section: &Section<'_>, settings: &mut ExotelSettings) {
    let (name, password) = (section.get("username"), section.get("password"));
    if name.is_some() || password.is_some() {
        let name = section.need("username").and_then(|f| f.text());
        let password = section.need("password").and_then(|f| f.text());
        settings.credentials = name
            .zip(password)
            .map(|(name, password)| (name.to_owned(), Secret::new(password)));
    }
    set_unverified(section, &mut settings.unverified);
}

fn set_base_url(section: &Section<'_>, place: &mut String) {
    set(place, section.get("base_url").and_then(|f| base_url(&f)));
}

fn set_text(section: &Section<'_>, key: &'static str, place: &mut Option<String>) {
    if let Some(text) = section.get(key).and_then(|f| f.text()) {
        *place = Some(text.to_owned());
    }
}

/// Credentials go there, so it is reached over TLS, or is this machine.
fn base_url(field: &Field<'_>) -> Option<String> {
    let text = field.text()?;
    let url = Url::parse(text).filter(|url| url.query.is_none());
    let is_safe = url.is_some_and(|url| match url.scheme {
        "https" => true,
        "http" => ["127.0.0.1", "[::1]", "localhost"].contains(&url.host()),
        _ => false,
    });
    if !is_safe {
        field.wrong(
            format!("{:?} is no URL to send credentials to", shown(text)),
            "write one that begins with https://, such as https://api.telnyx.com",
        );
    }
    is_safe.then(|| text.trim_end_matches('/').to_owned())
}

fn set_secret(section: &Section<'_>, key: &'static str, place: &mut Option<Secret>) {
    if let Some(text) = section.get(key).and_then(|f| f.text()) {
        *place = Some(Secret::new(text));
    }
}

/// `verify: false`.
fn set_unverified(section: &Section<'_>, unverified: &mut bool) {
    if let Some(verify) = section.get("verify").and_then(|f| f.flag()) {
        *unverified = !verify;
    }
}
