//! Members of a wheel, which is a zip file (PKWARE's APPNOTE 6.3.10, sections 4.3 to 4.5), as far
//! as wheels use it: stored or deflated, below 4 GiB, not encrypted.

use flate2::read::DeflateDecoder;
use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom};

/// What ends the file: a record of 22 bytes, and a comment of at most 65,535.
const END: &[u8] = b"PK\x05\x06";
const END_BYTES: usize = 22;
const COMMENT_BYTES_MAX: u64 = 65_535;
/// An entry of the list of members, without its texts.
const ENTRY: &[u8] = b"PK\x01\x02";
const ENTRY_BYTES: usize = 46;
/// What stands before a member's data, without its texts.
const LOCAL: &[u8] = b"PK\x03\x04";
const LOCAL_BYTES: usize = 30;
/// The longest list of members that is read.
const LIST_BYTES_MAX: u32 = 16 * 1024 * 1024;
const STORED: u16 = 0;
const DEFLATED: u16 = 8;

/// A wheel that is open.
pub struct Archive<F> {
    file: F,
    members: BTreeMap<String, Member>,
}

#[derive(Clone, Copy)]
struct Member {
    method: u16,
    packed: u32,
    at: u32,
}

impl<F: Read + Seek> Archive<F> {
    /// Reads which members there are.
    ///
    /// # Errors
    /// Where it cannot be read, or is no zip file.
    pub fn open(mut file: F) -> io::Result<Self> {
        let len = file.seek(SeekFrom::End(0))?;
        let tail_len = len.min(COMMENT_BYTES_MAX + END_BYTES as u64);
        file.seek(SeekFrom::Start(len - tail_len))?;
        let mut tail = Vec::new();
        file.by_ref().take(tail_len).read_to_end(&mut tail)?;
        let at = tail.windows(END.len()).rposition(|window| window == END);
        let end = at.and_then(|at| tail.get(at..)).ok_or_else(no_zip)?;
        let (list_len, list_at) = (u32_at(end, 12)?, u32_at(end, 16)?);
        if list_len > LIST_BYTES_MAX {
            return Err(no_zip());
        }
        file.seek(SeekFrom::Start(list_at.into()))?;
        let mut list = Vec::new();
        file.by_ref().take(list_len.into()).read_to_end(&mut list)?;
        let members = members(&list)?;
        Ok(Self { file, members })
    }

    /// The data of the member with this path, or else of the first whose path ends so.
    ///
    /// # Errors
    /// Where there is none, or it is packed in a way that wheels are not.
    pub fn member(&mut self, name: &str) -> io::Result<Box<dyn Read + '_>> {
        let missing =
            || io::Error::new(io::ErrorKind::NotFound, format!("there is no {name} in it"));
        let mut ending = self.members.iter().filter(|(path, _)| path.ends_with(name));
        let ending = || ending.next().map(|(_, member)| member);
        let member = *self.members.get(name).or_else(ending).ok_or_else(missing)?;
        self.file.seek(SeekFrom::Start(member.at.into()))?;
        let mut local = [0; LOCAL_BYTES];
        self.file.read_exact(&mut local)?;
        if !local.starts_with(LOCAL) {
            return Err(no_zip());
        }
        let texts = i64::from(u16_at(&local, 26)?) + i64::from(u16_at(&local, 28)?);
        self.file.seek(SeekFrom::Current(texts))?;
        let packed = self.file.by_ref().take(member.packed.into());
        match member.method {
            STORED => Ok(Box::new(packed)),
            DEFLATED => Ok(Box::new(DeflateDecoder::new(packed))),
            _ => Err(no_zip()),
        }
    }
}

fn members(mut list: &[u8]) -> io::Result<BTreeMap<String, Member>> {
    let mut members = BTreeMap::new();
    while list.starts_with(ENTRY) {
        let texts = [u16_at(list, 28)?, u16_at(list, 30)?, u16_at(list, 32)?].map(usize::from);
        let name_end = ENTRY_BYTES + texts[0];
        let name = list.get(ENTRY_BYTES..name_end).ok_or_else(no_zip)?;
        let member = Member {
            method: u16_at(list, 10)?,
            packed: u32_at(list, 20)?,
            at: u32_at(list, 42)?,
        };
        members.insert(String::from_utf8_lossy(name).into_owned(), member);
        let next = ENTRY_BYTES + texts.iter().sum::<usize>();
        list = list.get(next..).ok_or_else(no_zip)?;
    }
    Ok(members)
}

fn u16_at(bytes: &[u8], at: usize) -> io::Result<u16> {
    let found = bytes.get(at..).and_then(|rest| rest.first_chunk());
    found
        .map(|found| u16::from_le_bytes(*found))
        .ok_or_else(no_zip)
}

fn u32_at(bytes: &[u8], at: usize) -> io::Result<u32> {
    let found = bytes.get(at..).and_then(|rest| rest.first_chunk());
    found
        .map(|found| u32::from_le_bytes(*found))
        .ok_or_else(no_zip)
}

fn no_zip() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "it is no wheel, or is cut off")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::tests::zip;
    use proptest::prelude::*;
    use std::io::Cursor;

    fn read(archive: &[u8], name: &str) -> io::Result<Vec<u8>> {
        let mut archive = Archive::open(Cursor::new(archive))?;
        let mut data = Vec::new();
        archive.member(name)?.read_to_end(&mut data)?;
        Ok(data)
    }

    #[test]
    fn members_are_read_whether_they_are_packed_or_not() {
        let long = vec![7; 100_000];
        let archive = zip(&[("a/b.txt", b"stored"), ("c", &long), ("empty", b"")]);
        assert!(archive.len() < 10_000, "the long one is packed");
        assert_eq!(read(&archive, "a/b.txt").unwrap(), b"stored");
        assert_eq!(read(&archive, "c").unwrap(), long);
        assert_eq!(read(&archive, "empty").unwrap(), b"");
        assert_eq!(read(&archive, "/b.txt").unwrap(), b"stored");
        let missing = read(&archive, "d.txt").unwrap_err();
        assert_eq!(missing.to_string(), "there is no d.txt in it");
    }

    /// Packed by Python's `zipfile`.
    #[test]
    fn what_python_packs_is_read() {
        let archive = include_bytes!("../../../../fixtures/models/packed-by-python.whl");
        assert_eq!(read(archive, "stored.txt").unwrap(), b"as it is\n");
        assert_eq!(
            read(archive, "folder/deflated.txt").unwrap(),
            b"again\n".repeat(500)
        );
    }

    proptest! {
        #[test]
        fn a_broken_file_is_an_error_and_no_panic(
            broken in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
            cut in any::<prop::sample::Index>(),
        ) {
            let mut archive = zip(&[("a", b"0123456789"), ("b", &[1; 300])]);
            for (place, byte) in broken {
                let place = place.index(archive.len());
                archive[place] = byte;
            }
            archive.truncate(cut.index(archive.len() + 1));
            let _ = read(&archive, "a");
            let _ = read(&archive, "b");
        }
    }
}
