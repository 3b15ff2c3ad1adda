//! The commands that ask a running gateway: `calls`, `devices`, `records`, `hangup`, `transfer`,
//! `why`, `route`.

use super::Failure;
use super::client::{GatewayArgs, encoded};
use super::print::{cell, items, lines, table};
use clap::Args;
use serde_json::{Value, json};

/// `trunkline calls`
#[derive(Debug, Args)]
pub struct Calls {
    #[command(flatten)]
    gateway: GatewayArgs,
    /// JSON Lines, a call each, as `GET /v1/calls` gives them.
    #[arg(long)]
    json: bool,
}

impl Calls {
    pub fn run(&self) -> Result<(), Failure> {
        let answer = self.gateway.get("/v1/calls")?;
        let calls = items(&answer, "calls");
        if self.json {
            return lines(calls);
        }
        let row = |call: &Value| {
            ["id", "state", "direction", "from", "to", "app", "answeredS"]
                .map(|key| cell(&call[key]))
        };
        let heading = ["ID", "STATE", "DIRECTION", "FROM", "TO", "APP", "SECONDS"];
        lines(table(heading, calls.iter().map(row).collect()))
    }
}

/// `trunkline devices`
#[derive(Debug, Args)]
pub struct Devices {
    #[command(flatten)]
    gateway: GatewayArgs,
    /// JSON Lines, a device each, as `GET /v1/devices` gives them.
    #[arg(long)]
    json: bool,
}

impl Devices {
    pub fn run(&self) -> Result<(), Failure> {
        let answer = self.gateway.get("/v1/devices")?;
        let devices = items(&answer, "devices");
        if self.json {
            return lines(devices);
        }
        let row = |device: &Value| {
            ["user", "contact", "source", "expiresS"].map(|key| cell(&device[key]))
        };
        let heading = ["USER", "CONTACT", "SOURCE", "EXPIRES IN S"];
        lines(table(heading, devices.iter().map(row).collect()))
    }
}

/// `trunkline records [ID]`
#[derive(Debug, Args)]
pub struct Records {
    /// One call, in full; else the last 500, newest first.
    id: Option<String>,
    #[command(flatten)]
    gateway: GatewayArgs,
    /// JSON Lines, a record each, as in the file of records; with an ID one object.
    #[arg(long)]
    json: bool,
}

impl Records {
    pub fn run(&self) -> Result<(), Failure> {
        if let Some(id) = &self.id {
            let record = self.gateway.get(&format!("/v1/records/{}", encoded(id)))?;
            return match self.json {
                true => lines([record]),
                false => lines([format!("{record:#}")]),
            };
        }
        let answer = self.gateway.get("/v1/records")?;
        let records = items(&answer, "records");
        if self.json {
            return lines(records);
        }
        let heading = [
            "ID", "STARTED", "FROM", "TO", "APP", "SECONDS", "ENDED BY", "REASON", "MOS",
        ];
        lines(table(heading, records.iter().map(record_row).collect()))
    }
}

fn record_row(record: &Value) -> [String; 9] {
    let end = &record["end"];
    let seconds = record["talkMs"].as_f64().unwrap_or_default() / 1_000.0;
    let of_call = |key: &str| cell(&record[key]);
    [
        of_call("callId"),
        of_call("started"),
        of_call("from"),
        of_call("to"),
        of_call("app"),
        format!("{seconds:.1}"),
        cell(&end["by"]),
        cell(&end["reason"]),
        cell(&record["media"]["mos"]),
    ]
}

/// `trunkline hangup ID`
#[derive(Debug, Args)]
pub struct Hangup {
    /// The call, as `trunkline calls` names it.
    id: String,
    #[command(flatten)]
    gateway: GatewayArgs,
    /// The gateway's answer, one object.
    #[arg(long)]
    json: bool,
}

impl Hangup {
    pub fn run(&self) -> Result<(), Failure> {
        let path = format!("/v1/calls/{}/hangup", encoded(&self.id));
        let answer = self.gateway.post(&path, &json!({}))?;
        asked(&answer, self.json)
    }
}

/// `trunkline transfer ID TARGET`
#[derive(Debug, Args)]
pub struct Transfer {
    /// The call, as `trunkline calls` names it.
    id: String,
    /// Where it goes: a SIP URI, a device's name, or a number of a trunk.
    target: String,
    /// Place the second leg here and join the two, instead of sending the caller there (REFER).
    #[arg(long)]
    bridge: bool,
    #[command(flatten)]
    gateway: GatewayArgs,
    /// The gateway's answer, one object.
    #[arg(long)]
    json: bool,
}

impl Transfer {
    pub fn run(&self) -> Result<(), Failure> {
        let path = format!("/v1/calls/{}/transfer", encoded(&self.id));
        let mode = if self.bridge { "bridge" } else { "refer" };
        let body = json!({"target": self.target, "mode": mode});
        let answer = self.gateway.post(&path, &body)?;
        asked(&answer, self.json)
    }
}

/// What was asked is on its way; how it went is told on `/v1/events` and in the record.
fn asked(answer: &Value, json: bool) -> Result<(), Failure> {
    if json {
        return lines([answer]);
    }
    lines([format!(
        "{} asked of {}",
        cell(&answer["asked"]),
        cell(&answer["id"])
    )])
}

/// `trunkline why ID`
#[derive(Debug, Args)]
pub struct Why {
    /// The call, as `trunkline records` names it.
    id: String,
    #[command(flatten)]
    gateway: GatewayArgs,
    /// One object, as `GET /v1/records/{id}/why` gives it.
    #[arg(long)]
    json: bool,
}

impl Why {
    pub fn run(&self) -> Result<(), Failure> {
        let path = format!("/v1/records/{}/why", encoded(&self.id));
        let answer = self.gateway.get(&path)?;
        if self.json {
            return lines([answer]);
        }
        lines(items(&answer, "why").iter().map(cell))
    }
}

/// `trunkline route TO`
#[derive(Debug, Args)]
pub struct Route {
    /// The called number or user.
    to: String,
    /// The calling number or user.
    #[arg(long)]
    from: Option<String>,
    /// The user who proved a password.
    #[arg(long)]
    user: Option<String>,
    /// The trunk it comes by.
    #[arg(long)]
    trunk: Option<String>,
    /// The provider whose media stream it is.
    #[arg(long)]
    provider: Option<String>,
    /// The address it comes from.
    #[arg(long)]
    source: Option<String>,
    /// The day and time at which it comes, such as `mon 09:00`; else now.
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    #[command(flatten)]
    gateway: GatewayArgs,
    /// One object, as `GET /v1/route` gives it.
    #[arg(long)]
    json: bool,
}

impl Route {
    pub fn run(&self) -> Result<(), Failure> {
        let mut path = format!("/v1/route?to={}", encoded(&self.to));
        let more = [
            ("from", &self.from),
            ("user", &self.user),
            ("trunk", &self.trunk),
            ("provider", &self.provider),
            ("source", &self.source),
            ("at", &self.at),
        ];
        for (key, value) in more {
            if let Some(value) = value {
                path.push_str(&format!("&{key}={}", encoded(value)));
            }
        }
        let answer = self.gateway.get(&path)?;
        if self.json {
            return lines([answer]);
        }
        let mut told: Vec<String> = items(&answer, "rules")
            .iter()
            .map(|rule| cell(&rule["says"]))
            .collect();
        told.push(match answer["app"].as_str() {
            Some(app) => format!("the call goes to {app}"),
            None => "nobody takes the call: it is answered with 404".to_owned(),
        });
        lines(told)
    }
}
