//! The calls of a shard by when they want to be looked at next.

use std::time::Instant;

/// Where an entry stands that is not in the heap.
const ABSENT: usize = usize::MAX;

/// A binary heap in which every call knows its place, so that moving a deadline (twice a packet)
/// allocates nothing and searches nothing.
#[derive(Debug, Default)]
pub struct Deadlines {
    heap: Vec<(Instant, usize)>,
    places: Vec<usize>,
}

impl Deadlines {
    /// Sets, moves or (with `None`) removes the deadline of a key. Keys are small numbers.
    pub fn set(&mut self, key: usize, at: Option<Instant>) {
        if self.places.len() <= key {
            self.places.resize(key + 1, ABSENT);
        }
        match (self.places[key], at) {
            (ABSENT, None) => {}
            (ABSENT, Some(at)) => {
                self.places[key] = self.heap.len();
                self.heap.push((at, key));
                self.rise(self.heap.len() - 1);
            }
            (place, None) => self.remove(place),
            (place, Some(at)) => {
                self.heap[place].0 = at;
                let place = self.rise(place);
                self.sink(place);
            }
        }
    }

    /// The earliest deadline and whose it is.
    pub fn first(&self) -> Option<(Instant, usize)> {
        self.heap.first().copied()
    }

    fn remove(&mut self, place: usize) {
        let last = self.heap.len() - 1;
        self.swap(place, last);
        if let Some((_, key)) = self.heap.pop() {
            self.places[key] = ABSENT;
        }
        if place < last {
            let place = self.rise(place);
            self.sink(place);
        }
    }

    fn rise(&mut self, mut place: usize) -> usize {
        while place > 0 {
            let parent = (place - 1) / 2;
            if self.heap[parent].0 <= self.heap[place].0 {
                break;
            }
            self.swap(place, parent);
            place = parent;
        }
        place
    }

    fn sink(&mut self, mut place: usize) {
        loop {
            let children = 2 * place + 1..(2 * place + 3).min(self.heap.len());
            let Some(least) = children.min_by_key(|&child| self.heap[child].0) else {
                break;
            };
            if self.heap[place].0 <= self.heap[least].0 {
                break;
            }
            self.swap(place, least);
            place = least;
        }
    }

    fn swap(&mut self, a: usize, b: usize) {
        self.heap.swap(a, b);
        self.places[self.heap[a].1] = a;
        self.places[self.heap[b].1] = b;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    proptest! {
        #[test]
        fn the_first_is_always_the_earliest(
            steps in prop::collection::vec((0..16usize, prop::option::of(0..1_000u64)), 1..200)
        ) {
            let start = Instant::now();
            let mut deadlines = Deadlines::default();
            let mut model = [None; 16];
            for (key, at) in steps {
                let at = at.map(|ms| start + Duration::from_millis(ms));
                deadlines.set(key, at);
                model[key] = at;
                let earliest = model.iter().flatten().min().copied();
                prop_assert_eq!(deadlines.first().map(|(at, _)| at), earliest);
                if let Some((at, key)) = deadlines.first() {
                    prop_assert_eq!(model[key], Some(at));
                }
            }
        }
    }
}
