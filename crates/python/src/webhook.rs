//! What providers ask over HTTP, and who may open a media stream: the rules of the gateway, for a
//! server that is written in Python.

use pyo3::exceptions::{PyPermissionError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::MutexExt as _;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use trunkline::http::{self, HeaderMap};
use trunkline::settings::PublicUrl;
use trunkline_providers::answer::{self, Connection, TEXML_CODECS, TexmlCodec};
use trunkline_providers::signature::{telnyx, twilio};
use trunkline_providers::ticket::Tickets;
use trunkline_providers::webhook;
use trunkline_providers::{Form, Provider, Secret};

/// Adds this module's class and functions.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Webhooks>()?;
    module.add_function(wrap_pyfunction!(is_local_request, module)?)?;
    module.add_function(wrap_pyfunction!(is_neighbour_request, module)?)?;
    module.add_function(wrap_pyfunction!(sign_as_twilio, module)?)?;
    module.add_function(wrap_pyfunction!(sign_as_telnyx, module)?)
}

/// A document and its media type.
type Document = (&'static str, String);

/// The webhooks of Twilio and Telnyx. What is not proven to come from them raises `PermissionError`,
/// what cannot be read `ValueError`; both say why.
#[pyclass(module = "trunkline._core", frozen)]
#[derive(Debug)]
pub struct Webhooks {
    public: PublicUrl,
    twilio: Option<twilio::Keys>,
    telnyx: Option<telnyx::PublicKey>,
    codec: TexmlCodec,
    tickets: Mutex<Tickets>,
}

#[pymethods]
impl Webhooks {
    /// `seed` is what nobody else may know: tickets are made of it.
    #[new]
    #[pyo3(signature = (public_url, seed, *, twilio_auth_token=None, telnyx_public_key=None, telnyx_codec="pcmu"))]
    fn new(
        public_url: &str,
        seed: [u8; 32],
        twilio_auth_token: Option<&str>,
        telnyx_public_key: Option<&str>,
        telnyx_codec: &str,
    ) -> PyResult<Self> {
        let public: PublicUrl = public_url
            .parse()
            .map_err(|bad| PyValueError::new_err(format!("{public_url:?} {bad}")))?;
        let telnyx = telnyx_public_key.map(str::parse).transpose();
        let codecs = TEXML_CODECS.iter();
        let codec = codecs.clone().find(|(word, _)| *word == telnyx_codec);
        let (_, codec) = codec.ok_or_else(|| {
            let words: Vec<_> = codecs.map(|(word, _)| *word).collect();
            let words = words.join(", ");
            PyValueError::new_err(format!(
                "no codec of Telnyx is {telnyx_codec:?}: write {words}"
            ))
        })?;
        Ok(Self {
            public,
            twilio: twilio_auth_token.map(|token| twilio::Keys {
                auth_token: Secret::new(token),
                shared_keys: Vec::new(),
            }),
            telnyx: telnyx.map_err(|bad: telnyx::BadPublicKey| value_error(&bad))?,
            codec: *codec,
            tickets: Mutex::new(Tickets::new(seed)),
        })
    }

    /// Proves that Twilio posted this form to this path.
    #[pyo3(signature = (path_and_query, body, signature=None))]
    fn verify_twilio(
        &self,
        path_and_query: &str,
        body: &[u8],
        signature: Option<&str>,
    ) -> PyResult<()> {
        let form = Form::parse(body).map_err(|bad| value_error(&bad))?;
        let url = self.public.web(path_and_query);
        self.twilio_signed(&url, twilio::Signed::Form(&form), signature)
    }

    /// Proves that Telnyx posted this body lately; `now_s` is seconds since 1970.
    #[pyo3(signature = (body, now_s, signature=None, timestamp=None))]
    fn verify_telnyx(
        &self,
        body: &[u8],
        now_s: u64,
        signature: Option<&str>,
        timestamp: Option<&str>,
    ) -> PyResult<()> {
        let key = self.telnyx.as_ref();
        let key = key.ok_or_else(|| not_configured("the public key of Telnyx"))?;
        let headers = telnyx::Headers {
            signature,
            timestamp,
        };
        telnyx::verify(key, body, headers, now_s).map_err(|unproven| denied(&unproven))
    }

    /// Proves that Twilio opens a WebSocket at this path.
    fn verify_twilio_handshake(&self, path_and_query: &str, signature: &str) -> PyResult<()> {
        let url = self.public.socket(path_and_query);
        self.twilio_signed(&url, twilio::Signed::Handshake, Some(signature))
    }

    /// The call that a form asks about: its name, who calls, who is called.
    fn asked(&self, provider: &str, body: &[u8]) -> PyResult<(String, String, String)> {
        let provider = named(provider)?;
        let fields = webhook::fields(false, body).map_err(|bad| value_error(&bad))?;
        let asked = webhook::asked(provider, &fields).map_err(|bad| value_error(&bad))?;
        Ok((asked.call, asked.from, asked.to))
    }

    /// The document that leads a call to our media stream, with a ticket for it.
    fn connect(
        &self,
        py: Python<'_>,
        provider: &str,
        call: (&str, &str, &str),
        now_s: u64,
    ) -> PyResult<Document> {
        let known = named(provider)?;
        let (call, from, to) = call;
        let ticket = self.tickets(py).issue(known, call, now_s);
        let path = format!("/sip/{provider}/media-stream/{ticket}");
        let mut connection = Connection::of_call(self.public.socket(&path), from, to);
        connection.texml_codec = self.codec;
        let document = answer::connect(known, &connection);
        Ok((document.content_type, document.body))
    }

    /// The document that says that a number is not configured, and hangs up.
    fn refuse(&self, provider: &str) -> PyResult<Document> {
        let document = answer::refuse(named(provider)?);
        let document = document.ok_or_else(|| {
            PyValueError::new_err(format!("{provider} has no document that refuses a call"))
        })?;
        Ok((document.content_type, document.body))
    }

    /// Takes back the ticket of a stream, which opens one stream of its provider.
    fn admit(&self, py: Python<'_>, provider: &str, ticket: &str, now_s: u64) -> PyResult<()> {
        let provider = Provider::named(provider).ok_or_else(|| {
            PyPermissionError::new_err(format!("{provider:?} is given no tickets"))
        })?;
        let admitted = self.tickets(py).admit(provider, ticket, now_s);
        admitted.map_err(|why| denied(&why))
    }
}

impl Webhooks {
    fn tickets(&self, py: Python<'_>) -> std::sync::MutexGuard<'_, Tickets> {
        let tickets = self.tickets.lock_py_attached(py);
        tickets.unwrap_or_else(PoisonError::into_inner)
    }

    fn twilio_signed(
        &self,
        url: &str,
        signed: twilio::Signed<'_>,
        signature: Option<&str>,
    ) -> PyResult<()> {
        let keys = self.twilio.as_ref();
        let keys = keys.ok_or_else(|| not_configured("the auth token of Twilio"))?;
        let headers = twilio::Headers {
            signature,
            settings: None,
        };
        twilio::verify(keys, url, signed, headers).map_err(|unproven| denied(&unproven))
    }
}

/// Whether a request comes from this machine itself: not through a proxy, not addressed to a foreign
/// name, and from no page of a browser that is not our own.
#[pyfunction]
#[pyo3(signature = (client, headers))]
fn is_local_request(client: Option<&str>, headers: Vec<(String, String)>) -> bool {
    let client = client.and_then(|client| client.parse().ok());
    http::is_local(client, &map(&headers))
}

/// Whether the handshake of a media stream that proves nothing is believed for where it comes from:
/// this machine or its private network, directly, and no browser.
#[pyfunction]
fn is_neighbour_request(client: Option<&str>, headers: Vec<(String, String)>) -> bool {
    let client: Option<IpAddr> = client.and_then(|client| client.parse().ok());
    client.is_some_and(|client| http::is_neighbour(client, &map(&headers)))
}

/// What is no header, no server has let through.
fn map(headers: &[(String, String)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (name.parse::<http::HeaderName>(), value.parse()) {
            map.append(name, value);
        }
    }
    map
}

/// The signature that Twilio would put on a form posted to this URL, or, with an empty form, on a
/// WebSocket handshake: for tests, and for whoever plays Twilio.
#[pyfunction]
fn sign_as_twilio(auth_token: &str, url: &str, body: &[u8]) -> PyResult<String> {
    let form = Form::parse(body).map_err(|bad| value_error(&bad))?;
    let token = Secret::new(auth_token);
    let algorithm = twilio::Algorithm::HmacSha1;
    Ok(twilio::sign(algorithm, &token, url, &form))
}

/// The public key of an account at Telnyx whose signing key has this seed, and the signature that it
/// puts on a body.
#[pyfunction]
fn sign_as_telnyx(seed: [u8; 32], timestamp_s: u64, body: &[u8]) -> (String, String) {
    let key = telnyx::SigningKey::new(seed);
    (key.public_key(), key.sign(timestamp_s, body))
}

fn named(provider: &str) -> PyResult<Provider> {
    Provider::named(provider)
        .ok_or_else(|| PyValueError::new_err(format!("no provider is named {provider:?}")))
}

fn not_configured(what: &str) -> PyErr {
    PyPermissionError::new_err(format!(
        "not configured: {what} is needed, so that signatures can be verified"
    ))
}

fn denied(why: &dyn std::error::Error) -> PyErr {
    PyPermissionError::new_err(why.to_string())
}

fn value_error(why: &dyn std::error::Error) -> PyErr {
    PyValueError::new_err(why.to_string())
}
