//! A record as JSON. Figures are rounded to what they are worth, so that no line is full of
//! digits that mean nothing.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::{CallRecord, MediaRecord};
use crate::AppStats;
use crate::turns::Turns;

impl CallRecord {
    /// One JSON object; its `Display` is one line.
    pub fn to_json(&self) -> Value {
        json!({
            "callId": self.id.to_string(),
            "sipCallId": self.sip_call_id,
            "direction": self.direction.word(),
            "from": self.from,
            "to": self.to,
            "peer": self.peer,
            "trunk": self.trunk,
            "provider": self.provider,
            "user": self.user,
            "app": self.app,
            "started": rfc3339(self.started),
            "answeredMs": self.answered_after.map(ms),
            "durationMs": ms(self.lasted),
            "talkMs": ms(self.talked()),
            "end": {
                "by": self.end.by(),
                "reason": self.end.reason(),
                "code": self.end.code(),
                "text": self.end.text(),
                "detail": self.detail,
            },
            "media": self.media.as_ref().map(media),
            "turns": turns(&self.turns),
            "application": application(&self.application),
        })
    }
}

fn media(media: &MediaRecord) -> Value {
    json!({
        "codec": media.codec,
        "packetsSent": media.packets_sent,
        "packetsReceived": media.packets_received,
        "packetsLost": media.packets_lost,
        "packetsLate": media.packets_late,
        "packetsRejected": media.packets_rejected,
        "lossPercent": rounded(media.loss_percent(), 2),
        "concealedMs": ms(media.concealed),
        "jitterMs": rounded(media.jitter_ms, 2),
        "mos": media.mos.map(|mos| rounded(mos, 2)),
        "farLossPercent": media.far_loss_percent.map(|loss| rounded(loss, 2)),
        "roundTripMs": media.round_trip_ms.map(|time| rounded(time, 1)),
    })
}

fn turns(turns: &Turns) -> Value {
    let interruptions = turns.interruptions().iter();
    let each_interruption: Vec<Value> = interruptions.map(crate::json::interruption).collect();
    json!({
        "count": turns.count(),
        "medianMs": turns.median_ms(),
        "maxMs": turns.max_ms(),
        "stagesMedian": turns.stages_median_ms().map(crate::json::stages),
        "each": turns.each().iter().map(crate::json::turn).collect::<Vec<_>>(),
        "interruptions": {
            "count": turns.interrupted(),
            "unyielding": turns.unyielding(),
            "medianMs": turns.yield_median_ms(),
            "each": each_interruption,
        },
        "appDeaf": turns.deaf().map(|deaf| json!({
            "atMs": deaf.at_ms,
            "silentMs": deaf.silent_ms,
        })),
    })
}

fn application(stats: &AppStats) -> Value {
    json!({
        "framesSent": stats.frames_sent,
        "framesDropped": stats.frames_dropped,
        "samplesReceived": stats.samples_received,
        "nonsense": stats.nonsense,
        "unknown": stats.unknown,
        "firstAudioMs": stats.first_audio.map(ms),
    })
}

/// A duration in whole ms.
fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// A figure with so many decimals. Computed in 64 bit, since 32 bit would leave noise behind.
fn rounded(figure: f32, decimals: i32) -> Value {
    let scale = 10_f64.powi(decimals);
    json!((f64::from(figure) * scale).round() / scale)
}

/// A time in UTC as RFC 3339 has it, with ms. Times before 1970 count as 1970.
pub fn rfc3339(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = since.as_secs();
    let (year, month, day) = civil_date(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    let ms = since.subsec_millis();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z")
}

/// Year, month and day of a day counted from 1970-01-01, in the Gregorian calendar. Years are
/// counted from March, so that the leap day is the last of its year.
fn civil_date(days: u64) -> (u64, u64, u64) {
    const DAYS_TO_1970: u64 = 719_468; // from 0000-03-01
    const DAYS_IN_400_YEARS: u64 = 146_097;
    let days = days + DAYS_TO_1970;
    let (era, day) = (days / DAYS_IN_400_YEARS, days % DAYS_IN_400_YEARS);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day_of_month = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (era * 400 + year + next, month, day_of_month)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_fall_where_the_calendar_has_them() {
        // date -u -d @N
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400, "2000-02-29T00:00:00.000Z"),
            (951_868_800, "2000-03-01T00:00:00.000Z"),
            (1_709_251_199, "2024-02-29T23:59:59.000Z"),
            (4_107_542_400, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(rfc3339(UNIX_EPOCH + Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn figures_carry_no_noise() {
        assert_eq!(rounded(0.1, 2).to_string(), "0.1");
        assert_eq!(rounded(4.41, 2).to_string(), "4.41");
        assert_eq!(rounded(f32::NAN, 2), Value::Null);
    }
}
