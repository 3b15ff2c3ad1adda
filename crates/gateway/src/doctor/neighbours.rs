//! Whom we reach and who reaches us: addresses, trunks, applications.

use super::Finding;
use crate::apps::Place;
use crate::names::Resolver;
use crate::net::Facing;
use crate::random;
use crate::settings::{AppEntry, AppRole, ExternalAddress, Settings, Trunk, Trust};
use crate::tls::{NoTls, handshake_waiting};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};
use trunkline_providers::url::shown;
use trunkline_sip::dialog::is_private;
use trunkline_sip::locate::Locator;

/// A public address that nobody has (RFC 5737), to ask which of ours faces the outside.
const OUTSIDE: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 1));
/// How long an application may take to accept a connection, and for each step of TLS.
const CONNECT_MAX: Duration = Duration::from_secs(2);

/// The address of ours that faces the outside; `None` without a way there.
pub fn outward_address() -> Option<IpAddr> {
    Facing::default().toward(OUTSIDE, Instant::now()).ok()
}

/// Whether peers outside are told an address that reaches us.
pub fn address(settings: &Settings, outward: Option<IpAddr>) -> Finding {
    let sip = &settings.sip;
    let local_only = sip
        .listen
        .iter()
        .all(|listen| listen.address.ip().is_loopback());
    if local_only && !settings.trunks.is_empty() {
        return Finding::wrong(
            "address",
            "SIP is taken on loopback only, where no trunk reaches it",
            "write udp://0.0.0.0:5060 in sip.listen",
        );
    }
    if let ExternalAddress::Fixed(address) = sip.external_address {
        if is_private(address) {
            return Finding::warning(
                "address",
                format!(
                    "sip.external_address is {address}, which is private: peers outside send their sound into the void"
                ),
                "write the public address there; `curl -4 https://ifconfig.me` says which",
            );
        }
        return Finding::good("address", format!("peers outside are told {address}"));
    }
    match outward {
        Some(address) if !is_private(address) => Finding::good(
            "address",
            format!("{address} faces the outside and is public"),
        ),
        Some(address) if sip.open || !settings.trunks.is_empty() => Finding::wrong(
            "address",
            format!(
                "{address} faces the outside and is private (NAT): peers there would send their sound into the void"
            ),
            "set sip.external_address to the public address, and forward the ports of SIP and RTP here",
        ),
        Some(address) => Finding::good(
            "address",
            format!("{address} faces the outside and is private: calls from this network work"),
        ),
        None if settings.trunks.is_empty() => Finding::good(
            "address",
            "there is no way to the outside; calls on this machine work",
        ),
        None => Finding::wrong(
            "address",
            "there is no way to the outside, so no trunk is reached",
            "look at `ip route`: a default route is missing",
        ),
    }
}

/// Whether each trunk's server is found, as a gateway would look for it.
pub fn trunks(settings: &Settings) -> Vec<Finding> {
    let resolver = Resolver::new(settings.sip.dns.clone());
    let runtime = tokio::runtime::Builder::new_current_thread();
    let Ok(runtime) = { runtime }.enable_all().build() else {
        return Vec::new();
    };
    let places = |trunk: &Trunk| {
        let locator = Locator::new(trunk.server(), &[trunk.transport], random::seed());
        runtime.block_on(resolver.locate(locator))
    };
    let trunks = settings.trunks.iter();
    trunks
        .map(|(name, trunk)| match places(trunk).first() {
            Some(place) => {
                let message = format!("{name}: {} is {}", trunk.host, place.address);
                Finding::good("trunks", message)
            }
            None => Finding::wrong(
                "trunks",
                format!("{name}: {} is not found", trunk.host),
                format!(
                    "correct trunks.{name}.host, or look at `getent hosts {0}` and `dig SRV _sip._{1}.{0}`",
                    trunk.host,
                    trunk.transport.via().to_lowercase(),
                ),
            ),
        })
        .collect()
}

/// Whether each application that we connect to is there.
pub fn applications(settings: &Settings) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, entry) in &settings.apps {
        let AppEntry::WebSocket(app) = entry else {
            continue;
        };
        let AppRole::Client { url } = &app.role else {
            continue;
        };
        let seen = shown(url);
        findings.push(match reach(url, &settings.tls) {
            Ok(reached) => Finding::good("apps", format!("{name}: {reached}")),
            Err(NotThere::Nobody(error)) => Finding::wrong(
                "apps",
                format!("{name}: {seen} cannot be reached: {error}"),
                format!("start the application, or correct apps.{name}.url"),
            ),
            Err(NotThere::NoTls(NoTls { reason, remedy })) => {
                Finding::wrong("apps", format!("{name}: {seen}: {reason}"), remedy)
            }
        });
    }
    findings
}

/// Why an application is not there.
enum NotThere {
    Nobody(String),
    NoTls(NoTls),
}

/// Connects to an application as far as that can be done without calling it; who is there.
fn reach(url: &str, trust: &Trust) -> Result<String, NotThere> {
    let nobody = NotThere::Nobody;
    let place = Place::of(url).map_err(|error| nobody(error.to_string()))?;
    let address = look_up(&place.host, place.port).map_err(nobody)?;
    let connected = TcpStream::connect_timeout(&address, CONNECT_MAX);
    let stream = connected.map_err(|error| nobody(error.to_string()))?;
    if !place.is_secure {
        return Ok(format!("somebody listens at {address}"));
    }
    handshake_waiting(stream, &place.host, trust.client(), CONNECT_MAX)
        .map(|_| format!("{address} proves by its certificate to be {}", place.host))
        .map_err(NotThere::NoTls)
}

fn look_up(host: &str, port: u16) -> Result<SocketAddr, String> {
    let found = (host, port)
        .to_socket_addrs()
        .map_err(|error| error.to_string());
    found?.next().ok_or_else(|| "it has no address".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;
    use crate::settings::{Trunk, WebSocketApp};
    use std::net::TcpListener;
    use trunkline_sip::endpoint::Transport;
    use trunkline_streams::WireOptions;
    use trunkline_streams::trunkline::DIALECT;

    const PRIVATE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 168, 1, 2));
    const PUBLIC: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 7));

    fn with_trunk(host: &str) -> Settings {
        let trunk = Trunk {
            host: host.to_owned(),
            port: Some(5060),
            transport: Transport::Udp,
            register: false,
            username: None,
            password: None,
        };
        let mut settings = Settings::default();
        settings.trunks.insert("telco".to_owned(), trunk);
        settings
    }

    #[test]
    fn a_private_address_toward_a_trunk_is_wrong() {
        let mut settings = with_trunk("127.0.0.1");
        assert_eq!(address(&settings, Some(PRIVATE)).verdict, Verdict::Wrong);
        assert_eq!(address(&settings, None).verdict, Verdict::Wrong);
        assert_eq!(address(&settings, Some(PUBLIC)).verdict, Verdict::Good);
        settings.sip.external_address = ExternalAddress::Fixed(PUBLIC);
        assert_eq!(address(&settings, Some(PRIVATE)).verdict, Verdict::Good);
        settings.sip.external_address = ExternalAddress::Fixed(PRIVATE);
        assert_eq!(address(&settings, Some(PRIVATE)).verdict, Verdict::Warning);
        settings
            .sip
            .listen
            .iter_mut()
            .for_each(|l| l.address.set_ip([127, 0, 0, 1].into()));
        assert_eq!(address(&settings, Some(PUBLIC)).verdict, Verdict::Wrong);
        assert_eq!(
            address(&Settings::default(), Some(PRIVATE)).verdict,
            Verdict::Good
        );
    }

    #[test]
    fn a_trunk_that_nobody_knows_is_wrong() {
        assert_eq!(trunks(&with_trunk("127.0.0.1"))[0].verdict, Verdict::Good);
        // RFC 6761 section 6.4: no name below `.invalid` exists.
        let finding = &trunks(&with_trunk("sip.trunkline.invalid"))[0];
        assert_eq!(finding.verdict, Verdict::Wrong, "{finding:?}");
    }

    #[test]
    fn an_application_that_is_not_there_is_wrong() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("ws://{}/ws/{{call_id}}", listener.local_addr().unwrap());
        let app = WebSocketApp {
            role: AppRole::Client { url },
            dialect: DIALECT,
            options: WireOptions::default(),
            on_lost: None,
        };
        let mut settings = Settings::default();
        settings
            .apps
            .insert("bot".to_owned(), AppEntry::WebSocket(app));
        assert_eq!(applications(&settings)[0].verdict, Verdict::Good);
        drop(listener);
        let finding = &applications(&settings)[0];
        assert_eq!(finding.verdict, Verdict::Wrong);
        assert!(
            finding.remedy.as_deref().unwrap().contains("apps.bot.url"),
            "{finding:?}"
        );
    }
}
