//! What must be so after a scene: a place in what the API says of the case, and what must be found there.

use serde::Deserialize;
use serde_json::Value;

/// One expectation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expected {
    /// Another case than the one of the scene.
    pub(super) on: Option<String>,
    /// The notices of this person instead of a case: `notices`.
    pub(super) notice_of: Option<String>,
    /// The survey of the month instead of a case: `surveys`.
    #[serde(default)]
    pub(super) rates: bool,
    /// The mass incident of the story instead of a case.
    #[serde(default)]
    pub(super) incident: bool,
    /// The network facts near the case: `items`.
    #[serde(default)]
    pub(super) near: bool,
    /// The place: names joined by full stops; `[name=value]` chooses of a list, `[*]` all of it.
    at: String,
    /// What stands there.
    is: Option<Value>,
    /// One of those that stand there.
    has: Option<Value>,
    /// How many stand there.
    count: Option<usize>,
    /// Nothing stands there.
    #[serde(default)]
    none: bool,
}

impl Expected {
    /// Says what was found as expected, or how it is otherwise.
    pub(super) fn holds(&self, value: &Value) -> Result<String, String> {
        let found = places(value, &self.at);
        let shown = || {
            let all: Vec<String> = found.iter().map(|one| one.to_string()).collect();
            all.join(", ")
        };
        let told = |words: String| Ok(format!("{} {words}", self.at));
        let wrong = |words: String| Err(format!("{} should {words}, but is [{}]", self.at, shown()));
        if self.none {
            return if found.is_empty() { told("= –".to_owned()) } else { wrong("not be there".to_owned()) };
        }
        if let Some(count) = self.count {
            return if found.len() == count {
                told(format!("× {count}"))
            } else {
                wrong(format!("be there {count} times"))
            };
        }
        if let Some(wanted) = &self.has {
            return match found.iter().any(|one| same(one, wanted)) {
                true => told(format!("∋ {}", plain(wanted))),
                false => wrong(format!("have {wanted}")),
            };
        }
        match (&self.is, found.as_slice()) {
            (Some(wanted), [one]) if same(one, wanted) => told(format!("= {}", plain(wanted))),
            (Some(wanted), _) => wrong(format!("be {wanted}")),
            (None, []) => wrong("be there".to_owned()),
            (None, _) => told("✓".to_owned()),
        }
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Moments are told by the minute: what is wanted may be the beginning of what is found.
fn same(found: &Value, wanted: &Value) -> bool {
    match (found.as_str(), wanted.as_str()) {
        (Some(found), Some(wanted)) => found == wanted || wanted.len() >= 16 && found.starts_with(wanted),
        _ => found == wanted,
    }
}

/// Everything that stands at a place.
fn places<'v>(value: &'v Value, at: &str) -> Vec<&'v Value> {
    let mut found = vec![value];
    for part in at.split('.') {
        let (name, chosen) = part.split_once('[').map_or((part, None), |(name, rest)| (name, Some(rest)));
        found = found.into_iter().filter_map(|one| if name.is_empty() { Some(one) } else { one.get(name) }).collect();
        let Some(chosen) = chosen.map(|chosen| chosen.trim_end_matches(']')) else { continue };
        let lists = found.into_iter().filter_map(Value::as_array).flatten();
        found = match chosen.split_once('=') {
            None => lists.collect(),
            Some((field, wanted)) => {
                lists.filter(|one| one.get(field).is_some_and(|known| plain(known) == wanted)).collect()
            }
        };
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn places_are_found() {
        let value = json!({"a": {"b": 1}, "list": [{"id": "x", "n": 1}, {"id": "y", "n": 2}], "plain": ["k"]});
        assert_eq!(places(&value, "a.b"), [&json!(1)]);
        assert_eq!(places(&value, "list[id=y].n"), [&json!(2)]);
        assert_eq!(places(&value, "list[*].n").len(), 2);
        assert_eq!(places(&value, "plain[*]"), [&json!("k")]);
        assert!(places(&value, "a.c").is_empty() && places(&value, "list[id=z]").is_empty());
    }
}
