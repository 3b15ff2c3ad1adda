//! Reads what somebody wants to call: a URI, a registered device, or a number of a trunk.

use crate::control::ControlError;
use crate::settings::{DialRules, Settings};
use trunkline_call::Target;
use trunkline_providers::Provider;
use trunkline_sip::Uri;
use trunkline_sip::endpoint::{Path, Transport};
use trunkline_sip::locate::Server;
use trunkline_sip::registrar::Registrar;

/// Where a call goes.
#[derive(Clone, Debug, PartialEq)]
pub enum Destination {
    /// A device registered here, by the way its REGISTER came.
    Device {
        /// Its Contact.
        uri: Uri,
        /// The way to it.
        path: Path,
    },
    /// Somebody at a trunk of the configuration.
    Trunk {
        /// The trunk's name.
        name: String,
        /// The number or user there.
        uri: Uri,
    },
    /// Somebody whom a provider calls for us.
    Provider {
        /// Which.
        provider: Provider,
        /// The number there.
        number: String,
    },
    /// Anybody else.
    Elsewhere {
        /// The request URI.
        uri: Uri,
        /// Who serves it.
        server: Server,
    },
}

/// Finds out where a target is, and whether calling it is allowed. A device that registered
/// here may always be called; everything else needs a rule.
pub fn find(
    target: &Target,
    settings: &Settings,
    registrar: &Registrar,
) -> Result<Destination, ControlError> {
    let text = target.as_str();
    if let Some(binding) = device(text, settings, registrar) {
        return Ok(Destination::Device {
            uri: binding.contact.clone(),
            path: binding.path,
        });
    }
    let destination = elsewhere(text, settings)?;
    let allowed = match &destination {
        // A trunk's port is a matter of the configuration, so a rule need not say it.
        Destination::Trunk { uri, .. } => {
            let anywhere = Uri::sip(uri.user().as_deref(), uri.host(), None);
            let mut uris = anywhere.iter().chain([uri]);
            uris.any(|uri| is_allowed(&settings.dial, text, uri))
        }
        Destination::Provider { provider, number } => {
            let uri = Uri::sip(Some(number), provider.word(), None);
            uri.is_some_and(|uri| is_allowed(&settings.dial, number, &uri))
        }
        Destination::Elsewhere { uri, .. } | Destination::Device { uri, .. } => {
            is_allowed(&settings.dial, text, uri)
        }
    };
    if allowed {
        Ok(destination)
    } else {
        Err(ControlError::NotAllowed(text.to_owned()))
    }
}

/// Whether a provider may be asked to dial a number or a URI.
pub fn may_be_dialled_by(provider: &str, target: &Target, settings: &Settings) -> bool {
    let text = target.as_str();
    let uri = match text.contains([':', '@']) {
        true => Uri::parse(text).ok().filter(Uri::is_sip),
        false => Uri::sip(Some(text), provider, None),
    };
    uri.is_some_and(|uri| is_allowed(&settings.dial, text, &uri))
}

/// Whether a rule allows a number, or the bare URI that is called: `sip:user@host`, and the port
/// if there is one. Other parameters and headers say nothing of whom is called, so that no rule can
/// be met by `sip:anybody@elsewhere;x=@pbx.example.com`; but `maddr` says whom the call is sent to
/// instead (RFC 3263 section 4), so it must be allowed as the host is.
fn is_allowed(rules: &DialRules, text: &str, uri: &Uri) -> bool {
    let number = Some(text).filter(|text| !text.contains([':', '@', ';', '?']));
    let maddr = uri.param("maddr").filter(|maddr| !maddr.is_empty());
    let mut hosts = [uri.host()].into_iter().chain(maddr.as_deref());
    let allows = |host| {
        let bare = Uri::sip(uri.user().as_deref(), host, uri.port());
        bare.is_some_and(|uri| rules.allow_uri(uri.as_str()))
    };
    number.is_some_and(|number| rules.allow_number(number)) || hosts.all(allows)
}

/// The device of a bare name, or of a URI whose host is the realm of our users.
fn device<'r>(
    text: &str,
    settings: &Settings,
    registrar: &'r Registrar,
) -> Option<&'r trunkline_sip::registrar::Binding> {
    let is_trunk = text
        .rsplit_once('@')
        .is_some_and(|(_, host)| settings.trunks.contains_key(host));
    if is_trunk || text.contains([':', '@']) {
        return None;
    }
    registrar.bindings(text).next()
}

fn elsewhere(text: &str, settings: &Settings) -> Result<Destination, ControlError> {
    let bad = || ControlError::BadTarget(text.to_owned());
    if !text.contains('@') && !text.starts_with("sip:") && !text.starts_with("sips:") {
        let number = text.strip_prefix("tel:").unwrap_or(text);
        return at_only_trunk(number, settings).ok_or_else(bad);
    }
    let full = if text.contains(':') {
        text.to_owned()
    } else {
        format!("sip:{text}")
    };
    let uri = Uri::parse(&full).map_err(|_| bad())?;
    if !uri.is_sip() || uri.scheme_str().eq_ignore_ascii_case("sips") {
        return Err(bad());
    }
    if let Some(trunk) = settings.trunks.get(uri.host()) {
        let there =
            Uri::sip(uri.user().as_deref(), &trunk.host, trunk.uri_port()).ok_or_else(bad)?;
        return Ok(Destination::Trunk {
            name: uri.host().to_owned(),
            uri: there,
        });
    }
    if let Some(provider) = Provider::named(uri.host()) {
        let number = uri.user().filter(|number| !number.is_empty());
        let number = number.ok_or_else(bad)?.into_owned();
        return Ok(Destination::Provider { provider, number });
    }
    let transport = match uri.param("transport").as_deref() {
        None => None,
        Some(name) if name.eq_ignore_ascii_case("udp") => Some(Transport::Udp),
        Some(name) if name.eq_ignore_ascii_case("tcp") => Some(Transport::Tcp),
        Some(_) => return Err(bad()),
    };
    Ok(Destination::Elsewhere {
        uri: uri.without_headers(),
        server: Server::of(&uri, transport),
    })
}

/// A number without a host belongs to the trunk, where there is just one.
fn at_only_trunk(number: &str, settings: &Settings) -> Option<Destination> {
    let mut trunks = settings.trunks.iter();
    let (name, trunk) = trunks.next()?;
    if trunks.next().is_some() {
        return None;
    }
    let uri = Uri::sip(Some(number), &trunk.host, trunk.uri_port())?;
    Some(Destination::Trunk {
        name: name.clone(),
        uri,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::DialPattern;
    use trunkline_sip::endpoint::{Endpoint, EndpointConfig};

    fn settings(allow: &[&str]) -> Settings {
        let allow = allow
            .iter()
            .map(|rule| DialPattern::read(rule, None).unwrap());
        Settings {
            dial: DialRules {
                allow: allow.collect(),
                country: None,
            },
            ..Settings::default()
        }
    }

    fn found(text: &str, settings: &Settings) -> Result<Destination, ControlError> {
        let endpoint = Endpoint::new(EndpointConfig::default(), [7; 32]);
        find(&Target::new(text).unwrap(), settings, endpoint.registrar())
    }

    #[test]
    fn a_trunk_is_called_at_its_port_and_allowed_by_its_host() {
        let mut rules = settings(&["sip:*@sip.telco.example", "+49*"]);
        let trunk = |port| crate::settings::Trunk {
            host: "sip.telco.example".to_owned(),
            port: Some(port),
            transport: Transport::Udp,
            register: false,
            username: None,
            password: None,
        };
        for (port, uri) in [
            (5060, "sip:+4930@sip.telco.example"),
            (5080, "sip:+4930@sip.telco.example:5080"),
        ] {
            rules.trunks.insert("telco".to_owned(), trunk(port));
            for text in ["sip:+4930@telco", "+4930"] {
                let expected = Destination::Trunk {
                    name: "telco".to_owned(),
                    uri: uri.parse().unwrap(),
                };
                assert_eq!(found(text, &rules), Ok(expected), "{text} at {port}");
            }
        }
    }

    #[test]
    fn a_provider_is_a_host_by_its_word_and_its_numbers_need_a_rule() {
        let expected = Destination::Provider {
            provider: Provider::Twilio,
            number: "+15551230000".to_owned(),
        };
        for text in ["sip:+15551230000@twilio", "+15551230000@twilio"] {
            assert!(found(text, &settings(&[])).is_err(), "{text}");
            assert!(found(text, &settings(&["+49*"])).is_err(), "{text}");
            for rule in ["+1*", "sip:*@twilio"] {
                assert_eq!(
                    found(text, &settings(&[rule])),
                    Ok(expected.clone()),
                    "{text}"
                );
            }
        }
        assert!(found("sip:twilio", &settings(&["*"])).is_err());
    }

    #[test]
    fn nothing_is_dialled_until_a_rule_says_so() {
        let target = "sip:echo@127.0.0.1:5070";
        assert_eq!(
            found(target, &settings(&[])),
            Err(ControlError::NotAllowed(target.to_owned()))
        );
        assert!(found(target, &settings(&["sip:*"])).is_ok());
        assert!(found(target, &settings(&["sip:echo@127.0.0.1:5070"])).is_ok());
        assert!(found(target, &settings(&["sip:other*"])).is_err());
    }

    #[test]
    fn a_rule_for_one_host_is_met_by_that_host_alone() {
        let rules = settings(&["sip:*@pbx.example.com", "tel:+1*"]);
        assert!(found("sip:alice@pbx.example.com", &rules).is_ok());
        assert!(found("alice@pbx.example.com", &rules).is_ok());
        assert!(found("sip:alice@pbx.example.com;transport=tcp", &rules).is_ok());
        for elsewhere in [
            "sip:alice@elsewhere.example;x=@pbx.example.com",
            "sip:alice@elsewhere.example?x=@pbx.example.com",
            "sip:alice%40pbx.example.com@elsewhere.example",
            "sip:alice@pbx.example.com.elsewhere.example",
            "sip:alice@pbx.example.com:5070",
            "sip:@pbx.example.com@elsewhere.example",
            "sip:alice@pbx.example.com;maddr=10.0.0.1",
            "sip:alice@pbx.example.com;maddr=elsewhere.example",
            "sip:alice@elsewhere.example;maddr=pbx.example.com",
        ] {
            let refused = found(elsewhere, &rules);
            assert!(refused.is_err(), "{elsewhere}: {refused:?}");
            let target = Target::new(elsewhere).unwrap();
            assert!(!may_be_dialled_by("twilio", &target, &rules), "{elsewhere}");
        }
        let both = settings(&["sip:*@pbx.example.com", "sip:*@10.0.0.1"]);
        assert!(found("sip:alice@pbx.example.com;maddr=10.0.0.1", &both).is_ok());
    }

    #[test]
    fn a_uri_says_where_and_how() {
        let anything = settings(&["*"]);
        for (text, host, port, transport) in [
            (
                "sip:a@pbx.example.com;transport=tcp",
                "pbx.example.com",
                None,
                Some(Transport::Tcp),
            ),
            ("sip:a@192.0.2.1:5070", "192.0.2.1", Some(5070), None),
            ("sip:a@[2001:db8::1]", "2001:db8::1", None, None),
        ] {
            let Ok(Destination::Elsewhere { server, .. }) = found(text, &anything) else {
                panic!("{text} is a destination");
            };
            let expected = Server {
                host: host.to_owned(),
                port,
                transport,
            };
            assert_eq!(server, expected, "{text}");
        }
        for wrong in [
            "+15551234",
            "sip:",
            "http:a@b",
            "sip:a@b;transport=carrier-pigeon",
        ] {
            assert_eq!(
                found(wrong, &anything),
                Err(ControlError::BadTarget(wrong.to_owned())),
                "{wrong}"
            );
        }
    }
}
