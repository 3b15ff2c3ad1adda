//! The page on the command line says what the arguments say.

use super::Cli;
use super::sip_voice_server::SipVoiceServer;
use clap::builder::StyledStr;
use clap::{Arg, Command, CommandFactory};

const PAGE: &str = include_str!("../../../../docs/command-line.md");

fn text(words: Option<&StyledStr>) -> String {
    words.map(StyledStr::to_string).unwrap_or_default()
}

/// How an argument is typed: `-c`, `--config FILE`; a position by its name alone.
fn typed(argument: &Arg) -> String {
    let values = argument.get_value_names().unwrap_or_default().join(" ");
    let takes_value = argument.get_action().takes_values();
    let value = if takes_value { values.as_str() } else { "" };
    let Some(long) = argument.get_long() else {
        return match argument.is_required_set() {
            true => format!("`{value}`"),
            false => format!("`[{value}]`"),
        };
    };
    let long = format!("--{long} {value}");
    match argument.get_short() {
        Some(short) => format!("`-{short}`, `{}`", long.trim_end()),
        None => format!("`{}`", long.trim_end()),
    }
}

fn row(argument: &Arg) -> String {
    let defaults = argument.get_default_values().iter();
    let defaults: Vec<_> = defaults
        .map(|value| format!("`{}`", value.display()))
        .collect();
    let values = argument.get_possible_values();
    let values: Vec<_> = values
        .iter()
        .filter(|value| argument.get_action().takes_values() && !value.is_hide_set())
        .map(|value| format!("`{}`", value.get_name()))
        .collect();
    let help = text(argument.get_help()).replace('\n', " ");
    let help = match values.is_empty() {
        true => help,
        false => format!("{help}: {}", values.join(", ")),
    };
    format!(
        "| {} | {} | {help} |\n",
        typed(argument),
        defaults.join(" ")
    )
}

/// What the page has to say of one command.
fn section(command: &Command) -> String {
    let about = text(command.get_about());
    let heading = format!("## `{}`\n\n{about}.\n", name(command));
    let arguments = command.get_arguments();
    let rows: String = arguments
        .filter(|argument| !argument.is_hide_set())
        .map(row)
        .collect();
    match rows.as_str() {
        "" => heading,
        rows => format!("{heading}\n| argument | default | |\n|---|---|---|\n{rows}"),
    }
}

/// How a command is typed, without the name of the program: `models fetch`.
fn name(command: &Command) -> &str {
    let typed = command.get_display_name().unwrap_or(command.get_name());
    typed.strip_prefix("trunkline ").unwrap_or(typed)
}

/// Every command that does something; one that only has others has its name before theirs.
fn commands() -> Vec<Command> {
    let mut commands = Vec::new();
    for command in Cli::command().get_subcommands() {
        let inner = command.get_subcommands().map(|inner| {
            let typed = format!("{} {}", command.get_name(), inner.get_name());
            inner.clone().display_name(typed)
        });
        commands.extend(inner);
        if !command.has_subcommands() {
            commands.push(command.clone());
        }
    }
    commands.push(SipVoiceServer::command());
    commands
}

#[test]
fn the_page_has_every_command_and_every_argument() {
    let sections = commands();
    let sections = sections.iter().map(section);
    let missing: Vec<String> = sections.filter(|section| !PAGE.contains(section)).collect();
    let wanted = "docs/command-line.md wants this, word for word";
    assert!(missing.is_empty(), "{wanted}:\n\n{}", missing.join("\n"));
}

#[test]
fn the_page_has_no_command_and_no_argument_that_is_not_there() {
    let sections: String = commands().iter().map(section).collect();
    let claims = PAGE
        .lines()
        .filter(|line| line.starts_with("## `") || line.starts_with("| `"));
    for claim in claims {
        assert!(sections.lines().any(|line| line == claim), "{claim}");
    }
}

#[test]
fn every_command_that_tells_data_has_it_as_json() {
    // A gateway's output is its log; pages and completions are read by programs as they are.
    const WITHOUT: [&str; 4] = ["serve", "completions", "man", "sip-voice-server"];
    for command in commands() {
        let has_json = command
            .get_arguments()
            .any(|argument| argument.get_long() == Some("json"));
        let wants_it = !WITHOUT.contains(&name(&command));
        assert_eq!(has_json, wants_it, "{}", name(&command));
    }
}
