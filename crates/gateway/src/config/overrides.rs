//! What the command line says; it wins over the file and the environment.

use super::problem::Report;
use crate::apps::Place;
use crate::settings::{AppEntry, AppRole, PublicUrl, Settings, WebSocketApp};
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use trunkline_call::App;
use trunkline_call::routes::{Routes, Rule};
use trunkline_streams::trunkline::DIALECT;
use trunkline_streams::{AnswerMode, WireOptions};

/// The application of `--ws-url`, by name.
const APPLICATION: &str = "application";

/// What the program around the gateway says; see [`Older`] and [`InProcess`] for what is no argument.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// Where HTTP is taken.
    pub host: Option<IpAddr>,
    /// Its port.
    pub port: Option<u16>,
    /// The port of SIP, wherever it is taken.
    pub sip_port: Option<u16>,
    /// The WebSocket application that takes every call.
    pub ws_url: Option<String>,
    /// What is said under the older name, if the gateway runs under it.
    pub older: Option<Older>,
    /// What takes calls in this process, where something does.
    pub in_process: Option<InProcess>,
}

/// Makes the applications of `type: python`. Without one there are none.
#[derive(Clone)]
pub struct InProcess(pub Arc<dyn Fn(AnswerMode) -> Arc<dyn App> + Send + Sync>);

impl fmt::Debug for InProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InProcess")
    }
}

/// What is said to `sip-voice-server`, which had no SIP: `SIP_SERVER_HOST` and `SIP_SERVER_PORT`
/// are about HTTP there.
#[derive(Clone, Debug, Default)]
pub struct Older {
    /// Where the world reaches the gateway.
    pub public_url: Option<PublicUrl>,
}

impl Overrides {
    /// Sets addresses and ports.
    pub(super) fn set_places(&self, settings: &mut Settings) {
        if let Some(host) = self.host {
            settings.server.listen.set_ip(host);
        }
        if let Some(port) = self.port {
            settings.server.listen.set_port(port);
        }
        if let Some(url) = self
            .older
            .as_ref()
            .and_then(|older| older.public_url.as_ref())
        {
            settings.server.public_url = Some(url.clone());
        }
        if let Some(port) = self.sip_port {
            let places = settings.sip.listen.iter_mut();
            places.for_each(|listen| listen.address.set_port(port));
        }
    }

    /// Leads every call to the application given.
    pub(super) fn set_application(&self, report: &Report, settings: &mut Settings) {
        let Some(url) = &self.ws_url else { return };
        if let Err(error) = Place::of(url) {
            let remedy = "write one like ws://127.0.0.1:7860/ws/sip/{call_id}";
            report.elsewhere(format!("--ws-url: {error}"), remedy);
            return;
        }
        let app = WebSocketApp {
            role: AppRole::Client { url: url.clone() },
            dialect: DIALECT,
            options: WireOptions::default(),
            on_lost: None,
        };
        let rule = Rule {
            app: APPLICATION.to_owned(),
            ..Rule::default()
        };
        settings
            .apps
            .insert(APPLICATION.to_owned(), AppEntry::WebSocket(app));
        let (dids, country) = (settings.routes.dids(), settings.routes.country());
        let dids = dids.clone().without_apps();
        settings.routes = Routes::new(dids, vec![rule], country.cloned());
    }
}
