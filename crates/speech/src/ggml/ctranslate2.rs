//! CTranslate2's `model.bin`: a header, named tensors, and further names of them.
//!
//! Little-endian throughout. A text is its length in 16 bit, with the zero that ends it. A tensor is
//! its name, its rank in 8 bit, its dimensions, its type in 8 bit, its length in bytes, its bytes.

use std::collections::BTreeMap;

use super::CannotConvert;
use super::numbers::Values;

/// The versions of the file that are laid out like this.
const VERSIONS: std::ops::RangeInclusive<u32> = 5..=6;
/// What the kind of a Whisper model is called.
const SPECIFICATION: &str = "WhisperSpec";
/// The largest Whisper has some 2,000 tensors.
const TENSORS_MAX: u32 = 16_384;
/// No tensor of Whisper has more than three dimensions.
const RANK_MAX: usize = 4;

/// The tensors of a file, by name.
pub struct Model<'f> {
    tensors: BTreeMap<&'f str, Tensor<'f>>,
}

/// A tensor as it lies in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tensor<'f> {
    /// The slowest dimension first; none for a single value.
    pub shape: Vec<usize>,
    /// Row by row.
    pub values: Values<'f>,
}

impl<'f> Model<'f> {
    /// Reads a whole file.
    pub fn read(file: &'f [u8]) -> Result<Self, CannotConvert> {
        let mut rest = Reader(file);
        let version = rest.u32("its version")?;
        if !VERSIONS.contains(&version) {
            let known = format!("{} or {}", VERSIONS.start(), VERSIONS.end());
            let what = format!("version {version} of the file, where {known} is known");
            return Err(CannotConvert::Unknown(what));
        }
        let specification = rest.text("its kind")?;
        if specification != SPECIFICATION {
            let what = format!("{specification:?}, where {SPECIFICATION} is wanted");
            return Err(CannotConvert::Unknown(what));
        }
        rest.u32("its revision")?;
        let mut model = Self {
            tensors: BTreeMap::new(),
        };
        for _ in 0..rest.count("the number of its tensors")? {
            let name = rest.text("the name of a tensor")?;
            // Those that are no numbers of ours say how to translate, and nothing of Whisper.
            if let Some(tensor) = rest.tensor()? {
                model.tensors.insert(name, tensor);
            }
        }
        for _ in 0..rest.count("the number of its aliases")? {
            let alias = rest.text("an alias")?;
            let name = rest.text("what an alias means")?;
            if let Some(tensor) = model.tensors.get(name).cloned() {
                model.tensors.insert(alias, tensor);
            }
        }
        Ok(model)
    }

    /// A tensor by its name.
    pub fn tensor(&self, name: &str) -> Result<&Tensor<'f>, CannotConvert> {
        let missing = || CannotConvert::NotWhisper(format!("it has no {name}"));
        self.tensors.get(name).ok_or_else(missing)
    }

    /// Whether there is one by this name.
    pub fn has(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }
}

/// What is left of a file.
struct Reader<'f>(&'f [u8]);

impl<'f> Reader<'f> {
    fn take(&mut self, len: usize, what: &'static str) -> Result<&'f [u8], CannotConvert> {
        let split = self.0.split_at_checked(len);
        let (taken, rest) = split.ok_or(CannotConvert::Malformed(what))?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], CannotConvert> {
        let taken = self.take(N, what)?;
        taken.try_into().map_err(|_| CannotConvert::Malformed(what))
    }

    fn u8(&mut self, what: &'static str) -> Result<u8, CannotConvert> {
        self.array(what).map(u8::from_le_bytes)
    }

    fn u16(&mut self, what: &'static str) -> Result<u16, CannotConvert> {
        self.array(what).map(u16::from_le_bytes)
    }

    fn u32(&mut self, what: &'static str) -> Result<u32, CannotConvert> {
        self.array(what).map(u32::from_le_bytes)
    }

    fn size(&mut self, what: &'static str) -> Result<usize, CannotConvert> {
        usize::try_from(self.u32(what)?).map_err(|_| CannotConvert::Malformed(what))
    }

    fn count(&mut self, what: &'static str) -> Result<u32, CannotConvert> {
        let count = self.u32(what)?;
        match count <= TENSORS_MAX {
            true => Ok(count),
            false => Err(CannotConvert::Malformed(what)),
        }
    }

    fn text(&mut self, what: &'static str) -> Result<&'f str, CannotConvert> {
        let len = self.u16(what)?;
        let bytes = self.take(usize::from(len), what)?;
        let text = bytes.strip_suffix(&[0]).map(std::str::from_utf8);
        match text {
            Some(Ok(text)) => Ok(text),
            _ => Err(CannotConvert::Malformed(what)),
        }
    }

    /// The next tensor behind its name; nothing where its numbers are no floats.
    fn tensor(&mut self) -> Result<Option<Tensor<'f>>, CannotConvert> {
        let what = "the shape of a tensor";
        let rank = usize::from(self.u8(what)?);
        if rank > RANK_MAX {
            return Err(CannotConvert::Malformed(what));
        }
        let mut shape = Vec::with_capacity(rank);
        for _ in 0..rank {
            shape.push(self.size(what)?);
        }
        let kind = self.u8("the type of a tensor")?;
        let len = self.size("the length of a tensor")?;
        let bytes = self.take(len, "the values of a tensor")?;
        let Some(values) = Values::of(kind, bytes) else {
            return Ok(None);
        };
        let claimed = shape.iter().try_fold(1_usize, |all, n| all.checked_mul(*n));
        match claimed == Some(values.len()) {
            true => Ok(Some(Tensor { shape, values })),
            false => Err(CannotConvert::Malformed(what)),
        }
    }
}
