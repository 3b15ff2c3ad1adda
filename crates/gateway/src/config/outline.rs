//! A configuration as written, for programs that keep entries of their own in it.

use super::problem::{Problem, Refused, Report};
use super::{Variables, add_dot_env, read, yaml};
use serde_json::{Map, Value};
use std::path::Path;

/// A file as it is written, and whatever is wrong with it: every scalar is the text that it is, so
/// that `+15551234` keeps its plus, with its variables filled in, or null where that cannot be done.
/// Which keys there may be is not looked at. Nothing but problems comes of what is no YAML.
pub fn outline(file: &Path, mut variables: Variables) -> (Option<Value>, Vec<Problem>) {
    let folder = file.parent().unwrap_or(Path::new(""));
    let mut problems = match add_dot_env(folder, &mut variables) {
        Ok(()) => Vec::new(),
        Err(Refused { problems }) => problems,
    };
    let text = match read(file) {
        Ok(text) => text,
        Err(refused) => {
            problems.extend(refused.problems);
            return (None, problems);
        }
    };
    let report = Report::on(Some(file));
    let outline = yaml::parse(&text, &variables, &report).map(|root| match root.json() {
        // An empty file is an empty mapping.
        Value::Null => Value::Object(Map::new()),
        outline => outline,
    });
    if let Err(refused) = report.proven(()) {
        problems.extend(refused.problems);
    }
    (outline, problems)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outlined(name: &str, text: &str) -> (Option<Value>, String) {
        let folder = std::env::temp_dir().join(format!("{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("outline.yaml");
        std::fs::write(&path, text).unwrap();
        let variables = [("NAME".to_owned(), "david".to_owned())];
        let (value, problems) = outline(&path, variables.into_iter().collect());
        std::fs::remove_dir_all(&folder).unwrap();
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        (value, problems.join("\n"))
    }

    #[test]
    fn scalars_are_texts_and_variables_are_filled_in() {
        let (value, problems) = outlined(
            "outline-texts",
            "dids:\n  +15125551234: {user_id: \"${NAME}\", n: 007}\n",
        );
        let value = value.unwrap();
        let entry = &value["dids"]["+15125551234"];
        assert_eq!(
            (&entry["user_id"], &entry["n"]),
            (&"david".into(), &"007".into())
        );
        assert_eq!(problems, "");
    }

    #[test]
    fn what_cannot_be_filled_in_is_null_and_told() {
        let (value, problems) = outlined("outline-unset", "a: \"${NOWHERE}\"\nb: 1\n");
        let value = value.unwrap();
        assert!(value["a"].is_null() && value["b"] == "1", "{value}");
        assert!(problems.contains("NOWHERE is not set"), "{problems}");
    }

    #[test]
    fn an_empty_file_is_an_empty_mapping() {
        let (value, problems) = outlined("outline-empty", "# nothing yet\n");
        assert_eq!((value, problems.as_str()), (Some(Map::new().into()), ""));
    }

    #[test]
    fn what_is_no_yaml_is_nothing_but_problems() {
        let (value, problems) = outlined("outline-broken", "dids: [1,\n");
        assert_eq!(value, None);
        assert!(problems.contains("correct the YAML"), "{problems}");
    }
}
