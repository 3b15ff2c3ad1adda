//! What Telnyx's messages look like, as far as a call needs them.

use serde::Deserialize;
use serde::de::IgnoredAny;
use trunkline_call::Parameters;

use crate::stream::bodies::{DtmfBody, FormatBody, MarkBody, MediaBody};
use crate::stream::json::{Object, Text};

/// Any message, of both ends.
#[derive(Deserialize)]
pub(super) struct Message<'a> {
    #[serde(borrow)]
    pub(super) event: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) media: Option<MediaBody<'a>>,
    #[serde(borrow)]
    pub(super) dtmf: Option<DtmfBody<'a>>,
    #[serde(borrow)]
    pub(super) mark: Option<MarkBody<'a>>,
}

#[derive(Deserialize)]
pub(super) struct StartMessage<'a> {
    #[serde(borrow)]
    pub(super) stream_id: Text<'a>,
    #[serde(borrow)]
    pub(super) start: StartBody<'a>,
}

#[derive(Deserialize)]
pub(super) struct StartBody<'a> {
    #[serde(borrow)]
    pub(super) call_control_id: Text<'a>,
    #[serde(borrow)]
    pub(super) user_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) from: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) to: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) client_state: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) media_format: Option<FormatBody<'a>>,
    pub(super) custom_parameters: Option<Custom>,
}

/// Where they appear and how is not documented, so every way of it is read and none is required.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Custom {
    Object(Object),
    List(Vec<Pair>),
    Other(IgnoredAny),
}

#[derive(Deserialize)]
pub(super) struct Pair {
    pub(super) name: String,
    pub(super) value: String,
}

/// Newer messages say `payload`, older ones `error`.
#[derive(Deserialize)]
pub(super) struct ErrorMessage<'a> {
    #[serde(borrow, alias = "error")]
    pub(super) payload: ErrorBody<'a>,
}

#[derive(Deserialize)]
pub(super) struct ErrorBody<'a> {
    #[serde(borrow)]
    pub(super) title: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) detail: Option<Text<'a>>,
}

impl From<Custom> for Parameters {
    fn from(custom: Custom) -> Self {
        let mut parameters = Self::default();
        match custom {
            Custom::Object(Object(object)) => return object,
            Custom::List(pairs) => {
                for Pair { name, value } in &pairs {
                    parameters.push(name, value);
                }
            }
            Custom::Other(_) => {}
        }
        parameters
    }
}
