//! Twilio's `Calls` resource.

use super::{Ask, Request};
use crate::form::{Form, escaped};
use crate::secret::Secret;
use crate::signature::basic;
use crate::xml::Element;
use serde_json::Value;

/// An account at Twilio.
#[derive(Clone, Debug)]
pub struct TwilioAccount {
    /// `https://api.twilio.com`, another region's, or that of a kin.
    pub base_url: String,
    /// `AC…`.
    pub account_sid: String,
    /// The account's SID, or an API key's.
    pub user: String,
    /// The auth token, or the API key's secret.
    pub password: Secret,
}

impl TwilioAccount {
    /// Twilio has no key that marks a request as one sent before, so a call is not placed twice;
    /// to change a call twice changes it once.
    pub(super) fn request(&self, ask: &Ask) -> Request {
        let (call, form) = match ask {
            Ask::Place(place) => {
                let form = [
                    ("To", place.to.as_str()),
                    ("From", &place.from),
                    ("Url", &place.answer_url),
                    ("StatusCallback", &place.status_url),
                ];
                (None, Form::from_iter(form))
            }
            Ask::HangUp { call } => (Some(call), Form::from_iter([("Status", "completed")])),
            Ask::Transfer { call, to } => (Some(call), twiml(dial(to))),
            Ask::PressKeys {
                call,
                digits,
                then_url,
            } => {
                let play = Element::new("Play").attribute("digits", digits);
                let response = Element::new("Response").child(&play);
                let redirect = Element::new("Redirect").text(then_url);
                (Some(call), twiml(response.child(&redirect)))
            }
        };
        let call = call.map(|call| format!("/{}", escaped(call)));
        Request {
            url: format!(
                "{}/2010-04-01/Accounts/{}/Calls{}.json",
                self.base_url,
                escaped(&self.account_sid),
                call.unwrap_or_default()
            ),
            authorization: Secret::new(basic::value(&self.user, &self.password)),
            content_type: "application/x-www-form-urlencoded",
            body: form.encoded(),
            is_repeatable: matches!(ask, Ask::HangUp { .. }),
        }
    }
}

fn twiml(response: Element) -> Form {
    Form::from_iter([("Twiml", response.document())])
}

fn dial(to: &str) -> Element {
    let is_uri = to.starts_with("sip:") || to.starts_with("sips:");
    let noun = if is_uri { "Sip" } else { "Number" };
    let dial = Element::new("Dial").child(&Element::new(noun).text(to));
    Element::new("Response").child(&dial)
}

pub fn call(answer: &Value) -> Option<&str> {
    answer["sid"].as_str()
}

/// Twilio's code and words.
pub fn error(answer: &Value) -> (Option<String>, &str) {
    let code = answer["code"].as_u64().map(|code| code.to_string());
    (code, answer["message"].as_str().unwrap_or_default())
}
