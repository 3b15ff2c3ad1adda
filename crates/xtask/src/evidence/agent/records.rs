//! What the gateway knows of its own part of the calls: the records it leaves in a file.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::workspace::Failure;

/// How long the record of a call that is over may take to be written.
const WRITTEN_MAX: Duration = Duration::from_secs(10);

/// The file into which a gateway writes a line for each call.
pub struct Records(PathBuf);

impl Records {
    /// A file of which nothing is there yet.
    pub fn new(file: PathBuf) -> Result<Self, Failure> {
        std::fs::write(&file, "")?;
        Ok(Self(file))
    }

    /// Where it is.
    pub fn file(&self) -> &Path {
        &self.0
    }

    /// The call that ended last, once there is one.
    pub fn last(&self) -> Result<Value, Failure> {
        let patience = Instant::now() + WRITTEN_MAX;
        loop {
            let text = std::fs::read_to_string(&self.0)?;
            let whole = text.rsplit_once('\n').map_or("", |(lines, _)| lines);
            if let Some(line) = whole.lines().next_back() {
                return Ok(serde_json::from_str(line)?);
            }
            if Instant::now() > patience {
                return Err(format!("{} has no call", self.0.display()).into());
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// What passed in the gateway itself between the caller's last word and the answer, for each turn:
/// everything but the caller's packet, which goes out when it is full, and the application.
pub fn of_turns(records: &[Value]) -> Vec<f64> {
    let own = ["jitterBufferMs", "decodeMs", "queueMs", "encodeMs"];
    sums(records, "/turns/each", &own)
}

/// From the application's decision to stop to its last sound on the wire, for each interruption.
pub fn of_interruptions(records: &[Value]) -> Vec<f64> {
    sums(
        records,
        "/turns/interruptions/each",
        &["queueMs", "encodeMs"],
    )
}

fn sums(records: &[Value], list: &str, stages: &[&str]) -> Vec<f64> {
    let lists = records.iter().filter_map(|record| record.pointer(list));
    let each = lists.flat_map(|list| list.as_array().cloned().unwrap_or_default());
    let sum = |one: Value| {
        let told = one.get("stages")?;
        stages.iter().map(|stage| told.get(stage)?.as_f64()).sum()
    };
    each.filter_map(sum).collect()
}

/// The value that this part of a hundred is no greater than.
pub fn rank(values: &[f64], part: usize) -> Option<f64> {
    let mut values = values.to_vec();
    values.sort_unstable_by(f64::total_cmp);
    let place = (values.len() * part).div_ceil(100).checked_sub(1)?;
    values.get(place).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_gateways_part_is_all_that_is_neither_packet_nor_application() {
        let stages = |queue: u32| {
            json!({"packetMs": 9, "jitterBufferMs": 1, "decodeMs": 2, "applicationMs": 500,
                   "queueMs": queue, "encodeMs": 3})
        };
        let record = json!({"turns": {
            "each": [{"stages": stages(10)}, {"stages": stages(4)}],
            "interruptions": {"each": [{"yielded": false}, {"yielded": true, "stages": stages(7)}]},
        }});
        let records = [record, json!({"turns": {"each": []}})];
        assert_eq!(of_turns(&records), [16.0, 10.0]);
        assert_eq!(of_interruptions(&records), [10.0]);
    }

    #[test]
    fn ranks_are_of_what_was_measured() {
        let values: Vec<f64> = (1..=40).rev().map(f64::from).collect();
        assert_eq!(rank(&values, 50), Some(20.0));
        assert_eq!(rank(&values, 95), Some(38.0));
        assert_eq!(rank(&values, 100), Some(40.0));
        assert_eq!(rank(&[], 95), None);
    }
}
