//! Asks a server what is to become of a call, as its provider asks.

use std::time::{SystemTime, UNIX_EPOCH};

use trunkline_phone::provider::webhook::{Credential, Ringing};
use trunkline_providers::Provider;
use trunkline_providers::answer::{Answered, Stream, read};
use trunkline_providers::url::Url;
use trunkline_streams::StreamDialect;
use trunkline_streams::stream::{Encoding, MediaFormat};

use super::super::Failure;
use super::ACCOUNT;
use crate::providers::{CannotSend, ask_webhook};
use crate::tls::Trust;

/// How much of an answer is shown.
const ANSWER_CHARS: usize = 300;

/// A server's webhook.
pub struct Webhook<'a> {
    pub provider: Provider,
    pub dialect: &'static StreamDialect,
    pub url: &'a str,
    pub public_url: Option<&'a str>,
    pub credential: Option<&'a Credential>,
    pub trust: &'a Trust,
}

/// Where the stream of a call is.
#[derive(Clone, Debug, PartialEq)]
pub struct Led {
    /// As the server wrote it.
    pub public_url: String,
    /// Where it is opened.
    pub url: String,
    pub parameters: Vec<(String, String)>,
    pub sends: Option<MediaFormat>,
    pub takes: Option<MediaFormat>,
}

impl Led {
    /// A stream of which nothing but the place is known.
    pub fn to(url: &str) -> Self {
        Self {
            public_url: url.to_owned(),
            url: url.to_owned(),
            parameters: Vec::new(),
            sends: None,
            takes: None,
        }
    }
}

impl Webhook<'_> {
    /// Asks about a call.
    pub fn ask(&self, call: &str, from: &str, to: &str) -> Result<Led, Failure> {
        let account = format!("{}{ACCOUNT}", self.dialect.ids.account);
        let ringing = Ringing {
            call,
            account: &account,
            from,
            to,
        };
        let signed = self.signed_url().map_err(Failure::Usage)?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now_s = now.unwrap_or_default().as_secs();
        let urls = (self.url, signed.as_str());
        let request = ringing.request(self.provider, urls, self.credential, now_s);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Failure::of)?;
        let answer = runtime.block_on(ask_webhook(&request, self.trust));
        let (status, body) = answer.map_err(|error| match error {
            CannotSend::Url(_) => Failure::Usage(error.to_string()),
            _ => Failure::of(error),
        })?;
        let body = String::from_utf8_lossy(&body);
        let shown: String = body.chars().take(ANSWER_CHARS).collect();
        let shown = shown.escape_debug();
        if status != 200 {
            let what = format!("the webhook answered {status}, not 200: {shown}");
            return Err(Failure::Failed(what));
        }
        let answered = read(self.provider, &body)
            .map_err(|bad| Failure::Failed(format!("the webhook: {bad}: {shown}")))?;
        match answered {
            Answered::Stream(stream) => self.led(stream).map_err(Failure::Failed),
            Answered::Other(verbs) => {
                let verbs = verbs.join(", ").escape_debug().to_string();
                let what = format!("the webhook did not connect the call to a stream: {verbs}");
                Err(Failure::Failed(what))
            }
        }
    }

    /// The webhook at the server's public place.
    fn signed_url(&self) -> Result<String, String> {
        let Some(public) = self.public_url else {
            return Ok(self.url.to_owned());
        };
        let asked = Url::parse(self.url);
        let asked = asked.ok_or_else(|| format!("--webhook: {} is no URL", self.url))?;
        let query = asked.query.map(|query| format!("?{query}"));
        let public = public.trim_end_matches('/');
        Ok(format!(
            "{public}{}{}",
            asked.path,
            query.unwrap_or_default()
        ))
    }

    fn led(&self, stream: Stream) -> Result<Led, String> {
        Ok(Led {
            url: self.opened_at(&stream.url),
            sends: self.format(stream.sends.as_deref())?,
            takes: self.format(stream.takes.as_deref())?,
            parameters: stream.parameters,
            public_url: stream.url,
        })
    }

    /// What leads to the server's public place is opened where the webhook is.
    fn opened_at(&self, stream: &str) -> String {
        let public = self.public_url.and_then(Url::parse);
        let (Some(led), Some(public), Some(asked)) =
            (Url::parse(stream), public, Url::parse(self.url))
        else {
            return stream.to_owned();
        };
        if led.authority != public.authority {
            return stream.to_owned();
        }
        let scheme = if asked.scheme == "https" { "wss" } else { "ws" };
        let query = led.query.map(|query| format!("?{query}"));
        let (host, path) = (asked.authority, led.path);
        format!("{scheme}://{host}{path}{}", query.unwrap_or_default())
    }

    /// A format by the name that the answer has for it; what its bytes are, `start` will say.
    fn format(&self, name: Option<&str>) -> Result<Option<MediaFormat>, String> {
        let own = self.dialect.manners.format.encoding;
        let linear = match own {
            Encoding::L16Little | Encoding::L16Big => own,
            _ => Encoding::L16Unknown,
        };
        let Some(name) = name else {
            return Ok(None);
        };
        let format = MediaFormat::announced(name, None, linear);
        let unknown = || format!("the webhook asks for {} audio", name.escape_debug());
        format.map(Some).ok_or_else(unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use trunkline_streams::dialect::stream;

    fn webhook<'a>(public_url: Option<&'a str>, trust: &'a Trust) -> Webhook<'a> {
        Webhook {
            provider: Provider::Twilio,
            dialect: stream("twilio").expect("a dialect"),
            url: "http://127.0.0.1:8000/sip/twilio/answer?x=1",
            public_url,
            credential: None,
            trust,
        }
    }

    #[test]
    fn what_leads_to_the_public_place_is_opened_where_the_webhook_is() {
        let trust = Trust::default();
        let webhook = webhook(Some("https://voice.example.com/"), &trust);
        let signed = "https://voice.example.com/sip/twilio/answer?x=1";
        assert_eq!(webhook.signed_url().as_deref(), Ok(signed));
        assert_eq!(
            webhook.opened_at("wss://voice.example.com/s/t"),
            "ws://127.0.0.1:8000/s/t"
        );
        let elsewhere = "wss://media.example.com/s/t";
        assert_eq!(webhook.opened_at(elsewhere), elsewhere);
    }

    #[test]
    fn without_a_public_place_everything_is_where_it_says() {
        let trust = Trust::default();
        let webhook = webhook(None, &trust);
        assert_eq!(webhook.signed_url().as_deref(), Ok(webhook.url));
        let stream = "wss://voice.example.com/s/t";
        assert_eq!(webhook.opened_at(stream), stream);
    }
}
