//! `server`: HTTP and who may use it.

use crate::config::field::{Field, Section};
use crate::config::keys;
use crate::settings::{ApiToken, Role, ServerSettings};
use std::net::{IpAddr, Ipv4Addr};

/// The fewest characters of a token, so that nobody guesses one.
const TOKEN_CHARACTERS_MIN: usize = 16;

pub fn server(section: &Section<'_>, server: &mut ServerSettings) {
    if let Some(host) = section.get("host").and_then(|f| http_host(&f)) {
        server.listen.set_ip(host);
    }
    if let Some(port) = section.get("port").and_then(|f| f.number(0..=u16::MAX)) {
        server.listen.set_port(port);
    }
    if let Some(field) = section.get("public_url") {
        let remedy =
            "write where the world reaches this gateway, such as https://voice.example.com";
        server.public_url = field.parsed(remedy);
    }
    if let Some(field) = section.get("api_tokens") {
        let tokens = field.list();
        server.api_tokens = tokens.iter().filter_map(token).collect();
        check_names(&tokens, &server.api_tokens);
    }
}

/// An address, or `localhost`.
pub fn http_host(field: &Field<'_>) -> Option<IpAddr> {
    if field.text()? == "localhost" {
        return Some(Ipv4Addr::LOCALHOST.into());
    }
    field.parsed("write an address of this machine, such as 127.0.0.1, 0.0.0.0 or ::")
}

fn token(field: &Field<'_>) -> Option<ApiToken> {
    let section = field.section(&keys::TOKEN);
    let name = section.need("name").and_then(|f| f.text());
    let secret = section.need("token").and_then(|f| secret(&f));
    let roles = [("admin", Role::Admin), ("viewer", Role::Viewer)];
    let role = section.need("role").and_then(|f| f.word(&roles));
    Some(ApiToken {
        name: name?.to_owned(),
        token: secret?,
        role: role?,
    })
}

fn secret(field: &Field<'_>) -> Option<String> {
    let text = field.text()?;
    let sendable = text.bytes().all(|b| b.is_ascii_graphic());
    if text.len() < TOKEN_CHARACTERS_MIN || !sendable {
        field.wrong(
            format!(
                "has fewer than {TOKEN_CHARACTERS_MIN} characters, or some that HTTP cannot carry"
            ),
            "make one with `openssl rand -hex 32`",
        );
        return None;
    }
    Some(text.to_owned())
}

fn check_names(fields: &[Field<'_>], tokens: &[ApiToken]) {
    for (index, (field, token)) in fields.iter().zip(tokens).enumerate() {
        let earlier = tokens.iter().take(index);
        if earlier.into_iter().any(|other| other.name == token.name) {
            field.wrong(
                format!("another token is named {:?}", token.name),
                "give each its own name",
            );
        }
    }
}
