//! `redress demo story N`: told, checked, and only on a database with nothing in it.

use std::process::{Command, Output};

fn story(more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_redress")).args(["demo", "story"]).args(more).output().unwrap()
}

#[test]
fn a_story_is_told_on_an_empty_database() {
    let folder = std::env::temp_dir().join(format!("redress-told-{}", uuid::Uuid::now_v7()));
    let place = folder.display().to_string();
    let told = story(&["3", "--lang", "en", "--data-dir", &place]);
    let text = String::from_utf8(told.stdout).unwrap();
    assert!(told.status.success(), "{text}");
    assert!(text.starts_with("# Port-out stalled") && text.contains("✓ grade = major") && text.contains("✗"), "{text}");
    let again = story(&["3", "--data-dir", &place]);
    let error = String::from_utf8(again.stderr).unwrap();
    assert!(again.status.code() == Some(1) && error.contains("empty database"), "{error}");
    let verified = Command::new(env!("CARGO_BIN_EXE_redress")).args(["audit", "verify", "--data-dir", &place]).output();
    assert!(verified.unwrap().status.success(), "what was told stands in a whole log");
    std::fs::remove_dir_all(folder).unwrap();
    assert_eq!(story(&["11"]).status.code(), Some(2));
    assert_eq!(story(&["1", "--lang", "de"]).status.code(), Some(1));
}
