//! The file going out: blocks, each with a digest over itself and everything before it.

use super::bytes::{put, put_number};
use super::{Head, MAGIC};
use sha2::{Digest as _, Sha256};
use std::io::{Result, Write};
use store::dump::Value;

/// A block is closed once it holds this much.
const BLOCK: usize = 1 << 20;

/// Letters of the blocks.
pub(super) const HEAD: u8 = b'H';
pub(super) const ROWS: u8 = b'R';
pub(super) const END: u8 = b'E';

/// The digest of a block: over the one before it, its letter, its length and its contents.
pub(super) fn digest(before: &[u8; 32], letter: u8, contents: &[u8]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(before);
    hasher.update([letter]);
    hasher.update((contents.len() as u64).to_be_bytes());
    hasher.update(contents);
    hasher.finalize().into()
}

/// Where the chain of digests begins.
pub(super) fn first() -> [u8; 32] {
    Sha256::digest(MAGIC).into()
}

/// Writes a backup block by block.
pub struct Writer<W: Write> {
    out: W,
    before: [u8; 32],
    bytes: u64,
    table: u64,
    rows: u64,
    block: Vec<u8>,
}

impl<W: Write> Writer<W> {
    /// Begins a backup with its head.
    ///
    /// # Errors
    /// Those of writing.
    pub fn begin(mut out: W, head: &Head) -> Result<Self> {
        out.write_all(MAGIC)?;
        let mut writer = Self { out, before: first(), bytes: MAGIC.len() as u64, table: 0, rows: 0, block: Vec::new() };
        let head = serde_json::to_vec(head)?;
        writer.put_block(HEAD, &head)?;
        Ok(writer)
    }

    /// Adds a row of a table, counted from 0 in the order of the head.
    ///
    /// # Errors
    /// Those of writing.
    pub fn row(&mut self, table: u64, row: &[Value]) -> Result<()> {
        if table != self.table {
            self.close_block()?;
            self.table = table;
        }
        for value in row {
            put(&mut self.block, value);
        }
        self.rows += 1;
        if self.block.len() >= BLOCK { self.close_block() } else { Ok(()) }
    }

    fn close_block(&mut self) -> Result<()> {
        if self.rows == 0 {
            return Ok(());
        }
        let mut contents = Vec::with_capacity(self.block.len() + 20);
        put_number(&mut contents, self.table);
        put_number(&mut contents, self.rows);
        contents.append(&mut self.block);
        self.rows = 0;
        self.put_block(ROWS, &contents)
    }

    fn put_block(&mut self, letter: u8, contents: &[u8]) -> Result<()> {
        self.before = digest(&self.before, letter, contents);
        self.out.write_all(&[letter])?;
        self.out.write_all(&(contents.len() as u64).to_be_bytes())?;
        self.out.write_all(contents)?;
        self.out.write_all(&self.before)?;
        self.bytes += 1 + 8 + contents.len() as u64 + 32;
        Ok(())
    }

    /// Bytes written so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Ends the backup: what was written to, its length and its last digest.
    ///
    /// # Errors
    /// Those of writing.
    pub fn end(mut self) -> Result<(W, u64, [u8; 32])> {
        self.close_block()?;
        self.put_block(END, &[])?;
        self.out.flush()?;
        Ok((self.out, self.bytes, self.before))
    }
}
