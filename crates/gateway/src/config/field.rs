//! Reads values out of a file's tree. Whatever is wrong goes to the report with its place; the
//! reader goes on, so that all of it is told at once.

use super::keys::Keys;
use super::nearest::nearest;
use super::problem::{Place, Report};
use super::yaml::{Key, Node, Value};
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// A value, its place, and its path in words: `sip.listen[1]`.
#[derive(Clone, Debug)]
pub struct Field<'f> {
    node: &'f Node,
    path: String,
    report: &'f Report,
}

impl<'f> Field<'f> {
    /// The whole file.
    pub fn root(node: &'f Node, report: &'f Report) -> Self {
        Self {
            node,
            path: String::new(),
            report,
        }
    }

    /// Reports that this value is wrong.
    pub fn wrong(&self, message: impl Display, remedy: impl Into<String>) {
        let message = match self.path.as_str() {
            "" => message.to_string(),
            path => format!("{path}: {message}"),
        };
        self.report.at(self.node.at, message, remedy);
    }

    /// The same, told by a `None`.
    fn none<T>(&self, message: impl Display, remedy: &str) -> Option<T> {
        self.wrong(message, remedy);
        None
    }

    /// A text, which must not be empty.
    pub fn text(&self) -> Option<&'f str> {
        match &self.node.value {
            Value::Text(text) if !text.is_empty() => Some(text),
            Value::Unexpanded => None,
            Value::Text(_) | Value::Nothing => self.none("is empty", "write a value"),
            Value::List(_) => self.none("is a list", "write one value"),
            Value::Map(_) => self.none("is a mapping", "write one value"),
        }
    }

    /// A text that means something of this type; `remedy` says how to write one.
    pub fn parsed<T: FromStr<Err: Display>>(&self, remedy: &str) -> Option<T> {
        self.read(str::parse, remedy)
    }

    /// A text that this function understands; `remedy` says how to write one.
    pub fn read<T, E: Display>(
        &self,
        understand: impl FnOnce(&str) -> Result<T, E>,
        remedy: &str,
    ) -> Option<T> {
        match understand(self.text()?) {
            Ok(value) => Some(value),
            Err(error) => self.none(error, remedy),
        }
    }

    /// One of these words.
    pub fn word<T: Copy>(&self, words: &[(&str, T)]) -> Option<T> {
        let text = self.text()?;
        let found = words.iter().find(|(word, _)| *word == text);
        if found.is_none() {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let remedy = match nearest(text, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("write one of: {}", known.join(", ")),
            };
            self.wrong(format!("{text:?} is not known"), remedy);
        }
        found.map(|(_, value)| *value)
    }

    /// `true` or `false`.
    pub fn flag(&self) -> Option<bool> {
        match self.text()? {
            "true" => Some(true),
            "false" => Some(false),
            other => self.none(format!("{other:?} is neither"), "write true or false"),
        }
    }

    /// A whole number in a range.
    pub fn number<T>(&self, range: RangeInclusive<T>) -> Option<T>
    where
        T: FromStr + PartialOrd + Display + Copy,
    {
        let text = self.text()?;
        let number = text.parse().ok().filter(|number| range.contains(number));
        if number.is_none() {
            let (least, most) = (range.start(), range.end());
            self.wrong(
                format!("{text:?} is out of range"),
                format!("write a whole number from {least} to {most}"),
            );
        }
        number
    }

    /// The values of a list.
    pub fn list(&self) -> Vec<Self> {
        let Value::List(items) = &self.node.value else {
            self.wrong(
                "is no list",
                "write [ … ], or a line beginning with `- ` for each",
            );
            return Vec::new();
        };
        let item = |(index, node): (usize, &'f Node)| Self {
            node,
            path: format!("{}[{index}]", self.path),
            report: self.report,
        };
        items.iter().enumerate().map(item).collect()
    }

    /// The values of a list; of anything else, that one.
    pub fn one_or_more(&self) -> Vec<Self> {
        match &self.node.value {
            Value::List(_) => self.list(),
            _ => vec![self.clone()],
        }
    }

    /// Whether it is a mapping.
    pub fn is_mapping(&self) -> bool {
        matches!(self.node.value, Value::Map(_))
    }

    /// Where it stands.
    pub fn place(&self) -> Place {
        self.node.at
    }

    /// The entries of a mapping whose keys are names of the user's own.
    pub fn entries(&self) -> Vec<(&'f Key, Self)> {
        let entries = match &self.node.value {
            Value::Map(entries) => entries.as_slice(),
            Value::Nothing => &[],
            Value::Text(_) | Value::Unexpanded | Value::List(_) => {
                self.wrong("is no mapping", "write `name: value` lines below it");
                &[]
            }
        };
        let entry = |(key, node): &'f (Key, Node)| (key, self.child(&key.name, node));
        entries.iter().map(entry).collect()
    }

    /// Whatever stands there, as text: a list or a mapping in the spelling of JSON.
    pub fn any_text(&self) -> Option<String> {
        match &self.node.value {
            Value::Text(text) => Some(text.clone()),
            Value::Nothing | Value::Unexpanded => None,
            Value::List(_) | Value::Map(_) => Some(self.node.json().to_string()),
        }
    }

    /// The keys of a mapping, whatever they hold.
    pub fn names(&self) -> Vec<&'f str> {
        match &self.node.value {
            Value::Map(entries) => entries.iter().map(|(key, _)| key.name.as_str()).collect(),
            _ => Vec::new(),
        }
    }

    /// The mapping, after all keys that it must not have were reported.
    pub fn section(&self, keys: &'static Keys) -> Section<'f> {
        let entries = self.entries();
        for (key, _) in &entries {
            self.check_key(key, keys);
        }
        Section {
            field: self.clone(),
            entries,
            keys,
        }
    }

    fn check_key(&self, key: &Key, keys: &Keys) {
        let name = key.name.as_str();
        let path = self.path_of(name);
        if keys.later.contains(&name) {
            self.report.at(
                key.at,
                format!("{path}: this build cannot do that yet"),
                "remove the key",
            );
        } else if !keys.known.contains(&name) {
            let remedy = match nearest(name, keys.known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known here: {}", keys.known.join(", ")),
            };
            self.report
                .at(key.at, format!("{path}: unknown key"), remedy);
        }
    }

    fn path_of(&self, key: &str) -> String {
        match self.path.as_str() {
            "" => key.to_owned(),
            path => format!("{path}.{key}"),
        }
    }

    fn child(&self, key: &str, node: &'f Node) -> Self {
        Self {
            node,
            path: self.path_of(key),
            report: self.report,
        }
    }
}

/// A mapping with known keys.
#[derive(Debug)]
pub struct Section<'f> {
    field: Field<'f>,
    entries: Vec<(&'f Key, Field<'f>)>,
    keys: &'static Keys,
}

impl<'f> Section<'f> {
    /// The value of a key, if the file has it.
    pub fn get(&self, key: &'static str) -> Option<Field<'f>> {
        debug_assert!(self.keys.known.contains(&key), "{key} is not in its table");
        let found = self.entries.iter().find(|(known, _)| known.name == key);
        found.map(|(_, field)| field.clone())
    }

    /// Whether a mapping of this kind may have the key.
    pub fn knows(&self, key: &str) -> bool {
        self.keys.known.contains(&key)
    }

    /// The value of a key that must be there.
    pub fn need(&self, key: &'static str) -> Option<Field<'f>> {
        let found = self.get(key);
        if found.is_none() {
            self.field
                .wrong(format!("`{key}` is missing"), format!("add `{key}: …`"));
        }
        found
    }

    /// The whole mapping as a value, for what is wrong with all of it.
    pub fn field(&self) -> &Field<'f> {
        &self.field
    }
}

/// Puts what was read in its place; where nothing was, the default stays.
pub fn set<T>(place: &mut T, read: Option<T>) {
    if let Some(value) = read {
        *place = value;
    }
}
