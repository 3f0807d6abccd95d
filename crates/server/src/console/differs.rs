//! What a colleague changed while somebody was writing, field by field.

use super::Frame;
use super::facts::{facts, texts};
use super::names::Names;
use domain::case::Case;

/// A field that is not as it was seen: its name, what was seen, what is there now.
pub(super) struct Differs {
    pub(super) field: String,
    pub(super) seen: String,
    pub(super) now: String,
}

/// Everything about a case that people read as a field.
fn fields(frame: &Frame<'_>, case: &Case, names: &Names) -> Vec<(String, String)> {
    let mut all = vec![
        (frame.t("col.state"), frame.code("state", case.state.code())),
        (frame.t("col.grade"), frame.code("grade", case.grade.code())),
        (frame.t("owner"), names.owner(case.owner.unit, case.owner.user)),
    ];
    all.extend(facts(frame, case));
    all.extend(texts(frame, case));
    all
}

/// The fields in which a case differs from how it was seen.
pub(super) fn differs(frame: &Frame<'_>, seen: &Case, now: &Case, names: &Names) -> Vec<Differs> {
    let (before, after) = (fields(frame, seen, names), fields(frame, now, names));
    let of = |all: &[(String, String)], field: &str| {
        all.iter().find(|(name, _)| name == field).map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let mut found: Vec<Differs> = Vec::new();
    for (field, _) in before.iter().chain(&after) {
        let (seen, now) = (of(&before, field), of(&after, field));
        if seen != now && !found.iter().any(|one| one.field == *field) {
            found.push(Differs { field: field.clone(), seen, now });
        }
    }
    found
}
