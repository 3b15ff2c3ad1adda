//! Words of control, plain or as JSON.

use std::fmt::Write as _;

use serde::Deserialize;

use super::formats;
use crate::stream::json::{self, Object, Text, quoted};
use crate::stream::{MediaFormat, Nonsense, Start};

/// One text message.
#[derive(Debug)]
pub(super) enum Control<'a> {
    /// `WORD name:value name:value`, or `WORD id`.
    Plain { word: &'a str, rest: &'a str },
    /// An object whose `event` or `command` is the word.
    Json(Box<JsonControl<'a>>),
}

#[derive(Debug, Deserialize)]
pub(super) struct JsonControl<'a> {
    #[serde(borrow)]
    event: Option<Text<'a>>,
    #[serde(borrow)]
    command: Option<Text<'a>>,
    #[serde(borrow)]
    correlation_id: Option<Text<'a>>,
    #[serde(borrow)]
    connection_id: Option<Text<'a>>,
    #[serde(borrow)]
    channel_id: Option<Text<'a>>,
    #[serde(borrow)]
    format: Option<Text<'a>>,
    #[serde(borrow)]
    digit: Option<Text<'a>>,
    #[serde(borrow)]
    error_text: Option<Text<'a>>,
    channel_variables: Option<Object>,
}

impl<'a> Control<'a> {
    pub(super) fn read(text: &'a str) -> Result<Self, Nonsense> {
        if text.trim_start().starts_with('{') {
            return json::read(text).map(|control| Self::Json(Box::new(control)));
        }
        let text = text.trim_end();
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        Ok(Self::Plain { word, rest })
    }

    pub(super) fn is_json(&self) -> bool {
        matches!(self, Self::Json(_))
    }

    pub(super) fn word(&self) -> &str {
        match self {
            Self::Plain { word, .. } => word,
            Self::Json(control) => {
                let word = control.event.as_deref().or(control.command.as_deref());
                word.unwrap_or_default()
            }
        }
    }

    /// The id of a mark; empty where it has none.
    pub(super) fn id(&self) -> &str {
        match self {
            Self::Plain { rest, .. } => rest,
            Self::Json(control) => control.correlation_id.as_deref().unwrap_or_default(),
        }
    }

    /// A field of an event.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        match self {
            Self::Plain { rest, .. } => rest
                .split(' ')
                .filter_map(|pair| pair.split_once(':'))
                .find_map(|(known, value)| (known == name).then_some(value)),
            Self::Json(control) => match name {
                "connection_id" => control.connection_id.as_deref(),
                "channel_id" => control.channel_id.as_deref(),
                "format" => control.format.as_deref(),
                "digit" => control.digit.as_deref(),
                _ => None,
            },
        }
    }

    /// What an error says.
    pub(super) fn complaint(&self) -> &str {
        match self {
            Self::Plain { rest, .. } => rest.strip_prefix("error_text:").unwrap_or(rest),
            Self::Json(control) => control.error_text.as_deref().unwrap_or_default(),
        }
    }

    pub(super) fn start(&self) -> Result<Start, Nonsense> {
        let format = self.field("format").and_then(formats::named);
        let format = format.ok_or(Nonsense("a media format that is not known here"))?;
        let text = |name| self.field(name).unwrap_or_default().to_owned();
        let variables = match self {
            Self::Json(control) => control.channel_variables.as_ref(),
            Self::Plain { .. } => None,
        };
        let parameters = variables.map(|Object(variables)| variables.clone());
        Ok(Start {
            stream_id: text("connection_id"),
            call_id: text("channel_id"),
            account_id: None,
            from: String::new(),
            to: String::new(),
            direction: None,
            up: Some(format),
            down: None,
            parameters: parameters.unwrap_or_default(),
        })
    }
}

/// Whether a value can stand in a plain message: it is not split, and ends no line.
pub(super) fn plain(value: &str) -> bool {
    !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Adds the first message; `None` where an id has no place in a plain one.
pub(super) fn write_start(
    text: &mut String,
    start: &Start,
    format: MediaFormat,
    name: &str,
    json: bool,
) -> Option<()> {
    let (connection, channel) = (&start.stream_id, &start.call_id);
    let size = formats::frame_bytes(format);
    if json {
        let variables = json::object(start.parameters.iter());
        let (connection, id) = (quoted(connection), quoted(channel));
        let channel = quoted(&format!("WebSocket/{channel}")).to_string();
        write!(
            text,
            r#"{{"event":"MEDIA_START","connection_id":{connection},"channel":{channel},"channel_id":{id},"format":"{name}","optimal_frame_size":{size},"ptime":20,"channel_variables":{variables}}}"#
        )
        .ok()
    } else if plain(connection) && plain(channel) {
        write!(
            text,
            "MEDIA_START connection_id:{connection} channel:WebSocket/{channel} channel_id:{channel} format:{name} optimal_frame_size:{size} ptime:20"
        )
        .ok()
    } else {
        None
    }
}
