//! The project's own commands. `cargo xtask` is an alias in `.cargo/config.toml`.

mod evidence;
mod peers;
mod progress;
mod python;
mod speech;
mod tally;
mod test;
#[cfg(test)]
mod tidy;
mod workspace;

use std::process::ExitCode;

use workspace::Failure;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  test             everything continuous integration asks for, with a table of peers at the end
  test python      the Python step of that alone
  test speech      the step with models in the process alone
  python [FILE …]  build the Python wheel, install it with its extras into target/python/venv, and
                   run a program there
  peers            install the peers of the interoperability tests: SIPp, baresip, Linphone,
                   Asterisk, Pipecat, the packages of Twilio, Telnyx and Plivo
  evidence [NAME]  measure what is too long for every run and write docs/evidence/NAME.md;
                   without NAME, list what can be measured";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["test"] => test::run(),
        ["test", "python"] => test::run_python(),
        ["test", "speech"] => test::run_speech(),
        ["python", program @ ..] => python::run(program),
        ["peers"] => peers::install_all(),
        ["evidence", rest @ ..] => evidence::run(rest),
        [] | ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            Ok(())
        }
        other => {
            eprintln!("there is no `cargo xtask {}`\n\n{USAGE}", other.join(" "));
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => report(&failure),
    }
}

fn report(failure: &Failure) -> ExitCode {
    eprintln!("xtask: {failure}");
    ExitCode::FAILURE
}
