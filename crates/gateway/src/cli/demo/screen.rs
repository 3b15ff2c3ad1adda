//! The conversation on the screen: in colours on a terminal, in plain lines anywhere else.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use trunkline_phone::page::{Sheet, Turn};

use super::account::{HEARS, ON_THE_WAY, SILENCE, SPEAKS, THINKS};

/// How wide a bar of the longest permitted wait is.
const BAR: usize = 44;
/// The widest name of a turn.
const NAME: usize = 30;
/// How the stages of a wait are drawn: the sign without colours, and the colour of 256.
const STAGES: [(&str, (char, u8)); 5] = [
    (SILENCE, ('.', 245)),
    (HEARS, ('h', 74)),
    (THINKS, ('t', 98)),
    (SPEAKS, ('s', 168)),
    (ON_THE_WAY, ('>', 179)),
];
const CALLER: u8 = 37;
const AGENT: u8 = 98;
const GOOD: u8 = 71;
const BAD: u8 = 167;
const FAINT: u8 = 245;

/// Where lines are written, or nowhere.
#[derive(Clone, Copy, Debug)]
pub struct Screen {
    is_shown: bool,
    has_colours: bool,
}

impl Screen {
    /// Standard output, unless it is wanted for something else. Colours are for terminals whose user
    /// did not refuse them (<https://no-color.org>).
    pub fn new(is_shown: bool) -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            is_shown,
            has_colours: is_shown && !refused && std::io::stdout().is_terminal(),
        }
    }

    /// Writes a line. A reader who has gone is no reason to end the call.
    pub fn line(self, text: &str) {
        if self.is_shown {
            let _ = writeln!(std::io::stdout(), "{text}");
        }
    }

    /// The caller says or does something.
    pub fn caller(self, text: &str) {
        self.line(&format!("{}  {text}", self.painted(CALLER, "caller")));
    }

    /// The agent is about to say something.
    pub fn agent(self, text: &str) {
        self.line(&format!("{}  {text}", self.painted(AGENT, " agent")));
    }

    /// All that came of the conversation but its ladder.
    pub fn sheet(self, sheet: &Sheet) {
        self.bars(sheet);
        self.line("");
        let width = sheet.figures.iter().map(|figure| figure.name.len()).max();
        let width = width.unwrap_or(0);
        for figure in &sheet.figures {
            let name = self.painted(FAINT, &format!("{:width$}", figure.name));
            self.line(&format!("{name}  {}", figure.value));
        }
    }

    /// The verdict where it is a good one: what is wrong is told as of every command.
    pub fn verdict(self, sheet: &Sheet) {
        if sheet.good {
            self.line(&self.painted(GOOD, "The conversation was good."));
        }
    }

    fn bars(self, sheet: &Sheet) {
        let stages = sheet.turns.iter().flat_map(|turn| &turn.stages);
        let occurs = |name: &str| stages.clone().any(|stage| stage.name == name);
        let legend = STAGES.iter().filter(|(name, _)| occurs(name));
        let legend: Vec<String> = legend
            .map(|(name, sign)| format!("{} {name}", self.block(*sign, 1)))
            .collect();
        self.line(&format!(
            "How long the caller waited: {}",
            legend.join("  ")
        ));
        for turn in &sheet.turns {
            self.line(&self.bar(turn, sheet.limit));
        }
    }

    fn bar(self, turn: &Turn, limit: Option<Duration>) -> String {
        let whole = limit.unwrap_or(turn.gap).max(turn.gap);
        let mut bar = String::new();
        let mut drawn = 0;
        let mut passed = Duration::ZERO;
        for stage in &turn.stages {
            passed += stage.took;
            let until = (BAR as f64 * passed.as_secs_f64() / whole.as_secs_f64()).round() as usize;
            let sign = STAGES.iter().find(|(name, _)| *name == stage.name);
            let sign = sign.map_or(('+', FAINT), |(_, sign)| *sign);
            bar.push_str(&self.block(sign, until.saturating_sub(drawn)));
            drawn = until.max(drawn);
        }
        let name = shortened(&turn.name);
        let ms = format!("{:>5} ms", turn.gap.as_millis());
        let ms = match limit.is_some_and(|limit| turn.gap > limit) {
            true => self.painted(BAD, &ms),
            false => ms,
        };
        format!("{name:NAME$} {ms}  {bar}").trim_end().to_owned()
    }

    fn block(self, (sign, colour): (char, u8), width: usize) -> String {
        match self.has_colours {
            true => self.painted(colour, &"█".repeat(width)),
            false => sign.to_string().repeat(width),
        }
    }

    fn painted(self, colour: u8, text: &str) -> String {
        match self.has_colours && !text.is_empty() {
            true => format!("\x1b[38;5;{colour}m{text}\x1b[0m"),
            false => text.to_owned(),
        }
    }
}

fn shortened(name: &str) -> String {
    if name.chars().count() <= NAME {
        return name.to_owned();
    }
    let short: String = name.chars().take(NAME - 1).collect();
    format!("{}…", short.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use trunkline_phone::page::Stage;

    const PLAIN: Screen = Screen {
        is_shown: false,
        has_colours: false,
    };

    fn turn(gap: u64, stages: &[(&'static str, u64)]) -> Turn {
        let ms = Duration::from_millis;
        let stages = stages.iter().map(|(name, took)| Stage {
            name,
            took: ms(*took),
        });
        Turn {
            name: "My name is Peter Hughes, and I would like to know".to_owned(),
            at: Duration::ZERO,
            gap: ms(gap),
            stages: stages.collect(),
        }
    }

    #[test]
    fn a_bar_is_as_long_as_its_stages_together() {
        let limit = Some(Duration::from_millis(1_500));
        let bar = PLAIN.bar(&turn(750, &[(SILENCE, 500), (SPEAKS, 250)]), limit);
        assert!(
            bar.starts_with("My name is Peter Hughes, and…    750 ms  ....."),
            "{bar}"
        );
        let (_, signs) = bar.split_once(" ms  ").expect("a bar behind the wait");
        assert_eq!(signs, "...............sssssss");
        assert!(!bar.contains('\x1b'));
        // One that takes longer than it may is as long as the screen is wide.
        let bar = PLAIN.bar(&turn(3_000, &[(SILENCE, 3_000)]), limit);
        assert_eq!(bar.chars().filter(|c| *c == '.').count(), BAR);
    }

    #[test]
    fn colours_are_for_terminals() {
        let colourful = Screen {
            has_colours: true,
            ..PLAIN
        };
        assert_eq!(PLAIN.painted(GOOD, "x"), "x");
        assert_eq!(colourful.painted(GOOD, "x"), "\x1b[38;5;71mx\x1b[0m");
    }
}
