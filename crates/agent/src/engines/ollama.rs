//! Ollama's own interface, `/api/chat`: a line of JSON for each piece of an answer.

use serde_json::{Value, json};
use tokio::sync::mpsc::Sender;
use trunkline_call::BoxFuture;

use super::http::Server;
use super::lines::Lines;
use super::openai::{told, tools};
use super::{Delta, EngineError, Llm, Pieces, Question};
use crate::history::{Message, ToolCall};

/// An Ollama server.
#[derive(Clone, Debug)]
pub struct Ollama {
    /// Where it is.
    pub server: Server,
    /// Which model thinks, where the number that was called has none of its own.
    pub model: String,
}

impl Llm for Ollama {
    fn reply(
        &self,
        question: Question,
        answer: Sender<Delta>,
    ) -> BoxFuture<'_, Result<(), EngineError>> {
        Box::pin(async move {
            let model = question.model.as_ref().unwrap_or(&self.model);
            let messages: Vec<Value> = question.messages.iter().map(message).collect();
            let mut body = json!({"model": model, "messages": messages, "stream": true});
            if !question.tools.is_empty() {
                body["tools"] = tools(&question.tools);
            }
            let body = body.to_string();
            let mut pieces = Pieces::new(&answer);
            let first = self.ask(&body, &mut pieces).await;
            match pieces.settled(first).await {
                Some(outcome) => outcome,
                None => self.ask(&body, &mut pieces).await,
            }
        })
    }
}

impl Ollama {
    async fn ask(&self, body: &str, pieces: &mut Pieces<'_, Delta>) -> Result<(), EngineError> {
        let (path, kind) = ("/api/chat", "application/json");
        let answer = self.server.post(path, kind, body.to_owned()).await?;
        let mut lines = Lines::new(answer);
        let mut calls = 0;
        while let Some(line) = lines.next().await? {
            let event: Result<Value, _> = serde_json::from_str(&line);
            let event = event.map_err(|_| lines.broken("a line that is no JSON"))?;
            if let Some(error) = event.get("error") {
                return Err(lines.broken(told(error)));
            }
            let message = &event["message"];
            if let Some(words) = message["content"]
                .as_str()
                .filter(|words| !words.is_empty())
            {
                pieces.give(Delta::Words(words.to_owned())).await?;
            }
            for call in message["tool_calls"].as_array().into_iter().flatten() {
                let function = &call["function"];
                if let Some(name) = function["name"].as_str() {
                    calls += 1;
                    let call = ToolCall {
                        // Ollama gives them no names.
                        id: format!("call-{calls}"),
                        name: name.to_owned(),
                        arguments: function["arguments"].clone(),
                    };
                    pieces.give(Delta::Call(call)).await?;
                }
            }
            if event["done"] == true {
                return Ok(());
            }
        }
        Err(lines.broken("the answer broke off"))
    }
}

fn message(message: &Message) -> Value {
    match message {
        Message::System(text) => json!({"role": "system", "content": text}),
        Message::User(text) => json!({"role": "user", "content": text}),
        Message::Assistant { said, calls } => {
            let calls = calls
                .iter()
                .map(|call| json!({"function": {"name": call.name, "arguments": call.arguments}}));
            let calls: Vec<Value> = calls.collect();
            match calls.is_empty() {
                true => json!({"role": "assistant", "content": said}),
                false => json!({"role": "assistant", "content": said, "tool_calls": calls}),
            }
        }
        Message::Tool { name, result, .. } => {
            json!({"role": "tool", "tool_name": name, "content": result})
        }
    }
}
