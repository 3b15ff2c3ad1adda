//! Tables with words for keys, packed: one text, and where in it each key is.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, MapAccess, Visitor};

/// The largest file that is read, unpacked.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// A file of the language's data cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// It is not there.
    #[error("{path} cannot be read ({source}): `trunkline models fetch` brings it", path = .path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not what it should be.
    #[error("{path} is damaged ({why}): `trunkline models fetch` brings it again", path = .path.display())]
    Wrong {
        /// Which.
        path: PathBuf,
        /// Why.
        why: String,
    },
}

impl DataError {
    pub(crate) fn wrong(path: &Path, why: impl fmt::Display) -> Self {
        let (path, why) = (path.to_owned(), why.to_string());
        Self::Wrong { path, why }
    }
}

/// Reads a file of JSON, packed by gzip where its name ends in `.gz`.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, DataError> {
    let unreadable = |source| DataError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(unreadable)?;
    let mut text = Vec::new();
    let read = match path.extension() {
        Some(end) if end == "gz" => GzDecoder::new(file)
            .take(FILE_BYTES_MAX)
            .read_to_end(&mut text),
        _ => file.take(FILE_BYTES_MAX).read_to_end(&mut text),
    };
    read.map_err(unreadable)?;
    serde_json::from_slice(&text).map_err(|error| DataError::wrong(path, error))
}

/// Values by name. Looked up by halving; made once.
#[derive(Debug)]
pub(super) struct Table<V> {
    names: String,
    entries: Vec<Entry<V>>,
}

#[derive(Debug)]
struct Entry<V> {
    begin: u32,
    end: u32,
    value: V,
}

impl<V> Table<V> {
    /// Of names that occur several times one is kept.
    pub fn new(mut pairs: Vec<(Box<str>, V)>) -> Self {
        pairs.sort_by(|(one, _), (other, _)| one.cmp(other));
        pairs.dedup_by(|(one, _), (other, _)| one == other);
        let mut names = String::with_capacity(pairs.iter().map(|(name, _)| name.len()).sum());
        let entries = pairs.into_iter().map(|(name, value)| {
            let begin = names.len() as u32;
            names.push_str(&name);
            let end = names.len() as u32;
            Entry { begin, end, value }
        });
        let entries = entries.collect();
        Self { names, entries }
    }

    pub fn get(&self, name: &str) -> Option<&V> {
        let named = |entry: &Entry<V>| &self.names[entry.begin as usize..entry.end as usize];
        let place = self
            .entries
            .binary_search_by(|entry| named(entry).cmp(name));
        Some(&self.entries.get(place.ok()?)?.value)
    }
}

/// An object of JSON as pairs, without a map between.
pub(super) struct Pairs<V>(pub Vec<(Box<str>, V)>);

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Pairs<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PairsVisitor(PhantomData))
    }
}

struct PairsVisitor<V>(PhantomData<V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for PairsVisitor<V> {
    type Value = Pairs<V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs<V>, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(Pairs(pairs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_in_is_found_and_nothing_else() {
        let names = ["to", "a", "", "two", "æ", "t"];
        let table = Table::new(
            names
                .iter()
                .map(|name| (Box::from(*name), name.len()))
                .collect(),
        );
        for name in names {
            assert_eq!(table.get(name), Some(&name.len()), "{name}");
        }
        assert_eq!(table.get("tw"), None);
        assert_eq!(table.get("zz"), None);
    }

    #[test]
    fn a_missing_file_says_what_to_type() {
        let error = read_json::<Pairs<u8>>(Path::new("/nowhere/tagger.json.gz")).map(|_| ());
        let why = error.unwrap_err().to_string();
        assert!(
            why.contains("/nowhere/tagger.json.gz") && why.contains("models fetch"),
            "{why}"
        );
    }
}
