//! `/2010-04-01/…`: the one path of Twilio's own interface that an application needs which was
//! written for Twilio and now has its calls from us: to change or end a live call.
//!
//! Errors have Twilio's shape and codes, because such applications look at them.

use super::Shared;
use crate::control::ControlError;
use crate::settings::Settings;
use crate::twiml::{self, BadDocument};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use trunkline_call::{CallCommand, CallId, HangupCause};
use trunkline_providers::Form;
use trunkline_providers::twiml::is_get;
use trunkline_streams::document::Step;

/// An error as Twilio tells it.
#[derive(Debug)]
pub struct TwilioError {
    status: StatusCode,
    code: u32,
    message: String,
}

impl TwilioError {
    /// A parameter is wrong, or missing.
    fn parameter(message: impl Into<String>) -> Self {
        Self::bad(21_200, message)
    }

    fn bad(code: u32, message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            code,
            message: message.into(),
        }
    }

    /// No such call lives.
    fn gone(path: &str) -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            code: 20_404,
            message: format!("The requested resource {path} was not found"),
        }
    }
}

impl From<BadDocument> for TwilioError {
    fn from(bad: BadDocument) -> Self {
        let code = match &bad {
            // The document is good; the gateway is not set up for it.
            BadDocument::NoSpeech => 21_200,
            _ => 12_200,
        };
        Self::bad(code, bad.to_string())
    }
}

impl From<ControlError> for TwilioError {
    fn from(error: ControlError) -> Self {
        let (status, code) = match &error {
            ControlError::NotAllowed(_) => (StatusCode::FORBIDDEN, 20_003),
            ControlError::Busy => (StatusCode::TOO_MANY_REQUESTS, 20_429),
            ControlError::Stopping | ControlError::Full(_) => {
                (StatusCode::SERVICE_UNAVAILABLE, 20_503)
            }
            _ => (StatusCode::BAD_REQUEST, 21_220),
        };
        Self {
            status,
            code,
            message: error.to_string(),
        }
    }
}

impl IntoResponse for TwilioError {
    fn into_response(self) -> Response {
        let body = json!({
            "code": self.code,
            "message": self.message,
            "more_info": format!("https://www.twilio.com/docs/errors/{}", self.code),
            "status": self.status.as_u16(),
        });
        (self.status, Json(body)).into_response()
    }
}

/// `POST /2010-04-01/Accounts/{account}/Calls/{call}.json` with `Status`, `Twiml`, or `Url`.
pub async fn update(
    State(shared): State<Shared>,
    Path((account, call)): Path<(String, String)>,
    body: Bytes,
) -> Result<Json<Value>, TwilioError> {
    let sid = call.strip_suffix(".json").unwrap_or(&call);
    let path = format!("/2010-04-01/Accounts/{account}/Calls/{sid}.json");
    let id = sid.strip_prefix("CA").and_then(CallId::parse);
    let id = id.ok_or_else(|| TwilioError::gone(&path))?;
    let form = Form::parse(&body).map_err(|bad| TwilioError::parameter(bad.to_string()))?;
    let steps = asked(&form, &shared.settings())?;
    // To end is the one thing that can be done with a call in any state.
    let ends = matches!(steps.first(), None | Some(Step::HangUp));
    let done = match ends {
        true => {
            let hang_up = CallCommand::Hangup(HangupCause::default());
            shared.control.command(id, hang_up).await
        }
        false => shared.control.follow(id, steps).await,
    };
    match done {
        Err(ControlError::NoSuchCall) => return Err(TwilioError::gone(&path)),
        done => done?,
    }
    let status = if ends { "completed" } else { "in-progress" };
    Ok(Json(json!({
        "sid": sid,
        "account_sid": account,
        "api_version": "2010-04-01",
        "status": status,
        "uri": path,
    })))
}

/// What the form asks of the call. All of it has been proven; nothing was done.
fn asked(form: &Form, settings: &Settings) -> Result<Vec<Step>, TwilioError> {
    match (form.get("Status"), form.get("Twiml"), form.get("Url")) {
        (Some("completed" | "canceled"), None, None) => Ok(vec![Step::HangUp]),
        (Some(_), None, None) => Err(TwilioError::parameter("Status: completed or canceled")),
        (None, Some(document), None) => Ok(twiml::steps(document, None, settings)?),
        (None, None, Some(url)) => {
            let method = form.get("Method").unwrap_or("POST");
            let bad = || TwilioError::parameter("Method: GET or POST");
            let is_get = is_get(method).ok_or_else(bad)?;
            let page = twiml::page(url, is_get, settings);
            let page = page.map_err(|bad| TwilioError::parameter(format!("Url: {bad}")))?;
            Ok(vec![page])
        }
        (None, None, None) => Err(TwilioError::parameter("Status, Twiml or Url is missing")),
        _ => Err(TwilioError::parameter("send one of Status, Twiml and Url")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(form: &[(&str, &str)]) -> Result<Vec<Step>, (u32, String)> {
        let form = Form::from_iter(form.iter().copied());
        asked(&form, &Settings::default()).map_err(|error| (error.code, error.message))
    }

    #[test]
    fn a_document_comes_with_the_request_or_is_at_a_url() {
        let both = "<Response><Play digits=\"1w2\"/><Dial>+15551230000</Dial></Response>";
        assert_eq!(told(&[("Twiml", both)]).unwrap().len(), 2);
        assert_eq!(told(&[("Twiml", "<Response/>")]), Ok(vec![]));
        let get = told(&[("Url", "https://a.example/x"), ("Method", "GET")]).unwrap();
        assert!(matches!(&get[..], [Step::Go(page)] if page.url == "https://a.example/x"));
        let (code, why) = told(&[("Url", "https://a.example/"), ("Method", "PUT")]).unwrap_err();
        assert!(code == 21_200 && why.contains("GET or POST"), "{why}");
        let (code, why) = told(&[("Url", "/x")]).unwrap_err();
        assert!(code == 21_200 && why.contains("whole URL"), "{why}");
    }

    #[test]
    fn what_lacks_a_setting_is_another_error_than_what_is_no_twiml() {
        let say = "<Response><Say>Hi</Say></Response>";
        let (code, why) = told(&[("Twiml", say)]).unwrap_err();
        assert!(code == 21_200 && why.contains("speech.command"), "{why}");
        let record = "<Response><Record/></Response>";
        let (code, why) = told(&[("Twiml", record)]).unwrap_err();
        assert!(code == 12_200 && why.contains("<Record>"), "{why}");
    }
}
