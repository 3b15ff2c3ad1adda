//! Environment variables: those of the process, and those of the `.env` beside the configuration,
//! which count where the process has none of that name.

use super::problem::{Place, Report};
use std::collections::BTreeMap;

/// Variables by name.
#[derive(Clone, Debug, Default)]
pub struct Variables(BTreeMap<String, String>);

/// Why a `${…}` could not be filled in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotExpand {
    /// There is no such variable.
    #[error("the environment variable {0} is not set")]
    Unset(String),
    /// There is no name, or none that a variable can have.
    #[error("`${{{0}}}` names no environment variable")]
    BadName(String),
    /// There is a `${` without an end.
    #[error("`${{` has no `}}`")]
    Open,
}

impl CannotExpand {
    /// What to type.
    pub fn remedy(&self) -> String {
        match self {
            Self::Unset(name) => {
                format!("set it, or add a line `{name}=…` to the `.env` beside this file")
            }
            Self::BadName(_) => "write ${NAME}: letters, digits and `_`".to_owned(),
            Self::Open => "write ${NAME}, or $${ for the two signs themselves".to_owned(),
        }
    }
}

impl Variables {
    /// Those of this process. One that is not UTF-8 counts as not set.
    pub fn of_process() -> Self {
        let valid = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        std::env::vars_os().filter_map(valid).collect()
    }

    /// The value of a variable.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Adds the lines of a `.env`; what is set already stays.
    pub fn add_file(&mut self, text: &str, report: &Report) {
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match assignment(line) {
                Some((name, value)) => {
                    self.0.entry(name.to_owned()).or_insert(value);
                }
                None => report.at(
                    Place {
                        line: index + 1,
                        column: 1,
                    },
                    "this line sets no variable",
                    "write NAME=value",
                ),
            }
        }
    }

    /// Fills in every `${NAME}`; `$${` stands for `${` itself.
    ///
    /// # Errors
    /// At the first that cannot be filled in.
    pub fn expand(&self, text: &str) -> Result<String, CannotExpand> {
        let mut expanded = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            let (before, variable) = rest.split_at(start);
            let inside = variable.get(2..).unwrap_or_default();
            if let Some(before) = before.strip_suffix('$') {
                expanded.push_str(before);
                expanded.push_str("${");
                rest = inside;
                continue;
            }
            expanded.push_str(before);
            let (name, after) = inside.split_once('}').ok_or(CannotExpand::Open)?;
            if !is_name(name) {
                return Err(CannotExpand::BadName(name.to_owned()));
            }
            let value = self.value(name);
            expanded.push_str(value.ok_or_else(|| CannotExpand::Unset(name.to_owned()))?);
            rest = after;
        }
        expanded.push_str(rest);
        Ok(expanded)
    }
}

impl FromIterator<(String, String)> for Variables {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

/// Name and value of a line like `NAME=value`, `export NAME="value"` or `NAME=value # why`.
fn assignment(line: &str) -> Option<(&str, String)> {
    let line = line.strip_prefix("export ").unwrap_or(line);
    let (name, value) = line.split_once('=')?;
    let (name, value) = (name.trim(), value.trim());
    if !is_name(name) {
        return None;
    }
    let quoted = ['"', '\''].into_iter().find_map(|quote| {
        let inside = value.strip_prefix(quote)?;
        inside.split_once(quote).map(|(inside, _)| inside)
    });
    let bare = value.split(" #").next().unwrap_or_default().trim_end();
    Some((name, quoted.unwrap_or(bare).to_owned()))
}

fn is_name(name: &str) -> bool {
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    starts && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(pairs: &[(&str, &str)]) -> Variables {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        pairs.iter().map(owned).collect()
    }

    #[test]
    fn variables_are_filled_in_once() {
        let known = variables(&[("A", "1"), ("B_2", "${A}"), ("EMPTY", "")]);
        for (text, expanded) in [
            ("", ""),
            ("$A {A} $", "$A {A} $"),
            ("${A}", "1"),
            ("x${A}y${A}z", "x1y1z"),
            ("${B_2}", "${A}"),
            ("[${EMPTY}]", "[]"),
            ("$${A} ${A}", "${A} 1"),
        ] {
            assert_eq!(known.expand(text).as_deref(), Ok(expanded), "{text}");
        }
    }

    #[test]
    fn a_variable_that_cannot_be_filled_in_is_named() {
        let none = Variables::default();
        assert_eq!(
            none.expand("a${SECRET}"),
            Err(CannotExpand::Unset("SECRET".to_owned()))
        );
        assert_eq!(none.expand("${A"), Err(CannotExpand::Open));
        assert_eq!(
            none.expand("${}"),
            Err(CannotExpand::BadName(String::new()))
        );
        assert_eq!(
            none.expand("${A:-b}"),
            Err(CannotExpand::BadName("A:-b".to_owned()))
        );
    }

    #[test]
    fn a_file_adds_what_the_process_has_not() {
        let mut both = variables(&[("A", "process")]);
        let report = Report::on(None);
        let file = "# secrets\n\nA=file\nexport B = \"two words # here\" # why\nC='x'\nD=e#f # g\n";
        both.add_file(file, &report);
        for (name, value) in [
            ("A", "process"),
            ("B", "two words # here"),
            ("C", "x"),
            ("D", "e#f"),
        ] {
            assert_eq!(both.value(name), Some(value), "{name}");
        }
        assert!(report.proven(()).is_ok());
        let report = Report::on(Some(std::path::Path::new(".env")));
        both.add_file("A=1\nnot a variable\n", &report);
        let refused = report.proven(()).unwrap_err().to_string();
        assert_eq!(
            refused,
            ".env:2:1: this line sets no variable; write NAME=value"
        );
    }
}
