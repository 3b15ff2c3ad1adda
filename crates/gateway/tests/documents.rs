//! What the documents tell a reader to write and to type is understood by the real binary.

mod support;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Output;

use support::{folder, trunkline};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// Files that are no configuration, by a key that only they have: of another program, and scenarios,
/// whose own tests read them.
const NO_CONFIGURATIONS: [&str; 2] = ["credentials-file:", "scenarios:"];

/// What a variable holds that stands for a key of a form of its own; any text will do for others.
const KEYS: [(&str, &str); 1] = [(
    "TELNYX_PUBLIC_KEY",
    "7UkoxijRwsb67Xp2Ee+8A+Xk5aEtlyVWlFfYjFWq4VY=",
)];
const ANY: &str = "sixteen-letters-or-more";

/// A Markdown file.
struct Page {
    name: String,
    text: String,
}

/// A block between fences: the line it begins at, its language, and what is in it.
struct Block {
    line: usize,
    language: String,
    text: String,
}

/// README and everything under `docs`.
fn pages() -> Vec<Page> {
    let root = Path::new(ROOT);
    let folders = [root.join("docs"), root.join("docs/guides")];
    let mut files: Vec<PathBuf> = vec![root.join("README.md"), root.join("CONTRIBUTING.md")];
    for folder in folders {
        let entries = std::fs::read_dir(folder).expect("the documents are committed");
        files.extend(entries.map(|entry| entry.expect("a readable folder").path()));
    }
    files.retain(|file| file.extension().is_some_and(|extension| extension == "md"));
    let page = |file: PathBuf| Page {
        name: file
            .strip_prefix(root)
            .expect("below it")
            .display()
            .to_string(),
        text: std::fs::read_to_string(&file).expect("a text"),
    };
    files.into_iter().map(page).collect()
}

impl Page {
    fn blocks(&self) -> Vec<Block> {
        let mut blocks = Vec::new();
        let mut open: Option<Block> = None;
        for (number, line) in (1..).zip(self.text.lines()) {
            match (line.strip_prefix("```"), &mut open) {
                (Some(_), Some(_)) => blocks.extend(open.take()),
                (Some(language), None) => {
                    open = Some(Block {
                        line: number,
                        language: language.to_owned(),
                        text: String::new(),
                    });
                }
                (None, Some(block)) => {
                    block.text.push_str(line);
                    block.text.push('\n');
                }
                (None, None) => {}
            }
        }
        assert!(open.is_none(), "{}: a fence is not closed", self.name);
        blocks
    }

    /// What stands between single back quotes outside of blocks.
    fn spans(&self) -> Vec<String> {
        let fenced = |(number, _): &(usize, &str)| number % 2 == 0;
        let outside = self.text.split("```").enumerate().filter(fenced);
        let spans = outside.flat_map(|(_, text)| text.split('`').skip(1).step_by(2));
        spans.map(|span| span.replace('\n', " ")).collect()
    }
}

/// A file of variables with one line for every `${NAME}` in a configuration.
fn variables(configuration: &str) -> String {
    let names = configuration.split("${").skip(1);
    let names: BTreeSet<&str> = names.filter_map(|rest| rest.split('}').next()).collect();
    let value = |name: &str| {
        let key = KEYS.iter().find(|(of, _)| *of == name);
        key.map_or(ANY, |(_, key)| key)
    };
    let line = |name: &&str| format!("{name}={}\n", value(name));
    names.iter().map(line).collect()
}

/// Why `trunkline check` refuses a configuration; nothing where it takes it.
fn refusal(folder: &Path, configuration: &str, variables: &str) -> Option<String> {
    std::fs::write(folder.join("trunkline.yaml"), configuration).expect("a writable folder");
    std::fs::write(folder.join(".env"), variables).expect("a writable folder");
    let output = trunkline(folder, &["check"]);
    (!output.status.success()).then(|| said(&output))
}

fn said(output: &Output) -> String {
    let both = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8(both).expect("what it prints is UTF-8")
}

#[test]
fn every_configuration_in_the_documents_passes_the_check() {
    let folder = folder("documents-configurations");
    let mut checked = 0;
    let mut wrong = Vec::new();
    for page in pages() {
        for block in page.blocks() {
            let foreign = NO_CONFIGURATIONS.iter().any(|key| block.text.contains(key));
            if block.language != "yaml" || foreign {
                continue;
            }
            checked += 1;
            if let Some(why) = refusal(&folder, &block.text, &variables(&block.text)) {
                wrong.push(format!("{}:{}: {why}", page.name, block.line));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(checked >= 15, "{checked} blocks were found");
}

#[test]
fn a_wrong_configuration_in_a_document_would_be_seen() {
    let folder = folder("documents-wrong");
    let why = refusal(&folder, "routes: [{to: \"*\", app: nobody}]\n", "");
    assert!(why.is_some_and(|why| why.contains("nobody")));
}

#[test]
fn the_example_of_variables_is_taken_as_it_is() {
    let folder = folder("documents-variables");
    let example = std::fs::read_to_string(Path::new(ROOT).join(".env.example")).expect("a text");
    assert_eq!(refusal(&folder, "{}\n", &example), None);
}

/// Each `trunkline …` of a text: its words, up to where a shell would end the command.
fn commands(text: &str) -> Vec<Vec<String>> {
    let joined = text
        .replace("\\\n", " ")
        .replace("cargo run --release --", "trunkline");
    let lines = joined.lines().map(str::trim);
    let of_ours = lines.filter_map(|line| {
        let at = line.find("trunkline ")?;
        // Before it only variables may stand.
        let before = line[..at].split_whitespace();
        let ours = before.clone().all(|word| word.contains('='));
        ours.then(|| line[at..].split(" #").next().unwrap_or_default())
    });
    let words = |command: &str| {
        command
            .split_whitespace()
            .skip(1)
            .map(str::to_owned)
            .collect()
    };
    of_ours.map(words).collect()
}

#[test]
fn every_command_in_the_documents_and_its_options_are_there() {
    let folder = folder("documents-commands");
    let mut seen = BTreeSet::new();
    let mut wrong = Vec::new();
    for page in pages() {
        let blocks = page.blocks().into_iter();
        let texts = blocks.map(|block| block.text).chain(page.spans());
        for words in texts.flat_map(|text| commands(&text)) {
            let Some((command, rest)) = words.split_first() else {
                continue;
            };
            let mut help = trunkline(&folder, &[command, "--help"]);
            let mut help_says = said(&help);
            if let (true, Some(within)) = (help_says.contains("Commands:"), rest.first()) {
                help = trunkline(&folder, &[command, within, "--help"]);
                help_says = said(&help);
            }
            let options = rest.iter().filter(|word| word.starts_with("--"));
            let options = options.map(|word| word.split('=').next().unwrap_or(word));
            let unknown: Vec<&str> = options
                .filter(|option| !help_says.contains(option))
                .collect();
            if !help.status.success() || !unknown.is_empty() {
                wrong.push(format!(
                    "{}: trunkline {} {unknown:?}",
                    page.name,
                    words.join(" ")
                ));
            }
            seen.insert(command.clone());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(seen.len() >= 10, "{seen:?}");
}
