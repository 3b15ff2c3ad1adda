//! Tags, branches and waiting times out of one seed: SHA-256 in counter mode.
//!
//! A stranger who guesses a tag or a branch can end other people's calls, so these values must be
//! unpredictable to whoever has seen earlier ones; a statistical generator would not do.

use sha2::{Digest as _, Sha256};
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::time::Duration;

/// Bytes of a token before it is written as text: 96 bits.
const TOKEN_BYTES: usize = 12;

#[derive(Debug, Clone)]
pub(crate) struct Random {
    seed: [u8; 32],
    counter: u64,
    block: [u8; 32],
    used: usize,
}

impl Random {
    pub fn new(seed: [u8; 32]) -> Self {
        Self {
            seed,
            counter: 0,
            block: [0; 32],
            used: 32,
        }
    }

    /// A seed for a part that draws its own values, independent of the values drawn here.
    pub fn seed_for(&self, part: &str) -> [u8; 32] {
        Sha256::new()
            .chain_update(part)
            .chain_update(self.seed)
            .finalize()
            .into()
    }

    /// A seed for one use.
    pub fn seed(&mut self) -> [u8; 32] {
        std::array::from_fn(|_| self.byte())
    }

    /// A token of 24 lower-case hexadecimal digits.
    pub fn token(&mut self) -> String {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = String::with_capacity(TOKEN_BYTES * 2);
        for _ in 0..TOKEN_BYTES {
            let byte = usize::from(self.byte());
            text.push(char::from(DIGITS[byte >> 4]));
            text.push(char::from(DIGITS[byte & 15]));
        }
        text
    }

    /// A duration of `from..=to` milliseconds in steps of 10 (the units of RFC 3261 §14.1).
    pub fn wait(&mut self, from: u64, to: u64) -> Duration {
        let steps = (to - from) / 10 + 1;
        Duration::from_millis(from + self.number() % steps * 10)
    }

    /// A whole number of `0..=most`.
    pub fn at_most(&mut self, most: u64) -> u64 {
        self.number() % (most + 1)
    }

    fn number(&mut self) -> u64 {
        (0..8).fold(0, |number, _| number << 8 | u64::from(self.byte()))
    }

    fn byte(&mut self) -> u8 {
        if self.used == self.block.len() {
            let hash = Sha256::new()
                .chain_update(self.seed)
                .chain_update(self.counter.to_be_bytes());
            self.block = hash.finalize().into();
            self.counter += 1;
            self.used = 0;
        }
        self.used += 1;
        self.block[self.used - 1]
    }
}

/// Makes the same tag of the same request, and one that a stranger cannot foretell.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TagKey(u64, u64);

impl TagKey {
    pub fn new(random: &mut Random) -> Self {
        Self(random.number(), random.number())
    }

    pub fn tag(self, request: impl Hash) -> String {
        let mut hasher = DefaultHasher::new();
        (self.0, self.1, request).hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_draws_the_same_tokens_and_no_token_comes_twice() {
        let (mut one, mut two) = (Random::new([7; 32]), Random::new([7; 32]));
        let tokens: Vec<_> = (0..1_000).map(|_| one.token()).collect();
        assert!(
            tokens
                .iter()
                .all(|token| token.len() == 24 && *token == two.token())
        );
        assert_eq!(
            tokens
                .iter()
                .collect::<std::collections::HashSet<_>>()
                .len(),
            1_000
        );
    }

    #[test]
    fn waits_stay_within_their_bounds_in_steps_of_ten_milliseconds() {
        let mut random = Random::new([1; 32]);
        for _ in 0..1_000 {
            let wait = random.wait(2_100, 4_000).as_millis();
            assert!(
                (2_100..=4_000).contains(&wait) && wait.is_multiple_of(10),
                "{wait}"
            );
        }
    }
}
