//! Words that are written short, and numbers that are written in letters.

use super::super::numbers::{cardinal, ordinal};
use super::place::{Place, Said, digits, ends_word, past_space, word};

/// Said in full before a name.
const TITLES: [(&str, &str); 22] = [
    ("Mr", "Mister"),
    ("Mrs", "Mrs"),
    ("Ms", "Miz"),
    ("Dr", "Doctor"),
    ("Prof", "Professor"),
    ("St", "Saint"),
    ("Mt", "Mount"),
    ("Ft", "Fort"),
    ("Gen", "General"),
    ("Gov", "Governor"),
    ("Sen", "Senator"),
    ("Rep", "Representative"),
    ("Capt", "Captain"),
    ("Lt", "Lieutenant"),
    ("Col", "Colonel"),
    ("Sgt", "Sergeant"),
    ("Rev", "Reverend"),
    ("Hon", "Honorable"),
    ("Pres", "President"),
    ("Supt", "Superintendent"),
    ("Maj", "Major"),
    ("Adm", "Admiral"),
];

/// Said in full everywhere.
const ABBREVIATIONS: [(&str, &str); 56] = [
    ("Jr.", "Junior"),
    ("Sr.", "Senior"),
    ("St.", "Street"),
    ("Mt.", "Mount"),
    ("Ave.", "Avenue"),
    ("Blvd.", "Boulevard"),
    ("Rd.", "Road"),
    ("Ln.", "Lane"),
    ("Hwy.", "Highway"),
    ("Pkwy.", "Parkway"),
    ("Ste.", "Suite"),
    ("Apt.", "Apartment"),
    ("Bldg.", "Building"),
    ("Ltd.", "Limited"),
    ("Inc.", "Incorporated"),
    ("Corp.", "Corporation"),
    ("Co.", "Company"),
    ("Bros.", "Brothers"),
    ("Dept.", "Department"),
    ("dept.", "department"),
    ("Univ.", "University"),
    ("Assn.", "Association"),
    ("Govt.", "Government"),
    ("approx.", "approximately"),
    ("est.", "established"),
    ("vs.", "versus"),
    ("vs", "versus"),
    ("vol.", "volume"),
    ("Vol.", "Volume"),
    ("fig.", "figure"),
    ("Fig.", "Figure"),
    ("ext.", "extension"),
    ("Ext.", "Extension"),
    ("nos.", "numbers"),
    ("cf.", "compare"),
    ("Jan.", "January"),
    ("Feb.", "February"),
    ("Apr.", "April"),
    ("Aug.", "August"),
    ("Sep.", "September"),
    ("Sept.", "September"),
    ("Oct.", "October"),
    ("Nov.", "November"),
    ("Dec.", "December"),
    ("Mon.", "Monday"),
    ("Tue.", "Tuesday"),
    ("Tues.", "Tuesday"),
    ("Wed.", "Wednesday"),
    ("Thu.", "Thursday"),
    ("Thurs.", "Thursday"),
    ("Fri.", "Friday"),
    ("e.g.", "for example"),
    ("i.e.", "that is"),
    ("etc.", "et cetera"),
    ("w/o", "without"),
    ("w/", "with"),
];

/// Before a number in Roman letters: "Chapter IV" is four, "Henry VIII" the eighth.
const COUNTED: [&str; 12] = [
    "Chapter", "Part", "Act", "Scene", "Section", "Volume", "Book", "Phase", "Article", "War",
    "Class", "Level",
];
const RULERS: [&str; 14] = [
    "Pope",
    "King",
    "Queen",
    "Henry",
    "Louis",
    "Edward",
    "George",
    "William",
    "Charles",
    "James",
    "Richard",
    "Elizabeth",
    "Pius",
    "Benedict",
];

/// "Dr. Smith", "St Paul".
pub(super) fn title(place: &Place<'_>) -> Option<Said> {
    let short = word(place.rest);
    let (_, long) = TITLES.into_iter().find(|(title, _)| *title == short)?;
    let rest = &place.rest[short.len()..];
    let rest = rest.strip_prefix('.').unwrap_or(rest);
    let named = rest.strip_prefix(' ')?.starts_with(char::is_uppercase);
    named.then_some(())?;
    place.said(rest, long)
}

/// "Main St.", "approx. 5". A full stop that ends the sentence as well stays.
pub(super) fn abbreviation(place: &Place<'_>) -> Option<Said> {
    let (rest, long) = ABBREVIATIONS.into_iter().find_map(|(short, long)| {
        let rest = place
            .rest
            .strip_prefix(short)
            .filter(|rest| ends_word(rest))?;
        Some((rest, long))
    })?;
    let rest = match rest {
        "" if place.rest.ends_with('.') => ".",
        rest => rest,
    };
    place.said(rest, long)
}

/// "No. 5", "nos. 3", "#7".
pub(super) fn numbered(place: &Place<'_>) -> Option<Said> {
    let rest = ["No.", "no.", "Nr.", "#"]
        .into_iter()
        .find_map(|short| place.rest.strip_prefix(short))?;
    let rest = past_space(rest);
    (digits(rest) > 0).then_some(())?;
    place.said(rest, "number ")
}

/// "Chapter IV", "World War II", "Henry VIII".
pub(super) fn roman(place: &Place<'_>) -> Option<Said> {
    let name = word(place.rest);
    let text = place.rest[name.len()..].strip_prefix(' ')?;
    let letters = word(text);
    let rest = &text[letters.len()..];
    ends_word(rest).then_some(())?;
    let number = value(letters)?;
    if COUNTED
        .iter()
        .any(|counted| counted.eq_ignore_ascii_case(name))
    {
        return place.said(rest, format!("{name} {}", cardinal(number)));
    }
    // "Henry I think" is no king.
    let ruled = RULERS.contains(&name) && letters != "I";
    ruled.then_some(())?;
    place.said(rest, format!("{name} the {}", ordinal(number)))
}

/// The value of a Roman numeral below 90.
fn value(letters: &str) -> Option<u64> {
    let mut rest = letters;
    let mut number = 0;
    for (sign, value, often) in [
        ("L", 50, 1),
        ("XL", 40, 1),
        ("X", 10, 3),
        ("IX", 9, 1),
        ("V", 5, 1),
        ("IV", 4, 1),
        ("I", 1, 3),
    ] {
        for _ in 0..often {
            if let Some(after) = rest.strip_prefix(sign) {
                (rest, number) = (after, number + value);
            }
        }
    }
    (rest.is_empty() && number > 0).then_some(number)
}
