//! Names and codes of the trees: categories, causes and regions. People type codes or names; programmes want codes.

use super::Frame;
use desk::queries::list::Listed;
use domain::case::Case;
use domain::free_text::FreeText;
use pinyin::ToPinyinMulti;
use std::collections::BTreeSet;

/// The first letters a Chinese name can be typed by, one word a character and every letter of its readings in it: `cz f k
/// f` for 重复扣费. Letters and figures of other scripts stand for themselves, signs for nothing.
fn initials(name: &str) -> String {
    let letters = name.chars().zip(name.to_pinyin_multi()).filter_map(|(letter, readings)| match readings {
        Some(readings) => {
            let all: BTreeSet<char> = readings.into_iter().filter_map(|one| one.plain().chars().next()).collect();
            Some(all.into_iter().collect::<String>())
        }
        None if letter.is_alphanumeric() => Some(letter.to_lowercase().collect()),
        None => None,
    });
    letters.collect::<Vec<_>>().join(" ")
}

/// The code that somebody meant: the first word when it is a code ("B204 增值/点播扣费争议", as the lists offer it), else
/// the only entry whose Chinese or English name holds the words; else what was typed, to be refused by name.
fn meant<'a>(typed: &str, entries: &[(&'a str, &'a str, &'a str)]) -> String {
    let first = typed.split_whitespace().next().unwrap_or_default();
    if let Some((code, ..)) = entries.iter().find(|(code, ..)| code.eq_ignore_ascii_case(first)) {
        return (*code).to_owned();
    }
    let wanted = typed.trim().to_lowercase();
    if let Some((code, ..)) = entries.iter().find(|(_, zh, en)| *zh == wanted || en.to_lowercase() == wanted) {
        return (*code).to_owned();
    }
    let mut holding = entries.iter().filter(|(_, zh, en)| zh.contains(&wanted) || en.to_lowercase().contains(&wanted));
    match (holding.next(), holding.next()) {
        (Some((code, ..)), None) => (*code).to_owned(),
        _ => first.to_owned(),
    }
}

impl Frame<'_> {
    /// Categories to choose from: code and name.
    pub(super) fn leaves(&self) -> Vec<(String, String)> {
        let taxonomy = self.app.desk.library().taxonomy();
        taxonomy.leaves().map(|leaf| (leaf.code.clone(), self.category(&leaf.code))).collect()
    }

    /// What a category is found by while somebody types: its names in both languages and the initials of the Chinese.
    pub(super) fn found_by(&self, code: &str) -> (String, String) {
        match self.app.desk.library().taxonomy().category(code) {
            Some(one) => (format!("{} {}", one.zh, one.en).to_lowercase(), initials(&one.zh)),
            None => Default::default(),
        }
    }

    /// A category's name.
    pub(super) fn category(&self, code: &str) -> String {
        match self.app.desk.library().taxonomy().category(code) {
            Some(category) => self.language.pick(&category.zh, &category.en).to_owned(),
            None => code.to_owned(),
        }
    }

    /// What a case is called: by its subject, else by its category, else by what kind of contact it is.
    fn called(&self, subject: Option<&str>, category: Option<&str>, kind: &str) -> String {
        match (subject, category) {
            (Some(subject), _) => subject.to_owned(),
            (None, Some(category)) => self.category(category),
            (None, None) => self.code("kind", kind),
        }
    }

    /// What a case in a list is called.
    pub(super) fn called_in_list(&self, one: &Listed) -> String {
        self.called(one.subject.as_deref(), one.category.as_deref(), &one.kind)
    }

    /// What a case that was read whole is called: the same everywhere.
    pub(super) fn called_on_its_page(&self, case: &Case) -> String {
        let record = &case.record;
        let subject = record.subject.as_ref().and_then(FreeText::plain);
        self.called(subject, case.category.as_deref(), record.kind.code())
    }

    /// A cause by its line and reason.
    pub(super) fn cause(&self, code: &str) -> String {
        let taxonomy = self.app.desk.library().taxonomy();
        let name = |code: &str| taxonomy.cause(code).map(|cause| self.language.pick(&cause.zh, &cause.en));
        let reason = name(code).unwrap_or(code);
        match code.split_once('.').and_then(|(line, _)| name(line)) {
            Some(line) => format!("{line} · {reason}"),
            None => reason.to_owned(),
        }
    }

    /// Provinces: code and name.
    pub(crate) fn provinces(&self) -> Vec<(String, String)> {
        let name = |zh: &str, en: &str| self.language.pick(zh, en).to_owned();
        let taxonomy = self.app.desk.library().taxonomy();
        taxonomy.provinces().map(|one| (one.code.clone(), name(&one.zh, &one.en))).collect()
    }

    /// A region as people know it: its province by name, then its code.
    pub(super) fn region(&self, code: &str) -> String {
        let taxonomy = self.app.desk.library().taxonomy();
        let province = taxonomy.province(code).map(|one| self.language.pick(&one.zh, &one.en));
        province.map_or_else(|| code.to_owned(), |name| format!("{name} {code}"))
    }

    /// The category somebody typed.
    pub(super) fn category_code(&self, typed: &str) -> String {
        let taxonomy = self.app.desk.library().taxonomy();
        let names = taxonomy.categories().map(|one| (one.code.as_str(), one.zh.as_str(), one.en.as_str()));
        meant(typed, &names.collect::<Vec<_>>())
    }

    /// The region somebody typed.
    pub(super) fn region_code(&self, typed: &str) -> String {
        let taxonomy = self.app.desk.library().taxonomy();
        let names = taxonomy.provinces().map(|one| (one.code.as_str(), one.zh.as_str(), one.en.as_str()));
        meant(typed, &names.collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_typed_by_its_initials() {
        assert_eq!(initials("宽带 5G/断网"), "k d 5 g d w");
        let doubled = initials("重复扣费");
        assert!(doubled.starts_with('c') && doubled.ends_with(" f k f"), "{doubled}");
    }

    #[test]
    fn people_type_codes_or_names() {
        let list = [("B204", "点播扣费争议", "On-demand charge"), ("B205", "漫游扣费争议", "Roaming charge")];
        for (typed, code) in [
            ("B204 点播扣费争议", "B204"),
            ("b205", "B205"),
            ("漫游", "B205"),
            ("roaming charge", "B205"),
            ("扣费争议", "扣费争议"),
            ("310115", "310115"),
            ("", ""),
        ] {
            assert_eq!(meant(typed, &list), code, "{typed}");
        }
    }
}
