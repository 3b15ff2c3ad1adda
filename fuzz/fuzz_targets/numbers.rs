//! A telephone number as a caller writes it: read without harm, and what is read is read again as
//! the same. The first byte chooses the country, or none.
#![no_main]

use libfuzzer_sys::fuzz_target;
use trunkline_call::numbers::{Country, Number};

fuzz_target!(|input: (u8, &str)| {
    let (choice, text) = input;
    let country = Country::all().nth(usize::from(choice));
    let Some(number) = Number::read(text, country.as_ref()) else {
        return;
    };
    let digits = number.as_str().trim_start_matches('+');
    assert!(digits.len() >= 7 && digits.bytes().all(|b| b.is_ascii_digit()));
    assert_eq!(
        Number::read(number.as_str(), country.as_ref()),
        Some(number)
    );
});
