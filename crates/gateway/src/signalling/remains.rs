//! The record of a call that is over.

use super::Card;
use crate::shard::Final;
use std::time::Duration;
use trunkline_call::SAMPLE_RATE_HZ;
use trunkline_call::record::{CallRecord, MediaRecord};
use trunkline_media::codec::Codec;

/// Puts together what the gateway and the shard knew.
pub fn record(card: Card, last: Final) -> CallRecord {
    let (codec, format) = (last.description.codec, last.description.format);
    let codec = codec
        .map(Codec::name)
        .or(format.map(|format| format.encoding.rtp_name()));
    let media = codec.map(|codec| media(codec, &last));
    CallRecord {
        media,
        turns: last.turns,
        application: last.app,
        ..card.record
    }
}

fn media(codec: &'static str, last: &Final) -> MediaRecord {
    let Some(stats) = last.media.media else {
        return MediaRecord {
            codec,
            ..MediaRecord::default()
        };
    };
    let ms = |duration: Duration| duration.as_secs_f32() * 1_000.0;
    let far_loss = stats
        .packets_lost_by_peer
        .filter(|_| stats.packets_sent > 0);
    MediaRecord {
        codec,
        packets_sent: stats.packets_sent,
        packets_received: stats.packets_received,
        packets_lost: stats.packets_lost,
        packets_late: stats.packets_late,
        packets_rejected: stats.packets_malformed + stats.packets_foreign,
        concealed: Duration::from_micros(
            stats.samples_concealed * 1_000_000 / u64::from(SAMPLE_RATE_HZ),
        ),
        jitter_ms: ms(stats.jitter),
        mos: stats.quality.map(|quality| quality.mos as f32),
        far_loss_percent: far_loss.map(|lost| lost as f32 * 100.0 / stats.packets_sent as f32),
        round_trip_ms: stats.round_trip.map(ms),
    }
}
