//! Packs, calendars and trees as loaded at start. A case names the pack version that governs it; all versions of a
//! pack that any case names stay loaded side by side.

use crate::error::DeskError;
use domain::event::PackPin;
use domain::taxonomy::Taxonomy;
use policy::{Calendar, CalendarSet, Fault, Pack};
use std::collections::HashMap;
use std::sync::Arc;

/// One data file: its path below `packs/` and its text.
#[derive(Clone, Debug)]
pub struct DataFile {
    /// Path below `packs/`, such as `calendars/cn-state-council.toml`.
    pub path: String,
    /// Contents.
    pub text: String,
}

/// Why the data cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// Files with faults, each with line and column.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Faults(Vec<Fault>),
    /// A category, cause or region file.
    #[error("taxonomy: {}", .0.join("; "))]
    Taxonomy(Vec<String>),
    /// Something every installation needs.
    #[error("missing data file packs/{0}")]
    Missing(&'static str),
}

/// Everything rules are made of.
#[derive(Clone, Debug)]
pub struct Library {
    packs: Arc<HashMap<PackPin, Arc<Pack>>>,
    governing: Arc<Pack>,
    taxonomy: Arc<Taxonomy>,
}

/// The pack new cases are governed by.
const GOVERNING: &str = "guide-standard";

impl Library {
    /// Loads and checks all files.
    ///
    /// # Errors
    /// Every fault found, with file, line and column.
    pub fn load(files: &[DataFile]) -> Result<Self, LibraryError> {
        let text = |path: &'static str| {
            files.iter().find(|file| file.path == path).map(|f| f.text.as_str()).ok_or(LibraryError::Missing(path))
        };
        let taxonomy = Taxonomy::load(
            text("taxonomy/categories.toml")?,
            text("taxonomy/causes.toml")?,
            text("taxonomy/regions.toml")?,
        )
        .map_err(LibraryError::Taxonomy)?;
        let mut faults = Vec::new();
        let mut calendars = CalendarSet::default();
        for file in files.iter().filter(|file| file.path.starts_with("calendars/")) {
            match Calendar::parse_file(&file.path, &file.text) {
                Ok(calendar) => calendars.insert(calendar),
                Err(found) => faults.extend(found),
            }
        }
        let mut packs = HashMap::new();
        for file in files.iter().filter(|file| file.path.ends_with(".toml") && !file.path.contains('/')) {
            match Pack::load(&file.path, &file.text, &calendars) {
                Ok(pack) => {
                    let pin = PackPin { id: pack.id().to_owned(), version: pack.version().to_owned() };
                    packs.insert(pin, Arc::new(pack));
                }
                Err(found) => faults.extend(found),
            }
        }
        if !faults.is_empty() {
            return Err(LibraryError::Faults(faults));
        }
        let governing = packs
            .iter()
            .filter(|(pin, _)| pin.id == GOVERNING)
            .max_by_key(|(pin, _)| version_key(&pin.version))
            .map(|(_, pack)| Arc::clone(pack))
            .ok_or(LibraryError::Missing("guide-standard.toml"))?;
        Ok(Self { packs: Arc::new(packs), governing, taxonomy: Arc::new(taxonomy) })
    }

    /// The pack new cases are governed by.
    #[must_use]
    pub fn governing(&self) -> &Pack {
        &self.governing
    }

    /// The pack a case names.
    ///
    /// # Errors
    /// If that version is no longer loaded.
    pub fn pinned(&self, pin: &PackPin) -> Result<&Pack, DeskError> {
        self.packs
            .get(pin)
            .map(Arc::as_ref)
            .ok_or_else(|| DeskError::Damaged(format!("pack {} {} is not loaded", pin.id, pin.version)))
    }

    /// All packs.
    #[must_use]
    pub fn packs(&self) -> Vec<&Pack> {
        let mut packs: Vec<_> = self.packs.values().map(Arc::as_ref).collect();
        packs.sort_by_key(|pack| (pack.id().to_owned(), version_key(pack.version())));
        packs
    }

    /// Category, cause and region trees.
    #[must_use]
    pub fn taxonomy(&self) -> &Taxonomy {
        &self.taxonomy
    }
}

/// Versions compare number by number, so that 1.10.0 is later than 1.9.0.
fn version_key(version: &str) -> Vec<u64> {
    version.split('.').map(|part| part.parse().unwrap_or(0)).collect()
}
