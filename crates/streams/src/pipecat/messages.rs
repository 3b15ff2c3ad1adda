//! What travels as JSON inside Pipecat's `MessageFrame`.

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use trunkline_call::{Digit, Direction, Parameters};

use crate::stream::json::{self, Number, Object, Text};
use crate::stream::{Down, Nonsense, Start, Up};

/// Of every RTVI message.
const LABEL: &str = "rtvi-ai";

/// Ends the call.
pub(super) const HANGUP: &str = r#"{"type":"hangup"}"#;

/// What tells the kinds apart; everything else of a message nobody knows may be anything.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(rename = "type", borrow)]
    kind: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct ClientMessage<'a> {
    #[serde(borrow)]
    data: ClientData<'a>,
}

#[derive(Deserialize)]
struct ClientData<'a> {
    #[serde(rename = "t", borrow)]
    kind: Text<'a>,
}

/// A client message whose data is known.
#[derive(Deserialize)]
struct Known<T> {
    data: KnownData<T>,
}

#[derive(Deserialize)]
struct KnownData<T> {
    d: T,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StartBody<'a> {
    #[serde(borrow)]
    stream_id: Option<Text<'a>>,
    #[serde(borrow)]
    call_id: Option<Text<'a>>,
    #[serde(borrow)]
    account_id: Option<Text<'a>>,
    #[serde(borrow)]
    from: Option<Text<'a>>,
    #[serde(borrow)]
    to: Option<Text<'a>>,
    #[serde(borrow)]
    direction: Option<Text<'a>>,
    sample_rate: Number,
    custom_parameters: Option<Object>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DtmfBody<'a> {
    #[serde(borrow)]
    digit: Text<'a>,
    duration_ms: Option<Number>,
}

#[derive(Deserialize)]
struct TransferBody<'a> {
    #[serde(borrow)]
    target: Text<'a>,
}

/// A stream of which nothing is told.
pub(super) fn unnamed() -> Start {
    Start {
        stream_id: String::new(),
        call_id: String::new(),
        account_id: None,
        from: String::new(),
        to: String::new(),
        direction: None,
        up: None,
        down: None,
        parameters: Parameters::default(),
    }
}

/// A message of the provider's end.
pub(super) fn read_up(text: &str) -> Result<Up<'static>, Nonsense> {
    if json::read::<Head<'_>>(text)?.kind.as_deref() != Some("client-message") {
        return Ok(Up::Nothing);
    }
    let message: ClientMessage<'_> = json::read(text)?;
    match &*message.data.kind {
        "start" => {
            let body = json::read::<Known<StartBody<'_>>>(text)?.data.d;
            body.start().map(|start| Up::Start(Box::new(start)))
        }
        "dtmf" => {
            let body = json::read::<Known<DtmfBody<'_>>>(text)?.data.d;
            Ok(Up::Dtmf {
                digit: json::digit(&body.digit)?,
                duration: body.duration_ms.map(|ms| Duration::from_millis(ms.0)),
            })
        }
        _ => Ok(Up::Nothing),
    }
}

impl StartBody<'_> {
    fn start(self) -> Result<Start, Nonsense> {
        let text = |text: Option<Text<'_>>| text.as_deref().unwrap_or_default().to_owned();
        let rate = u32::try_from(self.sample_rate.0).ok();
        let rate = rate.filter(|rate| super::RATES.contains(&u64::from(*rate)));
        Ok(Start {
            stream_id: text(self.stream_id),
            call_id: text(self.call_id),
            account_id: self.account_id.as_deref().map(str::to_owned),
            from: text(self.from),
            to: text(self.to),
            direction: match self.direction.as_deref() {
                Some("inbound") => Some(Direction::Inbound),
                Some("outbound") => Some(Direction::Outbound),
                _ => None,
            },
            up: Some(super::linear(
                rate.ok_or(Nonsense("a rate that nobody has"))?,
            )),
            down: None,
            parameters: self.custom_parameters.unwrap_or_default().0,
        })
    }
}

/// The first message to a bot.
pub(super) fn start(start: &Start, rate: u32, id: u64) -> String {
    let parameters: serde_json::Map<_, _> = start
        .parameters
        .iter()
        .map(|(name, value)| (name.to_owned(), json!(value)))
        .collect();
    client_message(
        "start",
        id,
        &json!({
            "streamId": start.stream_id, "callId": start.call_id, "accountId": start.account_id,
            "from": start.from, "to": start.to, "direction": start.direction.map(Direction::word),
            "sampleRate": rate, "customParameters": parameters,
        }),
    )
}

/// The caller pressed a key.
pub(super) fn dtmf(digit: Digit, duration: Option<Duration>, id: u64) -> String {
    let digit = digit.as_char().to_string();
    let duration = duration.map(|duration| duration.as_millis() as u64);
    client_message("dtmf", id, &json!({"digit": digit, "durationMs": duration}))
}

fn client_message(kind: &str, id: u64, data: &serde_json::Value) -> String {
    let id = id.to_string();
    let data = json!({"t": kind, "d": data});
    json!({"label": LABEL, "type": "client-message", "id": id, "data": data}).to_string()
}

/// A message of the bot's end. Of the many kinds that RTVI has none asks anything of a call.
pub(super) fn read_down<'a>(text: &str, target: &'a mut String) -> Result<Down<'a>, Nonsense> {
    match json::read::<Head<'_>>(text)?.kind.as_deref() {
        Some("hangup") => Ok(Down::Hangup),
        Some("transfer") => {
            target.clear();
            target.push_str(&json::read::<TransferBody<'_>>(text)?.target);
            Ok(Down::Transfer { target })
        }
        _ => Ok(Down::Nothing),
    }
}

/// Asks to move the call.
pub(super) fn transfer(target: &str) -> String {
    json!({"type": "transfer", "target": target}).to_string()
}
