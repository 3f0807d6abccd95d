//! Words in two languages, looked up by stable keys. Handlers know codes; sentences stand in `locales/`.

use std::collections::HashMap;

/// A language of the product.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// Simplified Chinese.
    #[default]
    ZhCn,
    /// English.
    En,
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 2] = [Self::ZhCn, Self::En];

    /// The tag, as in folder names, cookies and `lang` attributes.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::ZhCn => "zh-CN",
            Self::En => "en",
        }
    }

    /// The language a tag asks for, by its primary part.
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_']).next().unwrap_or_default();
        match primary.to_ascii_lowercase().as_str() {
            "zh" => Some(Self::ZhCn),
            "en" => Some(Self::En),
            _ => None,
        }
    }

    /// The language to answer in: what the user chose, else the best the client accepts, else the default.
    #[must_use]
    pub fn negotiate(accepted: Option<&str>, chosen: Option<&str>, default: Self) -> Self {
        if let Some(language) = chosen.and_then(Self::from_tag) {
            return language;
        }
        let mut best = None;
        for part in accepted.unwrap_or_default().split(',').take(20) {
            let (tag, parameters) = part.split_once(';').unwrap_or((part, ""));
            let weight = match parameters.split_once('=') {
                Some((name, value)) if name.trim().eq_ignore_ascii_case("q") => value.trim().parse::<f32>().ok(),
                _ => Some(1.0),
            };
            let (Some(language), Some(weight)) = (Self::from_tag(tag), weight) else {
                continue;
            };
            if weight > 0.0 && best.is_none_or(|(_, known)| weight > known) {
                best = Some((language, weight));
            }
        }
        best.map_or(default, |(language, _)| language)
    }

    /// The same language as the rules' library names it.
    #[must_use]
    pub fn of_rules(self) -> policy::Lang {
        match self {
            Self::ZhCn => policy::Lang::Zh,
            Self::En => policy::Lang::En,
        }
    }

    /// The one of two names that is in this language.
    #[must_use]
    pub fn pick<'a>(self, zh: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::ZhCn => zh,
            Self::En => en,
        }
    }
}

/// All words.
#[derive(Clone, Debug, Default)]
pub struct Locales {
    words: HashMap<Language, HashMap<String, String>>,
}

impl Locales {
    /// Reads locale files, named like `zh-CN/codes.toml`.
    ///
    /// # Errors
    /// Names the file, line and column that cannot be read, or a key that stands twice and where.
    pub fn load(files: impl IntoIterator<Item = (String, String)>) -> Result<Self, String> {
        let mut words: HashMap<Language, HashMap<String, String>> = HashMap::new();
        let mut places: HashMap<(Language, String), String> = HashMap::new();
        for (path, text) in files {
            let folder = path.split('/').next().unwrap_or_default();
            let Some(language) = Language::ALL.into_iter().find(|language| language.code() == folder) else {
                continue;
            };
            let table: toml::Table = text.parse().map_err(|error| unreadable(&path, &text, &error))?;
            let mut found = Vec::new();
            flatten(&path, "", table, &mut found)?;
            let known = words.entry(language).or_default();
            for (key, text) in found {
                if let Some(first) = places.insert((language, key.clone()), path.clone()) {
                    return Err(format!("{key} stands twice: in {first} and in {path}"));
                }
                known.insert(key, text);
            }
        }
        Ok(Self { words })
    }

    /// The words of a key with values put in; the other language's where this one has none, and the key itself where
    /// neither has.
    #[must_use]
    pub fn text(&self, language: Language, key: &str, values: &[(&str, &str)]) -> String {
        let other = if language == Language::En { Language::ZhCn } else { Language::En };
        let found = [language, other].into_iter().find_map(|language| self.words.get(&language)?.get(key));
        found.map_or_else(|| key.to_owned(), |pattern| fill(pattern, values))
    }

    /// Whether a language has a key.
    #[must_use]
    pub fn has(&self, language: Language, key: &str) -> bool {
        self.words.get(&language).is_some_and(|words| words.contains_key(key))
    }

    /// Every key of a language.
    pub fn keys(&self, language: Language) -> impl Iterator<Item = &str> {
        self.words.get(&language).into_iter().flat_map(|words| words.keys().map(String::as_str))
    }
}

/// Puts values into the places of a sentence. A value is never searched for places itself: it may hold what a stranger
/// wrote.
fn fill(pattern: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(pattern.len() + 32);
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let place = after.split_once('}').and_then(|(name, behind)| {
            let (_, value) = values.iter().find(|(known, _)| *known == name)?;
            Some((value, behind))
        });
        match place {
            Some((value, behind)) => {
                filled.push_str(value);
                rest = behind;
            }
            None => {
                filled.push('{');
                rest = after;
            }
        }
    }
    filled.push_str(rest);
    filled
}

fn unreadable(path: &str, text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("{path}, line {line}, column {column}: {}", error.message())
}

/// The texts of a table under their dotted keys.
fn flatten(path: &str, prefix: &str, table: toml::Table, found: &mut Vec<(String, String)>) -> Result<(), String> {
    for (name, value) in table {
        let key = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
        match value {
            toml::Value::Table(inner) => flatten(path, &key, inner, found)?,
            toml::Value::String(text) => found.push((key, text)),
            _ => return Err(format!("{path}: {key} is no text")),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
