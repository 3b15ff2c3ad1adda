//! How FreeSWITCH begins a stream: with whatever text the dialplan wanted to be told along.
//! jambonz makes it a JSON object of what it knows of the call; from a plain FreeSWITCH the same
//! names are understood.

use std::fmt::Write as _;

use trunkline_call::{Direction, Parameters};

use super::json::{self, Object, quoted};
use super::{Encoding, MediaFormat, Nonsense, Start};

/// The rate where nothing is told: what FreeSWITCH's modules send unless asked for more.
const RATE_UNTOLD: u32 = 8_000;

/// Fields with a place of their own in [`Start`]. Every other is a parameter.
const KNOWN: [&str; 7] = [
    "sampleRate",
    "mixType",
    "callSid",
    "from",
    "to",
    "direction",
    "accountSid",
];
/// The parameter under which text travels that is no JSON object.
const METADATA: &str = "metadata";

/// 16 bit linear as FreeSWITCH sends it: in its machine's order, which is little-endian.
pub(crate) const fn linear(rate: u32) -> MediaFormat {
    MediaFormat {
        encoding: Encoding::L16Little,
        rate,
    }
}

/// The first text message; an empty one stands for none.
pub(crate) fn read(text: &str) -> Result<Start, Nonsense> {
    let fields = match json::read::<Object>(text) {
        Ok(Object(fields)) => fields,
        Err(_) => {
            let mut metadata = Parameters::default();
            if !text.is_empty() {
                metadata.push(METADATA, text);
            }
            metadata
        }
    };
    if fields.find("mixType") == Some("stereo") {
        return Err(Nonsense(
            "audio of two channels; start the stream with mono",
        ));
    }
    let rate = fields.find("sampleRate").map(str::parse);
    let rate = rate
        .transpose()
        .map_err(|_| Nonsense("a sample rate that is no number"))?;
    let text = |name| fields.find(name).unwrap_or_default().to_owned();
    let call_id = fields.find("callSid").or(fields.find("callId"));
    let call_id = call_id.unwrap_or_default();
    let mut parameters = Parameters::default();
    for (name, value) in fields.iter().filter(|(name, _)| !KNOWN.contains(name)) {
        parameters.push(name, value);
    }
    Ok(Start {
        stream_id: call_id.to_owned(),
        call_id: call_id.to_owned(),
        account_id: fields.find("accountSid").map(str::to_owned),
        from: text("from"),
        to: text("to"),
        direction: match fields.find("direction") {
            Some("inbound") => Some(Direction::Inbound),
            Some("outbound") => Some(Direction::Outbound),
            _ => None,
        },
        up: Some(linear(rate.unwrap_or(RATE_UNTOLD))),
        down: None,
        parameters,
    })
}

/// Adds the first message as jambonz writes it.
pub(crate) fn write(start: &Start, rate: u32, message: &mut String) {
    // Writing to a String cannot fail.
    let _ = write!(
        message,
        r#"{{"sampleRate":{rate},"mixType":"mono","callSid":{},"from":{},"to":{}"#,
        quoted(&start.call_id),
        quoted(&start.from),
        quoted(&start.to),
    );
    if let Some(direction) = start.direction.map(Direction::word) {
        let _ = write!(message, r#","direction":"{direction}""#);
    }
    if let Some(account) = &start.account_id {
        let _ = write!(message, r#","accountSid":{}"#, quoted(account));
    }
    let others = start.parameters.iter();
    for (name, value) in others.filter(|(name, _)| !KNOWN.contains(name)) {
        let _ = write!(message, ",{}:{}", quoted(name), quoted(value));
    }
    message.push('}');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_is_no_object_is_a_parameter() {
        let start = read("desk 7").unwrap();
        assert_eq!(start.parameters.find("metadata"), Some("desk 7"));
        assert_eq!(start.up, Some(linear(8_000)));
        assert!(read("").unwrap().parameters.is_empty());
    }

    #[test]
    fn two_channels_are_refused_with_what_to_do() {
        let error = read(r#"{"sampleRate":8000,"mixType":"stereo"}"#).unwrap_err();
        assert!(error.0.contains("mono"), "{error}");
        assert!(read(r#"{"sampleRate":"fast"}"#).is_err());
    }

    #[test]
    fn what_is_written_is_read() {
        let mut start = read("{}").unwrap();
        start.call_id = "a\"b".into();
        start.stream_id = start.call_id.clone();
        start.from = "+1".into();
        start.direction = Some(Direction::Outbound);
        start.up = Some(linear(16_000));
        start.parameters.push("plan", "gold\nand \\");
        let mut message = String::new();
        write(&start, 16_000, &mut message);
        assert_eq!(read(&message), Ok(start));
    }
}
