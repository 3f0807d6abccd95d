//! The ledger of erasures beside the master key: one person a line, identifiers only. Lines are only ever added.
//!
//! A line that begins with `?` says that an erasure is about to be committed; the identifier alone, that it was. Only the
//! second brings an erasure about again: a commit may fail, and whoever was kept then may be held by now.

use crate::error::DeskError;
use crate::vault::master::MasterError;
use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// Between two looks at what other nodes erased.
const LOOK: Duration = Duration::from_secs(60);

/// The ledger of one node.
#[derive(Debug)]
pub(crate) struct Ledger {
    path: PathBuf,
    looked: Mutex<Option<Instant>>,
    /// Whom this process announced and has not confirmed yet.
    begun: Mutex<BTreeSet<Uuid>>,
}

/// Whom a ledger names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Noted {
    /// Who was erased.
    pub(super) erased: BTreeSet<Uuid>,
    /// Who was to be erased, and nothing says that it came about.
    pub(super) begun: BTreeSet<Uuid>,
}

/// What a line of somebody who is about to be erased begins with.
const BEGUN: char = '?';

impl Ledger {
    /// The ledger beside a master key file.
    pub(crate) fn beside(master: &Path) -> Self {
        Self { path: master.with_extension("erasures"), looked: Mutex::new(None), begun: Mutex::default() }
    }

    /// Whether it is time to look at what other nodes erased; whoever is told so looks.
    pub(crate) fn is_due(&self) -> bool {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let due = looked.is_none_or(|at| at.elapsed() >= LOOK);
        if due {
            *looked = Some(Instant::now());
        }
        due
    }

    /// Everybody who is noted.
    pub(super) fn read(&self) -> Result<Noted, DeskError> {
        let text = match std::fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Noted::default()),
            Err(source) => return Err(self.failed(source)),
        };
        let mut noted = Noted::default();
        for (n, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let (names, list) = match line.trim().strip_prefix(BEGUN) {
                Some(person) => (person.trim(), &mut noted.begun),
                None => (line.trim(), &mut noted.erased),
            };
            match Uuid::parse_str(names) {
                Ok(person) => drop(list.insert(person)),
                // A power cut leaves at most half a line, of an erasure that was never acknowledged.
                Err(_) => tracing::warn!(file = %self.path.display(), line = n + 1, "a line names nobody"),
            }
        }
        noted.begun.retain(|person| !noted.erased.contains(person));
        Ok(noted)
    }

    /// Announces that a person is about to be erased; it stands there durably when this returns.
    pub(crate) fn begin(&self, person: Uuid) -> Result<(), DeskError> {
        self.append(&format!("{BEGUN} {person}\n")).map_err(|source| self.failed(source))?;
        self.lock_begun().insert(person);
        Ok(())
    }

    /// Whom this process announced and has not confirmed.
    pub(super) fn begun(&self) -> Vec<Uuid> {
        self.lock_begun().iter().copied().collect()
    }

    fn lock_begun(&self) -> MutexGuard<'_, BTreeSet<Uuid>> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes persons who were erased; they stand there durably when this returns.
    pub(super) fn note(&self, persons: &[Uuid]) -> Result<(), DeskError> {
        if persons.is_empty() {
            return Ok(());
        }
        let text: String = persons.iter().map(|person| format!("{person}\n")).collect();
        self.append(&text).map_err(|source| self.failed(source))?;
        self.lock_begun().retain(|person| !persons.contains(person));
        Ok(())
    }

    fn append(&self, text: &str) -> std::io::Result<()> {
        let is_new = !self.path.exists();
        let mut options = OpenOptions::new();
        options.create(true).read(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&self.path)?;
        // Half a line left by a power cut must not swallow the next one.
        let torn = if ends_whole(&mut file)? { "" } else { "\n" };
        // In one piece: a command beside the server may be writing as well.
        file.write_all(format!("{torn}{text}").as_bytes())?;
        file.sync_all()?;
        if is_new { sync_folder(&self.path) } else { Ok(()) }
    }

    fn failed(&self, source: std::io::Error) -> DeskError {
        MasterError::Io { path: self.path.clone(), source }.into()
    }
}

fn ends_whole(file: &mut File) -> std::io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(true);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

/// The new name must survive a power cut as well.
#[cfg(unix)]
fn sync_folder(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_line_swallows_nobody() {
        let folder = std::env::temp_dir().join(format!("redress-ledger-{}", Uuid::now_v7()));
        std::fs::create_dir_all(&folder).unwrap();
        let ledger = Ledger::beside(&folder.join("master.key"));
        assert_eq!(ledger.read().unwrap(), Noted::default());
        let persons: Vec<Uuid> = (0..3).map(|_| Uuid::now_v7()).collect();
        ledger.note(&persons[..1]).unwrap();
        let path = folder.join("master.erasures");
        let text = std::fs::read_to_string(&path).unwrap() + "0199abcd-12";
        std::fs::write(&path, text).unwrap();
        ledger.note(&persons[1..]).unwrap();
        assert_eq!(ledger.read().unwrap().erased, persons.iter().copied().collect());
        // What was announced is told apart until it is confirmed.
        let announced = Uuid::now_v7();
        ledger.begin(announced).unwrap();
        assert_eq!(ledger.read().unwrap().begun, [announced].into());
        assert_eq!(ledger.begun(), [announced]);
        ledger.note(&[announced]).unwrap();
        let noted = ledger.read().unwrap();
        assert!(noted.begun.is_empty() && noted.erased.contains(&announced) && ledger.begun().is_empty());
        std::fs::remove_dir_all(folder).unwrap();
    }
}
