//! A gateway and all that it listens on, in whatever program it runs.

use crate::control::Control;
use crate::gateway::{Gateway, StartError};
use crate::net::CannotListen;
use crate::settings::Settings;
use crate::{audiosocket, http};
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use trunkline_sip::endpoint::Transport;

/// A running gateway with its listeners.
pub struct Service {
    gateway: Gateway,
    http: Option<SocketAddr>,
    listeners: Vec<JoinHandle<()>>,
}

impl Service {
    /// Binds every port, then starts the gateway. HTTP is served where `has_http` says so. Runs on
    /// the tokio runtime of the caller.
    ///
    /// # Errors
    /// Where a port is taken, or the gateway does not start.
    pub async fn start(settings: Settings, has_http: bool) -> Result<Self, StartError> {
        let http = match has_http {
            true => Some(listen(settings.server.listen, "--port or server.port").await?),
            false => None,
        };
        let audiosocket = match settings.streams.audiosocket {
            Some(wanted) => Some(listen(wanted, "streams.audiosocket").await?),
            None => None,
        };
        let gateway = Gateway::start(settings).await?;
        let control = gateway.control();
        let http_at = http.as_ref().and_then(|http| http.local_addr().ok());
        let http = http.map(|listener| {
            let router = http::router(control.clone());
            tokio::spawn(http::serve(listener, router))
        });
        let audiosocket =
            audiosocket.map(|listener| tokio::spawn(audiosocket::serve(listener, control.clone())));
        Ok(Self {
            gateway,
            http: http_at,
            listeners: http.into_iter().chain(audiosocket).collect(),
        })
    }

    /// Where SIP is taken, with the ports that the system chose.
    pub fn addresses(&self) -> &[(Transport, SocketAddr)] {
        self.gateway.addresses()
    }

    /// Where HTTP is served, if it is.
    pub fn http_address(&self) -> Option<SocketAddr> {
        self.http
    }

    /// The handle through which everything is asked.
    pub fn control(&self) -> &Control {
        self.gateway.control()
    }

    /// Ends every call now and returns when all threads have ended.
    pub async fn stop(self) {
        self.gateway.stop().await;
        for listener in self.listeners {
            listener.abort();
        }
    }
}

async fn listen(address: SocketAddr, key: &'static str) -> Result<TcpListener, CannotListen> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|source| CannotListen {
        scheme: "tcp",
        address,
        key,
        source,
    })
}
