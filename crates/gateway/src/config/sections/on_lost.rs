//! `on_lost`: what becomes of a call whose application is lost.

use crate::config::field::Field;
use crate::config::keys;
use crate::sound::{self, WAV_BYTES_MAX};
use std::sync::Arc;
use std::time::Duration;
use trunkline_streams::{OnLost, PIECE_SAMPLES_MAX};

/// How long an application is dialled again unless the file says otherwise.
const WITHIN: Duration = Duration::from_secs(10);
/// The longest that a caller is kept without anybody: five minutes.
const WITHIN_SECONDS_MAX: u64 = 300;
const WAV_REMEDY: &str = "name a WAV file of at most a minute";

pub fn on_lost(field: &Field<'_>) -> Option<OnLost> {
    let section = field.section(&keys::ON_LOST);
    let within = match section.get("within") {
        Some(field) => Duration::from_secs(field.number(0..=WITHIN_SECONDS_MAX)?),
        None => WITHIN,
    };
    let music = section.get("music").map(|field| piece(&field));
    let prompt = section.get("prompt").map(|field| piece(&field));
    Some(OnLost {
        within,
        music: music.flatten(),
        prompt: prompt.flatten(),
    })
}

/// The samples of a WAV file of at most a minute, at our rate.
pub fn piece(field: &Field<'_>) -> Option<Arc<[i16]>> {
    let path = field.text()?;
    match samples(path) {
        Ok(samples) if samples.is_empty() || samples.len() > PIECE_SAMPLES_MAX => {
            field.wrong(
                format!("{path} is empty or longer than a minute"),
                WAV_REMEDY,
            );
            None
        }
        Ok(samples) => Some(samples.into()),
        Err(why) => {
            field.wrong(format!("{path}: {why}"), WAV_REMEDY);
            None
        }
    }
}

fn samples(path: &str) -> Result<Vec<i16>, String> {
    let about = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if !about.is_file() || about.len() > WAV_BYTES_MAX as u64 {
        return Err("no file, or a larger one than a minute needs".to_owned());
    }
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    sound::samples(&bytes)
}
