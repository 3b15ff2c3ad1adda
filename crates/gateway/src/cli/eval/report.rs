//! What is told of all conversations: text, JSON, JUnit, and a page.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::outcome::{Figures, Outcome};
use crate::cli::Failure;
use crate::telemetry::log::escaped;

/// All conversations of a file.
pub struct Report<'a> {
    /// The file's name.
    pub file: &'a Path,
    /// In the order of the file, callers together.
    pub outcomes: &'a [Outcome],
}

impl Report<'_> {
    /// How many conversations did not pass.
    pub fn failed(&self) -> usize {
        self.outcomes
            .iter()
            .filter(|outcome| !outcome.passed())
            .count()
    }

    fn gaps(&self) -> Option<Figures> {
        Figures::of(self.outcomes.iter().flat_map(|o| o.gaps_ms.iter().copied()))
    }

    fn silences(&self) -> Option<Figures> {
        Figures::of(
            self.outcomes
                .iter()
                .flat_map(|o| o.silences_ms.iter().copied()),
        )
    }

    /// The figures of all conversations, for people.
    pub fn summary(&self) -> Vec<String> {
        let (all, failed) = (self.outcomes.len(), self.failed());
        let mut lines = vec![format!("{} of {all} conversations passed", all - failed)];
        for (name, figures) in [("answers", self.gaps()), ("silence", self.silences())] {
            if let Some(Figures {
                count,
                median,
                p95,
                max,
            }) = figures
            {
                lines.push(format!(
                    "{name}      after {median} ms (median), {p95} ms (p95), {max} ms at most, {count} in all"
                ));
            }
        }
        lines
    }

    /// One object.
    pub fn json(&self) -> Value {
        json!({
            "file": self.file,
            "passed": self.failed() == 0,
            "gapsMs": self.gaps().map(|figures| figures.json()),
            "silencesMs": self.silences().map(|figures| figures.json()),
            "conversations": self.outcomes.iter().map(Outcome::json).collect::<Vec<_>>(),
        })
    }

    /// Writes `report.json`, `junit.xml` and `report.html` into a folder.
    ///
    /// # Errors
    /// Where one of them cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), Failure> {
        let json = format!("{:#}\n", self.json());
        for (name, text) in [
            ("report.json", json),
            ("junit.xml", self.junit()),
            ("report.html", self.page()),
        ] {
            let file = folder.join(name);
            fs::write(&file, text)
                .map_err(|error| Failure::Failed(format!("--out: {}: {error}", file.display())))?;
        }
        Ok(())
    }

    /// A suite of the file, with a test for each conversation.
    pub fn junit(&self) -> String {
        let name = marked_up(&self.file.display().to_string());
        let (all, failed) = (self.outcomes.len(), self.failed());
        let mut text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites tests=\"{all}\" failures=\"{failed}\">\n\
             <testsuite name=\"{name}\" tests=\"{all}\" failures=\"{failed}\" errors=\"0\">\n"
        );
        for outcome in self.outcomes {
            let scenario = marked_up(&outcome.scenario);
            let (caller, seconds) = (outcome.caller, outcome.lasted.as_secs_f64());
            // Writing to a String cannot fail.
            let _ = writeln!(
                text,
                "<testcase classname=\"{scenario}\" name=\"caller {caller}\" file=\"{name}\" line=\"{}\" time=\"{seconds:.3}\">",
                outcome.line
            );
            for fault in self.faults(outcome) {
                let fault = marked_up(&fault);
                let _ = writeln!(text, "<failure message=\"{fault}\"/>");
            }
            text.push_str("</testcase>\n");
        }
        text + "</testsuite>\n</testsuites>\n"
    }

    /// What is wrong with a conversation, each with its place in the file.
    pub fn faults(&self, outcome: &Outcome) -> Vec<String> {
        let place = |line| format!("{}:{line}", self.file.display());
        let faults = outcome.faults.iter();
        faults
            .map(|fault| escaped(&format!("{}: {}", place(fault.line), fault.text)))
            .collect()
    }

    /// One page with everything, and a link to each call.
    fn page(&self) -> String {
        let name = marked_up(&self.file.display().to_string());
        let mut page = format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{name}</title>\n\
             <style>{STYLE}</style></head><body>\n<h1>{name}</h1>\n"
        );
        for line in self.summary() {
            let _ = writeln!(page, "<p>{}</p>", marked_up(&line));
        }
        page.push_str(
            "<table><tr><th>scenario</th><th>caller</th><th></th><th>answers, ms</th>\
                       <th>silence, ms</th><th>what was heard, what is wrong</th></tr>\n",
        );
        for outcome in self.outcomes {
            let (class, verdict) = match outcome.passed() {
                true => ("passed", "passed"),
                false => ("failed", "failed"),
            };
            let said = outcome
                .heard
                .iter()
                .map(|(line, text)| format!("line {line}: {text:?}"));
            let told = said
                .chain(self.faults(outcome))
                .map(|line| marked_up(&line));
            let _ = writeln!(
                page,
                "<tr class=\"{class}\"><td>{}</td><td>{}</td><td><a href=\"{}\">{verdict}</a></td>\
                 <td>{}</td><td>{}</td><td>{}</td></tr>",
                marked_up(&outcome.scenario),
                outcome.caller,
                format_args!("{}.html", outcome.files),
                list(&outcome.gaps_ms),
                list(&outcome.silences_ms),
                told.collect::<Vec<_>>().join("<br>")
            );
        }
        page + "</table>\n</body></html>\n"
    }
}

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;margin:2rem;max-width:80rem}\
    table{border-collapse:collapse}td,th{padding:.3rem .8rem;text-align:left;vertical-align:top;\
    border-bottom:1px solid #ccc}.failed a{color:#b00020}.passed a{color:#00600f}";

fn list(times: &[u64]) -> String {
    let times: Vec<String> = times.iter().map(u64::to_string).collect();
    times.join(", ")
}

/// A text in XML and HTML, without what neither can hold.
fn marked_up(text: &str) -> String {
    let mut marked = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => marked.push_str("&lt;"),
            '>' => marked.push_str("&gt;"),
            '&' => marked.push_str("&amp;"),
            '"' => marked.push_str("&quot;"),
            c if c.is_control() => marked.push('\u{fffd}'),
            c => marked.push(c),
        }
    }
    marked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_heard_cannot_leave_its_place_in_a_document() {
        let marked = marked_up("</td><script>\"&\u{1b}");
        assert_eq!(marked, "&lt;/td&gt;&lt;script&gt;&quot;&amp;\u{fffd}");
    }
}
