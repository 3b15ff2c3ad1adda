//! The settings of pip: where this user's packages come from.
//!
//! Variables `PIP_…` win over configuration files, and of those each later one over the ones before:
//! the machine's, the user's, that of the virtual environment, `$PIP_CONFIG_FILE`. In a file
//! `[download]` wins over `[global]`. A name is the option's, without its hyphens in a variable.

use crate::config::Variables;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The largest configuration file that is read.
const FILE_BYTES_MAX: u64 = 1024 * 1024;
/// The sections that count, the stronger one last.
const SECTIONS: [&str; 2] = ["global", "download"];

/// What is set, by `section.name`, and `:env:.name` for what a variable says.
#[derive(Debug, Default)]
pub struct Pip(BTreeMap<String, String>);

impl Pip {
    /// The settings of this machine and user.
    pub fn of(variables: &Variables) -> Self {
        let mut settings = Self::default();
        for path in files(variables) {
            let mut text = String::new();
            let read = File::open(path).map(|file| file.take(FILE_BYTES_MAX));
            // One that is not there, or not to be read, says nothing; pip says so too.
            if read
                .and_then(|mut file| file.read_to_string(&mut text))
                .is_ok()
            {
                settings.add_file(&text);
            }
        }
        settings.add_variables(variables);
        settings
    }

    /// What a setting says; nothing where nobody says anything.
    pub fn value(&self, name: &str) -> Option<&str> {
        let sections = std::iter::once(":env:").chain(SECTIONS.into_iter().rev());
        let values = sections.filter_map(|section| self.0.get(&format!("{section}.{name}")));
        { values }.next().map(String::as_str)
    }

    /// What a setting says that may say several things.
    pub fn list(&self, name: &str) -> impl Iterator<Item = &str> {
        self.value(name).unwrap_or_default().split_whitespace()
    }

    /// What a setting says that is on or off.
    pub fn is_on(&self, name: &str) -> bool {
        let value = self.value(name).map(str::to_ascii_lowercase);
        matches!(value.as_deref(), Some("1" | "true" | "yes" | "on"))
    }

    /// Adds what a file says: sections in brackets, `name = value`, further lines of a value
    /// indented, comments behind `#` and `;` at the beginning of a line.
    fn add_file(&mut self, text: &str) {
        let mut section = String::new();
        let mut last: Option<String> = None;
        for line in text.lines() {
            let words = line.trim();
            if words.is_empty() || words.starts_with(['#', ';']) {
                continue;
            }
            if line.starts_with([' ', '\u{9}']) {
                if let Some(value) = last.as_ref().and_then(|key| self.0.get_mut(key)) {
                    value.push('\n');
                    value.push_str(words);
                }
                continue;
            }
            last = None;
            if let Some(name) = words
                .strip_prefix('[')
                .and_then(|rest| rest.split(']').next())
            {
                section = name.to_ascii_lowercase();
            } else if let Some((name, value)) = words.split_once(['=', ':'])
                && SECTIONS.contains(&section.as_str())
            {
                let key = format!("{section}.{}", normal(name));
                self.0.insert(key.clone(), value.trim().to_owned());
                last = Some(key);
            }
        }
    }

    fn add_variables(&mut self, variables: &Variables) {
        for name in NAMES {
            let variable = format!("PIP_{}", name.to_ascii_uppercase().replace('-', "_"));
            let value = variables.value(&variable).map(str::trim);
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                self.0.insert(format!(":env:.{name}"), value.to_owned());
            }
        }
    }
}

/// The settings that say where packages come from.
const NAMES: [&str; 6] = [
    "cert",
    "extra-index-url",
    "find-links",
    "index-url",
    "no-index",
    "proxy",
];

/// A name as pip compares it.
fn normal(name: &str) -> String {
    name.trim().to_ascii_lowercase().replace('_', "-")
}

/// The configuration files that pip reads, the strongest last.
fn files(variables: &Variables) -> Vec<PathBuf> {
    let folder = |name: &str| {
        let value = variables.value(name).filter(|value| !value.is_empty());
        value.map(PathBuf::from)
    };
    let named = folder("PIP_CONFIG_FILE");
    // By this one asks pip to read no file at all.
    if named.as_deref() == Some(Path::new("/dev/null")) {
        return Vec::new();
    }
    let mut files = Vec::new();
    let machine = variables.value("XDG_CONFIG_DIRS").unwrap_or("/etc/xdg");
    files.extend(
        machine
            .split(':')
            .map(|folder| Path::new(folder).join("pip/pip.conf")),
    );
    files.push(PathBuf::from("/etc/pip.conf"));
    let home = folder("HOME");
    if !named.as_deref().is_some_and(Path::exists) {
        let config = folder("XDG_CONFIG_HOME");
        let config = config.or_else(|| home.as_ref().map(|home| home.join(".config")));
        files.extend(home.map(|home| home.join(".pip/pip.conf")));
        files.extend(config.map(|folder| folder.join("pip/pip.conf")));
    }
    files.extend(folder("VIRTUAL_ENV").map(|folder| folder.join("pip.conf")));
    files.extend(named);
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(pairs: &[(&str, &str)]) -> Variables {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        pairs.iter().map(owned).collect()
    }

    #[test]
    fn a_variable_wins_over_a_file_and_download_over_global() {
        let mut pip = Pip::default();
        pip.add_file(
            "# ours\n[global]\nindex_url = https://a.example/simple\ncert: /ca.pem\nproxy = p:1\n\n\
             [download]\nindex-url = https://b.example/simple\n[list]\nproxy = q:1\n",
        );
        assert_eq!(pip.value("index-url"), Some("https://b.example/simple"));
        assert_eq!(pip.value("cert"), Some("/ca.pem"));
        assert_eq!(pip.value("proxy"), Some("p:1"));
        assert_eq!(pip.value("find-links"), None);
        pip.add_variables(&variables(&[
            ("PIP_INDEX_URL", "https://c.example/simple"),
            ("PIP_CERT", ""),
        ]));
        assert_eq!(pip.value("index-url"), Some("https://c.example/simple"));
        assert_eq!(
            pip.value("cert"),
            Some("/ca.pem"),
            "an empty one says nothing"
        );
    }

    #[test]
    fn a_later_file_wins_and_a_value_may_have_several_lines() {
        let mut pip = Pip::default();
        pip.add_file("[global]\nextra-index-url = https://old.example\nno-index = yes\n");
        let tab = '\u{9}';
        pip.add_file(&format!(
            "[global]\nextra-index-url =\n    https://a.example\n; between\n{tab}https://b.example\n"
        ));
        let listed: Vec<&str> = pip.list("extra-index-url").collect();
        assert_eq!(listed, ["https://a.example", "https://b.example"]);
        assert!(pip.is_on("no-index"));
        assert!(!pip.is_on("cert"));
    }

    #[test]
    fn what_is_no_configuration_says_nothing() {
        let mut pip = Pip::default();
        pip.add_file(
            "index-url = https://a.example\n  b\n[\n]\n=\n[global\nindex-url\n   \n[]\nx=y",
        );
        assert_eq!(pip.value("index-url"), None);
    }

    #[test]
    fn files_are_read_in_the_order_of_pip() {
        let shown = |pairs: &[(&str, &str)]| {
            let files = files(&variables(pairs));
            let shown: Vec<String> = files
                .iter()
                .map(|file| file.display().to_string())
                .collect();
            shown.join(" ")
        };
        assert_eq!(
            shown(&[
                ("HOME", "/h"),
                ("VIRTUAL_ENV", "/v"),
                ("PIP_CONFIG_FILE", "/no/such")
            ]),
            "/etc/xdg/pip/pip.conf /etc/pip.conf /h/.pip/pip.conf /h/.config/pip/pip.conf \
             /v/pip.conf /no/such"
        );
        // One that is there stands in for the user's own.
        assert_eq!(
            shown(&[
                ("HOME", "/h"),
                ("XDG_CONFIG_DIRS", "/x:/y"),
                ("PIP_CONFIG_FILE", "/")
            ]),
            "/x/pip/pip.conf /y/pip/pip.conf /etc/pip.conf /"
        );
        assert_eq!(
            shown(&[("HOME", "/h"), ("PIP_CONFIG_FILE", "/dev/null")]),
            ""
        );
    }
}
