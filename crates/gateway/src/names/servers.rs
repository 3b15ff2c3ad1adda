//! The DNS servers that this machine asks (resolv.conf(5)).

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// The port of DNS.
pub const PORT: u16 = 53;
/// How many servers resolv.conf(5) lets have a say.
const SERVERS_MAX: usize = 3;
const FILE: &str = "/etc/resolv.conf";

/// Read anew each time, because a machine may move from network to network.
pub async fn of_this_machine() -> Vec<SocketAddr> {
    let text = tokio::task::spawn_blocking(|| std::fs::read_to_string(FILE)).await;
    read(&text.ok().and_then(Result::ok).unwrap_or_default())
}

/// The servers of such a file; where it names none, one on this machine.
fn read(text: &str) -> Vec<SocketAddr> {
    let lines = text.lines().map(str::split_whitespace);
    let named = lines.filter_map(|mut words| {
        let address = words.next().filter(|word| *word == "nameserver");
        let address = address.and_then(|_| words.next())?;
        address.parse::<IpAddr>().ok()
    });
    let mut servers: Vec<_> = named.take(SERVERS_MAX).collect();
    if servers.is_empty() {
        servers.push(Ipv4Addr::LOCALHOST.into());
    }
    servers.into_iter().map(|ip| (ip, PORT).into()).collect()
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn the_file_of_the_system_is_read_as_its_manual_says() {
        let text = "# nameserver 192.0.2.9\nsearch example.com\nnameserver 192.0.2.1\n\
            nameserver\t2001:db8::1 # ours\nnameserver nonsense\nnameserver 192.0.2.3\n\
            nameserver 192.0.2.4\n";
        let servers: Vec<String> = read(text).iter().map(ToString::to_string).collect();
        assert_eq!(
            servers,
            ["192.0.2.1:53", "[2001:db8::1]:53", "192.0.2.3:53"]
        );
        assert_eq!(read("")[0].to_string(), "127.0.0.1:53");
    }
}
