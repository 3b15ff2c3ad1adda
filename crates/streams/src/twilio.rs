//! Twilio Media Streams, and whoever speaks like them (SignalWire, Cloudonix, Fonoster): the
//! events of `stream::events` in camel case.

use serde::Deserialize;
use trunkline_call::Parameters;

use crate::dialect::{IdPrefixes, StreamDialect};
use crate::stream::bodies::FormatBody;
use crate::stream::events::{Events, Spelling};
use crate::stream::json::{self, Object, Text, quoted};
use crate::stream::{Encoding, Hangup, Manners, Marks, MediaFormat, Nonsense, Start};

/// Where the registry finds this dialect.
pub const DIALECT: StreamDialect = StreamDialect {
    name: "twilio",
    aliases: &["signalwire", "cloudonix", "fonoster"],
    manners: Manners {
        format: MediaFormat::PCMU,
        // The server's close lets the provider's instructions for the call run on, which end.
        hangup: Hangup::Close,
        marks: Marks::EchoedWhenCleared,
        ..Manners::USUAL
    },
    ids: IdPrefixes {
        stream: "MZ",
        call: "CA",
        account: "AC",
    },
    codec: || Events::codec(&SPELLING),
    opens: |opening| opening.has("/start/streamSid") && opening.has("/start/callSid"),
};

static SPELLING: Spelling = Spelling {
    connected: r#"{"event":"connected","protocol":"Call","version":"1.0.0"}"#,
    sequence: "sequenceNumber",
    stream: "streamSid",
    server_names_stream: true,
    read_start,
    start,
    stop: |start| {
        let (account, call) = (start.account(), &start.call_id);
        json::object([("accountSid", account), ("callSid", call)].into_iter())
    },
    dtmf: |digit, _| {
        let digit = digit.as_char();
        format!(r#"{{"track":"inbound_track","digit":"{digit}"}}"#)
    },
    complaints: None,
};

/// Parameters by which `from` and `to` travel, since `start` has no field for them: Pipecat's
/// names first, then those that older servers read.
const FROM: [&str; 2] = ["from_number", "caller_id"];
const TO: [&str; 2] = ["to_number", "did"];
/// What is meant by 16 bit linear: no document tells the order of its bytes.
const LINEAR: Encoding = Encoding::L16Unknown;

#[derive(Deserialize)]
struct StartMessage<'a> {
    #[serde(borrow)]
    start: StartBody<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StartBody<'a> {
    #[serde(borrow)]
    stream_sid: Text<'a>,
    #[serde(borrow)]
    call_sid: Text<'a>,
    #[serde(borrow)]
    account_sid: Option<Text<'a>>,
    #[serde(borrow)]
    media_format: Option<FormatBody<'a>>,
    custom_parameters: Option<Object>,
}

fn read_start(text: &str) -> Result<Start, Nonsense> {
    let body = json::read::<StartMessage<'_>>(text)?.start;
    let format = body.media_format.map(|body| body.announced(LINEAR));
    let parameters = body.custom_parameters.unwrap_or_default().0;
    let from = FROM.iter().find_map(|name| parameters.find(name));
    let to = TO.iter().find_map(|name| parameters.find(name));
    Ok(Start {
        stream_id: body.stream_sid.to_string(),
        call_id: body.call_sid.to_string(),
        account_id: body.account_sid.as_deref().map(str::to_owned),
        from: from.unwrap_or_default().to_owned(),
        to: to.unwrap_or_default().to_owned(),
        direction: None,
        up: format.transpose()?,
        down: None,
        parameters: without_numbers(&parameters, from, to),
    })
}

fn start(start: &Start) -> String {
    let format = start.up.unwrap_or(DIALECT.manners.format);
    let numbers = FROM.iter().map(|name| (*name, start.from.as_str()));
    let numbers = numbers.chain(TO.iter().map(|name| (*name, start.to.as_str())));
    let numbers = numbers
        .filter(|(name, number)| !number.is_empty() && start.parameters.find(name).is_none());
    format!(
        r#"{{"accountSid":{},"streamSid":{},"callSid":{},"tracks":["inbound"],"mediaFormat":{{"encoding":"{}","sampleRate":{},"channels":1}},"customParameters":{}}}"#,
        quoted(start.account()),
        quoted(&start.stream_id),
        quoted(&start.call_id),
        format.encoding.media_type(),
        format.rate,
        json::object(start.parameters.iter().chain(numbers)),
    )
}

/// What is told as `from` and `to` is not told again.
fn without_numbers(all: &Parameters, from: Option<&str>, to: Option<&str>) -> Parameters {
    let mut rest = Parameters::default();
    for (name, value) in all.iter() {
        let number = (FROM.contains(&name) && Some(value) == from)
            || (TO.contains(&name) && Some(value) == to);
        if !number {
            rest.push(name, value);
        }
    }
    rest
}
