//! What a rule says, in words: every key has a label, every value the words the console has for it. What nobody has worded
//! yet stands beside its label as the pack has it.

use super::Frame;
use policy::{Amount, Pack, Sum};
use serde_json::{Map, Value};
use std::collections::HashMap;

/// Keys whose text is a length of time.
const AMOUNTS: [&str; 24] = [
    "normal",
    "major",
    "urgent",
    "urban",
    "rural",
    "amount",
    "agreed_up_to",
    "mean",
    "opens_after",
    "after",
    "free",
    "day_over",
    "pay_within",
    "min",
    "max",
    "due",
    "accept_within",
    "reply_within",
    "contact_within",
    "arrive_within",
    "answered_within",
    "length",
    "notice_within",
    "within",
];

/// In which order people ask: for whom, from when, until when, how long, what then. Other keys follow.
const ORDER: [&str; 22] = [
    "kind", "applies", "unless", "when", "version", "owner", "at", "do", "before", "need", "from", "start", "stop",
    "until", "to", "limit", "amount", "length", "counting", "pausable", "extend", "warn_at",
];

/// Something a rule says.
pub(super) struct Said {
    pub(super) label: String,
    pub(super) values: Vec<String>,
}

/// The words for what one pack says.
pub(super) struct RuleWords<'f> {
    frame: &'f Frame<'f>,
    /// What its rules, the stages of its routes (`route/stage`) and its sources (`source:name`) are called.
    titles: HashMap<String, String>,
}

impl<'f> RuleWords<'f> {
    pub(super) fn of(frame: &'f Frame<'f>, pack: &Pack) -> Self {
        let pick = |text: &policy::Text| frame.language.pick(&text.zh, &text.en).to_owned();
        let mut titles: HashMap<String, String> =
            pack.heads().map(|(_, head)| (head.id.clone(), pick(&head.title))).collect();
        for route in pack.routes() {
            let stage = |one: &policy::Stage| (format!("{}/{}", route.head.id, one.id), pick(&one.title));
            titles.extend(route.stages.iter().map(stage));
        }
        titles.extend(pack.sources().iter().map(|one| (format!("source:{}", one.id), pick(&one.title))));
        Self { frame, titles }
    }

    /// What a rule of a kind says, key by key.
    pub(super) fn said<'v>(&self, kind: &str, own: impl Iterator<Item = (&'v String, &'v Value)>) -> Vec<Said> {
        let place = |key: &str| ORDER.iter().position(|known| *known == key).unwrap_or(ORDER.len());
        let mut own: Vec<(&String, &Value)> = own.collect();
        own.sort_by_key(|(key, _)| place(key));
        own.into_iter()
            .filter_map(|(key, value)| {
                let values = self.values(kind, key, value);
                (!values.is_empty()).then(|| Said { label: self.label(kind, key), values })
            })
            .collect()
    }

    /// What a kind of rule, or a section of a pack, is called.
    pub(super) fn kind(&self, kind: &str) -> String {
        self.word("rule_kind", kind).unwrap_or_else(|| self.label("", kind))
    }

    /// What a rule is called: by its title, where it has none by what it is for.
    pub(super) fn name_of(&self, kind: &str, rule: &Value) -> String {
        let said = ["title", "reason"].into_iter().find_map(|key| self.picked(rule.get(key)?.as_object()?));
        said.unwrap_or_else(|| self.kind(kind))
    }

    /// A part of the pack by its kind and, where it has one, its title.
    pub(super) fn called(&self, kind: &str, id: &str) -> String {
        let section = self.kind(kind);
        self.titles.get(id).map_or_else(|| section.clone(), |title| self.pair(&section, title))
    }

    /// A key of a part of the pack, or without one the whole part, as lines.
    pub(super) fn lines(&self, kind: &str, key: &str, value: &Value) -> Vec<String> {
        match value.as_object() {
            Some(own) if key.is_empty() && self.picked(own).is_none() => {
                let said = self.said(kind, own.iter().filter(|(key, _)| *key != "id"));
                said.iter().map(|one| self.pair(&one.label, &self.listed(&one.values))).collect()
            }
            _ => self.values(kind, if key.is_empty() { kind } else { key }, value),
        }
    }

    /// What a key is called.
    pub(super) fn label(&self, kind: &str, key: &str) -> String {
        let own = self.word("rule_key", &format!("{kind}_{key}"));
        own.or_else(|| self.word("rule_key", key)).unwrap_or_else(|| key.replace('_', " "))
    }

    fn word(&self, list: &str, code: &str) -> Option<String> {
        let (locales, key) = (&self.frame.app.locales, format!("ui.{list}.{code}"));
        locales.has(self.frame.language, &key).then(|| locales.text(self.frame.language, &key, &[]))
    }

    /// The name of a code, where the list has one.
    fn named(&self, list: &str, code: &str) -> Option<String> {
        let key = format!("{list}.{code}");
        self.frame.app.locales.has(self.frame.language, &key).then(|| self.frame.code(list, code))
    }

    fn title(&self, id: &str) -> String {
        self.titles.get(id).map_or_else(|| id.to_owned(), |title| format!("“{title}”"))
    }

    fn pair(&self, label: &str, value: &str) -> String {
        format!("{label}{}{value}", self.frame.language.pick("：", ": "))
    }

    fn listed(&self, words: &[String]) -> String {
        words.join(&self.frame.t("list_comma"))
    }

    fn sentence(&self, parts: &[String]) -> String {
        parts.join(self.frame.language.pick("；", "; "))
    }

    /// What a key says: a line for each thing, none for what says nothing.
    pub(super) fn values(&self, kind: &str, key: &str, value: &Value) -> Vec<String> {
        match (key, value) {
            ("applies" | "unless" | "when", Value::Array(alternatives)) => self.condition(alternatives),
            ("limit", _) => self.limit(value),
            ("free", Value::String(free)) if free == "0" => Vec::new(),
            ("counting", Value::Object(how)) if how.is_empty() => vec![self.frame.t("rule.usual")],
            ("warn_at", Value::Array(shares)) if !shares.is_empty() => {
                let shares: Vec<String> = shares.iter().map(|share| format!("{share} %")).collect();
                vec![self.listed(&shares)]
            }
            ("elements", Value::Array(elements)) => elements.iter().flat_map(|one| self.statement(one)).collect(),
            ("stages", Value::Array(stages)) => self.stages(stages),
            (_, Value::Array(items)) => {
                items.iter().map(|one| self.value(kind, key, one)).filter(|words| !words.is_empty()).collect()
            }
            _ => Some(self.value(kind, key, value)).filter(|words| !words.is_empty()).into_iter().collect(),
        }
    }

    fn value(&self, kind: &str, key: &str, value: &Value) -> String {
        match value {
            Value::Null => String::new(),
            Value::Bool(yes) => self.frame.t(if *yes { "rule.yes" } else { "rule.no" }),
            Value::Number(number) => number.to_string(),
            Value::String(text) => self.text(kind, key, text),
            Value::Array(_) => self.listed(&self.values(kind, key, value)),
            Value::Object(members) if key == "owed" => self.owed(members),
            Value::Object(members) => self.picked(members).unwrap_or_else(|| {
                let said = self.said(key, members.iter().filter(|(name, _)| *name != "id"));
                let parts: Vec<String> =
                    said.iter().map(|one| self.pair(&one.label, &self.listed(&one.values))).collect();
                self.sentence(&parts)
            }),
        }
    }

    /// A text in both languages.
    fn picked(&self, members: &Map<String, Value>) -> Option<String> {
        let (zh, en) = (members.get("zh")?.as_str()?, members.get("en")?.as_str()?);
        Some(self.frame.language.pick(zh, en).to_owned())
    }

    fn text(&self, kind: &str, key: &str, text: &str) -> String {
        if AMOUNTS.contains(&key)
            && let Ok(amount) = text.parse::<Amount>()
        {
            return amount.words(self.frame.language.of_rules());
        }
        let referred = text.split_once(':').and_then(|(what, name)| self.referred(what, name));
        referred.unwrap_or_else(|| self.coded(kind, key, text))
    }

    /// What stands behind a mark, such as `letter:acknowledgement` or `due:answer-3d`.
    fn referred(&self, mark: &str, name: &str) -> Option<String> {
        let what = match mark {
            "due" | "forecast" => return Some(self.near(mark, name)),
            "event" => self.coded("effect", "start", name),
            "notify" => self.frame.code("told", name),
            "raise" => self.frame.code("grade", name),
            "tell" => String::new(),
            "expiry" | "letter" | "stage" | "start" | "breach" | "stop" | "hold" | "route" | "compensate" => {
                self.title(name)
            }
            _ => return None,
        };
        Some(self.frame.tv(&format!("rule_mark.{mark}"), &[("what", &what)]))
    }

    /// A time of a clock, or so long before or after it. Its identity may hold a hyphen itself.
    fn near(&self, mark: &str, text: &str) -> String {
        let apart = text.rsplit_once(['-', '+']).filter(|_| !self.titles.contains_key(text));
        let Some((clock, by)) = apart.and_then(|(clock, by)| Some((clock, by.parse::<Amount>().ok()?))) else {
            return self.frame.tv(&format!("rule_mark.{mark}"), &[("what", &self.title(text))]);
        };
        let side = if text.as_bytes().get(clock.len()) == Some(&b'-') { "before" } else { "after" };
        let by = by.words(self.frame.language.of_rules());
        self.frame.tv(&format!("rule_mark.{mark}_{side}"), &[("what", &self.title(clock)), ("by", &by)])
    }

    fn coded(&self, kind: &str, key: &str, code: &str) -> String {
        let is_fact = matches!((kind, key), (_, "start" | "stop" | "until") | ("hold" | "compensation", "from"));
        let shared = if is_fact { "rule_word.fact" } else { "rule_word.evidence" };
        let shared = (is_fact || matches!(key, "need" | "needs")).then(|| self.word(shared, code)).flatten();
        let own = shared.or_else(|| self.word(&format!("rule_word.{kind}_{key}"), code));
        let own = own.or_else(|| self.word(&format!("rule_word.{key}"), code));
        let list = match (kind, key) {
            ("convert", "from" | "to") => "kind",
            ("order_limit", "kind") => "order_kind",
            ("retention", "from") => "kept_from",
            (_, "media") => "medium",
            (_, "holds") => "held",
            (_, "exclude") => "reason",
            (_, "class") => "record_class",
            (_, "while") => "wait_for",
            (_, "grades") => "grade",
            (_, "basis") => "ui.packs.basis",
            (_, "languages") => "language",
            _ => key,
        };
        own.or_else(|| self.named(list, code)).unwrap_or_else(|| match key {
            "opens" | "closes" => self.title(code),
            "not_in" | "regions" => self.frame.region(code),
            "source" => self.titles.get(&format!("source:{code}")).cloned().unwrap_or_else(|| code.to_owned()),
            _ => code.to_owned(),
        })
    }

    /// How long, for each grade or kind of area; once, where it is the same for all.
    fn limit(&self, value: &Value) -> Vec<String> {
        let Some((by, lengths)) = value.as_object().and_then(|by| by.iter().next()) else { return Vec::new() };
        let list = if by == "by_area" { "area_type" } else { "grade" };
        let mut lengths: Vec<(&String, &Value)> = lengths.as_object().into_iter().flatten().collect();
        lengths.sort_by_key(|(one, _)| AMOUNTS.iter().position(|known| *known == one.as_str()));
        let words = lengths.into_iter().map(|(one, length)| {
            let length = length.as_str().map(|text| self.text(by, one, text));
            (self.frame.code(list, one), length.unwrap_or_else(|| self.frame.t("rule.no_limit")))
        });
        let words: Vec<(String, String)> = words.collect();
        match words.first() {
            Some((_, first)) if words.iter().all(|(_, other)| other == first) => vec![first.clone()],
            _ => words.iter().map(|(one, length)| self.pair(one, length)).collect(),
        }
    }

    /// A condition, a line for each of its alternatives.
    fn condition(&self, alternatives: &[Value]) -> Vec<String> {
        let one = |tests: &Value| {
            let tests: Vec<String> = tests.as_array().into_iter().flatten().map(|test| self.test(test)).collect();
            if tests.is_empty() { self.frame.t("rule.always") } else { self.sentence(&tests) }
        };
        let words: Vec<String> = alternatives.iter().map(one).collect();
        let or = self.frame.t("rule.or");
        words.into_iter().enumerate().map(|(at, line)| if at == 0 { line } else { format!("{or} {line}") }).collect()
    }

    /// A fact with its test, as a pack writes them down: `["kind", {"any_of": ["complaint"]}]`.
    fn test(&self, test: &Value) -> String {
        let fact = test.get(0).and_then(Value::as_str).unwrap_or_default();
        let asked = test.get(1).and_then(Value::as_object).and_then(|asked| asked.iter().next());
        let Some((asks, value)) = asked else { return self.label("fact", fact) };
        let codes = || {
            let codes = value.as_array().into_iter().flatten().filter_map(Value::as_str);
            let codes: Vec<String> = codes.map(|code| self.fact_value(fact, code)).collect();
            codes.join(self.frame.t("rule.either").as_str())
        };
        let bound = |at: usize| value.get(at).and_then(Value::as_i64);
        let words = match asks.as_str() {
            "any_of" => codes(),
            "none_of" => self.frame.tv("rule.none_of", &[("values", &codes())]),
            "within" => self.bounds(bound(0).map(|one| one.to_string()), bound(1).map(|one| one.to_string())),
            "sum" => {
                let currency = value.get(2).and_then(Value::as_str).unwrap_or_default();
                let sum = |hundredths| Sum { hundredths, currency: currency.to_owned() }.to_string();
                self.bounds(bound(0).map(sum), bound(1).map(sum))
            }
            "present" => self.frame.t(if value.as_bool() == Some(true) { "rule.known" } else { "rule.unknown" }),
            _ => self.value("fact", fact, value),
        };
        self.pair(&self.label("fact", fact), &words)
    }

    fn bounds(&self, least: Option<String>, below: Option<String>) -> String {
        let least = least.map(|one| self.frame.tv("rule.least", &[("bound", &one)]));
        let below = below.map(|one| self.frame.tv("rule.below", &[("bound", &one)]));
        self.listed(&least.into_iter().chain(below).collect::<Vec<_>>())
    }

    fn fact_value(&self, fact: &str, code: &str) -> String {
        let list = match fact {
            "category" | "category_prefix" => {
                let name = self.frame.category(code);
                return if name == code { name } else { format!("{code} {name}") };
            }
            "cause" => return self.frame.cause(code),
            "accept_channel" => "channel",
            "waiting_for" => "wait_for",
            "regulator_class" => "ui.reports.class",
            other => other,
        };
        self.named(list, code).unwrap_or_else(|| code.to_owned())
    }

    /// A statement of a letter, in each of its languages, its blanks by name.
    fn statement(&self, element: &Value) -> Vec<String> {
        let texts = element.get("text").and_then(Value::as_object).into_iter().flatten();
        let texts = texts.filter_map(|(language, text)| Some((language, text.as_str()?)));
        texts
            .map(|(language, text)| {
                let language = self.named("language", language).unwrap_or_else(|| language.clone());
                self.pair(&language, &self.blanks(text))
            })
            .collect()
    }

    fn blanks(&self, text: &str) -> String {
        let mut told = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, behind) = after.split_once('}').unwrap_or((after, ""));
            let name = self.named("blank", name).unwrap_or_else(|| name.to_owned());
            told.push_str(before);
            told.push_str(&format!("[{name}]"));
            rest = behind;
        }
        told + rest
    }

    /// The stages of a route, a line each: who has the turn, what may come next, what it needs.
    fn stages(&self, stages: &[Value]) -> Vec<String> {
        let title = |stage: &Value| stage.get("title").and_then(Value::as_object).and_then(|one| self.picked(one));
        let named = |id: &Value| {
            let stage = stages.iter().find(|stage| stage.get("id") == Some(id));
            stage.and_then(title).unwrap_or_else(|| id.as_str().unwrap_or_default().to_owned())
        };
        let line = |stage: &Value| {
            let mut parts: Vec<String> = title(stage).into_iter().collect();
            for key in ["owner", "next", "needs"] {
                let Some(value) = stage.get(key) else { continue };
                let values: Vec<String> = match (key, value.as_array()) {
                    ("next", Some(next)) => next.iter().map(named).collect(),
                    _ => self.values("stage", key, value),
                };
                if !values.is_empty() {
                    parts.push(self.pair(&self.label("stage", key), &self.listed(&values)));
                }
            }
            self.sentence(&parts)
        };
        stages.iter().map(line).collect()
    }

    /// What is owed: a sum, or a share, which packs keep in hundredths of a percent.
    fn owed(&self, owed: &Map<String, Value>) -> String {
        let Some((how, value)) = owed.iter().next() else { return String::new() };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let share = |value: &Value| {
            let hundredths = value.as_u64().unwrap_or_default();
            let (whole, part) = (hundredths / 100, hundredths % 100);
            if part == 0 { format!("{whole} %") } else { format!("{whole}.{part:02} %") }
        };
        let pair = value.as_array().and_then(|pair| Some((pair.first()?, pair.get(1)?)));
        match (how.as_str(), pair) {
            ("larger", Some((sum, part))) => {
                self.frame.tv("rule_owed.larger", &[("sum", &text(sum)), ("share", &share(part))])
            }
            ("fixed", _) => text(value),
            (how, _) => self.frame.tv(&format!("rule_owed.{how}"), &[("share", &share(value))]),
        }
    }
}
