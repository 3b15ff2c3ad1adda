//! Where engines are, and the keys that open them.

use crate::config::field::{Field, Section};
use std::sync::Arc;
use trunkline_agent::engines::{Connect, Server};

pub const URL_REMEDY: &str = "write one like http://127.0.0.1:8000/v1, https:// for TLS";
pub const WYOMING_REMEDY: &str = "write one like tcp://127.0.0.1:10300";
const SOCKET_REMEDY: &str = "write one like wss://host/v1, ws:// without TLS";

/// The server of `url`, opened with `key` if there is one.
pub fn server(
    section: &Section<'_>,
    line: &Arc<dyn Connect>,
    schemes: &[&str],
    remedy: &str,
) -> Option<Server> {
    let server = place(&section.need("url")?, line, schemes, remedy)?;
    let has_key = section.knows("key").then(|| section.get("key")).flatten();
    match has_key {
        Some(key) => keyed(&key, server, Server::with_key),
        None => Some(server),
    }
}

/// The same of a service that everybody finds at one place, and nobody without a key.
pub fn socket(
    section: &Section<'_>,
    line: &Arc<dyn Connect>,
    usual: &str,
    with_key: impl FnOnce(Server, &str) -> Option<Server>,
) -> Option<Server> {
    let server = match section.get("url") {
        Some(url) => place(&url, line, &["ws", "wss"], SOCKET_REMEDY)?,
        None => Server::new(usual, Arc::clone(line)).ok()?,
    };
    keyed(&section.need("key")?, server, with_key)
}

fn place(
    url: &Field<'_>,
    line: &Arc<dyn Connect>,
    schemes: &[&str],
    remedy: &str,
) -> Option<Server> {
    let scheme = url.text()?.split("://").next().unwrap_or_default();
    if !schemes.contains(&scheme) {
        url.wrong("does not lead to such a server", remedy);
        return None;
    }
    url.read(|text| Server::new(text, Arc::clone(line)), remedy)
}

fn keyed(
    key: &Field<'_>,
    server: Server,
    with_key: impl FnOnce(Server, &str) -> Option<Server>,
) -> Option<Server> {
    let server = with_key(server, key.text()?);
    if server.is_none() {
        key.wrong(
            "cannot be sent in HTTP",
            "write the key without spaces or signs around it",
        );
    }
    server
}
