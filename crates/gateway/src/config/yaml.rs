//! A configuration file as written: scalars, lists and mappings, each with its place.
//!
//! Scalars stay text. What a key wants decides what the text means, so that `+15551234` keeps its
//! plus and `0123` its nought, quoted or not.

use super::problem::{Place, Report};
use super::variables::Variables;
use serde_saphyr::granit_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span, StrInput};
use std::collections::HashMap;

/// The most values of a file, repeated ones counted as often as they are repeated.
const NODES_MAX: usize = 100_000;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its first character.
    pub at: Place,
    /// What it is.
    pub value: Value,
}

/// A value as written.
#[derive(Clone, Debug)]
pub enum Value {
    /// Nothing: an empty value, `~` or `null`.
    Nothing,
    /// A text, with its variables filled in.
    Text(String),
    /// A text whose variables could not be filled in, which was reported.
    Unexpanded,
    /// A list.
    List(Vec<Node>),
    /// A mapping, in its order; no key twice.
    Map(Vec<(Key, Node)>),
}

impl Node {
    /// The same in JSON, every scalar as the text that it is.
    pub fn json(&self) -> serde_json::Value {
        match &self.value {
            Value::Nothing | Value::Unexpanded => serde_json::Value::Null,
            Value::Text(text) => text.as_str().into(),
            Value::List(items) => items.iter().map(Self::json).collect(),
            Value::Map(entries) => entries
                .iter()
                .map(|(key, node)| (key.name.clone(), node.json()))
                .collect(),
        }
    }
}

/// A key of a mapping and where it stands.
#[derive(Clone, Debug)]
pub struct Key {
    /// Its first character.
    pub at: Place,
    /// The key.
    pub name: String,
}

/// Reads a file. What is wrong with it goes to the report; `None` where it is no YAML at all.
pub fn parse(text: &str, variables: &Variables, report: &Report) -> Option<Node> {
    let masked = mask(text);
    let mut builder = Builder {
        events: Parser::new_from_str(&masked),
        anchors: HashMap::new(),
        nodes: 0,
        variables,
        report,
    };
    match builder.document() {
        Ok(node) => Some(node),
        Err(Fault { at, message }) => {
            report.at(at, message, "correct the YAML at this place");
            None
        }
    }
}

/// In YAML, `${NAME}` would be a mapping inside `{ … }` and `[ … ]`. While YAML is read, three
/// characters for private use stand for its three signs, so that places stay what they are and a
/// variable's contents, put in afterwards, can never become structure.
const MASK: [(char, char); 3] = [('$', '\u{e000}'), ('{', '\u{e001}'), ('}', '\u{e002}')];

fn mask(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let (before, variable) = rest.split_at(start);
        masked.push_str(before);
        let end = variable.find('}').filter(|end| {
            let name = variable.get(2..*end).unwrap_or_default();
            !name.contains(char::is_whitespace)
        });
        let Some(end) = end else {
            masked.push_str("${");
            rest = variable.get(2..).unwrap_or_default();
            continue;
        };
        masked.extend([MASK[0].1, MASK[1].1]);
        masked.push_str(variable.get(2..end).unwrap_or_default());
        masked.push(MASK[2].1);
        rest = variable.get(end + 1..).unwrap_or_default();
    }
    masked.push_str(rest);
    masked
}

fn unmask(text: &str) -> String {
    let sign = |c| {
        MASK.iter()
            .find(|(_, mask)| *mask == c)
            .map(|(sign, _)| *sign)
    };
    text.chars().map(|c| sign(c).unwrap_or(c)).collect()
}

/// Why a file is no YAML, or none of ours.
struct Fault {
    at: Place,
    message: String,
}

impl From<ScanError> for Fault {
    fn from(error: ScanError) -> Self {
        Self {
            at: place(error.marker()),
            message: unmask(&error.info()),
        }
    }
}

fn place(marker: &Marker) -> Place {
    Place {
        line: marker.line(),
        column: marker.col() + 1,
    }
}

struct Builder<'t> {
    events: Parser<'t, StrInput<'t>>,
    /// What `*name` may repeat.
    anchors: HashMap<usize, Node>,
    nodes: usize,
    variables: &'t Variables,
    report: &'t Report,
}

impl<'t> Builder<'t> {
    /// The one document of the file; an empty file is an empty mapping.
    fn document(&mut self) -> Result<Node, Fault> {
        let mut found = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamStart | Event::DocumentEnd => {}
                Event::DocumentStart(..) if found.is_some() => {
                    return fault(&span, "a second document begins; a configuration is one");
                }
                Event::DocumentStart(..) => {
                    let (event, span) = self.next()?;
                    found = Some(self.node(event, &span)?);
                }
                _ => break,
            }
        }
        Ok(found.unwrap_or(Node {
            at: Place { line: 1, column: 1 },
            value: Value::Nothing,
        }))
    }

    fn next(&mut self) -> Result<(Event<'t>, Span), Fault> {
        loop {
            match self.events.next_event() {
                Some(Ok((Event::Comment(..), _))) => {}
                Some(event) => return Ok(event?),
                None => return Ok((Event::StreamEnd, Span::default())),
            }
        }
    }

    fn node(&mut self, event: Event<'t>, span: &Span) -> Result<Node, Fault> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            return fault(span, "more values than any configuration needs");
        }
        let at = place(&span.start);
        let (value, anchor) = match event {
            Event::Scalar(text, style, anchor, _) => (self.scalar(&text, style, at), anchor),
            Event::SequenceStart(_, anchor, _) => (self.list()?, anchor),
            Event::MappingStart(_, anchor, _) => (self.map()?, anchor),
            Event::Alias(anchor) => {
                let Some(node) = self.anchors.get(&anchor).cloned() else {
                    return fault(span, "an alias stands inside what it repeats");
                };
                self.nodes += size(&node);
                return Ok(node);
            }
            _ => return fault(span, "a value is missing"),
        };
        let node = Node { at, value };
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn scalar(&self, text: &str, style: ScalarStyle, at: Place) -> Value {
        if style == ScalarStyle::Plain && matches!(text, "" | "~" | "null") {
            return Value::Nothing;
        }
        match self.variables.expand(&unmask(text)) {
            Ok(text) => Value::Text(text),
            Err(error) => {
                self.report.at(at, error.to_string(), error.remedy());
                Value::Unexpanded
            }
        }
    }

    fn list(&mut self) -> Result<Value, Fault> {
        let mut items = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::SequenceEnd) {
                return Ok(Value::List(items));
            }
            items.push(self.node(event, &span)?);
        }
    }

    fn map(&mut self) -> Result<Value, Fault> {
        let mut entries: Vec<(Key, Node)> = Vec::new();
        loop {
            let (event, span) = self.next()?;
            let at = place(&span.start);
            let name = match event {
                Event::MappingEnd => return Ok(Value::Map(entries)),
                Event::Scalar(name, ..) => unmask(&name),
                _ => return fault(&span, "a key must be a word"),
            };
            let (event, span) = self.next()?;
            let node = self.node(event, &span)?;
            match entries.iter().find(|(key, _)| key.name == name) {
                Some((first, _)) => self.report.at(
                    at,
                    format!("`{name}` is written twice, first on line {}", first.at.line),
                    "keep one of them",
                ),
                None => entries.push((Key { at, name }, node)),
            }
        }
    }
}

fn fault<T>(span: &Span, message: &str) -> Result<T, Fault> {
    Err(Fault {
        at: place(&span.start),
        message: message.to_owned(),
    })
}

/// How many values a node holds, itself included.
fn size(node: &Node) -> usize {
    match &node.value {
        Value::Nothing | Value::Text(_) | Value::Unexpanded => 1,
        Value::List(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Map(entries) => 1 + entries.iter().map(|(_, node)| size(node)).sum::<usize>(),
    }
}
