//! One engine that hears, thinks and speaks. Where it is silent, a voice in this process stands in.

use std::any::Any;
use std::sync::Arc;

use trunkline_agent::engines::Webhook;
use trunkline_agent::{RealtimeAgent, RealtimeEngines};

use crate::support::realtime::Spelled;
use crate::support::server::{Does, Scripted, status};
use crate::support::websocket::{Sockets, Step};
use crate::well::{Said, Speaks};
use crate::{Fault, Stage, settings};

pub async fn openai(fault: Option<Fault>) -> Stage {
    of(Spelled::OpenAi, fault).await
}

pub async fn gemini(fault: Option<Fault>) -> Stage {
    of(Spelled::Gemini, fault).await
}

async fn of(spelled: Spelled, fault: Option<Fault>) -> Stage {
    let refused = match fault {
        Some(Fault::SlowFirstByte) => Some(vec![Does::Stays]),
        Some(Fault::Disconnects) => Some(vec![]),
        Some(Fault::Busy) => Some(vec![status(429, "slow down")]),
        Some(Fault::Fails) => Some(vec![status(500, "oops")]),
        _ => None,
    };
    if let Some(script) = refused {
        let server = Scripted::http(vec![script]).await;
        return stage(spelled, server.port, server);
    }
    let rest = match fault {
        Some(Fault::Stalls) => vec![Step::Stays],
        Some(Fault::BreaksOff) => vec![spelled.sound(100)],
        Some(Fault::Garbage) => vec![Step::Says("<html>".to_owned())],
        _ => vec![spelled.sound(600), Step::Stays],
    };
    // It hears the caller, who speaks until 1.2 s after the answer.
    let hears = [
        spelled.ready(),
        Step::Waits(800),
        spelled.hears(),
        Step::Waits(600),
    ];
    let server = Sockets::open(vec![[hears.into(), rest].concat(), vec![Step::Stays]]);
    stage(spelled, server.port, server)
}

fn stage(spelled: Spelled, port: u16, server: impl Any + Send + Sync) -> Stage {
    let said = Said::default();
    let engines = RealtimeEngines {
        realtime: spelled.engine(port),
        stand_in: Arc::new(Speaks(said.clone())),
        tools: Arc::new(Webhook::default()),
    };
    Stage {
        agent: Box::new(RealtimeAgent::new(settings(), engines)),
        said,
        servers: vec![Box::new(server)],
    }
}
