//! The front desk: the agent that is called, and the gateway that brings it calls.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use serde_json::json;
use trunkline_agent::engines::{APPOINTMENT, Llm, Receptionist, Tool};
use trunkline_agent::{Agent, Engines, ToolSpec};
use trunkline_call::routes::{Routes, Rule};
use trunkline_sip::endpoint::Transport;

use super::account::END_OF_TURN;
use super::cast::{Calendar, Cast};
use super::script::{GREETING, HOURS};
use super::tap::{Log, Shown, Tap};
use crate::clock::Clock;
use crate::settings::{AppEntry, Listen, Settings};

/// The agent's name among the applications, and its user.
pub const DESK: &str = "desk";

/// Who thinks where there is no language model.
pub fn receptionist() -> Receptionist {
    let clock = Clock::default();
    Receptionist::new(Arc::new(move || clock.spoken()), HOURS)
}

/// The agent, with every engine under observation.
pub fn agent(cast: &Cast, llm: Arc<dyn Llm>, log: &Arc<Log>, shown: &Shown) -> Agent {
    let calendar: Arc<dyn Tool> = Arc::new(Calendar);
    let engines = Engines {
        stt: Tap::new(log, shown, Arc::clone(&cast.stt)),
        llm: Tap::new(log, shown, llm),
        tts: Tap::new(log, shown, Arc::clone(&cast.agent)),
        tools: Tap::new(log, shown, calendar),
    };
    let text = json!({"type": "string"});
    let settings = trunkline_agent::Settings {
        greeting: GREETING.to_owned(),
        end_of_turn: END_OF_TURN,
        tools: vec![ToolSpec {
            name: APPOINTMENT.to_owned(),
            description: "Makes an appointment.".to_owned(),
            parameters: json!({
                "type": "object",
                "properties": {"day": text, "time": text, "number": text, "name": text},
                "required": ["day", "time", "number"],
            }),
        }],
        ..trunkline_agent::Settings::default()
    };
    Agent::new(settings, engines)
}

/// A gateway on this machine alone, whose every call the agent takes.
pub fn settings(agent: Agent) -> Settings {
    let mut settings = Settings::default();
    settings.sip.listen = vec![Listen {
        transport: Transport::Udp,
        address: SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0),
    }];
    settings.shards = 1;
    let app = AppEntry::Rust(Arc::new(agent));
    settings.apps.insert(DESK.to_owned(), app);
    settings.routes = Routes::from(vec![Rule {
        app: DESK.to_owned(),
        ..Rule::default()
    }]);
    settings
}
