//! `trunkline eval`: callers who follow scenarios, and what they find.

mod file;
mod intents;
mod judge;
mod keys;
mod noise;
mod outcome;
mod report;
mod scenario;
mod script;
mod sheet;
mod steps;
#[cfg(test)]
mod tests;

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;

use clap::Args;
use trunkline_phone::caller::{self, Conversation};
use trunkline_phone::page;
use trunkline_phone::softphone::{PhoneError, Settings, resolve};
use trunkline_sip::digest::Account;

use super::Failure;
use super::call::{account, stop_on_interrupt};
use judge::{Case, Fault};
use outcome::Outcome;
use report::Report;
use scenario::{Action, Scenario, Scenarios};
use script::{Script, Voices};

/// See [`super::Command::Eval`].
#[derive(Debug, Args)]
pub struct Eval {
    /// The scenarios, a YAML file.
    file: PathBuf,
    /// Whom to call, where the file does not say or another is meant: sip:user@host or
    /// sip:user@host:port, with ;transport=tcp for TCP.
    #[arg(long, value_name = "URI")]
    target: Option<String>,
    /// How many callers follow each scenario at once; else what the file says, or one.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=file::CALLERS_MAX as i64))]
    callers: Option<u16>,
    /// Answers a challenge.
    #[arg(long, value_name = "USER:PASSWORD", value_parser = account)]
    auth: Option<Account>,
    /// Follows only scenarios whose name has this in it.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Writes report.html, junit.xml, report.json and each call's page and recording into this folder.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Print one JSON object instead of text.
    #[arg(long)]
    json: bool,
}

impl Eval {
    /// Follows every scenario; it fails where a conversation did not pass.
    pub fn run(self) -> Result<(), Failure> {
        let mut file = file::read(&self.file).map_err(|wrong| Failure::Usage(wrong.to_string()))?;
        self.choose(&mut file)?;
        self.prove_targets(&file)?;
        if let Some(folder) = &self.out {
            std::fs::create_dir_all(folder).map_err(|error| {
                Failure::Failed(format!("--out {}: {error}; name another", folder.display()))
            })?;
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let outcomes = runtime.map_err(Failure::of)?.block_on(self.follow(&file))?;
        let report = Report {
            file: &self.file,
            outcomes: &outcomes,
        };
        if let Some(folder) = &self.out {
            report.write(folder)?;
        }
        match self.json {
            true => println!("{}", report.json()),
            false => self.tell(&report),
        }
        match report.failed() {
            0 => Ok(()),
            failed => Err(Failure::Failed(format!(
                "{failed} of {} conversations failed",
                outcomes.len()
            ))),
        }
    }

    /// Leaves out what was not asked for, and takes what was.
    fn choose(&self, file: &mut Scenarios) -> Result<(), Failure> {
        if let Some(only) = &self.only {
            file.scenarios
                .retain(|scenario| scenario.name.contains(only.as_str()));
        }
        if file.scenarios.is_empty() {
            return Err(Failure::Usage(
                "--only: no scenario has this in its name".to_owned(),
            ));
        }
        file.callers = self.callers.map_or(file.callers, usize::from);
        Ok(())
    }

    fn target<'s>(&'s self, file: &'s Scenarios, scenario: &'s Scenario) -> Option<&'s str> {
        let target = self.target.as_ref().or(scenario.target.as_ref());
        target.or(file.target.as_ref()).map(String::as_str)
    }

    /// Finds out before the first call whether all of them have somebody to call.
    fn prove_targets(&self, file: &Scenarios) -> Result<(), Failure> {
        for scenario in &file.scenarios {
            let target = self.target(file, scenario).ok_or_else(|| {
                let words = "there is nobody to call: write `target: sip:…` or give --target";
                Failure::Usage(format!("{}: {words}", self.file.display()))
            })?;
            resolve(target).map_err(|error| match error {
                PhoneError::Target(_) => Failure::Usage(error.to_string()),
                _ => Failure::of(error),
            })?;
        }
        Ok(())
    }

    async fn follow(&self, file: &Scenarios) -> Result<Vec<Outcome>, Failure> {
        let voices = Voices::speak(file).await;
        let voices = voices.map_err(|error| Failure::Failed(format!("tts: {error}")))?;
        let stop = stop_on_interrupt();
        let mut outcomes = Vec::new();
        for (number, scenario) in file.scenarios.iter().enumerate() {
            let script = Script::of(scenario, file, &voices);
            let target = self.target(file, scenario).unwrap_or_default();
            self.say(&format!("{}: {} at once", scenario.name, file.callers));
            let talks = self.talk(target, &script, file.callers, &stop);
            for (caller, talk) in talks.into_iter().enumerate() {
                let talk = talk.map_err(Failure::of)?;
                let mut outcome = Outcome::of(scenario, caller + 1, number + 1);
                outcome.measure(&talk);
                let case = Case {
                    file,
                    scenario,
                    script: &script,
                    talk: &talk,
                };
                hear(&case, &mut outcome).await;
                self.keep(&case, &outcome)?;
                outcomes.push(outcome);
            }
        }
        Ok(outcomes)
    }

    /// So many callers at once, each on a thread of their own.
    fn talk(
        &self,
        target: &str,
        script: &Script,
        callers: usize,
        stop: &Arc<AtomicBool>,
    ) -> Vec<Result<Conversation, PhoneError>> {
        let call = || {
            let settings = Settings {
                account: self.auth.clone(),
                stop: Arc::clone(stop),
                ..Settings::default()
            };
            caller::call(target, &settings, script.steps.clone(), &mut |_| {})
        };
        thread::scope(|scope| {
            let callers: Vec<_> = (0..callers).map(|_| scope.spawn(call)).collect();
            let ended = callers.into_iter().map(thread::ScopedJoinHandle::join);
            // A panic of a caller is one of ours.
            ended
                .map(|talk| talk.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect()
        })
    }

    /// Writes the recording, and what is known of the call: as a page, and as JSON.
    fn keep(&self, case: &Case<'_>, outcome: &Outcome) -> Result<(), Failure> {
        let Some(folder) = &self.out else {
            return Ok(());
        };
        let sheet = sheet::sheet(case, outcome);
        let (caller, agent) = case.talk.report.sides();
        let json = serde_json::to_vec_pretty(&sheet).map_err(Failure::of)?;
        let files = [
            ("wav", case.talk.stereo()),
            ("json", json),
            ("html", page::page(&sheet, &caller, &agent).into_bytes()),
        ];
        for (ending, bytes) in files {
            let file = folder.join(format!("{}.{ending}", outcome.files));
            let cannot = |error| Failure::Failed(format!("--out: {}: {error}", file.display()));
            std::fs::write(&file, bytes).map_err(cannot)?;
        }
        Ok(())
    }

    fn say(&self, words: &str) {
        if !self.json && std::io::stderr().is_terminal() {
            eprintln!("{}", crate::telemetry::log::escaped(words));
        }
    }

    fn tell(&self, report: &Report<'_>) {
        for outcome in report.outcomes {
            let verdict = if outcome.passed() { "passed" } else { "failed" };
            let name = crate::telemetry::log::escaped(&outcome.scenario);
            println!("{verdict}  {name}, caller {}", outcome.caller);
            for fault in report.faults(outcome) {
                println!("        {fault}");
            }
        }
        for line in report.summary() {
            println!("{line}");
        }
        if let Some(folder) = &self.out {
            println!(
                "report       {}",
                folder.join(Path::new("report.html")).display()
            );
        }
    }
}

/// Has the answers put into words, and says what is wrong with the conversation.
async fn hear(case: &Case<'_>, outcome: &mut Outcome) {
    let mut heard = Vec::new();
    let mut faults = Vec::new();
    for (place, step) in case.scenario.steps.iter().enumerate() {
        let asks = matches!(&step.action, Action::Expect(wanted) if wanted.is_about_words());
        let answer = case.answer(place).filter(|_| asks);
        let words = match (answer, &case.file.stt) {
            (Some(answer), Some(stt)) => Some(stt.transcribe(answer.to_vec()).await),
            _ => None,
        };
        heard.push(match words {
            Some(Ok(words)) => {
                outcome.heard.push((step.line, words.clone()));
                Some(words)
            }
            Some(Err(error)) => {
                let (line, text) = (step.line, format!("stt: {error}"));
                faults.push(Fault { line, text });
                None
            }
            None => None,
        });
    }
    outcome.faults = case.faults(&heard);
    outcome.faults.extend(faults);
}
