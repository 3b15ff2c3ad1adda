//! What only a provider's REST interface can do for a call: the requests, and what the answers mean.
//! Whoever has an HTTP client sends them.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use trunkline_providers::Secret;
use trunkline_providers::rest::{Account, Ask, Done, TelnyxAccount, TwilioAccount};

const TWILIO_URL: &str = "https://api.twilio.com";
const TELNYX_URL: &str = "https://api.telnyx.com";

/// Adds this module's class.
pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<ProviderAccount>()
}

/// URL, `Authorization`, `Content-Type` and body of a POST.
type Request = (String, String, &'static str, String);

/// An account at Twilio or Telnyx.
#[pyclass(module = "trunkline._core", frozen)]
#[derive(Debug)]
pub struct ProviderAccount(Account);

#[pymethods]
impl ProviderAccount {
    /// `user` is the account's SID at Twilio, and nothing at Telnyx; `secret` the auth token, or the
    /// API key.
    #[new]
    #[pyo3(signature = (provider, user, secret, base_url=None))]
    fn new(provider: &str, user: &str, secret: &str, base_url: Option<&str>) -> PyResult<Self> {
        let url = |usual: &str| base_url.unwrap_or(usual).trim_end_matches('/').to_owned();
        match provider {
            "twilio" => Ok(Self(Account::Twilio(TwilioAccount {
                base_url: url(TWILIO_URL),
                account_sid: user.to_owned(),
                user: user.to_owned(),
                password: Secret::new(secret),
            }))),
            "telnyx" => Ok(Self(Account::Telnyx(TelnyxAccount {
                base_url: url(TELNYX_URL),
                api_key: Secret::new(secret),
                connection_id: None,
            }))),
            _ => Err(PyValueError::new_err(format!(
                "{provider:?} has no REST interface that is known here"
            ))),
        }
    }

    /// The request that ends a call. `command_id` is the same for the same thing asked again.
    fn hangup(&self, call: &str, command_id: &str) -> Request {
        let call = call.to_owned();
        self.request(&Ask::HangUp { call }, command_id)
    }

    /// The request that connects the caller with somebody else.
    fn transfer(&self, call: &str, target: &str, command_id: &str) -> Request {
        let (call, to) = (call.to_owned(), target.to_owned());
        self.request(&Ask::Transfer { call, to }, command_id)
    }

    /// The request that presses keys on a call at Telnyx.
    fn press(&self, call: &str, digits: &str, command_id: &str) -> Request {
        let (call, digits) = (call.to_owned(), digits.to_owned());
        let then_url = String::new();
        let keys = Ask::PressKeys {
            call,
            digits,
            then_url,
        };
        self.request(&keys, command_id)
    }

    /// What an answer to one of these means: `done`, or `gone` where the call was over before.
    ///
    /// Raises `ValueError` with the provider's words where it was not done.
    fn read(&self, status: u16, body: &[u8]) -> PyResult<&'static str> {
        // Answers to all of them are read alike.
        let call = String::new();
        match self.0.read(&Ask::HangUp { call }, status, body) {
            Ok(Done::Gone) => Ok("gone"),
            Ok(_) => Ok("done"),
            Err(failed) => Err(PyValueError::new_err(failed.to_string())),
        }
    }
}

impl ProviderAccount {
    fn request(&self, ask: &Ask, command_id: &str) -> Request {
        let request = self.0.request(ask, command_id);
        let authorization = request.authorization.reveal().to_owned();
        (
            request.url,
            authorization,
            request.content_type,
            request.body,
        )
    }
}
