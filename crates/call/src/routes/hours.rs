//! The days and hours at which a rule takes calls.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const MINUTES_A_DAY: u16 = 24 * 60;

/// A day of the week and a time of day, wherever the gateway says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// 0 is Monday.
    weekday: usize,
    /// Since midnight.
    minute: u16,
}

/// `mon-fri 09:00-17:00`: days, hours, or both. Hours that end before they begin go past midnight,
/// and belong to the day on which they begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hours {
    text: String,
    days: [bool; 7],
    /// From this minute to before that one; the whole day where they are the same.
    minutes: (u16, u16),
}

/// What is wrong with days and hours.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0:?} is neither days nor hours")]
pub struct BadHours(String);

impl Moment {
    /// From the days since Monday, and the minutes since midnight; `None` where there is no such.
    pub fn new(weekday: usize, minute: u16) -> Option<Self> {
        let exists = weekday < DAYS.len() && minute < MINUTES_A_DAY;
        exists.then_some(Self { weekday, minute })
    }

    fn day_before(self) -> usize {
        (self.weekday + DAYS.len() - 1) % DAYS.len()
    }
}

impl FromStr for Moment {
    type Err = BadHours;

    /// Reads `mon 08:59`.
    fn from_str(text: &str) -> Result<Self, BadHours> {
        let bad = || BadHours(text.to_owned());
        let (day, time) = text.trim().split_once(' ').ok_or_else(bad)?;
        let (weekday, minute) = (weekday(day), minute(time.trim()));
        weekday
            .zip(minute)
            .and_then(|(weekday, minute)| Self::new(weekday, minute))
            .ok_or_else(bad)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = DAYS.get(self.weekday).unwrap_or(&"?");
        write!(f, "{day} {:02}:{:02}", self.minute / 60, self.minute % 60)
    }
}

impl FromStr for Hours {
    type Err = BadHours;

    fn from_str(text: &str) -> Result<Self, BadHours> {
        let bad = || BadHours(text.to_owned());
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        let (days, hours) = match words.as_slice() {
            [hours] if hours.contains(':') => (None, Some(hours)),
            [days] => (Some(days), None),
            [days, hours] => (Some(days), Some(hours)),
            _ => return Err(bad()),
        };
        Ok(Self {
            text: words.join(" "),
            days: days
                .map_or(Some([true; 7]), |d| weekdays(d))
                .ok_or_else(bad)?,
            minutes: hours.map_or(Some((0, 0)), |h| span(h)).ok_or_else(bad)?,
        })
    }
}

impl Hours {
    /// Whether a moment is within.
    pub fn matches(&self, at: Moment) -> bool {
        let (from, to) = self.minutes;
        let on = |weekday: usize| self.days.get(weekday).copied().unwrap_or(false);
        if from < to {
            on(at.weekday) && (from..to).contains(&at.minute)
        } else {
            (on(at.weekday) && at.minute >= from) || (on(at.day_before()) && at.minute < to)
        }
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Reads `mon`, `mon-fri` or `sat,sun`; a range may go past Sunday.
fn weekdays(text: &str) -> Option<[bool; 7]> {
    let mut days = [false; 7];
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (weekday(first)?, weekday(last)?);
        let count = (last + DAYS.len() - first) % DAYS.len();
        for day in (first..=first + count).map(|day| day % DAYS.len()) {
            *days.get_mut(day)? = true;
        }
    }
    Some(days)
}

fn weekday(text: &str) -> Option<usize> {
    DAYS.iter().position(|day| day.eq_ignore_ascii_case(text))
}

/// Reads `09:00-17:00`; the whole day is `00:00-24:00`.
fn span(text: &str) -> Option<(u16, u16)> {
    let (from, to) = text.split_once('-')?;
    let (from, to) = (minute(from)?, minute(to)?);
    let is_whole = from == 0 && to == MINUTES_A_DAY;
    match from < MINUTES_A_DAY && from != to {
        true if is_whole => Some((0, 0)),
        true => Some((from, to)),
        false => None,
    }
}

/// Reads `08:59`, and `24:00` for the end of a day.
fn minute(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let number = |text: &str, digits: std::ops::RangeInclusive<usize>| {
        let plain = digits.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| text.parse::<u16>().ok()).flatten()
    };
    let (hours, minutes) = (number(hours, 1..=2)?, number(minutes, 2..=2)?);
    let minute = hours * 60 + minutes;
    (minutes < 60 && minute <= MINUTES_A_DAY).then_some(minute)
}

#[cfg(test)]
mod tests {
    use super::{Hours, Moment};

    fn within(hours: &str, moment: &str) -> bool {
        let hours: Hours = hours.parse().unwrap();
        hours.matches(moment.parse().unwrap())
    }

    #[test]
    fn days_and_hours_begin_and_end_on_time() {
        for (hours, inside, outside) in [
            ("mon-fri 09:00-17:00", "mon 09:00", "mon 08:59"),
            ("mon-fri 09:00-17:00", "fri 16:59", "fri 17:00"),
            ("Mon-Fri 9:00-17:00", "wed 12:00", "sat 12:00"),
            ("sat,sun", "sun 23:59", "mon 00:00"),
            ("fri-mon", "sun 12:00", "thu 12:00"),
            ("09:00-17:00", "sun 09:00", "sun 17:00"),
            ("mon,wed-thu 00:00-24:00", "thu 23:59", "tue 00:00"),
            ("12:00-24:00", "tue 23:59", "tue 00:00"),
        ] {
            assert!(within(hours, inside), "{hours}: {inside}");
            assert!(!within(hours, outside), "{hours}: {outside}");
        }
    }

    #[test]
    fn a_night_belongs_to_the_day_on_which_it_begins() {
        let night = "fri 22:00-06:00";
        assert!(within(night, "fri 22:00") && within(night, "sat 05:59"));
        assert!(!within(night, "fri 05:59") && !within(night, "sat 06:00"));
        assert!(
            within("sun 22:00-06:00", "mon 00:00"),
            "the week goes round"
        );
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for bad in [
            "",
            "day",
            "mon-",
            "9-17",
            "09:00",
            "09:00-9",
            "25:00-26:00",
            "09:60-10:00",
            "mon 09:00-17:00 UTC",
            "17:00-17:00",
            "24:00-01:00",
            "mon tue",
            "009:00-10:00",
        ] {
            assert!(bad.parse::<Hours>().is_err(), "{bad}");
        }
        assert!("mon 24:00".parse::<Moment>().is_err() && "08:59".parse::<Moment>().is_err());
        assert!(Moment::new(7, 0).is_none() && Moment::new(0, 1440).is_none());
        assert_eq!(
            "mon 8:05".parse::<Moment>().unwrap().to_string(),
            "mon 08:05"
        );
    }
}
