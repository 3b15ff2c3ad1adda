//! TLS toward others: whom we believe, and why somebody is not believed.

mod authorities;
mod failure;

pub use authorities::{BadAuthorities, Trust};
pub use failure::NoTls;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Shakes hands over a connection with the host of a URL, which may be a name or an address.
///
/// # Errors
/// Why there is no TLS with it.
pub async fn handshake(
    stream: TcpStream,
    host: &str,
    config: Arc<ClientConfig>,
) -> Result<TlsStream<TcpStream>, NoTls> {
    let name = name_of(host)?;
    let shaken = TlsConnector::from(config).connect(name, stream).await;
    shaken.map_err(|error| NoTls::because(host, &error))
}

/// The same over a connection that waits, for this long at each step.
///
/// # Errors
/// As with [`handshake`].
pub fn handshake_waiting(
    mut stream: std::net::TcpStream,
    host: &str,
    config: Arc<ClientConfig>,
    wait: Duration,
) -> Result<StreamOwned<ClientConnection, std::net::TcpStream>, NoTls> {
    let because = |error: io::Error| NoTls::because(host, &error);
    let session = ClientConnection::new(config, name_of(host)?);
    let mut session = session.map_err(|error| because(io::Error::other(error)))?;
    stream.set_read_timeout(Some(wait)).map_err(because)?;
    while session.is_handshaking() {
        session.complete_io(&mut stream).map_err(because)?;
    }
    stream.set_read_timeout(None).map_err(because)?;
    Ok(StreamOwned::new(session, stream))
}

/// What a certificate must be for. The brackets of an IPv6 address belong to the URL.
fn name_of(host: &str) -> Result<ServerName<'static>, NoTls> {
    let host = host.trim_matches(['[', ']']);
    ServerName::try_from(host.to_owned()).map_err(|_| NoTls::no_name(host))
}
