//! `/2010-04-01/…`: the one path of Twilio's own interface that an application needs which was
//! written for Twilio and now has its calls from us: to change or end a live call.
//!
//! Errors have Twilio's shape and codes, because such applications look at them.

use super::Shared;
use crate::control::ControlError;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use trunkline_call::json::DigitsRequest;
use trunkline_call::{CallCommand, CallId, HangupCause, Headers, Target, TransferMode};
use trunkline_providers::Form;
use trunkline_providers::twiml::{self, Verb};

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

    /// The TwiML is none, or asks for what this gateway cannot do.
    fn document(message: impl Into<String>) -> Self {
        Self::bad(12_200, message)
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

/// `POST /2010-04-01/Accounts/{account}/Calls/{call}.json` with `Status` or `Twiml`.
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
    let commands = asked(&form)?;
    let is_over = matches!(commands.last(), Some(CallCommand::Hangup(_)));
    for command in commands {
        match shared.control.command(id, command).await {
            Err(ControlError::NoSuchCall) => return Err(TwilioError::gone(&path)),
            done => done?,
        }
    }
    let status = if is_over { "completed" } else { "in-progress" };
    Ok(Json(json!({
        "sid": sid,
        "account_sid": account,
        "api_version": "2010-04-01",
        "status": status,
        "uri": path,
    })))
}

/// What the form asks of the call.
fn asked(form: &Form) -> Result<Vec<CallCommand<'static>>, TwilioError> {
    match (form.get("Status"), form.get("Twiml"), form.get("Url")) {
        (Some("completed" | "canceled"), None, None) => {
            Ok(vec![CallCommand::Hangup(HangupCause::default())])
        }
        (Some(_), None, None) => Err(TwilioError::parameter("Status: completed or canceled")),
        (None, Some(document), None) => {
            let verbs = twiml::read(document);
            commands(&verbs.map_err(|bad| TwilioError::document(bad.to_string()))?)
        }
        (None, None, Some(_)) => Err(TwilioError::parameter(
            "Url: this gateway fetches no TwiML; send the document itself as Twiml",
        )),
        (None, None, None) => Err(TwilioError::parameter("Status or Twiml is missing")),
        _ => Err(TwilioError::parameter("send one of Status, Twiml and Url")),
    }
}

/// The commands of a document: keys to press, then where the call goes. What follows there is left
/// out, as Twilio would not come back for it. A document that only presses keys leaves the call with
/// its application; an empty one ends it.
fn commands(verbs: &[Verb]) -> Result<Vec<CallCommand<'static>>, TwilioError> {
    let mut commands = Vec::new();
    for verb in verbs {
        match verb {
            Verb::PressKeys(digits) => commands.extend(keys(digits)?),
            Verb::HangUp => {
                commands.push(CallCommand::Hangup(HangupCause::default()));
                return Ok(commands);
            }
            Verb::Dial(whom) => {
                commands.push(transfer(whom, TransferMode::Bridge)?);
                return Ok(commands);
            }
            Verb::Refer(whom) => {
                commands.push(transfer(whom, TransferMode::Refer)?);
                return Ok(commands);
            }
            Verb::Other(name) => {
                return Err(TwilioError::document(format!(
                    "this gateway does not do <{name}> on a live call; it does <Dial>, <Refer>, \
                     <Hangup> and <Play digits>"
                )));
            }
        }
    }
    if commands.is_empty() {
        commands.push(CallCommand::Hangup(HangupCause::default()));
    }
    Ok(commands)
}

/// The keys of `<Play digits>`. A `w` is half a second of waiting at Twilio; keys have their pauses
/// here anyway.
fn keys(digits: &str) -> Result<Vec<CallCommand<'static>>, TwilioError> {
    let request = DigitsRequest {
        digits: digits.chars().filter(|key| !"wW".contains(*key)).collect(),
        duration_ms: None,
    };
    let commands = request.commands();
    commands.map_err(|bad| TwilioError::document(format!("<Play>: {bad}")))
}

fn transfer(whom: &str, mode: TransferMode) -> Result<CallCommand<'static>, TwilioError> {
    let target = Target::new(whom).ok_or_else(|| {
        TwilioError::document("<Dial> or <Refer>: too long, or with spaces in it")
    })?;
    Ok(CallCommand::Transfer {
        target,
        headers: Headers::default(),
        mode,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(document: &str) -> Result<Vec<String>, String> {
        let form = Form::from_iter([("Twiml", document)]);
        let commands = asked(&form).map_err(|error| error.message)?;
        let told = commands.iter().map(|command| match command {
            CallCommand::Transfer { target, mode, .. } => format!("{mode:?} {}", target.as_str()),
            command => command.kind().word().to_owned(),
        });
        Ok(told.collect())
    }

    #[test]
    fn keys_are_pressed_before_the_call_goes_on() {
        let both = "<Response><Play digits=\"1w2\"/><Dial>+15551230000</Dial><Hangup/></Response>";
        let expected = ["sendDtmf", "sendDtmf", "Bridge +15551230000"];
        assert_eq!(kinds(both).unwrap(), expected);
        let keys = "<Response><Play digits=\"#\"/></Response>";
        assert_eq!(kinds(keys).unwrap(), ["sendDtmf"]);
        let refer = "<Response><Refer><Sip>sip:a@b.example</Sip></Refer></Response>";
        assert_eq!(kinds(refer).unwrap(), ["Refer sip:a@b.example"]);
    }

    #[test]
    fn an_empty_document_ends_the_call() {
        assert_eq!(kinds("<Response/>").unwrap(), ["hangup"]);
    }

    #[test]
    fn a_document_with_something_impossible_does_nothing_at_all() {
        let told = kinds("<Response><Play digits=\"1\"/><Say>Hi</Say></Response>").unwrap_err();
        assert!(told.contains("does not do <Say>"), "{told}");
        let told = kinds("<Response><Play digits=\"x\"/></Response>").unwrap_err();
        assert!(told.contains("'x' is no key"), "{told}");
    }
}
