//! Through which proxy a place is reached: pip's setting, else the variables that every tool reads.

use super::pip::Pip;
use crate::config::Variables;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::net::IpAddr;
use trunkline_providers::Secret;
use trunkline_providers::url::{Url, shown};

/// Which proxies there are, and for whom none is asked.
#[derive(Debug, Default)]
pub struct Proxies {
    for_http: Option<String>,
    for_https: Option<String>,
    /// Host names and their ends, addresses and networks.
    none_for: Vec<String>,
}

/// A proxy that is asked.
#[derive(Debug)]
pub struct Proxy {
    /// Its host, without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// What proves who asks, for a header.
    pub authorization: Option<Secret>,
}

/// Why a proxy cannot be asked.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the proxy {0} is not one that is reached by http://: write http://host:port")]
pub struct BadProxy(String);

impl Proxies {
    /// What pip and the environment say.
    pub fn of(pip: &Pip, variables: &Variables) -> Self {
        let read = |name: &str| {
            let names = [name.to_owned(), name.to_ascii_uppercase()];
            let values = names.iter().filter_map(|name| variables.value(name));
            let value = { values }.find(|value| !value.trim().is_empty());
            value.map(|value| value.trim().to_owned())
        };
        let all = || read("all_proxy");
        let of_pip = pip.value("proxy").map(str::to_owned);
        let none_for = read("no_proxy").unwrap_or_default();
        Self {
            for_http: of_pip.clone().or_else(|| read("http_proxy")).or_else(all),
            for_https: of_pip.or_else(|| read("https_proxy")).or_else(all),
            none_for: none_for
                .split(',')
                .map(|part| part.trim().to_owned())
                .collect(),
        }
    }

    /// The proxy for a URL; nothing where it is asked itself.
    ///
    /// # Errors
    /// Where the proxy is of a kind that is not known here.
    pub fn of_url(&self, url: &Url<'_>) -> Result<Option<Proxy>, BadProxy> {
        let proxy = match url.scheme {
            "https" => &self.for_https,
            _ => &self.for_http,
        };
        match proxy {
            Some(proxy) if !self.is_direct(url) => Proxy::parse(proxy).map(Some),
            _ => Ok(None),
        }
    }

    fn is_direct(&self, url: &Url<'_>) -> bool {
        let host = url.host().trim_matches(['[', ']']).to_ascii_lowercase();
        let port = url.port_or_default();
        let is_meant = |entry: &String| covers(&entry.to_ascii_lowercase(), &host, port);
        self.none_for.iter().any(is_meant)
    }
}

/// Whether an entry of `NO_PROXY` means this host: `*`, a name or the end of one, an address or a
/// network, each of the names with a port if it has one.
fn covers(entry: &str, host: &str, port: u16) -> bool {
    if entry == "*" {
        return true;
    }
    if let Ok(address) = host.parse::<IpAddr>() {
        let (network, prefix) = entry.split_once('/').unwrap_or((entry, "128"));
        let network = network.trim_matches(['[', ']']).parse();
        let prefix = prefix.parse();
        return matches!((network, prefix), (Ok(network), Ok(prefix)) if is_in(address, network, prefix));
    }
    let (name, its_port) = match entry.rsplit_once(':') {
        Some((name, digits)) => (name, digits.parse::<u16>().ok()),
        None => (entry, None),
    };
    let name = name.trim_start_matches('.');
    let rest = host.strip_suffix(name).filter(|_| !name.is_empty());
    let is_name = rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    is_name && its_port.is_none_or(|its| its == port)
}

/// Whether the first bits of two addresses are the same.
fn is_in(address: IpAddr, network: IpAddr, prefix: u32) -> bool {
    let (one, other, bits) = match (address, network) {
        (IpAddr::V4(one), IpAddr::V4(other)) => {
            (u128::from(one.to_bits()), u128::from(other.to_bits()), 32)
        }
        (IpAddr::V6(one), IpAddr::V6(other)) => (one.to_bits(), other.to_bits(), 128),
        _ => return false,
    };
    let beyond = bits - prefix.min(bits);
    (one ^ other).checked_shr(beyond).unwrap_or(0) == 0
}

impl Proxy {
    fn parse(written: &str) -> Result<Self, BadProxy> {
        let whole = match written.contains("://") {
            true => written.to_owned(),
            false => format!("http://{written}"),
        };
        let bad = || BadProxy(shown(&whole));
        let url = Url::parse(&whole).filter(|url| url.scheme == "http");
        let url = url.ok_or_else(bad)?;
        let host = url.host().trim_matches(['[', ']']).to_owned();
        if host.is_empty() {
            return Err(bad());
        }
        Ok(Self {
            host,
            port: url.port_or_default(),
            authorization: authorization(&url),
        })
    }
}

/// What a URL that names a user says in a header (RFC 7617).
pub fn authorization(url: &Url<'_>) -> Option<Secret> {
    let (who, _) = url.authority.rsplit_once('@')?;
    let (user, password) = who.split_once(':').unwrap_or((who, ""));
    let pair = [&decoded(user)[..], b":", &decoded(password)].concat();
    Some(Secret::new(format!("Basic {}", BASE64.encode(pair))))
}

/// With what is written as `%` and two digits (RFC 3986 section 2.1).
fn decoded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).filter(|_| *first == b'%');
        let code = digits
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(code.unwrap_or(*first));
        rest = after
            .get(if code.is_some() { 2 } else { 0 }..)
            .unwrap_or_default();
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(pairs: &[(&str, &str)]) -> Proxies {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let variables: Variables = pairs.iter().map(owned).collect();
        Proxies::of(&Pip::of(&variables), &variables)
    }

    fn asked(pairs: &[(&str, &str)], url: &str) -> Option<String> {
        // No file of this machine's has a say here.
        let pairs = [pairs, &[("PIP_CONFIG_FILE", "/dev/null")]].concat();
        let proxy = proxies(&pairs).of_url(&Url::parse(url).unwrap()).unwrap();
        proxy.map(|proxy| format!("{}:{}", proxy.host, proxy.port))
    }

    #[test]
    fn each_scheme_has_its_proxy_and_that_of_pip_holds_for_both() {
        let both = [("HTTPS_PROXY", "http://s:3128"), ("http_proxy", "p:80")];
        assert_eq!(asked(&both, "https://a/").as_deref(), Some("s:3128"));
        assert_eq!(asked(&both, "http://a/").as_deref(), Some("p:80"));
        let all = [("ALL_PROXY", "http://[::1]:9"), ("HTTPS_PROXY", "")];
        assert_eq!(asked(&all, "https://a/").as_deref(), Some("::1:9"));
        let pip = [("PIP_PROXY", "q"), ("https_proxy", "s:3128")];
        assert_eq!(asked(&pip, "https://a/").as_deref(), Some("q:80"));
        assert_eq!(asked(&[], "https://a/"), None);
    }

    #[test]
    fn those_of_no_proxy_are_asked_themselves() {
        let is_direct = |none: &str, url: &str| {
            let pairs = [("https_proxy", "p"), ("no_proxy", none)];
            asked(&pairs, url).is_none()
        };
        for (none, url) in [
            ("*", "https://a.example/"),
            ("a.example", "https://A.example/"),
            (" b , .example", "https://a.example/"),
            ("a.example:8443", "https://a.example:8443/"),
            ("10.0.0.0/8", "https://10.1.2.3/"),
            ("::1", "https://[::1]/"),
            ("0.0.0.0/0", "https://1.2.3.4/"),
        ] {
            assert!(is_direct(none, url), "{none} {url}");
        }
        for (none, url) in [
            ("", "https://a.example/"),
            (",,", "https://a.example/"),
            ("ample", "https://a.example/"),
            ("a.example:8443", "https://a.example/"),
            ("10.0.0.0/8", "https://11.1.2.3/"),
            ("10.0.0.0/x", "https://10.1.2.3/"),
            ("10.0.0.0/8", "https://[::1]/"),
        ] {
            assert!(!is_direct(none, url), "{none} {url}");
        }
    }

    #[test]
    fn who_asks_is_told_to_the_proxy_and_to_nobody_who_reads_of_it() {
        let proxy = Proxy::parse("http://me:p%40ss@p:1").unwrap();
        let authorization = proxy.authorization.as_ref().unwrap();
        assert_eq!(authorization.reveal(), "Basic bWU6cEBzcw==");
        assert!(!format!("{proxy:?}").contains("bWU6"));
        let refused = Proxy::parse("socks5://me:p%40ss@p:1").unwrap_err();
        assert!(
            refused.to_string().contains("socks5://p:1 is not"),
            "{refused}"
        );
    }

    #[test]
    fn what_is_no_escape_stays_as_it_is() {
        assert_eq!(decoded("a%2Fb%zz%4"), b"a/b%zz%4");
    }
}
