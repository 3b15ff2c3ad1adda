//! Keeps a connection for the utterances of one call.

use std::time::Duration;

use tokio::sync::mpsc::Receiver;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until, timeout};

use super::{Deepgram, Line};
use crate::engines::EngineError;

/// How often a connection without sound is kept open: the server closes it after ten seconds.
const KEEP_ALIVE: Duration = Duration::from_secs(4);
/// `Finalize` need not be answered. After this, what was heard counts if it reaches to the end.
const SOON: Duration = Duration::from_millis(800);
/// Whatever has not been heard by then will not be.
const LATE: Duration = Duration::from_millis(2_500);
/// How long it may take to say goodbye.
const CLOSE_MAX: Duration = Duration::from_secs(1);

/// What is asked for.
pub(super) enum Order {
    Hear(Vec<i16>),
    Words(oneshot::Sender<Result<String, EngineError>>),
    Forget,
}

/// Who waits for words, and since when.
struct Asked {
    to: oneshot::Sender<Result<String, EngineError>>,
    since: Instant,
}

/// Listens to one call.
pub(super) struct Attention {
    deepgram: Deepgram,
    line: Option<Line>,
    /// Sound of this utterance was sent; or lost, with the connection that it was sent to.
    has_sound: bool,
    has_lost: bool,
    asked: Option<Asked>,
    /// Those that were not answered yet.
    finalizes: u32,
    last_sent: Instant,
}

impl Attention {
    pub fn new(deepgram: Deepgram) -> Self {
        Self {
            deepgram,
            line: None,
            has_sound: false,
            has_lost: false,
            asked: None,
            finalizes: 0,
            last_sent: Instant::now(),
        }
    }

    /// Does as it is told until nobody tells it anything any more.
    pub async fn attend(mut self, mut orders: Receiver<Order>) {
        // It takes a while, so it is done before anybody speaks.
        self.open().await;
        loop {
            let due = self.due();
            let waiting = async {
                match due {
                    Some(due) => sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            let line = &mut self.line;
            let message = async {
                match line {
                    Some(line) => line.next().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                order = orders.recv() => match order {
                    Some(order) => self.obey(order).await,
                    None => return self.close().await,
                },
                message = message => self.heard(message),
                () = waiting => self.pass_deadlines().await,
            }
        }
    }

    async fn open(&mut self) {
        let opened = Line::open(&self.deepgram).await;
        self.finalizes = 0;
        self.last_sent = Instant::now();
        match opened {
            Ok(line) => self.line = Some(line),
            Err(error) => self.lose(error),
        }
    }

    async fn obey(&mut self, order: Order) {
        match order {
            Order::Hear(samples) => self.hear(&samples).await,
            Order::Words(to) => self.ask(to).await,
            Order::Forget => {
                if let Some(line) = &mut self.line {
                    line.words.forget(line.sent);
                }
                (self.has_sound, self.has_lost, self.asked) = (false, false, None);
            }
        }
    }

    async fn hear(&mut self, samples: &[i16]) {
        if self.line.is_none() && !self.has_lost {
            self.open().await;
        }
        let Some(line) = &mut self.line else {
            self.has_lost = true;
            return;
        };
        self.has_sound = true;
        self.last_sent = Instant::now();
        if let Err(error) = line.hear(samples).await {
            self.lose(error);
        }
    }

    async fn ask(&mut self, to: oneshot::Sender<Result<String, EngineError>>) {
        self.asked = Some(Asked {
            to,
            since: Instant::now(),
        });
        let Some(line) = self.line.as_mut().filter(|_| !self.has_lost) else {
            let lost = self.deepgram.server.broken("the connection was lost");
            return self.answer(Err(lost));
        };
        self.finalizes += 1;
        if let Err(error) = line.tell("Finalize").await {
            self.lose(error);
        }
    }

    fn heard(&mut self, message: Result<Option<bool>, EngineError>) {
        match message {
            Ok(Some(false)) => {}
            Ok(Some(true)) => {
                self.finalizes = self.finalizes.saturating_sub(1);
                if self.finalizes == 0 {
                    self.answer_with_words();
                }
            }
            Ok(None) => {
                let closed = self.deepgram.server.broken("it closed the connection");
                self.lose(closed);
            }
            Err(error) => self.lose(error),
        }
    }

    /// The connection is of no use any more. Whoever waits for words hears of it.
    fn lose(&mut self, error: EngineError) {
        tracing::debug!(%error, "speech is not heard while it goes on");
        self.line = None;
        self.has_lost = self.has_sound;
        self.answer(Err(error));
    }

    fn answer_with_words(&mut self) {
        if let Some(line) = &self.line {
            let words = line.words.all();
            self.answer(Ok(words));
        }
    }

    fn answer(&mut self, words: Result<String, EngineError>) {
        if let Some(asked) = self.asked.take() {
            // Who has gone on speaking is not waited for.
            let _ = asked.to.send(words);
        }
    }

    fn due(&self) -> Option<Instant> {
        let line = self.line.as_ref()?;
        let asked = self.asked.as_ref().map(|asked| match line.has_heard_all() {
            true => asked.since + SOON,
            false => asked.since + LATE,
        });
        let keep = self.last_sent + KEEP_ALIVE;
        Some(asked.map_or(keep, |asked| asked.min(keep)))
    }

    async fn pass_deadlines(&mut self) {
        let now = Instant::now();
        let Some(line) = &mut self.line else {
            return;
        };
        if now >= self.last_sent + KEEP_ALIVE {
            self.last_sent = now;
            if let Err(error) = line.tell("KeepAlive").await {
                return self.lose(error);
            }
        }
        let Some(asked) = &self.asked else {
            return;
        };
        let (soon, late) = (asked.since + SOON, asked.since + LATE);
        let heard_all = self.line.as_ref().is_some_and(Line::has_heard_all);
        if now >= soon && heard_all {
            self.finalizes = 0;
            self.answer_with_words();
        } else if now >= late {
            let late = self.deepgram.server.broken("no words in time");
            self.lose(late);
        }
    }

    async fn close(mut self) {
        if let Some(mut line) = self.line.take() {
            let goodbye = async {
                if line.tell("CloseStream").await.is_ok() {
                    line.socket.close().await;
                }
            };
            let _ = timeout(CLOSE_MAX, goodbye).await;
        }
    }
}
