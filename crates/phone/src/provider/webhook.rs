//! What a provider asks over HTTP when a call comes in, and how it proves that it is itself.

use trunkline_providers::signature::telnyx::SigningKey;
use trunkline_providers::signature::{basic, plivo, telnyx, twilio, vonage};
use trunkline_providers::{Form, Provider, Secret};

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
/// A number used once; it needs to be nothing but text.
const NONCE: &str = "12345";

/// What a provider proves itself with.
#[derive(Debug)]
pub enum Credential {
    /// Twilio's, Plivo's and Vobiz' auth token, or Vonage's signature secret.
    Token(Secret),
    /// Exotel's user and password.
    Password(String, Secret),
    /// Telnyx' private key.
    Key(SigningKey),
}

/// A call to ask about.
#[derive(Clone, Copy, Debug)]
pub struct Ringing<'a> {
    /// The provider's name for it.
    pub call: &'a str,
    /// Whose call it is.
    pub account: &'a str,
    /// Who calls.
    pub from: &'a str,
    /// Whom.
    pub to: &'a str,
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Where; for a GET with what is asked.
    pub url: String,
    /// The value of `Content-Type` and the body of a POST; `None`: a GET.
    pub body: Option<(&'static str, String)>,
    /// By which the provider proves itself.
    pub headers: Vec<(String, String)>,
}

impl Credential {
    /// Reads what somebody typed.
    ///
    /// # Errors
    /// Where the provider wants another shape, in words.
    pub fn parse(provider: Provider, text: &str) -> Result<Self, String> {
        match provider {
            Provider::Exotel => {
                let (user, password) = text.split_once(':').ok_or("write USER:PASSWORD")?;
                Ok(Self::Password(user.to_owned(), Secret::new(password)))
            }
            Provider::Telnyx => text
                .parse()
                .map(Self::Key)
                .map_err(|bad: telnyx::BadSigningKey| bad.to_string()),
            _ => Ok(Self::Token(Secret::new(text))),
        }
    }
}

impl Ringing<'_> {
    /// What the provider says of the call, in its words.
    fn fields(&self, provider: Provider) -> Vec<(&'static str, &str)> {
        let Self {
            call,
            account,
            from,
            to,
        } = *self;
        match provider {
            Provider::Twilio | Provider::Telnyx => vec![
                ("CallSid", call),
                ("AccountSid", account),
                ("From", from),
                ("To", to),
                ("CallStatus", "ringing"),
                ("ApiVersion", "2010-04-01"),
                ("Direction", "inbound"),
            ],
            Provider::Plivo | Provider::Vobiz => vec![
                ("CallUUID", call),
                ("From", from),
                ("To", to),
                ("CallStatus", "ringing"),
                ("Direction", "inbound"),
                ("Event", "StartApp"),
            ],
            Provider::Vonage => vec![
                ("uuid", call),
                ("conversation_uuid", account),
                ("from", from),
                ("to", to),
            ],
            Provider::Exotel => vec![
                ("CallSid", call),
                ("CallFrom", from),
                ("CallTo", to),
                ("Direction", "incoming"),
            ],
        }
    }

    /// The webhook of this call at `url`, signed for `signed_url` at `now_s` since 1970.
    pub fn request(
        &self,
        provider: Provider,
        (url, signed_url): (&str, &str),
        credential: Option<&Credential>,
        now_s: u64,
    ) -> Request {
        let fields = self.fields(provider);
        let form: Form = fields.iter().copied().collect();
        let (query, body) = match provider {
            Provider::Exotel => (Some(form.encoded()), None),
            Provider::Vonage => {
                let object: serde_json::Map<_, _> = fields
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value.into()))
                    .collect();
                let object = serde_json::Value::Object(object);
                (None, Some((JSON, object.to_string())))
            }
            _ => (None, Some((FORM, form.encoded()))),
        };
        let bytes = body.as_ref().map_or("", |(_, body)| body.as_str());
        let headers = credential
            .map(|credential| webhook_proof(provider, credential, signed_url, &form, bytes, now_s));
        Request {
            url: with_query(url, query),
            headers: headers.unwrap_or_default(),
            body,
        }
    }
}

fn with_query(url: &str, query: Option<String>) -> String {
    let Some(query) = query else {
        return url.to_owned();
    };
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}{query}")
}

fn webhook_proof(
    provider: Provider,
    credential: &Credential,
    url: &str,
    form: &Form,
    body: &str,
    now_s: u64,
) -> Vec<(String, String)> {
    let header = |name: &str, value: String| (name.to_owned(), value);
    match (provider, credential) {
        (_, Credential::Password(user, password)) => {
            vec![header(basic::HEADER, basic::value(user, password))]
        }
        (_, Credential::Key(key)) => vec![
            header(telnyx::SIGNATURE_HEADER, key.sign(now_s, body.as_bytes())),
            header(telnyx::TIMESTAMP_HEADER, now_s.to_string()),
        ],
        (Provider::Plivo | Provider::Vobiz, Credential::Token(token)) => {
            let names = if provider == Provider::Plivo {
                plivo::PLIVO
            } else {
                plivo::VOBIZ
            };
            let signed = plivo::sign(token, url, plivo::Signed::Post(form), NONCE);
            vec![
                header(names.signature, signed.unwrap_or_default()),
                header(names.nonce, NONCE.to_owned()),
            ]
        }
        (Provider::Vonage, Credential::Token(secret)) => {
            let token = vonage::sign(secret, body.as_bytes(), now_s);
            vec![header(vonage::SIGNATURE_HEADER, token)]
        }
        (_, Credential::Token(token)) => {
            let signed = twilio::sign(twilio::Algorithm::HmacSha1, token, url, form);
            vec![header(twilio::SIGNATURE_HEADER, signed)]
        }
    }
}

/// What a provider puts into the handshake of a stream to this URL. Twilio signs it and Exotel
/// gives its password; the others bring what was in the URL, and no more.
pub fn handshake_proof(
    provider: Provider,
    credential: &Credential,
    url: &str,
) -> Vec<(String, String)> {
    match (provider, credential) {
        (Provider::Twilio, Credential::Token(token)) => {
            let nothing = Form::default();
            let signed = twilio::sign(twilio::Algorithm::HmacSha1, token, url, &nothing);
            vec![(twilio::SIGNATURE_HEADER.to_owned(), signed)]
        }
        (Provider::Exotel, Credential::Password(user, password)) => {
            vec![(basic::HEADER.to_owned(), basic::value(user, password))]
        }
        _ => Vec::new(),
    }
}
