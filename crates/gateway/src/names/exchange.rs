//! Asking servers: over UDP, and over TCP what does not fit a datagram (RFC 7766 §5).

use super::message::{self, Kind, Records, Reply};
use crate::random;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

/// How long one server may take before the next is asked.
const TRY_MAX: Duration = Duration::from_secs(1);
/// How often every server is asked.
const ROUNDS: usize = 2;
/// How long one question may take, however many servers there are.
const QUESTION_MAX: Duration = Duration::from_secs(2);
/// Room for a datagram; without EDNS (RFC 6891) servers send 512 bytes.
const DATAGRAM_BYTES: usize = 4_096;

/// The records of a name and how long they hold, from the first server that can say.
pub async fn ask(servers: &[SocketAddr], kind: Kind, name: &str) -> Option<(Records, Duration)> {
    let tries = async {
        for _ in 0..ROUNDS {
            for &server in servers {
                if let Ok(Ok(Some(said))) = timeout(TRY_MAX, ask_one(server, kind, name)).await {
                    return Some(said);
                }
            }
        }
        None
    };
    timeout(QUESTION_MAX, tries).await.ok().flatten()
}

/// What one server says; `None` where it refuses.
async fn ask_one(
    server: SocketAddr,
    kind: Kind,
    name: &str,
) -> io::Result<Option<(Records, Duration)>> {
    let id = u16::from_le_bytes(random::bytes());
    let Some(question) = message::question(id, kind, name) else {
        return Ok(None);
    };
    let any: SocketAddr = match server.is_ipv4() {
        true => (Ipv4Addr::UNSPECIFIED, 0).into(),
        false => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    // A port that the system draws is the other half of what a forger would have to guess.
    let socket = UdpSocket::bind(any).await?;
    socket.connect(server).await?;
    socket.send(&question).await?;
    let mut buffer = vec![0; DATAGRAM_BYTES];
    loop {
        let length = socket.recv(&mut buffer).await?;
        let bytes = buffer.get(..length).unwrap_or_default();
        match message::reply(bytes, id, kind, name) {
            Reply::Says(records, life) => return Ok(Some((records, life))),
            Reply::Refuses => return Ok(None),
            Reply::Cut => break,
            Reply::Stray => {}
        }
    }
    let whole = ask_at_length(server, &question).await?;
    match message::reply(&whole, id, kind, name) {
        Reply::Says(records, life) => Ok(Some((records, life))),
        _ => Ok(None),
    }
}

async fn ask_at_length(server: SocketAddr, question: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(server).await?;
    let length = u16::try_from(question.len()).map_err(io::Error::other)?;
    let framed = [&length.to_be_bytes()[..], question].concat();
    stream.write_all(&framed).await?;
    let length = stream.read_u16().await?;
    let mut whole = vec![0; usize::from(length)];
    stream.read_exact(&mut whole).await?;
    Ok(whole)
}
