//! A connection that brings a call as a stream, from its first message to its shard.

use crate::control::Control;
use crate::http::StreamRefusal;
use crate::shard::{Messages, frame_of};
use crate::signalling::{NewStream, NoCall};
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;
use trunkline_legs::stream::{Greeted, Greeting, START_MAX};
use trunkline_streams::stream::Start;
use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::{Error, Utf8Bytes};

/// Streams of one listener that may be without a beginning at one time.
pub const GREETINGS_MAX: usize = 256;
/// How long a provider that is turned away has to answer our close frame.
const CLOSE_MAX: Duration = Duration::from_secs(1);
/// The longest reason in a close frame (RFC 6455 §5.5), less its code.
const REASON_BYTES_MAX: usize = 123;

/// A provider that has connected and not said yet whose call it brings.
pub struct Newcomer {
    /// Its open connection.
    pub socket: Messages,
    /// What it has to say.
    pub greeting: Greeting,
    /// Where it comes from.
    pub client: SocketAddr,
    /// What its address told beside the path.
    pub query: Vec<(String, String)>,
}

/// Why it was sent away, and how its connection is closed.
struct Farewell {
    kind: StreamRefusal,
    code: CloseCode,
    words: String,
}

impl Newcomer {
    /// Hears it out and hands it over, or turns it away with the reason.
    pub async fn become_call(mut self, control: &Control, place: OwnedSemaphorePermit) {
        let began = timeout(START_MAX, self.beginning()).await;
        let farewell = match began {
            Ok(Ok(greeted)) => {
                drop(place);
                return self.enter(greeted, control).await;
            }
            // It has gone by itself.
            Ok(Err(None)) => return control.metrics().stream_refused(StreamRefusal::NoStart),
            Ok(Err(Some(farewell))) => farewell,
            Err(_) => Farewell {
                kind: StreamRefusal::NoStart,
                code: CloseCode::Policy,
                words: format!("no start within {} s", START_MAX.as_secs()),
            },
        };
        turn_away(self.socket, self.client, farewell, control).await;
    }

    /// Reads until the stream has begun. `None` where the connection ends before.
    async fn beginning(&mut self) -> Result<Greeted, Option<Farewell>> {
        loop {
            let message = match self.socket.read() {
                Ok(message) => message,
                Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => {
                    // A pong that was gathered leaves before we wait.
                    let _ = self.socket.flush();
                    let stream = self.socket.stream();
                    stream.readable_again().await.map_err(|_| None)?;
                    continue;
                }
                Err(_) => return Err(None),
            };
            let Some(frame) = frame_of(&message) else {
                continue;
            };
            let heard = self.greeting.hear(frame);
            let heard = heard.map_err(|refusal| Farewell {
                kind: StreamRefusal::Nonsense,
                code: CloseCode::Policy,
                words: refusal.to_string(),
            })?;
            if let Some(greeted) = heard {
                return Ok(greeted);
            }
        }
    }

    async fn enter(self, greeted: Greeted, control: &Control) {
        let Self {
            socket,
            client,
            query,
            ..
        } = self;
        let mut greeted = greeted;
        tell(&mut greeted.start, query);
        let new = NewStream {
            greeted,
            socket,
            client,
        };
        // A gateway that has stopped has closed the connection with its question.
        if let Ok(Err(turned_away)) = control.stream(new).await {
            let (why, socket) = *turned_away;
            turn_away(socket, client, farewell(&why), control).await;
        }
    }
}

/// Adds what the address told: numbers where the stream names none, parameters of the call.
fn tell(start: &mut Start, query: Vec<(String, String)>) {
    for (name, value) in query {
        match name.as_str() {
            "from" if start.from.is_empty() => start.from = value,
            "to" if start.to.is_empty() => start.to = value,
            // What does not fit the limits is left out.
            _ => {
                start.parameters.push(&name, &value);
            }
        }
    }
}

fn farewell(why: &NoCall) -> Farewell {
    let (kind, code) = match why {
        NoCall::NoRoom(_) => (StreamRefusal::NoRoom, CloseCode::Again),
        NoCall::NoRoute(_) => (StreamRefusal::NoRoute, CloseCode::Policy),
        NoCall::Unsupported(_) => (StreamRefusal::Unsupported, CloseCode::Unsupported),
    };
    let words = why.to_string();
    Farewell { kind, code, words }
}

/// Closes with the reason in words, and gives the far end a moment to read them.
async fn turn_away(
    mut socket: Messages,
    client: SocketAddr,
    farewell: Farewell,
    control: &Control,
) {
    let Farewell { kind, code, words } = farewell;
    tracing::warn!(%client, "a media stream was refused: {words}");
    control.metrics().stream_refused(kind);
    let frame = CloseFrame {
        code,
        reason: short(&words),
    };
    socket.close(frame);
    let _ = socket.flush();
    let _ = timeout(CLOSE_MAX, async {
        loop {
            match socket.read() {
                Ok(_) => {}
                Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => {
                    if socket.stream().readable_again().await.is_err() {
                        return;
                    }
                }
                Err(_) => return,
            }
        }
    })
    .await;
}

/// As much of the words as a close frame has room for.
fn short(words: &str) -> Utf8Bytes {
    words[..words.floor_char_boundary(REASON_BYTES_MAX)].into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use trunkline_call::Parameters;

    #[test]
    fn an_address_tells_the_numbers_that_the_stream_does_not() {
        let mut start = Start {
            stream_id: "s".into(),
            call_id: "c".into(),
            account_id: None,
            from: String::new(),
            to: "100".into(),
            direction: None,
            up: None,
            down: None,
            parameters: Parameters::default(),
        };
        let query = [("from", "4930123"), ("to", "200"), ("plan", "gold")];
        let query = query.map(|(name, value)| (name.to_owned(), value.to_owned()));
        tell(&mut start, query.into());
        assert_eq!((start.from.as_str(), start.to.as_str()), ("4930123", "100"));
        assert_eq!(start.parameters.find("plan"), Some("gold"));
    }
}
