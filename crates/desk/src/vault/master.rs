//! The master key file: outside the data folder, mode 600, never in a backup, the same on every node.
//!
//! It is a text file with one key a line, newest first: eight hexadecimal digits that name the key, a space, the key
//! in base64. Rotation puts a new line on top; old lines stay until nothing is wrapped by them any more. A running
//! server notices a new line by itself.

use super::cipher::{CipherError, Key, random};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::RwLock;

const HEAD: &str = "# Redress master keys, newest first. Whoever has this file and the database can read everything.\n\
                    # Keep a copy in a safe place, apart from the data and from every backup of it.\n";

/// What is wrong with the key file.
#[derive(Debug, thiserror::Error)]
pub enum MasterError {
    /// The file cannot be read or written.
    #[error("master key file {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What happened.
        source: std::io::Error,
    },
    /// A line is not a key.
    #[error("master key file {path}, line {line}: {what}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Line number from 1.
        line: usize,
        /// What is wrong.
        what: &'static str,
    },
    /// There is no key in it.
    #[error("master key file {path} holds no key")]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// Others may read it.
    #[error("master key file {path} may be read by others (mode {mode:o}); make it 600")]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its mode bits.
        mode: u32,
    },
    /// No random bytes.
    #[error(transparent)]
    Cipher(#[from] CipherError),
}

/// The keys of the file, newest first.
#[derive(Debug)]
pub struct MasterKeys {
    path: PathBuf,
    keys: RwLock<Vec<(u32, Key)>>,
}

impl MasterKeys {
    /// Reads the file.
    ///
    /// # Errors
    /// If it is missing, readable by others, or malformed.
    pub fn read(path: &Path) -> Result<Self, MasterError> {
        let keys = read_keys(path)?;
        Ok(Self { path: path.to_owned(), keys: RwLock::new(keys) })
    }

    /// Reads the file, or creates it with one new key.
    ///
    /// # Errors
    /// If it can neither be read nor created.
    pub fn read_or_create(path: &Path) -> Result<Self, MasterError> {
        if !path.exists() {
            let keys = vec![new_key()?];
            match write_keys(path, &keys, true) {
                // Another node created it at the same moment; its key counts.
                Err(MasterError::Io { source, .. }) if source.kind() == std::io::ErrorKind::AlreadyExists => {}
                other => other?,
            }
        }
        Self::read(path)
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Identifiers of the keys, newest first.
    #[must_use]
    pub fn ids(&self) -> Vec<u32> {
        self.locked(|keys| keys.iter().map(|(id, _)| *id).collect())
    }

    /// Adds a new key on top; what is wrapped from now on uses it.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn rotate(&self) -> Result<u32, MasterError> {
        let mut keys = read_keys(&self.path)?;
        let fresh = new_key()?;
        let id = fresh.0;
        keys.insert(0, fresh);
        write_keys(&self.path, &keys, false)?;
        self.replace(keys);
        Ok(id)
    }

    /// Takes keys out of the file. The newest always stays.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn drop_keys(&self, unused: &[u32]) -> Result<(), MasterError> {
        let mut keys = read_keys(&self.path)?;
        let newest = keys.first().map(|(id, _)| *id);
        keys.retain(|(id, _)| Some(*id) == newest || !unused.contains(id));
        write_keys(&self.path, &keys, false)?;
        self.replace(keys);
        Ok(())
    }

    /// Reads the file again, to learn of a rotation another process made.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn refresh(&self) -> Result<(), MasterError> {
        let keys = read_keys(&self.path)?;
        self.replace(keys);
        Ok(())
    }

    /// Wraps a secret under the newest key: the key's identifier, then the ciphertext.
    ///
    /// # Errors
    /// If the system gives no random bytes.
    pub fn wrap(&self, secret: &[u8], belongs_to: &[u8]) -> Result<Vec<u8>, CipherError> {
        let (id, key) = self.locked(|keys| keys.first().cloned()).ok_or(CipherError::UnknownMaster(0))?;
        let mut out = id.to_be_bytes().to_vec();
        out.extend(key.seal(secret, belongs_to)?);
        Ok(out)
    }

    /// Unwraps what [`MasterKeys::wrap`] made, on any node and after any rotation.
    ///
    /// # Errors
    /// If the key is not in the file, or the place is wrong.
    pub fn unwrap(&self, wrapped: &[u8], belongs_to: &[u8]) -> Result<Vec<u8>, CipherError> {
        let id = Self::id_of(wrapped).ok_or(CipherError::DoesNotOpen)?;
        let sealed = wrapped.get(4..).ok_or(CipherError::DoesNotOpen)?;
        let find = |keys: &[(u32, Key)]| keys.iter().find(|(known, _)| *known == id).map(|(_, key)| key.clone());
        let key = match self.locked(find) {
            Some(key) => key,
            None => {
                // Perhaps another process rotated a moment ago.
                self.refresh().map_err(|_| CipherError::UnknownMaster(id))?;
                self.locked(find).ok_or(CipherError::UnknownMaster(id))?
            }
        };
        key.open(sealed, belongs_to)
    }

    /// The key a secret is wrapped by.
    #[must_use]
    pub fn id_of(wrapped: &[u8]) -> Option<u32> {
        wrapped.first_chunk().map(|id| u32::from_be_bytes(*id))
    }

    fn locked<T>(&self, f: impl FnOnce(&[(u32, Key)]) -> T) -> T {
        f(&self.keys.read().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    fn replace(&self, keys: Vec<(u32, Key)>) {
        *self.keys.write().unwrap_or_else(std::sync::PoisonError::into_inner) = keys;
    }
}

fn new_key() -> Result<(u32, Key), MasterError> {
    Ok((u32::from_be_bytes(random()?), Key::random()?))
}

fn read_keys(path: &Path) -> Result<Vec<(u32, Key)>, MasterError> {
    let io = |source| MasterError::Io { path: path.to_owned(), source };
    let text = std::fs::read_to_string(path).map_err(io)?;
    check_mode(path)?;
    let mut keys = Vec::new();
    for (position, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let fault = |what| MasterError::Malformed { path: path.to_owned(), line: position + 1, what };
        let (id, key) = line.split_once(' ').ok_or_else(|| fault("expected an identifier, a space and a key"))?;
        let id = u32::from_str_radix(id, 16).map_err(|_| fault("the identifier is not eight hexadecimal digits"))?;
        let key = STANDARD.decode(key.trim()).map_err(|_| fault("the key is not base64"))?;
        keys.push((id, Key::from_slice(&key).map_err(|_| fault("the key does not have 32 bytes"))?));
    }
    if keys.is_empty() { Err(MasterError::Empty { path: path.to_owned() }) } else { Ok(keys) }
}

#[cfg(unix)]
fn check_mode(path: &Path) -> Result<(), MasterError> {
    use std::os::unix::fs::PermissionsExt as _;
    let io = |source| MasterError::Io { path: path.to_owned(), source };
    let mode = std::fs::metadata(path).map_err(io)?.permissions().mode() & 0o777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(MasterError::Exposed { path: path.to_owned(), mode }) }
}

#[cfg(not(unix))]
fn check_mode(_: &Path) -> Result<(), MasterError> {
    Ok(())
}

/// Writes a neighbour file and renames it, so that a crash never leaves half a key file.
fn write_keys(path: &Path, keys: &[(u32, Key)], create: bool) -> Result<(), MasterError> {
    let io = |source| MasterError::Io { path: path.to_owned(), source };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(io)?;
    }
    let mut text = HEAD.to_owned();
    for (id, key) in keys {
        text.push_str(&format!("{id:08x} {}\n", STANDARD.encode(key.bytes())));
    }
    let fresh = path.with_extension(format!("new{:08x}", u32::from_be_bytes(random()?)));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&fresh).map_err(io)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    let placed = written.and_then(|()| {
        if create {
            // A hard link fails when the name exists, where a rename would replace another node's key.
            std::fs::hard_link(&fresh, path)
        } else {
            std::fs::rename(&fresh, path)
        }
    });
    let _ = std::fs::remove_file(&fresh);
    placed.map_err(io)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> PathBuf {
        let folder = std::env::temp_dir().join(format!("redress-master-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn a_rotation_is_noticed_by_a_running_node() {
        let folder = folder();
        let path = folder.join("master.key");
        let node = MasterKeys::read_or_create(&path).unwrap();
        let other = MasterKeys::read_or_create(&path).unwrap();
        assert_eq!(node.ids(), other.ids(), "the second start must not make a second key");
        let old = node.wrap(b"secret", b"x").unwrap();
        other.rotate().unwrap();
        let new = other.wrap(b"secret", b"x").unwrap();
        assert_eq!(node.unwrap(&new, b"x").unwrap(), b"secret");
        assert_eq!(node.unwrap(&old, b"x").unwrap(), b"secret");
        other.drop_keys(&[MasterKeys::id_of(&old).unwrap()]).unwrap();
        assert!(matches!(other.unwrap(&old, b"x"), Err(CipherError::UnknownMaster(_))));
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn created_for_the_owner_alone_and_refused_otherwise() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = folder();
        let path = folder.join("master.key");
        MasterKeys::read_or_create(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(MasterKeys::read(&path), Err(MasterError::Exposed { .. })));
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_malformed_line_is_named() {
        let folder = folder();
        let path = folder.join("master.key");
        MasterKeys::read_or_create(&path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap() + "oops\n";
        std::fs::write(&path, text).unwrap();
        assert!(matches!(MasterKeys::read(&path), Err(MasterError::Malformed { line: 4, .. })));
        std::fs::remove_dir_all(folder).unwrap();
    }
}
