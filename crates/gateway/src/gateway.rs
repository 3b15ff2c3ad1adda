//! Puts a gateway together and starts it.

use crate::control::Control;
use crate::names::Resolver;
use crate::net::{self, CannotListen, PortPool};
use crate::random;
use crate::records::{CannotWrite, Writer};
use crate::settings::{AppEntry, Settings, SipSettings};
use crate::shard::{self, Reporter, Shard};
use crate::signalling::{Desk, Parts, Transports, stream_events};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use trunkline_call::record::Records;
use trunkline_sip::endpoint::{Endpoint, EndpointConfig, Transport};
use trunkline_sip::locate::Locator;
use trunkline_sip::user_agent::{AdmissionConfig, AgentConfig};

/// Descriptors kept back for listeners, files and HTTP.
pub(crate) const DESCRIPTORS_RESERVED: u64 = 256;
/// Descriptors of one call: RTP, RTCP, and the application's connection.
pub(crate) const DESCRIPTORS_A_CALL: u64 = 3;

/// Why a gateway did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A socket of SIP.
    #[error(transparent)]
    Bind(#[from] CannotListen),
    /// The file of records.
    #[error(transparent)]
    Records(#[from] CannotWrite),
    /// The system has no thread or poller left.
    #[error("cannot start a media thread: {0}")]
    Thread(io::Error),
}

/// A running gateway.
pub struct Gateway {
    control: Control,
    addresses: Vec<(Transport, SocketAddr)>,
    desk: tokio::task::JoinHandle<()>,
    shards: Vec<JoinHandle<()>>,
}

impl Gateway {
    /// Binds the sockets, starts the shards and takes calls. Runs on the tokio runtime of the
    /// caller; the shards have threads of their own.
    ///
    /// # Errors
    /// Where a port is taken, the file of records cannot be written, or threads have run out.
    pub async fn start(settings: Settings) -> Result<Self, StartError> {
        let settings = Arc::new(settings);
        let calls_max = calls_max(&settings);
        let writer = match &settings.records.file {
            Some(path) => Writer::to(path)?,
            None => Writer::default(),
        };
        let (stream_sender, streams) = stream_events();
        let sip = &settings.sip;
        let transports = Transports::bind(&sip.listen, sip.external_address, stream_sender)?;
        let addresses = transports.addresses().collect();
        let resolver = Arc::new(Resolver::new(sip.dns.clone()));
        let trunks = locate_trunks(&settings, &resolver).await;
        let config = endpoint_config(&settings, &transports, &trunks);
        let endpoint = Endpoint::new(config, random::seed());
        let (reporter, reports) = shard::reports();
        let (shards, threads) = start_shards(settings.shards, &reporter)?;
        let (control, questions) = Control::new(Records::default(), Arc::clone(&settings));
        let start = u64::from_le_bytes(random::bytes());
        let desk = Desk::new(Parts {
            ports: PortPool::new(sip.rtp_ports.clone(), start),
            settings: Arc::clone(&settings),
            control: control.clone(),
            questions,
            endpoint,
            transports,
            streams,
            shards,
            reports,
            records: writer,
            calls_max,
            trunks,
            resolver,
        });
        settings.apps.values().for_each(AppEntry::start);
        Ok(Self {
            control,
            addresses,
            desk: tokio::spawn(desk.run()),
            shards: threads,
        })
    }

    /// Where SIP is taken, with the ports that the system chose.
    pub fn addresses(&self) -> &[(Transport, SocketAddr)] {
        &self.addresses
    }

    /// The handle through which everything is asked.
    pub fn control(&self) -> &Control {
        &self.control
    }

    /// Ends every call now and returns when all threads have ended.
    pub async fn stop(self) {
        self.control.ask_to_stop().await;
        let _ = self.desk.await;
        for shard in self.shards {
            // The thread is at its end: its stop was ordered before the desk ended.
            let _ = shard.join();
        }
    }

    /// Takes no new calls, lets the live ones finish, then stops.
    pub async fn drain(self) {
        self.control.drain().await;
        self.stop().await;
    }
}

fn start_shards(
    count: usize,
    reporter: &Reporter,
) -> Result<(Vec<Shard>, Vec<JoinHandle<()>>), StartError> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let count = if count == 0 { cores } else { count };
    (0..count)
        .map(|number| Shard::start(number, reporter.clone()).map_err(StartError::Thread))
        .collect::<Result<Vec<_>, _>>()
        .map(|started| started.into_iter().unzip())
}

/// The configured limit, or what the descriptors suffice for.
fn calls_max(settings: &Settings) -> usize {
    let configured = settings.limits.calls;
    match net::raise_descriptor_limit() {
        Ok(descriptors) => {
            let suffices = descriptors.saturating_sub(DESCRIPTORS_RESERVED) / DESCRIPTORS_A_CALL;
            let suffices = usize::try_from(suffices).unwrap_or(usize::MAX);
            if suffices < configured {
                tracing::warn!(
                    "{descriptors} descriptors suffice for {suffices} calls, not for {configured}; \
                     raise the limit with `ulimit -n`"
                );
            }
            configured.min(suffices)
        }
        Err(_) => configured,
    }
}

/// Looks up where the trunks are. One that is not found is called by its name later, and its
/// calls to us count as those of anybody.
async fn locate_trunks(settings: &Settings, resolver: &Resolver) -> Vec<(String, Vec<SocketAddr>)> {
    let mut found = Vec::new();
    for (name, trunk) in &settings.trunks {
        let locator = Locator::new(trunk.server(), &[trunk.transport], random::seed());
        let places = resolver.locate(locator).await;
        if places.is_empty() {
            tracing::error!(trunk = %name, "the host {} is not known", trunk.host);
        }
        let addresses = places.iter().map(|place| place.address).collect();
        found.push((name.clone(), addresses));
    }
    found
}

fn endpoint_config(
    settings: &Settings,
    transports: &Transports,
    trunks: &[(String, Vec<SocketAddr>)],
) -> EndpointConfig {
    let addresses = trunks.iter().flat_map(|(_, addresses)| addresses);
    let admission = AdmissionConfig {
        trunks: addresses.map(SocketAddr::ip).collect(),
        requests_per_second: Some(settings.limits.requests_per_source),
        ..admission(&settings.sip)
    };
    let mut config = EndpointConfig {
        tcp_port: transports.tcp_port(),
        agent: AgentConfig {
            admission,
            ..AgentConfig::default()
        },
        ..EndpointConfig::default()
    };
    config.limits.calls = settings.limits.calls.saturating_mul(2);
    config
}

fn admission(sip: &SipSettings) -> AdmissionConfig {
    AdmissionConfig {
        algorithms: sip.digest.clone(),
        users: sip.users.clone(),
        open: sip.open,
        ..AdmissionConfig::default()
    }
}
