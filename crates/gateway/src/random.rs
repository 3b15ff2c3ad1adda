//! Randomness of the operating system, the only one there is.

use std::fmt::Write as _;

/// So many random bytes.
///
/// # Panics
/// Where the operating system has no randomness; nothing secret could be made then.
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives randomness");
    bytes
}

/// A seed for a machine.
pub fn seed() -> [u8; 32] {
    bytes()
}

/// A name that nobody else has: 32 hexadecimal digits.
pub fn id() -> String {
    let mut text = String::with_capacity(32);
    for byte in bytes::<16>() {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// A new W3C trace context, sampled: `00-<trace>-<span>-01`.
pub fn traceparent() -> String {
    let mut text = String::with_capacity(55);
    text.push_str("00-");
    for (i, byte) in bytes::<24>().iter().enumerate() {
        if i == 16 {
            text.push('-');
        }
        let _ = write!(text, "{byte:02x}");
    }
    text.push_str("-01");
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_trace_context_has_the_shape_of_the_w3c() {
        let context = super::traceparent();
        let lengths: Vec<usize> = context.split('-').map(str::len).collect();
        assert_eq!(lengths, [2, 32, 16, 2]);
        assert_ne!(context, super::traceparent());
    }
}
