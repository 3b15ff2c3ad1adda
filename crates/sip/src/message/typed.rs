//! Headers with a type: read from the text each time, borrowing from it.

use super::{Message, Start};
use crate::header::lex::{number, split_list, trim};
use crate::header::{CSeq, Contacts, Event, Invalid, LIST_MAX, Name, NameAddr, Reason, Replaces};
use crate::header::{RetryAfter, SessionExpires, SubscriptionState, Via, Warning};
use crate::uri::Uri;

impl Message {
    /// The Request-URI, taken apart.
    pub fn request_uri(&self) -> Option<Uri> {
        match self.0.start {
            Start::Request { uri, .. } => Uri::parse(self.text(uri)).ok(),
            Start::Response { .. } => None,
        }
    }

    /// The topmost Via: for a request who sent it, for a response to whom it is due.
    pub fn top_via(&self) -> Result<Via<'_>, Invalid> {
        let first = self
            .headers(Name::Via)
            .next()
            .ok_or(Invalid::new(Name::Via, "is missing"))?;
        Via::parse(first).map_err(|why| Invalid::new(Name::Via, why))
    }

    /// Every Via, topmost first.
    pub fn vias(&self) -> Result<Vec<Via<'_>>, Invalid> {
        self.list(Name::Via, Via::parse)
    }

    /// From.
    pub fn from(&self) -> Result<NameAddr<'_>, Invalid> {
        self.one(Name::From, NameAddr::parse)
    }

    /// To.
    pub fn to(&self) -> Result<NameAddr<'_>, Invalid> {
        self.one(Name::To, NameAddr::parse)
    }

    /// Call-ID.
    pub fn call_id(&self) -> Result<&str, Invalid> {
        self.one(Name::CallId, Ok)
    }

    /// CSeq.
    pub fn cseq(&self) -> Result<CSeq, Invalid> {
        self.one(Name::CSeq, CSeq::parse)
    }

    /// Every Contact; an empty list when there is none.
    pub fn contacts(&self) -> Result<Contacts<'_>, Invalid> {
        if self.headers(Name::Contact).any(|value| value == "*") {
            return match self.headers(Name::Contact).count() {
                1 => Ok(Contacts::All),
                _ => Err(Invalid::new(Name::Contact, "'*' does not stand alone")),
            };
        }
        self.list(Name::Contact, NameAddr::parse)
            .map(Contacts::List)
    }

    /// The route set still to be taken, nearest first.
    pub fn routes(&self) -> Result<Vec<NameAddr<'_>>, Invalid> {
        self.list(Name::Route, NameAddr::parse)
    }

    /// The proxies that stay in the path, nearest to the receiver first.
    pub fn record_routes(&self) -> Result<Vec<NameAddr<'_>>, Invalid> {
        self.list(Name::RecordRoute, NameAddr::parse)
    }

    /// Hops left; `None` when the header is absent.
    pub fn max_forwards(&self) -> Result<Option<u8>, Invalid> {
        self.optional(Name::MaxForwards, |text| {
            let hops = number(text).and_then(|hops| u8::try_from(hops).ok());
            hops.ok_or("it is not a number from 0 to 255")
        })
    }

    /// Expires in seconds; a number too large for 32 bits counts as the largest.
    pub fn expires(&self) -> Result<Option<u32>, Invalid> {
        self.optional(Name::Expires, seconds)
    }

    /// Min-Expires in seconds.
    pub fn min_expires(&self) -> Result<Option<u32>, Invalid> {
        self.optional(Name::MinExpires, seconds)
    }

    /// Refer-To: where a REFER sends us (RFC 3515 §2.1).
    pub fn refer_to(&self) -> Result<Option<NameAddr<'_>>, Invalid> {
        self.optional(Name::ReferTo, NameAddr::parse)
    }

    /// Event of SUBSCRIBE and NOTIFY.
    pub fn event(&self) -> Result<Option<Event<'_>>, Invalid> {
        self.optional(Name::Event, Event::parse)
    }

    /// Subscription-State of a NOTIFY.
    pub fn subscription_state(&self) -> Result<Option<SubscriptionState<'_>>, Invalid> {
        self.optional(Name::SubscriptionState, SubscriptionState::parse)
    }

    /// Session-Expires (RFC 4028).
    pub fn session_expires(&self) -> Result<Option<SessionExpires>, Invalid> {
        self.optional(Name::SessionExpires, SessionExpires::parse)
    }

    /// Replaces: the dialog this INVITE takes over (RFC 3891).
    pub fn replaces(&self) -> Result<Option<Replaces<'_>>, Invalid> {
        self.optional(Name::Replaces, Replaces::parse)
    }

    /// Retry-After of a refusal.
    pub fn retry_after(&self) -> Result<Option<RetryAfter>, Invalid> {
        self.optional(Name::RetryAfter, RetryAfter::parse)
    }

    /// Every Reason (RFC 3326).
    pub fn reasons(&self) -> Result<Vec<Reason<'_>>, Invalid> {
        self.list(Name::Reason, Reason::parse)
    }

    /// Every Warning.
    pub fn warnings(&self) -> Result<Vec<Warning<'_>>, Invalid> {
        self.list(Name::Warning, Warning::parse)
    }

    /// The media type of the body with its parameters.
    pub fn content_type(&self) -> Option<&str> {
        self.header(Name::ContentType)
    }

    /// Whether the body is of this media type (`application/sdp`), parameters aside.
    pub fn is_content(&self, media_type: &str) -> bool {
        let found = self.content_type().and_then(|text| text.split(';').next());
        found.is_some_and(|text| trim(text).eq_ignore_ascii_case(media_type))
    }

    /// Whether a token list (Supported, Require, Allow …) names `token`, without case.
    pub fn lists_token(&self, name: Name, token: &str) -> bool {
        self.lines(name.into())
            .flat_map(split_list)
            .any(|have| have.eq_ignore_ascii_case(token))
    }

    fn one<'a, T>(
        &'a self,
        name: Name,
        read: impl Fn(&'a str) -> Result<T, &'static str>,
    ) -> Result<T, Invalid> {
        self.optional(name, read)?
            .ok_or(Invalid::new(name, "is missing"))
    }

    fn optional<'a, T>(
        &'a self,
        name: Name,
        read: impl Fn(&'a str) -> Result<T, &'static str>,
    ) -> Result<Option<T>, Invalid> {
        self.header(name)
            .map(read)
            .transpose()
            .map_err(|why| Invalid::new(name, why))
    }

    fn list<'a, T>(
        &'a self,
        name: Name,
        read: impl Fn(&'a str) -> Result<T, &'static str>,
    ) -> Result<Vec<T>, Invalid> {
        let mut list = Vec::new();
        for value in self.headers(name) {
            if list.len() == LIST_MAX {
                return Err(Invalid::new(name, "it lists more values than the limit"));
            }
            list.push(read(value).map_err(|why| Invalid::new(name, why))?);
        }
        Ok(list)
    }
}

fn seconds(text: &str) -> Result<u32, &'static str> {
    match !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        true => Ok(number(text).unwrap_or(u32::MAX)),
        false => Err("it is not a number of seconds"),
    }
}
