//! L16: 16 bit linear samples as bytes, in either byte order.
//!
//! RTP carries network order (RFC 3551 section 4.5.11); WebSocket media streams mostly carry little
//! endian. Streams may be cut between any two bytes: the decoder carries the odd one over.

/// Which byte of a sample comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteOrder {
    /// Most significant first: RTP's L16.
    Big,
    /// Least significant first: `pcm_s16le`.
    Little,
}

impl ByteOrder {
    /// One sample from its two bytes.
    #[inline]
    pub fn sample(self, bytes: [u8; 2]) -> i16 {
        match self {
            Self::Big => i16::from_be_bytes(bytes),
            Self::Little => i16::from_le_bytes(bytes),
        }
    }

    /// One sample as two bytes.
    #[inline]
    pub fn bytes(self, sample: i16) -> [u8; 2] {
        match self {
            Self::Big => sample.to_be_bytes(),
            Self::Little => sample.to_le_bytes(),
        }
    }
}

/// Decodes a stream of bytes that may be cut anywhere.
#[derive(Clone, Debug)]
pub struct Decoder {
    order: ByteOrder,
    /// The first byte of a sample whose second has not come yet.
    odd: Option<u8>,
}

impl Decoder {
    /// A decoder at the start of a stream.
    pub fn new(order: ByteOrder) -> Self {
        Self { order, odd: None }
    }

    /// Samples that [`Decoder::decode`] will write for `bytes` more bytes.
    pub fn output_len(&self, bytes: usize) -> usize {
        (bytes + usize::from(self.odd.is_some())) / 2
    }

    /// Decodes `bytes` into the front of `samples` and returns how many samples were written.
    ///
    /// # Panics
    ///
    /// When `samples` is shorter than [`Decoder::output_len`] of `bytes.len()`.
    pub fn decode(&mut self, bytes: &[u8], samples: &mut [i16]) -> usize {
        let count = self.output_len(bytes.len());
        let samples = &mut samples[..count];
        let (mut rest, mut written) = (bytes, 0);
        if let (Some(first), Some((second, tail))) = (self.odd, bytes.split_first()) {
            samples[0] = self.order.sample([first, *second]);
            self.odd = None;
            (rest, written) = (tail, 1);
        }
        let (pairs, odd) = rest.as_chunks::<2>();
        for (sample, pair) in samples[written..].iter_mut().zip(pairs) {
            *sample = self.order.sample(*pair);
        }
        self.odd = odd.first().copied().or(self.odd);
        count
    }
}

/// Encodes as many samples as `bytes` has room for and returns how many bytes were written.
pub fn encode(order: ByteOrder, samples: &[i16], bytes: &mut [u8]) -> usize {
    let (pairs, _) = bytes.as_chunks_mut::<2>();
    for (pair, sample) in pairs.iter_mut().zip(samples) {
        *pair = order.bytes(*sample);
    }
    2 * pairs.len().min(samples.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn both_orders_are_what_they_say() {
        let mut bytes = [0; 4];
        assert_eq!(encode(ByteOrder::Big, &[0x0102, -2], &mut bytes), 4);
        assert_eq!(bytes, [0x01, 0x02, 0xFF, 0xFE]);
        assert_eq!(encode(ByteOrder::Little, &[0x0102, -2], &mut bytes), 4);
        assert_eq!(bytes, [0x02, 0x01, 0xFE, 0xFF]);
    }

    #[test]
    fn encoding_stops_where_the_room_ends() {
        let mut bytes = [9; 3];
        assert_eq!(encode(ByteOrder::Big, &[1, 2, 3], &mut bytes), 2);
        assert_eq!(bytes, [0, 1, 9]);
    }

    proptest! {
        #[test]
        fn any_cut_of_the_bytes_gives_the_same_samples(
            samples in prop::collection::vec(any::<i16>(), 0..200),
            cuts in prop::collection::vec(0_usize..7, 0..200),
            big in any::<bool>(),
        ) {
            let order = if big { ByteOrder::Big } else { ByteOrder::Little };
            let mut bytes = vec![0; samples.len() * 2];
            encode(order, &samples, &mut bytes);
            let mut decoder = Decoder::new(order);
            let mut out = Vec::new();
            let mut rest = bytes.as_slice();
            for cut in cuts.into_iter().chain([bytes.len()]) {
                let (chunk, tail) = rest.split_at(cut.min(rest.len()));
                let start = out.len();
                out.resize(start + decoder.output_len(chunk.len()), 0);
                decoder.decode(chunk, &mut out[start..]);
                rest = tail;
            }
            prop_assert_eq!(out, samples);
        }
    }
}
