//! Can every port be had?

use super::Finding;
use crate::net;
use crate::settings::{Listen, Settings};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::ops::RangeInclusive;
use trunkline_sip::endpoint::Transport;

/// The places of SIP and HTTP.
pub fn listeners(settings: &Settings) -> Vec<Finding> {
    let sip = settings.sip.listen.iter();
    let mut findings: Vec<Finding> = sip.map(|listen| listener("sip", *listen)).collect();
    let http = Listen {
        transport: Transport::Tcp,
        address: settings.server.listen,
    };
    findings.push(listener("http", http));
    findings
}

fn listener(check: &'static str, Listen { transport, address }: Listen) -> Finding {
    let (scheme, bound) = match transport {
        Transport::Udp => ("udp", UdpSocket::bind(address).map(drop)),
        _ => ("tcp", TcpListener::bind(address).map(drop)),
    };
    let place = format!("{scheme}://{address}");
    match bound {
        Ok(()) => Finding::good(check, format!("{place} can be had")),
        Err(error) => Finding::wrong(check, format!("{place}: {error}"), remedy(&error, address)),
    }
}

fn remedy(error: &io::Error, address: SocketAddr) -> String {
    let port = address.port();
    match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "see who has it with `ss -lntup 'sport = :{port}'`; stop that program or change the port"
        ),
        io::ErrorKind::PermissionDenied => {
            "take a port above 1023, or `setcap cap_net_bind_service=+ep` the program".to_owned()
        }
        io::ErrorKind::AddrNotAvailable => format!(
            "no interface has {}; `ip address` lists those there are",
            address.ip()
        ),
        _ => "write another address in the configuration".to_owned(),
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
        let findings = listeners(&settings);
        assert_eq!(findings.len(), 2);
        for (finding, port) in findings.iter().zip([udp.local_addr(), tcp.local_addr()]) {
            let port = port.unwrap().port();
            assert_eq!(finding.verdict, Verdict::Wrong, "{finding:?}");
            let remedy = finding.remedy.as_deref().unwrap();
            assert!(remedy.contains(&format!("'sport = :{port}'")), "{remedy}");
        }
        drop((udp, tcp));
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

    #[test]
    fn rtp_ports_are_counted() {
        let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port() & !1;
        let even = UdpSocket::bind(("127.0.0.1", port));
        let mut settings = settings();
        settings.sip.listen = vec![Listen {
            transport: Transport::Udp,
            address: "127.0.0.1:5060".parse().unwrap(),
        }];
        settings.sip.rtp_ports = port..=port + 1;
        let held = even.is_ok() || taken.local_addr().unwrap().port() == port;
        if held {
            assert_eq!(rtp(&settings).verdict, Verdict::Wrong);
        }
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
