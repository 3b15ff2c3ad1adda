//! Noise that is the same every time: the same text gives the same sound.

/// A small generator (splitmix64); its quality need only satisfy an ear.
pub(super) struct Noise(u64);

impl Noise {
    pub fn new() -> Self {
        Self(0x5EED_0F5E_EC11_0000)
    }

    /// A number of mean 0 and variance 1, very nearly of normal distribution: the sum of four of
    /// equal distribution.
    pub fn normal(&mut self) -> f32 {
        let bits = self.bits();
        let sum: u32 = (0..4)
            .map(|part| (bits >> (16 * part)) as u32 & 0xFFFF)
            .sum();
        // Four times 16 bits have mean 131,070 and variance 65,536² / 3.
        (sum as f32 - 131_070.0) * (3.0_f32.sqrt() / 65_536.0)
    }

    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_has_unit_variance_and_repeats() {
        let drawn = |count: usize| {
            let mut noise = Noise::new();
            (0..count).map(|_| noise.normal()).collect::<Vec<f32>>()
        };
        let numbers = drawn(100_000);
        let mean = numbers.iter().sum::<f32>() / 1e5;
        let variance = numbers.iter().map(|number| number * number).sum::<f32>() / 1e5;
        assert!(
            mean.abs() < 0.02 && (variance - 1.0).abs() < 0.02,
            "{mean}, {variance}"
        );
        assert_eq!(numbers[..1_000], drawn(1_000));
    }
}
