//! What Plivo's messages look like, as far as a call needs them.

use serde::Deserialize;

use super::LINEAR;
use crate::stream::bodies::{DtmfBody, FormatBody, MediaBody};
use crate::stream::json::{self, Number, Text};
use crate::stream::{MediaFormat, Nonsense};

/// Any message of the provider's end.
#[derive(Deserialize)]
pub(super) struct UpMessage<'a> {
    #[serde(borrow)]
    pub(super) event: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) media: Option<MediaBody<'a>>,
    #[serde(borrow)]
    pub(super) dtmf: Option<DtmfBody<'a>>,
    #[serde(borrow)]
    pub(super) name: Option<Text<'a>>,
}

#[derive(Deserialize)]
pub(super) struct StartMessage<'a> {
    #[serde(borrow)]
    pub(super) start: StartBody<'a>,
    #[serde(borrow)]
    pub(super) extra_headers: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StartBody<'a> {
    #[serde(borrow)]
    pub(super) call_id: Text<'a>,
    #[serde(borrow)]
    pub(super) stream_id: Text<'a>,
    #[serde(borrow)]
    pub(super) account_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) media_format: Option<FormatBody<'a>>,
}

/// Any message of the server's end.
#[derive(Deserialize)]
pub(super) struct DownMessage<'a> {
    #[serde(borrow)]
    pub(super) event: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) media: Option<PlayBody<'a>>,
    #[serde(borrow)]
    pub(super) name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) dtmf: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PlayBody<'a> {
    #[serde(borrow)]
    pub(super) content_type: Option<Text<'a>>,
    pub(super) sample_rate: Option<Number>,
    #[serde(borrow)]
    pub(super) payload: Text<'a>,
}

impl PlayBody<'_> {
    /// The format that this piece says, where it says one.
    pub(super) fn format(&self) -> Result<Option<MediaFormat>, Nonsense> {
        let named = self.content_type.as_deref();
        named
            .map(|name| json::format(name, self.sample_rate, None, LINEAR))
            .transpose()
    }
}
