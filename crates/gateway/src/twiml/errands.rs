//! What documents have done for them, each within a time.

#[cfg(test)]
mod tests;

use super::fetch::{self, Asked};
use super::{speech, steps};
use crate::apps::{self, Asking};
use crate::settings::Settings;
use crate::shard::AppStream;
use crate::sound::{self, WAV_BYTES_MAX};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use trunkline_call::{CallInfo, Direction, SAMPLE_RATE_HZ};
use trunkline_providers::Form;
use trunkline_providers::twiml::BYTES_MAX;
use trunkline_providers::url::shown;
use trunkline_streams::document::{Brought, Errand, Method, Page, Sound};
use tungstenite::WebSocket;

/// How long one errand may take.
const ERRAND_TIME_MAX: Duration = Duration::from_secs(20);
/// Errands under way at once; further ones wait, and their time runs.
const ERRANDS_MAX: usize = 64;
static ROOM: Semaphore = Semaphore::const_new(ERRANDS_MAX);
/// The longest sound: two minutes.
const SOUND_SAMPLES_MAX: usize = 120 * SAMPLE_RATE_HZ as usize;
/// The account that calls are said to be of, as in the `start` of their streams.
const ACCOUNT: &str = "AC00000000000000000000000000000000";

/// What came of an errand.
pub enum Done {
    /// Something for the document itself.
    Brought(Brought),
    /// Its application is connected.
    Connected(Box<WebSocket<AppStream>>),
}

/// Does it.
///
/// # Errors
/// In words: why it could not be done.
pub async fn do_errand(
    errand: Errand,
    info: &CallInfo,
    settings: Arc<Settings>,
) -> Result<Done, String> {
    do_within(ERRAND_TIME_MAX, errand, info, settings).await
}

async fn do_within(
    limit: Duration,
    errand: Errand,
    info: &CallInfo,
    settings: Arc<Settings>,
) -> Result<Done, String> {
    let errand = async {
        let _place = ROOM.acquire().await;
        match errand {
            Errand::Sound(sound) => {
                let samples = samples(&sound, &settings).await?;
                Ok(Done::Brought(Brought::Sound(samples)))
            }
            Errand::Page(page) => {
                let steps = fetch_page(&page, info, &settings).await?;
                Ok(Done::Brought(Brought::Page(steps)))
            }
            Errand::Stream(stream) => {
                let url = &stream.url;
                let asking = Asking {
                    auth_token: settings.providers.twilio.auth_token.clone(),
                    trust: settings.tls.clone(),
                    ..Asking::default()
                };
                let check = |address| settings.fetch.check(url, address);
                let permits = |address| check(address).map_err(|why| why.to_string());
                let opened = apps::open(url, &asking, info, permits).await;
                let opened = opened.map_err(|error| error.to_string())?;
                Ok(Done::Connected(Box::new(opened)))
            }
        }
    };
    let done = timeout(limit, errand).await;
    done.unwrap_or_else(|_| Err(format!("not done within {} s", limit.as_secs())))
}

async fn samples(sound: &Sound, settings: &Settings) -> Result<Arc<[i16]>, String> {
    let (file, what) = match sound {
        Sound::Here(samples) => return Ok(Arc::clone(samples)),
        Sound::Speech(said) => {
            let command = settings.speech.as_deref();
            let command = command.ok_or("speech.command is not set any more")?;
            let file = speech::speak(command, said).await?;
            (file, "what speech.command gives".to_owned())
        }
        Sound::File(url) => {
            let asked = Asked {
                url,
                form: Form::default(),
                is_get: true,
                signed_with: None,
                bytes_max: WAV_BYTES_MAX,
            };
            let (file, _) = fetch::get(asked, settings).await?;
            (file, shown(url))
        }
    };
    let samples = sound::samples_beside(file).await;
    let samples = samples.map_err(|why| format!("{what}: {why}"))?;
    if samples.len() > SOUND_SAMPLES_MAX {
        let most = SOUND_SAMPLES_MAX / SAMPLE_RATE_HZ as usize;
        return Err(format!("{what} is longer than {most} s"));
    }
    Ok(samples.into())
}

async fn fetch_page(
    page: &Page,
    info: &CallInfo,
    settings: &Settings,
) -> Result<Vec<trunkline_streams::document::Step>, String> {
    let asked = Asked {
        url: &page.url,
        form: facts(info, page.keys.as_deref()),
        is_get: page.method == Method::Get,
        signed_with: settings.providers.twilio.auth_token.as_ref(),
        bytes_max: BYTES_MAX,
    };
    let (document, found_at) = fetch::get(asked, settings).await?;
    let wrong = |why: String| format!("{}: {why}", shown(&found_at));
    let document = std::str::from_utf8(&document).map_err(|error| wrong(error.to_string()))?;
    steps(document, Some(&found_at), settings).map_err(|why| wrong(why.to_string()))
}

/// What Twilio tells of a call where it asks what comes next, and of the keys that were gathered.
fn facts(info: &CallInfo, keys: Option<&str>) -> Form {
    let call = format!("CA{}", info.id);
    let direction = match info.direction {
        Direction::Inbound => "inbound",
        Direction::Outbound => "outbound-api",
    };
    let facts = [
        ("AccountSid", ACCOUNT),
        ("ApiVersion", "2010-04-01"),
        ("CallSid", call.as_str()),
        ("CallStatus", "in-progress"),
        ("Direction", direction),
        ("From", info.from.as_str()),
        ("To", info.to.as_str()),
    ];
    let keys = keys.map(|keys| ("Digits", keys));
    Form::from_iter(facts.into_iter().chain(keys))
}
