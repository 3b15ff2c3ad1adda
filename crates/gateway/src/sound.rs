//! WAV files as callers hear them.

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use trunkline_audio::{Resampler, wav};
use trunkline_call::SAMPLE_RATE_HZ;

/// The largest file that is played: a minute of 48 kHz stereo, and its head.
pub const WAV_BYTES_MAX: usize = 12 * 1024 * 1024;

/// Files read at once beside the calls; further ones wait. The longest takes 100 MB while it is read.
const READ_AT_ONCE_MAX: usize = 2;
static ROOM: Semaphore = Semaphore::const_new(READ_AT_ONCE_MAX);

/// The samples of a WAV file at our rate.
///
/// # Errors
/// In words: what is wrong with the file.
pub fn samples(file: &[u8]) -> Result<Vec<i16>, String> {
    let file = wav::read(file).map_err(|error| error.to_string())?;
    let resampler = Resampler::new(file.rate_hz, SAMPLE_RATE_HZ);
    let mut resampler = resampler.map_err(|error| error.to_string())?;
    let input = file.into_mono();
    let mut output = vec![0; resampler.output_len(input.len())];
    let length = resampler.process(&input, &mut output);
    output.truncate(length);
    Ok(output)
}

/// The same for a task on whose thread others wait: minutes of sound take a tenth of a second.
///
/// # Errors
/// As [`samples`].
pub async fn samples_beside(file: impl AsRef<[u8]> + Send + 'static) -> Result<Vec<i16>, String> {
    let place = ROOM.acquire().await;
    let read = spawn_blocking(move || {
        // Whoever asked may be gone before it is read.
        let _place = place;
        samples(file.as_ref())
    });
    read.await.unwrap_or_else(|error| Err(error.to_string()))
}
