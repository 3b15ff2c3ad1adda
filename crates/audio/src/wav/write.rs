use super::FORMAT_PCM;

const HEADER_BYTES: usize = 44;

/// The 44 bytes before the samples of a 16 bit PCM file. `data_bytes` is the length of all samples;
/// what does not fit the format's 32 bits is written as its largest value, which readers take as "to
/// the end of the file".
pub fn header(rate_hz: u32, channels: u16, data_bytes: usize) -> [u8; HEADER_BYTES] {
    let data_bytes = u32::try_from(data_bytes).unwrap_or(u32::MAX);
    let frame_bytes = channels.saturating_mul(2);
    let byte_rate = rate_hz.saturating_mul(u32::from(frame_bytes));
    let fields: [&[u8]; 13] = [
        b"RIFF",
        &data_bytes
            .saturating_add(HEADER_BYTES as u32 - 8)
            .to_le_bytes(),
        b"WAVE",
        b"fmt ",
        &16_u32.to_le_bytes(),
        &FORMAT_PCM.to_le_bytes(),
        &channels.to_le_bytes(),
        &rate_hz.to_le_bytes(),
        &byte_rate.to_le_bytes(),
        &frame_bytes.to_le_bytes(),
        &16_u16.to_le_bytes(),
        b"data",
        &data_bytes.to_le_bytes(),
    ];
    let mut header = [0; HEADER_BYTES];
    let bytes = fields.into_iter().flatten();
    for (place, byte) in header.iter_mut().zip(bytes) {
        *place = *byte;
    }
    header
}

/// A whole mono file.
pub fn write_mono(rate_hz: u32, samples: &[i16]) -> Vec<u8> {
    let mut file = header(rate_hz, 1, samples.len() * 2).to_vec();
    file.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    file
}

/// A whole stereo file. The shorter side is followed by silence.
pub fn write_stereo(rate_hz: u32, left: &[i16], right: &[i16]) -> Vec<u8> {
    let length = left.len().max(right.len());
    let mut file = header(rate_hz, 2, length * 4).to_vec();
    let at = |side: &[i16], n: usize| side.get(n).copied().unwrap_or(0_i16).to_le_bytes();
    file.extend(
        (0..length)
            .flat_map(|n| [at(left, n), at(right, n)])
            .flatten(),
    );
    file
}
