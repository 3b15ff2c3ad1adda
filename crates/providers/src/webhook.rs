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

#[cfg(test)]
mod tests {
    use super::*;

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
