//! Invented stories and who tells them. Numbers come from a range used for examples.

use super::play::Step;
use serde::Deserialize;
use serde_json::{Value, json};

/// A story from the first call to the answer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Story {
    /// The intake without the person and the place.
    intake: Value,
    /// Category found in triage, of a story registered without one.
    pub(super) sorted: Option<String>,
    pub(super) unit: String,
    assign: String,
    note: String,
    finding: String,
    outcome: String,
    reply: String,
    cause: String,
    said: String,
}

/// How long ago a case came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Age {
    /// More than ten days.
    Old,
    /// Two to ten days.
    Recent,
    /// Today.
    Fresh,
}

/// What becomes of a case, whatever its story.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ending {
    /// Cases of this age have it.
    pub(super) age: Age,
    /// Whether it is registered without a category and left in triage.
    #[serde(default)]
    pub(super) unsorted: bool,
    #[serde(default)]
    pub(super) step: Vec<Step>,
}

/// A case of one of the ten stories.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Member {
    /// What other cases call it.
    pub(super) name: String,
    /// Who registers it.
    pub(super) by: String,
    /// When it is received: so many days ago, and so many minutes after that.
    pub(super) days_ago: i64,
    #[serde(default)]
    pub(super) plus: i64,
    /// The time of that day, where the story names one.
    pub(super) at: Option<jiff::civil::Time>,
    /// So many minutes before it was received did it happen.
    pub(super) occurred: Option<i64>,
    pub(super) intake: Value,
    /// How another body hands it over, if it comes in that way.
    pub(super) hand_off: Option<Value>,
    #[serde(default)]
    pub(super) step: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Book {
    story: Vec<Story>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Endings {
    sorting: Vec<Step>,
    ending: Vec<Ending>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ten {
    case: Vec<Member>,
}

/// Everything that is played.
pub(super) struct Script {
    pub(super) stories: Vec<Story>,
    /// How a case gets its category later.
    pub(super) sorting: Vec<Step>,
    pub(super) endings: Vec<Ending>,
    /// The cases of the ten stories.
    pub(super) members: Vec<Member>,
}

/// Reads everything.
///
/// # Errors
/// If a file is malformed, with its line.
pub(super) fn read() -> Result<Script, String> {
    let book: Book = toml::from_str(include_str!("stories.toml")).map_err(|error| format!("stories: {error}"))?;
    let endings: Endings = toml::from_str(include_str!("endings.toml")).map_err(|error| format!("endings: {error}"))?;
    let ten: Ten = toml::from_str(include_str!("ten.toml")).map_err(|error| format!("ten stories: {error}"))?;
    Ok(Script { stories: book.story, sorting: endings.sorting, endings: endings.ending, members: ten.case })
}

/// A place: region, words, whether in town.
pub(super) struct Place {
    pub(super) region: &'static str,
    words: &'static str,
    urban: bool,
}

pub(super) const PLACES: &[Place] = &[
    Place { region: "310115", words: "浦东新区云杉路附近", urban: true },
    Place { region: "310104", words: "徐汇区青桐里小区", urban: true },
    Place { region: "330106", words: "西湖区竹溪花苑", urban: true },
    Place { region: "330127", words: "淳安县石塘村", urban: false },
    Place { region: "510107", words: "武侯区锦荷街", urban: true },
    Place { region: "511423", words: "洪雅县松坪乡", urban: false },
    Place { region: "440305", words: "南山区海棠科技园", urban: true },
    Place { region: "610113", words: "雁塔区梧桐大道", urban: true },
];

const SURNAMES: [&str; 16] =
    ["王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "马", "朱", "胡", "林"];
const GIVEN: [&str; 12] =
    ["秀英", "建军", "丽华", "志强", "晓梅", "海涛", "雨桐", "国庆", "思远", "桂兰", "子涵", "明辉"];

impl Story {
    /// A word of the story.
    pub(super) fn word(&self, name: &str) -> Option<&str> {
        match name {
            "sorted" => self.sorted.as_deref(),
            "assign" => Some(&self.assign),
            "note" => Some(&self.note),
            "finding" => Some(&self.finding),
            "outcome" => Some(&self.outcome),
            "reply" => Some(&self.reply),
            "cause" => Some(&self.cause),
            "said" => Some(&self.said),
            _ => None,
        }
    }

    /// The story as an intake, told by the n-th customer at a place.
    pub(super) fn intake(&self, n: usize, place: &Place) -> Value {
        let phone = format!("1380013{:04}", 8000 + n * 13 % 1000);
        let who = json!({
            "complainant": {"name": named(n), "phone": phone, "preferred_mode": "phone"},
            "subscription": {"number": phone, "star": n % 6, "region": place.region},
            "region": place.region,
            "place": {"text": place.words, "area_type": if place.urban { "urban" } else { "rural" }},
        });
        let mut intake = self.intake.clone();
        merge(&mut intake, who);
        intake
    }
}

/// The name of the n-th customer.
pub(super) fn named(n: usize) -> String {
    let surname = SURNAMES.get(n * 5 % SURNAMES.len()).copied().unwrap_or_default();
    let given = GIVEN.get((n * 7 + n / 12) % GIVEN.len()).copied().unwrap_or_default();
    format!("{surname}{given}")
}

fn merge(into: &mut Value, more: Value) {
    match (into, more) {
        (Value::Object(into), Value::Object(more)) => {
            for (name, value) in more {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (into, more) => *into = more,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::intake::Intake;

    #[test]
    fn every_story_can_be_told() {
        let script = read().unwrap();
        assert!(script.stories.len() >= 24);
        for member in &script.members {
            Intake::read(member.intake.clone()).unwrap_or_else(|faults| panic!("{}: {faults:?}", member.name));
        }
        for (n, story) in script.stories.iter().enumerate() {
            for place in PLACES {
                Intake::read(story.intake(n, place)).unwrap_or_else(|faults| panic!("{n}: {faults:?}"));
            }
        }
    }
}
