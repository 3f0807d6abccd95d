//! Packs, words and assets: embedded, and overridable file by file from a folder.

use desk::library::DataFile;
use rust_embed::RustEmbed;
use std::collections::BTreeMap;
use std::path::Path;

#[derive(RustEmbed)]
#[folder = "../../packs"]
struct Packs;

#[derive(RustEmbed)]
#[folder = "../../locales"]
struct Words;

#[derive(RustEmbed)]
#[folder = "assets"]
struct Assets;

/// Every pack, calendar and tree, named from the `packs` folder.
///
/// # Errors
/// If the overriding folder cannot be read.
pub fn packs(folder: Option<&Path>) -> Result<Vec<DataFile>, String> {
    let texts = texts::<Packs>(folder.map(|folder| folder.join("packs")).as_deref())?;
    Ok(texts.into_iter().map(|(path, text)| DataFile { path, text }).collect())
}

/// The same with the files of a folder of packs laid over them: the folder itself, or its `packs` when it has one.
///
/// # Errors
/// If it is no folder or cannot be read.
pub fn packs_of(folder: &Path) -> Result<Vec<DataFile>, String> {
    if !folder.is_dir() {
        return Err(format!("{}: there is no such folder", folder.display()));
    }
    let inner = folder.join("packs");
    let root = if inner.is_dir() { inner.as_path() } else { folder };
    let texts = texts::<Packs>(Some(root))?;
    Ok(texts.into_iter().map(|(path, text)| DataFile { path, text }).collect())
}

/// The lists of deadlines counted by hand that stand beside the packs, those of a folder laid over the embedded ones.
///
/// # Errors
/// If the folder cannot be read.
pub fn vectors(folder: Option<&Path>) -> Result<Vec<DataFile>, String> {
    let inner = folder.map(|folder| folder.join("packs")).filter(|inner| inner.is_dir());
    let texts = texts_of::<Packs>(inner.as_deref().or(folder), "csv")?;
    Ok(texts.into_iter().map(|(path, text)| DataFile { path, text }).collect())
}

/// Every file of words, named like `en/codes.toml`.
///
/// # Errors
/// If the overriding folder cannot be read.
pub fn locales(folder: Option<&Path>) -> Result<Vec<(String, String)>, String> {
    Ok(texts::<Words>(folder.map(|folder| folder.join("locales")).as_deref())?.into_iter().collect())
}

fn texts<E: RustEmbed>(folder: Option<&Path>) -> Result<BTreeMap<String, String>, String> {
    texts_of::<E>(folder, "toml")
}

fn texts_of<E: RustEmbed>(folder: Option<&Path>, kind: &str) -> Result<BTreeMap<String, String>, String> {
    let mut found = BTreeMap::new();
    let is = |path: &str| Path::new(path).extension().is_some_and(|extension| extension == kind);
    for path in E::iter() {
        if let Some(file) = E::get(&path).filter(|_| is(&path)) {
            let text = String::from_utf8(file.data.into_owned()).map_err(|_| format!("{path} is not UTF-8"))?;
            found.insert(path.into_owned(), text);
        }
    }
    if let Some(folder) = folder.filter(|folder| folder.is_dir()) {
        read_folder(folder, folder, kind, &mut found)?;
    }
    Ok(found)
}

fn read_folder(root: &Path, folder: &Path, kind: &str, found: &mut BTreeMap<String, String>) -> Result<(), String> {
    let shown = |error: std::io::Error| format!("{}: {error}", folder.display());
    for entry in std::fs::read_dir(folder).map_err(shown)? {
        let path = entry.map_err(shown)?.path();
        if path.is_dir() {
            read_folder(root, &path, kind, found)?;
        } else if path.extension().is_some_and(|extension| extension == kind) {
            let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            found.insert(name, text);
        }
    }
    Ok(())
}

/// Every file of the console, by name; those of a folder come before the embedded ones.
#[must_use]
pub fn assets(folder: Option<&Path>) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for name in Assets::iter() {
        if let Some(file) = Assets::get(&name) {
            found.insert(name.into_owned(), file.data.into_owned());
        }
    }
    let files = folder.and_then(|folder| std::fs::read_dir(folder.join("assets")).ok());
    for path in files.into_iter().flatten().flatten().map(|entry| entry.path()) {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        if let (Some(name), Ok(bytes)) = (name, std::fs::read(&path)) {
            found.insert(name, bytes);
        }
    }
    found
}
