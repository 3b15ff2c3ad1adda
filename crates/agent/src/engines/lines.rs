//! Answers that come line by line: events of server-sent streams, and JSON on each line.

use super::EngineError;
use super::http::Answer;

/// The longest line.
const LINE_BYTES_MAX: usize = 1 << 20;

/// Reads an answer line by line.
pub(super) struct Lines {
    answer: Answer,
    rest: Vec<u8>,
    is_over: bool,
}

impl Lines {
    pub fn new(answer: Answer) -> Self {
        Self {
            answer,
            rest: Vec::new(),
            is_over: false,
        }
    }

    /// The next line that is not empty; nothing at the end.
    pub async fn next(&mut self) -> Result<Option<String>, EngineError> {
        loop {
            if let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.rest.drain(..=end).collect();
                let line = String::from_utf8_lossy(&line).trim().to_owned();
                if !line.is_empty() {
                    return Ok(Some(line));
                }
                continue;
            }
            if self.is_over {
                return Ok(None);
            }
            if self.rest.len() > LINE_BYTES_MAX {
                return Err(self.broken("a line does not end"));
            }
            match self.answer.next().await? {
                Some(bytes) => self.rest.extend_from_slice(&bytes),
                None => {
                    // The last line may have no end.
                    self.rest.push(b'\n');
                    self.is_over = true;
                }
            }
        }
    }

    /// What is wrong with the answer.
    pub fn broken(&self, what: impl std::fmt::Display) -> EngineError {
        self.answer.broken(what)
    }
}
