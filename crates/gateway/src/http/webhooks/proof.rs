//! Whether a request comes from the provider it says it comes from.

use super::incoming::Incoming;
use crate::http::{WebhookRefusal, access};
use crate::settings::{
    ExotelSettings, PlivoSettings, PublicUrl, Settings, TelnyxSettings, TwilioSettings,
    VonageSettings,
};
use axum::extract::Request;
use axum::http::HeaderValue;
use std::net::Ipv4Addr;
use trunkline_providers::signature::plivo::HeaderNames;
use trunkline_providers::signature::{Unproven, basic, plivo, telnyx, twilio, vonage};
use trunkline_providers::{Form, Provider, Secret};

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// There is no credential to verify with.
    #[error("not configured: set {0}, so that signatures can be verified")]
    NotConfigured(&'static str),
    /// There is no URL to verify over.
    #[error("not configured: set server.public_url to where the provider reaches this gateway")]
    NoPublicUrl,
    /// Unverified requests come from this machine only.
    #[error("`verify: false` takes requests of this machine only, addressed to it by its own name")]
    NotLocal,
    /// It did not prove who sent it.
    #[error(transparent)]
    Unproven(#[from] Unproven),
}

impl Denied {
    /// How it is counted.
    pub fn refusal(&self) -> WebhookRefusal {
        match self {
            Self::NotConfigured(_) | Self::NoPublicUrl => WebhookRefusal::NotConfigured,
            Self::NotLocal => WebhookRefusal::NotLocal,
            Self::Unproven(Unproven::Missing(_)) => WebhookRefusal::Unsigned,
            Self::Unproven(Unproven::Time(_)) => WebhookRefusal::Stale,
            Self::Unproven(_) => WebhookRefusal::BadSignature,
        }
    }
}

/// Whether a provider's proof covers the parameters of a GET. Where it covers the body alone, they
/// could be changed underway.
pub fn covers_urls(provider: Provider) -> bool {
    match provider {
        Provider::Telnyx | Provider::Vonage => false,
        Provider::Twilio | Provider::Plivo | Provider::Vobiz | Provider::Exotel => true,
    }
}

/// The public URL; without one, which only this machine gets as far as, where we listen.
pub fn public_url(settings: &Settings) -> PublicUrl {
    let server = &settings.server;
    server.public_url.clone().unwrap_or_else(|| {
        let mut listen = server.listen;
        if listen.ip().is_unspecified() {
            listen.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        let listen = format!("http://{listen}").parse();
        listen.expect("a socket address is an authority")
    })
}

/// Refuses a request that is not proven to be the provider's; `form` is what its body says, if it
/// could be read.
pub fn check(
    settings: &Settings,
    provider: Provider,
    incoming: &Incoming,
    form: Option<&Form>,
    now_s: u64,
) -> Result<(), Denied> {
    let providers = &settings.providers;
    if providers.is_unverified(provider) {
        return local(provider, incoming);
    }
    let public = settings.server.public_url.as_ref();
    let url = || {
        let url = public.map(|public| public.web(incoming.path_and_query()));
        url.ok_or(Denied::NoPublicUrl)
    };
    match provider {
        Provider::Twilio => of_twilio(&providers.twilio, incoming, form, url),
        Provider::Telnyx => {
            of_telnyx(&providers.telnyx, incoming, now_s)?;
            // What follows is an answer with a URL of ours.
            url().map(drop)
        }
        Provider::Plivo => {
            let token = token(&providers.plivo, "providers.plivo.auth_token")?;
            of_plivo(&plivo::PLIVO, token, incoming, form, &url()?)
        }
        Provider::Vobiz => {
            let token = token(&providers.vobiz, "providers.vobiz.auth_token")?;
            of_plivo(&plivo::VOBIZ, token, incoming, form, &url()?)
        }
        Provider::Vonage => {
            of_vonage(&providers.vonage, incoming, now_s)?;
            url().map(drop)
        }
        Provider::Exotel => {
            of_exotel(&providers.exotel, incoming)?;
            url().map(drop)
        }
    }
}

fn of_telnyx(telnyx: &TelnyxSettings, incoming: &Incoming, now_s: u64) -> Result<(), Denied> {
    let key = telnyx.public_key.as_ref();
    let key = key.ok_or(Denied::NotConfigured("providers.telnyx.public_key"))?;
    let headers = telnyx::Headers {
        signature: incoming.header(telnyx::SIGNATURE_HEADER),
        timestamp: incoming.header(telnyx::TIMESTAMP_HEADER),
    };
    Ok(telnyx::verify(key, &incoming.body, headers, now_s)?)
}

fn of_vonage(vonage: &VonageSettings, incoming: &Incoming, now_s: u64) -> Result<(), Denied> {
    let secret = vonage.signature_secret.as_ref();
    let secret = secret.ok_or(Denied::NotConfigured("providers.vonage.signature_secret"))?;
    let given = incoming.header(vonage::SIGNATURE_HEADER);
    Ok(vonage::verify(secret, given, &incoming.body, now_s)?)
}

fn of_exotel(exotel: &ExotelSettings, incoming: &Incoming) -> Result<(), Denied> {
    let what = "providers.exotel.username and providers.exotel.password";
    let known = exotel.credentials.as_ref();
    let (user, password) = known.ok_or(Denied::NotConfigured(what))?;
    Ok(basic::verify(
        user,
        password,
        incoming.header(basic::HEADER),
    )?)
}

/// Whether the handshake of a media stream proves who sent it: by Twilio's signature, or, where
/// Exotel is configured, by its password. Nothing where it does not try.
pub fn handshake_proof(settings: &Settings, request: &Request) -> Option<Result<(), Denied>> {
    let header = |name| {
        let value: &HeaderValue = request.headers().get(name)?;
        value.to_str().ok()
    };
    let providers = &settings.providers;
    if let Some(signature) = header(twilio::SIGNATURE_HEADER) {
        let headers = twilio::Headers {
            signature: Some(signature),
            settings: header(twilio::SETTINGS_HEADER),
        };
        return Some(twilio_handshake(settings, request, headers));
    }
    let known = providers.exotel.credentials.as_ref();
    let ((user, password), given) = known.zip(header(basic::HEADER))?;
    Some(basic::verify(user, password, Some(given)).map_err(Denied::from))
}

fn twilio_handshake(
    settings: &Settings,
    request: &Request,
    headers: twilio::Headers<'_>,
) -> Result<(), Denied> {
    let keys = twilio_keys(&settings.providers.twilio)?;
    let public = settings.server.public_url.as_ref();
    let public = public.ok_or(Denied::NoPublicUrl)?;
    let path = request.uri().path_and_query();
    let url = public.socket(path.map_or("/", |both| both.as_str()));
    Ok(twilio::verify(
        &keys,
        &url,
        twilio::Signed::Handshake,
        headers,
    )?)
}

fn twilio_keys(settings: &TwilioSettings) -> Result<twilio::Keys, Denied> {
    let token = settings.auth_token.clone();
    Ok(twilio::Keys {
        auth_token: token.ok_or(Denied::NotConfigured("providers.twilio.auth_token"))?,
        shared_keys: settings.shared_keys.clone(),
    })
}

/// Takes what comes from this machine without proof.
fn local(provider: Provider, incoming: &Incoming) -> Result<(), Denied> {
    let client = incoming.client.map(|client| client.0.ip());
    if !access::is_local(client, &incoming.headers) {
        return Err(Denied::NotLocal);
    }
    tracing::warn!(
        "providers.{}.verify is false: a webhook of this machine is taken unproven",
        provider.word()
    );
    Ok(())
}

fn of_twilio(
    settings: &TwilioSettings,
    incoming: &Incoming,
    form: Option<&Form>,
    url: impl Fn() -> Result<String, Denied>,
) -> Result<(), Denied> {
    let keys = twilio_keys(settings)?;
    let headers = twilio::Headers {
        signature: incoming.header(twilio::SIGNATURE_HEADER),
        settings: incoming.header(twilio::SETTINGS_HEADER),
    };
    let signed = match form {
        _ if incoming.is_get() => twilio::Signed::Get,
        Some(form) if incoming.is_form() => twilio::Signed::Form(form),
        _ => twilio::Signed::Body(&incoming.body),
    };
    Ok(twilio::verify(&keys, &url()?, signed, headers)?)
}

fn token<'s>(settings: &'s PlivoSettings, key: &'static str) -> Result<&'s Secret, Denied> {
    let token = settings.auth_token.as_ref();
    token.ok_or(Denied::NotConfigured(key))
}

/// The same call may be signed with the token of a subaccount and with that of its main account.
fn of_plivo(
    names: &HeaderNames,
    token: &Secret,
    incoming: &Incoming,
    form: Option<&Form>,
    url: &str,
) -> Result<(), Denied> {
    let nothing = Form::default();
    let signed = match incoming.is_get() {
        true => plivo::Signed::Get,
        false => plivo::Signed::Post(form.unwrap_or(&nothing)),
    };
    let verify = |signatures: Option<&str>| {
        let headers = plivo::Headers {
            signatures,
            nonce: incoming.header(names.nonce),
        };
        plivo::verify(names, token, url, signed, headers)
    };
    let own = verify(incoming.header(names.signature));
    let main = names.main_account.and_then(|name| incoming.header(name));
    match main {
        Some(main) if own.is_err() => Ok(verify(Some(main))?),
        _ => Ok(own?),
    }
}
