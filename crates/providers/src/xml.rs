//! XML as answer documents need it: elements, attributes and text, everything escaped.

/// An element that is being written.
#[derive(Clone, Debug)]
pub struct Element {
    name: &'static str,
    attributes: String,
    content: String,
}

impl Element {
    /// An empty element.
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            attributes: String::new(),
            content: String::new(),
        }
    }

    /// Adds an attribute.
    pub fn attribute(mut self, name: &str, value: &str) -> Self {
        self.attributes.push(' ');
        self.attributes.push_str(name);
        self.attributes.push_str("=\"");
        escape(value, &mut self.attributes);
        self.attributes.push('"');
        self
    }

    /// Adds an attribute, if there is a value for it.
    pub fn attribute_if(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.attribute(name, value),
            None => self,
        }
    }

    /// Adds an element within.
    pub fn child(mut self, child: &Self) -> Self {
        child.write(&mut self.content);
        self
    }

    /// Adds text within.
    pub fn text(mut self, text: &str) -> Self {
        escape(text, &mut self.content);
        self
    }

    /// The element as a whole document.
    pub fn document(&self) -> String {
        let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
        self.write(&mut text);
        text
    }

    fn write(&self, into: &mut String) {
        let (name, attributes) = (self.name, &self.attributes);
        into.push_str(&match self.content.as_str() {
            "" => format!("<{name}{attributes}/>"),
            content => format!("<{name}{attributes}>{content}</{name}>"),
        });
    }
}

/// Escapes for attributes and text alike. White space other than the space would be made one in an
/// attribute (XML 1.0 section 3.3.3), so it is escaped too. What XML cannot carry at all
/// (section 2.2) becomes the replacement character.
fn escape(text: &str, into: &mut String) {
    for letter in text.chars() {
        match letter {
            '&' => into.push_str("&amp;"),
            '<' => into.push_str("&lt;"),
            '>' => into.push_str("&gt;"),
            '"' => into.push_str("&quot;"),
            '\'' => into.push_str("&apos;"),
            '\t' => into.push_str("&#9;"),
            '\n' => into.push_str("&#10;"),
            '\r' => into.push_str("&#13;"),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => into.push('\u{fffd}'),
            _ => into.push(letter),
        }
    }
}
