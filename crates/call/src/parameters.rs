//! What an application is told along with its call.

/// Names and values in their order: what a route, a number's entry, or whoever set up the call
/// has to say to the application. Unlike [`Headers`](crate::Headers) they never become part of a
/// SIP message, so a value may have several lines, as a prompt has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// The most parameters of a call.
    pub const COUNT_MAX: usize = 64;
    /// The longest name, in bytes.
    pub const NAME_BYTES_MAX: usize = 128;
    /// The longest value, in bytes.
    pub const VALUE_BYTES_MAX: usize = 16 * 1024;

    /// Adds a parameter; `false` where the limits forbid it, or a name is empty or has control
    /// characters. A name that is there already is added once more: the first is found.
    pub fn push(&mut self, name: &str, value: &str) -> bool {
        let ok = self.0.len() < Self::COUNT_MAX
            && !name.is_empty()
            && name.len() <= Self::NAME_BYTES_MAX
            && !name.chars().any(char::is_control)
            && value.len() <= Self::VALUE_BYTES_MAX;
        if ok {
            self.0.push((name.to_owned(), value.to_owned()));
        }
        ok
    }

    /// Every parameter in its order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The first value under a name, written exactly so.
    pub fn find(&self, name: &str) -> Option<&str> {
        self.iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::Parameters;

    #[test]
    fn a_value_may_have_lines_and_a_name_may_not() {
        let mut parameters = Parameters::default();
        assert!(parameters.push("system_prompt", "Be brief.\nBe kind.\n"));
        assert!(!parameters.push("a\nb", "") && !parameters.push("", "x"));
        assert_eq!(
            parameters.find("system_prompt"),
            Some("Be brief.\nBe kind.\n")
        );
        assert_eq!(parameters.find("System_Prompt"), None);
    }

    #[test]
    fn the_limits_hold() {
        let mut parameters = Parameters::default();
        let long = "x".repeat(Parameters::VALUE_BYTES_MAX + 1);
        assert!(!parameters.push("a", &long));
        assert!(!parameters.push(&long[..=Parameters::NAME_BYTES_MAX], ""));
        for _ in 0..Parameters::COUNT_MAX {
            assert!(parameters.push("a", "1"));
        }
        assert!(!parameters.push("b", "2"));
        assert_eq!(parameters.iter().count(), Parameters::COUNT_MAX);
    }
}
