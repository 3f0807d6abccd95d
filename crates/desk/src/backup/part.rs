//! A file that is there whole or not at all: written beside its place under another name, made durable, then renamed.

use super::BackupError;
use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// A file that is being written. Dropped before it is put in place, it leaves nothing behind.
pub(super) struct Part {
    place: PathBuf,
    part: PathBuf,
    file: File,
    overwrite: bool,
    placed: bool,
}

impl Part {
    /// Begins `FILE.part` beside the file.
    ///
    /// # Errors
    /// When there is a file already and it may not be overwritten, or none can be written.
    pub(super) fn begin(place: &Path, overwrite: bool) -> Result<Self, BackupError> {
        if !overwrite && place.exists() {
            return Err(BackupError::Exists(place.to_owned()));
        }
        let mut name = place.as_os_str().to_owned();
        name.push(".part");
        let part = PathBuf::from(name);
        let io = |source| BackupError::io(&part, source);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&part).map_err(io)?;
        // What an interrupted backup left is written over; what another one is writing is not.
        match file.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => return Err(BackupError::Busy(part)),
            Err(std::fs::TryLockError::Error(source)) => return Err(io(source)),
        }
        file.set_len(0).map_err(io)?;
        Ok(Self { place: place.to_owned(), part, file, overwrite, placed: false })
    }

    /// Where to write.
    ///
    /// # Errors
    /// When the system gives no second handle.
    pub(super) fn file(&self) -> Result<File, BackupError> {
        self.file.try_clone().map_err(|source| BackupError::io(&self.part, source))
    }

    /// The name it has while it is written.
    pub(super) fn path(&self) -> &Path {
        &self.part
    }

    /// Makes what was written durable and gives it its name.
    ///
    /// # Errors
    /// When the disk refuses, or a file of that name has appeared meanwhile.
    pub(super) fn put_in_place(mut self) -> Result<(), BackupError> {
        let io = |source| BackupError::io(&self.part, source);
        self.file.sync_all().map_err(io)?;
        if self.overwrite {
            std::fs::rename(&self.part, &self.place).map_err(io)?;
        } else {
            // A link fails when the name exists, where a rename would replace what somebody put there meanwhile.
            match std::fs::hard_link(&self.part, &self.place) {
                Ok(()) => std::fs::remove_file(&self.part).map_err(io)?,
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    return Err(BackupError::Exists(self.place.clone()));
                }
                // Some file systems know no links.
                Err(_) if !self.place.exists() => std::fs::rename(&self.part, &self.place).map_err(io)?,
                Err(_) => return Err(BackupError::Exists(self.place.clone())),
            }
        }
        self.placed = true;
        sync_folder(&self.place)
    }
}

/// The new name must survive a power cut as well.
#[cfg(unix)]
fn sync_folder(place: &Path) -> Result<(), BackupError> {
    let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|source| BackupError::io(folder, source))
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> Result<(), BackupError> {
    Ok(())
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.placed {
            let _ = std::fs::remove_file(&self.part);
        }
    }
}
