//! Exotel's Voicebot: the events of `stream::events` in snake case, `connected` bare, audio
//! always 16 bit linear, least significant byte first, at 8, 16 or 24 kHz.

use serde::Deserialize;

use crate::dialect::{IdPrefixes, StreamDialect};
use crate::stream::events::{Events, Spelling};
use crate::stream::json::{self, Number, Object, Text, quoted};
use crate::stream::{Encoding, Hangup, Manners, Marks, MediaFormat, Nonsense, Start};

/// Where the registry finds this dialect.
pub const DIALECT: StreamDialect = StreamDialect {
    name: "exotel",
    aliases: &[],
    manners: Manners {
        format: linear(8_000),
        // The flow of the call goes on behind the applet, and ends there.
        hangup: Hangup::Close,
        marks: Marks::EchoedWhenCleared,
        // Less is played with gaps, and so is what is no multiple of 320. Frames of 20 ms are.
        message_bytes_min: 3_200,
        ..Manners::USUAL
    },
    ids: IdPrefixes::NONE,
    codec: || Events::codec(&SPELLING),
    opens: |opening| {
        let places = ["/start/stream_sid", "/start/call_sid", "/start/account_sid"];
        places.iter().all(|place| opening.has(place))
    },
};

static SPELLING: Spelling = Spelling {
    connected: r#"{"event":"connected"}"#,
    sequence: "sequence_number",
    stream: "stream_sid",
    server_names_stream: true,
    read_start,
    start,
    stop: |start| {
        let call = ("call_sid", start.call_id.as_str());
        let others = [("account_sid", start.account()), ("reason", "callended")];
        json::object([call].into_iter().chain(others))
    },
    dtmf: |digit, duration| {
        let duration = duration.map(|duration| duration.as_millis().to_string());
        let duration = duration.as_deref().map(|ms| ("duration", ms));
        let digit = digit.as_char().to_string();
        json::object([("digit", digit.as_str())].into_iter().chain(duration))
    },
    complaints: None,
};

/// The rates that Exotel offers, in Hz.
const RATES: [u32; 3] = [8_000, 16_000, 24_000];

const fn linear(rate: u32) -> MediaFormat {
    MediaFormat {
        encoding: Encoding::L16Little,
        rate,
    }
}

#[derive(Deserialize)]
struct StartMessage<'a> {
    #[serde(borrow)]
    start: StartBody<'a>,
}

#[derive(Deserialize)]
struct StartBody<'a> {
    #[serde(borrow)]
    stream_sid: Text<'a>,
    #[serde(borrow)]
    call_sid: Text<'a>,
    #[serde(borrow)]
    account_sid: Option<Text<'a>>,
    #[serde(borrow)]
    from: Option<Text<'a>>,
    #[serde(borrow)]
    to: Option<Text<'a>>,
    media_format: Option<Rate>,
    custom_parameters: Option<Object>,
}

/// `media_format`. Its `encoding` is `base64`, which says nothing of the audio.
#[derive(Deserialize)]
struct Rate {
    sample_rate: Option<Number>,
}

fn read_start(text: &str) -> Result<Start, Nonsense> {
    let body = json::read::<StartMessage<'_>>(text)?.start;
    let rate = body.media_format.and_then(|format| format.sample_rate);
    Ok(Start {
        stream_id: body.stream_sid.to_string(),
        call_id: body.call_sid.to_string(),
        account_id: json::told(body.account_sid),
        from: json::told(body.from).unwrap_or_default(),
        to: json::told(body.to).unwrap_or_default(),
        direction: None,
        up: Some(rate.map_or(Ok(DIALECT.manners.format), offered)?),
        down: None,
        parameters: body.custom_parameters.unwrap_or_default().0,
    })
}

fn start(start: &Start) -> String {
    let rate = start.up.unwrap_or(DIALECT.manners.format).rate;
    format!(
        r#"{{"stream_sid":{},"call_sid":{},"account_sid":{},"from":{},"to":{},"custom_parameters":{},"media_format":{{"encoding":"base64","sample_rate":"{rate}","bit_rate":"{}kbps"}}}}"#,
        quoted(&start.stream_id),
        quoted(&start.call_id),
        quoted(start.account()),
        quoted(&start.from),
        quoted(&start.to),
        json::object(start.parameters.iter()),
        rate / 1_000 * 16,
    )
}

fn offered(rate: Number) -> Result<MediaFormat, Nonsense> {
    let offered = RATES.into_iter().find(|known| u64::from(*known) == rate.0);
    offered
        .map(linear)
        .ok_or(Nonsense("a sample rate other than 8000, 16000 and 24000"))
}
