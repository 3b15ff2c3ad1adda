//! The page that a comparison fills.

use super::figures::Row;
use crate::evidence::write_page;
use crate::workspace::Failure;

/// A page of `docs/evidence` whose table is filled section by section.
pub struct Page {
    /// The name of its file, without the ending.
    pub name: &'static str,
    pub title: &'static str,
    /// What stands above the table.
    pub lead: String,
    /// What the column beside Trunkline's is called.
    pub peer: &'static str,
    /// Whether the figures mean anything. Otherwise they are only shown, and no page is written.
    pub is_evidence: bool,
}

impl Page {
    /// Measures each section in its order. The page is written after each, so that a long run that
    /// is broken off leaves what it has. A gate that is missed fails the run.
    pub fn fill<Section>(
        &self,
        sections: &[Section],
        mut measure: impl FnMut(&Section, &mut Vec<Row>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut rows = Vec::new();
        let measured = sections.iter().try_for_each(|section| {
            measure(section, &mut rows)?;
            self.write(&rows)
        });
        // What was measured before something failed is shown all the same.
        print!("{}", self.body(&rows));
        measured?;
        if !self.is_evidence {
            println!("\nEverything works; these figures mean nothing.");
            return Ok(());
        }
        verdict(&rows)
    }

    fn write(&self, rows: &[Row]) -> Result<(), Failure> {
        if !self.is_evidence {
            return Ok(());
        }
        write_page(self.name, self.title, &self.body(rows))
    }

    fn body(&self, rows: &[Row]) -> String {
        let mut body = format!("{}\n\n", self.lead.trim_end());
        body += &format!(
            "| what | Trunkline | {} | ratio | gate | aim | verdict |\n",
            self.peer
        );
        body += "|---|---|---|---|---|---|---|\n";
        body.extend(rows.iter().map(Row::markdown));
        body
    }
}

/// An error that names what misses its gate.
fn verdict(rows: &[Row]) -> Result<(), Failure> {
    let missed = rows.iter().filter(|row| row.is_missed());
    let missed: Vec<&str> = missed.map(|row| row.what.as_str()).collect();
    if missed.is_empty() {
        return Ok(());
    }
    Err(format!("missed: {}", missed.join("; ")).into())
}

#[cfg(test)]
mod tests {
    use super::super::figures::{Bound, Judged, Rounds};
    use super::*;

    fn row(what: &str, own: f64) -> Row {
        Row {
            judged: Judged::Own,
            gate: Some(Bound::AtMost(1.0)),
            ..Row::compared(
                what.to_owned(),
                " ms",
                (Rounds(vec![own]), Rounds::default()),
            )
        }
    }

    fn page() -> Page {
        Page {
            name: "trial",
            title: "Trial",
            lead: "How it was done.\n".to_owned(),
            peer: "Asterisk",
            is_evidence: false,
        }
    }

    #[test]
    fn what_misses_its_gate_is_named() {
        let said = verdict(&[row("delay", 0.5), row("CPU", 2.0), row("memory", 3.0)]);
        let said = said.err().map(|failure| failure.to_string());
        assert_eq!(said.as_deref(), Some("missed: CPU; memory"));
        assert!(verdict(&[row("delay", 0.5)]).is_ok());
    }

    #[test]
    fn the_table_names_the_peer_and_has_a_line_for_each_row() {
        let body = page().body(&[row("delay", 0.5), row("CPU", 2.0)]);
        let lines: Vec<&str> = body.lines().collect();
        assert_eq!(lines[0], "How it was done.");
        assert!(lines[2].contains("| Asterisk |"));
        assert!(lines[4].starts_with("| delay |") && lines[5].starts_with("| CPU |"));
    }

    #[test]
    fn a_section_that_fails_ends_the_run() {
        let mut tried = Vec::new();
        let done = page().fill(&[1, 2, 3], |section, _| {
            tried.push(*section);
            match section {
                2 => Err("no peer".into()),
                _ => Ok(()),
            }
        });
        assert!(done.is_err());
        assert_eq!(tried, [1, 2]);
    }
}
