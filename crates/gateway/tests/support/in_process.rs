//! A gateway in the process of the test, for what cannot be seen from outside.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::mpsc;
use std::thread::JoinHandle;

use tokio::net::TcpListener;
use trunkline::control::Control;
use trunkline::gateway::Gateway;
use trunkline::http::{router, serve};
use trunkline::settings::{Listen, Settings};
use trunkline_call::routes::{PartyPattern, Rule};
use trunkline_sip::endpoint::Transport;

/// One media thread, SIP on a free UDP port of loopback.
pub fn settings() -> Settings {
    let mut settings = Settings {
        shards: 1,
        ..Settings::default()
    };
    settings.sip.listen = vec![Listen {
        transport: Transport::Udp,
        address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
    }];
    settings.sip.rtp_ports = 12_000..=19_999;
    settings
}

/// A route that leads calls to this name to the application of the same name.
pub fn rule_to(name: &str) -> Rule {
    Rule {
        to: PartyPattern::read(name, None).ok(),
        app: name.to_owned(),
        ..Rule::default()
    }
}

/// A gateway in this process, on a thread of its own with its runtime.
pub struct InProcess {
    /// SIP on UDP.
    pub address: SocketAddr,
    /// Its HTTP interface, on 127.0.0.1.
    pub http_port: u16,
    /// Its handle.
    pub control: Control,
    leave: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl InProcess {
    /// Starts it.
    pub fn start(settings: Settings) -> Self {
        let (told, started) = mpsc::channel();
        let (leave, left) = tokio::sync::oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.expect("a runtime").block_on(async {
                let gateway = Gateway::start(settings).await.expect("a gateway");
                let (_, address) = gateway.addresses()[0];
                let control = gateway.control().clone();
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
                let listener = listener.expect("a free port");
                let http = listener.local_addr().expect("a bound address").port();
                tokio::spawn(serve(listener, router(control.clone())));
                told.send((address, http, control)).expect("the test waits");
                let _ = left.await;
                gateway.stop().await;
            });
        });
        let (address, http_port, control) = started.recv().expect("the gateway starts");
        Self {
            address,
            http_port,
            control,
            leave: Some(leave),
            thread: Some(thread),
        }
    }
}

impl Drop for InProcess {
    fn drop(&mut self) {
        self.leave = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
