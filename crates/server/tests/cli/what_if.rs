//! `redress pack whatif`: beside a running server or without one, as words, JSON and a list.

use crate::failed;
use crate::program::{Place, remove};
use serde_json::Value;
use store::testing::each_database;

const COMPLAINT: &str = r#"{"kind":"complaint","accept_channel":"app","category":"B204","description":"13800138000","complainant":{"name":"Li"}}"#;

#[test]
fn a_draft_and_a_calendar_are_asked_about() {
    each_database(|scratch| {
        let database = match &scratch.target {
            store::Target::Postgres(url) => Some(url.clone()),
            store::Target::Sqlite(_) => None,
        };
        let place = Place::new(database);
        place.ok(&["migrate"]);
        let receipt: Value = serde_json::from_str(&place.ok(&["register", "--body", COMPLAINT, "--json"])).unwrap();
        let number = receipt["number"].as_str().unwrap();
        let guide = include_str!("../../../../packs/guide-standard.toml");
        let version = guide.lines().find(|line| line.starts_with("version = ")).unwrap();
        let (before, after) = guide.split_once("id = \"response\"").unwrap();
        let draft = format!("{before}id = \"response\"{}", after.replacen("48h", "47h", 1));
        let draft = draft.replacen(version, "version = \"9.0.0\"", 1);
        std::fs::write(place.folder.join("draft.toml"), &draft).unwrap();
        std::fs::write(place.folder.join("loose.toml"), draft.replacen("47h", "40d", 1)).unwrap();
        let calendar = include_str!("../../../../packs/calendars/cn.toml");
        let known = calendar.lines().find(|line| line.starts_with("known_as_of")).unwrap();
        let more = "\n[[holiday]]\nname = { zh = \"放假\", en = \"Off\" }\non = 2099-01-02\nannounced = 2099-01-01\n";
        let calendar = calendar.replacen(known, "known_as_of = 2099-01-01", 1) + more;
        std::fs::write(place.folder.join("calendar.toml"), calendar).unwrap();

        let said = place.ok(&["pack", "whatif", "draft.toml"]);
        assert!(said.starts_with("guide-standard 9.0.0, all cases: 1 looked at, 1 would be different"), "{said}");
        assert!(said.contains(&format!("moved     1  {number}")), "{said}");
        let json: Value =
            serde_json::from_str(&place.ok(&["pack", "whatif", "draft.toml", "--json", "--csv", "moved.csv"])).unwrap();
        assert_eq!(json["effects"][0]["moved"]["cases"][0], number, "{json}");
        let list = std::fs::read_to_string(place.folder.join("moved.csv")).unwrap();
        assert!(
            list.starts_with("number,rule,round,change,") && list.contains(&format!("{number},response,1,moved,")),
            "{list}"
        );
        assert_eq!(place.ok(&["pack", "whatif", "draft.toml", "--csv", "-"]), list.trim());
        assert!(place.ok(&["pack", "whatif", "draft.toml", "--since", "2099-01-01"]).contains("0 looked at"));
        let said = place.ok(&["pack", "whatif", "calendar.toml"]);
        assert!(said.starts_with("CN 2099-01-01, all cases: 1 looked at, 0 would be different"), "{said}");

        let said = failed(&place, &["pack", "whatif", "loose.toml", "--csv", "never.csv"]);
        assert!(said.contains("looser-than-law") && said.contains("line "), "{said}");
        assert!(!place.folder.join("never.csv").exists());
        assert!(failed(&place, &["pack", "whatif", "draft.toml", "--since", "soon"]).contains("since"));
        remove(&place.folder);
    })
    .unwrap();
}
