//! Where a piece of text lies in the buffer that holds it.

/// A half-open range of bytes. 32 bits are enough: every buffer here is bounded far below 4 GiB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Span {
    pub(crate) fn new(start: usize, end: usize) -> Self {
        Self {
            start: start as u32,
            end: end as u32,
        }
    }

    /// The span of `part`, which must be a slice of `whole`.
    pub(crate) fn within(whole: &str, part: &str) -> Self {
        let start = (part.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize);
        Self::new(start, start + part.len())
    }

    pub(crate) fn of(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize)
            .unwrap_or_default()
    }

    pub(crate) fn bytes_of(self, bytes: &[u8]) -> &[u8] {
        bytes
            .get(self.start as usize..self.end as usize)
            .unwrap_or_default()
    }

    /// The text at this span of a buffer whose head is known to be UTF-8.
    pub(crate) fn text_of(self, bytes: &[u8]) -> &str {
        std::str::from_utf8(self.bytes_of(bytes)).unwrap_or_default()
    }
}
