//! The packs and calendars this product ships, and cases as its category tree classifies them.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "each test takes what it needs; a failed test panics"
)]

use policy::{Calendar, CalendarSet, Facts, Pack, Stack};
use std::path::Path;
use std::sync::{Arc, LazyLock};

pub(crate) const CALENDAR: &str = include_str!("../../../../packs/calendars/cn.toml");
pub(crate) const CN_TELECOM: &str = include_str!("../../../../packs/cn-telecom.toml");
pub(crate) const GUIDE_STANDARD: &str = include_str!("../../../../packs/guide-standard.toml");
pub(crate) const GUIDE_STANDARD_1_0_0: &str = include_str!("../../../../packs/guide-standard-1.0.0.toml");
pub(crate) const GUIDE_STANDARD_1_5_0: &str = include_str!("../../../../packs/guide-standard-1.5.0.toml");
pub(crate) const GUIDE_STANDARD_1_4_0: &str = include_str!("../../../../packs/guide-standard-1.4.0.toml");
pub(crate) const GUIDE_STANDARD_1_3_0: &str = include_str!("../../../../packs/guide-standard-1.3.0.toml");
pub(crate) const GUIDE_STANDARD_1_2_0: &str = include_str!("../../../../packs/guide-standard-1.2.0.toml");
pub(crate) const GUIDE_STANDARD_1_1_0: &str = include_str!("../../../../packs/guide-standard-1.1.0.toml");
pub(crate) const CN_TELECOM_1_0_0: &str = include_str!("../../../../packs/cn-telecom-1.0.0.toml");
pub(crate) const ISO_10002: &str = include_str!("../../../../packs/iso-10002.toml");
/// The stack of the packs above, without those of other countries.
pub(crate) const PLAN: &str =
    "default = \"cn\"\n[[stack]]\nid = \"cn\"\npacks = [\"cn-telecom\", \"guide-standard\", \"iso-10002\"]\n";
const CATEGORIES: &str = include_str!("../../../../packs/taxonomy/categories.toml");

pub(crate) fn calendar() -> Calendar {
    Calendar::parse_file("cn.toml", CALENDAR).unwrap()
}

/// Every calendar of the product, from its folder.
pub(crate) fn every_calendar() -> CalendarSet {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packs/calendars");
    let mut calendars = CalendarSet::default();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let (name, text) = (path.file_name().unwrap().to_str().unwrap(), std::fs::read_to_string(&path).unwrap());
        let calendar = Calendar::parse_file(name, &text).unwrap();
        assert_eq!(name, format!("{}.toml", calendar.id().to_ascii_lowercase()));
        calendars.insert(calendar);
    }
    calendars
}

/// One of them.
pub(crate) fn shipped_calendar(id: &str) -> Calendar {
    every_calendar().get(id).unwrap().as_ref().clone()
}

pub(crate) fn calendars() -> CalendarSet {
    let mut calendars = CalendarSet::default();
    calendars.insert(calendar());
    calendars.insert(Calendar::none("UTC").unwrap());
    calendars
}

pub(crate) fn pack(file: &str, text: &str) -> Arc<Pack> {
    Arc::new(Pack::load(file, text, &calendars()).unwrap())
}

/// The stack new cases are governed by.
pub(crate) fn stack() -> Stack {
    static STACK: LazyLock<Stack> = LazyLock::new(|| {
        let packs = [
            pack("cn-telecom.toml", CN_TELECOM),
            pack("guide-standard.toml", GUIDE_STANDARD),
            pack("iso-10002.toml", ISO_10002),
        ];
        Stack::new(packs).unwrap()
    });
    STACK.clone()
}

/// A case of a kind and category, with the class the tree gives it.
pub(crate) fn facts(kind: &str, category: &str) -> Facts {
    assert!(Facts::KINDS.contains(&kind), "{kind}");
    let category = Some(category).filter(|category| !category.is_empty());
    Facts {
        kind: kind.to_owned(),
        category: category.map(str::to_owned),
        regulator_class: category.map(class),
        ..Facts::default()
    }
}

fn class(category: &str) -> String {
    let tree: toml::Table = CATEGORIES.parse().unwrap();
    let nodes = tree["category"].as_array().unwrap();
    let node = nodes.iter().find(|node| node["code"].as_str() == Some(category)).unwrap();
    node["miit"].as_str().unwrap().to_owned()
}
