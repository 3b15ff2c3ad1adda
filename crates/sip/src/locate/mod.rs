//! Where the server of a SIP URI is (RFC 3263): what to ask of DNS, and the order of what comes back.
//!
//! [`Locator`] asks nobody itself. Its user takes each [`Question`] from
//! [`poll_output`](Locator::poll_output), gives the [`Answer`] to
//! [`handle_input`](Locator::handle_input), and so on until there are places. Every question leads
//! closer to an address, so that no records can lead it in a circle.

mod records;

pub use records::{Naptr, Srv};

use crate::endpoint::{Random, Transport};
use crate::uri::Uri;
use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};

/// How many places are found; whoever has more servers is reached at one of these.
pub const PLACES_MAX: usize = 8;
/// How many servers are looked at for their addresses.
const SERVERS_MAX: usize = 8;
/// How many services of NAPTR records are looked at for their servers.
const SERVICES_MAX: usize = 4;

/// What a URI, or a configuration, says of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// A name or an address, IPv6 without brackets.
    pub host: String,
    /// The port, where one is said.
    pub port: Option<u16>,
    /// The transport, where one is said.
    pub transport: Option<Transport>,
}

impl Server {
    /// The server of a URI without what its parameter `transport` says: that may be nonsense.
    #[must_use]
    pub fn of(uri: &Uri, transport: Option<Transport>) -> Self {
        let maddr = uri.param("maddr").filter(|maddr| !maddr.is_empty());
        let host = maddr.as_deref().unwrap_or(uri.host());
        Self {
            host: host.trim_matches(['[', ']']).to_owned(),
            port: uri.port(),
            transport,
        }
    }
}

/// Something to ask of DNS, of this name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Question {
    /// Its NAPTR records.
    Naptr(String),
    /// Its SRV records.
    Srv(String),
    /// Its addresses: A and AAAA records.
    Addresses(String),
}

impl Question {
    /// The name that is asked about.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Naptr(name) | Self::Srv(name) | Self::Addresses(name) => name,
        }
    }
}

/// What DNS says. An answer of another kind than its question says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// NAPTR records.
    Naptr(Vec<Naptr>),
    /// SRV records.
    Srv(Vec<Srv>),
    /// Addresses, those to be tried first in front.
    Addresses(Vec<IpAddr>),
    /// There are none.
    Nothing,
    /// Nobody answers, or with an error of their own: further questions but for addresses are idle.
    Failed,
}

/// A place to send a request to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// How.
    pub transport: Transport,
    /// Where.
    pub address: SocketAddr,
}

/// What a [`Locator`] has to say.
#[derive(Debug, PartialEq, Eq)]
pub enum Output {
    /// This is to be asked.
    Ask(Question),
    /// The places to try, in this order; none where there is no server.
    Found(Vec<Place>),
}

/// A service at a name: `_sip._udp.example.com`.
#[derive(Debug)]
struct Service {
    transport: Transport,
    name: String,
}

/// A host whose addresses are to be found.
#[derive(Debug)]
struct Host {
    transport: Transport,
    name: String,
    port: u16,
}

#[derive(Debug)]
enum Step {
    Naptr,
    Srv(VecDeque<Service>),
    Addresses,
}

/// Finds the places of one server.
#[derive(Debug)]
pub struct Locator {
    server: Server,
    /// The transports we have, preferred first.
    ours: Vec<Transport>,
    random: Random,
    step: Step,
    hosts: VecDeque<Host>,
    places: Vec<Place>,
}

impl Locator {
    /// Finds a server by one of these transports, preferred first. `seed` decides among SRV records
    /// of one priority.
    #[must_use]
    pub fn new(server: Server, ours: &[Transport], seed: [u8; 32]) -> Self {
        let mut locator = Self {
            ours: ours.to_vec(),
            random: Random::new(seed),
            step: Step::Addresses,
            hosts: VecDeque::new(),
            places: Vec::new(),
            server,
        };
        locator.begin();
        locator
    }

    /// What is to be asked next, or what was found.
    #[must_use]
    pub fn poll_output(&self) -> Output {
        let question = match &self.step {
            Step::Naptr => Some(Question::Naptr(self.server.host.clone())),
            Step::Srv(services) => services
                .front()
                .map(|service| Question::Srv(service.name.clone())),
            Step::Addresses => self
                .hosts
                .front()
                .map(|host| Question::Addresses(host.name.clone())),
        };
        question.map_or_else(|| Output::Found(self.places.clone()), Output::Ask)
    }

    /// Takes the answer to the latest question.
    pub fn handle_input(&mut self, answer: Answer) {
        match &mut self.step {
            Step::Naptr => self.take_services(answer),
            Step::Srv(services) => {
                let asked = services.pop_front();
                self.take_servers(asked, answer);
            }
            Step::Addresses => self.take_addresses(answer),
        }
    }

    /// The places found so far, for whoever does not wait for the other answers.
    #[must_use]
    pub fn into_places(self) -> Vec<Place> {
        self.places
    }

    /// RFC 3263 §4.1: the transport; and as much of §4.2 as needs no question.
    fn begin(&mut self) {
        let Server {
            host,
            port,
            transport,
        } = &self.server;
        let ours = self.ours.first().copied().unwrap_or(Transport::Udp);
        if let Ok(ip) = host.parse::<IpAddr>() {
            let transport = transport.unwrap_or(ours);
            let port = port.unwrap_or(transport.default_port());
            let address = SocketAddr::new(ip, port);
            self.places.push(Place { transport, address });
        } else if port.is_some() || !host.trim_end_matches('.').contains('.') {
            // A port names one server. A name of one label is nobody's domain: the machine's own
            // files say where it is.
            self.ask_the_host();
        } else if let Some(transport) = *transport {
            self.step = Step::Srv(service(transport, host).into_iter().collect());
        } else {
            self.step = Step::Naptr;
        }
    }

    /// The host itself is the server, at the port that is said or meant.
    fn ask_the_host(&mut self) {
        let ours = self.ours.first().copied().unwrap_or(Transport::Udp);
        let transport = self.server.transport.unwrap_or(ours);
        self.hosts.push_back(Host {
            transport,
            name: self.server.host.clone(),
            port: self.server.port.unwrap_or(transport.default_port()),
        });
        self.step = Step::Addresses;
    }

    fn take_services(&mut self, answer: Answer) {
        let records = match answer {
            Answer::Naptr(records) => records,
            Answer::Failed => return self.ask_the_host(),
            _ => Vec::new(),
        };
        let named = records::services(records, &self.ours).take(SERVICES_MAX);
        let mut services: VecDeque<_> = named
            .map(|(transport, name)| Service { transport, name })
            .collect();
        if services.is_empty() {
            // §4.1: without NAPTR records, SRV for each transport that we have.
            let host = &self.server.host;
            let each = self.ours.iter();
            services = each.filter_map(|&ours| service(ours, host)).collect();
        }
        self.step = Step::Srv(services);
    }

    fn take_servers(&mut self, asked: Option<Service>, answer: Answer) {
        let failed = answer == Answer::Failed;
        if let (Some(Service { transport, .. }), Answer::Srv(records)) = (asked, answer) {
            let ordered = records::by_weight(records, &mut self.random);
            let room = SERVERS_MAX.saturating_sub(self.hosts.len());
            self.hosts
                .extend(ordered.into_iter().take(room).map(|srv| Host {
                    transport,
                    name: srv.target,
                    port: srv.port,
                }));
        }
        let is_last = matches!(&self.step, Step::Srv(services) if services.is_empty());
        if !failed && !is_last {
            return;
        }
        match self.hosts.is_empty() {
            // §4.2: without SRV records, the addresses of the host itself.
            true => self.ask_the_host(),
            false => self.step = Step::Addresses,
        }
    }

    fn take_addresses(&mut self, answer: Answer) {
        let Some(host) = self.hosts.pop_front() else {
            return;
        };
        if let Answer::Addresses(addresses) = answer {
            let room = PLACES_MAX.saturating_sub(self.places.len());
            let places = addresses.into_iter().take(room).map(|ip| Place {
                transport: host.transport,
                address: SocketAddr::new(ip, host.port),
            });
            self.places.extend(places);
        }
        if self.places.len() >= PLACES_MAX {
            self.hosts.clear();
        }
    }
}

/// The SRV name of SIP by this transport; `None` where there is none.
fn service(transport: Transport, host: &str) -> Option<Service> {
    let label = match transport {
        Transport::Udp => "_sip._udp",
        Transport::Tcp => "_sip._tcp",
        Transport::Tls => "_sips._tcp",
        Transport::Ws | Transport::Wss => return None,
    };
    let name = format!("{label}.{host}");
    Some(Service { transport, name })
}
