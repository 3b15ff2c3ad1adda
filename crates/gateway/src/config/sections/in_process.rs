//! Engines of the voice agent in this process, which builds with speech models have.

use crate::config::field::Section;
use crate::models;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use trunkline_agent::engines::Stt;

/// What is wrong, and what to do about it.
type Wrong = (String, &'static str);

/// Whisper, with the model that `model` names, or the one that was fetched.
pub fn whisper(section: &Section<'_>) -> Option<Arc<dyn Stt>> {
    with_model(section, models::WHISPER, listening)
}

fn with_model<T>(
    section: &Section<'_>,
    fetched: &str,
    open: impl FnOnce(&Path) -> Result<T, Wrong>,
) -> Option<T> {
    let model = section.get("model");
    let path = match &model {
        Some(field) => PathBuf::from(field.text()?),
        None => models::directory().join(fetched),
    };
    let field = model.as_ref().unwrap_or(section.field());
    let told = |(what, remedy): Wrong| field.wrong(what, remedy);
    open(&path).map_err(told).ok()
}

/// What hears where the file does not say it: Whisper, if it is there.
pub fn stt_by_default(app: &Section<'_>) -> Option<Arc<dyn Stt>> {
    let told = |(what, remedy): Wrong| {
        let what = format!("`stt` is missing, and {what}");
        app.field()
            .wrong(what, format!("add `stt: …`, or {remedy}"));
    };
    let fetched = models::directory().join(models::WHISPER);
    listening(&fetched).map_err(told).ok()
}

#[cfg(feature = "speech")]
fn listening(model: &Path) -> Result<Arc<dyn Stt>, Wrong> {
    use trunkline_agent::engines::WhisperStt;
    let stt = WhisperStt::new(model);
    let stt = stt.map_err(|error| (format!("Whisper has no model: {error}"), FETCH))?;
    Ok(Arc::new(stt))
}

#[cfg(feature = "speech")]
const FETCH: &str = "type `trunkline models fetch`";

#[cfg(not(feature = "speech"))]
fn listening(_model: &Path) -> Result<Arc<dyn Stt>, Wrong> {
    Err(not_built())
}

#[cfg(not(feature = "speech"))]
fn not_built() -> Wrong {
    let what = "this build has no speech models".to_owned();
    (what, "build it with `--features speech`")
}
