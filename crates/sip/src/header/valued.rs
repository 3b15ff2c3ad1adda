//! The headers that are one word and its parameters: Event, Subscription-State, Reason,
//! Retry-After, Session-Expires, Replaces.

use std::borrow::Cow;

use super::lex::{is_token, number, trim};
use super::params::Params;

/// `value;name=value;…`, the shape these headers share; Content-Type too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Valued<'a> {
    /// What stands before the first `;`, trimmed.
    pub value: &'a str,
    /// What follows it.
    pub params: Params<'a>,
}

impl<'a> Valued<'a> {
    /// Cuts the value from its parameters.
    pub fn parse(text: &'a str) -> Result<Self, &'static str> {
        let end = text.find(';').unwrap_or(text.len());
        let value = trim(&text[..end]);
        match value.is_empty() {
            true => Err("nothing stands before the parameters"),
            false => Ok(Self {
                value,
                params: Params::parse(&text[end..])?,
            }),
        }
    }

    fn parse_token(text: &'a str) -> Result<Self, &'static str> {
        let valued = Self::parse(text)?;
        is_token(valued.value)
            .then_some(valued)
            .ok_or("the value is not a token")
    }

    fn seconds(&self, name: &str) -> Option<u32> {
        self.params.get_raw(name).and_then(number)
    }
}

/// Event (RFC 6665 §8.2.1): the package and which of several subscriptions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// The package with its templates: `refer`, `presence.winfo`.
    pub package: &'a str,
    /// The `id` parameter: in a REFER's subscription the CSeq number of the REFER.
    pub id: Option<&'a str>,
}

impl<'a> Event<'a> {
    /// Reads `refer;id=93809824`.
    pub fn parse(text: &'a str) -> Result<Self, &'static str> {
        let valued = Valued::parse_token(text)?;
        Ok(Self {
            package: valued.value,
            id: valued.params.get_raw("id"),
        })
    }
}

/// Subscription-State (RFC 6665 §8.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubscriptionState<'a> {
    /// `active`, `pending`, `terminated` or an extension.
    pub state: &'a str,
    /// Seconds the subscription has left.
    pub expires: Option<u32>,
    /// Why it ended: `noresource`, `timeout`, ….
    pub reason: Option<&'a str>,
    /// Seconds before a new attempt makes sense.
    pub retry_after: Option<u32>,
}

impl<'a> SubscriptionState<'a> {
    /// Reads `terminated;reason=noresource`.
    pub fn parse(text: &'a str) -> Result<Self, &'static str> {
        let valued = Valued::parse_token(text)?;
        Ok(Self {
            state: valued.value,
            expires: valued.seconds("expires"),
            reason: valued.params.get_raw("reason"),
            retry_after: valued.seconds("retry-after"),
        })
    }

    /// Whether no NOTIFY follows.
    pub fn is_terminated(&self) -> bool {
        self.state.eq_ignore_ascii_case("terminated")
    }
}

/// Reason (RFC 3326): why a request was sent, in a protocol's own codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason<'a> {
    /// `SIP`, `Q.850` or another token.
    pub protocol: &'a str,
    /// The code: a SIP status or a Q.850 cause.
    pub cause: Option<u16>,
    /// The explanation.
    pub text: Option<Cow<'a, str>>,
}

impl<'a> Reason<'a> {
    /// Reads one value, such as `Q.850;cause=16;text="Terminated"`.
    pub fn parse(text: &'a str) -> Result<Self, &'static str> {
        let valued = Valued::parse_token(text)?;
        Ok(Self {
            protocol: valued.value,
            cause: valued
                .seconds("cause")
                .and_then(|cause| u16::try_from(cause).ok()),
            text: valued.params.get("text"),
        })
    }
}

/// Retry-After (RFC 3261 §20.33).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryAfter {
    /// Seconds to wait.
    pub seconds: u32,
    /// Seconds the callee will be there from then on.
    pub duration: Option<u32>,
}

impl RetryAfter {
    /// Reads `120 (I'm in a meeting);duration=60`; the comment is passed over.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let seconds = number(&text[..digits]).ok_or("it does not begin with seconds")?;
        let after = text.rfind(')').map_or(digits, |end| end + 1);
        let params = Params::parse(&text[after..])?;
        Ok(Self {
            seconds,
            duration: params.get_raw("duration").and_then(number),
        })
    }
}

/// Session-Expires (RFC 4028 §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionExpires {
    /// The session interval in seconds.
    pub seconds: u32,
    /// Who refreshes: `Some(true)` for the UAC, `Some(false)` for the UAS, `None` when not said.
    pub uac_refreshes: Option<bool>,
}

impl SessionExpires {
    /// Reads `1800;refresher=uas`.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let valued = Valued::parse(text)?;
        let seconds = number(valued.value).ok_or("it is not a number of seconds")?;
        let uac_refreshes = match valued.params.get_raw("refresher") {
            Some(who) if who.eq_ignore_ascii_case("uac") => Some(true),
            Some(who) if who.eq_ignore_ascii_case("uas") => Some(false),
            Some(_) => return Err("the refresher is neither uac nor uas"),
            None => None,
        };
        Ok(Self {
            seconds,
            uac_refreshes,
        })
    }
}

/// Replaces (RFC 3891): the dialog a new call takes the place of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replaces<'a> {
    /// The Call-ID of that dialog.
    pub call_id: &'a str,
    /// Its tag on the receiver's side.
    pub to_tag: &'a str,
    /// Its tag on the other side.
    pub from_tag: &'a str,
    /// Whether only a dialog that is not confirmed may be replaced.
    pub early_only: bool,
}

impl<'a> Replaces<'a> {
    /// Reads `425928@bobster.example.org;to-tag=7743;from-tag=6472`.
    pub fn parse(text: &'a str) -> Result<Self, &'static str> {
        let Valued {
            value: call_id,
            params,
        } = Valued::parse(text)?;
        let tag = |name| params.get_raw(name).filter(|tag| !tag.is_empty());
        let to_tag = tag("to-tag").ok_or("the to-tag is missing")?;
        let from_tag = tag("from-tag").ok_or("the from-tag is missing")?;
        Ok(Self {
            call_id,
            to_tag,
            from_tag,
            early_only: params.has("early-only"),
        })
    }
}
