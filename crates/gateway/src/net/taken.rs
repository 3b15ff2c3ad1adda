//! An address that cannot be had, and what to do about it.

use std::io;
use std::net::SocketAddr;

/// An address that cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {scheme}://{address}: {source}; {remedy}", remedy = self.remedy())]
pub struct CannotListen {
    /// `udp` or `tcp`.
    pub scheme: &'static str,
    /// The address.
    pub address: SocketAddr,
    /// Where another one is chosen: a flag, a key of the configuration.
    pub key: &'static str,
    /// What the system says.
    pub source: io::Error,
}

impl CannotListen {
    /// What to type.
    pub fn remedy(&self) -> String {
        let Self { address, key, .. } = self;
        match self.source.kind() {
            io::ErrorKind::AddrInUse => format!(
                "`ss -lntup 'sport = :{}'` says who has it; stop that program, or choose another port with {key}",
                address.port()
            ),
            io::ErrorKind::PermissionDenied => format!(
                "choose a port above 1023 with {key}, or `setcap cap_net_bind_service=+ep` the program"
            ),
            io::ErrorKind::AddrNotAvailable => format!(
                "`ip address` lists the addresses of this machine; choose one of them with {key}"
            ),
            _ => format!("choose another address with {key}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_refuses_is_told_with_what_to_type() {
        let told = |kind: io::ErrorKind| {
            let refused = CannotListen {
                scheme: "udp",
                address: "192.0.2.1:506".parse().unwrap(),
                key: "sip.listen",
                source: kind.into(),
            };
            refused.to_string()
        };
        let taken = told(io::ErrorKind::AddrInUse);
        assert!(taken.starts_with("cannot listen on udp://192.0.2.1:506: "));
        assert!(taken.contains("`ss -lntup 'sport = :506'`"), "{taken}");
        let forbidden = told(io::ErrorKind::PermissionDenied);
        assert!(
            forbidden.contains("above 1023 with sip.listen"),
            "{forbidden}"
        );
        let foreign = told(io::ErrorKind::AddrNotAvailable);
        assert!(foreign.contains("`ip address`"), "{foreign}");
    }
}
