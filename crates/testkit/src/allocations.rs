//! Counts what a thread allocates.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

/// The system's allocator, which counts what it is asked for. A test program makes it its own:
///
/// ```
/// use trunkline_testkit::Counting;
///
/// #[global_allocator]
/// static COUNTING: Counting = Counting::each_thread();
///
/// let before = Counting::so_far();
/// drop(Box::new(1));
/// assert_eq!(Counting::so_far() - before, 1);
/// ```
pub struct Counting(fn());

impl Counting {
    /// Keeps a count for each thread, which [`Counting::so_far`] tells.
    pub const fn each_thread() -> Self {
        Self(count_here)
    }

    /// Calls `count` at each allocation, on the thread that makes it. It must not allocate.
    pub const fn by(count: fn()) -> Self {
        Self(count)
    }

    /// How often the thread that asks has allocated so far, where each thread has a count.
    pub fn so_far() -> u64 {
        COUNT.get()
    }
}

fn count_here() {
    // Fails only while a thread is being torn down, when nothing is measured.
    let _ = COUNT.try_with(|count| count.set(count.get() + 1));
}

// SAFETY: every call is passed on to the system's allocator unchanged.
#[allow(unsafe_code, reason = "an allocator cannot be written without")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        (self.0)();
        // SAFETY: the caller's promises are the system allocator's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        (self.0)();
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        (self.0)();
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}
