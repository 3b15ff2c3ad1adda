//! Can every port be had?

use super::Finding;
use crate::net::{self, CannotListen};
use crate::settings::{Listen, Settings};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::ops::RangeInclusive;
use trunkline_sip::endpoint::Transport;

/// The places of SIP, HTTP and AudioSocket.
pub fn listeners(settings: &Settings) -> Vec<Finding> {
    let over_tcp = |address| Listen {
        transport: Transport::Tcp,
        address,
    };
    let sip = settings.sip.listen.iter();
    let sip = sip.map(|place| listener("sip", *place, "sip.listen"));
    let http = over_tcp(settings.server.listen);
    let http = listener("http", http, "server.host and server.port");
    let audiosocket = settings.streams.audiosocket.map(over_tcp);
    let audiosocket =
        audiosocket.map(|place| listener("audiosocket", place, "streams.audiosocket"));
    sip.chain([http]).chain(audiosocket).collect()
}

fn listener(check: &'static str, place: Listen, key: &'static str) -> Finding {
    let bound = match place.transport {
        Transport::Udp => UdpSocket::bind(place.address).map(drop),
        _ => TcpListener::bind(place.address).map(drop),
    };
    let refused = bound.map_err(|source| CannotListen {
        scheme: place.scheme(),
        address: place.address,
        key,
        source,
    });
    match refused {
        Ok(()) => Finding::good(check, format!("{place} can be had")),
        Err(refused) => {
            let message = format!("{place}: {}", refused.source);
            Finding::wrong(check, message, refused.remedy())
        }
    }
}

/// The pairs of RTP: how many are free, and for how many calls that is enough.
pub fn rtp(settings: &Settings) -> Finding {
    let range = &settings.sip.rtp_ports;
    let address = media_address(settings);
    let even = (*range.start()..*range.end()).filter(|port| port % 2 == 0);
    let (mut free, mut taken) = (0_usize, 0_usize);
    for port in even {
        match net::bind(SocketAddr::new(address, port)) {
            Ok(_) => free += 1,
            Err(_) => taken += 1,
        }
    }
    let named = format!("{}-{}", range.start(), range.end());
    if free == 0 {
        return Finding::wrong(
            "rtp",
            format!("no pair of {named} is free"),
            "see who has them with `ss -lnup`, or change sip.rtp_ports",
        );
    }
    if free < settings.limits.calls {
        return Finding::warning(
            "rtp",
            format!("{free} pairs of {named} are free, {taken} are not: enough for {free} calls"),
            format!("widen sip.rtp_ports, or set limits.calls to {free}"),
        );
    }
    Finding::good("rtp", format!("{free} pairs of {named} are free"))
}

/// Where media sockets are bound: at one place of SIP, or anywhere.
fn media_address(settings: &Settings) -> IpAddr {
    let listen = settings.sip.listen.first();
    listen.map_or(Ipv4Addr::UNSPECIFIED.into(), |listen| listen.address.ip())
}

/// What the system hands out to programs that ask for any port.
#[derive(Clone, Debug)]
pub struct Ephemeral {
    /// From and to.
    pub range: RangeInclusive<u16>,
    /// Ports that are never handed out.
    pub reserved: Vec<RangeInclusive<u16>>,
}

/// Whether other programs may be handed our RTP ports while a call needs them.
pub fn ephemeral(settings: &Settings, ephemeral: Option<&Ephemeral>) -> Finding {
    let rtp = &settings.sip.rtp_ports;
    let Some(Ephemeral { range, reserved }) = ephemeral else {
        return Finding::good(
            "rtp_range",
            "this system does not say which ports it hands out",
        );
    };
    let overlap = rtp.start() <= range.end() && range.start() <= rtp.end();
    let is_reserved = reserved
        .iter()
        .any(|kept| kept.start() <= rtp.start() && rtp.end() <= kept.end());
    if !overlap || is_reserved {
        return Finding::good(
            "rtp_range",
            "the system hands no RTP port to other programs",
        );
    }
    let (first, last) = (rtp.start(), rtp.end());
    Finding::warning(
        "rtp_range",
        format!(
            "RTP ports {first}-{last} lie among those that the system hands out ({}-{}): now and \
             then a call finds its port taken",
            range.start(),
            range.end()
        ),
        format!("sysctl -w net.ipv4.ip_local_reserved_ports={first}-{last}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    fn settings() -> Settings {
        let mut settings = Settings::default();
        settings.sip.listen.clear();
        settings.server.listen = "127.0.0.1:0".parse().unwrap();
        settings
    }

    #[test]
    fn a_taken_port_is_wrong_and_its_owner_can_be_found() {
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut settings = settings();
        settings.sip.listen = vec![Listen {
            transport: Transport::Udp,
            address: udp.local_addr().unwrap(),
        }];
        settings.server.listen = tcp.local_addr().unwrap();
        let asterisk = TcpListener::bind("127.0.0.1:0").unwrap();
        settings.streams.audiosocket = asterisk.local_addr().ok();
        let findings = listeners(&settings);
        let checks: Vec<_> = findings.iter().map(|finding| finding.check).collect();
        assert_eq!(checks, ["sip", "http", "audiosocket"]);
        let taken = [udp.local_addr(), tcp.local_addr(), asterisk.local_addr()];
        for (finding, port) in findings.iter().zip(taken) {
            let port = port.unwrap().port();
            assert_eq!(finding.verdict, Verdict::Wrong, "{finding:?}");
            let remedy = finding.remedy.as_deref().unwrap();
            assert!(remedy.contains(&format!("'sport = :{port}'")), "{remedy}");
        }
        drop((udp, tcp, asterisk));
        assert!(
            listeners(&settings)
                .iter()
                .all(|f| f.verdict == Verdict::Good)
        );
    }

    #[test]
    fn an_address_of_another_machine_is_wrong() {
        let mut settings = settings();
        settings.server.listen = "192.0.2.1:8000".parse().unwrap();
        let finding = &listeners(&settings)[0];
        assert_eq!(finding.verdict, Verdict::Wrong);
        assert!(
            finding.remedy.as_deref().unwrap().contains("ip address"),
            "{finding:?}"
        );
    }

    fn an_even_port() -> UdpSocket {
        let is_even = |socket: &UdpSocket| socket.local_addr().unwrap().port().is_multiple_of(2);
        let mut odd = Vec::new();
        loop {
            match UdpSocket::bind("127.0.0.1:0").unwrap() {
                socket if is_even(&socket) => return socket,
                // Held, so that the next one is another.
                socket => odd.push(socket),
            }
        }
    }

    #[test]
    fn rtp_ports_are_counted() {
        let taken = an_even_port();
        let port = taken.local_addr().unwrap().port();
        let mut settings = settings();
        settings.sip.listen = vec![Listen {
            transport: Transport::Udp,
            address: "127.0.0.1:5060".parse().unwrap(),
        }];
        settings.sip.rtp_ports = port..=port + 1;
        assert_eq!(rtp(&settings).verdict, Verdict::Wrong);
        settings.sip.rtp_ports = 20_000..=40_000;
        settings.limits.calls = 1_000_000;
        let few = rtp(&settings);
        assert_eq!(few.verdict, Verdict::Warning, "{few:?}");
        settings.limits.calls = 1;
        assert_eq!(rtp(&settings).verdict, Verdict::Good);
    }

    #[test]
    fn a_range_that_the_system_hands_out_is_warned_of() {
        let mut settings = settings();
        let mut system = Ephemeral {
            range: 32_768..=60_999,
            reserved: Vec::new(),
        };
        assert_eq!(ephemeral(&settings, Some(&system)).verdict, Verdict::Good);
        settings.sip.rtp_ports = 30_000..=40_000;
        let finding = ephemeral(&settings, Some(&system));
        assert_eq!(finding.verdict, Verdict::Warning);
        assert_eq!(
            finding.remedy.as_deref(),
            Some("sysctl -w net.ipv4.ip_local_reserved_ports=30000-40000")
        );
        system.reserved.push(30_000..=40_000);
        assert_eq!(ephemeral(&settings, Some(&system)).verdict, Verdict::Good);
    }
}
