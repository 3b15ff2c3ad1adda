//! The language model of this machine, where there is one: Ollama if it answers, and a script if not.

use std::time::Duration;

use serde_json::Value;
use tokio::sync::Mutex;
use tokio::sync::mpsc::Sender;
use tokio::time::{Instant, timeout};
use trunkline_call::BoxFuture;

use super::http::Server;
use super::{Delta, EngineError, Llm, Ollama, Question, Receptionist};

/// How long what was found counts.
const FRESH: Duration = Duration::from_secs(30);
/// How long Ollama may take to say which models it has.
const ANSWER_MAX: Duration = Duration::from_millis(500);

/// Looks for Ollama once in a while, and says in the log what it found.
pub struct Local {
    server: Server,
    model: Option<String>,
    script: Receptionist,
    found: Mutex<Option<Found>>,
}

#[derive(Clone)]
struct Found {
    at: Instant,
    /// The model that thinks; nothing where there is none.
    model: Option<String>,
}

impl Local {
    /// Looks at this place. Without a model, the first that Ollama has thinks.
    pub fn new(server: Server, model: Option<String>, script: Receptionist) -> Self {
        Self {
            server,
            model,
            script,
            found: Mutex::new(None),
        }
    }

    async fn model(&self) -> Option<String> {
        let mut found = self.found.lock().await;
        if let Some(found) = found.as_ref().filter(|found| found.at.elapsed() < FRESH) {
            return found.model.clone();
        }
        let asked = timeout(ANSWER_MAX, self.first_model()).await;
        let first = asked.ok().and_then(Result::ok).flatten();
        let model = first.map(|first| self.model.clone().unwrap_or(first));
        let before = found.as_ref().map(|found| &found.model);
        if before != Some(&model) {
            self.log(model.as_deref());
        }
        let at = Instant::now();
        *found = Some(Found {
            at,
            model: model.clone(),
        });
        model
    }

    async fn first_model(&self) -> Result<Option<String>, EngineError> {
        let mut answer = self.server.get("/api/tags").await?;
        let models: Option<Value> = serde_json::from_slice(&answer.whole().await?).ok();
        let first = models
            .as_ref()
            .and_then(|models| models["models"][0]["name"].as_str());
        Ok(first.map(str::to_owned))
    }

    fn log(&self, model: Option<&str>) {
        let place = self.server.place();
        match model {
            Some(model) => tracing::info!(%place, model, "Ollama answers: its model thinks"),
            None => tracing::info!(%place, "no Ollama with a model: the script answers"),
        }
    }
}

impl Llm for Local {
    fn reply(
        &self,
        question: Question,
        answer: Sender<Delta>,
    ) -> BoxFuture<'_, Result<(), EngineError>> {
        Box::pin(async move {
            let Some(model) = self.model().await else {
                return self.script.reply(question, answer).await;
            };
            let server = self.server.clone();
            Ollama { server, model }.reply(question, answer).await
        })
    }

    fn load(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            self.model().await;
        })
    }
}
