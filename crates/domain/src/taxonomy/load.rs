//! Reading the trees and refusing what does not hang together.

use super::region::PROVINCES;
use super::{Category, Cause, MiitClass, Province, Taxonomy};
use policy::{Severity, Urgency};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CategoryFile {
    category: Vec<CategoryRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CategoryRow {
    code: String,
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
    code: String,
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
    code: String,
    zh: String,
    en: String,
}

pub(super) fn load(categories: &str, causes: &str, regions: &str) -> Result<Taxonomy, Vec<String>> {
    let mut faults = Vec::new();
    let categories: Option<CategoryFile> = parse("categories.toml", categories, &mut faults);
    let causes: Option<CauseFile> = parse("causes.toml", causes, &mut faults);
    let regions: Option<RegionFile> = parse("regions.toml", regions, &mut faults);
    let taxonomy = Taxonomy {
        categories: tree_of_categories(categories.map_or_else(Vec::new, |file| file.category), &mut faults),
        causes: tree_of_causes(causes.map_or_else(Vec::new, |file| file.cause), &mut faults),
        provinces: list_of_provinces(regions.map_or_else(Vec::new, |file| file.province), &mut faults),
    };
    if faults.is_empty() { Ok(taxonomy) } else { Err(faults) }
}

fn parse<T: DeserializeOwned>(file: &str, text: &str, faults: &mut Vec<String>) -> Option<T> {
    match toml::from_str(text) {
        Ok(parsed) => Some(parsed),
        Err(error) => {
            let line = error.span().map_or(0, |span| text.get(..span.start).map_or(0, |before| before.lines().count()));
            faults.push(format!("{file}, line {line}: {}", error.message()));
            None
        }
    }
}

fn tree_of_categories(rows: Vec<CategoryRow>, faults: &mut Vec<String>) -> BTreeMap<String, Category> {
    let mut tree = BTreeMap::new();
    for row in rows {
        let at = format!("categories.toml, {}", row.code);
        let (level, parent) = match row.code.len() {
            1 => (1, None),
            2 => (2, row.code.get(..1)),
            4 => (3, row.code.get(..2)),
            _ => {
                faults.push(format!("{at}: a code has one, two or four characters"));
                continue;
            }
        };
        if row.zh.is_empty() || row.en.is_empty() {
            faults.push(format!("{at}: a name is missing"));
        }
        if (level == 3) != row.miit.is_some() {
            faults.push(format!("{at}: leaves and only leaves have a class of the ministry"));
        }
        if (level == 3) != row.duty.is_some() {
            faults.push(format!("{at}: leaves and only leaves have a duty"));
        }
        let category = Category {
            parent: parent.map(str::to_owned),
            code: row.code.clone(),
            level,
            zh: row.zh,
            en: row.en,
            miit: row.miit,
            red: row.red,
            severity: row.severity,
            urgency: row.urgency,
            tags: row.tags,
            duty: row.duty,
            retired: row.retired,
        };
        if tree.insert(row.code, category).is_some() {
            faults.push(format!("{at}: stands twice"));
        }
    }
    for category in tree.values() {
        if let Some(parent) = &category.parent
            && !tree.contains_key(parent)
        {
            faults.push(format!("categories.toml, {}: there is no {parent} above it", category.code));
        }
    }
    tree
}

fn tree_of_causes(rows: Vec<CauseRow>, faults: &mut Vec<String>) -> BTreeMap<String, Cause> {
    let mut tree = BTreeMap::new();
    for row in rows {
        let at = format!("causes.toml, {}", row.code);
        if row.zh.is_empty() || row.en.is_empty() {
            faults.push(format!("{at}: a name is missing"));
        }
        if row.code.len() > 12 {
            faults.push(format!("{at}: a code has at most 12 characters"));
        }
        let parent = row.code.split_once('.').map(|(line, _)| line.to_owned());
        let cause = Cause { code: row.code.clone(), parent, zh: row.zh, en: row.en, retired: row.retired };
        if tree.insert(row.code, cause).is_some() {
            faults.push(format!("{at}: stands twice"));
        }
    }
    for cause in tree.values() {
        if let Some(line) = &cause.parent
            && !tree.contains_key(line)
        {
            faults.push(format!("causes.toml, {}: there is no line {line}", cause.code));
        }
    }
    tree
}

fn list_of_provinces(rows: Vec<ProvinceRow>, faults: &mut Vec<String>) -> BTreeMap<String, Province> {
    let list: BTreeMap<String, Province> =
        rows.into_iter().map(|row| (row.code.clone(), Province { code: row.code, zh: row.zh, en: row.en })).collect();
    if !list.keys().map(String::as_str).eq(PROVINCES) {
        faults.push("regions.toml: the provinces are not the 34 of GB/T 2260".to_owned());
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
        assert!(taxonomy.is_leaf("B204") && !taxonomy.is_leaf("B2") && !taxonomy.is_leaf("Z999"));
        assert!(taxonomy.is_cause_leaf("NET.COVER") && !taxonomy.is_cause_leaf("NET"));
        assert_eq!(taxonomy.province("310115").unwrap().zh, "上海市");
        assert_eq!(taxonomy.find("b204", 3)[0].code, "B204");
        assert_eq!(taxonomy.find("滞纳金", 3)[0].code, "B207");
        assert!(taxonomy.find("fraud", 3).iter().any(|leaf| leaf.code == "F102"));
    }

    #[test]
    fn every_fault_is_told() {
        let broken = "[[category]]\ncode = 'A101'\nzh = ''\nen = 'x'\n";
        let faults = load(broken, "[[cause]]\ncode = 'A.B'\nzh = 'x'\n", "").unwrap_err();
        assert!(faults.iter().any(|fault| fault.contains("a name is missing")), "{faults:?}");
        let odd =
            load("[[category]]\ncode = 'A'\nzh = 'x'\nen = 'x'\nseverity = 'huge'\n", CAUSES, REGIONS).unwrap_err();
        assert!(odd[0].starts_with("categories.toml, line 5:") && odd[0].contains("huge"), "{odd:?}");
        assert!(faults.iter().any(|fault| fault.contains("there is no A1 above it")));
        assert!(faults.iter().any(|fault| fault.starts_with("causes.toml, line")));
        assert!(faults.iter().any(|fault| fault.starts_with("regions.toml")));
    }
}
