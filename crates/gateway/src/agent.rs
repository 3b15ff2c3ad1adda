//! The voice agent's way out: connections to its engines, with TLS where their URL wants it.

use crate::settings::Trust;
use crate::tls;
use std::io;
use tokio::net::TcpStream;
use trunkline_agent::engines::{Connect, Duplex, Place};
use trunkline_call::BoxFuture;

/// Connects to engines, and believes those whom the configuration believes.
pub struct Line(pub Trust);

impl Connect for Line {
    fn connect(&self, place: Place) -> BoxFuture<'_, io::Result<Box<dyn Duplex>>> {
        Box::pin(async move {
            let stream = TcpStream::connect((place.host.as_str(), place.port)).await?;
            stream.set_nodelay(true)?;
            if !place.is_secure {
                return Ok(Box::new(stream) as Box<dyn Duplex>);
            }
            let believed = self.0.client_beside().await;
            let shaken = tls::handshake(stream, &place.host, believed).await;
            let stream = shaken.map_err(io::Error::other)?;
            Ok(Box::new(stream) as Box<dyn Duplex>)
        })
    }
}
