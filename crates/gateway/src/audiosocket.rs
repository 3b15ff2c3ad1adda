//! Where Asterisk's AudioSocket is taken: a TCP port of its own.

use crate::control::Control;
use crate::newcomer::{GREETINGS_MAX, Newcomer};
use crate::shard::{AppStream, AudioSocketStream, Messages};
use socket2::{SockRef, TcpKeepalive};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use trunkline_legs::stream::Greeting;
use trunkline_sip::dialog::is_private;
use trunkline_streams::audiosocket::DIALECT;

/// How often the kernel asks an Asterisk that is silent whether it is there: AudioSocket has no
/// pings.
const KEEPALIVE: Duration = Duration::from_secs(15);
/// A moment for other connections to free their descriptors.
const OUT_OF_DESCRIPTORS: Duration = Duration::from_millis(50);

/// Takes connections until the task is dropped.
pub async fn serve(listener: TcpListener, control: Control) {
    let greetings = Arc::new(Semaphore::new(GREETINGS_MAX));
    loop {
        let Ok(place) = Arc::clone(&greetings).acquire_owned().await else {
            return;
        };
        match listener.accept().await {
            Ok((stream, client)) if is_near(client) => {
                let newcomer = newcomer(stream, client);
                let control = control.clone();
                tokio::spawn(async move { newcomer.become_call(&control, place).await });
            }
            Ok((_, client)) => {
                tracing::warn!(
                    %client,
                    "AudioSocket is taken from this machine and private networks only, as it \
                     proves nothing"
                );
            }
            // The client waits in the backlog until a descriptor is free.
            Err(_) => tokio::time::sleep(OUT_OF_DESCRIPTORS).await,
        }
    }
}

fn is_near(client: SocketAddr) -> bool {
    is_private(client.ip())
}

fn newcomer(stream: TcpStream, client: SocketAddr) -> Newcomer {
    let keepalive = TcpKeepalive::new()
        .with_time(KEEPALIVE)
        .with_interval(KEEPALIVE);
    // Without it, an Asterisk that vanished in silence is noticed when something is said to it.
    let _ = SockRef::from(&stream).set_tcp_keepalive(&keepalive);
    let stream = AudioSocketStream::new(AppStream::new(stream));
    Newcomer {
        socket: Messages::AudioSocket(Box::new(stream)),
        greeting: Greeting::new(Some(&DIALECT)),
        client,
        query: Vec::new(),
    }
}
