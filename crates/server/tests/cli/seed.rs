//! `redress bench seed`: what the measurements are made on is a house like any other.

use crate::program::{Place, Program, remove};
use serde_json::Value;

#[test]
fn a_seeded_house_verifies_and_is_searched() {
    let place = Place::new(None);
    // Ended lives of every kind, those among them whose answers a second person reads.
    let said = place.ok(&["bench", "seed", "--cases", "80"]);
    assert!(said.starts_with("80 cases with ") && said.contains("indexed in "), "{said}");
    let program = Program::at(place, &[]);
    let report: Value = serde_json::from_str(&program.place.ok(&["audit", "verify", "--json"])).unwrap();
    assert_eq!(report["findings"].as_array().unwrap().len(), 0, "{report}");
    let bearer = format!("Bearer {}", program.place.token());
    let found =
        program.send("GET", "/api/v1/complaints?q=%E5%AE%A2%E6%88%B7&limit=1", &[("Authorization", &bearer)], "");
    let found = found.unwrap().json();
    assert_eq!((found["items"].as_array().unwrap().len(), found["complete"].as_bool()), (1, Some(true)), "{found}");
    remove(&program.stop().folder);
}
