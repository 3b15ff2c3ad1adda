//! Messages made from messages.

use std::net::{IpAddr, SocketAddr};

use super::{Builder, Message, Method};
use crate::header::Name;

impl Message {
    /// A builder that holds all of this message, for changing it.
    pub fn edit(&self) -> Builder {
        Builder::copy(self)
    }

    /// The response to this request (RFC 3261 §8.2.6): every Via, From, To, Call-ID and CSeq; the
    /// Record-Route where the response makes a dialog (§12.1.1); the Timestamp of a 100 (§8.2.6.1).
    /// The To tag is the caller's ([`Builder::to_tag`]).
    pub fn response(&self, status: u16, reason: &str) -> Builder {
        let mut builder = Builder::response(status, reason);
        for name in [Name::Via, Name::From, Name::To, Name::CallId, Name::CSeq] {
            builder = builder.copy_lines(self, name);
        }
        let dialog = matches!(
            self.method(),
            Some(Method::Invite | Method::Subscribe | Method::Refer | Method::Notify)
        );
        if dialog && (101..300).contains(&status) {
            builder = builder.copy_lines(self, Name::RecordRoute);
        }
        if status == 100 {
            builder = builder.copy_lines(self, Name::Timestamp);
        }
        builder
    }

    /// This message with another Via on top of its own.
    #[must_use]
    pub fn with_top_via(&self, via: &str) -> Message {
        self.edit().prepend(Name::Via, via).build()
    }

    /// This request as it was received from `source`: the top Via says so in `received`, when its
    /// sent-by is another address (RFC 3261 §18.2.1), and in `rport`, when asked (RFC 3581 §4).
    #[must_use]
    pub fn with_received(&self, source: SocketAddr) -> Message {
        let Ok(via) = self.top_via() else {
            return self.clone();
        };
        let asked = via.rport().is_some();
        if !asked && via.host_ip() == Some(source.ip()) && !via.params.has("received") {
            return self.clone();
        }
        let mut text = format!("SIP/2.0/{} {}", via.transport, via.host);
        if let Some(port) = via.port {
            text.push_str(&format!(":{port}"));
        }
        for (name, _) in via.params.iter() {
            if name.eq_ignore_ascii_case("received") || name.eq_ignore_ascii_case("rport") {
                continue;
            }
            text.push_str(&format!(";{name}"));
            match via.params.get_raw(name) {
                Some("") | None => {}
                Some(value) => text.push_str(&format!("={value}")),
            }
        }
        match source.ip() {
            IpAddr::V4(ip) => text.push_str(&format!(";received={ip}")),
            IpAddr::V6(ip) => text.push_str(&format!(";received={ip}")),
        }
        if asked {
            text.push_str(&format!(";rport={}", source.port()));
        }
        self.edit().replace_top_via(&text).build()
    }
}
