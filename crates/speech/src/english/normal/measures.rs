//! Numbers with a unit.

use super::place::{Numeral, Place, Said, ends_word, past_space};

/// A unit, one of it and several.
const UNITS: [(&str, &str, &str); 47] = [
    ("km/h", "kilometer per hour", "kilometers per hour"),
    ("sq ft", "square foot", "square feet"),
    ("sq mi", "square mile", "square miles"),
    ("km", "kilometer", "kilometers"),
    ("cm", "centimeter", "centimeters"),
    ("mm", "millimeter", "millimeters"),
    ("kg", "kilogram", "kilograms"),
    ("mg", "milligram", "milligrams"),
    ("lbs", "pound", "pounds"),
    ("lb", "pound", "pounds"),
    ("oz", "ounce", "ounces"),
    ("ft", "foot", "feet"),
    ("mi", "mile", "miles"),
    ("ml", "milliliter", "milliliters"),
    ("kph", "kilometer per hour", "kilometers per hour"),
    ("mph", "mile per hour", "miles per hour"),
    ("Hz", "hertz", "hertz"),
    ("kHz", "kilohertz", "kilohertz"),
    ("MHz", "megahertz", "megahertz"),
    ("GHz", "gigahertz", "gigahertz"),
    ("kB", "kilobyte", "kilobytes"),
    ("KB", "kilobyte", "kilobytes"),
    ("MB", "megabyte", "megabytes"),
    ("GB", "gigabyte", "gigabytes"),
    ("TB", "terabyte", "terabytes"),
    ("kbps", "kilobit per second", "kilobits per second"),
    ("Mbps", "megabit per second", "megabits per second"),
    ("Gbps", "gigabit per second", "gigabits per second"),
    ("hrs", "hour", "hours"),
    ("hr", "hour", "hours"),
    ("mins", "minute", "minutes"),
    ("min", "minute", "minutes"),
    ("secs", "second", "seconds"),
    ("sec", "second", "seconds"),
    ("ms", "millisecond", "milliseconds"),
    ("yd", "yard", "yards"),
    ("kWh", "kilowatt hour", "kilowatt hours"),
    ("kW", "kilowatt", "kilowatts"),
    ("MW", "megawatt", "megawatts"),
    ("GW", "gigawatt", "gigawatts"),
    ("mAh", "milliamp hour", "milliamp hours"),
    ("fps", "frame per second", "frames per second"),
    ("cc", "cubic centimeter", "cubic centimeters"),
    ("mcg", "microgram", "micrograms"),
    ("nm", "nanometer", "nanometers"),
    ("dB", "decibel", "decibels"),
    ("pct", "percent", "percent"),
];

/// "5 km", "3hrs".
pub(super) fn unit(place: &Place<'_>) -> Option<Said> {
    let (minus, number, rest) = signed(place)?;
    let rest = past_space(rest);
    let (rest, one, several) = UNITS.iter().find_map(|(unit, one, several)| {
        let rest = rest.strip_prefix(unit).filter(|rest| ends_word(rest))?;
        Some((rest, *one, *several))
    })?;
    let unit = if number.is_one() { one } else { several };
    place.said(rest, format!("{minus}{} {unit}", number.words()))
}

/// "20°C", "5 °".
pub(super) fn degrees(place: &Place<'_>) -> Option<Said> {
    let (minus, number, rest) = signed(place)?;
    let rest = past_space(rest).strip_prefix('°')?;
    let scale = [("C", " Celsius"), ("F", " Fahrenheit")]
        .into_iter()
        .find_map(|(letter, name)| {
            let rest = past_space(rest).strip_prefix(letter);
            Some((rest.filter(|rest| ends_word(rest))?, name))
        });
    let (rest, scale) = scale.unwrap_or((rest, ""));
    let unit = if number.is_one() { "degree" } else { "degrees" };
    place.said(rest, format!("{minus}{} {unit}{scale}", number.words()))
}

/// "50%", "2.5 %".
pub(super) fn percent(place: &Place<'_>) -> Option<Said> {
    let (minus, number, rest) = signed(place)?;
    let rest = past_space(rest).strip_prefix('%')?;
    place.said(rest, format!("{minus}{} percent", number.words()))
}

fn signed<'a>(place: &Place<'a>) -> Option<(&'static str, Numeral<'a>, &'a str)> {
    let below = place.rest.strip_prefix('-');
    let (number, rest) = Numeral::read(below.unwrap_or(place.rest))?;
    Some((if below.is_some() { "minus " } else { "" }, number, rest))
}
