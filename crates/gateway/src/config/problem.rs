//! What is wrong with a configuration: where, what, and what to type instead.

use serde::Serialize;
use std::cell::RefCell;
use std::fmt;
use std::path::{Path, PathBuf};

/// A place in a file, both counted from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The file, or nothing where an environment variable is at fault.
    pub file: Option<PathBuf>,
    /// The place in it.
    #[serde(flatten)]
    pub place: Option<Place>,
    /// What is wrong, naming the key.
    pub message: String,
    /// What to type.
    pub remedy: String,
}

impl fmt::Display for Problem {
    /// `file:line:column: what is wrong; what to type`, on one line whatever the file holds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{}:", plain(&file.to_string_lossy()))?;
            if let Some(Place { line, column }) = self.place {
                write!(f, "{line}:{column}:")?;
            }
            f.write_str(" ")?;
        }
        write!(f, "{}; {}", plain(&self.message), plain(&self.remedy))
    }
}

/// A text without control characters, which would forge lines or drive a terminal.
fn plain(text: &str) -> String {
    let clean = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    text.chars().map(clean).collect()
}

/// Everything that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Refused {
    /// At least one, in the order of the file.
    pub problems: Vec<Problem>,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

/// Collects what is wrong while a file is read, so that all of it is told at once.
#[derive(Debug)]
pub struct Report {
    file: Option<PathBuf>,
    problems: RefCell<Vec<Problem>>,
}

impl Report {
    /// Nothing wrong yet with this file.
    pub fn on(file: Option<&Path>) -> Self {
        Self {
            file: file.map(Path::to_owned),
            problems: RefCell::default(),
        }
    }

    /// Something is wrong at a place of the file.
    pub fn at(&self, place: Place, message: impl Into<String>, remedy: impl Into<String>) {
        self.add(
            self.file.clone(),
            Some(place),
            message.into(),
            remedy.into(),
        );
    }

    /// Something is wrong with an environment variable or with the whole file.
    pub fn elsewhere(&self, message: impl Into<String>, remedy: impl Into<String>) {
        self.add(None, None, message.into(), remedy.into());
    }

    fn add(&self, file: Option<PathBuf>, place: Option<Place>, message: String, remedy: String) {
        self.problems.borrow_mut().push(Problem {
            file,
            place,
            message,
            remedy,
        });
    }

    /// What was read, if nothing was wrong with it.
    ///
    /// # Errors
    /// Everything that was wrong.
    pub fn proven<T>(self, value: T) -> Result<T, Refused> {
        let mut problems = self.problems.into_inner();
        if problems.is_empty() {
            return Ok(value);
        }
        problems.sort_by_key(|problem| problem.place);
        Err(Refused { problems })
    }
}
