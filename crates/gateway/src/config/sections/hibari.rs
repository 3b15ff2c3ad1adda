//! The voice of the agent in this process, which builds with speech models have.

use crate::config::field::Section;
use trunkline_agent::engines::Tts;

/// How much faster or slower than by itself it may speak.
const SPEEDS: std::ops::RangeInclusive<f32> = 0.5..=2.0;
const SPEED_REMEDY: &str = "write a number from 0.5 to 2, such as 1.2";

/// The voice of a section of `type: hibari`.
pub fn voice(section: &Section<'_>) -> Option<Box<dyn Tts>> {
    let speed = |text: &str| {
        let speed = text.parse().ok().filter(|speed| SPEEDS.contains(speed));
        speed.ok_or("it is out of range")
    };
    let speed = match section.get("speed") {
        Some(field) => field.read(speed, SPEED_REMEDY)?,
        None => 1.0,
    };
    let told = |(what, remedy): (String, &'static str)| section.field().wrong(what, remedy);
    speaking(speed).map_err(told).ok()
}

/// The voice that speaks where the file does not say which: this one, if it is there.
pub fn voice_by_default() -> Option<Box<dyn Tts>> {
    speaking(1.0).ok()
}

/// The voice, or what is wrong and what to do about it.
#[cfg(feature = "speech")]
fn speaking(speed: f32) -> Result<Box<dyn Tts>, (String, &'static str)> {
    use crate::models;
    use trunkline_agent::engines::HibariTts;
    let voice = HibariTts::new(&models::directory().join(models::HIBARI), speed);
    let remedy = "type `trunkline models fetch`";
    let voice = voice.map_err(|error| (format!("the voice is not there: {error}"), remedy))?;
    Ok(Box::new(voice))
}

#[cfg(not(feature = "speech"))]
fn speaking(_speed: f32) -> Result<Box<dyn Tts>, (String, &'static str)> {
    let what = "this build has no speech models".to_owned();
    Err((what, "build it with `--features speech`"))
}
