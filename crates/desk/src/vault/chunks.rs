//! Sealing the bytes of a file in chunks, as they arrive: whole files never stand in memory both open and sealed. Each
//! chunk names file, place and whether it is the last, so that none can be dropped, swapped, moved or left over.

use super::cipher::CipherError;
use super::seal::CaseKeys;
use domain::audit::chain::Hash;
use domain::audit::merkle;
use domain::ids::{AttachmentId, CaseId};
use domain::media;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

/// Length of every chunk but the last, bytes.
pub const CHUNK: usize = 256 * 1024;

/// A running digest of a file's bytes under a case's key.
#[derive(Clone)]
pub struct FileDigest(Option<Hmac<Sha256>>);

impl FileDigest {
    /// A digest of nothing yet.
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        // HMAC takes keys of any length, so there always is one; without it the digest would match nothing.
        Self(Hmac::new_from_slice(key).ok())
    }

    /// Goes on with more bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        if let Some(mac) = &mut self.0 {
            mac.update(bytes);
        }
    }

    /// The digest, hexadecimal.
    #[must_use]
    pub fn finish(self) -> String {
        self.0.map(|mac| hex(&mac.finalize().into_bytes())).unwrap_or_default()
    }
}

/// A file whose bytes have all been taken in.
#[derive(Debug)]
pub struct SealedFile {
    /// The chunks in order.
    pub chunks: Vec<Vec<u8>>,
    /// Length of the bytes.
    pub size: u64,
    /// What the bytes are.
    pub media: &'static str,
    /// Keyed digest of the bytes, hexadecimal.
    pub digest: String,
    /// Merkle root over the sealed chunks, hexadecimal.
    pub sealed: String,
}

/// Takes bytes in and keeps them sealed.
pub struct Sealer {
    keys: CaseKeys,
    file: AttachmentId,
    digest: FileDigest,
    head: Vec<u8>,
    /// Bytes that do not fill a chunk yet; a full one stays until more come, because the last one is marked.
    waiting: Vec<u8>,
    chunks: Vec<Vec<u8>>,
    size: u64,
}

impl Sealer {
    /// Begins a file of a case.
    #[must_use]
    pub fn new(keys: CaseKeys, file: AttachmentId) -> Self {
        let digest = FileDigest::new(&keys.digest_key());
        Self { keys, file, digest, head: Vec::new(), waiting: Vec::new(), chunks: Vec::new(), size: 0 }
    }

    /// How many bytes were taken in.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Takes more bytes in.
    ///
    /// # Errors
    /// If the system gives no random bytes.
    pub fn write(&mut self, mut bytes: &[u8]) -> Result<(), CipherError> {
        self.size += bytes.len() as u64;
        self.digest.update(bytes);
        let wanted = media::HEAD.saturating_sub(self.head.len());
        self.head.extend(bytes.iter().take(wanted));
        while !bytes.is_empty() {
            if self.waiting.len() == CHUNK {
                self.seal(false)?;
            }
            let (now, later) = bytes.split_at(bytes.len().min(CHUNK - self.waiting.len()));
            self.waiting.extend_from_slice(now);
            bytes = later;
        }
        Ok(())
    }

    /// Seals what is left.
    ///
    /// # Errors
    /// If the system gives no random bytes.
    pub fn finish(mut self) -> Result<SealedFile, CipherError> {
        self.seal(true)?;
        let sealed = root(self.chunks.iter().map(|chunk| leaf(chunk)));
        Ok(SealedFile {
            chunks: self.chunks,
            size: self.size,
            media: media::of(&self.head),
            digest: self.digest.finish(),
            sealed,
        })
    }

    fn seal(&mut self, last: bool) -> Result<(), CipherError> {
        let place = place(self.keys.case, self.file, self.chunks.len() as i64, last);
        self.chunks.push(self.keys.text.seal(&self.waiting, &place)?);
        self.waiting.clear();
        Ok(())
    }
}

/// Opens a chunk.
///
/// # Errors
/// If it is not this chunk of this file of this case, or a bit is wrong.
pub fn open(keys: &CaseKeys, file: AttachmentId, n: i64, last: bool, sealed: &[u8]) -> Result<Vec<u8>, CipherError> {
    keys.text.open(sealed, &place(keys.case, file, n, last))
}

/// What a sealed chunk adds to the root.
#[must_use]
pub fn leaf(sealed: &[u8]) -> Hash {
    Sha256::digest(sealed).into()
}

/// The root over the sealed chunks of a file, as the log holds it.
#[must_use]
pub fn root(leaves: impl Iterator<Item = Hash>) -> String {
    hex(&merkle::root(&leaves.collect::<Vec<_>>()))
}

fn place(case: CaseId, file: AttachmentId, n: i64, last: bool) -> Vec<u8> {
    format!("attachment:{case}:{file}:{n}:{}", if last { "last" } else { "more" }).into_bytes()
}

/// Bytes as hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::cipher::Key;

    fn keys() -> CaseKeys {
        CaseKeys { case: CaseId(uuid::Uuid::now_v7()), person: Key::random().unwrap(), text: Key::random().unwrap() }
    }

    fn sealed(keys: &CaseKeys, file: AttachmentId, bytes: &[u8], piece: usize) -> SealedFile {
        let mut sealer = Sealer::new(keys.clone(), file);
        for piece in bytes.chunks(piece) {
            sealer.write(piece).unwrap();
        }
        sealer.finish().unwrap()
    }

    fn opened(keys: &CaseKeys, file: AttachmentId, chunks: &[Vec<u8>]) -> Result<Vec<u8>, CipherError> {
        let mut bytes = Vec::new();
        for (n, chunk) in chunks.iter().enumerate() {
            bytes.extend(open(keys, file, n as i64, n + 1 == chunks.len(), chunk)?);
        }
        Ok(bytes)
    }

    #[test]
    fn what_goes_in_comes_out_however_it_was_cut() {
        let (keys, file) = (keys(), AttachmentId(uuid::Uuid::now_v7()));
        for length in [1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 7] {
            let bytes: Vec<u8> = (0..length).map(|n| (n % 251) as u8).collect();
            let first = sealed(&keys, file, &bytes, 4096);
            for piece in [1000, CHUNK, CHUNK * 2 + 1, length] {
                let other = sealed(&keys, file, &bytes, piece);
                assert_eq!((first.digest.as_str(), first.size), (other.digest.as_str(), length as u64));
                assert_eq!(other.chunks.len(), length.div_ceil(CHUNK), "{length}");
                assert_eq!(opened(&keys, file, &other.chunks).unwrap(), bytes);
            }
        }
    }

    #[test]
    fn no_chunk_can_be_dropped_swapped_moved_or_left_over() {
        let (keys, file) = (keys(), AttachmentId(uuid::Uuid::now_v7()));
        let chunks = sealed(&keys, file, &vec![7; 3 * CHUNK], 10_000).chunks;
        let edited = |edit: fn(&mut Vec<Vec<u8>>)| {
            let mut chunks = chunks.clone();
            edit(&mut chunks);
            opened(&keys, file, &chunks)
        };
        assert!(edited(|_| {}).is_ok());
        for edit in [
            (|chunks| drop(chunks.pop())) as fn(&mut Vec<Vec<u8>>),
            |chunks| drop(chunks.remove(0)),
            |chunks| chunks.swap(0, 1),
            |chunks| chunks.push(chunks[0].clone()),
            |chunks| chunks[1][1000] ^= 1,
            |chunks| chunks[2].truncate(100),
            |chunks| chunks[0] = chunks[1].clone(),
        ] {
            assert!(edited(edit).is_err());
        }
        assert!(opened(&keys, AttachmentId(uuid::Uuid::now_v7()), &chunks).is_err(), "another file");
        let other = CaseKeys { case: CaseId(uuid::Uuid::now_v7()), ..keys.clone() };
        assert!(opened(&other, file, &chunks).is_err(), "another case");
    }
}
