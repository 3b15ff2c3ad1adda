//! Why something asked was not done.

use super::DialRequest;
use trunkline_call::Why;

/// Why something asked was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    /// No call of this name lives.
    #[error("no call has this id now; `trunkline calls` lists those that live")]
    NoSuchCall,
    /// An application has this call already.
    #[error("another application has taken this call")]
    Taken,
    /// A rule forbids it.
    #[error("dialling {0} is not allowed; add it to dial.allow")]
    NotAllowed(String),
    /// The target says nothing that can be dialled.
    #[error("{0} is no target: give sip:user@host, a number of a trunk, or a registered device")]
    BadTarget(String),
    /// Who is to be told as calling is nothing that can be told.
    #[error(
        "from: empty, longer than {} bytes, or with control characters",
        DialRequest::FROM_BYTES_MAX
    )]
    BadCaller,
    /// Nothing is known of where the host of a target is.
    #[error(
        "no SIP server is found for {host} of {target}; `dig NAPTR {host}`, \
         `dig SRV _sip._udp.{host}` and `getent hosts {host}` show what is known of it"
    )]
    NoServer {
        /// The target.
        target: String,
        /// Its host.
        host: String,
    },
    /// Nothing is left for another call.
    #[error("no room for another call: {0}")]
    Full(String),
    /// The application named does not exist.
    #[error("no application is named {0}")]
    NoSuchApp(String),
    /// A provider is to place it, and does not know enough for that.
    #[error("{0}")]
    Incomplete(String),
    /// A provider was asked to place it, and did not.
    #[error("not placed: {0}")]
    AtProvider(String),
    /// A provider was asked to place it, and may have.
    #[error("nobody knows whether it was placed: {0}")]
    Unknown(String),
    /// The leg cannot do it.
    #[error("the call refused it: {}", .0.word())]
    Refused(Why),
    /// Too many questions at once.
    #[error("the gateway is busy; try again")]
    Busy,
    /// The gateway has stopped.
    #[error("the gateway is stopping")]
    Stopping,
}
