//! A network that loses packets, the same ones in every run.

/// Loses a share of what passes.
#[derive(Debug, Default)]
pub(super) struct Loss {
    share: f64,
    state: u64,
}

impl Loss {
    /// From now on this share is lost, 0 to 1.
    pub(super) fn set(&mut self, share: f64) {
        self.share = share;
    }

    /// Whether the next packet is.
    pub(super) fn takes_next(&mut self) -> bool {
        self.share > 0.0 && self.draw() < self.share
    }

    /// From 0 to 1, by the generator SplitMix64.
    fn draw(&mut self) -> f64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) as f64 / u64::MAX as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_that_was_asked_for_is_lost_and_none_without() {
        let mut loss = Loss::default();
        assert!((0..1_000).all(|_| !loss.takes_next()));
        loss.set(0.03);
        let lost = (0..10_000).filter(|_| loss.takes_next()).count();
        assert!((250..350).contains(&lost), "{lost} of 10,000");
        loss.set(1.0);
        assert!((0..1_000).all(|_| loss.takes_next()));
    }
}
