//! What is told while models are fetched, and how it looks.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// How often a bar moves.
const EVERY: Duration = Duration::from_millis(100);
/// Where nothing moves, a line for each of so many parts.
const LINES: u64 = 5;
/// How long a bar is.
const BAR: u64 = 24;

/// What happens.
#[derive(Debug, PartialEq, Eq)]
pub enum News<'a> {
    /// Another process changes the folder.
    Waits,
    /// A source is asked for a wheel.
    Asks {
        /// The wheel.
        wheel: &'a str,
        /// Where.
        source: &'a str,
    },
    /// So much of it is there.
    Has {
        /// The wheel.
        wheel: &'a str,
        /// Bytes that are there.
        done: u64,
        /// Bytes that it has.
        of: u64,
    },
    /// It broke off, and is continued.
    Continues {
        /// Why.
        why: &'a str,
    },
    /// A source does not have it.
    Passes {
        /// Where.
        source: &'a str,
        /// Why not.
        why: &'a str,
    },
    /// Its files are made.
    Makes {
        /// The model.
        model: &'a str,
    },
    /// A model is there.
    Ready {
        /// The model.
        model: &'a str,
        /// Its licence.
        licence: &'a str,
        /// Whose it is.
        origin: &'a str,
    },
}

/// Shows news on standard error: a bar that moves on a terminal, lines elsewhere.
#[derive(Debug)]
pub struct Shown {
    moves: bool,
    /// When the bar last moved; nothing while there is none.
    bar: Option<Instant>,
    /// The wheel, and which part of it was told last.
    told: Option<(String, u64)>,
    began: Option<(Instant, u64)>,
}

impl Shown {
    /// On this process's standard error.
    pub fn here() -> Self {
        Self::new(std::io::stderr().is_terminal())
    }

    fn new(moves: bool) -> Self {
        Self {
            moves,
            bar: None,
            told: None,
            began: None,
        }
    }

    /// Shows it.
    pub fn show(&mut self, news: &News<'_>) {
        let mut text = String::new();
        self.write(news, Instant::now(), &mut text);
        // Nobody is there to be told that standard error is gone.
        let _ = std::io::stderr().write_all(text.as_bytes());
    }

    fn write(&mut self, news: &News<'_>, now: Instant, out: &mut String) {
        if let News::Has { wheel, done, of } = *news {
            match self.moves {
                true => self.move_bar(wheel, done, of, now, out),
                false => self.tell_part(wheel, done, of, out),
            }
            return;
        }
        if self.bar.take().is_some() {
            out.push('\n');
        }
        self.began = None;
        out.push_str(&said(news));
        out.push('\n');
    }

    fn move_bar(&mut self, wheel: &str, done: u64, of: u64, now: Instant, out: &mut String) {
        let (since, from) = *self.began.get_or_insert((now, done));
        let is_early = self
            .bar
            .is_some_and(|last| now.duration_since(last) < EVERY);
        if is_early && done < of {
            return;
        }
        self.bar = Some(now);
        let full = usize::try_from(done.min(of) * BAR / of.max(1)).unwrap_or_default();
        let bar = format!("{:width$}", "=".repeat(full), width = BAR as usize);
        let seconds = now.duration_since(since).as_secs_f64();
        let speed = match seconds > 0.2 {
            true => format!("{:5.1} MB/s", megabytes(done - from) / seconds),
            false => String::new(),
        };
        let (done, of) = (megabytes(done), megabytes(of));
        // To the end of the line nothing of the last one stays.
        out.push_str(&format!(
            "\r  {wheel} [{bar}] {done:.1} of {of:.1} MB {speed}\x1b[K"
        ));
    }

    fn tell_part(&mut self, wheel: &str, done: u64, of: u64, out: &mut String) {
        let part = done * LINES / of.max(1);
        if self
            .told
            .as_ref()
            .is_some_and(|(name, told)| name == wheel && *told == part)
        {
            return;
        }
        self.told = Some((wheel.to_owned(), part));
        let (done, of) = (megabytes(done), megabytes(of));
        out.push_str(&format!("  {wheel}: {done:.1} of {of:.1} MB\n"));
    }
}

fn said(news: &News<'_>) -> String {
    match news {
        News::Waits => "  another process changes the folder of models; waiting for it".to_owned(),
        News::Asks { wheel, source } => format!("  {wheel} from {source}"),
        News::Has { wheel, done, of } => format!("  {wheel}: {done} of {of} bytes"),
        News::Continues { why } => format!("  {why}; going on from there"),
        News::Passes { source, why } => format!("  not from {source}: {why}"),
        News::Makes { model } => format!("  making the files of {model}"),
        News::Ready {
            model,
            licence,
            origin,
        } => format!("{model} is there: {licence}, {origin}"),
    }
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(shown: &mut Shown, news: &News<'_>, now: Instant) -> String {
        let mut out = String::new();
        shown.write(news, now, &mut out);
        out
    }

    fn has(done: u64) -> News<'static> {
        News::Has {
            wheel: "a.whl",
            done,
            of: 10_000_000,
        }
    }

    #[test]
    fn where_nothing_moves_a_few_lines_say_how_far_it_is() {
        let mut shown = Shown::new(false);
        let now = Instant::now();
        let steps = (0..=1_000).map(|step| written(&mut shown, &has(step * 10_000), now));
        let lines: String = steps.collect();
        let lines: Vec<&str> = lines.lines().collect();
        assert_eq!(lines.len(), 6);
        assert_eq!(lines[0], "  a.whl: 0.0 of 10.0 MB");
        assert_eq!(lines[5], "  a.whl: 10.0 of 10.0 MB");
    }

    #[test]
    fn on_a_terminal_a_bar_moves_and_ends_before_the_next_line() {
        let mut shown = Shown::new(true);
        let now = Instant::now();
        let first = written(&mut shown, &has(0), now);
        assert!(first.starts_with("\r  a.whl [   "), "{first:?}");
        assert_eq!(written(&mut shown, &has(1_000_000), now), "", "too early");
        let later = written(&mut shown, &has(5_000_000), now + Duration::from_secs(1));
        let half = "\r  a.whl [============            ] 5.0 of 10.0 MB   5.0 MB/s\u{1b}[K";
        assert_eq!(later, half);
        let next = written(&mut shown, &News::Makes { model: "m" }, now);
        assert_eq!(next, "\n  making the files of m\n");
    }
}
