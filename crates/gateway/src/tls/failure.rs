//! Why there is no TLS with somebody, in words that say what to do.

use rustls::{CertificateError, Error};
use std::io::{self, ErrorKind};

/// Names of a certificate that are told.
const NAMES_MAX: usize = 4;
/// The most that is told of one: no name of DNS is longer (RFC 1035 section 2.3.4).
const NAME_CHARS_MAX: usize = 255;

/// Why no handshake came about.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}; {remedy}")]
pub struct NoTls {
    /// What is wrong.
    pub reason: String,
    /// What to do about it.
    pub remedy: String,
}

impl NoTls {
    fn new(reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            remedy: remedy.into(),
        }
    }

    /// A host that no certificate can be for.
    pub fn no_name(host: &str) -> Self {
        let reason = format!("no certificate can be for {host:?}");
        Self::new(reason, "write a name of DNS or an IP address in the URL")
    }

    /// A handshake with this host that failed.
    pub fn because(host: &str, error: &io::Error) -> Self {
        let inner = error.get_ref();
        match inner.and_then(|inner| inner.downcast_ref::<Error>()) {
            Some(Error::InvalidCertificate(why)) => Self::certificate(host, why),
            Some(Error::InvalidMessage(_)) => Self::new(
                "what answers there does not speak TLS",
                "correct the port, or write the URL without the s of its scheme",
            ),
            Some(Error::AlertReceived(alert)) => Self::new(
                format!("the server refuses the TLS handshake ({alert:?})"),
                "have it take TLS 1.2 or 1.3 without asking for a certificate of ours",
            ),
            Some(error) => Self::new(
                format!("the TLS handshake failed: {error}"),
                "look at what the server logs",
            ),
            None if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                Self::new(
                    "the server does not answer the TLS handshake",
                    "correct the port, or look at why the server is busy",
                )
            }
            None => Self::new(
                format!("the connection broke in the TLS handshake: {error}"),
                "look at what the server logs",
            ),
        }
    }

    fn certificate(host: &str, why: &CertificateError) -> Self {
        use CertificateError as Why;
        let clock = "renew it there; if it should be good, look at this machine's clock: `date -u`";
        match why {
            Why::UnknownIssuer => Self::new(
                "its certificate is signed by nobody whom this machine believes",
                "name the file of its authority's certificate in tls.ca_file",
            ),
            Why::BadSignature => Self::new(
                "its certificate names an authority that this machine believes and that did not \
                 sign it",
                "name the file of its authority's present certificate in tls.ca_file",
            ),
            Why::Expired | Why::ExpiredContext { .. } => {
                Self::new("its certificate has expired", clock)
            }
            Why::NotValidYet | Why::NotValidYetContext { .. } => {
                Self::new("its certificate is not valid yet", clock)
            }
            Why::NotValidForName => Self::wrong_name(host, &[]),
            Why::NotValidForNameContext { presented, .. } => Self::wrong_name(host, presented),
            why => Self::new(
                format!("its certificate is refused: {why}"),
                "have one issued for it by an authority",
            ),
        }
    }

    fn wrong_name(host: &str, presented: &[String]) -> Self {
        let names: Vec<String> = presented.iter().take(NAMES_MAX).map(|n| plain(n)).collect();
        let whose = match names.is_empty() {
            true => "nobody".to_owned(),
            false => names.join(", "),
        };
        Self::new(
            format!("its certificate is for {whose} and not for {host}"),
            "write in the URL whom it is for, or have one issued for this name",
        )
    }
}

/// A name as rustls presents it, `DnsName("bot.example.com")`, without what stands around it. It
/// is the server's own text.
fn plain(presented: &str) -> String {
    let inner = presented
        .split_once('(')
        .and_then(|(_, rest)| rest.strip_suffix(')'));
    let name = inner.unwrap_or(presented).trim_matches('"');
    let name = name.chars().take(NAME_CHARS_MAX).collect::<String>();
    name.escape_debug().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(error: Error) -> String {
        NoTls::because("bot.example.com", &io::Error::other(error)).to_string()
    }

    #[test]
    fn each_reason_says_what_to_do() {
        let unknown = told(CertificateError::UnknownIssuer.into());
        assert!(unknown.contains("tls.ca_file"), "{unknown}");
        let expired = told(CertificateError::Expired.into());
        assert!(expired.contains("expired") && expired.contains("date -u"));
        let plain = told(Error::InvalidMessage(
            rustls::InvalidMessage::InvalidContentType,
        ));
        assert!(plain.contains("does not speak TLS"), "{plain}");
        let reset = io::Error::from(io::ErrorKind::ConnectionReset);
        let reset = NoTls::because("bot.example.com", &reset).to_string();
        assert!(reset.contains("broke in the TLS handshake"), "{reset}");
    }

    #[test]
    fn the_names_of_a_certificate_are_told_escaped_and_not_all() {
        let name = |text: &str| format!("DnsName(\"{text}\")");
        let mut presented = vec![
            name("a.example"),
            "IpAddress(192.0.2.1)".to_owned(),
            name("\u{1b}[2J"),
            name(&"x".repeat(10_000)),
        ];
        presented.extend((0..10_000).map(|n| name(&n.to_string())));
        let told = NoTls::wrong_name("bot.example.com", &presented).reason;
        assert!(told.starts_with("its certificate is for a.example, 192.0.2.1, \\u{1b}[2J, xxx"));
        assert!(told.ends_with("x and not for bot.example.com"), "{told}");
        assert!(told.len() < 400, "{}", told.len());
        let nobody = NoTls::wrong_name("bot.example.com", &[]).reason;
        assert!(nobody.contains("for nobody and not"), "{nobody}");
    }
}
