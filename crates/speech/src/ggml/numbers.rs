//! Floats of 16 and 32 bit, and blocks of 8 bit with a scale.

/// A block of `q8_0`: so many values share a scale.
const BLOCK: usize = 32;

/// How the values of a tensor are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 32 bit floats.
    F32,
    /// 16 bit floats.
    F16,
    /// Blocks of 32 values: a scale as 16 bit float, and each value as a multiple of it in 8 bit.
    Q8,
}

impl Kind {
    /// The number by which ggml calls it.
    pub fn code(self) -> u32 {
        match self {
            Self::F32 => 0,
            Self::F16 => 1,
            Self::Q8 => 8,
        }
    }
}

/// The values of a tensor as they lie in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Values<'f> {
    /// 32 bit floats.
    F32(&'f [[u8; 4]]),
    /// 16 bit floats.
    F16(&'f [[u8; 2]]),
}

impl<'f> Values<'f> {
    /// By the number that CTranslate2 gives the type; nothing where they are other than these.
    pub fn of(kind: u8, bytes: &'f [u8]) -> Option<Self> {
        match kind {
            0 => whole(bytes.as_chunks()).map(Self::F32),
            4 => whole(bytes.as_chunks()).map(Self::F16),
            _ => None,
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::F32(values) => values.len(),
            Self::F16(values) => values.len(),
        }
    }

    /// A part of them; nothing where it reaches beyond their end.
    pub fn part(&self, range: std::ops::Range<usize>) -> Option<Self> {
        match self {
            Self::F32(values) => values.get(range).map(Self::F32),
            Self::F16(values) => values.get(range).map(Self::F16),
        }
    }

    fn each(&self, mut take: impl FnMut(f32)) {
        match self {
            Self::F32(values) => values.iter().for_each(|v| take(f32::from_le_bytes(*v))),
            Self::F16(values) => values
                .iter()
                .for_each(|v| take(wide(u16::from_le_bytes(*v)))),
        }
    }
}

/// What was cut into pieces, where nothing is left over.
fn whole<'f, const N: usize>((pieces, rest): (&'f [[u8; N]], &[u8])) -> Option<&'f [[u8; N]]> {
    rest.is_empty().then_some(pieces)
}

/// Appends values as 32 bit floats.
pub fn write_f32(values: &Values<'_>, out: &mut Vec<u8>) {
    values.each(|value| out.extend_from_slice(&value.to_le_bytes()));
}

/// Appends values as 16 bit floats.
pub fn write_f16(values: &Values<'_>, out: &mut Vec<u8>) {
    match values {
        Values::F16(values) => out.extend_from_slice(values.as_flattened()),
        Values::F32(_) => values.each(|value| out.extend_from_slice(&narrow(value).to_le_bytes())),
    }
}

/// Appends values as blocks of `q8_0`. What is left over behind the last whole block is padded with
/// zeros; no matrix of Whisper has such a rest.
pub fn write_q8(values: &Values<'_>, out: &mut Vec<u8>) {
    let mut block = Vec::with_capacity(BLOCK);
    values.each(|value| {
        block.push(value);
        if block.len() == BLOCK {
            write_block(&block, out);
            block.clear();
        }
    });
    if !block.is_empty() {
        block.resize(BLOCK, 0.0);
        write_block(&block, out);
    }
}

fn write_block(block: &[f32], out: &mut Vec<u8>) {
    let most = block.iter().fold(0.0_f32, |most, v| most.max(v.abs()));
    let scale = most / 127.0;
    out.extend_from_slice(&narrow(scale).to_le_bytes());
    let steps = block.iter().map(|value| match scale > 0.0 {
        // At most 127 by the choice of the scale.
        true => (value / scale).round_ties_even() as i8,
        false => 0,
    });
    out.extend(steps.map(i8::cast_unsigned));
}

/// A 16 bit float as one of 32 bit; every value fits.
fn wide(half: u16) -> f32 {
    let sign = u32::from(half >> 15) << 31;
    let exponent = u32::from(half >> 10) & 0x1f;
    let fraction = u32::from(half) & 0x3ff;
    let bits = match (exponent, fraction) {
        (0, _) => {
            // Zero, and those too small for an exponent: multiples of 2^-24.
            let value = fraction as f32 / 16_777_216.0;
            return f32::from_bits(value.to_bits() | sign);
        }
        (0x1f, _) => 0x7f80_0000 | fraction << 13,
        _ => (exponent + 127 - 15) << 23 | fraction << 13,
    };
    f32::from_bits(sign | bits)
}

/// The 16 bit float nearest to a value, of two as near the even one (IEEE 754).
fn narrow(value: f32) -> u16 {
    let bits = value.to_bits();
    let sign = ((bits >> 16) & 0x8000) as u16;
    let size = bits & 0x7fff_ffff;
    let half = match size {
        // Not a number stays none, whatever its bits are.
        0x7f80_0001.. => 0x7e00,
        // From halfway beyond the greatest, 65,504, it is infinity.
        0x477f_f000.. => 0x7c00,
        // The least with an exponent of its own, 2^-14.
        0x3880_0000.. => {
            let odd = (size >> 13) & 1;
            ((size - 0x3800_0000 + 0xfff + odd) >> 13) as u16
        }
        // Multiples of 2^-24; 1,024 of them are the least with an exponent, and are spelled so.
        _ => (f32::from_bits(size) * 16_777_216.0).round_ties_even() as u16,
    };
    sign | half
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_16_bit_float_survives_the_way_to_32_bit_and_back() {
        for half in 0..=u16::MAX {
            let value = wide(half);
            match value.is_nan() {
                true => assert!(half & 0x7fff > 0x7c00, "{half:04x}"),
                false => assert_eq!(narrow(value), half, "{half:04x}"),
            }
        }
    }

    #[test]
    fn known_values_are_those_of_ieee_754() {
        for (half, value) in [
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65_504.0),
            (0x0400, 6.103_515_6e-5),
            (0x0001, 5.960_464_5e-8),
            (0x3555, 0.333_251_95),
            (0x7c00, f32::INFINITY),
        ] {
            assert_eq!(wide(half), value, "{half:04x}");
            assert_eq!(narrow(value), half, "{value}");
        }
    }

    #[test]
    fn halfway_between_two_the_even_one_is_taken() {
        let ulp = 2_f32.powi(-10);
        assert_eq!(narrow(1.0 + ulp / 2.0), 0x3c00);
        assert_eq!(narrow(1.0 + ulp * 1.5), 0x3c02);
        assert_eq!(narrow(65_519.996), 0x7bff);
        assert_eq!(narrow(65_520.0), 0x7c00);
        assert_eq!(narrow(f32::from_bits(0x3300_0000)), 0, "half of the least");
        assert_eq!(narrow(f32::from_bits(0x3300_0001)), 1);
    }

    #[test]
    fn a_block_is_a_scale_and_its_multiples() {
        let mut values = vec![0.0_f32; 31];
        values.insert(0, -254.0);
        values[1] = 3.0;
        let bytes: Vec<[u8; 4]> = values.iter().map(|v| v.to_le_bytes()).collect();
        let mut out = Vec::new();
        write_q8(&Values::F32(&bytes), &mut out);
        // The scale is 2; 3 lies halfway between one and two of it.
        let mut expected = vec![0x00, 0x40, 0x81, 0x02];
        expected.resize(34, 0);
        assert_eq!(out, expected);
    }

    proptest! {
        #[test]
        fn the_nearest_of_all_is_taken(value in -70_000.0_f32..70_000.0) {
            let near = wide(narrow(value));
            let bits = narrow(value);
            for other in [bits.wrapping_sub(1), bits.wrapping_add(1)] {
                let other = wide(other);
                let is_nearer = (other - value).abs() < (near - value).abs();
                prop_assert!(!is_nearer || !near.is_finite(), "{value}: {near} and not {other}");
            }
        }

        #[test]
        fn a_block_keeps_each_value_within_half_a_step(values in prop::collection::vec(-8.0_f32..8.0, 32)) {
            let bytes: Vec<[u8; 4]> = values.iter().map(|v| v.to_le_bytes()).collect();
            let mut out = Vec::new();
            write_q8(&Values::F32(&bytes), &mut out);
            let most = values.iter().fold(0.0_f32, |most, v| most.max(v.abs()));
            for (value, step) in values.iter().zip(&out[2..]) {
                let back = most / 127.0 * f32::from(step.cast_signed());
                prop_assert!((back - value).abs() <= most / 127.0 * 0.501, "{value} became {back}");
            }
        }
    }
}
