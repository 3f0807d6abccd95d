use super::*;
use policy::{CalendarSet, CalendarSource};

const PACK: &str = r#"
[pack]
id = "own"
version = "1.0.0"
title = { zh = "本企业", en = "Own" }
layer = "practice"
jurisdiction = "CN"
status = "draft"
valid_from = 2026-01-01
calendar = "CN"

[[source]]
id = "own"
title = { zh = "本企业", en = "Own" }
"#;

fn row_text(id: &str, more: &str) -> String {
    format!(
        "[[routing]]\nid = \"{id}\"\ntitle = {{ zh = \"{id}\", en = \"{id}\" }}\nbasis = \"proposal\"\n\
         confidence = \"unverified\"\nsource = \"own\"\n{more}\n"
    )
}

fn stack(rows: &[(&str, &str)]) -> Stack {
    let calendar = CalendarSource { file: "cn.toml", text: include_str!("../../../../packs/calendars/cn.toml") };
    let calendars = CalendarSet::load([calendar]).unwrap();
    let rows: String = rows.iter().map(|(id, more)| row_text(id, more)).collect();
    let grades = include_str!("../../../../packs/guide-standard.toml");
    let _ = grades;
    let pack = Pack::load("own.toml", &format!("{PACK}{rows}"), &calendars).unwrap();
    Stack::new([std::sync::Arc::new(pack)]).unwrap()
}
