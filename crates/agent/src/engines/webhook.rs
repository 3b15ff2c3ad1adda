//! Functions of a language model that are a web server: arguments go there by POST, and what it
//! answers is told to the model.

use std::collections::HashMap;

use trunkline_call::BoxFuture;

use super::http::Server;
use super::{EngineError, Tool};
use crate::history::ToolCall;

/// Functions by their names, each at its own URL.
#[derive(Clone, Debug, Default)]
pub struct Webhook {
    places: HashMap<String, Server>,
}

impl Webhook {
    /// These functions.
    pub fn new(places: impl IntoIterator<Item = (String, Server)>) -> Self {
        Self {
            places: places.into_iter().collect(),
        }
    }
}

impl Tool for Webhook {
    fn call(&self, call: ToolCall) -> BoxFuture<'_, Result<String, EngineError>> {
        Box::pin(async move {
            let Some(server) = self.places.get(&call.name) else {
                return Err(EngineError::Broken {
                    place: "tools".to_owned(),
                    what: "no function of this name".to_owned(),
                });
            };
            // Not tried twice: it may do something.
            let body = call.arguments.to_string();
            let mut answer = server.post("", "application/json", body).await?;
            let whole = answer.whole().await?;
            Ok(String::from_utf8_lossy(&whole).into_owned())
        })
    }
}
