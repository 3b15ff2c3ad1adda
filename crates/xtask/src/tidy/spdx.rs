//! Licence expressions: is one satisfied by the licences we accept?

/// Whether `accepted` licences satisfy an SPDX expression; `/` is the old spelling of `OR`.
pub fn satisfied(expression: &str, accepted: &[String]) -> bool {
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut parser = Parser {
        words: &words,
        accepted,
    };
    let satisfied = parser.either();
    satisfied && parser.words.is_empty()
}

struct Parser<'a> {
    words: &'a [&'a str],
    accepted: &'a [String],
}

impl Parser<'_> {
    /// Takes the next word if it is this one.
    fn take(&mut self, word: &str) -> bool {
        let is_next = self.words.first() == Some(&word);
        if is_next {
            self.words = &self.words[1..];
        }
        is_next
    }

    fn either(&mut self) -> bool {
        let mut satisfied = self.both();
        while self.take("OR") {
            satisfied |= self.both();
        }
        satisfied
    }

    fn both(&mut self) -> bool {
        let mut satisfied = self.licence();
        while self.take("AND") {
            satisfied &= self.licence();
        }
        satisfied
    }

    fn licence(&mut self) -> bool {
        if self.take("(") {
            let satisfied = self.either();
            return self.take(")") && satisfied;
        }
        let Some((name, rest)) = self.words.split_first() else {
            return false;
        };
        self.words = rest;
        let mut name = (*name).to_owned();
        if self.take("WITH") {
            let Some((exception, rest)) = self.words.split_first() else {
                return false;
            };
            self.words = rest;
            name = format!("{name} WITH {exception}");
        }
        self.accepted.contains(&name)
    }
}

#[test]
fn expressions_are_read_as_spdx_has_them() {
    let accepted = ["MIT".to_owned(), "BSD-3-Clause".to_owned()];
    let cases = [
        ("MIT", true),
        ("GPL-3.0", false),
        ("MIT OR GPL-3.0", true),
        ("MIT/Apache-2.0", true),
        ("MIT AND GPL-3.0", false),
        ("GPL-3.0 OR MIT AND BSD-3-Clause", true),
        ("(GPL-3.0 OR MIT) AND BSD-3-Clause", true),
        ("(GPL-3.0 OR MIT) AND Zlib", false),
        ("MIT WITH an-exception", false),
        ("", false),
        ("MIT MIT", false),
    ];
    for (expression, expected) in cases {
        assert_eq!(satisfied(expression, &accepted), expected, "{expression}");
    }
}
