//! The folder of the index. Each index lies in a folder of its own below it; the file `current` names the one in use, and
//! a new one takes its place by renaming that file. Whoever feeds holds `lock`; others only read.

use super::index::FORM;
use super::words;
use crate::error::DeskError;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use tantivy::schema::Schema;
use tantivy::{Index, IndexReader, ReloadPolicy, Searcher};

/// Names the index in use.
const CURRENT: &str = "current";
/// Asks whoever feeds to make the index anew.
const WISH: &str = "rebuild";
const LOCK: &str = "lock";
/// Before the name of each index.
const PREFIX: &str = "index-";

/// What an index has seen of the log; written with every commit of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Seen {
    pub(super) form: u32,
    /// Whose log: the installation's public key.
    pub(super) house: String,
    /// Of each stream the last position.
    pub(super) streams: BTreeMap<i64, i64>,
    /// The hash of the entry at each of these positions, by which a log that took another way is known. An index that
    /// was written without them cannot be told from one of such a log, and is made anew.
    pub(super) hashes: BTreeMap<i64, String>,
    /// Whether words of somebody who was erased may be in its files still.
    #[serde(default)]
    pub(super) purge: bool,
}

/// An index as questions are put to it.
#[derive(Clone)]
pub(crate) struct Reading {
    pub(super) searcher: Searcher,
    /// What the searcher has seen at least.
    pub(super) seen: BTreeMap<i64, i64>,
}

/// What became of the wish for a new index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Whoever feeds the index will make it anew.
    Waiting,
    /// It was made.
    Done,
}

pub(super) struct Folder(PathBuf);

/// What a folder of an index did not do.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error("search folder: {0}")]
    Files(#[from] std::io::Error),
    #[error("search index: {0}")]
    Index(#[from] tantivy::TantivyError),
    #[error("search index: {0}")]
    Unfit(&'static str),
}

impl From<Trouble> for DeskError {
    fn from(trouble: Trouble) -> Self {
        Self::Output(trouble.to_string())
    }
}

/// Asks for a new index, or looks whether that was done.
///
/// # Errors
/// Those of the file.
pub fn wish(folder: &Path, anew: bool) -> Result<Wish, DeskError> {
    let file = folder.join(WISH);
    if anew {
        File::create(&file).map_err(Trouble::from)?;
    }
    Ok(if file.exists() { Wish::Waiting } else { Wish::Done })
}

impl Folder {
    /// Makes the folder, for its owner alone: the terms of what customers said lie here.
    pub(super) fn make(at: &Path) -> Result<Self, Trouble> {
        std::fs::create_dir_all(at)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(at, std::fs::Permissions::from_mode(0o700))?;
        }
        Ok(Self(at.to_owned()))
    }

    /// The right to feed; nothing while another process has it.
    pub(super) fn lock(&self) -> Result<Option<File>, Trouble> {
        let file = File::options().create(true).append(true).open(self.0.join(LOCK))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }

    pub(super) fn is_wished(&self) -> bool {
        self.0.join(WISH).exists()
    }

    pub(super) fn granted(&self) -> Result<(), Trouble> {
        match std::fs::remove_file(self.0.join(WISH)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// The index in use.
    pub(super) fn current(&self) -> Result<Option<PathBuf>, Trouble> {
        match std::fs::read_to_string(self.0.join(CURRENT)) {
            Ok(name) if name.starts_with(PREFIX) && !name.contains(['/', '\\', '.']) => Ok(Some(self.0.join(name))),
            Ok(_) => Ok(None),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// An empty folder for a new index.
    pub(super) fn new_one(&self) -> Result<PathBuf, Trouble> {
        let at = self.0.join(format!("{PREFIX}{}", uuid::Uuid::now_v7().simple()));
        std::fs::create_dir(&at)?;
        Ok(at)
    }

    /// Puts an index in use.
    pub(super) fn use_it(&self, index: &Path) -> Result<(), Trouble> {
        let name = index.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let (new, current) = (self.0.join("current.new"), self.0.join(CURRENT));
        std::fs::write(&new, name)?;
        File::open(&new)?.sync_all()?;
        std::fs::rename(&new, current)?;
        File::open(&self.0)?.sync_all()?;
        Ok(())
    }

    /// Takes away every index but the one in use: what a process that was ended had begun, and what was replaced.
    pub(super) fn tidy(&self) -> Result<(), Trouble> {
        let current = self.current()?;
        for entry in std::fs::read_dir(&self.0)? {
            let path = entry?.path();
            let index = path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(PREFIX));
            if index && Some(&path) != current.as_ref() {
                std::fs::remove_dir_all(&path)?;
            }
        }
        Ok(())
    }
}

/// What an index has seen; an error where it is of another form or another installation's.
pub(super) fn seen(index: &Index, house: &str) -> Result<Seen, Trouble> {
    let payload = index.load_metas()?.payload.unwrap_or_default();
    let seen: Seen = serde_json::from_str(&payload).map_err(|_| Trouble::Unfit("it does not say what it has seen"))?;
    if seen.form != FORM || seen.house != house {
        return Err(Trouble::Unfit("it is of another form or another installation's"));
    }
    Ok(seen)
}

/// Opens an index. Whether its files are whole is looked over by whoever feeds it.
pub(super) fn open(at: &Path, schema: &Schema) -> Result<Index, Trouble> {
    let mut index = Index::open_in_dir(at)?;
    if index.schema() != *schema {
        return Err(Trouble::Unfit("its fields are others"));
    }
    index.set_tokenizers(words::tokenizers());
    Ok(index)
}

/// Whether every file of an index is as it was written.
pub(super) fn is_whole(index: &Index) -> bool {
    let looked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| index.validate_checksum()));
    matches!(looked, Ok(Ok(damaged)) if damaged.is_empty())
}

/// Opens an index for questions.
pub(super) fn reader(index: &Index) -> Result<IndexReader, Trouble> {
    Ok(index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?)
}
