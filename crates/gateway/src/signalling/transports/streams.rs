//! SIP over TCP: a task a connection cuts messages out of the stream and writes what it is given.

#[cfg(test)]
mod tests;

use super::trace;
use socket2::{Domain, Protocol, Socket, Type};
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::{sleep_until, timeout};
use trunkline_sip::endpoint::{ConnectionId, Path, TransactionId, Transmit, Transport};
use trunkline_sip::framing::{self, StreamFramer};
use trunkline_sip::message::{Malformed, Message};

/// The most connections at once; a further one is closed as it comes.
const CONNECTIONS_MAX: usize = 10_000;
/// Messages that may wait for a peer that does not read; past that the connection is closed.
const WAITING_MAX: usize = 256;
/// How long a connection of ours may take to be made: half of Timer B.
const CONNECT_MAX: Duration = Duration::from_secs(10);
/// How long a peer may take to read what it is sent.
const WRITE_MAX: Duration = Duration::from_secs(30);
/// How long a connection may be silent (RFC 5626 §4.4.1 asks for a keep-alive every 2 minutes).
const SILENT_MAX: Duration = Duration::from_secs(600);
const READ_BYTES: usize = 16 * 1024;
const BACKLOG: i32 = 1_024;

/// What a connection tells.
pub enum StreamEvent {
    /// A peer connected.
    Accepted(TcpStream, SocketAddr),
    /// A message, or what was sent instead of one.
    Message(Result<Message, Malformed>, Path),
    /// A message could not be sent.
    Failed(TransactionId),
    /// The connection is gone.
    Closed(ConnectionId),
}

struct Connection {
    path: Path,
    to: mpsc::Sender<Outgoing>,
    task: AbortHandle,
}

/// A message to send, and who waits to be told if that fails.
type Outgoing = (Message, Option<TransactionId>);

/// Every TCP connection, by number and by peer.
pub struct Connections {
    events: mpsc::Sender<StreamEvent>,
    open: HashMap<ConnectionId, Connection>,
    by_peer: HashMap<SocketAddr, ConnectionId>,
    listeners: Vec<AbortHandle>,
    next: u64,
}

impl Drop for Connections {
    fn drop(&mut self) {
        self.listeners.iter().for_each(AbortHandle::abort);
        self.open
            .values()
            .for_each(|connection| connection.task.abort());
    }
}

impl Connections {
    /// No connection yet.
    pub fn new(events: mpsc::Sender<StreamEvent>) -> Self {
        Self {
            events,
            open: HashMap::new(),
            by_peer: HashMap::new(),
            listeners: Vec::new(),
            next: 0,
        }
    }

    /// Listens, and says where, with the port that the system chose.
    pub fn listen(&mut self, address: SocketAddr) -> io::Result<SocketAddr> {
        let socket = Socket::new(
            Domain::for_address(address),
            Type::STREAM,
            Some(Protocol::TCP),
        )?;
        if address.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        let listener = TcpListener::from_std(socket.into())?;
        let bound = listener.local_addr()?;
        let events = self.events.clone();
        self.listeners
            .push(tokio::spawn(accept(listener, events)).abort_handle());
        Ok(bound)
    }

    /// Takes a connection that a peer made.
    pub fn accepted(&mut self, stream: TcpStream, remote: SocketAddr) {
        let Ok(local) = stream.local_addr() else {
            return;
        };
        if self.open.len() < CONNECTIONS_MAX {
            self.start(local, remote, Some(stream));
        }
    }

    /// Forgets a connection that is gone.
    pub fn closed(&mut self, id: ConnectionId) {
        if let Some(connection) = self.open.remove(&id) {
            let remote = connection.path.remote;
            if self.by_peer.get(&remote) == Some(&id) {
                self.by_peer.remove(&remote);
            }
        }
    }

    /// Sends over the connection asked for, over any to that peer, or over a new one
    /// (RFC 3261 §18.1.1, §18.2.2).
    pub fn send(&mut self, transmit: &Transmit) {
        let Path {
            local,
            remote,
            connection,
            ..
        } = transmit.path;
        let open = connection
            .filter(|id| self.open.contains_key(id))
            .or_else(|| self.by_peer.get(&remote).copied());
        let id = match open {
            Some(id) => id,
            None if self.open.len() < CONNECTIONS_MAX => self.start(local, remote, None),
            None => return self.fail(transmit.transaction),
        };
        let outgoing = (transmit.message.clone(), transmit.transaction);
        let taken = self
            .open
            .get(&id)
            .is_some_and(|c| c.to.try_send(outgoing).is_ok());
        if !taken {
            self.drop_connection(id);
            self.fail(transmit.transaction);
        }
    }

    fn drop_connection(&mut self, id: ConnectionId) {
        if let Some(connection) = self.open.get(&id) {
            connection.task.abort();
        }
        self.closed(id);
    }

    fn fail(&self, transaction: Option<TransactionId>) {
        if let Some(transaction) = transaction {
            let events = self.events.clone();
            tokio::spawn(async move { events.send(StreamEvent::Failed(transaction)).await });
        }
    }

    fn start(
        &mut self,
        local: SocketAddr,
        remote: SocketAddr,
        stream: Option<TcpStream>,
    ) -> ConnectionId {
        self.next += 1;
        let id = ConnectionId(self.next);
        let path = Path {
            transport: Transport::Tcp,
            local,
            remote,
            connection: Some(id),
        };
        let (to, outgoing) = mpsc::channel(WAITING_MAX);
        let life = Life {
            path,
            id,
            events: self.events.clone(),
            outgoing,
        };
        let task = tokio::spawn(life.run(stream)).abort_handle();
        self.open.insert(id, Connection { path, to, task });
        self.by_peer.insert(remote, id);
        id
    }
}

async fn accept(listener: TcpListener, events: mpsc::Sender<StreamEvent>) {
    loop {
        match listener.accept().await {
            Ok((stream, remote)) => {
                if events
                    .send(StreamEvent::Accepted(stream, remote))
                    .await
                    .is_err()
                {
                    return;
                }
            }
            // Out of descriptors, say: the peer waits in the backlog until one is free.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

/// One connection from its making to its end.
struct Life {
    path: Path,
    id: ConnectionId,
    events: mpsc::Sender<StreamEvent>,
    outgoing: mpsc::Receiver<Outgoing>,
}

impl Life {
    async fn run(mut self, stream: Option<TcpStream>) {
        let stream = match stream {
            Some(stream) => Some(stream),
            None => timeout(CONNECT_MAX, TcpStream::connect(self.path.remote))
                .await
                .ok()
                .and_then(Result::ok),
        };
        if let Some(stream) = stream {
            // Without it every small answer would wait for the last one's acknowledgement.
            let _ = stream.set_nodelay(true);
            self.talk(stream).await;
        }
        let _ = self.events.send(StreamEvent::Closed(self.id)).await;
        self.fail_waiting().await;
    }

    async fn talk(&mut self, mut stream: TcpStream) {
        let mut framer = StreamFramer::default();
        let mut room = vec![0; READ_BYTES];
        let mut deadline = None;
        loop {
            let silent = Instant::now() + SILENT_MAX;
            let until = deadline.map_or(silent, |deadline| silent.min(deadline));
            tokio::select! {
                read = stream.read(&mut room) => match read {
                    Ok(length @ 1..) => {
                        let bytes = room.get(..length).unwrap_or_default();
                        framer.handle_input(Instant::now(), framing::Input::Bytes(bytes));
                    }
                    Ok(_) | Err(_) => return,
                },
                outgoing = self.outgoing.recv() => match outgoing {
                    Some((message, transaction)) => {
                        if !self.write(&mut stream, &message, transaction).await {
                            return;
                        }
                    }
                    None => return,
                },
                () = sleep_until(until.into()) => {
                    if deadline.is_none() {
                        return;
                    }
                    framer.handle_input(Instant::now(), framing::Input::Timeout);
                }
            }
            match self.drain(&mut framer, &mut stream).await {
                Some(next) => deadline = next,
                None => return,
            }
        }
    }

    /// Passes on what the framer has; `None` where the connection is to be closed.
    async fn drain(
        &mut self,
        framer: &mut StreamFramer,
        stream: &mut TcpStream,
    ) -> Option<Option<Instant>> {
        loop {
            match framer.poll_output() {
                framing::Output::Message(message) => {
                    if let Ok(message) = &message {
                        trace::received(&self.path, message.as_bytes());
                    }
                    self.events
                        .send(StreamEvent::Message(message, self.path))
                        .await
                        .ok()?;
                }
                framing::Output::Pong => {
                    timeout(WRITE_MAX, stream.write_all(framing::PONG))
                        .await
                        .ok()?
                        .ok()?;
                }
                framing::Output::Close(_) => {
                    self.say_goodbye(stream).await;
                    return None;
                }
                framing::Output::Timeout(deadline) => return Some(deadline),
            }
        }
    }

    /// Lets the answer to the message that ended it leave first.
    async fn say_goodbye(&mut self, stream: &mut TcpStream) {
        const ANSWER_MAX: Duration = Duration::from_millis(500);
        while let Ok(Some((message, transaction))) = timeout(ANSWER_MAX, self.outgoing.recv()).await
        {
            if !self.write(stream, &message, transaction).await {
                return;
            }
        }
        let _ = stream.shutdown().await;
    }

    async fn write(
        &self,
        stream: &mut TcpStream,
        message: &Message,
        transaction: Option<TransactionId>,
    ) -> bool {
        let written = timeout(WRITE_MAX, stream.write_all(message.as_bytes())).await;
        let good = matches!(written, Ok(Ok(())));
        if !good {
            self.failed(transaction).await;
        }
        good
    }

    async fn fail_waiting(&mut self) {
        self.outgoing.close();
        while let Some((_, transaction)) = self.outgoing.recv().await {
            self.failed(transaction).await;
        }
    }

    async fn failed(&self, transaction: Option<TransactionId>) {
        if let Some(transaction) = transaction {
            let _ = self.events.send(StreamEvent::Failed(transaction)).await;
        }
    }
}
