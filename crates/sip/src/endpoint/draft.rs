//! A request before it is sent: all but its Via, so that it can be sent again by another way
//! (TCP for UDP), with another number, or with credentials.

use super::{Body, Headers, Path, Transport};
use crate::header::Name;
use crate::message::{Builder, Message, Method};
use std::fmt::Write as _;

/// Requests above this many bytes leave by a transport with congestion control (§18.1.1).
pub(crate) const DATAGRAM_BYTES_MAX: usize = 1_300;
/// Hops a request may take (RFC 3261 §8.1.1.6).
const MAX_FORWARDS: &str = "70";

#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub method: Method,
    pub uri: String,
    pub routes: Vec<String>,
    pub from: String,
    pub to: String,
    pub call_id: String,
    pub cseq: u32,
    /// The user part of our Contact; `None` for methods that carry none.
    pub contact: Option<Contact>,
    pub headers: Headers,
    pub body: Option<Body>,
}

/// Our Contact: the address part is that of the path the message takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Contact {
    pub user: Option<String>,
    /// Parameters behind the `>`: `;expires=300` of a REGISTER.
    pub params: String,
}

impl Contact {
    pub fn user(user: Option<String>) -> Self {
        Self {
            user,
            params: String::new(),
        }
    }

    pub fn on(&self, path: &Path) -> String {
        let mut text = "<sip:".to_owned();
        if let Some(user) = &self.user {
            text.push_str(&crate::uri::escape_user(user));
            text.push('@');
        }
        // Writing to a string cannot fail.
        let _ = write!(text, "{}", path.local);
        if let Some(transport) = path.transport.uri_param() {
            let _ = write!(text, ";transport={transport}");
        }
        text.push('>');
        text.push_str(&self.params);
        text
    }
}

impl Draft {
    /// The request as it goes by `path`. `allow` and `supported` say what we understand.
    pub fn build(&self, path: &Path, branch: &str, product: &Product) -> Message {
        let mut builder = Builder::request(self.method.clone(), &self.uri)
            .header(Name::Via, via(path, branch))
            .header(Name::MaxForwards, MAX_FORWARDS)
            .header(Name::From, &self.from)
            .header(Name::To, &self.to)
            .header(Name::CallId, &self.call_id)
            .header(Name::CSeq, format!("{} {}", self.cseq, self.method));
        for route in &self.routes {
            builder = builder.header(Name::Route, route);
        }
        if let Some(contact) = &self.contact {
            builder = builder.header(Name::Contact, contact.on(path));
        }
        if matches!(
            self.method,
            Method::Invite | Method::Update | Method::Options
        ) {
            builder = builder.header(Name::Allow, &product.allow);
            builder = builder.header_if(Name::Supported, product.supported.as_ref());
        }
        builder = builder.header_if(Name::UserAgent, product.name.as_ref());
        for (name, value) in &self.headers {
            builder = builder.header(name.as_ref(), value);
        }
        if let Some(body) = &self.body {
            builder = builder.body(&body.content_type, &body.bytes[..]);
        }
        builder.build()
    }
}

/// What every message says about us.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Product {
    /// User-Agent and Server.
    pub name: Option<String>,
    pub allow: String,
    pub supported: Option<String>,
}

fn via(path: &Path, branch: &str) -> String {
    let rport = if path.transport == Transport::Udp {
        ";rport"
    } else {
        ""
    };
    format!(
        "SIP/2.0/{} {};branch={branch}{rport}",
        path.transport.via(),
        path.local
    )
}

/// The ACK of a non-2xx final response: the request's own Via, Route and Request-URI, the
/// response's To (RFC 3261 §17.1.1.3).
pub(crate) fn ack_of_failure(request: &Message, response: &Message) -> Message {
    let to = response.header(Name::To).unwrap_or_default();
    follow_up(request, Method::Ack, to)
}

/// The CANCEL of a request (RFC 3261 §9.1): all that names the transaction is the request's.
pub(crate) fn cancel_of(request: &Message, headers: &Headers) -> Message {
    let to = request.header(Name::To).unwrap_or_default();
    let cancel = follow_up(request, Method::Cancel, to);
    if headers.is_empty() {
        return cancel;
    }
    let mut builder = cancel.edit();
    for (name, value) in headers {
        builder = builder.header(name.as_ref(), value);
    }
    builder.build()
}

fn follow_up(request: &Message, method: Method, to: &str) -> Message {
    let number = request.cseq().map(|cseq| cseq.number).unwrap_or_default();
    let cseq = format!("{number} {method}");
    let mut builder = Builder::request(method, request.request_uri_str().unwrap_or_default())
        .header_if(Name::Via, request.header(Name::Via))
        .header(Name::MaxForwards, MAX_FORWARDS)
        .header_if(Name::From, request.header(Name::From))
        .header(Name::To, to)
        .header_if(Name::CallId, request.header(Name::CallId))
        .header(Name::CSeq, cseq);
    for route in request.headers(Name::Route) {
        builder = builder.header(Name::Route, route);
    }
    builder.build()
}
