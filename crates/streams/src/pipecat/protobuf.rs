//! As much of Protocol Buffers as five small messages need: fields one after another, each a tag
//! and a value (protobuf.dev, "Encoding"). Nothing is copied when reading.

use crate::stream::Nonsense;

/// A varint has seven bits a byte, so 64 bits have at most this many.
const VARINT_BYTES_MAX: usize = 10;

const VARINT: u64 = 0;
const FIXED64: u64 = 1;
const LENGTH: u64 = 2;
const FIXED32: u64 = 5;

/// What a field holds, as far as any of our messages has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// An integer.
    Varint(u64),
    /// Bytes, text, or a message.
    Bytes(&'a [u8]),
    /// Of fixed width: in none of our messages.
    Foreign,
}

/// The fields of a message in their order, by number. Stops after the first error.
#[derive(Debug)]
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Value<'a>), Nonsense>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = field(&mut self.0);
        if field.is_none() {
            self.0 = &[];
        }
        Some(field.ok_or(Nonsense("a message that is no protobuf, or is cut off")))
    }
}

fn field<'a>(rest: &mut &'a [u8]) -> Option<(u64, Value<'a>)> {
    let tag = varint(rest)?;
    let value = match tag & 7 {
        VARINT => Value::Varint(varint(rest)?),
        FIXED64 => take(rest, 8).map(|_| Value::Foreign)?,
        LENGTH => {
            let length = usize::try_from(varint(rest)?).ok()?;
            Value::Bytes(take(rest, length)?)
        }
        FIXED32 => take(rest, 4).map(|_| Value::Foreign)?,
        _ => return None,
    };
    let number = tag >> 3;
    (number > 0).then_some((number, value))
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for place in 0..VARINT_BYTES_MAX {
        let byte = *take(rest, 1)?.first()?;
        let bits = u64::from(byte & 0x7F);
        let shifted = bits << (7 * place);
        // The tenth byte has room for one bit.
        if shifted >> (7 * place) != bits {
            return None;
        }
        number |= shifted;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(count)?;
    *rest = left;
    Some(taken)
}

/// Adds a field that holds an integer.
pub(super) fn push_number(message: &mut Vec<u8>, number: u8, value: u64) {
    push_varint(message, u64::from(number) << 3 | VARINT);
    push_varint(message, value);
}

/// Adds a field that holds bytes, text, or a message.
pub(super) fn push_bytes(message: &mut Vec<u8>, number: u8, bytes: &[u8]) {
    push_varint(message, u64::from(number) << 3 | LENGTH);
    push_varint(message, bytes.len() as u64);
    message.extend_from_slice(bytes);
}

fn push_varint(message: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        message.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    message.push(value.to_le_bytes()[0]);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(bytes: &[u8]) -> Result<Vec<(u64, Value<'_>)>, Nonsense> {
        Fields(bytes).collect()
    }

    /// The examples of protobuf.dev, "Encoding".
    #[test]
    fn the_published_examples_are_read() {
        assert_eq!(all(b"\x08\x96\x01"), Ok(vec![(1, Value::Varint(150))]));
        let testing = Value::Bytes(b"testing");
        assert_eq!(all(b"\x12\x07testing"), Ok(vec![(2, testing)]));
        let nested = Value::Bytes(b"\x08\x96\x01");
        assert_eq!(all(b"\x1a\x03\x08\x96\x01"), Ok(vec![(3, nested)]));
        let minus_two = b"\x08\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01";
        assert_eq!(all(minus_two), Ok(vec![(1, Value::Varint(u64::MAX - 1))]));
    }

    #[test]
    fn what_is_cut_off_or_too_long_is_refused() {
        let wrong: [&[u8]; 8] = [
            b"\x08",
            b"\x08\x96",
            b"\x12\x07testin",
            b"\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
            b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02",
            b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
            b"\x0b\x0c",
            b"\x00\x00",
        ];
        for bytes in wrong {
            assert!(all(bytes).is_err(), "{bytes:02x?}");
            assert_eq!(Fields(bytes).count(), 1, "it stops there");
        }
    }

    #[test]
    fn fields_of_fixed_width_are_passed_over() {
        let both = b"\x09\x01\x02\x03\x04\x05\x06\x07\x08\x0d\x01\x02\x03\x04\x10\x05";
        let expected = [
            (1, Value::Foreign),
            (1, Value::Foreign),
            (2, Value::Varint(5)),
        ];
        assert_eq!(all(both).unwrap(), expected);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(number in 1_u8..=15, value: u64, bytes: Vec<u8>) {
            let mut message = Vec::new();
            push_number(&mut message, number, value);
            push_bytes(&mut message, number, &bytes);
            let number = u64::from(number);
            let expected = [(number, Value::Varint(value)), (number, Value::Bytes(&bytes))];
            prop_assert_eq!(all(&message).unwrap(), expected);
        }
    }
}
