//! Fonts found when they are needed: a file the operator names, else what the machine has.

use fontdb::{Database, Source, Style, Weight};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use ttf_parser::Face;

/// Why there is no PDF.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoFont {
    /// Characters that no usable font has, at most eight; empty when there is no font at all.
    pub missing: String,
}

/// A font as it lies on disk.
#[derive(Clone)]
pub(crate) struct Font {
    pub(crate) bytes: Arc<Vec<u8>>,
    pub(crate) index: u32,
}

/// The fonts of this machine. Looked for once, when the first letter asks; the two fonts used last stay in memory.
#[derive(Default)]
pub struct Fonts {
    chosen: Option<PathBuf>,
    places: OnceLock<Vec<Candidate>>,
    read: Mutex<BTreeMap<PathBuf, Arc<Vec<u8>>>>,
}

struct Candidate {
    path: PathBuf,
    index: u32,
    family: String,
    /// The characters it has, looked up once; none where no PDF can hold its outlines or it cannot be read.
    has: OnceLock<Characters>,
}

/// Characters as ranges in order, first and last of each.
struct Characters(Vec<(u32, u32)>);

impl Characters {
    fn of(bytes: &[u8], index: u32) -> Self {
        let mut points = BTreeSet::new();
        if let Ok(face) = Face::parse(bytes, index)
            && (face.tables().glyf.is_some() || face.tables().cff.is_some())
        {
            let tables = face.tables().cmap.into_iter().flat_map(|cmap| cmap.subtables);
            for table in tables.filter(ttf_parser::cmap::Subtable::is_unicode) {
                table.codepoints(|point| {
                    // A table may list a character and have no glyph for it.
                    if table.glyph_index(point).is_some_and(|glyph| glyph.0 != 0) {
                        points.insert(point);
                    }
                });
            }
        }
        let mut ranges: Vec<(u32, u32)> = Vec::new();
        for point in points {
            match ranges.last_mut() {
                Some((_, last)) if last.checked_add(1) == Some(point) => *last = point,
                _ => ranges.push((point, point)),
            }
        }
        Self(ranges)
    }

    fn has(&self, letter: char) -> bool {
        let point = u32::from(letter);
        let after = self.0.partition_point(|(first, _)| *first <= point);
        after.checked_sub(1).and_then(|place| self.0.get(place)).is_some_and(|(_, last)| point <= *last)
    }
}

/// Fonts held in memory; a collection for Chinese takes some twenty mebibytes.
const HELD: usize = 2;

impl Fonts {
    /// The fonts of this machine, or only the file the operator names.
    #[must_use]
    pub fn new(chosen: Option<PathBuf>) -> Self {
        Self { chosen, ..Self::default() }
    }

    /// A font that has every character of a text, those made for the language first.
    ///
    /// # Errors
    /// Names characters no font has.
    pub(crate) fn covering(&self, text: &str, language: &str) -> Result<Font, NoFont> {
        let needed: BTreeSet<char> = text.chars().filter(|letter| is_drawn(*letter)).collect();
        let unshaped: String = needed.iter().filter(|letter| needs_shaping(**letter)).take(8).collect();
        if !unshaped.is_empty() {
            return Err(NoFont { missing: unshaped });
        }
        let mut order: Vec<&Candidate> = self.places().iter().collect();
        order.sort_by_key(|one| rank(&one.family, language));
        let mut missing: Option<String> = None;
        // A collection is read once for all its faces.
        let mut last: Option<(&Path, Arc<Vec<u8>>)> = None;
        for one in order {
            let has = one.has.get_or_init(|| {
                let held = last.as_ref().filter(|(path, _)| *path == one.path).map(|(_, bytes)| Arc::clone(bytes));
                let bytes = held.or_else(|| self.bytes(&one.path)).unwrap_or_default();
                last = Some((&one.path, Arc::clone(&bytes)));
                Characters::of(&bytes, one.index)
            });
            if has.0.is_empty() {
                continue;
            }
            let lacks = needed.iter().filter(|letter| !has.has(**letter));
            let lacks: String = lacks.take(8).collect();
            if lacks.is_empty() {
                let Some(bytes) = self.bytes(&one.path) else { continue };
                self.hold(&one.path, &bytes);
                return Ok(Font { bytes, index: one.index });
            }
            if missing.as_ref().is_none_or(|known| lacks.chars().count() < known.chars().count()) {
                missing = Some(lacks);
            }
        }
        Err(NoFont { missing: missing.unwrap_or_default() })
    }

    fn places(&self) -> &[Candidate] {
        self.places.get_or_init(|| {
            let mut base = Database::new();
            match &self.chosen {
                Some(file) => drop(base.load_font_file(file)),
                None => base.load_system_fonts(),
            }
            let plain = |face: &&fontdb::FaceInfo| {
                self.chosen.is_some() || (face.weight == Weight::NORMAL && face.style == Style::Normal)
            };
            let mut found: Vec<Candidate> = base.faces().filter(plain).filter_map(candidate).collect();
            // The same machine takes the same font, in whatever order its disk lists them.
            found.sort_by(|a, b| (&a.family, &a.path, a.index).cmp(&(&b.family, &b.path, b.index)));
            found
        })
    }

    fn bytes(&self, path: &Path) -> Option<Arc<Vec<u8>>> {
        let held = self.read.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned();
        held.or_else(|| std::fs::read(path).ok().map(Arc::new))
    }

    fn hold(&self, path: &Path, bytes: &Arc<Vec<u8>>) {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if read.len() >= HELD && !read.contains_key(path) {
            read.clear();
        }
        read.entry(path.to_owned()).or_insert_with(|| Arc::clone(bytes));
    }
}

fn candidate(face: &fontdb::FaceInfo) -> Option<Candidate> {
    let path = match &face.source {
        Source::File(path) => path.clone(),
        _ => return None,
    };
    let family = face.families.first().map(|(name, _)| name.clone()).unwrap_or_default();
    Some(Candidate { path, index: face.index, family, has: OnceLock::new() })
}

/// Fonts made for a language come first, then those without serifs, then the rest; fixed widths read badly in letters.
fn rank(family: &str, language: &str) -> (u8, u8) {
    let cjk =
        ["CJK", "Han Sans", "Han Serif", "WenQuanYi", "Droid Sans Fallback"].iter().any(|part| family.contains(part));
    let place = match language {
        _ if language.starts_with("zh-Hant") => " TC",
        _ if language.starts_with("zh") => " SC",
        _ if language.starts_with("ja") => " JP",
        _ if language.starts_with("ko") => " KR",
        _ => "",
    };
    let fit = match (place.is_empty(), cjk) {
        (false, true) if family.ends_with(place) => 0,
        (false, true) => 1,
        (false, false) => 2,
        (true, false) => 0,
        (true, true) => 1,
    };
    let look = if family.contains("Mono") { 2 } else { u8::from(!family.contains("Sans")) };
    (fit, look)
}

/// Whether a character leaves ink or room; marks of direction and joining do not.
pub(crate) fn is_drawn(letter: char) -> bool {
    !letter.is_control()
        && !matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}')
}

/// Scripts whose letters join, stack or run from right to left: set one by one they would be wrong, so they are left to
/// the page.
fn needs_shaping(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36f}' | '\u{590}'..='\u{8ff}' | '\u{900}'..='\u{109f}' | '\u{1780}'..='\u{18af}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_font_it_says_so() {
        let none = Fonts::new(Some(PathBuf::from("/nowhere/none.ttf")));
        assert_eq!(none.covering("x", "en").err(), Some(NoFont { missing: String::new() }));
    }

    #[test]
    fn what_has_to_be_shaped_is_not_set() {
        let missing = Fonts::default().covering("שלום", "en").err().map(|none| none.missing);
        assert_eq!(missing.as_deref().map(|letters| letters.chars().count()), Some(4));
    }
}
