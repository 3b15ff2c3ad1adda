//! How long packets are under way, as far as it can be told: arrival less timestamp, whose zero is
//! unknown but constant.

/// Time one bucket covers.
const BUCKET_US: i64 = 500_000;

/// Buckets kept: what is known covers the last 2 to 2.5 seconds.
const BUCKETS: usize = 5;

#[derive(Clone, Copy, Debug)]
struct Bucket {
    index: i64,
    min: i64,
    max: i64,
}

/// Least and greatest transit time of the last seconds. The least follows a drifting clock; the
/// spread between the two is what a jitter buffer has to make up for.
#[derive(Clone, Debug, Default)]
pub(super) struct TransitWindow {
    buckets: [Option<Bucket>; BUCKETS],
}

impl TransitWindow {
    pub(super) fn push(&mut self, now_us: i64, transit_us: i64) {
        let index = now_us.div_euclid(BUCKET_US);
        for bucket in &mut self.buckets {
            if bucket.is_some_and(|bucket| bucket.index <= index - BUCKETS as i64) {
                *bucket = None;
            }
        }
        let place = index.rem_euclid(BUCKETS as i64) as usize;
        let Some(bucket) = self.buckets.get_mut(place) else {
            return;
        };
        let bucket = bucket.get_or_insert(Bucket {
            index,
            min: transit_us,
            max: transit_us,
        });
        bucket.min = bucket.min.min(transit_us);
        bucket.max = bucket.max.max(transit_us);
    }

    /// The least transit time, 0 where there is none.
    pub(super) fn base(&self) -> i64 {
        self.buckets
            .iter()
            .flatten()
            .map(|bucket| bucket.min)
            .min()
            .unwrap_or(0)
    }

    /// How much longer than the least the slowest packet took.
    pub(super) fn spread(&self) -> i64 {
        let max = self
            .buckets
            .iter()
            .flatten()
            .map(|bucket| bucket.max)
            .max()
            .unwrap_or(0);
        max - self.base()
    }

    pub(super) fn clear(&mut self) {
        self.buckets = Default::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disturbance_is_forgotten_after_two_and_a_half_seconds() {
        let mut window = TransitWindow::default();
        window.push(0, 100_000);
        for packet in 0..150 {
            window.push(packet * 20_000, 5_000);
            let expected = if packet * 20_000 < 2_500_000 {
                95_000
            } else {
                0
            };
            assert_eq!(window.spread(), expected, "packet {packet}");
        }
        assert_eq!(window.base(), 5_000);
    }
}
