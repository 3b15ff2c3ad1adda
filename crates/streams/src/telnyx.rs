//! Telnyx media streaming: the events of `stream::events` in snake case, the stream's id
//! beside the event and nowhere else.
//!
//! What Telnyx sends is announced. What it takes is not: whoever sets up the stream decides that,
//! with `bidirectionalCodec` or `stream_bidirectional_codec`, apart from the other direction. The
//! codec reports Telnyx's own default, PCMU, which is also what servers send that ask for nothing.

use serde::Deserialize;
use serde::de::IgnoredAny;
use trunkline_call::Parameters;

use crate::dialect::{IdPrefixes, StreamDialect};
use crate::stream::bodies::FormatBody;
use crate::stream::events::{Complaints, Events, Spelling};
use crate::stream::json::{self, Object, Text, quoted};
use crate::stream::{Encoding, Hangup, Manners, Marks, MediaFormat, Nonsense, Start};

/// Where the registry finds this dialect.
pub const DIALECT: StreamDialect = StreamDialect {
    name: "telnyx",
    aliases: &[],
    manners: Manners {
        format: MediaFormat::PCMU,
        linear: Some(MediaFormat {
            encoding: LINEAR,
            rate: 16_000,
        }),
        codecs: &[
            Encoding::Pcmu,
            Encoding::Pcma,
            LINEAR,
            Encoding::G722,
            Encoding::Opus,
        ],
        // A closed stream leaves the caller on the line.
        hangup: Hangup::Rest,
        marks: Marks::EchoedWhenCleared,
        reordered: true,
        ..Manners::USUAL
    },
    ids: IdPrefixes {
        stream: "",
        call: "v3:",
        account: "",
    },
    codec: || Events::codec(&SPELLING),
    opens: |opening| opening.has("/stream_id") && opening.has("/start/call_control_id"),
};

static SPELLING: Spelling = Spelling {
    connected: r#"{"event":"connected","version":"1.0.0"}"#,
    sequence: "sequence_number",
    stream: "stream_id",
    server_names_stream: false,
    read_start,
    start,
    stop: |start| {
        let (user, call) = (start.account(), &start.call_id);
        json::object([("user_id", user), ("call_control_id", call)].into_iter())
    },
    dtmf: |digit, _| format!(r#"{{"digit":"{}"}}"#, digit.as_char()),
    complaints: Some(Complaints {
        read: read_error,
        body: |detail| {
            let detail = quoted(detail);
            format!(r#"{{"code":100002,"title":"unknown_error","detail":{detail}}}"#)
        },
    }),
};

/// No document tells the byte order of Telnyx's L16.
const LINEAR: Encoding = Encoding::L16Unknown;
/// The parameter under which an application finds what was attached to the call, in base64.
const CLIENT_STATE: &str = "client_state";
/// G.722's clock ticks at half its samples (RFC 3551 §4.5.2), and Telnyx announces the clock.
const G722_CLOCK: u32 = 8_000;

#[derive(Deserialize)]
struct StartMessage<'a> {
    #[serde(borrow)]
    stream_id: Text<'a>,
    #[serde(borrow)]
    start: StartBody<'a>,
}

#[derive(Deserialize)]
struct StartBody<'a> {
    #[serde(borrow)]
    call_control_id: Text<'a>,
    #[serde(borrow)]
    user_id: Option<Text<'a>>,
    #[serde(borrow)]
    from: Option<Text<'a>>,
    #[serde(borrow)]
    to: Option<Text<'a>>,
    #[serde(borrow)]
    client_state: Option<Text<'a>>,
    #[serde(borrow)]
    media_format: Option<FormatBody<'a>>,
    custom_parameters: Option<Custom>,
}

/// Where they appear and how is not documented, so every way of it is read and none is required.
#[derive(Deserialize)]
#[serde(untagged)]
enum Custom {
    Object(Object),
    List(Vec<Pair>),
    Other(IgnoredAny),
}

#[derive(Deserialize)]
struct Pair {
    name: String,
    value: String,
}

/// Newer messages say `payload`, older ones `error`.
#[derive(Deserialize)]
struct ErrorMessage<'a> {
    #[serde(borrow, alias = "error")]
    payload: ErrorBody<'a>,
}

#[derive(Deserialize)]
struct ErrorBody<'a> {
    #[serde(borrow)]
    title: Option<Text<'a>>,
    #[serde(borrow)]
    detail: Option<Text<'a>>,
}

fn read_start(text: &str) -> Result<Start, Nonsense> {
    let StartMessage { stream_id, start } = json::read(text)?;
    let format = start.media_format.map(|body| body.announced(LINEAR));
    let custom = start.custom_parameters;
    let mut parameters = custom.map(Parameters::from).unwrap_or_default();
    if let Some(state) = start.client_state {
        parameters.push(CLIENT_STATE, &state);
    }
    Ok(Start {
        stream_id: stream_id.to_string(),
        call_id: start.call_control_id.to_string(),
        account_id: json::told(start.user_id),
        from: json::told(start.from).unwrap_or_default(),
        to: json::told(start.to).unwrap_or_default(),
        direction: None,
        up: Some(format.transpose()?.unwrap_or(DIALECT.manners.format)),
        down: Some(DIALECT.manners.format),
        parameters,
    })
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

fn read_error(text: &str) -> Result<String, Nonsense> {
    let ErrorMessage { payload } = json::read(text)?;
    let detail = payload.detail.or(payload.title);
    Ok(detail.as_deref().unwrap_or_default().to_owned())
}

fn start(start: &Start) -> String {
    let format = start.up.unwrap_or(DIALECT.manners.format);
    let rate = match format.encoding {
        Encoding::G722 => G722_CLOCK,
        _ => format.rate,
    };
    format!(
        r#"{{"user_id":{},"call_control_id":{},"from":{},"to":{},{}"media_format":{{"encoding":"{}","sample_rate":{rate},"channels":1}}}}"#,
        quoted(start.account()),
        quoted(&start.call_id),
        quoted(&start.from),
        quoted(&start.to),
        attached(&start.parameters),
        format.encoding.rtp_name(),
    )
}

/// The members for what was attached to the call, each with its comma.
fn attached(parameters: &Parameters) -> String {
    let mut members = String::new();
    if let Some(state) = parameters.find(CLIENT_STATE).filter(|it| !it.is_empty()) {
        members += &format!(r#""client_state":{},"#, quoted(state));
    }
    let custom = parameters.iter().filter(|(name, _)| *name != CLIENT_STATE);
    let mut custom = custom.peekable();
    if custom.peek().is_some() {
        members += &format!(r#""custom_parameters":{},"#, json::object(custom));
    }
    members
}
