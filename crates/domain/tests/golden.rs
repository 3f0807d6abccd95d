//! Every form an entry of the log has ever had can still be read, and today's form is written as it stands here.
//! A file is never changed once released; a new form gets a new file.

use domain::case::Case;
use domain::event::{Entry, SCHEMA, read_body, write_body};
use domain::ids::CaseId;

#[test]
fn schema_1_reads_folds_and_is_written_the_same() {
    let text = include_str!("golden/schema-1.jsonl");
    let mut entries = Vec::new();
    for (position, line) in text.lines().enumerate() {
        let events = read_body(1, line).unwrap();
        assert!(!events.is_empty());
        if SCHEMA == 1 {
            assert_eq!(write_body(&events).unwrap(), line, "line {}", position + 1);
        }
        let version = i64::try_from(position).unwrap() + 1;
        let at = "2026-11-24T04:00:00Z".parse().unwrap();
        let actor = "user:01900000-0000-7000-8000-000000000001".parse().unwrap();
        entries.push(Entry { version, at, actor, verb: "golden".to_owned(), events });
    }
    let case = Case::fold(CaseId::NIL, entries).unwrap();
    assert_eq!(case.state.code(), "reopened");
    assert_eq!(case.round, 2);
    assert!(read_body(SCHEMA + 1, "[]").is_err(), "what is newer is refused");
    assert!(read_body(1, "{").is_err());
}
