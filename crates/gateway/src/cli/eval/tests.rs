//! The guide says what the keys are.

use super::keys;

const GUIDE: &str = include_str!("../../../../../docs/guides/evaluating.md");

#[test]
fn the_guide_has_every_key_of_a_file() {
    for keys in keys::ALL {
        for key in keys.known {
            let is_there =
                GUIDE.contains(&format!("`{key}")) || GUIDE.contains(&format!("{key}: "));
            assert!(is_there, "{key} of {:?}", keys.mapping);
        }
    }
}
