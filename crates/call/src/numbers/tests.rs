use proptest::prelude::*;

use super::{Country, Number};

fn read(text: &str, country: &str) -> Option<String> {
    let country: Option<Country> = (!country.is_empty()).then(|| country.parse().unwrap());
    Number::read(text, country.as_ref()).map(|number| number.to_string())
}

#[test]
fn what_other_gateways_make_into_false_numbers() {
    // Digits alone are of no country: this one would be in Peru.
    assert_eq!(read("5125551234", "").as_deref(), Some("5125551234"));
    assert_eq!(read("(512) 555-1234", "").as_deref(), Some("5125551234"));
    assert_eq!(
        read("(512) 555-1234", "US").as_deref(),
        Some("+15125551234")
    );
    // An international prefix is one only where it is dialled.
    assert_eq!(
        read("00442079460000", "").as_deref(),
        Some("00442079460000")
    );
    assert_eq!(
        read("00442079460000", "DE").as_deref(),
        Some("+442079460000")
    );
    assert_eq!(
        read("011442079460000", "US").as_deref(),
        Some("+442079460000")
    );
    // A caller who withholds the number has none, and above all not `+`.
    for withheld in [
        "anonymous",
        "Anonymous",
        "unavailable",
        "Restricted",
        "sip:anonymous@anonymous.invalid",
        "",
        "+",
    ] {
        assert_eq!(read(withheld, "US"), None, "{withheld:?}");
    }
    // Digits of the host, of the port and of the extension are not digits of the number.
    let uri = "sip:+15125551234@192.0.2.4:5060";
    assert_eq!(read(uri, "").as_deref(), Some("+15125551234"));
    let extension = "tel:+1-512-555-1234;ext=42";
    assert_eq!(read(extension, "").as_deref(), Some("+15125551234"));
}

#[test]
fn one_number_in_every_spelling() {
    for text in [
        "+15125551234",
        "+1 (512) 555-1234",
        "+1.512.555.1234",
        " +1-512-555-1234 ",
        "tel:+15125551234",
        "TEL:+1-512-555-1234;phone-context=+1;npdi",
        "sip:+15125551234@192.0.2.4:5060;user=phone",
        "sips:%2B15125551234@example.com",
        "sip:+15125551234;isub=7@example.com",
        "sip:+15125551234:secret@example.com",
        "+15125551234@example.com",
        "+15125551234,,42#",
        "+15125551234p42",
    ] {
        assert_eq!(read(text, "").as_deref(), Some("+15125551234"), "{text}");
    }
    for text in [
        "5125551234",
        "1 512 555 1234",
        "sip:15125551234@example.com",
    ] {
        assert_eq!(read(text, "us").as_deref(), Some("+15125551234"), "{text}");
    }
}

#[test]
fn what_is_no_number_is_left_alone() {
    for text in [
        "alice",
        "100",
        "911",
        "*97",
        "00100",
        "sip:192.0.2.4",
        "support",
        "5551234x",
        "+151255",
        "+0151255512",
        "+1234567890123456",
        "%2",
        "%zz15125551234",
        "+15125551234 ext 5",
        "tel:",
        "+1+5125551234",
        "https://15125551234",
    ] {
        assert_eq!(read(text, "US"), None, "{text}");
    }
}

#[test]
fn a_country_reads_its_own_spellings() {
    for (country, text, number) in [
        ("DE", "030 901820", Some("+4930901820")),
        ("DE", "4930901820", Some("+4930901820")),
        ("DE", "0049 30 901820", Some("+4930901820")),
        // Within a town: nothing says which.
        ("DE", "9018200", None),
        ("DE", "4901820", None),
        ("GB", "020 7946 0000", Some("+442079460000")),
        ("GB", "442079460000", Some("+442079460000")),
        ("GB", "2079460000", None),
        ("FR", "01 99 00 12 34", Some("+33199001234")),
        ("FR", "199001234", Some("+33199001234")),
        ("FR", "33199001234", Some("+33199001234")),
        ("IT", "06 5550 1234", Some("+390655501234")),
        // As long as a national number, and as a calling code with one after it.
        ("IT", "3906555012", None),
        ("RU", "8 (495) 555-01-23", Some("+74955550123")),
        ("RU", "74955550123", Some("+74955550123")),
        ("RU", "810 1 512 555 1234", Some("+15125551234")),
        ("HU", "06 1 555 0123", Some("+3615550123")),
        ("AU", "0011 1 512 555 1234", Some("+15125551234")),
        ("JP", "010 1 512 555 1234", Some("+15125551234")),
        ("SG", "001 1 512 555 1234", Some("+15125551234")),
        ("US", "555-1234", None),
        ("US", "1512555123", None),
    ] {
        let read = read(text, country).filter(|number| number.starts_with('+'));
        assert_eq!(read.as_deref(), number, "{text} in {country}");
    }
}

#[test]
fn every_country_of_the_table_is_whole() {
    let countries: Vec<Country> = Country::all().collect();
    let lines = include_str!("countries.txt").lines();
    assert_eq!(
        countries.len(),
        lines.filter(|l| !l.starts_with('#')).count()
    );
    for country in &countries {
        assert_eq!(country.code().parse().as_ref(), Ok(country));
        let digits = country.calling_code();
        assert!(
            (1..=3).contains(&digits.len()) && !digits.starts_with('0'),
            "{country}"
        );
    }
    assert!("XX".parse::<Country>().is_err() && "".parse::<Country>().is_err());
}

fn any_country() -> impl Strategy<Value = Option<Country>> {
    let countries: Vec<Country> = Country::all().collect();
    proptest::option::of(proptest::sample::select(countries))
}

proptest! {
    #[test]
    fn any_text_is_read_without_harm(text in ".{0,64}", country in any_country()) {
        if let Some(number) = Number::read(&text, country.as_ref()) {
            let digits = number.as_str().strip_prefix('+').unwrap_or(number.as_str());
            prop_assert!(digits.len() >= super::DIGITS_MIN);
            prop_assert!(digits.bytes().all(|b| b.is_ascii_digit()));
        }
    }

    #[test]
    fn reading_again_changes_nothing(text in "(sip:)?[+]?[0-9() -]{1,24}(;ext=1)?(@a)?", country in any_country()) {
        if let Some(number) = Number::read(&text, country.as_ref()) {
            prop_assert_eq!(Number::read(number.as_str(), country.as_ref()), Some(number));
        }
    }

    #[test]
    fn without_plus_and_country_nothing_becomes_international(digits in "[0-9() .-]{0,40}") {
        let number = Number::read(&digits, None);
        prop_assert!(number.is_none_or(|number| !number.is_international()));
    }

    #[test]
    fn an_international_number_is_the_same_everywhere(digits in "[1-9][0-9]{6,14}", country in any_country()) {
        let text = format!("+{digits}");
        let number = Number::read(&text, country.as_ref()).unwrap();
        prop_assert_eq!(number.as_str(), text.as_str());
    }

    #[test]
    fn what_a_country_adds_is_its_calling_code(digits in "[0-9]{7,15}", country in any_country()) {
        let number = Number::read(&digits, country.as_ref()).unwrap();
        let Some(international) = number.as_str().strip_prefix('+') else {
            prop_assert_eq!(number.as_str(), digits.as_str());
            return Ok(());
        };
        let country = country.unwrap();
        let abroad = country.after_international_prefix(&digits) == Some(international);
        let at_home = international.strip_prefix(country.calling_code());
        prop_assert!(abroad || at_home.is_some_and(|national| digits.ends_with(national)));
    }
}
