//! TLS before a server that has none, as a reverse proxy has it; and doors that do not open.

use std::io::{Error, ErrorKind};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::thread::JoinHandle;

use rustls::ServerConfig;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

/// What is told of a door and what it tells.
#[derive(Default)]
struct State {
    /// Half of the next record leaves, and then the connection breaks.
    cuts: AtomicBool,
    /// What the socket toward the server may keep.
    room: Option<usize>,
    /// Handshakes that were done.
    passed: AtomicUsize,
}

/// A server on loopback that speaks TLS and passes on what it hears.
pub struct Door {
    port: u16,
    state: Arc<State>,
    leave: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Door {
    /// One before the server at this address.
    pub fn before(inner: SocketAddr, config: Arc<ServerConfig>) -> Self {
        Self::with_room(inner, config, None)
    }

    /// The same, whose sockets keep hardly anything for a server that does not read.
    pub fn narrow(inner: SocketAddr, config: Arc<ServerConfig>) -> Self {
        Self::with_room(inner, config, Some(4 * 1024))
    }

    fn with_room(inner: SocketAddr, config: Arc<ServerConfig>, room: Option<usize>) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a listener of tokio");
        if let Some(room) = room {
            // What is accepted inherits it.
            let socket = SockRef::from(&listener);
            socket.set_recv_buffer_size(room).expect("a buffer");
        }
        let port = listener.local_addr().expect("a bound address").port();
        let state = Arc::new(State {
            room,
            ..State::default()
        });
        let theirs = Arc::clone(&state);
        let (leave, left) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async {
                let listener = TcpListener::from_std(listener).expect("a listener");
                tokio::select! {
                    () = keep(listener, inner, config, theirs) => {}
                    _ = left => {}
                }
            });
        });
        Self {
            port,
            state,
            leave: Some(leave),
            thread: Some(thread),
        }
    }

    /// What an application's entry says, for this name of the machine or its address.
    pub fn url(&self, host: &str) -> String {
        format!("wss://{host}:{}/ws/sip/{{call_id}}", self.port)
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Breaks every connection in the middle of its next record, until it is told to stop.
    pub fn cut(&self, cuts: bool) {
        self.state.cuts.store(cuts, Ordering::SeqCst);
    }

    /// How many handshakes were done.
    pub fn passed(&self) -> usize {
        self.state.passed.load(Ordering::SeqCst)
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        // The thread's connections end with it.
        self.leave = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn keep(
    listener: TcpListener,
    inner: SocketAddr,
    config: Arc<ServerConfig>,
    state: Arc<State>,
) {
    while let Ok((stream, _)) = listener.accept().await {
        let (config, state) = (Arc::clone(&config), Arc::clone(&state));
        tokio::spawn(async move {
            // A client that refuses us is what some tests want.
            let _ = pass(stream, inner, config, state).await;
        });
    }
}

async fn pass(
    stream: TcpStream,
    inner: SocketAddr,
    config: Arc<ServerConfig>,
    state: Arc<State>,
) -> std::io::Result<()> {
    let stream = Fragile {
        stream,
        state: Arc::clone(&state),
    };
    let mut outside = TlsAcceptor::from(config).accept(stream).await?;
    state.passed.fetch_add(1, Ordering::SeqCst);
    let mut inside = TcpStream::connect(inner).await?;
    if let Some(room) = state.room {
        SockRef::from(&inside).set_send_buffer_size(room)?;
    }
    copy_bidirectional(&mut outside, &mut inside).await?;
    Ok(())
}

/// A connection that can break in the middle of what is written.
struct Fragile {
    stream: TcpStream,
    state: Arc<State>,
}

impl AsyncRead for Fragile {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Fragile {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize, Error>> {
        if !self.state.cuts.load(Ordering::SeqCst) {
            return Pin::new(&mut self.stream).poll_write(context, bytes);
        }
        let half = &bytes[..bytes.len() / 2];
        let written = Pin::new(&mut self.stream).poll_write(context, half);
        written.map(|_| Err(ErrorKind::BrokenPipe.into()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
