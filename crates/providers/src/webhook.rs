//! What a provider's webhook says of a call.

use crate::form::{BadForm, Form};
use crate::provider::Provider;
use serde_json::Value;

/// The call that a webhook asks about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// The provider's name for it.
    pub call: String,
    /// Who calls, as the provider writes it; empty where it is withheld.
    pub from: String,
    /// Whom.
    pub to: String,
}

/// Why a webhook could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// No form.
    #[error(transparent)]
    Form(#[from] BadForm),
    /// No JSON object.
    #[error("the body is no JSON object")]
    Json,
    /// It does not say which call.
    #[error("{0} is missing")]
    Missing(&'static str),
}

/// How a provider calls the fields: the call, the caller, the called.
fn names(provider: Provider) -> [&'static str; 3] {
    match provider {
        Provider::Twilio | Provider::Telnyx => ["CallSid", "From", "To"],
        Provider::Plivo | Provider::Vobiz => ["CallUUID", "From", "To"],
        Provider::Vonage => ["uuid", "from", "to"],
        Provider::Exotel => ["CallSid", "CallFrom", "CallTo"],
    }
}

/// Reads what a webhook carries: its query where it is a GET, else its body.
///
/// # Errors
/// Where it is no form, or for JSON no object.
pub fn fields(is_json: bool, carried: &[u8]) -> Result<Form, Unreadable> {
    if !is_json {
        return Ok(Form::parse(carried)?);
    }
    let object: Value = serde_json::from_slice(carried).map_err(|_| Unreadable::Json)?;
    let object = object.as_object().ok_or(Unreadable::Json)?;
    let texts = object.iter().filter_map(|(name, value)| {
        let text = value.as_str()?;
        Some((name.as_str(), text))
    });
    Ok(texts.collect())
}

/// Which call a webhook asks about.
///
/// # Errors
/// Where the call or the called is not named.
pub fn asked(provider: Provider, fields: &Form) -> Result<Asked, Unreadable> {
    let [call, from, to] = names(provider);
    let need = |name| fields.get(name).filter(|value| !value.is_empty());
    Ok(Asked {
        call: need(call).ok_or(Unreadable::Missing(call))?.to_owned(),
        from: fields.get(from).unwrap_or_default().to_owned(),
        to: need(to).ok_or(Unreadable::Missing(to))?.to_owned(),
    })
}

/// How a call that we had placed came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unanswered {
    /// The SIP status that says the same (RFC 3261 section 21).
    pub code: u16,
    /// Its reason phrase.
    pub text: &'static str,
}

const fn unanswered(code: u16, text: &'static str) -> Unanswered {
    Unanswered { code, text }
}

/// Whether a status webhook says that a call has ended, and how it did if nobody had answered it. What
/// is told of a call that was answered is of no use here: its stream tells it.
///
/// Twilio tells `CallStatus`; Telnyx the cause of a `call.hangup`, and so what has no word of its own
/// counts as refused.
pub fn over(provider: Provider, fields: &Form, body: &[u8]) -> Option<Unanswered> {
    match provider {
        Provider::Telnyx => {
            let body: Value = serde_json::from_slice(body).ok()?;
            let data = &body["data"];
            let is_over = data["event_type"] == "call.hangup";
            let cause = data["payload"]["hangup_cause"].as_str();
            is_over.then(|| telnyx_cause(cause.unwrap_or_default()))
        }
        _ => twilio_status(fields.get("CallStatus")?),
    }
}

fn twilio_status(status: &str) -> Option<Unanswered> {
    Some(match status {
        "busy" => unanswered(486, "Busy Here"),
        "no-answer" => unanswered(480, "Temporarily Unavailable"),
        "canceled" => unanswered(487, "Request Terminated"),
        "failed" => unanswered(503, "Service Unavailable"),
        "completed" => unanswered(480, "Ended Without a Stream"),
        _ => return None,
    })
}

fn telnyx_cause(cause: &str) -> Unanswered {
    match cause {
        "user_busy" => unanswered(486, "Busy Here"),
        "no_answer" | "timeout" => unanswered(480, "Temporarily Unavailable"),
        "originator_cancel" => unanswered(487, "Request Terminated"),
        "not_found" | "unallocated_number" => unanswered(404, "Not Found"),
        "normal_clearing" => unanswered(480, "Ended Without a Stream"),
        _ => unanswered(603, "Decline"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_came_to_nothing_is_told_in_each_providers_words() {
        let twilio = |status| {
            let form = Form::from_iter([("CallStatus", status)]);
            over(Provider::Twilio, &form, b"").map(|over| over.code)
        };
        assert_eq!(
            (twilio("busy"), twilio("no-answer")),
            (Some(486), Some(480))
        );
        assert_eq!((twilio("ringing"), twilio("in-progress")), (None, None));
        let telnyx = |text: &str| {
            over(Provider::Telnyx, &Form::default(), text.as_bytes()).map(|over| over.code)
        };
        let busy =
            r#"{"data":{"event_type":"call.hangup","payload":{"hangup_cause":"user_busy"}}}"#;
        assert_eq!(telnyx(busy), Some(486));
        assert_eq!(telnyx(r#"{"data":{"event_type":"call.initiated"}}"#), None);
        assert_eq!(telnyx("[]"), None);
    }

    #[test]
    fn each_provider_has_its_own_words_for_a_call() {
        let says = |provider, text: &str| asked(provider, &fields(false, text.as_bytes()).unwrap());
        let expected = Ok(Asked {
            call: "c1".to_owned(),
            from: "+1".to_owned(),
            to: "+2".to_owned(),
        });
        assert_eq!(
            says(Provider::Twilio, "CallSid=c1&From=%2B1&To=%2B2"),
            expected
        );
        assert_eq!(
            says(Provider::Plivo, "CallUUID=c1&From=%2B1&To=%2B2"),
            expected
        );
        assert_eq!(
            says(Provider::Exotel, "CallSid=c1&CallFrom=%2B1&CallTo=%2B2"),
            expected
        );
        let json = fields(true, br#"{"uuid":"c1","from":"+1","to":"+2","n":7}"#).unwrap();
        assert_eq!(asked(Provider::Vonage, &json), expected);
    }

    #[test]
    fn a_withheld_caller_is_no_error_and_a_missing_call_is() {
        let form = fields(false, b"CallSid=c1&To=%2B2").unwrap();
        assert_eq!(asked(Provider::Twilio, &form).unwrap().from, "");
        let form = fields(false, b"CallSid=&To=%2B2").unwrap();
        assert_eq!(
            asked(Provider::Twilio, &form),
            Err(Unreadable::Missing("CallSid"))
        );
        assert_eq!(fields(true, b"[]"), Err(Unreadable::Json));
    }
}
