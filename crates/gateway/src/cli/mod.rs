//! The command line. Exit codes: 0 done, 1 failed, 2 bad arguments or configuration.

mod ask;
mod bench;
mod call;
mod check;
mod client;
mod demo;
mod doctor;
mod eval;
mod manual;
mod measure;
mod models;
mod print;
mod serve;
mod simulate;
mod sip_voice_server;
mod sound;
#[cfg(test)]
mod tests;
mod ticker;

use crate::config::{self, Loaded, Overrides, Variables};
use clap::{Args, Parser, Subcommand};
use sip_voice_server::SipVoiceServer;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

/// Puts applications on the phone: calls come in over SIP, applications hear them and speak back.
#[derive(Debug, Parser)]
#[command(name = "trunkline", version, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Have a caller talk with the voice agent on this machine, and show what came of it; needs nothing else.
    Demo(demo::Demo),
    /// Run the gateway; SIGHUP has it read its configuration again.
    Serve(serve::Serve),
    /// Prove a configuration without binding a port.
    Check(check::Check),
    /// Look what on this machine stands in the way of a call, and say what to type.
    Doctor(doctor::Doctor),
    /// Place a call, as a softphone would.
    Call(call::Call),
    /// The calls that live.
    Calls(ask::Calls),
    /// The devices that are registered.
    Devices(ask::Devices),
    /// The calls that have ended.
    Records(ask::Records),
    /// End a call.
    Hangup(ask::Hangup),
    /// Move a call elsewhere.
    Transfer(ask::Transfer),
    /// What happened on a call, in plain words.
    Why(ask::Why),
    /// Which application would take a call, and why.
    Route(ask::Route),
    /// List, fetch, verify and remove the models that hear and speak in the process.
    #[command(subcommand)]
    Models(models::Models),
    /// Print the completions of a shell.
    Completions(manual::Completions),
    /// Print the manual page.
    Man(manual::Man),
    /// Load a SIP target with calls, or a server with media streams, and measure what it does.
    Bench(bench::Bench),
    /// Be the provider of a call over a media stream, against any server, and judge that one.
    Simulate(simulate::Simulate),
    /// Have callers follow scenarios against any SIP target, and judge what they are answered.
    Eval(eval::Eval),
}

/// Which configuration.
#[derive(Debug, Args)]
pub struct ConfigArgs {
    /// The configuration; else $TRUNKLINE_CONFIG, ./trunkline.yaml, or the user's own.
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl ConfigArgs {
    /// Reads and proves it. What is wrong goes to standard error, and the exit code is 2.
    fn load(&self, overrides: &Overrides) -> Result<Loaded, Failure> {
        let variables = Variables::of_process();
        config::load(self.config.as_deref(), variables, overrides)
            .map_err(|refused| Failure::Usage(refused.to_string()))
    }
}

/// Why a command did not do what it was asked.
#[derive(Debug)]
pub enum Failure {
    /// It could not be done; exit code 1.
    Failed(String),
    /// Arguments or configuration are wrong; exit code 2.
    Usage(String),
}

impl Failure {
    /// From any error.
    pub fn of(error: impl std::fmt::Display) -> Self {
        Self::Failed(error.to_string())
    }
}

/// Runs the command line of this process.
pub fn run() -> ExitCode {
    ExitCode::from(run_with(std::env::args_os().collect()))
}

/// Runs a command line, which begins with the name of the program, and returns the exit code. Where
/// the arguments ask for help, or cannot be, the process ends here.
pub fn run_with(arguments: Vec<OsString>) -> u8 {
    let command = if SipVoiceServer::is_called(&arguments) {
        Command::Serve(SipVoiceServer::parse_from(arguments).into())
    } else {
        Cli::parse_from(arguments).command
    };
    let done = match command {
        Command::Demo(demo) => demo.run(),
        Command::Serve(serve) => serve.run(),
        Command::Check(check) => check.run(),
        Command::Doctor(doctor) => doctor.run(),
        Command::Calls(calls) => calls.run(),
        Command::Devices(devices) => devices.run(),
        Command::Records(records) => records.run(),
        Command::Hangup(hangup) => hangup.run(),
        Command::Transfer(transfer) => transfer.run(),
        Command::Why(why) => why.run(),
        Command::Route(route) => route.run(),
        Command::Models(models) => models.run(),
        Command::Completions(completions) => completions.run(),
        Command::Man(man) => man.run(),
        Command::Call(call) => call.run(),
        Command::Bench(bench) => bench.run(),
        Command::Simulate(simulate) => simulate.run(),
        Command::Eval(eval) => eval.run(),
    };
    let (message, code) = match done {
        Ok(()) => return 0,
        Err(Failure::Failed(message)) => (message, 1),
        Err(Failure::Usage(message)) => (message, 2),
    };
    for line in message.lines() {
        eprintln!("trunkline: {line}");
    }
    code
}
