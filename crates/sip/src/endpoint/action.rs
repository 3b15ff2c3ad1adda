//! What users ask of the endpoint.

use super::{OwnerId, Path, TransactionId};
use crate::digest::Account;
use crate::message::Method;
use crate::registration::RegistrationConfig;
use crate::uri::Uri;
use crate::user_agent::User;
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

/// Headers to add to a message, in order: name and value. The endpoint writes Via, From, To,
/// Call-ID, CSeq, Max-Forwards, Contact, Route, Allow, Supported and the Content headers itself;
/// control characters are refused by the message builder.
pub type Headers = Vec<(Cow<'static, str>, String)>;

/// A body, opaque to SIP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// Content-Type, such as `application/sdp`.
    pub content_type: Cow<'static, str>,
    /// The bytes, shared between retransmissions.
    pub bytes: Arc<[u8]>,
}

impl Body {
    /// A session description.
    #[must_use]
    pub fn sdp(bytes: impl Into<Arc<[u8]>>) -> Self {
        Self {
            content_type: Cow::Borrowed("application/sdp"),
            bytes: bytes.into(),
        }
    }
}

/// A response, as far as its giver decides it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// 100 to 699.
    pub status: u16,
    /// The reason phrase; the RFC's own when `None`.
    pub reason: Option<String>,
    /// Further headers.
    pub headers: Headers,
    /// The body.
    pub body: Option<Body>,
}

impl Reply {
    /// A bare response.
    #[must_use]
    pub fn new(status: u16) -> Self {
        Self {
            status,
            reason: None,
            headers: Headers::new(),
            body: None,
        }
    }

    /// With a header more.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((Cow::Borrowed(name), value.into()));
        self
    }

    /// With a body.
    #[must_use]
    pub fn body(mut self, body: Body) -> Self {
        self.body = Some(body);
        self
    }
}

/// A request outside any dialog: an INVITE that opens a call, or OPTIONS, MESSAGE and their like.
#[derive(Debug, Clone)]
pub struct NewRequest {
    /// The method.
    pub method: Method,
    /// Where it goes first. A request of more than 1,300 bytes goes by TCP where the configuration
    /// has it, whatever this says (RFC 3261 §18.1.1).
    pub path: Path,
    /// Where it goes next, in this order, while the place before gives no answer, cannot be reached
    /// or says 503 (RFC 3263 §4.3).
    pub elsewhere: Vec<Path>,
    /// The Request-URI.
    pub uri: Uri,
    /// From, as header text without a tag: `"Bob" <sip:bob@biloxi.com>`.
    pub from: String,
    /// To, as header text; the Request-URI when `None`.
    pub to: Option<String>,
    /// Preloaded Route set, each a name-addr: an outbound proxy `<sip:192.0.2.1;lr>`.
    pub route: Vec<String>,
    /// The user part of our Contact.
    pub contact_user: Option<String>,
    /// Further headers.
    pub headers: Headers,
    /// The body.
    pub body: Option<Body>,
    /// What a 401 or 407 is answered with, once per challenge, here and later in the dialog.
    pub credentials: Option<Account>,
}

impl NewRequest {
    /// A request with nothing optional.
    #[must_use]
    pub fn new(method: Method, path: Path, uri: Uri, from: impl Into<String>) -> Self {
        Self {
            method,
            path,
            elsewhere: Vec::new(),
            uri,
            from: from.into(),
            to: None,
            route: Vec::new(),
            contact_user: None,
            headers: Headers::new(),
            body: None,
            credentials: None,
        }
    }
}

/// A request within a dialog.
#[derive(Debug, Clone)]
pub struct DialogRequest {
    /// INVITE (a re-INVITE), UPDATE, INFO, OPTIONS, REFER, NOTIFY, MESSAGE. A call is ended by
    /// [`Action::Hangup`], not by a BYE from here.
    pub method: Method,
    /// Further headers.
    pub headers: Headers,
    /// The body.
    pub body: Option<Body>,
}

impl DialogRequest {
    /// A request with neither headers nor body.
    #[must_use]
    pub fn new(method: Method) -> Self {
        Self {
            method,
            headers: Headers::new(),
            body: None,
        }
    }
}

/// Whether new calls are taken. OPTIONS is answered as an INVITE would be (RFC 3261 §11.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Service {
    /// Calls are taken.
    #[default]
    Open,
    /// New calls get 503 with this Retry-After.
    Refused {
        /// When to ask again.
        retry_after: Duration,
    },
}

/// What users ask. An action that comes too late (the call is gone, the answer was given) does
/// nothing: calls and endpoint may live on different threads.
#[derive(Debug, Clone)]
pub enum Action {
    /// Sends a request outside any dialog. `owner` comes from
    /// [`Endpoint::new_owner`](super::Endpoint::new_owner); an INVITE makes it the owner of a call.
    Start {
        /// Who gets the events.
        owner: OwnerId,
        /// The request.
        request: Box<NewRequest>,
    },
    /// Answers a request that came as an event. Several provisional responses, one final one.
    Respond {
        /// The transaction of the event.
        transaction: TransactionId,
        /// The answer.
        reply: Reply,
    },
    /// Sends a request within the call's dialog. While an INVITE of either side is under way a
    /// further one is refused with [`Failure::InProgress`](super::Failure::InProgress).
    Request {
        /// Whose dialog.
        owner: OwnerId,
        /// The request.
        request: DialogRequest,
    },
    /// Acknowledges the 2xx last delivered for an INVITE; the endpoint repeats the ACK whenever
    /// that 2xx is repeated. `body` answers an offer that came in the 2xx.
    Ack {
        /// Whose call.
        owner: OwnerId,
        /// The SDP answer, if the offer came in the 2xx.
        body: Option<Body>,
    },
    /// Ends the call whatever its state: CANCEL while the callee rings (held back until a
    /// provisional response came), ACK and BYE if a 2xx crosses that CANCEL, `refusal` to an
    /// INVITE not answered yet, BYE otherwise (held back until the ACK came, RFC 3261 §15).
    Hangup {
        /// Whose call.
        owner: OwnerId,
        /// The answer to an INVITE still waiting for one.
        refusal: Reply,
        /// Headers of the BYE or CANCEL, such as Reason (RFC 3326).
        headers: Headers,
    },
    /// Registers us with a registrar and keeps us registered until [`Action::Unregister`].
    Register {
        /// Who gets [`Event::Registration`](super::Event::Registration).
        owner: OwnerId,
        /// What to register where.
        config: Box<RegistrationConfig>,
    },
    /// Takes the registration back.
    Unregister {
        /// The owner given to [`Action::Register`].
        owner: OwnerId,
    },
    /// Opens or closes the door for new calls.
    Serve(Service),
    /// From now on these users, and nobody else, may prove a password; whether calls from public
    /// addresses are taken without one. Devices of users who are gone are forgotten. Calls stay.
    Admit {
        /// Who may register and call.
        users: Vec<User>,
        /// Whether anybody may call.
        open: bool,
    },
}
