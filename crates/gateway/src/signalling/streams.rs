//! Calls that a provider brings as a media stream: who takes it, and where it lives.

use super::Desk;
use super::card::{Card, Way};
use super::incoming::call_info;
use super::placed::Awaited;
use crate::control::ControlError;
use crate::shard::{Messages, NewLine};
use std::net::SocketAddr;
use std::time::{Instant, SystemTime};
use trunkline_call::record::CallRecord;
use trunkline_call::routes::{Arrival, Decision};
use trunkline_call::{CallInfo, Direction, Headers};
use trunkline_legs::stream::{Greeted, Settings, StreamLeg};
use trunkline_providers::answer::TexmlCodec;
use trunkline_streams::stream::sound::UnsupportedFormat;
use trunkline_streams::stream::{Encoding, MediaFormat, Start};

/// A provider's stream that has begun.
pub struct NewStream {
    /// What it said of itself.
    pub greeted: Greeted,
    /// Its open connection.
    pub socket: Messages,
    /// Where that comes from.
    pub client: SocketAddr,
}

/// Why a stream did not become a call.
#[derive(Debug, thiserror::Error)]
pub enum NoCall {
    /// There is no room, or the gateway is stopping.
    #[error(transparent)]
    NoRoom(ControlError),
    /// No rule names its numbers.
    #[error("no route takes a call to {0:?}; add one to `routes`")]
    NoRoute(String),
    /// Its audio is none we have.
    #[error(transparent)]
    Unsupported(#[from] UnsupportedFormat),
}

/// A stream that did not become a call, with its connection.
pub type TurnedAway = (NoCall, Messages);

/// How a call is named at its provider.
#[derive(Clone, Debug)]
pub struct AtProvider {
    /// The provider's dialect.
    pub dialect: &'static str,
    /// Its name of the call.
    pub call_id: String,
}

impl Desk {
    /// Whether another call has room.
    pub(super) fn room(&self) -> Result<(), ControlError> {
        if self.draining {
            return Err(ControlError::Stopping);
        }
        if self.calls_under_way() >= self.calls_max {
            return Err(ControlError::Full("limits.calls is reached".to_owned()));
        }
        if self.is_overloaded() {
            return Err(ControlError::Full("the machine is overloaded".to_owned()));
        }
        Ok(())
    }

    /// Whether another stream has room. While a call is awaited that a provider places for us, it may
    /// be that call, whose room is kept; its `start` tells.
    pub(super) fn stream_room(&self) -> Result<(), ControlError> {
        match self.awaited.is_empty() {
            true => self.room(),
            false => Ok(()),
        }
    }

    /// Calls that are there, or on their way.
    pub(super) fn calls_under_way(&self) -> usize {
        self.cards.len() + self.pending.len() + self.awaited.len()
    }

    /// Makes a stream a call, or gives its connection back.
    pub(super) fn stream_begun(&mut self, stream: NewStream) -> Result<(), Box<TurnedAway>> {
        let NewStream {
            greeted,
            socket,
            client,
        } = stream;
        match self.stream_call(greeted, client) {
            Ok((card, leg)) => {
                self.begin(card, Box::new(leg), NewLine::Stream(socket));
                Ok(())
            }
            Err(why) => {
                self.calls_refused += u64::from(matches!(why, NoCall::NoRoom(_)));
                Err(Box::new((why, socket)))
            }
        }
    }

    fn stream_call(
        &mut self,
        mut greeted: Greeted,
        client: SocketAddr,
    ) -> Result<(Card, StreamLeg), NoCall> {
        let now = Instant::now();
        let provider = greeted.dialect.name;
        // One that we had the provider place has had its room all the time.
        let awaited = self.awaited(&greeted.start, provider);
        if awaited.is_none() {
            self.room().map_err(NoCall::NoRoom)?;
        }
        if provider == "telnyx" {
            // Its `start` does not tell what it takes: that is what our answer document asked for.
            greeted.start.down = Some(taken(self.settings.providers.telnyx.codec));
        }
        let at_provider = AtProvider {
            dialect: provider,
            call_id: greeted.start.call_id.clone(),
        };
        let settings = Settings {
            longest_call: self.settings.limits.call_duration,
            deaf_after: self.settings.limits.app_deaf,
            by_rest: self.by_rest(provider),
        };
        let start = greeted.start.clone();
        // Where this fails a call that is awaited stays so: its provider tells its end, or we end it.
        let leg = StreamLeg::new(greeted, settings, now)?;
        let (info, record, began) = match awaited.and_then(|id| self.awaited.remove(&id)) {
            Some(Awaited {
                info,
                record,
                began,
                ..
            }) => (info, record, began),
            None => {
                let (info, app) = self.taker(&start, provider, client)?;
                let record = CallRecord::new(&info, &app, SystemTime::now());
                (info, record, now)
            }
        };
        let record = CallRecord {
            sip_call_id: at_provider.call_id.clone(),
            peer: client.to_string(),
            provider: Some(provider.to_owned()),
            ..record
        };
        let way = Way::Stream(at_provider);
        let (key, shard) = (self.new_key(), self.least_busy_shard());
        let card = Card {
            began,
            ..Card::new(key, way, shard, info, record)
        };
        Ok((card, leg))
    }

    /// What the application is told, and which one it is.
    fn taker(
        &self,
        start: &Start,
        provider: &str,
        client: SocketAddr,
    ) -> Result<(CallInfo, String), NoCall> {
        let mut headers = Headers::default();
        for (name, value) in start.parameters.iter() {
            // What is no header matches no rule for headers.
            let _ = headers.push(name, value);
        }
        let arrival = Arrival {
            to: &start.to,
            from: &start.from,
            trunk: None,
            provider: Some(provider),
            user: None,
            headers: &headers,
            source: Some(client.ip()),
            at: self.settings.clock.now(),
        };
        let decision = self.settings.routes.find(&arrival);
        let Decision {
            app,
            mut parameters,
        } = decision.ok_or_else(|| NoCall::NoRoute(start.to.clone()))?;
        for (name, value) in start.parameters.iter() {
            // What does not fit the limits is left out.
            let _ = parameters.push(name, value);
        }
        let direction = start.direction.unwrap_or(Direction::Inbound);
        let (from, to) = (start.from.clone(), start.to.clone());
        let info = call_info(
            direction,
            from,
            to,
            Some(client),
            Headers::default(),
            parameters,
        );
        Ok((info, app.to_owned()))
    }
}

/// The `bidirectionalCodec` of our answer documents. In which order Telnyx has the bytes of linear
/// audio, only listening tells.
fn taken(codec: TexmlCodec) -> MediaFormat {
    let (encoding, rate) = match codec {
        TexmlCodec::Pcmu => (Encoding::Pcmu, 8_000),
        TexmlCodec::Pcma => (Encoding::Pcma, 8_000),
        TexmlCodec::G722 => (Encoding::G722, 16_000),
        TexmlCodec::L16 => (Encoding::L16Unknown, 16_000),
    };
    MediaFormat { encoding, rate }
}
