//! Reading the trees and refusing what does not hang together.

use super::region::PROVINCES;
use super::{Category, Cause, MiitClass, Province, Taxonomy};
use policy::{Facts, Severity, Urgency};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CategoryFile {
    category: Vec<CategoryRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CategoryRow {
    code: Spanned<String>,
    zh: String,
    en: String,
    miit: Option<MiitClass>,
    #[serde(default)]
    red: bool,
    #[serde(default = "usual_severity")]
    severity: Severity,
    #[serde(default = "usual_urgency")]
    urgency: Urgency,
    #[serde(default)]
    tags: Vec<String>,
    duty: Option<String>,
    #[serde(default)]
    products: Vec<String>,
    #[serde(default)]
    retired: bool,
}

fn usual_severity() -> Severity {
    Severity::Normal
}

fn usual_urgency() -> Urgency {
    Urgency::Normal
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CauseFile {
    cause: Vec<CauseRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CauseRow {
    code: Spanned<String>,
    zh: String,
    en: String,
    #[serde(default)]
    retired: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RegionFile {
    province: Vec<ProvinceRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProvinceRow {
    code: Spanned<String>,
    zh: String,
    en: String,
}

pub(super) fn load(categories: &str, causes: &str, regions: &str) -> Result<Taxonomy, Vec<String>> {
    let mut faults = Vec::new();
    let files = [
        File { name: "categories.toml", text: categories },
        File { name: "causes.toml", text: causes },
        File { name: "regions.toml", text: regions },
    ];
    let [categories, causes, regions] = &files;
    let taxonomy = Taxonomy {
        categories: tree_of_categories(categories, &mut faults),
        causes: tree_of_causes(causes, &mut faults),
        provinces: list_of_provinces(regions, &mut faults),
        stages: Vec::new(),
    };
    if faults.is_empty() { Ok(taxonomy) } else { Err(faults) }
}

/// A data file, to name the place of a fault in.
struct File<'t> {
    name: &'static str,
    text: &'t str,
}

impl File<'_> {
    fn parse<T: DeserializeOwned>(&self, faults: &mut Vec<String>) -> Option<T> {
        toml::from_str(self.text)
            .map_err(|error| {
                let start = error.span().map_or(0, |span| span.start);
                faults.push(format!("{}: {}", self.place(start), error.message()));
            })
            .ok()
    }

    /// File and line of a byte.
    fn place(&self, byte: usize) -> String {
        let before = self.text.bytes().take(byte).filter(|byte| *byte == b'\n').count();
        format!("{}, line {}", self.name, before + 1)
    }

    /// File, line and code of a row.
    fn row(&self, code: &Spanned<String>) -> String {
        format!("{}, {}", self.place(code.span().start), code.get_ref())
    }
}

/// Level and parent of a category's code: a letter, a letter and a digit, a letter and three digits.
fn place_in_tree(code: &str) -> Option<(u8, Option<&str>)> {
    let digits = code.strip_prefix(|first: char| first.is_ascii_uppercase())?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    match digits.len() {
        0 => Some((1, None)),
        1 => Some((2, code.get(..1))),
        3 => Some((3, code.get(..2))),
        _ => None,
    }
}

fn tree_of_categories(file: &File<'_>, faults: &mut Vec<String>) -> BTreeMap<String, Category> {
    let rows = file.parse(faults).map_or_else(Vec::new, |file: CategoryFile| file.category);
    let mut tree = BTreeMap::new();
    let mut children = Vec::new();
    for row in rows {
        let at = file.row(&row.code);
        let code = row.code.into_inner();
        let Some((level, parent)) = place_in_tree(&code) else {
            faults.push(format!("{at}: a code is a letter and no, one or three digits"));
            continue;
        };
        let parent = parent.map(str::to_owned);
        children.extend(parent.clone().map(|parent| (at.clone(), parent)));
        if row.zh.is_empty() || row.en.is_empty() {
            faults.push(format!("{at}: a name is missing"));
        }
        if (level == 3) != row.miit.is_some() {
            faults.push(format!("{at}: leaves and only leaves have a class of the ministry"));
        }
        if (level == 3) != row.duty.is_some() {
            faults.push(format!("{at}: leaves and only leaves have a duty"));
        }
        for unknown in row.products.iter().filter(|product| !Facts::PRODUCTS.contains(&product.as_str())) {
            faults.push(format!("{at}: there is no product line {unknown:?}"));
        }
        let category = Category {
            parent,
            code: code.clone(),
            level,
            zh: row.zh,
            en: row.en,
            miit: row.miit,
            red: row.red,
            severity: row.severity,
            urgency: row.urgency,
            tags: row.tags,
            duty: row.duty,
            products: row.products,
            retired: row.retired,
        };
        if tree.insert(code, category).is_some() {
            faults.push(format!("{at}: stands twice"));
        }
    }
    for (at, parent) in children {
        if !tree.contains_key(&parent) {
            faults.push(format!("{at}: there is no {parent} above it"));
        }
    }
    tree
}

fn tree_of_causes(file: &File<'_>, faults: &mut Vec<String>) -> BTreeMap<String, Cause> {
    let rows = file.parse(faults).map_or_else(Vec::new, |file: CauseFile| file.cause);
    let mut tree = BTreeMap::new();
    let mut reasons = Vec::new();
    for row in rows {
        let at = file.row(&row.code);
        let code = row.code.into_inner();
        if row.zh.is_empty() || row.en.is_empty() {
            faults.push(format!("{at}: a name is missing"));
        }
        if code.len() > 12 {
            faults.push(format!("{at}: a code has at most 12 characters"));
        }
        let parent = code.split_once('.').map(|(line, _)| line.to_owned());
        reasons.extend(parent.clone().map(|line| (at.clone(), line)));
        let cause = Cause { code: code.clone(), parent, zh: row.zh, en: row.en, retired: row.retired };
        if tree.insert(code, cause).is_some() {
            faults.push(format!("{at}: stands twice"));
        }
    }
    for (at, line) in reasons {
        if !tree.contains_key(&line) {
            faults.push(format!("{at}: there is no line {line}"));
        }
    }
    tree
}

fn list_of_provinces(file: &File<'_>, faults: &mut Vec<String>) -> BTreeMap<String, Province> {
    let Some(RegionFile { province: rows }) = file.parse(faults) else {
        return BTreeMap::new();
    };
    let mut list = BTreeMap::new();
    for row in rows {
        let at = file.row(&row.code);
        let code = row.code.into_inner();
        if !PROVINCES.contains(&code.as_str()) {
            faults.push(format!("{at}: GB/T 2260 has no such province"));
        }
        if row.zh.is_empty() || row.en.is_empty() {
            faults.push(format!("{at}: a name is missing"));
        }
        if list.insert(code.clone(), Province { code, zh: row.zh, en: row.en }).is_some() {
            faults.push(format!("{at}: stands twice"));
        }
    }
    for code in PROVINCES.iter().filter(|code| !list.contains_key(**code)) {
        faults.push(format!("{}: the province {code} is missing", file.name));
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    const CATEGORIES: &str = include_str!("../../../../packs/taxonomy/categories.toml");
    const CAUSES: &str = include_str!("../../../../packs/taxonomy/causes.toml");
    const REGIONS: &str = include_str!("../../../../packs/taxonomy/regions.toml");

    #[test]
    fn the_trees_hang_together() {
        let taxonomy = load(CATEGORIES, CAUSES, REGIONS).unwrap();
        assert_eq!(taxonomy.leaves().count(), 103);
        assert_eq!(taxonomy.children(None).count(), 8);
        assert_eq!(taxonomy.leaves().filter(|leaf| leaf.red).count(), 10);
        assert!(taxonomy.causes().filter(|cause| cause.parent.is_some()).count() >= 40);
        assert_eq!(taxonomy.provinces().count(), 34);
        assert!(taxonomy.is_leaf("B204") && !taxonomy.is_leaf("B2") && !taxonomy.is_leaf("Z999"));
        assert!(taxonomy.is_cause_leaf("NET.COVER") && !taxonomy.is_cause_leaf("NET"));
        assert_eq!(taxonomy.province("310115").unwrap().zh, "上海市");
        assert_eq!(taxonomy.find("b204", 3)[0].code, "B204");
        assert_eq!(taxonomy.find("滞纳金", 3)[0].code, "B207");
        assert_eq!(taxonomy.find("wifi", 3)[0].code, "A304");
        assert_eq!(taxonomy.find("volte", 3)[0].code, "A104");
        assert_eq!(taxonomy.find("", 5).len(), 5);
        assert!(taxonomy.find("no such thing", 5).is_empty());
        assert!(taxonomy.find("fraud", 3).iter().any(|leaf| leaf.code == "F102"));
    }

    /// The ministry's classes as appendix A of the domain reference gives them out.
    #[test]
    fn each_leaf_has_one_class_of_the_ministry() {
        let taxonomy = load(CATEGORIES, CAUSES, REGIONS).unwrap();
        let count = |class| taxonomy.leaves().filter(|leaf| leaf.miit == Some(class)).count();
        assert_eq!(count(MiitClass::NetworkQuality), 24);
        assert_eq!(count(MiitClass::Charging), 24);
        assert_eq!(count(MiitClass::UserService), 55);
        assert!(taxonomy.categories().filter(|one| one.level < 3).all(|one| one.miit.is_none()));
    }

    fn row(table: &str, code: &str) -> String {
        format!("[[{table}]]\ncode = '{code}'\nzh = '名'\nen = 'name'\n")
    }

    #[test]
    fn every_fault_is_told_with_its_line() {
        let leaf = "miit = 'charging'\nduty = 'billing'\n";
        let cases = [
            (row("category", "A") + &row("category", "A"), "categories.toml, line 6, A: stands twice"),
            (row("category", "A1"), "categories.toml, line 2, A1: there is no A above it"),
            (row("category", "a1"), "categories.toml, line 2, a1: a code is a letter"),
            (row("category", "é"), "categories.toml, line 2, é: a code is a letter"),
            (row("category", "A12"), "categories.toml, line 2, A12: a code is a letter"),
            (row("category", "A101"), "categories.toml, line 2, A101: leaves and only leaves have a class"),
            (row("category", "A101"), "categories.toml, line 2, A101: leaves and only leaves have a duty"),
            (row("category", "A") + leaf, "categories.toml, line 2, A: leaves and only leaves have a class"),
            (row("category", "A").replace("名", ""), "categories.toml, line 2, A: a name is missing"),
            (row("category", "A") + "severity = 'huge'\n", "categories.toml, line 5: "),
            (row("category", "A") + "colour = 'red'\n", "categories.toml, line 5: "),
        ];
        for (text, wanted) in cases {
            let faults = load(&text, CAUSES, REGIONS).unwrap_err();
            assert!(faults.iter().any(|fault| fault.starts_with(wanted)), "{wanted}\n{faults:?}");
        }
        let causes = row("cause", "NET.COVER") + &row("cause", "OVERLY.LENGTHY") + "retired = 1\n";
        let faults = load(CATEGORIES, &causes, REGIONS).unwrap_err();
        assert!(faults[0].starts_with("causes.toml, line 9: "), "{faults:?}");
        let causes = row("cause", "NET.COVER") + &row("cause", "OVERLY.LENGTHY");
        let faults = load(CATEGORIES, &causes, REGIONS).unwrap_err();
        assert_eq!(faults[0], "causes.toml, line 6, OVERLY.LENGTHY: a code has at most 12 characters");
        assert_eq!(faults[1], "causes.toml, line 2, NET.COVER: there is no line NET");
        let faults = load(CATEGORIES, CAUSES, &(row("province", "11") + &row("province", "99"))).unwrap_err();
        assert_eq!(faults[0], "regions.toml, line 6, 99: GB/T 2260 has no such province");
        assert_eq!(faults.len(), 34);
        assert_eq!(faults[1], "regions.toml: the province 12 is missing");
    }

    #[test]
    fn all_files_are_told_about_at_once() {
        let faults = load("", "[[cause]]", "").unwrap_err();
        for file in ["categories.toml", "causes.toml", "regions.toml"] {
            assert!(faults.iter().any(|fault| fault.starts_with(file)), "{file}: {faults:?}");
        }
    }
}
