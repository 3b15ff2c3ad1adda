//! Memory that goes back to the system after a busy time.
//!
//! An allocator keeps for itself what was freed unless it lies at the end of its heap, and there
//! something small always lives on. A gateway that once had ten thousand transactions would hold
//! their memory for good.

/// Fewer than so many transactions are nothing to give back.
const BUSY_FROM: usize = 1_000;
/// A busy time is over when only one in so many is left.
const LEFT: usize = 8;

/// Sees when a busy time is over.
#[derive(Debug, Default)]
pub struct Ebb {
    most: usize,
    /// A busy time is over, and the last of it is not.
    lingers: bool,
}

impl Ebb {
    /// Notes how many transactions there are; true when most of a busy time's are over, and when
    /// all are.
    pub fn is_over(&mut self, held: usize) -> bool {
        self.most = self.most.max(held);
        let most_are = self.most >= BUSY_FROM && held <= self.most / LEFT;
        let all_are = self.lingers && held == 0;
        if most_are || all_are {
            self.most = held;
            self.lingers = held > 0;
        }
        most_are || all_are
    }
}

/// Gives back every free page. Takes some milliseconds after ten thousand calls; does nothing
/// where the allocator is not glibc's.
#[allow(unsafe_code)]
pub fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    empty_cache();
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: takes no pointers, and may be called from any thread at any time (malloc_trim(3)).
    unsafe {
        libc::malloc_trim(0)
    };
}

/// glibc keeps, for each thread, the last seven freed pieces of each size up to 1,032 bytes, and a
/// page cannot go back that one of them lies in. They are taken here and freed by a thread that
/// ends: with it goes its cache.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn empty_cache() {
    let sizes = (24..=1_032).step_by(16);
    let cached: Vec<Vec<u8>> = sizes
        .flat_map(|bytes| std::iter::repeat_n(bytes, 7))
        .map(Vec::with_capacity)
        .collect();
    // Where no thread can be had, they go back to the cache.
    let _ = std::thread::Builder::new()
        .spawn(move || drop(cached))
        .map(std::thread::JoinHandle::join);
}

#[cfg(test)]
mod tests {
    use super::Ebb;

    #[test]
    fn a_busy_time_is_over_when_few_are_left_and_when_none_is() {
        let mut ebb = Ebb::default();
        let over = [20_000, 12_000, 2_500, 2_400, 313, 312, 40, 0, 10, 0];
        let over = over.map(|held| ebb.is_over(held));
        let (yes, no) = (true, false);
        assert_eq!(over, [no, no, yes, no, no, yes, no, yes, no, no]);
    }

    #[test]
    fn a_quiet_time_has_nothing_to_give_back() {
        let mut ebb = Ebb::default();
        assert!(
            ![0, 999, 0, 500, 10]
                .map(|held| ebb.is_over(held))
                .contains(&true)
        );
    }
}
