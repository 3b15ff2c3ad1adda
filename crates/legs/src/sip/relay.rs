//! Keys in INFO bodies: `application/dtmf-relay` and the older `application/dtmf`.

use trunkline_call::Digit;

/// The content type we send, and one of the two we understand.
pub const DTMF_RELAY: &str = "application/dtmf-relay";
/// The older type: the body is the key alone.
const DTMF: &str = "application/dtmf";

/// The duration a body without one stands for, in ms: what most senders put there.
const DURATION_MS_DEFAULT: u32 = 160;
/// No key is held longer than this, in ms; a larger figure is nonsense and is cut.
const DURATION_MS_MAX: u32 = 10_000;

/// The key an INFO body presses and for how many ms; `None` where the type or the key is not
/// known (a flash hook, say), which the caller answers with 415 or ignores.
pub fn parse(content_type: &str, body: &[u8]) -> Option<(Digit, u32)> {
    let body = std::str::from_utf8(body).ok()?;
    if is_type(content_type, DTMF_RELAY) {
        parse_relay(body)
    } else if is_type(content_type, DTMF) {
        Some((parse_key(body)?, DURATION_MS_DEFAULT))
    } else {
        None
    }
}

/// Whether an INFO of this content type carries keys at all.
pub fn is_understood(content_type: &str) -> bool {
    is_type(content_type, DTMF_RELAY) || is_type(content_type, DTMF)
}

/// The body that presses a key for so many ms.
pub fn print(digit: Digit, duration_ms: u32) -> String {
    format!("Signal={}\r\nDuration={duration_ms}\r\n", digit.as_char())
}

fn is_type(content_type: &str, wanted: &str) -> bool {
    let bare = content_type.split(';').next().unwrap_or_default();
    bare.trim().eq_ignore_ascii_case(wanted)
}

fn parse_relay(body: &str) -> Option<(Digit, u32)> {
    let mut digit = None;
    let mut duration_ms = DURATION_MS_DEFAULT;
    for line in body.lines() {
        let Some((name, value)) = line.split_once('=') else {
            continue;
        };
        match name.trim() {
            name if name.eq_ignore_ascii_case("signal") => digit = parse_key(value),
            name if name.eq_ignore_ascii_case("duration") => {
                duration_ms = value.trim().parse().unwrap_or(DURATION_MS_DEFAULT);
            }
            _ => {}
        }
    }
    Some((digit?, duration_ms.min(DURATION_MS_MAX)))
}

/// A key as its character, or as the event code 10 or 11 that some send for `*` and `#`.
fn parse_key(text: &str) -> Option<Digit> {
    let text = text.trim();
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(key), None) => Digit::from_char(key),
        _ => text
            .parse()
            .ok()
            .filter(|code| *code >= 10)
            .and_then(Digit::from_event),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(content_type: &str, body: &str) -> Option<(char, u32)> {
        parse(content_type, body.as_bytes()).map(|(digit, ms)| (digit.as_char(), ms))
    }

    #[test]
    fn what_is_printed_is_read_back() {
        for code in 0..16 {
            let digit = Digit::from_event(code).unwrap();
            let body = print(digit, 200);
            assert_eq!(parse(DTMF_RELAY, body.as_bytes()), Some((digit, 200)));
        }
    }

    #[test]
    fn the_spellings_seen_in_the_field_are_understood() {
        assert_eq!(
            parsed("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n"),
            Some(('5', 160))
        );
        assert_eq!(
            parsed("Application/DTMF-Relay; x=y", "Signal= #\nDuration= 250"),
            Some(('#', 250))
        );
        assert_eq!(
            parsed("application/dtmf-relay", "signal=10"),
            Some(('*', 160))
        );
        assert_eq!(
            parsed("application/dtmf-relay", "Signal=a\r\n"),
            Some(('A', 160))
        );
        assert_eq!(parsed("application/dtmf", "7"), Some(('7', 160)));
        assert_eq!(parsed("application/dtmf", "11\r\n"), Some(('#', 160)));
    }

    #[test]
    fn nonsense_presses_no_key() {
        assert_eq!(parsed("application/dtmf-relay", ""), None);
        assert_eq!(parsed("application/dtmf-relay", "Signal=hf"), None);
        assert_eq!(parsed("application/dtmf-relay", "Signal=16"), None);
        assert_eq!(parsed("application/dtmf-relay", "Duration=160"), None);
        assert_eq!(parsed("text/plain", "Signal=5"), None);
        assert_eq!(parse("application/dtmf", &[0xff, 0xfe]), None);
        let endless = "Signal=5\r\nDuration=4294967295";
        assert_eq!(
            parsed("application/dtmf-relay", endless),
            Some(('5', DURATION_MS_MAX))
        );
    }

    proptest::proptest! {
        #[test]
        fn whatever_comes_is_a_key_of_bounded_length_or_nothing(
            body in proptest::collection::vec(proptest::num::u8::ANY, 0..64),
            lines in "(Signal|Duration)=[ 0-9A-Fa-f*#]{0,12}\r\n(Duration=[0-9]{0,12})?",
        ) {
            for body in [body.as_slice(), lines.as_bytes()] {
                for content_type in [DTMF_RELAY, DTMF] {
                    if let Some((_, duration_ms)) = parse(content_type, body) {
                        proptest::prop_assert!(duration_ms <= DURATION_MS_MAX);
                    }
                }
            }
        }
    }
}
