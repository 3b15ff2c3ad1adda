//! One telephone: the gateway's own SIP endpoint and leg over sockets of its own, on the thread of
//! whoever calls.
//!
//! What it does after answer is a [`Script`], or whatever else can [`Act`]; what came of it is a
//! [`Report`], made from the packets alone.

mod act;
mod conversation;
mod line;
mod loss;
mod media;
mod report;
mod script;
mod seen;

pub use act::{Act, Cue, Deed};
pub use report::{Report, RoundTrip};
pub use script::Script;

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use trunkline_call::CallEvent;
use trunkline_legs::sip::{Incoming, Outgoing, SipLeg};
use trunkline_media::codec::Codec;
use trunkline_sip::digest::Account;
use trunkline_sip::endpoint::{Event, NewRequest, Path, Transport};
use trunkline_sip::{Method, Uri};

use conversation::Conversation;
use line::Line;
use media::MediaSockets;

/// Why a call could not even be tried. A call that was tried and failed is a [`Report`].
#[derive(Debug, thiserror::Error)]
pub enum PhoneError {
    /// The target is not something to call.
    #[error("{0} cannot be called: give sip:user@host[:port], with ;transport=tcp for TCP")]
    Target(String),
    /// Its host has no address.
    #[error(
        "the host {host} has no address: {source}; give sip:user@host[:port], the host by a name that \
         is known or by its address"
    )]
    Host {
        /// The name.
        host: String,
        /// Why.
        source: io::Error,
    },
    /// Nobody takes the connection.
    #[error("{address}: {source}; is anything listening there?")]
    Connect {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// Nobody called in time.
    #[error("nobody called within {0:?}")]
    NobodyCalled(Duration),
    /// Sockets or their poller failed.
    #[error("the phone's sockets failed: {0}")]
    Sockets(#[from] io::Error),
}

/// How a phone behaves.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Who calls, as a header value; `sip:phone@` and its own address if absent.
    pub from: Option<String>,
    /// What a challenge is answered with.
    pub account: Option<Account>,
    /// Codecs to offer, best first.
    pub codecs: Vec<Codec>,
    /// How long the far end may ring.
    pub no_answer: Duration,
    /// Ends the call once it is set, from any thread.
    pub stop: Arc<AtomicBool>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            from: None,
            account: None,
            codecs: Codec::ALL.to_vec(),
            no_answer: Duration::from_secs(60),
            stop: Arc::default(),
        }
    }
}

/// Calls a target, follows the script once it is answered, and comes back when the call is over.
/// `heard` is told every event.
///
/// # Errors
/// Where there is nothing to call, or no socket to call from.
pub fn call(
    target: &str,
    settings: &Settings,
    mut script: Script,
    heard: &mut dyn FnMut(&CallEvent),
) -> Result<Report, PhoneError> {
    act(target, settings, &mut script, heard)
}

/// [`call`] by somebody who acts on what they hear.
///
/// # Errors
/// Where there is nothing to call, or no socket to call from.
pub fn act(
    target: &str,
    settings: &Settings,
    act: &mut dyn Act,
    heard: &mut dyn FnMut(&CallEvent),
) -> Result<Report, PhoneError> {
    let (uri, transport, remote) = resolve(target)?;
    let line = Line::connect(transport, remote).map_err(|source| PhoneError::Connect {
        address: remote,
        source,
    })?;
    let path = line.path();
    let media = MediaSockets::bind(path.local.ip())?;
    let mut conversation = Conversation::new(line, media, settings, act)?;
    let now = Instant::now();
    let owner = conversation.endpoint.new_owner();
    let from = settings.from.clone();
    let from = from.unwrap_or_else(|| format!("<sip:phone@{}>", path.local));
    let mut request = NewRequest::new(Method::Invite, path, uri, from);
    request.credentials = settings.account.clone();
    let legs = conversation.leg_settings(settings);
    let leg = SipLeg::outgoing(Outgoing { owner, request }, legs, seed(), now);
    conversation.begin(leg, now);
    conversation.run(heard)
}

/// A phone that waits for a call.
pub struct Waiting {
    line: Line,
    settings: Settings,
}

impl Waiting {
    /// Binds an address; port 0 takes a free one.
    ///
    /// # Errors
    /// Where the address cannot be bound.
    pub fn listen(
        transport: Transport,
        address: SocketAddr,
        settings: Settings,
    ) -> Result<Self, PhoneError> {
        let line = Line::listen(transport, address)?;
        Ok(Self { line, settings })
    }

    /// Where it waits.
    pub fn address(&self) -> SocketAddr {
        self.line.path().local
    }

    /// Takes the next call, follows the script, and comes back when the call is over.
    ///
    /// # Errors
    /// Where nobody calls `within` this time, or the sockets fail.
    pub fn answer(
        mut self,
        within: Duration,
        mut script: Script,
        heard: &mut dyn FnMut(&CallEvent),
    ) -> Result<Report, PhoneError> {
        let patience = Instant::now() + within;
        self.line.accept(patience)?;
        let media = MediaSockets::bind(self.line.path().local.ip())?;
        let mut conversation = Conversation::new(self.line, media, &self.settings, &mut script)?;
        let nobody = || PhoneError::NobodyCalled(within);
        let event = conversation.await_call(patience)?.ok_or_else(nobody)?;
        let Event::Invite {
            owner,
            transaction,
            request,
            ..
        } = event
        else {
            return Err(nobody());
        };
        let now = Instant::now();
        let invite = Incoming {
            owner,
            transaction,
            request,
        };
        let legs = conversation.leg_settings(&self.settings);
        let leg = SipLeg::incoming(invite, legs, seed(), now);
        conversation.begin(leg, now);
        conversation.pick_up(now);
        conversation.run(heard)
    }
}

/// What a target means: its URI, and by which transport and at which address it is reached. `sip:`
/// may be left out.
///
/// # Errors
/// Where it cannot be called, or its host is not known.
pub fn resolve(target: &str) -> Result<(Uri, Transport, SocketAddr), PhoneError> {
    let uri = target_uri(target)?;
    let (transport, address) = locate(&uri)?;
    Ok((uri, transport, address))
}

/// The target as a URI; `sip:` may be left out.
fn target_uri(target: &str) -> Result<Uri, PhoneError> {
    let refused = || PhoneError::Target(target.escape_debug().to_string());
    let uri = match target.split_once(':') {
        Some(("sip" | "sips" | "tel", _)) => Uri::parse(target),
        _ => Uri::parse(&format!("sip:{target}")),
    };
    let uri = uri.map_err(|_| refused())?;
    let callable = uri.is_sip() && uri.scheme_str() == "sip" && !uri.host().is_empty();
    callable.then_some(uri).ok_or_else(refused)
}

/// Where a URI's requests go: its transport, and the first address of its host.
fn locate(uri: &Uri) -> Result<(Transport, SocketAddr), PhoneError> {
    let transport = match uri.param("transport") {
        None => Transport::Udp,
        Some(name) if name.eq_ignore_ascii_case("udp") => Transport::Udp,
        Some(name) if name.eq_ignore_ascii_case("tcp") => Transport::Tcp,
        Some(_) => return Err(PhoneError::Target(uri.as_str().to_owned())),
    };
    let port = uri.port().unwrap_or(transport.default_port());
    if let Some(address) = uri.host_ip() {
        return Ok((transport, SocketAddr::new(address, port)));
    }
    let host = uri.host().to_owned();
    let unknown = |source| PhoneError::Host {
        host: host.clone(),
        source,
    };
    let mut addresses = (host.as_str(), port).to_socket_addrs().map_err(unknown)?;
    let none = || unknown(io::Error::new(io::ErrorKind::NotFound, "it has no address"));
    Ok((transport, addresses.next().ok_or_else(none)?))
}

fn seed() -> [u8; 32] {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).expect("the operating system gives randomness");
    seed
}

/// The way of a message on this line.
fn path(transport: Transport, local: SocketAddr, remote: SocketAddr) -> Path {
    match transport {
        Transport::Udp => Path::udp(local, remote),
        _ => Path::tcp(local, remote),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_may_leave_out_its_scheme_and_its_port() {
        let uri = target_uri("echo@127.0.0.1").unwrap();
        assert_eq!(uri.as_str(), "sip:echo@127.0.0.1");
        let place = (Transport::Udp, "127.0.0.1:5060".parse().unwrap());
        assert_eq!(locate(&uri).unwrap(), place);
        let uri = target_uri("sip:echo@[::1]:5070;transport=tcp").unwrap();
        let place = (Transport::Tcp, "[::1]:5070".parse().unwrap());
        assert_eq!(locate(&uri).unwrap(), place);
    }

    #[test]
    fn what_cannot_be_called_is_refused_with_what_to_type() {
        for wrong in ["", "tel:+1512", "sips:a@b", "sip:", "a b", "sip:\u{1b}@x"] {
            let refused = target_uri(wrong).unwrap_err().to_string();
            assert!(refused.contains("give sip:user@host"), "{refused}");
            assert!(!refused.contains('\u{1b}'));
        }
        let uri = target_uri("sip:a@127.0.0.1;transport=tls").unwrap();
        assert!(matches!(locate(&uri), Err(PhoneError::Target(_))));
    }
}
