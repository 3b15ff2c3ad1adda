//! Plivo's `extra_headers`: the one place where a stream can be told anything of its own.

use trunkline_call::Parameters;

use crate::stream::Start;

/// `start` has no field for the two numbers: they travel as extra headers of these names.
const FROM: &str = "from_number";
const TO: &str = "to_number";

/// What extra headers tell.
pub(super) struct Told {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) parameters: Parameters,
}

/// What `a=1;b=2` tells.
pub(super) fn read(headers: &str) -> Told {
    let mut told = Told {
        from: String::new(),
        to: String::new(),
        parameters: Parameters::default(),
    };
    for (name, value) in pairs(headers) {
        match name {
            FROM => value.clone_into(&mut told.from),
            TO => value.clone_into(&mut told.to),
            _ => {
                told.parameters.push(name, value);
            }
        }
    }
    told
}

/// As an attribute of Plivo's XML they are parted by commas,
/// and some pass that on as it is.
fn pairs(headers: &str) -> impl Iterator<Item = (&str, &str)> {
    let separator = if headers.contains(';') { ';' } else { ',' };
    headers
        .trim_matches(['{', '}'])
        .split(separator)
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.trim(), value.trim()))
}

/// Writes `a=1;b=2`. A pair whose own text has the signs that part pairs is left out: there is no way to
/// escape them.
pub(super) fn write(start: &Start) -> String {
    let numbers = [(FROM, start.from.as_str()), (TO, start.to.as_str())];
    let numbers = numbers.into_iter().filter(|(_, number)| !number.is_empty());
    let mut headers = String::new();
    for (name, value) in numbers.chain(start.parameters.iter()) {
        if name.contains(['=', ';', ',']) || value.contains([';', ',']) {
            continue;
        }
        if !headers.is_empty() {
            headers.push(';');
        }
        headers.push_str(name);
        headers.push('=');
        headers.push_str(value);
    }
    headers
}
