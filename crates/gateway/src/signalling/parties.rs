//! Who calls and who is called, as an INVITE says it.

use crate::settings::Trunk;
use trunkline_sip::header::NameAddr;
use trunkline_sip::{Message, Name, Uri};

/// The two ends of a call that comes in, as users or numbers.
#[derive(Debug, PartialEq, Eq)]
pub struct Parties {
    /// Who calls.
    pub from: String,
    /// Who is called.
    pub to: String,
}

impl Parties {
    /// Reads them. A trunk is believed: what it asserts of the caller counts, and what it says of
    /// the called where the request goes to the name that we registered under.
    pub fn of(request: &Message, trunk: Option<&Trunk>) -> Self {
        Self {
            from: trunk
                .and_then(|_| asserted(request))
                .or_else(|| request.from().ok().and_then(|from| party(&from.uri())))
                .unwrap_or_default(),
            to: called(request, trunk).unwrap_or_default(),
        }
    }
}

/// The caller whom a trunk vouches for (RFC 3325 section 9.1), unless the caller wants to be nobody
/// (RFC 3323 section 4.2, RFC 3325 section 9.3).
fn asserted(request: &Message) -> Option<String> {
    let privacy = request.header(Name::Privacy).unwrap_or_default();
    let is_private = |word: &str| ["id", "user", "header"].contains(&word.trim());
    if privacy.split(';').any(is_private) {
        return None;
    }
    let asserted = request.headers(Name::PAssertedIdentity);
    // What trunks sent before there was the other, and some send still.
    let remote = request.headers(Name::RemotePartyId);
    asserted.chain(remote).find_map(named)
}

/// The user of the request's URI. A trunk that calls the name under which we are registered says
/// elsewhere which number was called.
fn called(request: &Message, trunk: Option<&Trunk>) -> Option<String> {
    let target = request.request_uri().and_then(|uri| party(&uri));
    let our_name = trunk.and_then(|trunk| trunk.username.as_deref());
    if our_name.is_none() || target.as_deref() != our_name {
        return target;
    }
    let to = request.to().ok().and_then(|to| party(&to.uri()));
    let line = request.header("P-Called-Party-ID").and_then(named);
    let is_number = |number: &String| Some(number.as_str()) != our_name;
    to.filter(is_number).or(line.filter(is_number)).or(target)
}

fn named(value: &str) -> Option<String> {
    party(&NameAddr::parse(value).ok()?.uri())
}

/// The user part or number of a URI, or the host where it has none.
fn party(uri: &Uri) -> Option<String> {
    let text = match uri.user() {
        Some(user) => user.into_owned(),
        None => uri.host().to_owned(),
    };
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use trunkline_sip::endpoint::Transport;

    fn line() -> Trunk {
        Trunk {
            host: "sip.example.com".to_owned(),
            port: Some(5060),
            transport: Transport::Udp,
            register: true,
            username: Some("line1".to_owned()),
            password: None,
        }
    }

    fn parties(target: &str, to: &str, more: &str, trunk: Option<&Trunk>) -> (String, String) {
        let request = format!(
            "INVITE {target} SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n\
             Max-Forwards: 70\r\nFrom: <sip:anonymous@anonymous.invalid>;tag=1\r\nTo: <{to}>\r\n\
             Call-ID: 1\r\nCSeq: 1 INVITE\r\n{more}Content-Length: 0\r\n\r\n"
        );
        let request = Message::parse(request.as_bytes()).expect("a request");
        let Parties { from, to } = Parties::of(&request, trunk);
        (from, to)
    }

    #[test]
    fn a_trunk_that_calls_our_own_name_says_elsewhere_who_is_called() {
        let called = |target, to, more| parties(target, to, more, Some(&line())).1;
        let (ours, number) = ("sip:line1@192.0.2.9", "sip:+15125551234@sip.example.com");
        assert_eq!(called(ours, number, ""), "+15125551234");
        let by_line = "P-Called-Party-ID: <tel:+15125551234>\r\n";
        assert_eq!(
            called(ours, "sip:line1@sip.example.com", by_line),
            "+15125551234"
        );
        assert_eq!(called(ours, "sip:line1@sip.example.com", ""), "line1");
        let other = "sip:+15125559999@192.0.2.9";
        assert_eq!(
            called(other, number, ""),
            "+15125559999",
            "the request's URI counts"
        );
        assert_eq!(
            parties(ours, number, "", None).1,
            "line1",
            "nobody else is believed"
        );
    }

    #[test]
    fn a_trunk_vouches_for_the_caller_and_nobody_else_does() {
        let from = |more, trunk| parties("sip:a@b", "sip:a@b", more, trunk).0;
        let line = line();
        let two = "P-Asserted-Identity: \"A, B\" <sip:+15125550001@x>, <tel:+15125550002>\r\n";
        assert_eq!(from(two, Some(&line)), "+15125550001");
        assert_eq!(from(two, None), "anonymous");
        let older = "Remote-Party-ID: <sip:+15125550003@x>;party=calling\r\n";
        assert_eq!(from(older, Some(&line)), "+15125550003");
        assert_eq!(from("", Some(&line)), "anonymous");
        let private = format!("{two}Privacy: critical; id\r\n");
        assert_eq!(
            from(&private, Some(&line)),
            "anonymous",
            "who wants to be nobody is nobody"
        );
        let broken = "P-Asserted-Identity: <nonsense\r\n";
        assert_eq!(from(broken, Some(&line)), "anonymous");
    }
}
