//! Forms from tables of fields: drawn, read back, and faults put beside their boxes with everything typed kept.

use super::Frame;
use crate::query;
use domain::shape::{Field, Kind};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What somebody typed, by dotted name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Typed(BTreeMap<String, Vec<String>>);

impl Typed {
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let mut typed: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in query::form(bytes) {
            typed.entry(name).or_default().push(value);
        }
        Self(typed)
    }

    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.insert(name.to_owned(), vec![value.into()]);
    }

    /// One more value of a box that takes several.
    pub(crate) fn add(&mut self, name: &str, value: impl Into<String>) {
        self.0.entry(name.to_owned()).or_default().push(value.into());
    }

    /// Takes the last value of a box that takes several away.
    pub(crate) fn drop_last(&mut self, name: &str) {
        if let Some(values) = self.0.get_mut(name) {
            values.pop();
        }
    }

    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.get(name).and_then(|values| values.first()).map_or("", |value| value.trim())
    }

    /// Every value of a box that takes several.
    pub(crate) fn all(&self, name: &str) -> &[String] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    /// What was typed as a programme would send it; empty boxes are left out.
    pub(crate) fn value(&self, fields: &[Field], frame: &Frame<'_>) -> Value {
        Value::Object(self.object("", fields, frame))
    }

    fn object(&self, prefix: &str, fields: &[Field], frame: &Frame<'_>) -> Map<String, Value> {
        let mut object = Map::new();
        for field in fields {
            let name = join(prefix, field.name);
            if let Some(value) = self.one(&name, &field.kind, frame) {
                object.insert(field.name.to_owned(), value);
            }
        }
        object
    }

    fn one(&self, name: &str, kind: &Kind, frame: &Frame<'_>) -> Option<Value> {
        let text = self.get(name);
        match kind {
            Kind::Object(fields) => {
                let inner = self.object(name, fields, frame);
                // The complainant is always part of an intake, even when nothing was typed about them.
                (!inner.is_empty() || name == "complainant").then_some(Value::Object(inner))
            }
            Kind::List { of: Kind::Object(fields), .. } => {
                let inner = self.object(name, fields, frame);
                // A choice without what it belongs to says nothing; where there are only choices, each says something.
                let needs = |field: &Field| field.required && !matches!(field.kind, Kind::Code(_));
                let belongs = fields.iter().filter(|field| needs(field)).map(|field| field.name);
                let mut belongs = belongs.peekable();
                let typed = match belongs.peek() {
                    Some(_) => belongs.any(|name| inner.contains_key(name)),
                    None => !inner.is_empty(),
                };
                typed.then(|| Value::Array(vec![Value::Object(inner)]))
            }
            Kind::List { .. } => {
                let chosen: Vec<Value> = self.all(name).iter().map(|value| Value::from(value.as_str())).collect();
                (!chosen.is_empty()).then_some(Value::Array(chosen))
            }
            Kind::Money => {
                let value = self.get(&join(name, "value"));
                (!value.is_empty()).then(|| {
                    let (value, currency) = sum(value).unwrap_or((value, frame.currency()));
                    serde_json::json!({"value": value, "currency": currency})
                })
            }
            // A file keeps what stands at its ends.
            Kind::Document { .. } => {
                self.all(name).first().filter(|file| !file.trim().is_empty()).map(|file| Value::from(file.as_str()))
            }
            _ if text.is_empty() => None,
            Kind::Bool => Some(text.parse::<bool>().map_or_else(|_| Value::from(text), Value::from)),
            Kind::Whole { .. } => Some(text.parse::<i64>().map_or_else(|_| Value::from(text), Value::from)),
            Kind::Moment => Some(Value::from(frame.read_input(text).unwrap_or_else(|| text.to_owned()))),
            Kind::Category => Some(Value::from(frame.category_code(text))),
            Kind::Region => Some(Value::from(frame.region_code(text))),
            _ => Some(Value::from(text)),
        }
    }
}

/// A sum that names its currency, such as `12.50 EUR`.
fn sum(text: &str) -> Option<(&str, &str)> {
    let (value, currency) = text.rsplit_once(' ')?;
    let code = currency.len() == 3 && currency.bytes().all(|byte| byte.is_ascii_uppercase());
    code.then(|| (value.trim_end(), currency))
}

fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") }
}

/// Boxes for telephone numbers.
const TELEPHONES: [&str; 4] =
    ["complainant.phone", "complainant.phone_alt", "subscription.number", "subscription.caller"];

/// A choice: code, words, whether it is chosen.
pub(crate) struct Choice {
    pub(crate) code: String,
    pub(crate) words: String,
    pub(crate) chosen: bool,
}

/// A box of a form.
pub(crate) struct Input {
    /// Name sent.
    pub(crate) name: String,
    /// Identity on the page.
    pub(crate) id: String,
    pub(crate) label: String,
    /// Which kind of box the template draws.
    pub(crate) kind: &'static str,
    pub(crate) value: String,
    pub(crate) choices: Vec<Choice>,
    pub(crate) required: bool,
    pub(crate) error: String,
}

/// Draws boxes for fields.
pub(crate) struct Draw<'a> {
    pub(crate) frame: &'a Frame<'a>,
    /// Prefix of the words' keys: empty for an intake, else the verb.
    pub(crate) words: &'a str,
    pub(crate) typed: &'a Typed,
    pub(crate) errors: &'a [(String, String, String)],
    /// Choices for identifiers and numbers, by field.
    pub(crate) known: &'a dyn Fn(&str) -> Vec<(String, String)>,
}

impl Draw<'_> {
    /// A box for every field, those of objects included.
    pub(crate) fn inputs(&self, prefix: &str, fields: &'static [Field]) -> Vec<Input> {
        let mut inputs = Vec::new();
        for field in fields {
            let name = join(prefix, field.name);
            match &field.kind {
                Kind::Object(inner) => inputs.extend(self.inputs(&name, inner)),
                // Nothing has to be filled in of what need not be there at all.
                Kind::List { of: Kind::Object(inner), .. } if !field.required => {
                    inputs
                        .extend(self.inputs(&name, inner).into_iter().map(|input| Input { required: false, ..input }));
                }
                Kind::List { of: Kind::Object(inner), .. } => inputs.extend(self.inputs(&name, inner)),
                kind => inputs.push(self.input(name, kind, field.required)),
            }
        }
        inputs
    }

    /// A box for one field.
    pub(crate) fn input(&self, name: String, kind: &'static Kind, required: bool) -> Input {
        let name = if matches!(kind, Kind::Money) { join(&name, "value") } else { name };
        let typed = match kind {
            Kind::Document { .. } => self.typed.all(&name).first().cloned().unwrap_or_default(),
            _ => self.typed.get(&name).to_owned(),
        };
        let choose = |list: &str, codes: &[&str]| {
            self.choices(&name, codes.iter().map(|code| (*code, self.frame.code(list, code))))
        };
        let (drawn, choices) = match kind {
            Kind::Text { multiline: true, .. } => ("area", Vec::new()),
            Kind::Code(codes) => ("choice", choose(list_of(&name), codes)),
            Kind::List { of: Kind::Code(codes), .. } => ("many", choose(list_of(&name), codes)),
            Kind::Category => ("category", Vec::new()),
            Kind::Region => ("region", Vec::new()),
            Kind::Money => ("money", Vec::new()),
            Kind::Cause => ("choice", self.causes(&name)),
            Kind::Moment => ("moment", Vec::new()),
            Kind::Day => ("day", Vec::new()),
            Kind::Document { .. } => ("document", Vec::new()),
            Kind::Bool if name.starts_with("record-") || name == "grants" || self.words == "record-satisfaction" => (
                "choice",
                self.choices(&name, [("true", self.frame.t("yes")), ("false", self.frame.t("no"))].into_iter()),
            ),
            Kind::Bool => ("check", Vec::new()),
            Kind::Whole { .. } | Kind::Uuid => {
                let known = (self.known)(&name);
                let mut choices = self.choices(&name, known.iter().map(|(id, words)| (id.as_str(), words.clone())));
                // Of one matter there is nothing to choose.
                if let (Kind::Whole { .. }, [only]) = (kind, choices.as_mut_slice()) {
                    only.chosen = true;
                }
                // A number is typed where nothing is known that bears one.
                let typed = matches!(kind, Kind::Whole { .. }) && choices.is_empty();
                // Whom of the staff a contact is about is typed by name, and chosen where several bear it.
                let by_name = name == super::about_staff::FIELD && choices.is_empty();
                let drawn = if by_name {
                    "line"
                } else if typed {
                    "number"
                } else {
                    "choice"
                };
                (drawn, choices)
            }
            // What has a name in the rules is chosen, not typed.
            Kind::Line { .. } if !(self.known)(&name).is_empty() => {
                let known = (self.known)(&name);
                ("choice", self.choices(&name, known.iter().map(|(id, words)| (id.as_str(), words.clone()))))
            }
            _ if TELEPHONES.contains(&name.as_str()) => ("tel", Vec::new()),
            _ => ("line", Vec::new()),
        };
        let key = name.trim_end_matches(".value");
        let key = if self.words.is_empty() { key.to_owned() } else { format!("{}.{key}", self.words) };
        Input {
            id: format!("{}{}", self.words, name.replace('.', "-")),
            label: self.frame.app.locales.text(self.frame.language, &format!("field.{key}.label"), &[]),
            kind: drawn,
            value: typed,
            choices,
            required,
            error: self.error(&name),
            name,
        }
    }

    fn choices<'c>(&self, name: &str, list: impl Iterator<Item = (&'c str, String)>) -> Vec<Choice> {
        let chosen = self.typed.all(name);
        list.map(|(code, words)| Choice { code: code.to_owned(), words, chosen: chosen.iter().any(|one| one == code) })
            .collect()
    }

    fn causes(&self, name: &str) -> Vec<Choice> {
        let taxonomy = self.frame.app.desk.library().taxonomy();
        let leaves = taxonomy.causes().filter(|cause| cause.parent.is_some() && !cause.retired);
        self.choices(name, leaves.map(|cause| (cause.code.as_str(), self.frame.cause(&cause.code))))
    }

    /// What is wrong with a field; a fault of one element of a list counts for the list.
    fn error(&self, name: &str) -> String {
        self.errors
            .iter()
            .filter(|(field, ..)| is_about(field, name))
            .map(|(_, _, words)| words.as_str())
            .collect::<Vec<_>>()
            .join("; ")
    }
}

/// Whether a fault of a field is shown at the box of a name.
pub(crate) fn is_about(field: &str, name: &str) -> bool {
    let plain: String = field
        .split('[')
        .enumerate()
        .map(|(n, part)| if n == 0 { part } else { part.split_once(']').map_or("", |(_, rest)| rest) })
        .collect();
    plain == name || plain == name.trim_end_matches(".value")
}

/// Which list of codes a field's choices come from.
pub(crate) fn list_of(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "kind" => "kind",
        "events" => "event_kind",
        "accept_channel" | "submit_channel" | "channel" => "channel",
        "outcome" => "contact",
        "medium" => "medium",
        "wait_for" => "wait_for",
        "ground" => "ground",
        "why" => "burst_why",
        "next_channel" => "next_channel",
        "decision" => "decision",
        "relation" => "relation",
        "verification" => "verification",
        "capacity" => "capacity",
        "vulnerable" => "vulnerable",
        "preferred_mode" | "mode" => "mode",
        "product" => "product",
        "segment" => "segment",
        "area_type" => "area_type",
        "owner" => "external",
        "severity" => "severity",
        "urgency" => "urgency",
        "satisfied" => "satisfied",
        "admission" => "admission",
        "result" => "result",
        "purpose" => "purpose",
        "role" => "role",
        "scopes" => "token_scope",
        "mail" => "mail",
        "language" => "language",
        "duties" => "duty",
        "request" => "request",
        "subject_request" => "subject_request",
        "reason" => "reason",
        "order_kind" => "order_kind",
        "refusal" => "refusal_ground",
        "exposure" => "exposure",
        "fact" => "fact",
        "line" => "product",
        "wording" => "wording",
        "paper" => "paper",
        "part" => "wording_part",
        "remedy" => "remedy",
        "through" => "through",
        "way" => "way",
        "recover_from" => "recover_from",
        _ => "code",
    }
}

#[cfg(test)]
mod tests {
    use super::sum;

    #[test]
    fn a_sum_may_name_its_currency() {
        assert_eq!(sum("12.50 EUR"), Some(("12.50", "EUR")));
        assert_eq!(sum("12.50  EUR"), Some(("12.50", "EUR")));
        for plain in ["12.50", "12.50 eur", "1 000", "12.50 EURO", ""] {
            assert_eq!(sum(plain), None, "{plain}");
        }
    }
}
