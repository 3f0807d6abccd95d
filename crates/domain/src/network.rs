//! What is known of the network (网络事实): outages, planned works, measured availability. Other systems know it first and
//! say it here, each under a number of its own; a correction keeps what was said before. Nothing of it is about a person.

use crate::case::register::CLOCK_SKEW;
use crate::fault::Fault;
use crate::intake::PRODUCTS;
use crate::refusal::Refusal;
use crate::shape::{Field, Form, Kind, optional, required};
use crate::text::nobody::nobodys;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Kinds of fact.
pub const KINDS: &[&str] = &["outage", "planned_work", "availability"];
/// The kind that measures.
pub const AVAILABILITY: &str = "availability";
/// The kind of fact that says something is out of service.
pub const OUTAGE: &str = "outage";

/// Longest span of a fact; planned works of a season fit in.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 400);

/// Shape of a fact. A file has one column for each field.
pub const FIELDS: &[Field] = &[
    required("source", Kind::Line { max: 40 }, "System that knows it."),
    required(
        "number",
        Kind::Formed { form: Form::FileNumber, max: 64 },
        "Its number there. The same source and number again correct what was said.",
    ),
    required("fact", Kind::Code(KINDS), "What it is."),
    required("region", Kind::Region, "Where; everything below it."),
    optional("product", Kind::Code(PRODUCTS), "Product line. Left out: all."),
    optional("place", Kind::Text { max: 200, multiline: false }, "Where exactly. No personal data."),
    optional("cell", Kind::Line { max: 64 }, "Cell, node or line."),
    required("from", Kind::Moment, "When it began or will begin; of a measurement, the beginning of its time."),
    optional("to", Kind::Moment, "When it ended or will end. Left out: it lasts. A measurement has an end."),
    optional("users", Kind::Whole { min: 0, max: 1_000_000_000 }, "Users hit; of a measurement, users it stands for."),
    optional(
        "minutes_down",
        Kind::Whole { min: 0, max: 1_000_000_000 },
        "Of a measurement: minutes without service within its time.",
    ),
    optional("note", Kind::Text { max: 1_000, multiline: true }, "What else is known. No personal data."),
    optional("withdrawn", Kind::Bool, "True when it was no fact after all."),
];

/// A fact of the network, as somebody said it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// System that knows it.
    pub source: String,
    /// Its number there.
    pub number: String,
    /// What it is.
    pub fact: String,
    /// Where.
    pub region: String,
    /// Product line; none for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// Where exactly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Cell, node or line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cell: Option<String>,
    /// When it began or will begin.
    pub from: Timestamp,
    /// When it ended or will end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
    /// Users hit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub users: Option<i64>,
    /// Of a measurement: minutes without service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes_down: Option<i64>,
    /// What else is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// It was no fact after all.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub withdrawn: bool,
}

impl Fact {
    /// Minutes its time has, of one that has ended.
    #[must_use]
    pub fn minutes(&self) -> Option<i64> {
        self.to.map(|to| to.duration_since(self.from).as_secs() / 60)
    }

    /// Refuses a fact that makes no sense, with every fault.
    ///
    /// # Errors
    /// Names the fields: an end before the beginning or too far from it, a measurement that lies in the future, has no end
    /// or no minutes, or has more of them than its time, minutes of something else, texts that hold what identifies
    /// somebody.
    pub fn check(&self, now: Timestamp) -> Result<(), Refusal> {
        let mut faults = Vec::new();
        if let Some(to) = self.to {
            if to <= self.from {
                faults.push(Fault::new("to", "before_start"));
            } else if to.duration_since(self.from) > LONGEST {
                faults.push(Fault::new("to", "too_long_a_time").with("days", LONGEST.as_hours() / 24));
            }
        }
        match (self.fact == AVAILABILITY, self.minutes_down) {
            (true, None) => faults.push(Fault::new("minutes_down", "required")),
            (true, Some(down)) => match self.minutes() {
                None => faults.push(Fault::new("to", "required")),
                Some(all) if down > all => faults.push(Fault::new("minutes_down", "more_than_time").with("max", all)),
                Some(_) => {}
            },
            (false, Some(_)) => faults.push(Fault::new("minutes_down", "only_of_measurements")),
            (false, None) => {}
        }
        if self.fact == AVAILABILITY && self.to.is_some_and(|to| to > now + CLOCK_SKEW) {
            faults.push(Fault::new("to", "in_future"));
        }
        if self.fact == "outage" && self.from > now + CLOCK_SKEW {
            faults.push(Fault::new("from", "in_future"));
        }
        let texts = [
            ("source", Some(self.source.as_str())),
            ("place", self.place.as_deref()),
            ("cell", self.cell.as_deref()),
            ("note", self.note.as_deref()),
        ];
        if let Err(refusal) = nobodys(texts.map(|(name, text)| (name.to_owned(), text))) {
            faults.extend(refusal.faults);
        }
        if faults.is_empty() { Ok(()) } else { Err(Refusal::invalid(faults)) }
    }
}

/// How many users there were: what rates are held against. A file has one column for each field.
pub mod exposure {
    use super::{Deserialize, Field, Kind, required};

    /// Shape of a count.
    pub const FIELDS: &[Field] = &[
        required("month", Kind::Line { max: 7 }, "The month, 2026-10."),
        required("region", Kind::Region, "Where: a province or a region below it, everything below it included."),
        required("users", Kind::Whole { min: 1, max: 10_000_000_000 }, "Users at the end of the month."),
    ];

    /// A count of users.
    #[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
    pub struct Exposure {
        /// The month.
        pub month: String,
        /// Where.
        pub region: String,
        /// How many.
        pub users: i64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(more: serde_json::Value) -> Fact {
        let mut value = serde_json::json!({
            "source": "nms", "number": "A-1", "fact": "outage", "region": "310115", "from": "2026-11-20T10:00:00Z",
        });
        value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(crate::shape::check(value, FIELDS).unwrap()).unwrap()
    }

    fn faults(more: serde_json::Value) -> Vec<(String, &'static str)> {
        let now = "2026-11-21T00:00:00Z".parse().unwrap();
        let refused = fact(more).check(now).err().map(|refusal| refusal.faults).unwrap_or_default();
        refused.into_iter().map(|fault| (fault.field, fault.code)).collect()
    }

    #[test]
    fn facts_make_sense() {
        use serde_json::json;
        assert_eq!(faults(json!({})), []);
        assert_eq!(faults(json!({"to": "2026-11-20T09:00:00Z"})), [("to".into(), "before_start")]);
        assert_eq!(faults(json!({"to": "2028-11-20T09:00:00Z"})), [("to".into(), "too_long_a_time")]);
        assert_eq!(faults(json!({"from": "2026-11-22T00:00:00Z"})), [("from".into(), "in_future")]);
        assert_eq!(faults(json!({"fact": "planned_work", "from": "2026-11-22T00:00:00Z"})), []);
        assert_eq!(faults(json!({"minutes_down": 1})), [("minutes_down".into(), "only_of_measurements")]);
        let measured = json!({"fact": "availability", "to": "2026-11-20T12:00:00Z", "minutes_down": 121});
        assert_eq!(faults(measured), [("minutes_down".into(), "more_than_time")]);
        assert_eq!(faults(json!({"fact": "availability", "minutes_down": 1})), [("to".into(), "required")]);
        let measured = json!({"fact": "availability", "to": "2026-11-20T12:00:00Z", "minutes_down": 120});
        assert_eq!((faults(measured.clone()), fact(measured).minutes()), (vec![], Some(120)));
        assert_eq!(faults(json!({"note": "报障人 13812345678"})), [("note".into(), "personal_data")]);
    }
}
