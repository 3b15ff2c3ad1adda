//! What is read of a generator's report.

use serde_json::Value;

/// Whether a report measured the target, and not the generator or a failure.
pub fn is_valid(report: &Value) -> bool {
    let valid = report["pass"] == true && report["generator"]["void"].is_null();
    if !valid {
        eprintln!("      no figure: {report}");
    }
    valid
}

/// CPU of the target for a second of a call, in ms.
pub fn cpu_of_call_second(report: &Value) -> Option<f64> {
    report["cpuMsPerCallSecond"].as_f64()
}

/// CPU of the target for setting up and ending a call, in ms.
pub fn cpu_of_call(report: &Value) -> Option<f64> {
    report["cpuMsPerCall"].as_f64()
}

/// The delay of half the pulses, in ms.
pub fn delay(report: &Value) -> Option<f64> {
    report["delayMs"]["p50"].as_f64()
}

/// The time from INVITE to 200 of half the calls, in ms.
pub fn answered(report: &Value) -> Option<f64> {
    report["answeredMs"]["p50"].as_f64()
}

/// Resident memory of the target, in KiB.
pub fn resident(report: &Value) -> Option<f64> {
    report["holdings"]["rssKib"].as_f64()
}
