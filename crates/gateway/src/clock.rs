//! The clock on the wall, by which routes go.

use jiff::Zoned;
use jiff::tz::TimeZone;
use std::fmt;
use std::str::FromStr;
use trunkline_call::routes::Moment;

/// A time zone, with its changes between winter and summer.
#[derive(Clone, PartialEq, Eq)]
pub struct Clock(TimeZone);

/// No zone has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no time zone is named {0:?}")]
pub struct UnknownZone(String);

impl Default for Clock {
    /// That of this machine, which is UTC where it says nothing.
    fn default() -> Self {
        Self(TimeZone::system())
    }
}

impl FromStr for Clock {
    type Err = UnknownZone;

    /// Reads a name of the IANA database: `Europe/Berlin`.
    fn from_str(name: &str) -> Result<Self, UnknownZone> {
        let zone = TimeZone::get(name);
        zone.map(Self).map_err(|_| UnknownZone(name.to_owned()))
    }
}

impl Clock {
    /// The day of the week and the time of day.
    pub fn now(&self) -> Moment {
        moment(&Zoned::now().with_time_zone(self.0.clone()))
    }
}

impl Clock {
    /// The time as one says it: `2:35 PM on Saturday`.
    pub fn spoken(&self) -> String {
        let now = Zoned::now().with_time_zone(self.0.clone());
        now.strftime("%-I:%M %p on %A").to_string()
    }
}

fn moment(time: &Zoned) -> Moment {
    let number = |part: i8| u16::try_from(part).unwrap_or_default();
    let weekday = usize::from(number(time.weekday().to_monday_zero_offset()));
    let minute = number(time.hour()) * 60 + number(time.minute());
    Moment::new(weekday, minute).expect("a calendar has seven days, and a day 24 hours")
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.iana_name().unwrap_or("this machine"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_has_its_own_day_and_its_summer() {
        let berlin: Clock = "Europe/Berlin".parse().unwrap();
        for (utc, local) in [
            ("2026-01-04T23:30:00Z", "mon 00:30"),
            ("2026-07-05T22:30:00Z", "mon 00:30"),
            ("2026-07-05T21:59:59Z", "sun 23:59"),
        ] {
            let time: jiff::Timestamp = utc.parse().unwrap();
            let moment = moment(&time.to_zoned(berlin.0.clone()));
            assert_eq!(moment.to_string(), local, "{utc}");
        }
        assert!("Europe/Bärlin".parse::<Clock>().is_err());
    }
}
